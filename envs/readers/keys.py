"""Reading legends: a small coloured square or disc, or a short thick stroke, with a name to its right."""

from __future__ import annotations

from envs.readers.tape import RGB, Recording, Stroke

SIDE = 10.0  # pixels


def keys(recording: Recording) -> tuple[dict[RGB, str], list[Stroke]]:
    """The names by colour, and every stroke that is no part of a legend."""
    names: dict[RGB, str] = {}
    others = []
    for stroke in recording.strokes:
        name = _beside(stroke, recording)
        if name and stroke.face and stroke.face not in names:
            names[stroke.face] = name
        else:
            others.append(stroke)
    return names, others


def _beside(stroke: Stroke, recording: Recording) -> str:
    """The name to the right of a square of a legend, or ''."""
    x0, y0, x1, y1 = stroke.box
    if stroke.face is None or abs(x1 - x0 - SIDE) > 0.3 or min(abs(y1 - y0 - h) for h in (4, SIDE)) > 0.3:
        return ""
    middle = (y0 + y1) / 2
    near = [w for w in recording.words if 4.5 <= w.box[0] - x1 <= 8 and w.box[1] - 2 <= middle <= w.box[3] + 2]
    return min(near, key=lambda w: w.box[0] - x1).string if near else ""
