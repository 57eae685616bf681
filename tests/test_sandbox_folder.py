"""A folder that nobody has read, turned into images: its names, links and journal may be as hostile as its scripts."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from envs.sandbox import Limits, Sandbox, SandboxError
from envs.sandbox.__main__ import Journal, main

pytestmark = pytest.mark.sandbox

PLOT = "import matplotlib.pyplot as p; p.figure(figsize=(1, 1)).text(0, 0, 'x')"


def entry(script: str, **more: object) -> str:
    return json.dumps({"script": script, "code": "", "figures": [], "reason": "", "cpu_s": 0, "printed": ""} | more)


def test_odd_scripts_fail_by_themselves_and_links_are_not_followed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "both"  # also its own --out
    (folder / "a-1.png").mkdir(parents=True)
    victim = tmp_path / "victim"
    victim.write_text("mine")
    for name in ("a.py", "good.py", "n" * 250 + ".py", os.fsdecode(b"\xff.py"), "new\nline\x1b[2J.py"):
        (folder / name).write_text(PLOT)
    for name in ("good-1.png.partial", "good-1.json.partial"):
        (folder / name).symlink_to(victim)
    (folder / "loop.py").symlink_to("loop.py")
    os.mkfifo(folder / "fifo.py")
    with (folder / "huge.py").open("wb") as huge:
        huge.truncate(10**11)
    assert main([str(folder), "--out", str(folder), "--workers", "1"]) == 0
    said = capsys.readouterr().out
    assert "6 scripts: 3 figures, 3 failed" in said and "more than 4194304 bytes" in said and "\x1b" not in said
    assert "Is a directory" in said and "File name too long" in said
    assert victim.read_text() == "mine"
    assert (folder / "good-1.png").read_bytes()[:4] == b"\x89PNG" and not list(folder.glob("*.partial"))


def test_a_script_that_cannot_be_read_is_one_failure(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "scripts"
    folder.mkdir()
    (folder / "good.py").write_text(PLOT)
    (folder / "shut.py").write_text(PLOT)
    (folder / "shut.py").chmod(0)
    if os.access(folder / "shut.py", os.R_OK):
        pytest.skip("root reads everything")
    assert main([str(folder), "--out", str(tmp_path / "out"), "--workers", "1"]) == 0
    assert "PermissionError: Permission denied" in capsys.readouterr().out


@pytest.mark.parametrize(
    "lines",
    [
        '{"mine": 1}\n{"mine": 2}',
        "a note without an end",
        entry("good.py", figures=["../spare"]) + "\n",
        entry("../good.py", figures=["spare-1"]) + "\n",
        entry("good.py", figures=5) + "\n",
        '{"script": "good.py"}\n',
        "[" * 100_000 + "\n",
    ],
    ids=range(7),
)
def test_a_file_that_is_no_journal_is_left_as_it_is(tmp_path: Path, lines: str) -> None:
    path = tmp_path / "journal.jsonl"
    path.write_text(lines)
    with pytest.raises(OSError, match="line 1: not of a journal"):
        Journal(path)
    assert path.read_text() == lines


def test_a_journal_is_no_link_and_belongs_to_one_run(tmp_path: Path) -> None:
    (tmp_path / "victim").write_text("mine")
    (tmp_path / "linked").symlink_to(tmp_path / "victim")
    with pytest.raises(OSError, match="no file of its own"):
        Journal(tmp_path / "linked")
    held = Journal(tmp_path / "journal.jsonl")
    with pytest.raises(OSError, match="another run is at work"):
        Journal(held.path)
    assert (tmp_path / "victim").read_text() == "mine"


def test_scripts_that_python_would_import_are_refused(tmp_path: Path) -> None:
    (tmp_path / "squarify.py").write_text("open('won', 'w')")
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(Path(__file__).parents[1]), *sys.path])}
    run = [sys.executable, "-m", "envs.sandbox", ".", "--out", "out"]
    done = subprocess.run(run, check=False, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 2 and "on Python's path" in done.stderr and done.stderr.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["squarify.py"]


@pytest.mark.parametrize(
    "name, value", [("cpu_s", float("nan")), ("wall_s", -1), ("memory_mb", 10**12), ("figures", 0)]
)
def test_a_limit_that_is_none_is_refused_by_name(name: str, value: float) -> None:
    wrong: dict[str, Any] = {name: value}
    with pytest.raises(SandboxError, match=f"{name}={value}"):
        Sandbox(limits=replace(Limits(), **wrong))
