"""Our curriculum beside published ones, on simulated learners: see docs/curriculum.md.

    PYTHONPATH=. python -m benchmarks.curriculum [--cells 200 1500] [--guessing 0 1 2] [--spread 0 1 2] [--known 0.333]
        [--only ours RLVE] [--seeds 3 4 5] [--out docs/curriculum.csv]

A row a run: share of useful groups, what an oracle would have had with the same learner, steps to given abilities,
cells forgotten, calibration. A run whose row is there is not run again, unless the code that it depends on has changed;
so the same command goes on where it was stopped. Learners: benchmarks/learners.py. Rules of others:
benchmarks/rivals.py. Rows: benchmarks/curriculum_rows.py.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import product
from pathlib import Path

import numpy as np

from benchmarks.curriculum_rows import Rows, digest
from benchmarks.learners import FEATURES, ROLLOUTS, Array, Learner, grid
from benchmarks.rivals import PUBLISHED
from envs.address import Address
from envs.curriculum import Curriculum, Outcome, Planned, World
from envs.learnability import Learnability
from envs.wish import FEW

PROMPTS, BATCHES = {200: 64, 1500: 256}, {200: 400, 1500: 500}  # by cells
WARM_UP = 50  # batches
GAINS = (1, 2, 3)  # logits of mean ability, the marks that steps are counted to
CANDIDATES = 8  # problems that an oracle chooses from, and that ours may
EVERY = 10  # batches between two looks at what oracles would do
NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(21)


class Untold(Learnability):
    """Ours, where nobody says how many answers are possible: all that is right counts as solved."""

    def observe(self, batch: int, outcomes: Sequence[Outcome]) -> None:
        super().observe(batch, [replace(outcome, possible=0) for outcome in outcomes])


OURS: dict[str, Callable[[World, Learner], Curriculum]] = {
    "ours": lambda world, start: Learnability(world, candidates=CANDIDATES, traits=FEATURES),
    "ours, 4 candidates": lambda world, start: Learnability(world, candidates=4, traits=FEATURES),
    "ours, 2 candidates": lambda world, start: Learnability(world, candidates=2, traits=FEATURES),
    "ours, 1 candidate": lambda world, start: Learnability(world),
    "ours, guessing not told": lambda world, start: Untold(world),
}
POLICIES = OURS | PUBLISHED
# What a row depends on, beside the random streams of envs/address.py.
THEIRS = ("benchmarks/learners.py", "benchmarks/curriculum.py", "benchmarks/rivals.py")
OWN = (*THEIRS[:2], "envs/belief.py", "envs/learnability.py", "envs/wish.py")


@dataclass
class Course:
    """What is written down of a run: by batch, and for the oracles at every EVERY-th."""

    useful: list[float] = field(default_factory=list)  # share of groups that were mixed
    expected: list[float] = field(default_factory=list)  # how many of them are expected to teach
    gained: list[float] = field(default_factory=list)
    level: list[float] = field(default_factory=list)
    looks: list[dict[str, float]] = field(default_factory=list)  # chances of oracles' groups, and of ours without floor
    draws: list[Array] = field(default_factory=list)  # groups by cell
    believed: list[tuple[float, float]] = field(default_factory=list)  # pass rate foretold, pass rate
    seconds: float = 0.0  # of CPU, for planning and observing


SEES = ("level", "known", "all")  # what an oracle knows of a problem


def oracle(learner: Learner, n: int, sees: str, random: np.random.Generator) -> float:
    """What is expected to teach of n groups that are planned by one who knows every ability, difficulty and slope.

    sees: "level" draws a problem as it comes; "known" takes the best of CANDIDATES by the part of their luck that can
    be known, rightly weighted; "all" by the whole of it. Cells are drawn evenly from those that are as good as the
    best, within a hundredth.
    """
    every = np.arange(len(learner.cells))
    level = np.clip(np.floor(learner.logit(every, 0 * every) / learner.slope + 0.5), 0, learner.tops)
    middle = learner.logit(every, level)
    rest = learner.spread * (1.0 if sees == "level" else np.sqrt(1 - learner.known) if sees == "known" else 0.0)
    k = 1 if sees == "level" else CANDIDATES
    if sees == "level" or learner.guessing:  # of those that guess, cells with many possible answers are the best
        by_cell = _expected(learner, every, middle, rest)
        cell = random.choice(np.flatnonzero(by_cell >= by_cell.max() - 0.01), n)
    else:
        cell = random.choice(np.flatnonzero(np.abs(middle) <= max(np.sort(np.abs(middle))[len(middle) // 4], 0.2)), n)
    known, hidden = learner.luck(cell[:, None], random.integers(0, 2**63, (n, k)))
    seen = {"level": 0 * known, "known": known, "all": known + hidden}[sees]
    worth = _expected(learner, cell[:, None], middle[cell][:, None] + seen, rest)
    taken = np.argmax(worth, axis=1)
    return float(worth[np.arange(n), taken].mean())


def _expected(learner: Learner, cell: Array, logit: Array, spread: float) -> Array:
    """What is expected to teach where the logit is known to within a standard deviation."""
    found: Array = learner.teaching(cell[..., None], logit[..., None] + spread * NODES) @ WEIGHTS / WEIGHTS.sum()
    return found


def run(
    make: Callable[[World, Learner], Curriculum],
    learner: Learner,
    batches: int,
    n: int,
    seed: int,
    tick: Callable[[], object] = lambda: None,
) -> Course:
    """A run as a stream does it: batch b is planned from the state after batch b - 2. `tick` hears of each batch."""
    course, random = Course(), np.random.default_rng([seed, 6])
    world = World(learner.cells, seed=seed)
    curriculum = make(world, learner)
    plans: dict[int, tuple[list[Planned], list[Planned]]] = {}

    def plan(batch: int) -> None:
        bare: list[Planned] = []
        if isinstance(curriculum, Learnability) and batch % EVERY == 0:
            floor, curriculum.floor = curriculum.floor, 0.0
            bare = curriculum.plan(batch, n)
            curriculum.floor = floor
        start = time.process_time()
        plans[batch] = curriculum.plan(batch, n), bare
        course.seconds += time.process_time() - start

    plan(0)
    plan(1)
    for batch in range(batches):
        asked, bare = plans.pop(batch)
        asked, traits = granted(learner, asked)
        bare, _ = granted(learner, bare) if bare else ([], [])
        cell, level, seeds = _arrays(learner, asked)
        if batch % EVERY == 0:
            look = {sees: oracle(learner, 4 * n, sees, random) for sees in SEES}
            look["bare"] = _share(learner, *_arrays(learner, bare)) if bare else float("nan")
            course.looks.append(look)
        course.expected.append(_share(learner, cell, level, seeds))
        course.level.append(float(level.mean()))
        course.draws.append(np.bincount(cell, minlength=len(learner.cells)))
        correct = learner.answer(cell, level, seeds)
        course.useful.append(float(np.mean((correct > 0) & (correct < ROLLOUTS))))
        course.gained.append(learner.gained())
        possible = learner.possible[cell].tolist()
        outcomes = [
            Outcome(a, int(c), ROLLOUTS, x, k) for a, c, x, k in zip(asked, correct, traits, possible, strict=True)
        ]
        start = time.process_time()
        curriculum.observe(batch, outcomes)
        course.seconds += time.process_time() - start
        if batch >= WARM_UP and isinstance(curriculum, Learnability):
            rows = curriculum.state_dict()["recent"][-n:]
            course.believed += [(row[4], row[2] / row[3]) for row in rows]
        plan(batch + 2)
        tick()
    return course


def granted(learner: Learner, plan: Sequence[Planned]) -> tuple[list[Address], list[tuple[float, ...]]]:
    """The problems that wishes lead to, chosen as the stream does, and their traits; addresses as they are. Of a
    question with K answers the problem of a seed has the answer seed modulo K."""
    drafts = [[one] if isinstance(one, Address) else alike(learner, one.addresses()) for one in plan]
    arrays = _arrays(learner, [a for each in drafts for a in each])
    rows = [tuple(row) for row in learner.features(*arrays).tolist()]
    asked, traits, start = [], [], 0
    for one, each in zip(plan, drafts, strict=True):
        found = rows[start : start + len(each)]
        i = 0 if isinstance(one, Address) else one.choose(found)
        asked.append(each[i])
        traits.append(() if isinstance(one, Address) else found[i])
        start += len(each)
    return asked, traits


def alike(learner: Learner, drafts: list[Address]) -> list[Address]:
    """The drafts that may be taken: with the answer of the first one, where few are possible."""
    possible = int(learner.possible[learner.index[drafts[0].family, drafts[0].question]])
    if not 0 < possible <= FEW:
        return drafts
    return [draft for draft in drafts if draft.seed % possible == drafts[0].seed % possible]


def _arrays(learner: Learner, asked: Sequence[Address]) -> tuple[Array, Array, Array]:
    cell = np.array([learner.index[a.family, a.question] for a in asked])
    return cell, np.array([a.level for a in asked]), np.array([a.seed for a in asked], dtype=np.uint64)


def _share(learner: Learner, cell: Array, level: Array, seeds: Array) -> float:
    return float(learner.teaching(cell, learner.logit(cell, level) + sum(learner.luck(cell, seeds))).mean())


def summary(course: Course, n: int) -> dict[str, object]:
    """A run in a row. Shares are means after the warm-up; steps are batches; regret is in groups, over the run."""
    looks = {key: np.array([look[key] for look in course.looks]) for key in course.looks[0]}
    warm = slice(-(-WARM_UP // EVERY), None)
    teaches = np.array(course.expected)
    at = teaches[::EVERY]
    after = np.sum(course.draws[WARM_UP:], axis=0)
    rate, true = np.array(course.believed).T if course.believed else (np.array([]), np.array([]))
    bins = []
    for low in np.arange(10) / 10:
        inside = (rate >= low) & (rate < low + 0.1)
        if inside.sum() >= 50:
            bins.append((float(rate[inside].mean()), float(true[inside].mean()), float(inside.mean())))
    return {
        "useful": float(np.mean(course.useful[WARM_UP:])),
        "teaching": float(np.mean(teaches[WARM_UP:])),
        "useful_first": float(np.mean(course.useful[:WARM_UP])),
        "bare": float(looks["bare"][warm].mean()),
        **{f"oracle_{sees}": float(looks[sees][warm].mean()) for sees in SEES},
        "regret": float(np.sum(looks["known"] - at) * EVERY * n),
        "gained": course.gained[-1],
        **{f"steps_{mark}": _steps(course, mark) for mark in GAINS},
        "mean_level": float(np.mean(course.level[WARM_UP:])),
        "never": float(np.mean(after == 0)),
        "calibration": sum(abs(b - t) * c for b, t, c in bins) / sum(c for *_, c in bins) if bins else float("nan"),
        "ms_a_batch": 1000 * course.seconds / len(course.useful),
        "believed_rates": [b for b, _, _ in bins],
        "true_rates": [t for _, t, _ in bins],
        "useful_curve": [float(np.mean(course.expected[b : b + EVERY])) for b in range(0, len(at) * EVERY, EVERY)],
        "gained_curve": course.gained[EVERY - 1 :: EVERY],
        "regret_curve": (np.cumsum(looks["known"] - at) * EVERY * n / 1000).tolist(),  # thousands of groups
        "known_curve": looks["known"].tolist(),
        "level_curve": looks["level"].tolist(),
    }


def _steps(course: Course, mark: float) -> int | None:
    return next((b + 1 for b, gained in enumerate(course.gained) if gained >= mark), None)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cells", type=int, nargs="+", default=[200, 1500])
    parser.add_argument("--spread", type=float, nargs="+", default=[0.0, 1.0, 2.0])
    parser.add_argument("--known", type=float, nargs="+", default=[1 / 3])
    parser.add_argument("--guessing", type=int, nargs="+", default=[0, 1, 2], choices=[0, 1, 2])
    parser.add_argument("--only", nargs="+", default=list(POLICIES), choices=list(POLICIES))
    parser.add_argument("--batches", type=int, help="400 on 200 cells, 500 on others")
    parser.add_argument("--seeds", type=int, nargs="+", default=[3, 4, 5])
    parser.add_argument("--out", type=Path, default=Path("docs/curriculum.csv"))
    arguments = parser.parse_args()
    from tqdm import tqdm

    rows, todo = Rows(arguments.out), []
    for size, guessing, spread, known, seed, name in product(
        arguments.cells, arguments.guessing, arguments.spread, arguments.known, arguments.seeds, arguments.only
    ):
        if name in PUBLISHED and known != arguments.known[0]:
            continue  # they do not choose
        if name == "ours, guessing not told" and not guessing:
            continue  # there is nothing to tell
        batches = arguments.batches or BATCHES.get(size, 500)
        key = {
            "cells": size,
            "guessing": guessing,
            "spread": spread,
            "known": round(known, 3),
            "policy": name,
            "seed": seed,
        }
        key |= {"batches": batches, "code": digest(OWN if name in OURS else THEIRS)}
        if not rows.has(key):
            todo.append((key, known))
    with tqdm(total=sum(key["batches"] for key, _ in todo), unit="batch", smoothing=0.05) as bar:
        for key, known in todo:
            bar.set_postfix_str(f"{key['cells']} cells, spread {key['spread']:g}, {key['policy']}", refresh=False)
            learner = Learner(grid(key["cells"]), key["spread"], known, key["seed"], key["guessing"])
            n = PROMPTS.get(key["cells"], 64)
            course = run(POLICIES[key["policy"]], learner, key["batches"], n, key["seed"], bar.update)
            rows.add(key | summary(course, n))


if __name__ == "__main__":
    main()
