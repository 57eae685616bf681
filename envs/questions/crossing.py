"""Two series against each other over all positions: where and how often one is above the other."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import chain, combinations, pairwise, permutations

from envs.address import Draws
from envs.questions.across import above, all_positions, clear_part, clear_positions, part, several
from envs.questions.asking import LIST, stated, unordered
from envs.registry import Ask, question
from envs.views import NotAskable, Series
from rewards import Label, Number, Set

FEW = 5  # names of which a question may leave some out


@question(
    Series,
    Number,
    skill="comparison",
    bare=True,
    phrasings=(
        "For how many {nouns} is the {measure} {of} {a} {more} than that {of} {b}{where}?{only}",
        "Count the {nouns} {in} which {a} has a {more} {measure} than {b}{where}.{only}",
        "{In} how many {nouns} does {a} have a {more} {measure} than {b}{where}?{only}",
        "Compare {a} with {b} {noun} by {noun}{where}: how many times is the {measure} {of} {a} {more}?{only}",
        "How many of the {nouns} show a {more} {measure} for {a} than for {b}{where}?{only}",
    ),
    held_out=(
        "Go through all {nouns}{where}. How often is the {measure} {of} {a} {more} than that {of} {b}?{only}",
        "What is the number of {nouns} with {a} {more} than {b} in {measure}{where}?{only}",
    ),
)
def times_above(view: Series, draws: Draws, level: int) -> Ask:
    """At how many positions one series is larger (or smaller) than another; how many is drawn first."""
    fits: dict[int, dict[int, list[tuple[int, int, Series, str]]]] = {}
    for i, k in permutations(range(len(several(view).series)), 2):
        for shown, only in _parts(view, clear_positions(view, i, k)):
            count = sum(above(shown, i, k))
            fits.setdefault(len(shown.positions), {}).setdefault(count, []).append((i, k, shown, only))
    if not fits:
        raise NotAskable("no two series can be told apart")
    of = draws.choice(sorted(fits))
    count = draws.choice(sorted(fits[of]))
    i, k, shown, only = draws.choice(fits[of][count])
    where = [name for name, over in zip(shown.positions, above(shown, i, k), strict=True) if over]
    more = draws.choice(("larger", "smaller"))
    steps = [f"It is {more} for {', '.join(where)}." if where else f"It is never {more}.", f"That makes {count}."]
    a, b = (i, k) if more == "larger" else (k, i)
    slots = {"a": view.series[a], "b": view.series[b], "more": more, "only": only}
    return Ask(Number(count), steps, max(2, (of + 1) // 2), slots=slots)


def _parts(view: Series, clear: list[int]) -> Iterator[tuple[Series, str]]:
    """Where two series can be told apart and, of few names, some of those: what is larger in one part of a whole is
    smaller in another, so that all of few names leave too little to find out."""
    chosen = [tuple(clear)]
    if not view.ordered and len(clear) <= FEW:
        chosen += [few for size in range(2, len(clear)) for few in combinations(clear, size)]
    for places in chosen:
        try:
            yield part(view, [j in places for j in all_positions(view)])
        except NotAskable:
            continue


@question(
    Series,
    Set,
    skill="comparison",
    phrasings=(
        "For which {nouns} is the {measure} {of} {a} {more} than that {of} {b}{where}? Name them all.{only}{list}",
        "List all {nouns} {in} which {a} has a {more} {measure} than {b}{where}.{only}{list}",
        "{In} which {nouns} does {a} have a {more} {measure} than {b}{where}? Give all of them.{only}{list}",
        "Name every {noun} with a {more} {measure} for {a} than for {b}{where}.{only}{list}",
        "Compare {a} with {b} {noun} by {noun}{where}: which {nouns} have {a} {more} in {measure}?{only}{list}",
    ),
    held_out=(
        "Go through all {nouns}{where} and write down those for which the {measure} {of} {a} is {more} than that {of}"
        " {b}.{only}{list}",
        "Find the {nouns} that show {a} {more} than {b} in {measure}{where}. Name all of them.{only}{list}",
    ),
)
def where_above(view: Series, draws: Draws, level: int) -> Ask:
    """The positions at which one series is larger (or smaller) than another: at least one of them."""
    i, k, shown, only = clear_part(view, draws)
    over, more = above(shown, i, k), draws.choice(("larger", "smaller"))
    if (more == "larger") not in over:
        more = "smaller" if more == "larger" else "larger"
    where = [p for p, way in zip(shown.positions, over, strict=True) if way == (more == "larger")]
    steps = [f"Going through the {view.nouns}, it is {more} for {', '.join(where)}."]
    slots = {"a": view.series[i], "b": view.series[k], "more": more, "list": LIST}
    return Ask(unordered(where), steps, max(2, len(shown.positions)), stated(where), slots | {"only": only})


@question(
    Series,
    Number,
    skill="trend",
    needs=("ordered",),
    bare=True,
    phrasings=(
        "How many times do {a} and {b} change places by {measure} from one {noun} to the next{where}?{only}",
        "How often does the lead in {measure} pass between {a} and {b}{where}?{only}",
        "Between {first} and {last}, how many times do {a} and {b} overtake each other in {measure}{where}?{only}",
        "Count how many times the {measure} {of} {a} crosses that {of} {b}{where}.{only}",
        "Go from {first} to {last}{where}: how many times does the larger {measure} pass from {a} to {b} or"
        " back?{only}",
    ),
    held_out=(
        "Follow {a} and {b} from {first} until {last}{where}. How often is the one ahead in {measure} overtaken"
        " by the other?{only}",
        "Looking only at {a} and {b}, how many changes of the lead in {measure} are there{where}?{only}",
    ),
)
def crossings(view: Series, draws: Draws, level: int) -> Ask:
    """How many times two series change places over a stretch of time; how many is drawn first."""
    if not view.ordered:
        raise NotAskable("the positions do not follow each other in time")
    fits: dict[int, list[tuple[int, int, int, int]]] = {}
    places = all_positions(several(view))
    for i, k in combinations(range(len(view.series)), 2):
        clear, over = clear_positions(view, i, k), above(view, i, k)
        for first, last in combinations(clear, 2):
            if last - first > 1 and set(range(first, last)) <= set(clear):
                found = sum(a != b for a, b in pairwise(over[first : last + 1]))
                fits.setdefault(found, []).append((i, k, first, last))
    if not fits:
        raise NotAskable("no two series can be told apart for long enough")
    count = draws.choice(sorted(fits))
    # So is about how long to look, which would tell that there are few or many.
    length = draws.integers(2, 1 + max(last - first for *_, first, last in chain(*fits.values())))
    i, k, first, last = min(draws.shuffled(fits[count]), key=lambda fit: abs(fit[3] - fit[2] - length))
    shown, only = part(view, [first <= j <= last for j in places], 3)
    names = draws.shuffled([view.series[i], view.series[k]])
    leads = ", ".join(view.series[i] if way else view.series[k] for way in above(shown, i, k))
    steps = [f"In turn the larger one is {leads}.", f"The lead changes {'once' if count == 1 else f'{count} times'}."]
    slots = {"a": names[0], "b": names[1], "first": shown.positions[0], "last": shown.positions[-1], "only": only}
    # The words tell how many steps there are, each of which is a change or none.
    return Ask(Number(count), steps, max(2, min((len(places) + 1) // 2, last - first + 1)), slots=slots)


@question(
    Series,
    Label,
    skill="trend",
    needs=("ordered",),
    phrasings=(
        "Which is the {end} {noun} {in} which {a} has a {more} {measure} than {b}{where}?{only}",
        "In which {noun} is the {measure} {of} {a} {more} than that {of} {b} for the {end} time{where}?{only}",
        "Name the {end} {noun} with a {more} {measure} for {a} than for {b}{where}.{only}",
        "Going by time, what is the {end} {noun} {in} which the {measure} {of} {a} is {more} than that {of}"
        " {b}{where}?{only}",
        "When does {a} have a {more} {measure} than {b} for the {end} time{where}? Name the {noun}.{only}",
    ),
    held_out=(
        "Of all {nouns} in which {a} is {more} than {b} in {measure}{where}, which is the {end}?{only}",
        "Follow {a} and {b} through time{where}: which {noun} is the {end} one with {a} {more} in {measure}?{only}",
    ),
)
def first_above(view: Series, draws: Draws, level: int) -> Ask:
    """The first or last time at which one series is above (or below) another, drawn from all answers there can be."""
    if not view.ordered:
        raise NotAskable("the positions do not follow each other in time")
    several(view)
    fits: dict[str, list[tuple[int, int, str, str, str]]] = {}
    for i in range(len(view.series)):
        for k in range(len(view.series)):
            if i == k:
                continue
            clear = clear_positions(view, i, k)
            try:
                shown, only = part(view, [j in clear for j in all_positions(view)])
            except NotAskable:
                continue
            found = [name for name, way in zip(shown.positions, above(shown, i, k), strict=True) if way]
            if found:
                for more, a, b in (("larger", i, k), ("smaller", k, i)):
                    fits.setdefault(found[0], []).append((a, b, more, "first", only))
                    fits.setdefault(found[-1], []).append((a, b, more, "last", only))
    if len(fits) < 2:
        raise NotAskable("no two series cross clearly")
    name = draws.choice(sorted(fits))
    i, k, more, end, only = draws.choice(fits[name])
    j = view.positions.index(name)
    steps = [
        f"In {name}, {view.series[i]} has {view.say(view.items[i][j].value)} and {view.series[k]}"
        f" {view.say(view.items[k][j].value)}."
        if math.isfinite(view.items[i][j].err)
        else f"It is {more} in {name}.",
        f"That is the {end} time.",
    ]
    slots = {"a": view.series[i], "b": view.series[k], "more": more, "end": end, "only": only}
    return Ask(Label(name), steps, len(view.positions), slots=slots)
