"""Links from a trace id to the page of a tracing product that shows it.

A link comes only from a template of the configuration and checked ids, never from a record's
text (guarantee G5).
"""

import re
from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Final, NamedTuple
from urllib.parse import quote, urlsplit

from ttwire import trace

MAX_URL_CHARACTERS: Final = 2_083
"""What terminals and browsers take; a longer link is none."""

PLACEHOLDERS: Final[dict[str, str]] = {
    "trace_id": "32 lower-case hex digits",
    "trace_id_xray": "the same as AWS X-Ray writes it: 1-8 digits-24 digits",
    "trace_id_low64": "the last 16 hex digits",
    "trace_id_low64_dec": "the last 64 bits as a decimal number, as Datadog counts",
    "span_id": "16 lower-case hex digits; its part of the query is left out where there is none",
    "span_id_dec": "the span id as a decimal number; left out likewise",
    "start_s": "one hour before the record, in epoch seconds",
    "end_s": "one hour after the record, in epoch seconds",
    "start_ms": "the same in milliseconds",
    "end_ms": "the same in milliseconds",
}

WINDOW_SECONDS: Final = 3_600
"""Around the record: some products look at the last hours only unless told the time."""

_PLACEHOLDER: Final = re.compile(r"\{([a-z0-9_]*)\}")
_URL: Final = re.compile(r"https?://[!-~]+")


class Preset(NamedTuple):
    """A product's page; `needs` are the names its template wants besides the ids."""

    template: str
    needs: tuple[str, ...]


_GRAFANA: Final = quote(
    '{"t":{"datasource":"<datasource>","queries":[{"refId":"A","datasource":{"type":"tempo",'
    '"uid":"<datasource>"},"queryType":"traceql","query":"<trace_id>"}],'
    '"range":{"from":"<start_ms>","to":"<end_ms>"}}}',
    safe="<>",
)

PRESETS: Final[dict[str, Preset]] = {
    "jaeger": Preset("{base}/trace/{trace_id}?uiFind={span_id}", ("base",)),
    "tempo": Preset(
        "{base}/explore?schemaVersion=1&orgId=1&panes="
        + _GRAFANA.replace("<", "{").replace(">", "}"),
        ("base", "datasource"),
    ),
    "zipkin": Preset("{base}/zipkin/traces/{trace_id}", ("base",)),
    "datadog": Preset(
        "https://app.{site}/apm/trace/{trace_id}?spanID={span_id_dec}&timeHint={start_ms}",
        ("site",),
    ),
    "honeycomb": Preset(
        "https://ui.honeycomb.io/{team}/environments/{environment}/datasets/{dataset}/trace"
        "?trace_id={trace_id}&span={span_id}&trace_start_ts={start_s}&trace_end_ts={end_s}",
        ("team", "environment", "dataset"),
    ),
    "elastic": Preset("{base}/app/apm/link-to/trace/{trace_id}", ("base",)),
    "sentry": Preset("https://{org}.sentry.io/explore/traces/trace/{trace_id}/", ("org",)),
    "xray": Preset(
        "https://{region}.console.aws.amazon.com/cloudwatch/home?region={region}"
        "#xray:traces/{trace_id_xray}",
        ("region",),
    ),
    "gcp": Preset(
        "https://console.cloud.google.com/traces/list?project={project}&tid={trace_id}",
        ("project",),
    ),
    "signoz": Preset("{base}/trace/{trace_id}?spanId={span_id}", ("base",)),
    "uptrace": Preset("{base}/traces/{trace_id}", ("base",)),
}


class LinkError(ValueError):
    """A template cannot be used; its text says what was found and what would be right."""


def preset(name: str, values: Mapping[str, str]) -> str:
    """The template of a product, with what belongs to one installation filled in.

    `base` is taken as it is (a URL without its last slash); other values are URL-encoded.

    Raises:
        LinkError: an unknown product, a value missing or unknown, or a template that is no URL.
    """
    known = PRESETS.get(name)
    if known is None:
        raise LinkError(f"no link preset {name!r}; there are {', '.join(PRESETS)}")
    if missing := [need for need in known.needs if not values.get(need)]:
        raise LinkError(f"link preset {name!r} needs {', '.join(missing)}")
    if extra := sorted(set(values) - set(known.needs)):
        raise LinkError(f"link preset {name!r} takes {', '.join(known.needs)}, not {extra[0]!r}")
    template = known.template
    for need in known.needs:
        value = values[need].rstrip("/") if need == "base" else quote(values[need], safe=".")
        template = template.replace("{" + need + "}", value)
    check(template)
    return template


def check(template: str) -> None:
    """Raises LinkError where a template can make no link."""
    for name in _PLACEHOLDER.findall(template):
        if name not in PLACEHOLDERS:
            raise LinkError(f"unknown placeholder {{{name}}}; there are {', '.join(PLACEHOLDERS)}")
    if not any("{" + name in template for name in ("trace_id", "span_id")):
        raise LinkError("a link template names no trace: put {trace_id} where the id belongs")
    filled = _PLACEHOLDER.sub("0", template)
    if not _URL.fullmatch(filled) or not urlsplit(filled).hostname:
        raise LinkError("a link template is an http:// or https:// URL without spaces")
    host = urlsplit(template).netloc
    if "{" in host:
        raise LinkError(f"the host of a link template is fixed, not {host!r}")
    if len(template) > MAX_URL_CHARACTERS:
        raise LinkError(f"a link template has at most {MAX_URL_CHARACTERS} characters")


def url(
    template: str, trace_id: str, span_id: str | None = None, at_seconds: float | None = None
) -> str | None:
    """The link of one trace, or None where the ids are not canonical or it would be too long.

    `at_seconds`: the record's time in epoch seconds, for products that want a window. Parts of
    the query whose value is not known are left out.
    """
    if trace.trace_id(trace_id) != trace_id:
        return None
    values = {
        "trace_id": trace_id,
        "trace_id_xray": trace.xray(trace_id),
        "trace_id_low64": trace.low64(trace_id),
        "trace_id_low64_dec": trace.low64_decimal(trace_id),
    }
    if span_id is not None and trace.span_id(span_id) == span_id:
        values |= {"span_id": span_id, "span_id_dec": str(int(span_id, 16))}
    if at_seconds is not None:
        start, end = int(at_seconds) - WINDOW_SECONDS, int(at_seconds) + WINDOW_SECONDS
        values |= {"start_s": str(start), "end_s": str(end)}
        values |= {"start_ms": str(start * 1000), "end_ms": str(end * 1000)}
    elif "%22from%22" in template:
        # Grafana reads its own relative times in the same place.
        values |= {"start_ms": "now-1h", "end_ms": "now"}
    path, question, rest = template.partition("?")
    query, sharp, fragment = rest.partition("#")
    if question:
        kept = [part for part in query.split("&") if _known(part, values)]
        path = path + ("?" + "&".join(kept) if kept else "") + sharp + fragment
    if not _known(path, values):
        return None
    filled = _PLACEHOLDER.sub(lambda match: values[match[1]], path)
    return filled if len(filled) <= MAX_URL_CHARACTERS else None


def _known(part: str, values: Mapping[str, str]) -> bool:
    return all(name in values for name in _PLACEHOLDER.findall(part))


def choose(templates: Mapping[str, str], *, job: str | None, service: str | None) -> str | None:
    """The template for a record, or None where there is none.

    Its job's (a key `job:...`, with `*` as wildcard) before its service's (`service:...`) before
    the one for all (the empty key).
    """
    if job is not None:
        for key, template in templates.items():
            if key.startswith("job:") and fnmatchcase(job, key[4:]):
                return template
    if service is not None and (found := templates.get(f"service:{service}")) is not None:
        return found
    return templates.get("")
