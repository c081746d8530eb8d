"""Why a server was refused: WeChat's errcodes in WeChat's words, which existing SDKs know."""

from __future__ import annotations

import secrets
import time

from console.api.http import Response, json_response

SYSTEM = -1
WORDS = {
    SYSTEM: "system error",
    20001: "invalid priTmplId",
    20002: "missing priTmplId",
    40001: "invalid credential, access_token is invalid or not latest",
    40002: "invalid grant_type",
    40003: "invalid openid",
    40013: "invalid appid",
    40014: "invalid access_token",
    40029: "invalid code",
    40037: "invalid template_id",
    40066: "invalid url",
    40097: "invalid args",
    40125: "invalid appsecret",
    40129: "invalid scene",
    40163: "code been used",
    40169: "invalid length for scene, or the data is not json string",
    40243: "appsecret is frozen",
    41001: "access_token missing",
    41002: "appid missing",
    41004: "appsecret missing",
    41008: "missing code",
    41030: "invalid page",
    42001: "access_token expired",
    43001: "require GET method",
    43002: "require POST method",
    43101: "user refuse to accept the msg",
    43107: "subscribe message capability banned",
    43116: "template banned",
    44002: "empty post data",
    45009: "reach max api daily quota limit",
    45011: "api minute-quota reach limit, must slower, retry next minute",
    47001: "data format error",
    47003: "argument invalid!",
    48001: "api unauthorized",
    87009: "invalid signature",
    200012: "too many templates",
    200014: "tid does not exist",
    200016: "invalid start",
    200017: "invalid limit",
    200018: "missing ids",
    200019: "invalid ids",
    200020: "invalid kidList",
    200021: "invalid sceneDesc",
}
STATUS = {40066: 404}  # every other refusal is 200, as WeChat's


def new_rid() -> str:
    """Return a short id of a request, by which its refusal is found in the log; it looks like WeChat's."""
    return f"{int(time.time()):08x}-{secrets.token_hex(4)}"


def refusal(errcode: int, detail: str, *, rid: str, status: int = 200) -> Response:
    """Return {"errcode", "errmsg"}: WeChat's words, what is wrong in this request, and the id of the request.

    A detail may begin with the words itself.
    """
    words = WORDS[errcode]
    if detail.startswith(words):
        words = detail
    elif detail:
        words += f", {detail}"
    return json_response({"errcode": errcode, "errmsg": f"{words} rid: {rid}"}, STATUS.get(errcode, status))
