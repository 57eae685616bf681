"""DATA as columns: what the data of a script says, whatever its shape.

DATA is JSON. Whether it is lists by name, records, a mapping from names to numbers or a matrix, its leaves fall into
columns: all leaves whose paths differ only in places of lists (or in the keys of a mapping that holds numbers alone).

    {"city": ["Oslo", "Lima"], "sales": [3.5, 4.0]}      city: names; sales: numbers, keys ("Oslo",) and ("Lima",)
    [{"city": "Oslo", "sales": 3.5}, ...]                the same two
    {"sales": {"Oslo": 3.5, "Lima": 4.0}}                one column, sales
    {"kind": [..], "sold": [..], "day": [..], "won": [..]}   sold by kind, won by day, even if they are equally long
    {"rows": [..r..], "years": [..c..], "v": [[..]..]}   v has keys ("Oslo", "2020"), ...
    {"city": ["Oslo", "Lima"], "rain": [[..], [..]]}     samples by city: columns Oslo and Lima, as if rain named them

A column of numbers that only says where the others stand (years, x of even steps) is a `position`: a name in digits.
"""

from __future__ import annotations

import itertools
import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from rewards.typography import label_key

Path = tuple[str | int, ...]
COUNTED = 4  # numbers 1, 2, 3 ... of so many rows count them; of fewer they may be what was measured
LIST, KEYS = "[]", "{}"  # stand in a pattern for any place of a list, and for any key of a mapping of numbers
_AXES = "year years x t time month months day days week weeks hour hours quarter date edges bins bin ticks"
_LOOKS = "colour colours color colors palette marker markers hatch hatches linestyle style styles cmap"
_POSITIONS, _STYLE = frozenset(_AXES.split()), frozenset(_LOOKS.split())
_AMOUNTS = ("nearest", "to", "top", "bottom", "than", "above", "below", "over", "under", "least", "most", "by", "about")
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
        return _whole(self.values)


def _whole(values: Sequence[float]) -> float:
    """What values add up to where they are shares of a whole, else 0."""
    total = math.fsum(values)
    if len(values) < 2 or min(values) < 0:
        return 0.0
    return 100.0 if abs(total - 100) <= 0.5 else 1.0 if abs(total - 1) <= 0.011 and max(values) < 1 else 0.0


def shared(numbers: list[Column]) -> list[tuple[Path, ...]]:
    """Places of values that are shares of one whole: of each row of several columns, of each row (or else each column)
    of a matrix, or those of a column."""
    found: list[tuple[Path, ...]] = []
    rows: dict[tuple[Any, ...], list[Column]] = {}
    for column in numbers:
        if column.position or column.lone:
            continue
        if column.keys and not column.whole and column.path[-2:] == (LIST, LIST):
            for part in (-2, -1):
                lists: dict[Any, list[int]] = {}
                for index, place in enumerate(column.places):
                    lists.setdefault(place[part], []).append(index)
                if all(_whole([column.values[i] for i in each]) for each in lists.values()):
                    found += [tuple(column.places[i] for i in each) for each in lists.values()]
                    break
        else:
            rows.setdefault((column.keys, len(column.values)), []).append(column)
    for group in rows.values():
        if len(group) > 1 and all(map(_whole, zip(*(column.values for column in group)))):
            found += list(zip(*(column.places for column in group)))
        else:
            found += [column.places for column in group if column.whole]
    return found


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
    lists = {len(column.values) for column in names if len(set(column.values)) == len(column.values) > 1}
    marked = [replace(c, position=_is_position(c, len(numbers), len(c.values) in lists)) for c in numbers]
    if all(c.position or c.lone for c in marked):
        marked = numbers  # something must have been measured
    namers = [column for column in names if not column.lone] + [column for column in marked if column.position]
    measured = {column.path for column in marked if not column.position}
    before = dict(zip(found, itertools.accumulate((path in measured for path in found), initial=0)))
    return [own for column in marked for own in _named_columns(column, _by_nearness(column, namers, before))], names


def _by_nearness(column: Column, namers: list[Column], before: dict[tuple[str, ...], int]) -> list[Column]:
    """What may name a list of numbers: first what is written last before it, then what comes behind it. `before` says
    how many columns of numbers are written before each column."""
    if column.path.count(LIST) != 1 or column.path[-1] != LIST:
        return namers
    own = before[column.path]
    return sorted(namers, key=lambda n: (0, own - before[n.path]) if before[n.path] <= own else (1, before[n.path]))


def undecided(data: Any) -> str:
    """A matrix whose rows and columns could go by the same names, so that they cannot be told apart; "" for none."""
    numbers, names = columns(data)
    namers = [column for column in names if not column.lone] + [column for column in numbers if column.position]
    for column in numbers:
        levels = [level for level, part in enumerate(column.path) if part == LIST]
        if len(levels) < 2 or not column.keys or len(column.keys[0]) < len(levels):
            continue
        for level in levels:
            best = _nearest(column, level, namers)
            if len(best) > 1 and all(_nearest(column, other, namers) == best for other in levels):
                return f"{column.name}: {' and '.join(namer.name for namer in best)} are equally long"
    return ""


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


def _is_position(column: Column, beside: int, named: bool) -> bool:
    """Whether numbers only say where others stand: they rise, and are years, count 1, 2, 3 ... or are called so and
    nothing else names their places."""
    values = column.values
    if beside < 2 or len(values) < 2 or column.path[-1] == KEYS:
        return False
    steps = [b - a for a, b in itertools.pairwise(values)]
    if not min(steps) > 0:
        return False
    if len(values) >= COUNTED and values[0] in (0, 1) and set(steps) == {1} and column.path.count(LIST) == 1:
        return True
    years = all(isinstance(value, int) and 1500 <= value <= 2200 for value in values)
    called = bool(_POSITIONS & set(re.split(r"[^a-z]+", spoken(column.name)[1])))
    return years or (called and not named)


def _named_columns(column: Column, namers: list[Column]) -> list[Column]:
    """The column with the names of each value: of every list and mapping on its path, as far as something names their
    places. Lists without names of their own, each in a named place, are a column each."""
    own: list[dict[Path, tuple[str, ...]]] = []  # of each level of the path: place up to there -> names
    depths = [level + 1 for level, part in enumerate(column.path) if part in (KEYS, LIST)]
    for depth in depths:
        by_key = column.path[depth - 1] == KEYS
        own.append(
            {p[:depth]: (str(p[depth - 1]),) for p in column.places} if by_key else _named(column, depth - 1, namers)
        )
    keys = [tuple(key for names, d in zip(own, depths) for key in names.get(p[:d], ())) for p in column.places]
    if len(own) > 1 and all(own[:-1]) and not own[-1] and column.path[-1] == LIST:
        groups: dict[Path, list[int]] = {}
        for index, place in enumerate(column.places):
            groups.setdefault(place[:-1], []).append(index)
        return [_part(column, own, group) for group in groups.values()]
    return [replace(column, keys=tuple(keys) if all(keys) else ())]


def _part(column: Column, own: list[dict[Path, tuple[str, ...]]], group: list[int]) -> Column:
    """The values of one list, under the path that they would have if mappings held them by name."""
    place, names = column.places[group[0]], iter(own)
    path = [
        ", ".join(next(names)[place[: level + 1]]) if part in (LIST, KEYS) else part
        for level, part in enumerate(column.path[:-1])
    ]
    places, values = ([each[i] for i in group] for each in (column.places, column.values))
    return Column((*path, LIST), tuple(places), tuple(values))


def _named(column: Column, level: int, namers: list[Column]) -> dict[Path, tuple[str, ...]]:
    """Names for the places of a list: a field of the records in it, or else a list as long that lies nearest; where
    none tells all places apart, all such fields or lists together ("Oslo", "2020"). {} where nothing does."""
    outer = column.path[: level + 1]
    places = dict.fromkeys(place[: level + 1] for place in column.places)
    fields = [
        {place[: level + 1]: text(value) for place, value in zip(namer.places, namer.values)}
        for namer in namers
        if namer.path != column.path and namer.path[: level + 1] == outer and LIST not in namer.path[level + 1 :]
    ]
    # A field that some records lack names none of them.
    if found := _telling([{p: names[p] for p in places} for names in fields if names.keys() >= places.keys()]):
        return found
    by_number = _telling([{(i,): text(v) for i, v in enumerate(n.values)} for n in _nearest(column, level, namers)])
    return {p: by_number[p[-1:]] for p in places} if all(p[-1:] in by_number for p in places) else {}


def _telling(names: list[dict[Path, str]]) -> dict[Path, tuple[str, ...]]:
    """The first of these that gives every place a name of its own, or else all of them together if they do."""
    for each in names:
        if len(set(each.values())) == len(each):
            return {place: (name,) for place, name in each.items()}
    joint = {place: tuple(each[place] for each in names) for place in names[0]} if names else {}
    return joint if len(set(joint.values())) == len(joint) else {}


def _nearest(column: Column, level: int, namers: list[Column]) -> list[Column]:
    """The lists of names that are as long as the lists at this level, of those the ones that lie nearest. Those that
    tell all places apart go before others."""
    places = dict.fromkeys(place[: level + 1] for place in column.places)
    counts = Counter(place[:-1] for place in places)
    fitting = []
    for namer in namers:
        flat = namer.path.count(LIST) == 1 and namer.path[-1] == LIST
        if flat and namer.path != column.path and set(counts.values()) == {len(namer.values)}:
            apart = len(set(namer.values)) == len(namer.values)
            fitting.append(((apart, sum(1 for a, b in zip(namer.path, column.path) if a == b)), namer))
    most = max((near for near, _ in fitting), default=None)
    return [namer for near, namer in fitting if near == most]


def text(value: Any) -> str:
    """A name as it would be drawn: 2020 rather than 2020.0."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def spoken(name: str) -> tuple[str, str]:
    """How a figure may call a column, as label keys: by its name, or without the unit in brackets behind it."""
    words = name.replace("_", " ")
    return label_key(words), label_key(re.sub(r"\s*[(\[][^()\[\]]*[)\]]\s*$", "", words))


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
        # A small number is hardly a name where something is rounded to it, counted or compared with it.
        amount = "".join(f"(?<!{word} )" for word in _AMOUNTS) if re.fullmatch(r"\d{1,3}", key) else ""
        pattern = re.compile(rf"(?<![^\W_]){amount}{re.escape(key)}(?![^\W_]|[.,]\d)")
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
