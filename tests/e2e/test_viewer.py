"""Real programs: `ttsink serve`, and `ttview` in a pseudo-terminal, read through an emulator."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import urllib.request
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from support.emulator import SHELL_MODES
from support.programs import PATHS, ROOT, environment
from support.terminal import Screen, program

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
LINK = "https://jaeger.example/trace/" + TRACE


class Sink(NamedTuple):
    url: str

    def post(self, *records: dict[str, Any]) -> None:
        body = "".join(json.dumps(record) + "\n" for record in records).encode()
        self.send(body)

    def send(self, body: bytes) -> None:
        request = urllib.request.Request(self.url + "/ingest", data=body)
        with urllib.request.urlopen(request) as answer:
            assert answer.status == 200


@pytest.fixture(scope="module")
def sink(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sink]:
    home = tmp_path_factory.mktemp("sink")
    settings = home / "sink.toml"
    settings.write_text('[links.templates]\n"" = "https://jaeger.example/trace/{trace_id}"\n')
    command = [sys.executable, "-m", "ttsink", "serve", "--listen", "127.0.0.1:0"]
    with subprocess.Popen(
        [*command, "--journal", "off", "--config", str(settings)],
        env=environment(home),
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        url = next(line.split()[-1] for line in process.stderr if "listening on" in line)
        yield Sink(url)
        process.terminate()


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    return environment(tmp_path)


def mail(count: int, **more: Any) -> list[dict[str, Any]]:
    return [
        {"job": "mail-1", "worker": "w-1", "level": "info", "message": f"sent {n}", **more}
        for n in range(count)
    ]


def log(screen: Screen) -> str:
    """Without the list at the side, which names each job's last line."""
    return "\n".join(line[26:] for line in screen.lines)


def restored(screen: Screen) -> bool:
    """The terminal is as a shell left it."""
    return (
        screen.emulator.modes == SHELL_MODES
        and screen.emulator.title == "shell"
        and screen.emulator.titles == []
        and screen.emulator.link is None
        and screen.cooked
    )


def test_a_jobs_lines_are_there_narrowed_by_a_filter_and_new_ones_come_by_themselves(
    sink: Sink, env: dict[str, str]
) -> None:
    sink.post(*mail(30))
    with program(["ttview", sink.url], env) as screen:
        screen.until("sent 29")
        assert "mail-1" in screen.text
        assert screen.emulator.title.startswith("ttview: ")

        sink.post({"job": "bill-9", "level": "error", "message": "card refused"})
        screen.until("card refused")

        screen.press("/job:bill-9\r")
        screen.until(lambda: "sent 29" not in log(screen))
        assert "card refused" in screen.text
        assert "job:bill-9" in screen.emulator.title

        sink.post({"job": "bill-9", "message": "tried again"}, *mail(3))
        screen.until("tried again")
        assert "sent 2" not in log(screen)

        screen.press("\x03")
        assert screen.wait() == 0
        assert restored(screen)
        assert screen.emulator.unknown == []


def test_trace_ids_are_links_to_the_sinks_template(sink: Sink, env: dict[str, str]) -> None:
    other = TRACE.replace("4", "5")
    sink.post(
        {"job": "linked", "message": "first", "trace_id": TRACE},
        {"job": "linked", "message": "no trace"},
        {"job": "linked", "message": "second", "trace_id": other},
    )
    with program(["ttview", sink.url, "--filter", "job:linked"], env, columns=120) as screen:
        screen.until("second")
        screen.until(lambda: any(map(screen.emulator.links, range(24))))
        found = {
            screen.lines[row][26:].partition("linked")[2].split()[0]: screen.emulator.links(row)
            for row in range(24)
            if "linked" in screen.lines[row][26:] and "filter" not in screen.lines[row]
        }

    shown = {name: [target for _, target in links] for name, links in found.items()}
    assert shown == {"first": [LINK], "no": [], "second": [LINK.replace(TRACE, other)]}
    assert found["first"][0][0].strip() in TRACE


def test_it_draws_anew_when_the_window_changes(sink: Sink, env: dict[str, str]) -> None:
    sink.post(*mail(5))
    with program(["ttview", sink.url], env) as screen:
        screen.until("sent 4")
        screen.resize(12, 60)
        screen.until(lambda: "quit" in screen.lines[-1] or "FOLLOW" in screen.lines[0][:60])
        screen.resize(40, 140)
        screen.until(lambda: screen.lines[0].endswith("FOLLOW") and len(screen.lines[0]) > 130)


def test_the_mouse_is_off_until_asked_for_and_reports_no_motion(
    sink: Sink, env: dict[str, str]
) -> None:
    with program(["ttview", sink.url], env) as screen:
        screen.until("FOLLOW")
        assert screen.emulator.modes & {"1000", "1002", "1003", "1006", "1015"} == set()
        screen.press("\x1bOQ")
        screen.until(lambda: "1000" in screen.emulator.modes)
        assert screen.emulator.modes & {"1002", "1003", "1015"} == set()
        screen.press("\x03")
        assert screen.wait() == 0
        assert restored(screen)


@pytest.mark.parametrize(
    "number",
    [signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1, signal.SIGALRM],
)
def test_a_signal_restores_the_terminal_and_takes_its_effect(
    sink: Sink, env: dict[str, str], number: signal.Signals
) -> None:
    with program(["ttview", sink.url], env) as screen:
        screen.until("FOLLOW")
        screen.press("\x1bOQ")
        screen.until(lambda: "1000" in screen.emulator.modes)
        screen.send(number)

        assert screen.wait() == -number
        assert restored(screen)
        assert "Traceback" not in screen.text


@pytest.mark.skipif(shutil.which("sh") is None, reason="suspending needs a shell with job control")
def test_suspending_gives_the_shell_its_terminal_and_coming_back_draws_anew(
    sink: Sink, env: dict[str, str], tmp_path: Path
) -> None:
    sink.post(*mail(5))
    script = tmp_path / "shell.py"
    # -m: job control, as an interactive shell has it.
    shell = f"set -m; {sys.executable} -m ttview {sink.url}; echo STOPPED; read x; fg; echo DONE"
    script.write_text(f"import os; os.execvp('sh', ['sh', '-c', {shell!r}])")
    env["PYTHONPATH"] += os.pathsep + str(tmp_path)
    with program(["shell"], env) as screen:
        screen.until("sent 4")
        screen.press("\x1a")
        screen.until("STOPPED")
        assert restored(screen)

        screen.press("\r")
        screen.until(lambda: "sent 4" in screen.text and "1049" in screen.emulator.modes)
        screen.press("\x03")
        screen.until("DONE")
        assert screen.wait() == 0
        assert restored(screen)


HOSTILE = [
    "\x1b]0;owned\x07title",
    "\x1b]52;c;b3duZWQ=\x07clipboard",
    "\x1b]8;;https://evil.example\x1b\\link",
    "\x1b[2J\x1b[Hcleared",
    "\x1b[?1049lleft",
    "\x9b2J\x9d0;owned\x9cc1",
    "\x01\x1b[31m\x02zero width escape",
    "\x1bP$q\x1b\\dcs \x90x\x9c \x1b_apc\x1b\\",
    "\u202egnihsihp\u202c \u2066x\u2069",
    "zero\u200bwidth\ufeff\u2060",
    "tags \U000e0048\U000e0069",
    "line\u2028par\u2029end",
    "bell\x07 del\x7f nul\x00 back\x08\x08\x08",
    "e" + "\u0301" * 500,
    "👨\u200d👩\u200d👧 🇩🇪 ❤\ufe0f",
    "cr\rover",
    "\x1b[21t\x1b[6n\x1b[c",
]


def hostile_records() -> list[dict[str, Any]]:
    return [
        {
            "job": f"evil-{at}\x1b[31m",
            "worker": text[:20],
            "level": "error",
            "message": text,
            "trace_id": TRACE,
            text[:30]: text,
        }
        for at, text in enumerate(HOSTILE)
    ]


def controls(text: str) -> set[str]:
    """What a terminal would act on, beside line ends."""
    return {c for c in text if c != "\n" and not c.isprintable()}


def test_no_byte_of_a_hostile_record_acts_on_the_terminal(sink: Sink, env: dict[str, str]) -> None:
    """G5, in the bytes a real terminal got: shown, opened, scrolled, copied, in the title."""
    sink.post(*hostile_records())
    sink.send(b'{"job":"evil-x","message":"\xff\xfe \xc2\x9b31m"}\n\x1b[2Jnot json\x9b\n')
    with program(["ttview", sink.url, "--filter", "job:evil-*"], env, rows=40) as screen:
        screen.until("cr^Mover")
        screen.press("\r")
        screen.until("message")
        for keys in ("jjjj", "y", "\x1b", "k", "Y", "k", "w", "p", "S", "w"):
            screen.press(keys)
            screen.idle(0.15)
        screen.press("/job:evil-1\x1b")
        screen.idle(0.2)
        screen.press("\x03")
        screen.wait()
        assert restored(screen)

    assert screen.emulator.unknown == []
    sent = screen.raw.decode()
    assert set(re.findall(r"\x1b\](\d+);", sent)) <= {"2", "8", "52"}
    assert set(re.findall(r"\x1b\]8;id=t\d+;([^\x1b]*)", sent)) <= {LINK}
    assert all("evil.example" not in title for title in re.findall(r"\x1b\]2;([^\x1b]*)", sent))
    assert set(re.findall(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", sent)) <= {
        *("\x1b", "\r", "\n", "\b", "\x07")
    }
    assert screen.emulator.clipboard, "copying over SSH or without a desk goes through OSC 52"
    for copied in screen.emulator.clipboard:
        text = b64decode(copied.partition(";")[2]).decode()
        assert controls(text.replace("\t", "")) == set()


@pytest.mark.parametrize("form", ["text", "logfmt", "json"])
def test_no_byte_of_a_hostile_record_acts_on_a_terminal_it_is_tailed_to(
    sink: Sink, env: dict[str, str], form: str
) -> None:
    sink.post(*hostile_records())
    arguments = ["ttview", "tail", "job:evil-*", "--url", sink.url, "-o", form, "--color", "never"]
    with program(arguments, env, columns=400) as screen:
        assert screen.wait() == 0

    text = screen.raw.decode().replace("\r\n", "\n")
    assert controls(text) == set()
    assert text.count("\n") >= len(HOSTILE)


@pytest.mark.parametrize("how", ["NO_COLOR", "--color", "TTVIEW_COLOR"])
def test_without_colour_it_is_read_all_the_same(sink: Sink, env: dict[str, str], how: str) -> None:
    sink.post({"job": "plain", "level": "error", "message": "in words", "trace_id": TRACE})
    flags = ["--color", "never"] if how == "--color" else []
    more = {"NO_COLOR": "1"} if how == "NO_COLOR" else {}
    more |= {"TTVIEW_COLOR": "never"} if how == "TTVIEW_COLOR" else {}
    with program(["ttview", sink.url, "--filter", "job:plain", *flags], env | more) as screen:
        screen.until("in words")
        assert "ERROR" in log(screen)
        numbers = {
            int(number)
            for found in re.findall(rb"\x1b\[([\d;]*)m", screen.raw)
            for number in found.split(b";")
            if number
        }
        assert {n for n in numbers if 30 <= n <= 49 or 90 <= n <= 107} == set()


def test_on_a_dumb_terminal_it_prints_lines(sink: Sink, env: dict[str, str]) -> None:
    sink.post(*mail(3))
    with program(["ttview", sink.url], env, term="dumb") as screen:
        screen.until("sent 2")
        screen.press("\x03")
        assert screen.wait() == 130
        assert b"\x1b" not in screen.raw


def test_nobody_at_the_address_is_said_on_the_screen_with_the_next_try(
    env: dict[str, str],
) -> None:
    with program(["ttview", "127.0.0.1:1"], env) as screen:
        screen.until("cannot connect to 127.0.0.1:1")
        screen.press("\x03")
        assert screen.wait() == 0
        assert restored(screen)


@pytest.fixture
def with_engine(env: dict[str, str], tmp_path: Path) -> dict[str, str]:
    """The metadata an installed tracetail has, without installing it."""
    folder = tmp_path / "installed" / "tracetail-0.dist-info"
    folder.mkdir(parents=True)
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: tracetail\nVersion: 0\n")
    published = re.search(
        r'^\[project\.entry-points\."(.+)"\]\n(\w+) = "(.+)"$',
        (ROOT / "pyproject.toml").read_text(),
        re.MULTILINE,
    )
    assert published is not None
    (folder / "entry_points.txt").write_text("[{}]\n{} = {}\n".format(*published.groups()))
    return {**env, "PYTHONPATH": PATHS + os.pathsep + str(folder.parent)}


def test_files_are_shown_and_followed_without_a_sink(
    with_engine: dict[str, str], tmp_path: Path
) -> None:
    path = tmp_path / "app.log"
    path.write_bytes(b"".join(json.dumps(record).encode() + b"\n" for record in mail(40)))
    with program(["ttview", str(path)], with_engine) as screen:
        screen.until("sent 39")
        screen.until("mail-1")
        with path.open("ab") as file:
            file.write(b'{"level":"error","message":"written later"}\n')
        screen.until("written later")
        screen.press("/level:error\r")
        screen.until(lambda: "sent 39" not in log(screen))
        screen.press("\x03")
        assert screen.wait() == 0
        assert restored(screen)


def test_a_pipe_is_shown_and_the_keyboard_still_works(
    with_engine: dict[str, str],
) -> None:
    reading, writing = os.pipe()
    try:
        os.write(writing, b"plain text\nlevel=warn msg=fmt job=a\n")
        with program(["ttview", "-"], with_engine, stdin=reading) as screen:
            screen.until("plain text")
            os.write(writing, b"one more\n")
            screen.until("one more")
            screen.press("/level:warn\r")
            screen.until(lambda: "plain text" not in log(screen))
            screen.press("\x03")
            assert screen.wait() == 0
            assert restored(screen)
    finally:
        os.close(reading)
        os.close(writing)


def test_files_are_printed_where_there_is_no_terminal(
    with_engine: dict[str, str], tmp_path: Path
) -> None:
    path = tmp_path / "app.log"
    path.write_bytes(b'{"level":"info","message":"a\\u001b[2Jb"}\nplain\n')

    def ttview(*arguments: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            [sys.executable, "-m", "ttview", *arguments],
            env=with_engine,
            input=given,
            capture_output=True,
            check=False,
            timeout=30,
        )

    printed = ttview(str(path))
    piped = ttview("-", "--filter", "two", given=b"one\ntwo\n")
    none = ttview("-", "--filter", "three", given=b"one\ntwo\n")

    assert [line.split(b" ", 1)[1] for line in printed.stdout.splitlines()] == [
        b"INFO  a^[[2Jb",
        b"-     plain",
    ]
    assert piped.stdout.endswith(b"two\n")
    assert piped.stdout.count(b"\n") == 1
    assert (printed.returncode, piped.returncode, none.returncode) == (0, 0, 1)
    assert printed.stderr == b""


@contextmanager
def served(home: Path, listen: str, *more: str) -> Iterator[tuple[Sink, "subprocess.Popen[str]"]]:
    """A sink with a journal, which the test may kill."""
    command = [sys.executable, "-m", "ttsink", "serve", "--listen", listen]
    with subprocess.Popen(
        [*command, "--data-dir", str(home / "data"), *more],
        env=environment(home),
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        url = next(line.split()[-1] for line in process.stderr if "listening on" in line)
        try:
            yield Sink(url), process
        finally:
            process.kill()


def test_a_sink_that_was_killed_and_came_back_is_gone_on_with_and_nothing_is_missed(
    env: dict[str, str], tmp_path: Path
) -> None:
    with served(tmp_path, "127.0.0.1:0") as (sink, process):
        sink.post(*mail(3))
        with program(["ttview", sink.url], env) as screen:
            screen.until("sent 2")
            process.kill()
            process.wait()
            screen.until("OFFLINE")
            assert "sent 2" in screen.text

            with served(tmp_path, sink.url.removeprefix("http://")) as (again, _):
                again.post(*({"job": "mail-1", "message": f"later {n}"} for n in range(3)))
                screen.until("later 2")
                screen.until("FOLLOW")
                rows = [
                    line for line in log(screen).split("\n") if re.search(r"(sent|later) \d", line)
                ]
                assert [re.findall(r"(?:sent|later) \d", row)[0] for row in rows] == [
                    *("sent 0", "sent 1", "sent 2", "later 0", "later 1", "later 2")
                ]
                screen.press("\x03")
                assert screen.wait() == 0


def test_a_page_beyond_what_was_replayed_comes_from_the_sink(
    sink: Sink, env: dict[str, str]
) -> None:
    for start in range(0, 6000, 1000):
        sink.post(*({"job": "long", "message": f"step {n:04}"} for n in range(start, start + 1000)))
    with program(["ttview", sink.url, "--filter", "job:long"], env) as screen:
        screen.until("step 5999")
        for _ in range(12):
            screen.press("g")
            screen.idle(0.2)
        screen.until("step 0000")
        screen.press("G")
        screen.until("step 5999")
        screen.press("\x03")
        assert screen.wait() == 0


def test_it_opens_at_a_record_that_was_linked_to(sink: Sink, env: dict[str, str]) -> None:
    sink.post(*({"job": "at", "message": f"place {n:03}"} for n in range(300)))
    with urllib.request.urlopen(f"{sink.url}/api/records?filter=job:at&limit=300") as answer:
        wanted = json.load(answer)["records"][100]["id"]
    with program(["ttview", sink.url, "--at", wanted], env) as screen:
        screen.until("place 100")
        screen.until("PAUSED")
        assert "place 299" not in log(screen)
        screen.press("gc")
        screen.until(lambda: bool(screen.emulator.clipboard))
        copied = b64decode(screen.emulator.clipboard[-1].partition(";")[2]).decode()
        assert copied.startswith(f"ttview {sink.url}")
        screen.press("\x03")
        assert screen.wait() == 0


def test_the_commands_read_a_real_sink(sink: Sink, env: dict[str, str]) -> None:
    sink.post(*({"job": "cmd", "worker": "w-7", "message": f"m {n}"} for n in range(2500)))

    def ttview(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "ttview", *arguments],
            env={**env, "TTVIEW_URL": sink.url},
            capture_output=True,
            check=False,
            text=True,
            timeout=60,
        )

    everything = ttview("tail", "job:cmd", "-o", "json")
    records = [json.loads(line) for line in everything.stdout.splitlines()]
    assert [record["message"] for record in records] == [f"m {n}" for n in range(2500)]
    newest = ttview("tail", "job:cmd", "-n", "1200", "-o", "json").stdout.splitlines()
    assert newest == everything.stdout.splitlines()[-1200:]
    one = ttview("record", records[77]["id"], "-o", "json")
    assert json.loads(one.stdout) == records[77]
    assert ttview("jobs", "cmd").stdout.splitlines()[1].split()[0] == "cmd"
    assert ttview("workers", "w-7", "-o", "json").returncode == 0
    followed = ttview("tail", "job:cmd", "-n", "2", "--fail-on", '"m 2499"', "-o", "json")
    assert followed.stdout.splitlines() == newest[-2:]
    assert ttview("record", "0-1").returncode == 1


def test_a_sink_that_wants_a_token_says_so_and_is_read_with_it(
    env: dict[str, str], tmp_path: Path
) -> None:
    right, wrong = tmp_path / "right", tmp_path / "wrong"
    right.write_text("s3cret-token-of-a-test\n")
    wrong.write_text("another-token\n")
    with served(tmp_path, "127.0.0.1:0", "--read-token-file", str(right)) as (sink, _):
        sink.post(*mail(2))
        tail = [sys.executable, "-m", "ttview", "tail", "--url", sink.url]
        refused = subprocess.run(tail, env=env, capture_output=True, check=False, text=True)
        assert (refused.returncode, refused.stdout) == (4, "")
        assert refused.stderr.startswith("ttview: ")
        taken = subprocess.run(
            [*tail, "--token-file", str(right)], env=env, capture_output=True, check=False
        )
        assert (taken.returncode, taken.stdout.count(b"\n")) == (0, 2)

        with program(["ttview", sink.url, "--token-file", str(wrong)], env) as screen:
            screen.until(lambda: "token" in screen.text)
            wrong.write_text(right.read_text())
            screen.press("\x12")
            screen.until("sent 1")
            screen.press("\x03")
            assert screen.wait() == 0
            assert b"s3cret" not in screen.raw
