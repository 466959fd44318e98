"""`ttsink check`: proves that agents' configurations deliver what they should.

Reads each configuration, looks for what the agents' own validators pass over, runs its VRL and
its sample into a throw-away sink, and where the agent is installed the agent itself.
"""

import argparse
import asyncio
import shutil
import sys
from pathlib import Path
from typing import Final

from ttsink.agents import check, check_report, finding, vrl
from ttsink.agents.check_trial import Tools

EPILOG: Final = f"""\
exit status: 0 proved, 1 something failed, 2 usage, 3 nothing could be run

A sample lies in samples/NAME beside NAME.yaml or NAME.conf: files for the agent's machine under
root/, stdin, events as a source of Vector makes them in SOURCE.ndjson, what the agent posts in
sent.ndjson, and the records it should become in expected.ndjson.

{check_report.BLIND_SPOTS}
"""

NO_YAML: Final = (
    "ttsink check: reading configurations needs PyYAML, and running VRL Vector's compiler; "
    "neither comes with the plain installation: pip install 'tracetail[check]'\n"
)


def arguments_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="ttsink check",
        description=__doc__,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument(
        "configs",
        nargs="*",
        type=Path,
        default=[Path("configs")],
        metavar="CONFIG",
        help="files, or folders with all in them; default configs/",
    )
    parser.add_argument("--sample", type=Path, metavar="DIR", help="the sample of one CONFIG")
    parser.add_argument("--vector-bin", metavar="FILE", help="default: vector on PATH")
    parser.add_argument("--fluent-bit-bin", metavar="FILE", help="default: fluent-bit on PATH")
    parser.add_argument("--junit", type=Path, metavar="FILE", help="writes JUnit XML, too")
    parser.add_argument(
        "--seconds", type=float, default=20.0, help="an agent may take for a sample; default 20"
    )
    parser.add_argument(
        "--strict", action="store_true", help="what could not be proved here fails, too"
    )
    parser.add_argument("-q", "--quiet", action="store_true", help="only what is not proved")
    return parser


def run(arguments: list[str]) -> int:
    parser = arguments_parser()
    options = parser.parse_args(arguments)
    try:
        import yaml  # noqa: F401, PLC0415  an extra
    except ImportError:
        sys.stderr.write(NO_YAML)
        return finding.EXIT_NOTHING_RUN
    try:
        paths = check.found(options.configs)
        tools = Tools(
            vector=_program("vector", options.vector_bin),
            fluent_bit=_program("fluent-bit", options.fluent_bit_bin),
            vrl=vrl.loaded(),
            seconds=options.seconds,
        )
    except FileNotFoundError as error:
        parser.error(f"{error.args[0]}: no such file or folder")
    if options.sample and (len(paths) != 1 or not options.sample.is_dir()):
        parser.error("--sample names a folder, for one CONFIG")
    checked = asyncio.run(_all(paths, tools, options.sample))
    for line in check_report.text(checked, quiet=options.quiet):
        sys.stdout.write(line + "\n")
    if options.junit:
        options.junit.write_bytes(check_report.junit(checked))
    return finding.exit_status(checked, strict=options.strict)


async def _all(paths: list[Path], tools: Tools, sample: Path | None) -> list[finding.Checked]:
    return [await check.check(path, tools, sample) for path in paths]


def _program(name: str, given: str | None) -> str | None:
    """Raises FileNotFoundError where what was named is not there."""
    found = shutil.which(given or name)
    if given and found is None:
        raise FileNotFoundError(given)
    return str(Path(found).resolve()) if found else None
