"""Do the promises hold? Measured over random addresses; `python -m envs check` prints the table.

Each address is drawn and laid out; then
    right       the reader rebuilds the view from recorded draw calls, the generator is replayed on it: equal answers;
    readable    planned texts lie where the recorded ones do, and judge() passed (else it would have been turned away);
    graded      the solution's box is right for the checker, and a wrong answer is not;
    guessable   the best constant, and the best guess from the words of the question alone, by band of levels;
    new         how many problems are distinct, style aside, in a cell and over the whole world;
    undistorted what is turned away does not change what is answered: see `moved` below.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator
from collections.abc import Sequence as Row
from dataclasses import dataclass, field
from hashlib import blake2b
from itertools import pairwise

from envs.address import Address, Draws
from envs.guessing import Seen, wrong
from envs.problem import Draft, Unmakeable, draw, first_answer, word
from envs.readers import read
from envs.readers.tape import record
from envs.registry import Cell
from envs.views import WHOLE, Categories, Fact, Facts, Key, Measured, NotAskable, View
from rewards import Answer, Boolean, Choice, Label, Number, Percent, Sequence, Set, score

TOO_MANY_TRIES = 0.05  # of addresses may need a second sub-seed
TOO_MANY_FAILURES = 1e-4
PRECISION = 2e-3  # of the range of values: how far a value read off the draw calls may lie from the one meant
HALF_WAY = 0.01  # of a digit: a reading this close to the middle of two may be printed as either
BAND = 3  # levels pooled for the guessability of a cell


@dataclass(slots=True)
class Tally:
    """What was seen of one cell at one level."""

    made: int = 0
    retried: int = 0
    failed: list[str] = field(default_factory=list)
    turned_away: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    answers: list[Seen] = field(default_factory=list)
    seen: set[int] = field(default_factory=set)
    moved: Counter[str] = field(default_factory=Counter)  # by bin: answers that turning away cost, less those it gave

    def add(self, other: Tally) -> None:
        """Take in what another process saw."""
        self.made += other.made
        self.retried += other.retried
        self.failed += other.failed
        self.turned_away += other.turned_away
        self.wrong += other.wrong
        self.answers += other.answers
        self.seen |= other.seen
        self.moved.update(other.moved)  # += would drop what is negative


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
    except Exception as defect:  # of a family or a question, perhaps somebody else's: a finding like others
        tally.wrong.append(f"{address}: {type(defect).__name__}: {defect}")
        return tally
    if draft.turned_away:
        tally.retried = 1
        tally.turned_away.update(_kind(reason) for reason in draft.turned_away)
        tally.moved[bin_of(first_answer(address))] += 1
        tally.moved[bin_of(draft.ask.answer)] -= 1
    tally.wrong += [f"{address}: {what}" for what in faults(draft)]
    tally.answers.append((words(draft), draft.ask.answer, draft.ask.possible))
    tally.seen.add(fingerprint(draft))
    return tally


def bin_of(answer: Answer | None) -> str:
    """Answers that are much alike: numbers by size, lists by length, others by what they say or how long it is."""
    if answer is None:
        return "none"
    if isinstance(answer, Number | Percent):
        size = abs(answer.value)
        edge = next((edge for edge in (0, 1, 2, 3, 5, 10, 20, 50, 100, 1000) if size <= edge), math.inf)
        return f"{answer.kind} {'-' if answer.value < 0 else ''}{f'to {edge}' if edge < math.inf else 'above 1000'}"
    if isinstance(answer, Sequence | Set):
        return f"{answer.kind} of {min(len(answer.items), 8)}"
    if isinstance(answer, Boolean | Choice):
        return f"{answer.kind} {answer.text()}"
    if isinstance(answer, Label):
        return f"label {'number' if answer.value.isdecimal() else f'of {min(len(answer.value) // 4 * 4, 16)}+ letters'}"
    return answer.kind


def words(draft: Draft) -> dict[str, str]:
    """What fills the phrasing, by slot."""
    return {**draft.view.slots(), **(draft.ask.slots or {})}


def fingerprint(draft: Draft) -> int:
    """What makes a problem new, in 64 bits: what is asked, and all names and values that are drawn, style aside."""
    whole = {view.panel: view for view in reversed(draft.views)}  # the first of a panel has all its values
    drawn = [view.identity() for _, view in sorted(whole.items())]
    said = f"{draft.question.name} {sorted(words(draft).items())} {draft.view.identity()} {drawn}"
    return int.from_bytes(blake2b(said.encode(), digest_size=8).digest())


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
    for string, a in planned:
        off, b = min(
            ((max(abs(x - y) for x, y in zip(a, b)), b) for other, b in drawn if other == string), default=(0, a)
        )
        if off > 2 + 0.02 * max(b[2] - b[0], b[3] - b[1]):  # the recorder's metrics are hinted, the plan's are not
            found.append(f"text {string!r} is drawn at {b}, planned at {a}")
    facts: dict[Key, Fact] = {}
    room = draft.figure.room()
    for i, (panel, cell) in enumerate(zip(draft.figure.panels, draft.figure.cells(), strict=True)):
        part = tape.within(cell, room) if len(draft.figure.panels) > 1 else tape
        meant = [view for view in draft.views if view.panel == i]
        try:
            seen = read(type(panel.marks).__name__, part).facts
        except Exception as reason:  # a reader may fail in any way; whichever way is a finding
            found.append(f"cannot be read back: {type(reason).__name__}: {reason}")
            continue
        found += _misread(seen, meant)
        if draft.view.panel == WHOLE:
            facts |= {(panel.tag, *key): fact for key, fact in seen.items()}
        elif i == draft.view.panel:
            facts = dict(seen)
    if not found:
        found += _replayed(draft, facts)
    ask = draft.ask
    if not score("\\boxed{" + (ask.stated or ask.answer.text()) + "}", ask.answer).correct:
        found.append(f"the checker rejects its own answer {ask.stated or ask.answer.text()!r}")
    if score("\\boxed{" + wrong(ask.answer) + "}", ask.answer).correct:
        found.append(f"the checker accepts {wrong(ask.answer)!r} for {ask.answer}")
    text, _, _ = word(draft)
    if "{" in text or "  " in text:
        found.append(f"badly worded: {text!r}")
    return found


def _misread(seen: Facts, views: Row[View]) -> list[str]:
    """Where what was read off the drawing is not what the views of a panel mean by it: each value is in one of them."""
    meant: dict[Key, tuple[Fact, float]] = {}
    for view in views:
        for key, fact in view.facts().items():
            meant.setdefault(key, (fact, getattr(view, "span", 0.0)))
    if seen.keys() != meant.keys():
        odd = sorted(seen.keys() ^ meant.keys())
        return [f"{', '.join(key)} is {'read' if key in seen else 'shown'} only" for key in odd[:3]]
    if any(span == math.inf for _, span in meant.values()):  # only sizes are drawn; their order must be that of values
        order = sorted(meant, key=lambda key: meant[key][0].value)
        pairs = [(seen[a].value, seen[b].value) for a, b in pairwise(order) if meant[a][0].value < meant[b][0].value]
        return ["sizes do not follow values"] if any(a > b for a, b in pairs) else []
    return [
        f"{', '.join(key)} is drawn as {seen[key].value:.4f}, but is {fact.value:.4f}"
        for key, (fact, span) in meant.items()
        if abs(seen[key].value - fact.value) > PRECISION * max(abs(fact.value), span)
    ]


def _printed(view: View, facts: Facts) -> Facts:
    """What was read, to the last digit that such a figure prints, where the view has only values of so many digits. A
    threshold that is drawn between two values would else hang on the fifth decimal of a reading. Half-way between two
    digits the one that is written counts.
    """
    if not isinstance(view, Measured) or view.span == math.inf:
        return facts
    meant = view.facts()
    if any(abs(fact.value - meant[key].value) > 1e-9 for key, fact in view.printed(meant).items()):
        return facts
    printed = view.printed(facts)
    for key in printed.keys() & meant.keys():
        off = abs(facts[key].value - meant[key].value) * 10.0 ** view.digits(key)
        if abs(off - 0.5) < HALF_WAY:
            printed[key] = Fact(meant[key].value, facts[key].length)
    return printed


def _replayed(draft: Draft, facts: Facts) -> list[str]:
    """What comes out differently when the generator is run on what was read: the same draws, the drawn values."""
    try:
        view = draft.view.rebuilt(_printed(draft.view, facts))
        again = draft.question.generator(view, Draws(*draft.question_key), draft.address.level)
    except NotAskable as reason:
        return [f"replayed on the rebuilt view it is not askable: {reason}"]
    given = "\\boxed{" + (again.stated or again.answer.text()) + "}"
    if not score(given, draft.ask.answer).correct:
        return [f"replayed on the rebuilt view the answer is {given}, not {draft.ask.answer}"]
    return []


def monotone(view: Categories) -> bool:
    """Whether mark lengths never fall as values rise."""
    order = sorted(view.items, key=lambda item: (item.value, item.length))
    return all(a.length <= b.length for a, b in pairwise(order) if a.value < b.value) and all(
        a.length == b.length for a, b in pairwise(order) if a.value == b.value
    )
