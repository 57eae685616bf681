"""The world: every problem a pure function of its address.

>>> from envs import make
>>> problem = make("bar/count/0/1")
>>> problem.image.shape, problem.question, problem.answer
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from envs.address import Address, AddressError
from envs.gym import register

if TYPE_CHECKING:
    from envs.problem import Problem, Unmakeable, make
    from envs.registry import Cell, cells

__all__ = ["Address", "AddressError", "Cell", "Problem", "Unmakeable", "cells", "make"]

_HOME = {"Problem": "problem", "Unmakeable": "problem", "make": "problem", "Cell": "registry", "cells": "registry"}


def __getattr__(name: str) -> Any:
    """Load the drawing half of the house when it is first asked for; an address alone needs none of it."""
    if name in _HOME:
        from importlib import import_module

        return getattr(import_module(f"envs.{_HOME[name]}"), name)
    raise AttributeError(f"module 'envs' has no attribute {name!r}")


register()
