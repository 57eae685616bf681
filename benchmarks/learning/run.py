"""One arm of the learning benchmark, with one seed, in one command of a few minutes; its results are one JSON file.

    python benchmarks/learning/run.py --arm b --seed 0 --size cpu --minutes 9 --out DIR [--runs DIR]

    a    supervised on a set of worked solutions, from scratch
    b    (a), then GRPO on the adaptive stream (curriculum.mode learnability)
    c    (a), then GRPO on problems drawn alike from all cells and levels
    d    (a), then GRPO on a set of problems drawn once, as static data sets are used
    e    (a) continued for as long as (b) took; (b) comes first, or say how long with --seconds

(b), (c) and (d) sample the same number of rollouts and differ in `curriculum:` alone. What (a) leaves is made where it
is not yet in --runs, so that every command can stand alone on a fresh machine. A command that was cut off goes on when
it is given again; where --minutes end before the run does, its last checkpoint is measured and the result says so.

Measured at the end: greedy accuracy on a held-out set of the test world (its texts, styles, and for every other problem
its phrasings); for (b) to (d) the same after every checkpoint; accuracy on problems that the run was trained on beside
fresh ones of the training world in the same cells and levels, which is what memorising would show in.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import shutil
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent.parent
HERE = Path(__file__).parent
sys.path.insert(0, str(ROOT))

from envs.address import Address, AddressError, Draws  # noqa: E402
from envs.curriculum import make_curriculum  # noqa: E402
from envs.testsets import Spec, build  # noqa: E402
from envs.testsets import load as load_test_set  # noqa: E402
from trainers import rollouts  # noqa: E402
from trainers.config import Batches, Config, ConfigError, load  # noqa: E402
from trainers.grpo import curriculum_keys, other_seed  # noqa: E402
from trainers.preflight import check, versions  # noqa: E402

ARMS = ("a", "b", "c", "d", "e")
# Worked solutions there are; problems of the set drawn once (d), which its budget of prompts goes through 8 times.
SOLUTIONS = {"cpu": 192, "gpu": 8192}
FIXED = {"cpu": 320, "gpu": 2000}
TEST = {"cpu": 500, "gpu": 1200}  # problems of the held-out set
CURVE = {"cpu": 200, "gpu": 480}  # the first so many of them, after every checkpoint
OWN = 160  # problems it was trained on, and as many fresh ones
MEASURING = 0.15  # of the minutes are kept for measuring
ROWS = 30  # of the training log are kept


class Late(Exception):
    """The minutes are over."""


class Bench:
    """One arm and seed: its configs, its folders and its clock."""

    def __init__(self, args: argparse.Namespace) -> None:
        self.arm, self.seed, self.size = args.arm, args.seed, args.size
        self.out, self.runs = Path(args.out), Path(args.runs or Path(args.out) / "runs")
        self.seconds = args.seconds
        self.began, self.minutes = time.monotonic(), args.minutes
        self.overrides = args.overrides
        self.out.mkdir(parents=True, exist_ok=True)
        self.runs.mkdir(parents=True, exist_ok=True)

    @property
    def left(self) -> float:
        """Seconds for training, measuring set aside."""
        return self.began + 60 * self.minutes * (1 - MEASURING) - time.monotonic()

    def start(self, runs: Path | None = None) -> tuple[list[str], Config]:
        """The command line and the config of arm (a)."""
        overrides = [f"name=start-seed{self.seed}", f"seed={self.seed}", f"runs={runs or self.runs}"]
        overrides += [f"curriculum.path={self.problems('solutions', SOLUTIONS[self.size])}"]
        return self._command("sft", f"{self.size}-start.yaml", [*overrides, *self.overrides])

    def grpo(self) -> tuple[list[str], Config]:
        """Those of arm (b), (c) or (d)."""
        overrides = [str(HERE / f"{self.arm}.yaml"), f"name={self.arm}-seed{self.seed}", f"seed={self.seed}"]
        overrides += [f"runs={self.runs}", f"model.id={self.runs / f'start-seed{self.seed}' / 'final'}"]
        if self.arm == "d":
            overrides += [f"curriculum.path={self.problems('fixed', FIXED[self.size])}"]
        return self._command("grpo", f"{self.size}.yaml", [*overrides, *self.overrides])

    def _command(self, stage: str, name: str, overrides: list[str]) -> tuple[list[str], Config]:
        config = load(HERE / name, overrides)
        return [sys.executable, "-m", f"trainers.{stage}", str(HERE / name), *overrides], config

    def world(self, stage: str = "") -> Config:
        """The config that says which cells, levels and size are learned; with "-start", which are taught."""
        return load(HERE / f"{self.size}{stage}.yaml", self.overrides)

    def problems(self, purpose: str, n: int) -> Path:
        """A file of n addresses of the training world, every cell and level alike, from seeds of their own."""
        path = self.runs / f"{purpose}-seed{self.seed}.txt"
        if not path.exists():
            config = self.world("-start" if purpose == "solutions" else "")
            keys = curriculum_keys(config, mode="uniform", seed=other_seed(config, f"{purpose}/{self.seed}"))
            write(path, "".join(f"{address}\n" for address in make_curriculum(keys).plan(0, n)))
        return path

    def held_out(self) -> Path:
        """The held-out set, the same for every arm and seed; made where it is not yet there."""
        path = self.runs / f"learning-{self.size}.jsonl"
        if not path.exists():
            config = self.world()
            width, height = (int(side) for side in config.env.px.split("x"))
            parts = tuple((cell,) for cell in config.env.cells)
            spec = Spec(TEST[self.size], parts, tuple(range(config.curriculum.levels)), ((width, height),))
            build(path.stem, spec, folder=self.runs)
        return path

    # --- training ---------------------------------------------------------------------------------------------------

    def train(self, command: list[str], config: Config) -> bool:
        """Run a stage to its end, or go on with it; whether it came to its end before the minutes did."""
        folder = config.folder
        if finished(folder, config):
            return True
        if (folder / "config.yaml").exists():
            command = [*command, "--resume"]
        spent = read(folder.with_suffix(".spent.json"), {"wall": 0.0, "cpu": 0.0})
        began, cpu = time.monotonic(), child_cpu()
        env = {**os.environ, "HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false"}
        process = subprocess.Popen(command, cwd=ROOT, env=env)
        try:
            status = process.wait(timeout=max(1.0, self.left))
        except subprocess.TimeoutExpired:
            process.terminate()
            process.wait()
            status = None
        now = {"wall": spent["wall"] + time.monotonic() - began, "cpu": spent["cpu"] + child_cpu() - cpu}
        write(folder.with_suffix(".spent.json"), json.dumps(now))
        if status:
            raise ConfigError(f"the run in {folder} ended with status {status}: what it said is above")
        return status == 0

    def supervised(self) -> tuple[Config, bool]:
        """Arm (a)."""
        command, config = self.start()
        return config, self.train(command, config)

    def continued(self) -> tuple[Config, bool]:
        """Arm (e): a copy of (a), resumed with more steps, as many as the time that (b) took has room for."""
        _, before = self.start()
        spent = json.loads(before.folder.with_suffix(".spent.json").read_text())
        steps, clock = before.trl["max_steps"], "cpu" if self.size == "cpu" else "wall"
        seconds = self.seconds
        if seconds is None:
            found = read(self.out / f"{self.size}-b-seed{self.seed}.json", None)
            if found is None or "spent" not in found:
                raise ConfigError("arm e takes as long as arm b took: run b with this seed first, or give --seconds")
            seconds = found["spent"][clock]
        every = before.trl["save_steps"]
        more = max(every, round(seconds / (spent[clock] / steps) / every) * every)
        copy = self.runs / "continued" / before.name
        if not copy.exists():
            shutil.copytree(before.folder, copy)
        command, config = self.start(self.runs / "continued")
        config.trl["max_steps"] = steps + more
        return config, self.train([*command, f"trl.max_steps={steps + more}"], config)


def finished(folder: Path, config: Config) -> bool:
    """Whether a run left its policy after as many steps as its config says."""
    table = read(folder / "table.json", {})
    steps = [row["steps"] for row in table.values() if "steps" in row]
    return (folder / "final").exists() and bool(steps) and steps[-1] >= config.trl["max_steps"]


# --- measuring -------------------------------------------------------------------------------------------------------


def measured(bench: Bench, config: Config, whole: bool) -> dict[str, Any]:
    """The result of an arm: what is measured now, and what its logs hold."""
    plan = check(config, disk=False)
    folder = config.folder
    saved = {
        int(path.name.split("-")[1]): path for path in folder.glob("checkpoint-*") if (path / "stream.json").exists()
    }
    if whole:
        saved[config.trl["max_steps"]] = folder / "final"
    if not saved:
        raise Late(f"the minutes ended before {folder} had a checkpoint: give more, or the same command again")
    last = max(saved)
    test = [str(address) for address in load_test_set(bench.held_out()).addresses]
    grpo = bench.arm in "bcd"
    seen = trained_on(folder, last * plan.prompts)
    own = Draws("own", bench.size, bench.seed).shuffled(sorted(set(seen)))[:OWN]
    rights = right(bench, config, saved[last], [*test, *own, *twins(own)])
    of_test, of_own, of_fresh = rights[: len(test)], rights[len(test) : -len(own)], rights[-len(own) :]
    curve = []
    for step in sorted(saved) if grpo else ():
        first = CURVE[bench.size]
        found = of_test[:first] if step == last else right(bench, config, saved[step], test[:first])
        curve.append([step, sum(found), first])
    result = {
        "arm": bench.arm,
        "size": bench.size,
        "seed": bench.seed,
        "finished": whole,
        "steps": last,
        "of": config.trl["max_steps"],
        "rollouts": last * plan.rollouts if grpo else 0,
        "spent": json.loads(folder.with_suffix(".spent.json").read_text()),
        "parameters": parameters(saved[last]),
        "test": {"digest": load_test_set(bench.held_out()).digest, "right": "".join("01"[one] for one in of_test)},
        "cells": by_cell(test, of_test),
        "levels": by_level(test, of_test),
        "own": [sum(of_own), len(of_own)],
        "fresh": [sum(of_fresh), len(of_fresh)],
        "problems": len(set(seen)),
        "prompts": len(seen),
        "curve": curve,
        "groups": group_rows(folder, last, plan) if grpo else [],
        "log": thinned(folder / "metrics.jsonl", last),
        "machine": f"{platform.machine()}, {device()}, Python {platform.python_version()}, {', '.join(versions())}",
        "config": json.loads(json.dumps(config.to_dict()).replace(str(bench.runs), "RUNS")),
    }
    return result


def right(bench: Bench, config: Config, checkpoint: Path, addresses: Sequence[str]) -> list[bool]:
    """Whether the greedy answer to each problem is right."""
    import torch

    from trainers.evaluate import evaluate_policy
    from trainers.models import load_policy, load_processor
    from trainers.preflight import quiet_libraries

    quiet_libraries()
    model = load_policy(checkpoint, config.model.dtype).to("cuda" if torch.cuda.is_available() else "cpu")
    rows = evaluate_policy(
        model,
        load_processor(bench.runs / f"start-seed{bench.seed}" / "base"),
        addresses,
        prompt=config.prompt,
        max_tokens=config.eval.max_tokens,
        batch_size=config.eval.batch_size,
        progress=False,
    )
    return [row.correct for row in rows]


def trained_on(folder: Path, prompts: int) -> list[str]:
    """The address of every prompt or lesson of the run's first so many, in turn."""
    if (folder / "lessons.jsonl").exists():
        return [row["address"] for row in rollouts.read(folder / "lessons.jsonl")][:prompts]
    return [row["address"] for row in rollouts.read(folder / "rollouts.jsonl") if row["rollout"] == 0][:prompts]


def twins(addresses: Iterable[str]) -> list[str]:
    """Problems of the training world in the same cells and levels, which no run has seen."""
    fresh = []
    for text in addresses:
        a = Address.parse(text)
        seed = Draws("fresh", text).bits() >> 1
        fresh.append(str(Address(a.family, a.question, a.level, seed, False, a.width, a.height, a.text, a.words)))
    return fresh


def by_cell(addresses: Sequence[str], rights: Sequence[bool]) -> dict[str, list[int]]:
    return counted((f"{a.family}/{a.question}" for a in map(Address.parse, addresses)), rights)


def by_level(addresses: Sequence[str], rights: Sequence[bool]) -> dict[str, list[int]]:
    return counted((str(a.level) for a in map(Address.parse, addresses)), rights)


def counted(names: Iterable[str], rights: Sequence[bool]) -> dict[str, list[int]]:
    """Name -> how many were right, of how many."""
    found: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for name, one in zip(names, rights):
        found[name][0] += one
        found[name][1] += 1
    return dict(sorted(found.items()))


def group_rows(folder: Path, steps: int, plan: Batches) -> list[list[float]]:
    """By generation batch: groups with mixed outcomes, groups, rollouts that were right, mean level."""
    batches = plan.batches_before(steps)
    groups: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for row in rollouts.read(folder / "rollouts.jsonl"):
        if row["batch"] < batches:
            groups[row["slot"]].append(row)
    found: dict[int, list[float]] = defaultdict(lambda: [0, 0, 0, 0.0])
    for rows in groups.values():
        one, correct = found[rows[0]["batch"]], sum(row["correct"] for row in rows)
        one[0] += 0 < correct < len(rows)
        one[1] += 1
        one[2] += correct
        one[3] += Address.parse(rows[0]["address"]).level
    return [[mixed, n, correct, round(level / n, 2)] for _, (mixed, n, correct, level) in sorted(found.items())]


def thinned(path: Path, steps: int) -> list[dict[str, float]]:
    """Some rows of the training log, with what a reader asks of them first."""
    kept = ("step", "loss", "reward", "entropy", "grad_norm", "mean_token_accuracy", "step_time", "env/wait_seconds")
    rows = [row for row in rollouts.read(path) if row["step"] <= steps]
    every = max(1, len(rows) // ROWS)
    return [{key: round(row[key], 4) for key in kept if key in row} for row in rows[every - 1 :: every]]


def parameters(checkpoint: Path) -> int:
    """Weights of a saved policy."""
    from safetensors import safe_open

    total = 0
    for file in checkpoint.glob("*.safetensors"):
        with safe_open(file, "pt") as held:
            for name in held.keys():  # noqa: SIM118 -- it is no dict
                shape = held.get_slice(name).get_shape()
                size = 1
                for side in shape:
                    size *= side
                total += size
    return total


def device() -> str:
    import torch

    return str(torch.cuda.get_device_name()) if torch.cuda.is_available() else "CPU"


def child_cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def read(path: Path, otherwise: Any) -> Any:
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else otherwise


def write(path: Path, text: str) -> None:
    """In one rename, so that a file that is there is whole."""
    partial = path.with_name(path.name + ".partial")
    partial.write_text(text, encoding="utf-8")
    os.replace(partial, path)


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--arm", required=True, choices=ARMS)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--size", choices=tuple(TEST), default="cpu")
    parser.add_argument("--minutes", type=float, default=9.0, help="after which the command has ended (9)")
    parser.add_argument("--seconds", type=float, help="how long arm e goes on, where b was not run in --out")
    parser.add_argument("--out", required=True, help="folder of the results, one JSON file an arm and seed")
    parser.add_argument("--runs", help="folder of checkpoints and logs (OUT/runs)")
    parser.add_argument("overrides", nargs="*", metavar="key=value", help="of the configs, for trying things out")
    args = parser.parse_intermixed_args(argv)
    try:
        bench = Bench(args)
        bench.held_out()
        config, whole = bench.supervised()
        if args.arm != "a" and not whole:
            raise Late(f"the minutes ended in the supervised start ({config.folder}): give the same command again")
        if args.arm == "e":
            config, whole = bench.continued()
        elif args.arm != "a":
            command, config = bench.grpo()
            whole = bench.train(command, config)
        result = measured(bench, config, whole)
        path = bench.out / f"{args.size}-{args.arm}-seed{args.seed}.json"
        write(path, json.dumps(result))
    except (ConfigError, AddressError, Late, OSError) as error:
        print(f"learning: {error}", file=sys.stderr)
        return 2
    score = result["test"]["right"].count("1") / len(result["test"]["right"])
    print(f"{path}: {100 * score:.1f} % of the held-out set after {result['steps']} of {result['of']} steps")
    return 0


if __name__ == "__main__":
    sys.exit(main())
