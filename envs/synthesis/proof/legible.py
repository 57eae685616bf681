"""Whether a figure can be read, without a model: from the boxes of its texts and from its pixels.

Texts that lie over one another, that the picture's edge cuts or that are too small, and pictures with nothing on them.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

SMALLEST = 8.5  # pixels of the font; at 10 a lower-case letter is 5.5 high
EDGE = 1.0  # pixels by which the hull of a text may pass the picture's edge: its side bearings
TOUCH = 1.5  # pixels that two texts may share
BLANK = 0.002  # share of the pixels that must differ from the commonest colour
Quad = list[list[float]]


def illegible(png: bytes, artists: dict[str, Any]) -> tuple[str, str] | None:
    """Why a figure cannot be read: a reason to count by and the detail; None where it can."""
    try:
        return next(_faults(png, artists), None)
    except (
        ArithmeticError,
        LookupError,
        TypeError,
        ValueError,
    ) as error:  # what the script's process says is unchecked
        return "the figure cannot be told", f"{type(error).__name__}: {error}"


def _faults(png: bytes, artists: dict[str, Any]) -> Iterator[tuple[str, str]]:
    if not any(_marked(axes) for axes in artists["axes"]) and not any(t["role"] == "" for t in artists["texts"]):
        yield "nothing is drawn", ""
    texts = [text for text in artists["texts"] if text["text"].strip()]
    width, height = artists["width"], artists["height"]
    for text in texts:
        x0, y0, x1, y1 = text["box"]
        if not text["shown"] or x0 < -EDGE or y0 < -EDGE or x1 > width + EDGE or y1 > height + EDGE:
            yield "a text is cut off", repr(text["text"])[:60]
        if text["size_px"] < SMALLEST:
            yield "a text is too small", f"{text['text']!r:.60}: {text['size_px']:.1f} px"
    order = sorted(texts, key=lambda text: text["box"][0])
    for k, a in enumerate(order):
        for b in order[k + 1 :]:
            if b["box"][0] >= a["box"][2] - TOUCH:
                break
            if _meet(a["quad"], b["quad"]):
                yield "texts lie over each other", f"{a['text']!r:.40} and {b['text']!r:.40}"
    if _blank(png):
        yield "the picture is blank", ""


def _marked(axes: dict[str, Any]) -> bool:
    kinds = ("bars", "lines", "wedges", "points", "areas", "segments", "arrows", "images", "boxes", "errors")
    return any(axes[kind] for kind in (*kinds, "levels", "solids"))


def _meet(a: Quad, b: Quad) -> bool:
    """Whether two quads share more than TOUCH in every direction: no side of either parts them."""
    for quad in (a, b):
        for (px, py), (qx, qy) in pairwise(quad[:3]):
            nx, ny = py - qy, qx - px
            length = (nx * nx + ny * ny) ** 0.5
            if not length:
                continue
            mine, theirs = ([(x * nx + y * ny) / length for x, y in each] for each in (a, b))
            if min(max(mine), max(theirs)) - max(min(mine), min(theirs)) <= TOUCH:
                return False
    return True


def _blank(png: bytes) -> bool:
    import numpy as np
    from PIL import Image

    pixels = np.asarray(Image.open(io.BytesIO(png)).convert("RGB").resize((256, 256))).reshape(-1, 3)
    codes = pixels.astype(np.int32) @ np.array([65536, 256, 1])
    return bool(np.unique(codes, return_counts=True)[1].max() > (1 - BLANK) * codes.size)
