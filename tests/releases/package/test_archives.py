"""The archives of fastzip/malo: what must be taken, what must be refused, and what we decided (rule V-4)."""

from pathlib import Path

import pytest

from releases.package import container, inspect

FOLDER = Path(__file__).parent / "archives"
ARCHIVES = sorted(FOLDER.glob("*/*.zip"))
# The only ones of `iffy` that are honest; docs/packages.md has the reasons for all.
IFFY_BUT_ACCEPTED = {
    "crc_collision_empty_nonempty",
    "crc_collision_two_nonempty",
    "crc_zero_nonempty",
    "nosubdir",
}


def test_all_are_here() -> None:
    assert len(ARCHIVES) == 79


@pytest.mark.parametrize("path", ARCHIVES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_verdict(path: Path) -> None:
    with path.open("rb") as file:
        _container, findings = container.read(file)
    expected = path.parent.name == "accept" or path.stem in IFFY_BUT_ACCEPTED
    assert (findings.errors == 0) is expected


@pytest.mark.parametrize("path", ARCHIVES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_none_is_a_mini_program(path: Path) -> None:
    with path.open("rb") as file:
        result = inspect(file)
    assert not result.accepted


def test_every_iffy_one_is_documented() -> None:
    page = (Path(__file__).parents[3] / "docs" / "packages.md").read_text()
    for path in FOLDER.glob("iffy/*.zip"):
        assert f"`{path.stem}`" in page
