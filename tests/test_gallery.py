"""The gallery, opened in a real browser."""

from __future__ import annotations

import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from envs import cells, make
from envs.__main__ import main
from envs.gallery import page
from envs.problem import Problem, Unmakeable

CELLS = ("bar/count", "bar/mean", "bar/kth_largest", "pie/count", "pie/contains", "wordcloud/kth_largest")
BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome"))), None)
browser = pytest.mark.skipif(BROWSER is None, reason="no Chromium on the PATH: apt-get install chromium")

# What a user does, step by step, with what is seen after each.
STEPS = """<script>
addEventListener("load", async () => {
  const seen = [], by = name => document.querySelector(`select[name=${name}]`);
  const wait = () => new Promise(done => setTimeout(done, 20));
  async function note(name) {
    await wait();
    const left = [...document.querySelectorAll("figure")].filter(card => card.getClientRects().length);
    seen.push([name, left.map(card => card.querySelector("code").textContent).join(" "), location.hash,
      document.querySelector("output").value, by("kind").selectedOptions[0].textContent].join("|"));
  }
  const choose = (name, value) => {
    by(name).value = value;
    by(name).dispatchEvent(new Event("change", {bubbles: true}));
  };
  await note("open");
  choose("family", "pie"); await note("pie");
  choose("kind", "boolean"); await note("pie, boolean");
  choose("kind", "label"); await note("nothing left");
  document.querySelector("button[type=reset]").click(); await note("reset");
  location.hash = "#question=kth_largest"; await note("hash");
  const pre = document.createElement("pre");
  pre.id = "seen";
  pre.textContent = seen.join("\\n");
  document.body.append(pre);
});
</script>"""


@pytest.fixture(scope="module")
def problems() -> list[Problem]:
    return [make(f"{cell}/{level}/5?px=112x112") for cell in CELLS for level in (0, 3)]


class _Cards(HTMLParser):
    """The attributes of every card, and the text of the <output>."""

    def __init__(self) -> None:
        super().__init__()
        self.cards: list[dict[str, Any]] = []
        self.images: list[dict[str, Any]] = []
        self.tags: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag == "figure":
            self.cards.append(dict(attrs))
        if tag == "img":
            self.images.append(dict(attrs))


def _dom(url: str, tmp_path: Path) -> str:
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=5000", "--dump-dom"]
    command = [str(BROWSER), *flags, f"--user-data-dir={tmp_path / 'profile'}", url]
    done = subprocess.run(command, capture_output=True, text=True, timeout=180, check=False)
    assert "<main>" in done.stdout, done.stderr
    return done.stdout


@browser
def test_the_filters_of_the_address_hide_and_show_the_right_cards(problems: list[Problem], tmp_path: Path) -> None:
    path = tmp_path / "g.html"
    path.write_text(page(problems), encoding="utf-8")
    dom = _dom(f"{path.as_uri()}#family=bar&kind=number", tmp_path)
    seen = _Cards()
    seen.feed(dom)
    assert len(seen.cards) == len(problems)
    for card, problem in zip(seen.cards, problems, strict=True):
        wanted = problem.address.family == "bar" and problem.answer.to_json()["kind"] == "number"
        assert ("hidden" not in card) == wanted, card
        assert (card["data-question"], card["data-level"]) == (problem.address.question, str(problem.address.level))
    assert "4 of 12 problems, 2 cells</output>" in dom


@browser
def test_choosing_resetting_and_following_a_link_work_in_the_browser(problems: list[Problem], tmp_path: Path) -> None:
    path = tmp_path / "g.html"
    path.write_text(page(problems).replace("</body>", STEPS + "</body>"), encoding="utf-8")
    log = re.search(r'<pre id="seen">(.*?)</pre>', _dom(path.as_uri(), tmp_path), re.S)
    assert log, "the page's script failed"
    steps = [line.replace("&amp;", "&").split("|") for line in log[1].splitlines()]

    def addresses(fit: Any) -> str:
        return " ".join(str(p.address) for p in problems if fit(p.address))

    everything = addresses(lambda a: True)
    pies = addresses(lambda a: a.family == "pie")
    asked = addresses(lambda a: (a.family, a.question) == ("pie", "contains"))
    ranked = addresses(lambda a: a.question == "kth_largest")
    assert steps == [
        ["open", everything, "", "12 of 12 problems, 6 cells", "all (12)"],
        ["pie", pies, "#family=pie", "4 of 12 problems, 2 cells", "all (4)"],
        ["pie, boolean", asked, "#family=pie&kind=boolean", "2 of 12 problems, 1 cell", "boolean (2)"],
        ["nothing left", "", "#family=pie&kind=label", "0 of 12 problems, 0 cells", "label (0)"],
        ["reset", everything, "", "12 of 12 problems, 6 cells", "all (12)"],
        ["hash", ranked, "#question=kth_largest", "4 of 12 problems, 2 cells", "all (4)"],
    ]


def test_the_page_needs_nothing_but_itself_and_the_keyboard(problems: list[Problem]) -> None:
    text = page(problems)
    assert not re.search(r"(src|href)=\"(?!data:)|url\(|@import|fetch\(|https?:", text)
    seen = _Cards()
    seen.feed(text)
    assert all(image["loading"] == "lazy" and image["alt"] for image in seen.images)
    assert seen.tags.count("select") == text.count("<label>") == 4  # native controls, each with a label
    assert seen.tags.count("summary") == len(problems)
    assert "color-scheme: light dark" in text and 'aria-live="polite"' in text


def test_every_cell_is_shown_by_default(tmp_path: Path) -> None:
    out = tmp_path / "g.html"
    assert main(["gallery", "--out", str(out), "--px", "112x112", "--cells", "bar/*", "wordcloud/*"]) == 0
    text = out.read_text(encoding="utf-8")
    shown = set(re.findall(r'data-family="(\w+)" data-question="(\w+)"', text))
    assert shown == {(c.family, c.question) for c in cells() if c.family in ("bar", "wordcloud")}
    assert text.count("<figure ") >= 60


def test_a_cell_without_problems_is_named_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def none(address: object) -> Problem:
        raise Unmakeable(f"'{address}' gives no fair problem")

    monkeypatch.setattr("envs.gallery.make", none)
    assert main(["gallery", "--out", str(tmp_path / "g.html"), "--cells", "pie/count", "--count", "1"]) == 2
    error = capsys.readouterr().err
    assert "pie/count" in error and "leave its cell out" in error and error.count("\n") == 1
