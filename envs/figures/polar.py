"""What charts around a centre share: rings at round values, and names around the outermost one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from envs.drawing.colour import Colour, mix
from envs.drawing.sheet import Box, Point, Sheet, Unreadable
from envs.figures.around import EDGE
from envs.figures.base import Style, widest
from envs.figures.frame import Tick, ticks
from envs.numerals import Unit

ROOM = 22.0  # pixels between two values with room for a mean: of it and of each the reading error, and what parts them
BESIDE = 6.0  # pixels between the outermost ring and a name
BETWEEN = 2.0  # pixels between the two lines of a name
SMALLEST = 34.0  # pixels: a disc of a smaller radius shows nothing
CORNERS = 96  # of the polygon that is drawn for a circle


def rings(high: float, unit: Unit, most: int) -> list[Tick]:
    """Rings at multiples of a round step, with their labels: up to `most` of them, the last at or beyond `high`."""
    step = max(_round_up(high / most), 10.0**-unit.decimals)
    count = math.ceil(high / step - 1e-9)
    return ticks(0.0, count * step, count, unit)[1:]


def _round_up(value: float) -> float:
    """The next 1, 2 or 5 times a power of ten that is not below a value."""
    power = 10.0 ** math.floor(math.log10(value))
    return next(n * power for n in (1, 2, 5, 10, 20) if n * power >= value - 1e-9)


@dataclass(frozen=True, slots=True)
class Disc:
    """A disc in a cell with names around it, each in one or two lines. `top` is the value of its rim; `angles` are
    those of the names, in radians; `boxes` where they stand."""

    x: float
    y: float
    radius: float
    top: float
    angles: tuple[float, ...]
    names: tuple[str, ...]
    boxes: tuple[Box, ...]
    cell: Box

    @property
    def px_per_unit(self) -> float:
        return self.radius / self.top

    def at(self, angle: float, value: float) -> Point:
        """Where a value lies in a direction."""
        reach = value * self.px_per_unit
        return self.x + reach * math.cos(angle), self.y + reach * math.sin(angle)

    def circle(self, value: float) -> list[Point]:
        """The ring of a value, closed."""
        return [self.at(2 * math.pi * k / CORNERS, value) for k in range(CORNERS + 1)]

    def free(self, box: Box, margin: float = 3.0) -> bool:
        """Whether a box lies inside the cell and clear of the names."""
        x0, y0, x1, y1 = box[0] - margin, box[1] - margin, box[2] + margin, box[3] + margin
        inside = self.cell[0] < x0 and self.cell[1] < y0 and x1 < self.cell[2] and y1 < self.cell[3]
        return inside and not any(a[0] < x1 and x0 < a[2] and a[1] < y1 and y0 < a[3] for a in self.boxes)

    def write_names(self, style: Style, sheet: Sheet) -> None:
        for name, (x0, _, x1, y1) in zip(self.names, self.boxes, strict=True):
            for k, part in enumerate(name.split("\n")):
                y = y1 - k * (style.line.height + BETWEEN)
                sheet.text(part, (x0 + x1) / 2, y, style.text, "value" if k else "name", up="top")


def disc(cell: Box, style: Style, top: float, names: Sequence[str], angles: Sequence[float]) -> Disc:
    """The largest disc in a cell whose names all find room around it, in the middle of what it takes up."""
    x0, y0, x1, y1 = cell
    line = style.line
    sizes = [
        (widest(name.split("\n"), style), line.height + (line.height + BETWEEN) * name.count("\n")) for name in names
    ]
    radius = min(x1 - x0, y1 - y0) / 2 - EDGE
    while radius >= SMALLEST:
        boxes = [_box(angle, *size, radius + BESIDE) for angle, size in zip(angles, sizes, strict=True)]
        left, bottom = (min(-radius, *(box[k] for box in boxes)) for k in (0, 1))
        right, high = (max(radius, *(box[k] for box in boxes)) for k in (2, 3))
        if right - left <= x1 - x0 - 2 * EDGE and high - bottom <= y1 - y0 - 2 * EDGE and not _meet(boxes):
            x, y = (x0 + x1 - right - left) / 2, (y0 + y1 - high - bottom) / 2
            placed = tuple((x + box[0], y + box[1], x + box[2], y + box[3]) for box in boxes)
            return Disc(x, y, radius, top, tuple(angles), tuple(names), placed, cell)
        radius *= 0.97
    raise Unreadable("the disc is too small for its names")


def _box(angle: float, width: float, height: float, reach: float) -> Box:
    """The box of a name whose nearest point lies on a circle about the origin: it slides along its own side with the
    direction, so that neighbouring directions have neighbouring boxes."""
    cos, sin = math.cos(angle), math.sin(angle)
    x, y = reach * cos + width / 2 * (cos - 1), reach * sin + height / 2 * (sin - 1)
    while math.hypot(min(max(0.0, x), x + width), min(max(0.0, y), y + height)) < reach - 0.5:
        x, y = x + cos, y + sin
    return x, y, x + width, y + height


def _meet(boxes: Sequence[Box]) -> bool:
    return any(
        a[0] < b[2] + 2 and b[0] < a[2] + 2 and a[1] < b[3] and b[1] < a[3]
        for i, a in enumerate(boxes)
        for b in boxes[:i]
    )


def ring_colour(style: Style) -> Colour:
    """Rings are always drawn, also where a style has no grid."""
    return style.grid or mix(style.ground, style.ink, 0.22)
