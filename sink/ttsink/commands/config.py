"""`ttsink config`: what is configured, and blocks for agents' configurations.

A subcommand is a module with `run(arguments) -> exit status`, as in `ttsink.cli`.
"""

import importlib
import sys
from typing import Final

from ttsink.config import nearest

AGENT: Final = "ttsink.commands.config_agent"
SUBCOMMANDS: Final[dict[str, tuple[str, str]]] = {
    "show": ("ttsink.commands.config_show", "the effective configuration, and where it came from"),
    "reference": ("ttsink.commands.config_reference", "every option, as Markdown"),
    "vector": (AGENT, "a block or a pipeline for Vector"),
    "fluent-bit": (AGENT, "a block or a pipeline for Fluent Bit"),
    "fluentd": (AGENT, "a pipeline for Fluentd"),
    "otel-collector": (AGENT, "a pipeline for the OpenTelemetry Collector"),
}

EXIT_USAGE: Final = 2


def run(arguments: list[str]) -> int:
    name = arguments[0] if arguments else "--help"
    if name in {"-h", "--help"}:
        lines = [f"  {name:<15} {summary}" for name, (_, summary) in SUBCOMMANDS.items()]
        sys.stdout.write("\n".join(["usage: ttsink config SUBCOMMAND", "", *lines, ""]))
        return 0 if arguments else EXIT_USAGE
    if name not in SUBCOMMANDS:
        near = nearest(name, SUBCOMMANDS)
        sys.stderr.write(f"ttsink config: unknown subcommand {name!r}{near}\n")
        return EXIT_USAGE
    module, _ = SUBCOMMANDS[name]
    rest = arguments if module == AGENT else arguments[1:]  # one module for all agents
    status: int = importlib.import_module(module).run(rest)
    return status
