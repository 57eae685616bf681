"""DATA as columns, and changed so that it still is such data."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from envs.address import Draws
from envs.synthesis.proof.columns import columns, decimals, is_number, mentioned, ordered, put, shared, undecided
from envs.synthesis.proof.kinds import NoAnswer, agree, answer_of, checked, rounding, says, stands
from envs.synthesis.proof.perturb import changed, shuffled, versions, without
from rewards import Number, from_json

some = settings(max_examples=60, deadline=None)
NAMES = st.lists(st.text("abcdefgh", min_size=2, max_size=5), min_size=3, max_size=7, unique=True)
SEEDS = st.integers(0, 2**32)


def numbers(n: int) -> st.SearchStrategy[list[Any]]:
    whole = st.lists(st.integers(1, 500), min_size=n, max_size=n, unique=True)
    tenths = st.lists(st.integers(1, 5000).map(lambda k: k / 10), min_size=n, max_size=n, unique=True)
    return st.one_of(whole, tenths)


@st.composite
def datas(draw: st.DrawFn) -> Any:
    """Lists by name, records, mappings and matrices of named numbers."""
    names = draw(NAMES)
    rows = numbers(len(names))
    shape = draw(st.sampled_from(["lists", "records", "mapping", "series", "matrix"]))
    if shape == "lists":
        return {"city": names, "sales": draw(rows), "costs": draw(rows)}
    if shape == "records":
        return [{"city": n, "sales": a, "costs": b} for n, a, b in zip(names, draw(rows), draw(rows))]
    if shape == "mapping":
        return {"sales": dict(zip(names, draw(rows)))}
    if shape == "series":
        return {"city": names, "sales": {"one": draw(rows), "two": draw(rows)}}
    return {"row": ["p", "q"], "column": names, "values": [draw(rows), draw(rows)]}


def schema(data: Any) -> Any:
    """Keys, lengths and types, a column of whole numbers and others being one of numbers."""
    if isinstance(data, dict):
        return {key: schema(value) for key, value in data.items()}
    return [schema(value) for value in data] if isinstance(data, list) else float if is_number(data) else type(data)


def leaves(data: Any) -> list[Any]:
    if isinstance(data, dict | list):
        return [x for value in (data.values() if isinstance(data, dict) else data) for x in leaves(value)]
    return [data]


# --- Columns


@some
@given(datas())
def test_every_number_and_name_is_in_one_column_under_its_names(data: Any) -> None:
    found, names = columns(data)
    values = [value for column in found for value in column.values]
    assert sorted(values) == sorted(value for value in leaves(data) if is_number(value))
    assert all(column.keys and len(set(column.keys)) == len(column.keys) for column in found)
    assert all(len(column.places) == len(set(column.places)) == len(column.values) for column in (*found, *names))


def test_a_matrix_is_named_by_row_and_column() -> None:
    found, _ = columns({"rows": ["a", "b", "c"], "years": [2020, 2021], "values": [[1, 2], [3, 4], [5, 6]]})
    values = next(column for column in found if column.name == "values")
    assert dict(zip(values.keys, values.values))["b", "2021"] == 4
    assert next(column for column in found if column.name == "years").position


def test_samples_in_lists_are_columns_as_if_a_mapping_held_them() -> None:
    """Lists of lists and records: the same columns of samples without names."""
    lists = {"town": ["Oslo", "Lima"], "rain": [[3, 1, 2], [5, 4, 9, 8]]}
    records = [{"town": "Oslo", "rain": [3, 1, 2]}, {"town": "Lima", "rain": [5, 4, 9, 8]}]
    for data, place in ((lists, 1), (records, 0), ({"Oslo": [3, 1, 2], "Lima": [5, 4, 9, 8]}, 0)):
        found, _ = columns(data)
        assert [(c.path[place], c.values, c.keys) for c in found] == [
            ("Oslo", (3, 1, 2), ()),
            ("Lima", (5, 4, 9, 8), ()),
        ]


def test_rows_that_no_column_tells_apart_go_by_several() -> None:
    table = {"team": ["A", "A", "B", "B"], "quarter": ["Q1", "Q2"] * 2, "calls": [1, 2, 3, 5]}
    records = [dict(zip(table, row)) for row in zip(*table.values())]
    for data in (table, records):
        (calls,), _ = columns(data)
        assert dict(zip(calls.keys, calls.values)) == {("A", "Q1"): 1, ("A", "Q2"): 2, ("B", "Q1"): 3, ("B", "Q2"): 5}


def test_of_lists_of_names_as_long_the_one_written_last_before_the_numbers_names_them() -> None:
    data = {"kind": ["City", "Road"], "seller": ["Ann", "Bo"], "sold": [3, 5], "day": ["Mon", "Tue"], "won": [4, 9]}
    sold, won = columns(data)[0]
    assert (sold.keys, won.keys) == ((("City",), ("Road",)), (("Mon",), ("Tue",)))
    behind, _ = columns({"sold": [3, 5], "kind": ["City", "Road"], "won": [4, 9], "day": ["Mon", "Tue"]})
    assert [column.keys[0] for column in behind] == [("City",), ("City",)]


def test_a_matrix_is_undecided_where_two_lists_of_names_fit_both_ways() -> None:
    square = {"month": ["Jan", "Feb"], "cause": ["a", "b"], "gifts": [[1, 2], [3, 4]]}
    assert undecided(square) == "gifts: month and cause are equally long"
    assert not undecided(square | {"cause": ["a", "b", "c"], "gifts": [[1, 2], [3, 4], [5, 6]]})
    assert not undecided({"month": ["Jan", "Feb"], "gifts": {"a": [1, 2], "b": [3, 4]}})


@some
@given(st.integers(2, 5), st.integers(2, 4), st.booleans(), st.integers(0, 99))
def test_shares_of_a_row_still_make_a_whole(rows: int, parts: int, matrix: bool, seed: int) -> None:
    cuts = [sorted(Draws(seed, row).sample(range(5, 96), parts - 1)) for row in range(rows)]
    shares = [[b - a for a, b in zip([0, *cut], [*cut, 100])] for cut in cuts]
    names = [f"row {i}" for i in range(rows)]
    data: dict[str, Any] = {"name": names, **{f"part {k}": [row[k] for row in shares] for k in range(parts)}}
    if matrix:
        data = {"name": names, "part": [f"part {k}" for k in range(parts)], "share": shares}
    free, _ = columns(data)
    assert len(shared(free)) == rows or (matrix and rows == parts)
    for new in (changed(data, free, Draws(seed)), *shuffled(data, free, [], Draws(seed))):
        held = new["share"] if matrix else list(zip(*(new[f"part {k}"] for k in range(parts))))
        assert [sum(row) for row in held] == [100] * rows
        assert new != data or len(set(map(tuple, shares))) == 1  # rows that are alike may change places


@some
@given(datas())
def test_what_is_put_lies_there_and_nothing_else_changes(data: Any) -> None:
    column = columns(data)[0][0]
    new = put(data, {column.places[0]: -1})
    assert schema(put(new, {column.places[0]: column.values[0]})) == schema(data)
    assert put(new, {column.places[0]: column.values[0]}) == data and new != data


def test_of_names_within_names_the_longest_is_mentioned() -> None:
    assert mentioned("What is New York's share?", ["York", "New York"]) == {"New York"}
    assert mentioned("Compare York, and New York.", ["York", "New York"]) == {"York", "New York"}
    assert mentioned("in 2014.5", ["2014"]) == set()


def test_months_hold_together_and_cities_do_not() -> None:
    assert ordered(("Jan", "Feb", "Mar")) and ordered((2019, 2020)) and ordered(("Q1 2020", "Q2 2020"))
    assert not ordered(("Oslo", "Lima", "Maraca"))


# --- Changes


@some
@given(datas(), SEEDS)
def test_changed_numbers_keep_schema_sign_decimals_and_differences(data: Any, seed: int) -> None:
    free, _ = columns(data)
    new = changed(data, free, Draws("test", seed))
    assert schema(new) == schema(data)
    for before, after in zip(free, columns(new)[0]):
        assert before.values != after.values
        assert all((a > 0) == (b > 0) for a, b in zip(before.values, after.values))
        assert after.decimals <= before.decimals
        if len(set(before.values)) == len(before.values):
            assert len(set(after.values)) == len(after.values)


@some
@given(st.lists(st.integers(1, 40), min_size=3, max_size=6, unique=True), SEEDS)
def test_shares_stay_shares_of_the_same_whole(parts: list[int], seed: int) -> None:
    parts = [*parts, 100 - sum(parts)]
    assume(parts[-1] > 0 and len(set(parts)) == len(parts))
    data = {"shares": {f"n{k}": part for k, part in enumerate(parts)}}
    free, names = columns(data)
    for new in (changed(data, free, Draws("test", seed)), *shuffled(data, free, names, Draws("test", seed))):
        assert sum(new["shares"].values()) == 100 and new != data
    assert not [v for v in versions(data, "Which is largest?", Draws("test", seed)) if v.what == "row"]


@some
@given(datas(), SEEDS)
def test_moved_names_are_the_same_names_each_in_another_place(data: Any, seed: int) -> None:
    free, names = columns(data)
    for new in shuffled(data, free, names, Draws("test", seed)):
        assert schema(new) == schema(data) and new != data
        assert sorted(map(str, leaves(new))) == sorted(map(str, leaves(data)))


@some
@given(datas(), SEEDS)
def test_every_version_is_such_data_and_a_dropped_row_leaves_no_trace(data: Any, seed: int) -> None:
    found = versions(data, "Which is the largest of all?", Draws("test", seed))
    assert {"numbers", "names"} <= {version.what for version in found}
    for version in found:
        json.dumps(version.data, allow_nan=False)
        if version.what == "row":
            assert len(leaves(version.data)) < len(leaves(data))
            assert len({len(column.values) for column in columns(version.data)[0]}) == 1
        else:
            assert schema(version.data) == schema(data)


@given(datas())
def test_a_version_is_the_same_every_time(data: Any) -> None:
    assert versions(data, "?", Draws("test", 1)) == versions(data, "?", Draws("test", 1))


def test_a_row_is_dropped_from_every_list_and_from_no_record() -> None:
    data = {"city": ["a", "b", "c"], "rows": [{"x": 1, "y": 2, "z": 3}] * 3}
    less = without(data, 3, 1)
    assert less == {"city": ["a", "c"], "rows": [{"x": 1, "y": 2, "z": 3}] * 2}


# --- Values compared and made answers

VALUES = st.one_of(
    st.booleans(),
    st.integers(-(10**6), 10**6),
    st.floats(-1e6, 1e6).map(lambda x: round(x, 3)),
    st.text("abc XYZ", min_size=1, max_size=6),
)


@given(st.one_of(VALUES, st.lists(VALUES, max_size=4)), st.one_of(VALUES, st.lists(VALUES, max_size=4)))
def test_agreement_takes_no_side(a: Any, b: Any) -> None:
    for kind in ("", "set"):
        assert agree(a, b, kind=kind) == agree(b, a, kind=kind)
        assert agree(a, a, kind=kind) and agree(b, b, kind=kind)


@given(st.floats(-1e5, 1e5), st.integers(1, 4))
def test_what_was_rounded_agrees_with_what_was_not(value: float, places: int) -> None:
    assert agree(value, round(value, places), places=places) and agree(round(value, places), value, places=places)


@given(st.integers(-9999, 9999), st.integers(1, 50))
def test_whole_numbers_agree_only_with_themselves(a: int, off: int) -> None:
    assert not agree(a, a + off) and not agree(a, a + off, places=0) and not agree(float(a), a + 0.4)


def test_sets_take_any_order_and_sequences_do_not() -> None:
    assert agree(["a", "b"], ["b", "a"], kind="set") and not agree(["a", "b"], ["b", "a"], kind="sequence")
    assert not agree(["a", "a"], ["a", "b"], kind="set") and agree("2019", 2019) and not agree(True, 1)


@given(st.one_of(st.integers(-(10**6), 10**6), st.integers(-(10**6), 10**6).map(lambda k: k / 100)))
def test_a_number_becomes_an_answer_that_accepts_itself(value: float) -> None:
    answer = answer_of(value, "number")
    assert says(value, answer) and from_json(answer.to_json()) == answer
    assert stands(value, value, answer, "number", None)


@given(st.integers(-999, 999).map(lambda k: k / 10), st.integers(1, 99))
def test_a_stored_answer_that_is_off_does_not_stand_however_well_it_can_be_read(value: float, tenths: int) -> None:
    answer = answer_of(value, "number", tolerance=10.0)
    off = round(value + tenths / 10, 1)
    assert not stands(off, value, answer, "number", None) or float(off).is_integer()
    assert not stands(str(off), value, answer, "number", 1)


@pytest.mark.parametrize(
    ("value", "kind", "reason"),
    [
        (math.nan, "number", "not a finite number"),
        (None, "number", "no answer: nothing was returned"),
        ({"a": 1}, "label", "not an answer: a structure"),
        ([], "set", "an empty list"),
        ("Oslo", "number", "not an answer of the kind asked for"),
        (3, "boolean", "not an answer of the kind asked for"),
        (True, "label", "not an answer of the kind asked for"),
        ("soon", "date", "not an answer of the kind asked for"),
        (0.4, "percent", "a percentage that may be a fraction"),
        (3, "colour", "unknown kind of answer"),
    ],
)
def test_what_is_no_answer_of_its_kind_has_a_reason(value: Any, kind: str, reason: str) -> None:
    with pytest.raises(NoAnswer) as caught:
        checked(value)
        answer_of(value, kind)
    assert str(caught.value) == reason


@given(st.floats(0.001, 1e6))
def test_an_unasked_rounding_leaves_three_digits(value: float) -> None:
    off, places = rounding(value, None, 0)
    assert off <= 0.5 * 10.0**-places and (off == 0 or off <= 0.005 * value or places == 6)
    assert decimals(round(value, places)) <= 6


def test_a_number_within_its_tolerance_is_an_answer_of_its_own_scale() -> None:
    answer = answer_of(8.4, "number", tolerance=0.1, scale=1e6)
    assert answer == Number(8.4, abs_tol=0.1, scale=1e6) and says("8.4 million", answer) and says(8_400_000, answer)
