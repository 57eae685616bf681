"""Problem, and make(address): the way of the data, on one screen.

    address -> text -> data -> Figure -> Sheet + Layout -> legible? -> views -> question -> paint -> Problem

Painting comes last: a figure that cannot be read, or that the question cannot be asked of, is turned away before any
pixel, and the next sub-seed is tried.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from envs.address import Address, Draws
from envs.drawing.painter import Painter
from envs.drawing.sheet import Sheet, Unreadable
from envs.figures.base import Figure
from envs.figures.style import draw_style
from envs.legibility import judge
from envs.registry import Ask, Family, Question, Scene, find
from envs.text import TextError
from envs.views import Categories, NotAskable
from rewards import Answer

TRIES = 12  # sub-seeds of an address; a failure after these is a defect of the cell
HELD_OUT_SHARE = 0.5  # of test problems are asked in a held-out phrasing
_painter = Painter()


class Unmakeable(Exception):
    """No sub-seed of an address gives a fair problem; the message says why the last one did not."""


@dataclass(frozen=True, slots=True, eq=False)
class Problem:
    """An image (uint8, height x width x 3), a question about it, and what is right.

    `solution` is worked steps in sentences, ending in the boxed answer. `meta` is JSON-able: `tries` (sub-seeds used),
    `turned_away` (why the others were not), `versions`, `phrasing`, `held_out`, `skill`, `view`.
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
    view: Categories
    ask: Ask
    question_key: tuple[object, ...]  # the generator's random stream, so that it can be replayed
    turned_away: tuple[str, ...]


def make(address: Address | str) -> Problem:
    """The problem at an address: always the same one. AddressError if it names nothing, Unmakeable if it has none."""
    draft = draw(address)
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
    }
    solution = " ".join([*ask.steps, f"The answer is {boxed}."])
    return Problem(draft.address, _painter.paint(draft.sheet), text, ask.answer, solution, meta)


def draw(address: Address | str) -> Draft:
    """Everything of the problem but its pixels and its wording."""
    if isinstance(address, str):
        address = Address.parse(address)
    family, question = find(address)
    world = "test" if address.test else "train"
    size = (address.width, address.height)
    # The figure's streams leave the question out, so that several questions can share a figure.
    figure_key = (world, family.name, family.version, address.level, address.seed, *size, address.text)
    turned_away: list[str] = []
    for attempt in range(TRIES):
        key = (*figure_key, attempt)
        style = draw_style(Draws("style", *key), *size, test=address.test)
        scene = Scene(address.level, style, *size, address.text, address.test, values="values" in question.needs)
        question_key = ("question", question.name, question.version, *key)
        try:
            figure = Figure((family.draw(Draws("figure", *key), scene),), style, *size)
            sheet, views = figure.lay_out()
            judge(sheet)
            draws = Draws(*question_key)
            view = draws.choice(views)
            ask = question.generator(view, draws, address.level)
        except (Unreadable, NotAskable, TextError) as reason:
            turned_away.append(f"{type(reason).__name__}: {reason}")
            continue
        return Draft(address, family, question, figure, sheet, view, ask, question_key, tuple(turned_away))
    raise Unmakeable(f"'{address}' gives no fair problem in {TRIES} tries; the last: {turned_away[-1]}")


def word(draft: Draft) -> tuple[str, int, bool]:
    """The question in words, the index of its phrasing (held-out ones come after the others), and whether held out."""
    question, view = draft.question, draft.view
    draws = Draws("words", *draft.question_key)
    held_out = draft.address.test and draws.chance(HELD_OUT_SHARE)
    options = question.held_out if held_out else question.phrasings
    index = draws.integers(0, len(options))
    slots = {"noun": view.noun, "nouns": view.nouns, "measure": view.measure, "where": view.where}
    text = options[index].format(**slots, **(draft.ask.slots or {}))
    return text, index + (len(question.phrasings) if held_out else 0), held_out
