"""A renderer that records what it is asked to draw: paths with their colours, and strings with their places."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import RendererAgg

from envs.drawing.painter import Painter
from envs.drawing.sheet import Sheet

RGB = tuple[float, float, float]
Box = tuple[float, float, float, float]  # x0, y0, x1, y1


@dataclass(frozen=True, slots=True)
class Stroke:
    """A drawn path in pixels, y up: its vertices (n x 2), what it is filled and stroked with, whether it is curved."""

    points: np.ndarray
    face: RGB | None
    edge: RGB | None
    width: float
    curved: bool

    @property
    def box(self) -> Box:
        """x0, y0, x1, y1 of its vertices."""
        (x0, y0), (x1, y1) = self.points.min(0).tolist(), self.points.max(0).tolist()
        return x0, y0, x1, y1


@dataclass(frozen=True, slots=True)
class Word:
    """A drawn string: the middle of its box, the box's hull, its angle in degrees and its size in pixels.

    `tip` is the upper corner at the string's end: where a turned name points to its mark.
    """

    string: str
    x: float
    y: float
    box: Box
    angle: float
    size: float
    tip: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Recording:
    """What was drawn, in order."""

    strokes: tuple[Stroke, ...]
    words: tuple[Word, ...]

    def within(self, box: Box, room: Box | None = None) -> Recording:
        """What lies in a part of the picture, and what all parts share, outside of their `room`."""

        def lies(other: Box) -> bool:
            return _holds(box, other) or (room is not None and not _holds(room, other))

        return Recording(
            tuple(stroke for stroke in self.strokes if lies(stroke.box)),
            tuple(word for word in self.words if lies(word.box)),
        )


def _holds(box: Box, other: Box) -> bool:
    """Whether the middle of the other box lies in this one."""
    return box[0] <= (other[0] + other[2]) / 2 <= box[2] and box[1] <= (other[1] + other[3]) / 2 <= box[3]


class Tape(RendererAgg):
    """Records every call and draws as usual."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.strokes: list[Stroke] = []
        self.words: list[Word] = []

    def draw_path(self, gc: Any, path: Any, transform: Any, rgbFace: Any = None) -> None:
        """See RendererAgg."""
        points = transform.transform(path.vertices)
        curved = path.codes is not None and bool((path.codes == path.CURVE4).any())
        face = None if rgbFace is None else tuple(rgbFace[:3])
        width = gc.get_linewidth()
        self.strokes.append(Stroke(points, face, tuple(gc.get_rgb()[:3]) if width else None, width, curved))
        super().draw_path(gc, path, transform, rgbFace)

    def draw_text(
        self, gc: Any, x: float, y: float, s: str, prop: Any, angle: float, ismath: Any = False, mtext: Any = None
    ) -> None:
        """See RendererAgg."""
        width, height, descent = self.get_text_width_height_descent(s, prop, False)
        turn = math.radians(angle)
        along, across = np.array([math.cos(turn), math.sin(turn)]), np.array([-math.sin(turn), math.cos(turn)])
        start = np.array([x, self.height - y])
        corners = [start + along * u + across * v for u in (0, width) for v in (-descent, height - descent)]
        (x0, y0), (x1, y1) = np.min(corners, 0), np.max(corners, 0)
        middle = np.mean(corners, 0)
        tip = (corners[2] + corners[3]) / 2
        box = (float(x0), float(y0), float(x1), float(y1))
        self.words.append(
            Word(s, float(middle[0]), float(middle[1]), box, angle, prop.get_size(), (float(tip[0]), float(tip[1])))
        )
        super().draw_text(gc, x, y, s, prop, angle, ismath, mtext)


def record(sheet: Sheet) -> Recording:
    """Everything that is drawn when the sheet is played, the ground (its first strokes) left out."""
    painter = Painter(Tape)
    painter.paint(sheet)
    tape: Tape = painter._renderer
    return Recording(tuple(tape.strokes[1 + len(sheet.underlay()) :]), tuple(tape.words))
