"""A real run, killed and resumed: its curves, its clock, what was asked, its rollouts, its page in a browser."""

from __future__ import annotations

import json
import re
import shutil
import signal
import subprocess
import sys
import time
from collections import defaultdict
from pathlib import Path
from xml.etree import ElementTree

import pytest
from test_grpo import ENV, ROOT
from test_seen import written
from test_sft import finish

from envs.address import Address
from trainers import rollouts
from trainers.run_report import main
from trainers.timing import PHASES

pytestmark = pytest.mark.slow

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome"))), None)
BATCHES, PROMPTS, GENERATIONS = 4, 8, 4  # two optimizer steps a batch


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Path:
    """Eight steps of GRPO, killed after the sixth and resumed from the checkpoint after the fourth."""
    folder = tmp_path_factory.mktemp("seen")
    command = [sys.executable, "-m", "trainers.grpo", str(written(folder)), f"runs={folder}"]
    log = folder / "small" / "metrics.jsonl"
    with (folder / "output.txt").open("ab") as output:
        process = subprocess.Popen(command, cwd=ROOT, env=ENV, stdout=output, stderr=output)
        while process.poll() is None and (not log.exists() or log.read_bytes().count(b"\n") < 6):
            time.sleep(0.005)
        process.send_signal(signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL, (folder / "output.txt").read_text()
        assert main([str(folder / "small"), "--out", str(folder / "cut.html")]) == 0
        done = subprocess.run([*command, "--resume"], cwd=ROOT, env=ENV, stdout=output, stderr=output, check=False)
    assert done.returncode == 0, (folder / "output.txt").read_text()
    return folder / "small"


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


def test_phases_add_up_to_the_time_between_two_rows_of_a_real_run(run):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

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


@pytest.mark.skipif(BROWSER is None, reason="no Chromium on the PATH: apt-get install chromium")
def test_the_page_of_a_real_run_works_in_a_browser(run, tmp_path):
    command = [sys.executable, "-m", "trainers.report", str(run), "--watch", "1"]  # which ends, as the run has
    done = subprocess.run(command, cwd=ROOT, env=ENV, capture_output=True, text=True, check=False)
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


def test_supervision_is_seen_too(tmp_path):
    run = finish(tmp_path, "trl.max_steps=4", "trl.save_strategy=no", "track=none")
    rows = list(rollouts.read(run / "metrics.jsonl"))
    assert not (run / "tensorboard").exists() and len(rows) == 4
    for row in rows:
        phases = {name: row[f"time/{name}"] for name in PHASES}
        assert sum(phases.values()) == pytest.approx(row["time/step"]) and phases["train"] > phases["prepare"] > 0
        assert row["time/charts_per_second"] == pytest.approx(8 / row["time/step"])
    tokens = sum(row["time/tokens_per_second"] * row["time/step"] for row in rows)
    assert tokens == pytest.approx(rows[-1]["num_tokens"])
    assert main([str(run)]) == 0
    page = (run / "report.html").read_text(encoding="utf-8")
    ElementTree.fromstring(page.partition("\n")[2])
    assert "Supervision, step 4 of 4; the run has ended." in page and page.count("<img") == 6
    assert "Loss" in page and "reward hacking" not in page and "Token accuracy" in page
