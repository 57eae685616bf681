"""What is typed on the command line, turned into values: one line says what is wrong with it."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from envs.address import Address
from envs.registry import Cell, select

if TYPE_CHECKING:
    from envs.stored import StoredSet


class BadInput(Exception):
    """Something the user typed; shown as one line, exit status 2."""


def opened_text(spec: str | None) -> str:
    """Open a corpus; the text key of its addresses, '' for the built-in grammar."""
    if not spec or spec == "grammar":
        return ""
    from envs.text import TextError, open_corpus

    try:
        corpus = open_corpus(spec)
    except TextError as wrong:
        raise BadInput(wrong) from None
    return corpus.key


def opened_phrasings(path: str | None) -> str:
    """Open a file of phrasings; the words key of its addresses, '' for none."""
    if path is None:
        return ""
    from envs.phrasings import PhrasingError, open_phrasings

    try:
        return open_phrasings(path).key
    except PhrasingError as wrong:
        raise BadInput(wrong) from None


def opened_data(source: str, tiers: str, name: str = "", px: tuple[int, int] = (448, 448)) -> StoredSet:
    """Open a data set of one's own for this process, named after its file or folder unless `name` is given; its
    pictures have at most as many pixels as `px`."""
    from envs.stored import Spec, StoredError, open_stored

    own = re.sub(r"[^a-z0-9_]+", "_", Path(source.partition("@")[0]).stem.casefold()).strip("_0123456789")
    name = name or own or "data"
    try:
        spec = Spec(name=name, source=source, tiers=tuple(tiers.split(",")), max_pixels=px[0] * px[1])
        return open_stored(spec)
    except StoredError as wrong:
        raise BadInput(str(wrong).replace(f"data.{name}.source ", "--data ")) from None


def chosen_cells(globs: Sequence[str], px: tuple[int, int]) -> tuple[Cell, ...]:
    try:
        return select(globs, *px)
    except ValueError as wrong:
        raise BadInput(wrong) from None


def level_list(text: str) -> list[int]:
    """Levels and ranges of them: "3", "0-8", "0-8,40"."""
    found: list[int] = []
    for part in text.split(","):
        low, _, high = part.partition("-")
        if not low.isdigit() or not (high or low).isdigit() or int(high or low) < int(low):
            raise BadInput(f"--levels {text!r} is not a level or a range: write 3 or 0-8 or 0-8,40")
        found += range(int(low), int(high or low) + 1)
    return found


def shard(text: str) -> tuple[int, int]:
    part, _, parts = text.partition("/")
    if not part.isdigit() or not parts.isdigit() or not 1 <= int(part) <= int(parts):
        raise BadInput(f"--shard {text!r} is not a part of a whole: write 2/8 for the second of eight")
    return int(part), int(parts)


def pixels(text: str) -> tuple[int, int]:
    address = Address.parse(f"bar/count/0/0?px={text}")
    return address.width, address.height


def save(path: Path, write: Callable[[Path], object]) -> None:
    try:
        write(path)
    except OSError as wrong:
        raise BadInput(f"cannot write {str(path)!r}: {wrong.strerror or wrong}") from None
    print(f"wrote {path}", file=sys.stderr)
