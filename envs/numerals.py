"""How numbers are written, on figures and in words: rounding, units, lists."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace


def half_up(value: float, decimals: int) -> float:
    """Rounded to this many decimals, halves away from zero, as readers and `show` do (7.85 gives 7.9, not 7.8)."""
    # Scaling may leave 784.9999999 where 785 is meant; the nudge is far below any value that is drawn.
    scale = 10**decimals
    return math.copysign(math.floor(abs(value) * scale + 0.5 + 1e-9) / scale, value)


def show(value: float, decimals: int) -> str:
    """The one way a bare number is printed."""
    rounded = half_up(value, decimals)
    return f"{rounded or 0.0:.{decimals}f}"  # never -0


@dataclass(frozen=True, slots=True)
class Unit:
    """How values are written and spoken of.

    Values are held in the unit they are written in: 3.4 where "3.4M" is written, with `scale` 1e6. `words` is what
    a question says ("thousand tonnes", "percent", "" for bare counts); `prefix` and `suffix` stand on the figure with
    each value ("$", "%", "M"). `decimals` are those of a written value. `group` parts thousands ("12,000"); where
    `short`, ticks from a thousand on are written "1.2K", which never takes a digit from them.
    """

    decimals: int = 0
    words: str = ""
    prefix: str = ""
    suffix: str = ""
    scale: float = 1.0
    group: str = ""
    short: bool = False

    @property
    def percent(self) -> bool:
        return self.suffix == "%"

    @property
    def beside(self) -> str:
        """The words to stand beside numbers as they are written: "tonnes" where those say "3k"."""
        return re.sub("^(thousand|million|billion) ", "", self.words) if self.suffix in {"k", "M", "B"} else self.words

    def write(self, value: float, decimals: int | None = None) -> str:
        """A value as it stands on a figure: "$3.4M"."""
        number = show(value, self.decimals if decimals is None else decimals)
        sign, number = ("-", number[1:]) if number.startswith("-") else ("", number)
        if self.group:
            number = f"{float(number):,.{len(number.partition('.')[2])}f}".replace(",", self.group)
        return f"{sign}{self.prefix}{number}{self.suffix}"

    def tick(self, value: float, decimals: int) -> str:
        """A value as it stands at a tick, exactly: "$1.2K" for 1200 where ticks are short."""
        thousands = f"{value / 1000:.3f}".rstrip("0").rstrip(".")
        if self.short and not self.suffix and abs(value) >= 1000 and float(thousands) * 1000 == value:
            return replace(self, short=False, suffix="K").write(float(thousands), len(thousands.partition(".")[2]))
        return self.write(value, decimals)


@dataclass(frozen=True, slots=True)
class Notation:
    """What one hand keeps to on a figure: how thousands are parted, whether ticks are short, which money is meant."""

    group: str = ""
    short: bool = False
    money: tuple[str, str] = ("$", "dollars")

    def of(self, unit: Unit) -> Unit:
        """The unit in this notation."""
        if unit.prefix == "$":
            unit = replace(unit, prefix=self.money[0], words=unit.words.replace("dollars", self.money[1]))
        return replace(unit, group=self.group, short=self.short)


def read(label: str) -> tuple[float, str] | None:
    """The number that a label is, in the unit it is written in, and its suffix: (-3.4, "M") for "-$3.4M", (1200, "")
    for "1.2K"; None where it is no number."""
    if not (match := _LABEL.match(label)):
        return None
    sign, digits, suffix = match.groups()
    value = float(sign + re.sub("[, ]", "", digits))
    return (1000 * value, "") if suffix == "K" else (value, suffix)


def numbers(text: str) -> list[float]:
    """The numbers that a text holds, thousands parted or not; a minus is one where it starts a word."""
    return [float(re.sub(r"[^\d.-]", "", found)) for found in _NUMBER.findall(text)]


_NUMBER = re.compile(r"(?:(?<!\w)-[^\w\s]?)?(?:\d{1,3}(?:[, ]\d{3}(?!\d))+|\d+)(?:\.\d+)?")
_LABEL = re.compile(r"(-?)[^\d-]*((?:\d{1,3}(?:[, ]\d{3})+|\d+)(?:\.\d+)?)([kKMB%]?)\Z")
COUNTS = Unit()  # whole numbers without a unit


def listed(names: Sequence[str]) -> str:
    """ "A", "A and B", "A, B and C"."""
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))
