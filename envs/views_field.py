"""A quantity over a plane, shown by colour in steps, as a question sees it: contours and hexagons."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from envs.views import Fact, Facts, Key, Measured, NotAskable, View
from envs.views_points import Along

CENTRAL = 0.08  # of the axis: what lies so near to its middle lies in no quarter
QUARTERS = ("upper left", "upper right", "lower left", "lower right")


@dataclass(frozen=True, slots=True)
class Spot:
    """A marked place: what it is called, and which colour step it lies in, counted from the lowest."""

    name: str
    x: float
    y: float
    step: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Field(View):
    """A quantity over two measures. `steps`: the lower and the upper bound of each colour, from the lowest.

    `peak`: the middle of the one area in the highest step that occurs; None if there are several. `cells`: how many
    separate cells there are of each step, () for a surface. `noun`, `nouns` speak of what is counted, or of a place.
    """

    x: Along
    y: Along
    value: Measured
    steps: tuple[tuple[float, float], ...]
    spots: tuple[Spot, ...]
    peak: tuple[float, float] | None
    cells: tuple[int, ...] = ()
    noun: str
    nouns: str
    sizes: int = 1

    def slots(self) -> dict[str, str]:
        own = {"noun": self.noun, "nouns": self.nouns, "measure": self.value.measure}
        return {**View.slots(self), **own, "x": self.x.measure, "y": self.y.measure}

    def facts(self) -> Facts:
        found: dict[Key, Fact] = {}
        for spot in self.spots:
            found |= {(spot.name, "x"): Fact(spot.x, 0.0), (spot.name, "y"): Fact(spot.y, 0.0)}
            found[spot.name, "step"] = Fact(spot.step, 0.0)
        for k, (low, high) in enumerate(self.steps):
            found |= {("step", str(k), "from"): Fact(low, 0.0), ("step", str(k), "to"): Fact(high, 0.0)}
        found |= {("cells", str(k)): Fact(count, 0.0) for k, count in enumerate(self.cells)}
        if self.peak:
            found |= {("peak", "x"): Fact(self.peak[0], 0.0), ("peak", "y"): Fact(self.peak[1], 0.0)}
        return found

    def rebuilt(self, facts: Facts) -> Field:
        def value(*key: str) -> float:
            return facts[key].value

        return replace(
            self,
            spots=tuple(
                Spot(spot.name, value(spot.name, "x"), value(spot.name, "y"), int(value(spot.name, "step")))
                for spot in self.spots
            ),
            steps=tuple((value("step", str(k), "from"), value("step", str(k), "to")) for k in range(len(self.steps))),
            cells=tuple(int(value("cells", str(k))) for k in range(len(self.cells))),
            peak=(value("peak", "x"), value("peak", "y")) if self.peak else None,
        )

    def describe(self) -> list[tuple[str, str, str]]:
        rows = [(f"spot {spot.name}", self.range_of(spot.step), "exact") for spot in self.spots]
        return rows + [(f"cells of {self.range_of(k)}", str(count), "exact") for k, count in enumerate(self.cells)]

    def range_of(self, step: int) -> str:
        """A colour step in words."""
        low, high = self.steps[step]
        return f"{self.value.say(low)} to {self.value.say(high)}"

    def quarter(self) -> str:
        """The quarter of the plot that the peak lies in; NotAskable if that is not plain."""
        if self.peak is None:
            raise NotAskable("there is no single highest place")
        words = []
        for side, place, names in (
            (self.y, self.peak[1], ("lower", "upper")),
            (self.x, self.peak[0], ("left", "right")),
        ):
            share = (place - side.low) / (side.high - side.low) - 0.5
            if math.fabs(share) < CENTRAL:
                raise NotAskable("the highest place lies in the middle")
            words.append(names[share > 0])
        return " ".join(words)
