"""Where the nodes of a chart go, and which edges can be drawn between them without a doubt.

Positions come first. An edge is kept only if it runs through no other node and no name, meets other edges at clear
angles, and, where it has a weight, has a place for it that touches nothing. This decides what the data are, so nothing
but + - * / is used, on whole pixels of a canvas that is near enough to the one that is drawn on.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache

from envs.address import Draws
from envs.drawing.sheet import Box, Point

FROM_NODE, FROM_TEXT = 8.0, 4.0  # pixels kept free between an edge and what it does not touch
FORK = 0.81  # squared cosine: two edges that meet at a node are 26 degrees apart
CROSSING = 0.58  # ... and two that cross, 40
SPOTS = (0.5, 0.42, 0.58, 0.35, 0.65, 0.29, 0.71)  # where along an edge its weight may stand
BETWEEN = 20.0  # pixels between two nodes
Pair = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Footprint:
    """Half the width and height of a node, and of the name beside it; `side` is -1 where that lies below, 1 above, 0
    where there is none."""

    half: Point
    name: Point = (0.0, 0.0)
    side: int = 0

    def around(self, x: float, y: float) -> Box:
        """The node at a place."""
        return x - self.half[0], y - self.half[1], x + self.half[0], y + self.half[1]

    def beside(self, x: float, y: float) -> Box | None:
        """The name at a place, or None."""
        if not self.side:
            return None
        up = y + self.side * (self.half[1] + 3 + self.name[1])
        return x - self.name[0], up - self.name[1], x + self.name[0], up + self.name[1]


@dataclass(slots=True)
class Plan:
    """Nodes at their places and the edges accepted so far, each with the place of its weight. `shortest` is the least
    distance of two nodes with an edge, `crossings` counts those of each edge, and `weight` is half the size of a
    written weight, (0, 0) where there is none."""

    places: Sequence[Point]
    prints: Sequence[Footprint]
    shortest: float
    weight: Point
    most_crossings: int
    edges: list[Pair] = field(default_factory=list)
    spots: list[float] = field(default_factory=list)
    crossings: list[int] = field(default_factory=list)
    weights: list[Box] = field(default_factory=list)

    def accept(self, i: int, j: int) -> bool:
        """Take in the edge between two nodes if it stays clear of everything."""
        a, b = self.places[i], self.places[j]
        if (b[0] - a[0]) ** 2 + (b[1] - a[1]) ** 2 < self.shortest**2 or self._touches(i, j, a, b):
            return False
        crossed = []
        for k, (c, d) in enumerate(self.edges):
            if i in (c, d) or j in (c, d):
                shared = i if i in (c, d) else j
                if too_close(self.places[shared], self.places[i + j - shared], self.places[c + d - shared]):
                    return False
            elif cross(a, b, self.places[c], self.places[d]):
                if not _clear_crossing(a, b, self.places[c], self.places[d]):
                    return False
                crossed.append(k)
        if len(crossed) > self.most_crossings or any(self.crossings[k] >= self.most_crossings for k in crossed):
            return False
        spot = self._spot(a, b)
        if spot is None:
            return False
        self.edges.append((i, j))
        self.spots.append(spot)
        self.crossings.append(len(crossed))
        for k in crossed:
            self.crossings[k] += 1
        if self.weight[0]:
            self.weights.append(self._label(a, b, spot))
        return True

    def drop(self, k: int) -> None:
        """Take out the edge of this index."""
        for held in (self.edges, self.spots, self.crossings, self.weights):
            if held:
                del held[k]

    def degree(self, i: int) -> int:
        """How many edges meet at a node."""
        return sum(i in edge for edge in self.edges)

    def _touches(self, i: int, j: int, a: Point, b: Point) -> bool:
        for k, (place, mark) in enumerate(zip(self.places, self.prints, strict=True)):
            if k not in (i, j) and through(a, b, grown(mark.around(*place), FROM_NODE)):
                return True
            name = mark.beside(*place)
            if name and through(a, b, grown(name, FROM_TEXT)):
                return True
        return any(through(a, b, grown(label, FROM_TEXT)) for label in self.weights)

    def _spot(self, a: Point, b: Point) -> float | None:
        """Where along the edge its weight can stand; None if nowhere."""
        if not self.weight[0]:
            return 0.5
        taken = [mark.around(*place) for place, mark in zip(self.places, self.prints, strict=True)]
        taken += [box for place, mark in zip(self.places, self.prints, strict=True) if (box := mark.beside(*place))]
        taken += self.weights
        for spot in SPOTS:
            box = grown(self._label(a, b, spot), FROM_TEXT)
            if any(meet(box, other) for other in taken):
                continue
            if not any(through(self.places[c], self.places[d], box) for c, d in self.edges):
                return spot
        return None

    def _label(self, a: Point, b: Point, spot: float) -> Box:
        x, y = a[0] + spot * (b[0] - a[0]), a[1] + spot * (b[1] - a[1])
        return x - self.weight[0], y - self.weight[1], x + self.weight[0], y + self.weight[1]


def connect(draws: Draws, plan: Plan, wanted: int, *, loose: bool) -> None:
    """Adds edges in random order until there are `wanted`: first those that join what is apart, unless `loose`."""
    count = len(plan.places)
    pairs = draws.shuffled([(i, j) for i in range(count) for j in range(i + 1, count)])
    group = list(range(count))
    for joining in (False,) if loose else (True, False):
        for i, j in pairs:
            if len(plan.edges) >= wanted:
                return
            if (joining and group[i] == group[j]) or (i, j) in plan.edges or not plan.accept(i, j):
                continue
            group = [group[i] if g == group[j] else g for g in group]


def crown(plan: Plan) -> None:
    """Makes one node the only one with the most edges: adds one there, or takes some from those it ties with."""
    degrees = [plan.degree(i) for i in range(len(plan.places))]
    tied = [i for i, degree in enumerate(degrees) if degree == max(degrees)]
    if len(tied) == 1:
        return
    for i in tied:
        for j in range(len(plan.places)):
            if i != j and j not in tied and not {(i, j), (j, i)} & {*plan.edges} and plan.accept(min(i, j), max(i, j)):
                return
    for i in tied[1:]:
        if plan.degree(i) == degrees[tied[0]]:
            plan.drop(next(k for k, edge in enumerate(plan.edges) if i in edge and tied[0] not in edge))


def on_grid(draws: Draws, count: int, width: int, height: int, room: Point) -> list[Point] | None:
    """Places in different cells of a grid, each moved a little; None if the canvas has no room for so many.

    `room` is the size of the largest node with its name.
    """
    across, up = int(width / (room[0] + BETWEEN)), int(height / (room[1] + BETWEEN))
    if across * up < count:
        return None
    # As coarse a grid as holds them all with some cells to spare.
    while across * up > 1.4 * count + 2:
        if across * height > up * width and (across - 1) * up >= count:
            across -= 1
        elif across * (up - 1) >= count:
            up -= 1
        else:
            break
    wide, high = width / across, height / up
    places = []
    for cell in draws.sample(range(across * up), count):
        row, column = divmod(cell, across)
        spare_x, spare_y = wide - room[0] - BETWEEN, high - room[1] - BETWEEN
        x = (column + 0.5) * wide + draws.uniform(-0.5, 0.5) * spare_x
        y = (row + 0.5) * high + draws.uniform(-0.5, 0.5) * spare_y
        places.append((float(int(x)), float(int(y))))
    return places


def on_circle(draws: Draws, count: int, width: int, height: int, room: Point) -> list[Point] | None:
    """Places evenly around an ellipse; None if neighbours would come too close."""
    radius_x, radius_y = (width - room[0]) / 2, (height - room[1]) / 2
    turn = draws.integers(0, 360)
    places = []
    for k in range(count):
        cos, sin = _turned((turn + 360 * k // count) % 360)
        places.append((float(int(width / 2 + radius_x * cos)), float(int(height / 2 + radius_y * sin))))
    boxes = [(x - room[0] / 2, y - room[1] / 2, x + room[0] / 2, y + room[1] / 2) for x, y in places]
    if any(meet(grown(boxes[k], BETWEEN / 2), boxes[k - 1]) for k in range(count)):
        return None
    return places


@cache
def _turned(degrees: int) -> Point:
    """Cosine and sine, to thousandths so that they are the same on every machine."""
    return round(math.cos(math.radians(degrees)), 3), round(math.sin(math.radians(degrees)), 3)


def grown(box: Box, by: float) -> Box:
    """A box with a margin around it."""
    return box[0] - by, box[1] - by, box[2] + by, box[3] + by


def meet(a: Box, b: Box) -> bool:
    """Whether two boxes overlap."""
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def through(a: Point, b: Point, box: Box) -> bool:
    """Whether a segment runs through a box (Liang and Barsky 1984)."""
    span = clip(a, b, box)
    return span is not None


def clip(a: Point, b: Point, box: Box) -> tuple[float, float] | None:
    """The part of a segment that lies in a box, as shares of the way from a to b; None if it misses."""
    if (
        (a[0] < box[0] and b[0] < box[0])
        or (a[0] > box[2] and b[0] > box[2])
        or (a[1] < box[1] and b[1] < box[1])
        or (a[1] > box[3] and b[1] > box[3])
    ):
        return None
    low, high = 0.0, 1.0
    for axis in (0, 1):
        start, along = a[axis], b[axis] - a[axis]
        if along == 0:
            continue  # it lies between the two sides, or the first test had found it
        near, far = (box[axis] - start) / along, (box[axis + 2] - start) / along
        low, high = max(low, min(near, far)), min(high, max(near, far))
    return (low, high) if low < high else None


def cross(a: Point, b: Point, c: Point, d: Point) -> bool:
    """Whether two segments cross."""
    return (_side(a, b, c) > 0) != (_side(a, b, d) > 0) and (_side(c, d, a) > 0) != (_side(c, d, b) > 0)


def too_close(shared: Point, first: Point, second: Point) -> bool:
    """Whether two edges that meet at a node leave it in nearly the same direction."""
    ux, uy, vx, vy = first[0] - shared[0], first[1] - shared[1], second[0] - shared[0], second[1] - shared[1]
    dot = ux * vx + uy * vy
    return dot > 0 and dot * dot > FORK * (ux * ux + uy * uy) * (vx * vx + vy * vy)


def _clear_crossing(a: Point, b: Point, c: Point, d: Point) -> bool:
    ux, uy, vx, vy = b[0] - a[0], b[1] - a[1], d[0] - c[0], d[1] - c[1]
    dot = ux * vx + uy * vy
    return dot * dot < CROSSING * (ux * ux + uy * uy) * (vx * vx + vy * vy)


def _side(a: Point, b: Point, p: Point) -> float:
    """Positive where p lies to the left of the way from a to b."""
    return (b[0] - a[0]) * (p[1] - a[1]) - (b[1] - a[1]) * (p[0] - a[0])
