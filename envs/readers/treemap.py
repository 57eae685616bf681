"""Tiles are filled rectangles with a name on them; parents are told by a strip of text above, or by a legend."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass

from envs.readers import Misread, Reading, number, reader
from envs.readers.tape import RGB, Recording, Stroke, Word


@dataclass(frozen=True, slots=True)
class _Tile:
    """A rectangle with its name and its value."""

    box: tuple[float, float, float, float]
    face: RGB
    name: str
    value: float
    area: float


@reader("Treemap")
def treemap(tape: Recording) -> Reading:
    """Each tile by its name: the number on it, or its area where none is written."""
    reading = Reading()
    for tile in _tiles(tape, [s for s in tape.strokes if s.face is not None]):
        reading.add((tile.name,), tile.value, tile.area)
    return reading


@reader("NestedTreemap")
def nested(tape: Recording) -> Reading:
    """Each tile by its parent and its name, and each parent with the sum."""
    filled = [s for s in tape.strokes if s.face is not None]
    squares = [s for s in filled if _small(s)]
    strips = [s for s in filled if not _small(s) and s.edge is None]
    tiles = _tiles(tape, [s for s in filled if not _small(s) and s.edge is not None])
    legend = {square.face: _after(square, tape.words) for square in squares}
    named = [(strip.box, _on(strip, tape.words)[0].string) for strip in strips]
    reading = Reading()
    sums: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0])
    for tile in tiles:
        parent = legend[tile.face] if legend else _above(tile, named)
        reading.add((parent, tile.name), tile.value, tile.area)
        sums[parent][0] += tile.value
        sums[parent][1] += tile.area
    for parent, (value, area) in sums.items():
        reading.add((parent,), value, area)
    return reading


def _tiles(tape: Recording, filled: list[Stroke]) -> list[_Tile]:
    """The tiles; their values are what is written on them, or their areas where a number is missing on any."""
    found = []
    for stroke in filled:
        words = _on(stroke, tape.words)
        # From the top down, or from the left where they are turned.
        lines = [w.string for w in sorted(words, key=lambda w: w.x if w.angle else -w.y)]
        if not lines:
            raise Misread(f"a tile without a name at {stroke.box}")
        assert stroke.face is not None
        found.append((stroke.box, stroke.face, " ".join(lines)))
    written = all(number(_parted(text)[1]) is not None for _, _, text in found)
    tiles = []
    for box, face, text in found:
        name, value = _parted(text) if written else (text, "")
        area = (box[2] - box[0]) * (box[3] - box[1])
        tiles.append(_Tile(box, face, name, number(value) or 0.0 if written else area, area))
    return tiles


def _parted(text: str) -> tuple[str, str]:
    """What stands on a tile as name and number, whose thousands a space may part: "Lyon", "$1 200k"; names have no
    digits."""
    found = re.search(r" (\S*\d[\d ,.]*\S*)\Z", text)
    return (text[: found.start()], found[1]) if found else (text, "")


def _small(stroke: Stroke) -> bool:
    """Whether it is a square of a legend."""
    return max(stroke.box[2] - stroke.box[0], stroke.box[3] - stroke.box[1]) < 12


def _on(stroke: Stroke, words: tuple[Word, ...]) -> list[Word]:
    x0, y0, x1, y1 = stroke.box
    return [w for w in words if x0 < w.x < x1 and y0 < w.y < y1]


def _after(square: Stroke, words: tuple[Word, ...]) -> str:
    """The string to the right of a square."""
    x, y = square.box[2], (square.box[1] + square.box[3]) / 2
    return min(words, key=lambda w: abs(w.box[0] - x - 6) + 3 * abs(w.y - y)).string


def _above(tile: _Tile, strips: list[tuple[tuple[float, float, float, float], str]]) -> str:
    """The strip that spans a tile's middle and lies next above it."""
    x, top = (tile.box[0] + tile.box[2]) / 2, tile.box[3]
    over = [(box[1] - top, name) for box, name in strips if box[0] <= x <= box[2] and box[1] >= top - 2]
    return min(over)[1]
