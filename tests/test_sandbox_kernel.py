"""The sandbox's own parts: the filter call by call, readers that meet any bytes, machines that lack a layer."""

from __future__ import annotations

import contextlib
import errno
import io
import os
import re
import shutil
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from PIL import Image

from envs.sandbox import Job, Limits, Sandbox, SandboxError
from envs.sandbox.artists import ArtistsError, checked_artists
from envs.sandbox.frames import FrameError, from_json, plain
from envs.sandbox.layers import seccomp_program
from envs.sandbox.pngs import ImageError, checked
from envs.sandbox.results import believed
from envs.sandbox.syscalls import AARCH64, ALLOWED, MACHINES, X86_64, Machine

pytestmark = pytest.mark.sandbox

HEADERS = {
    "x86_64": Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h"),
    "aarch64": Path("/usr/include/asm-generic/unistd.h"),
}
KILL, ALLOW = 0x80000000, 0x7FFF0000
EPERM, ENOSYS = 0x50000 | errno.EPERM, 0x50000 | errno.ENOSYS
CONDITIONAL = ("ioctl", "fcntl", "prlimit64")


def judged(program: bytes, audit: int, number: int, arguments: tuple[int, ...] = (0,) * 6) -> int:
    """What a classic BPF program says of a call: an interpreter of the five instructions it may use."""
    data = struct.pack("=iIQ6Q", number - 2**32 if number >= 2**31 else number, audit, 0, *arguments)
    at = held = 0
    while True:
        code, true, false, constant = struct.unpack_from("=HBBI", program, 8 * at)
        at += 1
        if code == 0x20:
            (held,) = struct.unpack_from("=I", data, constant)
        elif code == 0x06:
            return int(constant)
        else:
            at += true if (held == constant if code == 0x15 else held >= constant) else false


@pytest.mark.parametrize("machine", MACHINES.values(), ids=MACHINES)
def test_the_filter_allows_what_is_listed_and_no_other_number(machine: Machine) -> None:
    program = seccomp_program(machine)
    listed = {machine.numbers[name] for name in ALLOWED.split() if name in machine.numbers}
    later = {machine.numbers["clone3"], machine.numbers["openat2"]}
    for number in range(2000):
        if number in {machine.numbers[name] for name in CONDITIONAL}:
            continue
        wanted = ALLOW if number in listed else ENOSYS if number in later else EPERM
        assert judged(program, machine.audit, number) == wanted, number
    for foreign in {0xC000003E, 0xC00000B7, 0x40000003, 0x40000028} - {machine.audit}:
        assert judged(program, foreign, 0) == KILL
    assert judged(program, machine.audit, 0x40000000 + 39) == judged(program, machine.audit, 2**32 - 1) == KILL


@given(st.integers(0, 2**64 - 1) | st.integers(0, 2000), st.integers(0, 2**64 - 1) | st.just(0))
@settings(max_examples=200)
def test_of_calls_with_two_faces_only_the_harmless_one_passes(one: int, two: int) -> None:
    program, number = seccomp_program(X86_64), X86_64.numbers
    allowed = {"fcntl": (0, 1, 2, 3, 4, 1030), "ioctl": (0x5401, 0x5450, 0x5451)}
    for name, values in allowed.items():  # the kernel looks at the low half only
        wanted = ALLOW if one % 2**32 in values else EPERM
        assert judged(program, X86_64.audit, number[name], (3, one, two, 0, 0, 0)) == wanted
    for which in (0, one):
        wanted = ALLOW if which % 2**32 == 0 and two == 0 else EPERM
        assert judged(program, X86_64.audit, number["prlimit64"], (which, 7, two, 1, 0, 0)) == wanted


@pytest.mark.parametrize("name", MACHINES)
def test_system_calls_have_the_numbers_of_the_kernel(name: str) -> None:
    if not HEADERS[name].exists():
        pytest.skip(f"no {HEADERS[name]}")
    found = re.findall(r"#define\s+__NR(?:3264)?_(\w+)\s+(\d+)", HEADERS[name].read_text())
    header = {call: int(number) for call, number in found} | ({"newfstatat": 79} if name == "aarch64" else {})
    numbers = MACHINES[name].numbers
    assert {call: header[call] for call in numbers} == numbers
    assert {call for call in ALLOWED.split() if call in header} == set(numbers) & set(ALLOWED.split())


# --- Any bytes at all


@given(st.binary(max_size=300))
def test_whatever_a_child_sends_is_an_outcome(sent: bytes) -> None:
    outcome = believed(sent, Job(code="", calls=(("f", ()),)), Limits())
    assert outcome.reason and outcome.reason.isprintable()


HEADS = st.sampled_from([b"FIGU", b"ARTS", b"CALL", b"TEXT", b"FAIL", b"DONE"])
BODIES = st.binary(max_size=40) | st.sampled_from(
    [b'{"value": 1}', b'{"error": ""}', b'{"call": 0, "table": {}}', b"[]"]
)


@given(st.lists(st.tuples(HEADS, BODIES), max_size=6))
def test_whatever_frames_a_child_sends_are_an_outcome(frames: list[tuple[bytes, bytes]]) -> None:
    sent = b"".join(struct.pack("<4sI", tag, len(body)) + body for tag, body in frames)
    outcome = believed(sent, Job(code="", calls=(("f", ()),)), Limits())
    assert outcome.reason or (frames[-1][0] == b"DONE" and len(outcome.called) == 1)
    assert outcome.reason == "" or outcome.reason.isprintable()


@given(st.binary(max_size=200) | st.text().map(str.encode))
def test_json_is_read_or_refused(payload: bytes) -> None:
    with contextlib.suppress(FrameError):
        from_json(payload)


@given(st.recursive(st.none() | st.integers() | st.text(), lambda i: st.lists(i) | st.dictionaries(st.text(), i)))
def test_what_has_not_the_shape_of_a_table_is_none(value: Any) -> None:
    with pytest.raises(ArtistsError):
        checked_artists(value)


@given(st.text(), st.integers(0, 50))
def test_no_control_character_reaches_a_terminal(text: str, most: int) -> None:
    line = plain(text.encode("utf-8", "replace"), most)
    assert line.isprintable() and len(line) <= most
    assert plain(text.encode("utf-8", "replace"), most, lines=True).replace("\n", "").replace("\t", "").isprintable()


def a_png(pixels: np.ndarray, **how: Any) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "png", **how)
    return file.getvalue()


PIXELS = st.tuples(st.integers(1, 20), st.integers(1, 20), st.integers(0, 2**32 - 1)).map(
    lambda drawn: np.random.default_rng(drawn[2]).integers(0, 256, (*drawn[:2], 3), dtype=np.uint8)
)


@given(PIXELS, st.integers(0, 9), st.sampled_from([None, (72, 72)]))
def test_an_honest_image_passes_pixel_by_pixel(pixels: np.ndarray, level: int, dpi: tuple[int, int] | None) -> None:
    clean, width, height = checked(a_png(pixels, compress_level=level, dpi=dpi), 400)
    assert (height, width) == pixels.shape[:2] and (np.asarray(Image.open(io.BytesIO(clean))) == pixels).all()


@given(PIXELS, st.data())
def test_a_damaged_image_is_refused_or_still_an_image_of_its_size(pixels: np.ndarray, data: st.DataObject) -> None:
    sent = bytearray(a_png(pixels))
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(sent) - 1))
        sent[at : at + data.draw(st.integers(0, 4))] = data.draw(st.binary(max_size=4))
        assume(sent)
    try:
        clean, width, height = checked(bytes(sent), 400)
    except ImageError:
        return
    image = Image.open(io.BytesIO(clean))
    image.load()
    assert image.size == (width, height)


# --- What is missing

LACK = """
import ctypes, struct, sys
from envs.sandbox import Job, Limits, Sandbox, SandboxError
from envs.sandbox.layers import _Program, _prctl
op = lambda code, k, t=0, f=0: struct.pack("=HBBI", code, t, f, k)
{filter}
_prctl(38, 1)
_prctl(22, 2, ctypes.byref(_Program(len(program) // 8, program)))
try:
    Sandbox()
    print("no error")
except SandboxError as error:
    print(error)
with Sandbox(unsafe=True) as sandbox:
    print(sandbox.run(Job(code="print(6 * 7)")).printed)
    print(sandbox.run(Job(code={leak!r})).reason)
"""
NO_LANDLOCK = """
program = op(0x20, 0) + op(0x15, 444, 0, 1) + op(6, 0x50000 | 38) + op(6, 0x7fff0000)
"""  # ENOSYS, as on a kernel that was built without it
NO_SECCOMP = """
program = op(0x20, 0) + op(0x15, 157, 0, 3) + op(0x20, 16) + op(0x15, 22, 0, 1)  # prctl(PR_SET_SECCOMP): EINVAL
program += op(6, 0x50000 | 22) + op(6, 0x7fff0000)
"""


@pytest.mark.slow
@pytest.mark.skipif(os.uname().machine != "x86_64", reason="numbers of x86-64")
@pytest.mark.parametrize(
    "filter, layer, leak, still",
    [
        (NO_LANDLOCK, "landlock", "import os; os.fork()", "Operation not permitted"),
        (NO_SECCOMP, "seccomp", "open('/etc/passwd')", "Permission denied"),
    ],
    ids=["landlock", "seccomp"],
)
def test_a_machine_that_lacks_a_layer_is_refused_and_unsafe_keeps_the_others(
    filter: str, layer: str, leak: str, still: str
) -> None:
    code = LACK.format(filter=filter, leak=leak)
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True, timeout=120)
    error, *rest = done.stdout.splitlines()
    assert f"lacks a layer of the sandbox, {layer}: " in error and "--unsafe" in error, done
    assert rest[0] == "42" and still in rest[-1]


def test_a_machine_nobody_has_tried_is_refused_unless_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.machine", lambda: "aarch64")
    with pytest.raises(SandboxError, match=r"untested on aarch64.*untested=True"):
        Sandbox()
    monkeypatch.setattr("platform.machine", lambda: "riscv64")
    with pytest.raises(SandboxError, match="x86_64 or aarch64, not linux on riscv64"):
        Sandbox(untested=True)
    assert not AARCH64.tested and X86_64.tested


# --- As an ordinary user


@pytest.mark.slow
def test_an_ordinary_user_is_held_as_root_is(tmp_path: Path) -> None:
    """The attack suite once more, as nobody."""
    if os.geteuid() != 0 or not shutil.which("setpriv"):
        pytest.skip("needs root, to become nobody")
    tmp_path.chmod(0o777)
    for parent in tmp_path.parents:
        if parent.stat().st_uid == os.getuid() and str(parent).startswith("/tmp/"):
            parent.chmod(parent.stat().st_mode | 0o055)
    become = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    become += ["--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search", "env"]  # a Python below /root will do
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "PYTHONPATH": os.pathsep.join(sys.path)}
    if subprocess.run(
        [*become, sys.executable, "-c", "import pytest, envs.sandbox"],
        check=False,
        env=environment,
        capture_output=True,
    ).returncode:
        pytest.skip(f"nobody cannot run {sys.executable}")
    tests = [str(Path(__file__).with_name("test_sandbox_attacks.py")), "-p", "no:cacheprovider"]
    run = [*become, sys.executable, "-m", "pytest", *tests, "--basetemp", str(tmp_path / "pytest")]
    done = subprocess.run(run, check=False, env=environment, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout[-3000:]


# --- The command line


def scripts_in(folder: Path) -> None:
    (folder / "deep").mkdir(parents=True)
    plot = (
        "import matplotlib.pyplot as plt\nfor i in range({n}): plt.figure(figsize=(1, 1)).text(0, 0, 'x')\nplt.show()"
    )
    for k in range(6):
        (folder / f"good{k}.py").write_text(plot.format(n=1 + k % 2))
    (folder / "deep" / "bad.py").write_text("x = 1\n1 / 0")
    (folder / "deep" / "none.py").write_text("")
    (folder / "latin.py").write_bytes(b"x = '\xe9'")


def command(folder: Path, out: Path, *more: str) -> subprocess.Popen[str]:
    run = [sys.executable, "-m", "envs.sandbox", str(folder), "--out", str(out), "--workers", "1", *more]
    return subprocess.Popen(run, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def files_of(out: Path) -> dict[str, bytes]:
    return {str(path.relative_to(out)): path.read_bytes() for path in out.rglob("*.*") if path.suffix != ".jsonl"}


def test_a_folder_becomes_images_and_a_run_that_was_killed_goes_on(tmp_path: Path) -> None:
    folder, out = tmp_path / "scripts", tmp_path / "out"
    scripts_in(folder)
    cut = command(folder, out)
    journal = out / "journal.jsonl"
    while not (journal.exists() and journal.read_bytes().count(b"\n") >= 3) and cut.poll() is None:
        pass
    cut.kill()
    cut.communicate()
    half = journal.read_text().splitlines()
    assert 3 <= len(half) < 9
    journal.write_text("\n".join(half) + '\n{"script": "goo')  # as if cut off in the middle of a line
    (folder / "good0.py").write_text("import matplotlib.pyplot as plt\nplt.figure(figsize=(2, 1)); plt.text(0, 0, 'x')")
    said, errors = command(folder, out).communicate()
    assert (
        "9 scripts: 9 figures, 3 failed" in said
        and "deep/bad.py   ZeroDivisionError: division by zero (line 2)" in said
    )
    assert "drew nothing" in said and "SyntaxError" in said and "9/9" in errors
    found = files_of(out)
    assert set(found) == {f"good{k}-{i}.{e}" for k in range(6) for i in range(1, 2 + k % 2) for e in ("png", "json")}
    assert Image.open(out / "good0-1.png").size == (200, 100)
    lines = journal.read_text().splitlines()
    assert [line for line in lines if line in half] == half  # nothing ran twice but what changed
    assert len(lines) == 9 + any('"good0.py"' in line for line in half)


def test_a_folder_that_is_none_is_told_in_one_line(tmp_path: Path) -> None:
    for folder, word in ((tmp_path / "no", "is no folder"), (tmp_path, "holds no")):
        done = command(folder, tmp_path / "out")
        said, errors = done.communicate()
        assert done.returncode == 2 and word in errors and errors.count("\n") == 1 and not said


def test_help_names_the_limits() -> None:
    said = subprocess.check_output([sys.executable, "-m", "envs.sandbox", "-h"], text=True)
    for word in ("--unsafe", "--untested", "--wall", "--again"):
        assert word in said
