"""The learning benchmark: what its page says of results, and that an arm runs from nothing to its result."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks.learning import gather, run
from benchmarks.learning.measuring import twins
from envs.address import Address

COUNTS = {"cells": {"bar/count": [3, 6], "pie/count": [0, 2]}, "levels": {"0": [3, 8]}}
OF = "aaaaaabb"  # the cell of each problem


def result(arm: str, seed: int, right: str, **changed: Any) -> dict[str, Any]:
    grpo = arm in "bcd"
    return {
        "arm": arm,
        "size": "cpu",
        "seed": seed,
        "finished": True,
        "steps": 40,
        "of": 40,
        "rollouts": 5120 if grpo else 0,
        "spent": {"wall": 10.0, "cpu": 5.0},
        "parameters": 1_000_000,
        "test": {"digest": "d", "right": right, "of": OF},
        **COUNTS,
        "own": [6, 8],
        "fresh": [4, 8],
        "problems": 100,
        "prompts": 200,
        "curve": [[20, right.count("1") - 1, 8], [40, right.count("1"), 8]] if grpo else [],
        "curve_right": ["0" + right[1:], right] if grpo else [],
        "groups": [[8, 32, 60, 1.5]] * 40 if grpo else [],
        "log": [],
        "machine": "somewhere",
        "config": {},
        **changed,
    }


def page(folder: Path, *results: dict[str, Any]) -> str:
    for i, one in enumerate(results):
        (folder / f"{i}-{one['size']}-{one['arm']}-seed{one['seed']}.json").write_text(json.dumps(one))
    assert gather.main([str(folder)]) == 0
    return (folder / "learning-cpu.md").read_text()


def test_page_holds_intervals_pairs_and_what_is_missing(tmp_path: Path) -> None:
    text = page(
        tmp_path,
        result("a", 0, "11000000"),
        result("b", 0, "11111100"),
        result("c", 0, "11111000"),
        result("a", 1, "11100000"),
        result("c", 1, "11110000", finished=False, steps=20),
    )
    assert (tmp_path / "learning-cpu.png").stat().st_size > 1000
    assert "(a) worked solutions | 0 1 | 31.2 [14.2, 55.6] | 25.0, 37.5" in text  # Wilson at 5 of 16
    assert "| (b) over (a) | 0 | +50.0 " in text
    assert "| step | bar/count (b) | bar/count (c) |" in text and "| 20 | 83 | 58 |" in text  # 5 of 6, 7 of 12
    assert "| 0 | 33 | 42 |" in text  # where (a) left it: 2 of 6, 5 of 12
    assert "| bar/count (b) over (a) | 0 | +66.7 " in text  # 2 and 6 of six
    assert "| pie/count (b) over (a) | 0 | +0.0 " in text
    assert "seed 0: after 20 steps; (c) was at 62.5 %" in text  # 5 right at step 20, as many as (c) at its end
    for said in (
        "b seed 1 was not run",
        "d seed 0 was not run",
        "e seed 1 was not run",
        "c seed 1 ended after 20 of 40",
    ):
        assert said in text
    assert "a seed 0 was not run" not in text
    assert "| 25 | 5,120 | 75.0" in text  # mixed groups, rollouts
    assert "| +25.0 |" in text  # 6 of 8 own problems against 4 of 8 fresh ones


def test_of_two_occasions_the_longer_run_counts_and_foreign_sets_are_called_out(tmp_path: Path) -> None:
    early, late = result("b", 0, "10000000", steps=20, finished=False), result("b", 0, "11111111")
    assert "100.0 [67.6, 100.0]" in page(tmp_path, late, early)
    assert "DIFFER" in page(
        tmp_path, late, result("c", 0, "11110000", test={"digest": "other", "right": "11110000", "of": OF})
    )


def test_a_folder_without_results_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert gather.main([str(tmp_path)]) == 2
    assert "no result in" in capsys.readouterr().err


def test_fresh_problems_have_the_cells_levels_and_sizes_of_the_own_ones_and_other_seeds() -> None:
    own = [f"bar/count/{level}/{seed}?px=112x112" for level in range(3) for seed in range(20)]
    for mine, fresh in zip(map(Address.parse, own), map(Address.parse, twins(own)), strict=True):
        assert (mine.family, mine.question, mine.level) == (fresh.family, fresh.question, fresh.level)
        assert (mine.width, mine.height, fresh.test) == (fresh.width, fresh.height, False)
        assert mine.seed != fresh.seed


@pytest.mark.long
@pytest.mark.slow
def test_an_arm_runs_from_nothing_to_its_result_and_its_second_command_trains_nothing_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (("SOLUTIONS", 8), ("TEST", 6), ("CURVE", 3)):
        monkeypatch.setattr(run, name, {"cpu": value})
    monkeypatch.setattr(run, "OWN", 4)
    sizes = "model.sizes={hidden_size: 64, layers: 1, heads: 2, kv_heads: 1, vocab_size: 320, vision_layers: 1}"
    tiny = ["trl.max_steps=2", "trl.save_steps=1", "trl.per_device_train_batch_size=8"]
    command = ["--seed", "3", "--minutes", "5", "--out", str(tmp_path)]
    assert run.main(["--arm", "a", *command, *tiny, sizes]) == 0
    assert run.main(["--arm", "c", *command, *tiny]) == 0
    one = json.loads((tmp_path / "cpu-c-seed3.json").read_text())
    assert (one["finished"], one["steps"], one["rollouts"], one["prompts"]) == (True, 2, 16, 4)
    assert [step for step, *_ in one["curve"]] == [1, 2]
    assert len(one["test"]["right"]) == 6
    assert one["own"][1] == one["fresh"][1] == 4
    assert [groups for _, groups, *_ in one["groups"]] == [2, 2]
    spent = one["spent"]
    assert run.main(["--arm", "c", *command, *tiny]) == 0  # everything is there: it only measures again
    assert json.loads((tmp_path / "cpu-c-seed3.json").read_text())["spent"] == spent
