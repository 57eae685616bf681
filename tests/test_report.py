"""The statistics of a report are the known ones."""

from itertools import combinations

import pytest

from trainers.report import ReportError, Row, compare, mcnemar, pass_at_k, summarise, wilson


@pytest.mark.parametrize(
    ("correct", "n", "low", "high"),
    [  # Newcombe 1998, Statistics in Medicine 17, table I, method 3
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_gives_the_published_intervals(correct, n, low, high):
    assert wilson(correct, n) == pytest.approx((low, high), abs=5e-5)
    assert wilson(n - correct, n) == pytest.approx((1 - high, 1 - low), abs=5e-5)


def test_wilson_stays_in_the_unit_interval_and_around_the_share():
    assert wilson(0, 0) == (0.0, 1.0)
    for n in range(1, 60):
        for correct in range(n + 1):
            low, high = wilson(correct, n)
            assert 0 <= low <= correct / n <= high <= 1


def test_pass_at_k_is_the_share_of_draws_that_hold_a_right_answer():
    for n in range(1, 7):
        for correct in range(n + 1):
            for k in range(1, n + 1):
                draws = list(combinations([True] * correct + [False] * (n - correct), k))
                assert pass_at_k(n, correct, k) == pytest.approx(sum(map(any, draws)) / len(draws))
    with pytest.raises(ValueError, match="pass@3"):
        pass_at_k(2, 1, 3)


def test_mcnemar_is_the_exact_binomial_test():
    assert mcnemar(0, 0) == 1.0
    assert mcnemar(10, 2) == mcnemar(2, 10) == pytest.approx(0.03857, abs=1e-5)
    assert mcnemar(0, 6) == pytest.approx(2 / 2**6)


def test_compare_pairs_by_address_and_leaves_the_rest_out():
    this = {f"a{i}": (int(i < 60), 1) for i in range(100)}
    other = {f"a{i}": (int(i < 40), 1) for i in range(10, 110)}
    found = compare(this, other)
    assert (found["common"], found["missing_here"], found["missing_there"]) == (90, 10, 10)
    assert (found["better"], found["worse"]) == (20, 0) and found["difference"] == pytest.approx(20 / 90)
    assert found["low"] < 20 / 90 < found["high"] and found["p"] == pytest.approx(2 / 2**20)
    turned = compare(other, this)
    assert turned["difference"] == pytest.approx(-20 / 90) and turned["p"] == found["p"]
    with pytest.raises(ReportError, match="no address in common"):
        compare(this, {"b": (1, 1)})


def test_compare_of_samples_is_a_bootstrap_that_sees_no_difference_where_there_is_none():
    this = {f"a{i}": (i % 5, 4) for i in range(200)}
    other = {f"a{i}": ((i + 1) % 5, 4) for i in range(200)}
    found = compare(this, other)
    assert found["test"] == "paired bootstrap" and found["low"] < 0 < found["high"] and found["p"] > 0.5
    assert compare(this, {a: (0, 4) for a in this})["p"] < 0.001


def test_samples_of_the_same_problem_do_not_count_as_independent():
    rows = [Row(address=f"a{i}", sample=s, correct=i < 50, parsed=True) for i in range(100) for s in range(8)]
    alike = summarise(rows)
    assert (alike["problems"], alike["samples"], alike["accuracy"]) == (100, 800, 0.5)
    low, high = wilson(50, 100)
    assert alike["high"] - alike["low"] == pytest.approx(high - low, rel=0.02)
    assert alike["pass_at"] == pytest.approx({"1": 0.5, "2": 0.5, "4": 0.5, "8": 0.5})


def test_a_request_that_failed_is_no_answer():
    rows = [Row(address="a", correct=True, parsed=True), Row(address="b", finish="error", reason="status 500")]
    found = summarise(rows)
    assert (found["accuracy"], found["samples"], found["verdicts"]) == (1.0, 1, {"right": 1, "failed": 1})
