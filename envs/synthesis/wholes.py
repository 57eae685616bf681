"""Rows that are shares of a whole: columns that lie side by side, such as the answers of each group, in percent.

A script that divides by the sum of a row draws other numbers than its data has as soon as the row does not add up, so
data that is changed to see what a render draws must go on adding up.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from envs.synthesis.columns import Column, Path, columns, leaf, put

WHOLES = {100.0: 0.5, 1.0: 0.011}  # and how far off a sum may be


def row_wholes(held: Sequence[Column]) -> list[tuple[list[Column], float]]:
    """The columns that lie side by side and whose every row adds up to the same whole, with that."""
    groups: dict[tuple[int, tuple[tuple[str, ...], ...]], list[Column]] = {}
    for column in held:
        if not column.position and not column.lone:
            groups.setdefault((len(column.values), column.keys), []).append(column)
    found = []
    for group in groups.values():
        rows = list(zip(*(column.values for column in group)))
        for whole, off in WHOLES.items():
            if len(group) > 1 and all(min(row) >= 0 and abs(math.fsum(row) - whole) <= off for row in rows):
                found.append((group, whole))
    return found


def balanced(data: Any, changed: Any) -> Any:
    """Changed data with the rows scaled that add up to a whole in the data."""
    changes: dict[Path, Any] = {}
    for group, whole in row_wholes(columns(data)[0]):
        step = 10 ** max(column.decimals for column in group)
        for places in zip(*(column.places for column in group)):
            row = [leaf(changed, place) for place in places]
            total = math.fsum(row)
            if total <= 0 or abs(total - whole) < 1e-9:
                continue
            units = [max(1, round(value * whole * step / total)) for value in row]
            units[units.index(max(units))] += round(whole * step) - sum(units)
            integral = all(isinstance(value, int) for value in row)
            changes.update(zip(places, units if step == 1 and integral else [unit / step for unit in units]))
    return put(changed, changes)
