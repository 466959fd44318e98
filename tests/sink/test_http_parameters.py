"""Parameters of reading routes: what means nothing is told."""

import pytest

from support.running import running


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("/api/records?filtre=job:a", "unknown parameter 'filtre'; did you mean 'filter'?"),
        ("/api/records?since=5m", "unknown parameter 'since'; known are filter, before, after,"),
        ("/api/records?limit=1&limit=2", "limit: expected once, found 2 times"),
        ("/api/stream?last_event=x", "unknown parameter 'last_event'; did you mean 'last_event_id"),
        ("/api/jobs?sorted=key", "unknown parameter 'sorted'; did you mean 'sort'?"),
        ("/api/workers?worker=w-1", "unknown parameter 'worker'; "),
        ("/api/queues?sort=key", "unknown parameter 'sort'; known are key, after, limit"),
        ("/api/traces/4bf92f3577b34da6a3ce929d0e0e4736?x=1", "'x'; none is known here"),
        ("/api/info?x=1", "'x'; none is known here"),
        ("/api/ledger?job=a", "'job'; none is known here"),
        (f"/api/records?{'y' * 500}=1", f"unknown parameter '{'y' * 32}'; known are"),
    ],
)
async def test_a_parameter_that_means_nothing_is_named_with_the_nearest_right_one(
    path: str, says: str
) -> None:
    async with running() as sink:
        answer = await sink.get(path)

        assert answer.status == 400
        assert says in answer.json["detail"]
        assert len(answer.body) < 300


@pytest.mark.parametrize("path", ["/livez?verbose", "/readyz?x=1", "/metrics?name=a", "/ingest?x"])
async def test_what_probes_and_agents_ask_takes_any_query(path: str) -> None:
    async with running() as sink:
        assert (await sink.get(path)).status == 200


async def test_a_batch_is_not_lost_to_a_parameter() -> None:
    async with running() as sink:
        assert (await sink.post(b'{"message":"hello"}', "/ingest?source=x")).status == 200
