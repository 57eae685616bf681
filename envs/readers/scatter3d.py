"""Stems stand on a floor that rises into the depth: the foot gives two values, the length of the stem the third."""

from __future__ import annotations

import math

from envs.readers import Misread, Reading, reader
from envs.readers.axes import axes, scale
from envs.readers.plane import labels, middle, names_by_colour, worth
from envs.readers.tape import Recording


@reader("Scatter3d")
def scatter3d(recording: Recording) -> Reading:
    """Each marker by its group and its name, or its number in the order drawn."""
    found = axes(recording)
    x_at, z_at = scale(found.below), scale(found.left)
    flat = [s for s in recording.strokes if s.face is None and len(s.points) == 2]
    short = [s for s in flat if 3 <= abs(s.points[1] - s.points[0]).sum() <= 5]
    bottom = max(s.box[3] for s in short if s.points[0][0] == s.points[1][0])
    deep = []
    for tick in flat:
        if abs(tick.box[2] - tick.box[0] - 6) < 0.1 and tick.box[1] == tick.box[3]:
            x, y = tick.points.max(0).tolist()
            after = [w for w in recording.words if 0 < w.box[0] - x < 8 and w.box[1] - 2 <= y <= w.box[3] + 2]
            if after:
                deep.append((x - 6, y, worth(min(after, key=lambda w: abs(w.y - y)).string)))
    if len(deep) < 2:
        raise Misread("no axis into the depth")
    (xa, ya, low), (xb, yb, high) = deep[0], deep[-1]
    lean = (xb - xa) / (yb - ya)
    stems = [s for s in flat if s.box[2] - s.box[0] < 0.01 and s.box[3] - s.box[1] > 1.0]
    legend = names_by_colour(recording, _everything(recording, bottom))
    marks = [s for s in recording.strokes if s.face is not None and any(_on(s.box, stem.box) for stem in stems)]
    box = (0.0, bottom, 1e4, max(m.box[3] for m in marks) + 40)
    beside = labels(_near(recording, [middle(m.box) for m in marks]), box, marks)
    reading = Reading()
    for i, mark in enumerate(marks):
        x, y = middle(mark.box)
        stem = min((s for s in stems if _on(mark.box, s.box)), key=lambda s: math.dist((x, y), (s.box[0], s.box[3])))
        foot = stem.box[1]
        group = legend.get(mark.face, "") if mark.face else ""
        key = (group, beside.get(i, str(i)))
        reading.add((*key, "x"), x_at(x - (foot - bottom) * lean), x)
        reading.add((*key, "y"), low + (foot - ya) * (high - low) / (yb - ya), y)
        reading.add((*key, "size"), z_at(bottom + y - foot), y - foot)
    return reading


def _on(mark: tuple[float, float, float, float], stem: tuple[float, float, float, float]) -> bool:
    """Whether a stem ends in the middle of a mark."""
    x, y = middle(mark)
    return abs(x - stem[0]) < 0.01 and abs(y - stem[3]) < 0.01


def _everything(recording: Recording, bottom: float) -> tuple[float, float, float, float]:
    """The part of the picture that stems reach: marks outside it belong to a legend."""
    tops = [s.box for s in recording.strokes if s.face is None and s.box[2] - s.box[0] < 0.01]
    return (0.0, bottom, 1e4, max(box[3] for box in tops) + 2)


def _near(recording: Recording, heads: list[tuple[float, float]]) -> Recording:
    """Only the words right beside a marker: no ticks, no titles."""

    def gap(box: tuple[float, float, float, float], at: tuple[float, float]) -> float:
        return math.hypot(max(box[0] - at[0], 0, at[0] - box[2]), max(box[1] - at[1], 0, at[1] - box[3]))

    words = tuple(w for w in recording.words if any(gap(w.box, at) < 15 for at in heads) and not _number(w.string))
    return Recording(recording.strokes, words)


def _number(text: str) -> bool:
    try:
        worth(text)
    except Misread:
        return False
    return True
