"""Intervals of values: where all values lie, which bin holds one, from where to where a box or a candle reaches."""

from __future__ import annotations

from envs.address import Draws
from envs.numerals import show
from envs.questions.asking import MANY, complete
from envs.questions.ranking import ordinal
from envs.registry import Ask, question
from envs.views import Categories, Item, Measured, NotAskable
from envs.views_spread import Bins, Candles, Spread
from rewards import Interval


def interval(view: Measured, low: Item, high: Item) -> tuple[Interval, str]:
    """From one value to another, each to within what `view.quantity` allows, and how the box takes it."""
    ends = [view.quantity(item.value, item.err) for item in (low, high)]
    tolerance = max(getattr(end, "abs_tol", None) or 0.0 for end in ends)
    first, last = (end.value for end in ends)  # type: ignore[attr-defined]
    return Interval(first, last, tolerance or None), f"{view.plain(low.value)} to {view.plain(high.value)}"


def both(view: Measured) -> str:
    """What a question must say of unit and rounding of the two ends."""
    bare = " Write no percent signs." if view.unit.percent else ""  # a number written 45% is 0.45
    said = view.rounding().removeprefix(" Give it").removesuffix(".")
    return f" Give both ends{said}.{bare}"


@question(
    Categories,
    Interval,
    skill="reading",
    needs=("values",),
    unfit=("coarse",),
    phrasings=(
        "From which smallest to which largest value does the {measure} of all {nouns} reach{where}?{both}",
        "Between which two values, both of them shown, do all values of the {measure} lie{where}?{both}",
        "What is the narrowest interval that holds the {measure} of every {noun}{where}?{both}",
        "State the smallest and the largest {measure} as an interval{where}.{both}",
        "Within which limits, from lowest to highest, does the {measure} of the {nouns} stay{where}?{both}",
    ),
    held_out=(
        "Give the interval from the lowest to the highest {measure} in the figure{where}.{both}",
        "Over which interval are the values of the {measure} spread{where}, from minimum to maximum?{both}",
    ),
)
def value_range(view: Categories, draws: Draws, level: int) -> Ask:
    """From the smallest to the largest value; which of two near ones it is makes no difference to it."""
    items = complete(view.items)
    low, high = (end(items, key=lambda item: item.value) for end in (min, max))
    answer, text = interval(view, low, high)
    steps = [
        f"The smallest is {view.say(low.value)}, of {low.name}.",
        f"The largest is {view.say(high.value)}, of {high.name}.",
    ]
    return Ask(answer, steps, MANY, text, {"both": both(view)})


@question(
    Bins,
    Interval,
    skill="reading",
    needs=("bins",),
    phrasings=(
        "Which interval of {variable} does the {place} bin cover{where}?{unit}",
        "Between which two edges does the {place} bar stand{where}?{unit}",
        "What are the two edges of the {place} bin{where}?{unit}",
        "From where to where does the {place} bar of the histogram reach along its axis{where}?{unit}",
        "Count the bars: which range of {variable} belongs to the {place} one{where}?{unit}",
    ),
    held_out=(
        "Give the interval of {variable} that is counted in the {place} bin{where}.{unit}",
        "Where does the {place} bin begin and where does it end{where}?{unit}",
    ),
    top_level=12,
)
def kth_bin(view: Bins, draws: Draws, level: int) -> Ask:
    """The edges of a bin that is told by its place: further in at higher levels."""
    count = len(view.items)
    from_right = draws.chance(0.5)
    k = draws.integers(min(2, count), min(count, 3 + level // 2) + 1)
    at = count - k if from_right else k - 1
    side = "right" if from_right else "left"
    nth = ordinal(k).strip() or "first"
    steps = [
        f"Each bin is {view.plain_width()} wide, and the {side}most one goes from"
        f" {view.bin(count - 1 if from_right else 0)}.",
        f"The {nth} from the {side} goes from {view.bin(at)}.",
    ]
    slots = {"place": f"{nth}-from-the-{side}" if k > 1 else f"{side}most", "unit": _edges(view)}
    return Ask(Interval(view.edges[at], view.edges[at + 1]), steps, MANY, view.bin(at), slots)


def _edges(view: Bins) -> str:
    return f" Give both ends in {view.edge_unit.words}." if view.edge_unit.words else ""


@question(
    Bins,
    Interval,
    skill="reading",
    needs=("bins",),
    phrasings=(
        "In which bin is a {variable} of {value} counted{where}? Give the two edges of the bin.",
        "Which bar holds the {observed} with a {variable} of {value}{where}? Give its two edges.",
        "Between which two neighbouring edges of the histogram does a {variable} of {value} lie{where}?",
        "Which interval of the histogram does a {variable} of {value} fall into{where}?",
        "Find the bin for a {variable} of {value}{where}. From where to where does it reach?",
    ),
    held_out=(
        "Name the edges of the bin that a {variable} of {value} belongs to{where}.",
        "A value of {value} for the {variable} stands in which bin{where}? Answer with its two ends.",
    ),
    top_level=12,
)
def bin_of_value(view: Bins, draws: Draws, level: int) -> Ask:
    """The edges of the bin that holds a value, which is clear of both."""
    i = draws.integers(0, len(view.items))
    share = draws.integers(2, 9) / 10
    places = view.edge_unit.decimals + (view.width < 5 * 10.0**-view.edge_unit.decimals)
    value = show(view.edges[i] + share * view.width, places)
    if not view.edges[i] < float(value) < view.edges[i + 1]:
        raise NotAskable("no value lies clearly within the bin")
    steps = [f"{value} lies above {view.edge(i)} and below {view.edge(i + 1)}, which are edges of one bin."]
    slots = {"value": value, "unit": _edges(view)}
    return Ask(Interval(view.edges[i], view.edges[i + 1]), steps, 8, view.bin(i), slots)


@question(
    Spread,
    Interval,
    skill="reading",
    needs=("spread",),
    phrasings=(
        "Between which two quartiles does the middle half of {name} lie{where}?{both}",
        "From the lower to the upper quartile, which interval of the {measure} does {name} cover{where}?{both}",
        "What are the lower and the upper quartile of the {measure} of {name}{where}?{both}",
        "From where to where does the box of {name} reach{where}, quartile to quartile?{both}",
        "Which interval holds the middle 50 % of the {observed} of {name}{where}?{both}",
    ),
    held_out=(
        "State the interquartile interval of {name} by its two ends{where}.{both}",
        "Where do the lower and the upper quartile of {name} lie{where}?{both}",
    ),
)
def middle_half(view: Spread, draws: Draws, level: int) -> Ask:
    """From the lower to the upper quartile of a sample."""
    group = draws.choice(view.groups)
    answer, text = interval(view, group.q1, group.q3)
    steps = [
        f"The lower quartile of {group.name} is {view.say(group.q1.value)}.",
        f"The upper quartile is {view.say(group.q3.value)}.",
    ]
    return Ask(answer, steps, MANY, text, {"name": group.name, "both": both(view)})


@question(
    Candles,
    Interval,
    skill="reading",
    needs=("prices",),
    phrasings=(
        "Between which lowest and which highest {measure} was {name} traded{where}?{both}",
        "From its lowest to its highest {measure}, which interval does the {noun} {name} cover{where}?{both}",
        "What are the two ends of the wick of {name}{where}?{both}",
        "Within which limits did the {measure} move in the {noun} {name}{where}?{both}",
        "From where to where does the candle of {name} reach, wicks included{where}?{both}",
    ),
    held_out=(
        "State the interval of prices that the {noun} {name} saw{where}, lowest to highest.{both}",
        "Give the low and the high of {name} as an interval{where}.{both}",
    ),
)
def candle_range(view: Candles, draws: Draws, level: int) -> Ask:
    """From the lowest to the highest price of a period."""
    candle = draws.choice(view.candles)
    answer, text = interval(view, candle.low, candle.high)
    steps = [
        f"The lower end of the wick of {candle.name} lies at {view.say(candle.low.value)}.",
        f"Its upper end lies at {view.say(candle.high.value)}.",
    ]
    return Ask(answer, steps, MANY, text, {"name": candle.name, "both": both(view)})
