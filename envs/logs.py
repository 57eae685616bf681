"""Files that a kill leaves whole: logs of one JSON object a line, and files that change in one rename."""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


def write_whole(path: Path, text: str) -> None:
    """The file with this text, in one rename: a kill or a full disk leaves what was there before."""
    partial = path.with_name(path.name + ".partial")
    partial.write_text(text, encoding="utf-8")
    os.replace(partial, path)


class Log:
    """An append-only JSON-lines file. Every row is flushed, so that a kill loses at most the line being written."""

    def __init__(self, path: Path) -> None:
        self.path = path
        # Half a surrogate pair, which models and their programs can say, is written as JSON's escape of it.
        self._file = path.open("a", encoding="utf-8", errors="backslashreplace")

    def write(self, *rows: DataclassInstance | dict[str, Any]) -> None:
        try:
            for row in rows:
                self._file.write(
                    json.dumps(row if isinstance(row, dict) else dataclasses.asdict(row), ensure_ascii=False) + "\n"
                )
            self._file.flush()
        except OSError:  # a full disk; what is left in the buffer would fail once more when Python ends
            with suppress(OSError):
                self._file.close()
            raise

    def close(self) -> None:
        self._file.close()


def read(path: Path) -> Iterator[dict[str, Any]]:
    """The rows of a log, whole lines only."""
    if path.exists():
        with path.open(encoding="utf-8", errors="replace") as file:  # a torn line may end within a character
            for line in file:
                if line.endswith("\n"):
                    yield json.loads(line)


def set_aside(path: Path, keep: Callable[[dict[str, Any]], bool]) -> int:
    """Move the rows that `keep` refuses, and a torn last line, to `<path>.aside`; how many were moved.

    The log is replaced in one rename, after the rows set aside are on disk: a kill in between leaves them in both.
    """
    if not path.exists():
        return 0
    kept: list[str] = []
    moved: list[str] = []
    with path.open(encoding="utf-8", errors="replace") as file:  # a torn line may end within a character
        for line in file:
            whole = line.endswith("\n")
            (kept if whole and keep(json.loads(line)) else moved).append(line if whole else line + "\n")
    if moved:
        with path.with_name(path.name + ".aside").open("a", encoding="utf-8") as file:
            file.writelines(moved)
            file.flush()
            os.fsync(file.fileno())
        new = path.with_name(path.name + ".new")
        new.write_text("".join(kept), encoding="utf-8")
        os.replace(new, path)
    return len(moved)
