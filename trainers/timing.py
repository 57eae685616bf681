"""What the time of a step goes into. Every second of training belongs to one phase, so that phases add up to steps.

    time/wait        for problems that are not drawn yet
    time/prepare     slots to model inputs: prompts, image processing, padding, advantages
    time/rollout     sampling
    time/reward      scoring, and gathering outcomes over ranks, which waits for the slowest
    time/train       forward and backward passes, also those before the loss (old and reference), and the optimizer
    time/sync        handing weights to vLLM
    time/evaluate    evaluation during training
    time/save        checkpoints, in the row after them
    time/other       the rest: data loader, logging, callbacks
    time/step        their sum

Seconds an optimizer step, mean over the steps since the row before; on rank 0. A phase inside another is taken off the
outer one. Where batches last several steps only the first of them samples. Beside them time/charts_per_second and
time/tokens_per_second, of all ranks: problems and sampled tokens (supervision: all tokens) over the time of the last
steps, of as many as a batch lasts.
"""

from __future__ import annotations

import functools
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

PHASES = ("wait", "prepare", "rollout", "reward", "train", "sync", "evaluate", "save", "other")


def _at_once() -> None:
    """What to wait for before the clock is read: nothing."""


def cuda_is_done() -> None:
    """Kernels run behind Python's back: without waiting for them a phase would be charged for the one before it."""
    import torch

    if torch.cuda.is_available():
        torch.cuda.synchronize()


class Clock:
    """Remembers which phase it is, and how long each has lasted since the last row."""

    def __init__(
        self, span: int = 1, now: Callable[[], float] = time.perf_counter, settle: Callable[[], None] = _at_once
    ) -> None:
        """`span`: optimizer steps that a batch lasts, over which rates are taken."""
        self._span, self._now, self._settle = span, now, settle
        self.start(0)

    def start(self, step: int) -> None:
        """Training begins after this step; what was before counts for nothing."""
        self._phases: list[str] = []
        self._seconds = dict.fromkeys(PHASES, 0.0)
        self._counts: dict[str, float] = {}
        self._lately: deque[tuple[int, float, dict[str, float]]] = deque()  # steps, seconds, counts of rows
        self.step, self._since = step, self._now()

    def enter(self, phase: str) -> None:
        self._charge()
        self._phases.append(phase)

    def leave(self) -> None:
        self._charge()
        if self._phases:
            self._phases.pop()

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        self.enter(name)
        try:
            yield
        finally:
            self.leave()

    def timed(self, phase: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function, all of whose time belongs to a phase."""

        @functools.wraps(function)
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            with self.phase(phase):
                return function(*args, **kwargs)

        return wrapped

    def count(self, **what: float) -> None:
        """Charts or tokens that were gone through."""
        for name, number in what.items():
            self._counts[name] = self._counts.get(name, 0.0) + number

    def row(self, step: int) -> dict[str, float]:
        """The metrics of the steps since the last row; empty where there was none."""
        self._charge()
        steps, total = step - self.step, sum(self._seconds.values())
        if steps < 1 or total <= 0:
            return {}
        found = {f"time/{name}": seconds / steps for name, seconds in self._seconds.items()}
        found["time/step"] = sum(found.values())
        self._lately.append((steps, total, self._counts))
        while sum(row[0] for row in self._lately) - self._lately[0][0] >= self._span:
            self._lately.popleft()
        seconds = sum(row[1] for row in self._lately)
        for name in {name: None for row in self._lately for name in row[2]}:
            found[f"time/{name}_per_second"] = sum(row[2].get(name, 0.0) for row in self._lately) / seconds
        self._seconds, self._counts, self.step = dict.fromkeys(PHASES, 0.0), {}, step
        return found

    def _charge(self) -> None:
        self._settle()
        now = self._now()
        self._seconds[self._phases[-1] if self._phases else "other"] += now - self._since
        self._since = now


def timed(phase: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """For methods of what has a `clock`: their time belongs to a phase."""

    def decorate(method: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(method)
        def wrapped(self: Any, *args: Any, **kwargs: Any) -> Any:
            with self.clock.phase(phase):
                return method(self, *args, **kwargs)

        return wrapped

    return decorate


def _steps(clock: Clock) -> Any:
    """A callback: from the begin of a step to its end it is training, as far as nothing inside it says otherwise."""
    from transformers import TrainerCallback

    class Steps(TrainerCallback):
        def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            clock.start(state.global_step)

        def on_step_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            clock.enter("train")

        def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            clock.leave()

    return Steps()


class Timed:
    """To be mixed in before a trainer of TRL: its rows say what their time went into."""

    clock: Clock

    def keep_time(self: Any, clock: Clock) -> None:
        self.clock = clock
        self.add_callback(_steps(clock))
        if getattr(self, "use_vllm", False):
            self.vllm_generation.sync_weights = clock.timed("sync", self.vllm_generation.sync_weights)

    @timed("rollout")
    def _generate(self, *args: Any, **kwargs: Any) -> Any:
        return super()._generate(*args, **kwargs)  # type: ignore[misc]

    @timed("train")
    def _get_per_token_logps_and_entropies(self, *args: Any, **kwargs: Any) -> Any:
        return super()._get_per_token_logps_and_entropies(*args, **kwargs)  # type: ignore[misc]

    @timed("evaluate")
    def evaluate(self, *args: Any, **kwargs: Any) -> Any:
        return super().evaluate(*args, **kwargs)  # type: ignore[misc]

    @timed("save")
    def _save_checkpoint(self, *args: Any, **kwargs: Any) -> Any:
        return super()._save_checkpoint(*args, **kwargs)  # type: ignore[misc]

    def log(self: Any, logs: dict[str, float], start_time: float | None = None) -> None:
        if "loss" in logs:  # a row of training, not the summary at the end
            logs.update(self.clock.row(self.state.global_step))
        super().log(logs, start_time)  # type: ignore[misc]
