"""Security logs, members and accounts as files."""

from __future__ import annotations

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from console.base.accounts.models import SecurityEntry
from console.base.accounts.states import SecurityKind
from console.base.core.sheets import Column, sheet

LOG: tuple[Column, ...] = (
    (_("Time (UTC)"), lambda row: row.at),
    (_("Person"), lambda row: row.user),
    (_("E-mail"), lambda row: row.email),
    (_("Event"), lambda row: row.about.words),
    (_("Times"), lambda row: row.count),
)
PLACES: tuple[Column, ...] = (
    (_("Details"), lambda row: row.detail),
    (_("Address"), lambda row: row.address),
    (_("Browser"), lambda row: row.agent),
)
# Of a sign-in that was reported, the details are its address.
NO_PLACES: tuple[Column, ...] = ((_("Details"), lambda row: "" if row.kind == SecurityKind.DENIED else row.detail),)
MEMBERS: tuple[Column, ...] = (
    (_("Person"), lambda member: member.user),
    (_("E-mail"), lambda member: member.user.email),
    (_("Role"), lambda member: member.get_role_display()),
    (_("Since (UTC)"), lambda member: member.since),
)
PEOPLE: tuple[Column, ...] = (  # of `people_rows`
    (_("Person"), lambda row: row.user),
    (_("E-mail"), lambda row: row.user.email),
    (_("Role"), lambda row: row.role),
    (_("Sign-in method"), lambda row: row.sign_in[1]),
    (_("Last seen (UTC)"), lambda row: row.seen_at),
    (_("Created (UTC)"), lambda row: row.user.date_joined),
)


def security_sheet(
    request: HttpRequest, entries: QuerySet[SecurityEntry], *, name: str, with_places: bool = True
) -> HttpResponse:
    """Answer with the entries as a file; without `with_places` it says nothing of addresses and browsers."""
    columns = (*LOG, *(PLACES if with_places else NO_PLACES))
    return sheet(request, entries.select_related("user"), columns, name=name)
