import tomllib
from pathlib import Path

import pytest

from ttsink import cli, config
from ttsink.commands import config_show
from ttsink.http.server import Server, StartError
from ttsink.settings import Settings
from ttsink.states.lifecycle import Rule
from ttsink.states.settings import StateSettings

OPTIONS = config.options()


def rejects(match: str, **sources: object) -> None:
    with pytest.raises(config.ConfigError, match=match):
        config.load(name="tt.toml", **sources)  # type: ignore[arg-type]


def test_with_nothing_given_every_value_is_the_default() -> None:
    loaded = config.load()

    assert loaded.settings == Settings()
    assert loaded.origins == {}


def test_a_flag_wins_over_the_environment_and_that_over_the_file() -> None:
    tables = {"server": {"listen": "file:1", "data_dir": "/f"}, "journal": {"enabled": False}}
    environ = {"TTSINK_LISTEN": "environ:2", "TTSINK_DATA_DIR": "/e"}

    loaded = config.load(tables=tables, name="tt.toml", environ=environ, flags={"listen": "flag:3"})

    assert loaded.settings.server.listen == "flag:3"
    assert loaded.settings.server.data_dir == "/e"
    assert not loaded.settings.journal.enabled
    assert loaded.origins == {
        "server.listen": "flag --listen",
        "server.data_dir": "environment TTSINK_DATA_DIR",
        "journal.enabled": "file tt.toml",
    }


@pytest.mark.parametrize("word", ["on", "off", "Yes", "0", "true"])
def test_a_switch_takes_the_usual_words(word: str) -> None:
    loaded = config.load(flags={"journal": word})

    assert loaded.settings.journal.enabled is (word in {"on", "Yes", "true"})


def test_lists_come_as_commas_or_as_toml() -> None:
    by_commas = config.load(flags={"allowed-hosts": "a.example, b.example"})
    by_toml = config.load(flags={"allowed-hosts": '["a.example", "b.example"]'})

    assert by_commas.settings == by_toml.settings
    assert by_commas.settings.server.allowed_hosts == ("a.example", "b.example")


def test_an_unknown_key_names_the_nearest_right_one() -> None:
    rejects(
        r"tt.toml: unknown key 'listn' in \[server\]; did you mean 'listen'\?",
        tables={"server": {"listn": "x"}},
    )
    rejects(r"did you mean 'server.listen'\?", tables={"journal": {"listen": "x"}})
    rejects(r"unknown table \[sever\]; did you mean 'server'\?", tables={"sever": {}})
    rejects(r"\[server\] must be a table, found 3", tables={"server": 3})


def test_a_bad_value_says_where_it_stands_and_what_was_expected() -> None:
    rejects(
        r"tt.toml: \[stream\] max_subscribers: expected int >= 1, found 0",
        tables={"stream": {"max_subscribers": 0}},
    )
    rejects(
        "TTSINK_JOURNAL: expected on or off, found 'maybe'", environ={"TTSINK_JOURNAL": "maybe"}
    )
    rejects("--drain-seconds: expected a TOML value, found 'x'", flags={"drain-seconds": "x"})
    rejects("--drain-seconds: expected float <= 600", flags={"drain-seconds": "601"})


def test_a_variable_that_looks_like_ours_is_told_not_refused() -> None:
    """Kubernetes sets TTSINK_PORT and the like for a service of that name."""
    loaded = config.load(environ={"TTSINK_PORT": "tcp://10.0.0.1:8484", "TTSINK_LISTN": "x"})

    assert "TTSINK_PORT" in loaded.unknown
    assert "TTSINK_LISTN; did you mean 'TTSINK_LISTEN'?" in loaded.unknown


def test_tokens_have_no_option() -> None:
    loaded = config.load(environ={"TTSINK_READ_TOKEN": "t", "TTSINK_INGEST_TOKEN": "t"})

    assert loaded.unknown == ()
    assert not [option for option in OPTIONS if option.stem.endswith("token")]


def test_a_file_that_is_no_toml_is_named(tmp_path: Path) -> None:
    path = tmp_path / "tt.toml"
    path.write_text("listen = ")

    with pytest.raises(config.ConfigError, match=r"tt\.toml: not TOML"):
        config.read_file(path)
    with pytest.raises(config.ConfigError, match=r"none\.toml: cannot be read: No such file"):
        config.read_file(tmp_path / "none.toml")


def test_no_two_options_share_a_flag_and_each_has_its_text() -> None:
    stems = [option.stem for option in OPTIONS]

    assert len(stems) == len(set(stems))
    assert [option.path for option in OPTIONS if not option.text.endswith(".")] == []


def test_what_show_prints_is_a_configuration_that_loads_to_the_same() -> None:
    loaded = config.load(flags={"listen": "127.0.0.1:0", "allowed-hosts": "a.example"})

    text = "\n".join(config_show.lines(loaded, {"TTSINK_READ_TOKEN": "very-secret"}))

    assert config.load(tables=tomllib.loads(text)).settings == loaded.settings
    assert 'listen = "127.0.0.1:0"  # flag --listen' in text
    assert "very-secret" not in text


def test_show_fails_with_one_line_for_a_mistake(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TTSINK_JOURNAL", "maybe")

    status = cli.main(["config", "show"])

    assert status == 78
    assert capsys.readouterr().err == (
        "ttsink: TTSINK_JOURNAL: expected on or off, found 'maybe'\n"
    )


def test_an_unknown_command_names_the_nearest_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["serv"]) == 2
    assert "did you mean 'serve'?" in capsys.readouterr().err
    assert cli.main(["config", "shwo"]) == 2
    assert "did you mean 'show'?" in capsys.readouterr().err
    assert cli.main(["--help"]) == 0


def test_a_rule_that_is_no_pattern_is_a_mistake_of_the_configuration() -> None:
    rule = Rule(system="ours", state="failed", message="(")
    settings = Settings(states=StateSettings(rules=(rule,)))

    with pytest.raises(StartError, match=r"rule of 'ours': message '\(' is no RE2 pattern: miss"):
        Server(settings, {})
