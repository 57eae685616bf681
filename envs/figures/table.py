"""A drawn table: a header, rows and columns of written numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from envs.address import Draws
from envs.data import Grid
from envs.drawing.colour import Colour, ink_on, mix
from envs.drawing.sheet import Box, Sheet, Unreadable
from envs.figures.around import EDGE
from envs.figures.base import Panel, Style, widest
from envs.figures.tables import table_views
from envs.figures.topics import how_many, tell
from envs.numerals import Unit, show
from envs.registry import Scene, family
from envs.views import Categories, Item, Series, View

Ruled = Literal["rows", "all", "header", "none"]
PADS = (12.0, 9.0, 6.0, 4.0)  # pixels left and right of what stands in a column, tried in this order
TALL = 2.2  # lines: rows are not set further apart


@dataclass(frozen=True, slots=True)
class Table:
    """A table with a row for each position and a column for each series, or the other way round if `flip`; a single
    series is headed by its measure. `head` fills the header with the first colour; `stripes` tint every other row;
    `centred` numbers instead of flush right."""

    grid: Grid
    flip: bool = False
    ruled: Ruled = "rows"
    head: bool = True
    stripes: bool = False
    centred: bool = False
    sizes: int = 1
    series_sizes: int = 1

    def lay_out(self, panel: Panel, style: Style, cell: Box, sheet: Sheet) -> list[View]:
        for flip in (self.flip, not self.flip):
            rows, columns, corner = self._names(panel, flip)
            for unit in (panel.words.unit, Unit(panel.words.unit.decimals)):  # the mend: bare numbers
                body = self._body(unit, flip)
                for pad in PADS:
                    if widths := _widths(rows, columns, corner, body, pad, style, cell):
                        self._draw(rows, columns, corner, body, widths, pad, style, cell, sheet)
                        return self._views(panel, rows, columns, flip)
        raise Unreadable("no room for the table")

    def _names(self, panel: Panel, flip: bool) -> tuple[Sequence[str], Sequence[str], str]:
        """The names of the rows, those of the columns, and what stands above the former."""
        grid, measure = self.grid, panel.words.measure
        series = grid.series if len(grid.series) > 1 else (measure[0].upper() + measure[1:],)
        if flip:
            noun = grid.series_noun if len(series) > 1 else grid.noun
            return series, grid.positions, noun.capitalize()
        return grid.positions, series, grid.noun.capitalize()

    def _body(self, unit: Unit, flip: bool) -> list[list[str]]:
        """What is written, by row and column."""
        values = self.grid.values if flip else tuple(zip(*self.grid.values, strict=True))
        plain = not (unit.prefix or unit.suffix)
        return [[show(v, unit.decimals) if plain else unit.write(v) for v in row] for row in values]

    def _views(self, panel: Panel, rows: Sequence[str], columns: Sequence[str], flip: bool) -> list[View]:
        grid = self.grid
        items = [
            [
                Item(name, value, 0.0, 0.0, (rows[i], columns[j]) if flip else (rows[j], columns[i]))
                for j, (name, value) in enumerate(zip(grid.positions, values, strict=True))
            ]
            for i, values in enumerate(grid.values)
        ]
        return table_views(
            panel,
            grid,
            items,
            span=max(value for row in grid.values for value in row),
            written=True,
            sizes=(self.series_sizes, self.sizes),
        )

    def _draw(
        self,
        rows: Sequence[str],
        columns: Sequence[str],
        corner: str,
        body: Sequence[Sequence[str]],
        widths: Sequence[float],
        pad: float,
        style: Style,
        cell: Box,
        sheet: Sheet,
    ) -> None:
        x0, y0, x1, y1 = cell
        line = style.line
        pitch = min(TALL * line.height, (y1 - y0 - 2 * EDGE) / (len(rows) + 1))
        # What is over goes to the columns, up to a half of what they need.
        spare = min(0.5, (x1 - x0 - 2 * EDGE) / sum(widths) - 1)
        widths = [width * (1 + spare) for width in widths]
        left = (x0 + x1 - sum(widths)) / 2
        top = y1 - EDGE - 0.3 * (y1 - y0 - 2 * EDGE - pitch * (len(rows) + 1))
        edges = [left + sum(widths[:k]) for k in range(len(widths) + 1)]
        heights = [top - k * pitch for k in range(len(rows) + 2)]
        fills: list[Colour] = [style.palette[0] if self.head else style.ground]
        tint = mix(style.ground, style.ink, 0.08)
        fills += [tint if self.stripes and k % 2 else style.ground for k in range(len(rows))]
        for k, fill in enumerate(fills):
            if fill != style.ground:
                sheet.rect((edges[0], heights[k + 1], edges[-1], heights[k]), fill)
        self._rules(edges, heights, style, sheet)
        lines = [[corner, *columns], *([name, *cells] for name, cells in zip(rows, body, strict=True))]
        for k, (words, fill) in enumerate(zip(lines, fills, strict=True)):
            y = (heights[k] + heights[k + 1]) / 2
            ink = ink_on(fill) if k == 0 and self.head else style.ink
            for j, word in enumerate(words):
                if j == 0:
                    x, across = edges[0] + pad, "left"
                elif self.centred:
                    x, across = (edges[j] + edges[j + 1]) / 2, "center"
                else:
                    x, across = edges[j + 1] - pad, "right"
                role = "value" if j and k else "name"
                sheet.text(word, x, y, style.text, role, across=across, up="center", colour=ink, ground=fill)

    def _rules(self, edges: Sequence[float], heights: Sequence[float], style: Style, sheet: Sheet) -> None:
        """The rules between rows, and between columns where all are ruled."""
        thin = style.grid or mix(style.ground, style.ink, 0.3)
        if self.ruled in ("rows", "all"):
            for y in heights:
                sheet.line([(edges[0], y), (edges[-1], y)], thin, 1.0)
        if self.ruled == "all":
            for x in edges:
                sheet.line([(x, heights[0]), (x, heights[-1])], thin, 1.0)
        if self.ruled != "none" and not self.head:
            sheet.line([(edges[0], heights[1]), (edges[-1], heights[1])], style.ink, 1.5)
        if self.ruled == "header":
            for y in (heights[0], heights[-1]):
                sheet.line([(edges[0], y), (edges[-1], y)], style.ink, 1.5)


def _widths(
    rows: Sequence[str],
    columns: Sequence[str],
    corner: str,
    body: Sequence[Sequence[str]],
    pad: float,
    style: Style,
    cell: Box,
) -> list[float]:
    """Pixels of each column, that of the row names first; [] if the table does not fit."""
    x0, y0, x1, y1 = cell
    widths = [widest([corner, *rows], style) + 2 * pad]
    widths += [widest([name, *(cells[j] for cells in body)], style) + 2 * pad for j, name in enumerate(columns)]
    if sum(widths) > x1 - x0 - 2 * EDGE or (len(rows) + 1) * (style.line.height + 3) > y1 - y0 - 2 * EDGE:
        return []
    return widths


@family("table", Series, Categories, traits=("values", "written", "words", "title"), top_level=12)
def table(draws: Draws, scene: Scene) -> Panel:
    """A table from a packaged domain."""
    level, text = min(scene.level, 12), scene.style.text
    wide = max(2, min(7, int((scene.width - 90) / (5.2 * text))))
    high = max(4, min(18, int((scene.height - 60) / (1.6 * text))))
    columns, series_sizes = how_many(draws, level, 2 if "Series" in scene.needs else 1, wide)
    rows, sizes = how_many(draws, level, 3, high)
    longest = max(7, min(10 + level // 4, scene.width // 38))
    flip = columns > 2 and rows <= wide and draws.chance(0.5)
    told = tell(draws, scene, series=columns, positions=rows, longest=longest)
    grid = told.grid
    if not grid.ordered and draws.chance(0.3):  # sorted by one of the columns
        by = grid.values[draws.integers(0, columns)]
        order = sorted(range(rows), key=lambda j: by[j], reverse=draws.chance(0.7))
        grid = replace(
            grid,
            positions=tuple(grid.positions[j] for j in order),
            values=tuple(tuple(row[j] for j in order) for row in grid.values),
        )
    head = draws.chance(0.5)
    ruled: tuple[Ruled, ...] = ("rows", "all", "header", "none") if head else ("rows", "all", "header")
    marks = Table(
        grid,
        flip,
        ruled=draws.choice(ruled),
        head=head,
        stripes=draws.chance(0.4),
        centred=draws.chance(0.3),
        sizes=sizes,
        series_sizes=series_sizes,
    )
    return Panel(marks, told.words, "table", told.title)
