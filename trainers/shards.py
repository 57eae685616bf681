"""The rollouts of a run as Parquet: runs/<name>/rollouts/, made from rollouts.jsonl, the log that is appended to.

    datasets.load_dataset("runs/<name>/rollouts")

A row a completion, in the order of the log: address, cell, level, batch, slot, rollout, completion, tokens, correct,
score, given, reason, reward, and reward_<name> for each reward function. Pictures are not stored: `envs.make(address)`
draws them. Logs of before rewards were noted have null there.
"""

from __future__ import annotations

import os
import shutil
from itertools import chain, islice
from pathlib import Path
from typing import Any

from envs.address import Address
from trainers.seen import lines, whole

ROWS = 50_000  # of a shard
AT_ONCE = 2_000  # rows of a row group: so many are held in memory
KEPT = ("completion", "tokens", "correct", "score", "given", "reason", "reward")


def write_shards(folder: Path, rows_each: int = ROWS) -> int | None:
    """Writes the rollouts of a run's folder; how many rows there are now, or None where nothing is new since last time.

    The shards are replaced as a whole: whoever reads them sees those of before or those of now.
    """
    log, out, partial = folder / "rollouts.jsonl", folder / "rollouts", folder / "rollouts.partial"
    if not log.exists() or (out.exists() and out.stat().st_mtime >= log.stat().st_mtime):
        return None
    import pyarrow as pa
    import pyarrow.parquet as pq

    began = log.stat().st_mtime
    rows = (row for row in lines(log) if whole(row))
    if (first := next(rows, None)) is None:
        return None
    rewards = list(first.get("rewards") or ())
    schema = _schema(pa, rewards)
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir()
    found = (_row(row, rewards) for row in chain([first], rows))
    total = number = 0
    while chunk := list(islice(found, min(AT_ONCE, rows_each))):
        with pq.ParquetWriter(partial / f"part-{number:05d}.parquet", schema, compression="zstd") as writer:
            written = 0
            while chunk:
                writer.write_table(pa.Table.from_pylist(chunk, schema=schema))
                written += len(chunk)
                chunk = list(islice(found, min(AT_ONCE, rows_each - written)))
        total, number = total + written, number + 1
    old = folder / "rollouts.old"
    shutil.rmtree(old, ignore_errors=True)
    if out.exists():
        out.rename(old)
    partial.rename(out)
    shutil.rmtree(old, ignore_errors=True)
    os.utime(out, (began, began))  # what came in meanwhile makes the log newer than its shards
    return total


def _schema(pa: Any, rewards: list[str]) -> Any:
    kinds = {"completion": pa.large_string(), "tokens": pa.int32(), "correct": pa.bool_(), "score": pa.float32()}
    kinds |= {"given": pa.large_string(), "reason": pa.string(), "reward": pa.float32()}
    places = [("address", pa.string()), ("cell", pa.string()), ("level", pa.int32()), ("batch", pa.int64())]
    places += [("slot", pa.int64()), ("rollout", pa.int32())]
    return pa.schema([*places, *kinds.items(), *((f"reward_{name}", pa.float32()) for name in rewards)])


def _row(row: dict[str, Any], rewards: list[str]) -> dict[str, Any]:
    address, given = Address.parse(row["address"]), row.get("rewards") or {}
    where = {"address": row["address"], "cell": f"{address.family}/{address.question}", "level": address.level}
    where |= {key: row[key] for key in ("batch", "slot", "rollout")}
    found = {key: row.get(key) for key in KEPT} | {f"reward_{name}": given.get(name) for name in rewards}
    for key in ("completion", "given"):  # half a surrogate pair fits in no file
        if isinstance(said := found[key], str):
            found[key] = said.encode("utf-8", "replace").decode()
    return where | found
