"""Under /api/v1/ nothing is a page."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from console.api.manage.problems import Problem

PREFIX = "/api/v1/"
KEPT = ("Allow", "Retry-After")
WORDS = {
    400: "The request can’t be read.",
    404: "There is no such address; see /api/v1/openapi.json.",
    405: "The address has no such method; see Allow.",
    408: "The body did not arrive in time.",
    500: "Something went wrong on our side; it has been logged.",
    503: "The console is busy. Try again in a moment.",
}


class ProblemMiddleware:
    """Answer a problem wherever Django, a middleware or an error of ours would answer a page (RFC 9457)."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        is_page = response.headers.get("Content-Type", "").startswith("text/html")
        if response.status_code < 400 or not is_page or not request.path_info.startswith(PREFIX):
            return response
        headers = {name: response.headers[name] for name in KEPT if name in response.headers}
        detail = WORDS.get(response.status_code, "The request was refused.")
        return Problem(response.status_code, detail, headers={**headers, "Cache-Control": "no-store"}).answer()
