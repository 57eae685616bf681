"""The logs of a run: one JSON object a line, appended as things happen, cut back exactly when a run resumes.

    runs/<name>/rollouts.jsonl   every completion: a Rollout a line
    runs/<name>/metrics.jsonl    every log row of the trainer: a flat dict a line, with `step`
    runs/<name>/curriculum.jsonl what was asked by cell, a window of batches at a time: trainers/asked.py

A run that was killed has logged more than its last checkpoint knows. On resume those rows, and a torn last line, move
to `<log>.aside`: nothing is lost, and the log reads as if the run had never been broken.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Rollout:
    """One completion and what the checker said of it."""

    batch: int  # generation batch
    slot: int  # global number of the prompt
    rollout: int  # its place in the group, 0 to num_generations - 1
    address: str
    completion: str
    tokens: int
    correct: bool
    score: float  # the checker's value, before reward weights
    given: str | None  # what stood in the box
    reason: str  # why it is right or wrong
    reward: float  # what GRPO learned from: the weighted sum
    rewards: dict[str, float | None]  # of each reward function; None where it had nothing to say


class Log:
    """An append-only JSON-lines file. Every row is flushed, so that a kill loses at most the line being written."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = path.open("a", encoding="utf-8")

    def write(self, *rows: Rollout | dict[str, Any]) -> None:
        try:
            for row in rows:
                self._file.write(json.dumps(row if isinstance(row, dict) else asdict(row), ensure_ascii=False) + "\n")
            self._file.flush()
        except OSError:  # a full disk; what is left in the buffer would fail once more when Python ends
            with suppress(OSError):
                self._file.close()
            raise

    def close(self) -> None:
        self._file.close()


def read(path: Path) -> Iterator[dict[str, Any]]:
    """The rows of a log, whole lines only."""
    if path.exists():
        with path.open(encoding="utf-8", errors="replace") as file:  # a torn line may end within a character
            for line in file:
                if line.endswith("\n"):
                    yield json.loads(line)


def set_aside(path: Path, keep: Callable[[dict[str, Any]], bool]) -> int:
    """Move the rows that `keep` refuses, and a torn last line, to `<path>.aside`; how many were moved.

    The log is replaced in one rename, after the rows set aside are on disk: a kill in between leaves them in both.
    """
    if not path.exists():
        return 0
    kept: list[str] = []
    moved: list[str] = []
    with path.open(encoding="utf-8", errors="replace") as file:  # a torn line may end within a character
        for line in file:
            whole = line.endswith("\n")
            (kept if whole and keep(json.loads(line)) else moved).append(line if whole else line + "\n")
    if moved:
        with path.with_name(path.name + ".aside").open("a", encoding="utf-8") as file:
            file.writelines(moved)
            file.flush()
            os.fsync(file.fileno())
        new = path.with_name(path.name + ".new")
        new.write_text("".join(kept), encoding="utf-8")
        os.replace(new, path)
    return len(moved)
