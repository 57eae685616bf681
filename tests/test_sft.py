"""Supervised starts: only targets are taught, lessons say what is right, a resumed run equals the unbroken one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from envs.problem import draw, make, make_near
from envs.registry import cells
from envs.views import Categories
from rewards import score
from trainers import grpo, rollouts, sft
from trainers.config import ConfigError, load
from trainers.describing import LONGEST, caption, panels, table
from trainers.lessons import (
    KINDS,
    Draw,
    Lesson,
    LessonError,
    Targets,
    Trace,
    WithTraces,
    brief,
    labelled,
    lesson_batch,
    read_traces,
)
from trainers.preflight import check

ROOT = Path(__file__).parent.parent
SMALL = """
name: small
model: {build: ARCH, sizes: {hidden_size: 32, layers: 1, heads: 2, kv_heads: 1, vision_hidden_size: 32,
        vision_layers: 1, vision_heads: 2, vocab_size: 512}}
prompt: "{question}"
env: {cells: [bar/count, pie/count], px: 112x112, workers: 1}
curriculum: {mode: uniform, levels: 2}
sft: {targets: {solutions: 2, answers: 1, tables: 1, captions: 1}, max_tokens: 64}
eval: {max_tokens: 8, batch_size: 16}
launch: {devices: 1}
trl: {max_steps: 6, per_device_train_batch_size: 4, gradient_accumulation_steps: 2, learning_rate: 1.0e-3,
      save_steps: 2, save_total_limit: 2, use_cpu: true, bf16: false, gradient_checkpointing: false}
"""
SIZES = {
    "qwen2_5_vl": {"vocab_size": 512, "max_pixels": 224 * 224},
    "smolvlm": {"vocab_size": 512, "tile": 56, "scale_factor": 2, "longest_edge": 112},
}
PATHS = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
ENV = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": PATHS}
TIMES = ("seconds", "time", "runtime")


def written(folder: Path, text: str = SMALL, arch: str = "qwen2_5_vl") -> Path:
    path = folder / "small.yaml"
    path.write_text(text.replace("ARCH", arch), encoding="utf-8")
    return path


def finish(folder: Path, *arguments: str, arch: str = "qwen2_5_vl") -> Path:
    assert sft.main([str(written(folder, arch=arch)), f"runs={folder}", *arguments]) == 0
    return folder / "small"


def rows_of(path: Path) -> list[dict[str, object]]:
    return [{k: v for k, v in row.items() if not any(t in k for t in TIMES)} for row in rollouts.read(path)]


# --- what is taught


@pytest.mark.parametrize("arch", SIZES)
def test_labels_are_the_target_alone_and_neither_prompt_nor_image_nor_padding(arch, tmp_path):
    import torch

    from trainers.models import build_tiny, forbidden_token_ids, load_policy, load_processor

    folder = build_tiny(arch, tmp_path, **SIZES[arch])
    processor, model = load_processor(folder), load_policy(folder)
    problems = [make(f"bar/{question}/2/5?px=112x112") for question in ("count", "kth_value", "mean")]
    lessons = [Lesson(p.image, p.question, text) for p, text in zip(problems, ("4", problems[1].solution, "so: 12"))]
    batch = labelled(lesson_batch(processor, lessons))
    tokenizer, images = processor.tokenizer, forbidden_token_ids(processor)
    assert batch["labels"].shape == batch["input_ids"].shape == batch["attention_mask"].shape
    assert (
        batch["attention_mask"][:, 0].all() and batch["attention_mask"].any(dim=0).all()
    )  # flush left, no empty column
    for ids, mask, labels, lesson in zip(batch["input_ids"], batch["attention_mask"], batch["labels"], lessons):
        taught = labels != -100
        assert (ids[taught] == labels[taught]).all()
        assert tokenizer.decode(ids[taught]).strip() == lesson.target + tokenizer.eos_token
        start, end = taught.nonzero()[0], taught.nonzero()[-1]
        assert taught[start : end + 1].all() and not mask[end + 1 :].any()  # one stretch, at the end, then padding
        before = ids[:start]
        assert sum((before == image).sum() for image in images) > 0 and not any(
            (ids[taught] == i).any() for i in images
        )
        said = tokenizer.decode(before[mask[:start].bool()])
        assert lesson.prompt in said and said.rstrip().endswith(("assistant", "Assistant:"))
        # The prompt is, token by token, what the policy is asked with when it answers.
        text = processor.apply_chat_template(
            [{"role": "user", "content": [{"type": "image"}, {"type": "text", "text": lesson.prompt}]}],
            add_generation_prompt=True,
        )
        from PIL import Image

        asked = processor(text=[text], images=[[Image.fromarray(lesson.image)]])["input_ids"][0]
        assert before.tolist() == list(asked)
    # And that is what the model's own loss is taken over.
    with torch.no_grad():
        logits = model(**{k: v for k, v in batch.items() if k != "labels"}).logits[:, :-1]
        loss = model(**batch).loss
    ours = torch.nn.functional.cross_entropy(logits.flatten(0, 1), batch["labels"][:, 1:].flatten(), ignore_index=-100)
    assert torch.allclose(loss, ours, atol=1e-5)


def test_a_target_that_is_too_long_is_cut_and_its_end_not_taught(tmp_path):
    from trainers.models import build_tiny, load_processor

    processor = load_processor(build_tiny("qwen2_5_vl", tmp_path, **SIZES["qwen2_5_vl"]))
    problem = make("bar/count/0/1?px=112x112")
    batch = labelled(lesson_batch(processor, [Lesson(problem.image, "q", "1 2 3 4 5 6 7 8 9")], longest=4))
    taught = batch["labels"][batch["labels"] != -100]
    assert len(taught) == 4 and processor.tokenizer.eos_token_id not in taught


def test_each_slot_has_its_kind_for_ever_and_the_shares_are_kept():
    shares = {"answers": 1.0, "solutions": 1.0, "tables": 0.5, "traces": 2.5}
    traces = [Trace(f"bar/count/0/{i}", "t") for i in range(7)]
    targets = Targets(shares, prompt="{question}", form="json", seed=3, traces=traces)
    kinds = [targets.kind(slot) for slot in range(4000)]
    again = Targets(shares, prompt="{question}", form="json", seed=3, traces=traces)
    assert kinds == [again.kind(slot) for slot in reversed(range(4000))][::-1]
    found = {kind: kinds.count(kind) / 4000 for kind in KINDS}
    assert abs(found["traces"] - 0.5) < 0.01 and abs(found["answers"] - 0.2) < 0.03 and found["captions"] == 0
    # Every trace is gone through before one comes again, each time in another order.
    at = [targets.trace(slot).address for slot in range(4000) if kinds[slot] == "traces"]
    rounds = [at[i : i + 7] for i in range(0, 700, 7)]
    assert all(len(set(each)) == 7 for each in rounds) and len({tuple(each) for each in rounds}) > 10


def test_traces_are_taught_on_their_own_problems_and_judged_again(tmp_path):
    from envs.curriculum import make_curriculum

    addresses = [f"bar/count/1/{seed}?px=112x112" for seed in range(4)]
    traces = [Trace(address, "Look. " + brief(make(address))) for address in addresses]
    targets = Targets({"traces": 1, "answers": 1}, prompt="P: {question}", form="json", seed=0, traces=traces)
    inner = make_curriculum({"mode": "uniform", "cells": ["pie/count"], "levels": 1, "px": "112x112"})
    plan = WithTraces(inner, targets).plan(0, 40)
    seen = set()
    for slot, address in enumerate(plan):
        problem = make_near(address)
        kind, lesson = targets.lesson(slot, problem)
        assert (address.family == "bar") is (kind == "traces")
        assert score(lesson.target, problem.answer).correct and lesson.prompt == f"P: {problem.question}"
        seen.add((kind, str(address)))
    assert {address for kind, address in seen if kind == "traces"} == set(addresses)
    wrong = Targets({"traces": 1}, prompt="", form="json", seed=0, traces=[Trace(addresses[0], "\\boxed{99}")])
    with pytest.raises(LessonError, match=r"99.*another version"):
        wrong.lesson(0, make(addresses[0]))


def test_traces_that_spell_special_tokens_are_left_out(tmp_path):
    import pyarrow as pa
    import pyarrow.parquet as pq

    texts = ["fine", "a <|image_pad|> b", "<image>", "done<|im_end|>", "<end_of_utterance>", "a < b | c > d"]
    rows = [{"address": f"bar/count/0/{i}", "trace": text} for i, text in enumerate(texts)]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "t.parquet")
    assert [trace.text for trace in read_traces(str(tmp_path))] == ["fine", "a < b | c > d"]
    pq.write_table(pa.Table.from_pylist([{"address": "test:bar/count/0/1", "trace": "x"}]), tmp_path / "t.parquet")
    with pytest.raises(LessonError, match="training"):
        read_traces(str(tmp_path))
    with pytest.raises(LessonError, match=r"trainers\.traces"):
        read_traces(str(tmp_path / "nothing.parquet"))


# --- tables and captions

ONE_EACH = sorted({cell.family: cell for cell in cells()}.values(), key=lambda cell: cell.family)


def drafts(levels=(0, 4), px="640x640"):
    for cell in ONE_EACH:
        for level in levels:
            yield draw(make_near(f"{cell.family}/{cell.question}/{level}/11?px={px}").address)


def test_tables_hold_every_value_that_can_be_read_as_closely_as_it_can_be():
    found, compared = set(), 0
    for draft in drafts():
        markdown, wire = table(draft, "markdown"), table(draft, "json")
        assert (markdown is None) is (wire is None)
        if wire is None:
            continue
        found.add(draft.family.name)
        tables = json.loads(wire)
        tables = tables if isinstance(tables, list) else [tables]
        assert len(tables) >= len(draft.figure.panels)
        for each in tables:
            assert 0 < len(each["rows"]) <= LONGEST and all(len(row) == len(each["columns"]) for row in each["rows"])
            for name, *values in each["rows"]:
                assert isinstance(name, str | int | float) and name is not None
                assert str(name).replace("|", "\\|") in markdown and any(str(v) in markdown for v in values)
        assert sum(line.startswith("| ---") for line in markdown.splitlines()) == len(tables)
        # Where the figure is one table of named values, each stands there no further off than it can be read.
        _, views = panels(draft)[0]
        if len(tables) > 1 or not isinstance(views[0], Categories):
            continue
        compared += 1
        for (name, value), item in zip(tables[0]["rows"], views[0].items, strict=True):
            room = max(item.err, 0.5 * 10.0 ** -views[0].decimals) + 1e-9
            assert name == item.name and abs(value - item.value) <= room
    assert compared > 10
    assert len(found) >= 0.8 * len(ONE_EACH), sorted({cell.family for cell in ONE_EACH} - found)


def test_captions_name_the_kind_the_title_and_only_extremes_that_can_be_told():
    said = 0
    for draft in drafts():
        text = caption(draft)
        for parts, views in panels(draft):
            assert parts.chart in text and parts.title in text and "{" not in text
            view = views[0]
            if isinstance(view, Categories) and len(draft.figure.panels) == 1 and "The largest is" in text:
                assert f"The largest is {view.ranked()[0].name}" in text
                said += 1
    assert said > 10


def test_workers_draw_what_is_taught_and_a_figure_without_a_table_is_asked_its_question():
    problem = Draw("json", True)(make("bar/count/1/2").address)
    assert json.loads(problem.meta["table"])["rows"] and problem.meta["caption"].startswith("A ")
    assert Draw(None, False)(problem.address).meta == make(problem.address).meta
    targets = Targets({"tables": 1}, prompt="Look. {question}", form="json", seed=0)
    kind, lesson = targets.lesson(0, problem)
    assert kind == "tables" and lesson.target == problem.meta["table"] and "Look" not in lesson.prompt
    cloud = next(c for c in cells() if c.family == "wordcloud")
    cloudy = Draw("json", False)(make_near(f"wordcloud/{cloud.question}/1/2").address)
    kind, lesson = targets.lesson(0, cloudy)
    assert kind == "solutions" and cloudy.question in lesson.prompt and score(lesson.target, cloudy.answer).correct


# --- configs


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        (["sft.target={answers: 1}"], "did you mean 'targets'"),
        (["sft.targets={answer: 1}"], "did you mean 'answers'"),
        (["sft.targets={answers: 0}"], "empty"),
        (["sft.targets={answers: -1}"], "share"),
        (["sft.targets={traces: 1}"], "sft.traces"),
        (["sft.table=latex"], "markdown"),
        (["trl.num_generations=4"], "trl.num_generations"),
        (["trl.packing=true"], "cannot pack"),
        (["trl.max_length=512"], "sft.max_tokens"),
        (["trl.learning_rat=1"], "learning_rate"),
        (["curriculum.mode=learnability"], "uniform, fixed or file"),
        (["sft.adapter=true"], "model.lora"),
        (["model.quantize=nf4"], "model.lora"),
        (["model.quantize=int8", "model.lora.r=4"], "nf4"),
        (["warm_start.max_steps=3"], "warm_start"),
    ],
)
def test_every_mistake_is_one_line_that_names_the_mend(overrides, words, tmp_path):
    path = written(tmp_path)
    check(load(path))
    if overrides[0].startswith(
        "sft.targets="
    ):  # a section given whole replaces nothing on the command line: it is merged
        text = SMALL.replace("{solutions: 2, answers: 1, tables: 1, captions: 1}", overrides[0].split("=")[1])
        path, overrides = written(tmp_path, text), []
    with pytest.raises(ConfigError) as caught:
        check(load(path, overrides))
    assert words in str(caught.value) and "\n" not in str(caught.value)


def test_each_program_names_the_other_for_a_config_that_is_not_its_own(tmp_path, capsys):
    assert grpo.main([str(written(tmp_path)), "--dry-run"]) == 2
    assert "python -m trainers.sft" in capsys.readouterr().err
    assert sft.main([str(ROOT / "configs" / "tiny.yaml"), "--dry-run"]) == 2
    assert "no section sft" in capsys.readouterr().err


def test_the_dry_run_says_what_is_taught_and_loads_nothing(tmp_path):
    code = (
        "import sys; from trainers.sft import main; status = main(sys.argv[1:]); "
        "assert status == 0 and 'trl' not in sys.modules, sorted(sys.modules)"
    )
    command = [sys.executable, "-c", code, str(written(tmp_path)), f"runs={tmp_path}", "--dry-run"]
    done = subprocess.run(command, cwd=ROOT, env=ENV, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    for words in (
        "40 % solutions",
        "8 lessons an optimizer step",
        "48 lessons",
        "seen as 112x112",
        "every 2 optimizer",
    ):
        assert words in done.stdout
    assert not (tmp_path / "small").exists()
