"""Dots at the height of their values, at the tick of their name."""

from __future__ import annotations

import math
from collections.abc import Sequence

from envs.readers import Misread, Reading, number, reader
from envs.readers.axes import Axes, axes, nearest, scale
from envs.readers.keys import keys
from envs.readers.tape import RGB, Recording, Stroke, Word


@reader("Lollipops")
def lollipops(recording: Recording) -> Reading:
    """Each dot by its name."""
    found = axes(recording)
    dots = [s for s in recording.strokes if s.curved and s.face]
    return _read(Reading(), found, dots, recording.words, {})


@reader("Dumbbells")
def dumbbells(recording: Recording) -> Reading:
    """Each dot by its series, which its colour tells, and its name."""
    series, strokes = keys(recording)
    found = axes(recording)
    dots = [s for s in strokes if s.curved and s.face in series]
    said = set(series.values())
    words = [w for w in recording.words if w.string not in said]
    return _read(Reading(), found, dots, words, series)


def _read(
    reading: Reading, found: Axes, dots: Sequence[Stroke], words: Sequence[Word], series: dict[RGB, str]
) -> Reading:
    middles = [((s.box[0] + s.box[2]) / 2, (s.box[1] + s.box[3]) / 2) for s in dots]
    upright = found.told()
    if upright is None:
        upright = _all_at(found.below, [x for x, _ in middles])
        if not upright and not _all_at(found.left, [y for _, y in middles]):
            raise Misread("the dots stand at no names")
    names, values, axis = (found.below, found.left, 1) if upright else (found.left, found.below, 0)
    value_at = scale(values)
    zero = next(px for px, text in values.items() if number(text) == 0)
    told = {*names.values(), *values.values()}
    free = [w for w in words if number(w.string) is not None and w.string not in told]
    for dot, middle in zip(dots, middles):
        name = nearest(names, middle[1 - axis])
        key = (series[dot.face], name) if series and dot.face else (name,)
        reading.add(key, value_at(middle[axis]), middle[axis] - zero, _label(dot, middle, middles, free, axis))
    return reading


def _all_at(labels: dict[float, str], places: Sequence[float]) -> bool:
    """Whether every place is that of a tick."""
    return all(min(abs(tick - place) for tick in labels) < 0.6 for place in places)


def _label(
    dot: Stroke,
    middle: tuple[float, float],
    others: Sequence[tuple[float, float]],
    words: Sequence[Word],
    axis: int,
) -> str:
    """The number beside a dot along its line, if the dot is the nearest one to it; '' if there is none."""
    x0, y0, x1, y1 = dot.box
    for w in words:
        aside = (w.x, w.y)[1 - axis] - middle[1 - axis]
        off = max(x0 - w.box[2], w.box[0] - x1) if axis == 0 else max(y0 - w.box[3], w.box[1] - y1)
        nearer = min(others, key=lambda other: math.dist(other, (w.x, w.y)))
        if abs(aside) < 3 and 0 <= off <= 10 and nearer == middle:
            return w.string
    return ""
