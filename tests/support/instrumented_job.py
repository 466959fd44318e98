"""A small job program as people write them, instrumented with the official OpenTelemetry SDK.

    PYTHONPATH=tests python -m support.instrumented_job SINK_URL

`api` takes a request and puts a job into a queue; `renderer` takes it out, fails at the first
attempt, tries again, and succeeds. Spans and log lines go to the sink over OTLP/HTTP. Prints the
trace id.
"""

import logging
import queue
import sys
import threading
from typing import Any, NamedTuple

from opentelemetry import propagate, trace
from opentelemetry._logs import SeverityNumber
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import SpanKind, Status, StatusCode

JOB = "invoice.render-8812"


class Service(NamedTuple):
    """One process of a system; here two share one, each with providers of its own."""

    spans: TracerProvider
    logs: LoggerProvider

    def log(self, level: SeverityNumber, message: str, **attributes: Any) -> None:
        self.logs.get_logger("job").emit(
            severity_number=level, body=message, attributes={"job": JOB, **attributes}
        )

    def close(self) -> None:
        self.spans.shutdown()
        self.logs.shutdown()


def service(name: str, sink: str) -> Service:
    resource = Resource({"service.name": name, "service.instance.id": f"{name}-1"})
    spans = TracerProvider(resource=resource, shutdown_on_exit=False)
    spans.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(f"{sink}/v1/traces")))
    logs = LoggerProvider(resource=resource, shutdown_on_exit=False)
    logs.add_log_record_processor(BatchLogRecordProcessor(OTLPLogExporter(f"{sink}/v1/logs")))
    return Service(spans, logs)


def enqueue(api: Service, jobs: "queue.Queue[dict[str, str]]") -> str:
    """The request: returns the trace id."""
    tracer = api.spans.get_tracer("api")
    with tracer.start_as_current_span("POST /invoices", kind=SpanKind.SERVER) as request:
        api.log(SeverityNumber.INFO, "invoice accepted")
        with tracer.start_as_current_span("publish mail", kind=SpanKind.PRODUCER):
            carrier: dict[str, str] = {}
            propagate.inject(carrier)
            jobs.put(carrier)
        return format(request.get_span_context().trace_id, "032x")


def work(renderer: Service, jobs: "queue.Queue[dict[str, str]]") -> None:
    """One attempt for each message; a failed one is put back once."""
    tracer = renderer.spans.get_tracer("renderer")
    for attempt in (1, 2):
        carrier = jobs.get()
        with tracer.start_as_current_span(
            "invoice.render",
            context=propagate.extract(carrier),
            kind=SpanKind.CONSUMER,
            attributes={"messaging.destination.name": "mail", "attempt": attempt},
        ) as span:
            renderer.log(SeverityNumber.INFO, f"attempt {attempt} begins", attempt=attempt)
            with tracer.start_as_current_span("SELECT invoice", kind=SpanKind.CLIENT) as query:
                query.set_attribute("db.system", "postgresql")
                renderer.log(SeverityNumber.DEBUG, "found 12 lines", attempt=attempt)
            try:
                upload(renderer, attempt)
            except OSError as error:
                span.record_exception(error)
                span.set_status(Status(StatusCode.ERROR, str(error)))
                renderer.log(SeverityNumber.WARN, "will be tried again", attempt=attempt)
                jobs.put(carrier)
            else:
                renderer.log(SeverityNumber.INFO, "rendered", attempt=attempt)


def upload(renderer: Service, attempt: int) -> None:
    tracer = renderer.spans.get_tracer("renderer")
    with tracer.start_as_current_span("PUT object", kind=SpanKind.CLIENT) as span:
        span.set_attribute("http.response.status_code", 503 if attempt == 1 else 200)
        if attempt == 1:
            renderer.log(SeverityNumber.ERROR, "storage answered 503", attempt=attempt)
            raise OSError("storage answered 503")


def main(sink: str) -> str:
    logging.disable()
    api, renderer = service("api", sink), service("renderer", sink)
    jobs: queue.Queue[dict[str, str]] = queue.Queue()
    worker = threading.Thread(target=work, args=(renderer, jobs))
    worker.start()
    trace_id = enqueue(api, jobs)
    worker.join()
    api.close()
    renderer.close()
    return trace_id


if __name__ == "__main__":
    trace.set_tracer_provider(TracerProvider())
    print(main(sys.argv[1]))
