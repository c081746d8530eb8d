"""The page that sends a form once more which came too late: its session had ended, or its token was an older one."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.template.loader import render_to_string

from console.base.core.pages import typed

LONGEST_TYPED = 64 * 1024  # characters that a page carries on


def carried(request: HttpRequest) -> list[tuple[str, str]] | None:
    """Return what a page sends once more, without passwords; None for files and for what is too long."""
    if request.FILES:
        return None
    fields = [(name, value) for name, value in typed(request) if "password" not in name]
    return fields if sum(len(value) for _name, value in fields) <= LONGEST_TYPED else None


def is_from_here(request: HttpRequest) -> bool:
    """Whether a page of ours sent it, as the browser says: only to such a page the token may be given."""
    said = urlsplit(request.headers.get("Origin") or request.headers.get("Referer", ""))
    return (said.scheme, said.netloc) == (request.scheme, request.get_host())


def resend_page(request: HttpRequest, *, title: str, words: str, status: int, signs_in: bool = False) -> HttpResponse:
    """Say why nothing was saved and carry on what was typed; `signs_in` leads to the sign-in in another tab first."""
    context = {
        "title": title,
        "words": words,
        "fields": carried(request),
        "address": request.get_full_path(),
        "signs_in": signs_in,
        "csrf_token": get_token(request),
    }
    answer = HttpResponse(render_to_string("core/resend.html", context), status=status)
    answer["Cache-Control"] = "no-store"
    return answer
