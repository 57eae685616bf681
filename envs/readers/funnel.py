"""Centred bars: the upper side is as wide as the value is large; values are written on them or in a column."""

from __future__ import annotations

from envs.readers import Misread, Reading, number, reader
from envs.readers.tape import Recording


@reader("Funnel")
def funnel(recording: Recording) -> Reading:
    """Each bar by the name to its left; where no value is written, its width stands for it."""
    bars = [s for s in recording.strokes if s.face is not None]
    first = max(bars, key=lambda s: s.box[3])
    reading = Reading()
    worth = 1.0  # of a pixel
    widths = {id(s): float(s.points[1][0] - s.points[0][0]) for s in bars}
    for bar in sorted(bars, key=lambda s: -s.box[3]):
        _, y0, _, y1 = bar.box
        level = [w for w in recording.words if abs(w.y - (y0 + y1) / 2) < 3]
        if not level:
            raise Misread("a bar without a name")
        name = min(level, key=lambda w: w.box[0]).string
        written = [w for w in level if w.string != name and number(w.string) is not None]
        if bar is first and written:
            worth = (number(written[0].string) or 0.0) / widths[id(bar)]
        width = widths[id(bar)]
        reading.add((name,), width * worth, width, written[0].string if written else "")
    return reading
