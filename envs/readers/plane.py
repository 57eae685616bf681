"""Reading charts with two value axes: the frame, what lies in it, legends beside it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from envs.readers import Misread, number
from envs.readers.axes import axes, axis_line, scale
from envs.readers.tape import RGB, Recording, Stroke, Word

Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Plane:
    """The plotting area in pixels, and pixels to values along both axes."""

    box: Box
    x: Callable[[float], float]
    y: Callable[[float], float]
    x_slope: float
    y_slope: float


def plane(recording: Recording) -> Plane:
    """The frame whose lower left corner the ticks touch, as wide and high as its spines."""
    found = axes(recording)
    x, y = scale(found.below), scale(found.left)
    flat = [s for s in recording.strokes if s.face is None and len(s.points) == 2]
    short = [s for s in flat if 3 <= abs(s.points[1] - s.points[0]).sum() <= 5]
    bottom = axis_line(
        [s.points[:, 1] for s in short if s.points[0][0] == s.points[1][0]], [s.points[:, 1] for s in flat]
    )
    left = axis_line(
        [s.points[:, 0] for s in short if s.points[0][1] == s.points[1][1]], [s.points[:, 0] for s in flat]
    )
    right = max(s.box[2] for s in flat if abs(s.box[1] - bottom) < 0.5 and abs(s.box[3] - bottom) < 0.5)
    top = max(s.box[3] for s in flat if abs(s.box[0] - left) < 0.5 and abs(s.box[2] - left) < 0.5)
    if right - left < 20 or top - bottom < 20:
        raise Misread("no frame around the axes")
    return Plane((left, bottom, right, top), x, y, x(1.0) - x(0.0), y(1.0) - y(0.0))


def middle(box: Box) -> tuple[float, float]:
    return (box[0] + box[2]) / 2, (box[1] + box[3]) / 2


def within(box: Box, at: tuple[float, float]) -> bool:
    """Whether a point lies in a box, or on its border."""
    return box[0] - 0.5 <= at[0] <= box[2] + 0.5 and box[1] - 0.5 <= at[1] <= box[3] + 0.5


def inside(strokes: Iterable[Stroke], box: Box) -> list[Stroke]:
    """The filled marks whose middles lie in the frame."""
    return [s for s in strokes if s.face is not None and within(box, middle(s.box))]


def names_by_colour(recording: Recording, box: Box) -> dict[RGB, str]:
    """What stands to the right of each filled mark outside the frame, by the colour of the mark."""
    found: dict[RGB, str] = {}
    for stroke in recording.strokes:
        if stroke.face is None or within(box, middle(stroke.box)):
            continue
        right, height = stroke.box[2], middle(stroke.box)[1]
        after = [w for w in recording.words if 0 < w.box[0] - right < 12 and w.box[1] <= height <= w.box[3]]
        if after:
            found[stroke.face] = min(after, key=lambda w: w.box[0]).string
    return found


def gap(box: Box, at: tuple[float, float]) -> float:
    """Pixels from a point to a box."""
    return math.hypot(max(box[0] - at[0], 0, at[0] - box[2]), max(box[1] - at[1], 0, at[1] - box[3]))


def labels(recording: Recording, box: Box, marks: list[Stroke]) -> dict[int, str]:
    """The strings within the frame, each beside the mark that it is nearest to."""
    found: dict[int, str] = {}
    for word in recording.words:
        if not within(box, (word.x, word.y)):
            continue
        mark = min(range(len(marks)), key=lambda i: _apart(word, marks[i]))
        if mark in found:
            raise Misread(f"{word.string!r} and {found[mark]!r} stand beside the same mark")
        found[mark] = word.string
    return found


def _apart(word: Word, mark: Stroke) -> float:
    x0, y0, x1, y1 = mark.box
    return gap(word.box, middle(mark.box)) - max(x1 - x0, y1 - y0) / 2


def worth(text: str) -> float:
    """The number that a string is."""
    value = number(text)
    if value is None:
        raise Misread(f"{text!r} is not a number")
    return value
