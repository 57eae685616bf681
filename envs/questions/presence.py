"""Is it there?"""

from __future__ import annotations

from envs.address import Draws
from envs.numerals import listed
from envs.questions.asking import missing
from envs.registry import Ask, question
from envs.views import Categories, NotAskable
from rewards import Boolean


@question(
    Categories,
    Boolean,
    skill="recognition",
    needs=("words",),
    phrasings=(
        'Is "{name}" one of the {nouns} that the figure compares{where}? Answer yes or no.',
        'Does the figure show a {measure} for the {noun} "{name}"{where}? Answer yes or no.',
        'Is "{name}" among the {nouns} shown in the figure{where}? Answer yes or no.',
        'Can you find the {noun} "{name}" among those compared in the figure{where}? Answer yes or no.',
        'Does "{name}" appear as one of the {nouns} whose {measure} is shown{where}? Answer yes or no.',
    ),
    held_out=(
        'Yes or no: "{name}" is one of the {nouns} that the figure is about{where}.',
        'Would you say that "{name}" is among the {nouns} whose {measure} is depicted{where}? Answer yes or no.',
    ),
)
def contains(view: Categories, draws: Draws, level: int) -> Ask:
    """Whether a name is shown; present as often as not, and absent ones are names that might have been."""
    if not view.absent:
        raise NotAskable("no plausible name is absent")
    present = draws.chance(0.5)
    name = draws.choice(view.names) if present else missing(draws, level, view.absent, view.names)
    steps = [
        f"The {view.nouns} shown are {listed(view.read_order())}.",
        f'"{name}" is {"one" if present else "not one"} of them.',
    ]
    return Ask(Boolean(present), steps, possible=2, stated="yes" if present else "no", slots={"name": name})
