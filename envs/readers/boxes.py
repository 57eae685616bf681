"""Boxes are filled rectangles crossed by a line at the median; whiskers are lines that end at their extremes, outliers
small discs. Violins are filled polygons that end at their extremes, with the quartiles marked inside."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from envs.readers import Misread, Reading, reader
from envs.readers.axes import axes, nearest, scale
from envs.readers.tape import Recording, Stroke


class _Side:
    """Which axis holds the values, and what they are."""

    def __init__(self, recording: Recording) -> None:
        found = axes(recording)
        self.value_axis = 1 if found.upright() else 0
        self.names, values = (found.below, found.left) if found.upright() else (found.left, found.below)
        self.value_at: Callable[[float], float] = scale(values)

    def ends(self, stroke: Stroke) -> tuple[float, float]:
        """The lowest and the highest pixel along the values."""
        along = stroke.points[:, self.value_axis]
        return float(along.min()), float(along.max())

    def middle(self, stroke: Stroke) -> float:
        """The pixel along the names."""
        along = stroke.points[:, 1 - self.value_axis]
        return float(along.min() + along.max()) / 2

    def near(self, recording: Recording, shape: Stroke) -> list[Stroke]:
        """What is drawn around the same place along the names."""
        return [s for s in recording.strokes if s is not shape and abs(self.middle(s) - self.middle(shape)) < 1]

    def add(self, reading: Reading, name: str, part: str, px: float) -> None:
        reading.add((name, part), self.value_at(px), px)


def _rectangular(stroke: Stroke) -> bool:
    return len(stroke.points) == 5 and len(set(stroke.points[:, 0])) == 2 and len(set(stroke.points[:, 1])) == 2


@reader("Boxes")
def boxes(recording: Recording) -> Reading:
    """The five numbers of each box, and its outliers from the lowest."""
    side, reading = _Side(recording), Reading()
    for box in recording.strokes:
        if box.face is None or box.curved or not _rectangular(box):
            continue
        name, (q1, q3) = nearest(side.names, side.middle(box)), side.ends(box)
        around = side.near(recording, box)
        width = float(np.ptp(box.points[:, 1 - side.value_axis]))
        crossing = [
            s
            for s in around
            if s.face is None and len(s.points) == 2 and abs(np.ptp(s.points[:, 1 - side.value_axis]) - width) < 3
        ]
        medians = [s for s in crossing if q1 < side.ends(s)[0] == side.ends(s)[1] < q3]
        whiskers = [side.ends(s) for s in around if s.face is None and len(s.points) > 2]
        if len(medians) != 1 or len(whiskers) != 2:
            raise Misread(f"{name} has {len(medians)} medians and {len(whiskers)} whiskers")
        places = [min(low for low, _ in whiskers), q1, side.ends(medians[0])[0], q3, max(high for _, high in whiskers)]
        for part, px in zip(("low", "q1", "median", "q3", "high"), places, strict=True):
            side.add(reading, name, part, px)
        dots = sorted(sum(side.ends(s)) / 2 for s in around if s.curved)
        for i, px in enumerate(dots, 1):
            side.add(reading, name, f"outlier {i}", px)
    return reading


@reader("Violins")
def violins(recording: Recording) -> Reading:
    """The ends of each body, and the quartiles marked in it."""
    side, reading = _Side(recording), Reading()
    for shape in recording.strokes:
        if shape.face is None or shape.curved or len(shape.points) < 20:
            continue
        name, (low, high) = nearest(side.names, side.middle(shape)), side.ends(shape)
        around = side.near(recording, shape)
        bars = [side.ends(s) for s in around if s.face is not None and _rectangular(s)]
        dots = [sum(side.ends(s)) / 2 for s in around if s.curved]
        lines = sorted(
            side.ends(s)[0]
            for s in around
            if s.face is None and len(s.points) == 2 and low < side.ends(s)[0] == side.ends(s)[1] < high
            if np.ptp(s.points[:, 1 - side.value_axis]) < np.ptp(shape.points[:, 1 - side.value_axis]) + 8
        )
        if bars:
            lines = [bars[0][0], dots[0], bars[0][1]]
        if len(lines) != 3:
            raise Misread(f"{name} has {len(lines)} marks inside")
        for part, px in zip(("low", "q1", "median", "q3", "high"), (low, *lines, high), strict=True):
            side.add(reading, name, part, px)
    return reading
