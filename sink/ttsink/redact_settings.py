"""What a person may decide about redaction; the `[redaction]` table of the configuration."""

from typing import Literal

import msgspec

from ttsink.redact_mark import Mode

Checksum = Literal["none", "luhn", "verhoeff", "iban", "mod_11_2", "mod_97_10"]

MIN_DIGITS = 6
"""Fewer digits of a digest would join values that have nothing to do with each other."""
MAX_DIGITS = 32
MAX_OWN_RULES = 100
"""Every own rule is tried on every suspect text."""


class OwnRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A rule of the installation's own.

    `pattern` is RE2; its first group is the value, or all of it without a group. With
    `keywords` only lines that hold one of them (in any case) are looked at, which is faster;
    without, the pattern is looked for in the line as JSON writes it.
    """

    name: str
    pattern: str
    keywords: tuple[str, ...] = ()
    checksum: Checksum = "none"


class RedactionSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All of it has a default that redacts.

    `modes` maps a rule to `mark`, `mask` (the last four characters stay), `drop` (the field
    goes) or `off`. `fields` are names of fields whose value is redacted whatever it is;
    `keep_fields` are names that would be taken for a secret's and are not. `allow` are values
    left as they are, `allow_patterns` RE2 patterns such a value matches whole.
    `key_file` holds the key of the marks; without it the data directory does.
    """

    enabled: bool = True
    modes: dict[str, Mode] = {}
    rules: tuple[OwnRule, ...] = ()
    fields: tuple[str, ...] = ()
    keep_fields: tuple[str, ...] = ()
    allow: tuple[str, ...] = ()
    allow_patterns: tuple[str, ...] = ()
    digits: int = 6
    key_file: str | None = None
