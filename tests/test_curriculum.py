"""Curricula of every mode: plans are pure, states are exact, configs reach the addresses and errors name their mend."""

import json

import pytest
from item_response import Cell, Learner, grid, run

from envs.address import Address, AddressError
from envs.curriculum import Fixed, FromFile, Outcome, Uniform, World, make_curriculum
from envs.learnability import Learnability

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
