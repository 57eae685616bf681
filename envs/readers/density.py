"""Density curves are long unfilled lines; a legend names them by their colours, the only one of a figure is "only"."""

from __future__ import annotations

import numpy as np

from envs.readers import Misread, Reading, reader
from envs.readers.axes import axes, axis_line, scale
from envs.readers.tape import RGB, Recording


@reader("Densities")
def densities(recording: Recording) -> Reading:
    """Where each curve is highest, how high in pixels, how wide half-way up, and how many peaks it has."""
    value_at = scale(axes(recording).below)
    lines = [s for s in recording.strokes if s.face is None and len(s.points) > 20]
    floor = _floor(recording)
    reading = Reading()
    for line in lines:
        x, y = line.points[:, 0], line.points[:, 1] - floor
        name = _name(recording, line.edge) if len(lines) > 1 else "only"
        top = int(y.argmax())
        above = y >= y[top] / 2
        first, last = int(np.argmax(above)), len(y) - 1 - int(np.argmax(above[::-1]))
        ends = [
            _crossing(x, y, first - 1, first, float(y[top] / 2)) if first else float(x[0]),
            _crossing(x, y, last + 1, last, float(y[top] / 2)) if last + 1 < len(y) else float(x[-1]),
        ]
        reading.add((name, "peak"), value_at(float(x[top])), float(x[top]))
        reading.add((name, "height"), float(y[top]), float(y[top]))
        reading.add((name, "width"), value_at(ends[1]) - value_at(ends[0]), ends[1] - ends[0])
        inner = y[1:-1]
        peaks = (inner > y[:-2]) & (inner >= y[2:]) & (inner > 0.1 * y[top])
        reading.add((name, "peaks"), int(peaks.sum()), 0.0)
    return reading


def _floor(recording: Recording) -> float:
    """The base line."""
    lines = [s.points for s in recording.strokes if s.face is None and len(s.points) == 2]
    ticks = [points for points in lines if points[0][0] == points[1][0] and 3 <= np.ptp(points[:, 1]) <= 5]
    return axis_line([points[:, 1] for points in ticks], [points[:, 1] for points in lines])


def _crossing(x: np.ndarray, y: np.ndarray, outside: int, inside: int, level: float) -> float:
    """Where the line from one point to the next is this high."""
    return float(np.interp(level, [y[outside], y[inside]], [x[outside], x[inside]]))


def _name(recording: Recording, colour: RGB | None) -> str:
    """What stands beside the stroke of this colour in the legend."""
    for swatch in recording.strokes:
        if swatch.face == colour and len(swatch.points) == 5:
            x, y = swatch.box[2], (swatch.box[1] + swatch.box[3]) / 2
            after = [w for w in recording.words if 0 < w.box[0] - x < 12 and abs(w.y - y) < 6]
            return min(after, key=lambda w: abs(w.y - y)).string
    raise Misread("a curve that no legend names")
