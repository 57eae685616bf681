"""What a run will take of each GPU's memory: exact for what is held throughout, rough for what comes and goes.

A value trained in mixed precision takes (bytes, over W ranks; ZeRO: 1910.02054, section 3):

    strategy          weights       gradients        optimizer: two moments, and the float32 copy DeepSpeed steps on
    ddp, float32      4             4 (8 if W > 1)   8
    ddp, bfloat16     2             2 (4 if W > 1)   4                   full fine-tuning so is refused: see preflight
    zero2, bfloat16   2             2 / W            12 / W
    zero3, bfloat16   2 / W         2 / W            12 / W              zero1 keeps gradients whole

Under ddp several ranks hold gradients twice, once in DDP's buckets. A frozen value takes its weight only; adapters are
in float32; a weight in nf4 takes 0.53 (half a byte, and a scale of some 16 bits for each 64 values). Activations per
token, layer and hidden unit: 34 bytes kept (2205.05198, equation 1 without the attention map, which flash attention
does not keep), or 2 with gradient checkpointing and 34 of the one layer that is made again. Logits are never whole: TRL
1.16 takes them in chunks.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trainers.config import Batches, Config, ConfigError
from trainers.launch import gpu_gib, on_cpu, zero_stage

GIB = 2**30
USUAL_GIB = 80.0  # of a GPU, where none is visible
NF4 = 0.53  # bytes a value
KEPT, RECOMPUTED = 34, 2  # bytes a token, layer and hidden unit, without and with gradient checkpointing


@dataclass(frozen=True, kw_only=True)
class Shape:
    """Sizes of a policy. Linear layers are those that adapters and 4-bit weights go into: all but the head."""

    parameters: int
    vision: int  # of them in the vision encoder
    linear: int  # of them weights of linear layers
    vision_linear: int
    ports: int  # inputs and outputs of all linear layers: an adapter of rank r has r x ports parameters
    vision_ports: int
    layers: int
    hidden: int
    vision_layers: int
    vision_hidden: int
    patch: int  # pixels: the side of what the vision encoder takes as one token
    merge: int  # so many patches each way become one image token
    kv: int  # values that one token leaves in the cache of one layer: 2 x key-value heads x their size
    longest: int = 0  # SmolVLM scales the longer side to so many pixels,
    tile: int = 0  # cuts squares of so many, and adds the whole as one more


# Counted on models built without weights from the sizes in each model's config.json on the hub; the totals are those
# that the hub shows. A slow test counts them again.
SHAPES = {
    "HuggingFaceTB/SmolVLM2-256M-Video-Instruct": Shape(
        parameters=256_484_928, vision=86_433_024, linear=198_180_864, vision_linear=84_934_656, ports=484_032,
        vision_ports=165_888, layers=30, hidden=576, vision_layers=12, vision_hidden=768, patch=16, merge=4, kv=384,
        longest=2048, tile=512,
    ),
    "HuggingFaceTB/SmolVLM2-2.2B-Instruct": Shape(
        parameters=2_246_784_880, vision=412_987_248, linear=2_042_916_864, vision_linear=411_070_464, ports=1_686_368,
        vision_ports=543_456, layers=24, hidden=2048, vision_layers=27, vision_hidden=1152, patch=14, merge=3,
        kv=4096, longest=1536, tile=384,
    ),
    "Qwen/Qwen2.5-VL-3B-Instruct": Shape(
        parameters=3_754_622_976, vision=668_684_288, linear=3_441_197_056, vision_linear=666_664_960, ports=2_585_216,
        vision_ports=714_368, layers=36, hidden=2048, vision_layers=32, vision_hidden=1280, patch=14, merge=2,
        kv=512,
    ),
    "Qwen/Qwen2.5-VL-7B-Instruct": Shape(
        parameters=8_292_166_656, vision=676_550_144, linear=7_199_817_728, vision_linear=674_529_280, ports=3_239_040,
        vision_ports=715_904, layers=28, hidden=3584, vision_layers=32, vision_hidden=1280, patch=14, merge=2,
        kv=1024,
    ),
    "Qwen/Qwen3-VL-2B-Instruct": Shape(
        parameters=2_127_532_032, vision=406_957_056, linear=1_811_939_328, vision_linear=402_653_184, ports=1_540_096,
        vision_ports=450_560, layers=28, hidden=2048, vision_layers=24, vision_hidden=1024, patch=16, merge=2,
        kv=2048,
    ),
    "Qwen/Qwen3-VL-4B-Instruct": Shape(
        parameters=4_437_815_808, vision=415_347_712, linear=4_044_357_632, vision_linear=411_041_792, ports=2_516_992,
        vision_ports=452_608, layers=36, hidden=2560, vision_layers=24, vision_hidden=1024, patch=16, merge=2,
        kv=2048,
    ),
}  # fmt: skip


def shape_of(config: Config) -> Shape | None:
    """The sizes of the policy that a config names: from the table, or from a local folder's config.json; else None."""
    if config.model.id is None:
        return None
    if config.model.id in SHAPES:
        return SHAPES[config.model.id]
    return counted(config.model.id) if Path(config.model.id).is_dir() else None


def counted(folder: str | Path | Any) -> Shape:
    """The sizes of a checkpoint, or of a transformers config, counted on the model built without weights."""
    from trainers.quirks import make_torchvision_importable

    make_torchvision_importable()
    import torch
    from transformers import AutoConfig, AutoModelForImageTextToText

    config: Any = AutoConfig.from_pretrained(str(folder)) if isinstance(folder, (str, Path)) else folder
    with torch.device("meta"):
        model: Any = AutoModelForImageTextToText.from_config(config)  # type: ignore[no-untyped-call]
    text, seen = config.text_config, config.vision_config

    def in_vision(name: str) -> bool:
        return not {"visual", "vision_model"}.isdisjoint(name.split("."))

    linear = [
        (in_vision(name), module)
        for name, module in model.named_modules()
        if isinstance(module, torch.nn.Linear) and not name.endswith("lm_head")
    ]
    head = getattr(text, "head_dim", None) or text.hidden_size // text.num_attention_heads
    return Shape(
        parameters=sum(p.numel() for p in model.parameters()),
        vision=sum(p.numel() for name, p in model.named_parameters() if in_vision(name)),
        linear=sum(module.weight.numel() for _, module in linear),
        vision_linear=sum(module.weight.numel() for vision, module in linear if vision),
        ports=sum(module.in_features + module.out_features for _, module in linear),
        vision_ports=sum(module.in_features + module.out_features for vision, module in linear if vision),
        layers=text.num_hidden_layers,
        hidden=text.hidden_size,
        vision_layers=getattr(seen, "depth", None) or seen.num_hidden_layers,
        vision_hidden=seen.hidden_size,
        patch=seen.patch_size,
        merge=getattr(seen, "spatial_merge_size", None) or config.scale_factor,
        kv=2 * text.num_key_value_heads * head,
    )


@dataclass(frozen=True, kw_only=True)
class Memory:
    """Bytes on one GPU."""

    weights: float
    gradients: float
    optimizer: float
    reference: float  # the frozen copy that beta > 0 compares with
    activations: float  # rough
    engine: float  # what vLLM takes for itself in colocate mode: its weights and its cache
    trained: int  # parameters, all GPUs together
    sleeps: bool  # vLLM gives its part back while the policy trains

    @property
    def held(self) -> float:
        """What is there from the first step to the last."""
        return self.weights + self.gradients + self.optimizer + self.reference

    @property
    def peak(self) -> float:
        moving = max(self.activations, self.engine) if self.sleeps else self.activations + self.engine
        return self.held + moving

    def __str__(self) -> str:
        parts = {
            "weights": self.weights,
            "gradients": self.gradients,
            "optimizer": self.optimizer,
            "reference model": self.reference,
            "activations (rough)": self.activations,
            "vLLM" + (", asleep while training" if self.sleeps else ""): self.engine,
        }
        return " + ".join(f"{name} {size / GIB:.1f}" for name, size in parts.items() if size) + " GiB"


def estimate(config: Config, plan: Batches, shape: Shape, prompt_tokens: int, gpu_gib: float) -> Memory:
    """The memory of each GPU; `prompt_tokens` with the image's."""
    model, trl, stage = config.model, config.trl, zero_stage(config)
    value = 4 if model.dtype == "float32" else 2
    mixed = stage > 0 and trl.get("bf16") is not False  # DeepSpeed then holds bfloat16 weights, whatever was loaded
    cut = {name: plan.world if stage >= least else 1 for name, least in (("w", 3), ("g", 2), ("o", 1))}

    trained = trained_parameters(config, shape)
    weights, held = shape.parameters * (2 if mixed else value) / cut["w"], 2 if mixed else value
    if model.lora is not None:
        held = 2 if mixed or model.quantize else 4  # TRL casts the adapters of a 4-bit policy to bfloat16
        if model.quantize:
            weights = shape.linear * NF4 + (shape.parameters - shape.linear) * value
        weights += trained * held
    twice = 2 if stage == 0 and plan.world > 1 else 1
    gradients = trained * held * twice / cut["g"]
    optimizer = trained * (12 if stage else 2 * held) / cut["o"]
    reference = 0.0
    if trl.get("beta", 0.0) and model.lora is None:  # with adapters the reference is the policy without them
        reference = shape.parameters * value / cut["w"]
    utilization = trl.get("vllm_gpu_memory_utilization", 0.3) if colocates(config) else 0.0
    return Memory(
        weights=weights,
        gradients=gradients,
        optimizer=optimizer,
        reference=reference,
        activations=activations(config, plan, shape, prompt_tokens),
        engine=utilization * gpu_gib * GIB,
        trained=trained,
        sleeps=bool(trl.get("vllm_enable_sleep_mode")),
    )


def trained_parameters(config: Config, shape: Shape) -> int:
    """The parameters that steps are taken on; with adapters an upper bound, reached when they go into all layers."""
    frozen = config.model.freeze_vision
    if config.model.lora is not None:
        return config.model.lora.r * (shape.ports - (shape.vision_ports if frozen else 0))
    return shape.parameters - (shape.vision if frozen else 0)


def activations(config: Config, plan: Batches, shape: Shape, prompt_tokens: int) -> float:
    """Bytes that one micro step keeps for its way back."""
    text = plan.per_device * (prompt_tokens + plan.max_tokens) * shape.hidden
    seen = plan.per_device * prompt_tokens * shape.merge**2 * shape.vision_hidden  # as if the prompt were all image
    if config.trl.get("gradient_checkpointing", True):
        return RECOMPUTED * (text * shape.layers + seen * shape.vision_layers) + KEPT * max(text, seen)
    return KEPT * (text * shape.layers + seen * shape.vision_layers)


def image_tokens(shape: Shape, width: int, height: int) -> int:
    """How many tokens of the prompt an image of so many pixels takes, where no processor is at hand to ask."""
    if not shape.longest:
        side = shape.patch * shape.merge
        return max(1, round(width / side)) * max(1, round(height / side))
    scale = shape.longest / max(width, height)
    tiles = -(-round(width * scale) // shape.tile) * -(-round(height * scale) // shape.tile)
    return (tiles + (tiles > 1)) * (shape.tile // shape.patch // shape.merge) ** 2


def colocates(config: Config) -> bool:
    """Whether vLLM shares the trainer's GPUs; TRL's own default is colocate."""
    return bool(config.trl.get("use_vllm")) and config.trl.get("vllm_mode", "colocate") == "colocate"


def engine_needs(shape: Shape, config: Config) -> float:
    """Bytes without which vLLM cannot start: the weights in 16 bits and the cache of one longest sequence."""
    longest = config.trl.get("vllm_max_model_length") or 0
    return 2 * shape.parameters + 2 * longest * shape.layers * shape.kv


def memory_said(config: Config, plan: Batches, shape: Shape | None, prompt: int | None) -> list[str]:
    """The memory of one GPU, part by part; ConfigError where what is held throughout does not fit a known GPU."""
    known = config.launch.gpu_gib or (None if on_cpu(config) else gpu_gib())
    size = known or USUAL_GIB
    if shape is None or prompt is None:
        return ["memory       not known without the model's sizes"]
    memory = estimate(config, plan, shape, prompt, size)
    if known and memory.held / GIB > size:
        raise ConfigError(
            f"launch.strategy {config.launch.strategy} holds {memory.held / GIB:.0f} GiB on a GPU of {size:.0f} "
            f"({memory}): {smaller(config, plan)}"
        )
    room = size - memory.peak / GIB
    verdict = f"{room:.0f} GiB to spare" if room >= 0 else f"about {-room:.0f} GiB too much: {smaller(config, plan)}"
    card = f"a GPU of {size:.0f} GiB" + ("" if known else " (none is visible: launch.gpu_gib says another size)")
    return [
        f"memory       {memory}",
        f"             = {memory.peak / GIB:.1f} GiB at most, on {card}: {verdict}",
        f"             {memory.trained / 1e6:,.0f} of {shape.parameters / 1e6:,.0f} million parameters are trained",
    ]


def smaller(config: Config, plan: Batches) -> str:
    """What to write where memory does not reach."""
    stage, ways = zero_stage(config), []
    if plan.world > 1 and stage < 3 and config.model.lora is None:
        ways.append(f"launch.strategy=zero{2 if stage < 2 else 3}")
    if config.trl.get("per_device_train_batch_size", 8) > 1:
        ways.append("a smaller trl.per_device_train_batch_size with more gradient_accumulation_steps")
    if not config.trl.get("gradient_checkpointing", True):
        ways.append("trl.gradient_checkpointing=true")
    if colocates(config) and not config.trl.get("vllm_enable_sleep_mode"):
        ways.append("trl.vllm_enable_sleep_mode=true")
    if config.model.lora is None:
        ways.append("adapters (configs/with/lora.yaml)")
    return "take " + " or ".join(ways)
