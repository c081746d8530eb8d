"""What the package reader found belongs to one upload, and is read in the reader's language (V-3)."""

from __future__ import annotations

import json
import secrets
from importlib import import_module
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.db import connection
from django.urls import reverse

from console.api.manage.operations.versions import version_out
from releases import actions
from releases.models import Package
from tests import factories

pytestmark = pytest.mark.django_db
fill = import_module("releases.migrations.0011_findings_of_packages").fill
FOREIGN_ID = "wx1234567890abcdef"
BESIDE = {"project.config.json": json.dumps({"appid": FOREIGN_ID}), "plan.docx": "x", ".DS_Store": "x"}


@pytest.fixture
def program():
    return factories.make_program()


def upload(program, files=None, number=(1, 0, 0), **app):
    file = factories.make_zip(files, **app)
    return actions.upload(program, file=file, number=number, notes="", by=program.created_by)


def detail(client, version):
    url = reverse("releases:detail", args=[version.mini_program.app_id, version.number])
    return client.get(url).content.decode()


def test_what_a_team_packed_beside_its_program_is_told_to_nobody_else(program, signed_in):
    other = factories.make_program()
    first, second = upload(program, BESIDE), upload(other)
    assert Package.objects.get() == first.package == second.package
    binding = factories.make_binding(other)
    [decision] = actions.submit(second, by=other.created_by).decisions.all()
    reviewer = signed_in(factories.make_reviewer(binding.application))
    review = reverse("reviews:audit", args=[decision.pk])
    for page in (detail(signed_in(other.created_by), second), reviewer.get(review).content.decode()):
        assert other.name in page
        assert FOREIGN_ID not in page
        assert program.app_id not in page
        assert "left out" not in page
    assert version_out(second)["findings"] == []

    # And the other way round: what is said of an upload is said, though its package is there without it.
    third = upload(other, BESIDE, (1, 0, 1))
    for version in (first, third):
        page = detail(signed_in(version.mini_program.created_by), version)
        assert f"The project has the App ID of another platform: {FOREIGN_ID}." in page
        assert f"The App ID of this mini program is {version.mini_program.app_id}." in page
        assert "2 development files are left out." in page
        assert [found["code"] for found in version_out(version)["findings"]] == [
            "app-id",
            "development-files",
            "system-file",
        ]


def test_findings_are_read_in_the_language_of_the_reader(program, signed_in):
    program.created_by.language = "zh-hans"
    program.created_by.save()
    client = signed_in(program.created_by)
    file = factories.make_zip({**BESIDE, "app.js.map": "{}"}, pagez=[], usingComponents={"gone": "parts/gone"})
    url = reverse("releases:upload", args=[program.app_id])
    page = client.post(url, {"file": file, "number": "1.0.0"}, follow=True).content.decode()
    version = program.versions.get()
    assert "未知的键：pagez" in page
    assert "Unknown key" not in page
    assert "第 1 行" in page

    reader = factories.make_member(program.team, "viewer")
    page = detail(signed_in(reader), version)
    for words in (
        "2 package warnings",
        "Unknown key: pagez.",
        "line 1, pagez",
        "The component parts/gone is not in the package.",
        "line 1, usingComponents.gone",
        f"The App ID of this mini program is {program.app_id}.",
        "3 development files are left out.",
        ".map, .docx, project.config.json",
        "Source maps are kept with the version.",
        "1 file of the operating system is left out.",
        "File types",
    ):
        assert words in page


OLD = {
    "code": "app-id",
    "severity": "note",
    "title": "The project has the App ID of another platform.",
    "where": "project.config.json",
    "detail": "line 1, appid",
    "hint": "It has no effect here.",
    "rule": "App ID",
}


def version_of(package, program, number=(1, 0, 0)):
    """A version as an earlier release stored it."""
    return actions.add_version(program, package=package, number=number, notes="", by=program.created_by)


def package_of(*warnings):
    """A package with what an earlier release stored there."""
    sha256 = secrets.token_hex(32)
    lists = {"files": [], "pages": [], "subpackages": [], "warnings": list(warnings)}
    return Package.objects.create(sha256=sha256, file=f"{sha256}.apkg", size=1, unpacked_size=1, **lists)


def test_what_earlier_releases_stored_is_shown_where_it_is_sure_whose_it_is(program, signed_in):
    mine, shared = package_of(OLD, {**OLD, "severity": "warning"}), package_of(OLD)
    alone = version_of(mine, program)
    both = version_of(shared, program, (1, 0, 1)), version_of(shared, factories.make_program())
    newer = upload(program, number=(1, 0, 2), pagez=[])
    fill(apps, SimpleNamespace(connection=connection))
    for version in (alone, *both, newer):
        version.refresh_from_db()
    assert version_out(alone)["findings"] == [OLD, {**OLD, "severity": "warning"}]
    assert [version.findings for version in both] == [[], []]
    assert [found["title"] for found in version_out(newer)["findings"]] == ["Unknown key: pagez."]
    page = detail(signed_in(program.created_by), alone)
    assert "1 package warning" in page
    assert OLD["title"] in page
