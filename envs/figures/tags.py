"""Values beside points: each where it touches nothing and its own point is the nearest."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from envs.drawing.colour import Colour, contrast, mix
from envs.drawing.sheet import Box, Point, Sheet, Unreadable
from envs.figures.base import Style
from envs.legibility import CONTRAST

CLEAR = 2.0  # pixels between a tag and everything else
NEARER = 3.0  # pixels by which a tag must be nearer to its own point than to any other


@dataclass(frozen=True, slots=True)
class Tag:
    """A written value of one series; (x, y) is the middle of its foot."""

    series: int
    string: str
    x: float
    y: float

    def write(self, style: Style, sheet: Sheet, colour: Colour) -> None:
        sheet.text(self.string, self.x, self.y, style.text, "value", colour=colour)


def tinted(colour: Colour, style: Style) -> Colour:
    """The ink nearest to a colour that can be read on the ground."""
    return _tinted(colour, style.ink, style.ground)


@lru_cache(1024)
def _tinted(colour: Colour, ink: Colour, ground: Colour) -> Colour:
    for share in range(0, 10):
        made = mix(colour, ink, share / 10)
        if contrast(made, ground) >= CONTRAST + 0.3:
            return made
    return ink


def place_tags(
    labels: Sequence[Sequence[str]],
    points: Sequence[Sequence[Point]],
    strokes: Sequence[Sequence[Point]],
    style: Style,
    box: Box,
    radius: float,
) -> list[Tag]:
    """A place for label i, j beside point i, j, inside `box` and clear of all strokes and of all points, which reach
    out by `radius`; Unreadable if one finds none."""
    placed: list[Box] = []
    tags: list[Tag] = []
    height = style.line.digit
    slot = (points[0][-1][0] - points[0][0][0]) / max(1, len(points[0]) - 1) or 1.0
    # Where no spine closes the frame on the right, the last label may hang out a little.
    inside = (box[0], box[1], box[2] + (0 if style.spines == "box" else 6), box[3])
    for i, row in enumerate(points):
        for j in range(len(row)):
            width = style.width(labels[i][j])
            near = range(max(0, j - 2 - int(width / slot)), min(len(row), j + 3 + int(width / slot)))
            for x0, y0 in _candidates(row, j, width, height, radius):
                spot = (x0, y0, x0 + width, y0 + height)
                if _free(spot, placed, points, strokes, inside, radius, near) and _nearest(spot, points, i, j, near):
                    placed.append(spot)
                    tags.append(Tag(i, labels[i][j], x0 + width / 2, y0))
                    break
            else:
                raise Unreadable("no room for the values beside the points")
    return tags


def _candidates(row: Sequence[Point], j: int, width: float, height: float, radius: float) -> list[Point]:
    """Lower left corners of a label: on the outer side of the line's bend first."""
    x, y = row[j]
    beside = [row[k][1] for k in (j - 1, j + 1) if 0 <= k < len(row)]
    gap = radius + CLEAR + 1
    levels = [y + gap, y - gap - height]
    if y < sum(beside) / len(beside):
        levels.reverse()
    found = [(x - share * width, level) for level in levels for share in (0.5, 0.25, 0.75, 0.0, 1.0)]
    return [*found, (x + gap, y - height / 2), (x - gap - width, y - height / 2)]


def _free(
    spot: Box,
    placed: Sequence[Box],
    points: Sequence[Sequence[Point]],
    strokes: Sequence[Sequence[Point]],
    box: Box,
    radius: float,
    near: range,
) -> bool:
    """Whether nothing lies in a box, nor within CLEAR of it; `near` are the positions that it may reach."""
    x0, y0, x1, y1 = spot[0] - CLEAR, spot[1] - CLEAR, spot[2] + CLEAR, spot[3] + CLEAR
    if x0 < box[0] or y0 < box[1] or x1 > box[2] or y1 > box[3]:
        return False
    if any(a[0] < x1 and x0 < a[2] and a[1] < y1 and y0 < a[3] for a in placed):
        return False
    for row in points:
        for x, y in row[near.start : near.stop]:
            if x0 - radius < x < x1 + radius and y0 - radius < y < y1 + radius:
                return False
    for row in strokes:
        each = len(row) // len(points[0])  # corners of a stroke for each point
        for a, b in pairwise(row[each * near.start : each * near.stop]):
            if a[0] < x1 and x0 < b[0] and meets(x0, y0, x1, y1, a, b):
                return False
    return True


def meets(x0: float, y0: float, x1: float, y1: float, a: Point, b: Point) -> bool:
    """Whether a segment, drawn from left to right, runs through a box."""
    (ax, ay), (bx, by) = a, b
    if bx - ax < 1e-9:
        return min(ay, by) < y1 and y0 < max(ay, by)
    slope = (by - ay) / (bx - ax)
    first, last = (ay + slope * (min(max(x, ax), bx) - ax) for x in (x0, x1))
    return min(first, last) < y1 and y0 < max(first, last)


def _nearest(spot: Box, points: Sequence[Sequence[Point]], i: int, j: int, near: range) -> bool:
    """Whether a label is nearer to its own point, that of series i at position j, than to any other."""
    reach = _distance(spot, points[i][j]) + NEARER
    return all((k, m) == (i, j) or _distance(spot, row[m]) >= reach for k, row in enumerate(points) for m in near)


def _distance(spot: Box, point: Point) -> float:
    """Pixels from a box to a point."""
    x, y = point
    return math.hypot(max(spot[0] - x, 0.0, x - spot[2]), max(spot[1] - y, 0.0, y - spot[3]))
