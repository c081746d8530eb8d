"""`GET /wxaapi/userlog/userlog_search`: the real-time logs (D-6), as WeChat's `realtimelogSearch` gives them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Annotated, Any

import msgspec
from django.conf import settings
from django.utils import timezone
from msgspec import Meta

from console.api.http import Environ, Response, json_response
from console.api.server.reading import convert, parse, program_asking, query, read
from console.base.core import times
from console.base.core.errors import ServerRefused
from devmgmt.logs.criteria import Criteria, StoreAway, TooSlow, is_storable
from devmgmt.logs.entry import Entry, Line
from devmgmt.logs.store import log_store, scan
from devmgmt.states import Level

FARTHEST = 10_000  # entries that can be paged through; beyond that, callers narrow the time
PLATFORMS = {"android": 1, "ios": 2}  # WeChat's numbers

Seconds = Annotated[int, Meta(ge=0, le=253_370_764_799)]  # since 1970, up to the year 9998: room for time zones


class Search(msgspec.Struct, rename="camel"):
    """What is searched for; in the query, or as JSON from SDKs that post. `id` is a GUID."""

    date: Annotated[str, Meta(pattern=r"^[0-9]{8}$(?!\n)")]
    begintime: Seconds
    endtime: Seconds
    start: Annotated[int, Meta(ge=0)] = 0
    limit: Annotated[int, Meta(ge=1, le=100)] = 20
    trace_id: str = ""
    url: str = ""
    id: str = ""
    filter_msg: str = ""
    level: int = 0


_decoder = msgspec.json.Decoder(Search)
_lines = msgspec.json.Decoder(list[Line])


def answer(environ: Environ) -> Response:
    """Return a page of the entries that fit, the newest first, and how many there are.

    Raises ServerRefused (-1 when it takes too long or the store is away, 40097, and those of the access token).
    """
    program = program_asking(environ)
    asked = parse(read(environ), _decoder) if environ["REQUEST_METHOD"] == "POST" else convert(query(environ), Search)
    criteria = _criteria(asked, program.pk)
    store = log_store()
    try:
        found = list(islice(scan(store, criteria, limit=asked.start + asked.limit), asked.start, None))
        total = sum(part.info + part.warn + part.error for part in store.volume(criteria, step=timedelta(days=1)))
    except TooSlow:
        raise ServerRefused(-1, "the search takes too long, choose a shorter time range") from None
    except StoreAway:
        raise ServerRefused(-1, "the logs can't be read at the moment, try again") from None
    return json_response(
        {"errcode": 0, "errmsg": "ok", "data": {"list": [_entry(one) for one in found], "total": total}}
    )


def _criteria(asked: Search, program: int) -> Criteria:
    """Return the criteria; raises ServerRefused 40097."""
    start, end = (datetime.fromtimestamp(seconds, UTC) for seconds in (asked.begintime, asked.endtime))
    if start > end:
        raise ServerRefused(40097, "begintime is after endtime")
    if {f"{times.platform_day(one):%Y%m%d}" for one in (start, end)} != {asked.date}:
        raise ServerRefused(40097, f"begintime and endtime must be on date, in the time zone {settings.TIME_ZONE}")
    if start < timezone.now() - timedelta(days=settings.LOG_DAYS + 1):
        raise ServerRefused(40097, f"logs are kept for {settings.LOG_DAYS} days only")
    if asked.level not in (0, *Level):
        raise ServerRefused(40097, "level must be 2 (info and above), 4 (warn and above) or 8 (error)")
    if asked.start + asked.limit > FARTHEST:
        raise ServerRefused(40097, f"start + limit exceeds {FARTHEST} entries, choose a shorter time range")
    texts = {"trace_id": asked.trace_id, "page": asked.url, "guid": asked.id, "filter_msg": asked.filter_msg}
    if not all(map(is_storable, texts.values())):
        raise ServerRefused(40097, "a parameter contains a NUL or an unpaired surrogate")
    return Criteria(program, start, end + timedelta(seconds=1), level=asked.level, **texts)


def _entry(entry: Entry) -> dict[str, Any]:
    return {
        "level": entry.level,
        "libraryVersion": entry.library_version,
        "clientVersion": entry.client_version,
        "id": entry.guid,
        "timestamp": int(entry.time.timestamp()),
        "platform": PLATFORMS[entry.platform],
        "url": entry.page,
        "traceid": entry.trace_id,
        "filterMsg": entry.filter_msg,
        "msg": [{"time": one.time, "level": one.level, "msg": [one.text]} for one in _lines.decode(entry.lines)],
    }
