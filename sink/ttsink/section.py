"""How a table of the configuration is declared."""

import msgspec
from msgspec import Meta


class Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A table of the configuration file; each field is an `Annotated` with an `option`."""


def option(text: str, *, stem: str | None = None, secret: bool = False) -> Meta:
    """Describes one option.

    `stem` names its flag and variable where section-key would not do. The value of a `secret`
    one is never shown.
    """
    return Meta(description=text, extra={"stem": stem, "secret": secret})
