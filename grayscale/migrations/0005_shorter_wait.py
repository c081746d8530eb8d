"""Half a second instead of three: a task that somebody has locked keeps those of the others waiting no longer."""

from django.db import migrations

WAIT = "ALTER FUNCTION {name} SET lock_timeout = '{wait}'"


def waiting(wait: str) -> str:
    """Return the statements that let both functions wait so long for a lock."""
    return ";".join(WAIT.format(name=name, wait=wait) for name in ("grayscale_look", "grayscale_take"))


class Migration(migrations.Migration):
    dependencies = [("grayscale", "0004_guardrail")]

    operations = [migrations.RunSQL(waiting("500ms"), waiting("3s"))]
