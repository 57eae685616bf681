"""python -m envs list | show | gallery | check | bench: look at the world from a terminal."""

from __future__ import annotations

import argparse
import json
import sys
from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from envs.address import Address, AddressError, Draws
from envs.registry import Cell, cells, nearest


class BadInput(Exception):
    """Something the user typed; shown as one line, exit status 2."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m envs", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="list|show|gallery|check|bench")
    listing = commands.add_parser("list", help="the cells: which question can be asked of which family")
    listing.add_argument("--json", action="store_true", help="one JSON object a line")
    show = commands.add_parser("show", help="one problem: question, answer, solution, how well each item can be read")
    show.add_argument("address", help="as bar/kth_largest/3/9137, or test:pie/count/0/1?px=224x224")
    show.add_argument("--out", type=Path, help="write the picture there (PNG)")
    gallery = commands.add_parser("gallery", help="a page of random problems")
    gallery.add_argument("--out", type=Path, default=Path("gallery.html"), help="a .html page, or a .png of a few")
    gallery.add_argument("--count", type=int, default=60)
    check = commands.add_parser("check", help="measure the promises; exit status 1 if one does not hold")
    check.add_argument("--count", type=int, default=100, help="addresses for each cell and level")
    check.add_argument("--out", type=Path, help="also write the table as Markdown there")
    check.add_argument("--test-set", metavar="NAME", help="re-make a fixed test set and compare, instead")
    check.add_argument("--workers", type=int, default=2)
    for command in (show, gallery, check):
        command.add_argument(
            "--text", metavar="SPEC", help="text of your own: files:GLOB or hub:DATASET:COLUMN[:SPLIT]"
        )
    for command in (gallery, check):
        command.add_argument("--cells", nargs="*", default=["*"], metavar="FAMILY/QUESTION", help="globs")
        command.add_argument("--levels", default="0-8", help="as 3 or 0-8")
        command.add_argument("--px", default="448x448", help="WIDTHxHEIGHT")
        command.add_argument("--seed", type=int, default=0)
    bench = commands.add_parser("bench", help="CPU milliseconds a problem, beside decoding its PNG")
    bench.add_argument("--count", type=int, default=200)
    options = parser.parse_args(arguments)
    try:
        options.corpus = _open(getattr(options, "text", None))
        return COMMANDS[options.command](options)
    except (AddressError, BadInput) as wrong:
        print(f"error: {wrong}", file=sys.stderr)
        return 2
    except BrokenPipeError:
        return 0
    except KeyboardInterrupt:
        return 130


def _list(options: argparse.Namespace) -> int:
    for cell in cells():
        if options.json:
            keys = ("family", "question", "view", "answer", "skill", "top_level")
            print(json.dumps({key: getattr(cell, key) for key in keys}))
        else:
            print(f"{cell.family + '/' + cell.question:28}{cell.view:12}{cell.answer:10}{cell.skill}")
    return 0


def _show(options: argparse.Namespace) -> int:
    from PIL import Image

    from envs.problem import Unmakeable, draw, make

    try:
        problem, draft = make(options.address), draw(options.address)
    except Unmakeable as failure:
        raise BadInput(failure) from None
    except ValueError as wrong:  # an outside corpus that is not open, or has changed
        raise BadInput(wrong) from None
    print(f"address   {problem.address}")
    print(f"question  {problem.question}")
    print(f"answer    {json.dumps(problem.answer.to_json())}")
    print(f"solution  {problem.solution}")
    print(f"made in   {problem.meta['tries']} {'try' if problem.meta['tries'] == 1 else 'tries'}")
    for reason in problem.meta["turned_away"]:
        print(f"          turned away: {reason}")
    unit = draft.view.unit
    print(f"{'item':20}{'value':>10}{'read to':>14}{'mark px':>10}")
    for item in draft.view.items:
        reading = "order only" if item.err == float("inf") else f"± {item.err:.2f}{unit}" if item.err else "exact"
        print(f"{item.name:20}{item.value:>9.2f}{unit or ' '}{reading:>14}{item.length:>10.1f}")
    if options.out:
        _write(options.out, lambda path: Image.fromarray(problem.image).save(path, "PNG"))
    return 0


def _gallery(options: argparse.Namespace) -> int:
    from tqdm import tqdm

    from envs.gallery import contact_sheet, page
    from envs.problem import Unmakeable, make

    chosen, levels, px = _chosen(options.cells), _levels(options.levels), _px(options.px)
    draws = Draws("gallery", options.seed)
    order = [chosen[i % len(chosen)] for i in range(options.count)]
    addresses = [
        Address(c.family, c.question, draws.choice(levels), draws.integers(0, 10**6), False, *px, options.corpus)
        for c in order
    ]
    try:
        problems = [make(a) for a in tqdm(addresses, desc="drawing", unit="problem", disable=not sys.stderr.isatty())]
    except Unmakeable as failure:
        raise BadInput(failure) from None
    if options.out.suffix == ".png":
        _write(options.out, lambda path: contact_sheet(problems).save(path, "PNG", optimize=True))
    else:
        _write(options.out, lambda path: path.write_text(page(problems), encoding="utf-8"))
    return 0


def _check(options: argparse.Namespace) -> int:
    if options.test_set:
        return _check_test_set(options.test_set)
    from tqdm import tqdm

    from envs.check import Tally, addresses, examine
    from envs.checktable import render

    chosen, levels, px = _chosen(options.cells), _levels(options.levels), _px(options.px)
    todo = list(addresses(chosen, levels, options.count, options.seed, px, options.corpus))
    tallies: dict[tuple[str, str, int], Tally] = defaultdict(Tally)
    with ProcessPoolExecutor(options.workers) as pool:
        bar = tqdm(total=len(todo), desc="checking", unit="address", disable=not sys.stderr.isatty())
        for address, tally in zip(todo, pool.map(examine, todo, chunksize=50)):
            tallies[address.family, address.question, address.level].add(tally)
            bar.update()
        bar.close()
    text, broken = render(tallies)
    print(text)
    if options.out:
        _write(options.out, lambda path: path.write_text(text + "\n", encoding="utf-8"))
    return 1 if broken else 0


def _check_test_set(name: str) -> int:
    from envs.testsets import verify

    try:
        differences = verify(name)
    except (ValueError, OSError) as wrong:
        raise BadInput(wrong) from None
    for difference in differences:
        print(difference)
    print(f"{name}: {len(differences)} differences" if differences else f"{name}: every problem is as it was")
    return 1 if differences else 0


def _bench(options: argparse.Namespace) -> int:
    from envs.bench import measure, table

    print(table(measure(options.count)))
    return 0


def _open(spec: str | None) -> str:
    """Open a corpus; the text key of its addresses, '' for the built-in grammar."""
    if not spec or spec == "grammar":
        return ""
    from envs.text import TextError, open_corpus

    try:
        corpus = open_corpus(spec)
    except TextError as wrong:
        raise BadInput(wrong) from None
    return corpus.key


def _chosen(globs: Sequence[str]) -> list[Cell]:
    found = []
    names = [f"{cell.family}/{cell.question}" for cell in cells()]
    for glob in globs:
        if not any(fnmatchcase(name, glob) for name in names):
            raise BadInput(f"no cell matches {glob!r}{nearest(glob, names)}")
    for cell, name in zip(cells(), names):
        if any(fnmatchcase(name, glob) for glob in globs):
            found.append(cell)
    return found


def _levels(text: str) -> list[int]:
    low, _, high = text.partition("-")
    if not low.isdigit() or not (high or low).isdigit() or int(high or low) < int(low):
        raise BadInput(f"--levels {text!r} is not a level or a range: write 3 or 0-8")
    return list(range(int(low), int(high or low) + 1))


def _px(text: str) -> tuple[int, int]:
    address = Address.parse(f"bar/count/0/0?px={text}")
    return address.width, address.height


def _write(path: Path, write: Any) -> None:
    try:
        write(path)
    except OSError as wrong:
        raise BadInput(f"cannot write {str(path)!r}: {wrong.strerror or wrong}") from None
    print(f"wrote {path}", file=sys.stderr)


COMMANDS = {"list": _list, "show": _show, "gallery": _gallery, "check": _check, "bench": _bench}

if __name__ == "__main__":
    sys.exit(main())
