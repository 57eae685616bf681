"""Boxes, violins, histograms, density curves and candlesticks: each question has a second, independent answer here,
worked out from what the reader saw and the words of the question; and data keeps to what such charts mean."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from envs import Address, cells
from envs.check import examine
from envs.figures.boxes import body
from envs.numerals import numbers
from envs.problem import Draft, draw, word
from envs.readers import read
from envs.readers.tape import record
from envs.registry import QUESTIONS
from envs.views import EYE
from envs.views_spread import Bins, Candles, Curves, Spread
from rewards import score

FAMILIES = ("box", "violin", "histogram", "density", "candlestick")
VIEWS = (Spread, Bins, Curves, Candles)
CELLS = [
    (cell.family, cell.question)
    for cell in cells()
    if cell.family in FAMILIES and QUESTIONS[cell.question].view in VIEWS
]
SEEDS = st.integers(0, 2**63 - 1)
LEVELS = st.integers(0, 14)
SIZES = st.sampled_from([(448, 448), (448, 448), (224, 224), (336, 252), (640, 360), (896, 448)])
ADDRESSES = st.builds(
    lambda cell, level, seed, test, size: Address(*cell, level, seed, test, *size),
    st.sampled_from(CELLS),
    LEVELS,
    SEEDS,
    st.booleans(),
    SIZES,
)
Parts = dict[str, dict[str, float]]


def seen_in(draft: Draft) -> Parts:
    """What the reader saw: group -> part -> value."""
    facts = read(type(draft.figure.panels[0].marks).__name__, record(draft.sheet)).facts
    parts: Parts = defaultdict(dict)
    for key, fact in facts.items():
        parts[key[0]][key[-1]] = fact.value
    return parts


def named(text: str, parts: Parts) -> dict[str, float]:
    """The group that the text names; any where there is but one."""
    found = [name for name in parts if re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text)]
    assert len(found) == 1 or len(parts) == 1, (text, found)
    return parts[found[0] if found else next(iter(parts))]


def among(text: str, *words: str) -> str:
    """The last of these words that the text holds."""
    return re.findall(rf"\b({'|'.join(words)})\b", text)[-1]


def dots(group: dict[str, float]) -> list[float]:
    return [value for part, value in group.items() if part.startswith("outlier")]


def spread_answer(question: str, text: str, parts: Parts) -> object:
    medians = {name: group["median"] for name, group in parts.items()}
    ranges = {name: group["q3"] - group["q1"] for name, group in parts.items()}
    if question == "extreme_median":
        return (max if among(text, "highest", "lowest") == "highest" else min)(medians, key=lambda n: medians[n])
    if question == "largest_iqr":
        return max(ranges, key=lambda n: ranges[n])
    if question == "most_outliers":
        return max(parts, key=lambda name: len(dots(parts[name])))
    if question == "medians_above":
        threshold = numbers(text)[0]
        return sum(value > threshold for value in medians.values())
    if question == "median_above_quartile":
        names = "|".join(re.escape(name) for name in parts)
        one = re.search(rf"median[^?]*? of ({names})", text)[1]  # type: ignore[index]
        other = next(name for name in re.findall(names, text) if name != one)
        return medians[one] > parts[other]["q3"]
    group = named(text, parts)
    if question == "middle_half":
        return group["q1"], group["q3"]
    if question == "group_median":
        return group["median"]
    if question == "group_iqr":
        return group["q3"] - group["q1"]
    if question == "whisker_range":
        return group["high"] - group["low"]
    if question == "count_outliers":
        return len(dots(group))
    assert question == "extreme_of_group"
    return (max if among(text, "largest", "smallest") == "largest" else min)(group.values())


def bins_answer(question: str, text: str, parts: Parts) -> object:
    values = {key: next(iter(held.values())) for key, held in parts.items()}
    edges = [values[f"edge {i}"] for i in range(sum(key.startswith("edge") for key in values))]
    heights = [values[f"bin {i}"] for i in range(len(edges) - 1)]
    if question == "count_bins":
        return len(heights)
    if question == "bin_width":
        return edges[1] - edges[0]
    if question == "peak_bin":
        top = heights.index(max(heights))
        return edges[top], edges[top + 1]
    if question == "kth_bin":
        found = re.search(r"(?:(\w+)-from-the-)?(left|right)(?:most)?", text)
        assert found
        words = {"second": 2, "third": 3, None: 1}
        k = words[found[1]] if found[1] in words else int(found[1][:-2])
        at = k - 1 if found[2] == "left" else len(heights) - k
        return edges[at], edges[at + 1]
    if question == "bin_of_value":
        value = numbers(text)[0]
        return next((low, high) for low, high in pairwise(edges) if low < value < high)
    if question == "skew_side":
        data = np.repeat(np.arange(len(heights)), np.round(1000 * np.array(heights) / max(heights)).astype(int))
        skew = float((((data - data.mean()) / data.std()) ** 3).mean())
        return "neither" if abs(skew) < 0.3 else "right" if skew > 0 else "left"
    if question == "total_beyond":
        side, at = re.findall(r"\b(above|below) ([\d., ]*\d)", text)[-1]
        middles = [(low + high) / 2 for low, high in pairwise(edges)]
        return sum(h for h, middle in zip(heights, middles) if (middle > numbers(at)[0]) == (side == "above"))
    low = numbers(re.search(r"(\d[\d., ]*) to \d", text)[1])[-1]  # type: ignore[index]
    height = heights[min(range(len(heights)), key=lambda i: abs(edges[i] - low))]
    return 100 * height / sum(heights) if question == "bin_share" else height


def curves_answer(question: str, text: str, parts: Parts) -> object:
    if question in ("tallest_curve", "widest_curve"):
        part = "height" if question == "tallest_curve" else "width"
        return max(parts, key=lambda name: parts[name][part])
    if question == "furthest_peak":
        last = among(text, "highest", "lowest", "left", "right") in ("highest", "right")
        return (max if last else min)(parts, key=lambda name: parts[name]["peak"])
    return named(text, parts)["peak" if question == "peak_place" else "peaks"]


def candles_answer(question: str, text: str, parts: Parts) -> object:
    moves = {name: candle["close"] - candle["open"] for name, candle in parts.items()}
    if question == "extreme_close":
        most = max if among(text, "highest", "lowest") == "highest" else min
        return most(parts, key=lambda name: parts[name]["close"])
    if question in ("count_moves", "largest_move"):
        up = among(text, "higher", "lower", "rise", "fall", "above", "below") in ("higher", "rise", "above")
        if question == "count_moves":
            return sum((move > 0) == up for move in moves.values())
        return (max if up else min)(moves, key=lambda name: moves[name])
    candle = named(text, parts)
    if question == "candle_range":
        return candle["low"], candle["high"]
    if question == "candle_move":
        return abs(candle["close"] - candle["open"])
    asked = re.findall(r"\b(opening|closing|highest|lowest|open|close)\b", text)[0]
    part = {"opening": "open", "closing": "close", "highest": "high", "lowest": "low"}.get(asked, asked)
    return candle[part]


SECOND = {Spread: spread_answer, Bins: bins_answer, Curves: curves_answer, Candles: candles_answer}


@given(ADDRESSES)
@settings(max_examples=100, deadline=None)
def test_a_second_answer_from_what_was_read_agrees(address: Address) -> None:
    draft = draw(address)
    expected = SECOND[type(draft.view)](draft.question.name, word(draft)[0], seen_in(draft))  # type: ignore[index]
    answer = draft.ask.answer.to_json()
    if isinstance(expected, bool | str):
        assert answer["value"] == expected
    elif isinstance(expected, tuple):
        assert np.allclose((answer["low"], answer["high"]), expected, rtol=1e-6, atol=1e-6)
    else:
        assert math.isclose(answer["value"], float(expected), rel_tol=1e-5, abs_tol=1e-5)  # type: ignore[arg-type]


@pytest.mark.parametrize("cell", CELLS, ids="/".join)
def test_every_cell_is_as_promised_at_every_level(cell: tuple[str, str]) -> None:
    for seed in range(3):
        tally = examine(Address(*cell, 5 * seed, 70 + seed))
        assert not tally.failed and not tally.wrong


@given(LEVELS, SEEDS, SIZES)
@settings(max_examples=30, deadline=None)
def test_whiskers_end_within_the_fences_and_outliers_lie_beyond(level: int, seed: int, size: tuple[int, int]) -> None:
    """As Tukey has it, one and a half interquartile ranges from the box; rounding aside."""
    view = draw(Address("box", "most_outliers", level, seed, False, *size)).view
    assert isinstance(view, Spread)
    for group in view.groups:
        digit = 10.0**-view.decimals
        low, high = group.q1.value - 1.5 * group.iqr.value, group.q3.value + 1.5 * group.iqr.value
        assert low - 3 * digit <= group.low.value < group.q1.value < group.median.value < group.q3.value
        assert group.q3.value < group.high.value <= high + 3 * digit
        off = 0 if view.measure == "sentence length" else digit  # which is counted, and not rounded
        assert all(not low - off <= item.value <= high + off for item in group.outliers)
        places = sorted(item.length for item in group.items)
        assert all(b - a >= 3 for a, b in pairwise(places))  # no mark hides another


@given(LEVELS, SEEDS, SIZES)
@settings(max_examples=30, deadline=None)
def test_bins_are_alike_round_and_not_empty(level: int, seed: int, size: tuple[int, int]) -> None:
    draft = draw(Address("histogram", "peak_bin", level, seed, False, *size))
    view, asked = draft.views[0], draft.view
    assert isinstance(view, Bins) and isinstance(asked, Bins)
    assert asked.edges == view.edges  # whatever the decimals of written heights
    widths = np.diff(view.edges)
    assert np.allclose(widths, view.width)
    leading = f"{view.width:.6e}"[0]
    assert leading in ("4" if view.observed == "sentences" else "") + "125" and min(view.edges) >= 0
    assert min(item.value for item in view.items) > 0
    if view.height == "share":
        assert math.isclose(sum(item.value for item in view.items), 100, abs_tol=1e-6)
    if view.height == "density":
        assert math.isclose(sum(item.value for item in view.items) * view.width, 1, abs_tol=1e-6)


@given(st.lists(st.integers(1, 400), min_size=4, max_size=4))
def test_a_violin_is_thickest_between_its_quartiles_and_ends_at_its_extremes(steps: list[int]) -> None:
    five = tuple(float(sum(steps[:i])) for i in range(5))
    places, widths = body(five)
    assert places[0] == five[0] and places[-1] == five[-1]
    assert max(widths) == 1 and min(widths) > 0


@given(LEVELS, SEEDS)
@settings(max_examples=30, deadline=None)
def test_prices_stay_within_their_wicks_and_some_rise(level: int, seed: int) -> None:
    view = draw(Address("candlestick", "count_moves", level, seed)).view
    assert isinstance(view, Candles)
    for candle in view.candles:
        assert 0 < candle.low.value <= min(candle.open.value, candle.close.value)
        assert candle.high.value >= max(candle.open.value, candle.close.value)
        assert candle.body.length >= 4
    assert {candle.rose for candle in view.candles} <= {True, False}


def test_the_tolerance_of_a_reading_is_that_of_the_eye() -> None:
    """A box value read as a careful reader does is right, one read ten pixels off is not."""
    for seed in range(20):
        draft = draw(Address("box", "group_median", 4, seed))
        view = draft.view
        assert isinstance(view, Spread)
        per_px = view.groups[0].median.err / EYE
        value = draft.ask.answer.value  # type: ignore[attr-defined]
        assert score(f"\\boxed{{{value + 2 * per_px:.6f}}}", draft.ask.answer).correct
        wrong = value + 10 * per_px + 10.0**-view.decimals
        assert not score(f"\\boxed{{{wrong:.6f}}}", draft.ask.answer).correct


def test_a_median_above_a_quartile_is_as_often_true_as_false() -> None:
    answers = [draw(Address("box", "median_above_quartile", seed % 13, seed)).ask.answer for seed in range(160)]
    assert 58 < sum(answer.value for answer in answers) < 102  # type: ignore[attr-defined]
