"""`Expect: 100-continue`: a body is asked for once it is known to be wanted."""

import pytest

from support.peers import peers
from support.running import running

TOKENS = {"TTSINK_INGEST_TOKEN": "send", "TTSINK_READ_TOKEN": "read"}
HEAD = "POST {} HTTP/1.1\r\nHost: localhost\r\nExpect: {}\r\nContent-Length: {}\r\n{}\r\n"
LINE = b'{"message":"hello"}'
WANTED = b"HTTP/1.1 100 Continue\r\n\r\n"


def head(path: str = "/ingest", *, size: int = len(LINE), word: str = "100-continue") -> bytes:
    return HEAD.format(path, word, size, "Authorization: Bearer send\r\n").encode()


@pytest.mark.parametrize("path", ["/ingest", "/v1/logs"])
async def test_a_body_that_is_wanted_is_asked_for(path: str) -> None:
    async with running(TOKENS) as sink, peers(sink, 1) as (peer,):
        assert await peer.ask(head(path), WANTED) == WANTED
        peer.writer.write(LINE)

        assert b"HTTP/1.1 " in await peer.ask(b"", b"\r\n\r\n")


async def test_the_answer_after_a_body_that_was_asked_for_is_an_ordinary_one() -> None:
    async with running(TOKENS) as sink, peers(sink, 1) as (peer,):
        for _ in range(2):
            await peer.ask(head(), WANTED)
            answer = await peer.ask(LINE, b'{"accepted":1,"rejected":0}')

            assert answer.startswith(b"HTTP/1.1 200")


async def test_a_word_nobody_knows_costs_no_batch() -> None:
    async with running(TOKENS) as sink, peers(sink, 1) as (peer,):
        answer = await peer.ask(head(word="SECRETWORD") + LINE, b"}")

        assert answer.startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (head().replace(b"send", b"wrong"), b"401"),
        (head(size=1 << 40), b"413"),
    ],
)
async def test_a_body_that_is_not_wanted_is_never_asked_for(
    request_bytes: bytes, status: bytes
) -> None:
    async with running(TOKENS) as sink, peers(sink, 1) as (peer,):
        peer.writer.write(request_bytes)
        answer = await peer.rest()

        assert answer.startswith(b"HTTP/1.1 " + status)
        assert b"Connection: close" in answer
        assert b"100 Continue" not in answer
