"""Bars that touch: their sides are the edges of the bins on the axis below, their tops the heights."""

from __future__ import annotations

from envs.readers import Misread, Reading, number, reader
from envs.readers.axes import axes, scale
from envs.readers.tape import Recording


@reader("Histogram")
def histogram(recording: Recording) -> Reading:
    """Each bin by its place from the left, and the edges."""
    found = axes(recording)
    edge_at, height_at = scale(found.below), scale(found.left)
    bars = sorted((s for s in recording.strokes if s.face is not None), key=lambda s: s.box[0])
    reading = Reading()
    for i, bar in enumerate(bars):
        x0, y0, x1, y1 = bar.box
        if i and abs(x0 - bars[i - 1].box[2]) > 0.01:
            raise Misread("bins do not touch")
        above = [w for w in recording.words if abs(w.x - (x0 + x1) / 2) < 3 and y1 - 2 <= w.box[1] < y1 + 8]
        written = [w.string for w in above if number(w.string) is not None]
        reading.add((f"edge {i}",), edge_at(x0), 0.0)
        reading.add((f"bin {i}",), height_at(y1), y1 - y0, written[0] if written else "")
    reading.add((f"edge {len(bars)}",), edge_at(bars[-1].box[2]), 0.0)
    return reading
