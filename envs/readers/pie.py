"""Sectors are curved filled paths around a centre; names stand beside them, or beside squares of their colour."""

from __future__ import annotations

import math

import numpy as np

from envs.readers import Reading, reader
from envs.readers.tape import Recording, Word
from envs.readers.turns import Turn, turn


@reader("Pie")
def pie(tape: Recording) -> Reading:
    """The share of each sector by its name."""
    sectors = [s for s in tape.strokes if s.curved]
    squares = [s for s in tape.strokes if s.face is not None and not s.curved]
    words = [w for w in tape.words if w.size == min(v.size for v in tape.words)]
    legend = {}
    for square in squares:
        x = square.points.max(0)[0]
        middle = (square.points.min(0)[1] + square.points.max(0)[1]) / 2
        after = [w for w in words if 0 < w.box[0] - x < 12 and abs(w.y - middle) < 6]
        legend[square.face] = min(after, key=lambda w: abs(w.y - middle)).string if after else ""
    turns = [turn(sector) for sector in sectors]
    inside = [[w for w in words if w.string.endswith("%") and part.holds(w)] for part in turns]
    taken = {id(w) for found in inside for w in found}
    taken |= {id(w) for w in words if all(math.dist((w.x, w.y), (t.x, t.y)) < t.inner for t in turns)}  # in the hole
    left = [w for w in words if id(w) not in taken and w.string not in legend.values()]
    free = [i for i, found in enumerate(inside) if not (squares and found)]
    beside = dict(zip(free, _around([turns[i] for i in free], left)))
    reading = Reading()
    for i, (sector, part) in enumerate(zip(sectors, turns, strict=True)):
        text = beside[i].string if i in beside else ""
        name, _, written = text.rpartition(" (") if text.endswith("%)") else (text, "", "")
        if squares:
            name, written = legend[sector.face], text
        written = (inside[i][0].string if inside[i] else written).strip("()")
        share = part.sweep / (2 * math.pi) * 100
        reading.add((name,), share, part.sweep * part.radius, written if written.endswith("%") else "")
    return reading


def _around(turns: list[Turn], words: list[Word]) -> list[Word]:
    """Labels stand around a disc in the order of its sectors: of all ways to keep that order, the nearest one."""
    if not turns:
        return []
    x, y = np.mean([(t.x, t.y) for t in turns], 0)
    near = sorted(words, key=lambda w: _gap(w, (x, y)))[: len(turns)]  # a title lies further out than all labels
    order = sorted(near, key=lambda w: math.atan2(w.y - y, w.x - x))
    rims = [
        (t.x + t.radius * math.cos(m), t.y + t.radius * math.sin(m)) for t in turns for m in [t.first + t.sweep / 2]
    ]
    ways = [order[k:] + order[:k] for k in range(len(order))]
    return min(ways, key=lambda way: sum(_gap(w, rim) for w, rim in zip(way, rims)), default=[])


def _gap(word: Word, point: tuple[float, float]) -> float:
    """Distance of a point from a string's box."""
    x0, y0, x1, y1 = word.box
    return math.hypot(max(x0 - point[0], 0, point[0] - x1), max(y0 - point[1], 0, point[1] - y1))
