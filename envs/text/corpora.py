"""Text from outside: the .txt files of a glob, or a column of a `datasets` data set.

    files:GLOB                               files:/data/novels/*.txt
    hub:DATASET[#CONFIG]:COLUMN[:SPLIT]      hub:openai/gsm8k#main:question:train

DATASET is a name on the hub, a local .parquet, .json, .jsonl or .csv file, or a folder written by `save_to_disk`. A
corpus is a list of units: paragraphs, long ones cut at the ends of sentences. Each unit belongs to the test world or to
the training world by its own text. The digest is taken over the units, files in the order of their names, so it is the
same in every folder and with every kind of line end; an address holds `name:digest8` and finds the corpus in the
register of the process. The whole text is kept in memory: take a slice of a large data set (`...:train[:20000]`).
"""

from __future__ import annotations

import glob
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cached_property
from hashlib import blake2b
from pathlib import Path

from envs.address import in_test
from envs.text.errors import TextError

LONGEST_UNIT = 1000  # characters


@dataclass(frozen=True, eq=False)
class Corpus:
    """Units of text from one place; `spec` says which. Equal digests mean equal units in the same order."""

    name: str
    units: tuple[str, ...]
    spec: str
    digest8: str = field(init=False)

    def __post_init__(self) -> None:
        digest = blake2b(digest_size=4)
        for unit in self.units:
            digest.update(unit.encode() + b"\0")
        object.__setattr__(self, "digest8", digest.hexdigest())

    @property
    def key(self) -> str:
        """What an address writes after `text=`."""
        return f"{self.name}:{self.digest8}"

    def side(self, test: bool) -> tuple[str, ...]:
        """The units of the test world or those of the training world."""
        return self._sides[test]

    @cached_property
    def _sides(self) -> dict[bool, tuple[str, ...]]:
        held = [in_test(unit) for unit in self.units]
        return {side: tuple(unit for unit, test in zip(self.units, held) if test == side) for side in (True, False)}


_REGISTER: dict[str, Corpus] = {}  # by key


def register(corpus: Corpus) -> Corpus:
    """Makes the corpus known to `corpus_for` in this process (worker processes open their own, or inherit by fork)."""
    return _REGISTER.setdefault(corpus.key, corpus)


def corpus_for(key: str) -> Corpus:
    """The registered corpus of a key `name:digest8`; TextError if there is none or its text is another."""
    if key in _REGISTER:
        return _REGISTER[key]
    name, _, digest = key.partition(":")
    others = [corpus.digest8 for corpus in _REGISTER.values() if corpus.name == name]
    if others:
        raise TextError(
            f"corpus {name!r}: expected digest {digest}, the files now have {' and '.join(others)}; "
            f"bring back the text the address was made with, or write text={name}:{others[-1]}"
        )
    known = ", ".join(sorted(_REGISTER)) or "none"
    raise TextError(
        f"no corpus {key!r} is open (open: {known}); open it first: env.text in the config, or open_corpus(...)"
    )


def open_corpus(spec: str) -> Corpus:
    """The corpus a spec names, read and registered. TextError, in one line, for whatever keeps it from being read."""
    kind, _, rest = spec.partition(":")
    if kind == "files" and rest:
        name, texts = _name_of_glob(rest), _read_files(spec, rest)
    elif kind == "hub" and rest.count(":") >= 1:
        dataset, column, *split = rest.split(":", 2)
        name = _clean(f"{_stem(dataset.partition('#')[0])}.{column}")
        texts = _read_column(spec, dataset, column, split[0] if split else "")
    else:
        raise TextError(f"{spec!r} names no text: write files:GLOB or hub:DATASET[#CONFIG]:COLUMN[:SPLIT]")
    units = tuple(dict.fromkeys(unit for text in texts for unit in _units(text)))
    if not units:
        raise TextError(f"{spec!r} holds no text")
    return register(Corpus(name, units, spec))


def _units(text: str) -> Iterable[str]:
    """The paragraphs of a text on one line each, long ones in parts; those without a letter are left out."""
    for paragraph in re.split(r"\n\s*\n", text.replace("\r\n", "\n").replace("\r", "\n")):
        rest = " ".join(paragraph.replace("\0", " ").split())
        while rest:
            unit = rest
            if len(rest) > LONGEST_UNIT:
                window = rest[:LONGEST_UNIT]
                cut = max(window.rfind(mark) for mark in (". ", "! ", "? ")) + 1 or window.rfind(" ")
                unit = rest[: cut if cut > 0 else LONGEST_UNIT]
            rest = rest[len(unit) :].lstrip()
            if any(map(str.isalpha, unit)):
                yield unit


def _clean(name: str) -> str:
    """A name as an address may hold it."""
    return re.sub(r"[^A-Za-z0-9_.-]+", "_", name).strip("._-") or "text"


def _stem(path: str) -> str:
    """The last part of a path or hub name without the ending of a file we can read."""
    return re.sub(r"\.(txt|parquet|jsonl?|csv)\Z", "", Path(path).name)


def _name_of_glob(pattern: str) -> str:
    """The file's name, or that of the last folder before the first wild card."""
    parts = Path(pattern).parts
    fixed = [part for i, part in enumerate(parts) if not any(set("*?[") & set(p) for p in parts[: i + 1])]
    return _clean(_stem(fixed[-1]) if fixed else "text")


def _read_files(spec: str, pattern: str) -> list[str]:
    pattern = str(Path(pattern).expanduser())
    paths = sorted(path for path in map(Path, glob.glob(pattern, recursive=True)) if path.is_file())
    if not paths:
        fixed = re.split(r"[*?\[]", pattern)[0]
        folder = Path(fixed if fixed.endswith("/") else Path(fixed).parent)
        if not folder.is_dir():
            raise TextError(f"{spec!r}: there is no folder {str(folder)!r}")
        raise TextError(f"{spec!r}: no file in {str(folder)!r} matches {pattern!r}")
    texts = []
    for path in paths:
        try:
            texts.append(path.read_bytes().decode("utf-8-sig"))
        except UnicodeDecodeError as error:
            raise TextError(
                f"{str(path)!r} is not UTF-8 (byte {error.start}); convert it: iconv -f latin1 -t utf-8"
            ) from None
        except OSError as error:
            raise TextError(f"cannot read {str(path)!r}: {error.strerror}") from None
    return texts


_READERS = {".parquet": "parquet", ".json": "json", ".jsonl": "json", ".csv": "csv"}


def _read_column(spec: str, dataset: str, column: str, split: str) -> list[str]:
    import datasets  # takes a second

    name, _, config = dataset.partition("#")
    path = Path(name).expanduser()
    reader = _READERS.get(path.suffix)
    if (reader or name.startswith((".", "/", "~"))) and not path.exists():
        raise TextError(f"{spec!r}: there is no file or folder {str(path)!r}")
    try:
        if (path / "dataset_dict.json").exists():  # a folder written by save_to_disk
            splits = datasets.load_from_disk(str(path))
            if (split or "train") not in splits:
                raise TextError(f"{spec!r}: no split {split or 'train'!r}; the splits are {', '.join(splits)}")
            held = splits[split or "train"]
        elif (path / "dataset_info.json").exists():
            held = datasets.load_from_disk(str(path))
        elif reader:
            held = datasets.load_dataset(reader, data_files=str(path), split=split or "train")
        else:
            held = datasets.load_dataset(name, config or None, split=split or "train")
    except TextError:
        raise
    except Exception as error:  # the library and what lies below it raise dozens of kinds
        reason = " ".join(str(error).split())[:300] or type(error).__name__
        hint = "" if config or "onfig" not in reason else "; write DATASET#CONFIG"
        raise TextError(f"{spec!r} could not be loaded: {reason}{hint}") from error
    if column not in held.column_names:
        near = get_close_matches(column, held.column_names, 1, 0.0)
        raise TextError(
            f"{spec!r}: no column {column!r}; did you mean {near[0]!r}? The columns are {', '.join(held.column_names)}"
        )
    texts = [text for text in held[column] if text is not None]
    for text in texts:
        if not isinstance(text, str):
            raise TextError(f"{spec!r}: column {column!r} holds {type(text).__name__}, not text")
    return texts
