"""List, form and confirm pages, once for the whole console."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django_htmx.http import HttpResponseClientRedirect

from console.base.core import busy
from console.base.core.errors import ActionRefused
from console.base.core.fields import WordsField
from console.base.core.toasts import Undo, toast


def form_page(
    request: HttpRequest,
    form: forms.BaseForm,
    *,
    save: Callable[[dict[str, Any]], Any],
    success: Callable[[Any], tuple[str, str]],
    template: str,
    impossible: str = "",
    undo: Callable[[Any], Undo | None] = lambda _result: None,
    **context: Any,
) -> HttpResponse:
    """Show `form`; on a valid POST run the verb `save(cleaned_data)`, then toast and go on.

    `success(result)` gives (toast, URL), `undo(result)` what the toast offers where the verb has a true inverse.
    A verb's `ActionRefused` is shown beside its field and what was typed stays: 422; so it does when the database is
    busy or away: 503.
    A request by htmx gets the dialog part of the same template instead of the page. With a reason why it is
    `impossible`, there is nothing to ask: a GET leads to `cancel`, where the reason is shown.
    """
    if impossible and request.method != "POST":
        messages.error(request, impossible)
        return go(request, context["cancel"])

    def after(result: Any) -> HttpResponse:
        words, url = success(result)
        toast(request, words, undo=undo(result))
        return go(request, url)

    return _page(request, form, save=save, after=after, template=template, context=context)


def confirm_page(
    request: HttpRequest, form: forms.BaseForm, *, toast: Callable[[Any], str], back: str, **context: Any
) -> HttpResponse:
    """Ask in the dialog `template`, run the verb as `form_page` does, and return to `back`, as who cancels does."""
    return form_page(request, form, success=lambda result: (toast(result), back), cancel=back, **context)


def posted(request: HttpRequest) -> QueryDict | None:
    """Return what to bind a form to: the posted data, also when it is empty; None on a GET."""
    return request.POST if request.method == "POST" else None


def show(request: HttpRequest, template: str, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
    """Render the page, or for the dialog its partial `dialog`; without one, the browser goes to the page.

    What extends core/confirm.html or core/form_dialog.html is either, by `dialog`.
    """
    dialog = is_dialog(request)
    templates = [f"{template}#dialog", template] if dialog else template
    return render(request, templates, {"dialog": dialog, **context}, status=status)


def go(request: HttpRequest, url: str) -> HttpResponse:
    """Redirect the whole page, also when a dialog asked."""
    return HttpResponseClientRedirect(url) if request.headers.get("HX-Request") else redirect(url)


@dataclass(frozen=True)
class Shown:
    """A secret in the one answer that carries it; `done` is where to go when it is stored.

    `also` is what few readers need beside it, folded under `also_title`: names and values.
    """

    title: str
    value: str = field(repr=False)
    file_name: str
    done: str
    warning: str = ""
    also_title: str = ""
    also: Sequence[tuple[str, str]] = field(default=(), repr=False)


def secret_page(
    request: HttpRequest,
    form: forms.BaseForm,
    *,
    make: Callable[[dict[str, Any]], Any],
    shown: Callable[[Any], Shown],
    template: str,
    **context: Any,
) -> HttpResponse:
    """Confirm as `form_page` does, for a verb `make(cleaned_data)` whose result holds a secret.

    The answer to the POST is `shown(result)`, in the dialog that asked or as a page; nothing keeps that answer.
    """

    def after(result: Any) -> HttpResponse:
        dialog = is_dialog(request)
        page = "core/secret.html" if dialog else "core/secret_page.html"
        answer = render(request, page, {**context, "shown": shown(result), "dialog": dialog})
        answer["Cache-Control"] = "no-store"
        return answer

    return _page(request, form, save=make, after=after, template=template, context=context)


def _page(
    request: HttpRequest,
    form: forms.BaseForm,
    *,
    save: Callable[[dict[str, Any]], Any],
    after: Callable[[Any], HttpResponse],
    template: str,
    context: dict[str, Any],
) -> HttpResponse:
    """Show the form; on a valid POST run the verb and answer with `after(result)`."""
    if request.method != "POST":
        return show(request, template, {"form": form, **context})
    try:
        valid = form.is_valid()
        result = save(form.cleaned_data) if valid else None
    except ActionRefused as refused:
        valid = False
        form.add_error(refused.field if refused.field in form.fields else None, refused.message)
    except Exception as error:
        if not busy.passes(error):
            raise
        return _again(request, error, form, template, context)
    if valid:
        request.is_saved = True  # type: ignore[attr-defined]
        return after(result)  # If this fails, the answer still says that the change was saved.
    return show(request, template, {"form": form, **context}, status=422)


def _again(
    request: HttpRequest, error: Exception, form: forms.BaseForm, template: str, context: dict[str, Any]
) -> HttpResponse:
    """Show the form with what was typed, and say that the database was busy or away: 503."""
    busy.note(error, f"{request.method} {request.path}")
    busy.renew_connection()
    if request.FILES and request.headers.get("HX-Request"):  # The form is still there, with the file.
        return busy_words(busy.sentence(error))
    form.add_error(None, busy.sentence(error))
    if request.FILES:
        form.add_error(None, _("Files aren’t kept. Choose the file again."))
    return busy_answer(show(request, template, {"form": form, **context}))


def busy_answer(answer: HttpResponse) -> HttpResponse:
    """Make it a 503 that htmx shows as any page; that of a proxy it does not, as what was typed would be gone."""
    answer.status_code = 503
    answer["Retry-After"] = busy.RETRY_AFTER
    answer["Cache-Control"] = "no-store"
    answer["Console-Busy"] = "page"
    answer._has_been_logged = True  # type: ignore[attr-defined]  # Django would write a second line
    return answer


def busy_words(words: str) -> HttpResponse:
    """Answer to htmx in a toast: the page stays as it is, with what was typed and the file that was chosen."""
    answer = busy_answer(HttpResponse(words, content_type="text/plain; charset=utf-8"))
    answer["Console-Busy"] = "words"
    return answer


def named(request: HttpRequest, name: str) -> str:
    """Return what the URL says under `name`, without NUL, which PostgreSQL refuses even in a comparison."""
    return request.GET.get(name, "").replace("\0", "")


def typed(request: HttpRequest) -> list[tuple[str, str]]:
    """Return the fields of a form that was sent, for a page that sends them once more."""
    return [
        (name, str(value)) for name, values in request.POST.lists() if name != "csrfmiddlewaretoken" for value in values
    ]


def is_dialog(request: HttpRequest) -> bool:
    """Whether the answer goes into the dialog that is open."""
    return request.headers.get("HX-Target") == "dialog"


def page_of(request: HttpRequest, rows: QuerySet[Any], *, count: int | None = None) -> Page[Any]:
    """Return the page of `rows` that the URL's `page` names; a wrong number gives the nearest page.

    `count` saves counting what the caller has counted. Only ids are sorted and skipped, from whichever end is nearer,
    so the last page costs no more than the first; the rows of the page come by a query of their own.
    """
    total = rows.count() if count is None else count
    page: Page[Any] = Paginator(range(total), settings.PAGE_SIZE).get_page(request.GET.get("page"))
    ids = rows.order_by(*(rows.query.order_by or rows.model._meta.ordering), "pk").values_list("pk", flat=True)
    start, stop = max(page.start_index() - 1, 0), page.end_index()
    chosen = list(ids[start:stop]) if start < total / 2 else list(ids.reverse()[total - stop : total - start])[::-1]
    found = {row.pk: row for row in rows.filter(pk__in=chosen).order_by()}
    page.object_list = [found[pk] for pk in chosen if pk in found]
    return page


class NoteForm(forms.Form):
    """A confirmation with a note for the activity log; `needed` for a move whose reason others will ask for."""

    note = WordsField(label=_("Note"), required=False, max_length=500, widget=forms.Textarea(attrs={"rows": 2}))

    def __init__(self, *args: Any, needed: bool = False, help_text: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["note"].required = needed
        self.fields["note"].help_text = help_text
        if needed:
            self.fields["note"].label = _("Reason")
