"""What an evaluation found, as outcomes that a curriculum's beliefs can start from.

    outcomes_of("runs/x/eval")                the folder that trainers.evaluate wrote, its report.json or its rows.jsonl
    outcomes_of("rows.jsonl")                 or rows of one's own, one JSON object a line, or a JSON list of them

A row has an `address` (a test address may serve: only its cell and level are read), or `family`, `question` and
`level`; and `correct` (true, false or a count) of `total` (1 if absent) problems. Requests that failed and rows without
an answer say nothing and are left out. What guessing gets right follows from the problems: one of each cell and level
is drafted (3 ms) to see how many answers are possible.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from envs.address import Address, AddressError
from envs.curriculum import CellLike, Outcome

KINDS = "name a report.json or rows.jsonl of trainers.evaluate, its folder, or rows with `address` and `correct`"


def outcomes_of(path: str | Path) -> list[Outcome]:
    """The outcomes in a file or folder; ValueError in one line where there are none to be had."""
    file = Path(path)
    if file.is_dir():
        file = next((f for f in (file / "report.json", file / "rows.jsonl") if f.is_file()), file / "report.json")
    try:
        rows = _rows(file)
    except OSError as error:
        raise ValueError(f"beliefs {str(path)!r}: cannot read {file}: {error.strerror or error}; {KINDS}") from None
    except (ValueError, TypeError, AttributeError, KeyError):
        raise ValueError(f"beliefs {str(path)!r}: {file} is no evaluation; {KINDS}") from None
    found: list[Outcome] = []
    for row in rows:
        try:
            if row.get("finish") != "error":
                found.append(_outcome(row))
        except (KeyError, TypeError, AttributeError):
            raise ValueError(f"beliefs {str(path)!r}: {str(row)[:80]} is no row of an evaluation; {KINDS}") from None
        except ValueError as error:
            raise ValueError(f"beliefs {str(path)!r}: {error}") from None
    return found


def with_possible(outcomes: Iterable[Outcome], cells: Iterable[CellLike]) -> list[Outcome]:
    """Those of these cells, with the number of answers that are possible at their cell, level and size, as the problem
    of seed 0 has it; where the world has no such problem nobody says."""
    from envs.problem import Unmakeable, draw

    here = {(cell.family, cell.question) for cell in cells}
    found, known = [], dict[Address, int]()
    for outcome in outcomes:
        a = Address.parse(str(outcome.address))
        if (a.family, a.question) not in here:
            continue
        one = Address(a.family, a.question, a.level, 0, False, a.width, a.height)
        if one not in known:
            try:
                known[one] = draw(one).ask.possible
            except (AddressError, Unmakeable):
                known[one] = 0
        found.append(replace(outcome, possible=known[one]))
    return found


def _rows(file: Path) -> list[Any]:
    """The rows of a file; those of a report are its outcomes by address."""
    text = file.read_text(encoding="utf-8")
    if file.suffix == ".jsonl":
        lines = [json.loads(line) for line in text.splitlines() if line.strip()]
        return lines[1:] if lines and "settings" in lines[0] else lines  # what trainers.evaluate opens its rows with
    content = json.loads(text)
    if isinstance(content, Mapping) and "outcomes" in content:
        pairs = content["outcomes"].items()
        return [{"address": address, "correct": correct, "total": total} for address, (correct, total) in pairs]
    return list(content["rows"] if isinstance(content, Mapping) else content)


def _outcome(row: Mapping[str, Any]) -> Outcome:
    where = row.get("address") or f"{row['family']}/{row['question']}/{int(row['level'])}/0"
    return Outcome(Address.parse(where), int(row["correct"]), int(row.get("total", 1)))
