"""Problems as a run keeps them, for tests of what comes out: real seeds, drawn in the sandbox, their answers proven."""

from __future__ import annotations

from dataclasses import replace

from envs.address import Draws
from envs.sandbox import Sandbox
from envs.synthesis.items import Asked, Chart, Dropped, Kept
from envs.synthesis.proof.compose import compose_questions
from envs.synthesis.proof.contract import check_chart
from envs.synthesis.proof.verify import check_question
from envs.synthesis.seeds import seeds

# seed: question, kind, two programs, what a blind solver says, if it is asked
ASKED: dict[str, list[tuple[str, str, str, str, object]]] = {
    "bar_annotated": [
        (
            "How many medals did class 8A win?",
            "number",
            'return data["medals"][data["class"].index("8A")]',
            'return dict(zip(data["class"], data["medals"]))["8A"]',
            23,
        ),
        (
            "Which class won the most medals?",
            "label",
            'return max(zip(data["medals"], data["class"]))[1]',
            'return data["class"][data["medals"].index(max(data["medals"]))]',
            None,
        ),
        (
            "How many medals did class 6B win?",
            "number",
            'return data["medals"][data["class"].index("6B")]',
            'return data["medals"][data["class"].index("6A")]',
            None,
        ),
    ],
    "pie_donut": [
        (
            "How many pupils come by bus?",
            "number",
            'return data["pupils"][data["way"].index("Bus")]',
            'return dict(zip(data["way"], data["pupils"]))["Bus"]',
            214,
        ),
        (
            "Do more pupils come by tram than by car?",
            "boolean",
            'pupils = dict(zip(data["way"], data["pupils"]))\n    return pupils["Tram"] > pupils["Car"]',
            'at = data["way"].index\n    return data["pupils"][at("Tram")] > data["pupils"][at("Car")]',
            None,
        ),
    ],
}


def written() -> tuple[list[Kept], list[Dropped]]:
    """What a run over two seeds keeps, of all three tiers, and what it drops."""
    kept: list[Kept] = []
    dropped: list[Dropped] = []
    by_name = {seed.name: seed for seed in seeds()}
    with Sandbox() as sandbox:
        for name, questions in ASKED.items():
            chart = check_chart(by_name[name].code, sandbox)
            assert isinstance(chart, Chart), chart
            whence = {"pipeline": "reachqa", "seed": name, "parents": [], "model": "scripted"}
            chart = replace(chart, topic=by_name[name].topic, kind=by_name[name].minor, provenance=whence)
            kept += compose_questions(chart, Draws("tests", name), 3)
            for question, kind, program, second, blind in questions:
                asked = Asked(
                    question=question,
                    program=f"def answer(data):\n    {program}",
                    second=f"def answer(data):\n    {second}",
                    kind=kind,
                    blind=blind,
                    explanation="Read off the chart.",
                )
                result = check_question(chart, asked, sandbox)
                (kept if isinstance(result, Kept) else dropped).append(result)  # type: ignore[arg-type]
        for code in (
            "DATA = {}\nx = 1 / 0\n",
            "def (",
            "import socket\nDATA = {'a': [1, 2]}\ndef render(data): pass\n",
        ):
            lost = check_chart(code, sandbox)
            assert isinstance(lost, Dropped)
            dropped.append(replace(lost, stage="draw"))
    dropped.append(replace(dropped[0], stage="dedup charts", reason="image seen before", inputs={"chart": chart.id}))
    return kept, dropped
