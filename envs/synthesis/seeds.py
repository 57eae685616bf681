"""Seed charts: small scripts of our own, one for each of ReachQA's 32 minor chart types and two that combine marks.

Each is a file in seeds/ that keeps the code contract: DATA apart from render(data), and no work besides. Its first line
says what it is: `# MAJOR / MINOR: TOPIC`, in the words of envs.families.TAXONOMY. They are shown to a model, never run
but in the sandbox.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).with_name("seeds")
_HEAD = re.compile(r"# (?P<major>[^/:]+) / (?P<minor>[^/:]+): (?P<topic>\S.*)\n")


class SeedError(ValueError):
    """A folder of seeds that cannot be used; one line that names the file and the mend."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Seed:
    """A chart to start from."""

    name: str  # of its file
    major: str
    minor: str
    topic: str
    code: str  # without the first line, which would tell a model what to call its own


@cache
def seeds(folder: str | Path | None = None) -> tuple[Seed, ...]:
    """The seeds of a folder by name, the built-in ones where none is given; SeedError names the first bad file."""
    where = FOLDER if folder is None else Path(folder)
    found = []
    for path in sorted(where.glob("*.py")):
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise SeedError(f"{path} cannot be read: {error}") from None
        if not (head := _HEAD.match(text)):
            raise SeedError(f"{path}: its first line is not '# MAJOR / MINOR: TOPIC', as '# pie / ring chart: Energy'")
        found.append(Seed(name=path.stem, **head.groupdict(), code=text[head.end() :]))
    if not found:
        raise SeedError(f"{where} holds no seeds: write scripts as FILE.py there")
    return tuple(found)
