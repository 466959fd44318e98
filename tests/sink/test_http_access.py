"""Who may pass: tokens, hosts, other sites, addresses."""

import asyncio
import ssl
from pathlib import Path

import pytest

from support.running import running
from ttsink.config import load
from ttsink.http.server import Server, StartError
from ttsink.settings import Settings

LINE = b'{"message":"hello"}'
PAIRS = Path(__file__).resolve().parents[1] / "support" / "tls"
TOKENS = {"TTSINK_INGEST_TOKEN": "send-1 send-2", "TTSINK_READ_TOKEN": "read-1"}


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def test_sending_and_reading_have_tokens_of_their_own() -> None:
    async with running(TOKENS) as sink:
        statuses = [
            (await sink.post(LINE, headers=headers)).status
            for headers in ({}, bearer("read-1"), bearer("send-1"), bearer("send-2"))
        ]
        reads = [
            (await sink.get("/api/records", headers=headers)).status
            for headers in ({}, bearer("send-1"), bearer("read-1"))
        ]

        assert statuses == [401, 401, 200, 200]
        assert reads == [401, 401, 200]


async def test_a_refusal_says_how_to_authenticate_and_health_asks_for_nothing() -> None:
    async with running(TOKENS) as sink:
        answer = await sink.post(LINE * 1000)

        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
        assert answer.json["error"] == "token_missing"
        assert "Bearer TOKEN" in answer.json["detail"]
        assert (await sink.get("/livez")).status == 200
        assert (await sink.get("/readyz")).status == 200
        assert (await sink.get("/metrics")).status == 401
        assert (await sink.get("/nowhere")).status == 401
        assert (await sink.ask("HEAD", "/ingest")).status == 401


async def test_a_token_the_agent_did_not_fill_in_is_named_where_people_look() -> None:
    async with running(TOKENS) as sink:
        answer = await sink.post(LINE, headers=bearer("${TRACETAIL_TOKEN}"))
        about = await sink.get("/api/info", headers=bearer("read-1"))

        assert answer.json["error"] == "token_uninterpolated"
        (notice,) = about.json["notices"]
        assert notice["code"] == "ingest_token_uninterpolated"
        assert "TRACETAIL_TOKEN" not in str(notice)


async def test_tokens_are_read_again_without_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "tokens"
    path.write_text("old\n")
    async with running(auth={"ingest_token_file": [str(path)]}) as sink:
        before = (await sink.post(LINE, headers=bearer("new"))).status
        path.write_text("old\nnew\n")
        await asyncio.to_thread(sink.server.reload)
        after = (await sink.post(LINE, headers=bearer("new"))).status
        path.unlink()
        await asyncio.to_thread(sink.server.reload)
        kept = (await sink.post(LINE, headers=bearer("new"))).status
        about = (await sink.get("/api/info")).json

        assert (before, after, kept) == (401, 200, 200)
        assert [notice["code"] for notice in about["notices"]][-1] == "reload_failed"


async def test_a_token_that_is_taken_away_ends_the_streams_opened_with_it(tmp_path: Path) -> None:
    path = tmp_path / "tokens"
    path.write_text("old\nnew\n")
    async with (
        running(auth={"read_token_file": [str(path)]}) as sink,
        sink.stream(headers=bearer("old")) as lost,
        sink.stream(headers=bearer("new")) as kept,
    ):
        await lost.until(b"retry:")
        path.write_text("new\n")
        await asyncio.to_thread(sink.server.reload)
        await lost.rest()
        await sink.post(LINE)

        assert len(await kept.records(1)) == 1
        assert (await sink.get("/api/records", headers=bearer("old"))).status == 401
        metrics = await sink.get("/metrics", headers=bearer("new"))
        assert b'ttsink_sse_closed_total{reason="revoked"} 1.0' in metrics.body


async def test_a_certificate_that_cannot_be_read_keeps_no_lost_token_valid(tmp_path: Path) -> None:
    tokens, certificate = tmp_path / "tokens", tmp_path / "tls.pem"
    tokens.write_text("old\n")
    certificate.write_bytes((PAIRS / "first.pem").read_bytes())
    async with running(
        server={"tls_certificate": str(certificate), "tls_key": str(PAIRS / "first.key")},
        auth={"ingest_token_file": [str(tokens)]},
    ) as sink:
        tokens.write_text("new\n")
        certificate.write_text("half a fi")
        await asyncio.to_thread(sink.server.reload)
        context = ssl.create_default_context(cafile=str(PAIRS / "first.pem"))
        statuses = [
            (await sink.post(LINE, headers=bearer(token), ssl=context)).status
            for token in ("old", "new")
        ]
        (notice,) = [n for n in sink.sink.notices.all() if n.code == "reload_failed"]

        assert statuses == [401, 200]
        assert notice.detail.startswith("certificate not read again")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Host": "logs.example:8484"}, 200),
        ({"Host": "logs.example:8484", "Origin": "http://logs.example:8484"}, 200),
        ({"Host": "logs.example:8484", "Origin": "https://evil.example"}, 403),
        ({"Host": "logs.example:8484", "Sec-Fetch-Site": "cross-site"}, 403),
    ],
)
def test_where_anyone_may_enter_pages_of_other_sites_still_may_not(
    headers: dict[str, str], status: int
) -> None:
    server = Server(settings({"listen": "0.0.0.0:0", "allow_unauthenticated": True}), {})

    for path in ("/ingest", "/api/records"):
        answer = server.door.check(path, headers, "192.0.2.1")
        assert (200 if answer is None else answer.status) == status


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Host": "127.0.0.1:1"}, 200),
        ({"Host": "localhost:8484"}, 200),
        ({"Host": "evil.example"}, 403),
        ({"Host": "127.0.0.1.evil.example:8484"}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-origin"}, 200),
    ],
)
async def test_without_tokens_only_this_machine_and_no_foreign_page_gets_in(
    headers: dict[str, str], status: int
) -> None:
    async with running() as sink:
        assert (await sink.post(LINE, headers=headers)).status == status
        assert (await sink.get("/api/records", headers=headers)).status == status


async def test_a_name_can_be_allowed() -> None:
    async with running(server={"allowed_hosts": ["sink.example"]}) as sink:
        headers = {"Host": "sink.example:80"}

        assert (await sink.get("/api/records", headers=headers)).status == 200


async def test_a_token_makes_the_host_irrelevant() -> None:
    async with running(TOKENS) as sink:
        headers = bearer("read-1") | {"Host": "logs.example.com"}

        assert (await sink.get("/api/records", headers=headers)).status == 200


def settings(server: dict[str, object]) -> Settings:
    return load(tables={"server": server, "journal": {"enabled": False}}).settings


def start_error(environ: dict[str, str] | None = None, **server: object) -> StartError:
    with pytest.raises(StartError) as raised:
        Server(settings(server), environ or {})
    return raised.value


def test_more_than_loopback_needs_tokens_or_the_word(tmp_path: Path) -> None:
    error = start_error(listen="0.0.0.0:0")

    assert error.status == 78
    assert "--ingest-token-file" in str(error)
    assert "--allow-unauthenticated" in str(error)
    assert "read" in str(start_error({"TTSINK_INGEST_TOKEN": "x"}, listen="0.0.0.0:0"))
    Server(settings({"listen": "0.0.0.0:0"}), TOKENS)


def test_a_wrong_address_or_half_a_certificate_is_told_before_anything_is_opened() -> None:
    assert "expected HOST:PORT, found '8484'" in str(start_error(listen="8484"))
    assert "expected HOST:PORT" in str(start_error(listen="::1:8484"))
    assert "go together" in str(start_error(tls_certificate="/x.pem"))
    assert "no such file" in str(start_error(tls_certificate="/x.pem", tls_key="/y.pem"))


async def test_a_taken_address_is_one_line() -> None:
    async with running() as sink:
        taken = sink.server.url.removeprefix("http://")

        with pytest.raises(StartError, match=f"cannot listen on {taken}") as raised:
            await Server(settings({"listen": taken}), {}).start()

        assert raised.value.status == 69


def test_a_rule_that_cannot_be_used_is_told_before_anything_is_opened() -> None:
    tables = {"journal": {"enabled": False}, "redaction": {"modes": {"emial": "off"}}}

    with pytest.raises(StartError, match=r"\[redaction\]: .*emial") as raised:
        Server(load(tables=tables).settings, {})

    assert raised.value.status == 78
