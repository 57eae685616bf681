"""Density curves: where they peak, how high, how wide, how many peaks they have."""

from __future__ import annotations

from envs.address import Draws
from envs.numerals import listed
from envs.registry import Ask, question
from envs.views import NotAskable
from envs.views_spread import Curve, Curves, first_of
from rewards import Label, Number

MANY = 100  # values that a reading can give


def _of(view: Curves, curve: Curve) -> str:
    """ " of Oslo", or nothing where there is but one curve."""
    return f" of {curve.name}" if len(view.curves) > 1 else ""


def _clear_curves(view: Curves) -> None:
    if len(view.curves) < 2:
        raise NotAskable("one curve has nobody to be compared with")


@question(
    Curves,
    Number,
    skill="reading",
    needs=("density",),
    phrasings=(
        "At what {measure} does the curve{of} peak{where}?{rounding}",
        "At which {measure} is the density curve{of} highest{where}?{rounding}",
        "Read off the {measure} at which the curve{of} reaches its highest point{where}.{rounding}",
        "Where along the axis of {measure} does the peak of the curve{of} lie{where}?{rounding}",
        "What is the most common {measure}{of}, judging by the top of its curve{where}?{rounding}",
    ),
    held_out=(
        "Estimate the {measure} below the highest point of the curve{of}{where}.{rounding}",
        "Which {measure} is the mode of the density curve{of}{where}?{rounding}",
    ),
)
def peak_place(view: Curves, draws: Draws, level: int) -> Ask:
    """Where a curve is highest."""
    curve = draws.choice(view.curves)
    value = view.say(curve.peak.value)
    steps = [f"The curve{_of(view, curve)} is highest above {value}."]
    slots = {"of": _of(view, curve), "rounding": view.rounding()}
    return Ask(view.quantity(curve.peak.value, curve.peak.err), steps, MANY, view.plain(curve.peak.value), slots)


@question(
    Curves,
    Label,
    skill="comparison",
    needs=("compared",),
    phrasings=(
        "Which {noun} has the curve with the highest peak{where}?",
        "For which {noun} does the density curve rise highest{where}?",
        "Name the {noun} whose curve reaches the greatest density{where}.",
        "Of the {nouns} shown{where}, which one has the tallest curve?",
        "Compare the peaks of the curves{where}: which {noun} has the highest one?",
    ),
    held_out=(
        "Identify the {noun} whose density curve has the tallest peak{where}.",
        "The highest point of all curves belongs to which {noun}{where}?",
    ),
    rests=True,
)
def tallest_curve(view: Curves, draws: Draws, level: int) -> Ask:
    """The group whose curve has the highest peak, where that is plain to see."""
    _clear_curves(view)
    found = first_of([curve.height for curve in view.curves], view.clear)
    steps = [f"The curves are those of {listed(view.names)}.", f"The peak of {found.name} is the highest."]
    return Ask(Label(found.name), steps, len(view.curves))


@question(
    Curves,
    Label,
    skill="comparison",
    needs=("widths",),
    phrasings=(
        "Which {noun} has the widest curve{where}?",
        "For which {noun} is the {measure} spread out most{where}?",
        "Name the {noun} whose density curve is the broadest{where}.",
        "Whose {measure} varies most, judging by the width of the curves of the {nouns}{where}?",
        "Compare the widths of the curves{where}: which {noun} has the widest one?",
    ),
    held_out=(
        "Identify the {noun} whose curve covers the broadest range of {measure}{where}.",
        "Which of the {nouns} shows the greatest spread of {measure}{where}?",
    ),
)
def widest_curve(view: Curves, draws: Draws, level: int) -> Ask:
    """The group whose curve is the widest half-way up, where that is plain to see."""
    _clear_curves(view)
    if any(curve.peaks > 1 for curve in view.curves):
        raise NotAskable("the width of a curve with several peaks is not plain")
    found = first_of([curve.width for curve in view.curves], view.clear)
    steps = [f"The curves are those of {listed(view.names)}.", f"Half-way up, that of {found.name} is the widest."]
    return Ask(Label(found.name), steps, len(view.curves))


@question(
    Curves,
    Label,
    skill="comparison",
    needs=("compared",),
    phrasings=(
        "Which {noun} has its peak at the {extreme} {measure}{where}?",
        "For which {noun} does the curve peak furthest to the {side}{where}?",
        "Name the {noun} whose curve has its highest point at the {extreme} {measure}{where}.",
        "Compare where the curves peak{where}: for which {noun} is that at the {extreme} {measure}?",
        "The peak that lies furthest to the {side} belongs to which {noun}{where}?",
    ),
    held_out=(
        "Identify the {noun} whose density curve is highest at the {extreme} {measure}{where}.",
        "Going by the top of each curve, which {noun} has the {extreme} typical {measure}{where}?",
    ),
)
def furthest_peak(view: Curves, draws: Draws, level: int) -> Ask:
    """The group whose curve peaks furthest to one side."""
    _clear_curves(view)
    order = sorted((curve.peak for curve in view.curves), key=lambda item: item.value)
    high = draws.chance(0.5)
    found, next_ = (order[-1], order[-2]) if high else (order[0], order[1])
    if abs(found.value - next_.value) <= found.err + next_.err:
        raise NotAskable("two peaks lie above the same place")
    told = listed([f"{item.name} at {view.say(item.value)}" for item in order])
    extreme, side = ("highest", "right") if high else ("lowest", "left")
    steps = [f"From the left, the curves peak as follows: {told}.", f"The {extreme} is that of {found.name}."]
    return Ask(Label(found.name), steps, len(order), slots={"extreme": extreme, "side": side})


@question(
    Curves,
    Number,
    skill="counting",
    needs=("peaks",),
    phrasings=(
        "How many peaks does the density curve{of} have{where}?",
        "Count the peaks of the curve{of}{where}.",
        "What is the number of peaks of the curve{of}{where}?",
        "How many humps does the distribution{of} show{where}?",
        "How often does the curve{of} rise to a peak and fall again{where}?",
    ),
    held_out=(
        "Give the number of modes that the density curve{of} shows{where}.",
        "How many separate high points does the curve{of} reach{where}?",
    ),
    rests=True,
)
def count_peaks(view: Curves, draws: Draws, level: int) -> Ask:
    """The number of peaks of one curve."""
    curve = draws.choice(view.curves)
    times = "once" if curve.peaks == 1 else "twice" if curve.peaks == 2 else f"{curve.peaks} times"
    steps = [f"The curve{_of(view, curve)} rises to a peak {times}."]
    return Ask(Number(curve.peaks), steps, 3, slots={"of": _of(view, curve)})
