"""GET /wxaapi/newtmpl/gettemplate (M-9)."""

from __future__ import annotations

from django.utils import timezone

from tests.console.api.server.asking import TEMPLATES, Server
from tests.factories import make_program, make_public_template, make_template


def test_as_wechat_lists_them(server: Server) -> None:
    public = make_public_template("Appointment", title_zh="就诊提醒")
    public.keywords.filter(number=3).update(kind="enum", options=["挂号", "复诊"])
    template = make_template(server.program, public, (3, 1))
    reply = server.get(TEMPLATES, access_token=server.token())
    assert reply.json == {
        "errcode": 0,
        "errmsg": "ok",
        "data": [
            {
                "priTmplId": template.template_id,
                "title": "就诊提醒",
                "content": "患者:{{enum3.DATA}}\n诊所:{{thing1.DATA}}\n",
                "example": "患者:陈小明\n诊所:Harbour Clinic\n",
                "type": 2,
                "keywordEnumValueList": [{"keywordCode": "enum3.DATA", "enumValueList": ["挂号", "复诊"]}],
            }
        ],
    }


def test_in_english(server: Server) -> None:
    make_template(server.program, make_public_template("Appointment"))
    token = server.token()
    (found,) = server.get(TEMPLATES, access_token=token, lang="en_US").json["data"]
    assert (found["title"], found["content"]) == ("Appointment", "Clinic:{{thing1.DATA}}\nDate:{{time2.DATA}}\n")
    assert server.get(TEMPLATES, access_token=token, lang="xx").errcode == 40097


def test_only_the_programs_own_that_are_not_deleted(server: Server) -> None:
    make_template(server.program, deleted_at=timezone.now())
    make_template(make_program())
    first, second = make_template(server.program), make_template(server.program, kind="long_term")
    found = server.get(TEMPLATES, access_token=server.token()).json["data"]
    assert [(one["priTmplId"], one["type"]) for one in found] == [(second.template_id, 3), (first.template_id, 2)]


def test_constant_queries(server: Server, django_assert_num_queries) -> None:
    token = server.token()
    for _ in range(3):
        make_template(server.program)
    with django_assert_num_queries(2, exact=False):
        assert len(server.get(TEMPLATES, access_token=token).json["data"]) == 3
