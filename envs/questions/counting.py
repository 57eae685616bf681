"""How many?"""

from __future__ import annotations

from envs.address import Draws
from envs.registry import Ask, question
from envs.views import Categories, listed
from rewards import Number


@question(
    Categories,
    Number,
    skill="recognition",
    phrasings=(
        "How many {nouns} are shown{where}?",
        "Count the {nouns} in this figure{where}.",
        "How many different {nouns} does the figure show{where}?",
        "What is the number of {nouns} displayed{where}?",
        "How many {nouns} can you find in the figure{where}?",
        "Tell me how many {nouns} appear here{where}.",
    ),
    held_out=(
        "The figure shows a certain number of {nouns}{where}. How many is that?",
        "Give the total number of distinct {nouns} depicted{where}.",
    ),
)
def count(view: Categories, draws: Draws, level: int) -> Ask:
    """The number of items."""
    total = len(view.items)
    return Ask(
        Number(total), [f"The {view.nouns} are {listed(view.names)}.", f"That makes {total}."], possible=view.sizes
    )
