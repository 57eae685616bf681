"""DATA as columns: what the data of a script says, whatever its shape.

DATA is JSON. Whether it is lists by name, records, a mapping from names to numbers or a matrix, its leaves fall into
columns: all leaves whose paths differ only in places of lists (or in the keys of a mapping that holds numbers alone).

    {"city": ["Oslo", "Lima"], "sales": [3.5, 4.0]}      city: names; sales: numbers, keys ("Oslo",) and ("Lima",)
    [{"city": "Oslo", "sales": 3.5}, ...]                the same two
    {"sales": {"Oslo": 3.5, "Lima": 4.0}}                one column, sales
    {"rows": [..r..], "years": [..c..], "v": [[..]..]}   v has keys ("Oslo", "2020"), ...

A column of numbers that only says where the others stand (years, x of even steps) is a `position`: a name in digits.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from rewards.typography import label_key

Path = tuple[str | int, ...]
LIST, KEYS = "[]", "{}"  # stand in a pattern for any place of a list, and for any key of a mapping of numbers
_AXES = "year years x t time month months day days week weeks hour hours quarter date edges bins bin ticks"
_LOOKS = "colour colours color colors palette marker markers hatch hatches linestyle style styles cmap"
_POSITIONS, _STYLE = frozenset(_AXES.split()), frozenset(_LOOKS.split())
_TIMES = re.compile(
    r"(?:\d{4}|q[1-4]|[12]?h[12]|jan|feb|mar|apr|may|jun|jul|aug|sept?|oct|nov|dec|mon|tue|wed|thu|fri|sat|sun|"
    r"week|day|month|quarter|year|fy|spring|summer|autumn|fall|winter|\d{1,2}:\d\d|\d{1,2}(?:am|pm)?|\d+s)"
    r"(?![a-z]{7})"
)


@dataclass(frozen=True, slots=True)
class Column:
    """Leaves that belong together. `path` is their pattern, `places` where each lies, `keys` the names that each goes
    by (from the outside in; () where nothing names it)."""

    path: tuple[str, ...]
    places: tuple[Path, ...]
    values: tuple[Any, ...]
    keys: tuple[tuple[str, ...], ...] = ()
    position: bool = False

    @property
    def name(self) -> str:
        """The last word of the path: "sales"; "" where there is none."""
        return next((part for part in reversed(self.path) if part not in (LIST, KEYS)), "")

    @property
    def lone(self) -> bool:
        """Whether it is one value that stands by itself."""
        return len(self.values) == 1 and LIST not in self.path and KEYS not in self.path

    @property
    def decimals(self) -> int:
        """The most decimals that a value is written with, at most 6."""
        return max((decimals(value) for value in self.values), default=0)

    @property
    def whole(self) -> float:
        """What the values add up to where they are shares of a whole (100 or 1), else 0."""
        total = math.fsum(self.values)
        if min(self.values) < 0 or len(self.values) < 2:
            return 0.0
        return 100.0 if abs(total - 100) <= 0.5 else 1.0 if abs(total - 1) <= 0.011 and max(self.values) < 1 else 0.0


def is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def decimals(value: float) -> int:
    """How many decimals the shortest text of a number has, at most 6."""
    if isinstance(value, int) or not math.isfinite(value):
        return 0
    exponent = Decimal(repr(value)).normalize().as_tuple().exponent
    return min(6, max(0, -exponent)) if isinstance(exponent, int) else 0


def columns(data: Any) -> tuple[list[Column], list[Column]]:
    """The columns of numbers and those of names, in the order in which they are written down."""
    found: dict[tuple[str, ...], list[tuple[Path, Any]]] = {}
    for pattern, place, value in _leaves(data, (), ()):
        found.setdefault(pattern, []).append((place, value))
    numbers, names = [], []
    for pattern, leaves in found.items():
        places, values = tuple(place for place, _ in leaves), tuple(value for _, value in leaves)
        if all(map(is_number, values)):
            numbers.append(Column(pattern, places, values))
        elif all(isinstance(value, str) for value in values) and not _is_style(pattern, values):
            names.append(Column(pattern, places, values))
    marked = [replace(column, position=_is_position(column, len(numbers))) for column in numbers]
    namers = [column for column in names if not column.lone] + [column for column in marked if column.position]
    return [replace(column, keys=_keys(column, namers)) for column in marked], names


def _leaves(data: Any, pattern: tuple[str, ...], place: Path) -> Iterator[tuple[tuple[str, ...], Path, Any]]:
    if isinstance(data, list):
        for index, value in enumerate(data):
            yield from _leaves(value, (*pattern, LIST), (*place, index))
    elif isinstance(data, dict):
        # A record of a list keeps its fields apart, even where all are numbers.
        record = bool(pattern) and pattern[-1] == LIST
        mapping = len(data) > 1 and not record and all(map(is_number, data.values()))
        for key, value in data.items():
            yield from _leaves(value, (*pattern, KEYS if mapping else key), (*place, key))
    else:
        yield pattern, place, data


def _is_style(pattern: tuple[str, ...], values: tuple[Any, ...]) -> bool:
    return bool(_STYLE & set(pattern)) or all(re.fullmatch(r"#[0-9a-fA-F]{3,8}|(?:tab|xkcd):.+", v) for v in values)


def _is_position(column: Column, beside: int) -> bool:
    """Whether numbers only say where others stand: they rise in even steps and are years or called so."""
    values = column.values
    if beside < 2 or len(values) < 2 or column.path[-1] == KEYS:
        return False
    steps = [b - a for a, b in itertools.pairwise(values)]
    if not min(steps) > 0:
        return False
    years = all(isinstance(value, int) and 1500 <= value <= 2200 for value in values)
    called = bool(_POSITIONS & set(re.split(r"[^a-z]+", column.name.casefold())))
    return years or called


def _keys(column: Column, namers: list[Column]) -> tuple[tuple[str, ...], ...]:
    """The names of each value: of every list and mapping on its path, as far as something names their places."""
    own: list[dict[Path, str] | None] = []  # of each level of the path: place up to there -> name
    for level, part in enumerate(column.path):
        if part == KEYS:
            own.append({place[: level + 1]: str(place[level]) for place in column.places})
        elif part == LIST:
            own.append(_named(column, level, namers))
    keys = []
    depths = [level + 1 for level, part in enumerate(column.path) if part in (KEYS, LIST)]
    for place in column.places:
        parts = [names.get(place[:depth]) for names, depth in zip(own, depths) if names is not None]
        keys.append(tuple(part for part in parts if part is not None))
    return tuple(keys) if all(keys) else ()


def _named(column: Column, level: int, namers: list[Column]) -> dict[Path, str] | None:
    """Names for the places of a list: a field of the records in it, or else a list as long that lies nearest."""
    outer = column.path[: level + 1]
    for namer in namers:
        if namer.path != column.path and namer.path[: level + 1] == outer and LIST not in namer.path[level + 1 :]:
            names = {place[: level + 1]: text(value) for place, value in zip(namer.places, namer.values)}
            if len(set(names.values())) == len(names) == len(namer.values):
                return names
    places = dict.fromkeys(place[: level + 1] for place in column.places)
    lengths = {sum(1 for other in places if other[:-1] == place[:-1]) for place in places}
    best: tuple[int, Column] | None = None
    for namer in namers:
        flat = namer.path.count(LIST) == 1 and namer.path[-1] == LIST
        if not flat or namer.path == column.path or lengths != {len(namer.values)}:
            continue
        if len(set(namer.values)) < len(namer.values):
            continue
        shared = sum(1 for a, b in zip(namer.path, column.path) if a == b)
        if best is None or shared > best[0]:
            best = (shared, namer)
    return {place: text(best[1].values[int(place[-1])]) for place in places} if best else None


def text(value: Any) -> str:
    """A name as it would be drawn: 2020 rather than 2020.0."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def ordered(names: tuple[Any, ...]) -> bool:
    """Whether names follow each other by what they say, as years, months and numbered things do."""
    if all(map(is_number, names)):
        return True
    return sum(bool(_TIMES.match(label_key(name))) for name in names) > len(names) / 2


def mentioned(question: str, names: list[str]) -> set[str]:
    """Those of the names that a question mentions; of names within others ("York", "New York") the longest."""
    left, found = f" {label_key(question)} ", set()
    for name in sorted(set(names), key=len, reverse=True):
        if not (key := label_key(name)):
            continue
        pattern = re.compile(rf"(?<![^\W_]){re.escape(key)}(?![^\W_]|[.,]\d)")
        if pattern.search(left):
            found.add(name)
            left = pattern.sub("\0", left)
    return found


def put(data: Any, changes: dict[Path, Any]) -> Any:
    """A copy of the data with other leaves at these places."""

    def copy(part: Any, place: Path) -> Any:
        if isinstance(part, list):
            return [copy(value, (*place, index)) for index, value in enumerate(part)]
        if isinstance(part, dict):
            return {key: copy(value, (*place, key)) for key, value in part.items()}
        return changes.get(place, part)

    return copy(data, ())


def leaf(data: Any, place: Path) -> Any:
    """What lies at a place of the data."""
    for part in place:
        data = data[part]
    return data
