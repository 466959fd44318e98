"""A stand-in for the program `vector`, where none is installed: run as a script.

Understands `validate`, `test` and `--config FILE`; reads the sources file and stdin, runs the
transforms by VRL's compiler and posts to the http sinks, once. It proves that `ttsink check`
runs the program rightly, and nothing about Vector.
"""

import glob
import re
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import yaml

from ttsink.agents.vector_flow import Flow, encoded
from ttsink.agents.vrl import Vrl

READ_AT = "2026-01-02T03:04:09.123456789Z"


def joined(lines: list[str], rule: dict[str, Any] | None) -> Iterator[str]:
    """Vector's multiline mode halt_before."""
    held: list[str] = []
    for line in lines:
        if held and not re.search(rule["condition_pattern"] if rule else "", line):
            held.append(line)
            continue
        if held:
            yield "\n".join(held)
            held = []
        if rule and re.search(rule["start_pattern"], line):
            held = [line]
        else:
            yield line
    if held:
        yield "\n".join(held)


def events(name: str, source: dict[str, Any]) -> list[dict[str, Any]]:
    common = {"host": "web-1", "timestamp": READ_AT}
    if source["type"] == "file":
        return [
            {"message": text, "file": path, "source_type": "file", **common}
            for pattern in source["include"]
            for path in sorted(glob.glob(pattern, recursive=True))  # noqa: PTH207  absolute patterns
            for text in joined(
                Path(path).read_text(encoding="utf-8").splitlines(), source.get("multiline")
            )
        ]
    lines = []
    while line := sys.stdin.buffer.readline():
        lines.append(line.rstrip(b"\n"))
        if len(lines) >= int(sys.argv[-1]):
            break
    if "decoding" in source:
        return [msgspec.json.decode(line) for line in lines]
    return [{"message": line.decode(), "source_type": "stdin", **common} for line in lines]


def main(words: list[str]) -> int:
    if words[0] == "validate":
        held = yaml.safe_load(Path(words[2]).read_text(encoding="utf-8"))
        return 0 if held["sinks"] and held["data_dir"] else 78
    if words[0] == "test":
        return 0
    held = yaml.safe_load(Path(words[1]).read_text(encoding="utf-8"))
    flow = Flow(held, Vrl())
    made = {name: events(name, source) for name, source in held["sources"].items()}
    for name, sink in held["sinks"].items():
        headers = {"User-Agent": "Vector/0.58.0", "Content-Type": "application/x-ndjson"}
        if found := re.match(r"SECRET\[([\w-]+)\.(.+)\]", sink.get("auth", {}).get("token", "")):
            secrets = msgspec.json.decode(Path(held["secret"][found[1]]["path"]).read_bytes())
            headers["Authorization"] = f"Bearer {secrets[found[2]]}"
        body = encoded(flow.delivered(name, made))
        urllib.request.urlopen(urllib.request.Request(sink["uri"], body, headers)).read()
    time.sleep(60)  # noqa: TID251  as the program runs on until it is stopped
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:-1]))
