"""Downloading the offline package (O-1): exactly the online bytes, each time on record."""

import base64
import hashlib
import html
from concurrent.futures import ThreadPoolExecutor

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.db import connection

from console.base.activity.models import ActivityEntry
from console.base.core.errors import ActionRefused
from console.base.hosts.signing import statement
from miniprograms import actions as programs
from releases import actions as releases
from releases.models import package_storage
from releases.offline import actions
from tests import factories
from tests.console.api.device.asking import Device, through_django

OFF = "The mini program is off the shelf, so presets don’t open. Put it back on the shelf first."
NOTHING = "No version is online. Publish one to get its offline package."


def url(program):
    return f"/miniprograms/{program.app_id}/offline/download/"


def entries():
    return list(ActivityEntry.objects.filter(verb="offline.downloaded"))


def content_of(response):
    return b"".join(response.streaming_content)


def test_exactly_the_online_bytes(signed_in, program, application, developer):
    response = signed_in(developer).post(url(program), {"application": application.pk})
    assert response.status_code == 200
    assert response["Content-Disposition"] == f'attachment; filename="{program.app_id}_1.0.0.apkg"'
    assert (response["Cache-Control"], response["Content-Type"]) == ("no-store", "application/octet-stream")
    content, package = content_of(response), program.versions.online().get().package
    assert (hashlib.sha256(content).hexdigest(), len(content)) == (package.sha256, package.size)
    device = Device(through_django, application)
    assert device.package(package.sha256).body == content
    [entry] = entries()
    assert (entry.target_label, entry.mini_program_id, entry.application_id, entry.before, entry.after) == (
        "City Bus 1.0.0",
        program.app_id,
        application.application_id,
        None,
        {"version": "1.0.0", "package": package.sha256, "application": "Harbour Super App"},
    )


def test_its_signature_verifies(signed_in, program, application, developer):
    client = signed_in(developer)
    [signature] = client.get(f"/miniprograms/{program.app_id}/offline/").context["signatures"]
    content = content_of(client.post(url(program)))
    signed = statement(program.app_id, "1.0.0", hashlib.sha256(content).hexdigest(), len(content))
    key = application.signing_keys.get()
    key_id, value = signature.value.split(":")
    assert (key_id, signature.application) == (key.key_id, application)
    public = Ed25519PublicKey.from_public_bytes(base64.b64decode(key.public_key))
    public.verify(base64.b64decode(value), signed)


def test_for_no_application_yet(signed_in, program, developer):
    response = signed_in(developer).post(url(program), {"application": ""})
    assert response.status_code == 200
    [entry] = entries()
    assert (entry.application_id, entry.after["application"]) == ("", None)


def test_each_time_is_on_record(signed_in, program, application, developer):
    client = signed_in(developer)
    for _number in range(2):
        assert client.post(url(program), {"application": application.pk}).status_code == 200
    assert [entry.actor_label for entry in entries()] == [str(developer)] * 2


def test_looking_at_the_dialog_is_no_download(signed_in, program, application, developer):
    response = signed_in(developer).get(url(program), headers={"HX-Request": "true", "HX-Target": "dialog"})
    text = response.content.decode()
    assert (response.status_code, entries()) == (200, [])
    assert f"{program.app_id}_1.0.0.apkg" in text
    assert ("data-download" in text, "hx-post" in text) == (True, False)
    assert response.context["form"]["application"].value() == application.pk


def test_the_file_follows_publish_and_roll_back(signed_in, program, developer):
    client = signed_in(developer)

    def downloaded():
        response = client.post(url(program))
        return response["Content-Disposition"][-11:-1], hashlib.sha256(content_of(response)).hexdigest()

    first = downloaded()
    second = factories.make_online(program, "1.1.0")
    assert downloaded() == ("1.1.0.apkg", second.package.sha256)
    releases.roll_back(program.versions.numbered("1.0.0").get(), by=program.created_by)
    assert downloaded() == first


# What is refused ----------------------------------------------------------------------------------------------------


def refused(client, program, **data):
    """Return the errors of a refused download."""
    response = client.post(url(program), data)
    assert (response.status_code, entries()) == (422, [])
    return dict(response.context["form"].errors)


def test_off_the_shelf(signed_in, program, developer):
    client = signed_in(developer)
    programs.take_off_shelf(program, by=program.created_by, reason="Test")
    assert refused(client, program) == {"__all__": [OFF]}
    for address in (url(program), f"/miniprograms/{program.app_id}/offline/"):
        assert OFF in html.unescape(client.get(address).content.decode())
    programs.put_on_shelf(program, by=program.created_by)
    assert client.post(url(program)).status_code == 200


def test_nothing_online(signed_in):
    program = factories.make_program()
    factories.make_approved(program)
    client = signed_in(factories.make_member(program.team, "developer"))
    assert refused(client, program) == {"__all__": [NOTHING]}
    page = client.get(f"/miniprograms/{program.app_id}/offline/")
    assert (page.status_code, NOTHING in page.content.decode()) == (200, True)


def test_an_application_that_is_not_bound(signed_in, program, application, developer):
    client, other = signed_in(developer), factories.make_application()
    words = "Choose a bound app."
    for value in (other.pk, "x", "-1", "9" * 30):
        assert refused(client, program, application=value) == {"application": [words]}
    assert refused(client, program, application="\0") == {"application": ["Null characters are not allowed."]}
    programs.unbind(program.bindings.get(), by=program.created_by)
    assert refused(client, program, application=application.pk) == {"application": [words]}
    with pytest.raises(ActionRefused) as error:
        actions.download(program, application=application, by=developer)
    assert error.value.field == "application"
    assert error.value.message == "Harbour Super App is no longer bound, so presets don’t open there."


def test_a_storage_that_fails(signed_in, program, developer):
    client = signed_in(developer)
    package_storage().delete(program.versions.online().get().package.file.name)
    words = "The package can’t be read from storage right now. Try again later or contact an operator."
    assert refused(client, program) == {"__all__": [words]}


# Who may ------------------------------------------------------------------------------------------------------------


def test_403_404_405(signed_in, program, developer):
    viewer, stranger = (
        factories.make_member(program.team, "viewer"),
        factories.make_member(factories.make_team(), "admin"),
    )
    for user, status in ((viewer, 403), (stranger, 404)):
        client = signed_in(user)
        assert [client.get(url(program)).status_code, client.post(url(program)).status_code] == [status, status]
    assert signed_in(developer).put(url(program)).status_code == 405
    assert entries() == []


@pytest.mark.django_db(transaction=True)
def test_while_it_goes_off_the_shelf():
    """The second sees what the first did: no download is recorded after the program went off the shelf."""
    program = factories.make_program()
    factories.make_online(program)
    program.refresh_from_db()

    def attempt(move):
        try:
            if move == "download":
                actions.download(program, application=None, by=program.created_by)
            else:
                programs.take_off_shelf(program, by=program.created_by, reason="Test")
        except ActionRefused:
            return "refused"
        finally:
            connection.close()
        return move

    with ThreadPoolExecutor(2) as threads:
        outcome = list(threads.map(attempt, ("download", "off")))
    order = list(ActivityEntry.objects.order_by("id").values_list("verb", flat=True))[
        -len(set(outcome) - {"refused"}) :
    ]
    assert outcome in (["download", "off"], ["refused", "off"])
    assert order[-1] == "mini_program.taken_off_shelf"
