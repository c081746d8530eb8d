"""Which place a GUID got by one host app: another one may ask for less proof (R-9)."""

from django.db import migrations

# By the primary key, whatever the planner knows of the table, and with as short a wait as grayscale_look has.
KEPT = """
CREATE FUNCTION grayscale_kept(the_guid text, tasks bigint[], application bigint)
RETURNS bigint LANGUAGE plpgsql STABLE SET enable_seqscan = off SET lock_timeout = '500ms' AS $$
BEGIN
    FOR i IN 1 .. cardinality(tasks) LOOP
        PERFORM FROM grayscale_claim WHERE task_id = tasks[i] AND guid = the_guid AND application_id = application;
        IF FOUND THEN
            RETURN tasks[i];
        END IF;
    END LOOP;
    RETURN NULL;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("grayscale", "0009_words")]

    operations = [migrations.RunSQL(sql=KEPT, reverse_sql="DROP FUNCTION grayscale_kept")]
