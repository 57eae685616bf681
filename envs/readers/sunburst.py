"""Pieces of rings are filled outlines around one centre; what they are called stands on them, beside them, or beside a
square of their colour."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass

import numpy as np

from envs.readers import Misread, Reading, number, reader
from envs.readers.tape import RGB, Recording, Stroke, Word


@dataclass(frozen=True, slots=True)
class _Piece:
    """Its colour, outer radius, first angle and sweep in degrees; the centre is that of its ring."""

    face: RGB
    radius: float
    inner: float
    first: float
    sweep: float

    @property
    def middle(self) -> float:
        return self.first + self.sweep / 2

    def holds(self, radius: float, degrees: float) -> bool:
        return self.inner <= radius <= self.radius and (degrees - self.first) % 360 <= self.sweep


@dataclass(frozen=True, slots=True)
class _Rings:
    """The pieces of the two rings, the legend (name by colour), and the strings of neither legend nor title."""

    x: float
    y: float
    inner: list[_Piece]
    outer: list[_Piece]
    legend: dict[RGB, str]
    words: list[Word]

    def on(self, piece: _Piece) -> list[Word]:
        """The strings on a piece."""
        return [w for w in self.words if piece.holds(math.dist((w.x, w.y), (self.x, self.y)), self.angle(w))]

    def angle(self, word: Word) -> float:
        return math.degrees(math.atan2(word.y - self.y, word.x - self.x))


@reader("Sunburst")
def sunburst(tape: Recording) -> Reading:
    """Each outer piece by the name of the inner one behind it and its own; what is not written is its sweep."""
    rings = _rings(tape)
    reading = Reading()
    sums: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0])
    found = []
    for piece, label in zip(rings.outer, _labels(rings, len(rings.outer)), strict=True):
        inside = rings.on(piece)
        name, _, beside = label.string.partition(" (")
        found.append((piece, name, inside[0].string if inside else beside.rstrip(")")))
    written = all(text for _, _, text in found)
    for piece, name, text in found:
        behind = next(p for p in rings.inner if (piece.middle - p.first) % 360 <= p.sweep)
        parent = rings.legend[behind.face] if rings.legend else rings.on(behind)[0].string
        value = number(text) if written else piece.sweep
        if value is None:
            raise Misread(f"{text!r} is no number")
        reading.add((parent, name), value, piece.sweep)
        sums[parent][0] += value
        sums[parent][1] += piece.sweep
    for parent, (total, sweep) in sums.items():
        reading.add((parent,), total, sweep)
    return reading


@reader("Ring")
def ring(tape: Recording) -> Reading:
    """The share of each piece by what its ring and its colour stand for."""
    rings = _rings(tape)
    reading = Reading()
    for which, pieces in (("Outer", rings.outer), ("Inner", rings.inner)):
        note = next(w.string for w in rings.words if w.string.startswith(f"{which} ring"))
        for piece in pieces:
            words = rings.on(piece)
            written = words[0].string if words else ""
            key = (note.partition(": ")[2], rings.legend[piece.face])
            reading.add(key, piece.sweep / 3.6, piece.sweep, written)
    return reading


def _rings(tape: Recording) -> _Rings:
    filled = [s for s in tape.strokes if s.face is not None]
    squares = [s for s in filled if len(s.points) == 5 and max(s.box[2] - s.box[0], s.box[3] - s.box[1]) < 12]
    known = {id(s) for s in squares}
    sectors = [s for s in filled if id(s) not in known]
    x, y = _centre(np.concatenate([s.points for s in sectors]))
    pieces = [_piece(s, x, y) for s in sectors]
    rim = max(piece.radius for piece in pieces)
    legend: dict[RGB, str] = {}
    taken = set()
    for square in squares:
        right, middle = square.box[2], (square.box[1] + square.box[3]) / 2
        word = min(tape.words, key=lambda w: abs(w.box[0] - right - 6) + 3 * abs(w.y - middle))
        assert square.face is not None
        legend[square.face] = word.string
        taken.add(id(word))
    words = [w for w in tape.words if id(w) not in taken]
    inner = [p for p in pieces if p.radius < 0.9 * rim]
    return _Rings(x, y, inner, [p for p in pieces if p.radius >= 0.9 * rim], legend, words)


def _centre(corners: np.ndarray) -> tuple[float, float]:
    """The centre of the circle through the outermost corners, by least squares (Kasa 1976)."""
    x, y = (corners.min(0) + corners.max(0)) / 2
    reach = np.hypot(corners[:, 0] - x, corners[:, 1] - y)
    rim = corners[reach > 0.98 * reach.max()]
    rows = np.column_stack([rim, np.ones(len(rim))])
    (a, b, _), *_ = np.linalg.lstsq(rows, (rim**2).sum(1), rcond=None)
    return float(a) / 2, float(b) / 2


def _piece(stroke: Stroke, x: float, y: float) -> _Piece:
    dx, dy = stroke.points[:-1, 0] - x, stroke.points[:-1, 1] - y
    reach = np.hypot(dx, dy)
    rim = reach > reach.max() - 1
    angles = np.degrees(np.unwrap(np.arctan2(dy[rim], dx[rim])))
    assert stroke.face is not None
    inner = float(reach.min())
    return _Piece(stroke.face, float(reach.max()), inner, float(angles[0]), float(angles[-1] - angles[0]))


def _labels(rings: _Rings, count: int) -> list[Word]:
    """The strings beside the outer ring, one a piece: of all ways to keep their order around it, the nearest one."""
    rim = max(piece.radius for piece in rings.outer)
    outside = [w for w in rings.words if math.dist((w.x, w.y), (rings.x, rings.y)) > rim]
    pieces = sorted(range(count), key=lambda k: rings.outer[k].middle % 360)
    ends = []
    for k in pieces:
        turn = math.radians(rings.outer[k].middle)
        ends.append((rings.x + rim * math.cos(turn), rings.y + rim * math.sin(turn)))
    # A title may be nearer to the middle than a name, but not to the middle of a piece's rim.
    near = sorted(outside, key=lambda w: min(_gap(w, *end) for end in ends))[:count]
    order = sorted(near, key=lambda w: rings.angle(w) % 360)
    ways = [order[shift:] + order[:shift] for shift in range(len(order))]
    best = min(ways, key=lambda way: sum(_gap(word, *end) for word, end in zip(way, ends)))
    found = dict(zip(pieces, best, strict=True))
    return [found[k] for k in range(count)]


def _gap(word: Word, x: float, y: float) -> float:
    """How far a point lies from a string's box."""
    x0, y0, x1, y1 = word.box
    return math.hypot(max(x0 - x, 0, x - x1), max(y0 - y, 0, y - y1))
