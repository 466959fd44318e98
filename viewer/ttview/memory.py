"""What the viewer remembers between two runs: filters typed, and filters kept under a name."""

import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec

MAX_HISTORY: Final = 500
"""Filters typed, newest last; more than anyone goes back through."""

MAX_KEPT: Final = 200
MAX_FILE_BYTES: Final = 4 * 1024 * 1024


class Memory(msgspec.Struct, frozen=True):
    history: tuple[str, ...] = ()
    kept: dict[str, str] = {}


def path_in(folder: Path) -> Path:
    return folder / "memory.json"


def load(folder: Path) -> Memory:
    """Nothing where there is nothing, or nothing that can be read: it is a convenience."""
    with suppress(OSError, msgspec.DecodeError):
        with path_in(folder).open("rb") as file:
            text = file.read(MAX_FILE_BYTES + 1)
        if len(text) <= MAX_FILE_BYTES:
            return bounded(msgspec.json.decode(text, type=Memory))
    return Memory()


def save(folder: Path, memory: Memory) -> str | None:
    """Writes it whole or not at all, for the owner only; the reason where it cannot."""
    target = path_in(folder)
    partial = target.with_suffix(f".{os.getpid()}")
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(msgspec.json.encode(bounded(memory)))
        partial.replace(target)
    except OSError as error:
        return f"cannot write {target}: {error.strerror}"
    return None


def typed(memory: Memory, text: str) -> Memory:
    """With a filter typed last; one typed before moves to the end."""
    if not text.strip():
        return memory
    others = tuple(old for old in memory.history if old != text)
    return bounded(Memory((*others, text), memory.kept))


def keep(memory: Memory, name: str, text: str) -> Memory:
    return bounded(Memory(memory.history, {**memory.kept, name: text}))


def bounded(memory: Memory) -> Memory:
    kept: Mapping[str, str] = dict(list(memory.kept.items())[-MAX_KEPT:])
    return Memory(memory.history[-MAX_HISTORY:], dict(kept))
