"""The key of an installation: made once, private, and refused where it is no key."""

import stat
from pathlib import Path

import pytest

from ttsink.redact.key import (
    KEY_FILE_NAME,
    RedactionKeyError,
    given_key,
    installation_key,
    passing_key,
    read_key,
)


def test_the_first_call_makes_the_key_and_the_next_reads_it(tmp_path: Path) -> None:
    folder = tmp_path / "new"

    first = installation_key(folder)

    assert installation_key(folder) == first
    assert len(first) == 64
    assert stat.S_IMODE((folder / KEY_FILE_NAME).stat().st_mode) == 0o600
    assert [path.name for path in folder.iterdir()] == [KEY_FILE_NAME]


def test_two_installations_have_two_keys(tmp_path: Path) -> None:
    assert installation_key(tmp_path / "a") != installation_key(tmp_path / "b")
    assert passing_key() != passing_key()


def test_a_key_that_was_given_is_taken_without_white_space(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_text(" 0123456789abcdef\n")

    assert read_key(path) == given_key("0123456789abcdef ") == b"0123456789abcdef"


def test_a_key_that_cannot_be_used_is_refused_without_being_shown(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_text("hunter2")

    with pytest.raises(RedactionKeyError, match="7 bytes") as refused:
        read_key(path)
    assert "hunter2" not in str(refused.value)
    with pytest.raises(RedactionKeyError, match="No such file"):
        read_key(tmp_path / "none")
    with pytest.raises(RedactionKeyError, match="TTSINK_REDACTION_KEY"):
        given_key("short")
    (tmp_path / "file").write_text("")
    with pytest.raises(RedactionKeyError, match=KEY_FILE_NAME):
        installation_key(tmp_path / "file")
