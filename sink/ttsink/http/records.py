"""`GET /api/records`: a page of records, newest last, with cursors both ways."""

import time
from collections.abc import Mapping
from typing import Final

from aiohttp import web

from ttsink.http.ingest import refused
from ttsink.http.parameters import only
from ttsink.http.stream import number, read_filter
from ttsink.intake.admission import Refused
from ttsink.store.lookup import DEFAULT_PAGE_RECORDS, MAX_PAGE_RECORDS, page
from ttsink.store.view import View
from ttsink.store.wanted import Wanted
from ttwire import cursor

PARAMETERS: Final = ("filter", "before", "after", "limit")


def add_routes(app: web.Application, view: View) -> None:
    async def records(request: web.Request) -> web.Response:
        query = request.query
        try:
            only(query, PARAMETERS)
            wanted = Wanted(read_filter(query, time.time()))
            before, after = neighbours(query, view)
            limit = number(query, "limit", 1, MAX_PAGE_RECORDS) if query.get("limit") else None
        except Refused as error:
            return refused(error)
        found = page(
            view,
            wanted,
            before=before,
            after=after,
            limit=DEFAULT_PAGE_RECORDS if limit is None else int(limit),
        )
        return web.Response(
            body=found.json(),
            content_type="application/json",
            headers={"Cache-Control": "no-store"},
        )

    app.router.add_get("/api/records", records)


def neighbours(query: Mapping[str, str], view: View) -> tuple[int | None, int | None]:
    """Where the page ends or begins. Raises Refused: 400."""
    before, after = position(query, "before", view), position(query, "after", view)
    if before is not None and after is not None:
        raise Refused(400, "after", "after: give before or after, not both")
    return before, after


def position(query: Mapping[str, str], name: str, view: View) -> int | None:
    """The place a cursor names. Raises Refused: 400 where it is none of this sink's."""
    text = query.get(name)
    if not text:
        return None
    place = cursor.parse(text)
    if place is None or place.epoch != view.epoch:
        raise Refused(
            400,
            "cursor",
            f"{name}: expected an id of epoch {view.epoch}, found {text[:32]!r}; "
            "without it the newest are sent",
        )
    return min(place.position, view.order.last + 1)
