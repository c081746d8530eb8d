"""Pages compressed, and the answers to a request that met a busy or absent database, nothing, or did not arrive."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, UnreadablePostError
from django.http.response import HttpResponseBase
from django.middleware.csrf import get_token
from django.middleware.gzip import GZipMiddleware
from django.template.loader import render_to_string
from django.urls import Resolver404, get_resolver
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from console.base.core import bodies, busy, metrics, request_id
from console.base.core.pages import busy_answer, busy_words, is_dialog
from console.base.core.resend import carried


class RequestMiddleware:
    """Give each request an id, which the answer, the log and the activity log say; and count it. The first of all."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        began, token = perf_counter(), request_id.begin(request.META)
        try:
            response = self.get_response(request)
        finally:
            request_id.end(token)
        response.headers[request_id.HEADER] = request_id.of(request.META)
        metrics.counted.note(_route_of(request), response.status_code, perf_counter() - began)
        if not metrics.ticker.started:
            metrics.ticker.start()
        return response


def _route_of(request: HttpRequest) -> str:
    """Return the name of what answered, with words of ours whatever the path is."""
    if request.resolver_match is not None:
        return request.resolver_match.view_name
    return "static" if request.path_info.startswith(settings.STATIC_URL) else "unknown"


class CompressMiddleware(GZipMiddleware):
    """Compress pages, and nothing that comes in parts: somebody waits for each of those.

    What is compressed tells by its length what it repeats, and pages repeat their address, to which a link of another
    site may add words; `SameSite=Lax` lets it come with the cookies. So no page may hold a secret that stays the same:
    the token of forms is masked anew in each answer, keys are shown once, an authenticator app's secret is made anew.
    Recovery codes stay: `no-transform` leaves their page as it is. Django adds up to 100 bytes by chance, too.
    """

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """Compress HTML that is whole."""
        is_page = response.headers.get("Content-Type", "").startswith("text/html")
        if response.streaming or not is_page or "no-transform" in response.headers.get("Cache-Control", ""):
            return response
        return super().process_response(request, response)


class BusyMiddleware:
    """Answer 503 where a view met a busy or absent database, unless `form_page` has answered already."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Answer for a view that raised; what middlewares raise goes to the console's handler500."""
        return busy_page(request, error) if busy.passes(error) else None


class NotFoundMiddleware:
    """Answer 404 with our own page with DEBUG on, too, where Django's would list every address of the console."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        # Without a match, no view of ours has answered.
        is_django_s = settings.DEBUG and response.status_code == 404 and request.resolver_match is None
        return self.page(request, Resolver404()) if is_django_s else response

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Answer for a view that found nothing."""
        return self.page(request, error) if settings.DEBUG and isinstance(error, Http404) else None

    def page(self, request: HttpRequest, error: Exception) -> HttpResponse:
        """Return the page of production."""
        return get_resolver().resolve_error_handler(404)(request, error)  # type: ignore[call-arg]  # stubs: none


class BodyMiddleware:
    """Answer 408, or 400, where the body did not arrive: also instead of what the CSRF check says then."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        failed = getattr(request.META.get("wsgi.input"), "failed", None)
        return response if failed is None else body_page(failed)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Answer for a view that met it."""
        return body_page(error) if isinstance(error, UnreadablePostError) else None


def body_page(failed: OSError) -> HttpResponse:
    """Say that the request did not arrive; asks the database nothing."""
    status = 408 if isinstance(failed, bodies.BodyLate) else 400
    return HttpResponse(render_to_string(f"{status}.html"), status=status)


def busy_page(request: HttpRequest, error: BaseException, *, may_be_saved: bool | None = None) -> HttpResponse:
    """Say that the database is busy or away, and carry on what was typed; asks the database nothing: 503.

    `may_be_saved` is what the caller knows: nothing before the view, perhaps something after it; else the error tells.
    """
    busy.note(error, f"{request.method} {request.path}")
    sent = request.method not in ("GET", "HEAD")
    saved = getattr(request, "is_saved", False)
    title = _("The database isn’t responding") if busy.is_away(error) else _("The console is busy")
    if saved:
        words = _("Your change was saved, but the next page can’t be shown right now.")
    else:
        words = busy.sentence(error, may_be_saved=may_be_saved) if sent else _("Try again in a moment.")
    fields = _carried(request) if sent and not saved else None
    is_lost = sent and not saved and fields is None
    if request.headers.get("HX-Request") and (is_lost or not is_dialog(request)):
        return busy_words(words if sent else f"{title}. {words}")
    context = {
        "title": title,
        "words": words,
        "sent": sent,
        "fields": fields,
        "is_lost": is_lost,
        "address": request.get_full_path(),
        "back": _back(request),
        "csrf_token": get_token(request) if fields is not None else "",
    }
    # Without the request, whose context processors would look for the person.
    part = "core/busy.html#dialog" if is_dialog(request) else "core/busy.html"
    return busy_answer(HttpResponse(render_to_string(part, context)))


def _carried(request: HttpRequest) -> list[tuple[str, str]] | None:
    """Return what the page sends once more; None for what may come from elsewhere.

    The page would give it the token that it came without.
    """
    return carried(request) if getattr(request, "csrf_processing_done", False) else None


def _back(request: HttpRequest) -> str:
    """Return the page that the form was on, else Home."""
    page = request.headers.get("Referer", "")
    return page if url_has_allowed_host_and_scheme(page, allowed_hosts={request.get_host()}) else "/"
