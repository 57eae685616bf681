"""What repeats another is told apart over a whole set, whatever it was dressed up in; what is new is let through."""

from __future__ import annotations

import io
import random
import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from envs import make
from envs.synthesis.dedup import Dedup, image_hash, minhash, problem_id
from envs.synthesis.items import Asked, Chart, Kept

CODE = """
import matplotlib.pyplot as plt
DATA = {data}

def render(data):
    '''Draws.'''
    fig, ax = plt.subplots()
    ax.bar(data["city"], data["rain"], color="#112233", width=0.5)
    ax.set_title("Rain")
"""


def picture(seed: int, shades: int = 8) -> bytes:
    """A picture like no other seed's, as charts are: a few plain blocks."""
    draws = np.random.default_rng(seed)
    blocks = draws.integers(0, 255, (shades, shades)).astype(np.uint8)
    stored = io.BytesIO()
    Image.fromarray(blocks).resize((320, 240), Image.Resampling.NEAREST).save(stored, "PNG")
    return stored.getvalue()


def chart(n: int, **more: Any) -> Chart:
    """The n-th chart, like no other."""
    draws = random.Random(n)
    data = {
        "city": [f"C{draws.randrange(10**6)}" for _ in range(5)],
        "rain": [draws.randrange(10**4) for _ in range(5)],
    }
    calls = "".join(f"    ax.{'plot' if bit == '1' else 'fill'}([1])\n" for bit in f"{n:012b}")
    held: dict[str, Any] = {"id": f"chart{n}", "code": CODE.format(data=data) + calls, "data": data, "png": picture(n)}
    return Chart(**(held | {"artists": {}, "width": 320, "height": 240} | more))


def kept(of: Chart, question: str, value: Any = 5) -> Kept:
    asked = Asked(question=question, program="", second="", kind="number")
    return Kept(chart=of, asked=asked, answer={"kind": "number", "value": value}, value=value, tier="proven")


def test_charts_that_differ_in_everything_are_all_new() -> None:
    dedup = Dedup()
    assert [dedup.seen(chart(n)) for n in range(300)] == [""] * 300


def test_a_chart_that_comes_again_is_told_by_each_of_its_four_sides() -> None:
    one = chart(1)

    def second(**more: Any) -> str:
        dedup = Dedup(same_code=1)
        assert dedup.seen(one) == ""
        return dedup.seen(chart(2, **more))

    assert second() == ""
    assert second(data=one.data) == "data seen before"
    assert second(code=one.code) == "code seen before"
    assert second(png=one.png) == "image seen before"
    assert second(data={"rain": one.data["rain"], "town": ["v", "w", "x", "y", "z"]}) == "data nearly seen before"


def test_code_in_other_words_is_the_same_code_and_other_calls_are_not() -> None:
    one = chart(1)
    code = one.code.replace("ax", "axes").replace("render(data)", "render(values)").replace('data["', 'values["')
    code = (
        code.replace("#112233", "#abcdef").replace("0.5", "0.8").replace("'''Draws.'''", "'''Another.'''  # and more")
    )
    dedup = Dedup(same_code=1)
    assert dedup.seen(one) == "" and dedup.seen(chart(2, code=code)) == "code seen before"
    assert dedup.seen(chart(3, code=one.code.replace("ax.bar", "ax.barh"))) == ""
    assert dedup.seen(chart(4, code=one.code.replace("width=0.5", "height=0.5"))) == ""


def test_a_drawing_may_serve_some_data_sets_and_no_more() -> None:
    dedup = Dedup(same_code=3)
    assert [dedup.seen(chart(n, code=chart(0).code)) for n in range(5)] == ["", "", "", *["code seen before"] * 2]


@pytest.mark.parametrize("code", ["def (", "\0", "(" * 5000, "x = 1", "", "é = '\ud800'"])
def test_any_text_has_a_place_as_code(code) -> None:
    dedup = Dedup(same_code=1)
    assert dedup.seen(chart(1, code=code)) == "" and dedup.seen(chart(2, code=code)) == "code seen before"


def test_data_is_the_same_in_another_order_and_under_other_keys() -> None:
    rows = [{"city": "Oslo", "rain": 12.5}, {"city": "Rome", "rain": 80.0}, {"city": "Lima", "rain": 1.25}]
    columns = {"City": ["ROME", "Lima ", "Oslo"], "Rain": [80, 1.25, 12.5]}
    dedup = Dedup()
    assert dedup.seen(chart(1, data=rows)) == ""
    assert dedup.seen(chart(2, data=columns)) == "data nearly seen before"
    assert dedup.seen(chart(3, data={"town": columns["City"], "mm": columns["Rain"]})) != ""
    assert dedup.seen(chart(4, data={"Oslo": 12.5, "Rome": 80, "Lima": 1.25})) != ""
    assert dedup.seen(chart(5, data=[["Oslo", 12.5], ["Rome", 80], ["Lima", 1.25]])) != ""


def test_years_and_places_in_common_are_no_data_in_common() -> None:
    years = list(range(2000, 2012))
    dedup = Dedup()
    assert dedup.seen(chart(1, data={"year": years, "a": [3, 1, 4]})) == ""
    assert dedup.seen(chart(2, data={"year": years, "b": [2, 7, 1]})) == ""
    assert dedup.seen(chart(3, data={"year": years, "c": [9, 9, 9, 9]})) == ""


def test_a_chart_evolved_from_another_may_keep_its_data_but_not_its_picture() -> None:
    one = chart(1)
    richer = chart(2, data=one.data, provenance={"parents": [one.id]})
    again = chart(3, data=one.data, provenance={"parents": [richer.id]})
    other = chart(4, data=one.data)
    dedup = Dedup()
    assert [dedup.seen(item) for item in (one, richer, again)] == [""] * 3
    dedup = Dedup([one, richer])
    assert dedup.seen(again) == "" and dedup.seen(other) == "data seen before"
    assert Dedup([one]).seen(replace(richer, png=one.png)) == "image seen before"


def test_a_picture_is_the_same_in_another_size_or_shade_and_other_charts_are_others() -> None:
    def stored(image: Image.Image) -> bytes:
        file = io.BytesIO()
        image.save(file, "PNG")
        return file.getvalue()

    def differing(one: np.ndarray, other: np.ndarray) -> int:
        return int(np.bitwise_count(one ^ other).sum())

    families = ("bar", "line", "pie", "heatmap", "scatter", "stacked_bar", "treemap", "radar")
    images = [Image.fromarray(make(f"{family}/chart_type/2/{n}").image) for family in families for n in range(4)]
    hashes = [image_hash(stored(image)) for image in images]
    assert min(differing(a, b) for i, a in enumerate(hashes) for b in hashes[:i]) > 30
    for image, found in zip(images, hashes, strict=True):
        assert differing(image_hash(stored(image.resize((400, 400)))), found) <= 12
        assert differing(image_hash(stored(image.point(lambda v: v * 0.8 + 20))), found) <= 12
    assert len(image_hash(b"no picture")) == 8


@given(st.integers(0, 2**256 - 1), st.sets(st.integers(0, 255), max_size=15))
def test_bands_find_every_image_that_differs_in_few_bits(bits, flipped) -> None:
    from envs.synthesis.dedup import _Bands, _image_bands

    def words(number: int) -> np.ndarray:
        return np.frombuffer(number.to_bytes(32), dtype=np.uint32)

    bands = _Bands(8)
    bands.add(words(bits), _image_bands(words(bits)))
    changed = bits
    for place in flipped:
        changed ^= 1 << place
    assert len(bands.near(_image_bands(words(changed)))) == 1


def test_a_question_asked_again_in_nearly_the_same_words_is_told_if_its_answer_is_the_same() -> None:
    one, dedup = chart(1), Dedup()
    assert dedup.seen(one) == ""
    assert dedup.seen(kept(one, "What is the highest rainfall of all the cities shown in the chart?")) == ""
    again = "What is the highest rainfall of all the cities that are shown in the chart?"
    assert dedup.seen(kept(one, again)) == "question asked before"
    assert dedup.seen(kept(one, again, value=6)) == ""
    assert dedup.seen(kept(one, "How many cities have more rain than Oslo?")) == ""
    assert dedup.seen(kept(chart(2), again)) == "question asked before", "over the whole set"


@given(st.text(max_size=80), st.text(max_size=80))
def test_minhash_estimates_the_share_of_common_shingles(one, other) -> None:
    def shingles(text: str) -> set[str]:
        plain = " " + " ".join(re.findall(r"\w+", text.casefold())) + " "
        return {plain[at : at + 4] for at in range(max(1, len(plain) - 3))}

    a, b = shingles(one), shingles(other)
    estimate = float((minhash(one) == minhash(other)).mean())
    assert abs(estimate - len(a & b) / len(a | b)) < 0.25  # five standard deviations of 128 coins, at most


def test_what_was_kept_before_counts_as_seen() -> None:
    charts = [chart(n) for n in range(4)]
    asked = "What is the rain of city {} in the chart of towns {}?"
    problems = [kept(one, asked.format(n, n * 7)) for n, one in enumerate(charts)]
    dedup = Dedup([*charts[:2], *problems[:3]])
    assert [dedup.seen(one) for one in charts] == ["data seen before"] * 3 + [""], "of problems the charts too"
    assert [dedup.seen(one) for one in problems] == ["question asked before"] * 3 + [""]
    assert dedup.seen(replace(charts[1], id="new")) == "data seen before"


def test_a_problem_is_named_by_its_chart_question_and_answer_alone() -> None:
    one = kept(chart(1), "q")
    assert problem_id(one) == problem_id(replace(one, tier="agreed", checks={"a": 1})) and len(problem_id(one)) == 16
    others = [kept(chart(2), "q"), kept(chart(1), "Q"), kept(chart(1), "q", 6), kept(chart(1), "\ud800")]
    assert len({problem_id(one), *map(problem_id, others)}) == 5
