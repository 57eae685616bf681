"""Promises particular to charts around a centre, and to grids of cells."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from envs.address import Draws
from envs.drawing.colour import COLOURS_APART, distance
from envs.drawing.sheet import Sheet, Unreadable, Wedge, sector
from envs.figures.colourbar import RAMPS, Classes, colourbar, finest, ramp
from envs.figures.maps import draw_map
from envs.figures.polar import rings
from envs.figures.style import draw_style
from envs.numerals import Unit
from envs.problem import draw
from envs.readers.tape import Stroke
from envs.readers.turns import turn

SEEDS = st.integers(0, 2**63 - 1)
quick = settings(max_examples=60, deadline=None)


@pytest.mark.parametrize("name", RAMPS)
def test_steps_of_a_ramp_are_told_apart(name: str) -> None:
    colours = ramp(name, finest(name))
    assert len(colours) >= 4
    assert all(distance(a, b) >= COLOURS_APART for i, a in enumerate(colours) for b in colours[:i])


@given(st.integers(0, 5000), st.integers(2, 5000), st.integers(0, 2), st.integers(3, 7))
@quick
def test_classes_cover_their_values_and_hold_each_in_its_own(low: int, more: int, decimals: int, most: int) -> None:
    digit = 10**decimals
    classes = Classes.over(low / digit, (low + more) / digit, Unit(decimals), most)
    assert 2 <= classes.count <= most
    assert classes.edges[0] <= low / digit and classes.edges[-1] >= (low + more) / digit
    for i in range(classes.count):
        assert classes.of(classes.middle(i)) == i


@given(SEEDS, st.sampled_from(("right", "bottom")), st.integers(100, 5000), st.sampled_from(((224, 448), (448, 224))))
@quick
def test_a_colour_bar_leaves_most_of_the_cell_and_nothing_of_itself_in_it(
    seed: int, place: str, high: int, size: tuple[int, int]
) -> None:
    style, classes = draw_style(Draws(seed), *size, test=False), Classes.over(0, high, Unit(), 5)
    sheet = Sheet(*size, style.font, style.ink, style.ground)
    try:
        x0, y0, x1, y1 = colourbar(classes, ramp("blues", classes.count), style, sheet, (0, 0, *size), place, "Title")
    except Unreadable:
        return
    assert (x1 - x0) * (y1 - y0) > size[0] * size[1] / 2
    assert all(text.box[3] <= y0 or text.box[0] >= x1 for text in sheet.layout.texts)


@given(st.floats(1, 360), st.floats(0, 360), st.floats(0.2, 0.9), st.floats(20, 200))
@quick
def test_a_sector_of_a_ring_is_read_back_from_its_outline(
    sweep: float, first: float, hole: float, radius: float
) -> None:
    path = sector(Wedge(100.0, 120.0, radius, first, first + sweep, hole * radius))
    found = turn(Stroke(np.array(path.vertices), None, None, 0.0, True))
    assert math.isclose(math.degrees(found.sweep), sweep, abs_tol=0.05)
    assert math.isclose(found.radius, radius, rel_tol=1e-3)
    assert math.isclose(found.inner, hole * radius, rel_tol=1e-3)


@given(st.floats(0.5, 9000), st.integers(2, 6))
@quick
def test_the_last_ring_is_not_below_the_largest_value(high: float, most: int) -> None:
    found = rings(high, Unit(1), most)
    assert found[-1][0] >= high - 1e-9
    assert 1 <= len(found) <= most


@given(SEEDS, st.integers(5, 30))
@quick
def test_the_tiles_of_a_map_hang_together_and_have_names_of_their_own(seed: int, count: int) -> None:
    found = draw_map(Draws(seed), count, 9, 8)
    assert len(set(found.codes)) == len(set(found.places)) == count
    assert not set(found.absent) & set(found.codes)
    reached, edge = set(), [found.places[0]]
    while edge:
        x, y = edge.pop()
        reached.add((x, y))
        near = ((x + 1, y), (x - 1, y), (x, y + 1), (x, y - 1))
        edge += [place for place in near if place in found.places and place not in reached]
    assert len(reached) == count


@given(SEEDS, st.integers(0, 12), st.sampled_from(["heatmap", "tile_map"]))
@quick
def test_cells_without_numbers_are_known_by_their_class_only(seed: int, level: int, family: str) -> None:
    view = draw(f"{family}/kth_largest/{level}/{seed}").view
    items = view.items  # type: ignore[attr-defined]
    if not view.written:  # type: ignore[attr-defined]
        values = sorted({item.value for item in items})
        assert all(item.err > 0 for item in items)
        assert all(b - a > 1.9 * items[0].err for a, b in pairwise(values))
