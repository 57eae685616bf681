"""Legends: names beside the colours they stand for."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from envs.drawing.colour import Colour
from envs.drawing.sheet import Box, Sheet, Unreadable
from envs.figures.around import EDGE
from envs.figures.base import Style, widest

SWATCH = 10.0  # pixels, the side of a coloured square
STROKE = 20.0  # pixels, the length of a sample of a line
GAP = 6.0  # pixels between a square and its name
INSET = 6.0  # pixels between a legend inside a frame, its border and the frame
INSIDE = 300  # pixels: smaller pictures have no legend in the frame
BETWEEN = 14.0  # pixels between two entries of a row
Entry = tuple[str, Colour]
Sample = Callable[[str, float, float], None]  # draws the sample of this name, STROKE pixels wide, from (x, y) on


def legend(
    entries: Sequence[Entry],
    style: Style,
    sheet: Sheet,
    cell: Box,
    place: str,
    *,
    lines: bool = False,
    sample: Sample | None = None,
) -> Box:
    """Writes a legend along one side of a cell ("right", "top" or "bottom"); what is left of the cell.

    `lines`: strokes instead of squares, drawn by `sample` if given. Raises Unreadable where the cell has no room.
    """
    x0, y0, x1, y1 = cell
    step = style.line.height + 5
    before = (STROKE if lines else SWATCH) + GAP
    if place == "right":
        left = x1 - EDGE - widest([name for name, _ in entries], style) - before
        if left - x0 < (x1 - x0) * 0.4 or step * len(entries) > y1 - y0:
            raise Unreadable("no room for the legend")
        column(entries, style, sheet, left, (y0 + y1) / 2, lines=lines, sample=sample)
        return x0, y0, left - EDGE, y1
    rows: list[list[Entry]] = [[]]
    used = 0.0
    for entry in entries:
        width = style.width(entry[0]) + before + BETWEEN
        if rows[-1] and used + width > x1 - x0 - 2 * EDGE:
            rows.append([])
            used = 0.0
        rows[-1].append(entry)
        used += width
    depth = step * len(rows) + EDGE
    if depth > (y1 - y0) * 0.35:
        raise Unreadable("no room for the legend")
    y = (y1 if place == "top" else y0 + depth) - EDGE / 2 - step / 2
    for row in rows:
        x = (x0 + x1 - sum(style.width(name) + before + BETWEEN for name, _ in row) + BETWEEN) / 2
        for entry in row:
            _entry(entry, style, sheet, x, y, lines, "legend", sample)
            x += style.width(entry[0]) + before + BETWEEN
        y -= step
    return (x0, y0, x1, y1 - depth) if place == "top" else (x0, y0 + depth, x1, y1)


def corner(
    entries: Sequence[Entry], style: Style, box: Box, free: Callable[[Box], bool], *, lines: bool = False
) -> Box:
    """The first corner inside a frame where a legend of these entries lies `free`: covers nothing that is drawn there.
    Unreadable where none does."""
    x0, y0, x1, y1 = box
    wide = (STROKE if lines else SWATCH) + GAP + widest([name for name, _ in entries], style) + 2 * INSET
    high = (style.line.height + 5) * len(entries) + INSET
    if wide > 0.6 * (x1 - x0) or high > 0.5 * (y1 - y0):
        raise Unreadable("the legend is too large for a corner")
    for left, low in (
        (x1 - INSET - wide, y1 - INSET - high),
        (x0 + INSET, y1 - INSET - high),
        (x1 - INSET - wide, y0 + INSET),
        (x0 + INSET, y0 + INSET),
    ):
        spot = (left, low, left + wide, low + high)
        if free(spot):
            return spot
    raise Unreadable("no corner is free for the legend")


def write_inside(
    entries: Sequence[Entry],
    style: Style,
    sheet: Sheet,
    spot: Box,
    *,
    lines: bool = False,
    sample: Sample | None = None,
) -> None:
    """A legend in a place that `corner` found, on a ground of its own, over the grid."""
    sheet.rect(spot, style.ground, style.grid, 1.0 if style.grid else 0.0)
    column(entries, style, sheet, spot[0] + INSET, (spot[1] + spot[3]) / 2, lines=lines, sample=sample)


def column(
    entries: Sequence[Entry],
    style: Style,
    sheet: Sheet,
    x: float,
    y: float,
    *,
    lines: bool = False,
    role: str = "legend",
    sample: Sample | None = None,
) -> None:
    """Entries below each other, centred on y."""
    step = style.line.height + 5
    y += step * (len(entries) - 1) / 2
    for entry in entries:
        _entry(entry, style, sheet, x, y, lines, role, sample)
        y -= step


def _entry(
    entry: Entry, style: Style, sheet: Sheet, x: float, y: float, lines: bool, role: str, sample: Sample | None
) -> None:
    name, colour = entry
    if sample:
        sample(name, x, y)
    elif lines:
        sheet.rect((x, y - 1.5, x + STROKE, y + 1.5), colour)
    else:
        box = (x, y - SWATCH / 2, x + SWATCH, y + SWATCH / 2)
        sheet.rect(box, colour, style.ink if style.outline else None, 1.0)
    left = x + (STROKE if lines else SWATCH) + GAP
    sheet.text(name, left, y, style.text, role, across="left", up="center", swatch=colour)
