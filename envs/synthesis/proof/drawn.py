"""Whether a figure shows its data: both ways, with every number at the mark that has its name.

    shown = show(data, artists)     Drawn, or Unfaithful: "a column is not drawn", "a mark shows what no data says" ...
    shown.error[place]              how far off a careful reader of the figure may be at a leaf of the data

Each column of numbers must be found among the heights of bars, places of points, angles of wedges, values of cells,
written numbers ..., all of it in one kind of place and on one scale, each value at a mark that bears its names as far
as names are drawn. And each mark must show a value of some column, or what follows from columns: a share, a sum, a
count of samples. The same is asked of figures drawn from changed data (contract.py), so a render that knows numbers by
heart fails.
"""

from __future__ import annotations

import itertools
import math
from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

import numpy as np

from envs.numerals import half_up
from envs.numerals import numbers as written
from envs.synthesis.proof.columns import Column, Path, columns, decimals, spoken
from envs.synthesis.proof.columns import text as as_text
from envs.synthesis.proof.derived import SCALES, Derived, Unfaithful
from envs.synthesis.proof.links import graphs, judge_links, link_marks
from envs.synthesis.proof.marks import CHANNELS, Mark, marks
from envs.synthesis.proof.solids import judge_solids, solid_marks
from envs.synthesis.proof.written import judge_series, judge_written, wedge_says
from envs.views import EYE
from rewards.typography import label_key

FREE = {"wedge": "share", "bar": "area", "point": "size"}  # channels that show shares of a total of their own
NAMED = ("bar", "line", "point", "area", "cell", "solid")  # marks that must bear names where data has some
PANELS = -1  # in place of axes: all of them
LINE = 4  # points that make a line of data
SAMPLES = 5  # values without names that make a sample
EXACT = 1e-6
_ACROSS, _UPRIGHT = ("x", "width", "right", "left"), ("y", "height", "top", "bottom", "thick")
STANDS = ("x", "y", "text", "height", "width", "left", "right")  # channels by which a position may be told
SIDES = {**dict.fromkeys(_ACROSS, "x"), **dict.fromkeys(_UPRIGHT, "y")}  # along which a channel is read


@dataclass(frozen=True, slots=True)
class Drawn:
    """How data is shown. `error`: at each leaf how far off a careful reader may be, 0 where it is written out. `how`:
    of each column the kind of mark, "stacked", "written" or, of samples, "counted" (histogram) and "quartiles" (box
    plot). `unseen` are columns that need not be drawn, and are not: numbers by themselves, positions. `edges` are those
    of the bins of histograms."""

    error: dict[Path, float] = field(default_factory=dict)
    how: dict[tuple[str, ...], str] = field(default_factory=dict)
    unseen: frozenset[tuple[str, ...]] = frozenset()
    edges: tuple[float, ...] = ()


def show(data: Any, artists: dict[str, Any], *, inside: bool = False) -> Drawn:
    """How a figure shows its data; Unfaithful where it does not, or (`inside`) where a mark lies outside its axes."""
    try:
        return _show(data, artists, inside)
    except Unfaithful:
        raise
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        # The table comes from the script's own process: its shape is checked, not what it says.
        raise Unfaithful("the figure cannot be told", f"{type(error).__name__}: {error}") from error


def _show(data: Any, artists: dict[str, Any], inside: bool) -> Drawn:
    numbers, names = columns(data)
    graph = graphs(artists)  # where points stand says nothing there
    found_there = [m for m in marks(artists, EYE) if m.axes not in graph or m.kind not in ("point", "text")]
    figure = _Figure([*found_there, *solid_marks(artists), *link_marks(artists)], artists, inside)
    _names_drawn(names, artists)
    error: dict[Path, float] = {}
    how: dict[tuple[str, ...], str] = {}
    unseen = set()
    for column in numbers:
        if column.lone:
            if not figure.says(column.values):
                unseen.add(column.path)
            continue
        if column.position:
            if not figure.places(column):  # as a number that counts the rows of a table
                unseen.add(column.path)
            how[column.path] = "position"
            error.update(dict.fromkeys(column.places, 0.0))
            continue
        found = figure.find(column, series=_is_series(column, numbers))
        how[column.path], errors = found
        error.update(zip(column.places, errors))
    if artists["cut"]:
        raise Unfaithful("too much is drawn")
    figure.judge_pairs(numbers)
    figure.judge_labels()
    figure.judge_marks(numbers)
    spelled = {label_key(str(value)) for column in names for value in column.values}
    spelled |= {name for column in numbers for name in spoken(column.name)}
    judge_written(figure.marks, artists, numbers, spelled)
    judge_series(figure.marks, artists)
    judge_links(artists, names)
    if inside:
        figure.judge_places()
        judge_solids(artists)
    return Drawn(error, how, frozenset(unseen), tuple(figure.edges))


def _is_series(column: Column, numbers: list[Column]) -> bool:
    return sum(not other.lone and not other.position for other in numbers) > 1 and bool(column.name)


def _names_drawn(names: list[Column], artists: dict[str, Any]) -> None:
    """Unfaithful where a name of a column of names is nowhere on the figure."""
    said = [label_key(text["text"].replace("\n", " ")) for text in artists["texts"]]
    together = "\n".join(said)
    for column in names:
        if column.lone:
            continue
        missing = [value for value in column.values if label_key(value.replace("\n", " ")) not in together]
        if missing and len(missing) < len(column.values):
            raise Unfaithful("a name is not drawn", f"{column.name}: {missing[0]!r}")
        if missing:
            raise Unfaithful("a column of names is not drawn", column.name)


class _Figure:
    """The marks of a figure, and which of them data explains so far."""

    def __init__(self, found: list[Mark], artists: dict[str, Any], inside: bool) -> None:
        self.marks, self.artists, self.inside = found, artists, inside
        self.explained: set[int] = set()
        self.nearly: set[tuple[int, str]] = set()  # axes and kinds of marks of which most, not all, show a column
        self.edges: list[float] = []
        # Of each column the points and lines that show it: on which channel and scale.
        self.along: dict[tuple[str, ...], dict[tuple[int, str], tuple[str, float]]] = {}
        # Of each axes the columns that its marks show, and along which of its sides.
        self.held: dict[int, dict[tuple[str, ...], set[str]]] = defaultdict(lambda: defaultdict(set))
        self.orders: dict[tuple[int, int, str], tuple[set[str], list[tuple[float, int]]]] = {}
        self.pools: dict[tuple[int, str, str], list[int]] = defaultdict(list)
        for index, mark in enumerate(found):
            for channel in mark.channels:
                if channel in CHANNELS.get(mark.kind, ()):
                    self.pools[mark.axes, mark.kind, channel].append(index)
        self.every = {name for mark in found for name in mark.names}
        self.standing: dict[float, list[frozenset[str]]] = defaultdict(list)  # the names of marks where a number is
        self.written = {value for text in artists["texts"] for value in written(text["text"])}

    def says(self, values: Sequence[float]) -> bool:
        """Whether numbers are written, or stand at the places of an axis that marks go by."""
        return all(value in self.written or label_key(as_text(value)) in self.every for value in values)

    def places(self, column: Column) -> bool:
        """Whether each value of a position stands at a mark that bears the other names of its row."""
        if not self.standing:
            for mark in self.marks:
                there = {mark.channels[c] for c in STANDS if c in mark.channels}
                for value in there.union(*(written(name) for name in mark.names)):
                    self.standing[value].append(mark.names)
        rows = column.keys or ((),) * len(column.values)
        return all(
            any({label_key(key) for key in keys} & self.every <= names for names in self.standing.get(value, ()))
            for keys, value in zip(rows, column.values)
        )

    # --- Columns

    def find(self, column: Column, series: bool) -> tuple[str, list[float]]:
        """How a column is shown, and how far off a reader of each of its values may be."""
        best: tuple[str, list[float]] | None = None
        for (axes, kind, channel), pool in (*self.pools.items(), *self._panels(column)):
            if axes == PANELS and best is not None:
                break
            for scale in SCALES:
                matched = self._match(column, pool, channel, scale, series)
                if matched is None:
                    continue
                if kind in ("point", "line"):
                    self.along.setdefault(column.path, {})[axes, kind] = channel, scale
                if kind != "text":  # several channels may show it: all marks that do are explained
                    self._take(column, matched, SIDES.get(channel, ""))
                errors = self._errors(column, matched, channel, scale)
                if best is None or kind == "text" or sum(errors) < sum(best[1]):
                    floating = channel == "thick" or (
                        kind in ("bar", "solid") and channel == "height" and self._floats(matched)
                    )
                    plain = "bar" if kind == "solid" else kind
                    best = ("written" if kind == "text" else "stacked" if floating else plain, errors)
                break
        for kind, channel in FREE.items():
            for place in {mark.axes for mark in self.marks if mark.kind == kind}:
                pool = [
                    i for i, m in enumerate(self.marks) if (m.axes, m.kind) == (place, kind) and channel in m.channels
                ]
                matched = self._shares(column, pool, channel, series)
                if matched is not None:
                    self._take(column, matched, "")
                    total = math.fsum(map(abs, column.values))
                    off = 0.015 if kind == "wedge" else 0.03
                    if best is None:
                        best = kind, [off * total] * len(column.values)
        if best is None and len(column.values) >= SAMPLES:
            best = self._sample(column)
        if best is None:
            first = f"{column.values[0]:g}" + (f" for {', '.join(column.keys[0])}" if column.keys else "")
            raise Unfaithful("a column is not drawn", f"{'/'.join(column.path)}: no mark shows {first}")
        return best

    def _take(self, column: Column, matched: list[int], side: str) -> None:
        self.explained |= set(matched)
        for axes in {self.marks[index].axes for index in matched}:
            self.held[axes][column.path].add(side)

    def _panels(self, column: Column) -> Iterator[tuple[tuple[int, str, str], list[int]]]:
        """Marks of all axes together, for values of which some are in each of several panels: where every value is
        named by all that it goes by, its panel's title among it."""
        together: dict[tuple[str, str], list[int]] = {}
        for (_, kind, channel), pool in self.pools.items():
            together.setdefault((kind, channel), []).extend(pool)
        for (kind, channel), pool in together.items():
            union = {name for index in pool for name in self.marks[index].names}
            several = len(pool) > len(self.pools[self.marks[pool[0]].axes, kind, channel])
            if several and column.keys and all(label_key(key) in union for keys in column.keys for key in keys):
                yield (PANELS, kind, channel), pool

    def _floats(self, matched: list[int]) -> bool:
        return any(self.marks[index].channels["bottom"] for index in matched)

    def _needed(self, column: Column, index: int, union: set[str], series: bool) -> set[str]:
        """The names that the mark of a value must bear: those of it that marks of this kind bear at all."""
        needed = {label_key(key) for key in column.keys[index]} if column.keys else set()
        if series:
            for part in column.path:
                whole, bare = spoken(part)
                inside = label_key(part[len(part.partition("(")[0]) :].strip("() "))  # "Sales (2019)"
                needed |= {whole} if whole in union else {bare, inside}
        return needed & union

    def _ordered(self, first: int, channel: str, pool: list[int]) -> tuple[set[str], list[tuple[float, int]]]:
        """The names that the marks of a pool bear, and what they show in order; worked out once."""
        key = (first, len(pool), channel)
        if key not in self.orders:
            union = {name for index in pool for name in self.marks[index].names}
            self.orders[key] = union, sorted((self.marks[index].channels[channel], index) for index in pool)
        return self.orders[key]

    def _match(self, column: Column, pool: list[int], channel: str, scale: float, series: bool) -> list[int] | None:
        """For every value of the column a mark of its own that shows it on this scale under its names."""
        values = [scale * value for value in column.values]
        reach = EXACT * max(map(abs, values), default=0) + 1e-12
        # By value, as there may be thousands of marks. What is written may be rounded.
        union, shown = self._ordered(pool[0], channel, pool)
        kind = self.marks[pool[0]].kind
        wide = max(reach, 0.06) if channel == "text" else reach
        if channel == "text" and not _all_named(column, union):
            return None
        words = {label_key(key) for keys in column.keys for key in keys if any(map(str.isalpha, key))}
        if words and kind in NAMED and not words & union:
            return None  # nothing says which is which
        matched: list[int] = []
        taken: set[int] = set()
        missed = 0
        for place, value in enumerate(values):
            needed = self._needed(column, place, union, series)
            first, last = (bisect_left(shown, (value - wide, -1)), bisect_right(shown, (value + wide, len(self.marks))))
            hit = next(
                (
                    index
                    for number, index in shown[first:last]
                    if index not in taken and _near(number, value, reach, channel) and needed <= self.marks[index].names
                ),
                None,
            )
            if hit is not None:
                taken.add(hit)
                matched.append(hit)
                continue
            missed += 1
            if not needed or 2 * missed >= len(values):
                return None
        if missed:
            self.nearly.add((self.marks[pool[0]].axes, self.marks[pool[0]].kind))
            return None
        return None if not column.keys and self._reordered(matched, values, channel) else matched

    def _reordered(self, matched: list[int], values: list[float], channel: str) -> bool:
        """Whether values without names are drawn one after the other, but not as they come."""
        if channel != "y" or self.marks[matched[0]].kind != "line":
            return False
        along = sorted((self.marks[index].channels["x"], self.marks[index].channels["y"]) for index in matched)
        steps = {b[0] - a[0] for a, b in itertools.pairwise(along)}
        return steps == {1.0} and not np.allclose([y for _, y in along], values, rtol=EXACT, atol=1e-12)

    def _shares(self, column: Column, pool: list[int], channel: str, series: bool) -> list[int] | None:
        """Marks whose sizes are to each other as the values are."""
        total = math.fsum(column.values)
        if not pool or len(pool) < len(column.values) or total <= 0 or min(column.values) < 0:
            return None
        union = {name for index in pool for name in self.marks[index].names}
        named = [self._needed(column, place, union, series) for place in range(len(column.values))]
        if all(named):
            hits = [[i for i in pool if needed <= self.marks[i].names] for needed in named]
            free: list[int] = []
            for some in hits:
                free += [i for i in some if i not in free][:1]
            rings = [list(order) for order in zip(*hits)]  # pies within each other have a mark of a name each
            orders = [order for order in (free, *rings) if len(set(order)) == len(hits)]
        else:
            orders = [pool] if len(pool) == len(column.values) else []
        for order in orders:
            sizes = [abs(self.marks[i].channels[channel]) for i in order]
            whole = math.fsum(sizes)
            # Wedges are kept in single precision.
            if whole > 0 and all(abs(s / whole - v / total) < 2e-4 for s, v in zip(sizes, column.values)):
                return order
        return None

    def _errors(self, column: Column, matched: list[int], channel: str, scale: float) -> list[float]:
        if channel == "text":
            off = []
            for index, value in zip(matched, column.values):
                shown = self.marks[index].channels[channel] / scale
                off.append(
                    0.0
                    if math.isclose(shown, value, rel_tol=1e-9, abs_tol=1e-12)
                    else 0.5 * 10.0 ** -decimals(self.marks[index].channels[channel]) / abs(scale)
                )
            return off
        return [self.marks[index].err.get(channel, 0.0) / abs(scale) for index in matched]

    def _sample(self, column: Column) -> tuple[str, list[float]] | None:
        """Samples that are shown by their counts or by their quartiles."""
        values = np.array(column.values, dtype=float)
        q = np.percentile(values, [25, 50, 75])
        for index, mark in enumerate(self.marks):
            if mark.kind == "box" and (not mark.names or mark.names.intersection(spoken(column.name))):
                three = [mark.channels[key] for key in ("q1", "median", "q3")]
                ends = [v for key, v in mark.channels.items() if key in ("low", "high") or key.startswith("outlier")]
                of_sample = all(np.isclose(values, end, rtol=1e-6, atol=1e-9).any() for end in ends)
                if of_sample and np.allclose(three, q, rtol=1e-6, atol=1e-9):
                    self.explained.add(index)
                    return "quartiles", [mark.err["median"]] * len(values)
        for (_, kind, channel), pool in self.pools.items():
            if kind != "bar" or channel != "height" or len(pool) < 3:
                continue
            bars = sorted((self.marks[i] for i in pool), key=lambda m: m.channels["left"])
            edges = [bar.channels["left"] for bar in bars] + [bars[-1].channels["right"]]
            if any(b <= a for a, b in itertools.pairwise(edges)):
                continue
            counts = np.histogram(values, edges)[0].astype(float)
            heights = np.array([bar.channels["height"] for bar in bars])
            if (counts.sum() == len(values) or not self.inside) and np.allclose(heights, counts, atol=1e-6):
                self.explained |= set(pool)
                self.edges += edges
                return "counted", [0.0] * len(values)
        return None

    # --- Marks

    def judge_marks(self, numbers: list[Column]) -> None:
        """Unfaithful where a mark shows what neither a column nor what follows from columns says."""
        derived = Derived(numbers)
        lengths = {len(column.values) for column in numbers if not column.position}
        counts = Counter((mark.axes, mark.kind) for mark in self.marks)
        shown = {(self.marks[index].axes, self.marks[index].kind) for index in self.explained}
        if other := sorted((axes, kind) for axes, kind in self.nearly - shown if kind not in ("text", "line")):
            raise Unfaithful("a mark shows another value than its name's", other[0][1])
        for index, mark in enumerate(self.marks):
            if "written" in mark.channels:
                wedge_says(mark, numbers)
            if index in self.explained or mark.kind in ("text", "area", "error"):
                continue
            if mark.kind == "line" and not (self._of_data(mark) or self._mostly(mark, derived)):
                continue
            channels = [*CHANNELS.get(mark.kind, ()), *(["share"] if mark.kind == "wedge" else [])]
            values = [mark.channels[c] for c in channels if c in mark.channels and c not in ("bottom", "left", "x")]
            own = mark.kind == "wedge" and counts[mark.axes, mark.kind] in lengths  # they should have been found
            if own or not any(derived.holds(value) for value in values if value):
                named = ", ".join(sorted(name for name in mark.names if "\0" not in name))[:60]
                raise Unfaithful("a mark shows what no data says", f"{mark.kind} {named}: {values}")

    def judge_pairs(self, numbers: list[Column]) -> None:
        """Unfaithful where two columns without names are at marks of one kind, and some mark has one's value with
        another row's of the other."""
        bare = [column for column in numbers if not column.keys and column.path in self.along]
        for a, b in combinations(bare, 2):
            if len(a.values) != len(b.values):
                continue
            for where in self.along[a.path].keys() & self.along[b.path].keys():
                (one, scale), (other, factor) = self.along[a.path][where], self.along[b.path][where]
                own = [m.channels for m in self.marks if (m.axes, m.kind) == where]
                drawn = {(f"{m[one]:.9g}", f"{m[other]:.9g}") for m in own if one in m and other in m}
                pairs = [(f"{scale * x:.9g}", f"{factor * y:.9g}") for x, y in zip(a.values, b.values)]
                if one != other and not drawn.issuperset(pairs):
                    raise Unfaithful("a mark pairs values of different rows", f"{a.name}, {b.name}")

    def judge_labels(self) -> None:
        """Unfaithful where an axes is called by columns that it does not show, or a side of it by others."""
        called: dict[str, set[tuple[str, ...]]] = defaultdict(set)
        every = {path for held in self.held.values() for path in held}
        for path in every:
            for part in path:
                for word in spoken(part):
                    called[word].add(path)
        for axes, held in self.held.items():
            for where in ("title", "xlabel", "ylabel"):
                words = self.artists["axes"][axes][where]
                own = next((called[word] for word in spoken(words) if word in called), set())
                side = where[0] if where != "title" else ""
                here = {path for path, sides in held.items() if not side or sides & {side, ""}}
                if own and here and not here & own and own != every:
                    raise Unfaithful("a label names another column", f"{where} {words!r}")

    def judge_places(self) -> None:
        """Unfaithful where a mark that shows data ends outside its axes, which cut it off."""
        for index in self.explained:
            mark = self.marks[index]
            if mark.kind in ("wedge", "text", "solid"):
                continue
            x0, y0, x1, y1 = self.artists["axes"][mark.axes]["box"]
            a, b, c, d = mark.box
            if mark.kind == "bar":  # its foot may lie below an axis that does not start at nothing
                b = d = d if mark.channels["height"] < 0 else b
                a = c = a if mark.channels["width"] < 0 else c
            if a < x0 - 2 or c > x1 + 2 or b < y0 - 2 or d > y1 + 2:
                named = ", ".join(sorted(name for name in mark.names if "\0" not in name))[:60]
                raise Unfaithful("a mark lies outside its axes", f"{mark.kind} {named}")

    def _of_data(self, mark: Mark) -> bool:
        """Whether the line that a point belongs to has a point a value, as lines through data have."""
        return any(
            other.series == mark.series and other.axes == mark.axes and index in self.explained
            for index, other in enumerate(self.marks)
            if other.kind == "line"
        )

    def _mostly(self, mark: Mark, derived: Derived) -> bool:
        """Whether at least three quarters of the points of the line that a point belongs to say what data says."""
        own = [each for each in self.marks if (each.kind, each.axes, each.series) == ("line", mark.axes, mark.series)]
        said = sum(derived.holds(each.channels["y"]) or derived.holds(each.channels["x"]) for each in own)
        return len(own) >= LINE and said >= 0.75 * len(own)


def _all_named(column: Column, union: set[str]) -> bool:
    """Whether texts name each value, so that a number is not found at a place that has nothing to do with it."""
    return bool(column.keys) and all(any(label_key(key) in union for key in keys) for keys in column.keys)


def _near(shown: float, value: float, reach: float, channel: str) -> bool:
    if channel == "text":
        places = decimals(shown)
        return abs(shown - value) <= max(reach, 1e-9) or (places > 0 and half_up(value, places) == shown)
    return abs(shown - value) <= reach
