"""No question stands under two names: asked of the same views with the same words, two of them answer differently."""

from __future__ import annotations

from collections import Counter, defaultdict
from itertools import combinations

import pytest

from envs import Address, cells
from envs.address import Draws
from envs.problem import draw
from envs.registry import QUESTIONS
from envs.views import NotAskable

ASKED = cells()  # loads every question
FIGURES, TIMES, ENOUGH, SAME = 8, 8, 8, 0.9
INSTRUCTIONS = {"yes", "list", "rounding", "other", "stop"}  # slots that say how to answer, or repeat another
APART = {("value_if_shown", "value_of")}  # half of the names that the first asks about are not shown


def meant(slots: dict[str, str] | None) -> frozenset[str]:
    """What a question names, whatever the slots are called."""
    slots = slots or {}
    left_out = INSTRUCTIONS | ({"more"} if slots.keys() & {"end", "side"} else set())
    return frozenset(text.strip('" ').casefold() for key, text in slots.items() if text and key not in left_out)


def families(view: str) -> list[str]:
    """A few families that together can be asked all questions about a view."""
    offered = defaultdict(set)
    for cell in ASKED:
        if cell.view == view:
            offered[cell.family].add(cell.question)
    found, left = [], set().union(*offered.values())
    while left:
        found.append(max(sorted(offered), key=lambda name: len(offered[name] & left)))
        left -= offered[found[-1]]
    return found


@pytest.mark.parametrize("view", sorted({cell.view for cell in ASKED}))
def test_no_two_questions_are_one_under_two_names(view: str) -> None:
    common: Counter[tuple[str, str]] = Counter()
    equal: Counter[tuple[str, str]] = Counter()
    for family in families(view):
        mine = [cell.question for cell in ASKED if cell.family == family and cell.view == view]
        leads = sorted(mine, key=lambda name: -len(QUESTIONS[name].needs))  # a figure suits who needs no more of it
        for seed in range(FIGURES):
            lead = QUESTIONS[leads[seed % max(1, len(mine) // 3)]]
            drawn = draw(Address(family, lead.name, 6 + seed, seed))  # on small figures many answers are alike
            said: dict[str, dict[frozenset[str], str]] = defaultdict(dict)
            for name in (name for name in mine if QUESTIONS[name].needs <= lead.needs):
                for k in range(TIMES):
                    try:
                        ask = QUESTIONS[name].generator(drawn.view, Draws(view, name, seed, k), 6 + seed)
                    except NotAskable:
                        continue
                    said[name][meant(ask.slots)] = ask.answer.text()
            for pair in combinations(sorted(said), 2):
                one, other = (said[name] for name in pair)
                shared = one.keys() & other.keys()
                common[pair] += len(shared)
                equal[pair] += sum(one[words] == other[words] for words in shared)
    same = {pair for pair, n in common.items() if n >= ENOUGH and equal[pair] > SAME * n}
    assert same <= APART, same - APART
