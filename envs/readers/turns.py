"""Sectors of discs and rings, rebuilt from the outlines they are drawn with."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from envs.readers.tape import Stroke, Word


@dataclass(frozen=True, slots=True)
class Turn:
    """A sector's centre, radius, first angle and sweep in radians (counter-clockwise), and its inner radius."""

    x: float
    y: float
    radius: float
    first: float
    sweep: float
    inner: float = 0.0

    def around(self, x: float, y: float) -> float:
        """How far round from its first edge a point lies, in radians."""
        return (math.atan2(y - self.y, x - self.x) - self.first) % (2 * math.pi)

    def holds(self, word: Word) -> bool:
        """Whether the middle of a string lies on the sector."""
        reach = math.hypot(word.x - self.x, word.y - self.y)
        return self.inner < reach < self.radius and self.around(word.x, word.y) < self.sweep


def turn(stroke: Stroke) -> Turn:
    """The sector that a curved outline is: from a centre along an arc, or along one arc and back on a smaller one."""
    points = stroke.points
    inner = 0.0
    if np.allclose(points[0], points[-2]):
        centre, arc = points[0], points[1:]
        arc = arc[np.hypot(*(arc - centre).T) > 1]
    else:
        arc = points[: (len(points) - 1) // 2]
        centre = _centre(arc[::3])
        inner = math.dist(points[-2], centre)
    angles = np.unwrap(np.arctan2(arc[:, 1] - centre[1], arc[:, 0] - centre[0]))
    sweep = float(angles[-1] - angles[0])
    return Turn(float(centre[0]), float(centre[1]), math.dist(arc[0], centre), float(angles[0]), sweep, inner)


def _centre(nodes: np.ndarray) -> np.ndarray:
    """The point from which all points of an arc (n x 2) are equally far."""
    rows = 2 * (nodes[1:] - nodes[0])
    return np.asarray(np.linalg.lstsq(rows, (nodes[1:] ** 2 - nodes[0] ** 2).sum(1), rcond=None)[0])
