"""Built policies are ordinary checkpoints, and what is said about prompts and images is what the processors do."""

import math
import os

os.environ.setdefault("HF_HUB_OFFLINE", "1")  # nothing here comes from a hub

import pytest
from PIL import Image, ImageDraw

from trainers import quirks
from trainers.models import (
    build_tiny,
    forbidden_token_ids,
    image_pixels_kept,
    load_policy,
    load_processor,
    prompt_messages,
    prompt_token_count,
    seen_size,
)

TEMPLATE = "{question}\nPut the final answer in \\boxed{}."
SMALL = {"layers": 2, "hidden_size": 64, "heads": 2, "kv_heads": 1, "vision_layers": 2, "vision_hidden_size": 32}
SMALL["vision_heads"] = 1
PATCH = {"qwen2_5_vl": 14, "qwen3_vl": 16}
SIZES = {
    "qwen2_5_vl": {**SMALL, "max_pixels": 224 * 224},
    "qwen3_vl": {**SMALL, "max_pixels": 224 * 224},
    "smolvlm": {**SMALL, "tile": 56, "scale_factor": 2, "longest_edge": 112},
}


@pytest.fixture(scope="module", params=SIZES)
def arch(request):
    return request.param


@pytest.fixture(scope="module")
def folder(arch, tmp_path_factory):
    return build_tiny(arch, tmp_path_factory.mktemp(arch), seed=3, **SIZES[arch])


@pytest.fixture(scope="module")
def processor(folder):
    return load_processor(folder)


@pytest.fixture(scope="module")
def policy(folder):
    return load_policy(folder).eval()


def bars(*heights, size=(112, 112)):
    """A picture of red bars."""
    image = Image.new("RGB", size, "white")
    draw = ImageDraw.Draw(image)
    for place, height in enumerate(heights):
        draw.rectangle((10 + 20 * place, size[1] - height, 22 + 20 * place, size[1]), fill="red")
    return image


def inputs(processor, *images, question="How many bars?"):
    text = processor.apply_chat_template(prompt_messages(TEMPLATE, question), add_generation_prompt=True)
    pictures = [[image] for image in images]
    return processor(text=[text] * len(images), images=pictures, padding=True, return_tensors="pt")


def test_a_built_policy_loads_through_the_auto_classes(arch, folder, processor):
    from transformers import AutoConfig, AutoModelForImageTextToText, AutoTokenizer, GenerationConfig

    model = AutoModelForImageTextToText.from_pretrained(folder)
    assert model.config.model_type == AutoConfig.from_pretrained(folder).model_type == arch
    assert len(AutoTokenizer.from_pretrained(folder)) == model.config.text_config.vocab_size
    generation = GenerationConfig.from_pretrained(folder)
    assert generation.pad_token_id == processor.tokenizer.pad_token_id
    assert processor.tokenizer.eos_token_id == generation.eos_token_id
    assert model.config.image_token_id == processor.image_token_id


def test_the_defaults_are_one_to_four_million_parameters_that_keep_448_pixels(arch, tmp_path):
    folder = build_tiny(arch, tmp_path)
    assert 1e6 < sum(parameter.numel() for parameter in load_policy(folder).parameters()) < 4e6
    assert image_pixels_kept(load_processor(folder), 448, 448)


def test_another_image_changes_the_log_probabilities(processor, policy):
    import torch

    with torch.no_grad():
        logps = policy(**inputs(processor, bars(20), bars(90, 40, 60), bars(20))).logits[:, -1].log_softmax(-1)
    assert torch.allclose(logps[0], logps[2], atol=1e-5)
    assert (logps[0] - logps[1]).abs().max() > 1e-3


def test_generation_reads_images_of_different_sizes(processor, policy):
    batch = inputs(processor, bars(20), bars(90, 40, size=(112, 56)))
    out = policy.generate(**batch, max_new_tokens=3, suppress_tokens=forbidden_token_ids(processor))
    assert out.shape[1] <= batch["input_ids"].shape[1] + 3


def test_equal_arguments_build_equal_files_and_another_seed_other_weights(arch, folder, tmp_path):
    again = build_tiny(arch, tmp_path / "again", seed=3, **SIZES[arch])
    other = build_tiny(arch, tmp_path / "other", seed=4, **SIZES[arch])
    names = sorted(path.name for path in folder.iterdir())
    assert "model.safetensors" in names and names == sorted(path.name for path in again.iterdir())
    differ = [name for name in names if (folder / name).read_bytes() != (other / name).read_bytes()]
    assert all((folder / name).read_bytes() == (again / name).read_bytes() for name in names)
    assert differ == ["model.safetensors"]


def test_building_leaves_the_global_generator_alone(arch, tmp_path):
    import torch

    torch.manual_seed(7)
    expected = torch.rand(1)
    torch.manual_seed(7)
    build_tiny(arch, tmp_path, **SIZES[arch])
    assert torch.equal(torch.rand(1), expected)


def test_digits_are_single_tokens_and_any_text_survives(processor):
    tokenizer = processor.tokenizer
    assert len(tokenizer("1203.5", add_special_tokens=False)["input_ids"]) == 6
    text = "Wo liegt Übersee? \\boxed{−12 %}\n北京"
    assert tokenizer.decode(tokenizer(text)["input_ids"], skip_special_tokens=True) == text


def test_the_tokenizer_learns_the_words_of_the_callers_texts(arch, tmp_path):
    folder = build_tiny(arch, tmp_path, texts=["The treemap shows hippopotamus counts."] * 5, **SIZES[arch])
    assert len(load_processor(folder).tokenizer.tokenize(" hippopotamus")) == 1


@pytest.mark.parametrize(
    ("wrong", "sizes", "hint"),
    [("qwen2_5vl", {}, "qwen2_5_vl"), ("smolvlm", {"tiles": 56}, "tile"), ("qwen2_5_vl", {"layer": 2}, "layers")],
)
def test_an_unknown_name_is_refused_with_the_nearest(wrong, sizes, hint, tmp_path):
    with pytest.raises(ValueError, match=f"did you mean '{hint}'"):
        build_tiny(wrong, tmp_path, **sizes)
    assert not any(tmp_path.iterdir())


def test_the_prompt_keeps_other_braces_and_needs_the_question(processor):
    messages = prompt_messages(TEMPLATE, "How many {bars}?")
    assert messages[0]["content"][1]["text"] == "How many {bars}?\nPut the final answer in \\boxed{}."
    assert [part["type"] for part in messages[0]["content"]] == ["image", "text"]
    with pytest.raises(ValueError, match=r"\{question\}"):
        prompt_messages("How many?", "ignored")


def test_prompt_tokens_are_counted_as_the_processor_makes_them(processor):
    for size in ((112, 112), (168, 56)):
        made = inputs(processor, bars(20, size=size))["input_ids"]
        assert prompt_token_count(processor, TEMPLATE, "How many bars?", *size) == made.shape[1]


def test_the_placeholders_are_forbidden(arch, processor):
    names = processor.tokenizer.convert_ids_to_tokens(forbidden_token_ids(processor))
    assert names == (["<|image_pad|>", "<|video_pad|>"] if arch in PATCH else ["<image>"])
    assert quirks.forbid_tokens({"seed": 1}, [5], use_vllm=True) == {"seed": 1, "logit_bias": {5: -100.0}}
    assert quirks.forbid_tokens({"suppress_tokens": [9]}, [5], use_vllm=False) == {"suppress_tokens": [5, 9]}


def test_a_policy_that_loves_placeholders_samples_none(folder, processor):
    import torch

    policy, forbidden = load_policy(folder).eval(), forbidden_token_ids(processor)
    batch = inputs(processor, bars(20), bars(90, 40))
    length = batch["input_ids"].shape[1]
    loved = torch.zeros(len(processor.tokenizer)).index_fill(0, torch.tensor(forbidden), 50.0)
    policy.lm_head.register_forward_hook(lambda module, given, logits: logits + loved)

    def sampled(**options):
        made = policy.generate(**batch, max_new_tokens=6, do_sample=True, **options)
        return set(made[:, length:].flatten().tolist())

    assert sampled(suppress_tokens=forbidden).isdisjoint(forbidden)
    assert forbidden[0] in sampled()  # which the next forward pass would fail on


@pytest.mark.parametrize("size", [(112, 112), (100, 60), (60, 100), (41, 300), (300, 41), (450, 450)])
def test_the_seen_size_is_what_the_processor_makes(arch, processor, size):
    height, width = seen_size(processor, *size)
    made = inputs(processor, bars(size=size))
    if arch in PATCH:
        assert [height // PATCH[arch], width // PATCH[arch]] == made["image_grid_thw"][0, 1:].tolist()
    else:  # all tiles and the whole once more, or the whole alone
        tiles = (height // 56) * (width // 56)
        assert made["pixel_values"].shape[1] == (tiles + 1 if tiles > 1 else 1)


def test_pixels_are_kept_unless_a_side_gets_clearly_smaller(arch, processor):
    assert image_pixels_kept(processor, 112, 112)
    assert not image_pixels_kept(processor, 448, 448)  # above max_pixels, above longest_edge
    if arch in PATCH:
        side = 2 * PATCH[arch]  # of an image token
        assert not image_pixels_kept(processor, side + side // 2 - 1, 4 * side)  # rounded down to one token
        assert image_pixels_kept(processor, side + side // 2 + 1, 4 * side)  # rounded up to two
        assert image_pixels_kept(processor, 4 * side + 1, 4 * side)  # rounded to four: a hair
    else:
        assert image_pixels_kept(processor, 50, 40)  # enlarged
        processor.image_processor.do_image_splitting = False
        try:
            assert seen_size(processor, 112, 112) == (56, 56)
            assert not image_pixels_kept(processor, 112, 112)
        finally:
            processor.image_processor.do_image_splitting = True


def test_freezing_and_adapters(folder):
    frozen = load_policy(folder, freeze_vision=True)
    vision = [p for name, p in frozen.named_parameters() if ".visual." in name or ".vision_model." in name]
    assert vision and not any(parameter.requires_grad for parameter in vision)
    assert any(parameter.requires_grad for parameter in frozen.parameters())
    adapted = load_policy(folder, "bfloat16", lora={"r": 2}, freeze_vision=True)
    trained = [name for name, parameter in adapted.named_parameters() if parameter.requires_grad]
    assert trained and all("lora_" in name and "vis" not in name for name in trained)
    everywhere = load_policy(folder, lora={"r": 2, "alpha": 4})
    assert any("vis" in name for name, parameter in everywhere.named_parameters() if parameter.requires_grad)
    with pytest.raises(ValueError, match="did you mean 'targets'"):
        load_policy(folder, lora={"target": "q_proj"})


def test_an_unexpanded_prompt_is_what_the_tokenizer_alone_makes(arch, processor):
    from transformers import Idefics3Processor

    kinds = [processor]
    if arch == "smolvlm":  # the first SmolVLM is an Idefics3
        parts = (processor.image_processor, processor.tokenizer)
        kinds.append(Idefics3Processor(*parts, image_seq_len=4, chat_template=processor.chat_template))
    two = [{"role": "user", "content": [{"type": "image"}, {"type": "image"}, {"type": "text", "text": "\n\nSo?"}]}]
    one = prompt_messages(TEMPLATE, "How many?")
    for kind in kinds:
        for messages, images in ((one, [bars(9)]), (two, [bars(9), bars(size=(40, 40))])):
            text = kind.apply_chat_template(messages, add_generation_prompt=True)
            expanded = list(kind(text=[text], images=[images])["input_ids"][0])
            short = list(kind.tokenizer(text)["input_ids"])
            assert len(short) < len(expanded)
            assert quirks.unexpanded(expanded, kind) == short == quirks.unexpanded(short, kind)


def test_tiles_are_refused_by_server_mode(arch, processor):
    if arch in PATCH:
        quirks.check_server_reads(processor)
        return
    with pytest.raises(quirks.QuirkError, match="cuts images into tiles"):
        quirks.check_server_reads(processor)


def test_differing_prompts_are_an_error_that_names_both_lengths():
    quirks.check_prompts([[1, 2]], [[1, 2]])
    with pytest.raises(quirks.QuirkError, match="3 tokens in vLLM and 2 in the trainer, and they differ from token 2"):
        quirks.check_prompts([[1, 2, 2]], [[1, 2]])


def test_the_hooks_of_trl_are_the_ones_known():
    quirks.make_torchvision_importable()
    quirks.check_hooks(quirks.HOOKS)
    quirks.check_hooks(quirks.VLLM_HOOKS)


@pytest.mark.parametrize(
    ("hook", "parameters", "message"),
    [
        ("json:JSONEncoder.encode", "self, obj", r"JSONEncoder.encode takes \(self, o\), where \(self, obj\)"),
        ("json:JSONEncoder.encrypt", "self", "JSONEncoder.encrypt is gone"),
    ],
)
def test_a_changed_hook_is_refused(hook, parameters, message):
    with pytest.raises(quirks.QuirkError, match=message):
        quirks.check_hooks({hook: parameters})


def test_an_unknown_quirk_cannot_be_left_out():
    with pytest.raises(ValueError, match="no quirk is called"):
        quirks.apply(use_vllm=False, leave_out=["image"])


def test_a_tile_that_does_not_divide_is_refused(tmp_path):
    assert math.gcd(14 * 4, 100) < 14 * 4
    with pytest.raises(ValueError, match="tile 100 is not a multiple"):
        build_tiny("smolvlm", tmp_path, tile=100)
