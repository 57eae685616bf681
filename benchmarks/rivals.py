"""Curricula as published, for benchmarks/curriculum.py: each plans addresses and observes outcomes as ours does.

What a paper leaves to its user is filled in kindly: every rule draws cells alike where it has no word on them, levels
go from 0 to LEVELS, and nobody is charged for what has to be known before the start.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import defaultdict, deque
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from benchmarks.learners import ROLLOUTS, Cell, Learner
from envs.address import Address, Draws
from envs.curriculum import Curriculum, Fixed, Outcome, Uniform, World

LEVELS = 12  # the highest level that rules without a stop of their own draw at


class Rule(ABC):
    """What all rules share: a benchmark neither resumes nor logs them."""

    def __init__(self, world: World) -> None:
        self.world = world

    @abstractmethod
    def plan(self, batch: int, n: int) -> list[Address]: ...

    def observe(self, batch: int, outcomes: Sequence[Outcome]) -> None:
        return  # a rule without memory

    def state_dict(self) -> dict[str, Any]:
        return {}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        return

    def metrics(self) -> dict[str, float]:
        return {}

    def table(self) -> list[dict[str, Any]]:
        return []


class Levels(Rule):
    """Every cell alike, at a level that the rule chooses for it."""

    def plan(self, batch: int, n: int) -> list[Address]:
        found = []
        for slot in range(n):
            draws = self.world.draws(batch, slot)
            cell = draws.choice(self.world.cells)
            found.append(self.world.address(cell, self.level(cell, draws), draws))
        return found

    @abstractmethod
    def level(self, cell: Cell, draws: Draws) -> int: ...


class RLVE(Levels):
    """Each task has a highest level h and draws evenly from (h - 4, h]; when 8 groups' worth of rollouts at h were
    counted, h rises if nine in ten were right, and the count starts again; it never falls."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.h: dict[tuple[str, str], int] = defaultdict(int)
        self.seen: dict[tuple[str, str], tuple[int, int]] = defaultdict(lambda: (0, 0))
        self.tops = {(c.family, c.question): c.top_level for c in world.cells}

    def level(self, cell: Cell, draws: Draws) -> int:
        h = self.h[cell.family, cell.question]
        return draws.integers(max(0, h - 3), h + 1)

    def observe(self, batch: int, outcomes: Sequence[Outcome]) -> None:
        for o in outcomes:
            cell = o.address.family, o.address.question
            if o.address.level != self.h[cell]:
                continue
            correct, total = self.seen[cell]
            self.seen[cell] = correct + o.correct, total + o.total
            correct, total = self.seen[cell]
            if total >= 8 * ROLLOUTS:
                self.seen[cell] = 0, 0
                top = self.tops[cell]
                if correct >= 0.9 * total and (top is None or self.h[cell] < top):
                    self.h[cell] += 1


class ReasoningGym(Levels):
    """Each task has a level; the mean of its last 20 rollouts there moves it up above .70 and down below .10."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.at: dict[tuple[str, str], int] = defaultdict(int)
        self.last: dict[tuple[str, str], deque[int]] = defaultdict(lambda: deque(maxlen=20))
        self.tops = {(c.family, c.question): c.top_level for c in world.cells}

    def level(self, cell: Cell, draws: Draws) -> int:
        return self.at[cell.family, cell.question]

    def observe(self, batch: int, outcomes: Sequence[Outcome]) -> None:
        for o in outcomes:
            cell = o.address.family, o.address.question
            if o.address.level != self.at[cell]:
                continue
            rollouts = [1] * o.correct + [0] * (o.total - o.correct)
            draws = Draws("order", o.address)
            last = self.last[cell]
            last.extend(draws.shuffled(rollouts))
            if len(last) < 20:
                continue
            mean, top = sum(last) / 20, self.tops[cell]
            step = 1 if mean > 0.7 else -1 if mean < 0.1 else 0
            if step:
                last.clear()
                level = max(0, self.at[cell] + step)
                self.at[cell] = level if top is None else min(level, top)


class AdaRFT(Rule):
    """One target difficulty T, from 0 to 100, for a pool whose items have difficulties 100 (1 - pass rate) by 128
    rollouts of the policy at the start; a batch is the n items next to T; T moves by 50 tanh(2 (mean reward - 0.5))."""

    def __init__(self, world: World, start: Learner) -> None:
        super().__init__(world)
        rows = [
            (i, level)
            for i, c in enumerate(world.cells)
            for level in range(1 + (LEVELS if c.top_level is None else min(LEVELS, c.top_level)))
        ]
        self.cell, self.levels = np.array(rows).T
        random = np.random.default_rng([world.seed, 4])
        luck = random.normal(0, start.spread, (len(rows), 128))
        right = random.binomial(1, start.right(self.cell[:, None], start.logit(self.cell, self.levels)[:, None] + luck))
        self.difficulty = 100 * (1 - right.mean(axis=1))
        self.target = 0.0

    def plan(self, batch: int, n: int) -> list[Address]:
        away = np.abs(self.difficulty - self.target)
        order = np.lexsort((np.random.default_rng([self.world.seed, batch, 5]).random(len(away)), away))[:n]
        return [
            self.world.address(self.world.cells[self.cell[i]], int(self.levels[i]), self.world.draws(batch, slot))
            for slot, i in enumerate(order)
        ]

    def observe(self, batch: int, outcomes: Sequence[Outcome]) -> None:
        reward = sum(o.correct for o in outcomes) / sum(o.total for o in outcomes)
        self.target = min(100.0, max(0.0, self.target + 50 * np.tanh(2 * (reward - 0.5))))


class SFL(Rule):
    """Every 25 batches 4 of them are drawn evenly over cells and levels (and trained on, which the paper does not do);
    the quarter of their groups with the highest p (1 - p) fills a buffer that half of every other batch comes from
    (with a fresh problem of the same cell and level); the other half is drawn evenly."""

    EVERY, PROBES, KEPT, SHARE = 25, 4, 0.25, 0.5

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.probed: list[tuple[float, Address]] = []
        self.buffer: list[Address] = []
        self.cells = {(c.family, c.question): c for c in world.cells}

    def plan(self, batch: int, n: int) -> list[Address]:
        found = []
        for slot in range(n):
            draws = self.world.draws(batch, slot)
            if self.buffer and batch % self.EVERY >= self.PROBES and draws.chance(self.SHARE):
                a = draws.choice(self.buffer)
                found.append(self.world.address(self.cells[a.family, a.question], a.level, draws))
                continue
            cell = draws.choice(self.world.cells)
            top = LEVELS if cell.top_level is None else min(LEVELS, cell.top_level)
            found.append(self.world.address(cell, draws.integers(0, top + 1), draws))
        return found

    def observe(self, batch: int, outcomes: Sequence[Outcome]) -> None:
        if batch % self.EVERY >= self.PROBES:
            return
        if batch % self.EVERY == 0:
            self.probed = []
        self.probed += [(o.correct * (o.total - o.correct), o.address) for o in outcomes]
        if batch % self.EVERY == self.PROBES - 1:
            best = sorted(self.probed, key=lambda pair: -pair[0])[: int(self.KEPT * len(self.probed))]
            self.buffer = [a for _, a in best]


# World, and the learner at its start, to a curriculum.
PUBLISHED: dict[str, Callable[[World, Learner], Curriculum]] = {
    "uniform": lambda world, start: Uniform(world, LEVELS + 1),
    "easy to hard": lambda world, start: Fixed(world, range(LEVELS + 1), every=25),
    "RLVE": lambda world, start: RLVE(world),
    "reasoning-gym": lambda world, start: ReasoningGym(world),
    "AdaRFT": AdaRFT,
    "SFL": lambda world, start: SFL(world),
}
