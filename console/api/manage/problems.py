"""Errors of the API as RFC 9457 has them: application/problem+json."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any

from django.http import JsonResponse

from console.base.core import request_id

TYPE = "application/problem+json"
# What the API calls what forms and verbs have under other names, which their refusals say.
NAMES = {
    "application": "application_id",
    "category": "category_id",
    "numbers": "keywords",
    "team": "team_id",
    "template": "template_id",
}


class Problem(Exception):
    """An answer that says what is wrong: `detail` in a sentence, `code` for programs, `extra` members beside them."""

    def __init__(
        self, status: int, detail: str, *, code: str = "", headers: Mapping[str, str] | None = None, **extra: Any
    ) -> None:
        super().__init__(detail)
        self.status, self.detail, self.code = status, detail, code
        self.headers, self.extra = dict(headers or {}), extra

    def answer(self) -> JsonResponse:
        """Return the answer; `request_id` is the request's, by which the process's log is searched."""
        phrase = HTTPStatus(self.status).phrase
        code = self.code or phrase.lower().replace(" ", "_")
        content = {"type": f"urn:console:problem:{code}", "title": phrase, "status": self.status, "code": code}
        content |= {"detail": self.detail, "request_id": request_id.current(), **self.extra}
        answer = JsonResponse(content, status=self.status, content_type=TYPE)
        for name, value in self.headers.items():
            answer[name] = value
        return answer


def wrong_fields(errors: Iterable[tuple[str, str]], detail: str = "The request has errors.") -> Problem:
    """Return the problem of a request of which some fields are wrong: pairs of a field and what is wrong with it."""
    found = [{"field": field, "message": message} for field, message in errors]
    return Problem(422, detail, code="invalid", errors=found)


def wrong_cursor() -> Problem:
    """Return the problem of a cursor that no page of the list had as its `next`."""
    return wrong_fields([("cursor", "Unknown.")], "The cursor is none of this list.")
