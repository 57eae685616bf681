"""Runs plotting code that nobody has read, and hands back its figures.

>>> from envs.sandbox import Job, Sandbox
>>> with Sandbox(workers=2) as sandbox:
...     outcome = sandbox.run(Job(code="import matplotlib.pyplot as plt\\nplt.bar(['a', 'b'], [1, 2])\\nplt.show()"))
>>> outcome.reason, outcome.figures[0].artists["axes"][0]["bars"][1]["height"]
('', 2.0)

A warm process that has imported matplotlib and what scripts use beside it forks a child per script (warm.py); the
child locks itself in (layers.py), runs the script (harness.py) and sends tagged bytes through the one pipe it has
(frames.py). docs/sandbox.md says what each layer stops, and what none of them does.
"""

from envs.sandbox.jobs import Called, Figure, Job, Limits, Outcome, SandboxError
from envs.sandbox.pool import Sandbox

__all__ = ["Called", "Figure", "Job", "Limits", "Outcome", "Sandbox", "SandboxError"]
