"""Bars and a line: the bars stand on the left axis; so does the line, unless there are ticks on the right."""

from __future__ import annotations

import numpy as np

from envs.readers import Misread, Reading, number, reader
from envs.readers.axes import axes, nearest, scale
from envs.readers.columns import boxed
from envs.readers.keys import SIDE
from envs.readers.lines import height
from envs.readers.tape import Recording, Stroke


@reader("Combo")
def combo(recording: Recording) -> Reading:
    """Each value by its entry in the legend and its position."""
    found = axes(recording)
    left = scale(found.left)
    squares = [s for s in recording.strokes if boxed(s)]
    key = next(s for s in squares if _after(s, recording) and abs(s.box[3] - s.box[1] - SIDE) < 0.3)
    bars = [s for s in squares if s is not key and s.face == key.face]
    right = _right(recording, max(s.box[2] for s in bars))
    lines = [s for s in recording.strokes if s.face is None and len(s.points) >= 3 and not s.curved]
    line = lines[-1]  # the last is drawn over its rim
    strokes = [s for s in recording.strokes if s.face is None and s is not line and s.edge == line.edge]
    sample = next(s for s in strokes if _after(s, recording))
    reading = Reading()
    names = _after(key, recording), _after(sample, recording)
    for bar in bars:
        x0, _, x1, top = bar.box
        reading.add((names[0], nearest(found.below, (x0 + x1) / 2)), left(top), top)
    for x, name in found.below.items():
        y = height(line, x)
        reading.add((names[1], name), (right or left)(y), y)
    return reading


def _after(stroke: Stroke, recording: Recording) -> str:
    """The name that follows a sample of the legend, or ''."""
    x0, y0, x1, y1 = stroke.box
    if not 8 <= x1 - x0 <= 26:
        return ""
    near = [w for w in recording.words if 2 <= w.box[0] - x1 <= 14 and w.box[1] <= (y0 + y1) / 2 <= w.box[3]]
    return min(near, key=lambda w: w.box[0]).string if near else ""


def _right(recording: Recording, edge: float):  # type: ignore[no-untyped-def]
    """Pixels to values by the ticks to the right of an edge; None where there are none."""
    labels: dict[float, float] = {}
    for s in recording.strokes:
        if s.face is not None or len(s.points) != 2 or s.points[0][1] != s.points[1][1]:
            continue
        x0, y, x1, _ = s.box
        beside = [w for w in recording.words if -1 <= w.box[0] - x1 <= 9 and w.box[1] - 3 <= y <= w.box[3] + 3]
        if 3 <= x1 - x0 <= 5 and x0 > edge - 1 and beside:
            value = number(min(beside, key=lambda w: abs(w.y - y)).string)
            if value is None:
                raise Misread("a tick on the right without a number")
            labels[y] = value
    if len(labels) < 2:
        return None
    slope, intercept = np.polyfit(np.array(list(labels)), np.array(list(labels.values())), 1)
    return lambda px: float(slope * px + intercept)
