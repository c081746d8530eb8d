"""What is asked before a token is made or kept for longer (A-1)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from ipaddress import ip_network
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from console.api.manage.models import LoginRequest
from console.api.manage.states import COVERS, OF_PEOPLE, ROLE_OF_SCOPE, Scope
from console.base.accounts.models import Team
from console.base.core.fields import LineField, WordsField
from console.base.core.moments import LastDayField
from miniprograms.models import MiniProgram

MOST_NETWORKS = 20
USUAL_DAYS = 90


class NetworksField(WordsField):
    """IP addresses and networks (CIDR), one a line; gives them as `ip_network` writes them."""

    widget = forms.Textarea(attrs={"rows": 2, "class": "form-control", "spellcheck": "false"})

    def clean(self, value: Any) -> list[str]:
        """Return the networks; raises ValidationError that names the line which is none."""
        found = []
        for line in filter(None, map(str.strip, super().clean(value).replace(",", "\n").splitlines())):
            try:
                network = str(ip_network(line, strict=False))
            except ValueError:
                words = _("“%(line)s” is no IP address or network.") % {"line": line[:60]}
                raise forms.ValidationError(words, code="invalid") from None
            if network not in found:
                found.append(network)
        if len(found) > MOST_NETWORKS:
            raise forms.ValidationError(_("Enter at most %(count)d networks.") % {"count": MOST_NETWORKS})
        return found


class EndForm(forms.Form):
    """When a token expires."""

    expires_at = LastDayField(
        label=_("Expires"), help_text=_("The last day on which it works. Leave blank for no end date.")
    )


class TokenForm(EndForm):
    """A token of one's own: every scope, within what the person may do."""

    name = LineField(label=_("Name"), max_length=40, help_text=_("What it is for, such as “release” or “laptop”."))
    scopes = forms.MultipleChoiceField(
        label=_("Scopes"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose at least one scope.")},
    )
    addresses = NetworksField(
        label=_("Allowed IP addresses"),
        required=False,
        help_text=_("IP addresses or networks, one per line. Leave blank for any address."),
    )
    offered: Iterable[Scope] = OF_PEOPLE
    field_order = ("name", "scopes", "mini_program", "expires_at", "addresses")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        end = timezone.localdate() + timedelta(days=USUAL_DAYS)
        kwargs["initial"] = {"expires_at": end, "scopes": [Scope.READ]}
        super().__init__(*args, **kwargs)
        self.fields["scopes"].choices = [  # type: ignore[attr-defined]
            (scope.value, gettext("%(scope)s: %(covers)s") % {"scope": scope.label, "covers": COVERS[scope]})
            for scope in self.offered
        ]


class RobotForm(TokenForm):
    """A robot of a team, for all of its programs or for one."""

    offered = ROLE_OF_SCOPE
    mini_program = forms.ModelChoiceField(
        label=_("Mini program"), queryset=MiniProgram.objects.none(), required=False, empty_label=_("All mini programs")
    )

    def __init__(self, *args: Any, team: Team, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        programs: Any = self.fields["mini_program"]
        programs.queryset = MiniProgram.objects.filter(team=team).order_by("name")


class UserCodeForm(forms.Form):
    """The code that a program shows."""

    code = LineField(
        label=_("Code"),
        max_length=20,
        help_text=_("The 8 letters in your terminal, such as BCDF-GHJK."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}),
    )

    def clean_code(self) -> str:
        """Return the letters alone, as they are stored."""
        return "".join(letter for letter in self.cleaned_data["code"].upper() if letter.isalnum())


class LoginForm(TokenForm):
    """The token that a program asks for: what it asked for at most."""

    def __init__(self, *args: Any, asked: LoginRequest, **kwargs: Any) -> None:
        self.offered = [scope for scope in Scope if scope in asked.scopes]
        super().__init__(*args, **kwargs)
        self.initial.update(name=str(asked)[:40], scopes=asked.scopes)


class ReplaceForm(forms.Form):
    """That the token on the screen is the one to replace, and what becomes of the upload keys that it made."""

    seen = forms.CharField(max_length=4, widget=forms.HiddenInput)
    keep_keys = forms.BooleanField(
        label=_("Keep the upload keys"),
        required=False,
        help_text=_("Not if the token may have leaked: someone else may have created some of them."),
    )

    def __init__(self, *args: Any, has_keys: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not has_keys:
            del self.fields["keep_keys"]
