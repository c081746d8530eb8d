"""`/wxaapi/newtmpl/get…`: the public template library (M-1), as WeChat's interfaces page through it."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils import translation

from console.api.http import Environ, Response, json_response
from console.api.server.reading import language, program_asking, query
from console.base.core.errors import ServerRefused
from console.base.core.text import is_chinese
from messaging.models import PublicTemplate
from messaging.states import TemplateCategory, TemplateKind

MOST_TITLES = 30  # in one answer, as in WeChat's


def categories(environ: Environ) -> Response:
    """List what `ids` of `getpubtemplatetitles` may be. Raises ServerRefused (40097, and those of the token)."""
    program_asking(environ)
    with translation.override("zh-hans" if is_chinese(language(environ)) else "en"):
        found = [{"id": each.number, "name": str(each.label)} for each in TemplateCategory]
    return json_response({"errcode": 0, "errmsg": "ok", "data": found})


def titles(environ: Environ) -> Response:
    """List the templates of some categories: `limit` of them from `start` on, and how many there are.

    Raises ServerRefused (40097, 200016 to 200019, and those of the access token).
    """
    program_asking(environ)
    given, suffix = query(environ), "_zh" if is_chinese(language(environ)) else ""
    wanted = _categories(given.get("ids", ""))
    start, limit = _number(given.get("start", "")), _number(given.get("limit", ""))
    if start is None:
        raise ServerRefused(200016)
    if limit is None or limit > MOST_TITLES:
        raise ServerRefused(200017, f"at most {MOST_TITLES}")
    found = PublicTemplate.objects.listed().filter(category__in=wanted)
    data = [
        {
            "tid": one.number,
            "title": getattr(one, f"title{suffix}"),
            "type": TemplateKind(one.kind).number,
            "categoryId": str(TemplateCategory(one.category).number),
        }
        for one in found[start : start + limit]
    ]
    return json_response({"errcode": 0, "errmsg": "ok", "count": found.count(), "data": data})


def keywords(environ: Environ) -> Response:
    """List what a template may be made of. Raises ServerRefused (40097, 200014, and those of the access token)."""
    program_asking(environ)
    template = offered(query(environ).get("tid", ""))
    suffix = "_zh" if is_chinese(language(environ)) else ""
    data = [
        {
            "kid": one.number,
            "name": getattr(one, f"name{suffix}"),
            "example": getattr(one, f"example{suffix}"),
            "rule": one.kind,
        }
        for one in template.keywords.all()
    ]
    return json_response({"errcode": 0, "errmsg": "ok", "count": len(data), "data": data})


def offered(tid: str) -> PublicTemplate:
    """Return the template of the library with this number; raises ServerRefused 200014."""
    number = _number(tid)
    template = PublicTemplate.objects.listed().filter(number=number).first() if number is not None else None
    if template is None:
        raise ServerRefused(200014)
    return template


def _categories(ids: str) -> Iterable[TemplateCategory]:
    if not ids:
        raise ServerRefused(200018)
    known = {str(each.number): each for each in TemplateCategory}
    wanted = [known.get(each.strip()) for each in ids.split(",")]
    if None in wanted:
        raise ServerRefused(200019, "getcategory lists them")
    return [each for each in wanted if each]


def _number(text: str) -> int | None:
    """Return a number that fits into a column; None for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None
