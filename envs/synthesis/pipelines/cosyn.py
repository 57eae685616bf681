"""CoSyn's way (Yang et al. 2025): somebody wants to see something; data is made up for it, and a script that draws it.

    personas -> topics -> data -> code -> draw ...

With `cosyn.request`, as "nutrition fact labels", everything is of that one kind: a data set for a domain.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from envs.address import Draws
from envs.synthesis.config import Config
from envs.synthesis.items import Dropped
from envs.synthesis.personas import Persona
from envs.synthesis.pipelines import prompts
from envs.synthesis.pipelines.engine import Path, Stage
from envs.synthesis.pipelines.stages import Script, Works, by
from envs.synthesis.pipelines.texts import with_data
from envs.synthesis.seeds import Seed


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Topics to be thought of, by one persona and for one kind of figure."""

    number: int
    persona: str
    kind: str


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A figure in the making: what it shows, then its data as well."""

    persona: str
    kind: str
    topic: str
    title: str
    prompts: tuple[str, ...]
    data: dict[str, Any] | None = None

    @property
    def said(self) -> dict[str, str]:
        return {"persona": self.persona, "kind": self.kind, "topic": self.topic, "title": self.title}


def wanted(config: Config, kinds: Sequence[Seed], people: Sequence[Persona]) -> list[Wanted]:
    """Whom to ask for topics, and for which kind of figure: everybody once before anybody twice."""
    order = Draws(config.seed, "cosyn").shuffled(people)
    return [
        Wanted(
            number=i,
            persona=order[i % len(order)].description,
            kind=config.cosyn.request or f"{kinds[i % len(kinds)].minor} ({kinds[i % len(kinds)].major})",
        )
        for i in range(-(-config.cosyn.topics // config.cosyn.each))
    ]


def stages(works: Works) -> list[Stage]:
    """All stages; items are Wanted."""
    each = works.config.cosyn.each

    async def topics(item: Wanted, path: Path) -> list[Figure | Dropped]:
        fields = {"persona": item.persona, "kind": item.kind, "count": str(each)}
        reply = await works.writer.ask("topics", prompts.TOPICS, fields, sample=item.number)
        if isinstance(reply, Dropped):
            return [reply] * each
        asked = tuple(by(prompts.TOPICS)["prompts"])
        return [
            Figure(persona=item.persona, kind=item.kind, topic=of.topic[:500], title=of.title[:200], prompts=asked)
            for of in reply.topics
        ]

    async def data(item: Figure, path: Path) -> list[Figure | Dropped]:
        reply = await works.writer.ask("data", prompts.DATA, item.said)
        if isinstance(reply, Dropped):
            return [reply]
        columns = {column.name.strip(): column.values for column in reply.columns}
        lengths = sorted({len(values) for values in columns.values()})
        why = ""
        if len(lengths) > 1:
            why = "columns of different lengths"
        elif not lengths or not lengths[0]:
            why = "a table without rows"
        elif len(columns) < len(reply.columns) or "" in columns:
            why = "columns without names of their own"
        if why:
            return [Dropped(stage="data", reason=why, detail=f"{lengths}", inputs=item.said)]
        made = {"title": item.title, **columns}
        return [
            Figure(
                persona=item.persona,
                kind=item.kind,
                topic=item.topic,
                title=item.title,
                prompts=(*item.prompts, *by(prompts.DATA)["prompts"]),
                data=made,
            )
        ]

    async def code(item: Figure, path: Path) -> list[Script | Dropped]:
        shown = with_data(item.data, "").strip()
        reply = await works.writer.ask("code", prompts.CODE, item.said | {"data": shown})
        if isinstance(reply, Dropped):
            return [reply]
        provenance = {
            "pipeline": "cosyn",
            "persona": item.persona,
            "request": works.config.cosyn.request,
            "parents": [],
            "model": works.config.endpoint.model,
            "temperature": works.config.endpoint.temperature,
        } | by(prompts.CODE, {"prompts": item.prompts})
        return [
            Script(
                code=with_data(item.data, reply.code),
                kind=item.kind,
                topic=item.topic,
                provenance=provenance,
                about=item.persona,
            )
        ]

    return [
        Stage(name="topics", work=topics, then=lambda item: ["data"], fan=each),
        Stage(name="data", work=data, then=lambda item: ["code"]),
        Stage(name="code", work=code, then=lambda item: ["draw"]),
        *works.stages(),
    ]
