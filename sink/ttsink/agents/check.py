"""`ttsink check`: which configurations there are, of which agent, and what is proved of each."""

import re
import time
from collections.abc import AsyncIterator, Iterable, Sequence
from pathlib import Path
from typing import Any, Final

from ttsink.agents import check_fluentbit, check_other, check_vector, fluentbit_config
from ttsink.agents.check_trial import Opened, Tools
from ttsink.agents.finding import Checked, Finding, failed
from ttsink.agents.sample import SampleError, read

SUFFIXES: Final = (".yaml", ".yml", ".conf")
SAMPLES: Final = "samples"
_FLUENTD: Final = re.compile(r"^\s*<(source|match|filter|label)\b", re.MULTILINE)
_KUBERNETES: Final = re.compile(r"^apiVersion: ", re.MULTILINE)
_PARSERS_ONLY: Final = re.compile(
    r"^\s*\[(?!(?:MULTILINE_)?PARSER\])", re.MULTILINE | re.IGNORECASE
)


class NotYaml(Exception):  # noqa: N818  of the caller's file
    """A YAML file that cannot be read, in one line."""


def found(paths: Iterable[Path]) -> list[Path]:
    """The configurations that are meant: files as they are, of folders every one inside.

    Raises FileNotFoundError with the path that is not there.
    """
    listed: list[Path] = []
    for path in paths:
        if path.is_dir():
            listed += (
                each
                for each in sorted(path.rglob("*"))
                if each.suffix in SUFFIXES and SAMPLES not in each.parts and not _is_part(each)
            )
        elif path.exists():
            listed.append(path)
        else:
            raise FileNotFoundError(path)
    return listed


def _is_part(path: Path) -> bool:
    """Whether a file is no configuration of its own: only parsers, or Kubernetes' objects."""
    text = path.read_text(encoding="utf-8", errors="replace")
    if _KUBERNETES.search(text):
        return True
    return (
        path.suffix == ".conf"
        and "[" in text
        and "<" not in text.partition("[")[0]
        and (not _PARSERS_ONLY.search(text))
    )


def load_yaml(text: str, *, texts: bool) -> Any:
    """A YAML document; with `texts` every scalar as its text, as Fluent Bit reads it.

    Raises:
        NotYaml: no YAML, or more than one document.
        ImportError: PyYAML is not installed; it comes with `tracetail[check]`.
    """
    import yaml  # noqa: PLC0415  an extra

    loader = yaml.BaseLoader if texts else yaml.SafeLoader
    try:
        return yaml.load(text, Loader=loader)  # noqa: S506  both loaders make plain values only
    except yaml.YAMLError as error:
        raise NotYaml(f"no YAML: {' '.join(str(error).split())}") from None


async def check(path: Path, tools: Tools, sample: Path | None = None) -> Checked:
    """Everything that can be proved of one configuration here."""
    begun = time.monotonic()
    try:
        opened = _opened(path, sample)
        findings: Sequence[Finding] = [finding async for finding in _agent(opened, tools)]
    except (OSError, UnicodeDecodeError) as error:
        findings = [failed(f"cannot be read: {error}")]
    except (NotYaml, SampleError, fluentbit_config.FormatError) as error:
        findings = [failed(str(error))]
    return Checked(str(path), findings, time.monotonic() - begun)


def _opened(path: Path, given: Path | None) -> Opened:
    folder = given or path.parent / SAMPLES / path.stem
    sample = read(folder) if folder.is_dir() else None
    return Opened(path, path.read_text(encoding="utf-8"), sample)


async def _agent(opened: Opened, tools: Tools) -> AsyncIterator[Finding]:
    text = opened.text
    if opened.path.suffix == ".conf":
        if _FLUENTD.search(text):
            checks = check_other.fluentd(opened, tools)
        else:
            checks = check_fluentbit.check(opened, fluentbit_config.from_classic(text), tools)
    else:
        document = load_yaml(text, texts=False)
        if not isinstance(document, dict):
            raise NotYaml("no mapping, so no agent's configuration")
        if "receivers" in document or "exporters" in document:
            checks = check_other.collector(opened, document, tools)
        elif "pipeline" in document:
            held = fluentbit_config.from_yaml(load_yaml(text, texts=True))
            checks = check_fluentbit.check(opened, held, tools)
        elif {"sources", "transforms", "sinks"} & set(document):
            checks = check_vector.check(opened, document, tools)
        else:
            raise NotYaml(
                "expected a configuration of Vector (sources, sinks), Fluent Bit (pipeline) or "
                "the OpenTelemetry Collector (receivers, exporters)"
            )
    async for finding in checks:
        yield finding
