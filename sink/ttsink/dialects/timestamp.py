"""When a record happened: every way agents and loggers write a time, to one text form.

Canonical is `YYYY-MM-DDTHH:MM:SS.ffffffZ`: its text order is its time order.
Read: RFC 3339 with 0 to 9 digits and any offset, the same with a blank, a comma or slashes
(Python logging, Java SQL, Go log), Unix time in s, ms, us or ns as int, float or text,
Apache and RFC 2822 dates, RFC 3164 syslog and klog, whose missing year comes from `received`.
Nothing here raises: what is not a time is None.
"""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import re2

MAX_TIME_CHARS: Final = 64
"""No way of writing a time is longer; a longer text is not looked at."""

MIN_EPOCH_SECONDS: Final = 100_000_000
"""March 1973. A smaller number is a duration, a count or an unset field."""

MAX_EPOCH_SECONDS: Final = 7_258_118_400
"""The year 2200. A number beyond it in one unit is read in the next smaller one."""

YEAR_SLACK: Final = timedelta(days=2)
"""A time without a year may lie this far after its receipt before it is last year's."""

_CLOCK: Final = r"(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d"
_MONTH_DAY: Final = (
    r"(?:(?:0[13578]|1[02])-(?:0[1-9]|[12]\d|3[01])"
    r"|(?:0[469]|11)-(?:0[1-9]|[12]\d|30)|02-(?:0[1-9]|1\d|2[0-8]))"
)
_DAY: Final = rf"(?:19[789]\d|2[01]\d\d)-{_MONTH_DAY}"
# One pattern over a whole column joined by newlines: a tenth of a match for each value. The
# 29th of February is left to the reading of single values.
_MICROSECONDS: Final = b"0000-00-00T00:00:00.000000Z\n"
_MILLISECONDS: Final = b"0000-00-00T00:00:00.000Z\n"
_SECONDS: Final = b"0000-00-00T00:00:00Z\n"
_PATTERNS: Final = {
    len(_MICROSECONDS): re2.compile(rf"(?:{_DAY}T{_CLOCK}\.\d{{6}}Z\n)*"),
    len(_MILLISECONDS): re2.compile(rf"(?:{_DAY}T{_CLOCK}\.\d{{3}}Z\n)*"),
    len(_SECONDS): re2.compile(rf"(?:{_DAY}T{_CLOCK}Z\n)*"),
}
_WRITTEN: Final = {len(form): form for form in (_MICROSECONDS, _MILLISECONDS, _SECONDS)}
_DIGITS_TO_ZERO: Final = bytes.maketrans(b"123456789", b"0" * 9)
_HOUR: Final = re2.compile(rf"{_DAY}T(?:[01]\d|2[0-3]):")
# From 1974 on: what lies before is looked at singly.
_FRACTIONS: Final = re2.compile(
    rf"(?:(?:197[4-9]|19[89]\d|2[01]\d\d)-{_MONTH_DAY}T{_CLOCK}(?:\.\d{{1,9}})?Z\n)*"
)
_CANONICAL: Final = "2026-01-02T03:04:05.123456Z"
_UNSET_HOUR: Final = b"1970-01-01T00:"
_HOUR_DIGITS: Final = tuple(at for at, sign in enumerate(_UNSET_HOUR) if chr(sign).isdigit())

_UNSET: Final = "1970-01-01T00:00:00"
"""What an unset time is written as by those who have no null."""

_OFFSET: Final = r"(?P<offset>[zZ]|UTC|GMT|[+-](?:[01]\d|2[0-3])(?::?[0-5]\d)?)"
_FRACTION: Final = r"(?:[.,](?P<fraction>\d{1,9}))?"
_TIME: Final = rf"(?P<hour>\d\d):(?P<minute>\d\d):(?P<second>\d\d){_FRACTION}"
_MONTHS: Final = {
    name: number
    for number, name in enumerate(
        ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), 1
    )
}
_MONTH: Final = "(?P<name>Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
ISO: Final = (
    r"(?P<year>\d{4}|\d\d(?=/))(?P<cut>[-/])(?P<month>\d\d)(?P=cut)(?P<day>\d\d)"
    rf"(?:[Tt ]|, ){_TIME} ?{_OFFSET}?"
)
"""A time that leads with its year, of two digits in Spark's; a pattern with named groups."""
KLOG: Final = rf"[IWEF](?P<month>\d\d)(?P<day>\d\d) {_TIME}"
"""klog's and glog's head: level letter, month and day, time of day."""
SYSLOG: Final = rf"{_MONTH} (?P<day>[ \d]\d) {_TIME}"
"""RFC 3164's time: no year, no zone."""
_DAY_FIRST: Final = (
    rf"(?:[A-Z][a-z]{{2}}, )?(?P<day>\d{{1,2}})[/ -]{_MONTH}[/ -](?P<year>\d{{4}})[: ]{_TIME}"
    rf" ?{_OFFSET}?"
)
_FORMS: Final = tuple(
    re.compile(form, re.ASCII) for form in (ISO, rf"(?P<klog>(?=[IWEF])){KLOG}", SYSLOG, _DAY_FIRST)
)
_NUMBER: Final = re.compile(r"\d{9,19}(?:\.\d{1,9})?", re.ASCII)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def column(values: Sequence[Any]) -> Sequence[str] | None:
    """A column of times that are all text of one canonical shape, or None: read them singly.

    Whole seconds, milliseconds and microseconds in UTC with `Z` are what the agents send.
    """
    try:
        joined = "\n".join(values) + "\n"
        raw = joined.encode()
    except (TypeError, UnicodeEncodeError):
        return None
    width = len(raw) // max(len(values), 1)
    pattern = _PATTERNS.get(width)
    if pattern is None:
        return None
    if not _in_one_hour(raw, width) and (_UNSET in joined or pattern.fullmatch(raw) is None):
        return None
    if width == len(_MICROSECONDS):
        return values
    return joined.replace("Z", "000Z" if width == len(_MILLISECONDS) else ".000000Z").split()


def cut_column(values: Sequence[Any]) -> tuple[list[str], list[bool]] | None:
    """`instant` of each, where all are times with `Z` or all are Unix times of one unit.

    None: read them singly. Agents write nanoseconds, loggers seconds with a fraction.
    """
    kinds = set(map(type, values))
    if kinds == {str}:
        return _digits_cut(values)
    return _epochs(values) if kinds and kinds <= {int, float} else None


def _digits_cut(values: Sequence[str]) -> tuple[list[str], list[bool]] | None:
    try:
        raw = ("\n".join(values) + "\n").encode()
    except UnicodeEncodeError:
        return None
    if _FRACTIONS.fullmatch(raw) is None:
        return None
    times = []
    exact = []
    for value in values:
        if len(value) > len(_CANONICAL):
            times.append(value[: len(_CANONICAL) - 1] + "Z")
            exact.append(not value[len(_CANONICAL) - 1 : -1].strip("0"))
        else:
            whole, _, fraction = value[:-1].partition(".")
            times.append(f"{whole}.{fraction:0<6}Z")
            exact.append(True)
    return times, exact


def _epochs(values: Sequence[float]) -> tuple[list[str], list[bool]] | None:
    least, most = min(values), max(values)
    for per_second in (1, 1_000, 1_000_000):
        if MIN_EPOCH_SECONDS * per_second <= least and most < MAX_EPOCH_SECONDS * per_second:
            break
    else:
        return None
    factor = 1_000_000 // per_second
    instants = [value * factor if type(value) is int else round(value * factor) for value in values]
    seconds: dict[int, str] = {}
    times = []
    for instant_us in instants:
        second, microsecond = divmod(instant_us, 1_000_000)
        text = seconds.get(second)
        if text is None:
            if second >= MAX_EPOCH_SECONDS:
                return None
            moment = _EPOCH + timedelta(seconds=second)
            text = seconds[second] = moment.replace(tzinfo=None).isoformat()
        times.append(f"{text}.{microsecond:06d}Z")
    return times, [True] * len(times)


def _in_one_hour(raw: bytes, width: int) -> bool:
    """Whether these lines are surely times, as nearly all of one batch are within an hour.

    A sixth of the pattern's cost: what is the same throughout is matched once.
    """
    hour = raw[: len(_UNSET_HOUR)]
    count = len(raw) // width
    return (
        raw.translate(_DIGITS_TO_ZERO) == _WRITTEN[width] * count
        and all(raw[at::width] == hour[at : at + 1] * count for at in _HOUR_DIGITS)
        and not raw[14::width].translate(None, b"012345")  # tens of minutes
        and not raw[17::width].translate(None, b"012345")
        and hour != _UNSET_HOUR
        and _HOUR.fullmatch(hour) is not None
    )


def instant(value: Any, *, received: str, offset_minutes: int = 0) -> tuple[str | None, bool]:
    """The canonical text of one time, and whether it says all that `value` said.

    `received` (canonical) gives the year to forms without one; `offset_minutes` east of UTC
    is taken where the text names no zone. Digits below the microsecond are cut: then the
    second member is False. `(None, False)` for what is not a time.
    """
    kind = type(value)
    if kind is str:
        if len(value) > MAX_TIME_CHARS:
            return None, False
        text = value.strip()
        for form in _FORMS:
            if (found := form.fullmatch(text)) is not None:
                return from_match(found, received=received, offset_minutes=offset_minutes)
        if _NUMBER.fullmatch(text) is None:
            return None, False
        whole, _, fraction = text.partition(".")
        if not fraction:
            return _from_epoch(int(whole))
        return _from_epoch(float(text))
    if kind is int or kind is float:
        return _from_epoch(value)
    return None, False


def from_match(
    found: re.Match[str], *, received: str, offset_minutes: int = 0
) -> tuple[str | None, bool]:
    """`instant` for a match of `ISO`, `KLOG` or `SYSLOG`, wherever it was found."""
    part = found.groupdict()
    fraction = part["fraction"] or ""
    exact = not fraction[6:].strip("0")
    if not offset_minutes and "year" in part and "month" in part:
        quick = _quick(part, fraction)
        if quick is not None:
            return quick, exact
    second = int(part["second"])
    if second == 60:  # a leap second has no place of its own in a datetime
        second, fraction, exact = 59, "999999", False
    month = part.get("month") or _MONTHS[part["name"].lower()]
    offset = part.get("offset")
    year = part.get("year") or received[:4] or "0"
    if len(year) == 2:
        year = f"20{year}"
    try:
        moment = datetime(
            int(year),
            int(month),
            int(part["day"]),
            int(part["hour"]),
            int(part["minute"]),
            second,
            int(fraction[:6].ljust(6, "0")),
            tzinfo=UTC,
        )
        if offset is None:
            moment -= timedelta(minutes=offset_minutes)
        elif offset[0] in "+-":
            east = timedelta(hours=int(offset[1:3]), minutes=int(offset[3:].lstrip(":") or 0))
            moment = moment - east if offset[0] == "+" else moment + east
        if part.get("year") is None and moment > datetime.fromisoformat(received) + YEAR_SLACK:
            moment = moment.replace(year=moment.year - 1)
    except (ValueError, OverflowError):
        return None, False
    return _within(moment, exact=exact)


def _quick(part: dict[str, str | None], fraction: str) -> str | None:
    """The text of a plain time in UTC, put together rather than computed."""
    year = part["year"]
    if (
        part["offset"] not in {None, "Z", "z", "UTC", "GMT"}
        or not year
        or not "1974" <= year < "2200"
    ):
        return None
    text = (
        f"{year}-{part['month']}-{part['day']}T{part['hour']}:{part['minute']}:{part['second']}"
        f".{fraction[:6]:0<6}"
    )
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return None
    return f"{text}Z"


def _from_epoch(value: float) -> tuple[str | None, bool]:
    for per_second in (1, 1_000, 1_000_000, 1_000_000_000):
        if value < MIN_EPOCH_SECONDS * per_second:
            return None, False
        if value < MAX_EPOCH_SECONDS * per_second:
            break
    else:
        return None, False
    if per_second == 1_000_000_000:
        microseconds = int(value) // 1_000
        exact = int(value) % 1_000 == 0
    elif isinstance(value, int):
        microseconds, exact = value * (1_000_000 // per_second), True
    else:
        microseconds, exact = round(value * (1_000_000 // per_second)), True
    return _within(_EPOCH + timedelta(microseconds=microseconds), exact=exact)


def _within(moment: datetime, *, exact: bool) -> tuple[str | None, bool]:
    seconds = (moment - _EPOCH).total_seconds()
    if not MIN_EPOCH_SECONDS <= seconds < MAX_EPOCH_SECONDS:
        return None, False
    return f"{moment.replace(tzinfo=None).isoformat(timespec='microseconds')}Z", exact
