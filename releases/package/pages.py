"""Pages listed in app.json and the files that each of them needs (rule V-5)."""

from typing import Any

from django.utils.translation import gettext as _

from .contents import Contents
from .findings import shown
from .json_file import JsonFile, Path
from .names import LONGEST_NAME, normal


def read_pages(app: JsonFile, path: Path, value: Any, root: str, contents: Contents) -> dict[str, Path]:
    """The pages of one package, each checked for form, repetition and files. `root` is "" or ends with a
    slash.
    """
    pages: dict[str, Path] = {}
    for place, text in app.strings(path, value):
        page = root + normal(text)
        if not is_relative(text):
            title = _("%(page)s is not a page path.") % {"page": shown(text) or _("An empty string")}
            hint = _("Use a relative path without a leading slash, such as pages/index/index.")
            app.error("page-path", title, place, hint=hint, rule=_("Pages"))
        elif page in pages:
            title = _("The page %(page)s is listed twice.") % {"page": shown(page)}
            app.error("page-twice", title, place, hint=_("Remove one of the lines."), rule=_("Pages"))
        else:
            pages[page] = place
            _check_page_files(app, place, page, contents)
    return pages


def is_relative(path: str) -> bool:
    """Whether a path in app.json stays below its folder and has no empty part."""
    if len(path) > LONGEST_NAME or "\\" in path or not path.isprintable():
        return False
    return not {"", ".", ".."}.intersection(path.split("/"))


def _check_page_files(app: JsonFile, place: Path, page: str, contents: Contents) -> None:
    missing = [suffix for suffix in (".js", ".wxml") if page + suffix not in contents.files]
    if not missing:
        return
    if len(missing) == 2:
        title = _("The page %(page)s has no .js and no .wxml file.") % {"page": shown(page)}
    else:
        title = _("The page %(page)s has no %(suffix)s file.") % {"page": shown(page), "suffix": missing[0]}
    found = contents.siblings(page)
    hint = _("Each page needs its .js and its .wxml.")
    if found:
        names = ", ".join([shown(page + found[0]), *map(shown, found[1:10])])
        hint += " " + _("Found: %(names)s.") % {"names": names}
    app.error("page-files", title, place, hint=hint, rule=_("Page files"))
