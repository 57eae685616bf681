"""What a figure does not tell, or tells of something else, is not kept: order, places, labels, units, rounding."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from envs.address import Draws
from envs.sandbox import Sandbox
from envs.synthesis.items import Asked, Chart, Dropped, Kept
from envs.synthesis.proof import units
from envs.synthesis.proof.columns import columns
from envs.synthesis.proof.compose import compose_questions
from envs.synthesis.proof.contract import check_chart
from envs.synthesis.proof.script import exact
from envs.synthesis.proof.verify import check_question
from rewards import from_json, score

pytestmark = pytest.mark.sandbox


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as found:
        yield found


def script(data: str, *lines: str, panels: int = 1) -> str:
    body = "".join(f"    {line}\n" for line in lines)
    return (
        f"import matplotlib.pyplot as plt\nDATA = {data}\n\ndef render(data):\n"
        f"    fig, ax = plt.subplots(1, {panels}, figsize=(8, 4), dpi=100)\n{body}    fig.tight_layout()\n"
    )


def asks(question: str, body: str, kind: str = "number", unit: str = "") -> Asked:
    program, second = (f"def answer(data):\n    {line}\n" for line in (f"return {body}", f"v = {body}; return v"))
    return Asked(question=question, program=program, second=second, kind=kind, explanation="", unit=unit)


SALES = '{"city": ["Oslo", "Lima", "Bern"], "sales": [34, 58, 21], "costs": [30, 41, 25]}'
TWO = ("ax[0].bar(data['city'], data['sales'])", "ax[1].bar(data['city'], data['costs'])")
SPEED = '{"speed": [3.5, 9.1, 4.2, 7.7, 1.3], "load": [120, 80, 95, 60, 140]}'
YEARS = '{"year": [2019, 2020, 2021, 2022], "sales": [34, 58, 21, 47]}'
BRACKETS = '{"city": ["Oslo", "Lima", "Bern"], "Sales (2019)": [34, 58, 21], "Sales (2020)": [30, 41, 25]}'
DEEP = '{"month": ["Jan", "Feb", "Mar"], "north": {"sales": [34, 58, 21]}, "south": {"sales": [30, 41, 25]}}'
BESIDE = "[ax.bar([i + 0.4 * k for i in range(3)], data[n], 0.4, label=n[-5:-1]) for k, n in enumerate(list(data)[1:])]"
TREND = '{"city": ["Oslo", "Lima"], "trend": [[3, 5, 9, 4], [2, 8, 7, 6]]}'
ORDER = "[ax.plot(t, label=c) for c, t in zip(data['city'], data['trend'])]"
LINES = "[ax.plot(data['month'], data[n]['sales'], label=s) for n, s in zip(('north', 'south'), ('North', 'South'))]"
TICKED = ("ax.set_xticks([0.2, 1.2, 2.2], data['city'])", "ax.set_title('Sales')", "ax.legend()")
TRUE = {
    "panels": (
        script(SALES, *TWO, "ax[0].set_title('Sales')", "ax[1].set_title('Costs')", panels=2),
        "'Sales'",
        "'Costs'",
    ),
    "sides": (
        script(
            SPEED, "ax.scatter(data['speed'], data['load'])", "ax.set_xlabel('Speed (km/h)')", "ax.set_ylabel('Load')"
        ),
        "'Speed (km/h)'",
        "'Load'",
    ),
    "years": (
        script(YEARS, "ax.bar([str(y) for y in data['year']], data['sales'])"),
        "data['year']]",
        "data['year'][::-1]]",
    ),
    "years in brackets": (script(BRACKETS, BESIDE, *TICKED), "n[-5:-1]", "{'9': '2020', '0': '2019'}[n[-2]]"),
    "outer names": (script(DEEP, LINES, "ax.legend()"), "'North', 'South'", "'South', 'North'"),
    "order": (script(TREND, ORDER, "ax.legend()"), "plot(t", "plot(sorted(t)"),
}


@pytest.mark.parametrize("what", TRUE)
def test_names_sides_and_order_that_are_not_the_datas_are_seen(what: str, sandbox: Sandbox) -> None:
    code, one, other = TRUE[what]
    assert isinstance(check_chart(code, sandbox), Chart)
    both = what in ("panels", "sides")
    wrong = code.replace(one, "\0").replace(other, one).replace("\0", other) if both else code.replace(one, other)
    found = check_chart(wrong, sandbox)
    assert wrong != code and isinstance(found, Dropped) and found.stage == "drawn", found


def test_places_that_nobody_can_see_are_not_asked_for(sandbox: Sandbox) -> None:
    """The ticks of an axis are no places of rows, though they are the same numbers; a box does not tell whose it is."""
    data = '{"city": ["Oslo", "Lima", "Bern", "Rome"], "visit": [1, 2, 3, 4], "rain": [3.5, 1.2, 4.7, 2.2]}'
    asked = asks("Which visit had the most rain?", "data['visit'][data['rain'].index(max(data['rain']))]", "label")
    unseen = check_chart(script(data, "ax.bar(data['city'], data['rain'])", "ax.set_yticks(range(6))"), sandbox)
    seen = check_chart(
        script(data, "ax.bar([f'{c}\\n{v}' for c, v in zip(data['city'], data['visit'])], data['rain'])"), sandbox
    )
    assert isinstance(unseen, Chart) and isinstance(seen, Chart)
    found = check_question(unseen, asked, sandbox, alike=True)
    assert isinstance(found, Dropped) and found.reason == "the answer needs what is not drawn"
    assert isinstance(check_question(seen, asked, sandbox, alike=True), Kept)

    named = '{"city": ["A", "B", "C", "D", "E", "F"], "rain": [35, 12, 47, 22, 61, 5], "heat": [7, 19, 9, 15, 8, 14]}'
    boxes = script(
        named, "ax[0].bar(data['city'], data['rain'])", "ax[1].boxplot(data['heat'], tick_labels=['Heat'])", panels=2
    )
    chart = check_chart(boxes, sandbox)
    assert isinstance(chart, Chart)
    hottest = asks("Which city has the most heat?", "data['city'][data['heat'].index(max(data['heat']))]", "label")
    found = check_question(chart, hottest, sandbox, alike=True)
    assert isinstance(found, Dropped) and found.reason == "too close to tell by eye"
    largest = asks("What is the largest heat?", "max(data['heat'])")
    assert isinstance(check_question(chart, largest, sandbox, alike=True), Kept)


@pytest.mark.parametrize(
    "data",
    [
        [{"a": "x", "v": 1}, {"a": "x", "b": "y", "v": 2}, {"b": "y", "v": 3}],
        [{"city": "Oslo", "rain": [1, 2, 3]}, {"rain": [4, 5, 6]}, {"city": "Lima", "rain": [7, 8, 10]}],
        {"names": ["x"], "rows": [{"v": 1}, {"w": 2}]},
    ],
)
def test_records_that_lack_a_name_have_none(data: object) -> None:
    assert not columns(data)[0][-1].keys


WRITTEN = script(
    '{"run": ["A", "B", "C"], "distance (miles)": [34, 58, 21]}',
    "ax.bar_label(ax.bar(data['run'], data['distance (miles)']))",
    "ax.set_ylabel('Distance (km)')",
    "ax.set_ylim(0, 70)",
)
ALL = "data['distance (miles)']"


@pytest.mark.parametrize(
    ("question", "body", "kind", "right", "wrong"),
    [
        ("What is the average distance?", f"round(sum({ALL}) / 3)", "number", ("38", "37.67", "37.7"), ("37", "38.4")),
        ("What is the average distance?", f"int(round(sum({ALL}) / 3))", "number", ("38", "37.67"), ("37",)),
        ("What is the total, to the nearest 10?", f"round(sum({ALL}), -1)", "number", ("110",), ("113",)),
        (
            "What are the ratios of A to B and of B to C, to one decimal?",
            f"[round({ALL}[0] / {ALL}[1], 1), round({ALL}[1] / {ALL}[2], 1)]",
            "sequence", ("0.6; 2.8",), ("0.7; 2.8", "0.6; 2.6"),
        ),
    ],
)  # fmt: skip
def test_answers_have_the_digits_asked_for_and_an_honest_one_is_right(
    question: str, body: str, kind: str, right: tuple[str, ...], wrong: tuple[str, ...], sandbox: Sandbox
) -> None:
    chart = check_chart(WRITTEN, sandbox)
    assert isinstance(chart, Chart)
    kept = check_question(chart, asks(question, body, kind), sandbox, alike=True)
    assert isinstance(kept, Kept), kept
    answer = from_json(kept.answer)
    assert kept.checks["box"].replace(",", ";") in right
    for words, correct in (*((each, True) for each in right), *((each, False) for each in wrong)):
        assert score(f"\\boxed{{{words}}}", answer).correct is correct, words


@pytest.mark.parametrize(("unit", "kept"), [("km", True), ("miles", False), ("M", False), ("T", False), ("", True)])
def test_a_unit_is_that_of_the_figure_not_that_of_a_column(unit: str, kept: bool, sandbox: Sandbox) -> None:
    chart = check_chart(WRITTEN, sandbox)
    assert isinstance(chart, Chart)
    for asked in (asks("What is the largest distance?", f"max({ALL})", unit=unit),) + (
        (asks(f"What is the largest distance in {unit}?", f"max({ALL})"),) if len(unit) > 1 else ()
    ):
        assert isinstance(check_question(chart, asked, sandbox, alike=True), Kept) is kept, asked.question


def test_kelvins_are_no_thousands() -> None:
    labels = [units.units_in("Temperature (K)")]
    assert units.scale_of("How hot is B in K?", "K", labels) == units.scale_of("How hot is B?", "K", labels) == 1.0
    assert units.differs("How hot is B in K?", "", labels, set(), computed=False) == ""


def test_the_int_of_what_is_rounded_cuts_nothing_off() -> None:
    space: dict[str, object] = {}
    exec(exact("def answer(data):\n    return int(round(sum(data) / 3)) + int(data[0])\n", "full"), space)
    assert space["full"]([1.5, 2, 2]) == 5.5 / 3 + 1  # type: ignore[operator]


def test_composed_questions_do_not_take_years_for_values(sandbox: Sandbox) -> None:
    data = '{"year": [2019, 2020, 2021, 2022], "north": [34, 58, 21, 47], "south": [12, 19, 41, 28]}'
    lines = ("[ax.plot(data['year'], data[n], label=n) for n in ('north', 'south')]", "ax.set_xticks(data['year'])")
    chart = check_chart(script(data, *lines, "ax.legend()", "ax.set_xlabel('Year')"), sandbox)
    assert isinstance(chart, Chart)
    found = compose_questions(chart, Draws("test"), 6)
    assert found and all('value of "' in kept.asked.question for kept in found)
