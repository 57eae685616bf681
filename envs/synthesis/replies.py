"""What a model is asked to say: a dataclass as a JSON schema, and a reply's text as that dataclass.

A reply is untrusted. Whatever it holds, `parse` gives a value of the type or raises Malformed with one line that the
model can be shown; it never evaluates, never recurses deeper than JSON's own reader, and reads MAX_CHARS at most.
"""

from __future__ import annotations

import dataclasses
import json
import re
import types
import typing
from typing import Any, NoReturn, TypeVar

from envs.convert import ConfigError, convert

MAX_CHARS = 400_000  # of a reply: a script is a few thousand
SHOWN = 300  # characters of a mistake that the model is shown
STARTS = 50  # braces at which an object may be tried

T = TypeVar("T")
_PLAIN = {str: "string", int: "integer", float: "number", bool: "boolean", type(None): "null"}
_FENCE = re.compile(r"```[ \t]*(?:python|py)?[ \t]*\r?\n(.*?)(?:\r?\n```|\Z)", re.DOTALL)


class Malformed(ValueError):
    """Why a reply is not what was asked for, in one line."""


def schema_of(hint: Any) -> dict[str, Any]:
    """The JSON schema of a type, as strict structured output wants it: every key required, no others allowed."""
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if dataclasses.is_dataclass(hint):
        hints = typing.get_type_hints(hint)
        return {
            "type": "object",
            "properties": {name: schema_of(of) for name, of in hints.items()},
            "required": list(hints),
            "additionalProperties": False,
        }
    if origin is list:
        return {"type": "array", "items": schema_of(args[0])}
    if origin is typing.Literal:
        return {"type": "string", "enum": list(args)}
    if origin in (typing.Union, types.UnionType):
        return {"anyOf": [schema_of(of) for of in args]}
    return {"type": _PLAIN[hint]}


def parse(text: str, hint: type[T]) -> T:
    """The reply as `hint`: the whole text or the first JSON object in it; for a type with the one field `code`, a block
    of code will do as well. Reasoning before the last </think> is no part of it."""
    text = text.rpartition("</think>")[2].strip()
    if not text:
        raise Malformed("the reply is empty")
    if len(text) > MAX_CHARS:
        raise Malformed(f"the reply has {len(text)} characters, more than {MAX_CHARS}")
    try:
        value = _object(text)
    except Malformed:
        if [f.name for f in dataclasses.fields(typing.cast(Any, hint))] == ["code"] and (block := _FENCE.search(text)):
            value = {"code": block[1]}
        else:
            raise
    try:
        made: T = convert(_known(value, hint), hint, "", "the reply")
        return made
    except ConfigError as error:
        line = " ".join(str(error).replace("the reply: the config", "the reply").split())
        raise Malformed(line if len(line) <= SHOWN else line[: SHOWN - 3] + "...") from None


def _object(text: str) -> dict[str, Any]:
    reader = json.JSONDecoder(parse_constant=_no_number)
    problem, start = "there is no JSON object in the reply", -1
    for _ in range(STARTS):
        start = text.find("{", start + 1)
        if start < 0:
            break
        try:
            found, _end = reader.raw_decode(text, start)
            json.dumps(found, ensure_ascii=False).encode()  # half a surrogate pair fits in no file
            return typing.cast(dict[str, Any], found)
        except UnicodeEncodeError:
            problem = "the reply holds half a character (a lone surrogate)"
        except RecursionError:
            raise Malformed("the reply is nested too deeply") from None
        except ValueError as error:
            if problem.startswith("there is no"):
                problem = f"the reply is not JSON: {error}"
    raise Malformed(problem[:SHOWN])


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON number")


def _known(value: Any, hint: Any) -> Any:
    """Without keys that were not asked for: models add them where no schema holds them back."""
    if dataclasses.is_dataclass(hint) and isinstance(value, dict):
        hints = typing.get_type_hints(hint)
        return {key: _known(of, hints[key]) for key, of in value.items() if key in hints}
    if typing.get_origin(hint) is list and isinstance(value, list):
        return [_known(of, typing.get_args(hint)[0]) for of in value]
    return value
