r"""The grammar of numbers: one quantity out of plain text, strictly, as a Decimal. Nothing is evaluated.

    "1,200.5"  "1 200"  "-3 1/2"  "3/4"  "1.2e6"  "1.2×10^6"  "Total sales = 5"  "≈5"      numerals
    "3K"  "1.2 million"  "5 km"  "$5"  "45%"  "20°"                             and what may stand around them

`read_quantity` takes text that `typography.plain` has cleaned and gives a Quantity, or the reason there is none.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Set as AbstractSet
from decimal import Context, Decimal
from functools import lru_cache
from typing import NamedTuple

from rewards.typography import plain

LONGEST = 200  # characters of a quantity with all that stands around it
LARGEST_EXPONENT = 400
# Wide enough to hold every numeral of LONGEST characters; traps off, so that no arithmetic on a model's text raises.
EXACT = Context(prec=250, Emax=100_000, Emin=-100_000, traps=[])

SCALES = {
    **dict.fromkeys(("k", "K", "thousand", "thousands"), Decimal(10**3)),
    **dict.fromkeys(("M", "mn", "mln", "mio", "million", "millions"), Decimal(10**6)),
    **dict.fromkeys(("B", "b", "bn", "bln", "mrd", "milliard", "milliards", "billion", "billions"), Decimal(10**9)),
    **dict.fromkeys(("T", "tn", "trn", "trillion", "trillions"), Decimal(10**12)),
    **dict.fromkeys(("quadrillion", "quadrillions"), Decimal(10**15)),
    **dict.fromkeys(("hundred", "hundreds"), Decimal(100)),
    **dict.fromkeys(("lakh", "lakhs", "lac", "lacs"), Decimal(10**5)),
    **dict.fromkeys(("crore", "crores"), Decimal(10**7)),
    **dict.fromkeys(("dozen", "dozens"), Decimal(12)),
}
PERCENTS = frozenset(
    ("%", "percent", "per cent", "pct", "pp", "% points", "percent points", "percentage point", "percentage points")
)
_HEDGES = """
not no never maybe perhaps possibly probably likely about around approx approximately roughly circa nearly almost ish
plus minus over under above below up at least most more less fewer than unsure unknown or
estimate estimated guess guessed wrong incorrect
"""
HEDGES = frozenset(_HEDGES.split())
# Words after a numeral that change its value or say that there is none, and so are no unit.
_MEANING = """
and to through until between from i x y z n e zero one two three four five six seven eight nine ten eleven twelve half
halves third thirds quarter quarters fourth fourths fifth fifths sixth sixths seventh sevenths eighth eighths ninth
ninths tenth tenths hundredth hundredths thousandth thousandths millionth millionths billionth billionths mil bil tril
quintillion double twice triple squared cubed factorial pi π tau negative mod per of vs versus yes true false none null
nan inf infinity
"""
_NO_UNITS = HEDGES.union(_MEANING.split(), (word for word in SCALES if len(word) > 1))

_PLAIN = re.compile(r"-?[0-9]{1,18}(?:\.[0-9]{1,18})?")
_NAME = r"[A-Za-z][A-Za-z0-9]{0,30}(?:_(?:[A-Za-z0-9]{1,16}|\{[A-Za-z0-9 ]{1,16}\}))?"
_YEAR = "[12][0-9]{3}"  # the only numeral on the left of an equation: 2 + 3 = 5 is a sum
_LEAD = re.compile(rf"[≈~]?\s*(?:({_NAME}(?:\s+(?:{_NAME}|{_YEAR}))*)\s*[=≈])?\s*[≈~]?\s*")
_GROUPED = r"[1-9][0-9]{0,2}(?:,[0-9]{3})+(?![0-9])|[1-9][0-9]{0,2}(?: [0-9]{3})+(?![0-9/])"
_NUMERAL = rf"(?:{_GROUPED}|[0-9]+)(?:\.[0-9]*)?|\.[0-9]+"
_HEAD = re.compile(rf"([+-]?)\s*([$€£¥₹₩]?)\s*([+-]?)\s*({_NUMERAL})")
_DENOMINATOR = r"\s*/\s*([1-9][0-9]*)(?:\.\Z|(?![0-9.,]))"
_MIXED = re.compile(rf"\s+([0-9]+){_DENOMINATOR}")
_OVER = re.compile(_DENOMINATOR)
_POWER = r"\^\s*(?:\{\s*([+-]?[0-9]{1,9})\s*\}|([+-]?[0-9]{1,9}))(?![0-9])"
_EXPONENT = re.compile(rf"[eE]([+-]?[0-9]{{1,9}})(?![0-9])|\s*[×x*]\s*10\s*{_POWER}")
_TEN_TO = re.compile(_POWER)
_SCALE = re.compile(r"([A-Za-z]+)(?![A-Za-z°/^])\.?\s*")
_WORD = r"°?(?![十百千万萬亿億兆천만억조])[^\W\d_]{1,30}(?:\^-?[1-9])?"  # 5万 is 50000
_UNIT = re.compile(rf"{_WORD}(?:/{_WORD})?|[°$€£¥₹₩]")

_SEVERAL = re.compile(r"[0-9][^0-9;,&]{0,20}(?:[;,&]|\bor\b|\band\b)[^0-9]{0,20}[0-9]")
_RANGE = re.compile(r"[0-9%][^0-9]{0,20}(?:-|\bto\b|\.\.|\bthrough\b)[^0-9]{0,20}[0-9]|±")
_COMPARISON = re.compile(r"[<>≤≥?]|[0-9][ %]*\+\s*\Z")


class Quantity(NamedTuple):
    """A number as it was given: `value` has its scale word applied; `unit` is "" or "%" or a unit's key."""

    value: Decimal
    unit: str = ""
    scaled: bool = False  # by a scale word


def read_quantity(text: str, units: AbstractSet[str] = frozenset()) -> Quantity | str:
    """The quantity `text` is, or the reason it is none. `units` are keys of declared units, which win over scales.

    A unit outside `units` is read too: whether it may stand there is the caller's to say.
    """
    if _PLAIN.fullmatch(text):
        return Quantity(Decimal(text))
    if len(text) > LONGEST:
        return "not a number"
    lead = _LEAD.match(text)
    start = lead.end() if lead and HEDGES.isdisjoint((lead.group(1) or "").casefold().split()) else 0
    head = _HEAD.match(text, start)
    if head is None:
        return why_not_number(text)
    first_sign, currency, second_sign, numeral = head.groups()
    if second_sign and (first_sign or not currency):
        return why_not_number(text)
    value, rest = _magnitude(numeral, text[head.end() :])
    if value is None:
        return why_not_number(text)
    if abs(value.adjusted()) > LARGEST_EXPONENT:
        return "out of range"
    if "-" in (first_sign, second_sign):
        value = value.copy_negate()
    return _with_tail(value, currency, rest, units) or why_not_number(text)


def decimal_text(value: float) -> str:
    """The shortest decimal text that reads back as `value`; powers of ten only where it would run to many zeros."""
    exact = exact_decimal(value).normalize(EXACT)
    if not exact:
        return "0"
    return format(exact, "f") if -12 < exact.adjusted() < 21 else format(exact, "e").replace("e+", "e")


def exact_decimal(value: float) -> Decimal:
    """`value` as the decimal it is written as: 0.1 is 0.1."""
    return Decimal(value) if isinstance(value, int) else Decimal(repr(float(value)))


def _magnitude(numeral: str, rest: str) -> tuple[Decimal | None, str]:
    """The value of a numeral with the fraction or the power of ten that follows it, and what is left."""
    whole = Decimal(numeral.replace(",", "").replace(" ", ""))
    if fraction := _MIXED.match(rest):
        above, below = (Decimal(part) for part in fraction.groups())
        if "." in numeral or above >= below:
            return None, rest
        return EXACT.add(whole, EXACT.divide(above, below)), rest[fraction.end() :]
    if fraction := _OVER.match(rest):
        return EXACT.divide(whole, Decimal(fraction.group(1))), rest[fraction.end() :]
    if power := _EXPONENT.match(rest):
        exponent = int(power.group(1) or power.group(2) or power.group(3))
    elif numeral == "10" and (power := _TEN_TO.match(rest)):
        whole, exponent = Decimal(1), int(power.group(1) or power.group(2))
    else:
        return whole, rest
    if abs(exponent) > LARGEST_EXPONENT:
        return EXACT.scaleb(Decimal(1), min(max(exponent, -9999), 9999)), rest[power.end() :]
    return EXACT.scaleb(whole, exponent), rest[power.end() :]


def _with_tail(value: Decimal, currency: str, rest: str, units: AbstractSet[str]) -> Quantity | None:
    """The quantity with what stands behind its numeral: a scale word, then one unit, percent or currency sign."""
    tail = rest.strip(" \t\n~")
    if not tail:
        return Quantity(value, currency)
    if not currency and units and unit_key(tail) in units:
        return Quantity(value, unit_key(tail))
    scaled = False
    scale = _SCALE.match(tail)
    if scale and (factor := SCALES.get(scale.group(1)) or SCALES.get(_word(scale.group(1)))):
        value, tail, scaled = EXACT.multiply(value, factor), tail[scale.end() :], True
        if not tail:
            return Quantity(value, currency, scaled)
    if currency:
        return None
    key = unit_key(tail)
    if key.casefold() in PERCENTS:
        return Quantity(value, "%", scaled)
    if key in units or key in ("x", "×"):
        return Quantity(value, key, scaled)
    if _UNIT.fullmatch(key) and re.split(r"[/^]", key)[0].casefold() not in _NO_UNITS and key not in SCALES:
        return Quantity(value, key, scaled)
    return None


def _word(text: str) -> str:
    """A scale word in lower case; a single letter keeps its case, because 5 m is no million."""
    return text.casefold() if len(text) > 1 else text


@lru_cache(maxsize=4096)
def unit_key(text: str) -> str:
    """What a unit is compared by: m² is m^2, a final full stop and spaces go, and case only where it says nothing.

    Case is kept in the first letter of short units (mW is not MW), and folded elsewhere.
    """
    text = unicodedata.normalize("NFKC", plain(text[:LONGEST]))
    text = re.sub(r"\^\{(-?[0-9])\}", r"^\1", " ".join(text.split()))
    text = re.sub(r"\s*([/^])\s*|(?<=°)\s+", lambda found: found.group(1) or "", text)
    text = text[:-1] if text.endswith(".") else text
    return text[0] + text[1:].casefold() if 0 < len(text) <= 3 and text[0] in "mMpP" else text.casefold()


def why_not_number(text: str) -> str:
    """Which kind of failure a text that is no quantity is. Called only where reading failed."""
    text = text[:LONGEST]
    if not any("0" <= character <= "9" for character in text):
        return "not a number"
    if _RANGE.search(text):
        return "range"
    if _SEVERAL.search(text):
        return "several values"
    if _COMPARISON.search(text) or HEDGES.intersection(re.findall(r"[a-z]+", text.casefold())):
        return "hedge"
    return "not a number"
