"""The forms of applications, their people, keys and sensitive APIs."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from console.base.accounts.models import Team, User
from console.base.accounts.permissions import ApplicationRole
from console.base.activity.forms import RevisionForm
from console.base.core.fields import AddressField, LineField, WordsField
from console.base.core.images import IconField
from console.base.core.pages import NoteForm
from console.base.core.text import listed
from console.base.hosts.actions import DESCRIPTIVE
from console.base.hosts.models import API_NAME_LENGTH, ApplicationKey, DefaultApi, HostApplication, api_name
from console.base.hosts.proof_words import WORDS

API_NAME = {"class": "font-monospace", "autocapitalize": "off", "spellcheck": "false"}  # attributes of an input


class ApplicationForm(forms.Form):
    """The descriptive fields."""

    name = LineField(label=_("Name"), min_length=2, max_length=30)
    icon = IconField(
        label=_("Icon"), required=False, help_text=_("PNG, JPEG or WebP, up to 1 MB. Cropped to a square.")
    )
    description = WordsField(
        label=_("Description"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("What the app is, and which mini programs it accepts."),
    )
    listed = forms.BooleanField(
        label=_("Open for bindings"),
        required=False,
        initial=True,
        help_text=HostApplication._meta.get_field("listed").help_text,
    )


class CreateForm(ApplicationForm):
    """A new application; `teams` are those that the user administers."""

    team = forms.ModelChoiceField(label=_("Team"), queryset=Team.objects.none(), empty_label=None)
    reviewer = AddressField(
        label=_("Reviewer’s e-mail"),
        max_length=254,
        required=False,
        help_text=_(
            "You can’t decide your own requests, so someone else has to review them. You can invite them later."
        ),
    )
    field_order = ("team", "name", "reviewer", "icon", "description", "listed")

    def __init__(self, *args: Any, teams: QuerySet[Team], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["team"].queryset = teams  # type: ignore[attr-defined]


class EditForm(RevisionForm, ApplicationForm):
    """The descriptive fields, and the revision that the editor saw."""

    compared = DESCRIPTIVE


class MemberField(forms.ModelChoiceField):
    """A person, identified by the e-mail address."""

    def label_from_instance(self, user: User) -> str:
        """Return name and address."""
        return listed([user, user.email])


class AdministratorForm(forms.Form):
    """Whom the team makes application administrator; `candidates` are members of the owning team."""

    user = MemberField(label=_("Person"), queryset=User.objects.none(), empty_label=_("Choose a member"))

    def __init__(self, *args: Any, candidates: QuerySet[User], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["user"].queryset = candidates  # type: ignore[attr-defined]


class PersonForm(AdministratorForm):
    """Who of the `candidates`, who have none, gets which role."""

    role = forms.ChoiceField(label=_("Role"), choices=ApplicationRole, initial=ApplicationRole.REVIEWER)


class ReviewerForm(forms.Form):
    """Whom to invite as reviewer."""

    email = AddressField(
        label=_("E-mail"),
        max_length=254,
        help_text=_("The link in the e-mail works once, for this address only."),
    )


class RoleForm(forms.Form):
    role = forms.ChoiceField(label=_("Role"), choices=ApplicationRole)


class KeyForm(forms.Form):
    """Which of the active keys goes into the configuration file; the newest is offered first."""

    key = forms.ModelChoiceField(label=_("Device key"), queryset=ApplicationKey.objects.none(), empty_label=None)

    def __init__(self, *args: Any, keys: QuerySet[ApplicationKey], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["key"].queryset = keys  # type: ignore[attr-defined]


class ProofForm(forms.Form):
    """What needs an installation proof (R-9), and what needed one on the screen."""

    uses = forms.MultipleChoiceField(
        label=_("Require installation proof for"),
        choices=[(use, words.label) for use, words in WORDS.items()],
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("First ship an app version that sends proofs. Older ones are refused or get the online version."),
    )
    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    def clean_seen(self) -> list[str]:
        """Return what was required on the screen."""
        return [use for use in self.cleaned_data["seen"].split(",") if use]


class EndProofsForm(NoteForm):
    """Why all proofs become void; `seen` is their series on the screen."""

    seen = forms.IntegerField(min_value=0, max_value=2**31 - 1, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, needed=True, help_text=gettext("The app’s other administrators see this."), **kwargs)


class ApiForm(forms.Form):
    """A sensitive API of the application's own (D-3)."""

    name = LineField(
        label=_("Name"),
        max_length=API_NAME_LENGTH,
        validators=[api_name],
        widget=forms.TextInput(attrs=API_NAME),
        help_text=_("The name mini programs use, such as wx.openLocker."),
    )
    title = LineField(label=_("Purpose"), max_length=80, help_text=_("Shown to developers when they apply."))


class RequestForm(forms.Form):
    """Which application to ask, and why its reviewers should say yes; `reason_help` says what they want to read."""

    reason_help: Any = ""
    application = forms.ModelChoiceField(
        label=_("Host app"), queryset=HostApplication.objects.none(), empty_label=_("Choose a host app")
    )
    reason = WordsField(label=_("Reason"), max_length=500, widget=forms.Textarea(attrs={"rows": 3}))

    def __init__(self, *args: Any, applications: QuerySet[HostApplication], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["application"].queryset = applications  # type: ignore[attr-defined]
        self.fields["reason"].help_text = self.reason_help


class DefaultApiForm(forms.ModelForm):
    """A sensitive API of every application (D-3), in the console and in the admin; its name is what programs call."""

    class Meta:
        model = DefaultApi
        fields = ("name", "title", "restricted")
        field_classes = {"name": LineField, "title": LineField}
        widgets = {"name": forms.TextInput(attrs=API_NAME)}
        help_texts = {
            "name": _("The name mini programs use, such as wx.getLocation. It can’t be changed later."),
            "title": _("What the API reads or does, in English. Chinese is shown where a translation exists."),
            "restricted": _("Applies to new apps only."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk is not None:
            self.fields["name"].disabled = True
            self.fields["name"].help_text = _("The name mini programs use. It can’t be changed.")
