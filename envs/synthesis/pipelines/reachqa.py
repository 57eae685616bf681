"""ReachQA's way (He et al. 2024, Code-as-Intermediary Translation): new scripts after the example of others, and those
made richer.

    seeds -> invent (self-instruct) -> draw ... -> evolve (more data, richer look, overlay, another panel) -> draw ...

Evolution goes on from every chart that was drawn and is new, for as many rounds as the config says.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from envs.address import Draws
from envs.data.domains import domains
from envs.synthesis.config import Config
from envs.synthesis.items import Dropped
from envs.synthesis.pipelines import prompts
from envs.synthesis.pipelines.engine import Path, Stage, all_of
from envs.synthesis.pipelines.stages import Drawn, Script, Works, by
from envs.synthesis.seeds import Seed


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """A chart to be invented: what kind, of what field, after which examples."""

    number: int
    kind: str
    domain: str
    examples: tuple[Seed, ...]


def wanted(config: Config, kinds: Sequence[Seed], seeds: Sequence[Seed]) -> list[Wanted]:
    """What is to be invented: all kinds in turn, each after examples of which one is of its kind."""
    found, topics = [], [domain.title for domain in domains(test=False)]
    for i in range(config.reachqa.charts):
        draws, seed = Draws(config.seed, "reachqa", i), kinds[i % len(kinds)]
        others = [other for other in seeds if other is not seed]
        shown = [seed, *draws.sample(others, min(len(others), config.reachqa.examples - 1))]
        kind = f"{seed.minor} ({seed.major})"
        found.append(Wanted(number=i, kind=kind, domain=draws.choice(topics), examples=tuple(draws.shuffled(shown))))
    return found


def stages(works: Works) -> list[Stage]:
    """All stages; items are Wanted."""
    evolve = works.config.reachqa.evolve

    async def invent(item: Wanted, path: Path) -> list[Script | Dropped]:
        examples = "\n\n".join(f"```python\n{seed.code.strip()}\n```" for seed in item.examples)
        fields = {"examples": examples, "kind": item.kind, "domain": item.domain}
        reply = await works.writer.ask("invent", prompts.INVENT, fields, sample=item.number)
        if isinstance(reply, Dropped):
            return [reply]
        provenance = {
            "pipeline": "reachqa",
            "seeds": [seed.name for seed in item.examples],
            "domain": item.domain,
            "parents": [],
            "directions": [],
            "model": works.config.endpoint.model,
            "temperature": works.config.endpoint.temperature,
        } | by(prompts.INVENT)
        return [Script(code=reply.code, kind=item.kind, topic=reply.topic[:200], provenance=provenance)]

    async def evolved(item: Drawn, direction: str) -> Script | Dropped:
        chart = item.chart
        fields = {"topic": chart.topic, "code": chart.code, "direction": prompts.DIRECTIONS[direction]}
        reply = await works.writer.ask("evolve", prompts.EVOLVE, fields)
        if isinstance(reply, Dropped):
            return reply
        provenance = chart.provenance | by(prompts.EVOLVE, chart.provenance)
        provenance["parents"] = [*provenance["parents"], chart.id]
        provenance["directions"] = [*provenance["directions"], direction]
        return Script(code=reply.code, kind=chart.kind, topic=chart.topic, provenance=provenance, depth=item.depth + 1)

    async def evolution(item: Drawn, path: Path) -> list[Script | Dropped]:
        chosen = Draws(works.config.seed, "evolve", item.chart.id).sample(evolve.directions, evolve.each)
        return await all_of([evolved(item, direction) for direction in chosen])

    def onward(item: Drawn) -> list[str]:
        return ["evolve"] * (item.depth < evolve.rounds)

    first = [Stage(name="invent", work=invent, then=lambda item: ["draw"])]
    if evolve.rounds:
        first.append(Stage(name="evolve", work=evolution, then=lambda item: ["draw"], fan=evolve.each))
    return [*first, *works.stages(onward)]
