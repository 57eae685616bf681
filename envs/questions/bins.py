"""Histograms: which bin, how many in it, how wide, how much on one side, which way it leans."""

from __future__ import annotations

from envs.address import Draws
from envs.registry import Ask, question
from envs.views import TOO_COARSE, NotAskable
from envs.views_spread import Bins, first_of
from rewards import Interval, Label, Number, Percent

MANY = 100  # values that a reading can give
LEANS, EVEN = 0.4, 0.2  # third moments: above the first the tail is plainly longer on one side, below the other on none


@question(
    Bins,
    Interval,
    skill="ranking",
    needs=("bins",),
    phrasings=(
        "Which bin of {variable} holds the most {observed}{where}? Give its two edges.",
        "Between which two edges does the highest bar lie{where}?",
        "Into which interval of {variable} do most {observed} fall{where}? Give its two ends.",
        "What are the edges of the bin with the highest bar{where}?",
        "Name the range of {variable} that the tallest bar covers{where}.",
    ),
    held_out=(
        "From where to where does the bin with the largest {measure} reach{where}?",
        "Identify the modal bin of {variable}{where} by its two edges.",
    ),
)
def peak_bin(view: Bins, draws: Draws, level: int) -> Ask:
    """The edges of the highest bin."""
    top = view.items.index(first_of(view.items, view.apart))
    height = "" if view.height == "density" else f", at {view.say(view.items[top].value)}"
    steps = [f"The highest bar stands from {view.edge(top)} to {view.edge(top + 1)}{height}."]
    return Ask(Interval(view.edges[top], view.edges[top + 1]), steps, len(view.items), view.bin(top))


@question(
    Bins,
    Number,
    skill="reading",
    needs=("values", "bins"),
    phrasings=(
        "How high is the bar of the bin from {bin}{where}?{rounding}",
        "What is the {measure} in the bin from {bin}{where}?{rounding}",
        "Read off the {measure} of the bin that goes from {bin}{where}.{rounding}",
        "Which {measure} does the figure show for a {variable} from {bin}{where}?{rounding}",
        "What {measure} belongs to the interval from {bin}{where}?{rounding}",
    ),
    held_out=(
        "State the {measure} for values of {variable} from {bin}{where}.{rounding}",
        "The bin from {bin} has which {measure}{where}?{rounding}",
    ),
)
def bin_height(view: Bins, draws: Draws, level: int) -> Ask:
    """What one bin holds."""
    i = draws.integers(0, len(view.items))
    item = view.items[i]
    answer = view.quantity(item.value, item.err)
    steps = [f"The bar from {view.bin(i)} reaches {view.say(item.value)}."]
    return Ask(answer, steps, MANY, view.plain(item.value), {"bin": view.bin(i), "rounding": view.rounding()})


@question(
    Bins,
    Number,
    skill="counting",
    needs=("bins",),
    phrasings=(
        "How many bins does the histogram have{where}?",
        "Into how many bins is the {variable} divided{where}?",
        "Count the bars of the histogram{where}.",
        "How many intervals of {variable} are shown, each with its bar{where}?",
        "What is the number of bins in the figure{where}?",
    ),
    held_out=(
        "The histogram sorts the {observed} by {variable} into how many bins{where}?",
        "Give the total number of bars drawn{where}.",
    ),
    top_level=12,
)
def count_bins(view: Bins, draws: Draws, level: int) -> Ask:
    """The number of bins."""
    total = len(view.items)
    steps = [
        f"The bins reach from {view.edge(0)} to {view.edge(total)}, each {view.plain_width()} wide.",
        f"That makes {total} bars.",
    ]
    return Ask(Number(total), steps, view.sizes)


@question(
    Bins,
    Number,
    skill="reading",
    needs=("bins",),
    phrasings=(
        "How wide is each bin{where}?{edges}",
        "What is the width of one bin of the histogram{where}?{edges}",
        "What range of {variable} does a single bar cover{where}?{edges}",
        "How far apart are the two edges of a bin{where}?{edges}",
        "Work out the bin width of the figure{where}.{edges}",
    ),
    held_out=(
        "By how much does the {variable} grow from one edge of a bar to its other edge{where}?{edges}",
        "Determine the class width that the histogram uses{where}.{edges}",
    ),
)
def bin_width(view: Bins, draws: Draws, level: int) -> Ask:
    """The width of all bins."""
    count = len(view.items)
    low, high = view.edge(0), view.edge(count)
    steps = [
        f"{count} bins cover the range from {low} to {high}.",
        f"Each is ({high} - {low}) / {count} = {view.plain_width()} wide.",
    ]
    unit = f" Give it in {view.edge_unit.words}." if view.edge_unit.words else ""
    width = int(view.width) if view.width == int(view.width) else view.width
    return Ask(Number(width), steps, 8, view.plain_width(), {"edges": unit})


@question(
    Bins,
    Number,
    skill="calculation",
    needs=("values", "bins"),
    phrasings=(
        "Taken together, what is the {measure} of all bins {side} {edge}{where}?{rounding}",
        "Add up the bars that lie {side} {edge}{where}: what is the total {measure}?{rounding}",
        "What is the total {measure} for a {variable} {side} {edge}{where}?{rounding}",
        "Summed over the bins {side} {edge}, how large is the {measure}{where}?{rounding}",
        "What do the heights of all bars {side} {edge} add up to{where}?{rounding}",
    ),
    held_out=(
        "Find the combined {measure} of the bins that lie {side} {edge}{where}.{rounding}",
        "All bins {side} {edge} put together have what {measure}{where}?{rounding}",
    ),
    top_level=12,
)
def total_beyond(view: Bins, draws: Draws, level: int) -> Ask:
    """The sum of the bins on one side of an edge: from two of them to more as levels rise, as far as can be read."""
    count = len(view.items)
    err = view.items[0].err
    most = min(count - 1, 3 + level // 2)
    while most > 1 and most * err > 0.5 * 0.05 * view.span:  # each misreading adds up
        most -= 1
    taken = draws.integers(min(2, most), most + 1)
    above = draws.chance(0.5)
    at = count - taken if above else taken
    chosen = range(at, count) if above else range(at)
    values = [view.items[i].value for i in chosen]
    told = ", ".join(f"{view.bin(i)}: {view.plain(view.items[i].value)}" for i in chosen)
    terms = " + ".join(view.plain(value) for value in values)
    side = "above" if above else "below"
    steps = [
        f"The bars {side} {view.edge(at)} are {told}.",
        f"Their sum is {terms} = {view.plain(sum(values))}.",
    ]
    answer = view.quantity(sum(values), err * len(values))
    slots = {"side": side, "edge": view.edge(at), "rounding": view.rounding()}
    return Ask(answer, steps, MANY, view.plain(sum(values)), slots)


@question(
    Bins,
    Percent,
    skill="calculation",
    needs=("shares", "bins"),
    phrasings=(
        "What percentage of all {observed} falls into the bin from {bin}{where}?{rounding}",
        "What share of the {observed} has a {variable} from {bin}{where}?{rounding}",
        "How large is the share of the bin from {bin} in all {observed}{where}?{rounding}",
        "Of all {observed} in the histogram, what part lies in the bin from {bin}{where}?{rounding}",
        "Which fraction of the {observed} is counted in the bin that goes from {bin}{where}?{rounding}",
    ),
    held_out=(
        "Express the height of the bin from {bin} as a percentage of all {observed}{where}.{rounding}",
        "Out of the total of all bars, how much stands in the bin from {bin}{where}?{rounding}",
    ),
)
def bin_share(view: Bins, draws: Draws, level: int) -> Ask:
    """The share of one bin in all."""
    i = draws.integers(0, len(view.items))
    item, total = view.items[i], sum(item.value for item in view.items)
    if view.height == "density":
        raise NotAskable("a density is not a share")
    share = 100 * item.value / total
    # Of the misreadings of all bars, which mostly cancel in the sum, that of the bin itself counts.
    err = 100 * item.err * (1 + share / 100) / total
    if err > TOO_COARSE * 100 * max(item.value for item in view.items) / total:
        raise NotAskable("the value cannot be read closely enough")
    bar = f"The bar from {view.bin(i)} reaches {view.say(item.value)}"
    steps = [f"{bar}."]
    if view.height == "count":
        sum_ = " + ".join(view.plain(item.value) for item in view.items)
        steps = [
            f"{bar} of a total of {sum_} = {view.plain(total)}.",
            f"That is {view.plain(item.value)} / {view.plain(total)} = {share:.1f} percent.",
        ]
    slots = {"bin": view.bin(i), "rounding": " Give it in percent, to one decimal."}
    return Ask(Percent(round(share, 6), abs_tol=round(err + 0.05, 6)), steps, MANY, f"{share:.1f}", slots)


@question(
    Bins,
    Label,
    skill="recognition",
    needs=("skew",),
    phrasings=(
        "To which side does the histogram have the longer tail{where}? Answer left, right or neither.",
        "Is the longer tail of the distribution on the left, on the right or on neither side{where}? "
        "Answer left, right or neither.",
        "In which direction is the distribution of {variable} skewed{where}? Answer left, right or neither.",
        "Towards which side do the bars fall off more slowly{where}? Answer left, right or neither.",
        "Which way does the distribution trail off further from its peak{where}? Answer left, right or neither.",
    ),
    held_out=(
        "Is the {variable} skewed to the left, to the right or to neither side{where}? Answer left, right or neither.",
        "On which side of the highest bars does the tail reach further{where}? Answer left, right or neither.",
    ),
)
def skew_side(view: Bins, draws: Draws, level: int) -> Ask:
    """The side of the longer tail, or neither; only where that is plain."""
    lean = view.skew()
    count = len(view.items)
    top = max(range(count), key=lambda i: view.items[i].value)
    longer = (count - 1 - top) - top  # bins to the right of the highest, less those to its left
    if abs(lean) >= LEANS and longer * lean > 0 and abs(longer) >= count / 3:
        side = "right" if lean > 0 else "left"
        steps = [f"From the highest bar, the bars fall off slowly to the {side} and quickly to the other side."]
    elif abs(lean) <= EVEN and abs(longer) <= max(1, count / 6):
        side = "neither"
        steps = ["The highest bars stand in the middle, and both sides fall off alike."]
    else:
        raise NotAskable("it is not plain which tail is longer")
    return Ask(Label(side), steps, 3)
