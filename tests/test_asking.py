"""The questions about named values, series and parts: right by brute force, balanced, and not told by their words."""

from __future__ import annotations

import math
from collections import Counter
from functools import cache
from itertools import combinations

import programs  # noqa: F401  (registers the second answers of composed questions)
import pytest
import second_answers  # noqa: F401  (those of named values and series)
import second_parts  # noqa: F401  (and those of what is written)
from hypothesis import given, settings
from hypothesis import strategies as st
from second_case import SECOND, Case

from envs import Address, cells
from envs.address import Draws
from envs.drawing.colour import colour_names, from_hex
from envs.guessing import guessability, wrong
from envs.known import Known, share, total
from envs.numerals import half_up
from envs.problem import Draft, draw, word
from envs.questions.recognition import OFFERED, alike
from envs.readers import read
from envs.readers.tape import record
from envs.registry import QUESTIONS
from envs.views import Categories, Measured, NotAskable, Series
from envs.views_whole import Parts
from rewards import (
    Answer,
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
    score,
)

ALL = cells()  # loads every question
MINE = {name for name, asked in QUESTIONS.items() if asked.view in (Categories, Series, Parts)}
CELLS = [cell for cell in ALL if cell.question in MINE]
# What is written around these is read by plain rules: the lowest line is the axis title, signs stand left of names.
PLAIN = "bar topic_bar grouped_bar stacked_bar percent_bar line step area stacked_area share_area lollipop pie"
BY_QUESTION = {
    name: [c for c in CELLS if c.question == name and (c.view != "Parts" or c.family in PLAIN.split())]
    for name in sorted(MINE)
}
SEEDS = st.integers(0, 2**63 - 1)


def test_every_question_about_these_views_has_a_second_answer() -> None:
    built_in = {name for name in MINE if QUESTIONS[name].generator.__module__.startswith("envs.questions.")}
    assert built_in <= SECOND.keys()


def case_of(draft: Draft) -> Case:
    """What was read off the drawing, and what the question says."""
    tape, view = record(draft.sheet), draft.view
    if len(draft.figure.panels) > 1:
        tape = tape.within(draft.figure.cells()[view.panel], draft.figure.room())
    panel = draft.figure.panels[view.panel]
    text, _, _ = word(draft)
    case = Case(slots={**view.slots(), **(draft.ask.slots or {})}, text=text, tape=tape, chart=panel.chart)
    if isinstance(view, Parts):
        return case
    assert isinstance(view, Measured)
    case.decimals = view.unit.decimals
    facts = {key: fact.value for key, fact in read(type(panel.marks).__name__, tape).facts.items()}
    if view.written:  # a reader goes by what is written
        facts = {key: half_up(value + 1e-6, case.decimals) for key, value in facts.items()}
    if isinstance(view, Categories):
        case.values = {item.name: facts[item.at] for item in view.items}
    if isinstance(view, Series):
        for name, row in zip(view.series, view.items, strict=True):
            case.grid |= {(name, item.name): facts[item.at] for item in row}
        case.window()
    return case


def agrees(answer: Answer, expected: object) -> bool:
    if isinstance(answer, Number | Percent):
        return isinstance(expected, int | float) and math.isclose(answer.value, expected, abs_tol=0.02, rel_tol=2e-3)
    if isinstance(answer, Interval):
        ends = zip((answer.low, answer.high), expected, strict=True)  # type: ignore[call-overload]
        return all(math.isclose(a, b, abs_tol=0.02, rel_tol=2e-3) for a, b in ends)
    if isinstance(answer, Sequence):
        return (
            isinstance(expected, list)
            and len(expected) == len(answer.items)
            and all(map(agrees, answer.items, expected))
        )
    if isinstance(answer, Set):
        return {item.value for item in answer.items} == expected  # type: ignore[attr-defined]
    if isinstance(answer, Choice):
        text = answer.options[answer.value]
        if isinstance(expected, float):
            values = {key: float("".join(c for c in t if c in "-.0123456789")) for key, t in answer.options.items()}
            return min(values, key=lambda key: abs(values[key] - expected)) == answer.value
        return text == expected
    if isinstance(answer, Table):
        rows = [list(row) for row in answer.rows]
        return isinstance(expected, list) and all(
            a == b if isinstance(a, str) else math.isclose(a, b, abs_tol=0.02, rel_tol=2e-3)
            for mine, theirs in zip(rows, expected, strict=True)
            for a, b in zip(mine, theirs, strict=True)
        )
    return answer.value == expected  # type: ignore[attr-defined]


@given(st.sampled_from(sorted(BY_QUESTION)), st.integers(0, 10**6), st.integers(0, 14), SEEDS, st.booleans())
@settings(max_examples=130, deadline=None)
def test_a_second_answer_by_brute_force_agrees(name: str, pick: int, level: int, seed: int, test: bool) -> None:
    found = BY_QUESTION[name]
    if not found:
        return
    draft = draw(Address(found[pick % len(found)].family, name, level, seed, test))
    expected = SECOND[name](case_of(draft))
    assert agrees(draft.ask.answer, expected), (str(draft.address), word(draft)[0], draft.ask.answer, expected)


# --- Balance: generators are run many times on a few views, without drawing anew


@cache
def views_of(family: str, kind: type[Categories | Series]) -> list[Categories | Series]:
    """Many, or they would be learned by heart."""
    drawn = [draw(Address(family, "value_of", seed % 9, seed)).views for seed in range(60 if family == "line" else 250)]
    return [view for views in drawn for view in views if type(view) is kind]  # type: ignore[misc]


def asked(name: str, times: int) -> list[tuple[dict[str, str], Answer, int]]:
    made = QUESTIONS[name]
    family = "line" if "ordered" in made.needs or made.view is Series else "bar"
    found, views = [], views_of(family, made.view)  # type: ignore[arg-type]
    for seed in range(times):
        view = views[seed % len(views)]
        try:
            ask = made.generator(view, Draws(name, seed), seed % 9)
        except NotAskable:
            continue
        found.append(({**view.slots(), **(ask.slots or {})}, ask.answer, ask.possible))
    return found


BOOLEANS = sorted(name for name in MINE if QUESTIONS[name].answer is Boolean and "words" not in QUESTIONS[name].needs)


@pytest.mark.parametrize("name", BOOLEANS)
def test_yes_is_right_half_the_time(name: str) -> None:
    answers = [answer.value for _, answer, _ in asked(name, 600)]  # type: ignore[attr-defined]
    assert len(answers) > 100
    assert abs(sum(answers) / len(answers) - 0.5) < 0.12


@pytest.mark.parametrize("name", sorted(n for n in MINE if QUESTIONS[n].answer is Choice and n != "chart_type"))
def test_neither_letter_nor_rank_nor_length_of_an_option_tells(name: str) -> None:
    seen = asked(name, 900)
    letters = Counter(answer.value for _, answer, _ in seen)  # type: ignore[attr-defined]
    assert max(letters.values()) < 0.35 * len(seen)
    assert guessability(seen).text_only < 0.45


@pytest.mark.parametrize("name", ["value_if_shown", "larger_if_shown"])
def test_what_cannot_be_told_is_asked_half_the_time(name: str) -> None:
    nowhere = [answer.to_json()["value"] == "cannot be told" for _, answer, _ in asked(name, 500)]
    assert 0.4 < sum(nowhere) / len(nowhere) < 0.6


def test_kinds_of_charts_are_offered_as_often_as_they_are_drawn_and_none_tells() -> None:
    drawn = Counter()
    for cell in (cell for cell in ALL if cell.question == "chart_type"):
        seeds = range(12 if cell.family == "pyramid" else 1)  # two kinds, each of which must come
        figures = [draw(Address(cell.family, "chart_type", 4, seed)).figure for seed in seeds]
        if len(figures[0].panels) == 1:  # several panels are of any kind
            drawn.update({figure.panels[0].chart for figure in figures})
    assert drawn == Counter(OFFERED)
    seen, made = [], QUESTIONS["chart_type"].generator
    for seed in range(1200):
        ask = made(Parts(chart=Draws("kind", seed).choice(OFFERED)), Draws("ask", seed), 0)
        seen.append((ask.slots or {}, ask.answer, 4))
        options = list(ask.answer.options.values())  # type: ignore[attr-defined]
        assert not any(alike(one, other) for one, other in combinations(options, 2))
    assert guessability(seen).text_only < 0.33


# --- Reckoning with errors

KNOWN = st.builds(Known, st.floats(1, 100), st.floats(0, 0.4))
OFF = st.floats(-1, 1)


@given(st.lists(KNOWN, min_size=2, max_size=5), st.lists(OFF, min_size=5, max_size=5))
def test_no_true_values_within_the_errors_lead_out_of_the_result(values: list[Known], off: list[float]) -> None:
    truth = [known.value + x * known.err for known, x in zip(values, off)]
    a, b = values[:2]
    results = [
        (total(values), sum(truth)),
        (a.minus(b), truth[0] - truth[1]),
        (a.over(b), truth[0] / truth[1]),
        (share(a, b), 100 * truth[0] / (truth[0] + truth[1])),
        (a.times(-0.5), truth[0] * -0.5),
    ]
    for known, value in results:
        assert abs(known.value - value) <= known.err + 1e-9


def test_a_divisor_that_could_be_nothing_gives_no_ratio() -> None:
    assert Known(3.0).over(Known(0.1, 0.2)).err == math.inf


# --- Guessing and wrong answers of every kind

KINDS: list[Answer] = [
    Number(12.5, abs_tol=0.1),
    Percent(40, abs_tol=1),
    Label("Oslo"),
    Boolean(True),
    Choice("B", {"A": "Oslo", "B": "Lima"}),
    Interval(10, 20, abs_tol=1),
    Date("2020-01", "month"),
    Sequence((Label("Oslo"), Label("Lima"))),
    Set((Label("Oslo"), Label("Lima"))),
    Table(("city", "sales"), (("Oslo", 3), ("Lima", 4.5))),
]


@pytest.mark.parametrize("answer", KINDS, ids=lambda answer: answer.kind)
def test_every_kind_has_a_wrong_answer_that_is_rejected(answer: Answer) -> None:
    assert score("\\boxed{" + answer.text() + "}", answer).correct
    assert not score("\\boxed{" + wrong(answer) + "}", answer).correct


@pytest.mark.parametrize("answer", KINDS, ids=lambda answer: answer.kind)
def test_a_constant_of_any_kind_is_found_out(answer: Answer) -> None:
    assert guessability([({}, answer, 4)] * 40).constant == 1.0


def test_leaks_in_the_words_are_found_out() -> None:
    names = ["Oslo", "Lima", "Rome", "Bern", "Kyiv"]
    first, longest, size, text = [], [], [], []
    for seed in range(400):
        draws = Draws("leak", seed)
        three = draws.sample(names, 3)
        first.append(({"names": " and ".join([", ".join(three[:2]), three[2]])}, Label(three[0]), 3))
        wide = draws.integers(0, 3)
        options = {letter: str(100 + k) + "0" * (k == wide) for k, letter in enumerate("ABC")}
        longest.append(({}, Choice("ABC"[wide], options), 3))
        cut = draws.integers(0, 100)
        size.append(({"cut": f"${cut}M"}, Number(cut // 25 + 5), 4))
        four = dict(zip("ABCD", draws.shuffled(["Oslo", *draws.sample(["x", "y", "z", "v", "w"], 3)])))
        text.append(({}, Choice(next(k for k, v in four.items() if v == "Oslo"), four), 4))
    for seen in (first, longest, size, text):
        guess = guessability(seen)
        assert guess.text_only > 0.85 > guess.constant


def test_names_drawn_at_random_are_no_leak() -> None:
    names = [f"name{k}" for k in range(12)]
    seen = []
    for seed in range(800):
        three = Draws("fair", seed).sample(names, 3)
        seen.append(({"names": ", ".join(three)}, Label(three[Draws("right", seed).integers(0, 3)]), 3))
    assert guessability(seen).text_only < 0.45


@pytest.mark.parametrize(
    ("code", "name"), [("d62728", "red"), ("2ca02c", "green"), ("1f77b4", "blue"), ("737373", "grey")]
)
def test_clear_colours_have_one_name(code: str, name: str) -> None:
    assert colour_names(from_hex(code)) == {name}


def test_doubtful_colours_have_several() -> None:
    assert len(colour_names(from_hex("17becf"))) > 1 and len(colour_names(from_hex("e69f00"))) >= 1
