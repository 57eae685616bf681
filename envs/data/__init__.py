"""From text to the numbers a chart shows."""

from envs.data.frequencies import Frequencies, frequencies

__all__ = ["Frequencies", "frequencies"]
