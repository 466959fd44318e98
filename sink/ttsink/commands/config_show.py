"""`ttsink config show`: the effective configuration as TOML, each value with its origin."""

import argparse
import os
import sys
from collections.abc import Iterator, Mapping

import msgspec

from ttsink import config
from ttsink.commands import options
from ttsink.settings import data_path


def lines(loaded: config.Loaded, environ: Mapping[str, str]) -> Iterator[str]:
    section = ""
    for option in config.options():
        if option.section != section:
            section = option.section
            yield f"\n[{section}]"
        value = getattr(getattr(loaded.settings, option.section), option.key)
        text = '"********"' if option.secret and value else toml(msgspec.to_builtins(value))
        yield f"{option.key} = {text}  # {loaded.origins.get(option.path, 'default')}"
    yield ""
    yield f"# the journal's folder: {data_path(loaded.settings.server)}"
    for variable in sorted(config.OTHER_VARIABLES - {"TTSINK_CONFIG"}):
        if environ.get(variable):
            yield f"# {variable} is set: ********"
    for variable in loaded.unknown:
        yield f"# no such option: {variable}"


def toml(value: object) -> str:
    """JSON's texts are TOML's too, but for tables and null."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{toml(k)} = {toml(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(toml(item) for item in value if item is not None) + "]"
    return msgspec.json.encode(value).decode()


def run(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="ttsink config show", description=__doc__)
    options.add_flags(parser)
    try:
        loaded = options.load(parser.parse_args(arguments))
    except config.ConfigError as error:
        sys.stderr.write(f"ttsink: {error}\n")
        return config.EXIT_CONFIG
    sys.stdout.write("\n".join(lines(loaded, os.environ)).lstrip("\n") + "\n")
    return 0
