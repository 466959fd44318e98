"""Job, worker and queue states over real sockets."""

import json

from support.running import running
from ttwire import sse, state

BATCH = b"\n".join(
    json.dumps(record).encode()
    for record in (
        {"job": "mail-1", "worker": "w-1", "queue": "mail", "message": "job started"},
        {"job": "mail-1", "worker": "w-1", "queue": "mail", "message": "job finished"},
        {"job": "mail-2", "worker": "w-2", "queue": "mail", "message": "job started"},
        {"job": "bulk-1", "worker": "w-2", "queue": "bulk", "message": "job failed: no space",
         "level": "error"},
    )
)  # fmt: skip


async def test_pages_of_jobs_workers_and_queues() -> None:
    async with running() as sink:
        await sink.post(BATCH)
        jobs = (await sink.get("/api/jobs", params={"sort": "state"})).json
        failed = (await sink.get("/api/jobs", params={"state": "failed"})).json
        workers = (await sink.get("/api/workers", params={"sort": "key"})).json
        queues = (await sink.get("/api/queues")).json

    assert [(job["key"], job["state"]) for job in jobs["jobs"]] == [
        ("bulk-1", "failed"),
        ("mail-2", "running"),
        ("mail-1", "succeeded"),
    ]
    assert [job["key"] for job in failed["jobs"]] == ["bulk-1"]
    assert [(w["key"], w.get("jobs")) for w in workers["workers"]] == [
        ("w-1", None),
        ("w-2", ["mail-2"]),
    ]
    assert [(q["key"], q.get("running"), q.get("failed")) for q in queues["queues"]] == [
        ("bulk", None, 1),
        ("mail", 1, None),
    ]


async def test_a_stream_that_asked_for_it_is_told_what_changed() -> None:
    async with running() as sink, sink.stream(params={"state": "1"}) as stream:
        await stream.until(b":\n")
        await sink.post(BATCH)
        await stream.until(b"event: state\n")
        await stream.until(b"\n\n")

    events = sse.Decoder().feed(stream.raw)
    told = [json.loads(event.data) for event in events if event.event == "state"]
    assert {job["key"] for job in told[0]["jobs"]} == {"mail-1", "mail-2", "bulk-1"}
    assert set(told[0]) <= set(state.States.__struct_fields__)
