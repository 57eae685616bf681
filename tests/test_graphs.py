"""Graphs that a script draws: which are proven, and what an edge, a name or a number out of place does to them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from benchmarks.planted import pool
from envs.sandbox import Sandbox
from envs.synthesis.items import Chart, Dropped
from envs.synthesis.proof.contract import check_chart
from envs.synthesis.seeds import seeds

pytestmark = pytest.mark.sandbox

((_, FERRIES, _),) = pool(("ferries",))
BOAT = next(seed.code for seed in seeds() if seed.name == "node_directed")


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as found:
        yield found


def test_graphs_with_and_without_directions_are_proven(sandbox: Sandbox) -> None:
    for code in (FERRIES, BOAT):
        chart = check_chart(code, sandbox)
        assert isinstance(chart, Chart) and chart.kind == "graph", chart


@pytest.mark.parametrize(
    "code, old, new, reason",
    [
        (BOAT, 'zip(data["from"], data["to"]))', 'zip(data["to"], data["from"]))', "an edge is not the data's"),
        (BOAT, "width=1.5", 'width=1.5, arrowstyle="-"', "an edge's direction is not drawn"),
        (FERRIES, "places, ax=ax, width", 'places, [("Arran", "Bute")], ax=ax, width', "a column is not drawn"),
        (FERRIES, "places = nx", 'graph.add_edge("Arran", "Islay"); places = nx', "an edge is not the data's"),
        (FERRIES, "ax=ax, font_size=11, rotate", "ax=ax, label_pos=0.1, font_size=11, rotate", "a column is not drawn"),
        (FERRIES, 'ferry["minutes"] for', 'ferry["minutes"] + 1 for', "a column is not drawn"),
        (FERRIES, "draw_networkx_labels(graph, places", "draw_networkx_labels(graph, {n: p + 0.2 for n, p in "
         "places.items()}", "a column is not drawn"),
    ],
)  # fmt: skip
def test_edges_names_and_numbers_out_of_place_are_dropped(
    code: str, old: str, new: str, reason: str, sandbox: Sandbox
) -> None:
    assert code.count(old) == 1
    found = check_chart(code.replace(old, new), sandbox)
    assert isinstance(found, Dropped) and found.reason == reason, found
