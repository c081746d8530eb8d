"""The agreement for everybody, as the application opens it (S-4)."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.cache import patch_cache_control, patch_vary_headers
from django.utils.translation import override
from django.utils.translation.trans_real import parse_accept_lang_header

from console.base.accounts.access import route
from console.base.accounts.permissions import Permission
from console.base.core.markdown import rendered_once
from miniprograms.models import MiniProgram
from miniprograms.privacy.models import PrivacyAgreement
from miniprograms.privacy.placeholders import day_in
from miniprograms.privacy.states import Language

SECONDS = 60  # For which anyone may keep the page: a new version is read soon.


@route(Permission.PUBLIC)
def public(request: HttpRequest, app_id: str, agreement_number: int | None = None) -> HttpResponse:
    """The version that is online, or an older one, in the language that the address or the browser asks for.

    Says nothing of a program without an agreement, not even that it exists. No session, no cookie: it is the same for
    all readers of a language.
    """
    program = MiniProgram.objects.filter(app_id=app_id).first()
    if program is None:
        raise Http404
    published = PrivacyAgreement.objects.of_program(program)
    shown = published.first() if agreement_number is None else published.filter(number=agreement_number).first()
    if shown is None:
        raise Http404
    language = _language(request, shown)
    days = {
        number: day_in(day, language) if day else "" for number, day in published.values_list("number", "effective_on")
    }
    context = {
        "program": program,
        "shown": shown,
        "effective": days[shown.number],
        "is_online": shown.number == max(days),
        "versions": list(days.items()),
        "language": language,
        "html": rendered_once(shown.text_in(language)),
    }
    with override(language.value):
        # Without the request: nothing on it depends on who reads.
        response = HttpResponse(render_to_string("privacy/public.html", context))
    response["Content-Language"] = language.value
    patch_cache_control(response, public=True, max_age=SECONDS)
    patch_vary_headers(response, ["Accept-Language"])
    return response


def _language(request: HttpRequest, agreement: PrivacyAgreement) -> Language:
    """Return the language of the address, else the first one of the browser's that there is, else one that there is."""
    there = agreement.languages
    named = [language for language in there if language.tag == request.GET.get("lang")]
    asked = [
        language
        for code, _weight in parse_accept_lang_header(request.headers.get("Accept-Language", "")[:500])
        for language in there
        if code.partition("-")[0] == language.tag
    ]
    return [*named, *asked, *there][0]
