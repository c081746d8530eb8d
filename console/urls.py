"""Every URL of the console."""

from allauth.account import views as account
from allauth.mfa.webauthn import views as webauthn
from django.contrib import admin
from django.urls import include, path, re_path

from console import views
from console.api.hooks import urls as hooks
from console.api.manage import operations as manage
from console.api.manage import urls as automation
from console.api.tcsas import views as tcsas
from console.base.accounts import urls as accounts
from console.base.accounts.views import identity, security
from console.base.accounts.views.identity import with_password
from console.base.hosts import urls as hosts
from console.local import views as local
from console.platform import urls as platform
from console.reviews import urls as reviews
from messaging import urls as messaging
from miniprograms import urls as miniprograms

# Sign-up is closed and the e-mail address is an operator's matter: only these pages of allauth are reachable.
account_urls = [
    path("sign-in/", with_password(account.login), name="account_login"),
    path("sign-out/", account.logout, name="account_logout"),
    path("sign-up/", account.signup, name="account_signup"),
    path("inactive/", account.account_inactive, name="account_inactive"),
    path("confirm/", account.reauthenticate, name="account_reauthenticate"),
    path("password/change/", with_password(account.password_change), name="account_change_password"),
    path("password/set/", with_password(account.password_set, proof=True), name="account_set_password"),
    path("password/reset/", with_password(account.password_reset), name="account_reset_password"),
    path("password/reset/sent/", with_password(account.password_reset_done), name="account_reset_password_done"),
    path(
        "password/reset/done/",
        with_password(account.password_reset_from_key_done),
        name="account_reset_password_from_key_done",
    ),
    re_path(
        r"^password/reset/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        with_password(account.password_reset_from_key),
        name="account_reset_password_from_key",
    ),
    # Identity providers (P-10), and the way in while they are away.
    path("provider/<slug:name>/", identity.sign_in, name="identity_sign_in"),
    path("provider/<slug:name>/link/", identity.link, name="identity_link"),
    path("provider/<slug:name>/confirm/", identity.confirm, name="identity_confirm"),
    path("provider/<slug:name>/callback/", identity.callback, name="identity_callback"),
    path("confirm/again/", identity.sign_in_again, name="sign_in_again"),
    path("one-time/<str:token>/", identity.one_time, name="one_time_link"),
    path("security/identities/<int:identity_id>/unlink/", identity.unlink, name="unlink_identity"),
    # The page of ours, and what is asked there; allauth's own pages of factors are below.
    path("security/", security.index, name="mfa_index"),
    path("security/log/", security.log, name="security_log"),
    path("security/sessions/end/", security.end_others, name="end_other_sessions"),
    path("security/sessions/<int:session_id>/end/", security.end_session, name="end_session"),
    path("security/sign-ins/<int:entry_id>/mine/", security.mine, name="sign_in_mine"),
    path("security/sign-ins/<int:entry_id>/not-mine/", security.not_mine, name="sign_in_not_mine"),
    path("security/address/<str:token>/", security.address, name="take_address"),
    path("security/recovery-codes/", security.recovery_codes, name="mfa_view_recovery_codes"),
    path("security/webauthn/", security.index, name="mfa_list_webauthn"),
    path("security/webauthn/login/", with_password(webauthn.login_webauthn), name="mfa_login_webauthn"),
    path("security/", include("allauth.mfa.urls")),
]

# The pages of an application, each from the app that knows what is on it.
application_urls = [
    *hosts.urlpatterns,
    *reviews.application_urlpatterns,
    *messaging.application_urlpatterns,
    *hooks.application_urlpatterns,
]
# The operators' pages, each from the app whose rows it is about.
platform_urls = [
    *platform.urlpatterns,
    *accounts.platform_urlpatterns,
    *miniprograms.platform_urlpatterns,
    *messaging.platform_urlpatterns,
    *reviews.platform_urlpatterns,
]

urlpatterns = [
    path("", tcsas.beside(views.home), name="home"),
    path("first-run/", views.first_run, name="first_run"),
    path("search/", views.search, name="search"),
    path("session/", views.session, name="session"),
    path("shortcuts/", views.shortcuts, name="shortcuts"),
    path("activity/", views.activity, name="activity"),
    path("notifications/", views.notifications, name="notifications"),
    path("notifications/choices/", views.notification_choices, name="notification_choices"),
    path("notifications/read/", views.notifications_read, name="notifications_read"),
    path("notifications/unread/", views.notifications_unread, name="notifications_unread"),
    path("language/", views.language, name="language"),
    path("switch/<slug:kind>/", views.switch, name="switch"),
    re_path(r"^media/icons/(?P<name>[0-9a-f]{32}\.webp)$", views.icon_file, name="icon_file"),
    path("miniprograms/", include("miniprograms.urls")),
    path("", include("releases.urls")),
    path("", include("releases.offline.urls")),
    path("", include("miniprograms.privacy.urls")),
    path("", include("grayscale.urls")),
    path("", include("devmgmt.urls")),
    path("", include("devmgmt.keys.urls")),
    path("", include("messaging.urls")),
    path("apps/", include((application_urls, hosts.app_name))),
    path("reviews/", include("console.reviews.urls")),
    path("teams/", include("console.base.accounts.urls")),
    path("automation/", include("console.api.manage.urls")),
    path("automation/", include("console.api.hooks.urls")),
    path("api/v1/device/", include(automation.login_urlpatterns)),
    path("api/v1/", manage.urls()),
    path("api/sdk/<str:token>/", tcsas.offline_package, name="sdk_file"),
    path("runtime/v1/", include("console.api.device.urls")),
    path("", include("console.api.server.urls")),
    path("platform/", include((platform_urls, platform.app_name))),
    path("account/", include(account_urls)),
    path("admin/", admin.site.urls),
    path("dev/mailbox/", local.mails, name="mailbox"),
    path("dev/mailbox/<slug:mail_id>/", local.mail, name="mailbox_mail"),
]

handler403 = views.forbidden
handler404 = views.not_found
handler500 = views.failed
