"""The tiny run for three seeds, and the table of docs/results-tiny.md.

    python benchmarks/tiny_seeds.py [SEED ...]      # 0 1 2 if none are named; ten minutes each on two quiet cores

Every seed changes the first weights, the worked solutions, the stream and the sampling; the test slice stays.
"""

from __future__ import annotations

import platform
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from trainers.config import load  # noqa: E402
from trainers.preflight import versions  # noqa: E402
from trainers.report import percent, wilson  # noqa: E402
from trainers.table import TITLES, Table  # noqa: E402

CONFIG = ROOT / "configs" / "tiny.yaml"
OUT = ROOT / "docs" / "results-tiny.md"


def main(seeds: list[str]) -> int:
    runs: dict[str, Table] = {}
    took: dict[str, float] = {}
    for seed in seeds:
        config = load(CONFIG, [f"seed={seed}", f"name=tiny-seed{seed}"])
        command = [sys.executable, "-m", "trainers.grpo", str(CONFIG), f"seed={seed}", f"name={config.name}"]
        began = time.monotonic()
        if subprocess.run(command, cwd=ROOT, check=False).returncode:
            return 1
        took[seed] = time.monotonic() - began
        runs[seed] = Table(ROOT / config.folder / "table.json", keep=True)
        OUT.write_text(page(runs, took), encoding="utf-8")
    print(f"wrote {OUT}")
    return 0


def page(runs: dict[str, Table], took: dict[str, float]) -> str:
    names, test_set = list(runs), load(CONFIG).eval.test_set
    stages = [stage for stage in TITLES if all(table.has(stage) for table in runs.values())]
    lines = [
        "# The tiny run",
        "",
        f"`python -m trainers.grpo configs/tiny.yaml`, {len(runs)} seeds: greedy pass@1 on `{test_set}`, "
        "with Wilson 95 % intervals, and the seconds of each stage. Written by `benchmarks/tiny_seeds.py`.",
        "",
        "| stage | " + " | ".join(f"seed {name}" for name in names) + " |",
        "|---|" + "---|" * len(names),
    ]
    for stage in stages:
        cells = []
        for table in runs.values():
            row = table.rows[stage]
            low, high = wilson(row["correct"], row["total"])
            seconds = f", {row['seconds']:.0f} s" if "seconds" in row else ""
            cells.append(f"{percent(row['correct'] / row['total'])} [{100 * low:.0f}, {100 * high:.0f}]{seconds}")
        lines.append(f"| {TITLES[stage]} | " + " | ".join(cells) + " |")
    lines.append("| the whole command | " + " | ".join(f"{seconds:.0f} s" for seconds in took.values()) + " |")
    for name, table in runs.items():
        lines += ["", f"Seed {name}: " + " ".join(said for said in table.verdict() if said)]
    machine = f"{platform.machine()}, Python {platform.python_version()}, {', '.join(versions())}"
    return "\n".join([*lines, "", f"Made on {machine}.", ""])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or ["0", "1", "2"]))
