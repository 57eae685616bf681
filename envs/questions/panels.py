"""Several panels: which one, how many, and what they say together."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from itertools import permutations

from envs.address import Draws
from envs.numerals import listed
from envs.questions.recognition import alike
from envs.registry import Ask, question
from envs.views import Categories, Item, NotAskable
from envs.views_whole import Panels
from rewards import Boolean, Label, Number


def _items(view: Panels, name: str) -> dict[str, Item]:
    """The value of one name in every panel."""
    found = {}
    for tag, shown in zip(view.names, view.shown, strict=True):
        found[tag] = next(item for item in _categories(shown).items if item.name == name)
    return found


def _categories(shown: Categories | None) -> Categories:
    if shown is None:
        raise NotAskable("a panel without named values")
    return shown


def _first(view: Panels) -> Categories:
    return _categories(view.shown[0])


def _clear(view: Panels, draws: Draws, fit: Callable[[str], bool]) -> str:
    """One of the names for which the answer is clear."""
    names = [name for name in draws.shuffled(_first(view).names) if fit(name)]
    if not names:
        raise NotAskable("no name has a clear answer")
    return names[0]


def _leader(view: Panels, items: dict[str, Item]) -> str | None:
    """The panel whose value is the largest, None where that cannot be told."""
    order = sorted(items, key=lambda tag: -items[tag].value)
    return order[0] if view.apart(items[order[0]], items[order[1]]) else None


def _slots(view: Panels) -> dict[str, str]:
    first = _first(view)
    return {key: said for key, said in first.slots().items() if key != "where"}


def _of(view: Panels, name: str) -> str:
    """The start of a sentence about the value of a name: "The output of Brazil"."""
    said = _slots(view)
    return f"The {said['measure']} {said['of']} {name}{view.where}"


@question(
    Panels,
    Number,
    skill="recognition",
    phrasings=(
        "How many panels does the figure have?",
        "Into how many panels is the figure divided?",
        "How many separate charts does the image hold?",
        "Count the charts in this image.",
        "What is the number of panels in the figure?",
    ),
    held_out=("Of how many subplots does the image consist?", "Give the number of charts shown side by side."),
    rests=True,
)
def panel_count(view: Panels, draws: Draws, level: int) -> Ask:
    """The number of panels."""
    total = len(view.names)
    return Ask(Number(total), [f"The panels are {listed(view.names)}.", f"That makes {total}."], possible=3)


@question(
    Panels,
    Label,
    skill="recognition",
    needs=("mixed",),
    phrasings=(
        "Which panel shows a {chart}? Answer with its letter.",
        "In which panel is there a {chart}? Give the letter.",
        "Give the letter of the panel that holds a {chart}.",
        "One panel is a {chart}. Which letter does it have?",
        "What is the letter of the only {chart} in the figure?",
    ),
    held_out=("Name the letter of the panel drawn as a {chart}.", "Under which letter is the {chart} found?"),
    rests=True,
)
def panel_of_chart(view: Panels, draws: Draws, level: int) -> Ask:
    """The panel of a kind of chart for which no other can be taken."""
    charts = [part.chart for part in view.parts]
    once = [
        i for i, chart in enumerate(charts) if not any(alike(chart, other) for other in charts[:i] + charts[i + 1 :])
    ]
    if not once:
        raise NotAskable("every kind of chart may be taken for another")
    i = draws.choice(once)
    said = [f"{'an' if chart[0] in 'aeiou' else 'a'} {chart}" for chart in charts]
    steps = [f"Panel {tag} is {chart}." for tag, chart in zip(view.names, said, strict=True)]
    return Ask(Label(view.names[i]), steps, possible=len(charts), slots={"chart": charts[i]})


@question(
    Panels,
    Label,
    skill="recognition",
    needs=("shared", "title"),
    phrasings=(
        "Which panel is about {subject}? Answer with its letter.",
        'Which panel has the title "{subject}"? Give its letter.',
        "Give the letter of the panel that shows {subject}.",
        "In which panel is {subject} shown? Answer with the letter.",
        'Under which letter does the panel titled "{subject}" stand?',
    ),
    held_out=('Name the letter of the panel headed "{subject}".', "Which letter belongs to {subject}?"),
    rests=True,
)
def panel_of_subject(view: Panels, draws: Draws, level: int) -> Ask:
    """The panel that is about one of the subjects."""
    i = draws.integers(0, len(view.names))
    subject = view.subjects[i]
    steps = [f"The title of panel {view.names[i]} is {subject}."]
    return Ask(Label(view.names[i]), steps, possible=len(view.names), slots={"subject": subject})


@question(
    Panels,
    Label,
    skill="cross-panel",
    needs=("shared", "values"),
    phrasings=(
        "In which panel is the {measure} {of} {name} largest{where}? Answer with its letter.",
        "Which panel shows the highest {measure} {of} {name}{where}? Give its letter.",
        "Compare the panels: in which one is the {measure} {of} {name} largest{where}? Give the letter.",
        "The {measure} {of} {name}{where} differs between the panels. Which one has the most? Answer with the letter.",
        "Give the letter of the panel in which the {measure} {of} {name} reaches its highest value{where}.",
    ),
    held_out=(
        "Name the letter of the panel where the {measure} {of} {name} is greatest{where}.",
        "Which panel has the maximum, across all of them, of the {measure} {of} {name}{where}? Answer with its letter.",
    ),
)
def panel_of_largest(view: Panels, draws: Draws, level: int) -> Ask:
    """The panel in which a name has its largest value, where that can be read."""
    name = _clear(view, draws, lambda each: _leader(view, _items(view, each)) is not None)
    items = _items(view, name)
    best = max(items, key=lambda tag: items[tag].value)
    say = _first(view).say
    told = [f"{say(item.value)} in panel {tag}" for tag, item in items.items()]
    steps = [f"{_of(view, name)} is {listed(told)}.", f"The largest is in panel {best}."]
    return Ask(Label(best), steps, possible=len(items), slots={"name": name, **_slots(view)})


@question(
    Panels,
    Number,
    skill="cross-panel",
    needs=("shared", "values"),
    sums=True,
    phrasings=(
        "What is the total {measure} {of} {name} over all panels{where}?{rounding}",
        "Add up the {measure} {of} {name} over all panels{where}. What is the sum?{rounding}",
        "Summed over the panels, what is the {measure} {of} {name}{where}?{rounding}",
        "Take the {measure} {of} {name}{where} from each panel. What do they add up to?{rounding}",
        "What is the sum of the values that the panels show for the {measure} {of} {name}{where}?{rounding}",
    ),
    held_out=(
        "All panels together, how much is the {measure} {of} {name}{where}?{rounding}",
        "Give the sum of the {measure} {of} {name}{where} across the panels.{rounding}",
    ),
)
def sum_over_panels(view: Panels, draws: Draws, level: int) -> Ask:
    """The sum of one name's values."""
    first = _first(view)
    name = draws.choice(first.names)
    items = list(_items(view, name).values())
    total = sum(item.value for item in items)
    terms = " + ".join(first.plain(item.value) for item in items)
    answer = first.quantity(total, sum(item.err for item in items))
    steps = [f"{_of(view, name)} adds up to {terms} = {first.plain(total)}."]
    slots = {"name": name, "rounding": first.rounding(), **_slots(view)}
    return Ask(answer, steps, 100, first.plain(total), slots)


@question(
    Panels,
    Number,
    skill="cross-panel",
    needs=("shared", "values"),
    phrasings=(
        "How much larger is the {measure} {of} {name}{where} in panel {one} than in panel {other}?{rounding}",
        "By how much does the {measure} {of} {name}{where} in panel {one} exceed that in panel {other}?{rounding}",
        "What is the {measure} {of} {name}{where} in panel {one} minus that in panel {other}?{rounding}",
        "From the {measure} {of} {name}{where} in panel {one} take that in panel {other}. What is left?{rounding}",
        "The {measure} {of} {name}{where} is larger in panel {one} than in panel {other}. By how much?{rounding}",
    ),
    held_out=(
        "Give how much larger the {measure} {of} {name}{where} is in panel {one} than in panel {other}.{rounding}",
        "From panel {other} to panel {one}, how much does the {measure} {of} {name}{where} grow?{rounding}",
    ),
)
def difference_across_panels(view: Panels, draws: Draws, level: int) -> Ask:
    """The difference of a name's values in two panels, the larger first."""
    first = _first(view)
    name = _clear(view, draws, lambda each: len({item.value for item in _items(view, each).values()}) > 1)
    items = _items(view, name)
    pairs = [(a, b) for a, one in items.items() for b, other in items.items() if view.apart(one, other)]
    if not pairs:
        raise NotAskable("no two panels can be told apart")
    one, other = draws.choice(pairs)
    value = items[one].value - items[other].value
    answer = first.quantity(value, items[one].err + items[other].err)
    a, b = first.plain(items[one].value), first.plain(items[other].value)
    steps = [
        f"{_of(view, name)} is {a} in panel {one} and {b} in panel {other}.",
        f"The difference is {a} - {b} = {first.plain(value)}.",
    ]
    slots = {"name": name, "one": one, "other": other, "rounding": first.rounding(), **_slots(view)}
    return Ask(answer, steps, 100, first.plain(value), slots)


@question(
    Panels,
    Number,
    skill="cross-panel",
    needs=("shared",),
    phrasings=(
        "In how many panels is the {measure} {of} {one} larger than that {of} {other}{where}?",
        "How many panels show a larger {measure} for {one} than for {other}{where}?",
        "Count the panels in which the {measure} {of} {one} is higher than that {of} {other}{where}.",
        "Comparing {one} with {other} by {measure}{where}, in how many panels does {one} come out ahead?",
        "In what number of panels does the {measure} {of} {one} exceed that {of} {other}{where}?",
    ),
    held_out=(
        "For how many panels is it true that the {measure} {of} {one} is greater than that {of} {other}{where}?",
        "How often, counted over the panels, does {one} beat {other} by {measure}{where}?",
    ),
)
def panels_where_more(view: Panels, draws: Draws, level: int) -> Ask:
    """In how many panels one name has more than another, where every panel is clear; how many is drawn first."""
    fits: dict[int, list[tuple[str, str, list[str]]]] = {}
    for one, other in permutations(_first(view).names, 2):
        wins = []
        for tag, shown in zip(view.names, view.shown, strict=True):
            here = {item.name: item for item in _categories(shown).items}
            larger, smaller = sorted((here[one], here[other]), key=lambda item: -item.value)
            if not _categories(shown).apart(larger, smaller):
                break
            wins += [tag] if larger.name == one else []
        else:
            fits.setdefault(len(wins), []).append((one, other, wins))
    if not fits:
        raise NotAskable("no two names can be told apart in every panel")
    total = draws.choice(sorted(fits))
    one, other, wins = draws.choice(fits[total])
    said = f"in panel {wins[0]}" if total == 1 else f"in panels {listed(wins)}" if wins else "in none of them"
    steps = [f"{_of(view, one)} is larger than that of {other} {said}.", f"That makes {total}."]
    slots = {"one": one, "other": other, **_slots(view)}
    return Ask(Number(total), steps, possible=len(view.names) + 1, slots=slots)


@question(
    Panels,
    Boolean,
    skill="cross-panel",
    needs=("shared",),
    phrasings=(
        "Does the same {noun} have the largest {measure}{where} in panel {one} and in panel {other}? Answer yes or no.",
        "Is the {noun} with the largest {measure}{where} the same in panels {one} and {other}? Answer yes or no.",
        "Do panels {one} and {other} agree on which {noun} has the highest {measure}{where}? Answer yes or no.",
        "Panel {one} and panel {other}: is the same {noun} at the top by {measure}{where}? Answer yes or no.",
        "Is the leading {noun} by {measure}{where} in panel {one} also the first in panel {other}? Answer yes or no.",
    ),
    held_out=(
        "Yes or no: panels {one} and {other} have the same {noun} with the greatest {measure}{where}.",
        "Would you name the same {noun} as the largest by {measure}{where} in panel {one} as in panel {other}?"
        " Answer yes or no.",
    ),
)
def same_leader(view: Panels, draws: Draws, level: int) -> Ask:
    """Whether two panels have the same largest name."""
    leaders = {}
    for tag, shown in zip(view.names, view.shown, strict=True):
        with suppress(NotAskable):  # whose largest cannot be told is not asked about
            leaders[tag] = _categories(shown).ranked()[0].name
    pairs = [(a, b) for a in leaders for b in leaders if a < b]
    if not pairs:
        raise NotAskable("the largest can be told in one panel only")
    wanted = draws.chance(0.5)
    fit = [(a, b) for a, b in pairs if (leaders[a] == leaders[b]) == wanted]
    one, other = draws.choice(fit or pairs)
    same = leaders[one] == leaders[other]
    steps = [f"The largest is {leaders[one]} in panel {one} and {leaders[other]} in panel {other}."]
    slots = {"one": one, "other": other, **_slots(view)}
    return Ask(Boolean(same), steps, possible=2, stated="yes" if same else "no", slots=slots)
