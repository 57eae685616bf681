"""Runs on several processes and nodes, cut up by ZeRO, and in four bits."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from small_runs import ROOT, without_times
from test_launch import SMALL, STARTED

from trainers import rollouts

ENV = {
    **{name: value for name, value in os.environ.items() if not name.startswith(STARTED)},
    "OMP_NUM_THREADS": "1",
    "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]),
}


def begin(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    folder.mkdir(exist_ok=True)
    (folder / "small.yaml").write_text(SMALL, encoding="utf-8")
    line = [sys.executable, "-m", "trainers.grpo", str(folder / "small.yaml"), f"runs={folder}", *arguments]
    return subprocess.Popen(line, cwd=ROOT, env=ENV, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def finish(*processes: subprocess.Popen[str]) -> str:
    said = [process.communicate(timeout=600)[0] for process in processes]
    assert all(process.returncode == 0 for process in processes), "\n".join(said)
    return said[0]


def rows(folder: Path) -> list[dict[str, object]]:
    return without_times(folder / "small" / "metrics.jsonl")


@pytest.mark.long
@pytest.mark.slow
def test_two_nodes_rehearsed_on_one_machine_are_one_run(tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    both = ["launch.devices=1", "launch.nodes=2", f"launch.head=127.0.0.1:{port}"]
    second, first = (begin(tmp_path / "nodes", *both, f"launch.node={node}") for node in (1, 0))
    assert "--nnodes 2 --node_rank 0" in finish(first, second)
    finish(begin(tmp_path / "node", "launch.devices=2"))  # as many processes on one node
    here, there = (list(rollouts.read(tmp_path / name / "small" / "rollouts.jsonl")) for name in ("node", "nodes"))
    assert here == there and len(here) == 4 * 16
    assert rows(tmp_path / "node") == rows(tmp_path / "nodes")
    assert (tmp_path / "nodes" / "small" / "final" / "model.safetensors").is_file()


@pytest.mark.slow
@pytest.mark.skipif(find_spec("deepspeed") is None, reason="deepspeed is not installed")
@pytest.mark.parametrize("arch", ["qwen3_vl", "smolvlm"])
def test_other_architectures_are_cut_up_saved_and_resumed(tmp_path, arch):
    base, cut_up = in_pieces(tmp_path, arch, 2)
    finish(begin(tmp_path, *cut_up, "trl.max_steps=2"))
    assert "resuming from" in finish(begin(tmp_path, *cut_up, "--resume"))
    assert [row["step"] for row in rows(tmp_path)] == [1, 2, 3, 4]
    assert any(row["grad_norm"] > 0 for row in rows(tmp_path))
    final = tmp_path / "small" / "final" / "model.safetensors"
    assert final.read_bytes() != (base / "model.safetensors").read_bytes()
    assert len(list((tmp_path / "small" / "checkpoint-4").glob("**/*optim_states.pt"))) == 2


def in_pieces(folder: Path, arch: str, stage: int) -> tuple[Path, list[str]]:
    """A policy, and what has it trained by two processes under ZeRO."""
    from trainers.models import build_tiny

    sizes = {"hidden_size": 32, "layers": 1, "heads": 2, "kv_heads": 1, "vocab_size": 320}
    if arch == "smolvlm":
        sizes |= {"vocab_size": 512, "tile": 56, "scale_factor": 2, "longest_edge": 112}
    base = build_tiny(arch, folder / "base", **sizes, vision_hidden_size=32, vision_layers=1, vision_heads=2)
    strategy = ROOT / "configs" / "launch" / f"zero{stage}.json"
    return base, ["model.build=null", f"model.id={base}", "launch.devices=2", f"launch.strategy={strategy}"]


@pytest.mark.slow
@pytest.mark.skipif(find_spec("deepspeed") is None, reason="deepspeed is not installed")
@pytest.mark.parametrize("stage", [2, pytest.param(3, marks=pytest.mark.long)])
def test_a_run_that_is_cut_up_and_was_cut_off_equals_the_unbroken_one(tmp_path, stage):
    base, cut_up = in_pieces(tmp_path, "qwen2_5_vl", stage)
    (tmp_path / "five.jsonl").write_text(
        "".join(f'{{"address": "test:bar/count/0/{i}?px=112x112"}}\n' for i in range(5))
    )
    looks = ["eval.every=2", f"eval.during={tmp_path / 'five.jsonl'}"]
    cut_up += looks
    finish(begin(tmp_path / "whole", *cut_up))
    finish(begin(tmp_path / "broken", *cut_up, "trl.max_steps=2"))
    assert "resuming from" in finish(begin(tmp_path / "broken", *cut_up, "--resume"))
    ours, theirs = (list(rollouts.read(tmp_path / name / "small" / "rollouts.jsonl")) for name in ("whole", "broken"))
    assert ours == theirs and len(ours) == 4 * 16
    assert rows(tmp_path / "whole") == rows(tmp_path / "broken")
    assert any(row.get("grad_norm", 0) > 0 for row in rows(tmp_path / "whole"))
    looked = [row for row in rows(tmp_path / "whole") if row["stage"] == "eval"]
    assert [(row["step"], row["eval/problems"]) for row in looked] == [(2, 5.0), (4, 5.0)]
    best = [(tmp_path / name / "small" / "best" / "model.safetensors").read_bytes() for name in ("whole", "broken")]
    assert best[0] == best[1]  # of step 2: a tie leaves the earlier one
    weights = [(tmp_path / name / "small" / "final" / "model.safetensors").read_bytes() for name in ("whole", "broken")]
    assert weights[0] == weights[1] != (base / "model.safetensors").read_bytes()
    shards = list((tmp_path / "whole" / "small" / "checkpoint-4").glob("**/*optim_states.pt"))
    assert len(shards) == 2, "each rank keeps its part of the optimizer's states"


@pytest.mark.slow
@pytest.mark.skipif(find_spec("bitsandbytes") is None, reason="bitsandbytes is not installed")
def test_a_run_in_four_bits_leaves_unrounded_weights_with_all_that_was_learned(tmp_path):
    # Answers of all lengths, so that the length reward has something to tell apart: 312 is the end of a turn.
    ends = ["trl.generation_kwargs.sequence_bias=[[[312], 3.0]]", "rewards.length=1.0"]
    finish(begin(tmp_path, "launch.devices=1", "model.lora.r=4", "model.quantize=nf4", *ends))
    assert any(row["grad_norm"] > 0 for row in rows(tmp_path)), "nothing was learned at all"
    import torch
    from safetensors.torch import load_file

    from trainers.models import load_policy
    from trainers.quirks import make_torchvision_importable

    make_torchvision_importable()
    from peft import PeftModel

    run = tmp_path / "small"
    assert "quantization_config" not in json.loads((run / "final" / "config.json").read_text())
    final, base = (load_file(run / name / "model.safetensors") for name in ("final", "base"))
    merged = PeftModel.from_pretrained(load_policy(run / "base"), run / "checkpoint-4").merge_and_unload()
    merged.save_pretrained(tmp_path / "merged")
    wanted = load_file(tmp_path / "merged" / "model.safetensors")
    assert final.keys() == wanted.keys() == base.keys()
    assert all(torch.allclose(final[name], wanted[name], atol=1e-6) for name in wanted)
    assert any(not torch.equal(final[name], base[name]) for name in base)


@pytest.mark.skipif(find_spec("bitsandbytes") is None, reason="bitsandbytes is not installed")
def test_merging_into_four_bits_changes_scales_and_loses_what_was_learned(tmp_path):
    """Why vLLM is not told of a policy in 4 bits: TRL sends `weight.data`, the codes, and nothing of `quant_state`."""
    import torch
    from bitsandbytes.functional import dequantize_4bit

    from trainers.models import build_tiny, load_policy

    policy = load_policy(build_tiny("qwen2_5_vl", tmp_path), lora={"r": 4}, quantize="nf4")
    torch.manual_seed(0)
    for name, parameter in policy.named_parameters():
        if "lora_B" in name:
            parameter.data.normal_(0, 1e-3)  # what some dozens of steps of 1e-5 make
    layer = next(m for n, m in policy.named_modules() if n.endswith("q_proj") and hasattr(m, "base_layer"))
    before, learned = layer.base_layer.weight, layer.get_delta_weight("default")
    start, scales = dequantize_4bit(before.data, before.quant_state), before.quant_state.absmax.clone()
    policy.merge_adapter()
    after = layer.base_layer.weight
    assert after.dtype == torch.uint8 and not torch.equal(after.quant_state.absmax, scales)
    kept = dequantize_4bit(after.data, after.quant_state) - start
    assert torch.nn.functional.cosine_similarity(kept.flatten(), learned.flatten(), dim=0) < 0.9
