"""Configs: every mistake is one line that names the place and the mend, and nothing heavy is loaded to find it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from trainers.algorithms import ALGORITHMS
from trainers.config import Config, ConfigError, batches, load, save_steps
from trainers.disk import disk_needed
from trainers.memory import GIB, SHAPES, estimate, image_tokens
from trainers.preflight import check, size_of

ROOT = Path(__file__).parent.parent
CONFIGS = sorted(path for path in (ROOT / "configs").glob("*.yaml") if not path.name.startswith("sft_"))
LARGE = [path for path in CONFIGS if path.stem != "tiny"]
OVER = sorted((ROOT / "configs" / "with").glob("*.yaml"))
ARCHS = ("qwen2_5_vl", "qwen3_vl", "smolvlm")
GOOD = """
name: trial
model: {build: qwen2_5_vl}
env: {cells: [bar/count], px: 112x112}
launch: {devices: 1}
trl: {max_steps: 10, per_device_train_batch_size: 16, num_generations: 8, save_steps: 5, use_cpu: true}
"""


@pytest.fixture
def write(tmp_path: Path):
    def written(text: str = GOOD) -> Path:
        path = tmp_path / "trial.yaml"
        path.write_text(text, encoding="utf-8")
        return path

    return written


def message(path: Path, *overrides: str, world: bool = True) -> str:
    """The one line that a mistake gives."""
    with pytest.raises(ConfigError) as caught:
        check(load(path, overrides)) if world else load(path, overrides)
    said = str(caught.value)
    assert said and "\n" not in said
    return said


def test_a_config_becomes_typed_values_and_overrides_win(write):
    config = load(write(), ["seed=3", "trl.learning_rate=1e-5", "model.sizes.layers=2", "env.cells=[bar/*,pie/count]"])
    assert isinstance(config, Config)
    assert (config.seed, config.trl["learning_rate"], config.model.sizes) == (3, 1e-5, {"layers": 2})
    assert config.env.cells == ["bar/*", "pie/count"] and config.warm_start is None


def test_the_saved_config_loads_to_the_same_config(write, tmp_path):
    config = load(write(), ["warm_start.max_steps=3", "prompt='{question} in \\boxed{}'", "model.lora.r=4"])
    config.save(tmp_path / "saved.yaml")
    assert load(tmp_path / "saved.yaml") == config


@pytest.mark.parametrize(
    ("override", "words"),
    [
        ("nmae=x", ["command line", "'nmae'", "'name'"]),
        ("env.cell=[bar/count]", ["'env.cell'", "'cells'"]),
        ("warm_start.learnign_rate=1", ["'warm_start.learnign_rate'", "'learning_rate'"]),
        ("model.lora.rank=4", ["'model.lora.rank'"]),
        ("algorithm=dpo", ["'dpo'", "'dapo'"]),
        ("algorithm=ppo2", ["'ppo2'", "gspo"]),
        ("other.yaml", ["no config file other.yaml"]),
        ("trl.num_generation=4", ["'trl.num_generation'", "'num_generations'"]),
        ("trl.output_dir=x", ["trl.output_dir", "name"]),
        ("seed=soon", ["seed", "whole number", "'soon'"]),
        ("seed=true", ["seed", "whole number"]),
        ("env.cells=bar/count", ["env.cells", "list"]),
        ("trl.max_steps=many", ["trl.max_steps", "int", "'many'"]),
        ("trl.use_vllm=3", ["trl.use_vllm", "bool"]),
        ("model=qwen", ["model", "section"]),
        ("seed", ["key=value"]),
    ],
)
def test_unknown_keys_and_wrong_types_are_one_line_that_names_them(write, override, words):
    said = message(write(), override, world=False)
    assert all(word in said for word in words), said


@pytest.mark.parametrize(
    ("override", "words"),
    [
        ("model.id=some/where/missing", ["model.id", "no folder"]),
        ("model.id=./missing", ["model.id", "no folder"]),
        ("model.build=qwen2_5_lv", ["qwen2_5_vl"]),
        ("env.cells=[bar/cuont]", ["bar/cuont", "bar/count"]),
        ("env.cells=['test:bar/count']", ["test", "training"]),
        ("env.cells=[]", ["env.cells", "empty"]),
        ("env.px=huge", ["env.px", "huge"]),
        ("env.text=files:/nowhere/*.txt", ["env.text", "/nowhere"]),
        ("env.text=poems", ["env.text", "poems"]),
        ("env.phrasings=/nowhere/mine.json", ["env.phrasings", "/nowhere/mine.json"]),
        ("env.px=9000x9000", ["env.px", "9000"]),
        ("prompt=What?", ["{question}"]),
        ("trl.num_generations=7", ["whole number of groups", "21"]),
        ("trl.num_generations=1", ["generations"]),
        ("trl.max_steps=0", ["max_steps"]),
        ("trl.logging_steps=3", ["logging_steps", "6"]),
        ("eval.test_set=tyni-v1", ["tyni-v1"]),
        ("launch.strategy=zero9", ["launch.strategy"]),
        ("launch.devices=none", ["launch.devices"]),
        ("rewards.accuracy=0", ["rewards"]),
        ("model.dtype=float99", ["model.dtype"]),
        ("name=../elsewhere", ["name"]),
        ("curriculum.mode=hard", ["mode"]),
        ("warm_start.batch_size=0", ["batch_size"]),
        ("model.quantize=nf4", ["model.quantize", "lora"]),
        ("model.quantize=int8", ["model.quantize", "'int8'", "nf4"]),
        ("model.quantize=nf4 model.lora.r=4 trl.use_vllm=true", ["model.quantize", "vLLM", "use_vllm=false"]),
        ("launch.strategy=zero3", ["model.build", "zero3", "zero2"]),
        ("launch.strategy=zero3 model.lora.r=4 model.build=null model.id=a/b", ["zero3", "trl#6089", "ddp"]),
        ("launch.strategy=mine.json", ["launch.strategy", "mine.json"]),
        ("launch.nodes=2", ["launch.nodes", "launch.node=0"]),
        ("trl.generation_batch_size=16 trl.steps_per_generation=1", ["generation_batch_size 16", "drop one"]),
        ("trl.generation_batch_size=24", ["24", "write 16"]),
    ],
)
def test_what_cannot_work_is_refused_before_anything_is_loaded(write, override, words):
    extra = ["model.build=null"] if override.startswith("model.id") else []
    said = message(write(), *override.split(" "), *extra)
    assert all(word in said for word in words), said


def test_steps_that_bfloat16_rounds_away_are_refused(write, monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    gpu = ["trl.use_cpu=false", "model.dtype=bfloat16"]
    said = message(write(), *gpu)
    assert all(words in said for words in ("model.dtype bfloat16", "ddp", "zero2", "float32"))
    for mended in ("launch.strategy=zero2", "model.lora.r=4", "model.dtype=float32"):
        check(load(write(), [*gpu, mended]))


def test_a_server_cannot_be_sent_tiles(monkeypatch):
    said = message(ROOT / "configs" / "smolvlm2b.yaml", str(ROOT / "configs" / "with" / "server.yaml"))
    assert "vllm_mode" in said and "colocate" in said


# --- algorithms and files laid over -------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ALGORITHMS)
def test_one_key_sets_the_fields_of_an_algorithm(write, name):
    from trainers.quirks import make_torchvision_importable

    make_torchvision_importable()
    from trl import GRPOConfig

    config, chosen = load(write(), [f"algorithm={name}"]), ALGORITHMS[name]
    wanted = {**chosen.form, **chosen.numbers}
    assert config.trl.items() >= wanted.items()
    made = GRPOConfig(**config.trl, output_dir="x", bf16=False, report_to="none")
    assert {key: getattr(made, key) for key in wanted} == wanted


def test_the_algorithms_are_the_published_ones(write):
    def fields(name: str) -> tuple[object, ...]:
        trl = load(write(), [f"algorithm={name}"]).trl
        keys = ("loss_type", "importance_sampling_level", "scale_rewards", "epsilon", "epsilon_high", "beta")
        return tuple(trl.get(key) for key in keys)

    assert fields("grpo") == ("grpo", "token", "group", 0.2, None, 0.04)
    assert fields("dapo") == ("dapo", "token", "group", 0.2, 0.28, 0.0)
    assert fields("dr_grpo") == ("dr_grpo", "token", "none", 0.2, None, 0.0)
    assert fields("gspo") == ("grpo", "sequence", "group", 3e-4, 4e-4, 0.0)


def test_a_field_that_contradicts_the_algorithm_is_refused_and_a_number_wins(write):
    said = message(write(), "algorithm=gspo", "trl.importance_sampling_level=token", world=False)
    assert all(words in said for words in ("importance_sampling_level", "'token'", "gspo", "'sequence'", "drop"))
    assert load(write(), ["algorithm=gspo", "trl.loss_type=grpo"]).trl["loss_type"] == "grpo"
    assert load(write(), ["algorithm=dapo", "trl.epsilon_high=0.24"]).trl["epsilon_high"] == 0.24


def test_a_file_is_laid_over_and_joins_the_name(write, tmp_path):
    over = tmp_path / "more.yaml"
    over.write_text("seed: 7\nmodel: {lora: {r: 4}}\ntrl: {learning_rate: 1.0e-5}\n")
    config = load(write(), [str(over), "trl.learning_rate=2e-5"])
    assert (config.name, config.seed, config.trl["learning_rate"]) == ("trial-more", 7, 2e-5)
    assert config.model.lora is not None and config.model.lora.r == 4 and config.trl["max_steps"] == 10
    assert load(write(), [str(over), "name=mine"]).name == "mine"
    over.write_text("sed: 7\n")
    said = message(write(), str(over), world=False)
    assert "more.yaml" in said and "'sed'" in said


@pytest.mark.parametrize("over", OVER, ids=lambda path: path.stem)
@pytest.mark.parametrize("path", LARGE, ids=lambda path: path.stem)
def test_every_file_can_be_laid_over_every_config(path, over, monkeypatch):
    """On a node of eight GPUs of 80 GiB; what a server cannot be sent, and what a warm start needs, is refused."""
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,1,2,3,4,5,6,7")
    config = load(path, [str(over), "launch.gpu_gib=80"])
    tiles, warm = path.stem.startswith("smolvlm"), config.warm_start is not None
    if (tiles and over.stem == "server") or (warm and over.stem == "qlora"):
        with pytest.raises(ConfigError):
            check(config, disk=False)
        return
    plan = check(config, disk=False)
    assert plan.world == 8 and config.name == f"{path.stem}-{over.stem}"
    shape = SHAPES[str(config.model.id)]
    memory = estimate(config, plan, shape, image_tokens(shape, *size_of(config)) + 100, 80.0)
    assert memory.peak < 80 * GIB, str(memory)
    if over.stem == "gspo":
        assert plan.steps_per_generation == 4 * plan.accumulation


@pytest.mark.parametrize("arch", ARCHS)
def test_questions_too_long_for_the_engine_are_refused_at_the_start(write, arch, capsys):
    from trainers.grpo import main

    build = [f"model.build={arch}", "trl.use_vllm=true", "trl.max_completion_length=16"]
    assert main([str(write()), *build, "trl.vllm_max_model_length=64", "--dry-run"]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1 and "trl.vllm_max_model_length is 64" in said and "bar/count/" in said
    enough = said.split("write ")[1].split(",")[0]
    assert main([str(write()), *build, f"trl.vllm_max_model_length={enough}", "--dry-run"]) == 0


def test_a_checkpoint_inside_a_generation_batch_is_refused_with_the_nearest_that_is_not(write):
    said = message(write(), "trl.steps_per_generation=4", "trl.save_steps=6", "trl.max_steps=8")
    assert "save_steps 6" in said and "write 8" in said


def test_a_run_that_ends_inside_a_generation_batch_is_refused(write):
    said = message(write(), "trl.steps_per_generation=4", "trl.save_steps=4", "trl.max_steps=10")
    assert "max_steps 10" in said and "write 12" in said


def test_the_batch_arithmetic_is_that_of_trl(write):
    config = load(write(), ["trl.gradient_accumulation_steps=2", "trl.steps_per_generation=4", "trl.save_steps=2"])
    plan = batches(config, world=2)
    assert (plan.rollouts, plan.prompts, plan.total) == (2 * 16 * 4, 16, 5)
    assert [step for step in range(1, 11) if plan.at_boundary(step)] == [2, 4, 6, 8, 10]
    assert plan.batches_before(4) == 2


def test_no_checkpoints_is_a_choice_that_yaml_spells_as_false(write):
    assert save_steps(load(write(), ["trl.save_strategy=no"])) is None


def test_a_disk_that_is_too_small_is_noticed(write):
    config = load(write(), ["model.build=null", "model.id=Qwen/Qwen2.5-VL-3B-Instruct", "trl.save_steps=1"])
    plan = batches(config, 1)
    needed = disk_needed(config, plan)
    assert needed is not None and needed > 3e9 * 4 * 3 * plan.max_steps


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_the_shipped_configs_are_sound(path, monkeypatch):
    monkeypatch.setattr("shutil.disk_usage", lambda place: SimpleNamespace(free=2**50))  # whatever this machine has
    config = load(path)
    plan = check(config)
    assert plan.prompts >= 1 and config.name == path.stem


def test_finding_a_mistake_imports_neither_torch_nor_transformers(write):
    path = write(GOOD.replace("trial\n", "trial\nsede: 1\n"))
    code = (
        "import sys; from trainers.grpo import main; status = main([sys.argv[1]]);"
        "assert status == 2 and not {'torch', 'transformers', 'trl'} & set(sys.modules), status"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("\n") == 1 and "'sede'" in done.stderr and "'seed'" in done.stderr


def test_an_existing_run_is_never_overwritten_and_nothing_is_resumed_that_is_not_there(write, tmp_path, capsys):
    from trainers.grpo import main

    runs = f"runs={tmp_path / 'runs'}"
    assert main([str(write()), runs, "--resume"]) == 2
    assert "no run" in capsys.readouterr().err
    (tmp_path / "runs" / "trial").mkdir(parents=True)
    assert main([str(write()), runs]) == 2
    assert "--resume" in capsys.readouterr().err


def test_a_run_is_not_resumed_under_another_config(write, tmp_path, capsys):
    from trainers.grpo import main

    folder = tmp_path / "runs" / "trial"
    folder.mkdir(parents=True)
    load(write(), [f"runs={tmp_path / 'runs'}"]).save(folder / "config.yaml")
    assert main([str(write()), f"runs={tmp_path / 'runs'}", "seed=5", "--resume"]) == 2
    said = capsys.readouterr().err
    assert "seed" in said and said.count("\n") == 1


def test_a_dry_run_prints_config_batch_and_launch_and_starts_nothing(write, tmp_path, capsys):
    from trainers.grpo import main

    assert main([str(write()), f"runs={tmp_path / 'runs'}", "--dry-run"]) == 0
    said = capsys.readouterr().out
    for words in (
        "bar/count",
        "2 prompts x 8 rollouts = 16",
        "112x112 px seen as 112x112",
        "trl 1.16",
        "GiB",
        "launch",
    ):
        assert words in said
    assert not (tmp_path / "runs").exists()


def test_an_image_that_the_processor_would_shrink_is_refused(write, capsys):
    from trainers.grpo import main

    assert main([str(write()), "model.sizes.max_pixels=10000", "--dry-run"]) == 2
    said = capsys.readouterr().err
    assert "shrunk" in said and said.count("\n") == 1
