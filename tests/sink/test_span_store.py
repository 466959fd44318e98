"""Spans that were sent here: kept once, bounded, found by 64-bit ids too."""

from hypothesis import given, settings
from hypothesis import strategies as st

from ttsink.traces.span_store import MIB, SPAN_OVERHEAD_BYTES, SpanSettings, SpanStore
from ttwire.span import Span

TRACES = [f"{n:016x}{n + 7:016x}" for n in range(1, 9)]


def span(trace_id: str, number: int, size: int = 10, kind: str | None = None) -> Span:
    return Span(f"{number:016x}", "x" * size, 1, 1, trace_id=trace_id, kind=kind)


def test_a_span_sent_twice_is_kept_once_as_it_came_last() -> None:
    store = SpanStore(SpanSettings())

    store.add([span(TRACES[0], 1), span(TRACES[0], 1, size=30)])

    assert [len(s.name) for s in store.get(TRACES[0])] == [30]
    assert store.spans == 1


def test_a_shared_id_of_client_and_server_is_two_spans() -> None:
    store = SpanStore(SpanSettings())

    store.add([span(TRACES[0], 1, kind="client"), span(TRACES[0], 1, kind="server")])

    assert len(store.get(TRACES[0])) == 2


def test_the_trace_unheard_of_for_longest_makes_room() -> None:
    store = SpanStore(SpanSettings(max_bytes=MIB))
    big = MIB // 2 - 1_000

    store.add([span(TRACES[0], 1, big), span(TRACES[1], 1, big - 1_000)])
    store.add([span(TRACES[0], 2, 10)])
    store.add([span(TRACES[2], 1, big)])

    assert store.get(TRACES[1]) == []
    assert len(store.get(TRACES[0])) == 2
    assert (store.evicted, store.bytes <= MIB) == (1, True)


def test_one_trace_cannot_take_all_and_what_was_refused_is_counted() -> None:
    store = SpanStore(SpanSettings(max_spans_per_trace=10))

    kept = store.add([span(TRACES[0], n) for n in range(15)])

    assert (kept, store.refused, len(store.get(TRACES[0]))) == (10, 5, 10)


def test_a_64_bit_id_finds_the_128_bit_trace_and_the_other_way_round() -> None:
    whole, short = "ab" * 8 + "12" * 8, "0" * 16 + "12" * 8
    other = "cd" * 8 + "12" * 8
    store = SpanStore(SpanSettings())
    store.add([span(whole, 1), span(short, 2), span(other, 3)])

    assert {s.span_id[-1] for s in store.get(whole)} == {"1", "2"}
    assert {s.span_id[-1] for s in store.get(short)} == {"1", "2", "3"}


@given(
    st.lists(
        st.tuples(st.sampled_from(TRACES), st.integers(1, 6), st.integers(0, 200_000)), max_size=60
    )
)
@settings(max_examples=60, deadline=None)
def test_the_account_of_bytes_and_spans_holds_after_any_history(
    history: list[tuple[str, int, int]],
) -> None:
    store = SpanStore(SpanSettings(max_bytes=MIB))
    for trace_id, number, size in history:
        store.add([span(trace_id, number, size)])
        held = [line for kept in store._traces.values() for line in kept.spans.values()]

        assert store.spans == len(held)
        assert store.bytes == sum(len(line) + SPAN_OVERHEAD_BYTES for line in held)
        assert store.bytes <= MIB + 200_000 + 1_000
