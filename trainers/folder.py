"""The folder of a run: whether it may be begun or continued, and the policy that is loaded for it and left in it."""

from __future__ import annotations

import shutil
from copy import deepcopy
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trainers.config import Batches, Config, ConfigError
from trainers.continuing import check_continuation, save_batch
from trainers.launch import barrier, rank, zero_stage
from trainers.modelcard import CARD, note_versions

if TYPE_CHECKING:
    from trainers.table import Run


def check_folder(config: Config, plan: Batches, resume: bool) -> None:
    """A run folder is never overwritten, and never continued under a config that makes it another run."""
    folder = config.folder
    if not resume:
        if folder.exists():
            raise ConfigError(f"{folder} exists: continue it with --resume, or give this run another name (name=...)")
        return
    if not (folder / "config.yaml").is_file():
        if folder.is_dir() and all(path.name.endswith(".partial") for path in folder.iterdir()):
            return  # killed before its first file was whole: this is the beginning
        raise ConfigError(f"there is no run in {folder} to resume: drop --resume to start it")
    check_continuation(config, plan)


def make_folder(config: Config, plan: Batches) -> None:
    """The run's folder with its config, made by rank 0; ConfigError on a node that does not see it."""
    if rank() == 0:
        config.folder.mkdir(parents=True, exist_ok=True)
        config.save(config.folder / "config.yaml")
        save_batch(config.folder, plan)
        note_versions(config.folder)
    barrier()
    if not (config.folder / "config.yaml").is_file():
        raise ConfigError(
            f"{config.folder} is not what rank 0 wrote: give all nodes a runs folder that they share (runs=...)"
        )


def load_both(run: Run, source: str) -> tuple[Any, Any]:
    """Model and processor, the model on its device."""
    from trainers.models import load_policy, load_processor

    settings = run.config.model
    lora = asdict(settings.lora) if settings.lora else None
    model = load_policy(
        source, settings.dtype, lora=lora, freeze_vision=settings.freeze_vision, quantize=settings.quantize
    )
    if zero_stage(run.config) == 0 and not settings.quantize:  # DeepSpeed places the model itself
        model.to(run.arguments.device)
    return model, load_processor(source)


def whole(model: Any, config: Config) -> Any:
    """The model, a copy with its adapters merged where it has any."""
    return model if config.model.lora is None else deepcopy(model).merge_and_unload()


def save_final(run: Run, trainer: Any, processor: Any, source: str) -> None:
    """The policy and its processor as final/, in one rename; `source` is what it was loaded from. Whole weights, or the
    adapter alone with sft.adapter."""
    partial, final = run.folder / "final.partial", run.folder / "final"
    adapter = run.config.sft is not None and run.config.sft.adapter
    save_policy(run, trainer, processor, source, partial, adapter=adapter)
    if rank() == 0:
        shutil.rmtree(final, ignore_errors=True)
        partial.rename(final)
    barrier()


def save_policy(run: Run, trainer: Any, processor: Any, source: str, folder: Path, *, adapter: bool) -> None:
    """The policy and its processor in `folder`, which is written anew: whole weights with adapters merged in, or with
    `adapter` those alone, where there are any. Every rank takes part."""
    settings = run.config.model
    if rank() == 0:
        shutil.rmtree(folder, ignore_errors=True)
    barrier()
    if settings.lora is None:
        trainer.save_model(str(folder))
    elif rank() == 0:
        policy = trainer.accelerator.unwrap_model(trainer.model)
        if not adapter:
            unrounded = settings.quantize is not None
            policy = merged_unrounded(policy, source, settings.dtype) if unrounded else whole(policy, run.config)
        policy.save_pretrained(folder)
        (folder / CARD).unlink(missing_ok=True)  # peft's, which says nothing
    barrier()
    if rank() == 0:
        processor.save_pretrained(folder)
    barrier()


def merged_unrounded(policy: Any, source: str, dtype: str) -> Any:
    """The adapters of a policy in 4 bits, merged into the weights as they were before those were rounded to 4 bits:
    merged into the rounded ones they would be rounded themselves, and what was learned is smaller than a step."""
    import tempfile

    from peft import PeftModel

    from trainers.models import load_policy

    with tempfile.TemporaryDirectory() as adapters:
        policy.save_pretrained(adapters)
        return PeftModel.from_pretrained(load_policy(source, dtype), adapters).merge_and_unload()
