"""The table behind a panel, as far as a reader can see it: what the trainer's surrogate reward is scored against.

Only panels that are names with values have one: those whose first view is a Categories or a Series. It holds the values
as they are written or, where they are read off a scale, as they are; a value that cannot be read (its mark is covered,
or only its rank is drawn) is None.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from envs.address import Address
from envs.numerals import half_up
from envs.views import Categories, Item, Series, View
from rewards import AnswerError, Table

MOST = 400  # values of a table


def tables_behind(address: Address) -> list[dict[str, Any] | None]:
    """The tables behind a problem; [] for a stored one, which knows none. Its figure is drawn once more, without
    pixels: some milliseconds, which only a run that rewards tables takes."""
    if address.stored:
        return []
    from envs.problem import draw

    draft = draw(address)
    return tables(draft.views, len(draft.figure.panels))


def tables(views: Sequence[View], panels: int) -> list[dict[str, Any] | None]:
    """The table of each panel as {"columns": [...], "rows": [[...], ...]}, a value that cannot be read being None; or
    None where a panel has none."""
    return [_table([view for view in views if view.panel == panel]) for panel in range(panels)]


def _table(views: Sequence[View]) -> dict[str, Any] | None:
    if not views or not isinstance(views[0], Categories | Series):
        return None
    values: dict[tuple[str, ...], float] = {}
    for view in views:  # the first alone may miss what is drawn on a second axis
        if isinstance(view, Categories | Series):
            facts = view.printed(view.facts()) if view.written else view.facts()
            for item in _items(view):
                if item.err < math.inf:
                    values.setdefault(item.at, half_up(facts[item.at].value, 6))
    lengths = {len(key) for key in values}
    first = views[0]
    if not values or len(values) > MOST or len(lengths) > 1 or not lengths <= {1, 2}:
        return None
    if lengths == {1}:
        columns = [first.noun, first.measure]
        rows: list[list[str | float | None]] = [[*key, value] for key, value in values.items()]
    else:
        series = list(dict.fromkeys(key[0] for key in values))
        places = list(dict.fromkeys(key[1] for key in values))
        columns = [first.noun, *series]
        rows = [[place, *(values.get((name, place)) for name in series)] for place in places]
    try:
        Table(tuple(columns), tuple(tuple(0 if cell is None else cell for cell in row) for row in rows))
    except AnswerError:  # a name that no table can hold
        return None
    return {"columns": columns, "rows": rows}


def _items(view: Categories | Series) -> Sequence[Item]:
    return view.items if isinstance(view, Categories) else [item for row in view.items for item in row]
