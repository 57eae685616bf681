"""Bars in three dimensions: the marks that they are, and whether they can be read.

    solid_marks(artists)        the bars, named by the ticks of both level axes, the legend, and what is written at them
    judge_solids(artists)       Unfaithful where one is hidden behind others, or its axes hold what is not told

Perspective makes values hard to read: a careful reader is off by a tenth of the axis (ROUGH), unless they are written.
A number is written at the bar whose middle line is nearest to it, and must be that bar's.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from envs.numerals import numbers, read
from envs.synthesis.proof.columns import text as as_text
from envs.synthesis.proof.derived import SCALES, Unfaithful
from envs.synthesis.proof.marks import Mark, parts, samples
from rewards.typography import label_key

ROUGH = 0.1  # of the axis: how far off a careful reader may be
AT = 40.0  # pixels between a bar's middle line and what is written at it
ALIKE = 3.0  # pixels: bars that are so little farther from a text are as near
SEEN = 0.5  # of the upper edge of a bar must be seen
BAND = 8.0  # pixels: how much of its sides makes the edge of a bar
Table = dict[str, Any]


def solid_marks(artists: Table) -> list[Mark]:
    """The bars of all three-dimensional axes, and the numbers that are written there."""
    found: list[Mark] = []
    for place, axes in enumerate(artists["axes"]):
        if axes["solids"]:
            found += _marks(place, axes, artists)
    return found


def _marks(place: int, axes: Table, artists: Table) -> Iterator[Mark]:
    solids = axes["solids"]
    stems = _stems(axes)
    words: dict[int, list[str]] = {}
    free = [t for t in artists["texts"] if t["axes"] == place and t["role"] == "" and t["text"].strip()]
    at = {id(text): _at(text, stems, solids) for text in free}
    for text in free:
        words.setdefault(at[id(text)], []).append(text["text"])
    samples_of = {key[:7]: label for key, label in samples(axes, artists).items()}
    low, high = (float(end) for end in axes["zlim"])
    rough = ROUGH * abs(high - low)
    names: list[frozenset[str]] = []
    middles = {along: [s[along] + s["d" + along] / 2 for s in solids] for along in "xy"}
    for k, solid in enumerate(solids):
        series = samples_of.get(solid["colour"][:7]) or solid["label"]
        ticks = {along: tick(axes[along + "ticks"], middles[along][k], middles[along]) for along in "xy"}
        _at_odds(axes, series, ticks, samples_of)
        own = {label_key(series), *parts(series), label_key(axes["title"])}.union(*ticks.values())
        own |= {part for words_at in words.get(k, ()) for part in parts(words_at)}
        names.append(frozenset(own - {""}))
        base, height = solid["z"], solid["dz"]
        err = {"height": rough * (2 if base else 1), "top": rough, "bottom": rough}
        channels = {"height": height, "top": base + height, "bottom": base}
        yield Mark(place, "solid", series, channels, names[k], stems[k], err)
    for text in free:
        k = at[id(text)]
        for value in numbers(text["text"].replace("−", "-")):
            said = [j for j, solid in enumerate(solids) if _says(solid, value, text["text"])]
            if k >= 0 and said and k not in said:
                raise Unfaithful("a number is written at another mark", text["text"])
            named = (names[k] if k in said else frozenset()) | parts(text["text"])
            box = (text["box"][0], text["box"][1], text["box"][2], text["box"][3])
            yield Mark(place, "text", "", {"text": value}, named, box, {"text": 0.0})


def _at_odds(axes: Table, series: str, ticks: dict[str, set[str]], samples_of: dict[str, str]) -> None:
    """Unfaithful where the legend and the axes both have a bar's name and say different ones."""
    entries = set(map(label_key, samples_of.values()))
    for along, own in ticks.items():
        drawn = {label_key(tick["text"]) for tick in axes[along + "ticks"]}
        if own and label_key(series) not in own and (label_key(series) in drawn or own & entries):
            raise Unfaithful("a mark goes by two names", f"{series} and {', '.join(own)}")


def tick(ticks: Sequence[Table], at: float, places: Sequence[float]) -> set[str]:
    """What stands at a place of an axis: at the nearest tick, within half of what lies between ticks; where they are
    numbers also between bars, as those in between have none."""
    said = [t for t in ticks if t["at"] is not None and t["text"].strip()]
    if not said:
        return set()
    numeric = all(read(t["text"].replace("−", "-")) for t in said)
    gaps = [b - a for a, b in itertools.pairwise(sorted({t["at"] for t in said}))]
    if numeric:
        gaps += [b - a for a, b in itertools.pairwise(sorted(set(places))) if b - a > 1e-9]
    nearest = min(said, key=lambda t: abs(t["at"] - at))
    if abs(nearest["at"] - at) <= 0.5 * min(gaps, default=1.0) * (1 + 1e-6):
        return {label_key(nearest["text"])}
    return {as_text(at)} if numeric and float(at).is_integer() else set()


def _stems(axes: Table) -> list[tuple[float, float, float, float]]:
    """Of each bar the line through the middle of its sides, as a box in pixels without width."""
    ends: dict[int, list[Any]] = {}
    for face in axes["faces"]:
        points = np.array(face["polygon"], float)
        if face["side"] == "side":
            ends.setdefault(face["of"], []).append([points[:2].mean(axis=0), points[2:].mean(axis=0)])
        elif face["side"] == "end":  # all there is of a bar seen from above
            ends.setdefault(face["of"], [])
    tops = {
        face["of"]: np.array(face["polygon"], float).mean(axis=0) for face in axes["faces"] if face["side"] == "end"
    }
    found = []
    for k in range(len(axes["solids"])):
        if ends.get(k):
            base, end = np.mean(ends[k], axis=0)
        elif k in tops:
            base = end = tops[k]
        else:
            base = end = np.array([math.nan, math.nan])
        x = float(base[0] + end[0]) / 2
        found.append((x, float(min(base[1], end[1])), x, float(max(base[1], end[1]))))
    return found


def _at(text: Table, stems: Sequence[tuple[float, float, float, float]], solids: Sequence[Table]) -> int:
    """The bar that a text stands at, of those as near (within ALIKE) the one that has its number; -1 where none is."""
    x0, y0, x1, y1 = text["box"]
    x, y = (x0 + x1) / 2, (y0 + y1) / 2
    far = [math.hypot(max(a - x, 0, x - c), max(b - y, 0, y - d)) for a, b, c, d in stems]
    near = sorted((gap, k) for k, gap in enumerate(far) if gap <= AT)
    closest = [k for gap, k in near if gap <= near[0][0] + ALIKE]
    values = numbers(text["text"].replace("−", "-"))
    own = [k for k in closest if values and all(_says(solids[k], value, text["text"]) for value in values)]
    return next(iter([*own, *closest]), -1)


def _says(solid: Table, value: float, words: str) -> bool:
    """Whether a bar has a value, to the digits that it is written with."""
    places = max((len(found[1]) for found in re.finditer(r"\d\.(\d+)", words)), default=0)
    reach = 0.5 * 10.0**-places * (1 + 1e-6) + 1e-6 * abs(value)
    shown = (solid["dz"], solid["z"] + solid["dz"])
    return any(abs(scale * each - value) <= reach for each in shown for scale in SCALES)


# --- Whether it can be read


def judge_solids(artists: Table) -> None:
    """Unfaithful where bars cannot be read, or lie outside their axes."""
    for axes in artists["axes"]:
        if not axes["solids"]:
            continue
        if axes["untold"]:
            raise Unfaithful("a mark in three dimensions cannot be told", f"{axes['untold']:g}")
        low, high = sorted(axes["zlim"])
        slack = 1e-6 * (high - low)
        x0, y0, x1, y1 = axes["box"]
        for solid in axes["solids"]:
            ends = (solid["z"], solid["z"] + solid["dz"])
            if min(ends) < low - slack or max(ends) > high + slack:
                raise Unfaithful("a mark lies outside its axes", f"bar {max(ends):g}")
        for face in axes["faces"]:
            if any(not (x0 - 2 <= x <= x1 + 2 and y0 - 2 <= y <= y1 + 2) for x, y in face["polygon"]):
                raise Unfaithful("a mark lies outside its axes", "bar")
        seen = seen_of(axes)
        if hidden := [k for k, share in enumerate(seen) if share < SEEN]:
            worst = min(hidden, key=lambda k: seen[k])
            raise Unfaithful("a bar is hidden behind others", f"{100 * seen[worst]:.0f} % of its top is seen")


def seen_of(axes: Table) -> list[float]:
    """Of each bar how much is seen of its end, or of its sides right below that: the larger share."""
    from PIL import Image, ImageDraw

    x0, y0, x1, y1 = axes["box"]
    size = (max(1, math.ceil(x1 - x0)), max(1, math.ceil(y1 - y0)))
    painted = Image.new("I", size, -1)
    brush = ImageDraw.Draw(painted)
    shown: list[dict[str, list[list[tuple[float, float]]]]] = [{"end": [], "side": []} for _ in axes["solids"]]
    for face in axes["faces"]:
        points = [(x - x0, y - y0) for x, y in face["polygon"]]
        brush.polygon(points, fill=int(face["of"]))
        if face["side"] == "end":
            shown[face["of"]]["end"].append(points)
        elif face["side"] == "side":
            shown[face["of"]]["side"].append(_upper(points))
    pixels = np.asarray(painted)
    found = []
    for k, polygons in enumerate(shown):
        shares = [0.0]
        for part in polygons.values():
            mask = Image.new("1", size)
            for points in part:
                ImageDraw.Draw(mask).polygon(points, fill=1)
            own = pixels[np.asarray(mask)]
            if own.size:
                shares.append(float((own == k).mean()))
        found.append(max(shares))
    return found


def _upper(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """The part of a side next to its end, BAND pixels of it."""
    (ax, ay), (bx, by), (cx, cy), (dx, dy) = points
    part = min(1.0, BAND / max(math.hypot(cx - bx, cy - by), 1e-9))
    return [
        (dx + part * (ax - dx), dy + part * (ay - dy)),
        (cx + part * (bx - cx), cy + part * (by - cy)),
        (cx, cy),
        (dx, dy),
    ]
