"""What is asked of the send log, as the URL carries it (M-8)."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.db.models import F
from django.http import Http404, QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from console.base.hosts.models import HostApplication
from messaging.localization import title_of
from messaging.models import MyTemplate
from messaging.presenters.log import Criteria
from messaging.states import MessageState
from messaging.stats import midnight
from miniprograms.models import MiniProgram

MOST_TEMPLATES = 200  # to choose from, those in use first; deleted ones stay in the list
TEMPLATE = re.compile(r"[A-Za-z0-9_-]{43}")
OPENID = re.compile(r"[A-Za-z0-9_-]{28}")
MASKED = re.compile(r"([A-Za-z0-9_-]{6})(?:…|\.\.\.)([A-Za-z0-9_-]{4})")
MESSAGE = re.compile(r"(?:msg_)?([0-9]{1,18})")
STATES = [("", gettext_lazy("All")), *MessageState.choices]


def _day(label: Any) -> forms.DateField:
    wrong = {"invalid": gettext_lazy("Enter a date.")}
    return forms.DateField(label=label, required=False, widget=forms.DateInput({"type": "date"}), error_messages=wrong)


def _text(label: Any, placeholder: Any, most: int) -> forms.CharField:
    attrs = {"autocomplete": "off", "spellcheck": "false", "placeholder": placeholder}
    return forms.CharField(label=label, required=False, max_length=most, widget=forms.TextInput(attrs))


class LogForm(forms.Form):
    """The criteria; templates and applications that are not the program's are 404 (P-1)."""

    template = forms.ChoiceField(label=gettext_lazy("Template"), required=False)
    application = forms.ChoiceField(label=gettext_lazy("Host app"), required=False)
    since = _day(pgettext_lazy("a day", "From"))
    until = _day(pgettext_lazy("a day", "To"))
    recipient = _text(gettext_lazy("Recipient"), gettext_lazy("openid or account"), 128)
    message = _text(gettext_lazy("Message ID"), gettext_lazy("msg_1042"), 24)

    def __init__(self, query: QueryDict, *, program: MiniProgram) -> None:
        super().__init__(query, auto_id="log-%s")
        self.state = query.get("state", "") if query.get("state", "") in MessageState.values else ""
        self.templates = _templates(program, named=query.get("template", ""))
        known = program.bindings.order_by().values("application")
        self.applications = list(HostApplication.objects.filter(pk__in=known))
        self.by_name: dict[str, dict[str, Any]] = {
            "template": {row.template_id: row for row in self.templates},
            "application": {row.application_id: row for row in self.applications},
        }
        self._offer("template", _("Any"), {row.template_id: _named(row) for row in self.templates})
        self._offer("application", _("Any"), {row.application_id: str(row) for row in self.applications})
        for name, field in self.fields.items():
            css = "form-select" if isinstance(field.widget, forms.Select) else "form-control"
            mono = " mono" if name in ("recipient", "message") else ""
            field.widget.attrs["class"] = f"{css}{mono}{' is-invalid' if name in self.errors else ''}"
        if self.errors.keys() & self.by_name.keys():
            raise Http404

    def _offer(self, name: str, everything: str, choices: dict[str, str]) -> None:
        self.fields[name].choices = [("", everything), *choices.items()]  # type: ignore[attr-defined]

    def clean_recipient(self) -> dict[str, str]:
        """Return how to find the recipients: by openid, whole or as this page shows it, else by the app's account."""
        typed: str = self.cleaned_data["recipient"]
        if not typed:
            return {}
        if OPENID.fullmatch(typed):
            return {"openid": typed}
        if match := MASKED.fullmatch(typed):
            return {"openid__startswith": match[1], "openid__endswith": match[2]}
        return {"account": typed}

    def clean_message(self) -> int | None:
        """Return the number in `msg_1042`; raises ValidationError for anything else."""
        typed: str = self.cleaned_data["message"]
        if not typed:
            return None
        if match := MESSAGE.fullmatch(typed):
            return int(match[1])
        raise forms.ValidationError(_("Enter the ID as this page shows it, such as msg_1042."))

    def clean(self) -> dict[str, Any]:
        """Check that the days are in their order."""
        data: dict[str, Any] = self.cleaned_data
        since, until = data.get("since"), data.get("until")
        if since and until and since > until:
            self.add_error("until", _("The last day can’t be before the first."))
        return data

    @property
    def criteria(self) -> Criteria:
        """What a form without errors asks for."""
        data = self.cleaned_data
        template = self.by_name["template"].get(data["template"])
        application = self.by_name["application"].get(data["application"])
        return Criteria(
            state=self.state,
            template=template.pk if template else None,
            application=application.pk if application else None,
            since=_begins(data["since"]),
            until=_begins(data["until"] + timedelta(days=1)) if data["until"] and data["until"] < date.max else None,
            recipient=data["recipient"],
            message=data["message"],
        )

    @property
    def is_asking(self) -> bool:
        """Whether fewer than all may be shown."""
        return bool(self.state) or any(self.data.get(name) for name in self.fields)

    def query(self, **changes: str) -> str:
        """Return the criteria as a URL carries them, with some changed; what nobody asks for is left out."""
        values = {"state": self.state} | {name: self.data.get(name, "") for name in self.fields} | changes
        return urlencode({name: value for name, value in values.items() if value})

    def states(self) -> list[tuple[str, Any, bool, str]]:
        """The states to choose from: value, label, whether it is chosen, the query with it."""
        return [(value, label, value == self.state, self.query(state=value)) for value, label in STATES]


def _begins(day: date | None) -> datetime | None:
    """Return when the day begins; None for no day, and for one so early that nothing was sent before it."""
    return midnight(day) if day and day.year > 1 else None


def _templates(program: MiniProgram, *, named: str) -> list[MyTemplate]:
    """Return the newest of the program to choose from, those in use first, and the one with the id `named`."""
    own = MyTemplate.objects.filter(mini_program=program)
    found = list(own.order_by(F("deleted_at").desc(nulls_first=True), "-pk")[:MOST_TEMPLATES])
    if TEMPLATE.fullmatch(named) and all(row.template_id != named for row in found):
        found += own.filter(template_id=named)
    return found


def _named(template: MyTemplate) -> str:
    """Name a template in the list: two of one title differ by their ids, deleted ones say so."""
    words = f"{title_of(template)} · {template.template_id[:6]}…"
    return _("%(template)s (deleted)") % {"template": words} if template.deleted_at else words
