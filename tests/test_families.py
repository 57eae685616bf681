"""The page of families."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from PIL import Image

from envs import cells, families, make
from envs.__main__ import main
from envs.problem import Unmakeable
from envs.registry import FAMILIES

FEW = ("bar", "pie", "wordcloud")
ROOM = 1_500_000  # bytes for all pictures together


@pytest.fixture(scope="module")
def few() -> list[families.Entry]:
    return [families.entry(name, [c for c in cells() if c.family == name]) for name in FEW]


def test_the_taxonomy_has_10_major_and_32_minor_types() -> None:
    majors = {major: minors for major, minors in families.TAXONOMY.items() if major != "combinations"}
    assert len(majors) == 10
    assert sum(map(len, majors.values())) == 32


def test_a_family_is_told_as_it_is_registered(few: list[families.Entry]) -> None:
    for entry in few:
        made = FAMILIES[entry.name]
        assert set(entry.views) == {view.__name__ for view in made.views}
        assert set(entry.traits) == made.traits
        assert entry.questions == sum(cell.family == entry.name for cell in cells())
        assert entry.about and entry.charts
        assert entry.picture.size == families.PX
        assert len(entry.picture.getcolors()) <= families.COLOURS


def test_a_family_that_needs_room_is_drawn_large_and_shrunk(monkeypatch: pytest.MonkeyPatch) -> None:
    def picky(address):
        if (address.width, address.height) == families.PX:
            raise Unmakeable("too small")
        return make(address)

    monkeypatch.setattr(families, "make", picky)
    assert families.picture("bar", [c for c in cells() if c.family == "bar"]).size == families.PX


def test_the_page_shows_each_family_and_where_it_belongs(
    few: list[families.Entry], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(families, "entries", lambda: few)
    assert main(["families", "--out", str(tmp_path / "families.md")]) == 0
    text = (tmp_path / "families.md").read_text()
    linked = {tmp_path / path for path in re.findall(r"\]\((families/\w+\.png)\)", text)}
    assert linked == set((tmp_path / "families").iterdir()) and len(linked) == 3
    assert all(Image.open(path).size == families.PX for path in linked)
    # Room for as many families as there are, and for twenty at least.
    assert sum(path.stat().st_size for path in linked) / 3 * max(20, len(FAMILIES)) < ROOM
    assert "| pie | pie chart | `pie` |" in text and "| radar | radar chart | none yet |" in text
    assert "Beyond them: `wordcloud`." in text


@pytest.mark.parametrize(("out", "mend"), [("page.html", "families.md"), ("/proc/nowhere.md", "/proc/nowhere.md")])
def test_a_page_that_cannot_be_written_gets_one_line(
    out: str, mend: str, few: list[families.Entry], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(families, "entries", lambda: few)
    assert main(["families", "--out", out]) == 2
    error = capsys.readouterr().err
    assert mend in error and error.count("\n") == 1
