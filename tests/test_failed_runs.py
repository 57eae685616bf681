"""Real runs that go wrong: a clean end, nothing lost, nothing running; another number of processes goes on."""

from __future__ import annotations

import errno
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from small_runs import ROOT, TWO, Started, assert_equal_runs, sampled

from trainers.checkpoints import whole_checkpoints


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of 12 batches on one process, during which the process that draws for it was killed."""
    started = Started(tmp_path_factory.mktemp("unbroken"))
    started.when(lambda: started.logged() >= 2)
    [drawing] = [pid for pid in started.running("spawn_main") if pid != started.process.pid]
    os.kill(drawing, signal.SIGKILL)
    said = started.ends()
    assert said.count("a drawing worker died (exit code -9)") == 1
    return started.run


@pytest.mark.slow
def test_begun_on_two_processes_ended_by_the_scheduler_and_continued_on_one(unbroken, tmp_path):
    started = Started(tmp_path, *TWO)
    started.when(lambda: started.logged() >= 5)
    os.kill(started.process.pid, signal.SIGTERM)  # torchrun, which hands it on
    said = started.ends(143)
    [last] = set(re.findall(r"stopped by SIGTERM after step (\d+); checkpoint-\1 is whole: --resume", said))
    assert 5 <= int(last) < 12 and len(sampled(started.run)) == int(last) * 16
    planned = json.loads((started.run / f"checkpoint-{last}" / "stream.json").read_text())["stream"]["planned"]
    Started(tmp_path, "--resume").ends()
    ours, theirs = sampled(started.run), sampled(unbroken)
    assert [row["address"] for row in ours] == [row["address"] for row in theirs] and len(ours) == 12 * 16
    for batch, plan in planned.items():  # the two after the checkpoint, whatever was sampled
        asked = {str(row["slot"]): row["address"] for row in ours if row["batch"] == int(batch)}
        assert int(batch) >= 12 or list(asked.values()) == plan


@pytest.mark.long
@pytest.mark.slow
def test_ended_by_sigterm_to_all_its_processes_and_continued_it_equals_the_unbroken_run(unbroken, tmp_path):
    started = Started(tmp_path)
    started.when(lambda: started.logged() >= 2)
    os.killpg(started.process.pid, signal.SIGTERM)  # as a scheduler does
    said = started.ends(143)
    assert "stopped by SIGTERM after step" in said and "drawing worker died" not in said
    Started(tmp_path, "--resume").ends()
    assert_equal_runs(unbroken, started.run)


@pytest.mark.slow
def test_numbers_that_are_none_end_the_run_and_no_checkpoint_has_them(tmp_path):
    import torch
    from safetensors.torch import load_file

    steps = ["trl.learning_rate=1.0e+20", "trl.save_steps=1", "trl.save_total_limit=null"]
    said = Started(tmp_path, *steps).ends(1)
    [line] = [line for line in said.splitlines() if line.startswith("grpo: ")]
    assert re.search(r"the gradient of step (\d+) is (nan|inf)", line) and "trl.max_grad_norm" in line
    assert "Traceback" not in said
    found = whole_checkpoints(tmp_path / "small")
    assert found and f"{found[-1].name} is whole" in line
    for path in found:
        weights = load_file(path / "model.safetensors")
        assert all(bool(torch.isfinite(one).all()) for one in weights.values())


@pytest.mark.slow
def test_a_full_disk_is_one_line_and_with_room_the_run_equals_the_unbroken_one(unbroken, tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=240m", "tmpfs", str(disk)], check=False).returncode:
        pytest.skip("a small file system takes a mount, and this user may not")
    try:
        for room, words, more in ((300_000, "could not be written", ()), (0, "the disk of", ("--resume",))):
            started = Started(disk, *more)
            started.when(lambda: "GRPO:" in started.text() and started.logged() > 4)  # noqa: B023
            fill(disk / "ballast", room)  # for logs and no checkpoint; for not even a row of a log
            said = started.ends(1)
            [line] = [line for line in said.splitlines() if line.startswith("grpo: ")]
            assert words in line and "full" in line and "checkpoint-4 is whole: --resume" in line
            assert "Traceback" not in said and "Exception ignored" not in said, said
            assert [path.name for path in started.run.glob("checkpoint-*")] == ["checkpoint-4"]
            (disk / "ballast").unlink()
        Started(disk, "--resume").ends()
        assert_equal_runs(unbroken, started.run)
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def fill(path: Path, room: int) -> None:
    """A file that leaves so many bytes of its file system, to which a run may be writing meanwhile."""
    with path.open("wb") as file:
        while True:
            free = os.statvfs(path.parent)
            try:
                return os.posix_fallocate(file.fileno(), 0, free.f_bavail * free.f_bsize - room)
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise


@pytest.mark.long
@pytest.mark.slow
def test_killed_at_random_moments_a_run_equals_the_one_that_was_left_alone(tmp_path):
    line = [sys.executable, str(ROOT / "benchmarks" / "killing.py"), "--kills", "2", "--out", str(tmp_path)]
    done = subprocess.run(
        line, cwd=ROOT, text=True, capture_output=True, check=False, env={**os.environ, "PYTHONPATH": str(ROOT)}
    )
    assert done.returncode == 0, done.stdout + done.stderr
