"""Stored problems in the mix: exact shares, no word to the curriculum, exact resumption, a row in the report."""

from __future__ import annotations

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
from stored_sets import picture, plain, spec

from envs.address import Address
from envs.curriculum import Outcome, make_curriculum
from envs.mixing import Mixed, room_for
from envs.stored import Spec, StoredSet, open_stored
from envs.stream import Stream
from envs.wish import Wish
from trainers.config import ConfigError, load
from trainers.data import mixed, open_data

pytestmark = pytest.mark.usefixtures("stored_cache")


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
    assert mix.inner.state_dict() == alone.state_dict() and mix.table() == alone.table()
    metrics = mix.metrics()
    assert 0 < metrics["stored/one/pass_rate"] < 1 and metrics["pass_rate"] == alone.metrics()["pass_rate"]
    again = Mixed(make_curriculum(config), sets, 0)
    again.load_state_dict(json.loads(json.dumps(mix.state_dict())))
    assert again.state_dict() == mix.state_dict() and again.plan(4, 8) == mix.plan(4, 8)
    with pytest.raises(ValueError, match="bring back the files as they were"):
        Mixed(make_curriculum(config), [(a_set("two", 30), 0.5)], 0).load_state_dict(mix.state_dict())


CHOOSING = {"mode": "learnability", "cells": ["bar/count", "pie/count"], "px": "112x112", "candidates": 3}


@pytest.mark.parametrize("workers", [0, 1])
def test_drafts_are_chosen_from_beside_stored_problems_and_their_traits_reach_the_curriculum(tmp_path, workers) -> None:
    """What a curriculum that chooses among drafts learns and plans is what it would without the sets; a stream goes on
    from a state in mid-run."""
    found = open_stored(spec(plain(tmp_path / "a.parquet", 20)))

    def stream() -> Stream:
        mix = Mixed(make_curriculum(CHOOSING), [(found, 0.25)], 0)
        return Stream(mix, 8, workers=workers, stored=[found.handle])

    def outcomes(problems: dict[int, Any]) -> list[Outcome]:
        return [
            Outcome(
                problem.address,
                slot % 9,
                8,
                tuple(problem.meta.get("traits", ())),
                problem.meta.get("possible", 0),
            )
            for slot, problem in problems.items()
        ]

    alone, asked, states = make_curriculum(CHOOSING), [], []
    with stream() as mixed_in:
        for batch in range(4):
            states.append(json.loads(json.dumps(mixed_in.state_dict())))
            planned = states[-1]["planned"][str(batch)]
            problems = mixed_in.problems(batch, mixed_in.own_slots(batch))
            stored = [text.startswith("stored/") for text in planned]
            assert [problem.address.stored for problem in problems.values()] == stored and sum(stored) == 2
            for text, problem in zip(planned, problems.values(), strict=True):
                assert text == str(problem.address) if problem.address.stored else " of " in text
                assert ("traits" in problem.meta) != problem.address.stored
                if not problem.address.stored:
                    assert problem.address in Wish.parse(text).addresses()
            asked.append([str(problem.address) for problem in problems.values()])
            mixed_in.observe(batch, outcomes(problems))
            alone.observe(batch, [o for o in outcomes(problems) if o.traits])
        assert mixed_in.curriculum.inner.state_dict() == alone.state_dict()
    with stream() as again:
        again.load_state_dict(states[2])
        for batch in (2, 3):
            problems = again.problems(batch, again.own_slots(batch))
            assert [str(problem.address) for problem in problems.values()] == asked[batch]
            again.observe(batch, outcomes(problems))


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


@pytest.mark.long
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
    four = tmp_path / "four.jsonl"
    four.write_text("".join(f'{{"address": "test:bar/count/0/{i}?px=112x112"}}\n' for i in range(4)))
    out = tmp_path / "out"
    said = run("trainers.evaluate", "--checkpoint", checkpoint, "--test-set", str(four), "--quiet", "--out", str(out))
    assert "over 4 problems" in said and "stored own: " in said and "over 6 problems" in said
    report = json.loads((out / "report.json").read_text())
    assert report["summary"]["problems"] == 4 and report["stored"]["own"]["problems"] == 6
    assert not set(report["stored_outcomes"]["own"]) & set(stored.values())
    assert "Stored sets" in (out / "report.html").read_text()
    arguments = ("--checkpoint", checkpoint, "--test-set", str(four), "--quiet", "--compare", str(out))
    again = run("trainers.evaluate", *arguments, "--out", str(tmp_path / "again"))
    assert "stored own against it: +0.0 points" in again
    said = run("trainers.grpo", f"runs={tmp_path / 'next'}", f"curriculum.beliefs={out}", "--dry-run")
    assert f"beliefs: {out}" in said
    said = run("trainers.grpo", f"runs={tmp_path / 'next'}", f"curriculum.beliefs={config}", "--dry-run", status=2)
    assert "is no evaluation" in said and "Traceback" not in said

    plain(tmp_path / "own.parquet", 30, images=7)
    said = run("trainers.grpo", f"runs={tmp_path / 'cut'}", "trl.max_steps=8", "--resume", status=2)
    assert said.strip().splitlines()[-1].startswith("grpo: ") and "data.own.digest='own:" in said
    assert "Traceback" not in said
