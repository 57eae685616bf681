"""Rewards by config: what each pays for, that nothing a model writes upsets them, and what the watch calls out."""

from __future__ import annotations

import math
import random
import time
from functools import cache
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from envs import make
from envs.registry import cells
from envs.underlying import tables_behind
from rewards import Label, Number, Percent, Table
from rewards.boxed import MAX_BOX
from rewards.functions import accuracy, boxed, graded, length
from rewards.surrogates import MOST, chart_type, kind_key, table, within
from trainers.config import Batches, Config, ConfigError, Rewards
from trainers.rewarding import WINDOW, RewardWatch, check_rewards, chosen, weights

KINDS = (["bar chart"], ["line chart", "pie chart"], [], None)
DRAWN = {"columns": ["letter", "2019", "2020"], "rows": [["a", 3.5, 4], ["b", 10, None]]}
TABLES = ([DRAWN], [DRAWN, DRAWN], [DRAWN, None], [], None)
ANSWERS = (Number(0), Number(12.5, abs_tol=0.05), Number(3, scale=1e6), Percent(45.0, abs_tol=0.5), Label("Lima"))
ANSWERS += (Table(("a", "b"), (("x", 1),)),)
SHARDS = [
    "<type>",
    "</type>",
    "<table>",
    "</table>",
    "bar chart",
    "line",
    ";",
    ",",
    " and ",
    "\n",
    "|",
    "a",
    "b",
    "2019",
]
SHARDS += [
    "10",
    "-",
    "1e999",
    "1e-999",
    "9" * 40,
    "%",
    "3.5",
    "\\boxed{",
    "}",
    "\\\\",
    "&",
    "\u0301",
    "½",
    "\x00",
    "\ud800",
]
texts = st.one_of(st.text(), st.lists(st.sampled_from(SHARDS)).map("".join))


def reward(function: Any, text: Any, **column: Any) -> float | None:
    """What a function pays for one completion."""
    columns = {name: [value] for name, value in column.items()}
    (paid,) = function(prompts=[""], completions=[text], completion_ids=[[0] * 5], **columns)
    return paid


def number(value: object) -> str:
    return f"\\boxed{{{value}}}"


def written(drawn: dict[str, Any], turned: bool = False) -> str:
    """A table as a model would write it."""
    rows = [drawn["columns"], *drawn["rows"]]
    rows = [list(column) for column in zip(*rows)] if turned else rows
    return (
        "<table>"
        + "\n".join(" | ".join("?" if cell is None else str(cell) for cell in row) for row in rows)
        + "</table>"
    )


@cache
def figures() -> list[Any]:
    """A problem of each family."""
    first = {cell.family: cell for cell in cells()}
    return [make(f"{cell.family}/{cell.question}/2/11") for cell in first.values()]


@given(texts, st.sampled_from(ANSWERS), st.sampled_from(KINDS), st.sampled_from(TABLES))
@settings(deadline=None, max_examples=300, suppress_health_check=[HealthCheck.too_slow])
def test_no_text_upsets_a_reward_and_all_stay_in_their_range(text, answer, kinds, tables) -> None:
    for completion in (text, [{"role": "assistant", "content": text}], None, 5):
        right, near = reward(accuracy, completion, answer=answer), reward(graded, completion, answer=answer)
        assert 0 <= right <= near <= 1
        assert reward(boxed, completion) in (0, 1) and reward(length(3, 7), completion) == -0.5
        assert reward(chart_type, completion, charts=kinds) in ((0, 1) if kinds else (None,))
        told = reward(table, completion, tables=tables)
        assert told is None if not tables or None in tables else 0 <= told <= 1


@pytest.mark.parametrize(
    "shard", ["<type>", "</type>", "<type></type>", "<table>|", "</table>", "<table>a|1\nb|2</table>", "<"]
)
def test_time_is_linear_in_the_response(shard) -> None:
    def seconds(size: int) -> float:
        text = "<table>" + shard * (size // len(shard)) + "</table>"
        start = time.process_time()
        reward(chart_type, text, charts=["bar chart"])
        reward(table, text, tables=[DRAWN])
        reward(graded, text, answer=Number(5))
        return time.process_time() - start

    seconds(1000)
    assert seconds(2_000_000) < 2.0


def test_only_the_last_tags_are_read_and_none_longer_than_a_box() -> None:
    assert within("<type>a</type> no, <type>b</type>", "type") == ["a", "b"]
    assert within("<type>a</type> <type>b", "type") == ["a"]
    assert within("<type>" + "a" * (MAX_BOX + 1) + "</type>", "type") == []
    assert within("<type>a</type>" * (MOST + 5), "type") == ["a"] * MOST
    assert reward(chart_type, "<type>pie</type> no, <type>a Bar Graph</type>", charts=["bar chart"]) == 1


# --- graded -----------------------------------------------------------------------------------------------------------


@given(st.integers(1, 10**6), st.integers(-3000, 3000), st.integers(-3000, 3000))
@settings(deadline=None)
def test_a_number_is_worth_the_more_the_nearer_it_comes(right, off, further) -> None:
    answer = Number(right)
    near, far = sorted((off, further), key=abs)
    paid = [reward(graded, number(right + step), answer=answer) for step in (0, near, far)]
    assert paid == sorted(paid, reverse=True) and paid[0] == 1
    assert paid[1] == pytest.approx(max(0.0, 1 - abs(near) / right))
    assert (paid[1] == 1) == (reward(accuracy, number(right + near), answer=answer) == 1)


@pytest.mark.parametrize(
    ("given_text", "answer", "paid"),
    [
        ("90", Number(100), 0.9),
        ("110", Number(100), 0.9),
        ("-100", Number(100), 0.0),
        ("100 or 200", Number(100), 0.0),
        ("about 90", Number(100), 0.0),
        ("1", Number(0), 0.0),
        ("40", Percent(50.0), 0.8),
        ("40 %", Percent(50.0), 0.8),
        ("0.9 million", Number(1.0, scale=1e6), 0.9),
        ("900000", Number(1.0, scale=1e6), 0.9),
        ("5 kg", Number(10, unit=("km",)), 0.0),
        ("Lima", Label("Lima"), 1.0),
        ("Lime", Label("Lima"), 0.0),
    ],
)
def test_graded_by_numeric_error(given_text, answer, paid) -> None:
    assert reward(graded, number(given_text), answer=answer) == pytest.approx(paid)


# --- surrogates -------------------------------------------------------------------------------------------------------


def test_every_kind_of_figure_is_known_by_its_name_alone_and_by_no_other() -> None:
    kinds = {kind for problem in figures() for kind in problem.meta["charts"]}
    assert len(kinds) > 30 and len({kind_key(kind) for kind in kinds}) == len(kinds)
    for problem in figures():
        own = problem.meta["charts"]
        for said in (own, [kind.title() for kind in own], own[::-1]):
            assert reward(chart_type, f"<type>{'; '.join(said)}</type>", charts=own) == 1
        for other in kinds - set(own):
            assert reward(chart_type, f"<type>{other}</type>", charts=own) == 0
        assert reward(chart_type, " ".join(own), charts=own) == 0, "the tag is what is asked for"


def test_the_table_that_was_drawn_is_worth_all_and_less_with_any_mistake() -> None:
    seen = 0
    for problem in figures():
        drawn = tables_behind(problem.address)
        if None in drawn:
            assert reward(table, "<table>a | 1\nb | 2</table>", tables=drawn) is None
            continue
        seen += 1
        right = "".join(written(one) for one in drawn)
        assert reward(table, right, tables=drawn) == pytest.approx(1), problem.address
        assert reward(table, "".join(written(one, turned=True) for one in drawn), tables=drawn) == pytest.approx(1)
        worse = [
            dict(one, rows=[[row[0] + "x", *row[1:]] for row in one["rows"][:1]] + one["rows"][1:]) for one in drawn
        ]
        assert reward(table, "".join(map(written, worse)), tables=drawn) < 0.999
        assert reward(table, right + written(drawn[0]), tables=drawn) < 1, "one table too many"
        assert reward(table, "", tables=drawn) == 0
    assert seen > 25


def test_tables_are_scored_by_how_far_values_are_off_and_not_on_what_cannot_be_read() -> None:
    def paid(*rows: str) -> float | None:
        return reward(table, "<table>" + "\n".join(rows) + "</table>", tables=[DRAWN])

    assert paid("letter,2019,2020", "a,3.5,4", "b,10,77") == 1  # the last cannot be read
    assert paid("letter,2019,2020", "a,3.5,4", "b,8,77") == pytest.approx((2 + 0.8) / 3)
    assert paid("letter,2019,2020", "a,3.5,4") == pytest.approx(2 * 1 * (2 / 3) / (1 + 2 / 3))
    assert paid("2019 | 2020", "3.5 | 4") == 0
    single = {"columns": ["letter", "frequency"], "rows": [["a", 3], ["b", 4]]}
    for text in ("letter | how often\na | 3\nb | 4", "letter | a | b\ncount | 3 | 4"):
        assert reward(table, f"<table>{text}</table>", tables=[single]) == 1


# --- by config --------------------------------------------------------------------------------------------------------

BATCHES = Batches(
    world=1,
    per_device=8,
    accumulation=1,
    steps_per_generation=1,
    iterations=1,
    generations=4,
    max_steps=1,
    max_tokens=100,
)


def config(prompt: str = "{question}", **rewards: Any) -> Config:
    return Config(name="c", prompt=prompt, rewards=Rewards(**rewards))


def test_a_reward_is_computed_where_it_has_a_weight_and_logged_by_its_name() -> None:
    plain = config()
    assert list(weights(plain)) == ["accuracy", "boxed", "length"]
    full = config("{question} <type> <table>", graded=0.0, chart_type=0.2, table=0.3)
    check_rewards(full, BATCHES)
    names = [function.__name__ for function in chosen(full, BATCHES)]
    assert names == list(weights(full)) == ["accuracy", "boxed", "length", "graded", "chart_type", "table"]


@pytest.mark.parametrize(
    ("cache", "tokens", "paid"), [(None, 80, 0), (None, 90, -0.5), (40, 80, -0.5), (100, 50, -0.5)]
)
def test_the_length_cache_says_where_the_length_reward_begins(cache, tokens, paid) -> None:
    too_long = chosen(config(length_cache=cache), BATCHES)[2]
    assert too_long(prompts=[""], completions=[""], completion_ids=[[0] * tokens]) == [paid]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (config(accuracy=0.0), "nothing would be learned"),
        (config(accuracy=-1.0), "rewards.accuracy -1.0 must be a number from 0"),
        (config(chart_type=1.0), "rewards.chart_type scores what stands in <type>, which the prompt does not ask for"),
        (config(table=0.0), "rewards.table scores what stands in <table>"),
        (config(length_cache=0), "rewards.length_cache 0 must lie from 1 to trl.max_completion_length 100"),
        (config(length_cache=101), "rewards.length_cache 101"),
    ],
)
def test_a_wrong_reward_section_is_one_line(wrong, said) -> None:
    with pytest.raises(ConfigError, match=said) as error:
        check_rewards(wrong, BATCHES)
    assert "\n" not in str(error.value)


# --- the watch --------------------------------------------------------------------------------------------------------


def rows(**columns: list[float]) -> list[dict[str, float]]:
    """Log rows from the mean of each reward, with a standard deviation of 0.3, or 0 at an end."""
    found = []
    for values in zip(*columns.values()):
        row = {f"rewards/{name}/mean": value for name, value in zip(columns, values)}
        row |= {f"rewards/{name}/std": 0.0 if value in (-1, 0, 1) else 0.3 for name, value in zip(columns, values)}
        found.append(row)
    return found


def said(counted: dict[str, float], read: list[dict[str, float]]) -> list[str]:
    watch = RewardWatch(counted)
    return [line for row in read for line in watch.read(row)]


def noise(seed: int, count: int, level: float = 0.5) -> list[float]:
    draws = random.Random(seed)
    return [draws.gauss(level, 0.06) for _ in range(count)]


@pytest.mark.parametrize(("end", "words"), [(1.0, "ceiling"), (0.0, "floor")])
def test_a_saturated_reward_is_called_out_once_with_its_figures(end, words) -> None:
    read = rows(accuracy=noise(0, 200), boxed=[0.5] * 50 + [end] * 150)
    (line,) = said({"accuracy": 1, "boxed": 0.5}, read)
    assert (
        line.startswith(f"reward boxed (weight 0.5) is saturated at its {words}: mean {end:.3f}") and "\n" not in line
    )
    assert said({"accuracy": 1, "boxed": 0.5}, read[: 50 + WINDOW - 1]) == []
    assert said({"accuracy": 1, "boxed": 0.0}, read) == [], "what counts for nothing is only logged"


def test_a_length_reward_is_saturated_at_its_own_ends() -> None:
    assert "floor" in said({"length": 1}, rows(accuracy=noise(0, 40), length=[-1.0] * 40))[0]
    assert "ceiling" in said({"length": 1}, rows(accuracy=noise(0, 40), length=[0.0] * 40))[0]


def test_a_reward_that_falls_while_accuracy_rises_is_called_out_once() -> None:
    steps = [i / 100 for i in range(100)]
    up = [0.3 + 0.4 * s + n for s, n in zip(steps, noise(1, 100, 0.0))]
    down = [0.7 - 0.4 * s + n for s, n in zip(steps, noise(2, 100, 0.0))]
    (line,) = said({"accuracy": 1, "graded": 1}, rows(accuracy=up, graded=down))
    assert line.startswith("reward graded runs against accuracy: it went from 0.") and "correlation -0." in line
    assert said({"accuracy": 1, "graded": 1}, rows(accuracy=up, graded=up)) == []
    assert said({"accuracy": 1, "graded": 1}, rows(accuracy=down, graded=down)) == []


def test_an_anti_correlated_reward_is_called_out() -> None:
    right = noise(3, WINDOW)
    (line,) = said({"graded": 1}, rows(accuracy=right, graded=[1 - value for value in right]))
    assert "correlation -1.00" in line


def test_noise_is_not_called_out() -> None:
    counted = {"accuracy": 1.0, "graded": 1.0}
    assert said(counted, rows(accuracy=noise(4, 20_000), graded=noise(5, 20_000))) == []


def test_a_resumed_run_does_not_repeat_itself_and_a_reward_without_a_mean_is_let_be() -> None:
    read = rows(accuracy=noise(6, 100), boxed=[1.0] * 100)
    watch = RewardWatch({"accuracy": 1, "boxed": 1})
    for row in read[:60]:
        watch.read(row)
    assert [line for row in read[60:] for line in watch.read(row)] == []
    assert (
        said({"table": 1}, [{**row, "rewards/table/mean": math.nan, "rewards/table/std": math.nan} for row in read])
        == []
    )
    assert said({"table": 1}, read) == []
