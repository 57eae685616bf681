"""Evaluation while a run trains: it changes nothing of the run, and the best policy is kept through kills."""

import json
import random
import shutil
import subprocess
import sys

import pytest
from conftest import report_of
from small_runs import ENV, ROOT, WARM, kill_when, without_times

from trainers import evaluate, grpo, rollouts
from trainers.checkpoints import best_of, chosen
from trainers.quirks import make_torchvision_importable

make_torchvision_importable()

TEN = [f"test:{cell}/{level}/{level}?px=112x112" for cell in ("bar/count", "pie/count") for level in range(5)]


@pytest.fixture
def ten(tmp_path):
    path = tmp_path / "ten.jsonl"
    path.write_text("".join(json.dumps({"address": address}) + "\n" for address in TEN))
    return path


def written(folder, text=WARM):
    folder.mkdir(exist_ok=True)
    (folder / "small.yaml").write_text(text, encoding="utf-8")
    return str(folder / "small.yaml")


def rows(folder, stage):
    return [row for row in without_times(folder / "metrics.jsonl") if row["stage"] == stage]


def weights(folder):
    return (folder / "model.safetensors").read_bytes()


@pytest.mark.long
@pytest.mark.slow
def test_a_run_is_the_same_with_and_without_evaluations_and_goes_on_with_its_best_after_a_kill(tmp_path, ten, capsys):
    looks = ["trl.max_steps=8", "warm_start.max_steps=40", "eval.every=3", f"eval.during={ten}"]
    for name, more in (("without", looks[:2]), ("with", looks)):
        assert grpo.main([written(tmp_path / name), f"runs={tmp_path / name}", *more]) == 0
    plain, looked = tmp_path / "without" / "small", tmp_path / "with" / "small"
    assert (plain / "rollouts.jsonl").read_bytes() == (looked / "rollouts.jsonl").read_bytes()
    assert without_times(plain / "metrics.jsonl") == rows(looked, "grpo")
    assert weights(plain / "final") == weights(looked / "final")
    assert not (plain / "best").exists()

    found = rows(looked, "eval")
    assert [row["step"] for row in found] == [3, 6] and {row["eval/problems"] for row in found} == {10.0}
    assert all(
        {"eval/accuracy_by_level/4", "eval/accuracy_by_skill/recognition", "eval/low"} <= set(row) for row in found
    )
    best = best_of(looked)
    assert best["accuracy"] == max(row["eval/accuracy"] for row in found) > 0 and best["test_set"] == "ten"
    assert next(row["step"] for row in found if row["eval/accuracy"] == best["accuracy"]) == best["step"]
    assert f"step {best['step']}: " in capsys.readouterr().out

    # Cut off after its second evaluation, with a checkpoint that knows the first alone.
    (tmp_path / "cut").mkdir()
    cut = tmp_path / "cut" / "small"
    cut.mkdir()
    for stage in ("base", "warm"):
        shutil.copytree(looked / stage, cut / stage)
    shutil.copy(looked / "config.yaml", cut / "config.yaml")
    kill_when(tmp_path / "cut", "metrics.jsonl", 8, *looks, "--resume")
    assert [row["step"] for row in rollouts.read(cut / "metrics.jsonl") if row["stage"] == "eval"] == [3, 6]
    assert grpo.main([str(tmp_path / "cut" / "small.yaml"), f"runs={tmp_path / 'cut'}", *looks, "--resume"]) == 0
    assert without_times(cut / "metrics.jsonl") == without_times(looked / "metrics.jsonl")
    assert best_of(cut) == best and weights(cut / "best") == weights(looked / "best")
    assert not list(cut.glob("best.*"))

    # What was kept is that policy: evaluated by itself it answers as it did then.
    out = tmp_path / "out"
    arguments = [str(looked / "config.yaml"), "--checkpoint", str(looked / "best"), "--test-set", str(ten), "--quiet"]
    assert evaluate.main([*arguments, "--out", str(out)]) == 0
    assert report_of(out)["summary"]["accuracy"] == best["accuracy"]


def test_adapters_are_kept_alone_and_are_a_checkpoint_like_any_other(tmp_path, ten, capsys):
    text = (
        WARM.replace("warm_start:", "#")
        .replace("max_steps: 12", "max_steps: 2")
        .replace("save_steps: 4", "save_steps: 1")
    )
    looks = ["eval.every=1", f"eval.during={ten}", "eval.problems=4", "model.lora.r=4", "trl.learning_rate=0.1"]
    config = written(tmp_path, text)
    assert grpo.main([config, f"runs={tmp_path}", *looks, "push_to_hub=me/charts"]) == 0
    run = tmp_path / "small"
    said = capsys.readouterr().err  # nothing is on a hub in these tests, and nothing is lost
    assert (
        f"final is complete: log in with `hf auth login` and repeat the command: python -m trainers.push {run}" in said
    )
    assert "LoRA" in (run / "final" / "README.md").read_text()
    assert "1 optimizer steps" in (run / "best" / "README.md").read_text() and not (run / "README.md").exists()
    assert (run / "best" / "adapter_config.json").is_file() and not (run / "best" / "config.json").exists()
    assert best_of(run)["problems"] == 4 and best_of(run)["step"] == 1  # a tie leaves the earlier one
    capsys.readouterr()
    for number, (checkpoint, taken) in enumerate([("best", "best"), ("checkpoint-2", "checkpoint-2"), ("", "final")]):
        arguments = [config, f"runs={tmp_path}", "--checkpoint", str(run / checkpoint), "--test-set", str(ten)]
        assert evaluate.main([*arguments, "--limit", "2", "--quiet", "--out", str(tmp_path / str(number))]) == 0
        assert report_of(tmp_path / str(number))["settings"]["checkpoint"] == str(run / taken)
    assert f"{run} is a run: taking {run / 'final'}" in capsys.readouterr().out


def test_of_a_run_without_a_final_policy_the_last_whole_checkpoint_is_taken(tmp_path):
    for name, files in (
        ("checkpoint-2", ["config.json", "stream.json"]),
        ("checkpoint-10", ["adapter_config.json", "stream.json"]),
        ("checkpoint-12", ["config.json"]),  # cut off while it was written
        ("best", ["config.json"]),
    ):
        (tmp_path / name).mkdir()
        for file in files:
            (tmp_path / name / file).write_text("{}")
    assert chosen(str(tmp_path)) == str(tmp_path / "checkpoint-10")
    assert chosen(str(tmp_path / "best")) == str(tmp_path / "best") and chosen("owner/name") == "owner/name"


@pytest.mark.parametrize("done", range(6))
@pytest.mark.parametrize("before", [None, 1, 3])
@pytest.mark.parametrize("best", [None, 2, 4])
def test_a_resumed_run_remembers_the_last_best_of_its_checkpoint(tmp_path, best, before, done):
    from trainers.during import settle

    for name, step in (("best", best), ("best.before", before), ("best.partial", 5)):
        if step is not None:
            (tmp_path / name).mkdir()
            (tmp_path / name / "best.json").write_text(json.dumps({"step": step}))
    settle(tmp_path, done)
    known = best if best is not None and best <= done else before if before is not None and before <= done else None
    assert (best_of(tmp_path) or {"step": None})["step"] == known
    assert not list(tmp_path.glob("best.*"))


def test_what_is_drawn_during_an_evaluation_is_not_missed_afterwards():
    import numpy as np
    import torch

    from trainers.during import undisturbed

    def draw():
        return random.random(), np.random.rand(), torch.rand(1).item()

    random.seed(0), np.random.seed(0), torch.manual_seed(0)
    wanted = [draw(), draw()]
    random.seed(0), np.random.seed(0), torch.manual_seed(0)
    found = [draw()]
    with pytest.raises(KeyError), undisturbed(torch.device("cpu")):
        torch.manual_seed(5), draw()
        raise KeyError
    assert [*found, draw()] == wanted


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["eval.every=3", "trl.steps_per_generation=2", "eval.during=tiny-v1"], ["eval.every 3", "write 4"]),
        (["eval.every=0"], ["eval.every 0", "write 1"]),
        (["eval.every=2", "eval.during=charts-v1-min"], ["eval.during", "charts-v1-mini"]),
        (["eval.every=2", "eval.during={train}"], ["eval.during", "test:"]),
    ],
)
def test_an_evaluation_that_cannot_be_is_refused_at_the_start(tmp_path, capsys, arguments, words):
    (tmp_path / "train.jsonl").write_text('{"address": "bar/count/0/1?px=112x112"}\n')
    arguments = [each.format(train=tmp_path / "train.jsonl") for each in arguments]
    assert grpo.main([written(tmp_path), f"runs={tmp_path}", *arguments, "--dry-run"]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1 and all(word in said for word in words), said


@pytest.mark.vllm
def test_the_engine_of_the_rollouts_answers_with_the_weights_of_the_step(tmp_path, ten):
    text = WARM.replace(
        "hidden_size: 32, layers: 1, heads: 2, kv_heads: 1", "hidden_size: 128, layers: 1, heads: 4, kv_heads: 2"
    )
    line = [sys.executable, "-m", "trainers.grpo", written(tmp_path, text), f"runs={tmp_path}"]
    line += ["trl.use_vllm=true", "eval.every=2", f"eval.during={ten}", "trl.max_steps=4", "eval.keep_best=true"]
    line += ["trl.vllm_max_model_length=512", "trl.vllm_gpu_memory_utilization=0.05", "trl.save_steps=2"]
    variables = ENV | {"VLLM_CPU_KVCACHE_SPACE": "1"}
    done = subprocess.run(line, cwd=ROOT, env=variables, capture_output=True, text=True, check=False)
    assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]
    run = tmp_path / "small"
    found = {row["step"]: row for row in rollouts.read(run / "metrics.jsonl") if row["stage"] == "eval"}
    assert set(found) == {2, 4} and any(row["eval/accuracy"] > 0 for row in found.values())
    assert all(row["sampling/sampling_logp_difference/mean"] < 0.02 for row in rows(run, "grpo"))
    for step, row in found.items():
        out = tmp_path / f"out{step}"
        arguments = [line[3], "--checkpoint", str(run / f"checkpoint-{step}"), "--test-set", str(ten), "--quiet"]
        assert evaluate.main([*arguments, "--out", str(out)]) == 0  # with generate()
        summary = report_of(out)["summary"]
        # One answer of ten may fall the other way where two tokens are as good as equal.
        assert (
            abs(summary["accuracy"] - row["eval/accuracy"]) < 0.11 and abs(summary["tokens"] - row["eval/tokens"]) < 3
        )
