"""Bars are filled rectangles; the axis whose tick labels are numbers gives their values."""

from __future__ import annotations

import math

import numpy as np

from envs.readers import Reading, number, reader
from envs.readers.axes import Axes, axes, nearest, scale
from envs.readers.tape import Recording, Stroke


@reader("Bars")
def bars(recording: Recording) -> Reading:
    """Each bar by the name at its foot."""
    found = axes(recording)
    upright = standing([s for s in recording.strokes if s.face is not None], found)
    names, values, axis = (found.below, found.left, 1) if upright else (found.left, found.below, 0)
    value_at = scale(values)
    reading = Reading()
    for bar in recording.strokes:
        if bar.face is None:
            continue
        low, high = bar.points.min(0), bar.points.max(0)
        middle = float(low[1 - axis] + high[1 - axis]) / 2
        end = ((low[0] + high[0]) / 2, high[1]) if upright else (high[0], middle)
        near = [w for w in recording.words if number(w.string) is not None and math.dist((w.x, w.y), end) < 40]
        near = [w for w in near if -2 <= (w.box[1] - high[1] if upright else w.box[0] - high[0]) <= 9]
        near = [w for w in near if abs((w.x if upright else w.y) - middle) < 3]
        written = min(near, key=lambda w: math.dist((w.x, w.y), end)).string if near else ""
        reading.add((nearest(names, middle),), value_at(float(high[axis])), float(high[axis] - low[axis]), written)
    return reading


def standing(bars: list[Stroke], found: Axes) -> bool:
    """Whether bars grow upwards: from names that are no numbers or, where both axes have numbers, as those of a chart
    are all equally wide but not equally long."""
    if (told := found.told()) is not None:
        return told
    sizes = np.array([s.points.max(0) - s.points.min(0) for s in bars])
    wide, high = np.ptp(sizes, axis=0)
    return bool(wide <= high)
