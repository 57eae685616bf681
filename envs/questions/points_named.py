"""Points with their names beside them: their values, which is the highest, the nearest, the odd one out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import combinations

from envs.address import Draws
from envs.numerals import listed
from envs.questions.points import article
from envs.registry import Ask, question
from envs.views import NotAskable
from envs.views_points import SIZE, Along, Point, Points, X, Y
from rewards import Label, Number

MANY = 100  # values that a reading can give
NEARER, NEARER_PX = 1.25, 10.0  # the next but one is so many times as far away, and so many pixels further
ODD, ODD_PX = 1.8, 30.0  # an outlier lies so many times as far off as any other, and so many pixels
WIDE = 6.0  # a gap is so many times as wide as the error of reading it, at least
AXIS = {X: "horizontal", Y: "vertical"}


@question(
    Points,
    Number,
    skill="reading",
    needs=("plane", "labels"),
    phrasings=(
        "What is the {measure} of {name}{where}?{rounding}",
        "What {measure} does the chart show for {name}{where}?{rounding}",
        "Read off the {measure} of the {noun} {name}{where}.{rounding}",
        "How large is the {measure} of {name}, going by its mark{where}?{rounding}",
        "For the mark labelled {name}, what is the {measure}{where}?{rounding}",
    ),
    held_out=(
        "Find {name} in the chart{where}. What is its {measure}?{rounding}",
        "Give the {measure} at which {name} is plotted{where}.{rounding}",
    ),
)
def coordinate(view: Points, draws: Draws, level: int) -> Ask:
    """The value of a labelled point on one of the axes."""
    point, what = draws.choice(view.labelled()), draws.choice((X, Y))
    side, item = view.side(what), point.item(what)
    steps = [
        f"The {side.measure} is read on the {AXIS[what]} axis.",
        f"There the mark beside {point.name} stands at {side.say(item.value)}.",
    ]
    slots = {"measure": side.measure, "name": point.name, "rounding": side.rounding()}
    return Ask(side.quantity(item.value, item.err), steps, MANY, side.plain(item.value), slots)


@question(
    Points,
    Number,
    skill="comparison",
    needs=("plane", "labels"),
    phrasings=(
        "By how much do {first} and {second} differ in {measure}{where}?{rounding}",
        "What is the difference in {measure} between {first} and {second}{where}?{rounding}",
        "How much higher is the {measure} of {first} than that of {second}{where}?{rounding}",
        "How far apart are {first} and {second} in {measure}{where}?{rounding}",
        "Subtract the {measure} of {second} from that of {first}{where}.{rounding}",
    ),
    held_out=(
        "By what amount does {first} exceed {second} in {measure}{where}?{rounding}",
        "Compare the marks of {first} and {second}{where}: what is the gap in {measure}?{rounding}",
    ),
)
def coordinate_gap(view: Points, draws: Draws, level: int) -> Ask:
    """How much further one labelled point lies along an axis than another."""
    pairs = [(what, *pair) for what in (X, Y) for pair in combinations(view.labelled(2), 2)]
    for what, a, b in draws.shuffled(pairs):
        side = view.side(what)
        high, low = sorted((a.item(what), b.item(what)), key=lambda item: -item.value)
        gap = high.value - low.value
        if side.apart(high, low) and gap >= WIDE * (high.err + low.err):
            break
    else:
        raise NotAskable("no two labelled points are far apart")
    steps = [
        f"The {side.measure} of {high.name} is {side.say(high.value)}, that of {low.name} {side.say(low.value)}.",
        f"The difference is {side.say(gap)}.",
    ]
    slots = {"measure": side.measure, "first": high.name, "second": low.name, "rounding": side.rounding()}
    return Ask(side.quantity(gap, high.err + low.err), steps, MANY, side.plain(gap), slots)


@question(
    Points,
    Label,
    skill="ranking",
    needs=("plane", "labels"),
    phrasings=(
        "Of the {nouns} that are labelled by name, which has the {highest} {measure}{where}?",
        "Which of the named {nouns} has the {highest} {measure}{where}?",
        "Some {nouns} are labelled{where}. Which of them has the {highest} {measure}?",
        "Name the labelled {noun} whose {measure} is {highest}{where}.",
        "Among the {nouns} with a name beside their mark, which one has the {highest} {measure}{where}?",
    ),
    held_out=(
        "Compare the labelled marks{where}: for which {noun} is the {measure} {highest}?",
        "Looking only at marks with a name{where}, which {noun} shows the {highest} {measure}?",
    ),
)
def labelled_extreme(view: Points, draws: Draws, level: int) -> Ask:
    """The labelled point that is highest, lowest, furthest left or right, where it can be told from the next."""
    points = view.labelled(3)
    for what, lowest in draws.shuffled([(what, lowest) for what in (X, Y) for lowest in (False, True)]):
        try:
            point = view.best(points, what, lowest)
        except NotAskable:
            continue
        return _extreme(view.side(what), points, point, what, lowest)
    raise NotAskable("no labelled point stands out")


def _extreme(side: Along, points: Sequence[Point], best: Point, what: str, lowest: bool) -> Ask:
    order = sorted(points, key=lambda point: point.item(what).value, reverse=not lowest)
    end = {(X, False): "right", (X, True): "left", (Y, False): "highest", (Y, True): "lowest"}.get((what, lowest), "")
    word = "lowest" if lowest else "highest"
    say = {"right": "furthest to the right", "left": "furthest to the left"}.get(end, end)
    found = listed([f"{point.name} ({side.say(point.item(what).value)})" for point in order[:4]])
    steps = [
        f"The {side.measure} grows along the {AXIS[what]} axis, so the labelled mark that lies {say} is wanted.",
        f"In order these are {found}{' and others' if len(order) > 4 else ''}: it is {best.name}.",
    ]
    return Ask(Label(best.name), steps, len(points), slots={"highest": word, "measure": side.measure})


@question(
    Points,
    Label,
    skill="ranking",
    needs=("size", "labels"),
    phrasings=(
        "Which of the labelled {nouns} has the {largest} {size}{where}?",
        "The {size} is shown by the {shown_by}{where}. For which labelled {noun} is it {largest}?",
        "Name the labelled {noun} with the {largest} {size}{where}.",
        "Judged by the {shown_by}, which of the labelled {nouns} has the {largest} {size}{where}?",
        "Which of the named {nouns} has the {largest} {size} (shown by the {shown_by}){where}?",
    ),
    held_out=(
        "Compare the labelled marks by the {shown_by}{where}: which {noun} has the {largest} {size}?",
        "For which labelled {noun} does the {shown_by} tell of the {largest} {size}{where}?",
    ),
)
def size_extreme(view: Points, draws: Draws, level: int) -> Ask:
    """The labelled point with the largest or smallest third measure."""
    points = view.labelled(3)
    side = view.side(SIZE)
    for lowest in draws.shuffled((False, True)):
        try:
            point = view.best(points, SIZE, lowest)
        except NotAskable:
            continue
        break
    else:
        raise NotAskable("no size stands out")
    word = "smallest" if lowest else "largest"
    order = sorted(points, key=lambda other: other.item(SIZE).value, reverse=not lowest)
    found = listed([other.name for other in order[:3]])
    steps = [f"By the {view.shown_by} the {word} labelled ones are, in order, {found}.", f"So it is {point.name}."]
    return Ask(Label(point.name), steps, len(points), slots={"largest": word, "measure": side.measure})


@question(
    Points,
    Number,
    skill="reading",
    needs=("sizes", "labels"),
    phrasings=(
        "What is the {size} of {name}{where}?{rounding}",
        "What {size} does the chart give for {name}{where}?{rounding}",
        "Read off the {size} of the {noun} {name}{where}.{rounding}",
        "How large is the {size} of {name}{where}?{rounding}",
        "Which {size} is written beside {name}{where}?{rounding}",
    ),
    held_out=(
        "Find {name} in the chart{where}. What {size} does it have?{rounding}",
        "State the {size} of the bubble for {name}{where}.{rounding}",
    ),
)
def size_value(view: Points, draws: Draws, level: int) -> Ask:
    """The written size of a bubble."""
    point = draws.choice(view.labelled())
    side, item = view.side(SIZE), point.item(SIZE)
    steps = [f"Beside {point.name} stands {side.say(item.value)}, its {side.measure}."]
    slots = {"name": point.name, "rounding": side.rounding()}
    return Ask(side.quantity(item.value, item.err), steps, MANY, side.plain(item.value), slots)


@question(
    Points,
    Label,
    skill="comparison",
    needs=("plane", "labels"),
    phrasings=(
        "Which labelled {noun} is plotted nearest to {name}{where}?",
        "Of the labelled {nouns}, whose mark is closest to that of {name}{where}?",
        "Which of the named {nouns} lies the shortest distance from {name} in the chart{where}?",
        "Measured on the chart, which other labelled {noun} is closest to {name}{where}?",
        "Name the labelled {noun} whose mark is nearest to the mark of {name}{where}.",
    ),
    held_out=(
        "Starting from the mark of {name}{where}, which other labelled mark is reached first?",
        "Which labelled {noun} is the closest neighbour of {name} on the chart{where}?",
    ),
)
def nearest_labelled(view: Points, draws: Draws, level: int) -> Ask:
    """The labelled point nearest to another one, by a clear margin in pixels."""
    points = view.labelled(3)
    for point in draws.shuffled(points):
        others = sorted((other for other in points if other is not point), key=lambda o: math.dist(o.at, point.at))
        first, second = (math.dist(other.at, point.at) for other in others[:2])
        if second >= max(NEARER * first, first + NEARER_PX):
            break
    else:
        raise NotAskable("no point has a clear nearest neighbour")
    ratio = second / first
    steps = [
        f"The labelled marks around {point.name} are {listed([other.name for other in others[:3]])}.",
        f"{others[0].name} is the nearest; {others[1].name} is about {ratio:.1f} times as far away.",
    ]
    return Ask(Label(others[0].name), steps, len(points) - 1, slots={"name": point.name})


@question(
    Points,
    Label,
    skill="relations",
    needs=("labels", "outlier"),
    phrasings=(
        "Which labelled {noun} does not follow the trend of the others{where}?",
        "One of the labelled {nouns} lies far from the line that the others follow{where}. Which one?",
        "Which of the named {nouns} is an outlier in the relation of {x} and {y}{where}?",
        "Name the labelled {noun} that breaks the pattern of the chart{where}.",
        "For which labelled {noun} do {x} and {y} not go together as they do for the others{where}?",
    ),
    held_out=(
        "Spot the outlier{where}: which labelled {noun} is it?",
        "Which named {noun} stands apart from the general pattern of the marks{where}?",
    ),
)
def outlier(view: Points, draws: Draws, level: int) -> Ask:
    """The labelled point that lies far from the line of all others."""
    points = view.labelled(3)
    odd = [point for point in points if _odd(point, view.points)]
    if len(odd) != 1:
        raise NotAskable("no labelled point is an outlier")
    name = odd[0].name
    steps = [
        f"Most {view.nouns} lie along a line from one side to the other.",
        f"{name}, with {article(view.x.measure)}{view.x.measure} of {view.x.say(odd[0].x)} and"
        f" {article(view.y.measure)}{view.y.measure} of {view.y.say(odd[0].y)}, lies far from it.",
    ]
    return Ask(Label(name), steps, len(points))


def _odd(point: Point, points: Sequence[Point]) -> bool:
    """Whether a point lies far from the line of least squares through all others, in pixels."""
    rest = [other.at for other in points if other is not point]
    x, y = (sum(at[k] for at in rest) / len(rest) for k in (0, 1))
    xx = sum((at[0] - x) ** 2 for at in rest)
    slope = sum((at[0] - x) * (at[1] - y) for at in rest) / xx

    def off(at: tuple[float, float]) -> float:
        return abs(at[1] - y - slope * (at[0] - x))

    return off(point.at) >= max(ODD_PX, ODD * max(map(off, rest)))
