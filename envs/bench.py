"""How fast a problem is made, beside what it takes to decode the same picture from a stored PNG: CPU time, one core."""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

from PIL import Image

from envs.address import Address
from envs.problem import Problem, make

# What is timed: a name, a cell, levels, and which of its problems count.
CASES: tuple[tuple[str, str, str, tuple[int, ...], Callable[[Problem], bool]], ...] = (
    ("bar", "bar", "kth_value", (0, 3, 6, 9), lambda problem: True),
    ("pie", "pie", "kth_value", (0, 3, 6, 9), lambda problem: True),
    ("wordcloud", "wordcloud", "kth_largest", (0, 3, 6, 9), lambda problem: True),
    ("wordcloud, 28-32 words", "wordcloud", "count", (7, 8, 9), lambda p: 28 <= int(p.answer.value) <= 32),  # type: ignore[attr-defined]
)


@dataclass(frozen=True, slots=True)
class Timing:
    """CPU milliseconds: median and 90th percentile of making, median of decoding the PNG; and its size."""

    name: str
    made: int
    making: float
    slow: float
    decoding: float
    kilobytes: float


def measure(count: int = 200) -> list[Timing]:
    """Time `count` new problems of each case at 448 x 448, after twenty to warm the caches."""
    timings = []
    for name, family, question, levels, counts in CASES:
        making: list[float] = []
        decoding: list[float] = []
        sizes: list[float] = []
        seed = 0
        while len(making) < count + 20:
            address = Address(family, question, levels[seed % len(levels)], 700_000 + seed)
            seed += 1
            start = time.process_time()
            problem = make(address)
            took = time.process_time() - start
            if not counts(problem):
                continue
            making.append(took * 1e3)
            stored = io.BytesIO()
            Image.fromarray(problem.image).save(stored, "PNG")
            start = time.process_time()
            Image.open(io.BytesIO(stored.getvalue())).convert("RGB").load()
            decoding.append((time.process_time() - start) * 1e3)
            sizes.append(len(stored.getvalue()) / 1e3)
        making = sorted(making[20:])
        timings.append(
            Timing(name, count, median(making), making[int(0.9 * len(making))], median(decoding[20:]), median(sizes))
        )
    return timings


def table(timings: list[Timing]) -> str:
    """The timings for a terminal."""
    lines = [f"{'CPU milliseconds at 448 x 448':30}{'make':>8}{'90 %':>8}{'PNG decode':>12}{'PNG kB':>8}"]
    lines += [f"{t.name:30}{t.making:8.2f}{t.slow:8.2f}{t.decoding:12.2f}{t.kilobytes:8.1f}" for t in timings]
    return "\n".join(lines)
