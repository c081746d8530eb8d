"""Gives every application that there is its first signing key."""

import base64
import hashlib

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.db import migrations
from django.utils import timezone

from console.base.core.sealing import seal


def make_keys(apps, schema_editor):
    """As `console.base.hosts.signing.make_signing_key` did when this was written."""
    SigningKey = apps.get_model("hosts", "SigningKey")
    for application in apps.get_model("hosts", "HostApplication").objects.filter(signing_keys=None):
        private = Ed25519PrivateKey.generate()
        public = private.public_key().public_bytes_raw()
        SigningKey.objects.create(
            application=application,
            key_id=hashlib.sha256(public).hexdigest()[:16],
            public_key=base64.b64encode(public).decode(),
            sealed=seal(base64.b64encode(private.private_bytes_raw()).decode()),
            created_at=timezone.now(),
        )


class Migration(migrations.Migration):
    dependencies = [("hosts", "0005_signing_keys")]

    operations = [migrations.RunPython(make_keys, migrations.RunPython.noop)]
