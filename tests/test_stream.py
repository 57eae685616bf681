"""The stream: problems come in time, in any number of processes, and nothing is lost or left behind."""

import gc
import json
import logging
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from envs.address import Address
from envs.curriculum import Outcome, World, make_curriculum
from envs.learnability import Learnability
from envs.stream import Stream
from envs.workers import StreamError


@dataclass(frozen=True)
class Cell:
    family: str
    question: str
    top_level: int | None = None


CELLS = tuple(Cell(family, question) for family in ("bar", "pie") for question in ("count", "mean"))


@dataclass(frozen=True, eq=False)
class Drawing:
    address: Address
    image: np.ndarray


def fake(address: Address) -> Drawing:
    return Drawing(address, np.full((address.height, address.width, 3), address.seed % 251, np.uint8))


def slow(address: Address) -> Drawing:
    time.sleep(0.02)
    return fake(address)


def failing(address: Address) -> Drawing:
    if address.seed % 5 == 0:
        raise ArithmeticError("no figure")
    return fake(address)


def deadly(address: Address) -> Drawing:
    if address.seed % 5 == 0:
        os._exit(3)
    return fake(address)


def curriculum(seed: int = 0) -> Learnability:
    return Learnability(World(CELLS, seed=seed))


def outcomes(stream: Stream, batch: int) -> list[Outcome]:
    """Of a learner whose answers depend on the address alone."""
    n = stream.prompts_per_batch
    plan = [stream.address(slot) for slot in range(batch * n, (batch + 1) * n)]
    return [Outcome(a, max(0, min(8, 7 - a.level + a.seed % 3 - 1)), 8) for a in plan]


def run(stream: Stream, start: int, stop: int) -> dict[int, str]:
    """slot -> address of the problems that came."""
    seen = {}
    for batch in range(start, stop):
        problems = stream.problems(batch, stream.own_slots(batch))
        for slot, problem in problems.items():
            assert problem.address == stream.address(slot)
            assert problem.image[0, 0, 0] == problem.address.seed % 251
            seen[slot] = str(problem.address)
        stream.observe(batch, outcomes(stream, batch))
    return seen


def gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except OSError:
        return True


def wait_until(true, seconds: float = 60.0) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if true():
            return True
        time.sleep(0.05)
    return False


def test_the_number_of_workers_changes_nothing():
    with Stream(curriculum(), 6, workers=0, make=fake) as here, Stream(curriculum(), 6, workers=2, make=fake) as there:
        assert run(here, 0, 4) == run(there, 0, 4)
        assert here.state_dict() == there.state_dict()


def test_what_was_drawn_here_before_does_not_disturb_the_workers():
    """Forked workers would share this process's open font files, and the place in them."""
    config = {"mode": "uniform", "levels": 4, "px": "224x224"}
    here = Stream(make_curriculum(config), 32, workers=0)
    mine = here.problems(0, range(32))
    with Stream(make_curriculum(config), 32, workers=2) as there:
        theirs = there.problems(0, range(32))
    for slot, problem in mine.items():
        assert problem.question == theirs[slot].question and problem.answer == theirs[slot].answer
        assert np.array_equal(problem.image, theirs[slot].image)


def test_two_ranks_draw_the_halves_of_one_and_hold_equal_state():
    def plan_of_rank_0(plan: list[str]) -> list[str]:
        return plan

    one = Stream(curriculum(), 7, workers=0, make=fake)
    two = [
        Stream(curriculum(), 7, workers=0, rank=r, world=2, make=fake, broadcast=plan_of_rank_0 if r else None)
        for r in (0, 1)
    ]
    whole, halves = run(one, 0, 4), [run(stream, 0, 4) for stream in two]
    assert not halves[0].keys() & halves[1].keys()
    assert halves[0] | halves[1] == whole
    assert one.state_dict() == two[0].state_dict() == two[1].state_dict()


def test_every_rank_follows_the_broadcast():
    lead, other = (Stream(curriculum(seed), 4, workers=0, make=fake) for seed in (1, 2))
    plans = {batch: [str(lead.address(slot)) for slot in range(4 * batch, 4 * batch + 4)] for batch in (0, 1)}
    calls = iter((0, 1))
    other.use_broadcast(lambda _: plans[next(calls)])
    assert [str(other.address(slot)) for slot in range(8)] == plans[0] + plans[1]
    assert other.problems(1, [5])[5].address == lead.address(5)


def test_resume_equals_the_unbroken_run():
    unbroken = Stream(curriculum(), 6, workers=0, make=fake)
    seen = run(unbroken, 0, 7)
    first = Stream(curriculum(), 6, workers=0, make=fake)
    run(first, 0, 3)
    state = json.loads(json.dumps(first.state_dict()))
    with Stream(curriculum(), 6, workers=1, make=fake) as second:
        second.load_state_dict(state)
        rest = run(second, 3, 7)
    assert rest == {slot: address for slot, address in seen.items() if slot >= 18}
    assert second.state_dict() == unbroken.state_dict()


def test_a_resume_with_another_batch_size_is_refused():
    state = Stream(curriculum(), 6, workers=0, make=fake).state_dict()
    with pytest.raises(ValueError, match="6 prompts in batch 0, the config 8"):
        Stream(curriculum(), 8, workers=0, make=fake).load_state_dict(state)


def test_batches_are_drawn_ahead_and_memory_holds_two():
    with Stream(curriculum(), 8, workers=2, make=fake) as stream:
        for batch in range(4):
            assert wait_until(lambda: stream.metrics()["drawn_ahead"] == 16)
            stream.problems(batch, stream.own_slots(batch))
            assert stream.metrics()["wait_seconds"] < 0.5
            stream.observe(batch, outcomes(stream, batch))
        with pytest.raises(ValueError, match="batch 3 is not at hand"):
            stream.problems(3, [24])
        with pytest.raises(ValueError, match="5 observed, but 4 is next"):
            stream.observe(5, [])


def test_slots_of_other_ranks_are_drawn_when_asked_for():
    with Stream(curriculum(), 8, workers=1, rank=1, world=2, make=slow) as stream:
        assert list(stream.own_slots(1)) == [12, 13, 14, 15]
        problems = stream.problems(0, [0, 7])
        assert [problems[slot].address for slot in (0, 7)] == [stream.address(0), stream.address(7)]
        assert stream.problems(0, [0])[0] is problems[0]
        with pytest.raises(ValueError, match=r"slot 8 is not in batch 0, which holds \[0, 8\)"):
            stream.problems(0, [8])


@pytest.mark.parametrize("workers", [0, 1])
def test_an_exception_names_its_address(workers):
    with Stream(curriculum(), 16, workers=workers, make=failing) as stream:
        bad = {str(stream.address(slot)) for slot in range(16) if stream.address(slot).seed % 5 == 0}
        with pytest.raises(StreamError, match="ArithmeticError: no figure") as caught:
            stream.problems(0, range(16))
        assert caught.value.address in bad and caught.value.address in str(caught.value)
        good = [slot for slot in range(16) if stream.address(slot).seed % 5]
        assert len(stream.problems(0, good)) == len(good)


def test_a_killed_worker_is_replaced_and_nothing_is_lost(caplog):
    with caplog.at_level(logging.WARNING), Stream(curriculum(), 32, workers=2, make=slow) as stream:
        before = stream.worker_pids()
        os.kill(before[0], signal.SIGKILL)
        seen = run(stream, 0, 2)
        after = stream.worker_pids()
    assert sorted(seen) == list(range(64))
    assert len(after) == 2 and before[0] not in after and before[1] in after
    assert "a drawing worker died (exit code -9)" in caplog.text


def test_an_address_that_kills_workers_is_named():
    with Stream(curriculum(), 16, workers=1, make=deadly) as stream:
        bad = [str(stream.address(slot)) for slot in range(16) if stream.address(slot).seed % 5 == 0]
        with pytest.raises(StreamError, match="3 workers died at it") as caught:
            stream.problems(0, range(16))
        assert caught.value.address in bad


def test_close_leaves_no_process_even_when_results_wait():
    stream = Stream(curriculum(), 64, workers=2, make=fake)
    pids = stream.worker_pids()
    stream.close()
    stream.close()
    assert len(pids) == 2
    for pid in pids:
        with pytest.raises(ProcessLookupError):  # not even a zombie
            os.kill(pid, 0)
    with pytest.raises(RuntimeError, match="closed"):
        stream.problems(0, [0])


def test_a_forgotten_stream_ends_its_workers():
    stream = Stream(curriculum(), 8, workers=2, make=fake)
    pids = stream.worker_pids()
    del stream
    gc.collect()
    assert all(map(gone, pids))


SCRIPT = """
import sys, time
from tests_stream import CELLS, curriculum, slow
from envs.stream import Stream

if __name__ == "__main__":
    stream = Stream(curriculum(), 64, workers=2, make=slow)
    if "replace" in sys.argv:
        import os, signal
        os.kill(stream.worker_pids()[0], signal.SIGKILL)
    stream.problems(0, range(64))
    print(*stream.worker_pids(), flush=True)
    if "stay" in sys.argv:
        time.sleep(100)
"""


@pytest.fixture
def script(tmp_path):
    (tmp_path / "tests_stream.py").write_text(Path(__file__).read_text())
    (tmp_path / "script.py").write_text(SCRIPT)
    root = str(Path(__file__).resolve().parent.parent)

    def start(*arguments: str) -> subprocess.Popen:
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join([root, os.environ.get("PYTHONPATH", "")])}
        command = [sys.executable, str(tmp_path / "script.py"), *arguments]
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)

    return start


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("arguments", [("stay",), ("stay", "replace")])
def test_a_killed_parent_leaves_no_worker(script, arguments):
    parent = script(*arguments)  # with its first workers, and with one that replaced another
    assert len(parent.stdout.readline().split()) == 2
    pids = [int(pid) for pid in Path(f"/proc/{parent.pid}/task/{parent.pid}/children").read_text().split()]
    assert len(pids) >= 2 and not any(map(gone, pids))
    parent.kill()
    parent.communicate()
    assert wait_until(lambda: all(map(gone, pids)))


def test_workers_that_cannot_start_end_in_an_error_that_says_so(monkeypatch):
    monkeypatch.setattr("envs.workers._work", os.abort)
    stream = Stream(curriculum(), 4, workers=1, make=fake)
    with pytest.raises(RuntimeError, match="3 drawing workers died as they started"):
        stream.problems(0, [0])
    stream.close()


def test_a_script_that_just_ends_ends_quietly(script):
    out, err = script().communicate(timeout=120)
    assert len(out.split()) == 2 and err == ""


def test_ctrl_c_is_the_parents_to_handle():
    with Stream(curriculum(), 8, workers=1, make=slow) as stream:
        stream.problems(0, [0])
        os.kill(stream.worker_pids()[0], signal.SIGINT)
        pids = stream.worker_pids()
        run(stream, 0, 2)
        assert stream.worker_pids() == pids


def test_the_metrics_tell_what_waiting_costs():
    stream = Stream(curriculum(), 4, workers=0, make=slow)
    stream.problems(0, range(4))
    found = stream.metrics()
    assert found["wait_seconds"] >= 0.08 and found["draw_ms"] >= 20
    assert stream.metrics()["wait_seconds"] == 0.0
