"""`ttsink doctor [URL]`: sends a probe through a sink and says in plain words what is wrong.

The probes are records of the job ttsink-doctor. Nothing else is changed.
"""

import argparse
import asyncio
import os
import sys
from typing import Final

import aiohttp

from ttsink.agents.config import DEFAULT_URL
from ttsink.agents.doctor import CONNECT_SECONDS, Doctor, Patient
from ttsink.http.auth import AuthError, read_tokens

SIGNS: Final = {"ok": "ok   ", "wrong": "WRONG", "note": "note "}
EXIT_WELL: Final = 0
EXIT_WRONG: Final = 1
EXIT_USAGE: Final = 2


def arguments_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="ttsink doctor",
        description=__doc__,
        epilog="exit status: 0 all is well, 1 something is wrong, 2 usage",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("url", nargs="?", default=DEFAULT_URL, help=f"default {DEFAULT_URL}")
    parser.add_argument(
        "--ingest-token-file", metavar="FILE", help="the token agents send (TTSINK_INGEST_TOKEN)"
    )
    parser.add_argument(
        "--read-token-file", metavar="FILE", help="the token readers send (TTSINK_READ_TOKEN)"
    )
    parser.add_argument(
        "--listen",
        type=float,
        default=5.0,
        metavar="SECONDS",
        help="how long to wait for agents; default 5, 0 for not at all",
    )
    return parser


def run(arguments: list[str]) -> int:
    options = arguments_parser().parse_args(arguments)
    url = options.url if "://" in options.url else f"http://{options.url}"
    try:
        patient = Patient(
            url.rstrip("/").removesuffix("/ingest"),
            _token(options.ingest_token_file, "TTSINK_INGEST_TOKEN"),
            _token(options.read_token_file, "TTSINK_READ_TOKEN"),
            options.listen,
        )
    except AuthError as error:
        sys.stderr.write(f"ttsink doctor: {error}\n")
        return EXIT_USAGE
    return asyncio.run(_examine(patient))


def _token(name: str | None, variable: str) -> str | None:
    """Raises AuthError."""
    environ = {} if name else os.environ
    found = read_tokens([name] if name else [], variable, environ)
    return found[0] if found else None


async def _examine(patient: Patient) -> int:
    status = EXIT_WELL
    timeout = aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS, sock_read=60)
    async with aiohttp.ClientSession(timeout=timeout) as session:
        async for symptom in Doctor(patient, session).examine():
            sys.stdout.write(f"{SIGNS[symptom.mark]}  {printable(symptom.text)}\n")
            sys.stdout.flush()
            if symptom.mark == "wrong":
                status = EXIT_WRONG
    return status


def printable(text: str) -> str:
    """What a peer said must not steer the terminal."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
