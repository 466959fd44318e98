"""What redaction takes out, what it leaves alone, and what stands instead."""

import gc
import random
import re
import time
from collections.abc import Mapping, Sequence
from types import FunctionType, ModuleType
from typing import Any, NamedTuple

import msgspec
import pytest

from ttsink.redact.name import _remembered, kind_of
from ttsink.redact.redaction import Redactor
from ttsink.redact.ruleset import RedactionSettingsError
from ttsink.redact.settings import OwnRule, RedactionSettings
from ttsink.redact.warm import warm_up
from ttwire.record import Record
from ttwire.span import Span, SpanEvent

KEY = b"0123456789abcdef0123456789abcdef"
REDACTOR = Redactor(RedactionSettings(), KEY)
CARD = "4111111111111111"
SCAN_CASES = [
    ("mail joe@example.com now", ("email",)),
    ("mail joe%40example.com now", ("email",)),
    ("mail joe%2540example.com now", ("email",)),
    ('{"to":"joe\\u0040example.com"}', ("email",)),
    ("from Иван@почта.рф to", ("email",)),
    ("user <a.b+c@mail.example.co.uk>, ok", ("email",)),
    (f"card {CARD}", ("card",)),
    ("paid 4111 1111 1111 1111 by", ("card",)),
    (f"paid {CARD} by", ("card",)),
    ("paid 4111%201111%201111%201111 by", ("card",)),
    ("amex 3782-822463-10005", ("card",)),
    (f"first\n{CARD}\tlast", ("card",)),
    ("to DE89 3704 0044 0532 0130 00 today", ("iban",)),
    ("to GB29NWBK60161331926819", ("iban",)),
    ("call +49 30 901820", ("phone",)),
    ("phone: (555) 123-4567", ("phone",)),
    ("SSN 536-90-4399 on file", ("us_ssn",)),
    ("pesel: 44051401359", ("pl_pesel",)),
    ("cpf 390.533.447-05", ("br_cpf",)),
    ("codice RCCMNL83S18D969H", ("it_codicefiscale",)),
    ("id 360426199101010071", ("cn_ric",)),
    ("aadhaar 2341 2341 2346", ("in_aadhaar",)),
    ("key AKIAIOSFODNN7EXAMPLE used", ("aws_access_key",)),
    (f"cloned with ghp_{'a1B2' * 9}", ("github_token",)),
    (f"glpat-{'aB3_' * 5} is the token", ("gitlab_token",)),
    ("Authorization: Bearer abc.def-12345", ("authorization",)),
    ("authorization: Basic dXNlcjpwYXNz", ("authorization",)),
    ("using bearer 8f14e45fceea167a", ("bearer",)),
    ("postgres://app:s3cr3t@db:5432/x", ("url_password",)),
    ("GET /cb?state=1&code=Zx81kkQw92 200", ("url_secret",)),
    ("password=hunter2 next", ("password",)),
    ("{'password': 'correct horse'}", ("password",)),
    ("--password hunter2 -v", ("password",)),
    ('{"db_password":"a \\"b\\" c"}', ("password",)),
    ("API_KEY=abcdef123456", ("api_key",)),
    ("Cookie: a=b; c=d", ("cookie",)),
    ("cvv: 123", ("card_code",)),
    (f"\x1b[32m{CARD}\x1b[0m paid", ("card",)),
    (f"\x1b[36mkey\x1b[0m=\x1b[35mghp_{'a1B2' * 9}\x1b[0m", ("github_token",)),
    ("\x1b[36mpassword\x1b[0m=\x1b[35mhunter2\x1b[0m", ("password",)),
    ('{"line":"\\u001b[35mAKIAIOSFODNN7EXAMPLE\\u001b[0m"}', ("aws_access_key",)),
    ("'\\x1b[35mAKIAIOSFODNN7EXAMPLE\\x1b[0m'", ("aws_access_key",)),
    ("payload=%7B%22password%22%3A+%22Tr0ub4dor3%22%7D", ("password",)),
    (
        "k=-----BEGIN%20RSA%20PRIVATE%20KEY-----%0AMIIEow%0A-----END%20RSA%20PRIVATE%20KEY-----",
        ("private_key",),
    ),
    ("curl -u bob:hunter2 https://x", ("password",)),
    ("+ curl -sSf -u 'bob:correct horse' https://x", ("password",)),
    ('curl -X POST "https://x/?a=1&b=2" --user "bob:hunter2"', ("password",)),
    ("curl -X POST \\\n  -su bob:hunter2 \\\n  https://x", ("password",)),
    ("curl%20--user%20bob%3Ahunter2%20https%3A//x", ("password",)),
    ("curl -u :p4tp4tp4t https://x", ("password",)),
    ("the password is hunter22, do not share it", ("password",)),
    ("Your password is: Tr0ub4dor&3.", ("password",)),
    ("Das Passwort lautet 'geheim99!'", ("password",)),
    ("password set to Xy7kkQ", ("password",)),
    ("k=-----BEGIN+PRIVATE+KEY-----%0AMIIEow%0A-----END+PRIVATE+KEY-----", ("private_key",)),
]
CLEAN = [
    "trace 4bf92f3577b34da6a3ce929d0e0e4736 span 00f067aa0ba902b7",
    "request 4111111111111111 took 12 ms",
    "blk_4111111111111111 replicated",
    "4111111111111111.5 and 0.4111111111111111",
    "f47ac10b-5812-4372-5567-411111111111",
    "epoch 1767322985123 and 1767322985123456",
    "2026-01-02T03:04:05.123456Z start",
    "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "basic authentication failed for bearer of the ring",
    "password: incorrect, token: expired",
    "prompt_tokens: 512, max_tokens=100",
    "celery@worker-3.prod.example.com ready",
    "git clone git@github.com:org/repo.git",
    "installed left-pad@1.3.0 and logo@2x.png",
    "com.example.Main$Inner@1b6d3586",
    "sms batch 5550123 done",
    "card 4111111111111112",
    "PWD=/srv/app",
    "684660206166096 ns elapsed",
    "-----BEGIN CERTIFICATE----- and -----BEGIN PUBLIC KEY-----",
    "offset +00:00 and 2026-11-22 10:15:00+0100",
    "DE89 3704 0044 0532 0130 01",
    "unexpected token } in JSON at position 4",
    "http://localhost:8080/path/@scope/pkg",
    "next_page_token=",
    "docker run -u 1000:1000 image; sudo -u deploy:ops ls",
    "curl -o out https://x; docker run -u 1000:1000 image",
    "curl -u $USER:$PASS -u ${USER}:${PASS} https://x",
    "curl -HUser-Agent:probe -u name https://x:8080/",
    "curl/7.68.0 -u a:b in an agent's name",
    "git push -u origin main:main",
    "the password is sha256 hashed, before the password was base64-encoded",
    "password is 90days old, password was 2026-01-02T03:04:05Z",
    "password is required, password was changed by user42",
    "password is vault/db1x, password is incorrect for user42",
    "password set to expire in 30d, password is 12345678",
]


class Redacted(NamedTuple):
    records: Sequence[Record]
    counts: Mapping[str, int]


def redact(**members: Any) -> Redacted:
    return Redacted(*REDACTOR.records([Record(**members)]))


@pytest.mark.parametrize(("message", "kinds"), SCAN_CASES)
def test_a_value_in_a_message_is_replaced_by_its_mark(message: str, kinds: tuple[str, ...]) -> None:
    done = redact(message=message)

    assert done.records[0].redacted == kinds
    assert re.search(rf"\[{kinds[0]}:[0-9a-f]{{6}}\]", done.records[0].message)
    assert set(done.counts) == set(kinds)


@pytest.mark.parametrize("message", CLEAN)
def test_a_look_alike_is_left_alone(message: str) -> None:
    assert redact(message=message).records[0].message == message


def test_records_without_a_hit_are_the_very_same_objects() -> None:
    records = [Record(message="quiet"), Record(message="mail a@example.com"), Record(message="ok")]

    done, _ = REDACTOR.records(records)

    assert done[0] is records[0]
    assert done[2] is records[2]
    assert done[1].redacted == ("email",)
    clean = [records[0], records[2]]
    assert REDACTOR.records(clean) == (clean, {})
    assert REDACTOR.records(clean)[0] is clean


def test_the_same_value_has_the_same_mark_in_every_form() -> None:
    marks = {
        redact(message=text).records[0].message
        for text in (
            "joe@example.com",
            "JOE@Example.com",
            "joe%40example.com",
            "joe\\u0040example.com",
        )
    } | {redact(message="x", fields={"to": "joe@example.com"}).records[0].fields["to"]}

    assert len(marks) == 1


def test_joints_of_a_card_do_not_change_its_mark() -> None:
    marks = {
        redact(message=text).records[0].message
        for text in (CARD, "4111 1111 1111 1111", "4111-1111-1111-1111")
    }

    assert len(marks) == 1


def test_another_key_makes_other_marks() -> None:
    other = Redactor(RedactionSettings(), b"x" * 32)

    assert other.text("joe@example.com") != REDACTOR.text("joe@example.com")


def test_fields_are_searched_by_name_key_and_value() -> None:
    fields = {
        "password": "correct horse battery",
        "db": {"userPassword": ["a", None, True], "port": 5432},
        "X-Api-Key": "k",
        "Authorization": "Bearer abc",
        "joe@example.com": 3,
        "card": int(CARD),
        "customer": {"phone": "555-123-4567", "ssn": 536904399},
        "cvv": 123,
        "argv": ["run", "--db-password", "pl41n", "--verbose", "on"],
        "env": [{"name": "DB_PASSWORD", "value": "s3same"}, {"name": "HOME", "value": "/root"}],
        "tokens": 17,
        "password_reset": True,
        "request_id": CARD,
        "page_token": "abc123",
        "empty": {"password": None, "secret": ""},
    }

    done = redact(message="m", fields=fields).records[0].fields

    text = msgspec.json.encode(done).decode()
    for leaked in (
        "horse",
        "Bearer abc",
        "joe@",
        "555-123",
        "536904399",
        "pl41n",
        "s3same",
        '"k"',
        '"a"',
        ":123}",
    ):
        assert leaked not in text
    assert done["Authorization"].startswith("Bearer [authorization:")
    assert done["db"]["userPassword"][1:] == [None, True]
    assert done["db"]["port"] == 5432
    assert done["argv"][3:] == ["--verbose", "on"]
    assert done["env"][1] == {"name": "HOME", "value": "/root"}
    assert done["card"].startswith("[card:")
    assert re.fullmatch(r"\[card_code:[0-9a-f]{6}\]", done["cvv"])
    for kept in ("tokens", "password_reset", "request_id", "page_token", "empty"):
        assert done[kept] == fields[kept]


def test_ids_of_a_record_are_never_taken_for_numbers() -> None:
    done = redact(
        message="joe@example.com",
        trace_id="4111111111111111" * 2,
        span_id=CARD,
        job=f"sync-{CARD}",
        worker=CARD,
        queue="5500005555555559",
    )

    record = done.records[0]
    assert (record.trace_id, record.span_id) == (CARD * 2, CARD)
    assert (record.job, record.worker, record.queue) == (f"sync-{CARD}", CARD, "5500005555555559")


def test_names_of_jobs_hold_no_mail_address_and_no_secret() -> None:
    done = redact(message="m", job="digest joe@example.com", worker=f"ghp_{'a1B2' * 9}")

    assert "@" not in (done.records[0].job or "")
    assert (done.records[0].worker or "").startswith("[github_token:")
    assert done.records[0].redacted == ("email", "github_token")


def unnested(value: Any) -> Any:
    """JSON with the JSON in its strings, all the way down."""
    if isinstance(value, str) and value.startswith(("{", "[1")):
        return unnested(msgspec.json.decode(value))
    if isinstance(value, dict):
        return {key: unnested(held) for key, held in value.items()}
    if isinstance(value, list):
        return [unnested(held) for held in value]
    return value


@pytest.mark.parametrize("layers", [1, 2, 3])
@pytest.mark.parametrize(
    "inner",
    [
        {"card": int(CARD), "n": 1},
        [1, int(CARD), "x"],
        {"password": 12345},
        {"a": {"b": [1, int(CARD)]}},
    ],
)
def test_json_inside_a_string_stays_json(inner: Any, layers: int) -> None:
    text = msgspec.json.encode(inner).decode()
    for _ in range(layers - 1):
        text = msgspec.json.encode({"log": text}).decode()

    done = redact(message=text).records[0]

    shown = msgspec.json.encode(unnested(done.message)).decode()
    mark = re.search(r'"\[(?:card|password):[0-9a-f]{6}\]"', shown)
    assert mark
    expected: Any = inner
    for _ in range(layers - 1):
        expected = {"log": expected}
    want = msgspec.json.encode(expected).decode()
    assert shown.replace(mark[0], "?") == want.replace(CARD, "?").replace("12345", "?")


def test_modes_mask_drop_and_off() -> None:
    settings = RedactionSettings(modes={"card": "mask", "email": "drop", "phone": "off"})
    redactor = Redactor(settings, KEY)
    record = Record(
        message=f"card {CARD} of joe@example.com, phone 555-123-4567",
        fields={"mail": "joe@example.com", "n": 1},
    )

    done = redactor.records([record])[0][0]

    assert done.message == "card [card:****1111] of [email], phone 555-123-4567"
    assert done.fields == {"n": 1}
    assert redactor.records([done])[0] == [done]


def test_own_rules_allow_lists_and_names() -> None:
    settings = RedactionSettings(
        rules=(
            OwnRule("badge", r"\bB-([0-9]{6})\b"),
            OwnRule("member", r"[0-9]{10}", keywords=("member",), checksum="luhn"),
        ),
        allow=("noreply@example.com",),
        allow_patterns=(r".*@test\.example",),
        fields=("nickname",),
        keep_fields=("session_token",),
        modes={"ipv4": "mark"},
    )
    redactor = Redactor(settings, KEY)

    def shown(message: str, **fields: Any) -> Record:
        record = Record(message=message, fields=fields)
        return redactor.records([record])[0][0]

    assert shown("badge B-123456").message == shown("badge B-123456").message
    assert shown("badge B-123456").redacted == ("badge",)
    assert shown("Member 1234567897").redacted == ("member",)
    assert shown("Member 1234567890").redacted == ()
    assert shown("to noreply@example.com and x@test.example").redacted == ()
    assert shown("m", nickname="jo").redacted == ("field",)
    assert shown("m", session_token="abcdef").redacted == ()
    assert shown("from 10.1.2.3").redacted == ("ipv4",)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (RedactionSettings(modes={"emial": "off"}), "'emial'; did you mean 'email'?"),
        (RedactionSettings(rules=(OwnRule("x", "(?<=a)b"),)), "RE2"),
        (RedactionSettings(rules=(OwnRule("X Y", "b"),)), "lower-case"),
        (RedactionSettings(rules=(OwnRule("x", "b*"),)), "matches nothing"),
        (RedactionSettings(digits=3), "digits"),
        (RedactionSettings(allow_patterns=("(",)), "allow_patterns"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named(settings: RedactionSettings, said: str) -> None:
    with pytest.raises(RedactionSettingsError, match=re.escape(said)):
        Redactor(settings, KEY)


def test_spans_are_redacted_too() -> None:
    quiet = Span("a" * 16, "quiet", 1, 2)
    loud = Span(
        "b" * 16,
        "send joe@example.com",
        1,
        2,
        status_message=f"card {CARD} refused",
        attributes={"http.request.header.authorization": ["Bearer abcdef12345"]},
        events=(SpanEvent("exception", 1, {"exception.message": "password=hunter2"}),),
    )

    spans, counts = REDACTOR.spans([quiet, loud])

    assert spans[0] is quiet
    text = repr(spans[1])
    for leaked in ("joe@", CARD, "abcdef12345", "hunter2"):
        assert leaked not in text
    assert set(counts) == {"email", "card", "authorization", "password"}


def test_settings_decode_from_a_table() -> None:
    table = {"modes": {"email": "mask"}, "rules": [{"name": "badge", "pattern": "B-[0-9]{6}"}]}

    settings = msgspec.convert(table, RedactionSettings)

    assert Redactor(settings, KEY).text("B-123456")[1] == {"badge": 1}


def test_the_value_of_a_coloured_field_has_the_mark_of_the_plain_one() -> None:
    coloured = redact(message="\x1b[36mto\x1b[0m=\x1b[35mjoe@example.com\x1b[0m").records[0].message
    plain = redact(message="to=joe@example.com").records[0].message

    assert coloured == f"\x1b[36mto\x1b[0m=\x1b[35m{plain.removeprefix('to=')}\x1b[0m"


def test_a_private_key_logged_a_line_a_record_is_taken_out_of_its_job_only() -> None:
    body = "MIIEowIBAAKCAQEA0Z3VS5JJcds3xfnAbCdEf0123456789abcdefghijklmnop+/"
    said = [
        ("a", "-----BEGIN RSA PRIVATE KEY-----"),
        ("a", body),
        ("b", body),
        ("a", "loaded 3 files"),
        ("a", f"12:00:01 INFO {body}"),
        ("a", "Qw=="),
        ("a", "-----END RSA PRIVATE KEY-----"),
        ("a", "done"),
    ]
    records = [Record(timestamp="t", received="t", job=job, message=text) for job, text in said]

    clean, counts = REDACTOR.records(records)

    marked = [re.sub(":[0-9a-f]{6}", "", record.message) for record in clean]
    assert marked == [
        "[private_key]",
        "[private_key]",
        body,
        "loaded 3 files",
        "12:00:01 INFO [private_key]",
        "[private_key]",
        "-----END RSA PRIVATE KEY-----",
        "done",
    ]
    assert counts == {"private_key": 4}
    assert clean[1].redacted == ("private_key",)


def test_a_header_in_a_list_is_redacted_by_its_name_and_a_list_of_names_is_not() -> None:
    fields = {
        "headers": [["X-Api-Key", "tok-abc123456"], ["Accept", "*/*"]],
        "raw": ["Authorization", "Bearer tok-abc123456", "Host", "h"],
        "columns": ["token", "created_at"],
    }

    clean = redact(fields=fields).records[0].fields

    assert "tok-abc" not in str(clean)
    assert clean["columns"] == ["token", "created_at"]
    assert clean["headers"][1] == ["Accept", "*/*"]


def test_text_is_scanned_sooner_after_a_warm_up() -> None:
    """Processor time of the first batch: the engine makes its states as text asks for them."""

    def first_batch_seconds(redactor: Redactor) -> float:
        some = random.Random(1)
        words = ["".join(some.choices("etaoinshrdlu", k=some.randint(3, 9))) for _ in range(9_000)]
        records = [
            Record(timestamp="t", received="t", message=" ".join(words[at : at + 30]))
            for at in range(0, len(words), 30)
        ]
        begun = time.thread_time()
        assert not redactor.suspects(records)
        return time.thread_time() - begun

    cold, warm = Redactor(RedactionSettings(), KEY), Redactor(RedactionSettings(), KEY)
    warm_up(warm)

    assert first_batch_seconds(warm) < 0.7 * first_batch_seconds(cold)


def test_every_login_of_a_call_of_curl_is_marked() -> None:
    """A proxy has one of its own."""
    text = "curl -U prox:pr0xy --proxy-user 'prox:pr0xy' -u bob:hunter2 https://x"

    done, counts = Redactor(RedactionSettings(), KEY).text(text)

    assert counts == {"password": 3}
    assert "pr0xy" not in done
    assert "hunter2" not in done
    assert "-u bob:[password:" in done


def test_a_redactor_remembers_no_value() -> None:
    """A dump of the process's memory would show them all, long after their records are gone."""
    value = "remembered.by.nobody@example.com"
    redactor = Redactor(RedactionSettings(), KEY)
    for number in range(3):
        redactor.records([Record(message=f"to {value} {number}", fields={value: [value]})])

    held: list[Any] = [redactor, kind_of, _remembered]
    seen: set[int] = set()
    while held:
        one = held.pop()
        if id(one) in seen or isinstance(one, type | ModuleType):
            continue
        seen.add(id(one))
        if isinstance(one, str | bytes):
            assert value not in (one if isinstance(one, str) else one.decode("latin-1"))
        if not isinstance(one, FunctionType):
            held += gc.get_referents(one)
