"""Fixed test sets: lists of `test:` addresses with digests that prove they still make the same problems.

A set is two files. `NAME.jsonl` holds one problem a line:

    {"address", "versions": {"family", "question"}, "image", "question", "answer", "sketch"}

`image`, `question` and `answer` are BLAKE2b digests (8 bytes, hex) of the pixels, the question's text and the answer's
JSON; answers are not written out, so that a crawl of this repository teaches no model the set. `sketch` is the mean
grey of 8 x 8 blocks, one byte each in hex. `NAME.json` says how and by which release the set was made, and the
fingerprint of what draws. Where a machine's fingerprint equals it, pixels must agree exactly; elsewhere every block of
the sketch must agree within SKETCH_TOLERANCE grey levels: a block's mean hardly feels that another FreeType moves the
edges of glyphs, and does feel a bar that moved by 3 px. Questions, answers and versions must agree everywhere.

A shipped set never changes: `build` refuses to overwrite, and a change that would alter a set makes a new one. Rows are
dealt over families, then questions, then levels, so that the first N rows are about as balanced as the whole.

    python -m envs.testsets build NAME [FOLDER]      for maintainers; users run `python -m envs check --test-set NAME`
"""

from __future__ import annotations

import difflib
import itertools
import json
import platform
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cached_property
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from envs.address import Address, AddressError, Draws

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from envs.problem import Problem

T = TypeVar("T")
HERE = Path(__file__).parent
SKETCH_BLOCKS = 8
SKETCH_TOLERANCE = 4  # of 255 grey levels
SEEDS = 1_000_000  # seeds of test sets are below this, so that addresses stay short
TRIES = 64  # seeds looked at for one row before its wish for a phrasing, then the row, is given up


class TestSetError(ValueError):
    """A test set that is not there, or a line of it that cannot be read; the message names the mend."""

    __test__ = False  # pytest collects classes by name


@dataclass(frozen=True)
class Spec:
    """What to build: `count` problems over `parts`, each a list of globs over family/question, all parts alike.

    Within a part the families get equal numbers, within a family its questions, within a question the levels; a row
    has one of the `sizes`, pixels across and down. `test` is the world: False is that of training.
    """

    count: int
    parts: tuple[tuple[str, ...], ...]
    levels: tuple[int, ...]
    sizes: tuple[tuple[int, int], ...] = ((448, 448),)
    test: bool = True


SIZES = ((448, 448), (448, 448), (640, 480), (480, 640), (896, 448), (448, 896), (336, 336))
SPECS: dict[str, Spec] = {
    # What a model is measured on: everything, at the levels that small models can still learn from.
    "core-v1": Spec(1200, (("*/*",),), levels=(0, 1, 2, 3, 4, 5)),
    # Everything there is: all levels that are compared, pictures of many shapes; and a tenth of it, for the evaluations
    # in the middle of a training run.
    "charts-v1": Spec(3000, (("*/*",),), levels=tuple(range(9)), sizes=SIZES),
    "charts-v1-mini": Spec(300, (("*/*",),), levels=tuple(range(9)), sizes=SIZES),
    # The families and the questions of the project that this one grew from, 20 problems a family.
    "seed-60": Spec(
        60,
        (
            ("bar/count", "bar/kth_value", "bar/mean", "bar/median"),
            ("pie/count", "pie/kth_largest", "pie/kth_value"),
            ("wordcloud/count", "wordcloud/kth_largest", "wordcloud/contains"),
        ),
        levels=(0, 1, 2, 3),
    ),
    # For the tiny models of the tutorial and the tests; the cells of configs/tiny.yaml.
    "tiny-v1": Spec(200, (("bar/count",),), levels=(0, 1), sizes=((112, 112),)),
    # No test set: problems of the training world that guard against a change nobody meant (tests/digests.jsonl).
    "digests": Spec(300, (("*/*",),), levels=(*range(9), 40), sizes=SIZES, test=False),
}


@dataclass(frozen=True)
class Entry:
    """One line of a test set; digests and sketch are '' where the file holds addresses only."""

    address: Address
    versions: Mapping[str, int]
    image: str = ""
    question: str = ""
    answer: str = ""
    sketch: str = ""

    @classmethod
    def of(cls, problem: Problem) -> Entry:
        """The line that records a problem."""
        image = problem.image
        answer = json.dumps(problem.answer.to_json(), sort_keys=True, ensure_ascii=False)
        return cls(
            problem.address,
            dict(problem.meta["versions"]),
            image=_digest(repr(image.shape).encode() + image.tobytes()),
            question=_digest(problem.question.encode()),
            answer=_digest(answer.encode()),
            sketch=sketch(image),
        )

    def to_json(self) -> dict[str, Any]:
        row: dict[str, Any] = {"address": str(self.address), "versions": dict(self.versions)}
        return row | {key: getattr(self, key) for key in ("image", "question", "answer", "sketch")}

    def differences(self, problem: Problem, exact: bool) -> list[str]:
        """How a problem made now differs from the recorded one; `exact` where the fingerprints are equal."""
        new = Entry.of(problem)
        found = [
            f"{part} version {version} became {new.versions.get(part)}"
            for part, version in self.versions.items()
            if version != new.versions.get(part)
        ]
        found += [f"another {part}" for part in ("question", "answer") if _differ(self, new, part)]
        if exact:
            found += ["other pixels"] if _differ(self, new, "image") else []
        elif self.sketch:
            apart = max(abs(a - b) for a, b in zip(bytes.fromhex(self.sketch), bytes.fromhex(new.sketch)))
            found += [f"other pixels (a block differs by {apart} grey levels)"] if apart > SKETCH_TOLERANCE else []
        return found


@dataclass(frozen=True)
class TestSet:
    """A fixed list of problems. `digest` names the list of addresses, whatever the file is called."""

    __test__ = False

    name: str
    entries: tuple[Entry, ...]
    about: Mapping[str, Any]

    @cached_property
    def addresses(self) -> tuple[Address, ...]:
        return tuple(entry.address for entry in self.entries)

    @cached_property
    def digest(self) -> str:
        return _digest("\n".join(map(str, self.addresses)).encode())

    def __len__(self) -> int:
        return len(self.entries)


def names() -> list[str]:
    """The test sets that are shipped."""
    return sorted(path.stem for path in HERE.glob("*.jsonl"))


def load(name: str | Path) -> TestSet:
    """A shipped test set by name, or any .jsonl file of lines with an "address"; TestSetError names what is wrong."""
    path = Path(name) if str(name).endswith(".jsonl") else HERE / f"{name}.jsonl"
    if path.parent == HERE and path.stem not in names():
        near = difflib.get_close_matches(path.stem, names(), 1, 0.0)
        raise TestSetError(
            f"no test set {path.stem!r}: " + (f"did you mean {near[0]!r}?" if near else "none is shipped")
        )
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise TestSetError(f"cannot read the test set {path}: {getattr(error, 'strerror', None) or error}") from None
    entries = []
    for number, line in enumerate(lines, 1):
        try:
            row = json.loads(line)
            texts = {key: str(row.get(key, "")) for key in ("image", "question", "answer", "sketch")}
            entries.append(Entry(Address.parse(row["address"]), dict(row.get("versions", {})), **texts))
        except AddressError as error:
            raise TestSetError(f"{path}, line {number}: {error}") from None
        except (ValueError, KeyError, TypeError, AttributeError):
            raise TestSetError(f'{path}, line {number}: a line is a JSON object with an "address"') from None
    if not entries:
        raise TestSetError(f"{path} holds no problems")
    if twice := [address for address, n in Counter(entry.address for entry in entries).items() if n > 1]:
        raise TestSetError(f"{path} holds {twice[0]} more than once: leave one line of it")
    about_path = path.with_suffix(".json")
    about = json.loads(about_path.read_text(encoding="utf-8")) if about_path.is_file() else {}
    return TestSet(path.stem, tuple(entries), about)


def fingerprint() -> dict[str, str]:
    """What decides pixels to the last bit, beside this project's own code."""
    import matplotlib
    import numpy as np
    import PIL
    from matplotlib import ft2font

    return {
        "matplotlib": str(matplotlib.__version__),
        "freetype": str(ft2font.__freetype_version__),
        "numpy": np.__version__,
        "pillow": str(PIL.__version__),
        "machine": platform.machine(),
    }


def _digest(data: bytes) -> str:
    return blake2b(data, digest_size=8).hexdigest()


def sketch(image: NDArray[np.uint8]) -> str:
    """The mean grey of 8 x 8 blocks of an H x W x 3 image as 128 hex digits."""
    import numpy as np

    grey = image.astype(np.uint32).sum(axis=2)
    edges = [[side * i // SKETCH_BLOCKS for i in range(SKETCH_BLOCKS + 1)] for side in grey.shape]
    blocks = [
        grey[top:bottom, left:right]
        for top, bottom in zip(edges[0], edges[0][1:])
        for left, right in zip(edges[1], edges[1][1:])
    ]
    # Whole-number arithmetic: sum / (3 n), rounded half up, is the same everywhere.
    return bytes(int((2 * block.sum() + 3 * block.size) // (6 * block.size)) for block in blocks).hex()


def _bar(things: Sequence[Any], show: bool, what: str) -> Iterable[Any]:
    if not show:
        return things
    from tqdm import tqdm

    bar: Iterable[Any] = tqdm(things, desc=what, unit="problem")
    return bar


def verify(name: str | Path, progress: bool = False) -> list[str]:
    """Makes every problem of a set again and says how each differs from its line; an empty list is agreement."""
    from envs.problem import Unmakeable, make

    test_set = load(name)
    exact = test_set.about.get("fingerprint") == fingerprint()
    differences = []
    for entry in _bar(test_set.entries, progress, f"verifying {test_set.name}"):
        try:
            found = entry.differences(make(entry.address), exact)
        except (Unmakeable, AddressError) as error:
            found = [f"cannot be made: {error}"]
        if found:
            differences.append(f"{entry.address}: {', '.join(found)}")
    return differences


def _differ(old: Entry, new: Entry, part: str) -> bool:
    before = getattr(old, part)
    return bool(before) and before != getattr(new, part)


class _Deal:
    """Deals options out so that each comes as often as the others: within the first group, then within wider ones."""

    def __init__(self) -> None:
        self._dealt: Counter[Any] = Counter()

    def __call__(self, options: Iterable[T], *groups: object) -> T:
        chosen = min(options, key=lambda option: [self._dealt[group, option] for group in groups])
        self._dealt.update((group, chosen) for group in groups)
        return chosen


def _plan(
    spec: Spec, cells: Iterable[tuple[str, str, int | None]]
) -> Iterator[tuple[str, str, int, tuple[int, int], bool]]:
    """(family, question, level, size, held out) of each row, without end; cells come with a top level.

    A short beginning is about as balanced as the whole: no family starts with the questions that another started with,
    and each level of each cell is asked with held-out phrasings every other time.
    """
    parts: list[dict[str, dict[str, list[int]]]] = []
    known = sorted(cells, key=lambda cell: cell[:2])
    for globs in spec.parts:
        families: dict[str, dict[str, list[int]]] = {}
        for family, question, top in known:
            if any(fnmatchcase(f"{family}/{question}", glob) for glob in globs):
                levels = [level for level in spec.levels if top is None or level <= top] or [min(spec.levels)]
                families.setdefault(family, {})[question] = levels
        if not families:
            raise TestSetError(f"no cell matches {', '.join(globs)}: see `python -m envs list`")
        parts.append(families)
    deal = _Deal()
    for turn in itertools.count():
        part = turn % len(parts)
        family = deal(parts[part], part)
        question = deal(parts[part][family], (part, family), "question")
        level = deal(parts[part][family][question], (family, question), family, "level")
        shape = deal(range(len(spec.sizes)), family, "size")
        held_out = deal((True, False), (family, question, level), level, "words")
        yield family, question, level, spec.sizes[shape], held_out


def build(name: str, spec: Spec | None = None, folder: str | Path = HERE, progress: bool = False) -> list[Path]:
    """Makes a test set and writes NAME.jsonl and NAME.json; refuses to touch a set that is there.

    No two rows share an image.
    """
    from envs.problem import Unmakeable, make
    from envs.registry import select

    if spec is None and name not in SPECS:
        near = difflib.get_close_matches(name, SPECS, 1, 0.0)
        raise TestSetError(f"nothing says how to build {name!r}: did you mean {near[0]!r}?")
    spec = spec or SPECS[name]
    files = [Path(folder) / f"{name}.jsonl", Path(folder) / f"{name}.json"]
    for file in files:
        if file.exists():
            raise TestSetError(f"{file} is there, and a test set never changes: build under another name")
    fit = select(["*"], min(map(min, spec.sizes)), min(map(min, spec.sizes)))
    plan = _plan(spec, ((cell.family, cell.question, cell.top_level) for cell in fit))
    entries: list[Entry] = []
    images: set[str] = set()
    for number in _bar(range(spec.count), progress, f"building {name}"):
        family, question, level, size, held_out = next(plan)
        entry, why = None, ""
        seeds = Draws("testset", name, number)
        for _ in range(TRIES):
            address = Address(family, question, level, seeds.integers(0, SEEDS), spec.test, *size)
            try:
                problem = make(address)
            except Unmakeable as error:
                why = str(error)
                continue
            candidate = Entry.of(problem)
            if candidate.image in images:
                continue
            entry = entry or candidate
            if problem.meta["held_out"] == (held_out and spec.test):
                entry = candidate
                break
        if entry is None:
            raise TestSetError(f"no problem of {family}/{question}/{level} in {TRIES} seeds: {why or 'all repeat'}")
        images.add(entry.image)
        entries.append(entry)
    about = {
        "name": name,
        "made": f"python -m envs.testsets build {name}",
        "release": _release(),
        "fingerprint": fingerprint(),
        "count": len(entries),
    }
    files[0].write_text("".join(json.dumps(entry.to_json()) + "\n" for entry in entries), encoding="utf-8")
    files[1].write_text(json.dumps(about, indent=2) + "\n", encoding="utf-8")
    return files


def _release() -> str:
    """The version of the checkout or of the installed package."""
    import tomllib
    from importlib import metadata

    project = HERE.parents[1] / "pyproject.toml"
    if project.is_file():
        return str(tomllib.loads(project.read_text(encoding="utf-8"))["project"]["version"])
    return metadata.version("chartgym")
