"""The check at length: what is asked of its table, and of the guessers whose findings it keeps."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from envs.address import Address, Draws
from envs.check import fingerprint, words
from envs.guessing import guessability
from envs.problem import draw
from envs.quality import ALL, Row, Table, Work, plan, put_section, summary
from envs.registry import QUESTIONS, Ask, Cell, _pairs, cells, question, select
from envs.views import Categories
from rewards import Boolean, Choice, Label, Number

FEW = select(["bar/count", "bar/mean", "network/degree"])
SEEDS = st.integers(0, 2**63 - 1)


def test_the_plan_holds_every_cell_in_every_band_once_and_shares_figures_where_they_are_alike() -> None:
    wanted = plan(cells(), [*range(9), 40], 420, 0, (448, 448))
    keys = [key for work in wanted for key in work.keys]
    assert len(keys) == len(set(keys))
    lows = {0: "0-2", 3: "3-5", 6: "6-8", 40: "40"}
    bands = {c.name: {lows[low] for low in lows if c.top_level is None or low <= c.top_level} for c in cells()}
    assert {(*name.split("/"), levels) for name in bands for levels in bands[name]} == {k for k in keys if k[0] != ALL}
    pooled = {question for family, question, _ in keys if family == ALL}
    assert pooled == {name for name, asked in QUESTIONS.items() if asked.pooled}
    assert len(wanted) < len(keys) / 2


@given(st.sampled_from([cell for cell in cells() if cell.family in ("bar", "line", "pie")]), SEEDS, st.integers(0, 8))
@settings(max_examples=40, deadline=None)
def test_a_problem_is_the_same_whatever_was_asked_of_its_figure_before(cell, seed: int, level: int) -> None:
    others = [other for other in cells() if other.family == cell.family]
    alone = draw(Address(cell.family, cell.question, level, seed))
    draw(f"funnel/count/0/{seed}"), draw(f"gantt/count/0/{seed}")  # the figure is drawn anew
    for other in Draws(seed).sample(others, 3):
        draw(Address(other.family, other.question, level, seed))
    again = draw(Address(cell.family, cell.question, level, seed))
    assert (words(alone), alone.ask.answer, fingerprint(alone)) == (words(again), again.ask.answer, fingerprint(again))


def test_what_was_found_is_kept_and_what_is_old_or_short_is_done_again(tmp_path: Path) -> None:
    path = tmp_path / "quality.csv"
    wanted = plan(FEW, [0, 1, 2], 12, 0, (448, 448))
    table = Table(path)
    assert [table.lacks(work) for work in wanted] == wanted
    rows = [row for work in wanted for row in work.rows()]
    table.add(rows)
    with path.open("a") as file:
        file.write("bar,1,co")  # cut off
    kept = Table(path)
    assert sorted(row.key for row in kept) == sorted(row.key for row in rows)
    assert list(kept) == list(table)
    assert not any(kept.lacks(work) for work in wanted)
    assert all(kept.lacks(replace(work, count=13)) == replace(work, count=13) for work in wanted)
    old = replace(rows[0], question_version=rows[0].question_version + 1)
    kept.add([old])
    again = [work for work in map(kept.lacks, wanted) if work]
    assert [key for work in again for key in work.keys] == [old.key]
    assert any("older than the cell" in line for line in summary(kept)[1])
    kept.tidy()
    assert list(Table(path)) == list(kept)


def test_findings_that_break_a_promise_are_named() -> None:
    fair = Row("bar", 1, "count", 1, "0-2", 420, 5, 0, 420, 0.2, 0.2, 0.3, "abc", "2026-01-01")
    assert summary([fair])[1] == []
    for change, said in (
        ({"constant": 0.5}, "constant"),
        ({"text_only": 0.5}, "from the words"),
        ({"retried": 60}, "second sub-seed"),
        ({"distinct": 419}, "distinct"),
        ({"question": "gone"}, "older than the cell"),
    ):
        assert any(said in line for line in summary([replace(fair, **change)])[1]), change  # type: ignore[arg-type]


def test_a_section_takes_the_place_of_the_one_with_its_heading(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    for heading, text in (("One", "first"), ("Two", "second"), ("One", "third")):
        put_section(page, heading, text)
    assert page.read_text().count("## One\n") == 1
    assert "first" not in page.read_text() and {"second", "third"} <= set(page.read_text().split())


def test_every_problem_is_judged_unseen() -> None:
    """What was learned by heart is of no use: words that tell one problem from all others, answers at random."""
    seen = [({"name": f"n{k}"}, Boolean(Draws("heart", k).chance(0.5)), 2) for k in range(600)]
    assert abs(guessability(seen).text_only - 0.5) < 0.08
    twice = [one for one in seen for _ in range(8)]  # learned from in one part, judged in another
    assert guessability(twice).text_only == 1.0


@pytest.mark.parametrize("leak", ["two words together", "rank of a number", "number plus", "number times"])
def test_what_follows_from_several_words_or_numbers_is_found_out(leak: str) -> None:
    seen = []
    for k in range(420):
        draws = Draws(leak, k)
        low, high = draws.integers(1, 500), draws.integers(1, 500)
        a, b, c = (draws.chance(0.5) for _ in range(3))
        if leak == "two words together":  # the majority of three: each alone is right three times in four
            seen.append(({"a": str(a), "b": str(b), "c": str(c)}, Boolean(a + b + c >= 2), 2))
        elif leak == "rank of a number":
            seen.append(({"a": f"{low} km", "b": f"{high} km"}, Label("more" if low > high else "less"), 2))
        elif leak == "number plus":
            seen.append(({"cut": f"${low}"}, Number(low + 17 + draws.integers(-2, 3), abs_tol=2), 50))
        else:
            seen.append(({"cut": f"{low}%"}, Number(2.5 * low, rel_tol=0.02), 50))
    guess = guessability(seen)
    assert guess.text_only > 0.9
    assert guess.constant < 0.6


def test_options_in_fair_order_are_no_leak() -> None:
    seen = []
    for k in range(420):
        draws = Draws("options", k)
        values = [str(value) for value in draws.sample(range(1, 90), 4)]
        seen.append(({"options": "; ".join(values)}, Choice(draws.choice("ABCD"), dict(zip("ABCD", values))), 4))
    assert guessability(seen).text_only < 0.33


def test_works_of_one_question_over_all_families_make_one_row() -> None:
    some = tuple(cell for cell in cells() if cell.question == "chart_type")[:6]
    rows = Work(some, (0, 1, 2), 12, 0, (448, 448), together=True).rows()
    assert [(row.family, row.problems, row.old) for row in rows] == [(ALL, 12, False)]


@pytest.fixture
def leak() -> Iterator[Cell]:
    """A question whose answer is one of two, which says that it is one of a hundred."""

    @question(Categories, Number, skill="reading", phrasings=("Guess.",) * 5, held_out=("Guess.",) * 2)
    def heads_or_tails(view: Categories, draws: Draws, level: int) -> Ask:
        return Ask(Number(draws.integers(0, 2)), [], 100)

    yield next(cell for cell in cells() if cell.name == "funnel/heads_or_tails")
    del QUESTIONS["heads_or_tails"]
    cells.cache_clear(), _pairs.cache_clear()


def test_what_looks_broken_is_judged_by_a_fresh_seed(leak: Cell) -> None:
    fair = next(cell for cell in cells() if cell.name == "funnel/count")
    for cell, broken in ((leak, True), (fair, False)):
        work = Work((cell,), (0, 1, 2), 60, 0, (448, 448))
        own, fresh = work._look(), replace(work, seed=-1)._look()
        assert own != fresh
        assert all(any(row.guesses()) == broken for row in (*own, *fresh))
        assert work.rows() == (fresh if broken else own)
