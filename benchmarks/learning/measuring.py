"""What one arm of the learning benchmark is worth: its result, from its checkpoints and its logs.

A result holds what `gather.py` needs and no more, some ten kilobytes: which held-out problems were answered rightly,
accuracy after every checkpoint, on problems it was trained on and on fresh ones like them, mixed groups by batch, some
rows of the training log, the config and the machine.
"""

from __future__ import annotations

import json
import math
import platform
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from envs.address import Address, Draws
from envs.testsets import load as load_test_set
from trainers import rollouts
from trainers.config import Batches, Config
from trainers.preflight import check, quiet_libraries, versions

ROWS = 30  # of the training log are kept


class Late(Exception):
    """The minutes were over before there was anything to measure."""


def measured(
    config: Config, *, whole: bool, held_out: Path, processor: Path, first: int, sample: int, draws: Draws
) -> dict[str, Any]:
    """What is measured of a run now, and what its logs hold.

    whole: it came to its end; else its last checkpoint counts. held_out: the test set, of which the first so many are
    asked of every checkpoint of GRPO. sample: so many problems that it was trained on, drawn by `draws`, and as many
    fresh ones. Late where there is no checkpoint yet.
    """
    plan, folder = check(config, disk=False), config.folder
    saved = {
        int(path.name.split("-")[1]): path for path in folder.glob("checkpoint-*") if (path / "stream.json").exists()
    }
    if whole:
        saved[config.trl["max_steps"]] = folder / "final"
    if not saved:
        raise Late(f"the minutes ended before {folder} had a checkpoint: give more, or the same command again")
    last, grpo = max(saved), config.sft is None
    test_set = load_test_set(held_out)
    test = [str(address) for address in test_set.addresses]
    cells = [f"{address.family}/{address.question}" for address in test_set.addresses]
    seen = trained_on(folder, last * plan.prompts)
    own = draws.shuffled(sorted(set(seen)))[:sample]
    rights = right(config, saved[last], processor, [*test, *own, *twins(own)])
    of_test, of_own, of_fresh = rights[: len(test)], rights[len(test) : -len(own)], rights[-len(own) :]
    curve, one_by_one = [], []
    for step in sorted(saved) if grpo else ():
        found = of_test[:first] if step == last else right(config, saved[step], processor, test[:first])
        curve.append([step, sum(found), len(found)])
        one_by_one.append(bits(found))
    return {
        "finished": whole,
        "steps": last,
        "of": config.trl["max_steps"],
        "rollouts": last * plan.rollouts if grpo else 0,
        "spent": json.loads(folder.with_suffix(".spent.json").read_text(encoding="utf-8")),
        "parameters": parameters(saved[last]),
        "test": {"digest": test_set.digest, "right": bits(of_test), "of": lettered(cells)},
        "cells": counted(cells, of_test),
        "levels": counted((str(one.level) for one in test_set.addresses), of_test),
        "own": [sum(of_own), len(of_own)],
        "fresh": [sum(of_fresh), len(of_fresh)],
        "problems": len(set(seen)),
        "prompts": len(seen),
        "curve": curve,
        "curve_right": one_by_one,
        "groups": group_rows(folder, last, plan) if grpo else [],
        "log": thinned(folder / "metrics.jsonl", last),
        "machine": f"{platform.machine()}, {device()}, Python {platform.python_version()}, {', '.join(versions())}",
        "config": config.to_dict(),
    }


def right(config: Config, checkpoint: Path, processor: Path, addresses: Sequence[str]) -> list[bool]:
    """Whether the greedy answer to each problem is right."""
    import torch

    from trainers.answering import evaluate_policy
    from trainers.models import load_policy, load_processor

    quiet_libraries()
    model = load_policy(checkpoint, config.model.dtype).to("cuda" if torch.cuda.is_available() else "cpu")
    rows = evaluate_policy(
        model,
        load_processor(processor),
        addresses,
        prompt=config.prompt,
        max_tokens=config.eval.max_tokens,
        batch_size=config.eval.batch_size,
        progress=False,
    )
    return [row.correct for row in rows]


def trained_on(folder: Path, prompts: int) -> list[str]:
    """The address of every prompt or lesson of the run's first so many, in turn."""
    if (folder / "lessons.jsonl").exists():
        return [row["address"] for row in rollouts.read(folder / "lessons.jsonl")][:prompts]
    return [row["address"] for row in rollouts.read(folder / "rollouts.jsonl") if row["rollout"] == 0][:prompts]


def twins(addresses: Iterable[str]) -> list[str]:
    """Problems of the training world in the same cells and levels, which no run has seen."""
    fresh = []
    for text in addresses:
        a = Address.parse(text)
        seed = Draws("fresh", text).bits() >> 1
        fresh.append(str(Address(a.family, a.question, a.level, seed, False, a.width, a.height, a.text, a.words)))
    return fresh


def bits(rights: Sequence[bool]) -> str:
    return "".join("01"[one] for one in rights)


def lettered(names: Sequence[str]) -> str:
    """A letter a name: "a" for the first of the names in order."""
    letters = {name: chr(ord("a") + place) for place, name in enumerate(sorted(set(names)))}
    return "".join(letters[name] for name in names)


def counted(names: Iterable[str], rights: Sequence[bool]) -> dict[str, list[int]]:
    """Name -> how many were right, of how many."""
    found: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for name, one in zip(names, rights):
        found[name][0] += one
        found[name][1] += 1
    return dict(sorted(found.items()))


def group_rows(folder: Path, steps: int, plan: Batches) -> list[list[float]]:
    """By generation batch: groups with mixed outcomes, groups, rollouts that were right, mean level."""
    batches = plan.batches_before(steps)
    groups: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for row in rollouts.read(folder / "rollouts.jsonl"):
        if row["batch"] < batches:
            groups[row["slot"]].append(row)
    found: dict[int, list[float]] = defaultdict(lambda: [0, 0, 0, 0.0])
    for rows in groups.values():
        one, correct = found[rows[0]["batch"]], sum(row["correct"] for row in rows)
        one[0] += 0 < correct < len(rows)
        one[1] += 1
        one[2] += correct
        one[3] += Address.parse(rows[0]["address"]).level
    return [[mixed, n, correct, round(level / n, 2)] for _, (mixed, n, correct, level) in sorted(found.items())]


def thinned(path: Path, steps: int) -> list[dict[str, float]]:
    """Some rows of the training log, with what a reader asks of them first."""
    kept = ("step", "loss", "reward", "entropy", "grad_norm", "mean_token_accuracy", "step_time", "env/wait_seconds")
    rows = [row for row in rollouts.read(path) if row["step"] <= steps]
    every = max(1, len(rows) // ROWS)
    return [{key: round(row[key], 4) for key in kept if key in row} for row in rows[every - 1 :: every]]


def parameters(checkpoint: Path) -> int:
    """Weights of a saved policy."""
    from safetensors import safe_open

    total = 0
    for file in checkpoint.glob("*.safetensors"):
        with safe_open(file, "pt") as held:
            total += sum(math.prod(held.get_slice(name).get_shape()) for name in held.keys())  # noqa: SIM118
    return total


def device() -> str:
    import torch

    return str(torch.cuda.get_device_name()) if torch.cuda.is_available() else "CPU"
