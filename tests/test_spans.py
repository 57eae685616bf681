"""Bars over time: each question has a second answer here, from what the reader saw; and what adds up is told apart."""

from __future__ import annotations

import re
from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from envs import Address, cells
from envs.address import Draws
from envs.data import domains, draw_grid
from envs.data.times import _DATED, draw_times, iso
from envs.problem import draw, word
from envs.readers import read
from envs.readers.tape import record
from envs.registry import QUESTIONS
from envs.views import Categories, Series
from envs.views_spans import Spans
from rewards import Date, score

CELLS = [(cell.family, cell.question) for cell in cells()]
SPANS = [cell for cell in CELLS if QUESTIONS[cell[1]].view is Spans]
SUMS = [cell for cell in CELLS if QUESTIONS[cell[1]].sums]
SEEDS, LEVELS = st.integers(0, 2**63 - 1), st.integers(0, 14)


def addresses(chosen: list[tuple[str, str]]) -> st.SearchStrategy[Address]:
    cell = st.sampled_from(chosen)
    return st.builds(
        lambda cell, level, seed, test: Address(*cell, level, seed, test), cell, LEVELS, SEEDS, st.booleans()
    )


def second(question: str, text: str, bars: dict[str, tuple[float, float]]) -> object:
    """Worked out from the words and from where the bars begin and end."""
    pattern = "|".join(rf"(?<!\w){re.escape(name)}(?!\w)" for name in sorted(bars, key=len, reverse=True))
    named = re.findall(pattern, text)
    if question == "span_of":
        return bars[named[0]]
    if question == "overlap":
        (a, b), (c, d) = (bars[name] for name in named)
        return max(a, c) < min(b, d)
    if question == "running_at":
        time = float(re.search(r"(?:time|by) (\d+(?:\.\d+)?)", text)[1])  # type: ignore[index]
        return sum(start < time < end for start, end in bars.values())
    order = sorted(bars, key=lambda name: bars[name][1])
    found = re.search(r"the (?:(\w+) to )?(first|second|third|last|\d+th)\b", text)
    assert found
    words = {"first": 1, "second": 2, "third": 3, "last": 1}
    if found[2] == "last":
        return order[-(words.get(found[1] or "first") or int(found[1][:-2]))]
    return order[(words.get(found[2]) or int(found[2][:-2])) - 1]


@given(addresses(SPANS))
@settings(max_examples=60, deadline=None)
def test_a_second_answer_from_the_bars_agrees(address: Address) -> None:
    draft = draw(address)
    facts = read("Gantt", record(draft.sheet)).facts
    names = [key[0] for key in facts if len(key) == 1]
    bars = {name: (facts[name, "start time"].value, facts[name, "end time"].value) for name in names}
    expected, answer = second(draft.question.name, word(draft)[0], bars), draft.ask.answer.to_json()
    found = (answer["low"], answer["high"]) if answer["kind"] == "interval" else answer["value"]
    assert found == expected, (str(address), word(draft)[0])


@given(addresses(SUMS))
@settings(max_examples=120, deadline=None)
def test_what_is_summed_adds_up(address: Address) -> None:
    """Prices, rates and levels over time are in no sum: by the packaged measures' own marks."""
    draft = draw(address)
    held = [measure for domain in domains(address.test) for measure in domain.measures]
    view = draft.view
    if isinstance(view, Categories | Series):
        assert view.adds
        mine = [m for m in held if m.name == view.measure and m.unit == view.unit]
        assert not mine or any(m.parts for m in mine)
        if view.ordered and mine:
            assert any(m.parts and not m.stock for m in mine)


@given(SEEDS, st.booleans(), st.booleans(), st.integers(1, 4), st.integers(3, 12))
def test_a_table_asked_for_sums_or_dates_has_them(seed: int, test: bool, dated: bool, series: int, count: int) -> None:
    grid = draw_grid(
        Draws(seed), test=test, series=series, positions=count, ordered=True, level=3, longest=8, sums=True, dated=dated
    )
    assert grid.parts and not grid.stock and grid.adds
    assert not dated or all(iso(name) for name in grid.positions)


def test_levels_over_time_are_marked_and_flows_are_not() -> None:
    marks = {(domain.title, m.name): m.stock for domain in domains() for m in domain.measures}
    assert marks["Warehouse stock", "stock level"] and marks["National populations", "population size"]
    assert not marks["Coffee trade", "export volume"] and not marks["National populations", "birth count"]
    assert all(m.parts for domain in domains() for m in domain.measures if m.stock)


@given(st.sampled_from(["year", "quarter", "month"]), SEEDS, st.integers(1, 24))
def test_dated_labels_are_dates_that_the_checker_reads_and_others_are_none(unit: str, seed: int, count: int) -> None:
    for label in draw_times(Draws(seed), unit, count, dated=True):  # type: ignore[arg-type]
        found = iso(label)
        assert found and found[1] == unit
        assert score(f"\\boxed{{{label}}}", Date(*found)).correct
    assert not any(iso(label) for label in (*_DATED["day"], "Q1", "Jan", "W12", "Mon", "06:00", "Oslo"))


def test_times_asked_about_follow_no_pattern() -> None:
    """Neither the first nor the last date shown is the answer too often."""
    places: Counter[bool] = Counter()
    for seed in range(120):
        draft = draw(Address("line", "date_of_extreme", 4, seed))
        names = [iso(item.name)[0] for item in draft.view.items]  # type: ignore[attr-defined,index]
        places[draft.ask.answer.value in (names[0], names[-1])] += 1  # type: ignore[attr-defined]
    assert places[True] < 0.6 * places.total()
