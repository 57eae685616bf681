"""Where the words of a chart come from, and how they are counted.

The built-in grammar composes text in which letters or words occur as often as was drawn before; corpora bring text from
files or data sets. Both are counted by `letters` and `words`.
"""

from envs.text.corpora import Corpus, corpus_for, open_corpus, register
from envs.text.counting import letters, words
from envs.text.errors import TextError
from envs.text.grammar import Passage, about, sentences
from envs.text.spelling import spell
from envs.text.vocabulary import Topic, topics

__all__ = [
    "Corpus",
    "Passage",
    "TextError",
    "Topic",
    "about",
    "corpus_for",
    "letters",
    "open_corpus",
    "register",
    "sentences",
    "spell",
    "topics",
    "words",
]
