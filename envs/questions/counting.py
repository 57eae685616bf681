"""How many?"""

from __future__ import annotations

from envs.address import Draws
from envs.numerals import listed
from envs.registry import Ask, question
from envs.views import Categories, NotAskable
from rewards import Number


@question(
    Categories,
    Number,
    skill="recognition",
    phrasings=(
        "How many {nouns} does this figure compare{where}?",
        "For how many {nouns} does the figure show a {measure}{where}?",
        "How many different {nouns} does the figure put side by side{where}?",
        "What is the number of {nouns} whose {measure} is shown{where}?",
        "Count the {nouns} that the figure compares{where}.",
        "How many {nouns} are part of the figure, each with its {measure}{where}?",
    ),
    held_out=(
        "The figure sets the {measure} of several {nouns} side by side{where}. How many {nouns} are there?",
        "Give the total number of distinct {nouns} whose {measure} is depicted{where}.",
    ),
)
def count(view: Categories, draws: Draws, level: int) -> Ask:
    """The number of items."""
    if view.sizes < 2:
        raise NotAskable("such a figure always shows as many")
    total = len(view.items)
    return Ask(
        Number(total),
        [f"The {view.nouns} are {listed(view.read_order())}.", f"That makes {total}."],
        possible=view.sizes,
    )
