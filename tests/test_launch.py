"""One line starts it all: on a node, on several, under SLURM; what is cut up where; what a GPU will hold."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import pytest
from small_runs import ROOT, without_times

from trainers import rollouts
from trainers.config import Config, ConfigError, batches, load
from trainers.launch import command, deepspeed_config, first_host, leads, nodes, world_size, zero_stage
from trainers.memory import GIB, SHAPES, engine_needs, estimate, image_tokens

SMALL = """
name: small
model: {build: qwen2_5_vl, sizes: {hidden_size: 32, layers: 1, heads: 2, kv_heads: 1, vision_hidden_size: 32,
        vision_layers: 1, vision_heads: 2, vocab_size: 320}}
prompt: "{question}"
env: {cells: [bar/count, pie/count], px: 112x112, workers: 1}
rewards: {accuracy: 1.0, boxed: 0.5, length: 0.1}
trl: {max_steps: 4, per_device_train_batch_size: 8, num_generations: 4, max_completion_length: 24,
      learning_rate: 1.0e-3, lr_scheduler_type: constant, save_steps: 2, save_total_limit: 2,
      use_cpu: true, bf16: false, gradient_checkpointing: false}
"""
STARTED = ("SLURM_", "MASTER_", "RANK", "LOCAL_RANK", "WORLD_SIZE", "CUDA_VISIBLE_DEVICES")


@pytest.fixture(autouse=True)
def nobody_started_us(monkeypatch):
    for name in [name for name in os.environ if name.startswith(STARTED)]:
        monkeypatch.delenv(name)


@pytest.fixture
def config(tmp_path) -> Config:
    (tmp_path / "small.yaml").write_text(SMALL, encoding="utf-8")
    return load(tmp_path / "small.yaml")


def started(config: Config) -> str:
    return " ".join(command(config, "trainers.grpo", ["c.yaml", "seed=1"])[1:])


def test_one_process_is_started_as_it_is_and_several_by_torchrun(config):
    config.launch.devices = 1
    assert started(config) == "-m trainers.grpo c.yaml seed=1"
    config.launch.devices = 8
    alone = "-m torch.distributed.run --standalone --nproc_per_node 8 -m trainers.grpo c.yaml seed=1"
    assert started(config) == alone and world_size(config) == 8
    config.launch.devices, config.launch.strategy = 1, "zero2"
    assert "torch.distributed.run" in started(config)  # DeepSpeed reads torchrun's variables


def test_every_visible_gpu_is_used_unless_the_config_says_otherwise(config, monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "2,3,5")
    assert world_size(config) == 3
    config.launch.devices, config.trl["use_cpu"] = 4, False
    with pytest.raises(ConfigError, match="4, but 3 GPUs are visible"):
        world_size(config)


def test_two_nodes_take_one_line_each(config):
    config.launch.devices, config.launch.nodes, config.launch.node, config.launch.head = 8, 2, 1, "host0:29999"
    place = "--nnodes 2 --node_rank 1 --master_addr host0 --master_port 29999 --nproc_per_node 8"
    assert started(config) == f"-m torch.distributed.run {place} -m trainers.grpo c.yaml seed=1"
    assert world_size(config) == 16 and not leads(config)
    config.launch.node = 0
    assert leads(config)


def test_slurm_says_what_the_config_does_not(config, monkeypatch):
    job = {"JOB_ID": "70007", "NNODES": "4", "NODEID": "2", "JOB_NODELIST": "gpu[07-09,12]", "NTASKS": "4"}
    for name, value in job.items():
        monkeypatch.setenv(f"SLURM_{name}", value)
    found = nodes(config)
    assert (found.count, found.number, found.host) == (4, 2, "gpu07")
    assert found.port == nodes(config).port != replace(found, port=0).port
    monkeypatch.setenv("SLURM_STEP_NUM_NODES", "3")  # trainers on three nodes, a server on the fourth
    monkeypatch.setenv("SLURM_STEP_NODELIST", "gpu08,gpu[09,12]")
    assert (nodes(config).count, nodes(config).host) == (3, "gpu08")
    monkeypatch.setenv("MASTER_ADDR", "10.0.0.1")
    monkeypatch.setenv("MASTER_PORT", "1234")
    assert (nodes(config).host, nodes(config).port) == ("10.0.0.1", 1234)
    config.launch.nodes = 1
    assert nodes(config).count == 1


@pytest.mark.parametrize(
    ("listed", "first"),
    [("n1", "n1"), ("n1,n2", "n1"), ("gpu[3-7]", "gpu3"), ("a-b[012,3]-ib,c", "a-b012-ib"), ("x.y[1]", "x.y1")],
)
def test_the_first_of_slurms_nodes(listed, first):
    assert first_host(listed) == first


@pytest.mark.parametrize(
    ("variables", "launch", "words"),
    [
        ({"SLURM_NNODES": "two"}, {}, ["SLURM_NNODES", "'two'"]),
        ({}, {"nodes": 2}, ["launch.nodes is 2", "launch.node=0"]),
        ({}, {"nodes": 0}, ["launch.nodes", "0"]),
        ({}, {"nodes": 2, "node": 2, "head": "h"}, ["launch.node 2", "0 to 1"]),
        ({}, {"nodes": 2, "node": 0}, ["launch.head"]),
        ({}, {"nodes": 2, "node": 0, "head": "h:p"}, ["'h:p'", "host:port"]),
        ({"SLURM_NNODES": "2", "SLURM_NODEID": "0", "SLURM_TASKS_PER_NODE": "8(x2)"}, {}, ["--ntasks-per-node=1"]),
    ],
)
def test_nodes_that_cannot_find_each_other_are_one_line(config, monkeypatch, variables, launch, words):
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    for name, value in launch.items():
        setattr(config.launch, name, value)
    with pytest.raises(ConfigError) as caught:
        nodes(config)
    assert all(word in str(caught.value) for word in words) and "\n" not in str(caught.value)


def test_who_was_started_by_a_launcher_starts_nobody(config, monkeypatch):
    config.launch.devices = 8
    for name, value in {"RANK": "3", "LOCAL_RANK": "1", "WORLD_SIZE": "4", "SLURM_NNODES": "2"}.items():
        monkeypatch.setenv(name, value)
    assert world_size(config) == 4 and not leads(config)


@pytest.mark.parametrize(("strategy", "stage"), [("ddp", 0), ("zero2", 2), ("zero3", 3)])
def test_the_shipped_deepspeed_files_are_the_built_in_ones(config, strategy, stage):
    config.launch.strategy = strategy
    assert zero_stage(config) == stage
    if stage:
        built_in = deepspeed_config(config)
        config.launch.strategy = str(ROOT / "configs" / "launch" / f"{strategy}.json")
        assert deepspeed_config(config) == built_in and zero_stage(config) == stage


@pytest.mark.parametrize("text", ["", "{}", '{"zero_optimization": {"stage": 4}}', "[1]"])
def test_a_file_that_is_no_deepspeed_config_is_refused(config, tmp_path, text):
    config.launch.strategy = str(tmp_path / "mine.json")
    (tmp_path / "mine.json").write_text(text)
    with pytest.raises(ConfigError, match=r"launch\.strategy .*mine\.json"):
        deepspeed_config(config)


# --- memory ---------------------------------------------------------------------------------------------------------


def held(world: int = 8, **changes: object) -> dict[str, float]:
    """Parts of the 3B config on 8 GPUs, in bytes a parameter."""
    lines = [f"{key.replace('__', '.')}={value}" for key, value in changes.items()]
    config = load(ROOT / "configs" / "qwen3b.yaml", [*lines, f"launch.devices={world}"])
    shape = SHAPES["Qwen/Qwen2.5-VL-3B-Instruct"]
    found = estimate(config, batches(config, world), shape, 356, 80.0)
    parts = ("weights", "gradients", "optimizer", "reference", "held")
    return {part: getattr(found, part) / shape.parameters for part in parts}


def test_a_parameter_takes_what_the_published_sums_say():
    assert held(model__dtype="float32", launch__strategy="ddp", world=1)["held"] == 4 + 4 + 8
    assert held(model__dtype="float32", launch__strategy="ddp")["gradients"] == 8  # once more in DDP's buckets
    assert held()["held"] == pytest.approx(2 + (2 + 12) / 8)
    assert held(launch__strategy="zero3")["held"] == pytest.approx(16 / 8)
    assert held(world=1)["held"] == 2 + 2 + 12


def test_what_is_frozen_or_in_four_bits_takes_less_and_a_reference_more():
    full, lora = held(), held(launch__strategy="ddp", model__lora__r=16)
    nf4 = held(launch__strategy="ddp", model__lora__r=16, model__quantize="nf4")
    assert nf4["held"] < lora["held"] < full["held"] and held(model__freeze_vision="true")["held"] < full["held"]
    assert lora["weights"] == pytest.approx(2, rel=0.05) and 0.5 < nf4["weights"] < 0.8
    assert held(trl__beta=0.01)["reference"] == 2 and not full["reference"]
    assert not held(launch__strategy="ddp", model__lora__r=16, trl__beta=0.01)["reference"]  # adapters are put aside


def test_a_sleeping_engine_and_activations_share_their_room():
    config = load(ROOT / "configs" / "qwen3b.yaml", ["launch.devices=8"])
    shape, plan = SHAPES["Qwen/Qwen2.5-VL-3B-Instruct"], batches(config, 8)
    asleep = estimate(config, plan, shape, 356, 80.0)
    config.trl["vllm_enable_sleep_mode"] = False
    awake = estimate(config, plan, shape, 356, 80.0)
    assert asleep.engine == awake.engine == 0.3 * 80 * GIB > engine_needs(shape, config)
    assert awake.peak - asleep.peak == pytest.approx(min(awake.engine, awake.activations))


def test_image_tokens_without_a_processor():
    assert image_tokens(SHAPES["Qwen/Qwen2.5-VL-3B-Instruct"], 448, 448) == 256
    assert image_tokens(SHAPES["Qwen/Qwen3-VL-2B-Instruct"], 448, 448) == 196
    assert image_tokens(SHAPES["HuggingFaceTB/SmolVLM2-256M-Video-Instruct"], 512, 512) == 17 * 64
    assert image_tokens(SHAPES["HuggingFaceTB/SmolVLM2-2.2B-Instruct"], 448, 224) == (4 * 2 + 1) * 81


def dry_run(capsys, name: str, *arguments: str) -> tuple[int, str]:
    from trainers.grpo import main

    status = main([str(ROOT / "configs" / f"{name}.yaml"), *arguments, "--dry-run"])
    said = capsys.readouterr()
    return status, said.err if status else said.out


def test_a_dry_run_says_what_a_gpu_will_hold(capsys):
    status, said = dry_run(capsys, "qwen7b", "launch.devices=8")
    assert status == 0 and "3,755" not in said and "8,292 of 8,292 million parameters are trained" in said
    for part in ("weights 15.4", "optimizer 11.6", "vLLM", "a GPU of 80 GiB", "to spare"):
        assert part in said


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["launch.devices=1", "launch.gpu_gib=80"], ["launch.strategy zero2", "GiB on a GPU of 80", "lora.yaml"]),
        (["launch.devices=8", "launch.gpu_gib=24"], ["vllm_gpu_memory_utilization 0.4", "needs 15.6: write 0.84"]),
    ],
)
def test_what_does_not_fit_a_known_gpu_is_refused(capsys, arguments, words):
    status, said = dry_run(capsys, "qwen7b", *arguments)
    assert status == 2 and said.count("\n") == 1
    assert all(word in said for word in words), said


# Sizes as in each model's config.json on the hub; the totals in SHAPES are those that the hub shows.
QWEN_25 = {"depth": 32, "hidden_size": 1280, "intermediate_size": 3420, "num_heads": 16}
QWEN_3 = {"depth": 24, "hidden_size": 1024, "intermediate_size": 4096, "num_heads": 16}
HUB = {
    "Qwen/Qwen2.5-VL-3B-Instruct": ("qwen2_5_vl", (2048, 36, 16, 2, 11008, 151936, True), QWEN_25),
    "Qwen/Qwen2.5-VL-7B-Instruct": ("qwen2_5_vl", (3584, 28, 28, 4, 18944, 152064, False), QWEN_25),
    "Qwen/Qwen3-VL-2B-Instruct": ("qwen3_vl", (2048, 28, 16, 8, 6144, 151936, True), QWEN_3),
    "Qwen/Qwen3-VL-4B-Instruct": ("qwen3_vl", (2560, 36, 32, 8, 9728, 151936, True), QWEN_3),
    "HuggingFaceTB/SmolVLM2-256M-Video-Instruct": (
        "smolvlm", (576, 30, 9, 3, 1536, 49280, False),
        {"hidden_size": 768, "num_hidden_layers": 12, "num_attention_heads": 12, "intermediate_size": 3072,
         "image_size": 512, "patch_size": 16, "scale_factor": 4},
    ),
    "HuggingFaceTB/SmolVLM2-2.2B-Instruct": (
        "smolvlm", (2048, 24, 32, 32, 8192, 49280, False),
        {"hidden_size": 1152, "num_hidden_layers": 27, "num_attention_heads": 16, "intermediate_size": 4304,
         "image_size": 384, "patch_size": 14, "scale_factor": 3},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", HUB)
def test_the_known_sizes_are_those_of_the_models_themselves(name):
    from trainers.quirks import make_torchvision_importable

    make_torchvision_importable()
    from transformers import AutoConfig

    from trainers.memory import counted

    kind, (hidden, layers, heads, kv, wide, vocabulary, tied), seen = HUB[name]
    text = {"hidden_size": hidden, "num_hidden_layers": layers, "num_attention_heads": heads, "vocab_size": vocabulary}
    text |= {"num_key_value_heads": kv, "intermediate_size": wide, "tie_word_embeddings": tied}
    seen, extra = dict(seen), {}
    if kind == "smolvlm":
        text, extra = {**text, "model_type": "llama"}, {"scale_factor": seen.pop("scale_factor")}
    else:
        sections = {"mrope_section": [16, 24, 24] if kind == "qwen2_5_vl" else [24, 20, 20]}
        text |= {"rope_parameters": {"rope_type": "default", "rope_theta": 1e6, **sections}}
        seen |= {"out_hidden_size": hidden}
        if kind == "qwen3_vl":
            text, seen = {**text, "head_dim": 128}, {**seen, "deepstack_visual_indexes": [5, 11, 17]}
    made = AutoConfig.for_model(kind, text_config=text, vision_config=seen, tie_word_embeddings=tied, **extra)
    known = SHAPES[name]
    assert replace(counted(made), longest=known.longest, tile=known.tile) == known


# --- the real thing -------------------------------------------------------------------------------------------------

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
