"""A start from an evaluation: all forms of one evaluation say the same, and what is none is one line."""

import json
from dataclasses import asdict

import numpy as np
import pytest
from item_response import grid

from envs.belief import Belief, expit
from envs.curriculum import make_curriculum
from envs.evaluated import outcomes_of
from trainers.evaluate import write_report
from trainers.report import Row, open_rows

CELLS = ["bar/count", "pie/count", "line/mean"]
CONFIG = """
name: trial
model: {build: qwen2_5_vl}
env: {cells: [bar/count, pie/count], px: 112x112}
launch: {devices: 1}
trl: {max_steps: 10, per_device_train_batch_size: 16, num_generations: 8, save_steps: 5, use_cpu: true}
"""


@pytest.fixture
def evaluation(tmp_path):
    """The folder that an evaluation leaves, by the functions that write it: bar/count right up to level 5, pie/count
    never, two samples of each problem, one request that failed."""
    rows = [
        Row(address=f"test:{cell}/{level}/{i}", sample=sample, correct=cell == "bar/count" and level < 6)
        for cell in ("bar/count", "pie/count")
        for level in range(10)
        for i in range(3)
        for sample in range(2)
    ]
    rows.append(Row(address="test:pie/count/0/9", correct=True, finish="error"))
    out, settings = tmp_path / "eval", {"checkpoint": "x", "test_set": "none", "samples": 2}
    open_rows(out / "rows.jsonl", settings)
    with (out / "rows.jsonl").open("a") as file:
        file.writelines(json.dumps(asdict(row)) + "\n" for row in rows)
    write_report(out, rows, settings, total=61, pictures=0)
    return out


def start(path):
    return make_curriculum({"cells": CELLS, "beliefs": str(path)})


def test_folder_report_and_rows_of_an_evaluation_give_the_same_start(evaluation, tmp_path):
    curriculum = start(evaluation)
    assert curriculum.pass_rate("bar", "count", 2) > curriculum.pass_rate("pie", "count", 2) + 0.5
    assert curriculum.pass_rate("pie", "count", 0) < 0.2 and curriculum.pass_rate("bar", "count", 10) < 0.3
    own = [
        {"family": f, "question": q, "level": level, "correct": 6 * (f == "bar" and level < 6), "total": 6}
        for f, q in (("bar", "count"), ("pie", "count"))
        for level in range(10)
    ]
    (tmp_path / "own.json").write_text(json.dumps(own))
    for path in (evaluation / "report.json", evaluation / "rows.jsonl", tmp_path / "own.json"):
        assert start(path).state_dict() == curriculum.state_dict()
    assert sum(outcome.total for outcome in outcomes_of(evaluation)) == 120, "what failed is no answer"
    (evaluation / "report.json").unlink()  # an evaluation that was cut off
    assert start(evaluation).state_dict() == curriculum.state_dict()


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("gone.json", None, r"cannot read .*gone\.json: No such file"),
        ("a.json", "not json", "is no evaluation"),
        ("a.json", '{"summary": {}}', "is no evaluation"),
        ("a.json", '{"outcomes": {"bar/count/0/1": 1}}', "is no evaluation"),
        ("a.json", "[]", "holds no answer of the cells in this run: check `cells`"),
        ("a.json", '[["bar/count/0/1", 1]]', "is no row of an evaluation"),
        ("a.jsonl", '{"loss": 0.1, "step": 1}', "is no row of an evaluation"),
        ("a.jsonl", '{"address": "bar", "correct": true}', "'bar' is not an address"),
        ("a.jsonl", '{"address": "bar/count/0/1", "correct": 3, "total": 2}', "3 correct of 2 at bar/count/0/1"),
        ("a.jsonl", '{"address": "scatter/count/0/1", "correct": 1}', "holds no answer of the cells in this run"),
        ("a.jsonl", '{"address": "stored/own:00000000/4", "correct": 1}', "holds no answer of the cells in this run"),
        ("a.json", b"\x80\x81PNG", "is no evaluation"),
    ],
)
def test_what_is_no_evaluation_is_one_line(tmp_path, name, content, message):
    if content is not None:
        (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(ValueError, match=message) as caught:
        start(tmp_path / name)
    said = str(caught.value)
    assert name in said and "\n" not in said and said.startswith("beliefs ")


def test_a_run_takes_it_by_one_key_and_a_dry_run_finds_what_is_wrong_with_it(evaluation, tmp_path, capsys):
    from trainers.grpo import main

    config = tmp_path / "trial.yaml"
    config.write_text(CONFIG)
    assert main([str(config), f"curriculum.beliefs={evaluation}", f"runs={tmp_path / 'runs'}", "--dry-run"]) == 0
    assert f"beliefs: {evaluation}" in capsys.readouterr().out
    for wrong in (tmp_path, tmp_path / "trial.yaml", evaluation / "report.html"):
        assert main([str(config), f"curriculum.beliefs={wrong}", f"runs={tmp_path / 'runs'}", "--dry-run"]) == 2
        said = capsys.readouterr().err
        assert said.startswith("grpo: curriculum: beliefs ") and said.count("\n") == 1


@pytest.mark.parametrize("most", [0.0, 0.6])
def test_the_start_is_the_posterior_that_all_answers_give(most):
    """Against the plain way of many lines less: dense matrices, all terms alike. Up to the share `most` is guessed."""
    random, cells = np.random.default_rng(0), [(c.family, c.question) for c in grid(5, 4)]
    found = {
        (*cells[i % 15], i // 15): (int(random.integers(0, 11)), 10, 10 * random.uniform(0, most)) for i in range(45)
    }
    belief = Belief(cells, level=2)
    prior, precision = belief.mean.copy(), np.diag(1 / belief.var)
    belief.fit(found)
    x = np.zeros((len(found), len(belief.names)))
    for i, (family, question, level) in enumerate(found):
        x[i, list(belief.terms[family, question])], x[i, 1] = 1.0, -level
    correct, n, guessed = np.array(list(found.values())).T
    flat = 1 / np.sqrt(1 + np.pi / 8 * belief.luck)
    s = expit(flat * (x @ belief.mean))
    p = guessed / n + (1 - guessed / n) * s
    slope = flat * (1 - guessed / n) * s * (1 - s)  # of p
    gradient = x.T @ ((correct / p - (n - correct) / (1 - p)) * slope) - precision @ (belief.mean - prior)
    assert np.abs(gradient).max() < 1e-6, "the mode"
    exact = np.diag(np.linalg.inv((x.T * (n * slope**2 / (p * (1 - p)))) @ x + precision))
    assert np.allclose(belief.var, exact, rtol=1e-9), "Laplace's approximation around it"


def test_an_evaluation_at_chance_is_no_half_solved_start(tmp_path):
    """Of two questions that are right half of the time, the yes or no is asked next to never at the start."""
    rows = [
        {"family": "bar", "question": question, "level": level, "correct": 50, "total": 100}
        for question in ("all_beyond", "sum_named")
        for level in range(4)
    ]
    path = tmp_path / "rows.json"
    path.write_text(json.dumps(rows))
    curriculum = make_curriculum({"cells": ["bar/all_beyond", "bar/sum_named"], "beliefs": str(path)})
    plan = [a.question for a in curriculum.plan(0, 400)]
    assert plan.count("all_beyond") < 0.15 * len(plan)
    assert abs(curriculum.pass_rate("bar", "all_beyond", 0) - 0.5) < 0.1
