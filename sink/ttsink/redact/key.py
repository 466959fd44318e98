"""The key of an installation's marks: made once, kept in the data directory, or given."""

import contextlib
import os
import secrets
from pathlib import Path

KEY_FILE_NAME = "redaction.key"
KEY_BYTES = 32
"""As long as the digest of SHA-256, beyond which a key adds nothing (RFC 2104, section 3)."""
MIN_KEY_BYTES = 16
KEY_VARIABLE = "TTSINK_REDACTION_KEY"
MAX_KEY_FILE_BYTES = 4096


class RedactionKeyError(ValueError):
    """The key that was given cannot be used; says why, never what it was."""


def _checked(key: bytes, where: str) -> bytes:
    if len(key) < MIN_KEY_BYTES:
        raise RedactionKeyError(
            f"redaction key from {where} has {len(key)} bytes; at least {MIN_KEY_BYTES} are needed"
        )
    return key


def given_key(key: str) -> bytes:
    """The key from `TTSINK_REDACTION_KEY`.

    Raises:
        RedactionKeyError: shorter than 16 bytes.
    """
    return _checked(key.strip().encode(), KEY_VARIABLE)


def read_key(path: Path) -> bytes:
    """The key in a file, without white space around it.

    Raises:
        RedactionKeyError: unreadable, or shorter than 16 bytes.
    """
    try:
        with path.open("rb") as file:
            held = file.read(MAX_KEY_FILE_BYTES).strip()
    except OSError as error:
        raise RedactionKeyError(f"redaction key file {path}: {error.strerror}") from None
    return _checked(held, f"file {path}")


def installation_key(data_dir: Path) -> bytes:
    """The key of this data directory, made on the first call (mode 0600).

    Two processes that start at once agree: the file is linked into place only if none is there.

    Raises:
        RedactionKeyError: the file is there but cannot be read, or cannot be made.
    """
    path = data_dir / KEY_FILE_NAME
    if path.exists():
        return read_key(path)
    fresh = path.with_name(f"{KEY_FILE_NAME}.{secrets.token_hex(8)}")
    try:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(secrets.token_hex(KEY_BYTES).encode() + b"\n")
                file.flush()
                os.fsync(file.fileno())
            with contextlib.suppress(FileExistsError):  # another process was first: its key stands
                os.link(fresh, path)
        finally:
            fresh.unlink(missing_ok=True)
    except OSError as error:
        raise RedactionKeyError(f"redaction key file {path}: {error.strerror}") from None
    return read_key(path)


def passing_key() -> bytes:
    """A key for one run: marks join within it and mean nothing afterwards."""
    return secrets.token_bytes(KEY_BYTES)
