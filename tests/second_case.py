"""What a second answer is worked out from: what was read off the drawing, and the words of the question."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise

from envs.numerals import numbers
from envs.readers.tape import Recording


@dataclass
class Case:
    """`values` by name, in the figure's order; `grid` by (series, position)."""

    values: dict[str, float] = field(default_factory=dict)
    grid: dict[tuple[str, str], float] = field(default_factory=dict)
    slots: dict[str, str] = field(default_factory=dict)
    text: str = ""
    tape: Recording | None = None
    decimals: int = 0
    chart: str = ""

    def __getattr__(self, slot: str) -> str:
        try:
            return self.slots[slot].strip('"')
        except KeyError:
            raise AttributeError(slot) from None

    def window(self) -> None:
        """Leave out what the question says not to look at."""
        said = re.search(r" Look only at (.*?)\.(?= |$)", self.text)
        if not said:
            return
        names = self.positions or list(self.values)
        places = self.mentioned(said[1], names)
        if re.search(r" from .* to ", said[1]):
            first, last = map(names.index, places[-2:])
            places = names[first : last + 1]
        self.grid = {key: value for key, value in self.grid.items() if key[1] in places}
        self.values = {name: value for name, value in self.values.items() if name in places}

    @property
    def series(self) -> list[str]:
        return list(dict.fromkeys(s for s, _ in self.grid))

    @property
    def positions(self) -> list[str]:
        return list(dict.fromkeys(p for _, p in self.grid))

    def row(self, series: str) -> list[float]:
        return [self.grid[series, p] for p in self.positions]

    def column(self, position: str) -> list[float]:
        return [self.grid[s, position] for s in self.series]

    def number(self, slot: str) -> float:
        return numbers(self.slots[slot])[0]

    def mentioned(self, text: str, names: list[str] | None = None) -> list[str]:
        """The names that a text holds, in its order; of two that start alike the longer."""
        names = sorted(names or list(self.values), key=len, reverse=True)
        pattern = "|".join(rf"(?<!\w){re.escape(name)}(?!\w)" for name in names)
        return re.findall(pattern, text)

    def up(self) -> list[str]:
        """Names from the smallest value."""
        return sorted(self.values, key=lambda name: self.values[name])

    def ranked(self, end: str) -> list[str]:
        return self.up() if end == "smallest" else self.up()[::-1]

    def stretch(self) -> list[str]:
        names = list(self.values)
        return names[names.index(self.first) : names.index(self.last) + 1]

    def rising(self) -> list[bool]:
        return [self.values[b] > self.values[a] for a, b in pairwise(self.stretch())]

    def beyond(self, cut: float, side: str, names: list[str] | None = None) -> list[str]:
        chosen = names or list(self.values)
        return [n for n in chosen if (self.values[n] > cut if side == "above" else self.values[n] < cut)]


Second = Callable[[Case], object]
SECOND: dict[str, Second] = {}


def second(function: Second) -> Second:
    SECOND[function.__name__] = function
    return function


def rank_in(words: str) -> int:
    if found := re.search(r"\b(\d+)(st|nd|rd|th)\b", words):
        return int(found[1])
    return {"second": 2, "third": 3}.get(words.strip(), 1)


COUNTS = {"two": 2, "three": 3, "four": 4, "five": 5, "six": 6}


def counted(word: str) -> int:
    return COUNTS.get(word) or int(word)
