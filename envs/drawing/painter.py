"""Plays a display list on one reused Matplotlib renderer and hands out its pixels.

Measured on one core at 448 x 448: about a millisecond, where a figure with Axes takes twenty. Half of it goes into the
bitmaps of strings.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.font_manager import FontProperties
from matplotlib.path import Path
from matplotlib.transforms import Affine2D, IdentityTransform

from envs.drawing.colour import Colour
from envs.drawing.metrics import DPI, bitmap, font_path
from envs.drawing.sheet import Fill, Outline, Sheet, Write

_IDENTITY = IdentityTransform()
_MATRIX = _IDENTITY.get_matrix()  # the same for the private renderer, which would ask for it at every path
_UNIT = Path.unit_rectangle()


@lru_cache(256)
def _properties(font: str, size: float) -> FontProperties:
    return FontProperties(fname=font_path(font), size=size)


def _paths(op: Fill) -> list[Path]:
    """What a recorder is shown: the lines of a comb one by one."""
    vertices = op.path.vertices
    outlines = [Outline(vertices[i : i + 2]) for i in range(0, len(vertices), 2)] if op.comb else [op.path]
    paths = [Path(outline.vertices, outline.codes) for outline in outlines]
    for path in paths:
        path.should_simplify = op.path.should_simplify
    return paths


def _word(colour: Colour) -> Any:
    """An opaque pixel of this colour."""
    return np.array([*(int(255 * channel + 0.5) for channel in colour), 255], np.uint8).view(np.uint32)[0]


def _opaque(pixels: np.ndarray) -> np.ndarray:
    """uint8 height x width x 4 without its last channel, in a third of the time of copying channel by channel.

    Pixels are laid three bytes apart, four bytes at a time and in order: the fourth byte of each goes under the next.
    """
    height, width, _ = pixels.shape
    found = np.empty(3 * height * width + 1, np.uint8)
    np.ndarray(height * width, np.uint32, found, strides=(3,))[...] = pixels.view(np.uint32).ravel()
    return found[:-1].reshape(height, width, 3)


class Painter:
    """Paints sheets, one at a time; keeps the renderer of the last size. Not for use from several threads.

    `renderer` may be a subclass that records its calls; strings then go through the public `draw_text`.
    """

    def __init__(self, renderer: type[RendererAgg] = RendererAgg) -> None:
        self._class = renderer
        self._renderer: Any = None
        self._gc: Any = None

    def paint(self, sheet: Sheet) -> np.ndarray:
        """The picture, uint8 height x width x 3."""
        renderer = self._renderer_for(sheet.width, sheet.height)
        # The private renderer takes bitmaps of strings, which are cached, and paths that are no Path. A recorder, or a
        # Matplotlib without it, gets what the public one takes.
        private: Any = getattr(renderer, "_renderer", None) if self._class is RendererAgg else None
        quick = hasattr(private, "draw_text_image") and hasattr(private, "draw_path")
        draw_path = private.draw_path if quick else renderer.draw_path
        pixels = np.asarray(renderer.buffer_rgba())
        gc = self._gc
        if quick:
            pixels.view(np.uint32)[...] = _word(sheet.ground)
        else:
            renderer.clear()
            gc.set_linewidth(0.0)
            gc.set_snap(True)
            gc.set_foreground((*sheet.ground, 1.0), isRGBA=True)
            renderer.draw_path(gc, _UNIT, Affine2D().scale(sheet.width, sheet.height), (*sheet.ground, 1.0))
        for op in (*sheet.underlay(), *sheet.ops):
            if isinstance(op, Write):
                gc.set_foreground((*op.colour, 1.0), isRGBA=True)
                y = sheet.height - op.y
                if quick:
                    image, left, below = bitmap(op.string, op.font, op.size, op.angle)
                    private.draw_text_image(image, round(op.x + left), round(y + below) + 1, 0.0, gc)
                else:
                    renderer.draw_text(gc, op.x, y, op.string, _properties(op.font, op.size), op.angle)
                continue
            gc.set_linewidth(op.width)
            gc.set_snap(op.snap)
            gc.set_foreground((*(op.edge or op.fill or sheet.ink), 1.0), isRGBA=True)
            if op.dash:
                gc.set_dashes(0, op.dash)
            face = (*op.fill, op.alpha) if op.fill else None
            if quick:
                draw_path(gc, op.path, _MATRIX, face)
            else:
                for path in _paths(op):
                    draw_path(gc, path, _IDENTITY, face)
            if op.dash:
                gc.set_dashes(0, None)
        return _opaque(pixels)

    def _renderer_for(self, width: int, height: int) -> Any:
        if self._renderer is None or (self._renderer.width, self._renderer.height) != (width, height):
            self._renderer = self._class(width, height, DPI)
            self._gc = self._renderer.new_gc()
        return self._renderer
