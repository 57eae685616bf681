"""A run can be seen while it goes on: its curves, what its time goes into, what was asked, a page in a browser."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_grpo import SMALL as WARM

from envs.curriculum import Outcome, make_curriculum
from trainers import rollouts
from trainers.config import ConfigError, load
from trainers.preflight import check, check_packages
from trainers.rollouts import Log
from trainers.tracking import TRACKERS, trackers

SMALL = re.sub(r"warm_start: .*\n", "", WARM).replace("max_steps: 12", "max_steps: 8, steps_per_generation: 2")


# --- where the time goes


@given(st.lists(st.tuples(st.sampled_from(["wait", "train", "save", ""]), st.integers(0, 1000)), max_size=40))
def test_every_second_belongs_to_one_phase_and_the_phases_add_up_to_the_step(walk):
    from trainers.timing import PHASES, Clock

    now, inside, spent = [0], [], defaultdict(int)
    clock = Clock(now=lambda: now[0])
    for name, ticks in walk:  # "" leaves the phase
        if name:
            clock.enter(name)
            inside.append(name)
        elif inside:
            clock.leave()
            inside.pop()
        now[0] += ticks
        spent[inside[-1] if inside else "other"] += ticks
    row = clock.row(1)
    if not sum(spent.values()):
        assert row == {}
        return
    assert {name: row[f"time/{name}"] for name in PHASES} == {name: spent[name] for name in PHASES}
    assert row["time/step"] == sum(spent.values()) == now[0]


def test_rates_are_taken_over_whole_batches_and_phases_a_step():
    from trainers.timing import Clock

    now = [0.0]
    clock = Clock(span=2, now=lambda: now[0])
    for step, (took, charts) in enumerate([(3.0, 8), (1.0, 0), (3.0, 8), (1.0, 0)], 1):
        with clock.phase("train"):
            now[0] += took
        if charts:
            clock.count(charts=charts)
        row = clock.row(step)
        assert row["time/step"] == took
        assert row["time/charts_per_second"] == (8 / 3 if step == 1 else 2.0)
    now[0] += 6
    assert clock.row(7)["time/step"] == 2.0  # three steps in one row


# --- which trackers


def written(folder: Path, text: str = SMALL) -> Path:
    (folder / "small.yaml").write_text(text, encoding="utf-8")
    return folder / "small.yaml"


@pytest.mark.parametrize(
    ("override", "words"),
    [
        ("track=tensorbord", ["'tensorbord'", "tensorboard"]),
        ("track=[none,wandb]", ["none", "alone"]),
        ("trl.report_to=wandb", ["trl.report_to", "track"]),
    ],
)
def test_a_wrong_tracker_is_one_line(override, words, tmp_path):
    with pytest.raises(ConfigError) as caught:
        check(load(written(tmp_path), [override]))
    assert all(word in str(caught.value) for word in words) and "\n" not in str(caught.value)


def test_curves_go_to_tensorboard_by_default_and_one_key_says_where(tmp_path):
    assert trackers(load(written(tmp_path))) == ["tensorboard"]
    assert trackers(load(tmp_path / "small.yaml", ["track=none"])) == []
    assert trackers(load(tmp_path / "small.yaml", ["track=[trackio,tensorboard]"])) == ["tensorboard", "trackio"]


@pytest.mark.parametrize("name", TRACKERS)
def test_a_tracker_that_is_not_installed_is_named_with_its_command(name, tmp_path, monkeypatch):
    config = load(written(tmp_path), [f"track={name}"])
    monkeypatch.setattr("trainers.preflight.find_spec", lambda package: None if package == name else object())
    extra = name if name == "tensorboard" else f"'chartgym[{name}]'"
    with pytest.raises(ConfigError, match=re.escape(f"track: {name} needs {name}") + ".*" + re.escape(extra)):
        check_packages(config)


# --- what was asked


def asked(folder: Path, cut: int | None) -> list[dict[str, object]]:
    """The log of 23 batches with a checkpoint after the 14th; cut off after so many and resumed from there."""
    from trainers.asked import AskedLog

    keys = {"mode": "learnability", "cells": ["bar/*", "pie/*"], "px": (448, 448), "seed": 1}
    log, kept = folder / "curriculum.jsonl", None

    def go(curriculum, first, last):
        nonlocal kept
        seen = AskedLog(Log(log), curriculum)
        for batch in range(first, last):
            plan = curriculum.plan(batch, 16)
            outcomes = [Outcome(a, 8 if a.seed % 3 else a.seed % 8, 8) for a in plan]
            curriculum.observe(batch, outcomes)
            seen.observe(batch, outcomes)
            if batch == 13:
                seen.flush()
                kept = json.dumps(curriculum.state_dict())
        return seen

    if cut is None:
        go(make_curriculum(keys), 0, 23).flush()
    else:
        go(make_curriculum(keys), 0, cut)
        rollouts.set_aside(log, lambda row: row["batch"] < 14)
        curriculum = make_curriculum(keys)
        curriculum.load_state_dict(json.loads(kept))
        go(curriculum, 14, 23).flush()
    return list(rollouts.read(log))


def test_what_was_asked_by_cell_is_logged_as_if_the_run_had_never_been_broken(tmp_path):
    (tmp_path / "cut").mkdir()
    rows = asked(tmp_path, None)
    assert rows == asked(tmp_path / "cut", 22)
    assert sorted({row["batch"] for row in rows}) == [9, 13, 19, 22]
    assert sum(row["draws"] for row in rows) == 23 * 16
    assert any(row["promotions"] for row in rows) and {"level", "demotions", "pass_rate"} <= rows[0].keys()
    for row in rows:
        groups, mixed, right, total = (sum(column) for column in zip(*row["asked"].values(), [0, 0, 0, 0]))
        assert row["draws"] == groups >= mixed and total == 8 * groups
        assert row["pass_rate"] == (right / total if total else None)


# --- signs


def seen_of(tmp_path, metrics=(), said=()):
    """A run of these metrics, and of rollouts (batch, completion, given, correct)."""
    from trainers.seen import see

    (tmp_path / "config.yaml").write_text("name: made\nrewards: {accuracy: 1.0, boxed: 0.5}\n")
    (tmp_path / "metrics.jsonl").write_text("".join(json.dumps(row) + "\n" for row in metrics or [{"step": 1}]))
    places = {"rollout": 0, "tokens": 4, "score": 0.0, "reason": ""}
    rows = [
        {"address": f"bar/count/0/{i}?px=112x112", "slot": i, "batch": b, "completion": t, "given": g, "correct": c}
        for i, (b, t, g, c) in enumerate(said)
    ]
    (tmp_path / "rollouts.jsonl").write_text("".join(json.dumps(row | places) + "\n" for row in rows))
    return see(tmp_path)


def found_in(seen) -> set[str]:
    from trainers.signs import signs

    return {sign.name for sign in signs(seen) if sign.found}


@pytest.mark.parametrize(
    ("to", "right", "alarming"), [(400, 0.3, True), (400, 0.6, False), (120, 0.3, False), (30, 0.3, True)]
)
def test_length_that_moves_without_accuracy_is_called_out(tmp_path, to, right, alarming):
    rows = [
        {
            "step": i,
            "completions/mean_length": 100 + (to - 100) * i / 40,
            "rewards/accuracy/mean": 0.3 + (right - 0.3) * i / 40,
        }
        for i in range(41)
    ]
    assert found_in(seen_of(tmp_path, rows)) == ({"length drift"} if alarming else set())


def test_boxes_without_reasoning_are_called_out_where_they_became_usual(tmp_path):
    reasoned, bare = "The bars are A, B and C. So \\boxed{3}", "\\boxed{3}"
    before = [(0, reasoned, str(i), True) for i in range(2000)]
    assert found_in(seen_of(tmp_path, said=[*before, *((9, bare, str(i), True) for i in range(2000))])) == {
        "box without reasoning"
    }
    assert not found_in(seen_of(tmp_path, said=[(0, bare, str(i), True) for i in range(4000)]))  # from the start


def test_one_answer_whatever_is_asked_is_called_out_unless_it_is_right(tmp_path):
    from trainers.signs import signs

    wrong = seen_of(tmp_path, said=[(0, "x \\boxed{4}", "4" if i % 10 else "5", i % 5 == 1) for i in range(100)])
    assert found_in(wrong) == {"constant answer"}
    (sign,) = [sign for sign in signs(wrong) if sign.name == "constant answer"]
    assert "'4' to 90.0 % of bar/count" in sign.words and "right 22.2 %" in sign.words
    assert not found_in(seen_of(tmp_path, said=[(0, "x \\boxed{4}", "4", i % 5 != 1) for i in range(100)]))


def test_a_saturated_reward_is_called_out_on_the_page_too(tmp_path):
    row = {
        "rewards/boxed/mean": 1.0,
        "rewards/boxed/std": 0.0,
        "rewards/accuracy/mean": 0.4,
        "rewards/accuracy/std": 0.5,
    }
    assert found_in(seen_of(tmp_path, [{"step": i, **row} for i in range(40)])) == {"rewards"}


# --- the page, of folders of all kinds


def test_what_is_no_run_is_one_line(tmp_path, capsys):
    from trainers.run_report import main

    def said(folder: Path) -> str:
        assert main([str(folder)]) == 2
        found = capsys.readouterr()
        assert not found.out and found.err.startswith("report: ") and found.err.count("\n") == 1
        return found.err

    assert "there is no folder" in said(tmp_path / "nowhere")
    assert "no config.yaml" in said(tmp_path)
    (tmp_path / "config.yaml").write_text("name: [")
    assert "cannot be read" in said(tmp_path)
    (tmp_path / "config.yaml").write_text("name: begun\n")
    (tmp_path / "metrics.jsonl").write_text('{"step": 1, "lo')
    assert "no row in metrics.jsonl yet" in said(tmp_path)
    (tmp_path / "evaluation").mkdir()
    (tmp_path / "evaluation" / "rows.jsonl").touch()
    assert "is an evaluation" in said(tmp_path / "evaluation")


def test_broken_lines_and_problems_that_cannot_be_drawn_leave_a_page(tmp_path):
    from trainers.run_report import main

    seen_of(
        tmp_path, [{"step": 1, "reward": 0.5}, {"step": 2, "reward": float("nan")}], [(0, "<&\x00]]>", None, False)]
    )
    with (tmp_path / "rollouts.jsonl").open("a") as file:
        file.write('[1]\n{"address": 3}\n{"batch": 7, "slot"\n')
        row = {"slot": 9, "batch": 1, "rollout": 0, "completion": "a", "tokens": 1, "correct": True}
        file.write(json.dumps(row | {"address": "stored/gone:12345678/4"}) + "\n" + '{"addr')
    with (tmp_path / "metrics.jsonl").open("a") as file:
        file.write('null\n{"step": "x"}\n{"stage": "eval", "step": 2, "eval/accuracy": 0.62}\n{"st')
    assert main([str(tmp_path)]) == 0
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    ElementTree.fromstring(page.partition("\n")[2])
    assert "Evaluated on" in page and "62 %" in page and "step 2; last row" in page
    assert "no picture" in page and "&lt;&amp;" in page


def test_problems_of_ones_own_are_shown_and_what_was_newly_solved_is_found(tmp_path):
    from stored_sets import plain

    from trainers.data import open_data
    from trainers.run_report import main

    text = SMALL + f"data: {{own: {{source: {plain(tmp_path / 'own.parquet', 8)}, share: 0.5}}}}\n"
    config = load(written(tmp_path, text))
    own = open_data(config)["own"]
    config.save(tmp_path / "config.yaml")
    solved, lost, between = (str(own.address(row)) for row in own.rows[:3])
    with (tmp_path / "rollouts.jsonl").open("w") as file:
        for batch in range(3):
            for slot, address in enumerate((solved, lost, between)):
                right = {solved: batch == 2, lost: batch == 0, between: False}[address]
                row = {"batch": batch, "slot": 3 * batch + slot, "address": address, "correct": right, "given": "7"}
                row |= {"completion": "\\boxed{7}", "tokens": 5, "score": float(right), "reason": ""}
                file.writelines(json.dumps(row | {"rollout": i}) + "\n" for i in range(4))
    (tmp_path / "metrics.jsonl").write_text('{"step": 1}\n')
    assert main([str(tmp_path), "--pictures", "1"]) == 0
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "no picture" not in page and "What is written at" in page
    newly = {
        title: found for title, found in re.findall(r"<h3 class=\"kind\">(Newly \w+).*?</h3>(.*?)</article>", page)
    }
    assert solved in newly["Newly solved"] and "0.0 % right in batch 0, 100.0 % in batch 2" in newly["Newly solved"]
    assert lost in newly["Newly lost"] and between not in newly["Newly lost"]


def test_a_cell_whose_pass_rate_moved_at_a_level_is_newly_solved_or_lost(tmp_path):
    from trainers.samples import changes

    rows = [{"batch": 10 * i + 9, "cell": "bar/count", "asked": {"0": [4, 2, 4 * i, 16]}} for i in range(4)]
    said = [(0, "x", "3", False), (9, "x", "3", True)]
    (tmp_path / "curriculum.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (up,), down = changes(seen_of(tmp_path, said=said), 3)
    assert up.row["correct"] and not down
    assert up.note == "bar/count at level 0: 12.5 % right at first, 62.5 % lately (16 groups)"
    for row in rows:
        row["asked"]["0"][2] = 16 - row["asked"]["0"][2]
    (tmp_path / "curriculum.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    up, (down,) = changes(seen_of(tmp_path, said=said), 3)
    assert not up and not down.row["correct"]
