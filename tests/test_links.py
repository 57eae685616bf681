"""Graphs and parts of parts: what the drawing of either must keep to, and a second answer to every question."""

from __future__ import annotations

import math
import re
from collections import deque
from itertools import combinations

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from envs import Address, cells
from envs.address import Draws
from envs.figures.treemap import squarify
from envs.problem import Draft, draw, word
from envs.readers import read
from envs.readers.tape import record
from envs.views import Fact, Key

SMALLEST = {(cell.family, cell.question): cell.smallest for cell in cells()}
LINKS = [(cell.family, cell.question) for cell in cells() if cell.view == "Links"]
TREES = [(cell.family, cell.question) for cell in cells() if cell.view == "Hierarchy"]
SEEDS = st.integers(0, 2**63 - 1)
SIZES = st.sampled_from([(448, 448), (448, 448), (224, 224), (336, 252), (640, 360), (896, 448)])
LEVELS = st.integers(0, 14)
some = settings(max_examples=80, deadline=None)


def _read(draft: Draft) -> dict[Key, Fact]:
    return dict(read(type(draft.figure.panels[0].marks).__name__, record(draft.sheet)).facts)


def _named(text: str, names: list[str]) -> list[str]:
    """The names that a question says, in order; each once."""
    found = {}
    for name in sorted(names, key=len, reverse=True):
        for match in re.finditer(rf"(?<!\w){re.escape(name)}(?!\w)", text):
            if not any(start <= match.start() < end for start, end, _ in found.values()):
                found[name] = (match.start(), match.end(), name)
                break
    return [name for _, _, name in sorted(found.values())]


# --- Graphs


class Graph:
    """What was read, and nothing else: nodes, and weights by pairs."""

    def __init__(self, facts: dict[Key, Fact], directed: bool) -> None:
        self.nodes = [key[0] for key in facts if len(key) == 1]
        self.weights = {(key[0], key[1]): fact.value for key, fact in facts.items() if len(key) == 2}
        self.directed = directed

    def steps(self, name: str) -> set[str]:
        ahead = {b for a, b in self.weights if a == name}
        return ahead if self.directed else ahead | {a for a, b in self.weights if b == name}

    def at(self, name: str, text: str) -> list[float]:
        """The weights of the edges that a question means at a node."""
        into, out = (
            re.search(r"going into|pointing to|receives", text),
            re.search(r"going out|starting from|sends", text),
        )
        ends = (1,) if into else (0,) if out else (0, 1)
        return [weight for pair, weight in self.weights.items() if name in [pair[end] for end in ends]]

    def distance(self, start: str, end: str) -> int | None:
        """The number of steps of a breadth-first search."""
        seen, queue = {start: 0}, deque([start])
        while queue:
            here = queue.popleft()
            for there in self.steps(here) - seen.keys():
                seen[there] = seen[here] + 1
                queue.append(there)
        return seen.get(end)


def _only_largest(values: dict[str, float]) -> str:
    best = max(values.values())
    (name,) = [name for name, value in values.items() if math.isclose(value, best, rel_tol=1e-9)]
    return name


def _about_links(question: str, graph: Graph, text: str) -> object:
    """The answer from what was read and the words of the question."""
    said = _named(text, graph.nodes)
    if question == "node_count":
        return len(graph.nodes)
    if question == "link_count":
        return len(graph.weights)
    if question == "degree":
        return len(graph.at(said[0], text))
    if question == "best_connected":
        return _only_largest({name: float(len(graph.at(name, text))) for name in graph.nodes})
    if question == "neighbours":
        return graph.steps(said[0])
    if question == "is_linked":
        return said[1] in graph.steps(said[0])
    if question == "link_weight":
        return graph.weights.get((said[0], said[1]), graph.weights.get((said[1], said[0])))
    if question in ("heaviest_link", "heaviest_arrow"):
        pair = max(graph.weights, key=lambda pair: graph.weights[pair])
        return list(pair) if graph.directed else set(pair)
    if question in ("reachable", "path_length"):
        first, second = said[:2]
        turned = re.search(r"Is (.*) reachable from|can (.*) be reached", text)
        if turned and (turned[1] or turned[2]) == first:
            first, second = second, first
        steps = graph.distance(first, second)
        return steps if question == "path_length" else steps is not None
    if question == "common_neighbour":
        (middle,) = graph.steps(said[0]) & graph.steps(said[1])
        return middle
    if question == "weight_sum":
        return sum(graph.at(said[0], text))
    if question == "largest_from":
        return _only_largest({b: weight for (a, b), weight in graph.weights.items() if a == said[0]})
    assert question == "largest_total_flow"
    starts, ends = {a for a, _ in graph.weights}, {b for _, b in graph.weights}
    column = {"first": starts - ends, "middle": starts & ends, "last": ends - starts}
    names = next(names for which, names in column.items() if f"the {which} column" in text)
    return _only_largest({name: sum(graph.at(name, text)) for name in names})


@given(st.sampled_from(LINKS), LEVELS, SEEDS, st.booleans(), SIZES)
@some
def test_a_second_answer_agrees_on_graphs(
    cell: tuple[str, str], level: int, seed: int, test: bool, size: tuple[int, int]
) -> None:
    assume(min(size) >= SMALLEST[cell])
    draft = draw(Address(*cell, level, seed, test, *size))
    graph = Graph(_read(draft), cell[0] != "network")
    text, _, _ = word(draft)
    slots = " ".join((draft.ask.slots or {}).values())
    # A name may also be a word of the question ("line"); such an example says nothing here.
    assume(len(_named(text, graph.nodes)) == len(_named(slots, graph.nodes)))
    _agree(_about_links(cell[1], graph, text), draft)


def _agree(expected: object, draft: Draft) -> None:
    wire = draft.ask.answer.to_json()
    if isinstance(expected, set):
        assert {item["value"] for item in wire["items"]} == expected
    elif isinstance(expected, list):
        assert [item["value"] for item in wire["items"]] == expected
    elif isinstance(expected, bool | str):
        assert wire["value"] == expected
    else:
        assert isinstance(expected, int | float)
        assert math.isclose(wire["value"], expected, rel_tol=1e-6, abs_tol=1e-6)


@given(st.sampled_from(["network", "digraph"]), LEVELS, SEEDS, SIZES)
@settings(max_examples=40, deadline=None)
def test_no_edge_comes_near_a_node_that_is_not_its_own(
    family: str, level: int, seed: int, size: tuple[int, int]
) -> None:
    """Nor do two cross at less than 35 degrees."""
    layout = draw(Address(family, "node_count", level, seed, False, *size)).sheet.layout
    for (ax, ay), (bx, by) in layout.strokes:
        for mark in layout.marks:
            x0, y0, x1, y1 = mark.box
            ends = [math.hypot(max(x0 - x, 0, x - x1), max(y0 - y, 0, y - y1)) for x, y in ((ax, ay), (bx, by))]
            if min(ends) < HEAD_AND_MORE:
                continue
            along = [(ax + t / 40 * (bx - ax), ay + t / 40 * (by - ay)) for t in range(41)]
            assert all(math.hypot(max(x0 - x, 0, x - x1), max(y0 - y, 0, y - y1)) > 3 for x, y in along)
    for first, second in combinations(layout.strokes, 2):
        if _cross(first, second):
            (ax, ay), (bx, by) = first
            (cx, cy), (dx, dy) = second
            cosine = ((bx - ax) * (dx - cx) + (by - ay) * (dy - cy)) / (math.dist(*first) * math.dist(*second))
            if abs(cosine) < 0.9999:  # the two pieces of one edge
                assert abs(cosine) < math.cos(math.radians(35))


HEAD_AND_MORE = 13.0  # pixels: an edge that ends so near to a node may be one of its own


def _cross(first: tuple, second: tuple) -> bool:
    def side(a: tuple, b: tuple, p: tuple) -> bool:
        return (b[0] - a[0]) * (p[1] - a[1]) - (b[1] - a[1]) * (p[0] - a[0]) > 0

    (a, b), (c, d) = first, second
    return side(a, b, c) != side(a, b, d) and side(c, d, a) != side(c, d, b)


@pytest.mark.parametrize("cell", [cell for cell in LINKS if cell[1] in ("is_linked", "reachable")])
def test_yes_is_as_frequent_as_no(cell: tuple[str, str]) -> None:
    answers = [draw(Address(*cell, 4, seed)).ask.answer.to_json()["value"] for seed in range(80)]
    assert 22 < sum(answers) < 58


# --- Parts of parts


def _about_parts(question: str, facts: dict[Key, Fact], text: str, slots: dict[str, str]) -> object:
    values = {(key[0], key[1]): fact.value for key, fact in facts.items() if len(key) == 2}
    parents = {parent: [part for other, part in values if other == parent] for parent, _ in values}
    totals = {parent: sum(values[parent, part] for part in parts) for parent, parts in parents.items()}
    flat = {part: value for (_, part), value in values.items()}
    assert all(name in text for key, name in slots.items() if key in ("part", "parent", "first", "second", "of"))
    if question == "parent_of":
        (parent,) = [parent for parent, parts in parents.items() if slots["part"] in parts]
        return parent
    if question == "part_count":
        return len(parents[slots["parent"]])
    if question == "largest_part":
        return max(parents[slots["parent"]], key=lambda part: flat[part])
    if question == "largest_parent":
        return max(totals, key=lambda parent: totals[parent])
    if question == "parent_total":
        return totals[slots["parent"]]
    if question == "share_of_parent":
        return 100 * flat[slots["part"]] / totals[slots["of"]]
    if question == "share_of_whole":
        return 100 * totals[slots["part"]] / sum(flat.values())
    assert question == "part_difference"
    return abs(flat[slots["first"]] - flat[slots["second"]])


@given(st.sampled_from(TREES), LEVELS, SEEDS, st.booleans(), SIZES)
@some
def test_a_second_answer_agrees_on_parts_of_parts(
    cell: tuple[str, str], level: int, seed: int, test: bool, size: tuple[int, int]
) -> None:
    assume(min(size) >= SMALLEST[cell])
    draft = draw(Address(*cell, level, seed, test, *size))
    text, _, _ = word(draft)
    _agree(_about_parts(cell[1], _read(draft), text, draft.ask.slots or {}), draft)


@given(SEEDS, st.integers(1, 20), st.integers(0, 3))
@settings(max_examples=50, deadline=None)
def test_tiles_fill_their_box_in_proportion_and_are_no_slivers(seed: int, count: int, corner: int) -> None:
    draws = Draws(seed)
    values = [1 + draws.integers(0, 9) for _ in range(count)]
    tiles = squarify(values, (10.0, 20.0, 410.0, 320.0), corner)
    for value, (x0, y0, x1, y1) in zip(values, tiles, strict=True):
        assert math.isclose((x1 - x0) * (y1 - y0), 120_000 * value / sum(values), rel_tol=1e-9)
        assert x0 > 10 - 1e-6 and y0 > 20 - 1e-6 and x1 < 410 + 1e-6 and y1 < 320 + 1e-6
        assert max((x1 - x0) / (y1 - y0), (y1 - y0) / (x1 - x0)) < 12
    for a, b in combinations(tiles, 2):
        assert min(a[2], b[2]) - max(a[0], b[0]) < 1e-6 or min(a[3], b[3]) - max(a[1], b[1]) < 1e-6
