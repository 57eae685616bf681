"""What a run will leave on the disk: checkpoints, the policies of its stages, the final policy."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from trainers.config import Batches, Config, ConfigError, save_steps
from trainers.launch import zero_stage
from trainers.memory import GIB, SHAPES, trained_parameters

BUILT = 5_000_000  # parameters of a policy from scratch, or a few less


def parameters(config: Config) -> int | None:
    """The policy's parameters, from the table of known ones, its files, or the size in its name; None if none tells."""
    per_value = 4 if config.model.dtype == "float32" else 2
    if config.model.id is None:
        return BUILT
    if config.model.id in SHAPES:
        return SHAPES[config.model.id].parameters
    if Path(config.model.id).is_dir():
        return sum(path.stat().st_size for path in Path(config.model.id).glob("*.safetensors")) // per_value or None
    if found := re.search(r"(\d+(?:\.\d+)?)([BM])\b", config.model.id):
        return int(float(found[1]) * (1e9 if found[2] == "B" else 1e6))
    return None


def disk_needed(config: Config, plan: Batches) -> int | None:
    """Bytes at the fullest moment. A checkpoint holds what is trained, its two moments and DeepSpeed's float32 copy,
    and without adapters all other weights, too."""
    total, every = parameters(config), save_steps(config)
    if total is None:
        return None
    per_value = 4 if config.model.dtype == "float32" else 2
    shape = SHAPES.get(str(config.model.id))
    trained = trained_parameters(config, shape) if shape else total
    states = trained * (12 if zero_stage(config) else 2 * per_value)
    kept = 0 if every is None else -(-plan.max_steps // every)
    limit = config.trl.get("save_total_limit")
    if every is not None and limit:
        kept = min(kept, limit + 1)  # the oldest goes only once the newest is whole
    stages = 1 + (3 if config.warm_start else 0) + (1 if config.model.build else 0)
    if config.eval.every is not None and config.eval.keep_best and not config.model.lora:
        stages += 2  # the best so far, and the one before until a checkpoint knows it
    return kept * (states + (trained * 4 if config.model.lora else total * per_value)) + stages * total * per_value


def check_disk(config: Config, plan: Batches) -> None:
    needed = disk_needed(config, plan)
    place = Path(config.runs).absolute()
    while not place.exists():
        place = place.parent
    free = shutil.disk_usage(place).free
    if needed is not None and needed > free:
        raise ConfigError(
            f"{place} has {free / GIB:.1f} GiB free and the run needs about {needed / GIB:.1f}: "
            "set trl.save_total_limit or another runs folder"
        )
