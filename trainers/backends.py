"""Three ways to have questions answered, alike in what they are given and in what they give back.

    hf      the model in this process, in batches padded on the left
    vllm    vLLM's offline engine
    openai  any server that speaks the OpenAI protocol, asked concurrently

Each is a function from requests to (request, reply) pairs, in the order in which replies come; it takes requests as it
needs them, so that drawing can run ahead. Greedy means greedy: no backend lets a checkpoint's generation_config.json
add a repetition penalty or a top-k. A server does as it was told: start vLLM's with `--generation-config vllm`.
"""

from __future__ import annotations

import itertools
import os
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, NamedTuple

from envs import endpoint
from trainers.checkpoints import EvaluationError
from trainers.models import forbidden_token_ids, load_processor, prompt_messages, prompt_token_count
from trainers.quirks import inspect_models_in_this_process, make_torchvision_importable

if TYPE_CHECKING:
    from envs.problem import Problem

CONCURRENCY = 16  # requests under way to a server
QUESTION_ROOM = 1024  # tokens of the longest question


class Request(NamedTuple):
    problem: Problem
    sample: int


class Reply(NamedTuple):
    """What came back; `finish` is "stop", "length" or "error" (then `text` says why, and it is no answer). A server
    also tells how many tokens it counted for the prompt, its image included."""

    text: str
    tokens: int
    finish: str
    prompt_tokens: int = 0


Backend = Callable[[Iterable[Request]], Iterator[tuple[Request, Reply]]]


@dataclass(frozen=True, kw_only=True)
class Sampling:
    """How to answer: the prompt template, the longest response, and the temperature (0 is greedy)."""

    prompt: str
    max_tokens: int
    temperature: float = 0.0
    seed: int = 0

    def seed_for(self, request: Request) -> int:
        """A seed of its own for each response, whatever batch it comes in."""
        key = f"{self.seed}/{request.problem.address}/{request.sample}".encode()
        return int.from_bytes(blake2b(key, digest_size=4).digest(), "little") >> 1


def _chunks(requests: Iterable[Request], size: int) -> Iterator[list[Request]]:
    rest = iter(requests)
    while chunk := list(itertools.islice(rest, size)):
        yield chunk


def _rendered(processor: Any, sampling: Sampling, request: Request) -> str:
    """The prompt as text, with one placeholder for the image."""
    messages = prompt_messages(sampling.prompt, request.problem.question)
    # SmolVLM's processor warns at every prompt that its own video settings belong in processor_kwargs (5.17), where it
    # puts them only if there is something in it; rendering ignores what is in it.
    text: str = processor.apply_chat_template(
        messages, add_generation_prompt=True, processor_kwargs={"return_tensors": None}
    )
    return text


def hf(model: Any, processor: Any, sampling: Sampling, batch_size: int) -> Backend:
    """The model in this process. Requests are sorted by prompt length within eight batches, to pad little.

    Sampling draws from one seed a batch, so responses at a temperature depend on the batch; greedy ones do not (beyond
    what padding does to the last bits).
    """
    import torch
    from PIL import Image
    from transformers import GenerationConfig

    tokenizer = processor.tokenizer
    ends = model.generation_config.eos_token_id
    ends = tokenizer.eos_token_id if ends is None else ends
    ends = set(ends if isinstance(ends, list) else [ends])
    generation = GenerationConfig(  # type: ignore[no-untyped-call]
        max_new_tokens=sampling.max_tokens,
        do_sample=sampling.temperature > 0,
        **({"temperature": sampling.temperature, "top_k": 0, "top_p": 1.0} if sampling.temperature > 0 else {}),
        repetition_penalty=1.0,
        suppress_tokens=forbidden_token_ids(processor),
        eos_token_id=sorted(ends),
        pad_token_id=tokenizer.pad_token_id if tokenizer.pad_token_id is not None else min(ends),
        use_cache=True,
    )

    def answer(batch: list[tuple[str, Request]]) -> Iterator[tuple[Request, Reply]]:
        images = [[Image.fromarray(request.problem.image)] for _, request in batch]
        inputs = processor(
            text=[text for text, _ in batch], images=images, padding=True, padding_side="left", return_tensors="pt"
        ).to(model.device)
        inputs["pixel_values"] = inputs["pixel_values"].to(model.dtype)
        devices = [model.device] if model.device.type == "cuda" else []
        training = model.training
        model.eval()
        try:
            with torch.no_grad(), torch.random.fork_rng(devices=devices):
                torch.manual_seed(sampling.seed_for(batch[0][1]))
                output = model.generate(**inputs, generation_config=generation)
        finally:
            model.train(training)
        for (_, request), ids in zip(batch, output[:, inputs["input_ids"].shape[1] :].tolist()):
            end = next((i for i, token in enumerate(ids) if token in ends), None)
            kept = ids if end is None else ids[:end]
            reply = Reply(
                tokenizer.decode(kept, skip_special_tokens=True),
                len(kept) + (end is not None),
                "length" if end is None else "stop",
            )
            yield request, reply

    def backend(requests: Iterable[Request]) -> Iterator[tuple[Request, Reply]]:
        for chunk in _chunks(requests, 8 * batch_size):
            texts = sorted(
                ((_rendered(processor, sampling, request), request) for request in chunk), key=lambda pair: len(pair[0])
            )
            for start in range(0, len(texts), batch_size):
                yield from answer(texts[start : start + batch_size])

    return backend


def vllm(
    checkpoint: str, sampling: Sampling, batch_size: int, *, dtype: str, sizes: Collection[tuple[int, int]]
) -> Backend:
    """vLLM's offline engine. Prompts go in as text with one image placeholder, which vLLM expands itself.

    Handing it token ids that are expanded already would expand them twice (trl#6294); the length of the first prompt
    is compared with the processor's own. `sizes` are the (width, height) of the images to come.
    """
    mended = make_torchvision_importable()
    if mended:  # vLLM's child processes would lack what was mended
        os.environ["VLLM_ENABLE_V1_MULTIPROCESSING"] = "0"
    try:
        from vllm import LLM
    except ImportError:
        raise EvaluationError(
            "the vllm backend needs vLLM: pip install 'chartgym[vllm]', or take --backend hf"
        ) from None

    if mended:
        inspect_models_in_this_process()
    processor = load_processor(checkpoint)

    def backend(requests: Iterable[Request]) -> Iterator[tuple[Request, Reply]]:
        requests = iter(requests)
        if (first := next(requests, None)) is None:
            return
        longest = max(prompt_token_count(processor, sampling.prompt, "", *size) for size in sizes)
        llm = LLM(
            model=checkpoint,
            dtype=dtype,
            seed=sampling.seed,
            max_model_len=_model_length(checkpoint, longest + QUESTION_ROOM + sampling.max_tokens),
            limit_mm_per_prompt={"image": 1, "video": 0},
            generation_config="vllm",
        )
        yield from engine(llm, processor, sampling, batch_size)(itertools.chain([first], requests))

    return backend


def engine(llm: Any, processor: Any, sampling: Sampling, batch_size: int) -> Backend:
    """A vLLM engine of this process: one made for an evaluation, or the one that a trainer samples from."""
    from PIL import Image
    from vllm import SamplingParams

    bias = {token: -100.0 for token in forbidden_token_ids(processor)}

    def backend(requests: Iterable[Request]) -> Iterator[tuple[Request, Reply]]:
        checked = False
        for chunk in _chunks(requests, max(256, 4 * batch_size)):
            prompts = [
                {
                    "prompt": _rendered(processor, sampling, request),
                    "multi_modal_data": {"image": Image.fromarray(request.problem.image)},
                }
                for request in chunk
            ]
            settings = [
                SamplingParams(
                    temperature=sampling.temperature,
                    max_tokens=sampling.max_tokens,
                    seed=sampling.seed_for(request),
                    logit_bias=bias,
                    detokenize=False,
                )
                for request in chunk
            ]
            outputs = llm.generate(prompts, settings, use_tqdm=False)
            if not checked:
                _check_length(processor, sampling, chunk[0], outputs[0])
            checked = True
            for request, output in zip(chunk, outputs):
                best = output.outputs[0]
                finish = "stop" if best.finish_reason == "stop" else "length"
                # vLLM's own text stops short of bytes that are no whole character yet.
                text = processor.tokenizer.decode(best.token_ids, skip_special_tokens=True)
                yield request, Reply(text, len(best.token_ids), finish)

    return backend


def _check_length(processor: Any, sampling: Sampling, request: Request, output: Any) -> None:
    height, width = request.problem.image.shape[:2]
    length = prompt_token_count(processor, sampling.prompt, request.problem.question, width, height)
    if len(output.prompt_token_ids) != length:
        raise EvaluationError(
            f"vLLM reads {len(output.prompt_token_ids)} tokens where the processor makes {length}: "
            "the two disagree about the image; take --backend hf"
        )


def _model_length(checkpoint: str, wanted: int) -> int:
    """`wanted`, or the model's own bound where that is less (vLLM refuses more)."""
    from transformers import AutoConfig

    config = AutoConfig.from_pretrained(checkpoint).get_text_config()
    return min(wanted, getattr(config, "max_position_embeddings", wanted))


def openai(
    base_url: str,
    name: str,
    sampling: Sampling,
    *,
    concurrency: int | None = None,
    before: Callable[[Request], None] = lambda request: None,
) -> Backend:
    """A server that speaks the OpenAI protocol, so many requests at a time (CONCURRENCY if None); the key is
    OPENAI_API_KEY, if any. `before` is called in the sending thread each time a request is about to be sent.

    A server that cannot be reached, that refuses the key or the model, or that stops answering ends the evaluation with
    one line. A single request that keeps failing is reported as a reply with finish "error".
    """
    import queue
    import threading

    import httpx

    from trainers.report_page import data_uri

    at_once = CONCURRENCY if concurrency is None else concurrency
    key = os.environ.get("OPENAI_API_KEY")
    client = httpx.Client(
        base_url=base_url.rstrip("/") + "/",
        headers={"Authorization": f"Bearer {key}"} if key else {},
        timeout=httpx.Timeout(600, connect=10),
        limits=httpx.Limits(max_connections=at_once),
    )
    limit = {"name": "max_tokens"}  # OpenAI's reasoning models want max_completion_tokens

    def check() -> None:
        try:
            answer = client.get("models")
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise EvaluationError(
                f"cannot reach {base_url}: {endpoint.one_line(error)}; is the server up, and does the URL end in /v1?"
            ) from None
        if answer.status_code in (401, 403):
            raise EvaluationError(f"{base_url} refuses the key ({answer.status_code}): set OPENAI_API_KEY")
        try:
            served = [model["id"] for model in answer.json()["data"]]
        except (ValueError, KeyError, TypeError):
            return  # not every server lists its models
        if served and name not in served:
            raise EvaluationError(f"{base_url} does not serve {name!r}: give --model one of {', '.join(served[:8])}")

    def ask(request: Request) -> Reply:
        messages = prompt_messages(sampling.prompt, request.problem.question)
        for part in messages[0]["content"]:
            if part["type"] == "image":
                part |= {"type": "image_url", "image_url": {"url": data_uri(request.problem.image)}}
        body = {
            "model": name,
            "messages": messages,
            "temperature": sampling.temperature,
            "seed": sampling.seed_for(request),
        }
        problem, asked_to_wait = "", 0.0
        for attempt in range(endpoint.ATTEMPTS):
            time.sleep(endpoint.pause(attempt, asked_to_wait))
            sent = limit["name"]
            before(request)
            try:
                answer = client.post("chat/completions", json=body | {sent: sampling.max_tokens})
            except httpx.HTTPError as error:
                problem = endpoint.one_line(error)
                continue
            if answer.status_code == 400 and sent == "max_tokens" and "max_completion_tokens" in answer.text:
                limit["name"] = "max_completion_tokens"
                continue
            if answer.status_code == 200:
                try:
                    choice = answer.json()["choices"][0]
                    usage = answer.json().get("usage") or {}
                    finish = "length" if choice.get("finish_reason") == "length" else "stop"
                    tokens, of_prompt = (int(usage.get(f"{part}_tokens") or 0) for part in ("completion", "prompt"))
                    return Reply(choice["message"].get("content") or "", tokens, finish, of_prompt)
                except (ValueError, KeyError, IndexError, TypeError, AttributeError):
                    problem = f"not a chat completion: {answer.text[:200]!r}"
                    continue
            problem = f"status {answer.status_code}: {' '.join(answer.text.split())[:300]}"
            asked_to_wait = endpoint.retry_after(answer.headers.get("retry-after", ""))
            if answer.status_code in endpoint.REFUSED:
                raise EvaluationError(f"{base_url} refuses: {problem}")
            if not endpoint.worth_asking_again(answer.status_code):
                break  # asking again would not help
        return Reply(problem, 0, "error")

    def backend(requests: Iterable[Request]) -> Iterator[tuple[Request, Reply]]:
        check()
        asked: queue.SimpleQueue[Request] = queue.SimpleQueue()
        answered: queue.SimpleQueue[tuple[Request, Reply | EvaluationError]] = queue.SimpleQueue()

        def work() -> None:
            while True:
                request = asked.get()
                try:
                    answered.put((request, ask(request)))
                except EvaluationError as error:
                    answered.put((request, error))

        # Daemons: Ctrl-C does not wait for a server that is minutes from answering.
        for _ in range(at_once):
            threading.Thread(target=work, daemon=True).start()
        rest, under_way, failed_in_a_row = iter(requests), 0, 0
        while True:
            for request in itertools.islice(rest, 2 * at_once - under_way):
                asked.put(request)
                under_way += 1
            if not under_way:
                return
            request, reply = answered.get()
            under_way -= 1
            if isinstance(reply, EvaluationError):
                raise reply
            failed_in_a_row = failed_in_a_row + 1 if reply.finish == "error" else 0
            yield request, reply
            if failed_in_a_row >= 2 * at_once:
                raise EvaluationError(
                    f"{failed_in_a_row} requests in a row failed, the last with {reply.text!r}: "
                    "see to the server and run the same command again"
                )

    return backend
