"""Plausible tables: series x positions, with the words to speak of them, drawn from the packaged domains.

    grid = draw_grid(Draws("my key"), test=False, series=2, positions=5, level=3)
    grid.subject                "Export volume by country and bean"
    grid.values[i][j]           series i at position j, as it is written: a multiple of 10**-decimals

Values come first and nothing about them follows from a name. Each series is a *ladder* of distinct values, from lowest
to highest, whose rungs lie the closer together the higher the level; chance hands them to the positions, or where
positions are times the course of the series does: its highest point gets the highest rung. All is computed in whole
steps of the last written digit, and divided once at the end, so that every machine has the same bits.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from envs.address import Draws
from envs.data.alike import in_order
from envs.data.domains import Domain, Kind, Measure, Persona, domains, draw_domain, draw_persona
from envs.data.times import DATED, TimeUnit, draw_span, time_forms
from envs.numerals import Unit

TOP = 12  # above this level nothing changes
MOST_POSITIONS = 40
SPARE = 2  # names of a kind that are left over for `absent`, at least
LONGEST_SUBJECT = 48
ROOM = 4  # steps of the last written digit that a series has for each of its positions, at least

Axis = Kind | TimeUnit
Rows = tuple[tuple[float, ...], ...]


@dataclass(frozen=True, slots=True)
class Grid:
    """A table to chart. `values[i][j]` is that of series i at position j, in the written unit.

    Within one series no two values are equal as written; values of different series may be. `ordered`: positions are
    consecutive times; otherwise their order is chance. `parts` and `stock`: see Measure; `adds`: any of the values
    add up to a meaningful total. `absent` and
    `absent_series` are plausible names that the table does not have, in random order, and that the subject does not
    name: for times those just before and after, none where a whole cycle such as a week is shown. `most` is an
    adjective for the position with the largest value ("longest"), or "". A table that was counted from a text can be
    counted again, by `recount`, from one that was made to have other values (envs.data.counted).
    """

    domain: str
    persona: Persona
    subject: str
    noun: str
    nouns: str
    series_noun: str
    series_nouns: str
    measure: str
    unit: Unit
    parts: bool
    stock: bool
    positions: tuple[str, ...]
    series: tuple[str, ...]
    values: Rows
    ordered: bool
    absent: tuple[str, ...]
    absent_series: tuple[str, ...]
    most: str = ""
    recount: Callable[[Rows], Rows] | None = None

    @property
    def adds(self) -> bool:
        return self.parts and not (self.stock and (self.ordered or self.series_noun == "year"))


def draw_grid(
    draws: Draws,
    *,
    test: bool,
    series: int,
    positions: int,
    ordered: bool | None = None,
    level: int,
    longest: int | None = None,
    parts: bool = False,
    sums: bool = False,
    dated: bool = False,
    persona: Persona | None = None,
) -> Grid:
    """A table of that world. `longest` bounds the characters of names and times; `parts` asks for values that add up
    over things, `sums` for such as do over times too, `dated` for times that are dates; `persona` is who makes it, or
    anybody.

    `ordered` None leaves it to chance. ValueError if no domain has so many names.
    """
    persona = persona or draw_persona(draws)
    wish = draws.chance(0.5) if ordered is None else ordered
    for choice in (wish, not wish) if ordered is None else (wish,):
        if plans := _plans(test, series, positions, choice, longest, parts, sums, dated):
            break
    else:
        limit = "" if longest is None else f" of at most {longest} characters"
        kind = {None: "table", True: "table over time", False: "table of names"}[ordered]
        raise ValueError(
            f"no domain has a {kind} of {series} series x {positions} positions with names{limit}: ask for fewer, from "
            f"1 x 1 to at most {MOST_POSITIONS} positions, or for longer names"
        )
    domain = draw_domain(draws, test=test, persona=persona, among=tuple(plans))
    across, along = draws.choice(plans[domain])
    measure = draws.choice([measure for measure in domain.measures if measure.fits(parts, sums)])
    shown, absent = _names(draws, across, positions, longest, level, dated)
    lines, absent_series = _names(draws, along, series, longest, level)
    noun, nouns = _nouns(across)
    series_noun, series_nouns = _nouns(along)
    subject = _subject(draws, domain, measure, noun, series_noun, lines, not isinstance(along, Kind), level)
    return Grid(
        domain=domain.title,
        persona=persona,
        subject=subject,
        noun=noun,
        nouns=nouns,
        series_noun=series_noun,
        series_nouns=series_nouns,
        measure=measure.name,
        unit=measure.unit,
        parts=measure.parts,
        stock=measure.stock,
        positions=shown,
        series=lines,
        values=draw_values(draws, measure, across, series, positions, level),
        ordered=not isinstance(across, Kind),
        absent=unnamed(absent, subject),
        absent_series=unnamed(absent_series, subject),
    )


def draw_measure(draws: Draws, grid: Grid, *, test: bool, level: int) -> Grid:
    """The same positions by another measure of the table's domain: a table of one series, named after nothing."""
    domain, across = _origin(grid, test)
    measure = draws.choice([measure for measure in domain.measures if measure.name != grid.measure])
    values = draw_values(draws, measure, across, 1, len(grid.positions), level)
    words = {"measure": measure.name, "unit": measure.unit, "parts": measure.parts, "stock": measure.stock}
    return replace(grid, series=grid.series[:1], values=values, **words)  # type: ignore[arg-type]


def draw_alike(
    draws: Draws, grid: Grid, count: int, *, test: bool, level: int, longest: int | None = None
) -> tuple[str, dict[str, Grid]]:
    """So many tables of the same series, positions and measure, by a name of what the table leaves out: years or a kind
    of its domain, also that of a single series. What sort of names these are, too; no tables where nothing is left out
    that has so many."""
    domain, across = _origin(grid, test)
    taken = {grid.noun, grid.series_noun} if len(grid.series) > 1 else {grid.noun}
    axes: list[Axis] = [kind for kind in domain.kinds if kind.noun not in taken and len(kind.short(longest)) >= count]
    if not taken & set(domain.times) and "year" in domain.times and time_forms("year", count, longest):
        axes.append("year")
    if not axes:
        return "", {}
    along = draws.choice(axes)
    measure = next(measure for measure in domain.measures if measure.name == grid.measure)
    size = len(grid.series), len(grid.positions)
    names, _ = _names(draws, along, count, longest, level)
    return _nouns(along)[0], {
        name: replace(grid, values=draw_values(draws, measure, across, *size, level)) for name in names
    }


def _origin(grid: Grid, test: bool) -> tuple[Domain, Axis]:
    """The domain of a table, and what its positions are."""
    domain = next(domain for domain in domains(test) if domain.title == grid.domain)
    kinds: list[Axis] = [kind for kind in domain.kinds if kind.noun == grid.noun]
    return domain, kinds[0] if kinds else next(unit for unit in domain.times if unit == grid.noun)


# Names


@lru_cache(maxsize=1024)  # a family asks for the same few again and again
def _plans(
    test: bool, series: int, positions: int, ordered: bool, longest: int | None, parts: bool, sums: bool, dated: bool
) -> dict[Domain, tuple[tuple[Axis, Axis], ...]]:
    """By domain what can stand (across the positions, along the series) of such a table; domains with nothing left out.

    Series of a table of names are another kind, or years.
    """
    found: dict[Domain, tuple[tuple[Axis, Axis], ...]] = {}
    if series < 1 or not 1 <= positions <= MOST_POSITIONS:
        return found
    for domain in domains(test):
        if not any(measure.fits(parts, sums) for measure in domain.measures):
            continue
        rows = [kind for kind in domain.kinds if len(kind.short(longest)) >= series]
        pairs: list[tuple[Axis, Axis]] = []
        if ordered:
            units = [unit for unit in domain.times if unit in DATED or not dated]
            times = [unit for unit in units if time_forms(unit, positions, longest)]
            pairs = [(unit, row) for unit in times for row in rows]
        else:
            wide = [kind for kind in domain.kinds if len(kind.short(longest)) >= positions + SPARE]
            pairs = [(kind, row) for kind in wide for row in rows if row is not kind]
            if series > 1 and "year" in domain.times and time_forms("year", series, longest):
                pairs += [(kind, "year") for kind in wide]
        if pairs:
            found[domain] = tuple(pairs)
    return found


def _names(
    draws: Draws, axis: Axis, count: int, longest: int | None, level: int, dated: bool = False
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """So many names of the axis, and plausible ones that are not among them."""
    if isinstance(axis, Kind):
        order = in_order(draws, axis.short(longest), count, longest, level, axis.single)
        return tuple(order[:count]), tuple(order[count:])
    shown, beside = draw_span(draws, axis, count, longest, dated=dated, level=level)
    return shown, tuple(draws.shuffled(beside))


def _nouns(axis: Axis) -> tuple[str, str]:
    return (axis.noun, axis.nouns) if isinstance(axis, Kind) else (axis, axis + "s")


def _subject(
    draws: Draws,
    domain: Domain,
    measure: Measure,
    noun: str,
    series_noun: str,
    lines: Sequence[str],
    dated: bool,
    level: int,
) -> str:
    """What the table is about, as a title would say it, in at most LONGEST_SUBJECT characters."""
    what = measure.name[0].upper() + measure.name[1:]
    plain = f"{what} by {noun}"
    phrases = [f"{domain.title}: {measure.name} by {noun}"]
    if len(lines) == 1:  # the title is where the name of a single series is seen
        phrases = [f"{what} of {lines[0]} by {noun}", f"{lines[0]}: {measure.name} by {noun}", f"{plain}, {lines[0]}"]
    elif dated:
        phrases += [f"{plain}, {lines[0]} to {lines[-1]}", f"{plain} and {series_noun}"]
    else:
        phrases += [f"{plain} and {series_noun}", f"{what} of {len(lines)} {_plural(domain, series_noun)} by {noun}"]
    return _by_length(draws, [phrase for phrase in phrases if len(phrase) <= LONGEST_SUBJECT] or [plain], level)


def _by_length(draws: Draws, texts: Sequence[str], level: int) -> str:
    """One of the texts: of the shorter half at level 0, of the longer half at TOP."""
    order = sorted(texts, key=lambda text: (len(text), text))
    half = (len(order) + 1) // 2
    first = (len(order) - half) * min(level, TOP) // TOP
    return draws.choice(order[first : first + half])


def _plural(domain: Domain, noun: str) -> str:
    return next(kind.nouns for kind in domain.kinds if kind.noun == noun)


def unnamed(names: Sequence[str], subject: str) -> tuple[str, ...]:
    """The names that do not stand in the subject."""
    said = _spaced(subject)
    return tuple(name for name in names if _spaced(name) not in said)


@lru_cache(8192)  # the names of the domains come again and again
def _spaced(text: str) -> str:
    """The words of a text, each between spaces, so that whole words can be looked for."""
    return f" {re.sub(r'[^a-z0-9]+', ' ', text.casefold()).strip()} "


# Values, in steps of the last written digit


def draw_values(draws: Draws, measure: Measure, across: Axis, series: int, positions: int, level: int) -> Rows:
    """Values of all series, from one drawn part of the honest range of the measure."""
    level = min(level, TOP)
    low, high = _window(draws, measure, positions, level)
    digit = 10**measure.unit.decimals
    rows = []
    for _ in range(series):
        # Series of one table overlap but need not be alike: each has its own share of the window.
        bottom, top = low, high
        if series > 1:
            bottom += int(draws.uniform(0, 0.25) * (high - low))
            top -= int(draws.uniform(0, 0.25) * (high - low))
        if top - bottom < ROOM * positions:
            bottom, top = low, high
        rungs = _ladder(draws, positions, bottom, top, level)
        steps = (
            draws.shuffled(rungs)
            if isinstance(across, Kind)
            else _laid(rungs, _course(draws, across, positions, level))
        )
        rows.append(tuple(step / digit for step in steps))
    return tuple(rows)


def _window(draws: Draws, measure: Measure, positions: int, level: int) -> tuple[int, int]:
    """Lowest and highest step that a table may use.

    Half of all tables prefer the lower end, where things differ in magnitude and not only in size. The higher the
    level, the narrower the window may be.
    """
    digit = 10**measure.unit.decimals
    lowest, highest = round(measure.low * digit), round(measure.high * digit)
    reach = draws.random() * (draws.random() if draws.chance(0.5) else 1.0)
    top = lowest + int((0.25 + 0.75 * reach) * (highest - lowest))
    depth = draws.uniform(0.7 - 0.025 * level, 0.95)
    bottom = top - int(depth * (top - lowest))
    bottom = max(lowest, min(bottom, top - ROOM * positions))
    return bottom, min(highest, max(top, bottom + ROOM * positions))


def _ladder(draws: Draws, count: int, low: int, high: int, level: int) -> list[int]:
    """So many distinct steps from lowest to highest, the first `low` and the last `high`.

    At level 0 they are about evenly spaced. With each level a gap is more often a tight one, and tight ones shrink:
    at level 10 to 2-4 % of the range.
    """
    if count == 1:
        return [draws.integers(low, high + 1)]
    even = 1 / (count - 1)
    never_tight = draws.integers(0, count - 1)  # takes what the tight ones leave
    gaps: list[tuple[float, float]] = []  # share of the range of a tight gap, weight of a loose one
    left, weights = 1.0, 0.0  # added up by hand: sum() of floats differs between Python 3.11 and 3.12
    for i in range(count - 1):
        if i != never_tight and draws.chance(0.05 * level):
            gaps.append((min(0.8 * even, draws.uniform(0.02, 0.04) * (1 + 0.2 * (10 - level))), 0.0))
        else:
            gaps.append((0.0, draws.uniform(0.7, 1.3)))
        left -= gaps[-1][0]
        weights += gaps[-1][1]
    rungs, height = [low], 0.0
    for share, weight in gaps:
        height += share + left * weight / weights
        rungs.append(low + int(height * (high - low) + 0.5))
    # Rounding may have made two equal: push up what is not above the one before it, then back what left the window.
    for i in range(1, count):
        rungs[i] = max(rungs[i], rungs[i - 1] + 1)
    rungs[-1] = high
    for i in range(count - 2, -1, -1):
        rungs[i] = min(rungs[i], rungs[i + 1] - 1)
    return rungs


def _course(draws: Draws, unit: TimeUnit, count: int, level: int) -> list[float]:
    """How a series runs through time, as heights of which only the order matters: a shape, a season and noise."""
    shape = draws.choice(("up", "down", "peak", "dip", "flat"))
    turn = draws.uniform(0.2, 0.8)
    period = {"quarter": 4, "month": 12, "day": 7, "hour": 24}.get(unit, 0)
    season = draws.uniform(0.3, 1.0) if period and count > period // 2 and draws.chance(0.6) else 0.0
    phase = draws.integers(0, period) if period else 0
    noise = draws.uniform(0.1, 0.3 + 0.05 * level)
    heights = []
    for j in range(count):
        x = j / max(1, count - 1)
        slope = {"up": x, "down": -x, "peak": -abs(x - turn) * 2, "dip": abs(x - turn) * 2, "flat": 0.0}[shape]
        wave = abs((j + phase) % period / period - 0.5) * 2 if period else 0.0
        heights.append(slope + season * wave + noise * draws.random())
    return heights


def _laid(rungs: Sequence[int], heights: Sequence[float]) -> list[int]:
    """The rungs in the order of the heights: the highest one where the height is largest."""
    steps = [0] * len(rungs)
    for rung, j in zip(rungs, sorted(range(len(heights)), key=lambda j: (heights[j], j))):
        steps[j] = rung
    return steps
