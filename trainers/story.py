"""The command line that the stages of training share: judge the config, start every process, tell what went wrong."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from typing import TypeVar

from envs.address import AddressError
from envs.workers import StreamError
from trainers.config import Batches, Config, ConfigError, load
from trainers.dryrun import report
from trainers.failures import Stopped, full_disks_told_once, sigterm_is_told, told
from trainers.folder import check_folder
from trainers.launch import leads, rank, relaunch_if_needed
from trainers.preflight import check, check_packages
from trainers.quirks import QuirkError

T = TypeVar("T")


def tell(
    stage: str,
    about: str | None,
    argv: Sequence[str] | None,
    prepare: Callable[[Config], T],
    run: Callable[[Config, Batches, T, bool], None],
) -> int:
    """Run `python -m trainers.STAGE`; the exit status. `prepare` reads what the run needs beside its config, also for a
    dry run; `run` takes the config, the batch arithmetic, what was prepared, and whether to resume."""
    argv = list(sys.argv[1:] if argv is None else argv)
    config: Config | None = None
    module = f"trainers.{stage}"
    parser = argparse.ArgumentParser(
        prog=f"python -m {module}", description=about, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("config", help="a YAML file, as those in configs/")
    parser.add_argument("overrides", nargs="*", metavar="key=value", help="as trl.max_steps=10")
    parser.add_argument("--resume", action="store_true", help="go on from the last complete checkpoint")
    parser.add_argument("--dry-run", action="store_true", help="check and print what would be done, load nothing")
    args = parser.parse_intermixed_args(argv)
    try:
        config = load(args.config, args.overrides)
        if config.sft is not None and stage != "sft":
            raise ConfigError(f"{args.config} has a section sft: run it with python -m trainers.sft")
        if config.sft is None and stage == "sft":
            raise ConfigError(f"{args.config} has no section sft: write what is to be taught, as sft: {{targets: ...}}")
        plan = check(config, disk=not args.dry_run)
        prepared = prepare(config)
        if args.dry_run:
            print(report(config, plan, module, argv))
            return 0
        check_packages(config)
        if leads(config):
            check_folder(config, plan, args.resume)
        relaunch_if_needed(config, module, argv)
        with sigterm_is_told(config.folder), full_disks_told_once():
            run(config, plan, prepared, args.resume)
        return 0
    except (ConfigError, AddressError) as error:
        if rank() == 0:
            print(f"{stage}: {error}", file=sys.stderr)
        return 2
    except (StreamError, QuirkError) as error:
        print(f"{stage}: {error}", file=sys.stderr)
        return 1
    except Stopped as error:
        if rank() == 0 or not error.agreed:
            print(f"{stage}: {error}", file=sys.stderr)
        return error.code
    except KeyboardInterrupt:
        if rank() == 0:
            print("\nstopped; the same command with --resume goes on", file=sys.stderr)
        return 130
    except Exception as error:
        if config is None or (line := told(error, config)) is None:
            raise
        print(f"{stage}: {line}", file=sys.stderr)
        return 1
