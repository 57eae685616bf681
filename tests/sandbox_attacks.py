"""What a hostile script may try. Each is a whole script, harmless even where it succeeds, that says so with won().

Before each stands PRELUDE, which tells what there is to attack: ROOM (a folder with a file `secret`), PORT (a server on
127.0.0.1), VICTIM (a process of the same user).
"""

from __future__ import annotations

from dataclasses import dataclass

PRELUDE = """
import ctypes, errno, mmap, os, signal, struct, sys, time
ROOM, PORT, VICTIM = {room!r}, {port!r}, {victim!r}
SECRET = ROOM + "/secret"
libc = ctypes.CDLL(None, use_errno=True)
def won(what=""):
    print("WON", what)
def call(number, *arguments):
    found = libc.syscall(ctypes.c_long(number), *arguments)
    if found < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return found
def frame(tag, payload=b"", length=None):
    data = struct.pack("<4sI", tag, len(payload) if length is None else length) + payload
    while data:
        data = data[os.write(3, data):]
"""


@dataclass(frozen=True)
class Attack:
    name: str
    code: str
    reason: str = ""  # a pattern for what the sandbox says of it, where it must say something
    real: bool = True  # whether it wins where no layer holds it; if not, it is too rude to be let win, or cannot
    slow: bool = False  # one of several that wait for the same limit


ATTACKS: list[Attack] = []


def attack(name: str, code: str, reason: str = "", real: bool = True, slow: bool = False) -> None:
    ATTACKS.append(Attack(name, code, reason, real, slow))


# --- Files
DENIED = "PermissionError|FileNotFoundError|OSError"
attack("read a system file", "open('/etc/passwd').read(); won()", DENIED)
attack("read a secret", "won(open(SECRET).read())", DENIED)
attack("list the root", "won(os.listdir('/'))", DENIED)
attack("list a folder by scandir", "won([e.name for e in os.scandir(ROOM)])", DENIED)
attack("read the environment of this process", "won(open('/proc/self/environ').read())", DENIED)
attack("read the environment of the warm process", "won(open(f'/proc/{os.getppid()}/environ').read())", DENIED)
attack("read one's own memory map", "won(open('/proc/self/maps').read())", DENIED)
attack("write into the memory of a process", "open(f'/proc/{VICTIM}/mem', 'r+b'); won()", DENIED)
attack("list processes", "won([p for p in os.listdir('/proc') if p.isdigit()])", DENIED)
attack("write a new file", "open(ROOM + '/new', 'w').write('x'); won()", DENIED)
attack("open a file for writing", "os.open(SECRET, os.O_WRONLY); won()", DENIED)
attack("append to a file", "open(SECRET, 'a'); won()", DENIED)
attack("climb out of an allowed folder", "p = os.path.dirname(os.__file__); "
       "won(open(p + '/..' * 40 + '/etc/passwd').read())", DENIED)  # fmt: skip
attack("change folder, then read", "call(80, b'/etc'); open('passwd').read(); won()", DENIED)
attack("a path-only descriptor, then read", "d = os.open('/etc', os.O_PATH); "
       "won(os.read(os.open('passwd', os.O_RDONLY, dir_fd=d), 10))", DENIED)  # fmt: skip
attack("open by openat2", "how = struct.pack('QQQ', 0, 0, 0); call(437, -100, SECRET.encode(), how, 24); won()", DENIED)
attack("open by handle", """
handle = ctypes.create_string_buffer(struct.pack("Ii", 64, 0) + bytes(64)); mount = ctypes.c_int()
call(303, -100, SECRET.encode(), handle, ctypes.byref(mount), 0); won()
""", DENIED)  # fmt: skip
attack("read through the root of a process", "won(open(f'/proc/{os.getppid()}/root' + SECRET).read())", DENIED)
attack("open the descriptors of the warm process", "for fd in range(40):\n"
       "    try: os.open(f'/proc/{os.getppid()}/fd/{fd}', os.O_RDONLY); won(fd)\n    except OSError: pass")  # fmt: skip
attack("lock a file that others read", "import fcntl; fcntl.flock(os.open(os.__file__, os.O_RDONLY), fcntl.LOCK_SH); "
       "won()", DENIED)  # fmt: skip
attack(
    "a font that is a secret", "import matplotlib.ft2font as f, shutil; f.FT2Font(SECRET); won()", DENIED, real=False
)
attack("make a folder", "call(83, (ROOM + '/folder').encode(), 0o700); os.rmdir(ROOM + '/folder'); won()", DENIED)
attack("a symbolic link", "os.symlink(SECRET, ROOM + '/soft'); won(open(ROOM + '/soft').read())", DENIED)
attack("a hard link", "os.link(SECRET, ROOM + '/hard'); won()", DENIED)
attack(
    "rename",
    "os.rename(ROOM + '/moved', ROOM + '/moved2'); os.rename(ROOM + '/moved2', ROOM + '/moved'); won()",
    DENIED,
)
attack("remove", "os.unlink(ROOM + '/spare'); won()", DENIED)
attack("truncate", "os.truncate(SECRET, 6); won()", DENIED)
attack("change rights", "os.chmod(SECRET, 0o600); won()", DENIED)
attack("change owner", "os.chown(SECRET, os.getuid(), os.getgid()); won()", DENIED)
attack("change times", "os.utime(SECRET); won()", DENIED)
attack("a named pipe", "os.mkfifo(ROOM + '/fifo'); won()", DENIED)
attack("shared memory by name", "name = f'/dev/shm/chartgym-{os.getpid()}'; os.open(name, os.O_RDWR | os.O_CREAT); "
       "os.unlink(name); won()", DENIED)  # fmt: skip
attack("a nameless temporary file", "os.open(ROOM, os.O_TMPFILE | os.O_RDWR, 0o600); won()", DENIED)
attack("watch files", "call(294, 0); won()", DENIED)
attack("fill the disk", "f = open(ROOM + '/big', 'wb'); f.write(bytes(10**6)); won()", DENIED)
attack(
    "use descriptors left open",
    """
for fd in range(4, 300):
    try:
        os.fstat(fd)
    except OSError:
        continue
    if fd != getattr(sys, "pipe", None): won(fd)
""",
)
attack("ask devices", "import fcntl; fcntl.ioctl(os.open('/dev/null', 0), 0x541B, bytes(4)); won()", DENIED, real=False)

attack("the warm process's own socket", """
import gc, socket
for each in gc.get_objects():
    if isinstance(each, socket.socket):
        try: each.send(bytes(4)); won(each)
        except OSError: pass
""", real=False)  # fmt: skip

# --- Network
attack("connect", "import socket; socket.create_connection((b'127.0.0.1', PORT), 1); won()", DENIED)
attack(
    "fetch a page", "import urllib.request as u; won(u.urlopen(f'http://127.0.0.1:{PORT}', timeout=1).read())", "Error"
)
attack("send a datagram", "import socket; socket.socket(2, 2).sendto(b'x', ('127.0.0.1', PORT)); won()", DENIED)
attack("listen", "import socket; s = socket.socket(); s.bind(('127.0.0.1', 0)); s.listen(); won()", DENIED)
attack("a local socket", "import socket; socket.socket(socket.AF_UNIX); won()", DENIED)
attack("a pair of sockets", "import socket; socket.socketpair(); won()", DENIED)
attack("talk to the kernel", "import socket; socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0); won()", DENIED)

# --- Processes
attack("fork", "pid = os.fork()\nif not pid: os._exit(0)\nos.waitpid(pid, 0); won()", DENIED)
attack("a fork bomb", "while True:\n    os.fork()", DENIED, real=False)
attack(
    "a stubborn fork bomb",
    "while True:\n    try: os.fork()\n    except OSError: pass",
    "CPU time|longer",
    real=False,
    slow=True,
)
attack("vfork", "import subprocess; won(subprocess.run(['/bin/true']).returncode)", "Error")
attack("a shell", "os.system('touch ' + ROOM + '/won')")
attack("exec", "os.execv('/bin/sh', ['sh', '-c', 'touch ' + ROOM + '/won'])", DENIED)
attack("posix_spawn", "os.waitpid(os.posix_spawn('/bin/true', ['true'], {}), 0); won()", DENIED)
attack("clone by number", """
pid = call(56, 17, 0, 0, 0, 0)
if not pid: os._exit(0)
os.waitpid(pid, 0); won()
""", DENIED)  # fmt: skip
attack("clone3 by number", """
pid = call(435, struct.pack("8Q", 0, 0, 0, 0, 17, 0, 0, 0), 64)
if not pid: os._exit(0)
os.waitpid(pid, 0); won()
""", DENIED)  # fmt: skip
attack("a thread", "import threading; t = threading.Thread(target=won); t.start(); t.join()", "can't start new thread")
attack("a pool of processes", "import multiprocessing as m\nwith m.Pool(2) as p: won(p.map(abs, [1]))", "Error")
attack("exec from memory", """
fd = os.memfd_create("x"); os.write(fd, open("/bin/touch", "rb").read())
os.execv(f"/proc/self/fd/{fd}", ["touch", ROOM + "/won"])
""", DENIED)  # fmt: skip
attack("memory as a file", "call(319, b'x', 0); won()", DENIED)
attack("signal a process", "os.kill(VICTIM, signal.SIGCONT); won()", DENIED)
attack("signal the warm process", "os.kill(os.getppid(), 0); won()", DENIED)
attack("signal all", "os.kill(-1, 0); won()", DENIED)
attack("signal a thread", "call(234, VICTIM, VICTIM, 0); won()", DENIED)
attack(
    "queue a signal", "info = struct.pack('iii', 18, 0, -1) + bytes(116); call(129, VICTIM, 18, info); won()", DENIED
)
attack("signal by descriptor", "call(424, call(434, VICTIM, 0), 0, None, 0); won()", DENIED)
attack("signal through a descriptor's owner", "import fcntl\nfor fd in range(3, 300):\n"
       "    try: fcntl.fcntl(fd, fcntl.F_SETOWN, VICTIM); won()\n    except OSError: pass")  # fmt: skip
attack("choose the signal of a descriptor", "import fcntl\nfor fd in range(3, 300):\n"
       "    try: fcntl.fcntl(fd, 10, 9); won()\n    except OSError: pass")  # fmt: skip
attack("ptrace", "call(101, 0x4206, VICTIM, 0, 0); won()", DENIED)
attack("read a process's memory", """
code = ctypes.create_string_buffer(8); local = struct.pack("QQ", ctypes.addressof(code), 8)
there = struct.pack("QQ", ctypes.addressof(code), 8)
call(310, os.getppid(), local, 1, there, 1, 0); won()
""", DENIED)  # fmt: skip
attack("open another's descriptor", "call(438, call(434, os.getppid(), 0), 0, 0); won()", DENIED)
attack("limits of another process", "import resource; resource.prlimit(VICTIM, resource.RLIMIT_NOFILE); won()", DENIED)
attack("raise one's own limits", """
import resource
new = (max(resource.getrlimit(resource.RLIMIT_CPU)[0], 1), resource.RLIM_INFINITY)
resource.setrlimit(resource.RLIMIT_CPU, new); won()
""", "Error")  # fmt: skip
attack("another priority", "os.setpriority(os.PRIO_PROCESS, 0, 5); won()", DENIED)
attack("another processor", "os.sched_setaffinity(0, os.sched_getaffinity(0)); won()", DENIED)
attack("a session of one's own", "call(112); won()", DENIED)
attack("another user", "call(105, os.getuid()); won()", DENIED)
attack("other groups", "call(106, os.getgid()); won()", DENIED)
attack("survive the warm process", "call(157, 1, 0, 0, 0, 0); won()", DENIED)
attack("be seen again", "call(157, 4, 1, 0, 0, 0); won()", DENIED)
attack("an alarm", "signal.setitimer(signal.ITIMER_REAL, 100); won()", "not permitted")

# --- The kernel's back doors
attack("a namespace of users", "call(272, 0x10000000); won()", DENIED)
attack("a namespace by clone", """
pid = call(56, 0x10000000 | 17, 0, 0, 0, 0)
if not pid: os._exit(0)
os.waitpid(pid, 0); won()
""", DENIED)  # fmt: skip
attack("io_uring", "call(425, 4, ctypes.create_string_buffer(120)); won()", DENIED)
attack("a page fault handler", "call(323, 1); won()", DENIED)
attack("keys", "call(250, 0, -3, 1); won()", DENIED)
attack("System V shared memory", "call(29, 0, 4096, 0o1600); won()", DENIED)
attack("System V semaphores", "call(64, 0, 1, 0o1600); won()", DENIED)
attack("a message queue", "call(68, 0, 0o1600); won()", DENIED)
attack("an event descriptor", "call(290, 0, 0); won()", DENIED)
attack("a filter of one's own", """
rules = ctypes.create_string_buffer(struct.pack("HBBI", 6, 0, 0, 0x7fff0000))
program = struct.pack("HxxxxxxQ", 1, ctypes.addressof(rules))
call(157, 38, 1, 0, 0, 0); call(317, 1, 0, program); won()
""", DENIED)  # fmt: skip
attack("another personality", "call(135, 0x0040000); won()", DENIED)
attack("local descriptor tables", "call(154, 0, ctypes.create_string_buffer(64), 64); won()", DENIED)
attack("pidfd of a process", "call(434, VICTIM, 0); won()", DENIED)
attack("pin memory", "call(149, ctypes.create_string_buffer(4096), 4096); won()", DENIED)
attack("mount", "call(165, b'none', b'/mnt', b'tmpfs', 0, None); won()", DENIED, real=False)
attack("change the root", "call(161, ROOM.encode()); won()", DENIED, real=False)
attack("bpf", "call(321, 0, struct.pack('IIII', 2, 4, 8, 1) + bytes(56), 72); won()", DENIED, real=False)
attack("load a module", "call(313, 0, b'', 0); won()", DENIED, real=False)
attack("set the clock", "call(227, 0, struct.pack('QQ', 0, 0)); won()", DENIED, real=False)
attack("restart the machine", "call(169, 0, 0, 0, 0); won()", DENIED, real=False)
attack("the x32 table", "call(0x40000000 + 39); won()", "SIGSYS", real=False)
attack("the 32-bit table", """
code = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
code.write(bytes.fromhex("b814000000cd80c3"))  # eax = 20 (getpid); int 0x80; ret
got = ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(code)))()
won(got) if got == os.getpid() else None
""", "SIGSYS|SIGSEGV", real=False)  # fmt: skip

attack("a far jump to the 32-bit table", """
code = mmap.mmap(-1, 4096, flags=0x40 | mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, prot=7)
at = ctypes.addressof(ctypes.c_char.from_buffer(code))
code.write(b"\\x6a\\x23\\x68" + struct.pack("<I", at + 64) + b"\\x48\\xcb")  # push 0x23; push at + 64; far return
code.seek(64); code.write(bytes.fromhex("b802000000cd800f0b"))  # eax = 2 (fork); int 0x80
ctypes.CFUNCTYPE(ctypes.c_long)(at)(); won()
""", "SIGSYS|SIGSEGV|SIGILL", real=False)  # fmt: skip

# --- Without end or measure
SLOW = "CPU time|longer than"
attack("an endless loop", "while True: pass", SLOW, real=False, slow=True)
attack("an endless loop that ignores signals", """
for number in range(1, 64):
    try: signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError): pass
while True: pass
""", SLOW, real=False)  # fmt: skip
attack("an endless loop that swallows everything", "while True:\n    try:\n        while True: pass\n"
       "    except BaseException: pass", SLOW, real=False, slow=True)  # fmt: skip
attack("sleep", "signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 64)); time.sleep(1000)", "longer than", real=False)
attack("wait for ever", "libc.poll(None, 0, -1)", "longer than", real=False, slow=True)
attack("an endless pattern", "import re; re.match(r'(a|aa)+$', 'a' * 80 + 'b')", SLOW, real=False, slow=True)
attack("a large number", "10 ** 10 ** 9", SLOW + "|MemoryError", real=False, slow=True)
attack("more memory than allowed", "held = bytearray(400 * 2**20); won(len(held))", "MemoryError")
attack("a memory bomb", "held = []\nwhile True: held.append(bytearray(2**24))", "MemoryError", real=False)
attack("a memory bomb that goes on", "held = []\nwhile True:\n    try: held.append(bytearray(2**20))\n"
       "    except MemoryError: pass", SLOW, real=False, slow=True)  # fmt: skip
attack("memory by mmap", "m = mmap.mmap(-1, 400 * 2**20); m[::2**20] = bytes(400); won()", "OSError|MemoryError")
attack("no end of descriptors", "held = [os.open('/dev/null', os.O_RDONLY) for _ in range(500)]; won()", "OSError")
attack("a stack without bottom", "sys.setrecursionlimit(10**9)\ndef f(): f()\nf()", ".", real=False, slow=True)
attack("a stack without bottom in C", "class A: pass\na = A()\nA.__getattr__ = lambda s, n: getattr(s, n)\n"
       "sys.setrecursionlimit(10**9)\na.x", ".", real=False)  # fmt: skip
attack("code too deep to compile", "eval('(' * 10**5 + ')' * 10**5)", ".", real=False, slow=True)
attack("crash", "ctypes.string_at(0)", "SIGSEGV", real=False)
attack("stay when all is said", "os._exit = lambda _: time.sleep(1000)", "longer than", real=False, slow=True)
attack("leave with a code that bites", "class C:\n    def __eq__(self, other): raise KeyboardInterrupt\n"
       "raise SystemExit(C())", "exit code 1", real=False)  # fmt: skip
attack("abort", "os.abort()", "died of SIG|ended", real=False)
attack("leave without a word", "os._exit(0)", "without a result", real=False)
attack("leave with a pipe held open", "os._exit(77)", "exit code 77", real=False)
attack("a figure of too many pixels", "import matplotlib.pyplot as plt; plt.figure(figsize=(500, 500)).text(0, 0, 'x')",
       "500.. x 500|at most", real=False)  # fmt: skip
attack("too many figures", "import matplotlib.pyplot as plt\n"
       "for i in range(30): plt.figure(figsize=(1, 1)).text(0, 0, 'x')",
       "more than", real=False)  # fmt: skip

# --- Lies on the pipe. Whoever runs Python can write there; what counts is what becomes of it outside.
PNG = """
import zlib
def chunk(kind, body): return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
def png(width, height, pixels, kind=2, depth=8):
    head = struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, 0)
    return b"\\x89PNG\\r\\n\\x1a\\n" + chunk(b"IHDR", head) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
"""


def lie(name: str, code: str, reason: str = "sent ") -> None:
    """Frames written by hand, then the end of an honest child."""
    attack(f"send {name}", PNG + code + "\nframe(b'DONE'); os._exit(0)", reason, real=False)


EVIL = """
import pickle
class A:
    def __reduce__(self): return os.system, ("touch " + ROOM + "/won",)
"""
lie("a pickle", EVIL + "frame(b'FIGU', pickle.dumps(A()))", "not a PNG")
lie("a pickle as a value", EVIL + "frame(b'CALL', pickle.dumps(A()))")
lie("a flood", "while True: os.write(3, bytes(2**16))", "more than .* MB")
lie("a flood of tiny frames", "os.write(3, (b'TEXT' + bytes(4)) * 300_000)", "frames|half a frame|longer")
lie("a flood in one frame", "frame(b'TEXT', bytes(2**18))")
lie("a length that lies", "os.write(3, struct.pack('<4sI', b'FIGU', 2**32 - 1))", "half a frame")
lie("half a head", "os.write(3, b'FIG'); os._exit(0)", "half a frame")
lie("an unknown frame", "frame(b'EVIL', b'x')")
lie("more after the end", "frame(b'DONE')", "more after the end")
lie("the end and then nothing", "frame(b'DONE'); os.close(3); time.sleep(100)", "longer than")
lie("noise", "os.write(3, os.urandom(2**16))")
lie("a bomb of pixels", "frame(b'FIGU', png(30000, 30000, zlib.compress(bytes(10))))", "pixels")
lie("a bomb of zeros", "frame(b'FIGU', png(10, 10, zlib.compress(bytes(10**8), 9)))", "another size")
lie("too few pixels", "frame(b'FIGU', png(10, 10, zlib.compress(bytes(31))))", "another size")
lie("pixels and more", "frame(b'FIGU', png(1, 1, zlib.compress(bytes(4)) + b'more'))", "another size")
lie("an image of no size", "frame(b'FIGU', png(0, 5, zlib.compress(b'')))", "pixels")
lie("a palette", "frame(b'FIGU', png(4, 4, zlib.compress(bytes(20)), kind=3))", "not plain")
lie("a broken chunk", "frame(b'FIGU', png(4, 4, zlib.compress(bytes(52)))[:-6] + b'abcdef')", "broken|breaks")
lie("two heads", "p = png(1, 1, zlib.compress(bytes(4))); frame(b'FIGU', p[:33] + p[8:])", "not plain")
lie("a filter that is none", "frame(b'FIGU', png(1, 1, zlib.compress(b'\\x07abc')))", "filters")
lie("a GIF", "frame(b'FIGU', b'GIF89a' + bytes(100))", "not a PNG")
lie("a table without its figure", "frame(b'ARTS', b'{}')")
lie("something behind an image", "frame(b'FIGU', png(1, 1, zlib.compress(bytes(4))) + b'x')", "behind it")
lie("an image in crumbs", "p = png(1, 1, zlib.compress(bytes(4))); frame(b'FIGU', p[:33] + chunk(b'IDAT', b'') * 5000"
    " + p[33:])", "chunks")  # fmt: skip
lie("crumbs", "while True: os.write(3, b'TE')", "pieces|longer")
lie("crumbs, each to be read by itself", "import fcntl; fcntl.fcntl(3, fcntl.F_SETFL, os.O_DIRECT)\n"
    "while True: os.write(3, b'TE')", "pieces")  # fmt: skip
lie(
    "too many images",
    "p = png(1, 1, zlib.compress(bytes(4)))\nfor _ in range(100): frame(b'FIGU', p)",
    "without its table",
)
GOOD = "frame(b'FIGU', png(1, 1, zlib.compress(bytes(4)))); "
lie("a table of another shape", GOOD + 'frame(b\'ARTS\', b\'{"call": -1, "table": {"axes": 5}}\')', "other keys")
lie("a table that is deep", GOOD + "frame(b'ARTS', b'[' * 10**6)", "no JSON")
lie("a number that is none", GOOD + "frame(b'ARTS', b'[NaN]')", "no JSON")
lie("a number beyond all", GOOD + "frame(b'ARTS', b'[1e999]')", "no JSON")
lie("a number without end", GOOD + "frame(b'ARTS', b'[' + b'9' * 10**6 + b']')", "no JSON")
lie("a whole number that has no float", GOOD + "frame(b'ARTS', b'1' + b'0' * 400)", "no JSON")
lie("half a character", GOOD + r"""frame(b'ARTS', b'["\\ud800"]')""", "no JSON")
lie("a value as deep as can be read", GOOD + "frame(b'ARTS', b'[' * 500 + b']' * 500)", "50 deep")
lie("text that is none", GOOD + "frame(b'ARTS', b'\"\\xff\\xfe\"')", "no JSON")
lie("a value too large", "frame(b'CALL', b'[' + b'[],' * 10**6 + b'[]]')", "at most")
lie("the figure of another's call", GOOD + "frame(b'ARTS', b'{\"call\": 7, \"table\": {}}')", "not asked")
lie("values that nobody asked for", "frame(b'CALL', b'{\"value\": 1}')", "more values")
attack("print without end", "while True: print('x' * 1000)", SLOW, real=False, slow=True)
attack(
    "terminal codes in a reason",
    "raise ValueError('\\x1b[2J\\x1b]0;owned\\x07\\r\\n')",
    "ValueError",
    real=False,
)
attack("patch the harness", """
from envs.sandbox import capture, frames, harness, marks
harness._called = harness.explained = lambda *_: b"{}"
frames.to_json = lambda _: b'{"call": 0}'; frames.MOST.clear(); marks.table = lambda *_: {"x": 1}
capture.Shots.take = lambda self, *_, **__: self._send(b"no image", {})
import matplotlib.pyplot as plt; plt.plot([1, 2]); plt.show()
""", "sent ", real=False)  # fmt: skip
attack(
    "patch what the next script uses",
    """
import builtins, json, matplotlib, matplotlib.pyplot as plt
builtins.print = json.dumps = plt.bar = plt.show = lambda *_, **__: 1 / 0
matplotlib.rcParams["figure.figsize"] = (1, 1); sys.modules["numpy"] = None
""",
    real=False,
)
