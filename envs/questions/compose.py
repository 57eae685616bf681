"""Questions that programs ask: see programs.py."""

from __future__ import annotations

from dataclasses import replace

from envs.address import Draws
from envs.known import Known
from envs.numerals import listed
from envs.questions.across import windows
from envs.questions.asking import MANY, best, complete, falling, known_sum, valued
from envs.questions.programs import TRIES, aggregate, build, parted, reckon, sides_of
from envs.registry import Ask, question
from envs.views import Categories, Item, NotAskable, Series
from rewards import Label, Number


def ask_number(view: Categories, draws: Draws, level: int) -> Ask:
    """A program that ends in a value or a count."""
    for _ in range(TRIES):
        program = build(view, draws, 1 + level // 2)
        before = len(program.said)
        try:
            if program.value is not None and draws.chance(0.4):
                side, items = sides_of(program, 1)
                if len(items) == len(view.items):
                    continue
                asked = f"How many {view.nouns} have a {view.measure} {side} {program.name}?"
                names = valued(view, items)
                steps = [*program.steps, f"What lies {side} that is {names}, which makes {len(items)}."]
                slots = {"program": " ".join(program.said), "asked": asked, "rounding": ""}
                return Ask(Number(len(items)), steps, len(view.items) // 2, slots=slots)
            (aggregate if program.items is not None else reckon)(program)
            if program.value is None:
                continue
            places = view.places(program.value, program.places)
            answer = view.derived(program.value, places, room=program.size)
        except NotAskable:
            continue
        words = program.said.pop().removeprefix(f"Let {program.name} be ").removesuffix(".")
        steps = [*program.steps[:before], f"What is asked for is {program.steps[before].split(' is ', 1)[1]}"]
        boxed = view.plain(program.value.value, places)
        slots = {
            "program": " ".join(program.said),
            "asked": f"What is {words}?",
            "rounding": view.rounding(places),
        }
        if before:
            slots["rounding"] += " Round at the end only." if program.divided else ""
        return Ask(answer, steps, MANY // 2, boxed, slots)
    raise NotAskable("no program leads to a value that can be read closely enough")


def ask_name(view: Categories, draws: Draws, level: int) -> Ask:
    """A program that ends in a name."""
    for _ in range(TRIES):
        program = build(view, draws, 1 + level // 2)
        try:
            if program.items is not None:
                up = draws.chance(0.5)
                ordered = falling(program.items, up)
                if len(ordered) < 2 or not parted(view, ordered[0], ordered[1]):
                    continue
                end, item = "smallest" if up else "largest", ordered[0]
                asked = f"Which member of {program.name} has the {end} {view.measure}?"
                last, possible = f"The {end} of these is that of {item.name}.", len(view.items)
            else:
                value = program.value or Known(0)
                items = complete(view.items)
                gaps = [Known(abs(item.value - value.value), item.err + value.err) for item in items]
                item = items[best(view, [(gap, None) for gap in gaps], up=True)]
                asked = f"Which {view.noun} has the {view.measure} that is closest to {program.name}?"
                last, possible = f"The closest is {view.say(item.value)}, of {item.name}.", len(items)
        except NotAskable:
            continue
        slots = {"program": " ".join(program.said), "asked": asked}
        return Ask(Label(item.name), [*program.steps, last], possible, slots=slots)
    raise NotAskable("no program leads to a name that is clear")


PHRASINGS = (
    "{program} {asked}{rounding} Go by the figure{where}.",
    "Work through this on the figure{where}. {program} {asked}{rounding}",
    "Read what you need off the figure{where}. {program} {asked}{rounding}",
    "Solve step by step{where}. {program} {asked}{rounding}",
    "Use the values that the figure shows{where}. {program} {asked}{rounding}",
)
HELD_OUT = (
    "The following is defined by the figure{where}. {program} With this in hand: {asked}{rounding}",
    "Follow these definitions on the chart{where}. {program} Finally: {asked}{rounding}",
)


@question(
    Categories,
    Number,
    skill="composition",
    needs=("values",),
    phrasings=PHRASINGS,
    held_out=HELD_OUT,
    top_level=None,
)
def compose(view: Categories, draws: Draws, level: int) -> Ask:
    """A program over named values that ends in a number."""
    return ask_number(view, draws, level)


@question(
    Categories,
    Label,
    skill="composition",
    needs=("values",),
    phrasings=tuple(text.replace("{rounding}", "") for text in PHRASINGS),
    held_out=tuple(text.replace("{rounding}", "") for text in HELD_OUT),
    top_level=None,
)
def compose_name(view: Categories, draws: Draws, level: int) -> Ask:
    """A program over named values that ends in a name."""
    return ask_name(view, draws, level)


def totals(view: Series, draws: Draws) -> tuple[str, Categories]:
    """The totals of the series over all positions, or of the positions over all series, as named values; what a
    question must say of them."""
    by_series = len(view.series) > 2 and (len(view.positions) < 3 or draws.chance(0.5))
    rows = view.items if by_series else tuple(zip(*view.items, strict=True))
    names = view.series if by_series else view.positions
    own, others = (view.series_noun, view.nouns) if by_series else (view.noun, view.series_nouns)
    items = []
    for name, row in zip(names, rows, strict=True):
        known = known_sum(row)
        items.append(Item(name, known.value, known.err, sum(item.length for item in row)))
    base = view.of_series(0)
    measure = "total"
    found = replace(
        base,
        items=tuple(items),
        measure=measure,
        span=len(rows[0]) * view.span,
        noun=own,
        nouns=view.series_nouns if by_series else view.nouns,
        ordered=view.ordered and not by_series,
        # A total is read off several marks: what parts two of them are the errors, not the pixels.
        apart_px=0.0,
    )
    return f"Let the total of a {own} be the sum of its {view.measure} over all {others}.", found


@question(
    Series,
    Number,
    skill="composition",
    needs=("values",),
    unfit=("whole",),
    sums=True,
    phrasings=tuple(text.replace("{program}", "{totals} {program}") for text in PHRASINGS),
    held_out=tuple(text.replace("{program}", "{totals} {program}") for text in HELD_OUT),
    top_level=None,
)
def compose_totals(view: Series, draws: Draws, level: int) -> Ask:
    """A program over the totals of several series."""
    for shown, only in windows(view, draws):
        try:
            words, derived = totals(shown, draws)
            ask = ask_number(derived, draws, level)
        except NotAskable:
            continue
        listing = listed([f"{item.name} {view.plain(item.value)}" for item in derived.items])
        slots = {**(ask.slots or {}), "totals": words + only}
        return replace(ask, steps=[f"The totals are {listing}.", *ask.steps], slots=slots)
    raise NotAskable("no program leads anywhere on these totals")
