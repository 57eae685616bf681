"""Data as a careful reader of the figure might have it.

    readings(data, drawn, draws)    some times over all values off at once, each by up to its own error
    single(data, drawn)             one value off by its error, for every value that has one

Of samples a histogram tells how many lie in each bin and a box plot five numbers; within these the samples are moved.
Neither tells whose a sample is, so they change places too.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from envs.address import Draws
from envs.synthesis.proof.columns import Column, Path, columns, leaf, put
from envs.synthesis.proof.drawn import Drawn

TIMES = 16  # so that of two values that could be confused one in a hundred pairs is not
SINGLE = 120  # values that are put off alone, at most


def readings(data: Any, drawn: Drawn, draws: Draws) -> list[Any]:
    """Data as it might have been read, TIMES over; [] where everything is written out."""
    numbers, _ = columns(data)
    found = []
    stacks = _stacks(numbers, drawn)
    for _ in range(TIMES):
        changes: dict[Path, Any] = {}
        for edges in stacks:
            changes.update(_moved(data, [(edge, draws.uniform(0.8, 1.0) * draws.choice((1, -1))) for edge in edges]))
        for column in numbers:
            how = drawn.how.get(column.path, "")
            if any(place in changes for place in column.places):
                continue
            if how == "counted":
                changes.update(zip(column.places, draws.shuffled(_within_bins(column, drawn.edges, draws))))
            elif how == "quartiles":
                changes.update(zip(column.places, draws.shuffled(_between_quartiles(column, drawn, draws))))
            else:
                for place, value in zip(column.places, column.values):
                    if error := _finite(drawn.error.get(place, 0.0)):
                        changes[place] = value + error * draws.uniform(0.8, 1.0) * draws.choice((1, -1))
        if changes:
            found.append(put(data, changes))
    return found


def single(data: Any, drawn: Drawn) -> list[tuple[Path, Any]]:
    """Data with one value read too high by its error, for each such value; where there are more than SINGLE, whole
    columns at once, which is the same for sums and means of them."""
    numbers, _ = columns(data)
    stacks = _stacks(numbers, drawn)
    edges = [edge for stack in stacks for edge in stack]
    held = {place for edge in edges for place in (edge.below, edge.above)}
    off = [
        (place, value, error)
        for column in numbers
        if drawn.how.get(column.path) not in ("counted", "quartiles") and column.places[0] not in held
        for place, value in zip(column.places, column.values)
        if (error := _finite(drawn.error.get(place, 0.0)))
    ]
    found: list[tuple[Path, Any]] = []
    if len(edges) <= SINGLE:
        found += [(edge.below, put(data, _moved(data, [(edge, 1.0)]))) for edge in edges]
    else:  # every second edge, then the others
        for odd in (0, 1):
            some = [(edge, 1.0) for stack in stacks for k, edge in enumerate(stack) if k % 2 == odd]
            found.append(((), put(data, _moved(data, some))))
    if len(off) <= SINGLE:
        found += [(place, put(data, {place: value + error})) for place, value, error in off]
    else:
        found.append(((), put(data, {place: value + error for place, value, error in off})))
    for column in numbers:
        if drawn.how.get(column.path) == "quartiles":  # the whole box is read too high
            errors = [drawn.error[place] for place in column.places]
            shifted = {p: v + e for p, v, e in zip(column.places, column.values, errors)}
            lifted = _stretched(column, errors[0])
            found += [(column.places[0], put(data, shifted)), (column.places[0], put(data, lifted))]
    return found


@dataclass(frozen=True, slots=True)
class _Edge:
    """The line between two bands of a stack, which both are read by; `above` is () at the top."""

    below: Path
    above: Path
    error: float


def _stacks(numbers: list[Column], drawn: Drawn) -> list[list[_Edge]]:
    """The edges of each stack, from the bottom: bands are read off edges, so that their errors cancel in a total."""
    groups: dict[tuple[tuple[str, ...], ...], list[Column]] = {}
    for column in numbers:
        if column.keys and drawn.how.get(column.path) in ("stacked", "bar", "area"):
            groups.setdefault(column.keys, []).append(column)
    found = []
    for group in groups.values():
        if len(group) > 1 and any(drawn.how[column.path] == "stacked" for column in group):
            for row in zip(*(column.places for column in group)):
                error = min(_finite(drawn.error[place]) or math.inf for place in row)
                pairs = zip(row, (*row[1:], ()))
                # A floating band's error is that of two edges.
                halved = error / 2 if all(drawn.how[column.path] == "stacked" for column in group) else error
                found.append([_Edge(below, above, _finite(halved)) for below, above in pairs])
    return found


def _moved(data: Any, edges: list[tuple[_Edge, float]]) -> dict[Path, Any]:
    """Bands whose edges are read off by so many errors."""
    by: dict[Path, float] = {}
    for edge, times in edges:
        by[edge.below] = by.get(edge.below, 0.0) + times * edge.error
        if edge.above:
            by[edge.above] = by.get(edge.above, 0.0) - times * edge.error
    return {place: leaf(data, place) + off for place, off in by.items()}


def _finite(error: float) -> float:
    return error if math.isfinite(error) else 0.0


def _within_bins(column: Column, edges: tuple[float, ...], draws: Draws) -> list[Any]:
    """Each sample somewhere in its own bin."""
    found: list[Any] = []
    for value in column.values:
        at = min(int(np.searchsorted(edges, value, side="right")) - 1, len(edges) - 2)
        low, high = edges[at], edges[at + 1]
        found.append(low + (high - low) * draws.uniform(0.02, 0.98))
    return found


def _between_quartiles(column: Column, drawn: Drawn, draws: Draws) -> list[Any]:
    """Samples moved, but for the ends and those that the quartiles are reckoned from; then all off by an error."""
    order = sorted(range(len(column.values)), key=lambda k: column.values[k])
    last = len(order) - 1
    fixed = {0, last}
    for share in (0.25, 0.5, 0.75):
        fixed |= {math.floor(share * last), math.ceil(share * last)}
    error = drawn.error[column.places[0]]
    moved = list(map(float, column.values))
    off = [draws.uniform(-error, error) for _ in order]
    for rank in range(1, last):
        if rank not in fixed:
            low, high = column.values[order[rank - 1]], column.values[order[rank + 1]]
            moved[order[rank]] = low + (high - low) * draws.uniform(0.0, 1.0)
    shift = off[0]
    for rank in range(last + 1):
        moved[order[rank]] += shift if rank <= last // 2 else off[1] if rank > last * 0.75 else shift
    return moved


def _stretched(column: Column, error: float) -> dict[Path, Any]:
    """The lower half read too low and the upper too high."""
    values = column.values
    middle = float(np.median(values))
    return {
        place: value + (error if value > middle else -error if value < middle else 0.0)
        for place, value in zip(column.places, values)
    }
