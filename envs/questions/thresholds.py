"""Above or below: counting, naming and judging by a threshold that is clear of every value."""

from __future__ import annotations

from itertools import pairwise

from envs.address import Draws
from envs.questions.asking import (
    LIST,
    MANY,
    YES_NO,
    complete,
    cuts,
    falling,
    known_sum,
    margin,
    quoted,
    spoken,
    stated,
    sums,
    unordered,
    valued,
)
from envs.registry import Ask, question
from envs.views import Categories, Item, NotAskable
from rewards import Boolean, Number, Set

LEFT_OUT = 2  # values that may be left out of a count


def _side(view: Categories, draws: Draws, most: int | None = None) -> tuple[float, bool, list[Item]]:
    """A threshold, whether what lies above it is asked for, and what lies there (in the figure's order); how many do
    (up to `most`) is drawn first."""
    items = complete(view.items)
    found = cuts(view, draws, items)
    above = draws.chance(0.5)
    sides = {m if above else len(items) - m: cut for m, cut in found.items()}
    cut = sides[draws.choice([m for m in sides if most is None or m <= most] or [min(sides)])]
    return cut, above, [item for item in items if (item.value > cut) == above]


def _words(view: Categories, cut: float, above: bool) -> dict[str, str]:
    return {"cut": view.say(cut), "side": "above" if above else "below", "more": "more" if above else "less"}


@question(
    Categories,
    Number,
    skill="aggregation",
    needs=("values",),
    bare=True,
    phrasings=(
        "How many {nouns} have a {measure} {side} {cut}{where}?{only}",
        "For how many {nouns} is the {measure} {more} than {cut}{where}?{only}",
        "Count the {nouns} whose {measure} is {side} {cut}{where}.{only}",
        "In how many cases does the {measure} lie {side} {cut}{where}?{only}",
        "What is the number of {nouns} with a {measure} of {more} than {cut}{where}?{only}",
    ),
    held_out=(
        "Draw a line at {cut}{where}: how many {nouns} have a {measure} {side} it?{only}",
        "Of the {nouns} shown{where}, how many have a {measure} of {more} than {cut}?{only}",
    ),
)
def how_many_beyond(view: Categories, draws: Draws, level: int) -> Ask:
    """How many values lie above or below a threshold."""
    if view.whole and len(view.items) > 3:
        return _how_many_of(view, draws)
    cut, above, items = _side(view, draws)
    words = _words(view, cut, above)
    steps = [f"What lies {words['side']} {view.say(cut)} is {valued(view, items)}.", f"That makes {len(items)}."]
    return Ask(Number(len(items)), steps, len(view.items) - 1, slots=words | {"only": ""})


def _how_many_of(view: Categories, draws: Draws) -> Ask:
    """The same of some named parts of a whole, whose sum is known: how many parts of it there are above 10 % hardly
    varies. The threshold has enough parts on both sides for any answer, which is drawn first."""
    order = falling(complete(view.items))
    found = cuts(view, draws, order)
    count = max(min(m, len(order) - m) for m in found)
    if count < 2:
        raise NotAskable("no threshold has two parts on both sides")
    m = draws.choice([m for m in sorted(found) if min(m, len(order) - m) >= count])
    high = draws.integers(0, count + 1)
    asked = draws.shuffled([*draws.sample(order[:m], high), *draws.sample(order[m:], count - high)])
    cut, above = found[m], draws.chance(0.5)
    words = _words(view, cut, above)
    right = [item for item in asked if (item.value > cut) == above]
    side = f"{words['side']} {view.say(cut)}"
    said = f"What lies {side} is {valued(view, right)}." if right else f"None of these lies {side}."
    steps = [f"Those named are {valued(view, asked)}.", said, f"That makes {len(right)}."]
    only = f" Count only among {spoken(view, asked)}."
    return Ask(Number(len(right)), steps, count + 1, slots=words | {"only": only})


@question(
    Categories,
    Set,
    skill="aggregation",
    needs=("values",),
    phrasings=(
        "Which {nouns} have a {measure} {side} {cut}{where}? Name them all.{list}",
        "Name every {noun} whose {measure} is {side} {cut}{where}.{list}",
        "For which {nouns} is the {measure} {more} than {cut}{where}? Give all of them.{list}",
        "List all {nouns} with a {measure} of {more} than {cut}{where}.{list}",
        "Find all {nouns} for which the {measure} lies {side} {cut}{where}.{list}",
    ),
    held_out=(
        "Draw a line at {cut}{where}: which {nouns} have a {measure} {side} it? Name all of them.{list}",
        "Write down all those {nouns} that have a {measure} of {more} than {cut}{where}.{list}",
    ),
    top_level=9,
)
def names_beyond(view: Categories, draws: Draws, level: int) -> Ask:
    """All items above or below a threshold; few at low levels."""
    cut, above, items = _side(view, draws, 2 + level // 3)
    words = _words(view, cut, above)
    names = [item.name for item in items]
    steps = [f"What lies {words['side']} {view.say(cut)} is {valued(view, items)}."]
    return Ask(unordered(names), steps, max(2, view.known), stated(names), words | {"list": LIST})


@question(
    Categories,
    Number,
    skill="aggregation",
    needs=("values",),
    unfit=("whole",),
    bare=True,
    phrasings=(
        "How many {nouns} have a {measure} {side} the mean {measure} {of_whom}{where}?{only}",
        "For how many {nouns} is the {measure} {more} than the average {of_whom}{where}?{only}",
        "Count the {nouns} whose {measure} is {side} the mean {of_whom}{where}.{only}",
        "Compute the mean {measure} {of_whom}{where}: how many of all {nouns} lie {side} it?{only}",
        "What is the number of {nouns} with a {measure} {side} the average {of_whom}{where}?{only}",
    ),
    held_out=(
        "Average the {measure} {of_whom}{where}. How many of all {nouns} lie {side} that average?{only}",
        "Of the {nouns} shown{where}, how many have a {measure} of {more} than the mean {of_whom}?{only}",
    ),
)
def count_beyond_mean(view: Categories, draws: Draws, level: int) -> Ask:
    """How many values lie above or below the mean of all, or of some that are named; how many is drawn first, as about
    half of them lie above the mean of all."""
    items = complete(view.items, 3)
    # Where all values are known exactly, so is on which side of their mean each lies.
    clear = margin(view, items) if any(item.err for item in items) and not view.written else 0.0
    groups = [items, *(draws.sample(items, draws.integers(2, len(items))) for _ in range(10))]
    # Between two that are far apart in size and have none between them, there is room for a mean.
    groups += [list(pair) for pair in draws.shuffled(list(pairwise(falling(items))))]
    fits: dict[int, list[tuple[list[Item], list[Item], bool]]] = {}
    for most in (0, LEFT_OUT):  # where every mean lies close to a value or two, those are not counted
        for group in groups:
            mean = known_sum(group).times(1 / len(group))
            far = [item for item in items if item.known.differs(mean, max(clear, 0.02 * 10.0**-view.decimals))]
            if len(items) - len(far) <= most and len(far) > 2:
                count = sum(item.value > mean.value for item in far)
                fits.setdefault(count, []).append((group, far, True))
                fits.setdefault(len(far) - count, []).append((group, far, False))
        if fits:
            break
    else:
        raise NotAskable("values lie close to every mean")
    group, far, above = draws.choice(fits[draws.choice(sorted(fits))])
    mean = known_sum(group).times(1 / len(group))
    chosen = [item for item in far if (item.value > mean.value) == above]
    near = [item for item in items if item not in far]
    side = "above" if above else "below"
    steps = [
        f"The mean is ({sums(view, [item.value for item in group])}) / {len(group)}"
        f" = {view.say(mean.value, view.decimals + 1)}.",
        f"What lies {side} it is {valued(view, chosen) if chosen else 'nothing'}, which makes {len(chosen)}.",
    ]
    of_whom = f"over all {view.nouns}" if group is items else f"over {spoken(view, group)}"
    only = f" Do not count {spoken(view, near)}." if near else ""
    slots = {"side": side, "more": "more" if above else "less", "of_whom": of_whom, "only": only}
    return Ask(Number(len(chosen)), steps, max(2, len(far) // 2), slots=slots)


@question(
    Categories,
    Boolean,
    skill="aggregation",
    needs=("values",),
    phrasings=(
        "Is the {measure} {of} {name} {side} {cut}{where}?{yes}",
        "Does {name} have a {measure} of {more} than {cut}{where}?{yes}",
        "Does the {measure} {of} {name} lie {side} {cut}{where}?{yes}",
        "Look at {name}{where}: is its {measure} {more} than {cut}?{yes}",
        "Is {name} one of the {nouns} with a {measure} {side} {cut}{where}?{yes}",
    ),
    held_out=(
        "Yes or no: the {measure} {of} {name} is {more} than {cut}{where}.",
        "Would {name} be counted among the {nouns} with a {measure} of {more} than {cut}{where}?{yes}",
    ),
)
def is_beyond(view: Categories, draws: Draws, level: int) -> Ask:
    """Whether a named item lies above or below a threshold, which has items on both sides."""
    items = complete(view.items)
    found = cuts(view, draws, items)
    cut = found[draws.choice(sorted(found))]
    above, true = draws.chance(0.5), draws.chance(0.5)
    item = draws.choice([item for item in items if (item.value > cut) == (above == true)])
    steps = [
        f"{item.name} has {view.say(item.value)}.",
        f"That is {'above' if item.value > cut else 'below'} {view.say(cut)}.",
    ]
    slots = {"name": quoted(view, item.name), "yes": YES_NO, **_words(view, cut, above)}
    return Ask(Boolean(true), steps, 2, "yes" if true else "no", slots)


@question(
    Categories,
    Number,
    skill="aggregation",
    needs=("values",),
    unfit=("coarse",),  # several reading errors add up
    sums=True,
    phrasings=(
        "What is the sum of all values of the {measure} {side} {cut}{where}?{rounding}",
        "Add up the {measure} of those {nouns} where it is {more} than {cut}{where}. What is the result?{rounding}",
        "Taken over the {nouns} with a {measure} {side} {cut}{where}, what is the sum of the {measure}?{rounding}",
        "Together, what {measure} have the {nouns} for which it lies {side} {cut}{where}?{rounding}",
        "What do the values {side} {cut} add up to{where}?{rounding}",
    ),
    held_out=(
        "Keep only the {nouns} with a {measure} of {more} than {cut}{where}: what is the sum of what is"
        " kept?{rounding}",
        "Compute the total {measure} of all {nouns} that lie {side} {cut}{where}.{rounding}",
    ),
    top_level=9,
)
def sum_beyond(view: Categories, draws: Draws, level: int) -> Ask:
    """The sum of the values above or below a threshold."""
    cut, above, items = _side(view, draws, 3 + level // 3)
    words = _words(view, cut, above)
    total = sum(map(view.shown, items))
    steps = [f"What lies {words['side']} {view.say(cut)} is {valued(view, items)}."]
    if len(items) > 1:
        steps.append(f"{sums(view, [item.value for item in items])} = {view.say(total)}.")
    answer = view.derived(known_sum(items), room=max(2, len(items)) * view.reach)
    return Ask(answer, steps, MANY // 2, view.plain(total), words | {"rounding": view.rounding()})


@question(
    Categories,
    Boolean,
    skill="aggregation",
    needs=("values",),
    phrasings=(
        "Do {names} each have a {measure} {side} {cut}{where}?{yes}",
        "Is the {measure} {side} {cut} for each of {names}{where}?{yes}",
        "Look at {names}{where}: is every {measure} {more} than {cut}?{yes}",
        "Does each of {names} have a {measure} of {more} than {cut}{where}?{yes}",
        "Is it true that each of {names} has a {measure} {side} {cut}{where}?{yes}",
    ),
    held_out=(
        "Yes or no: without exception, {names} have a {measure} of {more} than {cut}{where}.",
        "Would you find each of {names} {side} a {measure} of {cut}{where}?{yes}",
    ),
)
def all_beyond(view: Categories, draws: Draws, level: int) -> Ask:
    """Whether three named items (two of three) all lie on one side of a threshold; if not, one of them does not."""
    items = complete(view.items, 3)
    found = cuts(view, draws, items)
    true = draws.chance(0.5)
    count = 3 if len(items) > 3 else 2
    for above in draws.shuffled((True, False)):
        if fit := [m for m in sorted(found) if (m if above else len(items) - m) >= count]:
            break
    else:
        raise NotAskable("no threshold leaves enough items on one side")
    cut = found[draws.choice(fit)]
    inside = [item for item in items if (item.value > cut) == above]
    outside = [item for item in items if (item.value > cut) != above]
    chosen = (
        draws.sample(inside, count)
        if true
        else draws.shuffled([*draws.sample(inside, count - 1), draws.choice(outside)])
    )
    steps = [f"The values are {valued(view, chosen)}."]
    words = _words(view, cut, above)
    if true:
        steps.append(f"Each of them is {words['side']} {view.say(cut)}.")
    else:
        odd = next(item for item in chosen if item in outside)
        steps.append(f"{odd.name} is not {words['side']} {view.say(cut)}.")
    slots = {"names": spoken(view, chosen), "yes": YES_NO, **words}
    return Ask(Boolean(true), steps, 2, "yes" if true else "no", slots)
