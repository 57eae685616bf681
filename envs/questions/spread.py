"""How values spread in each group: medians, quartiles, whiskers, outliers."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

from envs.address import Draws
from envs.numerals import half_up, listed
from envs.registry import Ask, question
from envs.views import NotAskable
from envs.views_spread import Spread, first_of, last_of
from rewards import Boolean, Label, Number

MANY = 100  # values that a reading can give


@question(
    Spread,
    Number,
    skill="reading",
    needs=("spread",),
    phrasings=(
        "What is the median {measure} of {name}{where}?{rounding}",
        "At what {measure} does the median of {name} lie{where}?{rounding}",
        "Read off the median {measure} for the {noun} {name}{where}.{rounding}",
        "Half of the values of {name} lie below which {measure}{where}?{rounding}",
        "Which {measure} is the middle one of all {observed} for {name}{where}?{rounding}",
    ),
    held_out=(
        "Estimate the median {measure} of the {noun} {name}{where}.{rounding}",
        "What {measure} splits the {observed} of {name} into a lower and an upper half{where}?{rounding}",
    ),
)
def group_median(view: Spread, draws: Draws, level: int) -> Ask:
    """The median of one group."""
    group = draws.choice(view.groups)
    value = view.say(group.median.value)
    steps = [f"The median of {group.name} is marked at {value}."]
    answer = view.quantity(group.median.value, group.median.err)
    return Ask(answer, steps, MANY, view.plain(group.median.value), {"name": group.name, "rounding": view.rounding()})


@question(
    Spread,
    Label,
    skill="comparison",
    needs=("spread",),
    phrasings=(
        "Which {noun} has the {extreme} median {measure}{where}?",
        "For which {noun} is the median {measure} {extreme}{where}?",
        "Name the {noun} whose median {measure} is the {extreme}{where}.",
        "Of the {nouns} shown{where}, which one has the {extreme} median?",
        "Compare the medians of the {nouns}{where}: which {noun} has the {extreme} one?",
    ),
    held_out=(
        "Identify the {noun} with the {extreme} median {measure}{where}.",
        "Judging by the median {measure}{where}, which {noun} comes out {extreme}?",
    ),
)
def extreme_median(view: Spread, draws: Draws, level: int) -> Ask:
    """The group with the highest or the lowest median, whichever is clear."""
    medians = list(view.medians().items)
    high = draws.chance(0.5)
    try:
        found = (first_of if high else last_of)(medians, view.apart)
    except NotAskable:
        high = not high
        found = (first_of if high else last_of)(medians, view.apart)
    extreme = "highest" if high else "lowest"
    steps = [
        f"The medians are {listed([f'{m.name} {view.say(m.value)}' for m in medians])}.",
        f"The {extreme} is that of {found.name}.",
    ]
    return Ask(Label(found.name), steps, len(medians), slots={"extreme": extreme})


@question(
    Spread,
    Number,
    skill="calculation",
    needs=("spread",),
    phrasings=(
        "What is the interquartile range of the {measure} of {name}{where}?{rounding}",
        "How far apart are the first and the third quartile of {name}{where}?{rounding}",
        "What is the difference between the upper and the lower quartile of {name}{where}?{rounding}",
        "Compute the interquartile range (IQR) for {name}{where}.{rounding}",
        "How large is the range of {measure} that the middle half of the values of {name} covers{where}?{rounding}",
    ),
    held_out=(
        "Subtract the first quartile from the third for the {noun} {name}{where}: what is the result?{rounding}",
        "Determine the IQR of the {measure} for {name}{where}.{rounding}",
    ),
)
def group_iqr(view: Spread, draws: Draws, level: int) -> Ask:
    """The interquartile range of one group."""
    group = draws.choice(view.groups)
    value = group.iqr.value
    low, high = view.plain(group.q1.value), view.plain(group.q3.value)
    steps = [
        f"The quartiles of {group.name} lie at {low} and {high}.",
        f"Their difference is {high} - {low} = {view.plain(value)}.",
    ]
    answer = view.quantity(value, group.iqr.err)
    return Ask(answer, steps, MANY, view.plain(value), {"name": group.name, "rounding": view.rounding()})


@question(
    Spread,
    Label,
    skill="comparison",
    needs=("spread",),
    phrasings=(
        "Which {noun} has the largest interquartile range of {measure}{where}?",
        "For which {noun} are the first and the third quartile furthest apart{where}?",
        "Name the {noun} whose interquartile range (IQR) is the largest{where}.",
        "For which {noun} does the middle half of the values spread most{where}?",
        "Which {noun} shows the widest range between its lower and its upper quartile{where}?",
    ),
    held_out=(
        "Identify the {noun} with the greatest IQR{where}.",
        "In which {noun} does the {measure} vary most, judged by the interquartile range{where}?",
    ),
)
def largest_iqr(view: Spread, draws: Draws, level: int) -> Ask:
    """The group whose quartiles are furthest apart, where that is plain to see."""
    ranges = [replace(group.iqr, name=group.name) for group in view.groups]
    found = first_of(ranges, view.wider)
    told = listed([f"{item.name} {view.plain(item.value)}" for item in ranges])
    steps = [f"The interquartile ranges are about {told}.", f"The largest is that of {found.name}."]
    return Ask(Label(found.name), steps, len(ranges))


@question(
    Spread,
    Number,
    skill="calculation",
    needs=("whiskers",),
    phrasings=(
        "What is the distance between the ends of the two whiskers of {name}{where}?{rounding}",
        "From whisker to whisker, how large is the range of {measure} for {name}{where}?{rounding}",
        "How far is it from the end of the lower whisker of {name} to the end of its upper one{where}?{rounding}",
        "Leaving outliers aside, what is the range of the {measure} of {name}{where}?{rounding}",
        "What range of {measure} do the whiskers of {name} span{where}?{rounding}",
    ),
    held_out=(
        "Compute the range between the whisker ends of the {noun} {name}{where}.{rounding}",
        "Without its outliers, the largest value of {name} exceeds the smallest by how much{where}?{rounding}",
    ),
)
def whisker_range(view: Spread, draws: Draws, level: int) -> Ask:
    """From the end of one whisker to that of the other."""
    group = draws.choice(view.groups)
    value = group.reach.value
    low, high = view.plain(group.low.value), view.plain(group.high.value)
    steps = [
        f"The whiskers of {group.name} end at {low} and {high}.",
        f"The range is {high} - {low} = {view.plain(value)}.",
    ]
    answer = view.quantity(value, group.reach.err)
    return Ask(answer, steps, MANY, view.plain(value), {"name": group.name, "rounding": view.rounding()})


@question(
    Spread,
    Number,
    skill="counting",
    needs=("outliers",),
    phrasings=(
        "How many outliers does {name} have{where}?",
        "How many outliers are drawn for the {noun} {name}{where}?",
        "Count the outliers of {name}{where}.",
        "How many values of {name} are shown as single points beyond its whiskers{where}?",
        "What is the number of outliers for {name}{where}?",
    ),
    held_out=(
        "How many of the {observed} of {name} lie outside its whiskers{where}?",
        "Give the number of points that {name} has beyond the ends of its whiskers{where}.",
    ),
    top_level=12,
)
def count_outliers(view: Spread, draws: Draws, level: int) -> Ask:
    """The number of outliers of one group, which one is drawn by the number so that none is likelier."""
    counts = sorted({len(group.outliers) for group in view.groups})
    wanted = draws.choice(counts)
    group = draws.choice([group for group in view.groups if len(group.outliers) == wanted])
    shown = listed([view.say(item.value) for item in group.outliers]) if group.outliers else "none"
    steps = [f"Beyond the whiskers of {group.name} there are outliers at {shown}."]
    if not group.outliers:
        steps = [f"Beyond the whiskers of {group.name} there is no point."]
    steps.append(f"That makes {wanted}.")
    return Ask(Number(wanted), steps, 3 + (min(level, 12) + 3) // 8, slots={"name": group.name})


@question(
    Spread,
    Label,
    skill="search",
    needs=("outliers",),
    phrasings=(
        "Which {noun} has the most outliers{where}?",
        "For which {noun} are the most outliers drawn{where}?",
        "Name the {noun} with the largest number of outliers{where}.",
        "Which {noun} has more points beyond its whiskers than any other{where}?",
        "Count the outliers of each {noun}{where}: which {noun} has the most?",
    ),
    held_out=(
        "Identify the {noun} with the greatest number of outliers{where}.",
        "In which {noun} do the most {observed} lie outside the whiskers{where}?",
    ),
)
def most_outliers(view: Spread, draws: Draws, level: int) -> Ask:
    """The group with the most outliers, where no other has as many."""
    order = sorted(view.groups, key=lambda group: -len(group.outliers))
    if len(order) < 2 or len(order[0].outliers) == len(order[1].outliers):
        raise NotAskable("no group has more outliers than all others")
    told = listed([f"{group.name} {len(group.outliers)}" for group in view.groups])
    steps = [f"The numbers of outliers are {told}.", f"The most are those of {order[0].name}."]
    return Ask(Label(order[0].name), steps, len(order))


@question(
    Spread,
    Number,
    skill="reading",
    needs=("spread",),
    phrasings=(
        "What is the {extreme} {measure} of {name}, counting every value shown{where}?{rounding}",
        "How {size} is the {extreme} value drawn for {name}{where}?{rounding}",
        "Read off the {extreme} {measure} of the {noun} {name}, any {outliers} included{where}.{rounding}",
        "Counting {outliers} too, what is the {extreme} {measure} shown for {name}{where}?{rounding}",
        "Over all {observed}, what was the {extreme} {measure} of {name}{where}?{rounding}",
    ),
    held_out=(
        "Estimate the {extreme} {measure} that {name} reached{where}; {outliers} count too.{rounding}",
        "Give the {extreme} of all values of {name} that the figure shows{where}.{rounding}",
    ),
)
def extreme_of_group(view: Spread, draws: Draws, level: int) -> Ask:
    """The largest or the smallest value of a group, an outlier if there is one on that side."""
    group = draws.choice(view.groups)
    high = draws.chance(0.5)
    item = group.most if high else group.least
    extreme, size = ("largest", "high") if high else ("smallest", "low")
    lies = "is an outlier" if item in group.outliers else "lies"
    steps = [f"The {extreme} value of {group.name} {lies} at {view.say(item.value)}."]
    slots = {"name": group.name, "extreme": extreme, "size": size, "rounding": view.rounding()}
    if any(group.outliers for group in view.groups):
        slots["outliers"] = "outliers"  # else nobody speaks of them
    return Ask(view.quantity(item.value, item.err), steps, MANY, view.plain(item.value), slots)


@question(
    Spread,
    Boolean,
    skill="comparison",
    needs=("contrast",),
    phrasings=(
        "Is the median of {name} above the third quartile of {other}{where}? Answer yes or no.",
        "Does the median {measure} of {name} exceed the upper quartile of {other}{where}? Answer yes or no.",
        "Is the median {measure} of {name} larger than the third quartile of {other}{where}? Answer yes or no.",
        "Does the median of {name} lie above the whole middle half of the values of {other}{where}? Answer yes or no.",
        "Compare {name} and {other}{where}: is the median of {name} higher than the third quartile of {other}? "
        "Answer yes or no.",
    ),
    held_out=(
        "Yes or no: the median {measure} of {name} is greater than the third quartile of {other}{where}.",
        "Would three quarters of the values of {other} lie below the median of {name}{where}? Answer yes or no.",
    ),
)
def median_above_quartile(view: Spread, draws: Draws, level: int) -> Ask:
    """Whether one group's median lies above another's third quartile; true as often as false."""
    pairs = [(a, b) for a in view.groups for b in view.groups if a is not b]
    pairs = [(a, b) for a, b in pairs if abs(a.median.length - b.q3.length) >= view.apart_px]
    above = [(a, b) for a, b in pairs if a.median.value > b.q3.value]
    below = [(a, b) for a, b in pairs if a.median.value < b.q3.value]
    if not above or not below:
        raise NotAskable("no median lies above another group's third quartile")
    wanted = draws.chance(0.5)
    near = [(a, b) for a, b in below if a.median.value > b.median.value]  # it is the quartile that decides
    one, other = draws.choice(above if wanted else near or below)
    steps = [
        f"The median of {one.name} is {view.say(one.median.value)}.",
        f"The third quartile of {other.name} is {view.say(other.q3.value)}, {'lower' if wanted else 'higher'}.",
    ]
    slots = {"name": one.name, "other": other.name}
    return Ask(Boolean(wanted), steps, 2, "yes" if wanted else "no", slots)


@question(
    Spread,
    Number,
    skill="counting",
    needs=("spread",),
    phrasings=(
        "How many {nouns} have a median {measure} above {threshold}{where}?",
        "For how many {nouns} does the median lie above {threshold}{where}?",
        "Count the {nouns} whose median {measure} exceeds {threshold}{where}.",
        "What is the number of {nouns} with a median {measure} of more than {threshold}{where}?",
        "In how many of the {nouns} is the median {measure} higher than {threshold}{where}?",
    ),
    held_out=(
        "Take {threshold} as a threshold{where}: how many {nouns} have a median {measure} above it?",
        "How many of the medians shown{where} are greater than {threshold}?",
    ),
    top_level=12,
)
def medians_above(view: Spread, draws: Draws, level: int) -> Ask:
    """The number of groups whose median lies above a value that is clear of all of them."""
    order = sorted((group.median for group in view.groups), key=lambda item: item.length)
    px_per_unit = (order[-1].length - order[0].length) / (order[-1].value - order[0].value)
    beyond = half_up(0.12 * view.span, view.decimals)
    places = {0: order[-1].value + beyond}
    if order[0].value > beyond:
        places[len(order)] = order[0].value - beyond
    for k, (low, high) in enumerate(pairwise(order), 1):
        middle = half_up((low.value + high.value) / 2, view.decimals)
        if min(middle - low.value, high.value - middle) * px_per_unit >= view.apart_px:
            places[len(order) - k] = middle
    total = draws.choice(sorted(places))
    threshold = places[total]
    above = [group.name for group in view.groups if group.median.value > threshold]
    told = listed([f"{group.name} {view.plain(group.median.value)}" for group in view.groups])
    steps = [f"The medians are about {told}."]
    steps.append(f"Above {view.say(threshold)} are those of {listed(above)}." if above else "None lies above it.")
    steps.append(f"That makes {total}.")
    return Ask(Number(total), steps, len(order) + 1, slots={"threshold": view.say(threshold)})
