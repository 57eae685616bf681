"""Markers lie in the frame at their values; their colour tells the group, what stands beside them the name, and the
area of a bubble its size."""

from __future__ import annotations

from envs.readers import Misread, Reading, reader
from envs.readers.plane import inside, labels, middle, names_by_colour, plane, within, worth
from envs.readers.tape import Recording, Stroke


@reader("Scatter")
def scatter(recording: Recording) -> Reading:
    """Each marker by its group and its name, or its number in the order drawn."""
    found = plane(recording)
    marks = inside(recording.strokes, found.box)
    beside = labels(recording, found.box, marks)
    legend = {face: text for face, text in names_by_colour(recording, found.box).items() if not _worth(text)}
    sizes = _sizes(recording, found.box, marks, beside)
    reading = Reading()
    for i, mark in enumerate(marks):
        x, y = middle(mark.box)
        name, _, written = beside.get(i, str(i)).partition(" (")
        if legend and mark.face not in legend:
            raise Misread(f"mark {i} is of no group")
        group = legend[mark.face] if legend and mark.face else ""
        reading.add((group, name, "x"), found.x(x), x)
        reading.add((group, name, "y"), found.y(y), y)
        if sizes:
            across = mark.box[2] - mark.box[0]
            reading.add((group, name, "size"), sizes * across * across, across, written.rstrip(")"))
    for line in recording.strokes:
        if line.face is None and len(line.points) == 2 and within(found.box, middle(line.box)):
            (x0, y0), (x1, y1) = sorted(line.points.tolist())
            if abs(x1 - x0) > 5 and abs(y1 - y0) > 1:
                ends = {"x0": found.x(x0), "y0": found.y(y0), "x1": found.x(x1), "y1": found.y(y1)}
                for end, value in ends.items():
                    reading.add(("trend", "line", end), value, 0.0)
    return reading


def _sizes(
    recording: Recording, box: tuple[float, float, float, float], marks: list[Stroke], beside: dict[int, str]
) -> float:
    """The size that a square pixel of a bubble's box stands for, from the key or a written size; 0 if there is none."""
    for stroke in recording.strokes:
        if stroke.curved and stroke.face is not None and not within(box, middle(stroke.box)):
            right, height = stroke.box[2], middle(stroke.box)[1]
            after = [w for w in recording.words if 0 < w.box[0] - right < 12 and w.box[1] <= height <= w.box[3]]
            if after and _worth(after[0].string):
                return worth(after[0].string) / (right - stroke.box[0]) ** 2
    for i, text in beside.items():
        if " (" in text:
            return worth(text.partition(" (")[2].rstrip(")")) / (marks[i].box[2] - marks[i].box[0]) ** 2
    return 0.0


def _worth(text: str) -> bool:
    try:
        return worth(text) != 0
    except Misread:
        return False
