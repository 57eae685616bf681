"""Which one, and how much, at a place in the ranking."""

from __future__ import annotations

from envs.address import Draws
from envs.numerals import listed
from envs.registry import Ask, question
from envs.views import Categories, Item
from rewards import Label, Number

MANY = 100  # values that a reading can give
TOP_LEVEL = 14  # the deepest place asked for grows with the level up to this one


def ordinal(k: int) -> str:
    """ "" for 1, so that "{ordinal}largest" reads well; "second ", "third ", "4th ", ..."""
    named = {1: "", 2: "second ", 3: "third "}
    if k in named:
        return named[k]
    ending = "th" if 11 <= k % 100 <= 13 else {1: "st", 2: "nd", 3: "rd"}.get(k % 10, "th")
    return f"{k}{ending} "


def place(k: int) -> str:
    """ "first", "second", "third", "4th", ..."""
    return ordinal(k).strip() or "first"


def _down_to(view: Categories, ranking: list[Item], values: bool = False) -> str:
    """The ranking in a sentence, as far as it goes."""
    names = [f"{item.name} ({view.say(item.value)})" if values else item.name for item in ranking]
    if len(ranking) == 1:
        return f"The largest {view.measure} belongs to {names[0]}."
    first = "" if len(ranking) == len(view.items) else "first "
    return f"From the largest {view.measure} down, the {first}{view.nouns} are {listed(names)}."


def _place(view: Categories, draws: Draws, level: int) -> tuple[int, list[Item]]:
    """A place in the part of the ranking that can be told apart, and the ranking down to it."""
    ranking = view.ranked()
    most = min(len(ranking), 3 + level // 2)
    k = draws.integers(max(1, min(1 + level // 4, most - 2)), most + 1)
    return k, ranking[:k]


@question(
    Categories,
    Label,
    skill="ranking",
    phrasings=(
        "Which {noun} has the {ordinal}largest {measure}{where}?",
        "Which {noun} has the {ordinal}highest {measure}{where}?",
        "Name the {noun} with the {ordinal}largest {measure}{where}.",
        "Rank the {nouns} by {measure} from largest to smallest{where}: which one comes {place}?",
        "What is the {ordinal}{most} {noun}{where}?",
        "Which of the {nouns} ranks {place} by {measure}, counted from the largest{where}?",
    ),
    held_out=(
        "If the {nouns} stood in order of {measure}, the largest first{where}, which would stand {place}?",
        "Identify the {noun} with the {ordinal}greatest {measure}{where}.",
    ),
    top_level=TOP_LEVEL,
)
def kth_largest(view: Categories, draws: Draws, level: int) -> Ask:
    """The k-th largest item, where its neighbours in the ranking can be told apart by eye."""
    k, ranking = _place(view, draws, level)
    name = ranking[-1].name
    steps = [_down_to(view, ranking)] + ([f"The {place(k)} one is {name}."] if k > 1 else [])
    return Ask(Label(name), steps, possible=view.known, slots={"ordinal": ordinal(k), "place": place(k)})


@question(
    Categories,
    Number,
    skill="ranking",
    needs=("values",),
    phrasings=(
        "What is the {ordinal}largest {measure}{where}?{rounding}",
        "What is the {ordinal}highest {measure} in the figure{where}?{rounding}",
        "What {measure} does the {noun} with the {ordinal}largest {measure} have{where}?{rounding}",
        "Give the {measure} of the {ordinal}{most} {noun}{where}.{rounding}",
        "Which value is the {ordinal}largest {measure}{where}?{rounding}",
        "Sort the {nouns} by {measure}, the largest first{where}: what {measure} has the {place} one?{rounding}",
    ),
    held_out=(
        "State the {measure} that ranks {place} when counted from the largest{where}.{rounding}",
        "How large is the {ordinal}largest {measure} that the figure shows{where}?{rounding}",
    ),
    top_level=TOP_LEVEL,
)
def kth_value(view: Categories, draws: Draws, level: int) -> Ask:
    """The value of the k-th largest item."""
    k, ranking = _place(view, draws, level)
    item = ranking[-1]
    answer = view.quantity(item.value, item.err)
    steps = [_down_to(view, ranking, values=True)]
    if k > 1:
        steps.append(f"The {place(k)} one, {item.name}, has {view.say(item.value)}.")
    return Ask(
        answer,
        steps,
        MANY,
        view.plain(item.value),
        {"ordinal": ordinal(k), "place": place(k), "rounding": view.rounding()},
    )
