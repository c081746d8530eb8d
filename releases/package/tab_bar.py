"""tabBar of app.json (rule V-5)."""

from collections.abc import Callable, Collection
from typing import Any

from django.utils.translation import gettext as _

from .contents import Contents
from .file_types import suffix
from .findings import human_size, shown
from .json_file import JsonFile, Path
from .limits import Limits
from .names import normal

_FEWEST, _MOST = 2, 5
_ICON_SUFFIXES = ("png", "jpg", "jpeg")
_THEMES = ("light", "dark")


def check_tab_bar(
    app: JsonFile,
    values: dict[str, Any],
    main_pages: Collection[str],
    contents: Contents,
    limits: Limits,
    *,
    read: Callable[[str], JsonFile | None],
) -> None:
    """2 to 5 items, each a page of the main package, with icons that exist and are small enough.

    An icon may be a variable of the theme: `@name`, which the file of `themeLocation` defines for light and dark.
    """
    tab_bar = values.get("tabBar")
    if tab_bar is None:
        return
    rule = _("Tab bar")
    path: Path = ("tabBar", "list")
    items = tab_bar.get("list")
    if "position" in tab_bar and tab_bar["position"] not in ("bottom", "top"):
        app.error(
            "tab-position",
            _("The tab bar is neither at the bottom nor at the top."),
            ("tabBar", "position"),
            hint=_("Use bottom or top."),
            rule=rule,
        )
    if "custom" in tab_bar and not isinstance(tab_bar["custom"], bool):
        app.wrong_type(("tabBar", "custom"), _("true or false"))
    if isinstance(items, list) and not _FEWEST <= len(items) <= _MOST:
        title = _("The tab bar has %(count)d items; it must have 2 to 5.") % {"count": len(items)}
        app.error("tab-count", title, path, hint=_("Add or remove items."), rule=rule)
        items = items[:_MOST]
    seen: set[str] = set()
    theme = _Theme(values.get("themeLocation", ""), read)
    for place, item in app.objects(path if "list" in tab_bar else ("tabBar",), items):
        _check_page(app, place, item, main_pages, seen)
        for key in ("iconPath", "selectedIconPath"):
            if key in item:
                _check_icon(app, (*place, key), item[key], theme, contents, limits)


def _check_page(app: JsonFile, place: Path, item: dict[str, Any], main_pages: Collection[str], seen: set[str]) -> None:
    here = (*place, "pagePath") if "pagePath" in item else place
    page = app.text(here, item.get("pagePath"))
    if "text" in item:
        app.text((*place, "text"), item["text"])
    if page is None:
        return
    page = normal(page)
    if page not in main_pages:
        title = _("The tab page %(page)s is not a page of the main package.") % {"page": shown(page)}
        app.error("tab-page", title, here, hint=_("Use a page listed under pages."), rule=_("Tab bar"))
    elif page in seen:
        title = _("Two tabs open the page %(page)s.") % {"page": shown(page)}
        app.error("tab-page-twice", title, here, hint=_("Remove one of them."), rule=_("Tab bar"))
    seen.add(page)


class _Theme:
    """The variables of the theme file, which is read when the first one is asked for."""

    def __init__(self, location: str, read: Callable[[str], JsonFile | None]) -> None:
        self._path = normal(location).removeprefix("/").removeprefix("./")
        self._read = read
        self._file: JsonFile | None = None

    def values(self, name: str) -> list[str]:
        """What the variable stands for, in each theme that defines it as a text."""
        if self._path:
            self._file, self._path = self._read(self._path), ""
        themes = [self._file.root.get(theme) for theme in _THEMES] if self._file else []
        found = [theme.get(name) for theme in themes if isinstance(theme, dict)]
        return [value for value in found if isinstance(value, str)]


def _check_icon(app: JsonFile, place: Path, value: Any, theme: _Theme, contents: Contents, limits: Limits) -> None:
    text = app.text(place, value)
    if not text:
        return
    if not text.startswith("@"):
        _check_picture(app, place, text, contents, limits)
        return
    pictures = theme.values(text[1:])
    for picture in dict.fromkeys(pictures):
        _check_picture(app, place, picture, contents, limits)
    if len(pictures) == len(_THEMES):
        return
    if pictures:
        app.warning("theme-variable", place, name=shown(text, 60))
    else:
        title = _("The theme variable %(name)s is not defined.") % {"name": shown(text, 60)}
        hint = _("Define it in the themeLocation file, under both light and dark.")
        app.error("theme-variable", title, place, hint=hint, rule=_("Theme"))


def _check_picture(app: JsonFile, place: Path, text: str, contents: Contents, limits: Limits) -> None:
    limit = human_size(limits.tab_icon_size)
    rule = _("Tab bar icon, %(limit)s") % {"limit": limit}
    icon = normal(text).removeprefix("/").removeprefix("./")
    if suffix(icon) not in _ICON_SUFFIXES:
        title = _("The icon %(icon)s is neither PNG nor JPEG.") % {"icon": shown(icon)}
        app.error("tab-icon-type", title, place, hint=_("Use a .png or .jpg image from the package."), rule=rule)
    elif icon not in contents.files:
        title = _("The icon %(icon)s is not in the package.") % {"icon": shown(icon)}
        app.error("tab-icon-missing", title, place, hint=_("Add the image, or correct the path."), rule=rule)
    elif contents.size(icon) > limits.tab_icon_size:
        title = _("The icon %(icon)s is %(size)s. The limit is %(limit)s.") % {
            "icon": shown(icon),
            "size": human_size(contents.size(icon)),
            "limit": limit,
        }
        app.error("tab-icon-size", title, place, hint=_("Make the image smaller or use fewer colours."), rule=rule)
