"""Bars, upright or lying, one a category."""

from __future__ import annotations

from dataclasses import dataclass, replace

from envs.address import Draws
from envs.drawing.colour import Colour
from envs.drawing.sheet import Box, Sheet, Unreadable
from envs.figures.base import Panel, Style, widest
from envs.figures.counts import NARROW, draw_counts, draw_words, not_written
from envs.figures.frame import PAD, Axis, Names, Values, frame
from envs.registry import Scene, family
from envs.views import EYE, Categories, Item

SURE = 0.36  # of the last digit: a reading error below which a value is read exactly, without luck
THINNEST = 4.0  # pixels of a bar, across


@dataclass(frozen=True, slots=True)
class Bars:
    """Values by name, none negative, multiples of the last digit of the panel's unit. `written`: each value beside its
    bar, where there is room for it; `insist`: the other way of standing is tried before values are left out."""

    names: tuple[str, ...]
    values: tuple[float, ...]
    horizontal: bool
    written: bool
    insist: bool = False
    sizes: int = 1
    absent: tuple[str, ...] = ()

    def lay_out(self, panel: Panel, style: Style, cell: Box, sheet: Sheet) -> list[Categories]:
        ways = (self._lying, self._upright) if self.horizontal else (self._upright, self._lying)
        try:  # nothing is on the sheet yet when either of them gives up
            axis, written = ways[0](panel, style, cell, sheet)
        except Unreadable:
            axis, written = ways[1](panel, style, cell, sheet)
        err = 0.0 if written else EYE / axis.px_per_unit
        if err < SURE * 10.0**-panel.words.unit.decimals:
            err = 0.0  # values are whole multiples of the last digit: a reading this close names the right one
        items = (
            Item(name, value, err, value * axis.px_per_unit)
            for name, value in zip(self.names, self.values, strict=True)
        )
        return [panel.categories(items, span=axis.high, written=written, sizes=self.sizes, absent=self.absent)]

    def _upright(self, panel: Panel, style: Style, cell: Box, sheet: Sheet) -> tuple[Axis, bool]:
        """Bars standing on the base line; whether their values are written above them."""
        unit, count = panel.words.unit, len(self.names)
        labels = [unit.write(value) for value in self.values]
        across = Names(self.names, panel.category_axis)
        up = Values(0.0, 1.05 * max(self.values), unit, panel.value_axis)
        found = frame(cell, style, across, replace(up, head=style.line.digit + PAD if self.written else 0.0))
        written = self.written and widest(labels, style) + 3 <= found.x.slot
        if self.insist and not written:
            raise Unreadable("no room for the values above the bars")
        if self.written and not written:
            found = frame(cell, style, across, up)
        found.begin(style, sheet)
        half = max(THINNEST, found.x.slot * style.fill) / 2
        for i, (colour, value, label) in enumerate(zip(style.colours(count), self.values, labels, strict=True)):
            x, end = found.x.middle(i), found.y.px(value)
            _bar(sheet, style, (x - half, found.y.start, x + half, end), colour, i)
            if written:
                sheet.text(label, x, end + PAD - 1, style.text, "value")
        found.finish(style, sheet)
        return found.y, written

    def _lying(self, panel: Panel, style: Style, cell: Box, sheet: Sheet) -> tuple[Axis, bool]:
        """Bars growing to the right, the first on top."""
        unit, count = panel.words.unit, len(self.names)
        labels = [unit.write(value) for value in self.values]
        head = widest(labels, style) + PAD if self.written else 0.0
        across = Values(0.0, 1.05 * max(self.values), unit, panel.value_axis, head)
        found = frame(cell, style, across, Names(self.names, panel.category_axis, down=True))
        found.begin(style, sheet)
        half = max(THINNEST, found.y.slot * style.fill) / 2
        for i, (colour, value, label) in enumerate(zip(style.colours(count), self.values, labels, strict=True)):
            y, end = found.y.middle(i), found.x.px(value)
            _bar(sheet, style, (found.x.start, y - half, end, y + half), colour, i)
            if self.written:
                sheet.text(label, end + PAD, y, style.text, "value", across="left", up="center")
        found.finish(style, sheet)
        return found.x, self.written


def _bar(sheet: Sheet, style: Style, box: Box, colour: Colour, i: int) -> None:
    sheet.rect(box, colour, style.ink if style.outline else None, 1.0 if style.outline else 0.0, mark=i)


@family("bar", Categories, traits=("values", "written", "words", "title", "axes", "ticks"), top_level=12, smallest=0)
def bar(draws: Draws, scene: Scene) -> Panel:
    """Letter or word counts above a threshold."""
    found, shown, sizes = draw_counts(draws, scene, most=22)
    words, title, measure = draw_words(draws, scene, found)
    axes = (draws.chance(0.7) and min(scene.width, scene.height) >= NARROW) or "axes" in scene.needs
    long_names = found.kind == "word"
    category_axis = words.noun.capitalize() if axes else ""
    value_axis = measure.capitalize() if axes or (draws.chance(0.3) and scene.width >= NARROW) else ""
    # Small pictures give a count too few pixels to be read exactly.
    insist = "written" in scene.needs
    insist |= "values" in scene.needs and (min(scene.width, scene.height) - 110) * SURE < EYE * max(found.counts)
    marks = Bars(
        tuple(found.names[i] for i in shown),
        tuple(found.counts[i] for i in shown),
        horizontal=draws.chance(0.75 if long_names else 0.35),
        written=draws.chance(max(0.15, 0.85 - 0.1 * scene.level)) or insist,
        insist=insist,
        sizes=sizes,
        absent=not_written(found.absent, title, category_axis, value_axis),
    )
    return Panel(marks, words, "bar chart", title, category_axis, value_axis)
