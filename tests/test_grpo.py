"""A run: its stages, its logs, exact resumption after kills, and two ranks that stay one."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from small_runs import ENV, ROOT, WARM, finish, kill_when, without_times

from trainers import rollouts
from trainers.config import WarmStart, load
from trainers.quirks import make_torchvision_importable
from trainers.rollouts import Log
from trainers.table import Table


@pytest.mark.slow
def test_a_run_killed_in_its_warm_start_and_in_grpo_equals_the_unbroken_one(tmp_path):
    (tmp_path / "unbroken").mkdir()
    (tmp_path / "killed").mkdir()
    whole = finish(tmp_path / "unbroken")
    kill_when(tmp_path / "killed", "warm.jsonl", 10)
    kill_when(tmp_path / "killed", "metrics.jsonl", 6, "--resume")
    cut = tmp_path / "killed" / "small"
    (cut / "checkpoint-9").mkdir()  # one that was cut off while it was written
    with (cut / "rollouts.jsonl").open("a") as file:
        file.write('{"batch": 7, "slot"')
    broken = finish(tmp_path / "killed", "--resume")

    ours, theirs = list(rollouts.read(whole / "rollouts.jsonl")), list(rollouts.read(broken / "rollouts.jsonl"))
    assert len(ours) == 12 * 16 and ours == theirs
    assert len({row["address"] for row in ours}) == 12 * 4
    assert without_times(whole / "metrics.jsonl") == without_times(broken / "metrics.jsonl")
    assert without_times(whole / "warm.jsonl") == without_times(broken / "warm.jsonl")
    asked = list(rollouts.read(whole / "curriculum.jsonl"))
    assert asked == list(rollouts.read(broken / "curriculum.jsonl")) and sum(row["draws"] for row in asked) == 12 * 4
    assert any(row["grad_norm"] > 0 for row in rollouts.read(whole / "metrics.jsonl")), "nothing was learned at all"
    assert [row["step"] for row in rollouts.read(broken / "metrics.jsonl")] == list(range(1, 13))
    assert '{"batch": 7, "slot"' in (broken / "rollouts.jsonl.aside").read_text(encoding="utf-8")
    for run in (whole, broken):
        assert sorted(path.name for path in run.glob("checkpoint-*")) == ["checkpoint-12", "checkpoint-8"]
        assert (run / "final" / "config.json").is_file() and (run / "final" / "chat_template.jinja").is_file()
    weights = [(run / "final" / "model.safetensors").read_bytes() for run in (whole, broken)]
    assert weights[0] == weights[1]

    # The end of the story, told again; and a longer one that goes on from it.
    finish(tmp_path / "unbroken", "--resume")
    assert len(list(rollouts.read(whole / "rollouts.jsonl"))) == 12 * 16
    finish(tmp_path / "unbroken", "--resume", "trl.max_steps=14", "trl.save_steps=2")
    longer = list(rollouts.read(whole / "rollouts.jsonl"))
    assert longer[: len(ours)] == ours and len(longer) == 14 * 16


TWO_RANKS = """
import json, os, sys
import trainers.grpo as grpo

class Watched(grpo.Stream):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.asked, self.start = [], self.state_dict()
    def problems(self, batch, slots):
        self.asked += slots
        return super().problems(batch, slots)
    def close(self):
        name = f"{os.environ['WATCH']}/rank{self.rank}-{self.prompts_per_batch}.json"
        json.dump({"start": self.start, "end": self.state_dict(), "asked": self.asked}, open(name, "w"))
        super().close()

if __name__ == "__main__":
    grpo.Stream = Watched
    sys.exit(grpo.main(sys.argv[1:]))
"""


@pytest.mark.slow
def test_two_ranks_draw_apart_and_believe_the_same(tmp_path):
    from envs.address import Address
    from envs.curriculum import Outcome, make_curriculum
    from envs.stream import Stream
    from trainers.grpo import curriculum_keys

    (tmp_path / "small.yaml").write_text(WARM, encoding="utf-8")
    (tmp_path / "two.py").write_text(TWO_RANKS, encoding="utf-8")
    overrides = [f"runs={tmp_path}", "trl.max_steps=20", "trl.save_strategy=no", "warm_start.batch_size=12"]
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2"]
    done = subprocess.run(
        [*torchrun, str(tmp_path / "two.py"), str(tmp_path / "small.yaml"), *overrides],
        cwd=ROOT,
        env={**ENV, "WATCH": str(tmp_path), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    first, second = (json.loads((tmp_path / f"rank{rank}-8.json").read_text()) for rank in (0, 1))
    assert first["end"] == second["end"] and first["end"]["curriculum"] != first["start"]["curriculum"]
    assert not set(first["asked"]) & set(second["asked"])
    assert sorted(first["asked"] + second["asked"]) == list(range(20 * 8))

    # A single process that is told the same outcomes believes and plans the same.
    config = load(tmp_path / "small.yaml", overrides)
    alone = Stream(make_curriculum(curriculum_keys(config)), 8, workers=0)
    rows = list(rollouts.read(tmp_path / "small" / "rollouts.jsonl"))
    assert len(rows) == 20 * 8 * 4
    for batch in range(20):
        groups: dict[int, list[dict[str, object]]] = {}
        for row in rows:
            if row["batch"] == batch:
                groups.setdefault(row["slot"], []).append(row)
        problems = alone.problems(batch, sorted(groups))
        assert all(str(problems[slot].address) == group[0]["address"] for slot, group in groups.items())
        outcomes = [
            Outcome(
                Address.parse(str(group[0]["address"])),
                sum(bool(row["correct"]) for row in group),
                len(group),
                tuple(problems[slot].meta.get("traits", ())),
                problems[slot].meta["possible"],
                problems[slot].answer,
                tuple(row["given"] for row in sorted(group, key=lambda row: row["rollout"])),
            )
            for slot, group in groups.items()
        ]
        alone.observe(batch, outcomes)
    assert alone.state_dict() == first["end"]


def test_rows_past_the_checkpoint_and_a_torn_line_are_set_aside(tmp_path):
    path = tmp_path / "metrics.jsonl"
    log = Log(path)
    log.write({"step": 1}, {"step": 2}, {"step": 3})
    log.close()
    with path.open("ab") as file:
        file.write('{"step": 4, "ü'.encode()[:-1])  # within a character
    assert [row["step"] for row in rollouts.read(path)] == [1, 2, 3]
    assert rollouts.set_aside(path, lambda row: row["step"] <= 2) == 2
    assert [row["step"] for row in rollouts.read(path)] == [1, 2]
    assert (tmp_path / "metrics.jsonl.aside").read_text().splitlines() == ['{"step": 3}', '{"step": 4, "\ufffd']
    assert rollouts.set_aside(path, lambda row: row["step"] <= 2) == 0


def test_a_checkpoint_without_its_last_file_is_never_loaded(tmp_path):
    from trainers.checkpoints import STREAM_STATE
    from trainers.continuing import last_checkpoint

    for step, whole in ((5, True), (10, True), (100, False)):
        (tmp_path / f"checkpoint-{step}").mkdir()
        if whole:
            (tmp_path / f"checkpoint-{step}" / STREAM_STATE).write_text("{}")
    assert last_checkpoint(tmp_path) == tmp_path / "checkpoint-10"
    assert not (tmp_path / "checkpoint-100").exists()
    assert last_checkpoint(tmp_path / "nowhere") is None


@pytest.mark.parametrize(
    ("checks", "stops"),
    [
        ([0.1, 0.2], False),  # too few to tell
        ([0.1, 0.2, 0.3, 0.4], False),
        ([0.1, 0.5, 0.5, 0.51], True),
        ([0.1, 0.5, 0.4, 0.54], False),
        ([0.3, 0.3, 0.3, 0.3], False),  # flat because it has not begun
    ],
)
def test_the_warm_start_stops_at_a_plateau_and_not_before_it_begins(checks, stops):
    from trainers.warmstart import plateau

    assert plateau(checks, WarmStart(patience=2, min_gain=0.03, min_accuracy=0.4)) is stops


def test_supervision_sees_the_prompt_of_grpo_and_learns_only_the_solution(tmp_path):
    from envs import make
    from trainers.models import load_processor
    from trainers.tiny import build_tiny
    from trainers.warmstart import supervised_batch

    processor = load_processor(build_tiny("qwen2_5_vl", tmp_path / "model", vocab_size=320))
    problems = [make(f"bar/count/0/{seed}?px=112x112") for seed in range(3)]
    batch = supervised_batch(processor, problems, "{question}")
    tokenizer = processor.tokenizer
    learned = [tokenizer.decode([t for t in row.tolist() if t != -100]) for row in batch["completion_ids"]]
    assert learned == [problem.solution + tokenizer.eos_token for problem in problems]
    prompts = batch["input_ids"][:, : -batch["completion_ids"].shape[1]]
    for ids, problem in zip(prompts, problems):
        text = tokenizer.decode(ids)
        assert problem.question in text and text.endswith("assistant\n") and problem.solution not in text
    assert batch["input_ids"].shape == batch["attention_mask"].shape


def test_the_table_says_plainly_what_grpo_did_not_reach(tmp_path):
    def table(grpo: int) -> str:
        found = Table(tmp_path / "table.json", keep=False)
        for stage, right in (("before", 0), ("warm start", 50), ("grpo", grpo), ("control", 80)):
            about = {"test_set": "tiny-v1", "correct": right, "total": 100, "right": [i < right for i in range(100)]}
            found.add(stage, {**about, "seconds": 60.0, "steps": 10})
        return found.text()

    good, bad = table(90), table(60)
    assert "adds 40.0 points" in good and "NOT" not in good and "beats" in good
    assert "NOT the 15 points" in bad and "does NOT beat" in bad
    assert "chance" not in good and "chance" in table(82)  # 2 problems of 100
    assert "[82.6, 94.5]" in good  # Wilson's interval of 90 in 100
    assert Table(tmp_path / "table.json", keep=True).has("control")


def test_every_rollout_has_a_seed_of_its_own():
    make_torchvision_importable()
    from trainers.slot_trainer import seed_of

    seeds = {seed_of(0, slot, rollout) for slot in range(200) for rollout in range(8)}
    assert len(seeds) == 1600 and max(seeds) < 2**31 and seed_of(0, 1, 2) != seed_of(1, 1, 2)
