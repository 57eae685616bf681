"""Charts and problems as JSON, for the journal, and back."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import asdict, replace
from typing import Any

from envs.synthesis.items import Asked, Chart, Dropped, Kept
from envs.synthesis.pipelines.journal import Journal

WHENCE = ("kind", "topic", "provenance")  # of a chart: what its code and data do not say


def packed(result: Chart | Dropped) -> dict[str, Any]:
    """A result as JSON, for the journal."""
    if isinstance(result, Dropped):
        return {"dropped": asdict(result)}
    return {"chart": asdict(replace(result, png=b"")) | {"png": base64.b64encode(result.png).decode()}}


def unpacked(row: dict[str, Any]) -> Chart | Dropped:
    if "dropped" in row:
        return Dropped(**row["dropped"])
    return Chart(**row["chart"] | {"png": base64.b64decode(row["chart"]["png"])})


def folded(kept: Kept) -> dict[str, Any]:
    """A problem as JSON, without its chart."""
    return {name: getattr(kept, name) for name in ("answer", "value", "tier", "checks")} | {"asked": asdict(kept.asked)}


def unfolded(row: dict[str, Any], chart: Chart) -> Kept:
    """What `folded` made of it, with its chart again."""
    return Kept(**row | {"chart": chart, "asked": Asked(**row["asked"])})


def found_new(journal: Journal) -> Iterator[Chart | Kept]:
    """What earlier runs found new."""
    for stage in ("dedup charts", "dedup questions"):
        for row in journal.worked(stage):
            if not row["why"] and (chart := placed_chart(journal, row)):
                yield unfolded(row["kept"], chart) if "kept" in row else chart


def placed_chart(journal: Journal, row: dict[str, Any]) -> Chart | None:
    """The chart of a row that Works.placed wrote."""
    found = journal.done(row["chart"])
    chart = None if found is None else unpacked(found)
    return replace(chart, **{name: row[name] for name in WHENCE}) if isinstance(chart, Chart) else None
