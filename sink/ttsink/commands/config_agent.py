"""`ttsink config vector|fluent-bit|fluentd|otel-collector`: a configuration for an agent.

Prints the block to add to what is there, or with --source a whole pipeline.
"""

import argparse
import sys
from typing import Final

from ttsink import config
from ttsink.agents import config as agent_config
from ttsink.agents.config import BLOCK, DEFAULT_URL, SOURCES, Unfit, Wanted

EXIT_USAGE: Final = 2


def arguments_parser(agent: str) -> argparse.ArgumentParser:
    sources = SOURCES[agent]
    parser = argparse.ArgumentParser(
        prog=f"ttsink config {agent}",
        description=f"Prints a configuration of {agent} for this sink, on standard output.",
        epilog=f"ttsink check FILE proves it. Sources: {', '.join(sources)}.",
        allow_abbrev=False,
    )
    parser.add_argument(
        "--source",
        default=sources[0],
        metavar="NAME",
        help=f"where the logs are; default {sources[0]}"
        + (", the part to add to a configuration you have" if sources[0] == BLOCK else ""),
    )
    parser.add_argument("--url", default=DEFAULT_URL, help=f"the sink's; default {DEFAULT_URL}")
    parser.add_argument(
        "--token-file",
        default="",
        metavar="FILE",
        help="where the agent's machine has the token; without it none is sent",
    )
    if "files" in sources:
        parser.add_argument("--path", default="", metavar="GLOB", help="the log files, for files")
    parser.add_argument(
        "--job-field", default="", metavar="NAME", help="the field of your JSON that names the job"
    )
    if agent == "fluent-bit":
        parser.add_argument("--form", choices=("yaml", "classic"), default="yaml")
    return parser


def run(arguments: list[str]) -> int:
    """`arguments` begins with the agent's name."""
    agent = arguments[0]
    options = arguments_parser(agent).parse_args(arguments[1:])
    wanted = Wanted(
        agent=agent,
        source=options.source,
        form=getattr(options, "form", "yaml"),
        url=options.url.rstrip("/"),
        token_file=options.token_file,
        path=getattr(options, "path", ""),
        job_field=options.job_field,
    )
    try:
        path = agent_config.folder() / agent_config.template(wanted)
        text = agent_config.fill(path.read_text(encoding="utf-8"), wanted)
    except Unfit as error:
        near = (
            "" if "no source" not in str(error) else config.nearest(options.source, SOURCES[agent])
        )
        sys.stderr.write(f"ttsink config {agent}: {error}{near}\n")
        return EXIT_USAGE
    sys.stdout.write(text)
    if "parsers_file" in text:
        sys.stderr.write("beside it: ttsink config fluent-bit --source parsers > parsers.conf\n")
    return 0
