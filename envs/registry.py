"""Families and questions, and the cells they form.

Neither names the other: a cell is any pair whose view and traits fit. Every module in envs/figures and envs/questions
is loaded, so that a new file is all it takes.

Packages outside this repository add theirs through the entry-point group `chartgym`: each entry point is a module (or a
function) whose loading registers them.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Any, TypeVar

from envs.address import Address, AddressError, Draws
from envs.views import View
from envs.views_whole import Parts
from rewards import Answer

if TYPE_CHECKING:
    from envs.figures.base import Figure, Panel, Style

D = TypeVar("D", bound="Callable[[Draws, Scene], Panel | Figure]")


@dataclass(frozen=True, slots=True)
class Scene:
    """What a family is asked to draw: a level, a style, pixels, the source of its text ("" is the grammar), a world.

    `needs` are the traits that the question relies on: asked for "values", a family that cannot be read closely enough
    by eye writes them; asked for a "title" or a "legend", it has one. The name of the view that is asked about is among
    them: asked about a Series, a family that may show a single one shows several. So is the skill: see `reckons`. And
    so is "sums" where values are added up: `envs.figures.topics.tell` then takes a measure whose values add up.
    `unfit` are the traits that would give its answer away: what a figure of several families does not show there.
    """

    level: int
    style: Style
    width: int
    height: int
    source: str
    test: bool
    needs: frozenset[str] = frozenset()
    unfit: frozenset[str] = frozenset()

    @property
    def reckons(self) -> bool:
        """Whether values are reckoned with, so that reading errors add up: a family whose values are read off two edges
        each had better write them."""
        return "values" in self.needs and bool(self.needs & {"comparison", "aggregation", "composition", "trend"})

    @property
    def tight(self) -> bool:
        """Whether a small picture had better spend its pixels on the plot: titles that nobody asks for are left out."""
        return self.reckons and min(self.width, self.height) < 300


@dataclass(frozen=True, slots=True)
class Family:
    """A kind of figure. `views` are those that it offers (Parts goes without saying), `traits` what they can answer;
    above `top_level` its distribution is constant."""

    name: str
    draw: Callable[[Draws, Scene], Panel | Figure]
    views: tuple[type[View], ...]
    traits: frozenset[str]
    top_level: int | None
    version: int
    smallest: Mapping[str, int]

    def room(self, question: Question) -> int:
        """Pixels that the shorter side of a picture needs for this question."""
        return max(self.smallest.get(trait, 0) for trait in ("", *question.needs))


@dataclass(frozen=True, slots=True)
class Ask:
    """What a generator returns. `steps` are the worked solution in full sentences; `possible` is how many answers the
    words of the question leave honestly possible; `stated` is what goes in the box (`answer.text()` if empty); `slots`
    fill the phrasing."""

    answer: Answer
    steps: list[str]
    possible: int
    stated: str = ""
    slots: dict[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """A generator over a view, with its phrasings; `held_out` ones are drawn in the test world only."""

    name: str
    generator: Callable[[Any, Draws, int], Ask]
    view: type[View]
    answer: type[Answer]
    skill: str
    phrasings: tuple[str, ...]
    held_out: tuple[str, ...]
    needs: frozenset[str]
    unfit: frozenset[str]
    top_level: int | None
    bare: bool
    pooled: bool
    rests: bool
    sums: bool
    hues: bool
    version: int


@dataclass(frozen=True, slots=True)
class Cell:
    """A family with a question that fits it."""

    family: str
    question: str
    view: str
    answer: str
    skill: str
    top_level: int | None
    smallest: int  # pixels of the shorter side

    @property
    def name(self) -> str:
        return f"{self.family}/{self.question}"


LISTED = 60  # names in an error line
ROOMY = 200  # pixels: families that say nothing are not drawn in pictures with a shorter side
FAMILIES: dict[str, Family] = {}
QUESTIONS: dict[str, Question] = {}


def family(
    name: str,
    *views: type[View],
    traits: Iterable[str] = (),
    top_level: int | None,
    version: int = 1,
    smallest: Mapping[str, int] | int = ROOMY,
) -> Callable[[D], D]:
    """Register a function (draws, scene) -> Panel, or -> Figure where there are several, as a family of figures.

    `smallest`: pixels that the shorter side of a picture needs; by trait where only some questions need them, "" for
    all.
    """

    def register(draw: D) -> D:
        least = {"": smallest} if isinstance(smallest, int) else smallest
        made = Family(name, draw, (*views, Parts), frozenset(traits), top_level, version, least)
        _claim(FAMILIES, name, made, draw)
        return draw

    return register


def question(
    view: type[View],
    answer: type[Answer],
    *,
    skill: str,
    phrasings: tuple[str, ...],
    held_out: tuple[str, ...],
    needs: Iterable[str] = (),
    unfit: Iterable[str] = (),
    top_level: int | None = 0,
    bare: bool = False,
    pooled: bool = False,
    rests: bool = False,
    sums: bool = False,
    hues: bool = False,
    version: int = 1,
) -> Callable[[Callable[[Any, Draws, int], Ask]], Callable[[Any, Draws, int], Ask]]:
    """Register a function (view, draws, level) -> Ask as a question, under the function's name.

    It is asked of every family that offers `view`, whose traits include all of `needs` and none of `unfit`.
    `top_level` is the level above which the question itself gets no harder; None if it never stops. `rests`: nor does
    what more a figure shows make it harder, so that its cells end at `top_level`. `bare`: its numbers are counts or
    ratios, never in the figure's unit. `pooled`: it asks what kind of figure this is, so that whether it can be guessed
    is judged over all families together. `sums`: it adds values up, and so is asked only of views whose values add up
    (`Measured.adds`); families know by "sums" in `Scene.needs`, and those with the trait "rates" have no such values.
    `hues`: it calls colours by name, so the palette has some that nobody doubts.
    """

    def register(generator: Callable[[Any, Draws, int], Ask]) -> Callable[[Any, Draws, int], Ask]:
        name = generator.__name__
        made = Question(
            name,
            generator,
            view,
            answer,
            skill,
            phrasings,
            held_out,
            frozenset(needs),
            frozenset(unfit) | ({"rates"} if sums else set()),
            top_level,
            bare,
            pooled,
            rests,
            sums,
            hues,
            version,
        )
        _claim(QUESTIONS, name, made, generator)
        return generator

    return register


def _claim(table: dict[str, Any], name: str, entry: Any, function: Callable[..., Any]) -> None:
    held = table.get(name)
    if held is not None:
        owner = getattr(held, "draw", None) or held.generator
        if (owner.__module__, owner.__qualname__) != (function.__module__, function.__qualname__):
            raise ValueError(f"{name!r} is registered by {owner.__module__} already: choose another name")
    table[name] = entry
    cells.cache_clear()
    _pairs.cache_clear()


@cache
def _load() -> None:
    """Import the built-in families and questions, then what other packages add."""
    from envs import figures, questions

    for package in (figures, questions):
        for module in sorted(module.name for module in iter_modules(package.__path__)):
            import_module(f"{package.__name__}.{module}")
    for point in entry_points(group="chartgym"):
        loaded = point.load()
        if callable(loaded):
            loaded()


@cache
def cells() -> tuple[Cell, ...]:
    """Every pair of a family and a question that fits it, sorted."""
    _load()
    found = []
    for made in FAMILIES.values():
        for ask in QUESTIONS.values():
            if ask.view in made.views and ask.needs <= made.traits and not ask.unfit & made.traits:
                # Numbers read off a figure in percent are answered in percent.
                in_percent = ask.needs and not ask.bare and "percent" in made.traits
                kind = "percent" if ask.answer.__name__ == "Number" and in_percent else ""
                kind = kind or ask.answer.__name__.lower()
                tops = (made.top_level, ask.top_level)
                top = None if None in tops else max(t for t in tops if t is not None)
                top = ask.top_level if ask.rests else top
                found.append(Cell(made.name, ask.name, ask.view.__name__, kind, ask.skill, top, made.room(ask)))
    return tuple(sorted(found, key=lambda cell: (cell.family, cell.question)))


@cache
def _pairs() -> frozenset[tuple[str, str]]:
    """The names of all cells; to gather them anew for each address would take longer than to draw it."""
    return frozenset((cell.family, cell.question) for cell in cells())


def find(address: Address) -> tuple[Family, Question]:
    """The family and the question an address names; AddressError with the nearest name if there is no such cell."""
    pairs = _pairs()
    if (address.family, address.question) not in pairs:
        if address.family not in FAMILIES:
            raise AddressError(f"unknown family {address.family!r} in '{address}'{nearest(address.family, FAMILIES)}")
        mine = [q for f, q in pairs if f == address.family]
        if address.question not in QUESTIONS:
            raise AddressError(f"unknown question {address.question!r} in '{address}'{nearest(address.question, mine)}")
        raise AddressError(
            f"question {address.question!r} cannot be asked of family {address.family!r} in '{address}':"
            f" choose from {', '.join(sorted(mine))}"
        )
    family, question = FAMILIES[address.family], QUESTIONS[address.question]
    if min(address.width, address.height) < family.room(question):
        raise AddressError(
            f"'{address}' is too small: {address.family}/{address.question} needs pictures of at least"
            f" {family.room(question)} pixels a side"
        )
    return family, question


def select(patterns: Iterable[str], width: int = 0, height: int = 0) -> tuple[Cell, ...]:
    """The cells that globs over family/question name and that pictures of this size have room for (0: any size).

    ValueError, naming the pattern and the mend, if one names no cell or none that fits the size.
    """
    chosen: set[str] = set()
    side = min(width, height)
    for pattern in patterns:
        named = [cell for cell in cells() if fnmatchcase(cell.name, pattern)]
        if not named:
            raise ValueError(f"no cell fits {pattern!r}: {_unknown(pattern)}")
        fit = {cell.name for cell in named if not side or side >= cell.smallest}
        if not fit:
            least = min(cell.smallest for cell in named)
            raise ValueError(f"{pattern!r} needs pictures of at least {least} pixels a side, not {width}x{height}")
        chosen |= fit
    return tuple(cell for cell in cells() if cell.name in chosen)


def _unknown(pattern: str) -> str:
    """The nearest cell, or which half of a glob names nothing and what would."""
    if close := difflib.get_close_matches(pattern, [cell.name for cell in cells()], 1, 0.8):
        return f"did you mean {close[0]!r}?"
    family, slash, question = pattern.partition("/")
    if not slash:
        return f"write family/question, as '{family}/*'"
    asked = {cell.question for cell in cells() if fnmatchcase(cell.family, family)}
    if not asked:
        return f"no family {family!r}{nearest(family, {cell.family for cell in cells()})}"
    if not any(fnmatchcase(name, question) for name in asked):
        return f"no question {question!r} of {family!r}{nearest(question, asked)}"
    return "the family and the question do not go together"


def nearest(name: str, names: Iterable[str]) -> str:
    """ ": did you mean 'bar'?", or the names there are, as far as they are few."""
    names = sorted(names)
    close = difflib.get_close_matches(name, names, 1, 0.5)
    if close:
        return f": did you mean {close[0]!r}?"
    more = "" if len(names) <= LISTED else f" and {len(names) - LISTED} more; `python -m envs list` has all"
    return f": choose from {', '.join(names[:LISTED])}{more}"
