"""From a file, the environment and flags to one `Settings`, and where each value came from.

Precedence, lowest first: default, file, environment, flag. An option `key` of section
`[section]` has the stem `section-key` (or the one its description names), hence the flag
`--stem` and the variable `TTSINK_STEM`. Nothing here reads a file but `read_file`.
"""

import difflib
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Final, NamedTuple, get_args, get_origin

import msgspec

from ttsink.section import Section
from ttsink.settings import Settings

ENV_PREFIX: Final = "TTSINK_"

EXIT_CONFIG: Final = 78
"""sysexits' EX_CONFIG: what a supervisor reads as a mistake in the configuration."""

OTHER_VARIABLES: Final = frozenset(
    {"TTSINK_CONFIG", "TTSINK_INGEST_TOKEN", "TTSINK_READ_TOKEN", "TTSINK_REDACTION_KEY"}
)
"""Variables that are no option: the file's name, and secrets, which no flag carries."""

_WORDS: Final = {"on": True, "yes": True, "true": True, "1": True} | {
    "off": False,
    "no": False,
    "false": False,
    "0": False,
}


class ConfigError(Exception):
    """What is wrong with the configuration, where, and what would be right: one line."""


class Option(NamedTuple):
    """One configurable value: `[section] key`, of type `type`, with the text of its docs."""

    section: str
    key: str
    type: Any
    default: Any
    text: str
    stem: str
    secret: bool = False

    @property
    def path(self) -> str:
        return f"{self.section}.{self.key}"

    @property
    def flag(self) -> str:
        return f"--{self.stem}"

    @property
    def variable(self) -> str:
        return ENV_PREFIX + self.stem.upper().replace("-", "_")


class Loaded(NamedTuple):
    """The settings and where they came from.

    `origins` maps an option's path to `file NAME`, `environment VARIABLE` or `flag --stem`;
    what is not in it has its default. `unknown` are variables that look meant for us.
    """

    settings: Settings
    origins: dict[str, str]
    unknown: tuple[str, ...] = ()


def _bare(annotation: Any) -> Any:
    return get_args(annotation)[0] if get_origin(annotation) is Annotated else annotation


def _option(section: str, field: msgspec.structs.FieldInfo) -> Option:
    text, stem, secret = "", f"{section}-{field.encode_name}".replace("_", "-"), False
    for meta in getattr(field.type, "__metadata__", ()):
        text = meta.description or text
        extra = meta.extra or {}
        stem = extra.get("stem") or stem
        secret = extra.get("secret", secret)
    default = field.default
    if default is msgspec.NODEFAULT and field.default_factory is not msgspec.NODEFAULT:
        default = field.default_factory()
    return Option(section, field.encode_name, field.type, default, text, stem, secret)


def sections(root: type[Settings] = Settings) -> dict[str, type[Section]]:
    return {field.encode_name: _bare(field.type) for field in msgspec.structs.fields(root)}


def options(root: type[Settings] = Settings) -> list[Option]:
    """Every option there is, in the order of the file."""
    return [
        _option(name, field)
        for name, section in sections(root).items()
        for field in msgspec.structs.fields(section)
    ]


def nearest(word: str, known: Iterable[str]) -> str:
    """` did you mean ...?`, or nothing where no known word is near."""
    near = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f"; did you mean {near[0]!r}?" if near else ""


def _nearest_variable(variable: str, known: Iterable[str]) -> str:
    """As `nearest`, the prefix all of them share left out of the likeness."""
    stems = [name.removeprefix(ENV_PREFIX) for name in known]
    return nearest(variable.removeprefix(ENV_PREFIX), stems).replace("'", f"'{ENV_PREFIX}", 1)


def read_file(path: Path) -> dict[str, Any]:
    """The tables of a TOML file.

    Raises:
        ConfigError: the file cannot be read, or is not TOML.
    """
    try:
        with path.open("rb") as file:
            return tomllib.load(file)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not TOML: {error}") from None


def _from_text(option: Option, text: str, origin: str) -> Any:
    """A flag's or a variable's text as the option's type expects it."""
    bare = _bare(option.type)
    if bare is str:
        return text
    if bare is bool:
        if text.lower() not in _WORDS:
            raise ConfigError(f"{origin}: expected on or off, found {text!r}")
        return _WORDS[text.lower()]
    if get_origin(bare) in {list, tuple} and not text.lstrip().startswith("["):
        return [item.strip() for item in text.split(",") if item.strip()]
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        raise ConfigError(f"{origin}: expected a TOML value, found {text!r}") from None


def _convert(option: Option, value: Any, origin: str) -> Any:
    try:
        return msgspec.convert(value, option.type)
    except msgspec.ValidationError as error:
        kind = str(error).replace("`", "")
        raise ConfigError(f"{origin}: {kind[:1].lower()}{kind[1:]}, found {value!r}") from None


def _from_tables(
    tables: Mapping[str, Any], name: str, known: Mapping[str, Option]
) -> dict[str, tuple[Any, str]]:
    """Each option a file sets, checked.

    Raises:
        ConfigError: an unknown table or key, or a value of the wrong kind.
    """
    found: dict[str, tuple[Any, str]] = {}
    names = {option.section for option in known.values()}
    for section, table in tables.items():
        if section not in names:
            near = nearest(section, [*names, *known])
            raise ConfigError(f"{name}: unknown table [{section}]{near}")
        if not isinstance(table, dict):
            raise ConfigError(f"{name}: [{section}] must be a table, found {table!r}")
        keys = [option.key for option in known.values() if option.section == section]
        for key, value in table.items():
            path = f"{section}.{key}"
            if path not in known:
                elsewhere = [o.path for o in known.values() if o.key == key]
                near = f"; did you mean {elsewhere[0]!r}?" if elsewhere else nearest(key, keys)
                raise ConfigError(f"{name}: unknown key {key!r} in [{section}]{near}")
            origin = f"{name}: [{section}] {key}"
            found[path] = (_convert(known[path], value, origin), f"file {name}")
    return found


def load(
    *,
    tables: Mapping[str, Any] | None = None,
    name: str = "configuration",
    environ: Mapping[str, str] | None = None,
    flags: Mapping[str, str] | None = None,
    root: type[Settings] = Settings,
) -> Loaded:
    """The effective settings. `flags` maps an option's stem to its text.

    Raises:
        ConfigError: names the key or value that is wrong, where it stands, and the nearest
            right one.
    """
    known = {option.path: option for option in options(root)}
    found = _from_tables(tables or {}, name, known)
    variables = {option.variable: option for option in known.values()}
    unknown: list[str] = []
    for variable, text in (environ or {}).items():
        if option := variables.get(variable):
            value = _convert(option, _from_text(option, text, variable), variable)
            found[option.path] = (value, f"environment {variable}")
        elif variable.startswith(ENV_PREFIX) and variable not in OTHER_VARIABLES:
            unknown.append(variable + _nearest_variable(variable, variables))
    stems = {option.stem: option for option in known.values()}
    for stem, text in (flags or {}).items():
        option = stems[stem]
        value = _convert(option, _from_text(option, text, option.flag), option.flag)
        found[option.path] = (value, f"flag {option.flag}")
    return Loaded(
        _build(root, found), {path: origin for path, (_, origin) in found.items()}, tuple(unknown)
    )


def _build(root: type[Settings], found: Mapping[str, tuple[Any, str]]) -> Settings:
    """Sections checked as wholes, where one value's meaning hangs on another's."""
    built: dict[str, Section] = {}
    for section, kind in sections(root).items():
        given = {
            path.split(".", 1)[1]: value
            for path, (value, _) in found.items()
            if path.split(".", 1)[0] == section
        }
        try:
            built[section] = kind(**given)
        except ValueError as error:
            raise ConfigError(f"[{section}]: {error}") from None
    return root(**built)  # type: ignore[arg-type]  # each section has its own type
