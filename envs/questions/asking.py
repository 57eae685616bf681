"""What the generators share: drawing items that can be compared, thresholds that are clear of every value, wording."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from typing import TypeVar

from envs.address import Draws
from envs.known import Known, total
from envs.numerals import Unit, half_up, listed
from envs.views import APART, Categories, Item, Measured, NotAskable
from rewards import Choice, Label
from rewards import Sequence as Ordered
from rewards import Set as Unordered

T = TypeVar("T")
MANY = 100  # values that a reading can give
TOP = 12  # the level above which items come no closer
YES_NO = " Answer yes or no."
LIST = " Separate them by semicolons."
LETTERS = "ABCDEFGH"
COUNTED = {2: "two", 3: "three", 4: "four", 5: "five", 6: "six"}
PERCENT = Unit(1, "percent", suffix="%")
RATIO = Unit(1)


# --- Words


def quoted(view: Categories, name: str) -> str:
    """A name within a sentence: letters and words stand in quotes."""
    return f'"{name}"' if view.noun in ("letter", "word") else name


def named(names: Sequence[str]) -> str:
    """ "A, B and C", or "A; B; C" where a name holds a comma or an "and" itself."""
    if any("," in name or " and " in name for name in names):
        return "; ".join(names)
    return listed(list(names))


def spoken(view: Categories, items: Iterable[Item]) -> str:
    """Items within a question."""
    return named([quoted(view, item.name) for item in items])


def valued(view: Measured, items: Iterable[Item]) -> str:
    """ "Oslo (12), Lima (9) and Rome (4)"."""
    return listed([f"{item.name} ({view.say(item.value)})" for item in items])


def stated(texts: Iterable[str]) -> str:
    """A list as the box takes it."""
    return "; ".join(texts)


def sequence(names: Iterable[str]) -> Ordered:
    return Ordered(tuple(Label(name) for name in names))


def unordered(names: Iterable[str]) -> Unordered:
    return Unordered(tuple(Label(name) for name in names))


def sums(view: Measured, values: Iterable[float]) -> str:
    """ "3 + 4 + 5"."""
    return " + ".join(view.plain(value) for value in values)


# --- Items


def readable(view: Categories, least: int = 1) -> list[Item]:
    """The items whose values can be read; NotAskable if there are fewer than `least`."""
    found = [item for item in view.items if item.err < math.inf]
    if len(found) < least:
        raise NotAskable("too few values can be read")
    return found


def complete(items: Sequence[Item], least: int = 2) -> list[Item]:
    """All items, if the values of all can be read."""
    if len(items) < least:
        raise NotAskable("too few values")
    if any(item.err == math.inf for item in items):
        raise NotAskable("a value is covered")
    return list(items)


def either_apart(view: Measured, a: Item, b: Item) -> bool:
    """Whether a reader can tell which of the two is larger, whichever it is."""
    larger, smaller = (a, b) if a.value >= b.value else (b, a)
    return view.apart(larger, smaller)


def some_apart(view: Measured, draws: Draws, items: Sequence[Item], count: int, level: int = 0) -> list[Item]:
    """So many items in random order, each of which can be told from all others; the higher the level, the closer in
    rank they are, where they can be."""
    if (spare := len(items) - count - 1) > 0 and level > 0:
        width = len(items) - spare * min(level, TOP) // TOP
        start = draws.integers(0, len(items) - width + 1)
        # By what is written and two digits more: equal values may be read as a hair apart.
        order = sorted(items, key=lambda item: half_up(item.value, view.decimals + 2))
        try:
            return some_apart(view, draws, order[start : start + width], count)
        except NotAskable:
            pass
    found: list[Item] = []
    for item in draws.shuffled(items):
        if all(either_apart(view, item, other) for other in found):
            found.append(item)
        if len(found) == count:
            return found
    raise NotAskable(f"no {count} values can be told apart")


def falling(items: Iterable[Item], up: bool = False) -> list[Item]:
    """From the largest down, or from the smallest up."""
    return sorted(items, key=lambda item: item.value if up else -item.value)


def known_sum(items: Iterable[Item]) -> Known:
    return total(item.known for item in items)


def grain(view: Measured) -> float:
    """The smallest difference between what was reckoned from two sets of values that still counts as one."""
    return 1e-4 * 10.0**-view.decimals


def best(view: Measured, found: Sequence[tuple[Known, object]], up: bool = False) -> int:
    """The index of the largest (`up`: smallest), if no honest reading could take another for it."""
    order = sorted(range(len(found)), key=lambda i: found[i][0].value if up else -found[i][0].value)
    if len(order) < 2 or any(not found[order[0]][0].differs(found[i][0], grain(view)) for i in order[1:]):
        raise NotAskable("two of them come too close")
    return order[0]


def firm(known: Known) -> bool:
    """Whether a difference is well beyond its reading error, so that not any small number would do."""
    return known.err <= 0.4 * abs(known.value)


def at_level(draws: Draws, level: int, options: Iterable[T], ease: Callable[[T], float], top: int = 12) -> T:
    """One of the options about as far from the easiest to the hardest as the level is from 0 to `top`; NotAskable where
    there is none."""
    order = sorted(options, key=lambda option: -ease(option))
    if not order:
        raise NotAskable("nothing fits")
    middle, reach = (len(order) - 1) * min(level, top) // top, len(order) // 6
    return order[draws.integers(max(0, middle - reach), min(len(order), middle + reach + 1))]


def how_far(view: Measured, a: float, b: float) -> float:
    """By how much two values differ, to what is written and two digits more: equal gaps may be read as a hair apart."""
    return half_up(abs(a - b), view.decimals + 2)


def missing(draws: Draws, level: int, absent: Sequence[str], shown: Sequence[str]) -> str:
    """A name that is not shown: the higher the level, the more of its beginning it shares with one that is."""
    beginnings = {other[:k] for other in shown for k in range(1, len(other) + 1)}
    return at_level(
        draws, level, absent, lambda name: -sum(name[:k] in beginnings for k in range(1, len(name) + 1)), TOP
    )


# --- Thresholds


def px_per_unit(items: Sequence[Item]) -> float:
    """Pixels of a unit along the axis, told from the two items furthest apart."""
    low, high = min(items, key=lambda item: item.value), max(items, key=lambda item: item.value)
    return abs(high.length - low.length) / (high.value - low.value) if high.value > low.value else math.inf


def margin(view: Measured, items: Sequence[Item]) -> float:
    """How far a threshold must lie from every value, besides the reading error."""
    step = 10.0**-view.decimals
    return 0.5 * step if view.written else max(0.5 * step, APART / px_per_unit(items))


def cuts(view: Measured, draws: Draws, items: Sequence[Item]) -> dict[int, float]:
    """For every number m of items for which there is one: a round threshold that exactly the m largest exceed."""
    order = falling(items)
    clear = margin(view, items)
    found = {}
    for m, (above, below) in enumerate(pairwise(order), 1):
        low, high = below.value + below.err + clear, above.value - above.err - clear
        if (cut := rounded_between(draws, low, high, view.decimals)) is not None:
            found[m] = cut
    if not found:
        raise NotAskable("no threshold is clear of every value")
    return found


def rounded_between(draws: Draws, low: float, high: float, decimals: int) -> float | None:
    """One of the roundest numbers strictly between; never finer than `decimals`."""
    steps = [digit * 10.0**power for power in range(12, -decimals - 1, -1) for digit in (5, 2, 1)]
    for step in steps:
        first, last = math.floor(low / step + 1e-6) + 1, math.ceil(high / step - 1e-6) - 1
        if first <= last:
            return half_up(draws.integers(first, last + 1) * step, decimals)
    return None


# --- Multiple choice


def choice(draws: Draws, right: str, wrong: Sequence[str]) -> tuple[Choice, str]:
    """The options in random order, and how the question lists them."""
    options = dict(zip(LETTERS, draws.shuffled([right, *wrong])))
    letter = next(key for key, text in options.items() if text == right)
    return Choice(letter, options), "; ".join(f"{key}: {text}" for key, text in options.items())


def other_values(view: Measured, draws: Draws, items: Sequence[Item], count: int) -> list[Item]:
    """So many items, the values of any of which are wrong for the others: each as likely as the others to be asked."""
    found: list[Item] = []
    for item in draws.shuffled(items):
        if all(abs(item.value - other.value) >= _clear(view, max(item.err, other.err)) for other in found):
            found.append(item)
        if len(found) == count:
            return draws.shuffled(found)
    raise NotAskable(f"no {count} values are clear of each other")


def near_values(view: Categories, draws: Draws, value: float, err: float, level: int, count: int) -> list[float]:
    """So many wrong values about the right one: evenly spaced, closer at higher levels, by a step that only tells how
    far the values of the figure reach; the right one is as likely at any place among them."""
    finest = (1 - 0.05 * min(level, TOP)) * view.reach
    # Where all values are round, as those of pictures are, wrong ones are no less.
    alike = math.gcd(*(round(item.value * 10**view.decimals) for item in view.items)) if err == 0 else 1
    unit = max(1, alike) * 10.0**-view.decimals
    shares = (0.04, 0.06, 0.08, 0.11, 0.15)
    steps = [half_up(max(1.0, half_up(share * finest / unit, 0)) * unit, view.decimals) for share in shares]
    fit = [step for step in steps if step >= _clear(view, err)]
    if not fit:
        raise NotAskable("no wrong value is near and clear of the right one")
    step, below = draws.choice(fit), draws.integers(0, count + 1)
    if value - below * step <= 0:
        raise NotAskable("a wrong value would be negative")
    return [value + k * step for k in range(-below, count - below + 1) if k]


def _clear(view: Measured, err: float) -> float:
    """How far a wrong value must lie from one that is read with this error."""
    return max(3 * err, 2 * 10.0**-view.decimals)
