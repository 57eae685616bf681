"""GRPO on the adaptive stream: the story of one run.

    python -m trainers.grpo configs/tiny.yaml [key=value ...] [--resume] [--dry-run]

A run lands in runs/<name>/ and leaves a folder after each stage, so that a killed one goes on where it was:
    config.yaml versions.json    the resolved config; what the run was made with
    base/                        the policy from scratch (model.build)
    warm/                        after the warm start, with what it takes to continue it (the control)
    checkpoint-N/                trainer, random states, and stream.json, written last: without it a checkpoint is void
    best/                        the best so far by an evaluation during training (eval.every), whole or the adapter
    final/                       the policy, its processor and its card, to evaluate or to serve
    rollouts.jsonl metrics.jsonl curriculum.jsonl warm.jsonl table.json
    tensorboard/ rollouts/       the curves; the rollouts as Parquet, at the end
`--resume` goes on from the last complete checkpoint, exactly: on the CPU in float32 with HF generation a resumed run
equals the unbroken one in addresses, completions and metrics, times aside. A warm start that was cut off begins again.
Which keys may change then, and what stays equal on another number of processes, is in trainers/continuing.py.

Left out on purpose: dynamic sampling (the curriculum does that job).
"""

from __future__ import annotations

import gc
import json
import shutil
import sys
import time
from collections.abc import Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Any

from envs.curriculum import make_curriculum
from envs.stream import Stream
from trainers import rollouts
from trainers.checkpoints import STREAM_STATE
from trainers.config import Batches, Config, ConfigError
from trainers.continuing import last_checkpoint
from trainers.data import mixed, open_data
from trainers.folder import load_both, make_folder, save_final, whole
from trainers.launch import barrier, from_rank_0, rank, say, zero_stage
from trainers.preflight import (
    check_processor,
    quiet_libraries,
    size_of,
    text_key,
    words_key,
)
from trainers.push import finish
from trainers.shards import write_shards
from trainers.story import tell
from trainers.table import Run, Table, answers, measure
from trainers.tracking import add_trackers
from trainers.warmstart import Repeated, Supervision

BUILD_TEXTS = 400  # problems whose words the tokenizer of a built policy learns from


def main(argv: Sequence[str] | None = None) -> int:
    return tell("grpo", __doc__, argv, lambda config: None, run)


def run(config: Config, plan: Batches, prepared: None, resume: bool) -> None:
    """One run from its first worker process to the last line of its table."""
    folder, began = config.folder, time.monotonic()
    # Worker processes start before torch is imported: they stay small, and a process that uses a GPU cannot fork.
    stream = open_stream(curriculum_keys(config), plan.prompts, config, plan, stored=True)
    teacher = open_teacher(config, plan) if config.warm_start else None

    from trainers.quirks import apply

    apply(use_vllm=bool(config.trl.get("use_vllm")))
    quiet_libraries()
    from trainers.slot_trainer import trl_arguments

    arguments = trl_arguments(config)  # several ranks find each other here
    make_folder(config, plan)
    for one in (stream, teacher):
        if one is not None and plan.world > 1:
            one.use_broadcast(from_rank_0)  # exp differs between processors, so rank 0 decides what is asked
    table = Table(folder / "table.json", keep=resume)
    this = Run(config=config, plan=plan, arguments=arguments, table=table, stream=stream, teacher=teacher)
    for data in open_data(config).values():
        say(f"data {data.about()}")
    say(f"run {folder}: {plan.prompts} prompts x {plan.generations} rollouts a batch, {plan.max_steps} steps")

    # The policy: built or loaded, measured, warm-started. A stage that is on disk already is taken from there.
    source = build_policy(config, folder) if config.model.build else str(config.model.id)
    if not config.warm_start or not (folder / "warm").exists():
        model, processor = load_both(this, source)
        say(check_processor(config, processor))
        if not table.has("before"):
            measure(this, "before", model, processor)
        if config.warm_start:
            warm_start(this, model, processor)
    if config.warm_start:
        source = str(folder / "warm")
        model, processor = load_both(this, source)
        if not table.has("warm start"):
            measure(this, "warm start", model, processor, **saved_row(folder / "warm"))

    if not table.has("grpo", steps=plan.max_steps):
        train(this, model, processor, source, last_checkpoint(folder))
    stream.close()

    if config.warm_start and config.warm_start.control and not table.has("control"):
        del model
        gc.collect()
        control(this, folder / "warm")
    if teacher is not None:
        teacher.close()
    finish(config)
    say("", table.text(), "", f"{folder} took {time.monotonic() - began:.0f} s; its policy is in {folder / 'final'}")
    say(f"see how it went: python -m trainers.report {folder}")
    say(f"evaluate it with: python -m trainers.evaluate {folder / 'config.yaml'} --checkpoint {folder / 'final'}")


# --- the stream -----------------------------------------------------------------------------------------------------


def curriculum_keys(config: Config, **changed: Any) -> dict[str, Any]:
    """What envs.curriculum wants to know."""
    world = {"cells": config.env.cells, "px": size_of(config), "text": text_key(config), "seed": config.seed}
    return {**vars(config.curriculum), **world, "words": words_key(config), **changed}


def open_stream(
    keys: dict[str, Any], prompts: int, config: Config, plan: Batches, again: int | None = None, stored: bool = False
) -> Stream:
    """A stream of batches of so many prompts; with `again`, of that many problems, over and over; with `stored`, the
    config's data sets have their shares of it."""
    try:
        curriculum = make_curriculum(keys)
    except (ValueError, OSError) as error:
        raise ConfigError(f"curriculum: {error}") from error
    if again is not None:
        curriculum = Repeated(curriculum, again // prompts)
    sets = open_data(config) if stored else {}
    if stored:
        curriculum = mixed(config, curriculum)
    corpus = "" if config.env.text == "grammar" else config.env.text
    return Stream(
        curriculum,
        prompts,
        workers=config.env.workers,
        rank=rank(),
        world=plan.world,
        corpus=corpus,
        phrasings=config.env.phrasings or "",
        stored=[one.handle for one in sets.values()],
    )


def open_teacher(config: Config, plan: Batches) -> Stream:
    """The stream of the warm start: every cell and every low level alike, from seeds of its own."""
    assert config.warm_start is not None
    keys = curriculum_keys(config, mode="uniform", levels=config.warm_start.levels, seed=other_seed(config, "teacher"))
    return open_stream(keys, config.warm_start.batch_size, config, plan, again=config.warm_start.problems)


def other_seed(config: Config, purpose: str) -> int:
    """A seed of its own for each purpose, so that no two streams of a run ask the same problems."""
    return int.from_bytes(blake2b(f"{purpose}/{config.seed}".encode(), digest_size=4).digest(), "big")


# --- stages ---------------------------------------------------------------------------------------------------------


def build_policy(config: Config, folder: Path) -> str:
    """A small policy from scratch, its tokenizer trained on what the stream asks; the same on every call."""
    from envs.problem import make_near
    from trainers.tiny import build_tiny

    base, partial = folder / "base", folder / "base.partial"
    if rank() == 0 and not base.exists():
        keys = curriculum_keys(config, mode="uniform", levels=3, seed=other_seed(config, "words"))
        texts = []
        for address in make_curriculum(keys).plan(0, BUILD_TEXTS):
            problem = make_near(address)
            texts += [config.prompt.replace("{question}", problem.question), problem.solution]
        assert config.model.build is not None
        shutil.rmtree(partial, ignore_errors=True)
        try:
            build_tiny(config.model.build, partial, seed=config.seed, texts=texts, **config.model.sizes)
        except ValueError as error:
            raise ConfigError(f"model.sizes: {error}") from error
        partial.rename(base)
    barrier()
    return str(base)


def warm_start(run: Run, model: Any, processor: Any) -> None:
    """Supervision until its plateau; leaves warm/. A stage that was cut off begins again."""
    import torch

    config, folder, partial = run.config, run.folder / "warm", run.folder / "warm.partial"
    supervision = Supervision(model, processor, lambda step: lesson(run, step), config)
    log_path = run.folder / "warm.jsonl"
    if rank() == 0:
        rollouts.set_aside(log_path, lambda row: False)
    log = rollouts.Log(log_path) if rank() == 0 else None
    begin = time.monotonic()
    check = accuracy_check(run, model, processor)
    reason = supervision.run(accuracy=check, log=log.write if log else lambda row: None)
    row = {"seconds": time.monotonic() - begin, "steps": supervision.steps, "stopped": reason}
    say(f"warm start: {supervision.steps} steps in {row['seconds']:.0f} s, stopped at {reason}")
    if rank() == 0:
        assert run.teacher is not None
        shutil.rmtree(partial, ignore_errors=True)
        whole(model, config).save_pretrained(partial)
        processor.save_pretrained(partial)
        torch.save(supervision.optimizer.state_dict(), partial / "optimizer.pt")
        state = {"row": row, "teacher": run.teacher.state_dict()}
        (partial / "state.json").write_text(json.dumps(state), encoding="utf-8")
        partial.rename(folder)
    barrier()


def saved_row(warm: Path) -> dict[str, Any]:
    """What the table tells of a warm start: seconds, steps, why it stopped."""
    row: dict[str, Any] = json.loads((warm / "state.json").read_text(encoding="utf-8"))["row"]
    return row


def lesson(run: Run, step: int) -> list[Any]:
    """This rank's problems of one step of supervision."""
    assert run.teacher is not None
    slots = run.teacher.own_slots(step)
    problems = run.teacher.problems(step, slots)
    run.teacher.observe(step, [])
    return [problems[slot] for slot in slots]


def accuracy_check(run: Run, model: Any, processor: Any) -> Any:
    """A function that takes the greedy accuracy on training problems set apart for the plateau rule."""
    config, rule = run.config, run.config.warm_start
    assert rule is not None
    keys = curriculum_keys(config, mode="uniform", levels=rule.levels, seed=other_seed(config, "check"))
    addresses = make_curriculum(keys).plan(0, rule.check_problems)

    def accuracy() -> float:
        rows = answers(run, model, processor, addresses)
        return sum(row.correct for row in rows) / len(rows)

    return accuracy


def train(run: Run, model: Any, processor: Any, source: str, checkpoint: Path | None) -> None:
    """TRL's GRPO on slots, from the start or from a checkpoint; leaves final/."""
    from trainers.during import watch
    from trainers.models import forbidden_token_ids
    from trainers.quirks import forbid_tokens
    from trainers.slot_trainer import SlotTrainer

    folder, arguments, elapsed, done = run.folder, run.arguments, 0.0, 0
    if checkpoint is not None:
        state = json.loads((checkpoint / STREAM_STATE).read_text(encoding="utf-8"))
        try:
            run.stream.load_state_dict(state["stream"])
        except ValueError as error:  # of a folder without batch.json
            raise ConfigError(f"{checkpoint}: {error}") from error
        elapsed, done = state["seconds"], state["step"]
        say(f"resuming from {checkpoint}")
    rollout_log = metrics_log = asked_log = None
    if rank() == 0:
        batches_done = run.plan.batches_before(done)
        aside = rollouts.set_aside(folder / "rollouts.jsonl", lambda row: row["batch"] < batches_done)
        aside += rollouts.set_aside(folder / "metrics.jsonl", lambda row: row["step"] <= done)
        aside += rollouts.set_aside(folder / "curriculum.jsonl", lambda row: row["batch"] < batches_done)
        if aside:
            say(f"{aside} log rows past step {done} were set aside")
        rollout_log, metrics_log = rollouts.Log(folder / "rollouts.jsonl"), rollouts.Log(folder / "metrics.jsonl")
        asked_log = rollouts.Log(folder / "curriculum.jsonl")
    arguments.generation_kwargs = forbid_tokens(
        arguments.generation_kwargs, forbidden_token_ids(processor), use_vllm=arguments.use_vllm
    )
    trainer = SlotTrainer(
        config=run.config,
        batches=run.plan,
        stream=run.stream,
        rollout_log=rollout_log,
        metrics_log=metrics_log,
        asked_log=asked_log,
        elapsed=elapsed,
        model=model,
        processing_class=processor,
        args=arguments,
    )
    watch(run, trainer, processor, source, done)
    add_trackers(trainer, run.config)
    trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
    if trainer.asked is not None:
        trainer.asked.flush()
        write_shards(folder)
    about = {"seconds": trainer.seconds, "steps": trainer.state.global_step}
    save_final(run, trainer, processor, source)
    if zero_stage(run.config) == 3:
        say("ZeRO-3 holds the policy in pieces: evaluate final/ instead of reading the table")
        return
    measure(run, "grpo", trainer.accelerator.unwrap_model(trainer.model), processor, **about)


def control(run: Run, warm: Path) -> None:
    """The warm start continued by supervision for as many seconds as GRPO took: what GRPO has to beat."""
    import torch

    assert run.teacher is not None
    state = json.loads((warm / "state.json").read_text(encoding="utf-8"))
    run.teacher.load_state_dict(state["teacher"])
    model, processor = load_both(run, str(warm))
    supervision = Supervision(model, processor, lambda step: lesson(run, step), run.config)
    supervision.optimizer.load_state_dict(torch.load(warm / "optimizer.pt", weights_only=True))
    supervision.steps = state["row"]["steps"]
    seconds = run.table.rows["grpo"]["seconds"]
    supervision.run(seconds=seconds, title="control")
    measure(run, "control", model, processor, seconds=seconds, steps=supervision.steps - state["row"]["steps"])


if __name__ == "__main__":
    sys.exit(main())
