"""How good is a checkpoint on a fixed test set?

    python -m trainers.evaluate CONFIG --checkpoint DIR_OR_ID [--test-set core-v1] [--backend hf|vllm] [--limit N]
                                [--samples K --temperature T] [--out DIR] [--compare OTHER_REPORT] [key=value ...]
    python -m trainers.evaluate CONFIG --backend openai --base-url http://127.0.0.1:8000/v1 --model NAME

Greedy pass@1 unless told otherwise. A run's folder stands for its final policy, or else its last whole checkpoint.
Every GPU of the node takes a share of the problems (launch.devices). Every response is appended to DIR/rows.jsonl as it
comes; run the same command again after an interruption, or with a larger --limit, and it goes on where it stopped. Then
DIR/report.json and DIR/report.html are written. Rows of the config's `data:` that are set apart are asked as well, and
every set has its own row in the report, beside the test set's figures. Rows that were made with other settings are
refused, never mixed.
"""

from __future__ import annotations

import argparse
import json
import math
import re
import sys
import tempfile
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, NoReturn

from envs.address import Address
from envs.testsets import TestSetError
from envs.testsets import load as load_test_set
from envs.testsets import names as test_set_names
from trainers import rollouts
from trainers.answering import Task, answered, with_bar
from trainers.backends import Sampling
from trainers.checkpoints import EvaluationError, check_checkpoint, checkpoint_digest, chosen
from trainers.config import Config, ConfigError
from trainers.config import load as load_config
from trainers.data import open_data
from trainers.drawing import made
from trainers.report import Outcomes, ReportError, Row, as_text, build_report, open_rows, outcomes, read_report


def evaluate(config: Config, args: argparse.Namespace) -> int:
    """The whole evaluation; what is off is raised before anything heavy is loaded. 1 if a request failed, else 0."""
    other = None
    if args.compare:
        other = (str(args.compare), read_report(args.compare))
    name = args.test_set or config.eval.test_set
    if name is None:
        raise EvaluationError(f"which test set? Give --test-set or eval.test_set: one of {', '.join(test_set_names())}")
    test_set = load_test_set(name)
    addresses = [str(address) for address in test_set.addresses[: args.limit or config.eval.problems]]
    sets = open_data(config, evaluated=True)
    for data in sets.values():
        print(f"data {data.about()}")
    kept = {name: [str(data.address(row)) for row in data.apart[: args.limit]] for name, data in sets.items()}
    kept = {name: found for name, found in kept.items() if found}
    if other and not set(addresses) & set(other[1]["outcomes"]):
        raise ReportError(f"{args.compare} has no address in common with {test_set.name}")
    sampling = Sampling(
        prompt=config.prompt, max_tokens=config.eval.max_tokens, temperature=args.temperature, seed=config.seed
    )
    if args.backend != "openai":
        if (taken := chosen(args.checkpoint)) != args.checkpoint:
            print(f"{args.checkpoint} is a run: taking {taken}")
            args.checkpoint = taken
        check_checkpoint(args.checkpoint)
    settings = {
        "checkpoint": args.model if args.backend == "openai" else args.checkpoint,
        "weights": "" if args.backend == "openai" else checkpoint_digest(args.checkpoint),
        "test_set": f"{test_set.name} ({len(test_set)} problems, {test_set.digest})",
        "backend": args.backend,
        "dtype": "" if args.backend == "openai" else config.model.dtype,
        "prompt": config.prompt,
        "max_tokens": sampling.max_tokens,
        "samples": args.samples,
        "temperature": sampling.temperature,
        "seed": sampling.seed if sampling.temperature > 0 else None,
    }
    if kept:
        settings["data"] = ", ".join(sets[name].key for name in kept)
    label = re.sub(r"[^\w.-]+", "-", f"{test_set.name}-{settings['checkpoint']}").strip("-.")
    out = Path(args.out) if args.out else config.folder / "evaluations" / label
    rows = open_rows(out / "rows.jsonl", settings)

    every = [*addresses, *(address for found in kept.values() for address in found)]
    wanted = [(address, sample) for address in every for sample in range(args.samples)]
    found = {(row.address, row.sample): row for row in rows}
    done = {pair: found[pair] for pair in wanted if pair in found}
    todo = [pair for pair in wanted if pair not in done]
    if done:
        print(f"{out / 'rows.jsonl'} holds {len(done)} of {len(wanted)} answers: going on with the rest")
    sizes = {(address.width, address.height) for address in test_set.addresses}
    sizes |= {(side, side) for side in (math.isqrt(sets[name].handle.spec.max_pixels) for name in kept)}
    task = Task(
        config=config,
        args=args,
        sampling=sampling,
        test_set=test_set,
        stored=[sets[name].handle for name in kept],
        sizes=frozenset(sizes),
        todo=todo,
    )
    answer(task, done, out)
    rows = [done[pair] for pair in wanted if pair in done]
    write_report(out, rows, settings, total=len(addresses), other=other, pictures=args.pictures)
    return 1 if any(row.finish == "error" for row in rows) else 0


def answer(task: Task, done: dict[tuple[str, int], Row], out: Path) -> None:
    """Has the problems of the task answered; every row goes to rows.jsonl and into `done`."""
    if not task.todo:
        return
    log = rollouts.Log(out / "rows.jsonl")
    with tempfile.TemporaryDirectory() as scratch, closing(answered(task, Path(scratch))) as rows:
        try:
            for row in with_bar(rows, len(task.todo), list(done.values()), not task.args.quiet):
                log.write(row.to_json())
                done[row.address, row.sample] = row
        finally:
            log.close()
    if task.changed:
        print(
            f"warning: {len(task.changed)} problems are not the ones that {task.test_set.name} recorded: "
            f"see python -m envs check --test-set {task.test_set.name}",
            file=sys.stderr,
        )


def write_report(
    out: Path,
    rows: Sequence[Row],
    settings: dict[str, Any],
    *,
    total: int,
    other: tuple[str, dict[str, Any]] | None = None,
    pictures: int = 60,
) -> None:
    """report.json, report.html, and the heart of both on the terminal."""
    from trainers.report_page import page

    report = build_report(rows, settings, total=total, other=other)
    (out / "report.json").write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(as_text(report))
    failing = worst_rows(rows)
    theirs: Outcomes = other[1]["outcomes"] if other else {}
    cases = []
    for row in failing[:pictures]:
        right, asked = outcomes(r for r in rows if r.address == row.address).get(row.address, (0, 0))
        note = f"{right} of {asked} right" if asked > 1 else ""
        if row.address in theirs and theirs[row.address][0] > right:
            note = "the other was right" if not note else f"{note}, the other {theirs[row.address][0]}"
        cases.append((made(row.address), row, note))
    html = page(report, str(settings["checkpoint"]), cases, len(failing))
    (out / "report.html").write_text(html, encoding="utf-8")
    print(f"wrote {out / 'report.json'} and {out / 'report.html'}")


def worst_rows(rows: Sequence[Row]) -> list[Row]:
    """One wrong row for each problem that has one, dealt over the cells so that the first few show all kinds."""
    first: dict[str, Row] = {}
    for row in rows:
        if not row.correct and row.finish != "error":
            first.setdefault(row.address, row)
    turns: dict[tuple[str, str], int] = {}
    order = []
    for row in first.values():
        address = Address.parse(row.address)
        turn = turns[address.family, address.question] = turns.get((address.family, address.question), -1) + 1
        order.append((turn, address.family, address.question, row))
    return [row for *_, row in sorted(order, key=lambda each: each[:3])]


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """One line, without the usage."""
        self.exit(2, f"evaluate: {message}\n")


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = _Parser(
        prog="python -m trainers.evaluate", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("config", help="the run's YAML file: its prompt, eval section, seed and dtype hold here too")
    parser.add_argument("overrides", nargs="*", metavar="key=value", help="as eval.max_tokens=256")
    parser.add_argument("--checkpoint", help="a folder, of a run too, or the id of a model on a hub")
    parser.add_argument("--test-set", help="a name in envs/testsets/, or a .jsonl file of addresses")
    parser.add_argument("--backend", default="hf", choices=("hf", "vllm", "openai"))
    parser.add_argument("--base-url", help="of an OpenAI-compatible server, as http://127.0.0.1:8000/v1")
    parser.add_argument("--model", help="the name under which that server serves the model")
    parser.add_argument("--limit", type=int, help="the first N problems only; sets are dealt so that these are mixed")
    parser.add_argument("--samples", type=int, default=1, metavar="K", help="answers to each problem, for pass@k")
    parser.add_argument("--temperature", type=float, default=0.0, metavar="T", help="0 is greedy")
    parser.add_argument("--out", help="folder of rows.jsonl, report.json and report.html")
    parser.add_argument("--compare", metavar="OTHER_REPORT", help="a report.json, or its folder, for a paired test")
    parser.add_argument("--pictures", type=int, default=60, metavar="N", help="failing problems to show (60)")
    parser.add_argument("--quiet", action="store_true", help="no progress bar")
    args = parser.parse_intermixed_args(argv)
    if args.backend == "openai" and not (args.base_url and args.model):
        parser.error("--backend openai needs --base-url and --model")
    if args.backend != "openai" and not args.checkpoint:
        parser.error(f"--backend {args.backend} needs --checkpoint")
    if args.limit is not None and args.limit < 1:
        parser.error(f"--limit {args.limit}: give at least 1")
    if args.samples < 1:
        parser.error(f"--samples {args.samples}: give at least 1")
    if args.samples > 1 and args.temperature <= 0:
        parser.error("--samples needs a --temperature above 0: greedy answers are all alike")
    return args


def main(argv: Sequence[str] | None = None) -> int:
    args = parse(argv)
    try:
        return evaluate(load_config(args.config, args.overrides), args)
    except (ConfigError, TestSetError, ReportError, EvaluationError) as error:
        print(f"evaluate: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nstopped; run the same command again to go on", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
