r"""How the text of a list falls into items: on ';' if there is one, else on commas outside thousands groups.

    "3, 1,200, 5"   -> "3" "1,200" "5"          "Korea, South; Japan" -> "Korea, South" "Japan"
    "a, b and c"    -> "a" "b" "c"              "[1, 2], [3, 4]"      -> "[1, 2]" "[3, 4]"

A text can fall apart in more than one way ("Trinidad and Tobago", "100,200,300"). The number of items asked for
decides: `splits` yields the ways that give this number, the plainest first.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

# A comma within 1,200 is no separator; one before a space or before four digits is.
_COMMA = re.compile(r"(?<![0-9]),|,(?![0-9]{3}(?![0-9]))")
_BRACKET_OR_COMMA = re.compile(r"[()\[\]{}]|(?<![0-9]),|,(?![0-9]{3}(?![0-9]))")
_AND = re.compile(r"and\s", re.IGNORECASE)
_LAST_AND = re.compile(r"(.*\S)\s+and\s+(.*)", re.DOTALL | re.IGNORECASE)
_CLOSES = {"(": ")", "[": "]", "{": "}"}


def splits(text: str, count: int, most: int | None = None) -> Iterator[list[str]]:
    """The ways in which `text` falls into `count` items, or into `count` to `most`."""
    counts = range(count, (most or count) + 1)
    yielded: list[list[str]] = []
    for inside in dict.fromkeys((text.strip(), unbracketed(text))):
        for parts in _parts(inside, count):
            for items in _without_and(parts):
                if len(items) in counts and items not in yielded:
                    yielded.append(items)
                    yield items


def unbracketed(text: str) -> str:
    """`text` without a pair of brackets around the whole of it."""
    text = text.strip()
    if len(text) < 2 or _CLOSES.get(text[0]) != text[-1]:
        return text
    inside = text[1:-1].strip()
    return text if text[0] in inside or text[-1] in inside else inside


def commas(text: str) -> list[str]:
    """`text` cut at the commas outside thousands groups and outside brackets."""
    if "," not in text:
        return [text.strip()]
    cuts, depth = [], 0
    for token in _BRACKET_OR_COMMA.finditer(text):
        if token.group() == ",":
            if depth == 0:
                cuts.append(token.start())
        else:
            depth += 1 if token.group() in _CLOSES else -1
    starts, ends = [0, *(cut + 1 for cut in cuts)], [*cuts, len(text)]
    return [text[start:end].strip() for start, end in zip(starts, ends)]


def _parts(text: str, count: int) -> Iterator[list[str]]:
    if ";" in text:
        parts = [part.strip() for part in text.split(";")]
        yield parts if parts[-1] else parts[:-1]
        return
    if count == 1:
        yield [text]
        return
    yield commas(text)
    yield [part.strip() for part in _COMMA.split(text)]
    yield [part.strip() for part in text.split(",")]  # 100,200,300 where three are asked for


def _without_and(parts: list[str]) -> Iterator[list[str]]:
    """The parts as they are, and with the last "and" taken as a separator."""
    yield parts
    *first, last = parts
    if _AND.match(last):
        yield [*first, last[4:].strip()]
    elif found := _LAST_AND.fullmatch(last):
        yield [*first, found.group(1), found.group(2)]
