"""Who may send and who may read: decisions on header texts, no I/O but `read_tokens`.

Sending and reading have tokens of their own; several may hold at once, so that a token can be
replaced without a moment in which an agent's batch is refused (a 401 makes Vector and Fluent
Bit drop the whole batch for ever).
"""

import base64
import binascii
import hashlib
import hmac
import ipaddress
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final, Literal, NamedTuple

Verdict = Literal["ok", "missing", "empty", "wrong", "uninterpolated"]

MAX_AUTHORIZATION_CHARACTERS: Final = 4096
"""A longer header is no token of ours; it is not hashed."""

UNINTERPOLATED: Final = ("${", "SECRET[")
"""How a token starts that the agent's configuration named but its start-up did not fill in:
environment variables in both agents, Vector's secret backends."""

LOOPBACK_NAMES: Final = frozenset(
    {
        "localhost",
        # Container engines resolve these to the host and pass them on as the Host header. No
        # public name server answers for `.internal`, so no foreign page can rebind to them.
        "host.docker.internal",
        "gateway.docker.internal",
        "host.containers.internal",
    }
)


class AuthError(Exception):
    """A token file that cannot be read or holds no token: one line, never a token."""


class Tokens(NamedTuple):
    """SHA-256 digests, so that comparison is between equal lengths. Empty: no token is asked."""

    ingest: tuple[bytes, ...] = ()
    read: tuple[bytes, ...] = ()


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest()


def digests(tokens: Iterable[str]) -> tuple[bytes, ...]:
    return tuple(dict.fromkeys(_digest(token) for token in tokens))


def read_tokens(files: Iterable[str], variable: str, environ: Mapping[str, str]) -> list[str]:
    """Tokens from files (one a line, `#` starts a comment) and from a variable (spaces between).

    Raises:
        AuthError: a file cannot be read, or names no token: an empty file must not mean that
            everyone may enter.
    """
    tokens = environ.get(variable, "").split()
    for name in files:
        try:
            text = Path(name).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
            raise AuthError(f"{name}: cannot be read: {reason}") from None
        found = [line.strip() for line in text.splitlines()]
        found = [line for line in found if line and not line.startswith("#")]
        if not found:
            raise AuthError(f"{name}: holds no token; expected one a line")
        tokens += found
    return tokens


def presented(authorization: str | None) -> str | None:
    """The token of an `Authorization` header: a Bearer's, or a Basic's password."""
    if not authorization or len(authorization) > MAX_AUTHORIZATION_CHARACTERS:
        return None
    scheme, _, rest = authorization.strip().partition(" ")
    rest = rest.strip()
    if scheme.lower() == "bearer":
        return rest or None
    if scheme.lower() != "basic":
        return None
    try:
        pair = base64.b64decode(rest, validate=True).decode("utf-8", "surrogateescape")
    except (binascii.Error, ValueError):
        return None
    return pair.partition(":")[2] or None


def holder(authorization: str | None) -> bytes | None:
    """The digest of the token an `Authorization` header presents, as `Tokens` has them."""
    token = presented(authorization)
    return None if token is None else _digest(token)


def verdict(authorization: str | None, accepted: tuple[bytes, ...]) -> Verdict:
    """Compares with every accepted token, whichever matches, in constant time."""
    if not accepted:
        return "ok"
    token = presented(authorization)
    if token is None:
        if not authorization:
            return "missing"
        # Fluent Bit sends the bare word where the variable of its header is not set.
        return "empty" if authorization.strip().lower() in {"bearer", "basic"} else "wrong"
    given = _digest(token)
    if sum(hmac.compare_digest(given, each) for each in accepted):
        return "ok"
    return "uninterpolated" if token.startswith(UNINTERPOLATED) else "wrong"


def host_name(host: str) -> str:
    """The name in a Host header, without port, brackets and case."""
    if host.startswith("["):
        return host[1:].partition("]")[0].lower()
    name, colon, port = host.rpartition(":")
    return (name if colon and port.isdigit() and ":" not in name else host).rstrip(".").lower()


def is_loopback(host: str, allowed: Iterable[str] = ()) -> bool:
    """Whether a host name means this machine itself, to a browser as to us."""
    name = host_name(host)
    if name in LOOPBACK_NAMES or name.endswith(".localhost"):
        return True
    if any(name == host_name(each) for each in allowed):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def cross_site(headers: Mapping[str, str], allowed: Iterable[str] = ()) -> bool:
    """Whether a browser sends this for a page of another site than this machine and `allowed`.

    Without tokens any page could post to, or read from, a sink on the reader's own machine.
    """
    if headers.get("Sec-Fetch-Site", "none") not in {"none", "same-origin"}:
        return True
    origin = headers.get("Origin")
    if origin is None:
        return False
    _, _, host = origin.partition("://")
    return not host or not is_loopback(host, allowed)


def binding_refused(host: str, tokens: Tokens, *, allow_unauthenticated: bool) -> str | None:
    """Why this address must not be listened on, or None."""
    if allow_unauthenticated or is_loopback(host) or (tokens.ingest and tokens.read):
        return None
    missing = [
        f"{name} (--{name}-token-file or TTSINK_{name.upper()}_TOKEN)"
        for name, held in (("ingest", tokens.ingest), ("read", tokens.read))
        if not held
    ]
    return (
        f"listening on {host or 'every address'} needs tokens, none for {' and '.join(missing)}; "
        "give them, listen on 127.0.0.1, or say --allow-unauthenticated"
    )
