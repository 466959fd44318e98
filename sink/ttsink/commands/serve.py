"""`ttsink serve`: take batches in, keep the newest records, stream them."""

import argparse
import asyncio
import os
import sys

from ttsink import config, oplog
from ttsink.commands import options


def run(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="ttsink serve", description=__doc__)
    options.add_flags(parser)
    try:
        loaded = options.load(parser.parse_args(arguments))
    except config.ConfigError as error:
        sys.stderr.write(f"ttsink: {error}\n")
        return config.EXIT_CONFIG
    oplog.set_up(loaded.settings.server.log_format)
    from ttsink.http import server  # noqa: PLC0415  --help must not wait for aiohttp

    return asyncio.run(server.run(loaded, os.environ))
