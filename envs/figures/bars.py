"""Bars, upright or lying, one a category."""

from __future__ import annotations

from dataclasses import dataclass

from envs.address import Draws
from envs.drawing.sheet import Box, Sheet, Unreadable
from envs.figures.base import EDGE, Panel, Style, widest
from envs.figures.counts import NARROW, draw_counts, draw_words, not_written
from envs.figures.scale import TICK, Scale, nice_ticks
from envs.registry import Scene, family
from envs.views import EYE, Categories, Item, show

PAD = 4.0  # pixels between a tick and its label
SURE = 0.36  # of a unit: a reading error below which a whole number is read exactly, without luck
THINNEST = 4.0  # pixels of a bar, across


@dataclass(frozen=True, slots=True)
class Bars:
    """Whole numbers by name. `written`: each value beside its bar, where there is room for it; `insist`: the other way
    of standing is tried before values are left out."""

    names: tuple[str, ...]
    values: tuple[int, ...]
    horizontal: bool
    written: bool
    insist: bool = False
    sizes: int = 1
    absent: tuple[str, ...] = ()

    def lay_out(self, panel: Panel, style: Style, cell: Box, sheet: Sheet) -> Categories:
        first, second = (_lying, _upright) if self.horizontal else (_upright, _lying)
        try:  # nothing is on the sheet yet when either of them gives up
            scale, written = first(self, panel, style, cell, sheet)
        except Unreadable:
            scale, written = second(self, panel, style, cell, sheet)
        err = 0.0 if written else EYE / scale.px_per_unit
        if err < SURE:
            err = 0.0  # counts are whole numbers: a reading this close names the right one
        items = tuple(
            Item(name, value, err, value * scale.px_per_unit)
            for name, value in zip(self.names, self.values, strict=True)
        )
        words = panel.words
        return Categories(
            items,
            words.noun,
            words.nouns,
            words.measure,
            unit="",
            decimals=0,
            whole=False,
            written=written,
            top=scale.last,
            where=panel.where,
            sizes=self.sizes,
            absent=self.absent,
        )


def _upright(bars: Bars, panel: Panel, style: Style, cell: Box, sheet: Sheet) -> tuple[Scale, bool]:
    """Bars standing on the base line; names turn when they do not fit side by side."""
    x0, y0, x1, y1 = cell
    line, count = style.line, len(bars.names)
    axis_line = line.height + 2 * PAD
    name_width, value_width = widest(bars.names, style), widest([show(v, 0) for v in bars.values], style)
    frame_top = y1 - EDGE
    y1 = frame_top - (line.digit + PAD if bars.written else 0)  # room above the tallest bar, inside the frame
    bottom = y0 + EDGE + TICK + PAD + (axis_line if panel.category_axis else 0)
    # The height of the names depends on the width of a slot, which depends on the tick labels, which depend on the
    # height: the labels are as wide as the largest, whatever the ticks.
    tick_width = widest(nice_ticks(max(bars.values), 5)[1], style)
    left = x0 + EDGE + tick_width + TICK + PAD + (axis_line if panel.value_axis else 0)
    right = x1 - EDGE - TICK
    slot = (right - left) / count
    single = max(map(len, bars.names)) == 1
    if single and name_width + 2 > slot:  # a turned N is a Z
        raise Unreadable("no room for the letters below the bars")
    angle = (
        0.0
        if single or name_width + 6 <= slot
        else 45.0
        if line.height * 1.35 <= slot and name_width > line.height
        else 90.0
    )
    if angle == 45:  # the first name hangs to the left of its bar
        left = max(left, x0 + EDGE + style.width(bars.names[0]) * 0.71 - slot / 2)
        slot = (right - left) / count
    if angle and line.height > slot:
        raise Unreadable("no room for the names below the bars")
    names_height = {0.0: line.height, 45.0: (name_width + line.height) * 0.71, 90.0: name_width + 2}[angle]
    bottom += names_height
    if y1 - bottom < 40 or right - left < 40:
        raise Unreadable("the axes are too small")
    written = bars.written and value_width + 3 <= slot
    if bars.insist and not written:
        raise Unreadable("no room for the values above the bars")
    scale = Scale.fit(max(bars.values), bottom, y1, spacing=2.6 * line.digit)
    _grid_and_ticks(scale, style, sheet, (left, bottom, right, frame_top), upright=True)
    half = max(THINNEST, slot * style.fill) / 2
    colours = style.colours(count)
    centres = [left + (i + 0.5) * slot for i in range(count)]
    for i, (x, value) in enumerate(zip(centres, bars.values, strict=True)):
        end = scale.px(value)
        edge = style.ink if style.outline else None
        sheet.rect((x - half, bottom, x + half, end), colours[i], edge, 1.0 if edge else 0.0, mark=i)
        if written:
            sheet.text(show(value, 0), x, end + PAD - 1, style.text, "value")
    _spines(style, sheet, (left, bottom, right, frame_top), upright=True)
    for x, name in zip(centres, bars.names, strict=True):
        sheet.line([(x, bottom - TICK), (x, bottom)], style.ink, 1.0)
        foot = bottom - TICK - PAD
        if angle == 0:
            sheet.text(name, x, foot, style.text, "name", up="top")
        else:
            sheet.text(
                name, x + (0 if angle == 90 else 3), foot, style.text, "name", across="right", up="center", angle=angle
            )
    if panel.category_axis:
        sheet.text(panel.category_axis, (left + right) / 2, y0 + EDGE, style.text, "axis", up="bottom")
    if panel.value_axis:
        middle = (bottom + y1) / 2
        sheet.text(panel.value_axis, x0 + EDGE, middle, style.text, "axis", up="top", angle=90.0)
    return scale, written


def _lying(bars: Bars, panel: Panel, style: Style, cell: Box, sheet: Sheet) -> tuple[Scale, bool]:
    """Bars growing to the right, the first on top."""
    x0, y0, x1, y1 = cell
    line, count = style.line, len(bars.names)
    axis_line = line.height + 2 * PAD
    left = x0 + EDGE + widest(bars.names, style) + PAD + TICK + (axis_line if panel.category_axis else 0)
    bottom = y0 + EDGE + line.height + PAD + TICK + (axis_line if panel.value_axis else 0)
    top = y1 - EDGE
    value_width = widest([show(v, 0) for v in bars.values], style)
    frame_right = x1 - EDGE - value_width / 2  # the last tick label may reach beyond the frame by half its width
    right = frame_right - (value_width + PAD if bars.written else 0)
    slot = (top - bottom) / count
    if slot < line.height:
        raise Unreadable("no room for the names beside the bars")
    if right - left < 40:
        raise Unreadable("the axes are too small")
    scale = Scale.fit(max(bars.values), left, right, spacing=1.5 * value_width + 8)
    _grid_and_ticks(scale, style, sheet, (left, bottom, frame_right, top), upright=False)
    half = max(THINNEST, slot * style.fill) / 2
    colours = style.colours(count)
    centres = [top - (i + 0.5) * slot for i in range(count)]
    for i, (y, value) in enumerate(zip(centres, bars.values, strict=True)):
        end = scale.px(value)
        edge = style.ink if style.outline else None
        sheet.rect((left, y - half, end, y + half), colours[i], edge, 1.0 if edge else 0.0, mark=i)
        if bars.written:
            sheet.text(show(value, 0), end + PAD, y, style.text, "value", across="left", up="center")
    _spines(style, sheet, (left, bottom, frame_right, top), upright=False)
    for y, name in zip(centres, bars.names, strict=True):
        sheet.line([(left - TICK, y), (left, y)], style.ink, 1.0)
        sheet.text(name, left - TICK - PAD, y, style.text, "name", across="right", up="center")
    if panel.value_axis:
        sheet.text(panel.value_axis, (left + right) / 2, y0 + EDGE, style.text, "axis", up="bottom")
    if panel.category_axis:
        sheet.text(panel.category_axis, x0 + EDGE, (bottom + top) / 2, style.text, "axis", up="top", angle=90.0)
    return scale, bars.written


def _grid_and_ticks(scale: Scale, style: Style, sheet: Sheet, box: Box, *, upright: bool) -> None:
    """The value axis: grid lines (under the bars), ticks and their labels."""
    left, bottom, right, top = box
    for value, label in zip(scale.ticks, scale.labels, strict=True):
        at = scale.px(value)
        if upright:
            if style.grid and value:
                sheet.line([(left, at), (right, at)], style.grid, 1.0)
            sheet.line([(left - TICK, at), (left, at)], style.ink, 1.0)
            sheet.text(label, left - TICK - PAD, at, style.text, "tick", across="right", up="center")
        else:
            if style.grid and value:
                sheet.line([(at, bottom), (at, top)], style.grid, 1.0)
            sheet.line([(at, bottom - TICK), (at, bottom)], style.ink, 1.0)
            sheet.text(label, at, bottom - TICK - PAD, style.text, "tick", up="top")


def _spines(style: Style, sheet: Sheet, box: Box, *, upright: bool) -> None:
    """The frame: all four sides, the two axes, or the base line only."""
    left, bottom, right, top = box
    base = [((left, bottom), (right, bottom)), ((left, bottom), (left, top))]
    if style.spines == "base":
        base = base[:1] if upright else base[1:]
    if style.spines == "box":
        base += [((left, top), (right, top)), ((right, bottom), (right, top))]
    for start, end in base:
        sheet.line([start, end], style.ink, 1.0)


@family("bar", Categories, traits=("values", "words"), top_level=12)
def bar(draws: Draws, scene: Scene) -> Panel:
    """Letter or word counts above a threshold."""
    found, shown, sizes = draw_counts(draws, scene, most=16)
    words, title, measure = draw_words(draws, scene, found)
    axes = draws.chance(0.7) and min(scene.width, scene.height) >= NARROW
    long_names = found.kind == "word"
    category_axis = words.noun.capitalize() if axes else ""
    value_axis = measure.capitalize() if axes or (draws.chance(0.3) and scene.width >= NARROW) else ""
    # Small pictures give a count too few pixels to be read exactly.
    insist = scene.values and (min(scene.width, scene.height) - 110) * SURE < EYE * max(found.counts)
    marks = Bars(
        tuple(found.names[i] for i in shown),
        tuple(found.counts[i] for i in shown),
        horizontal=draws.chance(0.75 if long_names else 0.35),
        written=draws.chance(max(0.15, 0.85 - 0.1 * scene.level)) or insist,
        insist=insist,
        sizes=sizes,
        absent=not_written(found.absent, title, category_axis, value_axis),
    )
    return Panel(marks, words, title, category_axis, value_axis)
