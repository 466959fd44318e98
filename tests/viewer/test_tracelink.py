"""Links of traces: the sink's template for the job or service, and checked ids."""

from typing import Any

import pytest

from ttview.trace import link as tracelink
from ttwire.about import About
from ttwire.record import Record

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
ALL = "https://all.example/trace/{trace_id}"


def about(**links: str) -> About:
    return About(version="1", epoch="e", links={"": ALL, **links})


def test_a_link_comes_from_the_template_and_a_checked_id_alone() -> None:
    assert tracelink.url(Record(trace_id=TRACE), about()) == ALL.format(trace_id=TRACE)
    assert tracelink.url(Record(trace_id="../" + TRACE), about()) is None
    assert tracelink.url(Record(trace_id=f"{TRACE}\x1b"), about()) is None
    assert tracelink.url(Record(), about()) is None
    assert tracelink.url(Record(trace_id=TRACE), None) is None


@pytest.mark.parametrize(
    "fields",
    [
        {"service": "render"},
        {"service": {"name": "render"}},
        {"service.name": "render"},
        {"resources": {"service.name": "render"}},
        {"resource": {"attributes": {"service.name": "render"}}},
        {"attributes": {"service": {"name": "render"}}},
    ],
)
def test_the_service_is_found_wherever_senders_put_it(fields: dict[str, Any]) -> None:
    found = about(**{"service:render": "https://render.example/{trace_id}"})

    assert tracelink.service(Record(fields=fields)) == "render"
    assert tracelink.url(Record(trace_id=TRACE, fields=fields), found) == (
        f"https://render.example/{TRACE}"
    )


def test_a_jobs_template_comes_before_its_services() -> None:
    found = about(
        **{
            "job:mail-*": "https://mail.example/{trace_id}",
            "service:render": "https://render.example/{trace_id}",
        }
    )
    record = Record(job="mail-7", trace_id=TRACE, fields={"service": "render"})

    assert tracelink.url(record, found) == f"https://mail.example/{TRACE}"


def test_half_an_id_links_to_the_whole_one_once_that_is_known() -> None:
    half = "0" * 16 + TRACE[16:]

    assert tracelink.widened(half, TRACE) == TRACE
    assert tracelink.widened(half, "") == half
    assert tracelink.widened(half, "f" * 32) == half
    assert tracelink.widened(TRACE, "1" * 16 + TRACE[16:]) == TRACE
