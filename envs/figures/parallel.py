"""Parallel coordinates: an upright axis for each position, each with its own scale, and a line for each series."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from functools import partial

from envs.address import Draws
from envs.data import Grid
from envs.drawing.colour import Colour
from envs.drawing.sheet import Box, Sheet, Unreadable
from envs.figures.around import EDGE
from envs.figures.base import Panel, Style, widest
from envs.figures.frame import PAD, TICK, Axis, ticks
from envs.figures.legend import legend
from envs.figures.pairs import few
from envs.figures.plane import bold
from envs.figures.tables import first_fit
from envs.figures.topics import tell
from envs.numerals import Unit
from envs.registry import Scene, family
from envs.views import EYE, Categories, Item, Series, View

STEPS = 5  # between the ends of an axis, at most
INTERPOLATED = 1.5  # only the ends of an axis are labelled, so a place on it is read less well
TOUCHING = 2.5  # pixels between two lines that cannot be told apart
NARROWEST = 0.35  # of the widest axis, the range of the narrowest: no axis blows small differences up
LOWEST = 60.0  # pixels: a shorter axis cannot be read
PLACES = ("right", "top", "bottom")


@dataclass(frozen=True, slots=True)
class Parallel:
    """A table whose positions are the axes. `place`: the side the legend is tried on first; "ends": the names stand at
    the right ends of the lines, where there is room. `dots`: the lines have a dot on each axis.
    `sizes`: how many numbers of lines and of axes were possible."""

    grid: Grid
    place: str
    dots: bool
    width: float
    sizes: tuple[int, int] = (1, 1)

    def lay_out(self, panel: Panel, style: Style, cell: Box, sheet: Sheet) -> list[View]:
        places = dict.fromkeys((self.place, *PLACES))
        return first_fit(sheet, (partial(self._draw, panel, style, cell, sheet, place) for place in places))

    def _draw(self, panel: Panel, style: Style, cell: Box, sheet: Sheet, place: str) -> list[View]:
        grid, unit = self.grid, panel.words.unit
        colours = bold(style, len(grid.series))
        if len(colours) < len(grid.series):
            raise Unreadable("fewer colours than lines")
        if place != "ends":
            cell = legend(list(zip(grid.series, colours)), style, sheet, cell, place, lines=True)
        scales = _scales(grid, unit)
        x0, y0, x1, y1 = cell
        line = style.line
        ends = [(unit.write(low), unit.write(high)) for low, high, _ in scales]
        heads = [max(style.width(name), *map(style.width, pair)) for name, pair in zip(grid.positions, ends)]
        left = x0 + 2 * EDGE + heads[0] / 2
        names = widest(grid.series, style) + 2 * PAD if place == "ends" else 0.0
        right = x1 - 2 * EDGE - max(heads[-1] / 2, names)
        bottom, top = y0 + EDGE + line.height + 2 * PAD, y1 - EDGE - 2 * line.height - 3 * PAD
        count = len(grid.positions)
        step = (right - left) / (count - 1)
        if top - bottom < LOWEST or any((a + b) / 2 + 6 > step for a, b in itertools.pairwise(heads)):
            raise Unreadable("no room for the axes")
        axes = [Axis(bottom, top, low, high) for low, high, _ in scales]
        xs = [left + j * step for j in range(count)]
        for x, axis, (low, high), (_, _, inner), name in zip(xs, axes, ends, scales, grid.positions):
            sheet.line([(x, bottom), (x, top)], style.ink, 1.0)
            for value in inner:
                sheet.line([(x - TICK, axis.px(value)), (x, axis.px(value))], style.ink, 1.0)
            sheet.text(low, x, bottom - PAD, style.text, "tick", up="top")
            sheet.text(high, x, top + PAD, style.text, "tick", up="bottom")
            sheet.text(name, x, top + 2 * PAD + line.height, style.text, "name", up="bottom")
        paths = [[(x, axis.px(v)) for x, axis, v in zip(xs, axes, row)] for row in grid.values]
        for path, colour in zip(paths, colours):
            sheet.line(path, colour, self.width, data=True)
            for at in path if self.dots else ():
                sheet.dot(*at, self.width + 1.0, colour)
        if place == "ends":
            self._name_ends(style, sheet, [path[-1][1] for path in paths], colours, xs[-1])
        series = self._series(panel, axes, paths)
        of_lines, of_axes = self.sizes
        return [series, *series.slices((of_lines, of_axes))]

    def _name_ends(self, style: Style, sheet: Sheet, heights: list[float], colours: list[Colour], x: float) -> None:
        """The names of the lines where they end; Unreadable where two ends are too close."""
        order = sorted(heights)
        if any(b - a < style.line.height for a, b in itertools.pairwise(order)):
            raise Unreadable("no room for the names at the ends of the lines")
        for name, y in zip(self.grid.series, heights):
            sheet.text(name, x + 2 * PAD, y, style.text, "label", across="left", up="center")

    def _series(self, panel: Panel, axes: list[Axis], paths: list[list[tuple[float, float]]]) -> Series:
        grid = self.grid
        finest = min(axis.px_per_unit for axis in axes)  # values of different axes are compared by the coarsest scale
        items = tuple(
            tuple(
                Item(
                    position,
                    value,
                    math.inf if _hidden(paths, i, j) else INTERPOLATED * EYE / axis.px_per_unit,
                    value * finest,
                    (name, position),
                )
                for j, (position, value, axis) in enumerate(zip(grid.positions, row, axes))
            )
            for i, (name, row) in enumerate(zip(grid.series, grid.values))
        )
        return Series(
            series=grid.series,
            positions=grid.positions,
            items=items,
            measure=panel.words.measure,
            unit=panel.words.unit,
            adds=panel.words.adds,
            span=max(axis.high - axis.low for axis in axes),
            noun=grid.noun,
            nouns=grid.nouns,
            series_noun=grid.series_noun,
            series_nouns=grid.series_nouns,
            absent=grid.absent,
            absent_series=grid.absent_series,
        )


def _scales(grid: Grid, unit: Unit) -> list[tuple[float, float, list[float]]]:
    """The ends of each axis, round numbers around its values, and those in between."""
    columns = list(zip(*grid.values))
    widest_range = max(max(column) - min(column) for column in columns)
    found = []
    for column in columns:
        low, high = min(column), max(column)
        more = max(0.0, NARROWEST * widest_range - (high - low)) / 2 + 0.04 * widest_range
        low, high = max(0.0, low - more), high + more
        marks = [value for value, _ in ticks(low, high, STEPS, unit)]
        step = marks[1] - marks[0]
        first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
        inner = [k * step for k in range(first, last + 1)]
        found.append((inner[0], inner[-1], inner))
    return found


def _hidden(paths: list[list[tuple[float, float]]], i: int, j: int) -> bool:
    """Whether a line runs along another one at an axis, so that the two cannot be told apart."""
    for k, path in enumerate(paths):
        if k != i and abs(path[j][1] - paths[i][j][1]) < TOUCHING:
            beside = [n for n in (j - 1, j + 1) if 0 <= n < len(path)]
            if any(abs(path[n][1] - paths[i][n][1]) < TOUCHING for n in beside):
                return True
    return False


@family(
    "parallel",
    Series,
    Categories,
    traits=("values", "words", "title", "legend", "entries"),
    top_level=12,
    smallest={"": 200, "values": 300},  # between the labelled ends of a shorter axis values are read too coarsely
)
def parallel(draws: Draws, scene: Scene) -> Panel:
    """A table of names as lines across parallel axes."""
    level, small = min(scene.level, 12), min(scene.width, scene.height) < 300
    most_axes = min(5, 3 + few(level, 1, 3)) if not small else 3
    fewest_axes = min(3 + few(level, 0, 1), most_axes - 1) if most_axes > 3 else 3
    axes = draws.integers(fewest_axes, most_axes + 1)
    wide = 2 if "entries" in scene.needs else 1  # to be counted, lines are of three numbers at least
    most_lines = max(3, min(3 + few(level, wide, 5), len(scene.style.palette), 4 if small else 8))
    fewest_lines = max(3, min(3 + few(level, 0, 3), most_lines - 2))
    lines = draws.integers(fewest_lines, most_lines + 1)
    room = int((scene.width - 30) / axes / scene.style.width("n")) - 1
    sizes = (most_lines - fewest_lines + 1, most_axes - fewest_axes + 1)
    told = tell(draws, scene, series=lines, positions=axes, ordered=False, longest=max(7, min(14, room)), counted=False)
    places = (*PLACES, "ends") if "legend" not in scene.needs else PLACES
    marks = Parallel(told.grid, draws.choice(places), draws.chance(0.4), draws.uniform(1.6, 2.6), sizes)
    return Panel(marks, told.words, "parallel coordinates chart", told.title)
