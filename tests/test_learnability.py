"""The learnability mode: what it believes, the levels and cells it asks for, and what an evaluation tells it."""

import json
import random
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from item_response import Cell, Learner, grid, mean_level, run, useful

from benchmarks import learners
from benchmarks.curriculum import POLICIES
from benchmarks.curriculum import run as simulated
from envs.address import Address
from envs.curriculum import Outcome, Uniform, World, make_curriculum
from envs.learnability import Learnability
from rewards import Label


@settings(max_examples=20, deadline=None)
@given(st.randoms(use_true_random=False), st.integers(0, 8), st.integers(0, 5))
def test_the_order_of_outcomes_does_not_matter(shuffle: random.Random, correct: int, possible: int):
    cells = grid(2, 2)
    one, other = (Learnability(World(cells)) for _ in range(2))
    outcomes = [Outcome(a, (correct + i) % 9, 8, (), possible and possible + i) for i, a in enumerate(one.plan(0, 12))]
    one.observe(0, outcomes)
    shuffle.shuffle(outcomes)
    other.observe(0, outcomes)
    assert one.state_dict() == other.state_dict()


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 16), st.integers(0, 4)), min_size=1, max_size=60))
def test_no_history_however_odd_breaks_the_belief(history):
    """Right at level 10,000 and wrong at level 0, over and over: levels stay legal, numbers finite."""
    curriculum = Learnability(World(grid(1, 2, (None, 3))))
    for batch, (level, correct, possible) in enumerate(history):
        curriculum.observe(batch, [Outcome(Address("f0", "q0", level, batch), correct, 16, (), possible)] * 3)
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
        mode: useful(run(mode(World(cells, seed=3)), Learner(cells, ability), 40, n)[10:])
        for mode in (Learnability, Uniform)
    }
    assert share[Learnability] >= 0.7
    assert share[Learnability] >= share[Uniform] + 0.15


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
    for batch in range(1, 200):
        curriculum.observe(batch, [])
    assert at_once < 0.1 and curriculum.pass_rate("f0", "q0", 0) > at_once + 0.1


def test_what_is_right_by_saying_the_same_everywhere_is_not_solved():
    """Two cells are right 35 % of the time, of a hundred possible answers: one by solving, one by saying 7 at once."""
    cells = tuple(Cell("f", q, 0) for q in ("solved", "constant"))
    curriculum, told = Learnability(World(cells)), Learnability(World(cells))
    luck = np.random.default_rng(5)
    for batch in range(30):
        outcomes = []
        for a in curriculum.plan(batch, 32):
            right = "7" if luck.random() < 0.35 and a.question == "constant" else str(luck.integers(10, 100))
            solved = luck.random(8) < 0.35
            given = [
                right if hit and a.question == "solved" else "7" if a.question == "constant" else None for hit in solved
            ]
            outcomes.append(Outcome(a, given.count(right), 8, (), 100, Label(right), tuple(given)))
        curriculum.observe(batch, outcomes)
        told.observe(batch, [replace(outcome, answer=None) for outcome in outcomes])
    share = {row["cell"]: row["draws"] / 960 for row in curriculum.table()}
    assert share["f/solved"] > 0.8
    guessed = {row["cell"]: row["guessed"] for row in curriculum.table()}
    assert guessed["f/constant"] == pytest.approx(0.35, abs=0.15) and guessed["f/solved"] < 0.05
    assert {row["cell"]: row["guessed"] for row in told.table()}["f/constant"] < 0.05
    again = Learnability(World(cells))
    again.load_state_dict(json.loads(json.dumps(curriculum.state_dict())))
    assert again.plan(30, 64) == curriculum.plan(30, 64) and again.state_dict() == curriculum.state_dict()


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
    with pytest.raises(ValueError, match="no answer of the cells"):
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


def learned(cells: tuple[Cell, ...], rates: dict[str, float], possible: dict[str, int], batches: int) -> Learnability:
    """A curriculum after batches in which questions were right at these rates, whatever their level."""
    curriculum, luck = Learnability(World(cells)), np.random.default_rng(0)
    told(curriculum, rates, possible, range(batches), luck)
    return curriculum


def told(curriculum, rates, possible, batches, luck) -> None:
    for batch in batches:
        outcomes = [
            Outcome(a, int(luck.binomial(8, rates[a.question])), 8, (), possible[a.question])
            for a in curriculum.plan(batch, 32)
        ]
        curriculum.observe(batch, outcomes)


def shares(curriculum: Learnability, batches: range) -> dict[str, float]:
    plan = [a.question for batch in batches for a in curriculum.plan(batch, 200)]
    return {question: plan.count(question) / len(plan) for question in sorted(set(plan))}


@settings(max_examples=8, deadline=None)
@given(st.integers(2, 6))
def test_a_cell_at_chance_gives_its_turns_to_one_that_is_half_solved(possible: int):
    """Told of K answers, a cell that is right 1/K of the time gets little; told nothing, as much as any at that rate.
    Its pass rate is believed rightly all the same."""
    cells = tuple(Cell("f", q, 0) for q in ("chance", "half"))
    rates = {"chance": 1 / possible, "half": 0.5 + 0.5 / possible}
    curriculum = learned(cells, rates, dict.fromkeys(rates, possible), 40)
    assert shares(curriculum, range(40, 50))["chance"] < 0.2
    assert all(abs(curriculum.pass_rate("f", q, 0) - rate) < 0.12 for q, rate in rates.items())
    alike = learned(cells, dict.fromkeys(rates, 1 / possible), {"chance": possible, "half": 0}, 40)
    if possible <= 3:  # where chance alone is mixed often enough to be mistaken for learning
        assert shares(alike, range(40, 50))["half"] > 0.8


def test_a_cell_at_chance_goes_down_and_a_solved_one_up():
    """A yes or no that is right half of the time is too hard at every level above 0, not just right there."""
    cells = (Cell("f", "yes"), Cell("g", "no"))
    curriculum = learned(cells, {"yes": 0.5, "no": 0.97}, {"yes": 2, "no": 2}, 60)
    level = {row["cell"]: row["level"] for row in curriculum.table()}
    assert level["f/yes"] == 0 and level["g/no"] > 5


def test_a_cell_at_chance_is_noticed_when_it_starts_to_move():
    cells = tuple(Cell("f", q, 0) for q in ("moves", "other", "third"))
    rates, possible = {"moves": 0.5, "other": 0.75, "third": 0.75}, {"moves": 2, "other": 2, "third": 2}
    curriculum, luck = Learnability(World(cells)), np.random.default_rng(1)
    told(curriculum, rates, possible, range(60), luck)
    before = shares(curriculum, range(60, 70))["moves"]
    told(curriculum, rates | {"moves": 0.75}, possible, range(60, 100), luck)
    assert before < 0.1 and shares(curriculum, range(100, 110))["moves"] > 0.2


def test_who_is_never_right_does_not_guess_either():
    curriculum = learned((Cell("f", "never", 0),), {"never": 0.0}, {"never": 2}, 20)
    assert curriculum.pass_rate("f", "never", 0) < 0.05
    assert curriculum.table()[0]["guessed"] < 0.05


def test_one_answer_or_none_told_is_no_guess():
    cells = grid(2, 2)
    states = []
    for possible in (0, 1):
        curriculum = Learnability(World(cells))
        for batch in range(5):
            outcomes = [Outcome(a, i % 9, 8, (), possible) for i, a in enumerate(curriculum.plan(batch, 12))]
            curriculum.observe(batch, outcomes)
        states.append(curriculum.state_dict())
    assert states[0] == states[1]
    with pytest.raises(ValueError, match="-1 answers possible"):
        Outcome(Address("f0", "q0", 0, 1), 1, 8, (), -1)


def test_a_state_goes_on_exactly_and_one_from_before_guessing_was_counted_still_loads():
    cells = grid(2, 3)
    possible = {"q0": 2, "q1": 5, "q2": 0}
    curriculum = learned(cells, {"q0": 0.6, "q1": 0.4, "q2": 0.5}, possible, 12)
    state = json.loads(json.dumps(curriculum.state_dict()))
    again, old = Learnability(World(cells)), Learnability(World(cells))
    again.load_state_dict(state)
    old.load_state_dict({key: value for key, value in state.items() if key not in ("even", "guesses")})
    assert [str(a) for a in again.plan(12, 64)] == [str(a) for a in curriculum.plan(12, 64)]
    outcomes = [Outcome(a, i % 9, 8, (), possible[a.question]) for i, a in enumerate(curriculum.plan(12, 64))]
    for one in (curriculum, again, old):
        one.observe(12, outcomes)
    assert again.state_dict() == curriculum.state_dict()
    assert any(row["guessed"] > 0.4 for row in old.table() if row["cell"].endswith("q0"))


@pytest.mark.parametrize("guessing", [1, 2])
def test_told_how_many_answers_are_possible_it_asks_what_teaches_more(guessing: int):
    """On simulated learners who guess each rollout (1) or once a problem (2), beside not being told."""
    found = {}
    for policy in ("ours, 1 candidate", "ours, guessing not told"):
        learner = learners.Learner(learners.grid(200), 1.0, 1 / 3, seed=1, guessing=guessing)
        course = simulated(POLICIES[policy], learner, 120, 64, seed=1)
        found[policy] = float(np.mean(course.expected[50:])), course.gained[-1]
    told, untold = found.values()
    assert told[0] > untold[0] + 0.05 and told[1] > 1.05 * untold[1]


def test_without_guessing_a_learner_is_as_it_was_and_all_that_is_mixed_teaches():
    learner = learners.Learner(learners.grid(50), 1.0, 1 / 3, seed=1)
    cell, logit = np.arange(50), np.linspace(-3, 3, 50)
    assert not learner.possible.any()
    assert np.array_equal(learner.teaching(cell, logit), learners.useful(learners.chance(logit)))
