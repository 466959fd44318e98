"""What the viewer is told by its file, the environment and flags, and what wins."""

from pathlib import Path

import pytest

from ttview import config, session
from ttview.address import DEFAULT_URL, Address, AddressError, looks_like_url, parse_url
from ttview.commands import options
from ttview.config import Config, ConfigError, NamedSink
from ttview.exits import CommandError
from ttview.memory import Memory

FOLDER = Path("/etc/ttview")
CONFIG = Config(
    sink="staging",
    sinks={
        "staging": NamedSink("https://staging.example", token_file="staging.token"),
        "prod": NamedSink("https://prod.example/logs/", ca_file="/ca.pem"),
    },
)


def address(environment: dict[str, str], **flags: str) -> Address:
    return config.address(CONFIG, environment, folder=FOLDER, **flags)


def test_without_anything_the_sink_is_the_one_on_this_machine() -> None:
    assert config.address(Config(), {}, folder=FOLDER) == Address(DEFAULT_URL)


def test_a_flag_goes_before_the_environment_and_that_before_the_file() -> None:
    assert address({}).url == "https://staging.example"
    assert address({"TTVIEW_URL": "http://env.example"}).url == "http://env.example"
    assert address({"TTVIEW_SINK": "prod"}).url == "https://prod.example/logs"
    assert address({"TTVIEW_URL": "http://env.example"}, sink="prod").url.startswith("https://prod")
    assert address({"TTVIEW_SINK": "prod"}, url="flag.example:80").url == "http://flag.example:80"


def test_a_named_sink_brings_its_token_and_certificates() -> None:
    assert address({}).token_file == FOLDER / "staging.token"
    assert address({}, sink="prod").ca_file == Path("/ca.pem")
    assert address({"TTVIEW_TOKEN": "t"}).token_file is None
    assert address({}, token_file="x").token_file == Path("x")


def test_a_token_never_goes_to_another_sink_than_its_own() -> None:
    assert address({}, url="https://other.example").token_file is None
    assert address({}, url="https://staging.example/").token_file == FOLDER / "staging.token"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("colums = []", "unknown key colums; did you mean columns?"),
        ("[sinks.a]\nurll = 'x'", "unknown key sinks.a.urll; did you mean url?"),
        ("[sinks.a]\nurl = 'ftp://x'", "sinks.a.url: ftp://x is no http or https URL"),
        ("[sinks.a]\nurl = 'http://u:p@x'", "put the token in a file"),
        ("sink = 'b'\n[sinks.bb]\nurl = 'http://x'", "there is no [sinks.b]; did you mean bb?"),
        ("links = 'maybe'", "links"),
        ("mouse = 'yes'", "mouse"),
        ("zzz = 1", "unknown key zzz"),
    ],
)
def test_an_error_names_the_key_and_what_would_be_right(text: str, says: str) -> None:
    with pytest.raises(ConfigError) as error:
        config.parse(text)

    assert says in str(error.value)


def test_a_key_may_stand_without_brackets() -> None:
    parsed = config.parse('[keys]\nquit = "Q"\nfollow = ["F", "c-f"]')

    assert parsed.keys == {"quit": ("Q",), "follow": ("F", "c-f")}


def test_errors_of_a_file_name_the_file(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text("links = \n")
    with pytest.raises(ConfigError, match=r"config\.toml: Invalid value.*line 1"):
        config.load(path, required=False)
    path.write_bytes(b"\xff")
    with pytest.raises(ConfigError, match=r"config\.toml: 'utf-8'"):
        config.load(path, required=False)
    with pytest.raises(ConfigError, match="there is no"):
        config.load(tmp_path / "none", required=True)
    with pytest.raises(ConfigError, match="cannot read"):
        config.load(tmp_path, required=False)
    assert config.load(tmp_path / "none", required=False) == Config()


def test_the_places_are_those_of_xdg() -> None:
    assert config.config_path({"HOME": "/h"}) == Path("/h/.config/ttview/config.toml")
    assert config.config_path({"XDG_CONFIG_HOME": "/x"}) == Path("/x/ttview/config.toml")
    assert config.config_path({"HOME": "/h", "XDG_CONFIG_HOME": "rel"}).is_relative_to("/h")
    assert config.config_path({"TTVIEW_CONFIG": "/c.toml"}) == Path("/c.toml")
    assert config.state_folder({"HOME": "/h"}) == Path("/h/.local/state/ttview")


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("localhost:8484", "http://localhost:8484"),
        ("https://a.example/base/", "https://a.example/base"),
        ("http://[::1]:8484", "http://[::1]:8484"),
    ],
)
def test_urls_are_read_as_people_write_them(text: str, url: str) -> None:
    assert parse_url(text) == url


@pytest.mark.parametrize(
    "text",
    [
        "http://",
        "ftp://x",
        "http://a b",
        "http://x:99999",
        "http://u@x",
        "http://x?y=1",
        "",
        "http://é",
    ],
)
def test_what_is_no_base_url_is_refused_with_a_reason(text: str) -> None:
    with pytest.raises(AddressError) as error:
        parse_url(text)

    assert str(error.value).isprintable()


def test_a_password_in_a_url_is_refused_without_being_repeated() -> None:
    with pytest.raises(AddressError) as error:
        parse_url("http://me:hunter2@sink.example")

    assert "hunter2" not in str(error.value)


@pytest.mark.parametrize(
    ("word", "is_url"),
    [
        ("http://x", True),
        ("localhost:8484", True),
        ("app.log", False),
        ("a/b:80", False),
        ("C:", False),
        ("-", False),
    ],
)
def test_an_address_is_told_from_a_file(word: str, is_url: bool) -> None:
    assert looks_like_url(word) is is_url


@pytest.mark.parametrize("text", ["", "two words", "line\nline", "ü", "x" * 5000])
def test_a_token_file_that_holds_no_token_is_said_without_its_content(
    tmp_path: Path, text: str
) -> None:
    path = tmp_path / "token"
    path.write_text(text)

    with pytest.raises(AddressError) as error:
        Address(token_file=path).read_token()

    assert str(path) in str(error.value)
    assert not text or text not in str(error.value)


def test_a_flag_goes_before_a_variable_and_that_before_the_file() -> None:
    written = config.parse('theme = "dark"\nmouse = true\n')
    variables = config.environment_overrides({"TTVIEW_THEME": "light", "TTVIEW_WRAP": "True"})
    chosen = config.overridden(written, {**variables, "theme": ("--theme", "mono")})

    assert (chosen.theme, chosen.mouse, chosen.wrap) == ("mono", True, True)
    assert config.overridden(written, variables).theme == "light"


@pytest.mark.parametrize(("key", "text"), [("mouse", "perhaps"), ("links", "blue"), ("zone", "")])
def test_a_value_that_is_none_names_where_it_was_said(key: str, text: str) -> None:
    with pytest.raises(ConfigError, match=f"TTVIEW_{key.upper()}: .* is none of its values"):
        config.overridden(Config(), {key: (f"TTVIEW_{key.upper()}", text)})


def opening(parsed: Config, **more: str) -> session.Opening:
    chosen = options.Settings(parsed, Address(), {"HOME": "/home/x"})
    return session.Opening(chosen, **more)  # type: ignore[arg-type]  # names of a test


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("theme = 'darkk'", "theme: there is no 'darkk'; did you mean dark?"),
        ("time = 'abs'", "time: there is no form 'abs'"),
        ("columns = ['tiem']", 'no column "tiem"'),
        ("[keys]\nfolow = 'F'", "keys.folow: no such action; did you mean follow?"),
        ("[keys]\nfollow = 'Hyper-F'", "Hyper-F"),
    ],
)
def test_a_name_that_is_none_of_the_screens_is_said_before_it_opens(text: str, says: str) -> None:
    with pytest.raises(CommandError) as error:
        session.screen_settings(opening(config.parse(text)), Memory(), "utf-8")

    assert says in str(error.value)


def test_the_screen_starts_as_configured() -> None:
    parsed = config.parse(
        """
        columns = ["time", "job:12", "message"]
        zone = "utc"
        [filters]
        slow = "@ms:>1"
        [keys]
        follow = ["T", "^F"]
        """
    )
    remembered = Memory(history=("a",), kept={"mine": "b"})
    starting = session.screen_settings(
        opening(parsed, filter_text="job:x", at="e1-7"), remembered, "ascii"
    )

    assert [column.name for column in starting.columns] == ["time", "job", "message"]
    assert starting.saved == {"slow": "@ms:>1", "mine": "b"}
    assert starting.bindings == {"T": "follow", "^F": "follow"}
    assert (starting.query, starting.at, starting.history) == ("job:x", "e1-7", ("a",))
    assert starting.ascii_only
    with pytest.raises(CommandError, match="is no id of a record"):
        session.screen_settings(opening(parsed, at="seven"), remembered, "utf-8")
