"""Graphs: nodes that are named, edges between them, and the numbers that are written on both.

    graphs(artists)                   of axes that are a graph, by place: their edges
    link_marks(artists)               the numbers that are written there, named by the node, or by both ends of the edge
    judge_links(artists, names)       Unfaithful where the edges are not those of two columns of names

A graph is points that each have a text on them, and lines or arrows from point to point. Where its points stand says
nothing, and how thick an edge is cannot be read. A number is that of an edge if it stands at its middle, nearer to it
than to any other.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from envs.numerals import numbers
from envs.synthesis.proof.columns import Column
from envs.synthesis.proof.derived import Unfaithful
from envs.synthesis.proof.marks import Mark, parts, scales
from rewards.typography import label_key

ON = 12.0  # pixels between a point, or an edge, and the middle of the text that stands on it
CLEAR = 6.0  # pixels by which any other edge must be farther from that
MIDDLE = 0.3  # of an edge, at least, that lies on either side of its number
WAYS = frozenset(
    ("from", "to", "source", "target", "start", "end", "origin", "destination")
)  # names of ends that tell a direction
Table = dict[str, Any]
Place = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Edge:
    """An edge, from `start` to `end` if it is directed: their names as label keys, and where they are in pixels."""

    start: frozenset[str]
    end: frozenset[str]
    directed: bool
    line: tuple[Place, Place]


def graphs(artists: Table) -> dict[int, list[Edge]]:
    """The edges of each axes that is a graph, by its place."""
    found = {}
    for place, axes in enumerate(artists["axes"]):
        if axes["points"] and (axes["arrows"] or axes["segments"]) and (edges := _edges(place, axes, artists)):
            found[place] = edges
    return found


def _edges(place: int, axes: Table, artists: Table) -> list[Edge]:
    px = scales(axes).px
    nodes: list[tuple[Place, frozenset[str]]] = []
    free = [t for t in artists["texts"] if t["axes"] == place and t["role"] == "" and t["text"].strip()]
    for cloud in axes["points"]:
        for x, y in zip(cloud["x"], cloud["y"]):
            if x is None or y is None or not free:
                return []
            at = px(x, y)
            nearest = min(free, key=lambda text: math.dist(_middle(text), at))
            if math.dist(_middle(nearest), at) > ON:
                return []
            nodes.append((at, frozenset(parts(nearest["text"]))))
    lines = [(line, "") for drawn in axes["segments"] if drawn["colour"] for line in drawn["lines"]]
    lines += [(arrow["ends"], arrow["heads"]) for arrow in axes["arrows"] if arrow["colour"]]
    edges = []
    for ends, heads in lines:
        if len(ends) != 2 or None in (*ends[0], *ends[1]):
            return []
        a, b = (px(*end) for end in ends)
        known = [[names for at, names in nodes if math.dist(at, place) < 1] for place in (a, b)]
        if not all(known) or math.dist(a, b) < 1:
            return []
        start, end = known[0][0], known[1][0]
        if "<" in heads and ">" not in heads:
            start, end, a, b = end, start, b, a
        edges.append(Edge(start, end, ("<" in heads) != (">" in heads), (a, b)))
    return edges


def _middle(text: Table) -> Place:
    x0, y0, x1, y1 = text["box"]
    return (x0 + x1) / 2, (y0 + y1) / 2


def link_marks(artists: Table) -> Iterator[Mark]:
    """The numbers that are written on graphs."""
    for place, edges in graphs(artists).items():
        nodes = {names for edge in edges for names in (edge.start, edge.end)}
        for text in artists["texts"]:
            if text["axes"] != place or text["role"] != "":
                continue
            names = frozenset(parts(text["text"]))
            names = names if names in nodes else names | _edge_at(_middle(text), edges)
            for value in numbers(text["text"].replace("−", "-")):
                x0, y0, x1, y1 = text["box"]
                yield Mark(place, "text", "", {"text": value}, names, (x0, y0, x1, y1), {"text": 0.0})


def _edge_at(at: Place, edges: Sequence[Edge]) -> frozenset[str]:
    """The names of both ends of the edge on whose middle a place is; none where that is in doubt."""
    near = sorted((*_along(at, edge.line), k) for k, edge in enumerate(edges))
    gap, share, k = near[0]
    alone = len(near) == 1 or near[1][0] > gap + CLEAR
    if gap > ON or not MIDDLE <= share <= 1 - MIDDLE or not alone:
        return frozenset()
    return edges[k].start | edges[k].end


def _along(at: Place, line: tuple[Place, Place]) -> tuple[float, float]:
    """How far a place is from a line, in pixels, and at which share of its length."""
    (ax, ay), (bx, by) = line
    long = (bx - ax) ** 2 + (by - ay) ** 2
    share = min(1.0, max(0.0, ((at[0] - ax) * (bx - ax) + (at[1] - ay) * (by - ay)) / long))
    return math.dist(at, (ax + share * (bx - ax), ay + share * (by - ay))), share


def judge_links(artists: Table, names: Iterable[Column]) -> None:
    """Unfaithful where no two columns of names are the ends of all edges of a graph, and of no others."""
    ends = [column for column in names if not column.lone]
    for edges in graphs(artists).values():
        fitting = [
            (one, other)
            for k, one in enumerate(ends)
            for other in ends[k + 1 :]
            if len(one.values) == len(other.values) and _same(edges, list(zip(one.values, other.values)))
        ]
        if not fitting:
            raise Unfaithful("an edge is not the data's", f"{len(edges)} edges")
        told = {word.casefold() for column in fitting[0] for word in column.name.split("_")} & WAYS
        if told and not all(edge.directed for edge in edges):
            raise Unfaithful("an edge's direction is not drawn", ", ".join(sorted(told)))


def _same(edges: list[Edge], pairs: list[tuple[str, str]]) -> bool:
    """Whether edges and pairs of names are the same, one to one."""
    left = list(edges)
    for one, other in ((label_key(a), label_key(b)) for a, b in pairs):
        match = next(
            (
                edge
                for edge in left
                if (one in edge.start and other in edge.end)
                or (not edge.directed and other in edge.start and one in edge.end)
            ),
            None,
        )
        if match is None:
            return False
        left.remove(match)
    return not left
