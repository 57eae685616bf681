"""torchrun that ends as a run on one process does: in a line, and with the status of the rank that ended first.

Its own end is a traceback of itself and a box of thirty lines, under which what the rank said is lost, and status 1.
"""

from __future__ import annotations

import sys


def main() -> int:
    from torch.distributed import run
    from torch.distributed.elastic.multiprocessing.api import SignalException
    from torch.distributed.elastic.multiprocessing.errors import ChildFailedError

    try:
        run.main()
    except ChildFailedError as failed:
        rank, first = failed.get_first_failure()
        status = first.exitcode if first.exitcode > 0 else 128 - first.exitcode  # as a shell counts signals
        print(f"rank {rank} ended first, with status {status}, and the others were ended with it", file=sys.stderr)
        return int(status)
    except SignalException as stopped:  # handed on to all ranks, which have ended
        return 128 + int(stopped.sigval)
    return 0


if __name__ == "__main__":
    sys.exit(main())
