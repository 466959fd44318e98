"""A job program of the official OpenTelemetry SDK, its trace read from the real screen."""

import re
import subprocess
import sys
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from support.instrumented_job import JOB
from support.programs import ROOT, environment
from support.terminal import Screen, program

SETTINGS = """\
[links]
preset = "jaeger"
values = { base = "https://jaeger.example" }
[links.templates]
"service:renderer" = "https://render.example/t/{trace_id}/{span_id}"
"""


class Traced(NamedTuple):
    url: str
    trace_id: str


@pytest.fixture(scope="module")
def traced(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Traced]:
    home = tmp_path_factory.mktemp("sink")
    (home / "sink.toml").write_text(SETTINGS)
    command = [sys.executable, "-m", "ttsink", "serve", "--listen", "127.0.0.1:0"]
    with subprocess.Popen(
        [*command, "--journal", "off", "--config", str(home / "sink.toml")],
        env=environment(home),
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stderr is not None
            url = next(line.split()[-1] for line in process.stderr if "listening on" in line)
            job = subprocess.run(
                [sys.executable, "-m", "support.instrumented_job", url],
                env={**environment(home), "PYTHONPATH": str(ROOT / "tests"), "PYTHONWARNINGS": ""},
                capture_output=True,
                text=True,
                check=True,
                timeout=60,
            )
            yield Traced(url, job.stdout.strip())
        finally:
            process.terminate()


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    return environment(tmp_path)


def below(screen: Screen) -> list[str]:
    """The messages in the list under the bars."""
    rows = screen.lines
    start = next((n for n, row in enumerate(rows) if "records of " in row), len(rows))
    found = [re.split(rf"{re.escape(JOB)} ", row) for row in rows[start + 1 : -2]]
    return [parts[1].strip() for parts in found if len(parts) == 2]


def go_to_next(screen: Screen, title: str, *messages: str) -> None:
    """A frame may come in pieces: what is wanted may take a moment."""
    screen.press("j")
    screen.until(f"records of {title}")
    screen.until(lambda: below(screen) == list(messages))


def bars(screen: Screen) -> list[str]:
    return [row for row in screen.lines if re.match(r"^.(ap|re) ", row)]


def test_the_waterfall_has_each_attempt_and_each_log_line_on_its_span(
    traced: Traced, env: dict[str, str]
) -> None:
    filter_ = f"job:{JOB} accepted"
    with program(["ttview", traced.url, "--filter", filter_], env, rows=40, columns=140) as screen:
        screen.until("invoice accepted")
        screen.press("T")
        screen.until("POST /invoices: 1")
        screen.until("2 failed")

        screen.until(lambda: below(screen) == ["invoice accepted"])
        found = bars(screen)
        assert traced.trace_id in screen.text
        assert "8 spans" in screen.text
        names = [re.split(r"(?:api|renderer) ", row[4:])[1] for row in found]
        assert [re.split(r"\s{2,}", name)[0] for name in names] == [
            *("POST /invoices", "publish mail"),
            *("invoice.render", "SELECT invoice", "PUT object") * 2,
        ]
        assert [row[0] for row in found] == list("○○✗ ✗   ")

        go_to_next(screen, "publish mail: 0")
        go_to_next(screen, "invoice.render: 2", "attempt 1 begins", "will be tried again")
        go_to_next(screen, "SELECT invoice: 1", "found 12 lines")
        go_to_next(screen, "PUT object: 1", "storage answered 503")
        go_to_next(screen, "invoice.render: 2", "attempt 2 begins", "rendered")

        screen.press("A")
        screen.until("records of the trace: 8")


def test_links_are_the_ones_of_each_service_and_are_copied_whole(
    traced: Traced, env: dict[str, str]
) -> None:
    env = {**env, "SSH_CONNECTION": "a 1 b 2"}
    with program(
        ["ttview", traced.url, "--filter", f"job:{JOB} accepted"], env, rows=30, columns=140
    ) as screen:
        screen.until("invoice accepted")
        api = f"https://jaeger.example/trace/{traced.trace_id}?uiFind="
        screen.until(lambda: any(link[1].startswith(api) for link in links(screen)))

        screen.press("\r")
        screen.until("trace link")
        screen.until(lambda: api in screen.text)

        screen.press("T")
        screen.until("POST /invoices: 1")
        screen.until(lambda: [text for text, _ in screen.emulator.links(1)] == [traced.trace_id])
        assert screen.emulator.links(1)[0][1].startswith(api)
        screen.press("jj")
        rendered = f"https://render.example/t/{traced.trace_id}/"
        screen.until(lambda: any(link[1].startswith(rendered) for link in screen.emulator.links(1)))

        screen.press("gx")
        screen.until("over SSH no browser can be opened from here")
        assert rendered in copied(screen)[-1]
        screen.press("gl")
        screen.until(lambda: len(copied(screen)) == 2)
        assert rendered in copied(screen)[-1]
        screen.press("Y")
        screen.until(lambda: copied(screen)[-1] == traced.trace_id)
        assert screen.emulator.unknown == []


def links(screen: Screen) -> list[tuple[str, str]]:
    return [found for row in range(len(screen.lines)) for found in screen.emulator.links(row)]


def copied(screen: Screen) -> list[str]:
    found = re.findall(rb"\x1b\]52;c;([A-Za-z0-9+/=]*)\x07", screen.raw)
    return [b64decode(one).decode() for one in found]


def test_a_value_of_a_span_is_copied_and_the_log_is_filtered_by_it(
    traced: Traced, env: dict[str, str]
) -> None:
    env = {**env, "SSH_CONNECTION": "a 1 b 2"}
    with program(
        ["ttview", traced.url, "--filter", f"job:{JOB} storage"], env, rows=40, columns=140
    ) as screen:
        screen.until("storage answered 503")
        screen.press("T")
        screen.until("PUT object: 1")
        screen.press("d")
        screen.until("http.response.status_code: 503")
        screen.press("JJJJ")
        screen.until(lambda: any("▸span: " in row for row in screen.lines))
        screen.press("y")
        screen.until(lambda: bool(copied(screen)))
        span_id = copied(screen)[0]
        assert re.fullmatch("[0-9a-f]{16}", span_id)

        screen.press("i")
        screen.until(f"span:{span_id}")
        screen.until("storage answered 503")
        screen.press("H")
        screen.until("everything about PUT object")


def test_the_command_prints_the_same_without_a_terminal(
    traced: Traced, env: dict[str, str]
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "ttview", "trace", "--last-error", JOB, "--url", traced.url],
        env=env,
        capture_output=True,
        text=True,
        check=True,
    )

    lines = done.stdout.splitlines()
    bars = [line for line in lines if re.match(r"^.(ap|re) ", line)]
    assert lines[0].split()[:3] == [traced.trace_id, "8", "spans"]
    assert len(bars) == 8
    assert all(re.search("[▏▎▍▌▋▊▉█▐▕•]", line.partition("│")[2]) for line in bars)
    told = {
        line.partition(" span=")[2]: line
        for line in lines
        if "accepted" in line or ": storage" in line or "storage answered 503 span" in line
    }
    assert "invoice accepted" in told["POST /invoices"]
    assert "storage answered 503" in told["PUT object"]
    assert "✗ PUT object: OSError: storage answered 503" in lines
    assert done.stderr == ""
