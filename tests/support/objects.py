"""Objects as strangers may log them: any value under the names that dialects know."""

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from ttsink.dialects import fields as dialect_fields
from ttsink.dialects.presets import PRESETS

RECEIVED = "2026-11-22T12:00:00.000000Z"
MODERATE = settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)

NAMES = sorted(
    {
        entry
        for preset in PRESETS.values()
        for field in preset.__struct_fields__
        for entry in getattr(preset, field)
        if "{" not in entry and " with " not in entry
    }
    | {
        *(each.partition(" ")[0] for each in dialect_fields.LEVEL),
        *dialect_fields.TRACE_ID,
        *dialect_fields.SPAN_ID,
    }
    | {"job", "worker", "queue", "attempt", "job_id", "task_name", "task_id", "pid", "hostname"}
    | {"contextMap", "mdc.traceId", "headers", "http.request.headers.traceparent"}
    | {
        "involvedObject",
        "regarding",
        "note",
        "kind",
        "attributes",
        "resources",
        "kubernetes",
        "extra",
        "source_type",
        "envelope",
        "n",
        "É.x",
    }
)
WORDS = [
    "info", "WARNING", "notice", "3", "30", "17", "-", "???", "null", "0", "", "file", "w-1",
    "2026-11-22T10:15:01.123456Z", "2026-11-22T10:15:01Z", "2026-11-22T10:15:01.123456789+09:00",
    "2026-02-30T10:15:01Z", "2026-02-29T10:15:01.000000Z", "1767323045", "1970-01-01T00:00:00Z",
    "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7", "0" * 32, "0" * 16,
    "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    "2026-01-02T03:04:05Z INFO [a,4bf92f3577b34da6a3ce929d0e0e4736,00f067aa0ba902b7] 7 - x",
    '{"msg":"inner","level":"error","timestamp":"2026-11-22T10:15:01Z"}', '{"a":', "{}",
    "level=warn job=a msg=hello", "a=1 b=2", "I0102 03:04:05.678901 1 m.go:1] hi",
    "<11>Nov 22 10:15:01 web-1 app: hi", "[2026-01-02 03:04:05,123: INFO/P-1] x",
    "pid=1 tid=a class=B jid=b4a577edbccf1d805744efa9 INFO: start",
]  # fmt: skip
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
LEAVES = (
    st.sampled_from(WORDS)
    | TEXT
    | st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.sampled_from([0, 1, 2, 7, 30, 400, 1767323045, 1767323045123, 1767323045123456789])
    | st.floats(allow_nan=False, allow_infinity=False)
)
KEYS = st.sampled_from(NAMES) | TEXT
OBJECTS = st.recursive(
    st.dictionaries(KEYS, LEAVES, max_size=8),
    lambda inner: st.dictionaries(KEYS, LEAVES | inner | st.lists(LEAVES, max_size=3), max_size=6),
    max_leaves=12,
)
