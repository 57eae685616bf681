"""What was there before: charts and problems that repeat others of the set, told apart in time linear in its size.

    dedup = Dedup(kept)                 what an earlier run kept counts as there
    reason = dedup.seen(chart)          "" and remembered, or why it repeats another; likewise for a Kept

code       the syntax tree of the script, DATA and docstrings left out, own names numbered, values told by type alone:
           at most `same_code` charts may share one, as more data in the same drawing is a chart of its own
data       all numbers and names, in any order (the same data); columns of numbers shared with another chart (nearly
           the same): a chart that was evolved from another may keep its data, and is compared in code and image only
image      a perceptual hash: signs of the low frequencies of the grey picture (Zauner 2010, "phash", 16 x 16 of them),
           alike if at most `image_bits` differ; bands of it find those without a look at all others
question   MinHash over shingles of the words (Broder 1997) in bands (Leskovec et al., Mining of Massive Datasets, 3.4);
           a question repeats one that is alike and has the same answer
"""

from __future__ import annotations

import ast
import io
import json
import re
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from itertools import pairwise
from typing import Any

import numpy as np

from envs.synthesis.items import Chart, Kept

SIDE, LOW = 32, 16  # pixels of the picture that is hashed; frequencies a side that are looked at
BITS = LOW * LOW
SHINGLE, HASHES, ROWS = 4, 128, 8  # characters; hash functions; of those in a band
BUCKET = 64  # the latest so many of a bucket are looked at, so that no common look makes the work quadratic
FEWEST = 3  # numbers that make a column
_BASIS = np.cos(np.pi / SIDE * np.outer(np.arange(LOW), np.arange(SIDE) + 0.5))  # of the cosine transform
_A, _B = np.random.default_rng(20240601).integers(1, 2**63, (2, HASHES), dtype=np.uint64) | np.uint64(1)


class Dedup:
    """Remembers charts and problems; `kept` are those of an earlier run, which count as seen."""

    def __init__(
        self,
        kept: Iterable[Chart | Kept] = (),
        *,
        same_code: int = 3,
        data_share: float = 0.5,
        image_bits: int = 12,
        alike: float = 0.8,
    ) -> None:
        """same_code: charts that may share a tree. data_share: of the larger chart's numbers, from which data is nearly
        the same. image_bits: below 16, how many may differ. alike: the Jaccard similarity from which questions are."""
        if same_code < 1 or not 0 < data_share <= 1 or not 0 <= image_bits < BITS // 16 or not 0 < alike <= 1:
            raise ValueError(
                f"same_code {same_code} from 1, shares above 0 up to 1, image_bits {image_bits} from 0 to 15"
            )
        self.same_code, self.data_share, self.image_bits, self.alike = same_code, data_share, image_bits, alike
        self._codes: Counter[bytes] = Counter()
        self._data: set[bytes] = set()
        self._columns: dict[bytes, list[str]] = defaultdict(list)  # of a column: charts that have it
        self._sizes: dict[str, int] = {}  # numbers in the columns of a chart, by its id
        self._lineage: dict[str, frozenset[str]] = {}  # ids of what a chart was evolved from
        self._images, self._asked = _Bands(BITS // 32), _Bands(HASHES)
        for item in kept:
            chart = item.chart if isinstance(item, Kept) else item
            if chart.id not in self._sizes:
                self._remember(chart, _look(chart))
            if isinstance(item, Kept):
                self._remember_question(item)

    def seen(self, item: Chart | Kept) -> str:
        """Why an item repeats what was there, in words alike for all of a cause; "" where it does not, and from then on
        it is there. Of a problem the chart counts too, unless it is there already."""
        chart = item.chart if isinstance(item, Kept) else item
        new = None
        if isinstance(item, Chart) or chart.id not in self._sizes:
            new = _look(chart)
            if reason := self._chart_seen(chart, new):
                return reason
        if isinstance(item, Kept):
            if self._question_seen(item):
                return "question asked before"
            self._remember_question(item)
        if new:
            self._remember(chart, new)
        return ""

    def _chart_seen(self, chart: Chart, new: _Look) -> str:
        family = self._family(chart)
        if chart.id in self._sizes or (new.data in self._data and not family):
            return "data seen before"
        if self._codes[new.code] >= self.same_code:
            return "code seen before"
        shared: Counter[str] = Counter()
        for key, size in new.columns.items():
            for other in self._columns[key][-BUCKET:] if key in self._columns else ():
                shared[other] += size
        if any(
            size >= self.data_share * max(new.size, self._sizes[other])
            for other, size in shared.items()
            if other not in family
        ):
            return "data nearly seen before"
        differing = np.bitwise_count(self._images.near(_image_bands(new.image)) ^ new.image).sum(axis=1)
        return "image seen before" if (differing <= self.image_bits).any() else ""

    def _family(self, chart: Chart) -> frozenset[str]:
        """What a chart was evolved from, as far back as is known."""
        parents = chart.provenance.get("parents") or ()
        known = (self._lineage.get(parent, frozenset()) for parent in parents)
        return frozenset(parents).union(*known)

    def _remember(self, chart: Chart, new: _Look) -> None:
        self._codes[new.code] += 1
        self._data.add(new.data)
        if family := self._family(chart):
            self._lineage[chart.id] = family
        self._sizes[chart.id] = new.size
        for key in new.columns:
            self._columns[key].append(chart.id)
        self._images.add(new.image, _image_bands(new.image))

    def _question_seen(self, kept: Kept) -> bool:
        signature = minhash(kept.asked.question)
        found = self._asked.near(_question_bands(signature, kept))
        return bool(((found == signature).mean(axis=1) >= self.alike).any())

    def _remember_question(self, kept: Kept) -> None:
        signature = minhash(kept.asked.question)
        self._asked.add(signature, _question_bands(signature, kept))


@dataclass(frozen=True, slots=True)
class _Look:
    """What charts are compared by."""

    code: bytes
    data: bytes
    columns: dict[bytes, int]  # how many numbers each has
    image: np.ndarray

    @property
    def size(self) -> int:
        return sum(self.columns.values())


def _look(chart: Chart) -> _Look:
    return _Look(_code_key(chart.code), _data_key(chart.data), dict(_columns(chart.data)), image_hash(chart.png))


class _Bands:
    """Signatures, uint32 of one length, found again by any of their bands."""

    def __init__(self, length: int) -> None:
        self._rows = np.empty((64, length), dtype=np.uint32)
        self._count = 0
        self._buckets: dict[Hashable, list[int]] = defaultdict(list)

    def near(self, bands: Iterable[Hashable]) -> np.ndarray:
        """Those that share a band, the latest of each."""
        found = {row for band in bands if band in self._buckets for row in self._buckets[band][-BUCKET:]}
        return self._rows[list(found)]

    def add(self, signature: np.ndarray, bands: Iterable[Hashable]) -> None:
        if self._count == len(self._rows):
            self._rows = np.concatenate([self._rows, np.empty_like(self._rows)])
        self._rows[self._count] = signature
        for band in bands:
            self._buckets[band].append(self._count)
        self._count += 1


def problem_id(kept: Kept) -> str:
    """16 hex digits that name a problem for good: of its chart, question and answer."""
    said = json.dumps([kept.chart.id, kept.asked.question, kept.answer], sort_keys=True, default=str)
    return blake2b(said.encode("utf-8", "replace"), digest_size=8).hexdigest()


# --- code -------------------------------------------------------------------------------------------------------------


class _Shape(ast.NodeTransformer):
    """Own names by number in their order, values by type."""

    def __init__(self) -> None:
        self._numbers: dict[str, str] = {}

    def _numbered(self, name: str) -> str:
        return self._numbers.setdefault(name, f"n{len(self._numbers)}")

    def visit_Name(self, node: ast.Name) -> ast.AST:
        return ast.Name(self._numbered(node.id), node.ctx)

    def visit_arg(self, node: ast.arg) -> ast.AST:
        return ast.arg(self._numbered(node.arg), None)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        if ast.get_docstring(node) is not None:
            node.body = node.body[1:] or [ast.Pass()]
        self.generic_visit(node)
        node.name, node.returns = self._numbered(node.name), None
        return node

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        value = node.value
        kind = "number" if isinstance(value, int | float) and not isinstance(value, bool) else type(value).__name__
        return ast.Constant(kind)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.AST:
        """-1 is a number as 1 is."""
        plain = isinstance(node.op, ast.USub) and isinstance(node.operand, ast.Constant)
        return self.visit(node.operand) if plain else self.generic_visit(node)


def _code_key(code: str) -> bytes:
    """Alike for scripts that draw in the same way."""
    try:
        tree = ast.parse(code)
        body = [node for node in tree.body if not _is_data(node) and not isinstance(node, ast.Import | ast.ImportFrom)]
        said = ast.dump(_Shape().visit(ast.Module([node for node in body if not _is_text(node)], [])))
    except (SyntaxError, ValueError, RecursionError, MemoryError):  # what no parser takes is compared as it stands
        said = " ".join(code.split())
    return _digest(said)


def _is_data(node: ast.stmt) -> bool:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    return any(isinstance(target, ast.Name) and target.id == "DATA" for target in targets)


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


# --- data -------------------------------------------------------------------------------------------------------------


def _data_key(data: Any) -> bytes:
    """Alike for data with the same numbers and names, in whatever order and under whatever keys of lists."""
    return _digest("\n".join(sorted(_leaves(data))))


def _leaves(data: Any) -> Iterator[str]:
    if isinstance(data, Mapping):
        for key, value in data.items():
            if not isinstance(value, list | tuple):
                yield _name(key)
            yield from _leaves(value)
    elif isinstance(data, list | tuple):
        for value in data:
            yield from _leaves(value)
    else:
        yield _number(data, 6) if _is_number(data) else _name(data)


def _columns(data: Any) -> Iterator[tuple[bytes, int]]:
    """Every column of numbers, to three digits in any order, and how many there are. Even steps are left out: years and
    places are shared by charts that have nothing to do with each other."""
    if isinstance(data, Mapping):
        yield from _column(list(data.values()))
        for value in data.values():
            yield from _columns(value)
    elif isinstance(data, list | tuple):
        yield from _column(data)
        rows = [row for row in data if isinstance(row, list | tuple | Mapping)]
        for row in rows:
            yield from _columns(row)
        if len(rows) >= FEWEST:  # a list of records is a table by rows
            cells = [list(row.values()) if isinstance(row, Mapping) else list(row) for row in rows]
            for column in zip(*cells, strict=False):
                yield from _column(column)


def _column(values: Iterable[Any]) -> Iterator[tuple[bytes, int]]:
    numbers = [value for value in values if _is_number(value)]
    if len(numbers) >= FEWEST:
        steps = {round(after - before, 9) for before, after in pairwise(numbers)}
        if len(steps) > 1:
            yield _digest(" ".join(sorted(_number(value, 3) for value in numbers))), len(numbers)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e300


def _number(value: float, digits: int) -> str:
    return f"{float(value):.{digits}g}"


def _name(value: Any) -> str:
    return "'" + " ".join(str(value).casefold().split())


# --- images -----------------------------------------------------------------------------------------------------------


def image_hash(png: bytes) -> np.ndarray:
    """256 bits as uint32, of which few differ for pictures that look alike; of no picture, a hash of its bytes."""
    from PIL import Image

    try:
        with Image.open(io.BytesIO(png)) as image:
            small = np.asarray(image.convert("L").resize((SIDE, SIDE), Image.Resampling.BOX), dtype=float)
    except Exception:  # Pillow's plug-ins raise nearly anything on broken files
        return np.frombuffer(blake2b(png, digest_size=BITS // 8).digest(), dtype=np.uint32)
    low = (_BASIS @ small @ _BASIS.T).ravel()
    return np.packbits(low > np.median(low[1:])).view(np.uint32)


def _image_bands(image: np.ndarray) -> Iterator[tuple[int, int]]:
    """16 bands of 16 bits: of two hashes that differ in at most 15 bits one band is the same."""
    return enumerate(image.view(np.uint16).tolist())


# --- questions --------------------------------------------------------------------------------------------------------


def minhash(text: str) -> np.ndarray:
    """uint32, HASHES of them: two texts share about as large a part of it as of their shingles."""
    plain = " " + " ".join(re.findall(r"\w+", text.casefold())) + " "
    shingles = {plain[at : at + SHINGLE] for at in range(max(1, len(plain) - SHINGLE + 1))}
    hashed = [blake2b(shingle.encode("utf-8", "replace"), digest_size=8).digest() for shingle in shingles]
    numbers = np.frombuffer(b"".join(hashed), dtype=np.uint64)
    found: np.ndarray = ((numbers[:, None] * _A + _B) >> np.uint64(32)).min(axis=0).astype(np.uint32)
    return found


def _question_bands(signature: np.ndarray, kept: Kept) -> Iterator[tuple[int, str, bytes]]:
    """Only questions with the same answer meet in a bucket."""
    answer = json.dumps([kept.answer.get("kind"), kept.answer.get("value")], sort_keys=True, default=str)
    return ((at, answer, signature[at : at + ROWS].tobytes()) for at in range(0, HASHES, ROWS))


def _digest(said: str) -> bytes:
    return blake2b(said.encode("utf-8", "replace"), digest_size=12).digest()
