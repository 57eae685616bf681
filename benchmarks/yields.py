"""What becomes of a real model's charts and questions: its replies, kept in benchmarks/replies/, are played back.

    PYTHONPATH=. python -m benchmarks.yields [--only cosyn-1] [--out DIR]

A large language model was asked everything that both pipelines ask, by their own prompts; other instances of it wrote
the second programs, answered blind and judged the pictures, each from its own request alone. The journals of those runs
are the replies that are played back here, so that a change of the checks can be judged by what it does to charts that
were not written for them. What a changed check would make the pipelines ask anew has no reply and counts as dropped.
The checks were mended on the first two runs (cosyn-0, reachqa-0); docs/synthesis.md tells what the others gave unseen.

Prints the account of each run, what was dropped with its reason and its question, and one line of yields.
"""

from __future__ import annotations

import argparse
import gzip
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from envs.synthesis.config import load
from envs.synthesis.pipelines.engine import table
from envs.synthesis.run import plan, produce

ROOT = Path(__file__).resolve().parent.parent
REPLIES = ROOT / "benchmarks" / "replies"
# What was asked for, as the journals know it. Votes are left out, as they go by the pixels of pictures.
ASKED = {
    "cosyn-0": ["endpoint.model=writer-c", "cosyn.topics=30"],
    "reachqa-0": ["endpoint.model=writer-r", "reachqa.charts=18", "reachqa.evolve.each=1"],
    "cosyn-1": ["seed=1", "endpoint.model=writer-c", "cosyn.topics=20"],
    "reachqa-1": ["seed=1", "endpoint.model=writer-r", "reachqa.charts=12", "reachqa.evolve.each=1"],
}


class _Silent(BaseHTTPRequestHandler):
    """A server whose model says nothing."""

    def do_GET(self) -> None:
        self._send(200, b'{"data": []}')

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self._send(400, b"no reply is kept")

    def _send(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def silent() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Silent)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1"
    finally:
        server.shutdown()
        server.server_close()


def replayed(name: str, out: Path, quiet: bool = False) -> dict[str, Any]:
    """The summary of a run on the replies that are kept."""
    folder = out / name
    folder.mkdir(parents=True, exist_ok=True)
    with gzip.open(REPLIES / f"{name}.jsonl.gz", "rb") as packed:
        (folder / "asked.jsonl").write_bytes(packed.read())
    with silent() as url:
        asked = [f"endpoint.base_url={url}", f"solver={{base_url: {url}, model: solver, concurrency: 999}}"]
        settings = ["endpoint.concurrency=999", f"name={name}", f"out={out}"]
        config = load(
            ROOT / "configs" / "synthesis" / f"{name.partition('-')[0]}.yaml", [*asked, *settings, *ASKED[name]]
        )
        result = produce(config, plan(config), folder, quiet=quiet)
    if result.error or result.stopped:
        raise SystemExit(f"{name}: {result.error or result.stopped}")
    return result.summary


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--only", choices=list(ASKED))
    options.add_argument("--out", type=Path, help="keep what the runs leave behind there")
    args = options.parse_args()
    with TemporaryDirectory() as scratch:
        out = args.out or Path(scratch)
        for name in [args.only] if args.only else ASKED:
            summary = replayed(name, out)
            print(f"\n## {name}\n", *table(summary["stages"]), "", sep="\n")
            for line in (out / name / "dropped.jsonl").read_text(encoding="utf-8").splitlines():
                row = json.loads(line)
                if row["stage"] in ("draw", "verify", "blind"):
                    what = row["inputs"].get("question", "")
                    print(f"- {row['stage']}: {row['reason']}: {row['detail'][:100]} {what}")
            drawn, asked = (summary["stages"][name] for name in ("draw", "verify"))
            print(
                f"\n{drawn['kept']} of {drawn['asked']} scripts are charts, "
                f"{asked['kept']} of {asked['asked']} questions stand, "
                f"{summary['tiers'].get('agreed', 0)} agreed, {summary['tiers'].get('proven', 0)} proven"
            )


if __name__ == "__main__":
    main()
