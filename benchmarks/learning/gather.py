"""The results of the arms and seeds that were run, gathered from one or several occasions into one page.

    python benchmarks/learning/gather.py DIR [DIR ...] [--out PAGE.md]      DIR/learning-SIZE.md unless told otherwise

A table of the arms, paired comparisons, plots (one PNG), and what is missing. Intervals are Wilson's, 95 %, over
problems; seeds are pooled, so that they say how far the held-out set could have misled, and the spread over seeds,
which is given beside them, how far another run could differ. Differences between arms are paired: the arms answered
the same problems.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent.parent))

from trainers.report import compare, wilson

TITLES = {
    "a": "(a) worked solutions",
    "b": "(b) GRPO, adaptive stream",
    "c": "(c) GRPO, uniform stream",
    "d": "(d) GRPO, a set drawn once",
    "e": "(e) solutions, continued",
}
PAIRS = (("b", "a"), ("b", "c"), ("b", "d"), ("c", "d"), ("b", "e"), ("c", "e"), ("d", "e"), ("e", "a"))
COLOURS = {"a": "#777777", "b": "#d62728", "c": "#1f77b4", "d": "#2ca02c", "e": "#9467bd"}
SMOOTH = 10  # batches that the curves of useful groups are averaged over

Result = dict[str, Any]
Results = dict[tuple[str, int], Result]  # by arm and seed


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", metavar="DIR", help="folders of results, as run.py --out left them")
    parser.add_argument("--out", help="the page, its plot beside it")
    args = parser.parse_args(argv)
    every = gathered(map(Path, args.folders))
    if not every:
        print(f"gather: no result in {', '.join(args.folders)}: run benchmarks/learning/run.py first", file=sys.stderr)
        return 2
    if args.out and len(every) > 1:
        print(f"gather: results of {' and '.join(every)} size: leave --out away, or move one of them", file=sys.stderr)
        return 2
    for size, results in every.items():
        page = Path(args.out or Path(args.folders[0]) / f"learning-{size}.md")
        picture = page.with_suffix(".png")
        plot(results, picture)
        page.write_text("\n".join(written(size, results, picture.name)) + "\n", encoding="utf-8")
        print(f"wrote {page} and {picture}: {', '.join(missing(results)) or 'nothing is missing'}")
    return 0


def gathered(folders: Iterable[Path]) -> dict[str, Results]:
    """The results by size. Of two of the same arm and seed the one that came further counts."""
    every: dict[str, Results] = {}
    for folder in folders:
        for path in sorted(folder.glob("*-seed*.json")):
            one = json.loads(path.read_text(encoding="utf-8"))
            if not {"arm", "size", "seed", "steps", "test"} <= one.keys():
                continue
            held, key = every.setdefault(one["size"], {}), (one["arm"], one["seed"])
            if key not in held or held[key]["steps"] < one["steps"]:
                held[key] = one
    return every


def seeds_of(results: Results, arm: str) -> list[int]:
    return sorted(seed for name, seed in results if name == arm)


def missing(results: Results) -> list[str]:
    """What was not run, or not to its end."""
    seeds = sorted({seed for _, seed in results})
    found = [f"{arm} seed {seed} was not run" for arm in TITLES for seed in seeds if (arm, seed) not in results]
    found += [
        f"{arm} seed {seed} ended after {one['steps']} of {one['of']} steps"
        for (arm, seed), one in sorted(results.items())
        if not one["finished"]
    ]
    if len({one["test"]["digest"] for one in results.values()}) > 1:
        found.append("THE HELD-OUT SETS DIFFER: these results do not belong together")
    return found


def share(right: int, n: int) -> str:
    low, high = wilson(right, n)
    return f"{100 * right / n:.1f} [{100 * low:.1f}, {100 * high:.1f}]"


def right_of(one: Result) -> int:
    return int(one["test"]["right"].count("1"))


def useful(one: Result) -> tuple[int, int]:
    """Groups with mixed outcomes, and groups."""
    return int(sum(row[0] for row in one["groups"])), int(sum(row[1] for row in one["groups"]))


def written(size: str, results: Results, picture: str) -> list[str]:
    first = next(iter(results.values()))
    of = f"{len(first['test']['right'])} held-out problems"
    lines = [
        f"# Learning, {size} size",
        "",
        f"{first['parameters'] / 1e6:.1f} million weights, from scratch; {of}.",
        "",
    ]
    gone = missing(results)
    lines += [f"Missing: {'; '.join(gone)}." if gone else "Nothing is missing.", ""]
    lines += [
        "| arm | seeds | held-out accuracy, % | by seed | useful groups, % | rollouts | own problems | fresh | gap |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for arm, title in TITLES.items():
        ones = [results[arm, seed] for seed in seeds_of(results, arm)]
        if not ones:
            lines.append(f"| {title} | not run | | | | | | | |")
            continue
        n = sum(len(one["test"]["right"]) for one in ones)
        own, fresh = (tuple(map(sum, zip(*(one[key] for one in ones)))) for key in ("own", "fresh"))
        mixed, groups = map(sum, zip(*(useful(one) for one in ones)))
        cells = [
            title,
            " ".join(str(one["seed"]) for one in ones),
            share(sum(map(right_of, ones)), n),
            ", ".join(f"{100 * right_of(one) / len(one['test']['right']):.1f}" for one in ones),
            f"{100 * mixed / groups:.0f}" if groups else "",
            f"{ones[0]['rollouts']:,}" if groups else "",
            share(*own),
            share(*fresh),
            f"{100 * (own[0] / own[1] - fresh[0] / fresh[1]):+.1f}",
        ]
        lines.append(f"| {' | '.join(cells)} |")
    lines += [
        "",
        "*Own problems* are a sample of those that the arm was trained on, *fresh ones* as many of the training world",
        "in the same cells and levels: what own ones have over them is memorised. Cells and levels differ by arm.",
        "Arms that were run with other seeds are to be compared in the paired table alone.",
        "",
        f"![Held-out accuracy and useful groups over steps]({picture})",
        "",
        "## Differences, problem by problem",
        "",
        "| | seeds | points | 95 % | better, worse | p |",
        "|---|---|---|---|---|---|",
        *paired(results),
        "",
        "Bootstrap over problems, McNemar's exact test. Another seed can differ by more than either says.",
        "",
        *reached(results),
        "",
        *curves_by_cell(curves(results)),
        "",
        *by_cell(results),
        "",
        "## By cell, problem by problem",
        "",
        "| | seeds | points | 95 % | better, worse | p |",
        "|---|---|---|---|---|---|",
        *(row for cell in first["cells"] for row in paired(results, PAIRS[:5], cell)),
        "",
        f"{len(first['cells'])} cells were looked at: a p-value is worth so many times as much.",
        "",
        "## What it took",
        "",
        "| arm | wall seconds by seed | CPU seconds | steps |",
        "|---|---|---|---|",
    ]
    for arm, title in TITLES.items():
        ones = [results[arm, seed] for seed in seeds_of(results, arm)]
        if ones:
            wall, cpu = (", ".join(f"{one['spent'][clock]:.0f}" for one in ones) for clock in ("wall", "cpu"))
            lines.append(f"| {title} | {wall} | {cpu} | {', '.join(str(one['steps']) for one in ones)} |")
    machines = sorted({one["machine"] for one in results.values()})
    return [*lines, "", f"Made on {'; '.join(machines)}."]


def paired(results: Results, pairs: Sequence[tuple[str, str]] = PAIRS, cell: str = "") -> list[str]:
    """Rows of one arm against another, over the seeds that both were run with; of one cell, if it is named."""
    lines = []
    for one, other in pairs:
        seeds = [seed for seed in seeds_of(results, one) if (other, seed) in results]
        if not seeds:
            continue
        found = compare(*(answers(results, arm, seeds, cell) for arm in (one, other)))
        said = "" if found["p"] < 0.05 else ", as far apart as chance may put them"
        who = f"{cell} ({one}) over ({other})".strip()
        span = f"[{100 * found['low']:+.1f}, {100 * found['high']:+.1f}]"
        lines.append(
            f"| {who} | {' '.join(map(str, seeds))} | {100 * found['difference']:+.1f} | {span} "
            f"| {found['better']}, {found['worse']} | {found['p']:.2g}{said} |"
        )
    return lines


def answers(results: Results, arm: str, seeds: Sequence[int], cell: str = "") -> Mapping[str, tuple[int, int]]:
    """Problem and seed -> (right, 1); of one cell, if it is named."""
    found = {}
    for seed in seeds:
        one = results[arm, seed]
        bits = one["test"]["right"]
        found |= {f"{seed}/{i}": (int(bits[i]), 1) for i in (places_of(one, cell) if cell else range(len(bits)))}
    return found


def places_of(one: Result, cell: str) -> list[int]:
    """Which of the held-out problems are of a cell: there they go by letters, "a" for the first cell."""
    letter = chr(ord("a") + sorted(one["cells"]).index(cell))
    return [place for place, at in enumerate(one["test"]["of"]) if at == letter]


def reached(results: Results) -> list[str]:
    """After how many steps (b) was where (c) ended, on the problems that every checkpoint was asked."""
    lines = ["## Steps for (b) to be where (c) ended", ""]
    for seed in seeds_of(results, "b"):
        if ("c", seed) not in results:
            continue
        ours, theirs = results["b", seed]["curve"], results["c", seed]["curve"]
        step, right, n = theirs[-1]
        at = next((s for s, found, _ in ours if found >= right), None)
        said = f"after {at} steps" if at is not None else f"not within {ours[-1][0]} steps"
        lines.append(f"- seed {seed}: {said}; (c) was at {100 * right / n:.1f} % after its {step} (of {n} problems).")
    return lines if len(lines) > 2 else []


def curves(results: Results) -> dict[tuple[str, str], dict[int, float]]:
    """Percent right on the first held-out problems of a cell by an arm, seeds pooled, by step; 0 is where (a) left it.
    Of cells that some arm got a tenth of at some time, and of results that tell single problems on the way."""
    found: dict[tuple[str, str], dict[int, float]] = {}
    for cell in next(iter(results.values()))["cells"]:
        of_cell = {}
        for arm in "bcd":
            right: dict[int, list[int]] = {}
            for seed in seeds_of(results, arm):
                one = results[arm, seed]
                rows = [(step, row) for (step, *_), row in zip(one["curve"], one.get("curve_right", ()))]
                if rows and ("a", seed) in results:
                    rows.insert(0, (0, results["a", seed]["test"]["right"][: len(rows[0][1])]))
                for step, row in rows:
                    right.setdefault(step, []).extend(int(row[i]) for i in places_of(one, cell) if i < len(row))
            if right:
                of_cell[cell, arm] = {step: 100 * sum(row) / len(row) for step, row in sorted(right.items()) if row}
        if max((share for row in of_cell.values() for share in row.values()), default=0.0) >= 10:
            found |= of_cell
    return found


def curves_by_cell(shown: Mapping[tuple[str, str], Mapping[int, float]]) -> list[str]:
    steps = sorted({step for row in shown.values() for step in row})
    heads = [f"{cell} ({arm})" for cell, arm in shown]
    lines = [f"| step | {' | '.join(heads)} |", "|---|" + "---|" * len(heads)]
    for step in steps:
        rows = (f"{row[step]:.0f}" if step in row else "" for row in shown.values())
        lines.append(f"| {step} | {' | '.join(rows)} |")
    return lines


def by_cell(results: Results) -> list[str]:
    """Held-out accuracy by cell and level, seeds pooled."""
    arms = [arm for arm in TITLES if seeds_of(results, arm)]
    lines = [f"| held-out accuracy, % | {' | '.join(f'({arm})' for arm in arms)} |", "|---|" + "---|" * len(arms)]
    for key, called in (("cells", ""), ("levels", "level ")):
        for name in next(iter(results.values()))[key]:
            row = []
            for arm in arms:
                right, n = map(sum, zip(*(results[arm, seed][key][name] for seed in seeds_of(results, arm))))
                row.append(f"{100 * right / n:.0f}")
            lines.append(f"| {called}{name} | {' | '.join(row)} |")
    return lines


def plot(results: Results, path: Path) -> None:
    """Held-out accuracy on the cell that arms end furthest apart on, and on all; useful groups and mean level over
    steps. A line a seed but in the first."""
    import matplotlib

    matplotlib.use("agg")
    import matplotlib.pyplot as plt
    import numpy as np

    figure, (first_of_all, *axes) = plt.subplots(1, 4, figsize=(15, 3.6), layout="constrained")
    by_arm = curves(results)
    ends: dict[str, list[float]] = {}
    for (cell, _), row in by_arm.items():
        ends.setdefault(cell, []).append(row[max(row)])
    telling = max(ends, key=lambda cell: max(ends[cell]) - min(ends[cell]), default="")
    for (cell, arm), row in by_arm.items():
        if cell == telling:
            first_of_all.plot([*row], [*row.values()], color=COLOURS[arm], linewidth=2)
    # Every checkpoint was asked the first so many problems; ends and starts are shown on the same.
    first = min((one["curve"][0][2] for one in results.values() if one["curve"]), default=None)
    for (arm, seed), one in sorted(results.items()):
        look = {"color": COLOURS[arm], "linewidth": 1.4, "linestyle": ("-", "--", ":", "-.")[seed % 4]}
        label = TITLES[arm] if seed == min(seeds_of(results, arm)) else None
        if arm in "ae":
            found = one["test"]["right"][:first]
            axes[0].axhline(100 * found.count("1") / len(found), label=label, alpha=0.8, **look)
            continue
        start = results.get(("a", seed))
        begun = [[0, start["test"]["right"][:first].count("1"), first]] if start else []
        curve = np.array([*begun, *one["curve"]])
        axes[0].plot(curve[:, 0], 100 * curve[:, 1] / curve[:, 2], label=label, **look)
        rows = np.array(one["groups"])
        steps = one["steps"] / len(rows) * (np.arange(len(rows)) + 1)
        wide = min(SMOOTH, len(rows))
        mixed, groups, _, level = (np.convolve(column, np.ones(wide) / wide, "valid") for column in rows.T)
        axes[1].plot(steps[wide - 1 :], 100 * mixed / groups, **look)
        axes[2].plot(steps[wide - 1 :], level, **look)
    titles = (
        f"{telling}, % (first {first} problems, seeds pooled)",
        f"all cells, % (first {first}), by seed",
        f"groups with mixed outcomes, % ({SMOOTH} batches)",
        "mean level",
    )
    for ax, title in zip((first_of_all, *axes), titles):
        ax.set_title(title, fontsize=10)
        ax.set_xlabel("step")
        ax.grid(alpha=0.25)
        ax.spines[["top", "right"]].set_visible(False)
    figure.legend(*axes[0].get_legend_handles_labels(), fontsize=8, frameon=False, loc="outside lower center", ncols=5)
    figure.savefig(path, dpi=75)


if __name__ == "__main__":
    sys.exit(main())
