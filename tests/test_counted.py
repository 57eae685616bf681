"""Charts of text show what was counted: tables, spreads and lengths come from passages made to hold them."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from envs.address import Draws, in_test
from envs.data import count_lengths, count_pairs, draw_counted, draw_spoken
from envs.data.counted import Written
from envs.problem import draw
from envs.text import measured, open_corpus, pairs, sentence_lengths, topics, word_lengths

seeds = st.integers(0, 2**40)
quick = settings(max_examples=60, deadline=None)
TEXT = """The lamp went out. Nobody had seen the old keeper since noon! Was the door locked? It stood open."""


def test_sentences_words_and_pairs_are_counted_as_a_reader_would() -> None:
    assert sentence_lengths(TEXT) == [4, 8, 4, 3]
    assert sentence_lengths("1999-03-02: Don't go, well-known man. Go.", "letters") == [18, 2]
    assert word_lengths("It was the boat's.") == {2: 1, 3: 2, 5: 1}
    assert pairs("Anna, an É1é x-ax") == {"an": 2, "nn": 1, "na": 1, "ax": 1}


@quick
@given(seeds, st.integers(5, 90), st.integers(12, 300))
def test_a_sentence_is_as_long_as_asked(seed: int, count: int, size: int) -> None:
    nouns = Draws(seed).choice(topics()).nouns
    assert sentence_lengths(measured(Draws(seed), nouns, count, "words")) == [count]
    assert sentence_lengths(measured(Draws(seed), nouns, size, "letters"), "letters") == [size]


@quick
@given(seeds, st.booleans(), st.integers(1, 5), st.integers(2, 12), st.booleans(), st.integers(0, 14))
def test_a_counted_table_is_distinct_named_and_follows_its_passages(
    seed: int, test: bool, series: int, positions: int, ordered: bool, level: int
) -> None:
    wish = {"test": test, "series": series, "positions": positions, "ordered": ordered, "level": level}
    grid = draw_counted(Draws(seed), **wish)  # type: ignore[arg-type]
    assert grid == draw_counted(Draws(seed), **wish)  # type: ignore[arg-type]
    assert grid is not None and grid.recount is not None
    assert (len(grid.series), len(grid.positions), grid.ordered) == (series, positions, ordered)
    assert {len(row) for row in grid.values} == {positions}
    for row in grid.values:
        assert len(set(row)) == positions and min(row) >= 1
    for names, absent in ((grid.positions, grid.absent), (grid.series, grid.absent_series)):
        assert len(set(names)) == len(names) and not set(names) & set(absent)
    assert grid.recount(grid.values) == grid.values
    moved = tuple(tuple(value + 3 * i + j for j, value in enumerate(row)) for i, row in enumerate(grid.values))
    assert grid.recount(moved) == moved


@quick
@given(seeds, st.booleans())
def test_the_values_of_a_table_are_those_of_its_passages_and_no_others(seed: int, test: bool) -> None:
    grid = draw_counted(Draws(seed), test=test, series=2, positions=4, level=3)
    assert grid is not None and isinstance(grid.recount, Written)
    if grid.recount.names:  # a table that asks its passages for other names finds none of them there
        strange = replace(grid.recount, names=tuple("0" for _ in grid.recount.names))
        assert not any(map(any, strange(grid.values)))


def test_largest_and_smallest_of_a_counted_table_are_no_habit() -> None:
    least, first = Counter[float](), Counter[str]()
    for seed in range(400):
        grid = draw_counted(Draws("habit", seed), test=False, series=1, positions=6, ordered=False, level=seed % 13)
        assert grid is not None
        least[min(grid.values[0])] += 1
        first[grid.positions[grid.values[0].index(max(grid.values[0]))]] += 1
    assert max(least.values()) < 0.15 * 400
    assert max(first.values()) < 0.15 * 400


@quick
@given(seeds, st.booleans(), st.lists(st.tuples(st.integers(1, 9), st.integers(1, 4)), min_size=1, max_size=4))
def test_spoken_passages_have_the_quartiles_and_outliers_asked_for(
    seed: int, test: bool, shapes: list[tuple[int, int]]
) -> None:
    spoken = draw_spoken(Draws(seed), test=test, groups=len(shapes), longest=None)
    assert spoken is not None
    samples = []
    for gap, dots in shapes:
        five = [40 + gap * i for i in range(5)]
        samples.append([*five, *range(31, 31 + dots - 1), *range(200, 200 + dots)])
    assert spoken(samples) == samples


@quick
@given(seeds, st.booleans(), st.integers(1, 5), st.lists(st.integers(1, 40), min_size=3, max_size=10))
def test_words_and_pairs_occur_as_often_as_wanted(seed: int, test: bool, first: int, wanted: list[int]) -> None:
    assert count_lengths(Draws(seed), test=test, source="", first=first, wanted=wanted) == wanted
    names = ["A" + other for other in "BCDEFGHIJK"[: len(wanted)]]
    assert count_pairs(Draws(seed), test=test, names=names, wanted=wanted) == wanted


@pytest.mark.parametrize("ordered", [True, False])
@pytest.mark.parametrize("test", [True, False])
def test_tables_of_a_corpus_hold_what_its_own_side_holds(tmp_path: Path, test: bool, ordered: bool) -> None:
    draws = Draws("corpus")
    units = [
        " ".join(measured(draws, draws.choice(topics()).nouns, draws.integers(5, 60), "words") for _ in range(6))
        for _ in range(300)
    ]
    (tmp_path / "a.txt").write_text("\n\n".join(units), encoding="utf-8")
    corpus = open_corpus(f"files:{tmp_path}/*.txt")
    mine = corpus.side(test)
    assert all(in_test(unit) == test for unit in mine)
    most = Counter[str]()
    for unit in mine:
        most.update(pairs(unit))
    for seed in range(6):
        wish = {"test": test, "series": 2, "positions": 5, "ordered": ordered, "level": 3}
        grid = draw_counted(Draws(seed), source=corpus.key, **wish)  # type: ignore[arg-type]
        assert grid is not None and grid.recount is not None
        assert grid.recount(((1.0,) * 5,) * 2) == grid.values  # as it is, whatever is wished for
        held = [n for unit in mine for n in sentence_lengths(unit, "letters")]
        if grid.noun == "sentence":
            assert all(value in held for row in grid.values for value in row)
        if grid.noun == "letter pair":
            assert all(n <= most[name.lower()] for row in grid.values for name, n in zip(grid.positions, row))


def test_text_of_ones_own_reaches_tables_and_histograms(tmp_path: Path) -> None:
    draws = Draws("own")
    units = [
        " ".join(measured(draws, ("axe", "bow"), draws.integers(5, 40), "words") for _ in range(8)) for _ in range(99)
    ]
    (tmp_path / "own.txt").write_text("\n\n".join(units), encoding="utf-8")
    corpus = open_corpus(f"files:{tmp_path}/*.txt")
    for cell, nouns in (
        ("line/kth_largest", {"sentence"}),
        ("topic_bar/kth_largest", {"word", "letter", "letter pair"}),
    ):
        drawn = [draw(f"{cell}/2/{seed}?text={corpus.key}").figure.panels[0].words.noun for seed in range(12)]
        assert sum(noun in nouns | {"sentence"} for noun in drawn) >= 6
    drawn = [draw(f"histogram/count_bins/0/{seed}?text={corpus.key}").figure.panels[0].words.noun for seed in range(4)]
    assert set(drawn) == {"word"}
