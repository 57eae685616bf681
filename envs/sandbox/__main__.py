"""Turns a folder of plotting scripts into images: python -m envs.sandbox FOLDER --out DIR

    DIR/a/b-1.png    the first figure of FOLDER/a/b.py
    DIR/a/b-1.json   its artists' table
    DIR/journal.jsonl   one line a script: what came of it

A file is there whole or not at all, and a script is in the journal once its files are there; so the same command goes
on where another was cut off. Scripts that changed since run again, those that failed only with --again.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import errno
import fcntl
import hashlib
import json
import os
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from envs.sandbox import Job, Limits, Outcome, Sandbox, SandboxError
from envs.sandbox.frames import plain

JOURNAL = "journal.jsonl"
_LARGEST = 2**22  # bytes of a script
_ITS_OWN = (errno.ENAMETOOLONG, errno.EEXIST, errno.EISDIR, errno.ENOTDIR)  # a script's name is at fault, not the disk
_SHOWN = 40  # failures in the table; the journal has all

Entry = dict[str, Any]


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit status: 0 if every script was tried, whatever came of it."""
    asked = _parser().parse_args(arguments)
    limits = Limits(cpu_s=asked.cpu, wall_s=asked.wall, memory_mb=asked.memory, figures=asked.figures)
    try:
        return _run(asked, limits)
    except (SandboxError, OSError) as error:
        print(f"python -m envs.sandbox: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nstopped; the same command goes on from here", file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    limits = Limits()
    parser = argparse.ArgumentParser(
        "python -m envs.sandbox", description="Runs plotting scripts that nobody has read."
    )
    parser.add_argument("folder", type=Path, help="its *.py, in folders too")
    parser.add_argument("--out", type=Path, required=True, help="where images go; continued if something is there")
    parser.add_argument("--workers", type=int, default=len(os.sched_getaffinity(0)), help="default: %(default)s")
    parser.add_argument(
        "--cpu", type=float, default=limits.cpu_s, metavar="S", help="CPU seconds a script (%(default)s)"
    )
    parser.add_argument("--wall", type=float, default=limits.wall_s, metavar="S", help="seconds a script (%(default)s)")
    parser.add_argument("--memory", type=int, default=limits.memory_mb, metavar="MB", help="a script (%(default)s)")
    parser.add_argument("--figures", type=int, default=limits.figures, metavar="N", help="a script (%(default)s)")
    parser.add_argument("--again", action="store_true", help="run those again that failed")
    parser.add_argument("--unsafe", action="store_true", help="run without the layers that this machine lacks")
    parser.add_argument("--untested", action="store_true", help="run on an architecture nobody has tried")
    return parser


def _run(asked: argparse.Namespace, limits: Limits) -> int:
    from tqdm import tqdm

    if not asked.folder.is_dir():
        raise OSError(f"{asked.folder} is no folder")
    paths = [path for path in asked.folder.rglob("*.py") if os.path.isfile(path)]
    scripts = sorted(str(path.relative_to(asked.folder)) for path in paths)
    if not scripts:
        raise OSError(f"{asked.folder} holds no *.py")
    importable = {os.path.realpath(path.parent) for path in paths} & set(map(os.path.realpath, sys.path))
    if importable:
        raise OSError(f"{min(importable)} is on Python's path, so that its scripts would be imported unread, outside "
                      "the sandbox: call from another folder, or call python -P -m envs.sandbox")  # fmt: skip
    asked.out.mkdir(parents=True, exist_ok=True)
    journal = Journal(asked.out / JOURNAL)
    codes = {name: _read(asked.folder / name) for name in scripts}
    todo = [name for name in scripts if not journal.settled(name, codes[name], again=asked.again)]
    with Sandbox(asked.workers, limits, asked.unsafe, untested=asked.untested) as sandbox:
        if sandbox.missing:
            print(f"not installed, scripts that import them fail: {', '.join(sandbox.missing)}; "
                  "pip install 'chartgym[sandbox]'", file=sys.stderr)  # fmt: skip
        jobs = (Job(code=_text(codes[name]), name=name) for name in todo)
        with tqdm(total=len(scripts), initial=len(scripts) - len(todo), unit="script") as bar:
            for job, outcome in sandbox.map(jobs):
                before = journal.entries.get(job.name, {}).get("figures", [])
                if not outcome.reason and not outcome.figures:
                    outcome = dataclasses.replace(outcome, reason="drew nothing")
                outcome, figures = _write(asked.out, job.name, outcome)
                journal.add(job.name, codes[job.name], outcome, figures)
                for gone in set(before) - set(figures):
                    for suffix in (".png", ".json"):
                        (asked.out / (gone + suffix)).unlink(missing_ok=True)
                bar.update()
    print(_table([journal.entries[name] for name in scripts]))
    return 0


def _read(path: Path) -> bytes:
    """A script; in place of one that cannot be read, one that says why."""
    try:
        with path.open("rb") as file:
            code = file.read(_LARGEST + 1)
    except OSError as error:
        return f"raise {type(error).__name__}({error.strerror!r})".encode()
    return code if len(code) <= _LARGEST else f"raise OSError('more than {_LARGEST} bytes')".encode()


def _text(code: bytes) -> str:
    """A script as text; one that is no UTF-8 fails in Python's own words."""
    try:
        return code.decode("utf-8")
    except UnicodeDecodeError as error:
        return f"raise SyntaxError({str(error)!r})"


def _write(out: Path, name: str, outcome: Outcome) -> tuple[Outcome, list[str]]:
    """Writes the figures of a script; their names, without ending. A script that failed leaves none."""
    if outcome.reason:
        return outcome, []
    names = _names(name, len(outcome.figures))
    try:
        for figure, each in zip(outcome.figures, names):
            path = out / each
            path.parent.mkdir(parents=True, exist_ok=True)
            _whole(path.with_name(path.name + ".json"), json.dumps(figure.artists, ensure_ascii=False).encode())
            _whole(path.with_name(path.name + ".png"), figure.png)
    except OSError as error:
        if error.errno not in _ITS_OWN:
            raise
        for left in (out / (each + suffix) for each in names for suffix in (".json", ".json.partial", ".png.partial")):
            with contextlib.suppress(OSError):
                left.unlink()
        return dataclasses.replace(outcome, reason=f"cannot be written under its name: {error.strerror}"), []
    return outcome, names


def _names(script: str, figures: int) -> list[str]:
    return [f"{script.removesuffix('.py')}-{k}" for k in range(1, figures + 1)]


def _whole(path: Path, data: bytes) -> None:
    partial = path.with_name(path.name + ".partial")
    partial.unlink(missing_ok=True)  # were it a link, it would be followed
    with partial.open("xb") as file:
        file.write(data)
    os.replace(partial, path)


class Journal:
    """What came of each script; appended to as it goes, read again when a run goes on. One run at a time holds it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.entries: dict[str, Entry] = {}
        if path.is_symlink() or (path.exists() and not path.is_file()):
            raise OSError(f"{path} is no file of its own; give another --out")
        self._file = path.open("ab")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise OSError(f"another run is at work in {path.parent}; wait for it, or give another --out") from None
        *lines, cut = path.read_bytes().split(b"\n")  # nothing is behind the last, or what was cut off in writing
        for number, line in enumerate(lines, 1):
            try:
                entry = _entry(line)
            except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
                raise OSError(f"{path}, line {number}: not of a journal; remove the line or the file") from None
            self.entries[entry["script"]] = entry
        if cut and not lines and not b'{"script": '.startswith(cut[:11]):
            raise OSError(f"{path}, line 1: not of a journal; remove the line or the file")
        os.truncate(path, sum(len(line) + 1 for line in lines))

    def settled(self, name: str, code: bytes, *, again: bool) -> bool:
        """Whether nothing is to be done: the same script ran, its files are there."""
        entry = self.entries.get(name)
        if entry is None or entry["code"] != _digest(code):
            return False
        if entry["reason"]:
            return not again
        files = (self.path.parent / (each + suffix) for each in entry["figures"] for suffix in (".png", ".json"))
        return all(file.exists() for file in files)

    def add(self, name: str, code: bytes, outcome: Outcome, figures: list[str]) -> None:
        head = {"script": name, "code": _digest(code), "figures": figures}
        told = {"reason": outcome.reason, "cpu_s": outcome.cpu_s, "printed": outcome.printed[:2000]}
        self.entries[name] = head | told
        self._file.write(json.dumps(self.entries[name]).encode() + b"\n")
        self._file.flush()


def _entry(line: bytes) -> Entry:
    """A line of the journal; ValueError and others where it is none. What it names will be removed one day."""
    entry: Entry = json.loads(line)
    words = [entry[key] for key in ("script", "code", "reason")]
    if not all(isinstance(word, str) for word in words) or entry["figures"] != _names(words[0], len(entry["figures"])):
        raise ValueError(line)
    return entry


def _digest(code: bytes) -> str:
    return hashlib.sha256(code).hexdigest()[:16]


def _table(entries: Iterable[Entry]) -> str:
    """What came of all scripts, and why some failed."""
    entries = list(entries)
    failed = [entry for entry in entries if entry["reason"]]
    figures = sum(len(entry["figures"]) for entry in entries)
    lines = [f"{len(entries)} scripts: {figures} figures, {len(failed)} failed"]
    kinds = Counter(entry["reason"].partition(":")[0] for entry in failed)
    lines += [f"{count:6}  {kind}" for kind, count in kinds.most_common()] if len(kinds) > 1 else []
    names = [plain(entry["script"].encode("utf-8", "replace"), 200) for entry in failed[:_SHOWN]]
    width = min(60, max(map(len, names), default=0))
    lines += [f"  {name:{width}}  {entry['reason']}" for name, entry in zip(names, failed)]
    if len(failed) > _SHOWN:
        lines.append(f"  and {len(failed) - _SHOWN} more, see {JOURNAL}")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
