"""What docs/extending.md tells an author of questions and families to write works as printed."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "extending.md").read_text(encoding="utf-8")
# Each block opens with a comment that names its file.
FILES = {name: code for name, code in re.findall(r"```\w+\n# ([\w.]+)\n(.*?)```", PAGE, re.S)}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the package installed, as pip would leave it."""
    folder = tmp_path_factory.mktemp("site")
    package = folder / "my_charts"
    package.mkdir()
    (package / "__init__.py").touch()
    for name, code in FILES.items():
        if name.endswith(".py"):
            (package / name).write_text(code, encoding="utf-8")
    project = tomllib.loads(FILES["pyproject.toml"])["project"]
    points = "".join(f"{name} = {module}\n" for name, module in project["entry-points"]["chartgym"].items())
    info = folder / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n")
    (info / "entry_points.txt").write_text(f"[chartgym]\n{points}")
    return folder


def _run(site: Path, *arguments: str) -> str:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, (ROOT, site)))}
    command = [sys.executable, *arguments]
    done = subprocess.run(command, env=environment, cwd=site, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


def test_a_question_takes_one_short_file_and_a_family_two() -> None:
    assert set(FILES) == {"next_below.py", "cleveland.py", "cleveland_reader.py", "pyproject.toml"}
    assert len(FILES["next_below.py"].strip().splitlines()) <= 25
    assert "envs.figures" not in FILES["cleveland_reader.py"]


def test_the_package_is_listed_beside_what_is_built_in(site: Path) -> None:
    cells = [json.loads(line) for line in _run(site, "-m", "envs", "list", "--json").splitlines()]
    asked = {cell["family"] for cell in cells if cell["question"] == "next_below"}
    assert {"bar", "pie", "cleveland"} <= asked
    questions = {cell["question"] for cell in cells if cell["family"] == "cleveland"}
    assert {"count", "kth_largest", "kth_value", "mean", "contains", "next_below"} <= questions


def test_the_check_proves_family_and_question_at_every_size(site: Path) -> None:
    check = ["check", "--levels", "0,4,8,12", "--workers", "1", "--count"]
    cells = ["--cells", "cleveland/*", "bar/next_below", "pie/next_below"]
    few = ["--cells", "cleveland/kth_value", "cleveland/next_below", "--px"]
    runs = [[*check, "9", *cells], [*check, "9", *few, "224x224"], [*check, "9", *few, "640x360"]]
    out = _run(site, "-c", f"from envs.__main__ import main\nfor run in {runs}: assert main(run) == 0, run")
    assert "cleveland/kth_value" in out and "pie/next_below" in out
    assert out.count("Every promise holds.") == 3


def test_show_and_gallery_take_them_as_any_others(site: Path) -> None:
    assert "\\boxed{" in _run(site, "-m", "envs", "show", "cleveland/next_below/3/7")
    _run(site, "-m", "envs", "gallery", "--cells", "cleveland/*", "--count", "8", "--out", "page.html")
    assert (site / "page.html").read_text().count('data-family="cleveland"') == 8


@pytest.mark.slow
def test_the_tests_of_the_world_hold_it_to_its_promises(site: Path) -> None:
    tests = ["test_every_address_gives_a_problem", "test_what_is_drawn_is_readable", "test_the_picture_has_the_size"]
    _run(
        site, "-m", "pytest", str(ROOT / "tests" / "test_world.py"), "-k", " or ".join(tests), "-p", "no:cacheprovider"
    )
