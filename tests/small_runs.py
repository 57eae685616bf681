"""Runs of seconds that tests start for real, in processes of their own, kill and resume."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from pathlib import Path

from trainers import rollouts

ROOT = Path(__file__).parent.parent
WARM = (ROOT / "tests" / "small.yaml").read_text(encoding="utf-8")
SMALL = re.sub(r"warm_start: .*\n", "", WARM)
ENV = {**os.environ, "OMP_NUM_THREADS": "1"}
TWO = ["launch.devices=2", "trl.per_device_train_batch_size=8"]
MARK = "CHARTGYM_TEST"  # in the environment of all that a run starts
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


class Started:
    """A run of GRPO in `folder`, and all the processes that came of it."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        folder.mkdir(exist_ok=True)
        (folder / "small.yaml").write_text(SMALL, encoding="utf-8")
        self.run, self.mark = folder / "small", uuid.uuid4().hex
        self.said = folder.with_suffix(".txt")  # beside it: the folder may be on a disk that is full
        line = [sys.executable, "-m", "trainers.grpo", str(folder / "small.yaml"), f"runs={folder}"]
        line += ["trl.save_total_limit=3", *arguments]
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT), MARK: self.mark}
        environment["TORCH_ELASTIC_SHUTDOWN_TIMEOUT"] = "200"  # seconds that torchrun waits; machines may be slow
        with self.said.open("wb") as log:
            self.process = subprocess.Popen(
                line, cwd=ROOT, env=environment, stdout=log, stderr=log, start_new_session=True
            )

    def when(self, so: Callable[[], object]) -> Started:
        while self.process.poll() is None and not so():
            time.sleep(0.01)
        assert self.process.poll() is None, "the run ended too soon: " + self.text()
        return self

    def logged(self, name: str = "metrics.jsonl") -> int:
        path = self.run / name
        return path.read_bytes().count(b"\n") if path.exists() else 0

    def ends(self, code: int = 0, seconds: float = 240) -> str:
        """What it said, once it has ended with this status and nothing of it is running any more."""
        found = self.process.wait(seconds)
        assert found == code, self.text()
        deadline = time.monotonic() + 60
        while (left := self.running()) and time.monotonic() < deadline:
            time.sleep(0.1)
        assert not left, f"{left} are left running"
        return self.text()

    def text(self) -> str:
        return self.said.read_text(errors="replace").replace("\r", "\n")

    def running(self, words: str = "") -> list[int]:
        """Processes of this run that are not over, whose command line has these words."""
        found = []
        for path in Path("/proc").glob("[0-9]*"):
            try:
                ours = f"{MARK}={self.mark}".encode() in (path / "environ").read_bytes().split(b"\0")
                alive = (path / "stat").read_text().rpartition(")")[2].split()[0] != "Z"
                if ours and alive and words.encode() in (path / "cmdline").read_bytes():
                    found.append(int(path.name))
            except OSError:
                continue
        return found


def metrics(run: Path) -> list[dict[str, object]]:
    return without_times(run / "metrics.jsonl")


def sampled(run: Path) -> list[dict[str, object]]:
    return list(rollouts.read(run / "rollouts.jsonl"))


def assert_equal_runs(ours: Path, theirs: Path) -> None:
    assert sampled(ours) == sampled(theirs) and len(sampled(ours)) == 12 * 16
    assert metrics(ours) == metrics(theirs)
    assert (ours / "final" / "model.safetensors").read_bytes() == (theirs / "final" / "model.safetensors").read_bytes()
