"""The config of a run: typed, checked before anything heavy is loaded; a mistake is one line that names the mend.

    config = load("configs/tiny.yaml", ["trl.use_vllm=true", "seed=1"])

A config file is YAML; each key below is documented where it is defined. Unknown keys fail and name the nearest. The
`trl:` section holds fields of trl.GRPOConfig (trainers/algorithms.py). A YAML file among the overrides is laid over the
first and joins the run's name: `load("configs/qwen3b.yaml", ["configs/with/lora.yaml"])` is the run qwen3b-lora.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from envs.convert import ConfigError, load_typed
from envs.logs import write_whole
from envs.stored_answers import AnswerRule, Columns
from trainers.algorithms import check_trl, with_algorithm

__all__ = ["Batches", "Config", "ConfigError", "batches", "load", "save_steps"]


@dataclass(kw_only=True)
class Lora:
    r: int = 16
    alpha: int = 32
    dropout: float = 0.0
    targets: str | list[str] = "all-linear"  # never lm_head: TRL reads its weight directly


@dataclass(kw_only=True)
class Model:
    id: str | None = None  # hub id or local folder; or
    build: str | None = None  # qwen2_5_vl | qwen3_vl | smolvlm: a small model from scratch, with a local tokenizer
    sizes: dict[str, Any] = field(default_factory=dict)  # sizes of the built model, see trainers/models.py
    dtype: str = "float32"  # TRL's default too, whatever the checkpoint holds: say bfloat16 where you mean it
    lora: Lora | None = None
    quantize: str | None = None  # nf4: QLoRA, adapters over weights of 4 bits; needs lora and bitsandbytes
    freeze_vision: bool = False  # the whole vision encoder stays as it is


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
    floor: float = 0.05  # learnability: share of slots for the cells asked longest ago, so that nothing is forgotten
    # learnability: problems drafted for a slot, of which the most learnable is painted. 1: none, since where the answer
    # decides how hard a problem is the choice shifts which answers are right (docs/curriculum.md)
    candidates: int = 1
    beliefs: str | None = None  # learnability: an evaluation to start from, as runs/x/eval or its report.json
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
class Sft:
    """Supervision with TRL's SFTTrainer: `python -m trainers.sft`. With this section `trl:` holds fields of
    trl.SFTConfig. What is taught is drawn for each slot from `targets`, see trainers/lessons.py."""

    targets: dict[str, Any]  # shares by kind: {answers: 1} or {solutions: 0.7, tables: 0.2, captions: 0.1}
    traces: str | None = None  # the Parquet of trainers.traces, or a folder of them
    table: str = "markdown"  # markdown | json: how tables are written
    max_tokens: int = 1024  # of a target; of a longer one only so many are taught, and not its end
    adapter: bool = False  # final/ holds the LoRA adapter alone; false: whole weights, with the adapter merged in


@dataclass(kw_only=True)
class Rewards:
    """Weights of the reward functions in rewards/; each is logged by itself, also at weight 0, and null is left out.
    Where one saturates or runs against accuracy the run says so (trainers/rewarding.py)."""

    accuracy: float = 1.0  # exact: 1 or 0, and for tables the credit in between
    graded: float | None = None  # as accuracy, but wrong numbers are worth 1 minus their relative error
    boxed: float = 0.0  # that an answer was committed at all
    chart_type: float | None = None  # the kind of chart in <type>...</type>, which the prompt must ask for
    table: float | None = None  # the table behind the chart in <table>...</table>, likewise
    length: float = 0.0  # 0 to -1 in the last length_cache tokens before trl.max_completion_length
    length_cache: int | None = None  # null: a fifth of it


@dataclass(kw_only=True)
class Data:
    """A data set of (image, question, answer) of your own, asked beside what is drawn: see envs/stored.py."""

    source: str  # FILE.parquet, a folder (as envs.synthesis writes it), or hub:OWNER/NAME[@REVISION][#CONFIG]
    split: str = "train"
    columns: Columns = field(default_factory=Columns)  # {image, question, answer, kind, options, tier}: names
    answers: AnswerRule = field(default_factory=AnswerRule)  # {kind, kinds, rel_tol, abs_tol}: how answers are typed
    tiers: list[str] = field(default_factory=lambda: ["proven", "agreed"])  # of problems that a model wrote
    share: float = 0.0  # of the prompts of every batch
    evaluate: int = 0  # rows set apart, which trainers.evaluate asks beside the test set
    max_pixels: int | None = None  # larger images are made smaller; null: as many as env.px has
    max_question: int = 1000  # characters; longer ones are left out
    limit: int | None = None  # the first so many rows
    digest: str | None = None  # filled in by the run, which is resumed with the same rows or not at all


@dataclass(kw_only=True)
class Eval:
    test_set: str | None = None  # a name in envs/testsets/, or a .jsonl file of addresses; null: no table
    problems: int | None = None  # the first so many of a set; null: all
    max_tokens: int = 64
    batch_size: int = 64
    every: int | None = None  # optimizer steps between evaluations during training; null: none
    during: str = "charts-v1-mini"  # the test set of those
    keep_best: bool = True  # the policy with the best accuracy stays in runs/<name>/best


@dataclass(kw_only=True)
class Launch:
    """See trainers/launch.py. What is null is filled in from SLURM's variables, or torchrun's MASTER_ADDR."""

    devices: str | int = "auto"  # of one node; auto: every visible GPU, or one process on a CPU
    strategy: str = "ddp"  # ddp | zero2 | zero3 | a DeepSpeed .json file, as configs/launch/zero2.json
    nodes: int | None = None  # the same command is given on each of them
    node: int | None = None  # which of them this is, from 0
    head: str | None = None  # where node 0 is reached by the others, as host or host:port
    hang_seconds: float | None = 1800.0  # a rank that is silent so long is named and the run ended; null: wait for ever
    gpu_gib: float | None = None  # memory of one GPU for --dry-run; null: what the driver says


@dataclass(kw_only=True)
class Config:
    name: str  # the run lands in <runs>/<name>/
    runs: str = "runs"
    seed: int = 0
    model: Model = field(default_factory=Model)
    prompt: str = "{question}\nPut the final answer in \\boxed{}."  # alike in training and evaluation
    env: Env = field(default_factory=Env)
    curriculum: Curriculum = field(default_factory=Curriculum)
    data: dict[str, Data] = field(default_factory=dict)  # by name, as chartqa
    warm_start: WarmStart | None = None
    sft: Sft | None = None
    rewards: Rewards = field(default_factory=Rewards)
    eval: Eval = field(default_factory=Eval)
    launch: Launch = field(default_factory=Launch)
    push_to_hub: str | None = None  # OWNER/NAME: final/ goes to a hub at the end, with a card; see trainers/push.py
    algorithm: str | None = None  # grpo | dapo | dr_grpo | gspo: sets fields of trl, see trainers/algorithms.py
    track: str | list[str] = "tensorboard"  # tensorboard | wandb | trackio | none, or several: trainers/tracking.py
    trl: dict[str, Any] = field(default_factory=dict)  # fields of trl.GRPOConfig; with `sft`, of trl.SFTConfig

    @property
    def folder(self) -> Path:
        return Path(self.runs) / self.name

    def to_dict(self) -> dict[str, Any]:
        return dataclasses.asdict(self)

    def save(self, path: Path) -> None:
        from omegaconf import OmegaConf

        write_whole(path, OmegaConf.to_yaml(OmegaConf.create(self.to_dict())))


def load(path: str | Path, overrides: Sequence[str] = ()) -> Config:
    """The config in a YAML file, with `key=value` overrides, typed; ConfigError with one line if anything is off."""
    config: Config = load_typed(path, overrides, Config)
    if not any(line.startswith("name=") for line in overrides):
        over = [override for override in overrides if "=" not in override]  # the files
        config.name = "-".join([config.name, *(Path(name).stem for name in over)])
    for key in config.trl:  # YAML reads the strategy `no` as false
        if key.endswith("_strategy") and config.trl[key] is False:
            config.trl[key] = "no"
    check_trl(config.trl, str(path), sft=config.sft is not None)
    if config.sft is not None and config.algorithm is not None:
        raise ConfigError(
            f"{path}: algorithm {config.algorithm!r} is GRPO's, and sft samples nothing: drop one of both"
        )
    config.trl = with_algorithm(config.trl, config.algorithm, str(path))
    return config


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

    @property
    def steps_a_batch(self) -> int:
        """Optimizer steps that a generation batch lasts, at most."""
        return -(-self.steps_per_generation * self.iterations // self.accumulation)

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
    if (size := trl.get("generation_batch_size")) and trl.get("steps_per_generation"):
        raise ConfigError(
            f"trl.generation_batch_size {size} and trl.steps_per_generation {trl['steps_per_generation']} say the same "
            "twice: drop one of them"
        )
    if size:
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
        generations=1 if config.sft else trl.get("num_generations", 8),
        max_steps=trl.get("max_steps", -1),
        max_tokens=config.sft.max_tokens if config.sft else trl.get("max_completion_length", 512),
    )
    for key, least in (
        ("per_device", 1),
        ("accumulation", 1),
        ("iterations", 1),
        ("generations", 1 if config.sft else 2),
    ):
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
    if (look := config.eval.every) is not None and (look < 1 or not b.at_boundary(look)):
        near = next(s for s in range(max(1, look), max(1, look) + unit + 1) if b.at_boundary(s))
        raise ConfigError(f"eval.every {look} falls inside a generation batch, or nowhere: write {near}")
    return b


def save_steps(config: Config) -> int | None:
    """Optimizer steps between checkpoints, or None when none are written."""
    if config.trl.get("save_strategy", "steps") == "no":
        return None
    value = config.trl.get("save_steps", 100)
    if config.trl.get("save_strategy", "steps") != "steps" or not isinstance(value, int) or value < 1:
        raise ConfigError("checkpoints are written every trl.save_steps optimizer steps (a whole number) or never (no)")
    return value
