"""Numbers that are written on a figure: whether they are the data's, and stand where they belong."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Collection, Iterable
from typing import Any

from envs.numerals import read
from envs.synthesis.proof.columns import Column, decimals
from envs.synthesis.proof.derived import SCALES, Derived, Unfaithful
from envs.synthesis.proof.marks import CHANNELS, Mark, ticked
from rewards.typography import label_key

EXACT = 1e-6
_UNIT = re.compile(r"^([-+]?\d[\d,]*(?:\.\d+)?) ?(?!(?:%|[kKMB]|bn|tn)$)[^\W\d_°]{1,8}[²³]?$")  # a number with its unit


def wedge_says(mark: Mark, numbers: list[Column]) -> None:
    """Unfaithful where the number in a wedge is neither its share nor its value."""
    value, share = mark.channels["written"], mark.channels["share"]
    reach = 0.5 * 10.0 ** -decimals(value) * (1 + 1e-6) + 2e-4 * abs(value)
    totals = [1.0, 100.0, *(math.fsum(column.values) for column in numbers if not column.position)]
    if not any(abs(scale * share * total - value) <= reach for total in totals for scale in SCALES):
        raise Unfaithful("a number is written at another mark", f"wedge {value:g}")


def judge_series(marks: list[Mark], artists: dict[str, Any]) -> None:
    """Unfaithful where the legend calls a mark by what another axis shows, as where its two entries change places."""
    labels = [{_head(axes[key]) for key in ("xlabel", "ylabel")} - {""} for axes in artists["axes"]]
    for mark in marks:
        head, own = _head(mark.series), labels[mark.axes]
        if head and head not in own and any(head in others for others in labels):
            raise Unfaithful("a mark goes by two names", f"{mark.kind} {mark.series!r}")


def _head(words: str) -> str:
    """What is said before a bracket: "power" of "Power (MW)"."""
    return label_key(words.partition("(")[0].strip())


def judge_written(marks: list[Mark], artists: dict[str, Any], derived: Derived, names: Collection[str] = ()) -> None:
    """Unfaithful where a number stands on the figure, alone or with its unit, that is not the data's, or at another's
    mark. `names`: label keys of what is no number though it begins with one, as "5 km"."""
    left = Counter(text["text"] for text in ticked(artists))
    for text in artists["texts"]:
        words = text["text"].strip().replace("−", "-")
        bare = _UNIT.sub(r"\1", words) if label_key(words) not in names else words
        if text["role"] != "" or not (found := read(bare)):
            continue
        if left[text["text"]]:
            left[text["text"]] -= 1
            continue
        value, places = found[0], len(bare.partition(".")[2].rstrip("%kKMB "))
        if not derived.holds(value, 0.5 * 10.0**-places):
            raise Unfaithful("a written number is not the data's", words)
        _at_its_mark(marks, text, value, places)


def _at_its_mark(marks: list[Mark], text: dict[str, Any], value: float, places: int) -> None:
    """Unfaithful where a number stands at a bar or a point of another value than it says."""
    x0, y0, x1, y1 = text["box"]
    x, y = (x0 + x1) / 2, (y0 + y1) / 2
    own = [m for m in marks if m.axes == text["axes"] and m.kind in ("bar", "point", "line", "cell", "solid")]

    def says(mark: Mark) -> bool:
        shown = (mark.channels[c] * s for c in CHANNELS[mark.kind] if c in mark.channels for s in SCALES)
        return any(abs(each - value) <= 0.5 * 10.0**-places * (1 + 1e-6) + EXACT * abs(value) for each in shown)

    if not any(map(says, own)):
        return  # a sum, a share: of no single mark
    near = sorted(own, key=lambda m: _gap(m.box, x, y))
    least = _gap(near[0].box, x, y)
    closest = [m for m in near if _gap(m.box, x, y) <= least + 3]
    if least < 40 and not any(map(says, closest)):
        raise Unfaithful("a number is written at another mark", text["text"])


def _gap(box: Iterable[float], x: float, y: float) -> float:
    x0, y0, x1, y1 = box
    return math.hypot(max(x0 - x, 0, x - x1), max(y0 - y, 0, y - y1))
