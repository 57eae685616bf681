"""One command for one device, a node of them, or several nodes: a run that asks for more processes replaces itself.

`python -m trainers.grpo configs/qwen3b.yaml` on eight GPUs becomes `python -m torch.distributed.run --standalone
--nproc_per_node 8 -m trainers.grpo configs/qwen3b.yaml` before torch is imported. Under torchrun or accelerate's own
launcher its variables are found and nothing is replaced. DeepSpeed needs no launcher: TRL takes its config
(`deepspeed`) under torchrun too. (`accelerate launch --cpu --num_processes 2` silently runs one process.)

Several nodes take one line on each, all with the same files and the same `runs` folder:

    python -m trainers.grpo configs/qwen7b.yaml launch.nodes=2 launch.node=0 launch.head=host0:29500      # and node=1
    srun --ntasks-per-node=1 python -m trainers.grpo configs/qwen7b.yaml                                  # under SLURM

SLURM's variables of the step (of the job, outside a step) fill in what is not written: how many nodes, which this is,
where the first is. Two nodes can be rehearsed on one machine: launch.head=127.0.0.1:29500, two shells.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trainers.config import Config, ConfigError

STRATEGIES = ("ddp", "zero2", "zero3")
PORT = 29500


@dataclass(frozen=True, kw_only=True)
class Nodes:
    """How many nodes a run has, which of them this is, and where node 0 is reached."""

    count: int = 1
    number: int = 0
    host: str = "127.0.0.1"
    port: int = PORT


def visible_gpus() -> int:
    """How many GPUs a process may use, asked of the driver's tool, not of torch."""
    chosen = os.environ.get("CUDA_VISIBLE_DEVICES")
    if chosen is not None:
        return len([device for device in chosen.split(",") if device.strip() not in ("", "-1")])
    return len([line for line in nvidia_smi("-L") if line.startswith("GPU ")])


def gpu_gib() -> float | None:
    """Memory of the smallest GPU of this machine in GiB, or None without one."""
    sizes = [line for line in nvidia_smi("--query-gpu=memory.total", "--format=csv,noheader,nounits") if line.strip()]
    return min(int(size) for size in sizes) / 1024 if sizes and all(s.strip().isdigit() for s in sizes) else None


def nvidia_smi(*arguments: str) -> list[str]:
    """Lines of the driver's tool; none where it is not there or does not answer."""
    if not shutil.which("nvidia-smi"):
        return []
    try:
        said = subprocess.run(["nvidia-smi", *arguments], capture_output=True, text=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return []
    return said.stdout.splitlines() if said.returncode == 0 else []


def nodes(config: Config) -> Nodes:
    """The nodes of the run, from `launch:` and, where that is silent, from SLURM's variables or MASTER_ADDR."""
    launch, variables = config.launch, os.environ

    def slurm(*names: str) -> str | None:
        return next((variables[f"SLURM_{name}"] for name in names if variables.get(f"SLURM_{name}")), None)

    # A step may run on fewer nodes than its job has: trainers beside a vLLM server.
    count = launch.nodes if launch.nodes is not None else _whole("SLURM_NNODES", slurm("STEP_NUM_NODES", "NNODES"), 1)
    if count < 1:
        raise ConfigError(f"launch.nodes must be 1 or more, not {count}")
    if count == 1:
        return Nodes()
    number = launch.node if launch.node is not None else _whole("SLURM_NODEID", slurm("NODEID"), None)
    if number is None:
        raise ConfigError(
            f"launch.nodes is {count}, and nothing says which node this is: write launch.node=0 to {count - 1}, "
            "or start one line a node with srun"
        )
    if not 0 <= number < count:
        raise ConfigError(f"launch.node {number} is none of {count} nodes: write 0 to {count - 1}")
    tasks = slurm("STEP_TASKS_PER_NODE", "TASKS_PER_NODE") if launch.nodes is None else None
    if tasks is not None and re.match(r"\d+", tasks) and not re.match(r"1(\(|,|$)", tasks):
        raise ConfigError(f"SLURM starts {tasks} processes a node, and one starts the others: use --ntasks-per-node=1")
    listed = slurm("STEP_NODELIST", "JOB_NODELIST", "NODELIST")
    head = launch.head or variables.get("MASTER_ADDR") or (first_host(listed) if listed else None)
    if head is None:
        raise ConfigError(f"launch.nodes is {count}, and nothing says where node 0 is: write launch.head=host:port")
    host, _, port = head.partition(":")
    if not host or (port and not port.isdigit()):
        raise ConfigError(f"launch.head {head!r} is not of the form host or host:port")
    # Jobs that share a node each get a port of their own.
    job = _whole("SLURM_JOB_ID", slurm("JOB_ID"), 0) or 0
    default = int(variables.get("MASTER_PORT", 0)) or PORT + job % 10000
    return Nodes(count=count, number=number, host=host, port=int(port) if port else default)


def _whole(name: str, value: str | None, default: Any) -> Any:
    if value is None:
        return default
    if not value.isdigit():
        raise ConfigError(f"{name} is {value!r}, not a whole number: write launch.nodes and launch.node yourself")
    return int(value)


def first_host(nodelist: str) -> str:
    """The first name of SLURM's list of nodes: `gpu[03-05,9],cpu1` begins with gpu03."""
    found = re.match(r"([^\[,]+)(?:\[(\d+)[^\]]*\])?([^,\[]*)", nodelist)
    if found is None:
        raise ConfigError(f"SLURM's list of nodes {nodelist!r} is not understood: write launch.head=host:port")
    return "".join(part or "" for part in found.groups())


def world_size(config: Config) -> int:
    """The processes of the run: those torchrun started, or those the config asks for on all nodes."""
    if "WORLD_SIZE" in os.environ and "LOCAL_RANK" in os.environ:
        return int(os.environ["WORLD_SIZE"])
    return devices_here(config) * nodes(config).count


def devices_here(config: Config) -> int:
    """The processes of one node."""
    devices, gpus = config.launch.devices, visible_gpus()
    if devices == "auto":
        return max(1, gpus)
    if not isinstance(devices, int) or devices < 1:
        raise ConfigError(f"launch.devices must be auto or a positive number, not {devices!r}")
    if gpus and devices > gpus and not config.trl.get("use_cpu"):
        raise ConfigError(f"launch.devices is {devices}, but {gpus} GPUs are visible: ask for {gpus} or use auto")
    return devices


def rank() -> int:
    """This process among all of the run; 0 before torchrun has started them."""
    return int(os.environ.get("RANK", "0"))


def leads(config: Config) -> bool:
    """Whether this process judges the run's folder: rank 0, and before torchrun has given ranks, the first node."""
    return rank() == 0 and ("LOCAL_RANK" in os.environ or nodes(config).number == 0)


def on_cpu(config: Config) -> bool:
    return bool(config.trl.get("use_cpu")) or visible_gpus() == 0


def command(config: Config, module: str, argv: Sequence[str]) -> list[str]:
    """What runs this module on this node. DeepSpeed wants torchrun's variables for a single process, too."""
    here, of = devices_here(config), nodes(config)
    if here * of.count == 1 and zero_stage(config) == 0:
        return [sys.executable, "-m", module, *argv]
    place = ["--standalone"]
    if of.count > 1:
        place = ["--nnodes", str(of.count), "--node_rank", str(of.number)]
        place += ["--master_addr", of.host, "--master_port", str(of.port)]
    torchrun = [sys.executable, "-m", "torch.distributed.run", *place, "--nproc_per_node", str(here)]
    return [*torchrun, "-m", module, *argv]


def builds_under_way() -> list[Path]:
    """Locks in the cache of extensions that torch builds at their first use. Who meets one waits for its end, without
    a word and even if the process that builds was killed."""
    cache = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    root = Path(os.environ.get("TORCH_EXTENSIONS_DIR") or Path(cache) / "torch_extensions")
    return sorted([*root.glob("*/lock"), *root.glob("*/*/lock")])


def relaunch_if_needed(config: Config, module: str, argv: Sequence[str]) -> None:
    """Replace this process with torchrun when the config asks for several and none started us. Before torch."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    # Threads that wait for a core they share slow a small step down twentyfold (measured: 0.4 s to 8 s), so the drawing
    # processes get cores of their own. torchrun's own default is 1.
    here = int(os.environ.get("LOCAL_WORLD_SIZE", "0")) or devices_here(config)
    os.environ.setdefault("OMP_NUM_THREADS", str(max(1, cores // here - config.env.workers)))
    if "LOCAL_RANK" in os.environ:
        return
    full = command(config, module, argv)
    if "torch.distributed.run" not in full:
        return
    print("starting", world_size(config), "processes:", " ".join(full[1:]), flush=True)
    for lock in builds_under_way() if zero_stage(config) else ():
        print(
            f"{lock} is there: another run builds what DeepSpeed needs and this one will wait for it, or one was "
            "killed while it did; if nothing builds it, delete that file",
            flush=True,
        )
    full[full.index("torch.distributed.run")] = "trainers.agent"  # the same, with an end that can be read
    os.execvpe(full[0], full, os.environ)


def deepspeed_config(config: Config) -> dict[str, Any] | None:
    """The DeepSpeed section for TRL, or None; `auto` is filled in from TRL's own arguments.

    configs/launch/ holds the two built-in ones as files to start one's own from. ZeRO-2 is the one to take up to some
    4B parameters: ZeRO-3 gathers every parameter for each weight sync and for generation.
    """
    strategy = config.launch.strategy
    if strategy.endswith(".json"):
        try:
            found = json.loads(Path(strategy).read_text(encoding="utf-8"))
            stage = found["zero_optimization"]["stage"]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ConfigError(f"launch.strategy {strategy}: no DeepSpeed config with a stage ({error!r})") from error
        if stage not in (1, 2, 3):
            raise ConfigError(f"launch.strategy {strategy}: zero_optimization.stage is {stage!r}: write 1, 2 or 3")
        return dict(found)
    if strategy not in STRATEGIES:
        raise ConfigError(f"launch.strategy must be {', '.join(STRATEGIES)} or a .json file, not {strategy!r}")
    if strategy == "ddp":
        return None
    zero: dict[str, Any] = {"stage": int(strategy[-1]), "overlap_comm": True, "contiguous_gradients": True}
    if strategy == "zero3":  # without it no checkpoint would hold the weights
        zero["stage3_gather_16bit_weights_on_model_save"] = True
    return {
        "zero_optimization": zero,
        "train_micro_batch_size_per_gpu": "auto",
        "gradient_accumulation_steps": "auto",
        "gradient_clipping": "auto",
        "bf16": {"enabled": "auto"},
    }


def zero_stage(config: Config) -> int:
    """What DeepSpeed cuts up: 0 nothing (ddp), 1 optimizer states, 2 gradients too, 3 weights too."""
    found = deepspeed_config(config)
    return 0 if found is None else int(found["zero_optimization"]["stage"])


# --- among running ranks --------------------------------------------------------------------------------------------


def say(*lines: str) -> None:
    """Rank 0 prints."""
    if rank() == 0:
        print(*lines, sep="\n", flush=True)


def from_rank_0(addresses: list[str]) -> list[str]:
    """Rank 0's list on every rank."""
    from accelerate.utils import broadcast_object_list

    return list(broadcast_object_list([addresses])[0])


def barrier() -> None:
    """Every rank waits for the others; nothing with a single one."""
    import torch.distributed as dist

    if dist.is_initialized():
        dist.barrier()
