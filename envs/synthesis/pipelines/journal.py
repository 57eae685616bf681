"""The journal of a run: what was asked and answered, and what was worked out from it; nothing is paid for twice.

    asked.jsonl     every request when it is sent, and every reply when it comes: this is what cost money
    work.jsonl      what was worked out from replies (scripts run, answers proven); without it, it is worked out anew

Both are append-only; a reply is on its way to the disk before it is used, and synced there once a second at least, so
that a killed process loses none and a dead machine loses one second. A torn last line is set aside. Rows are found by
a hash of all that decided them, and are read back from the file when they are wanted: memory stays small.
"""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import IO, Any

SYNC = 1.0  # seconds
_KEY = slice(9, 41)  # where a row's key stands: {"key": "0123...", ...


class JournalError(ValueError):
    """What is wrong with a journal; one line, with the mend."""


def key_of(*parts: Any) -> str:
    """A hash of JSON values: what decided a row."""
    text = json.dumps(parts, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return blake2b(text.encode(), digest_size=16).hexdigest()


@dataclass
class Spent:
    """What all runs of a folder have asked and got."""

    requests: int = 0  # sent, second tries included
    replies: int = 0
    prompt_tokens: int = 0
    tokens: int = 0
    money: float = 0.0
    estimated: int = 0  # replies whose endpoint told no tokens: reckoned from their characters
    failed: int = 0  # requests that were given up; the next run asks them again
    unanswered: int = 0  # sent and never answered (timeouts, broken lines): may be billed all the same
    cut_off: int = 0  # under way when a run was killed: may have been paid, and are asked again


class Rows:
    """An append-only file of JSON rows that are found by their key."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._at: dict[str, tuple[int, int]] = {}
        self._synced = time.monotonic()
        self._file: IO[bytes] = path.open("a+b", buffering=0)
        self._end = self._file.seek(0, os.SEEK_END)

    def load(self) -> list[dict[str, Any]]:
        """Learns the rows of the file, and returns those without a key."""
        others: list[dict[str, Any]] = []
        start, line = 0, b""
        with self.path.open("rb") as file:
            for number, line in enumerate(file, 1):
                if not line.endswith(b"\n"):
                    break
                if line.startswith(b'{"key": "'):
                    self._at[line[_KEY].decode("ascii", "replace")] = (start, len(line))
                else:
                    try:
                        others.append(dict(json.loads(line)))
                    except (ValueError, TypeError):
                        raise JournalError(
                            f"{self.path} line {number} is no row of a journal: remove that line, or give another name"
                        ) from None
                start += len(line)
        if start < self._end:  # torn: it was never used
            with self.path.with_name(self.path.name + ".aside").open("ab") as aside:
                aside.write(line + b"\n")
            self._file.truncate(start)
            self._end = start
        return others

    def __contains__(self, key: str) -> bool:
        return key in self._at

    def known(self) -> list[str]:
        return list(self._at)

    def get(self, key: str) -> dict[str, Any] | None:
        if key not in self._at:
            return None
        start, length = self._at[key]
        try:
            return dict(json.loads(os.pread(self._file.fileno(), length, start)))
        except (ValueError, TypeError):
            raise JournalError(f"{self.path} is damaged at byte {start}: remove that line") from None

    def prefixed(self, start: bytes) -> Iterator[dict[str, Any]]:
        """Rows whose text goes on like this after the key, in the order of the file."""
        for key, (at, _) in list(self._at.items()):
            if os.pread(self._file.fileno(), len(start), at + _KEY.stop) == start and (row := self.get(key)):
                yield row

    def put(self, row: dict[str, Any]) -> None:
        """Appends a row; with a first member "key" it can be found again."""
        line = json.dumps(row, ensure_ascii=True).encode() + b"\n"
        try:
            done = 0
            while done < len(line):  # a raw write may stop short
                done += self._file.write(line[done:]) or 0
        except OSError as error:
            with suppress(OSError):
                self._file.truncate(self._end)  # else the next row would go on where this one was torn
            raise JournalError(f"cannot write {self.path}: {error.strerror or error}") from None
        if "key" in row:
            self._at[row["key"]] = (self._end, len(line))
        self._end += len(line)
        if time.monotonic() - self._synced > SYNC:
            self.sync()

    def sync(self) -> None:
        os.fsync(self._file.fileno())
        self._synced = time.monotonic()

    def close(self) -> None:
        self.sync()
        self._file.close()


class Journal:
    """What a folder's runs asked, got and worked out. One run at a time holds it."""

    def __init__(self, folder: Path) -> None:
        self.spent = Spent()
        self._under_way: dict[str, int] = {}  # sends of requests that are not settled, of this run
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._asked, self._work = Rows(folder / "asked.jsonl"), Rows(folder / "work.jsonl")
            self._lock = (folder / "lock").open("w")
        except OSError as error:
            raise JournalError(f"cannot use {folder}: {error.strerror or error}") from None
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise JournalError(f"another run is at work in {folder}: wait for it, or give another name") from None
        sent = settled = 0
        try:
            for row in self._asked.load():
                sent += "sent" in row
                settled += self._count(row) if "failed" in row else 0
            for key in self._asked.known():
                settled += self._count(self._asked.get(key) or {})
        except (KeyError, TypeError):
            raise JournalError(f"{folder / 'asked.jsonl'} is no journal of requests: give another name") from None
        self._work.load()
        self.spent.requests = sent
        self.cut_off = self.spent.cut_off = sent - settled

    def _count(self, row: dict[str, Any]) -> int:
        """Takes a settled request into the sums; how many sends it took."""
        spent = self.spent
        spent.unanswered += row.get("unanswered", 0)
        if "failed" in row:
            spent.failed += 1
        else:
            spent.replies += 1
            spent.prompt_tokens += row["prompt_tokens"]
            spent.tokens += row["tokens"]
            spent.money += row["money"]
            spent.estimated += bool(row["estimated"])
        return int(row["sends"])

    def reply(self, key: str) -> dict[str, Any] | None:
        """The reply to a request that was answered, by this run or one before."""
        return self._asked.get(key)

    def send(self, key: str) -> None:
        """A request is about to be sent: that is in the file before it is."""
        self._asked.put({"sent": key})
        self._under_way[key] = self._under_way.get(key, 0) + 1
        self.spent.requests += 1

    def settle(self, key: str, row: dict[str, Any]) -> dict[str, Any]:
        """A reply has come; `row` holds text, finish, prompt_tokens, tokens, estimated, money, unanswered and whatever
        tells a reader what it was."""
        row = {"key": key, **row, "sends": self._under_way.pop(key, 0)}
        self._asked.put(row)
        self._count(row)
        return row

    def fail(self, key: str, why: str, unanswered: int) -> None:
        """A request was given up. It is no answer: the next run asks it again."""
        if sends := self._under_way.pop(key, 0):
            row = {"failed": key, "why": why, "unanswered": unanswered, "sends": sends}
            self._asked.put(row)
            self._count(row)

    def done(self, key: str) -> Any:
        """What was worked out under this key, or None."""
        row = self._work.get(key)
        return None if row is None else row["value"]

    def worked(self, stage: str) -> Iterator[Any]:
        """All that was worked out at a stage."""
        for row in self._work.prefixed(f'", "stage": "{stage}"'.encode()):
            yield row["value"]

    def keep(self, key: str, stage: str, value: Any) -> None:
        self._work.put({"key": key, "stage": stage, "value": value})

    def close(self) -> None:
        self.spent.cut_off += sum(self._under_way.values())
        self._under_way.clear()
        self._asked.close()
        self._work.close()
        self._lock.close()
