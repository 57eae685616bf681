"""What is written around the figure: its kind, titles, legend and ticks."""

from __future__ import annotations

import math
import re
from itertools import pairwise

from envs.address import Draws
from envs.drawing.colour import called
from envs.questions.asking import choice
from envs.questions.ranking import ordinal
from envs.registry import Ask, question
from envs.views import NotAskable
from envs.views_whole import Parts
from rewards import Answer, Choice, Label, Number, Percent

# Kinds of figures that nobody takes for each other; kinds of one line could be.
KINDS = (
    ("bar chart", "histogram", "grouped bar chart", "stacked bar chart", "waterfall chart"),
    ("pie chart", "donut chart", "sunburst chart", "rose chart"),
    ("line chart", "step chart", "area chart", "stacked area chart"),
    ("scatter plot", "bubble chart"),
    ("box plot", "violin plot"),
    ("word cloud",),
    ("heat map", "treemap"),
    ("radar chart",),
    ("funnel chart",),
    ("node chart", "sankey diagram"),
    ("contour plot",),
)
_NUMBER = re.compile(r"(-?)[^\d-]*(\d+(?:\.\d+)?)([kMB%]?)\Z")
_SCALES = {"k": 1e3, "M": 1e6, "B": 1e9}


@question(
    Parts,
    Choice,
    skill="recognition",
    pooled=True,
    rests=True,
    phrasings=(
        "What kind of figure is this{where}? Options: {options}. Answer with the letter.",
        "Which of these names the kind of chart shown{where}? {options}. Answer with the letter.",
        "Choose the kind of this figure{where}: {options}. Answer with the letter.",
        "How would you call this kind of figure{where}? {options}. Answer with the letter.",
        "This figure is of one of these kinds{where}: {options}. Which one? Answer with the letter.",
    ),
    held_out=(
        "Four kinds of charts are offered{where}: {options}. Give the letter of the one that you see.",
        "Tell by its letter which kind of chart has been drawn{where}: {options}.",
    ),
)
def chart_type(view: Parts, draws: Draws, level: int) -> Ask:
    """The kind of chart, among four that nobody could confuse."""
    others = [kinds for kinds in KINDS if view.chart not in kinds and not _akin(view.chart, kinds)]
    wrong = [draws.choice(kinds) for kinds in draws.sample(others, 3)]
    answer, options = choice(draws, view.chart, wrong)
    steps = [f"The figure shows a kind of chart called {view.chart}.", f"That is option {answer.value}."]
    return Ask(answer, steps, 4, slots={"options": options})


def alike(one: str, other: str) -> bool:
    """Whether a kind of chart might be taken for another."""
    lines = [kinds for kinds in KINDS if one in kinds or _akin(one, kinds)]
    return one == other or any(other in kinds or _akin(other, kinds) for kinds in lines)


def _akin(chart: str, kinds: tuple[str, ...]) -> bool:
    """Whether a kind that is on no line shares its particular word with a line: "twin line chart"."""
    words = set(chart.split()) - {"chart", "plot", "map", "diagram", "grouped", "stacked"}
    return any(words & set(kind.split()) for kind in kinds)


@question(
    Parts,
    Label,
    skill="recognition",
    needs=("title",),
    phrasings=(
        "What is the title of the figure{where}?",
        "Which title stands above the chart{where}?",
        "Read the title of this figure{where}.",
        "Copy the title of the chart{where}.",
        "What does the heading of the figure say{where}?",
    ),
    held_out=(
        "Under which title is the chart shown{where}?",
        "Write down the heading that the figure carries{where}.",
    ),
)
def title(view: Parts, draws: Draws, level: int) -> Ask:
    """The title."""
    if not view.title:
        raise NotAskable("there is no title")
    return Ask(Label(view.title), [f'The title reads "{view.title}".'], 20)


@question(
    Parts,
    Label,
    skill="recognition",
    needs=("axes",),
    rests=True,
    phrasings=(
        "What is the title of the {axis} axis{where}?",
        "Which title is written along the {axis} axis{where}?",
        "How is the {axis} axis labelled as a whole{where}? Give its title.",
        "Read the title of the {axis} axis{where}.",
        "What does the title of the {axis} axis say{where}?",
    ),
    held_out=(
        "Write down the words that name the {axis} axis{where}.",
        "By which title is the {axis} axis of the chart introduced{where}?",
    ),
)
def axis_title(view: Parts, draws: Draws, level: int) -> Ask:
    """The title of an axis."""
    found = [(axis, text) for axis, text in (("horizontal", view.across), ("vertical", view.up)) if text]
    if not found:
        raise NotAskable("no axis has a title")
    axis, text = draws.choice(found)
    # Few words are fit to name an axis, such as "Frequency".
    return Ask(Label(text), [f'The title of the {axis} axis reads "{text}".'], 3, slots={"axis": axis})


@question(
    Parts,
    Number,
    skill="recognition",
    needs=("legend", "entries"),  # a legend whose length varies enough not to be guessed
    bare=True,
    phrasings=(
        "How many entries does the legend have{where}?",
        "Count the entries of the legend{where}.",
        "How many names are listed in the legend{where}?",
        "What is the number of entries in the legend{where}?",
        "The legend explains how many signs{where}?",
    ),
    held_out=(
        "How many different names does the legend explain{where}?",
        "Give the size of the legend in entries{where}.",
    ),
)
def legend_size(view: Parts, draws: Draws, level: int) -> Ask:
    """The number of entries of the legend."""
    if not view.legend:
        raise NotAskable("there is no legend")
    steps = [f"The legend lists {', '.join(view.legend)}.", f"That makes {len(view.legend)}."]
    return Ask(Number(len(view.legend)), steps, 3)


@question(
    Parts,
    Label,
    skill="recognition",
    needs=("legend",),
    phrasings=(
        "Which name is the {ordinal}entry of the legend{where}, read from the top left?",
        "Read the legend line by line{where}: what is its {ordinal}entry?",
        "What does the {ordinal}entry of the legend say{where}?",
        "Name the {ordinal}entry of the legend{where}, counted from the top left.",
        "In the legend, what is written at the {ordinal}sign{where}, starting from the top left?",
    ),
    held_out=(
        "Go through the legend from the top left{where} and stop at the {ordinal}entry. What is it?",
        "Which name would you read as the {ordinal}one in the legend{where}?",
    ),
)
def legend_entry(view: Parts, draws: Draws, level: int) -> Ask:
    """An entry of the legend by its place."""
    if len(view.legend) < 2:
        raise NotAskable("the legend has no order")
    k = draws.integers(1, len(view.legend) + 1)
    steps = [f"The legend lists, in order, {', '.join(view.legend)}."]
    slots = {"ordinal": ordinal(k) if k > 1 else "first "}
    return Ask(Label(view.legend[k - 1]), steps, len(view.legend), slots=slots)


@question(
    Parts,
    Label,
    skill="recognition",
    needs=("legend",),
    hues=True,
    phrasings=(
        "Which entry of the legend is marked in {colour}{where}?",
        "What does {colour} stand for in the legend{where}?",
        "Name the legend entry whose sign has {colour}{where}.",
        "In the legend, which name belongs to the sign in {colour}{where}?",
        "Which name does the legend give to {colour}{where}?",
    ),
    held_out=(
        "What is shown in {colour}, according to the legend{where}?",
        "Find the sign in {colour} in the legend{where}. What is written beside it?",
    ),
)
def legend_colour(view: Parts, draws: Draws, level: int) -> Ask:
    """What a colour stands for, where one entry alone can be called so."""
    found = called(view.colours)
    if len(view.colours) != len(view.legend) or not found:
        raise NotAskable("no colour of the legend has a name of its own")
    colour, k = draws.choice(found)
    steps = [f"The sign in {colour} belongs to {view.legend[k]}."]
    return Ask(Label(view.legend[k]), steps, len(view.legend), slots={"colour": colour})


def _ticks(view: Parts, draws: Draws) -> tuple[str, tuple[str, ...], list[tuple[float, str]]]:
    """An axis with numbers: its name, its labels, and each label's number and suffix."""
    found = []
    for axis, labels in (("horizontal", view.ticks_across), ("vertical", view.ticks_up)):
        read = [match for label in labels if (match := _NUMBER.match(label))]
        if len(labels) >= 2 and len(read) == len(labels):
            numbers = [(float(match[1] + match[2]), match[3]) for match in read]
            found.append((axis, labels, numbers))
    if not found:
        raise NotAskable("no axis has numbers")
    return draws.choice(found)


def _number(value: float, suffix: str) -> Answer:
    value = int(value) if value == round(value) else value
    return Percent(value) if suffix == "%" else Number(value, scale=_SCALES.get(suffix))


@question(
    Parts,
    Number,
    skill="recognition",
    needs=("ticks",),
    unfit=("whole",),  # an axis of shares ends at 100 %
    bare=True,
    rests=True,
    phrasings=(
        "What is the {end} number written at a tick of the {axis} axis{where}?",
        "Which is the {end} number on the {axis} axis{where}?",
        "Read the {end} number that labels a tick of the {axis} axis{where}.",
        "Of the numbers along the {axis} axis, which is the {end}{where}?",
        "At which labelled number does the {axis} axis {stop}{where}?",
    ),
    held_out=(
        "Name the {end} of the tick labels on the {axis} axis{where}.",
        "What does the tick label with the {end} number say on the {axis} axis{where}?",
    ),
)
def end_tick(view: Parts, draws: Draws, level: int) -> Ask:
    """The largest number at a tick, or the smallest where that is not 0."""
    axis, labels, numbers = _ticks(view, draws)
    largest = numbers[0][0] == 0 or draws.chance(0.5)
    k = max(range(len(labels)), key=lambda k: numbers[k][0] * (1 if largest else -1))
    steps = [f"The labels of the {axis} axis are {', '.join(labels)}."]
    slots = {"axis": axis, "end": "largest" if largest else "smallest", "stop": "end" if largest else "begin"}
    return Ask(_number(*numbers[k]), steps, 6, slots=slots)


@question(
    Parts,
    Number,
    skill="recognition",
    needs=("ticks",),
    unfit=("whole",),  # an axis of shares ends at 100 %
    bare=True,
    rests=True,
    phrasings=(
        "How far apart are neighbouring numbers on the {axis} axis{where}?",
        "What is the step from one tick label to the next on the {axis} axis{where}?",
        "By how much do the numbers along the {axis} axis increase from one to the next{where}?",
        "What is the difference between two neighbouring tick labels of the {axis} axis{where}?",
        "In steps of how much is the {axis} axis labelled{where}?",
    ),
    held_out=(
        "Give the distance between one number and the next on the {axis} axis{where}.",
        "By what amount does each tick label of the {axis} axis exceed the one before{where}?",
    ),
)
def tick_step(view: Parts, draws: Draws, level: int) -> Ask:
    """The step between tick labels, where it is the same everywhere."""
    axis, labels, numbers = _ticks(view, draws)
    steps = [round(b[0] - a[0], 6) for a, b in pairwise(numbers)]
    suffixes = {suffix for value, suffix in numbers if value}
    if len(suffixes) != 1 or any(not math.isclose(step, steps[0], abs_tol=1e-6) for step in steps):
        raise NotAskable("the steps differ")
    said = [f"The labels of the {axis} axis are {', '.join(labels)}.", f"{labels[1]} - {labels[0]} is the step."]
    # Axes go in steps of 1, 2 or 5.
    return Ask(_number(steps[0], suffixes.pop()), said, 2, slots={"axis": axis})


@question(
    Parts,
    Number,
    skill="recognition",
    needs=("ticks",),
    unfit=("whole",),  # an axis of shares ends at 100 %
    bare=True,
    rests=True,
    phrasings=(
        "How many numbers are written along the {axis} axis{where}?",
        "Count the numbered ticks of the {axis} axis{where}.",
        "How many tick labels does the {axis} axis have{where}?",
        "What is the number of labelled ticks on the {axis} axis{where}?",
        "At how many places is the {axis} axis labelled with a number{where}?",
    ),
    held_out=(
        "Give the count of tick labels along the {axis} axis{where}.",
        "The {axis} axis carries how many numbers{where}?",
    ),
)
def tick_count(view: Parts, draws: Draws, level: int) -> Ask:
    """How many numbers an axis carries."""
    axis, labels, _ = _ticks(view, draws)
    steps = [f"The labels of the {axis} axis are {', '.join(labels)}.", f"That makes {len(labels)}."]
    return Ask(Number(len(labels)), steps, 4, slots={"axis": axis})
