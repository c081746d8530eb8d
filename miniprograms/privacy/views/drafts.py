"""The draft: write it, see it as users will, put it online."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from console.base.accounts.access import SignedInRequest, route
from console.base.accounts.permissions import Permission
from console.base.activity.models import ActivityEntry
from console.base.core import times
from console.base.core.errors import Conflict
from console.base.core.markdown import rendered
from console.base.core.pages import confirm_page, form_page, posted
from miniprograms.access import mini_program_for
from miniprograms.models import MiniProgram
from miniprograms.privacy import actions, rules
from miniprograms.privacy.comparison import changes_between, concerns_users, says_the_same
from miniprograms.privacy.events import PrivacySaved
from miniprograms.privacy.forms.draft import DraftForm
from miniprograms.privacy.forms.publishing import PublishForm
from miniprograms.privacy.models import FoundData, PrivacyAgreement, PrivacyDraft
from miniprograms.privacy.placeholders import filled, template_in
from miniprograms.privacy.states import Language, Placeholder

SHOWN_CHANGES = 6


@dataclass(frozen=True)
class Preview:
    """A text as users will read it, what is wrong in it, and the facts that it does not name."""

    language: Language
    html: SafeString
    problems: list[str]
    unnamed: list[Placeholder]


def _previews(form: DraftForm, program: MiniProgram) -> list[Preview]:
    stated = form.stated()
    return [
        Preview(
            language,
            rendered(filled(text, stated, program, language)),
            rules.problems_in(text),
            rules.unnamed_in(text, stated) if text else [],
        )
        for language in Language
        for text in [stated.text_in(language)]
    ]


def _form(program: MiniProgram, data: QueryDict | None) -> DraftForm:
    draft = actions.draft_of(program) or actions.first_draft(program)
    return DraftForm(data, draft=draft, found=FoundData.objects.filter(mini_program=program).first())


def _page(program: MiniProgram, form: DraftForm) -> dict[str, Any]:
    """What the edit page shows around the form."""
    return {
        "mini_program": program,
        "previews": lambda: _previews(form, program),
        "placeholders": list(Placeholder),
        "cancel": reverse("privacy:agreement", args=[program.app_id]),
    }


@route(Permission.MANAGE, load=mini_program_for, methods="GET POST")
def edit(request: SignedInRequest, program: MiniProgram) -> HttpResponse:
    """Facts and text side by side; who comes second sees what changed (S-1, L-3)."""
    form = _form(program, posted(request))
    url = reverse("privacy:agreement", args=[program.app_id])

    def save(data: dict[str, Any]) -> PrivacyDraft:
        try:
            return actions.save_draft(program, by=request.user, revision=data["revision"], **form.stated_data())
        except Conflict:
            if current := actions.draft_of(program):
                entries = ActivityEntry.objects.of_program(program.app_id).filter(verb=PrivacySaved.name)
                form.show_conflict(current, list(entries[: max(current.revision - max(data["revision"], 0), 0)]))
            raise

    return form_page(
        request,
        form,
        save=save,
        success=lambda draft: (_saved_words(draft), url),
        template="privacy/edit.html",
        **_page(program, form),
    )


def _saved_words(draft: PrivacyDraft) -> str:
    """Say that it is saved, and what it needs before it can be published."""
    missing = rules.lacks(draft, today=times.platform_day())
    if not missing:
        return _("Draft saved. Users see it after you publish it.")
    return _("Draft saved. Before publishing it needs %(what)s.") % {"what": rules.lacks_words(missing)}


@route(Permission.MANAGE, load=mini_program_for, methods="POST")
def preview(request: SignedInRequest, program: MiniProgram) -> HttpResponse:
    """The text as users will see it, of what is typed; nothing is kept.

    For htmx the preview alone, else the page with the form as it was, a row of third parties more or less, or our
    template in place of a text, as the button says.
    """
    if request.headers.get("HX-Request"):
        form = _form(program, request.POST)
        return render(request, "privacy/preview.html", {"previews": _previews(form, program), "tab": form.tab()})
    typed = request.POST.copy()
    done, _colon, which = typed.get("do", "").partition(":")
    for language in Language:
        if (done, which) == ("template", language.tag):
            typed[language.field] = template_in(language)
    form = _form(program, typed)
    form.move_rows(done, which)
    return render(request, "privacy/edit.html", {"form": form, **_page(program, form)})


@route(Permission.MANAGE, load=mini_program_for, methods="GET POST", sudo=True)
def publish(request: SignedInRequest, program: MiniProgram) -> HttpResponse:
    """Put the draft online as a new version: what changes for users (S-2, S-4)."""
    draft, online = actions.draft_of(program), PrivacyAgreement.objects.online_of(program)
    url = reverse("privacy:agreement", args=[program.app_id])
    unchanged = says_the_same(draft, online, program)
    reason = rules.why_not_publish(draft, online, unchanged=unchanged, today=times.platform_day())
    if draft is None or (request.method == "GET" and reason):
        return redirect(url)
    form = PublishForm(
        posted(request),
        revision=draft.revision,
        concerns_users=concerns_users(online, draft),
        is_first=online is None,
    )
    moves = changes_between(online, draft) if online else []
    return confirm_page(
        request,
        form,
        template="privacy/confirm/publish.html",
        save=lambda data: actions.publish(
            program,
            by=request.user,
            revision=data["revision"],
            asks_again=data.get("asks_again", True),
            note=data["note"],
        ),
        toast=lambda agreement: _("Version %(number)d is now online.") % {"number": agreement.number},
        back=url,
        mini_program=program,
        online=online,
        number=online.number + 1 if online else 1,
        moves=moves[:SHOWN_CHANGES],
        more=max(len(moves) - SHOWN_CHANGES, 0),
        unnamed=[
            (language.label, placeholder.label)
            for language in draft.languages
            for placeholder in rules.unnamed_in(draft.text_in(language), draft)
        ],
    )
