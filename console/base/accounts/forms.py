"""The forms of teams, members, invitations and the own profile."""

from __future__ import annotations

from typing import Any, ClassVar

from allauth.account import forms as entrance
from allauth.account.adapter import get_adapter
from allauth.core import context
from allauth.mfa.base import forms as second_step
from allauth.mfa.models import Authenticator
from allauth.mfa.totp import forms as totp
from allauth.mfa.webauthn import forms as webauthn
from django import forms
from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from console.base.accounts import codes, security, throttle
from console.base.accounts.leading import led_alone_by
from console.base.accounts.models import NotificationChoice, Team, User
from console.base.accounts.permissions import TeamRole
from console.base.accounts.states import ABOUT, NotificationKind, SecurityKind
from console.base.core import zones
from console.base.core.fields import AddressField, LineField
from console.base.core.pages import NoteForm
from console.base.core.text import listed

ROLES = {
    TeamRole.ADMIN: _("Team administrator – can do everything, including keys, members and team settings"),
    TeamRole.LICENSE_HOLDER: _(
        "License holder – everything a developer can, plus create and publish mini programs, put them on or off the "
        "shelf and bind them to host apps"
    ),
    TeamRole.DEVELOPER: _(
        "Developer – everything a viewer can, plus upload versions, submit audits, edit domains and templates"
    ),
    TeamRole.VIEWER: _("Viewer – can see everything except keys"),
}
PLACES = {"in_console": _("In the console"), "by_email": _("By e-mail")}


class RoleForm(forms.Form):
    """A role in a team, each with what it may do."""

    role = forms.ChoiceField(label=_("Role"), choices=list(ROLES.items()), widget=forms.RadioSelect)


class InviteForm(RoleForm):
    email = AddressField(
        label=_("E-mail"),
        max_length=254,
        help_text=_("The link in the e-mail works once, for this address only."),
    )
    field_order = ("email", "role")


class NewTeamForm(forms.Form):
    """A team and its first administrator: all that an operator has to say (P-11)."""

    name = LineField(label=_("Team"), max_length=60)
    email = AddressField(
        label=_("Administrator’s e-mail"),
        max_length=254,
        help_text=_("They get an invitation by e-mail. Its one-time link lets them create their account."),
    )


class TeamForm(forms.ModelForm):
    """The team's settings."""

    class Meta:
        model = Team
        fields = ("name", "requires_second_factor")
        field_classes = {"name": LineField}
        labels = {"requires_second_factor": _("Require a second factor")}
        help_texts = {
            "requires_second_factor": _("Members without one must set it up before they can open the team’s pages.")
        }


class TeamNameForm(forms.Form):
    """What operators change about a team."""

    name = LineField(label=_("Name"), max_length=60)


class AddMemberForm(RoleForm):
    """Whom an operator would like in a team (P-7)."""

    email = AddressField(label=_("E-mail"), max_length=254)
    field_order = ("email", "role")

    def __init__(self, *args: Any, led: bool, acting: bool, **kwargs: Any) -> None:
        """`led` says whether the team has an administrator, `acting` whether one of them can sign in."""
        super().__init__(*args, **kwargs)
        self.fields["role"].initial = TeamRole.DEVELOPER if led else TeamRole.ADMIN
        decides = _("Team administrators are notified. One of them decides.")
        nobody = _("No team administrator can sign in to decide. Reactivate an administrator’s account.")
        invited = _("The link in the e-mail works once, for this address only.")
        self.fields["email"].help_text = (decides if acting else nobody) if led else invited


class UnledField(forms.BooleanField):
    """The tick with which an account is deactivated although nobody is left to administer what its person does."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(label=_("Deactivate anyway"), **kwargs)


def unled_words(alone: list[str]) -> str:
    """Return what the tick is asked for: `alone` is what the person alone administers, in words."""
    return gettext(
        "No administrator who can sign in would be left in: %(names)s. Tick the box to deactivate the account anyway."
    ) % {"names": listed(alone)}


class PersonForm(forms.Form):
    """An account as operators edit it; whether its person is an operator is up to superusers, and never one's own."""

    name = LineField(label=pgettext_lazy("of a person", "Name"), max_length=100)
    is_active = forms.BooleanField(
        label=_("Active"),
        required=False,
        help_text=_(
            "If off, the person can’t sign in. Their sessions, API tokens and open invitations end immediately."
        ),
    )
    is_staff = forms.BooleanField(
        label=_("Operator"),
        required=False,
        help_text=_("Opens the pages under Platform. Gives no access to teams."),
    )

    def __init__(self, *args: Any, by: User, person: User | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not by.is_superuser or by == person:
            del self.fields["is_staff"]
        if by == person:
            del self.fields["is_active"]
        elif person and self.is_bound and not self.data.get("is_active") and (alone := led_alone_by(person)):
            self.fields["leave_unled"] = UnledField(error_messages={"required": unled_words(alone)})

    def clean(self) -> dict[str, Any]:
        """Leave out the tick, which is nothing to be saved."""
        self.cleaned_data.pop("leave_unled", None)
        return self.cleaned_data


class PersonAddressForm(forms.Form):
    """Another address for an account, which its person takes (P-7)."""

    email = AddressField(
        label=_("New e-mail"),
        max_length=254,
        help_text=_("The address stays the same until the person confirms the new one."),
    )


class NewPersonForm(PersonForm):
    """A new account, without a password: its person sets one by a link."""

    email = AddressField(label=_("E-mail"), max_length=254)
    send_link = forms.BooleanField(
        label=_("Send a password link"), required=False, initial=True, help_text=_("The link works once.")
    )
    field_order = ("email", "name", "is_staff", "send_link")

    def __init__(self, *args: Any, by: User, **kwargs: Any) -> None:
        super().__init__(*args, by=by, **kwargs)
        del self.fields["is_active"]
        if not settings.PASSWORD_SIGN_IN:
            del self.fields["send_link"]


class ProfileForm(forms.ModelForm):
    """What a person says about themselves, and the language and time zone in which they read."""

    language = forms.ChoiceField(
        label=_("Language"),
        choices=settings.LANGUAGES,
        help_text=_("Used in the console and in e-mails."),
    )
    time_zone = forms.ChoiceField(
        label=_("Time zone"),
        required=False,
        choices=lambda: [("", _("Browser time zone")), *((name, name.replace("_", " ")) for name in zones.places())],
        help_text=_("Used for all times in the console and in e-mails."),
    )

    class Meta:
        model = User
        fields = ("name", "language", "time_zone")
        labels = {"name": pgettext_lazy("of a person", "Name")}
        field_classes = {"name": LineField}
        widgets = {"name": forms.TextInput(attrs={"autocomplete": "name"})}


class LanguageForm(forms.Form):
    """The language of the console, chosen in passing."""

    language = forms.ChoiceField(choices=settings.LANGUAGES)


class NotificationChoicesForm(forms.Form):
    """For each kind of notification, whether it comes in the console and by e-mail.

    `instead_of` is sent by who takes a choice back: what they had chosen, as `fields_that_restore` writes it.
    """

    instead_of = forms.RegexField(r"^[01]*$", required=False, max_length=100, widget=forms.HiddenInput)

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        chosen = {row.kind: row for row in user.notification_choices.all()}
        self.kinds = [kind for kind in NotificationKind if user.is_staff or kind != NotificationKind.PLATFORM]
        for kind in self.kinds:
            row = chosen.get(kind) or NotificationChoice()
            for place, label in PLACES.items():
                box = forms.CheckboxInput(attrs={"class": "form-check-input", "role": "switch"})
                self.fields[f"{kind}_{place}"] = forms.BooleanField(
                    label=label, required=False, initial=getattr(row, place), widget=box
                )

    @property
    def rows(self) -> list[dict[str, Any]]:
        """The kinds with what they cover and their two switches."""
        return [
            {"kind": kind, "about": ABOUT[kind], "boxes": [self[f"{kind}_{place}"] for place in PLACES]}
            for kind in self.kinds
        ]

    @property
    def choices(self) -> dict[str, tuple[bool, bool]]:
        """Kind → whether in the console, whether by e-mail."""
        return {
            kind: (self.cleaned_data[f"{kind}_in_console"], self.cleaned_data[f"{kind}_by_email"])
            for kind in self.kinds
        }

    @property
    def replaced(self) -> dict[str, tuple[bool, bool]] | None:
        """The choices that this one takes back; None where it takes none back."""
        bits = [bit == "1" for bit in self.cleaned_data["instead_of"]]
        return dict(zip(self.kinds, zip(bits[::2], bits[1::2], strict=False), strict=False)) if bits else None

    def fields_that_restore(self) -> dict[str, str]:
        """Return what to send to take this choice back, to what was chosen when the form was shown."""
        on = {name: "on" for name, field in self.fields.items() if field.initial is True}
        bits = "".join(str(int(box)) for pair in self.choices.values() for box in pair)
        return {**on, "instead_of": bits}


class ReadMarkForm(forms.Form):
    """Two ids of notifications, as whole numbers that a row can have."""

    to = forms.IntegerField(min_value=0, max_value=2**63 - 1)
    since = forms.IntegerField(min_value=0, max_value=2**63 - 1)


class NewUserForm(forms.Form):
    """The account of an invited person, whose address is the invitation's."""

    name = LineField(
        label=_("Your name"), max_length=100, widget=forms.TextInput(attrs={"autocomplete": "name", "autofocus": True})
    )
    password = forms.CharField(
        label=_("Password"),
        max_length=128,
        strip=False,
        help_text=_("At least 10 characters. Don’t use a common word."),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def __init__(self, *args: Any, email: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.email = email

    def clean(self) -> dict[str, Any]:
        """Hold the password against the rules, with the person's name and address known."""
        cleaned = super().clean() or {}
        if password := cleaned.get("password"):
            try:
                validate_password(password, User(email=self.email, name=cleaned.get("name", "")))
            except ValidationError as error:
                self.add_error("password", error)
        return cleaned


class DecideForm(NoteForm):
    """Whether a person whom an operator would like to add gets an invitation."""

    decision = forms.ChoiceField(
        label=_("Decision"),
        choices=[("accept", _("Approve and send the invitation")), ("refuse", _("Reject"))],
        widget=forms.RadioSelect,
    )
    field_order = ("decision", "note")


class OurWords(forms.Form):
    """allauth's forms with labels as ours: sentence case, and no placeholder that repeats the label."""

    labels: ClassVar = {
        "login": _("E-mail"),
        "email": _("E-mail"),
        "oldpassword": _("Current password"),
        "password1": _("New password"),
        "password2": _("Repeat new password"),
        "code": _("Code"),
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            field.label = self.labels.get(name, field.label)
            field.widget.attrs.pop("placeholder", None)


class LoginForm(OurWords, entrance.LoginForm):
    """Sign in."""


class ChangePasswordForm(OurWords, entrance.ChangePasswordForm):
    """Change the password; a wrong old one is on record."""

    def clean_oldpassword(self) -> str:
        """Hold it against the account's."""
        try:
            return str(super().clean_oldpassword())
        except ValidationError:
            security.note(self.user, SecurityKind.WRONG_PASSWORD, request=context.request)
            raise


class SetPasswordForm(OurWords, entrance.SetPasswordForm):
    """Set the first password."""


class ResetPasswordForm(OurWords, entrance.ResetPasswordForm):
    """Ask for a link to set a new password."""


class ResetPasswordKeyForm(OurWords, entrance.ResetPasswordKeyForm):
    """Set a new password by the link."""


class ActivateTOTPForm(OurWords, totp.ActivateTOTPForm):
    """The first code of an app that was just set up."""


class AddPasskeyForm(OurWords, webauthn.AddWebAuthnForm):
    """A passkey or a security key; what the browser answers comes with it."""

    labels: ClassVar = {"name": _("Name"), "passwordless": _("Sign in without a password")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["passwordless"].help_text = _(
            "You can then sign in with this key alone. The key has to ask for a fingerprint, a face or a PIN."
        )


class CodeForm(OurWords):
    """The code of an app, or a recovery code: each works once, and guessing is limited as for passwords."""

    def clean_code(self) -> str:
        """Use the code up."""
        user, code = self.user, str(self.cleaned_data["code"])  # type: ignore[attr-defined]
        attempt = throttle.begin(context.request, email=user.email, user=user, step=2)
        if attempt.refused:
            if attempt.just_now:
                security.note(user, SecurityKind.BLOCKED, request=context.request)
            raise get_adapter().validation_error("too_many_login_attempts")
        found = codes.use(user, code)
        if found is None:
            security.note(user, SecurityKind.WRONG_CODE, request=context.request)
            raise get_adapter().validation_error("incorrect_code")
        attempt.succeeded()
        if found.type == Authenticator.Type.RECOVERY_CODES:
            security.note(user, SecurityKind.CODE_USED, request=context.request)
        found.user = user
        self.authenticator = found
        return code


class AuthenticateForm(CodeForm, second_step.AuthenticateForm):
    """The second step of a sign-in."""


class ReauthenticateForm(CodeForm, second_step.ReauthenticateForm):
    """A code instead of the password, to confirm."""
