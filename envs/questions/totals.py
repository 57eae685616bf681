"""Sums, means and shares of some of the values, or of all."""

from __future__ import annotations

from envs.address import Draws
from envs.known import Known, share
from envs.numerals import half_up
from envs.questions.asking import (
    COUNTED,
    MANY,
    PERCENT,
    YES_NO,
    complete,
    falling,
    grain,
    known_sum,
    quoted,
    readable,
    rounded_between,
    spoken,
    sums,
    valued,
)
from envs.registry import Ask, question
from envs.views import Categories, Item, NotAskable
from rewards import Boolean, Number, Percent


def _some(view: Categories, draws: Draws, level: int, least: int = 2) -> list[Item]:
    """Named items: two or three, more at higher levels, never all."""
    pool = readable(view, least)
    if view.whole and len(view.items) <= least:
        raise NotAskable("all parts of a whole add up to it without looking")
    most = max(least, min(least + 1 + level // 4, len(view.items) - 1, 6))
    return draws.sample(pool, min(len(pool), draws.integers(least, most + 1)))


@question(
    Categories,
    Number,
    skill="aggregation",
    needs=("values",),
    unfit=("whole",),  # shares make 100 without looking
    sums=True,
    phrasings=(
        "What is the sum of the {measure} over all {nouns}{where}?{rounding}",
        "Add up the {measure} of all {nouns} in the figure{where}. What is the result?{rounding}",
        "What do all values of the {measure} add up to{where}?{rounding}",
        "Compute the total of all values of the {measure} shown{where}.{rounding}",
        "Taken over all {nouns} shown{where}, what is the sum of the {measure}?{rounding}",
    ),
    held_out=(
        "If the {measure} of every {noun} in the figure were added together{where}, what would come out?{rounding}",
        "Find the sum of every {measure} that the figure shows{where}.{rounding}",
    ),
)
def sum_all(view: Categories, draws: Draws, level: int) -> Ask:
    """The sum of all values."""
    items = complete(view.items)
    known = known_sum(items)
    steps = [f"{sums(view, [item.value for item in items])} = {view.say(known.value)}."]
    answer = view.derived(known, room=len(items) * view.reach)
    return Ask(answer, steps, MANY, view.plain(known.value), {"rounding": view.rounding()})


@question(
    Categories,
    Number,
    skill="aggregation",
    needs=("values",),
    unfit=("coarse",),
    sums=True,
    phrasings=(
        "What is the sum of the {measure} {of} {names}{where}?{rounding}",
        "Add up the {measure} {of} {names}{where}. What is the result?{rounding}",
        "What do {names} add up to in {measure}{where}?{rounding}",
        "Taken together, what is the {measure} {of} {names}{where}?{rounding}",
        "Compute the combined {measure} {of} {names}{where}.{rounding}",
    ),
    held_out=(
        "Start from nothing and add the {measure} {of} {names}{where}. What is reached?{rounding}",
        "Find the total that results from adding the {measure} {of} {names}{where}.{rounding}",
    ),
    top_level=16,
)
def sum_named(view: Categories, draws: Draws, level: int) -> Ask:
    """The sum of some named values."""
    items = _some(view, draws, level)
    known = known_sum(items)
    steps = [
        f"The values are {valued(view, items)}.",
        f"{sums(view, [item.value for item in items])} = {view.say(known.value)}.",
    ]
    slots = {"names": spoken(view, items), "rounding": view.rounding()}
    answer = view.derived(known, room=len(items) * view.reach)
    return Ask(answer, steps, MANY, view.plain(known.value), slots)


@question(
    Categories,
    Number,
    skill="aggregation",
    needs=("values",),
    unfit=("coarse",),
    phrasings=(
        "What is the mean {measure} {of} {names}{where}?{rounding}",
        "What is the average {measure} over {names}{where}?{rounding}",
        "Average the {measure} {of} {names}{where}. What is the result?{rounding}",
        "Taking only {names}, what is their mean {measure}{where}?{rounding}",
        "Compute the arithmetic mean of the {measure} {of} {names}{where}.{rounding}",
    ),
    held_out=(
        "Add up the {measure} {of} {names} and divide by how many they are{where}. What comes out?{rounding}",
        "Find the average of the values that the figure shows for {names}{where}.{rounding}",
    ),
    top_level=16,
)
def mean_named(view: Categories, draws: Draws, level: int) -> Ask:
    """The mean of some named values."""
    items = _some(view, draws, level)
    total = known_sum(items)
    known = total.times(1 / len(items))
    places = view.places(known, max(1, view.decimals))
    steps = [
        f"The values are {valued(view, items)}, with the sum {view.plain(total.value)}.",
        f"Divided by {len(items)}, the mean is {view.say(known.value, places)}.",
    ]
    slots = {"names": spoken(view, items), "rounding": view.rounding(places)}
    return Ask(view.derived(known, places), steps, MANY, view.plain(known.value, places), slots)


@question(
    Categories,
    Number,
    skill="aggregation",
    needs=("values",),
    unfit=("coarse",),  # two reading errors add up
    phrasings=(
        "What is the range of the {measure}{where}, from the smallest to the largest value?{rounding}",
        "How far apart are the largest and the smallest {measure}{where}?{rounding}",
        "What is the difference between the largest and the smallest {measure}{where}?{rounding}",
        "By how much does the largest {measure} exceed the smallest{where}?{rounding}",
        "Over what range does the {measure} of the {nouns} vary{where}? State the largest less the smallest.{rounding}",
    ),
    held_out=(
        "Subtract the smallest {measure} in the figure from the largest{where}.{rounding}",
        "How wide is the spread of the {measure} over the {nouns}{where}, from lowest to highest?{rounding}",
    ),
)
def spread(view: Categories, draws: Draws, level: int) -> Ask:
    """The largest value less the smallest."""
    order = falling(complete(view.items))
    high, low = order[0], order[-1]
    known = high.known.minus(low.known)
    steps = [
        f"The largest is {view.say(high.value)} ({high.name}), the smallest {view.say(low.value)} ({low.name}).",
        f"The range is {view.plain(high.value)} - {view.plain(low.value)} = {view.say(known.value)}.",
    ]
    return Ask(view.derived(known), steps, MANY, view.plain(known.value), {"rounding": view.rounding()})


@question(
    Categories,
    Percent,
    skill="aggregation",
    needs=("values",),
    unfit=("whole", "percent", "signed", "coarse"),
    sums=True,
    phrasings=(
        "What percentage of the sum of all values{where} is the {measure} {of} {name}?{rounding}",
        "What share of the {nouns}' combined {measure}{where} does {name} have?{rounding}",
        "Add up the {measure} of all {nouns}{where}: what percentage of that is {name}'s?{rounding}",
        "Which share of the total{where} does the {measure} {of} {name} make up?{rounding}",
        "Take the sum over all {nouns}{where}: express the {measure} {of} {name} as a percentage of it.{rounding}",
    ),
    held_out=(
        "If the values{where} were turned into a pie, how large would the sector of {name} be?{rounding}",
        "Of the whole {measure} of all {nouns} shown{where}, which part falls to {name}?{rounding}",
    ),
)
def share_of_total(view: Categories, draws: Draws, level: int) -> Ask:
    """One value as a share of all."""
    items = complete(view.items)
    if any(item.value < 0 for item in items):
        raise NotAskable("gains and losses are no parts of a whole")
    item = draws.choice(items)
    rest = known_sum(other for other in items if other is not item)
    known = share(item.known, rest)
    places = 1 if known.err < 0.5 else 0
    whole = view.plain(item.value + rest.value)
    value = PERCENT.write(known.value, places)
    steps = [
        f"{sums(view, [item.value for item in items])} = {whole}.",
        f"{item.name} has {view.plain(item.value)}, which is {view.plain(item.value)} / {whole} = {value}.",
    ]
    rounding = " Give it in percent, to " + ("one decimal." if places else "a whole number.")
    slots = {"name": quoted(view, item.name), "rounding": rounding}
    answer = view.derived(known, places, room=100.0 / len(items) * 2, unit=PERCENT)
    return Ask(answer, steps, MANY // 3, value, slots)


@question(
    Categories,
    Number,
    skill="aggregation",
    needs=("values",),
    unfit=("coarse",),  # several reading errors add up
    sums=True,
    phrasings=(
        "What is the sum of the {k} {end} values of the {measure}{where}?{rounding}",
        "Add up the {measure} of the {k} {nouns} where it is {end}{where}. What is the result?{rounding}",
        "Together, what {measure} do the {k} {nouns} with the {end} values have{where}?{rounding}",
        "What do the {k} {end} values add up to{where}?{rounding}",
        "Rank the {nouns} by {measure}, the {end} first{where}. What is the sum over the first {k}?{rounding}",
    ),
    held_out=(
        "Pick the {k} {nouns} with the {end} {measure}{where}: what is their combined {measure}?{rounding}",
        "Compute the total over the {k} {end} values in the figure{where}.{rounding}",
    ),
    top_level=12,
)
def sum_of_leading(view: Categories, draws: Draws, level: int) -> Ask:
    """The sum of the k largest or smallest values. Which of two near ones is taken in makes no difference to it beyond
    their reading errors, so that the ranking itself need not be clear."""
    items = complete(view.items, 3)
    up = draws.chance(0.5)
    k = draws.integers(2, max(3, min(len(items) - 1, 3 + level // 3) + 1))
    chosen = falling(items, up)[:k]
    known = Known(known_sum(chosen).value, sum(sorted((item.err for item in items), reverse=True)[:k]))
    end = "smallest" if up else "largest"
    steps = [
        f"The {COUNTED.get(k, k)} {end} values are {valued(view, chosen)}.",
        f"{sums(view, [item.value for item in chosen])} = {view.say(known.value)}.",
    ]
    slots = {"k": COUNTED.get(k, str(k)), "end": end, "rounding": view.rounding()}
    return Ask(view.derived(known, room=k * view.reach), steps, MANY, view.plain(known.value), slots)


@question(
    Categories,
    Number,
    skill="aggregation",
    needs=("values",),
    unfit=("whole",),
    sums=True,
    phrasings=(
        "What is the sum of the {measure} over all {nouns} except {names}{where}?{rounding}",
        "Leave out {names}{where}. What do the other {nouns} add up to in {measure}?{rounding}",
        "Without {names}, what is the combined {measure} of the {nouns} shown{where}?{rounding}",
        "Add up the {measure} of every {noun} but {names}{where}.{rounding}",
        "What is the total {measure} of the {nouns} in the figure{where} if {names} are not counted?{rounding}",
    ),
    held_out=(
        "Strike {names} from the figure{where}. What is the sum of the {measure} that is left?{rounding}",
        "Excluding {names}, find the sum of the values of the {measure}{where}.{rounding}",
    ),
    top_level=12,
)
def sum_without(view: Categories, draws: Draws, level: int) -> Ask:
    """The sum of all values but those of some named items: two to six are left."""
    items = complete(view.items, 3)
    left = draws.integers(2, max(2, min(len(items) - 2, 3 + min(level, 12) // 4)) + 1)
    kept = draws.sample(items, left)
    kept = [item for item in items if item in kept]
    gone = draws.shuffled([item for item in items if item not in kept])
    known = known_sum(kept)
    steps = [
        f"The others are {valued(view, kept)}.",
        f"{sums(view, [item.value for item in kept])} = {view.say(known.value)}.",
    ]
    slots = {"names": spoken(view, gone), "rounding": view.rounding()}
    return Ask(view.derived(known, room=left * view.reach), steps, MANY, view.plain(known.value), slots)


@question(
    Categories,
    Boolean,
    skill="aggregation",
    needs=("values",),
    sums=True,
    phrasings=(
        "Is the {measure} {of} {names} together more than {cut}{where}?{yes}",
        "Do {names} add up to more than {cut} in {measure}{where}?{yes}",
        "Add up the {measure} {of} {names}{where}: is the sum above {cut}?{yes}",
        "Taken together, do {names} exceed a {measure} of {cut}{where}?{yes}",
        "Does the combined {measure} {of} {names} come to more than {cut}{where}?{yes}",
    ),
    held_out=(
        "Yes or no: the sum of the {measure} {of} {names} is greater than {cut}{where}.",
        "If the {measure} {of} {names} were added together{where}, would the sum be above {cut}?{yes}",
    ),
    top_level=12,
)
def sum_exceeds(view: Categories, draws: Draws, level: int) -> Ask:
    """Whether a sum exceeds a threshold, which lies between the sums of two groups of as many items; one of them is
    asked about, so that the threshold says nothing of the answer."""
    pool = readable(view, 3)
    count = min(len(pool) - 1, 2 + draws.integers(min(level, 12) // 6, 1 + min(level, 12) // 3))
    for _ in range(8):
        tried = sorted(
            (draws.sample(pool, count) for _ in range(2 + min(level, 12) // 4)), key=lambda g: known_sum(g).value
        )
        k = draws.integers(1, len(tried))  # of several sums, two next to each other: the more, the closer
        groups = tried[k - 1 : k + 1]
        low, high = known_sum(groups[0]), known_sum(groups[1])
        clear = max(0.5 * 10.0**-view.decimals, grain(view))
        cut = rounded_between(draws, low.value + low.err + clear, high.value - high.err - clear, view.decimals)
        if cut is None:
            continue
        true = draws.chance(0.5)
        items = groups[true]
        value = known_sum(items).value
        steps = [
            f"The values are {valued(view, items)}.",
            f"{sums(view, [item.value for item in items])} = {view.say(half_up(value, view.decimals))},"
            f" which is {'more' if true else 'not more'} than {view.say(cut)}.",
        ]
        slots = {"names": spoken(view, items), "cut": view.say(cut), "yes": YES_NO}
        return Ask(Boolean(true), steps, 2, "yes" if true else "no", slots)
    raise NotAskable("no two groups are clearly different")
