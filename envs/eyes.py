"""Weak eyes, a slow hand and a short breath: how a scripted reader misreads what is drawn, the same at every level.

Nothing here knows a level or a question. What a picture costs such eyes follows from what is on it:

    places      of marks, by PIXELS
    digits      of what is written, one in MISREAD; letters of what is copied, one in LETTER
    marks       taken for another in the row or column: STRAY for each that the eye passes, as many as there are, and
                the closer they stand, LOST at most; overlooked: MISSED, and the more the more there are; half as
                many counted twice
    names       taken for one that stands close by (CROWDED), is spelled alike (ALIKE) or has a colour alike (MIXED)
    thought     each number or sentence of a worked answer goes wrong in one case of TIRED
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from envs.address import Draws
from envs.drawing.colour import Colour, distance
from envs.drawing.sheet import Text
from envs.numerals import show
from envs.views import WHOLE, Categories, Fact, Facts, Item, Key, Measured, Series, View
from envs.views_field import Field
from envs.views_links import Links
from envs.views_points import Points
from envs.views_spread import Bins, Candles, Curves, Spread, edge_key
from envs.views_tree import Hierarchy
from envs.views_whole import Panels, Parts

PIXELS = 1.2  # standard deviation of a place; a careful reader is 2.5 off at most
NOISE = 0.012  # of the range, where pixels are not told
MISREAD = 0.005
LETTER = 0.005
STRAY, LOST = 0.0004, 0.35  # the latter at most
MISSED, MANY = 0.006, 8
CROWDED, CLOSE = 0.08, 20.0  # pixels between two names in which mistakes become e times rarer
ALIKE, UNLIKE = 0.3, 0.12  # share of the letters that differ in which mistakes become e times rarer
MIXED, LEAST, APART = 0.08, 12.0, 10.0  # CIEDE2000: any two colours that matter are LEAST apart; e times rarer in APART
TIRED = 0.008


@dataclass(frozen=True, slots=True)
class Sight:
    """What stands in the way of reading a view: by what chance each name is taken for which other, and how many values
    the picture shows in all."""

    others: Mapping[str, tuple[tuple[str, float], ...]]
    clutter: int

    def taken(self, draws: Draws) -> dict[str, str]:
        """What each name was taken for this time."""
        found = {}
        for name, others in self.others.items():
            at = draws.random()
            for other, chance in others:
                if at < chance:
                    found[name] = other
                    break
                at -= chance
        return found


def sight(view: View, views: Iterable[View], texts: Sequence[Text]) -> Sight:
    """How a view can be read; `views` and `texts` are all of the picture."""
    most: dict[int, int] = {}
    for each in views:
        if each.panel != WHOLE:
            most[each.panel] = max(most.get(each.panel, 0), len(each.facts()))
    places: dict[str, list[Text]] = {}
    for text in texts:
        places.setdefault(text.string, []).append(text)
    levels: list[dict[str, Text]] = []  # names that answer the same question: which series, which position
    for key in view.facts():
        for k, name in enumerate(key):
            if name in places:
                levels.extend({} for _ in range(len(levels), k + 1))
                levels[k][name] = places[name][0]
    return Sight({name: _others(name, level) for level in levels for name in level}, sum(most.values()))


def _others(name: str, level: Mapping[str, Text]) -> tuple[tuple[str, float], ...]:
    mine = level[name]
    beside = [(other, text) for other, text in level.items() if other != name]
    found = {}
    for other, text in beside:
        if mine.swatch is not None and text.swatch is not None:
            found[other] = mixed(mine.swatch, text.swatch)
        else:
            found[other] = CROWDED * math.exp(-_between(mine, text) / CLOSE)
    if beside:
        alike = max((other for other, _ in beside), key=lambda other: likeness(name, other))
        found[alike] += likeness(name, alike)
    return tuple(found.items())


def mixed(one: Colour, other: Colour) -> float:
    """The chance that a colour is taken for another."""
    return MIXED * math.exp(-max(0.0, distance(one, other) - LEAST) / APART)


def _between(one: Text, other: Text) -> float:
    """Pixels between the middles of two strings."""
    (ax, ay), (bx, by) = (((b[0] + b[2]) / 2, (b[1] + b[3]) / 2) for b in (one.box, other.box))
    return math.hypot(ax - bx, ay - by)


@lru_cache(65536)
def likeness(one: str, other: str) -> float:
    """The chance that a name is taken for another by its spelling: of letters that must change, as a share of all."""
    one, other = one.casefold(), other.casefold()
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        before, row = row, [i]
        for j, b in enumerate(other, 1):
            row.append(min(before[j] + 1, row[-1] + 1, before[j - 1] + (a != b)))
    return ALIKE * math.exp(-row[-1] / max(len(one), len(other), 1) / UNLIKE)


# --- A look at the picture


def look(view: View, sight: Sight, draws: Draws) -> View:
    """The view as weak eyes see it this time; KeyError where what they see does not add up."""
    if isinstance(view, Parts):
        return _parts(view, draws)
    taken = sight.taken(draws)
    seen = _facts(view, draws)
    facts = {key: seen.get(tuple(taken.get(name, name) for name in key), seen[key]) for key in seen}
    strays = min(LOST, STRAY * sight.clutter * sight.clutter)
    for key in facts if not isinstance(view, Field) else ():
        if draws.chance(strays) and (others := _in_line(key, facts, isinstance(view, Points))):
            facts[key] = seen[draws.choice(others)]
    return _counted(view.rebuilt(facts), draws)


def _in_line(key: Key, facts: Facts, points: bool) -> list[Key]:
    """The values in the row or the column of one; of points the same measure of others."""
    last = len(key) - 1 if points else len(key)
    return [
        other
        for other in facts
        if len(other) == len(key) and sum(a != b for a, b in zip(key, other)) == 1 and other[last:] == key[last:]
    ]


def _facts(view: View, draws: Draws) -> dict[Key, Fact]:
    """Every value of a view, misread."""
    facts = view.facts()
    if isinstance(view, Field):
        return _field(view, facts, draws)
    if isinstance(view, Links) and not view.weighted:
        return dict(facts)
    found: dict[Key, Fact] = {}
    scales = _scales(view, facts)
    held: View = next(filter(None, view.shown), view) if isinstance(view, Panels) else view
    written, reach = getattr(held, "written", False), getattr(held, "span", 1.0)
    exact = {name for name, _, reading in view.describe() if reading == "exact"}
    edges = {edge_key(i) for i in range(len(view.edges))} if isinstance(view, Bins) else set()
    peaks = {(curve.name, "peaks") for curve in view.curves} if isinstance(view, Curves) else set()
    for key, fact in facts.items():
        if key in peaks:
            found[key] = Fact(max(1, _count(round(fact.value), draws)), 0.0)
        elif written or key in edges or ", ".join(key) in exact:
            decimals = view.edge_unit.decimals if isinstance(view, Bins) and key in edges else _decimals(held, key)
            found[key] = Fact(digits(fact.value, decimals, draws), fact.length)
        else:
            off, scale = normal(draws), scales.get(key[-1] if isinstance(view, Points) else "", 0.0)
            rough = NOISE * (reach if reach != math.inf else 4 * max(fact.value, 1.0))
            found[key] = Fact(fact.value + off * (PIXELS * scale or rough), fact.length + off * PIXELS)
    return found


def _decimals(view: View, key: Key) -> int:
    """Of the number that stands for a value, written or told exactly from a scale."""
    if isinstance(view, Points):
        return view.side(key[-1]).decimals
    return view.decimals if isinstance(view, Measured) else 0


def _scales(view: View, facts: Facts) -> dict[str, float]:
    """Values to a pixel, from the two marks furthest apart; for points along each axis."""
    groups: dict[str, list[Fact]] = {}
    for key, fact in facts.items():
        groups.setdefault(key[-1] if isinstance(view, Points) else "", []).append(fact)
    found = {}
    for name, group in groups.items():
        low, high = min(group), max(group)
        if high.value > low.value and abs(high.length - low.length) > PIXELS:
            found[name] = (high.value - low.value) / (high.length - low.length)
    return found


def _field(view: Field, facts: Facts, draws: Draws) -> dict[Key, Fact]:
    """Steps are told by their colours, which lie the closer the more there are; cells are counted."""
    found: dict[Key, Fact] = {}
    for key, fact in facts.items():
        value = fact.value
        if key[0] == "cells":
            value = _count(round(value), draws)
        elif key[-1] == "step":
            slips = draws.chance(MIXED * len(view.steps) / 5)
            value = min(max(value + (draws.choice((-1, 1)) if slips else 0), 0), len(view.steps) - 1)
        elif key[0] == "step":
            value = digits(value, view.value.decimals, draws)
        else:
            side = view.x if key[-1] == "x" else view.y
            value += PIXELS * normal(draws) / side.px
        found[key] = Fact(value, fact.length)
    return found


def _parts(view: Parts, draws: Draws) -> Parts:
    """What is written, letter by letter; entries are passed over, colours mixed up."""
    entries = list(view.legend)
    for i in range(len(entries)):
        for j in range(len(view.colours) if len(view.colours) == len(entries) else 0):
            if j != i and draws.chance(mixed(view.colours[i], view.colours[j])):
                entries[i] = view.legend[j]
    kept = [i for i in range(len(entries)) if not draws.chance(missed(len(entries)))]
    return replace(
        view,
        title=spelled(view.title, draws),
        across=spelled(view.across, draws),
        up=spelled(view.up, draws),
        legend=tuple(spelled(entries[i], draws) for i in kept),
        colours=tuple(view.colours[i] for i in kept) if len(view.colours) == len(entries) else view.colours,
        ticks_across=tuple(_figures(text, draws) for text in _seen(view.ticks_across, draws)),
        ticks_up=tuple(_figures(text, draws) for text in _seen(view.ticks_up, draws)),
    )


def _counted(view: View, draws: Draws) -> View:
    """The view less what was overlooked, and with what was counted twice."""
    if isinstance(view, Links):
        nodes = _seen(view.nodes, draws)
        return replace(view, nodes=nodes, edges=tuple(e for e in _links(view, draws) if set(e.key) <= set(nodes)))
    if isinstance(view, Bins):
        kept = _seen(range(len(view.items)), draws)
        edges = (view.edges[0], *(view.edges[i + 1] for i in kept))
        return replace(view, items=tuple(view.items[i] for i in kept), edges=edges)
    if isinstance(view, Series):
        places = _seen(range(len(view.positions)), draws)
        rows = tuple(tuple(row[j] for j in places) for row in view.items)
        return replace(view, positions=tuple(view.positions[j] for j in places), items=rows)
    if isinstance(view, Hierarchy):
        return replace(view, items=tuple(_seen(row, draws) for row in view.items))
    if isinstance(view, Panels):
        kept = _seen(range(len(view.names)), draws)
        return replace(
            view,
            names=tuple(view.names[k] for k in kept),
            parts=tuple(view.parts[k] for k in kept),
            shown=tuple(view.shown[k] for k in kept),
            subjects=tuple(view.subjects[k] for k in kept),
        )
    if isinstance(view, Spread):  # outliers are marks, too
        groups = _seen(view.groups, draws)
        return replace(view, groups=tuple(each._replace(outliers=_seen(each.outliers, draws)) for each in groups))
    if isinstance(view, Categories):
        return replace(view, items=_seen(view.items, draws))
    if isinstance(view, Points):
        return replace(view, points=_seen(view.points, draws))
    if isinstance(view, Candles):
        return replace(view, candles=_seen(view.candles, draws))
    if isinstance(view, Curves):
        return replace(view, curves=_seen(view.curves, draws))
    return view


def _links(view: Links, draws: Draws) -> tuple[Item, ...]:
    """The edges, some of which were lost among the others and end at another node than they do."""
    found = {}
    lost = min(LOST, STRAY * len(view.edges) * len(view.edges))
    for edge in _seen(view.edges, draws):
        start, end = edge.key
        if draws.chance(lost) and len(view.nodes) > 2:
            end = draws.choice([node for node in view.nodes if node not in (start, end)])
        key = (start, end) if view.directed else (min(start, end), max(start, end))
        found[key] = replace(edge, key=key)
    return tuple(found.values())


def _seen(marks: Sequence[Any], draws: Draws) -> tuple[Any, ...]:
    """What is counted of these, in their order."""
    found: list[Any] = []
    chance = missed(len(marks))
    for mark in marks:
        if not draws.chance(chance):
            found += [mark, mark] if draws.chance(chance / 2) else [mark]
    return tuple(found)


def missed(many: int) -> float:
    """The chance that one of so many marks is overlooked."""
    return MISSED * (1 + many / MANY)


def _count(many: int, draws: Draws) -> int:
    return len(_seen(range(many), draws))


# --- Letters and digits


def digits(value: float, decimals: int, draws: Draws) -> float:
    """A number that is written, perhaps with digits taken for others."""
    text = show(value, decimals)
    seen = _figures(text, draws)
    return value if seen == text else float(seen)


def _figures(text: str, draws: Draws) -> str:
    return "".join(
        str((int(c) + draws.integers(1, 10)) % 10) if c.isdigit() and draws.chance(MISREAD) else c for c in text
    )


def spelled(text: str, draws: Draws) -> str:
    """A text as it was copied: letters taken for others."""
    return "".join("?" if c.isalnum() and draws.chance(LETTER) else c for c in text)


_OPERATION = re.compile(r"\d+(?:[.,]\d+)*|\.(?= |$)")


def tires(steps: Iterable[str], draws: Draws) -> bool:
    """Whether a worked answer goes wrong on its way: at one of its numbers, or at the end of a sentence."""
    return any(draws.chance(TIRED) for _ in _OPERATION.findall(" ".join(steps)))


def normal(draws: Draws) -> float:
    """About normal, mean 0 and variance 1: the sum of twelve uniform numbers (Irwin-Hall)."""
    total = -6.0
    for _ in range(12):
        total += draws.random()
    return total
