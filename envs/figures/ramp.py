"""Colours in steps, from low to high, and the bar that tells what they stand for."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from envs.address import Draws
from envs.drawing.colour import COLOURS_APART, Colour, contrast, distance, from_hex, mix
from envs.drawing.sheet import Box, Sheet, Unreadable
from envs.figures.around import EDGE
from envs.figures.base import Style, widest
from envs.figures.frame import PAD

NARROW = 300.0  # pixels: a narrower cell has no room for a title beside the bar
STEP_CONTRAST = 1.5  # of a colour of a ramp to the ground: in patches side by side, so less than a mark
BAR = 14.0  # pixels, the width of the bar
# ColorBrewer's sequential schemes (Brewer), and the perceptual maps of Matplotlib (van der Walt, Smith), at their ends
# and in between.
RAMPS = {
    "viridis": "440154 414487 2a788e 22a884 7ad151 fde725",
    "plasma": "0d0887 6a00a8 b12a90 e16462 fca636 f0f921",
    "blues": "deebf7 9ecae1 6baed6 4292c6 2171b5 08306b",
    "greens": "e5f5e0 a1d99b 74c476 41ab5d 238b45 00441b",
    "heat": "ffffb2 fed976 feb24c fd8d3c f03b20 800026",
    "purples": "efedf5 bcbddc 9e9ac8 807dba 6a51a3 3f007d",
    "lagoon": "ffffd9 c7e9b4 7fcdbb 41b6c4 225ea8 081d58",
}


@lru_cache(512)
def ramp(name: str, count: int, ground: Colour | None) -> tuple[Colour, ...]:
    """So many colours of a ramp, each apart from the others, from the part of it that stands out from the ground if
    there is one; () if there are not."""
    places = [k / 20 for k in range(21)]
    clear = [at for at in places if not ground or contrast(_at(name, at), ground) >= STEP_CONTRAST]
    first, last = clear[0], clear[-1]
    found = [_at(name, first + (last - first) * k / max(1, count - 1)) for k in range(count)]
    pairs = [(a, b) for i, a in enumerate(found) for b in found[i + 1 :]]
    if any(distance(a, b) < COLOURS_APART for a, b in pairs):
        return ()
    return tuple(found)


def _at(name: str, place: float) -> Colour:
    """The colour at a place of a ramp, from 0 to 1."""
    anchors = [from_hex(text) for text in RAMPS[name].split()]
    along = place * (len(anchors) - 1)
    i = min(int(along), len(anchors) - 2)
    return mix(anchors[i], anchors[i + 1], along - i)


def draw_ramp(draws: Draws, count: int, ground: Colour | None) -> tuple[Colour, ...]:
    """So many colours in steps, from low to high or, on a dark ground, whichever way stands out."""
    found = [colours for name in RAMPS if (colours := ramp(name, count, ground))]
    if not found:
        raise Unreadable(f"no ramp has {count} colours that stand out")
    return draws.choice(found)


def bar(colours: Sequence[Colour], texts: Sequence[str], title: str, style: Style, sheet: Sheet, cell: Box) -> Box:
    """A bar of colours along the right of the cell, the lowest at its foot; what is left of the cell.

    As many texts as colours stand beside them, one more stand beside their ends. The title runs upwards beside
    it, or across a narrow cell.
    """
    x0, y0, x1, y1 = cell
    line = style.line
    if title and x1 - x0 < NARROW:
        if style.width(title) > x1 - x0 - 2 * EDGE:
            raise Unreadable("no room for the title of the colours")
        sheet.text(title, (x0 + x1) / 2, y1 - EDGE, style.text, "key", up="top")
        return bar(colours, texts, "", style, sheet, (x0, y0, x1, y1 - EDGE - line.height))
    beside = len(texts) == len(colours)
    room = line.height + PAD if title else 0.0
    left = x1 - EDGE - room - widest(texts, style) - PAD - BAR
    bottom, top = y0 + 2 * EDGE + line.digit, y1 - EDGE - line.digit
    step = (top - bottom) / len(colours)
    if left - x0 < 0.5 * (x1 - x0) or step < line.height or style.width(title) > y1 - y0 - 2 * EDGE:
        raise Unreadable("no room for the bar of colours")
    for k, colour in enumerate(colours):
        sheet.rect((left, bottom + k * step, left + BAR, bottom + (k + 1) * step), colour, style.ink, 1.0)
    for k, text in enumerate(texts):
        y = bottom + (k + (0.5 if beside else 0.0)) * step
        sheet.text(text, left + BAR + PAD, y, style.text, "key", across="left", up="center")
    if title:
        sheet.text(title, x1 - EDGE, (y0 + y1) / 2, style.text, "key", up="bottom", angle=90.0)
    return x0, y0, left - EDGE, y1
