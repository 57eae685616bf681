"""Lines in a shaded band from a lower to an upper bound."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from envs.address import Draws
from envs.drawing.colour import Colour
from envs.drawing.sheet import Box, Point, Sheet
from envs.figures.base import Panel, Style
from envs.figures.errors import annotate, moved, raised, series_key, spreads
from envs.figures.frame import Names, Values, frame
from envs.figures.strokes import (
    PLACES,
    TRAITS,
    Pens,
    draw_pens,
    draw_table,
    key,
    legend_ways,
    line_colours,
    runs_by,
    slip,
    value_range,
)
from envs.figures.tables import Rows, axis_titles, by_eye, first_fit, readable, table_views
from envs.numerals import Unit
from envs.registry import Scene, family
from envs.views import EYE, Categories, Item, Series, View

if TYPE_CHECKING:
    from envs.data import Grid

LOWER, UPPER, WIDTH = "lower bound", "upper bound", "width of the band"
BANDS = (
    ("Shaded: 95% confidence band", "Shaded: 95% band"),
    ("Shaded: from lower to upper bound", "Shaded: bounds"),
    ("Shaded: 80% forecast band", "Shaded: 80% band"),
)


@dataclass(frozen=True, slots=True)
class Bands:
    """A table of lines, each in a band from `lower` to `upper`; `rim` is the width of its edges, 0 for none. For the
    rest see ErrorBars."""

    grid: Grid
    lower: Rows
    upper: Rows
    low: float
    high: float
    pens: Pens
    alpha: float
    rim: float
    notes: tuple[str, ...]
    above: bool
    place: str
    sizes: tuple[int, int]
    inset: float
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
        found = frame(room, style, Names(grid.positions, panel.category_axis, inset=self.inset), values)
        lines, lower, upper = (
            [[(found.x.middle(j), found.y.px(value)) for j, value in enumerate(row)] for row in rows]
            for rows in (grid.values, self.lower, self.upper)
        )
        if self.asked:
            readable(by_eye(found.y.px_per_unit, unit), self.high - self.low)
        found.begin(style, sheet)
        for colour, low, high in zip(colours, lower, upper, strict=True):
            sheet.polygon([*high, *reversed(low)], colour, alpha=self.alpha)
        for i, colour in enumerate(colours):
            for edge in (lower[i], upper[i]):
                if self.rim:
                    sheet.line(edge, colour, self.rim, data=True)
            sheet.line(lines[i], colour, self.pens.width, data=True, dash=self.pens.dash(i))
            for j, at in enumerate(lines[i]):
                self._mark(i, j, (at, lower[i][j], upper[i][j]), colour, style, sheet)
        found.finish(style, sheet)
        views: list[View] = []
        for measure, rows, places in (("", grid.values, lines), (LOWER, self.lower, lower), (UPPER, self.upper, upper)):
            others = [line for line in (*lines, *lower, *upper) if line not in places]
            items = self._items(rows, places, others, measure, found.y.px_per_unit, unit)
            views += self._views(panel, items, measure)
        wide = self._widths(lower, upper, found.y.px_per_unit, unit)
        return views + self._views(panel, wide, WIDTH)

    def _mark(self, i: int, j: int, at: tuple[Point, Point, Point], colour: Colour, style: Style, sheet: Sheet) -> None:
        """What stands for a value: a point of the line and the two ends of the band there."""
        index = i * len(self.grid.positions) + j
        self.pens.marker(i, at[0], colour, style, sheet, index)
        for x, y in at[1:]:
            sheet.spot((x - 1.6, y - 1.6, x + 1.6, y + 1.6), colour, index)

    def _views(self, panel: Panel, items: list[list[Item]], measure: str) -> list[View]:
        if measure:
            panel = replace(panel, words=replace(panel.words, measure=measure))
        span = self.high - self.low
        if measure == WIDTH:
            span = max(item.value for row in items for item in row)
        return table_views(panel, self.grid, items, span=span, written=False, sizes=self.sizes)

    def _items(
        self, rows: Rows, places: list[list[Point]], others: list[list[Point]], measure: str, px: float, unit: Unit
    ) -> list[list[Item]]:
        """Values along lines or edges; one that another series runs over cannot be read."""
        made = []
        for i, row in enumerate(rows):
            rest = [*others, *places[:i], *places[i + 1 :]] if len(rows) > 1 else []
            made.append(
                [
                    Item(
                        name,
                        value,
                        math.inf if any(runs_by(line, at, j) for line in rest) else by_eye(px, unit, 1 + off / EYE),
                        at[1],
                        (*series_key(self.grid, i), name, *([measure] if measure else [])),
                    )
                    for j, (name, value, at) in enumerate(zip(self.grid.positions, row, places[i], strict=True))
                    for off in [slip(places[i], j)]
                ]
            )
        return made

    def _widths(self, lower: list[list[Point]], upper: list[list[Point]], px: float, unit: Unit) -> list[list[Item]]:
        """How wide the band is at each position."""
        grid = self.grid
        return [
            [
                Item(
                    name,
                    (high[1] - low[1]) / px,
                    by_eye(px, unit, 2 + (slip(lower[i], j) + slip(upper[i], j)) / EYE),
                    high[1] - low[1],
                    (*series_key(grid, i), name, WIDTH),
                )
                for j, (name, low, high) in enumerate(zip(grid.positions, lower[i], upper[i], strict=True))
            ]
            for i in range(len(grid.series))
        ]


def _entwined(draws: Draws, rows: Rows) -> Rows:
    """Two rows that change places at some points in time: two bands that can be told apart seldom cross."""
    turns = {draws.integers(1, len(rows[0])) for _ in range(draws.integers(1, len(rows[0])))}
    columns: list[tuple[float, ...]] = []
    changed = False
    for j, column in enumerate(zip(*rows)):
        changed ^= j in turns
        columns.append(column[::-1] if changed else column)
    return tuple(zip(*columns))


@family("band", Series, Categories, traits=TRAITS, top_level=12, smallest=180)
def band(draws: Draws, scene: Scene) -> Panel:
    """One or two lines, each in a shaded band."""
    # Where values are reckoned with or ranked, a second band would cover too many of them.
    told, sizes = draw_table(
        draws,
        scene,
        colours=2,
        single=1.0 if scene.reckons or "ranking" in scene.needs else 0.75,
        most=2,
        shown=20,
        counted=False,
    )
    told = raised(told)
    if len(told.grid.series) == 2 and {"Series", "ordered"} <= scene.needs:
        told = told.mended(_entwined(draws, told.grid.values))
    grid, unit = told.grid, told.words.unit
    rising = draws.chance(0.4)
    lower, upper = (
        moved(grid.values, spreads(draws, scene, grid.values, unit, rising=rising), sign, unit) for sign in (-1, 1)
    )
    low, high = value_range(draws, lower + upper, unit, zero=0.15)
    category_axis, value_axis = axis_titles(draws, scene, told)
    pens = draw_pens(draws, scene, len(grid.series), markers=0.4)
    several = len(grid.series) > 1
    marks = Bands(
        grid,
        lower,
        upper,
        low,
        high,
        replace(pens, width=max(2.0, pens.width), dashed=False, radius=min(3.4, pens.radius)),
        alpha=draws.uniform(0.18, 0.32),
        rim=0.8 if several or draws.chance(0.4) else 0.0,
        notes=draws.choice(BANDS),
        above=draws.chance(0.5),
        place=draws.choice(PLACES[:3]) if several else "",
        sizes=sizes,
        inset=draws.choice((0.1, 0.2, 0.5)),
        asked="values" in scene.needs,
    )
    return Panel(marks, told.words, "line chart with a band", told.title, category_axis, value_axis)
