"""Log entries as CSV and NDJSON (D-6)."""

import csv
import io
import json
import re
from datetime import timedelta
from urllib.parse import urlencode

import pytest
from django.urls import reverse
from django.utils import timezone

from console.base.core import sheets
from devmgmt.logs import export
from devmgmt.logs.criteria import StoreAway, TooSlow
from tests import factories

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_files_under_way")]


@pytest.fixture
def program(db):
    return factories.make_program()


@pytest.fixture
def viewer(program, signed_in):
    return signed_in(factories.make_member(program.team, "viewer"))


def get(viewer, program, name="log_export", **query):
    return viewer.get(reverse(f"devmgmt:{name}", args=[program.app_id]) + "?" + urlencode(query))


def rows_of(response):
    body = b"".join(response.streaming_content)
    assert body.startswith("\ufeff".encode())
    return list(csv.DictReader(io.StringIO(body.decode("utf-8-sig"), newline="")))


def lines_of(response):
    body = b"".join(response.streaming_content)
    assert body.endswith(b"\n")
    return [json.loads(line) for line in body[:-1].split(b"\n")]


def test_csv_holds_what_fits_newest_first(viewer, program):
    application = factories.make_binding(program).application
    made = factories.make_entries(program, 1200, application=application.pk)
    factories.make_entries(factories.make_program(program.team), 3)
    factories.make_entries(program, 1, level=8, text="not asked for", page="pages/other")
    response = get(viewer, program, page="pages/index")
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert response["Cache-Control"] == "no-store"
    name = rf'attachment; filename="logs-{program.app_id}-\d{{8}}-\d{{6}}-\d{{8}}-\d{{6}}\.csv"'
    assert re.fullmatch(name, response["Content-Disposition"])
    rows = rows_of(response)
    assert [row["id"] for row in rows] == [str(entry.id) for entry in made]
    assert rows[0]["application"] == application.name
    assert rows[0]["level"] == "info"
    assert tuple(rows[0]) == export.COLUMNS


def test_ndjson_holds_the_texts_as_they_were_sent(viewer, program):
    text = 'nul \x00, \u2028, "quotes"\nand a line'
    (entry,) = factories.make_entries(program, level=8, text="boom", lines=json.dumps([[1_000, 8, text]]), marks=1)
    response = get(viewer, program, "log_export_ndjson")
    assert response["Content-Type"] == "application/x-ndjson"
    body = b"".join(response.streaming_content).decode()
    assert len(body.splitlines()) == 1
    (record,) = map(json.loads, body.splitlines())
    assert record["lines"] == [{"time": "1970-01-01T00:00:01.000+00:00", "level": "error", "text": text}]
    assert record["marks"] == ["cut"]
    assert record["id"] == str(entry.id)
    assert "cut" not in record


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\uff1d"])
def test_no_cell_is_a_formula(viewer, program, start):
    formula = f"{start}HYPERLINK(1)"
    texts = ("page", "filter_msg", "trace_id", "guid", "version", "client_version", "library_version", "os_version")
    factories.make_entries(program, text=formula, **dict.fromkeys(texts, formula))
    (row,) = rows_of(get(viewer, program))
    for name in ("message", *texts):
        assert row[name] == f"'{formula}"
    assert not row["lines"].startswith(start)
    assert not any(sheets.FORMULA.match(cell) for cell in row.values())


def words(error):
    return f"end: {error!r}"


def endless(program):
    entry = factories.make_entry(program)
    for _number in range(export.MOST_EXPORTED + 1):
        yield entry


def broken(program, error):
    yield factories.make_entry(program)
    raise error


def test_a_file_that_was_cut_says_so_in_its_last_line():
    program = factories.make_program()
    lines = b"".join(export.ndjson(endless(program), {}, words)).splitlines()
    assert len(lines) == export.MOST_EXPORTED + 1
    assert json.loads(lines[-1]) == {"cut": True, "reason": "end: None"}
    rows = b"".join(export.as_csv(endless(program), {}, words)).splitlines()
    assert len(rows) == export.MOST_EXPORTED + 2
    assert rows[-1] == b"end: None"


@pytest.mark.parametrize("error", [TooSlow(), StoreAway()])
def test_a_store_that_gives_up_in_between_ends_the_file(error):
    program = factories.make_program()
    lines = b"".join(export.ndjson(broken(program, error), {}, words)).splitlines()
    assert len(lines) == 2
    assert json.loads(lines[-1])["reason"] == words(error)
    rows = b"".join(export.as_csv(broken(program, error), {}, words)).splitlines()
    assert rows[-1].decode() == words(error)


@pytest.mark.django_db(transaction=True)
def test_a_search_that_takes_too_long_ends_the_file(viewer, program, settings, locked_logs):
    factories.make_entries(program, 3)
    settings.LOG_QUERY_SECONDS = 0.2
    with locked_logs():
        assert lines_of(get(viewer, program, "log_export_ndjson")) == [
            {
                "cut": True,
                "reason": "The file ends here because the search took too long. Choose a shorter time "
                "range to export the rest.",
            }
        ]


def test_nothing_found_is_an_empty_file(viewer, program):
    assert rows_of(get(viewer, program)) == []
    assert b"".join(get(viewer, program, "log_export_ndjson").streaming_content) == b""


def test_head_asks_nothing_and_nothing_else_is_allowed(viewer, program):
    factories.make_entries(program)
    url = reverse("devmgmt:log_export", args=[program.app_id])
    response = viewer.head(url)
    assert response.status_code == 200
    assert "attachment" in response["Content-Disposition"]
    assert viewer.post(url).status_code == 405


def test_the_time_of_the_criteria_holds_for_the_file(viewer, program):
    factories.make_entries(program, time=timezone.now() - timedelta(hours=3))
    assert rows_of(get(viewer, program)) == []
    assert len(rows_of(get(viewer, program, time="6h"))) == 1


def test_a_process_writes_two_files_at_once_and_says_so_to_the_third(viewer, program):
    factories.make_entries(program, 3)
    under_way = [sheets.take_turn(n) for n in range(sheets.MOST_AT_ONCE)]
    refused = get(viewer, program, page="pages/index")
    assert refused.status_code == 302
    assert refused.url == reverse("devmgmt:logs", args=[program.app_id]) + "?page=pages%2Findex"
    assert "Other exports are still running." in viewer.get(refused.url).content.decode()
    under_way[0].close()
    under_way[0].close()
    assert sheets.take_turn(0) is not None  # and is given back at once, as nobody holds it
    assert len(rows_of(get(viewer, program))) == 3
    assert under_way.pop() is not None


def test_a_file_that_is_never_sent_gives_its_turn_back():
    for _ in range(sheets.MOST_AT_ONCE + 1):
        assert sheets.take_turn(0) is not None
