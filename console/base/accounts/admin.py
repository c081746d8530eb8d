"""What operators keep: users, teams, memberships. No secret is shown; each change is a verb with its entry (P-5)."""

from __future__ import annotations

from typing import Any

# Imported first so that their classes are registered already, and can be taken away below.
import allauth.account.admin
import allauth.mfa.admin
import allauth.socialaccount.admin  # noqa: F401
import django.contrib.auth.admin  # noqa: F401
from allauth.account.decorators import reauthentication_required, secure_admin_login
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import Group
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy as _

from console.base.accounts import actions, authentication, sudo
from console.base.accounts.actions import safety
from console.base.accounts.forms import UnledField, unled_words
from console.base.accounts.leading import led_alone_by
from console.base.accounts.models import Invitation, Membership, SecurityEntry, Team, User
from console.base.accounts.permissions import TeamRole
from console.base.accounts.presenters import asked_words
from console.base.accounts.sheets import security_sheet
from console.base.accounts.states import ROUTINE, SecurityKind
from console.base.core.errors import ActionRefused
from console.base.core.fields import AddressField, LineField

# Second factors' secrets; addresses, which must stay the user's own; groups, which give nobody anything here; identity
# providers, by which an operator could sign in as anybody (P-7).
admin.site.unregister([Authenticator, EmailAddress, Group, SocialAccount, SocialApp, SocialToken])
# The console's own sign-in, so that rate limits and second factors hold here too.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]


def password_change(request: HttpRequest, extra_context: Any = None) -> HttpResponse:
    """Lead to the console's own page, which mails the change and keeps it on record."""
    return redirect("account_change_password")


admin.site.password_change = password_change  # type: ignore[assignment,method-assign]


def operator(request: HttpRequest) -> User:
    """Who is at work; the admin lets nobody else in."""
    assert isinstance(request.user, User)  # noqa: S101 - for the type checker
    return request.user


proven = method_decorator(reauthentication_required(allow_get=True, enabled=sudo.needed))


class VerbAdmin(admin.ModelAdmin):
    """Saves by verbs: a refusal is shown and nothing is saved. Whatever is posted asks for the password again (P-4)."""

    @proven
    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show and save the form; when a verb refuses, Django's transaction around it is rolled back, and the same
        is done once more with a form that holds the refusal: it is shown with what was typed.
        """
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except ActionRefused as refused:
            request.refused = refused  # type: ignore[attr-defined]
            return super().changeform_view(request, object_id, form_url, extra_context)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """Return the form; after a refusal one that is never valid."""
        form: Any = super().get_form(request, obj, change, **kwargs)
        if not hasattr(request, "refused"):
            return form
        refused: ActionRefused = request.refused

        class RefusedForm(form):
            def clean(self) -> Any:
                cleaned = super().clean()
                self.add_error(refused.field if refused.field in self.fields else None, refused.message)
                return cleaned

        return RefusedForm

    @proven
    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """List the rows, and do what was chosen with some of them."""
        return super().changelist_view(request, extra_context)

    @proven
    def delete_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        """Ask, then delete; a refusal of the verb is shown above the list."""
        try:
            return super().delete_view(request, object_id, extra_context)
        except ActionRefused as refused:
            messages.error(request, refused.message)
            return redirect(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist")

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """Delete each as `delete_model` does."""
        for row in queryset:
            try:
                self.delete_model(request, row)
            except ActionRefused as refused:
                messages.error(request, refused.message)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Records name these rows for ever: a user is deactivated, a team is left by its members."""
        return False


class UserForm(forms.ModelForm):
    """A user as operators see them; the password is the person's own."""

    leave_unled = UnledField(
        required=False, help_text=_("Needed where no other administrator of a team or an app can sign in.")
    )

    class Meta:
        model = User
        fields = ("email", "name", "is_active", "is_staff")
        field_classes = {"email": AddressField, "name": LineField}

    def clean_email(self) -> str:
        """One spelling for each address."""
        return str(self.cleaned_data["email"]).strip().lower()

    def clean(self) -> dict[str, Any]:
        """Ask for a tick where nobody would be left to administer what the person does."""
        values: dict[str, Any] = super().clean() or self.cleaned_data
        ticked = values.pop("leave_unled", False)
        deactivated = self.instance.pk and not values.get("is_active", True)
        if deactivated and not ticked and (alone := led_alone_by(self.instance)):
            self.add_error("leave_unled", unled_words(alone))
        return values


@admin.register(User)
class UserAdmin(VerbAdmin):
    """People: made without a password, which they set by a link."""

    form = UserForm
    fields = ("email", "name", "is_active", "leave_unled", "is_staff")
    list_display = ("email", "name", "is_active", "is_staff", "last_login")
    list_filter = ("is_active", "is_staff")
    search_fields = ("email", "name")
    ordering = ("email",)
    actions = ("send_password_link",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        """People; robots are their teams' own (A-1)."""
        return User.objects.people().order_by(*self.ordering)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Only a superuser makes operators, and nobody changes whether their own account is active or one (ADR 32)."""
        if obj == request.user:
            return ("is_active", "is_staff")
        return () if request.user.is_superuser else ("is_staff",)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Only a superuser changes operators."""
        if obj is not None and obj.is_staff and not request.user.is_superuser:
            return False
        return super().has_change_permission(request, obj)

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        """Create or edit by verb; another address is asked for, and its person takes it (P-7)."""
        if change:
            values = {name: form.cleaned_data[name] for name in form.changed_data if name in form.cleaned_data}
            if email := values.pop("email", ""):
                asked = safety.ask_for_address(obj, email=email, by=operator(request))
                messages.info(
                    request,
                    _("Link sent to %(email)s. The address changes when the person opens the link while signed in.")
                    % {"email": asked.email},
                )
            if values:
                actions.edit_user(obj, by=operator(request), **values)
        else:
            obj.pk = actions.create_user(by=operator(request), **form.cleaned_data).pk

    @admin.action(description=_("Send a password link"), permissions=["change"])
    def send_password_link(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """Mail each active user a link that works once."""
        for user in queryset.filter(is_active=True):
            if why_not := authentication.send_password_link(request, user):
                messages.warning(request, why_not)
            else:
                messages.success(request, _("Link sent to %(email)s.") % {"email": user.email})


class MembershipInline(admin.TabularInline):
    """The people of a team, to look at and to take out: who joins and in which role is decided in the team (P-7)."""

    model = Membership
    fields = readonly_fields = ("user", "role", "since")
    extra = 0

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """They are invited; see TeamForm."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Operators help where somebody has left the company."""
        return True

    def get_queryset(self, request: HttpRequest) -> QuerySet[Membership]:
        """Each row names its person and team."""
        people = super().get_queryset(request).filter(user__is_robot=False)
        return people.select_related("user", "team").order_by("pk")


class TeamForm(forms.ModelForm):
    """A team as operators see it; whom they would like to add is asked for by e-mail address."""

    new_email = AddressField(
        label=_("Add a member: e-mail"),
        required=False,
        max_length=254,
        help_text=_(
            "The first team administrator is invited directly. Later members need a team administrator’s approval."
        ),
    )
    new_role = forms.ChoiceField(label=_("Add a member: role"), choices=TeamRole.choices, initial=TeamRole.ADMIN)

    class Meta:
        model = Team
        fields = ("name",)
        field_classes = {"name": LineField}


@admin.register(Team)
class TeamAdmin(VerbAdmin):
    """Teams with their members; the first team administrator is invited here, others the team itself invites."""

    form = TeamForm
    fields = ("name", "new_email", "new_role")
    list_display = ("name", "created_at")
    search_fields = ("name",)
    inlines = (MembershipInline,)

    def save_model(self, request: HttpRequest, obj: Team, form: Any, change: bool) -> None:
        """Create or rename by verb."""
        if change:
            actions.edit_team(obj, by=operator(request), name=obj.name)
        else:
            obj.pk = actions.create_team(by=operator(request), name=obj.name).pk

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """After the members that are taken out, whom the operator would like to add (P-7)."""
        super().save_related(request, form, formsets, change)
        if email := form.cleaned_data.get("new_email"):
            team = Team.objects.get(pk=form.instance.pk)
            role = form.cleaned_data["new_role"]
            asked = safety.add_by_operator(team, email=email, role=role, by=operator(request))
            messages.success(request, asked_words(asked))

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        """Remove members by verb; their roles are the team's own business."""
        formset.save(commit=False)
        for member in formset.deleted_objects:
            actions.remove_member(member, by=operator(request))


@admin.register(Invitation)
class InvitationAdmin(admin.ModelAdmin):
    """Invitations, to look at."""

    fields = (
        "team",
        "email",
        "role",
        "invited_by",
        "invited_at",
        "expires_at",
        "emailed_at",
        "accepted_at",
        "revoked_at",
    )
    list_display = ("email", "team", "role", "invited_at", "expires_at", "emailed_at", "accepted_at", "revoked_at")
    search_fields = ("email", "team__name")
    list_select_related = ("team",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Team administrators invite."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Team administrators send again and take back."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """They are part of the team's record."""
        return False


class KindFilter(admin.SimpleListFilter):
    """What happened, in words."""

    title = _("Event")
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """All kinds that operators see."""
        return [(kind.value, kind.label) for kind in SecurityKind if kind not in ROUTINE]

    def queryset(self, request: HttpRequest, queryset: QuerySet[SecurityEntry]) -> QuerySet[SecurityEntry]:
        """Those of the chosen kind."""
        return queryset.filter(kind=self.value()) if self.value() else queryset


@admin.register(SecurityEntry)
class SecurityEntryAdmin(admin.ModelAdmin):
    """Sign-ins that failed, and what changed about accounts (P-6): to look at, and to download."""

    list_display = ("at", "email", "user", "kind_words", "count", "address", "detail")
    list_filter = (KindFilter, "at")
    search_fields = ("email", "address")
    list_select_related = ("user",)
    show_full_result_count = False
    actions = ("download",)
    fields = readonly_fields = ("at", "user", "email", "kind_words", "count", "address", "agent", "detail")

    @admin.display(description=_("Event"), ordering="kind")
    def kind_words(self, entry: SecurityEntry) -> str:
        """In words."""
        return str(entry.about.words)

    def get_queryset(self, request: HttpRequest) -> QuerySet[SecurityEntry]:
        """All but where people sign in from day by day, which is theirs."""
        return SecurityEntry.objects.for_operators()

    @admin.action(description=_("Download as CSV"), permissions=["view"])
    def download(self, request: HttpRequest, queryset: QuerySet[SecurityEntry]) -> HttpResponse:
        """The chosen ones, or with “select all” everything that the filters show."""
        return security_sheet(request, queryset, name="security-log")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """It is written by what happens."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """It is a record."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """It is a record."""
        return False
