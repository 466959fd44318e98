"""Trace and span ids: every convention's form, normalised to W3C lower-case hex."""

import base64
import binascii
import re
from typing import Final, NamedTuple

import re2

TRACE_ID_DIGITS: Final = 32
SPAN_ID_DIGITS: Final = 16

MAX_ID_CHARACTERS: Final = 512
"""A longer text is no id. X-Ray's header with its lineage is the longest known, under 300."""

MAX_SCANNED_CHARACTERS: Final = 16 * 1024
"""How far into a message an id is looked for; ids stand near the front of what names them."""

MAX_HEAD_CHARACTERS: Final = 512
"""What a logger writes in front of a message, where ids in brackets stand, ends before this."""


class Ids(NamedTuple):
    """What one text holds: a trace id of 32 digits, a span id of 16, or None for each."""

    trace_id: str | None
    span_id: str | None


NO_IDS: Final = Ids(None, None)

_HEX: Final = re.compile(r"[0-9a-fA-F]+")
_UUID: Final = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_XRAY: Final = re.compile(r"1-([0-9a-fA-F]{8})-([0-9a-fA-F]{24})")
_XRAY_ROOT: Final = re.compile(
    r"(?:^|[;\s])Root=1-([0-9a-fA-F]{8})-([0-9a-fA-F]{24})(?![0-9a-zA-Z])"
)
_XRAY_PARENT: Final = re.compile(r"(?:^|[;\s])Parent=([0-9a-fA-F]{16})(?![0-9a-zA-Z])")
# A higher version may carry more, after a dash (W3C, "Versioning of traceparent").
_TRACEPARENT: Final = re.compile(
    r"([0-9a-fA-F]{2})-([0-9a-fA-F]{32})-([0-9a-fA-F]{16})-[0-9a-fA-F]{2}(-.*)?"
)
_B3: Final = re.compile(
    r"([0-9a-fA-F]{32}|[0-9a-fA-F]{16})-([0-9a-fA-F]{16})(?:-[01d](?:-[0-9a-fA-F]{16})?)?"
)
_UBER: Final = re.compile(
    r"([0-9a-fA-F]{1,32}):([0-9a-fA-F]{1,16}):[0-9a-fA-F]{0,16}:[0-9a-fA-F]{1,2}"
)
_GCP_PATH: Final = re.compile(r"projects/[^/]{1,100}/traces/([0-9a-fA-F]{32})")
_GCP_HEADER: Final = re.compile(r"([0-9a-fA-F]{32})/([0-9]{1,20})(?:;.*)?")
_REQUEST_ID: Final = re.compile(r"\|([0-9a-fA-F]{32})\.(?:([0-9a-fA-F]{16})[._])?.*")
_BASE64_TRACE: Final = re.compile(r"[A-Za-z0-9+/_-]{21}[AQgw](?:==)?")
_BASE64_SPAN: Final = re.compile(r"[A-Za-z0-9+/_-]{10}[AEIMQUYcgkosw048]=?")
_DECIMAL: Final = re.compile(r"[0-9]{1,20}")
_MAX_64_BITS: Final = 2**64 - 1


def trace_id(text: str) -> str | None:
    """The trace id a value names, in any known form; None for zeros and what is no id.

    Digits only are hex here: see `datadog_id` for the one convention that is decimal.
    """
    if len(text) == TRACE_ID_DIGITS and _HEX.fullmatch(text):
        return _trace(text)  # most values have this form
    return ids(text).trace_id


def span_id(text: str) -> str | None:
    """The span id a value names: hex of up to 16 digits, or base64 of 8 bytes."""
    text = text.strip()
    if _HEX.fullmatch(text):
        return _span(text)
    if len(text) in {11, 12} and _BASE64_SPAN.fullmatch(text):
        return _span(_base64_hex(text))
    if len(text) <= MAX_ID_CHARACTERS:
        return ids(text).span_id
    return None


def ids(text: str) -> Ids:
    """The trace id and, where the form holds one, the span id.

    Read: 32 hex in any case; shorter hex, padded on the left as Jaeger and B3 ask; a UUID;
    X-Ray's `1-8-24` and its header; `traceparent`; `b3`; `uber-trace-id`, also with `%3A`;
    `sentry-trace`; Google's `projects/P/traces/T` and `X-Cloud-Trace-Context`; base64 of 16
    bytes, both alphabets; Application Insights' `|root.`.
    """
    text = text.strip()
    if not text or len(text) > MAX_ID_CHARACTERS:
        return NO_IDS
    if _HEX.fullmatch(text):
        # One digit alone is what a `b3` header says when it says no more than "sampled".
        return Ids(_trace(text), None) if len(text) > 1 else NO_IDS
    if _UUID.fullmatch(text):
        return Ids(_trace(text.replace("-", "")), None)
    if found := _XRAY.fullmatch(text):
        return Ids(_trace(found[1] + found[2]), None)
    if found := _TRACEPARENT.fullmatch(text):
        return _traceparent(found)
    if found := _B3.fullmatch(text):
        return _pair(found[1], found[2])
    if found := _UBER.fullmatch(text.replace("%3A", ":").replace("%3a", ":")):
        return _pair(found[1], found[2])
    if found := _GCP_HEADER.fullmatch(text):
        return _pair(found[1], _decimal_hex(found[2]))
    if found := _GCP_PATH.fullmatch(text):
        return Ids(_trace(found[1]), None)
    if found := _XRAY_ROOT.search(text):
        parent = _XRAY_PARENT.search(text)
        return _pair(found[1] + found[2], parent[1] if parent else "")
    if found := _REQUEST_ID.fullmatch(text):
        return _pair(found[1], found[2] or "")
    if len(text) in {22, 24} and _BASE64_TRACE.fullmatch(text):
        return Ids(_trace(_base64_hex(text)), None)
    return NO_IDS


def datadog_id(text: str) -> str | None:
    """The trace id in a `dd.trace_id`: decimal of 64 bits, or 32 hex from newer SDKs.

    Decimal is the low half of the id only: join by `low64`.
    """
    text = text.strip()
    if _DECIMAL.fullmatch(text):
        return _trace(_decimal_hex(text))
    return _trace(text) if len(text) == TRACE_ID_DIGITS and _HEX.fullmatch(text) else None


def datadog_span_id(text: str) -> str | None:
    """The span id in a `dd.span_id`, which is decimal."""
    text = text.strip()
    return _span(_decimal_hex(text)) if _DECIMAL.fullmatch(text) else None


def short(normal: str) -> str:
    """The digits that tell traces apart on a screen: eight, past the padding of a short id."""
    half = normal[TRACE_ID_DIGITS - SPAN_ID_DIGITS :]
    return (half if normal.startswith("0" * SPAN_ID_DIGITS) else normal)[:8]


def low64(normal: str) -> str:
    """The last 16 digits: what 64-bit tracers know of the same trace."""
    return normal[-SPAN_ID_DIGITS:]


def low64_decimal(normal: str) -> str:
    """`low64` as Datadog writes it."""
    return str(int(low64(normal), 16))


def xray(normal: str) -> str:
    """`1-8-24`, as AWS writes it."""
    return f"1-{normal[:8]}-{normal[8:]}"


def _options() -> "re2.Options":
    options = re2.Options()
    options.log_errors = False
    return options


_IS: Final = r"""["'\\]{0,3}\s?[=:]\s?["'\\]{0,3}"""
_UUID_OR_HEX: Final = (
    r"1-[0-9a-f]{8}-[0-9a-f]{24}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
    r"|[0-9a-f]{32}|[0-9a-f]{16}"
)
# RE2 has no look-around: a borrowed character on each side stands for the boundary.
_IN_TEXT: Final = re2.compile(
    r"(?i)(?:(?:^|[^0-9a-z])(?:"
    r"([0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2})|(1-[0-9a-f]{8}-[0-9a-f]{24})"
    rf"|dd[._]trace_id{_IS}([0-9]{{1,20}}|[0-9a-f]{{32}}))"
    rf"|trace[_.-]?id{_IS}({_UUID_OR_HEX}))(?:[^0-9a-z]|$)",
    _options(),
)
_SPAN_IN_TEXT: Final = re2.compile(
    rf"(?i)(?:(?:^|[^0-9a-z])dd[._]span_id{_IS}([0-9]{{1,20}})"
    rf"|span[_.-]?id{_IS}([0-9a-f]{{16}}))(?:[^0-9a-z]|$)",
    _options(),
)


# Spring Cloud Sleuth's `[app,trace,span]` and `[app,trace,span,exported]` behind the level, and
# Spring Boot 3's `[trace-span]` behind the thread (Boot's `logging.pattern.correlation`). Each
# try ends at the next bracket, so that the whole takes linear time.
_IN_BRACKETS: Final = re.compile(
    r"\[(?:[^\[\],]{0,128}+,([0-9a-fA-F]{32}|[0-9a-fA-F]{16}),([0-9a-fA-F]{16})"
    r"(?:,(?:true|false)?)?"
    r"|([0-9a-fA-F]{32}|[0-9a-fA-F]{16})-([0-9a-fA-F]{16}))\]"
)


def in_text(message: str) -> Ids:
    """The first ids a message names.

    A traceparent, an X-Ray id, `trace_id=` and its kin, or Spring's `[app,trace,span]` and
    `[trace-span]` at its head. `dd.trace_id=` is read as `datadog_id` does. Looks at the first
    MAX_SCANNED_CHARACTERS, and for brackets at the first MAX_HEAD_CHARACTERS, in linear time.
    """
    scanned = message[:MAX_SCANNED_CHARACTERS]
    found = _named_in(scanned) if _may_name_id(scanned) else NO_IDS
    return found if found.trace_id is not None else in_brackets(message)


def in_brackets(message: str) -> Ids:
    """Spring's `[app,trace,span]` or `[trace-span]` at the head of a message.

    Digits only are a list of numbers, not ids: one pair of ids in three million looks so.
    """
    found = _IN_BRACKETS.search(message, 0, MAX_HEAD_CHARACTERS)
    if found is None:
        return NO_IDS
    listed, span, own, its_span = found.groups()
    digits, last = (listed or own), (span or its_span)
    return NO_IDS if (digits + last).isdecimal() else _pair(digits, last)


def _named_in(scanned: str) -> Ids:
    found = _IN_TEXT.search(scanned)
    if found is None:
        return NO_IDS
    parent, segment, datadog, named = found.groups()
    if datadog is not None:
        pair = Ids(datadog_id(datadog), None)
    else:
        pair = ids(parent or segment or named)
    if pair.trace_id is None or pair.span_id is not None:
        return pair
    span = _SPAN_IN_TEXT.search(scanned)
    if span is None:
        return pair
    return pair._replace(span_id=datadog_span_id(span[1]) if span[1] else _span(span[2]))


def _may_name_id(text: str) -> bool:
    """Cheap, and true for nearly every text that names an id: `race` of trace, or a dash."""
    return "race" in text or "RACE" in text or "00-" in text or "1-" in text


def _traceparent(found: re.Match[str]) -> Ids:
    version, rest = found[1].lower(), found[4]
    if version == "ff" or (version == "00" and rest is not None):
        return NO_IDS
    trace, span = _trace(found[2]), _span(found[3])
    return NO_IDS if trace is None or span is None else Ids(trace, span)


def _pair(trace: str, span: str) -> Ids:
    """A span id without its trace says nothing."""
    normal = _trace(trace)
    return NO_IDS if normal is None else Ids(normal, _span(span) if span else None)


def _trace(digits: str) -> str | None:
    if len(digits) > TRACE_ID_DIGITS or not digits.strip("0"):
        return None
    return digits.lower().zfill(TRACE_ID_DIGITS)


def _span(digits: str) -> str | None:
    if len(digits) > SPAN_ID_DIGITS or not digits.strip("0"):
        return None
    return digits.lower().zfill(SPAN_ID_DIGITS)


def _decimal_hex(digits: str) -> str:
    number = int(digits)
    return f"{number:x}" if number <= _MAX_64_BITS else ""


def _base64_hex(text: str) -> str:
    standard = text.rstrip("=").replace("-", "+").replace("_", "/")
    try:
        return base64.b64decode(standard + "=" * (-len(standard) % 4), validate=True).hex()
    except binascii.Error:
        return ""
