r"""Reading a table out of a box, and how near it comes to the right one.

Cells are separated by bars (Markdown, with or without outer bars and rule), `&` (LaTeX), tabs or commas; rows by line
breaks, `\\` or DePlot's <0x0A>. A table is correct if it has the same columns and rows in the same order with every
cell equal. `similarity` is partial credit for the reward: the F1 of relative mapping similarity from DePlot (Liu et
al. 2023, arXiv:2212.10505, section 3.2) with exact keys. A table is a set of entries (row name, column name) -> value;
an entry scores 1 minus its relative error, at least 0, or 1 for equal text. Exact keys make the paper's assignment
problem a look-up and give nothing for names that are nearly right.
"""

from __future__ import annotations

import re
from decimal import Decimal

from rewards.answers import Cell, Table
from rewards.lists import commas
from rewards.quantities import EXACT, Quantity, exact_decimal, read_quantity
from rewards.typography import label_key, plain, unescaped

_ROW_END = re.compile(r"\n|\\\\|<0x0A>|\\hline|\\newline")
_AMPERSAND = re.compile(r"(?<!\\)&")


def read_table(text: str) -> list[list[str]] | None:
    """The cells of the table in `text`, its columns' names first, or None if it has not two rows of cells."""
    lines = [line for line in (line.strip() for line in _ROW_END.split(text)) if line]
    if len(lines) > 2 and "-" in lines[1] and not lines[1].strip(" \t|:+-"):
        del lines[1]  # the rule under a Markdown table's header
    rows = [_cells(line) for line in lines]
    if len(rows) < 2 or len({len(row) for row in rows}) != 1:
        return None
    return rows


def same_cell(given: str, cell: Cell) -> bool:
    """Whether a given cell says what the right one says. A unit or a percent sign in a cell is not looked at."""
    if isinstance(cell, str):
        return label_key(cell) in (label_key(given), label_key(unescaped(given)), label_key(plain(given)))
    read = read_quantity(plain(given))
    return isinstance(read, Quantity) and read.value == exact_decimal(cell)


def same_table(given: list[list[str]], answer: Table) -> bool:
    """Whether columns, rows and every cell agree, in order."""
    right: list[tuple[Cell, ...]] = [answer.columns, *answer.rows]
    return len(given) == len(right) and all(
        len(cells) == len(row) and all(same_cell(mine, cell) for mine, cell in zip(cells, row))
        for cells, row in zip(given, right)
    )


def similarity(given: list[list[str]], answer: Table) -> float:
    """Relative mapping similarity with exact keys, from 0 to 1."""
    mine = {
        (label_key(plain(row[0])), label_key(plain(name))): cell
        for row in given[1:]
        for name, cell in zip(given[0][1:], row[1:])
    }
    right = {
        (label_key(str(row[0])), label_key(name)): cell
        for row in answer.rows
        for name, cell in zip(answer.columns[1:], row[1:])
    }
    if not mine or not right:
        return 0.0
    total = sum(nearness(mine[key], cell) for key, cell in right.items() if key in mine)
    precision, recall = total / len(mine), total / len(right)
    return 2 * precision * recall / (precision + recall) if total else 0.0


def nearness(given: str, cell: Cell) -> float:
    """1 minus the relative error of a given cell, at least 0; of text 1 if it is equal, else 0."""
    if isinstance(cell, str):
        return float(same_cell(given, cell))
    read = read_quantity(plain(given))
    if not isinstance(read, Quantity):
        return 0.0
    right = exact_decimal(cell)
    if not right:
        return float(not read.value)
    error = EXACT.divide(EXACT.subtract(read.value, right), right).copy_abs()
    return float(EXACT.subtract(Decimal(1), error)) if error < 1 else 0.0


def _cells(line: str) -> list[str]:
    if "|" in line:
        line = line.removeprefix("|").removesuffix("|")
        return [cell.strip() for cell in line.split("|")]
    if _AMPERSAND.search(line):
        return [cell.strip() for cell in _AMPERSAND.split(line)]
    return [cell.strip() for cell in line.split("\t")] if "\t" in line else commas(line)
