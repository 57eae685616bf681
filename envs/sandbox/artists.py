"""The artists' table of a figure: what was drawn, as JSON. Its shape, and the check that it has that shape.

It comes from the child, so a script could forge it, as it could forge the picture; what is promised is that every key
named here is there and every value of the kind named here, never more than that.

    number   a float or int, or null where the drawn value was not finite
    places   in data units of the axes, where dates are days since 1970 and categories 0, 1, 2 ...; xticks tell names
    pixels   of the PNG, from its upper left corner
    colour   "#rrggbb" or "#rrggbbaa"; "" for none
    label    what a legend would show; "" for artists without one

A band across all of an axis is an area with nulls along the other axis. Of three-dimensional axes words and bars are
told, and how many other artists there are. A bar stands at x, y with the size dx, dy, and goes from its base, z, up (or
down) by dz; its colour is that before light fell on it, "" where that cannot be told. Its `faces` are in the order in
which all were painted: turned to the viewer the "end" that shows its value, the "side"s, each from the two corners at
its base to those at its end, and the "base"; "back" are those that are turned away. A text that a face was painted
over is not `shown`.

`cut` is true where lists were cut to ROWS entries.
"""

from __future__ import annotations

from typing import Any

ROWS = 20_000  # entries of one list

Shape = Any  # "number" | "text" | "flag" | [shape] | {name: shape}

_TICKS = [{"at": "number", "text": "text"}]
_MARK = {"label": "text", "colour": "text"}
AXES: dict[str, Shape] = {
    "title": "text",
    "xlabel": "text",
    "ylabel": "text",
    "xticks": _TICKS,  # those that are seen
    "yticks": _TICKS,
    "zlabel": "text",  # this and the next two: of three-dimensional axes
    "zticks": _TICKS,
    "zlim": ["number"],
    "xscale": "text",  # linear, log ...
    "yscale": "text",
    "xlim": ["number"],
    "ylim": ["number"],
    "projection": "text",  # rectilinear, polar, 3d
    "colourbar": "flag",  # these axes are the colour bar of others
    "box": ["number"],  # x0, y0, x1, y1 in pixels
    "legend": ["text"],
    "keys": [_MARK],  # its entries with the colours of their samples
    "bars": [_MARK | {"x": "number", "y": "number", "width": "number", "height": "number"}],  # also other rectangles
    "lines": [_MARK | {"x": ["number"], "y": ["number"], "style": "text", "marker": "text"}],  # "" for none
    "guides": [_MARK | {"x": "number", "y": "number"}],  # lines across: one of the two is null
    "wedges": [_MARK | {"start": "number", "end": "number", "text": "text"}],  # degrees; text: what is written inside
    "points": [_MARK | {"x": ["number"], "y": ["number"], "sizes": ["number"], "values": ["number"]}],  # values: coded
    "areas": [_MARK | {"polygon": [["number"]]}],
    "segments": [_MARK | {"lines": [[["number"]]]}],
    "arrows": [_MARK | {"ends": [["number"]], "heads": "text"}],  # between two places; "->", "<->", "-" ...
    "images": [{"values": [["number"]], "extent": ["number"]}],  # left, right, and where the last and the first row end
    "boxes": [
        {"label": "text", "at": "number", "low": "number", "q1": "number", "median": "number", "q3": "number"}
        | {"high": "number", "outliers": ["number"], "along": "text"}  # "y" where they stand, "x" where they lie
    ],
    "errors": [_MARK | {"at": ["number"], "low": ["number"], "high": ["number"], "along": "text"}],  # "x" or "y"
    "levels": [["number"]],  # of contours
    "solids": [_MARK | dict.fromkeys(("x", "y", "z", "dx", "dy", "dz"), "number")],  # bars in three dimensions
    "faces": [{"of": "number", "side": "text", "polygon": [["number"]]}],  # theirs, in pixels; of: which
    "untold": "number",  # other artists in three dimensions
}
TEXT: dict[str, Shape] = {
    "text": "text",
    "role": "text",  # title, xlabel, ylabel, zlabel, xtick, ytick, ztick, legend, suptitle; "" for all other
    "axes": "number",  # which; -1: the figure's own
    "box": ["number"],  # the hull of its quad: x0, y0, x1, y1 in pixels
    "quad": [["number"]],  # its four corners in pixels, turned as it is
    "angle": "number",  # degrees, against the clock
    "size_px": "number",  # of the font
    "shown": "flag",  # all of it within the picture and within its clip, and not transparent
}
FIGURE: dict[str, Shape] = {
    "axes": [AXES],
    "texts": [TEXT],
    "legend": ["text"],  # of the figure itself
    "keys": [_MARK],
    "width": "number",
    "height": "number",
    "cut": "flag",
}


class ArtistsError(ValueError):
    """What a table lacks, in a few words."""


def checked_artists(table: Any) -> dict[str, Any]:
    """The table; ArtistsError names the first place where it is none."""
    _check(table, FIGURE, "the artists' table")
    found: dict[str, Any] = table
    return found


def _check(value: Any, shape: Shape, place: str) -> None:
    if isinstance(shape, dict):
        if not isinstance(value, dict) or value.keys() != shape.keys():
            raise ArtistsError(f"{place} with other keys")
        for name, inner in shape.items():
            _check(value[name], inner, f"{place}: {name}")
    elif isinstance(shape, list):
        if not isinstance(value, list):
            raise ArtistsError(f"{place} that is no list")
        if shape[0] == "number":
            if not all(item is None or type(item) in (int, float) for item in value):
                raise ArtistsError(f"{place} that are no numbers")
            return
        for item in value:
            _check(item, shape[0], place)
    elif shape == "number":
        if value is not None and type(value) not in (int, float):
            raise ArtistsError(f"{place} that is no number")
    elif type(value) is not {"text": str, "flag": bool}[shape]:
        raise ArtistsError(f"{place} that is no {shape}")
