"""Whole runs of `python -m envs.synthesis` against a scripted model: real HTTP, real scripts in the real sandbox."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from scripted_model import Model, serving

from benchmarks.yields import replayed
from envs import endpoint as rules
from envs.address import Draws
from envs.synthesis.__main__ import main

pytestmark = pytest.mark.sandbox

ROOT = Path(__file__).parent.parent
ENV = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
SMALL = {
    "reachqa": ["reachqa.charts=1", "reachqa.evolve.each=1", "reachqa.kinds=['bar chart']"],
    "cosyn": ["cosyn.topics=2", "cosyn.kinds=['bar chart']"],
}
FEW = ["questions.recognition=1", "questions.reasoning=2", "questions.composed=1"]


def options(url, out, pipeline="reachqa", *more):
    return [
        str(ROOT / "configs" / "synthesis" / f"{pipeline}.yaml"),
        *(f"endpoint.base_url={url}", "endpoint.model=scripted", "endpoint.max_tokens=500", f"out={out}"),
        *("name=run", "sandbox.workers=1", *SMALL[pipeline], *FEW, *more, "--quiet"),
    ]


def summary(out):
    return json.loads((out / "run" / "summary.json").read_text())


def kept(out):
    """What was kept, however it was come by."""
    rows = [json.loads(line) for line in (out / "run" / "kept.jsonl").read_text().splitlines()]
    return {(row["topic"], row["kept"]["asked"]["question"], str(row["kept"]["answer"])) for row in rows}


def check_account(out):
    """asked = kept + dropped + left at each stage, and the files say the same; the drops by stage and reason."""
    said = summary(out)
    rows = [json.loads(line) for line in (out / "run" / "dropped.jsonl").read_text().splitlines()]
    drops = Counter((row["stage"], row["reason"]) for row in rows)
    for name, stage in said["stages"].items():
        assert stage["asked"] == stage["kept"] + sum(stage["dropped"].values()) + stage["left"], name
    counted = Counter({(n, why): k for n, stage in said["stages"].items() for why, k in stage["dropped"].items()})
    assert counted.total() == drops.total() and Counter(why for _, why in drops.elements()) == Counter(
        why for _, why in counted.elements()
    )
    assert said["kept"] == len((out / "run" / "kept.jsonl").read_text().splitlines())
    return drops


def start(url, out, pipeline="reachqa", *more):
    command = [sys.executable, "-m", "envs.synthesis", *options(url, out, pipeline, *more)]
    return subprocess.Popen(
        command, cwd=ROOT, env=ENV, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )


def killed(model, url, out, pipeline, strike, number=signal.SIGKILL, *more):
    """Starts a run and signals it as soon as `strike(wanted)` says so; the process, ended."""
    process = start(url, out, pipeline, *more)

    def hit(wanted):
        if strike(wanted):
            model.strike = lambda wanted: None
            process.send_signal(number)

    model.strike = hit
    process.said, process.complained = process.communicate(timeout=300)
    return process


def check_paid_once(model, plain, out, whole):
    """All that an unbroken run asks was asked, and only what was under way at a kill was asked again."""
    spent, twice = summary(out)["spent"], sum(n - 1 for n in model.asked.values())
    assert set(model.asked) == set(plain.asked)
    assert twice <= spent["cut_off"] and spent["requests"] - spent["cut_off"] == len(model.asked)
    assert kept(out) == kept(whole)
    check_account(out)


def test_a_killed_run_goes_on_and_pays_nothing_twice(tmp_path, capsys):
    plain, model = Model(), Model(seconds=0.02)
    with serving(plain) as url:
        assert main(options(url, tmp_path / "whole")) == 0
    [most] = re.findall(r"(\d+) requests besides", capsys.readouterr().out)
    assert plain.wanted.total() == int(most)  # nothing was dropped
    with serving(model) as url:
        process = killed(model, url, tmp_path / "cut", "reachqa", lambda wanted: model.wanted.total() == 8)
        assert process.returncode == -signal.SIGKILL
        assert 8 <= model.wanted.total() < plain.wanted.total()
        assert main(options(url, tmp_path / "cut")) == 0
    check_paid_once(model, plain, tmp_path / "cut", tmp_path / "whole")
    rows = [pq.read_table(tmp_path / run / "run" / "problems" / "data").to_pylist() for run in ("cut", "whole")]
    assert [row["id"] for row in rows[0]] == [row["id"] for row in rows[1]] and len(rows[0]) == len(
        kept(tmp_path / "cut")
    )
    assert "kept, agreed" in (tmp_path / "cut" / "run" / "page.html").read_text()
    assert len(kept(tmp_path / "cut")) >= 6 and 0 < summary(tmp_path / "cut")["spent"]["cut_off"] <= 8


def test_whatever_a_model_says_the_account_adds_up_and_no_wrong_answer_is_kept(tmp_path, monkeypatch, capsys):
    """Faults of every kind at once; what is kept is what both programs say of the data."""
    monkeypatch.setattr(rules, "BACKOFF", 0.01)
    seen = Counter()
    fates = {
        "invent": ["hostile", "broken", "malformed", "", ""],
        "code": ["malformed", "", "hostile"],  # evolved; what is broken is mended when it is asked again
        "questions": ["short", ""],
        "program": ["wrong", "malformed", "busy", "", "", "cut", "refused", "", ""],
        "answer": ["wrong", "malformed", "away", "", ""],
        "question": ["malformed", "", "wrong"],
    }

    def spoil(wanted, text, again):
        if "What is wrong" in text or again:
            return "hostile" if wanted == "code" and "held * 2" in text else ""
        seen[wanted] += 1
        fate = fates.get(wanted, [""])[seen[wanted] % len(fates.get(wanted, [""]))]
        return fate if fate not in ("busy", "away", "cut") or seen[wanted] < 20 else ""

    with serving(Model(spoil)) as url:
        more = ["reachqa.charts=5", "reachqa.evolve.each=1", "questions.rewrite=0.6", "sandbox.cpu_s=2", "reasks=1"]
        assert main(options(url, tmp_path, "reachqa", *more)) == 1  # a request failed
    drops, said = check_account(tmp_path), summary(tmp_path)
    reasons = {why for _, why in drops}
    assert drops["draw", "the script takes too much"] == 2  # the hostile ones, given back in vain
    assert {"no reply", "fewer than asked for"} <= reasons, drops
    assert any(why.startswith("the programs disagree") for why in reasons), drops
    assert said["malformed_replies"] and said["errors_of_our_own"] == 0 and said["stopped"] == ""
    assert said["spent"]["failed"] == drops["second", "no reply"] > 0
    assert said["tiers"]["agreed"] > 0 < said["tiers"]["executed"] and said["tiers"]["proven"] > 0
    for line in (tmp_path / "run" / "kept.jsonl").read_text().splitlines():
        asked = json.loads(line)["kept"]["asked"]
        assert "1 + 1" not in asked["program"] and "+ 1" not in asked["second"]
    out = capsys.readouterr().out
    assert (
        "the programs disagree" in out
        and "the script takes too much" in out
        and "requests failed: the same command asks them again" in out
    )


def test_a_spent_budget_and_signals_end_a_run_cleanly_and_it_goes_on(tmp_path, capsys):
    model = Model(seconds=0.05)
    prices = ["endpoint.price_in=100", "endpoint.price_out=100"]
    with serving(model) as url:
        assert main(options(url, tmp_path, "cosyn", *prices, "budget.money=0.3")) == 0
        first = summary(tmp_path)
        assert "budget of 0.3" in first["stopped"] and first["spent"]["money"] <= 0.3
        assert sum(stage["left"] for stage in first["stages"].values()) > 0 == first["spent"]["cut_off"]
        assert "the same command goes on" in capsys.readouterr().err
        check_account(tmp_path)
        model.spoil = lambda wanted, text, again: "away"  # the server breaks down
        assert main(options(url, tmp_path, "cosyn", *prices, "endpoint.concurrency=1", "endpoint.attempts=1")) == 2
        assert "2 requests in a row failed" in capsys.readouterr().err.splitlines()[-1]
        assert summary(tmp_path)["spent"]["replies"] == first["spent"]["replies"]
        check_account(tmp_path)
        model.spoil, model.asked = (lambda wanted, text, again: ""), Counter()
        done = model.wanted.total()
        process = killed(
            model, url, tmp_path, "cosyn", lambda wanted: model.wanted.total() > done + 2, signal.SIGTERM, *prices
        )
        assert process.returncode == 128 + signal.SIGTERM and "Traceback" not in process.complained
        assert process.complained.splitlines()[-1] == "stopped by SIGTERM; the same command goes on"
        second = summary(tmp_path)
        assert second["stopped"] == "stopped by SIGTERM" and second["spent"]["cut_off"] == 0
        check_account(tmp_path)
        assert main(options(url, tmp_path, "cosyn", *prices)) == 0
    assert summary(tmp_path)["stopped"] == "" and max(model.asked.values()) == 1
    check_account(tmp_path)
    assert len(kept(tmp_path)) >= 6


def test_a_plain_request_becomes_a_data_set_of_its_domain_with_votes_on_pictures(tmp_path):
    model = Model(lambda wanted, text, again: "wrong" if "another question" in text else "")
    request = "cosyn.request=bar charts of towns, as in a council's report"
    with serving(model) as url:
        assert main(options(url, tmp_path, "cosyn", request, "votes.images=1", "votes.pairs=1", "repairs=0")) == 0
    asked = [body for body in model.bodies if "council's report" in json.dumps(body["messages"])]
    assert len(asked) == 1 + 2 * 2  # topics, and data and code of each
    seen = [body for body in model.bodies if "data:image/png;base64," in json.dumps(body["messages"])]
    assert len(seen) == model.wanted["reason"] == 2 + summary(tmp_path)["stages"]["pair"]["came"] > 2
    for line in (tmp_path / "run" / "kept.jsonl").read_text().splitlines():
        provenance = json.loads(line)["provenance"]
        assert provenance["request"] == request.partition("=")[2] and provenance["persona"]
        assert provenance["prompts"][:3] == ["topics/1", "data/1", "code/1"]


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (["endpoint.modell=x"], "did you mean 'model'"),
        (["reachqa.kinds=[baar]"], "fit no kind of chart"),
        (["cosyn.personas=nowhere.jsonl", "pipeline=cosyn"], "nowhere.jsonl"),
        (["endpoint.base_url=http://127.0.0.1:9/v1"], "cannot reach"),
        (["endpoint.model=other"], "does not serve 'other': it serves scripted"),
        (["out=/proc/nowhere"], "/proc/nowhere"),
    ],
)
def test_what_makes_a_run_impossible_is_said_in_one_line(tmp_path, capsys, more, words):
    with serving(Model()) as url:
        assert main(options(url, tmp_path, "reachqa", *more)) == 2
    said = capsys.readouterr().err
    assert words in said and said.startswith("synthesis: ") and said.count("\n") == 1


@pytest.mark.slow
@pytest.mark.parametrize(
    ("pipeline", "kinds"),
    [
        ("reachqa", ["invent", "code", "questions", "program"]),
        ("cosyn", ["topics", "columns", "question", "answer", "reason"]),
    ],
)
def test_a_run_killed_at_every_stage_goes_on_and_pays_nothing_twice(tmp_path, pipeline, kinds):
    """Killed at the first request of each kind; then unbroken to the end."""
    more = ["questions.rewrite=1", "votes.images=1", "votes.pairs=1"]
    plain, model = Model(), Model(seconds=0.02)
    with serving(plain) as url:
        assert main(options(url, tmp_path / "whole", pipeline, *more)) == 0
    with serving(model) as url:
        for kind in kinds:
            process = killed(
                model, url, tmp_path / "cut", pipeline, lambda wanted, kind=kind: wanted == kind, signal.SIGKILL, *more
            )
            assert process.returncode == -signal.SIGKILL, kind
        assert main(options(url, tmp_path / "cut", pipeline, *more)) == 0
    check_paid_once(model, plain, tmp_path / "cut", tmp_path / "whole")
    assert summary(tmp_path / "cut")["spent"]["cut_off"] >= len(kinds)


@pytest.mark.slow
def test_a_run_killed_at_any_time_goes_on_and_pays_nothing_twice(tmp_path):
    plain, model = Model(), Model(seconds=0.02)
    with serving(plain) as url:
        assert main(options(url, tmp_path / "whole")) == 0
    draws = Draws("killing")
    with serving(model) as url:
        for _ in range(6):
            process = start(url, tmp_path / "cut")
            threading.Timer(draws.uniform(2.0, 9.0), process.kill).start()
            process.communicate(timeout=300)
        assert main(options(url, tmp_path / "cut")) == 0
    check_paid_once(model, plain, tmp_path / "cut", tmp_path / "whole")


@pytest.mark.slow
def test_a_ray_job_of_several_parts_makes_what_one_run_makes_and_goes_on_with_any_number(tmp_path, monkeypatch):
    pytest.importorskip("ray")
    from envs.synthesis import scale

    monkeypatch.setattr(scale, "TREES", 1)
    plain, model = Model(), Model()
    with serving(plain) as url:
        assert main(options(url, tmp_path / "one", "cosyn", "cosyn.each=1")) == 0
    with serving(model) as url:
        assert main(options(url, tmp_path / "many", "cosyn", "cosyn.each=1", "--ray", "2")) == 0
        assert main(options(url, tmp_path / "many", "cosyn", "cosyn.each=1", "--ray", "1")) == 0
        assert model.asked == plain.asked  # each once, by the first of the two
        assert main(options(url, tmp_path / "many", "cosyn", "cosyn.each=1")) == 2  # it is in parts
    one, many = summary(tmp_path / "one"), summary(tmp_path / "many")
    last = many["stages"].pop("dedup parts")
    assert last["asked"] == last["kept"] + sum(last["dropped"].values()) == one["kept"] and many["kept"] == last["kept"]
    assert many["stages"] == one["stages"]
    rows = pq.read_table(tmp_path / "many" / "run" / "problems" / "data")
    assert len(rows) == many["kept"] >= 6


@pytest.mark.slow
def test_a_chart_that_comes_again_is_dropped_also_by_a_run_that_goes_on(tmp_path):
    class Same(Model):
        def invent(self, text, draws, fault):
            return super().invent(text, Draws("the same"), fault)

    few = ["reachqa.evolve.rounds=0", "questions.recognition=0", "questions.reasoning=0"]
    with serving(Same()) as url:
        for charts, dropped in ((2, 1), (5, 4), (5, 4)):
            assert main(options(url, tmp_path, "reachqa", *few, f"reachqa.charts={charts}")) == 0
            stages = summary(tmp_path)["stages"]
            assert stages["dedup charts"]["dropped"] == {"data seen before": dropped}
            assert stages["dedup questions"]["kept"] == summary(tmp_path)["kept"] == 1
            check_account(tmp_path)


@pytest.mark.slow
def test_what_a_real_model_wrote_is_kept(tmp_path):
    """Its replies, played back: all scripts are charts, and what is dropped is mostly what cannot be read."""
    found = replayed("reachqa-1", tmp_path, quiet=True)
    drawn, verified = (found["stages"][name] for name in ("draw", "verify"))
    assert drawn["kept"] == drawn["asked"] == 24
    unseen = ("too close to tell by eye", "it cannot be read closely enough")
    unread = sum(verified["dropped"].get(why, 0) for why in unseen)
    assert verified["asked"] == 120 and verified["kept"] + unread >= 114 and verified["kept"] >= 95
    assert found["tiers"]["agreed"] >= 0.95 * verified["kept"] and found["tiers"]["proven"] >= 30
