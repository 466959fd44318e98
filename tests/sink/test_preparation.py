"""Bodies prepared in a process beside the server: the same as on the loop, come what may."""

import asyncio
import os
import signal
import socket
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import pytest

from support.captures import names, request
from support.running import eventually, running
from ttsink.bodies.encoding import decode
from ttsink.bodies.limits import DEFAULT, BodyRefused
from ttsink.dialects.fields import FieldMapping
from ttsink.intake import beside, frame
from ttsink.intake import process as process_module
from ttsink.intake.line import Asked, Line, Turns
from ttsink.intake.preparation import INLINE_BYTES, Preparation
from ttsink.intake.prepare import SLICE_RECORDS, Prepared, Setup, Task
from ttsink.intake.process import PrepareProcess, ProcessGone, _Channel
from ttsink.intake.slots import NO_MEMORY, NO_SLOT, SLOT_BYTES, SLOTS, Slots, create
from ttsink.redact.settings import OwnRule, RedactionSettings
from ttsink.states.lifecycle import Rule

RECEIVED = "2026-01-02T03:04:05.000000Z"
TASK = Task("batch", "application/x-ndjson", "vector", RECEIVED)
SETUP = Setup(
    fields=FieldMapping(job=("unit_of_work",)),
    redaction=RedactionSettings(rules=(OwnRule("ticket", r"TICKET-\d{4}", ("TICKET-",)),)),
    redaction_key=b"k" * 32,
    rules=(Rule(system="ours", state="failed", message=r"gave up for good"),),
)


PREPARER = SETUP.preparer(SETUP.redactor())


def inline(task: Task, body: bytes) -> Prepared:
    return PREPARER.prepare(task, body)


def lines(count: int, seed: int = 1) -> bytes:
    random = Random(seed)
    return b"\n".join(
        msgspec.json.encode(
            {
                "unit_of_work": f"digest-{random.randrange(40)}",
                "worker": f"w-{random.randrange(5)}",
                "level": random.choice(["info", "error", None]),
                "message": random.choice(
                    ["step done", "for a@b.example", "TICKET-1234 is open", "gave up for good"]
                ),
                "attempt": random.choice([None, 1, 2]),
                "n": random.random(),
            }
        )
        for _ in range(count)
    )


def environ_of(process: PrepareProcess) -> bytes:
    return Path(f"/proc/{process.pid}/environ").read_bytes()


def is_back(process: PrepareProcess) -> bool:
    process.want()
    return process.is_ready()


class Failures:
    def __init__(self) -> None:
        self.count = 0

    def add(self) -> None:
        self.count += 1


@pytest.fixture
async def process() -> AsyncIterator[PrepareProcess]:
    made = PrepareProcess(frame.Start(SETUP, "json"), lambda: None)
    made.want()
    await eventually(made.is_ready)
    yield made
    await made.aclose()
    assert made.pid is None


async def test_what_a_process_makes_of_a_body_is_what_the_loop_would(
    process: PrepareProcess,
) -> None:
    bodies = [lines(3_000), lines(2, seed=2), b"plain\ntext", b"", b"\xff{", b'[{"a":1},"x",7]']

    answers = await asyncio.gather(*(process.prepare(TASK, body) for body in bodies))

    assert answers == [inline(TASK, body) for body in bodies]
    assert answers[0].told.redactions.keys() == {"email", "ticket"}
    verdicts = answers[0].told.columns.verdicts
    assert verdicts is not None
    assert {"failed"} == {verdict.state for verdict in verdicts.values()}
    assert answers[0].batch().record(0).job is not None


async def test_every_capture_survives_the_way_there_and_back(process: PrepareProcess) -> None:
    forms: dict[str, Any] = {"/v1/logs": "logs", "/v1/traces": "traces"}
    for name in names("fluentbit"):
        given = request("fluentbit", name)
        body = decode(given.body, given.headers.get("content-encoding", ""), DEFAULT)
        form = forms.get(given.path, "batch")
        task = Task(form, given.headers.get("content-type", ""), "fluent-bit", RECEIVED)

        assert await process.prepare(task, body) == inline(task, body), name


async def test_bodies_come_back_whole_whether_they_fit_the_shared_memory_or_not(
    process: PrepareProcess,
) -> None:
    """More at once than there are slots, bodies and answers that are larger than one."""
    large = b"\n".join(b'{"message":"%d %s"}' % (n, b"x" * 900) for n in range(1_300))
    swelling = b"[" + b",".join([b"7"] * 20_000) + b"]"
    bodies = [large, swelling, *(lines(50 + n, seed=n) for n in range(2 * SLOTS))]
    assert len(large) > SLOT_BYTES > len(swelling)

    expected = [inline(TASK, body) for body in bodies]
    assert len(expected[1].text) > SLOT_BYTES
    for _ in range(3):
        assert await asyncio.gather(*(process.prepare(TASK, body) for body in bodies)) == expected


def test_what_one_end_puts_into_a_slot_the_other_gets() -> None:
    descriptor = create()
    server, beside_it = (Slots(descriptor, is_server=end) for end in (True, False))
    os.close(descriptor)
    for slot in range(SLOTS):
        assert server.put(slot, b"to %d" % slot)
        assert beside_it.put(slot, b"from %d" % slot)
    assert server.put(0, b"x" * SLOT_BYTES)
    assert not server.put(0, b"x" * (SLOT_BYTES + 1))
    assert not server.put(NO_SLOT, b"")

    assert [beside_it.get(slot, 4) for slot in range(SLOTS)] == [b"xxxx", b"to 1", b"to 2", b"to 3"]
    assert [server.get(slot, 6) for slot in range(SLOTS)] == [b"from %d" % n for n in range(SLOTS)]
    server.close()
    beside_it.close()


async def test_a_body_that_is_refused_is_refused_there_too(process: PrepareProcess) -> None:
    task = Task("logs", "application/x-protobuf", None, RECEIVED)

    with pytest.raises(BodyRefused) as there:
        await process.prepare(task, b"\xff\xff")
    with pytest.raises(BodyRefused) as here:
        inline(task, b"\xff\xff")

    assert (there.value.status, there.value.code, there.value.detail) == (
        here.value.status,
        here.value.code,
        here.value.detail,
    )
    assert await process.prepare(TASK, b"good") == inline(TASK, b"good")


async def test_a_process_that_is_killed_costs_no_body_and_comes_back() -> None:
    failures = Failures()
    process = PrepareProcess(frame.Start(SETUP, "json"), failures.add)
    preparation = Preparation(lambda: SETUP.preparer(SETUP.redactor()), [process])
    body = lines(400)
    assert len(body) > INLINE_BYTES
    process.want()
    await eventually(process.is_ready)
    first = process.pid
    assert first is not None
    os.kill(first, signal.SIGSTOP)
    under_way = asyncio.gather(*(preparation.prepare(TASK, body) for _ in range(3)))
    await asyncio.sleep(0)
    os.kill(first, signal.SIGKILL)

    assert await under_way == [inline(TASK, body)] * 3
    assert failures.count == 1
    await eventually(lambda: is_back(process))
    assert process.pid != first
    assert await preparation.prepare(TASK, body) == inline(TASK, body)
    await preparation.aclose()


async def test_a_process_that_never_answers_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process_module, "ANSWER_SECONDS", 0.2)
    failures = Failures()
    process = PrepareProcess(frame.Start(SETUP, "json"), failures.add)
    preparation = Preparation(lambda: SETUP.preparer(SETUP.redactor()), [process])
    process.want()
    await eventually(process.is_ready)
    assert process.pid is not None
    os.kill(process.pid, signal.SIGSTOP)

    assert await preparation.prepare(TASK, lines(400)) == inline(TASK, lines(400))
    await eventually(lambda: failures.count == 1)
    await preparation.aclose()


async def test_a_body_that_takes_long_there_holds_up_no_other() -> None:
    process = PrepareProcess(frame.Start(SETUP, "json"), lambda: None)
    preparation = Preparation(lambda: SETUP.preparer(SETUP.redactor()), [process])
    process.want()
    await eventually(process.is_ready)
    assert process.pid is not None
    os.kill(process.pid, signal.SIGSTOP)
    stuck = asyncio.create_task(preparation.prepare(TASK, lines(400)))
    loop = asyncio.get_running_loop()
    await eventually(lambda: process.waited_seconds(loop.time()) > 0.25)

    assert await preparation.prepare(TASK, lines(400, seed=3)) == inline(TASK, lines(400, seed=3))
    assert not stuck.done()
    os.kill(process.pid, signal.SIGCONT)
    assert await stuck == inline(TASK, lines(400))
    await preparation.aclose()


def values(count: int) -> bytes:
    """Lines that take a hundred times as long as others."""
    return b"\n".join(b'{"message":"m%d@example.org"}' % number for number in range(count))


async def test_bodies_of_one_sender_that_take_long_hold_up_no_other_sender() -> None:
    """However many there are, and though they came in at once."""
    process = PrepareProcess(frame.Start(SETUP, "json"), lambda: None)
    preparation = Preparation(lambda: SETUP.preparer(SETUP.redactor()), [process])
    process.want()
    await eventually(process.is_ready)
    slow = values(9_000)
    greedy = [
        asyncio.create_task(preparation.prepare(TASK, slow, None, "greedy")) for _ in range(8)
    ]
    await asyncio.sleep(0)

    answer = await preparation.prepare(TASK, lines(400), None, "modest")

    assert answer == inline(TASK, lines(400))
    assert not all(task.done() for task in greedy)
    assert (await asyncio.gather(*greedy))[0] == inline(TASK, values(9_000))
    await preparation.aclose()


async def test_what_waits_behind_a_slow_body_in_the_process_goes_elsewhere() -> None:
    process = PrepareProcess(frame.Start(SETUP, "json"), lambda: None)
    preparation = Preparation(lambda: SETUP.preparer(SETUP.redactor()), [process])
    process.want()
    await eventually(process.is_ready)
    assert process.pid is not None
    os.kill(process.pid, signal.SIGSTOP)
    slow = preparation.ahead(TASK, lines(400), "greedy")
    assert slow is not None

    async with asyncio.timeout(20):
        answer = await preparation.prepare(TASK, lines(500), None, "modest")

    assert answer == inline(TASK, lines(500))
    assert not slow.done()
    os.kill(process.pid, signal.SIGCONT)
    assert await slow == inline(TASK, lines(400))
    await preparation.aclose()


async def test_a_sender_whose_small_bodies_take_long_has_them_prepared_beside_the_loop() -> None:
    preparation = Preparation(lambda: SETUP.preparer(SETUP.redactor()))
    small = values(400)
    assert len(small) < INLINE_BYTES

    assert preparation.ahead(TASK, small, "dear") is None
    expected = await preparation.prepare(TASK, small, None, "dear")
    answer = preparation.ahead(TASK, small, "dear")

    assert answer is not None
    assert await answer == expected
    assert preparation.ahead(TASK, small, "another") is None
    await preparation.aclose()


async def test_a_thread_is_kept_for_those_who_have_none() -> None:
    preparation = Preparation(lambda: SETUP.preparer(SETUP.redactor()))
    greedy = [preparation.ahead(TASK, values(3_000), "greedy") for _ in range(4)]

    modest = await preparation.prepare(TASK, lines(400), None, "modest")

    assert modest == inline(TASK, lines(400))
    done = [answer.done() for answer in greedy if answer is not None]
    assert len(done) == 4
    assert sum(done) < 3
    await asyncio.gather(*(answer for answer in greedy if answer is not None))
    await preparation.aclose()


async def test_where_the_system_gives_no_thread_the_loop_prepares(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    preparation = Preparation(lambda: SETUP.preparer(SETUP.redactor()))
    with monkeypatch.context() as poor:
        poor.setattr(threading.Thread, "start", refuse)
        prepared = await preparation.prepare(TASK, lines(400))

    assert prepared == inline(TASK, lines(400))
    await preparation.aclose()


async def test_a_body_nobody_waits_for_any_more_has_no_turn() -> None:
    loop = asyncio.get_running_loop()
    line: Line[Asked] = Line()
    asked = [Asked(TASK, b"%d" % n, f"s{n % 2}", loop.create_future()) for n in range(5)]
    for one in asked:
        line.join(one)
    asked[2].answer.cancel()

    order = [line.next(), line.next(), line.next(lambda sender: sender == "s1")]
    assert order == [asked[0], asked[1], asked[3]]
    line.rejoin(asked[0])
    assert [line.next(), line.next(), line.next()] == [asked[0], asked[4], None]
    assert len(line) == 0


async def test_a_place_goes_to_the_sender_whose_turn_it_is() -> None:
    turns = Turns(1)
    order: list[str] = []

    async def work(sender: str) -> None:
        async with turns.turn(sender):
            order.append(sender)
            await asyncio.sleep(0)

    tasks = [asyncio.create_task(work(sender)) for sender in ("a", "a", "a", "a", "b", "c")]
    await asyncio.sleep(0)
    tasks[1].cancel()
    await asyncio.gather(*tasks, return_exceptions=True)

    assert order == ["a", "a", "b", "c", "a"]
    async with asyncio.timeout(1), turns.turn("d"):
        pass


async def test_a_place_given_to_one_that_is_cancelled_goes_on_to_the_next() -> None:
    turns = Turns(1)
    go_on = asyncio.Event()

    async def work(sender: str) -> None:
        async with turns.turn(sender):
            await go_on.wait()

    tasks = [asyncio.create_task(work(sender)) for sender in "abc"]
    await asyncio.sleep(0)
    go_on.set()
    await asyncio.sleep(0)  # `a` leaves now, and gives its place to `b`
    tasks[1].cancel()

    async with asyncio.timeout(1):
        await asyncio.gather(*tasks, return_exceptions=True)
    assert not tasks[2].cancelled()


async def test_it_is_not_started_for_small_bodies_and_can_be_closed_at_any_moment() -> None:
    process = PrepareProcess(frame.Start(SETUP, "json"), lambda: None)
    preparation = Preparation(lambda: SETUP.preparer(SETUP.redactor()), [process])

    assert await preparation.prepare(TASK, lines(3)) == inline(TASK, lines(3))
    assert process._task is None
    process.want()
    await asyncio.sleep(0)
    await preparation.aclose()
    assert process.pid is None


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))  # noqa: PTH208  a count


@pytest.mark.parametrize(
    ("place", "error"),
    [
        (f"{process_module.__name__}.subprocess.Popen", BlockingIOError(11, "no process")),
        (f"{process_module.__name__}.socket.socketpair", OSError(24, "no descriptor")),
        (f"{process_module.__name__}.asyncio.to_thread", RuntimeError("no thread")),
        ("mmap.mmap", OSError(12, "no memory")),
    ],
)
async def test_what_a_start_lacks_costs_nothing_and_is_tried_again(
    monkeypatch: pytest.MonkeyPatch, place: str, error: Exception
) -> None:
    def fail(*_args: object, **_named: object) -> None:
        raise error

    monkeypatch.setattr(process_module, "MIN_REST_SECONDS", 0.01)
    failures = Failures()
    process = PrepareProcess(frame.Start(SETUP, "json"), failures.add)
    process._rest = 0.01
    before = descriptors()
    with monkeypatch.context() as broken:
        broken.setattr(place, fail)
        process.want()
        await eventually(lambda: failures.count == 1)
        assert descriptors() == before
    await eventually(lambda: process._task is None)
    await eventually(lambda: is_back(process))
    await process.aclose()


async def test_where_there_is_no_memory_to_share_all_goes_through_the_socket(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """And no file takes its place: bodies are not redacted yet."""

    def refuse(_name: str) -> int:
        raise OSError(38, "Function not implemented")

    monkeypatch.setattr(os, "memfd_create", refuse)
    process = PrepareProcess(frame.Start(SETUP, "json"), lambda: None)
    process.want()
    await eventually(process.is_ready)

    bodies = [lines(400), lines(5_000)]
    answers = await asyncio.gather(*(process.prepare(TASK, body) for body in bodies))
    assert answers == [inline(TASK, body) for body in bodies]
    await process.aclose()


async def test_it_closes_at_once_though_a_body_was_not_taken(process: PrepareProcess) -> None:
    assert process.pid is not None
    os.kill(process.pid, signal.SIGSTOP)
    answer = process.prepare(TASK, lines(30_000))

    async with asyncio.timeout(5):
        await process.aclose()
    assert isinstance(answer.exception(), ProcessGone)


async def test_no_file_where_the_server_was_started_is_taken_for_a_module(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "mmap.py").write_text("raise SystemExit(3)\n")
    monkeypatch.chdir(tmp_path)
    process = PrepareProcess(frame.Start(SETUP, "json"), lambda: None)
    process.want()
    await eventually(process.is_ready)
    await process.aclose()


async def test_no_token_of_the_server_is_in_its_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TTSINK_INGEST_TOKEN", "a-very-secret-token")
    process = PrepareProcess(frame.Start(SETUP, "json"), lambda: None)
    process.want()
    await eventually(process.is_ready)

    environ = environ_of(process)
    assert b"a-very-secret-token" not in environ
    assert b"PYTHONPATH" in environ
    await process.aclose()


def memory() -> Slots:
    return Slots(NO_MEMORY, is_server=False)


class Sent(asyncio.WriteTransport):
    """Takes what is sent, and sends it nowhere."""

    def write(self, data: bytes | bytearray | memoryview) -> None:
        pass


async def test_answers_are_read_wherever_the_bytes_are_cut() -> None:
    expected = [inline(TASK, lines(3)), inline(TASK, b"x")]
    sent = frame.head(frame.Hello())
    for told, text in expected:
        sent += frame.head(told, len(text)) + text
    for cut in range(1, len(sent), 7):
        channel = _Channel(memory())
        channel._transport = Sent()
        answers: list[asyncio.Future[Prepared]] = []
        for piece in (sent[:cut], sent[cut:]):
            left = piece
            while left:
                room = channel.get_buffer(-1)
                size = min(len(room), len(left))
                room[:size] = left[:size]
                channel.buffer_updated(size)
                left = left[size:]
                if channel.greeted and not answers:
                    answers = [channel.send(TASK, b"") for _ in expected]
        assert [answer.result() for answer in answers] == expected


def test_the_process_ends_quietly_when_the_server_is_gone(
    capfd: pytest.CaptureFixture[str],
) -> None:
    ours, theirs = socket.socketpair()
    ours.sendall(frame.head(frame.Start(Setup(limits=DEFAULT), "json")))
    ours.sendall(frame.head(TASK, 100) + b"only a part of it")
    ours.shutdown(socket.SHUT_WR)

    assert beside.run(theirs, memory()) == 0
    ours.close()
    theirs.close()
    assert capfd.readouterr().err == ""


def test_a_fault_there_is_logged_without_a_byte_of_the_body(
    capfd: pytest.CaptureFixture[str],
) -> None:
    ours, theirs = socket.socketpair()
    ours.sendall(frame.head(frame.Start(Setup(limits=DEFAULT), "json")))
    ours.sendall(frame.HEAD.pack(12, 6, NO_SLOT) + b"no message!!" + b"secret")

    assert beside.run(theirs, memory()) == beside.EXIT_FAULT
    ours.close()
    theirs.close()
    told = capfd.readouterr().err
    assert "prepares batches failed" in told
    assert "secret" not in told
    assert "no message" not in told


async def test_what_was_answered_can_be_read_at_once() -> None:
    """Rings and states take a large batch in a moment later; who asks waits for that moment."""
    async with running() as sink:
        for number in range(1, 9):
            answer = await sink.post(lines(500, seed=number))
            assert answer.json["accepted"] == 500
            total = (await sink.get("/api/ledger")).json["total"]
            assert (total["accepted"], total["retained"]) == (500 * number, 500 * number)
            newest = (await sink.records(limit="1"))[0]
            assert newest["id"].endswith(f"-{500 * number}")


async def test_a_job_that_is_in_one_part_of_a_huge_batch_is_counted_like_the_others() -> None:
    body = b"\n".join(
        b'{"job":"%s","message":"%d"}' % (b"early" if number < 100 else b"late", number)
        for number in range(20_000)
    )
    async with running() as sink:
        assert (await sink.post(body)).json == {"accepted": 20_000, "rejected": 0}
        jobs = (await sink.get("/api/jobs")).json["jobs"]
        metrics = (await sink.get("/metrics")).body

    assert {job["key"]: job["records"] for job in jobs} == {"early": 100, "late": 19_900}
    assert b'ttsink_internal_errors_total{stage="view"}' not in metrics


def long_body() -> tuple[bytes, list[int], list[int]]:
    """More records than are worked on together; the places of failed ones and of cut ones."""
    count = 2 * SLICE_RECORDS + 10
    failed = [1, SLICE_RECORDS - 1, SLICE_RECORDS, 2 * SLICE_RECORDS + 3]
    cut = [2, SLICE_RECORDS + 2, 2 * SLICE_RECORDS + 5]
    told = [f"step {place} done" for place in range(count)]
    for place in failed:
        told[place] = "gave up for good"
    for place in cut:
        told[place] = "x" * (DEFAULT.max_record_bytes + 1)
    body = b"\n".join(msgspec.json.encode({"message": text, "n": n}) for n, text in enumerate(told))
    return body, failed, cut


def test_a_body_of_many_records_is_marked_where_it_says_so() -> None:
    body, failed, cut = long_body()

    told, text = inline(TASK, body)

    assert told.columns.verdicts is not None
    assert sorted(told.columns.verdicts) == failed
    assert told.columns.truncated == cut
    numbers = [msgspec.json.decode(line)["fields"]["n"] for line in text.splitlines()]
    assert numbers == list(range(len(numbers)))


def test_records_no_dialect_can_read_are_kept_as_text_in_their_place(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    preparer = SETUP.preparer(SETUP.redactor())
    read, calls = preparer.dialects.records, 0

    def fail_in_the_second_slice(values: Any, **given: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == 2:
            raise ValueError
        return read(values, **given)

    monkeypatch.setattr(preparer.dialects, "records", fail_in_the_second_slice)
    body, _failed, _cut = long_body()

    told, text = preparer.prepare(TASK, body)

    assert told.failures == {"dialect": 1}
    assert text == inline(TASK, body).text
