"""Points and fields: second, independent answers, worked out from what a reader saw and the words of the question."""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Callable
from itertools import combinations
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from envs import Address, cells
from envs.address import Draws
from envs.figures.pairs import Shape, correlation, draw_places
from envs.figures.ramp import RAMPS, ramp
from envs.numerals import numbers
from envs.problem import Draft, draw, word
from envs.readers import read
from envs.readers.tape import record
from envs.views_field import Field
from envs.views_points import Along, Points

CELLS = [(cell.family, cell.question) for cell in cells() if cell.view in ("Points", "Field")]
SEEDS = st.integers(0, 2**63 - 1)
SIZES = st.sampled_from([(448, 448), (448, 448), (640, 360), (336, 336)])
ADDRESSES = st.builds(
    lambda cell, level, seed, test, size: Address(*cell, level, seed, test, *size),
    st.sampled_from(CELLS),
    st.integers(0, 14),
    SEEDS,
    st.booleans(),
    SIZES,
)


class Seen:
    """What the reader saw of a chart of points: a table by (group, name), and the trend line."""

    def __init__(self, draft: Draft) -> None:
        facts = read(type(draft.figure.panels[0].marks).__name__, record(draft.sheet)).facts
        self.line = {key[2]: fact.value for key, fact in facts.items() if key[:2] == ("trend", "line")}
        self.rows: dict[tuple[str, str], dict[str, float]] = defaultdict(dict)
        self.pixels: dict[str, dict[str, float]] = defaultdict(dict)
        for (group, name, what), fact in facts.items():
            if (group, name) != ("trend", "line"):
                self.rows[group, name][what] = fact.value
                self.pixels[name][what] = fact.length
        assert isinstance(draft.view, Points)
        self.measures = {"x": draft.view.x.measure, "y": draft.view.y.measure}
        if draft.view.size:
            self.measures["size"] = draft.view.size.measure
        self.text = word(draft)[0]
        self.named = {name: row for (_, name), row in self.rows.items() if not name.isdigit()}

    def groups(self) -> dict[str, list[dict[str, float]]]:
        found: dict[str, list[dict[str, float]]] = defaultdict(list)
        for (group, _), row in self.rows.items():
            found[group].append(row)
        return found

    def said(self, names: Any) -> list[str]:
        """Which of the names stand in the question, in their order there."""
        found = [name for name in names if re.search(rf"(?<!\w){re.escape(name)}(?!\w)", self.text)]
        return sorted(found, key=self.text.index)

    def what(self, text: str = "") -> str:
        """Which axis the question is about: the measure that is said; of two that are, the longer one."""
        said = [what for what, name in self.measures.items() if name in (text or self.text)]
        return max(said, key=lambda what: len(self.measures[what]))

    def numbers(self) -> list[float]:
        return numbers(self.text)


def group_extreme(seen: Seen) -> object:
    sizes = Counter({group: len(rows) for group, rows in seen.groups().items()})
    pick = min if "fewest" in seen.text else max
    return pick(sizes, key=lambda group: sizes[group])


def group_mean(seen: Seen) -> object:
    what = seen.what()
    means = {group: float(np.mean([row[what] for row in rows])) for group, rows in seen.groups().items()}
    pick = min if "lowest" in seen.text else max
    return pick(means, key=lambda group: means[group])


def extreme(seen: Seen) -> object:
    what = seen.what()
    pick = min if re.search("lowest|smallest", seen.text) else max
    return pick(seen.named, key=lambda name: seen.named[name][what])


def nearest(seen: Seen) -> object:
    (start,) = seen.said(seen.named)
    place = {name: (seen.pixels[name]["x"], seen.pixels[name]["y"]) for name in seen.named}
    return min((name for name in place if name != start), key=lambda name: math.dist(place[name], place[start]))


def outlier(seen: Seen) -> object:
    """The point without which the others correlate best."""
    places = {key: (row["x"], row["y"]) for key, row in seen.rows.items()}

    def rest(key: tuple[str, str]) -> float:
        return abs(float(np.corrcoef(np.array([p for other, p in places.items() if other != key]).T)[0, 1]))

    return max(places, key=rest)[1]


def sign(seen: Seen) -> object:
    r = float(np.corrcoef([(row["x"], row["y"]) for row in seen.rows.values()], rowvar=False)[0, 1])
    return "none" if abs(r) < 0.4 else "positive" if r > 0 else "negative"


def beyond(seen: Seen) -> object:
    what, bound = seen.what(), seen.numbers()[-1]
    above = [row[what] > bound for row in seen.rows.values()]
    return sum(above) if re.search(r"\babove (?:it\b|\D{0,3}\d)", seen.text) else len(above) - sum(above)


def within(seen: Seen) -> object:
    a, b, c, d = seen.numbers()
    if seen.text.index(seen.measures["y"]) < seen.text.index(seen.measures["x"]):
        raise AssertionError("x comes first in every phrasing")
    return sum(a < row["x"] < b and c < row["y"] < d for row in seen.rows.values())


def coordinate(seen: Seen) -> object:
    (name,) = seen.said(seen.named)
    return seen.named[name][seen.what()]


def gap(seen: Seen) -> object:
    first, second = seen.said(seen.named)
    return abs(seen.named[first][seen.what()] - seen.named[second][seen.what()])


def trend(seen: Seen) -> tuple[float, float]:
    slope = (seen.line["y1"] - seen.line["y0"]) / (seen.line["x1"] - seen.line["x0"])
    return slope, seen.line["y0"] - slope * seen.line["x0"]


def trend_value(seen: Seen) -> object:
    slope, start = trend(seen)
    return start + slope * seen.numbers()[0]


def trend_reach(seen: Seen) -> object:
    slope, start = trend(seen)
    return (seen.numbers()[0] - start) / slope


SECOND: dict[str, Callable[[Seen], object]] = {
    "point_count": lambda seen: len(seen.rows),
    "group_count": lambda seen: len(seen.groups()[seen.said(seen.groups())[0]]),
    "group_extreme": group_extreme,
    "group_mean": group_mean,
    "points_beyond": beyond,
    "count_within": within,
    "coordinate": coordinate,
    "coordinate_gap": gap,
    "labelled_extreme": extreme,
    "size_extreme": extreme,
    "size_value": coordinate,
    "nearest_labelled": nearest,
    "outlier": outlier,
    "correlation": sign,
    "trend_direction": lambda seen: "rises" if trend(seen)[0] > 0 else "falls",
    "trend_value": trend_value,
    "trend_reach": trend_reach,
}


def field_answer(question: str, facts: dict[tuple[str, ...], float], text: str, view: Field) -> object:
    """The answer to a question about a field, from what the reader saw."""
    steps = sum(key[0] == "step" and key[-1] == "from" for key in facts)
    low, high = ([facts["step", str(k), end] for k in range(steps)] for end in ("from", "to"))
    spots = {key[0]: int(value) for key, value in facts.items() if key[-1] == "step"}
    cells = [facts["cells", str(k)] for k in range(steps)] if ("cells", "0") in facts else []
    said = numbers(text)
    if question == "cell_count":
        return sum(cells)
    if question == "step_cells":
        return cells[low.index(said[0])]
    if question == "spots_above":
        return sum(low[step] >= said[-1] for step in spots.values())
    if question == "spot_extreme":
        pick = min if "lowest" in text else max
        return pick(spots, key=lambda name: spots[name])
    if question == "spot_range":
        (name,) = [spot for spot in spots if re.search(rf"\b{spot}\b(?! range)", text)]
        return low[spots[name]], high[spots[name]]
    middle = {what: (side.low + side.high) / 2 for what, side in (("x", view.x), ("y", view.y))}
    upper = "upper" if facts["peak", "y"] > middle["y"] else "lower"
    return f"{upper} {'right' if facts['peak', 'x'] > middle['x'] else 'left'}"


def test_every_question_about_points_has_a_second_answer() -> None:
    asked = {question for cell in cells() if cell.view == "Points" for question in [cell.question]}
    assert asked == SECOND.keys()
    assert len(asked) >= 12


@given(ADDRESSES)
@settings(max_examples=150, deadline=None)
def test_a_second_independent_answer_agrees(address: Address) -> None:
    draft = draw(address)
    answer = draft.ask.answer.to_json()
    if isinstance(draft.view, Points):
        expected = SECOND[draft.question.name](Seen(draft))
    else:
        assert isinstance(draft.view, Field)
        seen = read(type(draft.figure.panels[0].marks).__name__, record(draft.sheet)).facts
        facts = {key: fact.value for key, fact in seen.items()}
        expected = field_answer(draft.question.name, facts, word(draft)[0], draft.view)
    if isinstance(expected, tuple):
        assert np.allclose((answer["low"], answer["high"]), expected)
    elif isinstance(expected, str):
        assert answer["value"] == expected, word(draft)[0]
    else:
        assert isinstance(expected, int | float)
        tolerance = answer.get("abs_tol", 0.0) + 1e-6
        assert abs(answer["value"] - expected) <= tolerance, word(draft)[0]


@pytest.mark.parametrize("sign", [-1, 0, 1])
def test_the_relation_is_drawn_first_and_the_points_have_it(sign: int) -> None:
    from envs.figures.style import draw_style
    from envs.registry import Scene

    met = 0
    for seed in range(40):
        draws = Draws("relation", sign, seed)
        style = draw_style(draws, 448, 448, test=False)
        scene = Scene(5, style, 448, 448, "", False)
        places = draw_places(draws, scene, Shape(sign, 0.35, 10.0), (0,) * 18)
        assert all(0 <= u <= 1 and 0 <= v <= 1 for u, v in places)
        met += correlation(places) <= 0.05 if sign == 0 else correlation(places) >= 0.5
    assert met >= 39


@given(st.sampled_from(["scatter", "trend_scatter", "bubble"]), st.integers(0, 12), SEEDS)
@settings(max_examples=40, deadline=None)
def test_no_point_lies_near_a_bound_that_is_asked_about(family: str, level: int, seed: int) -> None:
    draft = draw(Address(family, "points_beyond", level, seed))
    view = draft.view
    assert isinstance(view, Points)
    bound = Seen(draft).numbers()[-1]
    side = view.x if (draft.ask.slots or {})["measure"] == view.x.measure else view.y
    values = [point.x if side is view.x else point.y for point in view.points]
    assert min(abs(value - bound) for value in values) * side.px >= 4


@given(st.integers(0, 12), SEEDS)
@settings(max_examples=30, deadline=None)
def test_labels_hang_nearest_to_their_own_points(level: int, seed: int) -> None:
    draft = draw(Address("scatter", "coordinate", level, seed))
    assert isinstance(draft.view, Points)
    places = {point.name: point.at for point in draft.view.points}
    for text in draft.sheet.layout.texts:
        if text.role == "label":
            x0, y0, x1, y1 = text.box
            near = {name: math.hypot(max(x0 - x, 0, x - x1), max(y0 - y, 0, y - y1)) for name, (x, y) in places.items()}
            assert min(near, key=lambda name: near[name]) == text.string


@given(st.floats(0.01, 1e6), st.floats(0.001, 0.5), st.integers(0, 2))
def test_the_roundest_number_lies_between(low: float, share: float, decimals: int) -> None:
    from envs.numerals import Unit

    side = Along(measure="m", unit=Unit(decimals), span=1.0, low=0.0, high=1.0, px=1.0)
    high = low * (1 + share)
    found = side.roundest(low, high)
    if found is not None:
        assert low < found < high
        assert found == round(found, decimals)


def test_ramps_have_colours_that_can_be_told_apart() -> None:
    from envs.drawing.colour import distance

    assert all(ramp(name, 4, None) for name in RAMPS)
    for name in RAMPS:
        for count in range(2, 8):
            assert all(distance(a, b) >= 12 for a, b in combinations(ramp(name, count, None), 2))
