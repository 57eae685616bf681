"""A simulated policy for tests of curricula: item response, with cells that differ and problems of their own luck."""

import math
from dataclasses import dataclass

import numpy as np

from envs.address import Address
from envs.curriculum import Curriculum, Outcome


@dataclass(frozen=True)
class Cell:
    family: str
    question: str
    top_level: int | None = None


def grid(families: int, questions: int, tops: tuple[int | None, ...] = (None, 6, 0)) -> tuple[Cell, ...]:
    return tuple(Cell(f"f{i}", f"q{j}", tops[(i + j) % len(tops)]) for i in range(families) for j in range(questions))


class Learner:
    """Item response: logit p = ability + offsets - slope x level + the problem's own luck; slopes differ by family."""

    def __init__(self, cells: tuple[Cell, ...], ability: float, seed: int = 1) -> None:
        self.random, self.ability = np.random.default_rng(seed), ability
        families, questions = {c.family for c in cells}, {c.question for c in cells}
        self.slope = {f: self.random.uniform(0.1, 0.8) for f in sorted(families)}
        offset = {name: self.random.normal() for name in sorted(families) + sorted(questions)}
        self.offset = {
            (c.family, c.question): offset[c.family] + offset[c.question] + self.random.normal() for c in cells
        }

    def answer(self, a: Address, rollouts: int = 8) -> Outcome:
        logit = self.ability + self.offset[a.family, a.question] - self.slope[a.family] * a.level
        p = 1 / (1 + math.exp(-max(-30.0, min(30.0, logit + self.random.normal(0, 0.8)))))
        return Outcome(a, int(self.random.binomial(rollouts, p)), rollouts)


def run(curriculum: Curriculum, learner: Learner, batches: int, n: int, start: int = 0) -> list[list[Outcome]]:
    """As a stream does: batch b is planned from the state after batch b - 2."""
    plans = {batch: curriculum.plan(batch, n) for batch in (start, start + 1)}
    history = []
    for batch in range(start, start + batches):
        history.append([learner.answer(a) for a in plans.pop(batch)])
        curriculum.observe(batch, history[-1])
        plans[batch + 2] = curriculum.plan(batch + 2, n)
    return history


def useful(history: list[list[Outcome]]) -> float:
    groups = [o for batch in history for o in batch]
    return sum(0 < o.correct < o.total for o in groups) / len(groups)


def mean_level(history: list[list[Outcome]]) -> float:
    return float(np.mean([o.address.level for batch in history for o in batch]))
