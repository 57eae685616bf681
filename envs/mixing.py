"""Stored problems in the mix: a curriculum whose batches hold a fixed share of them.

Each set has a share of all slots: after b batches of n prompts just floor(share x b x n) of its problems were asked, at
slots of the batch that are drawn for it. A set is gone through in random order, again and again, each row once before
any comes a second time. Which row stands where is a pure function of run seed, set and batch, so that the state holds
nothing but what was observed and the sets' digests. Outcomes of stored problems say nothing about cells: the curriculum
does not hear of them; they are counted here, set by set.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from fractions import Fraction
from functools import lru_cache
from math import ceil
from typing import Any

from envs.address import Address, Draws
from envs.curriculum import LATELY, Curriculum, Outcome, Planned
from envs.stored import StoredSet


def room_for(shares: Collection[float], prompts: int) -> bool:
    """Whether every batch has room for the shares, however they fall, and for a drawn problem beside them."""
    return sum(ceil(Fraction(str(share)) * prompts) for share in shares) < prompts


class Mixed:
    """Another curriculum's plans with stored problems in some of the places."""

    def __init__(self, inner: Curriculum, sets: Sequence[tuple[StoredSet, float]], seed: int) -> None:
        """`sets`: open sets with the share of each."""
        self.inner, self.seed = inner, seed
        self._sets = [(stored, Fraction(str(share))) for stored, share in sets]
        self._recent: dict[str, list[list[int]]] = {stored.name: [] for stored, _ in sets}  # correct, total
        self._order = lru_cache(maxsize=2 * len(sets))(self._shuffled)

    def _shuffled(self, which: int, epoch: int) -> list[int]:
        stored, _ = self._sets[which]
        return Draws("stored", self.seed, stored.key, epoch).shuffled(stored.rows)

    def plan(self, batch: int, n: int) -> list[Planned]:
        plan: list[Planned] = list(self.inner.plan(batch, n))
        places = Draws("mix", self.seed, batch).shuffled(range(n))
        for which, (stored, share) in enumerate(self._sets):
            for number in range(int(share * batch * n), int(share * (batch + 1) * n)):
                epoch, at = divmod(number, len(stored.rows))
                plan[places.pop()] = stored.address(self._order(which, epoch)[at])
        return plan

    def observe(self, batch: int, outcomes: Sequence[Outcome]) -> None:
        drawn = []
        for outcome in outcomes:
            address = Address.parse(str(outcome.address), allow_test=False)
            if not address.stored:
                drawn.append(outcome)
            elif outcome.total:
                recent = self._recent[address.question]
                recent.append([outcome.correct, outcome.total])
                del recent[:-LATELY]
        self.inner.observe(batch, drawn)

    def metrics(self) -> dict[str, float]:
        """The inner curriculum's, and of each set the pass rate and the share of groups that teach, lately."""
        found = dict(self.inner.metrics())
        for name, recent in self._recent.items():
            if recent:
                found[f"stored/{name}/pass_rate"] = sum(correct / total for correct, total in recent) / len(recent)
                found[f"stored/{name}/useful_share"] = sum(0 < c < total for c, total in recent) / len(recent)
        return found

    def table(self) -> list[dict[str, Any]]:
        """The inner curriculum's cells; sets are no cells and have their figures in `metrics`."""
        return self.inner.table()

    def state_dict(self) -> dict[str, Any]:
        keys = {stored.name: stored.key for stored, _ in self._sets}
        recent = {name: [list(pair) for pair in pairs] for name, pairs in self._recent.items()}
        return {"inner": self.inner.state_dict(), "sets": keys, "recent": recent}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        keys = {stored.name: stored.key for stored, _ in self._sets}
        if state["sets"] != keys:
            raise ValueError(f"the data sets were {state['sets']} and are {keys}: bring back the files as they were")
        self.inner.load_state_dict(state["inner"])
        self._recent = {name: [list(pair) for pair in pairs] for name, pairs in state["recent"].items()}
