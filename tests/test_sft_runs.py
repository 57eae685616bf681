"""Supervised runs: killed and resumed, the start of others, in four bits, on two ranks."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from small_runs import ROOT
from test_sft import SIZES, SMALL, finish, rows_of, written

from trainers import evaluate, grpo, rollouts, sft
from trainers.config import ConfigError, load

PATHS = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
ENV = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": PATHS}


def kill_when(folder: Path, rows: int, *arguments: str) -> None:
    """Start a run and kill it, as no program can defend against, once it has logged so many steps."""
    command = [sys.executable, "-m", "trainers.sft", str(written(folder)), f"runs={folder}", *arguments]
    with (folder / "output.txt").open("w") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=ENV, stdout=log, stderr=subprocess.STDOUT)
    path = folder / "small" / "metrics.jsonl"
    while process.poll() is None and (not path.exists() or path.read_bytes().count(b"\n") < rows):
        time.sleep(0.005)
    assert process.poll() is None, "the run ended before it could be killed: " + (folder / "output.txt").read_text()
    process.send_signal(signal.SIGKILL)
    process.wait()


@pytest.mark.slow
@pytest.mark.parametrize(
    "more",
    [
        pytest.param([], id="whole"),
        pytest.param(["model.lora.r=4", "model.lora.dropout=0.1"], id="lora", marks=pytest.mark.long),
    ],
)
def test_a_run_killed_and_resumed_equals_the_unbroken_one(more, tmp_path, capsys):
    (tmp_path / "unbroken").mkdir()
    (tmp_path / "killed").mkdir()
    whole = finish(tmp_path / "unbroken", *more)
    (tmp_path / "two.jsonl").write_text("".join(f'{{"address": "test:bar/count/0/{i}?px=112x112"}}\n' for i in (0, 1)))
    more = [*more, "eval.every=3", f"eval.during={tmp_path / 'two.jsonl'}"]  # which changes nothing, dropout or not
    kill_when(tmp_path / "killed", 3, *more)
    cut = tmp_path / "killed" / "small"
    (cut / "checkpoint-5").mkdir()  # one that was cut off while it was written
    assert sft.main([str(written(tmp_path / "killed")), f"runs={tmp_path / 'killed'}", *more]) == 2
    assert "--resume" in capsys.readouterr().err  # it is not overwritten
    finish(tmp_path / "killed", *more, "--resume")
    lessons = [list(rollouts.read(folder / "lessons.jsonl")) for folder in (whole, cut)]
    assert lessons[0] == lessons[1] and [row["slot"] for row in lessons[0]] == list(range(6 * 8))
    assert len({row["address"] for row in lessons[0]}) == 48 and len({row["target"] for row in lessons[0]}) == 4
    looks = [row for row in rows_of(cut / "metrics.jsonl") if row["stage"] == "eval"]
    assert [(row["step"], row["eval/problems"]) for row in looks] == [(3, 2.0), (6, 2.0)]
    metrics = [[row for row in rows_of(folder / "metrics.jsonl") if row["stage"] == "sft"] for folder in (whole, cut)]
    assert metrics[0] == metrics[1] and [row["step"] for row in metrics[0]] == [1, 2, 3, 4, 5, 6]
    assert all(row["grad_norm"] > 0 for row in metrics[0])
    weights = [(folder / "final" / "model.safetensors").read_bytes() for folder in (whole, cut)]
    assert weights[0] == weights[1] and weights[0] != (whole / "base" / "model.safetensors").read_bytes()
    assert (cut / "metrics.jsonl.aside").exists(), "no step was trained twice: the test shows nothing"


@pytest.mark.slow
@pytest.mark.parametrize("arch", SIZES)
def test_grpo_and_evaluate_start_from_what_supervision_left_whole_or_adapter(arch, tmp_path):
    import torch

    from trainers.models import load_policy

    more = ["model.lora.r=4", "model.lora.dropout=0.1", "trl.max_steps=2", "trl.learning_rate=0.1"]
    whole = finish(tmp_path, *more, arch=arch)
    adapter = finish(tmp_path, *more, "sft.adapter=true", "name=adapter", arch=arch).parent / "adapter"
    assert not (adapter / "final" / "config.json").exists() and (adapter / "final" / "adapter_config.json").is_file()
    ours, theirs, base = (
        load_policy(f / name).state_dict() for f, name in ((whole, "final"), (adapter, "final"), (whole, "base"))
    )
    assert ours.keys() == theirs.keys() and all(torch.allclose(ours[k], theirs[k], atol=1e-5) for k in ours)
    assert not all(torch.equal(ours[k], base[k]) for k in ours)

    config = tmp_path / "after.yaml"
    config.write_text(
        f"name: after\nruns: {tmp_path}\nprompt: '{{question}}'\nmodel: {{id: {adapter / 'final'}}}\n"
        "env: {cells: [bar/count], px: 112x112, workers: 0}\neval: {test_set: tiny-v1, problems: 4, max_tokens: 8}\n"
        "launch: {devices: 1}\ntrl: {max_steps: 1, per_device_train_batch_size: 4, num_generations: 2, use_cpu: true,"
        " max_completion_length: 8, bf16: false, gradient_checkpointing: false, save_strategy: 'no'}\n"
    )
    assert grpo.main([str(config)]) == 0
    assert (tmp_path / "after" / "final" / "config.json").is_file()
    responses = []
    for folder in (whole, adapter):
        out = tmp_path / f"evaluated-{folder.name}"
        checkpoint = str(folder / "final")
        assert (
            evaluate.main([str(config), "--checkpoint", checkpoint, "--out", str(out), "--limit", "4", "--quiet"]) == 0
        )
        responses.append([row["response"] for row in list(rollouts.read(out / "rows.jsonl"))[1:]])
    assert responses[0] == responses[1] and len(responses[0]) == 4


@pytest.mark.slow
def test_qlora_holds_four_bits_below_its_adapters_and_leaves_a_whole_policy(tmp_path):
    pytest.importorskip("bitsandbytes")
    import torch

    from trainers.models import load_policy

    settings = ["model.quantize=nf4", "model.lora.r=4", "trl.max_steps=4", "trl.learning_rate=0.01"]
    folder = finish(tmp_path, *settings)
    model = load_policy(folder / "base", lora={"r": 4}, quantize="nf4")
    kinds = {type(module).__name__ for module in model.modules()}
    assert "Linear4bit" in kinds and all("lora_" in name for name, p in model.named_parameters() if p.requires_grad)
    base, trained = load_policy(folder / "base").state_dict(), load_policy(folder / "final").state_dict()
    assert base.keys() == trained.keys() and all(p.dtype == torch.float32 for p in trained.values())
    changed = [name for name in base if not torch.equal(base[name], trained[name])]
    assert changed and all("proj" in n or "mlp" in n or "qkv" in n or "merger" in n or "fc" in n for n in changed)


@pytest.mark.slow
def test_what_a_teacher_said_is_taught(tmp_path, capsys):
    from test_traces import Teacher, asked_for, options, serving

    from trainers.traces import main as gather

    addresses = asked_for("--n", "16")
    with serving(Teacher(addresses, wrong=addresses[:3])) as url:
        assert gather(options(url, tmp_path / "traces", "--n", "16")) == 0
    text = SMALL.replace(
        "{solutions: 2, answers: 1, tables: 1, captions: 1}", f"{{traces: 1}}, traces: {tmp_path / 'traces'}"
    )
    config = written(tmp_path, text)
    capsys.readouterr()
    assert sft.main([str(config), f"runs={tmp_path}", "env.px=224x224", "--dry-run"]) == 2
    refused = capsys.readouterr().err
    assert "env.px is 224x224" in refused and refused.count("\n") == 1
    assert sft.main([str(config), f"runs={tmp_path}", "trl.max_steps=4", "trl.save_strategy=no"]) == 0
    rows = list(rollouts.read(tmp_path / "small" / "lessons.jsonl"))
    assert {row["target"] for row in rows} == {"traces"} and {row["address"] for row in rows} == set(addresses[3:])
    assert len({row["address"] for row in rows[:13]}) == 13  # each once before any comes again


def test_quantisation_without_its_library_is_one_line(tmp_path, monkeypatch):
    from trainers import preflight

    config = load(written(tmp_path), ["model.quantize=nf4", "model.lora.r=4"])
    found = preflight.find_spec
    monkeypatch.setattr(preflight, "find_spec", lambda name: None if name == "bitsandbytes" else found(name))
    with pytest.raises(ConfigError, match=r"model.quantize nf4 needs bitsandbytes.*chartgym\[qlora\]"):
        preflight.check_packages(config)


@pytest.mark.long
@pytest.mark.slow
def test_two_ranks_are_taught_apart_and_together_all_lessons(tmp_path):
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2"]
    config = written(tmp_path)
    watch = tmp_path / "two.py"
    watch.write_text(
        "import json, os, sys\nimport trainers.sft as sft\n"
        "class Watched(sft.Stream):\n"
        "    asked = []\n"
        "    def problems(self, batch, slots):\n"
        "        assert set(slots) <= set(self.own_slots(batch)), 'a slot of another rank'\n"
        "        self.asked += slots\n"
        "        return super().problems(batch, slots)\n"
        "    def close(self):\n"
        f"        json.dump(self.asked, open(f'{tmp_path}/rank{{self.rank}}.json', 'w'))\n"
        "        super().close()\n"
        "if __name__ == '__main__':\n    sft.Stream = Watched\n    sys.exit(sft.main(sys.argv[1:]))\n"
    )
    more = ["trl.per_device_train_batch_size=2", "trl.max_steps=3", "trl.save_strategy=no"]
    command = [*torchrun, str(watch), str(config), f"runs={tmp_path}", *more]
    done = subprocess.run(command, cwd=ROOT, env=ENV, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    asked = [json.loads((tmp_path / f"rank{rank}.json").read_text()) for rank in (0, 1)]
    assert not set(asked[0]) & set(asked[1]) and set(range(24)) <= set(asked[0] + asked[1])
