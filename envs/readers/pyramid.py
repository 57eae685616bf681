"""Bars to both sides of a middle, where the scale is zero."""

from __future__ import annotations

from envs.readers import Misread, Reading, number, reader
from envs.readers.axes import axes, nearest, scale
from envs.readers.columns import boxed
from envs.readers.keys import keys
from envs.readers.tape import Recording


@reader("Pyramid")
def pyramid(recording: Recording) -> Reading:
    """Each bar by its series and its name."""
    series, strokes = keys(recording)
    found = axes(recording)
    zero = next(px for px, text in found.below.items() if number(text) == 0)
    value_at = scale({abs(px - zero): text for px, text in found.below.items()})
    said = {*series.values(), *found.left.values(), *found.below.values()}
    free = [w for w in recording.words if number(w.string) is not None and w.string not in said]
    reading = Reading()
    for bar in strokes:
        if bar.face not in series or not boxed(bar):
            continue
        x0, y0, x1, y1 = bar.box
        if min(abs(x0 - zero), abs(x1 - zero)) > 0.1:
            raise Misread("a bar does not start in the middle")
        middle = (y0 + y1) / 2
        near = [w for w in free if abs(w.y - middle) < 3]
        near = [w for w in near if 0 <= (w.box[0] - x1 if x1 > zero + 0.1 else x0 - w.box[2]) <= 10]
        key = (series[bar.face], nearest(found.left, middle))
        reading.add(key, value_at(x1 - x0), x1 - x0, near[0].string if near else "")
    return reading
