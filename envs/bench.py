"""How fast a problem is made, beside what it takes to decode the same picture from a stored PNG: CPU time, one core.

What counts is the steady state of a stream: the first 20 problems of a family take a third longer than later ones, the
next 60 a tenth, and from the 100th on the median stays; so the clock starts there.
"""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

from PIL import Image

from envs.address import DEFAULT_PX, Address
from envs.problem import Problem, make
from envs.registry import select

WARM = 100  # problems of a family before the clock counts, to fill the caches
LEVELS = (0, 3, 6, 9)
# Beside every family: a cloud as large as they get in earnest.
LARGE = ("wordcloud", "count", (7, 8, 9), range(28, 33))


@dataclass(frozen=True, slots=True)
class Timing:
    """CPU milliseconds: median and 90th percentile of making, median of decoding the PNG; and its size."""

    name: str
    made: int
    making: float
    slow: float
    decoding: float
    kilobytes: float


def measure(count: int = 200, families: Sequence[str] = ("*",)) -> list[Timing]:
    """Time `count` new problems at 448 x 448 of each family that the globs name, all its questions in turn."""
    by_family: dict[str, list[str]] = {}
    for cell in select([f"{glob}/*" for glob in families], DEFAULT_PX, DEFAULT_PX):
        by_family.setdefault(cell.family, []).append(cell.question)
    timings = [
        _timed(family, family, questions, LEVELS, count, lambda problem: True)
        for family, questions in by_family.items()
    ]
    if LARGE[0] in by_family:
        family, question, levels, sizes = LARGE
        timings.append(
            _timed(f"{family}, 28-32 words", family, [question], levels, count, lambda p: int(p.answer.value) in sizes)  # type: ignore[attr-defined]
        )
    return timings


def _timed(
    name: str, family: str, questions: Sequence[str], levels: Sequence[int], count: int, fit: Callable[[Problem], bool]
) -> Timing:
    making: list[float] = []
    decoding: list[float] = []
    sizes: list[float] = []
    seed = 0
    while len(making) < count + WARM:
        question, level = questions[seed % len(questions)], levels[seed // len(questions) % len(levels)]
        seed += 1
        start = time.process_time()
        problem = make(Address(family, question, level, 700_000 + seed))
        took = time.process_time() - start
        if not fit(problem):
            continue
        making.append(took * 1e3)
        stored = io.BytesIO()
        Image.fromarray(problem.image).save(stored, "PNG")
        start = time.process_time()
        Image.open(io.BytesIO(stored.getvalue())).convert("RGB").load()
        decoding.append((time.process_time() - start) * 1e3)
        sizes.append(len(stored.getvalue()) / 1e3)
    making = sorted(making[WARM:])
    slow = making[int(0.9 * len(making))]
    return Timing(name, count, median(making), slow, median(decoding[WARM:]), median(sizes))


def table(timings: list[Timing]) -> str:
    """The timings for a terminal."""
    lines = [f"{'CPU milliseconds at 448 x 448':30}{'make':>8}{'90 %':>8}{'PNG decode':>12}{'ratio':>7}{'PNG kB':>8}"]
    lines += [
        f"{t.name:30}{t.making:8.2f}{t.slow:8.2f}{t.decoding:12.2f}{t.making / t.decoding:7.1f}{t.kilobytes:8.1f}"
        for t in timings
    ]
    return "\n".join(lines)
