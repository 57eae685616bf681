"""Do the promises hold? Measured over random addresses; `python -m envs check` prints the table.

Each address is drawn and laid out; then
    right       the reader rebuilds the view from recorded draw calls, the generator is replayed on it: equal answers;
    readable    planned texts lie where the recorded ones do, and judge() passed (else it would have been turned away);
    graded      the solution's box is right for the checker, and a wrong answer is not;
    guessable   the best constant, and the best guess from the words of the question alone, by band of levels;
    new         how many problems are distinct, style aside.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

from envs.address import Address, Draws
from envs.problem import Draft, Unmakeable, draw, word
from envs.readers import read
from envs.readers.tape import record
from envs.registry import Cell
from envs.views import Item, NotAskable
from rewards import Answer, Boolean, Label, score

TOO_MANY_TRIES = 0.05  # of addresses may need a second sub-seed
TOO_MANY_FAILURES = 1e-4
BAND = 3  # levels pooled for the guessability of a cell


@dataclass(slots=True)
class Tally:
    """What was seen of one cell at one level."""

    made: int = 0
    retried: int = 0
    failed: list[str] = field(default_factory=list)
    turned_away: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    answers: list[tuple[str, Answer, int]] = field(default_factory=list)  # (words of the question, answer, possible)
    seen: set[int] = field(default_factory=set)

    def add(self, other: Tally) -> None:
        """Take in what another process saw."""
        self.made += other.made
        self.retried += other.retried
        self.failed += other.failed
        self.turned_away += other.turned_away
        self.wrong += other.wrong
        self.answers += other.answers
        self.seen |= other.seen


def addresses(
    cells: Iterable[Cell], levels: Iterable[int], count: int, seed: int, px: tuple[int, int], text: str = ""
) -> Iterator[Address]:
    """`count` random training addresses for each cell and level."""
    for cell in cells:
        for level in levels:
            draws = Draws("check", seed, cell.family, cell.question, level)
            for _ in range(count):
                yield Address(cell.family, cell.question, level, draws.integers(0, 2**63 - 1), False, *px, text)


def examine(address: Address) -> Tally:
    """One address, looked at from all sides but that of its pixels."""
    tally = Tally(made=1)
    try:
        draft = draw(address)
    except Unmakeable as failure:
        tally.failed.append(str(failure))
        return tally
    if draft.turned_away:
        tally.retried = 1
        tally.turned_away.update(_kind(reason) for reason in draft.turned_away)
    tally.wrong += [f"{address}: {what}" for what in faults(draft)]
    words = " ".join(f"{key}={value}" for key, value in sorted((draft.ask.slots or {}).items()))
    tally.answers.append((f"{draft.view.noun} {draft.view.measure} {words}", draft.ask.answer, draft.ask.possible))
    names = tuple(sorted((item.name, item.value) for item in draft.view.items))
    tally.seen.add(hash((words, names)))
    return tally


def _kind(reason: str) -> str:
    """A reason without what is particular to one figure."""
    return "".join("#" if c.isdigit() else c for c in reason.partition("'")[0]).strip()


def faults(draft: Draft) -> list[str]:
    """What is not as promised."""
    found = []
    tape = record(draft.sheet)
    planned = {(t.string, tuple(round(v) for v in t.box)) for t in draft.sheet.layout.texts}
    drawn = {(w.string, tuple(round(v) for v in w.box)) for w in tape.words}
    if {string for string, _ in planned} != {string for string, _ in drawn} or len(planned) != len(drawn):
        found.append("planned and drawn texts differ")
    for (string, a), (_, b) in zip(sorted(planned), sorted(drawn), strict=False):
        slack = 2 + 0.02 * max(b[2] - b[0], b[3] - b[1])  # the recorder's metrics are hinted, the plan's are not
        if any(abs(x - y) > slack for x, y in zip(a, b)):
            found.append(f"text {string!r} is drawn at {b}, planned at {a}")
    try:
        rebuilt = read(type(draft.figure.panels[0].marks).__name__, tape, draft.view)
    except Exception as reason:  # a reader may fail in any way; whichever way is a finding
        return [*found, f"cannot be read back: {type(reason).__name__}: {reason}"]
    if sorted(rebuilt.names) != sorted(draft.view.names):
        found.append(f"names read {sorted(rebuilt.names)}, shown {sorted(draft.view.names)}")
    else:
        by_name = {item.name: item for item in draft.view.items}
        found += [why for item in rebuilt.items if (why := _misread(item, by_name[item.name], draft))]
        # Replayed with the items as they are ordered in the view, so that the same draws name the same items.
        place = {name: i for i, name in enumerate(draft.view.names)}
        ordered = replace(rebuilt, items=tuple(sorted(rebuilt.items, key=lambda item: place[item.name])))
        draws = Draws(*draft.question_key)
        draws.choice([ordered])
        try:
            again = draft.question.generator(ordered, draws, draft.address.level)
            given = "\\boxed{" + (again.stated or again.answer.text()) + "}"
            if not score(given, draft.ask.answer).correct:
                found.append(f"replayed on the rebuilt view the answer is {given}, not {draft.ask.answer}")
        except NotAskable as reason:
            found.append(f"replayed on the rebuilt view it is not askable: {reason}")
    ask = draft.ask
    if not score("\\boxed{" + (ask.stated or ask.answer.text()) + "}", ask.answer).correct:
        found.append(f"the checker rejects its own answer {ask.stated or ask.answer.text()!r}")
    if score("\\boxed{" + _wrong(ask.answer) + "}", ask.answer).correct:
        found.append(f"the checker accepts {_wrong(ask.answer)!r} for {ask.answer}")
    text, _, _ = word(draft)
    if "{" in text or "  " in text:
        found.append(f"badly worded: {text!r}")
    return found


def _misread(read_item: Item, item: Item, draft: Draft) -> str:
    """Where the value rebuilt from the drawing is not the one meant."""
    if "values" not in draft.family.traits:  # only sizes are drawn; their order must be that of the values
        return ""
    if abs(read_item.value - item.value) > 0.02 + 2e-3 * abs(item.value):
        return f"{item.name} is drawn as {read_item.value:.3f}, but is {item.value:.3f}"
    return ""


def _wrong(answer: object) -> str:
    if isinstance(answer, Boolean):
        return "no" if answer.value else "yes"
    if isinstance(answer, Label):
        return answer.value + "x"
    return str(round(getattr(answer, "value", 0.0) * 2 + 7.31, 2))


def monotone(draft: Draft) -> bool:
    """Whether mark lengths never fall as values rise."""
    order = sorted(draft.view.items, key=lambda item: (item.value, item.length))
    return all(a.length <= b.length for a, b in pairwise(order) if a.value < b.value) and all(
        a.length == b.length for a, b in pairwise(order) if a.value == b.value
    )


@dataclass(frozen=True, slots=True)
class Guess:
    """How often guessing is right, and how often it may be."""

    constant: float
    text_only: float
    allowed: float


def guessability(seen: list[tuple[str, Answer, int]]) -> Guess:
    """The best constant, and the best answer given the question's words (learned on one half, tried on the other).

    A guess counts where the checker would accept it: a wide tolerance is easy to hit.
    """
    half = len(seen) // 2
    learned: dict[str, list[Answer]] = defaultdict(list)
    for words, answer, _ in seen[:half]:
        learned[words].append(answer)
    everything = [answer for _, answer, _ in seen]
    constant = _hits(_best(everything), everything)
    guesses = {words: _best(answers) for words, answers in learned.items()}
    fallback = _best(everything[:half])
    hits = sum(_hits(guesses.get(words, fallback), [answer]) for words, answer, _ in seen[half:])
    possible = sum(k for _, _, k in seen) / len(seen)
    return Guess(constant / len(seen), hits / max(1, len(seen) - half), max(0.15, 1 / possible + 0.10))


def _best(answers: list[Answer]) -> Any:
    """The value that most of the answers would accept."""
    values = Counter(_value(answer) for answer in answers)
    return max(values, key=lambda value: (_hits(value, answers), str(value)), default=None)


def _hits(value: Any, answers: list[Answer]) -> int:
    return sum(
        value == _value(answer)
        or (isinstance(value, float) and abs(value - _value(answer)) <= (getattr(answer, "abs_tol", None) or 0))
        for answer in answers
    )


def _value(answer: Answer) -> Any:
    value = getattr(answer, "value", None)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else value
