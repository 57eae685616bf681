"""The design's curriculum: ask what the policy solves about half of the time.

The belief is that of envs/belief.py: s is the chance that a rollout solves a problem; of the others guessing gets a
share right: one in as many as are possible, or what this policy gets by saying what it says to other problems of the
cell, whichever is more (small numbers are more likely than large ones, and a policy soon knows which).

A cell is asked at the level where s is believed to be a half; where that lies between two levels, at either, the nearer
the more often. Cells are drawn by a power of the learnability s(1 - s) of the *predictive* s there (by the plain
p(1 - p) in Rutherford et al. 2024, "No Regrets"), so that those that are neither mastered nor hopeless come alike, and
what is uncertain counts as learnable; and by the share of answers that guessing leaves to be solved.
With `candidates`, the most learnable of several problems of the cell and level is taken (envs/wish.py).

A share of the slots, the floor, goes to the cells that were asked longest ago, at any level up to their best one, so
that every cell is asked again within about cells / (floor x prompts) batches.

exp differs in the last bit between processors: across machines rank 0's plan is broadcast (`Stream`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from envs.address import MAX_LEVEL, Address, Draws
from envs.belief import Array, Belief, expit, learnability
from envs.curriculum import Observing, Outcome, Planned, State, World
from envs.wish import Wish
from rewards import Answer, score

SHARPNESS = 6  # power of learnability that cells come by: where .3 is solved a third as often as at .5, at .1 never
GUESS_STEP = 0.05  # weight of a new group in how well a policy guesses
CHANCE_STEP = 0.1  # least weight of a new group in what is right by chance
SAID, SAID_EACH, LONGEST = 16, 4, 200  # boxes of a cell that are kept, those of a group, and their characters
HOLD = 0.75  # levels by which a cell's best level must have moved before the level it is said to be at follows


class Learnability(Observing):
    """Draws by learnability s(1 - s) under a belief that all cells share.

    level: where a start without evidence believes s = 1/2.
    floor: share of slots, at most 0.05, for the cells that were asked longest ago, so that nothing is forgotten.
    candidates: problems drafted for a slot, of which the most learnable is painted; 1 takes what comes, undrafted.
    traits: how many numbers a draft comes with; those of envs/traits.py if None.
    """

    mode = "learnability"

    def __init__(
        self,
        world: World,
        level: int = 0,
        floor: float = 0.05,
        candidates: int = 1,
        traits: int | None = None,
    ) -> None:
        super().__init__()
        if not 0 <= floor <= 0.05:
            raise ValueError(f"floor {floor} is not a share from 0 to 0.05")
        if candidates < 1:
            raise ValueError(f"candidates {candidates}: at least 1 is needed")
        self.floor, self.candidates = floor, candidates
        self._world = world
        if traits is None:
            from envs.traits import TRAITS

            traits = len(TRAITS) if candidates > 1 else 0
        self._belief = Belief([(c.family, c.question) for c in world.cells], level, traits)
        self._row = {cell: i for i, cell in enumerate(self._belief.cells)}
        self._tops = np.array([MAX_LEVEL if c.top_level is None else c.top_level for c in world.cells])
        self._batches = 0  # observed
        # By cell: the batch after which it was last observed, the level it is at, how often that rose and fell, and the
        # right and all rollouts at that level since it came to it.
        self._asked, self._up, self._down, self._right, self._tried = np.zeros((5, len(self._row)), dtype=np.int64)
        self._at = np.rint(self._best()).astype(np.int64)
        # By cell: the share that even guessing gets right of its last problem, 0 if nobody said; and how much of such
        # shares the policy gets, whose guesses may not have the form of an answer.
        self._even, self._guesses = np.zeros(len(self._row)), np.ones(len(self._row))
        # By cell: the last boxes, and how often what was said to other problems would have been right.
        self._said: dict[str, list[str]] = {}
        self._chance = np.zeros(len(self._row))

    def observe(self, batch: int, outcomes: Sequence[Outcome]) -> None:
        super().observe(batch, outcomes)
        best = self._best()
        moved = np.where(np.abs(best - self._at) > HOLD, np.rint(best).astype(np.int64) - self._at, 0)
        self._at += moved
        self._up += moved > 0
        self._down += moved < 0
        self._right[moved != 0] = self._tried[moved != 0] = 0

    def _decay(self) -> None:
        self._belief.decay()
        self._batches += 1

    def _learn(self, outcome: Outcome, a: Address) -> float | None:
        row = self._row.get((a.family, a.question))
        if row is None:
            raise ValueError(f"an outcome of {a.family}/{a.question}, which this curriculum never asks: check `cells`")
        self._asked[row] = self._batches
        if a.level == self._at[row]:
            self._right[row] += outcome.correct
            self._tried[row] += outcome.total
        cell, correct, total, even = (a.family, a.question), outcome.correct, outcome.total, outcome.guess
        guesses = float(self._guesses[row])
        self._even[row] = even
        if even:
            self._guesses[row] = min(guesses + GUESS_STEP * (correct / total / even - guesses), 1.0)
        chance = float(self._chance[row])
        if outcome.answer is not None:
            self._chance[row] = self._by_chance(f"{a.family}/{a.question}", outcome.answer, outcome.given, chance)
        return self._belief.learn(cell, a.level, correct, total, outcome.traits, max(even * guesses, chance))

    def _by_chance(self, cell: str, answer: Answer, given: Sequence[str | None], chance: float) -> float:
        """How often what the policy said to other problems of a cell is right of the next ones; this group's boxes are
        kept for those to come."""
        said = self._said.get(cell, [])
        if said:
            right = sum(score(rf"\boxed{{{each}}}", answer).correct for each in said) / len(said)
            groups = self._counts.get(cell, (0, 0, 0))[0]
            chance += max(CHANCE_STEP, 1 / (groups + 2)) * (right - chance)
        boxes = [box if box is not None and len(box) <= LONGEST else "" for box in given[:SAID_EACH]]
        self._said[cell] = [*said, *boxes][-SAID:]
        return chance

    def _best(self) -> Array:
        """By cell: the level, not rounded, at which the usual problem is believed to be solved half of the time."""
        logit, slope = self._belief.levels()
        found: Array = np.clip(logit / slope, 0, self._tops)
        return found

    def _guess(self) -> Array:
        """By cell: the share that the policy is believed to get right by guessing."""
        found: Array = np.maximum(self._even * self._guesses, self._chance)
        return found

    def _passed(self, level: Any) -> Array:
        """By cell: the believed (predictive) chance that one rollout at its level is right, solved or guessed."""
        (logit, slope), guess = self._belief.levels(), self._guess()
        found: Array = guess + (1 - guess) * expit((logit - slope * level) * self._belief.shrink())
        return found

    def pass_rate(self, family: str, question: str, level: int) -> float:
        """The believed (predictive) chance that one rollout at this cell and level is correct."""
        return float(self._passed(level)[self._row[family, question]])

    def plan(self, batch: int, n: int) -> list[Planned]:
        world, belief = self._world, self._belief
        draws = [world.draws(batch, slot) for slot in range(n)]
        pick, between, low = np.array([[d.random() for _ in range(3)] for d in draws]).reshape(n, 3).T

        logit, slope = belief.levels()
        best = self._best()
        worth = learnability((logit - slope * best) * belief.shrink()) ** SHARPNESS
        weight = np.cumsum(worth * (1 - self._guess()))
        cell = np.minimum(np.searchsorted(weight, pick * weight[-1], side="right"), len(weight) - 1)
        level = np.minimum(np.floor(best[cell] + between), self._tops[cell])
        # Slots of the floor are evenly spaced. Two batches are planned before the first is observed: they take turns.
        floored = np.diff(np.floor(np.arange(n + 1) * self.floor + Draws("floor", world.seed, batch).random())) > 0
        turn = (2 * (np.cumsum(floored) - 1) + batch % 2) % len(weight)
        cell = np.where(floored, np.argsort(self._asked, kind="stable")[turn], cell)
        level = np.where(floored, np.floor(low * (np.rint(best[cell]) + 1)), level).astype(np.int64)

        cells = world.cells
        plan = [world.address(cells[c], int(at), d) for c, at, d in zip(cell.tolist(), level, draws, strict=True)]
        if self.candidates == 1:
            return [*plan]
        rules = np.round(belief.rules(cell, level), 3).tolist()
        return [
            Wish(address, 1 if alone else self.candidates, tuple(rule))
            for address, alone, rule in zip(plan, floored, rules, strict=True)
        ]

    def learned_from(self, outcomes: Iterable[Outcome]) -> int:
        """Starts from what an evaluation found; how many outcomes were of use. Those of other cells are passed over.

        An outcome is a problem answered once, or `correct` of `total` different problems; of test addresses only cell
        and level are read. To be called before the first batch.
        """
        found: dict[tuple[str, str, int], tuple[int, int, float]] = {}  # right, all, right if guessed
        used = 0
        for outcome in outcomes:
            a = outcome.address if isinstance(outcome.address, Address) else Address.parse(outcome.address)
            cell = a.family, a.question, a.level
            if cell[:2] in self._row and outcome.total:
                used += 1
                correct, total, even = found.get(cell, (0, 0, 0.0))
                even += outcome.guess * outcome.total
                found[cell] = correct + outcome.correct, total + outcome.total, even
        if found:
            # Sorted and rounded, so that sums do not depend on the order.
            found = {cell: (correct, total, round(even, 6)) for cell, (correct, total, even) in sorted(found.items())}
            self._belief.fit(found)
            self._at = np.rint(self._best()).astype(np.int64)
            self._guessed_in(found)
        return used

    def _guessed_in(self, found: dict[tuple[str, str, int], tuple[int, int, float]]) -> None:
        """How well the policy guesses: of what was not solved, what was right beside what even guessing would have got
        right, and half a right answer more on both sides, for who was hardly asked is taken to guess evenly."""
        rows, levels = [self._row[cell[:2]] for cell in found], [cell[2] for cell in found]
        correct, total, even = np.array(list(found.values())).T
        logit, slope = (term[rows] for term in self._belief.levels())
        s = expit((logit - slope * levels) * self._belief.shrink()[rows])
        p = np.maximum(even / total + (1 - even / total) * s, 1e-9)
        unsolved = np.stack([total, even, correct * (1 - s / p), even * (1 - s)])
        asked, guessed, right, expected = (np.bincount(rows, each, len(self._row)) for each in unsolved)
        self._even = guessed / np.maximum(asked, 1)
        self._guesses = np.minimum((0.5 + right) / (0.5 + expected), 1.0)

    def metrics(self) -> dict[str, float]:
        """Those of all modes; and how often levels of cells rose and fell since the start, their mean, the spread of
        problems of one cell and level that is believed, in logits."""
        found = super().metrics()
        if found:
            found |= {
                "promotions": float(self._up.sum()),
                "demotions": float(self._down.sum()),
                "believed_level": float(self._at.mean()),
                "believed_spread": self._belief.luck**0.5,
            }
        return found

    def table(self) -> list[dict[str, Any]]:
        """A row a cell, in the order of the cells: what all modes count, the level it is at and its top level, how
        often that level rose and fell, the pass rate there since then (None before the first) and the one believed,
        what of it is guessed, and batches since it was last observed. Two milliseconds for 1,500 cells."""
        rows = {row["cell"]: row for row in super().table()}
        believed, guessed, found = self._passed(self._at).tolist(), self._guess().tolist(), []
        for i, (c, (family, question)) in enumerate(zip(self._world.cells, self._row)):
            cell, tried = f"{family}/{question}", int(self._tried[i])
            found.append(
                rows.get(cell, {"cell": cell, "draws": 0, "pass_rate": None})
                | {
                    "level": int(self._at[i]),
                    "top_level": c.top_level,
                    "promotions": int(self._up[i]),
                    "demotions": int(self._down[i]),
                    "level_pass_rate": int(self._right[i]) / tried if tried else None,
                    "believed_pass_rate": believed[i],
                    "guessed": guessed[i],
                    "batches_ago": self._batches - int(self._asked[i]),
                }
            )
        return found

    def state_dict(self) -> State:
        arrays = {name: getattr(self, f"_{name}").tolist() for name in (*_ARRAYS, *_SHARES)}
        said = {cell: list(self._said[cell]) for cell in sorted(self._said)}
        state = {**super().state_dict(), "beliefs": self._belief.state_dict(), "batches": self._batches, "said": said}
        return {**state, **arrays}

    def load_state_dict(self, state: State) -> None:
        """A state from before guessing was counted goes on as if nobody guessed, until the next outcomes of a cell."""
        self._belief.load_state_dict(state.get("beliefs", {}))
        super().load_state_dict(state)
        self._batches = state["batches"]
        self._said = {cell: list(boxes) for cell, boxes in state.get("said", {}).items()}
        for name in _ARRAYS:
            setattr(self, f"_{name}", np.array(state[name], dtype=np.int64))
        for name, otherwise in _SHARES.items():
            setattr(self, f"_{name}", np.array(state.get(name, [otherwise] * len(self._row)), dtype=np.float64))


_ARRAYS = ("asked", "at", "up", "down", "right", "tried")
_SHARES = {"even": 0.0, "guesses": 1.0, "chance": 0.0}  # and what they are in states that have none
