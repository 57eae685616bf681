"""The view of named parts of named parts: nested treemaps and sunbursts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Self

from envs.views import Categories, Fact, Facts, Item, Measured


@dataclass(frozen=True, slots=True, kw_only=True)
class Hierarchy(Measured):
    """Parts of a whole on two levels: `items[i][j]` is the j-th part of parent i, its key (parent, part); `tops[i]` is
    the parent itself, whose value is the sum of its parts, its key (parent,). No part has the name of another.

    `noun`, `nouns` speak of the parts, `parent_noun`, `parent_nouns` of the parents. `sizes`: how many numbers of parts
    a parent may have at its level. `absent` and `absent_parents`: plausible names that are not shown.
    """

    items: tuple[tuple[Item, ...], ...]
    tops: tuple[Item, ...]
    noun: str
    nouns: str
    parent_noun: str
    parent_nouns: str
    sizes: int = 1
    absent: tuple[str, ...] = ()
    absent_parents: tuple[str, ...] = ()

    def slots(self) -> dict[str, str]:
        own = {"noun": self.noun, "nouns": self.nouns}
        return {
            **Measured.slots(self),
            **own,
            "parent_noun": self.parent_noun,
            "parent_nouns": self.parent_nouns,
        }

    def facts(self) -> Facts:
        every = (*self.tops, *(item for row in self.items for item in row))
        return {item.at: Fact(item.value, item.length) for item in every}

    def rebuilt(self, facts: Facts) -> Self:
        return replace(
            self,
            items=tuple(tuple(item.read(facts) for item in row) for row in self.items),
            tops=tuple(top.read(facts) for top in self.tops),
        )

    def describe(self) -> list[tuple[str, str, str]]:
        return [self._row(item) for top, row in zip(self.tops, self.items, strict=True) for item in (top, *row)]

    @property
    def total(self) -> float:
        """The whole."""
        return sum(top.value for top in self.tops)

    @property
    def parents(self) -> tuple[str, ...]:
        return tuple(top.name for top in self.tops)

    def largest(self, items: tuple[Item, ...]) -> Item | None:
        """The largest of these, if it can be told apart from the next."""
        order = sorted(items, key=lambda item: -item.value)
        clear = all(self.apart(first, second) for first, second in pairwise(order[:2]))
        return order[0] if clear else None

    def slices(self) -> list[Categories]:
        """All parts as one, the parents as one, and the parts of each parent."""
        everything = tuple(item for row in self.items for item in row)
        found = [self._slice(everything, self.noun, self.nouns, "", self.absent)]
        found.append(self._slice(self.tops, self.parent_noun, self.parent_nouns, "", self.absent_parents))
        for top, row in zip(self.tops, self.items, strict=True):
            if len(row) > 2:
                elsewhere = tuple(item.name for item in everything if item not in row)
                found.append(self._slice(row, self.noun, self.nouns, f" in {top.name}", elsewhere))
        return found

    def _slice(self, items: tuple[Item, ...], noun: str, nouns: str, where: str, absent: tuple[str, ...]) -> Categories:
        return Categories(
            items=items,
            measure=self.measure,
            unit=self.unit,
            written=self.written,
            span=self.span,
            apart_px=self.apart_px,
            gap=self.gap,
            where=where + self.where,
            panel=self.panel,
            noun=noun,
            nouns=nouns,
            sizes=self.sizes,
            absent=absent,
        )
