"""Problems of a fixed list in its order, drawn ahead by worker processes: what an evaluation asks."""

from __future__ import annotations

import multiprocessing
import signal
import sys
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING

from envs.address import AddressError
from trainers.checkpoints import EvaluationError

if TYPE_CHECKING:
    from envs.problem import Problem
    from envs.stored import Handle

AHEAD = 64  # problems drawn ahead for each worker


def _start_worker(stored: Sequence[Handle]) -> None:
    """Workers leave Ctrl-C to the parent and die with it, even if it is killed; they know the open data sets."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
    if stored:
        from envs.stored import attach

        for handle in stored:
            attach(handle)


def made(address: str) -> Problem:
    from envs.problem import Unmakeable, make

    try:
        return make(address)
    except (AddressError, Unmakeable) as error:
        raise EvaluationError(f"{address} cannot be made: {error}") from None


@contextmanager
def drawing(
    addresses: Sequence[str], workers: int, stored: Sequence[Handle] = (), make: Callable[[str], Problem] = made
) -> Iterator[Iterator[Problem]]:
    """The problems in order, drawn ahead by processes that start before torch is loaded (0 draws them here); `stored`
    are the open data sets that some of them come from."""
    if workers <= 0 or not addresses:
        yield map(make, addresses)
        return
    # Spawned, not forked: nothing of this process leaks into them, on any platform.
    pool = ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), _start_worker, (stored,))
    rest = iter(addresses)
    ready: deque[Future[Problem]] = deque(pool.submit(make, address) for address in islice(rest, AHEAD * workers))

    def problems() -> Iterator[Problem]:
        while ready:
            problem = ready.popleft().result()
            ready.extend(pool.submit(make, address) for address in islice(rest, 1))
            yield problem

    try:
        yield problems()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
