"""Properties of redaction that hold for any text: it is stable, leaks nothing, never raises."""

import urllib.parse
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ttsink.redact.redaction import Redactor
from ttsink.redact.settings import RedactionSettings
from ttwire.record import Record, encode_lines

REDACTOR = Redactor(RedactionSettings(), b"k" * 32)
MASKING = Redactor(
    RedactionSettings(modes={"email": "drop", "card": "mask", "password": "mask"}), b"k" * 32
)
VALUES = (
    "joe.doe@example.com",
    "4111111111111111",
    "5500 0055 5555 5559",
    "DE89370400440532013000",
    "+4930901820",
    "536-90-4399",
    "AKIAIOSFODNN7EXAMPLE",
    "ghp_" + "a1B2" * 9,
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
)
FRAGMENTS = (
    *VALUES,
    "password=",
    "password: ",
    '"token": "',
    "token=abc123def",
    "Authorization: Bearer ",
    "Cookie: a=b; c=d",
    "phone ",
    "ssn: ",
    "https://u:p4ss@h/",
    "?code=",
    "[email:3f9a2c]",
    "[card:****1111]",
    "[phone:ab12cd]",
    "[password:12ab34]",
    "\\",
    "\\u0040",
    '\\"',
    "%40",
    "%",
    '"',
    "'",
    "{",
    "}",
    "[",
    "]",
    ":",
    ",",
    ";",
    "&",
    "=",
    " ",
    "\n",
    "é",
    "-",
    "1234567",
    "abc",
    "--token ",
    "secret",
    "iban ",
)
texts = st.lists(st.sampled_from(FRAGMENTS), max_size=8).map("".join)
anything = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
records = st.builds(
    Record,
    message=texts | st.text(max_size=30),
    job=st.none() | texts,
    worker=st.none() | texts,
    fields=st.dictionaries(
        texts | st.sampled_from(["password", "phone", "n"]), anything, max_size=3
    ),
)
quiet = settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)


@pytest.mark.parametrize("redactor", [REDACTOR, MASKING])
@given(st.lists(records, max_size=3))
@quiet
def test_redacting_twice_changes_nothing(redactor: Redactor, batch: list[Record]) -> None:
    once, _ = redactor.records(batch)

    twice, _ = redactor.records(once)

    assert twice == once
    text = encode_lines(list(once))
    assert msgspec.json.decode(b"[%b]" % text.replace(b"\n", b",").rstrip(b",")) is not None


ENCODINGS: dict[str, Any] = {
    "plain": lambda value: value,
    "url": lambda value: urllib.parse.quote(value, safe=""),
    "url twice": lambda value: urllib.parse.quote(urllib.parse.quote(value, safe=""), safe=""),
    "every byte": lambda value: "".join(f"%{byte:02x}" for byte in value.encode()),
    "json": lambda value: '{"k":' + msgspec.json.encode(value).decode() + "}",
    "json twice": lambda value: msgspec.json.encode(
        '{"k":' + msgspec.json.encode(value).decode() + "}"
    ).decode(),
    "escapes": lambda value: '{"k":"' + "".join(f"\\u{ord(one):04x}" for one in value) + '"}',
}


@pytest.mark.parametrize("encoding", ENCODINGS)
@given(
    st.sampled_from(VALUES),
    st.sampled_from(["", "x ", "user: ", "\n", "é ", '"', "(", "a=1&b=", "\t"]),
    st.sampled_from(["", " y", "\n", '"', ")", ", z", "&c=2", ".", " é"]),
    st.sampled_from(["message", "field", "key", "nested", "list"]),
)
@quiet
def test_a_planted_value_survives_in_no_encoding(
    encoding: str, value: str, before: str, after: str, place: str
) -> None:
    encoded = ENCODINGS[encoding](value)
    text = before + encoded + after
    members: dict[str, Any] = {
        "message": {"message": text},
        "field": {"fields": {"k": text}},
        "key": {"fields": {text: 1}},
        "nested": {"fields": {"a": {"b": {"c": text}}}},
        "list": {"fields": {"a": ["x", text]}},
    }[place]

    done = REDACTOR.records([Record(**members)])[0][0]

    shown = msgspec.json.encode([done.message, done.fields]).decode()
    assert done.redacted
    for form in (value, encoded, msgspec.json.encode(encoded).decode()[1:-1]):
        assert form not in shown


@given(texts, texts)
@quiet
def test_what_stands_around_a_value_stays(before: str, after: str) -> None:
    clean = REDACTOR.text(before)[0], REDACTOR.text(after)[0]
    if clean != (before, after):
        return
    text = f"{before}\n <joe@example.com> \n{after}"

    done, counts = REDACTOR.text(text)

    if counts == {"email": 1} and "[email:" not in before + after:
        head, _, tail = done.partition("[email:")
        assert head == f"{before}\n <"
        assert tail[7:] == f"> \n{after}"


@given(st.text(), st.dictionaries(st.text(max_size=8), anything, max_size=3))
@quiet
def test_no_text_makes_it_raise(text: str, fields: dict[str, Any]) -> None:
    REDACTOR.records([Record(message=text, fields=fields)])
    REDACTOR.text(text + "@" + text)
