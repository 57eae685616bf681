"""The table behind the figure, or a part of it; all names."""

from __future__ import annotations

import math

from envs.address import Draws
from envs.numerals import half_up
from envs.questions.asking import LIST, choice, missing, quoted, some_apart, spoken, stated, unordered
from envs.registry import Ask, question
from envs.views import Categories, Item, Measured, NotAskable, Series
from rewards import Choice, Set, Table
from rewards.answers import Cell

COUNT = 1000  # tables that a figure can give


def _cell(view: Measured, item: Item) -> Cell:
    """What is written in a cell: known exactly, or it is not asked."""
    if item.err and not (view.written and item.err <= 0.5 * 10.0**-view.decimals):
        raise NotAskable("a value cannot be read exactly")
    value = half_up(item.value, view.decimals)
    return int(value) if view.decimals == 0 else value


def _form(view: Measured, columns: str) -> str:
    places = {0: "whole numbers", 1: "numbers with one decimal", 2: "numbers with two decimals"}[view.decimals]
    unit = f" in {view.unit.words}" if view.unit.words else ""
    return (
        f" Put one row on each line and part the cells by bars (|); the first line is the header {columns}."
        f" Write values{unit} as {places}."
    )


@question(
    Categories,
    Table,
    skill="tables",
    needs=("values", "written"),
    phrasings=(
        "Write the {measure} {of} {names} as a table, in this order{where}.{form}",
        "Make a table of {names} with their {measure}{where}, keeping this order.{form}",
        "Turn the part of the figure that shows {names} into a table with a row for each, in this order{where}.{form}",
        "Give {names} and the {measure} of each as a table{where}, in the order named.{form}",
        "Tabulate the {measure} {of} {names}{where}, one after the other.{form}",
    ),
    held_out=(
        "Set up a table with a row each for {names}, in this order, and their {measure}{where}.{form}",
        "What would the rows for {names} be in a table of the figure's data{where}? Keep their order.{form}",
    ),
    top_level=12,
)
def table_of(view: Categories, draws: Draws, level: int) -> Ask:
    """A table of some named items: three, more at higher levels."""
    found = [item for item in view.items if item.err < math.inf]
    if len(found) < 2:
        raise NotAskable("too few values can be read")
    count = min(len(found), 3 + draws.integers(0, 1 + min(level, 12) // 3))
    items = draws.sample(found, count)
    rows = tuple((item.name, _cell(view, item)) for item in items)
    answer = Table((view.noun, view.measure), rows)
    slots = {"names": spoken(view, items), "form": _form(view, f'"{view.noun} | {view.measure}"')}
    return Ask(answer, [f"The values of the {view.nouns} named are read one by one."], COUNT, slots=slots)


@question(
    Series,
    Table,
    skill="tables",
    needs=("values", "written"),
    phrasings=(
        "Write the {measure} {of} {series} for {names} as a table{where}: a row for each {noun}, in this order.{form}",
        "Make a table of the {measure} {of} {series}{where}, with the rows {names}.{form}",
        "Turn the part of the figure that shows {series} for {names} into a table{where}, a row for each {noun}.{form}",
        "Tabulate the {measure} {of} {series}{where}; the rows are {names}, in this order.{form}",
        "Give a table{where} with the {nouns} {names} as rows and {series} as columns, filled with the"
        " {measure}.{form}",
    ),
    held_out=(
        "Set up a table of the {measure}{where}: rows {names}, columns {series}, in this order.{form}",
        "What would a table of the data for {series} hold in the rows {names}{where}?{form}",
    ),
    top_level=12,
)
def table_of_series(view: Series, draws: Draws, level: int) -> Ask:
    """A table of one or two series at two or more positions."""
    width = min(len(view.series), 1 + draws.integers(0, 2))
    chosen = draws.sample(range(len(view.series)), width)
    height = min(len(view.positions), 2 + draws.integers(0, 1 + min(level, 12) // 3))
    where = sorted(draws.sample(range(len(view.positions)), height))
    cells = [[view.items[i][j] for i in chosen] for j in where]
    if any(item.err == math.inf for row in cells for item in row):
        raise NotAskable("a value is covered")
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (view.positions[j], *(_cell(view, item) for item in row)) for j, row in zip(where, cells)
    )
    names = [view.series[i] for i in chosen]
    positions = [view.positions[j] for j in where]
    slots = {
        "series": " and ".join(names),
        "names": ", ".join(positions[:-1]) + f" and {positions[-1]}",
        "form": _form(view, '"' + " | ".join((view.noun, *names)) + '"'),
    }
    return Ask(Table((view.noun, *names), rows), ["The values named are read one by one."], COUNT, slots=slots)


@question(
    Categories,
    Set,
    skill="tables",
    needs=("words",),
    phrasings=(
        "Which of these {nouns} does the figure show{where}: {names}? Name them all.{list}",
        "Of {names}, which ones are shown in the figure{where}?{list}",
        "Name those of the following {nouns} that the figure compares{where}: {names}.{list}",
        "Pick out of {names} the {nouns} that can be found in the figure{where}.{list}",
        "Some of {names} are in the figure and some are not{where}. Which ones are?{list}",
    ),
    held_out=(
        "Go through {names} and keep only what the figure shows{where}.{list}",
        "For which of {names} does the figure give a {measure}{where}?{list}",
    ),
    version=2,
)
def which_shown(view: Categories, draws: Draws, level: int) -> Ask:
    """Which of some named are shown: five, and up to nine at higher levels, where those that are not begin as one does
    that is; not all, and not none."""
    count = min(5 + min(level, 12) // 3, len(view.items) + len(view.absent) - 1)
    least, most = max(1, count - len(view.absent)), min(count - 1, len(view.items))
    if least > most:
        raise NotAskable("too few names are absent or shown")
    shown = draws.integers(least, most + 1)
    there = draws.sample(view.names, shown)
    others = list(view.absent)
    while len(others) > len(view.absent) - (count - shown):
        others.remove(missing(draws, level, others, view.names))
    names = draws.shuffled([*there, *(name for name in view.absent if name not in others)])
    found = [name for name in names if name in there]
    slots = {"names": ", ".join(quoted(view, name) for name in names), "list": LIST}
    steps = [
        f"The {view.nouns} shown are {', '.join(view.read_order())}.",
        f"Of those named, {', '.join(found)} are there.",
    ]
    if len(found) == 1:
        steps[-1] = f"Of those named, only {found[0]} is there."
    return Ask(unordered(found), steps, 30, stated(found), slots)


@question(
    Categories,
    Choice,
    skill="ranking",
    unfit=("staged",),
    phrasings=(
        "Which of these has the {end} {measure}{where}? {options}. Answer with the letter.",
        "Of these options, which {noun} has the {end} {measure}{where}? {options}. Answer with the letter.",
        "Choose the option with the {end} {measure}{where}: {options}. Answer with the letter.",
        "Whose {measure} is the {end} among these{where}? {options}. Answer with the letter.",
        "Pick the {noun} with the {end} {measure} from these{where}: {options}. Answer with the letter.",
    ),
    held_out=(
        "Some {nouns} are offered{where}: {options}. Give the letter of the one with the {end} {measure}.",
        "Tell by its letter which option is {end} in {measure}{where}: {options}.",
    ),
)
def extreme_choice(view: Categories, draws: Draws, level: int) -> Ask:
    """The largest or smallest of three or four options; of up to seven, close to each other, at higher levels."""
    for count in range(min(len(view.items), 4 + min(level, 12) // 4), 2, -1):
        try:
            items = some_apart(view, draws, view.items, count, level)
            break
        except NotAskable:
            continue
    else:
        raise NotAskable("no three values can be told apart")
    up = draws.chance(0.5)
    right = sorted(items, key=lambda item: item.value if up else -item.value)[0]
    answer, options = choice(draws, right.name, [item.name for item in items if item is not right])
    end = "smallest" if up else "largest"
    steps = [f"Of the options, {right.name} has the {end} {view.measure}.", f"That is option {answer.value}."]
    return Ask(answer, steps, len(items), slots={"options": options, "end": end})
