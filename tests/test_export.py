"""python -m envs export: what a data set of problems promises."""

from __future__ import annotations

import base64
import json
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from itertools import pairwise
from pathlib import Path

import httpx
import huggingface_hub
import pyarrow.parquet as pq
import pytest
from datasets import Image, load_dataset
from hypothesis import given
from hypothesis import strategies as st

from envs import export, make
from envs.__main__ import main
from envs.problem import Unmakeable
from rewards import from_json, score

BARS = [f"bar/{name}" for name in ("contains", "count", "kth_largest", "kth_value", "mean", "median")]
SMALL = ["--cells", *BARS, "pie/count", "--levels", "0-3,7", "--px", "112x112", "--workers", "0"]
CELLS = [("bar", "count"), ("bar", "mean"), ("pie", "count")]


@pytest.fixture(autouse=True)
def _three_shards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "SMALLEST", 15)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An export of 40 problems."""
    out = tmp_path_factory.mktemp("export") / "forty charts"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(export, "SMALLEST", 15)
        assert main(["export", "--n", "40", "--out", str(out), *SMALL]) == 0
    return out


def _files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.glob("data/*")}


def _said(capsys: pytest.CaptureFixture[str]) -> str:
    """The one line on standard error."""
    error = capsys.readouterr().err
    assert error.count("\n") == 1, error
    return error


# --- The rows


@given(st.integers(1, 10**7))
def test_shards_hold_every_row_once(n: int) -> None:
    plan = export.Plan(n, tuple(CELLS), (0,), (448, 448))
    spans = [plan.span(i) for i in range(plan.shards)]
    assert spans[0].start == 0 and spans[-1].stop == n
    assert all(a.stop == b.start for a, b in pairwise(spans))
    assert all(0 < len(span) <= export.LARGEST for span in spans)


@given(st.integers(0, 10**6), st.integers(0, 10**9), st.integers(1, 10**6))
def test_an_address_depends_on_the_seed_and_the_index_alone(seed: int, i: int, n: int) -> None:
    few, many = (export.Plan(n + k, tuple(CELLS), (0, 1), (448, 448), seed) for k in (0, 5))
    assert next(few.addresses(i)) == next(many.addresses(i))
    assert next(few.addresses(i)) != next(few.addresses(i + 1))


def test_problems_are_dealt_over_cells_and_levels() -> None:
    plan = export.Plan(60, tuple(CELLS), (0, 2, 5, 7), (448, 448))
    dealt = Counter((a.family, a.question, a.level) for a in (next(plan.addresses(i)) for i in range(60)))
    assert set(dealt.values()) == {5}
    assert len(dealt) == 12


def test_an_address_without_a_problem_takes_the_next_seed(monkeypatch: pytest.MonkeyPatch) -> None:
    plan = export.Plan(1, (("bar", "count"),), (0,), (112, 112))
    first, second, *_ = plan.addresses(0)

    def picky(address):
        if address == first:
            raise Unmakeable("too crowded")
        return make(address)

    monkeypatch.setattr("envs.problem.make", picky)
    assert export.problem_at(plan, 0).address == second


def test_load_dataset_opens_the_folder_and_every_answer_checks(folder: Path, tmp_path: Path) -> None:
    rows = load_dataset(str(folder), split="train", cache_dir=str(tmp_path))
    assert isinstance(rows.features["image"], Image)
    assert len(rows) == 40
    for i, row in enumerate(rows):
        problem = make(row["address"])
        assert (row["question"], row["solution"]) == (problem.question, problem.solution)
        assert row["image"].size == (row["width"], row["height"]) == (112, 112)
        assert row["image"].tobytes() == problem.image.tobytes()
        answer = from_json(json.loads(row["answer"]))
        assert answer == problem.answer
        assert score("\\boxed{" + row["answer_text"] + "}", answer).correct
        assert (row["family"], row["question_name"], row["level"]) == tuple(
            getattr(problem.address, name) for name in ("family", "question", "level")
        )
        assert row["answer_kind"] == json.loads(row["answer"])["kind"]
        assert row["charts"] == problem.meta["charts"]
        assert all(row[name] == problem.meta[name] for name in ("view", "skill", "tries", "versions")), i


def test_the_card_says_what_is_inside_and_its_example_runs(folder: Path, tmp_path: Path, monkeypatch) -> None:
    card = (folder / "README.md").read_text()
    assert "license: apache-2.0" in card and "path: data/train-*.parquet" in card
    assert re.search(r"\| bar \| bar chart \| 3\d \| 6 \| 0 to 7 \|", card)
    assert (
        f"export --n 40 --cells {' '.join(BARS)} pie/count --levels 0-3,7 --px 112x112 --seed 0 --out 'forty charts'"
        in card
    )
    monkeypatch.chdir(folder.parent)
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", str(tmp_path))
    exec(re.search(r"```python\n(.*?)```", card, re.S)[1], {})


# --- Going on


def test_a_cut_off_export_goes_on_to_the_same_bytes(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    out, drawn = tmp_path / "cut", []

    def cut(plan: export.Plan, where: Path, shard: int) -> int:
        if shard == 1:
            plan.path(where, shard).with_name(".half.part").write_bytes(b"half")
            raise KeyboardInterrupt
        return write(plan, where, shard)

    write = export.write_shard
    monkeypatch.setattr(export, "write_shard", cut)
    assert main(["export", "--n", "40", "--out", str(out), *SMALL]) == 130
    assert "15 of 40 problems are done" in _said(capsys)
    monkeypatch.setattr(export, "write_shard", lambda *a: drawn.append(a[2]) or write(*a))
    assert main(["export", "--n", "40", "--out", str(out), *SMALL]) == 0
    assert drawn == [1, 2]
    assert _files(out) == _files(folder)


@pytest.mark.parametrize(
    ("change", "difference"),
    [
        (["--n", "41"], "with n 40, not 41"),
        (["--seed", "3"], "with seed 0, not 3"),
        (["--levels", "0-2"], "with levels 0,1,2,3,7, not 0,1,2"),
        (["--px", "224x224"], "with px 112x112, not 224x224"),
        (["--cells", *BARS], "with pie/count, which is not asked for now"),
        (["--cells", *BARS, "pie/count", "pie/contains"], "without pie/contains"),
    ],
)
def test_a_folder_of_other_settings_is_refused_in_one_line(
    change: list[str], difference: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = _files(folder)
    assert main(["export", "--n", "40", "--out", str(folder), *SMALL, *change]) == 2
    assert difference in _said(capsys)
    assert _files(folder) == before


@pytest.mark.parametrize(
    ("arguments", "mend"),
    [
        (["--n", "0"], "at least one"),
        (["--n", "1", "--workers", "-1"], "0 draws in this process"),
        (["--n", "1", "--cells", "bra/count"], "bar/count"),
        (["--n", "1", "--out", "/proc/nowhere"], "cannot write to '/proc/nowhere'"),
        (["--n", "1", "--out", str(Path(__file__).parent)], "choose an empty or a new folder"),
        (["--n", "1", "--push-to-hub", "a b/c"], "--push-to-hub 'a b/c'"),
    ],
)
def test_a_mistake_gets_one_line_and_status_2(
    arguments: list[str], mend: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    base = ["export", "--out", str(tmp_path / "x"), "--px", "64x64", "--levels", "0", "--workers", "0"]
    assert main([*base, *arguments]) == 2
    assert mend in _said(capsys)


def test_a_cell_without_problems_is_named_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def none(address: object) -> None:
        raise Unmakeable(f"'{address}' gives no fair problem")

    monkeypatch.setattr("envs.problem.make", none)
    assert main(["export", "--n", "3", "--out", str(tmp_path / "x"), *SMALL]) == 2
    error = _said(capsys)
    assert "bar/contains" in error and "leave its cell out with --cells" in error


def test_ctrl_c_stops_the_processes_and_keeps_whole_shards(tmp_path: Path) -> None:
    out = tmp_path / "out"
    command = [sys.executable, "-m", "envs", "export", "--n", "3000", "--workers", "2", "--out", str(out)]
    running = subprocess.Popen(
        [*command, "--cells", "bar/count", "--px", "112x112"], stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    deadline = time.monotonic() + 120
    while not list(out.glob("data/*.parquet")) and time.monotonic() < deadline:
        time.sleep(0.05)
    running.send_signal(signal.SIGINT)
    error = running.communicate(timeout=300)[1]
    assert running.returncode == 130, error
    assert "the same command goes on" in error and error.count("\n") == 1
    assert all(pq.read_metadata(path).num_rows == 100 for path in out.glob("data/*.parquet"))
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and _session(running.pid):
        time.sleep(0.1)
    assert not _session(running.pid)


def _session(leader: int) -> str:
    """The processes that are left of a session."""
    ps = subprocess.run(["ps", "-s", str(leader), "-o", "pid="], capture_output=True, text=True, check=False)
    return ps.stdout.strip()


# --- The hub and Ray


def test_push_uploads_the_card_the_settings_and_every_shard(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the network is replaced."""
    sent: dict[str, bytes] = {}
    gone: list[str] = []
    old = {"type": "file", "path": "data/train-00000-of-00009.parquet", "size": 1, "oid": "0" * 40}

    def hub(request: httpx.Request) -> httpx.Response:
        path = request.url.path
        body = request.read()
        if path.endswith("/repos/create"):
            assert json.loads(body)["type"] == "dataset"
            return httpx.Response(200, json={"url": "https://huggingface.co/datasets/me/charts", "id": "me/charts"})
        if "/tree/" in path:
            return httpx.Response(200, json=[old, old | {"path": "notes.txt"}])
        if "/preupload/" in path:
            files = [{"path": f["path"], "uploadMode": "regular"} for f in json.loads(body)["files"]]
            return httpx.Response(200, json={"files": [f | {"shouldIgnore": False} for f in files]})
        if "/commit/" in path:
            for line in map(json.loads, body.splitlines()):
                if line["key"] == "file":
                    sent[line["value"]["path"]] = base64.b64decode(line["value"]["content"])
                elif line["key"] == "deletedFile":
                    gone.append(line["value"]["path"])
            return httpx.Response(
                200,
                json={
                    "success": True,
                    "commitOid": "0" * 40,
                    "commitUrl": "https://huggingface.co/datasets/me/charts/commit/0",
                },
            )
        return httpx.Response(200, json={"id": "me/charts", "sha": "0" * 40, "siblings": [], "tags": []})

    monkeypatch.setenv("HF_TOKEN", "hf_test")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    huggingface_hub.set_client_factory(lambda: httpx.Client(transport=httpx.MockTransport(hub)))
    try:
        assert main(["export", "--n", "40", "--out", str(folder), *SMALL, "--push-to-hub", "me/charts"]) == 0
    finally:
        huggingface_hub.set_client_factory(httpx.Client)
    assert sent == {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert gone == [old["path"]]  # of an export of another size
    assert 'load_dataset("me/charts"' in sent["README.md"].decode()


def test_a_hub_that_cannot_be_reached_costs_one_line_and_no_rows(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("no route to host", request=request)

    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    huggingface_hub.set_client_factory(lambda: httpx.Client(transport=httpx.MockTransport(gone)))
    try:
        assert main(["export", "--n", "40", "--out", str(folder), *SMALL, "--push-to-hub", "me/charts"]) == 2
    finally:
        huggingface_hub.set_client_factory(httpx.Client)
    assert "hf auth login" in capsys.readouterr().err.splitlines()[-1]


def test_without_ray_the_extra_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    assert main(["export", "--n", "3", "--out", str(tmp_path / "x"), *SMALL, "--ray"]) == 2
    assert '".[ray]"' in _said(capsys)


@pytest.mark.slow
def test_ray_writes_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("ray", reason='needs the extra: pip install -c constraints.txt -e ".[ray]"')
    monkeypatch.setattr(export, "SMALLEST", 100)  # Ray's processes import the module anew
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    cells = ["--cells", *BARS, "--px", "112x112"]
    for name, how in (("here", ["--workers", "0"]), ("ray", ["--workers", "2", "--ray"])):
        assert main(["export", "--n", "250", "--out", str(tmp_path / name), *cells, *how]) == 0
    assert _files(tmp_path / "ray") == _files(tmp_path / "here")
    assert len(_files(tmp_path / "ray")) == 3
