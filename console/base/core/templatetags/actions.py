"""Buttons of pages, possible and impossible. The component guide is in `console.py` beside this."""

from itertools import count
from typing import Any

from django import template
from django.template import Context, Engine
from django.template.base import NodeList, Parser, Token
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from console.base.core.templatetags.console import svg
from console.base.core.toasts import undo_of

register = template.Library()
register.filter("undo", undo_of)


@register.simple_block_tag
def row_menu(content: str, thing: Any, *, bare: bool = False) -> SafeString:
    """Draw ⋮ at the end of a row, with what can be done with its `thing`; inside stand the items (`dropdown-item`)."""
    return format_html(
        '<div class="dropdown"><button type="button" class="btn btn-sm btn-icon{}" data-bs-toggle="dropdown" '
        'aria-expanded="false" aria-label="{}">{}</button><div class="dropdown-menu dropdown-menu-end">{}</div></div>',
        " btn-bare" if bare else "",
        _("Actions for %(name)s") % {"name": thing},
        mark_safe(svg("dots-vertical", 18)),  # noqa: S308
        mark_safe(content),  # noqa: S308 - rendered, so escaped already
    )


@register.simple_tag(takes_context=True)
def action(
    context: Context,
    label: str,
    url: str = "",
    *,
    icon: str = "",
    reason: str = "",
    why_at: str = "",
    primary: bool = False,
    danger: bool = False,
    small: bool = False,
    post: bool = False,
    bare: bool = False,
    file: bool = False,
) -> SafeString:
    """Draw a button that goes to `url`, opens its dialog (label ends in …) or, with `post`, does it immediately.

    A `file` is saved: no page comes that loading.js would wait for.
    A `bare` one shows its icon only, for rows: the label is its tooltip and what a screen reader says.
    With a `reason` it is impossible: grey, still readable and reachable, the reason below with a lock. `why_at` is the
    id of a reason that the page says itself, once for many rows. Where the banner of the page says whom to ask, what
    only others may do is not drawn.
    """
    look = f"btn{' btn-sm' if small else ''}{' btn-icon btn-bare' if bare else ''}"
    words = format_html('<span class="visually-hidden">{}</span>', label) if bare else label
    face = format_html("{}{}", mark_safe(svg(icon, 16 if small else 18)) if icon else "", words)  # noqa: S308
    others_may = read_only(context) if reason or why_at else None
    if others_may and others_may.hides("" if why_at else str(reason)):
        return SafeString("")
    if why_at:
        return _grey(look, face, why_at)
    if reason:
        return _impossible(context, look, face, str(reason))
    look += " btn-primary" if primary else " btn-outline-danger" if danger else ""
    if post:
        return format_html(
            '<form method="post" action="{}" class="d-inline">'
            '<input type="hidden" name="csrfmiddlewaretoken" value="{}">'
            '<button type="submit" class="{}">{}</button></form>',
            url,
            context.get("csrf_token", ""),
            look,
            face,
        )
    kind = mark_safe(" data-file" if file else " data-dialog" if str(label).endswith("…") else "")  # noqa: S308
    title = format_html(' title="{}"', label) if bare else ""
    return format_html('<a class="{}" href="{}"{}{}>{}</a>', look, url, kind, title, face)


@register.simple_tag(takes_context=True)
def read_only(context: Context) -> Any:
    """Return whom to ask, on a page of a thing of which its reader may change nothing there; None where they may.

    The loader of the thing left it there as `asking`; `needs` in the context is what every change on the page takes.
    """
    things = (context.get(name) for name in ("mini_program", "application", "team"))
    asking = next((found for thing in things if (found := getattr(thing, "asking", None))), None)
    return asking.read_only(context.get("needs")) if asking else None


class _Asked(template.Node):
    """What it holds is drawn first: the banner above it stands for the buttons that are not there."""

    child_nodelists = ("nodelist",)

    def __init__(self, nodelist: NodeList) -> None:
        self.nodelist = nodelist

    def render(self, context: Context) -> SafeString:
        content = self.nodelist.render(context)
        others_may = context.get("read_only")
        if not others_may or not others_may.stands_for:
            return content
        return mark_safe(Engine.get_default().get_template("core/read_only.html").render(context) + content)  # noqa: S308


@register.tag
def asked(parser: Parser, token: Token) -> _Asked:
    """Say above what it holds whom to ask, where the reader may only view: {% asked %}…{% endasked %}."""
    nodelist = parser.parse(("endasked",))
    parser.delete_first_token()
    return _Asked(nodelist)


@register.simple_tag(takes_context=True)
def stands_for(context: Context) -> str:
    """Let the banner stand for what is not drawn here where its reader may only view, as a row's menu."""
    if others_may := read_only(context):
        others_may.stands_for += 1
    return ""


@register.simple_tag(takes_context=True)
def lock(context: Context, reason: str, name: str = "") -> SafeString:
    """Say once why buttons that have `why_at=name` are impossible; nothing where the banner says whom to ask."""
    if not reason or ((others_may := read_only(context)) and others_may.hides("")):
        return SafeString("")
    return _reason(name, reason)


def _impossible(context: Context, look: str, face: SafeString, reason: str) -> SafeString:
    numbers = context["request"].__dict__.setdefault("reason_numbers", count(1))
    reasons = context.get("action_reasons")
    name = (reasons or {}).get(reason) or f"reason-{next(numbers)}"
    button = _grey(look, face, name)
    if reasons is None:
        return format_html('<span class="actions">{}{}</span>', button, _reason(name, reason))
    reasons[reason] = name
    return button


def _grey(look: str, face: SafeString, why_at: str) -> SafeString:
    return format_html(
        '<button type="button" class="{} btn-impossible" aria-disabled="true" aria-describedby="{}">{}</button>',
        look,
        why_at,
        face,
    )


def _reason(name: str, words: str) -> SafeString:
    return format_html('<span class="reason" id="{}">{}{}</span>', name, mark_safe(svg("lock", 16)), words)  # noqa: S308


class _Actions(template.Node):
    """A group of actions; each reason once, below the buttons."""

    def __init__(self, nodelist: NodeList) -> None:
        self.nodelist = nodelist

    def render(self, context: Context) -> SafeString:
        reasons: dict[str, str] = {}
        with context.push(action_reasons=reasons):
            buttons = self.nodelist.render(context)
        if not buttons.strip():
            return SafeString("")
        words = format_html_join("", "{}", ((_reason(name, words),) for words, name in reasons.items()))
        return format_html('<div class="actions">{}{}</div>', mark_safe(buttons), words)  # noqa: S308


@register.tag
def actions(parser: Parser, token: Token) -> _Actions:
    """Group actions: {% actions %}{% action … %}{% endactions %}."""
    nodelist = parser.parse(("endactions",))
    parser.delete_first_token()
    return _Actions(nodelist)
