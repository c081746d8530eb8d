"""`GET /wxaapi/newtmpl/gettemplate` (M-9)."""

from __future__ import annotations

from typing import Any

from console.api.http import Environ, Response, json_response
from console.api.server.reading import program_asking, query
from console.base.core.errors import ServerRefused
from console.base.core.text import is_chinese
from messaging.models import MyTemplate
from messaging.states import LANGUAGES, TemplateKind


def answer(environ: Environ) -> Response:
    """List the program's templates, the newest first; titles and names in `lang`, as messages have them.

    Raises ServerRefused (40097, and those of the access token).
    """
    program = program_asking(environ)
    lang = query(environ).get("lang") or LANGUAGES[0]
    if lang not in LANGUAGES:
        raise ServerRefused(40097, f"lang must be one of {', '.join(LANGUAGES)}")
    suffix = "_zh" if is_chinese(lang) else ""
    found = MyTemplate.objects.live().filter(mini_program=program)
    return json_response({"errcode": 0, "errmsg": "ok", "data": [_template(one, suffix) for one in found]})


def _template(template: MyTemplate, suffix: str) -> dict[str, Any]:
    lines = [(word[f"name{suffix}"], word["key"], word[f"example{suffix}"]) for word in template.keywords]
    return {
        "priTmplId": template.template_id,
        "title": getattr(template, f"title{suffix}"),
        "content": "".join(f"{name}:{{{{{key}.DATA}}}}\n" for name, key, _ in lines),
        "example": "".join(f"{name}:{example}\n" for name, _, example in lines),
        "type": TemplateKind(template.kind).number,
        "keywordEnumValueList": [
            {"keywordCode": f"{word['key']}.DATA", "enumValueList": word["options"]}
            for word in template.keywords
            if word["options"]
        ],
    }
