"""TLS with a certificate that is replaced while the sink runs."""

import asyncio
import shutil
import ssl
from pathlib import Path

import pytest

from support.running import running
from ttsink.config import ConfigError
from ttsink.http import tls
from ttsink.settings import ServerSettings

PAIRS = Path(__file__).resolve().parents[1] / "support" / "tls"


async def presented(port: int) -> bytes:
    """The certificate a fresh connection is shown."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    _reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context)
    try:
        shown: ssl.SSLObject = writer.get_extra_info("ssl_object")
        return shown.getpeercert(binary_form=True) or b""
    finally:
        writer.close()
        await writer.wait_closed()


def der(name: str) -> bytes:
    return ssl.PEM_cert_to_DER_cert((PAIRS / f"{name}.pem").read_text("ascii"))


def place(name: str, folder: Path) -> None:
    shutil.copy(PAIRS / f"{name}.pem", folder / "tls.pem")
    shutil.copy(PAIRS / f"{name}.key", folder / "tls.key")


async def test_a_new_certificate_is_shown_without_a_restart(tmp_path: Path) -> None:
    place("first", tmp_path)
    files = {
        "tls_certificate": str(tmp_path / "tls.pem"),
        "tls_key": str(tmp_path / "tls.key"),
    }
    async with running(server=files) as sink:
        port = int(sink.server.url.rpartition(":")[2])
        before = await presented(port)
        place("second", tmp_path)
        await asyncio.to_thread(sink.server.reload)
        after = await presented(port)
        shutil.copy(PAIRS / "first.key", tmp_path / "tls.key")
        await asyncio.to_thread(sink.server.reload)
        kept = await presented(port)
        ssl_context = ssl.create_default_context(cafile=str(PAIRS / "second.pem"))
        answer = await sink.get("/livez", ssl=ssl_context)

        assert sink.server.url.startswith("https://")
        assert (before, after, kept) == (der("first"), der("second"), der("second"))
        assert answer.status == 200
        assert [notice.code for notice in sink.sink.notices.all()] == ["reload_failed"]


def test_files_that_do_not_match_are_named(tmp_path: Path) -> None:
    settings = ServerSettings(
        tls_certificate=str(PAIRS / "first.pem"), tls_key=str(PAIRS / "second.key")
    )

    with pytest.raises(ConfigError, match=r"first\.pem.*second\.key"):
        tls.context(settings)
