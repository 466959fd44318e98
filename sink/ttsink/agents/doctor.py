"""`ttsink doctor`: a probe on its way through a sink, watched at every step."""

import asyncio
import gzip
import secrets
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Sequence
from typing import Any, Final, NamedTuple

import aiohttp
import msgspec

from ttwire import diagnosis
from ttwire.about import About, Refusal
from ttwire.diagnosis import Symptom
from ttwire.sse import Decoder

JOB: Final = "ttsink-doctor"
"""The job whose records the probes are; they stay until the ring lets them go."""

CONNECT_SECONDS: Final = 5.0
ARRIVAL_SECONDS: Final = 10.0
PAGE: Final = 500
MEMBERS: Final = ("job", "worker", "queue", "level", "trace_id")
MAX_AGENTS: Final = 8
KEPT: Final = defaultdict(
    lambda: "as it says", memory="in memory: a restart loses them", disk="over a restart"
)
USER_AGENT: Final = "ttsink-doctor"


class Patient(NamedTuple):
    """The sink to look at. `listen_seconds` is how long agents are waited for; 0 for not."""

    url: str
    ingest_token: str | None = None
    read_token: str | None = None
    listen_seconds: float = 5.0


class Doctor:
    def __init__(self, patient: Patient, session: aiohttp.ClientSession) -> None:
        self._patient = patient
        self._session = session

    async def examine(self) -> AsyncIterator[Symptom]:
        """Step by step; ends where nothing beyond can be seen."""
        try:
            reached = await self._reach()
            for symptom in reached:
                yield symptom
            if len(reached) == 1:
                return
            about, symptom = await self._about()
            yield symptom
            if about is not None:
                for notice in about.notices:
                    yield diagnosis.noticed(notice.code, notice.detail, notice.count)
                async for symptom in self._probe():
                    yield symptom
                async for symptom in self._agents():
                    yield symptom
            else:
                _, symptom = await self._post("only")
                yield symptom
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            yield Symptom("wrong", self._unreachable(error))

    async def _reach(self) -> list[Symptom]:
        begun, sent = time.monotonic(), time.time()
        async with self._session.get(f"{self._patient.url}/livez", allow_redirects=False) as answer:
            await answer.read()
            status, date = answer.status, answer.headers.get("Date")
        found = [diagnosis.answered(status, time.monotonic() - begun, self._patient.url)]
        if status != 200:
            return found
        clock = diagnosis.clock(date, sent, time.time())
        async with self._session.get(f"{self._patient.url}/readyz") as answer:
            reason = (await answer.text())[:100].partition("\n")[0]
            ready = diagnosis.ready(answer.status, reason)
        return [*found, *([clock] if clock else []), ready]

    async def _about(self) -> tuple[About | None, Symptom]:
        status, body = await self._get("/api/info")
        if status != 200:
            said = _refusal(body)
            return None, diagnosis.refused(
                status, said.error, said.detail, "read", "name its file with --read-token-file"
            )
        about = msgspec.json.decode(body, type=About)
        return about, Symptom(
            "ok", f"it is tracetail {about.version}; it keeps records {KEPT[about.durability]}"
        )

    async def _get(self, path: str, **query: str) -> tuple[int, bytes]:
        async with self._session.get(
            self._patient.url + path, params=query, headers=_bearer(self._patient.read_token)
        ) as answer:
            return answer.status, await answer.read()

    async def _post(self, probe: str, encoding: str = "") -> tuple[int, Symptom]:
        """A record, sent as an agent does."""
        body = msgspec.json.encode(
            {"job": JOB, "worker": "probe", "level": "info", "message": f"probe {probe}"}
        )
        headers = {
            "Content-Type": "application/x-ndjson",
            "User-Agent": USER_AGENT,
            **_bearer(self._patient.ingest_token),
        }
        if encoding:
            headers["Content-Encoding"] = encoding
            body = gzip.compress(body)
        async with self._session.post(
            f"{self._patient.url}/ingest", data=body, headers=headers
        ) as answer:
            status, text = answer.status, await answer.read()
        if status == 200:
            return status, Symptom("ok", "the sink takes a record in")
        said = _refusal(text)
        option = "name its file with --ingest-token-file"
        return status, diagnosis.refused(status, said.error, said.detail, "ingest", option)

    async def _probe(self) -> AsyncIterator[Symptom]:
        """Two probes, plain and compressed, from the request to the stream."""
        probe = secrets.token_hex(4)
        begun = time.monotonic()
        async with self._session.get(
            f"{self._patient.url}/api/stream",
            params={"filter": f"job:{JOB}", "tail": "0"},
            headers={"Accept": "text/event-stream", **_bearer(self._patient.read_token)},
        ) as answer:
            if answer.status != 200:
                said = _refusal(await answer.read())
                yield diagnosis.refused(answer.status, said.error, said.detail, "read", "")
                return
            decoder, first = Decoder(), None
            chunk = await _chunk(answer, ARRIVAL_SECONDS)
            if chunk is not None:
                first = time.monotonic() - begun
                decoder.feed(chunk)
            headers = {name.lower(): value for name, value in answer.headers.items()}
            for symptom in diagnosis.stream(first, headers):
                yield symptom
            sent = time.monotonic()
            status, symptom = await self._post(probe)
            if status != 200:
                yield symptom
                return
            seen = await self._seen(answer, decoder, probe)
            yield diagnosis.arrival(seen - sent if seen else None, accepted=True)
        status, _ = await self._post(f"{probe} compressed", "gzip")
        yield diagnosis.compressed(status, "gzip")

    @staticmethod
    async def _seen(answer: aiohttp.ClientResponse, decoder: Decoder, probe: str) -> float | None:
        """When the stream brought the probe."""
        end = time.monotonic() + ARRIVAL_SECONDS
        while (left := end - time.monotonic()) > 0:
            chunk = await _chunk(answer, left)
            if chunk is None:
                return None
            if any(probe.encode() in event.data for event in decoder.feed(chunk)):
                return time.monotonic()
        return None

    async def _agents(self) -> AsyncIterator[Symptom]:
        """Who sends, and what their records name."""
        seconds = self._patient.listen_seconds
        if seconds:
            before = await self._received()
            await asyncio.sleep(seconds)
            yield diagnosis.silence(max(0, await self._received() - before), seconds)
        status, body = await self._get("/api/records", limit=str(PAGE))
        if status == 200:
            for symptom in mappings(msgspec.json.decode(body)["records"]):
                yield symptom

    async def _received(self) -> int:
        status, body = await self._get("/api/ledger")
        total = msgspec.json.decode(body).get("total", {}) if status == 200 else {}
        return sum(int(total.get(name, 0)) for name in ("accepted", "capped", "repeated"))

    def _unreachable(self, error: Exception) -> str:
        url = self._patient.url
        if isinstance(error, aiohttp.ClientConnectorCertificateError):
            return f"{url}: its certificate is not trusted: {error.certificate_error}"
        if isinstance(error, aiohttp.ClientConnectorDNSError):
            return f"{url}: no such host; is the name right, and known here?"
        if isinstance(error, ConnectionRefusedError) or (
            isinstance(error, aiohttp.ClientConnectorError)
            and isinstance(error.os_error, ConnectionRefusedError)
        ):
            return f"{url}: connection refused: nothing listens there; ttsink serve starts a sink"
        if isinstance(error, aiohttp.ClientSSLError):
            return f"{url}: no TLS there; is it http?"
        if isinstance(error, TimeoutError):
            return f"{url}: no answer: a firewall drops it, or the machine is away"
        return f"{url}: the connection ended: {type(error).__name__}; is it https?"


async def _chunk(answer: aiohttp.ClientResponse, seconds: float) -> bytes | None:
    """The next bytes of a stream; None where none come in time, or it ended."""
    try:
        async with asyncio.timeout(seconds):
            return await answer.content.readany() or None
    except TimeoutError:
        return None


def mappings(records: Sequence[dict[str, Any]]) -> list[Symptom]:
    """What the records of each agent name, our own probes left out."""
    counts: Counter[str] = Counter()
    named: dict[str, Counter[str]] = {}
    for record in records:
        if record.get("job") == JOB:
            continue
        agent = str(record.get("agent") or "an unnamed agent")
        counts[agent] += 1
        named.setdefault(agent, Counter()).update(name for name in MEMBERS if record.get(name))
    return [
        diagnosis.mapping(agent, count, {name: named[agent][name] for name in MEMBERS})
        for agent, count in counts.most_common(MAX_AGENTS)
    ]


def _bearer(token: str | None) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"} if token else {}


def _refusal(body: bytes) -> Refusal:
    try:
        return msgspec.json.decode(body, type=Refusal)
    except msgspec.DecodeError:
        return Refusal("http", "an answer that is no sink's; a proxy's?")
