"""An OpenAI-compatible endpoint, asked with asyncio: a request in, a reply out, whatever the server does in between.

    async with Client(endpoint) as client:
        reply = await client.ask(messages, schema, seed=7, before=note_it)

A server that is busy or away is asked again, after as long as it says; what a server does not know (response_format,
seed, temperature, max_tokens) is left out or said otherwise from then on. NoReply gives one request up, EndpointError
ends the run: the key or the model is refused, nobody answers, or as many requests as are under way twice over fail.
"""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import httpx

from envs import endpoint as rules
from envs.endpoint import Pace, Prices, one_line
from envs.synthesis.config import Endpoint

MAX_BYTES = 8_000_000  # of a reply's body
PATIENCE = 10  # times `attempts` that a request may be told that it comes too soon
LONGEST = 6  # pauses grow no more after so many attempts
CHARS_A_TOKEN = 3.0  # for estimates that should not be too low
IMAGE_TOKENS = 1600  # of a picture, likewise


class EndpointError(ValueError):
    """Why an endpoint is of no use; one line, with the mend. `unanswered` as in NoReply."""

    def __init__(self, why: str, unanswered: int = 0) -> None:
        super().__init__(why)
        self.unanswered = unanswered


class NoReply(Exception):
    """Why a request got no answer, in a line; `unanswered` counts sends that may be billed all the same."""

    def __init__(self, why: str, unanswered: int) -> None:
        super().__init__(why)
        self.unanswered = unanswered


@dataclass(frozen=True, kw_only=True)
class Reply:
    text: str
    finish: str  # "stop" | "length" | "refused"
    prompt_tokens: int
    tokens: int
    estimated: bool  # the endpoint told no tokens
    unanswered: int  # sends before this one that got no answer


class Client:
    """Remembers the server's pace, what it refuses, and how many requests failed in a row."""

    def __init__(
        self, endpoint: Endpoint, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep, share: int = 1
    ) -> None:
        """`sleep` may raise where the run is to stop; `share`: so many at once share pace and concurrency."""
        self.endpoint = endpoint
        self.prices = Prices(endpoint.price_in, endpoint.price_out)
        self._sleep = sleep
        self._pace = Pace(endpoint.rpm / share if endpoint.rpm else None)
        self._slots = asyncio.Semaphore(max(1, endpoint.concurrency // share))
        self._not_before = 0.0  # the server asked everybody to wait
        self._refused: set[str] = {"response_format"} if endpoint.structured == "words" else set()
        self._failed, self._over = 0, ""
        key = os.environ.get(endpoint.key)
        self._http = httpx.AsyncClient(
            base_url=endpoint.base_url.rstrip("/") + "/",
            headers={"Authorization": f"Bearer {key}"} if key else {},
            timeout=httpx.Timeout(endpoint.timeout, connect=10),
            limits=httpx.Limits(max_connections=endpoint.concurrency),
        )

    async def __aenter__(self) -> Client:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.aclose()

    async def check(self) -> None:
        """EndpointError if the server cannot be reached, refuses the key or does not serve the model."""
        url, model = self.endpoint.base_url, self.endpoint.model
        try:
            answer = await self._http.get("models")
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise EndpointError(
                f"cannot reach {url}: {one_line(error)}; is the server up, and does the URL end in /v1?"
            ) from None
        if answer.status_code in (401, 403):
            raise EndpointError(f"{url} refuses the key ({answer.status_code}): set {self.endpoint.key}")
        try:
            served = [str(each["id"]) for each in answer.json()["data"]]
        except (ValueError, KeyError, TypeError, RecursionError):
            return  # not every server lists its models
        if served and model not in served:
            raise EndpointError(f"{url} does not serve {model!r}: it serves {', '.join(served[:8])}")

    def prompt_tokens(self, messages: list[dict[str, Any]], schema: dict[str, Any]) -> int:
        """Tokens that a prompt has at most: its text, the schema and its pictures."""
        parts = [part for message in messages for part in message["content"]]
        images = len([part for part in parts if part["type"] == "image_url"])
        text = len(json.dumps(schema)) + sum(len(part.get("text", "")) for part in parts)
        return int(text / CHARS_A_TOKEN) + images * IMAGE_TOKENS

    async def ask(
        self, messages: list[dict[str, Any]], schema: dict[str, Any], seed: int, before: Callable[[], None]
    ) -> Reply:
        """The reply; `before` is called each time the request is about to be sent."""
        async with self._slots:
            if self._over:  # who waited for a slot meanwhile
                raise EndpointError(self._over)
            try:
                reply = await self._ask(messages, schema, seed, before)
            except EndpointError as error:
                self._over = str(error)
                raise
            except NoReply as error:
                self._failed += 1
                if self._failed < 2 * self.endpoint.concurrency:
                    raise
                self._over = (
                    f"{self._failed} requests in a row failed at {self.endpoint.base_url}, the last with: {error}; "
                    "see to the server and run the same command again"
                )
                raise EndpointError(self._over, error.unanswered) from None
            self._failed = 0
            return reply

    async def _ask(
        self, messages: list[dict[str, Any]], schema: dict[str, Any], seed: int, before: Callable[[], None]
    ) -> Reply:
        problem, wait, unanswered, attempt, busy = "", 0.0, 0, 0, 0
        while attempt < self.endpoint.attempts and busy < PATIENCE * self.endpoint.attempts:
            await self._turn(rules.pause(min(attempt + busy, LONGEST), wait))
            attempt, wait = attempt + 1, 0.0
            before()
            body = self._body(messages, schema, seed)
            try:
                async with asyncio.timeout(self.endpoint.timeout):  # httpx counts each read by itself
                    status, headers, text = await self._post(body)
            except (TimeoutError, httpx.HTTPError) as error:
                unanswered += not isinstance(error, httpx.ConnectError)
                problem = one_line(error) if str(error) else f"no answer in {self.endpoint.timeout:g} s"
                continue
            if status == 200:
                try:
                    return self._read(json.loads(text), self.prompt_tokens(messages, schema), unanswered)
                except (ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError):
                    problem = f"not a chat completion: {text[:200]!r}"
                    continue
            problem = f"status {status}: {' '.join(text.split())[:300]}"
            if status in rules.REFUSED:
                raise EndpointError(f"{self.endpoint.base_url} refuses: {problem}", unanswered)
            if status in (400, 422) and self._adapt(body, text):
                attempt -= 1  # said otherwise, it is another request
                continue
            if not rules.worth_asking_again(status):
                break
            wait = rules.retry_after(headers.get("retry-after", ""))
            if status == 429:  # nothing is wrong but the pace
                attempt, busy = attempt - 1, busy + 1
                self._not_before = max(self._not_before, time.monotonic() + wait)
        raise NoReply(problem, unanswered)

    async def _turn(self, pause: float) -> None:
        """Waits for this request's turn, and for everybody's where the server is busy."""
        await self._sleep(pause)
        while (wait := self._not_before - time.monotonic()) > 0:
            await self._sleep(wait)
        await self._sleep(self._pace.turn())

    async def _post(self, body: dict[str, Any]) -> tuple[int, httpx.Headers, str]:
        async with self._http.stream("POST", "chat/completions", json=body) as answer:
            parts, size = [], 0
            async for part in answer.aiter_bytes():
                parts.append(part)
                if (size := size + len(part)) > MAX_BYTES:
                    return 413, answer.headers, f"a reply of more than {MAX_BYTES} bytes"
            return answer.status_code, answer.headers, b"".join(parts).decode("utf-8", "replace")

    def _body(self, messages: list[dict[str, Any]], schema: dict[str, Any], seed: int) -> dict[str, Any]:
        longest = "max_completion_tokens" if "max_tokens" in self._refused else "max_tokens"
        body = {
            "model": self.endpoint.model,
            "messages": messages,
            longest: self.endpoint.max_tokens,
            "temperature": self.endpoint.temperature,
            "seed": seed,
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": "reply", "schema": schema, "strict": True},
            },
        }
        if "response_format" in self._refused:
            said = f"Answer with one JSON object of this JSON schema and nothing else:\n{json.dumps(schema)}"
            content = [*messages[0]["content"], {"type": "text", "text": said}]
            messages = [{**messages[0], "content": content}, *messages[1:]]
        body["messages"] = [{**message, "content": _plain(message["content"])} for message in messages]
        return {name: value for name, value in body.items() if name == "max_tokens" or name not in self._refused}

    def _adapt(self, body: dict[str, Any], text: str) -> bool:
        """Whether a refusal names something that can be left out or said otherwise; then it is from now on."""
        said = text.lower()
        for name, words in (
            ("max_tokens", ("max_completion_tokens",)),
            ("response_format", ("response_format", "json_schema", "guided", "structured", "grammar")),
            ("seed", ("seed",)),
            ("temperature", ("temperature",)),
        ):
            if name in body and any(word in said for word in words):
                if name == "response_format" and self.endpoint.structured == "schema":
                    return False
                self._refused.add(name)
                return True
        return False

    def _read(self, answer: Any, prompt_tokens: int, unanswered: int) -> Reply:
        choice, usage = answer["choices"][0], answer.get("usage") or {}
        message = choice["message"]
        text = message.get("content") or ""
        if not isinstance(text, str):  # in parts
            text = "".join(str(part.get("text") or "") for part in text)
        finish = {"length": "length", "content_filter": "refused"}.get(str(choice.get("finish_reason")), "stop")
        told = [usage.get(f"{part}_tokens") for part in ("prompt", "completion")]
        counts = [n for n in told if isinstance(n, int) and 0 <= n < 10**9]
        if estimated := len(counts) < 2:
            counts = [prompt_tokens, int(len(text) / CHARS_A_TOKEN)]
        return Reply(
            text=text.encode("utf-8", "replace").decode(),
            finish="refused" if message.get("refusal") else finish,
            prompt_tokens=counts[0],
            tokens=counts[1],
            estimated=estimated,
            unanswered=unanswered,
        )


def _plain(content: list[dict[str, Any]]) -> str | list[dict[str, Any]]:
    """A message's parts; text alone as text, which is all that some servers take."""
    if any(part["type"] != "text" for part in content):
        return content
    return "\n\n".join(part["text"] for part in content)
