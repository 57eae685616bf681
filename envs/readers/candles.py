"""Candles: a filled body over a thin upright line; the legend tells which colour closed above its opening."""

from __future__ import annotations

from envs.readers import Misread, Reading, reader
from envs.readers.axes import axes, nearest, scale
from envs.readers.tape import RGB, Recording, Stroke

RISING = ("Close above open", "Closed higher", "Rise", "Up")


@reader("Candlesticks")
def candlesticks(recording: Recording) -> Reading:
    """The four prices of each period by the name below it."""
    found = axes(recording)
    price_at = scale(found.left)
    squares = {id(s): word for s in recording.strokes if (word := _entry(recording, s))}
    rising: dict[RGB | None, bool] = {s.face: squares[id(s)] in RISING for s in recording.strokes if id(s) in squares}
    if sorted(rising.values()) != [False, True]:
        raise Misread("the legend does not tell rises from falls")
    reading = Reading()
    for body in recording.strokes:
        if body.face is None or id(body) in squares:
            continue
        x0, low, x1, high = body.box
        middle = (x0 + x1) / 2
        wicks = [s.box for s in recording.strokes if s.face is None and len(s.points) == 2 and _upright(s, middle)]
        wicks = [box for box in wicks if box[1] <= low + 0.01 and box[3] >= high - 0.01]
        wick = min(wicks, key=lambda box: box[3] - box[1])  # a line of the grid is longer
        opened, closed = (low, high) if rising[body.face] else (high, low)
        name = nearest(found.below, middle)
        for part, px in (("open", opened), ("high", wick[3]), ("low", wick[1]), ("close", closed)):
            reading.add((name, part), price_at(px), px)
    return reading


def _entry(recording: Recording, stroke: Stroke) -> str:
    """What stands just to the right of a small square, or ''."""
    x0, y0, x1, y1 = stroke.box
    if stroke.face is None or abs(x1 - x0 - 10) > 0.5 or abs(y1 - y0 - 10) > 0.5:
        return ""
    after = [w for w in recording.words if 0 < w.box[0] - x1 < 12 and abs(w.y - (y0 + y1) / 2) < 6]
    return min(after, key=lambda w: w.box[0]).string if after else ""


def _upright(stroke: Stroke, x: float) -> bool:
    return bool(abs(stroke.points[0][0] - x) < 0.01 and abs(stroke.points[1][0] - x) < 0.01)
