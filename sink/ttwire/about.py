"""What a sink says of itself: the answer of `GET /api/info`."""

import msgspec


class Notice(msgspec.Struct, frozen=True, omit_defaults=True):
    """A mistake or a limit the sink wants a person to know of, once per cause.

    `detail` says what was found, where, and what would be right; never a record's content.
    """

    code: str
    detail: str
    since: str = ""
    count: int = 1


class About(msgspec.Struct, frozen=True):
    """`durability` is what an accepted record survives: `memory` or `disk`.

    `links` maps nothing, a service or a job (`""`, `service:x`, `job:x`) to a URL template
    with `{trace_id}` and its kin. `limits` are the bounds in force, by name.
    """

    version: str
    epoch: str
    durability: str = "memory"
    redaction: bool = True
    links: dict[str, str] = {}
    limits: dict[str, int] = {}
    notices: tuple[Notice, ...] = ()


class Refusal(msgspec.Struct, frozen=True):
    """The body of every error answer."""

    error: str
    detail: str
