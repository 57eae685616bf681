"""The frame of a chart with two axes: margins for what is written around it, scales, ticks, grid and spines.

An axis is either Names (a slot for each) or Values (a scale). Everything is measured before anything is
drawn, so that a chart may try one frame and take another.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from envs.drawing.sheet import Box, Sheet, Unreadable
from envs.figures.around import EDGE
from envs.figures.base import Style, widest
from envs.figures.ground import lay_ground
from envs.numerals import COUNTS, Unit

TICK = 4.0  # pixels of a tick
PAD = 4.0  # pixels between a tick and its label
SMALLEST = 40.0  # pixels: a shorter side of the frame is no frame
Tick = tuple[float, str]


@dataclass(frozen=True, slots=True)
class Names:
    """An axis with a slot for each name; `title` is written along it unless ''. `down`: the first is on top.

    `inset`: how far the first name lies from the start of the axis, and the last from its end, in slots.
    """

    names: Sequence[str]
    title: str = ""
    down: bool = False
    inset: float = 0.5


@dataclass(frozen=True, slots=True)
class Values:
    """An axis from `low` to `high`, its ticks written in `unit`. `head`: pixels inside the frame beyond the high end,
    kept free for values that are written there. `at`: places where ticks may stand, evenly apart (as the edges of
    bins); as many of them are labelled as fit. `bare`: neither ticks nor labels. `log`: equal ratios lie equally far
    apart; only upwards, and `low` is above nought."""

    low: float
    high: float
    unit: Unit = COUNTS
    title: str = ""
    head: float = 0.0
    at: tuple[float, ...] = ()
    bare: bool = False
    log: bool = False

    def ticks(self, most: int) -> list[Tick]:
        """At most `most` steps, but at least one; none where the axis is bare."""
        if self.bare:
            return []
        if self.log:
            return ratio_ticks(self.low, self.high, most, self.unit)
        if not self.at:
            return ticks(self.low, self.high, most, self.unit)
        every = -(-(len(self.at) - 1) // most)
        decimals = 0 if all(value == round(value) for value in self.at) else self.unit.decimals
        return [(value, self.unit.tick(value, decimals)) for value in self.at[:: min(every, len(self.at) - 1)]]


@dataclass(frozen=True, slots=True)
class Axis:
    """Where things lie along one side: `start` and `end` are the pixels of `low` and `high`. For names, i + 0.5 is the
    middle of the i-th slot, and low is 0 and high their number unless they are inset by less. On a `log` axis low and
    high are powers of ten, and its units decades."""

    start: float
    end: float
    low: float
    high: float
    log: bool = False

    @property
    def px_per_unit(self) -> float:
        return (self.end - self.start) / (self.high - self.low)

    @property
    def slot(self) -> float:
        """Pixels of a slot."""
        return abs(self.px_per_unit)

    def px(self, value: float) -> float:
        """Where a value lies."""
        if self.log:
            value = math.log10(value)
        return self.start + (value - self.low) * self.px_per_unit

    def off(self, value: float, pixels: float) -> float:
        """How far off a value is that is read so many pixels too high."""
        if self.log:
            return value * (10 ** (pixels / abs(self.px_per_unit)) - 1)
        return pixels / abs(self.px_per_unit)

    def middle(self, i: int) -> float:
        """Where the middle of the i-th slot lies."""
        return self.px(i + 0.5)


@dataclass(frozen=True, slots=True)
class Frame:
    """The plotting area and its axes, measured but not yet drawn: `x` across, `y` up; `angle` is that of the names
    below."""

    cell: Box
    box: Box
    x: Axis
    y: Axis
    across: Names | Values
    up: Names | Values
    x_ticks: Sequence[Tick]
    y_ticks: Sequence[Tick]
    angle: float

    def begin(self, style: Style, sheet: Sheet) -> None:
        """Draws what lies under the marks and around them: grid, ticks, their labels, the axis titles."""
        left, bottom, right, top = self.box
        x_places = [self.x.px(value) for value, _ in self.x_ticks]
        y_places = [self.y.px(value) for value, _ in self.y_ticks]
        lay_ground(style if not self.y.log else replace(style, fine=False), sheet, self.box, x_places, y_places)
        below, beside = _marked(self.across, self.x, x_places), _marked(self.up, self.y, y_places)
        out = 0.0 if style.inward else -TICK
        sheet.comb((((at, bottom + out), (at, bottom + out + TICK)) for at in below), style.ink, 1.0)
        sheet.comb((((left + out, at), (left + out + TICK, at)) for at in beside), style.ink, 1.0)
        if isinstance(self.across, Names):
            self._names_below(self.across, below, style, sheet)
        for at, (_, label) in zip(x_places, self.x_ticks):
            sheet.text(label, at, bottom - TICK - PAD, style.text, "tick", up="top")
        role, labels = ("name", self.up.names) if isinstance(self.up, Names) else ("tick", [t for _, t in self.y_ticks])
        for at, label in zip(beside, labels):
            sheet.text(label, left - TICK - PAD, at, style.text, role, across="right", up="center")
        if self.across.title:
            foot = self.cell[1] + EDGE
            middle = _within((left + right) / 2, style.width(self.across.title), self.cell[0], self.cell[2])
            sheet.text(self.across.title, middle, foot, style.text, "axis", up="bottom")
        if self.up.title:
            side = self.cell[0] + EDGE
            middle = _within((bottom + top) / 2, style.width(self.up.title), self.cell[1], self.cell[3])
            sheet.text(self.up.title, side, middle, style.text, "axis", up="top", angle=90.0)

    def _names_below(self, side: Names, places: Sequence[float], style: Style, sheet: Sheet) -> None:
        foot = self.box[1] - TICK - PAD
        for at, name in zip(places, side.names):
            if self.angle == 0:
                sheet.text(name, at, foot, style.text, "name", up="top")
            else:
                right = at + (0 if self.angle == 90 else 3)
                sheet.text(name, right, foot, style.text, "name", across="right", up="center", angle=self.angle)

    def finish(self, style: Style, sheet: Sheet) -> None:
        """Draws the spines, over the marks: all four sides, the two axes, only the side that marks stand on, or none;
        two value axes keep theirs."""
        named = isinstance(self.across, Names) != isinstance(self.up, Names)
        if style.spines == "none" and named:
            return
        left, bottom, right, top = self.box
        below, beside = ((left, bottom), (right, bottom)), ((left, bottom), (left, top))
        sides = [below, beside]
        if style.spines == "base" and named:
            sides = [below if isinstance(self.across, Names) else beside]
        if style.spines == "box":
            sides += [((left, top), (right, top)), ((right, bottom), (right, top))]
        for start, end in sides:
            sheet.line([start, end], style.ink, style.spine)


def frame(cell: Box, style: Style, across: Names | Values, up: Names | Values) -> Frame:
    """Measures two axes in a cell. Raises Unreadable when there is no room.

    Names below turn when they do not fit side by side; a letter never turns (an N would be a Z).
    """
    x0, y0, x1, y1 = cell
    line = style.line
    title_room = line.height + 2 * PAD
    foot = y0 + EDGE + TICK + PAD + (title_room if across.title else 0)
    top = y1 - EDGE
    labels = up.names if isinstance(up, Names) else [text for _, text in up.ticks(9 if up.log else 5)]
    while True:  # the labels beside need the ticks, which need the height, which needs the names below, ...
        beside = widest(labels, style) + TICK + PAD if labels else 0.0
        if not labels and isinstance(across, Values):  # the first label below hangs out to the left
            beside = widest([text for _, text in across.ticks(5)], style) / 2
        left = x0 + EDGE + beside + (title_room if up.title else 0)
        x_ticks: Sequence[Tick] = ()
        y_ticks: Sequence[Tick] = ()
        if isinstance(across, Names):
            right = x1 - EDGE - TICK
            angle, depth, left, right = _turn(across, style, left, right, (x0 + EDGE, x1 - EDGE))
        else:
            x_ticks, right = _values_below(across, style, left, x1 - EDGE)
            angle, depth = 0.0, line.height
        bottom = foot + depth
        if top - bottom < SMALLEST or right - left < SMALLEST:
            raise Unreadable("the axes are too small")
        x, y = _axis(across, left, right), _axis(up, bottom, top)
        if isinstance(up, Names):
            break
        y_ticks = up.ticks(max(1, int((y.end - y.start) / (2.6 * line.digit))))
        wider = [text for _, text in y_ticks]
        over = y.px(y_ticks[-1][0]) + line.digit / 2 - (y1 - 2) if y_ticks else 0.0  # a tick at the very top
        if not wider or (widest(wider, style) <= widest(labels, style) + 0.5 and over <= 0.1):
            break
        labels = wider
        top -= max(0.0, over)
    if isinstance(up, Names) and y.slot < line.height:
        raise Unreadable("no room for the names beside the axis")
    sides = ((across, x_ticks), (up, y_ticks))
    if any(isinstance(side, Values) and not side.bare and len(found) < 2 for side, found in sides):
        raise Unreadable("an axis with fewer than two ticks")
    return Frame(cell, (left, bottom, right, top), x, y, across, up, x_ticks, y_ticks, angle)


def ticks(low: float, high: float, most: int, unit: Unit) -> list[Tick]:
    """Multiples of 1, 2 or 5 x 10^n within [low, high], with their labels: at most `most` steps, but at least one.

    Steps are never finer than the decimals of the unit.
    """
    finer: tuple[float, int, int, int] | None = None  # step, its first and last multiple, decimals
    for power in range(-unit.decimals, 16):
        for digit in (1, 2, 5):
            step = digit * 10.0**power
            first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
            if last > first:
                finer = (step, first, last, max(0, -power))
            if last <= first or (high - low) / step <= most + 1e-9:
                if finer is None:
                    return []
                step, first, last, decimals = finer
                return [(k * step, unit.tick(k * step, decimals)) for k in range(first, last + 1)]
    raise Unreadable("the values are too large")


def ratio_ticks(low: float, high: float, most: int, unit: Unit) -> list[Tick]:
    """Round numbers for a log axis, at most `most` steps apart: 1, 2 and 5 times powers of ten, 1 and 3 times, or the
    powers alone. Unreadable where there are fewer than three: two numbers do not show that an axis is no linear one."""
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    for digits in ((1, 2, 5), (1, 3), (1,)):
        found = [(digit * 10.0**power, max(0, -power)) for power in powers for digit in digits]
        found = [(value, decimals) for value, decimals in found if low <= value <= high and decimals <= unit.decimals]
        if 3 <= len(found) <= most + 1:
            return [(value, unit.tick(value, decimals)) for value, decimals in found]
    raise Unreadable("no round numbers for a log axis")


def _marked(side: Names | Values, axis: Axis, ticks: Sequence[float]) -> Sequence[float]:
    """Where the ticks of a side lie: one in the middle of each name's slot, or as given."""
    return [axis.middle(i) for i in range(len(side.names))] if isinstance(side, Names) else ticks


def _within(middle: float, width: float, start: float, end: float) -> float:
    """The middle of a title of this width, moved where it would reach out of its cell."""
    return min(max(middle, start + EDGE + width / 2), end - EDGE - width / 2)


def _axis(side: Names | Values, start: float, end: float) -> Axis:
    if isinstance(side, Values):
        if side.log:
            return Axis(start, end - side.head, math.log10(side.low), math.log10(side.high), log=True)
        return Axis(start, end - side.head, side.low, side.high)
    low, high = 0.5 - side.inset, len(side.names) - 0.5 + side.inset
    return Axis(end, start, low, high) if side.down else Axis(start, end, low, high)


def _turn(
    side: Names, style: Style, left: float, right: float, edges: tuple[float, float]
) -> tuple[float, float, float, float]:
    """The angle of the names below, how deep they reach, and both ends of the axis: names that hang out push them."""
    names, line = side.names, style.line
    width = widest(names, style)
    slots = len(names) - 1 + 2 * side.inset
    slot = (right - left) / slots
    single = max(map(len, names)) == 1
    if single and width + 2 > slot:
        raise Unreadable("no room for the letters below the axis")
    if single or (width + 6 <= slot and not style.turn):
        first, last = style.width(names[0]) / 2, style.width(names[-1]) / 2
        pushed = max(left, edges[0] + first - side.inset * slot), min(right, edges[1] - last + side.inset * slot)
        if single or width + 6 <= (pushed[1] - pushed[0]) / slots:
            return 0.0, line.height, *pushed
    inset = side.inset * slot
    angle = style.turn if 0 < style.turn < 90 else 45.0
    cos, sin = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    if line.height * 0.95 / sin <= slot and width > line.height and style.turn < 90:
        left = max(left, edges[0] + style.width(names[0]) * cos - inset)  # the first name hangs out to the left
        right = min(right, edges[1] - 3 - 0.4 * line.height + inset)  # and the tip of the last to the right
        return angle, (width + line.height) * max(sin, 0.71), left, right
    if line.height > slot:
        raise Unreadable("no room for the names below the axis")
    # Half a line of the first and the last name may hang out.
    out = max(0.0, line.height / 2 - inset)
    return 90.0, width + 2, max(left, edges[0] + out), min(right, edges[1] - out)


def _values_below(side: Values, style: Style, left: float, right: float) -> tuple[list[Tick], float]:
    """Ticks of a value axis across, and where it ends, so that the last label does not reach out of the cell."""
    labels = [text for _, text in side.ticks(5)]
    if side.bare:
        return [], right
    for share, air in ((1.5, 8.0), (1.0, 1.5 * PAD)):  # closer to each other before there are too few of them
        for _ in range(2):
            width = widest(labels, style)
            end = right - width / 2
            found = side.ticks(max(1, int((end - side.head - left) / (share * width + air))))
            labels = [text for _, text in found]
        if len(found) > 2:
            break
    if len(found) > 1:
        apart = (found[1][0] - found[0][0]) * (end - side.head - left) / (side.high - side.low)
        if apart <= 0:
            raise Unreadable("the axes are too small")
        found = found[:: math.ceil((widest(labels, style) + PAD) / apart)]
        if len(found) < 2:
            raise Unreadable("no room for the ticks below the axis")
    return found, end
