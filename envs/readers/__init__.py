"""Readers: the second opinion. Each rebuilds a view from recorded draw calls alone, sharing no code with the figures."""

from envs.readers.reading import read

__all__ = ["read"]
