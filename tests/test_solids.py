"""Bars in three dimensions: what the artists' table tells of them, which charts are proven, and what can be asked."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import LightSource, to_hex
from matplotlib.figure import Figure
from PIL import Image, ImageDraw

from benchmarks.planted import pool
from envs.sandbox import Sandbox, solids
from envs.sandbox.marks import _hex, _label
from envs.synthesis.items import Asked, Chart, Dropped, Kept
from envs.synthesis.proof.contract import check_chart
from envs.synthesis.proof.verify import check_question

BERTHS, MEALS = (code for _, code, _ in pool(("berths", "meals")))
parts = st.integers(0, 255)
sizes = st.floats(0.2, 0.9)
heights = st.one_of(st.floats(0.5, 40), st.floats(-40, -0.5))


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as found:
        yield found


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.tuples(parts, parts, parts), sizes, heights), min_size=1, max_size=4), st.booleans())
def test_a_bar_is_told_with_its_place_and_the_colour_that_was_written_whatever_light_falls_on_it(
    bars: list[tuple[tuple[int, int, int], float, float]], shade: bool
) -> None:
    axes = Figure().add_subplot(projection="3d")
    for k, (colour, size, height) in enumerate(bars):
        written = to_hex(np.array(colour) / 255)
        axes.bar3d([k, k], [0, 2], [1, 0], size, size, [height, 2 * height], color=written, shade=shade, label=f"b{k}")
    found, other = solids.solids(axes, _label, _hex)
    assert other == 0 and len(found) == 2 * len(bars)
    for k, (colour, size, height) in enumerate(bars):
        for bar, y, z, dz in zip(found[2 * k :], (0, 2), (1, 0), (height, 2 * height)):
            assert (bar["colour"], bar["label"]) == (to_hex(np.array(colour) / 255), f"b{k}")
            told = [bar[name] for name in ("x", "y", "z", "dx", "dy", "dz")]
            assert told == pytest.approx([k, y, z, size, size, dz])


def test_a_colour_under_another_light_is_not_told_and_a_surface_is_no_bar() -> None:
    axes = Figure().add_subplot(projection="3d")
    axes.bar3d(0, 0, 0, 1, 1, 3, color="#c08040", lightsource=LightSource(10, 80))
    axes.plot_trisurf([0, 1, 1], [0, 0, 1], [0, 1, 2])
    axes.plot([], [], [], label="only a sample")
    (bar,), other = solids.solids(axes, _label, _hex)
    assert bar["colour"] == "" and other == 1


@settings(max_examples=30, deadline=None)
@given(st.floats(5, 80), st.floats(-179, 179), st.lists(heights, min_size=3, max_size=3))
def test_faces_painted_one_after_the_other_make_the_picture(elev: float, azim: float, values: list[float]) -> None:
    figure = Figure(figsize=(4, 4), dpi=100)
    canvas = FigureCanvasAgg(figure)
    axes = figure.add_axes((0, 0, 1, 1), projection="3d")  # whose box cuts what is beyond it
    axes.set_box_aspect(None, zoom=0.6)
    colours = ["#ff0000", "#00ff00", "#0000ff"]
    axes.bar3d([0, 1.2, 0.3], [0, 0.4, 1.3], 0, 1, 1, values, color=colours, shade=False)
    axes.view_init(elev=elev, azim=azim)
    axes.set_axis_off()
    canvas.draw()
    faces = [face for _, layer in solids.layers(axes, 400) for face in layer]
    own = Image.new("RGB", (400, 400), "white")
    for face in faces:
        ImageDraw.Draw(own).polygon([tuple(point) for point in face["polygon"]], fill=colours[face["of"]])
        if face["side"] == "side":  # what stands goes up, what hangs goes down
            (_, base), _, _, (_, end) = face["polygon"]
            assert (end < base) == (values[face["of"]] > 0) or abs(end - base) < 3
    off = np.abs(np.asarray(own, int) - np.asarray(canvas.buffer_rgba(), int)[..., :3]).max(axis=2) > 128
    assert off.mean() < 0.01  # rims
    for number, value in enumerate(values):
        assert ("end" if value > 0 else "base") in [face["side"] for face in faces if face["of"] == number]


@pytest.mark.sandbox
def test_charts_of_bars_in_three_dimensions_are_proven_both_solid_and_flat(sandbox: Sandbox) -> None:
    flat = BERTHS.replace(
        "ax.bar3d(places - 0.25, np.full(len(places), row - 0.25), 0, 0.5, 0.5, ships, color=colours[row % 3])",
        'ax.bar(places, ships, zs=row, zdir="y", width=0.5, color=colours[row % 3])',
    )
    assert flat != BERTHS
    for code in (BERTHS, MEALS, flat):
        chart = check_chart(code, sandbox)
        assert isinstance(chart, Chart) and chart.kind == "3-D bar", chart


@pytest.mark.sandbox
@pytest.mark.parametrize(
    "old, new, reason",
    [
        ("azim=-60", "azim=120", "a bar is hidden behind others"),
        ('list(data["ships"]), ha', 'list(data["ships"])[::-1], ha', "a mark goes by two names"),
        ("set_zlim(0, 1.05", "set_zlim(0, 0.8", "a mark lies outside its axes"),
        ("0, 0.5, 0.5, ships", "0, 0.5, 0.5, [n + 3 for n in ships]", "a column is not drawn"),
        ('set_zlabel("Ships")', "plot([0, 3], [1, 1], [20, 20])", "a mark in three dimensions cannot be told"),
    ],
)
def test_what_hides_contradicts_or_lies_is_dropped(old: str, new: str, reason: str, sandbox: Sandbox) -> None:
    assert BERTHS.count(old) == 1
    found = check_chart(BERTHS.replace(old, new), sandbox)
    assert isinstance(found, Dropped) and found.reason == reason, found


@pytest.mark.sandbox
def test_what_is_written_under_a_bar_counts_as_cut_off(sandbox: Sandbox) -> None:
    found = check_chart(MEALS.replace("zorder=50", "zorder=1"), sandbox)
    assert isinstance(found, Dropped) and found.reason == "a text is cut off", found


@pytest.mark.sandbox
def test_values_are_asked_for_only_where_they_are_written(sandbox: Sandbox) -> None:
    program = 'def answer(data):\n    return data["{0}"]["{1}"][0]'
    second = 'def answer(data):\n    first, *_ = data["{0}"]["{1}"]\n    return first'
    for code, names, question, kept in (
        (BERTHS, ("ships", "Tankers"), "How many Tankers were there in Aalborg?", False),
        (MEALS, ("meals", "Pasta"), "How many Pasta meals were served on Monday?", True),
    ):
        chart = check_chart(code, sandbox)
        assert isinstance(chart, Chart)
        asked = Asked(question=question, program=program.format(*names), second=second.format(*names), kind="number")
        found = check_question(chart, asked, sandbox)
        if kept:
            assert isinstance(found, Kept) and not found.answer.get("abs_tol"), found
        else:
            assert isinstance(found, Dropped) and found.reason == "it cannot be read closely enough", found
