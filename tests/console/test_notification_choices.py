"""The page on which people choose their notifications, and where they get them."""

import pytest
from django.urls import reverse

from console.base.accounts.states import NotificationKind
from console.base.activity.models import ActivityEntry
from tests.factories import make_user

pytestmark = pytest.mark.django_db
URL = "/notifications/choices/"
KINDS = [kind for kind in NotificationKind if kind != NotificationKind.PLATFORM]  # of who is no operator
ALL_ON = {f"{kind}_{place}": "on" for kind in NotificationKind.values for place in ("in_console", "by_email")}


def chosen(user):
    return {row.kind: (row.in_console, row.by_email) for row in user.notification_choices.all()}


def test_works(signed_in):
    user = make_user()
    client = signed_in(user)
    page = client.get(URL)
    assert [box.value() for row in page.context["form"].rows for box in row["boxes"]] == [True] * 2 * len(KINDS)

    off = {name: value for name, value in ALL_ON.items() if name not in ("keys_by_email", "release_in_console")}
    response = client.post(URL, off)

    assert (response.status_code, response.url) == (302, URL)
    both = dict.fromkeys(KINDS, (True, True))
    assert chosen(user) == {**both, "keys": (True, False), "release": (False, True)}
    page = client.get(URL)
    assert "Saved." in page.content.decode()
    assert {row["kind"]: [box.value() for box in row["boxes"]] for row in page.context["form"].rows} == {
        **{kind: [True, True] for kind in KINDS},
        NotificationKind.KEYS: [True, False],
        NotificationKind.RELEASE: [False, True],
    }


def test_an_operator_also_chooses_about_the_console_itself(signed_in):
    operator = make_user(is_staff=True)
    page = signed_in(operator).get(URL)
    assert [row["kind"] for row in page.context["form"].rows] == list(NotificationKind)


def test_everything_can_be_switched_off_and_is_not_in_the_log(signed_in):
    user = make_user()
    signed_in(user).post(URL, {})
    assert set(chosen(user).values()) == {(False, False)}
    assert ActivityEntry.objects.count() == 0


def test_twice_keeps_one_row_a_kind(signed_in):
    user = make_user()
    client = signed_in(user)
    for _time in range(2):
        client.post(URL, ALL_ON)
    assert user.notification_choices.count() == len(KINDS)


def test_one_s_own_only(signed_in):
    user, other = make_user(), make_user()
    signed_in(user).post(URL, {"user": other.pk, "user_id": other.pk, **ALL_ON})
    assert (len(chosen(user)), len(chosen(other))) == (len(KINDS), 0)


@pytest.mark.parametrize(
    "junk", [{"keys_in_console": "\0"}, {"unknown_in_console": "on"}, {"keys_by_email": "x" * 9999}]
)
def test_junk_is_no_error(signed_in, junk):
    assert signed_in(make_user()).post(URL, junk).status_code == 302


def test_other_methods_and_strangers(signed_in, client):
    assert signed_in(make_user()).delete(URL).status_code == 405
    assert client.get(URL).url == f"{reverse('account_login')}?next={URL}"
    assert client.post(URL).status_code == 302


@pytest.mark.parametrize("address", ["/notifications/", "/teams/profile/"])
def test_is_linked(signed_in, address):
    assert f'href="{URL}"' in signed_in(make_user()).get(address).content.decode()
