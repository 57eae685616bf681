"""The strings of a figure, each where it was really drawn, turned as it is."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.legend import Legend
from matplotlib.path import Path
from matplotlib.text import Text

Table = dict[str, Any]
Layers = list[tuple[float, list[Table]]]  # the faces of bars in three dimensions, by z order


@dataclass(frozen=True, slots=True, eq=False)
class Word:
    """A string as it was drawn: four corners in pixels, y down, and the clip rectangle it was drawn in, y up."""

    owner: Text | None
    string: str
    quad: np.ndarray
    angle: float
    size: float
    clip: Any
    alpha: float


def texts(figure: Any, words: list[Word], width: int, height: int, over: dict[int, Layers]) -> list[Table]:
    """The texts of a figure. `over`: by axes what might be painted over them, by its z order."""
    roles = _roles(figure)
    found = []
    for _, group in itertools.groupby(words, key=lambda word: (id(word.owner), word.owner is None and word.string)):
        lines = list(group)
        first = lines[0]
        quad = _hull(lines)
        (x0, y0), (x1, y1) = quad.min(0).tolist(), quad.max(0).tolist()
        shown = bool(x0 >= -1 and y0 >= -1 and x1 <= width + 1 and y1 <= height + 1) and first.alpha > 0
        if first.clip is not None:
            left, bottom, right, top = first.clip
            shown = shown and bool(
                x0 >= left - 1 and x1 <= right + 1 and y0 >= height - top - 1 and y1 <= height - bottom + 1
            )
        role, axes = roles.get(id(first.owner), ("", -1))
        if axes in over and role != "legend":
            order = first.owner.get_zorder() if first.owner and role in ("", "title") else -math.inf  # axes come first
            later = [face["polygon"] for above, layer in over[axes] if above > order for face in layer]
            shown = shown and not any(_covers(polygon, quad) for polygon in later)
        found.append(
            {
                "text": first.owner.get_text() if first.owner else first.string,
                "role": role,
                "axes": axes,
                "box": rounded([x0, y0, x1, y1]),
                "quad": [rounded(corner) for corner in quad],
                "angle": round(float(first.angle), 2),
                "size_px": round(first.size, 2),
                "shown": shown,
            }
        )
    return found


def _covers(polygon: list[list[float]], quad: np.ndarray) -> bool:
    """Whether a polygon hides some of a text: not just the rim of its box."""
    if not np.isfinite(np.array(polygon, float)).all():
        return False
    across, up = quad[1] - quad[0], quad[3] - quad[0]
    inner = [quad[0] + a * across + b * up for a in np.linspace(0.08, 0.92, 9) for b in (0.25, 0.5, 0.75)]
    return bool(Path(polygon).contains_points(inner).any())


def rounded(places: Any) -> list[float]:
    return [round(float(place), 2) for place in places]


def _hull(lines: list[Word]) -> np.ndarray:
    """The corners of the smallest box, turned as they are, around the lines of one text."""
    turn = math.radians(lines[0].angle)
    across = np.array([math.cos(turn), -math.sin(turn)])
    up = np.array([across[1], -across[0]])
    corners = np.concatenate([line.quad for line in lines])
    along, above = corners @ across, corners @ up
    ends = [
        (along.min(), above.min()),
        (along.max(), above.min()),
        (along.max(), above.max()),
        (along.min(), above.max()),
    ]
    return np.array([a * across + b * up for a, b in ends])


def _roles(figure: Any) -> dict[int, tuple[str, int]]:
    found: dict[int, tuple[str, int]] = {}
    for i, axes in enumerate(figure.axes):
        for text in (axes.title, axes._left_title, axes._right_title):
            found[id(text)] = ("title", i)
        for name, axis in axes._axis_map.items():
            found[id(axis.label)] = (f"{name}label", i)
            for tick in (*axis.get_major_ticks(), *axis.get_minor_ticks()):
                found[id(tick.label1)] = found[id(tick.label2)] = (f"{name}tick", i)
        for text in axes.texts:
            found[id(text)] = ("", i)
        for legend in filter(lambda child: isinstance(child, Legend), axes.get_children()):
            for text in (*legend.get_texts(), legend.get_title()):
                found[id(text)] = ("legend", i)
    for legend in figure.legends:
        for text in (*legend.get_texts(), legend.get_title()):
            found[id(text)] = ("legend", -1)
    for text in (figure._suptitle, figure._supxlabel, figure._supylabel):
        found[id(text)] = ("suptitle", -1)
    return found
