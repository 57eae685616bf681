"""From text to the numbers a chart shows."""

from envs.data.frequencies import Frequencies, Kind, frequencies

__all__ = ["Frequencies", "Kind", "frequencies"]
