"""Charts that a language model writes, and questions whose answers execution bears out.

    python -m envs.synthesis configs/synthesis/reachqa.yaml
    python -m envs.synthesis configs/synthesis/cosyn.yaml endpoint.base_url=http://127.0.0.1:8000/v1 endpoint.model=NAME
    python -m envs.synthesis configs/synthesis/cosyn.yaml 'cosyn.request=nutrition fact labels' budget.money=5

The model is behind any OpenAI-compatible endpoint; its key is OPENAI_API_KEY, or the variable that endpoint.key names.
The same command goes on after an interruption and asks nothing again that was answered. docs/synthesis.md says more.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

from envs.logs import write_whole
from envs.sandbox import SandboxError
from envs.synthesis.config import Config, ConfigError, load
from envs.synthesis.output import write
from envs.synthesis.personas import PersonaError
from envs.synthesis.pipelines.client import EndpointError
from envs.synthesis.pipelines.engine import Count, table
from envs.synthesis.pipelines.journal import JournalError
from envs.synthesis.run import Result, plan, produce
from envs.synthesis.shards import ShardsError


def main(argv: Sequence[str] | None = None) -> int:
    args = parse(argv)
    try:
        config = load(args.config, args.overrides)
        items = plan(config)
        print(f"{config.folder}: {describe(config, len(items))}")
        if args.dry_run:
            return 0
        result = run(config, items, args)
    except (ConfigError, PersonaError, EndpointError, JournalError, SandboxError, ShardsError) as error:
        print(f"synthesis: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"synthesis: {error.filename or 'the disk'}: {error.strerror or error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nstopped; the same command goes on", file=sys.stderr)
        return 130
    return tell(config, result)


def run(config: Config, items: Sequence[Any], args: argparse.Namespace) -> Result:
    """Makes what there is to make, here or with Ray, then the data set and the page."""
    from envs.synthesis.scale import parts_of, produce_with_ray

    if (config.folder / ("asked.jsonl" if args.ray else "parts")).exists():
        mend = "go on without --ray" if args.ray else "go on with --ray"
        raise ConfigError(f"{config.folder} was begun otherwise: {mend}, or give another name")
    if args.ray:
        parts = parts_of(config, items)
        result = produce_with_ray(config, parts, args.ray, quiet=args.quiet)
        folders = [part.folder for part in parts if (part.folder / "kept.jsonl").exists()]
    else:
        result = produce(config, items, config.folder, quiet=args.quiet)
        folders = [config.folder]
    tiers, again = write(config, folders, complete=not (result.stopped or result.error))
    if len(folders) > 1:
        count = Count(came=result.kept, asked=result.kept, kept=tiers.total(), dropped=again)
        result.summary["stages"]["dedup parts"] = count.to_json()
    result.summary.update(kept=tiers.total(), tiers=dict(tiers))
    write_whole(config.folder / "summary.json", json.dumps(result.summary, indent=1) + "\n")
    return result


def describe(config: Config, first: int) -> str:
    """What a run is about to do, in a line."""
    questions, votes = config.questions, config.votes
    asked = questions.recognition + questions.reasoning
    if config.pipeline == "reachqa":
        evolve = config.reachqa.evolve
        charts = first * sum(evolve.each**depth for depth in range(evolve.rounds + 1))
        requests = charts
    else:
        charts = first * config.cosyn.each
        requests = first + 2 * charts
    requests += charts * ((asked > 0) + votes.images)
    requests += int(charts * asked * (1 + questions.blind + questions.rewrite + votes.pairs))
    each = f"{asked} questions and {questions.composed} composed ones each"
    what = f"at most {charts} charts with {each}, {requests} requests besides repairs and second tries"
    return f"{config.pipeline}, {what}, to {config.endpoint.model}"


def tell(config: Config, result: Result) -> int:
    """Prints the account, and how the run ended; its exit status: 1 where requests failed that may yet be answered."""
    spent = result.summary["spent"]
    print(*table(result.summary["stages"]), sep="\n")
    tiers = ", ".join(f"{n} {tier}" for tier, n in result.summary["tiers"].items())
    print(f"{result.summary['kept']} problems kept ({tiers or 'none'}), in {config.folder / 'problems'}")
    print(f"what was kept and dropped, and why: {config.folder / 'page.html'}")
    money = f", {spent['money']:.4f} at these prices" if spent["money"] else ""
    print(f"{spent['requests']} requests, {spent['prompt_tokens']} tokens in and {spent['tokens']} out{money}")
    for n, said in (
        (spent["cut_off"], "requests were under way when a run was cut off: they may have been paid twice"),
        (spent["unanswered"], "requests were sent and never answered: they may have been billed all the same"),
        (spent["failed"], "requests failed: the same command asks them again"),
        (spent["estimated"], "replies came without a count of tokens: theirs were reckoned from their length"),
        (result.summary["errors_of_our_own"], "items met an error of our own (see dropped.jsonl): please report it"),
    ):
        if n:
            print(f"{n} {said}")
    if result.error:
        print(f"synthesis: {result.error}", file=sys.stderr)
        return 2
    if result.stopped:
        print(f"{result.stopped}; the same command goes on", file=sys.stderr)
    return 128 + result.signal if result.signal else int(result.summary["this_run"]["failed"] > 0)


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """One line, without the usage."""
        self.exit(2, f"synthesis: {message.replace('config, key=value', 'config')}\n")


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = _Parser(
        prog="python -m envs.synthesis", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("config", help="a YAML file, as configs/synthesis/reachqa.yaml")
    parser.add_argument("overrides", nargs="*", metavar="key=value", help="as endpoint.model=NAME")
    parser.add_argument("--dry-run", action="store_true", help="check the config and say what would be done")
    parser.add_argument("--quiet", action="store_true", help="no progress bar")
    parser.add_argument("--ray", type=int, metavar="N", help="as a Ray Data job in N parts at once")
    args = parser.parse_intermixed_args(argv)  # overrides may stand before and after options
    if args.ray is not None and args.ray < 1:
        parser.error(f"--ray {args.ray}: give at least 1")
    return args


if __name__ == "__main__":
    sys.exit(main())
