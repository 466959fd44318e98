"""Configurations for agents, made from the files of `configs/`: texts in, text out.

The files are the templates, so that what is printed is what is tested; every change is the
replacement of a text that must be there.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Literal, NamedTuple

from yarl import URL

from ttsink.http.auth import is_loopback

Form = Literal["yaml", "classic"]

BLOCK: Final = "block"
DEFAULT_URL: Final = "http://127.0.0.1:8484"
SOURCES: Final[Mapping[str, tuple[str, ...]]] = {
    "vector": (
        *(BLOCK, "files", "stdin", "docker", "kubernetes", "journald", "opentelemetry"),
        *("airflow", "celery", "jenkins", "rq", "sidekiq", "slurm"),
    ),
    "fluent-bit": (
        *(BLOCK, "files", "stdin", "docker", "kubernetes", "systemd", "opentelemetry"),
        "parsers",
    ),
    "fluentd": ("files",),
    "otel-collector": ("opentelemetry",),
}
"""What each agent can be set up to read, by the agent's name.

`block` is the part to add to what is there, `parsers` the file the classic form needs beside it.
"""

FIELD: Final = re.compile(r"[A-Za-z_][\w.-]{0,127}", re.ASCII)


class Wanted(NamedTuple):
    """`token_file` is where the agent's machine has the token; empty, the sink asks for none.

    `path` is a glob of log files, `job_field` the field of an application's JSON that names
    its job.
    """

    agent: str
    source: str = BLOCK
    form: Form = "yaml"
    url: str = DEFAULT_URL
    token_file: str = ""
    path: str = ""
    job_field: str = ""


class Unfit(Exception):  # noqa: N818  what was asked for, not a fault
    """Options that do not go together, in one line."""


def folder() -> Path:
    """Where the templates are: beside this module when installed, else in the checkout."""
    here = Path(__file__).resolve()
    installed = here.parents[1] / "configs"
    return installed if installed.is_dir() else here.parents[3] / "configs"


def template(wanted: Wanted) -> str:
    """The template's path below `folder()`. Raises Unfit."""
    sources = SOURCES[wanted.agent]
    if wanted.source not in sources:
        raise Unfit(f"{wanted.agent} has no source {wanted.source}; it has {', '.join(sources)}")
    if wanted.form == "classic" and wanted.agent != "fluent-bit":
        raise Unfit("only fluent-bit has a classic form")
    if wanted.agent == "vector":
        return f"vector/{'sink-block' if wanted.source == BLOCK else wanted.source}.yaml"
    if wanted.source == "parsers":
        return "fluentbit/parsers.conf"
    if wanted.agent == "fluent-bit":
        suffix = "conf" if wanted.form == "classic" else "yaml"
        return f"fluentbit/{'output-block' if wanted.source == BLOCK else wanted.source}.{suffix}"
    return "fluentd/fluentd.conf" if wanted.agent == "fluentd" else "otel-collector/collector.yaml"


def fill(text: str, wanted: Wanted) -> str:
    """A template made fit for one sink. Raises Unfit."""
    if wanted.source == "parsers":
        return text
    url = URL(wanted.url)
    if url.scheme not in {"http", "https"} or not url.host:
        raise Unfit(f"--url {wanted.url}: expected http://HOST:PORT")
    if url.path.rstrip("/") not in {"", "/ingest"} or url.query_string:
        raise Unfit(f"--url {wanted.url}: give the address only; the path is added")
    if wanted.job_field and not FIELD.fullmatch(wanted.job_field):
        raise Unfit(f"--job-field {wanted.job_field}: expected a field's name, dots between parts")
    if wanted.path:
        text = _swap(text, "/var/log/jobs/*.log", wanted.path, "--path is for the source files")
    change = {
        "vector": _vector,
        "fluent-bit": _fluent_bit,
        "fluentd": _fluentd,
        "otel-collector": _collector,
    }
    return change[wanted.agent](text, wanted, url.origin())


def _swap(text: str, old: str, new: str, otherwise: str = "") -> str:
    if old not in text:
        raise Unfit(otherwise or f"the template has no {old!r}")
    return text.replace(old, new)


def _drop(text: str, *lines: str) -> str:
    """Without the lines that hold one of these texts."""
    return "\n".join(line for line in text.split("\n") if not any(each in line for each in lines))


SECRET: Final = re.compile(r"^# A file with .*?\n\n", re.MULTILINE | re.DOTALL)


def _vector(text: str, wanted: Wanted, url: URL) -> str:
    text = _swap(text, "uri: http://127.0.0.1:8484/ingest", f"uri: {url}/ingest")
    if not is_loopback(url.host or ""):
        text = _drop(text, "    proxy: {enabled: false}")
    if not wanted.token_file:
        text = _drop(SECRET.sub("", text), "    auth: {strategy: bearer")
        text = text.replace(
            "`uri` to your sink, and put the token into the file\n# named under `secret`.",
            "`uri` to your sink.",
        )
    elif wanted.token_file.endswith(".json"):
        text = _swap(text, "path: /etc/vector/tracetail.json", f"path: {wanted.token_file}")
    else:
        place, _, name = wanted.token_file.rpartition("/")
        if not place or "]" in name:
            raise Unfit(f"--token-file {wanted.token_file}: expected an absolute path")
        secret = (
            f"# The folder of {name}, readable by Vector only; ${{VAR}} is sent as it stands from "
            "0.57 on.\nsecret:\n  tracetail:\n    type: directory\n"
            f"    path: {place}\n    remove_trailing_whitespace: true\n\n"
        )
        text = SECRET.sub(lambda _: secret, text)
        text = _swap(text, "SECRET[tracetail.token]", f"SECRET[tracetail.{name}]")
    if wanted.job_field:
        text = _vector_job(text, wanted)
    return text


VECTOR_JOB: Final = """\
transforms:
  tracetail_job:
    type: remap
    inputs: [{inputs}]
    source: |
      # The application's own field names the job.
      line, err = parse_json(.message)
      if err == null {{
        named, err = get(line, {path})
        if err == null && named != null {{ .job = named }}
      }}

"""
VECTOR_JOB_TEST: Final = """\
  - name: the field {field} names the job
    inputs:
      - insert_at: tracetail_job
        type: vrl
        source: |
          . = {{"message": encode_json(set!({{}}, {path}, "nightly"))}}
    outputs:
      - extract_from: tracetail_job
        conditions:
          - type: vrl
            source: |
              assert_eq!(.job, "nightly")
"""


def _vector_job(text: str, wanted: Wanted) -> str:
    parts = ", ".join(f'"{part}"' for part in wanted.job_field.split("."))
    own = next(re.finditer(r"^    inputs: \[([^\]]*)\]\n    uri:", text, re.MULTILINE))
    inputs = own[1]
    text = text.replace(own[0], own[0].replace(inputs, "tracetail_job"))
    block = VECTOR_JOB.format(inputs=inputs, path=f"[{parts}]")
    if "transforms:\n" in text:
        text = text.replace(
            "\nsinks:\n", f"\n{block.removeprefix('transforms:' + chr(10))}sinks:\n", 1
        )
    else:
        text = text.replace("sinks:\n", f"{block}sinks:\n", 1)
    test = VECTOR_JOB_TEST.format(field=wanted.job_field, path=f"[{parts}]")
    if "\ntests:\n" in text:
        return text + test
    return f"{text}\n# vector test FILE\ntests:\n{test}"


def _fluent_bit(text: str, wanted: Wanted, url: URL) -> str:
    classic = wanted.form == "classic"

    def row(key: str, value: str) -> str:
        return f"    {key:<34}{value}" if classic else f"      {key}: {value}"

    text = _swap(text, row("host", "127.0.0.1"), row("host", url.host or ""))
    port = row("port", str(url.port))
    text = _swap(
        text, row("port", "8484"), f"{port}\n{row('tls', 'on')}" if url.scheme == "https" else port
    )
    if not wanted.token_file:
        text = _drop(text, "Authorization Bearer", "# unset, every batch is refused and lost")
        text = text.replace(
            "`host` and `port` to your sink, and TRACETAIL_TOKEN where Fluent Bit runs.",
            "`host` and `port` to your sink.",
        )
    else:
        text = f"# Where it runs: export TRACETAIL_TOKEN=$(cat {wanted.token_file})\n{text}"
    return _fluent_bit_job(text, wanted) if wanted.job_field else text


def _fluent_bit_job(text: str, wanted: Wanted) -> str:
    """A regular expression on the line's text: the line itself stays whole for the sink."""
    if wanted.form == "classic" or wanted.source in {BLOCK, "opentelemetry", "systemd"}:
        raise Unfit(
            f"--job-field: not for {wanted.source} of Fluent Bit in this form; name the field to "
            f'the sink instead, in its configuration: [fields] job = ["{wanted.job_field}"]'
        )
    name = wanted.job_field.rpartition(".")[2]
    parser = (
        "  - name: tracetail_job_field\n    format: regex\n"
        f'    regex: \'"{name}"\\s*:\\s*"?(?<job>[^",}}]+)\'\n'
    )
    match = "'kube.*'" if wanted.source == "kubernetes" else "jobs"
    filters = (
        "  filters:\n"
        f"    - name: parser    # the line's field {name} names the job\n"
        f"      match: {match}\n      key_name: log\n      parser: tracetail_job_field\n"
        "      reserve_data: on\n      preserve_key: on\n"
    )
    if "\nparsers:\n" in text:
        text = text.replace("\nparsers:\n", f"\nparsers:\n{parser}", 1)
    else:
        text = text.replace("\npipeline:\n", f"\nparsers:\n{parser}\npipeline:\n", 1)
    return _swap(text, "  filters:\n", filters)


def _fluentd(text: str, wanted: Wanted, url: URL) -> str:
    if wanted.job_field:
        raise Unfit(
            "--job-field: name the field to the sink, in its configuration: "
            f'[fields] job = ["{wanted.job_field}"]'
        )
    text = _swap(text, "http://127.0.0.1:8484/ingest", f"{url}/ingest")
    if not wanted.token_file:
        return _drop(text, "  headers {")
    if "'" in wanted.token_file:
        raise Unfit("--token-file: a path without quotes")
    return _swap(text, "ENV['TRACETAIL_TOKEN']", f"File.read('{wanted.token_file}').strip")


def _collector(text: str, wanted: Wanted, url: URL) -> str:
    if wanted.job_field:
        raise Unfit(
            "--job-field: name the attribute to the sink, in its configuration: "
            f'[fields] job = ["{wanted.job_field}"]'
        )
    text = _swap(text, "endpoint: http://127.0.0.1:8484", f"endpoint: {url}")
    if not wanted.token_file:
        return _drop(text, "    headers: {")
    return f"# Where it runs: export TRACETAIL_TOKEN=$(cat {wanted.token_file})\n{text}"
