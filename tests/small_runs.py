"""Runs of seconds that tests start for real, in processes of their own, kill and resume."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

from trainers import rollouts

ROOT = Path(__file__).parent.parent
WARM = """
name: small
model: {build: qwen2_5_vl, sizes: {hidden_size: 32, layers: 1, heads: 2, kv_heads: 1, vision_hidden_size: 32,
        vision_layers: 1, vision_heads: 2, vocab_size: 320}}
prompt: "{question}"
env: {cells: [bar/count, pie/count], px: 112x112, workers: 1}
warm_start: {max_steps: 30, batch_size: 16, learning_rate: 1.0e-2, check_every: 15, check_problems: 4}
rewards: {accuracy: 1.0, boxed: 0.5, length: 0.1}
eval: {max_tokens: 24, batch_size: 16}
launch: {devices: 1}
trl: {max_steps: 12, per_device_train_batch_size: 16, num_generations: 4, max_completion_length: 24,
      learning_rate: 1.0e-3, save_steps: 4, save_total_limit: 2,
      use_cpu: true, bf16: false, gradient_checkpointing: false}
"""
SMALL = re.sub(r"warm_start: .*\n", "", WARM)
ENV = {**os.environ, "OMP_NUM_THREADS": "1"}
TIMES = ("seconds", "time", "wait", "draw", "runtime", "epoch")  # the epoch is the share of trl.max_steps


def start(folder: Path, *arguments: str) -> subprocess.Popen[bytes]:
    config = folder / "small.yaml"
    config.write_text(WARM, encoding="utf-8")
    command = [sys.executable, "-m", "trainers.grpo", str(config), f"runs={folder}", *arguments]
    log = (folder / "output.txt").open("ab")
    return subprocess.Popen(command, cwd=ROOT, env=ENV, stdout=log, stderr=subprocess.STDOUT)


def finish(folder: Path, *arguments: str) -> Path:
    assert start(folder, *arguments).wait() == 0, (folder / "output.txt").read_text()
    return folder / "small"


def kill_when(folder: Path, log: str, rows: int, *arguments: str) -> None:
    """Start a run and kill it, as no program can defend against, once its log has so many rows."""
    process = start(folder, *arguments)
    path = folder / "small" / log
    while process.poll() is None and (not path.exists() or path.read_bytes().count(b"\n") < rows):
        time.sleep(0.005)
    assert process.poll() is None, "the run ended before it could be killed: " + (folder / "output.txt").read_text()
    process.send_signal(signal.SIGKILL)
    process.wait()


def without_times(path: Path) -> list[dict[str, object]]:
    return [{k: v for k, v in row.items() if not any(t in k for t in TIMES)} for row in rollouts.read(path)]
