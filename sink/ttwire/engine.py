"""What a viewer needs to read files and pipes without a sink.

The sink's package implements it and publishes the class under the entry point group
`tracetail.engine`, so that the viewer can find it without importing the sink's package.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import BinaryIO, Final, Protocol

from ttwire.account import Ledger
from ttwire.filter import Filter
from ttwire.page import Page
from ttwire.state import States

ENTRY_POINT_GROUP: Final = "tracetail.engine"
ENTRY_POINT: Final = "embedded"


class EngineError(Exception):
    """An input cannot be read; the text says which and why."""


class Engine(Protocol):
    """Records of files and pipes, made when they are asked for.

    Every method is synchronous and is called in one thread; ids order as the sink's do and are
    as opaque. `stop` is asked between two slices of work, some milliseconds apart: True ends a
    search early, and the page's cursor says where to go on.
    """

    def older(self, before: str | None, keep: Filter, limit: int, stop: Callable[[], bool]) -> Page:
        """The newest `limit` records before an id (None: before the end) that a filter keeps."""
        ...

    def newer(self, after: str, keep: Filter, limit: int, stop: Callable[[], bool]) -> Page:
        """The oldest `limit` records after an id that a filter keeps."""
        ...

    def poll(self) -> bool:
        """Takes what was written since the last call; whether there was anything."""
        ...

    def count(self) -> bool:
        """Reads on for `states` and `ledger`, one slice; whether there is more to read."""
        ...

    def states(self) -> States:
        """Every job, worker and queue in what `count` has read so far."""
        ...

    def ledger(self) -> Ledger: ...

    @property
    def end(self) -> str:
        """The id of the newest record, or of the place before the first."""
        ...

    @property
    def start(self) -> str:
        """The place before the oldest record that can still be read."""
        ...

    @property
    def ended(self) -> bool:
        """Whether nothing more can come: standard input was closed, and no file is followed."""
        ...

    def notices(self) -> Sequence[str]:
        """What a person should know and was not yet told: a file that went away or was cut."""
        ...

    def close(self) -> None: ...


class OpenEngine(Protocol):
    """The class itself. `pipe` is standard input, where `-` is among the sources.

    Raises:
        EngineError: a file cannot be opened.
    """

    def __call__(self, files: Sequence[Path], pipe: BinaryIO | None) -> Engine: ...
