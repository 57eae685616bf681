"""What charts of samples share: what was observed, drawn from the packaged domains, and numbers drawn with a target.

Whatever enters data is computed in whole steps of the last written digit, with + - * / alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from envs.address import Draws
from envs.data import Domain, Measure, Spoken, TimeUnit, domains, draw_spoken
from envs.data.alike import in_order
from envs.figures.base import Words
from envs.figures.counts import NARROW
from envs.numerals import Unit
from envs.registry import Scene

OF_TEXT = 0.15  # of samples that may be counted are the lengths of sentences
STEPS = 90  # of the last digit: the range of a measure has at least so many
OFTEN: dict[TimeUnit, str] = {
    "year": "yearly",
    "quarter": "quarterly",
    "month": "monthly",
    "week": "weekly",
    "day": "daily",
    "hour": "hourly",
}

BARE = ("trip", "visit", "stay", "basket")  # the average of these is a number, they are not
RARE: tuple[TimeUnit, ...] = ("year", "quarter")  # who has a hundred years of data


@dataclass(frozen=True, slots=True)
class Told:
    """What samples are of. `names` are the groups, `observed` what each value stands for ("weeks"); `low` and `high`
    bound the honest values, in steps of the last digit of the unit. `title` is '' where none is written."""

    names: tuple[str, ...]
    words: Words
    observed: str
    low: int
    high: int
    title: str
    absent: tuple[str, ...]
    spoken: Spoken | None = None  # where sentences are measured: the text that is written to have their lengths

    @property
    def digit(self) -> int:
        """Steps of one unit."""
        return int(10**self.words.unit.decimals)


def tell_samples(
    draws: Draws, scene: Scene, groups: int, *, longest: int | None = None, bare: bool = False, counted: bool = False
) -> Told:
    """Groups of a domain at random; `bare` asks for a unit that is neither scaled nor a percentage. With `counted` they
    may be passages of a text, which is written to have what is `placed`."""
    if counted and draws.chance(OF_TEXT):
        spoken = draw_spoken(draws, test=scene.test, groups=groups, longest=longest)
        if spoken:
            return _of_text(draws, scene, spoken)
    domain = draws.choice(_domains(scene.test, groups, longest, bare))
    kind = draws.choice([kind for kind in domain.kinds if len(kind.short(longest)) >= groups + 2])
    measure = draws.choice([measure for measure in domain.measures if _fits(measure, bare)])
    names = in_order(draws, kind.short(longest), groups, longest, scene.level, kind.single)
    time = draws.choice([time for time in domain.times if time not in RARE] or domain.times)
    own = measure.name.removeprefix("average ").removeprefix("mean ")
    own = measure.name if own in BARE else own
    name = own if set(own.split()) & set(OFTEN.values()) else f"{OFTEN[time]} {own}"
    digit = 10**measure.unit.decimals
    titles = [f"{name} by {kind.noun}", f"{domain.title}: {name}", f"Spread of {name} by {kind.noun}"]
    if groups == 1:
        titles = [f"{names[0]}: {name}", f"Distribution of {name}, {names[0]}", f"{name} of {names[0]}"]
    title = _title(draws, scene, titles, name)
    return Told(
        tuple(names[:groups]),
        Words(kind.noun, kind.nouns, name, scene.style.notation.of(measure.unit)),
        time + "s",
        round(measure.low * digit),
        round(measure.high * digit),
        title,
        tuple(names[groups:]),
    )


def _of_text(draws: Draws, scene: Scene, spoken: Spoken) -> Told:
    """The sentence lengths of passages."""
    passages, name = spoken.passages, "sentence length"
    titles = [f"{name} by {passages.noun}", f"{spoken.about}: {name} by {passages.noun}", f"{spoken.of} per sentence"]
    words = Words(passages.noun, passages.nouns, name, Unit(words=spoken.of))
    title = _title(draws, scene, titles, name)
    return Told(passages.shown, words, "sentences", *spoken.reach, title, passages.rest, spoken)


def _title(draws: Draws, scene: Scene, titles: list[str], name: str) -> str:
    """One of the titles that are short enough, or the bare name; '' where none is written."""
    title = draws.choice([title for title in titles if len(title) <= 48] or [name])
    titled = (min(scene.width, scene.height) >= NARROW and draws.chance(0.75)) or "title" in scene.needs
    return title[0].upper() + title[1:] if titled else ""


def value_title(draws: Draws, scene: Scene, told: Told, room: float) -> str:
    """The title of the axis of values, with its unit where that fits in so many pixels; '' where none is written."""
    measure, unit = told.words.measure.capitalize(), told.words.unit.beside
    wanted = draws.chance(0.8) or not told.title
    titles = [scene.style.united(measure, unit), measure] if unit and draws.chance(0.5) else [measure]
    titles = [title for title in titles if scene.style.width(title) <= room]
    if "axes" in scene.needs:
        return (titles or [measure])[0]
    return titles[0] if titles and wanted and min(scene.width, scene.height) >= NARROW else ""


@lru_cache(256)
def _domains(test: bool, groups: int, longest: int | None, bare: bool) -> tuple[Domain, ...]:
    """Those with names and measures that fit."""
    found = []
    for domain in domains(test):
        kinds = [kind for kind in domain.kinds if len(kind.short(longest)) >= groups + 2]
        measures = [measure for measure in domain.measures if _fits(measure, bare)]
        often = groups > 1 or set(domain.times) - set(RARE)  # one group has many values
        if kinds and measures and often:
            found.append(replace(domain, kinds=tuple(kinds)))
    return tuple(found)


def _fits(measure: Measure, bare: bool) -> bool:
    """What lasts for weeks is no daily observation."""
    steps = (measure.high - measure.low) * 10**measure.unit.decimals
    lasting = any(time in measure.unit.words for time in OFTEN if time != "hour")
    return steps >= STEPS and not lasting and not (bare and measure.unit.suffix)


def ladder(draws: Draws, count: int, low: float, high: float, gap: float, lead: float = 0.0) -> list[float]:
    """So many values in [low, high), in random order, each at least `gap` from the next and the largest `lead` from the
    second; gaps shrink where there is no room."""
    needed = gap * (count - 2) + max(gap, lead) if count > 1 else 0.0
    shrink = min(1.0, 0.9 * (high - low) / needed) if needed else 1.0
    spare = high - low - needed * shrink
    rungs = sorted(draws.uniform(0.0, spare) for _ in range(count))
    values = [low + rung + shrink * gap * i for i, rung in enumerate(rungs)]
    if count > 1:
        values[-1] += shrink * (max(gap, lead) - gap)
    return draws.shuffled(values)


def whole(value: float) -> int:
    """The nearest whole number."""
    return int(value + 0.5) if value >= 0 else -int(0.5 - value)


def placed(draws: Draws, samples: Sequence[Sequence[float]], told: Told) -> list[list[int]]:
    """Samples in any unit moved and stretched into the honest range, in steps of the last digit. Of sentences they are
    the five numbers of a group and its outliers, and what was counted in a text that was written to have them."""
    lowest, highest = min(min(s) for s in samples), max(max(s) for s in samples)
    room = told.high - told.low
    stretch = draws.uniform(0.5, 0.95) * room / (highest - lowest)
    start = told.low + draws.uniform(0.0, room - stretch * (highest - lowest))
    found = [[whole(start + stretch * (value - lowest)) for value in sample] for sample in samples]
    return told.spoken(found) if told.spoken else found


def axis_range(draws: Draws, lowest: float, highest: float) -> tuple[float, float]:
    """From below the lowest to above the highest value; from 0 where that is not far."""
    pad = 0.05 * (highest - lowest)
    if lowest < 0.35 * highest and (lowest < 2 * pad or draws.chance(0.5)):
        return 0.0, highest + pad
    return lowest - pad, highest + pad
