"""Rises and falls: what happens from one time to the next, over a stretch in which every step can be told."""

from __future__ import annotations

import math
from collections.abc import Callable
from collections.abc import Sequence as Row
from itertools import groupby, pairwise

from envs.address import Draws
from envs.questions.asking import LIST, TOP, YES_NO, either_apart, sequence, stated
from envs.registry import Ask, question
from envs.views import Categories, Item, NotAskable
from rewards import Boolean, Label, Number, Sequence

TOP_LEVEL = 16
STRETCHES = 6  # that are tried
_WORDS = {"rise": "rise", "rises": "rises", "higher": "higher", "increase": "increase", "peak": "peak"}


def stretch(view: Categories, draws: Draws, level: int, least: int = 4) -> list[Item]:
    """Items that follow each other, each of which can be told from the next; more at higher levels."""
    if not view.ordered:
        raise NotAskable("the names do not follow each other in time")
    runs: list[list[Item]] = [[]]
    for item in view.items:
        if item.err == math.inf and view.span != math.inf:
            runs.append([])
            continue
        if runs[-1] and not either_apart(view, runs[-1][-1], item):
            runs.append([])
        runs[-1].append(item)
    fit = [run for run in runs if len(run) >= least]
    if not fit:
        raise NotAskable("too few steps can be told")
    run = draws.choice(fit)
    length = draws.integers(least, max(least, min(len(run), least + 2 + level)) + 1)
    length = min(length, len(run))
    start = draws.integers(0, len(run) - length + 1)
    return run[start : start + length]


def counted(
    view: Categories, draws: Draws, level: int, count: Callable[[list[bool], bool], int], least: int = 4
) -> tuple[list[Item], bool, dict[str, str], int]:
    """A stretch, up or down and how to say so, and how many there are. How many is drawn first, from several stretches
    and either way: curves are smooth, and most stretches turn once."""
    fits: dict[int, list[tuple[list[Item], bool]]] = {}
    for _ in range(STRETCHES):
        items = stretch(view, draws, level, least)
        for up in (True, False):
            fits.setdefault(count(steps_of(items), up), []).append((items, up))
    found = draws.choice(sorted(fits))
    items, up = draws.choice(fits[found])
    return items, up, _WORDS if up else other_way(_WORDS), found


def over(items: Row[Item]) -> dict[str, str]:
    return {"first": items[0].name, "last": items[-1].name}


def directions(draws: Draws) -> tuple[bool, dict[str, str]]:
    """Up or down, and how to say so."""
    up = draws.chance(0.5)
    return up, _WORDS if up else other_way(_WORDS)


def steps_of(items: Row[Item]) -> list[bool]:
    """Which steps lead upwards."""
    return [b.value > a.value for a, b in pairwise(items)]


def signs(items: Row[Item], up: bool) -> str:
    """The steps in a sentence."""
    kind = "rise" if up else "fall"
    found = [f"{a.name} to {b.name}" for (a, b), way in zip(pairwise(items), steps_of(items)) if way == up]
    return f"It {kind}s from {'; from '.join(found)}." if found else f"It never {kind}s."


@question(
    Categories,
    Label,
    skill="trend",
    needs=("ordered",),
    phrasings=(
        "From {first} to {last}, which is the first {noun} with a {higher} {measure} than the {noun} before{where}?",
        "Go from {first} to {last}{where}: in which {noun} does the {measure} {rise} for the first time?",
        "Between {first} and {last}, what is the first {noun} whose {measure} is {higher} than one {noun}"
        " earlier{where}?",
        "Start at {first} and end at {last}{where}. Which {noun} brings the first {increase} in {measure}?",
        "Look at {first} to {last}{where}. Name the {noun} that is the first with a {measure} {higher} than just"
        " before.",
    ),
    held_out=(
        "Follow the {measure} from {first} until {last}{where}: at which {noun} has it just had its first {rise}?",
        "Which {noun} ends the first {increase} of the {measure} after {first} and up to {last}{where}?",
    ),
    top_level=TOP_LEVEL,
)
def first_rise(view: Categories, draws: Draws, level: int) -> Ask:
    """The first time that is above (or below) the one before."""
    items = stretch(view, draws, level)
    up, words = directions(draws)
    ways = steps_of(items)
    if up not in ways:
        up, words = not up, other_way(words)
    found = items[ways.index(up) + 1]
    steps = [f"In turn the values go {_ways(ways)}.", f"The first {words['rise']} leads to {found.name}."]
    return Ask(Label(found.name), steps, len(items) - 1, slots=over(items) | words)


def other_way(words: dict[str, str]) -> dict[str, str]:
    ways = {"rise": "fall", "rises": "falls", "higher": "lower", "increase": "decrease", "peak": "low"}
    both = ways | {down: up for up, down in ways.items()}
    return {key: both[word] for key, word in words.items()}


def _ways(ways: list[bool]) -> str:
    return ", ".join("up" if way else "down" for way in ways)


@question(
    Categories,
    Number,
    skill="trend",
    needs=("ordered",),
    bare=True,
    phrasings=(
        "From {first} to {last}, how many times is the {measure} {higher} than in the {noun} before{where}?",
        "How many times does the {measure} {rise} from one {noun} to the next between {first} and {last}{where}?",
        "Count the steps from one {noun} to the next, from {first} to {last}, at which the {measure} {rises}{where}.",
        "Go from {first} to {last}{where}: at how many steps does the {measure} {rise}?",
        "Between {first} and {last}, in how many {nouns} is the {measure} {higher} than just before{where}?",
    ),
    held_out=(
        "Follow the {measure} from {first} until {last}{where} and count each {increase}. How many are there?",
        "Of the steps between neighbouring {nouns} from {first} to {last}, how many show a {rise} of the"
        " {measure}{where}?",
    ),
    top_level=TOP_LEVEL,
)
def rises(view: Categories, draws: Draws, level: int) -> Ask:
    """How many steps lead up (or down)."""
    items, up, words, count = counted(view, draws, level, lambda ways, up: sum(way == up for way in ways))
    steps = [signs(items, up), f"That makes {count}."]
    return Ask(Number(count), steps, max(2, (len(items) + 1) // 2), slots=over(items) | words)


@question(
    Categories,
    Number,
    skill="trend",
    needs=("ordered",),
    bare=True,
    phrasings=(
        "From {first} to {last}, what is the largest number of steps in a row at which the {measure} {rises}{where}?",
        "How many steps has the longest unbroken {rise} of the {measure} between {first} and {last}{where}?",
        "Between {first} and {last}, how many times in a row does the {measure} {rise} at most{where}?",
        "Find the longest run in which the {measure} {rises} at every step, from {first} to {last}{where}. How"
        " many steps is it?",
        "What is the greatest number of consecutive steps with a {rise} of the {measure} from {first} to"
        " {last}{where}?",
    ),
    held_out=(
        "Follow the {measure} from {first} until {last}{where}: how many steps long is its longest unbroken"
        " {increase}?",
        "The {measure} may {rise} several steps running between {first} and {last}{where}. How many at most?",
    ),
    top_level=TOP_LEVEL,
)
def longest_run(view: Categories, draws: Draws, level: int) -> Ask:
    """The most steps in a row that lead up (or down)."""

    def most(ways: list[bool], up: bool) -> int:
        return max((len(list(run)) for way, run in groupby(ways) if way == up), default=0)

    items, up, words, longest = counted(view, draws, level, most)
    ways = steps_of(items)
    steps = [f"In turn the values go {_ways(ways)}.", f"The longest run {'up' if up else 'down'} has {longest} steps."]
    if longest == 1:
        steps[-1] = f"The longest run {'up' if up else 'down'} has 1 step."
    return Ask(Number(longest), steps, 3, slots=over(items) | words)


@question(
    Categories,
    Number,
    skill="trend",
    needs=("ordered",),
    bare=True,
    phrasings=(
        "From {first} to {last}, how many times does the {measure} turn from rising to falling or back{where}?",
        "How often does the {measure} change direction strictly between {first} and {last}{where}?",
        "Count the {nouns} strictly between {first} and {last} at which the {measure} turns from up to down or from"
        " down to up{where}.",
        "How many turning points does the {measure} have from {first} to {last}, the two ends not counted{where}?",
        "Strictly between {first} and {last}, at how many {nouns} does a rise give way to a fall or a fall to a rise"
        "{where}?",
    ),
    held_out=(
        "Follow the {measure} from {first} until {last}{where}. How many times does it reverse its direction?",
        "What is the number of local highs and lows of the {measure} strictly between {first} and {last}{where}?",
    ),
    top_level=TOP_LEVEL,
)
def turns(view: Categories, draws: Draws, level: int) -> Ask:
    """How many times up gives way to down or down to up."""
    least = min(4, 3 + level // 3)  # a short curve turns once, unless a part of it is asked about
    items, _, _, count = counted(view, draws, level, lambda ways, _: sum(a != b for a, b in pairwise(ways)), least)
    ways = steps_of(items)
    steps = [f"In turn the values go {_ways(ways)}.", f"The direction changes {count} times."]
    if count == 1:
        steps[-1] = "The direction changes once."
    return Ask(Number(count), steps, max(2, len(items) // 2), slots=over(items))


@question(
    Categories,
    Sequence,
    skill="trend",
    needs=("ordered",),
    phrasings=(
        "From {first} to {last}, at which {nouns} does the {measure} reach a {peak}, being {higher} than in both"
        " neighbouring {nouns}{where}? Name them in order of time.{list}",
        "List, in order, all {nouns} between {first} and {last} whose {measure} is {higher} than just before and just"
        " after{where}.{list}",
        "Name in order of time every {noun} strictly between {first} and {last} that has a {higher} {measure} than both"
        " its neighbours{where}.{list}",
        "Which {nouns} are a local {peak} of the {measure} strictly between {first} and {last}{where}? Give them in"
        " order.{list}",
        "Find every {noun} after {first} and before {last} with a {measure} {higher} than in the {nouns} on either"
        " side{where}. Keep the order of time.{list}",
    ),
    held_out=(
        "Follow the {measure} from {first} until {last}{where} and write down, in order, each {noun} that is a local"
        " {peak}.{list}",
        "Which {nouns} inside the stretch from {first} to {last} are {higher} in {measure} than both {nouns} next to"
        " them{where}? Earliest first.{list}",
    ),
    top_level=TOP_LEVEL,
)
def peaks(view: Categories, draws: Draws, level: int) -> Ask:
    """The local highs (or lows), of which there is at least one."""
    for _ in range(6):
        items = stretch(view, draws, level, 4)
        ways = steps_of(items)
        if len(set(ways)) > 1:
            break
    up, words = directions(draws)

    def found(up: bool) -> list[str]:
        return [items[i + 1].name for i, (a, b) in enumerate(pairwise(ways)) if a == up and b != up]

    if not found(up):
        up, words = not up, other_way(words)
    names = found(up)
    if not names:
        raise NotAskable("it neither peaks nor dips")
    steps = [f"In turn the values go {_ways(ways)}.", f"The {words['peak']}s are at {', then '.join(names)}."]
    return Ask(sequence(names), steps, len(items), stated(names), over(items) | words | {"list": LIST})


@question(
    Categories,
    Boolean,
    skill="trend",
    needs=("ordered",),
    phrasings=(
        "Does the {measure} {rise} at every step from {first} to {last}{where}?{yes}",
        "Up to {last}, is the {measure} {higher} in each {noun} after {first} than in the one before it{where}?{yes}",
        "Between {first} and {last}, does the {measure} {rise} without a break{where}?{yes}",
        "Is there an unbroken {rise} of the {measure} from {first} to {last}{where}?{yes}",
        "Go from {first} to {last}{where}: does every step bring a {higher} {measure}?{yes}",
    ),
    held_out=(
        "Yes or no: from {first} until {last} the {measure} never fails to {rise} from one {noun} to the next{where}.",
        "Would you say that the {measure} steadily {rises}, step by step, from {first} to {last}{where}?{yes}",
    ),
    version=2,
)
def steady(view: Categories, draws: Draws, level: int) -> Ask:
    """Whether two steps in a row lead the same way, up to five at higher levels; true as often as not."""
    if not view.ordered:
        raise NotAskable("the names do not follow each other in time")
    true = draws.chance(0.5)
    fit: dict[tuple[bool, bool], list[list[Item]]] = {}
    for long in range(3 + min(level, TOP) // 4, 2, -1):
        fit = _even_or_not(view, long)
        if {truth for truth, _ in fit} == {True, False}:
            break
    else:
        raise NotAskable("there is nothing that rises or falls for long enough, or nothing else")
    up, words = directions(draws)
    if (true, up) not in fit:
        up, words = not up, other_way(words)
    items = draws.choice(fit[true, up])
    steps = [f"The steps from {items[0].name} to {items[-1].name} go {_ways(steps_of(items))}."]
    return Ask(Boolean(true), steps, 2, "yes" if true else "no", over(items) | words | {"yes": YES_NO})


def _even_or_not(view: Categories, long: int) -> dict[tuple[bool, bool], list[list[Item]]]:
    """Stretches of so many values whose steps can be told, by whether all of them go one way and whether that is up: of
    those with steps against it, the ones with the fewest."""
    fit: dict[tuple[bool, bool], list[list[Item]]] = {}
    least: dict[bool, int] = {}
    for start in range(len(view.items) - long + 1):
        part = list(view.items[start : start + long])
        if not all(either_apart(view, a, b) for a, b in pairwise(part)):
            continue
        ways = steps_of(part)
        for up in set(ways):
            against = sum(way != up for way in ways)
            if against and against < least.setdefault(up, against):
                least[up] = against
                fit.pop((False, up), None)
            if not against or against == least[up]:
                fit.setdefault((not against, up), []).append(part)
    return fit
