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
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent.parent
HERE = Path(__file__).parent
sys.path.insert(0, str(ROOT))

from benchmarks.learning.measuring import Late, measured  # noqa: E402
from envs.address import AddressError, Draws  # noqa: E402
from envs.curriculum import make_curriculum  # noqa: E402
from envs.testsets import Spec, build  # noqa: E402
from trainers.config import Config, ConfigError, load  # noqa: E402
from trainers.grpo import curriculum_keys, other_seed  # noqa: E402

ARMS = ("a", "b", "c", "d", "e")
# Worked solutions there are; problems of the set drawn once (d), which its budget of prompts goes through 8 times.
SOLUTIONS = {"cpu": 128, "gpu": 8192}
FIXED = {"cpu": 480, "gpu": 2000}
TEST = {"cpu": 500, "gpu": 1200}  # problems of the held-out set
CURVE = {"cpu": 200, "gpu": 480}  # the first so many of them, after every checkpoint
OWN = 160  # problems it was trained on, and as many fresh ones
MEASURING = 0.15  # of the minutes are kept for measuring


class Bench:
    """One arm and seed: its configs, its folders and its clock."""

    def __init__(self, args: argparse.Namespace) -> None:
        self.arm, self.seed, self.size = args.arm, args.seed, args.size
        self.out, self.runs = Path(args.out), Path(args.runs or Path(args.out) / "runs")
        self.seconds = args.seconds
        self.began, self.minutes = time.monotonic(), args.minutes
        self.overrides = args.overrides
        self.world = [str(Path(args.world).resolve())] if args.world else []
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
        overrides = [
            str(HERE / f"{self.arm}.yaml"),
            *self.world,
            f"name={self.arm}-seed{self.seed}",
            f"seed={self.seed}",
        ]
        overrides += [f"runs={self.runs}", f"model.id={self.runs / f'start-seed{self.seed}' / 'final'}"]
        if self.arm == "d":
            overrides += [f"curriculum.path={self.problems('fixed', FIXED[self.size])}"]
        return self._command("grpo", f"{self.size}.yaml", [*overrides, *self.overrides])

    def _command(self, stage: str, name: str, overrides: list[str]) -> tuple[list[str], Config]:
        config = load(HERE / name, overrides)
        return [sys.executable, "-m", f"trainers.{stage}", str(HERE / name), *overrides], config

    def learned(self) -> Config:
        """The config that says which cells, levels and size are learned."""
        return load(HERE / f"{self.size}.yaml", [*self.world, *self.overrides])

    def taught(self) -> Config:
        """The one that says which are taught."""
        return load(HERE / f"{self.size}-start.yaml", self.overrides)

    def problems(self, purpose: str, n: int) -> Path:
        """A file of n addresses of the training world, every cell and level alike, from seeds of their own."""
        path = self.runs / f"{purpose}-seed{self.seed}.txt"
        if not path.exists():
            config = self.taught() if purpose == "solutions" else self.learned()
            keys = curriculum_keys(config, mode="uniform", seed=other_seed(config, f"{purpose}/{self.seed}"))
            write(path, "".join(f"{address}\n" for address in make_curriculum(keys).plan(0, n)))
        return path

    def held_out(self) -> Path:
        """The held-out set, the same for every arm and seed; made where it is not yet there."""
        path = self.runs / f"learning-{self.size}.jsonl"
        if not path.exists():
            config = self.learned()
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
    parser.add_argument("--world", metavar="FILE", help="laid over SIZE.yaml alone: other cells for (b), (c) and (d)")
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
        result = {"arm": args.arm, "size": args.size, "seed": args.seed} | measured(
            config,
            whole=whole,
            held_out=bench.held_out(),
            processor=bench.runs / f"start-seed{args.seed}" / "base",
            first=CURVE[args.size],
            sample=OWN,
            draws=Draws("own", args.size, args.seed),
        )
        path = bench.out / f"{args.size}-{args.arm}-seed{args.seed}.json"
        write(path, json.dumps(result).replace(str(bench.runs), "RUNS"))  # where it ran is nobody's business
    except (ConfigError, AddressError, Late, OSError) as error:
        print(f"learning: {error}", file=sys.stderr)
        return 2
    score = result["test"]["right"].count("1") / len(result["test"]["right"])
    print(f"{path}: {100 * score:.1f} % of the held-out set after {result['steps']} of {result['of']} steps")
    return 0


if __name__ == "__main__":
    sys.exit(main())
