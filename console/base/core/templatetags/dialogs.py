"""What a dialog's copy is made of. The component guide is in `console.py` beside this."""

from typing import Any

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from console.base.core.templatetags.console import svg

register = template.Library()


@register.simple_tag
def change(*values: Any) -> SafeString:
    """Draw what a verb changes, as pairs of a label and a value with arrows between them."""
    arrow = format_html('<span class="change-arrow">{}</span>', mark_safe(svg("arrow-right", 18)))  # noqa: S308
    pair = '<div><div class="change-label">{}</div><div class="change-value">{}</div></div>'
    return format_html_join(arrow, pair, zip(values[::2], values[1::2], strict=True))


@register.simple_block_tag
def effect(content: str, icon: str) -> SafeString:
    """Draw one thing that will happen: {% effect "lock" %}{% translate "…" %}{% endeffect %}."""
    return format_html("<li>{}<span>{}</span></li>", mark_safe(svg(icon, 16)), mark_safe(content.strip()))  # noqa: S308


@register.simple_block_tag
def submit(content: str, icon: str = "", danger: bool = False) -> SafeString:
    """Draw the button that does it; what stands inside is its label."""
    return format_html(
        '<button type="submit" class="btn {}">{}{}</button>',
        "btn-danger" if danger else "btn-primary",
        mark_safe(svg(icon, 18)) if icon else "",  # noqa: S308
        mark_safe(content.strip()),  # noqa: S308 - rendered, so escaped already
    )
