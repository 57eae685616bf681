"""What `--resume` goes on from, and what may differ from how the run was begun.

A checkpoint is a folder whose state file was written last: one without it was cut off, and is void. A run goes on under
its own config; MAY_CHANGE says which keys may differ, and why that leaves the run what it is. A key that is not named
there is refused in one line, old value and new.

The number of processes may change where the batch does not: as many prompts and rollouts a generation batch, as many
rollouts an optimizer step. Then
- the plans of the two batches after the checkpoint are the checkpoint's own, address by address;
- later plans follow from outcomes, by the same function on any number of processes;
- the completions are drawn by the same seeds (trainers/sampling.py), so that outcomes differ only where a sum that is
  taken in another order tips a token. Losses and gradients agree to rounding, no further.
ZeRO cuts the optimizer's states into one part for each process, and DeepSpeed takes them up with as many again.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict
from pathlib import Path
from typing import Any

from envs.logs import write_whole
from trainers.checkpoints import whole_checkpoints
from trainers.config import Batches, Config, ConfigError, load
from trainers.launch import rank, zero_stage

BATCH = "batch.json"  # the batch arithmetic that a run was begun or last resumed with

# Keys, or the beginnings of keys, that may differ between a run and its continuation.
MAY_CHANGE = {
    "runs": "where the folder lies; it may be moved as a whole",
    "eval.": "what is measured, not what is trained; rows that were measured stay as they are",
    "launch.devices": "the batch must stay, see SAME_BATCH",
    "launch.nodes": "likewise",
    "launch.node": "which node this is",
    "launch.head": "where node 0 is reached",
    "launch.gpu_gib": "for --dry-run",
    "launch.hang_seconds": "when the watchdog barks",
    "env.workers": "who draws problems, not which",
    "trl.max_steps": "longer or shorter, not less than is done; a decay of the learning rate ends at the new end",
    "trl.save_": "which checkpoints are kept",
    "trl.logging_": "which rows are logged; each is the mean since the last",
    "push_to_hub": "where final/ goes",
    "track": "who is told",
    "trl.run_name": "what they call it",
    "trl.disable_tqdm": "what is shown",
    "trl.log_completions": "likewise",
    "trl.ddp_timeout": "how long ranks wait for each other",
    "trl.gradient_checkpointing": "memory for time",
    "trl.vllm_server_": "where a server listens, and how long it is waited for",
    "trl.vllm_gpu_memory_utilization": "room for the engine",
    "trl.vllm_enable_sleep_mode": "likewise",
}
# How a batch is shared out: these may change together with the number of processes where the batch stays what it was.
SAME_BATCH = (
    "trl.per_device_train_batch_size",
    "trl.gradient_accumulation_steps",
    "trl.steps_per_generation",
    "trl.generation_batch_size",
)


def last_checkpoint(folder: Path) -> Path | None:
    """The last complete checkpoint; the main process removes those that were cut off."""
    whole = whole_checkpoints(folder)
    if rank() == 0:
        for path in set(folder.glob("checkpoint-*")) - set(whole):
            print(f"{path} was cut off while it was written, and is removed", flush=True)
            shutil.rmtree(path)
    return whole[-1] if whole else None


def check_continuation(config: Config, plan: Batches) -> None:
    """That the run in the config's folder may go on under this config. ConfigError names the key, or the batch."""
    folder = config.folder
    before, now = flat(load(folder / "config.yaml").to_dict()), flat(config.to_dict())
    begun = Batches(**json.loads(path.read_text(encoding="utf-8"))) if (path := folder / BATCH).is_file() else None
    may = tuple(MAY_CHANGE) + (SAME_BATCH if begun else ())
    for key in sorted(before.keys() | now.keys()):
        if before.get(key) != now.get(key) and not key.startswith(may):
            raise ConfigError(
                f"{folder} was started with {key}={before.get(key)!r}, not {now.get(key)!r}: "
                "resume it as it was, or start another run under another name"
            )
    if begun is not None:
        check_batch(config, begun, plan)
    done = int(whole[-1].name.split("-")[1]) if (whole := whole_checkpoints(folder)) else 0
    if plan.max_steps < done:
        raise ConfigError(f"{whole[-1]} is past trl.max_steps {plan.max_steps}: write {done} or more")
    if not plan.at_boundary(done):  # num_iterations is as it was, so this is another steps_per_generation
        raise ConfigError(f"{whole[-1]} does not end a generation batch of this config: keep steps_per_generation")


def check_batch(config: Config, begun: Batches, now: Batches) -> None:
    """That another number of processes makes the same batch."""
    folder, step = config.folder, begun.world * begun.per_device * begun.accumulation
    if zero_stage(config) and begun.world != now.world:
        raise ConfigError(
            f"{folder} was on {begun.world} processes, and ZeRO keeps a part of the optimizer for each of them: "
            f"resume it on {begun.world}, not {now.world}"
        )
    if (now.rollouts, now.world * now.per_device * now.accumulation) == (begun.rollouts, step):
        return
    what = f"{folder} has {begun.rollouts} rollouts a generation batch and {step} an optimizer step"
    # An optimizer step is shared out evenly, and a batch takes a whole number of micro steps.
    if step % now.world or begun.rollouts % now.world:
        fit = ", ".join(str(n) for n in range(1, step + 1) if step % n == 0 and begun.rollouts % n == 0)
        raise ConfigError(f"{what}, which {now.world} processes cannot share: use one of {fit}")
    share = step // now.world
    each = max(
        n for n in range(1, min(share, now.per_device) + 1) if share % n == 0 and begun.rollouts % (n * now.world) == 0
    )
    mend = f"trl.per_device_train_batch_size={each} trl.gradient_accumulation_steps={share // each}"
    if config.trl.get("steps_per_generation"):
        mend += f" trl.steps_per_generation={begun.rollouts // (each * now.world)}"
    if config.trl.get("generation_batch_size"):
        mend += f" trl.generation_batch_size={begun.rollouts}"
    raise ConfigError(f"{what}: on {now.world} processes that takes {mend}")


def save_batch(folder: Path, plan: Batches) -> None:
    write_whole(folder / BATCH, json.dumps(asdict(plan)))


def flat(values: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested sections as dotted keys."""
    found: dict[str, Any] = {}
    for key, value in values.items():
        found.update(flat(value, f"{prefix}{key}.") if isinstance(value, dict) else {f"{prefix}{key}": value})
    return found
