"""Nodes are discs or boxes with a name inside or beside them; lines run between their borders, broken by weights."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass, field

import numpy as np

from envs.readers import Misread, Reading, number, reader
from envs.readers.tape import Recording, Stroke, Word
from envs.views import Key

Point = tuple[float, float]


@dataclass(slots=True)
class _Node:
    """A disc or a box, and its name."""

    x: float
    y: float
    box: tuple[float, float, float, float]
    round: bool
    name: str = ""

    def gap(self, point: Point) -> float:
        """How far a point lies from the border."""
        if self.round:
            return abs(math.dist(point, (self.x, self.y)) - (self.box[2] - self.box[0]) / 2)
        across = max(self.box[0] - point[0], point[0] - self.box[2])
        up = max(self.box[1] - point[1], point[1] - self.box[3])
        if across > 0 and up > 0:
            return math.hypot(across, up)
        return abs(max(across, up))


@dataclass(slots=True)
class _Edge:
    """The nodes that the pieces of a line touch, and where an arrow head is, the node it points to."""

    nodes: list[str] = field(default_factory=list)
    target: str = ""
    weight: str = ""

    def key(self) -> Key:
        if len(self.nodes) != 2:
            raise Misread(f"a line touches {len(self.nodes)} nodes: {self.nodes}")
        if not self.target:
            return tuple(sorted(self.nodes))
        source = next(name for name in self.nodes if name != self.target)
        return source, self.target


@reader("Network")
def network(tape: Recording) -> Reading:
    """Each edge by its two names, from and to where it has a head, and each node with the sum of what meets there."""
    nodes = [_node(s) for s in tape.strokes if s.face is not None and (s.curved or len(s.points) == 5)]
    weights = [word for word in tape.words if number(word.string) is not None]
    _name(nodes, [word for word in tape.words if number(word.string) is None])
    heads = [_head(s.points[:3], nodes) for s in tape.strokes if s.face is not None and len(s.points) == 4]
    edges: list[_Edge] = []
    broken: dict[int, _Edge] = defaultdict(_Edge)  # by the weight that interrupts them
    for piece in (s for s in tape.strokes if s.face is None and len(s.points) == 2):
        edge = _Edge()
        for end in piece.points.tolist():
            point = (end[0], end[1])
            near = [(math.dist(point, foot), "head", k) for k, (foot, _) in enumerate(heads)]
            near += [(node.gap(point), "node", k) for k, node in enumerate(nodes)]
            near += [(abs(_off(word, point) - 3) + 0.1, "weight", k) for k, word in enumerate(weights)]
            gap, what, k = min(near)
            if gap > 3:
                raise Misread(f"a line ends nowhere, at {point[0]:.0f}, {point[1]:.0f}")
            if what == "node":
                edge.nodes.append(nodes[k].name)
            elif what == "head":
                edge.nodes.append(heads[k][1])
                edge.target = heads[k][1]
            else:
                broken[k].weight = weights[k].string
                joined = broken[k]
                joined.nodes += edge.nodes
                joined.target = joined.target or edge.target
                edge = joined
        if not edge.weight:
            edges.append(edge)
    sums: dict[str, list[float]] = {node.name: [0.0, 0.0] for node in nodes}
    reading = Reading()
    for edge in (*edges, *broken.values()):
        key = edge.key()
        value = number(edge.weight) if edge.weight else 1.0
        assert value is not None
        reading.add(key, value, value)
        for name in key:
            sums[name][bool(edge.target) and name == edge.target] += value
    for name, (out, into) in sums.items():
        reading.add((name,), max(out, into), 0.0)
    return reading


def _node(stroke: Stroke) -> _Node:
    x0, y0, x1, y1 = stroke.box
    return _Node((x0 + x1) / 2, (y0 + y1) / 2, stroke.box, stroke.curved)


def _head(corners: np.ndarray, nodes: list[_Node]) -> tuple[Point, str]:
    """Where an arrow head begins and the node that its tip, the corner between the two long sides, points to."""
    sides = [float(np.linalg.norm(corners[k - 1] - corners[k - 2])) for k in range(3)]
    tip = int(np.argmin(sides))
    foot = (corners[tip - 1] + corners[tip - 2]) / 2
    point = (float(corners[tip][0]), float(corners[tip][1]))
    return (float(foot[0]), float(foot[1])), min(nodes, key=lambda node: node.gap(point)).name


def _name(nodes: list[_Node], words: list[Word]) -> None:
    """Gives each node the string inside it, or the nearest one."""
    for node in nodes:
        inside = [w for w in words if math.dist((w.x, w.y), (node.x, node.y)) < 4]
        node.name = min(inside or words, key=lambda w: _off(w, (node.x, node.y))).string


def _off(word: Word, point: Point) -> float:
    """How far a point lies from a string's box."""
    x0, y0, x1, y1 = word.box
    return math.hypot(max(x0 - point[0], 0, point[0] - x1), max(y0 - point[1], 0, point[1] - y1))
