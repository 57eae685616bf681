"""The design's curriculum: ask what the policy gets right about half of the time.

The belief: logit p(correct) = base + family + question + cell - slope x level, so that cells
learn from their relatives and a cell never asked is believed to be as hard as they are. Each term is a Gaussian of its
own, updated by one Laplace step an outcome (a Kalman filter with a diagonal covariance, whose predictive variance errs
on the wide side). Between batches the offsets fall back to zero and variances widen (an Ornstein-Uhlenbeck process),
because the policy moves. The rollouts of a group share one problem, so they count for fewer than they are (`_ICC`).

Draws go by learnability p(1 - p) (Rutherford et al. 2024, "No Regrets") of the *predictive* p: its p(1 - p) is the
expected p(1 - p) plus the variance of p, so that what is uncertain is asked about too. As a function of the level it is
a logistic density, whose inverse is known: no table of levels, no ceiling but the cell's own `top_level`.

Floats are summed in a fixed order, so that on one kind of machine the state is equal bit by bit whatever the order of
the outcomes. exp differs in the last bit between processors: across machines rank 0's plan is broadcast (`Stream`).
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from envs.address import MAX_LEVEL, Address
from envs.curriculum import Observing, State, World

Array = np.ndarray[Any, np.dtype[np.float64]]

# Priors and drift of the belief, in logits. They only have to be of the right size: tests/test_curriculum.py follows
# simulated learners with slopes from 0.1 to 1.
_BASE_VAR, _OFFSET_VAR = 2.0, 0.5
_SLOPE, _SLOPE_VAR, _SLOPE_RANGE = 0.3, 0.01, (0.05, 2.0)
_BASE_DRIFT, _SLOPE_DRIFT = 0.01, 1e-5  # variance a batch
_KEEP = 0.99  # what is left of an offset after a batch without news
_ICC = 0.2  # how alike the rollouts of one group are: 8 of them tell as much as 3.3 problems


class Learnability(Observing):
    """Draws by learnability p(1 - p) under a belief that all cells share.

    floor: share of slots, at most 0.05, for any cell at any level up to its best one, so that nothing is forgotten.
    candidates: (cell, level) pairs drawn for a slot, of which the most learnable is taken.
    level: where a start without evidence believes p = 1/2.
    """

    mode = "learnability"

    def __init__(self, world: World, level: int = 0, floor: float = 0.05, candidates: int = 4) -> None:
        super().__init__()
        if not 0 <= floor <= 0.05:
            raise ValueError(f"floor {floor} is not a share from 0 to 0.05")
        if candidates < 1:
            raise ValueError(f"candidates {candidates}: at least 1 is needed")
        self._world, self._floor, self._candidates = world, floor, candidates
        families = sorted({c.family for c in world.cells})
        questions = sorted({c.question for c in world.cells})
        # One vector holds every term of the belief: base, slope, families, questions, cells.
        self._names = ["base", "slope", *(f"{f}/*" for f in families), *(f"*/{q}" for q in questions)]
        first_cell = len(self._names)
        self._names += [f"{c.family}/{c.question}" for c in world.cells]
        where = {name: i for i, name in enumerate(self._names)}
        self._terms = {
            (c.family, c.question): (0, where[f"{c.family}/*"], where[f"*/{c.question}"], first_cell + i)
            for i, c in enumerate(world.cells)
        }
        if len(self._terms) < len(world.cells):
            raise ValueError("a cell is named twice: give each (family, question) once")
        self._index = np.array(list(self._terms.values()))  # cells x 4
        self._tops = np.array([MAX_LEVEL if c.top_level is None else c.top_level for c in world.cells])
        self._mean = np.zeros(len(self._names))
        self._mean[:2] = _SLOPE * level, _SLOPE
        self._var = np.full(len(self._names), _OFFSET_VAR)
        self._var[:2] = _BASE_VAR, _SLOPE_VAR

    def _decay(self) -> None:
        self._mean[2:] *= _KEEP
        self._var[2:] = _OFFSET_VAR + (self._var[2:] - _OFFSET_VAR) * _KEEP**2
        self._var[0] = min(self._var[0] + _BASE_DRIFT, _BASE_VAR)
        self._var[1] = min(self._var[1] + _SLOPE_DRIFT, _SLOPE_VAR)

    def _learn(self, family: str, question: str, level: int, correct: int, total: int) -> float | None:
        terms = self._terms.get((family, question))
        if terms is None:
            raise ValueError(f"an outcome of {family}/{question}, which this curriculum never asks: check `cells`")
        mean, var = self._mean, self._var
        logit = sum(float(mean[t]) for t in terms) - level * float(mean[1])
        spread = sum(float(var[t]) for t in terms) + level**2 * float(var[1])
        believed = _sigmoid(logit / math.sqrt(1 + math.pi / 8 * spread))
        n = total / (1 + (total - 1) * _ICC)
        # The mode of the posterior along the logit. Curvature is bounded by n/4 (Boehning 1992), so that a step never
        # goes past the mode, however surprising the outcome; a plain Newton step would jump by tens of logits.
        mode = logit
        for _ in range(8):
            slope = n * (correct / total - _sigmoid(mode)) - (mode - logit) / spread
            mode += slope / (n / 4 + 1 / spread)
        p = _sigmoid(mode)
        gain = (mode - logit) / spread
        shrink = n * p * (1 - p) / (1 + spread * n * p * (1 - p))
        for t, x in (*((t, 1.0) for t in terms), (1, -float(level))):
            mean[t] += x * var[t] * gain
            var[t] *= 1 - x * x * var[t] * shrink
        mean[1] = min(max(mean[1], _SLOPE_RANGE[0]), _SLOPE_RANGE[1])
        return believed

    def load_beliefs(self, path: str | Path) -> int:
        """Starts from an evaluation; how many of its rows were of use, ValueError if none.

        The file holds JSON rows, one a line (.jsonl), or a list, or an object with a list `rows`. A row has an
        `address` (a test address may serve: only its cell and level are read) or `family`, `question` and `level`; and
        `correct` (true, false or a count) of `total` (1 if absent) problems.
        """
        text = Path(path).read_text(encoding="utf-8")
        if str(path).endswith(".jsonl"):
            rows = [json.loads(line) for line in text.splitlines() if line.strip()]
        else:
            rows = json.loads(text)
            rows = rows["rows"] if isinstance(rows, dict) else rows
        found: dict[tuple[str, str, int], tuple[int, int]] = {}
        used = 0
        for row in rows:
            try:
                if "address" in row:
                    a = Address.parse(row["address"])
                    cell = (a.family, a.question, a.level)
                else:
                    cell = (str(row["family"]), str(row["question"]), int(row["level"]))
                counts = (int(row["correct"]), int(row.get("total", 1)))
            except (KeyError, TypeError, AttributeError) as error:
                raise ValueError(f"{path}: {str(row)[:80]} is no row of an evaluation: {error!r}") from None
            if not 0 <= counts[0] <= counts[1]:
                raise ValueError(f"{path}: {counts[0]} correct of {counts[1]} at {cell}")
            if cell[:2] in self._terms and counts[1]:
                used += 1
                correct, total = found.get(cell, (0, 0))
                found[cell] = (correct + counts[0], total + counts[1])
        if not found:
            raise ValueError(f"{path} holds no row of the cells in this run: check `cells`")
        self._fit(found)
        return used

    def _fit(self, found: Mapping[tuple[str, str, int], tuple[int, int]]) -> None:
        """The posterior of all terms given all counts at once; problems count in full, for all are different ones."""
        x = np.zeros((len(found), len(self._names)))
        for i, (family, question, level) in enumerate(sorted(found)):
            x[i, list(self._terms[family, question])] = 1.0
            x[i, 1] = -level
        correct, n = np.array([found[cell] for cell in sorted(found)], dtype=np.float64).T
        prior, precision = self._mean.copy(), np.diag(1 / self._var)
        bound = np.linalg.inv((x.T * (n / 4)) @ x + precision)
        for _ in range(200):
            gradient = x.T @ (correct - n * _expit(x @ self._mean)) - precision @ (self._mean - prior)
            self._mean += bound @ gradient
        p = _expit(x @ self._mean)
        self._var = np.diag(np.linalg.inv((x.T * (n * p * (1 - p))) @ x + precision)).copy()
        self._mean[1] = np.clip(self._mean[1], *_SLOPE_RANGE)

    def pass_rate(self, family: str, question: str, level: int) -> float:
        """The believed (predictive) chance that one rollout at this cell and level is correct."""
        logit, slope = self._logits()
        i = list(self._terms).index((family, question))
        return _sigmoid(float(logit[i] - slope[i] * level))

    def _logits(self) -> tuple[Array, Array]:
        """Each cell's predictive logit at level 0 and its fall a level (MacKay 1992: both shrink with the variance).

        The slope's own variance is left out: it would make far levels look worth a try.
        """
        shrink = 1 / np.sqrt(1 + np.pi / 8 * self._var[self._index].sum(axis=1))
        return self._mean[self._index].sum(axis=1) * shrink, self._mean[1] * shrink

    def plan(self, batch: int, n: int) -> list[Address]:
        world, k = self._world, self._candidates
        draws = [world.draws(batch, slot) for slot in range(n)]
        uniform = np.array([[d.random() for _ in range(2 * k + 3)] for d in draws]).reshape(n, 2 * k + 3)

        logit, slope = self._logits()
        best = np.clip(np.floor(logit / slope + 0.5), 0, self._tops)
        weight = np.cumsum(_learnability(logit - slope * best))
        last = len(weight) - 1
        cell = np.minimum(np.searchsorted(weight, uniform[:, :k] * weight[-1], side="right"), last)
        # Levels from the logistic density around the best one, cut at 0 and the top level, by its inverse.
        a, b, top = logit[cell], slope[cell], self._tops[cell]
        low, high = _expit(-0.5 * b - a), _expit((top + 0.5) * b - a)
        u = np.clip(low + uniform[:, k : 2 * k] * (high - low), 1e-12, 1 - 1e-12)
        level = np.clip(np.floor((np.log(u / (1 - u)) + a) / b + 0.5), 0, top)
        taken = np.argmax(_learnability(a - b * level), axis=1)

        plan = []
        for i, d in enumerate(draws):
            c, at = int(cell[i, taken[i]]), int(level[i, taken[i]])
            if uniform[i, -3] < self._floor:
                c = int(uniform[i, -2] * (last + 1))
                at = int(uniform[i, -1] * (best[c] + 1))
            plan.append(world.address(world.cells[c], at, d))
        return plan

    def state_dict(self) -> State:
        beliefs = {name: [float(m), float(v)] for name, m, v in zip(self._names, self._mean, self._var)}
        return {**super().state_dict(), "beliefs": beliefs}

    def load_state_dict(self, state: State) -> None:
        beliefs = state.get("beliefs", {})
        if differ := sorted(set(beliefs) ^ set(self._names)):
            raise ValueError(f"the state is of other cells (the first is {differ[0]!r}): resume with the same `cells`")
        super().load_state_dict(state)
        self._mean = np.array([beliefs[name][0] for name in self._names], dtype=np.float64)
        self._var = np.array([beliefs[name][1] for name in self._names], dtype=np.float64)


def _sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x)) if x > -700 else 0.0


def _expit(x: Array) -> Array:
    found: Array = 0.5 * (1 + np.tanh(0.5 * x))
    return found


def _learnability(logit: Array) -> Array:
    found: Array = 0.25 / np.cosh(0.5 * np.clip(logit, -60, 60)) ** 2  # p(1 - p), accurate in the tails
    return found
