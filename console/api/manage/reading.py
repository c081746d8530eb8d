"""Reading what a request sends: its content type, its JSON, and characters that nothing here can keep."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from functools import wraps
from typing import Any, NoReturn, get_args, get_type_hints

from django.http import Http404, HttpRequest, HttpResponse
from ninja import Schema, params
from ninja.parser import Parser

from console.api.manage.problems import Problem, wrong_fields
from console.base.core.errors import TemporarilyRefused
from console.base.core.uploads import LostUpload

JSON, FORM, MULTIPART = "application/json", "application/x-www-form-urlencoded", "multipart/form-data"
LONGEST_JSON = 1024 * 1024  # bytes; what is long comes as a file
TAKES = {JSON: (JSON,), FORM: (FORM, MULTIPART), MULTIPART: (MULTIPART,)}


class Sent(Schema):
    """What a body says; members that it does not know are refused by name."""

    model_config = {"extra": "forbid"}


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
    places = {place for place, _name in _taken(view)}
    if params.models.File in places:
        return MULTIPART
    if params.models.Form in places:
        return FORM
    return JSON if params.models.Body in places else ""


def names_of(view: Callable[..., Any]) -> tuple[list[str], list[str]]:
    """Return what an operation takes in its query, and in its form."""
    found = list(_taken(view))
    query = [name for place, name in found if place is params.models.Query]
    return query, [name for place, name in found if place in (params.models.Form, params.models.File)]


def _taken(view: Callable[..., Any]) -> Iterator[tuple[type, str]]:
    """Return the names of what an operation takes, each after the place where it is looked for."""
    for name, hint in get_type_hints(view, include_extras=True).items():
        taken, *marks = get_args(hint) or (hint,)
        for mark in marks:
            yield from ((type(mark), each) for each in getattr(taken, "model_fields", [name]))


def knowing(names: tuple[list[str], list[str]], run: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Refuse other names in the query or the form: who misspells a filter must not get the whole list.

    Those in JSON are refused by `Sent`.
    """
    query, form = names

    @wraps(run)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        unknown = [(name, query) for name in request.GET if name not in query]
        if form:
            unknown += [(name, form) for name in (*request.POST, *request.FILES) if name not in form]
        if unknown:
            raise wrong_fields((name[:100], _unknown(known)) for name, known in unknown[:10])
        return run(request, *args, **kwargs)

    return answer


def _unknown(known: list[str]) -> str:
    return f"Unknown. This operation takes {', '.join(known)}." if known else "Unknown. This operation takes no query."


def read(request: HttpRequest, kind: str, path: Mapping[str, Any]) -> bool:
    """Read the body; return whether there was any.

    Raises Problem 413 for JSON over LONGEST_JSON, 415 for another type than `kind`, 422 for a NUL in a field and for
    what is sent to an operation that takes nothing; Http404 for a NUL in the address; TemporarilyRefused for a file
    that could not be kept; what Django raises for a body that is malformed, too large or cut off.
    """
    if any("\0" in str(value) for value in path.values()):
        raise Http404
    _refuse_nul(request.GET)
    is_empty = request.META.get("CONTENT_LENGTH") in ("", "0", None) and "HTTP_TRANSFER_ENCODING" not in request.META
    if is_empty:
        return False
    if kind and request.content_type not in TAKES[kind]:
        raise Problem(415, f"Send the body as {kind}.", code="unsupported_media_type")
    if kind in (JSON, ""):
        if len(request.body) > LONGEST_JSON:
            raise Problem(413, f"JSON must not exceed {LONGEST_JSON} bytes.", code="content_too_large")
        if not kind and (names := _sent_names(request)):
            raise wrong_fields((name[:100], "Unknown. This operation takes no body.") for name in names[:10])
        return bool(request.body)
    _refuse_nul(request.POST)
    for file in request.FILES.values():
        if isinstance(file, LostUpload):
            raise TemporarilyRefused(file.why)
    return True


def _sent_names(request: HttpRequest) -> list[str]:
    """Return the names of the members or fields of a body; "" for one that has none, no name for an empty one."""
    text = request.body.strip()
    try:
        found = json.loads(text or b"{}")
    except (ValueError, RecursionError):
        if request.method == "POST" and request.content_type in TAKES[FORM]:
            return [*request.POST, *request.FILES]
        return [""]
    return [*found] if isinstance(found, dict) else [""]


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
