"""Which release of the console this is."""

import os
import tomllib
from pathlib import Path

_PROJECT = Path(__file__).resolve().parent.parent / "pyproject.toml"


def _version() -> str:
    """Return pyproject's version, and behind a + what the build was made of, where REVISION says it."""
    number: str = tomllib.loads(_PROJECT.read_text())["project"]["version"]
    revision = os.environ.get("REVISION", "")
    return f"{number}+{revision}" if revision else number


VERSION = _version()
