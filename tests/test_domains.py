"""Packaged domains keep their rules, and the tables drawn from them are plausible, distinct and give nothing away."""

from __future__ import annotations

import json
import re
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import envs.data
from envs.address import Draws, in_test
from envs.data import Domain, Grid, Measure, TimeUnit, domains, draw_domain, draw_grid, draw_persona, draw_times
from envs.data.domains import Kind
from envs.data.grids import LONGEST_SUBJECT, MOST_POSITIONS, ROOM, TOP
from envs.data.times import draw_span, time_forms

EVERY = domains()
UNITS: tuple[TimeUnit, ...] = get_args(TimeUnit)

seeds = st.integers(0, 2**40)
quick = settings(max_examples=80, deadline=None)
each_domain = pytest.mark.parametrize("domain", EVERY, ids=lambda domain: domain.title)


def packaged(name: str) -> Any:
    return json.loads(Path(envs.data.__file__).with_name(name).read_text(encoding="utf-8"))


# What is packaged


def test_there_are_many_domains_of_many_fields() -> None:
    assert len(EVERY) >= 64 and len({domain.title for domain in EVERY}) == len(EVERY)
    assert len({domain.field for domain in EVERY}) >= 25
    assert packaged("domains.json") and "".join(map(repr, EVERY)).isascii()


def test_the_two_worlds_share_no_domain_and_the_test_world_is_rich() -> None:
    train, test = domains(False), domains(True)
    assert {d.title for d in train}.isdisjoint(d.title for d in test) and len(train) + len(test) == len(EVERY)
    assert all(in_test(domain.title) for domain in test)
    assert len({domain.field for domain in test}) >= 4
    assert all(len(domain.kinds[0].names) >= 24 for domain in test)


@each_domain
def test_no_name_of_a_domain_can_be_taken_for_another(domain: Domain) -> None:
    assert len(domain.kinds) >= 2 and len({kind.noun for kind in domain.kinds}) == len(domain.kinds)
    for place, kind in enumerate(domain.kinds):
        assert kind.noun != kind.nouns and len(kind.noun) <= 16 and kind.noun not in UNITS
        assert len(kind.names) >= (8 if place else 16)
        assert 2 * len(kind.short(9)) > len(kind.names)
    names = [name for kind in domain.kinds for name in kind.names]
    assert len({name.casefold() for name in names}) == len(names)
    for name in names:
        assert re.fullmatch(r"[A-Z][A-Za-z]*( [A-Za-z]+)*", name) and len(name) <= 14
        inside = re.compile(rf"\b{name}\b", re.IGNORECASE)
        assert [other for other in names if inside.search(other)] == [name]


@each_domain
def test_measures_are_honest_and_fine_enough(domain: Domain) -> None:
    assert len(domain.measures) >= 3 and any(measure.parts for measure in domain.measures)
    assert len({measure.name for measure in domain.measures}) == len(domain.measures)
    for measure in domain.measures:
        unit = measure.unit
        assert re.fullmatch(r"[a-z]+( [a-z]+)*", measure.name) and len(measure.name) <= 24
        assert 0 < measure.low < measure.high and unit.decimals in (0, 1, 2)
        assert round(measure.high * 10**unit.decimals) - round(measure.low * 10**unit.decimals) >= ROOM * MOST_POSITIONS
        assert unit.prefix in ("", "$") and ("dollar" in unit.words) == (unit.prefix == "$")
        assert (unit.suffix, unit.scale) in {("", 1), ("%", 1), ("k", 1e3), ("M", 1e6)}
        assert ("thousand" in unit.words) == (unit.suffix == "k") and ("million" in unit.words) == (unit.suffix == "M")
        assert unit.percent == (unit.words == "percent") and not (
            unit.percent and (measure.parts or measure.high > 100)
        )


def test_most_measures_span_a_factor_of_four() -> None:
    wide = [measure.high >= 4 * measure.low for domain in EVERY for measure in domain.measures]
    assert sum(wide) > 0.9 * len(wide)


@each_domain
def test_every_domain_has_times_that_can_always_be_written_short(domain: Domain) -> None:
    assert domain.times and set(domain.times) <= set(UNITS)
    assert any(time_forms(unit, 24, 6) for unit in domain.times)


def test_every_field_is_favoured_by_someone_and_only_fields_are() -> None:
    people = packaged("personas.json")
    assert len(people["occupations"]) >= 60 and len(people["interests"]) >= 60
    assert len(set(people["regions"])) == len(people["regions"]) >= 40
    favoured = {field for part in ("occupations", "interests") for fields in people[part].values() for field in fields}
    assert favoured == {domain.field for domain in EVERY}


def test_a_persona_mostly_gets_a_domain_of_its_fields_and_not_always() -> None:
    hits = 0
    for seed in range(200):
        draws = Draws("persona", seed)
        persona = draw_persona(draws)
        hits += draw_domain(draws, test=False, persona=persona).field in persona.fields
    assert 120 < hits < 180


# Times


@quick
@given(seeds, st.sampled_from(UNITS), st.integers(1, 24), st.sampled_from([None, 6, 7, 8]))
def test_times_are_distinct_and_short_or_refused(seed: int, unit: TimeUnit, count: int, longest: int | None) -> None:
    if not time_forms(unit, count, longest):
        with pytest.raises(ValueError, match=f"consecutive {unit}s"):
            draw_times(Draws(seed), unit, count, longest)
        return
    shown, beside = draw_span(Draws(seed), unit, count, longest)
    assert shown == draw_times(Draws(seed), unit, count, longest)
    assert len(set(shown)) == len(shown) == count and set(shown).isdisjoint(beside)
    assert all(len(label) <= (longest or 8) for label in (*shown, *beside))


def test_times_are_consecutive() -> None:
    years = [int(year) for year in draw_times(Draws(1), "year", 12)]
    assert years == list(range(years[0], years[0] + 12))
    months = [draw_times(Draws(seed), "month", 5)[:2] for seed in range(40)]
    assert all(pair[1][:3] == "Feb" for pair in months if pair[0][:3] == "Jan")


# Tables

tables = {
    "seed": seeds,
    "test": st.booleans(),
    "series": st.integers(1, 6),
    "positions": st.integers(3, 24),
    "ordered": st.sampled_from([None, True, False]),
    "level": st.integers(0, 14),
    "longest": st.none() | st.integers(6, 14),
    "parts": st.booleans(),
}


def measure_of(grid: Grid) -> tuple[Domain, Measure]:
    domain = next(domain for domain in EVERY if domain.title == grid.domain)
    return domain, next(measure for measure in domain.measures if measure.name == grid.measure)


@settings(max_examples=250, deadline=None)
@given(**tables)
def test_any_table_is_distinct_in_names_and_values_and_within_its_range(seed: int, **wish: Any) -> None:
    grid = draw_grid(Draws(seed), **wish)
    assert grid == draw_grid(Draws(seed), **wish)
    domain, measure = measure_of(grid)
    assert in_test(grid.domain) == wish["test"]
    assert wish["ordered"] in (None, grid.ordered) and (grid.parts or not wish["parts"])
    assert (grid.unit, grid.parts) == (measure.unit, measure.parts)
    assert len(grid.positions) == wish["positions"] and len(grid.series) == wish["series"] == len(grid.values)
    for shown, absent in ((grid.positions, grid.absent), (grid.series, grid.absent_series)):
        assert len({*shown, *absent}) == len(shown) + len(absent)
        assert all(len(name) <= (wish["longest"] or 14) for name in (*shown, *absent))
        assert not any(re.search(rf"\b{name}\b", grid.subject) for name in absent)
    assert set(grid.positions).isdisjoint(grid.series)
    assert len(grid.subject) <= LONGEST_SUBJECT and grid.noun != grid.series_noun
    assert (grid.noun in domain.times) == grid.ordered
    for row in grid.values:
        assert len({grid.unit.write(value) for value in row}) == len(row) == len(grid.positions)
        assert all(measure.low <= value <= measure.high for value in row)
        assert all(value == float(f"{value:.{grid.unit.decimals}f}") for value in row)


@quick
@given(seeds, st.booleans(), st.integers(1, 6), st.integers(3, 20))
def test_a_table_of_names_leaves_names_to_ask_about_in_vain(seed: int, test: bool, series: int, positions: int) -> None:
    assert draw_grid(Draws(seed), test=test, series=series, positions=positions, ordered=False, level=3).absent


@pytest.mark.parametrize("wish", [{"positions": 41}, {"positions": 0}, {"series": 0}, {"longest": 2}, {"series": 60}])
def test_what_no_domain_can_give_is_refused_with_the_mend(wish: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="ask for fewer"):
        draw_grid(Draws(1), **({"test": False, "series": 2, "positions": 5, "level": 1} | wish))


def test_no_name_and_no_place_is_the_top_one_too_often() -> None:
    tops: dict[str, Counter[str]] = {}
    places: Counter[int] = Counter()
    for seed in range(3000):  # some 300 a domain: fewer, and chance alone gives one name in ten its 15 %
        grid = draw_grid(Draws("top", seed), test=True, series=1, positions=6, ordered=False, level=seed % 13)
        top = grid.values[0].index(max(grid.values[0]))
        places[top] += 1
        tops.setdefault(grid.domain, Counter())[grid.positions[top]] += 1
    assert max(places.values()) < 0.2 * 3000
    assert len(tops) == len(domains(True))
    for counts in tops.values():
        assert max(counts.values()) <= 0.15 * counts.total()


def closeness(level: int) -> tuple[float, float]:
    """Over tables of names: the mean smallest gap, and the share of gaps below 5 %, as shares of the range."""
    smallest, close = [], []
    for seed in range(120):
        row = sorted(
            draw_grid(Draws("gap", seed), test=False, series=1, positions=7, ordered=False, level=level).values[0]
        )
        gaps = [(b - a) / (row[-1] - row[0]) for a, b in pairwise(row)]
        smallest.append(min(gaps))
        close += [gap < 0.05 for gap in gaps]
    return sum(smallest) / len(smallest), sum(close) / len(close)


def test_values_draw_closer_by_small_steps_up_to_the_top_level() -> None:
    smallest, close = zip(*(closeness(level) for level in range(TOP + 3)))
    assert smallest[0] > 0.1 and close[0] == 0
    assert 0.015 < smallest[10] < 0.04 and close[10] > 0.3
    assert all(-0.005 < a - b < 0.03 for a, b in pairwise(smallest))
    assert smallest[TOP] == smallest[TOP + 1] == smallest[TOP + 2]


def test_magnitudes_vary_from_table_to_table() -> None:
    tops = []
    for seed in range(300):
        grid = draw_grid(Draws("magnitude", seed), test=False, series=1, positions=5, level=4)
        measure = measure_of(grid)[1]
        tops.append((max(grid.values[0]) - measure.low) / (measure.high - measure.low))
    tops.sort()
    assert tops[30] < 0.36 and 0.4 < tops[150] < 0.7 and tops[270] > 0.8


def test_times_have_courses_that_names_have_not() -> None:
    """Neighbours in time are closer than neighbours in a list of names, whose order is chance."""

    def unrest(ordered: bool) -> float:
        total = 0.0
        for seed in range(150):
            grid = draw_grid(Draws("course", seed), test=False, series=1, positions=9, ordered=ordered, level=2)
            row = grid.values[0]
            total += sum(abs(b - a) for a, b in pairwise(row)) / (max(row) - min(row))
        return total / 150

    assert unrest(True) < 0.75 * unrest(False)


def test_short_names_are_those_that_fit() -> None:
    kind = Kind("city", "cities", ("Oslo", "Helsinki"))
    assert kind.short(None) == kind.names and kind.short(4) == ("Oslo",)
