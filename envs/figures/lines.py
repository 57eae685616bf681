"""Lines over ordered positions, straight from point to point or in steps, of one or several series."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from envs.address import Draws
from envs.drawing.sheet import Box, Point, Sheet, Unreadable
from envs.figures.base import Panel, Style
from envs.figures.frame import PAD, Axis, Names, Values, frame
from envs.figures.legend import INSIDE, corner, write_inside
from envs.figures.strokes import (
    TRAITS,
    Ends,
    Pens,
    draw_pens,
    draw_place,
    draw_table,
    key,
    legend_ways,
    line_colours,
    out_of_the_way,
    runs_by,
    sampler,
    slip,
    spans,
    value_range,
)
from envs.figures.tables import Rows, axis_titles, by_eye, first_fit, off_by_eye, readable, table_views, writes
from envs.figures.tags import Tag, place_tags, tinted
from envs.figures.topics import Told
from envs.numerals import Unit
from envs.registry import Scene, family
from envs.views import APART, EYE, Categories, Item, Series, View

if TYPE_CHECKING:
    from envs.data import Grid


ROOMY = 280  # pixels: smaller pictures have no log axes


@dataclass(frozen=True, slots=True)
class Lines:
    """A table drawn as one line a series; the value axis goes from `low` to `high`.

    `step`: a level stretch for each position instead of a point. `place`: the side of the legend, "inside" for a free
    corner of the frame, or "ends" for names at the ends of the lines; "" where there is one series. `written`: each
    value beside its point where there is room for all of them; `asked`: values must be readable. `sizes`: how many
    numbers of series and of positions were possible. `inset`: see frame.Names. `log`: on a log axis, where values are
    written or not `counted` with: what is asked is their order alone.
    """

    grid: Grid
    low: float
    high: float
    pens: Pens
    written: bool
    place: str
    sizes: tuple[int, int]
    step: bool = False
    filled: bool = False
    asked: bool = False
    inset: float = 0.5
    log: bool = False
    counted: bool = False

    def lay_out(self, panel: Panel, style: Style, cell: Box, sheet: Sheet) -> list[View]:
        ways = legend_ways(self.place, self.written)
        return first_fit(sheet, (partial(self._draw, panel, style, cell, sheet, *way) for way in ways))

    def _draw(self, panel: Panel, style: Style, cell: Box, sheet: Sheet, place: str, written: bool) -> list[View]:
        grid, pens = self.grid, self.pens
        colours = line_colours(style)[: len(grid.series)]
        room = key(grid.series, colours, pens, style, sheet, cell, place)
        head = style.line.digit + PAD + pens.radius if written else 0.0
        values = Values(self.low, self.high, panel.words.unit, panel.value_axis, head)
        if self.log and (written or not self.counted):
            values = _in_ratios(values, grid.values, style, room)
        found = frame(room, style, Names(grid.positions, panel.category_axis, inset=self.inset), values)
        points = [[(found.x.middle(j), found.y.px(v)) for j, v in enumerate(row)] for row in grid.values]
        strokes = [_stairs(row, found.x) for row in points] if self.step else points
        tags: Sequence[Tag] = ()
        if written:
            labels = [[panel.words.unit.write(value) for value in row] for row in grid.values]
            tags = place_tags(labels, points, strokes, style, found.box, pens.radius if any(pens.shapes) else 1.5)
        entries = list(zip(grid.series, colours))
        spot = None
        if place == "inside":
            if written:
                raise Unreadable("values and a legend share no frame")
            spot = corner(entries, style, found.box, lambda b: out_of_the_way(b, strokes, 2 + pens.radius), lines=True)
        beside = Ends.of(grid.series, [row[-1][1] for row in points], style) if place == "ends" else None
        items = self._items(points, found.y, panel.words.unit, written)
        if self.asked and not written:
            readable(by_eye(found.y.px_per_unit, panel.words.unit), self.high - self.low)
        found.begin(style, sheet)
        if self.filled:
            base = [(strokes[0][-1][0], found.y.start), (strokes[0][0][0], found.y.start)]
            sheet.polygon([*strokes[0], *base], colours[0], alpha=0.25)
        for i, colour in enumerate(colours):
            sheet.line(strokes[i], colour, pens.width, data=True, dash=pens.dash(i))
        for i, colour in enumerate(colours):
            for j, at in enumerate(points[i]):
                index = i * len(grid.positions) + j
                if self.step:
                    half = found.x.slot / 2
                    sheet.spot((at[0] - half, at[1] - 1.6, at[0] + half, at[1] + 1.6), colour, index)
                else:
                    pens.marker(i, at, colour, style, sheet, index)
        for tag in tags:
            tag.write(style, sheet, tinted(colours[tag.series], style) if len(colours) > 1 else style.ink)
        found.finish(style, sheet)
        if beside:
            beside.write(dict(entries), style, sheet, found.box)
        if spot:
            sample = sampler(grid.series, colours, pens, style, sheet)
            write_inside(entries, style, sheet, spot, lines=True, sample=sample)
        return table_views(panel, grid, items, span=self.high - self.low, written=written, sizes=self.sizes)

    def _items(self, points: Sequence[Sequence[Point]], y: Axis, unit: Unit, written: bool) -> list[list[Item]]:
        """Every value as it can be read: what lies under another line is covered."""
        grid = self.grid
        found = []
        for i, (series, row) in enumerate(zip(grid.series, grid.values, strict=True)):
            made = []
            for j, (name, value) in enumerate(zip(grid.positions, row, strict=True)):
                off = 0.0 if self.step or self.pens.shapes[i] else slip(points[i], j)
                err = 0.0 if written else off_by_eye(y, value, unit, 1 + off / EYE)
                if not written and any(self._covers(points[k], points[i][j], j) for k in range(i + 1, len(points))):
                    err = math.inf
                at = (series, name) if len(grid.series) > 1 else ()
                made.append(Item(name, value, err, points[i][j][1], at))
            found.append(made)
        return found

    def _covers(self, points: Sequence[Point], at: Point, j: int) -> bool:
        """Whether a line that is drawn later hides a point: markers stand above all lines."""
        if self.step or any(self.pens.shapes):
            return abs(points[j][1] - at[1]) < APART
        return runs_by(points, at, j)


def _in_ratios(values: Values, rows: Rows, style: Style, room: Box) -> Values:
    """The same axis as a log one, which its title says if there is room for that."""
    said = f"{values.title} (log scale)"
    title = said if values.title and style.width(said) < 0.7 * (room[3] - room[1]) else values.title
    least, most = min(map(min, rows)), max(map(max, rows))
    return replace(values, low=0.8 * least, high=1.12 * most, title=title, log=True)


def _stairs(points: Sequence[Point], x: Axis) -> list[Point]:
    """A level stretch, a slot wide, through each point."""
    half = x.slot / 2
    return [(px + side, y) for px, y in points for side in (-half, half)]


# Families


@family("line", Series, Categories, traits=TRAITS, top_level=12, smallest=180)
def line(draws: Draws, scene: Scene) -> Panel:
    """One to five lines from point to point."""
    log = "ticks" not in scene.needs and min(scene.width, scene.height) >= ROOMY and draws.chance(0.15)
    told, sizes = draw_table(draws, scene, colours=len(line_colours(scene.style)), parts=log, spanning=log)
    count = len(told.grid.series)
    pens = draw_pens(draws, scene, count, markers=max(0.3, 0.75 - 0.04 * scene.level))
    inset = draws.choice((0.1, 0.2, 0.3, 0.5))
    inset = max(inset, 0.2) if any(pens.shapes) else inset
    return _panel(draws, scene, told, sizes, pens, "line chart", inset=inset, log=log and spans(told.grid.values))


@family("step", Series, Categories, traits=TRAITS, top_level=12, smallest=180)
def step(draws: Draws, scene: Scene) -> Panel:
    """One to three lines that keep level for each position."""
    told, sizes = draw_table(draws, scene, colours=len(line_colours(scene.style)), most=3)
    pens = replace(draw_pens(draws, scene, len(told.grid.series), markers=0.0), dashed=False)
    return _panel(draws, scene, told, sizes, pens, "step chart", step=True)


def _panel(
    draws: Draws,
    scene: Scene,
    told: Told,
    sizes: tuple[int, int],
    pens: Pens,
    chart: str,
    *,
    step: bool = False,
    inset: float = 0.5,
    log: bool = False,
) -> Panel:
    grid = told.grid
    category_axis, value_axis = axis_titles(draws, scene, told)
    low, high = value_range(draws, grid.values, told.words.unit)
    place = draw_place(draws, scene, len(grid.series))
    if place not in ("", "ends") and min(scene.width, scene.height) >= INSIDE and draws.chance(0.3):
        place = "inside"
    marks = Lines(
        grid,
        low,
        high,
        pens,
        # Beside the points of three lines there is hardly ever room.
        written=(writes(draws, scene) or (log and "values" in scene.needs)) and len(grid.series) <= (3 if step else 2),
        place=place,
        sizes=sizes,
        step=step,
        filled=step and len(grid.series) == 1 and low == 0 and draws.chance(0.5),
        asked="values" in scene.needs,
        inset=inset,
        log=log,
        counted="values" in scene.needs,
    )
    return Panel(marks, told.words, chart, told.title, category_axis, value_axis)
