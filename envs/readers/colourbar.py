"""What colours mean: blocks of a bar with numbers at their edges, or squares beside ranges of numbers."""

from __future__ import annotations

from collections.abc import Sequence

from envs.readers import Misread, number
from envs.readers.tape import RGB, Stroke, Word

Ranges = dict[RGB, tuple[float, float]]  # a colour stands for values from low to high


def ranges(blocks: Sequence[Stroke], words: Sequence[Word]) -> Ranges:
    """The range of each filled rectangle that is part of a colour bar or a legend of classes."""
    found: Ranges = {}
    for block in blocks:
        x0, y0, x1, y1 = block.box
        middle = (y0 + y1) / 2
        beside = [w for w in words if 0 < w.box[0] - x1 < 12 and abs(w.y - middle) < 5 and "–" in w.string]
        if beside:  # a legend
            low, high = (number(part) for part in beside[0].string.split("–"))
        else:
            right = [[w for w in words if 0 < w.box[0] - x1 < 8 and abs(w.y - y) < 4] for y in (y0, y1)]
            below = [[w for w in words if 0 < y0 - w.box[3] < 8 and abs(w.x - x) < 4] for x in (x0, x1)]
            ends = right if all(right) else below
            if not all(ends):
                raise Misread(f"a block of a colour bar without numbers at {block.box}")
            low, high = (number(end[0].string) for end in ends)
        if low is None or high is None or block.face is None:
            raise Misread(f"a colour without a range of numbers at {block.box}")
        found[block.face] = (low, high)
    return found


def order(found: Ranges) -> dict[RGB, int]:
    """The place of each colour, from the lowest range."""
    return {face: i for i, face in enumerate(sorted(found, key=lambda face: found[face]))}
