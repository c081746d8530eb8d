"""Lists by cursor: what comes in while one reads moves nothing."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from typing import Annotated, Any, Generic, TypeVar

from django.db.models import Model, Q, QuerySet
from ninja import Field, Query, Schema

from console.api.manage.problems import wrong_cursor

MOST, USUAL = 100, 50
M = TypeVar("M", bound=Model)
Item = TypeVar("Item")


class Asked(Schema):
    """Which part of a list."""

    cursor: str = Field("", description="`next` of the page before; empty for the first one", max_length=100)
    limit: int = Field(USUAL, ge=1, le=MOST)


Paged = Annotated[Asked, Query()]


class Page(Schema, Generic[Item]):
    """A part of a list, newest first."""

    items: list[Item]
    next: str = Field(description="the cursor of the next page; empty at the end")


class Whole(Schema, Generic[Item]):
    """A list that is short enough to have no pages."""

    items: list[Item]


def page_of(rows: QuerySet[M], asked: Asked, shown: Callable[[M], Any], *, by: str = "") -> dict[str, Any]:
    """Return a page of rows, newest first; one query, and one for a cursor. Raises Problem 422 for one that is none.

    Newest is the highest primary key, or of the time `by`: where an index begins with what the rows are filtered by and
    goes on with that time, the rows of others are not read, however many they are.
    """
    if asked.cursor:
        rows = rows.filter(_after(rows, _pk(asked.cursor), by))
    found = list(rows.order_by(*([f"-{by}"] if by else []), "-pk")[: asked.limit + 1])
    kept = found[: asked.limit]
    return {"items": [shown(row) for row in kept], "next": _cursor(kept[-1].pk) if len(found) > len(kept) else ""}


def _after(rows: QuerySet[M], pk: int, by: str) -> Q:
    """Return what holds for the rows that come after one of them."""
    if not by:
        return Q(pk__lt=pk)
    at = rows.filter(pk=pk).values_list(by, flat=True).first()
    if at is None:
        raise wrong_cursor()
    return Q(**{f"{by}__lt": at}) | Q(**{by: at}, pk__lt=pk)


def _cursor(pk: int) -> str:
    return base64.urlsafe_b64encode(str(pk).encode()).decode().rstrip("=")


def _pk(cursor: str) -> int:
    try:
        pk = int(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("ascii"))
    except (ValueError, binascii.Error):
        pk = -1
    if not 0 < pk < 2**63:
        raise wrong_cursor()
    return pk
