"""Log entries as files, for pages and for scripts, and what both say when the logs did not answer (D-6)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from django.conf import settings
from django.http import StreamingHttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from devmgmt.logs import export as files
from devmgmt.logs.criteria import Criteria, StoreAway, TooSlow
from devmgmt.logs.store import log_store, scan
from miniprograms.models import MiniProgram

MEDIA = {"csv": "text/csv; charset=utf-8", "ndjson": "application/x-ndjson"}


def contents(
    program: MiniProgram, criteria: Criteria, kind: str, applications: Mapping[int, Any] | None = None
) -> Iterator[bytes]:
    """Yield what fits, newest first, as `csv` or `ndjson`; nothing is read of the logs before the first byte is.

    `applications` are the host apps as the file has them; by their names unless something else is said.
    """
    # One more than the file takes, so that it can say that it was cut.
    found = scan(log_store(), criteria, limit=files.MOST_EXPORTED + 1)
    if applications is None:
        applications = dict(program.bindings.applications().values_list("pk", "name"))
    write = files.as_csv if kind == "csv" else files.ndjson
    return write(found, applications, _end_words)


def answer(parts: Iterable[bytes], program: MiniProgram, criteria: Criteria, kind: str) -> StreamingHttpResponse:
    """Return the file as it is sent: written while it is read, named after the program and the time asked for."""
    sent = StreamingHttpResponse(parts, content_type=MEDIA[kind])
    first, last = (f"{timezone.localtime(moment):%Y%m%d-%H%M%S}" for moment in (criteria.start, criteria.end))
    sent["Content-Disposition"] = f'attachment; filename="logs-{program.app_id}-{first}-{last}.{kind}"'
    sent["Cache-Control"] = "no-store"
    return sent


def trouble_words(error: Exception, criteria: Criteria | None) -> str:
    """Say what to do when the store did not answer."""
    if isinstance(error, StoreAway) or criteria is None:
        return _("Logs are temporarily unavailable. Nothing is lost. Try again in a minute.")
    seconds = {"seconds": settings.LOG_QUERY_SECONDS}
    words = _("The search took longer than %(seconds)g seconds and was stopped.") % seconds
    missing = [_("a GUID")] if not criteria.guid else []
    missing += [_("longer filterMsg content")] if criteria.filter_msg else [_("filterMsg content")]
    missing += [_("a page link")] if not criteria.page else []
    return f"{words} " + _("Choose a shorter time range, or add %(criteria)s.") % {"criteria": _(" or ").join(missing)}


def _end_words(error: Exception | None) -> str:
    """Say at the end of a file why it does not hold everything."""
    if error is None:
        return _(
            "The file ends here. It contains the newest %(most)s entries. Choose a shorter time range to "
            "export the rest."
        ) % {"most": f"{files.MOST_EXPORTED:,}"}
    if isinstance(error, TooSlow):
        return _("The file ends here because the search took too long. Choose a shorter time range to export the rest.")
    return _("The file ends here because the logs became unavailable. Try again to export the rest.")
