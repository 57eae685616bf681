"""What a worker holds: its resident memory as it makes problems from the whole world, and the slope at the end.

python benchmarks/memory.py [--problems 20000] [--steps 10] [--cells '*/*']
"""

import argparse
import gc
import random
from pathlib import Path

from envs.address import DEFAULT_PX, MAX_SEED, Address
from envs.problem import make_near
from envs.registry import select

LEVELS = 13
PAGE = 4096 / 1e6  # megabytes


def resident() -> float:
    """Megabytes of this process that lie in memory (Linux)."""
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE


def held(problems: int, steps: int, cells: list[str]) -> list[tuple[int, float]]:
    """(problems made, megabytes) at each step."""
    rng = random.Random(0)
    chosen = select(cells, DEFAULT_PX, DEFAULT_PX)
    found = []
    for done in range(1, problems + 1):
        cell = rng.choice(chosen)
        make_near(Address(cell.family, cell.question, rng.randrange(LEVELS), rng.randrange(MAX_SEED)))
        if done % max(1, problems // steps) == 0:
            found.append((done, resident()))
            print(f"{done:8} problems {found[-1][1]:8.1f} MB", flush=True)
    return found


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--problems", type=int, default=20_000)
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--cells", nargs="+", default=["*/*"])
    arguments = parser.parse_args()
    (a, low), *_, (b, high) = held(arguments.problems, arguments.steps, arguments.cells)[arguments.steps // 2 - 1 :]
    print(f"slope over the second half: {(high - low) / (b - a) * 1000:.2f} MB per 1,000 problems")
