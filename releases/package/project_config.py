"""project.config.json: where in the project the mini program lies, and for which one it was made (rule V-5)."""

from collections.abc import Callable, Collection

from django.utils.translation import gettext as _

from .findings import shown
from .json_file import JsonFile
from .names import normal
from .pages import is_relative

NAME = "project.config.json"
_ROOT = "miniprogramRoot"
_MOST_KEYS = 10  # each may be looked up in a database


def program_root(config: JsonFile, names: Collection[str]) -> str:
    """The folder that `miniprogramRoot` names, with a slash at its end; "" for the top folder.

    Packages of what a framework has built often hold the configuration of the project around it. So a folder that is
    not there, beside a program at the top, is only noted.
    """
    value = config.root.get(_ROOT, "")
    if not isinstance(value, str):
        config.wrong_type((_ROOT,), _("a string"))
        return ""
    root = normal(value).removeprefix("./").removesuffix("/")
    if root in ("", "."):
        return ""
    if is_relative(root) and root + "/app.json" in names:
        return root + "/"
    if "app.json" in names:
        config.note("program-root", (_ROOT,), folder=shown(value))
    else:
        title = _("The miniprogramRoot folder %(folder)s has no app.json.") % {"folder": shown(value)}
        hint = _("Correct the path, or pack the folder that contains app.json.")
        config.error("program-root", title, (_ROOT,), hint=hint, rule=_("Project configuration"))
    return ""


def check_app_id(config: JsonFile, app_id: str | None, is_ours: Callable[[str], bool]) -> None:
    """Refuse a package that was made for another of our mini programs than `app_id`.

    IDEs call the key `appid`, some with a word of their own before it. IDs of elsewhere are one note, as developers
    keep the one of WeChat; an empty one says nothing.
    """
    named: dict[str, str] = {}
    for key, value in config.root.items():
        if key == "appid" and not isinstance(value, str):
            config.wrong_type((key,), _("a string"))
        elif key.lower().endswith("appid") and isinstance(value, str) and value and len(named) < _MOST_KEYS:
            named[key] = value
    if not app_id or app_id in named.values():
        return
    for key, value in named.items():
        if is_ours(value):
            title = _("The package belongs to another mini program: %(other)s.") % {"other": shown(value, 60)}
            hint = _(
                "This mini program is %(app_id)s. Choose the right project in the IDE, or switch to the other "
                "mini program."
            ) % {"app_id": app_id}
            config.error("app-id", title, (key,), hint=hint, rule=_("App ID"))
            return
    if "appid" in named:
        config.note("app-id", ("appid",), other=shown(named["appid"], 60), app_id=app_id)
