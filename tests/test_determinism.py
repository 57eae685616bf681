"""The same address gives the same bytes, whatever surrounds it."""

from __future__ import annotations

import os
import subprocess
import sys
from hashlib import blake2b
from pathlib import Path

from envs import make

_PROBE = """
import sys
from hashlib import blake2b
from envs import cells, make
seen = blake2b()
for i, cell in enumerate(cells()[::23]):
    for test in ("", "test:"):
        p = make(f"{test}{cell.family}/{cell.question}/{i % 7}/{i}")
        seen.update(p.image.tobytes() + p.question.encode() + p.solution.encode() + str(p.answer.to_json()).encode())
print(seen.hexdigest())
"""


def _probe(tmp_path: Path, **environment: str) -> str:
    root = Path(__file__).parents[1]
    done = subprocess.run(
        [sys.executable, "-c", _PROBE],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(root), **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


def test_two_processes_two_hash_seeds_and_a_foreign_matplotlibrc_give_equal_bytes(tmp_path: Path) -> None:
    plain, foreign = tmp_path / "plain", tmp_path / "foreign"
    plain.mkdir()
    foreign.mkdir()
    (foreign / "matplotlibrc").write_text(
        "font.size: 30\nfont.family: serif\ntext.hinting: none\ntext.hinting_factor: 1\ntext.antialiased: False\n"
        "path.snap: False\npath.simplify_threshold: 1.0\nlines.antialiased: False\nsavefig.dpi: 7\nfigure.dpi: 300\n"
        "text.usetex: True\naxes.facecolor: red\nagg.path.chunksize: 100\n"
    )
    first = _probe(plain, PYTHONHASHSEED="1")
    second = _probe(foreign, PYTHONHASHSEED="2", MPLCONFIGDIR=str(tmp_path / "no-font-cache"))
    assert len(first) == 128
    assert first == second


def test_a_forked_process_draws_the_same() -> None:
    """A face reads its font file as it goes; processes that shared its position would read each other's glyphs."""
    make("bar/count/2/1")
    addresses = [f"bar/kth_value/{i % 5}/{i}" for i in range(40)]
    readers = []
    for _ in range(2):
        r, w = os.pipe()
        if os.fork() == 0:
            digest = b"".join(blake2b(make(a).image.tobytes(), digest_size=4).digest() for a in addresses)
            os.write(w, digest)
            os._exit(0)
        os.close(w)
        readers.append(r)
    mine = b"".join(blake2b(make(a).image.tobytes(), digest_size=4).digest() for a in addresses)
    for r in readers:
        assert os.read(r, 1 << 16) == mine
        os.close(r)
        os.wait()
