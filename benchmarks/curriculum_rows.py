"""The rows of benchmarks/curriculum.py in a small CSV: written as runs end, read by benchmarks/curriculum_report.py.

Numbers have four significant digits; a list is numbers with spaces between them; what was not reached is empty.
"""

from __future__ import annotations

import ast
import csv
import hashlib
import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

KEY = ("cells", "guessing", "spread", "known", "policy", "seed", "batches")
ROOT = Path(__file__).resolve().parent.parent


def digest(files: Iterable[str]) -> str:
    """Of what source files do, their comments and docstrings aside, eight letters: rows of other code are no rows."""
    code = "".join(ast.dump(_bare(ast.parse((ROOT / file).read_text(encoding="utf-8")))) for file in files)
    return hashlib.sha256(code.encode()).hexdigest()[:8]


def _bare(tree: ast.Module) -> ast.Module:
    for node in ast.walk(tree):
        if isinstance(body := getattr(node, "body", None), list):
            node.body = [each for each in body if not _is_text(each)]  # type: ignore[attr-defined]
    return tree


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


class Rows:
    """The rows of a file, and room for more. A later row takes the place of an earlier one of the same run."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._rows = {_key(row): row for row in read(path)} if path.exists() else {}

    def has(self, key: Mapping[str, Any]) -> bool:
        row = self._rows.get(_key(key))
        return row is not None and row["code"] == key["code"]

    def add(self, row: Mapping[str, Any]) -> None:
        """Written at once, in one rename: a run that is stopped loses nothing."""
        self._rows[_key(row)] = dict(row)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        part = self.path.with_suffix(".part")
        with part.open("w", encoding="utf-8", newline="") as file:
            table = csv.DictWriter(file, fieldnames=list(row), lineterminator="\n", extrasaction="ignore")
            table.writeheader()
            for key in sorted(self._rows):
                table.writerow({name: _text(value) for name, value in self._rows[key].items()})
        part.replace(self.path)


def read(path: Path) -> list[dict[str, Any]]:
    """The rows of a file: text for policy and code, lists for curves, numbers or None for the rest."""
    with path.open(encoding="utf-8", newline="") as file:
        return [{name: _value(name, text) for name, text in row.items()} for row in csv.DictReader(file)]


def _key(row: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(row[name] for name in KEY)


def _text(value: Any) -> str:
    if isinstance(value, float):
        return "" if math.isnan(value) else f"{value:.4g}"
    if isinstance(value, list):
        return " ".join(f"{x:.3g}" for x in value)
    return "" if value is None else str(value)


def _value(name: str, text: str) -> Any:
    if name in ("policy", "code"):
        return text
    if name.endswith(("_curve", "_rates")):
        return [float(x) for x in text.split()]
    if not text:
        return None
    return int(text) if text.isdigit() else float(text)
