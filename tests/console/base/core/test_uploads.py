"""Reading an upload: the true size is known, and no more is kept than any form takes."""

from pathlib import Path

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import RequestFactory

from console.base.core.uploads import BoundedUploadHandler, LostUpload, UploadField
from tests.disks import FAILING, files_in, full_disk

CHUNK = BoundedUploadHandler.chunk_size
BLOCK = 512


def uploaded(*sizes):
    files = {f"file{n}": SimpleUploadedFile(f"{n}.zip", b"x" * size) for n, size in enumerate(sizes)}
    return list(RequestFactory().post("/", files).FILES.values())


def on_disk(file):
    return Path(file.temporary_file_path()).stat().st_blocks * BLOCK


def test_a_small_file_is_whole():
    (file,) = uploaded(3 * CHUNK + 5)
    assert (file.size, file.read()) == (3 * CHUNK + 5, b"x" * (3 * CHUNK + 5))


def test_of_a_large_file_the_size_is_known_and_the_rest_is_dropped(settings):
    settings.UPLOAD_BYTES = 4 * CHUNK
    (file,) = uploaded(50 * CHUNK)
    assert (file.size, file.seek(0, 2)) == (50 * CHUNK, 50 * CHUNK)
    assert on_disk(file) <= 6 * CHUNK


def test_many_files_take_no_more_room_than_one(settings):
    settings.UPLOAD_BYTES = 4 * CHUNK
    files = uploaded(*[3 * CHUNK] * 20)
    assert [file.size for file in files] == [3 * CHUNK] * 20
    assert sum(map(on_disk, files)) <= 6 * CHUNK


@pytest.mark.parametrize("failing", FAILING.values(), ids=FAILING)
def test_what_no_temporary_file_can_keep_is_lost_and_the_rest_is_read(failing, settings):
    with failing() as root:
        settings.FILE_UPLOAD_TEMP_DIR = root
        first, second = uploaded(3 * CHUNK, 2 * CHUNK)
        assert [(type(file), file.size) for file in (first, second)] == [
            (LostUpload, 3 * CHUNK),
            (LostUpload, 2 * CHUNK),
        ]
        assert files_in(root) == set()
        with pytest.raises(ValidationError) as refused:
            UploadField().clean(first)
    assert refused.value.messages == [first.why]


def test_after_a_lost_file_another_one_may_fit(settings):
    with full_disk() as root:
        settings.FILE_UPLOAD_TEMP_DIR = root
        large, small = uploaded(3 * CHUNK, 5)
        assert (type(large), large.name, small.read()) == (LostUpload, "0.zip", b"xxxxx")
        small.close()
