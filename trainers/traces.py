"""Worked solutions from a teacher: what a larger model says of the stream's problems, where the checker accepts it.

    python -m trainers.traces --base-url http://127.0.0.1:8000/v1 --model NAME --out traces/NAME \
        --cells 'bar/*' 'pie/*' --levels 0-4 --n 5000 --rpm 600 --price-in 0.15 --price-out 0.60
    python -m trainers.traces --base-url URL --model NAME --out DIR --addresses FILE

The teacher is behind any OpenAI-compatible endpoint; its key is OPENAI_API_KEY. Addresses are those of a training
stream (every cell and level alike) or of a file, never those of test sets. DIR holds
    asked.jsonl       every request when it is sent, and every answer when it comes: what a killed run goes on from
    traces.parquet    the accepted answers: address, trace, verdict, model and settings; for trainers.sft
    cells.csv         asked, accepted and share by cell
The same command goes on after an interruption and asks nothing again that was answered; what was under way at a kill is
asked again, may be paid twice, and is counted. A larger --n adds to what is there.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from envs.address import AddressError
from envs.curriculum import make_curriculum
from envs.endpoint import Pace, Prices
from trainers.backends import Reply, Request, Sampling, openai
from trainers.checkpoints import EvaluationError
from trainers.drawing import drawing
from trainers.ledger import Ledger, TraceError, estimate, report, write_parquet

if TYPE_CHECKING:
    from envs.problem import Problem

PROMPT = "{question}\nSay step by step what you read off the figure, then put the final answer in \\boxed{}."


def main(argv: Sequence[str] | None = None) -> int:
    args = parse(argv)
    try:
        return gather(args)
    except (TraceError, EvaluationError, AddressError) as error:
        print(f"traces: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nstopped; the same command goes on", file=sys.stderr)
        return 130


def gather(args: argparse.Namespace) -> int:
    """Ask what is not answered yet, keep what is accepted, and say what it cost. 1 if a request failed, else 0."""
    addresses = planned(args)
    settings = {
        "model": args.model,
        "prompt": args.prompt,
        "max_tokens": args.max_tokens,
        "temperature": args.temperature,
        "seed": args.seed,
    }
    prices = Prices(args.price_in, args.price_out)
    ledger = Ledger(args.out / "asked.jsonl", settings)
    wanted = [(address, sample) for sample in range(args.samples) for address in addresses]
    todo = [key for key in wanted if key not in ledger.answers]
    if ledger.answers or ledger.lost:
        print(f"{args.out} holds {len(wanted) - len(todo)} of {len(wanted)} answers: going on with the rest")
    if ledger.lost:
        print(
            f"{ledger.lost} requests were under way when a run was cut off: they are asked again, and may be paid twice"
        )
    print(estimate(ledger, addresses, len(todo), prices))
    if args.dry_run:
        return 0
    ledger.open()
    try:
        ask(args, settings, ledger, todo, prices, total=len(wanted))
    finally:
        ledger.close()
        if ledger.answers:
            write_parquet(args.out / "traces.parquet", ledger.answers.values(), settings)
            print(*report(args.out, ledger, prices), sep="\n")
    return 1 if ledger.failed else 0


def planned(args: argparse.Namespace) -> list[str]:
    """The addresses to ask, each once: of a file, or of a uniform training stream. Never those of a test set."""
    low, high = args.levels
    keys = {"mode": "fixed", "cells": args.cells, "seed": args.seed, "px": args.px}
    try:
        if args.addresses:
            lines = len(Path(args.addresses).read_text(encoding="utf-8").splitlines())
            plan = make_curriculum({"mode": "file", "path": args.addresses}).plan(0, args.n or lines)
        else:
            count, levels = args.n or 1000, range(low, high + 1)
            each = -(-count // len(levels))
            # A stream for each level, dealt in turn: the first addresses stay the same when --n grows.
            dealt = [make_curriculum({**keys, "level": level}).plan(i, each) for i, level in enumerate(levels)]
            plan = [dealt[i % len(levels)][i // len(levels)] for i in range(count)]
    except OSError as error:
        raise TraceError(f"--addresses {args.addresses}: {error.strerror or error}") from None
    except AddressError:
        raise
    except ValueError as error:
        raise TraceError(str(error)) from None
    return list(dict.fromkeys(map(str, plan)))


def draw(address: str) -> Problem:
    """The problem at a planned address; where it has none, at the next seed that has one."""
    from envs.problem import Unmakeable, make_near

    try:
        return make_near(address)
    except (AddressError, Unmakeable) as error:
        raise EvaluationError(f"{address} cannot be made: {error}") from None


def ask(
    args: argparse.Namespace,
    settings: dict[str, Any],
    ledger: Ledger,
    todo: Sequence[tuple[str, int]],
    prices: Prices,
    total: int,
) -> None:
    """Has the teacher answer what is left to ask; every request and every answer goes to the ledger as it happens."""
    from tqdm import tqdm

    if not todo:
        return
    pace = Pace(args.rpm)
    plan: dict[tuple[str, int], tuple[str, int]] = {}  # by the address that was made
    sampling = Sampling(
        prompt=args.prompt, max_tokens=args.max_tokens, temperature=args.temperature, seed=settings["seed"]
    )

    def before(request: Request) -> None:
        pace.wait()
        ledger.send(plan[str(request.problem.address), request.sample])

    def requests(problems: Iterator[Problem]) -> Iterator[Request]:
        for problem, (address, sample) in zip(problems, todo):
            if args.budget is not None and ledger.spent(prices) >= args.budget:
                print(f"\nthe budget of {args.budget:g} is spent: nothing more is asked", file=sys.stderr)
                return
            plan[str(problem.address), sample] = (address, sample)
            yield Request(problem, sample)

    backend = openai(args.base_url, args.model, sampling, concurrency=args.concurrency, before=before)
    accepted = sum(answer.accepted for answer in ledger.answers.values())
    with (
        drawing([address for address, _ in todo], args.workers, make=draw) as problems,
        tqdm(total=total, initial=total - len(todo), unit="answer", disable=args.quiet, smoothing=0.05) as bar,
    ):
        for request, reply in backend(requests(problems)):
            answer = ledger.settle(plan[str(request.problem.address), request.sample], judged(request, reply, plan))
            accepted += answer.accepted
            share = 100 * accepted / max(1, len(ledger.answers))
            cost = f", {ledger.spent(prices):.2f} spent" if prices.of(1, 1) else ""
            bar.set_postfix_str(f"{share:.1f} % accepted{cost}", refresh=False)
            bar.update()


def judged(request: Request, reply: Reply, plan: dict[tuple[str, int], tuple[str, int]]) -> dict[str, Any]:
    """An answer and what the checker says of it."""
    from rewards import score

    address = str(request.problem.address)
    planned_at = plan[address, request.sample][0]
    response = reply.text.encode("utf-8", "replace").decode()  # half a surrogate pair fits in no file
    verdict = score(response, request.problem.answer)
    failed = reply.finish == "error"
    return {
        "address": address,
        "sample": request.sample,
        "response": response,
        "correct": verdict.correct and not failed,
        "given": None if failed else verdict.given,
        "reason": response if failed else verdict.reason,
        "finish": reply.finish,
        "prompt_tokens": reply.prompt_tokens,
        "tokens": reply.tokens,
        "wanted": "" if planned_at == address else planned_at,
    }


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """One line, without the usage."""
        self.exit(2, f"traces: {message}\n")


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = _Parser(
        prog="python -m trainers.traces", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--base-url", required=True, help="of an OpenAI-compatible server, as http://127.0.0.1:8000/v1")
    parser.add_argument("--model", required=True, help="the name under which it serves the teacher")
    parser.add_argument("--out", required=True, type=Path, help="the folder of the answers")
    parser.add_argument("--cells", nargs="+", default=["*/*"], metavar="GLOB", help="over family/question (all)")
    parser.add_argument("--levels", default="0-4", help="as 0-4 or 2 (0-4)")
    parser.add_argument("--n", type=int, help="problems (1000, or all of the file)")
    parser.add_argument("--seed", type=int, default=0, help="of the addresses and of the teacher's samples")
    parser.add_argument("--px", default="448x448", help="the size of the images")
    parser.add_argument("--addresses", metavar="FILE", help="one address a line, instead of cells, levels and seed")
    parser.add_argument("--prompt", default=PROMPT, help="with {question} in it")
    parser.add_argument("--max-tokens", type=int, default=1024)
    parser.add_argument("--temperature", type=float, default=0.0, help="0 is greedy")
    parser.add_argument("--samples", type=int, default=1, metavar="K", help="answers to each problem")
    parser.add_argument("--concurrency", type=int, default=16, help="requests under way at once")
    parser.add_argument("--rpm", type=float, help="requests a minute at most")
    parser.add_argument("--price-in", type=float, default=0.0, help="of a million tokens of prompt")
    parser.add_argument("--price-out", type=float, default=0.0, help="of a million tokens of answer")
    parser.add_argument("--budget", type=float, help="ask no more once the answers have cost this")
    parser.add_argument("--workers", type=int, default=2, help="processes that draw ahead")
    parser.add_argument("--dry-run", action="store_true", help="say what would be asked and what it may cost")
    parser.add_argument("--quiet", action="store_true", help="no progress bar")
    args = parser.parse_args(argv)
    low, _, high = args.levels.partition("-")
    if not (low.isdigit() and (high or low).isdigit() and int(low) <= int(high or low)):
        parser.error(f"--levels {args.levels!r} is not a level or a span of levels: write 0-4 or 2")
    args.levels = (int(low), int(high or low))
    if "{question}" not in args.prompt:
        parser.error("--prompt does not say where the question goes: write {question} in it")
    for name in ("n", "max_tokens", "samples", "concurrency", "rpm"):
        value = getattr(args, name)
        if value is not None and value <= 0:
            parser.error(f"--{name.replace('_', '-')} {value:g}: give more than 0")
    if args.samples > 1 and args.temperature <= 0:
        parser.error("--samples needs a --temperature above 0: greedy answers are all alike")
    if args.budget is not None and not (args.price_in or args.price_out):
        parser.error("--budget needs --price-in and --price-out: without prices nothing is known to be spent")
    return args


if __name__ == "__main__":
    sys.exit(main())
