"""What a figure is before it is drawn: panels of marks, words to speak of them, and a style.

A marks class (one file each) holds data and knows three things: how to lay itself out on a Sheet, mending what does not
fit before it gives up; what views it offers once it is laid out; nothing of questions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from envs.drawing.colour import Colour
from envs.drawing.metrics import Line, extent, line
from envs.drawing.sheet import Box, Sheet, Unreadable
from envs.views import Categories

EDGE = 5.0  # pixels kept free along the border of a panel


@dataclass(frozen=True, slots=True)
class Style:
    """How a figure looks. `text` is the height of the em square in pixels, `title` that of the title."""

    font: str
    text: float
    title: float
    palette: tuple[Colour, ...]
    ground: Colour
    ink: Colour
    grid: Colour | None
    spines: str  # "box", "corner" or "base"
    outline: bool
    fill: float  # width of a bar as a share of its slot
    one_colour: bool

    @property
    def line(self) -> Line:
        return line(self.font, self.text)

    def width(self, text: str) -> float:
        """Pixels of a string in the text size."""
        return extent(text, self.font, self.text).width

    def colours(self, count: int) -> list[Colour]:
        """A colour a mark: all alike, as the style says or where the palette is too small to tell them apart."""
        if self.one_colour or count > len(self.palette):
            return [self.palette[0]] * count
        return list(self.palette[:count])


@dataclass(frozen=True, slots=True)
class Words:
    """How to speak of what a panel shows; set by the data, not by the family."""

    noun: str
    nouns: str
    measure: str


class Marks(Protocol):
    """One kind of mark with its data."""

    def lay_out(self, panel: Panel, style: Style, cell: Box, sheet: Sheet) -> Categories:
        """Put the panel on the sheet inside `cell`; the view of it. Raises Unreadable when no mending helps."""


@dataclass(frozen=True, slots=True)
class Panel:
    """Marks with what is written around them; an empty string is not written."""

    marks: Marks
    words: Words
    title: str = ""
    category_axis: str = ""
    value_axis: str = ""
    where: str = ""


@dataclass(frozen=True, slots=True)
class Figure:
    """Everything needed to draw: a picture of width x height pixels with its panels in `columns`."""

    panels: tuple[Panel, ...]
    style: Style
    width: int
    height: int
    columns: int = 1

    def lay_out(self) -> tuple[Sheet, list[Categories]]:
        """The display list and the views, one a panel."""
        sheet = Sheet(self.width, self.height, self.style.font, self.style.ink, self.style.ground)
        rows = -(-len(self.panels) // self.columns)
        wide, high = self.width / self.columns, self.height / rows
        views = []
        for i, panel in enumerate(self.panels):
            row, column = divmod(i, self.columns)
            top = self.height - row * high
            cell = (column * wide, top - high, (column + 1) * wide, top)
            views.append(panel.marks.lay_out(panel, self.style, write_title(panel, self.style, cell, sheet), sheet))
        return sheet, views


def write_title(panel: Panel, style: Style, cell: Box, sheet: Sheet) -> Box:
    """The title, wrapped, along the top of the cell; what is left of the cell."""
    x0, y0, x1, y1 = cell
    if not panel.title:
        return cell
    measures = line(style.font, style.title)
    top = y1 - 2 * EDGE
    for part in wrap(panel.title, x1 - x0 - 4 * EDGE, style.font, style.title):
        sheet.text(part, (x0 + x1) / 2, top, style.title, "title", up="top")
        top -= measures.height + 2
    return x0, y0, x1, top - 2


def wrap(text: str, width: float, font: str, size: float) -> list[str]:
    """A text in lines no wider than `width` pixels; at most three, or it is no title."""
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and extent(longer, font, size).width <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    if len(lines) > 3:
        raise Unreadable("the title takes more than three lines")
    return lines


def widest(texts: Sequence[str], style: Style) -> float:
    """Pixels of the widest of the strings."""
    return max(style.width(text) for text in texts)
