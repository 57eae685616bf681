"""Families and questions, and the cells they form.

Neither names the other: a cell is any pair whose view and traits fit. Every module in envs/figures and envs/questions
is loaded, so that a new file is all it takes.

Packages outside this repository add theirs through the entry-point group `chartgym`: each entry point is a module (or a
function) whose loading registers them.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Any

from envs.address import Address, AddressError, Draws

if TYPE_CHECKING:
    from envs.figures.base import Panel, Style
    from rewards import Answer


@dataclass(frozen=True, slots=True)
class Scene:
    """What a family is asked to draw: a level, a style, pixels, the source of its text ("" is the grammar), a world.

    `values`: the question asks for values, so a family that cannot be read closely enough by eye writes them.
    """

    level: int
    style: Style
    width: int
    height: int
    source: str
    test: bool
    values: bool = False


@dataclass(frozen=True, slots=True)
class Family:
    """A kind of figure. `traits` tell what its view can answer; above `top_level` its distribution is constant."""

    name: str
    draw: Callable[[Draws, Scene], Panel]
    view: type
    traits: frozenset[str]
    top_level: int | None
    version: int


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
    view: type
    answer: type
    skill: str
    phrasings: tuple[str, ...]
    held_out: tuple[str, ...]
    needs: frozenset[str]
    unfit: frozenset[str]
    top_level: int | None
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


FAMILIES: dict[str, Family] = {}
QUESTIONS: dict[str, Question] = {}


def family(
    name: str, view: type, *, traits: Iterable[str] = (), top_level: int | None, version: int = 1
) -> Callable[[Callable[[Draws, Scene], Panel]], Callable[[Draws, Scene], Panel]]:
    """Register a function (draws, scene) -> Panel as a family of figures."""

    def register(draw: Callable[[Draws, Scene], Panel]) -> Callable[[Draws, Scene], Panel]:
        _claim(FAMILIES, name, Family(name, draw, view, frozenset(traits), top_level, version), draw)
        return draw

    return register


def question(
    view: type,
    answer: type,
    *,
    skill: str,
    phrasings: tuple[str, ...],
    held_out: tuple[str, ...],
    needs: Iterable[str] = (),
    unfit: Iterable[str] = (),
    top_level: int | None = 0,
    version: int = 1,
) -> Callable[[Callable[[Any, Draws, int], Ask]], Callable[[Any, Draws, int], Ask]]:
    """Register a function (view, draws, level) -> Ask as a question, under the function's name.

    It is asked of every family whose view is `view`, whose traits include all of `needs` and none of `unfit`.
    `top_level` is the level above which the question itself gets no harder; None if it never stops.
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
            frozenset(unfit),
            top_level,
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
            if ask.view is made.view and ask.needs <= made.traits and not ask.unfit & made.traits:
                # Numbers read off a figure in percent are answered in percent.
                kind = "percent" if ask.answer.__name__ == "Number" and ask.needs and "percent" in made.traits else ""
                kind = kind or ask.answer.__name__.lower()
                tops = (made.top_level, ask.top_level)
                top = None if None in tops else max(t for t in tops if t is not None)
                found.append(Cell(made.name, ask.name, ask.view.__name__, kind, ask.skill, top))
    return tuple(sorted(found, key=lambda cell: (cell.family, cell.question)))


def find(address: Address) -> tuple[Family, Question]:
    """The family and the question an address names; AddressError with the nearest name if there is no such cell."""
    pairs = {(cell.family, cell.question) for cell in cells()}
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
    return FAMILIES[address.family], QUESTIONS[address.question]


def nearest(name: str, names: Iterable[str]) -> str:
    """ ": did you mean 'bar'?", or the names there are."""
    names = sorted(names)
    close = difflib.get_close_matches(name, names, 1, 0.5)
    return f": did you mean {close[0]!r}?" if close else f": choose from {', '.join(names)}"
