"""Is a higher level harder? Measured with a scripted reader whose eyes are equally weak at every level.

The reader is handed what is really drawn and misreads it at random (envs/eyes.py). Then it answers without another
mistake: the question's own generator runs on what it has read. Where that leads to another question than the one asked,
it looks again. What is left of its accuracy at a level is what that level's figures and questions allow such eyes.

    python -m envs difficulty --sample 20000 --levels 0-12

Each question is asked as often at each level, of families in turn. A question counts by how many cells it has; a cell
only up to its top level, where it stops getting harder.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from envs.address import Address, Draws
from envs.eyes import likeness, look, missed, sight, spelled, tires
from envs.problem import Draft, Unmakeable, draw
from envs.readers import number
from envs.registry import Ask, Cell
from envs.views import NotAskable, View
from rewards import Boolean, Choice, Number, Percent, score

STEP = 0.15  # accuracy may fall by at most this much from one level to the next
FALL = 0.20  # and from the lowest to the highest by at least this much, or to chance
NEAR_CHANCE = 0.1
LOOKS = 8
BAND = 3  # levels pooled at either end for the verdict on a question


@dataclass(slots=True)
class Slope:
    """What the scripted reader did on a question: by level how many answers it gave, how many of them were right, and
    the sum of what guessing gives. It stands for `cells` cells; `resting` others have no levels. `top`: the level at
    which the last of them ends, None if one never does."""

    question: str
    cells: int = 0
    resting: int = 0
    top: int | None = 0
    tried: Counter[int] = field(default_factory=Counter)
    right: Counter[int] = field(default_factory=Counter)
    guessed: dict[int, float] = field(default_factory=lambda: defaultdict(float))

    def share(self, levels: Iterable[int]) -> Share:
        """Over some levels together."""
        tried, right, guessed = (sum(held[n] for n in levels) for held in (self.tried, self.right, self.guessed))
        accuracy = right / max(1, tried)
        return Share(accuracy, math.sqrt(accuracy * (1 - accuracy) / max(1, tried - 1)), guessed / max(1, tried))

    def ends(self) -> tuple[Share, Share]:
        """The lowest and the highest BAND levels."""
        levels = sorted(self.tried)
        return self.share(levels[:BAND]), self.share(levels[-BAND:])

    @property
    def flat(self) -> bool:
        """Whether it neither falls enough nor reaches chance."""
        return len(self.tried) > 1 and not falls(*self.ends())

    @property
    def surely_flat(self) -> bool:
        """Whether it would be flat if its fall were larger by two standard errors of the sample."""
        low, high = self.ends()
        lower = replace(high, accuracy=high.accuracy - 2 * math.hypot(low.error, high.error))
        return len(self.tried) > 1 and not falls(low, lower)


@dataclass(frozen=True, slots=True)
class Share:
    """An accuracy, its standard error, and what guessing gives."""

    accuracy: float
    error: float
    chance: float


def falls(low: Share, high: Share) -> bool:
    """Whether accuracy falls by FALL, or to chance."""
    return low.accuracy - high.accuracy >= FALL or high.accuracy <= high.chance + NEAR_CHANCE


def deal(cells: Sequence[Cell], levels: Sequence[int], count: int, seed: int) -> Iterator[tuple[Cell, int, int]]:
    """`count` cells with a level and a seed: each question as often at each level, its cells in turn. Cells stay at or
    below their top level; those without levels are left out."""
    asked: dict[str, list[Cell]] = defaultdict(list)
    for cell in cells:
        if rises(cell):
            asked[cell.question].append(cell)
    draws = Draws("difficulty", seed)
    places = []
    for held in asked.values():
        for level in levels:
            if fit := [cell for cell in held if cell.top_level is None or level <= cell.top_level]:
                places.append((draws.shuffled(fit), level))
    for i in range(count if places else 0):
        turn, place = divmod(i, len(places))
        fit, level = places[place]
        yield fit[turn % len(fit)], level, draws.integers(0, 2**63 - 1)


def rises(cell: Cell) -> bool:
    """Whether a cell has more than one level."""
    return cell.top_level is None or cell.top_level > 0


def measure(
    cells: Sequence[Cell], dealt: Iterable[tuple[Cell, int, int]], px: tuple[int, int] = (448, 448)
) -> list[Slope]:
    """The reader on what was dealt: a slope for each question of the cells."""
    found: dict[str, Slope] = {}
    for cell in cells:
        slope = found.setdefault(cell.question, Slope(cell.question))
        slope.cells += rises(cell)
        slope.resting += not rises(cell)
        slope.top = None if None in (slope.top, cell.top_level) else max(slope.top or 0, cell.top_level or 0)
    for cell, level, seed in dealt:
        try:
            draft = draw(Address(cell.family, cell.question, level, seed, False, *px))
        except Unmakeable:
            continue
        slope = found[cell.question]
        slope.tried[level] += 1
        slope.right[level] += answers(draft, Draws("weak eyes", draft.address))
        slope.guessed[level] += 1 / draft.ask.possible
    return list(found.values())


def pooled(slopes: Iterable[Slope]) -> dict[int, Share]:
    """All questions together at each level, each by its number of cells."""
    found = {}
    slopes = list(slopes)
    for level in sorted({level for slope in slopes for level in slope.tried}):
        shares = [(slope.cells, slope.share([level])) for slope in slopes if slope.tried[level]]
        cells = sum(n for n, _ in shares)
        found[level] = Share(
            sum(n * share.accuracy for n, share in shares) / cells,
            math.sqrt(sum((n * share.error) ** 2 for n, share in shares)) / cells,
            sum(n * share.chance for n, share in shares) / cells,
        )
    return found


def broken(whole: dict[int, Share]) -> list[str]:
    """What of the promise does not hold for all cells together, beyond two standard errors of the sample."""
    levels, found = sorted(whole), []
    for a, b in pairwise(levels):
        fall = whole[a].accuracy - whole[b].accuracy
        slack = 2 * math.hypot(whole[a].error, whole[b].error)
        if not -slack <= fall <= STEP * (b - a) + slack:
            found.append(f"from level {a} to {b} accuracy falls by {100 * fall:.1f} points, not 0 to 15 a level")
    if len(levels) > 1 and not falls(whole[levels[0]], whole[levels[-1]]):
        found.append("from the lowest to the highest level accuracy falls by less than 20 points, and not to chance")
    return found


def endless(slopes: Iterable[Slope]) -> list[str]:
    """The flat questions without a top level, which would be climbed for nothing."""
    return [
        f"{slope.question} is flat and has no top level" for slope in slopes if slope.top is None and slope.surely_flat
    ]


def table(slopes: Sequence[Slope]) -> str:
    """Markdown: accuracy of all cells by level in percent, whether the promise holds, and the flat questions."""
    whole = pooled(slopes)
    cells, resting = sum(slope.cells for slope in slopes), sum(slope.resting for slope in slopes)
    lines = [f"| | {' | '.join(map(str, whole))} |", "|---" * (len(whole) + 1) + "|"]
    for name, values in (
        ("accuracy %", [share.accuracy for share in whole.values()]),
        ("standard error", [share.error for share in whole.values()]),
        ("chance %", [share.chance for share in whole.values()]),
    ):
        lines.append(f"| {name} | {' | '.join(f'{100 * value:.1f}' for value in values)} |")
    tried = sum(slope.tried.total() for slope in slopes)
    failed = broken(whole) + endless(slopes)
    lines += ["", f"{tried} problems of {cells} cells; {resting} more cells have no levels.", ""]
    lines += [f"- {each}" for each in failed] or ["Higher levels are harder as promised."]
    flat = [slope for slope in slopes if slope.flat]
    lines += ["", f"{len(flat)} of {sum(slope.cells > 0 for slope in slopes)} questions are flat:"] if flat else []
    head = [
        "",
        "| question | cells | top level | low % | high % | two errors of the fall | chance % |",
        "|---|---|---|---|---|---|---|",
    ]
    lines += head if flat else []
    for slope in sorted(flat, key=lambda slope: slope.ends()[0].accuracy - slope.ends()[1].accuracy):
        low, high = slope.ends()
        errors = 2 * math.hypot(low.error, high.error)
        shares = " | ".join(f"{100 * share:.0f}" for share in (low.accuracy, high.accuracy, errors, high.chance))
        lines.append(f"| {slope.question} | {slope.cells} | {'' if slope.top is None else slope.top} | {shares} |")
    return "\n".join(lines)


# --- The reader


def answers(draft: Draft, draws: Draws) -> bool:
    """Whether the weak reader answers rightly."""
    view, ask = draft.view, draft.ask
    reading = sight(view, draft.views, draft.sheet.layout.texts)
    if tires(ask.steps, draws) or _lost(view, ask, draws):
        return False
    for _ in range(LOOKS):
        try:
            seen = look(view, reading, draws)
            told = draft.question.generator(seen, Draws(*draft.question_key), draft.address.level)
        except (NotAskable, ArithmeticError, LookupError, TypeError, ValueError):
            continue
        if _question(told) == _question(ask):
            return (
                not _crossed(view, seen, ask) and score("\\boxed{" + _given(told, ask, draws) + "}", ask.answer).correct
            )
    return False


def _question(ask: Ask) -> dict[str, str]:
    """What tells one question from another; the options of a choice are looked at once the answer is known."""
    return {key: text for key, text in (ask.slots or {}).items() if key != "options"}


def _given(told: Ask, ask: Ask, draws: Draws) -> str:
    """What the reader puts in the box: names that the question does not hold are copied letter by letter."""
    if isinstance(ask.answer, Choice) and isinstance(told.answer, Choice):
        return _option(told.answer.options[told.answer.value], ask.answer)
    given = told.stated or told.answer.text()
    if isinstance(told.answer, Boolean | Number | Percent):
        return given
    said = " ".join((ask.slots or {}).values())
    parts = re.split("(; |, | and )", given)
    return "".join(part if part in said else spelled(part, draws) for part in parts)


def _option(text: str, answer: Choice) -> str:
    """The letter of the option that is what was found, or the nearest number."""
    value = number(text)
    worth = {letter: number(option) for letter, option in answer.options.items()}
    if value is None or None in worth.values():
        return next((letter for letter, option in answer.options.items() if option == text), text)
    return min(worth, key=lambda letter: abs((worth[letter] or 0.0) - value))


def _lost(view: View, ask: Ask, draws: Draws) -> bool:
    """Whether a name of the question is not found though it is shown, or taken for one that is shown."""
    shown = list(dict.fromkeys(name for key in view.facts() for name in key))
    absent = (*getattr(view, "absent", ()), *getattr(view, "absent_series", ()))
    said = " ".join((ask.slots or {}).values())
    if any(draws.chance(missed(len(shown))) for _ in _named(said, shown)):
        return True
    return any(
        draws.chance(max((likeness(name, other) for other in shown), default=0.0)) for name in _named(said, absent)
    )


def _named(text: str, names: Iterable[str]) -> list[str]:
    """The names that a text holds as words."""
    return [name for name in names if name in text and re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text)]


def _crossed(view: View, seen: View, ask: Ask) -> bool:
    """Whether a value was seen on the wrong side of the threshold that the question names."""
    cut = number((ask.slots or {}).get("cut", ""))
    if cut is None:
        return False
    true, read = view.facts(), seen.facts()
    named = set(_named(" ".join((ask.slots or {}).values()), {name for key in true for name in key}))
    keys = [key for key in true if key in read and (not named or named & set(key))]
    return any((true[key].value > cut) != (read[key].value > cut) for key in keys)
