"""What the sandbox costs: CPU a script against a process each, its layers alone, two workers, memory over many scripts.

python benchmarks/sandbox.py [--rounds 3] [--trivial 10000] [--only cpu layers workers memory attacks]

    cpu      the same scripts, each in a Python process of its own that saves a PNG, then forked from a warm process;
             all CPU of all processes counted (ours, the warm one's, the children's), but not the warm one's start,
             which is told beside it. Rounds alternate; the medians of the rounds are compared.
    layers   milliseconds that a child spends locking itself in; and CPU of a trivial script with and without layers
    workers  scripts a second with one worker and with two; needs two idle cores; rounds alternate, medians
    memory   resident megabytes of this process and of the warm one, over many trivial scripts
    attacks  how many of the real ones in tests/sandbox_attacks.py succeed with all layers, with none, without each
"""

import argparse
import contextlib
import os
import platform
import resource
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import asdict
from pathlib import Path

from envs.sandbox import Job, Limits, Sandbox
from envs.sandbox.layers import LAYERS

HEAD = "import matplotlib.pyplot as plt\nimport numpy as np\n"
FRAMES = HEAD + "import pandas as pd\nimport seaborn as sns\n"
SCRIPTS = {
    "bars": HEAD + "plt.figure(figsize=(8, 5)); plt.bar(list('abcdefgh'), range(8), label='n'); plt.title('Bars')\n"
    "plt.xlabel('letter'); plt.ylabel('count'); plt.legend(); plt.tight_layout()\n",
    "lines": HEAD + "x = np.arange(24); plt.figure(figsize=(10, 6))\n"
    "for k in range(5): plt.plot(x, np.sin(x / 3 + k), marker='o', label=f'series {k}')\n"
    "plt.grid(alpha=.3); plt.legend(); plt.title('Lines')\n",
    "pie": HEAD + "plt.pie([3, 4, 5, 6], labels=list('abcd'), autopct='%1.1f%%', startangle=90); plt.title('Pie')\n",
    "scatter": HEAD + "r = np.random.default_rng(0); plt.scatter(*r.normal(size=(2, 300)), c=r.random(300), s=30)\n"
    "plt.colorbar(label='v'); plt.title('Scatter')\n",
    "panels": HEAD + "f, a = plt.subplots(2, 2, figsize=(10, 8))\n"
    "for k, x in enumerate(a.ravel()): x.bar(range(6), np.arange(6) ** k); x.set_title(f'panel {k}')\n"
    "plt.tight_layout()\n",
    "radar": HEAD + "t = np.linspace(0, 2 * np.pi, 7); a = plt.subplot(polar=True); a.plot(t, [1, 2, 3, 2, 4, 3, 1])\n"
    "a.fill(t, [1, 2, 3, 2, 4, 3, 1], alpha=.3); a.set_xticks(t[:-1], list('abcdef')); plt.title('Radar')\n",
    "heat": FRAMES + "d = pd.DataFrame(np.arange(30).reshape(5, 6), columns=list('abcdef'))\n"
    "sns.heatmap(d, annot=True, cmap='viridis'); plt.title('Heat')\n",
    "boxes": FRAMES + "d = pd.DataFrame(np.random.default_rng(0).normal(size=(60, 4)), columns=list('wxyz'))\n"
    "sns.boxplot(data=d); plt.title('Boxes')\n",
}  # fmt: skip
END = "plt.savefig('chart.png')\n"
TRIVIAL = "x = 1 + 1"


def cpu_of(pid: int) -> float:
    """CPU seconds of a process alone, without the children it has waited for."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def cpu_here() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def warm_pids(sandbox: Sandbox) -> list[int]:
    return [warm._process.pid for warm in sandbox._free.queue]


def forked(sandbox: Sandbox) -> float:
    """CPU seconds a script, everything counted."""
    before = cpu_here() + sum(map(cpu_of, warm_pids(sandbox)))
    children = 0.0
    for name, code in SCRIPTS.items():
        outcome = sandbox.run(Job(code=code + END, name=name))
        assert not outcome.reason and len(outcome.figures) == 1, (name, outcome.reason, len(outcome.figures))
        children += outcome.cpu_s
    return (children + cpu_here() + sum(map(cpu_of, warm_pids(sandbox))) - before) / len(SCRIPTS)


def spawned() -> float:
    """CPU seconds a script, each in a process of its own."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with tempfile.TemporaryDirectory() as folder:
        for code in SCRIPTS.values():
            quiet = {"MPLBACKEND": "agg", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
            subprocess.run([sys.executable, "-c", code + END], cwd=folder, env=os.environ | quiet, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) / len(SCRIPTS)


def cpu(rounds: int) -> None:
    start = time.perf_counter()
    with Sandbox() as sandbox:
        started = sum(map(cpu_of, warm_pids(sandbox)))
        print(f"warm process: {started:.1f} CPU-s, {time.perf_counter() - start:.1f} s to start")
        forked(sandbox), spawned()  # files in the page cache, bytecode written
        pairs = [(forked(sandbox), spawned()) for _ in range(rounds)]
    warm, cold = (statistics.median(side) for side in zip(*pairs))
    print(f"CPU a script: {cold:.3f} s in a process each, {warm:.3f} s forked warm: {warm / cold:.2f} of it")


def layers() -> None:
    from envs.sandbox import warm

    missing = warm._preload()
    held = warm._prepare({"machine": platform.machine(), "limits": asdict(Limits()), "layers": LAYERS, "unsafe": False})
    took = []
    for _ in range(200):
        read, write = os.pipe()
        parent = os.getpid()
        if not (child := os.fork()):
            begun = time.perf_counter(), time.thread_time()
            pipe = held.apply(write, parent)
            os.write(pipe, f"{time.perf_counter() - begun[0]} {time.thread_time() - begun[1]}".encode())
            os._exit(0)
        os.close(write)
        took.append([1e3 * float(word) for word in os.read(read, 100).split()])
        os.close(read)
        os.waitpid(child, 0)
    clock, busy = map(sorted, zip(*took))
    print(f"layers: {busy[len(busy) // 2]:.2f} CPU-ms a child (median of {len(took)}); by the clock "
          f"{clock[len(clock) // 10]:.2f} in the best tenth, {clock[len(clock) // 2]:.2f} in the middle")  # fmt: skip
    if missing:
        print(f"  not installed: {', '.join(missing)}")
    with Sandbox() as held_in, Sandbox(unsafe=True, without=LAYERS) as loose:
        pairs = []
        for _ in range(5):
            both = (sum(s.run(Job(code=TRIVIAL)).cpu_s for _ in range(100)) * 10 for s in (held_in, loose))
            pairs.append(tuple(both))
    inside, outside = (statistics.median(side) for side in zip(*pairs))
    print(f"a trivial script: {inside:.2f} CPU-ms in its child with the layers, {outside:.2f} without")


def workers(rounds: int) -> None:
    jobs = [Job(code=code + END) for code in SCRIPTS.values()] * 5
    with Sandbox(1) as one, Sandbox(2) as two:
        rates: dict[int, list[float]] = {1: [], 2: []}
        for _ in range(rounds):
            for count, sandbox in ((1, one), (2, two)):
                start = time.perf_counter()
                assert all(not outcome.reason for _, outcome in sandbox.map(jobs))
                rates[count].append(len(jobs) / (time.perf_counter() - start))
    single, double = (statistics.median(found) for found in rates.values())
    print(f"scripts a second: {single:.1f} with one worker, {double:.1f} with two: {double / single:.2f} x")
    print(f"  best rounds: {max(rates[2]) / max(rates[1]):.2f} x; load of the machine: {os.getloadavg()[0]:.1f}")


def memory(scripts: int) -> None:
    def resident(pid: int) -> float:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * resource.getpagesize() / 2**20

    with Sandbox() as sandbox:
        (pid,) = warm_pids(sandbox)
        start = time.perf_counter()
        for done in range(scripts + 1):
            if done % max(1, scripts // 10) == 0:
                fds = [len(os.listdir(f"/proc/{each}/fd")) for each in ("self", pid)]
                megabytes = f"{resident(os.getpid()):7.1f} MB here, {resident(pid):7.1f} MB warm"
                spent = time.perf_counter() - start
                print(f"{done:8} scripts {spent:7.0f} s: {megabytes}, {fds[0]} and {fds[1]} descriptors", flush=True)
            assert not sandbox.run(Job(code=TRIVIAL)).reason


def attacks() -> None:
    sys.path.insert(0, str(Path(__file__).parents[1]))
    from tests.sandbox_attacks import ATTACKS, PRELUDE

    real = [attack for attack in ATTACKS if attack.real]
    print(f"{len(ATTACKS)} attacks, {len(real)} of them tried without layers too")
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        subprocess.Popen(["sleep", "600"], stdout=subprocess.DEVNULL) as victim,
    ):
        threading.Thread(target=answer, args=(server,), daemon=True).start()
        for without in ((), LAYERS, *((layer,) for layer in LAYERS)):
            limits = Limits(cpu_s=1, wall_s=3, memory_mb=256, result_mb=4, figures=4)
            with Sandbox(limits=limits, unsafe=True, without=without) as sandbox:
                won = []
                for attack in real:
                    with tempfile.TemporaryDirectory() as room:
                        for name in ("secret", "spare", "moved"):
                            (Path(room) / name).write_text("secret")
                        aims = PRELUDE.format(room=room, port=server.getsockname()[1], victim=victim.pid)
                        outcome = sandbox.run(Job(code=aims + attack.code))
                        if "WON" in outcome.printed or (Path(room) / "won").exists():
                            won.append(attack.name)
            named = ": " + "; ".join(won) if len(won) < 20 else ""
            print(f"  without {', '.join(without) or 'nothing'}: {len(won)} succeed{named}", flush=True)
        victim.kill()


def answer(server: socket.socket) -> None:
    """A server that any request satisfies."""
    with contextlib.suppress(OSError):
        while True:
            with server.accept()[0] as client:
                client.settimeout(1)
                client.recv(4096)
                client.sendall(b"HTTP/1.0 200 OK\r\n\r\nhello")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--trivial", type=int, default=10_000)
    parser.add_argument("--only", nargs="+", default=["cpu", "layers", "workers", "memory"])
    asked = parser.parse_args()
    if "cpu" in asked.only:
        cpu(asked.rounds)
    if "layers" in asked.only:
        layers()
    if "workers" in asked.only:
        workers(asked.rounds)
    if "memory" in asked.only:
        memory(asked.trivial)
    if "attacks" in asked.only:
        attacks()
