"""Whole series against each other: totals, changes, and the extremes of the figure."""

from __future__ import annotations

import math
from collections.abc import Sequence as Row

from envs.address import Draws
from envs.known import Known
from envs.questions.across import best_either, column, first_found, part, several, windows
from envs.questions.asking import LIST, MANY, best, cuts, falling, known_sum, stated, sums
from envs.registry import Ask, question
from envs.views import NotAskable, Series
from rewards import Label, Number, Sequence

PARTS = 6  # of a figure that are looked at besides all of it


@question(
    Series,
    Number,
    skill="aggregation",
    needs=("values",),
    unfit=("whole",),
    sums=True,
    phrasings=(
        "What is the sum of the {measure} over all {series_nouns} {in} {position}{where}?{rounding}",
        "Add up the {measure} of all {series_nouns} {in} {position}{where}. What is the result?{rounding}",
        "{In} {position}, what do the {series_nouns} add up to in {measure}{where}?{rounding}",
        "What is the total {measure} of all {series_nouns} together {in} {position}{where}?{rounding}",
        "Look at {position}{where}: what is the combined {measure} of the {series_nouns}?{rounding}",
    ),
    held_out=(
        "Start from nothing and add the {measure} {of} each {series_noun} {in} {position}{where}. What is"
        " reached?{rounding}",
        "Compute the sum of every {measure} that the figure shows {in} {position}{where}.{rounding}",
    ),
)
def total_at(view: Series, draws: Draws, level: int) -> Ask:
    """The sum of all series at a position."""
    clear = [j for j in range(len(view.positions)) if all(item.err < math.inf for item in column(several(view), j))]
    if not clear:
        raise NotAskable("at no position can all values be read")
    j = draws.choice(clear)
    items, position = column(view, j), view.positions[j]
    known = known_sum(items)
    steps = [f"For {position}: {sums(view, [item.value for item in items])} = {view.say(known.value)}."]
    slots = {"position": position, "rounding": view.rounding()}
    return Ask(view.derived(known, room=len(items) * view.reach), steps, MANY, view.plain(known.value), slots)


@question(
    Series,
    Number,
    skill="aggregation",
    needs=("values",),
    unfit=("whole",),  # shares of different wholes make no sum
    sums=True,
    phrasings=(
        "What is the sum of the {measure} {of} {series} over {names}{where}?{rounding}",
        "Add up the {measure} {of} {series} {in} {names}{where}. What is the result?{rounding}",
        "Taken over {names}, what does the {measure} {of} {series} add up to{where}?{rounding}",
        "For {series}, what is the combined {measure} of {names}{where}?{rounding}",
        "Look at {series}{where}: what is the sum of its {measure} over {names}?{rounding}",
    ),
    held_out=(
        "Add the values of the {measure} that {series} has {in} {names}{where}. What comes out?{rounding}",
        "Compute the total that {series} reaches in {measure} over {names}{where}.{rounding}",
    ),
    top_level=9,
)
def sum_over(view: Series, draws: Draws, level: int) -> Ask:
    """The sum of one series over two or more named positions."""
    i = draws.integers(0, len(several(view).series))
    row = [item for item in view.items[i] if item.err < math.inf]
    if len(row) < 2:
        raise NotAskable("too few values can be read")
    count = draws.integers(2, max(2, min(len(row) - 1, 2 + level // 3)) + 1)
    chosen = draws.sample(range(len(row)), min(count, len(row)))
    items = [row[j] for j in sorted(chosen)]
    known = known_sum(items)
    terms = ", ".join(f"{item.name} {view.say(item.value)}" for item in items)
    steps = [f"{view.series[i]} has: {terms}.", f"{sums(view, [x.value for x in items])} = {view.say(known.value)}."]
    names = ", ".join(item.name for item in items[:-1]) + f" and {items[-1].name}"
    slots = {"series": view.series[i], "names": names, "rounding": view.rounding()}
    return Ask(view.derived(known, room=len(items) * view.reach), steps, MANY, view.plain(known.value), slots)


@question(
    Series,
    Label,
    skill="aggregation",
    needs=("values",),
    phrasings=(
        "Which {series_noun} has the {end} {sum} {measure} over all {nouns}{where}?{only}",
        "Taken over all {nouns}, which {series_noun} has the {end} {sum} {measure}{where}?{only}",
        "Name the {series_noun} with the {end} {sum} {measure} over the {nouns} shown{where}.{only}",
        "Compute the {sum} {measure} of each {series_noun} over all {nouns}{where}: whose is the {end}?{only}",
        "For which {series_noun} is the {sum} {measure} over all {nouns} the {end}{where}?{only}",
    ),
    held_out=(
        "Whose {measure} is {end} if every {series_noun} is judged by its {sum} over the {nouns}{where}?{only}",
        "Rank the {series_nouns} by {sum} {measure} over all {nouns}{where}. Which one is {end}?{only}",
    ),
)
def series_of_total(view: Series, draws: Draws, level: int) -> Ask:
    """The series with the largest or smallest total (or mean)."""
    for shown, only in windows(view, draws):
        totals = [known_sum(row) for row in shown.items]
        try:
            i, end = best_either(view, totals, draws)
        except NotAskable:
            continue
        found = ", ".join(f"{name} {view.plain(known.value)}" for name, known in zip(view.series, totals))
        steps = [f"The totals are: {found}.", f"The {end} is that of {view.series[i]}."]
        slots = {"end": end, "sum": draws.choice(("total", "mean") if view.adds else ("mean",)), "only": only}
        return Ask(Label(view.series[i]), steps, len(view.series), slots=slots)
    raise NotAskable("neither end is clear")


@question(
    Series,
    Label,
    skill="aggregation",
    needs=("values",),
    unfit=("whole",),
    phrasings=(
        "{In} which {noun} is the sum of the {measure} over all {series_nouns} the {end}{where}?{only}",
        "Which {noun} has the {end} total {measure} over all {series_nouns}{where}?{only}",
        "Name the {noun} with the {end} combined {measure} of all {series_nouns}{where}.{only}",
        "Add up all {series_nouns} for each {noun}{where}: which {noun} has the {end} total {measure}?{only}",
        "For which {noun} do the {series_nouns} together have the {end} {measure}{where}?{only}",
    ),
    held_out=(
        "If the {series_nouns} were stacked on each other{where}, for which {noun} would the {measure} reach the"
        " {end} total?{only}",
        "Rank the {nouns} by their total {measure} over all {series_nouns}{where}. Which one is {end}?{only}",
    ),
)
def position_of_total(view: Series, draws: Draws, level: int) -> Ask:
    """The position with the largest or smallest total over all series."""
    for shown, only in windows(view, draws):
        columns = [column(shown, j) for j in range(len(shown.positions))]
        totals = [known_sum(items) for items in columns]
        try:
            j, end = best_either(view, totals, draws)
        except NotAskable:
            continue
        terms, name = sums(view, [item.value for item in columns[j]]), shown.positions[j]
        steps = [f"The {end} total is {terms} = {view.say(totals[j].value)}, for {name}."]
        return Ask(Label(name), steps, len(shown.positions), slots={"end": end, "only": only})
    raise NotAskable("neither end is clear")


@question(
    Series,
    Sequence,
    skill="ranking",
    phrasings=(
        "Which {series_noun} has the {end} {measure} in the whole figure, and {in} which {noun}{where}?{only}{form}",
        "What is the {end} single value of the {measure}{where}? Name its {series_noun} and its {noun}.{only}{form}",
        "Find the {end} {measure} of all{where}: to which {series_noun} and which {noun} does it belong?{only}{form}",
        "Over all {series_nouns} and {nouns}, where is the {measure} the {end}{where}?{only}{form}",
        "Name the {series_noun} and the {noun} with the {end} {measure} of the figure{where}.{only}{form}",
    ),
    held_out=(
        "Of all values shown, the {end} {measure} belongs to one {series_noun} {in} one {noun}{where}."
        " Which?{only}{form}",
        "Where does the figure reach its {end} {measure}{where}? Give {series_noun} and {noun}.{only}{form}",
    ),
)
def overall_extreme(view: Series, draws: Draws, level: int) -> Ask:
    """The series and the position of the largest or smallest value of all."""
    for shown, only in windows(view, draws):
        flat = [item for row in shown.items for item in row]
        first = draws.chance(0.5)
        for up in (first, not first):
            item, rival = falling(flat, up)[:2]
            if not (view.apart(rival, item) if up else view.apart(item, rival)):
                continue
            i, j = divmod(next(k for k, other in enumerate(flat) if other is item), len(shown.positions))
            end, names = "smallest" if up else "largest", (view.series[i], shown.positions[j])
            steps = [f"The {end} value of all is that of {names[0]} {view.slots()['in']} {names[1]}."]
            slots = {"end": end, "form": f" Give the {view.series_noun} first.{LIST}", "only": only}
            return Ask(Sequence((Label(names[0]), Label(names[1]))), steps, len(flat), stated(names), slots)
    raise NotAskable("neither extreme is clear")


@question(
    Series,
    Label,
    skill="trend",
    needs=("values", "ordered"),
    phrasings=(
        "Which {series_noun} has the largest {kind} of the {measure} from {first} to {last}{where}?",
        "From {first} to {last}, whose {measure} {moves} most{where}? Name the {series_noun}.",
        "Name the {series_noun} whose {measure} {moves} by the largest amount between {first} and {last}{where}.",
        "Compare {first} with {last}{where}: which {series_noun} shows the largest {kind} of its {measure}?",
        "Between {first} and {last}, which {series_noun} has its {measure} {move} most{where}?",
    ),
    held_out=(
        "Go straight from {first} to {last}{where}: the {measure} of which {series_noun} {moves} furthest?",
        "Of all {series_nouns}, which one has the greatest {kind} in {measure} over the time from {first} to"
        " {last}{where}?",
    ),
)
def moves_most(view: Series, draws: Draws, level: int) -> Ask:
    """The series that rises, falls or changes most between two times."""
    if not view.ordered:
        raise NotAskable("the positions do not follow each other in time")
    clear = [j for j in range(len(view.positions)) if all(item.err < math.inf for item in column(several(view), j))]
    if len(clear) < 2:
        raise NotAskable("too few positions can be read")
    words = {"rise": "rises", "fall": "falls", "change": "changes"}
    for _ in range(6):
        p, q = sorted(draws.sample(clear, 2))
        kind = draws.choice(sorted(words))
        sizes = [row[q].known.minus(row[p].known).times(-1.0 if kind == "fall" else 1.0) for row in view.items]
        if kind == "change":
            sizes = [Known(abs(size.value), size.err) for size in sizes]
        try:
            i = best(view, [(size, None) for size in sizes])
        except NotAskable:
            continue
        if sizes[i].value <= sizes[i].err:
            continue
        a, b = view.items[i][p], view.items[i][q]
        steps = [
            f"{view.series[i]} goes from {view.say(a.value)} to {view.say(b.value)}, by {view.say(sizes[i].value)}.",
            f"No other {view.series_noun} {words[kind]} as much.",
        ]
        slots = {"kind": kind, "move": kind, "moves": words[kind]}
        slots |= {"first": view.positions[p], "last": view.positions[q]}
        return Ask(Label(view.series[i]), steps, len(view.series), slots=slots)
    raise NotAskable("no series clearly moves most")


def _leader(view: Series, j: int, up: bool) -> str | None:
    """The series that is the largest or smallest at a position, None where that cannot be told."""
    try:
        return view.at_position(j).ranked(up)[0].name
    except NotAskable:
        return None


def _spans(view: Series, draws: Draws) -> list[Row[int]]:
    """All positions, and some parts of them; of two wholes only parts, as neither can lead everywhere."""
    count = len(view.positions)
    wholes = len(view.series) == 2 and view.unit.percent and count > 2
    spans: list[Row[int]] = [] if wholes else [range(count)]
    for _ in range(PARTS if count > 2 else 0):
        size = draws.integers(2, count)
        start = draws.integers(0, count - size + 1)
        spans.append(range(start, start + size) if view.ordered else draws.sample(range(count), size))
    return spans


@question(
    Series,
    Number,
    skill="aggregation",
    bare=True,
    phrasings=(
        "{In} how many {nouns} does {series} have the {end} {measure} of all {series_nouns}{where}?{only}",
        "For how many {nouns} is the {measure} {of} {series} the {end} of all {series_nouns}{where}?{only}",
        "Count the {nouns} {in} which {series} has the {end} {measure}{where}.{only}",
        "How many times is {series} the {series_noun} with the {end} {measure}, going through all"
        " {nouns}{where}?{only}",
        "Of the {nouns} shown, how many have {series} as the {series_noun} with the {end} {measure}{where}?{only}",
    ),
    held_out=(
        "Go through the {nouns} one by one{where}: how often is {series} the {end} in {measure}?{only}",
        "What is the number of {nouns} for which no {series_noun} has a {more} {measure} than {series}{where}?{only}",
    ),
)
def times_leading(view: Series, draws: Draws, level: int) -> Ask:
    """At how many positions a series is the largest or smallest of all, or at some of them: how many is drawn first."""
    fits: dict[int, list[tuple[str, bool, Series, str, list[str]]]] = {}
    spans = _spans(several(view), draws)
    for up in (False, True):
        found = [_leader(view, j, up) for j in range(len(view.positions))]
        for span in spans:
            try:
                shown, only = part(view, [name is not None and j in span for j, name in enumerate(found)])
            except NotAskable:
                continue
            leaders = [name for p, name in zip(view.positions, found) if p in shown.positions and name]
            for name in view.series:
                fits.setdefault(leaders.count(name), []).append((name, up, shown, only, leaders))
    if not fits:
        raise NotAskable("who leads cannot be told everywhere")
    count = draws.choice(sorted(fits))
    series, up, shown, only, leaders = draws.choice(fits[count])
    end = "smallest" if up else "largest"
    pairs = ", ".join(f"{p}: {name}" for p, name in zip(shown.positions, leaders))
    steps = [
        f"The {view.series_noun} with the {end} {view.measure} is, for {pairs}.",
        f"That is {count} for {series}.",
    ]
    slots = {"series": series, "end": end, "more": "smaller" if up else "larger", "only": only}
    return Ask(Number(count), steps, max(2, min(len(shown.positions), 4)), slots=slots)


@question(
    Series,
    Number,
    skill="aggregation",
    needs=("values",),
    bare=True,
    phrasings=(
        "How many values of the {measure} in the figure are {side} {cut}, over all {series_nouns} and"
        " {nouns}{where}?{only}",
        "Over all {series_nouns} and {nouns}, how many times is the {measure} {more} than {cut}{where}?{only}",
        "Count all values of the {measure} {side} {cut}, whatever their {series_noun} and {noun}{where}.{only}",
        "In how many cases, taking every {series_noun} {in} every {noun}, does the {measure} lie {side}"
        " {cut}{where}?{only}",
        "Take every {series_noun} {in} every {noun}{where}: how many have a {measure} {side} {cut}?{only}",
    ),
    held_out=(
        "Draw a line at {cut}{where}: how many of all values of the {measure} shown lie {side} it?{only}",
        "Of all combinations of {series_noun} and {noun}, how many have a {measure} of {more} than {cut}{where}?{only}",
    ),
)
def count_all_beyond(view: Series, draws: Draws, level: int) -> Ask:
    """How many values of all series lie above or below a threshold."""
    shown, only, flat, found = first_found(
        windows(view, draws), lambda flat: cuts(view, draws, flat), "no threshold is clear of every value"
    )
    above = draws.chance(0.5)
    sides = {m if above else len(flat) - m: cut for m, cut in found.items()}
    most = 4 + level
    count = draws.choice([m for m in sides if m <= most] or [min(sides)])
    cut = sides[count]
    lines = []
    for name, row in zip(view.series, shown.items):
        names = [item.name for item in row if (item.value > cut) == above]
        lines.append(f"{name}: {len(names)}" + (f" ({', '.join(names)})" if names else ""))
    side = "above" if above else "below"
    steps = [f"{side.capitalize()} {view.say(cut)} there are, of {'; '.join(lines)}.", f"That makes {count}."]
    slots = {"cut": view.say(cut), "side": side, "more": "more" if above else "less", "only": only}
    return Ask(Number(count), steps, max(2, min(most, len(flat) - 1) // 2), slots=slots)
