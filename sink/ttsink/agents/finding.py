"""What a check of one configuration came to, and the exit status that follows."""

from collections.abc import Iterable, Sequence
from typing import Final, Literal, NamedTuple

Kind = Literal["proved", "failed", "noted", "unproved"]

EXIT_PROVED: Final = 0
EXIT_FAILED: Final = 1
EXIT_USAGE: Final = 2
EXIT_NOTHING_RUN: Final = 3


class Finding(NamedTuple):
    """One sentence about a configuration.

    `proved` was run and held; `failed` is wrong; `noted` is worth knowing; `unproved` says what
    could not be run here and what it would take.
    """

    kind: Kind
    text: str


class Checked(NamedTuple):
    """One configuration: its path as given, what was found, and the seconds it took."""

    path: str
    findings: Sequence[Finding]
    seconds: float = 0.0

    def of(self, kind: Kind) -> list[str]:
        return [finding.text for finding in self.findings if finding.kind == kind]


def proved(text: str) -> Finding:
    return Finding("proved", text)


def failed(text: str) -> Finding:
    return Finding("failed", text)


def noted(text: str) -> Finding:
    return Finding("noted", text)


def unproved(text: str) -> Finding:
    return Finding("unproved", text)


def exit_status(checked: Iterable[Checked], *, strict: bool = False) -> int:
    """0 all proved, 1 something failed, 3 nothing could be run of one of them.

    `strict` is for CI with both agents installed: what was left unproved fails too.
    """
    results = list(checked)
    if any(result.of("failed") for result in results):
        return EXIT_FAILED
    if strict and any(result.of("unproved") for result in results):
        return EXIT_FAILED
    if not results or not all(result.of("proved") for result in results):
        return EXIT_NOTHING_RUN
    return EXIT_PROVED
