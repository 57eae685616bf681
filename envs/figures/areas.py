"""Areas over ordered positions: one, a few behind each other, or stacked, also up to 100 %."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING

from envs.address import Draws
from envs.drawing.colour import Colour, ink_on, mix
from envs.drawing.sheet import Box, Point, Sheet, Unreadable
from envs.figures.base import Panel, Style, widest
from envs.figures.columns import as_shares
from envs.figures.frame import PAD, Axis, Names, Values, frame
from envs.figures.legend import legend
from envs.figures.strokes import (
    TRAITS,
    Ends,
    draw_place,
    draw_table,
    led,
    legend_ways,
    line_colours,
    runs_by,
    slip,
)
from envs.figures.tables import Rows, axis_titles, by_eye, first_fit, lifted, readable, table_views, writes
from envs.figures.topics import Told
from envs.numerals import Unit
from envs.registry import Scene, family
from envs.views import APART, EYE, Categories, Item, Measured, Series, View

if TYPE_CHECKING:
    from envs.data import Grid

# Two bands are compared between slanting edges: their thicknesses must differ by so many pixels and by this share.
ROOMY = 400  # pixels: in smaller pictures few bands are as thick as it takes to rank them
SWUNG_FROM, SWUNG_BY = (0.1, 0.24), (0.38, 0.6)  # the smallest share of a stretched row, and how far it goes from there
BANDS_APART, BANDS_GAP = 1.5 * APART, 0.08


@dataclass(frozen=True, slots=True)
class Areas:
    """A table drawn as one filled area a series, from zero or, with `stack`, from the one below; with `full` they add
    up to 100. `strength` is how much of its colour is in a fill, `rim` the width of the upper edges in pixels; values
    are written on stacks alone. For the rest see Lines."""

    grid: Grid
    high: float
    stack: bool
    full: bool
    strength: float
    rim: float
    written: bool
    place: str
    sizes: tuple[int, int]
    asked: bool
    inset: float

    def lay_out(self, panel: Panel, style: Style, cell: Box, sheet: Sheet) -> list[View]:
        style = replace(style, inward=False)  # areas would cover ticks that point into the frame
        ways = legend_ways(self.place, self.written)
        return first_fit(sheet, (partial(self._draw, panel, style, cell, sheet, *way) for way in ways))

    def _draw(self, panel: Panel, style: Style, cell: Box, sheet: Sheet, place: str, written: bool) -> list[View]:
        grid, unit, count = self.grid, panel.words.unit, len(self.grid.positions)
        colours = (style.palette if self.stack else line_colours(style))[: len(grid.series)]
        room = _key(grid.series, colours, style, sheet, cell, place, self.stack)
        values = Values(0.0, self.high, unit, panel.value_axis)
        found = frame(room, style, Names(grid.positions, panel.category_axis, inset=self.inset), values)
        tops, feet = self._edges(found.x, found.y)
        beside = Ends.of(grid.series, self._ends(tops, feet), style) if place == "ends" else None
        items = self._items(tops, feet, found.y, unit, written)
        if self.asked:
            readable(by_eye(found.y.px_per_unit, panel.words.unit), self.high)
        found.begin(style, sheet)
        # The tallest at the back, hidden where others are before it: to shine through takes five times as long to fill.
        for i in sorted(range(len(tops)), key=lambda i: sum(y for _, y in tops[i]), reverse=not self.stack):
            fill = mix(style.ground, colours[i], self.strength) if self.strength < 1 else colours[i]
            sheet.polygon([*tops[i], *reversed(feet[i])], fill)
        for i, (colour, top) in enumerate(zip(colours, tops, strict=True)):
            if not (self.full and i == len(tops) - 1):  # which is the edge of the frame
                sheet.line(top, style.ground if self.stack else colour, self.rim, data=True)
            for j, ((x, y), (_, low)) in enumerate(zip(top, feet[i], strict=True)):
                box = (x - 1.6, low, x + 1.6, y) if self.stack else (x - 1.6, y - 1.6, x + 1.6, y + 1.6)
                sheet.spot(box, colour, i * count + j)
        for i, row in enumerate(grid.values) if written else ():
            _write_inside([unit.write(value) for value in row], tops[i], feet[i], colours[i], i * count, style, sheet)
        found.finish(style, sheet)
        if beside:
            beside.write(dict(zip(grid.series, colours)), style, sheet, found.box)
        views = table_views(panel, grid, items, span=self.high, written=written, sizes=self.sizes, whole=self.full)
        if not self.stack:
            return views
        return [replace(v, apart_px=BANDS_APART, gap=BANDS_GAP) for v in views if isinstance(v, Measured)]

    def _edges(self, x: Axis, y: Axis) -> tuple[list[list[Point]], list[list[Point]]]:
        """The upper and the lower edge of each area."""
        rows, places = self.grid.values, [x.middle(j) for j in range(len(self.grid.positions))]
        sums = [[0.0] * len(places)]
        for row in rows:
            sums.append([below + value for below, value in zip(sums[-1], row)] if self.stack else list(row))
        feet = sums[:-1] if self.stack else [sums[0]] * len(rows)
        tops, low = ([[(px, y.px(v)) for px, v in zip(places, row)] for row in rows] for rows in (sums[1:], feet))
        return tops, low

    def _ends(self, tops: Sequence[Sequence[Point]], feet: Sequence[Sequence[Point]]) -> list[float]:
        """The heights of the areas' ends: of their upper edges, or of their middles where they are stacked."""
        return [(top[-1][1] + foot[-1][1]) / 2 if self.stack else top[-1][1] for top, foot in zip(tops, feet)]

    def _items(
        self, tops: Sequence[list[Point]], feet: Sequence[list[Point]], y: Axis, unit: Unit, written: bool
    ) -> list[list[Item]]:
        """A band is read between two edges but where the lower one is the axis; the edge of an area may be hidden by
        that of one that is drawn later."""
        grid = self.grid
        found = []
        for i, (series, row) in enumerate(zip(grid.series, grid.values, strict=True)):
            made = []
            for j, (name, value) in enumerate(zip(grid.positions, row, strict=True)):
                off = slip(tops[i], j) + (slip(feet[i], j) + EYE if self.stack and i else 0.0)
                if self.full and i == len(tops) - 1:
                    off = slip(feet[i], j)
                err = 0.0 if written else by_eye(y.px_per_unit, unit, 1 + off / EYE)
                later = () if written or self.stack else tops[i + 1 :]
                if any(runs_by(other, tops[i][j], j) for other in later):
                    err = math.inf
                place = tops[i][j][1] - (feet[i][j][1] if self.stack else 0.0)
                made.append(Item(name, value, err, place, (series, name) if len(grid.series) > 1 else ()))
            found.append(made)
        return found


def _key(
    names: Sequence[str], colours: Sequence[Colour], style: Style, sheet: Sheet, cell: Box, place: str, stack: bool
) -> Box:
    """The legend; what is left of the cell. For names beside the ends of areas only the room."""
    if not place:
        return cell
    if place == "ends":
        return cell[0], cell[1], cell[2] - widest(names, style) - PAD, cell[3]
    entries = list(zip(names, colours, strict=True))
    return legend(entries[::-1] if stack and place == "right" else entries, style, sheet, cell, place)


def _write_inside(
    labels: Sequence[str],
    top: Sequence[Point],
    foot: Sequence[Point],
    colour: Colour,
    mark: int,
    style: Style,
    sheet: Sheet,
) -> None:
    """Values in a band, those at its ends just inside; Unreadable where one does not fit."""
    height, taken = style.line.digit, -math.inf
    for j, label in enumerate(labels):
        half = style.width(label) / 2
        x = min(max(top[j][0], top[0][0] + half + 2), top[-1][0] - half - 2)
        sides = [x - half - 1, x, x + half + 1]
        if sides[0] < taken + 2:
            raise Unreadable("no room for the values in the areas")
        taken = sides[2]
        roof, ground = min(_height(top, at) for at in sides), max(_height(foot, at) for at in sides)
        if roof - ground < height + 5:
            raise Unreadable("no room for the values in the areas")
        ink = ink_on(colour)
        middle = (roof + ground) / 2
        sheet.text(label, x, middle, style.text, "value", up="center", colour=ink, ground=colour, inside=mark + j)


def _height(edge: Sequence[Point], x: float) -> float:
    """How high an edge is over a place."""
    for (ax, ay), (bx, by) in pairwise(edge):
        if x <= bx + 1e-6:
            return ay + (by - ay) * (x - ax) / (bx - ax)
    return edge[-1][1]


# Families


@family("area", Series, Categories, traits=TRAITS, top_level=12, smallest=180)
def area(draws: Draws, scene: Scene) -> Panel:
    """One area, or two or three pale ones behind each other, their upper edges drawn over them."""
    told, sizes = draw_table(draws, scene, colours=len(line_colours(scene.style)), single=0.5, most=3)
    single = len(told.grid.series) == 1
    strength = draws.choice((0.3, 0.6, 1.0)) if single else draws.uniform(0.15, 0.3)
    return _panel(draws, scene, told, sizes, "area chart", strength=strength, rim=draws.choice((2.0, 2.5)))


@family("stacked_area", Series, Categories, traits=(*TRAITS, "coarse"), top_level=12, smallest={"": 180, "values": 300})
def stacked_area(draws: Draws, scene: Scene) -> Panel:
    """Areas on top of each other: what is read is how thick each is."""
    told, sizes = _stackable(draws, scene)
    rows = lifted(told.grid.values, told.words.unit.decimals, _least(scene))
    told = told.mended(rows)
    return _panel(draws, scene, told, sizes, "stacked area chart", stack=True)


@family(
    "share_area",
    Series,
    Categories,
    traits=(*TRAITS, "percent", "whole", "coarse"),
    top_level=12,
    smallest={"": 180, "values": 300},
)
def share_area(draws: Draws, scene: Scene) -> Panel:
    """The shares of each position on top of each other, up to 100 %."""
    told, sizes = _stackable(draws, scene)
    told = as_shares(draws, told, _least(scene))
    return _panel(draws, scene, told, sizes, "100% stacked area chart", stack=True, full=True)


def _stackable(draws: Draws, scene: Scene) -> tuple[Told, tuple[int, int]]:
    """A table of several series that add up."""
    side = min(scene.width, scene.height)
    colours = min(len(scene.style.palette), int((side - 80) / 48))
    most, shown = 5, 16
    if _added_up(scene):  # in bands that have room for values
        most, shown = 3, min(shown, int((scene.width - 100) / (scene.style.width("00,000") + 5)))
    told, sizes = draw_table(draws, scene, colours=colours, single=0.0, most=most, shown=shown, parts=True)
    if "Categories" not in scene.needs or (
        side >= ROOMY and not scene.needs & {"trend", "ranking", "comparison", "aggregation"}
    ):
        return told, sizes
    rows = _swung(draws, told.grid.values, told.words.unit.decimals, 1 if "aggregation" in scene.needs else 3)
    return told.mended(rows), sizes


def _swung(draws: Draws, rows: Rows, decimals: int, places: int) -> Rows:
    """The rows, one of them stretched to swing between a small and a large share of each whole, in the order that its
    values have: the eye can rank so many of them in a small picture, or tell what lies between one and the next, and
    which way its steps lead in any."""
    digit = 10**decimals
    k = draws.integers(0, len(rows))
    row = led(rows[k], decimals, 0.45 / places, places)
    rest = [sum(round(other[j] * digit) for i, other in enumerate(rows) if i != k) for j in range(len(row))]
    low, high = min(row), max(row)
    least, reach = draws.uniform(*SWUNG_FROM), draws.uniform(*SWUNG_BY)
    shares = [least + reach * (value - low) / (high - low) for value in row]
    swung = tuple(int(beside * share / (1 - share) + 0.5) / digit for beside, share in zip(rest, shares, strict=True))
    return (*rows[:k], swung, *rows[k + 1 :])


def _least(scene: Scene) -> float:
    """The smallest share of the height of a stack, so that it can be seen, and its value written in it."""
    return min(0.12, (scene.style.line.digit + 8 if _added_up(scene) else 9) / (min(scene.width, scene.height) - 130))


def _added_up(scene: Scene) -> bool:
    """Whether values are added up, and so had better be written."""
    return {"values", "aggregation"} <= scene.needs


def _panel(
    draws: Draws,
    scene: Scene,
    told: Told,
    sizes: tuple[int, int],
    chart: str,
    *,
    stack: bool = False,
    full: bool = False,
    strength: float = 1.0,
    rim: float = 1.0,
) -> Panel:
    grid = told.grid
    category_axis, value_axis = axis_titles(
        draws, scene, told, f"{told.words.measure} of {grid.measure}" if full else ""
    )
    top = max(sum(column) if stack else max(column) for column in zip(*grid.values))
    # Above a single edge that rises, or below one that falls, there is room for no value.
    written = stack and (writes(draws, scene) or _added_up(scene)) and len(grid.series) * len(grid.positions) <= 32
    marks = Areas(
        grid,
        high=100.0 if full else draws.uniform(1.02, 1.12) * top,
        stack=stack,
        full=full,
        strength=strength,
        rim=rim,
        written=written,
        place=draw_place(draws, scene, len(grid.series)),
        sizes=sizes,
        asked="values" in scene.needs,
        inset=draws.choice((0.0, 0.0, 0.2, 0.5)),
    )
    return Panel(marks, told.words, chart, told.title, category_axis, value_axis)
