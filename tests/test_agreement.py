"""What samples and what is trained are the same policy: same prompt, same image, same weights, after updates too.

Each run is TRL's own GRPOTrainer on a tiny policy with different images in the batch. Its fourth batch is sampled after
three updates that moved the weights; then the log-probabilities of the sampler are held against the trainer's. With
generate() the two agree to 1e-4. With vLLM 0.01 is asked, because placeholders are forbidden to the sampler only: an
untrained policy gives them 0.2 to 0.5 % of its mass. Each engine runs in a process of its own, which this file also is:

    python tests/test_agreement.py qwen2_5_vl vllm FOLDER ["images,prompt check"]     # the quirks left out
"""

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from serving import vllm_server

ROOT = Path(__file__).resolve().parents[1]
ARCHS = ("qwen2_5_vl", "qwen3_vl", "smolvlm")
MAINLY = ["qwen2_5_vl", *(pytest.param(arch, marks=pytest.mark.long) for arch in ARCHS[1:])]
SMALL = {"layers": 2, "hidden_size": 128, "heads": 4, "vision_layers": 2, "vision_hidden_size": 64, "vision_heads": 2}
SIZES = {
    "qwen2_5_vl": {**SMALL, "max_length": 512},
    "qwen3_vl": {**SMALL, "max_length": 512},
    "smolvlm": {**SMALL, "max_length": 512, "tile": 56, "scale_factor": 2, "longest_edge": 112},
}
UPDATES = 3
LORA = {"r": 4, "alpha": 16}
FAR = 0.02  # a difference that no rounding and no forbidden token explains

needs_vllm = pytest.mark.skipif(find_spec("vllm") is None, reason="vllm is not installed")


def pictures(rng):
    """Four bar charts of two sizes, no two alike."""
    import numpy as np
    from PIL import Image

    for width, height in ((112, 112), (112, 112), (84, 112), (112, 84)):
        pixels = np.full((height, width, 3), 255, np.uint8)
        for bar in range(rng.integers(1, 5)):
            pixels[height - rng.integers(10, height) :, bar * 20 + 4 : bar * 20 + 16] = rng.integers(0, 200, 3)
        yield Image.fromarray(pixels)


def run(arch, sampler, folder, leave_out=(), lora=None, likelier_end=0.0, likelier_images=0.0, **changes):
    """Train for three updates and sample once more; what was seen at each of the four samplings.

    `sampler` is "hf" for generate(), "vllm" for an engine in this process, or the address of a server; `lora` trains an
    adapter of such sizes; `likelier_end` is added to the logit of the end of turn, `likelier_images` to those of
    placeholders; `changes` are other fields of GRPOConfig.
    """
    from trainers import models, quirks

    use_vllm, server = sampler != "hf", sampler if sampler.startswith("http") else None
    quirks.apply(use_vllm=use_vllm, leave_out=leave_out)
    import numpy as np
    from datasets import Dataset
    from trl import GRPOConfig, GRPOTrainer

    checkpoint = models.build_tiny(arch, Path(folder) / arch, **SIZES[arch])
    processor, policy = models.load_processor(checkpoint), models.load_policy(checkpoint, lora=lora)
    before = {name: parameter.detach().clone() for name, parameter in policy.named_parameters()}
    seen = []

    class Watched(GRPOTrainer):
        """Notes both sides' prompt lengths and log-probabilities."""

        def _generate_and_score_completions(self, inputs):
            out = super()._generate_and_score_completions(inputs)
            forward = {key: out[key] for key in ("image_grid_thw", "mm_token_type_ids", "num_images") if key in out}
            forward |= {key: out[key] for key in ("pixel_values", "pixel_attention_mask") if key in out}

            def logps(**changed):
                ids, mask = self._joined(out, "ids"), self._joined(out, "mask")
                length = out["completion_ids"].shape[1]
                found = self._get_per_token_logps_and_entropies(self.model, ids, mask, length, **{**forward, **changed})
                return found[0].detach()

            trained, negative = logps(), logps(pixel_values=-forward["pixel_values"])
            sampled = out["sampling_per_token_logps"] if use_vllm else self.sampled
            written = _written(out, processor)
            apart = (trained - sampled).abs()[written]
            plain = (trained - _plain_logps(self.model, processor, inputs, out)).abs()[written]
            moved = ((trained - negative).abs() * written).amax(1)
            lengths = out["prompt_mask"].sum(1).tolist()
            seen.append(
                {
                    **{"mean": apart.mean().item(), "max": apart.max().item(), "plain": plain.max().item()},
                    **{"same": self.lengths == lengths, "n": lengths},
                    "ended": (out["completion_ids"] == processor.tokenizer.eos_token_id).any(1).tolist(),
                    "counted": out["completion_mask"].sum(1).tolist(),
                    "ids": out["completion_ids"].unique().tolist(),
                    "by_image": moved.tolist(),
                }
            )
            return out

        @staticmethod
        def _joined(out, what):
            import torch

            return torch.cat([out[f"prompt_{what}"], out[f"completion_{what}"]], 1)

    def reward(completions, **_):
        return [float(sum(map(ord, completion[0]["content"])) % 7) for completion in completions]

    rng = np.random.default_rng(0)
    rows = [
        {"prompt": [{"role": "user", "content": "How many bars?" + " Look." * number}], "image": image}
        for number, image in enumerate(pictures(rng))
    ]
    fields = dict(
        output_dir=str(Path(folder) / "out"),
        use_cpu=True,
        bf16=False,
        gradient_checkpointing=False,
        max_steps=UPDATES + 1,
        learning_rate=3e-3,
        lr_scheduler_type="constant",
        per_device_train_batch_size=8,
        num_generations=2,
        max_completion_length=8,
        remove_unused_columns=False,
        beta=0.0,
        report_to=[],
        save_strategy="no",
        disable_tqdm=True,
        use_vllm=use_vllm,
        vllm_mode="server" if server else "colocate",
        vllm_server_base_url=server,
        vllm_max_model_length=512,
        vllm_gpu_memory_utilization=0.05,
        generation_kwargs=quirks.forbid_tokens(None, models.forbidden_token_ids(processor), use_vllm=use_vllm),
    )
    likelier = {processor.tokenizer.eos_token_id: likelier_end}
    likelier |= dict.fromkeys(models.forbidden_token_ids(processor), likelier_images)
    if bias := [[[token], added] for token, added in likelier.items() if added]:
        fields["generation_kwargs"]["sequence_bias"] = bias
    settings = GRPOConfig(**{**fields, **changes})
    trainer = Watched(policy, reward, settings, Dataset.from_list(rows), processing_class=processor)
    _watch_sampler(trainer, policy, use_vllm)
    trainer.train()
    moved = max((parameter - before[name]).abs().max().item() for name, parameter in policy.named_parameters())
    return {"seen": seen, "moved": moved, "forbidden": models.forbidden_token_ids(processor)}


def _written(out, processor):
    """Which tokens of the completions were sampled, those of masked completions included."""
    ended = (out["completion_ids"] == processor.tokenizer.eos_token_id).int()
    return (ended.cumsum(1) - ended) == 0


def _plain_logps(model, processor, inputs, out):
    """The completions' log-probabilities by a forward pass of the model on what the processor makes of the rows."""
    import torch

    texts = [processor.apply_chat_template(chat(row), add_generation_prompt=True) for row in inputs]
    batch = processor(text=texts, images=[[row["image"]] for row in inputs], padding=True, return_tensors="pt")
    assert batch["input_ids"].tolist() == out["prompt_ids"].tolist()
    ids, mask = torch.cat([batch["input_ids"], out["completion_ids"]], 1), _written(out, processor).long()
    batch["attention_mask"] = torch.cat([batch["attention_mask"], mask], 1)
    if "mm_token_type_ids" in batch:
        types = batch["mm_token_type_ids"]
        batch["mm_token_type_ids"] = torch.cat([types, torch.zeros_like(out["completion_ids"]).to(types.dtype)], 1)
    batch["input_ids"], length = ids, out["completion_ids"].shape[1]
    if hasattr(model, "peft_config"):
        from trainers.models import load_policy

        with TemporaryDirectory() as folder:
            model.save_pretrained(folder)
            unwrapped = load_policy(folder).eval()
    else:
        unwrapped = type(model).from_pretrained(model.name_or_path).eval()  # TRL has given `model` another forward
        unwrapped.load_state_dict(model.state_dict())
    with torch.no_grad():
        logits = unwrapped(**batch).logits[:, -length - 1 : -1].log_softmax(-1)
    return logits.gather(2, out["completion_ids"][:, :, None])[..., 0]


def chat(row):
    """The row's prompt with a placeholder for its image, as the trainer makes it."""
    words = row["prompt"][0]["content"]
    text = words if isinstance(words, str) else words[-1]["text"]
    return [{"role": "user", "content": [{"type": "image"}, {"type": "text", "text": text}]}]


def _watch_sampler(trainer, policy, use_vllm):
    """Let the trainer know how long the sampler's prompts were and, for generate(), what it gave its tokens."""
    if use_vllm:
        generate = trainer.vllm_generation.generate

        def watched(*args, **options):
            result = generate(*args, **options)
            trainer.lengths = [len(ids) for ids in result[0]]
            return result

        trainer.vllm_generation.generate = watched
        return
    import torch

    generate = policy.generate

    def watched(input_ids, attention_mask, **options):
        result = generate(
            input_ids=input_ids,
            attention_mask=attention_mask,
            **options,
            return_dict_in_generate=True,
            output_logits=True,
        )
        logps = torch.stack(result.logits, 1).log_softmax(-1)
        trainer.sampled = logps.gather(2, result.sequences[:, input_ids.shape[1] :, None])[..., 0]
        trainer.lengths = attention_mask.sum(1).tolist()
        return result.sequences

    policy.generate = watched


ENVIRONMENT = {
    **os.environ,
    "PYTHONPATH": str(ROOT),
    "OMP_NUM_THREADS": "1",
    "HF_HUB_OFFLINE": "1",
    "VLLM_CPU_KVCACHE_SPACE": "1",  # GiB
    "VLLM_CPU_OMP_THREADS_BIND": "nobind",
    "VLLM_LOGGING_LEVEL": "ERROR",
}


def run_apart(arch, folder, leave_out="", sampler="vllm", lora=None):
    """The same in a process of its own: an engine is not given back before its process ends."""
    command = [sys.executable, __file__, arch, sampler, str(folder), leave_out, json.dumps(lora)]
    return subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, timeout=600, check=False)


def result_of(process):
    assert process.returncode == 0, process.stderr[-3000:]
    return json.loads(process.stdout.splitlines()[-1])


def check_moved_and_lengths(result):
    assert len(result["seen"]) == UPDATES + 1
    assert result["moved"] > 5e-3
    assert all(batch["same"] for batch in result["seen"])
    assert len(set(result["seen"][0]["n"])) > 1  # a batch of different prompts, or nothing was shown


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """One for all runs: vLLM keeps what it compiles for a policy by the policy's path."""
    return tmp_path_factory.mktemp("agreement")


@pytest.mark.parametrize("lora", [None, LORA], ids=["whole", "lora"])
@pytest.mark.parametrize("arch", ARCHS)
def test_generate_and_the_trainer_agree_after_three_updates(arch, lora, folder, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    result = run(arch, "hf", folder, lora=lora)
    check_moved_and_lengths(result)
    assert max(batch["max"] for batch in result["seen"]) < 1e-4
    assert max(batch["plain"] for batch in result["seen"]) < 1e-4
    # The same completions of the same prompts are as likely as they are because of the picture: not so of its negative.
    assert min(moved for batch in result["seen"] for moved in batch["by_image"]) > 1e-3


@pytest.mark.parametrize("arch", ARCHS)
def test_truncated_completions_are_masked_and_placeholders_never_sampled(arch, folder, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    likelier = {"likelier_end": 3.0, "likelier_images": 50.0}
    result = run(arch, "hf", folder, **likelier, max_steps=2, mask_truncated_completions=True)
    seen, forbidden = result["seen"], set(result["forbidden"])
    assert forbidden and all(forbidden.isdisjoint(batch["ids"]) for batch in seen)
    rows = [pair for batch in seen for pair in zip(batch["ended"], batch["counted"])]
    assert {ended for ended, _ in rows} == {True, False}, "both kinds are needed to tell"
    assert all((counted > 0) == ended for ended, counted in rows)


@needs_vllm
@pytest.mark.vllm
@pytest.mark.parametrize("lora", [None, LORA], ids=["whole", "lora"])
@pytest.mark.parametrize("arch", ARCHS)
def test_vllm_and_the_trainer_agree_after_three_updates(arch, lora, folder):
    result = result_of(run_apart(arch, folder, lora=lora))
    check_moved_and_lengths(result)
    assert max(batch["max"] for batch in result["seen"]) < 0.01


@needs_vllm
@pytest.mark.vllm
@pytest.mark.parametrize("arch", ARCHS)
def test_images_expanded_twice_are_refused(arch, folder):
    process = run_apart(arch, folder, "images")
    assert process.returncode != 0
    assert "tokens in vLLM and" in process.stderr and "trl#6294" in process.stderr


@needs_vllm
@pytest.mark.vllm
@pytest.mark.parametrize("arch", MAINLY)
def test_images_expanded_twice_would_show_in_the_log_probabilities(arch, folder):
    result = result_of(run_apart(arch, folder, "images,prompt check"))
    assert not any(batch["same"] for batch in result["seen"])
    assert max(batch["max"] for batch in result["seen"]) > FAR


@needs_vllm
@pytest.mark.vllm
@pytest.mark.parametrize("arch", MAINLY)
def test_a_stale_head_would_show_in_the_log_probabilities(arch, folder):
    first, *_, last = result_of(run_apart(arch, folder, "lm_head"))["seen"]
    assert first["max"] < 0.01 and last["same"]
    assert last["mean"] > FAR


@needs_vllm
@pytest.mark.vllm
def test_a_server_and_the_trainer_agree_after_three_updates(folder):
    from trainers.models import build_tiny

    policy = build_tiny("qwen2_5_vl", folder / "qwen2_5_vl", **SIZES["qwen2_5_vl"])  # as `run` will build it
    options = ("--logprobs-mode", "processed_logprobs", "--enable-scale-out")
    with vllm_server(policy, folder, *options) as (address, _):
        result = result_of(run_apart("qwen2_5_vl", folder, sampler=address))
    check_moved_and_lengths(result)
    assert max(batch["max"] for batch in result["seen"]) < 0.01


if __name__ == "__main__":
    arch, sampler, folder, left_out, lora = (*sys.argv[1:], "", "null")[:5]
    print(json.dumps(run(arch, sampler, folder, [name for name in left_out.split(",") if name], json.loads(lora))))
