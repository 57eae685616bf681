"""A checkpoint on a hub: what goes there, what its card says, and what is said where no hub answers."""

import base64
import json
import os
import re
import shutil
import subprocess
import sys
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from envs.problem import make
from trainers import modelcard
from trainers.checkpoints import checkpoint_digest
from trainers.config import Config, Curriculum, Model
from trainers.models import build_tiny, load_policy, load_processor
from trainers.push import main

ROOT = Path(__file__).parent.parent
SIZES = {"layers": 1, "hidden_size": 32, "heads": 2, "kv_heads": 1, "vocab_size": 320}
SIZES |= {"vision_layers": 1, "vision_hidden_size": 32, "vision_heads": 2}


@pytest.fixture
def run(tmp_path):
    """What a run of 20 steps leaves: its config, table, an evaluation of final/, and best/ of step 10."""
    run = tmp_path / "runs" / "charts"
    final = build_tiny("qwen2_5_vl", run / "final", **SIZES)
    config = Config(name="charts", model=Model(id="Qwen/Qwen2.5-VL-3B-Instruct"), prompt="{question} Say 'x'.")
    config.curriculum, config.trl = Curriculum(mode="uniform"), {"max_steps": 20, "learning_rate": 1e-6}
    config.save(run / "config.yaml")
    modelcard.note_versions(run)
    counts = {"before": (2, 0), "grpo": (8, 20)}
    table = {
        stage: {"test_set": "tiny-v1", "correct": right, "total": 10, "steps": steps}
        for stage, (right, steps) in counts.items()
    }
    (run / "table.json").write_text(json.dumps(table))
    shutil.copytree(final, run / "best")
    best = {"step": 10, "accuracy": 0.75, "correct": 15, "problems": 20, "test_set": "charts-v1-mini"}
    (run / "best" / "best.json").write_text(json.dumps(best))
    shutil.copytree(final, run / "checkpoint-20")
    for name, text in (("stream.json", '{"step": 20}'), ("optimizer.pt", "x"), ("training_args.bin", "x")):
        (run / "checkpoint-20" / name).write_text(text)
    settings = {
        "test_set": "core-v1 (1200 problems, abc)",
        "weights": checkpoint_digest(str(final)),
        "temperature": 0.0,
    }
    for name, weights in (("ours", settings["weights"]), ("of-other-weights", "0")):
        (run / "evaluations" / name).mkdir(parents=True)
        report = {"settings": settings | {"weights": weights}, "summary": {"accuracy": 0.25, "problems": 1200}}
        report["stored"] = {"chartqa": {"accuracy": 0.5, "problems": 50}} if name == "ours" else {}
        (run / "evaluations" / name / "report.json").write_text(json.dumps(report))
    return run


@contextmanager
def hub():
    """A server that speaks what the hub's client asks for an upload; its address, what it made and the files sent."""
    sent = {}

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            self.send({"id": "me/charts", "sha": "0" * 40, "siblings": [], "tags": []})

        def do_POST(self):
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            if self.headers["Authorization"] != "Bearer hf_test":
                self.send({"error": "who are you?"}, 401)
            elif self.path.endswith("/repos/create"):
                made.update(json.loads(body))
                self.send({"url": f"{address}/me/charts", "id": "me/charts"})
            elif "/preupload/" in self.path:
                files = [{"path": f["path"], "uploadMode": "regular"} for f in json.loads(body)["files"]]
                self.send({"files": [f | {"shouldIgnore": False} for f in files]})
            elif "/commit/" in self.path:
                for line in map(json.loads, body.splitlines()):
                    if line["key"] == "file":
                        sent[line["value"]["path"]] = base64.b64decode(line["value"]["content"])
                self.send({"success": True, "commitOid": "0" * 40, "commitUrl": f"{address}/me/charts/commit/0"})
            else:
                self.send({})

        def send(self, content, status=200):
            data = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_):
            pass

    made = {}
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    address = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield address, made, sent
    finally:
        server.shutdown()
        server.server_close()


def push(address, *arguments, token="hf_test"):
    variables = {
        **os.environ,
        "HF_ENDPOINT": address,
        "HF_TOKEN": token,
        "HF_HUB_OFFLINE": "0",
        "PYTHONPATH": str(ROOT),
    }
    command = [sys.executable, "-m", "trainers.push", *map(str, arguments)]
    return subprocess.run(
        command, cwd=ROOT, env={**variables, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False
    )


def read_card(text):
    from huggingface_hub import ModelCard

    return ModelCard(text, ignore_metadata_errors=False).data


def test_a_push_sends_the_policy_its_processor_and_the_card_and_nothing_to_resume_from(run):
    with hub() as (address, made, sent):
        done = push(address, run, "me/charts", "--checkpoint", "checkpoint-20", "--private")
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == f"pushed to {address}/me/charts"
    assert made["name"] == "charts" and made["organization"] == "me" and made["visibility"] == "private"
    folder = run / "checkpoint-20"
    kept = {"stream.json", "optimizer.pt", "training_args.bin"}
    assert set(sent) == {path.name for path in folder.iterdir()} - kept
    assert all((folder / name).read_bytes() == data for name, data in sent.items())
    assert b"20 optimizer steps" in sent["README.md"]


def test_the_card_says_what_was_trained_and_how_well_it_reads(run):
    with hub() as (address, _, sent):
        assert push(address, run, "me/charts", "--license", "apache-2.0").returncode == 0
        final = sent["README.md"].decode()
        assert push(address, run, "me/charts", "--checkpoint", "best").returncode == 0
        best = sent["README.md"].decode()
    data = read_card(final)
    assert (data.base_model, data.library_name, data.license) == (
        "Qwen/Qwen2.5-VL-3B-Instruct", "transformers", "apache-2.0",
    )  # fmt: skip
    found = {result.dataset_type: result.metric_value for result in data.eval_results}
    assert found == {"chartgym/tiny-v1": 0.8, "chartgym/core-v1": 0.25, "chartgym/chartqa": 0.5}
    assert "| tiny-v1 | this policy | 10 | 80.0 % | 49.0 to 94.3 |" in final  # Wilson's interval of 8 in 10
    assert "| tiny-v1 | before | 10 | 20.0 % |" in final and "20 optimizer steps" in final
    assert "uniform" in final and "1e-06" in final and "transformers 5" in final
    assert str(run.parent) not in final, "whose machine it was is nobody's business"
    results = {result.dataset_type: result.metric_value for result in read_card(best).eval_results}
    assert results["chartgym/charts-v1-mini"] == 0.75 and "10 optimizer steps" in best
    assert "| tiny-v1 | this policy" not in best  # that was measured on other weights


def test_the_lines_that_load_it_load_it(run, tmp_path, monkeypatch, capsys):
    from PIL import Image

    assert modelcard.write_card(run / "final")
    code = re.search(r"```python\n(.*?)```", (run / "final" / "README.md").read_text(), re.DOTALL)[1]
    Image.fromarray(make("bar/count/0/1?px=112x112").image).save(tmp_path / "chart.png")
    monkeypatch.chdir(tmp_path)
    names = {}
    exec(code, names)
    assert names["prompt"] == "How many bars are there? Say 'x'."
    assert names["inputs"]["pixel_values"].shape[0] > 0 and names["answer"].shape[0] == 1
    assert capsys.readouterr().out.count("\n") >= 1


def test_an_adapter_of_a_policy_that_nobody_else_has_goes_as_whole_weights(run):
    import torch
    from safetensors.torch import load

    adapted = load_policy(run / "final", lora={"r": 2})
    with torch.no_grad():
        for name, weight in adapted.named_parameters():
            if "lora_B" in name:
                weight.normal_(0, 0.1, generator=torch.Generator().manual_seed(1))
    shutil.rmtree(run / "best")
    adapted.save_pretrained(run / "best")
    load_processor(run / "final").save_pretrained(run / "best")
    with hub() as (address, _, sent):
        done = push(address, run, "me/charts", "--checkpoint", "best")
    assert done.returncode == 0, done.stderr
    wanted = adapted.merge_and_unload().state_dict()
    assert "adapter_config.json" not in sent and "config.json" in sent
    assert read_card(sent["README.md"].decode()).library_name == "transformers"
    (run / "sent").mkdir()
    for name, data in sent.items():
        (run / "sent" / name).write_bytes(data)
    theirs = load_policy(run / "sent").state_dict()
    assert load(sent["model.safetensors"]) and wanted.keys() == theirs.keys()
    assert all(torch.allclose(wanted[key], theirs[key], atol=1e-6) for key in wanted)


def test_where_no_hub_answers_one_line_says_what_to_do(run):
    done = push("http://127.0.0.1:9", run, "me/charts")
    assert done.returncode == 2 and done.stderr.count("\n") == 1
    assert f"{run / 'final'} is complete" in done.stderr and "hf auth login" in done.stderr
    with hub() as (address, _, sent):
        done = push(address, run, "me/charts", token="hf_wrong")
    assert done.returncode == 2 and "401" in done.stderr and done.stderr.count("\n") == 1 and not sent


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["{run}", "a b/c"], "'a b/c'"),
        (["{run}/nowhere", "me/charts"], "nowhere is no run"),
        (["{run}", "me/charts", "--checkpoint", "checkpoint-3"], "one of best, checkpoint-20, final"),
        (["{run}"], "required: name"),
    ],
)
def test_what_cannot_be_pushed_is_one_line(run, capsys, arguments, words):
    try:
        status = main([each.format(run=run) for each in arguments])
    except SystemExit as stop:
        status = stop.code
    said = capsys.readouterr().err
    assert status == 2 and words in said and said.count("\n") == 1


def test_a_dry_run_writes_the_card_and_keeps_one_of_your_own(run, capsys):
    assert main([str(run), "me/charts", "--dry-run"]) == 0
    said = capsys.readouterr().out
    assert "final/README.md was written" in said and "model.safetensors" in said and "--license" in said
    readme = run / "final" / "README.md"
    readme.write_text("mine\n")
    assert main([str(run), "me/charts", "--dry-run"]) == 0
    assert "is your own and stays" in capsys.readouterr().out and readme.read_text() == "mine\n"


def test_a_base_is_followed_through_the_runs_in_between(run, tmp_path):
    from trainers.modelcard import base_of

    later = Config(name="later", model=Model(id=str(run / "final")))
    assert base_of(later) == "Qwen/Qwen2.5-VL-3B-Instruct"
    assert base_of(Config(name="x", model=Model(build="smolvlm"))) is None
