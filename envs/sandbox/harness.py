"""What runs in the child: the layers, then the script, then the calls. All it knows goes out through the pipe.

The script shares this process and may patch all of it; nothing here protects anybody. That is the kernel's part, and
the reader's.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import socket
import sys
import traceback
import types
from typing import Any, NoReturn

from envs.sandbox import frames
from envs.sandbox.jobs import Limits
from envs.sandbox.layers import PIPE, LayerMissing, Prepared

FILE = "script.py"  # the name that scripts have in tracebacks
_SEED = 0
_INSTALL = ("matplotlib", "numpy", "pandas", "scipy", "seaborn", "networkx", "squarify")


def warm_up() -> None:
    """Draws one figure with all sorts of marks, so that children find caches filled; closes the fonts it opened."""
    from matplotlib import font_manager, pyplot

    from envs.sandbox import capture

    capture.install()
    shots = capture.Shots(Limits(), lambda *_: None)
    with shots:
        figure, (left, right) = pyplot.subplots(1, 2)
        left.bar(["a", "b"], [1, 2], label="$x^2$")
        left.plot([0, 1], [1, 2], label="b")
        left.scatter([0, 1], [1, 2])
        left.set_title("title")
        left.legend()
        right.pie([1, 2], labels=["a", "b"], autopct="%d")
        figure.tight_layout()
        pyplot.show()
    pyplot.close("all")
    font_manager._get_font.cache_clear()  # type: ignore[attr-defined]  # open files, whose places all children would share


def live(held: Prepared, pipe: int, parent: int, asked: int, limits: Limits) -> NoReturn:
    """The life of a child; `asked` is the pipe that says what to run."""
    status = 1
    try:
        with open(asked, "rb") as file:
            request = file.read()
        with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w") as file:
            file.write("1000")  # should memory run out, this process goes first
        pipe = held.apply(pipe, parent)
        _run(pipe, json.loads(request), limits)
        status = 0
    finally:
        os._exit(status)


def _run(pipe: int, job: dict[str, Any], limits: Limits) -> None:
    """Runs the script and the calls; what fails in the script ends the job, what fails in a call only the call."""
    import logging
    import random

    import numpy as np

    from envs.sandbox import capture

    os.environ.clear()
    os.environ.update(HOME="/", LANG="C.UTF-8", TZ="UTC", MPLBACKEND="agg")
    random.seed(_SEED)
    np.random.seed(_SEED)
    printed = _Capped()
    sys.stdout = sys.stderr = printed
    sys.argv = [FILE]
    logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)  # a line for every text in a missing font

    call = -1

    def send(png: bytes, table: dict[str, Any]) -> None:
        frames.send(pipe, frames.FIGURE, png)
        frames.send(pipe, frames.ARTISTS, frames.to_json({"call": call, "table": table}))

    module = types.ModuleType("__main__")
    module.__dict__["__file__"] = FILE
    sys.modules["__main__"] = module
    shots = capture.Shots(limits, send)
    reason = ""
    with shots:
        try:
            exec(compile(job["code"], FILE, "exec", dont_inherit=True), module.__dict__)
            shots.take_rest()
        except BaseException as error:
            reason = explained(error, limits)
        if not reason:
            for call, (name, arguments) in enumerate(job["calls"]):  # noqa: B007  # `send` tells it
                frames.send(pipe, frames.CALLED, _called(module, name, arguments, shots, limits))
    if printed.text():
        frames.send(pipe, frames.PRINTED, printed.text().encode("utf-8", "replace"))
    if reason or shots.reason:
        frames.send(pipe, frames.REASON, (reason or shots.reason).encode("utf-8", "replace")[:4000])
    frames.send(pipe, frames.DONE)


def _called(module: types.ModuleType, name: str, arguments: list[Any], shots: Any, limits: Limits) -> bytes:
    """What a call gave, as the payload of its frame."""
    try:
        if name not in vars(module):
            return frames.to_json({"error": f"the script defines no {name}"})
        value = vars(module)[name]
        if callable(value):
            value = value(*arguments)
        shots.take_rest(value)
        payload = frames.to_json({"value": _plain(value, name)})
        if len(payload) > frames.MOST[frames.CALLED]:
            return frames.to_json({"error": f"{name} gave {len(payload)} bytes; at most {frames.MOST[frames.CALLED]}"})
        return payload
    except BaseException as error:
        return frames.to_json({"error": explained(error, limits)[: frames.REASON_CHARACTERS]})


def _plain(value: Any, name: str, depth: int = 0) -> Any:
    """The value as JSON: numpy's numbers as Python's, tuples as lists, a figure as null. TypeError for all other."""
    import numpy as np
    from matplotlib.figure import FigureBase

    if depth > frames.DEPTH:
        raise ValueError(f"{name} gave something nested more than {frames.DEPTH} deep")
    if isinstance(value, int) and value.bit_length() > frames.BITS:
        raise ValueError(f"{name} gave a whole number of more than {frames.BITS} bits")
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, np.generic):
        value = value.item()
        return _plain(value, name, depth + 1)
    if isinstance(value, float):
        if value - value != 0:
            raise ValueError(f"{name} gave {value}, which JSON has no word for")
        return value
    if isinstance(value, FigureBase):
        return None
    if isinstance(value, np.ndarray):
        return _plain(value.tolist(), name, depth + 1)
    if isinstance(value, list | tuple):
        return [_plain(item, name, depth + 1) for item in value]
    if isinstance(value, dict):
        return {_key(key, name): _plain(item, name, depth + 1) for key, item in value.items()}
    if type(value).__module__.partition(".")[0] == "pandas" and hasattr(value, "to_list"):
        return _plain(value.to_list(), name, depth + 1)
    if type(value).__module__.partition(".")[0] == "pandas" and hasattr(value, "columns"):
        return _plain(value.to_dict("list"), name, depth + 1)
    raise TypeError(f"{name} gave a {type(value).__name__}, which is not JSON")


def _key(key: Any, name: str) -> str:
    if isinstance(key, str):
        return key
    if isinstance(key, int) and not isinstance(key, bool):
        return str(key)
    raise TypeError(f"{name} gave a dict with a {type(key).__name__} as key; JSON has strings")


def explained(error: BaseException, limits: Limits) -> str:
    """An exception in one line with the line of the script; "" for a script that left in peace."""
    if isinstance(error, SystemExit) and error.code in (None, 0):
        return ""
    line = getattr(error, "lineno", None) if isinstance(error, SyntaxError) else None
    for frame, number in traceback.walk_tb(error.__traceback__):
        if frame.f_code.co_filename == FILE:
            line = number
    try:
        what = str(error.msg if isinstance(error, SyntaxError) else error)
    except BaseException:  # it may be the script's own class
        what = ""
    if isinstance(error, MemoryError):
        what = f"more than {limits.memory_mb} MB"
    if isinstance(error, ModuleNotFoundError) and (error.name or "").partition(".")[0] in _INSTALL:
        what += "; pip install 'chartgym[sandbox]'"
    where = f" (line {line})" if line else ""
    return f"{type(error).__name__}: {what}".rstrip(": ").replace("\n", " ")[: frames.REASON_CHARACTERS - 20] + where


class _Capped(io.TextIOBase):
    """Remembers the first characters written to it."""

    encoding = "utf-8"

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._left = frames.PRINTED_CHARACTERS

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        if self._left > 0:
            self._parts.append(text[: self._left])
            self._left -= len(text)
        return len(text)

    def text(self) -> str:
        return "".join(self._parts)


# --- The trial child


def try_out(held: Prepared, pipe: int, parent: int) -> NoReturn:
    """Applies the layers and tries one thing that each of them forbids; says "held", or which did not hold."""
    said = ""
    try:
        pipe = held.apply(pipe, parent)
        said = next((f"{layer}: {why}" for layer, why in _tried() if layer in held.layers), "held")
    except LayerMissing as error:
        said = str(error)
        pipe = PIPE if "descriptors" in held.layers and error.layer != "descriptors" else pipe
    finally:
        with contextlib.suppress(OSError):
            os.write(pipe, said.encode()[:500])
        os._exit(0)


def _tried() -> Any:
    """Layers that let something through, and what."""
    import resource

    if resource.getrlimit(resource.RLIMIT_CORE)[1] != 0:
        yield "rlimits", "a limit was set and is not there"
    with contextlib.suppress(OSError):
        os.listdir("/")
        yield "landlock", "it was applied, and / can be read"
    with contextlib.suppress(OSError):
        socket.socket()
        yield "seccomp", "it was applied, and a socket can be opened"
