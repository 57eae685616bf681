"""Columns among the marks of a figure: which marks show the values of a column, and how closely they can be read.

figure = Figure(marks, artists, whole=True)
how, off = figure.find(column, series=True)    "bar", and how far off a careful reader of each value may be
figure.explained                               places of the marks that show a column so far
"""

from __future__ import annotations

import itertools
import math
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from envs.numerals import half_up
from envs.numerals import numbers as written
from envs.synthesis.proof.columns import Column, decimals, spoken
from envs.synthesis.proof.columns import text as as_text
from envs.synthesis.proof.derived import SCALES, Unfaithful
from envs.synthesis.proof.marks import CHANNELS, Mark
from rewards.typography import label_key

FREE = {"wedge": "share", "bar": "area", "point": "size"}  # channels that show shares of a total of their own
NAMED = ("bar", "line", "point", "area", "cell", "solid")  # marks that must bear names where data has some
PANELS = -1  # in place of axes: all of them
SAMPLES = 5  # values without names that make a sample
EXACT = 1e-6
_ACROSS, _UPRIGHT = ("x", "width", "right", "left"), ("y", "height", "top", "bottom", "thick")
STANDS = ("x", "y", "text", "height", "width", "left", "right")  # channels by which a position may be told
SIDES = {**dict.fromkeys(_ACROSS, "x"), **dict.fromkeys(_UPRIGHT, "y")}  # along which a channel is read


@dataclass(frozen=True, slots=True)
class Pool:
    """Marks of one kind (by their places) among which a column is looked for on one channel: all names that they bear,
    and what they show with their places, in order."""

    axes: int
    kind: str
    channel: str
    own: list[int]
    names: frozenset[str]
    shown: list[tuple[float, int]]


class _Sought:
    """A column that is looked for, with the names that its marks may bear. `series`: there are other columns, so that
    its own name is one of them."""

    def __init__(self, column: Column, series: bool) -> None:
        self.column = column
        self.keys = [{label_key(key) for key in keys} for keys in column.keys]
        self.every = set().union(*self.keys)
        self.words = {label_key(key) for keys in column.keys for key in keys if any(map(str.isalpha, key))}
        self.parts: list[tuple[str, set[str]]] = []  # of each part of the path its name, and what may stand for it
        for part in column.path if series else ():
            whole, bare = spoken(part)
            inside = label_key(part[len(part.partition("(")[0]) :].strip("() "))  # "Sales (2019)"
            self.parts.append((whole, {bare, inside}))

    def needed(self, index: int, names: frozenset[str]) -> set[str]:
        """The names that the mark of a value must bear: those of it that marks of this kind bear at all."""
        own = {name for whole, instead in self.parts for name in ({whole} if whole in names else instead)}
        return (own | self.keys[index] if self.keys else own) & names

    def all_named(self, names: frozenset[str]) -> bool:
        """Whether each value goes by some of these names."""
        return bool(self.keys) and all(keys & names for keys in self.keys)


class Figure:
    """The marks of a figure, and which of them data explains so far. `whole`: nothing of it may lie outside its axes,
    so that a histogram counts every value of a sample."""

    def __init__(self, found: list[Mark], artists: dict[str, Any], whole: bool) -> None:
        self.marks, self.artists, self.whole = found, artists, whole
        self.explained: set[int] = set()
        self.nearly: set[tuple[int, str]] = set()  # axes and kinds of marks of which most, not all, show a column
        self.edges: list[float] = []
        # Of each column the points and lines that show it: on which channel and scale.
        self.along: dict[tuple[str, ...], dict[tuple[int, str], tuple[str, float]]] = {}
        # Of each axes the columns that its marks show, and along which of its sides.
        self.held: dict[int, dict[tuple[str, ...], set[str]]] = defaultdict(lambda: defaultdict(set))
        self.pools = self._pools(CHANNELS)
        self.shares = self._pools({kind: (channel,) for kind, channel in FREE.items()})
        self.panels = self._panels()
        self.every = {name for mark in found for name in mark.names}
        self.standing: dict[float, list[frozenset[str]]] = defaultdict(list)  # the names of marks where a number is
        self.written = {value for text in artists["texts"] for value in written(text["text"])}

    def _pools(self, channels: Mapping[str, Sequence[str]]) -> list[Pool]:
        found: dict[tuple[int, str, str], list[int]] = defaultdict(list)
        for index, mark in enumerate(self.marks):
            for channel in mark.channels:
                if channel in channels.get(mark.kind, ()):
                    found[mark.axes, mark.kind, channel].append(index)
        return [self._pool(*key, own) for key, own in found.items()]

    def _panels(self) -> list[Pool]:
        """Marks of all axes together."""
        together: dict[tuple[str, str], list[Pool]] = defaultdict(list)
        for pool in self.pools:
            together[pool.kind, pool.channel].append(pool)
        return [
            self._pool(PANELS, *key, [index for pool in each for index in pool.own])
            for key, each in together.items()
            if len(each) > 1
        ]

    def _pool(self, axes: int, kind: str, channel: str, own: list[int]) -> Pool:
        names = frozenset(name for index in own for name in self.marks[index].names)
        return Pool(axes, kind, channel, own, names, sorted((self.marks[i].channels[channel], i) for i in own))

    # --- What need not be drawn

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
        """How a column is shown, and how far off a reader of each of its values may be. `series`: there are others,
        so that its marks bear its name."""
        sought = _Sought(column, series)
        found = self._on_a_scale(sought)
        for pool in self.shares:
            if matched := self._as_shares(sought, pool):
                self._take(column, matched, "")
                off = 0.015 if pool.kind == "wedge" else 0.03
                found = found or (pool.kind, [off * math.fsum(map(abs, column.values))] * len(column.values))
        if found is None and len(column.values) >= SAMPLES:
            found = self._sample(column)
        if found is None:
            first = f"{column.values[0]:g}" + (f" for {', '.join(column.keys[0])}" if column.keys else "")
            raise Unfaithful("a column is not drawn", f"{'/'.join(column.path)}: no mark shows {first}")
        return found

    def _on_a_scale(self, sought: _Sought) -> tuple[str, list[float]] | None:
        """How marks show a column value by value, by the channel that can be read most closely. Several channels may
        show it: all marks that do are explained."""
        best: tuple[str, list[float]] | None = None
        column = sought.column
        # Of values of which some are in each of several panels every one is named by all that it goes by, its panel's
        # title among it.
        panels = [pool for pool in self.panels if sought.every and sought.every <= pool.names]
        for pool in (*self.pools, *panels):
            if pool.axes == PANELS and best is not None:
                break
            for scale in SCALES:
                matched = self._match(sought, pool, scale)
                if matched is None:
                    continue
                if pool.kind in ("point", "line"):
                    self.along.setdefault(column.path, {})[pool.axes, pool.kind] = pool.channel, scale
                if pool.kind != "text":
                    self._take(column, matched, SIDES.get(pool.channel, ""))
                errors = self._errors(column, matched, pool.channel, scale)
                if best is None or pool.kind == "text" or sum(errors) < sum(best[1]):
                    best = self._called(pool, matched), errors
                break
        return best

    def _called(self, pool: Pool, matched: list[int]) -> str:
        """What a column that these marks show is said to be shown by."""
        upright = pool.kind in ("bar", "solid") and pool.channel == "height"
        if pool.channel == "thick" or (upright and any(self.marks[index].channels["bottom"] for index in matched)):
            return "stacked"
        return {"text": "written", "solid": "bar"}.get(pool.kind, pool.kind)

    def _take(self, column: Column, matched: list[int], side: str) -> None:
        self.explained |= set(matched)
        for axes in {self.marks[index].axes for index in matched}:
            self.held[axes][column.path].add(side)

    def _match(self, sought: _Sought, pool: Pool, scale: float) -> list[int] | None:
        """For every value of the column a mark of its own that shows it on this scale under its names."""
        is_text = pool.kind == "text"
        if is_text and not sought.all_named(pool.names):
            return None  # a number may be found at a place that has nothing to do with it
        if sought.words and pool.kind in NAMED and not sought.words & pool.names:
            return None  # nothing says which is which
        values = [scale * value for value in sought.column.values]
        reach = EXACT * max(map(abs, values), default=0) + 1e-12
        wide = max(reach, 0.06) if is_text else reach  # what is written may be rounded
        matched: list[int] = []
        taken: set[int] = set()
        missed = 0
        for place, value in enumerate(values):
            needed = sought.needed(place, pool.names)
            # By value, as there may be thousands of marks.
            first = bisect_left(pool.shown, (value - wide, -1))
            last = bisect_right(pool.shown, (value + wide, len(self.marks)))
            hit = next(
                (
                    index
                    for number, index in pool.shown[first:last]
                    if index not in taken and _near(number, value, reach, is_text) and needed <= self.marks[index].names
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
            self.nearly.add((self.marks[pool.own[0]].axes, pool.kind))
            return None
        return None if not sought.keys and self._reordered(matched, values, pool) else matched

    def _reordered(self, matched: list[int], values: list[float], pool: Pool) -> bool:
        """Whether values without names are drawn one after the other, but not as they come."""
        if (pool.kind, pool.channel) != ("line", "y"):
            return False
        along = sorted((self.marks[index].channels["x"], self.marks[index].channels["y"]) for index in matched)
        steps = {b[0] - a[0] for a, b in itertools.pairwise(along)}
        return steps == {1.0} and not np.allclose([y for _, y in along], values, rtol=EXACT, atol=1e-12)

    def _as_shares(self, sought: _Sought, pool: Pool) -> list[int]:
        """Marks whose sizes are to each other as the values are, a mark a value; [] for none."""
        values = sought.column.values
        total = math.fsum(values)
        if len(pool.own) < len(values) or total <= 0 or min(values) < 0:
            return []
        named = [sought.needed(place, pool.names) for place in range(len(values))]
        if all(named):
            hits = [[i for i in pool.own if needed <= self.marks[i].names] for needed in named]
            free: list[int] = []
            for some in hits:
                free += [i for i in some if i not in free][:1]
            rings = [list(order) for order in zip(*hits)]  # pies within each other have a mark of a name each
            orders = [order for order in (free, *rings) if len(set(order)) == len(hits)]
        else:
            orders = [pool.own] if len(pool.own) == len(values) else []
        for order in orders:
            sizes = [abs(self.marks[i].channels[pool.channel]) for i in order]
            whole = math.fsum(sizes)
            # Wedges are kept in single precision.
            if whole > 0 and all(abs(s / whole - v / total) < 2e-4 for s, v in zip(sizes, values)):
                return order
        return []

    def _errors(self, column: Column, matched: list[int], channel: str, scale: float) -> list[float]:
        """How far off a reader of each value may be: by the axis, or by the digits that are written."""
        if channel != "text":
            return [self.marks[index].err.get(channel, 0.0) / abs(scale) for index in matched]
        off = []
        for index, value in zip(matched, column.values):
            shown = self.marks[index].channels[channel]
            whole = math.isclose(shown / scale, value, rel_tol=1e-9, abs_tol=1e-12)
            off.append(0.0 if whole else 0.5 * 10.0 ** -decimals(shown) / abs(scale))
        return off

    # --- Samples

    def _sample(self, column: Column) -> tuple[str, list[float]] | None:
        """Samples that are shown by their quartiles or by their counts."""
        values = np.array(column.values, dtype=float)
        return self._quartiles(column, values) or self._counts(values)

    def _quartiles(self, column: Column, values: np.ndarray) -> tuple[str, list[float]] | None:
        quartiles = np.percentile(values, [25, 50, 75])
        for index, mark in enumerate(self.marks):
            if mark.kind == "box" and (not mark.names or mark.names.intersection(spoken(column.name))):
                three = [mark.channels[key] for key in ("q1", "median", "q3")]
                ends = [v for key, v in mark.channels.items() if key in ("low", "high") or key.startswith("outlier")]
                of_sample = all(np.isclose(values, end, rtol=1e-6, atol=1e-9).any() for end in ends)
                if of_sample and np.allclose(three, quartiles, rtol=1e-6, atol=1e-9):
                    self.explained.add(index)
                    return "quartiles", [mark.err["median"]] * len(values)
        return None

    def _counts(self, values: np.ndarray) -> tuple[str, list[float]] | None:
        for pool in self.pools:
            if (pool.kind, pool.channel) != ("bar", "height") or len(pool.own) < 3:
                continue
            bars = sorted((self.marks[i] for i in pool.own), key=lambda m: m.channels["left"])
            edges = [bar.channels["left"] for bar in bars] + [bars[-1].channels["right"]]
            if any(b <= a for a, b in itertools.pairwise(edges)):
                continue
            counts = np.histogram(values, edges)[0].astype(float)
            heights = np.array([bar.channels["height"] for bar in bars])
            if (counts.sum() == len(values) or not self.whole) and np.allclose(heights, counts, atol=1e-6):
                self.explained |= set(pool.own)
                self.edges += edges
                return "counted", [0.0] * len(values)
        return None


def _near(shown: float, value: float, reach: float, is_text: bool) -> bool:
    """Whether a number that is shown is this value; a text may round it."""
    if is_text:
        places = decimals(shown)
        return abs(shown - value) <= max(reach, 1e-9) or (places > 0 and half_up(value, places) == shown)
    return abs(shown - value) <= reach
