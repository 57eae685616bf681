"""When a laid-out figure is fair to ask about: judged on the layout, before any pixel is painted."""

from __future__ import annotations

from envs.drawing.colour import contrast
from envs.drawing.sheet import Box, Layout, Mark, Point, Sheet, Text, Unreadable

X_HEIGHT = 6.0  # pixels
CONTRAST = 4.5  # WCAG ratio of a text to its ground; 3 was tried and was faint at this size
SMALLEST_MARK = 3.0  # pixels, the shorter side
BORDER = 1.0  # pixels between a text and the edge of the picture
TOUCH = 1.0  # pixels two texts may share


def judge(sheet: Sheet) -> None:
    """Raise Unreadable, saying what, where and why, unless everything that is needed can be read."""
    layout = sheet.layout
    for text in layout.texts:
        _judge_text(text, sheet)
    _judge_overlaps(layout)
    for a, b in layout.strokes:
        box = (min(a[0], b[0]), min(a[1], b[1]), max(a[0], b[0]), max(a[1], b[1]))
        for text in layout.texts:
            t = text.box
            if box[0] < t[2] and t[0] < box[2] and box[1] < t[3] and t[1] < box[3] and _crosses(text.quad, a, b):
                raise Unreadable(f"{text.role} {text.string!r} is crossed by a line")
    for mark in layout.marks:
        x0, y0, x1, y1 = mark.box
        if min(x1 - x0, y1 - y0) < SMALLEST_MARK:
            raise Unreadable(f"mark {mark.index} is smaller than {SMALLEST_MARK} px")
        if mark.wedge and mark.wedge.radius * (mark.wedge.last - mark.wedge.first) * 0.01745 < SMALLEST_MARK:
            raise Unreadable(f"sector {mark.index} is thinner than {SMALLEST_MARK} px")


def _judge_text(text: Text, sheet: Sheet) -> None:
    x0, y0, x1, y1 = text.box
    if x0 < BORDER or y0 < BORDER or x1 > sheet.width - BORDER or y1 > sheet.height - BORDER:
        raise Unreadable(f"{text.role} {text.string!r} is clipped")
    if text.x_height < X_HEIGHT:
        raise Unreadable(f"{text.role} {text.string!r} is too small: x-height {text.x_height:.1f} px")
    if contrast(text.colour, text.ground) < CONTRAST:
        raise Unreadable(f"{text.role} {text.string!r} has too little contrast")


def _judge_overlaps(layout: Layout) -> None:
    """No text over another, none over a mark that it is not written on."""
    order = sorted(layout.texts, key=lambda text: text.box[0])
    for i, a in enumerate(order):
        for b in order[i + 1 :]:
            if b.box[0] >= a.box[2] - TOUCH:
                break
            if min(a.box[3], b.box[3]) - max(a.box[1], b.box[1]) > TOUCH and _quads_meet(a.quad, b.quad):
                raise Unreadable(f"{a.role} {a.string!r} lies over {b.role} {b.string!r}")
        x0, y0, x1, y1 = a.box
        for mark in layout.marks:
            left, low, right, high = mark.box
            # Written out, for most do not meet: this is the innermost loop of all checks.
            if right - x0 <= TOUCH or x1 - left <= TOUCH or high - y0 <= TOUCH or y1 - low <= TOUCH:
                continue
            if mark.index != a.inside and _boxes_meet(a.box, mark.box) and _covers(mark, a):
                raise Unreadable(f"{a.role} {a.string!r} lies over mark {mark.index}")


def _covers(mark: Mark, text: Text) -> bool:
    """Whether a mark whose box meets the text's lies under it."""
    if mark.wedge:
        return any(mark.wedge.holds(corner) for corner in text.quad)
    if mark.round:
        x0, y0, x1, y1 = mark.box
        x, y = (x0 + x1) / 2, (y0 + y1) / 2
        left, low, right, high = text.box
        dx, dy, reach = max(left - x, 0, x - right), max(low - y, 0, y - high), (x1 - x0) / 2 - TOUCH
        return dx * dx + dy * dy < reach * reach
    if mark.polygon:
        sides = zip(mark.polygon, (*mark.polygon[1:], mark.polygon[0]))
        return _inside(mark.polygon, text.quad[0]) or any(_crosses(text.quad, a, b) for a, b in sides)
    return True


def _inside(polygon: tuple[Point, ...], point: Point) -> bool:
    """Whether a point lies in a polygon: a ray from it crosses the sides an odd number of times."""
    x, y = point
    odd = False
    for (ax, ay), (bx, by) in zip(polygon, (*polygon[1:], polygon[0])):
        if (ay > y) != (by > y) and x < ax + (y - ay) / (by - ay) * (bx - ax):
            odd = not odd
    return odd


def _crosses(quad: tuple[Point, ...], a: Point, b: Point) -> bool:
    """Whether a segment runs through a text's quad: what is left of it, clipped to the box it is turned into."""
    (ox, oy), (ux, uy), _, (vx, vy) = quad
    low, high = 0.0, 1.0
    for ex, ey in ((ux - ox, uy - oy), (vx - ox, vy - oy)):
        length = (ex * ex + ey * ey) ** 0.5 or 1.0
        start = ((a[0] - ox) * ex + (a[1] - oy) * ey) / length
        along = ((b[0] - a[0]) * ex + (b[1] - a[1]) * ey) / length
        near, far = TOUCH - start, length - TOUCH - start
        if not along:
            if near > 0 or far < 0:
                return False
            continue
        first, last = sorted((near / along, far / along))
        low, high = max(low, first), min(high, last)
    return low < high


def _boxes_meet(a: Box, b: Box) -> bool:
    return min(a[2], b[2]) - max(a[0], b[0]) > TOUCH and min(a[3], b[3]) - max(a[1], b[1]) > TOUCH


def _quads_meet(a: tuple[Point, ...], b: tuple[Point, ...]) -> bool:
    """Whether two rectangles at any angle overlap: no axis of either separates them."""
    for first, second in ((a, b), (b, a)):
        for k in (0, 1):
            (x0, y0), (x1, y1) = first[k], first[k + 1]
            nx, ny = y0 - y1, x1 - x0
            length = (nx * nx + ny * ny) ** 0.5
            if not length:
                continue
            mine = [(x * nx + y * ny) / length for x, y in first]
            other = [(x * nx + y * ny) / length for x, y in second]
            if min(max(mine), max(other)) - max(min(mine), min(other)) <= TOUCH:
                return False
    return True
