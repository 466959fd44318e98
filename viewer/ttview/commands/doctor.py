"""`ttview doctor`: says in plain words what is wrong between a sink and this terminal."""

import argparse
import asyncio
import shutil
import sys
from collections.abc import Mapping, Sequence
from typing import Final

from ttview import doctor
from ttview.address import parse_url
from ttview.api import Api
from ttview.commands import options
from ttview.exits import CommandError, Exit
from ttwire.diagnosis import Symptom

SIGNS: Final = {"ok": "ok   ", "wrong": "WRONG", "note": "note "}


def arguments_parser() -> argparse.ArgumentParser:
    parser = options.parser(
        "doctor",
        "Looks at the way from the sink to this terminal and says what is wrong.",
        epilog="exit status: 0 all is well, 1 something is wrong, 2 usage, 3 cannot reach the "
        "sink,\n             4 refused by it",
    )
    parser.add_argument("url", nargs="?", type=parse_url, help="the sink's base URL (TTVIEW_URL)")
    options.add_sink(parser, url=False)
    return parser


def run(words: Sequence[str], _: str = "doctor") -> int:
    arguments = arguments_parser().parse_args(words)
    chosen = options.settings(arguments, arguments.url)
    return asyncio.run(_examined(Api(chosen.address), chosen.environment))


async def _examined(api: Api, environment: Mapping[str, str]) -> int:
    status = Exit.MATCHED

    def say(symptom: Symptom) -> None:
        nonlocal status
        if symptom.mark == "wrong":
            status = Exit.NONE
        sys.stdout.write(f"{SIGNS[symptom.mark]}  {symptom.text}\n")
        sys.stdout.flush()

    for symptom in doctor.terminal(
        environment,
        sys.stdout.encoding,
        shutil.get_terminal_size().columns,
        is_terminal=sys.stdout.isatty(),
    ):
        say(symptom)
    try:
        async for symptom in doctor.examine(api):
            say(symptom)
    except CommandError as error:
        say(Symptom("wrong", str(error)))
        return error.status
    finally:
        await api.aclose()
    return status
