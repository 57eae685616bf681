"""The promises of rewards/: what is right is accepted, nothing else is, and no text whatever does harm.

`rewards_corpus.jsonl` holds hand-written pairs {response, gold, correct, note}: each notation that is understood, and
attempts to be taken for right without being it.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from rewards import (
    Answer,
    AnswerError,
    Boolean,
    Choice,
    Date,
    Interval,
    Label,
    Number,
    Percent,
    Sequence,
    Set,
    Table,
    from_json,
    score,
)
from rewards.answers import KINDS
from rewards.boxed import MAX_BOX, last_boxed
from rewards.functions import accuracy, boxed, length
from rewards.quantities import exact_decimal
from rewards.scoring import REASONS, UNPARSED
from rewards.typography import label_key, plain

CORPUS = [json.loads(line) for line in Path(__file__).with_name("rewards_corpus.jsonl").read_text().splitlines()]


def box(text: str) -> str:
    return "\\boxed{" + text + "}"


# --- strategies -------------------------------------------------------------------------------------------------------

finite = st.one_of(
    st.integers(-(10**9), 10**9),
    st.floats(-1e12, 1e12, allow_nan=False),
    st.decimals(-1000, 1000, places=2).map(float),
)
tolerances = st.one_of(st.none(), st.floats(0, 10))
names = st.text(st.characters(codec="utf-8"), min_size=1, max_size=30).filter(lambda text: bool(label_key(text)))
words = st.text("abcdefghij klmnop", min_size=1, max_size=12).map(str.strip).filter(bool)
numbers = st.builds(Number, finite, tolerances)
percents = st.builds(Percent, finite, tolerances)
labels = st.builds(Label, names, st.lists(names, max_size=2).map(tuple))
booleans = st.builds(Boolean, st.booleans())
choices = st.lists(words, min_size=1, max_size=6, unique=True).flatmap(
    lambda texts: st.sampled_from("ABCDEF"[: len(texts)]).map(lambda letter: Choice(letter, dict(zip("ABCDEF", texts))))
)
intervals = st.tuples(finite, finite).map(sorted).map(lambda ends: Interval(ends[0], ends[1]))
dates = st.one_of(
    st.dates().map(lambda day: Date(day.isoformat(), "day")),
    st.dates().map(lambda day: Date(day.isoformat()[:7], "month")),
    st.dates().map(lambda day: Date(day.isoformat()[:4], "year")),
    st.dates().map(lambda day: Date(f"{day.isoformat()[:4]}-Q{(day.month + 2) // 3}", "quarter")),
)
singles = st.one_of(numbers, percents, labels, booleans, choices, intervals, dates)
items = st.lists(singles.filter(lambda answer: ";" not in answer.text()), min_size=1, max_size=6)
sequences = items.map(lambda several: Sequence(tuple(several)))
sets = (
    st.lists(
        st.one_of(st.builds(Number, finite), st.builds(Label, words), dates),
        min_size=1,
        max_size=6,
        unique_by=lambda item: item.text(),
    )
    .filter(lambda several: len({label_key(item.text()) for item in several}) == len(several))
    .map(lambda several: Set(tuple(several)))
)
tables = st.integers(1, 4).flatmap(
    lambda width: st.builds(
        Table,
        st.tuples(*[words] * width),
        st.lists(st.tuples(*[st.one_of(words, finite)] * width), min_size=1, max_size=4).map(tuple),
    )
)
answers = st.one_of(singles, sequences, sets, tables)


# --- the corpus -------------------------------------------------------------------------------------------------------


def test_every_pair_of_the_corpus_is_judged_as_a_person_would() -> None:
    wrong = []
    for pair in CORPUS:
        verdict = score(pair["response"], from_json(pair["gold"]))
        if verdict.correct != pair["correct"]:
            wrong.append((pair, verdict.reason))
    assert not wrong


def test_the_corpus_covers_every_kind_both_ways_and_every_reason() -> None:
    kinds = Counter((pair["gold"]["kind"], pair["correct"]) for pair in CORPUS)
    assert len(CORPUS) >= 300
    assert all(kinds[kind, correct] >= 4 for kind in KINDS for correct in (True, False)), kinds
    reasons = {score(pair["response"], from_json(pair["gold"])).reason for pair in CORPUS}
    assert set(REASONS) - reasons <= {"not text", "box too long"}
    assert reasons <= set(REASONS)


@pytest.mark.parametrize(
    ("content", "answer", "reason"),
    [
        ("6", Number(5), "wrong"),
        ("5 or 6", Number(5), "several values"),
        ("5, 6", Number(5), "several values"),
        ("4-6", Number(5), "range"),
        ("about 5", Number(5), "hedge"),
        ("> 5", Number(5), "hedge"),
        ("5 kg", Number(5, unit=("km",)), "wrong unit"),
        ("five", Number(5), "not a number"),
        ("1e999999999", Number(5), "out of range"),
        ("perhaps", Boolean(True), "not a boolean"),
        ("E", Choice("A", {"A": "x"}), "not an option"),
        ("10", Interval(1, 2), "not an interval"),
        ("soon", Date("2020", "year"), "not a date"),
        ("a", Sequence((Label("a"), Label("b"))), "wrong count"),
        ("a", Table(("a",), (("b",),)), "not a table"),
    ],
)
def test_the_reason_tells_what_is_the_matter(content: str, answer: Answer, reason: str) -> None:
    verdict = score(box(content), answer)
    assert (verdict.correct, verdict.value, verdict.given, verdict.reason) == (False, 0.0, content, reason)


def test_unreadable_reasons_are_told_apart_from_wrong_ones() -> None:
    assert set(REASONS) > UNPARSED
    assert not UNPARSED & {"correct", "wrong", "wrong unit", "several values"}
    assert {"no box", "unclosed box", "not a number", "not a date"} <= UNPARSED


# --- properties of answers --------------------------------------------------------------------------------------------


@given(answers)
def test_an_answer_survives_the_wire(answer: Answer) -> None:
    assert from_json(json.loads(json.dumps(answer.to_json()))) == answer


@pytest.mark.parametrize(
    "wire",
    [
        {"kind": "number", "value": 12.5, "abs_tol": 0.05, "unit": ["km"], "scale": 1e6},
        {"kind": "number", "value": 3},
        {"kind": "number", "value": 3, "rel_tol": 0.1},
        {"kind": "percent", "value": 45.0, "abs_tol": 0.5},
        {"kind": "label", "value": "South Korea", "aliases": ["Korea, South"]},
        {"kind": "boolean", "value": True},
        {"kind": "choice", "value": "B", "options": {"A": "Oslo", "B": "Lima"}},
        {"kind": "interval", "low": 10, "high": 20},
        {"kind": "date", "value": "2020-01", "granularity": "month"},
        {"kind": "sequence", "items": [{"kind": "number", "value": 1}, {"kind": "label", "value": "a"}]},
        {"kind": "set", "items": [{"kind": "label", "value": "a"}]},
        {"kind": "table", "columns": ["a", "b"], "rows": [["x", 1], ["y", 2.5]]},
    ],
)
def test_the_wire_is_as_the_design_has_it(wire: dict[str, Any]) -> None:
    assert from_json(wire).to_json() == wire


@pytest.mark.parametrize(
    ("wire", "told"),
    [
        (5, "answer: 5"),
        ({}, "answer.kind: None"),
        ({"kind": "nummber", "value": 5}, "'nummber'"),
        ({"kind": "number"}, "answer.value: missing"),
        ({"kind": "number", "value": "5"}, "answer.value: '5'"),
        ({"kind": "number", "value": True}, "answer.value: True"),
        ({"kind": "number", "value": float("nan")}, "answer.value: nan"),
        ({"kind": "number", "value": 1e300}, "answer.value: 1e+300"),
        ({"kind": "number", "value": 5, "abs_toll": 1}, "'abs_tol'"),
        ({"kind": "number", "value": 5, "abs_tol": -1}, "answer.abs_tol: -1"),
        ({"kind": "number", "value": 5, "abs_tol": 1, "rel_tol": 1}, "answer.rel_tol"),
        ({"kind": "number", "value": 5, "unit": "km"}, "answer.unit: 'km'"),
        ({"kind": "number", "value": 5, "scale": 0}, "answer.scale: 0"),
        ({"kind": "label", "value": " "}, "answer.value: ' '"),
        ({"kind": "label", "value": 5}, "answer.value: 5"),
        ({"kind": "boolean", "value": 1}, "answer.value: 1"),
        ({"kind": "choice", "value": "C", "options": {"A": "x"}}, "answer.value: 'C'"),
        ({"kind": "choice", "value": "A", "options": {"A": "x", "B": "X."}}, "'X.'"),
        ({"kind": "interval", "low": 2, "high": 1}, "answer.high: 1"),
        ({"kind": "date", "value": "2020-02-30", "granularity": "day"}, "'2020-02-30'"),
        ({"kind": "date", "value": "2020", "granularity": "week"}, "answer.granularity: 'week'"),
        ({"kind": "sequence", "items": []}, "answer.items"),
        ({"kind": "sequence", "items": [{"kind": "label", "value": 5}]}, "answer.items[0].value: 5"),
        ({"kind": "sequence", "items": [{"kind": "label", "value": "a;b"}]}, "answer.items[0]: 'a;b'"),
        ({"kind": "set", "items": [{"kind": "label", "value": "a"}] * 2}, "answer.items[1]: 'a'"),
        ({"kind": "set", "items": [{"kind": "set", "items": []}]}, "answer.items[0]: a list within a list"),
        ({"kind": "table", "columns": ["a"], "rows": [["x", 1]]}, "answer.rows[0]"),
        ({"kind": "table", "columns": ["a|b"], "rows": [["x"]]}, "answer.columns[0]: 'a|b'"),
        ({"kind": "table", "columns": ["a"], "rows": [["x<0x0A>y"]]}, "answer.rows[0][0]: 'x<0x0A>y'"),
    ],
)
def test_a_bad_wire_is_refused_with_its_value_and_place(wire: object, told: str) -> None:
    with pytest.raises(AnswerError) as caught:
        from_json(wire)
    assert told in str(caught.value)


def test_a_refusal_is_short_however_long_the_value() -> None:
    with pytest.raises(AnswerError, match=r"^answer\.value: '5555.* give an int or a float$") as caught:
        from_json({"kind": "number", "value": "5" * 10**6})
    assert len(str(caught.value)) < 500


@settings(max_examples=400)
@given(answers)
@example(Label("\\}{$**"))
@example(Label("\\text{a}"))
@example(Sequence((Label("Korea, South"), Label("Trinidad and Tobago"))))
@example(Number(1e100))
@example(Number(10**60 + 1))
@example(Number(5e-100))
def test_the_text_of_an_answer_is_right_for_it(answer: Answer) -> None:
    assert score(box(answer.text()), answer) == (1.0, True, answer.text(), "correct")


@given(finite, finite, st.sampled_from([Number, Percent]))
def test_another_number_is_wrong(one: float, other: float, kind: type[Number] | type[Percent]) -> None:
    assume(one != other)
    assert score(box(kind(other).text()), kind(one)).reason == "wrong"


@given(words, words)
def test_another_label_is_wrong(one: str, other: str) -> None:
    assume(label_key(one) != label_key(other))
    assert score(box(other), Label(one)).reason == "wrong"


@given(words)
def test_an_anagram_of_a_label_is_wrong(word: str) -> None:
    assume(label_key(word[::-1]) != label_key(word))
    assert not score(box(word[::-1]), Label(word)).correct


@given(intervals, intervals)
def test_another_interval_is_wrong(one: Interval, other: Interval) -> None:
    assume(one != other)
    assert score(box(other.text()), one).reason == "wrong"


@given(dates, dates)
def test_another_date_is_wrong(one: Date, other: Date) -> None:
    assume(one != other)
    assert not score(box(other.text()), one).correct


@given(st.permutations(["Oslo", "Lima", "Rome", "Cairo"]))
def test_order_matters_for_a_sequence_and_not_for_a_set(names: list[str]) -> None:
    right = tuple(Label(name) for name in ("Oslo", "Lima", "Rome", "Cairo"))
    assert score(box(", ".join(names)), Set(right)).correct
    assert score(box(", ".join(names)), Sequence(right)).correct is (names == ["Oslo", "Lima", "Rome", "Cairo"])


@given(
    st.floats(-1e6, 1e6).map(lambda x: round(x, 6)),
    st.integers(0, 1000).map(lambda n: n / 100),
    st.decimals(-2, 2, places=3),
)
def test_a_tolerance_is_kept_to_the_last_digit(value: float, tolerance: float, share: Decimal) -> None:
    off = exact_decimal(value) + exact_decimal(tolerance) * share
    correct = score(box(format(off, "f")), Number(value, abs_tol=tolerance)).correct
    assert correct is (abs(off - exact_decimal(value)) <= exact_decimal(tolerance))


def test_partial_credit_for_tables_is_the_similarity_and_never_makes_them_correct() -> None:
    right = Table(("City", "Rain"), (("Oslo", 10), ("Lima", 4)))
    half = score(box("City | Rain\nOslo | 10\nLima | 8"), right)
    assert (half.correct, half.value, half.reason) == (False, 0.5, "wrong")
    assert score(box("City | Rain\nLima | 4\nOslo | 10"), right)[:2] == (1.0, False)  # the order counts for correct
    assert score(box("City | Rain\nLima | 4"), right).value == pytest.approx(2 / 3)
    assert score(box("City | Rain\nCairo | 4\nRome | 10"), right).value == 0.0


# --- boxes ------------------------------------------------------------------------------------------------------------


@given(st.text(max_size=50), st.text(st.characters(exclude_characters="{}\\"), max_size=50))
def test_the_last_box_is_found_behind_any_text(before: str, content: str) -> None:
    assume("boxed" not in before)
    assert last_boxed(before.rstrip("\\") + " " + box(content)) == (content, "")


@given(st.text(max_size=20))
def test_a_cut_off_box_is_never_answered_from_an_earlier_one(tail: str) -> None:
    assume("}" not in tail and "boxed" not in tail)
    assert last_boxed("\\boxed{5} so \\boxed{" + tail) == (None, "unclosed box")


@pytest.mark.parametrize("depth", [1, 2, 3, 50])
def test_boxes_that_hold_only_a_box_are_peeled_off(depth: int) -> None:
    assert last_boxed("\\boxed{" * depth + "\\frac{1}{2}" + "}" * depth).text == "\\frac{1}{2}"


def test_a_box_longer_than_any_answer_is_refused() -> None:
    assert last_boxed(box("5" * MAX_BOX)).text is not None
    assert last_boxed(box("5" * (MAX_BOX + 1))).problem == "box too long"


# --- untrusted text ---------------------------------------------------------------------------------------------------

# Text made of what the grammars react to is nastier than random text.
SHARDS = r"""
\boxed{ { } \text{ \frac 1 5 0 , ; . - + / ^ % $ ** ( [ ) ] | & e E x = ≈ K million km and or to Q1 Jan 2020 \\ \{
² ½ １ − ﷺ nan inf 1e999999999
"""
shards = st.lists(st.sampled_from([*SHARDS.split(), "\n", "\x00", "\ud800", "\u200b", "\u0301"]), max_size=25)
nasty = st.one_of(st.text(st.characters(), max_size=80), shards.map("".join), shards.map(" ".join))


@settings(max_examples=600)
@given(nasty, answers)
def test_any_text_gets_a_score_and_never_an_exception(text: str, answer: Answer) -> None:
    for response in (text, box(text), box(text) + text):
        verdict = score(response, answer)
        assert verdict.reason in REASONS
        assert verdict.correct is (verdict.reason == "correct")
        assert 0.0 <= verdict.value <= 1.0


@pytest.mark.parametrize("response", [None, 5, b"\\boxed{5}", ["\\boxed{5}"], float("nan")])
def test_a_response_that_is_no_text_is_incorrect(response: object) -> None:
    assert score(response, Number(5)) == (0.0, False, None, "not text")


@given(nasty)
def test_typography_is_taken_off_without_harm(text: str) -> None:
    assert isinstance(label_key(plain(text)), str)


@pytest.mark.parametrize(
    "shard", ["{", "}", "\\", "\\boxed{", "\\boxed ", "\\boxed{5}", "{}", "\\{", " ", "5,", "a\u0301", "\\boxed{}{"]
)
def test_work_grows_no_faster_than_the_response(shard: str) -> None:
    """Eight times the text in well under the 64 times of quadratic work; benchmarks/checker.py has the times."""

    def cost(size: int) -> float:
        text = "\\boxed{" + shard * (size // len(shard)) + "}"
        spent = []
        for _ in range(3):
            start = time.process_time()
            score(text, Number(5))
            spent.append(time.process_time() - start)
        return min(spent)

    assert cost(800_000) <= 30 * max(cost(100_000), 1e-3)


# --- reward functions -------------------------------------------------------------------------------------------------


def test_reward_functions_read_every_form_of_completion() -> None:
    right, wrong = "\\boxed{5}", "\\boxed{6}"
    completions = [
        right,
        wrong,
        [{"role": "assistant", "content": right}],
        [{"role": "assistant", "content": [{"type": "text", "text": right}]}],
        [{"role": "assistant", "content": wrong}, {"role": "tool", "content": right}],
        [{"role": "assistant", "content": None}],
        "5",
        None,
    ]
    answer = [Number(5), {"kind": "number", "value": 5}] * 4
    prompts = [""] * 8
    assert accuracy(prompts=prompts, completions=completions, answer=answer, other=[0] * 8) == [1, 0, 1, 1, 0, 0, 0, 0]
    assert boxed(prompts=prompts, completions=completions, answer=answer) == [1, 1, 1, 1, 1, 0, 0, 0]


def test_the_length_reward_falls_from_the_soft_limit_to_the_hard_one() -> None:
    ids = [[0] * count for count in (0, 10, 15, 20, 30)]
    assert length(10, 20)(prompts=[], completions=[], completion_ids=ids) == [0.0, 0.0, -0.5, -1.0, -1.0]
    with pytest.raises(ValueError, match="soft=20"):
        length(20, 20)


def test_reward_functions_are_logged_by_short_names() -> None:
    assert [function.__name__ for function in (accuracy, boxed, length(1, 2))] == ["accuracy", "boxed", "length"]
