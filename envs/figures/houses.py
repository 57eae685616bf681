"""House styles: how people of one trade like their charts to look and to be worded.

A persona sways the look and never sets it: each trait is drawn from those its house favours, or from all there are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from envs.address import Draws
from envs.data import Persona
from envs.numerals import Notation

FAVOURED = 0.6  # how often a trait is one that the house favours
MONEY = (("$", "dollars"), ("€", "euros"), ("£", "pounds"))
CASES = ("as written", "as written", "capitals", "each word")
SPINES = ("box", "corner", "base", "none")
GRIDS = ("none", "none", "plain", "plain", "dashed", "fine")
MEASURED = ("{name} ({unit})", "{name} ({unit})", "{name}, {unit}", "{name} in {unit}", "{name} [{unit}]")
GROUPS = ("", ",", ",", " ")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class House:
    """What a trade favours. `fields` are those of its people (see personas.json), `sources` the lines below a figure,
    "{region}" being the persona's; the other traits are as in Style."""

    fields: str
    fonts: tuple[str, ...]
    palettes: tuple[str, ...]
    themes: tuple[str, ...]
    spines: tuple[str, ...]
    grids: tuple[str, ...]
    cases: tuple[str, ...]
    sources: tuple[str, ...]
    left: float = 0.3  # how often titles stand on the left
    measured: tuple[str, ...] = ("{name} ({unit})",)


HOUSES = (
    House(  # the plain look of a statistical office
        "economy finance demographics labour government housing",
        ("DejaVu Sans", "DejaVu Serif"),
        ("tableau", "muted", "sea", "grey"),
        ("white", "mist"),
        ("base", "none"),
        ("plain", "dashed"),
        ("as written",),
        ("Source: {region} statistics office", "Source: official records", "Source: {region} data bank"),
        left=0.8,
        measured=("{name}, {unit}",),
    ),
    House(  # a journal's: framed, serifs, ticks inside
        "science ecology astronomy climate oceans environment health water space animals",
        ("STIX", "DejaVu Serif"),
        ("okabe", "bright", "muted", "grey"),
        ("white",),
        ("box",),
        ("none", "none", "fine"),
        ("as written",),
        ("Source: own survey, {region}", "Data: own records", "Data: yearbook, {region}"),
        left=0.1,
        measured=("{name} [{unit}]", "{name} / {unit}"),
    ),
    House(  # a magazine's: coloured ground, loud titles
        "media music fashion culture tourism food drinks film gaming sport",
        ("DejaVu Sans Bold", "DejaVu Sans"),
        ("candy", "autumn", "earth", "set2"),
        ("paper", "mist", "navy", "night"),
        ("none", "base"),
        ("none", "plain"),
        ("capitals", "each word"),
        ("Source: weekly review, {region}", "Chart: our editors", "Source: own research"),
        left=0.7,
        measured=("{name} in {unit}",),
    ),
    House(  # what an office's spreadsheet makes
        "crime emergency charity education retail agriculture",
        ("DejaVu Sans",),
        ("tab10", "tableau", "dark2"),
        ("white", "grey"),
        ("corner", "base"),
        ("plain",),
        ("as written", "each word"),
        ("Source: annual report", "Source: own records", "Source: yearly returns, {region}"),
        left=0.1,
    ),
    House(  # instruments and dashboards
        "energy manufacturing mining transport logistics telecoms software",
        ("DejaVu Sans Mono", "DejaVu Sans"),
        ("bright", "dark2", "sea", "candy"),
        ("night", "black", "navy", "white"),
        ("box", "corner"),
        ("fine", "dashed"),
        ("as written", "capitals"),
        ("Source: daily log", "Data: data desk, {region}", "Source: internal report"),
    ),
)


def house_of(persona: Persona) -> House:
    """The house of a persona's trade."""
    field = persona.trade
    return next(house for house in HOUSES if field in house.fields.split())


def swayed(draws: Draws, favoured: Sequence[T], every: Sequence[T]) -> T:
    """One of the favoured, or of all there are."""
    return draws.choice(favoured if draws.chance(FAVOURED) else every)


def draw_notation(draws: Draws) -> Notation:
    """How numbers are written."""
    return Notation(
        group=draws.choice(GROUPS),
        short=draws.chance(0.35),
        money=draws.choice((MONEY[0], *MONEY)),
    )


def cased(text: str, case: str) -> str:
    """A title in its case; a long one keeps its own, as capitals take more room."""
    if case == "each word":
        return " ".join(word[:1].upper() + word[1:] for word in text.split(" "))
    return text.upper() if case == "capitals" and len(text) <= LOUD else text


LOUD = 36  # characters of a title in capitals
