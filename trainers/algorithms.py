"""The `trl:` section: what may stand in it, and what one key, `algorithm`, puts there.

An algorithm is its form and its numbers. The form is what makes it that algorithm: a `trl:` field that contradicts it
is refused, since the run would bear a wrong name. Numbers are the published ones, and a `trl:` field wins over them.
What the papers do beyond that is done elsewhere: DAPO's dynamic sampling by the curriculum, its soft length limit by
`rewards.length`. Sources: GRPO 2402.03300 (section 4.2), DAPO 2503.14476 (4.1), Dr. GRPO 2503.20783 (3.2), GSPO
2507.18071 (5.1).
"""

from __future__ import annotations

import ast
import difflib
import functools
import re
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from envs.convert import ConfigError, nearest

# What is cut off says nothing about its tokens (DAPO); with the earlier algorithms it is our addition.
MASKED = {"mask_truncated_completions": True}


@dataclass(frozen=True, kw_only=True)
class Algorithm:
    form: dict[str, Any]  # fields of trl.GRPOConfig that cannot be otherwise
    numbers: dict[str, Any]  # fields that may be tuned


ALGORITHMS = {
    # Every answer counts alike, long or short; held to the reference model.
    "grpo": Algorithm(
        form={"loss_type": "grpo", "importance_sampling_level": "token", "scale_rewards": "group"},
        numbers={"epsilon": 0.2, "beta": 0.04, **MASKED},
    ),
    # Every token counts alike; rare right answers may grow faster than others shrink; no reference model.
    "dapo": Algorithm(
        form={"loss_type": "dapo", "importance_sampling_level": "token", "scale_rewards": "group"},
        numbers={"epsilon": 0.2, "epsilon_high": 0.28, "beta": 0.0, **MASKED},
    ),
    # Neither the length of an answer nor the spread of its group's rewards weighs it.
    "dr_grpo": Algorithm(
        form={"loss_type": "dr_grpo", "importance_sampling_level": "token", "scale_rewards": "none"},
        numbers={"epsilon": 0.2, "beta": 0.0, **MASKED},
    ),
    # One ratio a whole answer, clipped a thousand times closer. Differs from the others only off-policy, that is with
    # more than one optimizer step a generation batch (the paper takes 4: steps_per_generation).
    "gspo": Algorithm(
        form={"loss_type": "grpo", "importance_sampling_level": "sequence", "scale_rewards": "group"},
        numbers={"epsilon": 3e-4, "epsilon_high": 4e-4, "beta": 0.0, **MASKED},
    ),
}


def with_algorithm(section: dict[str, Any], name: str | None, source: str) -> dict[str, Any]:
    """The `trl:` section with what the algorithm of that name sets; ConfigError where the two contradict each other."""
    if name is None:
        return section
    if name not in ALGORITHMS:
        raise ConfigError(f"{source}: unknown algorithm {name!r}; {nearest(name, list(ALGORITHMS))}")
    chosen = ALGORITHMS[name]
    for key, value in chosen.form.items():
        if key in section and section[key] != value:
            raise ConfigError(
                f"{source}: trl.{key} is {section[key]!r}, but algorithm {name} is {value!r} there: drop trl.{key}, "
                "or drop algorithm and write the fields yourself"
            )
    return {**chosen.numbers, **section, **chosen.form}


# Fields of GRPOConfig that follow from our own keys, and the key that sets them.
OWNED_BY = {
    "output_dir": "name",
    "seed": "seed",
    "data_seed": "seed",
    "reward_weights": "rewards",
    "model_init_kwargs": "model.dtype",
    "deepspeed": "launch.strategy",
    "shuffle_dataset": "the stream, which fixes the order of slots",
    "remove_unused_columns": "the stream, whose rows hold a slot",
    "resume_from_checkpoint": "--resume",
    "eval_strategy": "eval.every",
    "eval_steps": "eval.every",
    "do_eval": "eval.every",
    "metric_for_best_model": "eval.keep_best",
    "load_best_model_at_end": "eval.keep_best",
    "push_to_hub": "push_to_hub",
    "hub_model_id": "push_to_hub",
    "report_to": "track",
    "vllm_tensor_parallel_size": "nothing: one engine a rank, which a model of up to some billion parameters fits",
}

# Fields of SFTConfig beside those.
OWNED_BY_SFT = {
    "max_length": "sft.max_tokens, which cuts targets and never the image",
    "packing": "the images, which TRL cannot pack",
    "padding_free": "the images, which TRL cannot pack",
    "completion_only_loss": "trainers/lessons.py, which teaches targets alone",
    "assistant_only_loss": "trainers/lessons.py, which teaches targets alone",
    "dataset_kwargs": "the stream, whose rows hold a slot",
    "dataloader_num_workers": "env.workers",
    "train_sampling_strategy": "the stream, which fixes the order of slots",
}


@functools.cache
def trl_fields(trainer: str = "GRPO") -> dict[str, str]:
    """The fields of trl.GRPOConfig or trl.SFTConfig and their annotations, read without importing torch."""
    fields: dict[str, str] = {}
    for package, file in (
        ("transformers", "training_args.py"),
        ("trl", "trainer/base_config.py"),
        ("trl", f"trainer/{trainer.lower()}_config.py"),
    ):
        spec = find_spec(package)
        if spec is None or not spec.submodule_search_locations:
            raise ConfigError(f"the package {package} is not installed: pip install '{package}'")
        tree = ast.parse((Path(spec.submodule_search_locations[0]) / file).read_text(encoding="utf-8"))
        for node in tree.body:
            if isinstance(node, ast.ClassDef) and node.name in ("TrainingArguments", "_BaseConfig", f"{trainer}Config"):
                for item in node.body:
                    if isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name):
                        fields[item.target.id] = ast.unparse(item.annotation)
    return {name: hint for name, hint in fields.items() if not name.startswith("_")}


def check_trl(section: dict[str, Any], source: str, sft: bool = False) -> None:
    """Names and plain types of the `trl:` section. Annotations beyond plain types are left to TRL's own class."""
    plain: dict[str, type] = {"int": int, "float": float, "str": str, "bool": bool, "dict": dict, "list": list}
    trainer = "SFT" if sft else "GRPO"
    fields, owned_by = trl_fields(trainer), OWNED_BY | (OWNED_BY_SFT if sft else {})
    for key, value in section.items():
        if key not in fields:
            hint = nearest(str(key), list(fields)) if difflib.get_close_matches(str(key), fields, 1, 0.5) else ""
            raise ConfigError(f"{source}: unknown key 'trl.{key}'; {hint or f'see the fields of trl.{trainer}Config'}")
        if key in owned_by:
            raise ConfigError(f"{source}: trl.{key} cannot be set here: it follows from {owned_by[key]}")
        names = [re.sub(r"\[.*", "", part.strip()) for part in fields[key].replace("Optional", "None | ").split("|")]
        if value is None and "None" in names:
            continue
        if not set(names) <= {*plain, "None"}:
            continue
        allowed = tuple(plain[name] for name in names if name != "None")
        fits = isinstance(value, allowed) or (float in allowed and isinstance(value, int))
        if not fits or (isinstance(value, bool) and bool not in allowed):
            raise ConfigError(f"{source}: trl.{key} must be {fields[key]}, not {value!r}")
