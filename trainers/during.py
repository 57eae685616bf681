"""Evaluation while a run trains: every `eval.every` optimizer steps, greedily, on the problems of `eval.during`.

Every rank answers its share as it would in trainers.evaluate: with generate(), or, where rollouts come from a vLLM
engine in this process, through that engine, which gets the weights of the step first. The training that goes on around
it is left as it was: random states are put back, the engine is synced again before it samples the next rollouts, and
the time does not count as time of training.

The best so far (a tie leaves the earlier one) is kept in best/, whole weights or a LoRA run's adapter, with best.json
beside them. Its predecessor stays as best.before until there is a checkpoint that knows the new one, so that a run that
was killed in between goes on with the best of what it remembers.
"""

from __future__ import annotations

import json
import random
import shutil
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from tqdm import tqdm
from transformers import Trainer, TrainerCallback
from trl.models.utils import unwrap_model_for_generation

from trainers.answering import answered_by, evaluate_policy, shrunk
from trainers.backends import Sampling, engine
from trainers.checkpoints import BEST, best_of
from trainers.config import ConfigError
from trainers.folder import save_policy
from trainers.launch import barrier, rank, say
from trainers.preflight import longest_allowed
from trainers.report import Row, grouped, percent, summarise
from trainers.table import shared

if TYPE_CHECKING:
    from trainers.table import Run

SHOWN = ("accuracy", "low", "high", "boxed", "parsed", "truncated", "tokens", "problems")
BY = ("level", "skill")


class Evaluated:
    """To be mixed in before a trainer of transformers, which evaluates between its log row and its checkpoint."""

    looks: Looks | None = None

    def evaluate(self, *args: Any, **kwargs: Any) -> dict[str, float]:
        if self.looks is None:
            found: dict[str, float] = super().evaluate(*args, **kwargs)  # type: ignore[misc]
            return found
        row = self.looks.look(self)
        trainer: Any = self
        trainer.control = trainer.callback_handler.on_evaluate(trainer.args, trainer.state, trainer.control, row)
        return row


def watch(run: Run, trainer: Any, processor: Any, source: str, done: int) -> None:
    """Have a trainer evaluated as `eval:` says; `source` is what its policy was loaded from, `done` the steps of the
    checkpoint that it goes on from. ConfigError where the problems are too long for the policy or its engine."""
    if run.config.eval.every is None:
        return
    if rank() == 0:
        settle(run.folder, done)
    barrier()
    trainer.looks = Looks(run, processor, source)
    trainer.add_callback(trainer.looks)


class Looks(TrainerCallback):
    """When to evaluate, on what, and what was best so far."""

    def __init__(self, run: Run, processor: Any, source: str) -> None:
        from envs.testsets import load

        settings = run.config.eval
        test_set = load(settings.during)
        self.run, self.processor, self.source = run, processor, source
        self.addresses = test_set.addresses[: settings.problems]
        self.about = {"test_set": test_set.name, "digest": test_set.digest, "problems": len(self.addresses)}
        self.about |= {"max_tokens": settings.max_tokens, "prompt": run.config.prompt}
        for line in shrunk(processor, {(address.width, address.height) for address in self.addresses}):
            say(f"eval.during {test_set.name}: {line}")
        check_room(run, processor, self.addresses)
        self.best = best_of(run.folder) if settings.keep_best else None
        if self.best and any(self.best.get(key) != value for key, value in self.about.items()):
            say(f"{run.folder / BEST} was chosen on other problems or settings, and will be chosen anew")
            self.best = None

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> Any:
        control.should_evaluate = state.global_step % self.run.config.eval.every == 0
        return control

    def on_save(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        if rank() == 0:
            shutil.rmtree(self.run.folder / f"{BEST}.before", ignore_errors=True)

    def look(self, trainer: Any) -> dict[str, float]:
        """One evaluation: its row, its line, and the new best if it is one. Every rank takes part."""
        began = time.monotonic()
        trainer.watchdog.beat("evaluation")
        with undisturbed(trainer.args.device):
            rows = self.rows(trainer)
        found, seconds = summarise(rows), time.monotonic() - began
        by = grouped(rows)
        row = {f"eval_{name}": float(found[name]) for name in SHOWN}
        row |= {
            f"eval_accuracy_by_{group}/{name}": part["accuracy"] for group in BY for name, part in by[group].items()
        }
        Trainer.log(trainer, {**row, "eval_seconds": seconds})  # TRL's own would join metrics of training to it
        step = trainer.state.global_step
        better = self.best is None or found["accuracy"] > self.best["accuracy"]
        if better and self.run.config.eval.keep_best:
            kept = {name: found[name] for name in ("accuracy", "low", "high")}
            self.best = {"step": step, **kept, "correct": sum(row.correct for row in rows), **self.about}
            self.keep(trainer)
        if rank() == 0:
            interval = f"[{100 * found['low']:.1f}, {100 * found['high']:.1f}]"
            line = f"step {step}: {percent(found['accuracy'])} {interval} right on {self.about['test_set']}"
            line += f" ({len(rows)} problems, {seconds:.0f} s)" + (", the best so far" if better else "")
            tqdm.write(line, file=sys.stdout)
            sys.stdout.flush()
        trainer._clock += time.monotonic() - began
        trainer.watchdog.beat("training")
        return row

    def rows(self, trainer: Any) -> list[Row]:
        """Greedy answers of the policy as it is now to all problems, on every rank."""
        config, world = self.run.config, self.run.plan.world
        sampling = Sampling(prompt=config.prompt, max_tokens=config.eval.max_tokens)
        if getattr(trainer, "use_vllm", False) and trainer.vllm_mode == "colocate":
            with synced(trainer.vllm_generation) as llm:
                backend = engine(llm, self.processor, sampling, config.eval.batch_size)
                return shared(lambda mine: answered_by(backend, mine), self.addresses, world)
        with unwrap_model_for_generation(
            trainer.model_wrapped,
            trainer.accelerator,
            gradient_checkpointing_kwargs=trainer.args.gradient_checkpointing_kwargs,
        ) as model:  # whole on every rank, also under ZeRO-3
            return shared(
                lambda mine: evaluate_policy(
                    model,
                    self.processor,
                    mine,
                    prompt=sampling.prompt,
                    max_tokens=sampling.max_tokens,
                    batch_size=config.eval.batch_size,
                    progress=False,
                ),
                self.addresses,
                world,
            )

    def keep(self, trainer: Any) -> None:
        """The policy as best/, in one rename; the best before it as best.before, until the next checkpoint."""
        best, before, partial = (self.run.folder / f"{BEST}{end}" for end in ("", ".before", ".partial"))
        save_policy(self.run, trainer, self.processor, self.source, partial, adapter=True)
        if rank() == 0:
            (partial / f"{BEST}.json").write_text(json.dumps(self.best, indent=1), encoding="utf-8")
            if best.exists() and before.exists():  # the last checkpoint knows the one before
                shutil.rmtree(best)
            elif best.exists():
                best.rename(before)
            partial.rename(best)
        barrier()


def settle(folder: Path, done: int) -> None:
    """best/ as it was known after `done` steps: what a killed run found after its last checkpoint goes."""
    best, before = folder / BEST, folder / f"{BEST}.before"
    shutil.rmtree(folder / f"{BEST}.partial", ignore_errors=True)
    for name in (BEST, before.name):
        found = best_of(folder, name)
        if found is None or found["step"] > done:
            shutil.rmtree(folder / name, ignore_errors=True)
    if not best.exists() and before.exists():
        before.rename(best)
    shutil.rmtree(before, ignore_errors=True)


def check_room(run: Run, processor: Any, addresses: Sequence[Any]) -> None:
    """That the longest question of the set, its image and its answer fit into what the policy or its engine takes."""
    from envs.problem import draw, word
    from trainers.models import prompt_token_count

    config = run.config
    bare = {
        size: prompt_token_count(processor, config.prompt, "", *size)
        for size in {(address.width, address.height) for address in addresses}
    }
    lengths = []
    for address in addresses:
        question = word(draw(address))[0]
        tokens = len(processor.tokenizer(question, add_special_tokens=False)["input_ids"])
        lengths.append((bare[address.width, address.height] + tokens, str(address)))
    (tokens, address), (limit, key) = max(lengths), longest_allowed(config, processor)
    longest = tokens + config.eval.max_tokens
    if longest > limit:
        raise ConfigError(
            f"{key} is {limit}, and {address} of eval.during takes {tokens} tokens with its image, "
            f"{longest} with its answer: write {-(-longest // 256) * 256}, a smaller eval.max_tokens or another set"
        )


@contextmanager
def undisturbed(device: torch.device) -> Iterator[None]:
    """Whatever is drawn inside, the random states of Python, NumPy and torch are afterwards what they were."""
    python, legacy = random.getstate(), np.random.get_state()
    try:
        with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
            yield
    finally:
        random.setstate(python)
        np.random.set_state(legacy)


@contextmanager
def synced(generation: Any) -> Iterator[Any]:
    """TRL's engine with the weights of this step, awake. TRL does not hear of it and syncs once more before it samples,
    which also empties the engine's caches of what was asked here."""
    generation.sync_weights()
    if generation.enable_sleep_mode:
        generation.llm.wake_up(tags=["kv_cache"])
    try:
        yield generation.llm
    finally:
        if generation.enable_sleep_mode:
            generation.llm.sleep(level=2)
            generation._llm_weights_sleeping = True
