"""`ttview doctor`: the way from a sink to this terminal, looked at step by step."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from typing import Final

import msgspec

from ttview.api import Api, RefusedError
from ttview.sanitise import visible
from ttwire import diagnosis
from ttwire.about import About
from ttwire.diagnosis import Symptom
from ttwire.record import Record
from ttwire.sse import Decoder

FIRST_BYTES_SECONDS: Final = 10.0
OLD_SECONDS: Final = 300.0


class _Newest(msgspec.Struct, frozen=True):
    records: list[Record]


async def examine(api: Api) -> AsyncIterator[Symptom]:
    """Step by step.

    Raises:
        RefusedError, UnreachableError: nothing beyond can be seen; the text says why.
    """
    url = api.address.url
    await api.headers("/livez", {})  # a first request pays for imports and the handshake
    begun, sent = time.monotonic(), time.time()
    headers = await api.headers("/livez", {})
    yield diagnosis.answered(200, time.monotonic() - begun, url)
    clock = diagnosis.clock(headers.get("date"), sent, time.time())
    if clock is not None:
        yield clock
    about = msgspec.json.decode(await api.get("/api/info"), type=About)
    yield Symptom("ok", f"it is tracetail {visible(about.version, 50)}, and this token may read")
    for notice in about.notices:
        yield diagnosis.noticed(notice.code, visible(notice.detail, 1000), notice.count)
    if not about.links:
        yield Symptom("note", "the sink has no template for links to traces: ttsink links tells")
    for symptom in await _stream(api):
        yield symptom
    yield await _newest(api)


async def _stream(api: Api) -> list[Symptom]:
    try:
        headers = await api.headers("/api/stream", {"tail": "0"})
    except RefusedError as error:
        return [Symptom("wrong", f"the stream is refused: {error}")]
    begun, first = time.monotonic(), None
    events = api.stream({"tail": "0"}, Decoder())
    try:
        async with asyncio.timeout(FIRST_BYTES_SECONDS):
            await anext(events)  # it is open
            await anext(events)  # the first bytes
            first = time.monotonic() - begun
    except (TimeoutError, StopAsyncIteration):
        pass
    finally:
        await events.aclose()
    return diagnosis.stream(first, headers)


async def _newest(api: Api) -> Symptom:
    page = msgspec.json.decode(await api.get("/api/records", {"limit": "1"}), type=_Newest)
    if not page.records:
        return Symptom(
            "note",
            "the sink holds no record: does an agent send? ttsink doctor looks from its side",
        )
    received = datetime.fromisoformat(page.records[-1].received)
    seconds = (datetime.now(UTC) - received).total_seconds()
    mark: diagnosis.Mark = "ok" if seconds < OLD_SECONDS else "note"
    return Symptom(mark, f"the newest record came {max(0.0, seconds):.0f} s ago")


def terminal(
    environment: Mapping[str, str], encoding: str | None, columns: int, *, is_terminal: bool
) -> list[Symptom]:
    """What the screen will find here."""
    if not is_terminal:
        return [Symptom("note", "standard output is no terminal: the screen needs one")]
    found = []
    term = environment.get("TERM", "")
    if term in {"", "dumb"}:
        found.append(Symptom("wrong", f"TERM is {term or 'not set'}: the screen cannot be drawn"))
    if (encoding or "").lower().replace("-", "") != "utf8":
        found.append(
            Symptom("wrong", f"the terminal's encoding is {encoding}: set LANG to one with UTF-8")
        )
    if columns < 80:
        found.append(Symptom("note", f"{columns} columns: from 80 on nothing is left out"))
    return found or [Symptom("ok", f"the terminal is {visible(term, 50)}, {columns} columns")]
