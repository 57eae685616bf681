"""Our curriculum beside published ones, on simulated learners: see docs/curriculum.md.

    PYTHONPATH=. python -m benchmarks.curriculum [--cells 200 1500] [--spread 0 1 2] [--known 0.333] [--only ours RLVE]
        [--batches 300] [--seeds 3] [--out runs/curriculum.jsonl]

One line of JSON a run: share of useful groups, what an oracle would have had with the same learner, steps to given
abilities, cells forgotten, calibration. Learners: benchmarks/learners.py. Rules of others: benchmarks/rivals.py.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from benchmarks.learners import FEATURES, ROLLOUTS, Array, Cell, Learner, chance, grid, useful
from benchmarks.rivals import PUBLISHED
from envs.address import Address
from envs.curriculum import Curriculum, Outcome, Planned, World
from envs.learnability import Learnability

PROMPTS = {200: 64, 1500: 256}
WARM_UP = 50  # batches
GAINS = (1.0, 2.0, 3.0)  # logits of mean ability, the marks that steps are counted to
CANDIDATES = 8  # problems that an oracle chooses from, and that ours may
EVERY = 10  # batches between two looks at what oracles would do
NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(21)

OURS: dict[str, Callable[[World, Learner], Curriculum]] = {
    "ours": lambda world, start: Learnability(world, candidates=CANDIDATES, traits=FEATURES),
    "ours, 4 candidates": lambda world, start: Learnability(world, candidates=4, traits=FEATURES),
    "ours, 2 candidates": lambda world, start: Learnability(world, candidates=2, traits=FEATURES),
    "ours, 1 candidate": lambda world, start: Learnability(world),
}
POLICIES = OURS | PUBLISHED


@dataclass
class Course:
    """What is written down of a run: by batch, and for the oracles at every EVERY-th."""

    useful: list[float] = field(default_factory=list)  # share of groups that were mixed
    expected: list[float] = field(default_factory=list)  # their mean chance to be
    gained: list[float] = field(default_factory=list)
    level: list[float] = field(default_factory=list)
    looks: list[dict[str, float]] = field(default_factory=list)  # chances of oracles' groups, and of ours without floor
    draws: list[Array] = field(default_factory=list)  # groups by cell
    believed: list[tuple[float, float]] = field(default_factory=list)  # pass rate foretold, pass rate
    seconds: float = 0.0  # of CPU, for planning and observing


def oracle(learner: Learner, n: int, sees: str, random: np.random.Generator) -> float:
    """The mean chance of mixed outcomes of n groups planned by one who knows every ability, difficulty and slope.

    sees: "level" draws a problem as it comes; "known" takes the best of CANDIDATES by the part of their luck that can
    be known, rightly weighted; "all" by the whole of it. Cells are drawn evenly from those that are as good as the
    best, within a hundredth.
    """
    every = np.arange(len(learner.cells))
    level = np.clip(np.floor(learner.logit(every, 0 * every) / learner.slope + 0.5), 0, learner.tops)
    middle = learner.logit(every, level)
    rest = learner.spread * (1.0 if sees == "level" else np.sqrt(1 - learner.known) if sees == "known" else 0.0)
    k = 1 if sees == "level" else CANDIDATES
    if sees == "level":
        by_cell = _expected(middle, rest)
        cell = random.choice(np.flatnonzero(by_cell >= by_cell.max() - 0.01), n)
    else:
        cell = random.choice(np.flatnonzero(np.abs(middle) <= max(np.sort(np.abs(middle))[len(middle) // 4], 0.2)), n)
    known, hidden = learner.luck(cell[:, None], random.integers(0, 2**63, (n, k)))
    seen = {"level": 0 * known, "known": known, "all": known + hidden}[sees]
    worth = _expected(middle[cell][:, None] + seen, rest)
    taken = np.argmax(worth, axis=1)
    return float(worth[np.arange(n), taken].mean())


def _expected(logit: Array, spread: float) -> Array:
    """The chance of mixed outcomes where the logit is known to within a standard deviation."""
    p = chance(logit[..., None] + spread * NODES)
    found: Array = useful(p) @ WEIGHTS / WEIGHTS.sum()
    return found


def run(make: Callable[[World, Learner], Curriculum], learner: Learner, batches: int, n: int, seed: int) -> Course:
    """A run as a stream does it: batch b is planned from the state after batch b - 2."""
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
            look = {sees: oracle(learner, 4 * n, sees, random) for sees in ("level", "known", "all")}
            look["bare"] = _share(learner, *_arrays(learner, bare)) if bare else float("nan")
            course.looks.append(look)
        course.expected.append(_share(learner, cell, level, seeds))
        course.level.append(float(level.mean()))
        course.draws.append(np.bincount(cell, minlength=len(learner.cells)))
        correct = learner.answer(cell, level, seeds)
        course.useful.append(float(np.mean((correct > 0) & (correct < ROLLOUTS))))
        course.gained.append(learner.gained())
        outcomes = [Outcome(a, int(c), ROLLOUTS, x) for a, c, x in zip(asked, correct, traits, strict=True)]
        start = time.process_time()
        curriculum.observe(batch, outcomes)
        course.seconds += time.process_time() - start
        if batch >= WARM_UP and isinstance(curriculum, Learnability):
            rows = curriculum.state_dict()["recent"][-n:]
            course.believed += [(row[4], row[2] / row[3]) for row in rows]
        plan(batch + 2)
    return course


def granted(learner: Learner, plan: Sequence[Planned]) -> tuple[list[Address], list[tuple[float, ...]]]:
    """The problems that wishes lead to, chosen as the stream does, and their traits; addresses as they are."""
    drafts = [[one] if isinstance(one, Address) else one.addresses() for one in plan]
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


def _arrays(learner: Learner, asked: Sequence[Address]) -> tuple[Array, Array, Array]:
    cell = np.array([learner.index[a.family, a.question] for a in asked])
    return cell, np.array([a.level for a in asked]), np.array([a.seed for a in asked], dtype=np.uint64)


def _share(learner: Learner, cell: Array, level: Array, seeds: Array) -> float:
    return float(useful(chance(learner.logit(cell, level) + sum(learner.luck(cell, seeds)))).mean())


def summary(course: Course, n: int) -> dict[str, object]:
    """A run in a line. Shares are means after the warm-up; steps are batches; regret is in groups, over the run."""
    looks = {key: np.array([look[key] for look in course.looks]) for key in course.looks[0]}
    warm = slice(-(-WARM_UP // EVERY), None)
    at = np.array(course.expected)[::EVERY]
    after = np.sum(course.draws[WARM_UP:], axis=0)
    rate, true = np.array(course.believed).T if course.believed else (np.array([]), np.array([]))
    bins = []
    for low in np.arange(10) / 10:
        inside = (rate >= low) & (rate < low + 0.1)
        if inside.sum() >= 50:
            bins.append([float(rate[inside].mean()), float(true[inside].mean()), int(inside.sum())])
    return {
        "useful": float(np.mean(course.useful[WARM_UP:])),
        "useful_first": float(np.mean(course.useful[:WARM_UP])),
        "bare": float(looks["bare"][warm].mean()),
        **{f"oracle_{sees}": float(looks[sees][warm].mean()) for sees in ("level", "known", "all")},
        "regret": float(np.sum(looks["known"] - at) * EVERY * n),
        "gained": course.gained[-1],
        "steps": [next((b + 1 for b, g in enumerate(course.gained) if g >= mark), None) for mark in GAINS],
        "mean_level": float(np.mean(course.level[WARM_UP:])),
        "never": float(np.mean(after == 0)),
        "calibration": float(sum(abs(b - t) * c for b, t, c in bins) / max(1, sum(c for *_, c in bins))),
        "bins": bins,
        "ms_a_batch": 1000 * course.seconds / len(course.useful),
        "curve": {
            "useful": [
                round(float(np.mean(course.expected[b : b + EVERY])), 4) for b in range(0, len(at) * EVERY, EVERY)
            ],
            "gained": [round(g, 4) for g in course.gained[EVERY - 1 :: EVERY]],
            **{sees: [round(float(x), 4) for x in looks[sees]] for sees in ("level", "known", "all")},
        },
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cells", type=int, nargs="+", default=[200, 1500])
    parser.add_argument("--spread", type=float, nargs="+", default=[0.0, 1.0, 2.0])
    parser.add_argument("--known", type=float, nargs="+", default=[1 / 3])
    parser.add_argument("--only", nargs="+", default=list(POLICIES), choices=list(POLICIES))
    parser.add_argument("--batches", type=int, default=300)
    parser.add_argument("--seeds", type=int, nargs="+", default=[3])
    parser.add_argument("--out", type=Path, default=Path("runs/curriculum.jsonl"))
    arguments = parser.parse_args()
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    for size in arguments.cells:
        cells: tuple[Cell, ...] = grid(size)
        for spread in arguments.spread:
            for known in arguments.known:
                for name in arguments.only:
                    for seed in arguments.seeds:
                        learner = Learner(cells, spread, known, seed)
                        n = PROMPTS.get(size, 64)
                        course = run(POLICIES[name], learner, arguments.batches, n, seed)
                        row = {"cells": size, "spread": spread, "known": known, "policy": name, "seed": seed}
                        row |= summary(course, n)
                        with arguments.out.open("a", encoding="utf-8") as file:
                            file.write(json.dumps(row) + "\n")
                        short = {
                            k: round(v, 3) if isinstance(v, float) else v
                            for k, v in row.items()
                            if k not in ("bins", "curve")
                        }
                        print(" ".join(f"{k}={v}" for k, v in short.items()), flush=True)
