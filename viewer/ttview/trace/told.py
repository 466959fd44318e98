"""A trace drawn from its records where no span came: of jobs, their attempts and workers.

Spans are exported when they end, so a job that still runs has none; its records are there.
"""

from collections.abc import Sequence
from hashlib import blake2b
from typing import Final

from ttview.times import epoch_seconds
from ttwire.record import Record
from ttwire.span import Span

OPEN_SECONDS: Final = 30.0
"""Heard of within so long, it is drawn as running on."""

_ERRORS: Final = frozenset({"error", "fatal"})


def spans(records: Sequence[Record], *, now: float) -> list[Span]:
    """One span a job, one below it for each attempt on each worker; `now` in epoch seconds.

    They are marked as drawn from records by the attribute `tracetail.from`.
    """
    jobs: dict[str, list[Record]] = {}
    for record in records:
        jobs.setdefault(record.job or record.worker or "records without a job", []).append(record)
    made: list[Span] = []
    for job, told in jobs.items():
        whole = _span(job, None, told, now, service=told[0].queue)
        if whole is None:
            continue
        made.append(whole)
        tries: dict[tuple[int | None, str | None], list[Record]] = {}
        for record in told:
            tries.setdefault((record.attempt, record.worker), []).append(record)
        if len(tries) == 1 and next(iter(tries))[0] is None:
            continue
        for (attempt, worker), part in tries.items():
            name = f"attempt {attempt}" if attempt is not None else "no attempt named"
            inner = _span(f"{job}/{attempt}/{worker}", name, part, now, service=worker)
            if inner is not None:
                made.append(_under(inner, whole.span_id))
    return made


def span_ids(record: Record) -> tuple[str, str]:
    """The ids of the spans that were drawn from a record: its job's, and its attempt's."""
    job = record.job or record.worker or "records without a job"
    return _id(job), _id(f"{job}/{record.attempt}/{record.worker}")


def _id(text: str) -> str:
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def _under(span: Span, parent_id: str) -> Span:
    return Span(
        span.span_id,
        span.name,
        span.start,
        span.duration_us,
        parent_id=parent_id,
        service=span.service,
        status=span.status,
        status_message=span.status_message,
        attributes=span.attributes,
        open=span.open,
    )


def _span(
    key: str, name: str | None, told: Sequence[Record], now: float, *, service: str | None
) -> Span | None:
    times = [at for record in told if (at := epoch_seconds(record.timestamp)) is not None]
    if not times:
        return None
    heard = max((epoch_seconds(record.received) or 0.0) for record in told)
    failed = next((r for r in reversed(told) if r.level in _ERRORS), None)
    start, end = min(times), max(times)
    return Span(
        _id(key),
        name or key,
        round(start * 1e6),
        round((end - start) * 1e6),
        service=service,
        status="error" if failed is not None else "unset",
        status_message=failed.message.partition("\n")[0] if failed is not None else None,
        attributes={"tracetail.from": f"{len(told)} records"},
        open=now - max(heard, end) < OPEN_SECONDS,
    )
