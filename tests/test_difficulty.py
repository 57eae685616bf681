"""Is a higher level harder? The scripted reader's eyes on their own, and the promise on a small pooled sample."""

from __future__ import annotations

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from envs import cells
from envs.address import Draws
from envs.difficulty import Share, Slope, answers, broken, deal, endless, measure, pooled, rises, table
from envs.eyes import digits, likeness, look, missed, mixed, sight, spelled, tires
from envs.problem import draw
from envs.registry import select

# Of every skill, and of figures of every build; no more, so that a few seconds do.
ASKED = ["bar/*", "line/*", "grouped_bar/*", "treemap/*", "scatter/*", "heatmap/*"]


def test_higher_levels_are_harder_for_eyes_that_are_equally_weak_at_all() -> None:
    chosen = select(ASKED)
    slopes = measure(chosen, deal(chosen, [0, 6, 12], 1500, seed=1))
    whole = pooled(slopes)
    assert whole[0].accuracy > whole[6].accuracy > whole[12].accuracy
    assert broken(whole) == []
    assert "harder as promised" in table(slopes)


def test_a_promise_that_is_broken_is_told() -> None:
    def shares(*accuracies: float) -> dict[int, Share]:
        return {level: Share(accuracy, 0.01, 0.2) for level, accuracy in enumerate(accuracies)}

    assert broken(shares(0.9, 0.8, 0.7)) == []
    assert len(broken(shares(0.9, 0.7, 0.6))) == 1  # too fast
    assert len(broken(shares(0.7, 0.8, 0.45))) == 2  # easier, then too fast
    assert len(broken(shares(0.9, 0.85, 0.8))) == 1  # too little in all
    assert broken(shares(0.35, 0.32, 0.29)) == []  # to chance
    flat = Slope("q", 3, 0, 12, Counter({0: 10, 1: 10}), Counter({0: 9, 1: 9}), {0: 1.0, 1: 1.0})
    assert flat.flat and "| q | 3 | 12 | 90 | 90 | 19 | 10 |" in table([flat])


def test_flat_questions_without_a_top_level_break_the_promise() -> None:
    def slope(top: int | None, tried: int, right: int) -> Slope:
        levels = range(6)  # as long as two bands
        rights = Counter({level: right if level > 2 else tried for level in levels})
        return Slope("q", 3, 0, top, Counter(dict.fromkeys(levels, tried)), rights, dict.fromkeys(levels, 0.0))

    assert endless([slope(None, 100, 99)]) and "q is flat and has no top level" in table([slope(None, 100, 99)])
    assert not endless([slope(12, 100, 99)])  # it ends
    assert not endless([slope(None, 100, 70)])  # it falls
    assert not endless([slope(None, 10, 9)])  # of too few to say so
    assert {cell.question for cell in cells() if cell.top_level is None} == {
        cell.question for cell in cells() if cell.question.startswith("compose")
    }


@given(st.integers(0, 2**63 - 1), st.integers(0, 400))
@settings(max_examples=20, deadline=None)
def test_a_sample_asks_each_question_alike_and_no_cell_above_its_top(seed: int, count: int) -> None:
    chosen = select(["bar/*", "pie/*"])
    dealt = list(deal(chosen, range(14), count, seed))
    assert len(dealt) == count
    assert all(rises(cell) and (cell.top_level is None or level <= cell.top_level) for cell, level, _ in dealt)
    places = {(c.question, n) for c in chosen for n in range(14) if c.top_level is None or n <= c.top_level > 0}
    asked = Counter((cell.question, level) for cell, level, _ in dealt)
    assert asked.keys() <= places
    assert all(count // len(places) <= asked[place] <= count // len(places) + 1 for place in places)


def test_what_no_figure_makes_harder_has_no_levels() -> None:
    resting = {cell.question for cell in cells() if not rises(cell)}
    assert "chart_type" in resting and "count" not in resting
    assert measure([cell for cell in cells() if cell.question == "chart_type"], [])[0].cells == 0


# --- The eyes


def test_sharp_eyes_answer_rightly(monkeypatch) -> None:  # type: ignore[no-untyped-def]
    for name in ("PIXELS", "NOISE", "MISREAD", "LETTER", "STRAY", "MISSED", "CROWDED", "ALIKE", "MIXED", "TIRED"):
        monkeypatch.setattr(f"envs.eyes.{name}", 0.0)
    monkeypatch.setattr("envs.eyes.likeness", likeness.__wrapped__)  # what was reckoned with other eyes is kept
    monkeypatch.setattr("envs.difficulty.likeness", likeness.__wrapped__)
    for seed in range(60):
        for cell in ("bar/kth_largest", "line/value_at", "network/neighbours", "scatter/points_beyond", "pie/title"):
            draft = draw(f"{cell}/{seed % 13}/{seed}")
            assert answers(draft, Draws(seed)), draft.address


def test_what_crowds_costs() -> None:
    assert likeness("Oslo", "Oslo E") > likeness("Oslo", "Lima") > 0
    assert mixed((1.0, 0.0, 0.0), (0.9, 0.1, 0.1)) > mixed((1.0, 0.0, 0.0), (0.0, 0.0, 1.0))
    assert missed(30) > missed(3) > 0
    few, many = (draw(f"bar/count/{level}/5") for level in (0, 12))
    assert sight(few.view, few.views, few.sheet.layout.texts).clutter == len(few.view.facts())
    assert len(many.view.facts()) > len(few.view.facts())


@given(st.integers(0, 2**63 - 1), st.integers(0, 12), st.sampled_from(cells()))
@settings(max_examples=150, deadline=None)
def test_a_look_keeps_the_names_of_what_is_seen(seed: int, level: int, cell) -> None:  # type: ignore[no-untyped-def]
    draft = draw(f"{cell.family}/{cell.question}/{level}/{seed}")
    reading = sight(draft.view, draft.views, draft.sheet.layout.texts)
    try:
        seen = look(draft.view, reading, Draws(seed))
    except (LookupError, ValueError):
        return  # it does not add up
    assert type(seen) is type(draft.view)
    assert seen.facts().keys() <= draft.view.facts().keys() or cell.view in ("Links", "Bins")


def test_letters_digits_and_thoughts_go_wrong_one_by_one() -> None:
    draws = Draws("one by one")
    assert 0.02 < sum(spelled("abcdefgh", draws) != "abcdefgh" for _ in range(4000)) / 4000 < 0.06
    short, long = (sum(digits(v, 0, draws) != v for _ in range(6000)) for v in (7.0, 7777777.0))
    assert 0 < short < long / 3
    assert not any(tires([], draws) for _ in range(100))
    few, many = (sum(tires(steps, draws) for _ in range(3000)) for steps in (["1 is 1."], ["1 + 2 + 3 + 4 = 10."] * 3))
    assert 0 < few < many / 2
