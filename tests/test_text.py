"""The text says what was promised: exact counts, no favourites, two disjoint worlds, and calm with foreign files."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from envs.address import Draws, in_test
from envs.data import frequencies
from envs.text import (
    Corpus,
    TextError,
    Topic,
    about,
    corpus_for,
    letters,
    open_corpus,
    register,
    sentences,
    spell,
    topics,
    words,
)
from envs.text.counting import _showable, stop_words
from envs.text.grammar import _frames

seeds = st.integers(0, 2**40)
quick = settings(max_examples=60, deadline=None)


# Counting


def test_letters_count_capitals_accents_and_compatibility_forms_alike() -> None:
    assert letters("Ab, bÉ é e\u0301 ﬁ Ａ 7$ ß Ж 漢") == {"a": 2, "b": 2, "é": 3, "f": 1, "i": 1, "s": 2}
    assert letters("") == {}


def test_words_leave_out_stop_words_and_whatever_is_not_a_word() -> None:
    text = "The boat’s sail: don't! $100 US$ 3rd x2 boat's-length well-known, SAIL—sail (o'clock) a_b me@x.org "
    assert words(text + "http://q.com 'harp'") == {
        "boat": 1,
        "sail": 3,
        "boat's-length": 1,
        "well-known": 1,
        "o'clock": 1,
        "harp": 1,
    }
    assert words("soft\u00adware Café café 🚀 漢字 rock'n'roll ---") == {"software": 1, "café": 2, "rock'n'roll": 1}


@quick
@given(st.text(max_size=300))
def test_whatever_is_counted_can_stand_on_a_chart(text: str) -> None:
    assert all(_showable(letter) and n > 0 for letter, n in letters(text).items())
    for word in words(text):
        assert word == word.lower() and word not in stop_words()
        assert all(_showable(c) or c.isalpha() or c in "'-" for c in word)


def test_the_chart_font_has_every_letter_that_is_counted() -> None:
    import matplotlib
    from matplotlib.ft2font import FT2Font

    glyphs = FT2Font(f"{matplotlib.get_data_path()}/fonts/ttf/DejaVuSans.ttf").get_charmap()
    for code in range(0x2000):
        for letter in letters(chr(code)) | words(3 * chr(code)):
            assert {ord(c) for c in letter + letter.upper()} <= glyphs.keys(), hex(code)


# The built-in grammar


def test_the_packaged_words_can_be_counted_and_both_worlds_have_topics() -> None:
    assert len(topics()) >= 24 and len(topics(True)) >= 2 and len(topics(False)) >= 20
    for topic in topics():
        assert len(set(topic.nouns)) == len(topic.nouns) >= 60, topic.title
        assert len(topic.short(6)) >= 28 and topic.nouns == topic.short(13)
        for noun in topic.nouns:
            assert words(noun) == {noun: 1} and noun.isascii() and noun.isalpha(), noun
    for frames in _frames().values():
        assert len(frames) >= 8
        assert [frame for frame in frames if words(frame.replace("{}", " "))] == []


@quick
@given(
    seeds,
    st.integers(0, 6).flatmap(
        lambda t: st.tuples(st.just(t), st.lists(st.integers(t + 1, 60), min_size=1, max_size=26))
    ),
)
def test_spelled_letters_occur_exactly_as_often_as_asked(seed: int, asked: tuple[int, list[int]]) -> None:
    threshold, targets = asked
    passage = spell(Draws(seed), targets, threshold=threshold)
    counts = letters(passage.text)
    assert [counts[name] for name in passage.names] == targets
    assert all(n <= threshold for letter, n in counts.items() if letter not in passage.names)
    assert passage.text.isascii() and "  " not in passage.text and "()" not in passage.text and " ." not in passage.text


def test_no_letter_leads_more_often_than_its_share() -> None:
    tops: Counter[str] = Counter()
    present: Counter[str] = Counter()
    for seed in range(500):
        draws = Draws("tops", seed)
        targets = draws.sample(range(4, 25), 8)
        counts = letters(spell(draws, targets).text)
        tops[max(counts, key=lambda letter: counts[letter])] += 1
        present.update(letter for letter, n in counts.items() if n > 3)
    assert max(tops.values()) <= 0.08 * 500
    assert len(present) == 26 and min(present.values()) > 0.6 * max(present.values())


@quick
@given(seeds, st.sampled_from(topics()), st.lists(st.integers(1, 30), min_size=1, max_size=40))
def test_topic_words_occur_exactly_as_often_as_asked(seed: int, topic: Topic, targets: list[int]) -> None:
    passage = about(Draws(seed), topic, targets)
    assert words(passage.text) == dict(zip(passage.names, targets))
    assert set(passage.names) <= set(topic.nouns)


def test_topic_words_are_drawn_uniformly() -> None:
    topic = topics()[0]
    drawn = Counter(name for seed in range(1000) for name in about(Draws("u", seed), topic, [1] * 8).names)
    expected = 8000 / len(topic.nouns)
    assert sum((drawn[noun] - expected) ** 2 / expected for noun in topic.nouns) < 1.6 * len(topic.nouns)


def test_sentences_have_no_end_and_begin_with_a_capital() -> None:
    stream = sentences(Draws("s"), topics()[0])
    some = [next(stream) for _ in range(200)]
    assert len(set(some)) > 195
    assert all(s[0].isupper() and s.endswith(".") and "_" not in s for s in some)


# Frequencies


@quick
@given(seeds, st.sampled_from(["letter", "word"]), st.integers(1, 26), st.booleans(), st.integers(0, 4))
def test_frequencies_are_what_the_passage_holds(seed: int, kind: str, n: int, test: bool, threshold: int) -> None:
    def draw() -> object:
        draws = Draws("f", seed)
        targets = [draws.integers(threshold + 1, 20) for _ in range(n)]
        return targets, frequencies(draws, kind=kind, targets=targets, test=test, threshold=threshold)  # type: ignore[arg-type]

    targets, found = draw()  # type: ignore[misc]
    assert (targets, found) == draw()
    count: Callable[[str], dict[str, int]] = letters if kind == "letter" else words
    counts = count(found.passage)
    assert list(found.counts) == targets == [counts[name.lower()] for name in found.names]
    assert {name.lower() for name in found.names} == {name for name, k in counts.items() if k > threshold}
    assert not {name.lower() for name in found.absent} & {name for name, k in counts.items() if k > threshold}
    assert in_test(found.passage) == test
    if kind == "letter":
        assert found.topic == "" and len(found.names) + len(found.absent) == 26 and "".join(found.names).isupper()
    else:
        assert in_test(found.topic) == test and 2 * len(found.absent) >= len(found.names)


def test_names_keep_to_the_longest_length_and_errors_say_what_there_is() -> None:
    found = frequencies(Draws("x"), kind="word", targets=[5] * 12, test=True, longest=5)
    assert max(map(len, found.names + found.absent)) <= 5
    with pytest.raises(TextError, match="no topic has 60 nouns of at most 3 letters"):
        frequencies(Draws("x"), kind="word", targets=[5] * 40, test=False, longest=3)
    with pytest.raises(TextError, match="more than the threshold of 3"):
        frequencies(Draws("x"), kind="word", targets=[3], test=False)
    with pytest.raises(TextError, match="27 letters"):
        frequencies(Draws("x"), kind="letter", targets=[5] * 27, test=False)


# Corpora

PARAGRAPH = "The old boat {i} costs $5 🚀; the Boat's café sails in 1999, and a boat-house {w} near {w} 漢字 Дом {w}."


def write_corpus(folder: Path, n: int = 300, end: str = "\n") -> str:
    vocabulary = ["harp", "lute", "drum", "horn", "bell", "flute", "viola", "cello", "organ", "banjo"]
    folder.mkdir(parents=True, exist_ok=True)
    units = [PARAGRAPH.format(i=i, w=vocabulary[i % 10]) for i in range(n)]
    text = f"{end} {end}{end}".join(units).replace("; ", f";{end}")
    (folder / "a.txt").write_bytes(b"\xef\xbb\xbf" + text.encode())
    (folder / "b.txt").write_bytes(b"")
    return f"files:{folder}/*.txt"


def test_a_corpus_is_the_same_whatever_its_line_ends_and_places(tmp_path: Path) -> None:
    one = open_corpus(write_corpus(tmp_path / "one" / "books"))
    two = open_corpus(write_corpus(tmp_path / "two" / "books", end="\r\n"))
    assert one.key == two.key and one.name == "books" and len(one.units) == 300
    assert one.units[0].startswith("The old boat 0 costs $5 🚀; the Boat's café")
    assert corpus_for(one.key).units == two.units
    assert all(in_test(unit) == test for test in (True, False) for unit in one.side(test))
    assert set(one.side(True)) | set(one.side(False)) == set(one.units)


def test_long_paragraphs_are_cut_at_sentence_ends(tmp_path: Path) -> None:
    (tmp_path / "long.txt").write_text("A sentence about whales goes here. " * 100 + "x" * 2500)
    corpus = open_corpus(f"files:{tmp_path}/long.txt")
    assert corpus.name == "long" and all(len(unit) <= 1000 for unit in corpus.units)
    assert corpus.units[0].endswith("here.")


@pytest.mark.parametrize("kind", ["letter", "word"])
@pytest.mark.parametrize("test", [True, False])
def test_frequencies_of_a_corpus_are_counted_from_its_own_side(tmp_path: Path, kind: str, test: bool) -> None:
    corpus = open_corpus(write_corpus(tmp_path / "books"))
    for seed in range(10):
        found = frequencies(Draws(seed), kind=kind, targets=[9] * 6, source=corpus.key, test=test, longest=6)  # type: ignore[arg-type]
        assert found == frequencies(Draws(seed), kind=kind, targets=[9] * 6, source=corpus.key, test=test, longest=6)  # type: ignore[arg-type]
        counts = (letters if kind == "letter" else words)(found.passage)
        assert found.counts == tuple(counts[name.lower()] for name in found.names) and min(found.counts) > 3
        assert len(set(found.names)) == 6 and in_test(found.passage) == test and found.topic == ""
        assert set(found.passage.partition(": ")[2].split("\n")) <= set(corpus.side(test))
        assert not any(counts.get(name.lower(), 0) > 3 for name in found.absent)
        assert not any(set("$🚀漢Д") & set(name) for name in found.names + found.absent)
        assert kind == "letter" or len(found.absent) >= 3


def test_a_corpus_that_cannot_give_enough_says_so(tmp_path: Path) -> None:
    corpus = open_corpus(write_corpus(tmp_path / "books", n=40))
    with pytest.raises(TextError, match=rf"corpus books:{corpus.digest8} gives \d+ words that occur more than 3 times"):
        frequencies(Draws(0), kind="word", targets=[5] * 30, source=corpus.key, test=False)
    small = register(Corpus("small", ("only one unit, one unit only",), "files:small.txt"))
    empty_side = not in_test(small.units[0])
    with pytest.raises(TextError, match="0 of the 0 units"):
        frequencies(Draws(0), kind="letter", targets=[5], source=small.key, test=empty_side)


def test_keys_of_corpora_that_are_not_open_or_have_changed_are_refused() -> None:
    corpus = register(Corpus("tales", ("once upon a time",), "files:tales.txt"))
    with pytest.raises(TextError, match=f"expected digest 00000000, the files now have {corpus.digest8}"):
        corpus_for("tales:00000000")
    with pytest.raises(TextError, match="no corpus 'nowhere:00000000' is open"):
        corpus_for("nowhere:00000000")


def test_what_cannot_be_read_is_named_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "latin.txt").write_bytes("café".encode("latin-1"))
    (tmp_path / "blank.md").write_bytes(b"\r\n \r\n\r\n 12 \r\n")
    (tmp_path / "rows.json").write_text("\n".join(json.dumps({"question": "Why?", "n": i}) for i in range(3)))
    for spec, message in {
        "books/*.txt": "names no text: write files:GLOB",
        f"files:{tmp_path}/latin.txt": "latin.txt' is not UTF-8 .byte 3.; convert it",
        f"files:{tmp_path}/blank.md": "holds no text",
        f"files:{tmp_path}/*.nothing": "no file in .* matches",
        f"files:{tmp_path}/missing/*.txt": "there is no folder .*missing",
        f"hub:{tmp_path}/missing.parquet:text": "there is no file or folder .*missing.parquet",
        f"hub:{tmp_path}/rows.json:questions": "no column 'questions'; did you mean 'question'",
        f"hub:{tmp_path}/rows.json:n": "column 'n' holds int, not text",
        f"hub:{tmp_path}/rows.json:question:tset": "could not be loaded: ",
        "hub:gsm8k": "names no text",
    }.items():
        with pytest.raises(TextError, match=message) as error:
            open_corpus(spec)
        assert "\n" not in str(error.value)


def test_a_column_of_a_data_set_is_a_corpus(tmp_path: Path) -> None:
    import datasets

    rows = [{"question": f"Has Anna {i} apples?\n\nHow many are left?", "n": i} for i in range(50)]
    held = datasets.Dataset.from_list([*rows, {"question": None, "n": 0}])
    held.to_parquet(str(tmp_path / "maths.parquet"))
    held.to_json(str(tmp_path / "maths.json"))
    held.to_csv(str(tmp_path / "maths.csv"))
    held.save_to_disk(str(tmp_path / "maths"))
    datasets.DatasetDict({"train": held}).save_to_disk(str(tmp_path / "both" / "maths"))
    names = ["maths.parquet", "maths.json", "maths.csv", "maths", "both/maths"]
    keys = {open_corpus(f"hub:{tmp_path}/{name}:question").key for name in names}
    assert len(keys) == 1 and keys.pop().startswith("maths.question:")
    assert len(open_corpus(f"hub:{tmp_path}/maths.parquet:question:train[:10]").units) == 11
    with pytest.raises(TextError, match="no split 'test'; the splits are train"):
        open_corpus(f"hub:{tmp_path}/both/maths:question:test")
