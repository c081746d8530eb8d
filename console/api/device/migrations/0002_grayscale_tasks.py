"""Triggers that note each change of what decides about grayscale tasks, for the same feed as those of 0001.

Nothing on claims and shards, which change at every new user, nor on the name and the limit of a task, which no answer
depends on: a full task's shards refuse by themselves.
"""

from django.db import migrations

TASK = ["mini_program_id", "version_id", "starts_at", "ends_at", "networks", "state", "keeps", "created_at"]
CONDITIONS = ["grayscale_applicationcondition", "grayscale_platformcondition"]
ROWS = "CREATE TRIGGER {table}_device_rows AFTER INSERT OR DELETE ON {table} FOR EACH ROW {call};"
CHANGES = "CREATE TRIGGER {table}_device_changes AFTER UPDATE ON {table} FOR EACH ROW {when} {call};"
ALL = "CREATE TRIGGER {table}_device_all AFTER TRUNCATE ON {table} FOR EACH STATEMENT {call};"
# A condition knows its task only. When the task is gone, its own trigger has noted the program.
FUNCTION = """
CREATE FUNCTION device_note_condition() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        INSERT INTO device_change DEFAULT VALUES;
    ELSIF TG_OP = 'INSERT' THEN
        INSERT INTO device_change (mini_program_id)
            SELECT mini_program_id FROM grayscale_grayscaletask WHERE id = NEW.task_id;
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO device_change (mini_program_id)
            SELECT mini_program_id FROM grayscale_grayscaletask WHERE id = OLD.task_id;
    ELSE
        INSERT INTO device_change (mini_program_id)
            SELECT DISTINCT mini_program_id FROM grayscale_grayscaletask WHERE id IN (OLD.task_id, NEW.task_id);
    END IF;
    RETURN NULL;
END $$;
"""
NOTE_PROGRAM = "EXECUTE FUNCTION device_note_change('mini_program_id', 'mini_program_id')"
NOTE_CONDITION = "EXECUTE FUNCTION device_note_condition()"
# Drafts belong to no task and reach no device. A list that is in a task does not change: it is added or removed.
LISTS = f"""
CREATE TRIGGER grayscale_objectlist_device_added AFTER INSERT ON grayscale_objectlist
    FOR EACH ROW WHEN (NEW.task_id IS NOT NULL) {NOTE_PROGRAM};
CREATE TRIGGER grayscale_objectlist_device_removed AFTER DELETE ON grayscale_objectlist
    FOR EACH ROW WHEN (OLD.task_id IS NOT NULL) {NOTE_PROGRAM};
CREATE TRIGGER grayscale_objectlist_device_changes AFTER UPDATE OF task_id ON grayscale_objectlist
    FOR EACH ROW WHEN (OLD.task_id IS DISTINCT FROM NEW.task_id) {NOTE_PROGRAM};
CREATE TRIGGER grayscale_objectlist_device_all AFTER TRUNCATE ON grayscale_objectlist
    FOR EACH STATEMENT {NOTE_PROGRAM};
"""
NO_LISTS = "".join(
    f"DROP TRIGGER grayscale_objectlist_device_{name} ON grayscale_objectlist;"
    for name in ("added", "removed", "changes", "all")
)


def watch(table: str, call: str, columns: list[str]) -> migrations.RunSQL:
    """Return the operation that puts the triggers on one table."""
    when = f"WHEN ({' OR '.join(f'OLD.{column} IS DISTINCT FROM NEW.{column}' for column in columns)})" if columns else ""
    return migrations.RunSQL(
        sql="".join(one.format(table=table, call=call, when=when) for one in (ROWS, CHANGES, ALL)),
        reverse_sql="".join(
            f"DROP TRIGGER {table}_device_{name} ON {table};" for name in ("rows", "changes", "all")
        ),
    )


class Migration(migrations.Migration):
    dependencies = [("device", "0001_initial"), ("grayscale", "0002_claims")]

    operations = [
        migrations.RunSQL(sql=FUNCTION, reverse_sql="DROP FUNCTION device_note_condition"),
        watch("grayscale_grayscaletask", NOTE_PROGRAM, TASK),
        *(watch(table, NOTE_CONDITION, []) for table in CONDITIONS),
        migrations.RunSQL(sql=LISTS, reverse_sql=NO_LISTS),
    ]
