"""A surface over two measures as filled contours, with marked places."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

import contourpy

from envs.address import Draws
from envs.data import Measure
from envs.drawing.colour import Colour
from envs.drawing.sheet import Box, Point, Sheet, Unreadable
from envs.figures.base import Panel, Style, Words
from envs.figures.frame import ticks
from envs.figures.pairs import Surface, draw_surface, few
from envs.figures.plane import Plane, plane
from envs.figures.ramp import bar, draw_ramp
from envs.numerals import half_up
from envs.registry import Scene, family
from envs.views import Measured
from envs.views_field import Field, Spot

GRID = 28  # nodes a side
CLEAR = 7.0  # pixels around a marked place that lie in the same step
DISTANT = 46.0  # pixels between two marked places
SMALL = 180.0  # pixels: a plot with a shorter side has room for few of them
DOT = 3.2  # pixels, its radius
CORNERS = tuple((math.cos(k * math.pi / 4), math.sin(k * math.pi / 4)) for k in range(8))
NAMES = "ABCDEFGH"
Bump = tuple[float, float, float, float]  # x, y, height, reciprocal width squared


@dataclass(frozen=True, slots=True)
class Contour:
    """Bumps over the unit square, the first the highest by far. `bounds` part the steps, in the units of the third
    measure; `tries`: places at which marks are tried, in order; as many of them are marked as there are `letters`, each
    step as likely."""

    surface: Surface
    bumps: tuple[Bump, ...]
    bounds: tuple[float, ...]
    colours: tuple[Colour, ...]
    tries: tuple[tuple[int, float, float], ...]
    letters: tuple[str, ...]  # the first of the alphabet, shuffled: a narrow step is found late
    lines: bool
    titled: bool
    insist: bool

    def lay_out(self, panel: Panel, style: Style, cell: Box, sheet: Sheet) -> list[Field]:
        measures = self.surface.measures
        texts = [measures[2].unit.write(bound) for bound in self.bounds]
        cell = bar(self.colours, texts, self.surface.key(style, cell), style, sheet, cell)
        found = plane(cell, style, measures, self.surface.ranges, titled=self.titled or self.insist, insist=self.insist)
        left, bottom, right, top = found.frame.box
        found.frame.begin(style, sheet)
        sheet.rect(found.frame.box, self.colours[0])
        nodes = [[self.height(i / (GRID - 1), j / (GRID - 1)) for i in range(GRID)] for j in range(GRID)]
        xs = [left + (right - left) * i / (GRID - 1) for i in range(GRID)]
        ys = [bottom + (top - bottom) * j / (GRID - 1) for j in range(GRID)]
        surface = contourpy.contour_generator(xs, ys, nodes, fill_type="OuterOffset")
        peak: tuple[float, float] | None = None
        for bound, colour in zip(self.bounds[1:-1], self.colours[1:]):
            areas = list(zip(*surface.filled(bound, 10 * self.bounds[-1])))
            for points, offsets in areas:
                rings = [points[a:b].tolist() for a, b in itertools.pairwise(offsets)]
                sheet.region(rings, colour, style.ink if self.lines else None)
                (px0, py0), (px1, py1) = points.min(0).tolist(), points.max(0).tolist()
                peak = (px0 + px1) / 2, (py0 + py1) / 2
            if len(areas) != 1:
                peak = None
        if peak is None:
            raise Unreadable("the highest step has no single area")
        spots = self._mark(found, style, sheet)
        found.frame.finish(style, sheet)
        return [self._view(found, peak, spots)]

    def height(self, u: float, v: float) -> float:
        """The surface at a place of the unit square."""
        z = self.bounds[0]
        for x, y, height, sharp in self.bumps:
            q = 1 + sharp * ((u - x) * (u - x) + (v - y) * (v - y))
            z += height / (q * q)
        return z

    def step(self, u: float, v: float) -> int:
        z = self.height(u, v)
        return sum(z >= bound for bound in self.bounds[1:-1])

    def _mark(self, found: Plane, style: Style, sheet: Sheet) -> list[Spot]:
        """Marks places that lie well inside their step, apart from each other."""
        left, bottom, right, top = found.frame.box
        wide, high = right - left, top - bottom
        line = style.line
        side = max(style.width(name) for name in NAMES) / 2 + 3
        placed: list[Point] = []
        found_at: list[tuple[Point, Box, int]] = []
        wanted = list(dict.fromkeys(step for step, _, _ in self.tries))
        per_step = dict.fromkeys(wanted, 0)
        small = min(wide, high) < SMALL
        least, clear = (2, CLEAR - 2) if small else (3, CLEAR)
        distant = min(DISTANT, 0.28 * min(wide, high))
        for i, (wish, u, v) in enumerate(self.tries):
            if len(found_at) == len(self.letters):
                break
            at = left + u * wide, bottom + v * high
            step = self.step(u, v)
            if step != wish or (per_step[wish] and (len(found_at) < least or i < len(self.tries) / 2)):
                continue
            around = [(u + clear * a / wide, v + clear * b / high) for a, b in CORNERS]
            if any(math.dist(at, other) < distant for other in placed) or any(self.step(*p) != step for p in around):
                continue
            right_of = at[0] + DOT + 2 * side + 4 < right
            middle = at[0] + (DOT + 2 + side) * (1 if right_of else -1)
            box = (middle - side, at[1] - line.digit / 2 - 3, middle + side, at[1] + line.digit / 2 + 3)
            if any(math.dist((middle, at[1]), other) < 2 * side + 5 for other in placed):
                continue
            if box[0] < left + 2 or box[1] < bottom + 2 or box[3] > top - 2:
                continue
            placed += [at, (middle, at[1])]
            per_step[wish] += 1
            found_at.append((at, box, step))
        if len(found_at) < 2:
            raise Unreadable("no room for the marked places")
        spots = {}
        names = [name for name in self.letters if name in NAMES[: len(found_at)]]
        for name, (at, box, step) in zip(names, found_at, strict=True):
            sheet.dot(*at, DOT, style.ink, style.ground, 1.0)
            sheet.rect(box, style.ground)
            sheet.text(name, (box[0] + box[2]) / 2, at[1], style.text, "label", up="center")
            spots[name] = Spot(name, *found.value(at), step)
        return [spots[name] for name in sorted(spots)]

    def _view(self, found: Plane, peak: Point, spots: list[Spot]) -> Field:
        x, y = found.along(self.surface.measures)
        measure = self.surface.measures[2]
        return Field(
            x=x,
            y=y,
            value=Measured(measure=measure.name, unit=measure.unit, span=self.bounds[-1] - self.bounds[0]),
            steps=tuple(zip(self.bounds, self.bounds[1:])),
            spots=tuple(spots),
            peak=found.value(peak),
            noun="place",
            nouns="places",
            sizes=5,
        )


def _bounds(draws: Draws, measure: Measure, steps: int) -> tuple[float, ...]:
    """Round numbers, evenly spaced, within the honest range of a measure."""
    top = measure.low + draws.uniform(0.4, 1.0) * (measure.high - measure.low)
    for most in range(steps, steps + 4):
        marks = [value for value, _ in ticks(measure.low, top, most, measure.unit)]
        if len(marks) > steps:
            break
    step = marks[1] - marks[0]
    first = round(marks[0] / step)
    return tuple(half_up((first + k) * step, measure.unit.decimals) for k in range(steps + 1))


@family("contour", Field, traits=("words", "title", "axes"), top_level=12)
def contour(draws: Draws, scene: Scene) -> Panel:
    """One measure as a surface over two others, with two to four bumps."""
    level, small = min(scene.level, 12), min(scene.width, scene.height) < 300
    steps = draws.integers(4, 5 + few(level, 0, 2)) if not small else draws.integers(3, 6)
    surface = draw_surface(draws, scene)
    bounds = _bounds(draws, surface.measures[2], steps)
    reach = bounds[-1] - bounds[0]
    # The highest bump reaches the last step alone; what the others add to it stays below the last bound.
    main = (_off(draws), _off(draws), reach * (1 - draws.uniform(0.35, 0.5) / steps), draws.uniform(4, 9))
    bumps = [main]
    for _ in range(draws.integers(1, 2 + few(level, 1, 3))):
        height = reach * draws.uniform(0.25, 0.6) * (1 - 1 / steps)
        bumps.append((draws.random(), draws.random(), height, draws.uniform(10, 26)))
    bumps[1:] = [bump for bump in bumps[1:] if (bump[0] - main[0]) ** 2 + (bump[1] - main[1]) ** 2 > 0.16]
    wishes = draws.shuffled(range(steps))
    tries = tuple((wish, draws.uniform(0.04, 0.96), draws.uniform(0.06, 0.94)) for _ in range(40) for wish in wishes)
    marks = Contour(
        surface,
        tuple(bumps),
        bounds,
        draw_ramp(draws, steps, None),
        tries,
        tuple(draws.shuffled(NAMES[: draws.integers(3 + few(level, 0, 2), 4 + few(level, 1, 5))])),
        lines=draws.chance(0.3),
        titled=draws.chance(0.95),
        insist="axes" in scene.needs,
    )
    measure = surface.measures[2]
    words = Words("place", "places", measure.name, measure.unit)
    return Panel(marks, words, "contour plot", surface.title)


def _off(draws: Draws) -> float:
    """A coordinate plainly on one side of the middle."""
    u = draws.uniform(0.14, 0.36)
    return u if draws.chance(0.5) else 1 - u
