"""From a platform with one operator to the first bound mini program, by its pages (P-11), and what each sees there."""

import html
import re

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from console.base.accounts import delivery
from console.base.accounts.models import Invitation, Membership, User
from console.base.hosts.models import ApplicationMember, HostApplication
from miniprograms.actions import decide_binding
from miniprograms.models import Binding, MiniProgram
from releases.actions import publish
from tests.console.home.reading import home_of
from tests.factories import (
    make_application,
    make_approved,
    make_binding,
    make_category,
    make_member,
    make_program,
    make_public_templates,
    make_reviewer,
    make_team,
    make_user,
)

pytestmark = pytest.mark.django_db
NEW = {"password": "plenty of sea air"}


class Acts:
    """Sends forms that are on the page they stand on, and counts them."""

    def __init__(self):
        self.count = 0

    def send(self, client, page, action=None, **fields):
        """Fill in the form of `page` that goes to `action`, send it, and return the page that follows."""
        self.count += 1
        shown = client.get(page)
        assert shown.status_code == 200
        forms = re.findall(r"<form[^>]*method=\"post\".*?</form>", shown.content.decode(), re.DOTALL)
        form = next(each for each in forms if all(f'name="{name}"' in each for name in fields))
        assert action is None or f'action="{action}"' in form
        answer = client.post(action or page, fields, follow=True)
        assert answer.status_code == 200, answer.content.decode()
        assert answer.redirect_chain
        return answer


def link_of(email):
    """Send what waits for the mail server, and return the page that the mail to `email` leads to."""
    delivery.send_waiting(at=timezone.now())
    body = next(message.body for message in reversed(mail.outbox) if message.to == [email])
    return re.search(r"https?://[^/]+(/\S+)", body)[1]


def steps(client):
    """Return title → whether it is done, of the list at home; None without a list."""
    found = home_of(client)["checklist"]
    return found and {str(step.title): step.done for step in found.steps}


def people(client):
    """Return who stands beside the list of a team, with their roles."""
    given = home_of(client)["checklist"].given
    return [(str(row.user), role) for row, role in given["members"]] + [
        (row.email, role) for row, role in given["invited"]
    ]


def link(client, title):
    """Return where the step's button leads; it is on the page."""
    page = client.get(reverse("home"))
    url = next(step.url for step in page.context["checklist"].steps if str(step.title) == title)
    assert f'href="{html.escape(url)}"' in page.content.decode()
    return url


def test_six_acts_from_an_operator_alone_to_a_bound_mini_program(signed_in):
    """An act is a form that somebody sends. The operator is signed in, as who sits down to begin is."""
    operator, acts = make_user("Olga", is_staff=True, is_superuser=True), Acts()
    client, home = signed_in(operator), reverse("home")

    page = acts.send(client, home, reverse("platform:new_team"), name="City Services", email="lena@city.example")
    assert "Invitation sent to lena@city.example" in page.content.decode()

    lena = Client()
    page = acts.send(lena, link_of("lena@city.example"), name="Lena Fischer", **NEW)
    assert page.request["PATH_INFO"] == home
    assert steps(lena) == dict.fromkeys(
        [
            "Host app",
            "Reviewer",
            "Mini program",
            "Bind it to the host app",
            "Upload version",
            "Audit",
            "Publish",
        ],
        False,
    )

    team = Membership.objects.get().team
    page = acts.send(
        lena, link(lena, "Host app"), team=team.pk, name="Metro Wallet", reviewer="noor@city.example", listed="on"
    )
    application = HostApplication.objects.get()

    fields = {"name": "Clinic Booking", "category": make_category().pk, "introduction": "Book a doctor."}
    page = acts.send(lena, link(lena, "Mini program"), team=team.pk, application=application.pk, **fields)
    program = MiniProgram.objects.get()
    assert lena.get(program.icon.url).status_code == 200  # drawn

    assert people(lena) == [("Lena Fischer", "Team administrator"), ("noor@city.example", "Reviewer")]
    noor = Client()
    invitation = link_of("noor@city.example")
    assert "as reviewer of Metro Wallet" in mail.outbox[-1].body
    page = acts.send(noor, invitation, name="Noor Haddad", **NEW)
    assert page.request["PATH_INFO"] == home
    assert "Clinic Booking requests a binding" in page.content.decode()

    acts.send(noor, link(noor, "First binding"), decision="approve")

    assert (acts.count, Binding.objects.get().state) == (6, "approved")
    assert list(team.memberships.values_list("user__email", "role").order_by("user__email")) == [
        ("lena@city.example", "admin"),
        ("noor@city.example", "viewer"),
    ]
    assert dict(ApplicationMember.objects.values_list("user__email", "role")) == {
        "lena@city.example": "app_admin",
        "noor@city.example": "reviewer",
    }
    assert operator.team_roles == []
    assert steps(lena) | {"Upload version": None} == {
        "Host app": True, "Reviewer": True, "Mini program": True, "Bind it to the host app": True,
        "Upload version": None, "Audit": False, "Publish": False,
    }  # fmt: skip
    assert people(lena) == [("Lena Fischer", "Team administrator"), ("Noor Haddad", "Reviewer")]
    assert steps(noor) is None
    publish(make_approved(program), by=User.objects.get(email="lena@city.example"))
    assert steps(lena) is None


def test_who_decides_in_another_team_is_not_named(signed_in):
    """P-1."""
    application = make_application(make_team("Harbour"), "Metro Wallet")
    reviewer = make_reviewer(application)
    admin = make_member(make_team("City"), "admin")
    program = make_program(admin.memberships.get().team)
    make_binding(program, application, state="waiting")
    page = signed_in(admin).get(reverse("home")).content.decode()
    assert "members of Harbour" in page
    assert str(reviewer) not in page


def test_an_operator_sees_what_the_console_knows_and_no_more(signed_in, settings):
    make_public_templates()
    client = signed_in(make_user(is_staff=True))
    titles = ["Address and sign-in", "First team and its administrator", "E-mail", "Template library", "IDE download"]
    assert steps(client) == dict.fromkeys([*titles, "Sensitive APIs"], False) | {"Template library": True}
    assert "Links in e-mails lead to" in home_of(client)["checklist"].steps[0].text
    settings.BASE_URL = "http://testserver"

    client.post(reverse("platform:new_team"), {"name": "City Services", "email": "lena@city.example"})
    assert [title for title, done in steps(client).items() if done] == [titles[0], titles[1], titles[3]]
    delivery.send_waiting(at=timezone.now())
    found = home_of(client)["checklist"]
    assert (found.done, found.current.title) == (4, "IDE download")
    assert "sent through the mail server" in str(found.steps[2].result)

    settings.EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
    found = home_of(client)["checklist"]
    assert (found.done, found.steps[2].optional) == (3, True)
    assert "printed in the terminal" in str(found.steps[2].text)

    Invitation.objects.update(expires_at=timezone.now())
    found = home_of(client)["checklist"]
    assert (found.current.title, found.current.form) == ("First team and its administrator", "")
    assert "has expired" in str(found.current.text)


def test_a_list_is_hidden_and_shown_again(signed_in):
    client = signed_in(make_member(make_team(), "admin"))
    assert "Hide this list" in client.get(reverse("home")).content.decode()
    for shown in (False, True):
        page = client.post(reverse("first_run"), follow=True)
        assert (page.context["checklist"] is not None) == shown
        assert ("Show first steps again" in page.content.decode()) != shown


def test_who_reviews_a_new_application_sees_what_is_left_for_them(signed_in):
    application = make_application(name="Metro Wallet")
    admin = signed_in(make_reviewer(application, "app_admin"))
    assert steps(admin) == {"Second reviewer": False, "Configuration file": False, "First binding": False}
    admin.post(reverse("hosts:configuration", args=[application.application_id]), {"key": application.keys.get().pk})
    reviewer = signed_in(make_reviewer(application))
    assert steps(admin) == {"Second reviewer": True, "Configuration file": True, "First binding": False}
    assert [step.url for step in home_of(reviewer)["checklist"].steps] == ["", "", ""]

    binding = make_binding(make_program(), application, state="waiting")
    assert home_of(reviewer)["checklist"].steps[2].url == binding.get_absolute_url()
    decide_binding(binding, approve=False, note="Not yet.", by=application.people.get(role="reviewer").user)
    assert steps(reviewer) is steps(admin) is None
