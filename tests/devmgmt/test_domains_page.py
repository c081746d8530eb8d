"""The page of a program's server domains, and its box that tests a URL (D-1)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from console.base.accounts.models import Team, User
from devmgmt import actions
from devmgmt.matching import Domain, fingerprint
from devmgmt.states import DomainType
from miniprograms.models import MiniProgram
from tests.factories import (
    make_application,
    make_binding,
    make_domain,
    make_exemption,
    make_member,
    make_program,
)

SignIn = Callable[[User], Client]


@pytest.fixture
def client(signed_in: SignIn, team: Team) -> Client:
    return signed_in(make_member(team, "developer"))


def url(program: MiniProgram) -> str:
    """The page's address."""
    return f"/miniprograms/{program.app_id}/development/domains/"


def save(program: MiniProgram, by: User, *names: str) -> None:
    """Save these hosts for requests."""
    lists = {kind: [] for kind in DomainType.values} | {"request": [Domain(name) for name in names]}
    actions.change_domains(program, lists=lists, seen=fingerprint(actions.domains_of(program)), by=by)


def test_shows_each_list_with_its_count(client: Client, program: MiniProgram) -> None:
    make_domain(program, "id.harbour.example", port=8443)
    make_domain(program, "xn--bcher-kva.example", "business")

    page = client.get(url(program)).content.decode()

    for words in (
        "https://id.harbour.example:8443",
        "https://bücher.example",
        "xn--bcher-kva.example",
        "1 / 200",
        "No domains yet, so wx.connectSocket can’t access anything.",
        "0 of 50",
        "malicious code, viruses",
    ):
        assert words in page


def test_many_hosts_cost_no_more_queries(client: Client, program: MiniProgram) -> None:
    for number in range(30):
        make_domain(program, f"a{number}.example")
        make_binding(program) if number < 3 else None
    client.get(url(program))
    with CaptureQueriesContext(
        connection,
    ) as few:
        page = client.get(url(program)).content.decode()
    for number in range(30, 200):
        make_domain(program, f"a{number}.example")
        if number % 20 == 0:
            make_exemption(program, make_binding(program).application)
    with CaptureQueriesContext(connection) as many:
        client.get(url(program))

    assert "20 more domains" in page
    assert len(many) == len(few)


def test_shows_the_last_changes_and_leads_to_all(client: Client, program: MiniProgram, team: Team) -> None:
    ada = make_member(team, "developer")
    save(program, ada, "a.example", "b.example", "c.example", "d.example", "e.example")
    save(program, ada, "a.example", "b.example", "c.example", "d.example")

    response = client.get(url(program))

    assert [(row["is_new"], row["kind"], row["hosts"], row["more"]) for row in response.context["changes"]] == [
        (False, "request", ["e.example"], 0),
        (True, "request", ["a.example", "b.example", "c.example"], 2),
    ]
    history = f"/miniprograms/{program.app_id}/activity/?what=domains.changed"
    assert history in response.content.decode()
    assert "request: removed https://e.example" in client.get(history).content.decode()


def test_the_other_programs_hosts_are_not_shown(client: Client, program: MiniProgram, team: Team) -> None:
    other = make_program(team)
    make_domain(other, "other.example")
    save(other, make_member(team, "developer"), "changed.example")

    page = client.get(url(program)).content.decode()

    assert "other.example" not in page
    assert "changed.example" not in page


# The tester ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true", "HX-Target": "tester-answer"}])
def test_says_what_each_application_makes_of_a_url(
    client: Client, program: MiniProgram, headers: dict[str, str]
) -> None:
    harbour, wallet, former = (make_application(name=name) for name in ("Harbour", "Wallet", "Former"))
    for application in (harbour, wallet):
        make_binding(program, application)
    make_exemption(program, harbour)
    make_exemption(program, wallet, state="waiting")
    make_exemption(make_program(program.team), wallet)
    make_domain(program, "api.citybus.example")

    def answers(address: str) -> list[tuple[str, bool, bool]]:
        response = client.get(url(program), {"url": address, "kind": "request"}, headers=headers)
        verdict = response.context["verdict"]
        return [(str(one), skips, verdict.allowed) for one, skips in response.context["answers"]]

    assert answers("https://api.citybus.example/v2") == [("Harbour", True, True), ("Wallet", False, True)]
    assert answers("https://api.citybus.example:8443/v2") == [("Harbour", True, False), ("Wallet", False, False)]
    assert answers("not a URL") == []
    page = client.get(url(program), {"url": "https://x.example", "kind": "request"}, headers=headers).content.decode()
    assert [words in page for words in ("Blocked.", "Allowed, verification skipped", ">Blocked<", str(former))] == [
        True, True, True, False
    ]  # fmt: skip


def test_goes_by_the_type(client: Client, program: MiniProgram) -> None:
    make_domain(program, "live.example", "socket")

    def allowed(kind: str) -> bool:
        response = client.get(url(program), {"url": "wss://live.example:9000/", "kind": kind})
        return response.context["verdict"].allowed

    assert [allowed("socket"), allowed("request")] == [True, False]


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"url": ""}, "Enter a URL."),
        ({"url": "https://a.example", "kind": "nothing"}, "Select a valid choice"),
        ({"url": "https://a.example"}, "This field is required"),
        ({"url": "a\x00b", "kind": "request"}, "Null characters are not allowed"),
        ({"url": "https://" + "a" * 10_000, "kind": "request"}, "at most 2000 characters"),
        ({"url": "https://" + "a." * 900, "kind": "request"}, "Blocked."),
        ({"url": "https://\u202e\U0001f600.example/\x1b[31m", "kind": "request"}, "control character"),
    ],
)
def test_no_address_breaks_the_page(client: Client, program: MiniProgram, query: dict[str, str], words: str) -> None:
    response = client.get(url(program), query)

    assert response.status_code == 200
    assert words in response.content.decode()


def test_html_in_a_url_stays_text(client: Client, program: MiniProgram) -> None:
    address = "https://<script>alert(1)</script>.example/"

    page = client.get(url(program), {"url": address, "kind": "request"}).content.decode()

    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)" in page
