"""`/wxaapi/newtmpl/…template`: a program's own templates, listed, added and deleted (M-2, M-3, M-9)."""

from __future__ import annotations

import re
from typing import Any, TypeVar
from urllib.parse import parse_qsl

import msgspec
from django.http import QueryDict

from console.api.http import Environ, Response, json_response
from console.api.server.acting import acting
from console.api.server.library import offered
from console.api.server.reading import language, parse, program_asking, read
from console.base.core.errors import ActionRefused, ServerRefused
from console.base.core.text import is_chinese
from messaging.actions.templates import add_template, delete_template
from messaging.forms.library import SelectForm
from messaging.models import MyTemplate
from messaging.states import TemplateKind

T = TypeVar("T")
MOST_MEMBERS = 50  # of a form
_LIST = re.compile(r"\[[0-9]*\]$")  # kidList[], kidList[0]


class Adding(msgspec.Struct, rename="camel"):
    """What a template is to be made of: `kidList` in the order in which users read it; numbers may come as text."""

    tid: str | int = ""
    kid_list: list[str | int] = []
    scene_desc: str = ""


class Deleting(msgspec.Struct, rename="camel"):
    """The template that is to go."""

    pri_tmpl_id: str = ""


_adding, _deleting = msgspec.json.Decoder(Adding), msgspec.json.Decoder(Deleting)


def answer(environ: Environ) -> Response:
    """List the program's templates, the newest first; titles and names in `lang`, as messages have them.

    Raises ServerRefused (40097, and those of the access token).
    """
    program = program_asking(environ)
    suffix = "_zh" if is_chinese(language(environ)) else ""
    found = MyTemplate.objects.live().filter(mini_program=program)
    return json_response({"errcode": 0, "errmsg": "ok", "data": [_template(one, suffix) for one in found]})


def add(environ: Environ) -> Response:
    """Add a template, as *Select keywords* does (M-2).

    Raises ServerRefused (44002, 47001, 200012, 200014, 200020, 200021, and those of the access token).
    """
    program = program_asking(environ)
    asked = _parse(read(environ), _adding)
    public = offered(str(asked.tid))
    with acting(environ, program) as robot:
        form = SelectForm(_chosen(asked), keywords=public.keywords.all())
        if not form.is_valid():
            field, (error, *_rest) = next(iter(form.errors.items()))
            raise ServerRefused(200021 if field == "note" else 200020, str(error))
        try:
            made = add_template(program, public_template=public, by=robot, **form.cleaned_data)
        except ActionRefused as refused:
            raise ServerRefused(200020 if refused.field else 200012, refused.message) from None
    return json_response({"errcode": 0, "errmsg": "ok", "priTmplId": made.template_id})


def delete(environ: Environ) -> Response:
    """Delete a template for good (M-3).

    Raises ServerRefused (20001, 20002, 44002, 47001, and those of the access token).
    """
    program = program_asking(environ)
    asked = _parse(read(environ), _deleting)
    if not asked.pri_tmpl_id:
        raise ServerRefused(20002)
    known = MyTemplate.objects.live().filter(mini_program=program, template_id__in=_ids(asked.pri_tmpl_id))
    template = known.first()
    if template is None:
        raise ServerRefused(20001)
    with acting(environ, program) as robot:
        try:
            delete_template(template, by=robot)
        except ActionRefused as refused:  # another call was quicker
            raise ServerRefused(20001, refused.message) from None
    return json_response({"errcode": 0, "errmsg": "ok"})


def _chosen(asked: Adding) -> QueryDict:
    """Return what the page would have sent."""
    data = QueryDict(mutable=True)
    data.setlist("numbers", [str(kid) for kid in asked.kid_list])
    data["note"] = asked.scene_desc
    for place, kid in enumerate(asked.kid_list, start=1):
        data[f"place_{kid}"] = str(place)
    return data


def _ids(template_id: str) -> list[str]:
    """Return the id as a list; [] for what no column holds."""
    return [template_id] if template_id.isascii() and template_id.isprintable() else []


def _parse(body: bytes, decoder: msgspec.json.Decoder[T]) -> T:
    """Return the body, which WeChat's own examples send as a form and its SDKs as JSON; raises ServerRefused 47001."""
    if body.lstrip()[:1] in (b"{", b"[", b'"'):
        return parse(body, decoder)
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=MOST_MEMBERS)
    except ValueError:
        raise ServerRefused(47001, f"send JSON, or a form of UTF-8 with at most {MOST_MEMBERS} members") from None
    members: dict[str, Any] = dict(pairs)
    members["kidList"] = [value for name, value in pairs if _LIST.sub("", name) == "kidList"]
    return parse(msgspec.json.encode(members), decoder)


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
