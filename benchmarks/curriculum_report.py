"""Tables and plots of docs/curriculum.md from the rows that benchmarks/curriculum.py wrote.

    PYTHONPATH=. python -m benchmarks.curriculum_report [--rows docs/curriculum.csv] [--docs docs]

Writes the tables into curriculum.md, between its marks, and of learners who do not guess curriculum-useful.png,
-steps.png, -regret.png and -reliability.png. Of rows alike in cells, spread, known and policy the mean over seeds is
shown, and how far seeds are apart (their standard deviation). Rivals do not choose, so that what is known of problems
is nothing to them.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.curriculum import EVERY, GAINS, POLICIES
from benchmarks.curriculum_rows import read

Row = dict[str, Any]
Rows = dict[tuple[int, float, float, str], list[Row]]
ORDER = list(POLICIES)
TOLD = ("ours, 4 candidates", "ours, 1 candidate", "ours, guessing not told", "reasoning-gym", "RLVE", "SFL", "uniform")
WAYS = {1: "each rollout", 2: "once a problem"}  # of guessing, see benchmarks/learners.py
KNOWN = 0.333  # the share of luck that problems tell, in plots
SHOWN = ["ours", "ours, 1 candidate", *(name for name in ORDER if not name.startswith("ours"))]
COLOURS = ("#c1272d", "#e58a6f", "#777777", "#b8a24a", "#2b6ca3", "#2f8f5b", "#8457a8", "#3aa3a3")
COLOUR = dict(zip(SHOWN, COLOURS, strict=True))


def grouped(rows: Sequence[Row], guessing: int = 0) -> Rows:
    """Of learners who guess in this way."""
    found = defaultdict(list)
    for row in rows:
        if row["guessing"] != guessing:
            continue
        found[row["cells"], row["spread"], row["known"], row["policy"]].append(row)
    return dict(sorted(found.items(), key=lambda pair: (*pair[0][:2], -pair[0][2], ORDER.index(pair[0][3]))))


def share(row: Row) -> float:
    """Of the oracle's useful groups; of ours those without the floor."""
    useful = row["bare"] if row["policy"].startswith("ours") else row["useful"]
    return float(useful / row["oracle_known"])


def told(held: Sequence[Row], of: Callable[[Row], float | None], digits: int = 0, times: float = 1.0) -> str:
    """The mean over seeds and their standard deviation; '-' if a seed has no value."""
    values = [of(row) for row in held]
    if any(value is None for value in values):
        return "-"
    scaled = times * np.array(values, dtype=float)
    spread = f" ± {scaled.std(ddof=1):.{digits}f}" if len(scaled) > 1 else ""
    return f"{scaled.mean():.{digits}f}{spread}"


def table(rows: Rows, cells: int) -> str:
    """A line a policy, spread and known."""
    marks = [f"to +{mark}" for mark in GAINS]
    heads = ["spread", "known", "policy", "useful %", "without floor %", "of the oracle's %", *marks]
    heads += ["regret", "foretold, off by", "never asked %"]
    lines = [f"| {' | '.join(heads)} |", "|" + "---|" * len(heads)]
    for (size, spread, known, policy), held in rows.items():
        if size != cells:
            continue
        ours = policy.startswith("ours")
        fields = [f"{spread:g}", f"{known:.2g}" if ours else "", policy, told(held, lambda r: r["useful"], 1, 100)]
        fields += [told(held, lambda r: r["bare"], 1, 100) if ours else "", told(held, share, 1, 100)]
        fields += [told(held, lambda r, m=mark: r[f"steps_{m}"]) for mark in GAINS]  # type: ignore[misc]
        fields += [told(held, lambda r: r["regret"]), told(held, lambda r: r["calibration"], 1, 100) if ours else ""]
        fields += [told(held, lambda r: r["never"], 1, 100)]
        lines.append(f"| {' | '.join(fields)} |")
    return "\n".join(lines)


def guessed(rows: Sequence[Row]) -> str:
    """Of learners who guess: a line a way of guessing, size, spread and policy."""
    heads = ["a guess", "cells", "spread", "policy", "useful %", "teach %", *(f"to +{mark}" for mark in GAINS)]
    heads += ["foretold, off by"]
    lines = [f"| {' | '.join(heads)} |", "|" + "---|" * len(heads)]
    for guessing, way in WAYS.items():
        for (cells, spread, _, policy), held in grouped(rows, guessing).items():
            if policy not in TOLD:
                continue
            fields = [way, str(cells), f"{spread:g}", policy, told(held, lambda r: r["useful"], 1, 100)]
            fields += [told(held, lambda r: r["teaching"], 1, 100)]
            fields += [told(held, lambda r, m=mark: r[f"steps_{m}"]) for mark in GAINS]  # type: ignore[misc]
            fields += [told(held, lambda r: r["calibration"], 1, 100) if policy.startswith("ours") else ""]
            lines.append(f"| {' | '.join(fields)} |")
    return "\n".join(lines)


def course(rows: Rows, cells: int, what: str, label: str, path: Path) -> None:
    """A panel a spread: a curve by batch, a line a policy; oracles dashed beside shares of useful groups."""
    from matplotlib import pyplot as plt

    spreads = sorted({key[1] for key in rows if key[0] == cells})
    figure, panels = plt.subplots(1, len(spreads), figsize=(11, 4.2), dpi=80, sharey=True, squeeze=False)
    for axes, spread in zip(panels[0], spreads, strict=True):
        for policy in SHOWN:
            held = rows.get((cells, spread, KNOWN, policy))
            if held:
                y = np.mean([row[what] for row in held], axis=0)
                wide = 2.6 if policy == "ours" else 1.3
                axes.plot(EVERY * (1 + np.arange(len(y))), y, color=COLOUR[policy], lw=wide, label=policy)
        held = rows.get((cells, spread, KNOWN, "ours"), [])
        for sees, dash, name in (("known", "--", "oracle that chooses too"), ("level", ":", "oracle of levels")):
            if what == "useful_curve" and held:
                y = np.mean([row[f"{sees}_curve"] for row in held], axis=0)
                axes.plot(EVERY * (1 + np.arange(len(y))), y, dash, color="black", lw=1.2, label=name)
        axes.set_title(f"spread of {spread:g} logits", fontsize=11)
        axes.set_xlabel("batch")
        _plain(axes)
    panels[0][0].set_ylabel(label)
    if what == "useful_curve":
        panels[0][0].set_ylim(0.4, 1.0)
    lines, names = panels[0][0].get_legend_handles_labels()
    figure.legend(lines, names, ncols=5, fontsize=10, loc="lower center", frameon=False)
    figure.tight_layout(rect=(0, 0.13, 1, 1))
    _save(figure, path)


def steps(rows: Rows, path: Path) -> None:
    """A panel a size and spread, a line a policy: batches until the mean ability had grown by 1, 2 and 3 logits."""
    from matplotlib import pyplot as plt

    sizes, spreads = (sorted({key[i] for key in rows}) for i in (0, 1))
    figure, panels = plt.subplots(len(sizes), len(spreads), figsize=(11, 6), dpi=80, sharey=True, squeeze=False)
    for i, size in enumerate(sizes):
        for j, spread in enumerate(spreads):
            axes = panels[i][j]
            for y, policy in enumerate(reversed(SHOWN)):
                for mark, shape in zip(GAINS, "os^", strict=True):
                    found = [row[f"steps_{mark}"] for row in rows.get((size, spread, KNOWN, policy), [])]
                    if found and None not in found:
                        axes.plot(np.mean(found), y, shape, color=COLOUR[policy], ms=7)
            axes.set_yticks(range(len(SHOWN)), list(reversed(SHOWN)), fontsize=10)
            axes.set_title(f"{size} cells, spread {spread:g}", fontsize=11)
            axes.set_xlim(left=0)
            _plain(axes)
    figure.supxlabel(
        "batches until ability grew by 1 (dot), 2 (square), 3 logits (triangle); none: not in the run", fontsize=11
    )
    figure.tight_layout()
    _save(figure, path)


def reliability(rows: Rows, path: Path) -> None:
    """Pass rates of groups beside those believed before them, in ten bins; a line a size and spread."""
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(figsize=(5.6, 5.2), dpi=80)
    axes.plot([0, 1], [0, 1], color="black", lw=0.8)
    colours = dict(zip((0, 1, 2), ("#2b6ca3", "#2f8f5b", "#c1272d"), strict=True))
    for (cells, spread, known, policy), held in rows.items():
        if policy == "ours" and known == KNOWN:
            row, style = held[0], "o-" if cells == 200 else "s--"
            name = f"{cells} cells, spread {spread:g}"
            axes.plot(row["believed_rates"], row["true_rates"], style, ms=5, lw=1, color=colours[spread], label=name)
    axes.set(xlim=(0, 1), ylim=(0, 1), aspect="equal")
    axes.set_xlabel("pass rate believed before a group")
    axes.set_ylabel("pass rate of the groups")
    axes.legend(fontsize=10, frameon=False)
    _plain(axes)
    figure.tight_layout()
    _save(figure, path)


def _plain(axes: Any) -> None:
    axes.grid(alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)


def _save(figure: Any, path: Path) -> None:
    """As a PNG of 64 colours, which is enough for lines and a third of the size."""
    from matplotlib import pyplot as plt
    from PIL import Image

    figure.savefig(path)
    plt.close(figure)
    with Image.open(path) as image:
        small = image.convert("RGB").quantize(64)
    small.save(path, optimize=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=Path, default=Path("docs/curriculum.csv"))
    parser.add_argument("--docs", type=Path, default=Path("docs"))
    arguments = parser.parse_args()
    every = read(arguments.rows)
    rows = grouped(every)
    page = arguments.docs / "curriculum.md"
    text = page.read_text(encoding="utf-8")
    tables = {f"{size} cells": table(rows, size) for size in sorted({key[0] for key in rows})}
    for name, lines in (tables | {"guessed": guessed(every)}).items():
        start, end = f"<!-- {name} -->\n", "<!-- end -->"
        before, mark, rest = text.partition(start)
        _, close, after = rest.partition(end)
        if not (mark and close):
            parser.error(f"{page} has no lines {start.strip()!r} and {end!r}: write them where the table goes")
        text = f"{before}{mark}{lines}\n{close}{after}"
    page.write_text(text, encoding="utf-8")
    course(rows, 1500, "useful_curve", "chance of mixed outcomes", arguments.docs / "curriculum-useful.png")
    course(rows, 1500, "regret_curve", "regret, thousands of groups", arguments.docs / "curriculum-regret.png")
    steps(rows, arguments.docs / "curriculum-steps.png")
    reliability(rows, arguments.docs / "curriculum-reliability.png")
