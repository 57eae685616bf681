"""Boxes and violins: how the values of several groups spread, upright or lying."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from envs.address import Draws
from envs.drawing.colour import BLACK, WHITE, Colour, ink_on
from envs.drawing.sheet import Box, Point, Sheet, Unreadable
from envs.figures.base import Panel, Style
from envs.figures.frame import Axis, Frame, Names, Values, frame
from envs.figures.samples import Told, axis_range, ladder, placed, tell_samples, value_title
from envs.registry import Scene, family
from envs.views import EYE, Categories, Item
from envs.views_spread import WIDTHS_APART, Group, Spread

PARTS = ("low", "q1", "median", "q3", "high")
DOT = 2.6  # pixels: the radius of an outlier
HIDDEN = 3.0  # pixels: two places of one group that are closer hide each other
# How far groups reach, in the unit that medians and ranges are drawn in, without and with outliers: a guess before they
# are drawn.
EXTENT, EXTENT_DOTS = 2.1, 2.6


@dataclass(frozen=True, slots=True)
class _Sideways:
    """A frame with names along one side, seen as if they always lay below."""

    frame: Frame
    lying: bool

    @property
    def values(self) -> Axis:
        return self.frame.x if self.lying else self.frame.y

    @property
    def names(self) -> Axis:
        return self.frame.y if self.lying else self.frame.x

    def at(self, along: float, up: float) -> Point:
        """The point of a place along the names, in pixels, and a pixel along the values."""
        return (up, along) if self.lying else (along, up)

    def box(self, along: float, half: float, low: float, high: float) -> Box:
        """The rectangle around a place along the names, between two values."""
        (x0, y0), (x1, y1) = (
            self.at(along - half, self.values.px(low)),
            self.at(along + half, self.values.px(high)),
        )
        return x0, y0, x1, y1

    def across(self, along: float, half: float, value: float) -> list[Point]:
        """A line across the names' side at a value."""
        return [self.at(along - half, self.values.px(value)), self.at(along + half, self.values.px(value))]


@dataclass(frozen=True, slots=True)
class _Samples:
    """Five numbers of each group (low, quartiles, high) and its outliers from the lowest, in the unit of the panel."""

    names: tuple[str, ...]
    fives: tuple[tuple[float, ...], ...]
    outliers: tuple[tuple[float, ...], ...]
    axis: tuple[float, float]
    lying: bool
    observed: str
    sizes: int
    absent: tuple[str, ...]

    def _frame(self, panel: Panel, style: Style, cell: Box, least: float) -> _Sideways:
        """The frame that was asked for, or the other way round; slots are at least `least` pixels wide."""
        for lying in (self.lying, not self.lying):
            names = Names(self.names, panel.category_axis, down=lying)
            values = Values(*self.axis, panel.words.unit, panel.value_axis)
            try:
                found = frame(cell, style, values if lying else names, names if lying else values)
            except Unreadable:
                continue
            side = _Sideways(found, lying)
            if side.names.slot >= least:
                return side
        raise Unreadable("no room for the groups beside each other")

    def _view(self, panel: Panel, axis: Axis) -> list[Spread | Categories]:
        err = EYE / axis.px_per_unit
        groups = []
        for name, five, outliers in zip(self.names, self.fives, self.outliers, strict=True):
            low, q1, median, q3, high = (
                Item(part, value, err, axis.px(value), (name, part)) for part, value in zip(PARTS, five, strict=True)
            )
            dots = (
                Item(f"outlier {i}", value, err, axis.px(value), (name, f"outlier {i}"))
                for i, value in enumerate(outliers, 1)
            )
            groups.append(Group(name, low, q1, median, q3, high, tuple(dots)))
        words = panel.words
        spread = Spread(
            groups=tuple(groups),
            noun=words.noun,
            nouns=words.nouns,
            measure=words.measure,
            unit=words.unit,
            span=axis.high - axis.low,
            observed=self.observed,
            sizes=self.sizes,
            absent=self.absent,
        )
        return [spread, spread.medians()]


@dataclass(frozen=True, slots=True)
class Boxes(_Samples):
    """Boxes from quartile to quartile, the median across, whiskers, and dots for outliers. `means`: a diamond on each
    box, or (); `hollow`: outliers are rings; `caps`: whiskers end in a short line; `empty`: boxes are not filled."""

    means: tuple[float, ...] = ()
    hollow: bool = False
    caps: bool = True
    empty: bool = False

    def lay_out(self, panel: Panel, style: Style, cell: Box, sheet: Sheet) -> list[Spread | Categories]:
        side = self._frame(panel, style, cell, 14.0)
        for five, dots in zip(self.fives, self.outliers, strict=True):
            places = sorted(side.values.px(value) for value in (*five, *dots))
            if any(b - a < HIDDEN for a, b in pairwise(places)):
                raise Unreadable("a mark of a group hides another")
        side.frame.begin(style, sheet)
        half = min(34.0, max(10.0, side.names.slot * style.fill * 0.8) / 2)
        for i, colour in enumerate(style.colours(len(self.names))):
            self._box(sheet, style, side, i, half, style.ground if self.empty else colour)
        side.frame.finish(style, sheet)
        return self._view(panel, side.values)

    def _box(self, sheet: Sheet, style: Style, side: _Sideways, i: int, half: float, colour: Colour) -> None:
        along = side.names.middle(i)
        low, q1, median, q3, high = self.fives[i]
        cap = half * 0.5 if self.caps else 0.0
        for start, end in ((q1, low), (q3, high)):
            points = [side.at(along, side.values.px(start)), side.at(along, side.values.px(end))]
            sheet.line([*points, *side.across(along, -cap, end), points[1]], style.ink, 1.2)
        sheet.rect(side.box(along, half, q1, q3), colour, style.ink, 1.2, mark=i)
        ink = style.ink if self.empty else ink_on(colour)
        sheet.line(side.across(along, half - 0.6, median), ink, 2.0)
        if self.means:
            x, y = side.at(along, side.values.px(self.means[i]))
            corners = [(x - 4, y), (x, y + 4), (x + 4, y), (x, y - 4)]
            sheet.polygon(corners, style.ground if not self.empty else style.palette[0], style.ink, 1.0)
        for value in self.outliers[i]:
            x, y = side.at(along, side.values.px(value))
            sheet.dot(x, y, DOT, style.ground if self.hollow else style.ink, style.ink, 1.1, mark=i)


@dataclass(frozen=True, slots=True)
class Violins(_Samples):
    """Smooth bodies from the lowest to the highest value, the wider the more values lie there. `inner`: the quartiles
    are a bar with a dot for the median, or else lines across."""

    inner: bool = True

    def lay_out(self, panel: Panel, style: Style, cell: Box, sheet: Sheet) -> list[Spread | Categories]:
        side = self._frame(panel, style, cell, 22.0)
        side.frame.begin(style, sheet)
        half = min(40.0, side.names.slot * (0.4 + 0.08 * style.fill))
        for i, colour in enumerate(style.colours(len(self.names))):
            self._body(sheet, style, side, i, half, colour)
        side.frame.finish(style, sheet)
        return self._view(panel, side.values)

    def _body(self, sheet: Sheet, style: Style, side: _Sideways, i: int, half: float, colour: Colour) -> None:
        along = side.names.middle(i)
        _, q1, median, q3, _ = self.fives[i]
        values, widths = body(self.fives[i])
        right = [side.at(along + half * w, side.values.px(v)) for v, w in zip(values, widths)]
        left = [side.at(along - half * w, side.values.px(v)) for v, w in zip(values, widths)]
        sheet.polygon([*right, *left[::-1]], colour, style.ink if style.outline else None, 1.0, mark=i)
        ink = ink_on(colour)
        if self.inner:
            sheet.rect(side.box(along, 3.0, q1, q3), ink)
            x, y = side.at(along, side.values.px(median))
            sheet.dot(x, y, 2.8, WHITE if ink == BLACK else BLACK)
            return
        for value, width in ((q1, 1.0), (median, 2.2), (q3, 1.0)):
            reach = half * float(np.interp(value, values, widths))
            sheet.line(side.across(along, max(3.5, reach), value), ink, width)


def body(five: tuple[float, ...]) -> tuple[list[float], list[float]]:
    """A density with these quartiles, of values between these ends: places, and widths of which the largest is 1.

    A sample is laid out that has the quartiles exactly, thin towards its ends, and smoothed with a Gaussian kernel.
    """
    low, q1, median, q3, high = five
    u = (np.arange(10) + 0.5) / 10
    sample = np.concatenate(
        [q1 - (q1 - low) * u**1.7, q1 + (median - q1) * u, median + (q3 - median) * u, q3 + (high - q3) * u**1.7]
    )
    places = np.linspace(low, high, 45)
    kernel = 0.35 * (q3 - q1) / 1.35 + 0.03 * (high - low)
    density = np.exp(-0.5 * ((places[:, None] - sample) / kernel) ** 2).sum(1)
    return places.tolist(), (density / density.max()).tolist()


# What is drawn: five numbers with their targets first


def _groups(draws: Draws, scene: Scene) -> tuple[int, int]:
    """How many groups, and how many numbers of groups were possible."""
    level, side = min(scene.level, 12), min(scene.width, scene.height)
    high = min(4 + 2 * level // 3, 11, max(4, side // 40))
    low = max(3 if "Categories" in scene.needs else 2, high - 3)  # medians are ranked among others
    return draws.integers(low, high + 1), high - low + 1


def _fives(draws: Draws, scene: Scene, count: int, lying: bool, outliers: bool) -> list[list[float]]:
    """Five numbers and then the outliers of each group, in a unit of its own."""
    level = min(scene.level, 12)
    px = (scene.width - 110 if lying else scene.height - 80) / (
        EXTENT_DOTS if outliers else EXTENT
    )  # pixels of that unit, at worst
    gap = max(0.09 - 0.005 * level, 6.0 / px)
    contrast = "contrast" in scene.needs  # the highest median then lies above some box
    medians = ladder(draws, count, 0.2, 0.8, gap, 0.32 if contrast else max(gap, 7.0 / px))
    longest = 0.4 if contrast else 0.5
    ranges = ladder(draws, count, max(0.13, 14 / px), longest, 0.03, 11.0 / px + WIDTHS_APART * 0.5)
    samples = []
    most = min(1 + (level + 3) // 4, int(px / 25))
    totals = [draws.integers(0, most + 1) if outliers else 0 for _ in range(count)]
    if outliers and totals.count(max(totals)) > 1:  # one group has the most
        totals[draws.choice([i for i, total in enumerate(totals) if total == max(totals)])] += 1
    for middle, iqr, total in zip(medians, ranges, totals, strict=True):
        inside = min(0.7, 1 - 5.5 / (px * iqr))
        q1 = middle - iqr * draws.uniform(1 - inside, inside)
        q3 = q1 + iqr
        least = max(0.4, 7.0 / (px * iqr))
        low, high = (iqr * draws.uniform(least, 1.35) for _ in range(2))
        dots = []
        under = draws.integers(0, total + 1)
        for k, start, sign in ((under, q1, -1), (total - under, q3, 1)):
            reach = start + sign * 1.55 * iqr
            for _ in range(k):
                reach += sign * (8.5 / px + draws.uniform(0.0, 0.1))
                dots.append(reach)
        samples.append([q1 - low, q1, middle, q3, q3 + high, *sorted(dots)])
    return samples


def _drawn(
    draws: Draws, scene: Scene, outliers: bool
) -> tuple[Told, dict[str, object], list[tuple[float, ...]], list[tuple[float, ...]]]:
    """What boxes and violins share: words, the fields of the samples, their five numbers and outliers."""
    count, sizes = _groups(draws, scene)
    lying = draws.chance(0.4)
    longest = min(8 + scene.level // 2, max(7, scene.width // 26))
    told = tell_samples(draws, scene, count, longest=longest, counted=True)
    samples = _fives(draws, scene, count, lying, outliers)
    numbers = [[value / told.digit for value in sample] for sample in placed(draws, samples, told)]
    every = [value for sample in numbers for value in sample]
    shared: dict[str, object] = {
        "names": told.names,
        "axis": axis_range(draws, min(every), max(every)),
        "lying": lying,
        "observed": told.observed,
        "sizes": sizes,
        "absent": told.absent,
    }
    fives, dots = [tuple(sample[:5]) for sample in numbers], [tuple(sample[5:]) for sample in numbers]
    return told, shared, fives, dots


def _panel(draws: Draws, scene: Scene, told: Told, marks: Boxes | Violins, chart: str) -> Panel:
    room = scene.width if marks.lying else scene.height
    value_axis = value_title(draws, scene, told, room - 110)
    axes = "axes" in scene.needs or (value_axis and draws.chance(0.5))
    return Panel(marks, told.words, chart, told.title, told.words.noun.capitalize() if axes else "", value_axis)


@family(
    "box",
    Spread,
    Categories,
    traits=("spread", "contrast", "whiskers", "outliers", "words", "title", "axes"),
    top_level=12,
)
def box(draws: Draws, scene: Scene) -> Panel:
    """Groups with five drawn numbers each, and outliers of a drawn number."""
    told, shared, fives, dots = _drawn(draws, scene, "outliers" in scene.needs or draws.chance(0.6))
    means: list[float] = []
    if draws.chance(0.25):
        for five in fives:  # between the median and the middle of the box, as skew would have it
            means.append((five[1] + five[2] + five[3]) / 3 + (five[3] - five[1]) * draws.uniform(-0.08, 0.08))
    marks = Boxes(
        **shared,  # type: ignore[arg-type]
        fives=tuple(fives),
        outliers=tuple(dots),
        means=tuple(means),
        hollow=draws.chance(0.5),
        caps=draws.chance(0.8),
        empty=draws.chance(0.2),
    )
    return _panel(draws, scene, told, marks, "box plot")


@family("violin", Spread, Categories, traits=("spread", "contrast", "words", "title", "axes"), top_level=12)
def violin(draws: Draws, scene: Scene) -> Panel:
    """Groups with five drawn numbers each."""
    told, shared, fives, _ = _drawn(draws, scene, False)
    marks = Violins(
        **shared,  # type: ignore[arg-type]
        fives=tuple(fives),
        outliers=((),) * len(fives),
        inner=draws.chance(0.6),
    )
    return _panel(draws, scene, told, marks, "violin plot")
