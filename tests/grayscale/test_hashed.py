"""Hashed lists, and the files in which the processes of a machine share them."""

import multiprocessing
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grayscale.hashed import HashedList, HashTable, cached, hash_of, numbers, tidy

KEY = b"k" * 16


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.OBJECT_LIST_CACHE = tmp_path / "lists"
    return tmp_path / "lists"


def hashes_of(values, key=KEY):
    table = HashTable(key, len(values))
    table.new(values)
    return b"".join(window.tobytes() for window in table.ascending())


def never():
    raise AssertionError("the file should have been used")


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=3), max_size=300))
def test_a_table_gives_new_values_once_and_all_hashes_in_order(values):
    table = HashTable(KEY, len(values))
    assert table.new(values) == list(dict.fromkeys(values))
    assert table.new(values) == []
    found = [hashed for window in table.ascending() for hashed in window]
    assert found == sorted({hash_of(value, KEY) for value in values})


def test_windows_keep_the_order_across_their_borders(monkeypatch):
    monkeypatch.setattr(HashTable, "WINDOW", 3)
    values = [str(n) for n in range(5000)]
    assert list(numbers(hashes_of(values))) == sorted(hash_of(value, KEY) for value in values)


def test_a_list_is_read_once_and_then_from_its_file(folder):
    content = hashes_of(["a", "b"])
    assert [value in cached(1, KEY, lambda: content) for value in ("a", "b", "c")] == [True, True, False]
    assert (len(cached(1, KEY, never)), [path.name for path in folder.iterdir()]) == (2, ["1.hashes"])


def test_a_process_holds_one_object_per_list():
    content = hashes_of(["a"])
    held = cached(2, KEY, lambda: content)
    assert cached(2, KEY, never) is held


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: b"",
        lambda content: content[:16],
        lambda content: content[:-8],
        lambda content: content[:-3],
        lambda content: content + bytes(8),
        lambda content: content[:20] + bytes([content[20] ^ 1]) + content[21:],
        lambda content: content[16:24] + content[8:],
        lambda content: os.urandom(40),
    ],
)
def test_a_damaged_file_is_written_anew(folder, damage):
    content = hashes_of(["a", "b", "c"])
    cached(3, KEY, lambda: content)
    path = folder / "3.hashes"
    whole = path.read_bytes()
    path.write_bytes(damage(whole))
    assert "b" in cached(3, KEY, lambda: content)
    assert path.read_bytes() == whole


def test_a_file_of_another_list_with_the_same_id_is_not_used():
    other = b"o" * 16
    cached(4, KEY, lambda: hashes_of(["theirs"]))
    ours = cached(4, other, lambda: hashes_of(["ours"], other))
    assert ["ours" in ours, "theirs" in ours] == [True, False]


def test_an_empty_list_has_nothing_on_it():
    assert ("a" in cached(5, KEY, lambda: b""), len(cached(5, KEY, lambda: b""))) == (False, 0)


def test_without_a_folder_to_write_to_the_list_is_there_all_the_same(settings, tmp_path):
    (tmp_path / "file").write_text("not a folder")
    settings.OBJECT_LIST_CACHE = tmp_path / "file" / "lists"
    assert "a" in cached(6, KEY, lambda: hashes_of(["a"]))


def test_files_of_lists_that_are_gone_go_and_who_has_one_keeps_it(folder):
    kept, gone = (cached(pk, KEY, lambda: hashes_of(["a"])) for pk in (7, 8))
    (folder / "crash.part").write_bytes(b"")
    os.utime(folder / "crash.part", (0, 0))
    (folder / "now.part").write_bytes(b"")
    tidy({7})
    assert sorted(path.name for path in folder.iterdir()) == ["7.hashes", "now.part"]
    assert ["a" in kept, "a" in gone] == [True, True]


def test_tidying_without_a_folder_does_nothing(folder):
    tidy(set())
    assert not folder.exists()


def _ask(folder, content, results):
    from django.conf import settings

    settings.OBJECT_LIST_CACHE = Path(folder)
    found = cached(9, KEY, lambda: content)
    results.put(["a5" in found, "b5" in found, len(found)])


def test_processes_that_write_the_same_list_at_once_all_get_it(folder):
    content = hashes_of([f"a{n}" for n in range(2000)])
    context = multiprocessing.get_context("fork")
    results = context.SimpleQueue()
    processes = [context.Process(target=_ask, args=(str(folder), content, results)) for _ in range(4)]
    for process in processes:
        process.start()
    answers = [results.get() for _ in processes]
    for process in processes:
        process.join()
    assert answers == [[True, False, 2000]] * 4
    assert [path.name for path in folder.iterdir()] == ["9.hashes"]


def test_membership_is_exact_for_what_is_on_the_list():
    values = [f"account {n}" for n in range(10_000)]
    found = HashedList(KEY, numbers(hashes_of(values)))
    assert sum(value in found for value in values) == 10_000
    assert sum(f"other {n}" in found for n in range(10_000)) == 0
