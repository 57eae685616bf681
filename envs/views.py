"""What a figure says, as a question sees it. Families and questions meet only here."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from rewards import Answer, Number, Percent

APART = 4.0  # pixels: two compared values must differ by this much to be told apart by eye
EYE = 2.5  # pixels: how far off a careful reader may be when reading a position
TOO_COARSE = 0.05  # of the honest range: a reading error above this makes a value unaskable


class NotAskable(Exception):
    """A question that this view cannot be asked fairly; the message says why."""


@dataclass(frozen=True, slots=True)
class Item:
    """A named value. `err` is how far off a reading may be: 0 where it is written exactly, infinite where it cannot be
    read. `length` is the size of its mark in pixels, by which it is compared with others."""

    name: str
    value: float
    err: float
    length: float


@dataclass(frozen=True, slots=True)
class Categories:
    """Named values of one panel.

    `noun`, `nouns`, `measure` are how to speak of them ("letter", "letters", "frequency"); `where` is "" or a phrase
    such as " in panel B". `unit` is "" or "%"; `decimals` are those a read value is asked to. `whole`: the values are
    parts of a whole. `written`: values are printed on the figure. The mark lengths of two values that a reader must
    rank differ by at least `apart_px` pixels and the fraction `gap` of the larger. `top`: the largest value the figure
    has room for. `sizes`: how many different numbers of items such a figure may show at its level.
    `absent`: plausible names that the figure does not show.
    """

    items: tuple[Item, ...]
    noun: str
    nouns: str
    measure: str
    unit: str
    decimals: int
    whole: bool
    written: bool
    top: float
    apart_px: float = APART
    gap: float = 0.0
    where: str = ""
    sizes: int = 1
    absent: tuple[str, ...] = ()

    @property
    def names(self) -> list[str]:
        return [item.name for item in self.items]

    def read_order(self) -> list[str]:
        """The names as a reader would go through them: as drawn, or where only sizes are drawn from the largest."""
        if all(item.err == math.inf for item in self.items):
            return [item.name for item in sorted(self.items, key=lambda item: -item.value)]
        return self.names

    def apart(self, larger: Item, smaller: Item) -> bool:
        """Whether a reader can tell which of the two is larger."""
        if self.written:
            return half_up(larger.value, self.decimals) > half_up(smaller.value, self.decimals)
        needed = max(self.apart_px, self.gap * larger.length) - 1e-6  # counts often differ by just that much
        return larger.value > smaller.value and larger.length - smaller.length >= needed

    def ranked(self) -> list[Item]:
        """From largest, as far as each can be told from the next; NotAskable if not even the first can."""
        order = sorted(self.items, key=lambda item: -item.value)
        clear = 0
        while clear + 1 < len(order) and self.apart(order[clear], order[clear + 1]):
            clear += 1
        if clear + 1 == len(order):  # the last has nobody below it
            clear += 1
        if not clear:
            raise NotAskable("the two largest cannot be told apart")
        return order[:clear]

    def quantity(self, value: float, err: float, decimals: int | None = None) -> Answer:
        """The answer that states a value which a reader knows to within `err`, asked to this many decimals.

        It is centred on the true value, and its tolerance is the reading error and the rounding asked for, never a
        constant: of two neighbouring roundings it accepts the right one, or both where the value lies half-way.
        NotAskable where the error exceeds TOO_COARSE of what the figure has room for.
        """
        decimals = self.decimals if decimals is None else decimals
        if err > TOO_COARSE * self.top:
            raise NotAskable("the value cannot be read closely enough")
        if err == 0 and decimals == 0 and value == round(value) and not self.unit:
            return Number(int(value))  # a count
        rounding = 0.5 * 10.0**-decimals
        # A value that is written rounded, and asked to as many digits, is read exactly.
        tolerance = half_up(rounding if err <= rounding and self.written else err + rounding, 6)
        kind = Percent if self.unit == "%" else Number
        return kind(half_up(value, 6), abs_tol=tolerance)

    def plain(self, value: float, decimals: int | None = None) -> str:
        """A value as it would be written on the figure, without its unit."""
        return show(value, self.decimals if decimals is None else decimals)

    def rounding(self) -> str:
        """What a question must say of how to round; '' for whole counts."""
        if self.unit != "%":
            return ""
        places = {0: "a whole number", 1: "one decimal", 2: "two decimals"}[self.decimals]
        return f" Give it in percent, to {places}."

    def say(self, value: float, decimals: int | None = None) -> str:
        """A value with its unit, as it would be written on the figure."""
        return self.plain(value, decimals) + self.unit


def half_up(value: float, decimals: int) -> float:
    """Rounded to this many decimals, halves away from zero, as readers and `show` do (7.85 gives 7.9, not 7.8)."""
    # Scaling may leave 784.9999999 where 785 is meant; the nudge is far below any value that is drawn.
    scale = 10**decimals
    return math.copysign(math.floor(abs(value) * scale + 0.5 + 1e-9) / scale, value)


def show(value: float, decimals: int) -> str:
    """The one way a number is printed, on figures and in words."""
    return f"{half_up(value, decimals):.{decimals}f}"


def listed(names: Sequence[str]) -> str:
    """ "A", "A and B", "A, B and C"."""
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))
