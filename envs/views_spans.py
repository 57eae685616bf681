"""The view of what lasts from one time to another: the bars of a Gantt chart."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple, Self

from envs.views import Fact, Facts, Item, Measured, NotAskable


class Bar(NamedTuple):
    """Something that lasts: when it starts and when it ends."""

    name: str
    start: Item
    end: Item

    def margin(self, other: Bar) -> float:
        """How long the two share some time, or how long none goes on between them."""
        first, second = (self, other) if self.start.value < other.start.value else (other, self)
        return abs(first.end.value - second.start.value)

    def meets(self, other: Bar) -> bool | None:
        """Whether the two share some time; None where no reading could tell."""
        first, second = (self, other) if self.start.value < other.start.value else (other, self)
        if not first.end.known.differs(second.start.known):
            return None
        return first.end.value > second.start.value


@dataclass(frozen=True, slots=True, kw_only=True)
class Spans(Measured):
    """Bars along an axis of time, whose unit is `unit`; `noun`, `nouns` speak of them ("task", "tasks"). `sizes`: how
    many different numbers of bars such a figure may show at its level."""

    bars: tuple[Bar, ...]
    noun: str
    nouns: str
    sizes: int = 1

    def slots(self) -> dict[str, str]:
        return {**Measured.slots(self), "noun": self.noun, "nouns": self.nouns}

    def facts(self) -> Facts:
        return {item.at: Fact(item.value, item.length) for bar in self.bars for item in (bar.start, bar.end)}

    def rebuilt(self, facts: Facts) -> Self:
        bars = tuple(Bar(bar.name, bar.start.read(facts), bar.end.read(facts)) for bar in self.bars)
        return replace(self, bars=bars)

    def describe(self) -> list[tuple[str, str, str]]:
        return [self._row(item) for bar in self.bars for item in (bar.start, bar.end)]

    def running(self, time: float) -> list[Bar]:
        """The bars that a time lies within; NotAskable where an end comes too close to it to tell."""
        for bar in self.bars:
            for item in (bar.start, bar.end):
                if abs(item.value - time) <= item.err:
                    raise NotAskable("an end comes too close")
        return [bar for bar in self.bars if bar.start.value < time < bar.end.value]
