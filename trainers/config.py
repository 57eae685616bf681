"""The config of a run: typed, checked before anything heavy is loaded; a mistake is one line that names the mend.

    config = load("configs/tiny.yaml", ["trl.use_vllm=true", "seed=1"])

A config file is YAML; each key below is documented where it is defined. Unknown keys fail and name the nearest. The
`trl:` section holds fields of trl.GRPOConfig; their names and types are read from TRL's source with `ast`, because
importing trl imports torch and the stream's workers must start before that.
"""

from __future__ import annotations

import ast
import dataclasses
import difflib
import functools
import re
import types
import typing
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any


class ConfigError(ValueError):
    """A mistake in a config or on the command line. One line; a program prints it and exits with status 2."""


@dataclass(kw_only=True)
class Lora:
    r: int = 16
    alpha: int = 32
    dropout: float = 0.0
    targets: str | list[str] = "all-linear"  # never lm_head: TRL reads its weight directly


@dataclass(kw_only=True)
class Model:
    id: str | None = None  # hub id or local folder; or
    build: str | None = None  # qwen2_5_vl | smolvlm: a small model from scratch, with a local tokenizer
    sizes: dict[str, Any] = field(default_factory=dict)  # sizes of the built model, see trainers/models.py
    dtype: str = "float32"  # TRL's default too, whatever the checkpoint holds: say bfloat16 where you mean it
    lora: Lora | None = None
    freeze_vision: bool = False


@dataclass(kw_only=True)
class Env:
    cells: list[str] = field(default_factory=lambda: ["*/*"])  # globs over family/question
    px: str = "448x448"  # the image the model sees is the image that was judged legible: never shrunk afterwards
    text: str = "grammar"  # grammar | files:GLOB | hub:DATASET:COLUMN
    phrasings: str | None = None  # a JSON or TOML file of further phrasings by question, see docs/extending.md
    workers: int = 2  # processes that draw ahead, for each rank; 0 draws in the trainer itself


@dataclass(kw_only=True)
class Curriculum:
    """Keys of all modes; each mode reads its own. See envs/curriculum.py."""

    mode: str = "learnability"  # learnability | uniform | fixed | file
    level: int | list[int] = 0  # learnability: where the belief starts; fixed: a level, or levels from easy to hard
    floor: float = 0.05  # learnability: share of slots for any cell and level, so that nothing is forgotten
    candidates: int = 4  # learnability: problems drafted for a slot, of which the most learnable is painted
    beliefs: str | None = None  # learnability: rows of an evaluation to start from
    levels: int = 10  # uniform: levels 0 to levels - 1
    every: int = 50  # fixed: batches at each of the levels
    path: str | None = None  # file: one address a line


@dataclass(kw_only=True)
class WarmStart:
    """Supervision on the stream's worked solutions. Stops at a plateau, at until_loss, at max_steps or at max_seconds,
    whichever comes first: every `check_every` steps the greedy accuracy on `check_problems` problems fixed for the run
    is taken, and the plateau is reached when the best of the last `patience` checks is not `min_gain` above the best
    before them, and at least `min_accuracy` is reached (before that a flat stretch is a slow start, not a plateau)."""

    learning_rate: float = 1e-3
    warmup_steps: int = 20
    batch_size: int = 32  # over all ranks
    levels: int = 1  # of the problems: 0 to levels - 1, drawn alike
    problems: int | None = None  # worked solutions there are, gone through again and again; null: endless
    short: float = 0.0  # share of lessons that teach the answer alone, without the steps that lead to it
    max_steps: int = 1000
    max_seconds: float | None = None
    check_every: int = 50
    check_problems: int = 96
    patience: int = 2
    min_gain: float = 0.03
    min_accuracy: float = 0.0
    until_loss: float = 0.0  # stop as well when the mean loss of 10 steps is below: lessons are known by heart
    control: bool = False  # also continue supervision for as many seconds as GRPO took, for the table


@dataclass(kw_only=True)
class Rewards:
    """Weights of the reward functions in rewards/scoring.py; each is logged by itself, also at weight 0."""

    accuracy: float = 1.0
    boxed: float = 0.0
    length: float = 0.0


@dataclass(kw_only=True)
class Eval:
    test_set: str | None = None  # a name in envs/testsets/, or a .jsonl file of addresses; null: no table
    problems: int | None = None  # the first so many of the set; null: all
    max_tokens: int = 64
    batch_size: int = 64


@dataclass(kw_only=True)
class Launch:
    devices: str | int = "auto"  # auto: every visible GPU, or one process on a CPU
    strategy: str = "ddp"  # ddp | zero2 | zero3


@dataclass(kw_only=True)
class Config:
    name: str  # the run lands in <runs>/<name>/
    runs: str = "runs"
    seed: int = 0
    model: Model = field(default_factory=Model)
    prompt: str = "{question}\nPut the final answer in \\boxed{}."  # alike in training and evaluation
    env: Env = field(default_factory=Env)
    curriculum: Curriculum = field(default_factory=Curriculum)
    warm_start: WarmStart | None = None
    rewards: Rewards = field(default_factory=Rewards)
    eval: Eval = field(default_factory=Eval)
    launch: Launch = field(default_factory=Launch)
    trl: dict[str, Any] = field(default_factory=dict)  # fields of trl.GRPOConfig

    @property
    def folder(self) -> Path:
        return Path(self.runs) / self.name

    def to_dict(self) -> dict[str, Any]:
        return dataclasses.asdict(self)

    def save(self, path: Path) -> None:
        from omegaconf import OmegaConf

        path.write_text(OmegaConf.to_yaml(OmegaConf.create(self.to_dict())), encoding="utf-8")


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
    "eval_strategy": "eval",
    "do_eval": "eval",
    "vllm_tensor_parallel_size": "nothing: one engine a rank, which a model of up to some billion parameters fits",
}


def load(path: str | Path, overrides: Sequence[str] = ()) -> Config:
    """The config in a YAML file, with `key=value` overrides, typed; ConfigError with one line if anything is off."""
    from omegaconf import OmegaConf
    from omegaconf.errors import OmegaConfBaseException

    if not Path(path).is_file():
        near = difflib.get_close_matches(str(path), map(str, Path(path).parent.glob("*.yaml")), n=1, cutoff=0.4)
        raise ConfigError(f"no config file {path}" + (f"; did you mean {near[0]}?" if near else ""))
    for override in overrides:
        if "=" not in override:
            raise ConfigError(f"command line: {override!r} is not an override: write key=value, as trl.max_steps=10")
    try:
        file = OmegaConf.load(path)
        line = OmegaConf.from_dotlist(list(overrides))
        for part, source in ((file, str(path)), (line, "command line")):
            _convert(OmegaConf.to_container(part, resolve=False), Config, "", source, partial=True)
        values = OmegaConf.to_container(OmegaConf.merge(file, line), resolve=True)
    except (OmegaConfBaseException, ValueError) as error:
        if isinstance(error, ConfigError):
            raise
        raise ConfigError(f"{path}: {' '.join(str(error).split())}") from error
    except Exception as error:  # YAML's own errors have no common public class across its versions
        raise ConfigError(f"{path}: not YAML: {' '.join(str(error).split())}") from error
    config: Config = _convert(values, Config, "", str(path))
    for key in config.trl:  # YAML reads the strategy `no` as false
        if key.endswith("_strategy") and config.trl[key] is False:
            config.trl[key] = "no"
    _check_trl(config.trl, str(path))
    return config


def _nearest(name: str, names: Sequence[str]) -> str:
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    return f"did you mean {near[0]!r}?" if near else f"the keys are {', '.join(names)}"


def _convert(value: Any, hint: Any, where: str, source: str, partial: bool = False) -> Any:
    """`value` as the type that `hint` names; `partial` judges one source of several, which may leave keys out."""

    def wrong(wanted: str) -> ConfigError:
        return ConfigError(f"{source}: {where or 'the config'} must be {wanted}, not {value!r}")

    if isinstance(value, str) and "${" in value and partial:
        return value  # an interpolation, judged once it is resolved
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        options = typing.get_args(hint)
        if value is None and type(None) in options:
            return None
        options = tuple(option for option in options if option is not type(None))
        for option in options:
            if len(options) == 1 or isinstance(value, typing.get_origin(option) or option):
                return _convert(value, option, where, source, partial)
        raise wrong(" or ".join(getattr(option, "__name__", str(option)) for option in options))
    if dataclasses.is_dataclass(hint):
        if not isinstance(value, dict):
            raise wrong("a section with keys")
        hints = typing.get_type_hints(hint)
        prefix = f"{where}." if where else ""
        for key in value:
            if key not in hints:
                raise ConfigError(f"{source}: unknown key {prefix + str(key)!r}; {_nearest(str(key), list(hints))}")
        made = {k: _convert(v, hints[k], prefix + k, source, partial) for k, v in value.items()}
        missing = [f.name for f in dataclasses.fields(hint) if f.name not in made and _required(f)]
        if missing and not partial:
            raise ConfigError(f"{source}: {prefix + missing[0]} is missing; write it down")
        return made if partial else hint(**made)  # type: ignore[operator]
    origin = typing.get_origin(hint) or hint
    if origin is list:
        if not isinstance(value, list):
            raise wrong("a list")
        (item,) = typing.get_args(hint)
        return [_convert(v, item, f"{where}[{i}]", source, partial) for i, v in enumerate(value)]
    if origin is dict:
        if not isinstance(value, dict):
            raise wrong("a section with keys")
        return dict(value)
    if origin is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if hint is Any or (isinstance(value, origin) and not (isinstance(value, bool) and origin is not bool)):
        return value
    raise wrong({"int": "a whole number", "float": "a number", "str": "text", "bool": "true or false"}[origin.__name__])


def _required(f: dataclasses.Field[Any]) -> bool:
    return f.default is dataclasses.MISSING and f.default_factory is dataclasses.MISSING


@functools.cache
def trl_fields() -> dict[str, str]:
    """The fields of trl.GRPOConfig and their annotations, read from the source without importing torch."""
    fields: dict[str, str] = {}
    for package, file in (
        ("transformers", "training_args.py"),
        ("trl", "trainer/base_config.py"),
        ("trl", "trainer/grpo_config.py"),
    ):
        spec = find_spec(package)
        if spec is None or not spec.submodule_search_locations:
            raise ConfigError(f"the package {package} is not installed: pip install '{package}'")
        tree = ast.parse((Path(spec.submodule_search_locations[0]) / file).read_text(encoding="utf-8"))
        for node in tree.body:
            if isinstance(node, ast.ClassDef) and node.name in ("TrainingArguments", "_BaseConfig", "GRPOConfig"):
                for item in node.body:
                    if isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name):
                        fields[item.target.id] = ast.unparse(item.annotation)
    return {name: hint for name, hint in fields.items() if not name.startswith("_")}


def _check_trl(section: dict[str, Any], source: str) -> None:
    """Names and plain types of the `trl:` section. Annotations beyond plain types are left to GRPOConfig itself."""
    plain: dict[str, type] = {"int": int, "float": float, "str": str, "bool": bool, "dict": dict, "list": list}
    fields = trl_fields()
    for key, value in section.items():
        if key not in fields:
            hint = _nearest(str(key), list(fields)) if difflib.get_close_matches(str(key), fields, 1, 0.5) else ""
            raise ConfigError(f"{source}: unknown key 'trl.{key}'; {hint or 'see the fields of trl.GRPOConfig'}")
        if key in OWNED_BY:
            raise ConfigError(f"{source}: trl.{key} cannot be set here: it follows from {OWNED_BY[key]}")
        names = [re.sub(r"\[.*", "", part.strip()) for part in fields[key].replace("Optional", "None | ").split("|")]
        if value is None and "None" in names:
            continue
        if not set(names) <= {*plain, "None"}:
            continue
        allowed = tuple(plain[name] for name in names if name != "None")
        fits = isinstance(value, allowed) or (float in allowed and isinstance(value, int))
        if not fits or (isinstance(value, bool) and bool not in allowed):
            raise ConfigError(f"{source}: trl.{key} must be {fields[key]}, not {value!r}")


@dataclass(frozen=True, kw_only=True)
class Batches:
    """The batch arithmetic of a run. A *generation batch* is what is sampled at once, over all ranks."""

    world: int
    per_device: int  # rollouts of one rank in one micro step
    accumulation: int  # micro steps of one optimizer step
    steps_per_generation: int  # micro steps that one pass over a generation batch takes
    iterations: int  # passes over a generation batch
    generations: int  # rollouts of one prompt
    max_steps: int  # optimizer steps
    max_tokens: int  # of one completion

    @property
    def rollouts(self) -> int:
        return self.world * self.per_device * self.steps_per_generation

    @property
    def prompts(self) -> int:
        return self.rollouts // self.generations

    @property
    def total(self) -> int:
        """Generation batches of the whole run."""
        return -(-self.max_steps * self.accumulation // (self.steps_per_generation * self.iterations))

    def at_boundary(self, step: int) -> bool:
        """Whether a generation batch ends with this optimizer step."""
        return step * self.accumulation % (self.steps_per_generation * self.iterations) == 0

    def batches_before(self, step: int) -> int:
        """Generation batches consumed by the first `step` optimizer steps; `step` is at a boundary."""
        return step * self.accumulation // (self.steps_per_generation * self.iterations)


def batches(config: Config, world: int) -> Batches:
    """The batch arithmetic, checked: whole groups, and checkpoints that fall between generation batches."""
    trl = config.trl
    accumulation = trl.get("gradient_accumulation_steps", 1)
    per_device = trl.get("per_device_train_batch_size", 8)
    if (size := trl.get("generation_batch_size")) and "steps_per_generation" not in trl:
        steps = max(1, size // (per_device * world))
        if size != steps * per_device * world:
            raise ConfigError(
                f"trl.generation_batch_size {size} is not a multiple of per_device_train_batch_size x devices "
                f"= {per_device * world}: write {steps * per_device * world}"
            )
    else:
        steps = trl.get("steps_per_generation") or accumulation
    b = Batches(
        world=world,
        per_device=per_device,
        accumulation=accumulation,
        steps_per_generation=steps,
        iterations=trl.get("num_iterations", 1),
        generations=trl.get("num_generations", 8),
        max_steps=trl.get("max_steps", -1),
        max_tokens=trl.get("max_completion_length", 512),
    )
    for key, least in (("per_device", 1), ("accumulation", 1), ("iterations", 1), ("generations", 2)):
        if getattr(b, key) < least:
            raise ConfigError(f"the batch has {key} {getattr(b, key)}: at least {least} is needed")
    if b.max_steps < 1:
        raise ConfigError("trl.max_steps is missing: the stream has no end, so write how many steps to train")
    if b.rollouts % b.generations:
        raise ConfigError(
            f"a generation batch of {b.rollouts} rollouts ({b.world} devices x per_device_train_batch_size "
            f"{b.per_device} x steps_per_generation {b.steps_per_generation}) is not a whole number of groups of "
            f"num_generations {b.generations}: make it {-(-b.rollouts // b.generations) * b.generations}"
        )
    unit = b.steps_per_generation * b.iterations
    if not b.at_boundary(b.max_steps):
        near = next(s for s in range(b.max_steps, b.max_steps + unit + 1) if b.at_boundary(s))
        raise ConfigError(f"trl.max_steps {b.max_steps} ends inside a generation batch: write {near}")
    save, log = save_steps(config), trl.get("logging_steps", 1)
    if save and not b.at_boundary(save):
        near = next(s for s in range(save, save + unit + 1) if b.at_boundary(s))
        raise ConfigError(
            f"trl.save_steps {save} falls inside a generation batch, which cannot be resumed exactly: write {near}"
        )
    if save and save % log:
        raise ConfigError(
            f"trl.save_steps {save} is not a multiple of logging_steps {log}: what was measured since the last log "
            f"row would be lost on resume; write {-(-save // log) * log}"
        )
    return b


def save_steps(config: Config) -> int | None:
    """Optimizer steps between checkpoints, or None when none are written."""
    if config.trl.get("save_strategy", "steps") == "no":
        return None
    value = config.trl.get("save_steps", 100)
    if config.trl.get("save_strategy", "steps") != "steps" or not isinstance(value, int) or value < 1:
        raise ConfigError("checkpoints are written every trl.save_steps optimizer steps (a whole number) or never (no)")
    return value
