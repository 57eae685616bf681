"""How numbers are written, on figures and in words: rounding, units, lists."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass


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
    each value ("$", "%", "M"). `decimals` are those of a written value.
    """

    decimals: int = 0
    words: str = ""
    prefix: str = ""
    suffix: str = ""
    scale: float = 1.0

    @property
    def percent(self) -> bool:
        return self.suffix == "%"

    def write(self, value: float, decimals: int | None = None) -> str:
        """A value as it stands on a figure: "$3.4M"."""
        number = show(value, self.decimals if decimals is None else decimals)
        sign, number = ("-", number[1:]) if number.startswith("-") else ("", number)
        return f"{sign}{self.prefix}{number}{self.suffix}"


COUNTS = Unit()  # whole numbers without a unit


def listed(names: Sequence[str]) -> str:
    """ "A", "A and B", "A, B and C"."""
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))
