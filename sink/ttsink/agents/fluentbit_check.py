"""What can be said of a Fluent Bit configuration without Fluent Bit: decisions, no I/O.

`fluent-bit --dry-run` passes a wrong format, compression, retry limit or date form, a port that
is no number, a parser nobody defined, variables that are not set and an unknown section
(measured, 5.1.1): `ttsink check` looks for those itself.
"""

from collections.abc import Collection, Iterator
from typing import Final

from ttsink.agents.finding import Finding, failed, noted
from ttsink.agents.fluentbit_config import KINDS, FluentBit, Section, variables
from ttsink.agents.fluentbit_table import (
    BUILT_IN_MULTILINE,
    COMPRESSIONS,
    DATE_FORMATS,
    FORMATS,
    PROPERTIES,
    REPEATED,
)
from ttsink.config import nearest

ON: Final = frozenset({"on", "true", "yes"})
OFF: Final = frozenset({"off", "false", "no"})
FOR_EVER: Final = frozenset({"no_limits", "false", "off"})
ROUTES: Final = {"logs_uri": "/v1/logs", "traces_uri": "/v1/traces"}


def our_outputs(held: FluentBit) -> list[Section]:
    """The outputs that post to a sink of ours: `http` to /ingest, and `opentelemetry`."""
    return [
        section
        for section in held.of("output")
        if (section.name == "http" and section.get("uri").partition("?")[0].endswith("/ingest"))
        or section.name == "opentelemetry"
    ]


def place(section: Section) -> str:
    return f"{section.kind} {section.get('alias') or section.name or '?'}"


def look(held: FluentBit, environ: Collection[str]) -> Iterator[Finding]:
    """Every mistake; `environ` names the variables that will be set."""
    for section in held.sections:
        yield from _properties(section)
    outputs = our_outputs(held)
    if not outputs:
        yield failed("no output of name http with uri /ingest: nothing reaches tracetail")
    for output in outputs:
        yield from (_http if output.name == "http" else _otlp)(output)
        yield from _any_output(output)
    for section in held.of("input"):
        yield from _input(section)
    yield from _parsers(held)
    yield from _together(held, outputs)
    yield from _variables(held, environ)


def _properties(section: Section) -> Iterator[Finding]:
    if section.kind not in KINDS:
        yield failed(f"[{section.kind.upper()}] is no section; Fluent Bit leaves it out silently")
        return
    if section.kind in {"input", "filter", "output"} and not section.name:
        yield failed(f"a section {section.kind} without name")
        return
    known = PROPERTIES.get((section.kind, section.name))
    if known is None:
        if section.kind in {"input", "filter", "output"}:
            yield noted(f"{place(section)}: this plugin's properties were not checked")
        return
    seen: set[str] = set()
    for key, _value in section.rows:
        if key not in known:
            yield failed(
                f"{place(section)}: {key} is no property of {section.name}{nearest(key, known)}"
            )
        elif key in seen and key not in REPEATED:
            yield failed(f"{place(section)}: {key} stands twice; Fluent Bit does not start with it")
        seen.add(key)


def _http(output: Section) -> Iterator[Finding]:
    where = place(output)
    form = output.get("format", "json")
    if form not in FORMATS:
        yield failed(
            f"{where}: format {form} is unknown, and Fluent Bit then sends msgpack; json_lines"
        )
    elif form in {"gelf", "msgpack"}:
        yield failed(f"{where}: format {form}; json_lines keeps every field as it is")
    elif form != "json_lines":
        yield noted(
            f"{where}: format {form} is one large value for each batch; json_lines is lighter"
        )
    date_format = output.get("json_date_format", "double")
    if date_format not in DATE_FORMATS:
        yield failed(f"{where}: json_date_format {date_format}; expected iso8601")
    if output.get("json_date_key", "date") in {"timestamp", "time"}:
        yield noted(
            f"{where}: json_date_key {output.get('json_date_key')} gives way to the line's own"
        )
    compress = output.get("compress")
    if compress and compress not in COMPRESSIONS:
        yield failed(f"{where}: compress {compress}; Fluent Bit does not start with it; gzip")


def _otlp(output: Section) -> Iterator[Finding]:
    where = place(output)
    if output.get("compress") not in {"", "gzip", "zstd"}:
        yield failed(f"{where}: compress {output.get('compress')} crashes Fluent Bit (5.1); gzip")
    for key, expected in ROUTES.items():
        if output.get(key, expected) != expected:
            yield failed(f"{where}: {key} {output.get(key)}; the sink takes OTLP at {expected}")


def _any_output(output: Section) -> Iterator[Finding]:
    where = place(output)
    port = output.get("port", "80")
    if not port.isdigit() and "${" not in port:
        yield failed(f"{where}: port {port}; expected a number")
    limit = output.get("retry_limit")
    if limit.lower() not in FOR_EVER and (not limit.isdigit() or int(limit) <= 1):
        yield failed(
            f"{where}: retry_limit {limit or 'absent'}: a sink that is away for 10 seconds loses "
            "records; no_limits with storage on disk, else 5"
        )
    if output.get("net.max_worker_connections") == "1":
        yield failed(f"{where}: net.max_worker_connections 1 fails every batch but one at once")
    if output.get("log_response_payload", "on").lower() in ON:
        yield noted(f"{where}: log_response_payload is on: every answer goes into Fluent Bit's log")
    if not any(key in {"match", "match_regex"} for key, _ in output.rows):
        yield failed(f"{where}: no match: it gets nothing")
    for key, value in output.rows:
        if key == "header" and value.lower().startswith("authorization") and "$" in value:
            name = value.partition("$")[2]
            if not name.startswith("{"):
                yield failed(f"{where}: ${name} is sent as it stands; ${{{name}}}")


def _input(section: Section) -> Iterator[Finding]:
    where = place(section)
    if section.name == "tail":
        if not (
            {section.get("skip_long_lines").lower(), section.get("truncate_long_lines").lower()}
            & ON
        ):
            yield failed(
                f"{where}: without skip_long_lines a line over buffer_max_size (32 KB) makes it "
                "give the file up and send its start again and again"
            )
        if not section.get("db"):
            yield noted(f"{where}: no db: after a restart it reads from the end, or all again")
        if not section.get("refresh_interval"):
            yield noted(f"{where}: refresh_interval: a new file is found after up to 60 s")
        if section.get("tag").count("*") and "kube" not in section.get("tag"):
            yield noted(f"{where}: tag {section.get('tag')} makes a request for each file")
    if section.name == "stdin" and not section.get("parser"):
        yield failed(f"{where}: without parser only lines of JSON are taken")


def _parsers(held: FluentBit) -> Iterator[Finding]:
    defined = {section.get("name") for section in held.of("parser")}
    multiline = {section.get("name") for section in held.of("multiline_parser")}
    for section in (*held.of("input"), *held.of("filter")):
        for key, value in section.rows:
            if key in {"parser", "parser_firstline", "regex_parser"} and value not in defined:
                yield failed(
                    f"{place(section)}: parser {value} is defined nowhere; it runs without"
                )
            if key == "multiline.parser":
                for name in map(str.strip, value.split(",")):
                    if name not in multiline | BUILT_IN_MULTILINE:
                        yield failed(
                            f"{place(section)}: multiline.parser {name} is defined nowhere"
                        )


def _together(held: FluentBit, outputs: list[Section]) -> Iterator[Finding]:
    inputs = held.of("input")
    for output in outputs:
        if output.name == "http" and any(each.name == "opentelemetry" for each in inputs):
            yield failed(
                f"{place(output)}: OTLP through the http output loses trace ids and all spans; "
                "use an output opentelemetry"
            )
        if output.name == "opentelemetry" and any(each.name == "tail" for each in inputs):
            yield from _tail_to_otlp(output)
        in_memory = [
            each.name
            for each in inputs
            if each.get("storage.type") != "filesystem" and not each.get("mem_buf_limit")
        ]
        if output.get("retry_limit").lower() in FOR_EVER and in_memory:
            told = noted if set(in_memory) == {"stdin"} else failed
            yield told(
                f"{place(output)}: retry_limit no_limits with {', '.join(in_memory)} in memory: "
                "while the sink is away memory grows without end; storage.type filesystem"
            )
    on_disk = any(each.get("storage.type") == "filesystem" for each in inputs)
    if on_disk and not held.service.get("storage.path"):
        yield failed("service: storage.type filesystem needs storage.path")


def _tail_to_otlp(output: Section) -> Iterator[Finding]:
    if output.get("logs_body_key_attributes").lower() not in ON:
        yield failed(
            f"{place(output)}: of a tailed line only the message is sent; the http output with "
            "format json_lines sends everything"
        )


def _variables(held: FluentBit, environ: Collection[str]) -> Iterator[Finding]:
    known = {*environ, *(name for name, _ in held.env), "HOSTNAME"}
    said: set[str] = set()
    for variable in variables(held):
        name, colon, default = variable.text.partition(":")
        if colon and not default.startswith("-"):
            yield failed(f"{place(variable.section)}: ${{{variable.text}}}: only :- is understood")
        elif not colon and name not in known and name not in said:
            said.add(name)
            effect = (
                "the header goes out without its token, and every batch is refused and lost"
                if variable.key == "header"
                else f"{variable.key} is empty then"
            )
            yield noted(f"{name} must be set where Fluent Bit runs: {effect}")
