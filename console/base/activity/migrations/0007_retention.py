"""Lets retention delete old entries, and keeps what its runs did.

The activity log has a trigger function of its own from here on: a row may be deleted that is older than a year by the
database's clock, in a transaction that says so. Nothing is ever changed, and the other append-only tables stay as they
are.
"""

from django.db import migrations, models

FUNCTION = """
CREATE FUNCTION activity_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND current_setting('console.retention', true) = 'on'
        AND OLD.at < statement_timestamp() - interval '365 days'
    THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'table % is append-only', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
END $$;
"""
TRIGGER = """
CREATE OR REPLACE TRIGGER activity_activityentry_append_only BEFORE UPDATE OR DELETE ON activity_activityentry
    FOR EACH ROW EXECUTE FUNCTION {function}();
"""


class Migration(migrations.Migration):
    dependencies = [("activity", "0006_review_and_privacy_verbs")]

    operations = [
        migrations.CreateModel(
            name="RetentionRun",
            fields=[
                ("name", models.CharField(max_length=20, primary_key=True, serialize=False)),
                ("ran_at", models.DateTimeField(null=True)),
                ("deleted_last", models.BigIntegerField(db_default=0)),
                ("deleted_total", models.BigIntegerField(db_default=0)),
                ("behind", models.BooleanField(db_default=False, help_text="there was too little time, or it failed")),
                ("oldest", models.DateTimeField(null=True, help_text="when the oldest row was written that is left")),
            ],
        ),
        migrations.RunSQL(
            sql=FUNCTION + TRIGGER.format(function="activity_append_only"),
            reverse_sql=TRIGGER.format(function="console_append_only") + "DROP FUNCTION activity_append_only();",
        ),
    ]
