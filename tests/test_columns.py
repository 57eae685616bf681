"""Bars and their kin: what is particular to them. The promises that all figures keep are in test_world.py."""

from __future__ import annotations

import math
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from envs import Address
from envs.address import Draws
from envs.drawing.sheet import Unreadable
from envs.figures.columns import Columns
from envs.figures.frame import Names, Values, frame
from envs.figures.lollipop import parted
from envs.figures.pictogram import SHAPES, _left
from envs.figures.style import draw_style
from envs.figures.tables import lifted, round_up, shares
from envs.figures.waterfall import Waterfall
from envs.numerals import Unit
from envs.problem import Draft, draw
from envs.views import Categories, Series, Several

SEEDS = st.integers(0, 2**63 - 1)
LEVELS = st.integers(0, 14)
SIZES = st.sampled_from([(448, 448), (224, 224), (336, 252), (640, 360), (896, 448)])
few = settings(max_examples=40, deadline=None)
many = settings(max_examples=200, deadline=None)


def _rows(draws: Draws, series: int, positions: int) -> tuple[tuple[float, ...], ...]:
    return tuple(tuple(v / 10 for v in draws.sample(range(1, 5000), positions)) for _ in range(series))


def _draft(family: str, question: str, level: int, seed: int, size: tuple[int, int] = (448, 448)) -> Draft:
    return draw(Address(family, question, level, seed, False, *size))


@given(st.integers(60, 900), st.floats(1, 5e6), st.integers(0, 2), SEEDS)
@many
def test_labels_of_ticks_below_an_axis_do_not_touch(width: int, high: float, decimals: int, seed: int) -> None:
    style = draw_style(Draws(seed), 448, 448, test=False)
    try:
        found = frame((0, 0, width, 300), style, Values(0.0, high, Unit(decimals)), Names(("a", "b")))
    except Unreadable:
        return
    ends = [(found.x.px(value), style.width(label) / 2) for value, label in found.x_ticks]
    assert len(ends) > 1 and all(x - half > at + other for (at, other), (x, half) in pairwise(ends))


@given(SEEDS, st.integers(2, 6), st.integers(2, 12), st.booleans())
@many
def test_lifted_values_reach_their_share_and_keep_their_order(seed: int, n: int, m: int, each: bool) -> None:
    rows = _rows(Draws(seed), n, m)
    found = lifted(rows, 1, 0.05, each=each)
    sums = [sum(column) for column in zip(*found)]
    for before, after in zip(rows, found):
        for j, value in enumerate(after):
            assert value >= 0.05 * (sums[j] if each else max(sums)) - 1e-9
            assert value == round(value * 10) / 10
        moved = {round(b - a, 6) for a, b in zip(before, after)}
        assert len(moved) == 1 and min(moved) >= 0


@given(SEEDS, st.integers(2, 6), st.integers(1, 12), st.integers(0, 1))
@many
def test_shares_add_up_to_a_hundred_as_written(seed: int, n: int, m: int, decimals: int) -> None:
    rows = _rows(Draws(seed), n, m)
    found = shares(rows, decimals)
    for before, after in zip(zip(*rows), zip(*found)):
        assert round(sum(round(value * 10**decimals) for value in after)) == 100 * 10**decimals
        assert all(abs(b - 100 * a / sum(before)) <= 10.0**-decimals for a, b in zip(before, after))


@given(SEEDS, st.integers(2, 15), st.floats(0.01, 0.1))
@many
def test_pairs_of_dots_are_parted_and_no_value_occurs_twice(seed: int, count: int, share: float) -> None:
    first, second = parted(_rows(Draws(seed), 2, count), 1, share)
    assert all(abs(a - b) >= share * max(*first, *second) * 0.8 for a, b in zip(first, second))
    assert len(set(second)) == count and min(second) > 0


@given(st.floats(0.01, 1e7))
def test_the_next_round_number_is_near_and_not_below(value: float) -> None:
    assert value <= round_up(value) <= 2 * value + 1e-9


def test_half_a_picture_is_half_as_wide() -> None:
    for name, corners in SHAPES.items():
        whole, half = (
            max(x for x, _ in found) - min(x for x, _ in found) for found in (corners, _left(tuple(corners)))
        )
        assert math.isclose(half, whole / 2), name


@given(st.sampled_from(["stacked_bar", "percent_bar", "stacked_bar3d", "percent_bar3d"]), LEVELS, SEEDS, SIZES)
@few
def test_every_part_of_a_stack_can_be_seen(family: str, level: int, seed: int, size: tuple[int, int]) -> None:
    draft = _draft(family, "count", level, seed, size)
    table = draft.views[0]
    assert isinstance(table, Series)
    for row in table.items:
        for item in row:
            assert item.length >= 3
            assert item.err < math.inf


@given(LEVELS, SEEDS)
@few
def test_floating_bars_are_read_between_two_edges(level: int, seed: int) -> None:
    draft = _draft("stacked_bar", "count", level, seed)
    table, marks = draft.views[0], draft.figure.panels[0].marks
    assert isinstance(table, Series) and isinstance(marks, Columns)
    if not table.written:
        first, *others = ({item.err for item in row} for row in table.items)
        assert all(max(found) >= max(first) for found in others)


@given(LEVELS, SEEDS)
@few
def test_a_waterfall_leads_from_its_start_to_its_end(level: int, seed: int) -> None:
    draft = _draft("waterfall", "count", level, seed)
    both, changes, totals = draft.views[:3]
    marks = draft.figure.panels[0].marks
    assert isinstance(both, Several) and isinstance(changes, Categories) and isinstance(totals, Categories)
    assert isinstance(marks, Waterfall)
    level_now = marks.first
    for change, total in zip(changes.items, totals.items):
        level_now += change.value
        assert math.isclose(level_now, total.value, abs_tol=1e-6)
        assert total.value > 0
    assert len({change.value > 0 for change in changes.items}) == 2


@given(st.sampled_from(["waterfall", "funnel", "stacked_bar3d", "percent_bar3d"]), LEVELS, SEEDS)
@few
def test_what_the_eye_misreads_is_written_when_asked_for(family: str, level: int, seed: int) -> None:
    draft = _draft(family, "kth_value", level, seed)
    assert isinstance(draft.view, Categories)
    assert draft.view.written or all(item.err <= 0.05 * draft.view.span for item in draft.view.items)


@given(SEEDS, LEVELS)
@few
def test_stages_of_a_funnel_fall(seed: int, level: int) -> None:
    draft = _draft("funnel", "count", level, seed)
    view = draft.view
    assert isinstance(view, Categories)
    values = [item.value for item in view.items]
    assert values == sorted(values, reverse=True) and len(set(values)) == len(values)


@given(SEEDS, LEVELS, SIZES)
@few
def test_tasks_lie_on_whole_units_of_time(seed: int, level: int, size: tuple[int, int]) -> None:
    draft = _draft("gantt", "count", level, seed, size)
    for fact in draft.views[0].facts().values():
        assert fact.value == round(fact.value) >= 0
    durations = [fact.value for key, fact in draft.views[0].facts().items() if len(key) == 1]
    assert len(set(durations)) == len(durations)
