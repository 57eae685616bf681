"""How much changes from one time to another."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import pairwise

from envs.address import Draws
from envs.known import Known
from envs.questions.asking import (
    LIST,
    MANY,
    PERCENT,
    YES_NO,
    best,
    complete,
    cuts,
    firm,
    known_sum,
    readable,
    sequence,
    some_apart,
    stated,
)
from envs.registry import Ask, question
from envs.views import Categories, Item, NotAskable
from rewards import Boolean, Label, Number, Percent, Sequence

SIGNED = " Let a decrease be negative."


def _in_time(view: Categories, items: list[Item]) -> list[Item]:
    """The items in the order of time."""
    if not view.ordered:
        raise NotAskable("the names do not follow each other in time")
    return [item for item in view.items if any(item is other for other in items)]


def _steps(view: Categories, draws: Draws) -> Iterator[tuple[list[tuple[Item, Item]], str]]:
    """The steps from each time to the next, and what to say of which those are ("" for all): then those of ever shorter
    stretches that can be read, for where two steps are too much alike the one may not be in sight."""
    items = _in_time(view, list(view.items))
    for count in range(len(items), 3, -1):
        for start in draws.shuffled(list(range(len(items) - count + 1))):
            stretch = items[start : start + count]
            if all(item.err < math.inf for item in stretch):
                whom = f" Look only at the {view.nouns} from {stretch[0].name} to {stretch[-1].name}."
                yield list(pairwise(stretch)), whom if count < len(items) else ""


def _two_times(view: Categories, draws: Draws, level: int = 0) -> tuple[Item, Item]:
    first, last = _in_time(view, some_apart(view, draws, readable(view, 2), 2, level))
    return first, last


def _ends(first: Item, last: Item, **more: str) -> dict[str, str]:
    return {"first": first.name, "last": last.name, **more}


@question(
    Categories,
    Number,
    skill="trend",
    needs=("values", "ordered"),
    unfit=("coarse",),  # two reading errors add up
    phrasings=(
        "By how much does the {measure} change from {first} to {last}{where}?{signed}{rounding}",
        "What is the change in {measure} between {first} and {last}{where}?{signed}{rounding}",
        "How much is added to the {measure} from {first} to {last}{where}?{signed}{rounding}",
        "Take the {measure} in {last} and subtract that in {first}{where}. What is the result?{signed}{rounding}",
        "Compute the change of the {measure} from {first} to {last}{where}.{signed}{rounding}",
    ),
    held_out=(
        "If you go from {first} to {last}{where}, how far does the {measure} move?{signed}{rounding}",
        "State how the {measure} in {last} differs from that in {first}{where}.{signed}{rounding}",
    ),
)
def change(view: Categories, draws: Draws, level: int) -> Ask:
    """The signed change between two named times."""
    for _ in range(8):
        first, last = _two_times(view, draws)
        known = last.known.minus(first.known)
        if firm(known):
            break
    steps = [
        f"It is {view.say(first.value)} in {first.name} and {view.say(last.value)} in {last.name}.",
        f"The change is {view.plain(last.value)} - {view.plain(first.value)} = {view.say(known.value)}.",
    ]
    slots = _ends(first, last, signed=SIGNED, rounding=view.rounding())
    return Ask(view.derived(known), steps, MANY, view.plain(known.value), slots)


@question(
    Categories,
    Percent,
    skill="trend",
    needs=("values", "ordered"),
    unfit=("percent", "coarse"),  # percent of percents
    phrasings=(
        "By what percentage does the {measure} change from {first} to {last}{where}?{signed}{rounding}",
        "What is the percentage change of the {measure} between {first} and {last}{where}?{signed}{rounding}",
        "Relative to {first}, by how many percent is the {measure} different in {last}{where}?{signed}{rounding}",
        "Compute the relative change of the {measure} from {first} to {last}{where}.{signed}{rounding}",
        "How large is the change of the {measure} from {first} to {last}, as a percentage of {first}{where}?"
        "{signed}{rounding}",
    ),
    held_out=(
        "If the {measure} in {first} is taken as 100%, by how many percent does {last} lie above"
        " it{where}?{signed}{rounding}",
        "State the change of the {measure} in {last} against {first} in percent{where}.{signed}{rounding}",
    ),
)
def percent_change(view: Categories, draws: Draws, level: int) -> Ask:
    """The change between two named times, relative to the first."""
    for _ in range(6):
        first, last = _two_times(view, draws)
        if first.value <= 0:
            continue
        ratio = last.known.over(first.known)
        known = Known(100 * (ratio.value - 1), 100 * ratio.err)
        try:
            answer = view.derived(known, 0, room=100.0, unit=PERCENT)
        except NotAskable:
            continue
        value = PERCENT.write(known.value, 0)
        steps = [
            f"It is {view.say(first.value)} in {first.name} and {view.say(last.value)} in {last.name}.",
            f"The change is ({view.plain(last.value)} - {view.plain(first.value)}) / {view.plain(first.value)} ="
            f" {value}.",
        ]
        slots = _ends(first, last, signed=SIGNED, rounding=" Give it in percent, to a whole number.")
        return Ask(answer, steps, MANY // 2, value, slots)
    raise NotAskable("no change can be read closely enough")


@question(
    Categories,
    Number,
    skill="trend",
    needs=("values", "ordered"),
    phrasings=(
        "From {first} to {last}, by how much does the {measure} change on average from one {noun} to the next{where}?"
        "{signed}{rounding}",
        "What is the mean change of the {measure} per {noun} between {first} and {last}{where}?{signed}{rounding}",
        "Divide the change of the {measure} from {first} to {last} by the number of steps between them{where}."
        "{signed}{rounding}",
        "On average, what does each step from one {noun} to the next add to the {measure} from {first} to"
        " {last}{where}?"
        "{signed}{rounding}",
        "Compute the average step of the {measure} from {first} to {last}{where}.{signed}{rounding}",
    ),
    held_out=(
        "If the {measure} had gone evenly from its value in {first} to that in {last}{where}, how large would"
        " each step be?"
        "{signed}{rounding}",
        "Spread the change of the {measure} between {first} and {last} evenly over the steps{where}. How much is each?"
        "{signed}{rounding}",
    ),
)
def mean_change(view: Categories, draws: Draws, level: int) -> Ask:
    """The average step between two named times that are more than one step apart."""
    for _ in range(8):
        first, last = _two_times(view, draws)
        count = view.names.index(last.name) - view.names.index(first.name)
        if count > 1 and firm(last.known.minus(first.known)):
            break
    else:
        raise NotAskable("no two times are far enough apart")
    known = last.known.minus(first.known).times(1 / count)
    places = view.places(known, max(1, view.decimals))
    steps = [
        f"It is {view.say(first.value)} in {first.name} and {view.say(last.value)} in {last.name}, {count} steps"
        f" later.",
        f"({view.plain(last.value)} - {view.plain(first.value)}) / {count} = {view.say(known.value, places)}.",
    ]
    slots = _ends(first, last, signed=SIGNED, rounding=view.rounding(places))
    return Ask(view.derived(known, places), steps, MANY, view.plain(known.value, places), slots)


@question(
    Categories,
    Boolean,
    skill="trend",
    needs=("ordered",),
    phrasings=(
        "Is the {measure} {higher} in {last} than in {first}{where}?{yes}",
        "From {first} to {last}, does the {measure} end up {higher}{where}?{yes}",
        "Compare {last} with {first}{where}: is the {measure} {higher} in the later {noun}?{yes}",
        "Does {last} show a {higher} {measure} than {first}{where}?{yes}",
        "Has the {measure} become {higher} by {last}, compared with {first}{where}?{yes}",
    ),
    held_out=(
        "Yes or no: in {last} the {measure} is {higher} than it was in {first}{where}.",
        "Would someone who sees only {first} and {last} find the {measure} {higher} at the end{where}?{yes}",
    ),
)
def higher_later(view: Categories, draws: Draws, level: int) -> Ask:
    """Whether it is higher (or lower) at a later time; true as often as not."""
    first, last = _two_times(view, draws, level)
    true = draws.chance(0.5)
    higher = "higher" if (last.value > first.value) == true else "lower"
    found = "higher" if last.value > first.value else "lower"
    steps = [f"In {last.name} the {view.measure} is {found} than in {first.name}."]
    return Ask(Boolean(true), steps, 2, "yes" if true else "no", _ends(first, last, higher=higher, yes=YES_NO))


@question(
    Categories,
    Sequence,
    skill="trend",
    needs=("values", "ordered"),
    phrasings=(
        "Between which two neighbouring {nouns} does the {measure} {move} most{where}?{list}",
        "From which {noun} to the next is the {kind} of the {measure} the largest{where}? Name both.{list}",
        "Where is the largest {kind} of the {measure} from one {noun} to the next{where}? Name the two {nouns}.{list}",
        "Which two {nouns} next to each other enclose the largest {kind} of the {measure}{where}?{list}",
        "Find the step from one {noun} to the next with the largest {kind} of the {measure}{where}. Name its"
        " ends.{list}",
    ),
    held_out=(
        "At which step, from which {noun} to which, does the {measure} {move} more than at any other{where}?{list}",
        "Name the two neighbouring {nouns} between which the {measure} {moves} most{where}.{list}",
    ),
)
def steepest(view: Categories, draws: Draws, level: int) -> Ask:
    """The two neighbouring times with the largest rise, fall or change, of all or of a stretch of time."""
    kinds = {"rise": ("rise", "rises", 1.0), "fall": ("fall", "falls", -1.0), "change": ("change", "changes", 0.0)}
    order = draws.shuffled(list(kinds))
    for pairs, only, kind in ((*found, kind) for found in _steps(view, draws) for kind in order):
        move, moves, sign = kinds[kind]
        sizes = [b.known.minus(a.known).times(sign or 1.0) for a, b in pairs]
        sizes = sizes if sign else [Known(abs(size.value), size.err) for size in sizes]
        try:
            i = best(view, [(size, None) for size in sizes])
        except NotAskable:
            continue
        if sizes[i].value <= 0:
            continue
        a, b = pairs[i]
        steps = [
            f"The largest {kind} is from {view.say(a.value)} in {a.name} to {view.say(b.value)} in {b.name},"
            f" by {view.say(sizes[i].value)}."
        ]
        slots = {
            "move": move,
            "moves": moves,
            "kind": kind,
            "only": only,
            "list": f" Give the earlier one first.{LIST}",
        }
        return Ask(sequence((a.name, b.name)), steps, len(pairs), stated((a.name, b.name)), slots)
    raise NotAskable("no step is clearly the largest")


@question(
    Categories,
    Sequence,
    skill="aggregation",
    needs=("values", "ordered"),
    unfit=("whole",),  # shares of different wholes make no sum
    sums=True,
    phrasings=(
        "Which two neighbouring {nouns} have the {end} sum of the {measure}{where}?{list}",
        "For which {noun} and the one after it is the combined {measure} the {end}{where}?{list}",
        "Add up the {measure} of each {noun} and the next{where}: which two {nouns} give the {end} sum?{list}",
        "Find the two {nouns} next to each other whose {measure} adds up to the {end} sum{where}.{list}",
        "Which pair of {nouns} that follow each other has the {end} total {measure}{where}?{list}",
    ),
    held_out=(
        "Slide a window of two {nouns} along the figure{where}. Where is the sum of the {measure} {end}?{list}",
        "Name the two {nouns} in a row that together have the {end} {measure}{where}.{list}",
    ),
)
def best_neighbours(view: Categories, draws: Draws, level: int) -> Ask:
    """The two neighbouring times with the largest or smallest sum."""
    first = draws.chance(0.5)
    for pairs, only, up in ((*found, up) for found in _steps(view, draws) for up in (first, not first)):
        try:
            a, b = pairs[best(view, [(known_sum(pair), None) for pair in pairs], up)]
        except NotAskable:
            continue
        end = "smallest" if up else "largest"
        steps = [
            f"The {end} sum of two neighbours is {view.plain(a.value)} + {view.plain(b.value)}"
            f" = {view.say(a.value + b.value)}, of {a.name} and {b.name}."
        ]
        slots = {"end": end, "list": f"{only} Give the earlier one first.{LIST}"}
        return Ask(sequence((a.name, b.name)), steps, len(pairs), stated((a.name, b.name)), slots)
    raise NotAskable("no two neighbours clearly lead")


@question(
    Categories,
    Label,
    skill="trend",
    needs=("values", "ordered"),
    phrasings=(
        "Which is the {end} {noun} with a {measure} {side} {cut}{where}?",
        "In which {noun} does the {measure} lie {side} {cut} for the {end} time{where}?",
        "Name the {end} {noun} whose {measure} is {side} {cut}{where}.",
        "Going by time, which {noun} is the {end} one with a {measure} {side} {cut}{where}?",
        "When is the {measure} {side} {cut} for the {end} time{where}? Name the {noun}.",
    ),
    held_out=(
        "Draw a line at {cut}{where}: what is the {end} {noun} whose {measure} lies {side} it?",
        "Of all {nouns} with a {measure} {side} {cut}{where}, which is the {end}?",
    ),
)
def first_beyond(view: Categories, draws: Draws, level: int) -> Ask:
    """The first or last time at which the value is above or below a threshold."""
    items = _in_time(view, complete(view.items, 3))
    found = cuts(view, draws, items)
    above, first = draws.chance(0.5), draws.chance(0.5)
    # The answer is drawn first: every time that can be one, with the thresholds that make it one.
    fits: dict[str, list[float]] = {}
    for cut in found.values():
        beyond = [item for item in items if (item.value > cut) == above]
        if beyond:
            fits.setdefault(beyond[0 if first else -1].name, []).append(cut)
    name = draws.choice(sorted(fits))
    cut = draws.choice(fits[name])
    item = next(item for item in items if item.name == name)
    end, side = "first" if first else "last", "above" if above else "below"
    steps = [f"The {end} value {side} {view.say(cut)} is {view.say(item.value)}, in {name}."]
    return Ask(Label(name), steps, len(items), slots={"cut": view.say(cut), "end": end, "side": side})
