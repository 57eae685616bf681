"""Asking an endpoint, over real HTTP: whatever the server does, each request is paid for once and its end is known."""

import asyncio
import json
import threading
import time

import pytest
from scripted_model import Model, serving

from envs import endpoint as rules
from envs.synthesis.config import Budget, Endpoint
from envs.synthesis.items import Dropped
from envs.synthesis.pipelines import prompts
from envs.synthesis.pipelines.asking import Asker, Purse
from envs.synthesis.pipelines.client import Client, EndpointError
from envs.synthesis.pipelines.engine import Stop, Stopped
from envs.synthesis.pipelines.journal import Journal

FIELDS = [{"question": f"How many boats has port {n}?"} for n in range(12)]


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(rules, "BACKOFF", 0.01)


class Asked:
    """What came of asking all FIELDS (or `fields`) at once."""

    def __init__(self, url, folder, fields=None, budget=None, reasks=2, stop_when=lambda: None, **keys):
        self.fields, self.budget, self.reasks = fields or FIELDS, budget or Budget(), reasks
        self.stop_when = stop_when
        self.endpoint = Endpoint(base_url=url, model="scripted", **{"temperature": 0.0, "max_tokens": 100, **keys})
        self.journal = Journal(folder)
        try:
            asyncio.run(self.go())
        finally:
            self.journal.close()
        self.spent = self.journal.spent

    async def go(self):
        self.stop = Stop()
        async with Client(self.endpoint, self.stop.sleep) as client:
            await client.check()
            asker = Asker(client, self.journal, Purse(self.budget, self.journal, self.stop), self.stop, 0, self.reasks)
            asks = [asker.ask("rewrite", prompts.REWRITE, fields) for fields in self.fields]
            self.found = await asyncio.gather(*asks, self.stops(), return_exceptions=True)
            self.found.pop()
            self.malformed = asker.malformed
        for each in self.found:
            if isinstance(each, Exception) and not isinstance(each, Stopped):
                raise each

    async def stops(self):
        if stopped := await asyncio.to_thread(self.stop_when):
            self.stop.set("stopped")
            stopped.set()

    def count(self, kind):
        return sum(isinstance(each, kind) for each in self.found)


def test_every_reply_is_paid_for_once_also_by_those_who_ask_alike(tmp_path):
    model = Model(seconds=0.02)
    with serving(model) as url:
        first = Asked(url, tmp_path, fields=FIELDS + FIELDS)
        again = Asked(url, tmp_path)
        assert len(model.bodies) == 12 and first.found == again.found * 2
        assert first.found[3].question == "Look at the figure: how many boats has port 3?"
        Asked(url, tmp_path, temperature=0.5)  # other settings are another question
        assert len(model.bodies) == 24
    assert again.spent.requests == 12 and again.spent.tokens > 0 and not again.spent.cut_off


def test_busy_absent_and_broken_servers_are_asked_again_and_survived(tmp_path):
    faults = ["busy"] * 20 + ["away"] * 4 + ["cut"] * 3
    model = Model(lambda wanted, text, again: faults.pop() if faults else "")
    with serving(model) as url:
        asked = Asked(url, tmp_path, concurrency=4, attempts=4)
    assert asked.count(prompts.Rewritten) == 12 and len(model.bodies) == 39
    assert (asked.spent.requests, asked.spent.replies, asked.spent.unanswered) == (39, 12, 3)
    assert asked.spent.cut_off == asked.spent.failed == 0


def test_a_busy_server_is_left_alone_by_all_for_as_long_as_it_says(tmp_path):
    class Busy(Model):
        def reply(self, body, headers):
            status, headers, text = super().reply(body, headers)
            return status, ({"Retry-After": "0.5"} if status == 429 else {}), text

    faults = ["busy"]
    model = Busy(lambda wanted, text, again: faults.pop() if faults else "")
    with serving(model) as url:
        Asked(url, tmp_path, concurrency=1)
    first, second = sorted(model.times)[:2]
    assert second - first >= 0.5


def test_what_does_not_parse_is_asked_again_with_the_error_and_then_dropped(tmp_path):
    once = Model(lambda wanted, text, again: "" if again else "malformed")
    with serving(once) as url:
        asked = Asked(url, tmp_path / "once")
    assert asked.count(prompts.Rewritten) == 12 and asked.malformed == {"rewrite": 12}
    said = once.bodies[-1]["messages"]
    assert [message["role"] for message in said] == ["user", "assistant", "user"]
    assert "not JSON" in json.dumps(said[2]) and "I would rather not" in json.dumps(said[1])

    for fault in ("malformed", "deep"):
        never = Model(lambda wanted, text, again, fault=fault: fault)
        with serving(never) as url:
            asked = Asked(url, tmp_path / fault, fields=FIELDS[:2])
            assert [each.reason for each in asked.found] == ["malformed reply"] * 2
            assert len(never.bodies) == 6 == asked.spent.replies  # they were paid for, and are not asked again:
            assert Asked(url, tmp_path / fault, fields=FIELDS[:2]).found == asked.found and len(never.bodies) == 6


def test_a_request_that_no_trying_helps_is_dropped_and_asked_by_the_next_run(tmp_path):
    model = Model(lambda wanted, text, again: "refused" if "port 3" in text else "")
    with serving(model) as url:
        asked = Asked(url, tmp_path)
        assert [each.reason for each in asked.found if isinstance(each, Dropped)] == ["no reply"]
        assert asked.spent.failed == 1 and len(model.bodies) == 12
        model.spoil = lambda wanted, text, again: ""
        assert Asked(url, tmp_path).count(prompts.Rewritten) == 12 and len(model.bodies) == 13


def test_a_reply_of_many_megabytes_is_no_reply(tmp_path):
    model = Model(lambda wanted, text, again: "huge")
    with serving(model) as url:
        asked = Asked(url, tmp_path, fields=FIELDS[:1])
    assert asked.found[0].reason == "no reply" and "bytes" in asked.found[0].detail


def test_a_server_that_answers_nothing_any_more_ends_the_run(tmp_path):
    model = Model(lambda wanted, text, again: "away")
    with serving(model) as url, pytest.raises(EndpointError, match="in a row failed"):
        Asked(url, tmp_path, concurrency=2, attempts=1)
    with pytest.raises(EndpointError, match="cannot reach"):
        Asked("http://127.0.0.1:9/v1", tmp_path)


def test_a_slow_server_is_given_up_after_the_timeout_and_may_be_paid(tmp_path):
    with serving(Model(seconds=1)) as url:
        asked = Asked(url, tmp_path, fields=FIELDS[:2], timeout=0.1, attempts=2)
    assert [each.detail for each in asked.found] == ["no answer in 0.1 s"] * 2
    assert (asked.spent.unanswered, asked.spent.requests, asked.spent.cut_off) == (4, 4, 0)


def test_what_a_server_refuses_is_left_out_or_said_otherwise(tmp_path):
    class Old(Model):
        def reply(self, body, headers):
            if "max_tokens" in body:
                return 400, {}, '{"error": "max_tokens is not supported, use max_completion_tokens"}'
            return super().reply(body, headers)

    model = Old(refuses=["response_format", "seed", "temperature"])
    with serving(model) as url:
        assert Asked(url, tmp_path / "a").count(prompts.Rewritten) == 12
        for body in model.bodies:
            assert set(body) == {"model", "messages", "max_completion_tokens"}
            assert "JSON schema" in body["messages"][0]["content"]
        strict = Asked(url, tmp_path / "b", structured="schema")
        assert strict.count(Dropped) == 12 and "response_format" in strict.found[0].detail


def test_the_key_is_sent_and_a_refused_one_ends_the_run(tmp_path, monkeypatch):
    with serving(Model(key="secret")) as url:
        with pytest.raises(EndpointError, match="refuses"):
            Asked(url, tmp_path / "a", key="MY_KEY")
        monkeypatch.setenv("MY_KEY", "secret")
        assert Asked(url, tmp_path / "b", key="MY_KEY").count(prompts.Rewritten) == 12
    assert "secret" not in (tmp_path / "b" / "asked.jsonl").read_text()


def test_pace_and_concurrency_are_kept(tmp_path):
    model = Model(seconds=0.05)
    started = time.monotonic()
    with serving(model) as url:
        Asked(url, tmp_path, concurrency=3, rpm=1200)
    assert model.most <= 3
    assert max(model.times) - started >= 0.05 * 11


@pytest.mark.parametrize("usage", [True, False])
def test_no_budget_is_overstepped_and_the_rest_is_asked_once_there_is_more(tmp_path, usage):
    model = Model(seconds=0.005, usage=usage)
    with serving(model) as url:
        prices = {"price_in": 1000.0, "price_out": 1000.0, "concurrency": 8}
        first = Asked(url, tmp_path, budget=Budget(money=0.9), **prices)
        spent = sum(len(body["messages"][0]["content"]) // 4 for body in model.bodies) / 1000
        assert 0 < spent <= first.spent.money <= 0.9
        assert 0 < first.count(prompts.Rewritten) < 12 and "budget of 0.9" in first.stop.why
        assert first.count(prompts.Rewritten) + first.count(Stopped) == 12
        second = Asked(url, tmp_path, budget=Budget(tokens=10**6), **prices)
        assert second.count(prompts.Rewritten) == 12 == len(model.bodies)
        assert second.spent.estimated == (0 if usage else 12)
        nothing = Asked(url, tmp_path / "b", budget=Budget(tokens=50), **prices)
        assert nothing.count(Stopped) == 12 == len(model.bodies)


def test_a_stop_lets_what_is_under_way_come_to_its_end_and_begins_nothing(tmp_path):
    model, two, stopped = Model(), threading.Barrier(3), threading.Event()

    def strike(wanted):
        two.wait(60)  # both are under way, and the run is stopped before either is answered
        stopped.wait(60)

    def stop_when():
        two.wait(60)
        return stopped

    model.strike = strike
    with serving(model) as url:
        asked = Asked(url, tmp_path, concurrency=2, stop_when=stop_when)
        assert asked.count(prompts.Rewritten) == 2 == len(model.bodies) and asked.count(Stopped) == 10
    assert (asked.spent.requests, asked.spent.replies, asked.spent.cut_off) == (2, 2, 0)
