"""How many points, in all, of a group, beyond a bound; which group."""

from __future__ import annotations

from collections.abc import Sequence

from envs.address import Draws
from envs.numerals import listed
from envs.registry import Ask, question
from envs.views import NotAskable
from envs.views_points import Point, Points, X, Y
from rewards import Label, Number

MEANS_APART = 0.06  # of the axis: the means of two groups must differ by this much to be compared by eye
TRIALS = 60  # rectangles among which one is chosen


def strips(view: Points, points: Sequence[Point]) -> str:
    """The points counted in three strips, from the left: how a careful reader would do it."""
    ends = [point.at[0] for point in view.points]
    left, third = min(ends), (max(ends) - min(ends)) / 3
    parts = [0, 0, 0]
    for point in points:
        parts[min(2, int((point.at[0] - left) / third)) if third else 0] += 1
    terms = " + ".join(map(str, parts))
    return f"Counted in three strips from the left there are {terms} = {len(points)}."


@question(
    Points,
    Number,
    skill="recognition",
    phrasings=(
        "Each mark in the chart stands for one {noun}. How many {nouns} are plotted{where}?",
        "How many {nouns} does the chart plot{where}?",
        "What is the total number of {nouns} plotted in the chart{where}?",
        "Count the {nouns}, one mark each, that the chart shows{where}.",
        "For how many {nouns} is there a mark in the chart{where}?",
    ),
    held_out=(
        "If every mark is one {noun}, how many {nouns} are in the chart altogether{where}?",
        "Give the number of {nouns} that appear as marks{where}.",
    ),
)
def point_count(view: Points, draws: Draws, level: int) -> Ask:
    """The number of points."""
    points = view.countable()
    return Ask(Number(len(points)), [strips(view, points)], possible=view.sizes)


@question(
    Points,
    Number,
    skill="recognition",
    needs=("groups",),
    phrasings=(
        "How many of the {nouns} belong to {group}{where}?",
        "The colours tell the {group_nouns} apart. How many {nouns} are there for {group}{where}?",
        "How many marks does the chart show for {group}{where}?",
        "Count the {nouns} that are drawn in the colour of {group}{where}.",
        "For the {group_noun} {group}, how many {nouns} are plotted{where}?",
    ),
    held_out=(
        "What is the number of {nouns} plotted for {group}{where}?",
        "Going by the legend, how many of the marks stand for {group}{where}?",
    ),
)
def group_count(view: Points, draws: Draws, level: int) -> Ask:
    """The number of points of one group."""
    view.countable()
    group = draws.choice(view.groups)
    points = view.of(group)
    steps = [f"The legend shows how {group} is drawn.", strips(view, points)]
    return Ask(Number(len(points)), steps, max(2, view.sizes // len(view.groups)), slots={"group": group})


@question(
    Points,
    Label,
    skill="ranking",
    needs=("groups",),
    phrasings=(
        "Which {group_noun} has the {most} {nouns} plotted{where}?",
        "For which {group_noun} does the chart show the {most} {nouns}{where}?",
        "Count the {nouns} of each {group_noun}{where}: which {group_noun} has the {most}?",
        "Which of the {group_nouns} in the legend has the {most} marks{where}?",
        "Name the {group_noun} with the {most} {nouns} in the chart{where}.",
    ),
    held_out=(
        "Among the {group_nouns}, which one is drawn with the {most} marks{where}?",
        "Tell which {group_noun} the {most} of the plotted {nouns} belong to{where}.",
    ),
)
def group_extreme(view: Points, draws: Draws, level: int) -> Ask:
    """The group with the most, or the fewest, points."""
    view.countable()
    fewest = draws.chance(0.5)
    sizes = {group: len(view.of(group)) for group in view.groups}
    order = sorted(sizes, key=lambda group: sizes[group], reverse=not fewest)
    if sizes[order[0]] == sizes[order[1]]:
        raise NotAskable("two groups have equally many points")
    counted = listed([f"{group} {sizes[group]}" for group in view.groups])
    most = "fewest" if fewest else "most"
    steps = [f"Counted by colour, the numbers of {view.nouns} are: {counted}.", f"{order[0]} has the {most}."]
    return Ask(Label(order[0]), steps, len(view.groups), slots={"most": most})


@question(
    Points,
    Label,
    skill="aggregation",
    needs=("groups", "plane"),
    phrasings=(
        "Which {group_noun} has the {highest} average {measure}{where}?",
        "On the whole, the {nouns} of which {group_noun} have the {highest} {measure}{where}?",
        "Compare the {group_nouns} by the mean {measure} of their {nouns}{where}: which one is {highest}?",
        "For which {group_noun} is the mean {measure} of the plotted {nouns} {highest}{where}?",
        "Name the {group_noun} whose {nouns} have the {highest} {measure} on average{where}.",
    ),
    held_out=(
        "Judged by the middle of its marks, which {group_noun} has the {highest} {measure}{where}?",
        "If the {measure} is averaged within each {group_noun}{where}, which one comes out {highest}?",
    ),
)
def group_mean(view: Points, draws: Draws, level: int) -> Ask:
    """The group with the highest or lowest mean on one axis, where that is plain to see."""
    view.countable()
    for what, lowest in draws.shuffled([(what, lowest) for what in (X, Y) for lowest in (False, True)]):
        side = view.side(what)
        means = {}
        for group in view.groups:
            values = [point.item(what).value for point in view.of(group)]
            means[group] = sum(values) / len(values)
        order = sorted(means, key=lambda group: means[group], reverse=not lowest)
        if abs(means[order[0]] - means[order[1]]) >= MEANS_APART * side.span:
            break
    else:
        raise NotAskable("no group's mean stands out")
    highest = "lowest" if lowest else "highest"
    found = listed([f"{side.say(means[group])} for {group}" for group in view.groups])
    steps = [f"The mean {side.measure} is about {found}.", f"It is {highest} for {order[0]}."]
    return Ask(Label(order[0]), steps, len(view.groups), slots={"highest": highest, "measure": side.measure})


@question(
    Points,
    Number,
    skill="counting",
    needs=("plane",),
    phrasings=(
        "How many {nouns} have {article}{measure} {beyond} {bound}{where}?",
        "For how many of the plotted {nouns} is the {measure} {beyond} {bound}{where}?",
        "Count the {nouns} whose {measure} is {beyond} {bound}{where}.",
        "How many marks lie where the {measure} is {beyond} {bound}{where}?",
        "What is the number of {nouns} with {article}{measure} {beyond} {bound}{where}?",
    ),
    held_out=(
        "Draw a line at {article}{measure} of {bound}{where}: how many {nouns} have {article}{measure} {beyond} it?",
        "Give the number of marks that show {article}{measure} {beyond} {bound}{where}.",
    ),
)
def points_beyond(view: Points, draws: Draws, level: int) -> Ask:
    """How many points lie beyond a bound that none of them is near."""
    points = view.countable()
    for what in draws.shuffled((X, Y)):
        if bounds := view.bounds(points, what):
            break
    else:
        raise NotAskable("no bound is clear of all points")
    side = view.side(what)
    below, bound = draws.choice(bounds)
    above = draws.chance(0.5)
    total = len(points) - below if above else below
    inside = [point for point in points if (point.item(what).value > bound) == above]
    place = {(X, True): "to the right of", (X, False): "to the left of", (Y, True): "above", (Y, False): "below"}
    steps = [
        f"{_capital(side.measure)} is read on the {'horizontal' if what == X else 'vertical'} axis, so the marks"
        f" {place[what, above]} {side.brief(bound)} count.",
        strips(view, inside),
    ]
    slots = {
        "measure": side.measure,
        "article": article(side.measure),
        "beyond": "above" if above else "below",
        "bound": side.brief(bound),
    }
    return Ask(Number(total), steps, len(points), slots=slots)


@question(
    Points,
    Number,
    skill="counting",
    needs=("plane",),
    phrasings=(
        "How many {nouns} have {x_article}{x} between {x_low} and {x_high} and {y_article}{y} between {y_low} and"
        " {y_high}{where}?",
        "Count the {nouns} whose {x} lies from {x_low} to {x_high} and whose {y} lies from {y_low} to {y_high}{where}.",
        "For how many {nouns} is the {x} between {x_low} and {x_high} while the {y} is between {y_low} and"
        " {y_high}{where}?",
        "What is the number of {nouns} with {x_article}{x} of {x_low} to {x_high} and {y_article}{y} of {y_low} to"
        " {y_high}{where}?",
        "How many marks lie in the rectangle that goes from {x_low} to {x_high} in {x} and from {y_low} to {y_high}"
        " in {y}{where}?",
    ),
    held_out=(
        "Look at {x} from {x_low} to {x_high} and {y} from {y_low} to {y_high}{where}. How many {nouns} are there?",
        "Give the number of {nouns} that keep both to {x} between {x_low} and {x_high} and to {y} between {y_low} and"
        " {y_high}{where}.",
    ),
)
def count_within(view: Points, draws: Draws, level: int) -> Ask:
    """How many points lie in a rectangle whose sides none of them is near."""
    points = view.countable()
    bounds = {what: [bound for _, bound in view.bounds(points, what)] for what in (X, Y)}
    if min(map(len, bounds.values())) < 2:
        raise NotAskable("no rectangle is clear of all points")
    found: dict[int, tuple[list[float], list[float]]] = {}
    for _ in range(TRIALS):  # each number that comes up is as likely as any other
        x, y = (sorted(draws.sample(bounds[what], 2)) for what in (X, Y))
        total = sum(x[0] < point.x < x[1] and y[0] < point.y < y[1] for point in points)
        if total:
            found.setdefault(total, (x, y))
    if not found:
        raise NotAskable("no rectangle holds a point")
    total = draws.choice(sorted(found))
    x, y = found[total]
    in_x = [point for point in points if x[0] < point.x < x[1]]
    slots = {name: view.x.brief(value) for name, value in zip(("x_low", "x_high"), x)}
    slots |= {name: view.y.brief(value) for name, value in zip(("y_low", "y_high"), y)}
    slots |= {"x_article": article(view.x.measure), "y_article": article(view.y.measure)}
    steps = [
        f"Between {slots['x_low']} and {slots['x_high']} across there are {len(in_x)} {view.nouns}.",
        f"Of these {total} also lie between {slots['y_low']} and {slots['y_high']} upwards.",
    ]
    return Ask(Number(total), steps, max(2, len(points) // 2), slots=slots)


def article(phrase: str) -> str:
    """ "a " or "an "; nothing before a plural."""
    if phrase.endswith("s") and not phrase.endswith("ss"):
        return ""
    return "an " if phrase[0].lower() in "aeiou" and not phrase.startswith(("use", "uni")) else "a "


def _capital(text: str) -> str:
    return f"The {text}"
