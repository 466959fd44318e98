"""Connections over real sockets: shares, heads, readers, and what is told of them."""

import asyncio
import contextlib
import socket
import ssl
from pathlib import Path

import pytest

from support.peers import ASK, Peer, counted, peers
from support.running import eventually, running
from ttsink.http import connection, connections, listener, uptake

LINE = b'{"message":"hello"}'
PAIRS = Path(__file__).resolve().parents[1] / "support" / "tls"


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "LOOK_SECONDS", 0.02)


async def test_a_newcomer_gets_in_and_the_longest_idle_connection_is_closed(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with running(server={"max_connections": 8}) as sink, peers(sink, 8) as held:
        await held[0].ask()
        async with peers(sink, 0), contextlib.AsyncExitStack() as stack:
            for _ in range(3):
                await stack.enter_async_context(peers(sink, 1))
            assert [await peer.rest() for peer in held[1:4]] == [b""] * 3
            assert b"ok" in await held[0].ask()
            assert b"ok" in await held[7].ask()

        assert counted(sink, "connections_closed", reason="gave_way") == 3
        (notice,) = sink.sink.notices.all()
        assert (notice.code, notice.count) == ("connection_gave_way", 3)
        assert [r.message for r in caplog.records] == [connections.TOLD["gave_way"]]


async def test_an_idle_hoard_keeps_no_sender_and_no_reader_out() -> None:
    async with running(server={"max_connections": 8}) as sink, peers(sink, 8):
        assert (await sink.post(LINE)).status == 200
        async with sink.stream(params={"tail": "1"}) as stream, peers(sink, 7):
            assert len(await stream.records(1)) == 1
            await sink.post(LINE)
            assert len(await stream.records(1)) == 1


async def test_where_all_are_at_work_a_newcomer_is_told_to_come_back() -> None:
    async with running(server={"max_connections": 8}) as sink, peers(sink, 8) as held:
        for peer in held:
            peer.writer.write(b"GET /api/stream HTTP/1.1\r\nHost: localhost\r\n\r\n")
            async with asyncio.timeout(10):
                await peer.reader.readuntil(b"retry: 3000\n")
        port = int(sink.server.url.rpartition(":")[2])
        newcomer = Peer(*await asyncio.open_connection("127.0.0.1", port))
        answer = await newcomer.rest()
        newcomer.writer.close()

        assert answer.startswith(b"HTTP/1.1 503")
        assert b"Retry-After" in answer
        assert b"server.max_connections" in answer
        assert counted(sink, "connections_refused", bound="client") == 1
        assert [notice.code for notice in sink.sink.notices.all()] == ["connections_refused"]


async def test_the_share_of_one_client_can_be_set() -> None:
    """And `/api/info` names it."""
    async with running(server={"max_connections_per_client": 2}) as sink, peers(sink, 2) as held:
        async with peers(sink, 1):
            assert await held[0].rest() == b""
            assert b"ok" in await held[1].ask()
        assert (await sink.get("/api/info")).json["limits"]["max_connections_per_client"] == 2


async def test_half_a_head_is_closed_be_it_the_first_or_a_later_one(
    monkeypatch: pytest.MonkeyPatch,
    quick: None,
) -> None:
    monkeypatch.setattr(connection, "HEAD_SECONDS", 0.2)
    async with running() as sink, peers(sink, 4) as (whole, silent, first, later):
        await whole.ask()
        await later.ask()
        first.writer.write(ASK[:-2])
        later.writer.write(ASK[:-1])

        assert [await peer.rest() for peer in (silent, first, later)] == [b""] * 3
        assert b"ok" in await whole.ask(b"\r\n" + ASK)
        assert counted(sink, "connections_closed", reason="slow_head") == 3


async def test_a_head_without_end_is_closed_before_it_fills_memory() -> None:
    async with running() as sink, peers(sink, 1) as (peer,):
        await peer.ask()
        with contextlib.suppress(ConnectionError):
            peer.writer.write(b"GET /livez HTTP/1.1\r\n")
            for number in range(100):
                peer.writer.write(b"X-%d: %b\r\n" % (number, b"y" * 4000))
                await peer.writer.drain()
        await peer.rest()

        assert counted(sink, "connections_closed", reason="long_head") == 1


def narrow(port: int) -> socket.socket:
    """A connection whose receiving system holds next to nothing."""
    made = socket.socket()
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    made.connect(("127.0.0.1", port))
    return made


async def test_a_reader_that_reads_nothing_is_cut_off(
    monkeypatch: pytest.MonkeyPatch,
    quick: None,
) -> None:
    monkeypatch.setattr(uptake, "UNTAKEN_SECONDS", 0.2)
    async with running() as sink:
        wide = b'{"message":"%b"}' % (b"y" * 200_000)
        await sink.post(b"\n".join([wide] * 20))
        port = int(sink.server.url.rpartition(":")[2])
        with narrow(port) as reader:
            reader.sendall(b"GET /api/records HTTP/1.1\r\nHost: localhost\r\n\r\n")
            await eventually(lambda: counted(sink, "connections_closed", reason="slow_reader") == 1)
            await eventually(lambda: len(sink.server._runner.server.connections) <= 1)  # type: ignore[union-attr]


async def test_what_readers_do_not_take_is_bounded_in_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "MAX_UNSENT_BYTES", 1_000_000)
    async with running() as sink:
        await sink.post(b"\n".join([b'{"message":"%b"}' % (b"y" * 200_000)] * 20))
        port = int(sink.server.url.rpartition(":")[2])
        with contextlib.ExitStack() as stack:
            for _ in range(3):
                reader = stack.enter_context(narrow(port))
                reader.sendall(b"GET /api/records HTTP/1.1\r\nHost: localhost\r\n\r\n")
            await eventually(lambda: counted(sink, "connections_closed", reason="unsent") >= 2)

        assert (await sink.get("/api/records")).status == 200


def secure() -> dict[str, str]:
    return {"tls_certificate": str(PAIRS / "first.pem"), "tls_key": str(PAIRS / "first.key")}


async def test_handshakes_that_do_not_end_have_places_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listener, "HEAD_SECONDS", 0.3)
    async with running(server={"max_connections": 8, **secure()}) as sink, peers(sink, 8) as held:
        context = ssl.create_default_context(cafile=str(PAIRS / "first.pem"))
        assert (await sink.get("/livez", ssl=context)).status == 200
        assert await held[0].rest() == b""
        assert counted(sink, "connections_closed", reason="gave_way") == 1
        assert [await peer.rest() for peer in held[1:]] == [b""] * 7
        assert counted(sink, "connections_closed", reason="handshake") == 7


async def test_plain_http_to_a_tls_port_is_told() -> None:
    async with running(server=secure()) as sink, peers(sink, 1) as (peer,):
        peer.writer.write(ASK)
        await peer.rest()

        await eventually(lambda: counted(sink, "connections_closed", reason="handshake") == 1)
        assert "TLS" in sink.sink.notices.all()[0].detail


async def test_a_request_that_comes_with_the_end_of_the_handshake_is_answered() -> None:
    async with running(server=secure()) as sink:
        context = ssl.create_default_context(cafile=str(PAIRS / "first.pem"))
        context.check_hostname = False
        port = int(sink.server.url.rpartition(":")[2])
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = context.wrap_bio(incoming, outgoing)
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            while True:
                try:
                    tls.do_handshake()
                    break
                except ssl.SSLWantReadError:
                    writer.write(outgoing.read())
                    incoming.write(await reader.read(65536))
            tls.write(ASK)
            writer.write(outgoing.read())  # the last of the handshake and the request, in one
            answer = b""
            async with asyncio.timeout(10):
                while b"ok\n" not in answer:
                    incoming.write(await reader.read(65536))
                    with contextlib.suppress(ssl.SSLWantReadError):
                        answer += tls.read(65536)
        finally:
            writer.close()

        assert answer.startswith(b"HTTP/1.1 200")


async def test_requests_behind_one_at_work_are_left_in_the_socket() -> None:
    post = b"POST /ingest HTTP/1.1\r\nHost: localhost\r\nContent-Length: 300000\r\n\r\n"
    sent = 0
    async with running() as sink, peers(sink, 1) as (peer,):
        await peer.ask(b"GET /api/stream HTTP/1.1\r\nHost: localhost\r\n\r\n", b"retry: 3000\n")
        peer.writer.transport.set_write_buffer_limits(0)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(0.5):
                for _ in range(100):
                    peer.writer.write(post + b" " * 300_000)
                    await peer.writer.drain()
                    sent += 1
        (held,) = sink.server._listener._connections._open  # type: ignore[union-attr]

        assert sent < 50
        assert isinstance(held, connection.Connection)
        assert held._request_count <= 2 + connection.MAX_WAITING


async def test_requests_sent_at_once_are_all_answered_in_order() -> None:
    bodies = [b'{"message":"%d"}' % number for number in range(60)]
    posts = [
        b"POST /ingest HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n%b"
        % (len(body), body)
        for body in bodies
    ]
    async with running() as sink, peers(sink, 1) as (peer,):
        peer.writer.write(b"".join(posts) + ASK)
        async with asyncio.timeout(10):
            answers = await peer.reader.readuntil(b"\r\n\r\nok\n")

        assert answers.count(b'{"accepted":1,"rejected":0}') == 60
        assert [record["message"] for record in await sink.records()] == [
            str(number) for number in range(60)
        ]


@pytest.mark.parametrize("end", [b"\r\n\r\n", b"\nHost: localhost\r\n\r\n"])
async def test_a_request_without_a_target_ends_its_connection(end: bytes) -> None:
    async with running() as sink, peers(sink, 1) as (peer,):
        peer.writer.write(b"CONNECT " + end)
        await peer.rest()

        await eventually(lambda: sink.server._listener._connections.places.open == 0)  # type: ignore[union-attr]
