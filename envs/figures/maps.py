"""Countries as grids of tiles: the states of one real country, and invented ones that grow by chance."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from envs.address import Draws
from envs.numerals import Unit

# The tile grid of the United States that newsrooms use (National Public Radio, 2015), a row a line.
STATES = """
AK .. .. .. .. .. .. .. .. .. .. ME
.. .. .. .. .. .. WI .. .. .. VT NH
.. WA ID MT ND MN IL MI .. NY MA ..
.. OR NV WY SD IA IN OH PA NJ CT RI
.. CA UT CO NE MO KY WV VA MD DE ..
.. .. AZ NM KS AR TN NC SC DC .. ..
.. .. .. .. OK LA MS AL GA .. .. ..
.. HI .. .. TX .. .. .. .. FL .. ..
"""
NOUNS = (
    ("province", "provinces"),
    ("district", "districts"),
    ("canton", "cantons"),
    ("county", "counties"),
    ("region", "regions"),
)
COUNTRIES = (
    "Norland",
    "Veridia",
    "Ostmark",
    "Calabara",
    "Meridia",
    "Tavoria",
    "Lunden",
    "Arkady",
    "Solvania",
    "Kestria",
)
PERCENT = Unit(0, "percent", suffix="%")
# What is measured, its unit, and the range of honest values.
MEASURES: tuple[tuple[str, Unit, float, float], ...] = (
    ("forest cover", PERCENT, 2, 92),
    ("voter turnout", PERCENT, 20, 90),
    ("unemployment rate", Unit(1, "percent", suffix="%"), 1.2, 18.0),
    ("internet access", PERCENT, 30, 98),
    ("population density", Unit(0, "people per square kilometre"), 3, 480),
    ("yearly rainfall", Unit(0, "millimetres"), 90, 1900),
    ("life expectancy", Unit(1, "years"), 58.0, 86.0),
    ("household income", Unit(0, "thousand dollars", "$", "k", 1e3), 12, 95),
    ("hospital count", Unit(), 2, 160),
    ("bus ridership", Unit(1, "million trips", "", "M", 1e6), 0.4, 60.0),
    ("solar share of power", PERCENT, 1, 70),
    ("school count", Unit(), 8, 420),
)
ADD = frozenset({"hospital count", "bus ridership", "school count"})  # measures whose values make a sum
Place = tuple[int, int]  # column and row, from the top left


@dataclass(frozen=True, slots=True)
class Map:
    """Regions by their codes at their places, what a region is called, plausible codes that the map does not have, the
    name of the country, and what is measured there: name, unit, lowest and highest value."""

    codes: tuple[str, ...]
    places: tuple[Place, ...]
    noun: str
    nouns: str
    absent: tuple[str, ...]
    where: str
    measure: tuple[str, Unit, float, float]


def draw_map(draws: Draws, count: int, most_columns: int, most_rows: int, *, sums: bool = False) -> Map:
    """A connected part of a country with so many regions, no wider and no higher than asked, in reading order; with
    `sums`, of a measure whose values add up."""
    real = draws.chance(0.5)
    allowed = frozenset(states()) if real else None
    chosen = _grown(draws, count, min(most_columns, 12), min(most_rows, 8), allowed)
    left, top = (min(place[k] for place in chosen) for k in (0, 1))
    places = tuple(sorted(((x - left, y - top) for x, y in chosen), key=lambda place: place[::-1]))
    if real:
        codes = tuple(states()[x + left, y + top] for x, y in places)
        absent = tuple(code for code in draws.shuffled(tuple(states().values())) if code not in codes)
        noun, where = ("state", "states"), "the United States"
    else:
        names = draws.sample(_codes(), count + 20)
        codes, absent = tuple(names[:count]), tuple(names[count:])
        noun, where = draws.choice(NOUNS), draws.choice(COUNTRIES)
    measures = [measure for measure in MEASURES if not sums or measure[0] in ADD]
    return Map(codes, places, *noun, absent, where, draws.choice(measures))


def _grown(draws: Draws, count: int, columns: int, rows: int, allowed: frozenset[Place] | None) -> set[Place]:
    """So many tiles that hang together inside a window, grown from a chance one by chance neighbours."""
    while True:
        free = sorted(allowed) if allowed else [(x, y) for x in range(columns) for y in range(rows)]
        grown = {draws.choice(free)}
        while len(grown) < count:
            edge = set()
            for x, y in grown:
                edge |= {(x + 1, y), (x - 1, y), (x, y + 1), (x, y - 1)}
            fit = [place for place in sorted(edge - grown) if place in free and _inside(grown, place, columns, rows)]
            if not fit:
                break  # a peninsula: begin elsewhere
            # A place with more neighbours is likelier, so that the country is no snake.
            weighed = [place for place in fit for _ in range(_neighbours(grown, place) ** 2)]
            grown.add(draws.choice(weighed))
        else:
            return grown


def _inside(grown: set[Place], place: Place, columns: int, rows: int) -> bool:
    """Whether the country stays within so many columns and rows with this place."""
    across, down = ([place[k], *(p[k] for p in grown)] for k in (0, 1))
    return max(across) - min(across) < columns and max(down) - min(down) < rows


def _neighbours(grown: set[Place], place: Place) -> int:
    x, y = place
    return len(grown & {(x + 1, y), (x - 1, y), (x, y + 1), (x, y - 1)})


@cache
def states() -> dict[Place, str]:
    """The codes of the states by place."""
    rows = [line.split() for line in STATES.strip().splitlines()]
    return {(x, y): code for y, row in enumerate(rows) for x, code in enumerate(row) if code != ".."}


@cache
def _codes() -> tuple[str, ...]:
    """Two-letter codes for invented regions; I, O and Q are left out, as they look like others."""
    return tuple(a + b for a in "ABCDEFGHJKLMNPRSTVWZ" for b in "ABCDEFGHKLMNPRSTUVXYZ")
