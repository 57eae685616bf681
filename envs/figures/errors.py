"""Points with error bars, and what tells how sure a line is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from envs.address import Draws
from envs.drawing.sheet import Box, Point, Sheet, Unreadable
from envs.figures.around import EDGE
from envs.figures.base import Panel, Style
from envs.figures.frame import Frame, Names, Values, frame
from envs.figures.strokes import (
    PLACES,
    SHAPES,
    TRAITS,
    Pens,
    draw_pens,
    draw_table,
    key,
    legend_ways,
    line_colours,
    value_range,
)
from envs.figures.tables import Rows, axis_titles, by_eye, first_fit, readable, table_views
from envs.figures.topics import Told
from envs.numerals import Unit
from envs.registry import Scene, family
from envs.views import Categories, Item, Series, View

if TYPE_CHECKING:
    from envs.data import Grid

# What half an error bar is called, and how the figure says so, the longest first.
ERRORS = (
    ("margin of error", ("Error bars: ± margin of error", "± margin of error")),
    ("standard error", ("Error bars: ± 1 standard error", "± standard error")),
    ("standard deviation", ("Error bars: ± 1 standard deviation", "± standard deviation")),
    ("uncertainty", ("Error bars: ± uncertainty", "± uncertainty")),
)
COVERED = 0.2  # of the points and bars: the most that may be hidden under others


@dataclass(frozen=True, slots=True)
class ErrorBars:
    """A table of points, each with an error bar that reaches `halves` up and down. `error` is what half a bar is
    called, `notes` how the figure says so; `joined`: a line through the points of a series. Series stand beside each
    other. For the rest see Lines."""

    grid: Grid
    halves: Rows
    low: float
    high: float
    pens: Pens
    cap: float
    joined: bool
    error: str
    notes: tuple[str, ...]
    above: bool
    place: str
    sizes: tuple[int, int]
    asked: bool

    def lay_out(self, panel: Panel, style: Style, cell: Box, sheet: Sheet) -> list[View]:
        ways = legend_ways(self.place, False)
        return first_fit(sheet, (partial(self._draw, panel, style, cell, sheet, place) for place, _ in ways))

    def _draw(self, panel: Panel, style: Style, cell: Box, sheet: Sheet, place: str) -> list[View]:
        grid, unit = self.grid, panel.words.unit
        colours = line_colours(style)[: len(grid.series)]
        room = annotate(self.notes, style, sheet, cell, self.above)
        room = key(grid.series, colours, self.pens, style, sheet, room, place)
        values = Values(self.low, self.high, unit, panel.value_axis)
        found = frame(room, style, Names(grid.positions, panel.category_axis), values)
        points = self._points(found)
        px = found.y.px_per_unit
        found.begin(style, sheet)
        for i, colour in enumerate(colours if self.joined else ()):
            sheet.line(points[i], colour, self.pens.width, data=True, dash=self.pens.dash(i))
        for i, colour in enumerate(colours):
            for j, (x, y) in enumerate(points[i]):
                index, half = i * len(grid.positions) + j, self.halves[i][j] * px
                sheet.line([(x, y - half), (x, y + half)], colour, max(1.2, 0.7 * self.pens.width), data=True)
                for end in (y - half, y + half) if self.cap else ():
                    sheet.line([(x - self.cap, end), (x + self.cap, end)], colour, 1.4, data=True)
                self.pens.marker(i, (x, y), colour, style, sheet, index)
                reach = max(2.0, self.cap)
                sheet.spot((x - reach, y - half, x + reach, y + half), colour, index)
        found.finish(style, sheet)
        means, errors = self._items(points, px, unit)
        every = [item for rows in (means, errors) for row in rows for item in row]
        if sum(item.err == math.inf for item in every) > COVERED * len(every):
            raise Unreadable("too many points are covered")
        span = self.high - self.low
        if self.asked:
            readable(by_eye(px, unit), span)
        views = table_views(panel, grid, means, span=span, written=False, sizes=self.sizes)
        panel = replace(panel, words=replace(panel.words, measure=self.error, adds=False))
        room_for_errors = 2 * max(map(max, self.halves))
        return views + table_views(panel, grid, errors, span=room_for_errors, written=False, sizes=self.sizes)

    def _points(self, found: Frame) -> list[list[Point]]:
        """Where the points lie: those of a position beside each other. Unreadable where they touch."""
        count, grid = len(self.grid.series), self.grid
        least = 2 * max(self.pens.radius, self.cap) + 1
        apart = max(least, min(0.24 * found.x.slot, 14.0))
        if count > 1 and count * apart > 0.92 * found.x.slot:
            raise Unreadable("no room for the points beside each other")
        shifts = [(i - (count - 1) / 2) * apart for i in range(count)]
        return [
            [(found.x.middle(j) + shift, found.y.px(value)) for j, value in enumerate(row)]
            for shift, row in zip(shifts, grid.values, strict=True)
        ]

    def _items(self, points: list[list[Point]], px: float, unit: Unit) -> tuple[list[list[Item]], list[list[Item]]]:
        """The means and the errors; a bar hidden behind its marker cannot be read."""
        grid, means, errors = self.grid, [], []
        for i, row in enumerate(grid.values):
            keys = [(*series_key(grid, i), name) for name in grid.positions]
            means.append(
                [
                    Item(at[-1], value, by_eye(px, unit), y, at)
                    for at, value, (_, y) in zip(keys, row, points[i], strict=True)
                ]
            )
            hidden = (self.pens.radius + 2) / px
            errors.append(
                [
                    Item(
                        at[-1], half, by_eye(px, unit) if half > hidden else math.inf, 2 * half * px, (*at, self.error)
                    )
                    for at, half in zip(keys, self.halves[i], strict=True)
                ]
            )
        return means, errors


def series_key(grid: Grid, i: int) -> tuple[str, ...]:
    """How the key of a value of series i begins."""
    return (grid.series[i],) if len(grid.series) > 1 else ()


def annotate(notes: Sequence[str], style: Style, sheet: Sheet, cell: Box, above: bool) -> Box:
    """Writes the first of these notes that fits above or below a plot; what is left of the cell."""
    x0, y0, x1, y1 = cell
    note = next((note for note in notes if style.width(note) <= x1 - x0 - 2 * EDGE), None)
    if note is None:
        raise Unreadable("no room for the note")
    deep = style.line.height + EDGE + 3
    if above:
        sheet.text(note, (x0 + x1) / 2, y1 - 2, style.text, "note", up="top")
        return x0, y0, x1, y1 - deep
    sheet.text(note, (x0 + x1) / 2, y0 + EDGE, style.text, "note", up="bottom")
    return x0, y0 + deep, x1, y1


# Data, in steps of the last written digit


def spreads(draws: Draws, scene: Scene, rows: Rows, unit: Unit, *, rising: bool = False) -> Rows:
    """How far a bar or a band reaches from each value: a ladder of lengths for each series, in random order or
    roughly `rising`."""
    digit = 10**unit.decimals
    span = max(map(max, rows)) - min(map(min, rows))
    least = min(0.15, 16 / (min(scene.width, scene.height) - 130))  # the axis may have room for twice the span
    found = []
    for row in rows:
        count = len(row)
        most = least + draws.uniform(0.1, 0.16)
        gap = (most - least) / max(1, count - 1)
        ladder = [least + gap * (k + draws.uniform(-0.3, 0.3)) for k in range(count)]
        if rising:
            for k in range(0, count - 1, 2):
                ladder[k : k + 2] = draws.shuffled(ladder[k : k + 2])
        else:
            ladder = draws.shuffled(ladder)
        steps = [max(1, int(share * span * digit + 0.5)) for share in ladder]
        found.append(tuple(step / digit for step in steps))
    return tuple(found)


def raised(told: Told) -> Told:
    """The table, all of it raised if need be, so that no bar or band reaches down to zero."""
    rows, digit = told.grid.values, 10**told.words.unit.decimals
    least, most = min(map(min, rows)), max(map(max, rows))
    more = int((0.35 * (most - least) - least) * digit) + 1
    if more <= 0:
        return told
    rows = tuple(tuple((round(value * digit) + more) / digit for value in row) for row in rows)
    return told.mended(rows)


def moved(rows: Rows, by: Rows, sign: int, unit: Unit) -> Rows:
    """The rows, moved up (sign 1) or down (-1)."""
    digit = 10**unit.decimals
    return tuple(
        tuple((round(v * digit) + sign * round(b * digit)) / digit for v, b in zip(row, off))
        for row, off in zip(rows, by, strict=True)
    )


# Families


@family("error_line", Series, Categories, traits=TRAITS, top_level=12, smallest=180)
def error_line(draws: Draws, scene: Scene) -> Panel:
    """Points with error bars of one to three series, joined or not."""
    colours = line_colours(scene.style)
    told, sizes = draw_table(
        draws, scene, colours=len(colours), single=0.5, most=3, shown=16, spacing=13.0, counted=False
    )
    told = raised(told)
    grid, unit = told.grid, told.words.unit
    halves = spreads(draws, scene, grid.values, unit)
    ends = moved(grid.values, halves, 1, unit) + moved(grid.values, halves, -1, unit)
    low, high = value_range(draws, ends, unit, zero=0.15)
    category_axis, value_axis = axis_titles(draws, scene, told)
    error, notes = draws.choice(ERRORS)
    marks = ErrorBars(
        grid,
        halves,
        low,
        high,
        replace(
            draw_pens(draws, scene, len(grid.series), markers=1.0, among=SHAPES[:3]),
            radius=draws.choice((3.0, 3.4, 3.8)),
        ),
        cap=draws.choice((0.0, 3.2, 4.0)),
        joined=draws.chance(0.6),
        error=error,
        notes=notes,
        above=draws.chance(0.5),
        place=draws.choice(PLACES[:3]) if len(grid.series) > 1 else "",
        sizes=sizes,
        asked="values" in scene.needs,
    )
    return Panel(marks, told.words, "error bar chart", told.title, category_axis, value_axis)
