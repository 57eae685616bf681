"""What the stream costs: problems a second by number of workers, the CPU time that workers and the process they draw
for spend on a problem (Linux), and the milliseconds of a plan and of an update.

    python benchmarks/stream.py [--problems 400] [--workers 0 1 2] [--px 448x448] [--cells '*/*'] [--fake]

`--fake` draws blank images, which leaves the cost of processes and pipes alone.
"""

import argparse
import os
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from envs.address import Address
from envs.curriculum import Outcome, World, make_curriculum
from envs.learnability import Learnability
from envs.stream import Stream
from envs.traits import TRAITS
from envs.wish import Wish

BATCH = 64


@dataclass(frozen=True)
class Cell:
    family: str
    question: str
    top_level: int | None = None


def blank(address: Address) -> np.ndarray:
    return np.zeros((address.height, address.width, 3), np.uint8)


def cpu(pids: Iterable[int]) -> float:
    """Seconds of CPU that these processes have used."""
    fields = (Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split() for pid in pids)
    return sum(int(held[11]) + int(held[12]) for held in fields) / os.sysconf("SC_CLK_TCK")


def throughput(workers: int, arguments: argparse.Namespace) -> tuple[float, float, float]:
    """Problems a second from a stream that never waits for a model, after first batches that warm workers up; CPU
    milliseconds a problem of all workers and of this process."""
    config = {"mode": "uniform", "levels": 5, "cells": arguments.cells, "px": arguments.px}
    with Stream(make_curriculum(config), BATCH, workers=workers, make=blank if arguments.fake else None) as stream:
        warm = arguments.warm * max(1, workers)  # each worker has caches of its own to fill
        for batch in range(warm):
            stream.problems(batch, stream.own_slots(batch))
            stream.observe(batch, [])
        pids = stream.worker_pids()
        count, start, theirs, ours = 0, time.perf_counter(), cpu(pids), time.process_time()
        for batch in range(warm, warm + max(1, arguments.problems // BATCH)):
            count += len(stream.problems(batch, stream.own_slots(batch)))
            stream.observe(batch, [])
        each = 1000 / count
        used = each * (cpu(pids) - theirs), each * (time.process_time() - ours)
        return count / (time.perf_counter() - start), *used


def planning(cells: int, n: int, candidates: int) -> tuple[float, float]:
    """CPU milliseconds of a plan of n prompts and of an update with n outcomes."""
    world = World([Cell(f"f{i // 50}", f"q{i % 50}") for i in range(cells)])
    curriculum = Learnability(world, candidates=candidates)
    traits = tuple(float(i) for i in range(len(TRAITS))) if candidates > 1 else ()
    plans, updates = [], []
    for batch in range(10):
        start = time.process_time()
        plan = curriculum.plan(batch, n)
        plans.append(time.process_time() - start)
        asked = [one.address if isinstance(one, Wish) else one for one in plan]
        outcomes = [Outcome(a, max(0, 8 - a.level), 8, traits) for a in asked]
        start = time.process_time()
        curriculum.observe(batch, outcomes)
        updates.append(time.process_time() - start)
    return 1000 * float(np.median(plans)), 1000 * float(np.median(updates))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--problems", type=int, default=400)
    parser.add_argument("--workers", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--warm", type=int, default=2, help="batches for each worker before the clocks start")
    parser.add_argument("--px", default="448x448")
    parser.add_argument("--cells", nargs="+", default=["*/*"])
    parser.add_argument("--fake", action="store_true")
    arguments = parser.parse_args()
    if arguments.fake:
        arguments.cells = [Cell("blank", "none")]
    for cells, n, candidates in ((10, 32, 1), (1500, 256, 1), (1500, 256, 4)):
        plan, update = planning(cells, n, candidates)
        print(f"{cells} cells, {candidates} candidates: plan({n}) {plan:.1f} ms, observe {update:.1f} ms")
    for workers in arguments.workers:
        rate, theirs, ours = throughput(workers, arguments)
        print(
            f"{workers} workers: {rate:.0f} problems/s, CPU ms a problem: workers {theirs:.2f}, this process {ours:.2f}"
        )
