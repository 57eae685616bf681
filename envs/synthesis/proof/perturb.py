"""Data changed so that it still is such data: other numbers, names moved, a row less. JSON in, JSON out.

Every change keeps the schema (keys, types, lengths but for a dropped row), signs, decimals, values that differ from one
another, shares that add up to a whole, and positions such as years. So a program that reads what its question asks
about runs on all of them; one that has learned the data by heart is caught.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from envs.address import Draws
from envs.numerals import half_up, numbers
from envs.synthesis.proof.columns import (
    KEYS,
    LIST,
    Column,
    Path,
    columns,
    decimals,
    is_number,
    leaf,
    mentioned,
    ordered,
    put,
    shared,
    text,
)

ROUNDS = 3  # times that all numbers are changed
DROPPED = 2  # rows that are dropped, one at a time
ALONE = 8  # columns that are changed alone, at most
EDGES = 4  # versions with values beside a number that the question says, at most
SAID = 4  # names of a question whose numbers are changed alone, at most
GRID, GRID_FROM, GRID_TO = 160, 0.55, 1.8  # sizes of all values at once, at three quarters of a percent each
_BOUNDED = re.compile(
    r"\b(more|less|fewer|greater|higher|lower|larger|smaller|above|below|over|under|beyond|exceed\w*|least|most)\b",
    re.IGNORECASE,
)
_ROUNDED = re.compile(r"\b(?:nearest|closest|to) \d[\d,.]*|\b(?:1[5-9]|20)\d\d\b", re.IGNORECASE)
BELOW, ABOVE = (0.45, 0.85), (1.2, 1.9)  # factors by which numbers change


@dataclass(frozen=True, slots=True)
class Version:
    """Changed data. `what`: "numbers", "names", "beside" (columns in each other's place), "row", "scaled", "named"
    (what the question mentions), "others" (what it does not), "column"; `column` is the path of the one that was
    changed alone, `names` are those whose numbers were."""

    what: str
    data: Any
    column: tuple[str, ...] = ()
    names: frozenset[str] = frozenset()


def versions(data: Any, question: str, draws: Draws) -> list[Version]:
    """The changed versions of the data on which the programs of a question are run."""
    held, names = columns(data)
    free = [column for column in held if not column.position]
    whole = {place for parts in shared(held) for place in parts}
    said = mentioned(question, [key for column in free for keys in column.keys for key in keys])
    found = [Version("numbers", changed(data, free, draws)) for _ in range(ROUNDS)]
    found += [Version("names", moved) for moved in shuffled(data, free, names, draws)]
    found += [Version("beside", moved) for moved in _swapped(data, free)]
    found += [Version("row", less) for less in dropped(data, held, names, question, draws)]
    if said:
        for names_said in ([said] if len(said) > 1 else []) + [{name} for name in sorted(said)[:SAID]]:
            for up in (True, False):
                found.append(
                    Version("named", changed(data, free, draws, names_said, up=up), names=frozenset(names_said))
                )
            # Who is first in a row may stay so when all of it grows, but not when its values change places.
            found += [
                Version("named", moved, names=frozenset(names_said)) for moved in _swapped(data, free, names_said)
            ]
        if any(not _touches(keys, said) for column in free for keys in column.keys):
            found += [Version("others", changed(data, free, draws, said, others=True)) for _ in range(2)]
    found += [Version("numbers", near) for near in _near_thresholds(data, free, said, question, draws)]
    found += [Version("scaled", each) for each in _scaled(data, held, question)]
    for column in free[:ALONE] if len(free) > 1 else ():
        found += [Version("column", changed(data, [column], draws, up=up), column.path) for up in (None, True, False)]
        for _ in range(0 if whole.intersection(column.places) else 2):
            moved = dict(zip(column.places, _deranged(column.values, draws)))
            found.append(Version("column", put(data, moved), column.path))
    return found


def _swapped(data: Any, free: list[Column], said: set[str] | None = None) -> list[Any]:
    """The data with the values of columns that lie side by side each in the place of the next, once and once more; only
    those of the names `said`, if given."""
    groups: dict[tuple[Any, ...], list[Column]] = {}
    for column in free:
        if column.keys and not column.lone:
            groups.setdefault((column.path[:-2], column.keys), []).append(column)
    found = []
    for step in (1, 2):
        changes = {
            place: value
            for group in groups.values()
            for column, other in zip(group, group[step % len(group) :] + group[: step % len(group)])
            for keys, place, value in zip(column.keys, column.places, other.values)
            if said is None or _touches(keys, said)
        }
        if any(len(group) > step for group in groups.values()):
            found.append(put(data, changes))
    return found


def _scaled(data: Any, held: list[Column], question: str) -> list[Any]:
    """The data a little larger or smaller, so many times over that sums and means pass each number that a question
    says; none where it says no such number, or where shares would no longer make a whole."""
    free = [column for column in held if not column.position and not column.lone]
    if not numbers(_ROUNDED.sub("", question)) or shared(held):
        return []
    leaves = [(p, v, digits) for c in free for digits in (c.decimals,) for p, v in zip(c.places, c.values)]
    found = []
    for k in range(GRID):
        factor = GRID_FROM * (GRID_TO / GRID_FROM) ** (k / (GRID - 1))
        new = ((place, value, half_up(factor * value, digits)) for place, value, digits in leaves)
        found.append(put(data, {place: int(n) if isinstance(value, int) else n for place, value, n in new}))
    return found


def _near_thresholds(data: Any, free: list[Column], said: set[str], question: str, draws: Draws) -> list[Any]:
    """The data with values just above and just below each number that a question says, for up to EDGES of them."""
    found: list[Any] = []
    whole = {place for parts in shared(columns(data)[0]) for place in parts}
    for threshold in dict.fromkeys(numbers(question)):
        for column in free:
            inside = min(column.values) < threshold < max(column.values)
            loose = [k for k in range(len(column.values)) if not (column.keys and _touches(column.keys[k], said))]
            if not inside or len(loose) < 2 or whole.intersection(column.places) or len(found) == EDGES:
                continue
            step = 10.0**-column.decimals
            above, below = half_up(threshold + step, column.decimals), half_up(threshold - step, column.decimals)
            if not {above, below} & set(column.values):
                bare = all(isinstance(value, int) for value in column.values)
                new = [int(value) if bare else value for value in (above, below)]
                found.append(put(data, dict(zip([column.places[k] for k in draws.sample(loose, 2)], new))))
                if _BOUNDED.search(question):  # its words say on which side the number itself is
                    even = int(threshold) if bare else threshold
                    found.append(put(data, {column.places[draws.choice(loose)]: even}))
    return found


def changed(
    data: Any,
    which: Sequence[Column],
    draws: Draws,
    said: set[str] | None = None,
    *,
    others: bool = False,
    up: bool | None = None,
) -> Any:
    """The data with other numbers in these columns: all of them, those of the names `said`, or those of no such name.
    `up` says which way all of them go."""
    changes: dict[Path, Any] = {}
    taken: set[Path] = set()
    for column in which:
        chosen = [
            index
            for index in range(len(column.values))
            if said is None or (_touches(column.keys[index], said) != others if column.keys else others)
        ]
        if chosen:
            changes.update(zip(column.places, _other_numbers(column, chosen, draws, up)))
            taken |= {column.places[index] for index in chosen}
    # What a row adds up to stays, if all of it is changed.
    wholes = [parts for parts in shared(columns(data)[0]) if taken.issuperset(parts)] if up is None else []
    for _ in range(20 if wholes else 0):
        for parts in wholes:
            values = [leaf(data, place) for place in parts]
            changes.update(zip(parts, _moved(values, range(len(parts)), draws, up)))
        if all(
            _distinct(c.values) <= _distinct([changes.get(p, v) for p, v in zip(c.places, c.values)]) for c in which
        ):
            break
    return put(data, changes)


def _distinct(values: Sequence[Any]) -> bool:
    return len(set(values)) == len(values)


def _touches(keys: tuple[str, ...], said: set[str]) -> bool:
    return any(key in said for key in keys)


def _other_numbers(column: Column, chosen: list[int], draws: Draws, up: bool | None) -> list[Any]:
    values = list(column.values)
    if column.whole and len(values) > 1:
        return _moved(values, chosen, draws, up)
    places = column.decimals
    step = 10.0**-places
    distinct = _distinct(values)
    typical = max(map(abs, values)) or 1.0
    for index in chosen:
        old = values[index]
        base = old if old else typical * 0.2
        for _ in range(50):
            above = draws.chance(0.5) if up is None else up
            new = half_up(base * draws.uniform(*(ABOVE if above else BELOW)), places)
            if new == old or (old and new * old <= 0):  # a small number, which is to keep its sign
                new = half_up(old + (step if old >= 0 else -step) * draws.integers(1, 4), places)
            if not distinct or new not in values:
                break
        while distinct and new in values:
            new = half_up(new + (step if new >= 0 else -step), places)
        values[index] = int(new) if isinstance(old, int) and not places else new
    return values


def _moved(values: list[Any], chosen: Sequence[int], draws: Draws, up: bool | None) -> list[Any]:
    """Shares that still add up to what they did: parts move between the chosen ones and the others."""
    places = max(map(decimals, values))
    step = 10**places
    units = [round(value * step) for value in values]
    rest = [index for index in range(len(values)) if index not in chosen] or list(range(len(values)))
    distinct = len(set(units)) == len(units)
    for index in chosen:
        partners = [other for other in rest if other != index]
        if not partners:
            continue
        partner = draws.choice(partners)
        above = units[partner] > units[index] if up is None else up  # a larger part has more to give
        giver, taker = (partner, index) if above else (index, partner)
        for _ in range(20):
            part = max(1, int(units[giver] * draws.uniform(0.2, 0.7)))
            after = list(units)
            after[giver] -= part
            after[taker] += part
            if after[giver] > 0 and not (distinct and len(set(after)) < len(after)):
                units = after
                break
    kept = [value / step for value in units]
    return [int(new) if isinstance(old, int) and not places else new for old, new in zip(values, kept)]


def shuffled(data: Any, free: list[Column], names: list[Column], draws: Draws) -> list[Any]:
    """The data with its names moved among their places, twice (of names that come several times each takes the place of
    another, in all columns that share names, as the ends of edges do); where an order holds them together or there are
    none, its numbers, those of a row together."""
    loose = [column for column in names if len(set(column.values)) > 1 and not ordered(column.values)]
    found = []
    for _ in range(2):
        changes: dict[Path, Any] = {}
        if loose:
            for each in _sharing(loose):
                instead = dict(zip(each, _deranged(each, draws)))
                for column in loose:
                    if column.values[0] in instead:
                        changes.update((place, instead[value]) for place, value in zip(column.places, column.values))
        orders: dict[int, list[int]] = {}
        wholes = shared(free)
        for column in free:
            # Of a mapping the values move, which is the same.
            if not loose or (column.path[-1] == KEYS and not ordered(tuple(keys[-1] for keys in column.keys))):
                # Of a matrix of shares whole rows move.
                parts = [each for each in wholes if len(each) < len(column.places) and each[0] in column.places]
                units = parts if sum(map(len, parts)) == len(column.places) else [(place,) for place in column.places]
                order = orders.setdefault(len(units), _deranged(range(len(units)), draws))
                for unit, other in zip(units, order):
                    changes.update(zip(unit, [leaf(data, place) for place in units[other]]))
        found.append(put(data, changes))
    return found


def _sharing(loose: list[Column]) -> list[list[Any]]:
    """The names of the columns, those of columns that share some together."""
    found: list[list[Any]] = []
    for column in loose:
        held = [names for names in found if not set(names).isdisjoint(column.values)]
        found = [names for names in found if names not in held]
        found.append(list(dict.fromkeys([name for names in held for name in names] + list(column.values))))
    return found


def _deranged(values: Sequence[Any], draws: Draws) -> list[Any]:
    """The values in another order, each in another place where they all differ."""
    order = draws.shuffled(range(len(values)))
    new = list(values)
    for a, b in zip(order, (*order[1:], order[0])):  # one cycle through all
        new[b] = values[a]
    return new


def dropped(data: Any, held: list[Column], names: list[Column], question: str, draws: Draws) -> list[Any]:
    """The data without a row, for up to DROPPED rows that the question does not mention; none where fewer than three
    would be left, or where shares would no longer make a whole."""
    if any(column.whole for column in held):
        return []
    axes: dict[int, list[str]] = {}
    for column in (*names, *(column for column in held if column.position)):
        if column.path.count(LIST) == 1 and column.path[-1] != KEYS:
            values = [text(value) for value in column.values]
            if len(values) >= 4 and len(set(values)) == len(values):
                axes.setdefault(len(values), []).extend(values)
    for column in held:
        if column.path[-1] == KEYS and column.path.count(LIST) == 0 and len(column.values) >= 4:
            axes.setdefault(len(column.values), []).extend(keys[-1] for keys in column.keys)
    free = []
    for length, labels in axes.items():
        said = mentioned(question, labels)
        gone = {index % length for index, label in enumerate(labels) if label in said}
        first_last = {0, length - 1} if ordered(tuple(labels[:length])) else set()
        free += [(length, index) for index in range(length) if index not in gone | first_last]
    taken = draws.sample(free, min(DROPPED, len(free)))
    return [without(data, length, index) for length, index in taken]


def without(data: Any, length: int, index: int, record: bool = False) -> Any:
    """The data with this place taken out of every list, and every mapping of numbers, that is so long. A `record` of a
    list is no such mapping."""
    if isinstance(data, list):
        rest = [value for place, value in enumerate(data) if place != index] if len(data) == length else data
        return [without(value, length, index, record=True) for value in rest]
    if isinstance(data, dict):
        mapping = len(data) == length and not record and all(map(is_number, data.values()))
        keys = [key for place, key in enumerate(data) if not (mapping and place == index)]
        return {key: without(data[key], length, index) for key in keys}
    return data
