"""Gauges and concentric arcs: an arc is as long as its value."""

from __future__ import annotations

import math

import numpy as np

from envs.readers import Misread, Reading, number, reader
from envs.readers.keys import keys
from envs.readers.tape import Recording, Stroke, Word
from envs.readers.turns import Turn, turn


@reader("Gauges")
def gauges(tape: Recording) -> Reading:
    """Each half circle by the name below it."""
    needles = [s for s in tape.strokes if s.face is not None and not s.curved]
    hubs = {s.face for s in needles}
    arcs = [turn(s) for s in tape.strokes if s.curved and s.face not in hubs]
    # Of the two arcs around a centre the one on the left, which ends there, is as long as the value.
    arcs = [arc for arc in arcs if abs(arc.first + arc.sweep - math.pi) < 1e-6]
    reading = Reading()
    for arc in arcs:
        angle = _pointed(arc, needles) if needles else arc.first
        scale = _scale(arc, tape)
        below = sorted((w for w in tape.words if abs(w.x - arc.x) < 3 and 0 < arc.y - w.y < 70), key=lambda w: -w.y)
        if not below:
            raise Misread(f"no name below the gauge at {arc.x:.0f}, {arc.y:.0f}")
        near = [w for w in below if w.y > below[0].y - 1.6 * w.size]
        length = (math.pi - angle) * arc.radius
        reading.add((near[-1].string,), scale(angle), length, near[0].string if len(near) > 1 else "")
    return reading


def _pointed(arc: Turn, needles: list[Stroke]) -> float:
    """The angle of the needle whose base is at the centre of an arc."""
    needle = min(needles, key=lambda s: float(np.min(np.hypot(s.points[:, 0] - arc.x, s.points[:, 1] - arc.y))))
    tip = max(needle.points, key=lambda p: math.dist(p, (arc.x, arc.y)))
    return _angle(arc, tip)


def _angle(arc: Turn, point: np.ndarray) -> float:
    """The direction of a point on the upper half, also where it lies a hair below."""
    angle = math.atan2(point[1] - arc.y, point[0] - arc.x)
    return angle if angle > -math.pi / 2 else angle + 2 * math.pi


def _scale(arc: Turn, tape: Recording) -> np.poly1d:
    """Angles to values, from the ticks outside an arc and the number nearest to each."""
    angles, values = [], []
    for tick in tape.strokes:
        if tick.face is not None or len(tick.points) != 2:
            continue
        reach = [math.dist(p, (arc.x, arc.y)) for p in tick.points]
        if abs(reach[0] - arc.radius) > 0.1 or not 3 < reach[1] - reach[0] < 5:
            continue
        end = tick.points[1]
        # Labels stand outside the arc, but for those of its two ends, which stand below them.
        below = end[1] < arc.y + 1
        near = [w for w in tape.words if number(w.string) is not None and (w.y < arc.y) == below]
        near = [w for w in near if not below or 3 < abs(w.x - arc.x) < arc.radius]
        label = min(near, key=lambda w: _gap(w, end))
        angles.append(_angle(arc, end))
        values.append(number(label.string) or 0.0)
    if len(angles) < 2:
        raise Misread("a gauge without a scale")
    return np.poly1d(np.polyfit(angles, values, 1))


def _gap(word: Word, point: np.ndarray) -> float:
    x0, y0, x1, y1 = word.box
    return math.hypot(max(x0 - point[0], 0, point[0] - x1), max(y0 - point[1], 0, point[1] - y1))


@reader("RadialProgress")
def radial_progress(tape: Recording) -> Reading:
    """Each arc by the name beside the square of its colour, in percent of a full turn."""
    names, others = keys(tape)
    arcs = [(turn(s), s.face) for s in others if s.curved]
    inner = min(arc.inner for arc, _ in arcs)
    reading = Reading()
    for arc, face in arcs:
        if face not in names:
            continue  # a track
        name, _, written = names[face].rpartition(" (") if names[face].endswith("%)") else (names[face], "", "")
        share = arc.sweep / (2 * math.pi)
        reading.add((name,), 100 * share, share * 2 * math.pi * inner, written.rstrip(")"))
    return reading
