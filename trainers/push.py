"""A checkpoint of a run goes to a hub, with a card written from the run.

    python -m trainers.push runs/NAME OWNER/NAME [--checkpoint best] [--license apache-2.0] [--private] [--dry-run]

The final policy unless told otherwise. The card is README.md in the checkpoint's folder, where it can be read before;
one that you wrote yourself is kept (trainers/modelcard.py). Optimizer and random states stay here. An adapter whose
base is a folder of this machine goes as whole weights. In a config, `push_to_hub: OWNER/NAME` does it at the end.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from collections.abc import Sequence
from fnmatch import fnmatch
from pathlib import Path
from typing import NoReturn

from envs.hub import HubError, check_name, upload
from trainers.checkpoints import BEST, EvaluationError, best_of, check_checkpoint, chosen, merged
from trainers.config import Config, ConfigError, load
from trainers.launch import rank
from trainers.modelcard import CARD, foreign_base, write_card
from trainers.models import adapter_base
from trainers.report import percent

# What a checkpoint holds to be resumed from, and pickles, which nobody should have to trust.
KEPT_HERE = ["optimizer*", "scheduler*", "rng_state*", "trainer_state.json", "training_args.bin", "stream.json", "*.pt"]
KEPT_HERE += ["global_step*", "latest", "zero_to_fp32.py", "*.partial"]


def push(run: Path, name: str, checkpoint: str = "", license: str | None = None, private: bool | None = None) -> str:
    """Upload a checkpoint of a run; its address. HubError, EvaluationError or ConfigError in one line."""
    check_name(name)
    folder = found(run, checkpoint)
    write_card(folder, name, license)
    with tempfile.TemporaryDirectory() as scratch:
        whole = whole_of(folder, Path(scratch))
        message = f"chartgym: {folder.parent.name}/{folder.name}"
        try:
            return upload(whole, name, "model", message, ignore=KEPT_HERE, private=private)
        except HubError as wrong:  # whatever was laid out for it, what is complete is the checkpoint
            raise HubError(str(wrong).replace(str(whole), str(folder))) from None


def found(run: Path, checkpoint: str) -> Path:
    """The folder of a checkpoint of the run; EvaluationError where it holds no model."""
    if not (run / "config.yaml").is_file():
        raise EvaluationError(f"{run} is no run: there is no config.yaml in it; name a folder under runs/")
    folder = str(run / checkpoint) if checkpoint else chosen(str(run))
    if not Path(folder).is_dir():
        inside = sorted({path.parent.name for path in run.glob("*/*config.json")})
        raise EvaluationError(
            f"{run} has no {checkpoint}: give --checkpoint one of {', '.join(inside) or 'nothing yet'}"
        )
    check_checkpoint(folder)
    return Path(folder)


def whole_of(folder: Path, scratch: Path) -> Path:
    """The folder itself, or where it holds an adapter of a base that nobody else has, whole weights in `scratch`."""
    if adapter_base(folder) is None or foreign_base(folder) is not None:
        return folder
    merged(str(folder), scratch, load(folder.parent / "config.yaml").model.dtype)
    shutil.copy(folder / CARD, scratch)
    return scratch


def files_said(folder: Path) -> list[str]:
    """What would be sent, a line a file."""
    sent = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    sent = [path for path in sent if not any(fnmatch(str(path.relative_to(folder)), each) for each in KEPT_HERE)]
    return [f"  {path.stat().st_size / 2**20:10.1f} MiB  {path.relative_to(folder)}" for path in sent]


def finish(config: Config) -> None:
    """The end of a run, on its first process: cards for what it leaves, and the push that the config asks for."""
    if rank() != 0:
        return
    for name in ("final", BEST):
        if (config.folder / name).is_dir():
            write_card(config.folder / name)
    if best := best_of(config.folder):
        said = f"step {best['step']}, {percent(best['accuracy'])} right on {best['test_set']}"
        print(f"the best during training was {said}: {config.folder / BEST}", flush=True)
    if config.push_to_hub is None:
        return
    try:
        print(f"pushed to {push(config.folder, config.push_to_hub, 'final')}", flush=True)
    except (HubError, EvaluationError, ConfigError) as wrong:
        again = f"python -m trainers.push {config.folder} {config.push_to_hub}"
        print(f"push_to_hub: {wrong}: {again}", file=sys.stderr, flush=True)


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """One line, without the usage."""
        self.exit(2, f"push: {message}\n")


def main(argv: Sequence[str] | None = None) -> int:
    parser = _Parser(
        prog="python -m trainers.push", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("run", type=Path, help="the folder of a run")
    parser.add_argument("name", help="OWNER/NAME on the hub, which is made if it is not there")
    parser.add_argument("--checkpoint", default="", help="best, checkpoint-100 ...; the final policy if left out")
    parser.add_argument("--license", help="for the card; what the base's own card says if left out")
    parser.add_argument("--private", action="store_true", default=None, help="if it has to be made")
    parser.add_argument("--dry-run", action="store_true", help="write the card and say what would be sent")
    args = parser.parse_args(argv)
    try:
        if not args.dry_run:
            print(f"pushed to {push(args.run, args.name, args.checkpoint, args.license, args.private)}")
            return 0
        check_name(args.name)
        folder = found(args.run, args.checkpoint)
        written = write_card(folder, args.name, args.license)
        print(f"{folder / CARD} {'was written' if written else 'is your own and stays'}; to {args.name} would go")
        print("\n".join(files_said(folder)))
        if "\nlicense: " not in (folder / CARD).read_text(encoding="utf-8"):
            print("no license is known of its base: state one with --license")
        return 0
    except (HubError, EvaluationError, ConfigError) as wrong:
        print(f"push: {wrong}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
