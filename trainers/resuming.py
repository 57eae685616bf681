"""What a trainer of TRL needs to be stopped and taken up again exactly, and what it shows while it runs.

A checkpoint is a folder whose state file was written last: one without it was cut off, and is void.
"""

from __future__ import annotations

import json
import logging
import math
import os
import shutil
import time
from pathlib import Path
from typing import Any

from transformers import TrainerCallback
from transformers.trainer_callback import PrinterCallback, ProgressCallback
from transformers.trainer_utils import rotate_checkpoints

from trainers.checkpoints import STREAM_STATE
from trainers.launch import rank
from trainers.rewarding import RewardWatch
from trainers.rollouts import Log, read

warnings = logging.getLogger("chartgym.rewards")


def last_checkpoint(folder: Path) -> Path | None:
    """The last complete checkpoint; the main process removes those that were cut off."""
    found = sorted(folder.glob("checkpoint-*"), key=lambda path: int(path.name.split("-")[1]))
    whole = [path for path in found if (path / STREAM_STATE).is_file()]
    if rank() == 0:
        for path in set(found) - set(whole):
            print(f"{path} was cut off while it was written, and is removed", flush=True)
            shutil.rmtree(path)
    return whole[-1] if whole else None


class Resuming:
    """To be mixed in before a trainer of TRL. Keeps the clock, writes whole checkpoints, loads them by the right names.

    `to_resume()` is what a subclass adds to the state file.
    """

    elapsed: float = 0.0
    _clock: float = 0.0

    @property
    def seconds(self) -> float:
        """Of training, over all the processes that a resumed run took."""
        return self.elapsed + time.monotonic() - self._clock

    def to_resume(self) -> dict[str, Any]:
        return {}

    def show(self: Any, bar: Bar, metrics_log: Log | None, stage: str, watch: RewardWatch | None = None) -> None:
        """Our bar and log instead of the library's, which print every metric of every step."""
        for callback in (ProgressCallback, PrinterCallback):
            self.remove_callback(callback)
        self.add_callback(bar)
        if metrics_log is not None:
            self.add_callback(MetricsToLog(metrics_log, stage, watch))

    def train(self, *args: Any, **kwargs: Any) -> Any:
        self._clock = time.monotonic()
        return super().train(*args, **kwargs)  # type: ignore[misc]

    def create_model_card(self, *args: Any, **kwargs: Any) -> None:
        """Left out of TRL's checkpoints: the card is written from the run, see trainers/modelcard.py."""

    def _load_from_checkpoint(self: Any, resume_from_checkpoint: str, model: Any = None) -> None:
        """Trainer of transformers 5.17 loads a checkpoint's tensors by the names in the file, which `save_pretrained`
        wrote as the hub has them (`model.layers.0`, not `model.language_model.layers.0`), and does not mind that none
        fits: the run goes on from its first weights. `from_pretrained` knows both names."""
        policy: Any = model or self.model
        if hasattr(policy, "peft_config"):  # adapters keep their names
            super()._load_from_checkpoint(resume_from_checkpoint, model)  # type: ignore[misc]
            return
        saved = type(policy).from_pretrained(resume_from_checkpoint, dtype=policy.dtype)
        policy.load_state_dict(saved.state_dict(), strict=True)

    def _save_checkpoint(self: Any, model: Any, trial: Any) -> None:
        # The oldest checkpoints go only once the new one is whole, or a kill in between would leave none.
        limit, self.args.save_total_limit = self.args.save_total_limit, None
        super()._save_checkpoint(model, trial)  # type: ignore[misc]
        self.args.save_total_limit = limit
        self.accelerator.wait_for_everyone()
        if self.args.should_save:
            folder = Path(self._get_output_dir(trial=trial)) / f"checkpoint-{self.state.global_step}"
            state = {"step": self.state.global_step, "seconds": self.seconds, **self.to_resume()}
            partial = folder / (STREAM_STATE + ".partial")
            partial.write_text(json.dumps(state), encoding="utf-8")
            os.replace(partial, folder / STREAM_STATE)
            rotate_checkpoints(output_dir=str(folder.parent), save_total_limit=limit, use_mtime=True)


class Bar(TrainerCallback):
    """One line of progress. `shown` pairs metrics with their short names."""

    def __init__(self, title: str, shown: tuple[tuple[str, str], ...]) -> None:
        self.title, self.shown = title, shown
        self.bar: Any = None

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        from tqdm import tqdm

        if state.is_world_process_zero:
            self.bar = tqdm(total=state.max_steps, initial=state.global_step, desc=self.title, dynamic_ncols=True)

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        if self.bar is not None:
            self.bar.update(state.global_step - self.bar.n)

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **kwargs: Any) -> None:
        if self.bar is not None and logs and "loss" in logs:
            self.bar.set_postfix({short: f"{logs[key]:.2f}" for key, short in self.shown if logs.get(key) is not None})

    def on_train_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        if self.bar is not None:
            self.bar.close()


class MetricsToLog(TrainerCallback):
    """Rows of training and of evaluation go to metrics.jsonl; the summary at the end has no loss and stays out. What a
    reward does wrong is called out once, over all the processes that a resumed run takes."""

    def __init__(self, log: Log, stage: str, watch: RewardWatch | None = None) -> None:
        self.metrics, self.stage, self.watch = log, stage, watch
        if watch:
            for row in read(log.path):
                if "loss" in row:
                    watch.read(row)

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **kwargs: Any) -> None:
        if logs and "eval_accuracy" in logs:  # transformers' own names, which trackers know
            found = {name.replace("eval_", "eval/", 1): value for name, value in logs.items()}
            self.metrics.write({"stage": "eval", "step": state.global_step, **found})
        elif logs and "loss" in logs:
            # A reward that had nothing to say in this batch has no mean, and NaN is no JSON.
            said = {name: value for name, value in logs.items() if not math.isnan(value)}
            self.metrics.write({"stage": self.stage, "step": state.global_step, **said})
            for line in self.watch.read(logs) if self.watch else ():
                warnings.warning("step %d: %s", state.global_step, line)
