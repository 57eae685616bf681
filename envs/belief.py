"""What a learnability curriculum believes of a policy: how likely it is to solve any problem, and so to be right.

    p = guess + (1 - guess) s, guess = 1 / answers possible: item response with three parameters (Birnbaum 1968)
    logit s = base + family + question + cell - slope x level + (weights + weights of the question) . traits + luck

A yes or no that is right half of the time is hopeless, not half learned: what a group tells of s counts by s / p, the
share of right answers that were solved, as it was believed before: as it looks after the group, what is right by
chance would count for more than what is wrong. Where nobody says how many answers are possible, none is guessed.

Cells learn from their relatives, and a cell never asked is believed to be as hard as they are. `traits` are what is
known of a single problem before it is asked (envs/traits.py), less what problems of its family, level and question
usually have, which is followed along the way; without traits that part is absent. `luck` is what nobody can know of a
problem: all rollouts of a group share it. Its variance is believed too, so that a spread of 0 makes every outcome count
in full and a spread of 2 logits little.

Each term is a Gaussian of its own, updated by one Laplace step an outcome (a Kalman filter with a diagonal covariance,
whose predictive variance errs on the wide side). Between batches the offsets fall back to zero and variances widen (an
Ornstein-Uhlenbeck process), because the policy moves. The variance of luck follows by expectation maximisation, a
small step an outcome (Cappe and Moulines 2009).

Floats are summed in a fixed order, so that on one kind of machine the state is equal bit by bit whatever the order of
the outcomes.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[np.float64]]
Cell = tuple[str, str]  # family and question

# Priors and drift, in logits. They only have to be of the right size: docs/curriculum.md measures them on learners
# that were fixed before.
BASE_VAR, OFFSET_VAR = 2.0, 0.5
SLOPE, SLOPE_VAR, SLOPE_RANGE = 0.3, 0.01, (0.05, 2.0)
BASE_DRIFT, SLOPE_DRIFT = 0.01, 1e-5  # variance a batch
KEEP = 0.995  # what is left of an offset after a batch without news
WEIGHT_VAR, OWN_WEIGHT_VAR = 0.1, 0.02  # of weights of traits: shared, and a question's own
WEIGHT_DRIFT = 1e-4  # variance a batch, up to the prior
LUCK, LUCK_RANGE, LUCK_STEP = 1.0, (0.01, 9.0), 5e-3  # variance of luck: start, bounds, step an outcome
USUAL_STEP = 0.02  # least weight of a new problem in what is usual of its family and question


class Belief:
    """Terms of the belief with means and variances. `traits` is how many numbers a problem comes with, 0 for none."""

    def __init__(self, cells: Sequence[Cell], level: int = 0, traits: int = 0) -> None:
        families, questions = sorted({f for f, _ in cells}), sorted({q for _, q in cells})
        self.cells, self.traits = tuple(cells), traits
        # One vector holds the first terms: base, slope, families, questions, cells.
        self.names = ["base", "slope", *(f"{f}/*" for f in families), *(f"*/{q}" for q in questions)]
        first = len(self.names)
        self.names += [f"{f}/{q}" for f, q in cells]
        where = {name: i for i, name in enumerate(self.names)}
        self.terms = {(f, q): (0, where[f"{f}/*"], where[f"*/{q}"], first + i) for i, (f, q) in enumerate(cells)}
        if len(self.terms) < len(cells):
            raise ValueError("a cell is named twice: give each (family, question) once")
        self.index = np.array(list(self.terms.values()))  # cells x 4
        self.mean = np.zeros(len(self.names))
        self.mean[:2] = SLOPE * level, SLOPE
        self.var = np.full(len(self.names), OFFSET_VAR)
        self.var[:2] = BASE_VAR, SLOPE_VAR
        self.luck = LUCK
        # Weights of traits: row 0 is shared, the others are by question. Usual traits: by family a mean and a rise a
        # level, around the family's mean level; then by question.
        self.families, self.questions = families, questions
        self.weight, self.weight_var = np.zeros((2, 1 + len(questions), traits))
        self.weight_var[0], self.weight_var[1:] = WEIGHT_VAR, OWN_WEIGHT_VAR
        self.seen = np.zeros((len(families) + len(questions), 3))  # problems seen, mean level, its variance
        self.usual = np.zeros((len(families) + len(questions), traits))
        self.rise = np.zeros((len(families), traits))
        self.place = {c: (self.terms[c][1] - 2, self.terms[c][2] - 2) for c in self.terms}  # rows of seen and usual

    def decay(self) -> None:
        """Time passes: one batch."""
        self.mean[2:] *= KEEP
        self.var[2:] = OFFSET_VAR + (self.var[2:] - OFFSET_VAR) * KEEP**2
        self.var[0] = min(self.var[0] + BASE_DRIFT, BASE_VAR)
        self.var[1] = min(self.var[1] + SLOPE_DRIFT, SLOPE_VAR)
        self.weight_var[0] = np.minimum(self.weight_var[0] + WEIGHT_DRIFT, WEIGHT_VAR)
        self.weight_var[1:] = np.minimum(self.weight_var[1:] + WEIGHT_DRIFT, OWN_WEIGHT_VAR)

    def learn(
        self, cell: Cell, level: int, correct: int, total: int, traits: Sequence[float] = (), guess: float = 0.0
    ) -> float:
        """Learns from one group, of which guessing gets the share `guess` right; the pass rate believed before it."""
        terms, mean, var = self.terms[cell], self.mean, self.var
        own = self.place[cell][1] - len(self.families) + 1
        x = np.asarray(traits) - self.usually(cell, level) if len(traits) and self.traits else None
        logit = sum(float(mean[t]) for t in terms) - level * float(mean[1])
        spread = sum(float(var[t]) for t in terms) + level**2 * float(var[1]) + self.luck
        if x is not None:
            logit += float((self.weight[0] + self.weight[own]) @ x)
            spread += float((self.weight_var[0] + self.weight_var[own]) @ (x * x))
        s = sigmoid(logit / math.sqrt(1 + math.pi / 8 * spread))
        believed = guess + (1 - guess) * s
        solved = s / believed if believed else 1.0
        # The mode of the posterior along the logit. Curvature is bounded by total/4 (Boehning 1992), so that a step
        # never goes past the mode, however surprising the outcome; a plain Newton step would jump by tens of logits.
        mode = logit
        for _ in range(8):
            p = guess + (1 - guess) * sigmoid(mode)
            slope = (correct - total * p) * solved - (mode - logit) / spread
            mode += slope / (total / 4 + 1 / spread)
        p = guess + (1 - guess) * sigmoid(mode)
        gain, n = (mode - logit) / spread, total * solved**2
        shrink = n * p * (1 - p) / (1 + spread * n * p * (1 - p))
        for t, z in (*((t, 1.0) for t in terms), (1, -float(level))):
            mean[t] += z * var[t] * gain
            var[t] *= 1 - z * z * var[t] * shrink
        mean[1] = min(max(mean[1], SLOPE_RANGE[0]), SLOPE_RANGE[1])
        if x is not None:
            for row in (0, own):
                self.weight[row] += x * self.weight_var[row] * gain
                self.weight_var[row] *= 1 - x * x * self.weight_var[row] * shrink
            self._notice(cell, level, x)
        luck = self.luck + LUCK_STEP * spread**2 * (gain**2 - shrink)
        self.luck = min(max(luck, LUCK_RANGE[0]), LUCK_RANGE[1])
        return believed

    def usually(self, cell: Cell, level: int) -> Array:
        """The traits that problems of a cell and level usually have."""
        family, question = self.place[cell]
        away = level - self.seen[family, 1]
        found: Array = self.usual[family] + self.usual[question] + away * self.rise[family]
        return found

    def _notice(self, cell: Cell, level: int, x: Array) -> None:
        """Follows what is usual: x is how far a problem of this cell and level was from it."""
        family, question = self.place[cell]
        self.seen[[family, question], 0] += 1
        step = max(1 / self.seen[family, 0], USUAL_STEP)
        away = level - self.seen[family, 1]
        self.seen[family, 1] += step * away
        self.seen[family, 2] += step * (away**2 - self.seen[family, 2])
        self.usual[family] += step * (x + away * self.rise[family])  # so that it stays where it is at its old level
        self.rise[family] += step * x * away / (self.seen[family, 2] + 4)
        if self.seen[question, 0] > 3:
            self.usual[question] += 0.5 * max(1 / self.seen[question, 0], USUAL_STEP) * x

    def levels(self) -> tuple[Array, Array]:
        """Each cell's logit of the usual problem at level 0, and its fall a level."""
        return self.mean[self.index].sum(axis=1), np.full(len(self.index), self.mean[1])

    def shrink(self) -> Array:
        """By cell: what a logit is multiplied by so that its sigmoid is the predictive pass rate (MacKay 1992).

        The slope's own variance is left out: it would make far levels look worth a try.
        """
        found: Array = 1 / np.sqrt(1 + np.pi / 8 * (self.var[self.index].sum(axis=1) + self.luck))
        return found

    def rules(self, cell: Any, level: Any) -> Array:
        """The logits of problems of these cells and levels (two arrays) as rows of a constant and weights of traits."""
        family, question = self.index[cell, 1] - 2, self.index[cell, 2] - 2
        weights = self.weight[0] + self.weight[question - len(self.families) + 1]
        usual = self.usual[family] + self.usual[question] + (level - self.seen[family, 1])[:, None] * self.rise[family]
        constant = self.mean[self.index[cell]].sum(axis=1) - level * self.mean[1] - (weights * usual).sum(axis=1)
        return np.column_stack([constant, weights])

    def fit(self, found: Mapping[tuple[str, str, int], tuple[int, int, float]]) -> None:
        """The posterior of the first terms given counts (correct, total, correct if all were guessed) by family,
        question and level, all at once.

        Problems count by what luck leaves of them, for all are different ones: an answer tells as much of a logit as
        one without luck times `1 / (1 + pi/8 luck)`. No two cells share a row, so that their part of the precision is
        diagonal and is eliminated (Schur): 3,000 cells take a third of a second.
        """
        terms = np.array([self.terms[family, question] for family, question, _ in sorted(found)])
        first = len(self.names) - len(self.cells)
        x, cell = np.zeros((len(found), first)), terms[:, 3] - first  # all but the cells' own terms; those
        x[np.arange(len(found))[:, None], terms[:, :3]] = 1.0
        x[:, 1] = [-level for _, _, level in sorted(found)]
        correct, n, guessed = np.array([found[row] for row in sorted(found)], dtype=np.float64).T
        guess = guessed / n
        flat = 1 / math.sqrt(1 + math.pi / 8 * self.luck)
        prior, precision, count = self.mean.copy(), 1 / self.var, len(self.cells)

        def blocks(weight: Array) -> tuple[Array, Array, Array]:
            """Of the precision: the cells' diagonal, their rows beside the rest, the inverse of what is left of it."""
            own = np.bincount(cell, weight, count) + precision[first:]
            beside = np.zeros((count, first))
            np.add.at(beside, cell, x * weight[:, None])
            rest = x.T @ (x * weight[:, None]) + np.diag(precision[:first])
            left = np.linalg.inv(rest - beside.T @ (beside / own[:, None])).astype(np.float64)
            return own, beside, left

        def passed() -> tuple[Array, Array]:
            """Chances to be right, and the shares of right answers that were solved."""
            s = expit(flat * (x @ self.mean[:first] + self.mean[first:][cell]))
            p = guess + (1 - guess) * s
            return p, np.divide(s, p, out=np.ones_like(p), where=p > 0)

        own, beside, inverse = blocks(n / 4 * flat**2)  # curvature bounded by n/4, so that no step goes too far
        for _ in range(200):
            p, solved = passed()
            miss = flat * (correct - n * p) * solved
            pull = precision * (self.mean - prior)
            at_cells = np.bincount(cell, miss, count) - pull[first:]
            step = inverse @ (x.T @ miss - pull[:first] - beside.T @ (at_cells / own))
            self.mean += np.concatenate([step, (at_cells - beside @ step) / own])
        p, solved = passed()
        own, beside, inverse = blocks(n * p * (1 - p) * (flat * solved) ** 2)
        at_cells = 1 / own + ((beside @ inverse) * beside).sum(axis=1) / own**2
        self.var = np.concatenate([np.diag(inverse), at_cells])
        self.mean[1] = np.clip(self.mean[1], *SLOPE_RANGE)

    def state_dict(self) -> dict[str, Any]:
        terms = {name: [float(m), float(v)] for name, m, v in zip(self.names, self.mean, self.var)}
        state: dict[str, Any] = {"terms": terms, "luck": self.luck}
        if self.traits:
            state |= {name: getattr(self, name).tolist() for name in _ARRAYS}
        return state

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        terms = state.get("terms", {})
        if differ := sorted(set(terms) ^ set(self.names)):
            raise ValueError(f"the state is of other cells (the first is {differ[0]!r}): resume with the same `cells`")
        if self.traits and (len(state.get("weight", [[[]]])[0]) != self.traits):
            raise ValueError("the state has other traits of problems: resume with the same `candidates`")
        self.mean, self.var = np.array([terms[name] for name in self.names], dtype=np.float64).T.copy()
        self.luck = state["luck"]
        if self.traits:
            for name in _ARRAYS:
                setattr(self, name, np.array(state[name], dtype=np.float64))


_ARRAYS = ("weight", "weight_var", "seen", "usual", "rise")


def sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x)) if x > -700 else 0.0


def expit(x: Array) -> Array:
    found: Array = 0.5 * (1 + np.tanh(0.5 * x))
    return found


def learnability(logit: Array) -> Array:
    found: Array = 0.25 / np.cosh(0.5 * np.clip(logit, -60, 60)) ** 2  # p(1 - p), accurate in the tails
    return found
