"""Training that samples on a vLLM server which is killed in the middle: one line, nothing lost, gone on with."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from serving import free_port, vllm_server
from small_runs import SMALL, Started, metrics, sampled

from trainers.checkpoints import whole_checkpoints


@pytest.mark.vllm
@pytest.mark.long
def test_a_vllm_server_that_is_killed_ends_the_run_in_a_line_and_a_new_one_goes_on(tmp_path: Path) -> None:
    from trainers.config import load
    from trainers.grpo import build_policy

    wider = "model.sizes.hidden_size=64"  # vLLM's attention on the CPU wants heads of 32
    (tmp_path / "start").mkdir()
    (tmp_path / "small.yaml").write_text(SMALL, encoding="utf-8")
    build_policy(load(tmp_path / "small.yaml", [f"runs={tmp_path}", wider]), tmp_path / "start")
    policy, port = tmp_path / "start" / "base", free_port()
    keys = [wider, "trl.use_vllm=true", "trl.vllm_mode=server", f"trl.vllm_server_base_url=http://127.0.0.1:{port}"]
    options = ("--logprobs-mode", "processed_logprobs", "--enable-scale-out")
    with vllm_server(policy, tmp_path, *options, port=port) as (address, group):
        started = Started(tmp_path / "runs", *keys)
        started.when(lambda: started.logged() >= 5)
        os.killpg(group, signal.SIGKILL)
        said = started.ends(1)
    [line] = [line for line in said.splitlines() if "does not answer" in line]
    assert address in line and "start it again, and --resume goes on" in line and "Traceback" not in said
    assert whole_checkpoints(started.run)
    with vllm_server(policy, tmp_path, *options, port=port):
        Started(tmp_path / "runs", *keys, "--resume").ends()
    rows = sampled(started.run)
    assert len(rows) == 12 * 16 and len({(row["slot"], row["rollout"]) for row in rows}) == len(rows)
    assert [row["step"] for row in metrics(started.run)] == list(range(1, 13))
