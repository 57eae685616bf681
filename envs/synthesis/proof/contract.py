"""From a script to a chart: it keeps the contract, it runs, its figure can be read and shows its data.

    with Sandbox() as sandbox:
        chart = check_chart(code, sandbox)       Chart, or Dropped with the stage and the reason

What can be seen without running is judged first (script.py). Then DATA is read, and render draws it and data changed in
its numbers and in its names (perturb.py), all in one child: every one of these figures must show its own data
(drawn.py). The figure of DATA itself must be legible (legible.py).
"""

from __future__ import annotations

import json
import math
from collections import Counter
from hashlib import blake2b
from typing import Any

from envs.address import Draws
from envs.sandbox import Figure, Job, Sandbox
from envs.synthesis.items import Chart, Dropped
from envs.synthesis.proof.columns import columns, is_number, undecided
from envs.synthesis.proof.derived import Unfaithful
from envs.synthesis.proof.drawn import show
from envs.synthesis.proof.legible import illegible
from envs.synthesis.proof.links import graphs
from envs.synthesis.proof.perturb import changed, shuffled
from envs.synthesis.proof.script import Broken, contracted

LEAVES = 2000  # of DATA, at most
REDRAWN = 2  # times that render draws other numbers


def check_chart(code: str, sandbox: Sandbox) -> Chart | Dropped:
    """The chart that a script draws, or why it is none."""

    def dropped(stage: str, reason: str, detail: str = "") -> Dropped:
        return Dropped(stage=stage, reason=reason, detail=detail[:300], inputs={"code": code})

    try:
        code = contracted(code)
    except Broken as broken:
        return dropped("contract", broken.reason, broken.detail)
    first = sandbox.run(Job(code=code, calls=(("DATA", ()),)))
    if first.reason:
        return dropped("run", _caused(first.reason), first.reason)
    if first.figures:
        return dropped("contract", "work outside DATA and render", "a figure is drawn on import")
    if first.called[0].error:
        return dropped("contract", "DATA is not JSON", first.called[0].error)
    data = first.called[0].value
    if unfit := _unfit(data):
        return dropped("data", *unfit)

    variants = [data, *_variants(data)]
    outcome = sandbox.run(Job(code=code, calls=tuple(("render", (variant,)) for variant in variants)))
    if outcome.reason:
        return dropped("run", _caused(outcome.reason), outcome.reason)
    if error := outcome.called[0].error:
        return dropped("run", _caused(error), error)
    figures: list[list[Figure]] = [[f for f in outcome.figures if f.call == k] for k in range(len(variants))]
    if len(figures[0]) != 1:
        return dropped("figure", "not one figure", f"{len(figures[0])} figures")
    figure = figures[0][0]
    if fault := illegible(figure.png, figure.artists):
        return dropped("legible", *fault)
    try:
        show(data, figure.artists, inside=True)
    except Unfaithful as unfaithful:
        return dropped("drawn", unfaithful.reason, unfaithful.detail)
    for variant, drawn, called in list(zip(variants, figures, outcome.called))[1:]:
        if called.error or len(drawn) != 1:
            return dropped("drawn", "render fails on changed data", called.error or f"{len(drawn)} figures")
        try:
            show(variant, drawn[0].artists)
        except Unfaithful as unfaithful:
            return dropped("drawn", f"changed data: {unfaithful.reason}", unfaithful.detail)
    key = blake2b(code.encode(), digest_size=8).hexdigest()
    return Chart(
        id=key,
        code=code,
        data=data,
        png=figure.png,
        artists=figure.artists,
        width=figure.width,
        height=figure.height,
        kind=kind_of(figure.artists),
    )


def _variants(data: Any) -> list[Any]:
    """The data as it is drawn again: with other numbers, and with its names moved."""
    draws = Draws("synthesis", "render", json.dumps(data, sort_keys=True))
    numbers, names = columns(data)
    free = [column for column in numbers if not column.position]
    return [*(changed(data, free, draws) for _ in range(REDRAWN)), *shuffled(data, free, names, draws)[:1]]


def _unfit(data: Any) -> tuple[str, str] | None:
    """Why nothing could be asked of data."""
    numbers, names = columns(data)
    if not any(len(column.values) > 1 for column in numbers):
        return "DATA holds no numbers", ""
    if sum(len(column.values) for column in (*numbers, *names)) > LEAVES:
        return "DATA is too large", ""
    for column in numbers:
        if not all(is_number(value) and math.isfinite(value) and abs(value) < 1e15 for value in column.values):
            return "DATA holds what is no number", "/".join(column.path)
        if column.keys and (twice := [keys for keys, n in Counter(column.keys).items() if n > 1]):
            return "a name is there twice", ", ".join(twice[0])
    if doubt := undecided(data):
        return "rows and columns cannot be told apart", f"{doubt}; write it by name, as {{name: [...], ...}}"
    for column in names:
        if not all(value.strip() for value in column.values):
            return "an empty name", column.name
    lengths = {len(column.places) for column in (*numbers, *names) if _flat(column.path)}
    if len(lengths) > 1 and isinstance(data, dict) and not any(column.keys for column in numbers):
        named = any(not column.lone for column in names)
        if named:
            return "columns of unequal length", str(sorted(lengths))
    return None


def _flat(path: tuple[str, ...]) -> bool:
    return len(path) == 2 and path[-1] == "[]"


def _caused(reason: str) -> str:
    """A failure in words that are alike for the same cause: "NameError" of "NameError: name 'x' is not defined"."""
    head, colon, _ = reason.partition(":")
    if colon and head.isidentifier():
        return f"the script fails: {head}"
    for words in ("longer than", "more than", "memory", "killed"):
        if words in reason:
            return "the script takes too much"
    return "the script fails"


def kind_of(artists: dict[str, Any]) -> str:
    """The chart type, by what there is most of."""
    if graphs(artists):
        return "graph"
    counts: Counter[str] = Counter()
    for axes in artists["axes"]:
        if axes["colourbar"]:
            continue
        for kind in ("bars", "wedges", "points", "areas", "images", "boxes", "lines", "solids"):
            counts[kind] += len(axes[kind])
    kinds = [
        kind for kind in ("images", "boxes", "wedges", "areas", "bars", "points", "lines", "solids") if counts[kind]
    ]
    names = {"images": "heat map", "boxes": "box plot", "wedges": "pie", "areas": "area", "bars": "bar"}
    names |= {"points": "scatter", "lines": "line", "solids": "3-D bar"}
    if not kinds:
        return "table"
    several = len([axes for axes in artists["axes"] if not axes["colourbar"]]) > 1
    first = kinds[0]
    if first == "boxes" and counts["bars"]:
        first = "boxes"
    return names[first] + (" and others" if several and len(kinds) > 1 else "")
