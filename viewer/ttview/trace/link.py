"""The link of a record's trace: from the sink's templates and checked ids, never from its text."""

from functools import lru_cache
from typing import Any, Final

from ttview.times import epoch_seconds
from ttwire import link, trace
from ttwire.about import About
from ttwire.record import Record

LINKS_REMEMBERED: Final = 4_096
"""URLs of records on recent screens, so that a frame makes only those of its new rows."""

_HOLDERS: Final = ("resources", "resource", "attributes", "labels")
"""Fields in which senders keep what is said of the whole process."""

NO_LINK: Final = "no link is set up for traces: the sink's configuration names one ([links])"


def url(record: Record, about: About | None) -> str | None:
    """The page of the record's trace; None where it has none, or the sink no template for it."""
    if about is None or record.trace_id is None or not about.links:
        return None
    chosen = link.choose(about.links, job=record.job, service=service(record))
    if chosen is None:
        return None
    return _url(chosen, record.trace_id, record.span_id, record.timestamp)


def service(record: Record) -> str | None:
    """The service a record says it is of: `service`, `service.name`, also in the resource."""
    found = _service(record.fields)
    for name in _HOLDERS:
        if found is None and isinstance(inner := record.fields.get(name), dict):
            found = _service(inner)
            if found is None and isinstance(deeper := inner.get("attributes"), dict):
                found = _service(deeper)
    return found


def _service(fields: dict[str, Any]) -> str | None:
    for name in ("service.name", "service", "service_name"):
        value = fields.get(name)
        if isinstance(value, dict):
            value = value.get("name")
        if isinstance(value, str) and value:
            return value
    return None


def widened(trace_id: str, known: str) -> str:
    """The whole id, where `known` is it and `trace_id` its low 64 bits only, as Datadog logs."""
    is_low = trace_id.startswith("0" * trace.SPAN_ID_DIGITS)
    return known if is_low and known and trace.low64(known) == trace.low64(trace_id) else trace_id


@lru_cache(LINKS_REMEMBERED)
def _url(template: str, trace_id: str, span_id: str | None, timestamp: str) -> str | None:
    return link.url(template, trace_id, span_id, epoch_seconds(timestamp))
