"""Code and data as text, on their way to a model and back."""

from __future__ import annotations

import ast
import pprint
import re
from typing import Any

_FENCE = re.compile(r"\A\s*```[a-zA-Z]*[ \t]*\r?\n(.*?)(?:\r?\n```\s*)?\Z", re.DOTALL)


def bare(code: str) -> str:
    """Code without the fence that models like to put around it."""
    return found[1] if (found := _FENCE.match(code)) else code


def with_data(data: Any, code: str) -> str:
    """A script of given data: `code` with DATA before it, and without a DATA of its own."""
    lines = bare(code).splitlines()
    try:
        for node in reversed(ast.parse("\n".join(lines)).body):
            names = [getattr(t, "id", "") for t in node.targets] if isinstance(node, ast.Assign) else []
            if "DATA" in names:
                del lines[node.lineno - 1 : node.end_lineno]
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        pass  # whoever runs it will say what is wrong
    return f"DATA = {pprint.pformat(data, width=110, sort_dicts=False)}\n\n" + "\n".join(lines) + "\n"


def outline(value: Any, depth: int = 0) -> str:
    """The shape of data, with its keys and a few names, without its numbers."""
    inside = "  " * (depth + 1)
    if isinstance(value, dict):
        shown = [f"{inside}{key!r}: {outline(of, depth + 1)}" for key, of in list(value.items())[:24]]
        more = [f"{inside}... ({len(value)} keys)"] if len(value) > len(shown) else []
        return "{\n" + ",\n".join([*shown, *more]) + "\n" + "  " * depth + "}"
    if isinstance(value, list):
        if any(isinstance(of, dict | list) for of in value):
            return f"[{outline(value[0], depth)}, ...]  # {len(value)} of them"
        names = [of for of in value if isinstance(of, str)]
        if not names:
            return f"list of {len(value)} numbers"
        return f"list of {len(value)}, such as {', '.join(map(repr, names[:3]))}"
    return {str: f"text, such as {value!r}"}.get(type(value), type(value).__name__)
