"""Problems as a data set: Parquet shards that `datasets.load_dataset(DIR)` opens, and a card that says how it was made.

    DIR/README.md                              the data card
    DIR/chartgym.json                          the settings, so that a cut-off export goes on and another is refused
    DIR/data/train-00000-of-00003.parquet      rows, images inside as PNG

Row i is a pure function of (seed, i) and of the cells and levels asked for: problems are dealt over cells, then over
levels, and an address that has no problem takes the next seed. A shard is written to a temporary name and renamed, so
that what is there is whole.
"""

from __future__ import annotations

import io
import json
import logging
import multiprocessing
import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from envs import hub
from envs.address import Address, Draws

if TYPE_CHECKING:
    import pyarrow as pa

    from envs.problem import Problem

SETTINGS, CARD = "chartgym.json", "README.md"
SEEDS = 10**12  # seeds of exported problems are below this, so that addresses stay short
TURNS = 64  # seeds looked at for one row before the export gives up
SHARDS, SMALLEST, LARGEST = 64, 100, 1000  # about this many shards, with this many rows each
TEXTS: tuple[str, ...] = ("address", "question", "answer", "answer_text", "answer_kind", "solution")
TEXTS += ("family", "question_name", "view", "skill")
WHOLES = ("level", "width", "height", "tries")


class ExportError(ValueError):
    """An export that cannot be made as asked; the message is one line that names the mend."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to export: `n` problems of `cells` ((family, question), ...) at `levels`, `px` (width, height) large."""

    n: int
    cells: tuple[tuple[str, str], ...]
    levels: tuple[int, ...]
    px: tuple[int, int]
    seed: int = 0

    @property
    def rows(self) -> int:
        """Rows of a shard."""
        return min(max(-(-self.n // SHARDS), SMALLEST), LARGEST)

    @property
    def shards(self) -> int:
        return -(-self.n // self.rows)

    def path(self, folder: Path, shard: int) -> Path:
        """Where a shard lies."""
        return folder / "data" / f"train-{shard:05}-of-{self.shards:05}.parquet"

    def span(self, shard: int) -> range:
        """The rows of a shard."""
        return range(shard * self.rows, min(self.n, (shard + 1) * self.rows))

    def addresses(self, i: int) -> Iterator[Address]:
        """The addresses that row i may have, the first one that has a problem being it."""
        turn, c = divmod(i, len(self.cells))
        draws = Draws("export", self.seed, i)
        level = self.levels[(turn + c) % len(self.levels)]  # offset by the cell, so that few rows hold every level
        for _ in range(TURNS):
            yield Address(*self.cells[c], level, draws.integers(0, SEEDS), False, *self.px)

    def settings(self) -> dict[str, Any]:
        """What decides the rows, JSON-able; versions of families and questions are among it."""
        from envs.registry import FAMILIES, QUESTIONS

        return {
            "n": self.n,
            "levels": list(self.levels),
            "px": "{}x{}".format(*self.px),
            "seed": self.seed,
            "cells": {f"{f}/{q}": f"{FAMILIES[f].version}.{QUESTIONS[q].version}" for f, q in self.cells},
        }


def problem_at(plan: Plan, i: int) -> Problem:
    """The problem of row i; ExportError where TURNS seeds have none."""
    from envs.problem import Unmakeable, make

    reason = ""
    for address in plan.addresses(i):
        try:
            return make(address)
        except Unmakeable as failure:
            reason = str(failure)
    raise ExportError(f"row {i} has no problem in {TURNS} seeds ({reason}): leave its cell out with --cells")


def row(problem: Problem) -> dict[str, Any]:
    """A problem as one row of the data set."""
    from PIL import Image

    from rewards.boxed import last_boxed

    stored = io.BytesIO()
    Image.fromarray(problem.image).save(stored, "PNG")
    address, answer = problem.address, problem.answer.to_json()
    height, width, _ = problem.image.shape
    return {
        "image": {"bytes": stored.getvalue(), "path": None},
        "address": str(address),
        "question": problem.question,
        "answer": json.dumps(answer, ensure_ascii=False),
        "answer_text": last_boxed(problem.solution).text,
        "answer_kind": answer["kind"],
        "solution": problem.solution,
        "family": address.family,
        "question_name": address.question,
        "view": problem.meta["view"],
        "skill": problem.meta["skill"],
        "charts": problem.meta["charts"],
        "level": address.level,
        "width": width,
        "height": height,
        "tries": problem.meta["tries"],
        "versions": problem.meta["versions"],
    }


def schema() -> pa.Schema:
    """The columns; the metadata tells `datasets` which of them is an image."""
    import pyarrow as pa

    def value(kind: str) -> dict[str, str]:
        return {"dtype": kind, "_type": "Value"}

    versions = ("family", "question")
    fields = [pa.field("image", pa.struct([("bytes", pa.binary()), ("path", pa.string())]))]
    fields += [pa.field(name, pa.string()) for name in TEXTS]
    fields += [pa.field("charts", pa.list_(pa.string()))]
    fields += [pa.field(name, pa.int32()) for name in WHOLES]
    fields += [pa.field("versions", pa.struct([(name, pa.int32()) for name in versions]))]
    features: dict[str, Any] = {"image": {"_type": "Image"}}
    features |= {name: value("string") for name in TEXTS}
    features |= {"charts": {"feature": value("string"), "_type": "List"}}
    features |= {name: value("int32") for name in WHOLES}
    features |= {"versions": {name: value("int32") for name in versions}}
    return pa.schema(fields, {"huggingface": json.dumps({"info": {"features": features}})})


def write_shard(plan: Plan, folder: Path, shard: int) -> int:
    """Draw and write one shard; how many rows it has."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    span, path = plan.span(shard), plan.path(folder, shard)
    table = pa.Table.from_pylist([row(problem_at(plan, i)) for i in span], schema())
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    pq.write_table(table, part, row_group_size=SMALLEST)  # small groups: one image is read without a thousand others
    part.replace(path)
    return len(span)


def prepare(plan: Plan, folder: Path, command: str) -> list[int]:
    """Open or make the folder; the shards that are still to be written. ExportError where it holds something else."""
    from envs.checkstore import commit

    wanted, path = plan.settings(), folder / SETTINGS
    commits = [commit()]
    try:
        if path.is_file():
            held = json.loads(path.read_text(encoding="utf-8"))
            if difference := _difference(held["settings"], wanted):
                raise ExportError(f"{folder} was made {difference}: choose another folder for --out")
            commits = list(dict.fromkeys([*held["commits"], *commits]))
        elif folder.is_dir() and any(folder.iterdir()):
            raise ExportError(f"{folder} holds something else: choose an empty or a new folder for --out")
        (folder / "data").mkdir(parents=True, exist_ok=True)
        about = {"settings": wanted, "command": command, "commits": commits}
        part = path.with_suffix(".part")
        part.write_text(json.dumps(about, indent=2) + "\n", encoding="utf-8")
        part.replace(path)
        for left in (folder / "data").glob(".*.part"):  # of an export that was cut off
            left.unlink()
    except OSError as wrong:
        raise ExportError(f"cannot write to {str(folder)!r}: {wrong.strerror or wrong}") from None
    except (ValueError, KeyError, TypeError) as wrong:
        if isinstance(wrong, ExportError):
            raise
        raise ExportError(f"{path} is not an export's: choose another folder for --out") from None
    return missing(plan, folder)


def missing(plan: Plan, folder: Path) -> list[int]:
    """The shards that are still to be written."""
    return [i for i in range(plan.shards) if not plan.path(folder, i).is_file()]


def _difference(held: dict[str, Any], wanted: dict[str, Any]) -> str:
    """The first setting that differs, in words; '' where none does."""
    for name in ("n", "levels", "px", "seed"):
        if held[name] != wanted[name]:
            return f"with {name} {_said(held[name])}, not {_said(wanted[name])}"
    old, new = held["cells"], wanted["cells"]
    for cell in sorted(old.keys() | new.keys()):
        if cell not in new:
            return f"with {cell}, which is not asked for now"
        if cell not in old:
            return f"without {cell}"
        if old[cell] != new[cell]:
            return f"with version {old[cell]} of {cell}, which now has {new[cell]}"
    return ""


def _said(value: Any) -> str:
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)


def write(plan: Plan, folder: Path, todo: list[int], workers: int) -> Iterator[int]:
    """Write shards in `workers` spawned processes; the rows of each as it is done. What runs is given up with this."""
    if workers == 0 or not todo:
        yield from (write_shard(plan, folder, i) for i in todo)
        return
    from concurrent.futures import as_completed

    from envs.workers import live_with

    others = set(multiprocessing.active_children())
    pool = ProcessPoolExecutor(
        min(workers, len(todo)), multiprocessing.get_context("spawn"), live_with, initargs=(os.getpid(),)
    )
    try:
        for done in as_completed([pool.submit(write_shard, plan, folder, i) for i in todo]):
            yield done.result()
        pool.shutdown()
    except BrokenProcessPool:
        raise ExportError(
            "a drawing process died (killed for want of memory?): the same command goes on, with fewer --workers"
        ) from None
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
        for child in set(multiprocessing.active_children()) - others:
            child.kill()


def write_with_ray(plan: Plan, folder: Path, todo: list[int], workers: int) -> Iterator[int]:
    """The same shards as a Ray Data job, on the cluster that RAY_ADDRESS names or on one of this machine's own.

    On several nodes the project is installed on each, and the folder is one that all of them see.
    """
    if not todo:
        return
    try:
        import ray
        import ray.data
        import ray.exceptions
    except ImportError:
        raise ExportError('--ray needs Ray: pip install -c constraints.txt -e ".[ray]"') from None

    started = not ray.is_initialized()
    if started:
        ray.init(log_to_driver=False, logging_level=logging.ERROR)
    ray.data.DataContext.get_current().enable_progress_bars = False  # the bar here counts problems
    logging.getLogger("ray.data").setLevel(logging.CRITICAL)
    shards = ray.data.from_items([{"shard": i} for i in todo], override_num_blocks=len(todo))

    def drawn(item: dict[str, Any]) -> dict[str, Any]:
        try:
            return {"rows": write_shard(plan, folder.absolute(), item["shard"]), "wrong": ""}
        except ExportError as wrong:  # raised here it would come back as a page of Ray's own
            return {"rows": 0, "wrong": str(wrong)}

    try:
        at_once = ray.data.TaskPoolStrategy(min(workers, len(todo)) or None)
        for done in shards.map(drawn, compute=at_once).iter_rows():
            if done["wrong"]:
                raise ExportError(done["wrong"])
            yield done["rows"]
    except ray.exceptions.RayError as wrong:
        raise ExportError(f"Ray gave up: {hub.first_line(getattr(wrong, 'cause', None) or wrong)}") from None
    finally:
        if started:
            ray.shutdown()


def check_name(name: str) -> None:
    """Refuse a name that the hub would refuse, before anything is drawn."""
    try:
        hub.check_name(name)
    except hub.HubError as wrong:
        raise ExportError(f"--push-to-hub {wrong}") from None


def push(folder: Path, name: str) -> str:
    """Upload the folder as a data set; its address. ExportError in one line where the hub cannot be reached."""
    n = json.loads((folder / SETTINGS).read_text(encoding="utf-8"))["settings"]["n"]
    gone = ["data/*.parquet"]  # of an export of another size
    try:
        return hub.upload(folder, name, "dataset", f"chartgym: {n} problems", ignore=["*.part"], delete=gone)
    except hub.HubError as wrong:
        raise ExportError(str(wrong)) from None
