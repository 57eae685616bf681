"""Takes a script's figures, however it shows or saves them, and notes what is really drawn on each.

`plt.show`, `Figure.show` and every `savefig` take the figure as it is at that moment, with the size, margins and
colours that were asked for, as a PNG and never as a file; `plt.show` then closes it, as its window would be. Figures
still open when the script or a call ends are taken too. A figure is taken again only if what it says has changed; an
empty one (`plt.show()` and then `plt.savefig()`) never.
"""

from __future__ import annotations

import functools
import io
import math
import os
from collections.abc import Callable
from typing import Any

import matplotlib
import numpy as np
from matplotlib import pyplot
from matplotlib.axes import Axes
from matplotlib.backend_bases import FigureCanvasBase
from matplotlib.backends import backend_pdf
from matplotlib.backends.backend_agg import FigureCanvasAgg, RendererAgg
from matplotlib.figure import Figure
from matplotlib.patheffects import PathEffectRenderer
from matplotlib.text import Text
from PIL import Image

from envs.sandbox import marks, words
from envs.sandbox.jobs import Limits

Send = Callable[[bytes, dict[str, Any]], None]

_KEPT = ("dpi", "facecolor", "edgecolor", "bbox_inches", "pad_inches", "bbox_extra_artists")  # of savefig's arguments
_print_figure = FigureCanvasBase.print_figure


class Oversize(ValueError):
    """A figure with more pixels than are allowed."""


class Shots:
    """The figures of one job; while it is entered, the hooks of `install` lead here."""

    active: Shots | None = None

    def __init__(self, limits: Limits, send: Send) -> None:
        self._limits, self._send, self._count = limits, send, 0
        self.reason = ""  # why figures are missing, if some are

    def __enter__(self) -> Shots:
        Shots.active = self
        return self

    def __exit__(self, *_: object) -> None:
        Shots.active = None

    def take(self, figure: Figure, **how: Any) -> None:
        """Sends the figure, unless it is empty or says what it said when it was taken before."""
        content = marks.content(figure)
        seen = figure.__dict__.setdefault("_chartgym_seen", [])
        if content is None or content in seen:
            return
        if self._count == self._limits.figures:
            self.reason = f"drew more than {self._limits.figures} figures"
            return
        self._count += 1
        before, recording = figure.canvas, _Recording(figure, self._limits.pixels)
        try:
            _print_figure(recording, io.BytesIO(), format="rgba", **how)
        finally:
            figure.set_canvas(before)
        seen += [content, marks.content(figure)]  # drawing settles colours and limits
        self._send(recording.png, recording.table)

    def take_open(self, *, close: bool) -> None:
        """Takes every figure that pyplot holds."""
        for number in pyplot.get_fignums():
            self.take(pyplot.figure(number))
            if close:
                pyplot.close(number)

    def take_rest(self, returned: Any = None) -> None:
        """What is open at the end of a script or a call, and what it returned; the next call starts with none."""
        for item in returned if isinstance(returned, list | tuple) else (returned,):
            if isinstance(item, Figure):
                self.take(item)
        self.take_open(close=True)


class _Recorder(RendererAgg):
    """Draws as usual and keeps each string with its place."""

    drawn: list[words.Word]
    owner: Text | None = None

    def clear(self) -> None:
        self.drawn = []
        super().clear()

    def draw_text(self, gc: Any, x: float, y: float, s: str, prop: Any, angle: float, *more: Any, **kw: Any) -> None:
        self.note(gc, x, y, s, prop, angle, *more, **kw)
        super().draw_text(gc, x, y, s, prop, angle, *more, **kw)

    def note(
        self, gc: Any, x: float, y: float, s: str, prop: Any, angle: float, ismath: Any = False, mtext: Any = None
    ) -> None:
        width, height, descent = self.get_text_width_height_descent(s, prop, ismath)
        across = np.array([math.cos(math.radians(angle)), -math.sin(math.radians(angle))])
        up = np.array([across[1], -across[0]])
        corner = np.array([x, y]) - up * descent
        quad = np.array([corner, corner + across * width, corner + across * width + up * height, corner + up * height])
        clip = gc.get_clip_rectangle()
        size = self.points_to_pixels(prop.get_size_in_points())
        self.drawn.append(words.Word(self.owner, s, quad, angle, float(size), clip and clip.extents, gc.get_alpha()))


class _Recording(FigureCanvasAgg):
    """A canvas that leaves a PNG and the artists' table of the very moment it was drawn."""

    png: bytes
    table: dict[str, Any]

    def __init__(self, figure: Figure, pixels: int) -> None:
        super().__init__(figure)
        self._pixels = pixels
        self._key: tuple[float, float, float] | None = None

    def get_renderer(self) -> Any:
        width, height = self.figure.bbox.size
        if not 0 < width * height <= self._pixels:
            raise Oversize(f"a figure of {width:.0f} x {height:.0f} pixels; at most {self._pixels} in all")
        key = width, height, self.figure.dpi
        if key != self._key:
            self.renderer, self._key = _Recorder(width, height, self.figure.dpi), key
        return self.renderer

    def print_rgba(self, *_: Any, **__: Any) -> None:
        self.draw()
        drawn = np.asarray(self.renderer.buffer_rgba())
        rgb = drawn[..., :3]
        if drawn[..., 3].min() < 255:  # as on white paper
            alpha = drawn[..., 3:].astype(np.uint16)
            rgb = ((rgb * alpha + 255 * (255 - alpha)) // 255).astype(np.uint8)
        packed = io.BytesIO()
        Image.fromarray(np.ascontiguousarray(rgb)).save(packed, "png")
        self.png = packed.getvalue()
        self.table = marks.table(self.figure, self.renderer.drawn, drawn.shape[1], drawn.shape[0])


def install() -> None:
    """Puts the hooks into Matplotlib; called once, in the warm process."""

    def print_figure(canvas: Any, filename: Any, *arguments: Any, **how: Any) -> Any:
        if Shots.active is None or isinstance(canvas, _Recording):
            return _print_figure(canvas, filename, *arguments, **how)
        kept = dict(zip(("dpi", "facecolor", "edgecolor"), arguments)) | how
        Shots.active.take(canvas.figure, **{name: kept[name] for name in _KEPT if name in kept})
        if hasattr(filename, "write"):
            return _print_figure(canvas, filename, *arguments, **how)

    def show(*_: Any, **__: Any) -> None:
        if Shots.active:
            Shots.active.take_open(close=True)

    def show_one(figure: Figure, *_: Any, **__: Any) -> None:
        if Shots.active:
            Shots.active.take(figure)

    def nothing(*_: Any, **__: Any) -> None:
        """There are no windows, and folders that files would go to are as good as made."""

    pyplot.switch_backend("agg")  # for good
    for place, name, hook in (
        (FigureCanvasBase, "print_figure", print_figure),
        (Figure, "show", show_one),
        (pyplot, "show", show),
        (pyplot, "pause", nothing),
        (pyplot, "switch_backend", nothing),
        (matplotlib, "use", nothing),
        (backend_pdf, "PdfPages", _Pages),
        (Text, "draw", _owned(Text.draw)),
        (PathEffectRenderer, "draw_text", _outlined(PathEffectRenderer.draw_text)),
        (Axes, "bxp", _remembered(Axes.bxp)),
        (os, "mkdir", nothing),
        (os, "makedirs", nothing),
    ):
        setattr(place, name, hook)


def _owned(draw: Any) -> Any:
    """Text.draw that tells the recorder whose strings it is about to get."""

    @functools.wraps(draw)
    def wrapped(text: Text, renderer: Any, *more: Any, **kw: Any) -> Any:
        if not isinstance(renderer, _Recorder):
            return draw(text, renderer, *more, **kw)
        renderer.owner = text
        try:
            return draw(text, renderer, *more, **kw)
        finally:
            renderer.owner = None

    return wrapped


def _outlined(draw_text: Any) -> Any:
    """PathEffectRenderer.draw_text, which draws letters as paths, so that the recorder would not hear of them."""

    @functools.wraps(draw_text)
    def wrapped(effects: Any, *arguments: Any, **kw: Any) -> Any:
        if isinstance(effects._renderer, _Recorder):
            effects._renderer.note(*arguments, **kw)
        return draw_text(effects, *arguments, **kw)

    return wrapped


def _remembered(bxp: Any) -> Any:
    """Axes.bxp that leaves its statistics and its artists on the axes: Matplotlib keeps no container of boxes."""

    @functools.wraps(bxp)
    def wrapped(axes: Axes, bxpstats: Any, positions: Any = None, *more: Any, **kw: Any) -> Any:
        made = bxp(axes, bxpstats, positions, *more, **kw)
        places = list(positions) if positions is not None else list(range(1, len(bxpstats) + 1))
        axes.__dict__.setdefault("_chartgym_boxes", []).append((list(bxpstats), places, made))
        return made

    return wrapped


class _Pages:
    """PdfPages without a file."""

    def __init__(self, *_: Any, **__: Any) -> None:
        self._info: dict[str, Any] = {}

    def __enter__(self) -> _Pages:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def savefig(self, figure: Any = None, **how: Any) -> None:
        chosen = figure if isinstance(figure, Figure) else pyplot.figure(figure) if figure else pyplot.gcf()
        chosen.savefig("page.pdf", **how)

    def infodict(self) -> dict[str, Any]:
        return self._info

    def close(self) -> None:
        pass

    attach_note = get_pagecount = close
