"""What is written around the marks of a figure: the title and what stands below it, and the source at the foot."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

from envs.drawing.metrics import extent, line
from envs.drawing.sheet import Box, Sheet, Unreadable

if TYPE_CHECKING:
    from envs.figures.base import Panel, Style
    from envs.views import View

EDGE = 5.0  # pixels kept free along the border of a panel


def write_title(panel: Panel, style: Style, cell: Box, sheet: Sheet) -> Box:
    """The title, wrapped, along the top of the cell, the unit below it where the panel says so, and the tag in the
    corner; what is left of the cell."""
    x0, y0, x1, y1 = cell
    if not panel.title and not panel.tag:
        return cell
    measures = line(style.font, style.title)
    top = y1 - 2 * EDGE
    tag_width = 0.0
    if panel.tag:
        tag_width = extent(panel.tag, style.font, style.title).width + 2 * EDGE
        sheet.text(panel.tag, x0 + 2 * EDGE, top, style.title, "tag", across="left", up="top")
    left = style.left and not panel.tag
    x, across = (x0 + 2 * EDGE, "left") if left else ((x0 + x1) / 2, "center")
    lines = wrap(panel.title, x1 - x0 - 4 * EDGE - 2 * tag_width, style.font, style.title) if panel.title else [""]
    for part in lines:
        if part:
            sheet.text(part, x, top, style.title, "title", across=across, up="top")
        top -= measures.height + 3
    unit = panel.words.unit.beside
    if panel.words.noted and unit and style.title > style.text and style.width(unit) < x1 - x0 - 4 * EDGE:
        sheet.text(unit[0].upper() + unit[1:], x, top, style.text, "unit", across=across, up="top")
        top -= style.line.height + 2
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


def foot(style: Style) -> float:
    """Pixels that the source takes below a figure."""
    return style.line.height + 1.5 * EDGE if style.source else 0.0


def write_source(style: Style, views: Iterable[View], sheet: Sheet) -> None:
    """The source below a figure, unless it names what the figure shows, or might have shown."""
    if not style.source:
        return
    said, shown = _spaced(style.source), {name for view in views for name in _names(view)}
    if not any(_spaced(name) in said for name in shown):
        x, across = (2 * EDGE, "left") if style.left else (sheet.width - 2 * EDGE, "right")
        sheet.text(style.source, x, EDGE, style.text, "source", across=across, up="bottom")


def _names(view: View) -> Iterator[str]:
    for key in view.facts():
        yield from key
    for held in ("absent", "absent_series", "absent_parents"):
        yield from getattr(view, held, ())


_WORD = re.compile(r"[^\W_]+")


@lru_cache(8192)  # names come again and again
def _spaced(text: str) -> str:
    """The words of a text, each between spaces, so that whole words can be looked for."""
    return " " + " ".join(_WORD.findall(text.casefold())) + " "
