"""Policies and their processors: loading them, how they are asked, and what they see of an image.

For Qwen2.5-VL, Qwen3-VL and their kin, SmolVLM (an Idefics3) and SmolVLM2, from a hub or built by `build_tiny`. Sizes
of images are in pixels.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from trainers.quirks import make_torchvision_importable
from trainers.tiny import build_tiny, nearest

__all__ = [
    "build_tiny",
    "forbidden_token_ids",
    "image_pixels_kept",
    "load_policy",
    "load_processor",
    "prompt_messages",
    "prompt_token_count",
    "seen_size",
]

TOLERATED_SHRINK = 0.02  # of a side; legibility is judged with more room than that


def load_processor(folder_or_id: str | Path, **options: Any) -> Any:
    """The processor of a checkpoint: tokenizer, image processor and chat template. `options` as for AutoProcessor."""
    make_torchvision_importable()
    import transformers

    loader: Any = transformers.AutoProcessor
    return loader.from_pretrained(str(folder_or_id), **options)


def load_policy(
    folder_or_id: str | Path,
    dtype: str = "float32",
    lora: Mapping[str, Any] | None = None,
    freeze_vision: bool = False,
    quantize: str | None = None,
    **options: Any,
) -> Any:
    """The model of a checkpoint, to be trained. `options` as for `from_pretrained` (revision, attn_implementation ...).
    Of a folder that holds an adapter alone, its base with the adapter merged in.

    `lora` holds r, alpha, dropout and targets, and wraps the model in adapters; `freeze_vision` keeps the whole vision
    encoder as it is and free of adapters (Qwen's merger is a part of its encoder, SmolVLM's connector is not).
    `quantize` "nf4" holds the weights below the adapters in 4 bits (QLoRA, arXiv 2305.14314).
    """
    make_torchvision_importable()
    import torch
    from transformers import AutoModelForImageTextToText

    kind = getattr(torch, str(dtype), None)
    if not isinstance(kind, torch.dtype):
        raise ValueError(f"no dtype {dtype!r}: take float32, bfloat16 or float16")
    source = str(folder_or_id)
    if quantize is not None:
        options |= in_four_bits(kind)
    if (base := adapter_base(source)) is not None:
        from peft import PeftModel

        model = AutoModelForImageTextToText.from_pretrained(base, dtype=kind, **options)
        model = PeftModel.from_pretrained(model, source).merge_and_unload()
        model.requires_grad_(True)  # the adapters had frozen it
    else:
        model = AutoModelForImageTextToText.from_pretrained(source, dtype=kind, **options)
    if freeze_vision:
        towers = [module for name, module in model.named_modules() if name.split(".")[-1] in ("visual", "vision_model")]
        if not towers:
            raise ValueError(f"freeze_vision: {type(model).__name__} has no vision encoder by a name known here")
        for tower in towers:
            tower.requires_grad_(False)
    if lora is None:
        return model
    defaults = {"r": 16, "alpha": 32, "dropout": 0.0, "targets": "all-linear"}
    for name in lora:
        if name not in defaults:
            raise ValueError(f"lora has no key {name!r}" + nearest(name, defaults))
    from peft import LoraConfig, get_peft_model

    chosen = {**defaults, **lora}
    adapters = LoraConfig(
        r=chosen["r"],
        lora_alpha=chosen["alpha"],
        lora_dropout=chosen["dropout"],
        target_modules=chosen["targets"],
        exclude_modules=r".*\b(visual|vision_model)\..*" if freeze_vision else None,
        task_type="CAUSAL_LM",
    )
    return get_peft_model(model, adapters)


def adapter_base(source: str | Path) -> str | None:
    """The model that an adapter was trained on, if a folder holds an adapter alone; else None."""
    folder = Path(source)
    if (folder / "config.json").is_file() or not (folder / "adapter_config.json").is_file():
        return None
    base = json.loads((folder / "adapter_config.json").read_text(encoding="utf-8"))["base_model_name_or_path"]
    return str(base)


def in_four_bits(compute: Any) -> dict[str, Any]:
    """Options of `from_pretrained` for NF4 with double quantisation; products are taken in the type `compute`."""
    import torch
    from transformers import BitsAndBytesConfig

    settings = BitsAndBytesConfig(  # type: ignore[no-untyped-call]
        load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_use_double_quant=True, bnb_4bit_compute_dtype=compute
    )
    place = int(os.environ.get("LOCAL_RANK", "0")) if torch.cuda.is_available() else "cpu"
    return {"quantization_config": settings, "device_map": {"": place}}


def prompt_messages(template: str, question: str) -> list[dict[str, Any]]:
    """The chat that asks `question` about one image: `{question}` in the template is replaced, other braces stay.

    The image is a placeholder; TRL fills it from the row's `image` column, others put `image=` into the first part.
    """
    if "{question}" not in template:
        raise ValueError(f"the prompt template {template!r} does not hold the question: write {{question}} in it")
    text = template.replace("{question}", question)
    return [{"role": "user", "content": [{"type": "image"}, {"type": "text", "text": text}]}]


def prompt_token_count(processor: Any, template: str, question: str, width: int, height: int) -> int:
    """How many tokens the prompt takes with an image of that size, image tokens and generation prompt included."""
    from PIL import Image

    text = processor.apply_chat_template(prompt_messages(template, question), add_generation_prompt=True)
    return len(processor(text=[text], images=[[Image.new("RGB", (width, height))]])["input_ids"][0])


def forbidden_token_ids(processor: Any) -> list[int]:
    """The image and video placeholders: sampled, they claim pixels that are not there and the forward pass fails."""
    vocabulary = processor.tokenizer.get_vocab()
    names = [getattr(processor, name, None) for name in ("image_token", "video_token")]
    return sorted(vocabulary[name] for name in names if name in vocabulary)


def seen_size(processor: Any, width: int, height: int) -> tuple[int, int]:
    """The (height, width) at which the vision encoder sees an image; tiles count together, padding does not."""
    return _sizes_on_the_way(processor, width, height)[-1]


def image_pixels_kept(processor: Any, width: int, height: int) -> bool:
    """Whether the model sees at least the pixels that were judged.

    No step of the processor may make a side smaller than 98 % of what was drawn; enlarging is fine. Qwen rounds sides
    to multiples of patch x merge (28), a hair for 450 pixels and a third for 41, and bounds the area by `max_pixels`.
    SmolVLM scales the longest edge to `longest_edge` and cuts tiles; without splitting everything becomes one tile.
    """
    least = 1 - TOLERATED_SHRINK
    stages = _sizes_on_the_way(processor, width, height)
    return all(seen_h >= least * height and seen_w >= least * width for seen_h, seen_w in stages)


def _sizes_on_the_way(processor: Any, width: int, height: int) -> list[tuple[int, int]]:
    """(height, width) as drawn and after each resize, computed by the processor's own functions where it has them."""
    images = processor.image_processor
    stages = [(height, width)]
    if hasattr(images, "merge_size"):  # Qwen2-VL, Qwen2.5-VL, Qwen3-VL and what shares their image processor
        from transformers.models.qwen2_vl.image_processing_qwen2_vl import smart_resize

        if images.do_resize:
            factor, bounds = images.patch_size * images.merge_size, images.size
            stages.append(smart_resize(height, width, factor, bounds["shortest_edge"], bounds["longest_edge"]))
        return stages
    if hasattr(images, "do_image_splitting"):  # Idefics3, SmolVLM
        import torch
        from transformers.models.idefics3.image_processing_idefics3 import get_resize_output_image_size

        if images.do_resize:
            drawn = torch.empty((3, height, width), device="meta")
            stages.append(get_resize_output_image_size(drawn, images.size["longest_edge"]))
        tile = images.max_image_size["longest_edge"]
        if images.do_image_splitting:
            stages.append(_whole_tiles(*stages[-1], tile))
        else:
            stages.append((tile, tile))
        return stages
    raise ValueError(
        f"what {type(images).__name__} does to an image is not known here: it is neither Qwen's nor Idefics3's"
    )


def _whole_tiles(height: int, width: int, tile: int) -> tuple[int, int]:
    """Both sides rounded up to whole tiles, the shorter one after following the longer (as Idefics3 does it)."""
    aspect = width / height
    if width >= height:
        width = -(-width // tile) * tile
        height = -(-int(width / aspect) // tile) * tile
    else:
        height = -(-height // tile) * tile
        width = -(-int(height * aspect) // tile) * tile
    return height, width
