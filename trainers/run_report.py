"""See a run, while it trains or after: one page, and its rollouts as Parquet.

    python -m trainers.report runs/<name> [--watch [SECONDS]] [--out FILE] [--pictures N]

Writes runs/<name>/report.html: curves, step time by phase, what the curriculum asked, signs of reward hacking, and
samples with their pictures. It needs nothing but itself, and may be opened while the run goes on. With --watch it is
written again every so many seconds, and a browser that has it open loads it again, until the run ends. Without it the
rollouts are written as Parquet too, if there are new ones: runs/<name>/rollouts/, for `datasets.load_dataset`.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from envs.address import Address
from trainers.report import ReportError
from trainers.samples import Sample, choose
from trainers.seen import Seen, see
from trainers.shards import write_shards
from trainers.signs import signs

if TYPE_CHECKING:
    from envs.problem import Problem
    from trainers.run_page import Shown


def write_page(folder: Path, out: Path, pictures: int, refresh: float | None = None) -> Seen:
    """The page of a run as it is now, in one rename; ReportError where there is no run to see."""
    from trainers.run_page import page

    seen = see(folder)
    chosen = _lessons(seen, pictures) if seen.stage == "sft" else choose(seen, pictures)
    stored = any(Address.parse(one.row["address"]).stored for _, _, found in chosen for one in found)
    why_not = open_world(folder, stored)
    samples = [(heading, what, [_shown(sample, why_not) for sample in found]) for heading, what, found in chosen]
    html = page(seen, signs(seen), samples if pictures else [], None if seen.ended else refresh)
    partial = out.with_name(out.name + ".partial")
    try:
        partial.write_text(html, encoding="utf-8")
        os.replace(partial, out)
    except OSError as error:
        raise ReportError(f"cannot write {out}: {error.strerror or error}; give another --out") from None
    return seen


def _lessons(seen: Seen, pictures: int) -> list[tuple[str, str, list[Sample]]]:
    rows = seen.lessons[-2 * pictures :] if pictures else []
    found = [Sample(row=row, note=f"slot {row.get('slot')}") for row in rows]
    return [("Latest", "what was taught last", found)] if found else []


@lru_cache
def open_world(folder: Path, stored: bool) -> str:
    """Opens the texts and phrasings that a run's addresses name, and its data sets if any are `stored`, once; why that
    cannot be done, or nothing."""
    from trainers.config import ConfigError, load
    from trainers.data import open_data
    from trainers.preflight import text_key, words_key

    try:
        config = load(folder / "config.yaml")
        if not config.env.text.startswith("hub:"):  # a page is not worth a download
            text_key(config)
        words_key(config)
        if stored:
            open_data(config)
    except (ConfigError, OSError) as error:
        return str(error)
    return ""


def _shown(sample: Sample, why_not: str) -> Shown:
    from trainers.run_page import Shown

    try:
        return Shown(sample=sample, problem=_made(sample.row["address"]))
    except ValueError as error:
        return Shown(sample=sample, problem=None, why_not=f"no picture: {why_not or error}"[:300])


@lru_cache(256)
def _made(address: str) -> Problem:
    from trainers.drawing import made

    return made(address)


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """One line, without the usage."""
        self.exit(2, f"report: {message}\n")


def main(argv: Sequence[str] | None = None) -> int:
    parser = _Parser(
        prog="python -m trainers.report", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", help="of a run, as runs/tiny")
    parser.add_argument("--out", help="the page (report.html in the run's folder)")
    parser.add_argument("--watch", nargs="?", type=float, const=10.0, metavar="SECONDS", help="go on, every 10 s")
    parser.add_argument("--pictures", type=int, default=3, metavar="N", help="samples of a kind to show (3)")
    args = parser.parse_args(argv)
    if args.watch is not None and not 1 <= args.watch < 86_400:
        parser.error(f"--watch {args.watch:g}: give seconds, at least 1")
    if args.pictures < 0:
        parser.error(f"--pictures {args.pictures}: give 0 or more")
    folder = Path(args.folder)
    out = Path(args.out) if args.out else folder / "report.html"
    try:
        seen = write_page(folder, out, args.pictures, args.watch)
        print(f"wrote {out}", flush=True)
        while args.watch and not seen.ended:
            time.sleep(args.watch)
            seen = write_page(folder, out, args.pictures, args.watch)
        if (not args.watch or seen.ended) and (rows := write_shards(folder)) is not None:
            print(f"wrote {rows:,} rollouts to {folder / 'rollouts'}")
        return 0
    except ReportError as error:
        print(f"report: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(f"\nstopped; {out} stays as it was last", file=sys.stderr)
        return 130
