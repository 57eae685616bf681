"""Values shown as colours: ramps in clearly discrete steps, and the bar or legend that says what each colour means.

classes = Classes.over(low, high, unit, most=6)      # edges at round numbers
colours = ramp("blues", classes.count)               # Unreadable if two of them look alike
left = colourbar(classes, colours, style, sheet, cell, "right", "Export volume")
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, replace
from functools import cache, lru_cache

from envs.drawing.colour import COLOURS_APART, Colour, distance, from_hex, mix
from envs.drawing.sheet import Box, Sheet, Unreadable
from envs.figures.base import EDGE, Style, widest
from envs.figures.legend import legend
from envs.numerals import Unit, half_up

THICK = 14.0  # pixels of a bar, across
MOST_STEPS = 7  # more colours than these cannot be told apart
BETWEEN = 10.0  # pixels between a bar and what it belongs to
PAD = 4.0  # pixels between a bar and its labels

# Ends and waypoints from low to high: ColorBrewer's sequential and diverging schemes, and Matplotlib's viridis family.
RAMPS = {
    "blues": "eff3ff bdd7e7 6baed6 3182bd 08306b",
    "greens": "edf8e9 bae4b3 74c476 238b45 00331a",
    "oranges": "feedde fdbe85 fd8d3c d94801 6b2504",
    "purples": "f2f0f7 cbc9e2 9e9ac8 6a51a3 2f0060",
    "reds": "fee5d9 fcae91 fb6a4a cb181d 560009",
    "greys": "f7f7f7 cccccc 969696 525252 101010",
    "ylgnbu": "ffffd9 a1dab4 41b6c4 225ea8 081d58",
    "ylorrd": "ffffb2 fecc5c fd8d3c e31a1c 650018",
    "bupu": "edf8fb b3cde3 8c96c6 88419d 38003c",
    "viridis": "440154 3b528b 21918c 5ec962 fde725",
    "magma": "0b0924 51127c b73779 fc8961 fcfdbf",
    "cividis": "00224e 434e6c 7d7c78 bcae6c fee838",
    "plasma": "0d0887 7e03a8 cc4778 f89540 f0f921",
    "spectral": "3288bd 66c2a5 ffffbf fdae61 d53e4f",
    "rdbu": "b2182b ef8a62 f7f7f7 67a9cf 2166ac",
    "brbg": "8c510a d8b365 f5f5f5 5ab4ac 01665e",
    "rdylgn": "d7191c fdae61 ffffbf a6d96a 1a9641",
}


@lru_cache(256)
def ramp(name: str, count: int) -> tuple[Colour, ...]:
    """So many colours from low to high; Unreadable if any two of them cannot be told apart."""
    colours = tuple(shade(name, i / max(1, count - 1)) for i in range(count))
    if any(distance(a, b) < COLOURS_APART for i, a in enumerate(colours) for b in colours[:i]):
        raise Unreadable(f"{count} steps of {name} look alike")
    return colours


@cache
def finest(name: str) -> int:
    """How many steps of a ramp can be told apart, MOST_STEPS at most."""
    for count in range(MOST_STEPS, 2, -1):
        try:
            return len(ramp(name, count))
        except Unreadable:
            continue
    return 2


def shade(name: str, at: float) -> Colour:
    """The colour of a ramp at a place from 0 (low) to 1 (high)."""
    points = RAMPS[name].split()
    place = at * (len(points) - 1)
    i = min(int(place), len(points) - 2)
    return mix(from_hex(points[i]), from_hex(points[i + 1]), place - i)


@dataclass(frozen=True, slots=True)
class Classes:
    """Ranges of values that follow each other: class i goes from edges[i] up to edges[i + 1]. `decimals` are those
    that the edges need."""

    edges: tuple[float, ...]
    decimals: int
    unit: Unit

    @classmethod
    def over(cls, low: float, high: float, unit: Unit, most: int = MOST_STEPS) -> Classes:
        """The finest classes with edges at multiples of 1, 2, 2.5 or 5 x 10^n that cover the values: at most `most`."""
        units = 10**unit.decimals
        first, last = round(low * units), round(high * units)
        for power in range(16):
            for digit in (10, 20, 25, 50):
                step, odd = divmod(digit * 10**power, 10)
                start, end = first // max(step, 1), -(-last // max(step, 1))
                if not odd and end - start <= most:
                    edges = tuple(k * step / units for k in range(start, max(end, start + 2) + 1))
                    decimals = next(d for d in range(unit.decimals + 1) if step * 10**d % units == 0)
                    return cls(edges, decimals, unit)
        raise Unreadable("the values are too large")

    @property
    def count(self) -> int:
        return len(self.edges) - 1

    def of(self, value: float) -> int:
        """The class of a value; the highest edge belongs to the last one."""
        return max(0, min(bisect_right(self.edges, value) - 1, self.count - 1))

    def middle(self, i: int) -> float:
        """The value that stands for a class."""
        return half_up((self.edges[i] + self.edges[i + 1]) / 2, self.decimals + 1)

    @property
    def half(self) -> float:
        """How far a value may lie from the middle of its class."""
        return (self.edges[1] - self.edges[0]) / 2

    def label(self, i: int) -> str:
        """A class in a legend: "20-40" with a dash."""
        return "–".join(self.unit.write(edge, self.decimals) for edge in self.edges[i : i + 2])


def class_legend(
    classes: Classes, colours: tuple[Colour, ...], style: Style, sheet: Sheet, cell: Box, place: str
) -> Box:
    """A legend with an entry for each class, the highest first; what is left of the cell."""
    entries = [(classes.label(i), colours[i]) for i in reversed(range(classes.count))]
    style = replace(style, outline=True)  # the palest may be near to the ground
    return legend(entries if place == "right" else entries[::-1], style, sheet, cell, place)


def colourbar(
    classes: Classes, colours: tuple[Colour, ...], style: Style, sheet: Sheet, cell: Box, place: str, title: str = ""
) -> Box:
    """A bar of blocks along the "right" or the "bottom" of a cell, labelled at their edges; what is left of the cell.

    Raises Unreadable, with nothing drawn, where the cell has no room.
    """
    x0, y0, x1, y1 = cell
    line, labels = style.line, [classes.unit.write(edge, classes.decimals) for edge in classes.edges]
    room = line.height + 2 * PAD if title else 0.0
    if place == "right":
        length = min(0.8 * (y1 - y0), (y1 - y0) - 2 * line.height)
        block = length / classes.count
        bar_x = x1 - EDGE - room - widest(labels, style) - PAD - THICK
        if block < line.height + 1 or bar_x - x0 < 0.5 * (x1 - x0):
            raise Unreadable("no room for the colour bar")
        foot = (y0 + y1 - length) / 2
        for i, colour in enumerate(colours):
            box = (bar_x, foot + i * block, bar_x + THICK, foot + (i + 1) * block)
            sheet.rect(box, colour, style.ink, 0.8)
        for i, label in enumerate(labels):
            sheet.text(label, bar_x + THICK + PAD, foot + i * block, style.text, "bar", across="left", up="center")
        if title and style.width(title) < y1 - y0:
            sheet.text(title, x1 - EDGE, (y0 + y1) / 2, style.text, "bar title", up="bottom", angle=90.0)
        return x0, y0, bar_x - BETWEEN, y1
    length = 0.8 * (x1 - x0)
    block = length / classes.count
    foot = y0 + EDGE + room + line.height + PAD
    wide = max(style.width(title), length + widest(labels, style)) > x1 - x0 - 2 * EDGE
    if wide or block < widest(labels, style) + 6 or foot + THICK - y0 > 0.4 * (y1 - y0):
        raise Unreadable("no room for the colour bar")
    left = (x0 + x1 - length) / 2
    for i, colour in enumerate(colours):
        sheet.rect((left + i * block, foot, left + (i + 1) * block, foot + THICK), colour, style.ink, 0.8)
    for i, label in enumerate(labels):
        sheet.text(label, left + i * block, foot - PAD, style.text, "bar", up="top")
    if title:
        sheet.text(title, (x0 + x1) / 2, y0 + EDGE, style.text, "bar title", up="bottom")
    return x0, foot + THICK + BETWEEN, x1, y1
