"""The checkpoint under evaluation: whether it is one, which one, and whole weights for engines that want them."""

from __future__ import annotations

import json
import re
from hashlib import blake2b
from pathlib import Path
from typing import Any

STREAM_STATE = "stream.json"  # of a checkpoint, written last: without it the checkpoint was never finished
BEST = "best"  # the folder in a run's folder with the policy that an evaluation during training found best


class EvaluationError(ValueError):
    """What keeps an evaluation from going on; one line, with the mend."""


def whole_checkpoints(folder: Path) -> list[Path]:
    """The complete checkpoints, in the order of their steps."""
    found = (path.parent for path in folder.glob(f"checkpoint-*/{STREAM_STATE}"))
    return sorted(found, key=lambda path: int(path.name.split("-")[1]))


def _holds_model(folder: Path) -> bool:
    return any((folder / name).is_file() for name in ("config.json", "adapter_config.json"))


def best_of(folder: Path, name: str = BEST) -> dict[str, Any] | None:
    """What is known of the best policy of a run: step, accuracy, test_set ...; None where none was kept."""
    try:
        found: dict[str, Any] = json.loads((folder / name / f"{BEST}.json").read_text(encoding="utf-8"))
        return found
    except (OSError, ValueError):
        return None


def chosen(checkpoint: str) -> str:
    """What `checkpoint` means: of the folder of a run its final policy, or else its last whole checkpoint."""
    folder = Path(checkpoint)
    if not folder.is_dir() or _holds_model(folder):
        return checkpoint
    found = [path for path in [*whole_checkpoints(folder), folder / "final"] if _holds_model(path)]
    return str(found[-1]) if found else checkpoint


def check_checkpoint(checkpoint: str) -> None:
    """EvaluationError unless `checkpoint` is a folder with a model, or could be an id on a hub."""
    folder = Path(checkpoint)
    if folder.is_dir() and not _holds_model(folder):
        inside = sorted(path.name for path in folder.iterdir() if path.is_dir() and _holds_model(path))
        mend = f"name one of {', '.join(inside)} in it" if inside else "there is no config.json in it"
        raise EvaluationError(f"{folder} holds no model: {mend}")
    if not folder.is_dir() and not re.fullmatch(r"\w[\w.-]*/[\w.-]+", checkpoint):
        raise EvaluationError(f"no checkpoint folder {checkpoint}, and that is no id on a hub (owner/name) either")


def checkpoint_digest(checkpoint: str) -> str:
    """What tells two states of a local folder apart: 64 samples of every weights file; "" for an id on a hub."""
    folder = Path(checkpoint)
    if not folder.is_dir():
        return ""
    found = blake2b(digest_size=8)
    for file in sorted(path for path in folder.iterdir() if path.suffix in (".safetensors", ".bin", ".json")):
        if file.suffix == ".json" and file.name not in ("config.json", "adapter_config.json"):
            continue
        size = file.stat().st_size
        found.update(f"{file.name}/{size}/".encode())
        with file.open("rb") as stream:
            for part in range(64):
                stream.seek(size * part // 64)
                found.update(stream.read(65536))
    return found.hexdigest()


def merged(checkpoint: str, folder: Path, dtype: str) -> str:
    """`checkpoint`, or, where it holds a LoRA adapter alone, its base model with the adapter merged in, in `folder`."""
    from trainers.models import adapter_base, load_policy, load_processor

    if adapter_base(checkpoint) is None:
        return checkpoint
    load_policy(checkpoint, dtype).save_pretrained(folder)
    load_processor(checkpoint).save_pretrained(folder)
    return str(folder)
