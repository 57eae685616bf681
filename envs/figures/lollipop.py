"""Dots on stems, and pairs of dots joined by a line; upright or lying."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from envs.address import Draws
from envs.drawing.colour import Colour
from envs.drawing.sheet import Box, Sheet, Unreadable
from envs.figures.base import Panel, Style, widest
from envs.figures.columns import PLACES, TRAITS, table
from envs.figures.frame import PAD, Values
from envs.figures.legend import SWATCH, legend
from envs.figures.tables import (
    Rows,
    axis_titles,
    by_eye,
    first_fit,
    longest_name,
    plot,
    readable,
    single_view,
    table_views,
    too_close,
    value_label,
    window,
    writes,
)
from envs.figures.topics import tell
from envs.registry import Scene, family
from envs.views import Categories, Item, Series, View

if TYPE_CHECKING:
    from envs.data import Grid

RADII = (4.0, 5.0, 6.0, 7.0)  # pixels
STEM = 2.0


@dataclass(frozen=True, slots=True)
class Lollipops:
    """One value a name: a dot of `radius` pixels at the end of a stem. `written`: each value beyond its dot; `asked`:
    values must be readable; `close`: only written values can be ranked."""

    grid: Grid
    lying: bool
    written: bool
    radius: float
    sizes: int
    asked: bool = False
    close: bool = False

    def lay_out(self, panel: Panel, style: Style, cell: Box, sheet: Sheet) -> list[View]:
        return first_fit(sheet, (partial(self._draw, panel, style, cell, sheet, *way) for way in self._ways()))

    def _ways(self) -> Iterator[tuple[bool, bool]]:
        """Lying, values written."""
        for written in dict.fromkeys((self.written, self.close)):
            yield from ((lying, written) for lying in (self.lying, not self.lying))
        if self.asked and not self.written:
            yield from ((lying, True) for lying in (self.lying, not self.lying))

    def _draw(self, panel: Panel, style: Style, cell: Box, sheet: Sheet, lying: bool, written: bool) -> list[View]:
        grid, unit, values = self.grid, panel.words.unit, self.grid.values[0]
        labels = [unit.write(value) for value in values]
        beyond = self.radius + PAD + (widest(labels, style) if lying else style.line.digit)
        axis = Values(0.0, 1.05 * max(values), unit, panel.value_axis, head=beyond if written else self.radius)
        found = plot(cell, style, panel, grid.positions, axis, lying)
        if found.names.slot < max(2 * self.radius + 2, written * (style.line.digit + 3 if lying else beyond)):
            raise Unreadable("no room for the dots")
        if written and not lying and widest(labels, style) + 6 > found.names.slot:
            raise Unreadable("no room for the values above the dots")
        px = found.values.px_per_unit
        err = 0.0 if written else by_eye(px, unit)
        if self.asked:
            readable(err, found.values.high)
        found.frame.begin(style, sheet)
        for i, (colour, value) in enumerate(zip(style.colours(len(values)), values, strict=True)):
            end = found.point(i + 0.5, value)
            sheet.line([found.point(i + 0.5, 0.0), end], colour, STEM, data=True)
            _dot(sheet, style, end, self.radius, colour, i)
            if written:
                value_label(sheet, style, end, labels[i], lying=lying, gap=self.radius + 3)
        found.frame.finish(style, sheet)
        items = [Item(name, value, err, value * px) for name, value in zip(grid.positions, values, strict=True)]
        return [single_view(panel, grid, items, span=found.values.high, written=written, sizes=self.sizes)]


def _dot(sheet: Sheet, style: Style, at: tuple[float, float], radius: float, colour: Colour, mark: int) -> None:
    sheet.dot(*at, radius, colour, style.ink if style.outline else None, 1.0 if style.outline else 0.0, mark=mark)


@dataclass(frozen=True, slots=True)
class Dumbbells:
    """Two series: at each position two dots, coloured by series, joined by a line. `written`: each value on the outer
    side of its dot. `place`: the side of the legend."""

    grid: Grid
    lying: bool
    written: bool
    radius: float
    place: str
    sizes: tuple[int, int]
    asked: bool = False

    def lay_out(self, panel: Panel, style: Style, cell: Box, sheet: Sheet) -> list[View]:
        return first_fit(sheet, (partial(self._draw, panel, style, cell, sheet, *way) for way in self._ways()))

    def _ways(self) -> Iterator[tuple[bool, str, bool]]:
        """Lying, place of the legend, values written."""
        places = (self.place, *(place for place in PLACES if place != self.place))
        for written in dict.fromkeys((self.written, False, self.asked)):
            for lying in (self.lying, not self.lying):
                yield from ((lying, place, written) for place in places)

    def _draw(
        self, panel: Panel, style: Style, cell: Box, sheet: Sheet, lying: bool, place: str, written: bool
    ) -> list[View]:
        grid, unit = self.grid, panel.words.unit
        colours = style.palette[:2]
        entries = list(zip(grid.series, colours, strict=True))

        def disc(name: str, x: float, y: float) -> None:
            edge = style.ink if style.outline else None
            sheet.dot(x + SWATCH / 2, y, SWATCH / 2, colours[grid.series.index(name)], edge, 1.0)

        room = legend(entries, style, sheet, cell, place, sample=disc)
        labels = [[unit.write(value) for value in row] for row in grid.values]
        wide = max(widest(row, style) for row in labels)
        beyond = self.radius + PAD + (wide if lying else style.line.digit) if written else self.radius
        axis = Values(0.0, 1.05 * max(map(max, grid.values)), unit, panel.value_axis, head=beyond)
        found = plot(room, style, panel, grid.positions, axis, lying)
        across = max(2 * self.radius, (style.line.digit if lying else wide) if written else 0.0)
        if found.names.slot < across + 3:
            raise Unreadable("no room for the dots")
        px = found.values.px_per_unit
        if written and min(map(min, grid.values)) * px < beyond + 2:
            raise Unreadable("no room for the values before the dots")
        err = 0.0 if written else by_eye(px, unit)
        if self.asked:
            readable(err, found.values.high)
        found.frame.begin(style, sheet)
        items: list[list[Item]] = [[], []]
        for j, name in enumerate(grid.positions):
            ends = [found.point(j + 0.5, row[j]) for row in grid.values]
            apart = abs(grid.values[0][j] - grid.values[1][j]) * px
            if apart < self.radius:
                raise Unreadable("two dots lie over each other")
            middle = ((ends[0][0] + ends[1][0]) / 2, (ends[0][1] + ends[1][1]) / 2)
            sheet.line([ends[0], middle, ends[1]], style.ink, STEM)  # of three points: a short one is no tick
            for i, colour in enumerate(colours):
                _dot(sheet, style, ends[i], self.radius, colour, 2 * j + i)
                value = grid.values[i][j]
                items[i].append(Item(name, value, err, value * px, (grid.series[i], name)))
                if written:
                    upper = value > grid.values[1 - i][j]
                    _beside(sheet, style, ends[i], labels[i][j], lying, upper, self.radius + 3)
        found.frame.finish(style, sheet)
        return table_views(panel, grid, items, span=found.values.high, written=written, sizes=self.sizes)


def _beside(
    sheet: Sheet, style: Style, at: tuple[float, float], label: str, lying: bool, upper: bool, gap: float
) -> None:
    """A value on the outer side of a dot of a pair."""
    x, y = at
    if upper:
        value_label(sheet, style, at, label, lying=lying, gap=gap)
    elif lying:
        sheet.text(label, x - gap - 1, y, style.text, "value", across="right", up="center")
    else:
        sheet.text(label, x, y - gap - style.line.digit, style.text, "value")


def parted(rows: Rows, decimals: int, share: float) -> Rows:
    """Two rows whose values at a position differ by at least this share of the largest, those of the second moved as
    little as that takes; no value occurs twice in a row."""
    digit = 10**decimals
    first, second = ([round(value * digit) for value in row] for row in rows)
    least = int(share * max(*first, *second)) + 1
    for j, step in enumerate(first):
        if abs(second[j] - step) < least:
            others = {*second[:j], *second[j + 1 :]}
            move = 1 if second[j] >= step or step < 2 * least else -1
            second[j] = step + move * least
            while second[j] in others:
                second[j] += move
    return tuple(step / digit for step in first), tuple(step / digit for step in second)


@family("lollipop", Categories, traits=("values", "words", "title", "axes", "ticks"), top_level=12)
def lollipop(draws: Draws, scene: Scene) -> Panel:
    """One value a name of a topic, as a dot on a stem."""
    side = min(scene.width, scene.height)
    count, sizes = window(draws, scene, 6, 24, (side - 60) / (1.5 * scene.style.text))
    told = tell(draws, scene, positions=count, longest=longest_name(scene))
    category_axis, value_axis = axis_titles(draws, scene, told)
    close = too_close(scene, told.grid.values[0])
    marks = Lollipops(
        told.grid,
        lying=draws.chance(0.3 if told.grid.ordered else 0.6),
        written=writes(draws, scene) or close,
        radius=draws.choice(RADII if side >= 320 else RADII[:2]),
        sizes=sizes,
        asked="values" in scene.needs,
        close=close,
    )
    return Panel(marks, told.words, "lollipop chart", told.title, category_axis, value_axis)


@family("dumbbell", Series, Categories, traits=TRAITS, top_level=12)
def dumbbell(draws: Draws, scene: Scene) -> Panel:
    """Two values a name of a topic, as dots joined by a line."""
    side = min(scene.width, scene.height)
    radius = draws.choice(RADII if side >= 320 else RADII[:2])
    told, (_, sizes) = table(draws, scene, (6, 20, (side - 80) / (1.5 * scene.style.text) * 2), (2, 2, 2))
    rows = parted(told.grid.values, told.words.unit.decimals, 1.5 * radius / (side - 130))
    told = told.mended(rows)
    category_axis, value_axis = axis_titles(draws, scene, told)
    marks = Dumbbells(
        told.grid,
        lying=draws.chance(0.3 if told.grid.ordered else 0.8),
        written=writes(draws, scene),
        radius=radius,
        place=draws.choice(PLACES),
        sizes=(1, sizes),
        asked="values" in scene.needs,
    )
    return Panel(marks, told.words, "dumbbell chart", told.title, category_axis, value_axis)
