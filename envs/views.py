"""What a figure says, as a question sees it. Families and questions meet only here.

A figure offers several views of what it shows: a line chart is a Series, each of its lines and each of its years is a
Categories, and what is written around it is Parts. A view can be rebuilt from facts read off the drawing, so that a
generator can be replayed on what is really there.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple, Self

from envs.known import Known
from envs.numerals import COUNTS, Unit, half_up, show
from rewards import Answer, Number, Percent

APART = 4.0  # pixels: two compared values must differ by this much to be told apart by eye
EYE = 2.5  # pixels: how far off a careful reader may be when reading a position
LOST = 0.5  # of what was reckoned: where its error is larger, nearly any answer would do
TOO_COARSE = 0.05  # of the honest range: a reading error above this makes a value unaskable


class NotAskable(Exception):
    """A question that this view cannot be asked fairly; the message says why."""


class Fact(NamedTuple):
    """What a mark shows: its value, and the size in pixels (or the place) by which it is compared with others."""

    value: float
    length: float


WHOLE = -1  # the panel of a view of the whole figure
Key = tuple[str, ...]  # names a value of a panel: ("Brazil",), or ("Brazil", "2014") where there are series
Facts = Mapping[Key, Fact]


@dataclass(frozen=True, slots=True)
class Item:
    """A named value. `err` is how far off a reading may be: 0 where it is written exactly, infinite where it cannot be
    read. `length` is the size of its mark in pixels, or its place along the axis, by which it is compared with others.
    `key` names it among the facts of its panel; () stands for (name,)."""

    name: str
    value: float
    err: float
    length: float
    key: Key = ()

    @property
    def at(self) -> Key:
        return self.key or (self.name,)

    @property
    def known(self) -> Known:
        """The value with its reading error, to reckon with."""
        return Known(self.value, self.err)

    def read(self, facts: Facts) -> Item:
        """The item with the value and the length that were read; KeyError if it was not."""
        fact = facts[self.at]
        return Item(self.name, fact.value, self.err, fact.length, self.key)


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What all views share. `where` is "" or a phrase such as " in panel B"; `panel` counts the panels of the figure
    from 0, or is WHOLE."""

    where: str = ""
    panel: int = 0

    def slots(self) -> dict[str, str]:
        """What fills the phrasings, besides what the generator gives."""
        return {"where": self.where}

    def facts(self) -> Facts:
        """Every value of the view by its key."""
        return {}

    def rebuilt(self, facts: Facts) -> Self:
        """The view as it would be had these been its values; KeyError if one is missing."""
        return self

    def identity(self) -> object:
        """What makes a problem about this view new: names and values, style aside. Hashable."""
        return tuple(sorted((key, fact.value) for key, fact in self.facts().items()))

    def describe(self) -> list[tuple[str, str, str]]:
        """For `python -m envs show`: name, value and how closely it can be read, a row each."""
        return []


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured(View):
    """A view whose values share one measure and one scale.

    `measure` is how to speak of a value ("frequency"); `most` is "" or an adjective for the largest ("most frequent").
    `written`: values are printed on the figure, with the decimals of `unit`. The lengths of two values that a reader
    must rank differ by at least `apart_px` pixels and the fraction `gap` of the larger. `span`: the range of values
    that the figure has room for. `adds`: values add up to something, as rates, prices and levels over time do not.
    """

    measure: str
    unit: Unit = COUNTS
    most: str = ""
    written: bool = False
    span: float
    apart_px: float = APART
    gap: float = 0.0
    adds: bool = True

    def slots(self) -> dict[str, str]:
        return {**View.slots(self), "measure": self.measure} | ({"most": self.most} if self.most else {})

    @property
    def decimals(self) -> int:
        return self.unit.decimals

    def digits(self, key: Key) -> int:
        """The decimals with which a fact is written."""
        return self.decimals

    def printed(self, facts: Facts) -> dict[Key, Fact]:
        """The facts as the figure would write them."""
        return {key: Fact(half_up(fact.value, self.digits(key)), fact.length) for key, fact in facts.items()}

    @property
    def reach(self) -> float:
        """The honest range of a value that is shown: no larger than the largest, however high the figure may be."""
        return self.span

    def apart(self, larger: Item, smaller: Item) -> bool:
        """Whether a reader can tell which of the two is larger."""
        if math.inf in (larger.err, smaller.err) and self.span != math.inf:
            return False  # one of them is covered
        if self.written:
            return half_up(larger.value, self.decimals) > half_up(smaller.value, self.decimals)
        needed = max(self.apart_px, self.gap * abs(larger.length)) - 1e-6  # counts often differ by just that much
        return larger.value > smaller.value and larger.length - smaller.length >= needed

    def quantity(self, value: float, err: float, decimals: int | None = None) -> Answer:
        """The answer that states a value which a reader knows to within `err`, asked to this many decimals.

        It is centred on the true value, and its tolerance is the reading error and the rounding asked for, never a
        constant: of two neighbouring roundings it accepts the right one, or both where the value lies half-way.
        NotAskable where the error exceeds TOO_COARSE of what the figure has room for.
        """
        decimals = self.decimals if decimals is None else decimals
        rounding = 0.5 * 10.0**-decimals
        # A value that is written rounded, and asked to as many digits, is read exactly.
        tolerance = rounding if err <= rounding and self.written else err + rounding
        return self._within(Known(value, err), decimals, tolerance, self.span, self.unit)

    def derived(
        self, known: Known, decimals: int | None = None, *, room: float | None = None, unit: Unit | None = None
    ) -> Answer:
        """The answer that states what was reckoned from values, centred and judged as `quantity` does.

        `room` is the honest range of the answer (that of a value if absent), `unit` its unit where that is not the
        figure's. NotAskable where the error exceeds TOO_COARSE of the room.
        """
        unit = unit or self.unit
        decimals = unit.decimals if decimals is None else decimals
        tolerance = known.err + 0.5 * 10.0**-decimals
        if known.err > LOST * abs(known.value):
            raise NotAskable("the value is lost in the reading errors")
        return self._within(known, decimals, tolerance, self.reach if room is None else room, unit)

    def _within(self, known: Known, decimals: int, tolerance: float, room: float, unit: Unit) -> Answer:
        value, err = known
        if not err <= TOO_COARSE * room or math.inf == err:
            raise NotAskable("the value cannot be read closely enough")
        scale = None if unit.scale == 1 else unit.scale
        if err == 0 and decimals == 0 and value == round(value) and not unit.percent:
            return Number(int(value), scale=scale)  # a count
        if unit.percent:
            return Percent(half_up(value, 6), abs_tol=half_up(tolerance, 6))
        return Number(half_up(value, 6), abs_tol=half_up(tolerance, 6), scale=scale)

    def shown(self, item: Item) -> float:
        """The value that a reader reckons with: of one that is written, what is written."""
        return half_up(item.value, self.decimals) if self.written else item.value

    def plain(self, value: float, decimals: int | None = None) -> str:
        """A value as a bare number, as it goes in the box."""
        return show(value, self.decimals if decimals is None else decimals)

    def say(self, value: float, decimals: int | None = None) -> str:
        """A value with its unit, as it would be written on the figure."""
        return self.unit.write(value, decimals)

    def places(self, known: Known, decimals: int) -> int:
        """To how many decimals what was reckoned is asked: as many as these, as far as they can be read. Of 1047.3
        known to within 67 the decimal says nothing."""
        while decimals and known.err > 5 * 10.0**-decimals:
            decimals -= 1
        return decimals

    def rounding(self, decimals: int | None = None) -> str:
        """What a question must say of unit and rounding; '' for values that are whole numbers anyhow."""
        whole = decimals is None and not self.decimals
        decimals = self.decimals if decimals is None else decimals
        places = ("a whole number", "one decimal", "two decimals", "three decimals")[decimals]
        if self.unit.words:
            return f" Give it in {self.unit.words}, to {places}."
        return "" if whole else f" Give it to {places}."

    def _row(self, item: Item) -> tuple[str, str, str]:
        reading = "order only" if item.err == math.inf else f"± {item.err:.2g}" if item.err else "exact"
        return ", ".join(item.at), f"{item.value:g}{self.unit.suffix}", reading


@dataclass(frozen=True, slots=True, kw_only=True)
class Categories(Measured):
    """Named values.

    `noun`, `nouns` are how to speak of the names ("letter", "letters"). `whole`: the values are parts of a whole.
    `ordered`: the names follow each other in time. `sizes`: how many different numbers of items such a figure may show
    at its level. `absent`: plausible names that the figure does not show.
    """

    items: tuple[Item, ...]
    noun: str
    nouns: str
    whole: bool = False
    ordered: bool = False
    sizes: int = 1
    absent: tuple[str, ...] = ()

    def slots(self) -> dict[str, str]:
        # "the output in 2014", "the frequency of e", "the number of guests for Oslo"
        of = at(self.noun) if self.ordered else "for" if " of " in self.measure else "of"
        return {**Measured.slots(self), "noun": self.noun, "nouns": self.nouns, "of": of}

    def facts(self) -> Facts:
        return {item.at: Fact(item.value, item.length) for item in self.items}

    def rebuilt(self, facts: Facts) -> Self:
        return replace(self, items=tuple(item.read(facts) for item in self.items))

    def describe(self) -> list[tuple[str, str, str]]:
        return [self._row(item) for item in self.items]

    @property
    def reach(self) -> float:
        return min(self.span, max(abs(item.value) for item in self.items))

    @property
    def names(self) -> list[str]:
        return [item.name for item in self.items]

    @property
    def known(self) -> int:
        """How many names an honest guess would choose from."""
        return len(self.items) + len(self.absent)

    def read_order(self) -> list[str]:
        """The names as a reader would go through them: as drawn, or where only sizes are drawn from the largest."""
        if self.span == math.inf:
            return [item.name for item in sorted(self.items, key=lambda item: -item.value)]
        return self.names

    def ranked(self, up: bool = False) -> list[Item]:
        """From largest (`up`: from smallest), as far as each can be told from the next; NotAskable if not even the
        first can."""
        if self.span != math.inf and any(item.err == math.inf for item in self.items):
            raise NotAskable("a value is covered")
        order = sorted(self.items, key=lambda item: item.value if up else -item.value)
        clear = 0
        while clear + 1 < len(order):
            first, second = order[clear], order[clear + 1]
            if not (self.apart(second, first) if up else self.apart(first, second)):
                break
            clear += 1
        if clear + 1 == len(order):  # the last has nobody below it
            clear += 1
        if not clear:
            raise NotAskable(f"the two {'smallest' if up else 'largest'} cannot be told apart")
        return order[:clear]


def at(noun: str) -> str:
    """The preposition of one of the things called so: "in" 2014, "on" Mon, "at" 06:00, "for" Brazil."""
    times = {"year": "in", "quarter": "in", "month": "in", "week": "in", "day": "on", "hour": "at"}
    return times.get(noun, "for")


@dataclass(frozen=True, slots=True, kw_only=True)
class Series(Measured):
    """Values of several series at common positions: `items[i][j]` is series i at position j, its name the position's.

    `noun`, `nouns` speak of the positions ("year"), `series_noun`, `series_nouns` of the series ("country").
    `ordered`: the positions follow each other in time.
    """

    series: tuple[str, ...]
    positions: tuple[str, ...]
    items: tuple[tuple[Item, ...], ...]
    noun: str
    nouns: str
    series_noun: str
    series_nouns: str
    ordered: bool = False
    absent: tuple[str, ...] = ()
    absent_series: tuple[str, ...] = ()

    def slots(self) -> dict[str, str]:
        within = at(self.noun)
        own = {"noun": self.noun, "nouns": self.nouns, "in": within, "In": within.capitalize()}
        own |= {"series_noun": self.series_noun, "series_nouns": self.series_nouns}
        return {**Measured.slots(self), **own, "of": "for" if " of " in self.measure else "of"}

    def facts(self) -> Facts:
        return {item.at: Fact(item.value, item.length) for row in self.items for item in row}

    def rebuilt(self, facts: Facts) -> Self:
        return replace(self, items=tuple(tuple(item.read(facts) for item in row) for row in self.items))

    def describe(self) -> list[tuple[str, str, str]]:
        return [self._row(item) for row in self.items for item in row]

    @property
    def reach(self) -> float:
        return min(self.span, max(abs(item.value) for row in self.items for item in row))

    def slices(self, sizes: tuple[int, int] = (8, 8), whole: bool = False) -> list[Categories]:
        """Each series as named positions, and each position as named series where there are several. `sizes`: how many
        numbers of series and of positions were possible; `whole`: the values of a position are parts of a whole."""
        found = [self.of_series(i, sizes[1]) for i in range(len(self.series))]
        if len(self.series) > 1:
            found += [self.at_position(j, sizes[0], whole) for j in range(len(self.positions))]
        return found

    def of_series(self, i: int, sizes: int = 8) -> Categories:
        """One series: position -> value."""
        where = f" {at(self.series_noun)} {self.series[i]}{self.where}" if len(self.series) > 1 else self.where
        return self._slice(self.items[i], self.noun, self.nouns, self.ordered, self.absent, where, sizes, False)

    def at_position(self, j: int, sizes: int = 8, whole: bool = False) -> Categories:
        """One position: series -> value."""
        column = [row[j] for row in self.items]
        items = tuple(Item(name, i.value, i.err, i.length, i.key) for name, i in zip(self.series, column, strict=True))
        where = f" {at(self.noun)} {self.positions[j]}{self.where}"
        return self._slice(items, self.series_noun, self.series_nouns, False, self.absent_series, where, sizes, whole)

    def _slice(
        self,
        items: tuple[Item, ...],
        noun: str,
        nouns: str,
        ordered: bool,
        absent: tuple[str, ...],
        where: str,
        sizes: int,
        whole: bool,
    ) -> Categories:
        return Categories(
            items=items,
            measure=self.measure,
            unit=self.unit,
            written=self.written,
            span=self.span,
            apart_px=self.apart_px,
            gap=self.gap,
            adds=self.adds or whole,  # shares of different wholes make no sum
            where=where,
            panel=self.panel,
            noun=noun,
            nouns=nouns,
            ordered=ordered,
            sizes=sizes,
            whole=whole,
            absent=absent,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Several(View):
    """All values of a panel whose marks say more than one thing: a view to check by, which no question asks about."""

    views: tuple[Measured, ...]

    @property
    def span(self) -> float:
        return max(view.span for view in self.views)

    def facts(self) -> Facts:
        return {key: fact for view in self.views for key, fact in view.facts().items()}

    def describe(self) -> list[tuple[str, str, str]]:
        return [row for view in self.views for row in view.describe()]
