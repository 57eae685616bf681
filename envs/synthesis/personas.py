"""Personas: whose eyes a chart is thought up with. A library of 200 of our own, or any file of personas.

    personas()                the library (personas.jsonl): of all ages and 21 regions, without names
    personas("mine.jsonl")    one JSON object a line: {"description": "A ...", "occupation", "interest", "region"},
                              of which only the description is needed; "persona" will do for its key

A file of personas from elsewhere often repeats some; each is taken once.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

LIBRARY = Path(__file__).with_name("personas.jsonl")
LONGEST = 1000  # characters of a description: it goes into every prompt
_KEYS = ("description", "occupation", "interest", "region")


class PersonaError(ValueError):
    """A file of personas that cannot be used; one line that names the file, its line and the mend."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Persona:
    """Somebody who would want a chart of something."""

    description: str  # a sentence, without a name
    occupation: str = ""
    interest: str = ""
    region: str = ""


@cache
def personas(path: str | Path | None = None) -> tuple[Persona, ...]:
    """The personas of a file in its order, by default of the library; PersonaError names the first bad line."""
    file = LIBRARY if path is None else Path(path)
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise PersonaError(f"{file}: {error.strerror or error}: name a JSONL file of personas") from None
    except UnicodeDecodeError as error:
        number = error.object.count(b"\n", 0, error.start) + 1
        raise PersonaError(f"{file}, line {number}: not UTF-8: save the file as UTF-8") from None
    found: dict[str, Persona] = {}
    for number, line in enumerate(lines, 1):
        if line.strip():
            try:
                persona = _read(line)
            except ValueError as error:
                raise PersonaError(f"{file}, line {number}: {error}") from None
            found.setdefault(persona.description.casefold(), persona)
    if not found:
        raise PersonaError(f'{file} holds no personas: write one {{"description": "A ..."}} a line')
    return tuple(found.values())


def _read(line: str) -> Persona:
    """The persona of a line; ValueError says what is wrong with it."""
    try:
        held = json.loads(line)
    except (ValueError, RecursionError):
        raise ValueError(f"{line[:40]!r} is not JSON: write one object a line") from None
    if not isinstance(held, dict):
        raise ValueError(f'{line[:40]!r} is not an object: write {{"description": "A ..."}}')
    said: dict[str, str] = {}
    for key in _KEYS:
        value = held.get(key, held.get("persona", "") if key == "description" else "")
        if not isinstance(value, str):
            raise ValueError(f"{key} {str(value)[:40]!r} is not a text: put it in quotes")
        said[key] = " ".join(value.split())
    if not said["description"]:
        raise ValueError(f'no description among its keys ({", ".join(held) or "none"}): write "description": "A ..."')
    if len(said["description"]) > LONGEST:
        raise ValueError(f"a description of {len(said['description'])} characters: at most {LONGEST} go into a prompt")
    return Persona(**said)
