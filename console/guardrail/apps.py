from django.apps import AppConfig


class GuardrailConfig(AppConfig):
    """Where grayscale tasks meet device reports and logs: suspends a task whose version does harm (G-13)."""

    name = "console.guardrail"
    label = "guardrail"
