"""Coloured cells: where they stand tells their names, what is written in them or their colour tells their values."""

from __future__ import annotations

from collections.abc import Sequence

from envs.readers import Misread, Reading, number, reader
from envs.readers.axes import axes
from envs.readers.colourbar import order, ranges
from envs.readers.tape import Recording, Stroke, Word
from envs.views import Key


@reader("Heatmap")
def heatmap(tape: Recording) -> Reading:
    """Each cell by the names of its row and its column."""
    found = axes(tape)
    cells: list[tuple[Key, Stroke]] = []
    blocks = []
    for stroke in tape.strokes:
        if stroke.face is None:
            continue
        x0, y0, x1, y1 = stroke.box
        column = [name for x, name in found.below.items() if abs(x - (x0 + x1) / 2) < 1]
        row = [name for y, name in found.left.items() if abs(y - (y0 + y1) / 2) < 1]
        if row and column:
            cells.append(((row[0], column[0]), stroke))
        else:
            blocks.append(stroke)
    return _values(cells, blocks, tape.words)


@reader("TileMap")
def tile_map(tape: Recording) -> Reading:
    """Each tile by the code on it."""
    cells: list[tuple[Key, Stroke]] = []
    blocks = []
    for stroke in tape.strokes:
        if stroke.face is None:
            continue
        codes = [w.string for w in _on(stroke, tape.words) if number(w.string) is None]
        if codes:
            cells.append(((codes[0],), stroke))
        else:
            blocks.append(stroke)
    return _values(cells, blocks, tape.words)


def _values(cells: Sequence[tuple[Key, Stroke]], blocks: Sequence[Stroke], words: Sequence[Word]) -> Reading:
    """The number on each cell; where there is none, the middle of the range that its colour stands for."""
    reading = Reading()
    meaning = ranges(blocks, words)
    places = order(meaning)
    for key, cell in cells:
        face = cell.face
        low, high = meaning.get(face, (0.0, 0.0)) if face else (0.0, 0.0)
        texts = [value for w in _on(cell, words) if (value := number(w.string)) is not None]
        if texts:
            if meaning and not low <= texts[0] <= high:
                raise Misread(f"{', '.join(key)} is written as {texts[0]} on a colour for {low} to {high}")
            reading.add(key, texts[0], 0.0)
        elif face in meaning:
            reading.add(key, (low + high) / 2, 10.0 * places[face])
        else:
            raise Misread(f"{', '.join(key)} has neither a number nor a colour with a meaning")
    return reading


def _on(cell: Stroke, words: Sequence[Word]) -> list[Word]:
    """The strings in a rectangle."""
    x0, y0, x1, y1 = cell.box
    return [w for w in words if x0 < w.x < x1 and y0 < w.y < y1]
