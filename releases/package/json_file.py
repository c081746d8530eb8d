"""A JSON file of the package while it is being checked: its values, and findings that name file, line and
key.
"""

from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext as _

from .findings import Findings, shown
from .limits import Limits
from .strict_json import Document, JsonError, parse
from .wording import place_of

Path = tuple[str | int, ...]


class JsonFile:
    """A parsed file and the place where its findings go. `root` is its top object."""

    def __init__(self, name: str, document: Document, findings: Findings) -> None:
        self.name = name
        self.root: dict[str, Any] = document.root
        self.findings = findings
        self._document = document

    def error(self, code: str, title: str, path: Path, *, hint: str, rule: str) -> None:
        detail = place_of(self._document.line(*path), dotted(path))
        self.findings.error(code, title, where=self.name, detail=detail, hint=hint, rule=rule)

    def warning(self, code: str, path: Path, /, **parameters: str) -> None:
        self.findings.warning(code, **self._place(path), **parameters)

    def note(self, code: str, path: Path, /, **parameters: str) -> None:
        self.findings.note(code, **self._place(path), **parameters)

    def _place(self, path: Path) -> dict[str, Any]:
        return {"where": self.name, "line": self._document.line(*path), "key": dotted(path)}

    def wrong_type(self, path: Path, expected: str) -> None:
        title = _("%(key)s has the wrong type.") % {"key": dotted(path)}
        hint = _("Expected: %(type)s.") % {"type": expected}
        self.error("json-type", title, path, hint=hint, rule=_("Value types"))

    def objects(self, path: Path, value: Any) -> Iterator[tuple[Path, dict[str, Any]]]:
        """The objects of an array, each with its path; anything else is reported."""
        if not isinstance(value, list):
            self.wrong_type(path, _("an array of objects"))
            return
        for index, item in enumerate(value):
            if isinstance(item, dict):
                yield (*path, index), item
            else:
                self.wrong_type((*path, index), _("an object"))

    def strings(self, path: Path, value: Any) -> Iterator[tuple[Path, str]]:
        """The strings of an array, each with its path; anything else is reported."""
        if not isinstance(value, list):
            self.wrong_type(path, _("an array of strings"))
            return
        for index, item in enumerate(value):
            if isinstance(item, str):
                yield (*path, index), item
            else:
                self.wrong_type((*path, index), _("a string"))

    def text(self, path: Path, value: Any) -> str | None:
        if isinstance(value, str):
            return value
        self.wrong_type(path, _("a string"))
        return None


def load(name: str, raw: bytes, limits: Limits, findings: Findings) -> JsonFile | None:
    """Parse the file `name`, whose top value has to be an object; None after a finding."""
    try:
        document = parse(raw, limits)
    except JsonError as error:
        detail = place_of(error.line, "") if error.line else ""
        hint = _("Correct the file and pack the project again.")
        findings.error(error.code, error.title, where=name, detail=detail, hint=hint, rule=_("Valid JSON"))
        return None
    file = JsonFile(name, document, findings)
    if not isinstance(file.root, dict):
        file.error(
            "json-type",
            _("The file must contain an object."),
            (),
            hint=_("Start it with an opening brace."),
            rule=_("Valid JSON"),
        )
        return None
    return file


def dotted(path: Path) -> str:
    """A path as developers write it: tabBar.list[1].iconPath."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{shown(part, 60)}" if text else shown(part, 60)
    return text
