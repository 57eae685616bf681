"""What goes into the pipelines: personas and seed charts, and what is said of files that cannot be used."""

from __future__ import annotations

import ast
import re
from collections import Counter

import pytest

from envs.families import TAXONOMY
from envs.synthesis.personas import PersonaError, personas
from envs.synthesis.seeds import SeedError, seeds

pytestmark = pytest.mark.sandbox

AGE = re.compile(
    r"twent|thirt|fort|fift|sixt|sevent|eight|teen|eleven|twelve|grandmother|retired|student|leave|\bson\b"
)


def test_the_library_holds_200_personas_of_all_regions_ages_and_trades() -> None:
    found = personas()
    assert len(found) == len({one.description for one in found}) == 200
    assert all(one.occupation and one.interest and one.region for one in found)
    regions = Counter(one.region for one in found)
    assert len(regions) >= 20 and max(regions.values()) <= 16, "no part of the world dominates"
    assert len({one.occupation for one in found}) >= 190 and len({one.interest for one in found}) >= 195
    assert all(AGE.search(one.description) for one in found)
    words = " ".join(one.description for one in found).split()
    assert 0.8 < sum(w in ("her", "she") for w in words) / sum(w in ("his", "he") for w in words) < 1.25


def test_no_persona_has_a_name() -> None:
    for one in personas():
        inside = re.findall(r"(?<!^)\b[A-Z]\w+", one.description)
        assert set(inside) <= {"Atlantic", "Andes"}, one.description


def test_a_file_of_personas_is_taken_in_its_order_and_each_once(tmp_path) -> None:
    path = tmp_path / "mine.jsonl"
    path.write_text(
        '{"persona": "A  baker of bread.", "input persona": 1}\n\n{"description": "A diver.", "region": "East Asia"}\n'
        '{"description": "a baker of bread."}\n'
    )
    first, second = personas(path)
    assert first.description == "A baker of bread." and (second.description, second.region) == ("A diver.", "East Asia")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("A baker", "is not JSON"),
        ("[" * 9000, "is not JSON"),
        ('["A baker"]', "is not an object"),
        ("{}", "no description among its keys (none)"),
        ('{"name": "x"}', "no description among its keys (name)"),
        ('{"description": 5}', "description '5' is not a text"),
        ('{"description": "A baker", "region": null}', "region 'None' is not a text"),
        ('{"description": "%s"}' % ("x" * 2000), "2000 characters"),
    ],
)
def test_a_bad_line_is_named(tmp_path, line, said) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_text('{"description": "A diver."}\n\n' + line + "\n")
    with pytest.raises(PersonaError, match=re.escape(f"{path}, line 3: ") + ".*" + re.escape(said)) as error:
        personas(path)
    assert "\n" not in str(error.value)


def test_files_that_are_no_personas_are_one_line(tmp_path) -> None:
    (tmp_path / "empty.jsonl").write_text("\n")
    (tmp_path / "latin.jsonl").write_bytes(b'{"description": "A diver."}\n{"description": "Jos\xe9"}\n')
    for name, said in (
        ("none.jsonl", "No such file"),
        ("empty.jsonl", "no personas"),
        ("latin.jsonl", "line 2: not UTF"),
    ):
        with pytest.raises(PersonaError, match=said) as error:
            personas(tmp_path / name)
        assert "\n" not in str(error.value)


def test_there_is_a_seed_for_every_minor_type_each_with_a_topic_and_look_of_its_own() -> None:
    types = {(major, minor) for major, minors in TAXONOMY.items() for minor in minors}
    found = seeds()
    assert {(seed.major, seed.minor) for seed in found} == types and len(types) == 34
    assert len({seed.topic for seed in found}) == len({seed.name for seed in found}) == len(found)
    colours = [frozenset(re.findall(r'"#[0-9a-f]{6}"', seed.code)) for seed in found]
    assert len({palette for palette in colours if palette}) == sum(map(bool, colours)) >= 29


def test_every_seed_keeps_the_contract_to_the_letter() -> None:
    """DATA is a literal and render(data) a function; beside them there are only imports, so nothing runs at import."""
    for seed in seeds():
        tree = ast.parse(seed.code)
        rest = [node for node in tree.body if not isinstance(node, ast.Import | ast.ImportFrom)]
        data, render = rest
        assert isinstance(data, ast.Assign) and ast.unparse(data.targets[0]) == "DATA", seed.name
        assert isinstance(ast.literal_eval(data.value), dict)
        assert isinstance(render, ast.FunctionDef) and render.name == "render"
        assert [argument.arg for argument in render.args.args] == ["data"]
        imported = {
            name.name.split(".")[0] for node in tree.body if isinstance(node, ast.Import) for name in node.names
        }
        assert imported <= {"matplotlib", "numpy", "pandas", "seaborn", "squarify", "networkx"}


def check(names: list[str]) -> None:
    from envs.sandbox import Sandbox
    from envs.synthesis.items import Chart
    from envs.synthesis.proof.contract import check_chart

    with Sandbox() as sandbox:
        for seed in seeds():
            if seed.name in names:
                found = check_chart(seed.code, sandbox)
                assert isinstance(found, Chart), (seed.name, found)


def test_seeds_run_in_the_sandbox_and_show_their_data() -> None:
    check(["line_errors", "heatmap", "pie_ring", "box_horizontal", "node_directed"])


@pytest.mark.slow
def test_all_seeds_run_in_the_sandbox_and_show_their_data() -> None:
    check([seed.name for seed in seeds()])


def test_a_folder_of_seeds_of_ones_own_and_what_is_wrong_with_one(tmp_path) -> None:
    with pytest.raises(SeedError, match="holds no seeds"):
        seeds(tmp_path / "none")
    (tmp_path / "a.py").write_text("# pie / ring chart: Energy\nDATA = {}\n")
    (seed,) = seeds(tmp_path)
    assert (seed.major, seed.minor, seed.topic, seed.code) == ("pie", "ring chart", "Energy", "DATA = {}\n")
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "b.py").write_text("DATA = {}\n")
    with pytest.raises(SeedError, match=r"b\.py: its first line is not"):
        seeds(tmp_path / "own")
