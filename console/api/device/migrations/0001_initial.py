"""Triggers that note each change of what the update check's snapshot is made of; read by `console.api.device.changes`.

Plain tables without models: no form, page or cascade has any business here.
"""

from django.db import migrations

TABLES = """
CREATE TABLE device_change (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    mini_program_id bigint,
    application_id bigint  -- both NULL: everything
);
CREATE INDEX device_change_xid ON device_change (xid);
CREATE TABLE device_horizon (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    pruned xid8 NOT NULL,  -- changes below are deleted
    next xid8 NOT NULL     -- and below this by the next sweep
);
INSERT INTO device_horizon (pruned, next) SELECT xmin, xmin FROM pg_snapshot_xmin(pg_current_snapshot()) AS xmin;
"""
# Arguments: the column to write, and the changed row's column to take it from.
FUNCTION = """
CREATE FUNCTION device_note_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        INSERT INTO device_change DEFAULT VALUES;
    ELSIF TG_OP = 'INSERT' THEN
        EXECUTE format('INSERT INTO device_change (%I) SELECT ($1).%I', TG_ARGV[0], TG_ARGV[1]) USING NEW;
    ELSIF TG_OP = 'DELETE' THEN
        EXECUTE format('INSERT INTO device_change (%I) SELECT ($1).%I', TG_ARGV[0], TG_ARGV[1]) USING OLD;
    ELSE
        EXECUTE format('INSERT INTO device_change (%I) SELECT ($1).%I UNION SELECT ($2).%I',
                       TG_ARGV[0], TG_ARGV[1], TG_ARGV[1]) USING OLD, NEW;
    END IF;
    RETURN NULL;
END $$;
"""
WATCHED = [
    # table, column to write, column to take it from, columns whose change matters
    ("miniprograms_miniprogram", "mini_program_id", "id", ["app_id", "shelf"]),
    ("miniprograms_binding", "mini_program_id", "mini_program_id", ["mini_program_id", "application_id", "state"]),
    ("releases_version", "mini_program_id", "mini_program_id", ["mini_program_id", "package_id", "state"]),
    ("hosts_hostapplication", "application_id", "id", ["application_id"]),
    ("hosts_applicationkey", "application_id", "application_id", ["application_id", "key", "revoked_at"]),
]


def watch(table: str, target: str, origin: str, columns: list[str]) -> migrations.RunSQL:
    """Return the operation that puts the triggers on one table."""
    call = f"EXECUTE FUNCTION device_note_change('{target}', '{origin}')"
    changed = " OR ".join(f"OLD.{column} IS DISTINCT FROM NEW.{column}" for column in columns)
    return migrations.RunSQL(
        sql=f"""
        CREATE TRIGGER {table}_device_rows AFTER INSERT OR DELETE ON {table} FOR EACH ROW {call};
        CREATE TRIGGER {table}_device_changes AFTER UPDATE ON {table} FOR EACH ROW WHEN ({changed}) {call};
        CREATE TRIGGER {table}_device_all AFTER TRUNCATE ON {table} FOR EACH STATEMENT {call};
        """,
        reverse_sql=f"""
        DROP TRIGGER {table}_device_rows ON {table};
        DROP TRIGGER {table}_device_changes ON {table};
        DROP TRIGGER {table}_device_all ON {table};
        """,
    )


class Migration(migrations.Migration):
    dependencies = [
        ("hosts", "0001_initial"),
        ("miniprograms", "0001_initial"),
        ("releases", "0001_initial"),
    ]

    operations = [
        migrations.RunSQL(sql=TABLES, reverse_sql="DROP TABLE device_change, device_horizon"),
        migrations.RunSQL(sql=FUNCTION, reverse_sql="DROP FUNCTION device_note_change"),
        *(watch(*table) for table in WATCHED),
    ]
