"""What a person may decide about redaction; the `[redaction]` table of the configuration."""

from typing import Annotated, Literal

import msgspec

from ttsink.redact.mark import Mode
from ttsink.section import Section, option

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


class RedactionSettings(Section, frozen=True):
    """All of it has a default that redacts.

    `modes` maps a rule to `mark`, `mask` (the last four characters stay), `drop` (the field
    goes) or `off`. `fields` are names of fields whose value is redacted whatever it is;
    `keep_fields` are names that would be taken for a secret's and are not. `allow` are values
    left as they are, `allow_patterns` RE2 patterns such a value matches whole.
    `key_file` holds the key of the marks; without it the data directory does.
    """

    enabled: Annotated[
        bool, option("Mask secrets and personal values before anything is kept.", stem="redact")
    ] = True
    modes: Annotated[
        dict[str, Mode], option("What becomes of a rule's finds: mark, mask, drop or off.")
    ] = msgspec.field(default_factory=dict)
    rules: Annotated[
        tuple[OwnRule, ...], option("Rules of your own: name, pattern, keywords.")
    ] = ()
    fields: Annotated[
        tuple[str, ...], option("Fields whose value is redacted whatever it is.")
    ] = ()
    keep_fields: Annotated[
        tuple[str, ...], option("Fields whose name looks like a secret's and is none.")
    ] = ()
    allow: Annotated[tuple[str, ...], option("Values left as they are.")] = ()
    allow_patterns: Annotated[
        tuple[str, ...], option("RE2 patterns; a value one of them matches whole is left.")
    ] = ()
    digits: Annotated[int, option("Hex digits of a mark's digest, 6 to 32.")] = 6
    key_file: Annotated[
        str,
        option("Holds the key of the marks; empty means one made in the data directory."),
    ] = ""
