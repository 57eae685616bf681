"""Phrasings from a file: checked to ask the same, and part of the address, so that a problem stays a function of it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from envs import Address, AddressError, make
from envs.curriculum import make_curriculum
from envs.phrasings import GRAMMAR, PhrasingError, fault, open_phrasings
from envs.problem import draw, word
from envs.registry import QUESTIONS, cells
from envs.stream import Stream
from rewards import score

cells()
EVERY = sorted(QUESTIONS)
MINE = {"is_beyond": ["Tell me, does {name} have a {measure} {side} {cut}{where}?{yes}"]}


def write(folder: Path, held: Any, name: str = "mine.json") -> Path:
    path = folder / name
    path.write_text(json.dumps(held), encoding="utf-8")
    return path


@given(st.sampled_from(EVERY), st.integers(0, 20))
@settings(max_examples=300, deadline=None)
def test_other_words_about_the_same_slots_are_taken_and_a_lost_slot_is_not(name: str, pick: int) -> None:
    question = QUESTIONS[name]
    text = question.phrasings[pick % len(question.phrasings)]
    reworded = "Now, " + text if not text.startswith("{In}") else f"{text} Mind the axis."
    assert fault(reworded, question) == ""
    slots = [slot for slot in re.findall(r"\{(\w+)\}", text) if slot not in GRAMMAR]
    for slot in set(slots):
        lost = reworded.replace(f"{{{slot}}}", "")
        others = [set(re.findall(r"\{(\w+)\}", other)) - GRAMMAR for other in question.phrasings + question.held_out]
        if set(slots) - {slot} not in others:  # some phrasings do without
            assert fault(lost, question)


@pytest.mark.parametrize(
    ("text", "mend"),
    [
        ("Is {name} {side} {cut}{where} in {measure}? {yes}", "without a space"),
        ("Is {name} {side}{cut}{where} in {measure}?{yes}", "after a space"),
        ("Is {name} {side} 30{where} in {measure}?{yes}", "{cut} is missing"),
        ("Is {name} {side} {cut}{where} in {measure} by 5?{yes}", "'5' is a number"),
        ("Is {name} {side} twice {cut}{where} in {measure}?{yes}", "'twice' is a number"),
        ("Is {nam} {side} {cut}{where} in {measure}?{yes}", "did you mean 'name'"),
        ("Is {name} {side} {cut{where} in {measure}?{yes}", "{"),
        ("Is {name}} {side} {cut}{where} in {measure}?{yes}", "}"),
        ("Is {{name}} {name} {side} {cut}{where} in {measure}?{yes}", "opens no slot"),
        ("Is {name!r} {side} {cut}{where} in {measure}?{yes}", "bare"),
        ("Is {name}  {side} {cut}{where} in {measure}?{yes}", "single spaces"),
        (QUESTIONS["is_beyond"].held_out[0], "already"),
        (7, "in quotes"),
    ],
)
def test_a_phrasing_that_asks_something_else_is_refused_in_one_line(tmp_path: Path, text: Any, mend: str) -> None:
    path = write(tmp_path, {**MINE, "mean": ["Over all {nouns}, the average {measure}{where}?{rounding}"]})
    open_phrasings(path)
    path = write(tmp_path, {"is_beyond": [*MINE["is_beyond"], text]})
    with pytest.raises(PhrasingError) as caught:
        open_phrasings(path)
    said = str(caught.value)
    assert mend in said and str(path) in said and "is_beyond, phrasing 2" in said and "\n" not in said


@pytest.mark.parametrize(
    ("held", "mend"),
    [
        ({"is_beyondd": ["?"]}, "'is_beyond'"),
        ({"is_beyond": "?"}, "list"),
        ({"is_beyond": []}, "list"),
        ([], "object"),
    ],
)
def test_a_file_of_another_form_is_refused_in_one_line(tmp_path: Path, held: Any, mend: str) -> None:
    with pytest.raises(PhrasingError, match=mend):
        open_phrasings(write(tmp_path, held))
    with pytest.raises(PhrasingError, match="nowhere"):
        open_phrasings(tmp_path / "nowhere.json")


@given(st.integers(0, 10**6), st.integers(0, 12))
@settings(max_examples=60, deadline=None)
def test_a_file_changes_the_words_and_nothing_else(tmp_path_factory: Any, seed: int, level: int) -> None:
    found = open_phrasings(write(tmp_path_factory.mktemp("words"), MINE))
    plain = Address("topic_bar", "is_beyond", level, seed)
    worded = Address.parse(f"{plain}?words={found.key}")
    mine, other = draw(worded), draw(plain)
    assert (mine.ask, mine.view) == (other.ask, other.view)
    text, place, held_out = word(mine)
    question = QUESTIONS["is_beyond"]
    assert not held_out
    if text.startswith("Tell me"):
        assert place == len(question.phrasings) + len(question.held_out)
        assert (mine.ask.slots or {})["cut"] in text
    else:
        assert place < len(question.phrasings)


def test_an_address_that_names_a_file_is_a_problem_like_any_other(tmp_path: Path) -> None:
    found = open_phrasings(write(tmp_path, MINE))
    texts = set()
    for seed in range(40):
        address = Address("topic_bar", "is_beyond", 0, seed, words=found.key)
        assert Address.parse(str(address)) == address
        problem = make(address)
        texts.add(problem.meta["phrasing"])
        assert score(problem.solution, problem.answer).correct
    assert len(texts) == 6  # all of its own, and that of the file
    with pytest.raises(PhrasingError, match="open_phrasings"):
        make("topic_bar/is_beyond/0/1?words=mine:00000000")
    with pytest.raises(AddressError, match="test problems"):
        Address.parse(f"test:topic_bar/is_beyond/0/1?words={found.key}")


def test_toml_is_read_alike_and_a_changed_file_is_another(tmp_path: Path) -> None:
    one = open_phrasings(write(tmp_path, MINE))
    toml = tmp_path / "mine.toml"
    toml.write_text(f"is_beyond = [{MINE['is_beyond'][0]!r}]\n", encoding="utf-8")
    assert open_phrasings(toml).key == one.key
    assert open_phrasings(f"{toml}#{one.digest8}").key == one.key
    write(tmp_path, {"is_beyond": ["Say, is {name} {side} {cut} in {measure}{where}?{yes}"]})
    with pytest.raises(PhrasingError, match="has changed"):
        open_phrasings(f"{tmp_path / 'mine.json'}#{one.digest8}")


def test_a_stream_asks_in_them_from_its_workers(tmp_path: Path) -> None:
    path = write(tmp_path, MINE)
    keys = {"mode": "uniform", "levels": 1, "cells": ["topic_bar/is_beyond"], "words": open_phrasings(path).key}
    with Stream(make_curriculum(keys), 12, workers=1, phrasings=str(path)) as stream:
        found = stream.problems(0, range(12))
    assert any(problem.question.startswith("Tell me") for problem in found.values())
