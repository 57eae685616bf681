"""The view of nodes and what runs between them: node charts, with or without arrows, and flow diagrams."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

from envs.views import Fact, Facts, Item, Key, Measured


@dataclass(frozen=True, slots=True, kw_only=True)
class Links(Measured):
    """Nodes and the edges between them.

    An edge is an Item whose key is (from, to); where the graph is not `directed` the two names are in alphabetical
    order. Its value is its weight, 1.0 where there are none (`weighted` is False). `noun`, `nouns` speak of the nodes,
    `link`, `links` of the edges. `columns`: the nodes by column where edges only run from one column to the next.
    `sizes` and `edge_counts`: how many numbers of nodes and of edges such a figure may show at its level.
    """

    nodes: tuple[str, ...]
    edges: tuple[Item, ...]
    directed: bool
    weighted: bool
    noun: str
    nouns: str
    link: str
    links: str
    columns: tuple[tuple[str, ...], ...] = ()
    sizes: int = 1
    edge_counts: int = 1

    def slots(self) -> dict[str, str]:
        own = {"noun": self.noun, "nouns": self.nouns, "link": self.link, "links": self.links}
        return {**Measured.slots(self), **own}

    def facts(self) -> Facts:
        """Each edge by its two names, and each node by its name, with the weights that meet there (the larger side of
        them where edges have a direction), so that a node without edges is seen too."""
        facts: dict[Key, Fact] = {(name,): Fact(self.weight_at(name), 0.0) for name in self.nodes}
        return facts | {edge.at: Fact(edge.value, edge.length) for edge in self.edges}

    def rebuilt(self, facts: Facts) -> Self:
        for name in self.nodes:
            facts[name,]  # KeyError if it was not seen
        return replace(self, edges=tuple(edge.read(facts) for edge in self.edges))

    def describe(self) -> list[tuple[str, str, str]]:
        return [self._row(edge) for edge in self.edges]

    def edge(self, first: str, second: str) -> Item | None:
        """The edge from the first to the second (or between the two), if there is one."""
        wanted = {(first, second)} if self.directed else {(first, second), (second, first)}
        return next((edge for edge in self.edges if edge.key in wanted), None)

    def out_of(self, name: str) -> list[Item]:
        """The edges that start at a node; all that meet there where they have no direction."""
        return [edge for edge in self.edges if edge.key[0] == name or (not self.directed and edge.key[1] == name)]

    def into(self, name: str) -> list[Item]:
        """The edges that end at a node; all that meet there where they have no direction."""
        return [edge for edge in self.edges if edge.key[1] == name or (not self.directed and edge.key[0] == name)]

    def after(self, name: str) -> list[str]:
        """The nodes that one edge leads to, in the order of `nodes`."""
        ends = {end for edge in self.out_of(name) for end in edge.key if end != name}
        return [node for node in self.nodes if node in ends]

    def weight_at(self, name: str) -> float:
        """The sum of what meets at a node, or of the larger side where edges have a direction."""
        sums = [sum(edge.value for edge in side) for side in (self.out_of(name), self.into(name))]
        return round(max(sums), 9)  # 0.1 + 0.2 is no larger than 0.3

    def ways(self, start: str) -> dict[str, tuple[str, ...]]:
        """A shortest way to every node that can be reached, itself included, as the nodes passed."""
        found: dict[str, tuple[str, ...]] = {start: (start,)}
        queue = [start]
        for name in queue:
            for end in self.after(name):
                if end not in found:
                    found[end] = (*found[name], end)
                    queue.append(end)
        return found
