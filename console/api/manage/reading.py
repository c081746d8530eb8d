"""Reading what a request sends: its content type, its JSON, and characters that nothing here can keep."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, NoReturn, get_args, get_type_hints

from django.http import Http404, HttpRequest
from ninja import params
from ninja.parser import Parser

from console.api.manage.problems import Problem

JSON, FORM, MULTIPART = "application/json", "application/x-www-form-urlencoded", "multipart/form-data"
TAKES = {JSON: (JSON,), FORM: (FORM, MULTIPART), MULTIPART: (MULTIPART,)}


class Malformed(ValueError):
    """A body that is no JSON, in a sentence."""


class StrictParser(Parser):
    """JSON as RFC 8259 has it, in UTF-8, with text that the database can keep."""

    def parse_body(self, request: HttpRequest) -> Any:
        """Return what the body says; raises Malformed, of which ninja makes an HttpError 400."""
        try:
            text = request.body.decode()
            found = json.loads(text, parse_constant=_no_constant)
        except UnicodeDecodeError:
            raise Malformed("The body is not UTF-8.") from None
        except json.JSONDecodeError as error:
            where = f"line {error.lineno}, column {error.colno}"
            raise Malformed(f"The body is not JSON: {error.msg} at {where}.") from None
        except (ValueError, RecursionError):
            raise Malformed("The body is not JSON that can be read.") from None
        if "\\u" in text and not _can_be_kept(found):  # Bare, JSON allows neither of them.
            raise Malformed("The body has a NUL or half a surrogate pair in a string.")
        return found


def kind_of(view: Callable[..., Any]) -> str:
    """Return the content type of what an operation takes; "" where it takes no body."""
    kinds = {type(mark) for hint in get_type_hints(view, include_extras=True).values() for mark in get_args(hint)[1:]}
    if params.models.File in kinds:
        return MULTIPART
    if params.models.Form in kinds:
        return FORM
    return JSON if params.models.Body in kinds else ""


def read(request: HttpRequest, kind: str, path: Mapping[str, Any]) -> bool:
    """Read the body, if the operation takes one; return whether there was any.

    Raises Problem 415 for another type than `kind`, 422 for a NUL in a field; Http404 for one in the address; what
    Django raises for a body that is malformed, too large or cut off.
    """
    if any("\0" in str(value) for value in path.values()):
        raise Http404
    _refuse_nul(request.GET)
    is_empty = request.META.get("CONTENT_LENGTH") in ("", "0", None) and "HTTP_TRANSFER_ENCODING" not in request.META
    if not kind or is_empty:
        return False
    if request.content_type not in TAKES[kind]:
        raise Problem(415, f"Send the body as {kind}.", code="unsupported_media_type")
    if kind == JSON:
        return bool(request.body)
    _refuse_nul(request.POST)
    return True


def _refuse_nul(fields: Any) -> None:
    for name, values in fields.lists():
        if "\0" in name or any("\0" in value for value in values):
            words = "The characters have a NUL among them."
            raise Problem(422, words, code="invalid", errors=[{"field": name.replace("\0", ""), "message": words}])


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _can_be_kept(value: Any) -> bool:
    if isinstance(value, str):
        return "\0" not in value and not any("\ud800" <= each <= "\udfff" for each in value)
    if isinstance(value, list):
        return all(map(_can_be_kept, value))
    if isinstance(value, dict):
        return all(_can_be_kept(name) and _can_be_kept(each) for name, each in value.items())
    return True
