"""How a GUID gets a place in a task: one function, so that one round trip does it, and whole or not at all (G-5)."""

from django.db import migrations

# Storage: each shard on a page of its own, so that claims of different shards don't wait for one page either.
SHARDS = "ALTER TABLE grayscale_claimshard SET (fillfactor = 10, autovacuum_vacuum_scale_factor = 0)"

# Who has a place is found by the primary key, without any lock. A new place is the claim's row first, so that of two
# requests of one GUID the second waits for the first; then a place in a shard, beginning anywhere. Only an UPDATE that
# waits for those before it knows for certain that a shard is full.
TAKE = """
CREATE FUNCTION grayscale_take(
    the_guid text, tasks bigint[], may_claim boolean[], the_application bigint,
    the_app_version text, the_platform text, the_os_version text, the_network text
) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    one bigint;
    first integer;
BEGIN
    FOR i IN 1 .. cardinality(tasks) LOOP
        one := tasks[i];
        PERFORM FROM grayscale_claim WHERE task_id = one AND guid = the_guid;
        IF FOUND THEN
            RETURN one;
        END IF;
        CONTINUE WHEN NOT may_claim[i];
        PERFORM FROM grayscale_claimshard WHERE task_id = one AND open AND taken < capacity;
        CONTINUE WHEN NOT FOUND;
        INSERT INTO grayscale_claim
            (task_id, guid, claimed_at, application_id, app_version, platform, os_version, network)
            VALUES (one, the_guid, clock_timestamp(), the_application, the_app_version, the_platform, the_os_version,
                    the_network)
            ON CONFLICT DO NOTHING;
        IF NOT FOUND THEN
            RETURN one;
        END IF;
        first := floor(random() * 16);
        FOR k IN 0 .. 15 LOOP
            UPDATE grayscale_claimshard SET taken = taken + 1
                WHERE task_id = one AND shard = (first + k) % 16 AND open AND taken < capacity;
            IF FOUND THEN
                RETURN one;
            END IF;
        END LOOP;
        DELETE FROM grayscale_claim WHERE task_id = one AND guid = the_guid;
    END LOOP;
    RETURN NULL;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("grayscale", "0001_initial")]

    operations = [
        migrations.RunSQL(sql=SHARDS, reverse_sql="ALTER TABLE grayscale_claimshard RESET (fillfactor)"),
        migrations.RunSQL(sql=TAKE, reverse_sql="DROP FUNCTION grayscale_take"),
    ]
