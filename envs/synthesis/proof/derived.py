"""What a figure may show beside the values of its data: shares, sums, differences, means of them."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from envs.synthesis.proof.columns import Column

SCALES = (1.0, 1e-3, 1e3, 1e-6, 1e6, 1e-9, 1e9, 100.0, 0.01, -1.0)  # on which data may be drawn
LONGEST = 400  # values of a row that anything is reckoned from


class Unfaithful(ValueError):
    """Figure and data say different things: the message is the reason to count by, `detail` says where."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(reason)
        self.reason, self.detail = reason, detail


class Derived:
    """What a figure may show beside the values themselves."""

    def __init__(self, numbers: list[Column]) -> None:
        plain = [column for column in numbers if column.values]
        values: set[float] = set()
        for column in plain:
            row = [float(value) for value in column.values]
            values |= {float(value) for value in row}
            values |= set(_of_row(row))
        by_keys: dict[tuple[tuple[str, ...], ...], list[Column]] = defaultdict(list)
        for column in plain:
            if not column.lone and not column.position:
                by_keys[column.keys or (("",),) * len(column.values)].append(column)
        for group in by_keys.values():
            if len(group) > 1:
                for across in zip(*(column.values for column in group)):
                    values |= set(_of_row([float(value) for value in across]))
        self.sorted = np.array(sorted({scale * value for value in values for scale in SCALES if math.isfinite(value)}))

    def holds(self, value: float, reach: float = 0.0) -> bool:
        """Whether a value is among them, to within `reach`."""
        reach = reach * (1 + 1e-6) + 2e-4 * abs(value) * (reach == 0) * 0.01 + 1e-9
        at = int(np.searchsorted(self.sorted, value - reach))
        return at < len(self.sorted) and float(self.sorted[at]) <= value + reach


def _of_row(row: list[float]) -> Iterator[float]:
    """What follows from numbers that belong together."""
    if len(row) > LONGEST:
        return
    total = math.fsum(row)
    yield from (total, total / len(row), float(np.median(row)), max(row), min(row), float(len(row)))
    sofar = 0.0
    for value in row:
        if total:
            yield 100 * value / total
            yield value / total
        sofar += value
        yield sofar
        if total:
            yield 100 * sofar / total
    for a, b in pairwise(row):
        yield b - a
        yield a - b
