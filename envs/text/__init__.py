"""Where the words of a chart come from, and how they are counted.

The built-in grammar composes text in which letters or words occur as often as was drawn before; corpora bring text from
files or data sets. Both are counted by `letters` and `words`.
"""

from envs.text.corpora import Corpus, corpus_for, open_corpus, register
from envs.text.counting import letters, pairs, sentence_lengths, word_lengths, words
from envs.text.errors import TextError
from envs.text.grammar import SOUNDS, Of, Passage, about, measured, said, sentences
from envs.text.spelling import spell
from envs.text.vocabulary import Topic, topics

__all__ = [
    "SOUNDS",
    "Corpus",
    "Of",
    "Passage",
    "TextError",
    "Topic",
    "about",
    "corpus_for",
    "letters",
    "measured",
    "open_corpus",
    "pairs",
    "register",
    "said",
    "sentence_lengths",
    "sentences",
    "spell",
    "topics",
    "word_lengths",
    "words",
]
