"""Readers, the second opinion: each rebuilds a view from recorded draw calls, sharing no code with the figures."""

from envs.readers.reading import read

__all__ = ["read"]
