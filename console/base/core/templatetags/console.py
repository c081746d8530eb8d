"""The console's components. Loaded everywhere as a builtin: no {% load %} needed.

A list page (looks/list.png):

    {% extends "base.html" %}{% load i18n %}
    {% block title %}{% translate "Mini programs" %}{% endblock %}        h1, <title> and last crumb
    {% block actions %}{% action _("New version") url icon="plus" primary=True %}{% endblock %}
    {% block content %}
      <div class="card">
        {% filter_bar filter %}                                            a ListFilter's fields and tabs
        <table class="table table-cards">                                  rows become cards below 600 px:
          <thead><tr>{% sort_th "name" label %}<th>…</th></tr></thead>
          <tbody><tr>
            <td class="cell-main"><div class="with-icon">…</div></td>      first line of the card
            <td class="cell-end">{% status obj.state %}</td>               at its right
            <td data-label="Team">…</td>                                   below; class="cell-hide" drops it
            <td class="cell-last">{% ago obj.changed_at %}</td>            bottom right
          </tr></tbody>                                                    two lines in a cell: <div>fact</div>
        </table>                                                           and <div class="context">context</div>
        {% pager page total %}                                             total = “7 mini programs”
      </div>
      or {% empty_state "apps" _("No mini programs yet") text url=url label=_("Create mini program") %}
    {% endblock %}

{% loading_state title text %} and {% error_state title text url label %} look the same while something is on its way,
    and where it failed. {% include "core/print_button.html" %} among the actions prints a page (see modes.css).

Words for people go into a tag as a literal, _("…"), without a % in it; {% translate "…" as text %} is for what a branch
    chooses or the line has no room for, and {% blocktranslate trimmed asvar text %} for what is longer than a line.

A page of one thing: pass `mini_program` or `application` in the context and the frame draws crumbs, icon, status,
    name and copyable id by itself. Blocks: crumbs ({{ block.super }}{% crumb label url %}), icon, status, subtitle,
    actions, content. <div class="columns">…<aside>…</aside></div> is the main column and a side column;
    <div class="cards"> puts cards side by side; <dl class="facts"><div><dt>…</dt><dd>…</dd></div></dl> is a list of
    facts; <ul class="rows"> holds rows of icon, text, state and button; <ol class="events"> is a timeline;
    {% row_menu row %}…{% endrow_menu %} is ⋮ at the end of a row, with its <a class="dropdown-item">s;
    <div class="banner banner-orange"> a notice; <div class="tiles"><div class="card tile"> numbers.

A form page: form_page(request, form, template="hosts/edit.html", save=…, success=…, cancel=url). The template extends
    core/form.html, or core/form_dialog.html where it can be a dialog, too; its blocks are title and submit (as below)
    and, to add around the form: before, fields, foot, side (with block form_class “form-page columns”). With
    `upload=True` the form is sent with a progress bar. Every FileField is a drop zone, every textarea with a
    max_length counts. The focus begins in the first field, also of a form of its own with `data-first-field`.

A dialog: confirm_page(request, NoteForm(…), template="releases/confirm/publish.html", save=…, toast=…, back=url) asks,
    runs the verb and returns to `back`. Its copy is in that template:

    {% extends "core/confirm.html" %}{% load i18n %}
    {% block title %}{% blocktranslate %}Publish {{ program }} {{ version }}?{% endblocktranslate %}{% endblock %}
    {% block lead %}…{% endblock %}                                        one sentence below the title
    {% block change %}{% change _("Online now") online _("Online after this") version %}{% endblock %}
    {% block effects %}                                                    what will happen, on which devices
      {% effect "device-mobile" %}{% translate "Devices get it at their next start." %}{% endeffect %}
    {% endblock %}
    {% block submit %}{% submit icon="rocket" danger=True %}{% translate "Publish" %}{% endsubmit %}{% endblock %}

    `applications` in the context are drawn beside the change, block devices below them; block more is above the
    form. Where a verb's result leads elsewhere, form_page(request, form, …, template=…, success=…, cancel=url) does the
    same. Link to it with {% action _("Publish…") url %}: a label that ends in … opens the dialog, and goes to the page
    without JavaScript. Where `@route(sudo=True)` needs it, the password is asked by itself.

Impossible actions: {% actions %}{% action label url reason=why %}…{% endactions %}. With a reason the button is grey
    and the reason is written below the group, once; {% lock why "id" %} says it for many rows, whose buttons have
    why_at="id". A view names with `needs` what every change on its page takes: who lacks it reads whom to ask instead.

A verb with a true inverse: form_page(…, undo=lambda result: Undo(url, fields)) or toast(request, words, undo=…).

Dates and lists: {{ at|day }} {{ at|short_day }} {{ at|long_day }} {{ at|full_time }} {{ names|listed }}.

{% platform_days %} says when days of the platform begin, where the reader's begin at another time.

Pieces: {% icon "rocket" %} {% status obj.state %} {% status "overdue" label %} {% tag label "blue" %} {% ago dt %}
    {% exact dt %} {% copy obj.app_id %} {% copy_button obj.app_id %} {% app_icon program 40 %} {% avatar user %}
    {% url_with show="all" %} {% module "logs" %} for a script of the page's own, in its block head
    {% event "rocket" "green" at %}…{% endevent %} {% include "core/activity.html" with entries=entries %}
"""

import re
from functools import cache, lru_cache
from importlib.resources import files
from io import BytesIO
from typing import Any
from xml.etree import ElementTree
from zipfile import ZipFile
from zlib import crc32

from django import template
from django.conf import settings
from django.template import Context, Node, NodeList
from django.template.base import Parser, Token
from django.templatetags.static import static
from django.urls import reverse
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from console.base.core import text
from console.base.core.outbox import reasons
from console.base.core.states import badge_of
from console.base.core.templatetags.times import ago
from console.base.core.templatetags.times import clock as time_of_day

register = template.Library()
COLOURS = ("blue", "indigo", "pink", "teal", "orange", "cyan", "dark", "purple", "green", "red")
SHORT = 20
_BETWEEN_WORDS = re.compile(r"(?<=\.)(?=\w)|(?<=[a-z0-9])(?=[A-Z])")


@cache
def drawings() -> ZipFile:
    """Open the set of icons once: its own tag reads the list of all 5,000 for each icon, 20 ms every time.

    From memory, as processes that this one forks would share a file's position with it.
    """
    return ZipFile(BytesIO(files("tablericons").joinpath("tablericons.zip").read_bytes()))


@lru_cache(maxsize=512)
def svg(name: str, size: int) -> str:
    """Return an icon, drawn once for all pages; `size` in pixels. KeyError when the set has none of that name."""
    picture = ElementTree.fromstring(drawings().read(f"outline/{name}.svg"))  # noqa: S314 - the package's own
    for node in picture.iter():
        node.tag = node.tag.removeprefix("{http://www.w3.org/2000/svg}")
    picture.attrib |= {"width": str(size), "height": str(size), "class": "icon", "aria-hidden": "true"}
    return ElementTree.tostring(picture, encoding="unicode")


@register.simple_tag
def icon(name: str, size: int = 18) -> SafeString:
    """Draw an icon of Tabler's set; decoration only, so the words are beside it or in an aria-label."""
    return mark_safe(svg(name, size))  # noqa: S308 - the package's own SVG


@register.simple_tag
def status(state: str, label: str = "") -> SafeString:
    """Draw a lifecycle state as a pill with a dot; `label` says more than the state's own name."""
    colour, own = badge_of(state)
    dot = "status-dot status-dot-animated" if state == "delivering" else "status-dot"
    return format_html('<span class="status status-{}"><span class="{}"></span>{}</span>', colour, dot, label or own)


@register.simple_tag
def tag(label: str, colour: str = "secondary", icon: str = "") -> SafeString:
    """Draw a property as a small square tag; purple is Grayscale's alone."""
    picture = mark_safe(svg(icon, 14)) if icon else ""  # noqa: S308
    return format_html('<span class="badge bg-{}-lt">{}{}</span>', colour, picture, label)


register.filter("full_stop", text.full_stop, is_safe=True)
register.filter("colon", text.colon, is_safe=True)
register.filter("percentage", text.percentage)
register.filter("reason_words", reasons.in_words)


@register.filter
def listed(items: Any) -> str:
    """Say “a, b, c” as the reader's language does; instead of |join, and escaped as any text."""
    return text.listed(items)


@register.filter
def breakable(name: object) -> SafeString:
    """Let lines end between the words of a name like wx.startBluetoothDevicesDiscovery; copied, it is the name."""
    return mark_safe(_BETWEEN_WORDS.sub("<wbr>", escape(name)))  # noqa: S308


@register.simple_block_tag
def sentences(content: str) -> SafeString:
    """Show sentences one after the other, on lines of their own in the template; Chinese has no space between them."""
    return mark_safe(text.closed_up(content))  # noqa: S308


@register.simple_tag
def copy(value: str, label: str = "", short: bool = False) -> SafeString:
    """Show an id or hash in monospace with a button that copies it; `short` leaves out the middle."""
    shown = text.shortened(value) if short and len(value) > SHORT else value
    return format_html(
        '<span class="copy"><code title="{}">{}</code>{}</span>', value, shown, copy_button(value, label)
    )


@register.simple_tag
def copy_button(value: str, label: str = "", quiet: bool = False) -> SafeString:
    """Copy an id that the page shows in another way, as a link does; a `quiet` one is seen in the row one looks at."""
    return format_html(
        '<button type="button" class="btn-copy{}" data-copy="{}" data-copied="{}" aria-label="{}">{}{}</button>',
        " btn-copy-quiet" if quiet else "",
        value,
        _("Copied"),
        label or _("Copy %(value)s") % {"value": value},
        mark_safe(svg("copy", 16)),  # noqa: S308
        mark_safe(svg("check", 16)),  # noqa: S308
    )


@register.simple_tag
def app_icon(thing: Any, size: int = 40, state: str = "") -> SafeString:
    """Draw the icon of a mini program or application, else its first letter; sizes 20 24 32 40 44 64.

    With `state` the icon carries the state's dot and its words (the application in an audit's row).
    """
    picture = getattr(thing, "icon", None)
    if picture:
        face = format_html('<img src="{}" alt="" width="{}" height="{}" loading="lazy">', picture.url, size, size)
        colour = ""
    else:
        face = escape(str(thing)[:1].upper())
        colour = f" tile-{stable_colour(str(thing))}"
    if not state:
        return format_html('<span class="app-icon app-icon-{}{}" aria-hidden="true">{}</span>', size, colour, face)
    dot, words = badge_of(state)
    title = f"{text.colon(thing)}{words}"
    return format_html(
        '<span class="app-icon app-icon-{}{}" title="{}"><span aria-hidden="true">{}</span><span class="app-icon-dot'
        ' status-{}"></span><span class="visually-hidden">{}</span></span>',
        size,
        colour,
        title,
        face,
        dot,
        title,
    )


@register.simple_tag
def avatar(person: Any, size: str = "sm") -> SafeString:
    """Draw a person's or team's two letters; the name is beside it."""
    return format_html(
        '<span class="avatar avatar-{} bg-{}-lt" aria-hidden="true">{}</span>',
        size,
        stable_colour(str(person)),
        person.initials,
    )


def stable_colour(name: str) -> str:
    """Return the same colour for the same name, always."""
    return COLOURS[crc32(name.encode()) % len(COLOURS)]


# Addresses ----------------------------------------------------------------------------------------------------------


@cache
def _address(name: str) -> str:
    return reverse(name, args=["-"])


@register.simple_tag
def url_of(name: str, slug: str) -> str:
    """Return the page `name` of the thing with this App ID: {% url %} for lists, which ask for a hundred of them."""
    return _address(name).replace("/-/", f"/{slug}/", 1)


@register.simple_tag
def sudo_minutes() -> int:
    """Return after how many minutes the password is asked for again."""
    return max(1, settings.SUDO_SECONDS // 60)


# States -----------------------------------------------------------------------------------------------------------


@register.inclusion_tag("core/state.html")
def empty_state(
    icon: str, title: str, text: str = "", url: str = "", label: str = "", button_icon: str = ""
) -> dict[str, str]:
    """Say that there is nothing yet, and what to do."""
    return {"icon": icon, "title": title, "text": text, "url": url, "label": label, "button_icon": button_icon}


@register.inclusion_tag("core/state.html")
def loading_state(title: str, text: str = "") -> dict[str, str]:
    """Say that something is on its way; it takes the room of the state that follows it."""
    return {"kind": "loading", "title": title, "text": text}


@register.inclusion_tag("core/state.html")
def error_state(title: str, text: str = "", url: str = "", label: str = "") -> dict[str, str]:
    """Say that something could not be had, and what to do."""
    return {"kind": "error", "icon": "alert-triangle", "title": title, "text": text, "url": url, "label": label}


# Frame ------------------------------------------------------------------------------------------------------------


@register.simple_tag
def module(name: str) -> SafeString:
    """Load a script of `static/console/js`, after the style: on a slow line both would share it (ADR 38)."""
    return format_html('<script type="module" src="{}" fetchpriority="low"></script>', static(f"console/js/{name}.js"))


@register.simple_tag
def crumb(label: str, url: str) -> SafeString:
    """Add a step to the breadcrumb."""
    return format_html('<li class="breadcrumb-item"><a href="{}">{}</a></li>', url, label)


@register.simple_block_tag
def event(content: str, icon: str, colour: str = "secondary", at: Any = None, clock: bool = False) -> SafeString:
    """Draw one event of an <ol class="events">: what happened, and when at the right; as a `clock` below a day."""
    return format_html(
        '<li class="event"><span class="event-dot event-{}">{}</span><div class="event-body">{}</div>{}</li>',
        colour,
        mark_safe(svg(icon, 14)),  # noqa: S308
        content,
        time_of_day(at) if clock else ago(at),
    )


class _Capture(Node):
    """Unlike the node of a simple_block_tag it shows its blocks, so that a template's own can use {{ block.super }}."""

    child_nodelists = ("nodelist",)

    def __init__(self, nodelist: NodeList, name: str) -> None:
        self.nodelist, self.name = nodelist, name

    def render(self, context: Context) -> SafeString:
        content = self.nodelist.render(context)
        context[self.name] = mark_safe(re.sub(r"\s+", " ", content).strip())  # noqa: S308 - rendered, so escaped already
        return SafeString("")


@register.tag
def capture(parser: Parser, token: Token) -> _Capture:
    """Render what stands inside once, to use it twice: {% capture as name %}…{% endcapture %}."""
    _tag, _as, name = token.split_contents()
    nodelist = parser.parse(("endcapture",))
    parser.delete_first_token()
    return _Capture(nodelist, name)
