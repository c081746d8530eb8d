"""What operators keep: users, teams, memberships. No secret is shown; each change is a verb with its entry (P-5)."""

from __future__ import annotations

from typing import Any

# Imported first so that their classes are registered already, and can be taken away below.
import allauth.account.admin
import allauth.mfa.admin  # noqa: F401
import django.contrib.auth.admin  # noqa: F401
from allauth.account.decorators import reauthentication_required, secure_admin_login
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import Group
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from console.base.accounts import actions, authentication, sudo
from console.base.accounts.models import Invitation, Membership, Team, User
from console.base.core.errors import ActionRefused
from console.base.core.fields import AddressField, LineField

# Second factors' secrets; addresses, which must stay the user's own; groups, which give nobody anything here.
admin.site.unregister([Authenticator, EmailAddress, Group])
# The console's own sign-in, so that rate limits and second factors hold here too.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]


def operator(request: HttpRequest) -> User:
    """Who is at work; the admin lets nobody else in."""
    assert isinstance(request.user, User)  # noqa: S101 - for the type checker
    return request.user


class VerbAdmin(admin.ModelAdmin):
    """Saves by verbs: a refusal is shown and nothing is saved. Changing people asks for the password again (P-4)."""

    @method_decorator(reauthentication_required(allow_get=True, enabled=sudo.needed))
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

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Records name these rows for ever: a user is deactivated, a team is left by its members."""
        return False


class UserForm(forms.ModelForm):
    """A user as operators see them; the password is the person's own."""

    class Meta:
        model = User
        fields = ("email", "name", "is_active", "is_staff")
        field_classes = {"email": AddressField, "name": LineField}

    def clean_email(self) -> str:
        """One spelling for each address."""
        return str(self.cleaned_data["email"]).strip().lower()


@admin.register(User)
class UserAdmin(VerbAdmin):
    """People: made without a password, which they set by a link."""

    form = UserForm
    fields = ("email", "name", "is_active", "is_staff")
    list_display = ("email", "name", "is_active", "is_staff", "last_login")
    list_filter = ("is_active", "is_staff")
    search_fields = ("email", "name")
    ordering = ("email",)
    actions = ("send_password_link",)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Only a superuser makes operators."""
        return () if request.user.is_superuser else ("is_staff",)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Only a superuser changes operators: whoever sets an address can take the account over."""
        if obj is not None and obj.is_staff and not request.user.is_superuser:
            return False
        return super().has_change_permission(request, obj)

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        """Create or edit by verb."""
        if change:
            values = {name: form.cleaned_data[name] for name in form.changed_data}
            actions.edit_user(obj, by=operator(request), **values)
        else:
            obj.pk = actions.create_user(by=operator(request), **form.cleaned_data).pk

    @admin.action(description=_("Send a link to set the password"), permissions=["change"])
    def send_password_link(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """Mail each active user a link that works once."""
        for user in queryset.filter(is_active=True):
            authentication.send_password_link(request, user)
            messages.success(request, _("A link is on its way to %(email)s.") % {"email": user.email})


class MembershipInline(admin.TabularInline):
    model = Membership
    fields = ("user", "role", "since")
    readonly_fields = ("since",)
    autocomplete_fields = ("user",)
    extra = 0

    def get_queryset(self, request: HttpRequest) -> QuerySet[Membership]:
        """Each row names its person and team."""
        return super().get_queryset(request).select_related("user", "team").order_by("pk")


@admin.register(Team)
class TeamAdmin(VerbAdmin):
    """Teams with their members; the first team administrator is named here, the rest is invited."""

    fields = ("name",)
    list_display = ("name", "created_at")
    search_fields = ("name",)
    inlines = (MembershipInline,)

    def save_model(self, request: HttpRequest, obj: Team, form: Any, change: bool) -> None:
        """Create or rename by verb."""
        if change:
            actions.edit_team(obj, by=operator(request), name=obj.name)
        else:
            obj.pk = actions.create_team(by=operator(request), name=obj.name).pk

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        """Add, change and remove members by verb; new administrators first, so that one can replace another."""
        by = operator(request)
        formset.save(commit=False)
        for member in formset.new_objects:
            actions.add_member(form.instance, user=member.user, role=member.role, by=by)
        if any("user" in fields for _member, fields in formset.changed_objects):
            raise ActionRefused(gettext("A membership stays with its person. Remove it and add another one."))
        changed = [member for member, _fields in formset.changed_objects]
        for member in sorted(changed, key=lambda member: member.role != "admin"):
            actions.change_role(member, role=member.role, by=by)
        for member in formset.deleted_objects:
            actions.remove_member(member, by=by)


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
