"""A run that is killed again and again at random moments, against the same run left alone.

    python benchmarks/killing.py [--kills 10] [--seed 0] [--out FOLDER] [key=value ...]

A small policy from scratch is warm-started for some steps and trained with GRPO for 16, a checkpoint after every other.
Each second kill comes at a random moment of the start (imports, building, warm start, loading), the others at a random
moment of their part of training: between steps, in the middle of one, while a checkpoint or a log is written.
SIGKILL goes to the process alone; the processes that draw for it must end by themselves. Then the run is resumed to
its end. Exit status 0: rollouts (addresses, completions, verdicts), metrics without times, the warm start's log and the
bytes of the final weights are all equal, and nothing was left running. It takes twelve starts of a run, 10 to 60 s each
for a machine that is idle or busy.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from pathlib import Path

from trainers import rollouts
from trainers.checkpoints import whole_checkpoints

STEPS = 16
ROOT = Path(__file__).parent.parent
CONFIG = ROOT / "tests" / "small.yaml"
SHORTER = (f"trl.max_steps={STEPS}", "trl.save_steps=2", "warm_start.max_steps=10", "warm_start.check_every=5")
TIMES = ("seconds", "time", "wait", "draw", "runtime")
MARK = "CHARTGYM_KILLING"  # in the environment of all that a run starts


def begin(folder: Path, overrides: list[str], resume: bool, mark: str = "") -> subprocess.Popen[bytes]:
    folder.mkdir(parents=True, exist_ok=True)
    line = [sys.executable, "-m", "trainers.grpo", str(CONFIG), f"runs={folder}", *SHORTER, *overrides]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", MARK: mark}
    with (folder / "output.txt").open("wb") as log:
        return subprocess.Popen(
            [*line, "--resume"] if resume else line, cwd=ROOT, env=environment, stdout=log, stderr=log
        )


def running(mark: str) -> list[int]:
    """Processes of this mark that are not over."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            ours = f"{MARK}={mark}".encode() in (path / "environ").read_bytes().split(b"\0")
            if ours and (path / "stat").read_text().rpartition(")")[2].split()[0] != "Z":
                found.append(int(path.name))
        except OSError:
            continue
    return found


def said(folder: Path) -> bytes:
    """What the last process to be started has said."""
    return (folder / "output.txt").read_bytes()


def rows(path: Path) -> list[dict[str, object]]:
    return [{k: v for k, v in row.items() if not any(t in k for t in TIMES)} for row in rollouts.read(path)]


def logged(run: Path) -> int:
    return len(rows(run / "metrics.jsonl"))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("overrides", nargs="*", metavar="key=value")
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    rng, out = random.Random(args.seed), args.out or Path(tempfile.mkdtemp(prefix="killing-"))

    began, first = time.monotonic(), 0.0
    process = begin(out / "whole", args.overrides, resume=False)
    while process.poll() is None:
        time.sleep(0.05)
        first = first or (time.monotonic() - began if logged(out / "whole" / "small") else 0.0)
    if process.returncode:
        print((out / "whole" / "output.txt").read_text())
        return 1
    training = time.monotonic() - began - first
    print(f"unbroken: {first:.0f} s to the first step, {training:.0f} s from there", flush=True)

    run, left = out / "killed" / "small", []
    for kill in range(args.kills):
        mark = uuid.uuid4().hex
        process = begin(out / "killed", args.overrides, resume=run.exists(), mark=mark)
        if kill % 2 == 0:
            moment = time.monotonic() + rng.uniform(0, first)
            while time.monotonic() < moment and b"GRPO:" not in said(out / "killed"):
                time.sleep(0.01)
        else:
            # Its part of the run: to a random row in it, and a random part of a step further.
            row = 1 + int((kill // 2 + rng.random()) * STEPS / (args.kills // 2 + 1))
            while process.poll() is None and (b"GRPO:" not in said(out / "killed") or logged(run) < row):
                time.sleep(0.01)
            time.sleep(rng.uniform(0, training / STEPS))
        if process.poll() is not None:
            print(f"kill {kill + 1}: the run had ended with {process.returncode}: give it more trl.max_steps")
            return 1
        process.send_signal(signal.SIGKILL)
        process.wait()
        time.sleep(2)
        left += running(mark)
        whole = [path.name for path in whole_checkpoints(run)]
        void = [path.name for path in run.glob("checkpoint-*") if path.name not in whole]
        print(f"kill {kill + 1}: {logged(run)} rows, whole {whole}, cut off {void}", flush=True)
    if begin(out / "killed", args.overrides, resume=True).wait():
        print((out / "killed" / "output.txt").read_text()[-3000:])
        return 1

    same = {}
    for name in ("rollouts.jsonl", "metrics.jsonl", "warm.jsonl"):
        ours, theirs = (rows(out / which / "small" / name) for which in ("whole", "killed"))
        same[f"{len(ours)} rows of {name}"] = bool(ours) and ours == theirs
    weights = [(out / which / "small" / "final" / "model.safetensors").read_bytes() for which in ("whole", "killed")]
    same["final weights"] = weights[0] == weights[1]
    aside = sum(1 for _ in rollouts.read(run / "rollouts.jsonl.aside"))
    for what, equal in same.items():
        print(f"{what}: {'equal' if equal else 'NOT EQUAL'}")
    print(f"{args.kills} kills; {aside} rollouts were made twice; left running: {left or 'nothing'}; {out}")
    return 0 if all(same.values()) and not left else 1


if __name__ == "__main__":
    sys.exit(main())
