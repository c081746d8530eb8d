"""New version (V-1 to V-6): the verb and its page, with every kind of bad package that we know."""

from __future__ import annotations

import json
import zipfile
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.urls import reverse
from django.utils.html import escape

from console.base.activity.models import ActivityEntry
from console.base.core.errors import ActionRefused
from releases import actions
from releases.inspection import PackageRefused, is_ours
from releases.models import Package, SourceMaps, Version
from releases.package import inspect
from tests import factories, stored
from tests.releases.package.bad_manifests import OTHER_APP_ID
from tests.releases.package.bad_packages import bad_packages

pytestmark = pytest.mark.django_db
BAD = list(bad_packages())


@pytest.fixture
def program():
    return factories.make_program()


def url(program):
    return reverse("releases:upload", args=[program.app_id])


def form(file=None, **values):
    return {"file": file or factories.make_zip(), "number": "1.0.0", "notes": "Typed already", **values}


def of_another_program(app_id):
    """A package that was made for a program of ours with this App ID."""
    factories.make_program(app_id=app_id)
    return factories.make_zip({"project.config.json": json.dumps({"appid": app_id})})


def test_submits_what_was_uploaded_where_asked_and_nothing_speaks_against_it(signed_in):
    program = factories.make_program()
    factories.make_binding(program)
    client = signed_in(program.created_by)
    assert "Upload and submit for audit" in client.get(url(program)).content.decode()

    # A warning is read first: the version is kept, and nobody was asked.
    page = client.post(url(program), form(factories.make_zip(pagez=[]), audit="1"), follow=True)
    first = program.versions.get()
    assert [finding["severity"] for finding in first.doubts] == ["warning"]
    assert "1.0.0 has not been submitted. Read its warning first." in page.content.decode()
    assert first.state == "development"

    page = client.post(url(program), form(number="1.0.1", audit="1"), follow=True)
    assert "1.0.1 uploaded, checked and submitted for audit." in page.content.decode()
    assert [str(audit.version) for audit in program.audits.select_related("version")] == ["1.0.1"]

    # While it is in audit nothing is offered, and a form from before keeps the upload and says why.
    assert "Upload and submit for audit" not in client.get(url(program)).content.decode()
    page = client.post(url(program), form(number="1.0.2", audit="1"), follow=True)
    assert "1.0.1 is in audit. Only one version at a time" in page.content.decode()
    assert program.versions.count() == 3


def test_keeps_the_canonical_package_under_its_hash(program, signed_in):
    file = factories.make_zip()
    response = signed_in(program.created_by).post(url(program), form(file))
    version = program.versions.get()
    assert (response.status_code, response.url) == (
        302,
        reverse("releases:detail", args=[program.app_id, "1.0.0"]),
    )
    assert (version.state, version.notes, version.uploaded_by) == ("development", "Typed already", program.created_by)
    out = BytesIO()
    expected = inspect(factories.make_zip(), out=out)
    package = version.package
    assert (package.sha256, package.size, package.entry_page) == (expected.sha256, expected.size, "pages/index/index")
    with package.file.open("rb") as file:
        assert file.read() == out.getvalue()
    entry = ActivityEntry.objects.filter(verb="version.uploaded").get()
    assert (entry.target_label, entry.after["package"]) == (f"{program} 1.0.0", package.sha256)


def test_the_same_content_is_stored_once(program):
    other = factories.make_program()
    for place in (program, other):
        actions.upload(place, file=factories.make_zip(), number=(1, 0, 0), notes="", by=place.created_by)
    assert Package.objects.count() == 1
    assert Version.objects.count() == 2


def test_a_number_is_used_only_once(program, signed_in):
    factories.make_version(program, "1.10.0")
    response = signed_in(program.created_by).post(url(program), form(number="1.10.0"))
    text = response.content.decode()
    assert response.status_code == 422
    assert "1.10.0 has already been used." in text
    assert "Typed already" in text
    with pytest.raises(ActionRefused, match="has already been used") as refused:
        actions.upload(program, file=factories.make_zip(), number=(1, 10, 0), notes="", by=program.created_by)
    assert refused.value.field == "number"
    assert program.versions.count() == 1


@pytest.mark.parametrize(
    "number", ["", "1", "1.0", "1.0.0.0", "v1.0.0", "1.0.x", "1.0.10000", "1.-1.0", "٣.0.0", "01.0.0"]
)
def test_a_number_is_three_numbers(number, program, signed_in):
    response = signed_in(program.created_by).post(url(program), form(number=number))
    assert response.status_code == 422
    assert not program.versions.exists()


def test_without_a_file(program, signed_in):
    response = signed_in(program.created_by).post(url(program), {"number": "1.0.0", "notes": "Typed already"})
    text = response.content.decode()
    assert response.status_code == 422
    assert "Choose the package file." in text
    assert 'value="1.0.0"' in text


def test_too_large_is_said_with_its_size(program, signed_in, settings):
    file = SimpleUploadedFile("big.zip", b"PK\x03\x04" + bytes(31 * 1024 * 1024))
    response = signed_in(program.created_by).post(url(program), form(file))
    assert response.status_code == 422
    assert "31 MB. The limit is 30 MB" in response.content.decode()


def test_limits_are_settings(program, signed_in, settings):
    settings.PACKAGE_LIMITS = {"files": 3}
    text = signed_in(program.created_by).post(url(program), form()).content.decode()
    assert "6 files" in text


def test_a_wrong_number_does_not_hide_the_findings(program, signed_in):
    file = of_another_program("mpabcdefghijklmn")
    text = signed_in(program.created_by).post(url(program), form(file, number="1.0")).content.decode()
    assert "mpabcdefghijklmn" in text
    assert "Use three numbers from 0 to 9999" in text


def test_a_line_break_in_the_notes_counts_as_one_character(program, signed_in):
    """As in the browser's counter, though browsers send two."""
    notes = "\r\n".join(["a"] * 1000)
    assert signed_in(program.created_by).post(url(program), form(notes=notes)).status_code == 302
    assert len(program.versions.get().notes) == 1999


def test_a_package_of_another_program(program, signed_in):
    file = of_another_program("mpabcdefghijklmn")
    text = signed_in(program.created_by).post(url(program), form(file)).content.decode()
    assert "mpabcdefghijklmn" in text
    assert program.app_id in text


def test_notes_and_warnings_are_shown_on_the_page_of_the_version(program, signed_in):
    file = factories.make_zip({"project.config.json": '{"appid": "wx0000000000000000"}', "README.md": "#"})
    client = signed_in(program.created_by)
    page = client.post(url(program), form(file), follow=True).content.decode()
    assert "The project has the App ID of another platform: wx0000000000000000." in page
    assert "2 development files are left out." in page
    assert "Package notes" in page
    assert program.versions.get().doubts == []
    page = client.post(url(program), form(factories.make_zip(pagez=[]), number="1.0.1"), follow=True).content.decode()
    assert "1 package warning" in page


MAPS = {"app.js.map": "{}", "pages/index/index.js.map": "{}"}


def test_source_maps_are_kept_with_the_version(program, signed_in):
    response = signed_in(program.created_by).post(url(program), form(factories.make_zip(MAPS)), follow=True)
    version = program.versions.get()
    assert [path for path, _size, _sha256 in version.source_maps.files] == sorted(MAPS)
    with version.source_maps.file.open("rb") as stored, zipfile.ZipFile(stored) as archive:
        assert {name: archive.read(name).decode() for name in archive.namelist()} == MAPS
    assert not [path for path, _size, _sha256 in version.package.files if path.endswith(".map")]
    assert "Kept, not delivered" in response.content.decode()


def test_one_package_may_come_with_other_source_maps(program):
    for patch, maps in enumerate([{}, MAPS, {**MAPS, "app.js.map": "[]"}, MAPS]):
        file = factories.make_zip(maps)
        actions.upload(program, file=file, number=(1, 0, patch), notes="", by=program.created_by)
    first, second, third, fourth = program.versions.order_by("patch")
    assert Package.objects.count() == 1
    assert first.source_maps is None
    assert second.source_maps == fourth.source_maps != third.source_maps


def test_a_failed_upload_takes_its_source_maps_with_it(program):
    factories.make_version(program, "1.0.0")
    before, file = stored.names(), factories.make_zip({**MAPS, "only-here.js": "2", "only-here.js.map": "2"})
    with pytest.raises(ActionRefused):
        actions.upload(program, file=file, number=(1, 0, 0), notes="", by=program.created_by)
    assert (stored.names(), SourceMaps.objects.count()) == (before, 0)


def test_every_bad_package_is_refused_with_its_reason_in_the_form(program, signed_in):
    """Of packages that are refused with the same words, the first is sent."""
    factories.make_program(app_id=OTHER_APP_ID)
    client = signed_in(program.created_by)
    before = stored.names()
    wrong, said = [], set()
    for bad in BAD:
        data = bad.data
        inspection = inspect(BytesIO(data), app_id=program.app_id, is_ours=is_ours)
        titles = [escape(finding.title) for finding in inspection.errors if finding.code == bad.code]
        words = (bool(data), *(finding.title for finding in inspection.errors))
        if titles and words in said:
            continue
        said.add(words)
        response = client.post(url(program), form(SimpleUploadedFile("package.zip", data)))
        text = response.content.decode()
        if data and (response.status_code != 422 or not titles or not all(title in text for title in titles)):
            wrong.append((bad.name, response.status_code, titles[:1]))
        if "Typed already" not in text or 'value="1.0.0"' not in text:
            wrong.append((bad.name, "what was typed is lost"))
    assert wrong == []
    assert len(BAD) >= 120
    assert len(said) >= 100
    assert (Version.objects.count(), Package.objects.count(), stored.names()) == (0, 0, before)


def test_a_refusal_leaves_nothing_behind(program):
    before = stored.names()
    with pytest.raises(PackageRefused) as refused:
        actions.upload(program, file=BytesIO(b"no zip"), number=(1, 0, 0), notes="", by=program.created_by)
    assert refused.value.inspection.accepted is False
    assert (Version.objects.count(), Package.objects.count(), stored.names()) == (0, 0, before)


def test_a_failed_transaction_takes_its_file_with_it(program):
    """The number is taken between the form's check and the verb's: the stored file of the loser goes."""
    factories.make_version(program, "1.0.0")
    before = stored.names()
    file = factories.make_zip({"only-here.js": "module.exports = 1"})
    with pytest.raises(ActionRefused):
        actions.upload(program, file=file, number=(1, 0, 0), notes="", by=program.created_by)
    assert stored.names() == before


@pytest.mark.django_db(transaction=True)
def test_one_number_at_once():
    """Eight uploads of one number: one version, one package, one file for it."""
    program = factories.make_program()

    def attempt(place: int) -> str:
        file = factories.make_zip({"version.js": f"module.exports = {place}"})
        try:
            actions.upload(program, file=file, number=(1, 0, 0), notes="", by=program.created_by)
        except ActionRefused:
            return "refused"
        finally:
            connection.close()
        return "uploaded"

    before = stored.names()
    with ThreadPoolExecutor(8) as pool:
        outcomes = sorted(pool.map(attempt, range(8)))
    assert outcomes == ["refused"] * 7 + ["uploaded"]
    assert stored.names() - before == {program.versions.get().package.file.name}


@pytest.mark.django_db(transaction=True)
def test_one_content_at_once_survives_the_failure_of_some():
    """Sixteen uploads of one content to two programs, half of them of a number that is taken: the file stays."""
    taken, free = factories.make_program(), factories.make_program()
    factories.make_version(taken, "1.0.0")

    def attempt(place: int) -> None:
        program = free if place % 2 else taken
        try:
            file = factories.make_zip({"same.js": "module.exports = 'same'"})
            number = (1, place if place % 2 else 0, 0)
            actions.upload(program, file=file, number=number, notes="", by=program.created_by)
        except ActionRefused:
            assert not place % 2
        finally:
            connection.close()

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(attempt, range(16)))
    package = Package.objects.get(versions__mini_program=free, versions__minor=1)
    assert free.versions.filter(package=package).count() == 8
    with package.file.open("rb") as stored:
        assert inspect(stored).sha256 == package.sha256


def test_lower_role_and_other_team(program, signed_in):
    viewer = factories.make_member(program.team, "viewer")
    stranger = factories.make_member(factories.make_team(), "admin")
    assert signed_in(viewer).post(url(program), form()).status_code == 403
    assert signed_in(stranger).post(url(program), form()).status_code == 404
    assert not program.versions.exists()
