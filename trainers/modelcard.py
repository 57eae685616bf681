"""The card of a checkpoint: what it is, how well it reads charts, how it was trained and how to load it.

    write_card(run / "final")        README.md in the checkpoint's folder, from the files of the run around it

Everything in it is read from the run's folder: config.yaml, versions.json, table.json, best/best.json and the reports
of evaluations whose weights are the checkpoint's. A README.md that lacks the last line of these cards is someone's own,
and stays.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from trainers.checkpoints import BEST, STREAM_STATE, best_of, checkpoint_digest
from trainers.config import Config, load
from trainers.models import adapter_base
from trainers.report import percent, wilson
from trainers.table import TITLES

CARD, VERSIONS = "README.md", "versions.json"
MARK = "<!-- Written by chartgym from the files of the run. Without this line the text is yours and is kept. -->"
TEMPLATE = "[More Information Needed]"  # in the cards that peft writes
TASK = "visual-question-answering"

_BODY = """
# {title}

{what}

It was trained on charts drawn by chartgym, a procedural world of charts with questions whose answers a program checks.
The problems drawn for it share no text, style or topic with the test sets of chartgym.

## How well it reads charts

{scores}

Greedy answers, one each; the last answer in `\\boxed{{}}` counts. Intervals are Wilson's at 95 %.

## How to load it

```python
from PIL import Image
from transformers import AutoModelForImageTextToText, AutoProcessor

model = AutoModelForImageTextToText.from_pretrained("{name}", dtype="auto")
processor = AutoProcessor.from_pretrained("{name}")

question = "How many bars are there?"
prompt = {prompt!r}.replace("{{question}}", question)
content = [{{"type": "image", "image": Image.open("chart.png")}}, {{"type": "text", "text": prompt}}]
inputs = processor.apply_chat_template(
    [{{"role": "user", "content": content}}],
    add_generation_prompt=True,
    tokenize=True,
    return_dict=True,
    return_tensors="pt",
).to(model.device)
answer = model.generate(**inputs, max_new_tokens={max_tokens}, do_sample=False)[:, inputs["input_ids"].shape[1] :]
print(processor.decode(answer[0], skip_special_tokens=True))
```

Images were {px} pixels in training.

## How it was trained

| | |
|---|---|
{facts}

<details><summary>The whole config</summary>

```yaml
{config}
```

</details>

{mark}
"""


def note_versions(run: Path) -> None:
    """What the run is made with joins run/versions.json; a run that is resumed elsewhere has several entries."""
    from envs.checkstore import commit
    from trainers.preflight import versions

    entries = read_versions(run)
    now = {"commit": commit(), "versions": versions()}
    if now not in entries:
        (run / VERSIONS).write_text(json.dumps([*entries, now], indent=1) + "\n", encoding="utf-8")


def read_versions(run: Path) -> list[dict[str, Any]]:
    path = run / VERSIONS
    return list(json.loads(path.read_text(encoding="utf-8"))) if path.is_file() else []


def write_card(checkpoint: Path, name: str = "", license: str | None = None) -> bool:
    """Write README.md of a checkpoint in a run's folder; whether it was, for one of someone's own stays. `name` is what
    it will be loaded by: on a hub, or this folder."""
    path = checkpoint / CARD
    if path.is_file() and MARK not in (old := path.read_text(encoding="utf-8")) and TEMPLATE not in old:
        return False
    path.write_text(card(checkpoint, name or str(checkpoint), license), encoding="utf-8")
    return True


def card(checkpoint: Path, name: str, license: str | None = None) -> str:
    """The text of README.md."""
    from huggingface_hub import EvalResult, ModelCardData
    from omegaconf import OmegaConf

    run = checkpoint.parent
    config = load(run / "config.yaml")
    base = base_of(config)
    found = scores(checkpoint)
    results = [
        EvalResult(
            task_type=TASK,
            dataset_type=f"chartgym/{where}",
            dataset_name=f"chartgym {where}, {total} problems",
            metric_type="accuracy",
            metric_name="pass@1, greedy",
            metric_value=round(right / total, 4),
        )
        for what, where, right, total in found
        if what == "this policy"
    ]
    data = ModelCardData(
        base_model=base,
        license=license or license_of(base),
        library_name="peft" if foreign_base(checkpoint) else "transformers",
        pipeline_tag="image-text-to-text",
        tags=["charts", "chartgym", TASK, *([] if config.sft else ["grpo", "trl"])],
        model_name=name if results else None,
        eval_results=results or None,
    )
    rows = [
        f"| {where} | {what} | {total} | {percent(right / total)} | {interval(right, total)} |"
        for what, where, right, total in found
    ]
    shown = {key: value for key, value in config.to_dict().items() if key not in ("runs", "launch", "push_to_hub")}
    head = ["| test set | policy | problems | right | interval |", "|---|---|---|---|---|"]
    return f"---\n{data.to_yaml()}\n---\n" + _BODY.format(
        title=name.rpartition("/")[2] if name.count("/") == 1 else config.name,
        what=f"{start_said(config, base)} {method_said(config)}{steps_said(checkpoint)}.",
        scores="\n".join([*head, *rows]) if rows else "Not measured yet: see `python -m trainers.evaluate`.",
        name=name,
        prompt=config.prompt,
        max_tokens=config.eval.max_tokens,
        px=config.env.px.replace("x", " x "),
        facts="\n".join(f"| {key} | {value} |" for key, value in facts(run, config).items()),
        config=OmegaConf.to_yaml(OmegaConf.create(shown)).rstrip(),
        mark=MARK,
    )


def foreign_base(checkpoint: Path) -> str | None:
    """The model on a hub that a checkpoint holds an adapter of; None for whole weights, and where the base is here."""
    base = adapter_base(checkpoint)
    return None if base is None or Path(base).is_dir() else base


def base_of(config: Config) -> str | None:
    """The model on a hub that a run began with, through the runs in between; None for one from scratch."""
    source = config.model.id
    if source is None or not Path(source).is_dir():
        return source
    earlier = Path(source).parent / "config.yaml"
    if not earlier.is_file():
        return None
    return base_of(load(earlier))


def license_of(base: str | None) -> str | None:
    """What the base's own card says, if it is in the hub's cache."""
    from huggingface_hub import ModelCard, try_to_load_from_cache

    path = try_to_load_from_cache(base, CARD) if base else None
    if not isinstance(path, str):
        return None
    found = ModelCard.load(path).data.to_dict().get("license")
    return str(found) if found else None


def start_said(config: Config, base: str | None) -> str:
    if base is None:
        return f"A small {config.model.build or 'vision-language model'} from scratch,"
    return f"[{base}](https://huggingface.co/{base})"


def method_said(config: Config) -> str:
    """How it was trained, in a few words."""
    adapters = f" of {config.model.quantize or ''} LoRA adapters".replace("  ", " ") if config.model.lora else ""
    if config.sft:
        return f"after supervision{adapters} on {', '.join(config.sft.targets)}"
    start = "a warm start on worked solutions and " if config.warm_start else ""
    return f"after {start}reinforcement learning{adapters} with verifiable rewards ({config.algorithm or 'grpo'})"


def steps_said(checkpoint: Path) -> str:
    """`, 120 steps`, if the files tell."""
    steps = None
    if checkpoint.name == BEST:
        steps = (best_of(checkpoint.parent) or {}).get("step")
    elif (checkpoint / STREAM_STATE).is_file():
        steps = json.loads((checkpoint / STREAM_STATE).read_text(encoding="utf-8"))["step"]
    else:
        rows = table(checkpoint.parent)
        steps = next((rows[stage]["steps"] for stage in ("grpo", "sft") if stage in rows), None)
    return f", {steps} optimizer steps" if steps else ""


def table(run: Path) -> dict[str, dict[str, Any]]:
    path = run / "table.json"
    return dict(json.loads(path.read_text(encoding="utf-8"))) if path.is_file() else {}


def scores(checkpoint: Path) -> list[tuple[str, str, int, int]]:
    """(policy, test set, right, problems) of all that is known of the checkpoint and of what it is compared with."""
    run, this = checkpoint.parent, "this policy"
    found = []
    if checkpoint.name == BEST and (best := best_of(run)):
        found.append((this, str(best["test_set"]), int(best["correct"]), int(best["problems"])))
    digest = checkpoint_digest(str(checkpoint))
    for path in sorted(run.glob("evaluations/*/report.json")):
        report = json.loads(path.read_text(encoding="utf-8"))
        summary, settings = report["summary"], report["settings"]
        if settings.get("weights") != digest or settings.get("temperature") or not summary["problems"]:
            continue
        sets = {settings["test_set"].partition(" ")[0]: summary, **report.get("stored", {})}
        for where, part in sets.items():
            found.append((this, where, round(part["accuracy"] * part["problems"]), part["problems"]))
    for stage, row in table(run).items():
        final = stage in ("grpo", "sft")
        if "total" in row and (not final or checkpoint.name == "final"):
            found.append((this if final else TITLES[stage], row["test_set"], row["correct"], row["total"]))
    return list(dict.fromkeys(found))


def interval(right: int, total: int) -> str:
    low, high = wilson(right, total)
    return f"{100 * low:.1f} to {100 * high:.1f}"


def facts(run: Path, config: Config) -> dict[str, str]:
    """What a stranger wants to know of the run, a line each."""
    trl, rewards = config.trl, {k: v for k, v in vars(config.rewards).items() if isinstance(v, float) and v}
    keys = (
        "max_steps",
        "learning_rate",
        "num_generations",
        "max_completion_length",
        "beta",
        "loss_type",
        "temperature",
    )
    said = {
        "cells": f"`{', '.join(config.env.cells)}`",
        "curriculum": config.curriculum.mode,
        "precision": config.model.dtype,
        **{f"`trl.{key}`": str(trl[key]) for key in keys if key in trl},
    }
    if config.sft:
        said["taught"] = ", ".join(f"{kind} {share:g}" for kind, share in config.sft.targets.items())
    else:
        said["rewards"] = ", ".join(f"{name} {weight:g}" for name, weight in rewards.items())
    if config.model.lora:
        said["LoRA"] = ", ".join(f"{key} {value}" for key, value in vars(config.model.lora).items())
    if config.data:
        shares = (f"`{data.source}` ({data.share:g} of the prompts)" for data in config.data.values())
        said["data of one's own"] = ", ".join(shares)
    for entry in read_versions(run):
        said[f"commit {entry['commit']}"] = ", ".join(entry["versions"])
    return said
