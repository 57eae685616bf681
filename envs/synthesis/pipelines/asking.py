"""A prompt with its fields becomes a typed reply or a Dropped: through the journal, within the budget.

A reply that does not parse is asked for again with the error, so many times, and is then dropped with its reason.
"""

from __future__ import annotations

import asyncio
import base64
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any, TypeVar

from envs.synthesis.config import Budget
from envs.synthesis.items import Dropped
from envs.synthesis.pipelines.client import Client, EndpointError, NoReply
from envs.synthesis.pipelines.engine import Stop, Stopped
from envs.synthesis.pipelines.journal import Journal, key_of
from envs.synthesis.pipelines.prompts import AGAIN, Prompt
from envs.synthesis.pipelines.replies import Malformed, parse, schema_of

T = TypeVar("T")
QUOTED = 4000  # characters of a reply that does not parse, shown to the model with the error


class Purse:
    """Lets a request go only where the budget has room for the most it can cost, with all that is under way."""

    def __init__(self, budget: Budget, journal: Journal, stop: Stop, share: int = 1) -> None:
        self._budget, self._spent, self._stop, self._share = budget, journal.spent, stop, share
        self._money, self._tokens = 0.0, 0  # of requests under way, at most
        self._freed = asyncio.Condition()

    async def take(self, money: float, tokens: int) -> None:
        """Waits until there is room, and takes it; Stopped where there will be none."""
        async with self._freed:
            while why := self._short(money, tokens):
                if not (self._money or self._tokens):
                    self._stop.set(why, everything=False)
                if self._stop.why:
                    raise Stopped(self._stop.why)
                await self._freed.wait()
            self._money += money
            self._tokens += tokens

    async def give(self, money: float, tokens: int) -> None:
        """The request is settled: what it cost is in the journal now."""
        async with self._freed:
            self._money = max(0.0, self._money - money)
            self._tokens -= tokens
            if not self._tokens:
                self._money = 0.0  # not what rounding left of it
            self._freed.notify_all()

    def _short(self, money: float, tokens: int) -> str:
        budget, share = self._budget, self._share
        spent = self._spent.prompt_tokens + self._spent.tokens
        if budget.tokens is not None and spent + self._tokens + tokens > budget.tokens / share:
            return f"the budget of {budget.tokens} tokens has no room for another request ({spent} are spent)"
        if budget.money is not None and self._spent.money + self._money + money > budget.money / share:
            return f"the budget of {budget.money:g} has no room for another request ({self._spent.money:.4f} is spent)"
        return ""


@dataclass
class Asker:
    """One model. Remembers which requests are under way, so that two who ask the same share the reply."""

    client: Client
    journal: Journal
    purse: Purse
    stop: Stop
    seed: int = 0
    reasks: int = 2
    malformed: Counter[str] = field(default_factory=Counter)  # replies that did not parse, by prompt
    _under_way: dict[str, asyncio.Future[dict[str, Any]]] = field(default_factory=dict)

    async def ask(
        self,
        stage: str,
        prompt: Prompt[T],
        fields: Mapping[str, Any],
        *,
        png: bytes | None = None,
        sample: int = 0,
    ) -> T | Dropped:
        """What the model says to a prompt; `sample` tells requests apart that are alike in all else."""
        settings = self.client.endpoint
        said: list[dict[str, Any]] = [{"type": "text", "text": prompt.said(fields)}]
        if png is not None:
            uri = f"data:image/png;base64,{base64.b64encode(png).decode()}"
            said.insert(0, {"type": "image_url", "image_url": {"url": uri}})
        messages: list[dict[str, Any]] = [{"role": "user", "content": said}]
        inputs = dict(fields) | ({"png": blake2b(png, digest_size=16).hexdigest()} if png is not None else {})
        decided = [settings.model, settings.temperature, settings.max_tokens, settings.structured, self.seed]
        problem = ""
        for attempt in range(1 + self.reasks):
            key = key_of(stage, prompt.name, prompt.version, *decided, inputs, sample, attempt)
            try:
                row = await self._answered(key, stage, prompt, messages)
            except NoReply as error:
                return Dropped(stage=stage, reason="no reply", detail=str(error))
            if row["finish"] == "refused":
                return Dropped(stage=stage, reason="the model refused", detail=row["text"][:500])
            try:
                return parse(row["text"], prompt.reply)
            except Malformed as error:
                self.malformed[prompt.name] += 1
                problem = str(error)
                if row["finish"] == "length":
                    problem = f"the reply was cut off at {settings.max_tokens} tokens: {problem}"
            again = AGAIN.said({"problem": problem})
            messages = [
                messages[0],
                {"role": "assistant", "content": [{"type": "text", "text": row["text"][:QUOTED] or "(nothing)"}]},
                {"role": "user", "content": [{"type": "text", "text": again}]},
            ]
        return Dropped(stage=stage, reason="malformed reply", detail=problem, inputs={"prompt": prompt.name})

    async def _answered(
        self, key: str, stage: str, prompt: Prompt[Any], messages: list[dict[str, Any]]
    ) -> dict[str, Any]:
        """The journal's row of a reply: found there, waited for where it is under way, or asked for."""
        if (row := self.journal.reply(key)) is not None:
            return row
        if key in self._under_way:
            return await asyncio.shield(self._under_way[key])
        if self.stop.why:
            raise Stopped(self.stop.why)
        future = self._under_way[key] = asyncio.get_running_loop().create_future()
        try:
            row = await self._paid(key, stage, prompt, messages)
        except BaseException as error:
            if not future.cancelled():
                future.set_exception(error if isinstance(error, Exception) else Stopped("cut off"))
                future.exception()  # nobody else may have waited
            raise
        finally:
            del self._under_way[key]
        future.set_result(row)
        return row

    async def _paid(self, key: str, stage: str, prompt: Prompt[Any], messages: list[dict[str, Any]]) -> dict[str, Any]:
        client = self.client
        schema, longest = schema_of(prompt.reply), client.endpoint.max_tokens
        most = client.prompt_tokens(messages, schema)
        money, tokens = client.prices.of(most, longest), most + longest
        await self.purse.take(money, tokens)
        try:
            reply = await client.ask(messages, schema, seed=int(key[:7], 16), before=lambda: self._send(key))
            row = {
                "stage": stage,
                "prompt": f"{prompt.name}/{prompt.version}",
                "model": client.endpoint.model,
                "text": reply.text,
                "finish": reply.finish,
                "prompt_tokens": reply.prompt_tokens,
                "tokens": reply.tokens,
                "estimated": reply.estimated,
                "money": client.prices.of(reply.prompt_tokens, reply.tokens),
                "unanswered": reply.unanswered,
            }
            return self.journal.settle(key, row)
        except (NoReply, EndpointError) as error:
            self.journal.fail(key, str(error), error.unanswered)
            raise
        except Stopped:  # between two tries
            self.journal.fail(key, "stopped", 0)
            raise
        finally:
            await self.purse.give(money, tokens)

    def _send(self, key: str) -> None:
        if self.stop.why:
            raise Stopped(self.stop.why)
        self.journal.send(key)
