"""The command that shows the same view again, for a colleague or for tomorrow."""

import shlex
from collections.abc import Sequence


def command(source: Sequence[str], *, filter_text: str = "", at: str | None = None) -> str:
    """A shell command; `source` is the words that name the sink or the files. No secret in it."""
    words = ["ttview", *source]
    if filter_text:
        words += ["--filter", filter_text]
    if at is not None:
        words += ["--at", at]
    return shlex.join(words)
