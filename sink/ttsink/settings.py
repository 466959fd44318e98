"""What can be configured: one frozen struct a section, the defaults and the bounds with them.

A section belongs to whoever uses it; `Settings` only names them. An option is a field with a
`Meta(description=...)`; its flag, its environment variable and its line in
docs/configuration.md follow from that (see `ttsink.config`).
"""

from pathlib import Path
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from ttsink.dialects.fields import FieldMapping
from ttsink.redact.settings import RedactionSettings
from ttsink.section import Section, option
from ttsink.states.settings import StateSettings
from ttsink.store.cap import CapSettings
from ttsink.store.retention import Retention
from ttsink.traces.settings import TracingSettings
from ttsink.traces.span_store import SpanSettings
from ttwire import link

MIB: Final = 1024 * 1024


class ServerSettings(Section, frozen=True):
    listen: Annotated[
        str, option("Address to accept requests on; port 0 picks a free one.", stem="listen")
    ] = "127.0.0.1:8484"
    data_dir: Annotated[
        str,
        option("Where the journal lives; empty means the platform's place.", stem="data-dir"),
    ] = ""
    allowed_hosts: Annotated[
        tuple[str, ...],
        option("More names the Host header may carry where no token is set.", stem="allowed-hosts"),
    ] = ()
    allow_unauthenticated: Annotated[
        bool,
        option(
            "Bind to more than loopback without tokens: anyone who reaches it reads and writes.",
            stem="allow-unauthenticated",
        ),
    ] = False
    tls_certificate: Annotated[
        str, option("PEM file of the certificate chain; read again on SIGHUP.", stem="tls-cert")
    ] = ""
    tls_key: Annotated[str, option("PEM file of the private key.", stem="tls-key")] = ""
    drain_seconds: Annotated[
        float,
        Meta(ge=0, le=600),
        option("How long requests under way may take to finish on SIGTERM.", stem="drain-seconds"),
    ] = 10.0
    max_connections: Annotated[
        int,
        Meta(ge=8, le=1_000_000),
        option(
            "Open connections at most; then the longest idle one of the address with the most is "
            "closed for a new one.",
            stem="max-connections",
        ),
    ] = 4096
    max_connections_per_client: Annotated[
        int,
        Meta(ge=0, le=1_000_000),
        option(
            "Open connections of one address, or of one IPv6 /64; 0 for half of all, and for "
            "loopback all.",
            stem="max-connections-per-client",
        ),
    ] = 0
    log_format: Annotated[
        str,
        Meta(pattern="^(auto|json|text)$"),
        option("Its own log: json, text, or auto (text on a terminal).", stem="log-format"),
    ] = "auto"


class AuthSettings(Section, frozen=True):
    ingest_token_file: Annotated[
        tuple[str, ...],
        option("Files with tokens for sending, one a line.", stem="ingest-token-file"),
    ] = ()
    read_token_file: Annotated[
        tuple[str, ...],
        option("Files with tokens for reading, one a line.", stem="read-token-file"),
    ] = ()


class IngestSettings(Section, frozen=True):
    max_body_bytes: Annotated[
        int, Meta(ge=1024), option("A request body as sent; more is 413.")
    ] = 32 * MIB
    max_decoded_bytes: Annotated[
        int, Meta(ge=1024), option("A request body once decompressed; more is 413.")
    ] = 64 * MIB
    max_inflight_bytes: Annotated[
        int, Meta(ge=1024), option("Bodies being read or stored, all senders; more is 503.")
    ] = 192 * MIB
    max_inflight_requests: Annotated[
        int, Meta(ge=1), option("Requests being read or stored, all senders; more is 503.")
    ] = 512
    upload_seconds: Annotated[
        float, Meta(gt=0, le=3600), option("A body not read whole within this is 408.")
    ] = 60.0
    upload_idle_seconds: Annotated[
        float, Meta(gt=0, le=3600), option("A body that pauses for longer is 408.")
    ] = 20.0
    processes: Annotated[
        int,
        Meta(ge=0, le=16),
        option(
            "Processes beside the server that read and redact larger batches, some 45 MB each, "
            "started with the first such batch; 0 leaves it to threads."
        ),
    ] = 1
    sender_bytes_per_second: Annotated[
        int,
        Meta(ge=0),
        option("Body bytes a second one sending address may post; more is 429; 0 for no limit."),
    ] = 0


class StreamSettings(Section, frozen=True):
    max_subscribers: Annotated[int, Meta(ge=1), option("Open streams; more is 503.")] = 256
    max_subscribers_per_client: Annotated[
        int, Meta(ge=1), option("Open streams of one address; more is 503.")
    ] = 64
    heartbeat_seconds: Annotated[
        float, Meta(gt=0, le=300), option("Silence after which a comment is sent.")
    ] = 15.0
    write_seconds: Annotated[
        float, Meta(gt=0, le=300), option("A write blocked for longer closes the stream.")
    ] = 15.0


class JournalSettings(Section, frozen=True):
    enabled: Annotated[
        bool,
        option(
            "Keep on disk what the rings hold, so that a restart loses nothing.", stem="journal"
        ),
    ] = True
    durability: Annotated[
        str,
        Meta(pattern="^(full|normal)$"),
        option("What an accepted batch survives: full a loss of power, normal a killed process."),
    ] = "full"


class LinkSettings(Section, frozen=True):
    preset: Annotated[
        str,
        Meta(pattern=f"^({'|'.join(link.PRESETS)})?$"),
        option(f"The product that shows traces: {', '.join(link.PRESETS)}; or none."),
    ] = ""
    values: Annotated[
        dict[str, str],
        option("What the preset's template needs, such as base; `ttsink links check` tells."),
    ] = msgspec.field(default_factory=dict)
    templates: Annotated[
        dict[str, str],
        option('URL templates of traces: "" for all, service:NAME or job:NAME for one.'),
    ] = msgspec.field(default_factory=dict)

    def __post_init__(self) -> None:
        self.effective()

    def effective(self) -> dict[str, str]:
        """Every template, by what it is for. Raises link.LinkError where one makes no link."""
        for template in self.templates.values():
            link.check(template)
        preset = {"": link.preset(self.preset, self.values)} if self.preset else {}
        return preset | self.templates


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole configuration; a field is a table of the file."""

    server: ServerSettings = ServerSettings()
    auth: AuthSettings = AuthSettings()
    ingest: IngestSettings = IngestSettings()
    stream: StreamSettings = StreamSettings()
    journal: JournalSettings = JournalSettings()
    retention: Retention = Retention()
    cap: CapSettings = CapSettings()
    redaction: RedactionSettings = RedactionSettings()
    fields: FieldMapping = FieldMapping()
    links: LinkSettings = LinkSettings()
    states: StateSettings = StateSettings()
    spans: SpanSettings = SpanSettings()
    tracing: TracingSettings = TracingSettings()


def data_path(server: ServerSettings) -> Path:
    """The folder of the journal: the configured one, or the platform's for a user's data."""
    if server.data_dir:
        return Path(server.data_dir).expanduser()
    import platformdirs  # noqa: PLC0415  start-up of --help counts

    return Path(platformdirs.user_data_dir("tracetail", appauthor=False))
