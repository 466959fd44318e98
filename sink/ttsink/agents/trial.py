"""A configuration made fit for a trial run, in a folder of its own and to a throw-away sink.

Decisions on parsed configurations, no I/O.

What stands for the machine's `/` in the trial is `Trial.root`: `/var/log/jobs/*.log` becomes
`ROOT/var/log/jobs/*.log`.
"""

from typing import Any, Final, NamedTuple

from ttsink.agents import fluentbit_check, vector_config
from ttsink.agents.fluentbit_config import FluentBit, Section, variables
from ttsink.agents.vector_config import Config

TOKEN: Final = "tracetail-check"  # noqa: S105  of a sink that lives for seconds, on loopback
VECTOR_RUNS: Final = frozenset({"file", "stdin"})
"""Sources of Vector that need nothing but files; docker_logs and the others need their system."""

SERVICE_LEFT_OUT: Final = frozenset({"daemon", "log_file", "http_server", "health_check"})


class Trial(NamedTuple):
    """`root` is a folder's path without a slash at its end; `otlp_port` is a free one."""

    root: str
    host: str
    port: int
    otlp_port: int = 0

    def path(self, path: str) -> str:
        return self.root + path if path.startswith("/") else f"{self.root}/{path}"

    def paths(self, paths: str) -> str:
        return ",".join(self.path(each.strip()) for each in paths.split(","))


def fluentbit(held: FluentBit, trial: Trial) -> FluentBit:
    """The same pipeline; outputs that are not ours are left out."""
    ours = fluentbit_check.our_outputs(held)
    sections: list[Section] = []
    for section in held.sections:
        if section.kind == "service":
            sections.append(_service(section, trial))
        elif section.kind == "input":
            sections.append(_input(section, trial))
        elif section.kind == "filter" and section.name == "kubernetes":
            sections.append(_kubernetes(section, trial))
        elif section.kind == "output":
            if section in ours:
                sections.append(
                    section.having(
                        host=trial.host,
                        port=str(trial.port),
                        tls=None,
                        tls__verify=None,
                        proxy=None,
                    )
                )
        else:
            sections.append(section)
    return FluentBit(tuple(sections), held.env)


def _service(section: Section, trial: Trial) -> Section:
    rows = tuple(row for row in section.rows if row[0] not in SERVICE_LEFT_OUT)
    section = Section(section.kind, rows).having(flush="0.2", grace="1", log_level="info")
    storage = section.get("storage.path")
    return section.having(storage__path=trial.path(storage)) if storage else section


def _input(section: Section, trial: Trial) -> Section:
    if section.get("db"):
        section = section.having(db=trial.path(section.get("db")))
    if section.name == "tail":
        section = section.having(path=trial.paths(section.get("path")), refresh_interval="1")
        if section.get("exclude_path"):
            section = section.having(exclude_path=trial.paths(section.get("exclude_path")))
    if section.name == "opentelemetry":
        section = section.having(listen=trial.host, port=str(trial.otlp_port))
    return section


def _kubernetes(section: Section, trial: Trial) -> Section:
    """Reads the pods' metadata from files; the tag has the trial's folder in it."""
    prefix = section.get("kube_tag_prefix", "kube.var.log.containers.")
    head, _, rest = prefix.partition(".")
    folder = trial.root.strip("/").replace("/", ".")
    return section.having(
        kube_tag_prefix=f"{head}.{folder}.{rest}",
        kube_meta_preload_cache_dir=f"{trial.root}/kube-meta",
        kube_url="http://127.0.0.1:9",
        kube_token_file=f"{trial.root}/kube-meta/token",
        kube_ca_file=None,
        tls__verify="off",
    )


def token_variables(held: FluentBit) -> list[str]:
    """The variables our outputs' Authorization headers are made of."""
    ours = fluentbit_check.our_outputs(held)
    return [
        each.text.partition(":")[0]
        for each in variables(held)
        if each.key == "header" and each.section in ours
    ]


def vector(config: Config, trial: Trial, *, feed: bool = False) -> dict[str, Any]:
    """The same pipeline; sinks that are not ours and sources that need their system go.

    With `feed`, one source that cannot run here reads its events as JSON from standard input.
    """
    ours = vector_config.our_sinks(config)
    changed = {
        key: value
        for key, value in config.items()
        if key not in {"sinks", "sources", "tests", "api", "secret", "data_dir"}
    }
    changed["data_dir"] = f"{trial.root}/vector-data"
    if config.get("secret"):
        changed["secret"] = {
            name: {"type": "file", "path": f"{trial.root}/secrets.json"}
            for name in config["secret"]
        }
    changed["sinks"] = {
        name: {**sink, "uri": f"http://{trial.host}:{trial.port}/ingest"}
        for name, sink in ours.items()
    }
    for sink in changed["sinks"].values():
        sink.pop("tls", None)
    changed["sources"] = {
        name: _source(source, trial, feed=feed)
        for name, source in (config.get("sources") or {}).items()
    }
    return changed


def _source(source: Config, trial: Trial, *, feed: bool) -> Config:
    kind = source.get("type")
    if kind == "file":
        held = dict(source)
        held["include"] = [trial.path(each) for each in source.get("include", ())]
        if "exclude" in source:
            held["exclude"] = [trial.path(each) for each in source["exclude"]]
        return held
    if kind == "stdin" or not feed:
        return source
    return {"type": "stdin", "decoding": {"codec": "json"}}


def vector_secrets(config: Config) -> dict[str, str]:
    """What the secret file of a trial holds: our token under every name that is asked for."""
    return {
        name: TOKEN
        for sink in vector_config.our_sinks(config).values()
        for name in vector_config.secret_names(sink)
    }
