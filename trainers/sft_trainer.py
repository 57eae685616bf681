"""TRL's SFTTrainer on slots: rows hold only the number of a lesson, and the collator makes a problem of it.

The collator is ours: it asks the stream for this rank's problems, turns them into lessons and those into model inputs,
whose labels are -100 on prompt and image (TRL's own would want the images in the rows, stored or drawn by every rank).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from datasets import Dataset
from trl.trainer.sft_config import SFTConfig
from trl.trainer.sft_trainer import SFTTrainer

from envs.stream import Stream
from trainers.config import Batches, Config
from trainers.during import Evaluated
from trainers.launch import deepspeed_config, on_cpu
from trainers.lessons import Targets, labelled, lesson_batch
from trainers.resuming import Bar, Resuming
from trainers.rollouts import Log
from trainers.timing import Clock, Timed, cuda_is_done, timed

SHOWN = (("loss", "loss"), ("mean_token_accuracy", "tokens right"), ("grad_norm", "gradient"))


def lesson_rows(batches: Batches) -> Dataset:
    """Rows for the whole run and one step more, in the order in which they are dealt out, so that each rank gets the
    contiguous share of a step's slots that its stream draws ahead (`Stream.own_slots`)."""
    n, each = batches.prompts, batches.per_device
    share = n // batches.world
    slots = [
        step * n + rank * share + micro * each + i
        for step in range(batches.max_steps + 1)
        for micro in range(batches.accumulation)
        for rank in range(batches.world)
        for i in range(each)
    ]
    return Dataset.from_dict({"slot": slots})


def trl_arguments(config: Config) -> SFTConfig:
    """The `trl:` section and what follows from our own keys. Making it is what starts torch.distributed."""
    chosen: dict[str, Any] = {"logging_steps": 1, "save_steps": 100, "use_cpu": on_cpu(config)}
    return SFTConfig(
        **(chosen | config.trl),
        output_dir=str(config.folder),
        report_to="none",  # trainers/tracking.py adds the callbacks
        seed=config.seed,
        deepspeed=deepspeed_config(config),
        shuffle_dataset=False,
        train_sampling_strategy="sequential",
        remove_unused_columns=False,
        dataloader_num_workers=0,  # the stream has its own, which draw ahead
        dataset_kwargs={"skip_prepare_dataset": True},
        max_length=None,
    )


class Collator:
    """Rows of slots to model inputs. Remembers which step the stream is at."""

    def __init__(
        self, stream: Stream, targets: Targets, processor: Any, batches: Batches, longest: int, log: Log | None
    ) -> None:
        self.stream, self.targets, self.processor, self.batches = stream, targets, processor, batches
        self.longest, self.log = longest, log
        self.batch = 0
        self.clock = Clock(settle=cuda_is_done)

    @timed("prepare")
    def __call__(self, rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
        slots = [row["slot"] for row in rows]
        batch = slots[0] // self.batches.prompts
        while self.batch < batch:
            self.stream.observe(self.batch, [])
            self.batch += 1
        with self.clock.phase("wait"):
            problems = self.stream.problems(batch, slots)
        found = [self.targets.lesson(slot, problems[slot]) for slot in slots]
        if self.log is not None and batch < self.batches.max_steps:  # one batch is fetched past the end
            self.log.write(
                *(
                    {"slot": slot, "address": str(problems[slot].address), "target": kind}
                    for slot, (kind, _) in zip(slots, found, strict=True)
                )
            )
        return labelled(lesson_batch(self.processor, [lesson for _, lesson in found], self.longest))


class LessonTrainer(Timed, Evaluated, Resuming, SFTTrainer):
    """Supervision on the stream. `metrics_log` is for the main process only, None elsewhere."""

    def __init__(
        self,
        *,
        batches: Batches,
        metrics_log: Log | None,
        elapsed: float = 0.0,
        tokens: int = 0,
        hang_seconds: float | None = None,
        **arguments: Any,
    ) -> None:
        super().__init__(train_dataset=lesson_rows(batches), **arguments)
        self.batches = batches
        self.elapsed = elapsed
        self._total_train_tokens = tokens  # TRL counts from 0 again when a run is resumed
        self.show(Bar("SFT", SHOWN), metrics_log, "sft")
        self.watch_over(Path(str(self.args.output_dir)), hang_seconds)
        self.keep_time(arguments["data_collator"].clock)
        self._tokens_logged = tokens

    def to_resume(self) -> dict[str, Any]:
        return {"tokens": self._total_train_tokens}

    def log(self, logs: dict[str, float], start_time: float | None = None) -> None:
        if "loss" in logs:
            steps = self.state.global_step - self.clock.step
            tokens = self._total_train_tokens - self._tokens_logged
            self.clock.count(charts=steps * self.batches.prompts, tokens=tokens)
            self._tokens_logged = self._total_train_tokens
        super().log(logs, start_time)
