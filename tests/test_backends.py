"""The backends of an evaluation answer alike: this process, vLLM's engine, and servers, also those that fail."""

import json
import math
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from conftest import ADDRESSES, PROMPT, report_of, rows_of
from PIL import Image
from serving import vllm_server

os.environ.setdefault("VLLM_CPU_KVCACHE_SPACE", "1")

from envs import endpoint
from envs.problem import make
from trainers import backends
from trainers.answering import evaluate_policy
from trainers.checkpoints import merged
from trainers.evaluate import main
from trainers.models import build_tiny, forbidden_token_ids, load_policy, load_processor, prompt_messages
from trainers.report import Row

ROOT = Path(__file__).parent.parent
SMALL = {"layers": 2, "hidden_size": 64, "heads": 2, "kv_heads": 1, "vision_layers": 2, "vision_hidden_size": 32}
SIZES = {
    "qwen2_5_vl": {**SMALL, "vision_heads": 1, "max_pixels": 224 * 224},
    "smolvlm": {**SMALL, "vision_heads": 1, "tile": 56, "scale_factor": 2, "longest_edge": 112},
}


@pytest.fixture(scope="module", params=SIZES)
def checkpoint(request, tmp_path_factory):
    """A tiny policy whose weights are five times too large: it says something else about every picture.

    Image placeholders are made unlikely, since nobody can forbid a server to sample them, as hf and vllm do.
    """
    import torch

    folder = build_tiny(request.param, tmp_path_factory.mktemp(request.param), seed=3, **SIZES[request.param])
    model = load_policy(folder)
    with torch.no_grad():
        for weight in model.parameters():
            if weight.dim() > 1:
                weight.mul_(5)
        model.get_output_embeddings().weight[forbidden_token_ids(load_processor(folder))] = 0
    model.save_pretrained(folder)
    return folder


# --- the model in this process


def test_greedy_answers_are_those_of_a_plain_forward_token_by_token(checkpoint):
    model, processor = load_policy(checkpoint), load_processor(checkpoint)
    model.train()
    rows = evaluate_policy(model, processor, ADDRESSES, prompt=PROMPT, max_tokens=16, batch_size=4, progress=False)
    assert model.training and [row.address for row in rows] == ADDRESSES
    assert len({row.response for row in rows}) > len(rows) // 2
    assert_greedy(model, processor, rows, tie=1e-4)


def assert_greedy(model, processor, rows, tie):
    """Each response is what taking the best next token gives, one plain forward a token: no cache, no padding.

    Tokens within `tie` (natural log of probability) of the best count as best, since engines round apart. All of them
    are followed, so what comes after a tie is judged as strictly as what comes before it.
    """
    import torch

    model.eval()
    ends = model.generation_config.eos_token_id
    ends = set(ends if isinstance(ends, list) else [ends])
    forbidden = forbidden_token_ids(processor)
    for row in rows:
        text = processor.apply_chat_template(
            prompt_messages(PROMPT, make(row.address).question), add_generation_prompt=True
        )
        image = Image.fromarray(make(row.address).image)
        inputs = processor(text=[text], images=[[image]], return_tensors="pt")
        prompt, found, open_ends = inputs["input_ids"], [], [[]]
        while open_ends:
            new = open_ends.pop()
            said = processor.tokenizer.decode(new[:-1] if new and new[-1] in ends else new, skip_special_tokens=True)
            if len(new) == row.tokens or (new and new[-1] in ends):
                finish = "stop" if new[-1] in ends else "length"
                found.append((whole(said), len(new), finish))
                continue
            if not whole(row.response).startswith(whole(said)):
                continue
            ids = torch.cat([prompt, torch.tensor([new], dtype=prompt.dtype)], dim=1)
            given = inputs | {"input_ids": ids, "attention_mask": torch.ones_like(ids)} | extra(inputs, ids)
            with torch.no_grad():
                scores = model(**given).logits[0, -1].log_softmax(-1)
            scores[forbidden] = -math.inf
            open_ends += [[*new, token] for token in (scores >= scores.max() - tie).nonzero().flatten().tolist()]
        assert (whole(row.response), row.tokens, row.finish) in found, row.address


def whole(text):
    """A text without the marks for bytes that are no character: a server decodes as it goes and sets others."""
    return text.replace("\ufffd", "")


def extra(inputs, ids):
    """Qwen's processor marks which tokens are an image's; what is generated is not."""
    import torch

    if (marks := inputs.get("mm_token_type_ids")) is None:
        return {}
    return {"mm_token_type_ids": torch.nn.functional.pad(marks, (0, ids.shape[1] - marks.shape[1]))}


def test_samples_at_a_temperature_differ_and_repeat_with_the_seed(checkpoint, config, tmp_path):
    arguments = [str(config), "--checkpoint", str(checkpoint), "--quiet", "--limit", "4", "eval.batch_size=100"]
    arguments += ["--samples", "3", "--temperature", "1.5"]
    found = []
    for out, seed in (("a", 0), ("b", 0), ("c", 1)):
        status = main([*arguments, "--out", str(tmp_path / out), f"seed={seed}"])
        assert status == 0
        found.append({(row["address"], row["sample"]): row["response"] for row in rows_of(tmp_path / out)})
    assert len(found[0]) == 12 and found[0] == found[1] != found[2] and len(set(found[0].values())) > 4
    assert set(report_of(tmp_path / "a")["summary"]["pass_at"]) == {"1", "2", "3"}


def adapter_of(checkpoint, folder):
    """A folder that holds an adapter of the checkpoint and its processor, and nothing else."""
    import torch

    adapted = load_policy(checkpoint, lora={"r": 4, "alpha": 64})
    with torch.no_grad():
        for name, weight in adapted.named_parameters():
            if "lora_" in name:
                weight.normal_(0, 0.3, generator=torch.Generator().manual_seed(weight.numel()))
    adapted.save_pretrained(folder)
    load_processor(checkpoint).save_pretrained(folder)
    return folder


def test_an_adapter_answers_as_its_merged_model_does_and_not_as_its_base(checkpoint, tmp_path):
    adapter_of(checkpoint, tmp_path / "adapter")
    processor = load_processor(checkpoint)
    whole = merged(str(tmp_path / "adapter"), tmp_path / "whole", "float32")
    assert merged(str(checkpoint), tmp_path / "unused", "float32") == str(checkpoint)
    found = [
        [
            row.response
            for row in evaluate_policy(
                load_policy(folder), processor, ADDRESSES[:4], prompt=PROMPT, max_tokens=8, batch_size=4, progress=False
            )
        ]
        for folder in (tmp_path / "adapter", whole, checkpoint)
    ]
    assert found[0] == found[1] != found[2]


# --- several processes


one_architecture = pytest.mark.parametrize("checkpoint", ["qwen2_5_vl"], indirect=True)


@one_architecture
def test_two_processes_go_on_where_one_was_cut_off_and_write_the_report_of_one(checkpoint, config, tmp_path, capfd):
    arguments = [str(config), "--checkpoint", str(checkpoint), "env.workers=0"]
    assert main([*arguments, "--out", str(tmp_path / "one")]) == 0
    rows = (tmp_path / "one" / "rows.jsonl").read_text().splitlines(keepends=True)
    (tmp_path / "two").mkdir()
    (tmp_path / "two" / "rows.jsonl").write_text("".join(rows[:3]) + rows[3][:20])
    assert main([*arguments, "--out", str(tmp_path / "two"), "launch.devices=2"]) == 0
    said = capfd.readouterr()
    assert "holds 2 of 10 answers" in said.out
    assert "2 processes" in said.err and "10/10" in said.err  # one bar over all
    assert report_of(tmp_path / "two") == report_of(tmp_path / "one")
    assert responses(tmp_path / "two") == responses(tmp_path / "one")
    assert (tmp_path / "two" / "rows.jsonl").read_text().startswith("".join(rows[:3]))


def responses(folder):
    return {row["address"]: row["response"] for row in rows_of(folder)}


def test_a_checkpoint_that_no_process_can_load_is_one_line(config, tmp_path, capfd):
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "config.json").write_text("{}")
    assert main([str(config), "--checkpoint", str(tmp_path / "model"), "launch.devices=2", "--quiet"]) == 2
    said = capfd.readouterr().err
    assert said.startswith("evaluate: cannot load the checkpoint") and said.count("\n") == 1


@pytest.mark.slow
@one_architecture
def test_processes_that_share_the_work_end_when_theirs_is_killed(checkpoint, config, tmp_path):
    command = [sys.executable, "-m", "trainers.evaluate", str(config), "--checkpoint", str(checkpoint), "--quiet"]
    command += ["launch.devices=2", "eval.batch_size=1", "--out", str(tmp_path / "out")]
    process = subprocess.Popen(command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)})
    assert len(killed_after(process, tmp_path / "out", 1)) >= 2


# --- servers


def completion(text, finish="stop"):
    return 200, {
        "choices": [{"message": {"content": text}, "finish_reason": finish}],
        "usage": {"completion_tokens": 7},
    }


@contextmanager
def served(answer, models=("m",)):
    """A stub of an OpenAI-compatible server; `answer(body)` gives status and JSON. Yields its URL and the bodies."""
    asked = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            self.send(200, {"data": [{"id": name} for name in models]})

        def do_POST(self):
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            asked.append(body)
            self.send(*answer(body))

        def send(self, status, content):
            data = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/v1", asked
    finally:
        server.shutdown()
        server.server_close()


def ask_server(config, url, out, *arguments):
    return main(
        [
            str(config),
            "--backend",
            "openai",
            "--base-url",
            url,
            "--model",
            "m",
            "--quiet",
            "--out",
            str(out),
            *arguments,
        ]
    )


def question_in(body):
    return body["messages"][0]["content"][1]["text"]


def test_a_server_is_asked_with_the_prompt_and_the_picture(config, tmp_path):
    with served(lambda body: completion("\\boxed{4}", "length")) as (url, asked):
        assert ask_server(config, url, tmp_path / "out") == 0
    assert {question_in(body) for body in asked} == {PROMPT.replace("{question}", make(a).question) for a in ADDRESSES}
    for body in asked:
        assert body["messages"][0]["content"][0]["image_url"]["url"].startswith("data:image/png;base64,")
        assert (body["model"], body["max_tokens"], body["temperature"]) == ("m", 16, 0.0)
    assert {(row["tokens"], row["finish"], row["given"]) for row in rows_of(tmp_path / "out")} == {(7, "length", "4")}


def test_requests_are_retried_and_those_that_fail_are_asked_again_next_time(config, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(endpoint, "BACKOFF", 0.001)
    times = {}

    def answer(body):
        times[seed] = times.get(seed := body["seed"], 0) + 1
        if seed == min(seeds):
            return 400, {"error": "no such picture"}
        return completion("\\boxed{4}") if times[seed] > 2 else (503, {})

    sampling = backends.Sampling(prompt=PROMPT, max_tokens=16)
    seeds = [sampling.seed_for(backends.Request(make(address), 0)) for address in ADDRESSES]
    with served(answer) as (url, asked):
        assert ask_server(config, url, tmp_path / "out") == 1
        assert "1 requests failed" in capsys.readouterr().out
        assert len(asked) == 9 * 3 + 1
        assert report_of(tmp_path / "out")["summary"]["problems"] == 9
        failed = [row for row in rows_of(tmp_path / "out") if row["finish"] == "error"]
        assert len(failed) == 1 and "no such picture" in failed[0]["reason"]
    with served(lambda body: completion("\\boxed{4}")) as (url, asked):
        assert ask_server(config, url, tmp_path / "out") == 0
    assert [body["seed"] for body in asked] == [min(seeds)]
    assert report_of(tmp_path / "out")["summary"]["problems"] == 10


def test_a_server_that_wants_max_completion_tokens_gets_them(config, tmp_path, monkeypatch):
    monkeypatch.setattr(endpoint, "BACKOFF", 0.001)
    refuse = (400, {"error": {"message": "Unsupported parameter: use 'max_completion_tokens' instead."}})
    with served(lambda body: refuse if "max_tokens" in body else completion("\\boxed{4}")) as (url, _):
        assert ask_server(config, url, tmp_path / "out") == 0


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr(endpoint, "BACKOFF", 0.001)
    monkeypatch.setattr(backends, "CONCURRENCY", 2)


@pytest.mark.parametrize(
    ("answer", "models", "said"),
    [
        (None, (), "cannot reach"),
        (lambda body: (401, {"error": "bad key"}), ("m",), "refuses: status 401"),
        (lambda body: completion("4"), ("a", "b"), "does not serve 'm': give --model one of a, b"),
        (lambda body: (500, {"error": "out of memory"}), ("m",), "requests in a row failed"),
        (lambda body: (200, {"hello": 1}), ("m",), "not a chat completion"),
    ],
)
@pytest.mark.usefixtures("impatient")
def test_a_server_that_is_no_use_ends_the_evaluation_in_one_line(config, capsys, answer, models, said):
    with served(answer, models) as (url, _):
        status = ask_server(config, "http://127.0.0.1:9/v1" if answer is None else url, config.parent / "out")
    written = capsys.readouterr().err
    assert status == 2 and said in written and written.count("\n") == 1


def test_an_evaluation_goes_on_where_it_was_killed_and_asks_nothing_twice(config, tmp_path):
    out, killed = tmp_path / "out", threading.Event()

    def answer(body):
        if len(asked) > 3:
            killed.wait(120)
        return completion("\\boxed{3}")

    with served(answer) as (url, asked):
        command = [sys.executable, "-m", "trainers.evaluate", str(config), "--backend", "openai", "--base-url", url]
        command += ["--model", "m", "--out", str(out), "env.workers=1"]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        # One answer at a time, so that the kill falls between the third and the fourth.
        start = (
            "import sys; from trainers import backends, evaluate; backends.CONCURRENCY = 1; evaluate.main(sys.argv[1:])"
        )
        process = subprocess.Popen([sys.executable, "-c", start, *command[3:]], cwd=ROOT, env=environment)
        killed_after(process, out, 3)
        kept = rows_of(out)
        killed.set()
        assert len(kept) == 3
        with (out / "rows.jsonl").open("a") as file:
            file.write('{"address": "test:bar/cou')
        asked.clear()
        assert subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode == 0
    rows = rows_of(out)
    assert rows[: len(kept)] == kept
    assert sorted(row["address"] for row in rows) == sorted(ADDRESSES)
    assert len(asked) == len(ADDRESSES) - len(kept)
    assert report_of(out)["summary"]["problems"] == 10


def killed_after(process, out, rows):
    """Kills an evaluation once it has written so many rows; the processes it had started, which end with it."""

    def until(so):
        deadline = time.time() + 90
        while time.time() < deadline and not so():
            time.sleep(0.05)
        return so()

    until(lambda: (out / "rows.jsonl").exists() and len(rows_of(out)) >= rows)
    started = children(process.pid)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert until(lambda: not any(Path(f"/proc/{one}").exists() for one in started))
    return started


def children(pid):
    found = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=False)
    return [int(child) for child in found.stdout.split()]


ENGINES_APART = 0.005  # natural log of probability: how far apart vLLM and transformers may rank two tokens


@pytest.mark.vllm
def test_vllm_answers_greedily_as_a_plain_forward_does(checkpoint, config, tmp_path):
    # A process of its own: the engine keeps its memory until the process ends.
    command = [sys.executable, "-m", "trainers.evaluate", str(config), "--checkpoint", str(checkpoint), "--quiet"]
    subprocess.run([*command, "--backend", "vllm", "--out", str(tmp_path / "out")], cwd=ROOT, check=True)
    rows = [Row(**row) for row in rows_of(tmp_path / "out")]
    assert sorted(row.address for row in rows) == sorted(ADDRESSES)
    assert_greedy(load_policy(checkpoint), load_processor(checkpoint), rows, ENGINES_APART)


@pytest.mark.vllm
@one_architecture
def test_two_engines_share_what_an_adapter_is_asked(checkpoint, config, tmp_path):
    adapter = adapter_of(checkpoint, tmp_path / "adapter")
    command = [sys.executable, "-m", "trainers.evaluate", str(config), "--checkpoint", str(adapter), "--quiet"]
    command += ["--backend", "vllm", "launch.devices=2", "--out", str(tmp_path / "out")]
    subprocess.run(command, cwd=ROOT, check=True)
    rows = [Row(**row) for row in rows_of(tmp_path / "out")]
    assert sorted(row.address for row in rows) == sorted(ADDRESSES)
    assert_greedy(load_policy(adapter), load_processor(adapter), rows, ENGINES_APART)


@pytest.mark.vllm
def test_a_real_server_answers_greedily_as_a_plain_forward_does(checkpoint, config, tmp_path):
    with vllm_server(checkpoint, tmp_path, "--served-model-name", "m", "--generation-config", "vllm") as (address, _):
        assert ask_server(config, f"{address}/v1", tmp_path / "served") == 0
    rows = [Row(**row) for row in rows_of(tmp_path / "served")]
    assert sorted(row.address for row in rows) == sorted(ADDRESSES)
    assert_greedy(load_policy(checkpoint), load_processor(checkpoint), rows, ENGINES_APART)
