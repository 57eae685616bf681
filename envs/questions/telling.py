"""What a figure does not show cannot be told from it: half of these questions have an answer, half have none.

The question says what to answer where there is none, so that a reader who looks is never left in doubt; names that are
not shown are as plausible as those that are.
"""

from __future__ import annotations

import math

from envs.address import Draws
from envs.questions.asking import falling, missing, quoted, readable, some_apart
from envs.registry import Ask, question
from envs.views import Categories, NotAskable, Series
from rewards import Label, Number

NOWHERE = "cannot be told"
_NOWHERE = Label(NOWHERE, ("cannot tell", "it cannot be told", "not shown", "can't be told"))


@question(
    Categories,
    Number,
    skill="telling",
    needs=("values",),
    phrasings=(
        'What is the {measure} {of} {name}{where}? If the figure does not show it, answer "cannot be told".{rounding}',
        'Give the {measure} {of} {name}{where}, or answer "cannot be told" if the figure does not show it.{rounding}',
        'Does the figure tell the {measure} {of} {name}{where}? If so, give it; if not, answer "cannot be'
        ' told".{rounding}',
        'If {name} is one of the {nouns} shown{where}, what is its {measure}? Otherwise answer "cannot be'
        ' told".{rounding}',
        'Read off the {measure} {of} {name}{where}. Where {name} is not shown, answer "cannot be told".{rounding}',
    ),
    held_out=(
        'State the {measure} {of} {name} if the figure allows it{where}; if it does not, say "cannot be'
        ' told".{rounding}',
        'Look for {name}{where}: what is its {measure}? Say "cannot be told" if {name} is missing.{rounding}',
    ),
)
def value_if_shown(view: Categories, draws: Draws, level: int) -> Ask:
    """The value of a name that is shown as often as not."""
    if not view.absent:
        raise NotAskable("no plausible name is absent")
    item = draws.choice(readable(view))
    answer = view.quantity(item.value, item.err)
    shown, absent = draws.chance(0.5), missing(draws, level, view.absent, view.names)
    slots = {"name": quoted(view, item.name if shown else absent), "rounding": view.rounding()}
    if shown:
        steps = [f"The {view.measure} {view.slots()['of']} {item.name} is {view.say(item.value)}."]
        return Ask(answer, steps, 2, view.plain(item.value), slots)
    steps = [f"The {view.nouns} shown are {', '.join(view.read_order())}.", f"{absent} is not one of them."]
    return Ask(_NOWHERE, steps, 2, NOWHERE, slots)


@question(
    Categories,
    Label,
    skill="telling",
    phrasings=(
        'Which has the {more} {measure}{where}: {a} or {b}? If one of them is not shown, answer "cannot be told".',
        'Compare {a} and {b}{where}: whose {measure} is {more}? Answer "cannot be told" if either of them is not'
        " shown.",
        'Of {a} and {b}, name the one with the {more} {measure}{where}, or answer "cannot be told" if one is missing.',
        'Between {a} and {b}, which has the {more} {measure}{where}? If the figure lacks one, answer "cannot be told".',
        'Is the {measure} {more} for {a} or for {b}{where}? Name it, or answer "cannot be told" if one is not shown.',
    ),
    held_out=(
        'If both {a} and {b} are shown{where}, which of them has the {more} {measure}? If not, say "cannot be told".',
        'Set {a} beside {b}{where}: which is {more} in {measure}? Say "cannot be told" where one of them is missing.',
    ),
)
def larger_if_shown(view: Categories, draws: Draws, level: int) -> Ask:
    """The larger of two names, both of which are shown as often as not."""
    if not view.absent:
        raise NotAskable("no plausible name is absent")
    a, b = some_apart(view, draws, view.items, 2, level)
    up, shown = draws.chance(0.5), draws.chance(0.5)
    absent = missing(draws, level, view.absent, view.names)
    found = falling([a, b], up)[0].name
    more = "smaller" if up else "larger"
    names = [a.name, b.name] if shown else draws.shuffled([a.name, absent])
    slots = {"a": quoted(view, names[0]), "b": quoted(view, names[1]), "more": more}
    if shown:
        steps = [f"Both are shown, and {found} has the {more} {view.measure}."]
        return Ask(Label(found), steps, 2, slots=slots)
    steps = [f"The {view.nouns} shown are {', '.join(view.read_order())}.", f"{absent} is not one of them."]
    return Ask(_NOWHERE, steps, 2, NOWHERE, slots)


@question(
    Series,
    Number,
    skill="telling",
    needs=("values",),
    phrasings=(
        "What is the {measure} {of} {series} {in} {position}{where}?{else}{rounding}",
        "Give the {measure} {of} {series} {in} {position}{where}.{else}{rounding}",
        "Read off the {measure} {of} {series} {in} {position}{where}.{else}{rounding}",
        "How large is the {measure} {of} {series} {in} {position}{where}?{else}{rounding}",
        "{In} {position}, what {measure} does {series} have{where}?{else}{rounding}",
    ),
    held_out=(
        "State the {measure} {of} {series} {in} {position}, if it is shown{where}.{else}{rounding}",
        "Look for {series} {in} {position}{where}: what is the {measure}?{else}{rounding}",
    ),
)
def value_at_if_shown(view: Series, draws: Draws, level: int) -> Ask:
    """The value of a series at a position; as often as not the one or the other is not shown."""
    if not view.absent and not view.absent_series:
        raise NotAskable("no plausible name is absent")
    places = [(i, j) for i, row in enumerate(view.items) for j, item in enumerate(row) if item.err < math.inf]
    if not places:
        raise NotAskable("no value can be read")
    i, j = draws.choice(places)
    item = view.items[i][j]
    answer = view.quantity(item.value, item.err)
    series, position = view.series[i], view.positions[j]
    shown = draws.chance(0.5)
    of_series = bool(view.absent_series) and len(view.series) > 1 and (not view.absent or draws.chance(0.5))
    slots = {"else": ' If the figure does not show it, answer "cannot be told".', "rounding": view.rounding()}
    if not shown:
        names, others = (view.series, view.absent_series) if of_series else (view.positions, view.absent)
        absent = missing(draws, level, others, names)
        series, position = (absent, position) if of_series else (series, absent)
        shown_names = ", ".join(names)
        steps = [f"The {view.series_nouns if of_series else view.nouns} shown are {shown_names}."]
        steps.append(f"{absent} is not one of them.")
        return Ask(_NOWHERE, steps, 2, NOWHERE, slots | {"series": series, "position": position})
    words = view.slots()
    steps = [f"The {view.measure} {words['of']} {series} {words['in']} {position} is {view.say(item.value)}."]
    return Ask(answer, steps, 2, view.plain(item.value), slots | {"series": series, "position": position})
