"""Dates: when something happened, on figures whose times name their year, and how long it took.

Asked for "dated", a family shows such times (see envs/data/times.py); what the labels do not date is not asked here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import groupby, pairwise
from typing import TypeVar

from envs.address import Draws
from envs.data.times import iso
from envs.known import Known
from envs.questions.asking import at_level, best, complete, cuts, either_apart, named, quoted, stated, valued
from envs.questions.ranking import ordinal
from envs.questions.trends import TOP_LEVEL as TREND_LEVEL
from envs.questions.trends import directions, other_way, over, steps_of, stretch
from envs.registry import Ask, question
from envs.views import Categories, Item, NotAskable
from rewards import Date, Number, Sequence

T = TypeVar("T")
JUMPS = (("rise", "risen", 1.0), ("fall", "fallen", -1.0), ("change", "changed", 0.0))
TOP_LEVEL = 12
PARTS = 14  # stretches of a figure that are tried
WRITTEN = {"year": "the year", "quarter": "the quarter and its year", "month": "the month and its year"}


def date_of(item: Item) -> Date:
    """The time of an item; NotAskable where its label names no year."""
    found = iso(item.name)
    if found is None:
        raise NotAskable("a name is no date")
    return Date(*found)


def forms(view: Categories) -> dict[str, str]:
    """What a question must say of how one date is written, and of how two are."""
    written = WRITTEN[date_of(view.items[0]).granularity]
    two = f" Give {written} of both, the earlier one first, separated by a semicolon."
    return {"form": f" Answer with {written}.", "two": two}


def parts(view: Categories, draws: Draws, least: int = 4) -> Iterator[tuple[Categories, str]]:
    """The view, then some stretches of it, where what is unclear over all times may be clear; what the question must
    say of them. NotAskable where its names are no times."""
    if not view.ordered:
        raise NotAskable("the names do not follow each other in time")
    yield view, ""
    count = len(view.items)
    for _ in range(PARTS if count > least else 0):
        size = draws.integers(least, count)
        start = draws.integers(0, count - size + 1)
        items = view.items[start : start + size]
        only = f" Look only at the {view.nouns} from {items[0].name} to {items[-1].name}."
        yield replace(view, items=items), only


def from_to(items: list[Item]) -> tuple[Sequence, str]:
    """The first and the last time of a stretch, and how the box takes them."""
    ends = (date_of(items[0]), date_of(items[-1]))
    return Sequence(ends), stated(end.text() for end in ends)


def runs_of(items: Iterable[T], fit: Iterable[bool]) -> list[list[T]]:
    """The unbroken runs of items that fit."""
    return [[item for item, _ in run] for good, run in groupby(zip(items, fit), key=lambda pair: pair[1]) if good]


def longest_of(runs: list[list[T]]) -> list[T]:
    """The longest run, of at least two; NotAskable where another is as long."""
    order = sorted(runs, key=len, reverse=True)
    if not order or len(order[0]) < 2 or (len(order) > 1 and len(order[1]) == len(order[0])):
        raise NotAskable("no run is the longest")
    return order[0]


def place_at(draws: Draws, level: int, most: int) -> int:
    """A place in a ranking: the first two at level 0, one further every second level."""
    high = min(most, 2 + min(level, TOP_LEVEL) // 2)
    return draws.integers(max(1, high - 2 - min(level, TOP_LEVEL) // 4), high + 1)


@question(
    Categories,
    Date,
    skill="trend",
    needs=("ordered", "dated"),
    phrasings=(
        "On which date is the {ordinal}{end} {measure} shown{where}?{only}{form}",
        "When is the {measure} the {ordinal}{end}{where}?{only}{form}",
        "Give the date of the {ordinal}{end} {measure}{where}.{only}{form}",
        "Rank all dates by {measure}{where}. Which one has the {ordinal}{end}?{only}{form}",
        "At what time does the {measure} take its {ordinal}{end} value{where}?{only}{form}",
    ),
    held_out=(
        "Date the {ordinal}{end} {measure} of the figure{where}.{only}{form}",
        "Of all times shown{where}, which is the one with the {ordinal}{end} {measure}?{only}{form}",
    ),
    top_level=TOP_LEVEL,
)
def date_of_extreme(view: Categories, draws: Draws, level: int) -> Ask:
    """The date of the k-th largest or smallest value."""
    first, said = draws.chance(0.5), forms(view)
    for shown, only in parts(view, draws):
        for up in (first, not first):
            try:
                return _extreme(shown, draws, level, up, said | {"only": only})
            except NotAskable:
                continue
    raise NotAskable("neither end is clear")


def _extreme(view: Categories, draws: Draws, level: int, up: bool, said: dict[str, str]) -> Ask:
    ranking = view.ranked(up)
    k = place_at(draws, level, len(ranking))
    found, end = ranking[k - 1], "smallest" if up else "largest"
    steps = [f"From the {end} on, the values are those of {', '.join(item.name for item in ranking[:k])}."]
    return Ask(date_of(found), steps, len(view.items), slots={"ordinal": ordinal(k), "end": end, **said})


@question(
    Categories,
    Date,
    skill="trend",
    needs=("ordered", "dated"),
    phrasings=(
        "After {name}, when is the {measure} {more} than in {name} for the first time{where}?{form}",
        "Which date after {name} is the first with a {more} {measure} than {name} has{where}?{form}",
        "Start at {name} and go forward{where}: when does the {measure} first lie {side} its value in {name}?{form}",
        "Give the first date after {name} that has a {more} {measure} than {name}{where}.{form}",
        "From {name} on, what is the next date whose {measure} is {more} than that of {name}{where}?{form}",
    ),
    held_out=(
        "The {measure} of {name} is next left {side} on which date{where}?{form}",
        "Look to the right of {name}{where}. When is a {more} {measure} than there next reached?{form}",
    ),
    top_level=TOP_LEVEL,
)
def next_beyond_date(view: Categories, draws: Draws, level: int) -> Ask:
    """The first date after a given one with a larger (or smaller) value: where it can be, two times later or more, and
    further at higher levels."""
    items, said = list(view.items), forms(view)
    fit: dict[int, list[tuple[int, int, bool]]] = {}
    for i, start in enumerate(items):
        for up in (True, False):
            for j in range(i + 1, len(items)):
                if not either_apart(view, start, items[j]):
                    break
                if (items[j].value > start.value) == up:
                    fit.setdefault(min(j - i, 3 + min(level, TOP_LEVEL) // 2), []).append((i, j, up))
                    break
    if not fit or len(items) < 4:
        raise NotAskable("no time has another one beyond it")
    gap = draws.choice([gap for gap in sorted(fit) if gap > 1] or [1])
    i, j, up = at_level(
        draws, level, fit[gap], lambda f: min(abs(items[f[0]].length - x.length) for x in items[f[0] + 1 : f[1] + 1])
    )
    more, side = ("larger", "above") if up else ("smaller", "below")
    steps = [f"The first value {side} that of {items[i].name} is that of {items[j].name}."]
    if between := [item.name for item in items[i + 1 : j]]:
        steps.insert(0, f"In {named(between)} it is not {side} its value in {items[i].name}.")
    slots = {"name": items[i].name, "more": more, "side": side, **said}
    return Ask(date_of(items[j]), steps, max(2, len(items) // 2), slots=slots)


@question(
    Categories,
    Date,
    skill="trend",
    needs=("ordered", "dated", "values"),
    phrasings=(
        "When has the {measure} just made its largest {kind} from one {noun} to the next{where}?{only}{form}",
        "Give the date that the largest {kind} of the {measure} from one {noun} to the next leads to{where}."
        "{only}{form}",
        "Compared with one {noun} earlier, when has the {measure} {moved} most{where}?{only}{form}",
        "Which date shows the largest {kind} of the {measure} over the {noun} before{where}?{only}{form}",
        "On what date does the largest {kind} of the {measure} within a single {noun} end{where}?{only}{form}",
    ),
    held_out=(
        "Date the largest {kind} of the {measure} between neighbouring {nouns}, by the {noun} in which it ends"
        "{where}.{only}{form}",
        "By the {noun} that comes after it, when is the steepest {kind} of the {measure}{where}?{only}{form}",
    ),
    top_level=TOP_LEVEL,
)
def date_of_jump(view: Categories, draws: Draws, level: int) -> Ask:
    """The date that the largest rise, fall or change leads to."""
    said, fit = forms(view), []
    for shown, only in parts(view, draws, 3):
        try:
            pairs = list(pairwise(complete(shown.items, 3)))
        except NotAskable:
            continue
        moves = [b.known.minus(a.known) for a, b in pairs]
        for kind, moved, sign in JUMPS:
            sizes = [m.times(sign) if sign else Known(abs(m.value), m.err) for m in moves]
            try:
                i = best(view, [(size, None) for size in sizes])
            except NotAskable:
                continue
            if sizes[i].value > sizes[i].err:
                lead = sizes[i].value - max(size.value for k, size in enumerate(sizes) if k != i)
                fit.append((lead, pairs[i], {"kind": kind, "moved": moved, "only": only}, len(pairs)))
    _, (a, b), words, possible = at_level(draws, level, fit, lambda option: option[0])
    steps = [
        f"The largest {words['kind']} is that from {view.say(a.value)} in {a.name} to {view.say(b.value)} in {b.name},"
        f" by {view.say(abs(b.value - a.value))}."
    ]
    return Ask(date_of(b), steps, possible, slots=words | said)


@question(
    Categories,
    Sequence,
    skill="trend",
    needs=("ordered", "dated"),
    unfit=("coarse", "prices"),  # too few steps in a row can be told
    phrasings=(
        "Between {first} and {last}, from when to when does the {measure} {rise} longest without a break{where}?{two}",
        "Look at {first} to {last}{where}: where does the longest unbroken {rise} of the {measure} begin, and where"
        " does it end?{two}",
        "From {first} to {last}, give the first and the last date of the longest stretch over which the {measure}"
        " {rises} at every step{where}.{two}",
        "Go from {first} to {last}{where}. Over which dates does the {measure} {rise} most times in a row?{two}",
        "Between which two dates lies the longest run of steps, from {first} to {last}, at which the {measure}"
        " {rises}{where}?{two}",
    ),
    held_out=(
        "Follow the {measure} from {first} until {last}{where}. When does its longest steady {rise} start and"
        " end?{two}",
        "Name the dates that begin and end the longest {rise} without interruption of the {measure} from {first} to"
        " {last}{where}.{two}",
    ),
    top_level=TREND_LEVEL,
)
def longest_climb(view: Categories, draws: Draws, level: int) -> Ask:
    """From when to when it rises (or falls) the most steps in a row: two steps or more."""
    fit = []
    for _ in range(PARTS):
        items = stretch(view, draws, level)
        up, words = directions(draws)
        ways = steps_of(items)
        for way, said in ((up, words), (not up, other_way(words))):
            try:
                run = longest_of(runs_of(range(len(ways)), [step == way for step in ways]))
            except NotAskable:
                continue
            fit.append((items, items[run[0] : run[-1] + 2], said))
            break
    items, run_of, said = at_level(
        draws, level, fit, lambda option: min(abs(b.length - a.length) for a, b in pairwise(option[0]))
    )
    answer, text = from_to(run_of)
    steps = [
        f"In turn the values go {', '.join('up' if step else 'down' for step in steps_of(items))}.",
        f"The longest {said['rise']} takes {len(run_of) - 1} steps, from {run_of[0].name} to {run_of[-1].name}.",
    ]
    possible = max(2, (len(items) - 1) * (len(items) - 2) // 2)
    return Ask(answer, steps, possible, text, over(items) | said | forms(view))


@question(
    Categories,
    Sequence,
    skill="aggregation",
    needs=("ordered", "dated", "values"),
    phrasings=(
        "From when to when does the {measure} stay {side} {cut} without a break, where that lasts longest{where}?"
        "{only}{two}",
        "Give the first and the last date of the longest time over which the {measure} is {side} {cut}{where}."
        "{only}{two}",
        "The {measure} lies {side} {cut} for several {nouns} in a row{where}. From when to when, in the longest such"
        " run?{only}{two}",
        "Find the longest unbroken run of {nouns} with a {measure} {side} {cut}{where}. Which dates are its first and"
        " its last?{only}{two}",
        "Which two dates begin and end the longest stretch of {nouns} whose {measure} is {side} {cut}"
        " throughout{where}?{only}{two}",
    ),
    held_out=(
        "Draw a line at {cut}{where}: from which date to which does the {measure} stay {side} it longest?{only}{two}",
        "When does the longest period with a {measure} {side} {cut} start, and when does it end{where}?{only}{two}",
    ),
    top_level=TOP_LEVEL,
)
def stays_beyond(view: Categories, draws: Draws, level: int) -> Ask:
    """From when to when the values lie above or below a threshold, in the longest run."""
    said = forms(view)
    for shown, only in parts(view, draws):
        try:
            cut, above, run = _stay(shown, draws, level)
        except NotAskable:
            continue
        side = "above" if above else "below"
        answer, text = from_to(run)
        steps = [f"In the longest run {side} {view.say(cut)} the values are {valued(view, run)}."]
        slots = {"cut": view.say(cut), "side": side, "only": only, **said}
        return Ask(answer, steps, len(shown.items), text, slots)
    raise NotAskable("no run beyond a threshold is the longest")


def _stay(view: Categories, draws: Draws, level: int) -> tuple[float, bool, list[Item]]:
    """A threshold, whether above it, and the longest run of times there; longer ones at higher levels."""
    items = complete(view.items, 4)
    fit: dict[int, list[tuple[float, bool, list[Item]]]] = {}
    for cut in cuts(view, draws, items).values():
        for above in (True, False):
            try:
                run = longest_of(runs_of(items, [(item.value > cut) == above for item in items]))
            except NotAskable:
                continue
            if len(run) < len(items):
                fit.setdefault(len(run), []).append((cut, above, run))
    if not fit:
        raise NotAskable("no run beyond a threshold is the longest")
    return draws.choice(fit[draws.choice([n for n in sorted(fit) if n <= 3 + min(level, TOP_LEVEL)] or [min(fit)])])


@question(
    Categories,
    Number,
    skill="trend",
    needs=("ordered",),
    unfit=("coarse",),
    bare=True,
    phrasings=(
        "How many {nouns} is it from {name} to the {noun} with the {ordinal}{end} {measure}{where}, {name} itself not"
        " counted?",
        "Count the steps from one {noun} to the next between {name} and the {noun} of the {ordinal}{end} {measure}"
        "{where}. How many are there?",
        "How many {nouns} away from {name} is the {ordinal}{end} {measure}{where}?",
        "The {ordinal}{end} {measure} is how many {nouns} before or after {name}{where}?",
        "By how many {nouns} does {name} lie apart from the {noun} of the {ordinal}{end} {measure}{where}?",
    ),
    held_out=(
        "How many steps along the {nouns} lead from {name} to the {ordinal}{end} {measure}{where}?",
        "In {nouns}, how far is it from {name} to the {noun} that has the {ordinal}{end} {measure}{where}?",
    ),
    top_level=TOP_LEVEL,
)
def time_to_extreme(view: Categories, draws: Draws, level: int) -> Ask:
    """How many steps of time lie between a given time and that of the largest or smallest value."""
    if not view.ordered:
        raise NotAskable("the names do not follow each other in time")
    up = draws.chance(0.5)
    try:
        ranking = view.ranked(up)
    except NotAskable:
        up = not up
        ranking = view.ranked(up)
    k = place_at(draws, level, len(ranking))
    found = ranking[k - 1]
    at = view.names.index(found.name)
    by_distance: dict[int, list[int]] = {}
    for i in range(len(view.items)):
        by_distance.setdefault(abs(i - at), []).append(i)
    far = [distance for distance in sorted(by_distance) if 0 < distance <= 4 + level]
    if not far:
        raise NotAskable("there is one time only")
    distance = draws.choice(far)
    name = view.names[draws.choice(by_distance[distance])]
    end = "smallest" if up else "largest"
    steps = [
        f"From the {end} on, the values are those of {', '.join(item.name for item in ranking[:k])}.",
        f"From {name} to {found.name} the count is {distance}.",
    ]
    slots = {"name": quoted(view, name), "ordinal": ordinal(k), "end": end}
    return Ask(Number(distance), steps, len(far), slots=slots)
