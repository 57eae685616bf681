"""Bars of several series: colours name the series, the tick at the foot the position, two edges give the value."""

from __future__ import annotations

import math

import numpy as np

from envs.readers import Reading, number, reader
from envs.readers.axes import axes, nearest, scale
from envs.readers.bars import standing
from envs.readers.keys import keys
from envs.readers.tape import Recording, Stroke, Word


@reader("Columns")
@reader("Blocks")
def columns(recording: Recording) -> Reading:
    """Each bar, or each front face, by its series, if there is a legend, and its position."""
    series, strokes = keys(recording)
    found = axes(recording)
    bars = [s for s in strokes if boxed(s) and (s.face in series or not series)]
    upright = standing(bars, found)
    names, values, axis = (found.below, found.left, 1) if upright else (found.left, found.below, 0)
    value_at = scale(values)
    said = {*series.values(), *names.values(), *values.values()}
    words = tuple(word for word in recording.words if word.string not in said)
    reading = Reading()
    for bar in bars:
        low, high = bar.points.min(0), bar.points.max(0)
        middle = float(low[1 - axis] + high[1 - axis]) / 2
        worth = value_at(float(high[axis])) - value_at(float(low[axis]))
        name = nearest(names, middle)
        key = (series[bar.face], name) if series else (name,)  # type: ignore[index]
        reading.add(key, worth, float(high[axis] - low[axis]), label(bar, recording.words, words, upright))
    return reading


def boxed(stroke: Stroke) -> bool:
    """Whether a stroke is a filled rectangle whose sides lie along the axes."""
    steps = np.abs(np.diff(stroke.points, axis=0))
    return stroke.face is not None and len(stroke.points) == 5 and bool((steps.min(1) < 1e-6).all())


def label(bar: Stroke, words: tuple[Word, ...], free: tuple[Word, ...], upright: bool) -> str:
    """The number written on a bar or, where there is none, that of the `free` ones (no names and no ticks) which stands
    just beyond its end; '' if there is none there either."""
    x0, y0, x1, y1 = bar.box
    for w in words:
        if x0 <= w.x <= x1 and y0 <= w.y <= y1 and number(w.string) is not None:
            return w.string
    numbers = [w for w in free if number(w.string) is not None]
    x, y = (x0 + x1) / 2, (y0 + y1) / 2
    if upright:
        near = [w for w in numbers if abs(w.x - x) < 3 and 0 <= w.box[1] - y1 <= 17]
    else:
        near = [w for w in numbers if abs(w.y - y) < 3 and 0 <= w.box[0] - x1 <= 12]
    end = (x, y1) if upright else (x1, y)
    return min(near, key=lambda w: math.dist((w.x, w.y), end)).string if near else ""
