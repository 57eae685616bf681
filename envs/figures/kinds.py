"""What figures of things and their relations share: names of packaged kinds, a measure, values of some spread."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache, lru_cache

from envs.address import Draws
from envs.data import Domain, Measure, domains, draw_domain
from envs.data.alike import in_order
from envs.data.domains import Kind
from envs.drawing.sheet import Unreadable
from envs.figures.counts import NARROW, RANKED
from envs.registry import Scene

SPARE = 2  # names of a kind that are left over


@dataclass(frozen=True, slots=True)
class Things:
    """Names of one kind, and some that are not shown."""

    noun: str
    nouns: str
    names: tuple[str, ...]
    spare: tuple[str, ...] = ()


def draw_things(
    draws: Draws, scene: Scene, counts: tuple[int, ...], longest: int, *, parts: bool = False
) -> tuple[tuple[Things, ...], Measure]:
    """So many names of as many different kinds of one domain, none longer than `longest`, and one of its measures.

    `parts` asks for a measure whose values add up.
    """
    # The test world has few domains: where none has so many short names, longer ones are taken.
    longest = next((n for n in range(longest, longest + 40) if _fits(scene.test, counts, n, parts)), longest)
    fits = _fits(scene.test, counts, longest, parts)
    if not fits:
        raise Unreadable(f"no domain has kinds with {counts} names")
    domain = draw_domain(draws, test=scene.test, persona=scene.style.persona, among=tuple(fits))
    found = []
    for count, which in zip(counts, draws.choice(fits[domain]), strict=True):
        kind = domain.kinds[which]
        order = in_order(draws, _names(kind, longest), count, longest, scene.level, kind.single)
        found.append(Things(kind.noun, kind.nouns, tuple(order[:count]), tuple(order[count:])))
    measure = draws.choice([m for m in domain.measures if m.parts or not parts])
    return tuple(found), replace(measure, unit=scene.style.notation.of(measure.unit))


@lru_cache(512)
def _fits(test: bool, counts: tuple[int, ...], longest: int, parts: bool) -> dict[Domain, tuple[tuple[int, ...], ...]]:
    """By domain which of its kinds can give so many names: one kind for each count, no kind twice."""
    found = {}
    for domain in domains(test):
        ways: list[tuple[int, ...]] = [()]
        for count in counts:
            room = [i for i, kind in enumerate(domain.kinds) if len(_names(kind, longest)) >= count + SPARE]
            ways = [(*way, i) for way in ways for i in room if i not in way]
        if ways and (not parts or any(measure.parts for measure in domain.measures)):
            found[domain] = tuple(ways)
    return found


@cache
def _names(kind: Kind, longest: int) -> tuple[str, ...]:
    """The names of a kind that can stand in a list, and beside a number, without a doubt."""
    return tuple(name for name in kind.short(longest) if " and " not in name and name.replace(" ", "").isalpha())


def draw_values(draws: Draws, measure: Measure, count: int, smallest: float, *, clear: float = 0.0) -> list[float]:
    """So many different values of a measure, none smaller than about the share `smallest` of the largest possible one.

    They are multiples of the last written digit, in random order, and stay within the measure's honest range where it
    has room for so many. The RANKED largest differ by the share `clear` of the larger.
    """
    digit = 10**measure.unit.decimals
    low, high = round(measure.low * digit), round(measure.high * digit)
    high = low + int((0.15 + 0.85 * draws.random()) * (high - low))
    high = max(high, int(4 * count / (1 - smallest)))  # room for different ones
    low = max(1, int(smallest * high))
    found: set[int] = set()
    while len(found) < count:
        found.add(draws.integers(low, high + 1))
    steps = sorted(found, reverse=True)
    for i in range(1, count):
        steps[i] = min(steps[i], int(steps[i - 1] * (1 - clear)) - 1 if i < RANKED else steps[i - 1] - 1)
    return [step / digit for step in draws.shuffled(steps)]


def titled(draws: Draws, scene: Scene, titles: list[str]) -> str:
    """One of the titles, or none: pictures narrower than NARROW get one only where it is asked about."""
    shown = min(scene.width, scene.height) >= NARROW and draws.chance(0.7)
    return draws.choice(titles) if shown or "title" in scene.needs else ""
