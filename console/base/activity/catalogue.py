"""Pages of what operators keep (P-12): lists with rows to tick, and what is done with those that are ticked.

A catalogue's list extends core/catalogue.html, its form core/catalogue_form.html. What is done is done row by row, by
the verb of the row; the dialog rehearses it, so it names each row that the verb will refuse, and why.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import messages
from django.db import transaction
from django.db.models import Model, QuerySet
from django.forms.models import model_to_dict
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from console.base.activity.rehearsal import Follows, following, listening, rehearse
from console.base.core.errors import ActionRefused, Conflict
from console.base.core.filters import ListFilter
from console.base.core.pages import NoteForm, confirm_page, form_page, go, page_of, posted, show
from console.base.core.sheets import Column, is_asked, sheet
from console.base.core.text import colon, sentences

if TYPE_CHECKING:
    from console.base.activity.events import Event

Words = str | Promise
Verb = Callable[..., Any]  # (row, by), and with a note (row, by, note): it may change the row, which is its own
Effect = tuple[str, Words]  # an icon, and what will happen
MOST_TICKED = 100
MOST_DIGITS = 18
MOST_NAMED = 5  # of the rows that were left as they are, in the message after


@dataclass(frozen=True)
class Act:
    """What can be done with ticked rows. Words for several name a `%(count)d`, those for one its `%(name)s`.

    `effects` are the same for every row, `effects_of` what they are for those that it will be done with. With
    `takes_note` the dialog asks for one.
    """

    label: Words
    icon: str
    verb: Verb
    ask_one: Words
    ask: Words
    done_one: Words
    done: Words
    effects: tuple[Effect, ...] = ()
    effects_of: Callable[[Sequence[Any]], Sequence[Effect]] = lambda _rows: ()
    danger: bool = False
    takes_note: bool = False
    name_of: Callable[[Any], str] = str

    def do(self, row: Any, by: Any, note: str = "") -> None:
        """Run the verb with a copy of the row."""
        self.verb(copy(row), by, *([note] if self.takes_note else []))


@dataclass(frozen=True)
class Catalogue:
    """A catalogue's names in URLs, `one` of its things and all of them, and what can be done with ticked ones.

    `acts` are by the word that is in their addresses; "delete" is one of them.
    """

    one: str
    all: str
    acts: Mapping[str, Act]

    @property
    def url(self) -> str:
        """The list."""
        return reverse(f"platform:{self.all}")

    @property
    def add_url(self) -> str:
        """The form of a new one."""
        return reverse(f"platform:add_{self.one}")

    @property
    def edit_name(self) -> str:
        """The name of the form's address; it has the row's id."""
        return f"platform:edit_{self.one}"

    @property
    def delete_name(self) -> str:
        """The name of the dialog's address; it has the row's id."""
        return f"platform:delete_{self.one}"

    @property
    def buttons(self) -> list[tuple[str, Act]]:
        """The address and the act of each button for ticked rows."""
        return buttons(self.acts, f"platform:selected_{self.all}")


def buttons(acts: Mapping[str, Act], name: str, *args: Any) -> list[tuple[str, Act]]:
    """Return the address and the act of each button for ticked rows; the act is the last argument of the route."""
    return [(reverse(name, args=[*args, act]), about) for act, about in acts.items()]


def list_page(
    request: HttpRequest,
    catalogue: Catalogue,
    filters: ListFilter,
    *,
    template: str,
    prepare: Callable[[Any], None] = lambda _row: None,
    columns: Sequence[Column] = (),
    status: int = 200,
    **context: Any,
) -> HttpResponse:
    """Show the rows that the URL asks for; `template` extends core/catalogue.html, `prepare` adds what it draws.

    With `columns` the list is there as a file, too.
    """
    if columns and is_asked(request):
        return sheet(request, filters.rows, columns, name=catalogue.all)
    page = page_of(request, filters.rows, count=filters.count)
    for row in page.object_list:
        prepare(row)
    context |= {"catalogue": catalogue, "filter": filters, "page": page, "csv": bool(columns)}
    return show(request, template, context, status=status)


def edit_page(
    request: HttpRequest,
    catalogue: Catalogue,
    form: forms.ModelForm,
    *,
    save: Callable[[Any], Any],
    state: Callable[[Any], Any] = model_to_dict,
    template: str = "core/catalogue_form.html",
    row: Model | None = None,
    **context: Any,
) -> HttpResponse:
    """Show the form of a new row, or with `row` of one that is there; save it by its verb `save(form.instance)`.

    The form carries a mark of the row's `state`: who saves over somebody else's change is asked first, and saves once
    more.
    """
    seen = sha256(repr(state(row)).encode()).hexdigest() if row else ""

    def save_unless_changed(_data: dict[str, Any]) -> Any:
        if request.POST.get("seen", seen) != seen:
            words = _("Someone else changed this while you were editing. Save again to overwrite their change.")
            raise Conflict(words)
        return save(form.instance)

    return form_page(
        request,
        form,
        save=save_unless_changed,
        success=lambda _result: (_("%(name)s saved.") % {"name": form.instance}, catalogue.url),
        template=template,
        cancel=catalogue.url,
        catalogue=catalogue,
        row=row,
        seen=seen,
        **context,
    )


def selected_page(
    request: HttpRequest, catalogue: Catalogue, act: str, rows: QuerySet[Any], *, by: Model
) -> HttpResponse:
    """Ask in one dialog whether to do it with those of `rows` that the URL's `row` names, then do it."""
    return acts_page(request, catalogue.acts, act, rows, by=by, url=catalogue.url)


def acts_page(
    request: HttpRequest, acts: Mapping[str, Act], act: str, rows: QuerySet[Any], *, by: Model, url: str
) -> HttpResponse:
    """Ask whether to do `act`, one of `acts`, with those of `rows` that the URL's `row` names, then do it.

    `rows` are those that the person may do it with (P-1); `url` is the list to return to, with its filters.

    Raises Http404 for what is none of `acts`. Rows that are gone meanwhile are not asked about.
    """
    if act not in acts:
        raise Http404
    back = list_url(request, url)
    named = [value for value in request.GET.getlist("row") if value.isascii() and value.isdigit()]
    ids = [int(value) for value in named[:MOST_TICKED] if len(value) <= MOST_DIGITS]
    ticked = list(rows.filter(pk__in=ids))
    if not ticked:
        messages.error(request, _("Select at least one row first."))
        return go(request, back)
    return act_page(request, acts[act], ticked, by=by, back=back)


def list_url(request: HttpRequest, url: str) -> str:
    """Return the list at `url` as it was when its rows were selected: the URL's `list` holds its filters."""
    return f"{url}?{QueryDict(request.GET.get('list', '')).urlencode()}".removesuffix("?")


def act_page(request: HttpRequest, act: Act, rows: Sequence[Any], *, by: Any, back: str) -> HttpResponse:
    """Ask whether to do `act` with these rows, one at least, then do it with each that its verb takes."""
    rehearsal = Rehearsal(act, rows, by=by)
    return confirm_page(
        request,
        NoteForm(posted(request)) if act.takes_note else forms.Form(posted(request)),
        save=lambda data: _do(request, act, rows, by=by, note=data.get("note", "")),
        toast=lambda done: _words(act, act.done_one, act.done, done),
        back=back,
        template="core/selected.html",
        act=act,
        question=_words(act, act.ask_one, act.ask, rows),
        follows=rehearsal,
    )


def _do(request: HttpRequest, act: Act, rows: Sequence[Any], *, by: Any, note: str) -> list[Any]:
    """Do it with each row and return those that it was done with; raises ActionRefused when there is none.

    Each is a change of its own: what is refused for one row keeps no other.
    """
    done, refusals = [], []
    for row in rows:
        try:
            act.do(row, by, note)
            done.append(row)
        except ActionRefused as refused:
            refusals.append((row, refused))
    if not done:
        raise refusals[0][1]
    if refusals:
        words = ngettext("%(count)d was not changed.", "%(count)d were not changed.", len(refusals))
        named = [f"{colon(act.name_of(row))}{refused.message}" for row, refused in refusals[:MOST_NAMED]]
        messages.warning(request, sentences(words % {"count": len(refusals)}, *named))
    return done


def _words(act: Act, one: Words, several: Words, rows: Sequence[Any]) -> str:
    return str(one) % {"name": act.name_of(rows[0])} if len(rows) == 1 else str(several) % {"count": len(rows)}


class Rehearsal(Follows):
    """What the act's verb would do with each row, as the verb itself reports it."""

    def __init__(self, act: Act, rows: Sequence[Any], *, by: Any) -> None:
        super().__init__(self._try_each)
        self.act, self.rows, self.by = act, rows, by
        self._refusals: dict[Any, str] = {}
        self._following: list[Event] = []

    @cached_property
    def events(self) -> list[Event] | None:
        """What follows from what is done with the rows; None where someone else holds one."""
        return None if rehearse(self._try_each) is None else self._following

    def _try_each(self) -> None:
        for row in self.rows:
            try:
                with listening() as events, transaction.atomic():
                    self.act.do(row, self.by)
            except ActionRefused as refused:
                self._refusals[row.pk] = refused.message
            else:
                self._following += following(events)

    @property
    def _taken(self) -> list[Any]:
        return [] if self.events is None else [row for row in self.rows if row.pk not in self._refusals]

    @property
    def effects(self) -> list[Effect]:
        """What the act says of the rows that it will be done with; of all of them, where that is not known."""
        rows = self.rows if self.events is None else self._taken
        return [*self.act.effects, *self.act.effects_of(rows)] if rows else []

    @property
    def takes(self) -> list[str]:
        """The names of the rows that it will be done with."""
        return [self.act.name_of(row) for row in self._taken]

    @property
    def leaves(self) -> list[tuple[str, str]]:
        """The names of the rows that are left as they are, each with the reason."""
        known = {} if self.events is None else self._refusals
        return [(self.act.name_of(row), known[row.pk]) for row in self.rows if row.pk in known]

    @property
    def is_possible(self) -> bool:
        """Whether it can be done with any of them, as far as is known."""
        return self.events is None or bool(self.takes)
