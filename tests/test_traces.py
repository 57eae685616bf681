"""Gathering traces: what is accepted is kept, and nothing is asked twice but what was under way at a kill."""

from __future__ import annotations

import csv
import json
import math
import os
import subprocess
import sys
import threading
import time
from collections import Counter
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from conftest import PROMPT
from serving import vllm_server

from envs import endpoint
from envs.address import Address
from envs.endpoint import Pace
from envs.problem import make
from rewards import score
from trainers.lessons import read_traces
from trainers.report_page import data_uri
from trainers.traces import PROMPT as ASKED
from trainers.traces import main, parse, planned

ROOT = Path(__file__).parent.parent
ENV = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
CONCURRENCY = 4
CELLS = ["--cells", "bar/count", "bar/kth_value", "--levels", "0-1", "--px", "112x112", "--n", "24", "--workers", "0"]


def options(url: str, out: Path, *more: str) -> list[str]:
    return ["--base-url", url, "--model", "teacher", "--out", str(out), *CELLS, "--quiet", *more]


class Teacher:
    """A server that solves problems by their pictures: it knows the solution of each of `addresses`.

    `wrong` pictures get a wrong answer. `statuses` are sent first, one a request, before anything is answered. After
    `answers` answers it keeps requests waiting; `hung_up` tells it that who sent them is gone.
    """

    def __init__(self, addresses, wrong=(), statuses=(), seconds=0.0, key=None):
        problems = {address: make(address) for address in addresses}
        self.addresses = {data_uri(problem.image): address for address, problem in problems.items()}
        self.solutions = {address: problem.solution for address, problem in problems.items()}
        self.wrong, self.statuses, self.seconds, self.key = set(wrong), list(statuses), seconds, key
        self.asked, self.bodies, self.times = Counter(), [], []
        self.under_way = self.most = self.answered = self.callers = 0
        self.answers = math.inf
        self.lock = threading.Condition()

    def hung_up(self):
        with self.lock:
            self.callers += 1
            self.under_way = 0
            self.lock.notify_all()

    def reply(self, body, headers):
        """(status, headers, object) for a request."""
        if self.key and headers.get("Authorization") != f"Bearer {self.key}":
            return 401, {}, {"error": "no such key"}
        (picture,) = [
            part["image_url"]["url"] for part in body["messages"][0]["content"] if part["type"] == "image_url"
        ]
        address = self.addresses[picture]
        with self.lock:
            self.asked[address] += 1
            self.bodies.append(body)
            self.times.append(time.monotonic())
            if self.statuses:
                return self.statuses.pop(), {"Retry-After": "0.01"}, {"error": "busy"}
            self.under_way += 1
            self.most = max(self.most, self.under_way)
            caller = self.callers
        time.sleep(self.seconds)
        with self.lock:
            self.lock.wait_for(lambda: self.answered < self.answers or self.callers > caller)
            if self.callers > caller:
                raise ConnectionAbortedError
            self.under_way -= 1
            self.answered += 1
        text = "It is \\boxed{-7}." if address in self.wrong else self.solutions[address]
        choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}
        return 200, {}, {"choices": [choice], "usage": {"prompt_tokens": 100, "completion_tokens": 10}}


@contextmanager
def serving(teacher: Teacher):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def send(self, status, headers, found):
            payload = json.dumps(found).encode()
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(payload))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(payload)

        def do_GET(self):
            if teacher.key and self.headers.get("Authorization") != f"Bearer {teacher.key}":
                self.send(401, {}, {"error": "no such key"})
            elif self.path == "/v1/models":
                self.send(200, {}, {"data": [{"id": "teacher"}]})
            else:
                self.send(404, {}, {"error": "no such path"})

        def do_POST(self):
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            known = self.path == "/v1/chat/completions"
            self.send(*(teacher.reply(body, self.headers) if known else (404, {}, {"error": "no such path"})))

        def log_message(self, *args):
            pass

    class Server(ThreadingHTTPServer):
        def handle_error(self, request, client_address):
            pass  # a client that was killed

    server = Server(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1"
    finally:
        server.shutdown()
        server.server_close()


def asked_for(*more: str) -> list[str]:
    return planned(parse(options("http://x", Path("out"), *more)))


def log_of(out: Path) -> list[dict]:
    return [json.loads(line) for line in (out / "asked.jsonl").read_text().splitlines()]


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr(endpoint, "BACKOFF", 0.01)


def test_what_the_checker_accepts_is_kept_with_all_that_tells_where_it_is_from(tmp_path, capsys):
    addresses = asked_for()
    assert len(addresses) == 24 and not any(Address.parse(address).test for address in addresses)
    wrong = [address for address in addresses if "kth_value/1" in address]
    assert wrong
    teacher = Teacher(addresses, wrong)
    with serving(teacher) as url:
        assert main(options(url, tmp_path, "--price-in", "1", "--price-out", "10", "--max-tokens", "500")) == 0
    said = capsys.readouterr().out
    rows = pq.read_table(tmp_path / "traces.parquet").to_pylist()
    assert {row["address"] for row in rows} == set(addresses) - set(wrong)
    for row in rows:
        assert score(row["trace"], make(row["address"]).answer).correct and row["verdict"] == "right"
        assert (row["model"], row["prompt_tokens"], row["completion_tokens"]) == ("teacher", 100, 10)
        assert json.loads(row["settings"]) == {
            **{"model": "teacher", "prompt": ASKED, "max_tokens": 500, "temperature": 0.0, "seed": 0}
        }
    assert all(count == 1 for count in teacher.asked.values())
    assert all(body["max_tokens"] == 500 and body["model"] == "teacher" for body in teacher.bodies)
    # What it may cost, before, with the longest answers; and what it did cost.
    assert "24 requests to teacher" in said and "0.01 M out if every answer is as long as it may be" in said
    assert f"{24 * (100 * 1 + 10 * 10) / 1e6:.4f} at these prices" in said
    shares = {row["cell"]: float(row["share"]) for row in csv.DictReader((tmp_path / "cells.csv").open())}
    of = [address for address in addresses if "kth_value" in address]
    assert shares == {"bar/count": 1.0, "bar/kth_value": round(1 - len(wrong) / len(of), 4)}
    assert f"{24 - len(wrong)} of 24 accepted" in said


def test_the_dry_run_says_what_would_be_asked_and_touches_nothing(tmp_path, capsys):
    out = tmp_path / "none"
    assert main(options("http://127.0.0.1:9/v1", out, "--dry-run", "--price-in", "2", "--price-out", "8")) == 0
    assert "24 requests" in capsys.readouterr().out and not out.exists()


def test_a_larger_n_adds_to_what_is_there_and_asks_nothing_again(tmp_path, capsys):
    teacher = Teacher(asked_for("--n", "30"))
    with serving(teacher) as url:
        assert main(options(url, tmp_path)) == 0
        assert main(options(url, tmp_path, "--n", "30")) == 0
        assert "as the 24 answers so far" in capsys.readouterr().out
        assert main(options(url, tmp_path, "--n", "30")) == 0
    assert set(teacher.asked.values()) == {1} and len(teacher.asked) == 30
    assert len(read_traces(str(tmp_path))) == 30


def test_other_settings_are_refused_and_never_mixed(tmp_path, capsys):
    teacher = Teacher(asked_for())
    with serving(teacher) as url:
        assert main(options(url, tmp_path)) == 0
        assert main(options(url, tmp_path, "--max-tokens", "7")) == 2
    error = capsys.readouterr().err
    assert error.startswith("traces: ") and "max_tokens 1024, not 7" in error and error.count("\n") == 1


def test_a_busy_server_is_asked_again_and_what_that_took_is_counted(tmp_path, capsys, quick):
    teacher = Teacher(asked_for(), statuses=[429] * 5 + [500, 503])
    with serving(teacher) as url:
        assert main(options(url, tmp_path)) == 0
    assert "31 requests sent" in capsys.readouterr().out and sum(teacher.asked.values()) == 31
    assert sum("sent" in row and "response" not in row for row in log_of(tmp_path)) == 31
    assert len(read_traces(str(tmp_path))) == 24


def test_requests_that_fail_are_asked_again_by_the_next_run(tmp_path, capsys, quick):
    addresses = asked_for()
    teacher = Teacher(addresses, statuses=[400] * 3)  # asking again would not help
    with serving(teacher) as url:
        assert main(options(url, tmp_path)) == 1
        assert "3 requests failed" in capsys.readouterr().out and len(read_traces(str(tmp_path))) == 21
        assert main(options(url, tmp_path)) == 0
    assert sum(teacher.asked.values()) == 27 and len(read_traces(str(tmp_path))) == 24


def test_no_more_requests_go_out_than_the_pace_and_the_concurrency_allow(tmp_path):
    teacher = Teacher(asked_for("--n", "12"), seconds=0.05)
    started = time.monotonic()
    with serving(teacher) as url:
        assert main(options(url, tmp_path, "--n", "12", "--rpm", "600", "--concurrency", "3")) == 0
    assert teacher.most <= 3
    assert max(teacher.times) - started >= 0.1 * 11
    pace, started = Pace(600), time.monotonic()
    turns = [pace.turn() + time.monotonic() - started for _ in range(12)]  # in this order: time passes
    assert all(turn >= 0.1 * number for number, turn in enumerate(turns)) and turns[-1] < 60
    assert not any(Pace(None).turn() for _ in range(1000))


def test_the_budget_ends_the_asking(tmp_path, capsys):
    teacher = Teacher(asked_for())
    with serving(teacher) as url:
        more = ["--price-in", "10000", "--price-out", "0", "--budget", "6", "--concurrency", "1"]  # 1 an answer
        assert main(options(url, tmp_path, *more)) == 0
    assert 6 <= sum(teacher.asked.values()) <= 8 and "budget" in capsys.readouterr().err


def start(url: str, out: Path) -> subprocess.Popen:
    command = [sys.executable, "-m", "trainers.traces", *options(url, out, "--concurrency", str(CONCURRENCY))]
    return subprocess.Popen(command, cwd=ROOT, env=ENV, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def until_it_waits(process: subprocess.Popen, teacher: Teacher, out: Path) -> None:
    """Until the answers the teacher gives are in the log, and all requests that may be under way wait for it."""
    until = time.monotonic() + 120
    while process.poll() is None and time.monotonic() < until:
        rows = log_of(out) if teacher.under_way == CONCURRENCY else []
        if sum("response" in row for row in rows) == teacher.answers:
            return
        time.sleep(0.01)
    process.kill()
    raise AssertionError("it ended, or asked no more: " + process.communicate()[0])


def test_a_gathering_killed_twice_loses_nothing_and_asks_again_only_what_was_under_way(tmp_path):
    addresses = asked_for()
    teacher = Teacher(addresses)
    log = tmp_path / "asked.jsonl"
    with serving(teacher) as url:
        for teacher.answers in (5, 12):
            process = start(url, tmp_path)
            until_it_waits(process, teacher, tmp_path)
            process.kill()
            process.wait()
            teacher.hung_up()
        rows = log_of(tmp_path)
        log.write_bytes(log.read_bytes()[:-1])  # the last line was being written: an answer, or what was sent
        torn = "response" in rows[-1]
        teacher.answers = math.inf
        process = start(url, tmp_path)
        said = process.communicate()[0]
    assert process.returncode == 0, said
    lost = 2 * CONCURRENCY + (1 if torn else -1)
    assert f"{lost} requests were under way when a run was cut off" in said
    assert f"{lost} requests were cut off without an answer" in said
    rows = pq.read_table(tmp_path / "traces.parquet").to_pylist()
    assert sorted(row["address"] for row in rows) == sorted(addresses)  # each once
    again = sum(count - 1 for count in teacher.asked.values())
    assert again == 2 * CONCURRENCY + torn
    answered = Counter(row["address"] for row in log_of(tmp_path) if "response" in row)
    assert set(answered) == set(addresses) and set(answered.values()) == {1}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--cells", "bar/cuont"], "bar/count"),
        (["--levels", "4-1"], "--levels '4-1'"),
        (["--addresses", "nowhere.txt"], "nowhere.txt"),
        (["--prompt", "what?"], "{question}"),
        (["--samples", "2"], "--temperature"),
        (["--budget", "1"], "--price-in"),
        (["--rpm", "0"], "--rpm 0"),
        (["--px", "9x9"], "9x9"),
    ],
)
def test_every_mistake_is_one_line_that_names_the_mend(arguments, words, tmp_path, capsys):
    try:
        status = main(options("http://127.0.0.1:9/v1", tmp_path, *arguments))
    except SystemExit as ended:
        status = ended.code
    error = capsys.readouterr().err
    assert status == 2 and error.startswith("traces: ") and words in error and error.count("\n") == 1


def test_a_test_address_in_a_file_is_refused(tmp_path, capsys):
    (tmp_path / "some.txt").write_text("bar/count/0/1\ntest:bar/count/0/1\n")
    assert main(options("http://127.0.0.1:9/v1", tmp_path / "out", "--addresses", str(tmp_path / "some.txt"))) == 2
    error = capsys.readouterr().err
    assert "line 2" in error and "training" in error and error.count("\n") == 1


def test_nothing_is_sent_once_a_run_has_ended(tmp_path, quick):
    teacher = Teacher(asked_for(), statuses=[404])
    with serving(teacher) as url:
        assert main(options(url, tmp_path, "--rpm", "300")) == 2
        sent = len(log_of(tmp_path)) - 1
        time.sleep(1)  # other requests were waiting for their turn, five a second
    assert sum(teacher.asked.values()) <= sent == len(log_of(tmp_path)) - 1


def test_the_addresses_of_a_file_are_asked_each_once(tmp_path):
    addresses = asked_for()[:5]
    (tmp_path / "some.txt").write_text("# five\n" + "\n".join(addresses) + "\n")
    with serving(Teacher(addresses)) as url:
        assert main(options(url, tmp_path, "--addresses", str(tmp_path / "some.txt"), "--n", "9")) == 0
    assert [trace.address for trace in read_traces(str(tmp_path))] and len(read_traces(str(tmp_path))) == 5


def test_a_wrong_url_a_wrong_key_and_nobody_there_are_each_a_line(tmp_path, capsys, monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with serving(Teacher(asked_for()[:1], key="secret")) as url:
        assert main(options(url, tmp_path / "a")) == 2
        assert "refuses the key (401): set OPENAI_API_KEY" in capsys.readouterr().err
        monkeypatch.setenv("OPENAI_API_KEY", "secret")
        assert main(options(url.replace("/v1", ""), tmp_path / "b")) == 2
        assert "404" in capsys.readouterr().err
        assert main([*options(url, tmp_path / "c"), "--model", "theacher"]) == 2
        assert "give --model one of teacher" in capsys.readouterr().err
    assert main(options("http://127.0.0.1:9/v1", tmp_path / "d")) == 2
    error = capsys.readouterr().err
    assert "cannot reach http://127.0.0.1:9/v1" in error and error.count("\n") == 1
    assert not list(tmp_path.glob("*/traces.parquet"))


@pytest.mark.slow
@pytest.mark.vllm
def test_a_real_vllm_server_is_a_teacher(tmp_path):
    """An untrained policy says nothing right; what it says is logged, billed by the server's own count, and judged."""
    from test_backends import SIZES

    from trainers.models import build_tiny

    checkpoint = build_tiny("qwen2_5_vl", tmp_path / "model", seed=3, **SIZES["qwen2_5_vl"])
    named = ("--served-model-name", "teacher", "--generation-config", "vllm")
    with vllm_server(checkpoint, tmp_path, *named) as (address, _):
        more = ["--n", "6", "--max-tokens", "12", "--prompt", PROMPT]
        assert main(options(f"{address}/v1", tmp_path / "out", *more)) == 0
    answers = [row for row in log_of(tmp_path / "out") if "response" in row]
    assert len(answers) == 6 and all(0 < row["tokens"] <= 12 and row["prompt_tokens"] > 16 for row in answers)
    assert all(row["reason"] for row in answers)
