"""Bars of several series: side by side, on top of each other, or filled up to 100 %; upright or lying."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from envs.address import Draws
from envs.drawing.colour import Colour, ink_on
from envs.drawing.sheet import Box, Point, Sheet, Unreadable
from envs.figures.bars import THINNEST, Bars
from envs.figures.base import Panel, Style, widest
from envs.figures.counts import not_written
from envs.figures.frame import PAD, Values
from envs.figures.legend import INSIDE, corner, legend, write_inside
from envs.figures.tables import (
    Plot,
    axis_titles,
    by_eye,
    fewest_series,
    first_fit,
    lifted,
    longest_name,
    plot,
    readable,
    shares,
    single_view,
    table_views,
    too_close,
    value_label,
    window,
    writes,
)
from envs.figures.topics import Told, tell
from envs.numerals import Unit
from envs.registry import Scene, family
from envs.views import Categories, Item, Series, View

if TYPE_CHECKING:
    from envs.data import Grid

PLACES = ("right", "top", "bottom")
FULLEST = 0.94  # of its slot, for a bar that makes room for what is written on it
TRAITS = ("values", "words", "title", "axes", "ticks", "legend")


@dataclass(frozen=True, slots=True)
class Columns:
    """A table of at least two series. `stack`: the bars of a position stand on each other, else side by side; `full`:
    they fill it up to 100. `written`: each value on or beyond its bar where there is room for all of them; `asked`:
    values must be readable. `place`: the side of the legend, "" where panels share one. `sizes`: how many numbers of
    series and of positions were possible."""

    grid: Grid
    stack: bool
    lying: bool
    written: bool
    place: str
    sizes: tuple[int, int]
    full: bool = False
    asked: bool = False

    def lay_out(self, panel: Panel, style: Style, cell: Box, sheet: Sheet) -> list[View]:
        ways = (partial(self._draw, panel, style, cell, sheet, *way) for way in self._ways())
        return first_fit(sheet, ways)

    @property
    def _stands(self) -> tuple[bool, ...]:
        """Whether it lies, and what is tried after that."""
        return self.lying, not self.lying

    def _ways(self) -> Iterator[tuple[bool, str, bool]]:
        """Lying, place of the legend, values written: as drawn first; what is given up first comes last."""
        places = (self.place, *(place for place in PLACES if place != self.place)) if self.place else ("",)
        for written in dict.fromkeys((self.written, False, self.asked)):
            for lying in self._stands:
                yield from ((lying, place, written) for place in places[: 3 if len(self.grid.series) > 1 else 1])

    @property
    def top(self) -> float:
        """Where the axis ends."""
        if self.full:
            return 100.0
        columns = zip(*self.grid.values)
        highest: float = max(sum(column) if self.stack else max(column) for column in columns)
        return 1.05 * highest

    def _draw(
        self, panel: Panel, style: Style, cell: Box, sheet: Sheet, lying: bool, place: str, written: bool
    ) -> list[View]:
        grid, unit = self.grid, panel.words.unit
        room, colours = self._key(style, sheet, cell, place)
        labels = [[unit.write(value) for value in row] for row in grid.values]
        if self.full and not lying:  # the topmost tick is at the very end of the axis
            room = (*room[:3], room[3] - style.line.digit / 2)
        values = Values(0.0, self.top, unit, panel.value_axis)
        found = plot(room, style, panel, grid.positions, values, lying)
        wide = max(widest(row, style) for row in labels) if written else 0.0
        if self.stack and not lying:  # as wide as the values on them
            style = replace(style, fill=max(style.fill, min(FULLEST, (wide + 4) / found.names.slot)))
        thick = self._thick(found, style)
        if thick < THINNEST:
            raise Unreadable("the bars are too thin")
        turned = False
        if written and not self.stack:
            turned = not lying and wide + 2 > thick
            head = wide + PAD + 2 if lying or turned else style.line.digit + PAD
            if (lying and style.line.digit + 3 > thick) or (turned and style.line.digit + 2 > thick):
                raise Unreadable("no room for the values beyond the bars")
            found = plot(room, style, panel, grid.positions, replace(values, head=head), lying)
        items = self._items(found, unit, written)
        if self.asked and not written:
            readable(max(item.err for row in items for item in row), found.values.high)
        spot = self._corner(found, style, written) if place == "inside" else None
        self._begin(found, style, sheet)
        for j in range(len(grid.positions)):
            for i, row in enumerate(colours):
                box, index = self._box(found, style, i, j), i * len(grid.positions) + j
                end = self._mark(found, style, sheet, box, row[j], index)
                if written and self.stack:
                    _inside(sheet, style, box, labels[i][j], row[j], index)
                elif written:
                    value_label(sheet, style, end, labels[i][j], lying=lying, turned=turned)
        found.frame.finish(style, sheet)
        if spot:
            write_inside(list(zip(grid.series, style.palette)), style, sheet, spot)
        high = found.values.high
        if len(grid.series) == 1:
            return [single_view(panel, grid, items[0], span=high, written=written, sizes=self.sizes[1])]
        return table_views(panel, grid, items, span=high, written=written, sizes=self.sizes, whole=self.full)

    def _key(self, style: Style, sheet: Sheet, cell: Box, place: str) -> tuple[Box, list[list[Colour]]]:
        """Writes the legend; what it leaves of the cell, and the colour of each bar."""
        count, colours = len(self.grid.positions), style.palette[: len(self.grid.series)]
        if place == "inside":
            return cell, [[colour] * count for colour in colours]
        entries = list(zip(self.grid.series, colours, strict=True))
        room = legend(entries, style, sheet, cell, place) if place else cell
        return room, [[colour] * count for colour in colours]

    def _corner(self, found: Plot, style: Style, written: bool) -> Box:
        """A corner of the frame that no bar reaches."""
        if written and not self.stack:
            raise Unreadable("values and a legend share no frame")
        series, positions = range(len(self.grid.series)), range(len(self.grid.positions))
        bars = [self._box(found, style, i, j) for i in series for j in positions]

        def free(spot: Box) -> bool:
            x0, y0, x1, y1 = spot[0] - 3, spot[1] - 3, spot[2] + 3, spot[3] + 3
            return not any(b[0] < x1 and x0 < b[2] and b[1] < y1 and y0 < b[3] for b in bars)

        return corner(list(zip(self.grid.series, style.palette)), style, found.frame.box, free)

    def _thick(self, found: Plot, style: Style) -> float:
        """Pixels of a bar, across."""
        return found.names.slot * style.fill / (1 if self.stack else len(self.grid.series))

    def _begin(self, found: Plot, style: Style, sheet: Sheet) -> None:
        found.frame.begin(style, sheet)

    def _mark(self, found: Plot, style: Style, sheet: Sheet, box: Box, colour: Colour, index: int) -> Point:
        """Draws a bar; the middle of its end."""
        edge = style.ink if style.outline else style.ground if self.stack else None
        sheet.rect(box, colour, edge, 1.0 if edge else 0.0, mark=index)
        return (box[2], (box[1] + box[3]) / 2) if found.lying else ((box[0] + box[2]) / 2, box[3])

    def _box(self, found: Plot, style: Style, i: int, j: int) -> Box:
        values = self.grid.values
        first, last = j + 0.5 - style.fill / 2, j + 0.5 + style.fill / 2
        if self.stack:
            low = sum(row[j] for row in values[:i])
            return found.box(first, last, low, low + values[i][j])
        step = style.fill / len(values)
        return found.box(first + i * step, first + (i + 1) * step, 0.0, values[i][j])

    def _items(self, found: Plot, unit: Unit, written: bool) -> list[list[Item]]:
        """A bar that does not stand on the axis is read between two edges."""
        px = found.values.px_per_unit
        keys = [(series,) for series in self.grid.series] if len(self.grid.series) > 1 else [()]
        return [
            [
                Item(name, value, 0.0 if written else by_eye(px, unit, edges), value * px, (*key, name))
                for name, value in zip(self.grid.positions, row, strict=True)
            ]
            for key, row, edges in zip(keys, self.grid.values, [1] + [2 if self.stack else 1] * len(keys))
        ]


def _inside(sheet: Sheet, style: Style, box: Box, label: str, colour: Colour, index: int) -> None:
    """A value in the middle of its bar; Unreadable where it does not fit."""
    x0, y0, x1, y1 = box
    if style.width(label) + 3 > x1 - x0 or style.line.digit + 3 > y1 - y0:
        raise Unreadable("no room for the values on the bars")
    place = ((x0 + x1) / 2, (y0 + y1) / 2)
    ink = ink_on(colour)
    sheet.text(label, *place, style.text, "value", up="center", colour=ink, ground=colour, inside=index)


@family("topic_bar", Categories, traits=("values", "written", "words", "title", "axes", "ticks"), top_level=12)
def topic_bar(draws: Draws, scene: Scene) -> Panel:
    """One value a name of a topic."""
    side = min(scene.width, scene.height)
    count, sizes = window(draws, scene, 6, 24, (side - 60) / (1.4 * scene.style.text))
    told = tell(draws, scene, positions=count, longest=longest_name(scene))
    category_axis, value_axis = axis_titles(draws, scene, told)
    grid = told.grid
    insist = "written" in scene.needs or ("values" in scene.needs and side < 180) or too_close(scene, grid.values[0])
    marks = Bars(
        grid.positions,
        grid.values[0],
        horizontal=draws.chance(0.3 if grid.ordered else 0.5),
        written=writes(draws, scene) or insist,
        insist=insist,
        sizes=sizes,
        absent=not_written(grid.absent, told.title, category_axis, value_axis),
    )
    return Panel(marks, told.words, "bar chart", told.title, category_axis, value_axis)


def table(
    draws: Draws,
    scene: Scene,
    positions: tuple[int, int, float],
    series: tuple[int, int, float],
    parts: bool = False,
    together: bool = True,
    fewest: int = 2,
    most: float = math.inf,
) -> tuple[Told, tuple[int, int]]:
    """A table of several series with a colour for each, and how many numbers of series and positions were possible;
    `positions` and `series` are as `window` takes them, the latter at least `fewest`; `together`: the room in the first
    is that of all marks, of which there is none for more positions than `most`."""
    first, last, room = series
    first += "entries" in scene.needs  # two numbers of them could be guessed
    colours = len(scene.style.palette)
    lines, line_sizes = window(
        draws, scene, first, last, min(room, colours), least=min(max(fewest, fewest_series(scene, parts)), colours)
    )
    first, last, room = positions
    room = min(most, room / lines if together else room)
    count, sizes = window(draws, scene, first, last, room, least=2 if room < 4 else 3)
    told = tell(draws, scene, series=lines, positions=count, parts=parts, longest=longest_name(scene))
    return told, (line_sizes, sizes)


@family("grouped_bar", Series, Categories, traits=TRAITS, top_level=12)
def grouped_bar(draws: Draws, scene: Scene) -> Panel:
    """The bars of each position side by side."""
    room = (min(scene.width, scene.height) - 100) / 9
    told, sizes = table(draws, scene, (5, 16, room), (3, 5, room / 3))
    return _panel(draws, scene, told, sizes, "grouped bar chart", stack=False)


@family(
    "stacked_bar",
    Series,
    Categories,
    traits=(*TRAITS, "entries"),
    top_level=12,
    smallest={"": 200, "values": 300},
)
def stacked_bar(draws: Draws, scene: Scene) -> Panel:
    """The bars of each position on top of each other."""
    told, sizes = stacked_table(draws, scene)
    written = writes(draws, scene) or scene.reckons
    rows = lifted(told.grid.values, told.words.unit.decimals, least_share(scene, written))
    told = told.mended(rows)
    return _panel(draws, scene, told, sizes, "stacked bar chart", stack=True, written=written)


@family(
    "percent_bar",
    Series,
    Categories,
    traits=(*TRAITS, "entries", "percent", "whole"),
    top_level=12,
    smallest={"": 200, "values": 300},
)
def percent_bar(draws: Draws, scene: Scene) -> Panel:
    """The shares of each position on top of each other, up to 100 %."""
    told, sizes = stacked_table(draws, scene)
    written = writes(draws, scene) or scene.reckons
    written |= "values" in scene.needs and min(scene.width, scene.height) < 400
    told = as_shares(draws, told, least_share(scene, written))
    return _panel(draws, scene, told, sizes, "100% stacked bar chart", stack=True, written=written, full=True)


def stacked_table(draws: Draws, scene: Scene) -> tuple[Told, tuple[int, int]]:
    """A table whose values add up over a position."""
    side = min(scene.width, scene.height)
    lines = (side - 90) / 36
    # Values that are reckoned with stand on their bars.
    most = (side - 90) / (scene.style.width("00,000") + 4) if scene.reckons else math.inf
    return table(draws, scene, (5, 14, (side - 80) / 17 * 3), (3, 6, lines), parts=True, most=most)


def least_share(scene: Scene, written: bool) -> float:
    """The smallest share of the height of a stack, so that it can be seen, and its value written on it."""
    return min(0.12, ((scene.style.line.digit + 6) if written else 9) / (min(scene.width, scene.height) - 130))


def as_shares(draws: Draws, told: Told, least: float) -> Told:
    """The table in percent of each position."""
    words = replace(
        told.words,
        measure=draws.choice(("share", "percentage")),
        unit=Unit(draws.integers(0, 2), "percent", suffix="%"),
    )
    told = told.mended(lifted(told.grid.values, told.words.unit.decimals, least, each=True))
    rows = shares(told.grid.values, words.unit.decimals)
    return replace(told, words=words, grid=replace(told.grid, values=rows))


def _panel(
    draws: Draws,
    scene: Scene,
    told: Told,
    sizes: tuple[int, int],
    chart: str,
    *,
    stack: bool,
    written: bool | None = None,
    full: bool = False,
) -> Panel:
    measure = f"{told.words.measure} of {told.grid.measure}" if full else ""
    category_axis, value_axis = axis_titles(draws, scene, told, measure)
    written = writes(draws, scene) if written is None else written
    free = not full and (stack or not written) and min(scene.width, scene.height) >= INSIDE
    marks = Columns(
        told.grid,
        stack=stack,
        lying=draws.chance(0.25 if told.grid.ordered else 0.5),
        written=written,
        place="inside" if free and draws.chance(0.3) else draws.choice(PLACES),
        sizes=sizes,
        full=full,
        asked="values" in scene.needs,
    )
    return Panel(marks, told.words, chart, told.title, category_axis, value_axis)
