"""Orders: the top of a ranking, named items in order, who comes next, who lies between."""

from __future__ import annotations

import math

from envs.address import Draws
from envs.numerals import listed
from envs.questions.asking import (
    COUNTED,
    LIST,
    YES_NO,
    complete,
    either_apart,
    falling,
    quoted,
    sequence,
    some_apart,
    spoken,
    stated,
    unordered,
)
from envs.questions.ranking import TOP_LEVEL, ordinal, place
from envs.registry import Ask, question
from envs.views import Categories, Item, NotAskable
from rewards import Boolean, Label, Number, Sequence, Set


def _ends(up: bool) -> dict[str, str]:
    """How to speak of the end of the ranking that is asked about."""
    end, other = ("smallest", "largest") if up else ("largest", "smallest")
    return {"end": end, "other": other, "more": "smaller" if up else "larger"}


def _sorted(view: Categories, items: list[Item], up: bool) -> str:
    names = ", ".join(item.name for item in items)
    said = f"the order is {names}" if len(items) > 1 else f"{names} comes first"
    return f"By {view.measure}, from the {'smallest up' if up else 'largest down'}, {said}."


def _ranking(view: Categories, draws: Draws) -> tuple[bool, list[Item]]:
    """From the top or from the bottom, whichever is drawn and can be told; at least two items."""
    first = draws.chance(0.5)
    for up in (first, not first):
        try:
            found = view.ranked(up)
        except NotAskable:
            continue
        if len(found) >= 2:
            return up, found
    raise NotAskable("neither end of the ranking can be told")


@question(
    Categories,
    Sequence,
    skill="ranking",
    phrasings=(
        "Which {k} {nouns} have the {end} {measure}{where}? Name the {end} first.{list}",
        "List the {k} {nouns} with the {end} {measure}{where}, beginning with the {end}.{list}",
        "Name the {k} {nouns} of {end} {measure}{where}, the {end} of them first.{list}",
        "Rank the {nouns} by {measure}, the {end} first{where}: which are the first {k}, in order?{list}",
        "What are the {k} {nouns} with the {end} {measure}{where}, in order from the {end}?{list}",
        "Name {both} {nouns}{where}, the one with the {end} {measure} first.{list}",
        "Put {both} {nouns} in order of {measure}{where}, the {end} first.{list}",
        "Sort {both} {nouns} by {measure}{where}, starting with the {end}.{list}",
    ),
    held_out=(
        "Sort the {nouns} by {measure} so that the {end} leads{where}. Write down the leading {k} in this order.{list}",
        "Give, in order, the {k} {nouns} whose {measure} is {end}{where}, starting from the {end}.{list}",
        "Write down {both} {nouns}{where}, beginning with the {end} {measure}.{list}",
        "Rank {both} {nouns} by {measure}{where}, from the {end} on.{list}",
    ),
    top_level=TOP_LEVEL,
)
def leading(view: Categories, draws: Draws, level: int) -> Ask:
    """The first k of the ranking from either end, in order; of two both."""
    up, ranking = _ranking(view, draws)
    most = min(len(ranking), 3 + level // 3, len(view.items) - (len(view.items) > 2))
    k = draws.integers(2, max(3, most + 1)) if most > 2 else 2
    names = [item.name for item in ranking[:k]]
    possible = view.known * (view.known - 1)
    many = {"k": COUNTED.get(k, str(k))} if len(view.items) > 2 else {"both": "both"}
    slots = {**many, "list": LIST, **_ends(up)}
    return Ask(sequence(names), [_sorted(view, ranking[:k], up)], possible, stated(names), slots)


@question(
    Categories,
    Sequence,
    skill="ranking",
    phrasings=(
        "Put these {nouns} in order of {measure}, from {end} to {other}{where}: {names}.{list}",
        "Sort {names} by {measure}{where}, the {end} first.{list}",
        "Order {names} from the {end} to the {other} {measure}{where}.{list}",
        "By {measure}, what is the order of {names}{where}, if the {end} comes first?{list}",
        "Arrange the following {nouns} so that the {end} {measure} comes first and the {other} last{where}:"
        " {names}.{list}",
    ),
    held_out=(
        "Take {names}{where}. List them by {measure}, beginning with the {end}.{list}",
        "How do {names} rank among each other by {measure}{where}, counted from the {end}?{list}",
    ),
    top_level=12,
)
def order_named(view: Categories, draws: Draws, level: int) -> Ask:
    """Some named items in order."""
    count = 3 + draws.integers(0, 1 + min(level, 12) // 4)
    count = min(count, len(view.items))
    while True:
        try:
            items = some_apart(view, draws, view.items, max(count, 3), level)
            break
        except NotAskable:
            if count <= 3:
                raise
            count -= 1
    up = draws.chance(0.5)
    order = falling(items, up)
    names = [item.name for item in order]
    possible = [1, 1, 2, 6, 24, 120, 720][len(items)]
    slots = {"names": spoken(view, items), "list": LIST, **_ends(up)}
    return Ask(sequence(names), [_sorted(view, order, up)], possible, stated(names), slots)


@question(
    Categories,
    Label,
    skill="comparison",
    phrasings=(
        "Which has the {more} {measure}{where}: {a} or {b}?",
        "Is the {measure} {more} for {a} or for {b}{where}? Name the {noun}.",
        "Compare {a} and {b}{where}: which one has the {more} {measure}?",
        "Of {a} and {b}, which has the {more} {measure}{where}?",
        "Between {a} and {b}, name the {noun} with the {more} {measure}{where}.",
    ),
    held_out=(
        "If you set {a} beside {b}{where}, whose {measure} is {more}?",
        "One of {a} and {b} has a {more} {measure} than the other{where}. Which one?",
    ),
)
def larger_of_two(view: Categories, draws: Draws, level: int) -> Ask:
    """The larger or the smaller of two named items."""
    a, b = some_apart(view, draws, view.items, 2, level)
    up = draws.chance(0.5)
    first = falling([a, b], up)[0]
    steps = [_sorted(view, falling([a, b], up), up)]
    slots = {"a": quoted(view, a.name), "b": quoted(view, b.name), **_ends(up)}
    return Ask(Label(first.name), steps, 2, slots=slots)


@question(
    Categories,
    Label,
    skill="ranking",
    phrasings=(
        "Which of these {nouns} has the {end} {measure}{where}: {names}?",
        "Among {names}, which has the {end} {measure}{where}?",
        "Look only at {names}{where}. Which of them has the {end} {measure}?",
        "Of the {nouns} {names}, name the one with the {end} {measure}{where}.",
        "Compare {names}{where}: whose {measure} is the {end}?",
    ),
    held_out=(
        "Leave all other {nouns} aside: which of {names} has the {end} {measure}{where}?",
        "Whose {measure} is {end} if only {names} are compared{where}?",
    ),
    top_level=12,
)
def extreme_of_named(view: Categories, draws: Draws, level: int) -> Ask:
    """The largest or smallest of some named items."""
    items = some_apart(view, draws, view.items, 3, level)
    try:
        more = min(len(view.items), 3 + draws.integers(0, 1 + min(level, 12) // 3))
        items = some_apart(view, draws, view.items, more, level)
    except NotAskable:
        pass
    up = draws.chance(0.5)
    order = falling(items, up)
    slots = {"names": spoken(view, items), **_ends(up)}
    return Ask(Label(order[0].name), [_sorted(view, order, up)], len(items), slots=slots)


@question(
    Categories,
    Number,
    skill="ranking",
    bare=True,
    phrasings=(
        "At which place does {name} stand if the {nouns} are ranked by {measure}, the {end} first{where}? Give a"
        " number.",
        "Rank the {nouns} by {measure} from {end} to {other}{where}. What is the position of {name}, as a number?",
        "Counted from the {end} {measure}, which place does {name} take among the {nouns}{where}? Give a number.",
        "What rank does {name} have by {measure}{where}, where 1 is the {end}?",
        "If place 1 goes to the {end} {measure}{where}, which place goes to {name}? Give a number.",
    ),
    held_out=(
        "The {nouns} are sorted by {measure} with the {end} in front{where}. Which number in the row is {name}?",
        "Give the rank of {name} by {measure}{where}, counting the {end} as 1.",
    ),
)
def rank_of(view: Categories, draws: Draws, level: int) -> Ask:
    """The place of a named item in the ranking from either end."""
    up, ranking = _ranking(view, draws)
    most = min(len(ranking), 3 + level // 2)
    k = draws.integers(1, most + 1)
    slots = {"name": quoted(view, ranking[k - 1].name), **_ends(up)}
    steps = [_sorted(view, ranking[:k], up), f"{ranking[k - 1].name} is number {k}."]
    return Ask(Number(k), steps, most, slots=slots)


@question(
    Categories,
    Label,
    skill="ranking",
    phrasings=(
        "Which {noun} has the next {more} {measure} after {name}{where}?",
        "In order of {measure}, which {noun} comes directly after {name}, if the {other} comes first{where}?",
        "Sort the {nouns} by {measure}, the {other} first{where}: which one follows {name}?",
        "Of all {nouns} with a {more} {measure} than {name}{where}, which one is nearest to it?",
        "Name the {noun} whose {measure} is the next {more} one after that of {name}{where}.",
    ),
    held_out=(
        "Start from {name} and go one step to a {more} {measure}{where}. Which {noun} is reached?",
        "Ranked by {measure}, which {noun} is the neighbour of {name} on the {more} side{where}?",
    ),
)
def next_in_order(view: Categories, draws: Draws, level: int) -> Ask:
    """The neighbour of a named item in the ranking."""
    from_bottom, ranking = _ranking(view, draws)
    k = draws.integers(0, len(ranking) - 1)
    a, b = ranking[k], ranking[k + 1]
    if from_bottom != draws.chance(0.5):  # either way along the part of the ranking that can be told
        a, b = b, a
    up = b.value < a.value
    steps = [
        _sorted(view, [a, b], up=not up),
        f"Nothing lies between them, so the next {_ends(up)['more']} is {b.name}.",
    ]
    return Ask(Label(b.name), steps, view.known - 1, slots={"name": quoted(view, a.name), **_ends(up)})


@question(
    Categories,
    Set,
    skill="ranking",
    phrasings=(
        "Which {nouns} have a {measure} between that {of} {a} and that {of} {b}{where}? Name them all.{list}",
        "List every {noun} whose {measure} lies between those {of} {a} and {b}{where}.{list}",
        "Name all {nouns} that lie between {a} and {b} in order of {measure}{where}.{list}",
        "By {measure}, which {nouns} stand between {a} and {b}{where}? Give all of them.{list}",
        "Find all {nouns} with a {measure} above that {of} one of {a} and {b} and below that {of} the"
        " other{where}.{list}",
    ),
    held_out=(
        "Ranked by {measure}, {a} and {b} have other {nouns} between them{where}. Which ones?{list}",
        "Give the {nouns} whose {measure} is neither above nor below both {a} and {b}{where}, leaving these two"
        " out.{list}",
    ),
    top_level=12,
)
def between(view: Categories, draws: Draws, level: int) -> Ask:
    """The items between two named ones in the ranking: at least one, and more at higher levels. Only the two must be
    clear of all others; how those between them are ranked is not asked."""
    up = draws.chance(0.5)
    order = falling(view.items if view.span == math.inf else complete(view.items, 3), up)
    clear = {i for i, a in enumerate(order) if all(a is b or either_apart(view, a, b) for b in order)}
    gaps: dict[int, list[int]] = {}
    for start in sorted(clear):
        for gap in range(1, 3 + level // 3):
            if start + gap + 1 in clear:
                gaps.setdefault(gap, []).append(start)
    if not gaps:
        raise NotAskable("no two items are clear of those between them")
    gap = draws.choice(sorted(gaps))
    start = draws.choice(gaps[gap])
    ends, inside = [order[start], order[start + gap + 1]], order[start + 1 : start + gap + 1]
    names = [item.name for item in view.items if item in inside]
    a, b = draws.shuffled(ends)
    slots = {"a": quoted(view, a.name), "b": quoted(view, b.name), "list": LIST}
    lie = "lies" if gap == 1 else "lie"
    steps = [f"By {view.measure}, {listed(names)} {lie} between {ends[0].name} and {ends[1].name}."]
    return Ask(unordered(names), steps, max(2, view.known - 2), stated(names), slots)


@question(
    Categories,
    Boolean,
    skill="ranking",
    phrasings=(
        "Does {name} have the {ordinal}{end} {measure}{where}?{yes}",
        "Is the {ordinal}{end} {measure} that {of} {name}{where}?{yes}",
        "Is {name} the {noun} with the {ordinal}{end} {measure}{where}?{yes}",
        "Ranked by {measure}, the {end} first{where}: does {name} come {place}?{yes}",
        "Of all {nouns}, is {name} the one with the {ordinal}{end} {measure}{where}?{yes}",
    ),
    held_out=(
        "Yes or no: {name} takes the {place} place by {measure}{where}, counted from the {end}.",
        "Would {name} stand {place} if the {nouns} were lined up by {measure}, the {end} in front{where}?{yes}",
    ),
    top_level=TOP_LEVEL,
)
def is_kth(view: Categories, draws: Draws, level: int) -> Ask:
    """Whether a named item has a given place in the ranking; if not, it is a neighbour of the one that has."""
    up, ranking = _ranking(view, draws)
    k = draws.integers(1, min(len(ranking), 3 + level // 2) + 1)
    right = ranking[k - 1]
    true = draws.chance(0.5)
    near = [ranking[i] for i in (k - 2, k) if 0 <= i < len(ranking)]
    item = right if true else draws.choice(near)
    steps = [_sorted(view, ranking[:k], up)]
    if k > 1 or not true:
        steps.append(f"The {place(k)} one is {right.name}" + ("." if true else f", not {item.name}."))
    slots = {"name": quoted(view, item.name), "ordinal": ordinal(k), "place": place(k), "yes": YES_NO, **_ends(up)}
    return Ask(Boolean(true), steps, 2, "yes" if true else "no", slots)
