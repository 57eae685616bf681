"""The table of a run: accuracy on its test slice after each stage, with Wilson 95 % intervals and what each stage took.

    stage                                test accuracy          seconds   steps
    before                               0.0 %  [ 0.0,  1.9]
    warm start                          52.0 %  [45.1, 58.8]        71     300
    GRPO                                84.5 %  [78.8, 88.9]       140     110
    control: as long under supervision  71.0 %  [64.4, 76.8]       140     590

It is kept in table.json after every stage, so that a resumed run measures nothing twice.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from envs.logs import write_whole
from trainers.config import Batches, Config
from trainers.launch import rank
from trainers.report import Row, mcnemar, percent, wilson

if TYPE_CHECKING:
    from envs.stream import Stream

TITLES = {
    "before": "before",
    "warm start": "warm start",
    "sft": "supervision",
    "grpo": "GRPO",
    "control": "control: as long under supervision",
}
WORTH_IT = 0.15  # what GRPO should add to its warm start, and
GOOD = 0.70  # where it should end


class Table:
    """Rows by stage, in the order in which they were measured."""

    def __init__(self, path: Path, keep: bool) -> None:
        self.path = path
        self.rows: dict[str, dict[str, Any]] = json.loads(path.read_text()) if keep and path.exists() else {}

    def has(self, stage: str, steps: int | None = None) -> bool:
        """Whether a stage was measured; with `steps`, after that many, or it is dropped with all that follow it."""
        if stage not in self.rows:
            return False
        if steps is not None and self.rows[stage]["steps"] != steps:
            after = list(self.rows)[list(self.rows).index(stage) :]
            self.rows = {name: row for name, row in self.rows.items() if name not in after}
            return False
        return True

    def add(self, stage: str, row: dict[str, Any]) -> None:
        self.rows[stage] = row
        if rank() == 0:
            write_whole(self.path, json.dumps(self.rows, indent=1))

    @property
    def measured(self) -> dict[str, dict[str, Any]]:
        """The rows that hold an accuracy; a run without a test set has none."""
        return {stage: row for stage, row in self.rows.items() if "total" in row}

    def text(self) -> str:
        rows = self.measured
        if not rows:
            return "no table: eval.test_set is not set"
        name = next(iter(rows.values()))["test_set"]
        width = max(len(TITLES[stage]) for stage in rows)
        lines = [f"{'stage'.ljust(width)}  {name:>22}  seconds  steps"]
        for stage, row in rows.items():
            low, high = wilson(row["correct"], row["total"])
            accuracy = f"{percent(row['correct'] / row['total'])} [{100 * low:4.1f}, {100 * high:4.1f}]"
            took = f"{row['seconds']:7.0f}  {row['steps']:5d}" if row.get("steps") else ""
            lines.append(f"{TITLES[stage].ljust(width)}  {accuracy:>22}  {took}".rstrip())
        return "\n".join([*lines, *self.verdict()])

    def verdict(self) -> list[str]:
        """What the rows say about GRPO, in sentences; nothing is glossed over."""
        share = {stage: row["correct"] / row["total"] for stage, row in self.measured.items()}
        if "grpo" not in share:
            return []
        said = []
        start = "warm start" if "warm start" in share else "before"
        if start in share:
            gain = share["grpo"] - share[start]
            said.append(f"GRPO {'adds' if gain >= 0 else 'loses'} {abs(100 * gain):.1f} points {against(self, start)}.")
            if start == "warm start" and (gain < WORTH_IT or share["grpo"] < GOOD):
                said.append(f"That is NOT the {100 * WORTH_IT:.0f} points and {100 * GOOD:.0f} % that were hoped for.")
        if "control" in share:
            beats = share["grpo"] > share["control"]
            words = "beats" if beats else "does NOT beat"
            said.append(f"GRPO {words} as long under supervision: {against(self, 'control')}.")
        return ["", *said] if said else []


@dataclass(frozen=True, kw_only=True)
class Run:
    """What every stage of a run needs."""

    config: Config
    plan: Batches
    arguments: Any  # trl.GRPOConfig
    table: Table
    stream: Stream  # what GRPO asks
    teacher: Stream | None  # what the warm start asks

    @property
    def folder(self) -> Path:
        return self.config.folder


def against(table: Table, other: str) -> str:
    """GRPO against another stage, problem by problem: `(a to b, McNemar p = ...)`."""
    ours, theirs = table.rows["grpo"]["right"], table.rows[other]["right"]
    only_ours = sum(a and not b for a, b in zip(ours, theirs, strict=True))
    only_theirs = sum(b and not a for a, b in zip(ours, theirs, strict=True))
    p = mcnemar(only_ours, only_theirs)
    chance = "" if p < 0.05 else "; as far apart as chance may put them"
    return f"({only_ours} problems right that were wrong, {only_theirs} the other way, McNemar p = {p:.2g}{chance})"


def answers(run: Run, model: Any, processor: Any, addresses: Sequence[Any]) -> list[Row]:
    """Greedy answers to the problems at these addresses, in their order; every rank answers its share."""
    from trainers.answering import evaluate_policy

    settings = run.config.eval
    return shared(
        lambda mine: evaluate_policy(
            model,
            processor,
            mine,
            prompt=run.config.prompt,
            max_tokens=settings.max_tokens,
            batch_size=settings.batch_size,
            progress=False,
        ),
        addresses,
        run.plan.world,
    )


def shared(ask: Callable[[Sequence[Any]], list[Row]], addresses: Sequence[Any], world: int) -> list[Row]:
    """The rows of all addresses on every rank, in their order; each rank asks for its share."""
    share = addresses[rank() :: world]
    mine = ask(share)
    if world == 1:
        return mine
    from accelerate.utils import gather_object

    # An address that cannot be made gives way to the next, whose row it gets.
    found = dict(gather_object([(str(address), row) for address, row in zip(share, mine, strict=True)]))
    return [found[str(address)] for address in addresses]


def measure(run: Run, stage: str, model: Any, processor: Any, **about: Any) -> None:
    """One row of the table: greedy pass@1 on the test slice of the config."""
    name = run.config.eval.test_set
    if name is None:
        run.table.add(stage, about)  # that the stage is done, for --resume
        return
    from envs.testsets import load

    addresses = load(name).addresses[: run.config.eval.problems]
    right = [row.correct for row in answers(run, model, processor, addresses)]
    run.table.add(stage, {"test_set": name, "correct": sum(right), "total": len(right), "right": right, **about})
    if rank() == 0:
        print(f"{TITLES[stage]}: {percent(sum(right) / len(right))} right on {name}", flush=True)
