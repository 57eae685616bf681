"""python -m envs stats: what it counts, and that the published measures are what they say."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from envs import export, make, testsets
from envs.__main__ import main
from envs.registry import QUESTIONS
from envs.stats import OVERLAID, RECOGNITION, SAMPLE, compression_ratio, distinct, measure, vendi

ADDRESSES = [f"{cell}/{level}/{level}?px=112x112" for cell in ("bar/count", "pie/kth_largest") for level in range(4)]


ASKED = ("contains", "count", "kth_largest", "kth_value", "mean", "median")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("stats") / "sixty"
    cells = ["--cells", *(f"bar/{name}" for name in ASKED), "--levels", "0-2", "--px", "112x112"]
    assert main(["export", "--n", "60", "--out", str(out), "--workers", "0", *cells]) == 0
    return out


def test_an_exported_folder_is_told_as_it_is(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert main(["stats", str(folder), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    plan = export.Plan(60, tuple(("bar", q) for q in ASKED), (0, 1, 2), (112, 112))
    problems = [export.problem_at(plan, i) for i in range(60)]
    assert (told["name"], told["problems"]) == ("sixty", 60)
    assert told["unique_questions"] == len({p.question for p in problems})
    assert told["figures"] == len({p.image.tobytes() for p in problems})
    assert told["levels"] == {"0": 20, "1": 20, "2": 20}
    assert told["families"] == {"bar": 60} and told["chart_types"] == {"bar chart": 60}
    assert told["sizes"] == {"112 x 112": 60}
    assert told["question_kinds"] == len(ASKED)
    assert told["words"]["solution"]["mean"] == pytest.approx(
        np.mean([len(p.solution.split()) for p in problems]), 1e-3
    )
    read = sum(p.meta["skill"] in RECOGNITION for p in problems)
    assert told["recognition"] == pytest.approx(read / 60, abs=1e-4)
    assert told["recognition"] + told["reasoning"] == pytest.approx(1)
    assert sum(told["skills"].values()) == sum(told["answer_kinds"].values()) == 60
    assert told["retried"] == pytest.approx(sum(p.meta["tries"] > 1 for p in problems) / 60, abs=1e-4)
    assert 1 < told["diversity"]["vendi_score"] < told["diversity"]["vendi_sample"] == 60


def test_a_folder_and_a_test_set_of_the_same_problems_read_alike(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "eight.jsonl"
    path.write_text("".join(json.dumps({"address": address}) + "\n" for address in ADDRESSES))
    assert main(["stats", str(path), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told == {"name": "eight.jsonl"} | measure(8, map(export.row, map(make, ADDRESSES)))
    assert told["families"] == {"bar": 4, "pie": 4}


def test_the_table_names_its_sources(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    few = testsets.TestSet("few", testsets.load("tiny-v1").entries[:6], {})
    monkeypatch.setattr(testsets, "load", lambda name: few)
    assert main(["stats", "tiny-v1"]) == 0
    out = capsys.readouterr().out
    assert "| problems | 6 |" in out
    assert all(source in out for source in ("Li et al. 2016", "Shaib et al. 2024", "Friedman and Dieng 2023"))


@pytest.mark.parametrize(
    ("target", "mend"), [("core-v0", "'core-v1'"), (str(Path(__file__).parent), "python -m envs export")]
)
def test_nothing_to_measure_gets_one_line(target: str, mend: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["stats", target]) == 2
    error = capsys.readouterr().err
    assert mend in error and error.count("\n") == 1


def test_every_skill_is_known_by_its_name_alone() -> None:
    """So that a new skill counts as reasoning unless it is listed."""
    assert {"recognition"} <= RECOGNITION
    assert {question.skill for question in QUESTIONS.values()} - RECOGNITION


@pytest.mark.parametrize(
    ("chart", "overlaid"),
    [
        ("bar chart with a line", True),
        ("bars and lines", True),
        ("line chart with a band", False),
        ("candlesticks", False),
    ],
)
def test_overlays_are_told_by_the_name_of_the_chart(chart: str, overlaid: bool) -> None:
    assert bool(OVERLAID.search(chart)) == overlaid


# --- The published measures, on cases that can be worked out by hand


def test_distinct_counts_words_and_pairs_over_words() -> None:
    assert distinct(["a b a", "a b"]) == (2 / 5, 2 / 5)  # ab, ba
    assert distinct([]) == (0, 0)


def test_the_compression_ratio_is_that_of_gzip() -> None:
    texts = ["What is the mean frequency?"] * 50
    plain = "\n".join(texts).encode()
    assert compression_ratio(texts) == len(plain) / len(gzip.compress(plain, mtime=0)) > 10


@given(st.integers(1, 8), st.integers(1, 6))
def test_the_vendi_score_counts_what_is_different(kinds: int, times: int) -> None:
    """Pictures without correlation count one each, copies of them nothing."""
    waves = np.array([np.cos(np.pi * (k + 1) * (np.arange(64) + 0.5) / 64) for k in range(kinds)])
    pictures = np.repeat(100 + 50 * waves, times, axis=0).reshape(kinds * times, 8, 8)
    assert vendi(pictures) == pytest.approx(kinds)


def test_pictures_are_sampled_evenly() -> None:
    row = export.row(make(ADDRESSES[0]))
    told = measure(SAMPLE + 1, (row for _ in range(SAMPLE + 1)))
    assert SAMPLE / 2 < told["diversity"]["vendi_sample"] <= SAMPLE
    assert told["figures"] == told["unique_questions"] == 1
    assert told["diversity"]["vendi_score"] == 1
