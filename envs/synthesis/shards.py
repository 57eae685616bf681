"""What a run kept, as Parquet shards that `datasets.load_dataset(DIR)` opens, with a card: a data set like an export's.

    DIR/README.md                   the data card
    DIR/chartgym.json               whose problems they are: nothing else is written here, and envs/stored.py reads it
    DIR/data/train-00000.parquet    rows, images inside as PNG

A shard is written under another name and renamed, so that what is there is whole. Rows go by the id of their problem
(dedup.problem_id): what is there already is not written again, and what is not kept any more goes.
"""

from __future__ import annotations

import json
import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

from envs.export import CARD, SETTINGS, image_schema, write_table
from envs.synthesis.dedup import problem_id
from envs.synthesis.items import TIERS, Kept

if TYPE_CHECKING:
    import pyarrow as pa

ROWS = 500  # of a shard
TEXTS: tuple[str, ...] = ("id", "question", "answer", "answer_text", "answer_kind", "unit", "tier", "value")
TEXTS += ("program", "second_program", "explanation", "checks", "asked_provenance")
TEXTS += ("chart", "chart_type", "topic", "code", "data", "provenance")
WHOLES = ("width", "height")


class ShardsError(ValueError):
    """A folder that cannot be written to as asked; one line that names it and the mend."""


@dataclass(frozen=True, kw_only=True)
class Written:
    """What a folder holds afterwards."""

    rows: int
    new: int
    gone: int
    shards: int


def write_shards(
    out: str | Path,
    kept: Iterable[Kept],
    *,
    name: str = "synthesis",
    about: Mapping[str, Any] | None = None,
    command: str = "",
    complete: bool = True,
    rows: int = ROWS,
) -> Written:
    """Writes what a run kept into its data set and the card beside it; a folder with some of it is gone on with.

    name, about: whose problems these are; a folder of another name is refused. complete: `kept` is all there is, so
    that rows of an earlier run that are not among it go. ShardsError in one line where the folder is of no use.
    """
    folder = Path(out)
    try:
        _prepare(folder, name, dict(about or {}), command)
        had = {path: _ids(path) for path in _shards(folder)}
        known, wanted, new = set().union(*had.values()), set(), 0
        free = (path for i in count() if not (path := folder / "data" / f"train-{i:05}.parquet").exists())
        for batch in _batches(kept, rows):
            fresh = {}
            for key, item in batch.items():
                wanted.add(key)
                if key not in known:
                    fresh[key] = item
            if fresh:
                write_table(_table([row(item) for item in fresh.values()]), next(free))
                known |= fresh.keys()
                new += len(fresh)
        gone = sum(_without(path, set(ids) - wanted) for path, ids in had.items()) if complete else 0
        (folder / CARD).write_text(card(folder, name), encoding="utf-8")
    except OSError as wrong:
        raise ShardsError(f"cannot write to {str(folder)!r}: {wrong.strerror or wrong}") from None
    shards = _shards(folder)
    return Written(rows=len(known) - gone, new=new, gone=gone, shards=len(shards))


def row(kept: Kept) -> dict[str, Any]:
    """A problem as one row of the data set."""
    from rewards import from_json

    chart, asked = kept.chart, kept.asked
    texts = {
        "id": problem_id(kept),
        "question": asked.question,
        "answer": _json(kept.answer),
        "answer_text": kept.checks.get("box") or from_json(kept.answer).text(),
        "answer_kind": str(kept.answer["kind"]),
        "unit": asked.unit,
        "tier": kept.tier,
        "value": _json(kept.value),
        "program": asked.program,
        "second_program": asked.second,
        "explanation": asked.explanation,
        "checks": _json(kept.checks),
        "asked_provenance": _json(asked.provenance),
        "chart": chart.id,
        "chart_type": chart.kind,
        "topic": chart.topic,
        "code": chart.code,
        "data": _json(chart.data),
        "provenance": _json(chart.provenance),
    }
    clean = {key: text.encode("utf-8", "replace").decode() for key, text in texts.items()}  # half a surrogate pair
    return {"image": {"bytes": chart.png, "path": None}} | clean | {"width": chart.width, "height": chart.height}


def _json(value: Any) -> str:
    """JSON in the strict sense: what is not finite is null."""
    return json.dumps(_finite(value), ensure_ascii=False, allow_nan=False, default=str)


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): _finite(of) for key, of in value.items()}
    return [_finite(of) for of in value] if isinstance(value, list | tuple) else value


def _batches(kept: Iterable[Kept], rows: int) -> Iterator[dict[str, Kept]]:
    """By id, so many at a time."""
    batch: dict[str, Kept] = {}
    for item in kept:
        batch[problem_id(item)] = item
        if len(batch) == rows:
            yield batch
            batch = {}
    if batch:
        yield batch


def _table(rows: list[dict[str, Any]]) -> pa.Table:
    import pyarrow as pa

    return pa.Table.from_pylist(rows, image_schema(TEXTS, wholes=WHOLES))


def _shards(folder: Path) -> list[Path]:
    return sorted((folder / "data").glob("train-*.parquet"))


def _ids(path: Path) -> list[str]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        found: list[str] = pq.read_table(path, columns=["id"])["id"].to_pylist()
    except (pa.ArrowException, KeyError) as wrong:
        raise ShardsError(f"{path} is not a shard ({str(wrong).splitlines()[0]}): remove it") from None
    return found


def _without(path: Path, stale: set[str]) -> int:
    """Takes rows out of a shard; how many."""
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    if not stale:
        return 0
    table = pq.read_table(path)
    rest = table.filter(pc.invert(pc.is_in(table["id"], value_set=pa.array(sorted(stale)))))
    if len(rest):
        write_table(rest, path)
    else:
        path.unlink()
    return len(table) - len(rest)


def _prepare(folder: Path, name: str, about: dict[str, Any], command: str) -> None:
    """Opens or makes the folder; ShardsError where it holds something else."""
    from envs.checkstore import commit
    from envs.logs import write_whole

    path = folder / SETTINGS
    held: dict[str, Any] = {}
    if path.is_file():
        try:
            held = json.loads(path.read_text(encoding="utf-8"))
            if held["synthesis"] != name:
                raise ShardsError(f"{folder} holds the problems of {held['synthesis']!r}: choose another folder")
        except (ValueError, KeyError, TypeError) as wrong:
            if isinstance(wrong, ShardsError):
                raise
            raise ShardsError(f"{path} is not of problems that a model wrote: choose another folder") from None
    elif folder.is_dir() and any(folder.iterdir()):
        raise ShardsError(f"{folder} holds something else: choose an empty or a new folder")
    (folder / "data").mkdir(parents=True, exist_ok=True)
    commits = list(dict.fromkeys([*held.get("commits", []), commit()]))
    said = {"synthesis": name, "about": about, "command": command or held.get("command", ""), "commits": commits}
    write_whole(path, json.dumps(said, indent=2, ensure_ascii=False, default=str) + "\n")
    for left in (folder / "data").glob(".*.part"):  # of a run that was cut off
        left.unlink()


# --- the card ---------------------------------------------------------------------------------------------------------

_CARD = """# {n:,} questions about {charts:,} charts that a language model wrote

A language model wrote scripts that draw charts, questions about them, and programs that answer; every answer is what
was executed, never the model's word. {about}

## What is inside

| chart type | charts | problems | {tiers} | answers |
|---|---|---|{dashes}|---|
{rows}

`image` is the picture and `question` what is asked of it; `answer` is the typed answer as JSON, with its tolerance
where it is read by eye, `answer_text` what a right response puts in the box. `code` is the script, whose DATA is
`data`, and `program` defines answer(data); `second_program` was written from the question and the shape of the data
alone. `explanation` is the model's and is not checked. `provenance` and `asked_provenance` say whence chart and
question come: pipeline, persona or seed, model, prompts. `checks` is what was measured of each; `chart` names the
chart, `id` the problem.

`tier` says how far an answer is to be trusted. *proven*: its words were generated from the program. *agreed*: two
programs that were written apart agree, and so does a solver that saw the table and no program. *executed*: the two
programs alone, which may misread a question alike. Training takes the first two unless told otherwise.

## How it was made

    {command}

at commit {commits}. In a training config of chartgym, `data: {{{key}: {{source: DIR, share: 0.2}}}}` is all it takes.

"""


def card(folder: Path, name: str) -> str:
    """The text of README.md."""
    import pyarrow.dataset as ds

    from envs.datacard import checking, head, listed

    held = json.loads((folder / SETTINGS).read_text(encoding="utf-8"))
    found: dict[str, dict[str, Counter[str]]] = defaultdict(lambda: defaultdict(Counter))
    charts, ids, n = set(), [], 0
    if files := _shards(folder):
        columns = ["chart_type", "tier", "answer_kind", "chart", "id"]
        for one in ds.dataset(files).to_table(columns=columns).to_pylist():
            n += 1
            charts.add(one["chart"])
            ids.append(one["id"])
            for column in columns[1:4]:
                found[one["chart_type"]][column][one[column]] += 1
    rows = [
        f"| {_cell(kind) or 'not told'} | {len(of['chart'])} | {of['chart'].total()} "
        f"| {' | '.join(str(of['tier'][tier]) for tier in TIERS)} | {listed(of['answer_kind'])} |"
        for kind, of in sorted(found.items())
    ]
    said = ", ".join(f"{key} {value}" for key, value in held["about"].items())
    return (
        head(n, ids)
        + _CARD.format(
            n=n,
            charts=len(charts),
            about=f"This run: {_cell(said)}." if said else "",
            tiers=" | ".join(TIERS),
            dashes="|".join(["---"] * len(TIERS)),
            rows="\n".join(rows),
            command=held["command"] or "python -m envs.synthesis CONFIG",
            commits=", ".join(held["commits"]),
            key="".join(c if c.isalnum() else "_" for c in name.casefold()).strip("_") or "written",
        )
        + checking(name)
    )


def _cell(text: str) -> str:
    """Text of a model's, fit for a cell of a table."""
    return " ".join(text.replace("|", "/").replace("<", "&lt;").split())[:200]
