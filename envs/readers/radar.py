"""Radar charts: the corners of each closed line lie on spokes, and rings with numbers give their values."""

from __future__ import annotations

import math

import numpy as np

from envs.readers import Misread, Reading, number, reader
from envs.readers.keys import keys
from envs.readers.tape import Recording, Stroke, Word


@reader("Radar")
def radar(tape: Recording) -> Reading:
    """Each corner by the name of its line and of its spoke."""
    names, others = keys(tape)
    spokes = [s for s in others if s.face is None and len(s.points) == 2]
    rings = [s for s in others if s.face is None and len(s.points) > 2]
    shapes = [s for s in others if s.face in names and not s.curved and len(s.points) == len(spokes) + 1]
    if not spokes or not rings or len(shapes) != len(names):
        raise Misread(f"{len(spokes)} spokes, {len(rings)} rings, {len(shapes)} lines for {len(names)} names")
    centre = spokes[0].points[0]
    scale, used = ring_scale(rings, centre, tape.words)
    free = [w for w in tape.words if w.string not in names.values() and id(w) not in used]
    reading = Reading()
    along = {_angle(s.points[1] - centre): name_at(free, s.points[1]) for s in spokes}
    for shape in shapes:
        assert shape.face is not None
        for point in shape.points[:-1]:
            length = math.dist(point, centre)
            spoke = min(along, key=lambda angle: abs(math.remainder(angle - _angle(point - centre), 2 * math.pi)))
            reading.add((names[shape.face], along[spoke]), length * scale, length)
    return reading


def ring_scale(rings: list[Stroke], centre: np.ndarray, words: tuple[Word, ...]) -> tuple[float, set[int]]:
    """Values per pixel from the centre outwards, and which strings are the labels of rings."""
    radii = sorted({round(math.dist(ring.points[0], centre), 6) for ring in rings})
    corners = len(rings[0].points) - 1
    flat = math.cos(math.pi / corners) if corners < 30 else 1.0  # half-way between two corners a ring is nearer
    best: tuple[float, set[int]] = 0.0, set()
    for part in (1.0, flat):  # all labels stand in one direction
        used, slopes = set(), []
        for word in words:
            value, reach = number(word.string), math.dist((word.x, word.y), centre) / part
            ring = min(radii, key=lambda radius: abs(radius - reach))
            if value is not None and abs(ring - reach) < 2.5:
                used.add(id(word))
                slopes.append(value / ring)
        if used and max(slopes) - min(slopes) < 1e-3 * max(slopes) and len(used) > len(best[1]):
            best = sum(slopes) / len(slopes), used
    if not best[1]:
        raise Misread("the labels of the rings do not make a scale")
    return best


def name_at(words: list[Word], end: np.ndarray) -> str:
    """The string nearest to the end of a spoke."""
    return min(words, key=lambda w: _gap(w, end)).string


def _gap(word: Word, point: np.ndarray) -> float:
    x0, y0, x1, y1 = word.box
    return math.hypot(max(x0 - point[0], 0, point[0] - x1), max(y0 - point[1], 0, point[1] - y1))


def _angle(step: np.ndarray) -> float:
    return math.atan2(step[1], step[0])
