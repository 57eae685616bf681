"""What charts of points share: two or three measures of the things of one domain, related as drawn beforehand.

All is computed in a unit square by sums and products, and rounded to whole steps of the last written digit, so that
every machine has the same bits.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

from envs.address import Draws
from envs.data import Domain, Measure, domains, draw_domain
from envs.data.alike import in_order
from envs.data.domains import Kind
from envs.drawing.sheet import Box
from envs.figures.base import Style
from envs.figures.counts import NARROW, TOP
from envs.registry import Scene

SPARE = 2  # names of a kind left over, at least
LONGEST_TITLE = 48
CLEAR, NONE = 0.55, 0.03  # squared correlation: at least, for one that shows; at most, for none
FRAME, SMALL_FRAME = (0.72, 0.66), (0.6, 0.5)  # of the picture that its axes enclose, about; of a small one
LIFT = 0.28  # of the height between the lowest and the highest group
REDRAWS = 12  # whole sets, until one is related as meant
Place = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Row:
    """A thing with its values on the measures, in their written units. `name` is '' for one that stays nameless."""

    name: str
    group: int
    values: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Pairs:
    """Things of one kind with two or three measures each. `groups` are () or names of another kind."""

    noun: str
    nouns: str
    group_noun: str
    group_nouns: str
    groups: tuple[str, ...]
    measures: tuple[Measure, ...]
    rows: tuple[Row, ...]
    title: str


@lru_cache(512)
def _plans(
    test: bool, names: int, groups: int, longest: int, measures: int, widest: int
) -> dict[Domain, tuple[Kind, ...]]:
    """The kinds of each domain that points may stand for; domains with nothing left out. `widest`: characters of the
    name of a measure."""
    found = {}
    for domain in domains(test):
        if sum(len(measure.name) <= widest for measure in domain.measures) < measures:
            continue
        fit = [
            kind
            for kind in domain.kinds
            if len(kind.short(longest)) >= names + SPARE
            and (groups < 2 or any(other is not kind and len(other.short(longest)) >= groups for other in domain.kinds))
        ]
        if fit:
            found[domain] = tuple(fit)
    return found


def draw_pairs(
    draws: Draws,
    scene: Scene,
    places: list[Place],
    *,
    names: int = 0,
    groups: tuple[int, ...] = (),
    measures: int = 2,
    longest: int = 14,
    first: tuple[int, ...] = (),
    sizes: list[float] | None = None,
) -> Pairs:
    """Words and values for places in the unit square; a third measure is independent of both.

    `groups[i]` is that of the i-th place, `sizes[i]` its third value as a share of the largest. `names` of them are
    named, chosen by chance but for the `first`.
    """
    count = len(set(groups))
    letters = int(0.6 * min(scene.width, scene.height) / scene.style.width("n")) // 4 * 4  # few plans are kept
    plans = _plans(scene.test, names, count, longest, measures, letters) or _plans(
        scene.test, names, count, 20, measures, 99
    )
    domain = draw_domain(draws, test=scene.test, persona=scene.style.persona, among=tuple(plans))
    kind = draws.choice(plans[domain])
    fit = [m for m in domain.measures if len(m.name) <= letters]
    chosen = _noted(draws.sample(fit if len(fit) >= measures else domain.measures, measures), scene)
    fit_names = kind.short(longest) if len(kind.short(longest)) >= names else kind.names
    called = in_order(draws, fit_names, names, longest, scene.level, kind.single)[:names]
    other = next((k for k in domain.kinds if k is not kind and len(k.short(longest)) >= count), kind)
    count = count if count > 1 else 0  # of groups
    grouped = in_order(draws, other.short(longest), count, longest, scene.level, other.single)[:count]
    rest = draws.shuffled([i for i in range(len(places)) if i not in first])
    name_of = dict(zip([*first, *rest], called))
    windows = [_window(draws, measure) for measure in chosen]
    sizes = sizes or draw_sizes(draws, len(places))
    spots = [(*place, size) for place, size in zip(places, sizes)]
    rows = []
    for i, spot in enumerate(spots):
        values = tuple(
            _value(measure, u, *(window if axis < 2 else (0, window[1])))
            for axis, (measure, window, u) in enumerate(zip(chosen, windows, spot))
        )
        rows.append(Row(name_of.get(i, ""), groups[i] if groups else 0, values))
    return Pairs(
        kind.noun,
        kind.nouns,
        other.noun,
        other.nouns,
        tuple(grouped),
        tuple(chosen),
        tuple(rows),
        _title(draws, scene, domain, kind, chosen),
    )


def _noted(measures: list[Measure], scene: Scene) -> list[Measure]:
    """The measures as the scene's hand writes their numbers."""
    return [replace(measure, unit=scene.style.notation.of(measure.unit)) for measure in measures]


def draw_sizes(draws: Draws, count: int) -> list[float]:
    """Shares of the largest value, which stands out, as the smallest does; what shows as an area is at least a
    sixteenth of the largest, or its mark is too small to see."""
    return draws.shuffled([1.0, 0.06, *(draws.uniform(0.11, 0.74) for _ in range(count - 2))])


def _window(draws: Draws, measure: Measure) -> tuple[int, int]:
    """Lowest and highest step of the last digit that are used."""
    digit = 10**measure.unit.decimals
    low, high = round(measure.low * digit), round(measure.high * digit)
    top = low + int(draws.uniform(0.35, 1.0) * (high - low))
    bottom = low + int(draws.uniform(0.0, 0.5) * (top - low))
    return (bottom, top) if top - bottom >= 100 else (low, high)


def _value(measure: Measure, u: float, low: int, high: int) -> float:
    return (low + int(u * (high - low) + 0.5)) / 10.0**measure.unit.decimals


def _title(draws: Draws, scene: Scene, domain: Domain, kind: Kind, measures: list[Measure]) -> str:
    across, up = measures[0].name, measures[1].name
    phrases = [
        f"{_capital(up)} and {across} by {kind.noun}",
        f"{_capital(up)} against {across}",
        f"{_capital(kind.nouns)}: {up} against {across}",
        f"{domain.title}: {up} and {across}",
    ]
    fit = [phrase for phrase in phrases if len(phrase) <= LONGEST_TITLE] or [domain.title]
    titled = min(scene.width, scene.height) >= NARROW and draws.chance(0.7)
    return draws.choice(fit) if titled or "title" in scene.needs else ""


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]


# Where the points lie


@dataclass(frozen=True, slots=True)
class Shape:
    """How points are related: `sign` of the slope, `noise` as a share of the height, least distance in pixels, and
    whether the first lies far from the line of the others."""

    sign: int
    noise: float
    apart: float
    outlier: bool = False


def draw_places(draws: Draws, scene: Scene, shape: Shape, groups: tuple[int, ...]) -> list[Place]:
    """A place in the unit square for each point, related as `shape` says; groups lie higher or lower than others."""
    places: list[Place] = []
    for _ in range(REDRAWS):
        places = _places(draws, scene, shape, groups)
        clear = correlation(places[shape.outlier :])
        if clear <= NONE if shape.sign == 0 else clear >= CLEAR:
            break
    return places


def _places(draws: Draws, scene: Scene, shape: Shape, groups: tuple[int, ...]) -> list[Place]:
    count, kinds = len(groups), max(groups, default=0) + 1
    lifts = draws.shuffled([LIFT * k / max(1, kinds - 1) for k in range(kinds)]) if kinds > 1 else [0.0]
    room = 1.0 - max(lifts)
    order = draws.shuffled(range(count))
    share = FRAME if min(scene.width, scene.height) >= 300 else SMALL_FRAME
    wide, high = share[0] * scene.width, share[1] * scene.height
    places: list[Place] = []
    for i, group in enumerate(groups):
        for attempt in range(40):
            # Strata keep the points from crowding; what collides is drawn from anywhere.
            u = (order[i] + draws.random()) / count if attempt < 4 else draws.random()
            v = draws.random()
            if shape.sign:
                line = u if shape.sign > 0 else 1 - u
                v = (1 - shape.noise) * line + shape.noise * (draws.random() + draws.random()) / 2
            v = lifts[group] + room * v
            if shape.outlier and i == 0:
                u, v = _far(draws, shape.sign)
            near = (((u - a) * wide) ** 2 + ((v - b) * high) ** 2 for a, b in places)
            # In the end points may touch, but never lie on each other.
            if all(d >= (shape.apart if attempt < 30 else 0.75 * shape.apart) ** 2 for d in near):
                break
        places.append((u, v))
    return places


def _far(draws: Draws, sign: int) -> Place:
    """A corner that the line does not run through."""
    u, v = draws.uniform(0.08, 0.24), draws.uniform(0.78, 0.94)
    u, v = (u, v) if draws.chance(0.5) else (1 - u, 1 - v)
    return (u, v) if sign > 0 else (u, 1 - v)


def correlation(places: list[Place]) -> float:
    """Pearson's r, squared."""
    xx, yy, xy = moments(places)
    return xy * xy / (xx * yy) if xx * yy else 0.0


def moments(places: list[Place]) -> tuple[float, float, float]:
    """Sums of squares and of products about the means."""
    x = y = 0.0  # added up by hand: sum() of floats differs between Python 3.11 and 3.12
    for a, b in places:
        x, y = x + a, y + b
    x, y = x / len(places), y / len(places)
    xx = yy = xy = 0.0
    for a, b in places:
        xx, yy, xy = xx + (a - x) * (a - x), yy + (b - y) * (b - y), xy + (a - x) * (b - y)
    return xx, yy, xy


def split(draws: Draws, low: int, high: int, kinds: int) -> tuple[int, ...]:
    """From low to high points in so many groups, shuffled; no two groups have equally many."""
    if kinds == 1:
        return (0,) * draws.integers(low, high + 1)
    sizes: list[int] = []
    least, most = max(2, low // kinds), max(kinds + 3, high // kinds)
    sizes = draws.sample(range(least, max(most, least + kinds + 1) + 1), kinds)
    return tuple(draws.shuffled([group for group, size in enumerate(sizes) for _ in range(size)]))


def few(level: int, start: int, end: int) -> int:
    """A whole number that goes from `start` to `end` as the level goes from 0 to TOP."""
    return start + (end - start) * min(level, TOP) // TOP


# Surfaces


@dataclass(frozen=True, slots=True)
class Surface:
    """Two measures that span a plane, or three, and the ranges of the two axes. `kind`: things that may be counted."""

    kind: Kind
    measures: tuple[Measure, ...]
    ranges: tuple[tuple[float, float], tuple[float, float]]
    title: str

    def key(self, style: Style, cell: Box) -> str:
        """What stands along the bar of colours: the third measure as fully as there is room for, or what is counted."""
        if len(self.measures) < 3:
            return f"Number of {self.kind.nouns}"
        measure = self.measures[2]
        if cell[2] - cell[0] < 300:
            return _capital(measure.name)
        full = f"{_capital(measure.name)} ({measure.unit.beside})" if measure.unit.words else _capital(measure.name)
        return full if style.width(full) < 0.9 * (cell[3] - cell[1]) else _capital(measure.name)


def draw_surface(draws: Draws, scene: Scene, *, measures: int = 3) -> Surface:
    """Measures of one domain, and ranges for the first two."""
    letters = int(0.55 * min(scene.width, scene.height) / scene.style.width("n")) // 4 * 4
    plans = _plans(scene.test, 0, 0, 20, measures, letters)
    domain = draw_domain(draws, test=scene.test, persona=scene.style.persona, among=tuple(plans))
    kind = domain.kinds[0]
    chosen = _noted(draws.sample([m for m in domain.measures if len(m.name) <= letters], measures), scene)
    across, up, *third = chosen
    windows = [_window(draws, measure) for measure in chosen[:2]]
    (a, b), (c, d) = ((_value(m, 0.0, *w), _value(m, 1.0, *w)) for m, w in zip(chosen, windows))
    if min(scene.width, scene.height) < 300:  # no room for more than two numbers below the axis
        (a, b), (c, d) = _round_range(across, a, b), _round_range(up, c, d)
    over = f"{up.name} and {across.name}"
    phrases = [
        f"{_capital(third[0].name)} over {over}" if third else f"{_capital(kind.nouns)} by {over}",
        f"{domain.title}: {third[0].name}" if third else f"{domain.title}: {over}",
    ]
    fit = [phrase for phrase in phrases if len(phrase) <= LONGEST_TITLE] or [domain.title]
    titled = min(scene.width, scene.height) >= NARROW and draws.chance(0.7)
    title = draws.choice(fit) if titled or "title" in scene.needs else ""
    return Surface(kind, tuple(chosen), ((a, b), (c, d)), title)


def _round_range(measure: Measure, low: float, high: float) -> tuple[float, float]:
    """About the same range, from one round number to the next."""
    digit = 10.0**measure.unit.decimals
    first, last = round(low * digit), round(high * digit)
    step = max(d * int(10.0**power) for power in range(9) for d in (1, 2, 5) if d * 10.0**power <= max(1, last - first))
    start = -(-first // step) * step
    return start / digit, (start + step) / digit
