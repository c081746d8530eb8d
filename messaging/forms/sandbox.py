"""A message as it could be sent, by a field for each keyword or as the JSON of the API (M-8)."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

import msgspec
from django import forms
from django.http import QueryDict
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from messaging.localization import keywords_of
from messaging.models import MyTemplate
from messaging.sending import Body, Sending
from messaging.states import LANGUAGES, ProgramState
from messaging.values import rule

MODES = [("fields", gettext_lazy("Fields")), ("json", gettext_lazy("JSON"))]
LONGEST_BODY = 16 * 1024  # bytes, as the API


class Field(NamedTuple):
    """A keyword's input: `rule` says in words what it takes."""

    name: str
    key: str
    label: str
    rule: str
    example: str
    value: str


class SandboxForm(forms.Form):
    """Both halves say the same: what stands in the chosen one is written into the other.

    `broken` is why the JSON can't be read; then there is no `sending`.
    """

    mode = forms.ChoiceField(choices=MODES, initial="fields")
    openid = forms.CharField(label=gettext_lazy("Recipient’s openid"), required=False)
    page = forms.CharField(label=gettext_lazy("Page"), required=False)
    lang = forms.ChoiceField(label=gettext_lazy("Language"), choices=[(each, each) for each in LANGUAGES])
    program_state = forms.ChoiceField(
        label=gettext_lazy("Version to open"), choices=ProgramState.choices, initial="formal"
    )
    body = forms.CharField(label=gettext_lazy("Request body"), required=False, widget=forms.Textarea)

    def __init__(self, data: QueryDict | None, *, template: MyTemplate) -> None:
        self.template = template
        self.keywords = keywords_of(template)
        self.broken = ""
        typed: dict[str, str] = data.dict() if data else {}  # type: ignore[assignment]
        lang = "zh_CN" if (get_language() or "").startswith("zh") else "en_US"
        values = {"mode": "fields", "lang": lang, "program_state": "formal", "openid": "", "page": "", "body": ""}
        values |= {self._name(keyword.key): "" for keyword in self.keywords} | typed
        if "fill" in typed:
            values = self._filled(values)
        if values["mode"] not in dict(MODES):
            values["mode"] = "fields"
        self.sending = self._from_json(values) if values["mode"] == "json" else self._from_fields(values)
        if self.sending and values["mode"] == "json":
            values |= self._as_fields(self.sending)
        elif self.sending:
            values["body"] = body_of(self.sending)
        super().__init__(values, auto_id="sandbox-%s")
        self.values = values

    def inputs(self) -> list[Field]:
        """An input for each keyword, in the template's order."""
        kinds = {each["key"]: each["kind"] for each in self.template.keywords}
        return [
            Field(
                name=self._name(keyword.key),
                key=keyword.key,
                label=keyword.name,
                rule=rule(kinds[keyword.key], options=keyword.options),
                example=keyword.example,
                value=self.values[self._name(keyword.key)],
            )
            for keyword in self.keywords
        ]

    def _name(self, key: str) -> str:
        return f"data_{key}"

    def _filled(self, values: dict[str, str]) -> dict[str, str]:
        """Put the examples where nothing was typed."""
        examples = {self._name(keyword.key): keyword.example for keyword in self.keywords}
        return {**values, "mode": "fields", **{name: values[name] or text for name, text in examples.items()}}

    def _from_fields(self, values: dict[str, str]) -> Sending:
        return Sending(
            touser=values["openid"].strip(),
            template_id=self.template.template_id,
            data={keyword.key: values[self._name(keyword.key)] for keyword in self.keywords},
            page=values["page"].strip(),
            program_state=values["program_state"],
            lang=values["lang"],
        )

    def _from_json(self, values: dict[str, str]) -> Sending | None:
        """Read the body; None when the API could not, with the reason in `broken`."""
        raw = values["body"].encode()
        if len(raw) > LONGEST_BODY:
            self.broken = _("The body can be at most %(most)d KB.") % {"most": LONGEST_BODY // 1024}
            return None
        try:
            return msgspec.json.decode(raw, type=Body).sending()
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            self.broken = str(error) or _("The JSON is nested too deeply.")
            return None

    def _as_fields(self, sending: Sending) -> dict[str, str]:
        found = {self._name(keyword.key): sending.data.get(keyword.key, "") for keyword in self.keywords}
        facts = {"page": sending.page, "program_state": sending.program_state, "lang": sending.lang}
        return {"openid": "" if sending.touser == PLACEHOLDER else sending.touser, **facts, **found}


PLACEHOLDER = "OPENID"


def body_of(sending: Sending) -> str:
    """Return the JSON of the call; without a recipient with a placeholder for one."""
    body: dict[str, Any] = {"touser": sending.touser or PLACEHOLDER, "template_id": sending.template_id}
    if sending.page:
        body["page"] = sending.page
    body["data"] = {key: {"value": value} for key, value in sending.data.items()}
    body |= {"miniprogram_state": sending.program_state, "lang": sending.lang}
    return json.dumps(body, ensure_ascii=False, indent=2)
