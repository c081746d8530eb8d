"""How a GUID gets a place in a task: one function, so that one round trip does it, and whole or not at all (G-5)."""

from django.db import migrations

# Storage: nine tenths of a page are left to new versions of its rows, so that a claim writes no index, and what is
# dead is swept up by the next claim.
SHARDS = "ALTER TABLE grayscale_claimshard SET (fillfactor = 10, autovacuum_vacuum_scale_factor = 0)"

# Who has a place is found by the primary key, without any lock. A new place is the claim's row first, so that of two
# requests of one GUID the second waits for the first; then one of a shard that has free ones, any of them.
#
# A shard is only known to be full by an UPDATE that has waited for those before it. When it was in vain, all shards are
# looked at again at one moment: only that look can say that the task is full, as an edit moves places between shards.
#
# An UPDATE in vain keeps the shard's lock for the rest of its transaction, and two that then wait for each other's
# shard would never end. Hence the inner block: going back to its beginning gives up the lock and the claim's row. So
# nobody who waits for a shard holds another one, and neither claims nor the verbs can meet in a deadlock.
#
# enable_seqscan: plans are kept as long as the connection, also those made while the tables were empty. lock_timeout:
# better no answer than all of a server's threads waiting for one forgotten transaction. synchronous_commit: what a
# device was given must survive a crash, whatever the database does elsewhere.
TAKE = """
CREATE FUNCTION grayscale_take(
    the_guid text, tasks bigint[], may_claim boolean[], the_application bigint,
    the_app_version text, the_platform text, the_os_version text, the_network text
) RETURNS bigint LANGUAGE plpgsql SET enable_seqscan = off SET lock_timeout = '3s' AS $$
DECLARE
    one bigint;
    free smallint[];
    picked smallint;
BEGIN
    FOR i IN 1 .. cardinality(tasks) LOOP
        one := tasks[i];
        PERFORM FROM grayscale_claim WHERE task_id = one AND guid = the_guid;
        IF FOUND THEN
            RETURN one;
        END IF;
        CONTINUE WHEN NOT may_claim[i];
        LOOP
            free := ARRAY(SELECT shard FROM grayscale_claimshard WHERE task_id = one AND open AND taken < capacity);
            EXIT WHEN cardinality(free) = 0;
            picked := free[1 + floor(random() * cardinality(free))];
            IF current_setting('synchronous_commit') = 'off' THEN
                SET LOCAL synchronous_commit = on;
            END IF;
            BEGIN
                INSERT INTO grayscale_claim
                    (task_id, guid, claimed_at, application_id, app_version, platform, os_version, network)
                    VALUES (one, the_guid, clock_timestamp(), the_application, the_app_version, the_platform,
                            the_os_version, the_network)
                    ON CONFLICT DO NOTHING;
                IF NOT FOUND THEN
                    RETURN one;
                END IF;
                UPDATE grayscale_claimshard SET taken = taken + 1
                    WHERE task_id = one AND shard = picked AND open AND taken < capacity;
                IF FOUND THEN
                    RETURN one;
                END IF;
                RAISE SQLSTATE 'GS001';  -- In vain: back to BEGIN.
            EXCEPTION WHEN SQLSTATE 'GS001' THEN
                NULL;
            END;
        END LOOP;
    END LOOP;
    RETURN NULL;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("grayscale", "0001_initial")]

    operations = [
        migrations.RunSQL(
            sql=SHARDS,
            reverse_sql="ALTER TABLE grayscale_claimshard RESET (fillfactor, autovacuum_vacuum_scale_factor)",
        ),
        migrations.RunSQL(sql=TAKE, reverse_sql="DROP FUNCTION grayscale_take"),
    ]
