"""Units: whether a question's are those of its chart.

    of_chart(artists)                        the units of each label: {million, tonne}, {km}, ...
    differs("... in tonnes?", "t", labels)   the unit that the chart does not have, or the scale that is missing; ""

Words and signs are known by a table. A unit that is not in it must stand on the chart in the same words.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

SCALES = {"thousand": 1e3, "million": 1e6, "billion": 1e9, "trillion": 1e12}
_SPELLINGS = """
thousand: thousand thousands k '000 ths
million: million millions mn mln mio
billion: billion billions bn
trillion: trillion trillions tn
percent: % percent pct percentage
dollar: $ dollar dollars usd us$
euro: € euro euros eur
pound: £ pounds gbp sterling
yen: ¥ yen jpy
rupee: ₹ rupee rupees inr
yuan: yuan cny rmb
franc: franc francs chf
cent: cents ¢
km: km kilometre kilometres kilometer kilometers
m: m metre metres meter meters
cm: cm centimetre centimetres centimeter centimeters
mm: mm millimetre millimetres millimeter millimeters
mile: mile miles mi
foot: ft feet
inch: inch inches
kg: kg kilogram kilograms kilo kilos
g: g gram grams
mg: mg milligram milligrams
tonne: t tonne tonnes ton tons
lb: lb lbs
litre: l litre litres liter liters
ml: ml millilitre millilitres milliliter milliliters
sqkm: sqkm
sqm: sqm
sqcm: sqcm
sqmm: sqmm
cbkm: cbkm
cbm: cbm
cbcm: cbcm
cbmm: cbmm
hectare: ha hectare hectares
celsius: °c celsius
fahrenheit: °f fahrenheit
kelvin: kelvin
ms: ms millisecond milliseconds
second: s sec seconds
minute: min mins minutes
hour: h hrs hours
day: days
week: weeks
month: months
year: years yrs
kwh: kwh
mwh: mwh
gwh: gwh
twh: twh
kw: kw kilowatt kilowatts
mw: mw megawatt megawatts
gw: gw gigawatt gigawatts
watt: w watt watts
volt: v volt volts
hz: hz hertz
mhz: mhz
ghz: ghz
mb: mb megabytes
gb: gb gigabytes
tb: tb terabytes
mbps: mbps
pascal: pa pascal
hpa: hpa
bar: bar
calorie: cal calories
kcal: kcal
joule: j joules
decibel: db decibels
"""
KNOWN = {
    spelling: line.split(":")[0] for line in _SPELLINGS.strip().splitlines() for spelling in line.split(":")[1].split()
}
_WORD = re.compile(r"°[cf]\b|us\$|[$€£¥₹¢%]|'000|[^\W\d_]+", re.IGNORECASE)
_DECADES = re.compile(r"\b\d{3,4}s\b")  # of the 1990s: no seconds
_POWERS = re.compile(
    r"(?:\b(square|sq\.?|cubic|cu\.?) ?)?(?<![a-z])(k?m|cm|mm|(?:kilo|centi|milli)?met(?:re|er)s?)(?![a-z])"
    r"(²|³|\^?[23](?!\d))?",
    re.IGNORECASE,
)
_KELVIN = re.compile(r"(?<=[(\[])K(?=[)\]])")
_NO_SIGNS = frozenset("GMSHT")  # as in 5G; the signs of units are small letters
_TIMES_AS = re.compile(r"^(?:times|x|×|-fold|ratio|factor|count|none|-)$", re.IGNORECASE)  # units of what has none
_POINTS = re.compile(r"\b(?:percentage|percent|%)[ -]points?\b|^p\.?p\.?$", re.IGNORECASE)
_TIMES = {"hour", "day", "week", "month", "year"}  # things that are counted as often as they measure
_SMALL = frozenset(("in", "of", "a", "an", "the", "per", "and", "to", "from", "for", "by"))


def units_in(words: str, *, loose: bool = False) -> set[str]:
    """The units that a text speaks of. `loose`: it is a question, where a short word or a time may be none: only what
    follows a number or "in", signs, scales and currencies count."""
    found = set()
    previous = ""
    words = _POWERS.sub(lambda found: _power(*found.groups()), _DECADES.sub("", words))
    if "temperature" in words.casefold():
        words = _KELVIN.sub("kelvin", words)
    for match in _WORD.finditer(words):
        word = match[0].casefold()
        unit = KNOWN.get(word) if len(word) > 1 or match[0] not in _NO_SIGNS else None
        before = words[: match.start()].rstrip()
        measured = previous in {"in", "per", "of"} | SCALES.keys() or bool(re.search(r"[\d(/$€£]$", before))
        if unit is not None:
            under = "per " if re.search(r"(?:\bper|/)$", before.casefold()) and unit not in SCALES else ""
            sure = unit in SCALES or not word.isalpha() or unit in ("dollar", "euro", "yen", "rupee", "percent")
            short = len(word) <= 2 and word.isalpha()
            if not loose:
                inside = short and not (measured or words.strip().casefold() == word or words.count("(") > 0)
                if not inside:
                    found.add(under + unit)
            elif (sure and not short) or (measured and not (unit in _TIMES and previous == "of")):
                found.add(under + unit)
        previous = unit if unit in SCALES else word
    return found


def _power(before: str | None, unit: str, after: str | None) -> str:
    """One word for square metres, m², km3: sqm, sqkm, cbkm."""
    if not before and not after:
        return unit
    square = (before or "").casefold().startswith("sq") or after in ("²", "2", "^2")
    return ("sq" if square else "cb") + KNOWN[unit.casefold()]


def of_chart(artists: dict[str, Any]) -> list[set[str]]:
    """The units of each text of the figure that has some."""
    labels = [text["text"] for text in artists["texts"] if not text["role"].endswith("tick")]
    ticks = {sign for text in artists["texts"] for sign in re.findall(r"[$€£¥₹%]|(?<=\d)[kMB]\b", text["text"])}
    named = {"k": "thousand", "M": "million", "B": "billion"}
    beside = {named.get(sign) or KNOWN[sign] for sign in ticks}
    return [units for units in (*(units_in(label) for label in labels), beside) if units]


def words_of(artists: dict[str, Any], names: Iterable[str]) -> set[str]:
    """Every word that stands on the chart, or names a column, in the singular."""
    together = " ".join([*(text["text"] for text in artists["texts"]), *names]).replace("_", " ")
    return {_singular(word) for word in re.findall(r"[^\W\d_]+", together.casefold())}


def _singular(word: str) -> str:
    return word[:-3] + "y" if word.endswith("ies") else word[:-1] if word.endswith("s") and len(word) > 3 else word


def differs(
    question: str, unit: str, labels: list[set[str]], words: set[str], named: Iterable[str] = (), *, computed: bool
) -> str:
    """The unit of a question that is not its chart's, or the scale of the chart's that it leaves out; "" where they
    agree. `named`: names of the data, which a question may mention with units of their own ("over 10 minutes").
    `computed`: the answer is a share or a ratio, whose percent is nowhere on the chart."""
    charted: set[str] = set().union(*labels)
    question, unit = _kelvins(question, labels), _kelvins(unit, labels)
    unit = _TIMES_AS.sub("", _POINTS.sub("percent", unit).strip())
    counted = re.findall(r"\bhow (?:many|much) ((?:[^\W\d_]+ )?[^\W\d_]+)", question.casefold())
    many = set().union(*(units_in(f"({words_after})") for words_after in counted))
    if (field := units_in(f"({unit})") & (_TIMES | {"minute", "second"})) and many & _TIMES and not many & field:
        return min(many & _TIMES)  # hours are asked for, minutes answered
    many -= _TIMES - charted  # months are counted where they are no unit
    in_names = set().union(*(units_in(f"({name})") for name in named)) - SCALES.keys()
    for asked in (units_in(question, loose=True) - in_names | many, units_in(f"({unit})")):
        if computed:
            asked -= {"percent"}
        everywhere = charted | {_singular(word) for word in words if word not in KNOWN}
        if missing := sorted(asked - everywhere):
            return missing[0]
        bases = asked - SCALES.keys()
        holding = [label for label in labels if label & bases]
        if holding and not any(label & SCALES.keys() <= asked for label in holding):
            return f"{min(holding[0] & SCALES.keys())} is missing"
        if bases - {"percent"} and (unstated := sorted(asked & SCALES.keys() - set().union(*holding))):
            return unstated[0]
    word: str
    for word in re.findall(r"[^\W\d_]+", unit):
        known = word.casefold() in KNOWN and word not in _NO_SIGNS
        if not known and word.casefold() not in _SMALL and _singular(word.casefold()) not in words:
            return word.casefold()
    return ""


def _kelvins(words: str, labels: list[set[str]]) -> str:
    """K as a unit of its own where the chart has it, not as a thousand."""
    return re.sub(r"(?<![^\W_])K(?![^\W_])", "kelvin", words) if any("kelvin" in label for label in labels) else words


def scale_of(question: str, unit: str, labels: list[set[str]]) -> float:
    """What one unit of an answer is worth: 1e6 where the question, or else the only label with a unit, says million."""
    question, unit = _kelvins(question, labels), _kelvins(unit, labels)
    asked = (units_in(question, loose=True) | units_in(f"({unit})")) & SCALES.keys()
    if not asked:
        scales = {frozenset(label & SCALES.keys()) for label in labels}
        asked = set(next(iter(scales))) if len(scales) == 1 else set()
    return SCALES[asked.pop()] if len(asked) == 1 else 1.0
