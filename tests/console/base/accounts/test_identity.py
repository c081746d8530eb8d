"""Sign-in by an identity provider (P-10), with a real one: who comes in, as whom, and who does not."""

from __future__ import annotations

import time
from urllib.parse import urlsplit

import pytest
from allauth.socialaccount.models import SocialAccount, SocialToken
from django.core import signing
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from console.base.accounts import actions, one_time_links, throttle
from console.base.accounts.authentication import TOTP_SECONDS, totp_code
from console.base.accounts.models import OutgoingMail, SecurityEntry, User, UserSession
from console.base.activity.models import ActivityEntry
from tests.console.base.accounts.test_required_factor import give_factor
from tests.factories import make_user
from tests.identity_provider import Visitor

pytestmark = pytest.mark.django_db
START = "/account/provider/corp/"


@pytest.fixture
def ada(db):
    return make_user("Ada", email="ada@example.com")


@pytest.fixture
def visitor():
    return Visitor()


def who(visitor):
    return visitor.client.session.get("_auth_user_id")


def test_the_first_sign_in_links_the_account_by_its_verified_address(corp, ada, visitor):
    corp.knows("ada")

    end = visitor.go(f"{START}?next=/teams/", "ada")

    assert (end.status_code, end.url, who(visitor)) == (302, "/teams/", str(ada.pk))
    row = SocialAccount.objects.get()
    assert (row.user_id, row.provider, row.extra_data["subject"]) == (ada.pk, "corp", "ada")
    assert not SocialToken.objects.exists()
    assert list(ada.security_entries.values_list("kind", "detail").order_by("pk")) == [
        ("identity_linked", "Example Corp"),
        ("signed_in", "provider:corp"),
    ]
    assert UserSession.objects.get().method == "provider:corp"
    entry = ActivityEntry.objects.get(verb="user.identity_linked")
    assert (entry.actor_id, entry.after) == (ada.pk, {"provider": "Example Corp"})
    assert OutgoingMail.objects.get().to == "ada@example.com"
    assert "Signed in with Example Corp" in visitor.client.get("/account/security/?log=all").content.decode()


def test_later_sign_ins_go_by_the_subject_whatever_its_address(corp, ada, visitor):
    corp.knows("ada")
    visitor.go(START, "ada")
    bob = make_user("Bob", email="bob@example.com")
    corp.knows("ada", email="bob@example.com", email_verified=False)

    other_browser = Visitor()
    assert other_browser.go(START, "ada").status_code == 302

    assert who(other_browser) == str(ada.pk)
    ada.refresh_from_db()
    assert ada.email == "ada@example.com"
    assert not bob.security_entries.exists()


def test_an_address_that_got_a_new_owner_at_the_provider_opens_nothing(corp, ada, visitor):
    corp.knows("ada")
    visitor.go(START, "ada")
    corp.knows("newcomer", email="ada@example.com")
    page = Visitor().go(START, "newcomer")
    assert (page.status_code, page.context["situation"]) == (403, "refused")
    assert "linked to another person at Example Corp" in page.content.decode()
    assert SocialAccount.objects.count() == 1


@pytest.mark.parametrize("claims", [{"email_verified": False}, {"email": None}, {"email": "ada"}])
def test_an_address_that_is_not_verified_gets_a_page(corp, ada, visitor, claims):
    corp.knows("ada", **claims)
    page = visitor.go(START, "ada")
    assert (page.status_code, page.context["situation"], who(visitor)) == (403, "unverified", None)
    assert not SocialAccount.objects.exists()
    refused = SecurityEntry.objects.get()
    assert (refused.kind, refused.detail) == ("provider_refused", "Example Corp")


def test_a_domain_may_count_as_verified(corp, ada, visitor, settings):
    settings.IDENTITY_PROVIDERS = {"corp": corp.configured(verified_domains=("example.com",))}
    corp.knows("ada", email_verified=None)
    visitor.go(START, "ada")
    assert who(visitor) == str(ada.pk)


def test_a_domain_does_not_verify_what_the_provider_says_is_not(corp, ada, visitor, settings):
    settings.IDENTITY_PROVIDERS = {"corp": corp.configured(verified_domains=("example.com",))}
    corp.knows("ada", email_verified=False)
    page = visitor.go(START, "ada")
    assert (page.status_code, page.context["situation"], who(visitor)) == (403, "unverified", None)


@pytest.mark.parametrize("token", [{"email": "ada@example.com"}, {"email": "ada@example.com", "email_verified": False}])
def test_an_address_is_not_verified_by_what_is_said_of_another(corp, ada, visitor, token):
    corp.knows("mallory", token=token)  # of whom userinfo says that mallory@example.com is verified
    page = visitor.go(START, "mallory")
    assert (page.status_code, page.context["situation"], who(visitor)) == (403, "unverified", None)
    assert not SocialAccount.objects.exists()


def test_userinfo_may_verify_the_tokens_own_address(corp, ada, visitor):
    corp.knows("ada", token={"email": "Ada@example.com"})
    visitor.go(START, "ada")
    assert who(visitor) == str(ada.pk)


def test_a_robot_is_nobodys_account(corp, visitor):
    """A-1."""
    robot = make_user("Robot", email="robot@example.com", is_robot=True)
    corp.knows("robot")
    page = visitor.go(START, "robot")
    assert (page.status_code, page.context["situation"], who(visitor)) == (403, "unknown", None)
    assert not SocialAccount.objects.filter(user=robot).exists()


def test_nobody_without_an_account_comes_in_and_is_told_whom_to_ask(corp, visitor):
    corp.knows("eve")
    page = visitor.go(START, "eve")
    assert (page.status_code, page.context["situation"]) == (403, "unknown")
    assert "Ask a team administrator for an invitation" in page.content.decode()
    assert not User.objects.filter(email="eve@example.com").exists()


def test_everyone_at_the_provider_may_get_an_account(corp, visitor, settings):
    settings.IDENTITY_PROVIDERS = {"corp": corp.configured(creates_accounts=True)}
    corp.knows("eve", name="Eve \u202eAdams\n")
    assert visitor.go(START, "eve").url == "/"
    eve = User.objects.get(email="eve@example.com")
    assert (eve.name, eve.has_usable_password(), who(visitor)) == ("Eve Adams", False, str(eve.pk))
    entry = ActivityEntry.objects.get(verb="user.created")
    assert (entry.actor_id, entry.actor_label) == (None, "Example Corp (OpenID Connect)")
    assert not SocialAccount.objects.exclude(user=eve).exists()


def test_an_invited_person_makes_the_account_by_the_provider_and_joins(corp, house, visitor):
    invitation = actions.invite(house.team, email="eve@example.com", role="developer", by=house.admin)
    path = reverse("accounts:accept", args=[invitation.token])
    assert f"{START}?next={path}" in visitor.client.get(path).content.decode()
    corp.knows("eve")
    assert visitor.go(f"{START}?next={path}", "eve").url == path
    assert visitor.client.post(path).status_code == 302
    assert house.team.memberships.get(user__email="eve@example.com").given_by == ""


def test_deactivated_people_stay_outside(corp, ada, visitor):
    corp.knows("ada")
    User.objects.filter(pk=ada.pk).update(is_active=False)
    assert visitor.go(START, "ada").url == reverse("account_inactive")
    assert not SocialAccount.objects.exists()
    User.objects.filter(pk=ada.pk).update(is_active=True)
    Visitor().go(START, "ada")
    User.objects.filter(pk=ada.pk).update(is_active=False)
    assert (visitor.go(START, "ada").url, who(visitor)) == (reverse("account_inactive"), None)
    assert ada.security_entries.filter(kind="provider_refused").get().count == 2


LIES = {
    "another issuer": {"token": {"iss": "https://evil.example"}},
    "another client": {"token": {"aud": "other"}},
    "several clients": {"token": {"aud": ["console", "other"]}},
    "issued to another": {"token": {"aud": ["console", "other"], "azp": "other"}},
    "another nonce": {"token": {"nonce": "guessed"}},
    "expired": {"token": {"exp": 1_700_000_000}},
    "no expiry": {"token": {"exp": None}},
    "somebody else's userinfo": {"token": {"sub": "mallory"}},
    "no subject": {"token": {"sub": ""}},
    "another key": {"key": "stranger"},
}


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES)
def test_a_token_that_is_not_for_this_sign_in_is_refused(corp, ada, visitor, lie):
    corp.knows("ada", **lie)
    page = visitor.go(START, "ada")
    assert (page.status_code, page.context["situation"], who(visitor)) == (403, "refused_token", None)
    assert not SocialAccount.objects.exists()


def test_an_answer_is_good_once_and_in_the_browser_that_asked(corp, ada, visitor):
    corp.knows("ada")
    there = visitor.client.get(START).url
    assert "code_challenge_method=S256" in there
    back = visitor.back(there, "ada")
    stolen = Visitor().client.get(back)
    assert (stolen.status_code, stolen.context["situation"]) == (400, "expired")
    assert visitor.client.get(back).status_code == 302
    again = visitor.client.get(back)
    assert (again.status_code, again.context["situation"]) == (400, "expired")


def test_an_answer_of_one_provider_is_none_of_another(corp, ada, visitor, settings):
    settings.IDENTITY_PROVIDERS["partner"] = corp.configured(name="partner")
    corp.knows("ada")
    back = visitor.back(visitor.client.get(START).url, "ada")
    page = visitor.client.get(back.replace("/corp/", "/partner/"))
    assert (page.status_code, page.context["situation"], who(visitor)) == (400, "expired", None)


def test_a_made_up_code_is_refused(corp, visitor):
    state = visitor.client.get(START).url.partition("state=")[2].partition("&")[0]
    page = visitor.client.get(f"{START}callback/?code=made-up&state={state}")
    assert (page.status_code, page.context["situation"]) == (403, "refused_token")


def test_who_cancels_at_the_provider_is_told(corp, visitor):
    page = visitor.go(START, "")
    assert (page.status_code, page.context["situation"]) == (403, "cancelled")


@pytest.mark.parametrize(
    "url", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "x"]
)
def test_nobody_is_led_out_of_the_console(corp, ada, visitor, url):
    corp.knows("ada")
    assert visitor.go(f"{START}?next={url}", "ada").url == "/"


def test_no_other_site_begins_a_sign_in(corp, visitor):
    answer = visitor.client.get(f"{START}?next=/teams/", headers={"Sec-Fetch-Site": "cross-site"})
    assert (answer.status_code, answer.url) == (302, "/account/sign-in/?next=%2Fteams%2F")


def test_one_network_begins_so_many_sign_ins(corp, visitor, monkeypatch):
    monkeypatch.setattr(throttle, "PROVIDER_STARTS", throttle.Budget("provider-starts", 1, 60))
    assert visitor.client.get(START).status_code == 302
    page = visitor.client.get(START)
    assert (page.status_code, page.context["situation"]) == (429, "too_many")


def test_unknown_providers_are_not_found(corp, visitor):
    for page in ("", "callback/"):
        assert visitor.client.get(f"/account/provider/other/{page}").status_code == 404


def test_the_second_factor_is_asked_for_unless_the_providers_counts(corp, ada, visitor, settings):
    give_factor(ada)
    corp.knows("ada", token={"amr": ["pwd", "mfa"]})
    assert (visitor.go(f"{START}?next=/teams/", "ada").url, who(visitor)) == (reverse("mfa_authenticate"), None)
    code = totp_code("JBSWY3DPEHPK3PXP", int(time.time()) // TOTP_SECONDS)
    assert visitor.client.post(reverse("mfa_authenticate"), {"code": code}).url == "/teams/"
    assert UserSession.objects.get().method == "provider:corp+totp"
    settings.IDENTITY_PROVIDERS = {"corp": corp.configured(second_factor=("mfa",))}
    visitor = Visitor()
    assert (visitor.go(START, "ada").url, who(visitor)) == ("/", str(ada.pk))


def test_a_team_that_requires_a_second_factor_takes_the_providers(corp, house, visitor, settings):
    house.team.requires_second_factor = True
    house.team.save()
    developer = house.developer
    corp.knows("dev", email=developer.email, token={"amr": ["mfa"]})
    visitor.go(START, "dev")
    assert visitor.client.get("/teams/").url == reverse("mfa_index")
    settings.IDENTITY_PROVIDERS = {"corp": corp.configured(second_factor=("mfa",))}
    visitor.go(START, "dev")
    assert visitor.client.get("/teams/").status_code == 200


def test_while_the_provider_is_away_an_operator_comes_in_by_a_link_of_the_command_line(
    corp, visitor, operator, capsys, settings, ada
):
    settings.PASSWORD_SIGN_IN = False
    call_command("sign_in_link", operator.email)
    path = capsys.readouterr().out.strip().removeprefix(settings.BASE_URL)
    assert visitor.client.get(path).status_code == 200
    assert (visitor.client.post(path).url, who(visitor)) == ("/", str(operator.pk))
    assert Visitor().client.post(path).status_code == 404
    assert visitor.client.get(f"/account/one-time/{signing.dumps([operator.pk, ''])}/").status_code == 404
    kinds = operator.security_entries.values_list("kind", "detail").order_by("pk")
    assert list(kinds) == [("sign_in_link_made", ""), ("signed_in", "link")]
    with pytest.raises(CommandError):
        call_command("sign_in_link", ada.email)


@pytest.mark.parametrize("has_factor", [False, True], ids=["password", "factor"])
def test_a_one_time_link_signs_out_somebody_else_and_goes_on_as_ever(operator, ada, signed_in, has_factor):
    if has_factor:
        give_factor(operator)
    client = signed_in(ada)
    elsewhere = Client()
    elsewhere.cookies["sessionid"] = client.cookies["sessionid"].value

    page = client.post(urlsplit(one_time_links.link_for(operator)).path)

    assert page.url == (reverse("mfa_authenticate") if has_factor else "/")
    if has_factor:
        code = totp_code("JBSWY3DPEHPK3PXP", int(time.time()) // TOTP_SECONDS)
        assert client.post(page.url, {"code": code}).url == "/"
    assert client.session["_auth_user_id"] == str(operator.pk)
    assert UserSession.objects.get(user=operator).method == ("link+totp" if has_factor else "link")
    assert elsewhere.get("/").url.startswith(reverse("account_login"))
