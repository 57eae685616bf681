"""Bars over a time axis: from where they start to where they end."""

from __future__ import annotations

from envs.readers import Reading, number, reader
from envs.readers.axes import axes, nearest, scale
from envs.readers.columns import boxed
from envs.readers.tape import Recording


@reader("Gantt")
def gantt(recording: Recording) -> Reading:
    """The duration, the start and the end of each bar by its name."""
    found = axes(recording)
    value_at = scale(found.below)
    zero = next(px for px, text in found.below.items() if number(text) == 0)
    reading = Reading()
    for bar in recording.strokes:
        if not boxed(bar):
            continue
        x0, y0, x1, y1 = bar.box
        name = nearest(found.left, (y0 + y1) / 2)
        start, end = (round(value_at(x), 6) for x in (x0, x1))  # equal starts are equal, whatever the pixels' last bits
        reading.add((name,), round(end - start, 6), x1 - x0)
        reading.add((name, "start time"), start, x0 - zero)
        reading.add((name, "end time"), end, x1 - zero)
    return reading
