"""From recorded draw calls to names and values: one reader a marks class.

A reader knows what a chart means, as a person does (a bar ends at its value on the axis, a sector's share is its
angle), and nothing of how this project lays charts out.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from envs.readers.tape import Stroke, Tape, Word
from envs.views import Categories, Item


class Misread(Exception):
    """The draw calls do not add up to a chart of the kind expected."""


def read(marks: str, tape: Tape, view: Categories) -> Categories:
    """The view rebuilt from what is drawn: its names, values and mark lengths; how to speak of them is taken over."""
    readings, texts = READERS[marks](tape)
    exact = {item.name: item for item in view.items}
    items = tuple(
        Item(name, value, exact[name].err if name in exact else 0.0, length) for name, value, length in readings
    )
    for name, value, written in texts:
        if abs(value - float(written)) > 0.5 * 10.0 ** -len(written.partition(".")[2]) + 1e-6:
            raise Misread(f"{name} is drawn as {value:.4f} but written as {written}")
    return replace(view, items=items)


Reading = tuple[
    list[tuple[str, float, float]], list[tuple[str, float, str]]
]  # (name, value, pixels), (name, value, written)


def _number(text: str) -> float | None:
    try:
        return float(text.rstrip("%"))
    except ValueError:
        return None


def _bars(tape: Tape) -> Reading:
    """Bars are filled rectangles; the axis whose tick labels are numbers gives their values."""
    ticks = [s for s in tape.strokes if s.face is None and len(s.points) == 2 and 3 <= _length(s) <= 5]
    under = {s.points[0][0]: s for s in ticks if s.points[0][0] == s.points[1][0]}
    beside = {s.points[0][1]: s for s in ticks if s.points[0][1] == s.points[1][1]}
    bars = [s for s in tape.strokes if s.face is not None]
    below = {x: _label_below(s, tape.words) for x, s in under.items()}
    left = {y: _label_left(s, tape.words) for y, s in beside.items()}
    upright = not all(_number(text) is not None for text in below.values())
    names, values, axis = (below, left, 1) if upright else (left, below, 0)
    at, worth = np.array(list(values)), np.array([float(text) for text in values.values()])
    slope, intercept = np.polyfit(at, worth, 1)
    readings, texts = [], []
    for bar in bars:
        low, high = bar.points.min(0), bar.points.max(0)
        middle = (low[1 - axis] + high[1 - axis]) / 2
        name = names[min(names, key=lambda place: abs(place - middle))]
        value = float(slope * high[axis] + intercept)
        readings.append((name, value, float(high[axis] - low[axis])))
        end = ((low[0] + high[0]) / 2, high[1]) if upright else (high[0], middle)
        near = [w for w in tape.words if _number(w.string) is not None and math.dist((w.x, w.y), end) < 40]
        near = [w for w in near if (w.box[1] >= high[1] - 2 if upright else w.box[0] >= high[0] - 2)]
        near = [w for w in near if abs((w.x if upright else w.y) - middle) < 3]
        if near:
            texts.append((name, value, min(near, key=lambda w: math.dist((w.x, w.y), end)).string))
    return readings, texts


def _length(stroke: Stroke) -> float:
    return float(np.abs(stroke.points[1] - stroke.points[0]).sum())


def _label_below(tick: Stroke, words: list[Word]) -> str:
    """The string that hangs from the lower end of a tick: its middle, or where it is turned its tip, lies under it."""
    x, y = tick.points.min(0)
    hanging = [w for w in words if -3 <= y - w.box[3] <= 9]

    def off(word: Word) -> float:
        return abs((word.x if word.angle in (0, 90) else word.tip[0]) - float(x))

    return min(hanging, key=off).string


def _label_left(tick: Stroke, words: list[Word]) -> str:
    """The string to the left of a tick, at its height."""
    x, y = tick.points.min(0)
    beside = [w for w in words if -1 <= x - w.box[2] <= 9 and w.box[1] - 3 <= y <= w.box[3] + 3]
    return min(beside, key=lambda w: abs(w.y - y)).string


def _pie(tape: Tape) -> Reading:
    """Sectors are curved filled paths around a centre; names stand beside them, or beside squares of their colour."""
    sectors = [s for s in tape.strokes if s.curved]
    squares = [s for s in tape.strokes if s.face is not None and not s.curved]
    words = [w for w in tape.words if w.size == min(v.size for v in tape.words)]
    legend = {}
    for square in squares:
        x = square.points.max(0)[0]
        middle = (square.points.min(0)[1] + square.points.max(0)[1]) / 2
        after = [w for w in words if 0 < w.box[0] - x < 12 and abs(w.y - middle) < 6]
        legend[square.face] = min(after, key=lambda w: abs(w.y - middle)).string if after else ""
    turns = [_turn(sector) for sector in sectors]
    inside = [[w for w in words if w.string.endswith("%") and _holds(turn, w)] for turn in turns]
    taken = {id(w) for found in inside for w in found}
    left = [w for w in words if id(w) not in taken and w.string not in legend.values()]
    free = [i for i, found in enumerate(inside) if not (squares and found)]
    beside = dict(zip(free, _around([turns[i] for i in free], left)))
    readings, texts = [], []
    for i, (sector, turn) in enumerate(zip(sectors, turns, strict=True)):
        text = beside[i].string if i in beside else ""
        name, _, written = ("", "", text) if squares else text.partition(" ")
        if squares:
            name = legend[sector.face]
        written = (inside[i][0].string if inside[i] else written).strip("()")
        share = turn.sweep / (2 * math.pi) * 100
        readings.append((name, share, turn.sweep * turn.radius))
        if written.endswith("%"):
            texts.append((name, share, written.rstrip("%")))
    return readings, texts


@dataclass(frozen=True, slots=True)
class _Turn:
    """A sector's centre, radius, first angle and sweep in radians."""

    x: float
    y: float
    radius: float
    first: float
    sweep: float

    def around(self, x: float, y: float) -> float:
        """How far round from its first edge a point lies, in radians."""
        return (math.atan2(y - self.y, x - self.x) - self.first) % (2 * math.pi)


def _turn(sector: Stroke) -> _Turn:
    centre, rim = sector.points[0], sector.points[1:]
    rim = rim[np.hypot(*(rim - centre).T) > 1]
    angles = np.unwrap(np.arctan2(rim[:, 1] - centre[1], rim[:, 0] - centre[0]))
    return _Turn(
        float(centre[0]), float(centre[1]), math.dist(rim[0], centre), float(angles[0]), float(angles[-1] - angles[0])
    )


def _holds(turn: _Turn, word: Word) -> bool:
    return math.hypot(word.x - turn.x, word.y - turn.y) < turn.radius and turn.around(word.x, word.y) < turn.sweep


def _around(turns: list[_Turn], words: list[Word]) -> list[Word]:
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


def _cloud(tape: Tape) -> Reading:
    """Every string is a word; how often it occurs shows only in its size."""
    return [(w.string, w.size, w.size) for w in tape.words], []


READERS: dict[str, Callable[[Tape], Reading]] = {"Bars": _bars, "Pie": _pie, "Cloud": _cloud}
