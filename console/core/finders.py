"""Serves the few browser files we use out of node_modules, under names that do not follow npm's folders."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from django.contrib.staticfiles.finders import BaseFinder
from django.core.checks import CheckMessage, Error
from django.core.files.storage import FileSystemStorage

NODE_MODULES = Path(__file__).resolve().parent.parent.parent / "node_modules"

_TABLER = "@tabler/core/dist"
_TOM_SELECT = f"{_TABLER}/libs/tom-select/dist"
# A whitelist: the packages hold hundreds of files, some of them under licences that are not free for all.
VENDORED = {
    "vendor/tabler/tabler.min.css": f"{_TABLER}/css/tabler.min.css",
    "vendor/tabler/tabler-vendors.min.css": f"{_TABLER}/css/tabler-vendors.min.css",
    "vendor/tabler/tabler.min.js": f"{_TABLER}/js/tabler.min.js",
    "vendor/tabler/tabler.esm.min.js": f"{_TABLER}/js/tabler.esm.min.js",
    "vendor/tabler/tabler-theme.min.js": f"{_TABLER}/js/tabler-theme.min.js",
    "vendor/sortablejs/Sortable.min.js": f"{_TABLER}/libs/sortablejs/Sortable.min.js",
    "vendor/tom-select/tom-select.base.min.js": f"{_TOM_SELECT}/js/tom-select.base.min.js",
    "vendor/tom-select/tom-select.bootstrap5.min.css": f"{_TOM_SELECT}/css/tom-select.bootstrap5.min.css",
    "vendor/uplot/uPlot.min.css": "uplot/dist/uPlot.min.css",
    "vendor/uplot/uPlot.iife.min.js": "uplot/dist/uPlot.iife.min.js",
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
