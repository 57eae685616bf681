"""TRL's GRPOTrainer on slots: rows hold only the number of a prompt, and the stream tells what it asks.

Hooks of TRL 1.16 are overridden; a test guards their signatures.
    _generate_and_score_completions   slots in; rows with prompt, image and answer handed on
    _calculate_rewards                rewards come back gathered over ranks: the curriculum learns, rollouts are logged
    log                               the curriculum's metrics and the time spent waiting for problems join the row
    train, _load_from_checkpoint, _save_checkpoint      see trainers/resuming.py
    _generate, sync_weights and others                  only timed: trainers/timing.py

With an iterable data set instead, every rank would draw the whole stream, rows would be copied for each generation, and
resuming would draw everything again.
"""

from __future__ import annotations

from copy import copy
from hashlib import blake2b
from math import isnan
from typing import Any

import torch
from accelerate.utils import gather_object
from datasets import Dataset
from PIL import Image
from trl.trainer.grpo_config import GRPOConfig
from trl.trainer.grpo_trainer import GRPOTrainer

from envs.address import Address
from envs.curriculum import Outcome
from envs.stream import Stream
from envs.underlying import tables_behind
from rewards import Answer, score
from rewards.functions import completion_text
from trainers.asked import AskedLog
from trainers.config import Batches, Config
from trainers.during import Evaluated
from trainers.launch import deepspeed_config, on_cpu
from trainers.models import prompt_messages
from trainers.resuming import Bar, Resuming
from trainers.rewarding import RewardWatch, chosen, weights
from trainers.rollouts import Log, Rollout
from trainers.sampling import drawn_by_seed
from trainers.timing import Clock, Timed, cuda_is_done, timed

SHOWN = (("reward", "reward"), ("frac_reward_zero_std", "no signal"), ("completions/mean_length", "tokens"))


def slot_rows(batches: Batches) -> Dataset:
    """Rows for the whole run and one batch more, so that the run is never a whole epoch. Only numbers are stored."""
    return Dataset.from_dict({"slot": range((batches.total + 1) * batches.prompts)})


def trl_arguments(config: Config) -> GRPOConfig:
    """The `trl:` section and what follows from our own keys. Making it is what starts torch.distributed."""
    chosen: dict[str, Any] = {"logging_steps": 1, "save_steps": 100, "use_cpu": on_cpu(config)}
    return GRPOConfig(
        **(chosen | config.trl),
        output_dir=str(config.folder),
        report_to="none",  # trainers/tracking.py adds the callbacks
        seed=config.seed,
        reward_weights=list(weights(config).values()),
        deepspeed=deepspeed_config(config),
        shuffle_dataset=False,
        remove_unused_columns=False,
    )


def seed_of(*parts: object) -> int:
    """A seed of 31 bits, which torch, HF generation and vLLM all take."""
    return int.from_bytes(blake2b("/".join(map(str, parts)).encode(), digest_size=4).digest(), "big") >> 1


class SlotTrainer(Timed, Evaluated, Resuming, GRPOTrainer):
    """GRPO on the stream. The logs are for the main process only, None elsewhere."""

    def __init__(
        self,
        *,
        config: Config,
        batches: Batches,
        stream: Stream,
        rollout_log: Log | None,
        metrics_log: Log | None,
        asked_log: Log | None = None,
        elapsed: float = 0.0,
        **arguments: Any,
    ) -> None:
        self.config, self.batches, self.stream, self.rollout_log = config, batches, stream, rollout_log
        self.elapsed = elapsed
        self.asked = None if asked_log is None else AskedLog(asked_log, stream.curriculum)
        self._seeds: list[int] = []
        functions: list[Any] = chosen(config, batches)
        super().__init__(reward_funcs=functions, train_dataset=slot_rows(batches), **arguments)
        self.show(Bar("GRPO", SHOWN), metrics_log, "grpo", RewardWatch(weights(config)))
        self.watch_over(config.folder, config.launch.hang_seconds)
        self.keep_time(Clock(batches.steps_a_batch, settle=cuda_is_done))
        if self.use_vllm and self.vllm_mode == "colocate":
            self._seed_each_request()

    def to_resume(self) -> dict[str, Any]:
        return {"stream": self.stream.state_dict()}

    @timed("prepare")
    def _generate_and_score_completions(self, inputs: list[dict[str, Any]]) -> dict[str, Any]:
        slots = [row["slot"] for row in inputs]
        batch, generations = slots[0] // self.batches.prompts, self.batches.generations
        self.watchdog.beat("drawing problems")
        with self.clock.phase("wait"):
            problems = self.stream.problems(batch, sorted(set(slots)))
        self.watchdog.beat("generation")
        images = {slot: Image.fromarray(problem.image) for slot, problem in problems.items()}
        tables = {}
        if self.config.rewards.table is not None:
            tables = {slot: tables_behind(problem.address) for slot, problem in problems.items()}
        first = self.accelerator.process_index * len(inputs)
        rows = [
            {
                "prompt": prompt_messages(self.config.prompt, problems[slot].question),
                "image": images[slot],
                "answer": problems[slot].answer,
                "charts": problems[slot].meta["charts"],
                "tables": tables.get(slot, []),
                "slot": slot,
                "rollout": (first + i) % generations,  # a group may lie across two ranks
                "address": str(problems[slot].address),
                "told": (
                    tuple(problems[slot].meta.get("traits", ())),
                    problems[slot].meta.get("possible", 0),
                    problems[slot].answer,
                ),
            }
            for i, slot in enumerate(slots)
        ]
        # What a rollout samples depends on the run's seed and its own place; what else is random (dropout) on the run's
        # seed, the batch and the rank: on nothing that went before.
        torch.manual_seed(seed_of(self.config.seed, "batch", batch, self.accelerator.process_index))
        self._seeds = [seed_of(self.config.seed, row["slot"], row["rollout"]) for row in rows]
        if self.use_vllm:
            return super()._generate_and_score_completions(rows)
        with drawn_by_seed(self.accelerator.unwrap_model(self.model), self._seeds, self.batches.max_tokens):
            return super()._generate_and_score_completions(rows)

    @timed("reward")
    def _calculate_rewards(self, inputs: Any, prompts: Any, completions: Any, completion_ids_list: Any) -> Any:
        self.watchdog.beat("scoring")
        rewards = super()._calculate_rewards(inputs, prompts, completions, completion_ids_list)
        counted, mine = weights(self.config), []
        first = self.accelerator.process_index * len(inputs)
        here = rewards[first : first + len(inputs)].tolist()  # [rollouts, functions]
        for row, completion, ids, given in zip(inputs, completions, completion_ids_list, here):
            said = {name: None if isnan(value) else value for name, value in zip(counted, given, strict=True)}
            text = completion_text(completion) or ""
            verdict = score(text, row["answer"])
            mine.append(
                Rollout(
                    batch=row["slot"] // self.batches.prompts,
                    slot=row["slot"],
                    rollout=row["rollout"],
                    address=row["address"],
                    completion=text,
                    tokens=len(ids),
                    correct=verdict.correct,
                    score=verdict.value,
                    given=verdict.given,
                    reason=verdict.reason,
                    reward=sum(counted[name] * value for name, value in said.items() if value is not None),
                    rewards=said,
                )
            )
        gathered: list[tuple[Rollout, tuple[tuple[float, ...], int, Answer]]] = gather_object(
            list(zip(mine, (row["told"] for row in inputs), strict=True))
        )
        rollouts = [rollout for rollout, _ in gathered]
        told = {rollout.slot: found for rollout, found in gathered}
        groups: dict[int, list[Rollout]] = {}
        for rollout in rollouts:
            groups.setdefault(rollout.slot, []).append(rollout)
        # Every rank tells its own copy of the curriculum the same outcomes in the same order.
        outcomes = [
            Outcome(
                Address.parse(group[0].address),
                sum(rollout.correct for rollout in group),
                len(group),
                *told[slot],
                tuple(rollout.given for rollout in sorted(group, key=lambda rollout: rollout.rollout)),
            )
            for slot, group in sorted(groups.items())
        ]
        self.stream.observe(rollouts[0].batch, outcomes)
        self.clock.count(charts=len(groups), tokens=sum(rollout.tokens for rollout in rollouts))
        if self.rollout_log is not None:
            self.rollout_log.write(*rollouts)
        if self.asked is not None:
            self.asked.observe(rollouts[0].batch, outcomes)
        self.watchdog.beat("training")
        return rewards

    def _save_checkpoint(self, model: Any, trial: Any) -> None:
        if self.asked is not None:
            self.asked.flush()
        super()._save_checkpoint(model, trial)

    def log(self, logs: dict[str, float], start_time: float | None = None) -> None:
        if "loss" in logs:  # a row of training, not the summary at the end
            logs.update({f"env/{name}": float(value) for name, value in self.stream.metrics().items()})
            steps = sum(self._metrics["train"]["step_time"])
            logs["env/wait_share"] = logs["env/wait_seconds"] / steps if steps else 0.0
        super().log(logs, start_time)

    def _seed_each_request(self) -> None:
        """Give every vLLM request its own seed: hash of run seed, slot and rollout. TRL hands one SamplingParams to all
        of them, whose engine-wide seed would depend on the order of requests."""
        engine = self.vllm_generation.llm
        generate = engine.generate

        def seeded(prompts: Any, sampling_params: Any = None, **kwargs: Any) -> Any:
            if isinstance(sampling_params, list):  # of an evaluation, which has seen to it
                return generate(prompts, sampling_params=sampling_params, **kwargs)
            each = []
            for seed in self._seeds:
                each.append(copy(sampling_params))
                each[-1].seed = seed
            if len(each) != len(prompts):
                raise RuntimeError(f"{len(prompts)} vLLM requests for {len(each)} rollouts: TRL's batching has changed")
            return generate(prompts, sampling_params=each, **kwargs)

        engine.generate = seeded
