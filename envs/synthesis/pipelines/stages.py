"""What both pipelines do once a script is written: draw it, look at it, ask about it, and prove the answers.

    Script -> draw (with repairs) -> dedup charts -> look
    -> questions -> rewrite -> second -> verify -> blind -> pair -> dedup questions
    -> compose                                                   -> dedup questions

A stage takes an item and gives results or Dropped; engine.py runs them, asking.py asks and pays. What is worked out
without a model (scripts that ran, answers that were proven) is journalled too, under a hash of the code that did it.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from typing import Any, Protocol

from envs.address import Draws
from envs.synthesis.config import Config
from envs.synthesis.items import Asked, Chart, Dropped, Kept
from envs.synthesis.pipelines import prompts
from envs.synthesis.pipelines.asking import Asker
from envs.synthesis.pipelines.engine import Path, Stage, Stop, Stopped, all_of
from envs.synthesis.pipelines.journal import Journal, key_of
from envs.synthesis.pipelines.packing import WHENCE, folded, packed, unfolded, unpacked
from envs.synthesis.pipelines.rewrite import check_rewrite, names_in
from envs.synthesis.pipelines.texts import bare, outline

TABLE_CHARS = 12_000  # of a table that a blind solver is shown; of a larger one it is not asked
_PLACE = re.compile(r"0x[0-9a-fA-F]+")  # of an object in memory: another one at every run


@dataclass(frozen=True, kw_only=True)
class Script:
    """A script that a model wrote, before it was run."""

    code: str
    kind: str
    topic: str
    provenance: dict[str, Any]
    about: str = ""  # the persona for whom it is drawn
    depth: int = 0  # rounds of evolution behind it


@dataclass(frozen=True, kw_only=True)
class Drawn:
    chart: Chart
    about: str = ""
    depth: int = 0


@dataclass(frozen=True, kw_only=True)
class Posed:
    """A question of a chart; `second` in `asked` is "" until it is written."""

    chart: Chart
    asked: Asked
    kept: Kept | None = None  # once it was proven


class Memory(Protocol):
    """What was there already: see dedup.py."""

    def seen(self, item: Chart | Kept) -> str: ...  # why it is not new, or ""


@dataclass(frozen=True, kw_only=True)
class Checks:
    """What proves answers, as functions, so that pipelines know nothing of how."""

    chart: Callable[[str], Chart | Dropped]
    question: Callable[[Chart, Asked, bool], Kept | Dropped]
    compose: Callable[[Chart, Draws, int], Sequence[Kept]]
    version: str  # what is journalled of checks is asked for again once this changes


@dataclass(frozen=True, kw_only=True)
class Works:
    """The stages and what they work with."""

    config: Config
    writer: Asker
    solver: Asker
    judge: Asker
    journal: Journal
    stop: Stop
    checks: Checks
    memory: Memory
    threads: Executor
    drawn: dict[str, str] = field(default_factory=dict)  # by chart: where the journal has it

    def stages(self, onward: Callable[[Drawn], Sequence[str]] = lambda drawn: ()) -> list[Stage]:
        """The stages from "draw" on; `onward` names further stages that charts go to, for evolution."""
        questions, votes = self.config.questions, self.config.votes
        asked = questions.recognition + questions.reasoning
        after_verify = ["blind"] * questions.blind + ["pair"] * (votes.pairs > 0) + ["dedup questions"]

        def of_chart(item: Drawn) -> list[str]:
            return ["questions"] * (asked > 0) + ["compose"] * (questions.composed > 0) + list(onward(item))

        def after(name: str) -> Callable[[Any], Sequence[str]]:
            following = after_verify[after_verify.index(name) + 1 :][:1]
            return lambda item: following

        found = [
            Stage(name="draw", work=self.draw, then=lambda item: ["dedup charts"]),
            Stage(
                name="dedup charts",
                work=self.dedup_chart,
                then=(lambda item: ["look"]) if votes.images else of_chart,
            ),
        ]
        if votes.images:
            found.append(Stage(name="look", work=self.look, then=of_chart))
        if questions.composed:
            found.append(
                Stage(
                    name="compose",
                    work=self.compose,
                    then=lambda item: ["dedup questions"],
                    fan=questions.composed,
                )
            )
        if asked:
            first = "rewrite" if questions.rewrite else "second"
            found.append(Stage(name="questions", work=self.questions, then=lambda item: [first], fan=asked))
            if questions.rewrite:
                found.append(Stage(name="rewrite", work=self.rewrite, then=lambda item: ["second"]))
            found.append(Stage(name="second", work=self.second, then=lambda item: ["verify"]))
            found.append(Stage(name="verify", work=self.verify, then=lambda item: after_verify[:1]))
            if questions.blind:
                found.append(Stage(name="blind", work=self.blind, then=after("blind")))
            if votes.pairs:
                found.append(Stage(name="pair", work=self.pair, then=after("pair")))
        return [*found, Stage(name="dedup questions", work=self.dedup_question)]

    async def draw(self, script: Script, path: Path) -> list[Drawn | Dropped]:
        """Runs the script; one that does not draw goes back to its writer with what is wrong, so many times."""
        code, provenance = bare(script.code), script.provenance
        for repair in range(self.config.repairs + 1):
            key = key_of("check_chart", self.checks.version, code)
            result = unpacked(await self.worked(key, "draw", partial(self._checked, code)))
            if isinstance(result, Chart):
                said = provenance | {"wanted": script.kind, "repairs": repair}
                chart = replace(result, kind=result.kind or script.kind, topic=script.topic, provenance=said)
                self.drawn[chart.id] = key
                return [Drawn(chart=chart, about=script.about, depth=script.depth)]
            if repair == self.config.repairs:
                return [replace(result, stage="draw", inputs={**result.inputs, "code": code})]
            problem = _PLACE.sub("0x...", f"{result.reason}: {result.detail}" if result.detail else result.reason)
            reply = await self.writer.ask("draw", prompts.REPAIR, {"code": code, "problem": problem})
            if isinstance(reply, Dropped):
                return [reply]
            code, provenance = bare(reply.code), provenance | by(prompts.REPAIR, provenance)
        raise AssertionError("repairs is 0 or more")

    def _checked(self, code: str) -> dict[str, Any]:
        return packed(self.checks.chart(code))

    async def dedup_chart(self, item: Drawn, path: Path) -> list[Drawn | Dropped]:
        why = self.new("dedup charts", path, item.chart.id, item.chart, self.placed(item.chart))
        return [Dropped(stage="dedup charts", reason=why, inputs={"chart": item.chart.id}) if why else item]

    async def look(self, item: Drawn, path: Path) -> list[Drawn | Dropped]:
        """Asks a model that sees whether the picture is good."""
        why = await self.voted("look", prompts.LOOK, {}, item.chart, self.config.votes.images)
        return [why or item]

    async def questions(self, item: Drawn, path: Path) -> list[Posed | Dropped]:
        wanted = self.config.questions
        fields = {
            "code": item.chart.code,
            "audience": f" for this person: {item.about}" if item.about else "",
            "count": str(wanted.recognition + wanted.reasoning),
            "recognition": str(wanted.recognition),
            "reasoning": str(wanted.reasoning),
        }
        reply = await self.writer.ask("questions", prompts.QUESTIONS, fields)
        if isinstance(reply, Dropped):
            return [reply] * (wanted.recognition + wanted.reasoning)
        return [
            Posed(
                chart=item.chart,
                asked=Asked(
                    question=" ".join(draft.question.split()),
                    program=bare(draft.program),
                    second="",
                    kind=draft.kind,
                    stated=draft.stated.strip() or None,
                    explanation=draft.explanation,
                    unit=draft.unit,
                    provenance={"model": self.config.endpoint.model} | by(prompts.QUESTIONS),
                ),
            )
            for draft in reply.questions
        ]

    async def compose(self, item: Drawn, path: Path) -> list[Kept | Dropped]:
        """Questions whose words follow from a program over the table: no model has a part in them."""
        n = self.config.questions.composed
        key = key_of("compose", self.checks.version, item.chart.code, n)

        def work() -> list[dict[str, Any]]:
            made = self.checks.compose(item.chart, Draws("synthesis", item.chart.id), n)
            return [folded(kept) for kept in made]

        found = await self.worked(key, "compose", work)
        return [unfolded(row, item.chart) for row in found]

    async def rewrite(self, item: Posed, path: Path) -> list[Posed | Dropped]:
        """A share of the questions in other words; where those do not keep every number and name, the first words."""
        asked = item.asked
        if not Draws(self.config.seed, "rewrite", item.chart.id, asked.question).chance(self.config.questions.rewrite):
            return [item]
        reply = await self.writer.ask("rewrite", prompts.REWRITE, {"question": asked.question})
        if isinstance(reply, Dropped):
            return [item]
        new = " ".join(reply.question.split())
        before = asked.provenance | by(prompts.REWRITE, asked.provenance)
        if why := check_rewrite(asked.question, new, names_in(item.chart.data)):
            return [replace(item, asked=replace(asked, provenance=before | {"not rewritten": why}))]
        before |= {"rewritten from": asked.question}
        return [replace(item, asked=replace(asked, question=new, provenance=before))]

    async def second(self, item: Posed, path: Path) -> list[Posed | Dropped]:
        """A second program, from the question and the shape of the data alone."""
        fields = {
            "question": item.asked.question,
            "kind": item.asked.kind,
            "unit": f", in {item.asked.unit}" if item.asked.unit else "",
            "schema": outline(item.chart.data),
        }
        reply = await self.solver.ask("second", prompts.SECOND, fields)
        if isinstance(reply, Dropped):
            return [reply]
        return [replace(item, asked=replace(item.asked, second=bare(reply.program)))]

    async def verify(self, item: Posed, path: Path) -> list[Posed | Dropped]:
        """Whether execution bears the answer out."""
        kept = await self.verified("verify", item.chart, item.asked, alike=self.config.questions.blind)
        return [kept if isinstance(kept, Dropped) else replace(item, kept=kept)]

    async def blind(self, item: Posed, path: Path) -> list[Posed | Dropped]:
        """An answer from the table alone, by a model that sees no program: where it agrees, the tier is higher."""
        assert item.kept is not None
        unsaid: Posed | Dropped = item  # a solver that says nothing says nothing against it
        if item.kept.checks["alike"]:
            unsaid = Dropped(stage="blind", reason="both programs are one", detail="and no blind solver answers")
        table = json.dumps(item.chart.data, ensure_ascii=False)
        if len(table) > TABLE_CHARS:
            return [unsaid]
        unit = f" in {item.asked.unit}, without the unit" if item.asked.unit else ""
        fields = {"table": table, "question": item.asked.question, "unit": unit}
        reply = await self.solver.ask("blind", prompts.BLIND, fields)
        if isinstance(reply, Dropped):
            return [unsaid]
        asked = replace(item.asked, blind=reply.answer)
        kept = await self.verified("blind", item.chart, asked)
        return [kept if isinstance(kept, Dropped) else replace(item, asked=asked, kept=kept)]

    async def pair(self, item: Posed, path: Path) -> list[Posed | Dropped]:
        """Asks a model that sees whether question and answer fit the picture."""
        assert item.kept is not None
        fields = {"question": item.asked.question, "answer": json.dumps(item.kept.value, ensure_ascii=False)}
        why = await self.voted("pair", prompts.PAIR, fields, item.chart, self.config.votes.pairs)
        return [why or item]

    async def dedup_question(self, item: Posed | Kept, path: Path) -> list[Kept | Dropped]:
        kept = item if isinstance(item, Kept) else item.kept
        assert kept is not None
        row = self.placed(kept.chart) | {"kept": folded(kept)}
        why = self.new("dedup questions", path, key_of(kept.chart.id, kept.asked.question, kept.answer), kept, row)
        said = {"chart": kept.chart.id, "question": kept.asked.question}
        return [Dropped(stage="dedup questions", reason=why, inputs=said) if why else kept]

    async def verified(self, stage: str, chart: Chart, asked: Asked, alike: bool = False) -> Kept | Dropped:
        decided = asdict(replace(asked, provenance={}, explanation=""))
        key = key_of("check_question", self.checks.version, chart.code, decided, alike)

        def work() -> dict[str, Any]:
            result = self.checks.question(chart, asked, alike)
            return packed(result) if isinstance(result, Dropped) else {"kept": folded(result)}

        found = await self.worked(key, stage, work)
        if "kept" in found:
            return replace(unfolded(found["kept"], chart), asked=asked)
        result = unpacked(found)
        assert isinstance(result, Dropped)
        return replace(result, stage=stage, inputs={"chart": chart.id, "question": asked.question, **result.inputs})

    async def voted(
        self, stage: str, prompt: prompts.Prompt[prompts.Vote], fields: dict[str, Any], chart: Chart, votes: int
    ) -> Dropped | None:
        """Why a picture is voted down, or None. What does not parse is no vote in favour."""
        asked = [self.judge.ask(stage, prompt, fields, png=chart.png, sample=i) for i in range(votes)]
        said = await all_of(asked)
        good = sum(isinstance(vote, prompts.Vote) and vote.good for vote in said)
        if 2 * good > votes:
            return None
        against = next((vote.reason for vote in said if isinstance(vote, prompts.Vote) and not vote.good), "no vote")
        return Dropped(stage=stage, reason="voted down", detail=against[:500], inputs={"chart": chart.id} | fields)

    async def worked(self, key: str, stage: str, work: Callable[[], Any]) -> Any:
        """What a piece of work gives: from the journal, or done in a thread and journalled."""
        if (found := self.journal.done(key)) is None:
            if self.stop.all:
                raise Stopped(self.stop.why)
            found = await asyncio.get_running_loop().run_in_executor(self.threads, work)
            self.journal.keep(key, stage, found)
        return found

    def placed(self, chart: Chart) -> dict[str, Any]:
        """Where the journal has a chart, and what it does not say there: whence it came."""
        return {"chart": self.drawn[chart.id], "id": chart.id} | {name: getattr(chart, name) for name in WHENCE}

    def new(self, stage: str, path: Path, key: str, item: Chart | Kept, row: dict[str, Any]) -> str:
        """Why an item is not new, or "". What was judged once stays so: a run that goes on comes to the same items in
        another order, and would else pay for the other one of two that are alike. Of two that are the same to the
        letter the path says which is which."""
        key = key_of(stage, list(path), key)
        if (found := self.journal.done(key)) is None:
            found = {"why": self.memory.seen(item), **row}
            self.journal.keep(key, stage, found)
        return str(found["why"])


def by(prompt: prompts.Prompt[Any], before: dict[str, Any] | None = None) -> dict[str, Any]:
    """The prompts behind an item, this one last."""
    return {"prompts": [*(before or {}).get("prompts", []), f"{prompt.name}/{prompt.version}"]}
