"""A real server behind the pipelines: vLLM with a policy of random weights, whose nonsense is dropped with reasons."""

import json

import pytest
from serving import vllm_server

from envs.synthesis.__main__ import main
from envs.synthesis.pipelines.prompts import PROMPTS

pytestmark = pytest.mark.sandbox


@pytest.mark.vllm
def test_the_nonsense_of_a_real_server_is_dropped_with_reasons(tmp_path, capsys):
    from trainers.tiny import build_tiny

    texts = [prompt.text for prompt in PROMPTS]
    policy = build_tiny("qwen2_5_vl", tmp_path / "policy", hidden_size=64, heads=2, layers=2, texts=texts)
    # No prompt in pieces: the CPU worker cannot wind seeds back after one (see "offset" in trainers/quirks.py).
    served = ("--served-model-name", "tiny", "--max-model-len", "4096", "--max-num-batched-tokens", "32768")
    with vllm_server(policy, tmp_path, *served) as (address, _):
        for pipeline in ("cosyn", "reachqa"):
            keys = [f"endpoint.base_url={address}/v1", "endpoint.model=tiny", "endpoint.max_tokens=200", "reasks=1"]
            keys += ["cosyn.topics=6", "reachqa.charts=3", "sandbox.workers=1", f"out={tmp_path}", "--quiet"]
            assert main([f"configs/synthesis/{pipeline}.yaml", *keys]) == 0
            said = json.loads((tmp_path / pipeline / "summary.json").read_text())
            assert said["kept"] == said["errors_of_our_own"] == said["spent"]["cut_off"] == 0 and not said["stopped"]
            first = next(iter(said["stages"].values()))
            assert first["asked"] >= 3 and said["spent"]["tokens"] > 0
            for stage in said["stages"].values():
                assert stage["asked"] == stage["kept"] + sum(stage["dropped"].values()) and not stage["left"]
            print(capsys.readouterr().out)
