"""What is around the rows of a list: filters, tabs, the order, other pages, the file. `console` shows how to use it."""

from typing import Any

from django import template
from django.core.paginator import Page
from django.template import Context, Engine
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from console.base.core.filters import ListFilter
from console.base.core.templatetags.console import svg

register = template.Library()
PAGING = ("page", "before")  # what a URL says of the part of a list that is shown: by number, or after an entry


@register.simple_tag(takes_context=True)
def url_with(context: Context, **changes: Any) -> str:
    """Return this page's query string with some values changed; empty ones are left out, and so is PAGING."""
    query = context["request"].GET.copy()
    for name in PAGING:
        query.pop(name, None)
    for name, value in changes.items():
        query.pop(name, None)
        if value not in ("", None):
            query[name] = str(value)
    return f"?{query.urlencode()}"


@register.simple_tag(takes_context=True)
def filter_bar(context: Context, filters: ListFilter) -> SafeString:
    """Draw the filters of a list as a GET form, mirrored in the URL, and its tabs; works without JavaScript."""
    kept = [
        (name, value)
        for name, values in context["request"].GET.lists()
        if name not in {*filters.filters, *PAGING}
        for value in values
    ]
    return _include(context, "core/filter_bar.html", filters=filters, kept=kept)


@register.simple_tag(takes_context=True)
def segments(context: Context, filters: ListFilter) -> SafeString:
    """Draw the tabs of a list with their counts: links that set the tab in the URL."""
    rows = [
        {
            "url": url_with(context, **{filters.tab_name: value}),
            "label": label,
            "count": filters.counts[value],
            "current": value == filters.tab,
        }
        for value, (label, _condition) in filters.tabs.items()
    ]
    return _include(context, "core/segments.html", options=rows)


@register.simple_tag(takes_context=True)
def sort_th(context: Context, name: str, label: str, css: str = "") -> SafeString:
    """Draw a table head that sorts: `sort=name`, then `sort=-name`; the page's `filter` knows the order it shows."""
    filters: ListFilter | None = context.get("filter")
    if filters is None or name not in filters.orders:  # a part of the list, on a page that does not sort it
        return format_html('<th scope="col" class="{}">{}</th>', css, label)
    up, down = filters.order == name, filters.order == f"-{name}"
    order = "ascending" if up else "descending" if down else "none"
    arrow = "chevron-up" if up else "chevron-down" if down else "selector"
    return format_html(
        '<th scope="col" class="{}" aria-sort="{}"><a class="sort-link" href="{}">{}{}</a></th>',
        css,
        order,
        url_with(context, sort=f"-{name}" if up else name),
        label,
        mark_safe(svg(arrow, 14)),  # noqa: S308
    )


@register.simple_tag(takes_context=True)
def csv_link(context: Context, label: str | bool = "") -> SafeString:
    """Draw the link to the list as a file (`console.base.core.sheets`), with the filters that are set.

    `label` says what is in it, where these are not the rows of the list.
    No `download` in it: the browser would save the page that comes instead, for example to sign in again.
    """
    words = '<a class="btn btn-sm csv-link" href="{}" aria-label="{}" title="{}" data-file>{}CSV</a>'
    label = label if isinstance(label, str) and label else _("Download as CSV")
    url = url_with(context, format="csv")
    return format_html(words, url, label, label, mark_safe(svg("download", 16)))  # noqa: S308


@register.simple_tag(takes_context=True)
def pager(context: Context, page: Page[Any], total: str, csv: bool | str = False) -> SafeString:
    """Draw the foot of a list: how many, with `csv` (or the words of its link) a file, with other pages Previous, Next.

    An empty list has none; its empty state says enough.
    """
    if not page.paginator.count:
        return mark_safe("")
    base = url_with(context)
    glue = "" if base == "?" else "&"
    before = f"{base}{glue}page={page.previous_page_number()}" if page.has_previous() else ""
    after = f"{base}{glue}page={page.next_page_number()}" if page.has_next() else ""
    return _include(context, "core/pager.html", total=total, before=before, after=after, csv=csv)


def _include(context: Context, name: str, **values: Any) -> SafeString:
    """Render a part with values of its own inside the page's context."""
    part = Engine.get_default().get_template(name)
    with context.push(**values):
        return part.render(context)
