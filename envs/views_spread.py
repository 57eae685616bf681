"""Views of how values spread: boxes and violins, histograms, density curves, and prices over a period.

Each is rebuilt from facts as the views in envs/views.py are; a place that a chart shows is an Item, so that how closely
it can be read goes with it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple, Self

from envs.numerals import COUNTS, Unit, half_up
from envs.views import APART, Categories, Fact, Facts, Item, Key, Measured, NotAskable

WIDTHS_APART = 0.12  # lengths that stand apart from each other are told apart only by this much of the longer
CURVES_APART = 0.18  # ... and the widths and heights of curves, judged by eye


def length_of(low: Item, high: Item) -> Item:
    """What lies between two places, under the name of the lower; both may be misread."""
    return Item(low.name, high.value - low.value, low.err + high.err, abs(high.length - low.length))


def first_of(items: Iterable[Item], apart: Callable[[Item, Item], bool]) -> Item:
    """The largest; NotAskable if the next largest cannot be told from it."""
    order = sorted(items, key=lambda item: -item.value)
    if len(order) > 1 and not apart(order[0], order[1]):
        raise NotAskable("the two largest cannot be told apart")
    return order[0]


def last_of(items: Iterable[Item], apart: Callable[[Item, Item], bool]) -> Item:
    """The smallest; NotAskable if the next smallest cannot be told from it."""
    order = sorted(items, key=lambda item: item.value)
    if len(order) > 1 and not apart(order[1], order[0]):
        raise NotAskable("the two smallest cannot be told apart")
    return order[0]


def wider(longer: Item, shorter: Item) -> bool:
    """Whether a reader can tell which of two lengths, not side by side, is larger."""
    needed = max(1.5 * APART, WIDTHS_APART * longer.length) - 1e-6
    return longer.value > shorter.value and longer.length - shorter.length >= needed


def _one_each(view: Spread | Candles, items: tuple[Item, ...], measure: str) -> Categories:
    """One item of each sample or period, as categories with the view's words and scale."""
    return Categories(
        items=items,
        measure=measure,
        unit=view.unit,
        adds=False,
        span=view.span,
        apart_px=view.apart_px,
        noun=view.noun,
        nouns=view.nouns,
        sizes=view.sizes,
        absent=view.absent,
    )


class Group(NamedTuple):
    """A sample: the ends of its whiskers (or of its violin), its quartiles, and its outliers from the lowest."""

    name: str
    low: Item
    q1: Item
    median: Item
    q3: Item
    high: Item
    outliers: tuple[Item, ...] = ()

    @property
    def items(self) -> tuple[Item, ...]:
        return (self.low, self.q1, self.median, self.q3, self.high, *self.outliers)

    @property
    def iqr(self) -> Item:
        """The interquartile range."""
        return length_of(self.q1, self.q3)

    @property
    def reach(self) -> Item:
        """From whisker to whisker."""
        return length_of(self.low, self.high)

    @property
    def most(self) -> Item:
        """The largest value, outliers included."""
        return max((self.high, *self.outliers), key=lambda item: item.value)

    @property
    def least(self) -> Item:
        return min((self.low, *self.outliers), key=lambda item: item.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread(Measured):
    """Samples of one measure, side by side. `observed` is what each value stands for ("weeks"); other fields as in
    Categories. `length` of an item is its place along the value axis, in pixels."""

    groups: tuple[Group, ...]
    noun: str
    nouns: str
    observed: str
    sizes: int = 1
    absent: tuple[str, ...] = ()

    def slots(self) -> dict[str, str]:
        return {**Measured.slots(self), "noun": self.noun, "nouns": self.nouns, "observed": self.observed}

    def facts(self) -> Facts:
        return {item.at: Fact(item.value, item.length) for group in self.groups for item in group.items}

    def rebuilt(self, facts: Facts) -> Self:
        groups = []
        for group in self.groups:
            low, q1, median, q3, high, *outliers = (item.read(facts) for item in group.items)
            groups.append(Group(group.name, low, q1, median, q3, high, tuple(outliers)))
        return replace(self, groups=tuple(groups))

    def describe(self) -> list[tuple[str, str, str]]:
        return [self._row(item) for group in self.groups for item in group.items]

    @property
    def names(self) -> list[str]:
        return [group.name for group in self.groups]

    wider = staticmethod(wider)

    def medians(self) -> Categories:
        """The median of each group."""
        items = tuple(replace(group.median, name=group.name) for group in self.groups)
        return _one_each(self, items, f"median {self.measure}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bins(Measured):
    """A histogram: `items` are the heights of bins that follow each other, `edges` one more than those.

    `variable` is what lies along the axis ("daily rainfall"), `edge_unit` how its values are written; edges stand on
    the axis and are exact. `observed` is what was counted ("days"). `height` tells whether a height is a count, a
    percentage of all, or a density (the share of a bin by its width).
    """

    items: tuple[Item, ...]
    edges: tuple[float, ...]
    variable: str
    edge_unit: Unit = COUNTS
    observed: str
    height: Literal["count", "share", "density"] = "count"
    sizes: int = 1

    def slots(self) -> dict[str, str]:
        return {**Measured.slots(self), "variable": self.variable, "observed": self.observed}

    def facts(self) -> Facts:
        heights = {item.at: Fact(item.value, item.length) for item in self.items}
        return heights | {edge_key(i): Fact(edge, 0.0) for i, edge in enumerate(self.edges)}

    def digits(self, key: Key) -> int:
        return self.edge_unit.decimals if key[0].startswith("edge ") else self.decimals

    def rebuilt(self, facts: Facts) -> Self:
        edges = (half_up(facts[edge_key(i)].value, self.edge_unit.decimals) for i in range(len(self.edges)))
        return replace(self, items=tuple(item.read(facts) for item in self.items), edges=tuple(edges))

    def describe(self) -> list[tuple[str, str, str]]:
        rows = [self._row(item) for item in self.items]
        return [(f"{self.bin(i)} {self.edge_unit.words}".strip(), *row[1:]) for i, row in enumerate(rows)]

    @property
    def width(self) -> float:
        """Of every bin."""
        return half_up(self.edges[1] - self.edges[0], self.edge_unit.decimals)

    def plain_width(self) -> str:
        """The width as a bare number."""
        return f"{self.width:g}"

    def edge(self, i: int) -> str:
        """An edge as a bare number."""
        return f"{self.edges[i]:.10g}"

    def bin(self, i: int) -> str:
        """ "10 to 20"."""
        return f"{self.edge(i)} to {self.edge(i + 1)}"

    def skew(self) -> float:
        """The third standardised moment of the bins: below 0 where the longer tail is to the left."""
        total = sum(item.value for item in self.items)
        mean = sum(i * item.value for i, item in enumerate(self.items)) / total
        second = sum((i - mean) * (i - mean) * item.value for i, item in enumerate(self.items)) / total
        third = sum((i - mean) * (i - mean) * (i - mean) * item.value for i, item in enumerate(self.items)) / total
        return float(third / second**1.5)


def edge_key(i: int) -> tuple[str, ...]:
    """The key of an edge among the facts."""
    return (f"edge {i}",)


class Curve(NamedTuple):
    """A density curve: where it is highest, how high (in pixels above the base line; only order can be asked), how wide
    it is at half that height, and how many peaks it has."""

    name: str
    peak: Item
    height: Item
    width: Item
    peaks: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Curves(Measured):
    """Density curves of one measure along one axis; the only one of a figure is named by nothing in it."""

    curves: tuple[Curve, ...]
    noun: str
    nouns: str
    observed: str
    sizes: int = 1

    def slots(self) -> dict[str, str]:
        return {**Measured.slots(self), "noun": self.noun, "nouns": self.nouns, "observed": self.observed}

    def facts(self) -> Facts:
        items = [item for curve in self.curves for item in (curve.peak, curve.height, curve.width)]
        peaks = {(curve.name, "peaks"): Fact(curve.peaks, 0.0) for curve in self.curves}
        return {item.at: Fact(item.value, item.length) for item in items} | peaks

    def rebuilt(self, facts: Facts) -> Self:
        curves = []
        for curve in self.curves:
            peak, height, width = (item.read(facts) for item in (curve.peak, curve.height, curve.width))
            curves.append(Curve(curve.name, peak, height, width, round(facts[(curve.name, "peaks")].value)))
        return replace(self, curves=tuple(curves))

    def describe(self) -> list[tuple[str, str, str]]:
        return [self._row(item) for curve in self.curves for item in (curve.peak, curve.width)]

    @property
    def names(self) -> list[str]:
        return [curve.name for curve in self.curves]

    def clear(self, larger: Item, smaller: Item) -> bool:
        """Whether a reader can tell which of two heights or widths of curves is larger."""
        needed = max(2 * APART, CURVES_APART * larger.length)
        return larger.value > smaller.value and larger.length - smaller.length >= needed


class Candle(NamedTuple):
    """A period: the prices at which it opened and closed, and the highest and the lowest one."""

    name: str
    open: Item
    high: Item
    low: Item
    close: Item

    @property
    def prices(self) -> tuple[Item, Item, Item, Item]:
        return self.open, self.high, self.low, self.close

    @property
    def rose(self) -> bool:
        return self.close.value > self.open.value

    @property
    def body(self) -> Item:
        """How far it moved from open to close, whichever way, under its name."""
        low, high = (self.open, self.close) if self.rose else (self.close, self.open)
        return replace(length_of(low, high), name=self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Candles(Measured):
    """Prices over periods that follow each other; `noun`, `nouns` speak of the periods ("day", "days")."""

    candles: tuple[Candle, ...]
    noun: str
    nouns: str
    sizes: int = 1
    absent: tuple[str, ...] = ()

    def slots(self) -> dict[str, str]:
        return {**Measured.slots(self), "noun": self.noun, "nouns": self.nouns}

    def facts(self) -> Facts:
        return {item.at: Fact(item.value, item.length) for candle in self.candles for item in candle.prices}

    def rebuilt(self, facts: Facts) -> Self:
        candles = (Candle(candle.name, *(item.read(facts) for item in candle.prices)) for candle in self.candles)
        return replace(self, candles=tuple(candles))

    def describe(self) -> list[tuple[str, str, str]]:
        return [self._row(item) for candle in self.candles for item in candle.prices]

    @property
    def names(self) -> list[str]:
        return [candle.name for candle in self.candles]

    wider = staticmethod(wider)

    def closing(self) -> Categories:
        """The closing price of each period."""
        items = tuple(replace(candle.close, name=candle.name) for candle in self.candles)
        return replace(_one_each(self, items, f"closing {self.measure}"), ordered=True)
