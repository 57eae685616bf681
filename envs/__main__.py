"""python -m envs COMMAND: the world from a terminal; `python -m envs --help` lists the commands."""

from __future__ import annotations

import argparse
import json
import os
import shlex
import signal
import sys
import threading
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

from envs.address import Address, AddressError, Draws
from envs.registry import cells
from envs.typed import (
    BadInput,
    chosen_cells,
    level_list,
    opened_data,
    opened_phrasings,
    opened_text,
    pixels,
    save,
    shard,
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m envs", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="|".join(COMMANDS))
    listing = commands.add_parser("list", help="the cells: which question can be asked of which family")
    listing.add_argument("--json", action="store_true", help="one JSON object a line")
    show = commands.add_parser("show", help="one problem: question, answer, solution, how well each item can be read")
    show.add_argument("address", help="as bar/kth_largest/3/9137, test:pie/count/0/1?px=224x224, stored/SET:DIGEST/17")
    show.add_argument("--data", metavar="SOURCE", help="where a stored problem is: a folder or a Parquet file")
    show.add_argument("--px", default="448x448", help="of a stored problem: WIDTHxHEIGHT of the run, as env.px")
    show.add_argument("--out", type=Path, help="write the picture there (PNG)")
    gallery = commands.add_parser("gallery", help="a page of random problems")
    gallery.add_argument("--out", type=Path, default=Path("gallery.html"), help="a .html page, or a .png of a few")
    gallery.add_argument("--count", type=int, help="problems in all; each cell has one, and 60 are shown, by default")
    gallery.add_argument(
        "--data",
        metavar="SOURCE",
        help="--count problems of this data set, a folder or a Parquet file; cells if asked for",
    )
    for command in (show, gallery):
        command.add_argument(
            "--tiers", default="proven,agreed", help="of problems that a model wrote, those to be trusted so"
        )
    check = commands.add_parser("check", help="measure the promises; exit status 1 if one does not hold")
    check.add_argument("--count", type=int, default=100, help="addresses for each cell and level")
    check.add_argument("--sample", type=int, metavar="N", help="only N addresses, dealt over all cells and levels")
    check.add_argument("--out", type=Path, help="also write the table as Markdown there")
    check.add_argument(
        "--guess",
        type=Path,
        metavar="CSV",
        help="only draw --count problems a cell and band: guessable? new? rows go there",
    )
    check.add_argument("--test-set", metavar="NAME", help="re-make a fixed test set and compare, instead")
    check.add_argument("--workers", type=int, default=2)
    check.add_argument("--store", type=Path, metavar="DIR", help="keep what is done there; a cut-off check goes on")
    check.add_argument("--shard", default="1/1", metavar="I/N", help="do only the I-th of N parts, as 2/8")
    harder = commands.add_parser("difficulty", help="accuracy by level of a scripted reader with weak eyes")
    harder.add_argument(
        "--sample", type=int, default=20000, metavar="N", help="problems, dealt over questions and levels"
    )
    export = commands.add_parser("export", help="problems as a data set: Parquet shards with a card")
    export.add_argument("--n", type=int, required=True, help="how many problems, dealt over cells and levels")
    export.add_argument("--out", type=Path, required=True, metavar="DIR", help="what is there already is gone on with")
    export.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="processes; 0 draws in this one")
    export.add_argument(
        "--ray", action="store_true", help="as a Ray Data job, --workers shards at once; all nodes see --out"
    )
    export.add_argument("--push-to-hub", metavar="NAME", help="upload the folder as USER/DATASET when it is complete")
    stats = commands.add_parser("stats", help="what an exported folder or a test set holds, and how diverse it is")
    stats.add_argument("target", metavar="DIR_OR_TEST_SET")
    stats.add_argument("--json", action="store_true", help="one JSON object")
    families = commands.add_parser("families", help="a page of all families with pictures, for the documentation")
    families.add_argument("--out", type=Path, default=Path("families.md"), help="pictures go into a folder beside it")
    for command in (show, gallery, check):
        command.add_argument(
            "--text", metavar="SPEC", help="text of your own: files:GLOB or hub:DATASET:COLUMN[:SPLIT]"
        )
    for command in (show, gallery):
        command.add_argument(
            "--phrasings", metavar="FILE", help="ask in these phrasings too: JSON or TOML, by question"
        )
    for command in (gallery, check, harder, export):
        command.add_argument("--cells", nargs="*", metavar="FAMILY/QUESTION", help="globs")
        command.add_argument("--levels", default="0-5" if command is export else "0-8", help="as 3 or 0-8 or 0-8,40")
        command.add_argument("--px", default="448x448", help="WIDTHxHEIGHT")
        command.add_argument("--seed", type=int, default=0)
    bench = commands.add_parser("bench", help="CPU milliseconds a problem, beside decoding its PNG")
    bench.add_argument("--count", type=int, default=200, help="problems of each family")
    bench.add_argument("--families", nargs="+", default=["*"], metavar="GLOB")
    options = parser.parse_args(arguments)
    try:
        options.asked_for = getattr(options, "cells", None) is not None
        options.cells = options.cells if options.asked_for else ["*"]
        options.corpus = opened_text(getattr(options, "text", None))
        options.words = opened_phrasings(getattr(options, "phrasings", None))
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
            keys = ("family", "question", "view", "answer", "skill", "top_level", "smallest")
            print(json.dumps({key: getattr(cell, key) for key in keys}))
        else:
            print(f"{cell.family + '/' + cell.question:28}{cell.view:12}{cell.answer:10}{cell.skill}")
    return 0


def _show(options: argparse.Namespace) -> int:
    from PIL import Image

    from envs.problem import Unmakeable, draw, make

    address = Address.parse(options.address)
    if address.stored:
        _open_for(address, options)
    try:
        problem, draft = make(address), None if address.stored else draw(address)
    except Unmakeable as failure:
        raise BadInput(failure) from None
    except ValueError as wrong:  # an outside corpus that is not open, or has changed
        raise BadInput(wrong) from None
    print(f"address   {problem.address}")
    print(f"question  {problem.question}")
    print(f"answer    {json.dumps(problem.answer.to_json())}")
    if "tier" in problem.meta:
        print(f"tier      {problem.meta['tier']}")
    if draft is not None:
        print(f"solution  {problem.solution}")
        print(f"made in   {problem.meta['tries']} {'try' if problem.meta['tries'] == 1 else 'tries'}")
        for reason in problem.meta["turned_away"]:
            print(f"          turned away: {reason}")
        print(f"{'item':32}{'value':>24}{'read to':>14}")
        for name, value, reading in draft.view.describe():
            print(f"{name:32}{value:>24}{reading:>14}")
    if options.out:
        save(options.out, lambda path: Image.fromarray(problem.image).save(path, "PNG"))
    return 0


def _open_for(address: Address, options: argparse.Namespace) -> None:
    """Opens the data set of a stored problem; BadInput where it is not the one that the address names."""
    key = address.text
    if not options.data:
        raise BadInput(f"{address} is a row of a data set: say where that is with --data FOLDER_OR_PARQUET")
    found = opened_data(options.data, options.tiers, key.partition(":")[0], pixels(options.px))
    if found.key != key:
        raise BadInput(
            f"{options.data} is {found.key} with --tiers {options.tiers} and --px {options.px}, not {key}: "
            "give the tiers and env.px of the run that names this address, and the data that it had"
        )


def _gallery(options: argparse.Namespace) -> int:
    from tqdm import tqdm

    from envs.gallery import contact_sheet, first, page
    from envs.problem import Unmakeable, make_near

    levels, px = level_list(options.levels), pixels(options.px)
    draws = Draws("gallery", options.seed)
    wanted, stored = [], []
    if options.data:
        found = opened_data(options.data, options.tiers)
        print(found.about(), file=sys.stderr)
        stored = [found.address(row) for row in draws.shuffled(found.rows)[: options.count or 60]]
    if options.asked_for or not options.data:
        chosen = chosen_cells(options.cells, px)
        count = max(60, len(chosen)) if options.count is None else options.count
        wanted = [(chosen[i % len(chosen)], draws.choice(levels)) for i in range(count)]
    bar = tqdm(wanted, desc="drawing", unit="problem", disable=not sys.stderr.isatty())
    try:
        problems = [make_near(address) for address in stored]
        problems += [first(cell, level, draws, px, options.corpus, options.words) for cell, level in bar]
    except Unmakeable as failure:
        raise BadInput(failure) from None
    if options.out.suffix == ".png":
        save(options.out, lambda path: contact_sheet(problems).save(path, "PNG", optimize=True))
    else:
        save(options.out, lambda path: path.write_text(page(problems), encoding="utf-8"))
    return 0


def _check(options: argparse.Namespace) -> int:
    if options.test_set:
        return _check_test_set(options.test_set)
    if options.guess:
        return _check_guess(options)
    from tqdm import tqdm

    from envs.checkstore import Chunk, Store, chunks, sample
    from envs.checktable import render
    from envs.quality import put_section

    levels, px = level_list(options.levels), pixels(options.px)
    chosen = chosen_cells(options.cells, px)
    dealt = (sample, options.sample) if options.sample else (chunks, options.count)
    wanted = dealt[0](chosen, levels, dealt[1], options.seed, px, options.corpus)
    part, parts = shard(options.shard)
    with TemporaryDirectory() as passing:
        store = Store(options.store or Path(passing), f"part-{part}-of-{parts}.jsonl")
        todo = [chunk for i, chunk in enumerate(wanted) if i % parts == part - 1 and chunk not in store]
        bar = tqdm(
            total=sum(chunk.count for chunk in wanted),
            initial=sum(chunk.count for chunk in wanted if chunk in store),
            desc="checking",
            unit="address",
            disable=not sys.stderr.isatty(),
        )
        with ProcessPoolExecutor(options.workers) as pool:
            for chunk, tally in zip(todo, pool.map(Chunk.examine, todo, chunksize=16 if options.sample else 2)):
                store.put(chunk, tally)
                bar.update(chunk.count)
        bar.close()
        text, broken = render(store.tallies(wanted))
        made_by = store.made_by(wanted)
    print(text)
    if options.out:
        many = f"--sample {options.sample}" if options.sample else f"--count {options.count}"
        command = f"python -m envs check {many} --seed {options.seed} --levels {options.levels} --px {options.px}"
        said = f"`{command}`, {made_by}.\n\n{text}"
        save(options.out, lambda path: put_section(path, "Right, readable, at once", said))
    return 1 if broken else 0


def _check_guess(options: argparse.Namespace) -> int:
    from tqdm import tqdm

    from envs.quality import Table, Work, plan, put_section, summary

    levels, px = level_list(options.levels), pixels(options.px)
    part, parts = shard(options.shard)
    wanted = plan(chosen_cells(options.cells, px), levels, options.count, options.seed, px)
    table = Table(options.guess)
    todo = [work for i, all_ in enumerate(wanted) if i % parts == part - 1 and (work := table.lacks(all_))]
    bar = tqdm(
        total=sum(len(work.cells) for work in todo), desc="guessing", unit="band", disable=not sys.stderr.isatty()
    )
    with ProcessPoolExecutor(options.workers) as pool:
        for work, rows in zip(todo, pool.map(Work.rows, todo)):
            table.add(rows)
            bar.update(len(work.cells))
    bar.close()
    table.tidy()
    text, broken = summary(table)
    text += "\n\n" + "\n".join([*(f"- {line}" for line in broken)] or ["Every promise holds."])
    print(text)
    if options.out:
        save(options.out, lambda path: put_section(path, "Not guessable, new", text))
    return 1 if broken else 0


def _difficulty(options: argparse.Namespace) -> int:
    from tqdm import tqdm

    from envs.difficulty import broken, deal, endless, measure, pooled, table

    levels, px = level_list(options.levels), pixels(options.px)
    chosen = chosen_cells(options.cells, px)
    dealt = list(deal(chosen, levels, options.sample, options.seed))
    slopes = measure(chosen, tqdm(dealt, desc="reading", unit="problem", disable=not sys.stderr.isatty()), px)
    print(table(slopes))
    return 1 if broken(pooled(slopes)) or endless(slopes) else 0


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

    try:
        print(table(measure(options.count, options.families)))
    except ValueError as wrong:
        raise BadInput(wrong) from None
    return 0


def _export(options: argparse.Namespace) -> int:
    from tqdm import tqdm

    from envs import export
    from envs.datacard import card

    levels, px = level_list(options.levels), pixels(options.px)
    if options.n < 1:
        raise BadInput(f"--n {options.n}: ask for at least one problem")
    if options.workers < 0:
        raise BadInput(f"--workers {options.workers}: 0 draws in this process, more in as many others")
    chosen = tuple((cell.family, cell.question) for cell in chosen_cells(options.cells, px))
    plan = export.Plan(options.n, chosen, tuple(levels), px, options.seed)
    said = f"--levels {options.levels} --px {options.px} --seed {options.seed} --out {shlex.quote(options.out.name)}"
    command = f"python -m envs export --n {options.n} --cells {shlex.join(options.cells)} {said}"
    try:
        if options.push_to_hub:
            export.check_name(options.push_to_hub)
        todo = export.prepare(plan, options.out, command)
        done = plan.n - sum(len(plan.span(i)) for i in todo)
        writer = export.write_with_ray if options.ray else export.write
        bar = tqdm(total=plan.n, initial=done, desc="exporting", unit="problem", disable=not sys.stderr.isatty())
        stopped = threading.Event()

        def stop(*_: object) -> None:
            stopped.set()
            raise KeyboardInterrupt

        before = signal.signal(signal.SIGINT, stop)
        try:
            with bar:
                for rows in writer(plan, options.out, todo, options.workers):
                    bar.update(rows)
                    if stopped.is_set():  # the exception is lost where it strikes in a callback of the interpreter
                        raise KeyboardInterrupt
        except KeyboardInterrupt:
            done = plan.n - sum(len(plan.span(i)) for i in export.missing(plan, options.out))
            print(f"stopped: {done} of {plan.n} problems are done, and the same command goes on", file=sys.stderr)
            return 130
        finally:
            signal.signal(signal.SIGINT, before)
        text = card(options.out, options.push_to_hub or options.out.name)
        save(options.out / export.CARD, lambda path: path.write_text(text, encoding="utf-8"))
        if options.push_to_hub:
            print(f"pushed to {export.push(options.out, options.push_to_hub)}", file=sys.stderr)
    except export.ExportError as wrong:
        raise BadInput(wrong) from None
    return 0


def _stats(options: argparse.Namespace) -> int:
    from envs.stats import StatsError, measure, render, rows_of

    try:
        found = measure(*rows_of(options.target, progress=sys.stderr.isatty()))
    except StatsError as wrong:
        raise BadInput(wrong) from None
    name = Path(options.target).resolve().name
    print(json.dumps({"name": name} | found, indent=2) if options.json else render(name, found))
    return 0


def _families(options: argparse.Namespace) -> int:
    from envs.families import write

    if options.out.suffix != ".md":
        raise BadInput(f"--out {str(options.out)!r}: the page is Markdown, name it as in docs/families.md")
    save(options.out, write)
    return 0


COMMANDS = {
    "list": _list,
    "show": _show,
    "gallery": _gallery,
    "check": _check,
    "difficulty": _difficulty,
    "bench": _bench,
    "export": _export,
    "stats": _stats,
    "families": _families,
}

if __name__ == "__main__":
    sys.exit(main())
