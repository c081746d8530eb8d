"""The words of warnings and notes, which a version keeps as a code and parameters: each reader's language is another.

What a code's parameters mean never changes, as versions keep them: other parameters get another code.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from django.utils.translation import gettext, ngettext_lazy
from django.utils.translation import gettext_lazy as _

Parameters = Mapping[str, str | int]
_FILE_TYPES, _FILE_NAMES, _APP_ID = _("File types"), _("File names"), _("App ID")


class Words(NamedTuple):
    """What was found, how to put it right, and the rule."""

    title: str
    hint: str = ""
    rule: str = ""


# Lazy, each with the parameters in it.
_WORDS: dict[str, tuple[Any, Any, Any]] = {
    "more": (
        ngettext_lazy("And %(count)d more finding.", "And %(count)d more findings.", "count"),
        _("Fix the problems above first."),
        _("Long list"),
    ),
    "unknown-key": (_("Unknown key: %(key)s."), _("It has no effect. Check its spelling."), _("Known keys")),
    "component-missing": (
        _("The component %(path)s is not in the package."),
        _("Add its files, or correct the path."),
        _("Components"),
    ),
    "theme-variable": (
        _("The theme variable %(name)s is defined for one theme only."),
        _("Define it in the themeLocation file, under both light and dark."),
        _("Theme"),
    ),
    "program-root": (
        _("The miniprogramRoot folder %(folder)s has no app.json."),
        _("The mini program in the top folder of the package is used instead."),
        _("Project configuration"),
    ),
    "app-id": (
        _("The project has the App ID of another platform: %(other)s."),
        _("It has no effect here. The App ID of this mini program is %(app_id)s."),
        _APP_ID,
    ),
    "name-gbk": (
        ngettext_lazy(
            "%(count)d file name is not in UTF-8. It was read as GBK.",
            "%(count)d file names are not in UTF-8. They were read as GBK.",
            "count",
        ),
        _("Check that the file names are correct."),
        _FILE_NAMES,
    ),
    "development-files": (
        ngettext_lazy("%(count)d development file is left out.", "%(count)d development files are left out.", "count"),
        _("Devices don’t get them. Files in a staticPath folder are always packed, whatever their type."),
        _FILE_TYPES,
    ),
    "system-file": (
        ngettext_lazy(
            "%(count)d file of the operating system is left out.",
            "%(count)d files of the operating system are left out.",
            "count",
        ),
        "",
        _FILE_TYPES,
    ),
}


def words_of(code: str, parameters: Parameters) -> Words:
    """Return the words in the language of the moment; for a code of a newer release only the code."""
    if code not in _WORDS:
        return Words(code)
    title, hint, rule = (str(words % parameters) if words else "" for words in _WORDS[code])
    if parameters.get("source_maps"):
        hint += " " + gettext("Source maps are kept with the version.")
    return Words(title, hint, rule)


def place_of(line: int, key: str) -> str:
    """Return a place in a JSON file: its line, which counts from 1, and the path of a value, "" for the whole."""
    if not key:
        return gettext("line %(line)d") % {"line": line}
    return gettext("line %(line)d, %(key)s") % {"line": line, "key": key}
