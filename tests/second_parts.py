"""Second answers to questions of what is written around a figure: read off the recorded strings and strokes."""

from __future__ import annotations

import re
from itertools import pairwise

from second_case import SECOND, Case, rank_in, second

from envs.drawing.colour import distance
from envs.readers import number
from envs.readers.axes import axes
from envs.readers.tape import Recording


def tape(c: Case) -> Recording:
    assert c.tape is not None
    return c.tape


def ticks(c: Case) -> list[float]:
    found = axes(tape(c))
    labels = found.below if c.axis == "horizontal" else found.left
    return sorted(value for text in labels.values() if (value := number(text)) is not None)


@second
def title(c: Case) -> object:
    top = [word for word in tape(c).words if word.angle == 0]
    lines = sorted(top, key=lambda word: -word.box[3])
    middle = lines[0].x
    text, below = lines[0].string, lines[0].box[1]
    for word in lines[1:]:
        aligned = min(abs(word.x - middle), abs(word.box[0] - lines[0].box[0])) < 1.5
        if aligned and below - word.box[3] < 6 and abs(word.size - lines[0].size) < 0.01:
            text, below = f"{text} {word.string}", word.box[1]
        else:
            break
    return text


@second
def axis_title(c: Case) -> object:
    words = tape(c).words
    if c.axis == "vertical":
        return min((w for w in words if w.angle == 90), key=lambda w: w.box[0]).string
    listed = {name for name, _ in legend(c)}  # which may stand below, as may a source
    level = [w for w in words if w.angle == 0 and w.string not in listed]
    return min((w for w in level if not re.match("(Source|Data|Chart): ", w.string)), key=lambda w: w.box[1]).string


SECOND["end_tick"] = lambda c: (max if c.end == "largest" else min)(ticks(c))
SECOND["tick_count"] = lambda c: len(ticks(c))
SECOND["tick_step"] = lambda c: min(b - a for a, b in pairwise(ticks(c)))
SECOND["chart_type"] = lambda c: c.chart


def legend(c: Case) -> list[tuple[str, tuple[float, float, float]]]:
    """Names with a small coloured sign to their left, line by line; the widest sign counts where a dot lies on"
    " a line."""
    found: dict[tuple[int, float], tuple[float, str, tuple[float, float, float]]] = {}
    for word in tape(c).words:
        for stroke in tape(c).strokes:
            x0, y0, x1, y1 = stroke.box
            colour = stroke.face or stroke.edge
            beside = 1 < word.box[0] - x1 < 12 and word.box[1] - 3 <= (y0 + y1) / 2 <= word.box[3] + 3
            # Ticks are as short, but four pixels wide.
            if colour and beside and 5 < x1 - x0 < 30 and y1 - y0 < 15 and word.angle == 0:
                key = (-round((y0 + y1) / 2), word.box[0])
                found[key] = max(found.get(key, (0.0, "", (0.0, 0.0, 0.0))), (x1 - x0, word.string, colour))
    return [(text, colour) for _, (_, text, colour) in sorted(found.items())]


SECOND["legend_size"] = lambda c: len(legend(c))
SECOND["legend_entry"] = lambda c: legend(c)[rank_in(c.ordinal) - 1][0]
PURE = {
    "red": (0.85, 0.15, 0.15), "orange": (1.0, 0.5, 0.05), "yellow": (1.0, 0.9, 0.1), "green": (0.15, 0.6, 0.2),
    "blue": (0.15, 0.4, 0.8), "purple": (0.5, 0.2, 0.7), "pink": (1.0, 0.5, 0.8), "grey": (0.5, 0.5, 0.5),
    "brown": (0.5, 0.3, 0.1), "turquoise": (0.2, 0.8, 0.8), "black": (0.0, 0.0, 0.0), "white": (1.0, 1.0, 1.0),
}  # fmt: skip


@second
def legend_colour(c: Case) -> object:
    word = c.colour.removeprefix("the ").removeprefix("colour ").removesuffix(" colour")
    if word in ("darkest", "lightest"):
        light = sorted(legend(c), key=lambda entry: distance(entry[1], (0.0, 0.0, 0.0)))
        return light[0 if word == "darkest" else -1][0]
    return min(legend(c), key=lambda entry: distance(entry[1], PURE[word]))[0]
