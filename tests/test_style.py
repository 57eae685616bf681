"""The style space: whatever a figure's looks, it says the same, and says it readably."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from math import log10

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from envs.address import Address, Draws
from envs.check import faults
from envs.data import draw_persona
from envs.data.domains import domains
from envs.data.times import time_forms
from envs.drawing.colour import contrast
from envs.drawing.sheet import Box, Sheet, Unreadable
from envs.figures.frame import Axis, ratio_ticks
from envs.figures.houses import HOUSES, house_of
from envs.figures.strokes import SPANS, spread_out
from envs.figures.style import draw_style
from envs.numerals import Notation, Unit, read
from envs.problem import Draft, draw
from envs.readers import number
from envs.readers.axes import scale
from envs.views import Categories, Series
from envs.views_whole import Parts

SEEDS = st.integers(0, 2**63 - 1)
NOTATIONS = st.builds(Notation, group=st.sampled_from(["", ",", " "]), short=st.booleans())
UNITS = st.sampled_from([Unit(), Unit(1, "dollars", "$"), Unit(0, "thousand tonnes", suffix="k", scale=1e3)])
some = settings(max_examples=60, deadline=None)


# --- Numbers


@given(NOTATIONS, UNITS, st.integers(-(10**7), 10**7))
def test_a_number_is_read_back_as_it_was_meant_however_it_is_written(notation: Notation, unit: Unit, step: int) -> None:
    unit = notation.of(unit)
    value = step / 10**unit.decimals
    for label in (unit.write(value), unit.tick(value, unit.decimals)):
        found = read(label)
        assert found and found[0] == pytest.approx(value, abs=1e-9) and found[1] == unit.suffix
        assert number(label) == pytest.approx(value, abs=1e-9)


@given(NOTATIONS, st.integers(0, 10**7))
def test_written_values_are_never_shortened(notation: Notation, value: int) -> None:
    assert "K" not in notation.of(Unit()).write(value)


def test_dates_are_written_either_way_about() -> None:
    assert {"dated", "turned"} <= set(time_forms("month", 6)) & set(time_forms("quarter", 6)) & set(
        time_forms("day", 6)
    )


# --- Log axes


@given(st.floats(1, 500), st.sampled_from(sorted(SPANS)), st.integers(4, 12))
def test_the_ticks_of_a_log_axis_are_told_from_those_of_a_linear_one(low: float, ratio: int, most: int) -> None:
    high = low * ratio
    try:
        found = ratio_ticks(low, high, most, Unit(2))
    except Unreadable:
        assume(False)
    axis = log_axis(low, high)
    value_at = scale({axis.px(value): label for value, label in found})
    for value in (low, high, (low * high) ** 0.5):
        assert value_at(axis.px(value)) == pytest.approx(value, rel=1e-3)
    even = {40.0 + 30 * k: str(10 * k) for k in range(1, 6)}
    assert scale(even)(55.0) == pytest.approx(5)


def log_axis(low: float, high: float) -> Axis:
    return Axis(40.0, 300.0, log10(low), log10(high), log=True)


@given(st.lists(st.integers(200, 9000), min_size=4, max_size=12, unique=True), st.sampled_from(sorted(SPANS)))
def test_values_are_spread_over_a_log_axis_in_their_order_and_stay_distinct(row: list[int], ratio: int) -> None:
    (found,) = spread_out((tuple(float(v) for v in row),), 0, ratio)
    assert len(set(found)) == len(row)
    assert sorted(range(len(row)), key=lambda j: row[j]) == sorted(range(len(row)), key=lambda j: found[j])
    if max(row) / ratio >= 12:
        assert max(found) / min(found) > 0.85 * ratio


# --- What is drawn


def drafts(cell: str, wanted: Callable[[Draft], bool], count: int) -> list[Draft]:
    """The first problems of a cell that are as wanted."""
    found: list[Draft] = []
    for seed in range(400):
        draft = draw(Address(*cell.split("/"), seed % 9, seed))
        if wanted(draft):
            found.append(draft)
        if len(found) == count:
            return found
    raise AssertionError(f"{cell} has few such problems")


def in_ratios(draft: Draft) -> bool:
    """Whether the ticks beside the axis lie unevenly apart: a log axis."""
    parts = next(view for view in draft.views if isinstance(view, Parts))
    values = [found[0] for label in parts.ticks_up if (found := read(label))]
    steps = [b - a for a, b in pairwise(values)]
    return len(steps) > 1 and max(steps) > 1.5 * min(steps)


@pytest.mark.parametrize("question", ["leader_at", "value_of"])
def test_a_log_axis_stands_only_where_values_are_written_or_their_order_is_asked(question: str) -> None:
    for draft in drafts(f"line/{question}", in_ratios, 2):
        table = draft.views[0]
        assert isinstance(table, Series | Categories)
        assert table.written or "values" not in draft.question.needs
        assert faults(draft) == []


@pytest.mark.parametrize("family", ["line", "step", "grouped_bar", "stacked_bar"])
def test_a_legend_inside_the_frame_covers_nothing(family: str) -> None:
    def inside(draft: Draft) -> bool:
        keys, layout = _keys(draft), draft.sheet.layout
        held = [m.box for m in layout.marks] + [t.box for t in layout.texts if t.role == "tick"]
        left, low, right, high = (f(box[k] for box in held) for k, f in enumerate((min, min, max, max)))
        return bool(keys) and all(left < k[0] and k[2] < right and low < k[1] and k[3] < high for k in keys)

    for draft in drafts(f"{family}/leader_at", inside, 2):
        keys, layout = _keys(draft), draft.sheet.layout
        x0, y0 = min(k[0] for k in keys) - 16, min(k[1] for k in keys)  # the samples are beside the names
        x1, y1 = max(k[2] for k in keys), max(k[3] for k in keys)
        for mark in layout.marks if family.endswith("bar") else ():
            box = mark.box
            assert not (box[0] < x1 and x0 < box[2] and box[1] < y1 and y0 < box[3])
        for a, b in layout.strokes:  # in small steps
            for k in range(41):
                x, y = (p + (q - p) * k / 40 for p, q in zip(a, b))
                assert not (x0 < x < x1 and y0 < y < y1)
        assert faults(draft) == []


def _keys(draft: Draft) -> list[Box]:
    return [text.box for text in draft.sheet.layout.texts if text.role == "legend"]


def test_colours_stand_out_from_the_paper_at_least_as_from_the_ground() -> None:
    styles = [draw_style(Draws("paper", seed), 448, 448, test=False) for seed in range(400)]
    papers = [(style, style.paper) for style in styles if style.paper]
    assert len(papers) > 20
    for style, paper in papers:
        for colour in (style.ink, *style.palette):
            assert contrast(colour, paper) >= contrast(colour, style.ground)


@some
@given(SEEDS)
def test_a_source_names_nothing_that_is_shown_or_might_have_been(seed: int) -> None:
    draft = draw(Address("topic_bar", "contains", seed % 9, seed))
    said = [text.string.casefold().split() for text in draft.sheet.layout.texts if text.role == "source"]
    view = draft.views[0]
    for words in said:
        assert not set(words) & {name.casefold() for name in (*view.names, *view.absent)}  # type: ignore[attr-defined]


def test_a_rewound_sheet_keeps_no_ground() -> None:
    sheet = Sheet(100, 100, "DejaVu Sans", (0, 0, 0), (1, 1, 1))
    start = sheet.bookmark()
    sheet.under((0, 0, 50, 50), (0.9, 0.9, 0.9))
    sheet.rewind(start)
    assert not sheet.grounds


# --- Personas


def test_every_trade_has_one_house() -> None:
    fields = [field for house in HOUSES for field in house.fields.split()]
    assert len(fields) == len(set(fields)) and set(fields) == {domain.field for domain in domains()}


def test_a_house_is_recognised_by_its_looks_and_never_sure() -> None:
    styles = [draw_style(Draws("house", seed), 448, 448, test=False) for seed in range(600)]
    framed = [style.spines == "box" for style in styles if house_of(style.persona).spines == ("box",)]
    others = [style.spines == "box" for style in styles if "box" not in house_of(style.persona).spines]
    assert 0.55 < sum(framed) / len(framed) < 0.9 and 0.02 < sum(others) / len(others) < 0.25


@given(SEEDS)
def test_a_persona_decides_whose_source_it_is(seed: int) -> None:
    style = draw_style(Draws(seed), 448, 448, test=False)
    if style.source:
        region = draw_persona(Draws(seed)).region
        assert style.source in {line.format(region=region) for line in house_of(style.persona).sources}


def test_small_pictures_stay_plain() -> None:
    styles = [draw_style(Draws("small", seed), 112, 112, test=False) for seed in range(300)]
    assert not any(style.source or style.noted or style.turn or style.fine or style.dash for style in styles)
