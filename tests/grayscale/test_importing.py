"""From text to a draft: counts, values and hashes; limits; what breaks off leaves nothing (G-3)."""

import io
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from console.base.core.errors import ActionRefused
from grayscale import importing, rules, txt
from grayscale.hashed import HashedList, numbers
from grayscale.importing import copied, discard_old_drafts, read_list, reading, values_of
from grayscale.models import ObjectList, ObjectListPart
from grayscale.txt import Fault
from tests import factories

pytestmark = pytest.mark.django_db


def guid(n):
    return f"0302{n:028}"


def guids(*ns):
    return "".join(f"{guid(n)}\n" for n in ns)


@pytest.fixture
def facts():
    program = factories.make_program()
    return {"program": program, "by": program.created_by, "kind": "guid"}


def counts(row):
    return {name: getattr(row, name) for name in ("count", "lines", "blanks", "duplicates", "invalid")}


def values(row):
    return "".join(values_of(row)).splitlines()


def hashed(row):
    row = ObjectList.objects.get(pk=row.pk)
    return HashedList(bytes(row.key), numbers(bytes(row.hashes)))


GOOD = st.integers(0, 30).map(guid)
BLANK = st.sampled_from(["", " ", "\t", "\u3000"])
BAD = st.sampled_from(["0304" + "1" * 28, "030", guid(1) + "0", "a" * 5000, "用户", "0302" + "٣" * 28])
PADDED = st.builds("{}{}{}".format, BLANK, GOOD | BAD, BLANK)
ENDS = st.sampled_from(["\n", "\r\n", "\r"])
ENCODED = st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "gb18030"])


class ReadingTest(TestCase):
    """Against a plain reading of the same lines, piece by piece of any size."""

    @classmethod
    def setUpTestData(cls):
        cls.program = factories.make_program()

    @given(st.lists(PADDED | BLANK, min_size=1, max_size=60), ENDS, ENCODED, st.integers(20, 900))
    def test_counts_and_values_are_those_of_the_lines(self, lines, end, encoding, chunk):
        text = end.join(lines) + end
        stripped = [line.strip() for line in lines]
        good = [line for line in stripped if len(line) == 32 and line.isascii() and line.startswith(("0302", "0303"))]
        bad = [[n, line] for n, line in enumerate(stripped, 1) if line and line not in good]
        unique = list(dict.fromkeys(good))
        file = io.BytesIO(text.encode(encoding))
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(txt, "CHUNK", chunk)
            patch.setattr(importing, "BATCH", 7)
            if not any(stripped):
                with pytest.raises(ActionRefused, match="only blank lines"):
                    read_list(file, program=self.program, by=self.program.created_by, kind="guid")
                return
            row = read_list(file, program=self.program, by=self.program.created_by, kind="guid")
        assert counts(row) == {
            "count": len(unique),
            "lines": len(lines),
            "blanks": stripped.count(""),
            "duplicates": len(good) - len(unique),
            "invalid": len(bad),
        }
        assert values(row) == unique
        assert len(hashed(row)) == len(unique)
        assert all(value in hashed(row) for value in unique)
        assert [[number, text[:100]] for number, text, _fault in row.invalid_lines] == [[n, t[:100]] for n, t in bad]


def test_typed_text_is_read_the_same_way(facts):
    row = read_list(f"{guid(1)}\r\n\r\n {guid(2)} \n{guid(1)}\nno", **facts)
    assert counts(row) == {"count": 2, "lines": 5, "blanks": 1, "duplicates": 1, "invalid": 1}
    assert (row.filename, row.task, row.invalid_lines) == ("", None, [[5, "no", Fault.GUID]])


def test_accounts_and_device_ids_are_text(facts):
    row = read_list("用户 一\na\tb\n" + "x" * 129 + "\n" + "y" * 128, **facts | {"kind": "account"})
    assert values(row) == ["用户 一", "y" * 128]
    assert row.invalid_lines == [[2, "a\N{REPLACEMENT CHARACTER}b", Fault.CONTROL], [3, "x" * 129, Fault.LONG]]


def test_invalid_lines_are_all_counted_and_the_first_are_kept(facts):
    row = read_list("no\n" * 5000 + guids(1), **facts)
    assert (row.invalid, [line[0] for line in row.invalid_lines]) == (5000, list(range(1, 101)))


def test_a_file_of_invalid_lines_only_is_reported_not_refused(facts):
    assert counts(read_list("a\nb\n", **facts))["invalid"] == 2


@pytest.mark.parametrize(
    ("content", "words"), [(b"", "The file is empty."), (b"\n \r\n", "only blank lines"), (b"a\0b", "not a text file")]
)
def test_what_has_no_values_is_refused_and_leaves_nothing(facts, content, words):
    with pytest.raises(ActionRefused, match=words):
        read_list(io.BytesIO(content), **facts)
    assert not ObjectList.objects.exists()


def test_a_file_over_the_limit_of_bytes_is_refused(facts, settings):
    settings.OBJECT_LIST_BYTES = 2 * 2**20
    with pytest.raises(ActionRefused, match=r"The file is 3\.0 MB\. The limit is 2 MB\."):
        read_list(io.BytesIO(b"a" * 3 * 2**20), **facts)


@pytest.mark.parametrize("batch", [1, 3, 100])
def test_the_limit_names_the_count_and_is_never_a_cut(facts, monkeypatch, batch):
    monkeypatch.setattr(rules, "MOST_OBJECTS", 5)
    monkeypatch.setattr(importing, "BATCH", batch)
    assert read_list(guids(1, 2, 3, 4, 5, 1, 2), **facts).count == 5
    with pytest.raises(ActionRefused, match=r"^Too many values: 8\. A task can have at most 5 on all its lists\.$"):
        read_list(guids(1, 2, 3, 4, 5, 6, 7, 8) + "no\n", **facts)
    assert (ObjectList.objects.count(), ObjectListPart.objects.count()) == (1, 1)


def test_duplicates_have_a_limit_like_values_and_end_the_reading_there(facts, monkeypatch):
    monkeypatch.setattr(rules, "MOST_OBJECTS", 5)
    monkeypatch.setattr(importing, "BATCH", 2)
    monkeypatch.setattr(txt, "CHUNK", 40)
    assert read_list(guids(*[1] * 6), **facts).duplicates == 5
    with pytest.raises(ActionRefused, match=r"^More than 5 lines are duplicates\. Remove them"):
        read_list(guids(*[1] * 7), **facts)
    assert (ObjectList.objects.count(), ObjectListPart.objects.count()) == (1, 1)


@pytest.fixture
def task(facts):
    version = factories.make_candidate()
    facts.update(program=version.mini_program, by=version.mini_program.created_by)
    lists = [read_list(guids(1, 2, 3), **facts)]
    return factories.make_task(version, object_lists=lists)


def test_values_that_the_task_has_are_dropped(facts, task):
    row = read_list(guids(2, 3, 4, 4), **facts, task=task)
    assert counts(row) == {"count": 1, "lines": 4, "blanks": 0, "duplicates": 3, "invalid": 0}
    assert (values(row), bytes(row.key)) == ([guid(4)], bytes(task.object_lists.get().key))
    with pytest.raises(ActionRefused, match="All values are already on the task’s lists"):
        read_list(guids(2, 3), **facts, task=task)


def test_the_limit_counts_all_lists_of_the_task(facts, task, monkeypatch):
    monkeypatch.setattr(rules, "MOST_OBJECTS", 5)
    assert read_list("a\nb\n", **facts | {"kind": "account"}, task=task).count == 2
    with pytest.raises(
        ActionRefused, match=r"^Too many values: 3 here and 3 on other lists\. A task can have at most 5"
    ):
        read_list("a\nb\nc", **facts | {"kind": "account"}, task=task)


def test_a_reading_that_is_broken_off_leaves_nothing(facts, monkeypatch):
    monkeypatch.setattr(txt, "CHUNK", 40)
    steps = reading(io.BytesIO(guids(*range(50)).encode()), **facts)
    assert (next(steps).lines, next(steps).lines) == (1, 2)
    steps.close()
    assert (ObjectList.objects.count(), ObjectListPart.objects.count()) == (0, 0)


def test_progress_tells_lines_and_bytes(facts, monkeypatch):
    monkeypatch.setattr(txt, "CHUNK", 66)
    steps = [(step.lines, step.done, step.total) for step in reading(io.BytesIO(guids(1, 2, 3).encode()), **facts)]
    assert steps == [(2, 66, 99), (3, 99, 99), (3, 99, 99)]


def test_a_copy_has_the_same_values_and_stays_when_the_original_goes(facts, task):
    original = task.object_lists.get()
    row = copied(original, by=facts["by"])
    task.object_lists.all().delete()
    assert (row.task, row.count, values(row)) == (None, 3, [guid(1), guid(2), guid(3)])
    assert [guid(n) in hashed(row) for n in (1, 4)] == [True, False]


def test_a_list_that_is_gone_is_not_copied(facts, task):
    original = task.object_lists.get()
    task.object_lists.all().delete()
    with pytest.raises(ActionRefused, match="no longer exists"):
        copied(original, by=facts["by"])


def test_only_some_large_files_are_read_at_once(facts):
    large = guids(*range(importing.SMALL // 33 + 1)).encode()
    with importing.turn(len(large)):
        with importing.turn(len(large)):
            with pytest.raises(ActionRefused, match="Other large files are being processed"):
                read_list(large.decode(), **facts)
            assert read_list(guids(1), **facts).count == 1  # A small one is read in a moment.
        assert read_list(large.decode(), **facts).lines == importing.SMALL // 33 + 1


def test_old_drafts_are_discarded_and_nothing_else(facts, task):
    drafts = [read_list(guids(n), **facts) for n in (1, 2)]
    now = timezone.now()
    ObjectList.objects.filter(pk=drafts[0].pk).update(uploaded_at=now - timedelta(hours=24, minutes=1))
    task.object_lists.update(uploaded_at=now - timedelta(days=30))
    assert [discard_old_drafts(now), discard_old_drafts(now)] == [1, 0]
    assert set(ObjectList.objects.all()) == {drafts[1], task.object_lists.get()}


def test_values_are_stored_as_they_are():
    """Compressing would take longer than reading."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT attname, attstorage::text FROM pg_attribute WHERE (attrelid, attname) IN"
            " (('grayscale_objectlistpart'::regclass, 'values'), ('grayscale_objectlist'::regclass, 'hashes'))"
        )
        assert dict(cursor.fetchall()) == {"values": "e", "hashes": "e"}
