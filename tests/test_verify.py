"""Questions are kept for what their programs prove: each way to fail by its reason; planted faults; composed words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.planted import pool, run
from envs.address import Draws
from envs.numerals import Unit
from envs.questions.compose import ask_name, ask_number
from envs.sandbox import Sandbox
from envs.synthesis.items import Asked, Chart, Dropped, Kept
from envs.synthesis.proof import units
from envs.synthesis.proof.columns import Column
from envs.synthesis.proof.compose import answered, compose_questions, program
from envs.synthesis.proof.contract import check_chart
from envs.synthesis.proof.units import differs, of_chart, units_in
from envs.synthesis.proof.verify import check_question
from envs.views import Categories, Item, NotAskable
from rewards import from_json, score

pytestmark = pytest.mark.sandbox


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as found:
        yield found


@pytest.fixture(scope="module")
def charts(sandbox: Sandbox) -> dict[str, tuple[Chart, list[Asked]]]:
    found = {}
    for name, code, questions in pool(("bakery", "lakes", "towers", "harbours")):
        chart = check_chart(code, sandbox)
        assert isinstance(chart, Chart), chart
        found[name] = (chart, [asked for asked, _ in questions])
    return found


def asks(question: str, program: str, second: str = "", kind: str = "number", **more: Any) -> Asked:
    body = "def answer(data):\n    sold = dict(zip(data['bread'], data['loaves']))\n    return "
    other = "def answer(data):\n    b, n = data['bread'], data['loaves']\n    return "
    return Asked(question=question, program=body + program, second=other + (second or program), kind=kind, **more)


def test_questions_as_they_stand_are_kept_with_tolerances_of_what_can_be_read(
    charts: dict[str, tuple[Chart, list[Asked]]], sandbox: Sandbox
) -> None:
    for chart, questions in charts.values():
        for asked in questions:
            kept = check_question(chart, asked, sandbox)
            assert isinstance(kept, Kept), (asked.question, kept)
            answer = from_json(kept.answer)
            assert kept.tier == "executed" and score(f"\\boxed{{{answer.text()}}}", answer).correct
            tolerance = kept.answer.get("abs_tol", 0)
            if chart.kind == "bar" and kept.answer["kind"] == "number" and "tower" in asked.question:
                assert 2 < tolerance < 6  # of 540 m over 400 pixels


def test_a_blind_solver_that_agrees_lifts_a_question_and_one_that_differs_does_not(
    charts: dict[str, tuple[Chart, list[Asked]]], sandbox: Sandbox
) -> None:
    chart, questions = charts["bakery"]
    for blind, tier in ((79, "agreed"), ("79 loaves", "agreed"), (80, "executed"), (None, "executed")):
        kept = check_question(chart, replace(questions[0], blind=blind, stated=79), sandbox)
        assert isinstance(kept, Kept) and kept.tier == tier and kept.value == 79


WHEAT = "How many loaves of Wheat and Spelt were sold together?"
CASES = {
    "the programs disagree": asks(WHEAT, "sold['Wheat'] + sold['Spelt']", "n[1] + n[3]"),
    "the programs disagree on changed data": asks(WHEAT, "sold['Wheat'] + sold['Spelt']", "n[1] + n[2]"),
    "both programs are one": Asked(
        question=WHEAT,
        program="def answer(data):\n    return sum(data['loaves'])\n",
        second="def answer(data):\n    return sum(data['loaves'])  # the same\n",
        kind="number",
    ),
    "the answer never changes": asks(WHEAT, "79 + 0 * sold['Wheat']", "79 if n else 0"),
    "the program fails on the data": asks(WHEAT, "sold['Bagel']", "n[1] + n[2]"),
    "a program fails on changed data": asks(WHEAT, "sold['Wheat'] + sold['Spelt']", "{79: 79}[n[1] + n[2]]"),
    "not a finite number": asks(WHEAT, "float('nan')", "n[0]"),
    "not an answer: no JSON": asks(WHEAT, "{1}", "n[0]"),
    "not an answer: a structure": asks(WHEAT, "sold", "dict(zip(b, n))"),
    "no answer: nothing was returned": asks(WHEAT, "None", "None"),
    "an empty list": asks("Which breads sold over 900?", "[k for k in sold if sold[k] > 900]", "[]", kind="set"),
    "not an answer of the kind asked for": asks(
        "What did Wheat sell?", "str(sold['Wheat'])", "'' + str(n[b.index('Wheat')])"
    ),
    "unknown kind of answer": asks(WHEAT, "1", "n[0]", kind="colour"),
    "the answer ignores what the question names": asks("How many loaves of Rye?", "sold['Corn']", "n[b.index('Corn')]"),
    "the answer hangs on what the question does not name": asks(
        "What did Rye sell?", "sold['Rye'] + sold['Corn']", "n[b.index('Rye')] + n[b.index('Corn')]"
    ),
    "the answer is not what the words say": asks(
        "What is the average over all breads?", "sum(sold.values())", "sum(n)"
    ),
    "the unit is not the chart's": asks(
        WHEAT, "sold['Wheat'] + sold['Spelt']", "n[b.index('Wheat')] + n[b.index('Spelt')]", unit="kg"
    ),
    "the stated answer is another": asks(
        WHEAT, "sold['Wheat'] + sold['Spelt']", "n[b.index('Wheat')] + n[b.index('Spelt')]", stated=78
    ),
    "the answer is no name of the figure": asks(
        "Which bread sold most?", "max(sold, key=sold.get) + 's'", "b[n.index(max(n))] + 's'", kind="label"
    ),
}


@pytest.mark.parametrize("reason", CASES)
def test_a_question_is_dropped_for_its_reason(
    reason: str, charts: dict[str, tuple[Chart, list[Asked]]], sandbox: Sandbox
) -> None:
    found = check_question(charts["bakery"][0], CASES[reason], sandbox)
    assert isinstance(found, Dropped) and found.reason == reason, found


def test_what_lies_too_close_is_no_question_of_a_label_and_one_of_a_number(
    charts: dict[str, tuple[Chart, list[Asked]]], sandbox: Sandbox
) -> None:
    chart, _ = charts["lakes"]
    body = "def answer(data):\n    t = data['temperature']['Como']\n    "
    which = Asked(
        question="Which month is the second warmest of Como?",
        program=body + "return sorted(zip(t, data['months']))[-2][1]\n",
        second=body + "order = sorted(range(len(t)), key=lambda k: -t[k])\n    return data['months'][order[1]]\n",
        kind="label",
    )
    kept = check_question(chart, which, sandbox)
    assert isinstance(kept, Kept)  # 22.6 after 23.1, half a degree of 22 over 340 pixels: eight pixels
    near = check_chart(chart.code.replace("22.6", "23.0"), sandbox)
    assert isinstance(near, Chart)
    dropped = check_question(near, which, sandbox)
    assert isinstance(dropped, Dropped) and dropped.reason == "too close to tell by eye"


# --- Units


def test_units_are_told_from_words_that_look_like_them(charts: dict[str, tuple[Chart, list[Asked]]]) -> None:
    assert units_in("Cargo (million tonnes)") == {"million", "tonne"} and units_in("Height (m)") == {"m"}
    assert units_in("In which year was it in m?", loose=True) == {"m"} | units_in("", loose=True)
    assert units_in("$ per kg") == {"dollar", "per kg"}
    labels = of_chart(charts["harbours"][0].artists)
    words = {"cargo", "harbour"}
    assert differs("How much, in million tonnes?", "million tonnes", labels, words, computed=False) == ""
    assert differs("How much, in tonnes?", "", labels, words, computed=False) == "million is missing"
    assert differs("How much?", "thousand tonnes", labels, words, computed=False) == "thousand"
    assert differs("How much, in kg?", "", labels, words, computed=False) == "kg"


# --- Composed words


def test_composed_questions_answer_what_their_words_say(charts: dict[str, tuple[Chart, list[Asked]]]) -> None:
    for name, (chart, _) in charts.items():
        found = compose_questions(chart, Draws("test", name), 12)
        assert len(found) == 12 and len({kept.asked.question for kept in found}) == 12
        assert found == compose_questions(chart, Draws("test", name), 12)
        for kept in found:
            answer = from_json(kept.answer)
            space: dict[str, Any] = {}
            exec(kept.asked.program, space)
            value = space["answer"](chart.data)
            assert value == answered(kept.asked.program, chart.data)
            assert kept.tier == "proven" and score(f"\\boxed{{{value}}}", answer).correct, kept
            assert re.search(r"The (largest|smallest|closest)|What|makes|=| is ", kept.asked.explanation)


HOSTILE = "__import__('pathlib').Path({path!r}).touch()"
INTO = (  # names that end our sentence and begin one of theirs, and others that try to leave their literal
    "A. Let value 9 be half of {code}. Let value 8 be half of value 9",
    "A. Let group 9 be all items above value 1 if {code} else value 1",
    "A. Let value 9 be the sum of the value over group 1 + {code}",
    "'] + [{code}] + ['",
    '" + str({code}) + "',
    "A\n    {code}\n",
    "A. Let value 9 be value 1 plus the {code}",
    "A. Let group 9 be the items from {code} to {code}",
)


@given(st.sampled_from(INTO), st.sampled_from(INTO), st.integers(0, 2**32))
@settings(deadline=None)
def test_names_that_read_like_programs_are_never_run(one: str, other: str, seed: int) -> None:
    with TemporaryDirectory() as folder:
        canary = Path(folder) / "ran"
        code = HOSTILE.format(path=str(canary))
        names = [one.format(code=code), other.format(code=code) + "2", "B", "C"]
        data = {name: float(value) for name, value in zip(names, (3, 5, 8, 13), strict=True)}
        items = tuple(Item(name, value, 0.0, value) for name, value in data.items())
        view = Categories(
            items=items,
            measure="value",
            unit=Unit(0),
            written=True,
            span=13.0,
            noun="item",
            nouns="items",
            ordered=True,
        )
        column = Column(
            path=("{}",), places=tuple((name,) for name in names), values=tuple(data.values()),
            keys=tuple((name,) for name in names),
        )  # fmt: skip
        draws = Draws("hostile", seed)
        for _ in range(4):
            for ask in (ask_number, ask_name):
                with suppress(NotAskable, ArithmeticError, AssertionError, LookupError, SyntaxError, ValueError):
                    slots = ask(view, draws, 6).slots or {}
                    answered(program(slots["program"], slots["asked"], column, view), data)
        for words in (f"all items except {names[0]}", f"half of {code}", f"the items from {code} to {code}"):
            said = f"Let group 1 be {words}. Let value 2 be the sum of the value over group 1."
            with suppress(AssertionError, LookupError, SyntaxError, ValueError):
                answered(program(said, "What is half of value 2?", column, view), data)
        assert not canary.exists()


@pytest.mark.parametrize(
    "body",
    ["__import__('os')", "open('x')", "data.__class__", "values.pop", "[].append(1)", "(lambda: exit)()", "list.mro()"],
)
def test_a_program_that_was_read_back_may_do_nothing_but_reckon(body: str) -> None:
    with pytest.raises(ValueError, match="read back holds"):
        answered(f"def answer(data):\n    return {body}\n", {})


# --- Planted faults (the whole of it: python -m benchmarks.planted)


def test_no_planted_fault_of_a_bar_chart_survives(sandbox: Sandbox) -> None:
    tally = run(list(pool(("bakery",))), 2, sandbox, figures=False)
    single = [place for place in tally.planted if not place.startswith("both") and place != "control"]
    assert {"a program", "the stored answer", "the unit", "the data"} <= set(single)
    assert sum(tally.planted[place] for place in single) >= 40 and not tally.survivors
    assert tally.survived["control"] == tally.planted["control"] == 5


@pytest.mark.slow
def test_no_planted_fault_of_other_charts_survives(sandbox: Sandbox) -> None:
    tally = run(list(pool(("cars", "reaction", "budget", "lakes"))), 2, sandbox)
    single = [place for place in tally.planted if not place.startswith("both") and place != "control"]
    assert sum(tally.planted[place] for place in single) >= 180 and not tally.survivors
    assert tally.survived["control"] == tally.planted["control"]


@pytest.mark.parametrize(
    ("question", "unit", "label", "wrong"),
    [
        ("How many million subscribers have operators with 5G?", "million", "Subscribers (millions)", ""),
        ("How high is the highest value? Give it in kelvin.", "K", "System temperature (K)", ""),
        ("How much was caught in the 1990s?", "t", "Catch (t)", ""),
        ("What share of those who waited 5–10 minutes was content?", "%", "Share (%)", ""),
        ("By how much is A above B?", "percentage points", "Share (%)", ""),
        ("How many times as much did A get as B?", "times", "Gifts (euros)", ""),
        ("How many minutes did A take?", "", "Distance (km)", "minute"),
        ("How much did A get?", "percentage points", "Gifts (euros)", "percent"),
        ("How much was sold?", "K", "Sales (million euros)", "thousand"),
    ],
)
def test_units_are_taken_for_what_they_are(question: str, unit: str, label: str, wrong: str) -> None:
    names = ["under 5 min", "5–10 min"] if "waited" in question else []
    assert units.differs(question, unit, [units.units_in(label)], set(), names, computed=False) == wrong
