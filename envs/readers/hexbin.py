"""Hexagons in the plot, and the bar beside it that tells how many things each colour stands for."""

from __future__ import annotations

import re

from envs.readers import Misread, Reading, reader
from envs.readers.contour import bar, place
from envs.readers.plane import inside, middle, plane
from envs.readers.tape import Recording


@reader("Hexbin")
def hexbin(recording: Recording) -> Reading:
    """How many hexagons there are of each step, the steps of those with letters, and the middle of the fullest."""
    found = plane(recording)
    blocks = bar(recording, found.box)
    order = [block.face for block in blocks]
    reading = Reading()
    for k, block in enumerate(blocks):
        beside = [w for w in recording.words if 0 < w.box[0] - block.box[2] < 8]
        text = min(beside, key=lambda w: abs(w.y - middle(block.box)[1])).string
        ends = re.fullmatch(r"(\d+)–(\d+)", text)
        if not ends:
            raise Misread(f"{text!r} is no range")
        reading.add(("step", str(k), "from"), float(ends[1]), 0.0)
        reading.add(("step", str(k), "to"), float(ends[2]), 0.0)
    cells = inside(recording.strokes, found.box)
    for k, face in enumerate(order):
        reading.add(("cells", str(k)), sum(cell.face == face for cell in cells), 0.0)
    for word in recording.words:
        under = [c for c in cells if abs(middle(c.box)[0] - word.x) < 4 and abs(middle(c.box)[1] - word.y) < 5]
        if under:
            place(reading, found, word.string, middle(under[0].box))
            reading.add((word.string, "step"), order.index(under[0].face), 0.0)
    highest = max(order.index(cell.face) for cell in cells)
    top = [cell for cell in cells if cell.face == order[highest]]
    if len(top) == 1:
        place(reading, found, "peak", middle(top[0].box))
    return reading
