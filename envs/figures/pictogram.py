"""Rows of little pictures, each of which stands for so many."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from envs.address import Draws
from envs.drawing.sheet import Box, Point, Sheet, Unreadable
from envs.figures.around import EDGE
from envs.figures.base import Panel, Style, widest
from envs.figures.tables import longest_name, single_view, window
from envs.figures.topics import tell
from envs.registry import Scene, family
from envs.views import Categories, Item

if TYPE_CHECKING:
    from envs.data import Grid

SMALLEST, LARGEST = 8.0, 34.0  # pixels of a picture
BETWEEN = 0.18  # of the room of a picture stays free
WORTH = tuple(nice * 10**power for power in range(6) for nice in (2, 4, 10))  # steps of the last digit, even


def _turned_polygon(corners: int, first: float) -> tuple[Point, ...]:
    """A regular polygon in the unit circle, its first corner at this angle in degrees."""
    angles = [math.radians(first + 360 * k / corners) for k in range(corners)]
    return tuple((math.cos(a), math.sin(a)) for a in angles)


# Outlines around the origin, as wide as high, whose left half can be told from the whole.
SHAPES: dict[str, tuple[Point, ...]] = {
    "square": ((-1, -1), (1, -1), (1, 1), (-1, 1)),
    "disc": _turned_polygon(32, 0.0),
    "triangle": ((-1, -1), (1, -1), (0, 1)),
    "diamond": ((-1, 0), (0, -1), (1, 0), (0, 1)),
    "house": ((-0.9, -1), (0.9, -1), (0.9, 0.1), (0, 1), (-0.9, 0.1)),
    "person": (
        *((-0.55, -1), (0.55, -1), (0.55, -0.2), (0.2, 0.15), (0.35, 0.35), (0.4, 0.6), (0.3, 0.85), (0, 1)),
        *((-0.3, 0.85), (-0.4, 0.6), (-0.35, 0.35), (-0.2, 0.15), (-0.55, -0.2)),
    ),
}


@dataclass(frozen=True, slots=True)
class Pictogram:
    """The values of the grid's single series in pictures worth `each`, to half a picture; the key tells what one is
    worth, at the foot or at the head."""

    grid: Grid
    each: float
    shape: str
    key_on_top: bool
    sizes: int

    def lay_out(self, panel: Panel, style: Style, cell: Box, sheet: Sheet) -> list[Categories]:
        names, values = self.grid.positions, self.grid.values[0]
        x0, y0, x1, y1 = cell
        line = style.line
        depth = max(1.6 * line.height, 24.0)
        left = x0 + EDGE + widest(names, style) + 10
        foot, head = (y0 + EDGE, y1 - EDGE - depth) if self.key_on_top else (y0 + EDGE + depth, y1 - EDGE)
        most = max(math.ceil(value / self.each) for value in values)
        row = (head - foot) / len(names)
        pitch = min((x1 - 2 * EDGE - left) / most, 0.86 * row, LARGEST / (1 - BETWEEN))
        size = pitch * (1 - BETWEEN)
        if size < SMALLEST or row < line.height + 1:
            raise Unreadable("no room for the pictures")
        self._key(panel, style, sheet, ((x0 + x1) / 2, head + depth / 2 if self.key_on_top else y0 + EDGE + depth / 2))
        items = []
        for j, (colour, name, value) in enumerate(zip(style.colours(len(names)), names, values, strict=True)):
            y = head - (j + 0.5) * row
            sheet.text(name, left - 8, y, style.text, "name", across="right", up="center")
            halves = round(2 * value / self.each)
            for k in range((halves + 1) // 2):
                corners = self._outline(left + (k + 0.5) * pitch, y, size / 2, half=2 * k + 1 == halves)
                sheet.polygon(corners, colour, style.ink if style.outline else None, 1.0, mark=j)
            items.append(Item(name, value, 0.0, value / self.each * pitch))
        high = max(values)
        return [single_view(panel, self.grid, items, span=high, written=False, sizes=self.sizes)]

    def _key(self, panel: Panel, style: Style, sheet: Sheet, at: Point) -> None:
        """One picture and what it is worth, centred."""
        size = min(style.line.height + 2, LARGEST)
        text = f"= {panel.words.unit.write(self.each)}"
        x = at[0] - (size + 8 + style.width(text)) / 2
        sheet.polygon(self._outline(x + size / 2, at[1], size / 2), style.ink)
        sheet.text(text, x + size + 8, at[1], style.text, "key", across="left", up="center")

    def _outline(self, x: float, y: float, radius: float, half: bool = False) -> list[Point]:
        """The picture around a point, or its left half."""
        corners = SHAPES[self.shape]
        if half:
            corners = _left(corners)
        return [(x + radius * u, y + radius * v) for u, v in corners]


def _left(corners: tuple[Point, ...]) -> tuple[Point, ...]:
    """What of a convex-ish outline lies left of its middle."""
    kept: list[Point] = []
    for (ax, ay), (bx, by) in zip(corners, (*corners[1:], corners[0])):
        if ax <= 0:
            kept.append((ax, ay))
        if ax * bx < 0:
            kept.append((0.0, ay + (by - ay) * ax / (ax - bx)))
    return tuple(kept)


@family("pictogram", Categories, traits=("values", "words", "title"), top_level=12)
def pictogram(draws: Draws, scene: Scene) -> Panel:
    """One value a name of a topic, in pictures; at higher levels also in half pictures."""
    side = min(scene.width, scene.height)
    least = 4 if "comparison" in scene.needs else 3  # of three, evenly spaced, no two are plainly the closest
    count, sizes = window(draws, scene, 5, 14, (scene.height - 80) / (1.4 * scene.style.text), least)
    longest = longest_name(scene)
    told = tell(draws, scene, positions=count, parts=True, longest=longest)
    room = scene.width - 40 - scene.style.width("n") * max(map(len, told.grid.positions))
    most = max(count + 1, min(6 + scene.level // 2, 12, int(room / (SMALLEST * 1.3))))
    halves = draws.chance(min(0.7, 0.07 * scene.level)) and side >= 200
    pictures = draws.sample(range(2, 2 * most + 1) if halves else range(2, 2 * most + 1, 2), count)
    digit = 10**told.words.unit.decimals
    target = max(told.grid.values[0]) * digit / most
    each = max([worth for worth in WORTH if worth <= target], default=2)
    values = tuple(each // 2 * picture / digit for picture in pictures)
    marks = Pictogram(
        told.mended((values,)).grid,
        each / digit,
        shape=draws.choice(tuple(SHAPES)),
        key_on_top=draws.chance(0.3),
        sizes=sizes,
    )
    return Panel(marks, told.words, "pictogram", told.title)
