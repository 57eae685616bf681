"""What there is to see of a run, read from its folder at any time: also while it trains, and after it was killed.

Half-written and broken lines are passed over. Of the rollouts, which grow to gigabytes, only the first and the last
PIECE bytes are read; what was asked by cell comes from curriculum.jsonl, or of a run from before there was one from
those rollouts.
"""

from __future__ import annotations

import json
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from envs.address import Address, AddressError
from trainers.report import ReportError

PIECE = 8_000_000  # bytes of rollouts.jsonl that are read, at its start and at its end
QUIET = 600  # seconds without a row after which a run that has not ended is not said to go on

Rows = list[dict[str, Any]]


@dataclass(frozen=True, kw_only=True)
class Seen:
    """A run as its folder tells it. Rows are those of the logs; `early` and `late` are rollouts (GRPO only)."""

    folder: Path
    stage: str  # grpo | sft
    config: dict[str, Any]
    metrics: Rows  # of training
    evaluated: Rows  # of evaluations while it trains, in the same log
    warm: Rows  # of the warm start
    asked: Rows  # of curriculum.jsonl
    early: Rows
    late: Rows
    lessons: Rows  # of supervision
    table: dict[str, dict[str, Any]]
    ended: bool  # final/ is there, and no row is newer
    quiet: float  # seconds since the last row

    @property
    def steps(self) -> int | None:
        """The optimizer steps that the run is to take."""
        found = (self.config.get("trl") or {}).get("max_steps")
        return found if isinstance(found, int) else None

    @property
    def step(self) -> int:
        return int(self.metrics[-1]["step"]) if self.metrics else 0

    def column(self, name: str) -> list[tuple[float, float]]:
        """(step, value) of the rows that have it."""
        rows = self.evaluated if name.startswith("eval/") else self.metrics
        found = ((row.get("step"), row.get(name)) for row in rows)
        return [(float(x), float(y)) for x, y in found if isinstance(x, int | float) and isinstance(y, int | float)]


def see(folder: Path) -> Seen:
    """The run in a folder; ReportError where there is none, or nothing of it yet."""
    if not folder.is_dir():
        raise ReportError(f"there is no folder {folder}: name that of a run, as runs/tiny")
    if not (folder / "config.yaml").is_file():
        if (folder / "rows.jsonl").is_file():
            raise ReportError(f"{folder} is an evaluation, whose page is {folder / 'report.html'}: name a run's folder")
        raise ReportError(f"{folder} is no run: it has no config.yaml; name a folder that a trainer left")
    config = _config(folder / "config.yaml")
    rows = [row for row in lines(folder / "metrics.jsonl") if isinstance(row.get("step"), int)]
    metrics = [row for row in rows if row.get("stage") != "eval"]
    warm = [row for row in lines(folder / "warm.jsonl") if isinstance(row.get("step"), int)]
    if not metrics and not warm:
        raise ReportError(f"{folder} has no row in metrics.jsonl yet: wait for its first step, or look at what it says")
    log, stage = folder / "rollouts.jsonl", "sft" if config.get("sft") else "grpo"
    early, late = _pieces(log)
    logs = [path for name in ("metrics", "warm") if (path := folder / f"{name}.jsonl").exists()]
    last, final = max(path.stat().st_mtime for path in logs), folder / "final"
    asked = [row for row in lines(folder / "curriculum.jsonl") if isinstance(row.get("asked"), dict)]
    return Seen(
        folder=folder,
        stage=stage,
        config=config,
        metrics=metrics,
        evaluated=[row for row in rows if row.get("stage") == "eval"],
        warm=warm,
        asked=asked or _counted(_each_once([*early, *late])),
        early=early,
        late=late,
        lessons=[row for row in _tail(folder / "lessons.jsonl") if _address(row)],
        table=_table(folder / "table.json"),
        ended=final.is_dir() and final.stat().st_mtime >= last - 1,
        quiet=max(0.0, time.time() - last),
    )


def lines(path: Path) -> Iterator[dict[str, Any]]:
    """The objects of a log, one a line; what is no whole object is passed over."""
    if path.is_file():
        with path.open("rb") as file:
            yield from _objects(file)


def _objects(raw: Any) -> Iterator[dict[str, Any]]:
    for line in raw:
        try:
            row = json.loads(line)
        except ValueError:  # half-written, or cut where the piece begins
            continue
        if isinstance(row, dict):
            yield row


def _tail(path: Path) -> Rows:
    if not path.is_file():
        return []
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - PIECE))
        return list(_objects(file))


def _pieces(path: Path) -> tuple[Rows, Rows]:
    """Rollouts from the start and from the end, whole batches of a log that is read twice left as they are."""
    if not path.is_file():
        return [], []
    with path.open("rb") as file:
        early = list(_objects(file.read(PIECE).splitlines()))
    late = early if path.stat().st_size <= PIECE else _tail(path)
    return [row for row in early if whole(row)], [row for row in late if whole(row)]


def whole(row: dict[str, Any]) -> bool:
    """Whether a row is a rollout."""
    numbers = (row.get(key) for key in ("batch", "slot", "rollout", "tokens", "correct"))
    return isinstance(row.get("completion"), str) and all(isinstance(n, int) for n in numbers) and _address(row)


def _address(row: dict[str, Any]) -> bool:
    try:
        Address.parse(row["address"])
        return True
    except (KeyError, AttributeError, AddressError):
        return False


def _each_once(rows: Rows) -> Rows:
    return list({(row["slot"], row["rollout"]): row for row in rows}.values())


def _counted(rows: Sequence[dict[str, Any]], window: int = 10) -> Rows:
    """Rollouts as the rows of curriculum.jsonl, without where the curriculum stood."""
    groups: dict[tuple[int, str, int, int], list[bool]] = defaultdict(list)
    for row in rows:
        address = Address.parse(row["address"])
        cell = f"{address.family}/{address.question}"
        groups[row["batch"] // window, cell, address.level, row["slot"]].append(bool(row["correct"]))
    found: dict[tuple[int, str], dict[str, list[int]]] = defaultdict(dict)
    for (at, cell, level, _), right in sorted(groups.items()):
        counts = found[at, cell].setdefault(str(level), [0, 0, 0, 0])
        for i, number in enumerate((1, 0 < sum(right) < len(right), sum(right), len(right))):
            counts[i] += number
    return [{"batch": (at + 1) * window - 1, "cell": cell, "asked": by} for (at, cell), by in found.items()]


def _config(path: Path) -> dict[str, Any]:
    from omegaconf import OmegaConf

    try:
        found = OmegaConf.to_container(OmegaConf.load(path))
    except Exception as error:  # YAML's own errors have no common public class across its versions
        raise ReportError(f"{path} cannot be read: {' '.join(str(error).split())[:200]}") from None
    if not isinstance(found, dict):
        raise ReportError(f"{path} is not the config of a run: name a folder that a trainer left")
    return {str(key): value for key, value in found.items()}


def _table(path: Path) -> dict[str, dict[str, Any]]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        return {stage: row for stage, row in found.items() if isinstance(row, dict)}
    except (OSError, ValueError, AttributeError):
        return {}
