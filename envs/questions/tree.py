"""Parts of parts: whose part, the largest part, shares of a parent and of the whole."""

from __future__ import annotations

from collections.abc import Iterable

from envs.address import Draws
from envs.numerals import listed, show
from envs.questions.asking import at_level
from envs.registry import Ask, question
from envs.views import Item, NotAskable
from envs.views_tree import Hierarchy
from rewards import Label, Number, Percent

MANY = 100  # values that a reading can give


def _sum(view: Hierarchy, items: tuple[Item, ...]) -> str:
    """ "3 + 4 = 7"."""
    terms = " + ".join(view.plain(item.value) for item in items)
    return f"{terms} = {view.plain(sum(item.value for item in items))}"


def _parent(view: Hierarchy, draws: Draws, level: int, fit: Iterable[int] | None = None) -> int:
    """One of the parents, or of those that fit: the higher the level, the more parts it has."""
    among = draws.shuffled(range(len(view.tops)) if fit is None else tuple(fit))
    return at_level(draws, level, among, lambda i: -len(view.items[i]))


def _written(view: Hierarchy) -> None:
    """Numbers are asked for only where they are written."""
    if not view.written:
        raise NotAskable("the values are not written")


@question(
    Hierarchy,
    Label,
    skill="reading",
    phrasings=(
        "To which {parent_noun} does {part} belong{where}?",
        "Which {parent_noun} is {part} a part of{where}?",
        "Under which {parent_noun} does the figure show {part}{where}?",
        "Find {part} in the figure{where}. To which {parent_noun} does it belong?",
        "{part} is shown as part of which {parent_noun}{where}?",
    ),
    held_out=(
        "Name the {parent_noun} that {part} is assigned to{where}.",
        "Within which {parent_noun} does one find {part}{where}?",
    ),
)
def parent_of(view: Hierarchy, draws: Draws, level: int) -> Ask:
    """The parent of a part."""
    i = draws.integers(0, len(view.tops))
    part = draws.choice(view.items[i])
    steps = [f"The {view.nouns} of {view.parents[i]} are {listed([item.name for item in view.items[i]])}."]
    steps.append(f"{part.name} is one of them.")
    return Ask(Label(view.parents[i]), steps, len(view.tops), slots={"part": part.name})


@question(
    Hierarchy,
    Number,
    skill="counting",
    phrasings=(
        "How many {nouns} does {parent} have{where}?",
        "Into how many {nouns} is {parent} divided{where}?",
        "Count the {nouns} that belong to {parent}{where}.",
        "What is the number of {nouns} shown for {parent}{where}?",
        "How many {nouns} does the figure show within {parent}{where}?",
    ),
    held_out=(
        "Of how many {nouns} does {parent} consist{where}?",
        "Give the number of {nouns} assigned to {parent}{where}.",
    ),
)
def part_count(view: Hierarchy, draws: Draws, level: int) -> Ask:
    """The number of parts of a parent."""
    i = draws.integers(0, len(view.tops))
    total = len(view.items[i])
    steps = [f"The {view.nouns} of {view.parents[i]} are {listed([item.name for item in view.items[i]])}."]
    return Ask(Number(total), [*steps, f"That makes {total}."], view.sizes, slots={"parent": view.parents[i]})


@question(
    Hierarchy,
    Label,
    skill="ranking",
    phrasings=(
        "Which {noun} of {parent} has the largest {measure}{where}?",
        "What is the largest {noun} within {parent} by {measure}{where}?",
        "Of all {nouns} that belong to {parent}{where}, which one has the highest {measure}?",
        "Name the {noun} of {parent} with the largest {measure}{where}.",
        "Within {parent}, which {noun} has the largest {measure}{where}?",
    ),
    held_out=(
        "Looking at {parent} alone, which {noun} has the greatest {measure}{where}?",
        "Identify the {noun} of {parent} whose {measure} is the largest{where}.",
    ),
)
def largest_part(view: Hierarchy, draws: Draws, level: int) -> Ask:
    """The largest part of a parent, where it can be told from the next."""
    options = [i for i, row in enumerate(view.items) if view.largest(row)]
    if not options:
        raise NotAskable("no parent has a part that is clearly the largest")
    i = _parent(view, draws, level, options)
    order = [item.name for item in sorted(view.items[i], key=lambda item: -item.value)]
    steps = [f"From the largest down, the {view.nouns} of {view.parents[i]} are {listed(order)}."]
    return Ask(Label(order[0]), steps, len(order), slots={"parent": view.parents[i]})


@question(
    Hierarchy,
    Label,
    skill="ranking",
    phrasings=(
        "Which {parent_noun} has the largest {measure} in total{where}?",
        "Which {parent_noun} has the largest {measure} when all its {nouns} are taken together{where}?",
        "Of the {parent_nouns}{where}, which one has the highest total {measure}?",
        "Name the {parent_noun} with the largest total {measure}{where}.",
        "Which is the largest of the {parent_nouns} by total {measure}{where}?",
    ),
    held_out=(
        "Adding up all {nouns} of each, which {parent_noun} has the greatest {measure}{where}?",
        "Identify the {parent_noun} that accounts for most of the {measure}{where}.",
    ),
)
def largest_parent(view: Hierarchy, draws: Draws, level: int) -> Ask:
    """The largest parent, where it can be told from the next."""
    best = view.largest(view.tops)
    if best is None:
        raise NotAskable("the two largest parents cannot be told apart")
    if view.written:
        steps = [f"{top.name}: {_sum(view, row)}." for top, row in zip(view.tops, view.items, strict=True)]
    else:
        order = [top.name for top in sorted(view.tops, key=lambda top: -top.value)]
        steps = [f"From the largest down, the {view.parent_nouns} are {listed(order)}."]
    return Ask(Label(best.name), [*steps, f"The largest is {best.name}."], len(view.tops))


@question(
    Hierarchy,
    Number,
    skill="arithmetic",
    needs=("values",),
    phrasings=(
        "What is the total {measure} of all {nouns} of {parent}{where}?{rounding}",
        "What {measure} does {parent} have in total{where}?{rounding}",
        "Add up the {measure} of the {nouns} that belong to {parent}{where}.{rounding}",
        "Taken together, what is the {measure} of the {nouns} of {parent}{where}?{rounding}",
        "What is the sum of the {measure} over all {nouns} within {parent}{where}?{rounding}",
    ),
    held_out=(
        "How large is the {measure} of {parent} as a whole{where}?{rounding}",
        "Sum the {measure} of every one of the {nouns} of {parent}{where}.{rounding}",
    ),
)
def parent_total(view: Hierarchy, draws: Draws, level: int) -> Ask:
    """What the parts of a parent add up to."""
    _written(view)
    i = _parent(view, draws, level)
    row, parent = view.items[i], view.parents[i]
    total = sum(item.value for item in row)
    steps = [f"The {view.nouns} of {parent} are {listed([item.name for item in row])}.", f"{_sum(view, row)}."]
    answer = view.quantity(total, sum(item.err for item in row))
    return Ask(answer, steps, MANY, view.plain(total), {"parent": parent, "rounding": view.rounding()})


ROUNDED = " Give it in percent, to a whole number."


def _share(view: Hierarchy, part: Item, whole: float, of: str, parts: list[str]) -> Ask:
    """A part as percent of a whole; both are written exactly, so only the rounding is left open."""
    share = 100 * part.value / whole
    steps = [
        *parts,
        f"The share is {view.plain(part.value)} / {view.plain(whole)} = {show(share, 1)} %, about {show(share, 0)} %.",
    ]
    slots = {"part": part.name, "of": of, "rounding": ROUNDED}
    return Ask(Percent(round(share, 6), abs_tol=0.5), steps, MANY, f"{show(share, 0)}%", slots)


@question(
    Hierarchy,
    Percent,
    skill="arithmetic",
    needs=("values",),
    phrasings=(
        "What share of the {measure} of {of} belongs to {part}{where}?{rounding}",
        "What percentage of {of}'s total {measure} comes from {part}{where}?{rounding}",
        "Of the total {measure} of {of}, what is the share of {part}{where}?{rounding}",
        "How much of the {measure} of {of} falls to {part}{where}?{rounding}",
        "Within {of}, which share of the {measure} does {part} have{where}?{rounding}",
    ),
    held_out=(
        "Looking at {of} alone, what part of its {measure} is that of {part}{where}?{rounding}",
        "Express the {measure} of {part} as a share of all of {of}{where}.{rounding}",
    ),
)
def share_of_parent(view: Hierarchy, draws: Draws, level: int) -> Ask:
    """The share that a part has of its parent."""
    _written(view)
    i = _parent(view, draws, level)
    row, parent = view.items[i], view.parents[i]
    part = draws.choice(row)
    return _share(view, part, sum(item.value for item in row), parent, [f"{parent} has {_sum(view, row)} in total."])


@question(
    Hierarchy,
    Percent,
    skill="arithmetic",
    needs=("values",),
    phrasings=(
        "What share of the total {measure} in the figure belongs to {part}{where}?{rounding}",
        "What percentage of the whole {measure} is that of {part}{where}?{rounding}",
        "Over all {parent_nouns}, what share of the {measure} does {part} have{where}?{rounding}",
        "How much of the {measure} of all {parent_nouns} together falls to {part}{where}?{rounding}",
        "Of the {measure} that the whole figure shows, what is the share of {part}{where}?{rounding}",
    ),
    held_out=(
        "Express the {measure} of {part} as a share of the whole figure{where}.{rounding}",
        "If the {measure} of all {parent_nouns} is taken as 100 %, how much of it is that of {part}{where}?{rounding}",
    ),
)
def share_of_whole(view: Hierarchy, draws: Draws, level: int) -> Ask:
    """The share that a parent has of the whole: parents, as the share of one part of many is always small."""
    _written(view)
    i = draws.integers(0, len(view.tops))
    lines = [f"{top.name}: {_sum(view, row)}." for top, row in zip(view.tops, view.items, strict=True)]
    whole = " + ".join(view.plain(top.value) for top in view.tops)
    total = sum(top.value for top in view.tops)
    lines.append(f"Together that is {whole} = {view.plain(total)}.")
    return _share(view, view.tops[i], total, "", lines)


@question(
    Hierarchy,
    Number,
    skill="arithmetic",
    needs=("values",),
    phrasings=(
        "By how much is the {measure} of {first} larger than that of {second}{where}?{rounding}",
        "What is the difference in {measure} between {first} and {second}{where}?{rounding}",
        "How much more {measure} does {first} have than {second}{where}?{rounding}",
        "Subtract the {measure} of {second} from that of {first}{where}. What is left?{rounding}",
        "What is the gap between {first} and {second} in {measure}{where}?{rounding}",
    ),
    held_out=(
        "How far does the {measure} of {first} exceed that of {second}{where}?{rounding}",
        "The {measure} of {second} is smaller than that of {first} by which amount{where}?{rounding}",
    ),
)
def part_difference(view: Hierarchy, draws: Draws, level: int) -> Ask:
    """How much larger one part is than another of any parent."""
    _written(view)
    parts = [item for row in view.items for item in row]
    first, second = sorted(draws.sample(parts, 2), key=lambda item: -item.value)
    gap = first.value - second.value
    steps = [
        f"{first.name} has {view.say(first.value)}, {second.name} has {view.say(second.value)}.",
        f"{view.plain(first.value)} - {view.plain(second.value)} = {view.plain(gap)}.",
    ]
    slots = {"first": first.name, "second": second.name, "rounding": view.rounding()}
    return Ask(view.quantity(gap, first.err + second.err), steps, MANY, view.plain(gap), slots)
