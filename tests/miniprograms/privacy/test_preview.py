"""The text as users will see it, of what is typed (S-1)."""

import pytest

from miniprograms.privacy.models import PrivacyDraft
from miniprograms.privacy.placeholders import template_in
from miniprograms.privacy.states import Language
from tests import factories
from tests.miniprograms.privacy.writing import save, typed, url

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true", "HX-Target": "agreement-preview"}


def test_htmx_gets_the_preview_alone(signed_in, program, holder):
    client = signed_in(holder)
    sent = typed(client, program, text_en="# {{program}}\n\n{{data}}\n\n{{nope}}", text_zh="", contact_email="bad")
    response = client.post(url(program, "preview"), sent, headers=HTMX)
    page = response.content.decode()
    assert response.status_code == 200
    assert "<h2>City Bus</h2>" in page
    assert "<li><strong>Location</strong>: to show the next stop</li>" in page
    english, chinese = response.context["previews"]
    assert english.problems[0].startswith("Unknown placeholder {{nope}}.")
    assert [placeholder.value for placeholder in english.unnamed] == ["retention", "effective_date"]
    assert (chinese.html, chinese.problems, chinese.unnamed) == ("", [], [])
    assert "<html" not in page
    assert not PrivacyDraft.objects.exists()


def test_without_scripts_the_page_comes_back_as_typed(signed_in, program, holder):
    client = signed_in(holder)
    sent = typed(client, program, do="preview", tab="zh", text_zh="# {{program}}，你好", retention="as typed")
    response = client.post(url(program, "preview"), sent)
    page = response.content.decode()
    assert response.status_code == 200
    assert 'value="as typed"' in page
    assert "<h2>City Bus，你好</h2>" in page
    assert response.context["form"].tab() == Language.ZH
    assert not PrivacyDraft.objects.exists()


def rows(response):
    return [(row.name, row.purpose) for row in response.context["form"].party_rows()]


def test_rows_come_and_go_without_scripts(signed_in, program, holder):
    client = signed_in(holder)
    parties = {"party_name": ["A", "B"], "party_purpose": ["a", "b"], "party_link": ["", ""]}
    sent = typed(client, program, **parties)
    assert rows(client.post(url(program, "preview"), sent | {"do": "add"})) == [("A", "a"), ("B", "b"), ("", "")]
    assert rows(client.post(url(program, "preview"), sent | {"do": "remove:0"})) == [("B", "b")]
    assert rows(client.post(url(program, "preview"), sent | {"do": "remove:7"})) == [("A", "a"), ("B", "b")]
    assert rows(client.post(url(program, "preview"), typed(client, program, do="add"))) == [("", ""), ("", "")]


@pytest.mark.parametrize("language", Language)
def test_starts_again_from_the_template(signed_in, program, holder, language):
    save(program, holder, text_en="mine", text_zh="我的")
    client = signed_in(holder)
    sent = typed(client, program, text_en="mine", text_zh="我的", do=f"template:{language.tag}")
    form = client.post(url(program, "preview"), sent).context["form"]
    kept = {"text_en": "mine", "text_zh": "我的"}
    assert {name: form[name].value() for name in kept} == kept | {language.field: template_in(language)}
    assert PrivacyDraft.objects.get().text_in(language) in kept.values()


@pytest.mark.parametrize("done", ["", "nothing", "template:", "template:fr", "remove:", "remove:x", "add:9" * 99])
def test_an_unknown_button_changes_nothing(signed_in, program, holder, done):
    client = signed_in(holder)
    response = client.post(url(program, "preview"), typed(client, program, do=done))
    assert (response.status_code, response.context["form"]["retention"].value()) == (200, "30 days")


def test_nothing_typed_at_all(signed_in, program, holder):
    client = signed_in(holder)
    assert client.post(url(program, "preview"), headers=HTMX).status_code == 200
    assert client.post(url(program, "preview")).status_code == 200


def test_hostile_text_stays_text(signed_in, program, holder):
    client = signed_in(holder)
    sent = typed(client, program, text_en="<script>alert(1)</script> [x](javascript:alert(1))", purpose_location="<b>")
    page = client.post(url(program, "preview"), sent, headers=HTMX).content.decode()
    assert "<script" not in page
    assert "javascript:alert(1)" in page
    assert 'href="javascript' not in page


@pytest.mark.parametrize("method", ["get", "put", "delete"])
def test_refuses_other_methods(signed_in, program, holder, method):
    assert getattr(signed_in(holder), method)(url(program, "preview")).status_code == 405


@pytest.mark.parametrize("role", ["developer", "viewer"])
def test_lower_roles_are_forbidden(signed_in, team, program, role):
    assert signed_in(factories.make_member(team, role)).post(url(program, "preview")).status_code == 403


def test_another_teams_program_is_not_there(signed_in, program):
    client = signed_in(factories.make_member(factories.make_team(), "admin"))
    assert client.post(url(program, "preview")).status_code == 404
