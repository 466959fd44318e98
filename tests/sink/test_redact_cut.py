"""Cutting values out: neighbours of a cut, overlaps, and what is remembered within a batch."""

import hashlib
import hmac
from random import Random
from typing import Any

import pytest
import re2
from hypothesis import given, settings
from hypothesis import strategies as st
from stdnum import iban, luhn

from support import redaction_values as make
from ttsink.redact import check, cut, number
from ttsink.redact.check import passes_luhn
from ttsink.redact.mark import Marker
from ttsink.redact.pattern import NOWHERE, matches, search, searched
from ttsink.redact.redaction import Redactor
from ttsink.redact.rule import options
from ttsink.redact.settings import RedactionSettings
from ttwire.record import Record

KEY = b"k" * 32
REDACTOR = Redactor(RedactionSettings(), KEY)
DROPPING = Redactor(RedactionSettings(modes={"email": "drop", "card": "mask"}), KEY)
VALUES = (
    "joe.doe@example.com",
    "4111111111111111",
    "5500 0055 5555 5559",
    "+4930901820",
    "536-90-4399",
    "AKIAIOSFODNN7EXAMPLE",
    "password=hunter2",
    "token=abc123def",
    "Authorization: Bearer a1b2c3d4e5",
    "https://u:p4ss@h/",
    "10.1.2.3",
    "cvv: 123",
)
BETWEEN = ("", " ", ",", "-", "+", "=", "/", "%20", "\\n", "\n", '"', "[", "phone ", "card ", "x")
texts = st.lists(st.sampled_from((*VALUES, *BETWEEN)), max_size=7).map("".join)
quiet = settings(max_examples=60, deadline=None, derandomize=True)


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("joe.doe@example.com+4930901820", {"email": 1, "phone": 1}),
        ("cvv: 123AKIAIOSFODNN7EXAMPLE", {"card_code": 1, "aws_access_key": 1}),
        ("Authorization: Bearer a1b2c3d4e5", {"authorization": 1}),
        ("joe.doe@example.com,4111111111111111", {"email": 1, "card": 1}),
        ("password=a@b.example", {"password": 1}),
    ],
)
def test_what_a_cut_uncovers_is_found_and_what_overlaps_is_cut_once(
    text: str, kinds: dict[str, int]
) -> None:
    assert REDACTOR.text(text)[1] == kinds


@given(texts)
@quiet
def test_nothing_is_left_to_find_in_what_was_cut(text: str) -> None:
    once, _ = REDACTOR.text(text)

    assert REDACTOR.text(once) == (once, {})


@pytest.mark.parametrize("redactor", [REDACTOR, DROPPING])
@given(
    st.lists(
        st.builds(
            Record,
            message=texts,
            fields=st.dictionaries(
                st.sampled_from(["phone", "n", "a.b", "password", "joe@example.com"]),
                texts | st.lists(texts, max_size=2) | st.integers(0, 10**16),
                max_size=3,
            ),
        ),
        max_size=3,
    )
)
@quiet
def test_a_record_is_redacted_alike_alone_and_among_others(
    redactor: Redactor, batch: list[Record]
) -> None:
    """What is remembered within a batch changes neither marks nor counts."""
    together, counts = redactor.records(batch * 2)

    each = [redactor.records([record]) for record in batch * 2]
    assert list(together) == [done[0] for done, _ in each]
    assert counts == {
        kind: sum(alone.get(kind, 0) for _, alone in each) for _, alone in each for kind in alone
    }


def test_more_texts_than_are_remembered_are_redacted_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cut, "MAX_REMEMBERED", 2)
    batch = [Record(message=f"to joe{at % 5}@example.com") for at in range(20)]

    done, counts = REDACTOR.records(batch)

    assert counts == {"email": 20}
    assert len({record.message for record in done}) == 5


@given(st.binary(max_size=150), st.binary(max_size=80), st.integers(6, 32))
@quiet
def test_a_mark_is_the_keyed_digest_of_kind_and_value(
    key: bytes, value: bytes, digits: int
) -> None:
    """`hmac` is the reference; a longer key than a block of the hash is digested first."""
    digest = hmac.digest(key, b"token\0" + value, hashlib.sha256).hex()

    mark = Marker(key, digits, {}, ()).mark("token", value)

    assert mark == f"[token:{digest[:digits]}]".encode()


@given(st.text("0123456789", min_size=1, max_size=24))
@quiet
def test_digits_pass_as_python_stdnum_says(digits: str) -> None:
    assert passes_luhn(digits.encode()) == luhn.is_valid(digits)


IBANS = [make.iban(Random(seed)) for seed in range(60)]


@given(
    st.sampled_from(IBANS),
    st.integers(2, 40),
    st.sampled_from([*"09AZaz -+.", "", "\u00a0", "12"]),
    st.integers(0, 2),
)
@quiet
def test_accounts_are_those_python_stdnum_takes(
    account: str, place: int, instead: str, left_out: int
) -> None:
    """Whole ones, and such with a character changed, put in or left out."""
    text = account[:place] + instead + account[place + left_out :]
    size = len(iban.compact(account))
    ends = [end for end in range(len(text) + 1) if sum(map(str.isalnum, text[:end])) == size]
    whole = bool(ends) and not text[ends[0] :][:1].isalnum()

    spans = check.iban(text.encode(), 0, len(text.encode()))

    assert bool(spans) == (whole and iban.is_valid(text[: ends[0]], check_country=False))


def test_every_account_is_taken_as_it_was_made() -> None:
    for account in IBANS:
        assert check.iban(account.encode(), 0, len(account)) == ((0, len(account)),)
        assert iban.is_valid(account, check_country=False)


@given(
    st.lists(
        st.sampled_from(
            [*"aZ9.-_+%'/=é", "git", "node1", "joe", "doe.", "@", "b.co", "x.png", "1.2", "://"]
        ),
        max_size=9,
    ).map("".join)
)
@quiet
def test_the_short_way_for_usual_addresses_says_what_the_long_one_does(text: str) -> None:
    source = text.encode()
    bounds = search(re2.compile(number.EMAIL.find, options()))(source, 0, len(source))[0]
    if bounds == NOWHERE:
        return
    found: list[Any] = list(number.email(source, *bounds))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(number, "_USUAL", re2.compile(b"[^\\x00-\\xff]", options()))

        assert found == number.email(source, *bounds)


def test_patterns_are_asked_as_the_engine_answers() -> None:
    """The parts of google-re2 that stand behind its `search` and `Set.Match`."""
    pattern = re2.compile(rb"b(c)(d)?", options())
    match = pattern.search(b"abc bc", 2)
    assert match is not None
    assert list(search(pattern)(b"abc bc", 2, 6)) == [match.span(), match.span(1), match.span(2)]
    assert search(pattern)(b"xyz", 0, 3)[0] == NOWHERE
    for text in (b"abc bc", b"abcd", b"xyz", b""):
        assert list(search(pattern)(text, 0, len(text))) == searched(pattern, text, 0, len(text))

    patterns = re2.Set.SearchSet(options())
    for one in (b"a+", b"b", b"c"):
        patterns.Add(one)
    patterns.Compile()
    assert sorted(matches(patterns)(b"xxcaa")) == sorted(patterns.Match(b"xxcaa")) == [0, 2]
    assert list(matches(patterns)(b"xx")) == []
