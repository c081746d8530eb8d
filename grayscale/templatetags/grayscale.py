"""What the pages of mini programs and versions show about grayscale tasks: those apps are below and can't ask."""

from __future__ import annotations

from collections.abc import Iterable

from django import template
from django.utils import timezone

from grayscale import rules
from grayscale.models import GrayscaleTask
from miniprograms.models import MiniProgram
from releases.models import Version

register = template.Library()


@register.simple_tag
def in_grayscale(programs: Iterable[MiniProgram]) -> dict[int, str]:
    """Return the number of the highest version that delivers now, by program; one query (L-2)."""
    tasks = GrayscaleTask.objects.delivering(at=timezone.now()).filter(mini_program__in=[row.pk for row in programs])
    rows = tasks.order_by("version__major", "version__minor", "version__patch").values_list(
        "mini_program", "version__major", "version__minor", "version__patch"
    )
    return {pk: f"{major}.{minor}.{patch}" for pk, major, minor, patch in rows}


@register.simple_tag
def grayscale_number(program: MiniProgram) -> str:
    """Return the number of the highest version that delivers now; "" without one."""
    return in_grayscale([program]).get(program.pk, "")


@register.filter
def of_program(numbers: dict[int, str], program: MiniProgram) -> str:
    """Return a program's number; "" without one."""
    return numbers.get(program.pk, "")


@register.simple_tag
def why_not_try(version: Version) -> str:
    """Say why an approved version can't be released in grayscale now (G-1); "" when it can."""
    program = version.mini_program
    online = program.versions.online().first()
    return rules.why_not_create(program, candidates=1) or rules.why_not_version(program, version, online=online)
