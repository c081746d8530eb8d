"""The page of a program's offline package (O-2): file, signatures, presets in the field, history."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from console.base.hosts.actions.sealed import add_signing_key
from console.base.hosts.models import SigningKey
from miniprograms import actions as programs
from releases import actions as releases
from releases.offline import actions
from releases.offline.presenters import presets_of
from tests import factories


def url(program):
    return f"/miniprograms/{program.app_id}/offline/"


def download(program, application=None, by=None):
    actions.download(program, application=application, by=by or program.created_by)[1].close()


def states(program):
    program.refresh_from_db()
    return [(preset.name, preset.number, preset.state) for preset in presets_of(program)]


def test_what_it_tells(signed_in, program, application, developer):
    package = program.versions.online().get().package
    response = signed_in(factories.make_member(program.team, "viewer")).get(url(program))
    text = response.content.decode()
    name = f"{program.app_id}_1.0.0.apkg"
    [signature] = response.context["signatures"]
    for words in (name, package.sha256, signature.value, "Signature for Harbour Super App", "Not downloaded yet"):
        assert words in text
    assert response.context["commands"] == {
        "preset": f'{{"presets": [{{"app_id": "{program.app_id}", "version": "1.0.0"}}]}}',
        "checksum": f'echo "{package.sha256}  {name}" | sha256sum --check',
        "verify": f"mpc verify {name} --configuration {application.application_id}.json --appid {program.app_id} "
        f'--uv 1.0.0 --signature "{signature.value}"',
    }
    assert "Team administrators, license holders and developers of" in text


def test_no_application_is_bound(signed_in, program, developer):
    programs.unbind(program.bindings.get(), by=program.created_by)
    response = signed_in(developer).get(url(program))
    assert (response.status_code, response.context["signatures"]) == (200, [])
    assert "No host app is bound." in response.content.decode()


def test_keys_that_cannot_be_read(signed_in, program, developer):
    SigningKey.objects.update(sealed="sealed under another SECRET_KEY")
    response = signed_in(developer).get(url(program))
    assert response.status_code == 200
    assert "The signing keys can’t be read. Contact an operator." in response.content.decode()


def test_a_key_that_cannot_be_read_is_left_out_as_for_devices(signed_in, program, application, developer):
    lost = application.signing_keys.get()
    new = add_signing_key(application, by=factories.make_user())
    SigningKey.objects.filter(pk=lost.pk).update(sealed="sealed under another SECRET_KEY")
    [signature] = signed_in(developer).get(url(program)).context["signatures"]
    assert (signature.value.partition(":")[0], signature.reason) == (new.key_id, "")


def test_presets_in_the_field(program, application):
    metro = factories.make_application(name="Metro Wallet")
    factories.make_binding(program, metro)
    assert states(program) == []
    download(program)
    assert states(program) == []
    download(program, application)
    assert states(program) == [("Harbour Super App", "1.0.0", "current")]
    factories.make_online(program, "1.1.0")
    download(program, metro)
    assert states(program) == [("Metro Wallet", "1.1.0", "current"), ("Harbour Super App", "1.0.0", "stale")]
    releases.roll_back(program.versions.numbered("1.0.0").get(), by=program.created_by)
    assert states(program) == [("Metro Wallet", "1.1.0", "stale"), ("Harbour Super App", "1.0.0", "current")]
    programs.unbind(program.bindings.get(application=metro), by=program.created_by)
    assert states(program) == [
        ("Metro Wallet", "1.1.0", "unbound"),
        ("Harbour Super App", "1.0.0", "current"),
    ]
    programs.take_off_shelf(program, by=program.created_by, reason="Test")
    assert states(program) == [("Metro Wallet", "1.1.0", "unbound"), ("Harbour Super App", "1.0.0", "off")]


def test_earlier_presets_are_named(program, application):
    for number in range(1, 8):
        download(program, application)
        download(program, application)
        factories.make_online(program, f"1.{number}.0")
    program.refresh_from_db()
    [preset] = presets_of(program)
    assert (preset.number, preset.state, preset.more) == ("1.6.0", "stale", 1)
    assert preset.earlier == ["1.5.0", "1.4.0", "1.3.0", "1.2.0", "1.1.0"]


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("current", "Devices run it immediately, even offline."),
        ("stale", "Devices with this preset fetch 1.1.0 when they first start online."),
        ("unbound", "The app is no longer bound."),
        ("off", "The mini program is off the shelf."),
    ],
)
def test_each_state_in_words(signed_in, program, application, developer, state, words):
    download(program, application)
    if state == "stale":
        factories.make_online(program, "1.1.0")
    if state == "unbound":
        programs.unbind(program.bindings.get(), by=program.created_by)
    if state == "off":
        programs.take_off_shelf(program, by=program.created_by, reason="Test")
    text = " ".join(signed_in(developer).get(url(program)).content.decode().split())
    assert words in text


def test_history_has_pages(signed_in, program, application, developer):
    for _number in range(25):
        download(program, application)
    download(program, by=developer)
    client = signed_in(developer)
    first, second = client.get(url(program)), client.get(url(program), {"page": 2})
    assert (len(first.context["page"].object_list), len(second.context["page"].object_list)) == (25, 1)
    assert first.context["page"].object_list[0].actor_label == str(developer)
    assert "26 downloads" in first.content.decode()
    assert "Not decided" in first.content.decode()


def test_queries_stay_the_same(signed_in, program, application, developer):
    client, counts = signed_in(developer), []
    for more in (1, 2):
        for _number in range(more):
            other = factories.make_application()
            factories.make_binding(program, other)
            download(program, other)
        client.get(url(program))
        with CaptureQueriesContext(connection) as queries:
            page = client.get(url(program))
        counts.append(len(queries))
    assert len(page.context["presets"]) == 3
    assert counts[0] == counts[1]


def test_404_405(signed_in, program, developer):
    assert signed_in(factories.make_member(factories.make_team(), "admin")).get(url(program)).status_code == 404
    assert signed_in(developer).post(url(program)).status_code == 405
