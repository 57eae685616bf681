"""Rows of strings: the first row heads the columns, the first string of each other row names it."""

from __future__ import annotations

from envs.readers import Misread, Reading, number, reader
from envs.readers.tape import Recording, Word


@reader("Table")
def table(tape: Recording) -> Reading:
    """Each number by the names of its row and its column."""
    rows: list[list[Word]] = []
    for word in sorted(tape.words, key=lambda w: -w.y):
        if rows and rows[-1][0].y - word.y < 0.5 * word.size:
            rows[-1].append(word)
        else:
            rows.append([word])
    lines = [[w.string for w in sorted(row, key=lambda w: w.x)] for row in rows]
    if len(lines[0][0]) == 1:  # the letter of a panel, beside its title
        del lines[0]
    header, *body = [line for line in lines if len(line) > 1]  # a line of a title is one string
    reading = Reading()
    for name, *cells in body:
        if len(cells) != len(header) - 1:
            raise Misread(f"the row of {name} has {len(cells)} cells under {len(header) - 1} names")
        for column, text in zip(header[1:], cells, strict=True):
            value = number(text)
            if value is None:
                raise Misread(f"{text!r} in the row of {name} is no number")
            reading.add((name, column), value, 0.0)
    return reading
