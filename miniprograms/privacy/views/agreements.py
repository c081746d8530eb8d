"""What is online and was: the page across programs, a program's page, one version, and what a version changed."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language

from console.base.accounts.access import SignedInRequest, route
from console.base.accounts.permissions import Permission, lacking
from console.base.core import times
from console.base.core.diff import Diff, side_by_side
from console.base.core.markdown import rendered_once
from console.base.core.pages import page_of
from miniprograms.access import mini_program_for
from miniprograms.models import MiniProgram
from miniprograms.privacy import actions, rules
from miniprograms.privacy.access import agreement_for
from miniprograms.privacy.comparison import changes_between, data_rows, says_the_same
from miniprograms.privacy.filters import OverviewFilter, VersionFilter
from miniprograms.privacy.models import FoundData, PrivacyAgreement
from miniprograms.privacy.presenters import summaries
from miniprograms.privacy.states import Language
from miniprograms.views import programs_page

WIDTH = 4_000  # Characters of a line that a difference shows: a paragraph is one line.


@route(Permission.SIGNED_IN)
def overview(request: SignedInRequest) -> HttpResponse:
    """All my programs: agreement online, draft, what a package uses and the agreement does not name."""
    return programs_page(request, "privacy/overview.html", OverviewFilter(request), summaries=summaries)


@route(Permission.VIEW, load=mini_program_for)
def agreement(request: SignedInRequest, program: MiniProgram) -> HttpResponse:
    """What is online, the draft, the versions, and what the newest package uses (S-2, S-3)."""
    versions = PrivacyAgreement.objects.of_program(program)
    online = versions.select_related("published_by").order_by("-number").first()
    draft, today = actions.draft_of(program), times.platform_day()
    found = FoundData.objects.filter(mini_program=program).first()
    unchanged = says_the_same(draft, online, program)
    missing = lacking(program.held, Permission.MANAGE)
    rows = data_rows(found, online, draft)
    filters = VersionFilter(request.GET, versions.without_texts().select_related("published_by"), request=request)
    context = {
        "filter": filters,
        "mini_program": program,
        "online": online,
        "effective_later": bool(online and online.effective_on and online.effective_on > today),
        "public_url": public_url(program),
        "draft": draft,
        "unchanged": unchanged,
        "lacks": rules.lacks(draft, today=today) if draft and not unchanged else [],
        "why_not_edit": missing,
        "needs": Permission.MANAGE,
        "why_not_publish": missing or rules.why_not_publish(draft, online, unchanged=unchanged, today=today),
        "found": found,
        "rows": rows,
        "undeclared": [row for row in rows if row.is_undeclared],
        "page": page_of(request, filters.qs),
    }
    return render(request, "privacy/agreement.html", context)


def public_url(program: MiniProgram) -> str:
    """Return the address of the agreement for everybody, with the host."""
    return settings.BASE_URL + reverse("privacy:public", args=[program.app_id])


@route(Permission.VIEW, load=agreement_for)
def version(request: SignedInRequest, agreement: PrivacyAgreement) -> HttpResponse:
    program = agreement.mini_program
    online = PrivacyAgreement.objects.without_texts().online_of(program)
    language = _language(request, agreement)
    context = {
        "mini_program": program,
        "agreement": agreement,
        "is_online": agreement == online,
        "language": language,
        "html": rendered_once(agreement.text_in(language)),
        "facts": changes_between(None, agreement),
    }
    return render(request, "privacy/version.html", context)


def _language(request: SignedInRequest, agreement: PrivacyAgreement) -> Language:
    """Return the language that the address names, else the reader's, else one that there is."""
    named = [language for language in agreement.languages if language.tag == request.GET.get("lang")]
    own = [language for language in agreement.languages if language.value == get_language()]
    return [*named, *own, *agreement.languages][0]


@dataclass(frozen=True)
class TextChange:
    """What changed in the text of one language."""

    language: Language
    diff: Diff
    is_new: bool
    is_gone: bool


@route(Permission.VIEW, load=agreement_for)
def changes(request: SignedInRequest, agreement: PrivacyAgreement) -> HttpResponse:
    """What a version changed against another one, the one before it unless the address names one (S-2)."""
    program = agreement.mini_program
    versions = PrivacyAgreement.objects.of_program(program).exclude(pk=agreement.pk)
    numbers = list(versions.order_by("-number").values_list("number", flat=True))
    chosen = request.GET.get("with", str(agreement.number - 1))
    base = versions.filter(number=int(chosen)).first() if chosen in map(str, numbers) else None
    if base is None and "with" in request.GET:
        raise Http404
    old, new = (base, agreement) if base is None or base.number < agreement.number else (agreement, base)
    context = {
        "mini_program": program,
        "agreement": agreement,
        "old": old,
        "new": new,
        "chosen": base.number if base else None,
        "numbers": numbers,
        "facts": changes_between(old, new),
        "texts": _text_changes(old, new),
    }
    return render(request, "privacy/changes.html", context)


def _text_changes(old: PrivacyAgreement | None, new: PrivacyAgreement) -> list[TextChange]:
    """Return the differences of each language that has a text on a side."""
    rows = []
    for language in Language:
        before, after = old.text_in(language) if old else "", new.text_in(language)
        if before or after:
            diff = side_by_side(before, after, width=WIDTH)
            rows.append(TextChange(language, diff, is_new=not before, is_gone=not after))
    return rows
