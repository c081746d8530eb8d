"""Object lists in the form and by themselves: typed, uploaded, reported, accepted, kept, downloaded (G-1, G-3, G-8)."""

import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.http import QueryDict
from django.urls import reverse
from django.utils.datastructures import MultiValueDict

from grayscale import importing, rules
from grayscale.forms.objects import ObjectsForm
from grayscale.models import ObjectList
from tests import factories

pytestmark = pytest.mark.django_db

FAULTY = b"0302" + b"1" * 28 + b"\r\nno\r\n\r\n0303" + b"2" * 28 + b"\r\n0302" + b"1" * 28


def guid(n):
    return f"0302{n:028}"


def txt(content=FAULTY, name="pilot.txt"):
    return SimpleUploadedFile(name, content, content_type="text/plain")


@pytest.fixture
def version():
    return factories.make_candidate()


@pytest.fixture
def program(version):
    return version.mini_program


@pytest.fixture
def manager(program):
    return program.created_by


@pytest.fixture
def client(manager, signed_in):
    return signed_in(manager)


def send(client, program, **data):
    return client.post(reverse("grayscale:lists", args=[program.app_id]), {"kind": "guid", "file": txt(), **data})


def steps(response):
    assert (response.status_code, response["Content-Type"]) == (200, "application/x-ndjson")
    return [json.loads(line) for line in b"".join(response.streaming_content).splitlines()]


@pytest.fixture
def filled(program, manager):
    """An ObjectsForm with fields sent as `guid_typed="…"`; values of `files` are files."""

    def fill(files=None, user=None, **sent):
        data = QueryDict(mutable=True)
        for name, value in sent.items():
            if name in ("task", "copy_of"):
                continue
            data.setlist(f"objects-{name}", [str(v) for v in (value if isinstance(value, list) else [value])])
        given = MultiValueDict({f"objects-{name}": [file] for name, file in (files or {}).items()})
        more = {name: sent[name] for name in ("task", "copy_of") if name in sent}
        return ObjectsForm(data, given, program=program, user=user or manager, **more)

    return fill


# The upload by itself -------------------------------------------------------------------------------------------------


def test_upload_streams_progress_and_then_the_report(client, program, manager):
    *progress, last = steps(send(client, program))
    assert progress == [{"lines": lines, "done": len(FAULTY), "total": len(FAULTY)} for lines in (4, 5)]
    row = ObjectList.objects.get()
    assert (last["draft"], row.count, row.task, row.uploaded_by, row.filename) == (
        row.pk,
        2,
        None,
        manager,
        "pilot.txt",
    )
    assert "5 lines, 2 duplicate or blank skipped, 1 invalid" in last["html"]
    assert "Line 2 is not a GUID (32 digits beginning with 0302 or 0303)." in last["html"]
    assert "Import 2 valid" in last["html"]


def test_of_a_person_s_lists_that_no_task_took_in_the_newest_stay(client, program, manager, version, signed_in):
    def upload(client, number, kind="guid"):
        content = guid(number) if kind == "guid" else f"user-{number}"
        return steps(send(client, program, kind=kind, file=txt(content.encode())))[-1]["draft"]

    other = upload(signed_in(factories.make_member(program.team, "license_holder")), 1)
    taken = factories.make_object_list(program, "guid", [guid(0)])
    factories.make_task(version, object_lists=[taken])
    account = upload(client, 1, "account")
    own = [upload(client, number) for number in range(importing.MOST_DRAFTS + 2)]
    assert {*ObjectList.objects.values_list("pk", flat=True)} == {other, taken.pk, account, *own[2:]}


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"file": txt(b"")}, "The file is empty."),
        (
            {"file": txt(b"a\0b")},
            "This is not a text file: it contains NUL characters. Save it as plain text in UTF-8.",
        ),
        ({"file": ""}, "Choose the txt file."),
        ({"kind": "phone"}, "Choose what the file contains: GUIDs, device IDs or accounts."),
    ],
)
def test_a_refusal_is_the_last_line_in_words(client, program, data, words):
    assert steps(send(client, program, **data)) == [{"error": words}]
    assert not ObjectList.objects.exists()


def test_what_goes_wrong_half_way_is_the_last_line_and_leaves_nothing(client, program):
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE grayscale_objectlistpart RENAME TO out_of_reach")
    (last,) = steps(send(client, program))
    assert last == {"error": "Reading the file was interrupted. Nothing was saved. Choose the file again."}
    assert not ObjectList.objects.exists()


def test_a_file_over_the_limit_names_its_size(client, program, settings):
    settings.OBJECT_LIST_BYTES = settings.UPLOAD_BYTES = 2**20
    assert steps(send(client, program, file=txt(b"1" * 3 * 2**20))) == [
        {"error": "The file is 3.0 MB. The limit is 1 MB."}
    ]


def test_values_of_the_task_are_duplicates_and_its_id_must_be_of_the_program(client, program, version, manager):
    held = importing.read_list("0303" + "2" * 28, program=program, kind="guid", by=manager)
    task = factories.make_task(version, object_lists=[held])
    last = steps(send(client, program, task=task.pk))[-1]
    assert (ObjectList.objects.get(pk=last["draft"]).count, "3 duplicate or blank" in last["html"]) == (1, True)
    other = factories.make_task()
    for pk in (other.pk, "x", 10**17):
        assert send(client, program, task=pk).status_code == 404


def test_who_may_upload(signed_in, program):
    team = program.team
    roles = {role: factories.make_member(team, role) for role in ("admin", "license_holder", "developer", "viewer")}
    stranger = factories.make_member(factories.make_team(), "admin")
    found = {role: send(signed_in(user), program).status_code for role, user in (roles | {"": stranger}).items()}
    assert found == {"admin": 200, "license_holder": 200, "developer": 403, "viewer": 403, "": 404}


def test_upload_answers_post_only(client, program):
    assert client.get(reverse("grayscale:lists", args=[program.app_id])).status_code == 405


# The form -------------------------------------------------------------------------------------------------------------


def test_nothing_is_added_without_a_word(filled):
    form = filled()
    assert (form.is_valid(), form.lists) == (True, [])


def test_typed_values_become_a_list_when_asked_for(filled):
    form = filled(guid_use="on", guid_mode="type", guid_typed=f"{guid(1)}\r\n{guid(2)}\r\n")
    assert (form.is_valid(), ObjectList.objects.count()) == (True, 0)
    (row,) = form.lists
    assert (row.kind, row.count, row.filename, form.lists) == ("guid", 2, "", [row])


def test_a_kind_that_is_removed_is_not_read(filled):
    form = filled(guid_mode="type", guid_typed="no")
    assert (form.is_valid(), form.lists) == (True, [])


@pytest.mark.parametrize(
    ("sent", "field", "words"),
    [
        ({"guid_typed": "no\n\n1"}, "guid_typed",
         "Lines 1 and 3 are not GUIDs (32 digits beginning with 0302 or 0303)."),
        ({"guid_typed": "no\n" * 9}, "guid_typed",
         "Lines 1, 2, 3, 4, 5 and 4 more are not GUIDs (32 digits beginning with 0302 or 0303)."),
        ({"guid_typed": " \n"}, "guid_typed", "Enter at least one value, or remove this list."),
        ({"guid_typed": "1" * 100_001}, "guid_typed", "Too many values to type. Upload them as a txt file."),
        ({"guid_mode": "upload"}, "guid_file", "Choose the txt file, or remove this list."),
        ({"guid_mode": "upload", "guid_draft": "99"}, "guid_file",
         "The uploaded file is no longer available. Choose it again."),
    ],
)  # fmt: skip
def test_what_is_wrong_stands_beside_its_field(filled, sent, field, words):
    form = filled(guid_use="on", **sent)
    assert (form.is_valid(), form.errors) == (False, {field: [words]})


def test_accounts_with_two_faults_get_a_sentence_each(filled):
    form = filled(account_use="on", account_typed="a\tb\n" + "x" * 129)
    form.is_valid()
    assert form.errors == {"account_typed": ["Line 1 has a control character. Line 2 is longer than 128 characters."]}


def test_a_file_that_comes_with_the_form_is_reported_first_and_not_uploaded_again(filled):
    first = filled({"guid_file": txt()}, guid_use="on", guid_mode="upload")
    assert (first.is_valid(), first.errors) == (
        False,
        {"guid_file": ["Decide what to do with the 1 invalid line first."]},
    )
    draft = first.sections[0].report.row
    second = filled(guid_use="on", guid_mode="upload", guid_draft=draft.pk, guid_accept=draft.pk)
    assert (second.is_valid(), second.lists, ObjectList.objects.count()) == (True, [draft], 1)


def test_a_file_without_invalid_lines_goes_through_at_once(filled):
    form = filled({"account_file": txt("用户\n".encode("gb18030"))}, account_use="on", account_mode="upload")
    assert (form.is_valid(), [row.count for row in form.lists]) == (True, [1])


def test_what_was_accepted_of_one_file_is_not_of_the_next(filled):
    form = filled({"guid_file": txt()}, guid_use="on", guid_mode="upload")
    form.is_valid()
    accepted = form.sections[0].report.row.pk
    again = filled({"guid_file": txt()}, guid_use="on", guid_mode="upload", guid_draft=accepted, guid_accept=accepted)
    assert not again.is_valid()


def test_a_file_of_invalid_lines_only_can_not_be_accepted(filled):
    form = filled({"guid_file": txt(b"no\n")}, guid_use="on", guid_mode="upload")
    form.is_valid()
    draft = form.sections[0].report.row.pk
    again = filled(guid_use="on", guid_mode="upload", guid_draft=draft, guid_accept=draft)
    words = "No line in this file can be imported. Correct the file and choose it again."
    assert (again.is_valid(), again.errors) == (False, {"guid_file": [words]})


def test_a_draft_is_its_uploader_s_for_its_program_and_kind(filled, program, manager):
    other_program = factories.make_program(program.team)
    colleague = factories.make_member(program.team, "admin")
    facts = {"program": program, "by": manager, "kind": "guid"}
    drafts = {
        "own": importing.read_list(guid(1), **facts),
        "other program": importing.read_list(guid(1), **facts | {"program": other_program}),
        "other person": importing.read_list(guid(1), **facts | {"by": colleague}),
        "other kind": importing.read_list("a", **facts | {"kind": "account"}),
    }
    usable = {
        whose: filled(guid_use="on", guid_mode="upload", guid_draft=draft.pk).is_valid()
        for whose, draft in drafts.items()
    }
    assert usable == {"own": True, "other program": False, "other person": False, "other kind": False}


def test_all_lists_together_are_within_the_limit(filled, monkeypatch):
    monkeypatch.setattr(rules, "MOST_OBJECTS", 3)
    sent = {"guid_use": "on", "guid_typed": f"{guid(1)}\n{guid(2)}", "account_use": "on"}
    assert filled(**sent, account_typed="a").is_valid()
    form = filled(**sent, account_typed="a\nb")
    words = "Too many values: 4. A task can have at most 3 on all its lists."
    assert (form.is_valid(), form.non_field_errors()) == (False, [words])


@pytest.fixture
def held(program, manager):
    facts = {"program": program, "by": manager, "kind": "guid"}
    return [importing.read_list(guid(1), **facts), importing.read_list(guid(2), **facts)]


def test_lists_of_a_pending_task_can_be_removed_and_added_to(filled, version, held):
    task = factories.make_task(version, state="pending", object_lists=held)
    form = filled(task=task, guid_use="on", guid_keep=[held[1].pk, 10**9], guid_typed=guid(3))
    assert form.is_valid()
    assert [row.pk for row in form.lists[:-1]] == [held[1].pk]
    assert [row.task for row in form.lists[1:]] == [None]
    assert filled(task=task).is_valid() and filled(task=task).lists == []


def test_values_of_a_list_that_may_go_are_not_dropped(client, filled, version, program, held):
    task = factories.make_task(version, state="pending", object_lists=held)
    form = filled(task=task, guid_use="on", guid_keep=[held[0].pk], guid_typed=f"{guid(2)}\n{guid(3)}")
    assert form.is_valid()
    assert "".join(importing.values_of(form.lists[1])) == f"{guid(2)}\n{guid(3)}\n"
    last = steps(send(client, program, task=task.pk, file=txt(f"{guid(2)}\n".encode())))[-1]
    assert ObjectList.objects.get(pk=last["draft"]).count == 1


def test_lists_of_a_running_task_stay_and_other_kinds_can_not_be_added(filled, version, held):
    task = factories.make_task(version, object_lists=held)
    form = filled(task=task, guid_typed=f"{guid(2)}\n{guid(3)}", account_use="on", account_typed="a")
    assert form.is_valid()
    *kept, added = form.lists
    assert ([row.pk for row in kept], added.count, added.duplicates) == ([row.pk for row in held], 1, 1)
    assert form.why_not_add == "The task has started. You can only add lists of the kinds it already has."


def test_a_running_task_without_lists_offers_none(client, filled, version, program, held):
    task, listed = factories.make_task(version), factories.make_task(version, object_lists=held)
    assert filled(task=task).why_not_add == "The task has started without objects. They can’t be added now."
    page = client.get(reverse("grayscale:edit", args=[program.app_id, task.pk])).content.decode()
    assert "objects-add" not in page and "and add objects" not in page
    page = client.get(reverse("grayscale:edit", args=[program.app_id, listed.pk])).content.decode()
    assert "objects-add" in page and "and add objects" in page


def test_a_copy_of_a_task_gets_lists_of_its_own(filled, version, held):
    original = factories.make_task(version, state="ended", object_lists=held)
    form = filled(copy_of=original, guid_use="on", guid_keep=[held[0].pk])
    assert form.is_valid() and ObjectList.objects.count() == 2
    (row,) = form.lists
    assert (row.pk not in {one.pk for one in held}, row.task, "".join(importing.values_of(row))) == (
        True, None, f"{guid(1)}\n",
    )  # fmt: skip


# The values -----------------------------------------------------------------------------------------------------------


def test_values_are_downloaded_as_they_are_stored(client, program, manager):
    row = importing.read_list("用户\nb", program=program, kind="account", by=manager, filename="Pilot Gruppe.txt")
    response = client.get(reverse("grayscale:list_values", args=[program.app_id, row.pk]))
    assert b"".join(response.streaming_content).decode() == "用户\nb\n"
    assert response["Content-Disposition"] == 'attachment; filename="pilot-gruppe.txt"'


def test_values_are_for_who_may_change_tasks(signed_in, program, manager):
    row = importing.read_list("a", program=program, kind="account", by=manager)
    url = reverse("grayscale:list_values", args=[program.app_id, row.pk])
    other = factories.make_program()
    assert signed_in(factories.make_member(program.team, "developer")).get(url).status_code == 403
    assert signed_in(other.created_by).get(url).status_code == 404
    foreign = reverse("grayscale:list_values", args=[other.app_id, row.pk])
    assert signed_in(other.created_by).get(foreign).status_code == 404
