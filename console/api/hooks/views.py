"""The pages of webhooks: of teams below /automation/, of host apps below /apps/ (A-4)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, NamedTuple

from django import forms
from django.contrib import messages
from django.core.cache import cache
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from console.api.hooks import actions, presenters, rules, switching
from console.api.hooks.access import application_delivery, application_webhook, team_delivery, team_webhook
from console.api.hooks.forms import EditForm, ReplayForm, SecretForm, TeamWebhookForm, WebhookForm
from console.api.hooks.models import Delivery, Webhook
from console.api.hooks.states import Format
from console.base.accounts.access import SignedInRequest, route, team_for
from console.base.accounts.models import Team
from console.base.accounts.permissions import Permission
from console.base.activity import payloads
from console.base.activity.events import event_of
from console.base.core.errors import ActionRefused, Conflict
from console.base.core.pages import NoteForm, Shown, confirm_page, form_page, named, page_of, posted, secret_page
from console.base.hosts.access import application_for
from console.base.hosts.models import HostApplication

View = Callable[..., HttpResponse]
TEST_PAUSE = 3  # seconds between two tests of a webhook: the button is no way to try out addresses


class Pair(NamedTuple):
    """A view behind two doors: of webhooks of teams, and of host apps."""

    of_team: View
    of_application: View


def _pair(view: View, permissions: tuple[Permission, Permission], loaders: tuple[Any, Any], **options: Any) -> Pair:
    return Pair(*(route(each, load=load, **options)(view) for each, load in zip(permissions, loaders, strict=True)))


SEE = (Permission.VIEW, Permission.VIEW_APPLICATION)
CHANGE = (Permission.ADMINISTER, Permission.EDIT_APPLICATION)
WEBHOOK, DELIVERY = (team_webhook, application_webhook), (team_delivery, application_delivery)


# A new one --------------------------------------------------------------------------------------------------------


@route(Permission.ADMINISTER, load=team_for, methods="GET POST", sudo=True)
def new_of_team(request: SignedInRequest, team: Team) -> HttpResponse:
    """Make a webhook of the team; the answer shows its secret once."""
    form = TeamWebhookForm(posted(request), team=team, language=_language(request))
    return _new(request, team, form, back=reverse("automation:tokens"))


@route(Permission.EDIT_APPLICATION, load=application_for, methods="GET POST", sudo=True)
def new_of_application(request: SignedInRequest, application: HostApplication) -> HttpResponse:
    """Make a webhook of the host app; the answer shows its secret once."""
    form = WebhookForm(posted(request), language=_language(request))
    return _new(request, application, form, back=application.get_absolute_url(), application=application)


def _language(request: SignedInRequest) -> str:
    return request.user.language or translation.get_language() or "en"


def _new(
    request: SignedInRequest, owner: Team | HostApplication, form: forms.Form, *, back: str, **context: Any
) -> HttpResponse:
    context |= {"template": "webhooks/new.html", "cancel": back, "owner": owner}

    def make(data: dict[str, Any]) -> actions.Made:
        return actions.create(owner, by=request.user, **data)

    if request.POST.get("format") != Format.STANDARD:
        done = lambda made: (_("Webhook created."), made.row.get_absolute_url())  # noqa: E731
        return form_page(request, form, save=make, success=done, **context)
    return secret_page(request, form, make=make, shown=_shown, **context)


def _shown(made: actions.Made) -> Shown:
    return Shown(
        title=_("Secret of the webhook"),
        value=made.secret,
        file_name="webhook-secret.txt",
        done=made.row.get_absolute_url(),
    )


BUTTONS = {
    "test": "test",
    "edit": "edit",
    "on": "switch_on",
    "off": "switch_off",
    "delete": "delete",
    "replay": "replay",
    "secret": "secret",
}


# One of them ------------------------------------------------------------------------------------------------------


def _detail(request: SignedInRequest, webhook: Webhook) -> HttpResponse:
    """What it hears, how it does, and what was sent to it; with ?delivery= one of them in detail."""
    page = page_of(request, webhook.deliveries.all())
    wanted = named(request, "delivery")
    by_id = webhook.deliveries.filter(pk=int(wanted)) if wanted.isascii() and wanted.isdecimal() else None
    chosen = (by_id.first() if by_id is not None and len(wanted) < 19 else None) or next(iter(page.object_list), None)
    now, is_asked_apart = timezone.now(), bool(request.headers.get("HX-Request"))
    part = is_asked_apart and "part" in request.GET
    secrets = list(webhook.secrets.usable(at=now))
    why_not = presenters.why_not_change(webhook, request.user)
    withheld = bool(chosen and why_not and event_of(chosen.name).details_for)
    context = {
        "webhook": webhook,
        "application": webhook.application,
        "row": presenters.rows_of([webhook], at=now)[0],
        "page": page,
        "shown": presenters.listed(page, chosen, webhook, part=part, at=now),
        "opened": presenters.opened(chosen, webhook) if chosen and not withheld else None,
        "withheld": withheld,
        "secret": next((each for each in secrets if each.ends_at is None), None),
        "old_secrets": [each for each in secrets if each.ends_at],
        "why_not": why_not,
        "why_not_send": rules.why_not_send(webhook),
        "why_not_replace": rules.why_not_replace_secret(webhook),
        "part": part,
        "moves": chosen is not None and presenters.is_on_its_way(chosen, webhook, at=now),
        "send_url": webhook.path_of("send", chosen.pk) if chosen else "",
        **{f"{name}_url": webhook.path_of(page) for name, page in BUTTONS.items()},
    }
    return render(request, "webhooks/deliveries.html" if is_asked_apart else "webhooks/detail.html", context)


def _edit(request: SignedInRequest, webhook: Webhook) -> HttpResponse:
    """Change where it is sent and what it hears."""
    seen = {"patterns": "\n".join(webhook.events), "language": webhook.language, "revision": webhook.revision}
    form = EditForm(posted(request), initial=seen, webhook=webhook)

    def save(data: dict[str, Any]) -> Webhook:
        try:
            return actions.edit(webhook, by=request.user, **data)
        except Conflict:
            raise Conflict(form.show_conflict(Webhook.objects.get(pk=webhook.pk))) from None

    return _confirm(
        request,
        webhook,
        form,
        save=save,
        toast=_("Saved."),
        template="webhooks/edit.html",
    )


def _secret(request: SignedInRequest, webhook: Webhook) -> HttpResponse:
    """Replace its secret; the answer shows the new one once."""
    current = webhook.secrets.filter(ends_at=None).first()
    return secret_page(
        request,
        SecretForm(posted(request), initial={"seen": current.pk if current else 0}),
        make=lambda data: actions.replace_secret(
            webhook, overlap=data["overlap"], seen=data["seen"], by=request.user, reason=data["note"]
        ),
        shown=_shown,
        template="webhooks/confirm/secret.html",
        cancel=webhook.get_absolute_url(),
        webhook=webhook,
        application=webhook.application,
        current=current,
    )


def _switch_off(request: SignedInRequest, webhook: Webhook) -> HttpResponse:
    """Send nothing more for now."""
    return _confirm(
        request,
        webhook,
        NoteForm(posted(request)),
        save=lambda data: switching.switch_off(webhook, by=request.user, reason=data["note"]),
        toast=_("Webhook switched off."),
        template="webhooks/confirm/switch_off.html",
    )


def _switch_on(request: SignedInRequest, webhook: Webhook) -> HttpResponse:
    """Send again."""
    return _at_once(request, webhook, lambda: switching.switch_on(webhook, by=request.user), _("Webhook switched on."))


def _delete(request: SignedInRequest, webhook: Webhook) -> HttpResponse:
    """Take it away."""
    back = webhook.application.get_absolute_url() if webhook.application else reverse("automation:tokens")
    return _confirm(
        request,
        webhook,
        NoteForm(posted(request)),
        save=lambda data: actions.delete(webhook, by=request.user, reason=data["note"]),
        toast=_("Webhook deleted."),
        template="webhooks/confirm/delete.html",
        back=back,
    )


def _test(request: SignedInRequest, webhook: Webhook) -> HttpResponse:
    """Send a test; the list of deliveries shows how it ends."""
    if not rules.why_not_send(webhook) and not cache.add(f"webhook-test:{webhook.pk}", True, TEST_PAUSE):
        messages.error(request, _("A test was just sent. Wait a few seconds."))
        return redirect(webhook.get_absolute_url())
    words = _("Test on its way.")
    return _at_once(request, webhook, lambda: actions.send_test(webhook), words)


def _send(request: SignedInRequest, delivery: Delivery) -> HttpResponse:
    """Send one delivery again."""
    send = lambda: actions.send_again(delivery, by=request.user)  # noqa: E731
    words = _("On its way.")
    return _at_once(request, delivery.webhook, send, words, query=f"?delivery={delivery.pk}")


def _replay(request: SignedInRequest, webhook: Webhook) -> HttpResponse:
    """Send what happened in a period again."""

    def save(data: dict[str, Any]) -> int:
        until = timezone.now()
        since = until - timedelta(seconds=data["period"])
        return actions.replay(
            webhook, since=since, until=until, failed_only=data["failed_only"], by=request.user, at=until
        )

    def words(count: int) -> str:
        found = ngettext("%(count)d delivery is sent again.", "%(count)d deliveries are sent again.", count)
        return found % {"count": count}

    return confirm_page(
        request,
        ReplayForm(posted(request)),
        save=save,
        toast=words,
        back=webhook.get_absolute_url(),
        template="webhooks/confirm/replay.html",
        impossible=rules.why_not_send(webhook),
        webhook=webhook,
        application=webhook.application,
        most=actions.MOST_REPLAYED,
    )


def _confirm(
    request: SignedInRequest, webhook: Webhook, form: forms.Form, *, toast: str, back: str = "", **context: Any
) -> HttpResponse:
    back = back or webhook.get_absolute_url()
    context |= {"webhook": webhook, "application": webhook.application}
    return confirm_page(request, form, toast=lambda _result: toast, back=back, **context)


def _at_once(
    request: SignedInRequest, webhook: Webhook, verb: Callable[[], Any], words: str, *, query: str = ""
) -> HttpResponse:
    """Run a verb that needs no question, and say how it went."""
    try:
        verb()
    except ActionRefused as refused:
        messages.error(request, refused.message)
    else:
        messages.success(request, words)
    return redirect(webhook.get_absolute_url() + query)


detail = _pair(_detail, SEE, WEBHOOK)
edit = _pair(_edit, CHANGE, WEBHOOK, methods="GET POST", sudo=True)
secret = _pair(_secret, CHANGE, WEBHOOK, methods="GET POST", sudo=True)
switch_off = _pair(_switch_off, CHANGE, WEBHOOK, methods="GET POST")
switch_on = _pair(_switch_on, CHANGE, WEBHOOK, methods="POST")
delete = _pair(_delete, CHANGE, WEBHOOK, methods="GET POST")
test = _pair(_test, CHANGE, WEBHOOK, methods="POST")
replay = _pair(_replay, CHANGE, WEBHOOK, methods="GET POST")
send = _pair(_send, CHANGE, DELIVERY, methods="POST")


# The registry -----------------------------------------------------------------------------------------------------


@route(Permission.SIGNED_IN)
def events(request: SignedInRequest) -> HttpResponse:
    """Every event that a webhook can hear, each with the payload that it has."""
    return render(request, "webhooks/events.html", {"groups": presenters.event_groups(), "version": payloads.VERSION})
