"""`ttsink demo`: a sink, made-up job traffic and the viewer; quitting the viewer stops all."""

import argparse
import asyncio
import contextlib
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Final

DEFAULT_LISTEN: Final = "127.0.0.1:8484"
START_SECONDS: Final = 20.0
STEP_SECONDS: Final = 0.05
STOP_SECONDS: Final = 5.0
TEXT_SECONDS: Final = 5.0
"""How long the stream is printed where there is no terminal."""

READY: Final = "listening on "


def run(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="ttsink demo", description=__doc__)
    parser.add_argument("--listen", metavar="HOST:PORT", help=f"default {DEFAULT_LISTEN}")
    parser.add_argument("--seed", type=int, default=7, help="of the traffic; default 7")
    parser.add_argument(
        "--seconds",
        type=float,
        default=TEXT_SECONDS,
        help=f"how long to print the stream without a terminal; default {TEXT_SECONDS:g}",
    )
    parser.add_argument("--no-view", action="store_true", help="sink and traffic only, until ^C")
    options = parser.parse_args(arguments)
    with contextlib.ExitStack() as ends:
        try:
            return _run(options, ends)
        except KeyboardInterrupt:
            return 0
        except StartError as error:
            sys.stderr.write(f"ttsink demo: {error}\n")
            return 69


class StartError(Exception):
    """The sink did not start, in one line."""


def _run(options: argparse.Namespace, ends: contextlib.ExitStack) -> int:
    # A child must not outlive us, whatever ends us: SIGTERM becomes an exit that unwinds.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    signal.signal(signal.SIGHUP, lambda *_: sys.exit(129))
    folder = ends.enter_context(tempfile.TemporaryDirectory(prefix="tracetail-demo-"))
    log = ends.enter_context((Path(folder) / "sink.log").open("wb"))
    listen = options.listen or free_or_default()
    url = ends.enter_context(_sink(listen, folder, log))
    ends.enter_context(_child(["post", url, str(options.seed)]))
    if options.no_view:
        sys.stdout.write(f"traffic flows into {url}; ^C ends it\n")
        sys.stdout.flush()
        signal.pause()
        return 0
    if sys.stdin.isatty() and sys.stdout.isatty():
        # The viewer has the terminal and its ^C. A handler, since SIG_IGN would be inherited.
        signal.signal(signal.SIGINT, lambda *_: None)
        return subprocess.call([sys.executable, "-m", "ttview", url])  # noqa: S603  our own
    from ttsink.demo.print import print_stream  # noqa: PLC0415  aiohttp

    asyncio.run(print_stream(url, options.seconds, sys.stdout))
    return 0


def free_or_default() -> str:
    """The usual address, or a free one with a line that says so."""
    host, _, port = DEFAULT_LISTEN.rpartition(":")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, int(port)))
        except OSError:
            sys.stderr.write(f"{DEFAULT_LISTEN} is taken; the demo uses a free port instead\n")
            return f"{host}:0"
    return DEFAULT_LISTEN


@contextlib.contextmanager
def _sink(listen: str, folder: str, log: IO[bytes]) -> Iterator[str]:
    """A sink of its own, its log in a file that is shown where it does not start."""
    arguments = ["serve", "--listen", listen, "--data-dir", folder, "--log-format", "text"]
    with _child(arguments, stderr=log) as child:
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end:
            text = Path(log.name).read_text(encoding="utf-8", errors="replace")
            for line in text.splitlines():
                if line.startswith(READY):
                    yield line.removeprefix(READY).strip()
                    return
            if child.poll() is not None:
                raise StartError(f"the sink ended with status {child.returncode}:\n{text}")
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(STEP_SECONDS)
        raise StartError(f"the sink did not listen within {START_SECONDS:g} s")


@contextlib.contextmanager
def _child(arguments: Sequence[str], **streams: object) -> Iterator["subprocess.Popen[bytes]"]:
    """A child of its own session: the terminal's signals pass it by."""
    child: subprocess.Popen[bytes] = subprocess.Popen(  # type: ignore[call-overload]  # noqa: S603  our own
        [sys.executable, "-m", "ttsink.demo.child", *arguments],
        start_new_session=True,
        stdin=subprocess.PIPE,  # its end tells the child that we are gone, however we went
        **({"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL} | streams),
    )
    try:
        yield child
    finally:
        child.terminate()
        try:
            child.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
        if child.stdin is not None:
            child.stdin.close()
