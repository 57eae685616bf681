"""What the kernel holds a script with: rlimits, no new privileges, Landlock, seccomp. ctypes and nothing else.

Two steps: `prepared` once in the warm process, which may still look around and allocate; then `Prepared.apply` in each
child, a handful of system calls. Nothing here needs privileges; capabilities that a root process has are given up.
Every layer can fail on some kernel; it then says so by name, and it is for the caller to refuse.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import resource
import signal
import struct
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from envs.sandbox.jobs import Limits
from envs.sandbox.syscalls import ALLOWED, Machine

LAYERS = ("descriptors", "death", "rlimits", "privileges", "landlock", "seccomp")  # in the order they are applied

PIPE = 3  # the descriptor that results go out by; 0, 1 and 2 are /dev/null

_libc = ctypes.CDLL(None, use_errno=True)
_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_SET_SECCOMP, _PR_SET_NO_NEW_PRIVS = 1, 4, 22, 38


class LayerMissing(OSError):
    """The layer that this kernel does not give; `args` are its name and the kernel's word."""

    def __init__(self, layer: str, why: str) -> None:
        super().__init__(f"{layer}: {why}")
        self.layer = layer


def _call(number: int, *args: object) -> int:
    """A system call; OSError with the kernel's word."""
    found = int(_libc.syscall(ctypes.c_long(number), *args))
    if found < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return found


def _prctl(option: int, value: object, more: object = 0) -> None:
    if _libc.prctl(option, value, more, 0, 0):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


# --- Landlock: which files

_READ, _WRITE = (1 << 2) | (1 << 3), (1 << 1) | (1 << 14)  # READ_FILE | READ_DIR; WRITE_FILE | TRUNCATE
_OF_A_FILE = (1 << 0) | (1 << 1) | (1 << 2) | (1 << 14) | (1 << 15)
_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15}  # rights on files known by an ABI; 16 from the fifth
_TCP, _SCOPES = 3, 3  # bind and connect, from ABI 4; abstract sockets and signals, from ABI 6


def landlock_ruleset(machine: Machine, readable: Iterable[str]) -> int:
    """A descriptor of rules: `readable` may be read, /dev/null written, nothing else, as far as this kernel goes."""
    create, add = machine.numbers["landlock_create_ruleset"], machine.numbers["landlock_add_rule"]
    abi = _call(create, None, ctypes.c_size_t(0), ctypes.c_uint(1))
    handled = (1 << _RIGHTS.get(abi, 16)) - 1
    attributes = struct.pack("QQQ", handled, _TCP if abi >= 4 else 0, _SCOPES if abi >= 6 else 0)
    attributes = attributes[: 8 if abi < 4 else 16 if abi < 6 else 24]
    rules = _call(create, attributes, ctypes.c_size_t(len(attributes)), ctypes.c_uint(0))
    for path, access in [*((path, _READ) for path in readable), ("/dev/null", _READ | _WRITE)]:
        try:
            beneath = os.open(path, os.O_PATH | os.O_CLOEXEC)
        except OSError:
            continue  # what is not there need not be read
        access &= handled if os.path.isdir(path) else handled & _OF_A_FILE
        _call(add, rules, 1, struct.pack("=Qi", access, beneath), 0)
        os.close(beneath)
    return rules


# --- seccomp: which system calls. A classic BPF program of (code, jump if true, jump if false, constant).

_LOAD, _EQUAL, _AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_ALLOW, _ERROR, _KILL = 0x7FFF0000, 0x00050000, 0x80000000
_NUMBER, _ARCHITECTURE = 0, 4  # offsets in struct seccomp_data
_X32 = 0x40000000  # the third table of x86-64
# Arguments that are let through: what isatty asks; descriptors' flags, but not F_SETOWN and F_SETSIG, which kill.
_IOCTL = (0x5401, 0x5450, 0x5451)  # TCGETS, FIONCLEX, FIOCLEX
_FCNTL = (0, 1, 2, 3, 4, 1030)  # F_DUPFD, F_GETFD, F_SETFD, F_GETFL, F_SETFL, F_DUPFD_CLOEXEC


def _op(code: int, constant: int, true: int = 0, false: int = 0) -> bytes:
    return struct.pack("=HBBI", code, true, false, constant)


def _low(argument: int) -> int:
    """Where the low half of an argument lies (little-endian)."""
    return 16 + 8 * argument


def seccomp_program(machine: Machine) -> bytes:
    """The filter: foreign tables kill, what is not listed is EPERM, so that libraries fall back."""
    number = machine.numbers
    no = _op(_RETURN, _ERROR | errno.EPERM)
    out = [_op(_LOAD, _ARCHITECTURE), _op(_EQUAL, machine.audit, 1), _op(_RETURN, _KILL)]
    out += [_op(_LOAD, _NUMBER), _op(_AT_LEAST, _X32, 0, 1), _op(_RETURN, _KILL)]
    for name in ("clone3", "openat2"):  # then glibc tries the older call, whose arguments a filter can see
        out += [_op(_EQUAL, number[name], 0, 1), _op(_RETURN, _ERROR | errno.ENOSYS)]
    for name, argument, values in (("ioctl", 1, _IOCTL), ("fcntl", 1, _FCNTL)):
        out += [_op(_EQUAL, number[name], 0, 2 * len(values) + 2), _op(_LOAD, _low(argument))]
        for value in values:
            out += [_op(_EQUAL, value, 0, 1), _op(_RETURN, _ALLOW)]
        out += [no]
    # prlimit64(0, which, NULL, old) reads limits; with a third argument it sets them.
    out += [_op(_EQUAL, number["prlimit64"], 0, 8), _op(_LOAD, _low(0)), _op(_EQUAL, 0, 0, 5)]
    out += [_op(_LOAD, _low(2)), _op(_EQUAL, 0, 0, 3), _op(_LOAD, _low(2) + 4), _op(_EQUAL, 0, 0, 1)]
    out += [_op(_RETURN, _ALLOW), no]
    out += [_op(_LOAD, _NUMBER)]
    listed = sorted(number[name] for name in ALLOWED.split() if name in number)  # aarch64 has no open, stat, access ...
    runs: list[tuple[int, int]] = []
    for one in listed:
        runs[-1:] = [(runs[-1][0], one)] if runs and one == runs[-1][1] + 1 else [*runs[-1:], (one, one)]
    return b"".join([*out, *_searched(runs, no)])


def _searched(ranges: list[tuple[int, int]], no: bytes) -> list[bytes]:
    """Instructions that allow the numbers in these ranges, by halves: on loading, the kernel tries every number."""
    if not ranges:
        return [no]
    middle = len(ranges) // 2
    low, high = ranges[middle]
    below, above = _searched(ranges[:middle], no), _searched(ranges[middle + 1 :], no)
    inside = [_op(_AT_LEAST, low, 0, 2), _op(_AT_LEAST, high + 1, 1 + len(below), 0), _op(_RETURN, _ALLOW)]
    return [*inside, *below, *above]


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


# --- All of them

# Files cannot grow, new processes and threads cannot start (root is exempt from this one; seccomp is not), no core.
_NOTHING = ("FSIZE", "NPROC", "CORE", "MEMLOCK", "MSGQUEUE", "RTPRIO", "NICE")
_DESCRIPTORS = 64


@dataclass(frozen=True, slots=True)
class Prepared:
    """The layers, ready to be applied in a child. `rules` is a descriptor, -1 without Landlock."""

    machine: Machine
    layers: frozenset[str]
    rules: int
    program: _Program
    limits: tuple[tuple[int, int, int], ...]  # which, soft, hard
    null: int

    def apply(self, pipe: int, parent: int) -> int:
        """From here on the process is held. Where the pipe now is; LayerMissing names the layer that did not hold."""
        layer = ""
        try:
            for layer in LAYERS:
                if layer in self.layers:
                    getattr(self, f"_{layer}")(pipe, parent)
        except (OSError, ValueError, OverflowError) as error:
            raise LayerMissing(layer, str(error)) from None
        return PIPE if "descriptors" in self.layers else pipe

    def _descriptors(self, pipe: int, _: int) -> None:
        os.dup2(pipe, PIPE)
        for fd in (0, 1, 2):
            os.dup2(self.null, fd)
        if self.rules >= 0:
            os.dup2(self.rules, PIPE + 1)
        rest = PIPE + 1 + (self.rules >= 0)
        _call(self.machine.numbers["close_range"], rest, ctypes.c_uint(2**32 - 1), 0)

    def _death(self, _: int, parent: int) -> None:
        _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it died before it could be watched
            os._exit(1)

    def _rlimits(self, *_: int) -> None:
        for which, soft, hard in self.limits:
            resource.setrlimit(which, (soft, hard))

    def _privileges(self, *_: int) -> None:
        _prctl(_PR_SET_NO_NEW_PRIVS, 1)
        _prctl(_PR_SET_DUMPABLE, 0)
        _call(self.machine.numbers["capset"], struct.pack("Ii", 0x20080522, 0), bytes(24))

    def _landlock(self, *_: int) -> None:
        moved = PIPE + 1 if "descriptors" in self.layers else self.rules
        _call(self.machine.numbers["landlock_restrict_self"], moved, 0)
        os.close(moved)

    def _seccomp(self, *_: int) -> None:
        _prctl(_PR_SET_SECCOMP, 2, ctypes.byref(self.program))


def prepared(machine: Machine, layers: Collection[str], readable: Sequence[str], limits: Limits) -> Prepared:
    """The layers for children of this process; LayerMissing where the kernel has no Landlock."""
    rules = -1
    if "landlock" in layers:
        try:
            rules = landlock_ruleset(machine, readable)
        except OSError as error:
            raise LayerMissing("landlock", str(error)) from None
    with open("/proc/self/statm") as held:
        mine = int(held.read().split()[0]) * resource.getpagesize()
    most = {f"RLIMIT_{name}": 0 for name in _NOTHING} | {
        "RLIMIT_CPU": max(1, -int(-limits.cpu_s // 1)),
        "RLIMIT_AS": mine + limits.memory_mb * 2**20,
        "RLIMIT_NOFILE": _DESCRIPTORS,
        "RLIMIT_STACK": 8 * 2**20,
    }
    numbers = []
    for name, value in most.items():
        which = getattr(resource, name)
        hard = resource.getrlimit(which)[1]
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        numbers.append((which, value, value + (name == "RLIMIT_CPU")))  # SIGXCPU says why; who ignores it is killed
    null = _out_of_the_way(os.open("/dev/null", os.O_RDWR | os.O_CLOEXEC))
    rules = _out_of_the_way(rules) if rules >= 0 else rules
    filter = seccomp_program(machine)
    _prctl(_PR_SET_DUMPABLE, 1)  # as it is; looks the function up before the forks
    program = _Program(len(filter) // 8, filter)
    return Prepared(machine, frozenset(layers), rules, program, tuple(numbers), null)


def _out_of_the_way(fd: int) -> int:
    """The descriptor, where `apply` does not put others."""
    moved = fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, PIPE + 2)
    os.close(fd)
    return moved
