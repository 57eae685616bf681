"""Is a higher level harder? Measured with a scripted reader whose eyes are equally weak at every level.

The reader is handed what is really drawn and misreads it at random: places by NOISE of the range of values, one written
digit in MISREAD, one mark in MISSED overlooked. Then it answers without a mistake: the question's own generator runs on
what it has read. What is left of its accuracy at a level is what that level's figures allow such eyes.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from envs.address import Address, Draws
from envs.numerals import show
from envs.problem import Draft, Unmakeable, draw
from envs.registry import Cell
from envs.views import Fact, Facts, NotAskable, View
from rewards import score

NOISE = 0.012  # of the range: standard deviation of a place, three pixels of a frame of 250
MISREAD = 0.02  # of written values: a digit is taken for another
MISSED = 0.012  # of marks: overlooked
STEP = 0.15  # accuracy may fall by at most this much from one level to the next
FALL = 0.20  # and from the lowest to the highest by at least this much, or to chance


@dataclass(frozen=True, slots=True)
class Slope:
    """Accuracy of the scripted reader on a cell, by level; `chance` is what guessing gives there."""

    cell: str
    accuracy: dict[int, float]
    chance: float

    @property
    def verdict(self) -> str:
        """'' where it gets harder as it should; else what is wrong. Levels are pooled by threes, to be less noisy."""
        levels = sorted(self.accuracy)
        pooled = [_mean([self.accuracy[level] for level in levels[i : i + 3]]) for i in range(0, len(levels), 3)]
        if any(a - b > 3 * STEP for a, b in pairwise(pooled)):
            return "falls too fast"
        if pooled[0] - pooled[-1] < FALL and pooled[-1] > self.chance + 0.1:
            return "flat"
        return ""


def slope(cell: Cell, levels: Iterable[int], count: int, px: tuple[int, int] = (448, 448), seed: int = 0) -> Slope:
    """The reader on `count` problems a level."""
    accuracy, possible = {}, []
    for level in levels:
        right = 0
        made = 0
        seeds = Draws("difficulty", seed, cell.name, level)
        for _ in range(count):
            address = Address(cell.family, cell.question, level, seeds.integers(0, 2**63 - 1), False, *px)
            try:
                draft = draw(address)
            except Unmakeable:
                continue
            made += 1
            possible.append(draft.ask.possible)
            right += answers(draft, Draws("weak eyes", address))
        accuracy[level] = right / max(1, made)
    return Slope(cell.name, accuracy, _mean([1 / k for k in possible]))


def table(slopes: Sequence[Slope]) -> str:
    """Accuracy in percent by level, a row a cell, as Markdown; cells that are not harder above are named."""
    levels = sorted(slopes[0].accuracy)
    lines = [f"| cell | {' | '.join(map(str, levels))} | chance | |", "|---" * (len(levels) + 3) + "|"]
    for each in slopes:
        shares = " | ".join(f"{100 * each.accuracy[level]:.0f}" for level in levels)
        lines.append(f"| {each.cell} | {shares} | {100 * each.chance:.0f} | {each.verdict} |")
    odd = sum(bool(each.verdict) for each in slopes)
    return "\n".join([*lines, "", f"{len(slopes) - odd} of {len(slopes)} cells get harder as they should."])


def answers(draft: Draft, draws: Draws) -> bool:
    """Whether the weak reader answers rightly."""
    view = draft.view
    try:
        seen = _overlooked(view.rebuilt(_misread(view, draws)), draws)
        ask = draft.question.generator(seen, Draws(*draft.question_key), draft.address.level)
    except (NotAskable, KeyError, IndexError, ValueError, ZeroDivisionError):
        return False
    return score("\\boxed{" + (ask.stated or ask.answer.text()) + "}", draft.ask.answer).correct


def _misread(view: View, draws: Draws) -> Facts:
    span, written = getattr(view, "span", 1.0), getattr(view, "written", False)
    decimals = getattr(view, "decimals", 0)
    found: dict[tuple[str, ...], Fact] = {}
    for key, fact in view.facts().items():
        value, length = fact
        if written:
            value = _digits(value, decimals, draws)
        else:
            scale = span if span != math.inf else max(fact.value, 1.0) * 4
            value += NOISE * scale * _normal(draws)
            length += NOISE * 250 * _normal(draws)
        found[key] = Fact(value, length)
    return found


def _digits(value: float, decimals: int, draws: Draws) -> float:
    """The number that is written, perhaps with one digit taken for another."""
    text = show(value, decimals)
    if draws.chance(MISREAD):
        places = [i for i, c in enumerate(text) if c.isdigit()]
        i = draws.choice(places)
        text = text[:i] + str((int(text[i]) + draws.integers(1, 10)) % 10) + text[i + 1 :]
        return float(text)
    return value


def _overlooked(view: View, draws: Draws) -> View:
    """The view without the items that were overlooked, where it is a list of items."""
    items: Sequence[Any] = getattr(view, "items", ())
    if not items or isinstance(items[0], tuple):
        return view
    left = tuple(item for item in items if not draws.chance(MISSED))
    return replace(view, items=left) if left else view  # type: ignore[call-arg]


def _normal(draws: Draws) -> float:
    """About normal, mean 0 and variance 1: the sum of twelve uniform numbers (Irwin-Hall)."""
    total = -6.0
    for _ in range(12):
        total += draws.random()
    return total


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0
