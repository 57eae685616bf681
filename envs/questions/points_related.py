"""How two measures go together: the sign of their relation, and the line fitted to them."""

from __future__ import annotations

from envs.address import Draws
from envs.questions.points import article
from envs.questions.points_named import MANY
from envs.registry import Ask, question
from envs.views import NotAskable
from envs.views_points import Along, Line, Points
from rewards import Label, Number

CLEAR, NONE = 0.5, 0.05  # squared correlation: at least, for one that is plain to see; at most, for none
FLAT = 20.0  # pixels that a line rises or falls over the axis, at least


@question(
    Points,
    Label,
    skill="relations",
    needs=("correlation",),
    phrasings=(
        "What is the correlation of {x} and {y}{where}? Answer positive, negative or none.",
        "How are {x} and {y} related over the {nouns} shown{where}? Answer positive, negative or none.",
        "Do {x} and {y} rise together (positive), does one fall as the other rises (negative), or neither (none)"
        "{where}?",
        "Is the relation between {x} and {y} positive, negative or none{where}?",
        "Judge the correlation between the {x} and the {y} of the {nouns}{where}: positive, negative or none?",
    ),
    held_out=(
        "Which word describes how {y} goes with {x} in this chart{where}: positive, negative or none?",
        "As {x} grows, does {y} tend to grow (positive), to shrink (negative) or to do neither (none){where}?",
    ),
)
def correlation(view: Points, draws: Draws, level: int) -> Ask:
    """The sign of a relation that is either plain to see or absent."""
    count = len(view.points)
    x, y = sum(p.x for p in view.points) / count, sum(p.y for p in view.points) / count
    xx, yy = sum((p.x - x) ** 2 for p in view.points), sum((p.y - y) ** 2 for p in view.points)
    xy = sum((p.x - x) * (p.y - y) for p in view.points)
    squared = xy * xy / (xx * yy)
    if NONE < squared < CLEAR:
        raise NotAskable("the relation is neither plain nor absent")
    sign = "none" if squared <= NONE else "positive" if xy > 0 else "negative"
    seen = {
        "positive": f"{view.nouns} with more {view.x.measure} mostly have more {view.y.measure}: the marks rise to the"
        " right.",
        "negative": f"{view.nouns} with more {view.x.measure} mostly have less {view.y.measure}: the marks fall to the"
        " right.",
        "none": "the marks are scattered all over, without rising or falling to the right.",
    }[sign]
    return Ask(Label(sign), [f"Looking from left to right, {seen}"], possible=3)


def _line(view: Points) -> Line:
    if view.trend is None or abs(view.trend.slope) * (view.x.high - view.x.low) * view.y.px < FLAT:
        raise NotAskable("there is no line that clearly rises or falls")
    return view.trend


def _place(line: Line, side: Along, draws: Draws, low: float, high: float) -> float:
    """A round value somewhere between two, well inside."""
    middle = low + (high - low) * draws.uniform(0.15, 0.85)
    found = side.roundest(middle - 0.08 * (high - low), middle + 0.08 * (high - low))
    if found is None:
        raise NotAskable("no round value lies on the line")
    return found


@question(
    Points,
    Label,
    skill="relations",
    needs=("trend",),
    phrasings=(
        "Does the trend line rise or fall from left to right{where}? Answer rises or falls.",
        "As {x} grows, what does the fitted line do{where}? Answer rises or falls.",
        "Is the slope of the fitted line such that it rises or falls with {x}{where}?",
        "Going by the trend line, what happens to the {y} as the {x} grows{where}: rises or falls?",
        "Say whether the line fitted to the {nouns} rises or falls{where}.",
    ),
    held_out=(
        "Follow the straight line from left to right{where}: is it one that rises or falls?",
        "Which word fits the trend line of {y} over {x}{where}: rises or falls?",
    ),
    rests=True,
)
def trend_direction(view: Points, draws: Draws, level: int) -> Ask:
    """Whether the trend line rises or falls."""
    line = _line(view)
    word = "rises" if line.slope > 0 else "falls"
    ends = f"from about {view.y.say(line.y0)} on the left to about {view.y.say(line.y1)} on the right"
    aliases = ("rise", "rising") if word == "rises" else ("fall", "falling")
    return Ask(Label(word, aliases), [f"The line goes {ends}, so it {word}."], possible=2)


@question(
    Points,
    Number,
    skill="reading",
    needs=("trend",),
    phrasings=(
        "What {y} does the trend line give for {article}{x} of {place}{where}?{rounding}",
        "At {article}{x} of {place}, how high is the fitted line{where}?{rounding}",
        "Read the trend line at {article}{x} of {place}{where}: what is the {y}?{rounding}",
        "According to the trend line, which {y} goes with {article}{x} of {place}{where}?{rounding}",
        "Which {y} would the straight line predict for {article}{x} of {place}{where}?{rounding}",
    ),
    held_out=(
        "For a {noun} with {article}{x} of {place}, what {y} does the line suggest{where}?{rounding}",
        "Find the point of the trend line above {article}{x} of {place}{where}. What is its {y}?{rounding}",
    ),
    rests=True,
)
def trend_value(view: Points, draws: Draws, level: int) -> Ask:
    """The height of the trend line at a round x."""
    line = _line(view)
    x = _place(line, view.x, draws, line.x0, line.x1)
    value = line.at(x)
    point = view.points[0]
    err = point.err_y + abs(line.slope) * 0.5 * point.err_x
    place = view.x.brief(x)
    steps = [
        f"Go up from {place} on the horizontal axis to the line.",
        f"There the line is at {view.y.say(value)} on the vertical axis.",
    ]
    slots = {"article": article(view.x.measure), "place": place, "rounding": view.y.rounding()}
    return Ask(view.y.quantity(value, max(err, 1e-9)), steps, MANY, view.y.plain(value), slots)


@question(
    Points,
    Number,
    skill="reading",
    needs=("trend",),
    phrasings=(
        "At what {x} does the trend line reach {article}{y} of {place}{where}?{rounding}",
        "For which {x} does the fitted line give {article}{y} of {place}{where}?{rounding}",
        "Where along the {x} axis is the trend line at {article}{y} of {place}{where}?{rounding}",
        "According to the trend line, which {x} goes with {article}{y} of {place}{where}?{rounding}",
        "The straight line passes {article}{y} of {place}{where}. At what {x}?{rounding}",
    ),
    held_out=(
        "Follow the trend line to {article}{y} of {place}{where}. What is the {x} there?{rounding}",
        "Which {x} must a {noun} have for the line to give it {article}{y} of {place}{where}?{rounding}",
    ),
    rests=True,
)
def trend_reach(view: Points, draws: Draws, level: int) -> Ask:
    """Where the trend line has a round height."""
    line = _line(view)
    y = _place(line, view.y, draws, min(line.y0, line.y1), max(line.y0, line.y1))
    value = line.x0 + (y - line.y0) / line.slope
    point = view.points[0]
    err = point.err_x + 0.5 * point.err_y / abs(line.slope)
    place = view.y.brief(y)
    steps = [
        f"Go across from {place} on the vertical axis to the line.",
        f"There the line is at {view.x.say(value)} on the horizontal axis.",
    ]
    slots = {"article": article(view.y.measure), "place": place, "rounding": view.x.rounding()}
    return Ask(view.x.quantity(value, max(err, 1e-9)), steps, MANY, view.x.plain(value), slots)
