"""Temporary: pictures."""
import os, io
from datetime import timedelta
import pytest
from django.utils import timezone
from django.core.files.base import ContentFile
from console.hosts import actions as hosts
from console.accounts.permissions import ApplicationRole
from miniprograms import actions as mp
from releases import actions
from releases.models import ReviewDecision, Version
from tests import factories
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"

@pytest.mark.django_db(transaction=True)
def test_looks(live_server):
    from playwright.sync_api import sync_playwright
    team = factories.make_team(name="Metro Group")
    ada = factories.make_user("Sara Novak"); factories.join(team, ada, "admin")
    app = hosts.create_application(team=team, by=ada, name="Metro Wallet", description="The wallet of the metro.\n\nTakes mini programs about transport.", listed=True)
    for n in ("Jun Park", "Mira Lind", "Lena Fischer"):
        u = factories.make_user(n); factories.join(team, u, "viewer")
        hosts.add_person(app, user=u, role="reviewer", by=ada)
    factories.join(team, factories.make_user("Tom Berg"), "developer")
    hosts.add_key(app, by=ada)
    hosts.revoke_key(app.keys.last(), by=ada, reason="Old build")
    other = factories.make_application(name="Harbour Super App")
    hm = factories.make_team(name="Harbour Mobility")
    tomas = factories.make_user("Tomas R."); factories.join(hm, tomas, "developer")
    lic = factories.make_user("Mira L."); factories.join(hm, lic, "license_holder")
    jun = app.people.select_related("user")[1].user
    progs = []
    for n in ("City Bus", "Tax Helper", "Island Ferry", "Flower Market"):
        p = factories.make_program(hm, n, created_by=lic, icon="")
        progs.append(p)
        factories.make_binding(p, app, decided_by=jun)
    bus = progs[0]
    factories.make_binding(bus, other, decided_by=factories.make_reviewer(other))
    factories.make_online(bus, "2.4.0")
    v = factories.make_version(bus, "2.6.0", by=tomas, **{"app.js": "App({next: 1})\n", "pages/stop/nearby.js": "x", "pages/stop/nearby.wxml": "y", "readme.pdf": "%PDF", "services/map.js": "module.exports = 1"})
    audit = actions.submit(v, by=tomas)
    audit = type(audit).objects.get(pk=audit.pk)
    d2 = audit.decisions.select_related("application","audit__version__mini_program").get(application=other)
    actions.decide(d2, approve=True, by=factories.make_reviewer(other))
    d = audit.decisions.get(application=app)
    ReviewDecision.objects.filter(pk=d.pk).update(requested_at=timezone.now()-timedelta(hours=52, minutes=3))
    factories.make_audit(progs[1], "1.13.0", by=tomas)
    b = factories.make_binding(factories.make_program(hm, "Library Card", created_by=lic, icon="", introduction="Borrow and return.", description="Find books.\n\nShow the card."), app, state="waiting", reason="Our readers pay with Metro Wallet.", requested_at=timezone.now()-timedelta(hours=3), requested_by=tomas)
    own = factories.make_binding(factories.make_program(hm, "Own", created_by=lic, icon=""), app, state="waiting", requested_by=ada)
    a = app.application_id
    pages = {
        "apps": "/apps/", "app": f"/apps/{a}/", "app-edit": f"/apps/{a}/edit/", "app-new": "/apps/new/", "app-activity": f"/apps/{a}/activity/", "app-config": f"/apps/{a}/configuration/",
        "programs": f"/apps/{a}/programs/", "inbox": "/reviews/", "inbox-all": "/reviews/?show=all", "audit": f"/reviews/audits/{d.pk}/", "audit-first": f"/reviews/audits/{ReviewDecision.objects.get(audit__mini_program=progs[1]).pk}/", "binding": f"/reviews/bindings/{b.pk}/", "own": f"/reviews/bindings/{own.pk}/",
    }
    out = "/tmp/looks"; os.makedirs(out, exist_ok=True)
    only = os.environ.get("ONLY", "").split()
    with sync_playwright() as pw:
        br = pw.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        for scheme, width in (("light", 1440), ("dark", 1440), ("light", 390)):
            ctx = br.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
            pg = ctx.new_page()
            errs = []
            pg.on("console", lambda m: errs.append(m.text) if m.type in ("error","warning") else None)
            def login(user):
                pg.goto(live_server.url + "/account/sign-in/")
                pg.fill("input[name=login]", user.email); pg.fill("input[name=password]", factories.PASSWORD)
                pg.click("button[type=submit], form .btn-primary")
                pg.wait_for_load_state()
            login(ada)
            for name, url in pages.items():
                if only and name not in only: continue
                pg.goto(live_server.url + url); pg.wait_for_load_state("networkidle")
                pg.screenshot(path=f"{out}/{name}-{scheme}-{width}.png", full_page=True)
                w = pg.evaluate("document.documentElement.scrollWidth")
                if w > width: print("WIDE", name, width, w)
            if width == 1440 and not only:
                pg.goto(live_server.url + pages["app"])
                pg.click("text=Add person…"); pg.wait_for_timeout(700)
                pg.screenshot(path=f"{out}/dialog-add-{scheme}.png")
                pg.goto(live_server.url + pages["programs"])
                pg.click("tbody .dropdown button >> nth=0"); pg.wait_for_timeout(300)
                pg.screenshot(path=f"{out}/menu-{scheme}.png")
                pg.click("text=Remove…"); pg.wait_for_timeout(700)
                pg.screenshot(path=f"{out}/dialog-remove-{scheme}.png")
                pg.goto(live_server.url + pages["audit"])
                pg.click("text=Reject"); pg.wait_for_load_state("networkidle")
                pg.screenshot(path=f"{out}/audit-reject-{scheme}.png")
            print(scheme, width, set(errs))
            ctx.close()
        ctx = br.new_context(viewport={"width": 1440, "height": 900}); pg = ctx.new_page()
        login(jun)
        for name in ("app", "programs", "apps"):
            pg.goto(live_server.url + pages[name]); pg.wait_for_load_state("networkidle")
            if name != "apps":
                pg.click("tbody .dropdown button >> nth=0"); pg.wait_for_timeout(300)
            pg.screenshot(path=f"{out}/jun-{name}.png", full_page=True)
        br.close()
