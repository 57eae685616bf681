"""What lasts from one time to another: when it starts and ends, what goes on at a time, what overlaps."""

from __future__ import annotations

from itertools import combinations, pairwise

from envs.address import Draws
from envs.questions.asking import MANY, YES_NO, at_level
from envs.questions.intervals import both, interval
from envs.questions.ranking import place
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
    for half in range(int(last * 0.5), int(last * 1.5) + 1):  # in the middle, where time does not tell how many
        try:
            fit.setdefault(len(view.running(half / 2)), []).append(half / 2)
        except NotAskable:
            continue
    counts = [count for count in sorted(fit) if count <= 3 + min(level, 12)]
    if not counts:
        raise NotAskable("every time comes close to an end")
    ends = [item.value for bar in view.bars for item in (bar.start, bar.end)]
    time = at_level(draws, level, fit[draws.choice(counts)], lambda time: min(abs(end - time) for end in ends))
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
    top_level=12,
)
def overlap(view: Spans, draws: Draws, level: int) -> Ask:
    """Whether two bars share some time; as often as not."""
    true = draws.chance(0.5)
    fit = [pair for pair in combinations(view.bars, 2) if pair[0].meets(pair[1]) is true]
    other = any(a.meets(b) is (not true) for a, b in combinations(view.bars, 2))
    if not fit or not other:
        raise NotAskable("all bars overlap, or none do")
    a, b = draws.shuffled(at_level(draws, level, fit, lambda pair: pair[0].margin(pair[1])))
    steps = [_told(view, a), _told(view, b), f"They {'share' if true else 'do not share'} some time."]
    return Ask(Boolean(true), steps, 2, "yes" if true else "no", {"a": a.name, "b": b.name, "yes": YES_NO})


def _in_time(k: int, late: bool) -> str:
    """ "first", "second", "last", "second to last"."""
    if not late:
        return place(k)
    return "last" if k == 1 else f"{place(k)} to last"


@question(
    Spans,
    Label,
    skill="ranking",
    phrasings=(
        "Which {noun} is the {place} to end{where}?",
        "Name the {noun} that is the {place} to be finished{where}.",
        "Of all {nouns}, which one is the {place} to end{where}?",
        "Look at the right ends of the bars{where}: which {noun} is the {place} to be over?",
        "Which {noun} is the {place} of all to come to its end{where}?",
    ),
    held_out=(
        "Whose bar is the {place} to reach its right end{where}?",
        "In the order of when they end, which {noun} is the {place}{where}?",
    ),
    top_level=12,
)
def extreme_end(view: Spans, draws: Draws, level: int) -> Ask:
    """The k-th bar to end, from the first or from the last, where its neighbours in this order are clear."""
    first = draws.chance(0.5)
    for late in (first, not first):
        order = sorted(view.bars, key=lambda bar: -bar.end.value if late else bar.end.value)
        pairs = [(a.end, b.end) if late else (b.end, a.end) for a, b in pairwise(order)]
        clear = [True, *(view.apart(*pair) for pair in pairs), True]
        fit = [k for k in range(1, min(len(order), 2 + min(level, 12) // 2) + 1) if clear[k - 1] and clear[k]]
        if fit:
            k = draws.choice(fit[-3:])
            times = ", ".join(f"{bar.name} at {view.plain(bar.end.value)}" for bar in order[:k])
            steps = [f"From the {'latest' if late else 'earliest'} on, the bars end: {times}."]
            name = order[k - 1].name
            return Ask(Label(name), steps, len(order), slots={"place": _in_time(k, late)})
    raise NotAskable("no end is clear")
