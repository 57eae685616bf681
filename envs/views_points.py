"""Points in a plane, as a question sees them: scatter charts, bubbles, points in space."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from envs.numerals import half_up
from envs.views import APART, Fact, Facts, Item, Key, Measured, NotAskable, View

X, Y, SIZE = "x", "y", "size"
BESIDE = APART + 1.0  # pixels between a point and a bound that it is counted by
TREND: Key = ("trend", "line")


@dataclass(frozen=True, slots=True, kw_only=True)
class Along(Measured):
    """A measure along an axis that shows values from `low` to `high`. For a size `px` is 0 and the ends are those of
    the values."""

    low: float
    high: float
    px: float

    def roundest(self, low: float, high: float) -> float | None:
        """The number with the fewest digits strictly between two; None if no multiple of the last digit is."""
        for power in range(9, -self.decimals - 1, -1):
            # Whole steps of a power of ten, divided where it is negative: 3 / 10 is what is written 0.3.
            times, over = (10.0**power, 1.0) if power >= 0 else (1.0, 10.0**-power)
            for digit in (5, 2, 1):
                step = digit * times / over
                first = math.floor(low / step + 1e-9) + 1
                if first * step < high - 1e-9 * step:
                    return first * digit * times / over
        return None

    def brief(self, value: float) -> str:
        """A value with its unit, in as few decimals as it has."""
        decimals = next(d for d in range(self.decimals + 1) if d == self.decimals or half_up(value, d) == value)
        return self.say(value, decimals)


@dataclass(frozen=True, slots=True)
class Point:
    """A point at pixels `at`. `name` is written beside it if `labelled`, and is else its number in the order drawn.

    `err_x`, `err_y`, `err_size`: how far off a reading may be, infinite where it cannot be read; `covered`: another
    point hides so much of it that it cannot be told from that one. `across` is the diameter of its mark in pixels, or
    what else shows its size.
    """

    name: str
    x: float
    y: float
    at: tuple[float, float]
    err_x: float = 0.0
    err_y: float = 0.0
    size: float | None = None
    err_size: float = math.inf
    across: float = 0.0
    group: str = ""
    labelled: bool = False
    covered: bool = False

    def key(self, what: str) -> Key:
        return (self.group, self.name, what)

    def item(self, what: str) -> Item:
        """Its value on one measure."""
        if what == SIZE:
            return Item(self.name, self.size or 0.0, self.err_size, self.across, self.key(SIZE))
        value, err, length = (self.x, self.err_x, self.at[0]) if what == X else (self.y, self.err_y, self.at[1])
        return Item(self.name, value, math.inf if self.covered else err, length, self.key(what))


class Line(NamedTuple):
    """A straight line from its left to its right end, in values."""

    x0: float
    y0: float
    x1: float
    y1: float

    def at(self, x: float) -> float:
        return self.y0 + (x - self.x0) * self.slope

    @property
    def slope(self) -> float:
        return (self.y1 - self.y0) / (self.x1 - self.x0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Points(View):
    """Points with two measures, or three, in groups or not.

    `noun`, `nouns` speak of what a point stands for ("country"), `group_noun`, `group_nouns` of the groups. `sizes`:
    how many different numbers of points such a figure may show at its level. `trend`: the line fitted to the points.
    `shown_by` says how the size is drawn ("bubble size").
    """

    points: tuple[Point, ...]
    x: Along
    y: Along
    size: Along | None = None
    noun: str
    nouns: str
    groups: tuple[str, ...] = ()
    group_noun: str = ""
    group_nouns: str = ""
    trend: Line | None = None
    sizes: int = 1
    shown_by: str = ""

    def slots(self) -> dict[str, str]:
        own = {"noun": self.noun, "nouns": self.nouns, "x": self.x.measure, "y": self.y.measure}
        own |= {"group_noun": self.group_noun, "group_nouns": self.group_nouns} if self.groups else {}
        own |= {"size": self.size.measure, "shown_by": self.shown_by} if self.size else {}
        return {**View.slots(self), **own}

    def facts(self) -> Facts:
        found = {}
        for point in self.points:
            for what in (X, Y, SIZE) if self.size else (X, Y):
                item = point.item(what)
                found[point.key(what)] = Fact(item.value, item.length)
        if self.trend:
            found |= {(*TREND, end): Fact(value, 0.0) for end, value in zip(Line._fields, self.trend)}
        return found

    def rebuilt(self, facts: Facts) -> Points:
        points = []
        for point in self.points:
            x, y = facts[point.key(X)], facts[point.key(Y)]
            read = replace(point, x=x.value, y=y.value, at=(x.length, y.length))
            if self.size:
                size = facts[point.key(SIZE)]
                read = replace(read, size=size.value, across=size.length)
            points.append(read)
        trend = Line(*(facts[(*TREND, end)].value for end in Line._fields)) if self.trend else None
        return replace(self, points=tuple(points), trend=trend)

    def describe(self) -> list[tuple[str, str, str]]:
        whats = ((X, self.x), (Y, self.y), *(((SIZE, self.size),) if self.size else ()))
        return [side._row(point.item(what)) for point in self.points for what, side in whats]

    def side(self, what: str) -> Along:
        """One of the measures."""
        found = {X: self.x, Y: self.y, SIZE: self.size}[what]
        if found is None:
            raise NotAskable("the points have no size")
        return found

    def labelled(self, least: int = 1) -> list[Point]:
        """The points whose names are written beside them; NotAskable if there are fewer than `least`."""
        found = [point for point in self.points if point.labelled]
        if len(found) < least:
            raise NotAskable(f"fewer than {least} points are labelled")
        return found

    def of(self, group: str) -> list[Point]:
        """The points of a group."""
        return [point for point in self.points if point.group == group]

    def countable(self) -> tuple[Point, ...]:
        """All points; NotAskable if one of them is covered."""
        if any(point.covered for point in self.points):
            raise NotAskable("a point is covered")
        return self.points

    def best(self, points: Sequence[Point], what: str, lowest: bool) -> Point:
        """The point with the highest (or lowest) value; NotAskable where it cannot be told from the next."""
        side = self.side(what)
        order = sorted((point.item(what) for point in points), key=lambda item: item.value, reverse=not lowest)
        if len(order) > 1 and not side.apart(*(order[1::-1] if lowest else order[:2])):
            raise NotAskable("the first two cannot be told apart")
        return next(point for point in points if point.name == order[0].name)

    def bounds(self, points: Sequence[Point], what: str) -> list[tuple[int, float]]:
        """Round numbers of an axis that part the points clear of all of them, each with how many points lie below."""
        side = self.side(what)
        order = sorted(point.item(what).value for point in points)
        found, gap = [], BESIDE / side.px
        for k, (low, high) in enumerate(itertools.pairwise(order), 1):
            bound = side.roundest(low + gap, high - gap) if high - low > 2 * gap else None
            if bound is not None:
                found.append((k, bound))
        return found

    def residual(self, point: Point) -> float:
        """How far a point lies above the trend line, in pixels."""
        assert self.trend is not None
        return (point.y - self.trend.at(point.x)) * self.y.px
