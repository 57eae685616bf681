"""A run as a Ray Data job: the same stages on many machines, in parts that each have a journal of their own.

    python -m envs.synthesis CONFIG --ray 8         eight parts at once, on the cluster that RAY_ADDRESS names or here

A part is TREES first items, the same ones however many parts run at once, so that a run goes on with another number.
Pace and concurrency of the config are shared among the parts that run at once, the budget among all of them. The
project is installed on every machine, and the folder is one that all of them see. Problems that repeat those of another
part are dropped at the end.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from envs.synthesis.config import Config, ConfigError
from envs.synthesis.pipelines.client import EndpointError
from envs.synthesis.pipelines.journal import JournalError
from envs.synthesis.run import Result, produce

TREES = 32  # of a part


@dataclass(frozen=True, kw_only=True)
class Part:
    """What one machine is to do."""

    number: int
    items: Sequence[Any]
    folder: Path


def parts_of(config: Config, items: Sequence[Any]) -> list[Part]:
    return [
        Part(number=i, items=items[at : at + TREES], folder=config.folder.absolute() / "parts" / f"{i:05}")
        for i, at in enumerate(range(0, len(items), TREES))
    ]


def produce_with_ray(config: Config, parts: Sequence[Part], at_once: int, *, quiet: bool = False) -> Result:
    """Runs all parts, so many at once; their accounts as one. EndpointError and JournalError in one line, as `produce`;
    ConfigError without Ray."""
    try:
        import ray
        import ray.data
        import ray.exceptions
    except ImportError:
        raise ConfigError('--ray needs Ray: pip install -c constraints.txt -e ".[ray]"') from None
    from tqdm import tqdm

    started = not ray.is_initialized()
    if started:
        ray.init(log_to_driver=False, logging_level=logging.ERROR)
    ray.data.DataContext.get_current().enable_progress_bars = False  # the bar here counts parts
    logging.getLogger("ray.data").setLevel(logging.CRITICAL)
    at_once = min(at_once, len(parts))
    keys = {e.key: os.environ[e.key] for e in config.endpoints if e.key in os.environ}

    def done(row: dict[str, Any]) -> dict[str, Any]:
        os.environ.update(keys)
        part = parts[row["part"]]
        try:
            result = produce(config, part.items, part.folder, quiet=True, share=at_once, parts=len(parts))
            return {"result": asdict(result), "wrong": result.error}
        except (EndpointError, JournalError, OSError) as wrong:  # raised here it would come back as a page of Ray's own
            return {"result": None, "wrong": str(wrong)}

    rows = ray.data.from_items([{"part": part.number} for part in parts], override_num_blocks=len(parts))
    found: list[Result] = []
    wrong = ""
    try:
        with tqdm(total=len(parts), desc=config.name, unit="part", disable=quiet) as bar:
            for row in rows.map(done, compute=ray.data.TaskPoolStrategy(at_once)).iter_rows():
                wrong = wrong or row["wrong"]
                if row["result"]:
                    found.append(Result(**row["result"]))
                bar.update()
    except ray.exceptions.RayError as error:
        cause = " ".join(str(getattr(error, "cause", None) or error).split())
        raise JournalError(f"Ray gave up: {cause[:300]}") from None
    finally:
        if started:
            ray.shutdown()
    if not found:
        raise EndpointError(wrong)
    return together(found, wrong)


def together(results: Sequence[Result], wrong: str) -> Result:
    """The accounts of parts as one."""
    summary: dict[str, Any] = added([result.summary for result in results])
    stopped = next((result.stopped for result in results if result.stopped), "")
    summary["stopped"] = stopped or wrong
    return Result(stopped=stopped, signal=0, error=wrong, kept=summary["kept"], summary=summary)


def added(values: Sequence[Any]) -> Any:
    """Numbers summed, dicts by key; of what is neither, the first."""
    if isinstance(values[0], dict):
        keys = dict.fromkeys(key for value in values for key in value)
        return {key: added([value[key] for value in values if key in value]) for key in keys}
    if isinstance(values[0], int | float) and not isinstance(values[0], bool):
        return sum(values)
    return values[0]
