"""What the screen wants done outside itself: values that `app` carries out."""

from typing import Literal, NamedTuple

from ttview.feed import PageRequest, StreamRequest
from ttwire.record import Record


class Follow(NamedTuple):
    request: StreamRequest


class Ask(NamedTuple):
    request: PageRequest


class AskTrace(NamedTuple):
    trace_id: str


class Refresh(NamedTuple):
    """Jobs, workers, queues, ledger and about anew."""


class Retry(NamedTuple):
    """Connect at once."""


class Copy(NamedTuple):
    """`what` names it in the message that says which way it was copied."""

    text: str
    what: str


class Open(NamedTuple):
    """Open a record's trace in the browser."""

    trace_id: str
    record: Record


class Save(NamedTuple):
    """Write records to a file that must not be there yet: `.json` or `.jsonl` as JSON lines."""

    path: str
    records: tuple[Record, ...]


class KeepFilter(NamedTuple):
    """Remember a filter under a name."""

    name: str
    text: str


class Edit(NamedTuple):
    """Show the prompt of the model with this text in it."""

    text: str


class Mouse(NamedTuple):
    on: bool


class Suspend(NamedTuple):
    pass


class Quit(NamedTuple):
    pass


Effect = (
    Follow
    | Ask
    | AskTrace
    | Refresh
    | Retry
    | Copy
    | Open
    | Save
    | KeepFilter
    | Edit
    | Mouse
    | Suspend
    | Quit
)

Where = Literal["log", "side", "peek", "help", "pane"]
"""Which part of the screen the keys go to."""
