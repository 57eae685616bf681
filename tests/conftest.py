"""What the tests of evaluations share: ten small test problems and a config that asks them; a cache for data sets."""

import json
import os
from functools import cache

import pytest

os.environ.setdefault("HF_HUB_OFFLINE", "1")  # nothing here comes from a hub


@cache
def sandbox_refused() -> str:
    """Why this machine cannot hold scripts; "" where it can."""
    from envs.sandbox import Sandbox, SandboxError

    try:
        with Sandbox():
            return ""
    except SandboxError as error:
        return str(error)


def pytest_runtest_setup(item: pytest.Item) -> None:
    # Under CI a missing layer is an error, as for anybody who would run scripts.
    if item.get_closest_marker("sandbox") and "CI" not in os.environ and (why := sandbox_refused()):
        pytest.skip(why)


PROMPT = "{question}\nPut the final answer in \\boxed{}."
ADDRESSES = [f"test:{cell}/{level}/{level}?px=112x112" for cell in ("bar/count", "pie/count") for level in range(5)]


@pytest.fixture
def config(tmp_path):
    """A config file and a test set of the ten ADDRESSES."""
    path = tmp_path / "config.yaml"
    path.write_text(
        f"name: e\nruns: {tmp_path / 'runs'}\nmodel: {{id: nobody/nothing}}\nenv: {{px: 112x112, workers: 0}}\n"
        f"prompt: {json.dumps(PROMPT)}\neval: {{test_set: {tmp_path / 'ten.jsonl'}, max_tokens: 16, batch_size: 4}}\n"
    )
    (tmp_path / "ten.jsonl").write_text("".join(json.dumps({"address": a}) + "\n" for a in ADDRESSES))
    return path


def report_of(folder):
    return json.loads((folder / "report.json").read_text())


def rows_of(folder):
    return [json.loads(line) for line in (folder / "rows.jsonl").read_text().splitlines()[1:]]


@pytest.fixture(scope="session")
def stored_cache(tmp_path_factory) -> None:
    """What `datasets` lays out stays within the test."""
    import datasets

    datasets.config.HF_DATASETS_CACHE = tmp_path_factory.mktemp("cache")
    datasets.disable_progress_bars()
