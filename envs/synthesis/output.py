"""What a run leaves for others: a data set of its problems, and a page of what was kept and dropped.

<out>/<name>/problems/      Parquet shards that datasets.load_dataset opens, and their card: see shards.py
<out>/<name>/page.html      what was kept and dropped, with reasons: see page.py
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

from envs.logs import Log, read
from envs.synthesis.config import Config
from envs.synthesis.dedup import Dedup
from envs.synthesis.items import Chart, Dropped, Kept
from envs.synthesis.page import page
from envs.synthesis.pipelines.journal import Journal
from envs.synthesis.pipelines.packing import placed_chart, unfolded
from envs.synthesis.shards import write_shards

SHOWN = 12  # dropped items of a reason whose charts the page shows


def write(config: Config, folders: Sequence[Path], *, complete: bool) -> tuple[Counter[str], Counter[str]]:
    """Writes both; of several folders, the parts of one run, problems that repeat those of an earlier part are dropped.
    What was written by tier, and those by reason. `complete`: what is not kept any more goes from the data set."""
    tiers: Counter[str] = Counter()
    late: list[Dropped] = []
    charts: dict[str, Chart] = {}
    where = config.folder / "problems"
    about = {"pipeline": config.pipeline, "model": config.endpoint.model, "seed": config.seed}
    write_shards(where, _kept(folders, late, tiers), name=config.name, about=about, complete=complete)
    for folder in folders:
        charts |= _named(folder)
    page(
        config.folder / "page.html",
        _kept(folders, [], Counter()),
        _dropped(folders, late),
        title=config.name,
        charts=charts,
    )
    if len(folders) > 1:
        (config.folder / "dropped.jsonl").unlink(missing_ok=True)
        log = Log(config.folder / "dropped.jsonl")
        log.write(*(asdict(each) for each in late))
        log.close()
    return tiers, Counter(each.reason for each in late)


def problems(folder: Path, journal: Journal) -> Iterator[Kept]:
    """What a run kept, in an order that does not depend on when replies came."""
    places: list[tuple[tuple[int, ...], int]] = []
    at = 0
    with (folder / "kept.jsonl").open("rb") as file:
        for line in file:
            places.append((tuple(json.loads(line)["place"]), at))
            at += len(line)
        for _, at in sorted(places):
            file.seek(at)
            row = json.loads(file.readline())
            if chart := placed_chart(journal, row):
                yield unfolded(row["kept"], chart)


def _kept(folders: Sequence[Path], late: list[Dropped], tiers: Counter[str]) -> Iterator[Kept]:
    memory = Dedup()
    for folder in folders:
        journal = Journal(folder)
        try:
            for kept in problems(folder, journal):
                if len(folders) > 1 and (why := memory.seen(kept)):
                    said = {"chart": kept.chart.id, "question": kept.asked.question}
                    late.append(Dropped(stage="dedup parts", reason=why, inputs=said))
                else:
                    tiers[kept.tier] += 1
                    yield kept
        finally:
            journal.close()


def _dropped(folders: Sequence[Path], late: Sequence[Dropped]) -> Iterator[Dropped]:
    for folder in folders:
        for row in read(folder / "dropped.jsonl"):
            yield Dropped(**{name: row[name] for name in ("stage", "reason", "detail", "inputs")})
    yield from late


def _named(folder: Path) -> dict[str, Chart]:
    """Charts that the dropped items which a page shows speak of."""
    counts: Counter[tuple[str, str]] = Counter()
    wanted = set()
    for row in read(folder / "dropped.jsonl"):
        counts[row["stage"], row["reason"]] += 1
        if counts[row["stage"], row["reason"]] <= SHOWN and "chart" in row["inputs"]:
            wanted.add(row["inputs"]["chart"])
    found: dict[str, Chart] = {}
    journal = Journal(folder)
    try:
        for row in journal.worked("dedup charts") if wanted else ():
            if row["id"] in wanted and (chart := placed_chart(journal, row)):
                found[chart.id] = chart
    finally:
        journal.close()
    return found
