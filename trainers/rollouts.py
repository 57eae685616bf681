"""The logs of a run: one JSON object a line, appended as things happen, cut back exactly when a run resumes.

    runs/<name>/rollouts.jsonl   every completion: a Rollout a line
    runs/<name>/metrics.jsonl    every log row of the trainer: a flat dict a line, with `step`
    runs/<name>/curriculum.jsonl what was asked by cell, a window of batches at a time: trainers/asked.py

A run that was killed has logged more than its last checkpoint knows. On resume those rows, and a torn last line, move
to `<log>.aside`: nothing is lost, and the log reads as if the run had never been broken.
"""

from __future__ import annotations

from dataclasses import dataclass

from envs.logs import Log, read, set_aside

__all__ = ["Log", "Rollout", "read", "set_aside"]


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
