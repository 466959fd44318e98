"""What was seen on the way to a sink, and what it means: for `ttsink doctor` and `ttview doctor`.

Every sentence says what was found and, where it is wrong, what would be right.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final, Literal, NamedTuple

Mark = Literal["ok", "wrong", "note"]

BUFFERED_SECONDS: Final = 2.0
"""A sink sends the first bytes of a stream at once; later, something between holds them back."""

SLOW_SECONDS: Final = 1.0
CLOCK_SECONDS: Final = 3.0
"""The Date header has whole seconds, and two clocks in step differ by less."""


HTTP_DATE: Final = "%a, %d %b %Y %H:%M:%S GMT"
"""RFC 9110 5.6.7, the form servers send."""


class Symptom(NamedTuple):
    mark: Mark
    text: str


def answered(status: int, seconds: float, url: str) -> Symptom:
    """`/livez`, which needs no token."""
    if status == 200:
        mark: Mark = "ok" if seconds < SLOW_SECONDS else "note"
        return Symptom(mark, f"{url} answers, in {1000 * seconds:.0f} ms")
    if status in {502, 504}:
        return Symptom("wrong", f"{url}: a proxy answers {status}: it cannot reach the sink")
    if status == 404:
        return Symptom(
            "wrong", f"{url} answers 404: something else listens there, or a path is missing"
        )
    if 300 <= status < 400:
        return Symptom("wrong", f"{url} redirects; agents do not follow: give the final address")
    return Symptom("wrong", f"{url} answers {status}, and a sink 200; is that a sink?")


def ready(status: int, reason: str) -> Symptom:
    """`/readyz`; `reason` is the first word of its body."""
    if status == 200:
        return Symptom("ok", "the sink takes batches in")
    return Symptom("wrong", f"the sink takes nothing in now: {reason}; agents try again")


def refused(status: int, code: str, detail: str, scope: str, option: str) -> Symptom:
    """An answer of the API that is no 200; `scope` is `read` or `ingest`."""
    if status == 401:
        what = {
            "token_missing": f"it asks for a token for {scope}, and none was given; {option}",
            "token_wrong": f"the token is none of its tokens for {scope}; there are separate ones "
            "for sending and for reading",
        }.get(code, detail)
        return Symptom("wrong", f"401: {what}")
    if code == "foreign_host":
        return Symptom("wrong", f"403: {detail}")
    if status == 413:
        return Symptom("wrong", "413: a proxy or the sink takes no body of that size")
    return Symptom("wrong", f"{status}: {detail}")


def noticed(code: str, detail: str, count: int) -> Symptom:
    """A notice of `/api/info`. A token refused may be long ago; an agent's mistake goes on."""
    past = "_token_" in code
    times = f" ({count} times)" if count > 1 else ""
    return Symptom("note" if past else "wrong", f"the sink noticed: {detail}{times}")


def clock(date: str | None, sent: float, received: float) -> Symptom | None:
    """The peer's `Date` header against this machine's clock (Unix times around the request)."""
    if not date:
        return None
    try:
        there = datetime.strptime(date, HTTP_DATE).replace(tzinfo=UTC)
    except ValueError:
        return None
    here = datetime.fromtimestamp((sent + received) / 2, UTC)
    ahead = (there - here).total_seconds() + 0.5
    if abs(ahead) <= CLOCK_SECONDS + (received - sent) / 2:
        return Symptom("ok", "the clocks agree")
    way = "ahead of" if ahead > 0 else "behind"
    return Symptom(
        "wrong",
        f"the sink's clock is {abs(ahead):.0f} s {way} this machine's: times and since: are off by "
        "as much; set up NTP on both",
    )


def stream(first_seconds: float | None, headers: Mapping[str, str]) -> list[Symptom]:
    """How `/api/stream` opened; None where nothing came. `headers` in lower case."""
    found = []
    kind = headers.get("content-type", "").partition(";")[0]
    if kind != "text/event-stream":
        found.append(Symptom("wrong", f"the stream is {kind or 'of no type'}: no sink's answer"))
    if headers.get("content-encoding", "identity") != "identity":
        found.append(
            Symptom(
                "wrong",
                f"something between compresses the stream ({headers['content-encoding']}), and so "
                "holds records back: switch it off for text/event-stream",
            )
        )
    if first_seconds is None or first_seconds > BUFFERED_SECONDS:
        late = "did not come" if first_seconds is None else f"came after {first_seconds:.1f} s"
        found.append(
            Symptom(
                "wrong",
                f"the stream's first bytes {late}: a proxy buffers it; of nginx, proxy_buffering "
                "off, and a proxy_read_timeout over 15 s",
            )
        )
    elif not found:
        found.append(Symptom("ok", f"the stream opens, in {1000 * first_seconds:.0f} ms"))
    if via := headers.get("via"):
        found.append(Symptom("note", f"a proxy stands between: {via}"))
    return found


def arrival(seconds: float | None, *, accepted: bool) -> Symptom:
    """A probe from its request to the stream."""
    if seconds is not None:
        return Symptom("ok", f"a record sent is on the stream after {1000 * seconds:.0f} ms")
    if accepted:
        return Symptom("wrong", "the sink took a record in, and the stream did not bring it")
    return Symptom("wrong", "the sink took no record in")


def compressed(status: int, encoding: str) -> Symptom:
    """A probe that was sent compressed."""
    if status == 200:
        return Symptom("ok", f"a batch compressed with {encoding} arrives")
    return Symptom(
        "wrong",
        f"a batch compressed with {encoding} is answered {status}: something between changes "
        "bodies; send without compression, or through",
    )


def silence(records: int, seconds: float) -> Symptom:
    """How many records agents sent while it was looked."""
    if records:
        return Symptom("ok", f"agents sent {records} records in {seconds:g} s")
    return Symptom(
        "note",
        f"no agent sent anything in {seconds:g} s: is one running, is its uri this address, and "
        "does its own log show errors? `ttsink config` prints a block for it",
    )


def mapping(agent: str, records: int, named: Mapping[str, int]) -> Symptom:
    """How many of an agent's newest records have each member; `named` by member."""
    jobs = named.get("job", 0)
    shares = ", ".join(f"{name} {count}" for name, count in named.items())
    if jobs:
        return Symptom("ok", f"of {records} records from {agent} so many name: {shares}")
    return Symptom(
        "wrong",
        f"none of {records} records from {agent} names a job ({shares}): say which field does in "
        "the sink's configuration, [fields] job = [...]",
    )
