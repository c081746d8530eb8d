"""Adding and deleting templates, and the public library, by WeChat's interfaces (M-1 to M-3)."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from console.api.server.acting import SERVERS
from console.base.activity.models import ActivityEntry
from messaging.models import MyTemplate, PublicTemplate
from messaging.states import MOST_TEMPLATES, TemplateCategory
from tests.console.api.server.asking import (
    ADD,
    CATEGORIES,
    DELETE,
    KEYWORDS,
    TEMPLATES,
    TITLES,
    Reply,
    Server,
)
from tests.factories import make_program, make_public_template, make_template, make_user


@pytest.fixture
def public(db: None) -> PublicTemplate:
    """With thing1, time2, name3 and amount4."""
    return make_public_template("Appointment", title_zh="就诊提醒")


def add(server: Server, public: PublicTemplate, **members: Any) -> Reply:
    asked = {"tid": str(public.number), "kidList": [3, 1], "sceneDesc": "预约"} | members
    return server.post(ADD, {name: value for name, value in asked.items() if value is not None}, token=server.token())


def test_add(server: Server, public: PublicTemplate) -> None:
    """P-5: the log says that the program's server did it."""
    reply = add(server, public)
    template = MyTemplate.objects.get()
    assert reply.json == {"errcode": 0, "errmsg": "ok", "priTmplId": template.template_id}
    assert (template.mini_program, template.note) == (server.program, "预约")
    assert [word["key"] for word in template.keywords] == ["name3", "thing1"]
    (listed,) = server.get(TEMPLATES, access_token=server.token()).json["data"]
    assert listed["priTmplId"] == template.template_id
    entry = ActivityEntry.objects.get(verb="template.added")
    assert (entry.source, entry.actor_label, entry.address) == ("api", f"{server.program.name} (server)", "127.0.0.1")
    assert template.created_by.is_robot
    assert (template.created_by.has_usable_password(), template.created_by.memberships.exists()) == (False, False)


def test_the_server_keeps_its_identity(server: Server, public: PublicTemplate) -> None:
    assert add(server, public, kidList=[1]).errcode == 0
    server.program.write(name="Harbour Line")
    assert add(server, public, kidList=[2]).errcode == 0
    (robot,) = {template.created_by for template in MyTemplate.objects.all()}
    assert (robot.is_robot, robot.name) == (True, "Harbour Line (server)")


def test_whoever_has_the_address_of_the_server_is_not_the_server(server: Server, public: PublicTemplate) -> None:
    """Nobody can be mailed there, but an identity provider says what addresses people have."""
    person = make_user("Mira", email=f"{server.program.app_id}@{SERVERS}")
    assert add(server, public).errcode == 0
    assert (MyTemplate.objects.get().created_by == person, ActivityEntry.objects.get().actor_id == person.pk) == (
        False,
        False,
    )
    person.refresh_from_db()
    assert person.name == "Mira"


@pytest.mark.parametrize(
    "body",
    [
        "tid=%s&kidList=3&kidList=1&sceneDesc=%%E9%%A2%%84%%E7%%BA%%A6",
        "kidList[0]=3&kidList[1]=1&tid=%s",
        "kidList%%5B%%5D=3&kidList%%5B%%5D=1&tid=%s",
        '{"tid": %s, "kidList": ["3", "1"]}',
        ' \n{"tid": "%s", "kidList": [3, 1], "sceneDesc": ""}',
    ],
)
def test_as_a_form_or_as_json(server: Server, public: PublicTemplate, body: str) -> None:
    reply = server.post(ADD, (body % public.number).encode(), token=server.token())
    assert reply.errcode == 0, reply.json
    assert [word["key"] for word in MyTemplate.objects.get().keywords] == ["name3", "thing1"]


@pytest.mark.parametrize(
    ("members", "errcode", "detail"),
    [
        ({"tid": None}, 200014, ""),
        ({"tid": "1"}, 200014, ""),
        ({"tid": "-1"}, 200014, ""),
        ({"tid": "9" * 40}, 200014, ""),
        ({"tid": "x\x00"}, 200014, ""),
        ({"kidList": None}, 200020, "Choose at least one keyword."),
        ({"kidList": [1, 2, 3, 4, 1, 2]}, 200020, "Choose at most 5 keywords."),
        ({"kidList": [1, 1]}, 200020, "Choose each keyword once."),
        ({"kidList": [5]}, 200020, "One of these keywords is no longer in the public template. Choose again."),
        ({"kidList": ["\x00"]}, 200020, "One of these keywords is no longer in the public template. Choose again."),
        ({"kidList": {"0": 1}}, 47001, None),
        ({"sceneDesc": "x" * 201}, 200021, None),
        ({"sceneDesc": "x\x00"}, 200021, None),
    ],
)
def test_not_added(
    server: Server, public: PublicTemplate, members: dict[str, Any], errcode: int, detail: str | None
) -> None:
    reply = add(server, public, **members)
    assert (reply.status, reply.errcode) == (200, errcode)
    assert detail in (None, reply.detail)
    assert not MyTemplate.objects.exists()


def test_not_twice_and_not_too_many(server: Server, public: PublicTemplate) -> None:
    """M-2."""
    assert add(server, public).errcode == 0
    again = add(server, public, kidList=[1, 3])
    assert (again.errcode, again.detail) == (
        200020,
        "You already have a template with exactly these keywords. Choose others.",
    )
    template = MyTemplate.objects.get()
    for number in range(1, MOST_TEMPLATES):
        template.pk, template.template_id, template.keyword_set = None, f"id-{number}", f"9,{number}"
        template.save(force_insert=True)
    assert add(server, public, kidList=[2]).errcode == 200012


def test_not_what_is_not_offered(server: Server, public: PublicTemplate) -> None:
    PublicTemplate.objects.filter(pk=public.pk).update(is_listed=False)
    assert add(server, public).errcode == 200014
    assert server.get(KEYWORDS, access_token=server.token(), tid=public.number).errcode == 200014


def test_delete(server: Server) -> None:
    template, token = make_template(server.program), server.token()
    for expected in (0, 20001):
        assert server.post(DELETE, {"priTmplId": template.template_id}, token=token).errcode == expected
    template.refresh_from_db()
    assert template.deleted_at
    entry = ActivityEntry.objects.get(verb="template.deleted")
    assert (entry.source, entry.actor_label) == ("api", f"{server.program.name} (server)")


def test_not_deleted(server: Server) -> None:
    """P-1: another program's is as good as none."""
    foreign, deleted = make_template(make_program()), make_template(server.program, deleted_at=timezone.now())
    token = server.token()
    ids = (foreign.template_id, deleted.template_id, "x\x00", "梅", "x" * 9000)
    assert {server.post(DELETE, {"priTmplId": one}, token=token).errcode for one in ids} == {20001}
    assert server.post(DELETE, {}, token=token).errcode == 20002
    assert server.post(DELETE, b"priTmplId=", token=token).errcode == 20002
    assert MyTemplate.objects.live().get() == foreign
    assert not ActivityEntry.objects.filter(verb="template.deleted").exists()


def test_the_library(server: Server, public: PublicTemplate) -> None:
    token = server.token()
    categories = server.get(CATEGORIES, access_token=token).json["data"]
    assert [one["id"] for one in categories] == list(range(1, len(TemplateCategory) + 1))
    assert categories[3] == {"id": 4, "name": "医疗"}
    english = server.get(CATEGORIES, access_token=token, lang="en_US").json["data"]
    assert english[3] == {"id": 4, "name": "Medical care"}

    whole = server.get(TITLES, access_token=token, ids="4,1", start=0, limit=30).json
    last = server.get(TITLES, access_token=token, ids="4,1", start=whole["count"] - 1, limit=5).json
    one = {"tid": public.number, "title": "就诊提醒", "type": 2, "categoryId": "4"}
    assert last == {"errcode": 0, "errmsg": "ok", "count": whole["count"], "data": [one]}
    assert {each["categoryId"] for each in whole["data"]} <= {"4", "1"}

    keywords = server.get(KEYWORDS, access_token=token, tid=public.number, lang="en_US").json
    assert keywords["count"] == 4
    assert keywords["data"][0] == {"kid": 1, "name": "Clinic", "example": "Harbour Clinic", "rule": "thing"}


@pytest.mark.parametrize(
    ("changed", "errcode"),
    [
        ({"ids": None}, 200018),
        ({"ids": "4,99"}, 200019),
        ({"ids": "x"}, 200019),
        ({"start": None}, 200016),
        ({"start": "-1"}, 200016),
        ({"limit": "31"}, 200017),
        ({"limit": "x"}, 200017),
        ({"lang": "xx"}, 40097),
    ],
)
def test_titles_refused(server: Server, changed: dict[str, Any], errcode: int) -> None:
    asked = {"access_token": server.token(), "ids": "4", "start": 0, "limit": 30} | changed
    assert server.get(TITLES, **asked).errcode == errcode
