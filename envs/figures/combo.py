"""Bars and a line in one frame: by one measure on one axis, or by two measures, the line's axis on the right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

from envs.address import Draws
from envs.data import Grid, draw_measure
from envs.drawing.colour import Colour, distance
from envs.drawing.sheet import Box, Point, Sheet, Unreadable
from envs.figures.bars import THINNEST
from envs.figures.base import Panel, Style, widest
from envs.figures.counts import not_written
from envs.figures.frame import PAD, TICK, Axis, Frame, Names, Tick, Values, frame, ticks
from envs.figures.legend import STROKE, SWATCH, legend
from envs.figures.strokes import Pens, draw_times, line_colours, stepped, value_range
from envs.figures.tables import axis_titles, by_eye, first_fit, longest_name, table_views
from envs.figures.topics import tell
from envs.registry import Scene, family
from envs.views import Categories, Item, Series, View

BAR_APART = 25.0  # CIEDE2000 between the line and the bars that it runs over
PLACES = ("top", "bottom", "right")
TRAITS = ("values", "words", "title", "axes", "ticks", "legend", "ordered", "dated")


@dataclass(frozen=True, slots=True)
class Combo:
    """Bars from zero and one line over the same positions; what is drawn first lies under the line.

    Overlay: both are series of `grid`, on the left axis. With `other`, a table of one series by another measure, the
    bars are the only series of `grid` and the line is `other`, on an axis of its own on the right, from `low` to
    `high`. `place`: the side of the legend; `sizes`: how many numbers of positions were possible.
    """

    grid: Grid
    pens: Pens
    place: str
    sizes: int
    other: Grid | None = None
    low: float = 0.0
    high: float = 0.0

    def lay_out(self, panel: Panel, style: Style, cell: Box, sheet: Sheet) -> list[View]:
        places = (self.place, *(place for place in PLACES if place != self.place))
        return first_fit(sheet, (partial(self._draw, panel, style, cell, sheet, place) for place in places))

    def _draw(self, panel: Panel, style: Style, cell: Box, sheet: Sheet, place: str) -> list[View]:
        grid, other, unit = self.grid, self.other, panel.words.unit
        bar_colour, line_colour = style.palette[0], _stands_out(style)
        names = grid.series if other is None else (_capital(grid.measure), _capital(other.measure))
        room = self._legend(names, (bar_colour, line_colour), style, sheet, cell, place)
        beside = 0.0 if other is None else right_room(self._right(panel), style)
        room = (room[0], room[1], room[2] - beside, room[3] - (style.line.digit / 2 if other else 0.0))
        shown = grid.values[0] if other else [value for row in grid.values for value in row]
        across = Names(grid.positions, panel.category_axis)
        found = frame(room, style, across, Values(0.0, 1.05 * max(shown), unit, panel.value_axis))
        half = found.x.slot * style.fill / 2
        if half < THINNEST / 2:
            raise Unreadable("the bars are too thin")
        found.begin(style, sheet)
        right = found.y if other is None else right_axis(found, self._right(panel), style, sheet)
        heights = grid.values[1] if other is None else other.values[0]
        count = len(grid.positions)
        for j, value in enumerate(grid.values[0]):
            x = found.x.middle(j)
            edge = style.ink if style.outline else None
            sheet.rect((x - half, found.y.start, x + half, found.y.px(value)), bar_colour, edge, 1.0, mark=j)
        points = [(found.x.middle(j), right.px(value)) for j, value in enumerate(heights)]
        # A rim of the ground's colour keeps the line clear of the bars that it crosses.
        sheet.line(points, style.ground, self.pens.width + 2)
        sheet.line(points, line_colour, self.pens.width, data=True)
        for j, at in enumerate(points):
            self.pens.marker(0, at, line_colour, style, sheet, count + j)
        found.finish(style, sheet)
        return self._views(panel, found, right, points)

    def _right(self, panel: Panel) -> Values:
        """The axis of the line, its title like that of the left axis there or not."""
        assert self.other is not None
        title = _capital(self.other.measure) if panel.value_axis else ""
        return Values(self.low, self.high, self.other.unit, title)

    def _legend(
        self, names: Sequence[str], colours: tuple[Colour, Colour], style: Style, sheet: Sheet, cell: Box, place: str
    ) -> Box:
        def sample(name: str, x: float, y: float) -> None:
            if name == names[0]:
                left = x + (STROKE - SWATCH) / 2
                box = (left, y - SWATCH / 2, left + SWATCH, y + SWATCH / 2)
                sheet.rect(box, colours[0], style.ink if style.outline else None, 1.0)
            else:
                sheet.line([(x, y), (x + STROKE, y)], colours[1], max(2.0, self.pens.width))
                self.pens.marker(0, (x + STROKE / 2, y), colours[1], style, sheet, None)

        return legend(list(zip(names, colours, strict=True)), style, sheet, cell, place, lines=True, sample=sample)

    def _views(self, panel: Panel, found: Frame, right: Axis, points: Sequence[Point]) -> list[View]:
        grid, other = self.grid, self.other
        if other is None:
            err = by_eye(found.y.px_per_unit, grid.unit)
            items = [
                [
                    Item(name, value, err, found.y.px(value), (series, name))
                    for name, value in zip(grid.positions, row, strict=True)
                ]
                for series, row in zip(grid.series, grid.values, strict=True)
            ]
            return table_views(panel, grid, items, span=found.y.high, written=False, sizes=(1, self.sizes))
        views: list[View] = []
        for table, axis in ((grid, found.y), (other, right)):
            err = by_eye(axis.px_per_unit, table.unit)
            views.append(
                panel.categories(
                    (
                        Item(name, value, err, axis.px(value), (_capital(table.measure), name))
                        for name, value in zip(table.positions, table.values[0], strict=True)
                    ),
                    span=axis.high - axis.low,
                    measure=table.measure,
                    unit=table.unit,
                    adds=table.adds,
                    ordered=table.ordered,
                    sizes=self.sizes,
                    absent=not_written(table.absent, panel.title, panel.category_axis, panel.value_axis),
                )
            )
        return views


def right_room(side: Values, style: Style) -> float:
    """Pixels that an axis on the right takes beside the frame."""
    wide = max(widest([text for _, text in ticks(side.low, side.high, most, side.unit)], style) for most in (4, 8, 12))
    return TICK + PAD + wide + (style.line.height + 2 * PAD if side.title else 0.0)


def right_axis(found: Frame, side: Values, style: Style, sheet: Sheet) -> Axis:
    """Draws an axis of values along the right side of a frame, in the room that was kept for it."""
    _, bottom, right, top = found.box
    axis = Axis(bottom, top, side.low, side.high)
    marks: list[Tick] = ticks(side.low, side.high, max(1, int((top - bottom) / (2.6 * style.line.digit))), side.unit)
    if len(marks) < 2:
        raise Unreadable("an axis with fewer than two ticks")
    for value, label in marks:
        at = axis.px(value)
        sheet.line([(right, at), (right + TICK, at)], style.ink, 1.0)
        sheet.text(label, right + TICK + PAD, at, style.text, "tick", across="left", up="center")
    sheet.line([(right, bottom), (right, top)], style.ink, 1.0)
    if side.title:
        left = right + right_room(side, style) - style.line.height - PAD
        sheet.text(side.title, left, (bottom + top) / 2, style.text, "right axis", up="top", angle=90.0)
    return axis


def _stands_out(style: Style) -> Colour:
    """A colour for the line that is not that of the bars."""
    apart = (colour for colour in line_colours(style) if distance(colour, style.palette[0]) >= BAR_APART)
    return next(apart, style.ink)


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]


@family("overlay", Series, Categories, traits=TRAITS, top_level=12)
def overlay(draws: Draws, scene: Scene) -> Panel:
    """Bars of one series and the line of another, by the same measure."""
    return _panel(draws, scene, twin=False)


@family("twin_axis", Categories, traits=TRAITS, top_level=12, smallest=300)
def twin_axis(draws: Draws, scene: Scene) -> Panel:
    """Bars by one measure and a line by another, each with its own axis."""
    return _panel(draws, scene, twin=True)


def _panel(draws: Draws, scene: Scene, *, twin: bool) -> Panel:
    room = (scene.width - (160 if twin else 100)) / (scene.style.line.height + 4)
    count, sizes = draw_times(draws, scene, 6, 20, room)
    told = tell(
        draws,
        scene,
        series=1 if twin else 2,
        positions=count,
        ordered=True,
        longest=longest_name(scene),
        counted=not twin,
    )
    side = min(scene.width, scene.height)
    small = side < 300
    if "trend" in scene.needs:
        grid, decimals = told.grid, told.words.unit.decimals
        gap = 6.0 / (side - 130) * max(map(max, grid.values))
        told = told.mended(tuple(stepped(row, decimals, gap) for row in grid.values))
    shape = draws.choice(("disc", "square", "diamond"))
    pens = Pens(draws.choice((1.8, 2.2, 2.6)), (shape,), 3.0 if small else 3.6, hollow=draws.chance(0.3))
    category_axis, value_axis = axis_titles(draws, scene, told)
    place = draws.choice(PLACES[:2])
    if not twin:
        marks = Combo(told.grid, pens, place, sizes)
        return Panel(marks, told.words, "combined bar and line chart", told.title, category_axis, value_axis)
    other = draw_measure(draws, told.grid, test=scene.test, level=scene.level)
    other = replace(other, unit=scene.style.notation.of(other.unit))
    low, high = value_range(draws, other.values, other.unit)
    marks = Combo(told.grid, pens, place, sizes, other, low, high)
    noun, words = _capital(told.words.noun), replace(told.words, noted=False)
    title = f"{_capital(told.words.measure)} and {other.measure} by {noun.lower()}" if told.title else ""
    return Panel(marks, words, "combined bar and line chart", title, category_axis, value_axis)
