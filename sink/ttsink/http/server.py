"""The process: listens, answers signals, stops without losing what is under way."""

import asyncio
import contextlib
import gc
import signal
import ssl
import sys
from collections.abc import Callable, Mapping
from typing import Any, Final

from aiohttp import web

from ttsink import oplog
from ttsink.config import EXIT_CONFIG, ConfigError, Loaded
from ttsink.http import descriptors, tls
from ttsink.http.app import application
from ttsink.http.auth import AuthError, Tokens, binding_refused, digests, is_loopback, read_tokens
from ttsink.http.connection import told_when_finished
from ttsink.http.connections import Connections
from ttsink.http.door import Door
from ttsink.http.listener import Listener
from ttsink.http.places import Places
from ttsink.intake.beside import GC_THRESHOLDS
from ttsink.oplog import LOGGER
from ttsink.settings import AuthSettings, Settings
from ttsink.sink import Sink
from ttsink.states.lifecycle import RuleError

KEEPALIVE_SECONDS: Final = 100.0
"""Longer than an agent keeps an idle connection (Vector: 90 s), or it posts into one that is
just being closed here."""

LINGER_SECONDS: Final = 0.5
"""After an answer to a body that was not read whole; `door.discard_body` has waited already."""

READ_BUFFER_BYTES: Final = 256 * 1024
"""Of one connection; larger makes fewer pauses in reading a batch."""

HANDLING: Final[dict[str, Any]] = {
    "auto_decompress": False,
    "access_log": None,
    "keepalive_timeout": KEEPALIVE_SECONDS,
    "read_bufsize": READ_BUFFER_BYTES,
    "lingering_time": LINGER_SECONDS,
}
"""aiohttp's arguments for each connection."""

LAST_SECONDS: Final = 0.2
"""What a handler has to end in once it is told to."""

EXIT_UNAVAILABLE: Final = 69


class StartError(Exception):
    """Why the server cannot start, in one line; `status` is the exit status."""

    def __init__(self, detail: str, status: int) -> None:
        super().__init__(detail)
        self.status = status


def address(listen: str) -> tuple[str, int]:
    """Host and port of `HOST:PORT`; an IPv6 host stands in brackets.

    Raises:
        ConfigError: it is not of that form.
    """
    host, colon, port = listen.rpartition(":")
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    elif ":" in host:
        colon = ""
    if not colon or not port.isascii() or not port.isdigit() or int(port) > 65535:
        raise ConfigError(f"listen: expected HOST:PORT, found {listen!r}")
    return host, int(port)


def load_tokens(settings: AuthSettings, environ: Mapping[str, str]) -> Tokens:
    """The tokens of files and environment.

    Raises:
        AuthError: see `ttsink.http.auth.read_tokens`.
    """
    return Tokens(
        digests(read_tokens(settings.ingest_token_file, "TTSINK_INGEST_TOKEN", environ)),
        digests(read_tokens(settings.read_token_file, "TTSINK_READ_TOKEN", environ)),
    )


def url(host: str, port: int, *, secure: bool) -> str:
    shown = f"[{host}]" if ":" in host else host or "0.0.0.0"  # noqa: S104  shown, not bound
    return f"{'https' if secure else 'http'}://{shown}:{port}"


class Server:
    """One listening sink. `start`, then `drain`, each once."""

    def __init__(
        self, settings: Settings, environ: Mapping[str, str], *, sink: Sink | None = None
    ) -> None:
        """Decides everything that can be wrong before anything is opened.

        Raises:
            StartError: what is configured cannot be served.
        """
        self._settings = settings
        self._environ = environ
        try:
            self._host, self._port = address(settings.server.listen)
            self._tls: ssl.SSLContext | None = tls.context(settings.server)
            tokens = load_tokens(settings.auth, environ)
        except (ConfigError, AuthError) as error:
            raise StartError(str(error), EXIT_CONFIG) from None
        refused = binding_refused(
            self._host, tokens, allow_unauthenticated=settings.server.allow_unauthenticated
        )
        if refused is not None:
            raise StartError(refused, EXIT_CONFIG)
        try:
            self.sink = sink or Sink(settings, environ)
        except (ConfigError, RuleError) as error:
            raise StartError(str(error), EXIT_CONFIG) from None
        self.door = Door(
            tokens,
            loopback=is_loopback(self._host),
            allowed_hosts=tuple(settings.server.allowed_hosts),
            metrics=self.sink.metrics,
            notices=self.sink.notices,
            stamp=self.sink.stamp,
        )
        self._runner: web.AppRunner | None = None
        self._listener: Listener | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self.url = ""

    async def start(self) -> None:
        """Opens the log, listens; the address is then in `url`.

        Raises:
            StartError: the address cannot be listened on, or the log cannot be opened.
        """
        self._loop = asyncio.get_running_loop()
        await self.sink.open()
        self._runner = web.AppRunner(application(self.sink, self.door), **HANDLING)
        await self._runner.setup()
        served = self._runner.server
        assert served is not None
        served.request_handler = told_when_finished(served.request_handler)
        given = self._settings.server
        connections = Connections(
            Places(self._connections(), given.max_connections_per_client),
            self.sink.metrics,
            self.sink.notices,
            self.sink.stamp,
        )
        self._listener = Listener(served, HANDLING, connections)
        try:
            port = await self._listener.open(self._host, self._port, self._tls)
        except OSError as error:
            await self.close()
            reason = error.strerror or str(error)
            raise StartError(
                f"cannot listen on {self._settings.server.listen}: {reason}; "
                "--listen names another address, port 0 a free one",
                EXIT_UNAVAILABLE,
            ) from None
        self.url = url(self._host, port, secure=self._tls is not None)

    def _connections(self) -> int:
        """How many may be open: as configured, or what the limit of open files leaves."""
        wanted = self._settings.server.max_connections
        fit = descriptors.make_room(wanted)
        if fit.connections < wanted:
            detail = (
                f"{fit.connections} connections at most, not {wanted} (server.max_connections): "
                f"the limit of open files is {fit.files}; raise it with ulimit -n or LimitNOFILE="
            )
            LOGGER.warning(detail)
            self.sink.notices.add("open_files", detail, self.sink.stamp())
        return fit.connections

    def reload(self) -> None:
        """Tokens and certificate, read again; what cannot be read leaves the old in force.

        Each for itself: a certificate that cannot be read keeps no lost token valid. Reads files,
        so it is called in a thread.
        """
        try:
            tokens = load_tokens(self._settings.auth, self._environ)
        except AuthError as error:
            self._stays("tokens", error)
        else:
            self.door.tokens = tokens
            if self._loop is not None:
                self._loop.call_soon_threadsafe(self.sink.seats.revoke, tokens.read)
            LOGGER.info("tokens read again")
        if self._tls is None:
            return
        try:
            tls.load(self._tls, self._settings.server)
        except ConfigError as error:
            self._stays("certificate", error)
        else:
            LOGGER.info("certificate read again")

    def _stays(self, what: str, error: Exception) -> None:
        detail = f"{what} not read again, the old stay in force: {error}"
        LOGGER.error(detail)
        self.sink.notices.add("reload_failed", detail, self.sink.stamp())

    async def drain(self) -> None:
        """Takes nothing new, finishes what is under way within `drain_seconds`, closes."""
        assert self._listener is not None
        self.sink.drain()
        self._listener.close()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._settings.server.drain_seconds):
                await self.sink.intake.idle()
                await self._listener.quiet()
        await self.close()

    async def close(self) -> None:
        """Cuts off what still is under way."""
        self.sink.drain()
        if self._listener is not None:
            self._listener.close()
        if self._runner is not None:
            served = self._runner.server
            if served is not None:
                served.pre_shutdown()
                await served.shutdown(LAST_SECONDS)
            await self._runner.cleanup()
        if self._listener is not None:
            await self._listener.aclose()
        await self.sink.aclose()


async def run(loaded: Loaded, environ: Mapping[str, str]) -> int:
    """Serves until SIGTERM or SIGINT; SIGHUP reads tokens and certificate again."""
    try:
        server = Server(loaded.settings, environ)
        await server.start()
    except StartError as error:
        sys.stderr.write(f"ttsink: {error}\n")
        return error.status
    if not loaded.settings.redaction.enabled:
        LOGGER.warning("redaction is off: secrets and personal values are kept as they come")
    for variable in loaded.unknown:
        LOGGER.warning("no such option in the environment: %s", variable)
    gc.freeze()
    gc.set_threshold(*GC_THRESHOLDS)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(oplog.loop_fault)
    handlers: dict[signal.Signals, Callable[[], object]] = {
        signal.SIGTERM: stop.set,
        signal.SIGINT: stop.set,
        signal.SIGHUP: lambda: loop.run_in_executor(None, server.reload),
    }
    for number, handler in handlers.items():
        loop.add_signal_handler(number, handler)
    sys.stderr.write(f"listening on {server.url}\n")
    sys.stderr.flush()
    # In a thread, and after the address is told: nobody waits for it.
    warm = asyncio.create_task(asyncio.to_thread(server.sink.warm_up))
    await stop.wait()
    warm.cancel()
    LOGGER.info("draining")
    await server.drain()
    return 0
