"""Several panels: what is asked of them is worked out anew from what the readers see, panel by panel."""

from __future__ import annotations

import math
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from envs import AddressError, cells, make
from envs.address import Address
from envs.problem import Draft, draw, word
from envs.readers import read
from envs.readers.tape import record
from envs.views_whole import Panels

ASKED = [cell.question for cell in cells() if cell.family == "panels" and cell.view == "Panels"]


def _seen(draft: Draft) -> dict[str, dict[str, float]]:
    """Values by name, by panel."""
    tape, found = record(draft.sheet), {}
    for panel, cell in zip(draft.figure.panels, draft.figure.cells(), strict=True):
        part = tape.within(cell)
        facts = read(type(panel.marks).__name__, part).facts
        assert panel.tag in {word.string for word in part.words}
        found[panel.tag] = {key[0]: fact.value for key, fact in facts.items()}
    return found


def _second_answer(draft: Draft, text: str) -> object:
    seen = _seen(draft)
    tags = re.findall(r"\b[Pp]anels? ([A-F])\b|\band ([A-F])\b", text)
    tags = [a or b for a, b in tags]
    names = [n for n in sorted(next(iter(seen.values())), key=len, reverse=True) if re.search(rf"\b{n}\b", text)]
    names.sort(key=text.index)
    match draft.question.name:
        case "panel_count":
            return len(seen)
        case "panel_of_chart":
            chart = "pie" if "pie" in text else "bar"
            tape = record(draft.sheet)
            curved = {
                panel.tag: any(stroke.curved for stroke in tape.within(cell).strokes)
                for panel, cell in zip(draft.figure.panels, draft.figure.cells(), strict=True)
            }
            return next(tag for tag in curved if curved[tag] == (chart == "pie"))
        case "panel_of_subject":
            tape = record(draft.sheet)
            for panel, cell in zip(draft.figure.panels, draft.figure.cells(), strict=True):
                top = max((w for w in tape.within(cell).words if w.string != panel.tag), key=lambda w: w.box[3])
                if re.search(rf"\b{re.escape(top.string)}\b", text):
                    return panel.tag
        case "panel_of_largest":
            return max(seen, key=lambda tag: seen[tag][names[0]])
        case "sum_over_panels":
            return sum(values[names[0]] for values in seen.values())
        case "difference_across_panels":
            one, other = sorted((seen[tag][names[0]] for tag in tags), reverse=True)
            return one - other
        case "panels_where_more":
            return sum(values[names[0]] > values[names[1]] for values in seen.values())
        case "same_leader":
            return len({max(seen[tag], key=lambda name: seen[tag][name]) for tag in tags}) == 1
    raise AssertionError(draft.question.name)


@given(st.sampled_from(ASKED), st.integers(0, 13), st.integers(0, 2**40), st.sampled_from([(448, 448), (640, 360)]))
@settings(max_examples=150, deadline=None)
def test_a_second_independent_answer_agrees(question: str, level: int, seed: int, size: tuple[int, int]) -> None:
    draft = draw(Address("panels", question, level, seed, False, *size))
    assert isinstance(draft.view, Panels)
    expected, answer = _second_answer(draft, word(draft)[0]), draft.ask.answer.to_json()
    if isinstance(expected, float):
        tolerance = max(answer.get("abs_tol") or 0.0, 0.01 * expected)
        assert math.isclose(answer["value"], expected, abs_tol=tolerance)
    else:
        assert answer["value"] == expected


def test_small_pictures_are_refused_in_one_line() -> None:
    with pytest.raises(AddressError, match="at least 320 pixels"):
        make("panels/count/0/1?px=224x224")


def test_panels_do_not_share_a_letter_and_questions_say_which_panel_is_meant() -> None:
    for seed in range(30):
        draft = draw(Address("panels", "kth_largest", seed % 10, seed))
        tags = [panel.tag for panel in draft.figure.panels]
        assert len(set(tags)) == len(tags) and f"panel {tags[draft.view.panel]}" in word(draft)[0]
