import base64
from pathlib import Path

import pytest

from ttsink.http import auth

ACCEPTED = auth.digests(["old-token", "new-token"])


def basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


@pytest.mark.parametrize(
    "header",
    ["Bearer old-token", "bearer new-token", "Bearer  new-token ", basic("vector", "old-token")],
)
def test_any_of_the_tokens_passes_as_bearer_or_password(header: str) -> None:
    assert auth.verdict(header, ACCEPTED) == "ok"


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, "missing"),
        ("", "missing"),
        ("Bearer ", "empty"),
        ("basic", "empty"),
        ("Bearer other", "wrong"),
        ("Bearer old-token2", "wrong"),
        ("Digest old-token", "wrong"),
        ("Basic !!!", "wrong"),
        (basic("old-token", ""), "wrong"),
        ("Bearer " + "x" * 5000, "wrong"),
        ("Bearer \udcff", "wrong"),
        ("Bearer ${TRACETAIL_TOKEN}", "uninterpolated"),
        ("Bearer SECRET[vault.token]", "uninterpolated"),
    ],
)
def test_what_does_not_pass_is_told_apart(header: str | None, expected: str) -> None:
    assert auth.verdict(header, ACCEPTED) == expected


def test_without_tokens_nothing_is_asked() -> None:
    assert auth.verdict(None, ()) == "ok"


def test_tokens_come_from_files_and_from_the_environment(tmp_path: Path) -> None:
    path = tmp_path / "tokens"
    path.write_text("# rotated in May\nsecond\n\n  third  \n")

    tokens = auth.read_tokens([str(path)], "TTSINK_READ_TOKEN", {"TTSINK_READ_TOKEN": "first"})

    assert tokens == ["first", "second", "third"]


def test_an_empty_token_file_is_an_error_and_not_an_open_door(tmp_path: Path) -> None:
    path = tmp_path / "tokens"
    path.write_text("# none yet\n")

    with pytest.raises(auth.AuthError, match="holds no token"):
        auth.read_tokens([str(path)], "X", {})
    with pytest.raises(auth.AuthError, match="cannot be read"):
        auth.read_tokens([str(tmp_path / "missing")], "X", {})


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "LOCALHOST:8484",
        "localhost.",
        "127.0.0.1:8484",
        "127.9.9.9",
        "[::1]:8484",
        "sink.localhost",
        "host.docker.internal:8484",
    ],
)
def test_names_of_this_machine_are_loopback(host: str) -> None:
    assert auth.is_loopback(host)


@pytest.mark.parametrize(
    "host", ["", "example.com", "127.0.0.1.evil.example", "10.0.0.1", "0.0.0.0", "localhost.evil"]
)
def test_other_names_are_not(host: str) -> None:
    assert not auth.is_loopback(host)
    assert auth.is_loopback(host, [host]) is bool(host) or host == ""


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, False),
        ({"Sec-Fetch-Site": "none"}, False),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "http://127.0.0.1:8484"}, False),
        ({"Sec-Fetch-Site": "cross-site"}, True),
        ({"Sec-Fetch-Site": "same-site"}, True),
        ({"Origin": "https://evil.example"}, True),
        ({"Origin": "null"}, True),
        ({"Origin": "http://localhost:3000"}, False),
    ],
)
def test_pages_of_other_sites_are_told_apart(headers: dict[str, str], expected: bool) -> None:
    assert auth.cross_site(headers) is expected


def test_more_than_loopback_needs_both_tokens_or_the_word() -> None:
    both = auth.Tokens(ACCEPTED, ACCEPTED)
    sending_only = auth.Tokens(ACCEPTED, ())

    assert auth.binding_refused("127.0.0.1", auth.Tokens(), allow_unauthenticated=False) is None
    assert auth.binding_refused("0.0.0.0", both, allow_unauthenticated=False) is None
    assert auth.binding_refused("0.0.0.0", auth.Tokens(), allow_unauthenticated=True) is None
    assert "--read-token-file" in str(
        auth.binding_refused("0.0.0.0", sending_only, allow_unauthenticated=False)
    )
