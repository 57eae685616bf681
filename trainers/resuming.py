"""What a trainer of TRL needs to be stopped and taken up again exactly, and what it shows while it runs."""

from __future__ import annotations

import json
import logging
import math
import os
import shutil
import time
from pathlib import Path
from typing import Any

import torch
from transformers import TrainerCallback
from transformers.trainer_callback import PrinterCallback, ProgressCallback
from transformers.trainer_utils import rotate_checkpoints

from envs.logs import write_whole
from trainers.checkpoints import STREAM_STATE, whole_checkpoints
from trainers.config import Batches
from trainers.failures import Signals, Stopped, disk_full, first_line, goes_on
from trainers.rewarding import RewardWatch
from trainers.rollouts import Log, read
from trainers.watchdog import Watchdog

warnings = logging.getLogger("chartgym.rewards")

# With several processes Trainer of transformers 5.17 loads the optimizer's states onto `args.device`, which on the CPU
# is cpu:0, a place that torch.load does not know ("don't know how to restore data location"): it is the CPU.
torch.serialization.register_package(
    11, lambda storage: None, lambda storage, place: storage if place.startswith("cpu:") else None
)


class Resuming:
    """To be mixed in before a trainer of TRL. Keeps the clock, writes whole checkpoints, loads them by the right names.

    `to_resume()` is what a subclass adds to the state file.
    """

    elapsed: float = 0.0
    _clock: float = 0.0
    args: Any
    batches: Batches
    watchdog: Watchdog

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
        self.bar = bar
        self.add_callback(bar)
        if metrics_log is not None:
            self.add_callback(MetricsToLog(metrics_log, stage, watch))

    def watch_over(self: Any, folder: Path, hang_seconds: float | None) -> None:
        """To be called once the trainer is made: the watchdog, and the end that a signal asks for."""
        self.watchdog = Watchdog(folder, self.args.process_index, self.args.world_size, hang_seconds)
        self.signals = Signals(folder)
        self.add_callback(Watched(self.watchdog, self.signals, self.batches))

    def train(self: Any, *args: Any, **kwargs: Any) -> Any:
        self._clock = time.monotonic()
        try:
            with self.watchdog, self.signals:
                done = super().train(*args, **kwargs)  # type: ignore[misc]
        finally:
            self.bar.close()  # what is said next begins on a line of its own
        if self.signals.received:
            message = f"stopped by {self.signals.name} after step {self.state.global_step}"
            code = 128 + self.signals.received
            raise Stopped(f"{message}; {goes_on(Path(self.args.output_dir))}", code, agreed=True)
        return done

    def _get_grad_norm(self: Any, model: Any, grad_norm: Any = None) -> Any:
        """Before each step of the optimizer, alike on all ranks: the last place where a policy can be kept whole."""
        found = super()._get_grad_norm(model, grad_norm=grad_norm)  # type: ignore[misc]
        # In fp16 gradients overflow now and then on purpose, and the scaler leaves such steps out.
        if found is not None and not self.args.fp16 and not math.isfinite(float(found)):
            self.broken(f"the gradient of step {self.state.global_step + 1} is {float(found)}")
        return found

    def broken(self: Any, what: str) -> None:
        """Ends a run whose numbers are none any more. Taken up again it would come to the same place, exactly."""
        folder = Path(self.args.output_dir)
        start = whole[-1] if (whole := whole_checkpoints(folder)) else "its start"
        raise Stopped(
            f"{what}, and no step was made of it. {goes_on(folder)}; if it comes to the same again, start another run "
            f"(name=...) from {start} (model.id) with a learning rate below {self.args.learning_rate:g}, a smaller "
            "trl.max_grad_norm, or model.dtype float32",
            agreed=True,
        )

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
        self.watchdog.beat("saving a checkpoint")
        folder = Path(self._get_output_dir(trial=trial)) / f"checkpoint-{self.state.global_step}"
        weights = [one for one in self.model.parameters() if one.requires_grad and one.numel()]
        if not all(math.isfinite(float(torch.linalg.vector_norm(one.detach(), math.inf))) for one in weights):
            self.broken(f"after step {self.state.global_step} the policy has weights that are no numbers")
        try:
            self._save_whole(folder, model, trial)
        except Exception as error:
            if not disk_full(error):
                raise
            if self.args.should_save:  # half of it would only take room
                shutil.rmtree(folder, ignore_errors=True)
            raise Stopped(
                f"the disk is full and {folder} could not be written ({first_line(error)}); what there was of it is "
                f"removed. Make room; {goes_on(folder.parent)}"
            ) from error

    def _save_whole(self: Any, folder: Path, model: Any, trial: Any) -> None:
        # The oldest checkpoints go only once the new one is whole, or a kill in between would leave none.
        limit, self.args.save_total_limit = self.args.save_total_limit, None
        super()._save_checkpoint(model, trial)  # type: ignore[misc]
        self.args.save_total_limit = limit
        self.accelerator.wait_for_everyone()
        if self.args.should_save:
            # A machine that goes down must not leave the last file without the others.
            for path in (path for path in folder.rglob("*") if path.is_file()):
                with path.open("rb") as file:
                    os.fsync(file.fileno())
            state = {"step": self.state.global_step, "seconds": self.seconds, **self.to_resume()}
            write_whole(folder / STREAM_STATE, json.dumps(state))
            rotate_checkpoints(output_dir=str(folder.parent), save_total_limit=limit, use_mtime=True)


class Watched(TrainerCallback):
    """Tells the watchdog where this rank is, and ends the run where a signal asked for it: at the next step at which a
    generation batch ends and a row was logged, with a checkpoint, so that nothing is lost. On all ranks at the same."""

    def __init__(self, watchdog: Watchdog, signals: Signals, batches: Batches) -> None:
        self.beat, self.signals, self.batches = watchdog.beat, signals, batches

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        # Trainer of transformers 5.17 goes on with the checkpoint's save_steps and logging_steps, not the config's.
        state.compute_steps(args, state.max_steps)

    def on_step_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        self.beat("training", state.global_step + 1)

    def on_substep_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        self.beat("training")

    def on_pre_optimizer_step(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        self.beat("the optimizer's step")

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        self.beat("logging")
        received = self.signals.received
        if args.world_size > 1:
            flag = torch.tensor(received, device=args.device)
            torch.distributed.all_reduce(flag, torch.distributed.ReduceOp.MAX)
            received = int(flag)
        if received and self.batches.at_boundary(state.global_step) and state.global_step % state.logging_steps == 0:
            self.signals.received = received
            control.should_save = args.save_strategy != "no"
            control.should_training_stop = True


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

    def close(self) -> None:
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
