"""A run can be seen while it goes on: its curves, what its time goes into, what was asked, a page in a browser."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_grpo import ENV, ROOT
from test_grpo import SMALL as WARM

from envs.address import Address
from envs.curriculum import Outcome, make_curriculum
from trainers import rollouts
from trainers.config import ConfigError, load
from trainers.preflight import check, check_packages
from trainers.quirks import make_torchvision_importable
from trainers.rollouts import Log
from trainers.tracking import TRACKERS, trackers

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome"))), None)
SMALL = re.sub(r"warm_start: .*\n", "", WARM).replace("max_steps: 12", "max_steps: 8, steps_per_generation: 2")
BATCHES, PROMPTS, GENERATIONS = 4, 8, 4  # two optimizer steps a batch


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


def report(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "trainers.report", str(folder), *arguments]
    return subprocess.run(command, cwd=ROOT, env=ENV, capture_output=True, text=True, check=False)


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
        file.write('null\n{"step": "x"}\n{"st')
    assert main([str(tmp_path)]) == 0
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    ElementTree.fromstring(page.partition("\n")[2])
    assert "no picture" in page and "&lt;&amp;" in page


# --- a real run, killed and resumed


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Path:
    """Eight steps of GRPO, killed after the sixth and resumed from the checkpoint after the fourth."""
    import signal
    import time

    folder = tmp_path_factory.mktemp("seen")
    command = [sys.executable, "-m", "trainers.grpo", str(written(folder)), f"runs={folder}"]
    log = folder / "small" / "metrics.jsonl"
    with (folder / "output.txt").open("ab") as output:
        process = subprocess.Popen(command, cwd=ROOT, env=ENV, stdout=output, stderr=output)
        while process.poll() is None and (not log.exists() or log.read_bytes().count(b"\n") < 6):
            time.sleep(0.005)
        process.send_signal(signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL, (folder / "output.txt").read_text()
        while_cut_off = report(folder / "small", "--out", str(folder / "cut.html"))
        assert while_cut_off.returncode == 0, while_cut_off.stderr
        done = subprocess.run([*command, "--resume"], cwd=ROOT, env=ENV, stdout=output, stderr=output, check=False)
    assert done.returncode == 0, (folder / "output.txt").read_text()
    return folder / "small"


@pytest.mark.slow
def test_curves_of_a_resumed_run_hold_every_step_once(run):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(run / "tensorboard"))
    events.Reload()
    rows = list(rollouts.read(run / "metrics.jsonl"))
    assert len(list((run / "tensorboard").glob("events*"))) == 2
    for name in ("reward", "reward_std", "entropy", "completions/mean_length", "clip_ratio/region_mean"):
        curve = [(event.step, event.value) for event in events.Scalars(f"train/{name}")]
        assert curve == [(row["step"], pytest.approx(row[name], rel=1e-5)) for row in rows if name in row] and curve
    assert [event.step for event in events.Scalars("train/time/step")] == list(range(1, 9))
    assert [event.step for event in events.Scalars("train/env/mean_level")] == list(range(1, 9))


@pytest.mark.slow
def test_phases_add_up_to_the_time_between_two_rows_of_a_real_run(run):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    make_torchvision_importable()
    from trainers.timing import PHASES

    events = EventAccumulator(str(run / "tensorboard"))
    events.Reload()
    clock = {event.step: event.wall_time for event in events.Scalars("train/time/step")}  # of the system, not ours
    for row in rollouts.read(run / "metrics.jsonl"):
        phases = {name: row[f"time/{name}"] for name in PHASES}
        assert sum(phases.values()) == pytest.approx(row["time/step"], rel=1e-9) and min(phases.values()) >= 0
        if row["step"] not in (1, 5):  # where a process began
            between = clock[row["step"]] - clock[row["step"] - 1]
            assert row["time/step"] == pytest.approx(between, rel=0.05, abs=0.03)
        assert (phases["rollout"] > 0) == (row["step"] % 2 == 1) == (phases["reward"] > 0)
        assert phases["train"] > 0 and phases["sync"] == 0
        assert (
            phases["train"] + phases["rollout"] + phases["prepare"] + phases["reward"] + phases["wait"]
            <= (row["time/step"])
        )
        assert phases["other"] < 0.5 * row["time/step"] + 0.1


@pytest.mark.slow
def test_the_log_of_cells_counts_what_the_rollouts_say(run):
    rows = list(rollouts.read(run / "curriculum.jsonl"))
    assert sorted({row["batch"] for row in rows}) == [1, 3]  # with each checkpoint
    right: dict[tuple[int, str, str], list[int]] = defaultdict(lambda: [0, 0])
    for row in rollouts.read(run / "rollouts.jsonl"):
        address = Address.parse(row["address"])
        counts = right[1 if row["batch"] < 2 else 3, f"{address.family}/{address.question}", str(address.level)]
        counts[0] += row["correct"]
        counts[1] += 1
        assert row["reward"] == pytest.approx(
            row["rewards"]["accuracy"] + 0.5 * row["rewards"]["boxed"] + 0.1 * row["rewards"]["length"]
        )
    assert {
        (row["batch"], row["cell"], level): counts[2:] for row in rows for level, counts in row["asked"].items()
    } == right
    assert sum(row["draws"] for row in rows) == BATCHES * PROMPTS


@pytest.mark.slow
def test_rollouts_are_read_by_datasets_as_they_were_logged(run, tmp_path):
    from datasets import load_dataset

    from trainers.shards import write_shards

    logged = list(rollouts.read(run / "rollouts.jsonl"))
    found = load_dataset(str(run / "rollouts"), split="train", cache_dir=str(tmp_path))
    assert len(found) == len(logged) == BATCHES * PROMPTS * GENERATIONS
    for mine, row in zip(found, logged, strict=True):
        for key in ("address", "batch", "slot", "rollout", "completion", "tokens", "correct", "given", "reason"):
            assert mine[key] == row[key]
        assert mine["reward"] == pytest.approx(row["reward"]) and mine["reward_length"] == row["rewards"]["length"]
        assert mine["cell"] == "/".join(row["address"].split("/")[:2])
    assert write_shards(run) is None  # nothing new
    copy = tmp_path / "copy"
    copy.mkdir()
    shutil.copy(run / "rollouts.jsonl", copy)
    assert write_shards(copy, rows_each=50) == len(logged)
    assert len(list((copy / "rollouts").glob("part-*.parquet"))) == 3
    again = load_dataset(str(copy / "rollouts"), split="train", cache_dir=str(tmp_path))
    assert again["completion"] == found["completion"]


# What a reader does: the pointer on the curve of rewards, the slider of the first map at its first window.
STEPS = """<script>
addEventListener("error", event => { document.body.dataset.failed = event.message; });
addEventListener("load", () => {
  const svg = document.querySelector("svg[data-plot]"), box = svg.getBoundingClientRect();
  svg.dispatchEvent(new PointerEvent("pointermove", {clientX: box.left + 60, clientY: box.top + 50}));
  const slider = document.querySelector("input[type=range]"), card = slider.closest(".card");
  const shown = () => [...card.querySelectorAll("g[data-window]")].filter(g => g.getClientRects().length)
    .map(g => g.dataset.window).join();
  const before = shown();
  slider.value = 0; slider.dispatchEvent(new Event("input", {bubbles: true}));
  const pictures = [...document.querySelectorAll(".case img")];
  const pre = document.createElement("pre");
  pre.id = "read";
  pre.textContent = JSON.stringify({at: svg.closest(".card").querySelector(".at").textContent,
    reward: svg.closest(".card").querySelector(".legend b").textContent, before: before, after: shown(),
    last: slider.max, pictures: pictures.length, drawn: pictures.filter(p => p.naturalWidth === 112).length,
    wide: document.documentElement.scrollWidth - innerWidth,
    titles: [...document.querySelectorAll("h2, h3")].map(h => h.firstChild.textContent.trim())});
  document.body.append(pre);
});
</script>"""


@pytest.mark.slow
@pytest.mark.skipif(BROWSER is None, reason="no Chromium on the PATH: apt-get install chromium")
def test_the_page_of_a_real_run_works_in_a_browser(run, tmp_path):
    done = report(run)
    assert done.returncode == 0 and "report.html" in done.stdout, done.stderr
    page = (run / "report.html").read_text(encoding="utf-8")
    ElementTree.fromstring(page.partition("\n")[2])
    assert not re.search(r"(src|href)=\"(?!data:)|url\(|@import|fetch\(|https?:", page)
    (tmp_path / "page.html").write_text(page.replace("</body>", STEPS + "</body>"), encoding="utf-8")
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=5000", "--dump-dom"]
    command = [str(BROWSER), *flags, f"--user-data-dir={tmp_path / 'profile'}", "--window-size=420,900"]
    shown = subprocess.run(
        [*command, (tmp_path / "page.html").as_uri()], capture_output=True, text=True, timeout=180, check=False
    )
    found = re.search(r'<pre id="read">(.*?)</pre>', shown.stdout, re.S)
    assert found and "data-failed" not in shown.stdout, shown.stdout[-2000:] + shown.stderr
    read = json.loads(found[1].replace("&amp;", "&").replace("&lt;", "<").replace("&gt;", ">"))
    first = next(rollouts.read(run / "metrics.jsonl"))
    assert read["at"] == "step 1" and float(read["reward"]) == pytest.approx(first["reward"], rel=0.01, abs=0.001)
    assert (read["before"], read["after"], read["last"]) == ("2", "0", "2")
    assert read["pictures"] == read["drawn"] >= 6
    assert read["wide"] <= 0, "the page is wider than a phone"
    for title in ("Curves", "Reward", "Seconds of a step, by phase", "By cell and level", "Worst", "Longest"):
        assert title in read["titles"]
    assert "GRPO, step 8 of 8; the run has ended." in page
    assert "step 6 of 8" in (run.parent / "cut.html").read_text(encoding="utf-8")
