"""Little pictures in rows, and a key: one picture "= 20k"; a narrower one is half of one."""

from __future__ import annotations

from collections import defaultdict

from envs.readers import Misread, Reading, number, reader
from envs.readers.tape import Recording, Stroke


@reader("Pictogram")
def pictogram(recording: Recording) -> Reading:
    """Each row of pictures by the name to its left."""
    key = next(w for w in recording.words if w.string.startswith("= "))
    pictures = [s for s in recording.strokes if s.face]
    sample = min(pictures, key=lambda s: abs(s.box[2] - key.box[0]) + abs((s.box[1] + s.box[3]) / 2 - key.y))
    each = number(key.string[2:])
    if each is None:
        raise Misread("the key tells no number")
    rows: dict[float, list[Stroke]] = defaultdict(list)
    for picture in pictures:
        if picture is not sample:
            rows[round((picture.box[1] + picture.box[3]) / 2, 1)].append(picture)
    wide = max(s.box[2] - s.box[0] for row in rows.values() for s in row)
    pitch = next(row[1].box[0] - row[0].box[0] for row in rows.values() if len(row) > 1)
    reading = Reading()
    for y, row in rows.items():
        beside = [w for w in recording.words if w.box[2] < row[0].box[0] and w.box[1] - 2 <= y <= w.box[3] + 2]
        found = sum(0.5 if s.box[2] - s.box[0] < 0.75 * wide else 1.0 for s in row)
        reading.add((min(beside, key=lambda w: abs(w.y - y)).string,), found * each, found * pitch)
    return reading
