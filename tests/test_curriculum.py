"""The curriculum: plans are pure, state is exact, and difficulty follows a learner (simulated by item response)."""

import json
import math
import random
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from envs.address import Address, AddressError
from envs.curriculum import (
    Curriculum,
    Fixed,
    FromFile,
    Outcome,
    Uniform,
    World,
    make_curriculum,
)
from envs.learnability import Learnability


@dataclass(frozen=True)
class Cell:
    family: str
    question: str
    top_level: int | None = None


def grid(families: int, questions: int, tops: tuple[int | None, ...] = (None, 6, 0)) -> tuple[Cell, ...]:
    return tuple(Cell(f"f{i}", f"q{j}", tops[(i + j) % len(tops)]) for i in range(families) for j in range(questions))


class Learner:
    """Item response: logit p = ability + offsets - slope x level + the problem's own luck; slopes differ by family."""

    def __init__(self, cells: tuple[Cell, ...], ability: float, seed: int = 1) -> None:
        self.random, self.ability = np.random.default_rng(seed), ability
        families, questions = {c.family for c in cells}, {c.question for c in cells}
        self.slope = {f: self.random.uniform(0.1, 0.8) for f in sorted(families)}
        offset = {name: self.random.normal() for name in sorted(families) + sorted(questions)}
        self.offset = {
            (c.family, c.question): offset[c.family] + offset[c.question] + self.random.normal() for c in cells
        }

    def answer(self, a: Address, rollouts: int = 8) -> Outcome:
        logit = self.ability + self.offset[a.family, a.question] - self.slope[a.family] * a.level
        p = 1 / (1 + math.exp(-max(-30.0, min(30.0, logit + self.random.normal(0, 0.8)))))
        return Outcome(a, int(self.random.binomial(rollouts, p)), rollouts)


def run(curriculum: Curriculum, learner: Learner, batches: int, n: int, start: int = 0) -> list[list[Outcome]]:
    """As a stream does: batch b is planned from the state after batch b - 2."""
    plans = {batch: curriculum.plan(batch, n) for batch in (start, start + 1)}
    history = []
    for batch in range(start, start + batches):
        history.append([learner.answer(a) for a in plans.pop(batch)])
        curriculum.observe(batch, history[-1])
        plans[batch + 2] = curriculum.plan(batch + 2, n)
    return history


def useful(history: list[list[Outcome]]) -> float:
    groups = [o for batch in history for o in batch]
    return sum(0 < o.correct < o.total for o in groups) / len(groups)


def mean_level(history: list[list[Outcome]]) -> float:
    return float(np.mean([o.address.level for batch in history for o in batch]))


MODES = {
    "learnability": Learnability,
    "uniform": Uniform,
    "fixed": lambda world: Fixed(world, [0, 2, 5], every=3),
}


@pytest.mark.parametrize("mode", MODES)
def test_a_plan_is_a_pure_function_of_state_seed_and_batch(mode):
    cells = grid(3, 3)
    curriculum = MODES[mode](World(cells, seed=5))
    run(curriculum, Learner(cells, 1.0), 5, 16)
    plan = curriculum.plan(7, 16)
    assert curriculum.plan(7, 16) == plan
    assert curriculum.plan(7, 5) == plan[:5]
    assert curriculum.plan(8, 16) != plan
    assert MODES[mode](World(cells, seed=6)).plan(7, 16) != plan


@pytest.mark.parametrize("mode", MODES)
def test_state_survives_json_in_mid_run_and_the_same_follows(mode):
    cells = grid(3, 3)
    first, second = (MODES[mode](World(cells, seed=5)) for _ in range(2))
    run(first, Learner(cells, 1.0), 6, 16)
    second.load_state_dict(json.loads(json.dumps(first.state_dict())))
    assert second.metrics() == first.metrics()
    histories = [run(c, Learner(cells, 0.0, seed=2), 6, 16, start=6) for c in (first, second)]
    assert histories[0] == histories[1]
    assert first.state_dict() == second.state_dict()


@pytest.mark.parametrize("mode", MODES)
def test_no_address_repeats_and_none_is_a_test_address(mode):
    cells = grid(2, 1, (None,))
    history = run(MODES[mode](World(cells)), Learner(cells, 0.0), 20, 64)
    addresses = [o.address for batch in history for o in batch]
    assert len({(a.family, a.question, a.seed) for a in addresses}) == len(addresses)
    assert not any(a.test for a in addresses)


@settings(max_examples=20, deadline=None)
@given(st.randoms(use_true_random=False), st.integers(0, 8))
def test_the_order_of_outcomes_does_not_matter(shuffle: random.Random, correct: int):
    cells = grid(2, 2)
    one, other = (Learnability(World(cells)) for _ in range(2))
    outcomes = [Outcome(a, (correct + i) % 9, 8) for i, a in enumerate(one.plan(0, 12))]
    one.observe(0, outcomes)
    shuffle.shuffle(outcomes)
    other.observe(0, outcomes)
    assert one.state_dict() == other.state_dict()


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 16)), min_size=1, max_size=60))
def test_no_history_however_odd_breaks_the_belief(history):
    """Right at level 10,000 and wrong at level 0, over and over: levels stay legal, numbers finite."""
    curriculum = Learnability(World(grid(1, 2, (None, 3))))
    for batch, (level, correct) in enumerate(history):
        curriculum.observe(batch, [Outcome(Address("f0", "q0", level, batch), correct, 16)] * 3)
    beliefs = curriculum.state_dict()["beliefs"]
    assert np.isfinite([beliefs["luck"], *(x for pair in beliefs["terms"].values() for x in pair)]).all()
    assert beliefs["luck"] > 0 and all(variance > 0 for _, variance in beliefs["terms"].values())
    for a in curriculum.plan(99, 50):
        assert Address.parse(str(a)) == a
        assert a.question != "q1" or a.level <= 3


@pytest.mark.parametrize("ability", [-1.0, 2.0])
@pytest.mark.parametrize(("families", "questions", "n"), [(3, 4, 16), (10, 10, 64)])
def test_learnability_beats_uniform_in_useful_groups(families, questions, n, ability):
    cells = grid(families, questions, (None, None, 6))
    share = {
        mode: useful(run(MODES[mode](World(cells, seed=3)), Learner(cells, ability), 40, n)[10:])
        for mode in ("learnability", "uniform")
    }
    assert share["learnability"] >= 0.7
    assert share["learnability"] >= share["uniform"] + 0.15


def test_levels_follow_the_learner_up_and_down():
    cells = grid(4, 4, (None,))
    curriculum, learner = Learnability(World(cells)), Learner(cells, 0.0)
    levels, rates = [], []
    for stage, ability in enumerate((0.0, 4.0, 10.0, 3.0)):
        learner.ability = ability
        history = run(curriculum, learner, 30, 32, start=30 * stage)[-10:]
        levels.append(mean_level(history))
        rates.append(np.mean([o.correct / o.total for batch in history for o in batch]))
    assert levels[0] + 3 < levels[1] and levels[1] + 5 < levels[2] and levels[3] + 5 < levels[2]
    assert all(0.35 < rate < 0.65 for rate in rates[1:])


def test_a_level_has_no_ceiling_but_the_cells_own():
    cells = grid(2, 2, (None, 3))
    curriculum = Learnability(World(cells))
    for batch in range(60):
        curriculum.observe(batch, [Outcome(a, 8, 8) for a in curriculum.plan(batch, 16)])
    plan = curriculum.plan(60, 64)
    assert max(a.level for a in plan) > 60
    assert max(a.level for a in plan if a.question != a.family.replace("f", "q")) <= 3


def test_cells_learn_from_their_relatives():
    cells = grid(6, 6, (None,))
    curriculum = Learnability(World(cells))
    before = curriculum.pass_rate("f0", "q5", 0)
    for batch in range(10):  # f0/q5 is never asked
        asked = [Address("f0", f"q{i}", 0, 10 * batch + i) for i in range(5)]
        asked_too = [Address(f"f{i}", "q5", 0, 10 * batch + i) for i in range(1, 6)]
        curriculum.observe(batch, [Outcome(a, 8, 8) for a in asked + asked_too])
    assert curriculum.pass_rate("f0", "q5", 0) > before + 0.2


def test_beliefs_decay_so_that_what_is_not_asked_becomes_worth_asking():
    curriculum = Learnability(World(grid(2, 1, (0,))))
    hard = [Outcome(Address("f0", "q0", 0, i), 0, 8) for i in range(30)]
    fine = [Outcome(Address("f1", "q0", 0, i), 4, 8) for i in range(30)]
    curriculum.observe(0, hard + fine)
    at_once = curriculum.pass_rate("f0", "q0", 0)
    for batch in range(1, 100):
        curriculum.observe(batch, [])
    assert at_once < 0.1 and curriculum.pass_rate("f0", "q0", 0) > at_once + 0.1


def test_what_is_mastered_or_hopeless_keeps_its_floor():
    """One cell of four can be learned from; the others still come, at about floor / 4 each or more, never nothing."""
    cells = tuple(Cell("f", q, 0) for q in ("good", "mastered", "easy", "hopeless"))
    rate = {"good": 4, "mastered": 8, "easy": 8, "hopeless": 0}
    curriculum = Learnability(World(cells))
    for batch in range(40):
        curriculum.observe(batch, [Outcome(a, rate[a.question], 8) for a in curriculum.plan(batch, 64)])
    plan = [a.question for batch in range(40, 60) for a in curriculum.plan(batch, 200)]
    share = {q: plan.count(q) / len(plan) for q in rate}
    assert share["good"] > 0.6
    assert min(share.values()) > 0.05 / 4 * 0.6
    nothing_else = Learnability(World(cells), floor=0.0)
    nothing_else.load_state_dict(curriculum.state_dict())
    assert sum(a.question == "good" for a in nothing_else.plan(40, 1000)) > 950
    with pytest.raises(ValueError, match=r"floor 0\.2"):
        Learnability(World(cells), floor=0.2)


def test_a_surprise_moves_belief_but_not_by_tens_of_logits():
    curriculum = Learnability(World(grid(1, 1, (None,))))
    for batch in range(20):
        curriculum.observe(batch, [Outcome(Address("f0", "q0", 0, batch), 8, 8)])
    curriculum.observe(20, [Outcome(Address("f0", "q0", 0, 20), 0, 8)])
    assert 0.2 < curriculum.pass_rate("f0", "q0", 0) < 0.95


def test_outcomes_without_rollouts_are_ignored_and_impossible_ones_refused():
    curriculum = Learnability(World(grid(1, 1)))
    other = Learnability(World(grid(1, 1)))
    curriculum.observe(0, [Outcome(Address("f0", "q0", 0, 1), 0, 0)])
    other.observe(0, [])
    assert curriculum.state_dict() == other.state_dict() and curriculum.metrics() == {}
    for correct, total in ((9, 8), (-1, 8), (1, 0)):
        with pytest.raises(ValueError, match=rf"{correct} correct of {total} at f0/q0/0/1"):
            Outcome(Address("f0", "q0", 0, 1), correct, total)
    with pytest.raises(AddressError, match="test address"):
        curriculum.observe(1, [Outcome(Address("f0", "q0", 0, 1, test=True), 1, 8)])
    with pytest.raises(ValueError, match="f9/q0, which this curriculum never asks"):
        curriculum.observe(1, [Outcome("f9/q0/0/1", 1, 8)])


def test_metrics_tell_what_was_drawn():
    curriculum = Learnability(World(grid(1, 2, (None,))))
    rows = [("q0", 0, 8), ("q0", 2, 4), ("q1", 4, 0), ("q1", 6, 2)]
    curriculum.observe(0, [Outcome(Address("f0", q, level, 1), correct, 8) for q, level, correct in rows])
    found = curriculum.metrics()
    assert 0 < found.pop("believed_pass_rate") < 1 and 0.9 < found.pop("believed_spread") < 1.1
    assert found == {
        "mean_level": 3.0,
        "highest_level": 6.0,
        "useful_share": 0.5,
        "pass_rate": 14 / 32,
        "active_cells": 2.0,
        "believed_level": 1.0,
        "promotions": 1.0,
        "demotions": 0.0,
    }


def test_no_cell_waits_longer_than_the_floor_allows():
    """One cell of 60 can be learned from; 3 of 64 slots a batch go to the others, the longest forgotten first."""
    cells = tuple(Cell("f", f"q{i}", 0) for i in range(60))
    curriculum = Learnability(World(cells))
    plans = {batch: curriculum.plan(batch, 64) for batch in (0, 1)}
    for batch in range(120):
        outcomes = [Outcome(a, 4 if a.question == "q7" else 8, 8) for a in plans.pop(batch)]
        curriculum.observe(batch, outcomes)
        plans[batch + 2] = curriculum.plan(batch + 2, 64)
        if batch > 60:
            assert max(row["batches_ago"] for row in curriculum.table()) <= 2 * 60 / (0.05 * 64)


def test_the_table_tells_of_every_cell():
    cells = grid(2, 2, (None, 3))
    curriculum, learner = Learnability(World(cells)), Learner(cells, 0.0)
    asked = [o for batch in run(curriculum, learner, 20, 16) for o in batch]
    learner.ability = 4.0
    asked += [o for batch in run(curriculum, learner, 20, 16, start=20) for o in batch]
    rows = curriculum.table()
    assert [row["cell"] for row in rows] == [f"{c.family}/{c.question}" for c in cells]
    for row in rows:
        own = [o for o in asked if f"{o.address.family}/{o.address.question}" == row["cell"]]
        assert row["draws"] == len(own) > 0
        assert row["pass_rate"] == sum(o.correct for o in own) / sum(o.total for o in own)
        assert 0 < row["believed_pass_rate"] < 1 and 0 <= row["level"] <= (row["top_level"] or 99)
    assert sum(row["promotions"] for row in rows) > sum(row["demotions"] for row in rows)
    assert curriculum.metrics()["promotions"] == sum(row["promotions"] for row in rows)
    learner.ability = -2.0
    run(curriculum, learner, 20, 16, start=40)
    assert sum(r["demotions"] for r in curriculum.table()) > sum(r["demotions"] for r in rows)
    other = Learnability(World(cells))
    other.load_state_dict(json.loads(json.dumps(curriculum.state_dict())))
    assert other.table() == curriculum.table()
    uniform = Uniform(World(cells))
    run(uniform, learner, 3, 16)
    assert sum(row["draws"] for row in uniform.table()) == 48


def test_the_table_has_the_pass_rate_at_the_level_that_a_cell_is_at():
    curriculum, right, longest = Learnability(World(grid(1, 1, (None,)))), [], 0
    for batch in range(40):
        at = curriculum.table()[0]["level"]
        correct = [int(6 * (0.9 if batch < 10 else 0.5 + 0.1 * (batch % 2))) for _ in range(3)]
        elsewhere = Outcome(Address("f0", "q0", at + 3, batch), 0, 8)
        curriculum.observe(
            batch, [*(Outcome(Address("f0", "q0", at, i), c, 6) for i, c in enumerate(correct)), elsewhere]
        )
        [row] = curriculum.table()
        right = [*right, *correct] if row["level"] == at else []
        assert row["level_pass_rate"] == (sum(right) / (6 * len(right)) if right else None)
        longest = max(longest, len(right))
    assert longest > 6 and row["promotions"] > 0


@pytest.mark.parametrize("mode", [*MODES, "file"])
def test_every_mode_has_a_table_that_survives_resumption(mode, tmp_path):
    (tmp_path / "list.txt").write_text("f0/q0/0/1\nf1/q0/2/3\n")
    make = {**MODES, "file": lambda world: FromFile(tmp_path / "list.txt")}[mode]
    cells = grid(2, 1, (None,))
    first, second = make(World(cells)), make(World(cells))
    asked = [o for batch in run(first, Learner(cells, 1.0), 6, 16) for o in batch]
    second.load_state_dict(json.loads(json.dumps(first.state_dict())))
    assert second.table() == first.table()
    for row in first.table():
        own = [o for o in asked if f"{o.address.family}/{o.address.question}" == row["cell"]]
        assert row["draws"] == len(own) > 0
        assert row["pass_rate"] == sum(o.correct for o in own) / sum(o.total for o in own)


def test_fixed_goes_from_easy_to_hard_and_stays():
    curriculum = Fixed(World(grid(2, 2, (None, 1))), [0, 3, 7], every=2)
    seen = [max(a.level for a in curriculum.plan(batch, 40)) for batch in range(8)]
    assert seen == [0, 0, 3, 3, 7, 7, 7, 7]


def test_uniform_covers_cells_and_levels_alike():
    plan = Uniform(World(grid(2, 2, (None, 1))), levels=4).plan(0, 4000)
    share = {q: [a.level for a in plan if a.family == "f0" and a.question == q] for q in ("q0", "q1")}
    assert all(900 < len(levels) < 1100 for levels in share.values())
    assert all(200 < share["q0"].count(level) < 300 for level in range(4))
    assert set(share["q1"]) == {0, 1}


def test_a_file_is_followed_in_its_order_and_again(tmp_path):
    lines = ["bar/count/0/1", "pie/mean/3/2?px=112x112", "bar/count/1/3"]
    plain, rows = tmp_path / "list.txt", tmp_path / "list.jsonl"
    plain.write_text("# easy to hard\n\n" + "\n".join(lines) + "\n")
    rows.write_text("".join(json.dumps({"address": line, "note": 1}) + "\n" for line in lines))
    for path in (plain, rows):
        curriculum = make_curriculum({"mode": "file", "path": str(path)})
        seen = [str(a) for batch in range(3) for a in curriculum.plan(batch, 2)]
        assert seen == lines + lines


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.txt", "bar/count/0/1\ntest:bar/count/0/2\n", "line 2: 'test:bar/count/0/2' is a test address"),
        ("a.jsonl", '{"address": "test:bar/count/0/2"}\n', "line 1: 'test:bar/count/0/2' is a test address"),
        ("a.txt", "bar/count\n", "line 1: 'bar/count' is not an address"),
        ("a.jsonl", '{"where": 1}\n', "line 1: .* is no object with a key 'address'"),
        ("a.txt", "# nothing\n", "holds no address"),
    ],
)
def test_a_file_that_cannot_be_followed_is_refused_in_one_clear_line(tmp_path, name, text, message):
    (tmp_path / name).write_text(text)
    with pytest.raises(ValueError, match=message) as caught:
        FromFile(tmp_path / name)
    assert name in str(caught.value) and "\n" not in str(caught.value)


def test_an_evaluation_gives_a_start(tmp_path):
    cells = grid(2, 2, (None,))
    path = tmp_path / "rows.jsonl"
    rows = [{"address": f"test:f0/q0/{level}/{i}", "correct": level < 12} for level in range(20) for i in range(10)]
    rows += [{"family": "f1", "question": "q1", "level": 0, "correct": 0, "total": 100}]
    rows += [{"address": "x/y/0/1", "correct": 1}]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    curriculum = make_curriculum({"cells": cells, "beliefs": str(path)})
    assert isinstance(curriculum, Learnability)
    assert curriculum.pass_rate("f0", "q0", 5) > 0.8 and curriculum.pass_rate("f1", "q1", 0) < 0.2
    other = tmp_path / "rows.json"
    other.write_text(json.dumps({"rows": rows}))
    assert make_curriculum({"cells": cells, "beliefs": str(other)}).state_dict() == curriculum.state_dict()
    path.write_text('{"address": "x/y/0/1", "correct": 1}\n')
    with pytest.raises(ValueError, match="no row of the cells"):
        make_curriculum({"cells": cells, "beliefs": str(path)})


def test_a_start_from_an_evaluation_spares_the_first_batches():
    """Of a policy that is able at level 8, an evaluation of two problems a cell tells so."""
    cells = (*grid(6, 6, (None,)), Cell("f9", "q9"))
    learner = Learner(cells, 3.0)
    learner.offset["f9", "q9"] = -9.0
    evaluation = [
        learner.answer(Address(c.family, c.question, level, level, test=True), 1) for c in cells for level in (2, 8)
    ]
    cold, warm = (Learnability(World(cells)) for _ in range(2))
    assert warm.learned_from([*evaluation, Outcome("x/y/0/1", 1, 1), Outcome("f0/q0/0/1", 0, 0)]) == len(evaluation)
    first = {name: useful(run(c, Learner(cells, 3.0), 5, 32)) for name, c in (("cold", cold), ("warm", warm))}
    assert first["warm"] > first["cold"] + 0.1
    untouched = Learnability(World(cells))
    assert untouched.learned_from([Outcome("x/y/0/1", 1, 1)]) == 0
    assert untouched.state_dict() == Learnability(World(cells)).state_dict()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"mode": "learnibility"}, "'learnibility' of the curriculum: did you mean 'learnability'"),
        ({"mode": "zzz"}, "choose from file, fixed"),
        ({"levle": 3}, "unknown key 'levle' of the curriculum: did you mean 'level'"),
        ({"px": "448"}, "write 448x448"),
        ({"px": "8x8"}, "sides go from 56"),
        ({"mode": "fixed", "level": [0, -1]}, "level -1"),
        ({"mode": "file"}, "needs a `path`"),
        ({"cells": [Cell("a", "b"), Cell("a", "b")]}, "a cell is named twice"),
        ({"text": "wiki"}, "write text=NAME:DIGEST8"),
        ({"level": [0, 1]}, r"level \[0, 1\]"),
    ],
)
def test_a_wrong_config_is_named_with_its_mend(change, message):
    with pytest.raises(ValueError, match=message):
        make_curriculum({"mode": "learnability", "cells": grid(1, 1), **change})


def test_a_config_reaches_the_addresses():
    config = {"mode": "fixed", "cells": grid(1, 1), "seed": 3, "level": 2, "px": "112x224", "text": "wiki:0123abcd"}
    [a] = make_curriculum({**config, "floor": 0.05, "path": None}).plan(0, 1)
    assert (a.level, a.width, a.height, a.text) == (2, 112, 224, "wiki:0123abcd")
    assert make_curriculum({**config, "text": "grammar"}).plan(0, 1)[0].text == ""


def test_a_state_of_other_cells_or_another_mode_is_refused():
    state = Learnability(World(grid(2, 2))).state_dict()
    with pytest.raises(ValueError, match="resume with the same `cells`"):
        Learnability(World(grid(2, 1))).load_state_dict(state)
    with pytest.raises(ValueError, match="not 'uniform'"):
        Uniform(World(grid(2, 2))).load_state_dict(state)
