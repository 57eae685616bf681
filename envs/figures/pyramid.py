"""Bars of two series to the left and to the right of a common middle."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from envs.address import Draws
from envs.drawing.sheet import Box, Sheet, Unreadable
from envs.figures.bars import THINNEST
from envs.figures.base import Panel, Style, widest
from envs.figures.columns import PLACES, table
from envs.figures.counts import NARROW
from envs.figures.frame import Frame, Names, Values, frame
from envs.figures.legend import legend
from envs.figures.tables import Plot, axis_titles, by_eye, first_fit, readable, round_up, table_views, writes
from envs.figures.topics import Told
from envs.numerals import Unit
from envs.registry import Scene, family
from envs.views import Categories, Item, Series, View

if TYPE_CHECKING:
    from envs.data import Grid

SEXES = (("Male", "Female"), ("Men", "Women"), ("Boys and men", "Girls and women"))
# How people are counted, and between which largest values of an age group.
PEOPLE = (
    (Unit(0, "thousand people", suffix="k", scale=1e3), 5, 1e9),
    (Unit(0, "million people", suffix="M", scale=1e6), 0, 100),
    (Unit(), 50, 1e9),
)
OLDEST = 100
WIDTHS = (5, 10, 15, 20, 25, 30)  # years of an age group


@dataclass(frozen=True, slots=True)
class Pyramid:
    """Two series: the first grows to the left, the second to the right, in the same scale. `down`: the first position
    is on top. `written`: each value beyond its bar. `place`: the side of the legend."""

    grid: Grid
    down: bool
    written: bool
    place: str
    sizes: tuple[int, int]
    asked: bool = False

    def lay_out(self, panel: Panel, style: Style, cell: Box, sheet: Sheet) -> list[View]:
        return first_fit(sheet, (partial(self._draw, panel, style, cell, sheet, *way) for way in self._ways()))

    def _ways(self) -> Iterator[tuple[str, bool, bool]]:
        """Place of the legend, values written, and whether the axis ends at a round number, which is a tick."""
        places = (self.place, *(place for place in PLACES if place != self.place))
        for written in dict.fromkeys((self.written, False, self.asked)):
            for even in (False, True):
                yield from ((place, written, even) for place in places)

    def _draw(
        self, panel: Panel, style: Style, cell: Box, sheet: Sheet, place: str, written: bool, even: bool
    ) -> list[View]:
        grid, unit = self.grid, panel.words.unit
        colours = style.palette[:2]
        room = legend(list(zip(grid.series, colours, strict=True)), style, sheet, cell, place)
        labels = [[unit.write(value) for value in row] for row in grid.values]
        names = Names(grid.positions, panel.category_axis, down=self.down)
        largest = max(map(max, grid.values))
        most = round_up(largest) if even else 1.03 * largest
        found = frame(room, style, Values(-most, most, unit, panel.value_axis), names)
        if written:  # both ends keep so many pixels free
            wide = max(widest(row, style) for row in labels) + 12
            half = (found.x.end - found.x.start) / 2
            if wide > 0.45 * half or style.line.digit + 3 > found.y.slot:
                raise Unreadable("no room for the values beyond the bars")
            most = max(most, largest * half / (half - wide))
            found = frame(room, style, Values(-most, most, unit, panel.value_axis), names)
        found = _both_ways(found)
        if len(found.x_ticks) < 3:
            raise Unreadable("the values have too few ticks")
        fill = max(style.fill, 0.7)
        if found.y.slot * fill < THINNEST:
            raise Unreadable("the bars are too thin")
        px = found.x.px_per_unit
        err = 0.0 if written else by_eye(px, unit)
        if self.asked:
            readable(err, most)
        found.begin(style, sheet)
        items: list[list[Item]] = [[], []]
        for i, (colour, side) in enumerate(zip(colours, (-1, 1), strict=True)):
            for j, (name, value) in enumerate(zip(grid.positions, grid.values[i], strict=True)):
                box = Plot(found, True).box(j + 0.5 - fill / 2, j + 0.5 + fill / 2, 0.0, side * value)
                edge = style.ink if style.outline else style.ground
                sheet.rect(box, colour, edge, 1.0, mark=i * len(grid.positions) + j)
                items[i].append(Item(name, value, err, value * px, (grid.series[i], name)))
                if written:
                    x, across = (box[2] + 4, "left") if side > 0 else (box[0] - 4, "right")
                    middle = (box[1] + box[3]) / 2
                    sheet.text(labels[i][j], x, middle, style.text, "value", across=across, up="center")
        found.finish(style, sheet)
        sheet.line([(found.x.px(0.0), found.box[1]), (found.x.px(0.0), found.box[3])], style.ink, 1.0)
        return table_views(panel, grid, items, span=most, written=written, sizes=self.sizes)


def _both_ways(found: Frame) -> Frame:
    """The frame with a scale that counts up from the middle to both sides."""
    return replace(found, x_ticks=[(value, label.removeprefix("-")) for value, label in found.x_ticks])


@family(
    "pyramid",
    Series,
    Categories,
    traits=("values", "words", "axes", "legend"),
    top_level=12,
    smallest={"": NARROW, "values": 300},  # each side has half the width, too little to read differences
)
def pyramid(draws: Draws, scene: Scene) -> Panel:
    """A population by age and sex, or two series of a topic."""
    side = min(scene.width, scene.height)
    told, (_, sizes) = table(draws, scene, (6, 18, (side - 100) / (1.3 * scene.style.text) * 2), (2, 2, 2))
    people = draws.chance(0.5)
    if people:
        told = _population(draws, told)
    category_axis, value_axis = axis_titles(draws, scene, told)
    marks = Pyramid(
        told.grid,
        down=not people and draws.chance(0.7),
        written=writes(draws, scene) or scene.reckons,
        place=draws.choice(PLACES[1:]),
        sizes=(1, sizes),
        asked="values" in scene.needs,
    )
    chart = "population pyramid" if people else "diverging bar chart"
    return Panel(marks, told.words, chart, told.title, category_axis, value_axis)


def _population(draws: Draws, told: Told) -> Told:
    """The same numbers as people by age and sex. The oldest are not always the fewest: that could be guessed."""
    grid, count = told.grid, len(told.grid.positions)
    width = draws.choice([years for years in WIDTHS if years * count <= OLDEST] or WIDTHS[:1])
    # Not always from birth to death: which ages are shown could be guessed.
    start = draws.integers(0, max(0, OLDEST - width * count) // width + 1)
    ages = [f"{width * k}-{width * (k + 1) - 1}" for k in range(max(0, start - 2), start + count + 2)]
    names, absent = tuple(ages[-count - 2 : -2]), (*ages[: -count - 2], *ages[-2:])
    if draws.chance(0.5):  # and older
        oldest = start + count - 1
        names, absent = (*names[:-1], f"{width * oldest}+"), (*absent, f"{width * (oldest + 1)}+")
    decimals = told.words.unit.decimals
    largest = max(map(max, grid.values))
    fit = [unit for unit, low, high in PEOPLE if low <= largest < high and (unit.words or not decimals)]
    unit = replace(draws.choice(fit), decimals=decimals)
    grid = replace(
        grid,
        positions=names,
        series=draws.choice(SEXES),
        absent=absent,
        absent_series=(),
        noun="age group",
        nouns="age groups",
        series_noun="sex",
        series_nouns="sexes",
        measure="population",
        unit=unit,
        ordered=False,
    )
    words = replace(told.words, noun="age group", nouns="age groups", measure="population", unit=unit)
    return Told(grid, words, draws.choice(("Population by age and sex", "Population pyramid")) if told.title else "")
