"""A tracing backend of the configuration: which URLs one trace may be asked for, and how.

Ids are checked before a URL is built and redirects are not followed, so that nothing a record
or a request says can make the sink talk to another host.
"""

from collections.abc import Callable
from typing import Final, Literal, NamedTuple
from urllib.parse import urlsplit

import msgspec

from ttsink.traces import shapes as trace_shapes
from ttwire import trace
from ttwire.span import Span

Kind = Literal["jaeger", "jaeger_v3", "tempo", "tempo_v2", "zipkin"]

MAX_ANSWER_BYTES: Final = 16 * 1024 * 1024
"""Of one backend's answer; a larger trace is told as too large, not read on."""


class BackendError(ValueError):
    """A backend of the configuration cannot be used; its text says which and why."""


class Backend(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`url` is the base, as in a browser's address bar; `headers` are sent with each request.

    `token_file` holds a bearer token. `tenant` is Tempo's `X-Scope-OrgID`.
    """

    kind: Kind
    url: str
    name: str = ""
    headers: dict[str, str] = {}
    token_file: str = ""
    tenant: str = ""
    timeout_seconds: float = 5.0
    ca_file: str = ""
    insecure: bool = False

    @property
    def label(self) -> str:
        return self.name or self.kind


class Shape(NamedTuple):
    path: str
    read: Callable[[bytes], list[Span]]


SHAPES: Final[dict[Kind, Shape]] = {
    "jaeger": Shape("/api/traces/{}", trace_shapes.jaeger),
    "jaeger_v3": Shape("/api/v3/traces/{}", trace_shapes.resource_spans),
    "tempo": Shape("/api/traces/{}", trace_shapes.resource_spans),
    "tempo_v2": Shape("/api/v2/traces/{}", trace_shapes.resource_spans),
    "zipkin": Shape("/api/v2/trace/{}", trace_shapes.zipkin),
}


def check(backend: Backend) -> None:
    """Raises BackendError where a backend can never be asked."""
    parts = urlsplit(backend.url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise BackendError(f"backend {backend.label!r}: url is no http:// or https:// URL")
    if parts.username is not None or parts.query or parts.fragment:
        raise BackendError(
            f"backend {backend.label!r}: url takes no user, query or fragment; "
            "credentials go into headers or token_file"
        )
    if not 0 < backend.timeout_seconds <= 60:
        raise BackendError(f"backend {backend.label!r}: timeout_seconds is over 0 and at most 60")


def url(backend: Backend, trace_id: str) -> str:
    """Where one trace is asked for.

    Raises:
        ValueError: the id is not canonical; nothing of it may reach a URL.
    """
    if trace.trace_id(trace_id) != trace_id:
        raise ValueError("not a canonical trace id")
    asked = trace_id
    if backend.kind == "zipkin" and trace_id.startswith("0" * 16):
        # Zipkin finds 64-bit traces only by their 16 digits.
        asked = trace_id[16:]
    return backend.url.rstrip("/") + SHAPES[backend.kind].path.format(asked)


def headers(backend: Backend, token: str | None) -> dict[str, str]:
    sent = {"Accept": "application/json"} | backend.headers
    if backend.tenant:
        sent["X-Scope-OrgID"] = backend.tenant
    if token:
        sent["Authorization"] = f"Bearer {token}"
    return sent
