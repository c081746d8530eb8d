"""The reference of log ingest: the same batches by django-ninja, the same rows by `bulk_create`.

It does a little less: no middleware, no limits. Rows are made as the console makes them.
"""

from __future__ import annotations

import gzip
import json
import os
from typing import Annotated, Any, Literal

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "console.settings")
django.setup()

from django.conf import settings  # noqa: E402 - everything below needs Django's apps
from django.core.handlers.wsgi import WSGIHandler  # noqa: E402
from django.db import models  # noqa: E402
from django.http import HttpRequest  # noqa: E402
from django.shortcuts import get_object_or_404  # noqa: E402
from django.urls import path  # noqa: E402
from django.utils import timezone  # noqa: E402
from msgspec.structs import asdict  # noqa: E402
from ninja import NinjaAPI, Schema  # noqa: E402
from ninja.parser import Parser  # noqa: E402
from ninja.security import HttpBasicAuth  # noqa: E402
from pydantic import Field  # noqa: E402

from console.base.hosts.models import ApplicationKey  # noqa: E402
from devmgmt.logs.entry import Line, Origin, Times, entry  # noqa: E402
from miniprograms.models import Binding  # noqa: E402

LEVELS = {"info": 2, "warn": 4, "error": 8}


class LogEntry(models.Model):
    """A row of the console's table."""

    id = models.BigIntegerField(primary_key=True)
    mini_program = models.BigIntegerField(db_column="mini_program_id")
    application = models.BigIntegerField(db_column="application_id")
    time = models.DateTimeField()
    level = models.SmallIntegerField()
    marks = models.SmallIntegerField()
    guid = models.TextField()
    platform = models.TextField()
    os_version = models.TextField()
    page = models.TextField()
    filter_msg = models.TextField()
    trace_id = models.TextField()
    library_version = models.TextField()
    client_version = models.TextField()
    version = models.TextField()
    message = models.TextField()
    error = models.TextField()
    lines = models.TextField()

    class Meta:
        app_label = "bench"
        managed = False
        db_table = "devmgmt_logentry"


class LineIn(Schema):
    """A line of a log entry."""

    time: int
    level: Literal["info", "warn", "error"]
    text: str


class EntryIn(Schema):
    """A log entry."""

    time: int
    page: str
    lines: list[LineIn] = []
    filter_msg: str | None = None
    trace_id: str | None = None


class BatchIn(Schema):
    """A batch."""

    app_id: Annotated[str, Field(pattern="^mp[a-z0-9]{14}$")]
    guid: Annotated[str, Field(pattern="^030[23][0-9]{28}$")]
    platform: Literal["android", "ios"]
    os_version: str
    client_version: str
    library_version: str
    version: str
    entries: Annotated[list[EntryIn], Field(max_length=200)]


class Unzipping(Parser):
    """Reads gzipped bodies."""

    def parse_body(self, request: HttpRequest) -> Any:
        """Return the body's JSON."""
        return json.loads(gzip.decompress(request.body))


class Key(HttpBasicAuth):
    """Who asks."""

    def authenticate(self, request: HttpRequest, username: str, password: str) -> int | None:
        """Return the application's primary key."""
        keys = ApplicationKey.objects.filter(application__application_id=username, key=password, revoked_at=None)
        return keys.values_list("application_id", flat=True).first()


api = NinjaAPI(parser=Unzipping(), auth=Key())


@api.post("/logs")
def logs(request: HttpRequest, batch: BatchIn) -> dict[str, int]:
    """Write a batch; committed when it is answered."""
    bindings = Binding.objects.filter(mini_program__app_id=batch.app_id, application=request.auth, state="approved")
    binding = get_object_or_404(bindings)
    times = Times.at(timezone.now(), days=settings.LOG_DAYS)
    versions = (batch.os_version, batch.library_version, batch.client_version, batch.version)
    origin = Origin(binding.mini_program_id, binding.application_id, batch.guid, batch.platform, *versions)
    rows = []
    for sent in batch.entries:
        lines = [Line(line.time, LEVELS[line.level], line.text) for line in sent.lines]
        texts = {"page": sent.page, "filter_msg": sent.filter_msg or "", "trace_id": sent.trace_id or ""}
        rows.append(LogEntry(**asdict(entry(origin, times, time=sent.time, lines=lines, **texts))))
    LogEntry.objects.bulk_create(rows)
    return {"accepted": len(rows)}


def application() -> WSGIHandler:
    """Return the WSGI application."""
    settings.MIDDLEWARE = []
    settings.ROOT_URLCONF = (path("runtime/v1/", api.urls),)
    return WSGIHandler()
