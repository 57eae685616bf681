"""Several panels: what is asked of them is worked out anew from what the readers see, panel by panel."""

from __future__ import annotations

import math
import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from envs import AddressError, cells, make
from envs.address import Address, Draws
from envs.data import draw_alike, draw_grid
from envs.figures.base import split
from envs.problem import Draft, draw, word
from envs.questions.recognition import alike
from envs.readers import read
from envs.readers.tape import record
from envs.views import Categories
from envs.views_whole import Panels, Parts

ASKED = [cell.question for cell in cells() if cell.family == "panels" and cell.view == "Panels"]


# What the marks of a chart are called, by the words for it.
MARKS = {
    "bar chart": "Bars",
    "grouped bar chart": "Columns",
    "stacked bar chart": "Columns",
    "100% stacked bar chart": "Columns",
    "histogram": "Histogram",
    "pie chart": "Pie",
    "donut chart": "Pie",
    "rose chart": "Rose",
    "line chart": "Lines",
    "step chart": "Lines",
    "area chart": "Areas",
    "lollipop chart": "Lollipops",
    "dumbbell chart": "Dumbbells",
    "box plot": "Boxes",
    "violin plot": "Violins",
    "heat map": "Heatmap",
    "treemap": "Treemap",
    "scatter chart": "Scatter",
    "table": "Table",
    "funnel chart": "Funnel",
}


def _seen(draft: Draft, series: str) -> dict[str, dict[str, float]]:
    """Values by name, by panel: those of one series where there are several."""
    tape, found = record(draft.sheet), {}
    for panel, cell in zip(draft.figure.panels, draft.figure.cells(), strict=True):
        part = tape.within(cell, draft.figure.room())
        facts = read(type(panel.marks).__name__, part).facts
        assert panel.tag in {word.string for word in part.words}
        found[panel.tag] = {key[-1]: fact.value for key, fact in facts.items() if series in ("", key[0])}
    return found


def _second_answer(draft: Draft, text: str) -> object:
    seen = _seen(draft, draft.view.where.strip().partition(" ")[2])
    tags = re.findall(r"\b[Pp]anels? ([A-F])\b|\band ([A-F])\b", text)
    tags = [a or b for a, b in tags]
    names = [n for n in sorted(next(iter(seen.values())), key=len, reverse=True) if re.search(rf"\b{n}\b", text)]
    names.sort(key=text.index)
    match draft.question.name:
        case "panel_count":
            return len(seen)
        case "panel_of_chart":
            chart = max((chart for chart in MARKS if chart in text), key=len)
            drawn = {panel.tag: type(panel.marks).__name__ for panel in draft.figure.panels}
            (tag,) = (tag for tag, marks in drawn.items() if marks == MARKS[chart])
            return tag
        case "panel_of_subject":
            tape = record(draft.sheet)
            for panel, cell in zip(draft.figure.panels, draft.figure.cells(), strict=True):
                top = max((w for w in tape.within(cell).words if w.string != panel.tag), key=lambda w: w.box[3])
                if re.search(rf"\b{re.escape(top.string)}\b", text):
                    return panel.tag
        case "panel_of_largest":
            return max(seen, key=lambda tag: seen[tag][names[0]])
        case "sum_over_panels":
            return sum(values[names[0]] for values in seen.values())
        case "difference_across_panels":
            one, other = sorted((seen[tag][names[0]] for tag in tags), reverse=True)
            return one - other
        case "panels_where_more":
            return sum(values[names[0]] > values[names[1]] for values in seen.values())
        case "same_leader":
            return len({max(seen[tag], key=lambda name: seen[tag][name]) for tag in tags}) == 1
    raise AssertionError(draft.question.name)


@given(
    st.sampled_from(ASKED),
    st.integers(0, 13),
    st.integers(0, 2**40),
    st.sampled_from([(448, 448), (640, 360), (360, 640)]),
)
@settings(max_examples=150, deadline=None)
def test_a_second_independent_answer_agrees(question: str, level: int, seed: int, size: tuple[int, int]) -> None:
    draft = draw(Address("panels", question, level, seed, False, *size))
    assert isinstance(draft.view, Panels)
    expected, answer = _second_answer(draft, word(draft)[0]), draft.ask.answer.to_json()
    if isinstance(expected, float):
        tolerance = max(answer.get("abs_tol") or 0.0, 0.01 * expected)
        assert math.isclose(answer["value"], expected, abs_tol=tolerance)
    else:
        assert answer["value"] == expected


def test_small_pictures_are_refused_in_one_line() -> None:
    with pytest.raises(AddressError, match="at least 320 pixels"):
        make("panels/count/0/1?px=224x224")


def test_panels_do_not_share_a_letter_and_questions_say_which_panel_is_meant() -> None:
    for seed in range(30):
        draft = draw(Address("panels", "kth_largest", seed % 10, seed))
        tags = [panel.tag for panel in draft.figure.panels]
        assert len(set(tags)) == len(tags) and f"panel {tags[draft.view.panel]}" in word(draft)[0]


@given(st.integers(0, 13), st.integers(0, 2**40), st.sampled_from(["same_leader", "panel_of_largest", "leader_at"]))
@settings(max_examples=80, deadline=None)
def test_a_legend_of_all_panels_stands_outside_of_them_and_is_the_legend_of_each(
    level: int, seed: int, question: str
) -> None:
    draft = draw(Address("panels", question, level, seed))
    figure, cells = draft.figure, draft.figure.cells()
    legends = [view.legend for view in draft.views if isinstance(view, Parts)]
    inside = [
        text.string
        for text in draft.sheet.layout.texts
        if text.role == "legend"
        and any(x0 <= text.box[0] <= x1 and y0 <= text.box[1] <= y1 for x0, y0, x1, y1 in cells)
    ]
    if figure.legend:
        assert not inside and len(set(legends)) == 1 and len(legends[0]) > 1
    else:
        assert sorted(inside) == sorted(name for legend in legends for name in legend)


@given(st.integers(0, 13), st.integers(0, 2**40))
@settings(max_examples=60, deadline=None)
def test_a_kind_of_chart_is_asked_for_only_where_no_other_panel_can_be_taken_for_it(level: int, seed: int) -> None:
    draft = draw(Address("panels", "panel_of_chart", level, seed))
    asked = (draft.ask.slots or {})["chart"]
    charts = [panel.chart for panel in draft.figure.panels]
    assert charts.count(asked) == 1 and not any(alike(asked, chart) for chart in charts if chart != asked)


@given(st.integers(0, 13), st.integers(0, 2**40))
@settings(max_examples=60, deadline=None)
def test_what_a_question_would_give_away_of_a_family_is_not_asked_of_a_panel_of_it(level: int, seed: int) -> None:
    view = draw(Address("panels", "mean", level, seed)).view
    assert isinstance(view, Categories) and not view.whole


@given(st.integers(1, 6), st.integers(100, 1000), st.integers(100, 1000))
def test_cells_fill_their_box_but_for_the_end_of_the_last_row(count: int, width: int, height: int) -> None:
    cells = split((0.0, 10.0, float(width), 10.0 + height), count)
    wide, high = cells[0][2] - cells[0][0], cells[0][3] - cells[0][1]
    rows = len({round(cell[1], 6) for cell in cells})
    assert len(cells) == count and len({tuple(round(v, 6) for v in cell) for cell in cells}) == count
    columns = len({round(cell[0], 6) for cell in cells})
    assert math.isclose(high * rows, height) and math.isclose(wide * columns, width)
    assert (rows - 1) * columns < count <= rows * columns
    assert min(cell[1] for cell in cells) > 10 - 1e-6 and max(cell[3] for cell in cells) < height + 10 + 1e-6


@given(st.integers(0, 2**40), st.integers(2, 6), st.integers(1, 3), st.sampled_from([None, True, False]))
@settings(max_examples=80, deadline=None)
def test_tables_alike_differ_in_their_values_and_in_nothing_else(
    seed: int, count: int, series: int, ordered: bool | None
) -> None:
    draws = Draws("alike", seed)
    grid = draw_grid(draws, test=False, series=series, positions=4, ordered=ordered, level=3)
    noun, tables = draw_alike(draws, grid, count, test=False, level=3)
    assert not tables or len(tables) == count
    assert not tables or noun not in {grid.noun, grid.series_noun if series > 1 else ""}
    assert all(replace(table, values=grid.values) == grid for table in tables.values())
    assert len({table.values for table in tables.values()}) == len(tables)
    assert not set(tables) & {*grid.positions, *(grid.series if series > 1 else ())}
