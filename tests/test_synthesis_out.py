"""What comes out of the pipelines: shards, their card, a page; problems like all others by one key of a config."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import ADDRESSES, report_of
from PIL import Image
from stored_sets import plain, spec
from test_backends import completion, question_in, served
from test_gallery import _Cards, _dom, browser
from written_problems import written

from envs import make
from envs.__main__ import main
from envs.curriculum import make_curriculum
from envs.stored import StoredError, open_stored
from envs.stored_answers import Columns
from envs.stream import Stream
from envs.synthesis.dedup import problem_id
from envs.synthesis.items import Dropped, Kept
from envs.synthesis.page import page
from envs.synthesis.shards import ShardsError, write_shards
from envs.typed import opened_data
from rewards import from_json, score
from trainers.config import ConfigError, load
from trainers.data import mixed, open_data

pytestmark = pytest.mark.usefixtures("stored_cache")
HOSTILE = (
    "</script><script>document.title='pwned'</script>\"'><img src=x onerror=\"document.title='pwned'\">&amp;\ud800"
)


@pytest.fixture(scope="module")
def problems() -> tuple[list[Kept], list[Dropped]]:
    kept, dropped = written()
    assert Counter(item.tier for item in kept) == {"proven": 6, "agreed": 2, "executed": 2}
    assert Counter(item.reason for item in dropped)["the programs disagree"] == 1
    return kept, dropped


@pytest.fixture(scope="module")
def folder(problems: Any, tmp_path_factory: Any) -> Path:
    out: Path = tmp_path_factory.mktemp("synthesis") / "written"
    found = write_shards(out, problems[0], name="written", about={"pipeline": "reachqa"}, rows=4)
    assert (found.rows, found.new, found.gone, found.shards) == (10, 10, 0, 3)
    return out


def rows(folder: Path) -> list[dict[str, Any]]:
    import pyarrow.parquet as pq

    return [row for path in sorted(folder.glob("data/*.parquet")) for row in pq.read_table(path).to_pylist()]


# --- shards -----------------------------------------------------------------------------------------------------------


def test_shards_hold_all_of_a_problem_and_datasets_reads_them(problems: Any, folder: Path) -> None:
    import datasets

    found = datasets.load_dataset(str(folder), split="train")
    assert len(found) == len(problems[0])
    for row, item in zip(found, problems[0], strict=True):
        drawn = Image.open(io.BytesIO(item.chart.png)).convert("RGB")
        assert np.array_equal(np.asarray(row["image"].convert("RGB")), np.asarray(drawn))
        assert (row["width"], row["height"]) == drawn.size
        assert from_json(json.loads(row["answer"])) == from_json(item.answer)
        assert score(f"\\boxed{{{row['answer_text']}}}", from_json(json.loads(row["answer"]))).correct
        assert json.loads(row["data"]) == item.chart.data and row["code"] == item.chart.code
        assert (row["question"], row["tier"], row["id"]) == (item.asked.question, item.tier, problem_id(item))
        assert (row["program"], row["second_program"]) == (item.asked.program, item.asked.second)
        assert json.loads(row["provenance"])["pipeline"] == "reachqa" and row["explanation"] == item.asked.explanation
        assert json.loads(row["checks"]) == item.checks


def test_the_snippet_of_the_card_runs_and_its_table_counts(folder: Path) -> None:
    import yaml

    text = (folder / "README.md").read_text(encoding="utf-8")
    assert yaml.safe_load(text.split("---")[1])["configs"][0]["data_files"][0]["path"] == "data/train-*.parquet"
    assert "# 10 questions about 2 charts" in text and "| donut pie chart | 1 | 5 | 3 | 1 | 1 |" in text
    snippet = re.search(r"```python\n(.*?)```", text, re.S)
    assert snippet
    code = snippet[1].replace('load_dataset("written"', f'load_dataset("{folder}"')
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_writing_that_is_cut_off_goes_on_and_holds_each_problem_once(
    problems: Any, folder: Path, tmp_path: Path
) -> None:
    kept, out = problems[0], tmp_path / "out"

    def cut_off() -> Any:
        yield from kept[:7]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_shards(out, cut_off(), name="written", rows=3)
    assert [row["id"] for row in rows(out)] == [problem_id(item) for item in kept[:6]], "whole shards alone"
    (out / "data" / ".train-00002.parquet.99.part").write_bytes(b"half a shard")
    found = write_shards(out, [*kept, *kept[:3]], name="written", rows=3)
    assert (found.rows, found.new) == (10, 4) and not list(out.glob("data/.*"))
    assert rows(out) == rows(folder)
    again = write_shards(out, kept, name="written", rows=3)
    assert (again.rows, again.new, again.gone) == (10, 0, 0)


def test_what_is_kept_no_more_goes_unless_there_may_be_more(problems: Any, tmp_path: Path) -> None:
    kept = problems[0]
    write_shards(tmp_path / "out", kept, name="written", rows=4)
    found = write_shards(tmp_path / "out", kept[5:], name="written", complete=False)
    assert (found.rows, found.gone) == (10, 0)
    found = write_shards(tmp_path / "out", kept[5:], name="written")
    assert (found.rows, found.gone, found.shards) == (5, 5, 2)
    assert [row["id"] for row in rows(tmp_path / "out")] == [problem_id(item) for item in kept[5:]]
    assert "# 5 questions about 1 charts" in (tmp_path / "out" / "README.md").read_text(encoding="utf-8")


def test_a_folder_of_something_else_is_refused_in_one_line(problems: Any, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "a.txt").write_text("mine")
    (tmp_path / "export").mkdir()
    (tmp_path / "export" / "chartgym.json").write_text('{"settings": {}}')
    (tmp_path / "file").write_text("")
    for where, name, said in (
        (tmp_path / "notes", "written", "holds something else"),
        (tmp_path / "export", "written", "not of problems that a model wrote"),
        (folder, "other", "holds the problems of 'written'"),
        (tmp_path / "file" / "in", "written", "cannot write"),
    ):
        with pytest.raises(ShardsError, match=said) as error:
            write_shards(where, problems[0], name=name)
        assert "\n" not in str(error.value)
    assert (tmp_path / "notes" / "a.txt").read_text() == "mine"


def hostile(problems: Any) -> tuple[Kept, Dropped]:
    """A problem and a dropped item whose every text was written to do harm, and whose numbers are none."""
    item: Kept = problems[0][3]
    chart = replace(
        item.chart, topic=HOSTILE, kind=HOSTILE, code=HOSTILE, data={HOSTILE: [float("nan"), float("inf"), HOSTILE]},
        provenance={HOSTILE: {1: HOSTILE}},
    )  # fmt: skip
    asked = replace(item.asked, question=HOSTILE, program=HOSTILE, explanation=HOSTILE, unit=HOSTILE)
    kept = replace(item, chart=chart, asked=asked, checks={HOSTILE: HOSTILE}, value=float("nan"))
    said = {"chart": HOSTILE, "question": HOSTILE, "kind": HOSTILE, "more": [HOSTILE]}
    return kept, Dropped(stage=HOSTILE, reason=HOSTILE, detail=HOSTILE, inputs=said)


def test_hostile_texts_and_numbers_that_are_none_are_stored_as_text(problems: Any, tmp_path: Path) -> None:
    kept, _ = hostile(problems)
    write_shards(tmp_path / "out", [kept], name="hostile")
    (row,) = rows(tmp_path / "out")
    clean = HOSTILE.replace("\ud800", "?")
    assert (
        row["question"] == clean and json.loads(row["data"]) == {clean: [None, None, clean]} and row["value"] == "null"
    )
    assert "<script>" not in (tmp_path / "out" / "README.md").read_text(encoding="utf-8")
    found = open_stored(spec(tmp_path / "out", name="hostile"))
    assert make(found.address(0)).question == clean


# --- problems like all others -----------------------------------------------------------------------------------------


def test_a_folder_is_a_data_set_by_its_name_alone(problems: Any, folder: Path) -> None:
    found = open_stored(spec(folder, name="written"))
    assert len(found.rows) == 8 and found.bad == {"the tier 'executed'": (4, 9)}
    for row in found.rows:
        problem, item = make(found.address(row)), problems[0][row]
        assert (problem.question, problem.answer) == (item.asked.question, from_json(item.answer))
        assert problem.meta["tier"] == item.tier and str(problem.address) == f"stored/{found.key}/{row}"
        assert score(problem.solution, problem.answer).correct and not score("\\boxed{-5}", problem.answer).correct
    alone = open_stored(spec(folder, name="written", tiers=("executed",)))
    assert alone.rows == (4, 9) and alone.key != found.key
    everything = open_stored(spec(folder, name="written", tiers=("proven", "agreed", "executed")))
    assert len(everything.rows) == 10 and not everything.bad
    with pytest.raises(StoredError, match="tiers: 'sure' is none: use some of proven, agreed, executed"):
        open_stored(spec(folder, name="written", tiers=("sure",)))


def test_folders_of_one_name_are_not_taken_for_each_other(problems: Any, tmp_path: Path) -> None:
    """`datasets` would, by its cache, whether it is asked here or by whoever opens the folder."""
    import datasets

    parts = (problems[0][:3], problems[0][5:])
    for name, part in zip("ab", parts):
        write_shards(tmp_path / name / "problems", part, name="same")
    for name, part in zip("ab", parts):
        everything = ("proven", "agreed", "executed")
        found = open_stored(spec(tmp_path / name / "problems", name="same", tiers=everything))
        assert [make(found.address(row)).question for row in found.rows] == [item.asked.question for item in part]
        loaded = datasets.load_dataset(str(tmp_path / name / "problems"), split="train")
        assert loaded["id"][:] == [problem_id(item) for item in part]
    write_shards(tmp_path / "a" / "problems", parts[1], name="same")
    again = open_stored(spec(tmp_path / "a" / "problems", name="same", tiers=everything))
    assert again.key == found.key, "a folder that has changed is read again"


def test_sets_without_tiers_know_nothing_of_them(tmp_path: Path) -> None:
    """Nor do their addresses, which logs and runs of before hold."""
    file = plain(tmp_path / "a.parquet", 6)
    assert open_stored(spec(file)).key == open_stored(spec(file, tiers=("proven",))).key
    tiers = plain(tmp_path / "b.parquet", 3, tier=["proven", "", "executed"])
    assert open_stored(spec(tiers, columns=Columns(tier="tier"))).rows == (0,)


CONFIG = """
name: mix
env: {{cells: [bar/count, pie/count], px: 224x224, workers: 1}}
data: {{written: {{source: {source}, share: 0.5}}}}
eval: {{test_set: {test_set}, max_tokens: 16, batch_size: 4}}
prompt: "{{question}}\\nPut the final answer in \\\\boxed{{}}."
launch: {{devices: 1}}
"""


def config_of(folder: Path, source: Path) -> Path:
    addresses = "".join(json.dumps({"address": address}) + "\n" for address in ADDRESSES[:2])
    (folder / "two.jsonl").write_text(addresses)
    (folder / "mix.yaml").write_text(CONFIG.format(source=source, test_set=folder / "two.jsonl"), encoding="utf-8")
    return folder / "mix.yaml"


def test_a_stream_draws_from_it_by_one_key_and_the_checker_accepts_what_is_stored(folder: Path, tmp_path: Path) -> None:
    config = load(config_of(tmp_path, folder))
    (found,) = open_data(config, prompts=8).values()
    mix = mixed(config, make_curriculum({"mode": "uniform", "cells": ["bar/count"], "px": "224x224"}))
    seen = set()
    with Stream(mix, 8, workers=1, stored=[found.handle]) as stream:
        for batch in range(4):
            problems = stream.problems(batch, stream.own_slots(batch))
            assert sum(problem.address.stored for problem in problems.values()) == 4
            for problem in problems.values():
                assert score(problem.solution, problem.answer).correct
                height, width, _ = problem.image.shape
                assert height * width <= 224 * 224
                if problem.address.stored:
                    seen.add(problem.address.seed)
            stream.observe(batch, [])
    assert seen == set(found.rows), "each once before any comes twice"


def test_the_config_names_the_tiers(folder: Path, tmp_path: Path) -> None:
    path = config_of(tmp_path, folder)
    assert len(open_data(load(path))["written"].rows) == 8
    assert len(open_data(load(path, ["data.written.tiers=[proven]"]))["written"].rows) == 6
    with pytest.raises(ConfigError, match=r"data\.written\.tiers: 'sure' is none") as error:
        open_data(load(path, ["data.written.tiers=[sure]"]))
    assert "\n" not in str(error.value)


def test_an_evaluation_asks_rows_that_are_set_apart(folder: Path, tmp_path: Path) -> None:
    from trainers.evaluate import main as evaluate

    path = config_of(tmp_path, folder)
    right = {row["question"]: row["answer_text"] for row in rows(folder)}

    def answer(body: Any) -> Any:
        said = question_in(body)
        return completion(next((f"\\boxed{{{text}}}" for asked, text in right.items() if asked in said), "\\boxed{-1}"))

    changes = ["data.written.evaluate=3", "data.written.share=0.0"]  # two charts: 3 rows may show both
    with served(answer) as (url, _):
        to = ["--backend", "openai", "--base-url", url, "--model", "m", "--quiet", "--out", str(tmp_path / "out")]
        assert evaluate([str(path), *changes, *to]) == 0
    report = report_of(tmp_path / "out")
    assert report["stored"]["written"]["problems"] == 3 and report["stored"]["written"]["accuracy"] == 1.0
    assert report["summary"]["problems"] == 2 and report["summary"]["accuracy"] == 0.0


@browser
def test_the_gallery_shows_it(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "g.html"
    assert main(["gallery", "--data", str(folder), "--out", str(out)]) == 0
    assert "8 to train on; 2 left out for the tier 'executed'" in capsys.readouterr().err
    seen = _Cards()
    dom = _dom(f"{out.as_uri()}#kind=label", tmp_path)
    seen.feed(dom)
    labels = sum(row["answer_kind"] == "label" and row["tier"] != "executed" for row in rows(folder))
    assert len(seen.cards) == 8 and sum("hidden" not in card for card in seen.cards) == labels > 0
    assert f"{labels} of 8 problems, 1 cell</output>" in dom and "stored/written:" in dom
    assert main(["gallery", "--data", str(folder), "--tiers", "executed", "--cells", "bar/count", "--count", "2",
                 "--px", "112x112", "--out", str(out)]) == 0  # fmt: skip
    text = out.read_text(encoding="utf-8")
    assert text.count('data-family="stored"') == 2 and text.count('data-family="bar"') == 2
    assert main(["gallery", "--data", str(tmp_path / "none"), "--out", str(out)]) == 2
    assert "--data" in (said := capsys.readouterr().err.splitlines()[-1]) and "is no Parquet file" in said


def test_an_address_of_a_log_is_shown(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    stored = opened_data(str(folder), "proven,agreed", "written")
    address, row = str(stored.address(stored.rows[1])), rows(folder)[stored.rows[1]]
    out = tmp_path / "one.png"
    assert main(["show", address, "--data", str(folder), "--out", str(out)]) == 0
    said = capsys.readouterr().out
    assert f"address   {address}\nquestion  {row['question']}\n" in said and f"tier      {row['tier']}\n" in said
    with Image.open(out) as image:
        assert image.width / image.height == pytest.approx(row["width"] / row["height"], rel=0.01)
    for wrong in ([], ["--data", str(folder), "--px", "224x224"], ["--data", str(folder), "--tiers", "proven"]):
        assert main(["show", address, *wrong]) == 2
        assert capsys.readouterr().err.startswith("error: ")


# --- the page ---------------------------------------------------------------------------------------------------------


@browser
def test_the_page_shows_what_was_kept_and_dropped_and_filters_it(problems: Any, tmp_path: Path) -> None:
    kept, dropped = problems
    page(tmp_path / "p.html", kept, dropped)

    def shown(hash_: str) -> tuple[int, str]:
        dom = _dom((tmp_path / "p.html").as_uri() + hash_, tmp_path)
        seen = _Cards()
        seen.feed(dom)
        assert len(seen.cards) == len(kept) + len(dropped)
        return sum("hidden" not in card for card in seen.cards), dom

    number, dom = shown("")
    assert number == 15 and "15 items: 10 kept, 5 dropped." in dom and "15 of 15 items" in dom
    assert dom.count("<img ") == 12, "dropped items show the picture of the chart that they name"
    assert shown("#tier=agreed")[0] == 2
    assert shown("#status=dropped&reason=the+programs+disagree")[0] == 1
    assert shown("#type=donut+pie+chart&status=kept")[0] == 5
    for item in kept:
        assert item.asked.question.split("?")[0] in dom


@browser
def test_nothing_a_model_wrote_becomes_part_of_the_page(problems: Any, tmp_path: Path) -> None:
    kept, dropped = hostile(problems)
    page(tmp_path / "p.html", [kept], [dropped], title=HOSTILE)
    dom = _dom((tmp_path / "p.html").as_uri(), tmp_path)
    seen = _Cards()
    seen.feed(dom)
    assert seen.tags.count("script") == 1 and seen.tags.count("img") == 1 and len(seen.cards) == 2
    title = re.search(r"<title>(.*?)</title>", dom, re.S)
    assert title and title[1].startswith("&lt;/script&gt;"), "no script of theirs ran"
    assert "2 of 2 items" in dom


def test_of_many_items_all_are_counted_and_the_first_of_each_reason_shown(problems: Any, tmp_path: Path) -> None:
    kept, dropped = problems
    many = [replace(dropped[0], detail=f"n{i}") for i in range(500)] + dropped[1:]
    page(tmp_path / "p.html", kept * 30, many, most=20, each=5)
    text = (tmp_path / "p.html").read_text(encoding="utf-8")
    assert "804 items: 300 kept, 504 dropped." in text and '<td class="n">500</td>' in text
    assert text.count("<figure ") == 20 + 5 + 4 and "n4<" in text and "n5<" not in text


# --- a run ------------------------------------------------------------------------------------------------------------

RUN = """
name: small
model: {{build: qwen2_5_vl, sizes: {{hidden_size: 32, layers: 1, heads: 2, kv_heads: 1, vision_hidden_size: 32,
        vision_layers: 1, vision_heads: 2, vocab_size: 320}}}}
env: {{cells: [bar/count], px: 112x112, workers: 0}}
data: {{written: {{source: {source}, share: 0.5}}}}
eval: {{test_set: {test_set}, max_tokens: 12, batch_size: 4}}
launch: {{devices: 1}}
track: none
trl: {{max_steps: 2, per_device_train_batch_size: 16, num_generations: 4, max_completion_length: 12, save_steps: 2,
      use_cpu: true, bf16: false, gradient_checkpointing: false}}
"""


@pytest.mark.slow
def test_a_run_trains_on_it_and_its_policy_is_evaluated_on_it(folder: Path, tmp_path: Path) -> None:
    import os

    from trainers import rollouts

    config_of(tmp_path, folder)
    path = tmp_path / "small.yaml"
    path.write_text(RUN.format(source=folder, test_set=tmp_path / "two.jsonl"), encoding="utf-8")
    env = {**os.environ, "OMP_NUM_THREADS": "1", "HF_DATASETS_CACHE": str(tmp_path / "cache")}

    def run(module: str, *arguments: str) -> str:
        command = [sys.executable, "-m", module, str(path), f"runs={tmp_path}", *arguments]
        done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    run("trainers.grpo")
    asked = [row["address"] for row in rollouts.read(tmp_path / "small" / "rollouts.jsonl")]
    assert len(asked) == 32 and sum(address.startswith("stored/written:") for address in asked) == 16
    checkpoint = str(tmp_path / "small" / "final")
    said = run(
        "trainers.evaluate", "data.written.evaluate=2", "data.written.share=0", "--checkpoint", checkpoint, "--quiet"
    )
    assert "over 2 problems" in said and "stored written: " in said
