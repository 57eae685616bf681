"""What the live stream and this trainer cost a step of GRPO.

    OMP_NUM_THREADS=1 python benchmarks/learning/overhead.py [--size cpu|gpu] [--policy DIR] [--repeats 5] [--steps 6]

Three ways to train on the same problems, from the same policy:
    live     SlotTrainer on the adaptive stream, drawn by worker processes while it trains
    drawn    SlotTrainer on the same problems, drawn beforehand and held in memory
    plain    TRL's GRPOTrainer on a datasets.Dataset of the same prompts, images and answers
They take turns, `--repeats` times `--steps` steps each, the first step of each turn left out. Steps are compared in
pairs (same repeat, same batch), in wall seconds and in CPU seconds of the training process; workers are counted apart.
`live` and `drawn` differ by the stream's calls and the thread that feeds its workers alone, so their CPU seconds are
taken by themselves as well: beside other work ratios of whole steps are not that fine. The completions are compared
too: where they are equal, so was the work. SlotTrainer draws each rollout by a seed of its own and TRL a batch by one,
so that `plain` answers otherwise in places, and only the usual step can be compared with it.
"""

from __future__ import annotations

import argparse
import itertools
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent.parent
sys.path.insert(0, str(ROOT))

from envs.stream import Stream  # noqa: E402
from trainers.config import Batches, Config, ConfigError, load  # noqa: E402
from trainers.grpo import build_policy, curriculum_keys, open_stream  # noqa: E402
from trainers.preflight import check, quiet_libraries, versions  # noqa: E402

HERE = Path(__file__).parent
WAYS = ("live", "drawn", "plain")


class Recorded:
    """Stands where a stream does, with problems that were drawn beforehand; learns nothing."""

    def __init__(self, problems: dict[int, Any]) -> None:
        self._problems = problems

    def problems(self, batch: int, slots: Sequence[int]) -> dict[int, Any]:
        del batch
        return {slot: self._problems[slot] for slot in slots}

    def observe(self, batch: int, outcomes: Any) -> None:
        pass

    def metrics(self) -> dict[str, float]:
        return {"wait_seconds": 0.0}

    def state_dict(self) -> dict[str, Any]:
        return {}


def keep(stream: Stream, problems: dict[int, Any], spent: list[float]) -> Stream:
    """The stream, which from here on puts down what it hands out, and the CPU seconds that each call of it takes."""

    def noted(call: Any) -> Any:
        def called(*args: Any) -> Any:
            began = time.thread_time()
            found = call(*args)
            spent.append(time.thread_time() - began)
            return found

        return called

    hand_out = stream.problems

    def problems_of(batch: int, slots: Any) -> dict[int, Any]:
        found = hand_out(batch, slots)
        problems.update(found)
        return found

    for name, call in (("problems", problems_of), ("observe", stream.observe), ("metrics", stream.metrics)):
        setattr(stream, name, noted(call))
    return stream


def feeding(stream: Stream) -> float:
    """CPU seconds so far of the thread that feeds the workers and unpacks what they drew."""
    assert stream._pool is not None
    ident = stream._pool._thread.ident
    assert ident is not None
    return time.clock_gettime(time.pthread_getcpuclockid(ident))


def clock(marks: list[tuple[float, float]]) -> Any:
    """A callback that notes wall and CPU seconds at the end of every step."""
    from transformers import TrainerCallback

    class Clock(TrainerCallback):
        def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            marks.append((time.perf_counter(), time.process_time()))

    return Clock()


class Turns:
    """What every turn needs: config, policy, and the problems once they are known."""

    def __init__(self, config: Config, plan: Batches, policy: str, folder: Path) -> None:
        self.config, self.plan, self.policy, self.folder = config, plan, policy, folder
        self.problems: dict[int, Any] = {}
        self.drawing = 0.0  # ms of a worker for a problem, in the last live turn
        self.calls: list[float] = []  # CPU seconds of calls of the stream, in all live turns
        self.fed, self.steps = 0.0, 0  # CPU seconds of the feeding thread, and steps, likewise

    def turn(self, way: str, name: str) -> tuple[list[tuple[float, float]], list[str]]:
        """Wall and CPU seconds of every step but the first, and all completions."""
        from trainers.models import load_policy, load_processor

        marks: list[tuple[float, float]] = []
        processor = load_processor(self.policy)
        model = load_policy(self.policy, self.config.model.dtype)
        make = self._plain if way == "plain" else self._slots
        trainer, completions = make(model, processor, way, self.folder / name)
        trainer.add_callback(clock(marks))
        trainer.train()
        if way == "live":
            self.fed += feeding(trainer.stream)
            self.steps += len(marks)
            trainer.stream.close()
        steps = [(b[0] - a[0], b[1] - a[1]) for a, b in itertools.pairwise(marks)]
        return steps, completions()

    def _slots(self, model: Any, processor: Any, way: str, folder: Path) -> Any:
        from trainers import rollouts
        from trainers.models import forbidden_token_ids
        from trainers.quirks import forbid_tokens
        from trainers.slot_trainer import SlotTrainer, trl_arguments

        stream: Any = Recorded(self.problems)
        if way == "live":
            keys = curriculum_keys(self.config)
            stream = open_stream(keys, self.plan.prompts, self.config, self.plan)
            stream = keep(stream, self.problems, self.calls)
            time.sleep(2.0)  # workers start while a run loads its policy; here that would fall into the first steps
            self.fed -= feeding(stream)
        arguments = trl_arguments(self.config)
        arguments.generation_kwargs = forbid_tokens(
            arguments.generation_kwargs, forbidden_token_ids(processor), use_vllm=False
        )
        folder.mkdir(parents=True)
        trainer = SlotTrainer(
            config=self.config,
            batches=self.plan,
            stream=stream,
            rollout_log=rollouts.Log(folder / "rollouts.jsonl"),
            metrics_log=rollouts.Log(folder / "metrics.jsonl"),
            model=model,
            processing_class=processor,
            args=arguments,
        )

        def completions() -> list[str]:
            if way == "live":
                rows = list(rollouts.read(folder / "metrics.jsonl"))
                self.drawing = sum(row.get("env/draw_ms", 0.0) for row in rows) / len(rows)
            rows = sorted(rollouts.read(folder / "rollouts.jsonl"), key=lambda row: (row["slot"], row["rollout"]))
            return [row["completion"] for row in rows]

        return trainer, completions

    def _plain(self, model: Any, processor: Any, way: str, folder: Path) -> Any:
        import torch
        from datasets import Dataset
        from PIL import Image
        from transformers import TrainerCallback
        from transformers.trainer_callback import PrinterCallback, ProgressCallback
        from trl.trainer.grpo_trainer import GRPOTrainer

        from rewards.functions import accuracy, completion_text
        from trainers.models import forbidden_token_ids, prompt_messages
        from trainers.quirks import forbid_tokens
        from trainers.slot_trainer import seed_of, trl_arguments

        del way
        config, said = self.config, []
        rows = [
            {
                "prompt": prompt_messages(config.prompt, problem.question),
                "image": Image.fromarray(problem.image),
                "answer": json.dumps(problem.answer.to_json()),
            }
            for _, problem in sorted(self.problems.items())
        ]
        arguments = trl_arguments(config)
        arguments.output_dir = str(folder)
        arguments.reward_weights = None
        arguments.generation_kwargs = forbid_tokens(
            arguments.generation_kwargs, forbidden_token_ids(processor), use_vllm=False
        )

        def reward(prompts: Any, completions: Any, answer: Any, **columns: Any) -> list[float]:
            said.extend(completion_text(one) or "" for one in completions)
            return accuracy(prompts, completions, [json.loads(one) for one in answer])

        class Seeds(TrainerCallback):  # those of SlotTrainer, so that both sample the same
            def on_step_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
                torch.manual_seed(seed_of(config.seed, "batch", state.global_step, 0))

        trainer = GRPOTrainer(
            model=model,
            reward_funcs=[reward],
            args=arguments,
            train_dataset=Dataset.from_list(rows),
            processing_class=processor,
            callbacks=[Seeds()],
        )
        for callback in (ProgressCallback, PrinterCallback):  # SlotTrainer has a bar of its own
            trainer.remove_callback(callback)
        return trainer, lambda: said


def compared(ours: Sequence[float], theirs: Sequence[float]) -> tuple[float, float, float]:
    """The median of the ratios of pairs, with the 95 % interval of a bootstrap over pairs."""
    import numpy as np

    ratios = np.array(ours) / np.array(theirs)
    draws = np.random.default_rng(0).choice(ratios, (10_000, len(ratios)))
    low, high = np.quantile(np.median(draws, axis=1), [0.025, 0.975])
    return float(np.median(ratios)), float(low), float(high)


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", choices=("cpu", "gpu"), default="cpu")
    parser.add_argument("--policy", help="a start that run.py left (its final/); from scratch unless told otherwise")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--steps", type=int, default=6)
    parser.add_argument("--out", help="a JSON file of all step times")
    parser.add_argument("overrides", nargs="*", metavar="key=value")
    args = parser.parse_intermixed_args(argv)
    from statistics import median

    with tempfile.TemporaryDirectory() as scratch:
        changed = [f"runs={scratch}", "name=overhead", f"trl.max_steps={args.steps}", "trl.save_strategy=no"]
        try:
            start = load(HERE / f"{args.size}-start.yaml", [f"runs={scratch}", "name=scratch"])
            policy = args.policy or f"{scratch}/scratch/base"
            if not args.policy:
                start.folder.mkdir()
                start.sft = None
                start.curriculum.mode = "uniform"
            laid = [str(HERE / "b.yaml"), *changed, f"model.id={args.policy or 'from/scratch'}", *args.overrides]
            config = load(HERE / f"{args.size}.yaml", laid)
            plan = check(config, disk=False)
        except ConfigError as error:
            print(f"overhead: {error}", file=sys.stderr)
            return 2
        from trainers.quirks import apply

        apply(use_vllm=False)
        quiet_libraries()
        if not args.policy:
            build_policy(start, start.folder)
        turns = Turns(config, plan, policy, Path(scratch))
        turns.turn("live", "first")  # warms up, and finds out which problems there will be
        times: dict[str, list[tuple[float, float]]] = {way: [] for way in WAYS}
        told: dict[str, list[list[str]]] = {way: [] for way in WAYS}
        for repeat in range(args.repeats):
            for way in WAYS[repeat % 3 :] + WAYS[: repeat % 3]:
                steps, completions = turns.turn(way, f"{way}-{repeat}")
                times[way] += steps
                told[way].append(completions)
    lines = [
        f"{len(times['live'])} steps each, {plan.prompts} prompts x {plan.generations} rollouts of {config.env.px} px.",
        "",
        "| | median step, wall s | CPU s of the process |",
        "|---|---|---|",
        *(
            f"| {way} | {median(w for w, _ in found):.3f} | {median(c for _, c in found):.3f} |"
            for way, found in times.items()
        ),
        "",
        "| step by step | wall | CPU |",
        "|---|---|---|",
    ]
    for one, other in (("live", "drawn"), ("live", "plain"), ("drawn", "plain")):
        cells = []
        for i in (0, 1):
            ratio, low, high = compared([step[i] for step in times[one]], [step[i] for step in times[other]])
            cells.append(f"{ratio:.4f} [{low:.4f}, {high:.4f}]")
        lines.append(f"| {one} / {other} | {' | '.join(cells)} |")
    alike = [f"{way} {sum(a == b for a, b in zip(told['live'], told[way]))}" for way in WAYS[1:]]
    step = median(cpu for _, cpu in times["live"])
    own, fed = sum(turns.calls) / turns.steps, turns.fed / turns.steps
    lines += [
        "",
        f"Of a live step's CPU seconds {1000 * own:.1f} ms were calls of the stream ({100 * own / step:.2f} %), "
        f"{1000 * fed:.1f} ms the thread that feeds its workers ({100 * fed / step:.2f} %).",
    ]
    lines += ["", f"Turns in which all completions were those of live: {', '.join(alike)} of {args.repeats}."]
    lines += [f"A worker drew a problem in {turns.drawing:.1f} ms. Made with {', '.join(versions())}."]
    print("\n".join(lines))
    if args.out:
        Path(args.out).write_text(json.dumps({"times": times, "said": lines}), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
