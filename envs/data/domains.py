"""The packaged domains and personas: what a table can be about, and who might ask.

All of it was written for this project; the names are real places and things or invented brands, the ranges are honest
orders of magnitude, and no value of any real table is kept. `domains.json` is a list of domains; `personas.json` maps
occupations and interests to the fields they favour. tests/test_domains.py states the rules both files keep: among them
that no name of a domain lies within another, so that an answer can name only one thing.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, get_args

from envs.address import Draws, in_test
from envs.data.times import TimeUnit
from envs.numerals import Unit

FAVOURED = 2 / 3  # how often a persona gets a domain of its own fields, where there is one


@dataclass(
    frozen=True, slots=True, eq=False
)  # told apart by identity: hashing every name would take longer than a table
class Kind:
    """Things of one sort that a table can be about: "country", "countries", ("Brazil", ...), without repeats.

    `single`: of each name there is one only, so that there is no "Brazil B".
    """

    noun: str
    nouns: str
    names: tuple[str, ...]
    single: bool = False

    @lru_cache(8192)  # noqa: B019 - there are a few hundred kinds, and they live as long as the process
    def short(self, longest: int | None) -> tuple[str, ...]:
        """The names of at most so many characters; all if None."""
        return self.names if longest is None else tuple(name for name in self.names if len(name) <= longest)


@dataclass(frozen=True, slots=True)
class Measure:
    """What is measured; every kind of its domain has it.

    `name` follows "the largest" and "the total". `low` and `high` bound its honest values, in the written unit.
    `parts`: values of several things add up to a meaningful total. `stock`: a level at a time; levels of several times
    do not.
    """

    name: str
    unit: Unit
    low: float
    high: float
    parts: bool
    stock: bool = False

    def fits(self, parts: bool, sums: bool) -> bool:
        """Whether values add up over things, as `parts` asks, and over times too, as `sums` does."""
        return (self.parts or not (parts or sums)) and not (self.stock and sums)


@dataclass(frozen=True, slots=True, eq=False)
class Domain:
    """What tables can be about: two or more kinds, three or more measures, and the time units that suit them."""

    title: str
    field: str
    kinds: tuple[Kind, ...]
    measures: tuple[Measure, ...]
    times: tuple[TimeUnit, ...]


@dataclass(frozen=True, slots=True)
class Persona:
    """Who might have made the chart. Occupation and interest sway the domain, the occupation also the looks; the region
    names sources."""

    occupation: str
    interest: str
    region: str

    @property
    def fields(self) -> frozenset[str]:
        """The fields of domains this persona favours."""
        people = _people()
        return frozenset(people["occupations"][self.occupation]) | frozenset(people["interests"][self.interest])

    @property
    def trade(self) -> str:
        """The field of its occupation."""
        return str(_people()["occupations"][self.occupation][0])


@cache
def domains(test: bool | None = None) -> tuple[Domain, ...]:
    """The domains of the test world (those whose title is in it), of the training world, or all of them."""
    return tuple(domain for domain in _every_domain() if test is None or in_test(domain.title) == test)


def draw_persona(draws: Draws) -> Persona:
    """One of all personas, all alike; both worlds share them."""
    people = _people()
    occupation = draws.choice(tuple(people["occupations"]))
    interest = draws.choice(tuple(people["interests"]))
    return Persona(occupation, interest, draws.choice(people["regions"]))


def draw_domain(
    draws: Draws, *, test: bool, persona: Persona | None = None, among: Sequence[Domain] | None = None
) -> Domain:
    """A domain of that world, or one of `among`; for a persona mostly of the fields it favours, where there are any."""
    pool = domains(test) if among is None else among
    if persona is not None and draws.chance(FAVOURED):
        fields = persona.fields
        pool = [domain for domain in pool if domain.field in fields] or pool
    return draws.choice(pool)


@cache
def _every_domain() -> tuple[Domain, ...]:
    return tuple(_domain(held) for held in _packaged("domains.json"))


def _domain(held: dict[str, Any]) -> Domain:
    kinds = tuple(
        Kind(kind["noun"], kind["nouns"], tuple(kind["names"]), kind.get("single", False)) for kind in held["kinds"]
    )
    measures = tuple(_measure(measure) for measure in held["measures"])
    times = tuple(unit for unit in get_args(TimeUnit) if unit in held["times"])
    return Domain(held["title"], held["field"], kinds, measures, times)


def _measure(held: dict[str, Any]) -> Measure:
    unit = Unit(held["decimals"], held["unit"], held["prefix"], held["suffix"], float(held["scale"]))
    return Measure(held["name"], unit, float(held["low"]), float(held["high"]), held["parts"], held.get("stock", False))


@cache
def _people() -> dict[str, Any]:
    return dict(_packaged("personas.json"))


def _packaged(name: str) -> Any:
    return json.loads(Path(__file__).with_name(name).read_text(encoding="utf-8"))
