"""Density curves: how the values of one to three groups are distributed, as smooth lines."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from envs.address import Draws
from envs.drawing.colour import Colour, distance, mix, standing_out
from envs.drawing.sheet import Box, Sheet, Unreadable
from envs.figures.base import Panel, Style
from envs.figures.frame import Axis, Values, frame
from envs.figures.legend import legend
from envs.figures.samples import ladder, tell_samples, value_title, whole
from envs.figures.style import THIN_CONTRAST
from envs.registry import Scene, family
from envs.views import EYE, Item
from envs.views_spread import Curve, Curves

THIN_APART = 20.0  # CIEDE2000: thin lines of unlike colours
POINTS = 90  # of a curve
FLAT = 1.5  # pixels: where a curve is no further below its peak, a reader may take it for the peak
ONLY = "only"  # the key of a curve that nothing on the figure names
Hump = tuple[float, float, float, float]  # its middle, its standard deviations to the left and to the right, its weight


@dataclass(frozen=True, slots=True)
class Densities:
    """Curves as sums of humps, in the unit of the panel. `filled`: the area below a single curve is tinted; `place` is
    that of the legend."""

    names: tuple[str, ...]
    humps: tuple[tuple[Hump, ...], ...]
    axis: tuple[float, float]
    observed: str
    filled: bool
    place: str
    sizes: int = 1

    def lay_out(self, panel: Panel, style: Style, cell: Box, sheet: Sheet) -> list[Curves]:
        colours = _unlike(style, len(self.names))
        if len(self.names) > 1:
            entries = list(zip(self.names, colours, strict=True))
            for place in (self.place, "top", "right"):
                try:
                    cell = legend(entries, style, sheet, cell, place, lines=True)
                    break
                except Unreadable:  # nothing is on the sheet yet
                    continue
            else:
                raise Unreadable("no room for the legend")
        across = Values(*self.axis, panel.words.unit, panel.category_axis)
        found = frame(cell, style, across, Values(0.0, 1.08, title=panel.value_axis, bare=True))
        found.begin(style, sheet)
        xs, ys = self._sampled()
        curves: list[Curve] = []
        for name, colour, x, y in zip(self.names, colours, xs, ys, strict=True):
            points = [(found.x.px(a), found.y.px(b)) for a, b in zip(x, y)]
            if self.filled and len(self.names) == 1:
                under = [(points[0][0], found.y.start), *points, (points[-1][0], found.y.start)]
                sheet.polygon(under, mix(colour, style.ground, 0.6))
            sheet.line(points, colour, 2.2, data=True)
            name = name if len(self.names) > 1 else ONLY
            curves.append(_curve(name, np.array(x), np.array(y), found.x, found.y, len(self.humps[len(curves)])))
        found.finish(style, sheet)
        words = panel.words
        view = Curves(
            curves=tuple(curves),
            noun=words.noun,
            nouns=words.nouns,
            observed=self.observed,
            sizes=self.sizes,
            measure=words.measure,
            unit=words.unit,
            span=self.axis[1] - self.axis[0],
        )
        return [view]

    def _sampled(self) -> tuple[list[list[float]], list[list[float]]]:
        """Places and heights of the points of each curve; the highest of all is 1."""
        grid = np.linspace(*self.axis, POINTS)
        xs = [np.union1d(grid, [hump[0] for hump in humps]) for humps in self.humps]
        ys = [sum((_hump(x, hump) for hump in humps), np.zeros_like(x)) for x, humps in zip(xs, self.humps)]
        top = max(float(y.max()) for y in ys)
        return [x.tolist() for x in xs], [(y / top).tolist() for y in ys]


def _unlike(style: Style, count: int) -> list[Colour]:
    """Colours for thin lines: they stand out, and each is as unlike those before it as the palette has."""
    among = [standing_out(colour, style.ground, style.ink, THIN_CONTRAST) for colour in style.palette]
    colours = [among[0]]
    while len(colours) < count:
        rest = (c for c in among if c not in colours)
        best = max(rest, key=lambda c: min(distance(c, other) for other in colours))
        alike = min(distance(best, other) for other in colours) < THIN_APART
        colours.append(style.ink if alike and style.ink not in colours else best)
    return colours


def _hump(x: np.ndarray, hump: Hump) -> np.ndarray:
    """A normal density with a standard deviation for each side, joined at the top."""
    middle, left, right, weight = hump
    off = (x - middle) / np.where(x < middle, left, right)
    return np.asarray(2 * weight / (left + right) * np.exp(-0.5 * off * off))


def _curve(name: str, x: np.ndarray, y: np.ndarray, across: Axis, up: Axis, peaks: int) -> Curve:
    """What can be read off a curve that is drawn through these points."""
    top = int(y.argmax())
    flat = x[y >= y[top] - FLAT / up.px_per_unit]
    err = max(EYE / across.px_per_unit, float(max(x[top] - flat[0], flat[-1] - x[top])))
    above = np.flatnonzero(y >= y[top] / 2)
    ends = []
    for inside, outside in ((above[0], above[0] - 1), (above[-1], above[-1] + 1)):
        if 0 <= outside < len(y):
            share = (y[inside] - y[top] / 2) / (y[inside] - y[outside])
            ends.append(float(x[inside] + share * (x[outside] - x[inside])))
        else:
            ends.append(float(x[inside]))
    width, height = ends[1] - ends[0], float(y[top]) * up.px_per_unit
    return Curve(
        name,
        Item(name, float(x[top]), err, across.px(float(x[top])), (name, "peak")),
        Item(name, height, EYE, height, (name, "height")),
        Item(name, width, 2 * EYE / across.px_per_unit, width * across.px_per_unit, (name, "width")),
        peaks,
    )


@family(
    "density",
    Curves,
    traits=("density", "compared", "widths", "peaks", "title"),
    top_level=12,
)
def density(draws: Draws, scene: Scene) -> Panel:
    """One to three groups whose peaks, widths and numbers of peaks are drawn first."""
    level, side = min(scene.level, 12), min(scene.width, scene.height)
    several = bool(scene.needs & {"compared", "widths"})
    most = 3 if side >= 200 and level >= 2 else 2
    count = draws.integers(2 if several else 1, most + 1)
    told = tell_samples(draws, scene, count, longest=min(8 + level // 2, max(7, scene.width // 26)))
    room = told.high - told.low
    gap = max(0.1 - 0.004 * level, 7.0 / max(60, scene.width - 70))
    middles = ladder(draws, count, 0.34, 0.66, gap, gap + 0.02)
    # Widths step down by a third, so that curves differ in height and width plainly.
    widest = draws.uniform(0.07, 0.1)
    step = draws.uniform(1.35, 1.5 if level > 6 else 1.7)
    deviations = draws.shuffled([widest, widest / step, widest / (step * step)][:count])
    humps = []
    for middle, deviation in zip(middles, deviations, strict=True):
        peaks = 1
        if "peaks" in scene.needs:
            peaks = draws.integers(1, 4)
        elif "widths" not in scene.needs and draws.chance(0.25):
            peaks = 2
        humps.append(_humps(draws, middle, deviation, peaks, told.low, room, told.digit))
    low, high = _reach(humps)
    several = count > 1
    below = value_title(draws, scene, told, scene.width - 110) or (
        told.words.measure.capitalize() if side > 200 else ""
    )
    if scene.style.width(below) > scene.width - 60:
        below = ""
    beside = "Density" if "axes" in scene.needs or draws.chance(0.6) else ""
    marks = Densities(
        told.names,
        tuple(humps),
        (low, high),
        told.observed,
        filled=draws.chance(0.6),
        place=draws.choice(("right", "top", "bottom")) if scene.width > 300 else "top",
        sizes=most if several else 1,
    )
    return Panel(marks, told.words, "density plot", told.title, below, beside)


def _humps(
    draws: Draws, middle: float, deviation: float, peaks: int, low: int, room: int, digit: int
) -> tuple[Hump, ...]:
    """The humps of one curve, in the written unit: one a little skewed, or several that are plainly apart."""

    def written(share: float, base: int = 0) -> float:
        return max(1, whole(base + share * room)) / digit

    if peaks == 1:
        lean = draws.uniform(0.75, 1.3)
        return ((written(middle, low), written(deviation * lean), written(deviation / lean), 1.0),)
    narrow = min(deviation, 0.2 / peaks) * 0.62
    apart = narrow * draws.uniform(3.6, 4.4)
    first = middle - apart * (peaks - 1) / 2
    shares = draws.shuffled((0.6, 0.4) if peaks == 2 else (0.43, 0.32, 0.25))
    humps = []
    for i, share in enumerate(shares):
        humps.append((written(first + i * apart, low), written(narrow), written(narrow), share))
    return tuple(humps)


def _reach(humps: list[tuple[Hump, ...]]) -> tuple[float, float]:
    """An axis that shows all humps down to their feet."""
    low = min(middle - 3.1 * left for curve in humps for middle, left, _, _ in curve)
    high = max(middle + 3.1 * right for curve in humps for middle, _, right, _ in curve)
    return low, high
