"""Which version this is."""

from functools import cache
from importlib import metadata


@cache
def version() -> str:
    """The installed distribution's version; `0+checkout` where nothing is installed."""
    try:
        return metadata.version("tracetail")
    except metadata.PackageNotFoundError:
        return "0+checkout"
