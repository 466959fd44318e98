"""The body of every error answer."""

from collections.abc import Mapping
from typing import Final

import msgspec
from aiohttp import web

from ttwire.about import Refusal

MAX_DETAIL_CHARACTERS: Final = 200
"""An answer stays under 300 bytes: Fluent Bit takes 4096 or more for a failure, and logs it."""


def refusal(
    status: int, code: str, detail: str, headers: Mapping[str, str] | None = None
) -> web.Response:
    """An error answer: `{"error": ..., "detail": ...}`."""
    body = msgspec.json.encode(Refusal(code, detail[:MAX_DETAIL_CHARACTERS]))
    return web.Response(
        status=status, body=body, content_type="application/json", headers=headers or {}
    )
