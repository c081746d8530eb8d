"""Serves the few browser files we use out of node_modules, under names that do not follow npm's folders."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from django.contrib.staticfiles.finders import BaseFinder
from django.core.checks import CheckMessage, Error
from django.core.files.storage import FileSystemStorage

NODE_MODULES = Path(__file__).resolve().parents[3] / "node_modules"

# A whitelist: the packages hold hundreds of files, some of them under licences that are not free for all.
VENDORED = {
    "vendor/tabler/tabler.min.css": "@tabler/core/dist/css/tabler.min.css",
    "vendor/tabler/tabler.min.js": "@tabler/core/dist/js/tabler.min.js",
    "vendor/sortable/Sortable.min.js": "@tabler/core/dist/libs/sortablejs/Sortable.min.js",
    "vendor/tom-select/tom-select.base.min.js": "@tabler/core/dist/libs/tom-select/dist/js/tom-select.base.min.js",
    "vendor/uplot/uPlot.min.css": "uplot/dist/uPlot.min.css",
    "vendor/uplot/uPlot.esm.js": "uplot/dist/uPlot.esm.js",
}


class VendoredStorage(FileSystemStorage):
    """Reads a file by the name that pages use."""

    def path(self, name: str) -> str:
        """Return where npm put the file."""
        return super().path(VENDORED[name])


class NodeModulesFinder(BaseFinder):
    """Finds what `VENDORED` names, and nothing else."""

    def __init__(self, app_names: Any = None, *args: Any, **kwargs: Any) -> None:
        self.storage = VendoredStorage(location=NODE_MODULES)

    def check(self, **kwargs: Any) -> list[CheckMessage]:
        """Report files that npm has not installed, before a page lacks its style."""
        missing = [source for source in VENDORED.values() if not (NODE_MODULES / source).is_file()]
        if not missing:
            return []
        return [Error(f"Missing in node_modules: {', '.join(missing)}.", hint="Run: make assets", id="console.E001")]

    def find(self, path: str, find_all: bool = False, **kwargs: Any) -> Any:
        """Return the file of that name, or an empty list."""
        source = VENDORED.get(path)
        if source is None or not (NODE_MODULES / source).is_file():
            return []
        found = str(NODE_MODULES / source)
        return [found] if find_all else found

    def list(self, ignore_patterns: Iterable[str] | None) -> Iterator[tuple[str, FileSystemStorage]]:
        """Yield every file, for `collectstatic`."""
        for name in VENDORED:
            yield name, self.storage
