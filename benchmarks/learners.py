"""Simulated learners for benchmarks/curriculum.py: item response with transfer, forgetting and problems that differ.

A rollout at a problem is correct with the chance p = GUESS + (1 - GUESS) sigmoid(logit),

    logit = ability[cell] - difficulty[cell] - slope[cell] * level + luck[problem]
    ability[cell] = general + skill + family + cell's own

*Learning.* A group with mixed outcomes says s = 4 q (1 - q), q the share of its rollouts that were right; any other
group says nothing. Each part of an ability grows by its rate x the share of the batch that trained it x s; all parts
but the general one by less the nearer they are to their most, and they fade from batch to batch.

*Guessing*, where the learner is one who guesses: GUESS gives way to the cell's own share, 1/K of its K answers that are
possible give or take GUESS_SD, for nobody guesses quite evenly. K is the question's. A right answer that was guessed
teaches nothing: each of a group's right rollouts was solved with the chance sigmoid(logit) / p, and s counts by the
share of them that were. A sampler may be told K, as the world knows it of its problems, and never the share itself.
Guesses are made a rollout at a time (guessing 1) or once a problem (2): then all of a group are right with the cell's
share, and of all others none by guessing.

*Problems of one cell and level differ*: luck has the standard deviation `spread` (0, 1 or 2 logits). A share `known`
of its variance follows from features of the problem that are there before it is asked, weighted alike in all questions
but for a part of their own; the rest cannot be known. Features also differ by family and rise with the level, as
numbers of marks do, which tells nothing that the level does not. They are a pure function of the problem's seed.

None of these numbers was fitted to anything. They were fixed before any sampler was tuned on them, and no sampler
reads them, but for the oracles, which are told everything.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

Array = np.ndarray

ROLLOUTS = 8
FEATURES = 8
GUESS = 0.02
FAMILY_SD, QUESTION_SD, CELL_SD = 1.0, 1.0, 0.7  # of difficulties at level 0
SLOPE, SLOPE_SD = 0.3, 0.4  # median fall a level, and how far slopes spread (of their logarithm)
# Answers that are possible, by question: deciles of 700 cells of the world of charts, drawn at levels 0 to 8. 92 % of
# how 1/K differs from cell to cell is between questions.
POSSIBLE = (2, 2, 3, 4, 5, 8, 18, 60, 100, 100)
GUESS_SD = 0.05
START = -0.5  # general ability at the start: in the mean cell 38 % at level 0, in hard ones next to nothing
TOPS, TOP_SHARES = (12, 14, 16, 0, None), (0.75, 0.06, 0.05, 0.10, 0.04)  # top levels, as in the world of charts
SKILLS = 12
# Gain of a batch that trains nothing else, most that can be gained, share lost a batch.
GENERAL_RATE = 0.008
SKILL_RATE, SKILL_MOST = 0.06, 1.5
FAMILY_RATE, FAMILY_MOST = 0.25, 1.5
CELL_RATE, CELL_MOST = 5.0, 1.0
FADING = 0.002
OWN_WEIGHTS = 0.5  # how far a question's weights of features go their own way, beside those that all share
FAMILY_FEATURES, LEVEL_FEATURES = 1.0, 0.1  # spread of mean features by family, and their rise a level


@dataclass(frozen=True)
class Cell:
    family: str
    question: str
    top_level: int | None = None


def grid(size: int, seed: int = 0) -> tuple[Cell, ...]:
    """`size` cells: half of all pairs of as many families as questions, rounded up, with top levels."""
    random = np.random.default_rng([seed, 1])
    side = int(np.ceil(np.sqrt(2 * size)))
    pairs = np.sort(random.permutation(side * side)[:size])
    tops = random.choice(len(TOPS), size, p=TOP_SHARES)
    return tuple(Cell(f"f{p // side}", f"q{p % side}", TOPS[top]) for p, top in zip(pairs, tops, strict=True))


class Learner:
    """A policy that is trained. `spread`, `known`, `guessing`: see above. Two learners of one seed start alike."""

    def __init__(self, cells: Sequence[Cell], spread: float, known: float, seed: int = 0, guessing: int = 0) -> None:
        random = np.random.default_rng([seed, 2])
        self._outcomes = np.random.default_rng([seed, 3])
        self.cells, self.spread, self.known = tuple(cells), spread, known
        self.index = {(c.family, c.question): i for i, c in enumerate(cells)}
        families, self.family = np.unique([c.family for c in cells], return_inverse=True)
        questions, self.question = np.unique([c.question for c in cells], return_inverse=True)
        self.skill = random.permutation(len(questions))[self.question] % SKILLS
        self.difficulty = (
            random.normal(0, FAMILY_SD, len(families))[self.family]
            + random.normal(0, QUESTION_SD, len(questions))[self.question]
            + random.normal(0, CELL_SD, len(cells))
        )
        self.slope = SLOPE * np.exp(random.normal(0, SLOPE_SD, len(cells)))
        self.tops = np.array([10_000 if c.top_level is None else c.top_level for c in cells])
        shared, own = random.normal(size=FEATURES), random.normal(size=(len(questions), FEATURES))
        weights = shared + OWN_WEIGHTS * own
        self.weights = (weights / np.linalg.norm(weights, axis=1, keepdims=True))[self.question]
        self.mean_features = random.normal(0, FAMILY_FEATURES, (len(families), FEATURES))[self.family]
        # By cell: answers that are possible (0: nobody says), and the share that guessing gets right.
        self.guessing, self.possible, self.guess = guessing, np.zeros(len(cells), int), np.full(len(cells), GUESS)
        if guessing:
            own = np.random.default_rng([seed, 7])
            kinds = own.permutation(np.resize(POSSIBLE, len(questions)))
            self.possible = kinds[self.question]
            self.guess = np.clip(1 / self.possible + own.normal(0, GUESS_SD, len(cells)), 0.0, 0.9)
        self.general = START
        self.skills, self.families = np.zeros(SKILLS), np.zeros(len(families))
        self.own = np.zeros(len(cells))
        self._start = float(np.mean(self.ability()))

    def ability(self) -> Array:
        """By cell, in logits."""
        found: Array = self.general + self.skills[self.skill] + self.families[self.family] + self.own
        return found

    def gained(self) -> float:
        """Mean gain of ability over all cells since the start, in logits."""
        return float(np.mean(self.ability())) - self._start

    def features(self, cell: Array, level: Array, seeds: Array) -> Array:
        """What can be known of problems before they are asked: cells, levels, seeds (any shape) to shape x FEATURES."""
        return self.mean_features[cell] + LEVEL_FEATURES * level[..., None] + _normal(seeds)[..., :FEATURES]

    def luck(self, cell: Array, seeds: Array) -> tuple[Array, Array]:
        """What makes problems easier than others of their cell and level, in logits: the known part and the rest."""
        z = _normal(seeds)
        known = np.sum(self.weights[cell] * z[..., :FEATURES], axis=-1) * self.spread * np.sqrt(self.known)
        return known, z[..., FEATURES] * self.spread * np.sqrt(1 - self.known)

    def logit(self, cell: Array, level: Array) -> Array:
        """Of the middle problem of a cell and level."""
        return self.ability()[cell] - self.difficulty[cell] - self.slope[cell] * level

    def right(self, cell: Array, logit: Array) -> Array:
        """The chance that a rollout is right, solved or guessed."""
        return chance(logit, self.guess[cell])

    def teaching(self, cell: Array, logit: Array) -> Array:
        """What is expected to teach of a group: the chance that its outcomes are mixed, times the share of right ones
        that were solved."""
        if self.guessing == 2:
            found: Array = (1 - self.guess[cell]) * useful(chance(logit, 0.0))
            return found
        solved = chance(logit, 0.0) / self.right(cell, logit) if self.guessing else 1.0
        return useful(self.right(cell, logit)) * solved

    def answer(self, cell: Array, level: Array, seeds: Array) -> Array:
        """Correct rollouts of a group at each problem, and learning from them: one batch."""
        logit = self.logit(cell, level) + sum(self.luck(cell, seeds))
        guess, p = self.guess[cell], self.right(cell, logit)
        if self.guessing == 2:
            p = np.where(self._outcomes.random(len(cell)) < guess, 1.0, chance(logit, 0.0))
        correct = self._outcomes.binomial(ROLLOUTS, p)
        q = correct / ROLLOUTS
        signal = 4 * q * (1 - q) / len(cell)
        if self.guessing == 1:
            signal *= self._outcomes.binomial(correct, chance(logit, 0.0) / p) / np.maximum(correct, 1)
        self.general += GENERAL_RATE * signal.sum()
        for parts, where, rate, most in (
            (self.skills, self.skill[cell], SKILL_RATE, SKILL_MOST),
            (self.families, self.family[cell], FAMILY_RATE, FAMILY_MOST),
            (self.own, cell, CELL_RATE, CELL_MOST),
        ):
            trained = rate * np.bincount(where, signal, len(parts))
            parts += (most - parts) * (1 - np.exp(-trained / most))
            parts *= 1 - FADING
        return correct


def chance(logit: Array, guess: Array | float = GUESS) -> Array:
    """Of a right rollout, where guessing alone gets the share `guess` right."""
    found: Array = guess + (1 - guess) * 0.5 * (1 + np.tanh(0.5 * logit))
    return found


def useful(p: Array, rollouts: int = ROLLOUTS) -> Array:
    """The chance that a group has mixed outcomes."""
    found: Array = 1 - p**rollouts - (1 - p) ** rollouts
    return found


def _normal(seeds: Array) -> Array:
    """FEATURES + 1 standard normal numbers of each seed: SplitMix64 (Steele et al. 2014), then Box and Muller."""
    counters = np.arange(2 * (FEATURES + 1), dtype=np.uint64) + np.uint64(1)
    x = seeds.astype(np.uint64)[..., None] + counters * np.uint64(0x9E3779B97F4A7C15)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    u = ((x ^ (x >> np.uint64(31))) >> np.uint64(11)) * 2.0**-53
    found: Array = np.sqrt(-2 * np.log(1 - u[..., ::2])) * np.cos(2 * np.pi * u[..., 1::2])
    return found
