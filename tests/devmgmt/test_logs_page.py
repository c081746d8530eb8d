"""The page of the real-time logs: criteria, list, one entry; its chart is in test_logs_chart.py (D-6)."""

import json
import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from devmgmt import presenters
from tests import factories
from tests.devmgmt.reading import get, local, messages
from tests.markup import flat

pytestmark = pytest.mark.django_db
GUID = "0302" + "7" * 28


def place(entry):
    return f"{round(entry.time.timestamp() * 1_000_000)}_{entry.id}"


# Criteria ---------------------------------------------------------------------------------------------------------


def test_the_fields_stand_in_the_order_of_the_rule(viewer, program):
    page = get(viewer, program).content.decode()
    labels = [
        'id="log-time-label">Time', "<legend class=\"form-label\">Level", ">System</label>", ">GUID</label>",
        ">Page link</label>", ">filterMsg content</label>", ">Base library</label>", ">Client version</label>",
    ]  # fmt: skip
    places = [page.index(label) for label in labels]
    assert places == sorted(places)
    assert "Kept 7 days. Times in UTC" in page


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, ["error here", "warn here", "info here"]),
        ({"level": "info"}, ["error here", "warn here", "info here"]),
        ({"level": "warn"}, ["error here", "warn here"]),
        ({"level": "error"}, ["error here"]),
        ({"system": "ios"}, ["warn here"]),
        ({"guid": GUID}, ["error here"]),
        ({"page": "pages/stop/"}, ["warn here", "info here"]),
        ({"page": "stop"}, []),
        ({"filter": "order-77"}, ["warn here"]),
        ({"filter": "order-%"}, []),
        ({"library": "3.6.0"}, ["warn here"]),
        ({"client": "8.0.1"}, ["info here"]),
        ({"trace": "t-one"}, ["error here"]),
        ({"version": "9.9.9"}, ["error here"]),
        ({"error": "error here"}, ["error here"]),
        ({"page": "pages/stop/", "system": "android"}, ["info here"]),
    ],
)
def test_each_criterion_keeps_what_fits(viewer, program, query, found):
    at = timezone.now() - timedelta(minutes=1)
    factories.make_entries(program, time=at, text="info here", page="pages/stop/index", client_version="8.0.1")
    warn = {"page": "pages/stop/map", "filter_msg": "order-7731", "platform": "ios", "library_version": "3.6.0"}
    factories.make_entries(program, time=at + timedelta(seconds=1), text="warn here", level=6, **warn)
    error = {"guid": GUID, "trace_id": "t-one", "version": "9.9.9"}
    factories.make_entries(program, time=at + timedelta(seconds=2), text="error here", level=14, **error)
    assert messages(get(viewer, program, **query)) == found


def test_times_are_relative_or_a_range_of_seconds(viewer, program):
    now = timezone.now().replace(microsecond=0)
    for minutes in (5, 30, 120, 600, 3000):
        factories.make_entries(program, time=now - timedelta(minutes=minutes), text=f"{minutes} ago")
    assert messages(get(viewer, program)) == ["5 ago", "30 ago"]
    assert messages(get(viewer, program, time="15m")) == ["5 ago"]
    assert messages(get(viewer, program, time="6h")) == ["5 ago", "30 ago", "120 ago"]
    assert messages(get(viewer, program, time="24h")) == ["5 ago", "30 ago", "120 ago", "600 ago"]
    assert len(messages(get(viewer, program, time="7d"))) == 5
    since, until = now - timedelta(minutes=120), now - timedelta(minutes=30)
    assert messages(get(viewer, program, time="range", since=local(since), until=local(until))) == ["120 ago"]
    later = local(until + timedelta(seconds=1))
    assert messages(get(viewer, program, time="range", since=local(since), until=later)) == ["30 ago", "120 ago"]


def test_a_device_whose_clock_is_ahead_is_seen_at_once(viewer, program):
    factories.make_entries(program, time=timezone.now() + timedelta(minutes=2), text="from the future")
    assert messages(get(viewer, program, time="15m")) == ["from the future"]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"time": "1y"}, "time"),
        ({"level": "fatal"}, "level"),
        ({"system": "symbian"}, "system"),
        ({"guid": "0302"}, "guid"),
        ({"guid": GUID + "\n1"}, "guid"),
        ({"page": "x" * 10_000}, "page"),
        ({"filter": "nul\0"}, "filter"),
        ({"trace": "\0"}, "trace"),
        ({"time": "range"}, "since"),
        ({"time": "range", "since": "yesterday", "until": "2026-01-01T00:00"}, "since"),
        ({"time": "range", "since": "2026-01-02T00:00", "until": "2026-01-01T00:00"}, "until"),
        ({"time": "range", "since": "0001-01-01T00:00", "until": "0001-01-02T00:00"}, "until"),
        ({"time": "range", "since": "0001-01-01T00:00+14:00", "until": "9999-12-31T23:59:59-14:00"}, None),
        ({"time": "range", "since": "9999-12-31T00:00", "until": "9999-12-31T23:59:59"}, "since"),
    ],
)
def test_a_bad_value_is_marked_keeps_the_rest_and_shows_nothing(viewer, program, query, field):
    factories.make_entries(program)
    response = get(viewer, program, **{"client": "8.3.1", **query})
    assert response.status_code == 200
    form = response.context["form"]
    if field is None:
        assert not form.errors
        return
    assert field in form.errors
    assert form.data["client"] == "8.3.1"
    assert response.context["rows"] == []
    assert str(form.errors[field][0]) in response.content.decode().replace("&#x27;", "'")
    for part in ("log_entries", "log_volume", "log_errors"):
        assert get(viewer, program, part, **query).status_code == 200
    assert get(viewer, program, "log_export", **query).status_code == 302


def test_versions_that_occur_are_offered_and_any_other_can_be_typed(viewer, program):
    factories.make_entries(program, library_version="3.7.2", client_version="8.3.1")
    factories.make_entries(program, library_version="3.7.10", client_version="8.3.<b>")
    page = get(viewer, program, library="1.0.0").content.decode()
    assert page.index('<option value="3.7.10">') < page.index('<option value="3.7.2">')
    assert '<option value="8.3.1"></option>' in page
    assert '<option value="8.3.&lt;b&gt;"></option>' in page
    for name, typed in (("library", "1.0.0"), ("client", "")):
        [field] = re.findall(f'<input type="text" name="{name}"[^>]*>', page)
        assert f'list="log-{name}-known"' in field
        assert f'<datalist id="log-{name}-known">' in page
        assert ('value="1.0.0"' in field) == bool(typed)


def test_the_newest_versions_are_offered_by_their_numbers(viewer, program, monkeypatch):
    monkeypatch.setattr(presenters.logs, "MOST_VERSIONS", 1)
    for number in (9, 10):
        factories.make_entries(program, library_version=f"3.{number}.0", client_version="8.3.1")
    assert get(viewer, program).context["form"].fields["library"].widget.choices == ["3.10.0"]


def test_invented_versions_do_not_fill_the_page(viewer, program, monkeypatch):
    monkeypatch.setattr(presenters.logs, "MOST_VERSIONS", 2)
    for number in range(4):
        factories.make_entries(program, library_version=f"3.7.{number}", client_version=f"8.3.{number}")
    form = get(viewer, program, client="8.3.0").context["form"]
    offered = [form.fields[name].widget.choices for name in ("library", "client")]
    assert offered == [["3.7.3", "3.7.2"], ["8.3.3", "8.3.2"]]


def test_a_launch_is_asked_for_to_the_letter(viewer, program):
    factories.make_entries(program, trace_id=" t 1 ", text="spaced")
    factories.make_entries(program, trace_id="t 1", text="plain")
    assert messages(get(viewer, program, trace=" t 1 ")) == ["spaced"]


def test_what_links_ask_for_is_a_chip_that_can_be_removed(viewer, program):
    page = flat(get(viewer, program, trace="t-<b>", level="warn").content.decode())
    assert "t-&lt;b&gt;" in page
    assert 'href="?level=warn" aria-label="Remove: Launch ID"' in page
    assert '<input type="hidden" name="trace" value="t-&lt;b&gt;">' in page


# List -------------------------------------------------------------------------------------------------------------


def test_older_entries_go_on_after_the_last_one_also_at_the_same_moment(viewer, program):
    at = timezone.now() - timedelta(minutes=2)
    made = factories.make_entries(program, 120, time=at)
    first = get(viewer, program, level="info")
    seen = [row.entry.id for row in first.context["rows"]]
    assert len(seen) == 50
    older = first.context["older"]
    assert older.startswith("level=info&before=")
    second = viewer.get(reverse("devmgmt:log_entries", args=[program.app_id]) + "?" + older)
    assert "<html" not in second.content.decode()
    seen += [row.entry.id for row in second.context["rows"]]
    third = viewer.get(reverse("devmgmt:logs", args=[program.app_id]) + "?" + second.context["older"])
    seen += [row.entry.id for row in third.context["rows"]]
    assert seen == sorted((entry.id for entry in made), reverse=True)
    assert "older" not in third.context
    assert "Newest entries" in third.content.decode()


@pytest.mark.parametrize("before", ["x", "1_2_3", "9" * 16 + "_1", "1_" + "9" * 19, "-1_1", "٣_٣", "9" * 5000])
def test_a_place_that_is_none_begins_at_the_newest(viewer, program, before):
    factories.make_entries(program)
    response = get(viewer, program, before=before)
    assert response.status_code == 200
    assert get(viewer, program, "log_entry", args=[before]).status_code == 404


def test_nothing_logged_yet_and_nothing_that_fits_are_said_differently(viewer, program):
    assert "wx.getRealtimeLogManager()" in get(viewer, program).content.decode()
    factories.make_entries(program, time=timezone.now() - timedelta(days=2))
    page = get(viewer, program).content.decode()
    assert "wx.getRealtimeLogManager()" not in page
    assert "No matching entries" in page


def test_a_range_from_before_the_first_entry_is_not_taken_for_no_logs_at_all(viewer, program):
    now = timezone.now()
    factories.make_entries(program, time=now - timedelta(minutes=1))
    since, until = local(now - timedelta(days=5)), local(now - timedelta(days=4))
    assert "No matching entries" in get(viewer, program, time="range", since=since, until=until).content.decode()


def test_the_page_costs_the_same_with_any_number_of_entries(viewer, program, django_assert_max_num_queries):
    factories.make_entries(program, 3)
    get(viewer, program)
    with django_assert_max_num_queries(30) as few:
        get(viewer, program)
    factories.make_entries(program, 200)
    with django_assert_max_num_queries(len(few)):
        get(viewer, program)
    asked = [query["sql"] for query in few if "devmgmt_logentry" in query["sql"]]
    assert len(asked) == 1
    assert not any("count(*)" in sql.lower() and "logentry" in sql for sql in asked)


def test_a_row_shows_filter_msg_and_version_and_a_click_on_one_asks_for_it(viewer, program):
    """D-6."""
    factories.make_entries(program, text="other", filter_msg="order-1", version="2.4.0")
    factories.make_entries(program, text="mine", filter_msg=" order-7731 & <b> ", version="2.5.0", page="pages/pay")
    factories.make_entries(program, text="bare", filter_msg="", version="")
    response = get(viewer, program, page="pages/pay")
    page = flat(response.content.decode())
    assert 'title="Only filterMsg order-7731 &amp; &lt;b&gt;"' in page
    assert 'title="Only version 2.5.0"' in page
    (row,) = response.context["rows"]
    assert row.filter_query == "page=pages%2Fpay&filter=order-7731+%26+%3Cb%3E"
    for query in (row.filter_query, row.version_query):
        assert f'href="{reverse("devmgmt:logs", args=[program.app_id])}?{query.replace("&", "&amp;")}"' in page
        found = viewer.get(reverse("devmgmt:log_entries", args=[program.app_id]) + "?" + query)
        assert messages(found) == ["mine"]
    bare = get(viewer, program, filter="").context["rows"]
    assert [(row.filter_msg, row.version) for row in bare if row.message == "bare"] == [("", "")]


# One entry --------------------------------------------------------------------------------------------------------


def test_an_entry_opens_alone_and_in_the_list(viewer, program):
    application = factories.make_binding(program).application
    program.online_number = "2.5.0"
    program.save()
    (entry,) = factories.make_entries(
        program, text="boom", level=8, guid=GUID, trace_id="t-9", filter_msg="stop-1", version="2.5.0",
        application=application.pk, marks=3,
    )  # fmt: skip
    response = get(viewer, program, "log_entry", args=[place(entry)], time="24h", level="error")
    page = response.content.decode()
    for words in (GUID, "t-9", "stop-1", "2.5.0", application.name, "8.3.1", "3.7.2", "Android 14", "boom"):
        assert words in page
    assert "Truncated: the entry exceeded" in page
    assert "clock was wrong" in page
    assert 'bg-green-lt">online' in page
    assert f'href="/miniprograms/{program.app_id}/development/logs/?time=24h&amp;guid={GUID}"' in page
    assert f"?time=24h&amp;guid={GUID}&amp;trace=t-9" in page
    assert json.loads(response.context["row"].json)["lines"][0]["text"] == "boom"
    url = reverse("devmgmt:log_entry", args=[program.app_id, place(entry)])
    inside = viewer.get(url, headers={"X-Requested-With": "fetch"}).content.decode()
    assert "<html" not in inside
    assert "boom" in inside


def test_another_programs_entry_is_not_found(viewer, program):
    (entry,) = factories.make_entries(factories.make_program(program.team))
    assert get(viewer, program, "log_entry", args=[place(entry)]).status_code == 404
    assert messages(get(viewer, program, time="7d")) == []


HOSTILE = [
    "<script>alert(1)</script>", "\x1b[31mred", "nul \x00 bell \x07", "\u202eevil", "{{ 7|add:1 }}{% now %}",
    "' onmouseover=alert(1) x='", "\u2028line",
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_shown_and_does_nothing(viewer, program, text):
    stored = text.replace("\0", "\ufffd")
    lines = json.dumps([[0, 8, text], [10**18, 8, "a line of no time"]])
    (entry,) = factories.make_entries(
        program, level=8, text=stored, page=stored, filter_msg=stored, trace_id=stored, lines=lines, error=stored,
        os_version=stored, version=stored, client_version=stored, library_version=stored,
    )  # fmt: skip
    for response in (
        get(viewer, program),
        get(viewer, program, "log_entry", args=[place(entry)]),
        get(viewer, program, "log_errors"),
        get(viewer, program, error=stored, trace=stored, version=stored),
    ):
        page = response.content.decode()
        assert response.status_code == 200
        assert "<script>alert" not in page
        assert "' onmouseover" not in page
        visible = page.split('data-copy="')[0]
        assert not set(visible) & set("\x00\x07\x1b")
    row = get(viewer, program).context["rows"][0]
    assert not set(row.message) & set("\x00\x07\x1b\u202e\u2028")


# Trouble ----------------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_a_search_that_takes_too_long_is_stopped_and_says_what_to_do(viewer, program, settings, locked_logs):
    factories.make_entries(program, 3)
    get(viewer, program)
    settings.LOG_QUERY_SECONDS = 0.2
    with locked_logs():
        for name in ("logs", "log_entries", "log_volume", "log_errors"):
            response = get(viewer, program, name, filter="a%b")
            page = response.content.decode()
            assert response.status_code == 200
            assert "took longer than 0.2 seconds" in page
            assert "add a GUID or longer filterMsg content or a page link" in page
        assert get(viewer, program, "log_entry", args=["1_1"]).status_code == 200
    assert len(messages(get(viewer, program))) == 3
