"""Error bars are upright strokes with a marker half-way; bands are filled shapes around a line."""

from __future__ import annotations

import numpy as np

from envs.readers import Misread, Reading, reader
from envs.readers.axes import axes, scale
from envs.readers.lines import height, hull, polylines, sampled
from envs.readers.tape import Recording, Stroke

ERRORS = ("margin of error", "standard error", "standard deviation", "uncertainty")


@reader("ErrorBars")
def error_bars(recording: Recording) -> Reading:
    """The middle of each bar and half its length, by the note that says what that is."""
    found = axes(recording)
    value_at = scale(found.left)
    error = next(e for e in ERRORS if any(w.string.endswith(e) and "±" in w.string for w in recording.words))
    markers = [s for s in recording.strokes if s.face is not None and max(_size(s)) < 14]
    bars = [s for s in recording.strokes if _upright(s) and _size(s)[1] > 6 and any(_holds(m, s) for m in markers)]
    colours = {s.edge for s in bars}
    names = sampled(colours, hull(bars), recording) if len(colours) > 1 else {}
    reading = Reading()
    for bar in bars:
        x, y = bar.points.mean(0).tolist()
        name = found.below[min(found.below, key=lambda place: abs(place - x))]
        key = (names[bar.edge], name) if names else (name,)
        long = _size(bar)[1]
        reading.add(key, value_at(y), y)
        reading.add((*key, error), (value_at(y + long / 2) - value_at(y - long / 2)) / 2, long)
    return reading


def _size(stroke: Stroke) -> tuple[float, float]:
    x0, y0, x1, y1 = stroke.box
    return x1 - x0, y1 - y0


def _upright(stroke: Stroke) -> bool:
    return stroke.face is None and len(stroke.points) == 2 and _size(stroke)[0] < 1e-6


def _holds(marker: Stroke, bar: Stroke) -> bool:
    """Whether a marker lies on the middle of a bar."""
    x, y = bar.points.mean(0).tolist()
    x0, y0, x1, y1 = marker.box
    return bool(abs((x0 + x1) / 2 - x) < 0.6 and abs((y0 + y1) / 2 - y) < 1.5)


@reader("Bands")
def bands(recording: Recording) -> Reading:
    """The line, both edges of its band, and how wide that is."""
    found = axes(recording)
    value_at = scale(found.left)
    shapes = [s for s in recording.strokes if s.face is not None and not s.curved and len(s.points) > 6]
    lines = [max((p for p in polylines(recording) if p.edge == s.face), key=lambda p: p.width) for s in shapes]
    names = sampled({s.face for s in shapes}, hull(shapes), recording) if len(shapes) > 1 else {}
    reading = Reading()
    for shape, line in zip(shapes, lines):
        for x, name in found.below.items():
            key = (names[shape.face], name) if names else (name,)
            over = shape.points[np.abs(shape.points[:, 0] - x) < 0.6][:, 1]
            if len(over) < 2:
                raise Misread("a band has no corners over a tick")
            low, high, middle = float(over.min()), float(over.max()), height(line, x)
            reading.add(key, value_at(middle), middle)
            reading.add((*key, "lower bound"), value_at(low), low)
            reading.add((*key, "upper bound"), value_at(high), high)
            reading.add((*key, "width of the band"), value_at(high) - value_at(low), high - low)
    return reading
