"""What supervision teaches: problems become lessons, lessons become batches.

A lesson is an image, what the user says of it, and what the model is to say. `sft.targets` mixes kinds of target:

    answers     "The answer is \\\\boxed{12}." alone
    solutions   the worked steps of the problem, which end in the same sentence
    traces      what a teacher said and the checker accepted: the Parquet that trainers.traces writes
    tables      the figure's data as Markdown or JSON   } asked for in words of their own, without the template
    captions    a few sentences about the figure        } of `prompt`, which tells how to box an answer

Which kind a slot gets is a pure function of run seed and slot. A figure that has no table is asked its question.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from envs.address import Address, AddressError, Draws
from envs.curriculum import Curriculum
from envs.registry import nearest
from trainers.config import Batches, Config, ConfigError
from trainers.models import adapter_base, prompt_messages

if TYPE_CHECKING:
    from envs.problem import Problem

ANSWER = "The answer is"  # begins the last sentence of every worked solution
KINDS = ("answers", "solutions", "traces", "tables", "captions")


# What tokenizers of Qwen, SmolVLM and their kin take for one of their special tokens, in a text that a teacher wrote:
# an image placeholder would claim pixels that are not there, the end of a turn would end it.
SPECIAL = re.compile(r"<\|\w+\|>|<(?:image|end_of_utterance|fake_token_around_image|global-img|row_\d+_col_\d+)>")


class LessonError(ConfigError):
    """Traces that cannot be taught, or a chat template that does not end its turns; one line, with the mend."""


class Lesson(NamedTuple):
    """`image` is uint8, height x width x 3; `prompt` what the user says beside it, `target` what the model answers."""

    image: np.ndarray
    prompt: str
    target: str


def brief(problem: Problem) -> str:
    """The last sentence of the worked solution: the answer alone."""
    return problem.solution[max(0, problem.solution.rfind(ANSWER)) :]


# --- batches ---------------------------------------------------------------------------------------------------------


def lesson_batch(processor: Any, lessons: Sequence[Lesson], longest: int | None = None) -> dict[str, Any]:
    """Model inputs, and `completion_ids` (batch x target tokens, padded with -100): what each lesson teaches.

    Prompts are padded on the left, as at generation, targets on the right, so that the two meet in one column. A target
    ends with the token that ends a turn; of one longer than `longest` tokens only so many are taught, and no end.
    """
    import torch
    from PIL import Image

    chats = [prompt_messages("{question}", lesson.prompt) for lesson in lessons]
    texts = [processor.apply_chat_template(chat, add_generation_prompt=True) for chat in chats]
    images = [[Image.fromarray(lesson.image)] for lesson in lessons]
    inputs = dict(processor(text=texts, images=images, padding=True, padding_side="left", return_tensors="pt"))
    targets = [target_ids(processor, *each)[:longest] for each in zip(chats, texts, (one.target for one in lessons))]
    width = max(map(len, targets))
    padded = torch.tensor([ids + [-100] * (width - len(ids)) for ids in targets])
    pad = processor.tokenizer.pad_token_id
    filled = padded.masked_fill(padded < 0, pad if pad is not None else 0)
    inputs["input_ids"] = torch.cat([inputs["input_ids"], filled], dim=1)
    inputs["attention_mask"] = torch.cat([inputs["attention_mask"], (padded >= 0).long()], dim=1)
    if "mm_token_type_ids" in inputs:
        inputs["mm_token_type_ids"] = torch.cat([inputs["mm_token_type_ids"], torch.zeros_like(padded)], dim=1)
    inputs["completion_ids"] = padded
    return inputs


def target_ids(processor: Any, chat: list[dict[str, Any]], prompt: str, target: str) -> list[int]:
    """The tokens of the model's turn as the chat template writes it (SmolVLM's puts a space first), with its end."""
    tokenizer = processor.tokenizer
    turn = {"role": "assistant", "content": [{"type": "text", "text": target}]}
    whole = processor.apply_chat_template([*chat, turn])
    if not whole.startswith(prompt):
        raise LessonError(
            "the chat template writes a prompt otherwise when an answer follows: it cannot be taught with"
        )
    said = whole[len(prompt) :].rstrip()  # Qwen and SmolVLM begin a new line after the end, which nobody generates
    said = said if said.endswith(tokenizer.eos_token) else said + tokenizer.eos_token
    ids: list[int] = tokenizer(said, add_special_tokens=False)["input_ids"]
    return ids


def labelled(batch: dict[str, Any]) -> dict[str, Any]:
    """The batch with `labels` as a model takes them: -100 on all of the prompt, its image tokens included, and on
    padding. Rows start at the left, so that no column is padding in all of them."""
    import torch

    targets = batch.pop("completion_ids")
    ignored = torch.full_like(batch["input_ids"][:, : -targets.shape[1]], -100)
    batch["labels"] = torch.cat([ignored, targets], dim=1)
    rows = ("attention_mask", "input_ids", "labels", *(("mm_token_type_ids",) if "mm_token_type_ids" in batch else ()))
    order = torch.argsort(batch["attention_mask"], dim=1, descending=True, stable=True)
    used = int(batch["attention_mask"].sum(dim=1).max())
    for name in rows:
        batch[name] = batch[name].gather(1, order)[:, :used]
    return batch


# --- targets ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Draw:
    """Address -> problem, for the stream's workers; where tables or captions are taught, `meta` holds them as well."""

    form: str | None  # of tables; None where none are taught
    captions: bool

    def __call__(self, address: Address) -> Problem:
        from envs.problem import draw, make_near
        from trainers.describing import caption, table

        problem = make_near(address)
        if self.form is None and not self.captions:
            return problem
        draft = draw(problem.address)  # its figure is still laid out
        more = {"table": table(draft, self.form) if self.form else None}
        return replace(problem, meta={**problem.meta, **more, "caption": caption(draft) if self.captions else None})


@dataclass(frozen=True)
class Trace:
    """One accepted answer of a teacher."""

    address: str
    text: str


def read_traces(path: str) -> list[Trace]:
    """The traces of a Parquet file, or of all in a folder, in their order, less those that spell a special token;
    LessonError where there are none."""
    import pyarrow.parquet as pq

    found = sorted(Path(path).glob("*.parquet")) if Path(path).is_dir() else [Path(path)]
    traces: list[Trace] = []
    for file in found:
        try:
            table = pq.read_table(file, columns=["address", "trace"]).to_pylist()
        except (OSError, ValueError, KeyError) as error:
            line = " ".join(str(error).split())[:200]
            raise LessonError(f"{file} is no Parquet of traces ({line}): write one with trainers.traces") from None
        for row in table:
            try:
                Address.parse(row["address"], allow_test=False)
            except AddressError as error:
                raise LessonError(f"{file}: {error}") from None
            if not SPECIAL.search(row["trace"]):
                traces.append(Trace(row["address"], row["trace"]))
    if not traces:
        raise LessonError(f"{path} holds no trace: write some with trainers.traces")
    return traces


class Targets:
    """Which kind of lesson each slot is, and the lesson of a slot. `shares` are weights by kind."""

    def __init__(
        self, shares: Mapping[str, float], *, prompt: str, form: str, seed: int, traces: Sequence[Trace] = ()
    ) -> None:
        total = sum(shares.values())
        self.prompt, self.form, self.seed, self.traces = prompt, form, seed, traces
        self.share = Fraction(shares.get("traces", 0.0) / total).limit_denominator(1000)
        self.others = [(kind, share) for kind, share in shares.items() if kind != "traces" and share > 0]
        self._order: tuple[int, list[int]] = (-1, [])

    def kind(self, slot: int) -> str:
        if self._traces_before(slot + 1) > self._traces_before(slot):
            return "traces"
        draws = Draws("target", self.seed, slot)
        at = draws.random() * sum(share for _, share in self.others)
        for kind, share in self.others:
            at -= share
            if at < 0:
                return kind
        return self.others[-1][0]

    def trace(self, slot: int) -> Trace:
        """The trace of a slot of that kind: all of them in random order, then again in another."""
        epoch, place = divmod(self._traces_before(slot), len(self.traces))
        if self._order[0] != epoch:
            self._order = epoch, Draws("traces", self.seed, epoch).shuffled(range(len(self.traces)))
        return self.traces[self._order[1][place]]

    def _traces_before(self, slot: int) -> int:
        return slot * self.share.numerator // self.share.denominator

    def lesson(self, slot: int, problem: Problem) -> tuple[str, Lesson]:
        """What is taught at a slot, and its kind. LessonError for a trace that its problem no longer accepts."""
        kind = self.kind(slot)
        draws = Draws("request", self.seed, slot)
        asked = self.prompt.replace("{question}", problem.question)
        if kind in ("tables", "captions"):
            from trainers.describing import request

            of = kind.removesuffix("s")
            if (text := problem.meta[of]) is not None:
                return kind, Lesson(problem.image, request(of, self.form, draws), text)
            kind = "solutions"
        if kind == "traces":
            from rewards import score

            trace = self.trace(slot)
            verdict = score(trace.text, problem.answer)
            if not verdict.correct:
                raise LessonError(
                    f"the trace of {trace.address} answers {verdict.given!r}, which is wrong of the problem as it is "
                    "drawn now: the traces are of another version of the world; write them anew with trainers.traces"
                )
            return kind, Lesson(problem.image, asked, trace.text)
        return kind, Lesson(problem.image, asked, brief(problem) if kind == "answers" else problem.solution)


class WithTraces:
    """A curriculum whose slots for traces ask the problems that the traces are of; the others are the inner one's."""

    def __init__(self, inner: Curriculum, targets: Targets) -> None:
        self.inner, self.targets = inner, targets
        self.observe, self.metrics, self.table = inner.observe, inner.metrics, inner.table
        self.state_dict, self.load_state_dict = inner.state_dict, inner.load_state_dict

    def plan(self, batch: int, n: int) -> list[Address]:
        plan = self.inner.plan(batch, n)
        for i in range(n):
            if self.targets.kind(batch * n + i) == "traces":
                plan[i] = Address.parse(self.targets.trace(batch * n + i).address, allow_test=False)
        return plan


def state_at(curriculum: Curriculum, batch: int, n: int) -> dict[str, Any]:
    """The state of a stream that is about to give this batch. Plans of supervision depend on nothing that was seen."""
    planned = {str(b): [str(address) for address in curriculum.plan(b, n)] for b in (batch, batch + 1)}
    return {"next": batch, "planned": planned, "curriculum": curriculum.state_dict()}


# --- the section `sft` ------------------------------------------------------------------------------------------------


def check_sft(config: Config) -> None:
    """The section `sft`, and what it asks of others."""
    assert config.sft is not None
    from trainers.describing import FORMS

    sft, model = config.sft, config.model
    for kind, share in sft.targets.items():
        if kind not in KINDS:
            raise ConfigError(f"unknown kind {kind!r} in sft.targets{nearest(kind, KINDS)}")
        if isinstance(share, bool) or not isinstance(share, int | float) or share < 0:
            raise ConfigError(f"sft.targets.{kind} must be a share of the lessons (0 or more), not {share!r}")
    if not sum(sft.targets.values()) > 0:
        raise ConfigError("sft.targets is empty: write what is to be taught, as {solutions: 1}")
    if bool(sft.targets.get("traces")) != (sft.traces is not None):
        raise ConfigError(
            "sft.traces names the Parquet of trainers.traces, and sft.targets.traces their share: give both"
        )
    if sft.table not in FORMS:
        raise ConfigError(f"unknown sft.table {sft.table!r}{nearest(sft.table, FORMS)}")
    if sft.max_tokens < 1:
        raise ConfigError(f"sft.max_tokens {sft.max_tokens}: a target has at least 1 token")
    if config.curriculum.mode == "learnability" and set(sft.targets) != {"traces"}:
        raise ConfigError(
            "curriculum.mode learnability follows outcomes, and supervision has none: uniform, fixed or file"
        )
    if config.warm_start is not None:
        raise ConfigError("warm_start is for trainers.grpo, and sft is supervision itself: leave one of them out")
    adapted = model.id is not None and adapter_base(model.id) is not None
    if sft.adapter and (model.lora is None or adapted):
        raise ConfigError(
            "sft.adapter needs model.lora, on whole weights: without it there is no adapter to be saved alone"
        )
    if model.quantize is not None and adapted:
        raise ConfigError(f"model.quantize: {model.id} is an adapter, which 4 bits cannot take in: merge it first")


def lessons_said(config: Config, plan: Batches) -> list[str]:
    """What supervision teaches."""
    assert config.sft is not None
    total = sum(config.sft.targets.values())
    shares = ", ".join(f"{100 * share / total:.0f} % {kind}" for kind, share in config.sft.targets.items())
    weights = "in 4 bits (nf4)" if config.model.quantize else f"in {config.model.dtype}"
    trained = f"adapters of rank {config.model.lora.r}" if config.model.lora else "all of them trained"
    return [
        f"lessons      {shares}",
        f"weights      {weights}, {trained}",
        f"batch        {plan.prompts} lessons an optimizer step, {plan.per_device} at once on each of {plan.world}",
        f"run          {plan.max_steps} optimizer steps, {plan.max_steps * plan.prompts} lessons",
    ]
