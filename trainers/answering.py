"""Problems become judged rows: asked of a loaded policy, or of a checkpoint by one process or by one a GPU.

Several processes each take a share of the problems, load the checkpoint for themselves and send back judged rows; the
process that started them writes the rows down. So an evaluation that was cut off goes on with any number of processes.
They leave Ctrl-C to their parent and end with it, also when it is killed.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import signal
import sys
from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import TYPE_CHECKING, Any

from envs.address import Address
from envs.testsets import TestSet, fingerprint
from envs.workers import live_with
from trainers.backends import Backend, Reply, Request, Sampling, hf, openai, vllm
from trainers.checkpoints import EvaluationError, merged
from trainers.config import Config, ConfigError
from trainers.drawing import drawing
from trainers.launch import devices_here, visible_gpus
from trainers.report import Row

if TYPE_CHECKING:
    from envs.problem import Problem
    from envs.stored import Handle

_SPAWN = multiprocessing.get_context("spawn")
PATIENCE = 10.0  # seconds for a process to end by itself


def judged(request: Request, reply: Reply) -> Row:
    """The row of a reply: what the checker says of it."""
    from rewards.scoring import UNPARSED, score

    problem = request.problem
    address, held_out = str(problem.address), bool(problem.meta["held_out"])
    if reply.finish == "error":
        return Row(address=address, sample=request.sample, reason=reply.text, finish="error", held_out=held_out)
    response = reply.text.encode("utf-8", "replace").decode()  # half a surrogate pair fits in no file
    verdict = score(response, problem.answer)
    return Row(
        address=address,
        sample=request.sample,
        response=response,
        given=verdict.given,
        correct=verdict.correct,
        reason=verdict.reason,
        tokens=reply.tokens,
        finish=reply.finish,
        boxed=verdict.given is not None,
        parsed=verdict.reason not in UNPARSED,
        held_out=held_out,
    )


def with_bar(rows: Iterable[Row], total: int, before: Sequence[Row], progress: bool) -> Iterator[Row]:
    """Rows as they come, with a bar that shows the accuracy so far, earlier rows included."""
    from tqdm import tqdm

    right, scored = sum(row.correct for row in before), len(before)
    with tqdm(total=total + scored, initial=scored, unit="answer", disable=not progress, smoothing=0.05) as bar:
        for row in rows:
            right, scored = right + row.correct, scored + (row.finish != "error")
            bar.set_postfix_str(f"{100 * right / max(scored, 1):.1f} % right", refresh=False)
            bar.update()
            yield row


# --- a loaded policy --------------------------------------------------------------------------------------------------


def evaluate_policy(
    model: Any,
    processor: Any,
    addresses: Sequence[Address | str],
    *,
    prompt: str,
    max_tokens: int,
    batch_size: int,
    progress: bool = True,
) -> list[Row]:
    """Greedy answers of a loaded model to the problems at `addresses`, judged, in their order."""
    backend = hf(model, processor, Sampling(prompt=prompt, max_tokens=max_tokens), batch_size)
    return answered_by(backend, addresses, progress)


def answered_by(backend: Backend, addresses: Sequence[Address | str], progress: bool = False) -> list[Row]:
    """One judged answer of a backend to each of the problems at `addresses`, in their order."""
    from envs.problem import make_near

    problems = [make_near(address) for address in addresses]
    answers = (judged(*pair) for pair in backend(Request(problem, 0) for problem in problems))
    rows = {row.address: row for row in with_bar(answers, len(problems), [], progress)}
    return [rows[str(problem.address)] for problem in problems]


# --- a checkpoint -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Task:
    """What is to be answered, and how; may be handed to another process."""

    config: Config
    args: argparse.Namespace  # of the command line: backend, checkpoint, ...
    sampling: Sampling
    test_set: TestSet
    stored: Sequence[Handle]  # the open data sets that some of the problems come from
    sizes: frozenset[tuple[int, int]]  # (width, height) of the images to come
    todo: Sequence[tuple[str, int]]  # address and sample
    number: int = 0  # of the process among those that share the work
    changed: set[str] = field(default_factory=set)  # filled in: addresses whose problems are not the recorded ones

    @property
    def processes(self) -> int:
        """One a GPU of this node, or what launch.devices says; no more than there are GPUs here, or batches."""
        asked, gpus = self.config.launch.devices, visible_gpus()
        if self.args.backend == "openai":
            return 1
        here = gpus if isinstance(asked, int) and 0 < gpus < asked else devices_here(self.config)
        return min(here, -(-len(self.todo) // self.config.eval.batch_size))


def answered(task: Task, scratch: Path) -> Generator[Row, None, None]:
    """Rows as they come, from as many processes as the task is for; `scratch` is a folder to work in."""
    if task.args.backend == "vllm":  # vLLM wants whole weights, which are merged once for all
        try:
            weights = merged(task.args.checkpoint, scratch, task.config.model.dtype)
        except (OSError, ValueError) as error:
            raise _unloadable(task, error) from None
        task = replace(task, args=argparse.Namespace(**{**vars(task.args), "checkpoint": weights}))
    yield from answered_here(task) if task.processes == 1 else shared_out(task)


def answered_here(task: Task) -> Iterator[Row]:
    """Rows as they come, answered by this process."""
    entries = {str(entry.address): entry for entry in task.test_set.entries}
    exact = task.test_set.about.get("fingerprint") == fingerprint()

    def requests(problems: Iterable[Problem]) -> Iterator[Request]:
        for problem, (address, sample) in zip(problems, task.todo):
            if address in entries and entries[address].differences(problem, exact):
                task.changed.add(address)
            yield Request(problem, sample)

    with drawing([address for address, _ in task.todo], task.config.env.workers, task.stored) as problems:
        backend = _backend(task)
        for request, reply in backend(requests(problems)):
            yield judged(request, reply)


def _backend(task: Task) -> Backend:
    config, args, sampling = task.config, task.args, task.sampling
    if args.backend == "openai":
        return openai(args.base_url, args.model, sampling)
    from trainers.models import load_policy, load_processor

    try:
        processor = load_processor(args.checkpoint)
        if task.number == 0:
            for line in shrunk(processor, task.sizes):
                print(f"warning: {line}", file=sys.stderr)
        if args.backend == "vllm":
            return vllm(args.checkpoint, sampling, config.eval.batch_size, dtype=config.model.dtype, sizes=task.sizes)
        model = load_policy(args.checkpoint, config.model.dtype)
    except (OSError, ValueError) as error:  # what transformers raises for folders and ids that hold no model
        raise _unloadable(task, error) from None
    import torch

    return hf(model.to("cuda" if torch.cuda.is_available() else "cpu"), processor, sampling, config.eval.batch_size)


def _unloadable(task: Task, error: Exception) -> EvaluationError:
    if isinstance(error, EvaluationError):
        return error
    line = " ".join(str(error).split())[:300]
    return EvaluationError(f"cannot load the checkpoint {task.args.checkpoint}: {line}")


def shrunk(processor: Any, sizes: Iterable[tuple[int, int]]) -> list[str]:
    """A line for each size of image, (width, height), at which the processor loses what may be legible."""
    from trainers.models import image_pixels_kept

    found = []
    for width, height in sorted(sizes):
        try:
            kept = image_pixels_kept(processor, width, height)
        except ValueError:
            kept = True  # a processor that is not known here is not judged
        if not kept:
            found.append(f"this processor shrinks {width}x{height}: some text may be unreadable")
    return found


# --- one process a GPU ------------------------------------------------------------------------------------------------


def shared_out(task: Task) -> Iterator[Row]:
    """Rows as they come from several processes, each of which answers every n-th problem."""
    n = task.processes
    if task.number == 0 and not task.args.quiet:
        print(f"{n} processes, one {'a GPU' if visible_gpus() else 'a share of the CPU'}", file=sys.stderr)
    under_way = {}
    try:
        for number in range(n):
            ours, theirs = _SPAWN.Pipe(duplex=False)
            part = replace(task, todo=task.todo[number::n], number=number)
            process = _SPAWN.Process(target=_share, args=(theirs, part, _place(number, n), os.getpid()))
            process.start()
            theirs.close()
            under_way[ours] = (number, process)
        while under_way:
            for connection in wait(list(under_way)):
                assert isinstance(connection, Connection)
                number, process = under_way[connection]
                try:
                    said = connection.recv()
                except EOFError:
                    process.join()
                    raise EvaluationError(
                        f"process {number} of {n} ended with status {process.exitcode}, see above: "
                        "run the same command again to go on"
                    ) from None
                if isinstance(said, Row):
                    yield said
                elif isinstance(said, Exception):
                    raise said
                else:
                    task.changed.update(said)
                    del under_way[connection]
                    process.join(PATIENCE)
    finally:
        for connection, (_, process) in under_way.items():
            connection.close()
            process.terminate()
        for _, process in under_way.values():
            process.join(PATIENCE)
            process.kill()


def _place(number: int, of: int) -> dict[str, str]:
    """Variables of one of several processes: its GPU, or its share of the cores."""
    if visible_gpus():
        gpus = [gpu.strip() for gpu in os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",") if gpu.strip()]
        return {"CUDA_VISIBLE_DEVICES": gpus[number] if gpus else str(number)}
    return {"OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", str(max(1, (os.cpu_count() or 1) // of)))}


def _share(connection: Connection, task: Task, variables: dict[str, str], parent: int) -> None:
    """The life of one process: rows, and at the end which problems had changed."""
    os.environ.update(variables)  # before torch is imported
    live_with(parent)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # an engine's own processes are told to end
    try:
        try:
            for row in answered_here(task):
                connection.send(row)
            connection.send(task.changed)
        except (EvaluationError, ConfigError) as error:
            connection.send(error)
    except BrokenPipeError:  # nobody listens any more, as where another process failed first
        sys.exit(1)
    finally:  # it ends by itself now, and an exit within Python's own would be shown
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
