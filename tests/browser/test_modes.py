"""The same pages on paper, with more contrast, in forced colours, without motion, and zoomed in."""

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from miniprograms.models import MiniProgram
from tests.browser.person import sign_in
from tests.factories import make_program, make_report, make_user, make_version

pytestmark = pytest.mark.django_db(transaction=True)
# The contrast of an element's text with all that is painted behind it, as WCAG counts it.
CONTRAST = """element => {
  const pen = document.createElement('canvas').getContext('2d')
  const paint = colour => {
    pen.fillStyle = colour
    pen.fillRect(0, 0, 1, 1)
  }
  const light = () => {
    const parts = [...pen.getImageData(0, 0, 1, 1).data].slice(0, 3).map(part => part / 255)
    const [red, green, blue] = parts.map(part => part <= .04045 ? part / 12.92 : ((part + .055) / 1.055) ** 2.4)
    return .2126 * red + .7152 * green + .0722 * blue
  }
  const behind = []
  for (let one = element; one; one = one.parentElement) behind.unshift(getComputedStyle(one).backgroundColor)
  behind.forEach(paint)
  const ground = light()
  paint(getComputedStyle(element).color)
  const both = [ground, light()].sort((a, b) => b - a)
  return (both[0] + .05) / (both[1] + .05)
}"""
WIDER = """document.documentElement.scrollWidth > document.documentElement.clientWidth
  || [...document.querySelectorAll('main .card > .table')].some(
    table => table.scrollWidth > table.parentElement.clientWidth)"""


@pytest.fixture
def program(live_server: LiveServer, page: Page, watch) -> MiniProgram:
    """A program with a version and its report, to somebody who has signed in."""
    watch(page)
    program = make_program(name="City Bus")
    make_report(make_version(program, "1.2.0"))
    user = make_user("Mira Lund", email="mira@example.com")
    program.team.members.add(user, through_defaults={"role": "admin"})
    sign_in(page.context, live_server.url, user)
    return program


def test_a_report_is_printed_whole_in_black_on_white(page: Page, live_server: LiveServer, program: MiniProgram):
    address = live_server.url + reverse("releases:report", args=[program.app_id, "1.2.0"])
    page.emulate_media(color_scheme="dark")
    page.goto(address)
    folded = page.locator("#secrets")
    expect(folded).to_be_hidden()
    expect(page.locator(".print-head")).to_be_hidden()
    expect(page.get_by_role("button", name="Print")).to_be_visible()
    page.emulate_media(media="print", color_scheme="dark")
    for words in ("Mini Program Console", "City Bus", program.app_id, address, "As of", "Mira Lund"):
        expect(page.locator(".print-head")).to_contain_text(words)
    expect(page.locator(".print-head")).to_be_visible()
    expect(folded).to_be_visible()
    shown = page.evaluate("""() => {
      const time = document.createElement('time')
      Object.assign(time, { title: '11:00', textContent: 'waiting 2 h' }).dataset.words = ''
      document.querySelector('main').append(time)
      return [getComputedStyle(time).fontSize === '0px', getComputedStyle(time, '::after').content]
    }""")
    assert shown == [False, '" (11:00)"']
    for screen_only in ("#sidebar", ".topbar", ".head-actions", ".page-foot"):
        expect(page.locator(screen_only)).to_be_hidden()
    expect(page.locator("main .btn:visible, main .btn-copy:visible")).to_have_count(0)
    for part in ("body", "h1", ".card .card-title", "main .context"):
        assert page.locator(part).locator("visible=true").first.evaluate(CONTRAST) > 12
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"


def test_more_contrast_and_forced_colours_are_answered(page: Page, live_server: LiveServer, program: MiniProgram):
    page.emulate_media(contrast="more")
    page.goto(live_server.url + reverse("releases:uploads", args=[program.app_id]))
    for theme in ("light", "dark"):
        page.evaluate("theme => { document.documentElement.dataset.bsTheme = theme }", theme)
        for part in ("main .context", "#sidebar .nav-section-title", "main .status"):
            assert page.locator(part).first.evaluate(CONTRAST) > 7
    page.emulate_media(contrast="no-preference", forced_colors="active")
    chosen = page.locator(".nav-pages [aria-current]")
    assert chosen.evaluate("element => getComputedStyle(element).outlineStyle") == "solid"
    assert page.locator("main .status").first.evaluate("element => getComputedStyle(element).borderTopWidth") == "1px"


def test_nothing_moves_for_who_asked_for_that(page: Page, live_server: LiveServer, program: MiniProgram):
    page.emulate_media(reduced_motion="reduce")
    page.goto(live_server.url + reverse("devmgmt:logs", args=[program.app_id]))
    page.locator("main").evaluate("main => { main.innerHTML += '<span class=\"spinner\"></span>' }")
    page.locator(".topbar-theme").click()
    assert page.evaluate("document.getAnimations().length") == 0


@pytest.mark.parametrize(("width", "height"), [(1024, 640), (720, 450), (320, 256)], ids=["140 %", "200 %", "400 %"])
def test_zoomed_in_nothing_is_cut_off(
    page: Page, live_server: LiveServer, program: MiniProgram, width: int, height: int
):
    page.set_viewport_size({"width": width, "height": height})
    for name, at in (
        ("releases:versions", []),
        ("releases:report", ["1.2.0"]),
        ("grayscale:create", []),
        ("devmgmt:logs", []),
        ("privacy:edit", []),
    ):
        page.goto(live_server.url + reverse(name, args=[program.app_id, *at]))
        assert not page.evaluate(WIDER), name
        page.evaluate("scrollTo(0, document.body.scrollHeight)")
        sticks = page.evaluate("document.elementFromPoint(innerWidth - 100, 10)?.closest('.topbar') != null")
        assert sticks is (height > 480), name
