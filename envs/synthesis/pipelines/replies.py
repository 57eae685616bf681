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
from collections.abc import Iterator
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
    """The reply as `hint`: the first JSON object in it that is one; for a type with the one field `code`, a block of
    code will do as well. Reasoning before the last </think> is no part of it."""
    text = text.rpartition("</think>")[2].strip()
    if not text:
        raise Malformed("the reply is empty")
    if len(text) > MAX_CHARS:
        raise Malformed(f"the reply has {len(text)} characters, more than {MAX_CHARS}")
    problem = ""
    for value in _objects(text):
        if isinstance(value, Malformed):
            problem = problem or str(value)
            continue
        try:
            made: T = convert(_known(value, hint), hint, "", "the reply")
            return made
        except ConfigError as error:
            problem = problem or " ".join(str(error).replace("the reply: the config", "the reply").split())
    fields = [f.name for f in dataclasses.fields(typing.cast(Any, hint))]
    if fields == ["code"] and (block := _FENCE.search(text)):
        return typing.cast(Any, hint)(code=block[1])  # type: ignore[no-any-return]
    problem = problem or "there is no JSON object in the reply"
    raise Malformed(problem if len(problem) <= SHOWN else problem[: SHOWN - 3] + "...")


def _objects(text: str) -> Iterator[dict[str, Any] | Malformed]:
    """The JSON objects of a text, one after the other, and what is wrong where one only begins."""
    reader, start = json.JSONDecoder(parse_constant=_no_number), 0
    for _ in range(STARTS):
        if (start := text.find("{", start)) < 0:
            return
        try:
            found, end = reader.raw_decode(text, start)
            json.dumps(found, ensure_ascii=False).encode()  # half a surrogate pair fits in no file
            yield found
            start = end
        except UnicodeEncodeError:
            yield Malformed("the reply holds half a character (a lone surrogate)")
            start = end
        except RecursionError:
            yield Malformed("the reply is nested too deeply")
            return
        except ValueError as error:
            yield Malformed(f"the reply is not JSON: {error}")
            start += 1


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
