"""The components, rendered as templates use them."""

import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import QueryDict
from django.template import engines
from django.test import RequestFactory
from django.utils.translation import gettext, override

from console.base.accounts.models import User
from console.base.core.filters import ListFilter, SearchFilter, SortFilter
from console.base.hosts.models import HostApplication
from tests.factories import make_user

NOW = datetime(2026, 11, 24, 8, 30, tzinfo=UTC)


def draw(source, query="", **context):
    request = RequestFactory().get(f"/list/{query}")
    return engines["django"].from_string(source).render(context, request)


def squeeze(html):
    return " ".join(html.split())


def test_a_name_may_break_between_its_words_and_nothing_of_it_is_html():
    assert draw("{{ name|breakable }}", name="wx.getBLEDevice") == "wx.<wbr>get<wbr>BLEDevice"
    assert draw("{{ name|breakable }}", name="a<b>.C") == "a&lt;b&gt;.<wbr>C"


def test_an_icon_is_inline_and_silent():
    assert '<svg width="18" height="18"' in draw('{% icon "rocket" %}')
    assert 'aria-hidden="true"' in draw('{% icon "rocket" %}')


@pytest.mark.parametrize(
    ("state", "colour", "label"),
    [
        ("online", "green", "Online"),
        ("in_audit", "blue", "In audit"),
        ("overdue", "orange", "Overdue"),
        ("rejected", "red", "Rejected"),
        ("off", "secondary", "Off the shelf"),
        ("never_heard_of", "secondary", "Never heard of"),
    ],
)
def test_a_status_is_colour_and_words(state, colour, label):
    assert draw("{% status state %}", state=state) == (
        f'<span class="status status-{colour}"><span class="status-dot"></span>{label}</span>'
    )


def test_a_status_may_say_more():
    assert "Overdue, 52 h</span>" in draw('{% status "overdue" "Overdue, 52 h" %}')


def test_what_people_typed_is_escaped():
    evil = "<b>&"
    for source in ("{% tag evil %}", "{% copy evil %}", "{% action evil '/' %}", "{% action 'x' '/' reason=evil %}"):
        assert "<b>" not in draw(source, evil=evil)


@pytest.mark.parametrize(
    ("before", "words"),
    [
        (timedelta(seconds=20), "just now"),
        (timedelta(minutes=8), "8 min ago"),
        (timedelta(hours=2), "2 h ago"),
        (timedelta(hours=16, minutes=10), "yesterday, 16:20"),
        (timedelta(days=3), "3 days ago"),
        (timedelta(days=8), "16 Nov"),
        (timedelta(days=400), "20 Oct 2025"),
        (-timedelta(days=2), "26 Nov"),
    ],
)
def test_times_are_relative_within_a_week(before, words):
    with time_machine.travel(NOW, tick=False):
        html = draw("{% ago at %}", at=NOW - before)
    assert f">{words}</time>" in html
    assert (NOW - before).isoformat() in html


def test_an_exact_time_names_the_zone_on_hover():
    with time_machine.travel(NOW, tick=False):
        assert draw("{% exact at %}", at=NOW) == (
            '<time datetime="2026-11-24T08:30:00+00:00" title="24 Nov 2026, 08:30 UTC">24 Nov, 08:30</time>'
        )
    assert draw("{% ago at %}{% exact at %}", at=None) == ""


def test_a_long_hash_is_shown_short_and_copied_whole():
    sha = "9f2c" + "0" * 54 + "41ab7e"
    html = draw("{% copy sha short=True %}", sha=sha)
    assert ">9f2c…41ab7e</code>" in html
    assert f'data-copy="{sha}"' in html


def test_an_icon_of_an_application_falls_back_to_its_letter():
    html = draw("{% app_icon thing 24 %}", thing=HostApplication(name="Harbour Super App"))
    assert ">H</span>" in html
    assert html == draw("{% app_icon thing 24 %}", thing=HostApplication(name="Harbour Super App"))


def test_the_state_on_an_icon_is_also_words():
    html = draw('{% app_icon thing 24 state="overdue" %}', thing=HostApplication(name="Metro Wallet"))
    assert 'title="Metro Wallet: Overdue"' in html
    assert '<span class="visually-hidden">Metro Wallet: Overdue</span>' in html


def test_an_avatar_shows_two_letters():
    assert ">ML</span>" in draw("{% avatar person %}", person=User(name="Mira Lund"))


def test_a_label_that_ends_in_dots_opens_a_dialog():
    assert "data-dialog" in draw('{% action "Publish 2.5.0…" "/x/" %}')
    assert "data-dialog" not in draw('{% action "Report" "/x/" %}')


def test_a_tag_takes_a_literal_to_translate():
    """With the dots at its end, as a keyword, in a reason, and once for each reader."""
    source = """{% actions %}{% action _("Publish…") "/x/" %}{% action _("Sandbox") reason=_("Nothing to show") %}
    {% action _("Log") reason=_("Nothing to show") %}{% endactions %}{% status "failed" _("Not working") %}
    {% empty_state "apps" _("No mini programs yet") label=_("Create mini program") url="/new/" %}"""
    for language in ("en", "zh-hans"):
        with override(language):
            html = draw(source)
            words = ["Publish…", "Nothing to show", "Not working", "No mini programs yet", "Create mini program"]
            assert [html.count(f"{gettext(word)}<") for word in words] == [1] * len(words)
            assert html.count("data-dialog") == 1
    assert "Not working" not in html


def test_an_action_at_once_is_a_form_with_a_token():
    html = draw('{% action "Mark all read" "/x/" post=True %}')
    assert '<form method="post" action="/x/"' in html
    assert 'name="csrfmiddlewaretoken"' in html


def test_an_impossible_action_says_why_once():
    html = draw(
        '{% actions %}{% action "Roll back…" "/x/" reason=why %}{% action "Offline" "/y/" reason=why %}'
        '{% action "Report" "/z/" %}{% endactions %}',
        why="Both need an online version.",
    )
    assert html.count('aria-disabled="true" aria-describedby="reason-1"') == 2
    assert html.count("Both need an online version.") == 1
    assert 'id="reason-1"' in html
    assert "/x/" not in html


def test_two_groups_have_reasons_of_their_own():
    one = '{% actions %}{% action "A" reason="Because" %}{% endactions %}'
    html = draw(one + one + '{% action "A" reason="Because" %}')
    assert [html.count(f'id="reason-{number}"') for number in (1, 2, 3)] == [1, 1, 1]


class Filters(ListFilter):
    tab_name = "active"
    tabs = {"": ("All", Q()), "yes": ("On", Q(is_active=True)), "no": ("Off", Q(is_active=False))}
    q = SearchFilter("Name", field_name="name", lookup_expr="icontains")


def draw_bar(query):
    return squeeze(draw("{% filter_bar filter %}", query, filter=Filters(QueryDict(query[1:]), User.objects.all())))


def test_the_filter_bar_mirrors_the_url_and_keeps_the_rest(db):
    html = draw_bar("?q=bus&active=yes&page=3")
    assert 'method="get"' in html
    assert 'value="bus"' in html
    assert '<input type="hidden" name="active" value="yes">' in html
    assert 'name="page"' not in html


def test_a_filter_and_a_tab_begin_at_the_newest_entry_again(db):
    html = draw_bar("?q=bus&before=123")
    assert 'value="bus"' in html
    assert 'name="before"' not in html
    assert "before=" not in html


def test_tabs_set_one_value_and_keep_the_others(db):
    make_user("Bus driver"), make_user("Bus owner", is_active=False), make_user("Other")
    html = squeeze(draw_bar("?q=bus&active=yes&page=3"))
    assert '<a href="?q=bus" >All <span class="segment-count">2</span></a>' in html
    assert '<a href="?q=bus&amp;active=yes" class="active" aria-current="true" >On' in html
    assert '<a href="?q=bus&amp;active=no" >Off <span class="segment-count">1</span></a>' in html


def test_an_unknown_tab_shows_the_first(db):
    assert 'class="active" aria-current="true" >All' in squeeze(draw_bar("?active=x"))


class Sorted(Filters):
    sort = SortFilter({"joined": ("Joined", ("date_joined",)), "name": ("Name", ("name",))}, down=True)


def draw_head(query, name="name"):
    filters = Sorted(QueryDict(query[1:]), User.objects.all())
    return draw(f'{{% sort_th "{name}" "Name" %}}', query, filter=filters)


def test_a_table_head_sorts_both_ways():
    assert 'aria-sort="none"><a class="sort-link" href="?q=1&amp;sort=name">' in draw_head("?q=1")
    assert 'aria-sort="ascending"><a class="sort-link" href="?sort=-name">' in draw_head("?sort=name")
    assert 'aria-sort="descending"><a class="sort-link" href="?sort=name">' in draw_head("?sort=-name")


def test_the_head_of_the_lists_own_order_says_so():
    assert 'aria-sort="descending"' in draw_head("", "joined")
    assert 'aria-sort="descending"' in draw_head("?sort=nonsense", "joined")


def test_a_head_that_the_list_does_not_sort_by_is_a_plain_one():
    assert draw('{% sort_th "name" "Name" %}') == draw_head("", "rank") == '<th scope="col" class="">Name</th>'


def test_the_pager_keeps_the_filters():
    pages = Paginator(range(60), 25)
    html = draw('{% pager page "60 things" %}', "?team=3&page=2", page=pages.page(2))
    assert "60 things" in html
    assert 'rel="prev" href="?team=3&amp;page=1"' in html
    assert 'rel="next" href="?team=3&amp;page=3"' in html


def test_the_pager_has_nothing_to_turn_on_a_single_page():
    html = draw('{% pager page "3 things" %}', page=Paginator(range(3), 25).page(1))
    assert "3 things" in html
    assert "<nav" not in html


def test_the_pager_of_an_empty_list_is_left_out():
    assert draw('{% pager page "0 things" %}', page=Paginator([], 25).page(1)) == ""


def test_an_empty_state_says_what_to_do():
    html = draw('{% empty_state "apps" "No mini programs yet" "Create the first." url="/new/" label="Create" %}')
    for part in ("No mini programs yet", "Create the first.", 'href="/new/"', "Create</a>"):
        assert part in html


def test_an_event_shows_what_and_when():
    with time_machine.travel(NOW, tick=False):
        html = draw('{% event "rocket" "green" at %}<b>2.4.0</b> published{% endevent %}', at=NOW)
    assert "event-green" in html
    assert "<b>2.4.0</b> published" in html
    assert "just now" in html


def test_below_a_day_an_event_has_its_time():
    assert re.search(
        r'title="[^"]+">\d\d:\d\d</time>', draw('{% event "rocket" at=at clock=True %}x{% endevent %}', at=NOW)
    )


def test_words_that_say_how_long_keep_the_exact_time():
    assert re.search(
        r'title="[^"]+" data-words>waiting 2 h</time>', draw("{% timed at %}waiting 2 h{% endtimed %}", at=NOW)
    )


def test_what_a_link_names_can_be_copied_too():
    html = draw("{% copy_button value quiet=True %}", value='a"b')
    assert 'class="btn-copy btn-copy-quiet" data-copy="a&quot;b"' in html
    assert 'aria-label="Copy a&quot;b"' in html


def test_a_file_is_no_page_to_wait_for():
    assert "data-file" in draw('{% action "Package" "/p/" icon="download" file=True %}')
    assert "data-file" not in draw('{% action "Configuration file" "/p/" icon="download" %}')
