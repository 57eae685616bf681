"""Bars as boxes, seen from the upper right: front faces stand on the axes, tops and sides go back.

A front face against the grid of the back wall is read too low, so values that are asked for are written.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

from envs.address import Draws
from envs.drawing.colour import BLACK, WHITE, Colour, mix
from envs.drawing.sheet import Box, Point, Sheet, Unreadable
from envs.figures.base import Panel, Style
from envs.figures.columns import (
    PLACES,
    TRAITS,
    Columns,
    as_shares,
    least_share,
    table,
)
from envs.figures.tables import Plot, axis_titles, first_fit, lifted, longest_name, too_close, window, writes
from envs.figures.topics import Told, tell
from envs.numerals import Unit
from envs.registry import Scene, family
from envs.views import Categories, Item, Series, View

FURTHER = 2  # times as far off as a flat bar may a front face be read
SHALLOW = 5.0  # pixels, the least depth


@dataclass(frozen=True, slots=True)
class Blocks(Columns):
    """As Columns, but every bar a box that goes back by `depth` pixels to the right and up; always upright."""

    depth: float = 8.0

    @property
    def _stands(self) -> tuple[bool, ...]:
        return (False,)

    def lay_out(self, panel: Panel, style: Style, cell: Box, sheet: Sheet) -> list[View]:
        """Bars leave room for the sides of the boxes: where there is little, they get thinner and less deep."""
        plain = replace(style, grid=None, spines="corner")
        ways = dict.fromkeys(((min(style.fill, 0.7), self.depth), (0.65, SHALLOW), (0.5, SHALLOW)))
        return first_fit(
            sheet,
            (
                partial(Columns.lay_out, replace(self, depth=depth), panel, replace(plain, fill=fill), cell, sheet)
                for fill, depth in ways
            ),
        )

    def _key(self, style: Style, sheet: Sheet, cell: Box, place: str) -> tuple[Box, list[list[Colour]]]:
        if len(self.grid.series) > 1:
            cell, colours = Columns._key(self, style, sheet, cell, place)
        else:
            colours = [style.colours(len(self.grid.positions))]
        return (cell[0], cell[1], cell[2] - self.depth, cell[3] - self.depth), colours

    def _thick(self, found: Plot, style: Style) -> float:
        if found.names.slot * (1 - style.fill) < self.depth + 2:
            raise Unreadable("no room for the sides of the boxes")
        return found.names.slot * style.fill

    def _begin(self, found: Plot, style: Style, sheet: Sheet) -> None:
        """Walls with lines that go back from each tick and along the back wall."""
        left, bottom, right, top = found.frame.box
        back, faint = self.depth, mix(style.ground, style.ink, 0.18)
        for value, _ in found.frame.y_ticks:
            y = found.values.px(value)
            sheet.line([(left, y), (left + back, y + back)], faint, 1.0)
            sheet.rule((left + back, y + back), (right + back, y + back), faint)
        sheet.line([(left, top), (left + back, top + back), (left + back, bottom + back)], faint, 1.0)
        sheet.line([(right, bottom), (right + back, bottom + back), (right + back, top + back)], faint, 1.0)
        found.frame.begin(style, sheet)

    def _mark(self, found: Plot, style: Style, sheet: Sheet, box: Box, colour: Colour, index: int) -> Point:
        x0, y0, x1, y1 = box
        back = self.depth
        edge = style.ink if style.outline else None
        side = [(x1, y0), (x1 + back, y0 + back), (x1 + back, y1 + back), (x1, y1)]
        roof = [(x0, y1), (x1, y1), (x1 + back, y1 + back), (x0 + back, y1 + back)]
        sheet.polygon(side, mix(colour, BLACK, 0.3), edge, 1.0, mark=index)
        if not self.stack or index >= (len(self.grid.series) - 1) * len(self.grid.positions):
            sheet.polygon(roof, mix(colour, WHITE, 0.35), edge, 1.0, mark=index)
        sheet.rect(box, colour, edge, 1.0 if edge else 0.0, mark=index)
        return (x0 + x1 + back) / 2, y1 + back

    def _items(self, found: Plot, unit: Unit, written: bool) -> list[list[Item]]:
        return [
            [
                replace(
                    item, err=0.0 if written else FURTHER * item.err, key=item.key if len(self.grid.series) > 1 else ()
                )
                for item in row
            ]
            for row in Columns._items(self, found, unit, written)
        ]


@family("bar3d", Categories, traits=("values", "words", "title", "axes", "ticks"), top_level=12)
def bar3d(draws: Draws, scene: Scene) -> Panel:
    """One value a name of a topic, as boxes."""
    side = min(scene.width, scene.height)
    count, sizes = window(draws, scene, 5, 16, (side - 60) / (2.0 * scene.style.text))
    told = tell(draws, scene, positions=count, longest=longest_name(scene))
    close = too_close(scene, told.grid.values[0])
    return _panel(draws, scene, told, (1, sizes), "3D bar chart", writes(draws, scene) or close, stack=False)


def _solid_table(draws: Draws, scene: Scene) -> tuple[Told, tuple[int, int]]:
    """A table whose values add up over a position; with fewer positions where values must find room on the fronts."""
    text = scene.style.width("$1234k") * 1.8 if "values" in scene.needs else 2.2 * scene.style.text
    lines = (scene.height - 90) / 44
    positions = max(2.0, (scene.width - 100) / text)
    few = 4 if positions < 4 else 2  # on each other where there is no room for as many side by side
    return table(draws, scene, (5, 12, positions), (max(3, few), 5, lines), parts=True, together=False, fewest=few)


SMALLEST = {"": 200, "values": 300}  # there is no room for values on the fronts of enough boxes in less


@family("stacked_bar3d", Series, Categories, traits=(*TRAITS, "coarse"), top_level=12, smallest=SMALLEST)
def stacked_bar3d(draws: Draws, scene: Scene) -> Panel:
    """Blocks on top of each other."""
    told, sizes = _solid_table(draws, scene)
    written = writes(draws, scene) or "values" in scene.needs
    rows = lifted(told.grid.values, told.words.unit.decimals, least_share(scene, written))
    told = told.mended(rows)
    return _panel(draws, scene, told, sizes, "3D stacked bar chart", written, stack=True)


@family(
    "percent_bar3d",
    Series,
    Categories,
    traits=(*TRAITS, "percent", "whole", "coarse"),
    top_level=12,
    smallest=SMALLEST,
)
def percent_bar3d(draws: Draws, scene: Scene) -> Panel:
    """Blocks on top of each other, up to 100 %."""
    told, sizes = _solid_table(draws, scene)
    written = writes(draws, scene) or "values" in scene.needs
    told = as_shares(draws, told, least_share(scene, written))
    return _panel(draws, scene, told, sizes, "3D 100% stacked bar chart", written, stack=True, full=True)


def _panel(
    draws: Draws,
    scene: Scene,
    told: Told,
    sizes: tuple[int, int],
    chart: str,
    written: bool,
    *,
    stack: bool,
    full: bool = False,
) -> Panel:
    measure = f"{told.words.measure} of {told.grid.measure}" if full else ""
    category_axis, value_axis = axis_titles(draws, scene, told, measure)
    asked = "values" in scene.needs
    marks = Blocks(
        told.grid,
        stack=stack,
        lying=False,
        written=written or asked,
        place=draws.choice(PLACES),
        sizes=sizes,
        full=full,
        asked=asked,
        depth=float(draws.integers(5, 8 if min(scene.width, scene.height) < 320 else 12)),
    )
    return Panel(marks, told.words, chart, told.title, category_axis, value_axis)
