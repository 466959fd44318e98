"""Configurations of Fluentd and the OpenTelemetry Collector: judged, and what they send replayed.

Neither program is run: one sample each shows that the sink understands them.
"""

from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any

from ttsink.agents.check_trial import NO_SAMPLE, Opened, Tools, replayed
from ttsink.agents.finding import Finding, failed, unproved
from ttsink.agents.throwaway import throwaway


async def fluentd(opened: Opened, _tools: Tools) -> AsyncIterator[Finding]:
    for finding in _fluentd(opened.text):
        yield finding
    yield unproved("fluentd itself is not run; `fluentd --dry-run -c FILE` is its own validator")
    async for finding in _replayed(opened, "fluentd"):
        yield finding


def _fluentd(text: str) -> Iterator[Finding]:
    lines = [line.strip() for line in text.splitlines()]
    opened = sum(1 for line in lines if line.startswith("<") and not line.startswith("</"))
    if opened != sum(1 for line in lines if line.startswith("</")):
        yield failed("a section is not closed")
    wanted = {
        "@type http": "an output of @type http",
        "retryable_response_codes": "retryable_response_codes: without it a 503 loses the batch",
        "overflow_action": "overflow_action: by default a full buffer throws errors at its inputs",
    }
    for word, what in wanted.items():
        if not any(line.startswith(word) for line in lines):
            yield failed(f"expected {what}")


async def collector(
    opened: Opened, document: Mapping[str, Any], _tools: Tools
) -> AsyncIterator[Finding]:
    for finding in _collector(document):
        yield finding
    yield unproved("the collector itself is not run; `otelcol validate --config FILE` is its own")
    async for finding in _replayed(opened, "OpenTelemetry Collector"):
        yield finding


def _collector(document: Mapping[str, Any]) -> Iterator[Finding]:
    exporters = document.get("exporters") or {}
    ours = [name for name in exporters if name.partition("/")[0] in {"otlphttp", "otlp_http"}]
    if not ours:
        yield failed("no exporter otlphttp: the sink takes OTLP over HTTP")
    for name in ours:
        queue = exporters[name].get("sending_queue") or {}
        if queue.get("block_on_overflow"):
            yield failed(f"exporters.{name}: block_on_overflow holds up the other exporters")
        if str(exporters[name].get("endpoint", "")).rstrip("/").endswith(("/v1", "/ingest")):
            yield failed(f"exporters.{name}.endpoint: without a path; /v1/logs is added to it")
    for name, pipeline in ((document.get("service") or {}).get("pipelines") or {}).items():
        for kind in ("receivers", "processors", "exporters"):
            for each in pipeline.get(kind) or ():
                if each not in (document.get(kind) or {}):
                    yield failed(f"service.pipelines.{name}.{kind}: {each} is defined nowhere")


async def _replayed(opened: Opened, user_agent: str) -> AsyncIterator[Finding]:
    if opened.sample is None:
        yield unproved(NO_SAMPLE)
        return
    async with throwaway() as sink:
        for finding in await replayed(opened.sample, sink, user_agent):
            yield finding
