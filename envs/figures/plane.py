"""What charts in a plane share: two value axes titled by their measures, markers, and labels beside points."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from envs.data import Measure
from envs.drawing.colour import Colour, contrast, standing_out
from envs.drawing.sheet import Box, Point, Sheet, Unreadable
from envs.figures.around import EDGE
from envs.figures.bars import SURE
from envs.figures.base import Style
from envs.figures.frame import Axis, Frame, Values, frame
from envs.figures.legend import GAP
from envs.figures.style import THIN_CONTRAST
from envs.views import EYE
from envs.views_points import Along

SHAPES = ("circle", "square", "diamond", "triangle")
ALONE = 7.0  # pixels between a label and any point that is not its own
TIED = 3.0  # pixels between a label and its point


@dataclass(frozen=True, slots=True)
class Plane:
    """A measured frame and how to speak of its axes; a measure whose name is not written is the x-value."""

    frame: Frame
    names: tuple[str, str]

    def along(self, measures: Sequence[Measure]) -> tuple[Along, Along]:
        """The measures of the two axes, as a view holds them."""
        sides = zip(measures, self.names, (self.frame.x, self.frame.y))
        across, up = (
            Along(
                measure=name,
                unit=measure.unit,
                span=axis.high - axis.low,
                low=axis.low,
                high=axis.high,
                px=axis.px_per_unit,
            )
            for measure, name, axis in sides
        )
        return across, up

    def at(self, x: float, y: float) -> Point:
        """Where a pair of values lies."""
        return self.frame.x.px(x), self.frame.y.px(y)

    def value(self, at: Point) -> tuple[float, float]:
        """The pair of values at a place."""
        x, y = self.frame.x, self.frame.y
        return x.low + (at[0] - x.start) / x.px_per_unit, y.low + (at[1] - y.start) / y.px_per_unit


def plane(
    cell: Box,
    style: Style,
    measures: Sequence[Measure],
    ranges: Sequence[tuple[float, float]],
    *,
    titled: bool,
    insist: bool = False,
) -> Plane:
    """Two value axes that hold these ranges of the first two measures, titled as fully as there is room for.

    Raises Unreadable where there is none, or no room for titles that are insisted on.
    """
    x, y = (Values(low, high, measure.unit) for (low, high), measure in zip(ranges, measures))
    cell = (*cell[:3], cell[3] - style.line.digit / 2)  # a tick may stand at the very top
    for full in (True, False) if titled else ():
        across, up = (_title(measure, style, full) for measure in measures[:2])
        found = frame(cell, style, replace(x, title=across), replace(y, title=up))
        left, bottom, right, top = found.box
        _ticks_apart(found, style)
        middle = (left + right) / 2
        fits = style.width(across) <= 2 * min(middle - cell[0], cell[2] - middle) - 8
        if fits and style.width(up) <= 2 * min((bottom + top) / 2 - cell[1], cell[3] - (bottom + top) / 2) - 8:
            return Plane(found, (measures[0].name, measures[1].name))
    if insist:
        raise Unreadable("no room for the titles of the axes")
    found = frame(cell, style, x, y)
    _ticks_apart(found, style)
    return Plane(found, ("x-value", "y-value"))


def _ticks_apart(found: Frame, style: Style) -> None:
    """Raises Unreadable where two labels below a narrow axis would touch."""
    (a, first), (b, second) = found.x_ticks[-2:]
    if (b - a) * found.x.px_per_unit < (style.width(first) + style.width(second)) / 2 + 4:
        raise Unreadable("no room for the numbers below the axis")


def _title(measure: Measure, style: Style, full: bool) -> str:
    name = measure.name[0].upper() + measure.name[1:]
    return style.united(name, measure.unit.beside) if full and measure.unit.words else name


def padded(values: Sequence[float], *, zero: bool = False, share: float = 0.07) -> tuple[float, float]:
    """The ends of an axis for values, none negative, with some room around them; `zero`: from nought on."""
    low, high = min(values), max(values)
    room = share * (high - low)
    # An axis that would begin just above nought begins there.
    return 0.0 if zero or low - room < 0.15 * high else low - room, high + room


def by_eye(axis: Axis, decimals: int) -> float:
    """How far off a place on an axis may be read; nothing where it names one multiple of the last digit."""
    err = EYE / abs(axis.px_per_unit)
    return 0.0 if err < SURE * 10.0**-decimals else err


def marker(
    sheet: Sheet, shape: str, at: Point, radius: float, colour: Colour, edge: Colour, mark: int | None = None
) -> None:
    """A marker; all shapes look about as large, and the middle of their boxes is the point."""
    x, y = at
    if shape == "circle":
        sheet.dot(x, y, radius, colour, edge, 1.0, mark)
        return
    wide, high = {"square": (0.9, 0.9), "diamond": (1.2, 1.2), "triangle": (1.15, 1.05)}[shape]
    a, b = wide * radius, high * radius
    corners = {
        "square": [(x - a, y - b), (x + a, y - b), (x + a, y + b), (x - a, y + b)],
        "diamond": [(x, y - b), (x + a, y), (x, y + b), (x - a, y)],
        "triangle": [(x - a, y - b), (x + a, y - b), (x, y + b)],
    }[shape]
    sheet.polygon(corners, colour, edge, 1.0, mark)


def bold(style: Style, count: int) -> list[Colour]:
    """So many colours for small marks: those of the palette that stand out first, the others with more ink."""
    order = sorted(style.palette, key=lambda colour: contrast(colour, style.ground) < THIN_CONTRAST)
    return [standing_out(colour, style.ground, style.ink, THIN_CONTRAST) for colour in order[:count]]


Anchor = tuple[float, float, str]  # where a label hangs, and which of its sides: left, center, right


def beside(
    labels: Sequence[tuple[int, str]],
    marks: Sequence[tuple[Point, float]],
    style: Style,
    box: Box,
    lines: Sequence[tuple[Point, Point]] = (),
    most: int = 99,
) -> dict[int, Anchor]:
    """Places for up to `most` of the labels beside their marks (middle and radius), clear of all others; what finds
    none is left out.

    A label hangs by the middle of its digits, as `sheet.text(..., up="center")` writes it.
    """
    line = style.line
    above, below = line.ascent - line.digit / 2, line.descent + line.digit / 2
    taken: list[Box] = []
    found: dict[int, Anchor] = {}
    for i, label in labels:
        if len(found) == most:
            break
        (x, y), radius = marks[i]
        width, out = style.width(label), radius + TIED
        slant = 0.75 * radius + 1
        for dx, dy, across in (
            (out, 0.0, "left"),
            (-out, 0.0, "right"),
            (0.0, out + below, "center"),
            (0.0, -out - above, "center"),
            (slant, slant + below, "left"),
            (slant, -slant - above, "left"),
            (-slant, slant + below, "right"),
            (-slant, -slant - above, "right"),
        ):
            left = x + dx - {"left": 0.0, "center": width / 2, "right": width}[across]
            mine = (left - 1, y + dy - below, left + width + 1, y + dy + above)
            inside = box[0] < mine[0] and mine[2] < box[2] and box[1] < mine[1] and mine[3] < box[3]
            if not inside or any(_meet(mine, other) for other in taken):
                continue
            if any(j != i and _near(mine, at) < far + ALONE for j, (at, far) in enumerate(marks)):
                continue
            if any(_cut(mine, a, b) for a, b in lines):
                continue
            taken.append((mine[0] - 4, mine[1], mine[2] + 4, mine[3]))
            found[i] = (x + dx, y + dy, across)
            break
    return found


def _meet(a: Box, b: Box) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def _near(box: Box, at: Point) -> float:
    """Pixels from a point to a box."""
    return math.hypot(max(box[0] - at[0], 0, at[0] - box[2]), max(box[1] - at[1], 0, at[1] - box[3]))


def _cut(box: Box, a: Point, b: Point) -> bool:
    """Whether a segment runs through a box: it does unless all corners lie on one side of it, or it ends before."""
    if max(a[0], b[0]) < box[0] or min(a[0], b[0]) > box[2] or max(a[1], b[1]) < box[1] or min(a[1], b[1]) > box[3]:
        return False
    sides = [(b[0] - a[0]) * (y - a[1]) - (b[1] - a[1]) * (x - a[0]) for x in box[::2] for y in box[1::2]]
    return min(sides) <= 0 <= max(sides)


def size_note(measure: Measure, style: Style, sheet: Sheet, cell: Box) -> Box:
    """A line below the cell that tells what the written sizes are; what is left of the cell."""
    full = f"Bubble size: {measure.name} ({measure.unit.beside})" if measure.unit.words else ""
    room = cell[2] - cell[0] - 2 * EDGE
    texts = [text for text in (full, f"Bubble size: {measure.name}", measure.name) if text]
    text = next((text for text in texts if style.width(text) <= room), "")
    if not text:
        raise Unreadable("no room for the name of the sizes")
    sheet.text(text, (cell[0] + cell[2]) / 2, cell[1] + EDGE, style.text, "key", up="bottom")
    return cell[0], cell[1] + style.line.height + EDGE, cell[2], cell[3]


def size_key(measure: Measure, largest: float, radius: float, style: Style, sheet: Sheet, cell: Box) -> Box:
    """A row of bubbles with their sizes, below the cell; what is left of it. `radius` is that of the largest size."""
    steps = [_round_below(largest * share, measure) for share in (0.2, 0.9)]
    texts = [measure.unit.write(step) for step in steps]
    reach = [radius * math.sqrt(step / largest) for step in steps]
    title = f"{measure.name[0].upper() + measure.name[1:]}:"
    x0, y0, x1, y1 = cell
    wide = sum(style.width(t) + 2 * r + 4 * GAP for t, r in zip(texts, reach))
    abreast = style.width(title) + wide <= x1 - x0 - 2 * EDGE
    if max(wide, style.width(title)) > x1 - x0 - 2 * EDGE:
        raise Unreadable("no room for the key of the sizes")
    depth = max(2 * reach[-1], style.line.height) + EDGE
    x, y = (x0 + x1 - wide - (style.width(title) if abreast else 0.0)) / 2, y0 + EDGE / 2 + depth / 2
    if abreast:
        sheet.text(title, x, y, style.text, "key", across="left", up="center")
        x += style.width(title)
    else:
        sheet.text(title, (x0 + x1) / 2, y0 + depth + 2, style.text, "key", up="bottom")
        depth += style.line.height + 4
    for text, r in zip(texts, reach):
        x += 2 * GAP + r
        sheet.dot(x, y, r, style.grid or style.ground, style.ink, 1.0)
        sheet.text(text, x + r + GAP, y, style.text, "key", across="left", up="center")
        x += r + 2 * GAP + style.width(text)
    return x0, y0 + depth, x1, y1


def _round_below(value: float, measure: Measure) -> float:
    """The largest 1, 2 or 5 times a power of ten up to a value, but no finer than the last digit."""
    step = 1
    digits = int(value * 10**measure.unit.decimals + 1e-6)
    for power in range(12):
        for digit in (1, 2, 5):
            if digit * 10**power <= digits:
                step = digit * 10**power
    return step / 10.0**measure.unit.decimals
