"""A quantity shown by colour over a plane: the highest place, the step of a place, how many cells."""

from __future__ import annotations

from envs.address import Draws
from envs.numerals import listed
from envs.registry import Ask, question
from envs.views import NotAskable
from envs.views_field import QUARTERS, Field
from rewards import Interval, Label, Number

MANY = 20  # steps that could be named


@question(
    Field,
    Label,
    skill="reading",
    phrasings=(
        "In which quarter of the plot is the {measure} highest{where}: upper left, upper right, lower left or lower"
        " right?",
        "Where in the plot does the {measure} peak{where}? Answer upper left, upper right, lower left or lower right.",
        "The plot is cut into four quarters{where}. Which one holds the highest {measure}: upper left, upper right,"
        " lower left or lower right?",
        "Find the highest {measure}{where}. Is it in the upper left, upper right, lower left or lower right quarter?",
        "In which corner region does the {measure} reach its maximum{where}: upper left, upper right, lower left or"
        " lower right?",
    ),
    held_out=(
        "Which quarter of the plotting area has the peak of the {measure}{where}: upper left, upper right, lower left"
        " or lower right?",
        "Divide the plotting area by its middle lines{where}. Name the quarter with the largest {measure}: upper left,"
        " upper right, lower left or lower right.",
    ),
    rests=True,
)
def peak_quarter(view: Field, draws: Draws, level: int) -> Ask:
    """The quarter of the plot with the highest place."""
    quarter = view.quarter()
    assert view.peak is not None
    highest = max(k for k in range(len(view.steps)) if not view.cells or view.cells[k])
    steps = [
        f"The highest step that occurs is {view.range_of(highest)}.",
        f"Its colour is found near {view.x.say(view.peak[0])} across and {view.y.say(view.peak[1])} upwards, which is"
        f" the {quarter} quarter.",
    ]
    return Ask(Label(quarter), steps, len(QUARTERS))


@question(
    Field,
    Interval,
    skill="reading",
    phrasings=(
        "In which range of the colour bar does the {measure} at {spot} lie{where}? Answer as in 10 to 20.",
        "Between which two bounds of the colour bar is the {measure} at {spot}{where}? Answer as in 10 to 20.",
        "Use the colour bar: which range of {measure} does the colour at {spot} stand for{where}? Answer as in 10 to"
        " 20.",
        "Read the range of the {measure} at the {noun} marked {spot}{where}. Answer as in 10 to 20.",
        "What range of {measure} does the chart show at {spot}{where}? Answer as in 10 to 20.",
    ),
    held_out=(
        "Match the colour at {spot} with the colour bar{where}: which range of {measure} is it? Answer as in 10 to 20.",
        "The {noun} {spot} lies in one step of the colour bar{where}. Give its range of {measure}, as in 10 to 20.",
    ),
)
def spot_range(view: Field, draws: Draws, level: int) -> Ask:
    """The colour step of a marked place."""
    spot = draws.choice(view.spots)
    low, high = view.steps[spot.step]
    steps = [
        f"The colour at {spot.name} is step {spot.step + 1} of the bar, counted from below: {view.range_of(spot.step)}."
    ]
    stated = f"{view.value.plain(low)} to {view.value.plain(high)}"
    return Ask(Interval(low, high), steps, MANY, stated, {"spot": spot.name})


@question(
    Field,
    Label,
    skill="comparison",
    phrasings=(
        "At which of the marked {nouns} is the {measure} {highest}{where}?",
        "Which lettered {noun} has the {highest} {measure}{where}?",
        "Compare the marked {nouns}{where}: where is the {measure} {highest}?",
        "Which letter stands where the {measure} is {highest}{where}?",
        "Name the letter of the {noun} with the {highest} {measure}{where}.",
    ),
    held_out=(
        "Going by the colours, which marked {noun} has the {highest} {measure}{where}?",
        "Of the letters in the plot, which one marks the {highest} {measure}{where}?",
    ),
)
def spot_extreme(view: Field, draws: Draws, level: int) -> Ask:
    """The marked place in the highest or the lowest step."""
    for lowest in draws.shuffled((False, True)):
        order = sorted(view.spots, key=lambda spot: spot.step, reverse=not lowest)
        if order[0].step != order[1].step:
            break
    else:
        raise NotAskable("two marked places share the step")
    word = "lowest" if lowest else "highest"
    found = listed([f"{spot.name} {view.range_of(spot.step)}" for spot in view.spots])
    steps = [f"By their colours, the {view.value.measure} is: {found}.", f"It is {word} at {order[0].name}."]
    return Ask(Label(order[0].name), steps, len(view.spots), slots={"highest": word})


@question(
    Field,
    Number,
    skill="counting",
    phrasings=(
        "At how many of the marked {nouns} is the {measure} {bound} or more{where}?",
        "How many of the lettered {nouns} have a {measure} of at least {bound}{where}?",
        "Count the marked {nouns} whose {measure} is not less than {bound}{where}.",
        "For how many letters in the plot is the {measure} at least {bound}{where}?",
        "What is the number of marked {nouns} where the {measure} reaches {bound}{where}?",
    ),
    held_out=(
        "Going by the colours, how many marked {nouns} reach a {measure} of {bound}{where}?",
        "Of the letters in the plot, how many stand where the {measure} is {bound} or more{where}?",
    ),
)
def spots_above(view: Field, draws: Draws, level: int) -> Ask:
    """How many marked places lie in a step or above it."""
    # A bound that fewer cells reach than are marked would tell how few they are.
    fair = [k for k in range(1, len(view.steps)) if not view.cells or sum(view.cells[k:]) >= len(view.spots)] or [1]
    found: dict[int, int] = {}
    for step in draws.shuffled(fair):
        found.setdefault(sum(spot.step >= step for spot in view.spots), step)
    total = draws.choice(sorted(found))
    step = found[total]
    bound = view.value.say(view.steps[step][0])
    inside = [spot.name for spot in view.spots if spot.step >= step]
    steps = [
        f"The colours from {view.range_of(step)} upwards count.",
        f"They are found at {listed(inside)}, which makes {total}." if inside else "They are found at none: 0.",
    ]
    return Ask(Number(total), steps, len(view.spots), slots={"bound": bound})


@question(
    Field,
    Number,
    skill="counting",
    needs=("cells",),
    phrasings=(
        "How many {nouns} are filled with a colour{where}?",
        "How many coloured {nouns} does the plot show{where}?",
        "Count all {nouns} in the plot{where}.",
        "What is the total number of {nouns} drawn{where}?",
        "How many {nouns} of the plot are not empty{where}?",
    ),
    held_out=(
        "Into how many coloured {nouns} does the plotted area fall{where}?",
        "Give the number of {nouns} that are not empty{where}.",
    ),
)
def cell_count(view: Field, draws: Draws, level: int) -> Ask:
    """The number of cells that are not empty."""
    terms = " + ".join(map(str, view.cells))
    return Ask(
        Number(sum(view.cells)), [f"Counted colour by colour there are {terms} = {sum(view.cells)}."], view.sizes
    )


@question(
    Field,
    Number,
    skill="counting",
    needs=("cells",),
    phrasings=(
        "How many {nouns} show a {measure} of {range}{where}?",
        "Count the {nouns} in the colour that stands for {range}{where}.",
        "For how many {nouns} is the {measure} {range}{where}?",
        "How many {nouns} have the colour of {range} on the bar{where}?",
        "What is the number of {nouns} with a {measure} from {range}{where}?",
    ),
    held_out=(
        "Going by the colour bar, how many {nouns} hold {range}{where}?",
        "Pick the colour that stands for {range}{where}. How many {nouns} have it?",
    ),
)
def step_cells(view: Field, draws: Draws, level: int) -> Ask:
    """How many cells are of one step; never the highest, of which there is one."""
    step = draws.integers(0, len(view.steps) - 1)
    total = view.cells[step]
    steps = [f"The bar gives the colour of {view.range_of(step)}.", f"{total} {view.nouns} have it."]
    return Ask(Number(total), steps, 6, slots={"range": view.range_of(step)})
