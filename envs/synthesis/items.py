"""What flows through a pipeline: a chart, a question asked of it, a problem that was kept, and what was dropped.

Frozen, and apart from the image's bytes made of JSON values, so that each can be journalled, hashed and sent to another
process. `Dropped` is an item too: what is asked at a stage is kept there or dropped with a reason, nothing gets lost.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

TIERS = ("proven", "agreed", "executed")  # how far an answer is to be trusted, best first


@dataclass(frozen=True, kw_only=True)
class Chart:
    """A script that ran, and the figure that it drew."""

    id: str  # hash of code and data
    code: str  # the whole script: DATA and render(data)
    data: Any  # DATA, as JSON
    png: bytes
    artists: dict[str, Any]  # what was drawn: see envs/sandbox/artists.py
    width: int
    height: int
    kind: str = ""  # chart type, of the taxonomy in seeds
    topic: str = ""
    provenance: dict[str, Any] = field(default_factory=dict)  # pipeline, persona or seed, parents, model, prompts


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A question of a chart as the model put it, with what is known of its answer before anything was checked."""

    question: str
    program: str  # defines answer(data)
    second: str  # likewise, written from the question and the data's schema alone
    kind: str  # of the answer: a kind of rewards/answers.py
    stated: Any = None  # the answer on the model's word
    explanation: str = ""
    unit: str = ""
    blind: Any = None  # the answer of a solver that saw table and question, no program; None: not asked
    provenance: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Kept:
    """A problem: its answer is what was executed, never the model's word."""

    chart: Chart
    asked: Asked
    answer: dict[str, Any]  # of rewards/answers.py, as JSON
    value: Any  # what the program gave
    tier: str  # one of TIERS
    checks: dict[str, Any] = field(default_factory=dict)  # by check: what it measured


@dataclass(frozen=True, kw_only=True)
class Dropped:
    """What was not kept, and why."""

    stage: str
    reason: str  # short and countable: the same words for the same cause
    detail: str = ""
    inputs: dict[str, Any] = field(default_factory=dict)
