"""Tables and plots of docs/curriculum.md from the rows that benchmarks/curriculum.py wrote.

    PYTHONPATH=. python -m benchmarks.curriculum_report runs/curriculum.jsonl [--docs docs] [--spread 1] [--cells 200]

Prints the tables as Markdown and writes curriculum-useful.png, curriculum-gained.png and curriculum-reliability.png.
Of rows alike in cells, spread, known and policy the mean over seeds is shown. Rivals do not choose, so that what is
known of problems is nothing to them: their rows count for every `known`.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.curriculum import EVERY, GAINS, POLICIES

Row = dict[str, Any]
ORDER = list(POLICIES)
COLOURS = dict(
    zip(
        ORDER,
        ("#c1272d", "#d9694f", "#e59b84", "#efc7ba", "#777777", "#b8a24a", "#2b6ca3", "#2f8f5b", "#8457a8", "#3aa3a3"),
        strict=False,
    )
)


def read(path: Path) -> dict[tuple[int, float, float, str], list[Row]]:
    found = defaultdict(list)
    for line in path.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        found[row["cells"], row["spread"], round(row["known"], 2), row["policy"]].append(row)
    return dict(found)


def mean(rows: Sequence[Row], key: str) -> float:
    return float(np.mean([row[key] for row in rows]))


def table(rows: dict[tuple[int, float, float, str], list[Row]]) -> str:
    """A line a policy, size, spread and known."""
    marks = " | ".join(f"+{mark:g}" for mark in GAINS)
    heads = ("cells", "spread", "known", "policy", "useful %", "without floor", "of the oracle's %")
    lines = [f"| {' | '.join(heads)} | steps to {marks} | regret | foretold, off by |"]
    lines.append("|" + "---|" * (len(heads) + len(GAINS) + 2))
    order = sorted(rows, key=lambda key: (key[0], key[1], ORDER.index(key[3]), key[2]))
    for key in order:
        held = rows[key]
        cells, spread, known, policy = key
        ours = policy.startswith("ours")
        share = mean(held, "bare" if ours else "useful") / mean(held, "oracle_known")
        steps = []
        for i in range(len(GAINS)):
            reached = [row["steps"][i] for row in held]
            steps.append("-" if None in reached else f"{np.mean(reached):.0f}")
        bare = f"{100 * mean(held, 'bare'):.1f}" if ours else ""
        off = f"{100 * mean(held, 'calibration'):.1f}" if ours else ""
        where = f"{cells} | {spread:g} | {f'{known:g}' if ours else ''} | {policy}"
        shares = f"{100 * mean(held, 'useful'):.1f} | {bare} | {100 * share:.1f}"
        lines.append(f"| {where} | {shares} | {' | '.join(steps)} | {mean(held, 'regret'):.0f} | {off} |")
    return "\n".join(lines)


def curves(
    rows: dict[tuple[int, float, float, str], list[Row]], cells: int, spread: float, what: str, path: Path
) -> None:
    """One panel: share of useful groups or ability gained by batch, a line a policy, oracles dashed."""
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(figsize=(7.5, 4.2), dpi=110)
    ours = [key for key in rows if key[:2] == (cells, spread) and key[3] == "ours"]
    known = min((key[2] for key in ours), key=lambda value: abs(value - 0.33), default=0.0)
    for policy in ORDER:
        held = next(
            (
                rows[key]
                for key in rows
                if key[:2] == (cells, spread)
                and key[3] == policy
                and (key[2] == known or not policy.startswith("ours"))
            ),
            None,
        )
        if not held or (policy.startswith("ours,") and policy != "ours, 1 candidate"):
            continue
        y = np.mean([row["curve"][what] for row in held], axis=0)
        wide = policy == "ours"
        axes.plot(EVERY * (1 + np.arange(len(y))), y, color=COLOURS[policy], lw=2.4 if wide else 1.4, label=policy)
        if what == "useful" and wide:
            for sees, dash in (("known", "--"), ("level", ":")):
                level = np.mean([row["curve"][sees] for row in held], axis=0)
                names = {"known": "oracle that chooses too", "level": "oracle of levels"}
                axes.plot(EVERY * (1 + np.arange(len(level))), level, dash, color="black", lw=1, label=names[sees])
    axes.set_xlabel("batch")
    axes.set_ylabel({"useful": "chance of mixed outcomes", "gained": "mean ability gained, logits"}[what])
    axes.set_title(f"{cells} cells, problems of a level spread by {spread:g} logits", fontsize=10)
    axes.grid(alpha=0.25)
    axes.legend(fontsize=8, loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
    figure.tight_layout()
    figure.savefig(path)
    plt.close(figure)


def reliability(rows: dict[tuple[int, float, float, str], list[Row]], path: Path) -> None:
    """Pass rates of groups beside those believed before them, in ten bins; a line a size and spread."""
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(figsize=(4.6, 4.4), dpi=110)
    axes.plot([0, 1], [0, 1], color="black", lw=0.8)
    for key in sorted(key for key in rows if key[3] == "ours" and 0.3 < key[2] < 0.6):
        believed, true, _ = np.array(rows[key][0]["bins"]).T
        axes.plot(
            believed, true, "o-" if key[0] == 200 else "s--", ms=4, lw=1, label=f"{key[0]} cells, spread {key[1]:g}"
        )
    axes.set_xlabel("pass rate believed before a group")
    axes.set_ylabel("pass rate of the groups")
    axes.set(xlim=(0, 1), ylim=(0, 1), aspect="equal")
    axes.grid(alpha=0.25)
    axes.legend(fontsize=8, frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
    figure.tight_layout()
    figure.savefig(path)
    plt.close(figure)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rows", type=Path)
    parser.add_argument("--docs", type=Path, default=Path("docs"))
    parser.add_argument("--cells", type=int, default=200, help="of the curves")
    parser.add_argument("--spread", type=float, default=1.0, help="of the curves")
    arguments = parser.parse_args()
    rows = read(arguments.rows)
    print(table(rows))
    for what in ("useful", "gained"):
        curves(rows, arguments.cells, arguments.spread, what, arguments.docs / f"curriculum-{what}.png")
    reliability(rows, arguments.docs / "curriculum-reliability.png")
