"""Points in a plane: plain, in groups, sized as bubbles, with a fitted line."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import partial
from itertools import product

from envs.address import Draws
from envs.drawing.sheet import Box, Sheet, Unreadable
from envs.drawing.sheet import Point as Pixel
from envs.figures.base import Panel, Style, Words
from envs.figures.legend import SWATCH, legend
from envs.figures.pairs import Pairs, Row, Shape, draw_pairs, draw_places, few, moments, split
from envs.figures.plane import SHAPES, Plane, beside, bold, by_eye, marker, padded, plane, size_key, size_note
from envs.figures.tables import first_fit
from envs.registry import Scene, family
from envs.views import APART
from envs.views_points import Along, Line, Point, Points

PLACES = ("top", "bottom", "right")
ENOUGH = 4  # labels, where the question is about labelled points
MOST_NAMED = 0.7  # of the bubbles have their size beside them, or the sizes are told by a key
SMALL = 300  # pixels: below this side a picture has room for few labels
AREAS_APART = 0.12  # of the larger diameter: bubbles are ranked by eye only if they differ by so much
SMALLEST = 3.5  # pixels, the radius of the smallest bubble


@dataclass(frozen=True, slots=True)
class Scatter:
    """Rows of two or three values. `radius` is that of a marker, or of the largest bubble where there is a third.

    `shapes`: one a group. `legend`: the side it is tried on first. `trend`: the line of least squares is drawn.
    `written`: the size of a bubble stands beside its name, where there is room for most; else a key shows some sizes.
    `insist`: what must be written ("labels", "axes", "sizes"). `titled`: the axes are, where there is room. `labels`:
    at most so many points are named.
    """

    pairs: Pairs
    radius: float
    shapes: tuple[str, ...]
    legend: str
    zero: bool = False
    trend: bool = False
    written: bool = False
    titled: bool = True
    labels: int = 99
    insist: frozenset[str] = frozenset()
    sizes: int = 1

    def lay_out(self, panel: Panel, style: Style, cell: Box, sheet: Sheet) -> list[Points]:
        sides = [self.legend, *(place for place in PLACES if place != self.legend)]
        if not self.pairs.groups and not self._sized:
            sides = sides[:1]
        full = [(True, 1.0), (True, 0.75)] if self.written else []
        full += [(False, 1.0), (False, 0.8)] if "sizes" not in self.insist else []
        ways = (
            partial(replace(self, radius=share * self.radius)._draw, style, cell, sheet, place, written)
            for (written, share), place in product(full, sides)
        )
        return first_fit(sheet, ways)

    @property
    def _sized(self) -> bool:
        return len(self.pairs.measures) > 2

    def _draw(self, style: Style, cell: Box, sheet: Sheet, place: str, written: bool) -> list[Points]:
        pairs = self.pairs
        colours = bold(style, max(1, len(pairs.groups)))
        edge = style.ink if style.outline else style.ground
        rows = sorted(pairs.rows, key=lambda row: -row.values[2]) if self._sized else list(pairs.rows)
        if pairs.groups:
            look = dict(zip(pairs.groups, zip(self.shapes, colours)))
            key = [(name, colour) for name, (_, colour) in look.items()]
            radius = 5.0 if self._sized else self.radius

            def sample(name: str, x: float, y: float) -> None:
                marker(sheet, look[name][0], (x + SWATCH / 2, y), radius, look[name][1], edge)

            cell = legend(key, style, sheet, cell, place, sample=sample)
        if self._sized and written:
            cell = size_note(pairs.measures[2], style, sheet, cell)
        elif self._sized:
            cell = size_key(pairs.measures[2], rows[0].values[2], self.radius, style, sheet, cell)
        xs, ys = [row.values[0] for row in rows], [row.values[1] for row in rows]
        line = _fit(rows) if self.trend else None
        if line:
            ys = [*ys, line.y0, line.y1]
        share = 0.07 if not self._sized else 0.12
        ranges = padded(xs, zero=self.zero, share=share), padded(ys, zero=self.zero, share=share)
        found = plane(cell, style, pairs.measures, ranges, titled=self.titled, insist="axes" in self.insist)
        spots = [(found.at(*row.values[:2]), self._reach(row, rows)) for row in rows]
        drawn = [(found.at(line.x0, line.y0), found.at(line.x1, line.y1))] if line else []
        texts = [(i, self._label(row, written)) for i, row in enumerate(rows) if row.name]
        texts = texts[:1] + texts[:0:-1] if self._sized else texts  # the largest and the smallest bubble first
        labels = beside(texts, spots, style, found.frame.box, drawn, self.labels)
        enough = ENOUGH if min(sheet.width, sheet.height) >= SMALL else ENOUGH - 1
        least = min(enough, len(rows)) if self.insist & {"labels", "sizes"} else 0
        if len(labels) < max(least, MOST_NAMED * len(rows) if written else 0):
            raise Unreadable("no room for the labels of the points")
        found.frame.begin(style, sheet)
        for i, (row, (at, reach)) in enumerate(zip(rows, spots)):
            marker(sheet, self.shapes[row.group], at, reach, colours[row.group], edge, i)
        for start, end in drawn:
            sheet.line([start, end], style.ink, 2.0, data=True)
        for i, text in texts:
            if i in labels:
                x, y, across = labels[i]
                sheet.text(text, x, y, style.text, "label", across=across, up="center")
        found.frame.finish(style, sheet)
        return [self._view(found, rows, spots, set(labels), line, written)]

    def _reach(self, row: Row, rows: list[Row]) -> float:
        """The radius of a marker: areas are as the sizes."""
        return self.radius * math.sqrt(row.values[2] / rows[0].values[2]) if self._sized else self.radius

    def _label(self, row: Row, written: bool) -> str:
        return f"{row.name} ({self.pairs.measures[2].unit.write(row.values[2])})" if written else row.name

    def _view(
        self,
        found: Plane,
        rows: list[Row],
        spots: list[tuple[Pixel, float]],
        labels: set[int],
        line: Line | None,
        written: bool,
    ) -> Points:
        pairs = self.pairs
        x, y = found.along(pairs.measures)
        err_x, err_y = (by_eye(axis, side.decimals) for axis, side in ((found.frame.x, x), (found.frame.y, y)))
        size = None
        if self._sized:
            measure = pairs.measures[2]
            sizes = [row.values[2] for row in rows]
            size = Along(
                measure=measure.name,
                unit=measure.unit,
                span=max(sizes),
                apart_px=APART / 2,
                gap=AREAS_APART,
                low=min(sizes),
                high=max(sizes),
                px=0.0,
            )
        points = tuple(
            Point(
                name=row.name if i in labels else str(i),
                x=row.values[0],
                y=row.values[1],
                at=at,
                err_x=err_x,
                err_y=err_y,
                size=row.values[2] if size else None,
                # Areas are read too coarsely to be asked for; their order is clear.
                err_size=0.0 if written and i in labels else size.span / 8 if size else math.inf,
                across=2 * reach if size else 0.0,
                group=pairs.groups[row.group] if pairs.groups else "",
                labelled=i in labels,
                covered=any(_hides(spots[j], spots[i]) for j in range(i + 1, len(rows))),
            )
            for i, (row, (at, reach)) in enumerate(zip(rows, spots))
        )
        return Points(
            points=points,
            x=x,
            y=y,
            size=size,
            noun=pairs.noun,
            nouns=pairs.nouns,
            groups=pairs.groups,
            group_noun=pairs.group_noun,
            group_nouns=pairs.group_nouns,
            trend=line,
            sizes=self.sizes,
            shown_by="bubble size" if size else "",
        )


def _hides(over: tuple[Pixel, float], under: tuple[Pixel, float]) -> bool:
    """Whether one mark drawn over another leaves too little of it."""
    (at, reach), (below, size) = over, under
    return size < 1.5 * reach and math.dist(at, below) < reach + 0.2 * size


def _fit(rows: list[Row]) -> Line:
    """The line of least squares, from the leftmost to the rightmost point."""
    places = [(row.values[0], row.values[1]) for row in rows]
    xx, _, xy = moments(places)
    count = len(places)
    x = y = 0.0
    for a, b in places:
        x, y = x + a / count, y + b / count
    x0, x1 = min(a for a, _ in places), max(a for a, _ in places)
    return Line(x0, y + (x0 - x) * xy / xx, x1, y + (x1 - x) * xy / xx)


def _panel(marks: Scatter, chart: str) -> Panel:
    pairs = marks.pairs
    words = Words(pairs.noun, pairs.nouns, pairs.measures[1].name, pairs.measures[1].unit)
    return Panel(marks, words, chart, pairs.title)


def _count(scene: Scene, apart: float, low: int, high: int) -> tuple[int, int]:
    """How many points from and to; fewer in a small picture."""
    small = min(scene.width, scene.height) < SMALL
    room = int((0.12 if small else 0.2) * scene.width * scene.height / (2.4 * apart) ** 2)
    if scene.needs & {"labels", "sizes"}:
        room = min(room, 8 if small else 10 if "sizes" in scene.needs else 24)
    high = max(7, min(high, room))
    return max(4, min(low, high - 6)), high


def _draw_scatter(draws: Draws, scene: Scene, *, trend: bool) -> Scatter:
    level, needs, small = min(scene.level, 12), scene.needs, min(scene.width, scene.height) < SMALL
    radius = draws.uniform(3.2, 4.0) if small else draws.uniform(3.4, 5.4)
    apart = 2 * radius + (5.0 - 0.35 * level)
    low, high = _count(scene, apart, few(level, 6, 20), few(level, 13, 42))
    kinds = 1
    if needs & {"groups", "legend"} or (draws.chance(0.25 + 0.03 * level) and not trend and not small):
        kinds = draws.choice((2, 2, 3) if level < 6 else (2, 3, 3))
    outlier = "outlier" in needs
    if outlier:
        low = max(low, min(7, high))  # of fewer, any that lies at an end turns the line
    groups = split(draws, low, high, kinds)
    sign = draws.choice((-1, 1)) if trend or outlier else draws.choice((-1, 0, 1))
    noise = draws.uniform(0.15, 0.3 + 0.02 * level) if not outlier else draws.uniform(0.12, 0.2 + 0.01 * level)
    places = draw_places(draws, scene, Shape(sign, noise, apart, outlier), groups)
    labels = draws.integers(4, 4 + few(level, 3, 6)) if "labels" in needs or draws.chance(0.35) else 0
    # Not every point has room for its name beside it.
    names = min(labels + 5, len(groups), 12) if labels else 0
    pairs = draw_pairs(
        draws,
        scene,
        places,
        names=names,
        groups=groups,
        longest=max(8, min(14, scene.width // 28)),
        first=(0,) if outlier else (),
    )
    alike = draws.choice((True, False))
    first = draws.integers(0, len(SHAPES))
    shapes = tuple(SHAPES[0 if alike else (first + k) % len(SHAPES)] for k in range(3))
    return Scatter(
        pairs,
        radius,
        shapes,
        draws.choice(PLACES),
        zero=draws.chance(0.25),
        trend=trend,
        titled="axes" in needs or draws.chance(0.92),
        labels=labels,
        insist=needs & {"labels", "axes"},
        sizes=high - low + 1,
    )


PLAIN = ("values", "plane", "words", "title", "axes", "labels")


@family(
    "scatter",
    Points,
    traits=(*PLAIN, "legend", "groups", "correlation", "outlier"),
    top_level=12,
    smallest={"": 200, "plane": 300},
)
def scatter(draws: Draws, scene: Scene) -> Panel:
    """Things with two measures, in up to three groups."""
    return _panel(_draw_scatter(draws, scene, trend=False), "scatter chart")


@family(
    "trend_scatter",
    Points,
    traits=(*PLAIN, "legend", "groups", "trend"),
    top_level=12,
    smallest={"": 200, "plane": 300},
)
def trend_scatter(draws: Draws, scene: Scene) -> Panel:
    """Things with two related measures, and the line fitted to them."""
    return _panel(_draw_scatter(draws, scene, trend=True), "scatter chart")


@family(
    "bubble",
    Points,
    traits=(*PLAIN, "legend", "groups", "size", "sizes", "correlation"),
    top_level=12,
    smallest={"": 200, "sizes": 300},
)
def bubble(draws: Draws, scene: Scene) -> Panel:
    """Things with three measures, the third as the area of a bubble."""
    level, needs, side = min(scene.level, 12), scene.needs, min(scene.width, scene.height)
    radius = draws.uniform(12.0, 14.0) if side < SMALL else draws.uniform(17.0, 24.0)
    most = 10 if "sizes" in needs else 18  # sizes are written beside names
    low, high = _count(scene, 0.7 * radius, few(level, 4, 9), few(level, 10, most))
    chance = 0.3 if side >= SMALL else 0.0
    kinds = draws.choice((2, 2, 3)) if needs & {"groups", "legend"} or draws.chance(chance) else 1
    groups = split(draws, low, high, kinds)
    shape = Shape(draws.choice((-1, 0, 1)), draws.uniform(0.2, 0.35), (1.8 - 0.04 * level) * radius)
    places = draw_places(draws, scene, shape, groups)
    pairs = draw_pairs(
        draws,
        scene,
        places,
        names=min(len(groups), 12),
        groups=groups,
        measures=3,
        longest=max(8, min(10, scene.width // 28)),
    )
    written = "sizes" in needs or (draws.chance(0.5 - 0.03 * level) and len(groups) <= 12)
    return _panel(
        Scatter(
            pairs,
            radius,
            ("circle",) * 3,
            draws.choice(PLACES),
            zero=draws.chance(0.15),
            written=written,
            titled="axes" in needs or draws.chance(0.95),
            insist=needs & {"labels", "axes", "sizes"},
            sizes=high - low + 1,
        ),
        "bubble chart",
    )
