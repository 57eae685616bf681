"""Upright axes with a number above and one below; a line crosses each at its value, and its colour, or what stands at
its end, names it."""

from __future__ import annotations

from envs.readers import Misread, Reading, reader
from envs.readers.plane import names_by_colour, worth
from envs.readers.tape import Recording, Stroke, Word


@reader("Parallel")
def parallel(recording: Recording) -> Reading:
    """The value of each line on each axis."""
    open_lines = [s for s in recording.strokes if s.face is None]
    upright = [s for s in open_lines if len(s.points) == 2 and s.box[2] - s.box[0] < 0.5 and s.box[3] - s.box[1] > 20]
    axes = sorted(upright, key=lambda s: s.box[0])
    lines = [s for s in open_lines if len(s.points) == len(axes) and len(s.points) > 2]
    bottom, top = axes[0].box[1], axes[0].box[3]
    scales = []
    for axis in axes:
        x = axis.box[0]
        under, over = _hanging(recording, x, bottom, -1), _hanging(recording, x, top, 1)
        low, high = worth(under[0].string), worth(over[0].string)
        scales.append((over[1].string, low, (high - low) / (top - bottom)))
    finest = min(1 / slope for _, _, slope in scales)
    box = (axes[0].box[0] - 4, bottom, axes[-1].box[2] + 4, top)
    legend = names_by_colour(recording, box)
    reading = Reading()
    for line in lines:
        name = legend[line.edge] if line.edge in legend else _at_end(recording, line)
        for (_, y), (position, low, slope) in zip(line.points.tolist(), scales):
            value = low + (y - bottom) * slope
            reading.add((name, position), value, value * finest)
    return reading


def _hanging(recording: Recording, x: float, y: float, side: int) -> list[Word]:
    """The strings below (-1) or above (1) the end of an axis, from the nearest."""
    found = [w for w in recording.words if abs(w.x - x) < 2 and (w.y - y) * side > 0]
    return sorted(found, key=lambda w: abs(w.y - y))


def _at_end(recording: Recording, line: Stroke) -> str:
    x, y = line.points[-1].tolist()
    after = [w for w in recording.words if 0 < w.box[0] - x < 14 and w.box[1] - 2 <= y <= w.box[3] + 2]
    if not after:
        raise Misread("a line without a name")
    return min(after, key=lambda w: abs(w.y - y)).string
