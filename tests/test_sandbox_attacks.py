"""No script gets out of the sandbox: each attack fails and the next script runs. Without the layers they succeed."""

from __future__ import annotations

import re
import socket
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from _pytest.mark import ParameterSet
from sandbox_attacks import ATTACKS, PRELUDE, Attack

from envs.sandbox import Job, Limits, Outcome, Sandbox
from envs.sandbox.layers import LAYERS

pytestmark = pytest.mark.sandbox

TIGHT = Limits(cpu_s=1, wall_s=2, memory_mb=256, result_mb=4, figures=4)
NEXT = Job(
    code="import matplotlib.pyplot as p, numpy; p.figure(figsize=(1, 1)).text(0, 0, 'x'); print(6 * 7); p.show()"
)


@pytest.fixture(scope="module")
def held() -> Iterator[Sandbox]:
    with Sandbox(limits=TIGHT) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def loose() -> Iterator[Sandbox]:
    with Sandbox(limits=TIGHT, unsafe=True, without=LAYERS) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def outside() -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    """A server's port, and a process that is to live."""
    victim = subprocess.Popen(["sleep", "600"])
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=_answer, args=(server,), daemon=True).start()
        yield server.getsockname()[1], victim
    victim.kill()
    victim.wait()


@pytest.fixture
def aims(tmp_path: Path, outside: tuple[int, subprocess.Popen[bytes]]) -> Iterator[str]:
    """What there is to attack, as the PRELUDE of a script."""
    for name in ("secret", "spare", "moved"):
        (tmp_path / name).write_text("secret")
    port, victim = outside
    yield PRELUDE.format(room=str(tmp_path), port=port, victim=victim.pid)
    assert victim.poll() is None


def _answer(server: socket.socket) -> None:
    try:
        while True:
            with server.accept()[0] as client:
                client.settimeout(1)
                client.recv(4096)
                client.sendall(b"HTTP/1.0 200 OK\r\n\r\nhello")
    except OSError:
        pass


def succeeds(outcome: Outcome, room: Path) -> bool:
    return "WON" in outcome.printed or (room / "won").exists()


def each(attacks: list[Attack]) -> list[ParameterSet]:
    return [pytest.param(a, id=a.name, marks=[pytest.mark.slow] if a.slow else []) for a in attacks]


@pytest.mark.parametrize("attack", each(ATTACKS))
def test_no_attack_succeeds_and_the_next_script_runs(held: Sandbox, attack: Attack, aims: str, tmp_path: Path) -> None:
    before = {path.name: path.read_text() for path in tmp_path.iterdir()}
    outcome = held.run(Job(code=aims + attack.code))
    assert not succeeds(outcome, tmp_path)
    assert re.search(attack.reason, outcome.reason), outcome
    assert "\x1b" not in outcome.reason + outcome.printed and "\n" not in outcome.reason
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == before
    after = held.run(NEXT)
    assert (after.reason, after.printed, after.figures[0].width) == ("", "42\n", 100)


@pytest.mark.parametrize("attack", each([a for a in ATTACKS if a.real]))
def test_the_same_attack_succeeds_where_no_layer_holds_it(
    loose: Sandbox, attack: Attack, aims: str, tmp_path: Path
) -> None:
    assert succeeds(outcome := loose.run(Job(code=aims + attack.code)), tmp_path), outcome


SEARCH = """
import time
libc.sbrk.restype, libc.access.argtypes = ctypes.c_void_p, [ctypes.c_void_p, ctypes.c_int]
word = bytes(reversed(b"rehtona fo drow"))
at, found, start = libc.sbrk(0) // 4096 * 4096 - 4096, 0, time.process_time()
while time.process_time() - start < 0.7 and (not libc.access(at, 0) or ctypes.get_errno() != errno.EFAULT):
    found += ctypes.string_at(at, 4096).count(word)  # down the heap, page by page, as far as it goes
    at -= 4096
if found > FEW: won(found)
"""


def test_no_word_of_another_script_is_left_in_memory(held: Sandbox, aims: str, tmp_path: Path) -> None:
    """Who finds its own earlier request knows what it was asked, and with which data, the last time."""
    words = "# word of another\n" * 4000
    assert held.run(Job(code=words)).reason == ""
    outcome = held.run(Job(code=aims + "FEW = 10" + SEARCH))
    assert outcome.reason == "" and not succeeds(outcome, tmp_path), outcome
    control = held.run(Job(code=aims + "FEW = 1000\nkept = ['#' + bytes(reversed(b'rehtona fo drow')).decode() * 4000]"
                           + SEARCH))  # fmt: skip
    assert succeeds(control, tmp_path), control
