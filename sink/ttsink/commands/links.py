"""`ttsink links check`: each link preset filled in, and the links of this configuration."""

import argparse
import sys
from collections.abc import Iterator
from typing import Final

from ttsink import config
from ttsink.commands import options
from ttwire import link

SAMPLE_TRACE: Final = "4bf92f3577b34da6a3ce929d0e0e4736"
SAMPLE_SPAN: Final = "00f067aa0ba902b7"
SAMPLE_SECONDS: Final = 1_767_322_800.0
"""The example of the W3C Trace Context recommendation, at a time of its own."""

_SAMPLES: Final = {"base": "https://BASE", "site": "datadoghq.com", "region": "REGION"}


def lines(loaded: config.Loaded) -> Iterator[str]:
    configured = loaded.settings.links.effective()
    yield "this configuration:"
    if not configured:
        yield '  no links; set [links] preset and values, or templates = {"" = "https://..."}'
    for key, template in configured.items():
        yield f"  {key or 'all':<16} {filled(template)}"
    yield ""
    yield "presets, for `[links] preset = NAME` with `values` for what is in capitals:"
    for name, preset in link.PRESETS.items():
        values = {need: _SAMPLES.get(need, need.upper()) for need in preset.needs}
        yield f"  {name:<10} needs {', '.join(preset.needs)}"
        yield f"    {filled(link.preset(name, values))}"
    yield ""
    yield "placeholders of a template of your own:"
    for name, text in link.PLACEHOLDERS.items():
        yield f"  {'{' + name + '}':<22} {text}"


def filled(template: str) -> str:
    return link.url(template, SAMPLE_TRACE, SAMPLE_SPAN, SAMPLE_SECONDS) or "too long for a link"


def run(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="ttsink links", description=__doc__)
    parser.add_argument("what", choices=("check",))
    options.add_flags(parser)
    try:
        loaded = options.load(parser.parse_args(arguments))
    except config.ConfigError as error:
        sys.stderr.write(f"ttsink: {error}\n")
        return config.EXIT_CONFIG
    sys.stdout.write("\n".join(lines(loaded)) + "\n")
    return 0
