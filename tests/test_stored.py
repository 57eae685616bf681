"""Stored problems: data sets of one's own as addresses, in the mix of the stream, in the report of an evaluation."""

from __future__ import annotations

import io
import json
import math
from collections import Counter
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from envs import make
from envs.address import Address, AddressError
from envs.curriculum import Outcome, make_curriculum
from envs.mixing import Mixed, room_for
from envs.problem import Unmakeable, make_near
from envs.stored import Spec, StoredError, StoredSet, open_stored, stored_address
from envs.stored_answers import RULES, AnswerRule, BadRow, Columns, typed
from envs.stream import Stream
from rewards import Boolean, Choice, Label, Number, Percent, score
from trainers.config import ConfigError, load
from trainers.data import mixed, open_data


@pytest.fixture(scope="session", autouse=True)
def _cache(tmp_path_factory) -> None:
    """What `datasets` lays out stays within the test."""
    import datasets

    datasets.config.HF_DATASETS_CACHE = tmp_path_factory.mktemp("cache")
    datasets.disable_progress_bars()


def picture(seed: int, width: int = 60, height: int = 40, mode: str = "RGB") -> Image.Image:
    pixels = np.random.default_rng(seed).integers(0, 255, (height, width, 4), dtype=np.uint8)
    return Image.fromarray(pixels).convert(mode)


def encoded(image: Image.Image, form: str = "PNG") -> bytes:
    stored = io.BytesIO()
    image.save(stored, form)
    return stored.getvalue()


def write(path: Path, **columns: list[Any]) -> Path:
    """A Parquet file by `datasets`, its images as it stores them."""
    import datasets

    features = datasets.Dataset.from_dict({k: v for k, v in columns.items() if k != "image"}).features
    features = datasets.Features({"image": datasets.Image(), **features})
    datasets.Dataset.from_dict(columns, features=features).to_parquet(path)
    return path


def plain(path: Path, count: int = 40, images: int | None = None, **more: list[Any]) -> Path:
    """Rows of small numbers, each with an image of its own or one of so many."""
    columns: dict[str, list[Any]] = {
        "image": [picture(i % (images or count)) for i in range(count)],
        "question": [f"What is written at {i}?" for i in range(count)],
        "answer": [str(i) for i in range(count)],
    }
    return write(path, **(columns | more))


def spec(source: Path, name: str = "own", **more: Any) -> Spec:
    return Spec(name=name, source=str(source), **more)


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


# --- the mix ----------------------------------------------------------------------------------------------------------


def a_set(name: str, rows: int) -> StoredSet:
    return StoredSet(
        Spec(name=name, source=name), f"{name}:00000000", (), tuple(range(100, 100 + rows)), (), {}, 100 + rows
    )


def inner() -> Any:
    return make_curriculum({"mode": "uniform", "cells": ["bar/*"], "levels": 3})


@given(
    st.sampled_from([0.05, 0.1, 0.25, 1 / 3, 0.5]),
    st.sampled_from([0.0, 0.1, 0.3]),
    st.integers(4, 40),
    st.integers(1, 30),
)
@settings(deadline=None, max_examples=30)
def test_shares_are_exact_and_rows_come_once_before_any_comes_twice(one, two, prompts, rows) -> None:
    if not room_for([one, two], prompts):
        return
    sets = [(a_set("one", rows), one), (a_set("two", 7), two)]
    mix, drawn = Mixed(inner(), sets, seed=3), inner()
    seen: dict[str, list[int]] = {"one": [], "two": []}
    for batch in range(12):
        plan, alone = mix.plan(batch, prompts), drawn.plan(batch, prompts)
        assert len(plan) == prompts and plan == Mixed(inner(), sets, seed=3).plan(batch, prompts)
        for address, undisturbed in zip(plan, alone):
            if address.stored:
                seen[address.question].append(address.seed)
            else:
                assert address == undisturbed, "what is drawn is what would have been drawn"
        for (stored, share), found in zip(sets, seen.values()):
            assert len(found) == math.floor(Fraction(str(share)) * prompts * (batch + 1))
            counts = Counter({row: 0 for row in stored.rows})
            counts.update(found)
            assert set(counts) == set(stored.rows) and max(counts.values()) - min(counts.values()) <= 1


def test_other_seeds_and_other_epochs_have_other_orders() -> None:
    def order(seed: int, batches: range) -> list[int]:
        mix = Mixed(inner(), [(a_set("one", 30), 0.5)], seed)
        return [a.seed for batch in batches for a in mix.plan(batch, 20) if a.stored]

    assert order(0, range(3)) != order(1, range(3))
    assert order(0, range(3)) != order(0, range(3, 6)) and sorted(order(0, range(3))) == sorted(order(0, range(3, 6)))


def test_the_curriculum_does_not_hear_of_stored_problems_and_its_state_is_kept() -> None:
    config = {"mode": "learnability", "cells": ["bar/*"]}
    sets = [(a_set("one", 30), 0.5)]
    mix, alone = Mixed(make_curriculum(config), sets, 0), make_curriculum(config)
    for batch in range(4):
        outcomes = [Outcome(address, (i + batch) % 5, 4 + 4) for i, address in enumerate(mix.plan(batch, 8))]
        mix.observe(batch, outcomes)
        alone.observe(batch, [o for o in outcomes if not Address.parse(str(o.address)).stored])
    assert mix.inner.state_dict() == alone.state_dict()
    metrics = mix.metrics()
    assert 0 < metrics["stored/one/pass_rate"] < 1 and metrics["pass_rate"] == alone.metrics()["pass_rate"]
    again = Mixed(make_curriculum(config), sets, 0)
    again.load_state_dict(json.loads(json.dumps(mix.state_dict())))
    assert again.state_dict() == mix.state_dict() and again.plan(4, 8) == mix.plan(4, 8)
    with pytest.raises(ValueError, match="bring back the files as they were"):
        Mixed(make_curriculum(config), [(a_set("two", 30), 0.5)], 0).load_state_dict(mix.state_dict())


def test_no_row_that_is_set_apart_is_trained_on_nor_one_that_shows_its_image(tmp_path) -> None:
    found = open_stored(spec(plain(tmp_path / "a.parquet", 40, images=10)), apart=5)
    assert len(found.apart) == 5 and not set(found.apart) & set(found.rows)
    assert not {row % 10 for row in found.apart} & {row % 10 for row in found.rows}
    again = open_stored(spec(tmp_path / "a.parquet"), apart=3)
    assert again.key == found.key and again.apart == found.apart[:3]


def test_workers_make_what_this_process_makes(tmp_path) -> None:
    found = open_stored(spec(plain(tmp_path / "a.parquet", 20)))

    def stream(workers: int) -> Stream:
        mix = Mixed(make_curriculum({"mode": "uniform", "cells": ["bar/count"], "px": "112x112"}), [(found, 0.5)], 0)
        return Stream(mix, 8, workers=workers, stored=[found.handle])

    with stream(0) as here, stream(1) as there:
        for batch in range(2):
            mine, theirs = (one.problems(batch, range(8 * batch, 8 * batch + 8)) for one in (here, there))
            assert sum(problem.address.stored for problem in mine.values()) == 4
            for slot, problem in mine.items():
                assert problem.question == theirs[slot].question and problem.answer == theirs[slot].answer
                assert np.array_equal(problem.image, theirs[slot].image)
            here.observe(batch, [])
            there.observe(batch, [])


# --- by config --------------------------------------------------------------------------------------------------------

CONFIG = """
name: mix
model: {{build: qwen2_5_vl, sizes: {{hidden_size: 32, layers: 1, heads: 2, kv_heads: 1, vision_hidden_size: 32,
        vision_layers: 1, vision_heads: 2, vocab_size: 320}}}}
prompt: "{{question}}\\n<type>kind</type> <table>table</table> \\\\boxed{{answer}}"
env: {{cells: [bar/count, pie/count], px: 112x112, workers: 1}}
data:
  own: {{source: {own}, share: 0.3, evaluate: 6, answers: {{rel_tol: 0.05}}}}
rewards: {{accuracy: 1.0, graded: 0.2, boxed: 0.5, length: 0.1, chart_type: 0.1, table: 0.1}}
eval: {{max_tokens: 12, batch_size: 8}}
launch: {{devices: 1}}
trl: {{max_steps: 6, per_device_train_batch_size: 32, num_generations: 4, max_completion_length: 12,
      learning_rate: 1.0e-3, lr_scheduler_type: constant, save_steps: 2, use_cpu: true, bf16: false,
      gradient_checkpointing: false}}
"""


def config_file(folder: Path) -> Path:
    sizes = [(60, 40), (30, 90), (300, 200)]  # none like another, and one that must be made smaller
    plain(folder / "own.parquet", 30, image=[picture(i, *sizes[i % 3]) for i in range(30)])
    (folder / "mix.yaml").write_text(CONFIG.format(own=folder / "own.parquet"), encoding="utf-8")
    return folder / "mix.yaml"


def test_a_config_opens_its_sets_and_takes_down_their_digests(tmp_path) -> None:
    config = load(config_file(tmp_path))
    (found,) = open_data(config, prompts=8).values()
    assert config.data["own"].digest == found.key and found.spec.max_pixels == 112 * 112
    assert len(found.apart) == 6 and len(found.rows) == 24
    plan = mixed(config, inner()).plan(0, 100)
    assert Counter(a.stored for a in plan) == {True: 30, False: 70}
    config.save(tmp_path / "saved.yaml")
    assert open_data(load(tmp_path / "saved.yaml"))["own"].key == found.key


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("data.own.share=1.5", "share 1.5 must be 0 to below 1"),
        ("data.own.shares=0.5", "unknown key 'data.own.shares'; did you mean 'share'"),
        ("data.own.answers.kind=word", "data.own.answers.kind 'word' is unknown: use one of auto"),
        ("data.own.columns.text=q", "unknown key 'data.own.columns.text'"),
        ("data.own.source=gone.parquet", "data.own.source 'gone.parquet' is no Parquet file"),
        ("data.own.evaluate=30", "data.own sets all of its 30 rows apart"),
        ("data.own.share=0.95", "leave no room for drawn problems in batches of 8 prompts"),
        ("data.own.digest=own:00000000", "has changed: it was own:00000000 and is own:"),
    ],
)
def test_a_wrong_data_section_is_one_line(tmp_path, change, said) -> None:
    with pytest.raises(ConfigError, match=said) as error:
        open_data(load(config_file(tmp_path), [change]), prompts=8)
    assert "\n" not in str(error.value)


# --- the report -------------------------------------------------------------------------------------------------------


def test_stored_sets_have_their_own_rows_and_leave_the_test_set_its_figures() -> None:
    from trainers.report import Row, as_text, build_report

    def rows(right: int) -> list[Row]:
        drawn = [Row(address=f"test:bar/count/0/{i}", correct=i < 2, held_out=False) for i in range(4)]
        return drawn + [Row(address=f"stored/own:00000000/{i}", correct=i < right) for i in range(10)]

    alone = build_report(rows(0)[:4], {"checkpoint": "a"}, total=4)
    first, second = (build_report(rows(right), {"checkpoint": "a"}, total=4) for right in (0, 9))
    for report in (first, second):
        assert report["summary"] == alone["summary"] and report["by"] == alone["by"]
        assert report["outcomes"] == alone["outcomes"]
    assert second["stored"]["own"]["accuracy"] == 0.9 and second["stored"]["own"]["problems"] == 10
    compared = build_report(rows(9), {"checkpoint": "b"}, total=4, other=("first", first))
    assert compared["comparison"]["common"] == 4 and compared["comparison"]["difference"] == 0
    assert compared["stored_comparison"]["own"]["difference"] == 0.9
    text = as_text(compared)
    assert (
        "stored own: 90.0 % [" in text and "over 10 problems" in text and "stored own against it: +90.0 points" in text
    )
    assert "stored" not in as_text(alone)


@pytest.mark.slow
def test_a_run_with_a_mix_learns_from_both_resumes_exactly_and_is_evaluated_on_both(tmp_path) -> None:
    import os
    import subprocess
    import sys

    from trainers import rollouts

    root, config = Path(__file__).parent.parent, config_file(tmp_path)
    env = {**os.environ, "OMP_NUM_THREADS": "1", "HF_DATASETS_CACHE": str(tmp_path / "cache")}

    def run(module: str, *arguments: str, status: int = 0) -> str:
        command = [sys.executable, "-m", module, str(config), *arguments]
        done = subprocess.run(command, cwd=root, env=env, capture_output=True, text=True, check=False)
        assert done.returncode == status, done.stdout + done.stderr
        return done.stdout + done.stderr

    said = run("trainers.grpo", f"runs={tmp_path / 'whole'}", "--dry-run")
    assert "data         own:" in said and "24 to train on; 6 set apart" in said
    run("trainers.grpo", f"runs={tmp_path / 'whole'}")
    run("trainers.grpo", f"runs={tmp_path / 'cut'}", "trl.max_steps=4")
    run("trainers.grpo", f"runs={tmp_path / 'cut'}", "--resume")
    whole, cut = (list(rollouts.read(tmp_path / name / "mix" / "rollouts.jsonl")) for name in ("whole", "cut"))
    assert whole == cut and len(whole) == 6 * 32
    stored = {row["slot"]: row["address"] for row in whole if row["address"].startswith("stored/own:")}
    assert len(stored) == int(0.3 * 6 * 8) == len(set(stored.values()))
    rows = list(rollouts.read(tmp_path / "whole" / "mix" / "metrics.jsonl"))
    assert len(rows) == 6 and all("env/stored/own/pass_rate" in row for row in rows[1:])
    for name in ("accuracy", "graded", "boxed", "length", "chart_type", "table"):
        assert all(math.isfinite(row[f"rewards/{name}/{what}"]) for row in rows for what in ("mean", "std"))

    checkpoint = str(tmp_path / "whole" / "mix" / "final")
    ten = tmp_path / "four.jsonl"
    ten.write_text("".join(f'{{"address": "test:bar/count/0/{i}?px=112x112"}}\n' for i in range(4)))
    out = tmp_path / "out"
    said = run("trainers.evaluate", "--checkpoint", checkpoint, "--test-set", str(ten), "--quiet", "--out", str(out))
    assert "over 4 problems" in said and "stored own: " in said and "over 6 problems" in said
    report = json.loads((out / "report.json").read_text())
    assert report["summary"]["problems"] == 4 and report["stored"]["own"]["problems"] == 6
    assert not set(report["stored_outcomes"]["own"]) & set(stored.values())
    assert "Stored sets" in (out / "report.html").read_text()
    again = run(
        "trainers.evaluate", "--checkpoint", checkpoint, "--test-set", str(ten), "--quiet", "--compare", str(out)
    )
    assert "stored own against it: +0.0 points" in again

    plain(tmp_path / "own.parquet", 30, images=7)
    said = run("trainers.grpo", f"runs={tmp_path / 'cut'}", "trl.max_steps=8", "--resume", status=2)
    assert said.strip().splitlines()[-1].startswith("grpo: ") and "data.own.digest='own:" in said
    assert "Traceback" not in said
