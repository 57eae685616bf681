"""Stored problems: any data set of (image, question, answer), asked beside what is drawn, so that narrow training need
not cost general skill.

    stored = open_stored(Spec(name="chartqa", source="hub:HuggingFaceM4/ChartQA", columns=Columns(question="query")))
    make(stored.address(17))                   # stored/chartqa:1a2b3c4d/17, a Problem like any other

`stored/NAME:DIGEST8/ROW` is a pure function of its address too: the digest is that of every question, answer and image
of the set and of all in the Spec that decides a problem, so that a changed file has other addresses. Opening goes
through the whole set once, types every answer and looks at the head of every image; rows that make no problem are
counted by reason and named. `datasets` lays the rows out as Arrow files, which worker processes map into memory
(`attach`); they need neither `datasets` nor another look. Of folders that this project wrote (exports, and what
envs.synthesis kept) it is known what the columns hold.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any

from envs.address import Address, AddressError, Draws
from envs.export import SETTINGS
from envs.problem import Problem, Unmakeable
from envs.stored_answers import AnswerRule, BadRow, Columns, typed
from envs.stored_images import decoded, head
from envs.synthesis.items import TIERS
from rewards import Answer, Choice

if TYPE_CHECKING:
    import pyarrow as pa

REASONS, NAMED = 8, 5  # reasons for bad rows that are told, and rows that are named for each
log = logging.getLogger("chartgym.stored")


class StoredError(ValueError):
    """A data set that cannot be used; one line that names it, the place and the mend."""


@dataclass(frozen=True, kw_only=True)
class Spec:
    """A data set and how its rows become problems; all but name, source and split are in the digest."""

    name: str
    source: str  # FILE.parquet, a folder of Parquet files, or hub:OWNER/NAME[@REVISION][#CONFIG]
    split: str = "train"
    columns: Columns = field(default_factory=Columns)
    answers: AnswerRule = field(default_factory=AnswerRule)
    tiers: tuple[str, ...] = TIERS[:2]  # rows of others are left out; of no say where columns.tier is not set
    max_pixels: int = 448 * 448  # larger images are made smaller, in proportion
    max_question: int = 1000  # characters, options included
    limit: int | None = None  # the first so many rows


@dataclass(frozen=True)
class Handle:
    """What a worker process needs to make the problems of an open set: picklable and small."""

    spec: Spec
    key: str  # NAME:DIGEST8
    files: tuple[str, ...]  # Arrow streams, their rows after each other
    left_out: frozenset[int]  # rows that stand in for no other: bad ones and those set apart


@dataclass(frozen=True)
class StoredSet:
    """An open data set: which of its rows make problems, and which are set apart for evaluation."""

    spec: Spec
    key: str
    files: tuple[str, ...]
    rows: tuple[int, ...]  # to train on
    apart: tuple[int, ...]  # to evaluate on; none shares an image with `rows`
    bad: Mapping[str, tuple[int, ...]]  # reason -> rows
    total: int

    @property
    def name(self) -> str:
        return self.spec.name

    def address(self, row: int) -> Address:
        return stored_address(self.key, row)

    @cached_property
    def handle(self) -> Handle:
        kept = set(self.rows)
        return Handle(self.spec, self.key, self.files, frozenset(row for row in range(self.total) if row not in kept))

    def about(self) -> str:
        """How many rows there are, and which were left out and why, in one line."""
        said = [f"{self.key}: {self.total} rows of {self.spec.source}, {len(self.rows)} to train on"]
        if self.apart:
            kept_back = self.total - len(self.rows) - len(self.apart) - sum(map(len, self.bad.values()))
            said.append(f"{len(self.apart)} set apart" + (f" ({kept_back} share an image)" if kept_back else ""))
        reasons = sorted(self.bad.items(), key=lambda pair: -len(pair[1]))
        for reason, rows in reasons[:REASONS]:
            named = ", ".join(map(str, rows[:NAMED])) + (", ..." if len(rows) > NAMED else "")
            said.append(f"{len(rows)} left out for {reason} (row {named})")
        if more := sum(len(rows) for _, rows in reasons[REASONS:]):
            said.append(f"{more} for other reasons")
        return "; ".join(said)


class _Reader:
    """The Arrow files of a set, mapped into memory when first read."""

    def __init__(self, handle: Handle) -> None:
        self.handle, self.spec = handle, handle.spec
        names = (value for value in asdict(self.spec.columns).values() if value)
        self.columns = list(dict.fromkeys(names))
        where = Path(self.spec.source)
        self.base = where if where.is_dir() else where.parent

    @cached_property
    def table(self) -> pa.Table:
        import pyarrow as pa

        maps = [pa.ipc.open_stream(pa.memory_map(file)).read_all().select(self.columns) for file in self.handle.files]
        whole = pa.concat_tables(maps)
        return whole if self.spec.limit is None else whole.slice(0, self.spec.limit)

    def row(self, row: int) -> dict[str, Any]:
        found: dict[str, Any] = self.table.slice(row, 1).to_pylist()[0]
        return found

    def rows(self) -> Iterator[dict[str, Any]]:
        for batch in self.table.to_batches(max_chunksize=64):
            yield from batch.to_pylist()

    def words(self, row: Mapping[str, Any]) -> tuple[str, Answer]:
        """The question with its options, and the answer; BadRow."""
        columns = self.spec.columns
        question = row[columns.question]
        if not isinstance(question, str) or not question.strip():
            raise BadRow("no question")
        if columns.tier and row[columns.tier] not in self.spec.tiers:
            raise BadRow(f"the tier {str(row[columns.tier])[:40]!r}")
        kind = row[columns.kind] if columns.kind else None
        answer = typed(row[columns.answer], self.spec.answers, kind, row[columns.options] if columns.options else None)
        question = question.strip()
        if columns.options and isinstance(answer, Choice):
            question += "".join(f"\n{letter}. {text}" for letter, text in answer.options.items())
        if len(question) > self.spec.max_question:
            raise BadRow(f"a question of more than {self.spec.max_question} characters")
        return question, answer

    def encoded(self, row: Mapping[str, Any]) -> bytes:
        """The bytes of the image file; BadRow."""
        value = row[self.spec.columns.image]
        if isinstance(value, list):
            if len(value) != 1:
                raise BadRow(f"{'no image' if not value else 'several images'}")
            value = value[0]
        if isinstance(value, Mapping):
            value = value.get("bytes") or value.get("path")
        if isinstance(value, str) and value:
            try:
                return (self.base / value).read_bytes()
            except (OSError, ValueError):  # a name with a null byte is a ValueError
                raise BadRow("an image file that is not there") from None
        if not isinstance(value, bytes) or not value:
            raise BadRow("no image")
        return value

    def problem(self, address: Address) -> Problem:
        """The problem of a row; BadRow."""
        if not 0 <= address.seed < self.table.num_rows:
            raise BadRow("no such row")
        row = self.row(address.seed)
        question, answer = self.words(row)
        image = decoded(self.encoded(row), self.spec.max_pixels)
        meta: dict[str, Any] = {"tries": 1, "turned_away": [], "versions": {}, "phrasing": 0, "held_out": False}
        meta |= {"skill": "stored", "view": "stored", "charts": []}
        if self.spec.columns.tier:
            meta["tier"] = row[self.spec.columns.tier]
        box = str(row[self.spec.columns.box]) if self.spec.columns.box else answer.text()
        return Problem(address, image, question, answer, f"The answer is \\boxed{{{box}}}.", meta)


_OPEN: dict[str, _Reader] = {}  # by key


def attach(handle: Handle) -> None:
    """From here on this process can make the problems of an open set."""
    _OPEN[handle.key] = _Reader(handle)


def stored_address(key: str, row: int) -> Address:
    return Address("stored", key.partition(":")[0], 0, row, text=key)


def stored_problem(address: Address) -> Problem:
    """The problem at `stored/NAME:DIGEST8/ROW`. AddressError where no such set is open, Unmakeable for a bad row."""
    reader = _reader(address)
    try:
        return reader.problem(address)
    except BadRow as reason:
        raise Unmakeable(f"'{address}' makes no problem: {reason}") from None


def following(address: Address) -> Address:
    """The row that stands in for one whose image turns out to be broken: the next that makes a problem for training."""
    reader = _reader(address)
    total = reader.table.num_rows
    for step in range(1, total + 1):
        if (row := (address.seed + step) % total) not in reader.handle.left_out:
            return replace(address, seed=row)
    return address


def _reader(address: Address) -> _Reader:
    if address.text not in _OPEN:
        known = ", ".join(sorted(_OPEN)) or "none is"
        raise AddressError(f"'{address}': no open data set is {address.text} ({known}): name it in the data section")
    return _OPEN[address.text]


# --- opening ----------------------------------------------------------------------------------------------------------


def open_stored(spec: Spec, apart: int = 0) -> StoredSet:
    """Goes through a data set and opens it for this process; StoredError in one line where it cannot be used.

    apart: rows to be set apart for evaluation, drawn by the digest; they and all rows that show one of their images are
    not trained on.
    """
    if not re.fullmatch(r"[a-z][a-z0-9_]*", spec.name):
        raise StoredError(f"data.{spec.name}: name a set with a-z, 0-9 and _, as chartqa")
    if spec.max_pixels < 28 * 28 or spec.max_question < 1 or (spec.limit is not None and spec.limit < 1):
        raise StoredError(f"data.{spec.name}: max_pixels from 784, max_question and limit from 1")
    if unknown := set(spec.tiers) - set(TIERS):
        raise StoredError(f"data.{spec.name}.tiers: {min(unknown)!r} is none: use some of {', '.join(TIERS)}")
    spec = known(spec)
    files = _arrow_files(spec)
    reader = _Reader(Handle(spec, "", files, frozenset()))
    decides = {**asdict(spec), "name": "", "source": "", "split": ""}
    if not spec.columns.tier:  # sets without tiers keep the addresses that they had before there were any
        del decides["tiers"], decides["columns"]["tier"]
    wanted = json.dumps(decides, sort_keys=True, default=dict)
    found, good, pictures = blake2b(wanted.encode(), digest_size=16), [], []
    bad: dict[str, list[int]] = {}
    texts = [name for name in reader.columns if name != spec.columns.image]
    for number, row in enumerate(reader.rows()):
        found.update(json.dumps([row[name] for name in texts], ensure_ascii=True, default=repr).encode())
        try:
            encoded = reader.encoded(row)
            picture = blake2b(encoded, digest_size=16).digest()
            found.update(picture)
            reader.words(row)
            head(encoded)
            good.append(number)
            pictures.append(picture)
        except BadRow as reason:
            bad.setdefault(str(reason), []).append(number)
    total = reader.table.num_rows
    key = f"{spec.name}:{blake2b(found.digest(), digest_size=4).hexdigest()}"
    chosen = _set_apart(reader, key, good, bad, apart)
    kept_back = set(chosen)
    shown = {picture for row, picture in zip(good, pictures) if row in kept_back}
    broken = {row for rows in bad.values() for row in rows}
    rows = tuple(row for row, picture in zip(good, pictures) if picture not in shown and row not in broken)
    stored = StoredSet(spec, key, files, rows, chosen, {r: tuple(n) for r, n in bad.items()}, total)
    if not rows and not chosen:
        raise StoredError(f"data.{spec.name}: no row makes a problem: {stored.about()}")
    attach(stored.handle)
    return stored


def known(spec: Spec) -> Spec:
    """The spec with what is known of folders that this project wrote, where it says nothing else of answers."""
    path = Path(spec.source) / SETTINGS
    if spec.answers != AnswerRule() or spec.columns != Columns() or not path.is_file():
        return spec
    try:
        held = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return spec
    columns = Columns(tier="tier", box="answer_text") if "synthesis" in held else spec.columns
    return replace(spec, answers=AnswerRule(kind="json"), columns=columns)


def _set_apart(
    reader: _Reader, key: str, good: Sequence[int], bad: dict[str, list[int]], count: int
) -> tuple[int, ...]:
    """`count` rows in random order, whose images were read to the end; those that could not be are bad after all."""
    chosen: list[int] = []
    for row in Draws("stored apart", key).shuffled(good) if count else ():
        if len(chosen) == count:
            break
        try:
            reader.problem(stored_address(key, row))
            chosen.append(row)
        except BadRow as reason:
            bad.setdefault(str(reason), []).append(row)
    return tuple(chosen)


def _place_of(folder: Path) -> str:
    """Where `datasets` lays out a folder: it takes two of one name for one another (datasets 5.2 hashes the patterns of
    its files, not the files), so each folder, and each state of it, has a place of its own."""
    import datasets

    files = [(str(path.resolve()), path.stat()) for path in sorted(folder.rglob("*")) if path.is_file()]
    said = json.dumps([(name, state.st_size, state.st_mtime_ns) for name, state in files])
    return str(
        Path(datasets.config.HF_DATASETS_CACHE) / f"chartgym-{blake2b(said.encode(), digest_size=8).hexdigest()}"
    )


def _arrow_files(spec: Spec) -> tuple[str, ...]:
    """The rows as Arrow streams on disk, laid out by `datasets` once and found again afterwards."""
    import datasets

    where = f"data.{spec.name}.source {spec.source!r}"
    if not re.fullmatch(r"\w+(\.\w+)*", spec.split):
        raise StoredError(f"data.{spec.name}.split {spec.split!r} is no split: write train, and use limit for less")
    path = Path(spec.source)
    arguments: dict[str, Any]
    if spec.source.startswith("hub:"):
        where_from, _, config = spec.source[len("hub:") :].partition("#")
        name, _, revision = where_from.partition("@")
        arguments = {"path": name, "name": config or None, "revision": revision or None, "split": spec.split}
    elif path.is_file():
        arguments = {"path": "parquet", "data_files": {spec.split: str(path)}, "split": spec.split}
    elif path.is_dir() and any(path.rglob("*.parquet")):
        arguments = {"path": str(path), "split": spec.split, "cache_dir": _place_of(path)}
    else:
        raise StoredError(f"{where} is no Parquet file and no folder of them: name one, or write hub:OWNER/NAME")
    try:
        found = datasets.load_dataset(**arguments, keep_in_memory=False)
    except Exception as error:  # its errors, and those of what it reads with, have no class in common
        line = " ".join(f"{error.__cause__ or error}".split())[:300] or type(error).__name__
        raise StoredError(f"{where} cannot be read: {line}") from None
    named = {label: name for label, name in asdict(spec.columns).items() if name}
    for label, name in named.items():
        if name not in found.column_names:
            raise StoredError(
                f"data.{spec.name}.columns.{label} {name!r} is not there: the columns are "
                f"{', '.join(found.column_names)}"
            )
    if not len(found):
        raise StoredError(f"{where} holds no rows in its split {spec.split!r}")
    return tuple(file["filename"] for file in found.cache_files)
