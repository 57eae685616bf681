"""Radar charts: a spoke for each position, a closed line for each series."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise, product

from envs.address import Draws
from envs.data import Grid
from envs.drawing.sheet import Box, Point, Sheet, Unreadable
from envs.figures.base import Panel, Style
from envs.figures.counts import NARROW
from envs.figures.frame import Tick
from envs.figures.legend import legend
from envs.figures.plane import bold
from envs.figures.polar import ROOM, Disc, disc, ring_colour, rings
from envs.figures.strokes import parted
from envs.figures.tables import by_eye, table_views
from envs.figures.topics import how_many, tell
from envs.numerals import half_up
from envs.registry import Scene, family
from envs.views import Categories, Item, Series, View

DOT = 3.2  # pixels, the radius of a point
HIDDEN = 3.0  # pixels: a point with a later one this near is covered


@dataclass(frozen=True, slots=True)
class Radar:
    """A table: each series a closed line over the spokes, which begin at the top and go round clockwise. `round`: rings
    are circles; else they have a corner on each spoke. `filled`: what a line encloses is tinted."""

    grid: Grid
    filled: bool
    round: bool
    most: int  # rings
    place: str  # of the legend
    width: float  # of a line, in pixels
    sizes: tuple[int, int] = (1, 1)  # how many numbers of series and of positions were possible

    def lay_out(self, panel: Panel, style: Style, cell: Box, sheet: Sheet) -> list[View]:
        grid, unit = self.grid, panel.words.unit
        cell = self._legend(style, sheet, cell)
        count = len(grid.positions)
        angles = [math.pi / 2 - 2 * math.pi * j / count for j in range(count)]
        high = max(value for row in grid.values for value in row)
        # Fewer rings where their labels do not find room between the points.
        for most in range(self.most, 1, -1):
            marked = rings(high, unit, most)
            found = disc(cell, style, marked[-1][0], grid.positions, angles)
            points = [[found.at(a, value) for a, value in zip(angles, row, strict=True)] for row in grid.values]
            labels = self._labels(found, marked, points, style)
            if labels:
                break
        else:
            raise Unreadable("no room for the labels of the rings")
        self._web(found, marked, style, sheet)
        colours = bold(style, len(points))
        for row, colour in zip(points, colours):
            sheet.polygon(row, colour, colour, self.width, alpha=0.22 if self.filled else 0.0)
        for i, (row, colour) in enumerate(zip(points, colours)):
            for j, (x, y) in enumerate(row):
                sheet.dot(x, y, DOT, colour, style.ground, 0.6, mark=i * count + j)
        for x, y, label in labels:
            box = _around(x, y, label, style)
            sheet.rect(box, style.ground)
            sheet.text(label, x, y, style.text, "tick", up="center")
        found.write_names(style, sheet)
        err = by_eye(found.px_per_unit, unit)
        items = [
            [
                Item(name, value, math.inf if _hidden(points, i, j) else err, value * found.px_per_unit, (series, name))
                for j, (name, value) in enumerate(zip(grid.positions, grid.values[i], strict=True))
            ]
            for i, series in enumerate(grid.series)
        ]
        return table_views(panel, grid, items, span=found.top, written=False, sizes=self.sizes)

    def _legend(self, style: Style, sheet: Sheet, cell: Box) -> Box:
        entries = list(zip(self.grid.series, bold(style, len(self.grid.series))))
        for place in (self.place, "bottom", "top", "right"):
            try:
                return legend(entries, style, sheet, cell, place)
            except Unreadable:
                continue
        raise Unreadable("no room for the legend")

    def _web(self, found: Disc, marked: Sequence[Tick], style: Style, sheet: Sheet) -> None:
        """Rings and spokes."""
        colour = ring_colour(style)
        for value, _ in marked:
            corners = [found.at(angle, value) for angle in found.angles]
            sheet.line(found.circle(value) if self.round else [*corners, corners[0]], colour, 1.0)
        for angle in found.angles:
            sheet.line([(found.x, found.y), found.at(angle, found.top)], colour, 1.0)

    def _labels(
        self, found: Disc, marked: Sequence[Tick], points: Sequence[Sequence[Point]], style: Style
    ) -> list[tuple[float, float, str]]:
        """The labels of the rings, in one direction: as many as find room, where they cross as few lines as can be; []
        where not even two of them do, or one of two."""
        half = math.pi / len(found.angles)
        # Half-way between two spokes, or on one; elsewhere only circles are as far from the centre as on a spoke.
        turns = [(1.0, 1.0 if self.round else math.cos(half)), (0.0, 1.0)]
        turns += [(0.6, 1.0), (1.4, 1.0)] if self.round else []
        needed = 2 if len(marked) > 2 else 1
        strokes = [side for row in points for side in pairwise([*row, row[0]])]
        best: list[tuple[float, float, str]] = []
        least = 0.0
        for angle, (turn, reach) in product(found.angles, turns):
            made: list[tuple[float, float, str]] = []
            boxes: list[Box] = []
            for value, label in reversed(marked):
                x, y = found.at(angle - turn * half, value * reach)
                box = _around(x, y, label, style)
                if not found.free(box) or any(_near(box, point) for row in points for point in row):
                    continue
                if any(a[0] < box[2] and box[0] < a[2] and a[1] < box[3] and box[1] < a[3] for a in boxes):
                    continue
                made.append((x, y, label))
                boxes.append(box)
            crossed = sum(_crosses(box, a, b) for box in boxes for a, b in strokes)
            if len(made) >= needed and (not best or crossed - 2 * len(made) < least):
                best, least = made, crossed - 2 * len(made)
        return best


def _around(x: float, y: float, label: str, style: Style) -> Box:
    """The box of a ring's label with a little room."""
    half, high = style.width(label) / 2 + 2, style.line.digit / 2 + 2
    return x - half, y - high, x + half, y + high


def _near(box: Box, point: Point) -> bool:
    """Whether a point's dot touches a box."""
    margin = DOT + 1.5
    return box[0] - margin < point[0] < box[2] + margin and box[1] - margin < point[1] < box[3] + margin


def _crosses(box: Box, a: Point, b: Point) -> bool:
    """Whether a segment runs through a box."""
    low, high = 0.0, 1.0
    for k in (0, 1):
        along = b[k] - a[k]
        if abs(along) < 1e-9:
            if not box[k] < a[k] < box[k + 2]:
                return False
            continue
        first, last = sorted(((box[k] - a[k]) / along, (box[k + 2] - a[k]) / along))
        low, high = max(low, first), min(high, last)
    return low < high


def _hidden(points: Sequence[Sequence[Point]], i: int, j: int) -> bool:
    """Whether a point of a later series lies on this one."""
    return any(math.dist(row[j], points[i][j]) < HIDDEN for row in points[i + 1 :])


def _gapped(draws: Draws, row: tuple[float, ...], decimals: int, share: float) -> tuple[float, ...]:
    """The values, those below a drawn one made smaller where a mean or a threshold would find no room below it: this
    share of the largest."""
    gap = share * max(row)
    low, high = draws.choice([(low, high) for low, high in pairwise(sorted(row)) if low and high > 2 * gap])
    shrunk = min(1.0, (high - gap) / low)
    return tuple(value if value > low else half_up(value * shrunk, decimals) for value in row)


def _radar(draws: Draws, scene: Scene, *, filled: bool) -> Panel:
    level, side = min(scene.level, 12), min(scene.width, scene.height)
    most = min(3 if filled else 4, len(scene.style.palette))
    count, series_sizes = how_many(draws, level, 2, most)
    spokes, sizes = how_many(draws, level, 4, max(5, min(11, side // 37)))
    longest = max(6, min(8 + level // 3, scene.width // 36))
    told = tell(draws, scene, series=count, positions=spokes, longest=longest)
    places = ("right", "bottom", "top") if scene.width > 300 else ("bottom", "top")
    rows, decimals, radius = told.grid.values, told.words.unit.decimals, 0.25 * side  # about
    if "values" in scene.needs:
        if "aggregation" in scene.needs:
            rows = (_gapped(draws, rows[0], decimals, ROOM / radius), *rows[1:])
        places = places if scene.width > 1.2 * scene.height else ("bottom", "top")  # beside it the disc would be small
    largest, smallest = max(map(max, rows)), min(map(min, rows))
    told = told.mended(parted(rows, decimals, (HIDDEN + 1) / radius * largest / (largest - smallest)))  # none covered
    marks = Radar(
        told.grid,
        filled,
        round=draws.chance(0.4),
        most=draws.integers(4, 6) if side >= 300 else 3,
        place=draws.choice(places),
        width=draws.choice((1.4, 2.0, 2.6)),
        sizes=(series_sizes, sizes),
    )
    return Panel(marks, told.words, "radar chart", told.title)


# Values are read along spokes, which a small picture leaves short.
SMALLEST = {"": NARROW, "values": 400}


@family(
    "radar",
    Series,
    Categories,
    traits=("values", "words", "title", "legend", "entries", "spokes"),
    top_level=12,
    smallest=SMALLEST,
)
def radar(draws: Draws, scene: Scene) -> Panel:
    """Two to four lines over four to nine spokes."""
    return _radar(draws, scene, filled=False)


@family(
    "filled_radar",
    Series,
    Categories,
    traits=("values", "words", "title", "legend", "spokes"),
    top_level=12,
    smallest=SMALLEST,
)
def filled_radar(draws: Draws, scene: Scene) -> Panel:
    """Two or three tinted shapes over four to nine spokes."""
    return _radar(draws, scene, filled=True)
