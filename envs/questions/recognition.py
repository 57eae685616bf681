"""What is written around the figure: its kind, titles, legend and ticks."""

from __future__ import annotations

import math
from functools import cache
from itertools import pairwise

from envs.address import Draws
from envs.drawing.colour import called
from envs.numerals import read
from envs.questions.asking import choice
from envs.questions.ranking import ordinal
from envs.registry import Ask, question
from envs.views import NotAskable
from envs.views_whole import Parts
from rewards import Answer, Choice, Label, Number, Percent

# What each kind of chart may be taken for: no two kinds that share a word are offered together.
LOOKS = {
    "bar chart": "bars",
    "3D bar chart": "bars",
    "grouped bar chart": "bars",
    "stacked bar chart": "bars",
    "3D stacked bar chart": "bars",
    "100% stacked bar chart": "bars",
    "3D 100% stacked bar chart": "bars",
    "diverging bar chart": "bars",
    "population pyramid": "bars funnel",
    "histogram": "bars",
    "waterfall chart": "bars",
    "combined bar and line chart": "bars lines",
    "error bar chart": "bars lines boxes",
    "radial bar chart": "bars round",
    "line chart": "lines",
    "line chart with a band": "lines",
    "step chart": "lines",
    "area chart": "lines",
    "stacked area chart": "lines",
    "100% stacked area chart": "lines",
    "density plot": "lines",
    "parallel coordinates chart": "lines",
    "pie chart": "round",
    "donut chart": "round",
    "nested donut chart": "round",
    "sunburst chart": "round",
    "rose chart": "round",
    "gauge chart": "round",
    "radar chart": "radar",
    "scatter chart": "points",
    "3D scatter chart": "points",
    "bubble chart": "points",
    "lollipop chart": "stems",
    "dumbbell chart": "stems",
    "box plot": "boxes",
    "violin plot": "boxes",
    "candlestick chart": "boxes",
    "heat map": "tiles table",
    "tile map": "tiles",
    "treemap": "tiles",
    "hexbin plot": "tiles",
    "contour plot": "tiles",
    "table": "table",
    "word cloud": "words",
    "funnel chart": "funnel",
    "Gantt chart": "spans",
    "node chart": "links",
    "directed node chart": "links",
    "sankey diagram": "links",
    "pictogram": "icons",
}
# How many families draw a kind, where not one.
OFTEN = {
    "bar chart": 2,
    "pie chart": 2,
    "scatter chart": 2,
    "radar chart": 2,
    "treemap": 2,
    "combined bar and line chart": 2,
}
OFFERED = tuple(kind for kind in LOOKS for _ in range(OFTEN.get(kind, 1)))
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
        "What would you call this kind of figure{where}? {options}. Answer with the letter.",
        "This figure is of one of these kinds{where}: {options}. Which one? Answer with the letter.",
    ),
    held_out=(
        "Four kinds of charts are offered{where}: {options}. Give the letter of the one that you see.",
        "Tell by its letter which kind of chart has been drawn{where}: {options}.",
    ),
)
def chart_type(view: Parts, draws: Draws, level: int) -> Ask:
    """The kind of chart, among four that nobody could confuse."""
    answer, options = choice(draws, view.chart, _hand(view.chart, draws))
    steps = [f"The figure shows a kind of chart called {view.chart}.", f"That is option {answer.value}."]
    return Ask(answer, steps, 4, slots={"options": options})


def _hand(chart: str, draws: Draws) -> list[str]:
    """Three kinds to offer beside the right one. All kinds, as often as they are drawn, are dealt into hands of four
    that nobody could confuse, whichever is right; so of the four in a hand each is as likely to be it."""
    deck = OFFERED if chart in LOOKS else (*OFFERED, chart)
    while True:
        hands: list[list[str]] = [[] for _ in range(math.ceil(len(deck) / 4))]
        for kind in draws.shuffled(deck):
            fit = (hand for hand in hands if len(hand) < 4 and not any(alike(kind, other) for other in hand))
            next(fit, []).append(kind)
        found = [hand for hand in hands if len(hand) == 4 and chart in hand]
        if found:
            return [kind for kind in draws.choice(found) if kind != chart]


def alike(one: str, other: str) -> bool:
    """Whether a kind of chart might be taken for another."""
    return one == other or bool(_looks(one) & _looks(other))


@cache
def _looks(chart: str) -> frozenset[str]:
    """What a kind may be taken for; one that is not listed ("dot plot") for all that share its particular words."""
    if chart in LOOKS:
        return frozenset(LOOKS[chart].split())
    own = set(chart.casefold().split()) - {"chart", "plot", "map", "diagram", "grouped", "stacked"}
    return frozenset(look for kind, looks in LOOKS.items() if own & set(kind.split()) for look in looks.split())


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
    rests=True,
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
    rests=True,
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
    rests=True,
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
    rests=True,
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
        numbers = [number for label in labels if (number := read(label))]
        if len(labels) >= 2 and len(numbers) == len(labels):
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
