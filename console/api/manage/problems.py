"""Errors of the API as RFC 9457 has them: application/problem+json."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from django.http import JsonResponse

from console.base.core import request_id

TYPE = "application/problem+json"


class Problem(Exception):
    """An answer that says what is wrong: `detail` in a sentence, `code` for programs, `extra` members beside them."""

    def __init__(
        self, status: int, detail: str, *, code: str = "", headers: Mapping[str, str] | None = None, **extra: Any
    ) -> None:
        super().__init__(detail)
        self.status, self.detail, self.code = status, detail, code
        self.headers, self.extra = dict(headers or {}), extra

    def answer(self) -> JsonResponse:
        """Return the answer; `request` is the request's id, by which the process's log is searched."""
        phrase = HTTPStatus(self.status).phrase
        code = self.code or phrase.lower().replace(" ", "_")
        content = {"type": f"urn:console:problem:{code}", "title": phrase, "status": self.status, "code": code}
        content |= {"detail": self.detail, "request": request_id.current(), **self.extra}
        answer = JsonResponse(content, status=self.status, content_type=TYPE)
        for name, value in self.headers.items():
            answer[name] = value
        return answer
