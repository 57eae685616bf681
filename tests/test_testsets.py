"""Fixed test sets: a shipped one still makes its problems, a built one is balanced and is never overwritten."""

import json
from collections import Counter
from fnmatch import fnmatchcase
from pathlib import Path

import numpy as np
import pytest

from envs import testsets
from envs.address import Address
from envs.problem import make
from envs.registry import cells
from envs.testsets import SPECS, Entry, Spec, TestSetError, build, load, names, sketch, verify

SMALL = Spec(36, (("bar/count", "bar/kth_largest", "pie/count"),), levels=(0, 1, 2), sizes=((224, 224),))


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    return build("small", SMALL, folder=tmp_path_factory.mktemp("sets"))[0]


def rewritten(source, folder, change, about=lambda about: about):
    """A copy of a test set with its first line and its description changed."""
    lines = source.read_text().splitlines()
    lines[0] = json.dumps(change(json.loads(lines[0])))
    copy = folder / "copy.jsonl"
    copy.write_text("\n".join(lines) + "\n")
    described = json.loads(source.with_suffix(".json").read_text())
    copy.with_suffix(".json").write_text(json.dumps(about(described)))
    return copy


@pytest.mark.parametrize("name", [name for name in names() if name != "charts-v1"])  # a minute; .ci/run makes it again
def test_a_shipped_set_still_makes_its_problems(name):
    assert verify(name) == []


def test_no_problem_of_training_changes_by_accident():
    """Where a change is meant, raise the version of the family or the question, and pin the problems anew:
    rm tests/digests.json*; python -m envs.testsets build digests tests."""
    assert verify(Path(__file__).parent / "digests.jsonl") == []


@pytest.mark.parametrize("name", names())
def test_a_shipped_set_is_what_its_description_says(name):
    test_set = load(name)
    assert test_set.about["name"] == name and test_set.about["count"] == len(test_set) == SPECS[name].count
    assert all(address.test for address in test_set.addresses)
    assert len(set(test_set.addresses)) == len({entry.image for entry in test_set.entries}) == len(test_set)


def test_the_tiny_set_holds_what_the_tiny_config_trains_on():
    from trainers.config import load as load_config

    config = load_config(Path(__file__).parent.parent / "configs" / "tiny.yaml")
    spec = SPECS["tiny-v1"]
    assert [config.env.px] == [f"{width}x{height}" for width, height in spec.sizes]
    held = [f"{c.family}/{c.question}" for c in cells()]
    both = [[n for n in held if any(fnmatchcase(n, g) for g in globs)] for globs in (config.env.cells, spec.parts[0])]
    assert both[0] == both[1]


def test_what_is_built_verifies(built):
    assert verify(built) == []


def test_what_is_built_is_balanced(built):
    addresses = load(built).addresses
    for count in (36, 12):
        some = addresses[:count]
        assert set(Counter(a.family for a in some).values()) == {count // 2}
        assert set(Counter(a.level for a in some).values()) == {count // 3}
    assert Counter((a.family, a.question) for a in addresses) == {
        ("bar", "count"): 9,
        ("bar", "kth_largest"): 9,
        ("pie", "count"): 18,
    }
    assert {(a.width, a.height, a.test) for a in addresses} == {(224, 224, True)}


def test_half_of_what_is_built_is_asked_in_held_out_words_at_every_level(built):
    held_out = Counter((a.level, make(a).meta["held_out"]) for a in load(built).addresses)
    assert all(abs(held_out[level, True] - held_out[level, False]) <= 2 for level in SMALL.levels)


def test_a_set_can_hold_pictures_of_many_shapes_and_problems_of_training(tmp_path):
    spec = Spec(
        12, (("bar/count", "pie/count"),), levels=(0, 1), sizes=((224, 224), (336, 224), (224, 448)), test=False
    )
    addresses = load(build("mixed", spec, folder=tmp_path)[0]).addresses
    assert {(a.width, a.height) for a in addresses} == set(spec.sizes) and not any(a.test for a in addresses)
    assert verify(tmp_path / "mixed.jsonl") == []


def test_building_twice_gives_the_same_lines(built, tmp_path):
    again = build("small", SMALL, folder=tmp_path)[0]
    assert again.read_text() == built.read_text()


def test_a_set_is_never_overwritten(built):
    before = built.read_text()
    with pytest.raises(TestSetError, match="never changes"):
        build("small", SMALL, folder=built.parent)
    assert built.read_text() == before


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"versions": {"family": 1, "question": 99}}, "question version 99 became"),
        ({"question": "0" * 16}, "another question"),
        ({"answer": "0" * 16}, "another answer"),
        ({"image": "0" * 16}, "other pixels"),
        ({"address": "test:bar/count/0/7?px=224x224"}, "another"),
        ({"address": "test:bar/no_such_question/0/7"}, "cannot be made"),
    ],
)
def test_a_difference_is_named(built, tmp_path, change, said):
    differences = verify(rewritten(built, tmp_path, lambda row: row | change))
    assert len(differences) == 1 and said in differences[0]


def test_on_another_machine_pixels_are_compared_within_a_tolerance(built, tmp_path):
    elsewhere = lambda about: about | {"fingerprint": about["fingerprint"] | {"machine": "another"}}
    near = lambda row: row | {"image": "0" * 16}
    assert verify(rewritten(built, tmp_path, near, elsewhere)) == []
    far = lambda row: row | {"sketch": bytes(255 - b for b in bytes.fromhex(row["sketch"])).hex()}
    assert "other pixels" in verify(rewritten(built, tmp_path, far, elsewhere))[0]


def test_the_sketch_feels_a_moved_bar_and_not_a_shade():
    image = np.full((448, 448, 3), 255, np.uint8)
    image[200:400, 100:140] = 40
    moved, shaded = image.copy(), image.copy()
    moved[200:400, 100:103], moved[200:400, 140:143] = 255, 40
    shaded[200:400, 100:101] = 120
    apart = lambda other: max(abs(a - b) for a, b in zip(bytes.fromhex(sketch(image)), bytes.fromhex(sketch(other))))
    assert apart(shaded) <= testsets.SKETCH_TOLERANCE < apart(moved)
    assert len(sketch(image[:57, :113])) == 128


def test_a_list_of_addresses_is_a_test_set(tmp_path):
    path = tmp_path / "mine.jsonl"
    path.write_text('{"address": "bar/count/0/1"}\n{"address": "pie/count/2/3"}\n')
    assert load(path).addresses == (Address("bar", "count", 0, 1), Address("pie", "count", 2, 3))
    assert verify(path) == []


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("nonsense\n", "line 1: a line is a JSON object"),
        ('{"address": "bar/count/0/1"}\n{"address": "bar"}\n', "line 2: 'bar' is not an address"),
        ("", "holds no problems"),
        ('{"address": "bar/count/0/1"}\n' * 2, "holds bar/count/0/1 more than once"),
    ],
)
def test_a_file_that_is_no_test_set_is_refused_in_one_line(tmp_path, content, said):
    path = tmp_path / "bad.jsonl"
    path.write_text(content)
    with pytest.raises(TestSetError, match=said):
        load(path)


def test_an_unknown_name_is_refused_and_the_nearest_named(tmp_path, monkeypatch):
    (tmp_path / "core-v1.jsonl").write_text('{"address": "bar/count/0/1"}\n')
    monkeypatch.setattr(testsets, "HERE", tmp_path)
    with pytest.raises(TestSetError, match="no test set 'cor-v1': did you mean 'core-v1'"):
        load("cor-v1")
    with pytest.raises(TestSetError, match="cannot read"):
        load(tmp_path / "elsewhere" / "x.jsonl")
    with pytest.raises(TestSetError, match="did you mean 'seed-60'"):
        build("seed60", folder=tmp_path)


def test_an_entry_of_a_problem_has_no_difference_from_it():
    problem = make("test:bar/count/1/5?px=112x112")
    assert Entry.of(problem).differences(problem, exact=True) == []
