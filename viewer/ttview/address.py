"""Which sink to speak to, and the secret that opens it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final, NamedTuple
from urllib.parse import quote, urlsplit

from ttview.exits import CommandError

DEFAULT_URL: Final = "http://127.0.0.1:8484"

MAX_TOKEN_CHARACTERS: Final = 4096
"""A longer one does not fit in a header of 8 KiB, which is what servers take."""


class AddressError(CommandError):
    """The URL or the token is not one; the text says what was found and what would be right."""


class Address(NamedTuple):
    """`url` has no trailing slash, no query and no secret; paths of the API are put after it.

    The token is read again for each connection, so that one replaced on disk is taken.
    """

    url: str = DEFAULT_URL
    token_file: Path | None = None
    token: str | None = None
    ca_file: Path | None = None

    @property
    def name(self) -> str:
        return self.url.partition("://")[2] or self.url

    def read_token(self) -> str | None:
        """The bearer token, or None where none was given.

        Raises:
            AddressError: the file cannot be read, or what it holds is no token.
        """
        if self.token_file is None:
            return _token(self.token, "TTVIEW_TOKEN") if self.token else None
        try:
            text = self.token_file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
            raise AddressError(f"cannot read the token file {self.token_file}: {reason}") from error
        return _token(text.strip(), f"the token file {self.token_file}")


def _token(text: str, where: str) -> str:
    """Errors never hold the token, nor a part of it."""
    if not text:
        raise AddressError(f"{where} is empty; it must hold one bearer token")
    if len(text) > MAX_TOKEN_CHARACTERS:
        raise AddressError(f"{where} holds {len(text)} characters; no token is that long")
    if not text.isascii() or not text.isprintable() or " " in text:
        raise AddressError(f"{where} holds more than one token: it must be one printable word")
    return text


def parse_url(text: str) -> str:
    """A sink's base URL, as `Address` keeps it. `host:port` alone means http.

    Raises:
        AddressError
    """
    shown = quote(text, safe="%/:?#[]@!$&'()*+,;=")[:200]
    whole = text if "://" in text else f"http://{text}"
    try:
        parts = urlsplit(whole)
        port = parts.port
    except ValueError as error:
        raise AddressError(f"{shown} is no URL: {error}") from error
    if parts.username is not None or parts.password is not None:
        raise AddressError(
            "the URL holds a user or a password, which everyone on this machine can read in the"
            " list of processes; put the token in a file and name it with --token-file"
        )
    if parts.scheme not in {"http", "https"}:
        raise AddressError(f"{shown} is no http or https URL, such as {DEFAULT_URL}")
    if not parts.hostname or not whole.isascii() or not whole.isprintable() or " " in whole:
        raise AddressError(f"{shown} names no host; {DEFAULT_URL} would be right")
    if parts.query or parts.fragment:
        raise AddressError(f"{shown} holds a query; give the base URL alone, as {DEFAULT_URL}")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    at = f"{host}:{port}" if port is not None else host
    return f"{parts.scheme}://{at}{parts.path.rstrip('/')}"


def looks_like_url(text: str) -> bool:
    """Whether a word on the command line means a sink and not a file."""
    if "://" in text:
        return True
    host, colon, port = text.rpartition(":")
    return bool(colon and host and "/" not in host and port.isdigit())


def from_environment(environment: Mapping[str, str]) -> Address:
    """TTVIEW_URL, TTVIEW_TOKEN, TTVIEW_TOKEN_FILE, TTVIEW_CA_FILE.

    Raises:
        AddressError
    """
    token_file = environment.get("TTVIEW_TOKEN_FILE")
    ca_file = environment.get("TTVIEW_CA_FILE")
    return Address(
        url=parse_url(environment.get("TTVIEW_URL") or DEFAULT_URL),
        token_file=Path(token_file) if token_file else None,
        token=environment.get("TTVIEW_TOKEN") or None,
        ca_file=Path(ca_file) if ca_file else None,
    )
