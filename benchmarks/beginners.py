"""A policy that can do next to nothing: does a curriculum find the one cell of five that it can learn from?

    PYTHONPATH=. python -m benchmarks.beginners [--seeds 16] [--able 0.08 0.03]

One cell is solved now and then (share `able`), and more the more of its mixed groups teach; the other four are guessed
alone: two of few possible answers, one of names that nobody hits, and one of numbers of which some are more likely than
others, so that guesses are right more often than one in a hundred. Half of a group's guesses are one guess. A line
a policy and `able`: the share of prompts that went to the one cell by sixths of the run, and what was solved there.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from envs.address import Address
from envs.curriculum import Curriculum, Outcome, Uniform, World
from envs.learnability import Learnability
from rewards import Label

BATCHES, PROMPTS, ROLLOUTS = 120, 32, 4
POSSIBLE = {"few": 4, "two": 2, "five": 5, "numbers": 100, "names": 26}  # by question; "few" is the one to be found
TAUGHT = 0.004  # what a mixed group that was solved in part adds to the share solved, times s (1 - s)
SPREAD = 1.0  # logits by which problems of a cell differ


@dataclass(frozen=True)
class Cell:
    question: str
    family: str = "f"
    top_level: int | None = 0


class Untold(Learnability):
    """Ours, not told what was answered."""

    def observe(self, batch: int, outcomes: Sequence[Outcome]) -> None:
        super().observe(batch, [replace(outcome, answer=None, given=()) for outcome in outcomes])


POLICIES: dict[str, Callable[[World], Curriculum]] = {
    "ours": Learnability,
    "ours, answers not told": Untold,
    "uniform": lambda world: Uniform(world, 1),
}


class Beginner:
    """Solves a share of "few"; guesses otherwise."""

    def __init__(self, able: float, seed: int) -> None:
        self.able, self.random = able, np.random.default_rng(seed)

    def _drawn(self, question: str, mean: float) -> str:
        if question == "numbers":
            return str(int(np.clip(self.random.normal(mean, 4), 1, 30)))
        return str(self.random.integers(POSSIBLE[question]))

    def answered(self, a: Address) -> Outcome:
        right = self._drawn(a.question, 10)
        logit = np.log(self.able / (1 - self.able)) + self.random.normal(0, SPREAD)
        share = 1 / (1 + np.exp(-logit)) if a.question == "few" else 0.0
        solved = self.random.random(ROLLOUTS) < share
        whim = self._drawn(a.question, 8)
        guesses = [whim if self.random.random() < 0.5 else self._drawn(a.question, 8) for _ in solved]
        if a.question == "names":
            guesses = ["none of these"] * ROLLOUTS
        given = tuple(right if hit else guess for hit, guess in zip(solved, guesses))
        correct = given.count(right)
        if solved.any() and correct < ROLLOUTS:
            self.able = min(0.95, self.able + TAUGHT * self.able * (1 - self.able))
        return Outcome(a, correct, ROLLOUTS, (), POSSIBLE[a.question], Label(right), given)


def run(policy: Callable[[World], Curriculum], able: float, seed: int) -> tuple[list[float], float]:
    """The share of prompts that went to the one cell, by sixths of the run, and the share solved there at the end."""
    curriculum, learner = policy(World([Cell(question) for question in POSSIBLE], seed)), Beginner(able, seed)
    found = np.zeros(6)
    for batch in range(BATCHES):
        asked = curriculum.plan(batch, PROMPTS)
        found[batch * 6 // BATCHES] += sum(a.question == "few" for a in asked) / (PROMPTS * BATCHES / 6)
        curriculum.observe(batch, [learner.answered(a) for a in asked])
    return found.tolist(), learner.able


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=16)
    parser.add_argument("--able", type=float, nargs="+", default=[0.08, 0.03])
    arguments = parser.parse_args()
    print(
        "| policy | solved at the start | prompts to it by sixths, % | solved at the end, median | seeds beyond half |"
    )
    print("|---|---|---|---|---|")
    for able in arguments.able:
        for name, policy in POLICIES.items():
            runs = [run(policy, able, seed) for seed in range(arguments.seeds)]
            shares = np.mean([share for share, _ in runs], axis=0)
            ends = [end for _, end in runs]
            went = " ".join(f"{100 * share:.0f}" for share in shares)
            print(
                f"| {name} | {able:g} | {went} | {np.median(ends):.2f} | {sum(e > 0.5 for e in ends)} of {len(ends)} |"
            )


if __name__ == "__main__":
    main()
