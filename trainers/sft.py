"""Supervised starts on the endless stream: the story of one run.

    python -m trainers.sft configs/sft_tiny.yaml [key=value ...] [--resume] [--dry-run]

What is taught is the config's: answers alone, worked solutions, what a teacher said (trainers.traces), tables and
captions, or a mixture (trainers/lessons.py). Prompt and image are masked out of the labels. A run leaves
in runs/<name>/
    config.yaml                  the resolved config
    base/                        the policy from scratch (model.build)
    checkpoint-N/                trainer and random states, and stream.json, written last: without it it is void
    best/                        the best so far (eval.every), whole or the adapter
    final/                       the policy (or with sft.adapter its adapter) and its processor
    lessons.jsonl metrics.jsonl table.json tensorboard/
GRPO starts from it with `model.id=runs/<name>/final`, and trainers.evaluate takes it as --checkpoint. `--resume` goes
on from the last complete checkpoint, exactly: on the CPU in float32 a resumed run equals the unbroken one in addresses
and metrics, times aside. With `model.quantize: nf4` and `model.lora` it is QLoRA, on CUDA or, at tiny size, on the CPU.

Left out on purpose: packing, a curriculum that follows the model (nothing is sampled here).
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from envs.address import Address
from envs.curriculum import make_curriculum
from envs.stream import Stream
from trainers import rollouts
from trainers.checkpoints import STREAM_STATE
from trainers.config import Batches, Config, ConfigError
from trainers.continuing import last_checkpoint
from trainers.folder import load_both, make_folder, save_final
from trainers.grpo import build_policy, curriculum_keys
from trainers.launch import from_rank_0, rank, say
from trainers.lessons import Draw, LessonError, Targets, WithTraces, read_traces, state_at
from trainers.preflight import check_processor, quiet_libraries, size_of
from trainers.push import finish
from trainers.quirks import SFT_HOOKS, check_hooks, make_torchvision_importable
from trainers.story import tell
from trainers.table import Run, Table, measure
from trainers.tracking import add_trackers


def main(argv: Sequence[str] | None = None) -> int:
    return tell("sft", __doc__, argv, open_targets, run)


def run(config: Config, plan: Batches, targets: Targets, resume: bool) -> None:
    """One run from its first worker process to the last line of its table."""
    assert config.sft is not None
    folder, began = config.folder, time.monotonic()
    # Worker processes start before torch is imported: they stay small, and a process that uses a GPU cannot fork.
    stream = open_stream(config, plan, targets)

    make_torchvision_importable()
    check_hooks(SFT_HOOKS)
    quiet_libraries()
    from transformers import set_seed

    from trainers.sft_trainer import trl_arguments

    arguments = trl_arguments(config)  # several ranks find each other here
    make_folder(config, plan)
    if plan.world > 1:
        stream.use_broadcast(from_rank_0)
    this = Run(
        config=config,
        plan=plan,
        arguments=arguments,
        table=Table(folder / "table.json", keep=resume),
        stream=stream,
        teacher=None,
    )
    taught = ", ".join(f"{kind} {share:g}" for kind, share in config.sft.targets.items())
    say(f"run {folder}: {plan.prompts} lessons a step ({taught}), {plan.max_steps} steps")

    if not this.table.has("sft", steps=plan.max_steps):
        source = build_policy(config, folder) if config.model.build else str(config.model.id)
        set_seed(config.seed)  # adapters begin at random
        model, processor = load_both(this, source)
        say(check_processor(config, processor))
        if not this.table.has("before"):
            measure(this, "before", model, processor)
        train(this, targets, model, processor, source, last_checkpoint(folder))
    stream.close()
    finish(config)
    say(
        "",
        this.table.text(),
        "",
        f"{folder} took {time.monotonic() - began:.0f} s; its policy is in {folder / 'final'}",
    )
    say(f"see how it went: python -m trainers.report {folder}")
    say(f"evaluate it with: python -m trainers.evaluate {folder / 'config.yaml'} --checkpoint {folder / 'final'}")
    say(f"start GRPO from it with: python -m trainers.grpo CONFIG model.id={folder / 'final'}")


def open_targets(config: Config) -> Targets:
    """What is taught at each slot. LessonError where there are no traces to teach, or of images of another size."""
    assert config.sft is not None
    traces = read_traces(config.sft.traces) if config.sft.traces else ()
    for trace in traces:
        address = Address.parse(trace.address)
        if (address.width, address.height) != size_of(config):
            raise LessonError(
                f"{config.sft.traces} holds {trace.address}, and env.px is {config.env.px}: make the two alike, since "
                "that is the size which is checked against the processor"
            )
    return Targets(config.sft.targets, prompt=config.prompt, form=config.sft.table, seed=config.seed, traces=traces)


def open_stream(config: Config, plan: Batches, targets: Targets) -> Stream:
    """The stream of lessons: a batch is what one optimizer step learns from."""
    assert config.sft is not None
    kinds = config.sft.targets
    try:
        curriculum = make_curriculum(curriculum_keys(config))
    except (ValueError, OSError) as error:
        raise ConfigError(f"curriculum: {error}") from error
    return Stream(
        WithTraces(curriculum, targets) if kinds.get("traces") else curriculum,
        plan.prompts,
        workers=config.env.workers,
        rank=rank(),
        world=plan.world,
        make=Draw(config.sft.table if kinds.get("tables") else None, bool(kinds.get("captions"))),
        corpus="" if config.env.text == "grammar" else config.env.text,
        phrasings=config.env.phrasings or "",
    )


def train(run: Run, targets: Targets, model: Any, processor: Any, source: str, checkpoint: Path | None) -> None:
    """TRL's supervision on slots, from the start or from a checkpoint; leaves final/ and its row of the table."""
    from trainers.during import watch
    from trainers.sft_trainer import Collator, LessonTrainer

    assert run.config.sft is not None
    folder, elapsed, tokens, done = run.folder, 0.0, 0, 0
    if checkpoint is not None:
        state = json.loads((checkpoint / STREAM_STATE).read_text(encoding="utf-8"))
        elapsed, tokens, done = state["seconds"], state["tokens"], state["step"]
        say(f"resuming from {checkpoint}")
        run.stream.load_state_dict(state_at(run.stream.curriculum, done, run.plan.prompts))
    lesson_log = metrics_log = None
    if rank() == 0:
        first = done * run.plan.prompts
        aside = rollouts.set_aside(folder / "lessons.jsonl", lambda row: row["slot"] < first)
        aside += rollouts.set_aside(folder / "metrics.jsonl", lambda row: row["step"] <= done)
        if aside:
            say(f"{aside} log rows past step {done} were set aside")
        lesson_log, metrics_log = rollouts.Log(folder / "lessons.jsonl"), rollouts.Log(folder / "metrics.jsonl")
    collator = Collator(run.stream, targets, processor, run.plan, run.config.sft.max_tokens, lesson_log)
    collator.batch = done
    trainer = LessonTrainer(
        batches=run.plan,
        metrics_log=metrics_log,
        elapsed=elapsed,
        tokens=tokens,
        hang_seconds=run.config.launch.hang_seconds,
        model=model,
        processing_class=processor,
        args=run.arguments,
        data_collator=collator,
    )
    watch(run, trainer, processor, source, done)
    add_trackers(trainer, run.config)
    trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
    about = {"seconds": trainer.seconds, "steps": trainer.state.global_step}
    save_final(run, trainer, processor, source)
    if run.config.launch.strategy == "zero3":
        say("ZeRO-3 holds the policy in pieces: evaluate final/ instead of reading the table")
        return
    measure(run, "sft", trainer.accelerator.unwrap_model(trainer.model), processor, **about)


if __name__ == "__main__":
    sys.exit(main())
