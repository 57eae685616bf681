"""The one error that sources of text raise."""


class TextError(ValueError):
    """A source of text cannot give what was asked of it; the message names the source, what is missing and the mend."""
