"""The middle of all values."""

from __future__ import annotations

from envs.address import Draws
from envs.known import Known
from envs.registry import Ask, question
from envs.views import Categories
from rewards import Number

MANY = 100  # values that an average can take
ROUNDING = " Give one decimal place."


def _decimals(view: Categories, average: Known) -> tuple[int, str]:
    """To how many decimals an average is asked, as far as they can be read at least as many as values have, and how the
    question says so."""
    places = view.places(average, max(1, view.decimals))
    return places, ROUNDING if places == 1 and not view.unit.words else view.rounding(places)


@question(
    Categories,
    Number,
    skill="aggregation",
    needs=("values",),
    unfit=("whole",),  # the mean of n shares is 100 / n without looking
    phrasings=(
        "What is the mean {measure} of the {nouns}{where}?{rounding}",
        "What is the average {measure} over all {nouns} shown{where}?{rounding}",
        "Compute the mean {measure}{where}.{rounding}",
        "Averaged over the {nouns} in the figure{where}, what is the {measure}?{rounding}",
        "Find the arithmetic mean of the {measure} over all {nouns}{where}.{rounding}",
    ),
    held_out=(
        "Add up the {measure} of all {nouns} and divide by how many they are{where}. What comes out?{rounding}",
        "Determine the mean of the {measure} in the figure{where}.{rounding}",
    ),
)
def mean(view: Categories, draws: Draws, level: int) -> Ask:
    """The mean over all items."""
    values = [item.value for item in view.items]
    value = sum(values) / len(values)
    err = sum(item.err for item in view.items) / len(values)
    places, rounding = _decimals(view, Known(value, err))
    terms = " + ".join(view.plain(v) for v in values)
    steps = [
        f"The sum is {terms} = {view.plain(sum(values))}.",
        f"Divided by {len(values)} {view.nouns}, the mean is {view.say(value, places)}.",
    ]
    return Ask(view.quantity(value, err, places), steps, MANY, view.plain(value, places), {"rounding": rounding})


@question(
    Categories,
    Number,
    skill="aggregation",
    needs=("values",),
    unfit=("whole",),
    phrasings=(
        "What is the median {measure} of the {nouns}{where}?{rounding}",
        "What is the median {measure} over all {nouns} shown{where}?{rounding}",
        "Compute the median {measure}{where}.{rounding}",
        "Sort the {nouns} by {measure}{where}: what is the median value?{rounding}",
        "Find the median of the {measure} over all {nouns}{where}.{rounding}",
    ),
    held_out=(
        "Which {measure} splits the {nouns}{where} into a lower and an upper half, that is, the median?{rounding}",
        "Determine the median of the {measure} in the figure{where}.{rounding}",
    ),
)
def median(view: Categories, draws: Draws, level: int) -> Ask:
    """The middle value, or the mean of the two in the middle."""
    order = sorted(view.items, key=lambda item: item.value)
    half = len(order) // 2
    middle = order[half : half + 1] if len(order) % 2 else order[half - 1 : half + 1]
    value = sum(item.value for item in middle) / len(middle)
    err = max(item.err for item in order)  # a misread value may change places with a neighbour
    places, rounding = _decimals(view, Known(value, err))
    ordered = ", ".join(view.plain(item.value) for item in order)
    steps = [f"In order the values are {ordered}."]
    if len(middle) == 1:
        steps.append(f"The middle one is {view.plain(value)}, so the median is {view.say(value, places)}.")
    else:
        low, high = (view.plain(item.value) for item in middle)
        steps.append(f"The middle two are {low} and {high}, so the median is {view.say(value, places)}.")
    return Ask(view.quantity(value, err, places), steps, MANY, view.plain(value, places), {"rounding": rounding})
