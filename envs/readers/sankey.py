"""Nodes are upright boxes; a flow is an outline that is level at both ends, as deep at its ends as it is large."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import numpy as np

from envs.readers import Misread, Reading, number, reader
from envs.readers.tape import Recording, Stroke, Word


@dataclass(frozen=True, slots=True)
class _Flow:
    """The left and the right end of a flow: x, the middle of its height; its depth in pixels, and what stands on it."""

    left: tuple[float, float]
    right: tuple[float, float]
    deep: float
    written: str


@reader("Sankey")
def sankey(tape: Recording) -> Reading:
    """Each flow by the names of the boxes at its ends; its value is what is written, or its depth where nothing is."""
    filled = [s for s in tape.strokes if s.face is not None]
    boxes = [s for s in filled if len(s.points) == 5]
    names = [_name(box, tape.words) for box in boxes]
    flows = [_flow(s, tape.words) for s in filled if len(s.points) > 5]
    written = all(flow.written for flow in flows)
    values = [number(flow.written) or 0.0 if written else flow.deep for flow in flows]
    # What is written must be in proportion to what is drawn.
    scale = sum(values) / sum(flow.deep for flow in flows)
    reading = Reading()
    sums: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0])
    for flow, value in zip(flows, values, strict=True):
        if abs(flow.deep * scale - value) > 0.01 * max(values):
            raise Misread(f"a flow is drawn as {flow.deep * scale:.3f} but written as {flow.written}")
        source, target = _at(flow.left, 2, boxes, names), _at(flow.right, 0, boxes, names)
        reading.add((source, target), value, flow.deep)
        sums[source][0] += value
        sums[target][1] += value
    for name in names:
        reading.add((name,), max(sums[name]), 0.0)
    return reading


def _flow(stroke: Stroke, words: tuple[Word, ...]) -> _Flow:
    points = stroke.points[:-1]
    x0, x1 = points[:, 0].min(), points[:, 0].max()
    ends = [points[np.abs(points[:, 0] - x) < 1e-6][:, 1] for x in (x0, x1)]
    (low, high), (end_low, end_high) = [(float(ys.min()), float(ys.max())) for ys in ends]
    middle = (low + high) / 2
    on = [w.string for w in words if 0 < w.box[0] - x0 < 12 and low < w.y < high]
    on += [w.string for w in words if 0 < x1 - w.box[2] < 12 and end_low < w.y < end_high]
    on = [text for text in on if number(text) is not None]
    return _Flow(
        (float(x0), middle),
        (float(x1), (end_low + end_high) / 2),
        high - low,
        on[0] if on else "",
    )


def _at(end: tuple[float, float], side: int, boxes: list[Stroke], names: list[str]) -> str:
    """The name of the box whose side (0 left, 2 right) a flow ends at."""
    for box, name in zip(boxes, names, strict=True):
        if abs(box.box[side] - end[0]) < 1 and box.box[1] - 1 <= end[1] <= box.box[3] + 1:
            return name
    raise Misread(f"a flow ends nowhere, at {end}")


def _name(box: Stroke, words: tuple[Word, ...]) -> str:
    """The string on a box, or next to it at its height on the outer side."""
    x0, y0, x1, y1 = box.box
    y = (y0 + y1) / 2
    inside = [w for w in words if x0 < w.x < x1 and y0 < w.y < y1]
    beside = [w for w in words if number(w.string) is None and abs(w.y - y) < 6]
    return min(inside or beside, key=lambda w: min(abs(w.box[2] - x0), abs(w.box[0] - x1))).string
