"""Comparison: differences, ratios, which are closest."""

from __future__ import annotations

from functools import partial
from itertools import chain, combinations, permutations

from envs.address import Draws
from envs.known import Known
from envs.numerals import half_up
from envs.questions.asking import (
    LIST,
    MANY,
    RATIO,
    YES_NO,
    at_level,
    best,
    complete,
    falling,
    firm,
    grain,
    how_far,
    quoted,
    readable,
    rounded_between,
    some_apart,
    spoken,
    stated,
    unordered,
    valued,
)
from envs.questions.ranking import ordinal
from envs.registry import Ask, question
from envs.views import Categories, Item, NotAskable
from rewards import Boolean, Label, Number, Set

FACTORS = (1.5, 2.0, 3.0, 4.0, 1.25, 5.0)


def _two(view: Categories, a: Item, b: Item, **more: str) -> dict[str, str]:
    return {"a": quoted(view, a.name), "b": quoted(view, b.name), **more}


@question(
    Categories,
    Number,
    skill="comparison",
    needs=("values",),
    unfit=("coarse",),  # two reading errors add up
    phrasings=(
        "What is the difference between the {measure} {of} {a} and that {of} {b}{where}?{rounding}",
        "By how much do {a} and {b} differ in {measure}{where}?{rounding}",
        "How far apart are {a} and {b} in {measure}{where}?{rounding}",
        "Subtract the smaller from the larger {measure} of {a} and {b}{where}: what remains?{rounding}",
        "Compare {a} with {b}{where}: how large is the gap in {measure}?{rounding}",
    ),
    held_out=(
        "How much would have to be added to the smaller {measure} of {a} and {b} to reach the larger{where}?{rounding}",
        "State the distance between the {measure} {of} {a} and the {measure} {of} {b}{where}.{rounding}",
    ),
)
def difference(view: Categories, draws: Draws, level: int) -> Ask:
    """How far apart two named items are; how far is drawn first, as most pairs are near each other."""
    pairs = [(a, b) for a, b in permutations(readable(view, 2), 2) if a.value > b.value and view.apart(a, b)]
    fit = [(a, b) for a, b in draws.shuffled(pairs) if firm(a.known.minus(b.known))]
    if not fit:
        raise NotAskable("no difference can be read closely enough")
    far = draws.uniform(0.25, 1.25) * max(a.value - b.value for a, b in fit)
    high, low = min(fit, key=lambda pair: abs(pair[0].value - pair[1].value - far))
    known = high.known.minus(low.known)
    apart = view.shown(high) - view.shown(low)
    a, b = draws.shuffled([high, low])
    steps = [
        f"{high.name} has {view.say(high.value)} and {low.name} has {view.say(low.value)}.",
        f"The difference is {view.plain(high.value)} - {view.plain(low.value)} = {view.say(apart)}.",
    ]
    slots = _two(view, a, b, rounding=view.rounding())
    return Ask(view.derived(known), steps, MANY, view.plain(apart), slots)


@question(
    Categories,
    Number,
    skill="comparison",
    needs=("values",),
    unfit=("coarse", "spokes"),  # two reading errors add up; along a short spoke only ratios near 1 can be read
    bare=True,
    phrasings=(
        "How many times as large as the {measure} {of} {b} is that {of} {a}{where}?{rounding}",
        "What is the ratio of the {measure} {of} {a} to that {of} {b}{where}?{rounding}",
        "Divide the {measure} {of} {a} by that {of} {b}{where}: what is the result?{rounding}",
        "By what factor does the {measure} {of} {a} exceed that {of} {b}{where}?{rounding}",
        "The {measure} {of} {a} is how many times that {of} {b}{where}?{rounding}",
    ),
    held_out=(
        "With what number must the {measure} {of} {b} be multiplied to give that {of} {a}{where}?{rounding}",
        "Express the {measure} {of} {a} as a multiple of the {measure} {of} {b}{where}.{rounding}",
    ),
)
def ratio(view: Categories, draws: Draws, level: int) -> Ask:
    """The larger of two named items over the smaller."""
    # The ratio is drawn before the pair: most pairs are nearly equal.
    pairs: dict[float, list[tuple[Item, Item]]] = {}
    for a, b in permutations(readable(view, 2), 2):
        if a.value > b.value > 0 and view.apart(a, b):
            pairs.setdefault(half_up(view.shown(a) / view.shown(b), 1), []).append((a, b))
    for rounded in draws.shuffled(sorted(pairs)):
        a, b = draws.choice(pairs[rounded])
        known = a.known.over(b.known)
        try:
            answer = view.derived(known, 1, room=max(2.0, known.value), unit=RATIO)
        except NotAskable:
            continue
        value = f"{rounded:.1f}"
        steps = [
            f"{a.name} has {view.say(a.value)} and {b.name} has {view.say(b.value)}.",
            f"{view.plain(a.value)} / {view.plain(b.value)} is about {value}.",
        ]
        slots = _two(view, a, b, rounding=" Give it to one decimal.")
        return Ask(answer, steps, max(2, min(12, len(pairs))), value, slots)
    raise NotAskable("no ratio can be read closely enough")


@question(
    Categories,
    Boolean,
    skill="comparison",
    phrasings=(
        "Is the {measure} {of} {a} {more} than that {of} {b}{where}?{yes}",
        "Does {a} have a {more} {measure} than {b}{where}?{yes}",
        "Compare {a} with {b}{where}: is the {measure} {of} {a} the {more} one?{yes}",
        "Is it true that {a} has a {more} {measure} than {b}{where}?{yes}",
        "Does the figure show a {more} {measure} for {a} than for {b}{where}?{yes}",
    ),
    held_out=(
        "Yes or no: the {measure} {of} {a} is {more} than that {of} {b}{where}.",
        "Would you rank {a} as {more} than {b} by {measure}{where}?{yes}",
    ),
)
def is_more(view: Categories, draws: Draws, level: int) -> Ask:
    """Whether one named item is larger (or smaller) than another."""
    items = some_apart(view, draws, view.items, 2, level)
    true, up = draws.chance(0.5), draws.chance(0.5)
    a, b = falling(items, up if true else not up)
    larger = falling(items)[0]
    steps = [f"Of {a.name} and {b.name}, {larger.name} has the larger {view.measure}."]
    slots = _two(view, a, b, more="smaller" if up else "larger", yes=YES_NO)
    return Ask(Boolean(true), steps, 2, "yes" if true else "no", slots)


@question(
    Categories,
    Boolean,
    skill="comparison",
    needs=("values",),
    phrasings=(
        "Do {a} and {b} differ in {measure} by more than {step}{where}?{yes}",
        "Is the difference between the {measure} {of} {a} and that {of} {b} more than {step}{where}?{yes}",
        "Are {a} and {b} more than {step} apart in {measure}{where}?{yes}",
        "Does the gap in {measure} between {a} and {b} exceed {step}{where}?{yes}",
        "Is the {measure} {of} one of {a} and {b} more than {step} above that {of} the other{where}?{yes}",
    ),
    held_out=(
        "Yes or no: there is more than {step} between the {measure} {of} {a} and that {of} {b}{where}.",
        "Would more than {step} have to be added to the smaller {measure} of {a} and {b} to reach the"
        " larger{where}?{yes}",
    ),
)
def differ_by_more(view: Categories, draws: Draws, level: int) -> Ask:
    """Whether two items differ by more than a step; the step lies between the gaps of two pairs, one of which is asked
    about, so that it says nothing of the answer."""
    items = readable(view, 3)
    for _ in range(8):
        pairs = [draws.sample(items, 2) for _ in range(2 + min(level, 12) // 4)]
        pairs.sort(key=lambda pair: abs(pair[0].value - pair[1].value))
        k = draws.integers(1, len(pairs))  # of several gaps, two next to each other: the more, the closer
        narrow, wide = pairs[k - 1 : k + 1]
        least, most = (abs(x.value - y.value) for x, y in (narrow, wide))
        low = least + narrow[0].err + narrow[1].err + 0.5 * 10.0**-view.decimals
        high = most - wide[0].err - wide[1].err - 0.5 * 10.0**-view.decimals
        step = rounded_between(draws, low, high, view.decimals)
        if step is None or step <= 0:
            continue
        true = draws.chance(0.5)
        a, b = wide if true else narrow
        steps = [
            f"{a.name} has {view.say(a.value)} and {b.name} has {view.say(b.value)}.",
            f"They differ by {view.say(abs(a.value - b.value))}, which is {'more' if true else 'less'} than"
            f" {view.say(step)}.",
        ]
        return Ask(Boolean(true), steps, 2, "yes" if true else "no", _two(view, a, b, step=view.say(step), yes=YES_NO))
    raise NotAskable("no two gaps are clearly different")


def _from_factor(view: Categories, factor: float, pair: tuple[Item, Item]) -> float:
    """How far the larger is from so many times the smaller."""
    return how_far(view, pair[0].value, factor * pair[1].value)


@question(
    Categories,
    Boolean,
    skill="comparison",
    needs=("values",),
    phrasings=(
        "Is the {measure} {of} {a} more than {factor} times that {of} {b}{where}?{yes}",
        "Does {a} have more than {factor} times the {measure} {of} {b}{where}?{yes}",
        "Is the {measure} {of} {a} above {factor} times the {measure} {of} {b}{where}?{yes}",
        "Take {factor} times the {measure} {of} {b}{where}: is the {measure} {of} {a} still larger?{yes}",
        "Does the {measure} {of} {a} exceed {factor} times that {of} {b}{where}?{yes}",
    ),
    held_out=(
        "Yes or no: {factor} times the {measure} {of} {b} is less than the {measure} {of} {a}{where}.",
        "Would {a} still have the larger {measure} if that {of} {b} were {factor} times as large{where}?{yes}",
    ),
)
def more_than_times(view: Categories, draws: Draws, level: int) -> Ask:
    """Whether an item is more than so many times another; as often true as not for every factor, and the higher the
    level, the more nearly."""
    items = readable(view, 3)
    pairs = [(a, b) for a in items for b in items if a.value > b.value > 0 and view.apart(a, b)]
    for factor in draws.shuffled(FACTORS):
        above = [(a, b) for a, b in pairs if a.known.minus(b.known.times(factor)).differs(Known(0), grain(view))]
        true = draws.chance(0.5)
        fit = {truth: [(a, b) for a, b in above if (a.value > factor * b.value) == truth] for truth in (True, False)}
        if not fit[True] or not fit[False]:
            continue
        a, b = at_level(draws, level, fit[true], partial(_from_factor, view, factor))
        steps = [
            f"{a.name} has {view.say(a.value)} and {b.name} has {view.say(b.value)}.",
            f"{factor:g} times {view.plain(b.value)} is {factor * b.value:.6g},"
            f" which is {'less' if true else 'more'} than {view.plain(a.value)}.",
        ]
        slots = _two(view, a, b, factor=f"{factor:g}", yes=YES_NO)
        return Ask(Boolean(true), steps, 2, "yes" if true else "no", slots)
    raise NotAskable("no factor parts the pairs")


@question(
    Categories,
    Set,
    skill="comparison",
    needs=("values",),
    phrasings=(
        "Among {names}, which two differ least in {measure}{where}?{list}",
        "Which two of {names} have the most similar {measure}{where}?{list}",
        "Look at {names}{where}: between which two is the gap in {measure} the smallest?{list}",
        "Of {names}, name the two whose {measure} is most nearly the same{where}.{list}",
        "Find the two of these {nouns} that are nearest to each other in {measure}{where}: {names}.{list}",
    ),
    held_out=(
        "If {names} are compared pair by pair{where}, which pair differs least in {measure}?{list}",
        "Pick from {names} the pair with the smallest difference in {measure}{where}.{list}",
    ),
    top_level=12,
)
def closest_two(view: Categories, draws: Draws, level: int) -> Ask:
    """The two of some named items that differ least."""
    pool = readable(view, 3)
    count = min(len(pool), 3 + draws.integers(0, 1 + min(level, 12) // 4))
    # The fewer are named, the fewer gaps have to be told apart; at last every three are tried.
    drawn = [draws.sample(pool, max(3, count - k)) for k in range(6)]
    for items in chain(drawn, draws.shuffled(list(combinations(pool, 3)))):
        pairs = list(combinations(items, 2))
        gaps = [(abs_known(a, b), None) for a, b in pairs]
        try:
            a, b = pairs[best(view, gaps, up=True)]
        except NotAskable:
            continue
        steps = [
            f"The values are {valued(view, falling(items))}.",
            f"The smallest gap is between {a.name} and {b.name}.",
        ]
        names = {"names": spoken(view, items), "list": LIST}
        return Ask(unordered((a.name, b.name)), steps, len(pairs), stated((a.name, b.name)), names)
    raise NotAskable("no pair is clearly the closest")


def abs_known(a: Item, b: Item) -> Known:
    """How far apart two items are."""
    return Known(abs(a.value - b.value), a.err + b.err)


@question(
    Categories,
    Label,
    skill="comparison",
    needs=("values",),
    phrasings=(
        "Which {noun} is closest to {name} in {measure}{where}?",
        "Apart from {name} itself, whose {measure} is nearest to that {of} {name}{where}?",
        "Which {noun} has the {measure} most similar to that {of} {name}{where}?",
        "Name the {noun} that differs least from {name} in {measure}{where}.",
        "From {name}, which other {noun} is the smallest step away in {measure}{where}?",
    ),
    held_out=(
        "Whose {measure} would you most easily mistake for that {of} {name}{where}? Go by the smallest difference.",
        "Of all other {nouns}, which one comes nearest to the {measure} {of} {name}{where}?",
    ),
)
def closest_to(view: Categories, draws: Draws, level: int) -> Ask:
    """The item nearest in value to a named one."""
    items = complete(view.items, 3)
    for item in draws.shuffled(items):
        others = [other for other in items if other is not item]
        try:
            found = others[best(view, [(abs_known(item, other), None) for other in others], up=True)]
        except NotAskable:
            continue
        steps = [
            f"{item.name} has {view.say(item.value)}.",
            f"The nearest value is {view.say(found.value)}, that of {found.name}.",
        ]
        return Ask(Label(found.name), steps, view.known - 1, slots={"name": quoted(view, item.name)})
    raise NotAskable("no item has one clear neighbour")


@question(
    Categories,
    Number,
    skill="comparison",
    needs=("values",),
    unfit=("coarse",),  # two reading errors add up
    phrasings=(
        "By how much does the {ordinal}largest {measure} exceed the {next}largest{where}?{rounding}",
        "What is the difference between the {ordinal}largest and the {next}largest {measure}{where}?{rounding}",
        "How far is the {next}largest {measure} below the {ordinal}largest{where}?{rounding}",
        "Rank the {nouns} by {measure}, the largest first{where}: how far apart are number {k} and number"
        " {j}?{rounding}",
        "What separates the {ordinal}largest {measure} from the {next}largest{where}?{rounding}",
    ),
    held_out=(
        "Subtract the {next}largest {measure} from the {ordinal}largest{where}.{rounding}",
        "What lead in {measure} does number {k} of the ranking, counted from the largest, have over number {j}{where}?"
        "{rounding}",
    ),
    top_level=12,
)
def lead(view: Categories, draws: Draws, level: int) -> Ask:
    """The gap between two places of the ranking, not next to each other where there are enough."""
    complete(view.items)
    ranking = view.ranked()
    if len(ranking) < 2:
        raise NotAskable("too few items can be ranked")
    places = range(1, len(ranking) + 1)
    pairs = [(k, j) for k in places for j in places if 2 <= j - k <= 4 and k <= 2 + min(level, 12) // 3]
    clear = [(k, j) for k, j in pairs if firm(ranking[k - 1].known.minus(ranking[j - 1].known))]
    k, j = draws.choice(clear or pairs or [(1, 2)])
    a, b = ranking[k - 1], ranking[j - 1]
    known = a.known.minus(b.known)
    steps = [
        f"The {ordinal(k)}largest is {view.say(a.value)} ({a.name}), the {ordinal(j)}largest"
        f" {view.say(b.value)} ({b.name}).",
        f"The difference is {view.plain(a.value)} - {view.plain(b.value)} = {view.say(known.value)}.",
    ]
    slots = {"ordinal": ordinal(k), "next": ordinal(j), "k": str(k), "j": str(j), "rounding": view.rounding()}
    # Counts lie a few apart, so that few differences are likely.
    return Ask(view.derived(known), steps, 10, view.plain(known.value), slots)
