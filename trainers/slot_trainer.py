"""TRL's GRPOTrainer on slots: rows hold only the number of a prompt, and the stream tells what it asks.

Six hooks of TRL 1.16 are overridden; a test guards their signatures.
    train                             keeps the clock over resumed runs
    _generate_and_score_completions   slots in; rows with prompt, image and answer handed on
    _calculate_rewards                rewards come back gathered over ranks: the curriculum learns, rollouts are logged
    log                               the curriculum's metrics and the time spent waiting for problems join the row
    _load_from_checkpoint             by the right names, see there
    _save_checkpoint                  the stream's state goes in last, and marks the checkpoint as complete

With an iterable data set instead, every rank would draw the whole stream, rows would be copied for each generation, and
resuming would draw everything again.
"""

from __future__ import annotations

import json
import os
import shutil
import time
from copy import copy
from hashlib import blake2b
from pathlib import Path
from typing import Any

import torch
from accelerate.utils import gather_object
from datasets import Dataset
from PIL import Image
from transformers import TrainerCallback
from transformers.trainer_callback import PrinterCallback, ProgressCallback
from transformers.trainer_utils import rotate_checkpoints
from trl.trainer.grpo_config import GRPOConfig
from trl.trainer.grpo_trainer import GRPOTrainer

from envs.address import Address
from envs.curriculum import Outcome
from envs.stream import Stream
from rewards import score
from rewards.functions import accuracy, boxed, completion_text, length
from trainers.config import Batches, Config
from trainers.launch import deepspeed_config, on_cpu, rank
from trainers.models import prompt_messages
from trainers.rollouts import Log, Rollout

STREAM_STATE = "stream.json"  # written last: a checkpoint without it was never finished

SOFT_LENGTH = 0.8  # of max_completion_length: where the length reward begins to fall, as in DAPO


def slot_rows(batches: Batches) -> Dataset:
    """Rows for the whole run and one batch more, so that the run is never a whole epoch. Only numbers are stored."""
    return Dataset.from_dict({"slot": range((batches.total + 1) * batches.prompts)})


def trl_arguments(config: Config) -> GRPOConfig:
    """The `trl:` section and what follows from our own keys. Making it is what starts torch.distributed."""
    chosen: dict[str, Any] = {"logging_steps": 1, "report_to": "none", "save_steps": 100, "use_cpu": on_cpu(config)}
    weights = config.rewards
    return GRPOConfig(
        **(chosen | config.trl),
        output_dir=str(config.folder),
        seed=config.seed,
        reward_weights=[weights.accuracy, weights.boxed, weights.length],
        deepspeed=deepspeed_config(config),
        shuffle_dataset=False,
        remove_unused_columns=False,
    )


def last_checkpoint(folder: Path) -> Path | None:
    """The last complete checkpoint; the main process removes those that were cut off."""
    found = sorted(folder.glob("checkpoint-*"), key=lambda path: int(path.name.split("-")[1]))
    whole = [path for path in found if (path / STREAM_STATE).is_file()]
    if rank() == 0:
        for path in set(found) - set(whole):
            print(f"{path} was cut off while it was written, and is removed", flush=True)
            shutil.rmtree(path)
    return whole[-1] if whole else None


def seed_of(*parts: object) -> int:
    """A seed of 31 bits, which torch, HF generation and vLLM all take."""
    return int.from_bytes(blake2b("/".join(map(str, parts)).encode(), digest_size=4).digest(), "big") >> 1


class SlotTrainer(GRPOTrainer):
    """GRPO on the stream. The logs are for the main process only, None elsewhere."""

    def __init__(
        self,
        *,
        config: Config,
        batches: Batches,
        stream: Stream,
        rollout_log: Log | None,
        metrics_log: Log | None,
        elapsed: float = 0.0,
        **arguments: Any,
    ) -> None:
        self.config, self.batches, self.stream, self.rollout_log = config, batches, stream, rollout_log
        self.elapsed, self._clock = elapsed, time.monotonic()
        self._seeds: list[int] = []
        too_long = length(soft=int(SOFT_LENGTH * batches.max_tokens), limit=batches.max_tokens)
        rewards: list[Any] = [accuracy, boxed, too_long]
        super().__init__(reward_funcs=rewards, train_dataset=slot_rows(batches), **arguments)
        for callback in (ProgressCallback, PrinterCallback):  # they print every metric of every step
            self.remove_callback(callback)
        self.add_callback(Bar())
        if metrics_log is not None:
            self.add_callback(MetricsToLog(metrics_log))
        if self.use_vllm and self.vllm_mode == "colocate":
            self._seed_each_request()

    @property
    def seconds(self) -> float:
        """Of training, over all the processes that a resumed run took."""
        return self.elapsed + time.monotonic() - self._clock

    def train(self, *args: Any, **kwargs: Any) -> Any:
        self._clock = time.monotonic()
        return super().train(*args, **kwargs)

    def _generate_and_score_completions(self, inputs: list[dict[str, Any]]) -> dict[str, Any]:
        slots = [row["slot"] for row in inputs]
        batch, generations = slots[0] // self.batches.prompts, self.batches.generations
        problems = self.stream.problems(batch, sorted(set(slots)))
        images = {slot: Image.fromarray(problem.image) for slot, problem in problems.items()}
        first = self.accelerator.process_index * len(inputs)
        rows = [
            {
                "prompt": prompt_messages(self.config.prompt, problems[slot].question),
                "image": images[slot],
                "answer": problems[slot].answer,
                "slot": slot,
                "rollout": (first + i) % generations,  # a group may lie across two ranks
                "address": str(problems[slot].address),
                "traits": tuple(problems[slot].meta.get("traits", ())),
            }
            for i, slot in enumerate(slots)
        ]
        # What a batch samples depends on the run's seed, the batch and the rank, not on what was sampled before.
        torch.manual_seed(seed_of(self.config.seed, "batch", batch, self.accelerator.process_index))
        self._seeds = [seed_of(self.config.seed, row["slot"], row["rollout"]) for row in rows]
        return super()._generate_and_score_completions(rows)

    def _calculate_rewards(self, inputs: Any, prompts: Any, completions: Any, completion_ids_list: Any) -> Any:
        rewards = super()._calculate_rewards(inputs, prompts, completions, completion_ids_list)
        mine = []
        for row, completion, ids in zip(inputs, completions, completion_ids_list, strict=True):
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
                )
            )
        gathered: list[tuple[Rollout, tuple[float, ...]]] = gather_object(
            list(zip(mine, (row["traits"] for row in inputs), strict=True))
        )
        rollouts = [rollout for rollout, _ in gathered]
        traits = {rollout.slot: found for rollout, found in gathered}
        groups: dict[int, list[Rollout]] = {}
        for rollout in rollouts:
            groups.setdefault(rollout.slot, []).append(rollout)
        # Every rank tells its own copy of the curriculum the same outcomes in the same order.
        self.stream.observe(
            rollouts[0].batch,
            [
                Outcome(Address.parse(group[0].address), sum(r.correct for r in group), len(group), traits[slot])
                for slot, group in sorted(groups.items())
            ],
        )
        if self.rollout_log is not None:
            self.rollout_log.write(*rollouts)
        return rewards

    def log(self, logs: dict[str, float], start_time: float | None = None) -> None:
        if "loss" in logs:  # a row of training, not the summary at the end
            logs.update({f"env/{name}": float(value) for name, value in self.stream.metrics().items()})
            steps = sum(self._metrics["train"]["step_time"])
            logs["env/wait_share"] = logs["env/wait_seconds"] / steps if steps else 0.0
        super().log(logs, start_time)

    def _load_from_checkpoint(self, resume_from_checkpoint: str, model: Any = None) -> None:
        """Trainer of transformers 5.17 loads a checkpoint's tensors by the names in the file, which `save_pretrained`
        wrote as the hub has them (`model.layers.0`, not `model.language_model.layers.0`), and does not mind that none
        fits: the run goes on from its first weights. `from_pretrained` knows both names."""
        policy: Any = model or self.model
        if hasattr(policy, "peft_config"):  # adapters keep their names
            super()._load_from_checkpoint(resume_from_checkpoint, model)
            return
        saved = type(policy).from_pretrained(resume_from_checkpoint, dtype=policy.dtype)
        policy.load_state_dict(saved.state_dict(), strict=True)

    def _save_checkpoint(self, model: Any, trial: Any) -> None:
        # The oldest checkpoints go only once the new one is whole, or a kill in between would leave none.
        limit, self.args.save_total_limit = self.args.save_total_limit, None
        super()._save_checkpoint(model, trial)  # type: ignore[no-untyped-call]
        self.args.save_total_limit = limit
        self.accelerator.wait_for_everyone()
        if self.args.should_save:
            folder = Path(self._get_output_dir(trial=trial)) / f"checkpoint-{self.state.global_step}"
            state = {"step": self.state.global_step, "seconds": self.seconds, "stream": self.stream.state_dict()}
            partial = folder / (STREAM_STATE + ".partial")
            partial.write_text(json.dumps(state), encoding="utf-8")
            os.replace(partial, folder / STREAM_STATE)
            rotate_checkpoints(output_dir=str(folder.parent), save_total_limit=limit, use_mtime=True)

    def _seed_each_request(self) -> None:
        """Give every vLLM request its own seed: hash of run seed, slot and rollout. TRL hands one SamplingParams to all
        of them, whose engine-wide seed would depend on the order of requests."""
        engine = self.vllm_generation.llm
        generate = engine.generate

        def seeded(prompts: Any, sampling_params: Any = None, **kwargs: Any) -> Any:
            each = []
            for seed in self._seeds:
                each.append(copy(sampling_params))
                each[-1].seed = seed
            if len(each) != len(prompts):
                raise RuntimeError(f"{len(prompts)} vLLM requests for {len(each)} rollouts: TRL's batching has changed")
            return generate(prompts, sampling_params=each, **kwargs)

        engine.generate = seeded


class Bar(TrainerCallback):
    """One line of progress: reward, share of groups without a signal, length."""

    SHOWN = (("reward", "reward"), ("frac_reward_zero_std", "no signal"), ("completions/mean_length", "tokens"))

    def __init__(self) -> None:
        self.bar: Any = None

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        from tqdm import tqdm

        if state.is_world_process_zero:
            self.bar = tqdm(total=state.max_steps, initial=state.global_step, desc="GRPO", dynamic_ncols=True)

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        if self.bar is not None:
            self.bar.update(state.global_step - self.bar.n)

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **kwargs: Any) -> None:
        if self.bar is not None and logs:
            self.bar.set_postfix({short: f"{logs[key]:.2f}" for key, short in self.SHOWN if logs.get(key) is not None})

    def on_train_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        if self.bar is not None:
            self.bar.close()


class MetricsToLog(TrainerCallback):
    """Every training row of the trainer goes to metrics.jsonl; the summary at the end has no loss and stays out."""

    def __init__(self, log: Log) -> None:
        self.metrics = log

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **kwargs: Any) -> None:
        if logs and "loss" in logs:
            self.metrics.write({"stage": "grpo", "step": state.global_step, **logs})
