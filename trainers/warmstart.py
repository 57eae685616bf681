"""Supervision on the stream's worked solutions, until it stops paying.

A policy from scratch samples nothing that is ever right, so every group of rollouts has the same reward and GRPO has
no signal at all: it needs a start. Here that is plain cross-entropy on `problem.solution`, with prompt and image
tokens masked out, on problems never seen twice. Left out on purpose: packing, schedules, mixed precision.

Training stops at a plateau of the greedy accuracy (see config.WarmStart), which is read every `check_every` steps on
problems set apart for it. Several ranks each take their share of a batch; gradients are averaged by hand, because the
model is wrapped for GRPO later.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

from envs.address import Address, Draws
from envs.curriculum import Curriculum
from envs.problem import Problem
from trainers.config import Config, WarmStart
from trainers.lessons import Lesson, brief, lesson_batch


class Repeated:
    """A curriculum that asks the first `batches` batches of another again and again: worked solutions are scarce."""

    def __init__(self, inner: Curriculum, batches: int) -> None:
        self.inner, self.batches = inner, batches
        self.observe, self.metrics, self.table = inner.observe, inner.metrics, inner.table
        self.state_dict, self.load_state_dict = inner.state_dict, inner.load_state_dict

    def plan(self, batch: int, n: int) -> list[Address]:
        return self.inner.plan(batch % self.batches, n)


def lesson_text(problem: Problem, short: float) -> str:
    """The worked solution, or for a share of the problems, fixed by their addresses, its last sentence alone.

    Whoever is taught both can try both, and GRPO finds out which is right more often.
    """
    return brief(problem) if Draws("short", problem.address).chance(short) else problem.solution


def supervised_batch(processor: Any, problems: Sequence[Problem], template: str, short: float = 0.0) -> dict[str, Any]:
    """Model inputs and `completion_ids` (padded with -100): prompts as GRPO sees them, then the worked solutions."""
    return lesson_batch(
        processor,
        [
            Lesson(problem.image, template.replace("{question}", problem.question), lesson_text(problem, short))
            for problem in problems
        ],
    )


def supervised_loss(model: Any, batch: dict[str, Any]) -> Any:
    """Mean cross-entropy over the tokens of the solutions."""
    import torch

    inputs = {k: v.to(model.device) for k, v in batch.items() if k != "completion_ids"}
    targets = batch["completion_ids"].to(model.device)
    # The token before the first of the completion predicts it, hence one more position than there are targets.
    logits = model(**inputs, logits_to_keep=targets.shape[1] + 1, use_cache=False).logits[:, :-1]
    return torch.nn.functional.cross_entropy(logits.float().flatten(0, 1), targets.flatten(), ignore_index=-100)


class Supervision:
    """A policy under supervision: model, optimizer and the number of steps so far. `run` may be called again."""

    def __init__(self, model: Any, processor: Any, draw: Callable[[int], Sequence[Problem]], config: Config) -> None:
        """`draw(step)` gives this rank's problems of a step."""
        import torch

        assert config.warm_start is not None
        self.model, self.processor, self.draw, self.config = model, processor, draw, config
        self.settings: WarmStart = config.warm_start
        self.parameters = [p for p in model.parameters() if p.requires_grad]
        self.optimizer = torch.optim.AdamW(self.parameters, lr=self.settings.learning_rate, weight_decay=0.01)
        self.steps = 0

    def step(self) -> float:
        """One optimizer step; the loss averaged over ranks."""
        import torch

        self.model.train()
        batch = supervised_batch(self.processor, self.draw(self.steps), self.config.prompt, self.settings.short)
        loss = supervised_loss(self.model, batch)
        loss.backward()
        average([p.grad for p in self.parameters if p.grad is not None])
        torch.nn.utils.clip_grad_norm_(self.parameters, 1.0)
        for group in self.optimizer.param_groups:
            group["lr"] = self.settings.learning_rate * min(1.0, (self.steps + 1) / self.settings.warmup_steps)
        self.optimizer.step()
        self.optimizer.zero_grad()
        self.steps += 1
        loss = loss.detach()
        average([loss])
        return float(loss)

    def run(
        self,
        accuracy: Callable[[], float] | None = None,
        seconds: float | None = None,
        log: Callable[[dict[str, Any]], None] = lambda row: None,
        title: str = "warm start",
    ) -> str:
        """Train until the plateau rule holds (with `accuracy`) or for so many seconds; why it stopped."""
        from tqdm import tqdm

        from trainers.launch import rank

        rule, start = self.settings, time.monotonic()
        checks: list[float] = []
        losses: deque[float] = deque(maxlen=10)
        bar = tqdm(total=None if seconds else rule.max_steps, desc=title, disable=rank() != 0, dynamic_ncols=True)
        reason = ""
        while not reason:
            loss = self.step()
            losses.append(loss)
            row = {"stage": title, "step": self.steps, "loss": loss, "seconds": round(time.monotonic() - start, 3)}
            if accuracy is not None and self.steps % rule.check_every == 0:
                checks.append(accuracy())
                row["check_accuracy"] = checks[-1]
                if plateau(checks, rule):
                    reason = f"plateau: {' '.join(f'{check:.2f}' for check in checks[-rule.patience - 1 :])}"
            if accuracy is not None and not reason and sum(losses) / len(losses) < rule.until_loss:
                reason = f"loss {sum(losses) / len(losses):.3f}: the lessons are nearly known by heart"
            bar.update()
            bar.set_postfix(loss=f"{loss:.3f}", **({"accuracy": f"{checks[-1]:.2f}"} if checks else {}))
            limit = seconds or rule.max_seconds
            # One clock for all ranks, or they would stop at different steps.
            if not reason and limit is not None and greatest(time.monotonic() - start) >= limit:
                reason = f"{limit:.0f} seconds are over"
            if not reason and seconds is None and self.steps >= rule.max_steps:
                reason = f"max_steps {rule.max_steps}"
            log(row)
        bar.close()
        return reason


def plateau(checks: Sequence[float], rule: WarmStart) -> bool:
    """Whether the last `patience` checks brought less than `min_gain` over the best before them."""
    if len(checks) <= rule.patience or max(checks) < rule.min_accuracy:
        return False
    return max(checks[-rule.patience :]) < max(checks[: -rule.patience]) + rule.min_gain


def average(tensors: Sequence[Any]) -> None:
    """Average over ranks, in place; nothing with a single one."""
    import torch.distributed as dist

    if dist.is_initialized():
        for tensor in tensors:
            dist.all_reduce(tensor)
            tensor /= dist.get_world_size()


def greatest(value: float) -> float:
    """The greatest over ranks."""
    import torch
    import torch.distributed as dist

    if not dist.is_initialized():
        return value
    device = "cuda" if dist.get_backend() == "nccl" else "cpu"
    tensor = torch.tensor(value, dtype=torch.float64, device=device)
    dist.all_reduce(tensor, op=dist.ReduceOp.MAX)
    return float(tensor)
