"""The config of a run of synthesis: typed, checked before anything is asked; a mistake is one line that names the mend.

    config = load("configs/synthesis/cosyn.yaml", ["cosyn.request=nutrition fact labels", "endpoint.rpm=60"])

Each key is documented where it is defined. A YAML file among the overrides is laid over the first.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from envs.convert import ConfigError, load_typed, nearest
from envs.synthesis.pipelines.prompts import DIRECTIONS

__all__ = ["Budget", "Config", "ConfigError", "Cosyn", "Endpoint", "Evolve", "Questions", "Reachqa", "load"]

PIPELINES = ("reachqa", "cosyn")


@dataclass(kw_only=True)
class Endpoint:
    """A server that speaks the OpenAI protocol."""

    base_url: str  # as http://127.0.0.1:8000/v1
    model: str  # the name under which it serves the model
    key: str = "OPENAI_API_KEY"  # the environment variable that holds the key; unset: no key is sent
    temperature: float = 0.8
    max_tokens: int = 4096  # of one reply
    concurrency: int = 16  # requests under way at once
    rpm: float | None = None  # requests a minute, evenly spaced; null: as fast as they go
    timeout: float = 300.0  # seconds that a reply may take
    attempts: int = 6  # of one request, where it is refused for a while or not answered
    structured: str = "auto"  # auto: by JSON schema, in words where the endpoint refuses that; schema | words
    price_in: float = 0.0  # of a million tokens of prompt
    price_out: float = 0.0  # of a million tokens of reply

    def __post_init__(self) -> None:
        for name in ("max_tokens", "concurrency", "rpm", "timeout", "attempts"):
            value = getattr(self, name)
            if value is not None and not 0 < value < float("inf"):
                raise ValueError(f"{name} {value!r}: give more than 0")
        for name in ("temperature", "price_in", "price_out"):
            if not 0 <= getattr(self, name) < float("inf"):
                raise ValueError(f"{name} {getattr(self, name)!r}: give 0 or more")
        if self.structured not in ("auto", "schema", "words"):
            raise ValueError(f"structured {self.structured!r} is none of auto, schema, words")
        if not self.base_url.startswith(("http://", "https://")):
            raise ValueError(f"base_url {self.base_url!r} is no address: write it as http://127.0.0.1:8000/v1")


@dataclass(kw_only=True)
class Budget:
    """What all runs of a folder may spend together. No request is sent that could take it further, if replies are no
    longer than max_tokens."""

    money: float | None = None  # in the currency of the prices
    tokens: int | None = None  # of prompts and replies


@dataclass(kw_only=True)
class Sandbox:
    """What runs the scripts: see envs/sandbox."""

    workers: int = 2
    unsafe: bool = False  # run scripts also where a layer of the sandbox is missing
    cpu_s: float = 20.0
    wall_s: float = 30.0
    memory_mb: int = 1024


@dataclass(kw_only=True)
class Evolve:
    """Each drawn chart is made into further ones, and those again."""

    rounds: int = 1
    each: int = 2  # of the directions, for each chart
    directions: list[str] = field(default_factory=lambda: list(DIRECTIONS))

    def __post_init__(self) -> None:
        for direction in self.directions:
            if direction not in DIRECTIONS:
                raise ValueError(f"directions: {direction!r} is none; {nearest(direction, list(DIRECTIONS))}")
        if self.rounds < 0 or not 1 <= self.each <= max(1, len(self.directions)):
            raise ValueError(f"rounds {self.rounds}, each {self.each}: there are {len(self.directions)} directions")


@dataclass(kw_only=True)
class Reachqa:
    charts: int = 100  # invented from the seeds; evolution makes more of each
    examples: int = 2  # seed scripts that the model is shown
    kinds: list[str] = field(default_factory=lambda: ["*"])  # globs over the kinds of the seeds
    evolve: Evolve = field(default_factory=Evolve)


@dataclass(kw_only=True)
class Cosyn:
    topics: int = 100  # each becomes a table, a script and a chart
    each: int = 2  # topics to a persona
    personas: str | None = None  # a JSONL file of personas; null: the 200 that are built in
    request: str | None = None  # what to draw, in plain words, as "nutrition fact labels"; null: kinds, in turn
    kinds: list[str] = field(default_factory=lambda: ["*"])  # globs over the kinds of the seeds


@dataclass(kw_only=True)
class Questions:
    """What is asked of each chart, at most."""

    recognition: int = 2  # read off
    reasoning: int = 3  # worked out from several values
    composed: int = 2  # put together by envs/questions, from the table; no model is asked
    blind: bool = True  # a solver answers from the table alone: what it agrees with is of the tier "agreed"
    rewrite: float = 0.0  # share of the model's questions that it is made to say in other words


@dataclass(kw_only=True)
class Votes:
    """A vision-language model looks at pictures; more than half of its votes must be in favour. 0: nobody is asked."""

    images: int = 0
    pairs: int = 0  # question and answer beside the picture


@dataclass(kw_only=True)
class Config:
    name: str  # what comes out lands in <out>/<name>/
    pipeline: str  # reachqa | cosyn
    endpoint: Endpoint  # the model that writes
    solver: Endpoint | None = None  # the blind solver; null: the model that writes
    judge: Endpoint | None = None  # the model that looks at pictures; null: the model that writes
    out: str = "synthesis"
    seed: int = 0
    budget: Budget = field(default_factory=Budget)
    sandbox: Sandbox = field(default_factory=Sandbox)
    reachqa: Reachqa = field(default_factory=Reachqa)
    cosyn: Cosyn = field(default_factory=Cosyn)
    questions: Questions = field(default_factory=Questions)
    votes: Votes = field(default_factory=Votes)
    repairs: int = 2  # times that a script which does not draw is given back with its error
    reasks: int = 2  # times that a reply which does not parse is asked for again with the error
    together: int = 32  # charts in the making at once: of the first ones, with all that is made from each

    def __post_init__(self) -> None:
        if self.pipeline not in PIPELINES:
            raise ValueError(f"pipeline {self.pipeline!r}: {nearest(self.pipeline, PIPELINES)}")
        low = {"repairs": self.repairs, "reasks": self.reasks, "votes.images": self.votes.images}
        low |= {f"questions.{name}": getattr(self.questions, name) for name in ("recognition", "reasoning", "composed")}
        for name, value in (low | {"votes.pairs": self.votes.pairs}).items():
            if value < 0:
                raise ValueError(f"{name} {value}: give 0 or more")
        ones = {"together": self.together, "sandbox.workers": self.sandbox.workers, "cosyn.each": self.cosyn.each}
        for name, value in ones.items():
            if value < 1:
                raise ValueError(f"{name} {value}: give 1 or more")
        if not 0 <= self.questions.rewrite <= 1:
            raise ValueError(f"questions.rewrite {self.questions.rewrite}: it is a share, from 0 to 1")
        if self.budget.money is not None and not any(e.price_in or e.price_out for e in self.endpoints):
            raise ValueError("budget.money needs price_in and price_out: without prices nothing is known to be spent")

    @property
    def endpoints(self) -> list[Endpoint]:
        return [endpoint for endpoint in (self.endpoint, self.solver, self.judge) if endpoint is not None]

    @property
    def folder(self) -> Path:
        return Path(self.out) / self.name

    def to_dict(self) -> dict[str, Any]:
        return dataclasses.asdict(self)


def load(path: str | Path, overrides: Sequence[str] = ()) -> Config:
    """The config in a YAML file, with overrides, typed; ConfigError with one line if anything is off."""
    return load_typed(path, overrides, Config)
