"""The code contract, and whether figures can be read and show their data: each fault by its reason."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from envs.sandbox import Sandbox
from envs.synthesis.items import Chart, Dropped
from envs.synthesis.proof.contract import check_chart
from envs.synthesis.proof.derived import Unfaithful
from envs.synthesis.proof.drawn import show
from envs.synthesis.proof.script import Broken, contracted, exact, program

pytestmark = pytest.mark.sandbox

IMPORT = "import matplotlib.pyplot as plt\n"
DATA = 'DATA = {"city": ["Oslo", "Lima", "Bern"], "sales": [34, 58, 21]}\n'
RENDER = """
def render(data):
    fig, ax = plt.subplots(figsize=(5, 4), dpi=100)
    ax.bar(data["city"], data["sales"])
    ax.set_ylabel("Sales")
    fig.tight_layout()
"""
GOOD = IMPORT + DATA + RENDER


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as found:
        yield found


# --- Without running


@pytest.mark.parametrize(
    "tail",
    [
        "render(DATA)\n",
        "render(DATA)\nplt.show()\n",
        'if __name__ == "__main__":\n    render(DATA)\n',
        "fig = render(DATA)\n",
    ],
)
def test_calls_at_the_end_are_taken_off(tail: str) -> None:
    assert contracted(GOOD + tail) == GOOD
    assert contracted(GOOD) == GOOD


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("def render(data:\n", "not Python"),
        (IMPORT + RENDER, "no DATA"),
        (IMPORT + DATA, "no render"),
        (GOOD + DATA, "DATA is assigned twice"),
        (GOOD + 'DATA["sales"][0] = 3\n', "work outside DATA and render"),
        (GOOD + "for x in DATA: pass\n", "work outside DATA and render"),
        (IMPORT + "DATA = {'a': np.ones(3).tolist()}\n" + RENDER, "DATA is not made of literals"),
        (GOOD.replace("def render(data)", "def render()"), "render does not take the data alone"),
        (GOOD.replace("def render(data)", "def render(data, other)"), "render does not take the data alone"),
        (GOOD.replace('data["city"], data["sales"]', 'DATA["city"], DATA["sales"]'), "render does not read its data"),
        (GOOD.replace('data["sales"]', 'DATA["sales"]'), "render reads DATA past its argument"),
        (GOOD.replace('data["sales"]', "[34, 58, 21]"), "numbers of DATA are written out again"),
        (GOOD.replace('data["sales"]', "COPY") + "COPY = [34, 58, 21]\n", "numbers of DATA are written out again"),
        (GOOD.replace('data["sales"]', 'eval("DATA")["sales"]'), "render reads past its argument"),
        (GOOD.replace('data["sales"]', "__import__('os').getpid()"), "render reads past its argument"),
        (GOOD.replace('data["sales"]', "np.random.rand(3)"), "render draws at random"),
    ],
)  # fmt: skip
def test_a_script_that_breaks_the_contract_is_told_why(code: str, reason: str) -> None:
    with pytest.raises(Broken) as caught:
        contracted(code)
    assert caught.value.reason == reason


def test_a_number_too_large_for_a_float_is_no_error_of_ours() -> None:
    assert contracted(GOOD.replace("58", "1" + "0" * 400))


def test_data_may_be_computed_from_literals_and_style_may_be_constant() -> None:
    code = "import math\nSTEP = 0.5\nCOLOURS = ['#aa0000', '#00aa00']\n" + GOOD.replace(
        "[34, 58, 21]", "[round(10 * math.sin(STEP * k), 1) for k in range(3)]"
    )
    assert contracted(code) == code
    ticks = GOOD + "    ax.set_yticks([0, 20, 40, 60])\n"
    assert contracted(ticks) == ticks


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("x = 3", "no answer(data)"),
        ("def answer(): return 3", "answer does not take the data alone"),
        ("def answer(data): return 58", "the program reads nothing"),
        ("def answer(data): return open(data)", "the program reaches outside"),
        ("import random\ndef answer(data): return random.choice(data)", "the program draws at random"),
    ],
)
def test_a_program_that_cannot_be_one_is_told_why(code: str, reason: str) -> None:
    with pytest.raises(Broken) as caught:
        program(code)
    assert caught.value.reason == reason


def test_rounding_is_taken_away_and_nothing_else() -> None:
    code = exact("def answer(data):\n    return round(sum(data) / len(data), 1)\n", "full")
    space: dict[str, object] = {}
    exec(code, space)
    assert space["full"]([1, 2, 2]) == 5 / 3 and space["answer"]([1, 2, 2]) == 1.7  # type: ignore[operator]
    assert exact("def answer(data):\n    return sum(data)\n", "full") == ""


# --- Run


def test_a_good_script_is_a_chart_that_shows_its_data(sandbox: Sandbox) -> None:
    chart = check_chart(GOOD + "render(DATA)\nplt.show()\n", sandbox)
    assert isinstance(chart, Chart) and chart.kind == "bar" and chart.code == GOOD
    assert chart.data == {"city": ["Oslo", "Lima", "Bern"], "sales": [34, 58, 21]}
    errors = show(chart.data, chart.artists).error
    # A reader is off by two and a half pixels of the 300 or so that an axis to 60 has.
    assert all(0.3 < error < 0.7 for error in errors.values())
    assert check_chart(GOOD, sandbox) == chart


AFTER = "    {}\n"
FAULTY = {
    "the script fails: ZeroDivisionError": GOOD + AFTER.format("1 / 0"),
    "not one figure": GOOD + AFTER.format("plt.figure(); plt.plot([1, 2])"),
    "work outside DATA and render": GOOD + "plt.plot([1, 2])\n",
    "nothing is drawn": IMPORT + DATA + "def render(data):\n    plt.subplots()\n    data['city']\n",
    "a text is cut off": GOOD + AFTER.format("ax.set_title('A very long title ' * 8)"),
    "a text is too small": GOOD + AFTER.format("ax.tick_params(labelsize=4)"),
    "texts lie over each other": GOOD + AFTER.format("[ax.text(1, 30, s) for s in ('one', 'two')]"),
    "a column is not drawn": GOOD.replace('data["sales"])', '[x + (x == 58) for x in data["sales"]])'),
    "a column of names is not drawn": GOOD + AFTER.format("ax.set_xticks([])"),
    "a name is not drawn": GOOD + AFTER.format("ax.set_xticks([0, 1], data['city'][:2])"),
    "a mark shows what no data says": GOOD + AFTER.format("ax.bar([4], [31.7])"),
    "a written number is not the data's": GOOD + AFTER.format("ax.text(1, 59, '57')"),
    "a number is written at another mark": GOOD + AFTER.format("ax.text(0, 35, '58', ha='center')"),
    "a mark lies outside its axes": GOOD + AFTER.format("ax.set_ylim(0, 50)"),
    "changed data: a column is not drawn": GOOD.replace('data["sales"]', '[int(w) for w in "34 58 21".split()]'),
    "render fails on changed data": GOOD + AFTER.format("{34: 1}[data['sales'][0]]"),
    "a name is there twice": GOOD.replace('"Bern"', '"Lima"').replace('"city"]', '"city"] * 1'),
    "DATA is not JSON": GOOD.replace("58", "float('nan')"),
    "DATA holds no numbers": GOOD.replace("[34, 58, 21]", '["a", "b", "c"]'),
}


@pytest.mark.parametrize("reason", sorted(set(FAULTY) - {"a name is there twice"}))
def test_a_faulty_chart_is_dropped_for_its_reason(reason: str, sandbox: Sandbox) -> None:
    found = check_chart(FAULTY[reason], sandbox)
    assert isinstance(found, Dropped) and found.reason == reason, found
    assert found.inputs["code"]


def test_names_that_change_places_at_the_axis_are_seen(sandbox: Sandbox) -> None:
    swapped = GOOD + AFTER.format("ax.set_xticks(range(3), data['city'][::-1])")
    found = check_chart(swapped, sandbox)
    assert isinstance(found, Dropped) and found.stage == "drawn"


def test_a_data_set_in_thousands_may_be_drawn_in_thousands_and_shares_as_a_pie(sandbox: Sandbox) -> None:
    scaled = GOOD.replace('data["sales"])', '[1000 * x for x in data["sales"]])')
    assert isinstance(check_chart(scaled, sandbox), Chart)
    pie = (
        IMPORT
        + DATA
        + "def render(data):\n    plt.figure(dpi=100).add_subplot().pie(data['sales'], labels=data['city'])\n"
    )
    chart = check_chart(pie, sandbox)
    assert isinstance(chart, Chart) and chart.kind == "pie"


POINTS = """import matplotlib.pyplot as plt
DATA = {"speed": [3.5, 9.1, 4.2, 7.7, 1.3], "load": [120, 80, 95, 60, 140]}


def render(data):
    fig, ax = plt.subplots(dpi=100)
    ax.scatter(data["speed"], data["load"])
"""


def test_points_without_names_pair_the_values_of_their_rows(sandbox: Sandbox) -> None:
    assert isinstance(check_chart(POINTS, sandbox), Chart)
    found = check_chart(POINTS.replace('data["load"])', 'sorted(data["load"]))'), sandbox)
    assert isinstance(found, Dropped) and found.reason == "a mark pairs values of different rows"


def test_a_table_of_artists_that_makes_no_sense_is_a_reason_and_no_traceback(sandbox: Sandbox) -> None:
    chart = check_chart(GOOD, sandbox)
    assert isinstance(chart, Chart)
    for key, value in (("box", []), ("yticks", None), ("bars", [{}])):
        axes = {**chart.artists["axes"][0], key: value}
        with pytest.raises(Unfaithful):
            show(chart.data, {**chart.artists, "axes": [axes]}, inside=True)


# --- Data in the shapes that models give it

PANELS = (
    IMPORT
    + """
DATA = {"fibre": ["Hemp", "Hemp", "Flax", "Flax"], "dried": ["line", "press", "line", "press"],
        "flawless (%)": [49, 72, 37, 61], "torn (%)": [51, 28, 63, 39]}

def render(data):
    fibres = list(dict.fromkeys(data["fibre"]))
    series = [name for name in data if name.endswith("(%)")]
    fig, axes = plt.subplots(1, len(fibres), figsize=(8, 4), dpi=100)
    for ax, fibre in zip(axes, fibres):
        rows = [i for i, f in enumerate(data["fibre"]) if f == fibre]
        foot = [0] * len(rows)
        for name, colour in zip(series, ("teal", "orange")):
            whole = [sum(data[other][i] for other in series) for i in rows]
            part = [100 * data[name][i] / w for i, w in zip(rows, whole)]
            ax.bar([data["dried"][i] for i in rows], part, bottom=foot, color=colour, label=name[:-4])
            foot = [a + b for a, b in zip(foot, part)]
        ax.set_title(fibre)
        ax.set_ylim(0, 100)
    axes[0].set_ylabel("Share (%)")
    fig.legend(*axes[0].get_legend_handles_labels(), loc="lower center", ncols=2)
    fig.tight_layout(rect=(0, 0.1, 1, 1))
"""
)
BOXES = (
    IMPORT
    + """
DATA = {"day": [1, 2, 3, 4, 5, 6],
        "Maryam (knots)": [82, 86, 81, 90, 70, 77], "Leila (knots)": [61, 66, 52, 71, 64, 59]}

def render(data):
    fig, ax = plt.subplots(figsize=(5, 4), dpi=100)
    names = [name for name in data if name != "day"]
    ax.boxplot([data[name] for name in names], tick_labels=[name[:-8] for name in names])
    ax.set_ylabel("Knots")
    fig.tight_layout()
"""
)
HEAT = (
    IMPORT
    + """
DATA = {"month": ["Jan", "Feb"], "cause": ["Hospice", "Shelter"], "gifts": [[4, 7], [9, 2]]}

def render(data):
    fig, ax = plt.subplots(figsize=(5, 4), dpi=100)
    ax.imshow(data["gifts"])
    ax.set_xticks([0, 1], data["month"])
    ax.set_yticks([0, 1], data["cause"])
    for i, row in enumerate(data["gifts"]):
        for j, value in enumerate(row):
            ax.text(j, i, str(value))
"""
)


def test_values_over_several_panels_are_found_under_all_their_names(sandbox: Sandbox) -> None:
    """Rows go by two columns of names, one of them the panels' titles, and each is a whole that the script uses."""
    found = check_chart(PANELS, sandbox)
    assert isinstance(found, Chart), found
    swapped = PANELS.replace("ax.set_title(fibre)", "ax.set_title(fibres[1 - fibres.index(fibre)])")
    found = check_chart(swapped, sandbox)
    assert isinstance(found, Dropped) and "not drawn" in found.reason, found


def test_samples_may_be_counted_and_their_columns_have_a_unit(sandbox: Sandbox) -> None:
    found = check_chart(BOXES, sandbox)
    assert isinstance(found, Chart), found
    drawn = show(found.data, found.artists)
    assert drawn.how["Maryam (knots)", "[]"] == "quartiles" and ("day", "[]") in drawn.unseen
    other = BOXES.replace("[data[name] for name in names]", "[data[name] for name in names[::-1]]")
    assert isinstance(check_chart(other, sandbox), Dropped)


def test_a_square_of_numbers_is_asked_for_by_name(sandbox: Sandbox) -> None:
    found = check_chart(HEAT, sandbox)
    assert isinstance(found, Dropped) and found.reason == "rows and columns cannot be told apart"
    assert found.detail == "gifts: month and cause are equally long; write it by name, as {name: [...], ...}"
