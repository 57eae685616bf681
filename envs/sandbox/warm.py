"""The warm process: imports what scripts use, then forks a child per script and tells how it ended.

It neither runs nor reads a script's code, and reads nothing that a child says. It has one thread, no writable shared
memory and no open file but its socket when it forks, or it refuses to work; one child lives at a time and dies with it.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import select
import signal
import site
import socket
import struct
import sys
import sysconfig
from pathlib import Path
from typing import Any

from envs.sandbox.jobs import Limits
from envs.sandbox.layers import LAYERS, LayerMissing, Prepared, prepared
from envs.sandbox.syscalls import MACHINES

# What scripts import, by distribution; those that are not installed are left out, and a script that asks says so.
PACKAGES = {
    "numpy": "numpy",
    "matplotlib": "matplotlib.pyplot matplotlib.backends.backend_agg matplotlib.backends.backend_pdf matplotlib.sankey "
    "matplotlib.animation mpl_toolkits.mplot3d mpl_toolkits.axes_grid1 PIL.PngImagePlugin",
    "pandas": "pandas pandas.plotting",
    "scipy": "scipy.stats scipy.interpolate scipy.ndimage scipy.signal scipy.optimize scipy.cluster.hierarchy "
    "scipy.spatial scipy.integrate",
    "seaborn": "seaborn",
    "networkx": "networkx",
    "squarify": "squarify",
}
_STANDARD = (
    "base64 bisect calendar collections colorsys copy csv dataclasses datetime decimal enum fractions functools io "
    "itertools json math operator os pathlib random re statistics string textwrap time typing uuid warnings"
)
_FONTS = "/usr/share/fonts /usr/local/share/fonts /usr/share/texmf/fonts /etc/fonts /var/cache/fontconfig"
_LIBRARIES = "/lib /lib64 /usr/lib /usr/lib64 /usr/local/lib /etc/ld.so.cache /etc/localtime /usr/share/zoneinfo"


def main() -> None:
    """`-c` calls this: the path of modules and the number of the socket are in sys.argv."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # it ends with its socket
    control = socket.socket(fileno=int(sys.argv[2]))
    os.set_inheritable(control.fileno(), False)
    setup = json.loads(_message(control))
    try:
        missing = _preload()
        held = _prepare(setup)
    except LayerMissing as error:
        _say(control, {"error": _refusal(error)})
        return
    except Exception as error:
        _say(control, {"error": f"the warm process of the sandbox did not start: {type(error).__name__}: {error}"})
        return
    _say(control, {"missing": missing})
    with contextlib.suppress(EOFError, OSError):
        while True:
            _serve(control, held, Limits(**setup["limits"]))


def _refusal(error: LayerMissing) -> str:
    return (
        f"this machine lacks a layer of the sandbox, {error}; use a kernel and a container that allow it "
        "(docs/sandbox.md), or run without it, at your own risk, with unsafe=True or --unsafe"
    )


def _preload() -> list[str]:
    """Imports everything, draws once to fill caches, and names the packages that are not installed."""
    sys.modules["pyarrow"] = None  # type: ignore[assignment]  # starts a thread; pandas can do without
    for name in _STANDARD.split():
        importlib.import_module(name)
    missing = []
    for package, modules in PACKAGES.items():
        try:
            for name in modules.split():
                importlib.import_module(name)
        except ImportError:
            missing.append(package)
    from envs.sandbox import harness

    harness.warm_up()
    sys.path[:] = [entry for entry in sys.path if entry in _packages()]
    gc.collect()
    gc.freeze()
    return missing


def _packages() -> set[str]:
    """The folders of Python's own modules and of installed packages."""
    paths = sysconfig.get_paths()
    found = {paths[name] for name in ("stdlib", "platstdlib", "purelib", "platlib")} | set(site.getsitepackages())
    found |= {str(Path(paths["stdlib"]) / "lib-dynload"), site.getusersitepackages()}
    import matplotlib

    return found | {str(Path(matplotlib.__file__).parents[1])}


def _readable() -> list[str]:
    library = sysconfig.get_config_var("LIBDIR") or ""
    return [*sorted(_packages()), library or "/lib", *_LIBRARIES.split(), *_FONTS.split()]


def _prepare(setup: dict[str, Any]) -> Prepared:
    """The layers, tried out: in one child all at once, or, if some may be missing, one child each."""
    _alone()
    machine, limits = MACHINES[setup["machine"]], Limits(**setup["limits"])
    layers = [layer for layer in LAYERS if layer in setup["layers"]]
    while True:
        try:
            held = prepared(machine, layers, _readable(), limits)
            _try_out(held)
            return held
        except LayerMissing as error:
            if not setup["unsafe"]:
                raise
            layers.remove(error.layer)


def _alone() -> None:
    """RuntimeError if a fork would share something with its child, or copy a lock that another thread holds."""
    if len(os.listdir("/proc/self/task")) > 1:
        raise RuntimeError("an imported package started a thread")
    with open("/proc/self/maps") as maps:
        if any(line.split()[1].startswith("rw") and line.split()[1].endswith("s") for line in maps):
            raise RuntimeError("an imported package holds shared memory")


def _try_out(held: Prepared) -> None:
    """Applies the layers in a child, which then tries what they forbid; LayerMissing names the one that lets it."""
    from envs.sandbox import harness

    read, write = os.pipe()
    parent = os.getpid()
    child = os.fork()
    if not child:
        harness.try_out(held, write, parent)
    os.close(write)
    said = b""
    while part := os.read(read, 4096):
        said += part
    os.close(read)
    status = os.waitpid(child, 0)[1]
    if said != b"held":
        layer, _, why = said.decode().partition(": ")
        raise LayerMissing(layer, why) if layer in LAYERS else RuntimeError(f"the trial child ended with {status}")


# --- One job


def _serve(control: socket.socket, held: Prepared, limits: Limits) -> None:
    """Forks for one job and waits for the child, or for the word to kill it."""
    fds: list[int] = []
    _message(control, fds)
    if len(fds) != 2:
        return  # a word to kill a child that had ended
    pipe, request = fds
    parent = os.getpid()
    child = os.fork()
    if not child:
        from envs.sandbox import harness

        harness.live(held, pipe, parent, request, limits)
    for fd in fds:
        os.close(fd)
    watched = os.pidfd_open(child)
    try:
        poll = select.poll()
        poll.register(watched, select.POLLIN)
        poll.register(control, select.POLLIN)
        while not any(fd == watched for fd, _ in poll.poll()):
            _message(control)  # "kill", or EOFError: nobody is left who would want the result
            os.kill(child, signal.SIGKILL)
    except BaseException:
        os.kill(child, signal.SIGKILL)
        raise
    finally:
        os.close(watched)
        _, status, used = os.wait4(child, 0)
    _say(control, {"status": status, "cpu_s": used.ru_utime + used.ru_stime})


def _message(control: socket.socket, fds: list[int] | None = None) -> bytes:
    """What we are told, and in `fds` the descriptors that came with it; EOFError when the other side is gone."""
    head, came, *_ = socket.recv_fds(control, 4, 2)
    if len(head) < 4:
        raise EOFError
    if fds is not None:
        fds += came
    (length,) = struct.unpack("<I", head)
    data = bytearray()
    while len(data) < length:
        part = control.recv(length - len(data))
        if not part:
            raise EOFError
        data += part
    return bytes(data)


def _say(control: socket.socket, what: dict[str, Any]) -> None:
    data = json.dumps(what).encode()
    control.sendall(struct.pack("<I", len(data)) + data)
