"""Exit statuses, the same for every command; scripts rely on them."""

from enum import IntEnum


class Exit(IntEnum):
    """0 and 1 as grep has them."""

    MATCHED = 0
    NONE = 1
    USAGE = 2
    UNREACHABLE = 3
    REFUSED = 4
    INTERRUPTED = 130


class CommandError(Exception):
    """Ends a command: the text goes to standard error, the status is the command's."""

    status = Exit.USAGE
