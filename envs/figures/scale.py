"""A linear value axis: values to pixels, and ticks at round numbers."""

from __future__ import annotations

import math
from dataclasses import dataclass

from envs.drawing.sheet import Unreadable

TICK = 4.0  # pixels of a tick


@dataclass(frozen=True, slots=True)
class Scale:
    """0 sits at pixel `start`, `last` at pixel `end`."""

    last: float
    start: float
    end: float
    ticks: tuple[float, ...]
    labels: tuple[str, ...]

    @classmethod
    def fit(cls, largest: float, start: float, end: float, spacing: float) -> Scale:
        """A scale from 0 to a little above `largest`, its ticks at least about `spacing` pixels apart."""
        last = largest * 1.05
        ticks, labels = nice_ticks(last, max(1, int((end - start) / spacing)))
        if len(ticks) < 2:
            raise Unreadable("an axis with a single tick")
        return cls(last, start, end, tuple(ticks), tuple(labels))

    @property
    def px_per_unit(self) -> float:
        return (self.end - self.start) / self.last

    def px(self, value: float) -> float:
        """Where a value lies."""
        return self.start + value * self.px_per_unit


def nice_ticks(last: float, most: int) -> tuple[list[float], list[str]]:
    """Whole multiples of 1, 2, 5 x 10^n from 0 to `last`, their labels: at most `most` steps, but at least one."""
    step, power = 1, 0
    while last / step > most:
        factor = {1: 2, 2: 5, 5: 10}[step // 10**power]
        coarser = factor * 10**power
        if coarser > last:
            break
        step, power = coarser, power + (factor == 10)
    steps = math.floor(last / step)
    return [float(i * step) for i in range(steps + 1)], [str(i * step) for i in range(steps + 1)]
