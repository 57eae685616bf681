"""What lies under the marks in a frame: the paper of the plotting area, its stripes, and the grid."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from envs.drawing.colour import mix
from envs.drawing.sheet import Box, Sheet
from envs.figures.base import Style

NEAR = 9.0  # pixels: fine lines are no closer


def lay_ground(style: Style, sheet: Sheet, box: Box, across: Sequence[float], up: Sequence[float]) -> None:
    """Draws the ground of a frame whose value axes have ticks at these pixels; () for an axis of names."""
    left, bottom, right, top = box
    if style.paper:
        if not style.striped:
            sheet.under(box, style.paper)
        elif up:
            for low, high in list(pairwise([*up, top]))[::2]:
                sheet.under((left, low, right, high), style.paper)
        else:
            for low, high in list(pairwise([*across, right]))[::2]:
                sheet.under((low, bottom, high, top), style.paper)
    if not style.grid:
        return
    if style.fine:
        pale = mix(style.grid, style.ground, 0.55)
        for at in _between(across, left, right):
            sheet.rule((at, bottom), (at, top), pale)
        for at in _between(up, bottom, top):
            sheet.rule((left, at), (right, at), pale)
    for at in across:
        if at > left + 1:
            sheet.rule((at, bottom), (at, top), style.grid, dash=style.dash)
    for at in up:
        if at > bottom + 1:
            sheet.rule((left, at), (right, at), style.grid, dash=style.dash)


def _between(ticks: Sequence[float], start: float, end: float) -> list[float]:
    """Places half-way between ticks, and beyond the outer ones."""
    if len(ticks) < 2 or ticks[1] - ticks[0] < 2 * NEAR:
        return []
    step = ticks[1] - ticks[0]
    found = [ticks[0] - step / 2, *(at + step / 2 for at in ticks)]
    return [at for at in found if start + NEAR / 2 < at < end - NEAR / 2]
