"""One command for one device or many: a run that asks for more processes replaces itself with torchrun.

`python -m trainers.grpo configs/qwen3b.yaml` on eight GPUs becomes `python -m torch.distributed.run --standalone
--nproc_per_node 8 -m trainers.grpo configs/qwen3b.yaml` before torch is imported. Starting torchrun by hand (several
nodes) works as well: its variables are found and nothing is replaced. DeepSpeed needs no launcher of its own: TRL takes
its config (`deepspeed`) under torchrun too. (`accelerate launch --cpu --num_processes 2` silently runs one process.)
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

from trainers.config import Config, ConfigError

STRATEGIES = ("ddp", "zero2", "zero3")


def visible_gpus() -> int:
    """How many GPUs a process may use, asked of the driver's tool, not of torch."""
    chosen = os.environ.get("CUDA_VISIBLE_DEVICES")
    if chosen is not None:
        return len([device for device in chosen.split(",") if device.strip() not in ("", "-1")])
    if not shutil.which("nvidia-smi"):
        return 0
    try:
        listing = subprocess.run(["nvidia-smi", "-L"], capture_output=True, text=True, timeout=30, check=False).stdout
    except (OSError, subprocess.TimeoutExpired):
        return 0
    return sum(line.startswith("GPU ") for line in listing.splitlines())


def world_size(config: Config) -> int:
    """The processes of the run: those torchrun started, or those the config asks for."""
    if "WORLD_SIZE" in os.environ:
        return int(os.environ["WORLD_SIZE"])
    devices, gpus = config.launch.devices, visible_gpus()
    if devices == "auto":
        return max(1, gpus)
    if not isinstance(devices, int) or devices < 1:
        raise ConfigError(f"launch.devices must be auto or a positive number, not {devices!r}")
    if gpus and devices > gpus and not config.trl.get("use_cpu"):
        raise ConfigError(f"launch.devices is {devices}, but {gpus} GPUs are visible: ask for {gpus} or use auto")
    return devices


def rank() -> int:
    return int(os.environ.get("RANK", "0"))


def on_cpu(config: Config) -> bool:
    return bool(config.trl.get("use_cpu")) or visible_gpus() == 0


def command(world: int, module: str, argv: Sequence[str], strategy: str = "ddp") -> list[str]:
    """What runs this module on `world` processes of this machine. DeepSpeed wants torchrun's variables for one, too."""
    if world == 1 and strategy == "ddp":
        return [sys.executable, "-m", module, *argv]
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", str(world)]
    return [*torchrun, "-m", module, *argv]


def relaunch_if_needed(config: Config, module: str, argv: Sequence[str]) -> None:
    """Replace this process with torchrun when the config asks for several and none started us. Before torch."""
    world = world_size(config)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    # Threads that wait for a core they share slow a small step down twentyfold (measured: 0.4 s to 8 s), so the drawing
    # processes get cores of their own. torchrun's own default is 1.
    os.environ.setdefault("OMP_NUM_THREADS", str(max(1, cores // world - config.env.workers)))
    full = command(world, module, argv, config.launch.strategy)
    if "torch.distributed.run" not in full or "LOCAL_RANK" in os.environ:
        return
    print("starting", world, "processes:", " ".join(full[1:]), flush=True)
    os.execvpe(full[0], full, os.environ)


def deepspeed_config(config: Config) -> dict[str, Any] | None:
    """The DeepSpeed section for TRL, or None. ZeRO-2 is the one to take up to some 3B parameters: ZeRO-3 gathers every
    parameter for each weight sync and for generation."""
    if config.launch.strategy not in STRATEGIES:
        raise ConfigError(f"launch.strategy must be one of {', '.join(STRATEGIES)}, not {config.launch.strategy!r}")
    if config.launch.strategy == "ddp":
        return None
    return {
        "zero_optimization": {"stage": 2 if config.launch.strategy == "zero2" else 3},
        "train_micro_batch_size_per_gpu": "auto",
        "gradient_accumulation_steps": "auto",
        "gradient_clipping": "auto",
        "bf16": {"enabled": "auto"},
    }
