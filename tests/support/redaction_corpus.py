"""A labelled corpus of log lines: with values planted in them, and clean ones that look alike.

The styles are those of the job systems the sink is for. Seeded: the same seed, the same lines.
"""

import json
import urllib.parse
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from random import Random
from typing import Any, NamedTuple

from support import redaction_values as make
from ttsink.redact.redaction import Redactor
from ttwire.record import Record

MIN_TELLING_CHARS = 6
"""A shorter value, a card's code, is found again by chance in ids and digests."""


class Planted(NamedTuple):
    """A value, its kind, and other kinds that name it as well."""

    kind: str
    value: str
    also: tuple[str, ...] = ()


class Line(NamedTuple):
    record: Record
    planted: tuple[Planted, ...]


def _values() -> dict[str, Callable[[Random], tuple[str, Planted]]]:
    """For each kind: a piece of text that holds a value, and the value."""

    def alone(kind: str, shape: Callable[[Random], str], word: str = "") -> Any:
        def made(random: Random) -> tuple[str, Planted]:
            value = shape(random)
            joint = random.choice((" ", ": ", "=", " is "))
            return (f"{word}{joint}{value}" if word else value), Planted(kind, value)

        return made

    made: dict[str, Any] = {
        "email": alone("email", make.email),
        "card": alone("card", make.card),
        "iban": alone("iban", make.iban),
        "phone": lambda r: (
            alone("phone", make.phone)(r)
            if r.random() < 0.5
            else alone("phone", make.local_phone, r.choice(("phone", "Tel", "mobile", "sms to")))(r)
        ),
        "jwt": alone("jwt", make.jwt),
        "private_key": alone("private_key", make.private_key),
    }
    for kind, (_, _, word) in make.NATIONAL.items():
        made[kind] = alone(kind, partial(make.national, kind), word)
    for kind, shapes in make.TOKENS.items():
        made[kind] = alone(kind, partial(make.one_of, shapes))

    def wrapped(
        kind: str, shape: Callable[[Random], str], templates: tuple[str, ...], *also: str
    ) -> Any:
        def made(random: Random) -> tuple[str, Planted]:
            value = shape(random)
            return random.choice(templates).replace("§", value, 1), Planted(kind, value, also)

        return made

    made["password"] = wrapped(
        "password",
        make.password,
        (
            "password=§",
            "PGPASSWORD=§",
            "pwd: '§'",
            '"password": "§"',
            "--password §",
            "passwd=§ ok",
            "curl -su app:§ http://localhost/health",
        ),
    )
    made["secret"] = wrapped(
        "secret",
        make.opaque,
        ("client_secret=§", "SECRET_KEY: §", '{"privateKey":"§"}', "secret='§'"),
    )
    made["token"] = wrapped(
        "token", make.opaque, ("token=§", "access_token: §", '"refreshToken":"§"', "--token §")
    )
    made["api_key"] = wrapped(
        "api_key", make.opaque, ("api_key=§", "X-Api-Key: §", "apikey: '§'", "API-KEY=§")
    )
    made["authorization"] = wrapped(
        "authorization",
        make.opaque,
        ("Authorization: Bearer §", "'authorization': 'Bearer §'", "authorization=Token §"),
        "bearer",
        "token",
    )
    made["bearer"] = wrapped("bearer", make.opaque, ("sent Bearer § along", "with bearer §"))
    made["basic"] = wrapped("basic", make.basic, ("using Basic § for it", "basic §"))
    made["cookie"] = wrapped(
        "cookie",
        lambda r: f"sid={make.opaque(r)}; theme=dark",
        ("Cookie: §", "Set-Cookie: §", "'cookie': '§'"),
    )
    made["url_password"] = wrapped(
        "url_password",
        lambda r: make.text(r, 12),
        (
            "postgres://app:§@db.internal:5432/jobs",
            "amqp://worker:§@mq/",
            "redis://:§@cache:6379/0",
        ),
    )
    made["url_secret"] = wrapped(
        "url_secret",
        make.opaque,
        ("https://blob.example/x?sv=1&sig=§", "GET /callback?code=§", "/files/a?key=§"),
    )
    made["card_code"] = wrapped(
        "card_code", lambda r: make.digits(r, 3), ("cvv=§", "CVC: §", '"cvv2":"§"')
    )
    return made


VALUES = _values()
JOBS = ("email-digest", "invoice-export", "thumbnail", "etl-orders", "billing-run", "sync-crm")


def _prose(random: Random, piece: str) -> str:
    return random.choice(
        (
            "Task app.tasks.send_digest[{uuid}] received: {piece}",
            "[2026-01-02 03:04:05,123: INFO/ForkPoolWorker-{n}] handling {piece}",
            "retry {n} for customer ({piece}), next in 30s",
            "{piece} not found, skipping row {n}",
            "DEBUG hikari: {piece}",
            "processed {n} rows; last was {piece}.",
            'level=info msg="done" attempt={n} note={piece}',
            'Traceback:\n  File "job.py", line {n}, in run\nValueError: bad input {piece}',
            "Error: {piece}\n  at com.example.Job.run(Job.java:{n})",
            "curl -H '{piece}' https://api.example.com/v1/items/{n}",
            "{piece}",
        )
    ).format(uuid=make.uuid(random), n=random.randrange(1, 5000), piece=piece)


def _line(random: Random, kind: str) -> Line:
    piece, planted = VALUES[kind](random)
    fields: dict[str, Any] = {"duration_ms": random.random() * 1000, "rows": random.randrange(9999)}
    message = "row done"
    place = random.choice(("message", "message", "message", "json", "url", "field", "list", "deep"))
    if place == "url" and ("\n" in piece or kind in {"url_password", "url_secret", "cookie"}):
        place = "message"
    match place:
        case "message":
            message = _prose(random, piece)
        case "json":
            inner = json.dumps({"msg": piece, "n": random.randrange(99)}, ensure_ascii=False)
            message = inner if random.random() < 0.5 else json.dumps({"log": inner})
        case "url":
            message = f"GET /search?q={urllib.parse.quote(piece, safe='')}&page=2 200"
        case "field":
            fields["note"] = piece
        case "list":
            fields["args"] = ["x", piece, 3]
        case _:
            fields["context"] = {"user": {"note": piece, "id": random.randrange(10**6)}}
    job = f"{random.choice(JOBS)}-{random.randrange(100)}"
    record = Record(
        timestamp="2026-01-02T03:04:05.123456Z",
        job=job,
        worker=f"w-{random.randrange(12)}",
        level="info",
        message=message,
        trace_id=make.text(random, 32, make.HEX),
        fields=fields,
    )
    return Line(record, (planted,))


def labelled(seed: int, lines_per_kind: int) -> Iterator[Line]:
    """Lines with one planted value each, every kind as often."""
    random = Random(seed)
    for kind in VALUES:
        for _ in range(lines_per_kind):
            yield _line(random, kind)


def _clean_message(random: Random) -> str:
    n = random.randrange(1, 10**6)
    big = make.digits(random, random.choice((8, 10, 12, 13, 16, 17, 18, 19)))
    hexes = make.text(random, random.choice((16, 32, 40, 64)), make.HEX)
    uuid = make.uuid(random)
    return random.choice(
        (
            f"Task app.tasks.resize[{uuid}] succeeded in {random.random() * 9:.9f}s: None",
            f"celery@worker-{n % 9}.prod.example.com ready, {n} tasks",
            f"TID-{make.text(random, 9)} JID-{hexes[:24]} INFO: done: {random.random():.3f} sec",
            f"081109 203615 148 INFO dfs.DataNode: block blk_{big} terminating",
            f"Received block blk_-{big} of size {n} from /10.250.{n % 250}.19",
            f"request {big} took {n} ms",
            f"request_id={big} order_id={big[::-1]} offset={n}",
            f"epoch 17{make.digits(random, 11)} nanos 17{make.digits(random, 17)}",
            f"sha256:{make.text(random, 64, make.HEX)} pulled in {n / 7}s",
            f"commit {make.text(random, 40, make.HEX)} by ci on v{n % 9}.{n % 31}.{n % 7}",
            f"traceparent 00-{make.text(random, 32, make.HEX)}-{hexes[:16]}-01",
            f"GET /api/v2/items/{n}?page={n % 90}&sort=-created_at HTTP/1.1 200 {n} {n % 800}",
            f'10.0.{n % 255}.{n % 250} - - [02/Jan/2026:03:04:05 +0000] "POST /x" 201 {n}',
            f"prompt_tokens: {n}, completion_tokens={n % 512}, max_tokens: 4096",
            "password: incorrect; basic authentication failed, bearer token expired",
            "token: expired, api key: missing, secret: not set",
            f"git clone git@github.com:org/repo-{n}.git at {hexes[:7]}",
            f"installed left-pad@{n % 9}.{n % 7}.{n % 5}, logo@2x.png cached",
            f"java.util.HashMap@{hexes[:8]} com.example.Main$Inner@1b6d3586",
            f'{{"a":{n},"b":[{n / 3},{n / 7}],"id":"{uuid}"}}',
            f"ETA {n % 24:02d}:{n % 60:02d}:{n % 59:02d} at 2026-11-22T10:15:00+01:00, {n % 99}%",
            f"file backup-202611{n % 28 + 1:02d}-10{n % 60:02d}.tar.gz of {big[:10]} bytes",
            f"SELECT * FROM t WHERE id = {n} AND ts > '2026-01-02 03:04:05' -- {n / 11:.6f}",
            f"lat={n / 10**5:.6f} lon=-{n / 10**4:.6f} alt={n % 4000}",
            f"span {hexes[:16]}, xray 1-{hexes[:8]}-{make.text(random, 24, make.HEX)}",
            f"sms batch {big[:8]} queued, call depth {n}, phone pool size {n % 9}",
            f"kubelet: pod web-{hexes[:10]}-{make.text(random, 5)} evicted at {n}",
            f"base64 {make.text(random, 44, make.ALNUM + '+/')} stored under key cache:{n}",
            f"ticket ABC-{n} version 2.{n % 40}.{n % 20}-rc.{n % 4}+build.{n}",
            f"http://localhost:8080/path/@scope/pkg?x={n}#frag, ssh://node-{n % 9}:22",
            f"PWD=/srv/app SHLVL=1 PATH=/usr/bin:/bin PIPESTATUS={n % 2}",
            f"Temporal run {uuid} attempt {n % 5} heartbeat {n}ms url=%2Fjobs%2F{n}%3Fa%3D1",
            f"snowflake {1 + n % 9}{make.digits(random, 17)} shard {n % 16}",
            f"matrix [{n}, {n * 3}, {n * 7}] mean {n / 13} sd {n / 17:.12e}",
            f"pid {n} uid 1000 gid 1000 rss {n * 4096} vsz {n * 65536}",
            f"isbn 978-3-16-14841{n % 10}-0 sku {big[:12]} ean {big[:13]}",
        )
    )


def clean(seed: int, lines: int) -> Iterator[Record]:
    """Lines without a personal value or a secret, full of numbers and ids."""
    random = Random(seed)
    for number in range(lines):
        yield Record(
            timestamp="2026-01-02T03:04:05.123456Z",
            job=f"{random.choice(JOBS)}-{number % 100}",
            worker=f"w-{number % 12}",
            level="info",
            message=_clean_message(random),
            trace_id=make.text(random, 32, make.HEX),
            span_id=make.text(random, 16, make.HEX),
            fields={
                "duration_ms": random.random() * 1000,
                "request_id": make.uuid(random),
                "seq": random.randrange(10**18),
                "parent": make.text(random, 16, make.HEX),
            },
        )


class Score(NamedTuple):
    """Of one rule: values planted, found, and marks where nothing of its kind was planted."""

    planted: int
    found: int
    wrong: int

    @property
    def recall(self) -> float:
        return self.found / self.planted if self.planted else 1.0

    @property
    def precision(self) -> float:
        return self.found / (self.found + self.wrong) if self.found + self.wrong else 1.0


def _shown(record: Record) -> str:
    return json.dumps([record.message, record.fields], ensure_ascii=False)


def missed(redactor: Redactor, line: Line) -> Planted | None:
    """The planted value that is still there, or was marked as something else."""
    clean_records, counts = redactor.records([line.record])
    planted = line.planted[0]
    shown = _shown(clean_records[0])
    forms = {
        planted.value,
        json.dumps(planted.value)[1:-1],
        json.dumps(json.dumps(planted.value))[3:-3],
        urllib.parse.quote(planted.value, safe=""),
    }
    kinds = {planted.kind, *planted.also}
    short = len(planted.value) < MIN_TELLING_CHARS
    if kinds.isdisjoint(counts) or (not short and any(form in shown for form in forms)):
        return planted
    return None


def scores(redactor: Redactor, seed: int, lines_per_kind: int) -> dict[str, Score]:
    planted: Counter[str] = Counter()
    found: Counter[str] = Counter()
    wrong: Counter[str] = Counter()
    for line in labelled(seed, lines_per_kind):
        want = line.planted[0]
        planted[want.kind] += 1
        found[want.kind] += missed(redactor, line) is None
        for kind, count in redactor.records([line.record])[1].items():
            if kind not in {want.kind, *want.also}:
                wrong[kind] += count
    return {kind: Score(planted[kind], found[kind], wrong[kind]) for kind in {**planted, **wrong}}


def false_marks(redactor: Redactor, seed: int, lines: int) -> list[Record]:
    """Clean lines that were marked nevertheless."""
    records = list(clean(seed, lines))
    done, _ = redactor.records(records)
    return [after for before, after in zip(records, done, strict=True) if after is not before]
