"""The previous release's code."""

from __future__ import annotations

import warnings
from pathlib import Path

import pytest

from tests.upgrade.previous import RELEASE, differing_libraries, unpack


@pytest.fixture(scope="session")
def previous(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the previous release."""
    tree = unpack(tmp_path_factory.mktemp("previous") / "release")
    if differing := differing_libraries(tree):
        warnings.warn(f"{RELEASE[:7]} runs with other libraries than it was made with: {differing}", stacklevel=1)
    return tree
