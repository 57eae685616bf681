"""Known defects of libraries, each with its upstream number and when it goes.

`apply` puts right what a run needs. `QUIRKS` says what there is, and `leave_out` leaves single ones out, so that tests
can put a defect back and see that it is noticed. A hook whose signature is not the one known here is refused in one
line: half a patch is worse than none. Nothing heavy is imported before it is used, and `make_torchvision_importable`
must run before the first import of trl, vllm or a processor of transformers.
"""

from __future__ import annotations

import importlib
import inspect
import sys
from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from trainers.failures import answering

# The hooks of TRL that this project overrides or replaces, and the parameters they had when that was written.
HOOKS = {
    "trl.trainer.grpo_trainer:GRPOTrainer._generate_and_score_completions": "self, inputs",
    "trl.trainer.grpo_trainer:GRPOTrainer._calculate_rewards": (
        "self, inputs, prompts, completions, completion_ids_list"
    ),
    "trl.trainer.grpo_trainer:GRPOTrainer._generate": "self, prompts",
    "trl.trainer.grpo_trainer:GRPOTrainer._save_checkpoint": "self, model, trial",
    "trl.trainer.grpo_trainer:GRPOTrainer.log": "self, logs, start_time",
    "trl.trainer.grpo_trainer:GRPOTrainer._get_grad_norm": "self, model, grad_norm",
}
SFT_HOOKS = {
    "trl.trainer.sft_trainer:SFTTrainer._save_checkpoint": "self, model, trial",
    "trl.trainer.sft_trainer:SFTTrainer._load_from_checkpoint": "self, resume_from_checkpoint, model",
    "trl.trainer.sft_trainer:SFTTrainer._get_grad_norm": "self, model, grad_norm",
}
VLLM_HOOKS = {
    "trl.generation.vllm_generation:VLLMGeneration._init_vllm": "self",
    "trl.generation.vllm_generation:VLLMGeneration._iter_named_params": "self",
    "trl.generation.vllm_generation:VLLMGeneration.sync_weights": "self",
    "trl.generation.vllm_generation:VLLMGeneration.generate": "self, prompts, images, num_generations, profiler",
    "trl.generation.vllm_client:VLLMClient.init_communicator": "self, device",
    "trl.generation.vllm_client:VLLMClient.update_named_params": "self, metadata, named_params",
}
QUIRKS = (
    "torchvision",  # make_torchvision_importable
    "images",  # unexpanded: trl#6294
    "prompt check",  # sampler and trainer must have the same prompt
    "weights",  # layerwise reload on the CPU
    "lm_head",  # a tied head's packed copy on the CPU
    "caches",  # encoder outputs of the weights before
    "dtype",  # vLLM's own choice of dtype on the CPU
    "server",  # weights through a file on the CPU: trainers/cpu_server.py
)


class QuirkError(RuntimeError):
    """A library is not the one a patch was written for, or sampler and trainer disagree; the message says which."""


def apply(*, use_vllm: bool, leave_out: Collection[str] = ()) -> None:
    """Install what a run with TRL needs. Call it before the first trainer is built; a second call changes nothing new.

    Raises QuirkError where a hook in use is not the one known here, ValueError for an unknown name in `leave_out`.
    """
    if unknown := set(leave_out) - set(QUIRKS):
        raise ValueError(f"no quirk is called {sorted(unknown)}; there are {', '.join(QUIRKS)}")
    declared = "torchvision" not in leave_out and make_torchvision_importable()
    check_hooks(HOOKS)
    if not use_vllm:
        return
    if declared:
        inspect_models_in_this_process()
    check_hooks(VLLM_HOOKS)
    _module("trl.trainer.grpo_trainer").VLLMGeneration = _generation_class(frozenset(leave_out))
    if "server" not in leave_out:
        from trainers.cpu_server import client_class

        _module("trl.generation.vllm_generation").VLLMClient = client_class()


def check_hooks(hooks: Mapping[str, str]) -> None:
    """Refuse a TRL whose hooks take other parameters than those known here."""
    from importlib.metadata import version

    for hook, known in hooks.items():
        module, _, path = hook.partition(":")
        target = _module(module)
        for name in path.split("."):
            target = getattr(target, name, None)
        found = None if target is None else ", ".join(inspect.signature(target).parameters)
        if found != known:
            is_now = "is gone" if found is None else f"takes ({found})"
            raise QuirkError(
                f"trl {version('trl')}: {path} {is_now}, where ({known}) is known: "
                "install trl>=1.16,<1.17 or bring trainers/quirks.py up to date"
            )


def _module(name: str) -> Any:
    return importlib.import_module(name)


# --- torchvision ---------------------------------------------------------------------------------------------------

_TORCHVISION_LIBRARY: Any = None  # a torch.library.Library takes its operators along when collected, so it is kept


def make_torchvision_importable() -> bool:
    """Declare the operators that a CUDA build of torchvision lacks beside a CPU torch; whether that was needed.

    The package index serves torchvision for CUDA only. Beside `torch+cpu` its compiled part does not load, and the
    import dies while registering a fake kernel for an operator that nobody declared (`operator torchvision::nms does
    not exist`). Image processors use neither operator. Goes when torchvision registers `nms` and `qnms` only where its
    operators are there, as it does with the others, or when CPU builds are on the package index.
    """
    global _TORCHVISION_LIBRARY  # noqa: PLW0603
    if _TORCHVISION_LIBRARY is not None:
        return True
    try:
        _module("torchvision")
        return False
    except RuntimeError as error:
        if "torchvision::" not in str(error):
            raise
    for name in [name for name in sys.modules if name.split(".")[0] == "torchvision"]:
        del sys.modules[name]
    _TORCHVISION_LIBRARY = _module("torch.library").Library("torchvision", "DEF")
    for operator in ("nms", "qnms"):
        _TORCHVISION_LIBRARY.define(f"{operator}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    _module("torchvision")
    return True


def inspect_models_in_this_process() -> None:
    """vLLM inspects a model's class in a child process, so as not to start CUDA; the child lacks those operators."""
    registry = _module("vllm.model_executor.models.registry")
    if not hasattr(registry, "_run_in_subprocess"):
        raise QuirkError("vllm's model registry has no _run_in_subprocess: bring trainers/quirks.py up to date")
    registry._run_in_subprocess = lambda inspection: inspection()


# --- what is sampled -----------------------------------------------------------------------------------------------


def forbid_tokens(generation_kwargs: Mapping[str, Any] | None, ids: Sequence[int], *, use_vllm: bool) -> dict[str, Any]:
    """TRL's `generation_kwargs` with tokens ruled out, for the sampler in use.

    An untrained or drifting model samples image placeholders, and the next forward pass fails because it looks for
    their pixels. TRL 1.16 rules out the image token for generate() and nothing for vLLM. Goes when TRL does both.
    The trainer's log-probabilities know nothing of it: they lie log(1 - mass of these tokens) below the sampler's,
    0.002 to 0.005 for an untrained policy and nothing for a trained one.
    """
    merged = dict(generation_kwargs or {})
    if use_vllm:
        merged["logit_bias"] = {**merged.get("logit_bias", {}), **dict.fromkeys(ids, -100.0)}
    else:
        merged["suppress_tokens"] = sorted({*merged.get("suppress_tokens", ()), *ids})
    return merged


def unexpanded(ids: Sequence[int], processor: Any) -> list[int]:
    """A prompt with one placeholder for each image, where the processor wrote all of an image's tokens.

    Qwen writes a run of image tokens. Idefics3 and SmolVLM write, for each image, the tiles row by row and then the
    whole image: (fake, row and column, image x n)* fake, global, image x n, fake.
    """
    image = processor.image_token_id
    fake_token = getattr(processor, "fake_image_token", None)
    if fake_token is None:
        return [token for at, token in enumerate(ids) if token != image or at == 0 or ids[at - 1] != image]
    global_token = getattr(processor, "global_image_token", None) or processor.global_image_tag
    fake, whole = processor.tokenizer.convert_tokens_to_ids([fake_token, global_token])
    ids, short, at = list(ids), [], 0
    while at < len(ids):
        if ids[at] == fake and whole in ids[at:]:
            at = ids.index(whole, at) + 1
            while at < len(ids) and ids[at] == image:
                at += 1
            if at == len(ids) or ids[at] != fake:
                raise QuirkError(f"no {fake_token} after the image at token {at} of the prompt: not Idefics3's layout")
            short.append(image)
        else:
            short.append(ids[at])
        at += 1
    return short


def check_prompts(sampled: Sequence[Sequence[int]], trained: Sequence[Sequence[int]]) -> None:
    """Raise QuirkError where the prompt that vLLM sampled from is not the one that is trained on."""
    for row, (ours, theirs) in enumerate(zip(trained, sampled, strict=True)):
        if list(ours) != list(theirs):
            differ = next((at for at, (a, b) in enumerate(zip(ours, theirs)) if a != b), min(len(ours), len(theirs)))
            raise QuirkError(
                f"prompt {row} has {len(theirs)} tokens in vLLM and {len(ours)} in the trainer, and they differ from "
                f"token {differ} on: the two expand images differently (trl#6294)"
            )


def check_server_reads(processor: Any) -> None:
    """Raise QuirkError where images of this processor cannot be sent to a vLLM server.

    The server takes prompt tokens and image features apart and, up to vLLM 0.31, one unbroken run of image tokens for
    each image; Idefics3 and SmolVLM break the run between tiles. Goes when `/inference/v1/generate` knows `is_embed`.
    """
    images: Any = getattr(processor, "image_processor", None)
    splits = getattr(images, "do_image_splitting", False)
    if splits and images.size["longest_edge"] > images.max_image_size["longest_edge"]:
        raise QuirkError(
            f"{type(processor).__name__} cuts images into tiles, which a vLLM server cannot be sent: "
            "set trl.vllm_mode to colocate, or the processor's longest_edge to the size of one tile"
        )


def _generation_class(leave_out: frozenset[str]) -> type:
    """TRL's VLLMGeneration with its defects put right, less those in `leave_out`."""
    vllm_generation = _module("trl.generation.vllm_generation")
    base: Any = vllm_generation.VLLMGeneration

    class Generation(base):  # type: ignore[misc]
        def _init_vllm(self) -> None:
            # vLLM serves a float32 checkpoint in a 16-bit type unless told otherwise, and TRL tells it nothing. That
            # is wanted on a GPU, where TRL trains with 16-bit autocast, and a disagreement on the CPU.
            if self.mode == "server":
                check_server_reads(self.processing_class)
            if self.mode != "colocate" or self.accelerator.device.type != "cpu" or "dtype" in leave_out:
                with self.answering():
                    super()._init_vllm()
                return
            engine, dtype = vllm_generation.LLM, str(self.model.dtype).removeprefix("torch.")
            # A prompt that is prefilled in pieces makes vLLM 0.31 wind the request's generator back, which one of the
            # CPU cannot do ("CPU Generator does not use offset"); goes when vLLM asks before it winds.
            vllm_generation.LLM = lambda **options: engine(dtype=dtype, enable_chunked_prefill=False, **options)
            try:
                super()._init_vllm()
            finally:
                vllm_generation.LLM = engine

        def generate(self, prompts, images, num_generations, profiler=None):  # type: ignore[no-untyped-def]
            # trl#6294: colocate mode hands over prompts whose images are expanded, and vLLM expands them once more.
            # Server mode pairs the expanded prompt with features instead.
            shortened = images is not None and self.mode == "colocate" and "images" not in leave_out
            sent = [unexpanded(ids, self.processing_class) for ids in prompts] if shortened else prompts
            with self.answering():
                sampled, *rest = super().generate(sent, images, num_generations, profiler)
            if "prompt check" not in leave_out:
                check_prompts(sampled, prompts)
            return (sampled, *rest)

        def answering(self) -> AbstractContextManager[None]:
            """Around what is asked of a server."""
            if self.mode != "server" or not self.accelerator.is_main_process:
                return nullcontext()
            return answering(self.server_base_url or f"http://{self.server_host}:{self.server_port}")

        def sync_weights(self) -> None:
            with self.answering():
                self.hand_over()

        def hand_over(self) -> None:
            on_cpu = self.accelerator.device.type == "cpu"
            if self.mode == "colocate" and on_cpu and "weights" not in leave_out:
                runner = self.llm.llm_engine.model_executor.driver_worker.model_runner
                repack = "lm_head" not in leave_out
                reload_on_cpu(runner, repack_lm_head=repack, weights_iterator=self._iter_named_params())
                self.llm.reset_prefix_cache()
            else:
                super().sync_weights()
            # vLLM keeps what the vision encoder made of an image, by the image. TRL resets the prefix cache only.
            if "caches" in leave_out:
                return
            if self.mode == "colocate":
                self.llm.llm_engine.reset_mm_cache()
                self.llm.llm_engine.reset_encoder_cache()
            elif self.accelerator.is_main_process:
                for cache in ("mm", "encoder"):
                    client = self.vllm_client
                    client.session.post(f"{client.base_url}/reset_{cache}_cache").raise_for_status()

    return Generation


# --- weights on the CPU --------------------------------------------------------------------------------------------


def reload_on_cpu(runner: Any, *, repack_lm_head: bool = True, **source: Any) -> None:
    """New weights for a vLLM model on the CPU, from `weights_iterator` or `weights_path`.

    vLLM repacks weights for the processor after loading them, so TRL's `load_weights` of single tensors meets
    parameters without a `weight_loader`; a layerwise reload packs again. It leaves out a head that is tied to the
    embedding, whose packed copy then stays that of the first weights: sampling looks healthy and is wrong. Goes when
    vLLM's layerwise reload covers tied heads on the CPU and TRL uses it.
    """
    runner.reload_weights(**source)
    if not repack_lm_head:
        return
    from vllm.model_executor.layers.utils import dispatch_cpu_unquantized_gemm

    for name, module in runner.get_model().named_modules():
        if name.endswith("lm_head") and hasattr(module, "cpu_linear"):
            dispatch_cpu_unquantized_gemm(module, remove_weight=False)
