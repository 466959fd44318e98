"""Which agent sent a request, from its `User-Agent`."""

from typing import Final

MAX_AGENT_CHARACTERS: Final = 32

_KNOWN: Final = (
    ("vector", "vector"),
    ("fluent-bit", "fluent-bit"),
    ("fluent-plugin", "fluentd"),
    ("fluentd", "fluentd"),
    ("otel", "opentelemetry"),
    ("opentelemetry", "opentelemetry"),
)


def agent_name(user_agent: str | None) -> str | None:
    """`vector`, `fluent-bit`, ...; of an unknown one its product token (RFC 9110 10.1.5)."""
    if not user_agent:
        return None
    text = user_agent[:MAX_AGENT_CHARACTERS].lower()
    for start, name in _KNOWN:
        if text.startswith(start):
            return name
    product = text.partition("/")[0].partition(" ")[0]
    return product if product and product.replace("-", "").replace("_", "").isalnum() else None
