"""Uploading a txt of values for a task's form, and downloading the values of a list (G-3)."""

from __future__ import annotations

import json
import logging
from collections.abc import Generator, Iterator
from contextlib import closing
from typing import Any, BinaryIO, cast

from django.http import HttpResponse, StreamingHttpResponse
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _

from console.base.accounts.access import SignedInRequest, route
from console.base.accounts.permissions import Permission
from console.base.core.errors import ActionRefused
from console.base.core.uploads import LostUpload
from grayscale import importing
from grayscale.access import object_list_for, task_of
from grayscale.forms.objects import ObjectsForm
from grayscale.forms.report import Report
from grayscale.models import GrayscaleTask, ObjectList
from grayscale.states import ObjectKind, TaskState
from miniprograms.access import mini_program_for
from miniprograms.models import MiniProgram

logger = logging.getLogger(__name__)


@route(Permission.MANAGE, load=mini_program_for, methods="POST")
def upload(request: SignedInRequest, program: MiniProgram) -> HttpResponse:
    """Read a txt into a draft; answers lines of JSON while it reads.

    Each is {"lines", "done", "total"} with bytes done, the last one {"draft", "html"} or {"error"} in words.
    """
    task, kind, file = _task(program, request.POST.get("task", "")), request.POST.get("kind"), request.FILES.get("file")
    if kind not in ObjectKind.values:
        steps = _only_refused(_("Choose what the file contains: GUIDs, device IDs or accounts."))
    elif file is None:
        steps = _only_refused(_("Choose the txt file."))
    elif isinstance(file, LostUpload):
        steps = _only_refused(file.why)
    else:
        facts = {"program": program, "kind": kind, "by": request.user, "filename": file.name or "", "task": task}
        steps = _read(cast("BinaryIO", file), get_language() or "", facts)
    answer = StreamingHttpResponse(_as_lines(steps), content_type="application/x-ndjson")
    answer["X-Accel-Buffering"] = "no"  # nginx would keep the progress back
    return cast("HttpResponse", answer)


def _task(program: MiniProgram, pk: str) -> GrayscaleTask | None:
    """Return the task whose values are dropped: one that has started, as then its lists stay (G-8)."""
    found = task_of(program, pk)
    return found if found and found.state_at(timezone.now()) != TaskState.PENDING else None


def _only_refused(words: str) -> Iterator[dict[str, Any]]:
    yield {"error": words}


def _read(file: BinaryIO, language: str, facts: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield how far it is, then the report or what went wrong: a page that is begun can't become an error page."""
    with override(language):
        try:
            draft = yield from _progress(file, facts)
            importing.discard_drafts_before(draft)
        except ActionRefused as refused:
            yield {"error": refused.message}
        except Exception:
            logger.exception("an object list can't be read")
            yield {"error": _("Reading the file was interrupted. Nothing was saved. Choose the file again.")}
        else:
            form = ObjectsForm(None, None, program=facts["program"], user=facts["by"])
            section = next(section for section in form.sections if section.kind == draft.kind)
            context = {"report": Report(draft), "section": section}
            yield {"draft": draft.pk, "html": render_to_string("grayscale/objects_report.html", context)}


def _progress(file: BinaryIO, facts: dict[str, Any]) -> Generator[dict[str, Any], None, ObjectList]:
    with closing(importing.reading(file, **facts)) as steps:
        while True:
            try:
                step = next(steps)
            except StopIteration as end:
                return cast("ObjectList", end.value)
            yield {"lines": step.lines, "done": step.done, "total": step.total}


def _as_lines(steps: Iterator[dict[str, Any]]) -> Iterator[str]:
    for step in steps:
        yield json.dumps(step) + "\n"


@route(Permission.MANAGE, load=object_list_for)
def values(request: SignedInRequest, object_list: ObjectList) -> HttpResponse:
    """Download the values, one per line."""
    name = slugify(object_list.filename.removesuffix(".txt")) or object_list.kind
    answer = StreamingHttpResponse(importing.values_of(object_list), content_type="text/plain; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name}.txt"'
    return cast("HttpResponse", answer)
