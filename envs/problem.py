"""Problem, and make(address): the way of the data, on one screen.

    address -> text -> data -> Figure -> Sheet + Layout -> legible? -> views -> question -> paint -> Problem

Painting comes last: a figure that cannot be read, or that the question cannot be asked of, is turned away before any
pixel, and the next sub-seed is tried.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from string import Formatter
from typing import Any

import numpy as np

from envs.address import MAX_SEED, Address, Draws
from envs.drawing.painter import Painter
from envs.drawing.sheet import Sheet, Unreadable
from envs.drawing.wear import worn
from envs.figures.base import Figure, Panel
from envs.figures.style import draw_style
from envs.legibility import judge
from envs.phrasings import added
from envs.registry import Ask, Family, Question, Scene, find
from envs.text import TextError
from envs.views import Measured, NotAskable, View
from rewards import Answer

SPARES = 8  # seeds that may stand in for one without a problem
TRIES = 12  # sub-seeds of an address; a failure after these is a defect of the cell
LARGEST_AT = 12  # level from which three questions in four are asked of the largest view
HELD_OUT_SHARE = 0.5  # of test problems are asked in a held-out phrasing
_painter = Painter()
log = logging.getLogger("chartgym.problem")


class Unmakeable(Exception):
    """No sub-seed of an address gives a fair problem; the message says why the last one did not."""


@dataclass(frozen=True, slots=True, eq=False)
class Problem:
    """An image (uint8, height x width x 3), a question about it, and what is right.

    `solution` is worked steps in sentences, ending in the boxed answer. `meta` is JSON-able: `tries` (sub-seeds used),
    `turned_away` (why the others were not), `versions`, `phrasing`, `held_out`, `skill`, `view`, `possible` (answers
    that the words leave possible), `charts` (the kind of each panel; the tables behind them: envs/underlying.py).
    """

    address: Address
    image: np.ndarray
    question: str
    answer: Answer
    solution: str
    meta: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Draft:
    """A problem before it is painted: what the checks look at."""

    address: Address
    family: Family
    question: Question
    figure: Figure
    sheet: Sheet
    views: tuple[View, ...]  # all of the figure; those of a panel follow each other, the one with all its values first
    view: View  # the one that is asked about
    ask: Ask
    question_key: tuple[object, ...]  # the generator's random stream, so that it can be replayed
    turned_away: tuple[str, ...]


def make(address: Address | str) -> Problem:
    """The problem at an address: always the same one. AddressError if it names nothing, Unmakeable if it has none."""
    address = Address.parse(address) if isinstance(address, str) else address
    if address.stored:
        from envs.stored import stored_problem

        return stored_problem(address)
    return painted(draw(address))


def painted(draft: Draft) -> Problem:
    """The problem that a draft is of, with its wording and its pixels."""
    text, phrasing, held_out = word(draft)
    ask = draft.ask
    boxed = "\\boxed{" + (ask.stated or ask.answer.text()) + "}"
    meta = {
        "tries": len(draft.turned_away) + 1,
        "turned_away": list(draft.turned_away),
        "versions": {"family": draft.family.version, "question": draft.question.version},
        "phrasing": phrasing,
        "held_out": held_out,
        "skill": draft.question.skill,
        "view": draft.question.view.__name__,
        "possible": ask.possible,
        "charts": [panel.chart for panel in draft.figure.panels],
    }
    solution = " ".join([*ask.steps, f"The answer is {boxed}."])
    return Problem(
        draft.address, worn(_painter.paint(draft.sheet), draft.figure.style.wear), text, ask.answer, solution, meta
    )


def make_near(address: Address | str) -> Problem:
    """The problem at an address, or where it has none (about one in 100,000) at the next seed that has one.

    For endless streams, which should not end there. The problem carries the address that it was made at.
    """
    address = Address.parse(address) if isinstance(address, str) else address
    for _ in range(SPARES):
        try:
            return make(address)
        except Unmakeable as failure:
            log.warning("%s; the next %s stands in", failure, "row" if address.stored else "seed")
            address = _next(address)
    return make(address)


def _next(address: Address) -> Address:
    if address.stored:
        from envs.stored import following

        return following(address)
    return replace(address, seed=(address.seed + 1) % MAX_SEED)


def draw(address: Address | str) -> Draft:
    """Everything of the problem but its pixels and its wording."""
    if isinstance(address, str):
        address = Address.parse(address)
    turned_away: list[str] = []
    for attempt in range(TRIES):
        try:
            found = _attempt(address, attempt)
        except (Unreadable, NotAskable, TextError) as reason:
            turned_away.append(f"{type(reason).__name__}: {reason}")
            continue
        return replace(found, turned_away=tuple(turned_away))
    raise Unmakeable(f"'{address}' gives no fair problem in {TRIES} tries; the last: {turned_away[-1]}")


def first_answer(address: Address) -> Answer | None:
    """What would be answered at an address if its first sub-seed were taken, whether it can be read or not; None where
    it cannot even be laid out or asked about."""
    try:
        return _attempt(address, 0, judged=False).ask.answer
    except (Unreadable, NotAskable, TextError):
        return None


def _attempt(address: Address, attempt: int, judged: bool = True) -> Draft:
    """The problem of a sub-seed; Unreadable, TextError or NotAskable if it gives none."""
    family, question = find(address)
    world = "test" if address.test else "train"
    size = (address.width, address.height)
    # The figure's streams leave the question out, so that several questions can share a figure.
    key = (world, family.name, family.version, address.level, address.seed, *size, address.text, attempt)
    needs = question.needs | {question.view.__name__, question.skill} | ({"sums"} if question.sums else set())
    asked = needs, question.unfit, question.hues
    figure, sheet, views = _laid_out(family.draw, key, replace(address, question=""), *asked, judged)
    view, ask, question_key = _ask(question, views, ("question", question.name, question.version, *key), address.level)
    return Draft(address, family, question, figure, sheet, views, view, ask, question_key, ())


@lru_cache(maxsize=2)  # who asks several questions of a figure asks one after the other
def _laid_out(
    family: Callable[[Draws, Scene], Panel | Figure],
    key: tuple[object, ...],
    address: Address,
    needs: frozenset[str],
    unfit: frozenset[str],
    hues: bool,
    judged: bool,
) -> tuple[Figure, Sheet, tuple[View, ...]]:
    """A figure for an address without a question; Unreadable or TextError if this sub-seed gives none."""
    size = (address.width, address.height)
    style = draw_style(Draws("style", *key), *size, test=address.test, hues=hues)
    scene = Scene(address.level, style, *size, address.text, address.test, needs, unfit)
    drawn = family(Draws("figure", *key), scene)
    figure = drawn if isinstance(drawn, Figure) else Figure((drawn,), style, *size)
    sheet, views = figure.lay_out()
    if judged:
        judge(sheet)
    return figure, sheet, views


def _ask(
    question: Question, views: tuple[View, ...], key: tuple[object, ...], level: int
) -> tuple[View, Ask, tuple[object, ...]]:
    """The first of the figure's views that the question can be asked of; what is asked; its key. They come in random
    order, but the higher the level, the more often those with the most to look at come first."""
    fit = [
        i
        for i, view in enumerate(views)
        if type(view) is question.view and (not question.sums or getattr(view, "adds", True))
    ]
    last = NotAskable(f"the figure offers no {question.view.__name__}{' that adds up' if question.sums else ''}")
    draws = Draws("view", *key)
    order = draws.shuffled(fit)
    if draws.chance(min(level, LARGEST_AT) / (LARGEST_AT + 4)):
        order.sort(key=lambda i: -len(views[i].facts()))
    for i in order:
        try:
            view = _as_written(views[i])
            return view, question.generator(view, Draws(*key, i), level), (*key, i)
        except NotAskable as reason:
            last = reason
    raise last


def _as_written(view: View) -> View:
    """The view with the values that are printed on it: of shares written as 23 % and 13 % a reader finds a difference
    of 10, though it may be 10.6, and a threshold lies between what is written. The errors stay, so that the true
    difference is right too."""
    if not isinstance(view, Measured) or not view.written:
        return view
    exact = view.facts()
    shown = view.printed(exact)
    exactly = all(abs(shown[key].value - fact.value) < 1e-9 for key, fact in exact.items())
    return view if exactly else view.rebuilt(shown)


def word(draft: Draft) -> tuple[str, int, bool]:
    """The question in words, the index of its phrasing, and whether it is held out: held-out ones come after the
    others, and those of a file last."""
    question, view = draft.question, draft.view
    draws = Draws("words", *draft.question_key)
    held_out = draft.address.test and draws.chance(HELD_OUT_SHARE)
    more = added(draft.address.words, question.name)
    options = question.held_out if held_out else (*question.phrasings, *more)
    slots = {**view.slots(), **(draft.ask.slots or {})}
    # Not every view can fill every phrasing: only what is counted is "most frequent".
    fit = [i for i, text in enumerate(options) if _names(text) <= slots.keys()]
    index = draws.choice(fit)
    own = len(question.phrasings)
    place = index + (own if held_out else 0 if index < own else len(question.held_out))
    return fill(options[index], slots), place, held_out


def fill(phrasing: str, slots: dict[str, str]) -> str:
    """A phrasing with its slots filled; "a {measure}" becomes "an export volume" where it has to."""
    before = _ARTICLE.sub(lambda a: f"{a[1]}n {{{a[2]}}}" if _VOWEL.match(slots[a[2]]) else a[0], phrasing)
    return before.format(**slots)


_ARTICLE = re.compile(r"\b([Aa]) \{(\w+)\}")
_VOWEL = re.compile(r"(?!uni[^mn]|us[aeu]|ut[ei]|eu|one\b)[aeiou]|hour|honest|heir", re.IGNORECASE)


@cache
def _names(phrasing: str) -> frozenset[str]:
    """The slots of a phrasing."""
    return frozenset(name for _, name, _, _ in Formatter().parse(phrasing) if name)
