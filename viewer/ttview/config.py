"""The viewer's configuration: one TOML file, the environment over it, flags over both."""

import difflib
import os
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final, Literal

import msgspec

from ttview.address import Address, AddressError, from_environment, parse_url
from ttview.exits import CommandError

APPLICATION: Final = "ttview"
MAX_CONFIG_BYTES: Final = 1024 * 1024
"""A configuration is written by a person; a larger file is another file."""

LinkMode = Literal["auto", "osc8", "text", "off"]
Zone = Literal["local", "utc"]
ColorMode = Literal["auto", "always", "never"]
ClipboardMode = Literal["auto", "osc52", "off"]


class ConfigError(CommandError):
    """The file or a value in it is wrong; the text names the file, the key and what is right."""


class NamedSink(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One `[sinks.NAME]`. `filter` is what the viewer opens with there."""

    url: str
    token_file: str | None = None
    ca_file: str | None = None
    filter: str = ""


class Config(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What `config.toml` may say; docs/viewer-configuration.md has it for people.

    `columns`, `theme` and the actions in `keys` are names of the screen's own tables, which
    check them. A relative path starts at the folder of the file.
    """

    sink: str | None = None
    sinks: dict[str, NamedSink] = {}
    filter: str = ""
    filters: dict[str, str] = {}
    columns: tuple[str, ...] = ()
    time: str = "absolute"
    zone: Zone = "local"
    theme: str = "terminal"
    color: ColorMode = "auto"
    ascii: bool = False
    wrap: bool = False
    side: bool = True
    mouse: bool = False
    links: LinkMode = "auto"
    clipboard: ClipboardMode = "auto"
    keys: dict[str, tuple[str, ...]] = {}
    history: bool = True


SCREEN_OPTIONS: Final[dict[str, str]] = {
    "theme": "the colours: terminal, dark, light or mono",
    "time": "how times are shown: absolute, relative, delta or none",
    "zone": "absolute times in which zone: local or utc",
    "ascii": "only ASCII characters for lines and marks: true or false",
    "wrap": "wrap long lines: true or false",
    "side": "the list of jobs at the side: true or false",
    "mouse": "clicks and the wheel go to the viewer: true or false",
    "links": "trace ids as links: auto, osc8, text or off",
    "clipboard": "how to copy: auto, osc52 or off",
    "history": "remember filters typed, for the next time: true or false",
}
"""Keys that are a flag (`--theme`) and a variable (`TTVIEW_THEME`), too; the flag goes first."""


def config_path(environment: Mapping[str, str]) -> Path:
    """`TTVIEW_CONFIG`, else `ttview/config.toml` in the XDG configuration folder."""
    named = environment.get("TTVIEW_CONFIG")
    if named:
        return Path(named)
    return _folder(environment, "XDG_CONFIG_HOME", ".config") / "config.toml"


def state_folder(environment: Mapping[str, str]) -> Path:
    """Where the history of filters lives; made when first written."""
    return _folder(environment, "XDG_STATE_HOME", ".local/state")


def _folder(environment: Mapping[str, str], variable: str, default: str) -> Path:
    # XDG: a relative path in the variable is to be ignored.
    set_to = environment.get(variable, "")
    base = Path(set_to) if Path(set_to).is_absolute() else _home(environment) / default
    return base / APPLICATION


def _home(environment: Mapping[str, str]) -> Path:
    home = environment.get("HOME")
    return Path(home) if home else Path("~").expanduser()


def load(path: Path, *, required: bool) -> Config:
    """The configuration in a file; the defaults where there is none and none is required.

    Raises:
        ConfigError
    """
    try:
        with path.open("rb") as file:
            text = file.read(MAX_CONFIG_BYTES + 1)
    except FileNotFoundError as error:
        if not required:
            return Config()
        raise ConfigError(f"there is no {path}") from error
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror}") from error
    if len(text) > MAX_CONFIG_BYTES:
        raise ConfigError(f"{path} is over {MAX_CONFIG_BYTES} bytes; it is no configuration")
    try:
        return parse(text.decode())
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{path}: {error}") from error
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from error


def overridden(config: Config, said: Mapping[str, tuple[str, str]]) -> Config:
    """With some keys said elsewhere: from the key to where that was, and the text there.

    Raises:
        ConfigError
    """
    kinds = {field.name: field.type for field in msgspec.structs.fields(Config)}
    for key, (where, text) in said.items():
        plain = text.lower() if kinds[key] is bool else text
        try:
            value = msgspec.convert(plain, kinds[key], strict=False)
        except msgspec.ValidationError as error:
            told = SCREEN_OPTIONS[key]
            raise ConfigError(f"{where}: {text!a} is none of its values ({told})") from error
        config = msgspec.structs.replace(config, **{key: value})
    return config


def environment_overrides(environment: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """What `TTVIEW_THEME` and its like say, for `overridden`."""
    names = {key: f"TTVIEW_{key.upper()}" for key in SCREEN_OPTIONS}
    return {key: (name, environment[name]) for key, name in names.items() if environment.get(name)}


def parse(text: str) -> Config:
    """Raises ConfigError, and tomllib.TOMLDecodeError where the text is no TOML."""
    table = tomllib.loads(text)
    _check_keys(table, Config, "")
    for name, sink_table in _tables(table, "sinks"):
        _check_keys(sink_table, NamedSink, f"sinks.{name}.")
    keys = table.get("keys")
    if isinstance(keys, dict):
        # One key may stand without brackets.
        table["keys"] = {
            action: [key] if isinstance(key, str) else key for action, key in keys.items()
        }
    try:
        config = msgspec.convert(table, Config)
    except msgspec.ValidationError as error:
        raise ConfigError(str(error).replace("`$.", "`")) from error
    for name, sink in config.sinks.items():
        try:
            parse_url(sink.url)
        except AddressError as error:
            raise ConfigError(f"sinks.{name}.url: {error}") from error
    if config.sink is not None and config.sink not in config.sinks:
        raise ConfigError(
            f"sink: there is no [sinks.{config.sink}]{nearest(config.sink, config.sinks)}"
        )
    return config


def nearest(word: str, known: Iterable[str]) -> str:
    """`; did you mean X?`, or nothing where no known word is near."""
    close = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f"; did you mean {close[0]}?" if close else ""


def _tables(table: dict[str, Any], key: str) -> list[tuple[str, dict[str, Any]]]:
    inner = table.get(key)
    if not isinstance(inner, dict):
        return []
    return [(name, value) for name, value in inner.items() if isinstance(value, dict)]


def _check_keys(table: dict[str, Any], shape: type[msgspec.Struct], where: str) -> None:
    known = shape.__struct_fields__
    for key in table:
        if key not in known:
            raise ConfigError(f"unknown key {where}{key}{nearest(key, known)}")


def address(
    config: Config,
    environment: Mapping[str, str],
    *,
    folder: Path,
    url: str | None = None,
    sink: str | None = None,
    token_file: str | None = None,
    ca_file: str | None = None,
) -> Address:
    """The sink to speak to: `url`, else `sink`, else the environment, else the configuration.

    A sink named in the file brings its own token file; a token of the environment or of a flag
    goes before it. `folder` is the configuration's.

    Raises:
        AddressError
        ConfigError: no sink of that name.
    """
    said = from_environment(environment)
    chosen = sink or environment.get("TTVIEW_SINK") or None
    if url is None and chosen is None and not environment.get("TTVIEW_URL"):
        chosen = config.sink
    if url is not None:
        found = said._replace(url=parse_url(url))
        known = next((s for s in config.sinks.values() if parse_url(s.url) == found.url), None)
    elif chosen is not None:
        known = config.sinks.get(chosen)
        if known is None:
            raise ConfigError(f"there is no [sinks.{chosen}]{nearest(chosen, config.sinks)}")
        found = said._replace(url=parse_url(known.url))
    else:
        found, known = said, None
    if known is not None:
        if found.token_file is None and found.token is None and known.token_file:
            found = found._replace(token_file=_path(known.token_file, folder))
        if found.ca_file is None and known.ca_file:
            found = found._replace(ca_file=_path(known.ca_file, folder))
    if token_file is not None:
        found = found._replace(token_file=Path(token_file))
    if ca_file is not None:
        found = found._replace(ca_file=Path(ca_file))
    return found


def _path(text: str, folder: Path) -> Path:
    return folder / Path(os.path.expanduser(text))  # noqa: PTH111 - joins, absolute or not
