"""Whole requests as agents sent them, recorded from the agents."""

from pathlib import Path
from typing import NamedTuple

FOLDER = Path(__file__).resolve().parent.parent / "captures"


class Request(NamedTuple):
    path: str
    headers: dict[str, str]
    body: bytes


def request(agent: str, name: str) -> Request:
    head, _, body = (FOLDER / agent / f"{name}.http").read_bytes().partition(b"\r\n\r\n")
    first, *rest = head.decode("latin-1").split("\r\n")
    headers = dict(line.split(": ", 1) for line in rest)
    return Request(first.split(" ")[1], {k.lower(): v for k, v in headers.items()}, body)


def names(agent: str) -> list[str]:
    return sorted(path.stem for path in (FOLDER / agent).glob("*.http"))
