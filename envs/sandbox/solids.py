"""Bars in three dimensions: each with its place, size and colour, and its faces as they were painted.

A bar is six faces of a `bar3d`, or a rectangle of `bar(..., zdir=)`. Its colour is the one that was written: the light
that Matplotlib lets fall on faces is taken off again, with Matplotlib's own factors; where that gives several colours
(another light, faces of several colours) it is "".
"""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.patches import Rectangle
from mpl_toolkits.mplot3d import art3d, proj3d

from envs.sandbox.artists import ROWS

Table = dict[str, Any]

_AXIS = np.array([2, 2, 1, 1, 0, 0])  # of the six faces of a bar3d in their order: the axis that they lie across
_END = np.array([0, 1, 0, 1, 0, 1])  # ... at which of its ends
_OFF = 1e-6  # of a colour's parts


def solids(axes: Any, label: Any, hexed: Any) -> tuple[list[Table], int]:
    """The bars of three-dimensional axes, and how many other artists are drawn there. `label` and `hexed` make the
    words of a label and of a colour."""
    found: list[Table] = []
    other = 0
    held = {id(patch): group.get_label() for group in axes.containers for patch in group}
    for artist in _drawn(axes):
        bars, colours = _bars(artist)
        other += bars is None
        for (start, end), colour in zip(bars if bars is not None else (), colours):
            low, size = np.minimum(start, end), np.abs(end - start)
            place = {"x": low[0], "y": low[1], "z": start[2], "dx": size[0], "dy": size[1], "dz": end[2] - start[2]}
            told = {name: float(value) if np.isfinite(value) else None for name, value in place.items()}
            words = {"label": label(held.get(id(artist)) or artist.get_label()), "colour": hexed(colour)}
            found.append(words | told)
    return found[:ROWS], other


def faces(axes: Any, height: int) -> list[Table]:
    """The faces that are turned to the viewer, in the order in which they were painted, right after it."""
    painted: list[tuple[float, list[Table]]] = []
    first = 0
    turned = np.sign(np.linalg.det(axes.M))
    for artist in _drawn(axes):
        bars, _ = _bars(artist)
        if bars is None:
            continue
        if isinstance(artist, Rectangle):
            corners, numbers = _corners(artist)[None, :4], [first]
            order, axis, end = [0], [0], [0]
        else:
            corners = _quads(artist)
            numbers = np.repeat(np.arange(first, first + len(bars)), 6).tolist()
            axis, end = np.tile(_AXIS, len(bars)).tolist(), np.tile(_END, len(bars)).tolist()
        x, y, z = proj3d.proj_transform(*corners.reshape(-1, 3).T, axes.M)
        paper = np.column_stack([x, y]).reshape(len(corners), -1, 2)
        if not isinstance(artist, Rectangle):
            depths = np.array([artist._zsortfunc(row) for row in np.asarray(z).reshape(len(corners), -1)])
            order = np.argsort(-depths, kind="stable").tolist()
        pixels = axes.transData.transform(paper.reshape(-1, 2)).reshape(paper.shape)
        pixels[..., 1] = height - pixels[..., 1]
        shown: list[Table] = []
        for k in order:
            start, stop = bars[numbers[k] - first]
            if (
                not isinstance(artist, Rectangle)
                and _area(paper[k]) * _outward(corners[k], axis[k], end[k], start, stop) * turned >= 0
            ):
                continue
            side = ("base", "end")[end[k]] if axis[k] == 2 else "side"
            turn = _turn(corners[k][:, 2] == start[2]) if side == "side" else 0
            polygon = np.roll(pixels[k], -turn, axis=0)
            told = [[float(v) if np.isfinite(v) else None for v in point] for point in polygon]
            shown.append({"of": numbers[k], "side": side, "polygon": told})
        painted.append((artist.get_zorder(), shown))
        first += len(bars)
    return [face for _, shown in sorted(painted, key=lambda each: each[0]) for face in shown if face["of"] < ROWS]


def _drawn(axes: Any) -> list[Any]:
    """What is drawn in the axes beside words, in their own order; samples for a legend hold nothing."""
    found = [artist for artist in (*axes.collections, *axes.patches, *axes.lines, *axes.images) if artist.get_visible()]
    return [artist for artist in found if not _empty(artist)]


def _empty(artist: Any) -> bool:
    for name in ("_vec", "_verts3d", "_offsets3d", "_segments3d"):
        held = getattr(artist, name, None)
        if held is not None and len(held):
            return np.size(held[0]) == 0
    return False


def _bars(artist: Any) -> tuple[np.ndarray | None, Any]:
    """The corners where each bar starts and ends, of shape [bars, 2, 3], and their colours; None where it is no bar."""
    if isinstance(artist, Rectangle):
        corners = _corners(artist)
        ends = corners[[0, 2]] if len(corners) >= 4 else np.zeros((2, 3))
        flat = np.ptp(corners, axis=0) == 0 if len(corners) >= 4 else np.ones(3, bool)
        upright = flat[:2].sum() == 1 and not artist.get_angle()
        return (ends[None], [artist.get_facecolor()]) if upright else (None, ())
    quads = _quads(artist)
    if not len(quads) or len(quads) % 6:
        return None, ()
    sides = quads.reshape(-1, 6, 4, 3)
    start = np.stack([sides[:, 4, 0, 0], sides[:, 2, 0, 1], sides[:, 0, 0, 2]], axis=-1)
    end = np.stack([sides[:, 5, 0, 0], sides[:, 3, 0, 1], sides[:, 1, 0, 2]], axis=-1)
    low, high = start[:, None, None], end[:, None, None]
    at_ends = ((sides == low) | (sides == high)).all()
    across = np.take_along_axis(sides, np.broadcast_to(_AXIS[None, :, None, None], (*sides.shape[:3], 1)), axis=3)
    ends = np.where(_END[None, :] == 1, end[:, _AXIS], start[:, _AXIS])[..., None, None]
    balanced = np.isclose(
        sides.mean(axis=2), np.where(np.arange(3) == _AXIS[:, None], ends[..., 0], (low + high)[:, 0] / 2)
    )
    if not at_ends or not (across == ends).all() or not balanced.all():
        return None, ()
    return np.stack([start, end], axis=1), _colours(artist, quads)


def _quads(artist: Any) -> np.ndarray:
    """The faces of a collection that are all of four corners, of shape [faces, 4, 3]; none of any other artist."""
    if not isinstance(artist, art3d.Poly3DCollection) or any(s.stop - s.start != 4 for s in artist._segslices):
        return np.zeros((0, 4, 3))
    held: np.ndarray = np.ma.filled(np.ma.asarray(artist._vec[:3]).astype(float), np.nan)  # type: ignore[no-untyped-call]
    return held.T.reshape(-1, 4, 3)


def _colours(artist: Any, faces: np.ndarray) -> list[Any]:
    """Of each bar the colour before light fell on it; black without opacity where it cannot be told."""
    held = np.asarray(artist._facecolor3d, float)
    if len(held) not in (1, len(faces)):
        return [(0, 0, 0, 0)] * (len(faces) // 6)
    held = np.broadcast_to(held, (len(faces), 4)).reshape(-1, 6, 4)
    lit = art3d._shade_colors(np.ones((len(faces), 4)), art3d._generate_normals(faces)).reshape(-1, 6, 4)
    found: list[Any] = []
    for plain, light in zip(held, lit):
        written = next((each for each in (plain, plain / light) if np.ptp(each, axis=0).max() < _OFF), None)
        found.append((0, 0, 0, 0) if written is None or written.max() > 1 + _OFF else np.clip(written[0], 0, 1))
    return found


def _corners(patch: Any) -> np.ndarray:
    return np.asarray(getattr(patch, "_segment3d", ()), float).reshape(-1, 3)


def _area(polygon: np.ndarray) -> float:
    """Twice the area, below zero where the corners go round with the clock."""
    x, y = polygon.T
    return float(x @ np.roll(y, -1) - y @ np.roll(x, -1))


def _outward(corners: np.ndarray, axis: int, end: int, start: np.ndarray, stop: np.ndarray) -> float:
    """1 where a face's corners go round against the clock as seen from outside its bar, else -1."""
    normal = np.cross(corners[1] - corners[0], corners[2] - corners[1])[axis]
    outside = (2 * end - 1) * (1 if stop[axis] >= start[axis] else -1)
    return float(np.sign(normal) * outside)


def _turn(at_base: np.ndarray) -> int:
    """By how much to turn the four corners of a side so that those at its base come first."""
    return next((k for k in range(4) if at_base[k] and at_base[(k + 1) % 4]), 0)
