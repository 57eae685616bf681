"""What the stream costs: problems a second by number of workers, and the milliseconds of a plan and of an update.

    python benchmarks/stream.py [--problems 400] [--workers 0 1 2] [--px 448x448] [--cells '*/*'] [--fake]

`--fake` draws blank images, which leaves the cost of processes and pipes alone.
"""

import argparse
import time
from dataclasses import dataclass

import numpy as np

from envs.address import Address
from envs.curriculum import Outcome, World, make_curriculum
from envs.learnability import Learnability
from envs.stream import Stream

BATCH = 64


@dataclass(frozen=True)
class Cell:
    family: str
    question: str
    top_level: int | None = None


def blank(address: Address) -> np.ndarray:
    return np.zeros((address.height, address.width, 3), np.uint8)


def throughput(workers: int, arguments: argparse.Namespace) -> float:
    """Problems a second from a stream that never waits for a model, after a first batch that warms workers up."""
    config = {"mode": "uniform", "levels": 5, "cells": arguments.cells, "px": arguments.px}
    with Stream(make_curriculum(config), BATCH, workers=workers, make=blank if arguments.fake else None) as stream:
        for batch in (0, 1):
            stream.problems(batch, stream.own_slots(batch))
        stream.observe(0, [])
        stream.observe(1, [])
        count, start = 0, time.perf_counter()
        for batch in range(2, 2 + max(1, arguments.problems // BATCH)):
            count += len(stream.problems(batch, stream.own_slots(batch)))
            stream.observe(batch, [])
        return count / (time.perf_counter() - start)


def planning(cells: int, n: int) -> tuple[float, float]:
    """Milliseconds of a plan of n prompts and of an update with n outcomes."""
    curriculum = Learnability(World([Cell(f"f{i // 50}", f"q{i % 50}") for i in range(cells)]))
    plans, updates = [], []
    for batch in range(10):
        start = time.perf_counter()
        plan = curriculum.plan(batch, n)
        plans.append(time.perf_counter() - start)
        outcomes = [Outcome(a, max(0, 8 - a.level), 8) for a in plan]
        start = time.perf_counter()
        curriculum.observe(batch, outcomes)
        updates.append(time.perf_counter() - start)
    return 1000 * float(np.median(plans)), 1000 * float(np.median(updates))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--problems", type=int, default=400)
    parser.add_argument("--workers", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--px", default="448x448")
    parser.add_argument("--cells", nargs="+", default=["*/*"])
    parser.add_argument("--fake", action="store_true")
    arguments = parser.parse_args()
    if arguments.fake:
        arguments.cells = [Cell("blank", "none")]
    for cells, n in ((10, 32), (1500, 256)):
        plan, update = planning(cells, n)
        print(f"{cells} cells: plan({n}) {plan:.1f} ms, observe {update:.1f} ms")
    for workers in arguments.workers:
        print(f"{workers} workers: {throughput(workers, arguments):.0f} problems/s")
