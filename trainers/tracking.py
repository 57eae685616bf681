"""Where the curves of a run go beside metrics.jsonl: `track: tensorboard | wandb | trackio | none`, or a list of them.

The callbacks are those of transformers, which name what they are handed train/<name>; the names are TRL's own (reward,
kl, entropy, completions/mean_length, clip_ratio/...) and ours (env/..., time/...). TensorBoard's event files lie in
runs/<name>/tensorboard. A run that is resumed goes on in the same curves, and no step stands in them twice: of
TensorBoard the steps past the checkpoint are purged; W&B and Trackio keep what they were sent, and are not sent it
again: what was on its way when a process was killed is missing there (seen with Trackio: the last half second). Their
project is chartgym unless WANDB_PROJECT or trl.project says otherwise.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any

from envs.registry import nearest
from trainers import rollouts
from trainers.config import Config, ConfigError

TRACKERS = ("tensorboard", "wandb", "trackio")
PROJECT = "chartgym"
RUN_ID = "run_id.txt"  # of a run's folder: what W&B and Trackio know it by, so that a resumed run is the same


def trackers(config: Config) -> list[str]:
    """The trackers that the config names; ConfigError for one that there is not."""
    named = [config.track] if isinstance(config.track, str) else config.track
    for name in named:
        if name not in (*TRACKERS, "none"):
            raise ConfigError(f"unknown track {name!r}{nearest(name, [*TRACKERS, 'none'])}")
    if "none" in named and len(named) > 1:
        raise ConfigError(f"track is {named}: none stands alone; drop it, or the others")
    return [name for name in TRACKERS if name in named]


def add_trackers(trainer: Any, config: Config) -> None:
    """The callbacks of the config's trackers join a trainer, on the main process alone."""
    if not trainer.is_world_process_zero():
        return
    folder, arguments, names = config.folder, trainer.args, trackers(config)
    if not {"wandb", "trackio"}.isdisjoint(names):
        known = _run_id(folder)
        arguments.run_name = arguments.run_name or f"{config.name}-{known[:6]}"
        if "project" not in config.trl:
            arguments.project = PROJECT
        for variable, value in {
            "WANDB_PROJECT": PROJECT,
            "WANDB_NAME": config.name,
            "WANDB_RUN_ID": known,
            "WANDB_RESUME": "allow",
            "WANDB_DIR": str(folder),
        }.items():
            os.environ.setdefault(variable, value)
    sent = max((row["step"] for path in _logs(folder) for row in rollouts.read(path)), default=0)
    make: dict[str, Callable[[], Any]] = {
        "tensorboard": lambda: _tensorboard(folder / "tensorboard"),
        "wandb": lambda: _service("wandb", sent, "log in with `wandb login`, or set WANDB_MODE=offline"),
        "trackio": lambda: _service("trackio", sent, "see its message, or drop it from track"),
    }
    for name in names:
        trainer.add_callback(make[name]())


def _logs(folder: Path) -> tuple[Path, Path]:
    return folder / "metrics.jsonl", folder / "metrics.jsonl.aside"


def _run_id(folder: Path) -> str:
    path = folder / RUN_ID
    if not path.exists():
        path.write_text(secrets.token_hex(8) + "\n", encoding="utf-8")
    return path.read_text(encoding="utf-8").strip()


def _tensorboard(folder: Path) -> Any:
    """The callback on event files whose steps past the one that training goes on from are no more."""
    from torch.utils.tensorboard import SummaryWriter
    from transformers.integrations.integration_utils import TensorBoardCallback

    kind: Any = TensorBoardCallback

    class Curves(kind):  # type: ignore[misc]
        def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            self.logging_dir = str(folder)
            self.tb_writer = SummaryWriter(log_dir=str(folder), purge_step=state.global_step + 1)
            super().on_train_begin(args, state, control, **kwargs)

    return Curves()


def _service(name: str, sent: int, mend: str) -> Any:
    """The callback of W&B or Trackio, which is sent the rows of steps past `sent`."""
    from transformers.integrations.integration_utils import TrackioCallback, WandbCallback

    kind: Any = {"wandb": WandbCallback, "trackio": TrackioCallback}[name]

    class Once(kind):  # type: ignore[misc]
        def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            try:
                super().on_train_begin(args, state, control, **kwargs)
            except Exception as error:  # their clients' own errors have no common class
                line = " ".join(str(error).split())[:300]
                raise ConfigError(f"track: {name} does not begin a run ({line}): {mend}") from error

        def on_log(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            if state.global_step > sent:
                super().on_log(args, state, control, **kwargs)

    return Once()
