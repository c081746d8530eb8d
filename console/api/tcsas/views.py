"""`POST /` as the platform's own SDK sends it, beside the page that a browser gets there (A-5)."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import wraps
from typing import Any, cast

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, UnreadablePostError
from django.http.response import HttpResponseBase
from django.utils import translation
from django.views.decorators.csrf import csrf_protect

from console.api.manage.endpoint import ApiRequest
from console.api.manage.guard import acting, count_failure, counted, enter, problem_of
from console.api.manage.models import Token
from console.api.manage.states import Scope
from console.api.tcsas import sections  # noqa: F401 - they register their actions
from console.api.tcsas.errors import INTERNAL, Refused, refused_by
from console.api.tcsas.links import opened
from console.api.tcsas.registry import ACTIONS
from console.api.tcsas.signature import is_signed, token_of
from console.base.accounts.access import route
from console.base.accounts.permissions import Permission
from console.base.core import request_id
from console.base.core.files import attachment
from miniprograms.access import mini_program_for
from releases.offline.actions import download, file_name

logger = logging.getLogger(__name__)

VERSION = "2025-01-06"
LONGEST = 1024 * 1024  # bytes of a body; files come by an address of their own
CHINESE = {"zh-CN": "zh-hans"}

View = Callable[..., HttpResponse]


def beside(page: View) -> View:
    """Wrap the view of `/`: it goes on answering all but what the SDK sends, which no browser signs."""

    @wraps(page)
    def answer(request: HttpRequest, **arguments: Any) -> HttpResponse:
        if request.method == "POST" and is_signed(request):
            return call(request)
        return protected(request, **arguments)

    protected = csrf_protect(page)
    answer.csrf_exempt = True  # type: ignore[attr-defined]  # A signature says more than a cookie.
    return answer


def call(request: HttpRequest) -> HttpResponse:
    """Answer a request of the SDK: 200, whatever happens."""
    with translation.override(CHINESE.get(request.headers.get("X-TC-Language", ""), "en")):
        try:
            content: dict[str, Any] = {"Data": _run(request)}
        except UnreadablePostError:
            raise  # Its client is gone, or too slow: the middleware's to answer.
        except Exception as error:
            refused = _refused(error)
            content = {"Error": {"Code": refused.code, "Message": refused.message}}
    response = JsonResponse({"Response": {**content, "RequestId": request_id.current()}})
    response["Cache-Control"] = "no-store"
    return response


def _run(request: HttpRequest) -> Any:
    """Return the action's `Data`; raises what `_refused` has words for."""
    announced = request.META.get("CONTENT_LENGTH") or ""
    if announced.isdigit() and int(announced) > LONGEST:
        raise Refused("RequestSizeLimitExceeded", f"The body must not exceed {LONGEST} bytes.")
    token, name = _token(request), request.headers.get("X-TC-Action", "")
    counted(token)
    if (version := request.headers.get("X-TC-Version", "")) != VERSION:
        raise Refused("NoSuchVersion", f"X-TC-Version must be {VERSION}, not “{version[:20]}”.")
    if (action := ACTIONS.get(name)) is None:
        raise Refused("InvalidAction", f"The console has no action “{name[:60]}”.")
    enter(request, token, action.scope)
    with acting(request):
        return action.run(cast(ApiRequest, request))


def _token(request: HttpRequest) -> Token:
    """Return the token; who shows many that are none is told to wait. One that is right comes in all the same."""
    try:
        return token_of(request)
    except Refused:
        count_failure(request)
        raise


def _refused(error: Exception) -> Refused:
    """Return what is answered to an error; what is our own fault is logged, and its words stay here."""
    if isinstance(error, Refused):
        return error
    if (problem := problem_of(error)) is not None:
        return refused_by(problem)
    logger.error("a call of the SDK failed", exc_info=error)
    return Refused(INTERNAL, "Something went wrong in the console. Operators find the RequestId in its log.")


@route(Permission.PUBLIC)  # type: ignore[arg-type]  # a streaming response
def offline_package(request: HttpRequest, token: str) -> HttpResponseBase:
    """The file that `DescribeMNPOfflinePackageURL` gave the address of, while it is still what is online (O-1)."""
    try:
        row, app_id, number = opened(request, token)
        counted(row)
        enter(request, row, Scope.READ)
        program = mini_program_for(row.holder, Permission.DEVELOP, app_id)
        if program.online_number != number:
            raise Http404
        with acting(request):
            version, content = download(program, application=None, by=row.holder)
    except Exception as error:
        if (problem := problem_of(error)) is None:
            raise
        return problem.answer()
    return attachment(content, size=version.package.size, name=file_name(program, version.number))
