"""Areas of one colour above another; the bar beside them tells what the colours stand for."""

from __future__ import annotations

import itertools

from matplotlib.path import Path

from envs.readers import Misread, Reading, reader
from envs.readers.plane import Box, Plane, middle, plane, within, worth
from envs.readers.tape import Recording, Stroke


@reader("Contour")
def contour(recording: Recording) -> Reading:
    """The step of each marked place, the middle of the highest area, and the bounds of the steps."""
    found = plane(recording)
    blocks = bar(recording, found.box)
    order = [block.face for block in blocks]
    lowest = blocks[0].box
    ends = [b.box[1] for b in blocks] + [blocks[-1].box[3]]
    beside = [w for w in recording.words if 0 < w.box[0] - lowest[2] < 8]
    bounds = [worth(min(beside, key=lambda w: abs(w.y - y)).string) for y in ends]
    areas = [s for s in recording.strokes if s.face in order and _in_plot(s, found.box)]
    reading = Reading()
    for k, (low, high) in enumerate(itertools.pairwise(bounds)):
        reading.add(("step", str(k), "from"), low, 0.0)
        reading.add(("step", str(k), "to"), high, 0.0)
    dots = [s for s in recording.strokes if s.curved and s.face is not None and within(found.box, middle(s.box))]
    letters = [w for w in recording.words if within(found.box, (w.x, w.y))]
    for dot in dots:
        x, y = middle(dot.box)
        name = min(letters, key=lambda w: abs(w.x - x) + abs(w.y - y)).string
        over = [area for area in areas if Path(area.points, _codes(area)).contains_point((x, y))]
        if not over:
            raise Misread(f"{name} lies on no colour")
        place(reading, found, name, (x, y))
        reading.add((name, "step"), order.index(over[-1].face), 0.0)
    highest = max(order.index(area.face) for area in areas)
    top = [area for area in areas if area.face == order[highest]]
    if len(top) == 1:
        place(reading, found, "peak", middle(top[0].box))
    return reading


def bar(recording: Recording, box: Box) -> list[Stroke]:
    """The blocks of the bar beside the plot, from the lowest."""
    blocks = [s for s in recording.strokes if s.face is not None and not s.curved and s.box[0] > box[2]]
    return sorted(blocks, key=lambda s: s.box[1])


def place(reading: Reading, found: Plane, name: str, at: tuple[float, float]) -> None:
    reading.add((name, "x"), found.x(at[0]), 0.0)
    reading.add((name, "y"), found.y(at[1]), 0.0)


def _in_plot(stroke: Stroke, box: Box) -> bool:
    return within(box, (stroke.box[0], stroke.box[1])) and within(box, (stroke.box[2], stroke.box[3]))


def _codes(area: Stroke) -> list[int]:
    """Rings within one path begin where the one before has come back to its start."""
    codes: list[int] = []
    start = 0
    points: list[list[float]] = area.points.tolist()
    for i, point in enumerate(points):
        new = not codes or codes[-1] == int(Path.CLOSEPOLY)
        if new:
            start = i
        closes = i > start and point == points[start]
        codes.append(int(Path.MOVETO if new else Path.CLOSEPOLY if closes else Path.LINETO))
    return codes
