"""A warm process seen from outside: started, told what to run, asked how it went, ended."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import struct
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from envs.sandbox.jobs import SandboxError

_BOOT = "import json, sys; sys.path[:] = json.loads(sys.argv[1]); from envs.sandbox import warm; warm.main()"
_START = 120.0  # seconds


class WarmDied(Exception):
    """The process is gone or does not answer."""


class Warm:
    """A warm process, and the socket over which it is told what to run."""

    def __init__(self, setup: dict[str, Any]) -> None:
        self._socket, theirs = socket.socketpair()
        self._said = tempfile.TemporaryFile()  # noqa: SIM115  # closed in `close`
        path = [str(Path(__file__).parents[2]), *(os.path.abspath(entry) for entry in sys.path)]
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-c", _BOOT, json.dumps(path), str(theirs.fileno())],
                env=_environment(),
                cwd="/",
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=self._said,
                stderr=self._said,
                start_new_session=True,  # Ctrl-C is for us
            )
        self._tell(setup)

    @property
    def fileno(self) -> int:
        return self._socket.fileno()

    def ready(self) -> tuple[str, ...]:
        """Waits until it is warm; the packages that are not installed. SandboxError says why it cannot be."""
        try:
            hello = self.answer(_START)
        except WarmDied as error:
            self._said.seek(0)
            last = self._said.read()[-2000:].decode(errors="replace").strip().rpartition("\n")[2]
            raise SandboxError(f"the warm process of the sandbox did not start ({last or error})") from None
        if "error" in hello:
            raise SandboxError(hello["error"])
        return tuple(hello["missing"])

    def start(self, request: bytes, pipe: int) -> None:
        """Of a child. It alone reads the request: words that the warm process read would lie in all later children."""
        read, write = os.pipe()
        try:
            with open(write, "wb") as file:
                try:
                    socket.send_fds(self._socket, [struct.pack("<I", 0)], [pipe, read])
                finally:
                    os.close(read)
                file.write(request)
        except OSError as error:
            raise WarmDied(error.strerror) from None

    def kill(self) -> None:
        """Of its child."""
        self._tell("kill")

    def _tell(self, what: Any) -> None:
        data = json.dumps(what).encode()
        with contextlib.suppress(OSError):  # its death shows when it is asked
            self._socket.sendall(struct.pack("<I", len(data)) + data)

    def answer(self, seconds: float) -> dict[str, Any]:
        self._socket.settimeout(seconds)
        try:
            (length,) = struct.unpack("<I", self._exactly(4))
            found: dict[str, Any] = json.loads(self._exactly(length))
            return found
        except OSError as error:
            raise WarmDied(str(error)) from None
        finally:
            self._socket.settimeout(None)

    def _exactly(self, count: int) -> bytes:
        data = self._socket.recv(count, socket.MSG_WAITALL)
        if len(data) < count:
            raise WarmDied(f"exit code {self._process.poll()}")
        return data

    def close(self) -> None:
        self._socket.close()  # it ends when it sees this, and its child with it
        try:
            self._process.wait(2.0)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._said.close()


def _environment() -> dict[str, str]:
    """All that a warm process is told of ours: nothing, but where Matplotlib may keep its list of fonts."""
    return {
        "PATH": "/usr/bin:/bin",
        "HOME": "/",
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "PYTHONHASHSEED": "0",  # the same script, the same order of a set
        "PYTHONDONTWRITEBYTECODE": "1",
        "MPLBACKEND": "agg",
        "MPLCONFIGDIR": _font_cache(),
        **{f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL", "NUMEXPR", "BLIS")},
    }


def _font_cache() -> str:
    """A folder of this user's own, or "" (then Matplotlib makes a temporary one, and every start takes longer)."""
    home = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    folder = os.path.join(home, "chartgym", "matplotlib")
    with contextlib.suppress(OSError):
        os.makedirs(folder, mode=0o700, exist_ok=True)
        if os.stat(folder).st_uid == os.getuid() and os.access(folder, os.W_OK):
            return folder
    return ""
