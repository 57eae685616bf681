"""What lasts from one time to another: when it starts and ends, what goes on at a time, what overlaps."""

from __future__ import annotations

from itertools import combinations

from envs.address import Draws
from envs.questions.asking import MANY, YES_NO
from envs.questions.intervals import both, interval
from envs.registry import Ask, question
from envs.views import NotAskable
from envs.views_spans import Bar, Spans
from rewards import Boolean, Interval, Label, Number


def _told(view: Spans, bar: Bar) -> str:
    return f"{bar.name} lasts from {view.plain(bar.start.value)} to {view.plain(bar.end.value)}."


@question(
    Spans,
    Interval,
    skill="reading",
    needs=("values",),
    phrasings=(
        "From when to when does the {noun} {name} last{where}?{both}",
        "When does {name} start, and when does it end{where}?{both}",
        "Over which interval of time does the bar of {name} reach{where}?{both}",
        "Read off the start and the end of the {noun} {name}{where}.{both}",
        "Between which two times is {name} under way{where}?{both}",
    ),
    held_out=(
        "State the time that the {noun} {name} takes up as an interval{where}.{both}",
        "Where on the time axis does {name} begin and where does it finish{where}?{both}",
    ),
)
def span_of(view: Spans, draws: Draws, level: int) -> Ask:
    """From when to when a bar reaches."""
    bar = draws.choice(view.bars)
    answer, text = interval(view, bar.start, bar.end)
    steps = [
        f"The bar of {bar.name} begins at {view.plain(bar.start.value)}.",
        f"It ends at {view.plain(bar.end.value)}.",
    ]
    return Ask(answer, steps, MANY, text, {"name": bar.name, "both": both(view)})


@question(
    Spans,
    Number,
    skill="counting",
    needs=("values",),
    bare=True,
    phrasings=(
        "How many {nouns} are under way at the time {time}{where}?",
        "Draw a line at the time {time}{where}: how many bars does it cross?",
        "Count the {nouns} that have started but not ended at the time {time}{where}.",
        "At the time {time}, how many of the {nouns} are going on{where}?",
        "What is the number of {nouns} in progress at the time {time}{where}?",
    ),
    held_out=(
        "The time {time} lies within how many of the bars{where}?",
        "How many of the {nouns} have begun by {time} and last beyond it{where}?",
    ),
    top_level=12,
)
def running_at(view: Spans, draws: Draws, level: int) -> Ask:
    """How many bars a time lies within; how many that are is drawn first."""
    last = max(bar.end.value for bar in view.bars)
    fit: dict[int, list[float]] = {}
    for half in range(1, 2 * int(last)):
        try:
            fit.setdefault(len(view.running(half / 2)), []).append(half / 2)
        except NotAskable:
            continue
    counts = [count for count in sorted(fit) if count <= 3 + level]
    if not counts:
        raise NotAskable("every time comes close to an end")
    time = draws.choice(fit[draws.choice(counts)])
    running = view.running(time)
    steps = [_told(view, bar) for bar in running] or [f"No bar lies at {time:g}."]
    steps.append(f"That makes {len(running)}.")
    return Ask(Number(len(running)), steps, max(2, len(counts)), slots={"time": f"{time:g}"})


@question(
    Spans,
    Boolean,
    skill="comparison",
    needs=("values",),
    phrasings=(
        "Do {a} and {b} overlap in time{where}?{yes}",
        "Is there any time at which both {a} and {b} are under way{where}?{yes}",
        "Are the {nouns} {a} and {b} ever in progress at once{where}?{yes}",
        "Look at {a} and {b}{where}: do their bars share any time?{yes}",
        "Do the {nouns} {a} and {b} run side by side for some time{where}?{yes}",
    ),
    held_out=(
        "Yes or no: for a while, {a} and {b} go on together{where}.",
        "Does one of {a} and {b} begin before the other has ended{where}, so that they overlap?{yes}",
    ),
)
def overlap(view: Spans, draws: Draws, level: int) -> Ask:
    """Whether two bars share some time; as often as not."""
    true = draws.chance(0.5)
    fit = [pair for pair in combinations(view.bars, 2) if pair[0].meets(pair[1]) is true]
    other = any(a.meets(b) is (not true) for a, b in combinations(view.bars, 2))
    if not fit or not other:
        raise NotAskable("all bars overlap, or none do")
    a, b = draws.shuffled(draws.choice(fit))
    steps = [_told(view, a), _told(view, b), f"They {'share' if true else 'do not share'} some time."]
    return Ask(Boolean(true), steps, 2, "yes" if true else "no", {"a": a.name, "b": b.name, "yes": YES_NO})


@question(
    Spans,
    Label,
    skill="ranking",
    phrasings=(
        "Which {noun} ends {end}{where}?",
        "Name the {noun} that is finished {end}{where}.",
        "Of all {nouns}, which one ends the {end}{where}?",
        "Look at the right ends of the bars{where}: which {noun} is over {end}?",
        "Which {noun} comes to its end {end} of all{where}?",
    ),
    held_out=(
        "Whose bar has the {end} right end{where}?",
        "In the order of when they end, which {noun} comes {end}{where}?",
    ),
)
def extreme_end(view: Spans, draws: Draws, level: int) -> Ask:
    """The bar that ends first or last, whichever is drawn and is clear."""
    first = draws.chance(0.5)
    for late in (first, not first):
        order = sorted(view.bars, key=lambda bar: -bar.end.value if late else bar.end.value)
        if view.apart(*((order[0].end, order[1].end) if late else (order[1].end, order[0].end))):
            end = "last" if late else "first"
            times = ", ".join(f"{bar.name} at {view.plain(bar.end.value)}" for bar in order[:3])
            steps = [f"From the {'latest' if late else 'earliest'}, the bars end: {times}."]
            return Ask(Label(order[0].name), steps, len(order), slots={"end": end})
    raise NotAskable("neither end is clear")
