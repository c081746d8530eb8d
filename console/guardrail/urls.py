"""The guardrail's preview, shown on the form of a grayscale task."""

from django.urls import path

from console.guardrail import views

app_name = "guardrail"
urlpatterns = [
    path("miniprograms/<slug:app_id>/grayscale/guardrail/", views.preview, name="preview"),
]
