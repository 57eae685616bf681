"""What a teacher was asked and what it said: the log behind trainers/traces.py, and what is written and told of it.

asked.jsonl       every request when it is sent, and every answer when it comes: what a killed run goes on from
traces.parquet    the accepted answers: address, trace, verdict, model and settings; for trainers.sft
cells.csv         asked, accepted and share by cell
"""

from __future__ import annotations

import csv
import json
import threading
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from envs.address import Address
from envs.endpoint import Prices
from trainers import rollouts
from trainers.checkpoints import EvaluationError

TEXT_TOKENS = 60  # of a question, for the estimate before anything was asked
PIXELS = 28 * 28  # of an image to a token, for the estimate: Qwen2.5-VL's, and about what others bill
SHOWN = 30  # cells that are printed; all of them are in cells.csv


class TraceError(ValueError):
    """What keeps traces from being gathered; one line, with the mend."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """One answer of the teacher, as it is logged. `wanted` is the address that was planned where it has no problem and
    its neighbour stands in; `sent` counts the requests that this answer took, failed ones included."""

    address: str
    sample: int
    response: str
    correct: bool
    given: str | None
    reason: str
    finish: str
    prompt_tokens: int
    tokens: int
    sent: int
    wanted: str = ""

    @property
    def accepted(self) -> bool:
        return self.correct and self.finish == "stop"

    @property
    def key(self) -> tuple[str, int]:
        return self.wanted or self.address, self.sample

    @property
    def cell(self) -> str:
        return "/".join(self.address.split("/")[:2])


class Ledger:
    """asked.jsonl: what was sent and what came back. Remembers the answers, and how many requests were sent."""

    def __init__(self, path: Path, settings: dict[str, Any]) -> None:
        self.path, self.settings = path, settings
        self.answers: dict[tuple[str, int], Answer] = {}
        self.sent, self.settled, self.failed = 0, 0, 0
        self.prompt_tokens, self.tokens = 0, 0
        self._log: rollouts.Log | None = None
        self._under_way: Counter[tuple[str, int]] = Counter()
        self._lock = threading.Lock()
        try:
            rollouts.set_aside(path, lambda row: True)  # a torn last line
            rows = rollouts.read(path)
            if (head := next(rows, None)) is not None:
                check_settings(path, head["settings"], settings)
            for row in rows:
                self._take(row)
        except OSError as error:
            raise TraceError(f"cannot use {path}: {error.strerror or error}") from None
        except (ValueError, KeyError, TypeError) as error:
            if isinstance(error, TraceError):
                raise
            raise TraceError(f"{path} is not a log of answers: give another --out, or remove it") from None
        self._new = head is None
        self.lost = self.sent - self.settled  # under way when it was cut off

    def open(self) -> None:
        """Ready to be written to."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._log = rollouts.Log(self.path)
        except OSError as error:
            raise TraceError(f"cannot write {self.path}: {error.strerror or error}") from None
        if self._new:
            self._log.write({"settings": self.settings})

    def _take(self, row: dict[str, Any]) -> None:
        if "response" not in row:
            self.sent += 1
            return
        answer = Answer(**{field.name: row[field.name] for field in fields(Answer)})
        self._keep(answer)

    def _keep(self, answer: Answer) -> None:
        self.settled += answer.sent
        if answer.finish != "error":  # a request that failed is asked again by the next run
            self.answers[answer.key] = answer
            self.prompt_tokens += answer.prompt_tokens
            self.tokens += answer.tokens

    def send(self, key: tuple[str, int]) -> None:
        """A request is about to be sent: that is on disk before it is."""
        with self._lock:
            if self._log is None:  # the run ended while this one waited for its turn
                raise EvaluationError("nothing more is asked")
            self._under_way[key] += 1
            self.sent += 1
            self._log.write({"sent": key[0], "sample": key[1]})

    def settle(self, key: tuple[str, int], answer: dict[str, Any]) -> Answer:
        """An answer has come."""
        assert self._log is not None
        with self._lock:
            found = Answer(**answer, sent=self._under_way.pop(key, 0))
            self._log.write(asdict(found))
            self._keep(found)
            self.failed += found.finish == "error"
        return found

    def spent(self, prices: Prices) -> float:
        return prices.of(self.prompt_tokens, self.tokens)

    def close(self) -> None:
        with self._lock:
            if self._log is not None:
                self._log.close()
            self._log = None


def check_settings(path: Path, theirs: dict[str, Any], ours: dict[str, Any]) -> None:
    """TraceError where answers would be mixed that were asked for otherwise."""
    for name in sorted(theirs.keys() | ours.keys()):
        if theirs.get(name) != ours.get(name):
            raise TraceError(
                f"{path} was made with {name} {theirs.get(name)!r}, not {ours.get(name)!r}: give another --out"
            )


def write_parquet(path: Path, answers: Iterable[Answer], settings: dict[str, Any]) -> None:
    """The accepted answers, a row each, in one rename."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    said = json.dumps(settings, ensure_ascii=False)
    rows = [
        {
            "address": answer.address,
            "sample": answer.sample,
            "trace": answer.response,
            "verdict": "right",
            "given": answer.given,
            "reason": answer.reason,
            "prompt_tokens": answer.prompt_tokens,
            "completion_tokens": answer.tokens,
            "model": settings["model"],
            "settings": said,
        }
        for answer in answers
        if answer.accepted
    ]
    wholes = ("sample", "prompt_tokens", "completion_tokens")
    names = ("address", "sample", "trace", "verdict", "given", "reason", *wholes[1:], "model", "settings")
    schema = pa.schema([pa.field(name, pa.int64() if name in wholes else pa.string()) for name in names])
    part = path.with_suffix(".part")
    pq.write_table(pa.Table.from_pylist(rows, schema), part)
    part.replace(path)


def estimate(ledger: Ledger, addresses: Sequence[str], todo: int, prices: Prices) -> str:
    """What is left to ask and what it may cost: from the answers so far where there are some."""
    asked = ledger.settings
    if ledger.answers:
        done = len(ledger.answers)
        prompt, tokens = ledger.prompt_tokens / done, ledger.tokens / done
        how = f"as the {done} answers so far"
    else:
        parsed = [Address.parse(address) for address in addresses]
        image = sum(a.width * a.height for a in parsed) / PIXELS / len(parsed)
        prompt = image + TEXT_TOKENS + len(asked["prompt"]) / 4
        tokens, how = float(asked["max_tokens"]), "if every answer is as long as it may be"
    amount = f"{todo * prompt / 1e6:.2f} M tokens in, {todo * tokens / 1e6:.2f} M out"
    line = f"{todo} requests to {asked['model']}: {amount} {how}"
    return f"{line}: {prices.of(todo * prompt, todo * tokens):.2f} at these prices" if prices.of(1, 1) else line


def report(out: Path, ledger: Ledger, prices: Prices) -> list[str]:
    """What came of it, by cell, and what it cost; cells.csv."""
    asked: Counter[str] = Counter(answer.cell for answer in ledger.answers.values())
    accepted: Counter[str] = Counter(answer.cell for answer in ledger.answers.values() if answer.accepted)
    order = sorted(asked, key=lambda cell: (accepted[cell] / asked[cell], cell))
    with (out / "cells.csv").open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(["cell", "asked", "accepted", "share"])
        table.writerows([cell, asked[cell], accepted[cell], f"{accepted[cell] / asked[cell]:.4f}"] for cell in order)
    total, right = asked.total(), accepted.total()
    lines = [f"{cell:40} {accepted[cell]:6} of {asked[cell]:6}" for cell in order[:SHOWN]]
    if len(order) > SHOWN:
        lines.append(f"... and {len(order) - SHOWN} more cells, see {out / 'cells.csv'}")
    lines.append(f"{right} of {total} accepted ({100 * right / max(1, total):.1f} %), in {out / 'traces.parquet'}")
    cost = f", {ledger.spent(prices):.4f} at these prices" if prices.of(1, 1) else ""
    lines.append(f"{ledger.sent} requests sent; {ledger.prompt_tokens} tokens in and {ledger.tokens} out{cost}")
    if unsettled := ledger.sent - ledger.settled:
        lines.append(f"{unsettled} requests were cut off without an answer and may have been billed too")
    if ledger.failed:
        lines.append(f"{ledger.failed} requests failed: the same command asks them again")
    return lines
