"""Stored problems: data sets of one's own as addresses, in the mix of the stream, in the report of an evaluation."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from stored_sets import encoded, picture, plain, spec, write

from envs import make
from envs.address import Address, AddressError
from envs.problem import Unmakeable, make_near
from envs.stored import Spec, StoredError, open_stored, stored_address
from envs.stored_answers import RULES, AnswerRule, BadRow, Columns, typed
from rewards import Boolean, Choice, Label, Number, Percent, score

pytestmark = pytest.mark.usefixtures("stored_cache")


# --- rows become problems ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def exported(tmp_path_factory) -> Path:
    """A data set by `python -m envs export`."""
    from envs.__main__ import main

    folder = tmp_path_factory.mktemp("exported") / "own"
    assert main(
        ["export", "--n", "60", "--cells", "bar/*", "pie/*", "--px", "224x224", "--workers", "0", "--out", str(folder)]
    ) in (0, None)
    return folder


def test_what_was_exported_comes_back_as_the_problems_it_was(exported) -> None:
    found = open_stored(spec(exported, answers=AnswerRule(kind="json")))
    assert len(found.rows) == found.total == 60 and not found.bad
    assert open_stored(spec(exported)).key == found.key, "that its answers are JSON is known"
    import pyarrow.parquet as pq

    addresses = [a for file in sorted(exported.rglob("*.parquet")) for a in pq.read_table(file)["address"].to_pylist()]
    for row, address in enumerate(addresses):
        stored, drawn = make(found.address(row)), make(address)
        assert (stored.question, stored.answer) == (drawn.question, drawn.answer)
        assert np.array_equal(stored.image, drawn.image)
        assert score(stored.solution, stored.answer).correct
        assert str(stored.address) == f"stored/{found.key}/{row}"


def test_a_file_as_chartqa_has_it(tmp_path) -> None:
    file = plain(tmp_path / "train.parquet", 4, answer=[["12.5"], ["Yes"], ["2019"], ["Lima"]])
    file = write(
        tmp_path / "qa.parquet",
        image=[picture(i) for i in range(4)],
        query=["How much?", "Is it?", "When?", "Where?"],
        label=[["12.5"], ["Yes"], ["2019"], ["Lima"]],
    )
    rule = AnswerRule(rel_tol=0.05)
    found = open_stored(spec(file, columns=Columns(question="query", answer="label"), answers=rule))
    answers = [make(found.address(row)).answer for row in found.rows]
    assert answers == [Number(12.5, rel_tol=0.05), Boolean(True), Number(2019), Label("Lima")]
    assert score("\\boxed{12}", answers[0]).correct and not score("\\boxed{2018}", answers[2]).correct


@pytest.mark.parametrize(
    ("value", "rule", "answer"),
    [
        ("1,200", {}, Number(1200)),
        ("$5", {}, Number(5)),
        (7, {}, Number(7)),
        (2.5, {"abs_tol": 0.5}, Number(2.5, abs_tol=0.5)),
        ("45%", {"rel_tol": 0.1}, Percent(45, abs_tol=4.5)),
        ("45", {"kind": "percent"}, Percent(45)),
        ("3 bears", {}, Label("3 bears")),
        ("x = 5", {}, Label("x = 5")),
        ("2019", {"rel_tol": 0.05}, Number(2019)),
        ("2019", {"kind": "label"}, Label("2019")),
        ("no", {"kind": "label"}, Label("no")),
        (True, {}, Boolean(True)),
        (["New York", "NYC", "NYC"], {}, Label("New York", aliases=("NYC",))),
        ('{"kind": "date", "value": "2020-01", "granularity": "month"}', {"kind": "json"}, None),
    ],
)
def test_answers_are_typed_by_the_rule(value, rule, answer) -> None:
    found = typed(value, AnswerRule(**rule))
    assert answer is None or found == answer
    assert score(f"\\boxed{{{found.text()}}}", found).correct


def test_a_column_may_name_the_kind_and_options_may_be_chosen_from() -> None:
    rule = AnswerRule(kinds={"num": "number", "text": "label"})
    assert typed("5", rule, kind="num") == Number(5) and typed("5", rule, kind="text") == Label("5")
    assert typed("yes", rule, kind="Boolean") == Boolean(True)
    with pytest.raises(BadRow, match="unknown kind 'essay'"):
        typed("5", rule, kind="essay")
    options = ["Oslo", "Lima", "2"]
    right = Choice("B", {"A": "Oslo", "B": "Lima", "C": "2"})
    for given_as in ("B", "(b)", "Lima", 1):
        assert typed(given_as, AnswerRule(kind="choice"), options=options) == right
    assert typed("2", AnswerRule(kind="choice"), options=options).value == "C", "a text goes before a place"


cells = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.binary(), st.lists(st.text(max_size=5)),
    st.sampled_from(["1e999", "9" * 500, '{"kind": "number"}', "[" * 5000, "½", "\\boxed{5}", "NaN", "\ud800"]),
)  # fmt: skip


@given(cells, st.sampled_from(RULES), cells, cells)
@settings(deadline=None, max_examples=400)
def test_any_cell_is_an_answer_or_a_bad_row(value, kind, other, options) -> None:
    try:
        answer = typed(value, AnswerRule(kind=kind, rel_tol=0.05), kind=other, options=options)
    except BadRow as reason:
        assert "\n" not in str(reason) and len(str(reason)) < 120
    else:
        assert score(f"\\boxed{{{answer.text()}}}", answer) is not None


# --- bad rows ---------------------------------------------------------------------------------------------------------


def test_bad_rows_are_counted_and_named_and_never_a_traceback(tmp_path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    good, cut = encoded(picture(1)), encoded(picture(2))[:60]
    thin = encoded(Image.new("RGB", (900, 9)))
    images = [good, b"no image at all", None, thin, good, good, good, cut, good]
    questions = ["q"] * 4 + ["", "q" * 1001, "q", "q", "q"]
    answers = ["1"] * 6 + [" ", "1", "1"]
    table = pa.table({"image": pa.array(images, pa.binary()), "question": questions, "answer": answers})
    pq.write_table(table, tmp_path / "bad.parquet")
    found = open_stored(spec(tmp_path / "bad.parquet"))
    assert found.bad == {
        "an image that cannot be read": (1,),
        "no image": (2,),
        "an image of less than 8 pixels, thinner than 1 to 50, or of 80000000 pixels": (3,),
        "no question": (4,),
        "a question of more than 1000 characters": (5,),
        "no answer": (6,),
    }
    about = found.about()
    assert "9 rows" in about and "1 left out for no answer (row 6)" in about and "\n" not in about
    # Row 7 has a whole head and half a body, which only drawing finds out: the next good row stands in.
    assert found.rows == (0, 7, 8)
    with pytest.raises(Unmakeable, match=f"{found.key}/7' makes no problem: an image that cannot be read"):
        make(found.address(7))
    assert make_near(found.address(7)).address == found.address(8)
    for row in (1, 6, 99):
        with pytest.raises(Unmakeable):
            make(found.address(row))
    # Where rows are set apart, their images are read to the end, and the broken one is named.
    apart = open_stored(spec(tmp_path / "bad.parquet"), apart=3)
    assert 7 in apart.bad["an image that cannot be read"] and set(apart.apart) == {0, 8}


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "P", "CMYK", "1"])
@pytest.mark.parametrize("size", [(60, 40), (500, 300), (10, 400)])
def test_images_are_rgb_of_at_most_so_many_pixels_in_proportion(tmp_path, mode, size) -> None:
    image = picture(3, *size, mode="RGB").convert(mode)
    form = "JPEG" if mode == "CMYK" else "PNG"
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(
        pa.table({"image": [encoded(image, form)], "question": ["q"], "answer": ["1"]}), tmp_path / "i.parquet"
    )
    found = make(open_stored(spec(tmp_path / "i.parquet", max_pixels=10_000)).address(0)).image
    height, width, channels = found.shape
    assert found.dtype == np.uint8 and channels == 3 and width * height <= 10_000
    if size[0] * size[1] <= 10_000:
        assert (width, height) == size
    else:
        assert width * height > 9_000 and abs(width / height - size[0] / size[1]) < 0.05 * size[0] / size[1]


def test_what_is_transparent_is_white_and_images_may_lie_in_files(tmp_path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    Image.new("RGBA", (20, 20), (255, 0, 0, 0)).save(tmp_path / "clear.png")
    rows = {"image": ["clear.png", "gone.png"], "question": ["q", "q"], "answer": ["1", "1"]}
    pq.write_table(pa.table(rows), tmp_path / "paths.parquet")
    found = open_stored(spec(tmp_path / "paths.parquet"))
    assert (make(found.address(0)).image == 255).all()
    assert found.bad == {"an image file that is not there": (1,)}


# --- addresses --------------------------------------------------------------------------------------------------------


@given(st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True), st.integers(0, 2**63 - 1), st.integers(0, 2**32 - 1))
def test_the_address_of_a_stored_problem_survives_its_text(name, row, digest) -> None:
    address = stored_address(f"{name}:{digest:08x}", row)
    assert Address.parse(str(address), allow_test=False) == address and address.stored and address.question == name


@pytest.mark.parametrize(
    "text",
    [
        *("stored/own/3", "stored/own:12345678/x", "stored/own:12345678/3?px=112x112", "test:stored/own:12345678/3"),
        *("stored/Own:12345678/3", "stored/own:12345678/1/3", "stored/own:1234/3", f"stored/own:12345678/{2**63}"),
    ],
)
def test_a_wrong_address_is_refused_in_one_line(text) -> None:
    with pytest.raises(AddressError) as error:
        Address.parse(text)
    assert "\n" not in str(error.value)


def test_the_digest_is_of_all_that_decides_a_problem(tmp_path) -> None:
    first = open_stored(spec(plain(tmp_path / "a.parquet", 6)))
    assert open_stored(spec(plain(tmp_path / "copy.parquet", 6))).key == first.key, "where it lies is no part of it"
    changed = [
        open_stored(spec(plain(tmp_path / "b.parquet", 6, answer=["0", "1", "2", "3", "4", "6"]))),
        open_stored(spec(plain(tmp_path / "c.parquet", 6, image=[picture(i + 1) for i in range(6)]))),
        open_stored(spec(tmp_path / "a.parquet", max_pixels=1000)),
        open_stored(spec(tmp_path / "a.parquet", answers=AnswerRule(kind="label"))),
        open_stored(spec(tmp_path / "a.parquet", limit=5)),
    ]
    assert len({first.key, *(one.key for one in changed)}) == 6
    with pytest.raises(AddressError, match="no open data set is other:00000000"):
        make("stored/other:00000000/1")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"source": "no/such.parquet"}, "is no Parquet file and no folder of them"),
        ({"columns": Columns(question="query")}, "columns.question 'query' is not there: the columns are image, "),
        ({"split": "train[:5]"}, "use limit for less"),
        ({"max_pixels": 5}, "max_pixels from 784"),
        ({"name": "My set"}, "name a set with a-z"),
        ({"answers": AnswerRule(kind="boolean")}, "no row makes a problem: .* 40 left out for an answer that"),
        ({"source": "hub:nobody/nothing-of-this-name"}, "cannot be read"),
    ],
)  # fmt: skip
def test_a_set_that_cannot_be_used_is_one_line(tmp_path, change, said, monkeypatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    file = plain(tmp_path / "a.parquet")
    with pytest.raises(StoredError, match=said) as error:
        open_stored(Spec(**({"name": "own", "source": str(file)} | change)))
    assert "\n" not in str(error.value) and "data." in str(error.value)


def test_a_file_that_is_no_parquet_is_one_line(tmp_path) -> None:
    (tmp_path / "a.parquet").write_bytes(b"PAR1 not at all")
    with pytest.raises(StoredError, match="cannot be read") as error:
        open_stored(spec(tmp_path / "a.parquet"))
    assert "\n" not in str(error.value)
