"""What is written around a figure, and several figures in one image."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

from envs.drawing.colour import Colour
from envs.views import WHOLE, Categories, Facts, Item, View


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts(View):
    """What is written around a figure or a panel; "" and () where nothing is.

    `chart` is the name of its kind ("bar chart"); `across` and `up` are the titles of the horizontal and the vertical
    axis; `legend` its entries in order and `colours` what stands beside them; `ticks_across` and `ticks_up` the labels
    of a numeric axis from the lowest.
    """

    chart: str
    title: str = ""
    across: str = ""
    up: str = ""
    legend: tuple[str, ...] = ()
    colours: tuple[Colour, ...] = ()
    ticks_across: tuple[str, ...] = ()
    ticks_up: tuple[str, ...] = ()

    def identity(self) -> object:
        return (self.chart, self.title, self.across, self.up, self.legend, self.ticks_across, self.ticks_up)

    def describe(self) -> list[tuple[str, str, str]]:
        rows = [("chart", self.chart), ("title", self.title), ("across", self.across), ("up", self.up)]
        rows += [("legend", "; ".join(self.legend)), ("ticks across", " ".join(self.ticks_across))]
        rows += [("ticks up", " ".join(self.ticks_up))]
        return [(name, text, "exact") for name, text in rows if text]


@dataclass(frozen=True, slots=True, kw_only=True)
class Panels(View):
    """Several figures in one image: their `names` in reading order ("A", "B"), what is written around each, and the
    Categories of those that have one. `shared`: all of them show the same names by the same measure, and `subjects`
    are what they differ in ("Brazil"), of the sort `subject_noun`; where they show several series each, a view is about
    one of them, which `where` names.
    """

    panel: int = WHOLE
    names: tuple[str, ...]
    parts: tuple[Parts, ...]
    shown: tuple[Categories | None, ...]
    shared: bool = False
    subjects: tuple[str, ...] = ()
    subject_noun: str = ""

    def facts(self) -> Facts:
        return {
            (name, *key): fact
            for name, view in zip(self.names, self.shown, strict=True)
            if view
            for key, fact in view.facts().items()
        }

    def rebuilt(self, facts: Facts) -> Self:
        shown = (
            view and view.rebuilt({key[1:]: fact for key, fact in facts.items() if key[0] == name})
            for name, view in zip(self.names, self.shown, strict=True)
        )
        return replace(self, shown=tuple(shown))

    def identity(self) -> object:
        return (View.identity(self), tuple(part.identity() for part in self.parts))

    def describe(self) -> list[tuple[str, str, str]]:
        return [
            (f"{name}: {row[0]}", *row[1:])
            for name, view in zip(self.names, self.shown, strict=True)
            if view
            for row in view.describe()
        ]

    @staticmethod
    def apart(larger: Item, smaller: Item) -> bool:
        """Whether a reader can tell which of two values in different panels is larger, each read on its own scale."""
        return larger.value - smaller.value > larger.err + smaller.err
