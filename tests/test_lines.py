"""Lines, steps, areas, error bars and bands: what is drawn can be seen, and what is said of it is so."""

from __future__ import annotations

import math
from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from envs import Address
from envs.address import Draws
from envs.drawing.colour import distance
from envs.drawing.painter import Painter
from envs.drawing.sheet import Unreadable
from envs.figures.strokes import Ends, led, line_colours, parted, stepped
from envs.figures.style import draw_style
from envs.problem import draw, fill
from envs.readers import read
from envs.readers.tape import record
from envs.registry import FAMILIES, Scene, cells
from envs.views import Series

SEEDS = st.integers(0, 2**63 - 1)
LEVELS = st.integers(0, 13)
SIZES = st.sampled_from([(448, 448), (224, 224), (336, 252), (640, 360)])
LINES = ("line", "step", "area", "stacked_area", "share_area", "error_line", "band")
STEPS = st.lists(st.integers(1, 400), min_size=4, max_size=9, unique=True)
some = settings(max_examples=60, deadline=None)
cells()  # loads the families


@given(st.sampled_from(("line", "step", "area")), LEVELS, SEEDS, SIZES)
@some
def test_a_point_that_counts_as_readable_shows_the_colour_of_its_series(
    family: str, level: int, seed: int, size: tuple[int, int]
) -> None:
    draft = draw(Address(family, "count", level, seed, False, *size))
    table = draft.views[0]
    assert isinstance(table, Series)
    image = Painter().paint(draft.sheet)
    items = [item for row in table.items for item in row]
    for mark in draft.sheet.layout.marks:
        if items[mark.index].err == math.inf:
            continue
        x, y = (mark.box[0] + mark.box[2]) / 2, size[1] - (mark.box[1] + mark.box[3]) / 2
        around = image[max(0, int(y) - 4) : int(y) + 5, max(0, int(x) - 4) : int(x) + 5].reshape(-1, 3) / 255
        assert min(distance(tuple(pixel), mark.colour) for pixel in {tuple(p) for p in around.tolist()}) < 14


@given(st.sampled_from(LINES), LEVELS, SEEDS)
@settings(max_examples=100, deadline=None)
def test_a_family_that_is_asked_about_series_shows_several(family: str, level: int, seed: int) -> None:
    style = draw_style(Draws("style", seed), 448, 448, test=False)
    scene = Scene(level, style, 448, 448, "", False, frozenset({"Series"}))
    panel = FAMILIES[family].draw(Draws("figure", seed), scene)
    grid = panel.marks.grid  # type: ignore[union-attr]
    assert 2 <= len(grid.series) == len(set(grid.series))
    assert all(len(set(row)) == len(row) for row in grid.values) or family in ("stacked_area", "share_area")


@given(LEVELS, SEEDS)
@some
def test_shares_add_up_to_a_hundred_at_every_position(level: int, seed: int) -> None:
    draft = draw(Address("share_area", "kth_largest", level, seed))
    sums: Counter[str] = Counter()
    for (_, position), fact in read("Areas", record(draft.sheet)).facts.items():
        sums[position] += fact.value  # type: ignore[assignment]
    assert all(math.isclose(total, 100, abs_tol=0.01) for total in sums.values())


@given(LEVELS, SEEDS, SIZES)
@some
def test_a_band_holds_its_line(level: int, seed: int, size: tuple[int, int]) -> None:
    draft = draw(Address("band", "kth_value", level, seed, False, *size))
    facts = read("Bands", record(draft.sheet)).facts
    lines = [key for key in facts if (*key, "lower bound") in facts]
    assert lines
    for key in lines:
        low, high = facts[(*key, "lower bound")].value, facts[(*key, "upper bound")].value
        assert 0 <= low < facts[key].value < high
        assert math.isclose(high - low, facts[(*key, "width of the band")].value, rel_tol=1e-6)


@given(LEVELS, SEEDS, SIZES)
@some
def test_an_error_bar_says_what_it_shows_and_can_be_seen(level: int, seed: int, size: tuple[int, int]) -> None:
    draft = draw(Address("error_line", "kth_value", level, seed, False, *size))
    marks = draft.figure.panels[0].marks
    notes = [text.string for text in draft.sheet.layout.texts if text.role == "note"]
    assert len(notes) == 1 and notes[0].endswith(marks.error)  # type: ignore[attr-defined]
    hidden = [item for view in draft.views if isinstance(view, Series) for row in view.items for item in row]
    assert sum(item.err == math.inf for item in hidden) <= 0.2 * len(hidden)


@given(st.lists(STEPS, min_size=2, max_size=5), st.sampled_from((0.02, 0.05)))
def test_parted_lines_differ_everywhere_and_stay_distinct(rows: list[list[int]], share: float) -> None:
    length = min(map(len, rows))
    values = tuple(tuple(float(v) for v in row[:length]) for row in rows)
    span = max(map(max, values)) - min(map(min, values))
    made = parted(values, 0, share)
    assert all(len(set(row)) == len(row) for row in made)
    assert all(new >= old for a, b in zip(made, values) for new, old in zip(a, b))
    for column in zip(*made):
        order = sorted(column)
        # Keeping a row distinct may take back a few last digits.
        assert all(b - a >= int(share * span) - length for a, b in pairwise(order))


@given(STEPS, st.sampled_from((0.02, 0.1)), st.integers(1, 3))
def test_the_largest_values_lead(steps: list[int], share: float, places: int) -> None:
    row = tuple(float(v) for v in steps)
    made = led(row, 0, share, places)
    assert sorted(range(len(row)), key=made.__getitem__) == sorted(range(len(row)), key=row.__getitem__)
    assert all(b - a >= share * (max(row) - min(row)) - 1 for a, b in pairwise(sorted(made)[-places - 1 :]))


@given(STEPS, st.floats(0, 60))
def test_a_course_can_be_told_at_every_step(steps: list[int], gap: float) -> None:
    row = tuple(float(v) for v in steps)
    made = stepped(row, 0, gap)
    assert len(set(made)) == len(row) and min(made) >= min(row)
    assert all(abs(b - a) > gap for a, b in pairwise(made))


@given(STEPS)
def test_a_course_neither_rises_throughout_nor_turns_at_every_step(steps: list[int]) -> None:
    made = stepped(tuple(float(v) for v in steps), 0, 0.0)
    turns = [(a < b) != (b < c) for a, b, c in zip(made, made[1:], made[2:])]
    assert len(made) < 5 or (True in turns and False in turns)


@given(st.lists(st.integers(50, 400), min_size=2, max_size=5, unique=True), SEEDS)
def test_names_at_the_ends_keep_the_order_of_the_lines(ends: list[int], seed: int) -> None:
    style = draw_style(Draws(seed), 448, 448, test=False)
    names = [f"name {end}" for end in ends]
    try:
        placed = Ends.of(names, [float(end) for end in ends], style)
    except Unreadable:
        return
    assert list(placed.names) == [f"name {end}" for end in sorted(ends)]
    assert all(b - a > style.line.height - 1 for a, b in pairwise(placed.heights))


@given(SEEDS)
def test_thin_lines_stand_out_from_the_ground_and_from_each_other(seed: int) -> None:
    style = draw_style(Draws(seed), 448, 448, test=False)
    colours = line_colours(style)
    assert len(colours) >= 2
    assert all(distance(a, b) >= 16 for i, a in enumerate(colours) for b in colours[:i])


@pytest.mark.parametrize(
    ("measure", "words"),
    [("export volume", "an export volume"), ("unit price", "a unit price"), ("uncertainty", "an uncertainty")],
)
def test_the_article_suits_the_measure(measure: str, words: str) -> None:
    assert fill("Is there a {measure}{where}?", {"measure": measure, "where": ""}) == f"Is there {words}?"
