"""What a run asked, by cell: runs/<name>/curriculum.jsonl, written every EVERY batches and with each checkpoint.

A row a cell that was asked in this window of batches, or whose level moved in it:
    batch, batches        the last batch of the window, and how many it has
    cell                  family/question; stored/<set> for data sets of one's own
    draws, pass_rate      groups asked in the window and the share of right rollouts among them (null without a draw)
    asked                 the same by level: {"3": [groups, groups of mixed outcome, right rollouts, rollouts]}
    level, top_level, promotions, demotions, believed_pass_rate
                          where the curriculum has the cell at the end of the window, and how often its level rose and
                          fell since the start of the run; null in modes that move no levels
A window ends with each checkpoint, so that a resumed run drops the rows past it and begins a window, as the unbroken
one did.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from envs.address import Address
from envs.curriculum import Outcome
from trainers.rollouts import Log

EVERY = 10  # batches of a window
STANDING = ("level", "top_level", "promotions", "demotions", "believed_pass_rate")
MOVED = ("level", "promotions", "demotions")


class AskedLog:
    """Counts outcomes, and writes them down when a window is full or `flush` is called. For the main process."""

    def __init__(self, log: Log, curriculum: Any) -> None:
        """`curriculum`: that of the run, as it is before the first batch that is to be observed."""
        self._log, self._curriculum = log, curriculum
        self._begin(self._standing())

    def _begin(self, standing: dict[str, dict[str, Any]]) -> None:
        self._before = {cell: [row[key] for key in MOVED] for cell, row in standing.items()}
        self._asked: dict[str, dict[str, list[int]]] = {}
        self._batches: list[int] = []

    def _standing(self) -> dict[str, dict[str, Any]]:
        """Where the curriculum has each of its cells; one of one's own may have no table."""
        table: list[dict[str, Any]] = getattr(self._curriculum, "table", list)()
        return {row["cell"]: {key: row.get(key) for key in STANDING} for row in table}

    def observe(self, batch: int, outcomes: Sequence[Outcome]) -> None:
        """The outcomes of one batch, after the curriculum has learned from them."""
        for outcome in outcomes:
            address = Address.parse(str(outcome.address))
            cell = self._asked.setdefault(f"{address.family}/{address.question}", {})
            counts = cell.setdefault(str(address.level), [0, 0, 0, 0])
            mixed = 0 < outcome.correct < outcome.total
            for i, number in enumerate((1, mixed, outcome.correct, outcome.total)):
                counts[i] += number
        self._batches.append(batch)
        if (batch + 1) % EVERY == 0:
            self.flush()

    def flush(self) -> None:
        """Ends the window; nothing if it has no batch yet."""
        if not self._batches:
            return
        standing, rows = self._standing(), []
        for cell in sorted(standing.keys() | self._asked.keys()):
            now = standing.get(cell, dict.fromkeys(STANDING))
            levels = self._asked.get(cell, {})
            if not levels and [now[key] for key in MOVED] == self._before.get(cell):
                continue
            groups, _, right, rollouts = (sum(column) for column in zip(*levels.values(), [0, 0, 0, 0]))
            counted = {"draws": groups, "pass_rate": right / rollouts if rollouts else None}
            by_level = {level: levels[level] for level in sorted(levels, key=int)}
            window = {"batch": self._batches[-1], "batches": len(self._batches), "cell": cell}
            rows.append({**window, **counted, "asked": by_level, **now})
        self._log.write(*rows)
        self._begin(standing)
