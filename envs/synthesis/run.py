"""The story of one run: what there is to do, the stages that do it, a bar, a clean end, and what it leaves behind.

<out>/<name>/
    config.yaml     the config of the latest run
    asked.jsonl work.jsonl      the journal: what a run that was cut off goes on from
    dropped.jsonl   what was not kept in the latest run, with its stage, reason and inputs
    kept.jsonl      what was kept, as references into the journal; output.py makes a data set of it
    summary.json    the account: for each stage asked = kept + dropped by reason (+ left, if it was stopped)
"""

from __future__ import annotations

import asyncio
import json
import signal
import sys
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, suppress
from dataclasses import asdict, dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any

from envs.logs import Log, write_whole
from envs.sandbox import Limits, Sandbox, SandboxError
from envs.synthesis.config import Config, ConfigError, Endpoint
from envs.synthesis.items import Dropped, Kept
from envs.synthesis.pipelines import cosyn, reachqa
from envs.synthesis.pipelines.asking import Asker, Purse
from envs.synthesis.pipelines.client import Client, EndpointError
from envs.synthesis.pipelines.engine import GRACE, Engine, Stop
from envs.synthesis.pipelines.engine import Path as Place
from envs.synthesis.pipelines.journal import Journal, JournalError
from envs.synthesis.pipelines.packing import folded, found_new
from envs.synthesis.pipelines.stages import Checks, Works

FATAL = (EndpointError, JournalError, SandboxError)
SIGNALS = (signal.SIGINT, signal.SIGTERM)


@dataclass(frozen=True, kw_only=True)
class Result:
    """How a run ended."""

    stopped: str  # why it ended early, or ""
    signal: int  # that ended it, or 0
    error: str  # what made it impossible to go on, in one line, or ""
    kept: int
    summary: dict[str, Any]


def plan(config: Config) -> Sequence[Any]:
    """The first items. ConfigError where the config leaves none."""
    from envs.synthesis.personas import personas
    from envs.synthesis.seeds import seeds

    section = getattr(config, config.pipeline)
    kinds = [seed for seed in seeds() if _chosen(seed.minor, seed.major, section.kinds)]
    if not kinds:
        known = ", ".join(sorted({seed.minor for seed in seeds()}))
        raise ConfigError(f"{config.pipeline}.kinds {section.kinds} fit no kind of chart; there are {known}")
    if config.pipeline == "reachqa":
        return reachqa.wanted(config, kinds, seeds())
    return cosyn.wanted(config, kinds, personas(config.cosyn.personas))


def _chosen(minor: str, major: str, globs: Sequence[str]) -> bool:
    from fnmatch import fnmatchcase

    return any(fnmatchcase(name, glob) for glob in globs for name in (minor, major))


def checks_of(sandbox: Sandbox) -> Checks:
    """The proofs, and a digest of the code that does them."""
    from envs.synthesis.proof.compose import compose_questions
    from envs.synthesis.proof.contract import check_chart
    from envs.synthesis.proof.verify import check_question

    here = Path(__file__).parent
    files = sorted([*(here / "proof").glob("*.py"), *here.with_name("sandbox").glob("*.py")])
    digest = blake2b(repr(asdict(sandbox.limits)).encode(), digest_size=8)
    for file in files:
        digest.update(file.read_bytes())
    return Checks(
        chart=lambda code: check_chart(code, sandbox),
        question=lambda chart, asked, alike: check_question(chart, asked, sandbox, alike=alike),
        compose=compose_questions,
        version=digest.hexdigest(),
    )


def produce(
    config: Config, items: Sequence[Any], folder: Path, *, quiet: bool = False, share: int = 1, parts: int = 1
) -> Result:
    """Runs items through the pipeline into a folder, going on from what is there. One of FATAL's errors, in one line,
    if it cannot begin. `share`: among how many runs at once pace and concurrency are divided; `parts`: among how many
    in all the budget is."""
    from envs.synthesis.dedup import Dedup

    asyncio.run(_check(config))  # before anything heavy is started
    journal = Journal(folder)
    limits = Limits(cpu_s=config.sandbox.cpu_s, wall_s=config.sandbox.wall_s, memory_mb=config.sandbox.memory_mb)
    try:
        _save_config(config, folder)
        with (
            Sandbox(config.sandbox.workers, limits, config.sandbox.unsafe) as sandbox,
            ThreadPoolExecutor(config.sandbox.workers, thread_name_prefix="check") as threads,
        ):
            memory = Dedup()
            for item in found_new(journal):  # what comes again is in the journal, and is not shown to it again
                memory.seen(item)
            run = Run(config, journal, checks_of(sandbox), memory, threads, folder, (share, parts))
            return asyncio.run(run(items, quiet))
    finally:
        journal.close()


async def _check(config: Config) -> None:
    """EndpointError if an endpoint is of no use."""
    for endpoint in config.endpoints:
        async with Client(endpoint) as client:
            await client.check()


class Run:
    """One run in a folder; remembers what it kept and how it ended."""

    def __init__(
        self,
        config: Config,
        journal: Journal,
        checks: Checks,
        memory: Any,
        threads: ThreadPoolExecutor,
        folder: Path,
        shares: tuple[int, int],
    ) -> None:
        self.config, self.journal, self.folder = config, journal, folder
        self.share, self.parts = shares
        self.checks, self.memory, self.threads = checks, memory, threads
        self.stop, self.signal, self.error = Stop(), 0, ""
        self.tiers: Counter[str] = Counter()
        self.askers: list[Asker] = []

    async def __call__(self, items: Sequence[Any], quiet: bool) -> Result:
        started, before = time.monotonic(), asdict(self.journal.spent)
        for name in ("kept.jsonl", "dropped.jsonl"):
            (self.folder / name).unlink(missing_ok=True)
        kept, dropped = Log(self.folder / "kept.jsonl"), Log(self.folder / "dropped.jsonl")
        async with AsyncExitStack() as stack:
            works = await self._works(stack)
            pipeline = reachqa if self.config.pipeline == "reachqa" else cosyn

            def on_done(place: Place, item: Kept) -> None:
                self.tiers[item.tier] += 1
                kept.write({"place": place} | works.placed(item.chart) | {"kept": folded(item)})

            def on_drop(place: Place, item: Dropped) -> None:
                dropped.write({"place": place} | asdict(item))

            engine = Engine(
                pipeline.stages(works),
                self.stop,
                together=self.config.together,
                fatal=FATAL,
                on_drop=on_drop,
                on_done=on_done,
            )
            try:
                await self._flow(engine, items, quiet)
            finally:
                kept.close()
                dropped.close()
        spent = asdict(self.journal.spent)
        stages = {name: count.to_json() for name, count in engine.counts.items()}
        summary = {
            "name": self.config.name,
            "pipeline": self.config.pipeline,
            "model": self.config.endpoint.model,
            "stopped": self.stop.why or self.error,
            "first_items": len(items),
            "stages": stages,
            "kept": self.tiers.total(),
            "tiers": dict(self.tiers),
            "spent": spent,
            "this_run": {name: round(spent[name] - before[name], 6) for name in spent}
            | {"seconds": round(time.monotonic() - started, 1)},
            "malformed_replies": dict(sum((asker.malformed for asker in self.askers), Counter())),
            "errors_of_our_own": engine.errors,
        }
        write_whole(self.folder / "summary.json", json.dumps(summary, indent=1) + "\n")
        return Result(
            stopped=self.stop.why,
            signal=self.signal,
            error=self.error,
            kept=self.tiers.total(),
            summary=summary,
        )

    async def _works(self, stack: AsyncExitStack) -> Works:
        """The stages and their tools."""
        config, purse = self.config, Purse(self.config.budget, self.journal, self.stop, self.parts)

        async def asker(endpoint: Endpoint) -> Asker:
            client = await stack.enter_async_context(Client(endpoint, self.stop.sleep, self.share))
            self.askers.append(Asker(client, self.journal, purse, self.stop, config.seed, config.reasks))
            return self.askers[-1]

        writer = await asker(config.endpoint)
        return Works(
            config=config,
            writer=writer,
            solver=await asker(config.solver) if config.solver else writer,
            judge=await asker(config.judge) if config.judge else writer,
            journal=self.journal,
            stop=self.stop,
            checks=self.checks,
            memory=self.memory,
            threads=self.threads,
        )

    async def _flow(self, engine: Engine, items: Sequence[Any], quiet: bool) -> None:
        """Runs the engine under a bar, until it is done, stopped or of no use any more."""
        from tqdm import tqdm

        shown = "{desc} {n_fmt}/{total_fmt} |{bar:12}| {elapsed}<{remaining}{postfix}"
        with tqdm(
            total=len(items), desc=self.config.name, disable=quiet, dynamic_ncols=True, smoothing=0.05, bar_format=shown
        ) as bar:
            first, numbered = next(iter(engine.stages)), ((item.number, item) for item in items)
            task = asyncio.create_task(engine.run(numbered, first, lambda: bar.update() and None))
            loop = asyncio.get_running_loop()
            for number in SIGNALS:
                with suppress(ValueError, RuntimeError):  # not the main thread: somebody else's signals
                    loop.add_signal_handler(number, self._signalled, number, task)
            ticker = asyncio.create_task(self._tick(bar, engine))
            try:
                await task
            except asyncio.CancelledError:
                if not self.signal:
                    raise
            except (*FATAL, OSError) as error:  # a full disk
                self.error = " ".join(str(error).split()) or type(error).__name__
            finally:
                ticker.cancel()
                engine.abandon()
                bar.set_postfix_str(self._postfix(engine), refresh=True)
                for number in SIGNALS:
                    with suppress(ValueError, RuntimeError):
                        loop.remove_signal_handler(number)

    def _signalled(self, number: int, task: asyncio.Task[None]) -> None:
        if self.signal:
            task.cancel()
            return
        self.signal = number
        self.stop.set(f"stopped by {signal.Signals(number).name}")
        print(
            f"\n{self.stop.why}: what is under way is waited for, {GRACE:.0f} s at most; again to leave at once",
            file=sys.stderr,
        )
        asyncio.get_running_loop().call_later(GRACE, task.cancel)

    async def _tick(self, bar: Any, engine: Engine) -> None:
        while not bar.disable:
            bar.set_postfix_str(self._postfix(engine), refresh=True)
            await asyncio.sleep(1)

    def _postfix(self, engine: Engine) -> str:
        spent = self.journal.spent
        money = f", {spent.money:.2f} spent" if spent.money else ""
        tokens = f"{(spent.prompt_tokens + spent.tokens) / 1e6:.2f} M tokens"
        return f"{self.tiers.total()} kept, {tokens}{money} ({engine.line()})"


def _save_config(config: Config, folder: Path) -> None:
    from omegaconf import OmegaConf

    write_whole(folder / "config.yaml", OmegaConf.to_yaml(OmegaConf.create(config.to_dict())))
