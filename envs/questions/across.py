"""Series against each other: who leads where, by how much, and how often."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from collections.abc import Sequence as Row
from dataclasses import replace
from itertools import combinations, groupby, permutations
from typing import TypeVar

from envs.address import Draws
from envs.known import Known
from envs.questions.asking import MANY, YES_NO, at_level, best, either_apart, firm, how_far, named
from envs.questions.ranking import ordinal
from envs.registry import Ask, question
from envs.views import TOO_COARSE, Item, NotAskable, Series
from rewards import Boolean, Label, Number

T = TypeVar("T")

WINDOWS = 12  # parts of a figure that are tried


def column(view: Series, j: int) -> list[Item]:
    """All series at a position."""
    return [row[j] for row in view.items]


def several(view: Series) -> Series:
    if len(view.series) < 2:
        raise NotAskable("there is one series only")
    return view


def pairs_of_series(view: Series, draws: Draws) -> list[tuple[int, int]]:
    """Every two series, in random order."""
    return draws.shuffled(list(permutations(range(len(several(view).series)), 2)))


def clear_positions(view: Series, i: int, k: int) -> list[int]:
    """Where it can be told which of two series is larger."""
    return [j for j in range(len(view.positions)) if either_apart(view, view.items[i][j], view.items[k][j])]


def part(view: Series, fit: Row[bool], least: int = 2) -> tuple[Series, str]:
    """The view of those positions that fit, and what the question must say of them ("" for all): the longest run of
    times, or all of them by name."""
    if all(fit):
        return view, ""
    chosen = [j for j, good in enumerate(fit) if good]
    if view.ordered:
        runs = [[j for j, _ in run] for good, run in groupby(enumerate(fit), key=lambda pair: pair[1]) if good]
        chosen = max(runs, key=len, default=[])
    if len(chosen) < least:
        raise NotAskable("too few positions can be read")
    positions = tuple(view.positions[j] for j in chosen)
    items = tuple(tuple(row[j] for j in chosen) for row in view.items)
    whom = f"the {view.nouns} from {positions[0]} to {positions[-1]}" if view.ordered else named(positions)
    return replace(view, positions=positions, items=items), f" Look only at {whom}."


def readable_part(view: Series, least: int = 2) -> tuple[Series, str]:
    """Where the values of all series can be read."""
    return part(
        several(view), [all(item.err < math.inf for item in column(view, j)) for j in all_positions(view)], least
    )


def windows(view: Series, draws: Draws, least: int = 2) -> Iterator[tuple[Series, str]]:
    """The part that can be read, then some random parts of it, and at last all of the smallest: where errors add up,
    what is unclear over many positions may be clear over few."""
    whole, only = readable_part(view, least)
    yield whole, only
    count = len(view.positions)
    readable = {view.positions.index(name) for name in whole.positions}
    drawn: list[Row[int]] = []
    for _ in range(WINDOWS):
        size = draws.integers(least, max(least, min(4, len(readable))) + 1)
        if view.ordered:
            start = draws.integers(0, max(1, count - size + 1))
            drawn.append(range(start, start + size))
        else:
            drawn.append(draws.sample(sorted(readable), min(size, len(readable))))
    smallest = combinations(sorted(readable), least)
    drawn += draws.shuffled([few for few in smallest if not view.ordered or few[-1] - few[0] == least - 1])
    for chosen in drawn:
        if readable.issuperset(chosen) and len(chosen) >= least:
            yield part(view, [j in chosen for j in all_positions(view)], least)


def first_found(
    parts: Iterable[tuple[Series, str]], find: Callable[[list[Item]], T], otherwise: str
) -> tuple[Series, str, list[Item], T]:
    """The first part of a figure whose values, row by row, give what is looked for: the part, how to say so, its values
    and what was found."""
    for shown, only in parts:
        flat = [item for row in shown.items for item in row]
        try:
            return shown, only, flat, find(flat)
        except NotAskable:
            continue
    raise NotAskable(otherwise)


def all_positions(view: Series) -> range:
    """The indices of the positions."""
    return range(len(view.positions))


def clear_part(view: Series, draws: Draws, least: int = 2) -> tuple[int, int, Series, str]:
    """Two series, and where they can be told apart."""
    last = NotAskable("there is one series only")
    for i, k in pairs_of_series(view, draws):
        clear = clear_positions(view, i, k)
        try:
            return (i, k, *part(view, [j in clear for j in all_positions(view)], least))
        except NotAskable as reason:
            last = reason
    raise last


def above(view: Series, i: int, k: int) -> list[bool]:
    """Where series i is larger than series k."""
    return [a.value > b.value for a, b in zip(view.items[i], view.items[k], strict=True)]


def best_either(view: Series, found: list[Known], draws: Draws) -> tuple[int, str]:
    """The index of the largest or the smallest, whichever is drawn and is clear; and its name."""
    first = draws.chance(0.5)
    for up in (first, not first):
        try:
            return best(view, [(known, None) for known in found], up), "smallest" if up else "largest"
        except NotAskable:
            continue
    raise NotAskable("neither end is clear")


@question(
    Series,
    Label,
    skill="comparison",
    phrasings=(
        "Which {series_noun} has the {ordinal}{end} {measure} {in} {position}{where}?",
        "Name the {series_noun} with the {ordinal}{end} {measure} {in} {position}{where}.",
        "Look at {position}{where}: which {series_noun} has the {ordinal}{end} {measure} there?",
        "Of all {series_nouns}, which has the {ordinal}{end} {measure} {in} {position}{where}?",
        "Rank the {series_nouns} by their {measure} {in} {position}{where}. Which one has the {ordinal}{end}?",
    ),
    held_out=(
        "Whose {measure} is the {ordinal}{end} of all {series_nouns} {in} {position}{where}?",
        "If only {position} is looked at{where}, which {series_noun} shows the {ordinal}{end} {measure}?",
    ),
    top_level=9,
)
def leader_at(view: Series, draws: Draws, level: int) -> Ask:
    """The k-th largest or smallest series at a position."""
    several(view)
    first = draws.chance(0.5)
    places = draws.shuffled(range(len(view.positions)))
    for j, up in ((j, up) for up in (first, not first) for j in places):
        try:
            ranking = view.at_position(j).ranked(up)
        except NotAskable:
            continue
        k = draws.integers(1, min(len(ranking), 1 + level // 3) + 1)
        end, words = "smallest" if up else "largest", view.slots()
        order = ", ".join(item.name for item in ranking[:k])
        position = view.positions[j]
        steps = [f"{words['in'].capitalize()} {position} the order from the {end} is {order}."]
        slots = {"ordinal": ordinal(k), "end": end, "position": position}
        return Ask(Label(ranking[k - 1].name), steps, len(view.series), slots=slots)
    raise NotAskable("at no position can the series be ranked")


@question(
    Series,
    Boolean,
    skill="comparison",
    phrasings=(
        "Is the {measure} {of} {a} {more} than that {of} {b} {in} {position}{where}?{yes}",
        "{In} {position}, does {a} have a {more} {measure} than {b}{where}?{yes}",
        "Does {a} have a {more} {measure} than {b} {in} {position}{where}?{yes}",
        "Look at {position}{where}: is the {measure} {of} {a} {more} than that {of} {b}?{yes}",
        "Compare {a} with {b} {in} {position}{where}. Is the {measure} {of} {a} the {more} one?{yes}",
    ),
    held_out=(
        "Yes or no: {in} {position} the {measure} {of} {a} is {more} than that {of} {b}{where}.",
        "Would you find a {more} {measure} for {a} than for {b} {in} {position}{where}?{yes}",
    ),
)
def is_above_at(view: Series, draws: Draws, level: int) -> Ask:
    """Whether one series is larger (or smaller) than another at a position: the higher the level, the more nearly."""
    columns = ((j, column(several(view), j)) for j in all_positions(view))
    clear = [
        (j, a, b)
        for j, items in columns
        for a, b in combinations(zip(view.series, items), 2)
        if either_apart(view, a[1], b[1])
    ]
    j, *two = at_level(draws, level, clear, lambda found: how_far(view, found[1][1].value, found[2][1].value))
    true, more = draws.chance(0.5), draws.choice(("larger", "smaller"))
    up = [name for name, _ in sorted(two, key=lambda named: named[1].value)]
    a, b = up if (more == "smaller") == true else up[::-1]
    words, position = view.slots(), view.positions[j]
    steps = [f"{words['in'].capitalize()} {position}, {up[1]} has the larger {view.measure} of the two."]
    slots = {"a": a, "b": b, "more": more, "position": position, "yes": YES_NO}
    return Ask(Boolean(true), steps, 2, "yes" if true else "no", slots)


@question(
    Series,
    Number,
    skill="comparison",
    needs=("values",),
    unfit=("coarse",),  # two reading errors add up
    phrasings=(
        "What is the difference in {measure} between {a} and {b} {in} {position}{where}?{rounding}",
        "{In} {position}, how far apart are {a} and {b} in {measure}{where}?{rounding}",
        "By how much does the {measure} {of} {a} differ from that {of} {b} {in} {position}{where}?{rounding}",
        "Look at {position}{where}: how large is the gap in {measure} between {a} and {b}?{rounding}",
        "Subtract the smaller from the larger {measure} of {a} and {b} {in} {position}{where}.{rounding}",
    ),
    held_out=(
        "How much separates {a} from {b} by {measure} {in} {position}{where}?{rounding}",
        "Take the {measure} {of} {a} and that {of} {b} {in} {position}{where}. What is their difference?{rounding}",
    ),
)
def difference_at(view: Series, draws: Draws, level: int) -> Ask:
    """How far apart two series are at a position; how far is drawn first, as most are near each other."""
    fit = [(i, k, j) for i, k in pairs_of_series(view, draws) for j in clear_positions(view, i, k)]
    gaps = [view.items[i][j].known.minus(view.items[k][j].known) for i, k, j in fit]
    readable = [firm(gap) and gap.err <= TOO_COARSE * view.reach for gap in gaps]
    far = {place: abs(gap.value) for place, gap, good in zip(fit, gaps, readable, strict=True) if good}
    if not far:
        raise NotAskable("no two can be told apart well enough")
    aim = draws.uniform(0.25, 1.25) * max(far.values())
    i, k, j = min(draws.shuffled(list(far)), key=lambda place: abs(far[place] - aim))
    a, b = view.items[i][j], view.items[k][j]
    high, low = max(a.value, b.value), min(a.value, b.value)
    known = Known(high - low, a.err + b.err)
    words, position = view.slots(), view.positions[j]
    steps = [
        f"{words['in'].capitalize()} {position}, {view.series[i]} has {view.say(a.value)} and {view.series[k]}"
        f" {view.say(b.value)}.",
        f"The difference is {view.plain(high)} - {view.plain(low)} = {view.say(known.value)}.",
    ]
    slots = {"a": view.series[i], "b": view.series[k], "position": position, "rounding": view.rounding()}
    return Ask(view.derived(known), steps, MANY, view.plain(known.value), slots)


@question(
    Series,
    Label,
    skill="comparison",
    needs=("values",),
    phrasings=(
        "{In} which {noun} is the gap in {measure} between {a} and {b} the {end}{where}?{only}",
        "Which {noun} shows the {end} difference in {measure} between {a} and {b}{where}?{only}",
        "Name the {noun} {in} which {a} and {b} are {far} in {measure}{where}.{only}",
        "Compare {a} and {b} {noun} by {noun}{where}: for which {noun} is the difference in {measure} the {end}?{only}",
        "Find the {noun} with the {end} distance between the {measure} {of} {a} and that {of} {b}{where}.{only}",
    ),
    held_out=(
        "Where, among the {nouns}, do {a} and {b} come {far} in {measure}{where}?{only}",
        "Take the difference in {measure} between {a} and {b} for every {noun}{where}. Which {noun} has the"
        " {end}?{only}",
    ),
)
def widest_gap(view: Series, draws: Draws, level: int) -> Ask:
    """The position with the largest or smallest gap between two series."""
    two = pairs_of_series(view, draws)
    for shown, only, i, k in ((*window, *pair) for window in windows(view, draws) for pair in two):
        pairs = list(zip(shown.items[i], shown.items[k], strict=True))
        gaps = [Known(abs(a.value - b.value), a.err + b.err) for a, b in pairs]
        try:
            j, end = best_either(view, gaps, draws)
        except NotAskable:
            continue
        far = "closest to each other" if end == "smallest" else "furthest apart"
        a, b = pairs[j]
        name = shown.positions[j]
        steps = [
            f"The {end} gap is |{view.plain(a.value)} - {view.plain(b.value)}| = {view.say(gaps[j].value)}, for {name}."
        ]
        slots = {"a": view.series[i], "b": view.series[k], "end": end, "far": far, "only": only}
        return Ask(Label(name), steps, len(shown.positions), slots=slots)
    raise NotAskable("no gap is clearly the widest")
