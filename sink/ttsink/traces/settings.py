"""The `[tracing]` table: the backends that are asked for spans."""

from typing import Annotated

from msgspec import Meta

from ttsink.section import Section, option
from ttsink.traces.backend import Backend, check


class TracingSettings(Section, frozen=True):
    backends: Annotated[
        tuple[Backend, ...],
        option(
            "Where spans are asked for, in order: tables with kind (jaeger, jaeger_v3, tempo, "
            "tempo_v2, zipkin), url, and name, headers, token_file, tenant, timeout_seconds, "
            "ca_file, insecure."
        ),
    ] = ()
    cache_seconds: Annotated[
        float, Meta(ge=0, le=3600), option("How long a backend's answer is not asked for again.")
    ] = 30.0

    def __post_init__(self) -> None:
        for backend in self.backends:
            check(backend)
