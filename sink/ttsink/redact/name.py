"""Which names of fields say that the value under them is a secret, whatever it looks like."""

import re
from collections.abc import Container, Iterable
from functools import lru_cache

_ENDINGS = {
    "password": "password",
    "passwd": "password",
    "passphrase": "password",
    "pwd": "password",
    "passwort": "password",
    "secret": "secret",
    "secretkey": "secret",
    "privatekey": "secret",
    "encryptionkey": "secret",
    "signingkey": "secret",
    "masterkey": "secret",
    "accountkey": "secret",
    "sharedaccesskey": "secret",
    "sharedaccesssignature": "secret",
    "credential": "secret",
    "credentials": "secret",
    "apikey": "api_key",
    "accesskey": "api_key",
    "authkey": "api_key",
    "subscriptionkey": "api_key",
    "token": "token",
    "jwt": "token",
    "authorization": "authorization",
    "cookie": "cookie",
    "sessionid": "cookie",
    "sessid": "cookie",
    "cvv": "card_code",
    "cvv2": "card_code",
    "cvc": "card_code",
    "cvc2": "card_code",
}
_WHOLE = {
    "pass": "password",
    "pin": "password",
    "auth": "authorization",
    "cookies": "cookie",
    "ssn": "us_ssn",
    "socialsecuritynumber": "us_ssn",
    "secrets": "secret",
    "xauth": "authorization",
    "xauthkey": "api_key",
}
_HARMLESS = frozenset(
    {
        "pagetoken",
        "nextpagetoken",
        "nexttoken",
        "continuationtoken",
        "synctoken",
        "pagingtoken",
        "cursortoken",
        "maxtoken",
        "stoptoken",
        "eostoken",
        "bostoken",
        "padtoken",
        "unktoken",
        "septoken",
        "costpertoken",
        "pertoken",
        "lasttoken",
        "firsttoken",
        "timetofirsttoken",
        "unexpectedtoken",
        "workflowid",
        "tasktoken",
    }
)
"""Words that end like a secret's name: paging, and what language models count."""
KIND_OF_NAMED_FIELD = "field"
"""The kind of a field whose name the settings list."""
_LONGEST_ENDING = max(map(len, _ENDINGS))
_JOINTS = re.compile(r"[^0-9a-z]+")
MAX_NAME_CHARS = 256
"""A longer key is no name of a field."""


_USUAL = re.compile(r"[A-Za-z_.-]{1,40}[0-9]{0,2}")


def kind_of(name: str) -> str | None:
    """The kind of secret a field of this name holds; `db_password`, `X-Api-Key`, `authToken`.

    Only usual names are remembered: a key may itself be a value that is to go.
    """
    return _remembered(name) if _USUAL.fullmatch(name) else _kind_of(name)


def _kind_of(name: str) -> str | None:
    if len(name) > MAX_NAME_CHARS:
        return None
    plain = _JOINTS.sub("", name.lower())
    whole = _WHOLE.get(plain)
    if whole is not None:
        return whole
    if plain in _HARMLESS:
        return None
    for size in range(min(len(plain), _LONGEST_ENDING), 2, -1):
        kind = _ENDINGS.get(plain[-size:])
        if kind is not None:
            return kind
    return None


_remembered = lru_cache(maxsize=4096)(_kind_of)


def plain_name(name: str) -> str:
    return "".join(filter(str.isalnum, name.lower()))


class Names:
    """What names of fields say, in view of the settings: `fields`, `keep_fields`, kinds off."""

    def __init__(self, named: Iterable[str], kept: Iterable[str], off: Container[str]) -> None:
        self._named = frozenset(map(plain_name, named))
        self._kept = frozenset(map(plain_name, kept))
        self._off = off

    def kind(self, name: str) -> str | None:
        """The kind of what a field of this name holds, if the name alone decides."""
        if self._kept or self._named:
            plain = plain_name(name)
            if plain in self._kept:
                return None
            kind = KIND_OF_NAMED_FIELD if plain in self._named else kind_of(name)
        else:
            kind = kind_of(name)
        return None if kind in self._off else kind
