"""Bars in three dimensions: each with its place, size and colour, and its faces as they were painted.

A bar is six faces of a `bar3d`, or a flat one of `bar(..., zdir=)`. Its colour is the one that was written: the light
that Matplotlib lets fall on faces is taken off again, with Matplotlib's own factors; where that gives several colours
(another light, faces of several colours) it is "".
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from mpl_toolkits.mplot3d import art3d, proj3d

from envs.sandbox.artists import ROWS

Table = dict[str, Any]

_AXIS = np.array([2, 2, 1, 1, 0, 0])  # of the six faces of a bar3d in their order: the axis that they lie across
_END = np.array([0, 1, 0, 1, 0, 1])  # ... and at which of its ends
_OFF = 1e-6  # of a colour's parts
_UNKNOWN = (0.0, 0.0, 0.0, 0.0)


@dataclass(frozen=True, slots=True, eq=False)
class _Bars:
    """The bars of one artist: where each starts and ends, [bars, 2, 3], and its colour; and their faces, [faces, 4, 3],
    as many of each."""

    ends: np.ndarray
    colours: list[Any]
    quads: np.ndarray

    @property
    def flat(self) -> bool:
        return len(self.quads) == len(self.ends)


def solids(axes: Any, label: Callable[[Any], str], hexed: Callable[[Any], str]) -> tuple[list[Table], int]:
    """The bars of three-dimensional axes, and how many other artists are drawn there. `label` and `hexed` make the
    words of a label and of a colour."""
    found: list[Table] = []
    other = 0
    held = {id(patch): group.get_label() for group in axes.containers for patch in group}
    for artist in _drawn(axes):
        bars = _bars(artist)
        if bars is None:
            other += 1
            continue
        words = label(held.get(id(artist)) or artist.get_label())
        for (start, end), colour in zip(bars.ends, bars.colours):
            low, size = np.minimum(start, end), np.abs(end - start)
            place = {"x": low[0], "y": low[1], "z": start[2], "dx": size[0], "dy": size[1], "dz": end[2] - start[2]}
            told = {name: float(value) if np.isfinite(value) else None for name, value in place.items()}
            found.append({"label": words, "colour": hexed(colour)} | told)
    return found[:ROWS], other


def layers(axes: Any, height: int) -> list[tuple[float, list[Table]]]:
    """The faces of the bars, right after they were painted: by the z order of their artist, from the first that was
    painted to the last."""
    found: list[tuple[float, list[Table]]] = []
    first = 0
    for artist in _drawn(axes):
        if (bars := _bars(artist)) is not None:
            found.append((float(artist.get_zorder()), _painted(axes, artist, bars, first, height)))
            first += len(bars.ends)
    return sorted(found, key=lambda layer: layer[0])


def _painted(axes: Any, artist: Any, bars: _Bars, first: int, height: int) -> list[Table]:
    x, y, z = proj3d.proj_transform(*bars.quads.reshape(-1, 3).T, axes.M)
    paper = np.column_stack([x, y]).reshape(-1, 4, 2)
    pixels = axes.transData.transform(paper.reshape(-1, 2)).reshape(-1, 4, 2)
    pixels[..., 1] = height - pixels[..., 1]
    # As Poly3DCollection.do_3d_projection has them.
    depths = np.asarray(z).reshape(-1, 4)
    order = [0] if bars.flat else np.argsort([-artist._zsortfunc(row) for row in depths], kind="stable").tolist()
    mirrored = np.sign(np.linalg.det(axes.M))
    found = []
    for k in order:
        number, face = (k, 2) if bars.flat else divmod(k, 6)
        start, end = bars.ends[number]
        corners, axis = bars.quads[k], _AXIS[face]
        away = not bars.flat and _round(paper[k]) * _outward(corners, axis, _END[face], start, end) * mirrored >= 0
        side = "back" if away else ("base", "end")[_END[face]] if axis == 2 else "side"
        polygon = np.roll(pixels[k], -_turn(corners[:, 2] == start[2]), axis=0) if side == "side" else pixels[k]
        told = [[float(v) if np.isfinite(v) else None for v in point] for point in polygon]
        found.append({"of": first + number, "side": side, "polygon": told})
    return found


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


def _bars(artist: Any) -> _Bars | None:
    """The bars that an artist is; None where it is something else."""
    if isinstance(artist, art3d.Patch3D):
        corners = np.asarray(artist._segment3d, float).reshape(-1, 3)[:4]
        if len(corners) < 4 or (np.ptp(corners, axis=0) == 0)[:2].sum() != 1:
            return None
        ends = corners[[0, 2]]
        told = ((corners == ends[0]) | (corners == ends[1])).all()
        return _Bars(ends[None], [artist.get_facecolor()], corners[None]) if told else None
    quads = _quads(artist)
    if not len(quads) or len(quads) % 6:
        return None
    sides = quads.reshape(-1, 6, 4, 3)
    start = np.stack([sides[:, 4, 0, 0], sides[:, 2, 0, 1], sides[:, 0, 0, 2]], axis=-1)
    end = np.stack([sides[:, 5, 0, 0], sides[:, 3, 0, 1], sides[:, 1, 0, 2]], axis=-1)
    low, high = start[:, None, None], end[:, None, None]
    cornered = ((sides == low) | (sides == high)).all()
    # A face lies at one end of its axis, and half of its corners at either end of the others.
    at = np.where(_END == 1, end[:, _AXIS], start[:, _AXIS])[..., None]
    middle = np.where(np.arange(3) == _AXIS[:, None], at, (low + high)[:, 0] / 2)
    across = np.take_along_axis(sides, np.broadcast_to(_AXIS[:, None, None], (*sides.shape[:3], 1)), axis=3)
    if not cornered or not (across[..., 0] == at).all() or not np.isclose(sides.mean(axis=2), middle).all():
        return None
    return _Bars(np.stack([start, end], axis=1), _colours(artist, quads), quads)


def _quads(artist: Any) -> np.ndarray:
    """The faces of a collection that are all of four corners, of shape [faces, 4, 3]; none of any other artist."""
    if not isinstance(artist, art3d.Poly3DCollection) or any(s.stop - s.start != 4 for s in artist._segslices):
        return np.zeros((0, 4, 3))
    held: np.ndarray = np.ma.filled(np.ma.asarray(artist._vec[:3]).astype(float), np.nan)  # type: ignore[no-untyped-call]
    return held.T.reshape(-1, 4, 3)


def _colours(artist: Any, quads: np.ndarray) -> list[Any]:
    """Of each bar the colour before light fell on it."""
    held = np.asarray(artist._facecolor3d, float)
    if len(held) not in (1, len(quads)):
        return [_UNKNOWN] * (len(quads) // 6)
    held = np.broadcast_to(held, (len(quads), 4)).reshape(-1, 6, 4)
    lit = art3d._shade_colors(np.ones((len(quads), 4)), art3d._generate_normals(quads)).reshape(-1, 6, 4)
    found: list[Any] = []
    for plain, light in zip(held, lit):
        written = next((each for each in (plain, plain / light) if np.ptp(each, axis=0).max() < _OFF), None)
        found.append(_UNKNOWN if written is None or written.max() > 1 + _OFF else np.clip(written[0], 0, 1))
    return found


def _round(polygon: np.ndarray) -> float:
    """Twice the area, below zero where the corners go round with the clock."""
    x, y = polygon.T
    return float(x @ np.roll(y, -1) - y @ np.roll(x, -1))


def _outward(corners: np.ndarray, axis: int, at: int, start: np.ndarray, end: np.ndarray) -> float:
    """1 where a face's corners go round against the clock as seen from outside its bar, else -1."""
    normal = np.cross(corners[1] - corners[0], corners[2] - corners[1])[axis]
    outside = (2 * at - 1) * (1 if end[axis] >= start[axis] else -1)
    return float(np.sign(normal) * outside)


def _turn(at_base: np.ndarray) -> int:
    """By how much to turn the four corners of a side so that those at its base come first."""
    return next((k for k in range(4) if at_base[k] and at_base[(k + 1) % 4]), 0)
