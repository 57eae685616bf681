"""Build a small policy from scratch: random weights, a tokenizer trained on the spot, processor and chat template.

Nothing comes from a hub, and what is saved is an ordinary checkpoint: AutoProcessor, AutoModelForImageTextToText and
vLLM load it. Three architectures, named by their `model_type`: `qwen2_5_vl` (Qwen2.5-VL), `qwen3_vl` (Qwen3-VL) and
`smolvlm` (SmolVLM2).
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from trainers.quirks import make_torchvision_importable

QWEN_TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n"
    "{% if message['content'] is string %}{{ message['content'] }}{% else %}{% for part in message['content'] %}"
    "{% if part['type'] == 'image' %}<|vision_start|><|image_pad|><|vision_end|>"
    "{% elif part['type'] == 'text' %}{{ part['text'] }}{% endif %}{% endfor %}{% endif %}<|im_end|>\n"
    "{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
SMOL_TEMPLATE = (
    "<|im_start|>{% for message in messages %}{{ message['role'] | capitalize }}:"
    "{% if message['content'] is string %} {{ message['content'] }}{% else %}{% for part in message['content'] %}"
    "{% if part['type'] == 'image' %}<image>{% elif part['type'] == 'text' %}"
    "{% if loop.first %} {% endif %}{{ part['text'] }}{% endif %}{% endfor %}{% endif %}<end_of_utterance>\n"
    "{% endfor %}{% if add_generation_prompt %}Assistant:{% endif %}"
)
QWEN_TOKENS = (
    *("<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|vision_start|>", "<|vision_end|>", "<|vision_pad|>"),
    *("<|image_pad|>", "<|video_pad|>"),
)
SPECIAL_TOKENS = {
    "qwen2_5_vl": QWEN_TOKENS,
    "qwen3_vl": QWEN_TOKENS,
    "smolvlm": (
        *("<|endoftext|>", "<|im_start|>", "<end_of_utterance>"),
        *("<fake_token_around_image>", "<image>", "<global-img>"),
        *(f"<row_{row}_col_{column}>" for row in range(1, 7) for column in range(1, 7)),
    ),
}
END_OF_TURN = {"qwen2_5_vl": "<|im_end|>", "qwen3_vl": "<|im_end|>", "smolvlm": "<end_of_utterance>"}

# What the tokenizer of a built model learns its words from when the caller gives no texts, and in addition to them.
CORPUS = (
    "user assistant system User: Assistant: ",
    "Put the final answer in \\boxed{}. The answer is \\boxed{12}. So the answer is \\boxed{Yes} or \\boxed{No}.",
    "How many bars are there in the chart? How many words are shown? What is the value of the bar for the label?",
    "Which letter has the largest number of occurrences? Which label has the second smallest value? Which third?",
    "What is the sum of the values? What is the difference between the largest and the smallest? What is the mean?",
    "What share of the total is the slice? What percent of the whole? What is the median of the series in panel A?",
    "From largest: From smallest: Reading each value: Count: Total: Difference: Rounded to one decimal place:",
    "Is the value of the bar greater than that of the other? Answer yes or no. Give the name exactly as written.",
    "red blue green orange purple brown pink gray the and of in is to for with at by from on as are than each",
)


@dataclass(frozen=True, kw_only=True)
class TextSizes:
    """The language model of a built policy. The defaults of every architecture give 2 to 3 million parameters."""

    vocab_size: int = 768  # tokens, special ones included; 256 of them are bytes
    hidden_size: int = 192
    layers: int = 4
    heads: int = 6
    kv_heads: int = 2
    max_length: int = 4096  # prompt and completion
    vision_hidden_size: int = 96
    vision_layers: int = 3
    vision_heads: int = 3


@dataclass(frozen=True, kw_only=True)
class QwenSizes(TextSizes):
    """A Qwen2.5-VL: one image token for each 28 x 28 pixels, no fixed image size."""

    min_pixels: int = 28 * 28 * 4
    max_pixels: int = 28 * 28 * 1280


@dataclass(frozen=True, kw_only=True)
class Qwen3Sizes(QwenSizes):
    """A Qwen3-VL: one image token for each 32 x 32 pixels, and encoder layers that feed the first of the text."""

    min_pixels: int = 32 * 32 * 4
    max_pixels: int = 32 * 32 * 1280
    positions: int = 16  # each way: the grid of learned positions, stretched over any image


@dataclass(frozen=True, kw_only=True)
class SmolSizes(TextSizes):
    """A SmolVLM2: the image is scaled to `longest_edge`, cut into square tiles, and followed by itself as one tile.

    With `longest_edge <= tile` there is that one tile only.
    """

    tile: int = 224
    longest_edge: int = 448
    patch_size: int = 14
    scale_factor: int = 4  # pixel shuffle: (tile / patch_size / scale_factor)^2 image tokens a tile


SIZES: dict[str, type[TextSizes]] = {"qwen2_5_vl": QwenSizes, "qwen3_vl": Qwen3Sizes, "smolvlm": SmolSizes}


def nearest(name: str, known: Iterable[str]) -> str:
    """` (did you mean X?)` for an unknown name, or the names there are."""
    known = sorted(known)
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    return f" (did you mean {close[0]!r}?)" if close else f" (known: {', '.join(known)})"


def build_tiny(
    arch: str, folder: str | Path, *, seed: int = 0, texts: Iterable[str] | None = None, **sizes: int
) -> Path:
    """Build a policy with random weights and a tokenizer trained on `texts`, save both in `folder`, return it.

    `texts` are examples of what the model will read and write (questions, solutions). Equal arguments give equal
    files. Raises ValueError for an unknown architecture or size, naming the nearest.
    """
    if arch not in SIZES:
        raise ValueError(f"no architecture {arch!r} to build" + nearest(arch, SIZES))
    known = {field.name for field in fields(SIZES[arch])}
    for name in sizes:
        if name not in known:
            raise ValueError(f"a {arch} has no size {name!r}" + nearest(name, known))
    make_torchvision_importable()
    import torch

    chosen: Any = SIZES[arch](**sizes)
    tokenizer = _tokenizer(arch, chosen, [*CORPUS, *(texts or ())])
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model, processor = BUILDERS[arch](chosen, tokenizer)
    end, pad = tokenizer.eos_token_id, tokenizer.pad_token_id
    model.generation_config.update(bos_token_id=None, eos_token_id=end, pad_token_id=pad)
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    model.save_pretrained(folder)
    processor.save_pretrained(folder)
    return folder


def _tokenizer(arch: str, sizes: TextSizes, texts: list[str]) -> Any:
    """A byte-level BPE whose digits stay single tokens: numbers of any length are read and written alike."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    special = SPECIAL_TOKENS[arch]
    smallest = 256 + len(special)
    if sizes.vocab_size < smallest:
        raise ValueError(f"vocab_size {sizes.vocab_size} is too small: {arch} needs at least {smallest}")
    bpe = Tokenizer(models.BPE())
    bpe.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    bpe.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=sizes.vocab_size - len(special), initial_alphabet=alphabet, show_progress=False
    )
    bpe.train_from_iterator(texts, trainer)
    end, pad = END_OF_TURN[arch], "<|endoftext|>"
    return _transformers().PreTrainedTokenizerFast(
        tokenizer_object=bpe,
        eos_token=end,
        pad_token=pad,
        additional_special_tokens=[token for token in special if token not in (end, pad)],
        padding_side="left",
        model_max_length=sizes.max_length,
    )


def _transformers() -> Any:
    """The library; as Any, since much of it is untyped or resolved only when asked for."""
    import transformers

    return transformers


def _text_config(sizes: TextSizes, tokenizer: Any) -> dict[str, Any]:
    return {
        "vocab_size": len(tokenizer),
        "hidden_size": sizes.hidden_size,
        "intermediate_size": sizes.hidden_size * 3,
        "num_hidden_layers": sizes.layers,
        "num_attention_heads": sizes.heads,
        "num_key_value_heads": sizes.kv_heads,
        "max_position_embeddings": sizes.max_length,
        "tie_word_embeddings": True,
        "bos_token_id": None,
        "eos_token_id": tokenizer.eos_token_id,
        "pad_token_id": tokenizer.pad_token_id,
    }


def _rope(sizes: TextSizes) -> dict[str, Any]:
    """Rotary pairs of a head, shared out over time, height and width."""
    half = sizes.hidden_size // sizes.heads // 2
    time, height = half // 4, half * 3 // 8
    return {"rope_type": "default", "rope_theta": 1e4, "mrope_section": [time, height, half - time - height]}


def _placeholders(tokenizer: Any) -> dict[str, int]:
    names = ("image_pad", "video_pad", "vision_start", "vision_end")
    keys = ("image_token_id", "video_token_id", "vision_start_token_id", "vision_end_token_id")
    return {key: tokenizer.convert_tokens_to_ids(f"<|{name}|>") for key, name in zip(keys, names)}


def _qwen(sizes: QwenSizes, tokenizer: Any) -> tuple[Any, Any]:
    hf = _transformers()
    config = hf.Qwen2_5_VLConfig(
        text_config={**_text_config(sizes, tokenizer), "rope_parameters": _rope(sizes)},
        vision_config={
            "depth": sizes.vision_layers,
            "hidden_size": sizes.vision_hidden_size,
            "intermediate_size": sizes.vision_hidden_size * 3,
            "num_heads": sizes.vision_heads,
            "out_hidden_size": sizes.hidden_size,
            "fullatt_block_indexes": [sizes.vision_layers - 1],
        },
        **_placeholders(tokenizer),
        tie_word_embeddings=True,
    )
    processor = hf.Qwen2_5_VLProcessor(
        image_processor=hf.Qwen2VLImageProcessor(min_pixels=sizes.min_pixels, max_pixels=sizes.max_pixels),
        tokenizer=tokenizer,
        video_processor=hf.Qwen2VLVideoProcessor(),
        chat_template=QWEN_TEMPLATE,
    )
    return hf.Qwen2_5_VLForConditionalGeneration(config), processor


def _qwen3(sizes: Qwen3Sizes, tokenizer: Any) -> tuple[Any, Any]:
    hf = _transformers()
    deep = sorted({sizes.vision_layers // 3, sizes.vision_layers * 2 // 3})  # fewer than there are layers of text
    config = hf.Qwen3VLConfig(
        text_config={
            **_text_config(sizes, tokenizer),
            "head_dim": sizes.hidden_size // sizes.heads,
            "rope_parameters": {**_rope(sizes), "mrope_interleaved": True},
        },
        vision_config={
            "depth": sizes.vision_layers,
            "hidden_size": sizes.vision_hidden_size,
            "intermediate_size": sizes.vision_hidden_size * 3,
            "num_heads": sizes.vision_heads,
            "out_hidden_size": sizes.hidden_size,
            "num_position_embeddings": sizes.positions**2,
            "deepstack_visual_indexes": deep[: sizes.layers],
        },
        **_placeholders(tokenizer),
        tie_word_embeddings=True,
    )
    pixels = {"shortest_edge": sizes.min_pixels, "longest_edge": sizes.max_pixels}  # areas, whatever they are called
    processor = hf.Qwen3VLProcessor(
        image_processor=hf.Qwen2VLImageProcessor(size=pixels, patch_size=16),
        tokenizer=tokenizer,
        video_processor=hf.Qwen3VLVideoProcessor(),
        chat_template=QWEN_TEMPLATE,
    )
    return hf.Qwen3VLForConditionalGeneration(config), processor


def _smol(sizes: SmolSizes, tokenizer: Any) -> tuple[Any, Any]:
    hf = _transformers()
    side, rest = divmod(sizes.tile, sizes.patch_size * sizes.scale_factor)
    if rest or not side:
        step = f"patch_size x scale_factor ({sizes.patch_size} x {sizes.scale_factor})"
        raise ValueError(f"tile {sizes.tile} is not a multiple of {step}")
    config = hf.SmolVLMConfig(
        text_config={"model_type": "llama", **_text_config(sizes, tokenizer)},
        vision_config={
            "hidden_size": sizes.vision_hidden_size,
            "intermediate_size": sizes.vision_hidden_size * 3,
            "num_hidden_layers": sizes.vision_layers,
            "num_attention_heads": sizes.vision_heads,
            "image_size": sizes.tile,
            "patch_size": sizes.patch_size,
        },
        image_token_id=tokenizer.convert_tokens_to_ids("<image>"),
        pad_token_id=tokenizer.pad_token_id,
        scale_factor=sizes.scale_factor,
        tie_word_embeddings=True,
    )
    processor = hf.SmolVLMProcessor(
        image_processor=hf.SmolVLMImageProcessor(
            size={"longest_edge": sizes.longest_edge}, max_image_size={"longest_edge": sizes.tile}
        ),
        tokenizer=tokenizer,
        video_processor=hf.SmolVLMVideoProcessor(),
        image_seq_len=side**2,
        chat_template=SMOL_TEMPLATE,
    )
    return hf.SmolVLMForConditionalGeneration(config), processor


BUILDERS: dict[str, Callable[[Any, Any], tuple[Any, Any]]] = {"qwen2_5_vl": _qwen, "qwen3_vl": _qwen3, "smolvlm": _smol}
