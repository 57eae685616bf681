"""What can go wrong with a healthy program: a line that says what to do, a clean end, nothing lost, nothing running."""

from __future__ import annotations

import errno
import http.client
import http.server
import json
import os
import re
import signal
import subprocess
import sys
import threading

import pytest
from small_runs import ROOT, SMALL, TWO, Started

from trainers.config import Batches, ConfigError, load
from trainers.continuing import check_batch
from trainers.failures import Stopped, answering, full_disks_told_once

# --- which keys may change ------------------------------------------------------------------------------------------


def begun(**changed: int) -> Batches:
    usual = {"world": 8, "per_device": 4, "accumulation": 2, "steps_per_generation": 2, "iterations": 1}
    return Batches(**{**usual, "generations": 8, "max_steps": 10, "max_tokens": 10, **changed})


@pytest.mark.parametrize(
    ("now", "words"),
    [
        ({"world": 4, "accumulation": 4, "steps_per_generation": 4}, None),
        ({"world": 16, "accumulation": 1, "steps_per_generation": 1}, None),
        ({"world": 4}, "on 4 processes that takes trl.per_device_train_batch_size=4 trl.gradient_accumulation_steps=4"),
        ({"world": 16}, "trl.per_device_train_batch_size=4 trl.gradient_accumulation_steps=1"),
        ({"world": 32}, "trl.per_device_train_batch_size=2 trl.gradient_accumulation_steps=1"),
        ({"world": 6}, "which 6 processes cannot share: use one of 1, 2, 4, 8, 16, 32, 64"),
        ({"accumulation": 1, "steps_per_generation": 1}, "64 rollouts a generation batch and 64 an optimizer step"),
    ],
)
def test_another_number_of_processes_must_make_the_same_batch_and_is_told_how(tmp_path, now, words):
    (tmp_path / "small.yaml").write_text(SMALL, encoding="utf-8")
    config = load(tmp_path / "small.yaml")
    if words is None:
        check_batch(config, begun(), begun(**now))
        return
    with pytest.raises(ConfigError) as refused:
        check_batch(config, begun(), begun(**now))
    assert words in str(refused.value) and "\n" not in str(refused.value)


def test_a_mend_that_is_followed_is_accepted(tmp_path):
    (tmp_path / "small.yaml").write_text(SMALL, encoding="utf-8")
    config = load(tmp_path / "small.yaml")
    for world in (1, 2, 4, 8, 16, 32, 64):
        try:
            check_batch(config, begun(), begun(world=world))
        except ConfigError as refused:
            each, steps = (int(n) for n in re.findall(r"_size=(\d+) \S+_steps=(\d+)", str(refused))[0])
            now = {"world": world, "per_device": each, "accumulation": steps, "steps_per_generation": steps}
            check_batch(config, begun(), begun(**now))


def test_zero_is_taken_up_with_as_many_processes(tmp_path):
    (tmp_path / "small.yaml").write_text(SMALL, encoding="utf-8")
    config = load(tmp_path / "small.yaml", ["launch.strategy=zero2"])
    with pytest.raises(ConfigError, match="resume it on 8, not 4"):
        check_batch(config, begun(), begun(world=4, accumulation=4, steps_per_generation=4))


@pytest.mark.parametrize(
    ("override", "words"),
    [
        ("trl.learning_rate=1.0e-4", "trl.learning_rate=0.001, not 0.0001"),
        ("trl.num_generations=8", "trl.num_generations=4, not 8"),
        ("launch.strategy=zero2", "launch.strategy='ddp', not 'zero2'"),
        ("env.px=224x224", "env.px='112x112', not '224x224'"),
        ("trl.max_steps=4", "is past trl.max_steps 4: write 8 or more"),
        ("launch.devices=2", "on 2 processes that takes trl.per_device_train_batch_size=8"),
        ("env.workers=0", None),
        ("trl.save_steps=2", None),
        ("eval.max_tokens=8", None),
        ("trl.max_steps=20", None),
    ],
)
def test_a_key_may_change_on_resume_or_is_refused_with_old_and_new_value(tmp_path, override, words):
    from trainers.config import batches
    from trainers.folder import check_folder, make_folder

    (tmp_path / "small.yaml").write_text(SMALL, encoding="utf-8")
    config = load(tmp_path / "small.yaml", [f"runs={tmp_path}"])
    make_folder(config, batches(config, 1))
    (config.folder / "checkpoint-8").mkdir()
    (config.folder / "checkpoint-8" / "stream.json").write_text("{}")
    changed = load(tmp_path / "small.yaml", [f"runs={tmp_path}", override])
    plan = batches(changed, int(changed.launch.devices))
    if words is None:
        check_folder(changed, plan, True)
        return
    with pytest.raises(ConfigError) as refused:
        check_folder(changed, plan, True)
    assert words in str(refused.value) and "\n" not in str(refused.value)


def test_a_run_killed_before_its_first_file_was_whole_is_begun_by_resume(tmp_path):
    from trainers.config import batches
    from trainers.folder import check_folder

    (tmp_path / "small.yaml").write_text(SMALL, encoding="utf-8")
    config = load(tmp_path / "small.yaml", [f"runs={tmp_path}"])
    config.folder.mkdir()
    (config.folder / "config.yaml.partial").write_text("name:")
    check_folder(config, batches(config, 1), True)
    (config.folder / "thesis.tex").write_text("not a run")
    with pytest.raises(ConfigError, match="no run"):
        check_folder(config, batches(config, 1), True)


def test_a_rollouts_tokens_are_those_of_its_seed_whatever_is_sampled_beside_it():
    import torch

    from trainers.quirks import make_torchvision_importable

    make_torchvision_importable()
    from trainers.sampling import DrawBySeed

    scores = torch.randn(1, 50).repeat(4000, 1)
    scores[:, 7] = -torch.inf  # top-k left it out
    seeds = list(range(4000))

    def draw(chosen: list[int]) -> list[int]:
        return DrawBySeed(chosen, 3)(None, scores[: len(chosen)]).argmax(-1).tolist()

    tokens = draw(seeds)
    assert draw(seeds[1000:1010]) == tokens[1000:1010] and draw(seeds[::-1]) == tokens[::-1]
    share = torch.bincount(torch.tensor(tokens), minlength=50) / 4000
    wanted = torch.softmax(scores[0], -1)
    assert share[7] == 0
    assert (share - wanted).abs().max() < 5 * (wanted * (1 - wanted) / 4000).sqrt().max()
    both = DrawBySeed(seeds, 3)
    first, second = (both(None, scores).argmax(-1) for _ in range(2))
    assert (first != second).float().mean() > 0.5  # each token has a number of its own


def test_generation_by_seeds_draws_nothing_else_and_leaves_the_policy_as_it_was():
    import torch
    from transformers import GPT2Config, GPT2LMHeadModel

    from trainers.sampling import drawn_by_seed

    torch.manual_seed(0)
    policy = GPT2LMHeadModel(GPT2Config(vocab_size=40, n_positions=16, n_embd=16, n_layer=1, n_head=2)).eval()
    prompts = torch.randint(0, 40, (6, 4))

    def sampled(seeds: list[int]) -> list[list[int]]:
        with drawn_by_seed(policy, seeds, 8):
            found = policy.generate(
                prompts, attention_mask=torch.ones_like(prompts), do_sample=True, temperature=2.0, max_new_tokens=8,
                eos_token_id=None, pad_token_id=0,
            )  # fmt: skip
        return found[:, 4:].tolist()

    before = torch.get_rng_state()
    one, other = sampled([1, 2, 3, 4, 5, 6]), sampled([1, 2, 3, 7, 8, 9])
    assert torch.equal(torch.get_rng_state(), before)  # nothing was drawn from the process's own generator
    assert one[:3] == other[:3] and one[3:] != other[3:]
    assert one == sampled([1, 2, 3, 4, 5, 6])
    greedy = policy.generate(prompts, attention_mask=torch.ones_like(prompts), do_sample=False, max_new_tokens=8,
                             eos_token_id=None, pad_token_id=0)  # fmt: skip
    assert one != greedy[:, 4:].tolist()  # not the likeliest: what the seeds say
    assert "_get_logits_processor" not in vars(policy)


# --- a server that goes away ----------------------------------------------------------------------------------------


def test_a_server_that_goes_away_or_breaks_is_one_line_with_its_address():
    class Breaks(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.send_error(500, "out of memory")

        def log_message(self, *args: object) -> None:
            pass

    server = http.server.HTTPServer(("127.0.0.1", 0), Breaks)
    url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()

    def ask() -> None:
        with answering(url):
            asked = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=10)
            asked.request("POST", "/v1/completions")
            raise Exception(f"Request failed: {asked.getresponse().status}, ...")  # what TRL's client raises

    with pytest.raises(Stopped) as broken:
        ask()
    server.shutdown()
    server.server_close()
    with pytest.raises(Stopped) as gone:
        ask()
    for error, words in ((broken, "500"), (gone, "refused")):
        assert url in str(error.value) and words in str(error.value) and "--resume" in str(error.value)
        assert "\n" not in str(error.value) and error.value.code == 1
    with pytest.raises(ZeroDivisionError), answering(url):
        print(1 / 0)  # a mistake keeps its traceback


# --- the watchdog ---------------------------------------------------------------------------------------------------

RANKS = """
import sys, time
from pathlib import Path
from trainers.watchdog import Watchdog

def hang():
    time.sleep(60)

folder, rank = Path(sys.argv[1]), int(sys.argv[2])
(folder / f"ready-{rank}").touch()
while len(list(folder.glob("ready-*"))) < 3:  # a machine under load may start one late
    time.sleep(0.01)
with Watchdog(folder, rank, 3, 4.0) as dog:
    for step in range(1, 5):
        dog.beat("drawing", step)
        time.sleep(0.2)
        dog.beat("generation")
        if step == 3 and rank == 1:
            hang()
        if step == 3:
            dog.beat("scoring")
            time.sleep(60)      # a collective, in which the others wait
"""


def test_the_watchdog_names_the_rank_that_hangs_and_every_rank_ends(tmp_path):
    ranks = [
        subprocess.Popen(
            [sys.executable, "-c", RANKS, str(tmp_path), str(rank)],
            cwd=ROOT,
            text=True,
            stderr=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        for rank in range(3)
    ]
    said = [process.communicate(timeout=120)[1] for process in ranks]
    assert [process.returncode for process in ranks] == [3, 3, 3], said
    for text in said:
        assert "rank 1 of 3" in text and "hung in generation of step 3" in text and "--resume" in text
    assert "in hang" in said[1] and "in hang" not in said[0] + said[2], "the stack is that of the one that hangs"


def test_ranks_that_go_on_are_left_alone(tmp_path):
    code = RANKS.replace("hang()\n", "pass\n", 1).replace("time.sleep(60)      #", "time.sleep(0.3)     #")
    code = code.replace("range(1, 5)", "range(1, 26)")  # longer than it waits
    line = [sys.executable, "-c", code, str(tmp_path)]
    ranks = [
        subprocess.Popen([*line, str(rank)], cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)})
        for rank in (0, 1, 2)
    ]
    assert [process.wait(120) for process in ranks] == [0, 0, 0]
    assert not list((tmp_path / "beats").iterdir())


@pytest.mark.slow
def test_a_rank_that_was_stopped_is_named_and_the_run_ends(tmp_path):
    started = Started(tmp_path, *TWO, "trl.max_steps=400", "trl.save_steps=100", "launch.hang_seconds=4")
    started.when(lambda: started.logged() >= 2)
    beats = json.loads((started.run / "beats" / "rank-1.json").read_text())
    os.kill(beats["pid"], signal.SIGSTOP)
    said = started.ends(3)
    assert f"rank 1 of 2 (pid {beats['pid']}) hung in" in said and "its process was stopped" in said
    assert "Traceback" not in said


@pytest.mark.parametrize(
    ("error", "said"), [(OSError(errno.ENOSPC, "full"), False), (OSError(errno.EIO, "broken"), True)]
)
def test_a_thread_that_meets_a_full_disk_leaves_it_to_the_main_one_to_tell(error, said, capsys, monkeypatch):
    monkeypatch.setattr(threading, "excepthook", threading.__excepthook__)  # pytest's own collects

    def write() -> None:
        raise error

    with full_disks_told_once():
        thread = threading.Thread(target=write)
        thread.start()
        thread.join()
    assert ("Traceback" in capsys.readouterr().err) == said
    assert threading.excepthook is threading.__excepthook__
