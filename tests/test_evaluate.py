"""Evaluations: nothing is asked twice or lost, and the reports say what happened."""

import multiprocessing
import os
from argparse import Namespace
from xml.etree import ElementTree

import pytest
from conftest import ADDRESSES, report_of, rows_of

from envs import testsets
from envs.problem import make
from trainers import answering
from trainers.backends import Reply, Sampling
from trainers.config import load
from trainers.evaluate import main
from trainers.report import mcnemar, wilson


@pytest.fixture
def told(monkeypatch, tmp_path):
    """Replaces the model: after `told(answer)` the function `answer(problem, sample)` gives the replies."""
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "config.json").write_text("{}")
    asked = []

    def tell(answer):
        def backend(requests):
            for request in requests:
                asked.append((str(request.problem.address), request.sample))
                yield request, answer(request.problem, request.sample)

        monkeypatch.setattr(answering, "_backend", lambda task: backend)
        return asked

    return tell


def right(problem, sample=0):
    return Reply(problem.solution, 9, "stop")


def right_below(level):
    return lambda problem, sample: right(problem) if problem.address.level < level else Reply("\\boxed{-1}", 4, "stop")


def run(config, *arguments):
    return main([str(config), "--checkpoint", str(config.parent / "model"), "--quiet", *map(str, arguments)])


def test_a_larger_limit_goes_on_and_a_finished_evaluation_asks_nothing(config, told, tmp_path):
    asked = told(right)
    for limit in (4, 7, 7):
        assert run(config, "--limit", limit, "--out", tmp_path / "out") == 0
    assert [address for address, _ in asked] == ADDRESSES[:7]
    assert report_of(tmp_path / "out")["summary"]["problems"] == 7


def test_ctrl_c_keeps_what_was_answered(config, told, tmp_path, capsys):
    def answer(problem, sample):
        if str(problem.address) == ADDRESSES[5]:
            raise KeyboardInterrupt
        return right(problem)

    told(answer)
    assert run(config, "--out", tmp_path / "out") == 130
    assert "run the same command again" in capsys.readouterr().err
    assert len(rows_of(tmp_path / "out")) == 5
    asked = told(right)
    asked.clear()
    assert run(config, "--out", tmp_path / "out") == 0
    assert [address for address, _ in asked] == ADDRESSES[5:]


def test_rows_of_other_settings_are_refused_and_named(config, told, tmp_path, capsys):
    told(right)
    assert run(config, "--out", tmp_path / "out") == 0
    for change in ("eval.max_tokens=17", "prompt='{question} Answer'", "--temperature=0.5", "model.dtype=bfloat16"):
        assert run(config, "--out", tmp_path / "out", change) == 2
        assert "other settings" in (said := capsys.readouterr().err) and said.count("\n") == 1
    (tmp_path / "model" / "config.json").write_text("{ }")
    assert run(config, "--out", tmp_path / "out") == 2
    assert "weights was" in capsys.readouterr().err


def test_the_report_counts_by_family_question_level_and_phrasing(config, told, tmp_path, capsys):
    told(right_below(2))
    assert run(config, "--out", tmp_path / "out") == 0
    report = report_of(tmp_path / "out")
    assert report["summary"]["accuracy"] == 0.4 and report["summary"]["boxed"] == 1.0
    assert (report["summary"]["low"], report["summary"]["high"]) == wilson(4, 10)
    assert {level: part["accuracy"] for level, part in report["by"]["level"].items()} == dict(
        zip("01234", (1, 1, 0, 0, 0))
    )
    assert {name: part["problems"] for name, part in report["by"]["family"].items()} == {"bar": 5, "pie": 5}
    assert sum(part["problems"] for part in report["by"]["phrasing"].values()) == 10
    assert report["outcomes"][ADDRESSES[0]] == [1, 1] and report["outcomes"][ADDRESSES[4]] == [0, 1]
    assert "pass@1 40.0 %" in capsys.readouterr().out


def test_the_page_is_well_formed_and_needs_nothing_outside_itself(config, told, tmp_path):
    nasty = "</pre><script>alert(1)</script>&amp;<img src='http://x/y.png'> \x00\x1b]0; \ud800 \uffff " + "long " * 2000
    told(lambda problem, sample: Reply(nasty, 999, "length") if problem.address.family == "bar" else right(problem))
    assert run(config, "--out", tmp_path / "out") == 0
    page = (tmp_path / "out" / "report.html").read_text()
    tree = ElementTree.fromstring(page)  # raises where it is not well formed
    pictures = [each.get("src") for each in tree.iter("img")]
    assert len(pictures) == 5 and all(each.startswith("data:image/png;base64,") for each in pictures)
    assert not [each for each in tree.iter() if each.tag in ("link", "iframe", "object") or each.get("href")]
    assert len(list(tree.iter("script"))) == 1 and not any(each.get("src") for each in tree.iter("script"))
    assert "url(" not in page and "@import" not in page
    written = "".join(tree.itertext())
    assert all(address in written for address in ADDRESSES[:5]) and make(ADDRESSES[0]).question in written
    assert "<script>alert(1)</script>" in written and "more characters" in written


def test_pictures_are_spread_over_the_questions(config, told, tmp_path):
    told(right_below(0))
    assert run(config, "--out", tmp_path / "out", "--pictures", 4) == 0
    tree = ElementTree.fromstring((tmp_path / "out" / "report.html").read_text())
    cells = [each.get("data-cell") for each in tree.iter("article")]
    assert cells == ["bar/count", "pie/count", "bar/count", "pie/count"]


def test_a_comparison_stands_in_both_reports(config, told, tmp_path, capsys):
    told(right_below(2))
    assert run(config, "--out", tmp_path / "one") == 0
    told(right_below(4))
    assert run(config, "--out", tmp_path / "two", "--limit", 9, "--compare", tmp_path / "one") == 0
    found = report_of(tmp_path / "two")["comparison"]
    assert (found["common"], found["better"], found["worse"], found["p"]) == (9, 4, 0, mcnemar(4, 0))
    assert "+44.4 points" in capsys.readouterr().out
    page = (tmp_path / "two" / "report.html").read_text()
    assert "+44.4 points" in page and "4 / 0 of 9 common addresses" in page and "McNemar" in page
    told(right_below(1))
    assert run(config, "--out", tmp_path / "three", "--compare", tmp_path / "two" / "report.json") == 0
    assert "the other was right" in (tmp_path / "three" / "report.html").read_text()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--checkpoint", "no/such/folder"], "no checkpoint folder no/such/folder"),
        (["--checkpoint", "{tmp}"], "name one of model"),
        (["--checkpoint", "{tmp}/model", "--test-set", "no-such-set"], "no test set 'no-such-set'"),
        (["--checkpoint", "{tmp}/model", "--test-set", "{tmp}/none.jsonl"], "cannot read the test set"),
        (["--checkpoint", "{tmp}/model", "--backend", "nothing"], "invalid choice: 'nothing'"),
        (["--checkpoint", "{tmp}/model", "--compare", "{tmp}/none.json"], "cannot read the report"),
        (["--checkpoint", "{tmp}/model", "--compare", "{tmp}/ten.jsonl"], "is not a report"),
        (["--checkpoint", "{tmp}/model", "--samples", "4"], "needs a --temperature"),
        (["--checkpoint", "{tmp}/model", "--limit", "0"], "--limit 0"),
        (["--checkpoint", "{tmp}/model", "eval.max_token=3"], "did you mean 'max_tokens'"),
        (["--checkpoint", "{tmp}/model"], "cannot load the checkpoint"),
        (["--backend", "openai"], "needs --base-url and --model"),
        ([], "needs --checkpoint"),
    ],
)
def test_bad_input_is_one_line_and_status_2(config, tmp_path, capfd, arguments, said):
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "config.json").write_text("{}")
    try:
        status = main([str(config), "--quiet", *(each.format(tmp=tmp_path) for each in arguments)])
    except SystemExit as stop:
        status = stop.code
    written = capfd.readouterr().err
    assert status == 2 and said in written and "Traceback" not in written
    assert len([line for line in written.splitlines() if line.startswith("evaluate: ")]) == 1


def task_of(settings, backend, addresses, checkpoint=None):
    return answering.Task(
        config=settings,
        args=Namespace(backend=backend, checkpoint=checkpoint, quiet=True),
        sampling=Sampling(prompt="{question}", max_tokens=4),
        test_set=testsets.load(settings.eval.test_set),
        stored=[],
        sizes=frozenset(),
        todo=[(address, 0) for address in addresses],
    )


@pytest.mark.parametrize(
    ("visible", "devices", "problems", "places"),
    [
        ("2,3,5", "auto", 10, ["2", "3", "5"]),  # a process a GPU, and each sees its own alone
        ("2,3,5", 8, 10, ["2", "3", "5"]),  # trained on a larger node
        ("0,1,2,3,4,5,6,7", "auto", 6, ["0", "1"]),  # no more processes than batches of four
        ("0,1", 1, 10, ["0"]),
        ("", "auto", 10, [None]),
        ("", 2, 10, [None, None]),
    ],
)
def test_every_gpu_takes_a_share(config, monkeypatch, visible, devices, problems, places):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    task = task_of(load(config, [f"launch.devices={devices}"]), "hf", ADDRESSES[:problems])
    found = [answering._place(number, task.processes) for number in range(task.processes)]
    assert [place.get("CUDA_VISIBLE_DEVICES") for place in found] == places
    task.args.backend = "openai"
    assert task.processes == 1


def test_a_process_that_fails_when_nobody_listens_any_more_says_nothing(config, tmp_path, capfd):
    """As the second of two does that cannot load a checkpoint: the first one's line is enough."""
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "config.json").write_text("{}")
    ours, theirs = multiprocessing.Pipe(duplex=False)
    ours.close()
    task = task_of(load(config, []), "hf", ADDRESSES[:1], str(tmp_path / "model"))
    process = multiprocessing.get_context("spawn").Process(
        target=answering._share, args=(theirs, task, {}, os.getpid())
    )
    process.start()
    theirs.close()
    process.join()
    assert process.exitcode == 1
    assert "Traceback" not in capfd.readouterr().err
