"""Reads the artists' table off a figure that has just been drawn; artists.py has its shape."""

from __future__ import annotations

import itertools
import json
import math
from typing import Any

import numpy as np
from matplotlib import collections as many
from matplotlib.colors import to_hex
from matplotlib.container import BarContainer, ErrorbarContainer
from matplotlib.contour import ContourSet
from matplotlib.image import AxesImage
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Polygon, Rectangle, Wedge

from envs.sandbox import solids, words
from envs.sandbox.artists import ROWS

Table = dict[str, Any]


def content(figure: Any) -> str | None:
    """What the figure says, before it is drawn; None if there is nothing on it."""
    axes = [_axes(each) for each in figure.axes]
    strings = [text.get_text() for each in (figure, *figure.axes) for text in each.texts]
    strings += [text.get_text() for text in (figure._suptitle, figure._supxlabel, figure._supylabel) if text]
    if not axes and not any(strings) and not figure.images and not figure.lines and not figure.patches:
        return None
    return json.dumps([axes, strings], allow_nan=False)


def table(figure: Any, drawn: list[words.Word], width: int, height: int) -> Table:
    """The artists' table, while the canvas is as it was drawn."""
    axes = []
    over: dict[int, words.Layers] = {}
    for place, each in enumerate(figure.axes):
        x0, y0, x1, y1 = each.bbox.extents
        box = _numbers([x0, height - y1, x1, height - y0])
        ticks = {"xticks": _ticks(each.xaxis), "yticks": _ticks(each.yaxis), "box": box}
        if each.name == "3d":
            over[place] = solids.layers(each, height)
            faces = [face for _, layer in over[place] for face in layer if face["of"] < ROWS]
            ticks |= {"zticks": _ticks(each.zaxis), "faces": faces}
        axes.append(_axes(each) | ticks)
    cut = any(len(entry) >= ROWS for each in axes for entry in _lists(each))
    legend = [text.get_text() for found in figure.legends for text in found.get_texts()]
    return {
        "axes": axes,
        "texts": words.texts(figure, drawn, width, height, over),
        "legend": legend,
        "keys": _keys(figure.legends),
        "width": width,
        "height": height,
        "cut": cut,
    }


def _lists(value: Any) -> Any:
    if isinstance(value, dict):
        value = list(value.values())
    elif isinstance(value, list):
        yield value
    if isinstance(value, list) and (not value or not isinstance(value[0], float | int | str)):
        for item in value:
            if isinstance(item, dict | list):
                yield from _lists(item)


# --- Axes


def _axes(axes: Any) -> Table:
    """All of it but what only drawing settles: ticks and pixels."""
    legend = axes.get_legend()
    boxes, parts = _boxes(axes)
    bars = [held for held in axes.containers if isinstance(held, ErrorbarContainer)]
    parts |= {id(cap) for held in bars for cap in held.lines[1]}
    labels = {
        id(patch): held.get_label() for held in axes.containers if isinstance(held, BarContainer) for patch in held
    }
    lines = [line for line in axes.lines if id(line) not in parts]
    straight = [
        line for line in lines if line.get_transform().contains_branch_seperately(axes.transData) == (True, True)
    ]
    patches = [patch for patch in axes.patches if id(patch) not in parts]
    rectangles = [patch for patch in patches if isinstance(patch, Rectangle) and _in_data(axes, patch)]
    wedges = [patch for patch in patches if isinstance(patch, Wedge)]
    arrows = [patch for patch in patches if getattr(patch, "_posA_posB", None) is not None]
    sorted_out = {id(artist) for artist in (*straight, *rectangles, *wedges, *arrows)}
    other = [patch for patch in patches if id(patch) not in sorted_out]
    held = [each for each in axes.collections if id(each) not in parts]
    found = {
        "title": next(filter(None, (axes.get_title(loc) for loc in ("center", "left", "right"))), ""),
        "xlabel": axes.get_xlabel(),
        "ylabel": axes.get_ylabel(),
        "xticks": [],
        "yticks": [],
        "zlabel": "",
        "zticks": [],
        "zlim": [],
        "xscale": axes.get_xscale(),
        "yscale": axes.get_yscale(),
        "xlim": _numbers(axes.get_xlim()),
        "ylim": _numbers(axes.get_ylim()),
        "projection": axes.name,
        "colourbar": hasattr(axes, "_colorbar"),
        "box": [],
        "legend": [text.get_text() for text in legend.get_texts()] if legend else [],
        "keys": _keys([legend] if legend else []),
        "bars": [_bar(patch, labels.get(id(patch)) or "") for patch in rectangles[:ROWS]],
        "lines": [_line(line) for line in straight[:ROWS]],
        "guides": [_guide(axes, line) for line in lines if id(line) not in sorted_out],
        "wedges": [_wedge(axes, wedge) for wedge in wedges[:ROWS]],
        "points": [_points(each) for each in held if _scattered(each)],
        "areas": [
            *(_area(axes, patch) for patch in other[:ROWS]),
            *itertools.chain.from_iterable(map(_polygons, held)),
        ],
        "segments": [_segments(each) for each in held if isinstance(each, many.LineCollection)],
        "arrows": [_arrow(patch) for patch in arrows[:ROWS]],
        "images": [*map(_image, axes.images), *(_mesh(each) for each in held if isinstance(each, many.QuadMesh))],
        "boxes": boxes,
        "errors": [error for each in bars for error in _errors(each)],
        "levels": [_numbers(each.levels) for each in held if isinstance(each, ContourSet)],
        "solids": [],
        "faces": [],
        "untold": 0,
    }
    if axes.name == "3d":  # what Matplotlib holds are places on paper
        found |= {name: [] for name in ("bars", "lines", "guides", "points", "areas", "segments", "arrows")}
        found |= {"zlabel": axes.get_zlabel(), "zlim": _numbers(axes.get_zlim())}
        found["solids"], found["untold"] = solids.solids(axes, _label, _hex)
    return found


def _in_data(axes: Any, artist: Any) -> bool:
    """Whether its places are in data units along both axes."""
    return bool(artist.get_transform().contains_branch_seperately(axes.transData) == (True, True))


def _bar(patch: Rectangle, label: str) -> Table:
    place = {"x": patch.get_x(), "y": patch.get_y(), "width": patch.get_width(), "height": patch.get_height()}
    return _mark(patch, label) | {name: _number(value) for name, value in place.items()}


def _line(line: Line2D) -> Table:
    style, marker = (str(found) if found not in ("None", "none", None, " ") else "" for found in _look(line))
    ends = {"x": _numbers(line.get_xdata(orig=False)), "y": _numbers(line.get_ydata(orig=False))}
    return _mark(line) | ends | {"style": style, "marker": marker}


def _look(line: Line2D) -> tuple[Any, Any]:
    return line.get_linestyle(), line.get_marker()


def _guide(axes: Any, line: Line2D) -> Table:
    """A line across: it has data units along one axis only."""
    along_x, along_y = line.get_transform().contains_branch_seperately(axes.transData)
    x, y = np.atleast_1d(line.get_xdata(orig=False)), np.atleast_1d(line.get_ydata(orig=False))
    return _mark(line) | {
        "x": _number(x[0]) if along_x and len(x) else None,
        "y": _number(y[0]) if along_y and len(y) else None,
    }


def _wedge(axes: Any, wedge: Wedge) -> Table:
    """A piece of a pie, with the text whose middle lies in it."""
    inside = ""
    for text in axes.texts:
        x, y = (float(side) for side in text.get_position()) if _plain_place(text) else (math.inf, math.inf)
        far = math.hypot(x - wedge.center[0], y - wedge.center[1])
        turn = math.degrees(math.atan2(y - wedge.center[1], x - wedge.center[0]))
        if far < wedge.r and (turn - wedge.theta1) % 360 <= (wedge.theta2 - wedge.theta1) % 360.0001:
            inside = text.get_text()
    turned = {"start": _number(wedge.theta1), "end": _number(wedge.theta2)}
    return _mark(wedge) | turned | {"text": inside}


def _plain_place(text: Any) -> bool:
    return all(isinstance(side, int | float | np.number) for side in text.get_position())


def _scattered(each: Any) -> bool:
    """Whether one shape stands at many places: scatter, hexbin, quiver."""
    if isinstance(each, many.PathCollection | many.RegularPolyCollection):
        return True
    return isinstance(each, many.PolyCollection) and np.size(each.get_offsets()) > 2


def _points(points: Any) -> Table:
    places = np.ma.filled(np.ma.array(points.get_offsets(), float), np.nan).reshape(-1, 2)
    values = points.get_array()
    return _mark(points) | {
        "x": _numbers(places[:, 0]),
        "y": _numbers(places[:, 1]),
        "sizes": _numbers(points.get_sizes()),
        "values": [] if values is None else _numbers(values),
    }


def _area(axes: Any, patch: Patch) -> Table:
    """Of any shape; of a band across (axvspan) only the places that are in data units."""
    if isinstance(patch, Rectangle):
        path = np.array(patch.get_corners(), float)
        path[:, [not along for along in patch.get_transform().contains_branch_seperately(axes.transData)]] = np.nan
    else:
        path = np.asarray(patch.get_xy() if isinstance(patch, Polygon) else patch.get_path().vertices)
    return _mark(patch) | {"polygon": _pairs(path)}


def _polygons(each: Any) -> list[Table]:
    if not isinstance(each, many.PolyCollection) or _scattered(each):
        return []
    faces = each.get_facecolor()
    found = []
    for i, path in enumerate(each.get_paths()[:ROWS]):
        colour = _hex(faces[i % len(faces)]) if len(faces) else ""
        found.append({"label": _label(each.get_label()), "colour": colour, "polygon": _pairs(path.vertices)})
    return found


def _segments(each: Any) -> Table:
    return _mark(each) | {"lines": [_pairs(line) for line in each.get_segments()[:ROWS]]}


def _arrow(patch: Any) -> Table:
    """A FancyArrowPatch, as networkx draws edges with a direction."""
    return _mark(patch) | {
        "ends": _pairs(patch._posA_posB),
        "heads": str(getattr(patch.get_arrowstyle(), "arrow", "->")),
    }


def _image(image: AxesImage) -> Table:
    values = image.get_array()
    left, right, low, high = image.get_extent()
    if image.origin == "lower":  # the first row stands below
        low, high = high, low
    return {"values": _grid(values), "extent": _numbers([left, right, low, high])}


def _mesh(mesh: Any) -> Table:
    corners = mesh.get_coordinates()
    rows, columns = corners.shape[0] - 1, corners.shape[1] - 1
    values = mesh.get_array()
    grid = np.ma.array(values).reshape(rows, columns) if np.size(values) == rows * columns else np.zeros((0, 0))
    (x0, y0), (x1, y1) = corners[0, 0], corners[-1, -1]
    return {"values": _grid(grid), "extent": _numbers([x0, x1, y1, y0])}


def _grid(values: Any) -> list[list[float | None]]:
    """Rows of numbers; [] for pictures in colours and for more than ROWS cells."""
    if values is None or np.ndim(values) != 2 or np.size(values) > ROWS:
        return []
    return [_numbers(row) for row in values]


def _boxes(axes: Any) -> tuple[list[Table], set[int]]:
    """The boxes of box plots, and the artists that they are drawn with."""
    found: list[Table] = []
    parts: set[int] = set()
    for stats, places, made in getattr(axes, "_chartgym_boxes", ()):
        if not _as_told(stats, made):
            continue  # moved since: they are lines like others
        parts.update(id(artist) for artists in made.values() for artist in artists)
        for one, place in zip(stats, places):
            told = zip(("low", "q1", "median", "q3", "high"), ("whislo", "q1", "med", "q3", "whishi"))
            box: Table = {name: _number(one.get(key, math.nan)) for name, key in told}
            box["along"] = "y" if _upright(made) else "x"
            outliers = _numbers(one.get("fliers", ()))
            found.append({"label": str(one.get("label", "")), "at": _number(place), "outliers": outliers} | box)
    return found, parts


def _upright(made: Any) -> bool:
    """Whether boxes stand: the lines of their medians lie."""
    lines = [np.asarray(line.get_ydata(), float) for line in made.get("medians", ())]
    return all(len(set(line.tolist())) <= 1 for line in lines)


def _as_told(stats: Any, made: Any) -> bool:
    """Whether the lines of box plots still are where the plot's numbers put them."""
    names = ("whislo", "q1", "med", "q3", "whishi", "cilo", "cihi")
    told = np.array([float(one[name]) for one in stats for name in names if name in one])
    lines = [line for kind in ("boxes", "whiskers", "caps", "medians") for line in made.get(kind, ())]
    paths = [np.asarray(line.get_xydata(), float) for line in lines if hasattr(line, "get_xydata")]
    straight = all(1 in map(len, map(set, line.get_xydata().T.tolist())) for line in made.get("whiskers", ()))
    return straight and all(any(np.isin(path[:, side], told).all() for side in (0, 1)) for path in paths if len(path))


def _errors(held: ErrorbarContainer) -> list[Table]:
    found = []
    directions = [name for name, has in (("x", held.has_xerr), ("y", held.has_yerr)) if has]
    for along, bars in zip(directions, held.lines[2]):
        ends = [np.asarray(segment, float) for segment in bars.get_segments()[:ROWS]]
        side = 1 if along == "y" else 0
        low, high = ([pick(end[:, side]) for end in ends if len(end)] for pick in (min, max))
        at = [end[0, 1 - side] for end in ends if len(end)]
        places = {"at": _numbers(at), "low": _numbers(low), "high": _numbers(high), "along": along}
        found.append(_mark(bars, str(held.get_label())) | places)
    return found


def _mark(artist: Any, label: str = "") -> Table:
    return {"label": _label(label or artist.get_label()), "colour": _colour(artist)}


def _label(label: Any) -> str:
    return "" if label is None or str(label).startswith("_") else str(label)


def _keys(legends: Any) -> list[dict[str, Any]]:
    """The entries of legends: what each says, and the colour of the sample beside it."""
    return [
        {"label": text.get_text(), "colour": _colour(sample)}
        for legend in legends
        for text, sample in zip(legend.get_texts(), legend.legend_handles)
        if sample is not None
    ]


def _colour(artist: Any) -> str:
    for name in ("get_facecolor", "get_color", "get_edgecolor"):
        if hasattr(artist, name):
            found = getattr(artist, name)()
            colours = found if isinstance(found, np.ndarray) and found.ndim == 2 else [found]
            if len(colours) and _hex(colours[0]):
                return _hex(colours[0])
    return ""


def _hex(colour: Any) -> str:
    try:
        found = str(to_hex(colour, keep_alpha=True))
    except ValueError:
        return ""
    return "" if found.endswith("00") else found.removesuffix("ff")


def _number(value: Any) -> float | None:
    if np.ma.is_masked(value):
        return None
    number = float(value)
    return number if math.isfinite(number) else None


def _numbers(values: Any) -> list[float | None]:
    flat = np.ma.filled(np.ma.array(values, float), np.nan).ravel()[:ROWS].tolist()
    return [value if math.isfinite(value) else None for value in flat]


def _pairs(points: Any) -> list[list[float | None]]:
    return [_numbers(point) for point in np.asarray(points, float)[:ROWS].tolist()]


def _ticks(axis: Any) -> list[Table]:
    """The ticks with a label that is seen."""
    low, high = sorted(axis.get_view_interval())
    slack = 1e-6 * (high - low)
    found = []
    for tick in axis.get_major_ticks():
        text = next((t.get_text() for t in (tick.label1, tick.label2) if t.get_visible() and t.get_text()), "")
        if text and axis.get_visible() and low - slack <= tick.get_loc() <= high + slack:
            found.append({"at": _number(tick.get_loc()), "text": text})
    return found
