"""What the README tells a user to type works as written."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
GENERATOR = next(code for code in re.findall(r"```python\n(.*?)```", README, re.S) if "@question" in code)


def _run(code: str, *path: Path) -> str:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, (ROOT, *path)))}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_example_generator_is_short() -> None:
    assert len(GENERATOR.strip().splitlines()) < 25


def test_a_package_of_ones_own_adds_the_example_through_its_entry_point(tmp_path: Path) -> None:
    """Installed as pip would leave it; asked of bars and lines alike, and proven by the check."""
    (tmp_path / "mine.py").write_text(GENERATOR)
    info = tmp_path / "mine-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: mine\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[chartgym]\nmine = mine\n")
    out = _run(
        "from envs import make\nfrom envs.__main__ import main\n"
        "print(make('line/sum_of_ends/2/7').question)\n"
        "assert main(['check', '--cells', 'bar/sum_of_ends', 'line/sum_of_ends', '--levels', '0-5', '--count', '20',"
        " '--workers', '1']) == 0\n",
        tmp_path,
    )
    assert "bar/sum_of_ends" in out and "line/sum_of_ends" in out


def test_the_first_example_runs() -> None:
    code = next(code for code in re.findall(r"```python\n(.*?)```", README, re.S) if "make(" in code)
    _run(code)


def test_the_two_command_lines_do_all_their_set_up() -> None:
    """Each from a bare clone: environment, installation, command. .ci/run runs the second one as written."""
    lines = [line for line in README.splitlines() if line.startswith("python3 -m venv")]
    assert len(lines) == 2
    assert lines[0].endswith("-m trainers.grpo configs/tiny.yaml")
    assert lines[1].endswith("-m pytest")
