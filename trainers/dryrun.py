"""What a run is going to do: `--dry-run` prints it, and loads no more than a processor that is at hand."""

from __future__ import annotations

import platform
import re
import tempfile
from collections.abc import Sequence
from typing import Any

from trainers.config import Batches, Config, ConfigError, save_steps
from trainers.data import open_data
from trainers.disk import disk_needed
from trainers.launch import command, nodes, on_cpu, visible_gpus
from trainers.lessons import lessons_said
from trainers.memory import GIB, image_tokens, memory_said, shape_of
from trainers.preflight import check_processor, missing, pip_install, quiet_libraries, select_cells, size_of, versions

QUESTION = 100  # tokens of a question and its template, where no tokenizer is at hand


def report(config: Config, plan: Batches, module: str, argv: Sequence[str]) -> str:
    """What --dry-run prints."""
    from omegaconf import OmegaConf

    processor = local_processor(config)
    shape = shape_of(config)
    seen = "not checked: needs the hub" if processor is None else check_processor(config, processor)
    prompt = int(found[1]) if (found := re.search(r"(\d+) at most", seen)) else None
    if prompt is None and shape is not None:
        prompt = image_tokens(shape, *size_of(config)) + QUESTION
        seen += f"; about {prompt} tokens of prompt"
    needed, every = disk_needed(config, plan), save_steps(config)
    per_step = plan.world * plan.per_device * plan.accumulation
    launched = command(config, module, [a for a in argv if a != "--dry-run"])
    of = nodes(config).count
    where = f"{plan.world} process(es) on {'the CPU (gloo)' if on_cpu(config) else f'{visible_gpus()} visible GPU(s)'}"
    lines = [
        OmegaConf.to_yaml(OmegaConf.create(config.to_dict())).rstrip(),
        "",
        f"launch       {' '.join(['python', *launched[1:]])}",
        f"devices      {where}{f' of each of {of} nodes' if of > 1 else ''}, strategy {config.launch.strategy}",
        f"cells        {cells_said(select_cells(config))}",
        *(f"data         {stored.about()}" for stored in open_data(config).values()),
        *(batches_said(plan) if config.sft is None else lessons_said(config, plan)),
        f"tokens       at most {per_step * ((prompt or 0) + plan.max_tokens):,} an optimizer step"
        + ("" if prompt else " of completions (the prompt is not known without the processor)"),
        f"images       {seen}",
        *memory_said(config, plan, shape, prompt),
        f"checkpoints  {'none' if every is None else f'every {every} optimizer steps, on generation-batch boundaries'}",
        *([f"evaluation   on {config.eval.during} every {config.eval.every} steps"] if config.eval.every else []),
        f"disk         {'not known before the download' if needed is None else f'{needed / GIB:.2f} GiB at most'}",
        f"versions     python {platform.python_version()}, {', '.join(versions())}",
        *(f"missing      {extra}: {pip_install(extra)}" for extra in missing(config)),
    ]
    return "\n".join(lines)


def local_processor(config: Config) -> Any | None:
    """The processor if it can be had without the network, else None."""
    from trainers.models import load_processor

    quiet_libraries()
    if config.model.build is not None:
        from trainers.tiny import build_tiny

        with tempfile.TemporaryDirectory() as folder:
            try:
                return load_processor(build_tiny(config.model.build, folder, **config.model.sizes))
            except ValueError as error:
                raise ConfigError(f"model.sizes: {error}") from error
    try:
        return load_processor(str(config.model.id), local_files_only=True)
    except OSError:
        return None


def cells_said(cells: Sequence[str]) -> str:
    """The cells by name while they fit on a line, else how many there are."""
    names = ", ".join(cells)
    return names if len(names) < 100 else f"{len(cells):,} of {len({cell.split('/')[0] for cell in cells})} families"


def batches_said(plan: Batches) -> list[str]:
    """What GRPO samples."""
    updates = plan.steps_per_generation * plan.iterations / plan.accumulation
    each = plan.world * plan.per_device * plan.accumulation
    return [
        f"batch        {plan.prompts} prompts x {plan.generations} rollouts = {plan.rollouts} completions at once",
        f"             {updates:g} optimizer steps on each, of {each} rollouts"
        + ("; with a single one no ratio leaves 1, and epsilon has no say" if updates <= 1 else ""),
        f"run          {plan.max_steps} optimizer steps, {plan.total} generation batches, "
        f"{plan.total * plan.prompts} prompts, {plan.total * plan.rollouts} completions",
    ]
