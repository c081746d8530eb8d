"""Triggers on trial versions and signing keys, for the same feed as those of 0001."""

from importlib import import_module

from django.db import migrations

watch = import_module("console.api.device.migrations.0001_initial").watch

TRIAL = ["mini_program_id", "version_id", "page", "query", "token"]
SIGNING_KEY = ["application_id", "key_id", "sealed", "retired_at"]


class Migration(migrations.Migration):
    dependencies = [
        ("device", "0002_grayscale_tasks"),
        ("hosts", "0005_signing_keys"),
        ("releases", "0003_trial_version"),
    ]

    operations = [
        watch("releases_trialversion", "mini_program_id", "mini_program_id", TRIAL),
        watch("hosts_signingkey", "application_id", "application_id", SIGNING_KEY),
    ]
