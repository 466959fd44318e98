"""Trace and span ids in every form they are written in."""

import base64
import time
import uuid

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ttwire import trace
from ttwire.trace import NO_IDS, Ids

T = "4bf92f3577b34da6a3ce929d0e0e4736"
S = "00f067aa0ba902b7"
SHORT = "a3ce929d0e0e4736"
PADDED = "0000000000000000" + SHORT
SPAN_DECIMAL = str(int(S, 16))
STANDARD = base64.b64encode(bytes.fromhex(T)).decode()
URL_SAFE = base64.urlsafe_b64encode(b"\xfb\xff" + bytes(13) + b"\x01").decode()


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        (T, Ids(T, None)),
        (T.upper(), Ids(T, None)),
        (f" {T}\n", Ids(T, None)),
        (SHORT, Ids(PADDED, None)),
        ("7f", Ids("7f".zfill(32), None)),
        ("12345678901234567890", Ids("12345678901234567890".zfill(32), None)),
        ("4bf92f35-77b3-4da6-a3ce-929d0e0e4736", Ids(T, None)),
        ("1-4bf92f35-77b34da6a3ce929d0e0e4736", Ids(T, None)),
        (f"Root=1-4bf92f35-77b34da6a3ce929d0e0e4736;Parent={S};Sampled=1", Ids(T, S)),
        ("Root=1-4bf92f35-77b34da6a3ce929d0e0e4736", Ids(T, None)),
        (
            f"Self=1-11111111-111111111111111111111111;Root=1-4bf92f35-77b34da6a3ce929d0e0e4736;Parent={S}",
            Ids(T, S),
        ),
        (f"00-{T}-{S}-01", Ids(T, S)),
        (f"00-{T.upper()}-{S.upper()}-01", Ids(T, S)),
        (f"{T}-{S}", Ids(T, S)),
        (f"{T}-{S}-1", Ids(T, S)),
        (f"{T}-{S}-d-{S}", Ids(T, S)),
        (f"{SHORT}-{S}-0", Ids(PADDED, S)),
        (f"{T}:{S}:0:1", Ids(T, S)),
        (f"{T}%3A{S}%3A0%3A1", Ids(T, S)),
        (f"{T}%3a{S}%3a0%3a1", Ids(T, S)),
        ("7:8:9:0", Ids("7".zfill(32), "8".zfill(16))),
        (f"{T}:0:0:1", Ids(T, None)),
        (f"projects/my-project/traces/{T}", Ids(T, None)),
        (f"{T}/{SPAN_DECIMAL};o=1", Ids(T, S)),
        (f"{T}/{SPAN_DECIMAL}", Ids(T, S)),
        (f"{T}/0;o=1", Ids(T, None)),
        (f"{T}/99999999999999999999", Ids(T, None)),
        (STANDARD, Ids(T, None)),
        (STANDARD.rstrip("="), Ids(T, None)),
        (URL_SAFE, Ids("fbff" + "0" * 27 + "1", None)),
        (f"|{T}.{S}.", Ids(T, S)),
        (f"|{T}.{S}_1.2.", Ids(T, S)),
        (f"|{T}.", Ids(T, None)),
    ],
)
def test_every_form_is_normalised_with_its_span_where_it_holds_one(text: str, ids: Ids) -> None:
    assert trace.ids(text) == ids
    assert trace.trace_id(text) == ids.trace_id


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "0",
        "0" * 16,
        "0" * 32,
        "00000000-0000-0000-0000-000000000000",
        "1-00000000-000000000000000000000000",
        T + "0",
        "g" * 32,
        "none",
        "null",
        "-",
        "0:0:0:0",
        f"{T}:{S}:0",
        "1",
        "d",
        "d-",
        f"{T}-{S}-x",
        f"2-{T[:8]}-{T[8:]}",
        f"1-{T[:8]}-{T[8:]}0",
        f"{T}/-5",
        f"projects//traces/{T}",
        "|not-hex.1.",
        base64.b64encode(bytes(16)).decode(),
        base64.b64encode(b"\xff" * 15).decode(),
        "x" * 100_000,
        "4bf92f35-77b3-4da6-a3ce-929d0e0e473",
        "é" * 32,
        "٣" * 32,
    ],
)
def test_what_is_no_id_is_none(text: str) -> None:
    assert trace.ids(text) == NO_IDS
    assert trace.trace_id(text) is None


W3C = "12345678901234567890123456789012"
W3C_SPAN = "1234567890123456"


@pytest.mark.parametrize(
    ("name", "text", "valid"),
    [
        ("version 00", f"00-{W3C}-{W3C_SPAN}-01", True),
        ("version 00 with a trailing dot", f"00-{W3C}-{W3C_SPAN}-01.", False),
        ("version 00 with more", f"00-{W3C}-{W3C_SPAN}-01-what-the-future-will-be-like", False),
        ("a later version", f"cc-{W3C}-{W3C_SPAN}-01", True),
        ("a later version with more", f"cc-{W3C}-{W3C_SPAN}-01-what-the-future-will-be", True),
        ("a later version with a dot", f"cc-{W3C}-{W3C_SPAN}-01.what-the-future", False),
        ("version ff", f"ff-{W3C}-{W3C_SPAN}-01", False),
        ("a version that begins with a dot", f".0-{W3C}-{W3C_SPAN}-01", False),
        ("a version that ends in a dot", f"0.-{W3C}-{W3C_SPAN}-01", False),
        ("a version of three digits", f"000-{W3C}-{W3C_SPAN}-01", False),
        ("a version of four digits", f"0000-{W3C}-{W3C_SPAN}-01", False),
        ("a version of one digit", f"0-{W3C}-{W3C_SPAN}-01", False),
        ("a trace id of zeros", f"00-{'0' * 32}-{W3C_SPAN}-01", False),
        ("a trace id that begins with a dot", f"00-.{W3C[1:]}-{W3C_SPAN}-01", False),
        ("a trace id that ends in a dot", f"00-{W3C[:-1]}.-{W3C_SPAN}-01", False),
        ("a trace id too long", f"00-{W3C}3-{W3C_SPAN}-01", False),
        ("a trace id too short", f"00-{W3C[:-1]}-{W3C_SPAN}-01", False),
        ("a parent id of zeros", f"00-{W3C}-{'0' * 16}-01", False),
        ("a parent id that begins with a dot", f"00-{W3C}-.{W3C_SPAN[1:]}-01", False),
        ("a parent id that ends in a dot", f"00-{W3C}-{W3C_SPAN[:-1]}.-01", False),
        ("a parent id too long", f"00-{W3C}-{W3C_SPAN}7-01", False),
        ("a parent id too short", f"00-{W3C}-{W3C_SPAN[:-1]}-01", False),
        ("flags that begin with a dot", f"00-{W3C}-{W3C_SPAN}-.0", False),
        ("flags that end in a dot", f"00-{W3C}-{W3C_SPAN}-0.", False),
        ("flags too long", f"00-{W3C}-{W3C_SPAN}-001", False),
        ("flags too short", f"00-{W3C}-{W3C_SPAN}-1", False),
        ("white space around it", f" \t00-{W3C}-{W3C_SPAN}-01 \t", True),
        ("no dashes", f"00{W3C}{W3C_SPAN}01", False),
    ],
)
def test_a_traceparent_is_read_as_the_cases_of_the_w3c_suite_say(
    name: str, text: str, valid: bool
) -> None:
    assert trace.ids(text) == (Ids(W3C, W3C_SPAN) if valid else NO_IDS)


@pytest.mark.parametrize(
    ("text", "span"),
    [
        (S, S),
        (S.upper(), S),
        ("f067aa0ba902b7", S),
        (base64.b64encode(bytes.fromhex(S)).decode(), S),
        (base64.b64encode(bytes.fromhex(S)).decode().rstrip("="), S),
        (f"00-{T}-{S}-01", S),
        ("0" * 16, None),
        ("", None),
        (S + "1", None),
        ("xyz", None),
        ("x" * 100_000, None),
    ],
)
def test_a_span_id_is_normalised(text: str, span: str | None) -> None:
    assert trace.span_id(text) == span


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        (str(2**64 - 1), "0" * 16 + "f" * 16),
        (str(2**64), None),
        ("11803532876627986230", PADDED),
        ("9007199254740993", f"{9007199254740993:x}".zfill(32)),
        ("0", None),
        ("00000000000000000007", "7".zfill(32)),
        (T, T),
        ("1" * 32, "1" * 32),
        ("1" * 21, None),
        ("-5", None),
        ("abc", None),
        ("", None),
    ],
)
def test_a_datadog_id_is_decimal_unless_it_has_thirty_two_digits(
    text: str, normal: str | None
) -> None:
    assert trace.datadog_id(text) == normal


def test_a_datadog_span_id_is_decimal() -> None:
    assert trace.datadog_span_id(SPAN_DECIMAL) == S
    assert trace.datadog_span_id("zz") is None
    assert trace.datadog_span_id(str(2**64)) is None


def test_the_halves_and_the_other_writings_of_an_id() -> None:
    assert trace.low64(T) == SHORT
    assert trace.low64_decimal(T) == str(int(SHORT, 16))
    assert trace.xray(T) == "1-4bf92f35-77b34da6a3ce929d0e0e4736"
    assert trace.short(T) == "4bf92f35"
    assert trace.short(PADDED) == "a3ce929d"


ids_of_16_bytes = st.binary(min_size=16, max_size=16).filter(any)
ids_of_8_bytes = st.binary(min_size=8, max_size=8).filter(any)


@settings(derandomize=True, max_examples=80)
@given(ids_of_16_bytes, ids_of_8_bytes)
def test_every_writing_of_one_pair_of_ids_gives_the_same_pair(tid: bytes, sid: bytes) -> None:
    t, s = tid.hex(), sid.hex()
    alone = [
        t,
        t.upper(),
        str(uuid.UUID(t)),
        trace.xray(t),
        base64.b64encode(tid).decode(),
        base64.urlsafe_b64encode(tid).decode(),
        base64.urlsafe_b64encode(tid).decode().rstrip("="),
        f"projects/p/traces/{t}",
        t.lstrip("0"),
    ]
    pairs = [
        f"00-{t}-{s}-01",
        f"{t}-{s}-1",
        f"{t}:{s}:0:1",
        f"{t.lstrip('0')}%3A{s.lstrip('0')}%3A0%3A1",
        f"{t}/{int(s, 16)};o=1",
        f"Root={trace.xray(t)};Parent={s};Sampled=0",
        f"|{t}.{s}.",
    ]

    assert {trace.ids(text) for text in alone} == {Ids(t, None)}
    assert {trace.ids(text) for text in pairs} == {Ids(t, s)}
    assert trace.datadog_id(trace.low64_decimal(t)) in {None, "0" * 16 + trace.low64(t)}
    assert trace.datadog_span_id(str(int(s, 16))) == s


@settings(derandomize=True, max_examples=80)
@given(
    ids_of_16_bytes,
    ids_of_8_bytes,
    st.text(st.characters(exclude_characters="[],", max_codepoint=0x2FF), max_size=40),
    st.booleans(),
)
def test_the_pair_in_springs_brackets_is_the_pair_of_the_header(
    tid: bytes, sid: bytes, app: str, is_short: bool
) -> None:
    t, s = tid.hex(), sid.hex()
    written = t[16:] if is_short else t
    around = "2026-01-02T03:04:05.123+01:00  INFO {} 7 --- [main] c.e.App : up"
    forms = [f"[{app},{written},{s}{end}]" for end in ("", ",", ",true", ",false")]
    forms.append(f"[{written}-{s}]")

    if (written + s).isdecimal() or not written.strip("0"):
        wanted = NO_IDS
    else:
        wanted = Ids(written.zfill(32), s)
    assert {trace.in_brackets(around.format(form)) for form in forms} == {wanted}
    assert trace.in_brackets(around.format("".join(forms).replace("]", "}"))) == NO_IDS


@settings(derandomize=True, max_examples=200)
@given(st.text("0123456789abcdefABCDEF-:/|.;=_+ %3ARotPn1", max_size=70))
def test_any_text_gives_normal_ids_or_none_and_normal_ids_stay(text: str) -> None:
    for found, digits in ((trace.trace_id(text), 32), (trace.datadog_id(text), 32)):
        assert found is None or (len(found) == digits and int(found, 16) > 0)
    found = trace.trace_id(text)
    assert found is None or trace.trace_id(found) == found
    span = trace.span_id(text)
    assert span is None or (len(span) == 16 and trace.span_id(span) == span)


@pytest.mark.parametrize(
    ("message", "ids"),
    [
        (f"done trace_id={T}", Ids(T, None)),
        (f"done traceId: {T.upper()} ok", Ids(T, None)),
        (f"[trace.id={T} span.id={S}]", Ids(T, S)),
        (f'{{"trace_id":"{T}","span_id":"{S}"}}', Ids(T, S)),
        (rf"{{\"traceId\":\"{T}\"}}", Ids(T, None)),
        (f"trace-id='{SHORT}'", Ids(PADDED, None)),
        (f"TRACEID={uuid.UUID(T)}", Ids(T, None)),
        ("XRAY TraceId: 1-4bf92f35-77b34da6a3ce929d0e0e4736\tSegment", Ids(T, None)),
        ("Root=1-4bf92f35-77b34da6a3ce929d0e0e4736;Sampled=1", Ids(T, None)),
        (f"traceparent: 00-{T}-{S}-01", Ids(T, S)),
        (f"00-{T}-{S}-01", Ids(T, S)),
        (f"span_id={S} trace_id={T}", Ids(T, S)),
        ("otelTraceID=" + T, Ids(T, None)),
        (f"[dd.env=e dd.trace_id={int(SHORT, 16)} dd.span_id={SPAN_DECIMAL}]", Ids(PADDED, S)),
        ("dd.trace_id=1234567890123456", Ids(f"{1234567890123456:x}".zfill(32), None)),
        (f"dd.trace_id={T} dd.span_id={SPAN_DECIMAL}", Ids(T, S)),
        (f"INFO [app,{T},{S}] 7 --- [main] c.e.App : up", Ids(T, S)),
        (f"INFO [app,{SHORT},{S},true] 7 --- [main] c.e.App : up", Ids(PADDED, S)),
        (f"INFO [app,{T},{S},false] [nio-9000-exec-1]", Ids(T, S)),
        (f"INFO [app,{T},{S},] up", Ids(T, S)),
        (f"INFO [,{T},{S}] up", Ids(T, S)),
        (f"7 --- [my app] [nio-1-exec-1] [{T.upper()}-{S.upper()}] c.e.App : up", Ids(T, S)),
        (f"7 --- [main] [{SHORT}-{S}] up", Ids(PADDED, S)),
        (f"trace_id={'0' * 32} [app,{T},{S}]", Ids(T, S)),
        (f"[app,{T},{'0' * 16}] up", Ids(T, None)),
        ("INFO [app,,] 7 --- [main] c.e.App : up", NO_IDS),
        ("INFO [app,,,] up", NO_IDS),
        ("7 --- [app] [main] [" + " " * 49 + "] c.e.App : up", NO_IDS),
        (f"[app,{'0' * 32},{S}] up", NO_IDS),
        (f"[{'0' * 32}-{'0' * 16}] up", NO_IDS),
        (f"[app,{T}0,{S}] up", NO_IDS),
        (f"[app,{T},{S}0] up", NO_IDS),
        (f"[app,{T}] up", NO_IDS),
        (f"[{T}] up", NO_IDS),
        (f"[app,{T},{S},yes] up", NO_IDS),
        (f"[app,{T},{S}", NO_IDS),
        ("cards [visa,4111111111111111,5500000000000004]", NO_IDS),
        ("x" * trace.MAX_HEAD_CHARACTERS + f"[app,{T},{S}]", NO_IDS),
        (f"trace_id={'0' * 32}", NO_IDS),
        ("trace_id=0", NO_IDS),
        (f"trace_id={T}0", NO_IDS),
        (f"checksum {T}", NO_IDS),
        (f"a00-{T}-{S}-01", NO_IDS),
        ("stack trace: deadbeef", NO_IDS),
        ("", NO_IDS),
        ("x" * trace.MAX_SCANNED_CHARACTERS + f" trace_id={T}", NO_IDS),
    ],
)
def test_ids_are_found_inside_a_message(message: str, ids: Ids) -> None:
    assert trace.in_text(message) == ids


def test_a_hostile_message_is_searched_in_linear_time() -> None:
    started = time.process_time()
    trace.in_text("trace_id=" * 100_000)
    trace.in_text("1-" + "0" * 1_000_000)
    for piece in ("[", "[a,", f"[a,{T},", f"[{T}-", "[" + "0" * 40):
        trace.in_text(piece * 100_000)

    assert time.process_time() - started < 1
