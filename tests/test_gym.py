"""The Gymnasium environment, sync and async."""

from __future__ import annotations

import warnings
from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

import envs
from rewards import score

ID = "chartgym/Chart-v0"


def _solve(address: str) -> str:
    return envs.make(address).solution


def test_check_env_has_nothing_to_say() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_env(gymnasium.make(ID).unwrapped)
        check_env(
            gymnasium.make(ID, families=["pie"], level=3, width=224, height=224).unwrapped, skip_render_check=True
        )


def test_a_right_answer_earns_one_and_ends_the_episode() -> None:
    env = gymnasium.make(ID, families="bar", questions=["count", "mean"], level=2)
    observation, info = env.reset(seed=7)
    assert info["address"].startswith(("bar/count/2/", "bar/mean/2/"))
    assert env.observation_space.contains(observation)
    _, reward, terminated, truncated, info = env.step(_solve(info["address"]))
    assert (reward, terminated, truncated, info["verdict"]) == (1.0, True, False, True)
    _, info = env.reset()
    _, reward, terminated, _, info = env.step("No idea: \\boxed{-1} 🤷")
    assert (reward, terminated, info["reason"]) == (0.0, True, "wrong")


def test_seeding_is_as_gymnasium_specifies() -> None:
    one, two = gymnasium.make(ID), gymnasium.make(ID)
    first = [one.reset(seed=3)[1]["address"], *(one.reset()[1]["address"] for _ in range(5))]
    again = [two.reset(seed=3)[1]["address"], *(two.reset()[1]["address"] for _ in range(5))]
    assert first == again
    assert len(set(first)) == 6


def test_an_address_can_be_asked_for() -> None:
    env = gymnasium.make(ID)
    observation, info = env.reset(options={"address": "pie/kth_largest/3/9"})
    assert info["address"] == "pie/kth_largest/3/9"
    assert np.array_equal(observation["image"], envs.make("pie/kth_largest/3/9").image)


@pytest.mark.parametrize("mode", ["sync", "async"])
def test_n_steps_of_a_vector_grade_n_answers(mode: str) -> None:
    """With next-step autoreset every second action would be swallowed."""
    env = gymnasium.make_vec(ID, num_envs=3, vectorization_mode=mode, level=1)
    try:
        _, info = env.reset(seed=5)
        addresses, graded = list(info["address"]), 0
        for step in range(4):
            answers = [_solve(a) if step % 2 == 0 else "\\boxed{nothing}" for a in addresses]
            _, rewards, terminated, _, info = env.step(answers)
            assert list(rewards) == [float(step % 2 == 0)] * 3
            assert all(terminated)
            graded += len(rewards)
            final: dict[str, Any] = info["final_info"]
            assert list(final["address"]) == addresses
            addresses = list(info["address"])
        assert graded == 12
    finally:
        env.close()


@pytest.mark.parametrize(
    ("wrong", "mend"),
    [({"families": ["bra"]}, "bar"), ({"questions": "cuont"}, "count"), ({"level": -1}, "whole number")],
)
def test_bad_arguments_name_the_mend(wrong: dict[str, Any], mend: str) -> None:
    with pytest.raises(ValueError, match=mend):
        gymnasium.make(ID, **wrong)


def test_a_step_before_reset_is_refused() -> None:
    from envs.gym import ChartEnv

    with pytest.raises(gymnasium.error.ResetNeeded):
        ChartEnv().step("\\boxed{1}")


def test_every_response_is_an_action() -> None:
    space = gymnasium.make(ID).action_space
    for text in ("", " ", "$\\boxed{45\\%}$ – «é» 数 🤷\n\tdone", "x" * 20_000):
        assert space.contains(text)
    assert not score("", envs.make("bar/count/0/1").answer).correct
