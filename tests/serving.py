"""A real vLLM server for tests, in a process group of its own: its engine outlives a server that is killed alone."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.request import urlopen

ROOT = Path(__file__).resolve().parents[1]
PATIENCE = 300  # seconds for an engine to start


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@contextmanager
def vllm_server(policy: Path, folder: Path, *options: str, port: int = 0) -> Iterator[tuple[str, int]]:
    """The address of a server of this policy, ready to answer, and its process group. Its log goes to `folder`.

    trainers.cpu_server is `python -m vllm.entrypoints.openai.api_server` where torchvision is a CUDA build.
    """
    port = port or free_port()
    address, log = f"http://127.0.0.1:{port}", folder / "server.log"
    command = [sys.executable, "-m", "trainers.cpu_server", str(policy), "--host", "127.0.0.1", "--port", str(port)]
    command += ["--dtype", "float32", "--max-model-len", "512", *options]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "VLLM_CPU_KVCACHE_SPACE": "1"}
    environment["VLLM_SERVER_DEV_MODE"] = "1"  # takes new weights
    with log.open("a") as output:
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=output, stderr=output, start_new_session=True
        )
    try:
        deadline = time.monotonic() + PATIENCE
        while True:
            assert process.poll() is None and time.monotonic() < deadline, log.read_text()[-3000:]
            try:
                urlopen(f"{address}/health", timeout=5).close()
                break
            except OSError:
                time.sleep(1)
        yield address, process.pid
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
