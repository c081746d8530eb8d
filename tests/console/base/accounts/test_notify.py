"""Who is told, where, and in which language: kinds of notifications and what people chose."""

import pytest
from django.core import mail
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, override

from console.base.accounts import delivery
from console.base.accounts.actions import change_role, choose_language, choose_notifications, invite
from console.base.accounts.models import Notification
from console.base.accounts.notifying import notify
from console.base.accounts.permissions import TeamRole
from console.base.accounts.states import ABOUT, NotificationKind
from tests.factories import make_user

HERE, MAILED = "in the console", "by e-mail"


def tell(*users, kind=NotificationKind.RELEASE, text=lambda: "Something", **words):
    notify(users, kind=kind, text=text, url="/versions/", **words)


def reached(user):
    """Where the notifications of `user` came; sends the e-mails."""
    delivery.send_waiting(at=timezone.now())
    shown = {HERE} if user.notifications.shown().exists() else set()
    return shown | ({MAILED} if any(message.to == [user.email] for message in mail.outbox) else set())


def test_every_kind_says_what_it_is_and_why_it_came():
    assert set(ABOUT) == set(NotificationKind)
    assert all(about.icon and about.covers and about.because for about in ABOUT.values())


def test_a_kind_of_a_later_release_is_read_while_it_takes_over():
    later = Notification(kind="not yet known").about
    assert later.icon and later.because


@pytest.mark.parametrize("kind", NotificationKind)
@pytest.mark.parametrize(
    ("choice", "where"),
    [
        (None, {HERE, MAILED}),
        ((True, True), {HERE, MAILED}),
        ((True, False), {HERE}),
        ((False, True), {MAILED}),
        ((False, False), set()),
    ],
)
def test_a_kind_comes_where_it_is_wanted(db, kind, choice, where):
    user = make_user()
    if choice:
        choose_notifications(user, choices={kind: choice})

    tell(user, kind=kind)

    assert reached(user) == where
    assert Notification.objects.count() == (1 if where else 0)


def test_a_choice_is_for_its_kind_and_its_person_alone(db):
    user, other = make_user(), make_user()
    choose_notifications(user, choices={NotificationKind.KEYS: (False, False)})

    tell(user, other, kind=NotificationKind.KEYS)
    tell(user, kind=NotificationKind.PEOPLE)

    assert [(row.user, row.kind) for row in Notification.objects.order_by("id")] == [
        (other, NotificationKind.KEYS),
        (user, NotificationKind.PEOPLE),
    ]


def test_what_is_written_keeps_to_the_choice_of_its_time(db):
    user = make_user()
    tell(user)
    choose_notifications(user, choices={NotificationKind.RELEASE: (False, False)})
    assert reached(user) == {HERE, MAILED}


def test_choosing_again_replaces(db, django_assert_num_queries):
    user = make_user()
    choose_notifications(user, choices=dict.fromkeys(NotificationKind, (False, True)))
    with django_assert_num_queries(1):
        choose_notifications(user, choices=dict.fromkeys(NotificationKind, (True, False)))
    assert set(user.notification_choices.values_list("in_console", "by_email")) == {(True, False)}
    assert user.notification_choices.count() == len(NotificationKind)


def test_a_person_who_is_there_twice_is_told_once(db):
    user = make_user()
    tell(user, user)
    assert user.notifications.count() == 1


def test_costs_the_same_for_many(db, django_assert_num_queries):
    users = [make_user() for _number in range(3)]
    for told in (users[:1], users):
        with django_assert_num_queries(2):
            tell(*told)


def test_the_bell_counts_what_is_shown(db, signed_in):
    user = make_user()
    choose_notifications(user, choices={NotificationKind.KEYS: (False, True)})
    tell(user, kind=NotificationKind.KEYS, text=lambda: "By e-mail only")
    tell(user, kind=NotificationKind.RELEASE, text=lambda: "Here too")
    client = signed_in(user)

    page = client.get(reverse("notifications")).content.decode()

    assert "1 unread notification" in page
    assert ("Here too" in page, "By e-mail only" in page) == (True, False)
    client.post(reverse("notifications_read"))
    user.refresh_from_db()
    assert Notification.objects.unread_by(user).count() == 0
    assert "unread notification" not in client.get(reverse("notifications")).content.decode()


# Languages --------------------------------------------------------------------------------------------------------


def test_each_reads_their_own_language_and_each_is_asked_for_once(db):
    english, chinese, unknown = make_user(language="en"), make_user(language="zh-hans"), make_user()
    second = make_user(language="zh-hans")
    asked = []

    def text():
        asked.append(gettext("Sunday"))  # a word that Django translates itself
        return asked[-1]

    with override("zh-hans"):  # whoever caused it reads Chinese
        tell(english, chinese, unknown, second, text=text, detail=lambda: gettext("Monday"))

    assert {row.user: (row.text, row.detail) for row in Notification.objects.select_related("user")} == {
        english: ("Sunday", "Monday"),
        unknown: ("Sunday", "Monday"),
        chinese: ("星期日", "星期一"),
        second: ("星期日", "星期一"),
    }
    assert sorted(asked) == ["Sunday", "星期日"]


def test_the_e_mail_is_all_in_the_recipient_s_language(db, settings):
    settings.BASE_URL = "https://console.example.com"
    user = make_user(language="zh-hans", email="mira@example.com")
    tell(user, kind=NotificationKind.KEYS, text=lambda: gettext("Sunday"), detail=lambda: gettext("Monday"))

    delivery.send_waiting(at=timezone.now())

    with override("zh-hans"):
        foot = [
            str(ABOUT[NotificationKind.KEYS].because),
            gettext("Choose which notifications you get, and how: %(address)s")
            % {"address": "https://console.example.com/notifications/choices/"},
            gettext("Sent by the Mini Program Console to %(email)s.") % {"email": "mira@example.com"},
        ]
    (message,) = mail.outbox
    assert message.subject == "星期日"
    assert message.body.split("\n\n") == [
        "星期日", "星期一", "https://console.example.com/versions/", "-- \n" + "\n".join(foot) + "\n",
    ]  # fmt: skip


def test_an_invitation_is_in_the_language_of_who_invited(house, settings):
    choose_language(house.admin, language="zh-hans")
    invite(house.team, email="new@example.com", role="developer", by=house.admin)

    delivery.send_waiting(at=timezone.now())

    with override("zh-hans"):
        words = {"person": house.admin, "team": house.team}
        assert mail.outbox[0].subject == gettext("%(person)s invites you to join %(team)s") % words
        assert gettext("Sent by the Mini Program Console to %(email)s.") % {"email": "new@example.com"} in (
            mail.outbox[0].body
        )


def test_a_role_in_a_notification_is_in_the_reader_s_language(house):
    choose_language(house.viewer, language="zh-hans")

    change_role(house.member(house.viewer), role=TeamRole.DEVELOPER, by=house.admin)

    with override("zh-hans"):
        words = {"role": str(TeamRole.DEVELOPER.label).lower(), "team": house.team}
        assert house.viewer.notifications.get().text == (gettext("You are now %(role)s of %(team)s") % words)
