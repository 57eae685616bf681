r"""How an answer is dressed: LaTeX, Markdown and Unicode typography, taken off before the grammars read it.

    plain(r"\text{South Korea}")  -> "South Korea"        label_key("“South  Korea.”") -> "south korea"
    plain(r"$1{,}200\,\mathrm{km}$") -> "1,200 km"        plain("−３½") -> "-3 1/2"

`plain` is for everything a model writes; `label_key` folds what two spellings of one label may differ in and nothing
else. Both are linear in text of bounded length (the box is capped, and so are labels); commands outside the short
list below stay as they are and so fail to parse.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

MAX_LABEL = 1000  # characters; normalising takes quadratic time on long runs of combining marks, 1 ms at this length

_DASHES = "‐‑‒–—―−⁃﹣－"
_SPACES = "".join(map(chr, (0xA0, *range(0x2000, 0x200B), 0x202F, 0x205F, 0x3000)))
# Soft hyphen, joiners, direction marks, invisible operators and the byte-order mark.
_UNSEEN = "\u00ad\u061c\u180e\ufeff" + "".join(
    map(chr, (*range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x206A)))
)
_OUTER_QUOTES = "\"'`«»‹›「」"

_FOLD: dict[int, str | None] = {
    **{ord(dash): "-" for dash in _DASHES},
    **{ord(quote): "'" for quote in "‘’‚‛ʻʼ"},
    **{ord(quote): '"' for quote in "“”„‟"},
    **{ord(unseen): None for unseen in _UNSEEN},
}
_FRACTIONS = {
    ord(character): f" {unicodedata.normalize('NFKC', character).replace('⁄', '/')} " for character in "½⅓⅔¼¾⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞"
}
# NFKC would turn 10² into 102, so numbers and lists get a table of their own.
_CHARACTERS: dict[int, str | None] = {
    **{code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)},
    **{ord(space): " " for space in _SPACES},
    **_FRACTIONS,
    **{ord("⁄"): "/", ord("∕"): "/", ord("⋅"): "×", ord("·"): "×", ord("≃"): "≈", ord("⩽"): "≤", ord("⩾"): "≥"},
    **_FOLD,
}
_SUPERSCRIPT = re.compile("[⁺⁻]?[⁰¹²³⁴⁵⁶⁷⁸⁹]+")
_SUPERSCRIPTS = str.maketrans("⁺⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "+-0123456789")

_MARKUP = re.compile(r"[\\$*{]")
_TEXT = re.compile(
    r"\\(?:text(?:bf|it|rm|sf|tt|normal)?|math(?:rm|bf|it|sf|tt|bb)|mbox|hbox|boldsymbol|bm|operatorname)"
    r"\s{0,4}\{([^{}]*)\}"
)
_DEGREE = re.compile(r"\^\s{0,4}(?:\\circ(?![A-Za-z])|\{\s{0,4}\\circ\s{0,4}\})|\\(?:text)?degree(?![A-Za-z])")
_FRACTION = re.compile(
    r"\\[dtc]?frac\s{0,4}(?:\{\s{0,4}([+-]?[0-9.,]+)\s{0,4}\}\s{0,4}\{\s{0,4}([0-9.,]+)\s{0,4}\}|([0-9])\s{0,4}([0-9])(?![0-9]))"
)
# Math within text, but not $5 ... $6, where the signs are currency.
_MATH = re.compile(r"\$([^$]+)\$(?![0-9.,\s]*[0-9])")
_COMMAND = re.compile(r"\\([A-Za-z]+|.)", re.DOTALL)
_DOLLAR = "＄"  # stands for an escaped dollar while `$...$` is taken off
_COMMANDS = {
    **{character: character for character in "%&#_{}"},
    **{space: " " for space in (",", ";", ":", " ", "enspace", "thinspace")},
    **{gap: "  " for gap in ("quad", "qquad", "\\", "newline")},  # two spaces: too wide for a thousands group
    **{nothing: "" for nothing in ("!", "left", "right", "(", ")", "[", "]", "displaystyle", "bf", "rm")},
    **{"$": _DOLLAR, "textdollar": _DOLLAR, "euro": "€", "pounds": "£", "textsterling": "£", "yen": "¥"},
    **{"times": "×", "cdot": "×", "approx": "≈", "simeq": "≈", "sim": "≈", "pm": "±", "infty": "∞"},
    **{"le": "≤", "leq": "≤", "leqslant": "≤", "ge": "≥", "geq": "≥", "lt": "<", "gt": ">", "to": " to "},
    **{"textpercent": "%", "colon": ":", "lbrace": "{", "rbrace": "}", "lbrack": "[", "rbrack": "]"},
}
_NESTING = 4  # how deep wrappers within wrappers are followed


def plain(text: str) -> str:
    """`text` without its typography: what a reader would type on a plain keyboard."""
    if not text.isascii():
        text = text.translate(_CHARACTERS)
        text = _SUPERSCRIPT.sub(lambda found: "^{" + found.group().translate(_SUPERSCRIPTS) + "}", text)
    if not _MARKUP.search(text):
        return text.strip()
    if "\\" in text:
        for _ in range(_NESTING):
            text, changes = _TEXT.subn(r"\1", text)
            if not changes:
                break
        text = _DEGREE.sub("°", text.replace("{,}", ","))
        text = _FRACTION.sub(_in_line, text)
        text = _COMMAND.sub(lambda found: _COMMANDS.get(found.group(1), found.group()), text)
    text = text.replace("{,}", ",").strip()
    for _ in range(_NESTING):
        bare = _unwrap(text)
        if bare == text:
            break
        text = bare
    return _MATH.sub(r"\1", text).replace(_DOLLAR, "$")


def label_key(text: str) -> str:
    """What a label is compared by: NFKC, casefold, single spaces, one kind of dash and quote, bare of outer ones.

    A final full stop goes too. Text longer than MAX_LABEL is no label of ours and stays as it is.
    """
    if len(text) > MAX_LABEL:
        return text
    if not text.isascii():
        text = _composed(text)
    text = " ".join(text.casefold().split())
    for _ in range(_NESTING):
        bare = text[:-1].rstrip() if text.endswith(".") and not text.endswith("..") else text
        if len(bare) > 1 and bare[0] in _OUTER_QUOTES and bare[-1] in _OUTER_QUOTES:
            bare = bare[1:-1].strip()
        if not bare or bare == text:
            break
        text = bare
    return text


@lru_cache(maxsize=1024)  # a set compares every item with every other, and normalising is the slow part
def _composed(text: str) -> str:
    return unicodedata.normalize("NFKC", text).translate(_FOLD)


def escaped(text: str) -> str:
    """`text` as it stands in a box without closing or opening it: backslashes and braces get a backslash."""
    return re.sub(r"([\\{}])", r"\\\1", text)


def unescaped(text: str) -> str:
    """The reverse of `escaped`."""
    return re.sub(r"\\([\\{}])", r"\1", text)


def _in_line(fraction: re.Match[str]) -> str:
    above, below, digit_above, digit_below = fraction.groups()
    return f" {above or digit_above}/{below or digit_below} "  # apart, so that no digit is joined to it


def _unwrap(text: str) -> str:
    """`text` without one layer of `$...$`, `**...**` or `{...}` around the whole of it."""
    for opening, closing in (("$$", "$$"), ("$", "$"), ("**", "**"), ("{", "}")):
        if len(text) > len(opening) + len(closing) and text.startswith(opening) and text.endswith(closing):
            inner = text[len(opening) : -len(closing)]
            if opening[0] not in inner and closing[0] not in inner:
                return inner.strip()
    return text
