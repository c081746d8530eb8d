"""project.config.json: for which mini program the developer packed (rule V-5)."""

from django.utils.translation import gettext as _

from .findings import shown
from .json_file import JsonFile

NAME = "project.config.json"


def check_app_id(config: JsonFile, app_id: str | None) -> None:
    """Refuse a package whose `appid` names another mini program than `app_id`; an absent or empty one is
    fine.
    """
    value = config.root.get("appid", "")
    rule = _("App ID")
    if not isinstance(value, str):
        config.wrong_type(("appid",), _("a text"))
    elif app_id and value and value != app_id:
        title = _("The package belongs to another mini program: %(other)s.") % {"other": shown(value, 60)}
        hint = _(
            "This mini program is %(app_id)s. Choose the right project in the IDE, or switch the mini program."
        ) % {"app_id": app_id}
        config.error("app-id", title, ("appid",), hint=hint, rule=rule)
