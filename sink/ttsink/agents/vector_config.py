"""What can be said of a Vector configuration without Vector: decisions on parsed YAML, no I/O.

`vector validate` accepts much that loses or stalls records: `ttsink check` looks for that
itself. The facts are those of Vector 0.45 to 0.58.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from ttsink.agents.finding import Finding, failed, noted
from ttsink.config import nearest

Config = Mapping[str, Any]

TOP_KEYS: Final = frozenset(
    {
        *("acknowledgements", "api", "data_dir", "enrichment_tables", "expire_metrics"),
        *("expire_metrics_per_metric_set", "expire_metrics_secs", "healthchecks", "log_schema"),
        *("proxy", "schema", "secret", "sinks", "sources", "telemetry", "tests", "timezone"),
        *("transforms", "wildcard_matching", "buffer_utilization_ewma_alpha"),
        *("latency_ewma_alpha", "metrics_storage_refresh_period"),
    }
)

SINK_KEYS: Final = frozenset(
    {
        *("type", "inputs", "uri", "method", "encoding", "framing", "payload_prefix"),
        *("payload_suffix", "compression", "batch", "request", "auth", "tls"),
        *("acknowledgements", "healthcheck", "buffer", "proxy"),
    }
)
"""Of the `http` sink, those every release from 0.45 to 0.58 knows; another is a start-up error."""

LATER_KEYS: Final = {
    "retry_strategy": "0.56",
    "dangerously_allow_unconfined_template_resolution": "0.57",
}
NESTED_KEYS: Final[Mapping[str, frozenset[str]]] = {
    "batch": frozenset({"max_bytes", "max_events", "timeout_secs"}),
    "request": frozenset(
        {
            *("concurrency", "adaptive_concurrency", "timeout_secs", "rate_limit_num"),
            *("rate_limit_duration_secs", "retry_attempts", "retry_initial_backoff_secs"),
            *("retry_max_duration_secs", "retry_jitter_mode", "headers"),
        }
    ),
    "buffer": frozenset({"type", "max_events", "max_size", "when_full"}),
    "healthcheck": frozenset({"enabled", "uri", "timeout"}),
    "acknowledgements": frozenset({"enabled"}),
    "proxy": frozenset({"enabled", "http", "https", "no_proxy"}),
    "framing": frozenset({"method", "character_delimited", "length_delimited", "max_frame_length"}),
}

MIN_DISK_BYTES: Final = 268_435_488
MAX_RETRY_ATTEMPTS: Final = 20
"""More than some minutes of one batch: the concurrency slot is held for as long."""

OWN_API_PORT: Final = ":8686"

_INTERPOLATED: Final = re.compile(r"(?<!\$)\$(?:\{[\w.]+(?::?[-?][^}]*)?\}|[A-Za-z_]\w*|\.)")
_SECRET: Final = re.compile(r"SECRET\[([\w-]+)\.([^\]]+)\]")
_TEMPLATE: Final = re.compile(r"\{\{.*?\}\}")


class Program(NamedTuple):
    """A VRL program: where it stands, its text, and whether its result is a condition."""

    place: str
    text: str
    condition: bool


def our_sinks(config: Config) -> dict[str, Config]:
    """The `http` sinks that post to a sink of ours, by id."""
    sinks = config.get("sinks") or {}
    return {
        name: sink
        for name, sink in sinks.items()
        if isinstance(sink, dict) and sink.get("type") == "http" and _is_ours(name, sink)
    }


def _is_ours(name: str, sink: Config) -> bool:
    path = str(sink.get("uri", "")).partition("?")[0]
    return path.endswith(("/ingest", "/ingest/")) or "tracetail" in name


def look(config: Config, text: str) -> Iterator[Finding]:
    """Every mistake of the parsed configuration `config`, whose source is `text`."""
    for key in config:
        if key not in TOP_KEYS:
            yield failed(
                f"{key}: no such section of a Vector configuration{nearest(key, TOP_KEYS)}"
            )
    sinks = our_sinks(config)
    if not sinks:
        yield failed("no sink of type http whose uri ends in /ingest: nothing reaches tracetail")
    for name, sink in sinks.items():
        yield from _sink(f"sinks.{name}", sink, config)
    yield from _wiring(config)
    yield from _dollars(config, text)
    if config.get("transforms") and not config.get("tests"):
        yield failed("tests: none, and `vector test` exits 0 where it finds no tests")


def _sink(place: str, sink: Config, config: Config) -> Iterator[Finding]:
    for key in sink:
        if key in LATER_KEYS:
            yield failed(f"{place}.{key}: unknown before {LATER_KEYS[key]}, a start-up error there")
        elif key not in SINK_KEYS:
            yield failed(
                f"{place}.{key}: the http sink has no such option{nearest(key, SINK_KEYS)}"
            )
    for key, known in NESTED_KEYS.items():
        for inner in _table(sink, key):
            if inner not in known:
                yield failed(f"{place}.{key}.{inner}: no such option{nearest(inner, known)}")
    yield from _body(place, sink)
    yield from _safety(place, sink)
    yield from _address(place, sink)
    yield from _token(place, sink, config)


def _table(sink: Config, key: str) -> Config:
    value = sink.get(key)
    return value if isinstance(value, dict) else {}


def _body(place: str, sink: Config) -> Iterator[Finding]:
    codec = _table(sink, "encoding").get("codec")
    framing = _table(sink, "framing").get("method")
    if codec == "ndjson":
        yield failed(
            f"{place}.encoding.codec: ndjson is gone; json with framing.method: newline_delimited"
        )
    elif codec in {"text", "raw_message"}:
        yield failed(
            f"{place}.encoding.codec: {codec} sends the message only; json keeps the fields"
        )
    elif codec != "json":
        yield failed(f"{place}.encoding.codec: {codec}; expected json")
    elif framing is None:
        yield noted(
            f"{place}.framing: absent, so each batch is one array; newline_delimited streams"
        )
    elif framing != "newline_delimited":
        yield failed(f"{place}.framing.method: {framing}; expected newline_delimited")
    for key in ("only_fields", "except_fields"):
        if key in _table(sink, "encoding"):
            yield noted(f"{place}.encoding.{key}: what is left out here the sink cannot show")


def _safety(place: str, sink: Config) -> Iterator[Finding]:
    """What would stall or fail the user's other sinks."""
    buffer = _table(sink, "buffer")
    if buffer.get("when_full", "block") != "drop_newest":
        yield failed(
            f"{place}.buffer.when_full: block, the default; while the sink is away every sink of "
            "the same sources stops; drop_newest"
        )
    if buffer.get("type") == "disk" and buffer.get("max_size", 0) < MIN_DISK_BYTES:
        yield failed(f"{place}.buffer.max_size: a buffer on disk has at least {MIN_DISK_BYTES}")
    attempts = _table(sink, "request").get("retry_attempts")
    if not isinstance(attempts, int) or attempts > MAX_RETRY_ATTEMPTS:
        yield failed(
            f"{place}.request.retry_attempts: {'absent' if attempts is None else attempts}; "
            "without a small number one failing batch is tried for ever, and a stop takes a minute"
        )
    if _table(sink, "acknowledgements").get("enabled"):
        yield failed(
            f"{place}.acknowledgements.enabled: true makes your sources wait for this sink"
        )
    health = _table(sink, "healthcheck")
    if health.get("enabled", True) and "uri" not in health:
        yield noted(f"{place}.healthcheck: without a uri nothing is asked, and «passed» is logged")


def _address(place: str, sink: Config) -> Iterator[Finding]:
    uri = str(sink.get("uri", ""))
    if not uri.startswith(("http://", "https://")):
        yield failed(f"{place}.uri: {uri or 'absent'}; expected http://HOST:PORT/ingest")
    if OWN_API_PORT in uri:
        yield failed(f"{place}.uri: 8686 is the port of Vector's own API")
    if "%" in uri:
        yield failed(f"{place}.uri: % starts a date in a uri; write the address without it")
    headers = _table(sink, "request").get("headers") or {}
    for where, value in (("uri", uri), *((f"request.headers.{k}", v) for k, v in headers.items())):
        if _TEMPLATE.search(str(value)):
            yield failed(
                f"{place}.{where}: a template; from 0.57 on many are refused, and an event that "
                "lacks the field is dropped; job and worker travel in the event"
            )


def _token(place: str, sink: Config, config: Config) -> Iterator[Finding]:
    auth = _table(sink, "auth")
    headers = _table(sink, "request").get("headers") or {}
    texts = [str(auth.get(key, "")) for key in ("token", "password", "value")]
    texts += [str(value) for value in headers.values()]
    backends = config.get("secret") or {}
    for text in texts:
        if _INTERPOLATED.search(text):
            yield failed(
                f"{place}: ${{...}} in a token or header is sent as it stands from 0.57 on, and "
                "answered 401; use a secret backend: SECRET[name.token]"
            )
        for backend, _key in _SECRET.findall(text):
            if backend not in backends:
                yield failed(f"{place}: SECRET[{backend}.…] names no backend of the section secret")
    if auth and any(name.lower() == "authorization" for name in headers):
        yield failed(f"{place}: auth and request.headers.Authorization together are an error")


def _wiring(config: Config) -> Iterator[Finding]:
    """Inputs that name nothing. A file without sources is a block to paste: its inputs are open."""
    sources = config.get("sources") or {}
    transforms = config.get("transforms") or {}
    if not sources:
        return
    known = {*sources, *transforms}
    for kind in ("transforms", "sinks"):
        for name, component in (config.get(kind) or {}).items():
            for given in component.get("inputs") or ():
                if "*" not in given and given.partition(".")[0] not in known:
                    yield failed(f"{kind}.{name}.inputs: {given} is no source or transform")


def _dollars(config: Config, text: str) -> Iterator[Finding]:
    """Interpolation differs by release: on by default to 0.56, off since."""
    for program in programs(config):
        found = _INTERPOLATED.search(program.text)
        if found:
            yield failed(
                f"{program.place}: {found[0]!r} is a variable to Vector up to 0.56, which fills it "
                "in before VRL is read"
            )
    said = "\n".join(re.sub(r"(^|\s)#.*", "", line) for line in text.splitlines())
    for program in programs(config):
        for line in filter(str.strip, program.text.splitlines()):
            said = said.replace(line.strip(), "")
    in_sinks = str(our_sinks(config))
    names = {found[0] for found in _INTERPOLATED.finditer(said)}
    if rest := sorted(name for name in names if name not in in_sinks):
        yield noted(f"{', '.join(rest)}: not filled in from 0.57 on, unless Vector is told to")


def programs(config: Config) -> Iterator[Program]:
    """Every VRL program of the file itself, with its place."""
    for name, transform in (config.get("transforms") or {}).items():
        place = f"transforms.{name}"
        if transform.get("type") == "remap" and "source" in transform:
            yield Program(f"{place}.source", str(transform["source"]), False)
        if "condition" in transform:
            yield from _condition(f"{place}.condition", transform["condition"])
        for route, condition in (transform.get("route") or {}).items():
            yield from _condition(f"{place}.route.{route}", condition)
    for number, test in enumerate(config.get("tests") or (), 1):
        for output in test.get("outputs") or ():
            for condition in output.get("conditions") or ():
                yield from _condition(f"tests[{number}]", condition)


def _condition(place: str, condition: object) -> Iterator[Program]:
    if isinstance(condition, str):
        yield Program(place, condition, True)
    elif isinstance(condition, dict) and condition.get("type") == "vrl":
        yield Program(place, str(condition.get("source", "")), True)


def interpolated(text: str) -> list[str]:
    """The variables that Vector up to 0.56 fills in by itself."""
    return [found[0] for found in _INTERPOLATED.finditer(text)]


def secret_names(sink: Config) -> list[str]:
    """The keys a sink's texts ask their secret backends for."""
    return [key for _, key in _SECRET.findall(str(sink))]
