"""What devices ask."""

from django.urls import path

from console.api.device import views

app_name = "device"
urlpatterns = [
    path("update", views.update, name="update"),
    path("reports", views.reports, name="reports"),
    path("packages/<str:name>", views.package, name="package"),
    path("logs", views.logs, name="logs"),
    path("policy", views.policy, name="policy"),
    path("privacy", views.privacy, name="privacy"),
    path("consents", views.consents, name="consents"),
    path("consent-settings", views.consent_settings, name="consent_settings"),
    path("login-codes", views.login_codes, name="login_codes"),
    path("proofs", views.proofs, name="proofs"),
    path("openapi.json", views.openapi, name="openapi"),
]
