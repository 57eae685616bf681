"""The sandbox as its users hold it: figures, tables, calls, reasons; and what it does when something is missing."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from envs.sandbox import Job, Limits, Sandbox, SandboxError

pytestmark = pytest.mark.sandbox

PLOT = "import matplotlib.pyplot as plt\n"
few = settings(max_examples=15, deadline=None)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CHARTGYM_SECRET_KEY", "sesame")
        with Sandbox(workers=2, limits=Limits(cpu_s=10, wall_s=30)) as held:
            yield held


# --- Figures

WAYS = {
    "plt.plot([1]); plt.show()": 1,
    "plt.plot([1]); plt.savefig('a/b/chart.svg', dpi=50)": 1,
    "plt.plot([1]); plt.gcf().savefig('x.png'); plt.savefig('x.pdf'); plt.tight_layout(); plt.show()": 1,
    "plt.scatter([1, 2], [3, 4], c=[5, 6]); plt.colorbar(); plt.savefig('a.png'); plt.savefig('b.png'); plt.show()": 1,
    "plt.plot([1])": 1,  # neither shown nor saved
    "plt.plot([1]); plt.show(); plt.savefig('empty.png')": 1,
    "plt.plot([1]); plt.savefig('a.png'); plt.clf(); plt.plot([2]); plt.savefig('b.png')": 2,
    "for i in range(3): plt.figure(); plt.bar(['a'], [i])\nplt.show()": 3,
    "plt.plot([1]); plt.savefig('a.png'); plt.title('more'); plt.savefig('b.png')": 2,
    "from matplotlib.figure import Figure\nf = Figure(); f.subplots().plot([1]); f.savefig('x.png')": 1,
    "import io; plt.plot([1]); b = io.BytesIO(); plt.savefig(b); assert b.getvalue()[1:4] == b'PNG'": 1,
    "import os, pathlib; os.makedirs('out', exist_ok=True); pathlib.Path('o').mkdir(); plt.plot([1]); plt.show()": 1,
    "import matplotlib; matplotlib.use('TkAgg'); plt.ion(); plt.plot([1]); plt.pause(60); plt.gcf().show()": 1,
    "from matplotlib.backends.backend_pdf import PdfPages\nwith PdfPages('a.pdf') as p:\n"
    "    for i in range(2): plt.plot([i]); p.savefig(); plt.close()": 2,
    "import pandas; pandas.DataFrame({'a': [1, 2]}).plot.bar().figure.savefig('x.jpg')": 1,
    "plt.figure(); plt.close(); plt.show()": 0,
}


@pytest.mark.parametrize("code", WAYS, ids=range(len(WAYS)))
def test_figures_are_taken_however_they_are_shown_or_saved(sandbox: Sandbox, code: str) -> None:
    outcome = sandbox.run(Job(code=PLOT + code))
    assert (outcome.reason, len(outcome.figures)) == ("", WAYS[code])
    for figure in outcome.figures:
        image = Image.open(io.BytesIO(figure.png))
        assert (image.format, image.mode, image.size) == ("PNG", "RGB", (figure.width, figure.height))
        assert np.asarray(image).std() > 1


def test_a_figure_is_taken_with_the_size_and_paper_that_were_asked_for(sandbox: Sandbox) -> None:
    how = "plt.figure(figsize=(4, 3)); plt.plot([1]); plt.savefig('x.pdf', dpi=50, facecolor='#102030')"
    (figure,) = sandbox.run(Job(code=PLOT + how)).figures
    assert (figure.width, figure.height) == (200, 150)
    assert Image.open(io.BytesIO(figure.png)).getpixel((0, 0)) == (16, 32, 48)


def test_the_same_script_gives_the_same_bytes(sandbox: Sandbox) -> None:
    code = (
        PLOT + "import random, numpy\nplt.plot([random.random() for _ in {'a', 'b'}], numpy.random.rand(2)); plt.show()"
    )
    assert sandbox.run(Job(code=code)).figures == sandbox.run(Job(code=code)).figures


# --- The artists' table

HEIGHTS = st.lists(st.floats(-1e6, 1e6, allow_subnormal=False), min_size=1, max_size=6)


@given(HEIGHTS, st.sampled_from(["bar", "barh"]))
@few
def test_bars_are_told_in_data_units(sandbox: Sandbox, heights: list[float], way: str) -> None:
    names = [f"n{i}" for i in range(len(heights))]
    code = PLOT + f"plt.{way}({names}, {heights}, label='s', color='red'); plt.legend(); plt.savefig('x.png')"
    (axes,) = sandbox.run(Job(code=code)).figures[0].artists["axes"]
    side, place = ("height", "x") if way == "bar" else ("width", "y")
    assert [bar[side] for bar in axes["bars"]] == pytest.approx(heights)
    across = "width" if way == "bar" else "height"
    middles = [bar[place] + bar[across] / 2 for bar in axes["bars"]]
    ticks = {tick["text"]: tick["at"] for tick in axes["xticks" if way == "bar" else "yticks"]}
    assert middles == pytest.approx([ticks[name] for name in names])
    assert {(bar["label"], bar["colour"]) for bar in axes["bars"]} == {("s", "#ff0000")} and axes["legend"] == ["s"]


def test_all_sorts_of_marks_are_told(sandbox: Sandbox) -> None:
    code = PLOT + (
        "import numpy as np, datetime as dt, seaborn as sns\n"
        "f, a = plt.subplots(3, 3); a = a.ravel()\n"
        "a[0].plot([dt.date(1970, 1, 2), dt.date(1970, 1, 3)], [1, np.nan], 'o--', label='l'); a[0].axhline(7)\n"
        "a[1].scatter([1, 2], [3, 4], s=[5, 6], c=[7, 8])\n"
        "a[2].pie([1, 3], labels=['a', 'b'], autopct='%d%%')\n"
        "a[3].imshow([[1, 2], [3, 4]])\n"
        "a[4].boxplot([[1, 2, 3, 4, 50]], tick_labels=['b'])\n"
        "a[5].errorbar([1], [2], yerr=[.5])\n"
        "a[6].fill_between([0, 1], [1, 2], label='area'); a[6].axvspan(0, 1)\n"
        "sns.heatmap([[1, 2], [3, 4]], ax=a[7], cbar=True)\n"
        "a[8].set_yscale('log'); a[8].vlines([1], 2, 3)\n"
        "plt.show()"
    )
    outcome = sandbox.run(Job(code=code))
    assert outcome.reason == ""
    axes = outcome.figures[0].artists["axes"]
    (line,) = axes[0]["lines"]
    assert (line["label"], line["x"], line["y"], line["marker"]) == ("l", [1, 2], [1, None], "o")
    assert [(guide["x"], guide["y"]) for guide in axes[0]["guides"]] == [(None, 7)]
    (points,) = axes[1]["points"]
    assert [points[key] for key in ("x", "y", "sizes", "values")] == [[1, 2], [3, 4], [5, 6], [7, 8]]
    assert [(w["label"], w["text"], w["end"] - w["start"]) for w in axes[2]["wedges"]] == [
        ("a", "25%", pytest.approx(90)),
        ("b", "75%", pytest.approx(270)),
    ]
    assert axes[3]["images"][0]["values"] == axes[7]["images"][0]["values"] == [[1, 2], [3, 4]]
    (box,) = axes[4]["boxes"]
    assert [box[key] for key in ("low", "q1", "median", "q3", "high", "outliers")] == [1, 2, 3, 4, 4, [50]]
    assert not axes[4]["lines"]
    (error,) = axes[5]["errors"]
    assert (error["at"], error["low"], error["high"], error["along"]) == ([1], [1.5], [2.5], "y")
    assert [area["label"] for area in axes[6]["areas"]] == ["", "area"]
    assert (axes[8]["yscale"], axes[8]["segments"][0]["lines"]) == ("log", [[[1, 2], [1, 3]]])
    assert [each["colourbar"] for each in axes] == [False] * 9 + [True]


@given(
    angle=st.integers(-90, 90),
    dpi=st.integers(60, 150),
    tight=st.booleans(),
    lines=st.sampled_from(["Hxg", "Hx\nlonger Wj", "$x^2$ Hg"]),
    outline=st.booleans(),
)
@few
def test_texts_lie_where_the_table_says(
    sandbox: Sandbox, angle: int, dpi: int, tight: bool, lines: str, outline: bool
) -> None:
    effects = "import matplotlib.patheffects as p; t.set_path_effects([p.Normal()])" if outline else "pass"
    code = PLOT + (
        f"plt.plot([0, 1], [0, 1], 'b'); plt.gca().set_axis_off()\n"
        f"t = plt.text(.5, .5, {lines!r}, rotation={angle}, color=(1, 0, 0), fontsize=20, ha='center'); {effects}\n"
        f"plt.savefig('x.png', dpi={dpi}, bbox_inches={'tight' if tight else None!r})"
    )
    (figure,) = sandbox.run(Job(code=code)).figures
    (text,) = figure.artists["texts"]
    rgb = np.asarray(Image.open(io.BytesIO(figure.png))).astype(int)
    rows, columns = np.nonzero((rgb[..., 0] > rgb[..., 1] + 60) & (rgb[..., 0] > rgb[..., 2] + 60))
    x0, y0, x1, y1 = text["box"]
    assert x0 - 2 <= columns.min() and columns.max() <= x1 + 2 and y0 - 2 <= rows.min() and rows.max() <= y1 + 2
    ink = (columns.max() - columns.min() + 1) * (rows.max() - rows.min() + 1)
    assert ink > 0.35 * (x1 - x0) * (y1 - y0)  # and no larger than it must be
    assert text["shown"] and text["text"] == lines and text["size_px"] == pytest.approx(20 * dpi / 72, abs=0.01)


def test_a_text_beyond_the_edge_is_not_shown(sandbox: Sandbox) -> None:
    code = (
        PLOT
        + "plt.title('far too long for a figure of this size, by far'); plt.gcf().set_size_inches(2, 2); plt.show()"
    )
    texts = sandbox.run(Job(code=code)).figures[0].artists["texts"]
    assert {text["role"]: text["shown"] for text in texts}["title"] is False


# --- Calls

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


@given(st.lists(JSON, min_size=1, max_size=4))
@few
def test_json_goes_through_a_call_unchanged(sandbox: Sandbox, values: list[Any]) -> None:
    try:
        json.dumps(values, ensure_ascii=False).encode()
    except UnicodeEncodeError:  # half a surrogate pair: no text
        return
    outcome = sandbox.run(Job(code="def same(x): return x", calls=tuple(("same", (value,)) for value in values)))
    assert (outcome.reason, [called.value for called in outcome.called]) == ("", values)


def test_calls_give_values_or_one_line_and_do_not_share_their_arguments(sandbox: Sandbox) -> None:
    code = (
        "import numpy as np, pandas as pd\nDATA = {'a': (1, np.int64(2)), 3: np.array([[1.5]]), 'p': pd.Series([1])}\n"
        "def spoil(d): d['x'].append(1); return len(d['x'])\ndef nan(): return float('nan')\n"
        "def fails():\n    return {}['no']\ndef thing(): return object()\ndef leaves(): raise SystemExit(3)\n"
    )
    shared = {"x": [0]}
    names = ("spoil", "spoil", "DATA", "nan", "fails", "thing", "nothing", "leaves")
    calls = tuple((name, (shared,) if name == "spoil" else ()) for name in names)
    outcome = sandbox.run(Job(code=code, calls=calls))
    assert outcome.reason == "" and shared == {"x": [0]}
    assert [called.value for called in outcome.called][:3] == [2, 2, {"a": [1, 2], "3": [[1.5]], "p": [1]}]
    errors = [called.error for called in outcome.called]
    assert errors[:3] == ["", "", ""] and errors[4] == "KeyError: 'no' (line 6)"
    for error, word in zip(errors[3:], ("nan", "KeyError", "object", "defines no nothing", "SystemExit")):
        assert word in error and "\n" not in error


def test_figures_tell_which_call_drew_them(sandbox: Sandbox) -> None:
    code = PLOT + (
        "plt.bar(['a'], [9]); plt.show()\ndef render(d): plt.bar(['a'], d)\n"
        "def returns(d):\n    f, a = plt.subplots(); a.bar(['a'], d); plt.close(); return f"
    )
    outcome = sandbox.run(Job(code=code, calls=(("render", ([1],)), ("returns", ([2],)), ("render", ([3],)))))
    drawn = [(figure.call, figure.artists["axes"][0]["bars"][0]["height"]) for figure in outcome.figures]
    assert drawn == [(-1, 9), (0, 1), (1, 2), (2, 3)] and all(called.error == "" for called in outcome.called)


# --- Reasons

REASONS = {
    "x = 1\ny = nope": "NameError: name 'nope' is not defined (line 2)",
    "def f(:\n    pass": "SyntaxError: invalid syntax (line 1)",
    "import sys; sys.exit(0)": "",
    "raise SystemExit('bye')": "SystemExit: bye (line 1)",
    "import no_such_package": "ModuleNotFoundError: No module named 'no_such_package' (line 1)",
    "x = bytearray(2**31)": "MemoryError: more than 1024 MB (line 1)",
    "raise ValueError('a\\nb')": "ValueError: a b (line 1)",
    "raise ValueError": "ValueError (line 1)",
    "input()": "EOFError: EOF when reading a line (line 1)",
    "class E(Exception):\n    def __str__(self): return 1 / 0\nraise E": "E (line 3)",
}


@pytest.mark.parametrize("code", REASONS, ids=range(len(REASONS)))
def test_a_script_that_fails_says_why_and_where_in_one_line(sandbox: Sandbox, code: str) -> None:
    assert sandbox.run(Job(code=code)).reason == REASONS[code]


def test_what_was_printed_and_drawn_before_a_failure_is_there(sandbox: Sandbox) -> None:
    code = PLOT + "import sys; print('one'); print('two', file=sys.stderr); plt.plot([1]); plt.show(); 1 / 0"
    outcome = sandbox.run(Job(code=code))
    assert (outcome.printed, len(outcome.figures), outcome.reason[:17]) == ("one\ntwo\n", 1, "ZeroDivisionError")
    assert 0 < outcome.cpu_s < 5


def test_nothing_of_our_environment_is_within_reach(sandbox: Sandbox) -> None:
    look = """
import ctypes, os
libc = ctypes.CDLL(None)
libc.getenv.restype = ctypes.c_char_p
print(os.environ.get("CHARTGYM_SECRET_KEY"), libc.getenv(b"CHARTGYM_SECRET_KEY"), sorted(os.environ))
laid = ctypes.c_void_p.in_dll(libc, "program_invocation_name").value  # on the stack, before the first environment
words = []
while b"MPLCONFIGDIR" not in b"".join(words):
    words.append(ctypes.string_at(laid))
    laid += len(words[-1]) + 1
print(b"PYTHONHASHSEED=0" in words, words)
"""
    printed = sandbox.run(Job(code=look)).printed
    assert "None None ['HOME', 'LANG', 'MPLBACKEND', 'TZ']" in printed and "True" in printed and "sesame" not in printed


def test_a_child_holds_its_pipe_and_nothing_else(sandbox: Sandbox) -> None:
    look = """
import os
for fd in range(64):
    try: print(fd, oct(os.fstat(fd).st_mode & 0o170000))
    except OSError: pass
"""
    kinds = dict(line.split() for line in sandbox.run(Job(code=look)).printed.splitlines())
    assert kinds == {"0": "0o20000", "1": "0o20000", "2": "0o20000", "3": "0o10000"}  # /dev/null, and a pipe


# --- Several at once, and what goes wrong around them


def test_map_gives_every_job_back_and_takes_no_more_than_it_can_run(sandbox: Sandbox) -> None:
    taken = []

    def jobs() -> Iterator[Job]:
        for i in range(12):
            taken.append(i)
            yield Job(code=f"print({i})\nif {i} == 5: raise KeyError", name=str(i))

    found = {}
    for job, outcome in sandbox.map(jobs()):
        found[job.name] = outcome
        assert len(taken) <= len(found) + 5
    assert {name: outcome.printed.strip() for name, outcome in found.items()} == {str(i): str(i) for i in range(12)}
    assert [name for name, outcome in found.items() if outcome.reason] == ["5"]


def test_threads_may_share_a_sandbox(sandbox: Sandbox) -> None:
    with ThreadPoolExecutor(8) as threads:
        outcomes = threads.map(sandbox.run, [Job(code=f"print({i})") for i in range(16)])
        assert [outcome.printed for outcome in outcomes] == [f"{i}\n" for i in range(16)]


def children(of: int) -> list[int]:
    return [int(pid) for pid in Path(f"/proc/{of}/task/{of}/children").read_text().split()]


@pytest.mark.slow
def test_a_warm_process_that_is_killed_or_left_is_replaced_and_its_script_run_again() -> None:
    with Sandbox() as sandbox:
        warm = sandbox._free.queue[0]._process.pid
        threading.Timer(0.5, os.kill, (warm, signal.SIGKILL)).start()
        outcome = sandbox.run(Job(code="import time; time.sleep(1.5); print('done')"))
        assert (outcome.reason, outcome.printed) == ("", "done\n")

        before = signal.signal(signal.SIGALRM, lambda *_: (_ for _ in ()).throw(KeyboardInterrupt()))
        signal.setitimer(signal.ITIMER_REAL, 0.3)
        with pytest.raises(KeyboardInterrupt):
            sandbox.run(Job(code="import time; time.sleep(5); print('old')"))
        signal.signal(signal.SIGALRM, before)
        assert sandbox.run(Job(code="print('new')")).printed == "new\n"
    with pytest.raises(SandboxError, match="closed"):
        sandbox.run(Job(code=""))


@pytest.mark.slow
def test_everything_ends_with_the_parent_however_it_ends(tmp_path: Path) -> None:
    code = (
        "import threading, time\nfrom envs.sandbox import *\n"
        "s = Sandbox()\nprint(s._free.queue[0]._process.pid, flush=True)\n"
        "s.run(Job(code='import time\\ntime.sleep(25)'))"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert parent.stdout
    warm = int(parent.stdout.readline())
    until = time.monotonic() + 10
    while not (scripts := children(warm)) and time.monotonic() < until:
        time.sleep(0.05)
    parent.kill()
    parent.wait()
    while any(alive(pid) for pid in (warm, *scripts)) and time.monotonic() < until:
        time.sleep(0.05)
    assert scripts and not any(alive(pid) for pid in (warm, *scripts))


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.parametrize(
    "wrong, word",
    [
        ({"workers": 0}, "at least 1"),
        ({"without": ["seccomp"]}, "unsafe"),
        ({"without": ["x"], "unsafe": True}, "layers are"),
    ],
)
def test_a_sandbox_that_cannot_be_says_so_in_one_line(wrong: dict[str, Any], word: str) -> None:
    with pytest.raises(SandboxError, match=word) as error:
        Sandbox(**wrong)
    assert "\n" not in str(error.value)


def test_arguments_that_are_no_json_are_refused_by_name(sandbox: Sandbox) -> None:
    with pytest.raises(ValueError, match=r"job 'mine'.*JSON"):
        sandbox.run(Job(code="", calls=(("f", (object(),)),), name="mine"))
