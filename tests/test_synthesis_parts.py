"""The parts of synthesis by themselves: replies become values, the journal survives a cut anywhere, accounts add up."""

import asyncio
import json
import random
from collections import Counter
from hashlib import blake2b
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from envs.convert import ConfigError
from envs.logs import Log, read
from envs.synthesis.config import load
from envs.synthesis.items import Dropped
from envs.synthesis.pipelines import prompts
from envs.synthesis.pipelines.engine import Engine, Stage, Stop, Stopped
from envs.synthesis.pipelines.journal import Journal, JournalError, key_of
from envs.synthesis.pipelines.prompts import PROMPTS, Code, Data, Drafts, Idea, Topics
from envs.synthesis.pipelines.replies import Malformed, parse, schema_of
from envs.synthesis.pipelines.texts import bare, outline, with_data

TYPES = (Code, Idea, Topics, Data, Drafts, prompts.Vote)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


# --- replies


@given(st.text() | JSON.map(json.dumps) | st.builds("{}{}".format, st.text(max_size=5), JSON.map(json.dumps)))
def test_whatever_a_reply_holds_it_is_a_value_of_the_type_or_one_line_that_says_why(text):
    for hint in TYPES:
        try:
            assert isinstance(parse(text, hint), hint)
        except Malformed as error:
            assert 0 < len(str(error)) <= 300 and "\n" not in str(error)


@pytest.mark.parametrize(
    "text", ["{" * 300_000, '{"a":' * 60_000, "[" * 300_000, '{"code": ' + "9" * 9999 + "}", "x" * 10**6]
)
def test_hostile_replies_are_malformed_and_soon(text):
    with pytest.raises(Malformed):
        parse(text, Code)


@given(st.builds(Topics, topics=st.lists(st.builds(prompts.Topic, topic=st.text(), title=st.text()), max_size=3)))
def test_a_value_is_found_again_bare_or_in_prose_with_keys_nobody_asked_for(value):
    said = json.dumps({"topics": [vars(topic) | {"note": 1} for topic in value.topics], "more": {}})
    for text in (said, f"Here you are:\n```json\n{said}\n```\nAnything else?", f"<think>{{}} hm</think>{said}"):
        try:
            assert parse(text, Topics) == value
        except Malformed as error:
            assert "surrogate" in str(error)  # half a character


def test_malformed_replies_are_told_what_is_wrong():
    for text, words in (
        ("", "empty"),
        ("no", "no JSON object"),
        ('{"topics": [{"topic": "a"}]}', "topics[0].title is missing"),
        ('{"topics": "none"}', "topics must be a list"),
        ('{"topics": [', "not JSON"),
        ('{"topics": NaN}', "NaN"),
        ('{"topics": [{"topic": "\\ud800", "title": "b"}]}', "surrogate"),
    ):
        with pytest.raises(Malformed) as caught:
            parse(text, Topics)
        assert words in str(caught.value), text


def test_code_may_come_in_a_block_and_every_schema_is_strict():
    assert parse("Sure:\n```python\nx = {}['a']\n```", Code) == Code(code="x = {}['a']")
    assert bare("```python\nx = 1\n```") == "x = 1" and bare("x = 1\n") == "x = 1\n"

    def objects(schema):
        if schema.get("type") == "object":
            yield schema
        for inner in [*schema.get("properties", {}).values(), *schema.get("anyOf", []), schema.get("items")]:
            if inner:
                yield from objects(inner)

    for prompt in PROMPTS:
        for each in objects(schema_of(prompt.reply)):
            assert each["required"] == list(each["properties"]) and each["additionalProperties"] is False


def test_data_is_put_before_a_script_and_only_its_shape_is_shown():
    data = {"title": "T", "town": ["Oslo", "Lima"], "n": [3, 47], "more": [{"a": 1.5}]}
    space = {}
    exec(with_data(data, "import math\nDATA = {'x': [1]}\n\ndef render(data):\n    return math.pi\n"), space)
    assert space["DATA"] == data and space["render"](0) > 3
    shown = outline(data)
    assert "'town': list of 2, such as 'Oslo'" in shown and "47" not in shown and "1.5" not in shown


# --- prompts

VERSIONS = {
    "invent/1": "59d9979b",
    "evolve/1": "2c780e64",
    "repair/1": "212a67c4",
    "topics/1": "2c39a506",
    "data/1": "d3cc129e",
    "code/1": "e615b865",
    "questions/1": "94662919",
    "second/1": "0cda632c",
    "blind/1": "afc19c8f",
    "rewrite/1": "02807805",
    "look/1": "ffb67d5d",
    "pair/1": "04f9a22f",
    "again/1": "61372572",
}  # digests of prompts and of what they ask for


def test_no_prompt_changes_without_its_version():
    now = {
        f"{p.name}/{p.version}": blake2b((p.text + json.dumps(schema_of(p.reply))).encode(), digest_size=4).hexdigest()
        for p in PROMPTS
    }
    assert now == VERSIONS, "words changed: raise the prompt's version, then write its digest here"


# --- config


@pytest.mark.parametrize(
    ("override", "words"),
    [
        ("endpoint.rmp=3", "unknown key 'endpoint.rmp'; did you mean 'rpm'?"),
        ("pipeline=cosin", "did you mean 'cosyn'?"),
        ("reachqa.evolve.directions=[date]", "did you mean 'data'?"),
        ("budget.money=3", "price_in"),
        ("endpoint.concurrency=0", "more than 0"),
        ("endpoint.base_url=localhost:8000", "no address"),
        ("questions.rewrite=2", "from 0 to 1"),
        ("endpoint.timeout=soon", "must be a number"),
        ("solver={base_url: 'http://x'}", "solver.model is missing"),
    ],
)
def test_a_mistake_in_a_config_is_one_line_that_names_the_mend(override, words):
    with pytest.raises(ConfigError) as caught:
        load("configs/synthesis/reachqa.yaml", [override])
    assert words in str(caught.value) and "\n" not in str(caught.value)


# --- the journal


def row(n):
    return {"text": f"reply {n} é\n", "finish": "stop", "prompt_tokens": n, "tokens": 2 * n, "money": n / 8} | {
        "estimated": False,
        "unanswered": 0,
    }


def filled(folder):
    """A journal with seven replies, one failure, one request cut off, and one thing worked out."""
    journal = Journal(folder)
    keys = [key_of("k", n) for n in range(9)]
    for n, key in enumerate(keys):
        journal.send(key)
        if n == 3:
            journal.send(key)
            journal.fail(key, "no", 1)
        elif n != 6:
            journal.settle(key, row(n))
    journal.keep(key_of("w"), "draw", {"chart": 1})
    return journal, keys


def test_what_a_journal_was_told_another_one_knows(tmp_path):
    journal, keys = filled(tmp_path)
    with pytest.raises(JournalError, match="another run is at work"):
        Journal(tmp_path)
    journal.close()
    again = Journal(tmp_path)
    assert [n for n, key in enumerate(keys) if again.reply(key)] == [0, 1, 2, 4, 5, 7, 8]
    assert again.reply(keys[4])["text"] == "reply 4 é\n"
    spent = again.spent
    assert (spent.requests, spent.replies, spent.failed, spent.unanswered, spent.cut_off) == (10, 7, 1, 1, 1)
    assert (spent.prompt_tokens, spent.tokens, spent.money) == (27, 54, 27 / 8)
    assert again.done(key_of("w")) == {"chart": 1} and list(again.worked("draw")) == [{"chart": 1}]
    assert list(again.worked("dra")) == []
    again.close()


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.integers(0, 3))
def test_a_journal_cut_at_any_byte_holds_all_that_was_whole_and_goes_on(tmp_path_factory, at, more):
    folder = tmp_path_factory.mktemp("journal")
    journal, keys = filled(folder)
    journal.close()
    file = folder / "asked.jsonl"
    whole = file.read_bytes()
    cut = whole[: at % (len(whole) + 1)]
    file.write_bytes(cut)
    lines = [json.loads(line) for line in cut.split(b"\n")[:-1]]
    again = Journal(folder)
    assert again.spent.replies == sum("key" in line for line in lines)
    settled = sum(line.get("sends", 0) for line in lines)
    assert again.spent.cut_off == sum("sent" in line for line in lines) - settled
    for n in range(more):
        again.send(key_of("new", n))
        again.settle(key_of("new", n), row(n))
    again.close()
    last = Journal(folder)
    assert last.spent.replies == again.spent.replies and all(last.reply(key_of("new", n)) for n in range(more))
    assert all((last.reply(key) or row(n)).items() >= row(n).items() for n, key in enumerate(keys))
    last.close()


def test_a_file_that_is_no_journal_is_named(tmp_path):
    for text in ("hello\n", '{"key": "0123"}\n', "[1]\n", '{"failed": 3}\n'):
        (tmp_path / "asked.jsonl").write_text(text)
        with pytest.raises(JournalError, match=r"asked\.jsonl"):
            Journal(tmp_path)


@given(st.text(st.characters(codec=None)) | st.sampled_from(["\ud800", "a\udfff"]))
def test_whatever_a_log_is_told_it_says_again(tmp_path_factory, text):
    path = tmp_path_factory.mktemp("log") / "x.jsonl"
    log = Log(path)
    log.write({"text": text})
    log.close()
    assert list(read(path)) == [{"text": text}]
    assert "\ud800" not in prompts.REWRITE.said({"question": text + "\ud800"})


# --- the engine


def graph(seed, stop_after=None):
    """Random stages, one after the other with a way back, that drop, fall short, overdo, fail and are stopped."""
    chance, stop, worked = random.Random(seed), Stop(), Counter()
    names = [f"s{i}" for i in range(chance.randint(1, 5))]

    def stage(name, i):
        fan = chance.choice([1, 1, 2])
        dice = random.Random(f"{seed}/{name}")

        async def work(item, path):
            await asyncio.sleep(dice.random() / 1000)
            worked[name] += 1
            if stop_after is not None and worked.total() >= stop_after:
                stop.set("enough")
            if stop.why:
                raise Stopped
            fate = dice.random()
            if fate < 0.1:
                raise RuntimeError("of our own")
            n = fan + (fate < 0.2) - (fate > 0.9)
            return [Dropped(stage=name, reason=f"r{k % 2}") if dice.random() < 0.2 else item + 1 for k in range(n)]

        def then(item):
            return names[i + 1 : i + 2] + ([names[0]] if i == 2 and item < 5 else [])

        return Stage(name=name, work=work, then=then, fan=fan)

    return [stage(name, i) for i, name in enumerate(names)], stop


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.none() | st.integers(1, 40))
def test_at_every_stage_asked_is_kept_and_dropped_by_reason_and_left(seed, stop_after):
    stages, stop = graph(seed, stop_after)
    ended, lost = [], Counter()
    engine = Engine(
        stages,
        stop,
        together=3,
        on_drop=lambda path, dropped: lost.update([dropped.stage]),
        on_done=lambda path, item: ended.append(path),
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("builtins.print", lambda *_, **__: None)
        asyncio.run(engine.run(enumerate([0] * 6), "s0"))
    counts = engine.counts
    for stage in stages:
        count = counts[stage.name]
        assert count.asked == stage.fan * count.came
        assert count.asked == count.kept + count.dropped.total() + count.left and count.under_way == 0
        assert count.left == 0 or stop.why
    assert sum(count.dropped.total() for count in counts.values()) == lost.total()
    for before, after in pairwise(stages[1:]):
        assert counts[after.name].came == counts[before.name].kept
    assert len(ended) == len(set(ended))
    if len(stages) != 3:  # there some of the last stage go round again
        assert len(ended) == counts[stages[-1].name].kept


def test_only_so_many_trees_are_in_the_making():
    under_way, most = 0, 0

    async def work(item, path):
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0.001)
        under_way -= 1
        return [item]

    engine = Engine([Stage(name="a", work=work)], Stop(), together=4)
    asyncio.run(engine.run(enumerate(range(40)), "a"))
    assert most == 4 and engine.counts["a"].kept == 40


def test_a_fatal_error_ends_the_run_as_itself():
    async def work(item, path):
        raise JournalError("the disk is full")

    engine = Engine([Stage(name="a", work=work)], Stop(), together=4, fatal=(JournalError,))
    with pytest.raises(JournalError, match="full"):
        asyncio.run(engine.run(enumerate(range(9)), "a"))
    engine.abandon()
    count = engine.counts["a"]
    assert count.asked == count.left and count.kept == 0
