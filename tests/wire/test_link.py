"""Links come from a template and checked ids, and from nothing else."""

import json
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ttwire import link
from ttwire.link import PLACEHOLDERS, PRESETS, LinkError

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
SPAN = "00f067aa0ba902b7"
VALUES = {
    "base": "https://traces.example.com/ui/",
    "datasource": "tempo uid",
    "site": "datadoghq.eu",
    "team": "ops",
    "environment": "prod",
    "dataset": "jobs",
    "org": "acme",
    "region": "eu-west-1",
    "project": "acme-prod",
}

EXPECTED = {
    "jaeger": f"https://traces.example.com/ui/trace/{TRACE}?uiFind={SPAN}",
    "zipkin": f"https://traces.example.com/ui/zipkin/traces/{TRACE}",
    "datadog": f"https://app.datadoghq.eu/apm/trace/{TRACE}"
    "?spanID=67667974448284343&timeHint=1767319200000",
    "honeycomb": "https://ui.honeycomb.io/ops/environments/prod/datasets/jobs/trace"
    f"?trace_id={TRACE}&span={SPAN}&trace_start_ts=1767319200&trace_end_ts=1767326400",
    "elastic": f"https://traces.example.com/ui/app/apm/link-to/trace/{TRACE}",
    "sentry": f"https://acme.sentry.io/explore/traces/trace/{TRACE}/",
    "xray": "https://eu-west-1.console.aws.amazon.com/cloudwatch/home?region=eu-west-1"
    "#xray:traces/1-4bf92f35-77b34da6a3ce929d0e0e4736",
    "gcp": f"https://console.cloud.google.com/traces/list?project=acme-prod&tid={TRACE}",
    "signoz": f"https://traces.example.com/ui/trace/{TRACE}?spanId={SPAN}",
    "uptrace": f"https://traces.example.com/ui/traces/{TRACE}",
}


def template(name: str) -> str:
    return link.preset(name, {need: VALUES[need] for need in PRESETS[name].needs})


@pytest.mark.parametrize("name", EXPECTED)
def test_a_preset_opens_the_trace_in_its_product(name: str) -> None:
    assert link.url(template(name), TRACE, SPAN, 1_767_322_800.5) == EXPECTED[name]


def test_tempo_opens_in_grafana_explore() -> None:
    made = link.url(template("tempo"), TRACE, None, 1_767_322_800.0)

    assert made is not None
    pane = json.loads(parse_qs(urlsplit(made).query)["panes"][0])["t"]
    assert pane["datasource"] == "tempo uid"
    assert pane["queries"][0]["query"] == TRACE
    assert pane["range"] == {"from": "1767319200000", "to": "1767326400000"}


def test_every_preset_is_held_to_what_it_should_be() -> None:
    assert set(EXPECTED) | {"tempo"} == set(PRESETS)


@pytest.mark.parametrize("name", PRESETS)
def test_what_is_not_known_is_left_out_and_the_trace_still_opens(name: str) -> None:
    made = link.url(template(name), TRACE)

    assert made is not None
    assert "{" not in made
    assert TRACE in made.replace("-", "")


@pytest.mark.parametrize(
    "bad",
    ["", "0" * 32, TRACE[:16], TRACE.upper(), f"{TRACE}\x1b]8;;", "../" + TRACE[3:], TRACE + "0"],
)
def test_only_a_canonical_id_makes_a_link(bad: str) -> None:
    assert link.url("https://t.example/{trace_id}", bad) is None


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        ("https://t.example/{trace}", r"unknown placeholder \{trace\}"),
        ("https://t.example/", "names no trace"),
        ("ftp://t.example/{trace_id}", "http:// or https://"),
        ("https://t.example/{trace_id} x", "without spaces"),
        ("https://{trace_id}.example/", "host of a link template is fixed"),
        ("javascript:alert('{trace_id}')", "http:// or https://"),
        ("https://t.example/{trace_id}?" + "x" * 3_000, "at most"),
    ],
)
def test_a_template_that_can_make_no_link_is_refused(bad: str, says: str) -> None:
    with pytest.raises(LinkError, match=says):
        link.check(bad)


@pytest.mark.parametrize(
    ("name", "values", "says"),
    [
        ("jagger", {}, "no link preset 'jagger'; there are jaeger"),
        ("jaeger", {}, "needs base"),
        ("jaeger", {"base": "https://x", "site": "y"}, "not 'site'"),
        ("jaeger", {"base": "not a url"}, "http://"),
    ],
)
def test_a_preset_that_is_wrongly_filled_says_so(
    name: str, values: dict[str, str], says: str
) -> None:
    with pytest.raises(LinkError, match=says):
        link.preset(name, values)


def test_the_nearest_template_wins() -> None:
    templates = {"": "all", "service:api": "of the service", "job:mail-*": "of the job"}

    assert link.choose(templates, job="mail-7", service="api") == "of the job"
    assert link.choose(templates, job="bulk-7", service="api") == "of the service"
    assert link.choose(templates, job=None, service="web") == "all"
    assert link.choose({}, job="a", service="b") is None


@given(st.text(max_size=40), st.text(max_size=20), st.floats(0, 4e9))
def test_whatever_the_ids_a_link_is_printable_and_of_the_templates_host(
    trace_id: str, span_id: str, at: float
) -> None:
    made = link.url("https://t.example/{trace_id}?s={span_id}&t={start_ms}", trace_id, span_id, at)

    assert made is None or (made.isascii() and made.isprintable())
    assert made is None or urlsplit(made).hostname == "t.example"


def test_every_placeholder_can_be_filled() -> None:
    whole = "https://t.example/" + "/".join("{" + name + "}" for name in PLACEHOLDERS)

    assert link.url(whole, TRACE, SPAN, 1_767_322_800.0) is not None
