"""What people see where the database is busy or away: what was typed, and what became of it. With real locks."""

import logging

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import Error, connection, transaction
from django.test import Client
from django.urls import reverse

from console.base.accounts.models import Team
from console.base.core import busy
from tests import factories
from tests.console import holding

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.urls("tests.console.base.core.busy_urls")]
DIALOG = {"HX-Request": "true", "HX-Target": "dialog"}
OTHERS = "Someone else is changing this right now. Nothing was saved. Try again."
CANT_TELL = "can’t confirm that this was saved."


@pytest.fixture
def person(transactional_db):
    return factories.make_member(factories.make_team("Harbour"), "admin")


@pytest.fixture
def client(person, signed_in):
    return signed_in(person)


def hold_teams(other):
    other.execute("SELECT FROM accounts_team FOR UPDATE")


def names():
    return set(Team.objects.values_list("name", flat=True))


def test_a_form_keeps_what_was_typed(client, other, caplog):
    hold_teams(other)
    response = client.post("/rename/", {"name": "Typed", "when": "after"})
    page = response.content.decode()

    assert (response.status_code, response.headers["Retry-After"]) == (503, "2")
    assert page.count(OTHERS) == 1
    assert 'value="Typed"' in page
    assert 'id="sidebar"' in page
    assert names() == {"Harbour"}
    lines = [record for record in caplog.records if record.name == busy.__name__]
    assert [line.getMessage() for line in lines] == [
        "POST /rename/, the database is busy: LockNotAvailable 55P03",
    ]
    assert lines[0].exc_info is None

    other.rollback()
    assert client.post("/rename/", {"name": "Typed", "when": "after"}).status_code == 302
    assert names() == {"Typed"}


def test_a_form_says_that_its_file_is_lost(client, other):
    hold_teams(other)
    typed = {"name": "Typed", "when": "after", "file": SimpleUploadedFile("a.txt", b"x")}
    assert "Files aren’t kept. Choose the file again." in client.post("/rename/", typed).content.decode()


def test_htmx_keeps_the_form_with_its_file(client, other):
    hold_teams(other)
    typed = {"name": "Typed", "when": "after", "file": SimpleUploadedFile("a.txt", b"x")}
    response = client.post("/rename/", typed, headers=DIALOG)
    assert (response.status_code, response.headers["Console-Busy"]) == (503, "words")
    assert response.content.decode() == OTHERS


def test_a_dialog_comes_back_as_the_dialog(client, other):
    hold_teams(other)
    response = client.post("/rename/", {"name": "Typed", "when": "after"}, headers=DIALOG)
    assert (response.status_code, response.headers["Console-Busy"]) == (503, "page")
    assert OTHERS in response.content.decode()
    assert "<html" not in response.content.decode()


def test_a_connection_lost_before_the_commit_may_have_been_lost_after_it(client):
    response = client.post("/rename/", {"name": "Typed", "when": "before"})
    page = response.content.decode()
    assert response.status_code == 503
    assert CANT_TELL in page
    assert "Nothing was saved" not in page
    assert 'value="Typed"' in page
    assert names() == {"Harbour"}


def test_what_was_saved_is_called_saved(client):
    response = client.post("/rename/", {"name": "Typed", "when": "answer"})
    page = response.content.decode()
    assert response.status_code == 503
    assert "Your change was saved" in page
    assert "Try again" not in page
    assert names() == {"Typed"}


def test_a_button_is_pressed_again_with_what_was_typed(client, other):
    hold_teams(other)
    response = client.post("/button/?x=1", {"name": 'A "name"', "old_password": "secret"}, headers={"Referer": "/"})
    page = response.content.decode()
    assert (response.status_code, response.headers["Retry-After"]) == (503, "2")
    assert OTHERS in page
    assert '<form method="post" action="/button/?x=1">' in page
    assert '<input type="hidden" name="name" value="A &quot;name&quot;">' in page
    assert "Your input is kept." in page
    assert "secret" not in page
    assert names() == {"Harbour"}


def test_too_much_is_left_to_the_browser(client, other):
    hold_teams(other)
    page = client.post("/button/", {"name": "Typed", "notes": "x" * 70_000}).content.decode()
    assert "Go back in your browser. Your input is still there." in page
    assert "xxx" not in page


def test_a_part_of_a_page_stays_as_it_is(client, other):
    other.execute("LOCK TABLE accounts_user IN ACCESS EXCLUSIVE MODE")
    response = client.get("/teams/", headers={"HX-Request": "true", "HX-Target": "report"})
    assert (response.status_code, response.headers["Console-Busy"]) == (503, "words")
    assert response.content.decode() == "The console is busy. Try again in a moment."


@pytest.mark.parametrize("table", ["accounts_user", "django_session", "miniprograms_miniprogram", "accounts_team"])
@pytest.mark.parametrize("headers", [{}, DIALOG])
def test_every_place_that_asks_the_database_answers(client, other, table, headers):
    """Session and person before the view, its loader, and the view."""
    program = factories.make_program(Team.objects.get())
    other.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
    address = reverse("miniprograms:edit", args=[program.app_id])
    for response in (
        client.get(address, headers=headers),
        client.post(address, {"name": "Typed"}, headers=headers),
    ):
        page = response.content.decode()
        assert (response.status_code, response.headers["Retry-After"]) == (503, "2")
        assert ("<html" in page) is (not headers)
        assert ('value="Typed"' in page) is (response.wsgi_request.method == "POST")


def test_who_comes_from_elsewhere_gets_no_token(client, person, other):
    """A page of another site that posts in a busy moment must not get its form confirmed by a click."""
    stranger = Client(enforce_csrf_checks=True, raise_request_exception=False)
    stranger.cookies = client.cookies
    other.execute("LOCK TABLE accounts_user IN ACCESS EXCLUSIVE MODE")
    response = stranger.post("/button/", {"name": "Theirs"})
    assert "Theirs" not in response.content.decode()
    assert "csrfmiddlewaretoken" not in response.content.decode()


def test_a_missing_page_in_a_busy_moment(client, other):
    client.raise_request_exception = False
    other.execute("LOCK TABLE accounts_user IN ACCESS EXCLUSIVE MODE")
    assert client.get("/nothing/").status_code == 503


def test_our_own_fault_asks_the_database_nothing(client, django_assert_num_queries):
    client.raise_request_exception = False
    with django_assert_num_queries(0):
        response = client.get("/broken/", headers={"Accept-Language": "zh-hans"})
    assert response.status_code == 500
    assert '<html lang="zh-hans">' in response.content.decode()


def test_the_page_speaks_the_reader_s_language(client, other):
    other.execute("LOCK TABLE accounts_user IN ACCESS EXCLUSIVE MODE")
    assert '<html lang="zh-hans">' in client.get("/", headers={"Accept-Language": "zh-hans"}).content.decode()


def in_transaction(*statements):
    with transaction.atomic(), connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def raised(run):
    with pytest.raises(Error) as caught:
        run()
    connection.close()
    return caught.value


def test_a_statement_that_takes_too_long_is_busy(transactional_db):
    error = raised(lambda: in_transaction("SET LOCAL statement_timeout = '20ms'", "SELECT pg_sleep(60)"))
    assert (busy.is_busy(error), busy.is_away(error)) == (True, False)
    assert "Nothing was saved" in busy.sentence(error)


def test_a_transaction_that_idles_too_long_is_busy(transactional_db):
    def idle():
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL idle_in_transaction_session_timeout = '20ms'")
            pid = connection.connection.info.backend_pid
            with holding.another() as watcher:
                watcher.autocommit = True
                while watcher.execute("SELECT 1 FROM pg_stat_activity WHERE pid = %s", [pid]).fetchone():
                    pass
            cursor.execute("SELECT 1")

    error = raised(idle)
    assert (busy.is_busy(error), busy.is_away(error)) == (True, False)


@pytest.mark.parametrize("state", ["53100", "53200"])
def test_a_server_whose_disk_or_memory_is_full_is_busy(transactional_db, state):
    error = raised(lambda: in_transaction(f"DO $$ BEGIN RAISE 'full' USING ERRCODE = '{state}'; END $$"))
    assert (busy.is_busy(error), busy.is_away(error)) == (True, False)
    assert "Nothing was saved" in busy.sentence(error)
    assert busy.brief(error).endswith(state)


def test_a_pool_without_a_free_connection_is_busy(transactional_db):
    """Of a pool of one, which another wrapper holds: the suite's own is large, and others need the server."""
    holder, late = connection.copy(alias="small"), connection.copy(alias="small")
    for one in (holder, late):
        one.settings_dict["OPTIONS"]["pool"] = {"min_size": 1, "max_size": 1, "timeout": 60}
    try:
        holder.ensure_connection()
        late.pool.timeout = 0.05
        with pytest.raises(Error) as caught:
            late.ensure_connection()
    finally:
        holder.close()
        holder.close_pool()
    assert (busy.is_busy(caught.value), busy.is_away(caught.value)) == (True, False)


def test_a_refused_row_is_neither(transactional_db):
    error = raised(lambda: in_transaction("SELECT 1 / 0"))
    assert not busy.passes(error)


def test_what_does_not_pass_is_logged_with_its_places(caplog):
    caplog.set_level(logging.INFO)
    busy.note(ValueError("x"), "a line\nbreak")
    (record,) = [record for record in caplog.records if record.name == busy.__name__]
    assert record.exc_info is not None
    assert record.getMessage() == "a line\\nbreak"
