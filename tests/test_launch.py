"""One line starts it all: on a node, on several, under SLURM; what is cut up where; what a GPU will hold."""

from __future__ import annotations

import os
from dataclasses import replace

import pytest
from small_runs import ROOT

from trainers.config import Config, ConfigError, batches, load
from trainers.launch import (
    builds_under_way,
    command,
    deepspeed_config,
    first_host,
    leads,
    nodes,
    relaunch_if_needed,
    world_size,
    zero_stage,
)
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


def test_a_lock_that_a_killed_build_left_is_named(config, monkeypatch, tmp_path, capsys):
    lock = tmp_path / "torch_extensions" / "py311_cpu" / "deepspeed_shm_comm" / "lock"
    lock.parent.mkdir(parents=True)
    lock.touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.delenv("TORCH_EXTENSIONS_DIR", raising=False)
    monkeypatch.setattr(os, "execvpe", lambda *_: None)
    config.launch.devices = 2
    for config.launch.strategy, said in (("zero2", True), ("ddp", False)):
        relaunch_if_needed(config, "trainers.grpo", [])
        assert (str(lock) in capsys.readouterr().out) == said
    monkeypatch.setenv("TORCH_EXTENSIONS_DIR", str(lock.parent.parent))
    assert builds_under_way() == [lock]


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
