"""python -m envs, as a user types it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from PIL import Image

from envs.__main__ import main


def test_list_gives_one_object_a_cell(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", "--json"]) == 0
    cells = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {"family", "question", "view", "answer"} <= set(cells[0])
    answers = {(cell["family"], cell["question"]): cell["answer"] for cell in cells}
    assert answers["bar", "kth_value"] == "number"
    assert answers["pie", "kth_value"] == "percent"
    assert answers["wordcloud", "contains"] == "boolean"


def test_show_tells_all_and_writes_the_picture(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "p.png"
    assert main(["show", "pie/kth_value/5/3?px=224x224", "--out", str(out)]) == 0
    shown = capsys.readouterr().out
    assert all(word in shown for word in ("question", "answer", "\\boxed{", "read to"))
    assert Image.open(out).size == (224, 224)


@pytest.mark.parametrize(
    ("arguments", "mend"),
    [
        (["show", "bra/count/0/1"], "'bar'"),
        (["show", "bar/count/0"], "family/question/level/seed"),
        (["show", "bar/count/0/1", "--out", "/nowhere/p.png"], "/nowhere/p.png"),
        (["show", "bar/count/0/1?text=moby:00000000"], "moby"),
        (["gallery", "--cells", "pie/cuont"], "'pie/count'"),
        (["check", "--levels", "x"], "0-8"),
        (["check", "--shard", "3/2"], "2/8"),
        (["check", "--px", "big"], "px=448x448"),
        (["check", "--test-set", "core-v0"], "core-v0"),
    ],
)
def test_a_mistake_gets_one_line_and_status_2(
    arguments: list[str], mend: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    error = capsys.readouterr().err
    assert mend in error
    assert error.count("\n") == 1
    assert "Traceback" not in error


def test_gallery_is_one_self_contained_page(tmp_path: Path) -> None:
    out = tmp_path / "g.html"
    assert main(["gallery", "--out", str(out), "--count", "5", "--px", "224x224"]) == 0
    page = out.read_text()
    assert page.count("<figure ") == 5
    assert not re.search(r"(src|href)=\"(?!data:)", page)


def test_check_reports_by_level_and_keeps_its_promise(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--cells", "bar/mean", "--levels", "0-2", "--count", "20", "--workers", "1"]) == 0
    out = capsys.readouterr().out
    assert "| bar/mean | 0-2 | 60 | 100.0 100.0 100.0 |" in out
    assert "Every promise holds." in out


def test_a_check_goes_on_where_it_was_cut_off_and_shards_make_the_whole(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    command = ["check", "--cells", "bar/count", "pie/count", "--levels", "0-1,9", "--count", "60", "--workers", "1"]
    assert main(command) == 0
    whole = capsys.readouterr().out
    store = tmp_path / "store"
    assert main([*command, "--store", str(store), "--shard", "1/2"]) == 0
    done = (store / "part-1-of-2.jsonl").read_text()
    (store / "part-1-of-2.jsonl").write_text(done[:-100])  # cut off while the last line was written
    capsys.readouterr()
    assert main([*command, "--store", str(store)]) == 0
    assert capsys.readouterr().out == whole
    rows = [path.read_text().splitlines() for path in sorted(store.glob("*.jsonl"))]
    assert [len(each) for each in rows] == [7, 6] or [len(each) for each in rows] == [6, 6]
    monkeypatch.setattr("envs.check.examine", None)  # nothing is looked at again
    assert main([*command, "--store", str(store), "--out", str(tmp_path / "quality.md")]) == 0
    assert "commit" in (tmp_path / "quality.md").read_text()


def test_difficulty_shows_where_weak_eyes_fail(capsys: pytest.CaptureFixture[str]) -> None:
    command = ["difficulty", "--cells", "bar/m*", "bar/chart_type", "--levels", "0,12", "--sample", "400"]
    assert main(command) == 0
    out = capsys.readouterr().out
    low, high = (float(cell) for cell in next(x for x in out.splitlines() if "accuracy" in x).split("|")[2:4])
    assert low > high + 15
    assert "1 more cells have no levels" in out
