"""Areas are filled shapes with a corner over each tick, above and below: what lies between is the value."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from envs.readers import Misread, Reading, reader
from envs.readers.axes import axes, scale
from envs.readers.keys import keys
from envs.readers.lines import values_beside
from envs.readers.tape import RGB, Recording, Stroke
from envs.views import Key


@reader("Areas")
def areas(recording: Recording) -> Reading:
    """The thickness of each area over each tick: areas on the same ground are compared by their upper edges."""
    series, strokes = keys(recording)
    found = axes(recording)
    value_at = scale(found.left)
    shapes = [s for s in strokes if s.face is not None and not s.curved and len(s.points) > 6]
    if all(_on_flat_ground(shape) for shape in shapes):
        shapes = [replace(shape, face=_edge(shape, recording)) for shape in shapes]
    if len(shapes) > 1 and not series:
        series = names_at_ends(shapes, recording)
    reading = Reading()
    places = {}
    for shape in shapes:
        for x, name in found.below.items():
            key = (series[shape.face], name) if len(shapes) > 1 else (name,)  # type: ignore[index]
            heights = [float(py) for px, py in shape.points if abs(px - x) < 0.6]
            if len(heights) < 2:
                raise Misread("an area has no corner over a tick")
            places[key] = (x, max(heights), min(heights))
    stacked = len({round(low, 2) for _, _, low in places.values()}) > 1
    middles: dict[Key, tuple[float, float]] = {
        key: (x, (top + low) / 2 if stacked else top) for key, (x, top, low) in places.items()
    }
    texts = values_beside(middles, recording)
    for key, (_, top, low) in places.items():
        length = top - low if stacked else top
        reading.add(key, value_at(top) - value_at(low), length, texts.get(key, ""))
    return reading


def _on_flat_ground(shape: Stroke) -> bool:
    return int((shape.points[:, 1] - shape.box[1] < 0.01).sum()) >= len(shape.points) // 2


def _edge(shape: Stroke, recording: Recording) -> RGB | None:
    """The colour of the line along an area's upper edge, which the legend shows; the area itself is paler."""
    count = len(shape.points) // 2
    lines = (s for s in recording.strokes if s.face is None and len(s.points) == count)
    return next((s.edge for s in lines if np.allclose(s.points, shape.points[:count], atol=0.01)), shape.face)


def names_at_ends(shapes: list[Stroke], recording: Recording) -> dict[RGB, str]:
    """The names to the right of areas, in the order of their upper edges at the right end."""
    right = max(s.box[2] for s in shapes)
    words = sorted((w for w in recording.words if w.box[0] > right), key=lambda w: w.y)
    ends = sorted(shapes, key=lambda s: max(float(y) for x, y in s.points if abs(x - s.box[2]) < 0.6))
    return {shape.face: word.string for shape, word in zip(ends, words, strict=True) if shape.face is not None}
