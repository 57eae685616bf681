"""Bars that hang on each other: the first stands on the axis, each other starts where the one before ended."""

from __future__ import annotations

from envs.readers import Misread, Reading, number, reader
from envs.readers.axes import axes, nearest, scale
from envs.readers.bars import standing
from envs.readers.columns import boxed, label
from envs.readers.keys import keys
from envs.readers.tape import Recording


@reader("Waterfall")
def waterfall(recording: Recording) -> Reading:
    """Each change, and the running total after it, by its name; the first and the last bar are totals."""
    _, strokes = keys(recording)
    found = axes(recording)
    bars = [s for s in strokes if boxed(s)]
    upright = standing(bars, found)
    names, values, axis = (found.below, found.left, 1) if upright else (found.left, found.below, 0)
    value_at = scale(values)
    zero = next(px for px, text in values.items() if number(text) == 0)
    bars.sort(key=lambda s: float(s.points[:, 1 - axis].min()), reverse=not upright)
    said = {*names.values(), *values.values()}
    words = tuple(w for w in recording.words if w.string not in said)
    reading = Reading()
    level = float(bars[0].points[:, axis].max())
    for bar in bars[1:-1]:
        low, high = float(bar.points[:, axis].min()), float(bar.points[:, axis].max())
        if min(abs(low - level), abs(high - level)) > 0.1:
            raise Misread("a bar hangs in the air")
        end = high if abs(low - level) < abs(high - level) else low
        middle = float(bar.points[:, 1 - axis].min() + bar.points[:, 1 - axis].max()) / 2
        name = nearest(names, middle)
        reading.add((name,), value_at(end) - value_at(level), end - level, label(bar, (), words, upright))
        reading.add((name, "running total"), value_at(end), end - zero)
        level = end
    if abs(float(bars[-1].points[:, axis].max()) - level) > 0.1:
        raise Misread("the changes do not lead to the end")
    return reading
