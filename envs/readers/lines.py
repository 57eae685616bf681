"""Lines are strokes of three points or more; the ticks below name the positions, the ticks beside give the values."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from envs.readers import Misread, Reading, number, reader
from envs.readers.axes import axes, scale
from envs.readers.tape import RGB, Recording, Stroke, Word
from envs.views import Key

Box = tuple[float, float, float, float]
FAR = 24.0  # pixels from a point to the value written beside it, at most


@reader("Lines")
def lines(recording: Recording) -> Reading:
    """The height of each line over each tick."""
    found = axes(recording)
    value_at = scale(found.left)
    drawn = polylines(recording)
    names = keys_of_lines(drawn, recording)
    reading = Reading()
    places: dict[Key, tuple[float, float]] = {}
    for stroke in drawn:
        for x, name in found.below.items():
            places[(names[stroke.edge], name) if len(drawn) > 1 else (name,)] = (x, height(stroke, x))
    texts = values_beside(places, recording)
    for key, (_, y) in places.items():
        reading.add(key, value_at(y), y, texts.get(key, ""))
    return reading


def polylines(recording: Recording) -> list[Stroke]:
    """The lines that show data."""
    return [s for s in recording.strokes if s.face is None and len(s.points) >= 3 and not s.curved]


def height(stroke: Stroke, x: float) -> float:
    """How high a line is over a tick."""
    across, up = stroke.points[:, 0], stroke.points[:, 1]
    if x < across[0] - 0.6 or x > across[-1] + 0.6:
        raise Misread("a line does not reach all positions")
    if (np.diff(across) < 1e-6).any():  # steps: the level stretch that the tick is under
        stretches = [(a, b) for a, b in zip(stroke.points, stroke.points[1:]) if abs(a[1] - b[1]) < 1e-6]
        return float(min(stretches, key=lambda ab: abs((ab[0][0] + ab[1][0]) / 2 - x))[0][1])
    at = int(np.abs(across - x).argmin())
    if abs(across[at] - x) > 0.6:
        raise Misread("a line has no point over a tick")
    return float(up[at])


def keys_of_lines(drawn: Sequence[Stroke], recording: Recording) -> dict[RGB | None, str]:
    """The name of each line by its colour: from a sample of the line beside a name, or from names at the lines' ends,
    which stand in the order of the ends."""
    if len(drawn) < 2:
        return {}
    found = sampled({s.edge for s in drawn}, hull(drawn), recording)
    if not found:
        _, bottom, right, top = hull(drawn)
        beside = [w for w in recording.words if right < w.box[0] and bottom - 24 <= w.y <= top + 24]
        order = sorted(drawn, key=lambda s: float(s.points[-1][1]))
        for stroke, word in zip(order, sorted(beside, key=lambda w: w.y), strict=True):
            found[stroke.edge] = word.string
    if len(found) != len(drawn):
        raise Misread("a line without a name")
    return found


def sampled(colours: set[RGB | None], data: Box, recording: Recording) -> dict[RGB | None, str]:
    """The names by colour, from strokes of a legend: outside of where the data lie, or short straight ones."""
    left, bottom, right, top = data
    found: dict[RGB | None, str] = {}
    for stroke in recording.strokes:
        x0, y0, x1, y1 = stroke.box
        inside = left - 6 <= x0 and x1 <= right + 6 and bottom - 6 <= y0 and y1 <= top + 6
        colour = next((c for c in (stroke.edge, stroke.face) if c is not None and c in colours), None)
        if (inside and len(stroke.points) > 2) or colour is None or not 8 <= x1 - x0 <= 26:
            continue
        near = [w for w in recording.words if 2 <= w.box[0] - x1 <= 12 and w.box[1] <= (y0 + y1) / 2 <= w.box[3]]
        if near:
            found[colour] = min(near, key=lambda w: w.box[0]).string
    return found


def values_beside(places: dict[Key, tuple[float, float]], recording: Recording) -> dict[Key, str]:
    """The numbers inside the plot, each by the point that it is nearest to."""
    xs, ys = [x for x, _ in places.values()], [y for _, y in places.values()]
    found: dict[Key, str] = {}
    for word in recording.words:
        if number(word.string) is None or word.angle:
            continue
        if not (min(xs) - FAR <= word.x <= max(xs) + FAR and min(ys) - FAR <= word.y <= max(ys) + FAR):
            continue
        key = min(places, key=lambda k: _away(word, places[k]))
        if _away(word, places[key]) > FAR / 2 or _on_axis(word, recording):
            continue
        if key in found:
            raise Misread(f"{', '.join(key)} has two values beside it")
        found[key] = word.string
    return found


def _on_axis(word: Word, recording: Recording) -> bool:
    """Whether a string belongs to a tick: it ends just left of one at its height, or just below its middle or tip."""
    left, bottom, right, top = word.box
    for s in recording.strokes:
        if s.face is None and len(s.points) == 2:
            x0, y0, x1, y1 = s.box
            if y0 == y1 and 3 <= x1 - x0 <= 5 and -1 <= x0 - right <= 9 and bottom - 3 <= y0 <= top + 3:
                return True
            if x0 == x1 and 3 <= y1 - y0 <= 5 and -3 <= y0 - top <= 9 and left - 9 <= x0 <= right + 9:
                return True
    return False


def _away(word: Word, point: tuple[float, float]) -> float:
    x, y = point
    x0, y0, x1, y1 = word.box
    return math.hypot(max(x0 - x, 0.0, x - x1), max(y0 - y, 0.0, y - y1))


def hull(drawn: Sequence[Stroke]) -> Box:
    """Where all of the strokes lie."""
    boxes = np.array([s.box for s in drawn])
    (x0, y0), (x1, y1) = boxes[:, :2].min(0).tolist(), boxes[:, 2:].max(0).tolist()
    return x0, y0, x1, y1
