"""Reading single values, and finding what has a value."""

from __future__ import annotations

import math
from itertools import chain

from envs.address import Draws
from envs.known import Known
from envs.questions.across import first_found, windows
from envs.questions.asking import (
    COUNTED,
    LIST,
    MANY,
    TOP,
    at_level,
    choice,
    how_far,
    near_values,
    other_values,
    quoted,
    readable,
    spoken,
    stated,
    valued,
)
from envs.registry import Ask, question
from envs.views import Categories, Item, Measured, NotAskable, Series
from rewards import Choice, Label, Number, Sequence


@question(
    Categories,
    Number,
    skill="reading",
    needs=("values",),
    phrasings=(
        "What is the {measure} {of} {name}{where}?{rounding}",
        "What {measure} does the figure show for {name}{where}?{rounding}",
        "Read off the {measure} {of} {name}{where}.{rounding}",
        "How large is the {measure} {of} {name}{where}?{rounding}",
        "Give the {measure} {of} {name}{where}.{rounding}",
    ),
    held_out=(
        "According to the figure, which {measure} belongs to {name}{where}?{rounding}",
        "State the {measure} {of} {name} as it can be read from the figure{where}.{rounding}",
    ),
)
def value_of(view: Categories, draws: Draws, level: int) -> Ask:
    """The value of a named item."""
    item = draws.choice(readable(view))
    steps = [f"The {view.measure} {view.slots()['of']} {item.name} is {view.say(item.value)}."]
    slots = {"name": quoted(view, item.name), "rounding": view.rounding()}
    return Ask(view.quantity(item.value, item.err), steps, MANY, view.plain(item.value), slots)


def _sole(view: Measured, items: list[Item], item: Item) -> bool:
    """Whether a careful reader who is told this item's value would find no other with it."""
    if view.written:
        return all(view.say(other.value) != view.say(item.value) for other in items if other is not item)
    # A covered value is no rival but at its own place; two reading errors are more than what parts two values by eye.
    others = (Known(other.value, min(other.err, item.err)) for other in items if other is not item)
    return item.err < math.inf and all(other.differs(item.known, 0.5 * 10.0**-view.decimals) for other in others)


def _found(view: Measured, items: list[Item], draws: Draws, level: int) -> Item:
    """An item that its value tells from all others: the higher the level, the closer to the next."""
    fit = [item for item in items if _sole(view, items, item)]

    def apart(item: Item) -> float:
        return min((how_far(view, item.value, other.value) for other in items if other is not item), default=0.0)

    return at_level(draws, level, fit, apart)


@question(
    Categories,
    Label,
    skill="reading",
    needs=("values",),
    phrasings=(
        "Which {noun} has a {measure} of {value}{where}?",
        "For which {noun} is the {measure} {value}{where}?",
        "Name the {noun} whose {measure} is {value}{where}.",
        "One {noun} has a {measure} of {value}{where}. Which one?",
        "The {measure} is {value} for one {noun}{where}: which one is it?",
    ),
    held_out=(
        "To which {noun} does a {measure} of {value} belong{where}?",
        "Identify the {noun} that reaches a {measure} of exactly {value}{where}.",
    ),
)
def name_with_value(view: Categories, draws: Draws, level: int) -> Ask:
    """The item that has a given value."""
    item = _found(view, list(view.items), draws, level)
    steps = [f"The value {view.say(item.value)} is that of {item.name}."]
    return Ask(Label(item.name), steps, view.known, slots={"value": view.say(item.value)})


@question(
    Categories,
    Sequence,
    skill="reading",
    needs=("values",),
    phrasings=(
        "What is the {measure} {of} {names}{where}? Give the values in this order.{rounding}{list}",
        "Read off {k} values of the {measure}{where}, in this order: {names}.{rounding}{list}",
        "Give the {measure} {of} each of {names}{where}, in this order.{rounding}{list}",
        "What {measure} does each of {names} have{where}? Keep this order.{rounding}{list}",
        "In the order named, state the {measure} {of} {names}{where}.{rounding}{list}",
    ),
    held_out=(
        "Which {k} values does the figure give as the {measure} {of} {names}, in this order{where}?{rounding}{list}",
        "One after the other, write down the {measure} {of} {names}{where}.{rounding}{list}",
    ),
    top_level=12,
)
def named_values(view: Categories, draws: Draws, level: int) -> Ask:
    """The values of two to four named items, in the order asked for."""
    pool = readable(view, 2)
    items = draws.sample(pool, min(len(pool), draws.integers(2, 3 + min(level, 12) // 6)))
    said = [view.plain(item.value) for item in items]
    slots = {"names": spoken(view, items), "k": COUNTED[len(items)], "list": LIST}
    slots["rounding"] = view.rounding().replace("Give it", "Give them").replace("to a whole number", "to whole numbers")
    answer = Sequence(tuple(view.quantity(item.value, item.err) for item in items))
    return Ask(answer, [f"The values are {valued(view, items)}."], MANY, stated(said), slots)


@question(
    Categories,
    Choice,
    skill="reading",
    needs=("values",),
    phrasings=(
        "What is the {measure} {of} {name}{where}? Options: {options}. Answer with the letter.",
        "Which of these is the {measure} {of} {name}{where}? {options}. Answer with the letter.",
        "Choose the {measure} {of} {name}{where}: {options}. Answer with the letter.",
        "Pick the value that comes closest to the {measure} {of} {name}{where}. {options}. Answer with the letter.",
        "The {measure} {of} {name}{where} is one of these: {options}. Which one? Answer with the letter.",
    ),
    held_out=(
        "Some values are offered for the {measure} {of} {name}{where}: {options}. Give the letter of the right one.",
        "Tell by its letter which option states the {measure} {of} {name}{where}: {options}.",
    ),
)
def value_choice(view: Categories, draws: Draws, level: int) -> Ask:
    """The value of a named item among four (seven at higher levels); the others are those of other items, or lie
    near. The right one may be any of them by size."""
    items, count, near = readable(view), 3 + min(level, TOP) // 4, draws.chance(0.5)
    for way in (near, not near):
        for item in draws.shuffled(items) if way else items[:1]:
            try:
                if way:
                    wrong = near_values(view, draws, item.value, item.err, level, count)
                else:
                    item, *others = other_values(view, draws, items, count + 1)
                    wrong = [other.value for other in others]
            except NotAskable:
                continue
            answer, options = choice(draws, view.say(item.value), [view.say(value) for value in wrong])
            steps = [
                f"The {view.measure} {view.slots()['of']} {item.name} is {view.say(item.value)}.",
                f"That is option {answer.value}.",
            ]
            return Ask(answer, steps, count + 1, slots={"name": quoted(view, item.name), "options": options})
    raise NotAskable("no wrong value is clear of a right one")


@question(
    Series,
    Number,
    skill="reading",
    needs=("values",),
    phrasings=(
        "What is the {measure} {of} {series} {in} {position}{where}?{rounding}",
        "What {measure} does {series} have {in} {position}{where}?{rounding}",
        "Read off the {measure} {of} {series} {in} {position}{where}.{rounding}",
        "Look at {series}: what is its {measure} {in} {position}{where}?{rounding}",
        "Give the {measure} that the figure shows for {series} {in} {position}{where}.{rounding}",
    ),
    held_out=(
        "State the {measure} recorded {in} {position} for {series}{where}.{rounding}",
        "Among the {series_nouns}, take {series}. How large is its {measure} {in} {position}{where}?{rounding}",
    ),
)
def value_at(view: Series, draws: Draws, level: int) -> Ask:
    """The value of a named series at a named position."""
    places = [(i, j) for i, row in enumerate(view.items) for j, item in enumerate(row) if item.err < math.inf]
    if not places:
        raise NotAskable("no value can be read")
    i, j = draws.choice(places)
    item, words = view.items[i][j], view.slots()
    steps = [
        f"The {view.measure} {words['of']} {view.series[i]} {words['in']} {view.positions[j]} is"
        f" {view.say(item.value)}."
    ]
    slots = {"series": view.series[i], "position": view.positions[j], "rounding": view.rounding()}
    return Ask(view.quantity(item.value, item.err), steps, MANY, view.plain(item.value), slots)


@question(
    Series,
    Sequence,
    skill="reading",
    needs=("values",),
    phrasings=(
        "Which {series_noun} has a {measure} of {value}, and {in} which {noun}{where}?{form}",
        "A {measure} of {value} occurs once in the figure{where}. Name its {series_noun} and its {noun}.{form}",
        "Find the {measure} of {value}{where}: which {series_noun} has it, {in} which {noun}?{form}",
        "To which {series_noun} and which {noun} does the {measure} of {value} belong{where}?{form}",
        "Where does the figure show a {measure} of {value}{where}? Name the {series_noun} and the {noun}.{form}",
    ),
    held_out=(
        "One {series_noun} reaches a {measure} of {value} {in} one {noun}{where}. Name both.{form}",
        "Locate the {measure} of {value}{where} by {series_noun} and {noun}.{form}",
    ),
)
def place_of_value(view: Series, draws: Draws, level: int) -> Ask:
    """The series and the position that have a given value."""
    shown, only, flat, item = first_found(
        chain([(view, "")], windows(view, draws)),
        lambda flat: _found(view, flat, draws, level),
        "no value is far enough from all others",
    )
    i, j = divmod(next(k for k, other in enumerate(flat) if other is item), len(shown.positions))
    series, position = view.series[i], shown.positions[j]
    steps = [f"The value {view.say(item.value)} is that of {series} {view.slots()['in']} {position}."]
    form = f"{only} Give the {view.series_noun} first.{LIST}"
    slots = {"value": view.say(item.value), "form": form}
    return Ask(Sequence((Label(series), Label(position))), steps, len(flat), stated((series, position)), slots)
