"""Reckoning with values that are known to within an error: interval arithmetic.

A result is centred on what the values give; its error is the furthest that any true values within the errors could lie
from there, so that no honest reading of a figure leads out of it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import NamedTuple


class Known(NamedTuple):
    """A value, and how far off a reading of it may be."""

    value: float
    err: float = 0.0

    def plus(self, other: Known) -> Known:
        return Known(self.value + other.value, self.err + other.err)

    def minus(self, other: Known) -> Known:
        return Known(self.value - other.value, self.err + other.err)

    def times(self, factor: float) -> Known:
        return Known(self.value * factor, self.err * abs(factor))

    def over(self, other: Known) -> Known:
        """The ratio; its error is infinite where the divisor could be nothing."""
        if abs(other.value) <= other.err:
            return Known(math.nan if other.value == 0 else self.value / other.value, math.inf)
        value = self.value / other.value
        ends = [(self.value + a * self.err) / (other.value + b * other.err) for a in (-1, 1) for b in (-1, 1)]
        return Known(value, max(abs(end - value) for end in ends))

    def differs(self, other: Known, least: float = 0.0) -> bool:
        """Whether no honest reading could confuse the two; they differ by more than `least` besides."""
        return abs(self.value - other.value) > self.err + other.err + least


def total(values: Iterable[Known]) -> Known:
    """The sum."""
    result = Known(0.0)
    for value in values:
        result = result.plus(value)
    return result


def share(part: Known, rest: Known) -> Known:
    """What percentage the part is of part and rest together (positive values)."""
    whole = part.value + rest.value
    if whole <= part.err + rest.err:
        return Known(math.nan, math.inf)
    value = 100 * part.value / whole
    ends = [100 * (part.value + a * part.err) / (whole + a * part.err + b * rest.err) for a, b in ((-1, 1), (1, -1))]
    return Known(value, max(abs(end - value) for end in ends))
