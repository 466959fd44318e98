"""How the screen starts. All of it can be changed with keys while it runs."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal, NamedTuple

from ttview import columns
from ttview.columns import Column
from ttview.held import Limits
from ttview.style import ThemeName
from ttview.times import TimeForm

Zone = Literal["local", "utc"]

NOTHING: Final[Mapping[str, str]] = MappingProxyType({})
NO_LIMITS_CHANGED: Final = Limits()


class Settings(NamedTuple):
    """`saved` maps names to filter texts, `bindings` keys to actions of `ttview.keys`.

    `at` is the id of a record to open on. `command` is the command line that opened this
    viewer, without a filter, for "the command that reopens this view".
    """

    theme: ThemeName = "terminal"
    ascii_only: bool = False
    zone: Zone = "local"
    time_form: TimeForm = "absolute"
    columns: tuple[Column, ...] = columns.DEFAULT
    wrap: bool = False
    side: bool = True
    mouse: bool = False
    share: bool = False
    query: str = ""
    at: str | None = None
    saved: Mapping[str, str] = NOTHING
    history: tuple[str, ...] = ()
    bindings: Mapping[str, str] = NOTHING
    limits: Limits = NO_LIMITS_CHANGED
    command: str = "ttview"
